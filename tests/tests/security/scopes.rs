//! Every route with each scope; scopes bound to branches; protection; who wrote what.

use crate::routes::all;
use crate::send::{send, with_key};
use crate::token::{SECRET, but, claims, hs256};
use offshoot_tests::server::Server;
use serde_json::{Value, json};

/// A server with keys of all kinds, a table `t` and a branch `b`.
fn server(keys: &[&str]) -> Server {
    let mut arguments = vec!["--rate-limit", "off", "--jwt-secret", SECRET];
    for key in ["root,scopes=admin,name=root"].iter().chain(keys) {
        arguments.extend(["--api-key", *key]);
    }
    let server = Server::with(&arguments);
    let sql = json!({"sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)"});
    with_key(&server, "root", "POST /v1/branches/main/execute", &sql).success();
    with_key(&server, "root", "POST /v1/branches", &json!({"name": "b"})).success();
    server
}

/// Which scopes give which.
fn gives(has: &str, needs: &str) -> bool {
    has == needs || has == "admin" || (has == "write" && needs == "branch")
}

#[test]
fn every_route_asks_for_its_scope() {
    let server = server(&[
        "read,scopes=read",
        "write,scopes=write",
        "branch,scopes=branch",
        "none,scopes=read:nowhere",
    ]);
    let base = server.client().base();
    for route in all() {
        for scope in ["read", "write", "branch", "root"] {
            let answer = with_key(&server, scope, route.call, &route.body);
            let scope = if scope == "root" { "admin" } else { scope };
            match gives(scope, route.scope) {
                // It comes in; that `main` can never be deleted is another matter.
                true => {
                    assert!(!matches!(answer.status, 401 | 429 | 500..), "{scope}: {answer}");
                    assert!(answer.code() != "FORBIDDEN", "{scope}: {answer}");
                }
                false => drop(answer.refused(403, "FORBIDDEN")),
            }
        }
        let body = if route.body.is_null() { String::new() } else { route.body.to_string() };
        // Of nothing that is known here, and of nothing at all.
        for scopes in [&["mail:send"][..], &[]] {
            let token = format!("Bearer {}", hs256(&claims(scopes), SECRET));
            send(base, route.call, &[("authorization", &token)], &body).refused(403, "FORBIDDEN");
        }
        let token = hs256(&but(claims(&[]), json!({"scopes": null})), SECRET);
        let token = format!("Bearer {token}");
        send(base, route.call, &[("authorization", &token)], &body).refused(403, "FORBIDDEN");
    }
}

#[test]
fn scopes_bound_to_branches() {
    let server = server(&["feature,scopes=read:feature-*+write:feature-*+read:main"]);
    let as_feature = |call: &str, body: Value| with_key(&server, "feature", call, &body);
    let insert = json!({"rows": [{"id": 1, "s": "x"}]});
    as_feature("POST /v1/branches", json!({"name": "feature-a"})).success();
    as_feature("POST /v1/branches", json!({"name": "other"})).refused(403, "FORBIDDEN");
    // From a branch that it may not even see.
    as_feature("POST /v1/branches", json!({"name": "feature-b", "source_branch": "b"}))
        .refused(403, "FORBIDDEN");
    as_feature("POST /v1/branches/feature-a/tables/t/data", insert.clone()).success();
    as_feature("POST /v1/branches/main/tables/t/data", insert.clone()).refused(403, "FORBIDDEN");
    as_feature("POST /v1/branches/b/tables/t/data", insert).refused(403, "FORBIDDEN");
    as_feature("GET /v1/branches/main/tables/t/data", Value::Null).success();
    as_feature("GET /v1/branches/b/tables/t/data", Value::Null).refused(403, "FORBIDDEN");
    // Merged into its own, and not into main; nor deleted after it.
    let into = |target: &str| json!({"target_branch": target});
    as_feature("POST /v1/branches/main/merge", into("feature-a")).success();
    as_feature("POST /v1/branches/feature-a/merge", into("main")).refused(403, "FORBIDDEN");
    as_feature("POST /v1/branches/b/merge", into("feature-a")).refused(403, "FORBIDDEN");
    let away = json!({"target_branch": "feature-a", "delete_source_after_merge": true});
    as_feature("POST /v1/branches/main/merge", away).refused(403, "FORBIDDEN");
    // The other branch of a difference, the catalogue and the graph tell of others, too.
    as_feature("GET /v1/branches/feature-a/diff?against=main", Value::Null).success();
    as_feature("GET /v1/branches/feature-a/diff?against=b", Value::Null).refused(403, "FORBIDDEN");
    as_feature("GET /v1/graph", Value::Null).refused(403, "FORBIDDEN");
    for sql in
        ["SELECT * FROM offshoot_branches", "SELECT * FROM \"OFFSHOOT_DIFF\"('b', 'main', 't')"]
    {
        let call = "POST /v1/branches/feature-a/query";
        as_feature(call, json!({"sql": sql})).refused(403, "FORBIDDEN");
        let call = "POST /v1/branches/feature-a/transaction";
        as_feature(call, json!({"statements": [{"sql": sql}]})).refused(403, "FORBIDDEN");
    }
    let snapshot =
        with_key(&server, "root", "POST /v1/branches/feature-a/snapshots", &json!({"name": "s"}));
    let id = snapshot.json()["data"]["id"].as_str().unwrap().to_owned();
    let restore = format!("POST /v1/branches/feature-a/restore/{id}");
    as_feature(&restore, json!({"backup_branch_name": "other"})).refused(403, "FORBIDDEN");
    as_feature(&restore, json!({"backup_branch_name": "feature-kept"})).success();
    let listed = as_feature("GET /v1/branches", Value::Null).json()["data"]["branches"].clone();
    let mut names: Vec<_> =
        listed.as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["feature-a", "feature-kept", "main"]);
    // Reset: its own branches only, to what it may read, and by name.
    let to = |source: &str| json!({"source_branch": source});
    as_feature("POST /v1/branches/feature-a/reset", to("main")).success();
    as_feature("POST /v1/branches/feature-a/reset", to("b")).refused(403, "FORBIDDEN");
    as_feature("POST /v1/branches/feature-a/reset", json!({})).refused(403, "FORBIDDEN");
    as_feature("POST /v1/branches/b/reset", to("main")).refused(403, "FORBIDDEN");
    let other = json!({"source_branch": "main", "backup_branch_name": "other"});
    as_feature("POST /v1/branches/feature-a/reset", other).refused(403, "FORBIDDEN");
    as_feature("DELETE /v1/branches/b", Value::Null).refused(403, "FORBIDDEN");
    as_feature("DELETE /v1/branches/feature-kept?force=true", Value::Null).success();
}

