//! One tenant's file, and a folder of many.

use crate::send::send;
use crate::token::{SECRET, but, claims, hs256};
use offshoot_tests::folder::Folder;
use offshoot_tests::program;
use offshoot_tests::server::Server;
use serde_json::{Value, json};

fn bearer(tenant: Value) -> String {
    let claims = but(claims(&["read", "write"]), json!({"tenant_id": tenant}));
    format!("Bearer {}", hs256(&claims, SECRET))
}

#[test]
fn a_file_is_one_tenants() {
    let server = Server::with(&["--jwt-secret", SECRET, "--tenant", "acme", "--api-key", "k"]);
    let base = server.client().base();
    let ask = |token: &str| send(base, "GET /v1/branches", &[("authorization", token)], "");
    ask(&bearer(json!("acme"))).success();
    for other in [json!("other"), json!("ACME"), json!(""), Value::Null] {
        let answer = ask(&bearer(other.clone()));
        answer.refused(403, "FORBIDDEN");
        for route in crate::routes::all() {
            let body = if route.body.is_null() { String::new() } else { route.body.to_string() };
            let token = bearer(other.clone());
            send(base, route.call, &[("authorization", &token)], &body).refused(403, "FORBIDDEN");
        }
    }
    // A key of the database's own belongs to its tenant.
    send(base, "GET /v1/branches", &[("x-api-key", "k")], "").success();
}

#[test]
fn a_folder_has_a_file_for_each() {
    let folder = Folder::new();
    let dir = folder.path().to_str().unwrap();
    for tenant in ["acme", "beta", "gamma"] {
        assert_eq!(
            program::run(["tenant", "create", "--data-dir", dir, "--tenant", tenant]).code,
            Some(0)
        );
    }
    let file = folder.join("beta.offshoot");
    let made = program::run(["key", "create", "--name", "b", "--data", file.to_str().unwrap()]);
    let key = made.stdout.trim().to_owned();
    // Two at a time, so that the third needs another's place.
    let server = Server::of_folder(folder.path(), &["--jwt-secret", SECRET, "--open-max", "2"]);
    let base = server.client().base();
    let run = |tenant: &str, sql: &str| {
        let token = bearer(json!(tenant));
        let body = json!({"sql": sql}).to_string();
        send(base, "POST /v1/branches/main/execute", &[("authorization", &token)], &body)
    };
    for tenant in ["acme", "beta", "gamma"] {
        run(tenant, "CREATE TABLE t (who TEXT)").success();
        run(tenant, &format!("INSERT INTO t VALUES ('{tenant}')")).success();
    }
    for tenant in ["gamma", "acme", "beta", "acme", "gamma"] {
        let rows = run(tenant, "SELECT who FROM t");
        assert!(rows.success().text.contains(&format!("[[\"{tenant}\"]]")), "{rows}");
    }
    let body = json!({"sql": "SELECT who FROM t"}).to_string();
    let by_key = send(base, "POST /v1/branches/main/query", &[("x-api-key", &key)], &body);
    assert!(by_key.success().text.contains("beta"), "{by_key}");
    for other in ["delta", "", ".", "..", "../acme", "acme.offshoot", "a\u{0}b", "-"] {
        run(other, "SELECT 1").refused(403, "FORBIDDEN");
    }
    // Asking makes no file.
    assert!(!folder.join("delta.offshoot").exists() && !folder.join("-.offshoot").exists());
    send(base, "GET /v1/branches", &[], "").refused(401, "UNAUTHORIZED");
    send(base, "GET /health", &[], "").success();
    let again = program::run(["tenant", "create", "--data-dir", dir, "--tenant", "acme"]);
    assert_eq!(again.code, Some(1));
    let bad = program::run(["tenant", "create", "--data-dir", dir, "--tenant", "../x"]);
    assert_eq!(bad.code, Some(1));
    let listed = program::run(["tenant", "list", "--data-dir", dir]).stdout;
    assert_eq!(listed, "acme\nbeta\ngamma\n");
}
