//! HTTP and the envelope.

use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;
use ureq::http::{HeaderMap, Method, Request};

/// A client of one server. Clones share its connections; threads may too.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    headers: Vec<(String, String)>,
}

/// No reply came: the server was not there, or went away.
#[derive(Debug)]
pub struct Lost(pub String);

/// A reply and the call that it answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body; text where it is no JSON.
    pub body: Value,
    headers: HeaderMap,
    call: String,
}

/// The body of a request.
enum Body<'b> {
    None,
    Json(&'b Value),
    Bytes(&'b [u8]),
}

impl Client {
    /// Of the server at `http://host:port`.
    pub fn new(base: impl Into<String>) -> Self {
        // A server that does not answer fails a test instead of holding it up for ever.
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(240)))
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .build();
        Client {
            agent: ureq::Agent::new_with_config(config),
            base: base.into(),
            headers: Vec::new(),
        }
    }

    /// With a header on every request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The server's address, `http://host:port`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET.
    pub fn get(&self, path: &str) -> Reply {
        self.sent(Method::GET, path, Body::None)
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.sent(Method::POST, path, Body::Json(body))
    }

    /// PUT with a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.sent(Method::PUT, path, Body::Json(body))
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        self.sent(Method::PATCH, path, Body::Json(body))
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Reply {
        self.sent(Method::DELETE, path, Body::None)
    }

    /// POST of any bytes, said to be JSON.
    pub fn post_bytes(&self, path: &str, body: &[u8]) -> Reply {
        self.sent(Method::POST, path, Body::Bytes(body))
    }

    /// POST to a server that may go away.
    pub fn try_post(&self, path: &str, body: &Value) -> Result<Reply, Lost> {
        self.send(Method::POST, path, Body::Json(body))
    }

    /// GET from a server that may go away.
    pub fn try_get(&self, path: &str) -> Result<Reply, Lost> {
        self.send(Method::GET, path, Body::None)
    }

    fn sent(&self, method: Method, path: &str, body: Body<'_>) -> Reply {
        let call = format!("{method} {path}");
        self.send(method, path, body).unwrap_or_else(|Lost(why)| panic!("{call}: {why}"))
    }

    fn send(&self, method: Method, path: &str, body: Body<'_>) -> Result<Reply, Lost> {
        let mut call = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let bytes = match body {
            Body::None => None,
            Body::Json(value) => {
                call.push_str(&shortened(&value.to_string()));
                Some(value.to_string().into_bytes())
            }
            Body::Bytes(bytes) => {
                call.push_str(&shortened(&String::from_utf8_lossy(bytes)));
                Some(bytes.to_vec())
            }
        };
        let lost = |e: &dyn std::fmt::Display| Lost(e.to_string());
        let response = match bytes {
            None => self.agent.run(request.body(()).map_err(|e| lost(&e))?),
            Some(bytes) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(bytes).map_err(|e| lost(&e))?)
            }
        };
        let mut response = response.map_err(|e| lost(&e))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.body_mut().with_config().limit(256 << 20).read_to_vec();
        let body = body.map_err(|e| lost(&e))?;
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned()));
        Ok(Reply { status, body, headers, call })
    }
}

fn shortened(text: &str) -> String {
    let cut: String = text.chars().take(400).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!(" {cut}{dots}")
}

impl Reply {
    /// A reply that was read otherwise than by [`Client`].
    pub fn new(status: u16, body: Value, call: impl Into<String>) -> Self {
        Reply { status, body, headers: HeaderMap::new(), call: call.into() }
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The data of a success with this status. Checks the envelope.
    #[track_caller]
    pub fn data(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.body["success"], true, "{self}");
        assert!(self.body.get("error").is_none_or(Value::is_null), "{self}");
        self.assert_request_id();
        let elapsed = &self.body["meta"]["execution_time_ms"];
        assert!(elapsed.is_number(), "no execution_time_ms: {self}");
        match self.body.get("data") {
            Some(data) => data,
            None => panic!("no data: {self}"),
        }
    }

    /// The data of a success with status 200.
    #[track_caller]
    pub fn ok(&self) -> &Value {
        self.data(200)
    }

    /// The error of a failure with this status and code. Checks the envelope.
    #[track_caller]
    pub fn error(&self, status: u16, code: &str) -> &Value {
        assert_eq!((self.status, self.code()), (status, Some(code)), "{self}");
        assert_eq!(self.body["success"], false, "{self}");
        assert!(self.body.get("data").is_none_or(Value::is_null), "{self}");
        self.assert_request_id();
        let error = &self.body["error"];
        assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "no message: {self}");
        error
    }

    /// The code of an error; `None` for a success and for anything else.
    pub fn code(&self) -> Option<&str> {
        self.body["error"]["code"].as_str()
    }

    #[track_caller]
    fn assert_request_id(&self) {
        let id = &self.body["meta"]["request_id"];
        assert!(id.as_str().is_some_and(|id| id.starts_with("req_")), "no request_id: {self}");
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = shortened(&self.body.to_string());
        write!(f, "{} answered {}:{body}", self.call, self.status)
    }
}

/// Text as a part of a path or of a query: everything but letters, digits and `- _ .` as `%XX`.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A path with a query.
pub fn with_query(path: &str, params: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    for (i, (name, value)) in params.iter().enumerate() {
        let mark = if i == 0 { '?' } else { '&' };
        let _ = write!(out, "{mark}{name}={}", encoded(value));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{encoded, with_query};

    #[test]
    fn addresses() {
        assert_eq!(encoded("feature/auth-2_x.y"), "feature%2Fauth-2_x.y");
        assert_eq!(encoded("é =&+"), "%C3%A9%20%3D%26%2B");
        assert_eq!(with_query("/a", &[("b", "c d"), ("e", "")]), "/a?b=c%20d&e=");
        assert_eq!(with_query("/a", &[]), "/a");
    }
}