#[test]
fn protection_is_for_those_who_administer_and_holds_for_all() {
    let server = server(&["writer"]);
    let protect = |key: &str, on: bool| {
        with_key(&server, key, "PATCH /v1/branches/b", &json!({"is_protected": on}))
    };
    protect("writer", true).refused(403, "FORBIDDEN");
    with_key(&server, "writer", "PATCH /v1/branches/b", &json!({"display_name": "B"})).success();
    protect("root", true).success();
    let row = json!({"rows": [{"id": 1, "s": "x"}]});
    for key in ["writer", "root"] {
        with_key(&server, key, "POST /v1/branches/b/tables/t/data", &row)
            .refused(403, "BRANCH_PROTECTED");
        let sql = json!({"sql": "DROP TABLE t"});
        with_key(&server, key, "POST /v1/branches/b/execute", &sql)
            .refused(403, "BRANCH_PROTECTED");
        with_key(&server, key, "DELETE /v1/branches/b?force=true", &Value::Null)
            .refused(403, "BRANCH_PROTECTED");
    }
    protect("writer", false).refused(403, "FORBIDDEN");
    protect("root", false).success();
    with_key(&server, "writer", "POST /v1/branches/b/tables/t/data", &row).success();
}

#[test]
fn commits_carry_their_callers_name() {
    let server = server(&["k1,name=alice", "k2,name=bob"]);
    let newest = || {
        let history =
            with_key(&server, "root", "GET /v1/branches/main/history?limit=1", &Value::Null);
        history.json()["data"]["history"][0]["user"].clone()
    };
    let row = |id: u32| json!({"rows": [{"id": id, "s": "x"}]});
    with_key(&server, "k1", "POST /v1/branches/main/tables/t/data", &row(1)).success();
    assert_eq!(newest(), "alice");
    let sql = json!({"sql": "DELETE FROM t"});
    with_key(&server, "k2", "POST /v1/branches/main/execute", &sql).success();
    assert_eq!(newest(), "bob");
    with_key(&server, "k1", "POST /v1/branches/b/tables/t/data", &row(2)).success();
    let merge = json!({"target_branch": "main"});
    with_key(&server, "k2", "POST /v1/branches/b/merge", &merge).success();
    assert_eq!(newest(), "bob");
    let token =
        format!("Bearer {}", hs256(&but(claims(&["write"]), json!({"sub": "carol"})), SECRET));
    let headers = [("authorization", token.as_str())];
    let call = "POST /v1/branches/main/tables/t/data";
    send(server.client().base(), call, &headers, &row(3).to_string()).success();
    assert_eq!(newest(), "carol");
}
