//! Bodies and parameters that are not what an endpoint takes.

use crate::{assert_untouched, server};
use offshoot_tests::client::with_query;
use serde_json::{Value, json};

/// Every endpoint that takes a body, as method and path, and a body that it takes.
fn endpoints() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("POST", "/v1/branches", json!({"name": "b"})),
        ("PATCH", "/v1/branches/main", json!({"display_name": "Main"})),
        ("POST", "/v1/branches/main/merge", json!({"target_branch": "main"})),
        (
            "POST",
            "/v1/branches/main/tables/users/data",
            json!({"rows": [{"id": 3, "name": "Carol"}]}),
        ),
        (
            "PUT",
            "/v1/branches/main/tables/users/data",
            json!({"filter": "id = 1", "updates": {"name": "Eve"}}),
        ),
        ("POST", "/v1/branches/main/query", json!({"sql": "SELECT 1"})),
        ("POST", "/v1/branches/main/execute", json!({"sql": "DELETE FROM users"})),
        (
            "POST",
            "/v1/branches/main/transaction",
            json!({"statements": [{"sql": "DELETE FROM users"}]}),
        ),
        ("POST", "/v1/branches/main/snapshots", json!({"name": "s"})),
        (
            "POST",
            "/v1/branches/main/restore/snap_00000000000000000000000000000000",
            json!({"create_backup_branch": false}),
        ),
    ]
}

#[test]
fn malformed_json() {
    let server = server();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies = ["{", "", "{\"name\": }", "{\"name\": \"b\"} x", "\u{0}", "nul", &deep];
    for (method, path, _) in endpoints().into_iter().filter(|(method, ..)| *method == "POST") {
        for body in bodies {
            // A snapshot needs nothing said about it, so it needs no body.
            if body.is_empty() && (path.ends_with("/snapshots") || path.contains("/restore/")) {
                continue;
            }
            let reply = server.client().post_bytes(path, body.as_bytes());
            assert_eq!(reply.error(400, "INVALID_REQUEST")["code"], "INVALID_REQUEST", "{method}");
        }
        let invalid_utf8 = b"{\"name\": \"\xff\xfe\"}";
        server.client().post_bytes(path, invalid_utf8).error(400, "INVALID_REQUEST");
    }
    assert_untouched(&server);
}

#[test]
fn bodies_that_are_no_objects() {
    let server = server();
    for (method, path, _) in endpoints() {
        for body in [json!([]), json!("text"), json!(5), json!(true)] {
            send(&server, method, path, &body).error(400, "INVALID_REQUEST");
        }
    }
    assert_untouched(&server);
}

fn send(
    server: &offshoot_tests::server::Server,
    method: &str,
    path: &str,
    body: &Value,
) -> offshoot_tests::client::Reply {
    match method {
        "POST" => server.client().post(path, body),
        "PUT" => server.client().put(path, body),
        _ => server.client().patch(path, body),
    }
}

#[test]
fn unknown_fields_are_named() {
    let server = server();
    for (method, path, mut body) in endpoints() {
        body["no_such_field"] = json!(1);
        let reply = send(&server, method, path, &body);
        let error = reply.error(400, "INVALID_REQUEST");
        assert!(error["message"].as_str().unwrap().contains("no_such_field"), "{reply}");
    }
    // Inside of what a body holds, too.
    let main = "/v1/branches/main";
    let nested = [
        ("/v1/branches".to_owned(), json!({"name": "b", "as_of": {"type": "now", "extra": 1}})),
        (format!("{main}/query"), json!({"sql": "SELECT 1", "as_of": {"type": "now", "extra": 1}})),
        (
            format!("{main}/transaction"),
            json!({"statements": [{"sql": "DELETE FROM users", "extra": 1}]}),
        ),
    ];
    for (path, body) in nested {
        let reply = server.client().post(&path, &body);
        let error = reply.error(400, "INVALID_REQUEST");
        assert!(error["message"].as_str().unwrap().contains("extra"), "{reply}");
    }
    assert_untouched(&server);
}

#[test]
fn fields_that_are_missing() {
    let server = server();
    let main = "/v1/branches/main";
    for (method, path, body) in [
        ("POST", "/v1/branches".to_owned(), json!({"source_branch": "main"})),
        ("POST", format!("{main}/tables/users/data"), json!({"on_conflict": "error"})),
        ("PUT", format!("{main}/tables/users/data"), json!({"updates": {"name": "Eve"}})),
        ("PUT", format!("{main}/tables/users/data"), json!({"filter": "id = 1"})),
        ("POST", format!("{main}/query"), json!({"params": []})),
        ("POST", format!("{main}/execute"), json!({})),
        ("POST", format!("{main}/transaction"), json!({})),
    ] {
        send(&server, method, &path, &body).error(400, "INVALID_REQUEST");
    }
    // A row is deleted only where a filter says which.
    let rows = server.client().main().rows_path("users");
    server.client().delete(&rows).error(400, "INVALID_REQUEST");
    server.client().delete(&format!("{rows}?filter=")).error(400, "INVALID_REQUEST");
    assert_untouched(&server);
}

