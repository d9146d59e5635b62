//! The branch REST API specification, endpoint by endpoint: parameters, fields and their types,
//! status codes, and what the issue decides beyond it.

mod branches;
mod deletion;
mod diff;
mod fields;
mod injection;
mod listing;
mod merge;
mod protection;
mod reading;
mod repeating;
mod reset;
mod restore;
mod sql;
mod time;
mod transaction;
mod writing;

use offshoot_tests::branch::Branch;
use offshoot_tests::server::Server;
use serde_json::json;

/// A server whose `main` has the specification's users.
fn server() -> Server {
    let server = Server::new();
    let main = server.client().main();
    main.execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, \
         active BOOLEAN DEFAULT TRUE, created_at TIMESTAMP)",
    );
    main.execute("CREATE UNIQUE INDEX idx_users_email ON users (email)");
    main.execute(
        "INSERT INTO users (id, name, email, created_at) VALUES \
         (1, 'Alice', 'alice@example.com', '2025-01-01T00:00:00'), \
         (2, 'Bob', 'bob@example.com', '2025-01-02T12:30:00')",
    );
    server
}

/// The names of the users, in the order of their ids.
#[track_caller]
fn names(branch: &Branch<'_>) -> Vec<String> {
    let rows = branch.query("SELECT name FROM users ORDER BY id");
    rows.into_iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
}

/// Adds a user.
#[track_caller]
fn add(branch: &Branch<'_>, id: i64, name: &str) {
    branch.insert("users", json!([{"id": id, "name": name, "email": format!("{name}@x")}]));
}
