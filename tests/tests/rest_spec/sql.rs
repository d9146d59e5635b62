//! Queries and statements.

use crate::fields::{RESULT, STATEMENT, assert_fields};
use crate::{names, server};
use offshoot_tests::branch::rows;
use serde_json::{Value, json};

#[test]
fn query_as_in_the_specification() {
    let server = server();
    let main = server.client().main();
    main.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER)");
    main.execute("INSERT INTO orders VALUES (1, 1), (2, 1), (3, 2)");
    main.execute("INSERT INTO users (id, name, email) VALUES (3, 'Charlie', 'c@x')");
    let reply = main.try_query(&json!({
        "sql": "SELECT u.name, COUNT(o.id) as order_count FROM users u LEFT JOIN orders o \
                ON u.id = o.user_id GROUP BY u.name ORDER BY order_count DESC LIMIT 10",
        "params": [],
        "as_of": {"type": "now"},
        "timeout_ms": 30000
    }));
    let result = assert_fields(reply.ok(), RESULT);
    assert_eq!(result["columns"], json!(["name", "order_count"]));
    assert_eq!(result["column_types"], json!(["TEXT", "BIGINT"]));
    assert_eq!(result["row_count"], 3);
    let expected = json!([["Alice", 2], ["Bob", 1], ["Charlie", 0]]);
    assert_eq!(result["rows"], expected);
}

#[test]
fn query_without_rows_has_columns_all_the_same() {
    let server = server();
    let main = server.client().main();
    let reply = main.try_query(&json!({"sql": "SELECT id, name FROM users WHERE id = 99"}));
    let result = assert_fields(reply.ok(), RESULT);
    assert_eq!(result["columns"], json!(["id", "name"]));
    assert_eq!(result["column_types"], json!(["INTEGER", "TEXT"]));
    assert_eq!((&result["rows"], &result["row_count"]), (&json!([]), &json!(0)));
}

#[test]
fn query_with_parameters() {
    let server = server();
    let main = server.client().main();
    let ask = |sql: &str, params: Value| {
        rows(main.try_query(&json!({"sql": sql, "params": params})).ok())
    };
    let by_two = "SELECT id FROM users WHERE name = $1 OR id = $2 ORDER BY id";
    assert_eq!(ask(by_two, json!(["Alice", 2])), [[1], [2]]);
    // In any order, and more than once.
    let swapped = "SELECT id FROM users WHERE id = $2 AND name = $1 AND name = $1";
    assert_eq!(ask(swapped, json!(["Bob", 2])), [[2]]);
    assert_eq!(
        ask("SELECT id FROM users WHERE active = $1 ORDER BY id", json!([true])),
        [[1], [2]]
    );
    assert_eq!(
        ask("SELECT id FROM users WHERE name = $1", json!([null])),
        Vec::<Vec<Value>>::new()
    );
    assert_eq!(ask("SELECT id FROM users WHERE name = $1", json!(["' OR '1'='1"])).len(), 0);
}

#[test]
fn query_at_each_kind_of_point() {
    let server = server();
    let main = server.client().main();
    let then = main.execute("UPDATE users SET name = 'Then' WHERE id = 1");
    let snapshot = main.snapshot("then");
    main.execute("UPDATE users SET name = 'Now' WHERE id = 1");
    for (as_of, name) in [
        (json!({"type": "now"}), "Now"),
        (json!({"type": "scn", "value": then.scn}), "Then"),
        (json!({"type": "transaction", "value": then.scn}), "Then"),
        (json!({"type": "timestamp", "value": then.timestamp}), "Then"),
        (json!({"type": "snapshot", "value": snapshot}), "Then"),
        (json!({"type": "scn", "value": then.scn - 1}), "Alice"),
    ] {
        let got = main.query_at("SELECT name FROM users WHERE id = 1", &as_of);
        assert_eq!(got, [[name]], "{as_of}");
    }
}

