//! Tables and rows.

use crate::client::{Api, fields};
use serde_json::{Value, json};

const USERS: &str = "/v1/branches/main/tables/users/data";

#[test]
fn tables() {
    let api = Api::new();
    let tables = api.get("/v1/branches/main/tables").data(200);
    let users = &tables["tables"][0];
    assert_eq!(fields(users), ["columns", "created_at", "indexes", "name", "row_count", "schema"]);
    assert_eq!((&users["name"], &users["schema"]), (&json!("users"), &json!("public")));
    assert_eq!(users["row_count"], 2);
    assert_eq!(users["indexes"], json!(["idx_users_email"]));
    let id = json!({"name": "id", "type": "INTEGER", "nullable": false, "primary_key": true});
    assert_eq!(users["columns"][0], id);
    let age = json!({"name": "age", "type": "INTEGER", "nullable": true, "primary_key": false});
    assert_eq!(users["columns"][3], age);
    assert!(users["created_at"].as_str().unwrap().starts_with("2025-12-01T08:00:0"));
}

#[test]
fn pages() {
    let api = Api::new();
    let all = api.get(USERS).data(200);
    assert_eq!(all["columns"], json!(["id", "name", "email", "age"]));
    assert_eq!(all["rows"], json!([[1, "Alice", "a@x", null], [2, "Bob", "b@x", null]]));
    let pagination = json!({"page": 1, "limit": 100, "total": 2, "total_pages": 1});
    assert_eq!(all["pagination"], pagination);
    let query = "?columns=name,id&filter=id%20%3E%200+AND+name%20LIKE%20'%25'&order_by=id%20DESC";
    let some = api.get(&format!("{USERS}{query}&page=2&limit=1")).data(200);
    assert_eq!(some["columns"], json!(["name", "id"]));
    assert_eq!(some["rows"], json!([["Alice", 1]]));
    let pagination = json!({"page": 2, "limit": 1, "total": 2, "total_pages": 2});
    assert_eq!(some["pagination"], pagination);
    let beyond = api.get(&format!("{USERS}?page=9")).data(200);
    assert_eq!((&beyond["rows"], &beyond["pagination"]["total"]), (&json!([]), &json!(2)));
}

#[test]
fn insert() {
    let api = Api::new();
    let rows = json!([{"name": "C", "email": "c@x"}, {"name": "D", "email": "d@x"}]);
    let inserted = api.post(USERS, json!({"rows": rows, "on_conflict": "error"})).data(201);
    assert_eq!(inserted, json!({"inserted": 2, "ids": [3, 4]}));
    let again = json!({"rows": [{"id": 1, "name": "x", "email": "x@x"}]});
    let error = api.post(USERS, again.clone()).error(409, "CONSTRAINT_VIOLATION");
    assert_eq!(error["details"]["table"], "users");
    assert_eq!(error["details"]["constraint_type"], "unique");
    let mut ignore = again.clone();
    ignore["on_conflict"] = json!("ignore");
    assert_eq!(api.post(USERS, ignore).data(201), json!({"inserted": 0, "ids": []}));
    let mut update = again;
    update["on_conflict"] = json!("update");
    api.post(USERS, update).data(201);
    assert_eq!(api.rows("main", "SELECT name FROM users WHERE id = 1"), json!([["x"]]));
}

#[test]
fn update_and_delete() {
    let api = Api::new();
    let body = json!({"filter": "id = 1", "updates": {"name": "Al", "age": 7}});
    assert_eq!(api.put(USERS, body).data(200), json!({"updated": 1}));
    assert_eq!(api.rows("main", "SELECT name, age FROM users WHERE id = 1"), json!([["Al", 7]]));
    let deleted = api.delete(&format!("{USERS}?filter=id%20%3E%200")).data(200);
    assert_eq!(deleted, json!({"deleted": 2}));
    let none = api.delete(&format!("{USERS}?filter=id%20%3E%200")).data(200);
    assert_eq!(none, json!({"deleted": 0}));
}

