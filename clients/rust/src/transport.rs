//! Requests and answers: one pool of connections, shared by the clones of a client.

use crate::error::{ApiError, Error, shortened};
use crate::retry::{Policy, retry_after};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Write as _};
use std::time::Duration;

/// What stays as it is in a part of an address (RFC 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const DIALECT: HeaderName = HeaderName::from_static("offshoot-dialect");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REQUEST_ID: &str = "x-request-id";

/// An attempt is given this much more than the statement that it runs.
const ROUND_TRIP: Duration = Duration::from_secs(5);

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

/// A server, as one caller sees it.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    /// The address without `/v1`, or why it is none.
    base: Result<String, String>,
    headers: HeaderMap,
    /// What is wrong with a header that was to be set.
    header_fault: Option<String>,
    pub policy: Policy,
    /// For each attempt.
    pub timeout: Duration,
    pool: Pool<Connector, Full<Bytes>>,
}

/// A request that may be sent more than once.
#[derive(Debug)]
pub(crate) struct Call {
    method: Method,
    target: String,
    body: Option<Result<Bytes, String>>,
    repeatable: bool,
    idempotency_key: Option<String>,
    statement_ms: Option<u64>,
}

impl Call {
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        let repeatable = method == Method::GET;
        Call {
            method,
            target: path.into(),
            body: None,
            repeatable,
            idempotency_key: None,
            statement_ms: None,
        }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Call::new(Method::GET, path)
    }

    pub fn post(path: impl Into<String>) -> Self {
        Call::new(Method::POST, path)
    }

    /// Asks for something in the query, if there is something to ask for.
    pub fn ask(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            let mark = if self.target.contains('?') { '&' } else { '?' };
            let value = value.to_string();
            let value = utf8_percent_encode(&value, UNRESERVED);
            // Writing to a String does not fail.
            let _ = write!(self.target, "{mark}{name}={value}");
        }
        self
    }

    /// Gives it a body.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body).map(Bytes::from).map_err(|e| e.to_string()));
        self
    }

    /// It changes nothing, so it may be sent again.
    pub fn reads(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The server does once what comes with one key, so it may be sent again.
    pub fn idempotent(mut self, key: Option<String>) -> Self {
        self.repeatable |= key.is_some();
        self.idempotency_key = key;
        self
    }

    /// How long the server may take over its statement.
    pub fn statement(mut self, timeout_ms: Option<u64>) -> Self {
        self.statement_ms = timeout_ms;
        self
    }
}

impl Transport {
    pub fn new(address: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(DIALECT, HeaderValue::from_static("envelope"));
        let agent = concat!("offshoot-client-rust/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        Transport {
            base: base(address),
            headers,
            header_fault: None,
            policy: Policy::default(),
            timeout: Duration::from_secs(60),
            pool: pool(),
        }
    }

    pub fn api_key(&mut self, key: &str) {
        self.secret(API_KEY, key.to_owned());
    }

    pub fn token(&mut self, token: &str) {
        self.secret(AUTHORIZATION, format!("Bearer {token}"));
    }

