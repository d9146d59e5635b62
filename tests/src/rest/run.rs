//! Cases done on a server.

use super::compare::difference;
use super::report::Report;
use super::suite::{Asked, Needs, Step, Suite};
use crate::client::encoded;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ureq::http;

/// The server that is looked at.
#[derive(Debug, Clone)]
pub struct Server {
    agent: ureq::Agent,
    base: String,
    key: Option<String>,
}

/// An answer.
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Value,
}

impl Server {
    /// At `http://host:port`, with the API key that it asks for.
    pub fn new(base: &str, key: Option<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .build();
        let base = base.trim_end_matches('/').trim_end_matches("/v1").to_owned();
        Server { agent: ureq::Agent::new_with_config(config), base, key }
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer, String> {
        let told = |e: &dyn std::fmt::Display| format!("{method} {path}: {e}");
        let mut request =
            http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = match body {
            None => self.agent.run(request.body(()).map_err(|e| told(&e))?),
            Some(bytes) => self.agent.run(request.body(bytes).map_err(|e| told(&e))?),
        };
        let mut response = response.map_err(|e| told(&e))?;
        let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec();
        let bytes = bytes.map_err(|e| told(&e))?;
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    /// A request of the runner's own, in the specification's dialect.
    fn own(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, String> {
        let mut headers = vec![("offshoot-dialect".to_owned(), "envelope".to_owned())];
        headers.extend(self.key.iter().map(|key| ("x-api-key".to_owned(), key.clone())));
        if body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        self.send(method, path, &headers, body.map(|body| body.to_string().into_bytes()))
    }
}

/// Does all cases and cleans up.
pub fn run(server: &Server, suites: &[Suite]) -> Report {
    let prefix = prefix();
    let mut report = Report::default();
    for suite in suites {
        // Each file has a namespace: its steps depend on each other, and on nothing else.
        let mut kept = HashMap::from([("run".to_owned(), Value::from(prefix.clone()))]);
        let before = report.failures.len();
        for step in &suite.steps {
            if step.needs == Some(Needs::Key) && server.key.is_none() {
                report.skipped += 1;
                continue;
            }
            match done(server, step, &mut kept) {
                Ok(()) => report.passed += 1,
                Err(why) => {
                    report.failures.push(format!("{} › {}: {why}", suite.name, step.name));
                }
            }
        }
        // A file's names may be another's.
        report.left.extend(cleaned(server, &prefix).err());
        if report.failures.len() > before {
            eprintln!("{}: {} failed", suite.name, report.failures.len() - before);
        }
    }
    report
}

/// Begins every name of this run: small letters and digits, so that SQL needs no quotes.
fn prefix() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("c{:x}{:x}", now.as_micros() & 0xffff_ffff_ffff, std::process::id() & 0xffff)
}

fn done(server: &Server, step: &Step, kept: &mut HashMap<String, Value>) -> Result<(), String> {
    let request = &step.request;
    let mut path = filled_text(&request.path, kept)?;
    for (n, (name, value)) in request.query.iter().enumerate() {
        let value = match filled(value, kept)? {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let mark = if n == 0 { '?' } else { '&' };
        path.push_str(&format!("{mark}{name}={}", encoded(&value)));
    }
    let mut headers = Vec::new();
    match step.dialect {
        Asked::Envelope => headers.push(("offshoot-dialect".to_owned(), "envelope".to_owned())),
        Asked::Plain => headers.push(("offshoot-dialect".to_owned(), "plain".to_owned())),
        Asked::Default => {}
    }
    if let Some(key) = server.key.as_ref().filter(|_| !request.anonymous) {
        headers.push(("x-api-key".to_owned(), key.clone()));
    }
    let body = match (&request.body, &request.text) {
        (Some(body), _) => Some(filled(body, kept)?.to_string().into_bytes()),
        (None, Some(text)) => Some(filled_text(text, kept)?.into_bytes()),
        (None, None) => None,
    };
    if body.is_some() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    for (name, value) in &request.headers {
        let value = value.as_str().ok_or_else(|| format!("header {name} is no text"))?;
        headers.push((name.clone(), filled_text(value, kept)?));
    }
    let answer = server.send(&request.method, &path, &headers, body)?;
    if answer.status != step.status {
        let body = shortened(&answer.body.to_string());
        return Err(format!("status: expected {}, found {}: {body}", step.status, answer.status));
    }
    let expected = filled(&Value::Object(step.headers.clone()), kept)?;
    if let Some(difference) = difference(&expected, &headers_of(&answer)) {
        return Err(format!("header {}", difference.trim_start_matches('/')));
    }
    let expected = step.body.as_ref().map(|body| filled(body, kept)).transpose()?;
    if let Some(difference) = expected.and_then(|body| difference(&body, &answer.body)) {
        return Err(format!("{difference} in {}", shortened(&answer.body.to_string())));
    }
    for (name, pointer) in &step.save {
        let pointer = pointer.as_str().unwrap_or_default();
        let value = answer.body.pointer(pointer);
        let value = value.ok_or_else(|| format!("nothing at {pointer} to be kept as {name}"))?;
        kept.insert(name.clone(), value.clone());
    }
    Ok(())
}

/// The headers as an object; those that come more than once are joined, as HTTP lets a reader do.
fn headers_of(answer: &Answer) -> Value {
    let mut all = Map::new();
    for name in answer.headers.keys() {
        let values = answer.headers.get_all(name).iter();
        let texts: Vec<String> =
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        all.insert(name.to_string(), texts.join(", ").into());
    }
    Value::Object(all)
}

fn shortened(text: &str) -> String {
    let cut: String = text.chars().take(500).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut}{dots}")
}

/// A value with what was kept in the place of `${name}`.
fn filled(value: &Value, kept: &HashMap<String, Value>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => {
            let alone = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            match alone.filter(|name| !name.contains('$')) {
                Some(name) => known(name, kept)?.clone(),
                None => filled_text(text, kept)?.into(),
            }
        }
        Value::Array(items) => {
            items.iter().map(|item| filled(item, kept)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Value::Object(object) => {
            let pairs = object
                .iter()
                .map(|(name, value)| Ok((filled_text(name, kept)?, filled(value, kept)?)));
            Value::Object(pairs.collect::<Result<Map<_, _>, String>>()?)
        }
        other => other.clone(),
    })
}

fn filled_text(text: &str, kept: &HashMap<String, Value>) -> Result<String, String> {
    let mut parts = text.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or_else(|| format!("'{text}' has no end"))?;
        match known(name, kept)? {
            Value::String(text) => out.push_str(text),
            other => out.push_str(&other.to_string()),
        }
        out.push_str(rest);
    }
    Ok(out)
}

fn known<'k>(name: &str, kept: &'k HashMap<String, Value>) -> Result<&'k Value, String> {
    kept.get(name).ok_or_else(|| format!("nothing was kept as {name}"))
}

