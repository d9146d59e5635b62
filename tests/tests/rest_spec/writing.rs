//! Rows inserted, updated and deleted.

use crate::{names, server};
use serde_json::{Value, json};

#[test]
fn insert_as_in_the_specification() {
    let server = server();
    let main = server.client().main();
    let body = json!({
        "rows": [
            {"name": "Charlie", "email": "charlie@example.com"},
            {"name": "Diana", "email": "diana@example.com"}
        ],
        "on_conflict": "error"
    });
    // Without an id a row gets the next one.
    let reply = main.try_insert("users", &body);
    assert_eq!(reply.data(201)["inserted"], 2, "{reply}");
    assert_eq!(reply.data(201)["ids"], json!([3, 4]), "{reply}");
    let rows =
        main.query("SELECT id, name, active, created_at FROM users WHERE id > 2 ORDER BY id");
    let row = |id: i64, name: &str| vec![json!(id), json!(name), json!(true), Value::Null];
    assert_eq!(rows, [row(3, "Charlie"), row(4, "Diana")]);
    // An id that is given moves on what is given next.
    main.insert("users", json!([{"id": 10, "name": "J", "email": "j@x"}]));
    let next = main.insert("users", json!([{"name": "K", "email": "k@x"}]));
    assert_eq!(next["ids"], json!([11]));
}

#[test]
fn insert_takes_all_rows_or_none() {
    let server = server();
    let main = server.client().main();
    let rows = json!([
        {"id": 3, "name": "Carol", "email": "c@x"},
        {"id": 4, "name": "Alice again", "email": "alice@example.com"}
    ]);
    for body in [json!({"rows": rows}), json!({"rows": rows, "on_conflict": "error"})] {
        main.try_insert("users", &body).error(409, "CONSTRAINT_VIOLATION");
        assert_eq!(names(&main), ["Alice", "Bob"]);
    }
}

#[test]
fn insert_ignoring_conflicts() {
    let server = server();
    let main = server.client().main();
    let body = json!({
        "rows": [
            {"id": 1, "name": "same key", "email": "1@x"},
            {"id": 3, "name": "Carol", "email": "c@x"},
            {"id": 4, "name": "same address", "email": "bob@example.com"},
            {"id": 3, "name": "same key as before", "email": "3@x"},
            {"id": 5, "name": "Eve", "email": "e@x"}
        ],
        "on_conflict": "ignore"
    });
    let reply = main.try_insert("users", &body);
    assert_eq!(reply.data(201)["inserted"], 2, "{reply}");
    assert_eq!(reply.data(201)["ids"], json!([3, 5]), "{reply}");
    assert_eq!(names(&main), ["Alice", "Bob", "Carol", "Eve"]);
    // Only duplicates are skipped; what is wrong otherwise is an error.
    let missing = json!({"rows": [{"id": 6, "email": "f@x"}], "on_conflict": "ignore"});
    main.try_insert("users", &missing).error(409, "CONSTRAINT_VIOLATION");
}

#[test]
fn insert_updating_existing_rows() {
    let server = server();
    let main = server.client().main();
    let body = json!({
        "rows": [
            {"id": 1, "name": "Alicia", "email": "alice@example.com"},
            {"id": 3, "name": "Carol", "email": "c@x"}
        ],
        "on_conflict": "update"
    });
    main.try_insert("users", &body).data(201);
    let rows = main.query("SELECT id, name, email, active, created_at FROM users ORDER BY id");
    assert_eq!(rows[0][..4], [json!(1), json!("Alicia"), json!("alice@example.com"), json!(true)]);
    // What the row did not say stays.
    assert!(rows[0][4].as_str().is_some_and(|at| at.starts_with("2025-01-01")), "{rows:?}");
    assert_eq!(names(&main), ["Alicia", "Bob", "Carol"]);
    // An update may break another constraint, and then nothing is done.
    let bad = json!({
        "rows": [
            {"id": 2, "name": "Robert", "email": "bob@example.com"},
            {"id": 1, "name": "Alicia", "email": "bob@example.com"}
        ],
        "on_conflict": "update"
    });
    main.try_insert("users", &bad).error(409, "CONSTRAINT_VIOLATION");
    assert_eq!(names(&main), ["Alicia", "Bob", "Carol"]);
}