#[test]
fn query_that_runs_out_of_time() {
    let server = server();
    let main = server.client().main();
    main.execute("CREATE TABLE n (n INTEGER PRIMARY KEY)");
    let all: Vec<Value> = (0..2000).map(|n| json!({"n": n})).collect();
    main.insert("n", json!(all));
    let sql =
        "SELECT COUNT(*) FROM n AS a JOIN n AS b ON b.n <> a.n + 1 JOIN n AS c ON c.n <> b.n + 1";
    let reply = main.try_query(&json!({"sql": sql, "timeout_ms": 200}));
    reply.error(408, "QUERY_TIMEOUT");
    // The server goes on.
    assert_eq!(main.number("SELECT COUNT(*) FROM n"), 2000);
}

#[test]
fn execute_as_in_the_specification() {
    let server = server();
    let main = server.client().main();
    let reply = main.client().post(
        &main.path("/execute"),
        &json!({
            "sql": "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, \
                    price DECIMAL(10,2))",
            "params": [],
            "timeout_ms": 30000
        }),
    );
    let created = assert_fields(reply.ok(), STATEMENT);
    assert_eq!(created["statement_type"], "CREATE_TABLE");
    assert_eq!(created["affected_rows"], 0);
    assert_eq!(main.table_names(), ["products", "users"]);
}

#[test]
fn statements_by_type() {
    let server = server();
    let main = server.client().main();
    let mut last = 0;
    for (sql, kind, affected) in [
        ("CREATE TABLE p (id INTEGER PRIMARY KEY, n INTEGER)", "CREATE_TABLE", 0),
        ("INSERT INTO p VALUES (1, 1), (2, 2), (3, 3)", "INSERT", 3),
        ("UPDATE p SET n = n + 1 WHERE id > 1", "UPDATE", 2),
        ("DELETE FROM p WHERE id = 1", "DELETE", 1),
        ("ALTER TABLE p ADD COLUMN t TEXT", "ALTER_TABLE", 0),
        ("CREATE INDEX p_n ON p (n)", "CREATE_INDEX", 0),
        ("DROP INDEX p_n", "DROP_INDEX", 0),
        ("DROP TABLE p", "DROP_TABLE", 0),
    ] {
        let reply = main.try_execute(sql, json!([]));
        let done = assert_fields(reply.ok(), STATEMENT);
        assert_eq!(done["statement_type"], kind, "{reply}");
        assert_eq!(done["affected_rows"], affected, "{reply}");
        // Each is a commit, and the numbers grow.
        let scn = done["scn"].as_u64().unwrap();
        assert!(scn > last, "{reply}");
        last = scn;
    }
}

#[test]
fn execute_with_parameters_of_each_type() {
    let server = server();
    let main = server.client().main();
    main.execute(
        "CREATE TABLE v (id INTEGER PRIMARY KEY, r DOUBLE, d DECIMAL(8,3), b BOOLEAN, t TEXT, n TEXT)",
    );
    let params = json!([1, 2.5, "3.125", false, "it's", null]);
    main.execute_with("INSERT INTO v VALUES ($1, $2, $3, $4, $5, $6)", params);
    let expected =
        [[json!(1), json!(2.5), json!("3.125"), json!(false), json!("it's"), Value::Null]];
    assert_eq!(main.query("SELECT id, r, d, b, t, n FROM v"), expected);
}

#[test]
fn a_statement_does_all_or_nothing() {
    let server = server();
    let main = server.client().main();
    // Of two rows the second one cannot be changed.
    main.try_execute("UPDATE users SET email = 'same@x'", json!([]))
        .error(409, "CONSTRAINT_VIOLATION");
    let addresses = main.query("SELECT email FROM users ORDER BY id");
    assert_eq!(addresses, [["alice@example.com"], ["bob@example.com"]]);
    let sql = "INSERT INTO users (id, name, email) VALUES (3, 'C', 'c@x'), (4, NULL, 'd@x')";
    main.try_execute(sql, json!([])).error(409, "CONSTRAINT_VIOLATION");
    assert_eq!(names(&main), ["Alice", "Bob"]);
}