/// Deletes all branches, and tables of `main`, that have the prefix.
fn cleaned(server: &Server, prefix: &str) -> Result<(), String> {
    loop {
        let found = branches(server, prefix)?;
        if found.is_empty() {
            break;
        }
        // Children go first; which they are is told by what can be deleted.
        let mut gone = 0;
        for branch in &found {
            let path = format!("/v1/branches/{}", encoded(branch));
            let unprotected = json!({"is_protected": false});
            server.own("PATCH", &path, Some(&unprotected))?;
            gone += usize::from(
                server.own("DELETE", &format!("{path}?force=true"), None)?.status == 200,
            );
        }
        if gone == 0 {
            return Err(format!("branches that cannot be deleted: {}", found.join(", ")));
        }
    }
    let listed = server.own("GET", "/v1/branches/main/tables", None)?;
    let tables = listed.body["data"]["tables"].as_array().cloned().unwrap_or_default();
    let names = tables.iter().filter_map(|table| table["name"].as_str());
    for name in names.filter(|name| name.starts_with(prefix)) {
        let sql = json!({"sql": format!("DROP TABLE {name}")});
        let dropped = server.own("POST", "/v1/branches/main/execute", Some(&sql))?;
        if dropped.status != 200 {
            return Err(format!("table {name}: {}", dropped.body));
        }
    }
    Ok(())
}

fn branches(server: &Server, prefix: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for page in 1.. {
        let path = format!("/v1/branches?limit=100&page={page}&sort=created_at&order=desc");
        let listed = server.own("GET", &path, None)?;
        let found = listed.body["data"]["branches"].as_array().cloned().unwrap_or_default();
        let alive = found.iter().filter(|branch| branch["status"] != "deleted");
        let own = alive.filter_map(|branch| branch["name"].as_str());
        names.extend(own.filter(|name| name.starts_with(prefix)).map(str::to_owned));
        if found.len() < 100 {
            break;
        }
    }
    Ok(names)
}
