//! Statements and requests that contradict themselves, the data or the rules.

use crate::{assert_untouched, assert_users, server};
use serde_json::{Value, json};

#[test]
fn sql_that_is_none() {
    let server = server();
    let main = server.client().main();
    for sql in ["", ";", "SELEC 1", "SELECT * FROM", "INSERT users", "'", "SELECT 1 1 1"] {
        main.try_query(&json!({"sql": sql})).error(400, "INVALID_SQL");
        main.try_execute(sql, json!([])).error(400, "INVALID_SQL");
    }
    // One statement at a time, so that nothing can be smuggled in behind another.
    main.try_query(&json!({"sql": "SELECT 1; SELECT 2"})).error(400, "INVALID_SQL");
    let two = "UPDATE users SET name = 'Eve'; DELETE FROM users";
    main.try_execute(two, json!([])).error(400, "INVALID_SQL");
    assert_untouched(&server);
}

#[test]
fn parameters_that_are_missing() {
    let server = server();
    let main = server.client().main();
    for params in [json!([]), json!([1])] {
        let body =
            json!({"sql": "SELECT * FROM users WHERE id = $1 AND age = $2", "params": params});
        let reply = main.try_query(&body);
        assert_eq!(reply.status, 400, "{reply}");
        assert!(matches!(reply.code(), Some("INVALID_SQL" | "INVALID_REQUEST")), "{reply}");
    }
}

#[test]
fn a_write_through_the_query_endpoint() {
    let server = server();
    let main = server.client().main();
    for sql in [
        "INSERT INTO users (id, name) VALUES (3, 'C')",
        "UPDATE users SET name = 'Eve'",
        "DELETE FROM users",
        "CREATE TABLE t (id INTEGER PRIMARY KEY)",
        "DROP TABLE users",
        "ALTER TABLE users ADD COLUMN a INTEGER",
        "CREATE INDEX i ON users (age)",
    ] {
        main.try_query(&json!({"sql": sql})).error(400, "INVALID_REQUEST");
    }
    assert_untouched(&server);
}

#[test]
fn a_key_twice_in_one_insert() {
    let server = server();
    let main = server.client().main();
    for sql in [
        "INSERT INTO users (id, name) VALUES (3, 'C'), (4, 'D'), (3, 'E')",
        "INSERT INTO users (id, name, email) VALUES (3, 'C', 'c@x'), (4, 'D', 'c@x')",
        "INSERT INTO users (id, name) VALUES (3, 'C'), (1, 'D')",
    ] {
        main.try_execute(sql, json!([])).error(409, "CONSTRAINT_VIOLATION");
    }
    for rows in [
        json!([{"id": 3, "name": "C"}, {"id": 3, "name": "D"}]),
        json!([{"id": 3, "name": "C", "email": "c@x"}, {"id": 4, "name": "D", "email": "c@x"}]),
        json!([{"id": 3, "name": "C"}, {"id": 2, "name": "D"}]),
    ] {
        main.try_insert("users", &json!({"rows": rows})).error(409, "CONSTRAINT_VIOLATION");
    }
    assert_untouched(&server);
}

#[test]
fn a_row_of_the_wrong_arity() {
    let server = server();
    let main = server.client().main();
    for sql in [
        "INSERT INTO users VALUES (3, 'C', 'c@x', 50, 'too many')",
        "INSERT INTO users (id, name) VALUES (3)",
        "INSERT INTO users (id, name) VALUES (3, 'C', 'c@x')",
        "INSERT INTO users (id, name) VALUES (3, 'C'), (4)",
        "INSERT INTO users (id, id, name) VALUES (3, 4, 'C')",
    ] {
        main.try_execute(sql, json!([])).error(400, "INVALID_SQL");
    }
    assert_untouched(&server);
}

