//! Requests with headers, and answers with theirs.

use offshoot_tests::server::Server;
use serde_json::Value;
use std::time::Duration;
use ureq::http::{HeaderMap, Request};

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    call: String,
}

/// Sends a request; `body` may be empty.
pub fn send(base: &str, call: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(120)))
        .build();
    let (method, path) = call.split_once(' ').expect("a call is a method and a path");
    let mut request = Request::builder().method(method).uri(format!("{base}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let agent = ureq::Agent::new_with_config(config);
    let answer = match body {
        "" => agent.run(request.body(()).unwrap()),
        body => agent
            .run(request.header("content-type", "application/json").body(body.to_owned()).unwrap()),
    };
    let mut answer = answer.unwrap_or_else(|error| panic!("{call}: {error}"));
    let text = answer.body_mut().read_to_string().unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, text, call: call.to_owned() }
}

/// Sends a request to a server with an API key.
pub fn with_key(server: &Server, key: &str, call: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(server.client().base(), call, &[("x-api-key", key)], &body)
}

impl Answer {
    /// Its body.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The code of its error.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A header's text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A header's number.
    #[track_caller]
    pub fn number(&self, name: &str) -> i64 {
        self.header(name).parse().unwrap_or_else(|_| panic!("{name} of {self}"))
    }

    /// Checks status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{self}");
        self
    }

    /// Checks that it is a success.
    #[track_caller]
    pub fn success(&self) -> &Self {
        assert!((200..300).contains(&self.status), "{self}");
        self
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answered {} {:?}: {}", self.call, self.status, self.headers, self.text)
    }
}
