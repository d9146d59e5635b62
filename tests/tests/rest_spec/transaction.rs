//! Statements that are done together or not at all. Beyond the specification.

use crate::fields::{Is, assert_fields};
use crate::{names, server};
use serde_json::json;

#[test]
fn statements_see_each_other_and_are_one_commit() {
    let server = server();
    let main = server.client().main();
    let before = main.history(&[]).len();
    let reply = main.transaction(&[
        ("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)", json!([])),
        ("INSERT INTO notes VALUES ($1, $2), ($3, $4)", json!([1, "a", 2, "b"])),
        ("UPDATE notes SET body = body || '!' WHERE id > $1", json!([0])),
        ("DELETE FROM users WHERE id = $1", json!([2])),
    ]);
    let data = assert_fields(reply.ok(), &[("results", Is::List), ("scn", Is::Count)]);
    let expected = [("CREATE_TABLE", 0), ("INSERT", 2), ("UPDATE", 2), ("DELETE", 1)]
        .map(|(kind, affected)| json!({"statement_type": kind, "affected_rows": affected}));
    let results = data["results"].as_array().unwrap();
    assert_eq!(results.len(), expected.len(), "{reply}");
    for (result, expected) in results.iter().zip(&expected) {
        for field in ["statement_type", "affected_rows"] {
            assert_eq!(result[field], expected[field], "{reply}");
        }
    }
    assert_eq!(main.query("SELECT body FROM notes ORDER BY id"), [["a!"], ["b!"]]);
    assert_eq!(names(&main), ["Alice"]);
    let history = main.history(&[]);
    assert_eq!(history.len(), before + 1);
    assert_eq!(history[0]["scn"], data["scn"]);
}

#[test]
fn a_later_failure_undoes_everything() {
    let server = server();
    let main = server.client().main();
    let before = main.history(&[]);
    let reply = main.transaction(&[
        ("CREATE TABLE notes (id INTEGER PRIMARY KEY)", json!([])),
        ("DELETE FROM users WHERE id = 2", json!([])),
        ("INSERT INTO users (id, name, email) VALUES (1, 'again', 'x@x')", json!([])),
    ]);
    reply.error(409, "CONSTRAINT_VIOLATION");
    assert_eq!(names(&main), ["Alice", "Bob"]);
    assert_eq!(main.table_names(), ["users"]);
    assert_eq!(main.history(&[]), before, "a failed transaction left a trace");
}

#[test]
fn a_constraint_may_not_be_broken_at_the_end() {
    let server = server();
    let main = server.client().main();
    main.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, \
         FOREIGN KEY (user_id) REFERENCES users (id))",
    );
    let user = ("INSERT INTO users (id, name, email) VALUES (3, 'Carol', 'c@x')", json!([]));
    let order = ("INSERT INTO orders VALUES (1, 3)", json!([]));
    main.transaction(std::slice::from_ref(&order)).error(409, "CONSTRAINT_VIOLATION");
    main.transaction(&[user, order]).ok();
    assert_eq!(main.number("SELECT COUNT(*) FROM orders"), 1);
}

#[test]
fn transactions_do_not_leave_their_branch() {
    let server = server();
    let main = server.client().main();
    let branch = server.client().create("b", "main");
    branch.transaction(&[("DELETE FROM users", json!([]))]).ok();
    assert_eq!(names(&main), ["Alice", "Bob"]);
    assert_eq!(names(&branch), Vec::<String>::new());
}
