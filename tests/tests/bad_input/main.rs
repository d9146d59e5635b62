//! Bad input: each kind has its test, its status and its code, and changes nothing.

mod bodies;
mod limits;
mod names;
mod statements;
mod unknown;

use offshoot_tests::branch::Branch;
use offshoot_tests::server::Server;
use serde_json::json;

/// A server whose `main` has two users.
fn server() -> Server {
    let server = Server::new();
    let main = server.client().main();
    main.execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, \
         age INTEGER CHECK (age >= 0))",
    );
    main.execute("INSERT INTO users VALUES (1, 'Alice', 'a@x', 30), (2, 'Bob', 'b@x', 40)");
    server
}

/// Fails unless the two users are as they were, and no branch was made.
#[track_caller]
fn assert_untouched(server: &Server) {
    assert_users(&server.client().main());
    let reply = server.client().get("/v1/branches");
    assert_eq!(reply.ok()["pagination"]["total"], 1, "{reply}");
}

#[track_caller]
fn assert_users(branch: &Branch<'_>) {
    let expected = [
        vec![json!(1), json!("Alice"), json!("a@x"), json!(30)],
        vec![json!(2), json!("Bob"), json!("b@x"), json!(40)],
    ];
    assert_eq!(branch.query("SELECT id, name, email, age FROM users ORDER BY id"), expected);
    assert_eq!(branch.table_names(), ["users"]);
}