#[test]
fn rows_that_break_a_constraint() {
    let server = server();
    let main = server.client().main();
    main.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, \
         FOREIGN KEY (user_id) REFERENCES users (id))",
    );
    main.execute("INSERT INTO orders VALUES (1, 1)");
    for sql in [
        "INSERT INTO users (id, name) VALUES (1, 'again')",
        "INSERT INTO users (id, name, email) VALUES (3, 'C', 'a@x')",
        "INSERT INTO users (id, name) VALUES (3, NULL)",
        "INSERT INTO users (id, email) VALUES (3, 'c@x')",
        "INSERT INTO users (id, name, age) VALUES (3, 'C', -1)",
        "UPDATE users SET name = NULL WHERE id = 1",
        "UPDATE users SET email = 'b@x' WHERE id = 1",
        "UPDATE users SET age = -1 WHERE id = 2",
        "UPDATE users SET id = 2 WHERE id = 1",
        "INSERT INTO orders VALUES (2, 99)",
        "UPDATE orders SET user_id = 99 WHERE id = 1",
        "DELETE FROM users WHERE id = 1",
        "DELETE FROM users",
    ] {
        main.try_execute(sql, json!([])).error(409, "CONSTRAINT_VIOLATION");
    }
    let missing = json!({"rows": [{"id": 3, "email": "c@x"}]});
    main.try_insert("users", &missing).error(409, "CONSTRAINT_VIOLATION");
    let dangling = json!({"rows": [{"id": 2, "user_id": 99}]});
    main.try_insert("orders", &dangling).error(409, "CONSTRAINT_VIOLATION");
    let put = json!({"filter": "id = 1", "updates": {"email": "b@x"}});
    server.client().put(&main.rows_path("users"), &put).error(409, "CONSTRAINT_VIOLATION");
    let path = format!("{}?filter=id%3D1", main.rows_path("users"));
    server.client().delete(&path).error(409, "CONSTRAINT_VIOLATION");
    assert_eq!(main.query("SELECT id, user_id FROM orders"), [vec![json!(1), json!(1)]]);
    main.execute("DROP TABLE orders");
    assert_untouched(&server);
}

#[test]
fn a_transaction_with_one_bad_statement_does_nothing() {
    let server = server();
    let main = server.client().main();
    let good = ("UPDATE users SET name = 'Eve' WHERE id = 1", json!([]));
    let bad: [(&str, Value, u16, &str); 5] = [
        ("INSERT INTO users (id, name) VALUES (2, 'x')", json!([]), 409, "CONSTRAINT_VIOLATION"),
        ("UPDATE nowhere SET a = 1", json!([]), 404, "TABLE_NOT_FOUND"),
        ("UPDATE users SET nowhere = 1", json!([]), 404, "COLUMN_NOT_FOUND"),
        ("UPDAT users", json!([]), 400, "INVALID_SQL"),
        ("INSERT INTO users (id, name) VALUES (3)", json!([]), 400, "INVALID_SQL"),
    ];
    for (sql, params, status, code) in bad {
        main.transaction(&[good.clone(), (sql, params.clone())]).error(status, code);
        main.transaction(&[(sql, params), good.clone()]).error(status, code);
        assert_users(&main);
    }
    assert_untouched(&server);
}

#[test]
fn a_merge_into_oneself() {
    let server = server();
    let main = server.client().main();
    let id = main.details()["id"].as_str().unwrap().to_owned();
    for target in ["main", &id] {
        for dry_run in [true, false] {
            let reply = main.merge_into(target, json!({"dry_run": dry_run}));
            reply.error(422, "INVALID_MERGE");
        }
    }
    assert_untouched(&server);
}

#[test]
fn deletion_of_main() {
    let server = server();
    let main = server.client().main();
    let id = main.details()["id"].as_str().unwrap().to_owned();
    for name in ["main", &id] {
        for query in ["", "?force=true", "?force=false"] {
            let reply = server.client().delete(&format!("/v1/branches/{name}{query}"));
            reply.error(403, "BRANCH_PROTECTED");
        }
    }
    // Nor may a merge delete it.
    let b = server.client().create("b", "main");
    main.execute("UPDATE users SET age = 31 WHERE id = 1");
    let reply = main.merge_into("b", json!({"delete_source_after_merge": true}));
    reply.error(403, "BRANCH_PROTECTED");
    assert_users(&b);
    assert_eq!(main.details()["status"], "active");
}