    #[cfg(feature = "tls")]
    pub fn tls(&mut self, config: rustls::ClientConfig) {
        let connector = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config);
        let connector = connector.https_or_http().enable_http1().wrap_connector(tcp());
        self.pool = Pool::builder(TokioExecutor::new()).build(connector);
    }

    fn secret(&mut self, name: HeaderName, value: String) {
        match HeaderValue::try_from(value) {
            Ok(mut value) => {
                // Kept out of what is printed for debugging.
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            Err(_) => self.header_fault = Some(format!("{name} holds what no header may hold")),
        }
    }

    /// What is inside the envelope of the answer.
    pub async fn data<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        #[derive(Deserialize)]
        struct Envelope<T> {
            data: T,
        }
        let body = self.send(call).await?;
        match serde_json::from_slice::<Envelope<T>>(&body) {
            Ok(envelope) => Ok(envelope.data),
            Err(e) => Err(Error::Answer(format!("{e}, in {}", shortened(&body)))),
        }
    }

    /// The body of the answer, which has a status of 2xx.
    pub async fn send(&self, call: Call) -> Result<Bytes, Error> {
        let request = self.request(&call)?;
        let statement = call.statement_ms.map(Duration::from_millis);
        let limit = statement.map_or(self.timeout, |time| self.timeout.max(time + ROUND_TRIP));
        let mut attempt = 0;
        loop {
            let error = match tokio::time::timeout(limit, self.once(request.clone())).await {
                Ok(Ok(body)) => return Ok(body),
                Ok(Err(error)) => error,
                Err(_) => {
                    Error::Lost(format!("{} {}: {limit:?} went by", call.method, call.target))
                }
            };
            match self.policy.wait(&error, attempt, call.repeatable) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            }
            attempt += 1;
        }
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, Error> {
        if let Some(fault) = &self.header_fault {
            return Err(Error::Setup(fault.clone()));
        }
        let base = self.base.as_ref().map_err(|fault| Error::Setup(fault.clone()))?;
        let body = call.body.clone().transpose().map_err(Error::Setup)?;
        let has_body = body.is_some();
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("{base}{}", call.target))
            .body(Full::new(body.unwrap_or_default()))
            .map_err(|e| Error::Setup(format!("{}: {e}", call.target)))?;
        *request.headers_mut() = self.headers.clone();
        if has_body {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
        }
        if let Some(key) = &call.idempotency_key {
            let key = HeaderValue::from_str(key)
                .map_err(|_| Error::Setup("the idempotency key fits in no header".to_owned()))?;
            request.headers_mut().insert(IDEMPOTENCY_KEY, key);
        }
        Ok(request)
    }

    async fn once(&self, request: Request<Full<Bytes>>) -> Result<Bytes, Error> {
        let what = format!("{} {}", request.method(), request.uri());
        let answer = self.pool.request(request).await.map_err(|e| {
            let why = format!("{what}: {}", causes(&e));
            if e.is_connect() { Error::NotConnected(why) } else { Error::Lost(why) }
        })?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|e| Error::Lost(format!("{what}: {e}")))?;
        let body = body.to_bytes();
        if parts.status.is_success() {
            return Ok(body);
        }
        let id = parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let wait = retry_after(&parts.headers);
        Err(Error::of(ApiError::read(parts.status, &body, id, wait)))
    }
}

/// A name as one part of an address.
pub(crate) fn segment(name: &str) -> String {
    match name {
        // Alone they would mean the folder, or the one above it.
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(name, UNRESERVED).to_string(),
    }
}

fn base(address: &str) -> Result<String, String> {
    let wrong =
        |why: &str| format!("the address must be http://… or https://…, not {address}{why}");
    let uri: http::Uri = address.parse().map_err(|e| wrong(&format!(": {e}")))?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http"), Some(_)) => {}
        (Some("https"), Some(_)) if cfg!(feature = "tls") => {}
        (Some("https"), Some(_)) => return Err("https needs the feature `tls`".to_owned()),
        _ => return Err(wrong("")),
    }
    if uri.query().is_some() {
        return Err(wrong(": it has a query"));
    }
    let address = address.trim_end_matches('/');
    Ok(address.strip_suffix("/v1").unwrap_or(address).to_owned())
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(Duration::from_secs(10)));
    tcp
}

#[cfg(feature = "tls")]
fn pool() -> Pool<Connector, Full<Bytes>> {
    use hyper_rustls::ConfigBuilderExt as _;
    // The provider is named: a program may hold another one beside it.
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        // Fails only for a provider that has no cipher suite of TLS 1.2 or 1.3; ring has both.
        .expect("ring speaks TLS")
        .with_webpki_roots()
        .with_no_client_auth();
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config);
    let connector = connector.https_or_http().enable_http1().wrap_connector(tcp());
    Pool::builder(TokioExecutor::new()).build(connector)
}

#[cfg(not(feature = "tls"))]
fn pool() -> Pool<Connector, Full<Bytes>> {
    Pool::builder(TokioExecutor::new()).build(tcp())
}

/// An error and what caused it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for address in ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"] {
            assert_eq!(base(address).unwrap(), "http://h:1");
        }
        assert_eq!(base("http://h/db/v1").unwrap(), "http://h/db");
        for address in ["localhost:8080", "ftp://h", "h", "", "http://h?x=1", "http://h h"] {
            assert!(base(address).is_err(), "{address}");
        }
    }

    #[test]
    fn names_are_one_part() {
        assert_eq!(segment("feature/a b"), "feature%2Fa%20b");
        assert_eq!(segment(".."), "%2E%2E");
        let call = Call::get("/x").ask("a", Some("b&c")).ask("d", None::<u8>).ask("e", Some(1));
        assert_eq!(call.target, "/x?a=b%26c&e=1");
    }

    #[test]
    fn secrets_are_not_printed() {
        let mut transport = Transport::new("http://h");
        transport.api_key("very-secret");
        transport.token("also-secret");
        let shown = format!("{transport:?}");
        assert!(!shown.contains("very-secret") && !shown.contains("also-secret"), "{shown}");
        transport.api_key("line\nbreak");
        assert!(transport.request(&Call::get("/")).is_err());
    }
}
