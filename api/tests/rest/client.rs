//! The router called as a function: no server, no runtime.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use axum::{Router, response::Response};
use http_body_util::BodyExt;
use offshoot_api::DialectName;
use offshoot_api::auth::{Caller, Scopes};
use offshoot_api::direct::Direct;
use offshoot_api::host::Host;
use offshoot_core::chunk::MemoryStore;
use offshoot_core::database::{Database, NewBranch};
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::Limits;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};
use tower::ServiceExt;

/// A reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

/// A router over a database in memory.
pub struct Api {
    router: Router,
    database: Arc<Database>,
    clock: Arc<AtomicI64>,
}

/// 2025-12-01T08:00:00Z; each request is a second and a bit later.
const START: i64 = 1_764_576_000_000_000;
const STEP: i64 = 1_000_001;

fn moment(clock: &AtomicI64) -> Moment {
    let now = clock.fetch_add(STEP, Ordering::SeqCst);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&now.to_le_bytes());
    Moment { now: Micros(now), seed }
}

/// Waits for a future that needs no waking.
fn finished<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

impl Api {
    /// Over an empty database.
    pub fn empty() -> Self {
        Self::with_limits(Limits::default(), 16 << 20)
    }

    /// Over an empty database, with limits.
    pub fn with_limits(limits: Limits, body_max_bytes: usize) -> Self {
        Self::with_host(|direct| direct.with_limits(limits, body_max_bytes))
    }

    /// Over an empty database, with a host around the usual one.
    pub fn with_host<H: Host>(around: impl FnOnce(Direct) -> H) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let opened = Database::open(Arc::new(MemoryStore::new()), &moment(&clock)).unwrap();
        let database = Arc::new(opened.value);
        let of_host = clock.clone();
        let host = around(Direct::new(database.clone(), Box::new(move || moment(&of_host))));
        Api { router: offshoot_api::router(Arc::new(host)), database, clock }
    }

    /// With the specification's users on `main`.
    pub fn new() -> Self {
        let api = Self::empty();
        api.execute(
            "main",
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, \
             age INTEGER CHECK (age >= 0))",
        );
        api.execute("main", "CREATE UNIQUE INDEX idx_users_email ON users (email)");
        api.execute(
            "main",
            "INSERT INTO users (id, name, email) VALUES (1, 'Alice', 'a@x'), (2, 'Bob', 'b@x')",
        );
        api
    }

    /// A branch that takes no writes, which only programs make.
    pub fn read_only(&self, name: &str) {
        let new = NewBranch {
            name: name.into(),
            source: "main".into(),
            read_only: true,
            ..NewBranch::default()
        };
        self.database.create_branch(&moment(&self.clock), new).unwrap();
    }

    /// The writer slot of a branch, held by somebody else for a minute.
    pub fn hold(&self, branch: &str) {
        let now = self.clock.load(Ordering::SeqCst);
        let who = offshoot_core::database::SlotToken([7; 16]);
        self.database.take_slot(branch, who, Micros(now), Micros(now + 60_000_000)).unwrap();
    }

    /// A request of a caller to whom a dialect is pinned, with a header or without.
    pub fn pinned(
        &self,
        name: DialectName,
        header: Option<&str>,
        method: &str,
        path: &str,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(header) = header {
            request = request.header("offshoot-dialect", header);
        }
        let mut caller = Caller::new("ada", None, Scopes::read_write());
        caller.dialect = Some(name.to_string());
        let request = request.extension(caller).body(Body::empty()).unwrap();
        self.answer(request)
    }

    pub fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
        self.answer(request)
    }

    /// A request with headers.
    pub fn with(
        &self,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.body(body.into()).unwrap())
    }

    pub fn answer(&self, request: Request<Body>) -> Reply {
        let response: Response = finished(self.router.clone().oneshot(request)).unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = finished(response.into_body().collect()).unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status, headers, body, text }
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, Body::empty())
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, Body::empty())
    }

    pub fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, body.to_string())
    }

    pub fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, body.to_string())
    }

    pub fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, body.to_string())
    }

    /// A statement that must succeed.
    #[track_caller]
    pub fn execute(&self, branch: &str, sql: &str) -> Value {
        self.try_execute(branch, sql).data(200)
    }

    pub fn try_execute(&self, branch: &str, sql: &str) -> Reply {
        self.post(&format!("/v1/branches/{branch}/execute"), json!({"sql": sql}))
    }

    pub fn try_query(&self, branch: &str, body: Value) -> Reply {
        self.post(&format!("/v1/branches/{branch}/query"), body)
    }

    /// The rows of a query that must succeed.
    #[track_caller]
    pub fn rows(&self, branch: &str, sql: &str) -> Value {
        self.try_query(branch, json!({"sql": sql})).data(200)["rows"].clone()
    }

    /// A branch made from `main`.
    #[track_caller]
    pub fn branch(&self, name: &str) -> Value {
        self.post("/v1/branches", json!({"name": name})).data(201)
    }
}

impl Reply {
    /// The data of a success; checks the envelope.
    #[track_caller]
    pub fn data(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.body["success"], true, "{}", self.text);
        assert!(self.body["meta"]["execution_time_ms"].is_u64(), "{}", self.text);
        self.request_id();
        let fields: Vec<&String> = self.body.as_object().unwrap().keys().collect();
        assert_eq!(fields.len(), 3, "{}", self.text);
        self.body["data"].clone()
    }

    /// The error of a failure; checks the envelope.
    #[track_caller]
    pub fn error(&self, status: u16, code: &str) -> Value {
        let error = &self.body["error"];
        assert_eq!((self.status, error["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.body["success"], false, "{}", self.text);
        assert!(self.body.get("data").is_none(), "{}", self.text);
        assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{}", self.text);
        self.request_id();
        error.clone()
    }

    /// A header's text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub fn request_id(&self) -> String {
        let id = self.body["meta"]["request_id"].as_str().unwrap_or_default().to_owned();
        assert!(id.len() > 8 && id.starts_with("req_"), "{}", self.text);
        id
    }
}

/// The names of an object's fields.
pub fn fields(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .unwrap_or_else(|| panic!("no object: {object}"))
        .keys()
        .map(|k| &**k)
        .collect()
}