#[test]
fn values() {
    let api = Api::empty();
    api.execute(
        "main",
        "CREATE TABLE v (id BIGINT PRIMARY KEY, price DECIMAL(10,2), ratio DOUBLE, flag BOOLEAN, \
         day DATE, at TIMESTAMP, doc JSON)",
    );
    let row = json!({
        "id": 9_007_199_254_740_993_i64, "price": 7, "ratio": 0.1, "flag": true,
        "day": "2025-02-28", "at": "2025-02-28T12:34:56", "doc": {"a": [1, null]}
    });
    let data = "/v1/branches/main/tables/v/data";
    api.post(data, json!({"rows": [row]})).data(201);
    let page = api.get(data).data(200);
    let expected = json!([
        9_007_199_254_740_993_i64, "7.00", 0.1, true, "2025-02-28", "2025-02-28T12:34:56Z",
        {"a": [1, null]}
    ]);
    assert_eq!(page["rows"][0], expected);
    assert_eq!(api.rows("main", "SELECT * FROM v"), json!([expected]));
}

#[test]
fn the_difference_of_two_branches() {
    let api = Api::new();
    api.execute("main", "CREATE TABLE pairs (a INTEGER, b INTEGER, n INTEGER, PRIMARY KEY (a, b))");
    api.execute("main", "INSERT INTO pairs VALUES (1, 3402, 5)");
    api.branch("b");
    api.execute("b", "UPDATE users SET name = 'Alicia' WHERE id = 1");
    api.execute("b", "DELETE FROM users WHERE id = 2");
    api.execute("b", "INSERT INTO users (id, name, email) VALUES (3, 'C', 'c@x')");
    api.execute("b", "UPDATE pairs SET n = 6");
    let diff = api.get("/v1/branches/b/diff?against=main").data(200);
    assert_eq!((&diff["branch"], &diff["against"]), (&json!("b"), &json!("main")));
    let changed: Vec<Value> = diff["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["table"], row["row_id"], row["change"]]))
        .collect();
    let expected = [
        json!(["pairs", "1,3402", "update"]),
        json!(["users", "1", "update"]),
        json!(["users", "2", "delete"]),
        json!(["users", "3", "insert"]),
    ];
    assert_eq!(changed, expected);
    let cell = json!([{"column": "name", "before": "Alice", "after": "Alicia"}]);
    assert_eq!(diff["rows"][1]["cells"], cell);
    let users = json!({
        "name": "users", "schema_change": null, "inserts": 1, "updates": 1, "deletes": 1
    });
    assert_eq!(diff["tables"][1], users);
    assert_eq!(diff["pagination"]["total"], 4);
    let page = api.get("/v1/branches/b/diff?against=main&table=USERS&limit=2&page=2").data(200);
    assert_eq!(page["rows"][0]["row_id"], "3");
    assert_eq!(page["pagination"]["total"], 3);
    let reverse = api.get("/v1/branches/main/diff?against=b&table=pairs").data(200);
    let cell = json!([{"column": "n", "before": 6, "after": 5}]);
    assert_eq!(reverse["rows"][0]["cells"], cell);
    let same = api.get("/v1/branches/b/diff?against=b").data(200);
    assert_eq!((&same["tables"], &same["rows"]), (&json!([]), &json!([])));
}

#[test]
fn the_difference_of_two_schemas() {
    let api = Api::new();
    api.execute("main", "CREATE TABLE doomed (id INTEGER PRIMARY KEY)");
    api.execute("main", "INSERT INTO doomed VALUES (1)");
    api.branch("b");
    api.execute("b", "ALTER TABLE users ADD COLUMN score INTEGER");
    api.execute("b", "UPDATE users SET name = 'Alicia' WHERE id = 1");
    api.execute("b", "CREATE TABLE fresh (id INTEGER PRIMARY KEY)");
    api.execute("b", "DROP TABLE doomed");
    let diff = api.get("/v1/branches/b/diff?against=main").data(200);
    let told: Vec<Value> = diff["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| json!([t["name"], t["schema_change"], t["inserts"], t["updates"], t["deletes"]]))
        .collect();
    let expected = [
        json!(["doomed", "dropped", 0, 0, 1]),
        json!(["fresh", "added", 0, 0, 0]),
        json!(["users", "altered", 0, 1, 0]),
    ];
    assert_eq!(told, expected);
    let score = json!([{"before": null, "after": {"name": "score", "type": "INTEGER"}}]);
    assert_eq!(diff["tables"][2]["columns"], score);
    assert_eq!(diff["rows"].as_array().unwrap().len(), 2);
}
