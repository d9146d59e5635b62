//! Queries, statements, transactions.

use crate::client::{Api, fields};
use serde_json::{Value, json};

#[test]
fn query() {
    let api = Api::new();
    let body = json!({
        "sql": "SELECT id, name FROM users WHERE id = $1", "params": [2],
        "as_of": {"type": "now"}, "timeout_ms": 30000
    });
    let data = api.try_query("main", body).data(200);
    let expected =
        ["column_types", "columns", "execution_plan", "execution_time_ms", "row_count", "rows"];
    assert_eq!(fields(&data), expected);
    assert_eq!(data["columns"], json!(["id", "name"]));
    assert_eq!(data["column_types"], json!(["INTEGER", "TEXT"]));
    assert_eq!((&data["rows"], &data["row_count"]), (&json!([[2, "Bob"]]), &json!(1)));
    assert!(data["execution_time_ms"].is_u64());
    assert!(data["execution_plan"].as_str().unwrap().contains("users"), "{data}");
    let empty = json!({"sql": "SELECT id FROM users WHERE id = 9"});
    let empty = api.try_query("main", empty).data(200);
    assert_eq!((&empty["rows"], &empty["row_count"]), (&json!([]), &json!(0)));
}

#[test]
fn params_of_each_type() {
    let api = Api::new();
    let one = |param: Value| {
        let body = json!({"sql": "SELECT $1 AS v", "params": [param]});
        api.try_query("main", body)
    };
    for (param, value) in [
        (json!({"type": "int4", "value": 5}), json!(5)),
        (
            json!({"type": "int8", "value": 9_007_199_254_740_993_i64}),
            json!(9_007_199_254_740_993_i64),
        ),
        (json!({"type": "text", "value": "x"}), json!("x")),
        (json!({"type": "bool", "value": true}), json!(true)),
        (json!({"type": "float8", "value": 0.5}), json!(0.5)),
        (json!({"type": "float4", "value": 0.5}), json!(0.5)),
        (
            json!({"type": "timestamp", "value": "2025-12-01T08:00:00Z"}),
            json!("2025-12-01T08:00:00Z"),
        ),
        (json!({"type": "json", "value": {"a": [1]}}), json!({"a": [1]})),
        (json!({"type": "text", "value": null}), Value::Null),
        (json!("it's"), json!("it's")),
        (json!(1.5), json!(1.5)),
        (Value::Null, Value::Null),
    ] {
        assert_eq!(one(param.clone()).data(200)["rows"], json!([[value]]), "{param}");
    }
    for bad in [
        json!({"type": "int4", "value": 3_000_000_000_u64}),
        json!({"type": "int4", "value": "x"}),
        json!({"type": "int4"}),
        json!({"value": 1}),
        json!({"type": "money", "value": 1}),
        json!({"type": "int4", "value": 1, "extra": 1}),
        json!([1]),
    ] {
        one(bad).error(400, "INVALID_REQUEST");
    }
}

#[test]
fn params_by_name() {
    let api = Api::new();
    let ask =
        |sql: &str, params: Value| api.try_query("main", json!({"sql": sql, "params": params}));
    let sql = "SELECT id, name, :name AS again FROM users WHERE id = @id AND name = :name";
    let reply = ask(sql, json!({"name": "Bob", "id": {"type": "int8", "value": 2}}));
    assert_eq!(reply.data(200)["rows"], json!([[2, "Bob", "Bob"]]));
    // With the sign that is written, and a number as a name.
    let reply = ask("SELECT $a AS a, ?2 AS b", json!({"$a": 1, "2": "two"}));
    assert_eq!(reply.data(200)["rows"], json!([[1, "two"]]));
    // Names that a typed value has are names here.
    let reply = ask("SELECT :type AS t, :value AS v", json!({"type": "int4", "value": 5}));
    assert_eq!(reply.data(200)["rows"], json!([["int4", 5]]));
    // In the order of the numbers as well.
    assert_eq!(ask("SELECT @b AS b, :a AS a", json!([1, 2])).data(200)["rows"], json!([[1, 2]]));
    for wrong in
        [json!({}), json!({"a": 1}), json!({"a": 1, "b": 2, "c": 3}), json!([1]), json!([1, 2, 3])]
    {
        ask("SELECT :a AS a, :b AS b", wrong).error(400, "INVALID_SQL");
    }
    for wrong in [json!({"a": [1]}), json!({"a": {"type": "int4", "value": "x"}}), json!(1)] {
        ask("SELECT :a AS a", wrong).error(400, "INVALID_REQUEST");
    }

    let insert = "INSERT INTO users (id, name, email) VALUES (:id, :name, :name || '@x.com')";
    let body = json!({"sql": insert, "params": {"id": 7, "name": "Gil"}});
    let done = api.post("/v1/branches/main/execute", body).data(200);
    assert_eq!(done["affected_rows"], 1);
    let statements = json!([
        {"sql": "UPDATE users SET name = @name WHERE id = @id", "params": {"id": 7, "name": "Gila"}},
        {"sql": "DELETE FROM users WHERE id = ?", "params": [1]}
    ]);
    api.post("/v1/branches/main/transaction", json!({"statements": statements})).data(200);
    assert_eq!(api.rows("main", "SELECT id, name FROM users"), json!([[2, "Bob"], [7, "Gila"]]));
}

