//! `Idempotency-Key`: the same request twice is one request.

use crate::client::{Api, Reply};
use axum::body::Body;
use axum::http::Request;
use offshoot_api::auth::{Caller, Scopes};
use offshoot_api::direct::Direct;
use offshoot_api::host::{Host, HostFuture, Job, Ran};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

const EXECUTE: &str = "/v1/branches/main/execute";

fn post(api: &Api, key: &str, path: &str, body: &Value) -> Reply {
    api.with(&[("idempotency-key", key)], "POST", path, body.to_string())
}

fn insert(name: &str) -> Value {
    json!({"sql": "INSERT INTO t (name) VALUES ($1)", "params": [name]})
}

fn with_table(api: Api) -> Api {
    api.execute("main", "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
    api
}

/// That a reply is `first` again.
#[track_caller]
fn replayed(reply: &Reply, first: &Reply) {
    assert_eq!((reply.status, &reply.text), (first.status, &first.text));
    assert_eq!(reply.header("idempotency-replayed"), "true");
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(reply.header("content-type"), first.header("content-type"));
    assert_eq!(reply.header("x-request-id"), first.header("x-request-id"));
}

#[test]
fn done_once_and_answered_alike() {
    let api = with_table(Api::empty());
    let first = post(&api, "k1", EXECUTE, &insert("a"));
    first.data(200);
    replayed(&post(&api, "k1", EXECUTE, &insert("a")), &first);
    assert_eq!(api.rows("main", "SELECT count(*) FROM t"), json!([[1]]));
    // Another key is another request, and so is none.
    post(&api, "k2", EXECUTE, &insert("b")).data(200);
    api.post(EXECUTE, insert("c")).data(200);
    // A creation keeps its status, a failure is an answer as well.
    let branch = json!({"name": "b"});
    let made = post(&api, "k3", "/v1/branches", &branch);
    made.data(201);
    replayed(&post(&api, "k3", "/v1/branches", &branch), &made);
    let taken = post(&api, "k4", "/v1/branches", &branch);
    taken.error(409, "BRANCH_EXISTS");
    api.delete("/v1/branches/b?force=true").data(200);
    replayed(&post(&api, "k4", "/v1/branches", &branch), &taken);
    post(&api, "k5", "/v1/branches", &branch).data(201);
}

#[test]
fn the_same_key_with_another_request() {
    let api = with_table(Api::empty());
    post(&api, "k", EXECUTE, &insert("a")).data(200);
    let other = |reply: Reply| reply.error(422, "IDEMPOTENCY_KEY_REUSED");
    other(post(&api, "k", EXECUTE, &insert("b")));
    other(post(&api, "k", "/v1/branches/main/query", &insert("a")));
    other(post(&api, "k", &format!("{EXECUTE}?x=1"), &insert("a")));
    let plain = [("idempotency-key", "k"), ("offshoot-dialect", "plain")];
    let plain = api.with(&plain, "POST", EXECUTE, insert("a").to_string());
    assert_eq!((plain.status, &plain.body["error"]), (422, &json!("UnprocessableEntity")));
    assert_eq!(plain.body["code"], "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(api.rows("main", "SELECT name FROM t"), json!([["a"]]));
}

#[test]
fn a_key_is_its_callers_own() {
    let api = with_table(Api::empty());
    let of = |subject: &str, tenant: Option<&str>, scopes: &str| {
        let scopes = Scopes::parse([scopes]).unwrap();
        let caller = Caller::new(subject, tenant.map(str::to_owned), scopes);
        let request = Request::post(EXECUTE).header("idempotency-key", "k").extension(caller);
        api.answer(request.body(Body::from(r#"{"sql": "INSERT INTO t DEFAULT VALUES"}"#)).unwrap())
    };
    let ada = of("ada", None, "write");
    ada.data(200);
    of("bob", None, "write").data(200);
    of("ada", Some("acme"), "write").data(200);
    replayed(&of("ada", None, "write"), &ada);
    // A replay is for those only who may ask.
    of("ada", None, "read").error(403, "FORBIDDEN");
    assert_eq!(api.rows("main", "SELECT count(*) FROM t"), json!([[3]]));
}

#[test]
fn keys_that_are_none() {
    let api = with_table(Api::empty());
    for key in ["", &"k".repeat(256), "k\u{e9}", "k\tk"] {
        post(&api, key, EXECUTE, &insert("a")).error(400, "INVALID_REQUEST");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    api.with(&twice, "POST", EXECUTE, insert("a").to_string()).error(400, "INVALID_REQUEST");
    post(&api, &"k".repeat(255), EXECUTE, &insert("a")).data(200);
    // Other methods may be repeated as they are, and have no key.
    let get = api.with(&[("idempotency-key", "")], "GET", "/v1/branches", "");
    get.data(200);
}

#[test]
fn what_was_turned_away_may_come_again() {
    let api = with_table(Api::empty());
    api.patch("/v1/branches/main", json!({"is_protected": true})).data(200);
    post(&api, "k", EXECUTE, &insert("a")).error(403, "BRANCH_PROTECTED");
    api.patch("/v1/branches/main", json!({"is_protected": false})).data(200);
    // Even with another request: of the first nothing was done.
    post(&api, "k", EXECUTE, &insert("b")).data(200);
    assert_eq!(api.rows("main", "SELECT name FROM t"), json!([["b"]]));
}

#[test]
fn an_answer_too_large_to_be_kept() {
    let api = with_table(Api::empty());
    api.execute("main", "CREATE TABLE texts (id INTEGER PRIMARY KEY, body TEXT)");
    let sql = "INSERT INTO texts (body) VALUES ($1) RETURNING body";
    let large = json!({"sql": sql, "params": ["x".repeat(2 << 20)]});
    post(&api, "k", EXECUTE, &large).data(200);
    post(&api, "k", EXECUTE, &large).error(409, "IDEMPOTENCY_ANSWER_GONE");
    assert_eq!(api.rows("main", "SELECT count(*) FROM texts"), json!([[1]]));
    // A query is asked again.
    let query = json!({"sql": "SELECT body FROM texts"});
    for _ in 0..2 {
        let rows = post(&api, "q", "/v1/branches/main/query", &query);
        rows.data(200);
        assert_eq!(rows.header("idempotency-replayed"), "");
    }
}

/// A host that lets a job wait for as long as a test wants.
struct Gate {
    inner: Direct,
    closed: Arc<AtomicBool>,
    entered: Mutex<mpsc::Sender<()>>,
    open: Mutex<mpsc::Receiver<()>>,
}

impl Host for Gate {
    fn run(&self, timeout_ms: Option<u64>, job: Job) -> HostFuture<Ran> {
        if self.closed.swap(false, Ordering::SeqCst) {
            self.entered.lock().unwrap().send(()).unwrap();
            self.open.lock().unwrap().recv().unwrap();
        }
        self.inner.run(timeout_ms, job)
    }

    fn moment(&self) -> Option<offshoot_core::moment::Moment> {
        // As a server draws one: it does not wait behind jobs.
        Some(offshoot_core::moment::Moment {
            now: offshoot_core::history::Micros(0),
            seed: [1; 32],
        })
    }
}

#[test]
fn two_at_once_are_one() {
    let closed = Arc::new(AtomicBool::new(false));
    let (entered, is_entered) = mpsc::channel();
    let (open, is_open) = mpsc::channel();
    let gate = closed.clone();
    let api = with_table(Api::with_host(|inner| Gate {
        inner,
        closed: gate,
        entered: Mutex::new(entered),
        open: Mutex::new(is_open),
    }));
    closed.store(true, Ordering::SeqCst);
    let first = std::thread::scope(|scope| {
        let first = scope.spawn(|| post(&api, "k", EXECUTE, &insert("a")));
        is_entered.recv().unwrap();
        let second = post(&api, "k", EXECUTE, &insert("a"));
        let error = second.error(409, "IDEMPOTENCY_IN_PROGRESS");
        assert_eq!(error["details"]["retriable"], true);
        assert_eq!(second.header("retry-after"), "1");
        post(&api, "k", EXECUTE, &insert("b")).error(422, "IDEMPOTENCY_KEY_REUSED");
        open.send(()).unwrap();
        first.join().unwrap()
    });
    first.data(200);
    replayed(&post(&api, "k", EXECUTE, &insert("a")), &first);
    assert_eq!(api.rows("main", "SELECT name FROM t"), json!([["a"]]));
}