#[test]
fn insert_with_a_composite_key() {
    let server = server();
    let main = server.client().main();
    main.execute("CREATE TABLE pairs (a INTEGER, b INTEGER, n INTEGER, PRIMARY KEY (a, b))");
    let reply = main.insert("pairs", json!([{"a": 1, "b": 2, "n": 3}, {"b": 1, "a": 2}]));
    assert_eq!(reply["inserted"], 2);
    let rows = main.query("SELECT a, b, n FROM pairs ORDER BY a");
    assert_eq!(rows, [[json!(1), json!(2), json!(3)], [json!(2), json!(1), Value::Null]]);
    let twice = json!({"rows": [{"a": 1, "b": 2}]});
    main.try_insert("pairs", &twice).error(409, "CONSTRAINT_VIOLATION");
    let half = json!({"rows": [{"a": 1}]});
    main.try_insert("pairs", &half).error(409, "CONSTRAINT_VIOLATION");
}

#[test]
fn an_insert_is_one_commit() {
    let server = server();
    let main = server.client().main();
    let before = main.history(&[]).len();
    let rows: Vec<Value> =
        (3..103).map(|i| json!({"id": i, "name": "n", "email": format!("{i}@x")})).collect();
    main.insert("users", json!(rows));
    assert_eq!(main.history(&[("limit", "1000")]).len(), before + 1);
}

#[test]
fn update_as_in_the_specification() {
    let server = server();
    let main = server.client().main();
    let put = |body: Value| server.client().put(&main.rows_path("users"), &body);
    let reply = put(json!({
        "filter": "id = 1",
        "updates": {"email": "alice@newdomain.com", "created_at": "2025-12-01T14:00:00Z"}
    }));
    assert_eq!(reply.ok()["updated"], 1);
    let row = main.query("SELECT name, email, created_at FROM users WHERE id = 1").remove(0);
    assert_eq!(row[..2], ["Alice", "alice@newdomain.com"]);
    let at = row[2].as_str().unwrap();
    assert_eq!(offshoot_tests::instant::plain(at), "2025-12-01T14:00:00");

    assert_eq!(put(json!({"filter": "id > 0", "updates": {"active": null}})).ok()["updated"], 2);
    assert_eq!(main.number("SELECT COUNT(*) FROM users WHERE active IS NULL"), 2);
    assert_eq!(put(json!({"filter": "id = 99", "updates": {"active": true}})).ok()["updated"], 0);
    // A value is a value and never an expression.
    put(json!({"filter": "id = 1", "updates": {"name": "(SELECT 1)"}})).ok();
    assert_eq!(names(&main), ["(SELECT 1)", "Bob"]);
    put(json!({"filter": "id = 1", "updates": {}})).error(400, "INVALID_REQUEST");
}

#[test]
fn delete_as_in_the_specification() {
    let server = server();
    let main = server.client().main();
    let rows: Vec<Value> =
        (3..=7).map(|i| json!({"id": i, "name": "n", "email": format!("{i}@x")})).collect();
    main.insert("users", json!(rows));
    let delete = |filter: &str| {
        let path = main.rows_path("users");
        server.client().delete(&offshoot_tests::client::with_query(&path, &[("filter", filter)]))
    };
    assert_eq!(delete("id >= 3 AND name = 'n'").ok()["deleted"], 5);
    assert_eq!(names(&main), ["Alice", "Bob"]);
    assert_eq!(delete("id = 99").ok()["deleted"], 0);
    assert_eq!(delete("TRUE").ok()["deleted"], 2);
    assert_eq!(names(&main), Vec::<String>::new());
}