#[test]
fn the_plan_that_is_told_is_the_one_that_ran() {
    let api = Api::new();
    let plan = |sql: &str| {
        let data = api.try_query("main", json!({"sql": sql})).data(200);
        data["execution_plan"].as_str().map(str::to_owned)
    };
    let explained = |sql: &str| {
        let rows = api.rows("main", &format!("EXPLAIN {sql}"));
        let lines = rows.as_array().unwrap().iter().map(|row| row[0].as_str().unwrap());
        Some(lines.collect::<Vec<_>>().join("\n"))
    };
    for sql in [
        "SELECT name FROM users WHERE id = 2",
        "WITH u AS (SELECT id FROM users) SELECT COUNT(*) FROM u JOIN users USING (id)",
        "SELECT 1 UNION SELECT id FROM users WHERE id > (SELECT MIN(id) FROM users)",
    ] {
        assert_eq!(plan(sql), explained(sql), "{sql}");
    }
    assert_eq!(plan("EXPLAIN SELECT 1").as_deref(), Some("show"));
    assert_eq!(plan("SHOW TABLES").as_deref(), Some("show"));
    let reply = api.try_query("main", json!({"sql": "EXPLAIN ANALYZE DELETE FROM users"}));
    reply.error(400, "INVALID_REQUEST");
    assert_eq!(api.rows("main", "SELECT id FROM users"), json!([[1], [2]]));
}

#[test]
fn execute() {
    let api = Api::new();
    let created = api.execute("main", "CREATE TABLE products (id INTEGER PRIMARY KEY)");
    assert_eq!(
        fields(&created),
        ["affected_rows", "execution_time_ms", "scn", "statement_type", "timestamp"]
    );
    assert_eq!(created["statement_type"], "CREATE_TABLE");
    assert_eq!(created["affected_rows"], 0);
    let inserted = api.execute("main", "INSERT INTO products VALUES (1), (2)");
    assert_eq!(
        (&inserted["statement_type"], &inserted["affected_rows"]),
        (&json!("INSERT"), &json!(2))
    );
    assert_eq!(inserted["scn"].as_u64(), created["scn"].as_u64().map(|scn| scn + 1));
    // Without a commit of its own a statement tells where the branch stands.
    let nothing = api.execute("main", "DELETE FROM products WHERE id = 9");
    assert_eq!(nothing["affected_rows"], 0);
    assert_eq!(nothing["scn"], inserted["scn"]);
    assert_eq!(nothing["timestamp"], inserted["timestamp"]);
}

#[test]
fn returning() {
    let api = Api::new();
    let given = api.execute("main", "DELETE FROM users WHERE id = 1 RETURNING id, name");
    assert_eq!(given["columns"], json!(["id", "name"]));
    assert_eq!(given["column_types"], json!(["INTEGER", "TEXT"]));
    assert_eq!((&given["rows"], &given["affected_rows"]), (&json!([[1, "Alice"]]), &json!(1)));
}

#[test]
fn transaction() {
    let api = Api::new();
    let path = "/v1/branches/main/transaction";
    let statements = json!([
        {"sql": "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)"},
        {"sql": "INSERT INTO notes VALUES ($1, $2)", "params": [1, "a"]},
        {"sql": "DELETE FROM users WHERE id = $1", "params": [2]}
    ]);
    let done = api.post(path, json!({"statements": statements})).data(200);
    assert_eq!(fields(&done), ["results", "scn", "timestamp"]);
    let expected = json!([
        {"statement_type": "CREATE_TABLE", "affected_rows": 0},
        {"statement_type": "INSERT", "affected_rows": 1},
        {"statement_type": "DELETE", "affected_rows": 1}
    ]);
    assert_eq!(done["results"], expected);
    let newest = api.get("/v1/branches/main/history?limit=1").data(200);
    assert_eq!(newest["history"][0]["scn"], done["scn"]);
    assert_eq!(newest["history"][0]["timestamp"], done["timestamp"]);

    let bad = json!([{"sql": "DELETE FROM users"}, {"sql": "INSERT INTO notes VALUES (1, 'x')"}]);
    api.post(path, json!({"statements": bad})).error(409, "CONSTRAINT_VIOLATION");
    assert_eq!(api.rows("main", "SELECT id FROM users"), json!([[1]]));
    api.post(path, json!({"statements": []})).error(400, "INVALID_REQUEST");
    let control = json!([{"sql": "DELETE FROM users"}, {"sql": "COMMIT"}]);
    api.post(path, json!({"statements": control})).error(400, "INVALID_REQUEST");
    assert_eq!(api.rows("main", "SELECT id FROM users"), json!([[1]]));
}

#[test]
fn transactions_do_not_outlive_a_request() {
    let api = Api::new();
    for sql in ["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT s"] {
        let reply = api.try_execute("main", sql);
        assert_eq!(reply.status, 400, "{sql}: {}", reply.text);
    }
    // The writer slot that one of them took is free again.
    api.execute("main", "DELETE FROM users WHERE id = 1");
}
