//! `filter`, `columns` and `order_by` are expressions of one table and nothing more.

use crate::{names, server};
use offshoot_tests::branch::Branch;
use offshoot_tests::client::{Reply, with_query};
use offshoot_tests::server::Server;
use serde_json::json;

/// The users, and a table of secrets that no request here names in its path.
fn guarded() -> Server {
    let server = server();
    let main = server.client().main();
    main.execute("CREATE TABLE secrets (id INTEGER PRIMARY KEY, password TEXT)");
    main.execute("INSERT INTO secrets VALUES (1, 'hunter2')");
    server
}

#[track_caller]
fn assert_refused(reply: &Reply, main: &Branch<'_>) {
    assert!(!reply.body.to_string().contains("hunter2"), "it told: {reply}");
    let refused = (reply.status == 400
        && matches!(reply.code(), Some("INVALID_SQL" | "INVALID_REQUEST")))
        || (reply.status == 404 && matches!(reply.code(), Some("COLUMN_NOT_FOUND")));
    assert!(refused, "not refused: {reply}");
    reply.error(reply.status, reply.code().unwrap_or("a code"));
    assert_eq!(names(main), ["Alice", "Bob"]);
    assert_eq!(main.query("SELECT password FROM secrets"), [["hunter2"]]);
}

const FILTERS: &[&str] = &[
    "id = 1; DROP TABLE users",
    "id = 1; DELETE FROM secrets; --",
    "1 = 1) OR (1 = 1",
    "id = 1) UNION SELECT id, password FROM secrets --",
    "id = 1 UNION SELECT id, password FROM secrets",
    "id IN (SELECT id FROM secrets)",
    "EXISTS (SELECT 1 FROM secrets WHERE password LIKE 'h%')",
    "name = (SELECT password FROM secrets LIMIT 1)",
    "secrets.password LIKE 'h%'",
    "id = 1 ORDER BY id",
    "id = 1 LIMIT 1",
    "id = 1 GROUP BY id",
    "id = 1 RETURNING *",
    "id = 1 AS OF SCN 1",
    "WHERE id = 1",
    "id = 1 WHERE id = 2",
    "COUNT(*) > 1",
    "SUM(id) OVER () > 1",
    "id = $1",
    "id = ?",
    "id =",
    "'",
    "id = 1 /*",
    "DROP TABLE users",
    "SELECT 1",
];

#[test]
fn filters_of_a_page() {
    let server = guarded();
    let main = server.client().main();
    for filter in FILTERS {
        assert_refused(&main.page("users", &[("filter", filter)]), &main);
    }
}

#[test]
fn filters_of_an_update() {
    let server = guarded();
    let main = server.client().main();
    for filter in FILTERS {
        let body = json!({"filter": filter, "updates": {"name": "Eve"}});
        assert_refused(&server.client().put(&main.rows_path("users"), &body), &main);
    }
}

#[test]
fn filters_of_a_deletion() {
    let server = guarded();
    let main = server.client().main();
    for filter in FILTERS {
        let path = with_query(&main.rows_path("users"), &[("filter", filter)]);
        assert_refused(&server.client().delete(&path), &main);
    }
}

#[test]
fn columns() {
    let server = guarded();
    let main = server.client().main();
    for columns in [
        "id, (SELECT password FROM secrets)",
        "id FROM secrets --",
        "password FROM secrets",
        "id, password",
        "secrets.password",
        "id; DROP TABLE users",
        "id,,name",
        "id,",
        "COUNT(*)",
        "id AS other FROM secrets",
        "DISTINCT name FROM users",
    ] {
        assert_refused(&main.page("users", &[("columns", columns)]), &main);
    }
}

#[test]
fn orders() {
    let server = guarded();
    let main = server.client().main();
    for order in [
        "id; DROP TABLE users",
        "(SELECT password FROM secrets)",
        "CASE WHEN (SELECT COUNT(*) FROM secrets) > 0 THEN id ELSE name END",
        "id LIMIT 1",
        "id, password",
        "secrets.password",
        "id UNION SELECT 1",
        "id SIDEWAYS",
        "id,",
    ] {
        assert_refused(&main.page("users", &[("order_by", order)]), &main);
    }
}

#[test]
fn names_and_values_of_rows() {
    let server = guarded();
    let main = server.client().main();
    for column in ["name) VALUES ('x'); --", "name, email", "\"name\"", "name = name"] {
        let row = json!({"id": 3, "email": "e@x", column: "Eve"});
        let reply = main.try_insert("users", &json!({"rows": [row]}));
        assert_refused(&reply, &main);
        let body = json!({"filter": "id = 1", "updates": {column: "Eve"}});
        assert_refused(&server.client().put(&main.rows_path("users"), &body), &main);
    }
    // A value may hold anything, for it is never read as SQL.
    let name = "'); DROP TABLE users; --";
    main.insert("users", json!([{"id": 3, "name": name, "email": "e@x"}]));
    assert_eq!(names(&main), ["Alice", "Bob", name]);
    let sql = "SELECT id FROM users WHERE name = $1";
    let reply = main.try_query(&json!({"sql": sql, "params": [name]}));
    assert_eq!(reply.ok()["rows"], json!([[3]]));
}
