//! What requests look like: addresses, methods, bodies, parameters.

use crate::client::Api;
use axum::body::{Body, Bytes};
use axum::http::Request;
use offshoot_core::sql::Limits;
use serde_json::json;

#[test]
fn health_and_version() {
    let api = Api::empty();
    let health = api.get("/health");
    assert_eq!((health.status, health.text.as_str()), (200, "OK"));
    let version = api.get("/version");
    assert_eq!(version.status, 200);
    assert_eq!(version.body["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn unknown_addresses_and_methods() {
    let api = Api::empty();
    for path in ["/", "/v1", "/v1/nowhere", "/v1/branches/main/nowhere", "/v2/branches"] {
        let error = api.get(path).error(404, "NOT_FOUND");
        assert!(error["message"].as_str().unwrap().contains(path));
    }
    for (method, path) in [
        ("PUT", "/v1/branches"),
        ("POST", "/v1/branches/main"),
        ("GET", "/v1/branches/main/query"),
        ("DELETE", "/v1/graph"),
    ] {
        let error = api.send(method, path, Body::empty()).error(405, "METHOD_NOT_ALLOWED");
        assert!(error["message"].as_str().unwrap().contains(method));
    }
    let head = api.send("HEAD", "/v1/branches", Body::empty());
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    api.get("/v1/branches/%FF").error(400, "INVALID_REQUEST");
    api.get("/v1/branches?status=%FF").error(400, "INVALID_REQUEST");
}

#[test]
fn each_request_has_an_id_of_its_own() {
    let api = Api::empty();
    let ids: std::collections::BTreeSet<String> = [
        api.get("/v1/branches"),
        api.get("/v1/branches"),
        api.get("/nowhere"),
        api.get("/v1/branches/nowhere"),
        api.get("/v1/branches?page=0"),
    ]
    .iter()
    .map(|reply| reply.request_id())
    .collect();
    assert_eq!(ids.len(), 5);
}

/// Every endpoint that takes a body: method, path, and a body that it takes.
fn takes_a_body() -> Vec<(&'static str, &'static str, serde_json::Value)> {
    let data = "/v1/branches/main/tables/users/data";
    vec![
        ("POST", "/v1/branches", json!({"name": "b"})),
        ("PATCH", "/v1/branches/main", json!({"display_name": "Main"})),
        ("POST", "/v1/branches/main/merge", json!({"target_branch": "main"})),
        ("POST", data, json!({"rows": [{"id": 3, "name": "C", "email": "c@x"}]})),
        ("PUT", data, json!({"filter": "id = 1", "updates": {"name": "Eve"}})),
        ("POST", "/v1/branches/main/query", json!({"sql": "SELECT 1"})),
        ("POST", "/v1/branches/main/execute", json!({"sql": "DELETE FROM users"})),
        ("POST", "/v1/branches/main/transaction", json!({"statements": [{"sql": "SELECT 1"}]})),
        ("POST", "/v1/branches/main/snapshots", json!({"name": "s"})),
        ("POST", "/v1/branches/main/restore/s", json!({"create_backup_branch": false})),
    ]
}

#[test]
fn bodies_are_read_strictly() {
    let api = Api::new();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (method, path, mut body) in takes_a_body() {
        for bad in ["{", "[]", "\"text\"", "5", "null", "{\"a\":}", "{} x", "\u{0}", &deep] {
            api.send(method, path, bad.to_owned()).error(400, "INVALID_REQUEST");
        }
        let invalid = Bytes::from_static(b"{\"name\": \"\xff\xfe\"}");
        api.send(method, path, invalid).error(400, "INVALID_REQUEST");
        api.send(method, &format!("{path}?odd=1"), body.to_string()).error(400, "INVALID_REQUEST");
        body["no_such_field"] = json!(1);
        let error = api.send(method, path, body.to_string()).error(400, "INVALID_REQUEST");
        assert!(error["message"].as_str().unwrap().contains("no_such_field"), "{error}");
    }
    assert_eq!(api.rows("main", "SELECT name FROM users"), json!([["Alice"], ["Bob"]]));
    assert_eq!(api.get("/v1/branches").data(200)["pagination"]["total"], 1);
}

#[test]
fn messages_name_the_place_and_what_would_be_right() {
    let api = Api::new();
    let (merge, main) = ("/v1/branches/main/merge", "/v1/branches/main");
    for (path, body, message) in [
        ("/v1/branches".into(), json!({"name": 5}), "field 'name' must be a string, not a number"),
        ("/v1/branches".into(), json!({}), "field 'name' is required"),
        (
            "/v1/branches".into(),
            json!({"name": "b", "metadata": []}),
            "field 'metadata' must be an object, not an array",
        ),
        (
            format!("{main}/transaction"),
            json!({"statements": [{"sql": "SELECT 1"}, {"sql": 1}]}),
            "field 'statements[1].sql' must be a string, not a number",
        ),
        (
            merge.into(),
            json!({"target_branch": "b", "dry_run": "no"}),
            "field 'dry_run' must be true or false, not a string",
        ),
        (
            merge.into(),
            json!({"target_branch": "b", "conflict_resolution": "mine"}),
            "'conflict_resolution' must be one of source_wins, target_wins, newest_wins, manual, abort",
        ),
        (
            format!("{main}/query"),
            json!({"sql": "SELECT 1", "timeout_ms": -1}),
            "field 'timeout_ms' must be a whole number that is not negative, not a number",
        ),
        (
            format!("{main}/tables/users/data"),
            json!({"rows": [{}, 1]}),
            "field 'rows[1]' must be an object, not a number",
        ),
    ] {
        let error = api.post(&path, body).error(400, "INVALID_REQUEST");
        assert_eq!(error["message"], message);
    }
}

#[test]
fn parameters_are_read_strictly() {
    let api = Api::new();
    let (list, main) = ("/v1/branches", "/v1/branches/main");
    let data = "/v1/branches/main/tables/users/data";
    let history = "/v1/branches/main/history";
    let diff = "/v1/branches/main/diff?against=main&x=";
    for (path, queries) in [
        (list, &["page=0", "page=-1", "page=x", "page=1.5", "page=", "limit=101", "limit=0"][..]),
        (list, &["status=gone", "status=", "sort=id", "order=up", "odd=1", "page=1&page=1"]),
        (data, &["page=0", "limit=1001", "limit=x", "filter=", "odd=1"]),
        (history, &["limit=0", "limit=x", "from=noon", "to=noon", "odd=1"]),
        (main, &["include_stats=perhaps", "include_history=1", "odd=1"]),
        ("/v1/graph", &["limit=0", "odd=1"]),
        ("/v1/branches/main/tables", &["odd=1"]),
        ("/v1/branches/main/snapshots", &["odd=1"]),
        ("/v1/branches/main/diff", &["table=users", "against=", "against=main&limit=1001"]),
    ] {
        for query in queries {
            api.get(&format!("{path}?{query}")).error(400, "INVALID_REQUEST");
        }
    }
    api.get(diff).error(400, "INVALID_REQUEST");
    api.delete("/v1/branches/main?force=perhaps").error(400, "INVALID_REQUEST");
    for query in ["", "?filter=", "?filter=%20"] {
        api.delete(&format!("{data}{query}")).error(400, "INVALID_REQUEST");
    }
}

#[test]
fn bodies_have_a_greatest_size() {
    let api = Api::with_limits(Limits::default(), 1000);
    let path = "/v1/branches/main/execute";
    let error = api.send("POST", path, " ".repeat(1001)).error(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(error["details"]["body_max_bytes"], 1000);
    let statement = json!({"sql": "CREATE TABLE t (id INTEGER PRIMARY KEY)"}).to_string();
    let fits = format!("{statement}{}", " ".repeat(1000 - statement.len()));
    api.send("POST", path, fits).data(200);
    // A length that is announced is refused before anything is read.
    let announced = Request::builder()
        .method("POST")
        .uri(path)
        .header("content-length", "1001")
        .body(Body::from("{}"))
        .unwrap();
    api.answer(announced).error(413, "PAYLOAD_TOO_LARGE");
}