#[test]
fn fields_of_the_wrong_type() {
    let server = server();
    let branches = "/v1/branches".to_owned();
    let main = "/v1/branches/main";
    let rows = format!("{main}/tables/users/data");
    let (query, merge) = (format!("{main}/query"), format!("{main}/merge"));
    for (method, path, body) in [
        ("POST", &branches, json!({"name": 5})),
        ("POST", &branches, json!({"name": "b", "source_branch": ["main"]})),
        ("POST", &branches, json!({"name": "b", "metadata": "text"})),
        ("POST", &branches, json!({"name": "b", "as_of": "now"})),
        ("POST", &branches, json!({"name": "b", "as_of": {"type": "yesterday"}})),
        ("POST", &branches, json!({"name": "b", "as_of": {"type": "scn"}})),
        ("POST", &branches, json!({"name": "b", "as_of": {"type": "scn", "value": "x"}})),
        ("POST", &branches, json!({"name": "b", "as_of": {"type": "scn", "value": -1}})),
        ("POST", &branches, json!({"name": "b", "as_of": {"type": "timestamp", "value": "noon"}})),
        ("PATCH", &main.to_owned(), json!({"is_protected": "yes"})),
        ("PATCH", &main.to_owned(), json!({"display_name": 1})),
        ("PATCH", &main.to_owned(), json!({"metadata": []})),
        ("POST", &merge, json!({"target_branch": 1})),
        ("POST", &merge, json!({"target_branch": "main", "conflict_resolution": "mine"})),
        ("POST", &merge, json!({"target_branch": "main", "dry_run": "no"})),
        ("POST", &merge, json!({"target_branch": "main", "resolutions": {}})),
        ("POST", &rows, json!({"rows": {}})),
        ("POST", &rows, json!({"rows": [1]})),
        ("POST", &rows, json!({"rows": [{"id": 3, "name": "C"}], "on_conflict": "explode"})),
        ("PUT", &rows, json!({"filter": 1, "updates": {"name": "Eve"}})),
        ("PUT", &rows, json!({"filter": "id = 1", "updates": []})),
        ("POST", &query, json!({"sql": 1})),
        ("POST", &query, json!({"sql": "SELECT 1", "params": "1"})),
        ("POST", &query, json!({"sql": "SELECT :a", "params": {"a": {"b": 1}}})),
        ("POST", &query, json!({"sql": "SELECT 1", "timeout_ms": "soon"})),
        ("POST", &query, json!({"sql": "SELECT 1", "timeout_ms": -1})),
    ] {
        send(&server, method, path, &body).error(400, "INVALID_REQUEST");
    }
    assert_untouched(&server);
}

#[test]
fn values_that_do_not_fit_their_columns() {
    let server = server();
    let main = server.client().main();
    for row in [
        json!({"id": "three", "name": "C"}),
        json!({"id": 3, "name": 5}),
        json!({"id": 3, "name": ["C"]}),
        json!({"id": 3, "name": "C", "age": "old"}),
        json!({"id": 3, "name": "C", "age": 1.5}),
        json!({"id": 3, "name": "C", "age": true}),
        json!({"id": 3.5, "name": "C"}),
    ] {
        main.try_insert("users", &json!({"rows": [row]})).error(400, "INVALID_REQUEST");
    }
    let body = json!({"filter": "id = 1", "updates": {"age": "old"}});
    server.client().put(&main.rows_path("users"), &body).error(400, "INVALID_REQUEST");
    assert_untouched(&server);
}

#[test]
fn pages_and_limits_out_of_range() {
    let server = server();
    let main = "/v1/branches/main";
    let rows = format!("{main}/tables/users/data");
    let cases = [
        ("/v1/branches", "page", &["0", "-1", "x", "1.5", ""][..]),
        ("/v1/branches", "limit", &["0", "-1", "x", "101"]),
        ("/v1/branches", "status", &["gone", ""]),
        ("/v1/branches", "sort", &["id", "name; --"]),
        ("/v1/branches", "order", &["up"]),
        (&rows, "page", &["0", "-1", "x"]),
        (&rows, "limit", &["0", "-1", "x", "1001"]),
        (&rows, "as_of_type", &["yesterday", "scn"]),
        (&format!("{main}/history"), "limit", &["0", "-1", "x"]),
        (&format!("{main}/history"), "from", &["noon"]),
        (&format!("{main}/history"), "to", &["noon"]),
        (main, "include_stats", &["perhaps"]),
    ];
    for (path, name, values) in cases {
        for value in values {
            server.client().get(&with_query(path, &[(name, value)])).error(400, "INVALID_REQUEST");
        }
    }
    let force = format!("{main}?force=perhaps");
    server.client().delete(&force).error(400, "INVALID_REQUEST");
    assert_untouched(&server);
}
