//! The list of tables, and pages of a table's rows.

use crate::fields::{Is, PAGINATION, TABLE, assert_fields};
use crate::server;
use offshoot_tests::branch::rows;
use serde_json::{Value, json};

#[test]
fn tables_as_in_the_specification() {
    let server = server();
    let main = server.client().main();
    let tables = main.tables();
    assert_eq!(tables.len(), 1);
    let users = assert_fields(&tables[0], TABLE);
    assert_eq!(users["name"], "users");
    assert_eq!(users["schema"], "public");
    assert_eq!(users["row_count"], 2);
    assert_eq!(users["indexes"], json!(["idx_users_email"]));
    let columns = users["columns"].as_array().unwrap();
    let fields = [("name", Is::Text), ("type", Is::Text), ("nullable", Is::Flag)];
    for column in columns {
        assert_fields(column, &fields);
    }
    let told = |name: &str| columns.iter().map(|c| c[name].clone()).collect::<Vec<Value>>();
    assert_eq!(told("name"), ["id", "name", "email", "active", "created_at"]);
    assert_eq!(told("type"), ["INTEGER", "TEXT", "TEXT", "BOOLEAN", "TIMESTAMP"]);
    assert_eq!(told("nullable"), [false, false, false, true, true]);
    let keys: Vec<bool> =
        columns.iter().map(|c| c.get("primary_key") == Some(&json!(true))).collect();
    assert_eq!(keys, [true, false, false, false, false]);
}

#[test]
fn tables_of_a_branch_are_sorted_by_name() {
    let server = server();
    let main = server.client().main();
    main.execute("CREATE TABLE zebra (a INTEGER, b INTEGER, PRIMARY KEY (b, a))");
    main.execute("CREATE TABLE apple (note TEXT)");
    let tables = main.tables();
    let names: Vec<&str> = tables.iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["apple", "users", "zebra"]);
    let zebra = tables[2]["columns"].as_array().unwrap();
    assert!(zebra.iter().all(|c| c["primary_key"] == true), "{zebra:?}");
    let empty = offshoot_tests::server::Server::new();
    assert_eq!(empty.client().main().tables(), Vec::<Value>::new());
}

#[test]
fn rows_as_in_the_specification() {
    let server = server();
    let main = server.client().main();
    main.execute("UPDATE users SET active = FALSE WHERE id = 2");
    main.execute("INSERT INTO users (id, name, email) VALUES (3, 'Carol', 'c@x')");
    let params = [("columns", "id,name,email"), ("filter", "active=true"), ("limit", "50")];
    let reply = main.page("users", &params);
    let data = reply.ok();
    assert_eq!(data["columns"], json!(["id", "name", "email"]));
    let expected = [
        [json!(1), json!("Alice"), json!("alice@example.com")],
        [json!(3), json!("Carol"), json!("c@x")],
    ];
    assert_eq!(rows(data), expected);
    assert_fields(&data["pagination"], PAGINATION);
    let pagination = json!({"page": 1, "limit": 50, "total": 2, "total_pages": 1});
    assert_eq!(data["pagination"], pagination);
}

#[test]
fn defaults_are_all_columns_and_a_hundred_rows() {
    let server = server();
    let main = server.client().main();
    let more: Vec<Value> = (3..=250)
        .map(|i| json!({"id": i, "name": format!("n{i}"), "email": format!("{i}@x")}))
        .collect();
    main.insert("users", json!(more));
    let reply = main.page("users", &[]);
    let all = json!(["id", "name", "email", "active", "created_at"]);
    assert_eq!(reply.ok()["columns"], all);
    assert_eq!(rows(reply.ok()).len(), 100);
    let pagination = json!({"page": 1, "limit": 100, "total": 250, "total_pages": 3});
    assert_eq!(reply.ok()["pagination"], pagination);
    // Without an order of its own a table is paged in the order of its key.
    let third = main.page("users", &[("page", "3"), ("columns", "id")]);
    assert_eq!(rows(third.ok()), (201..=250).map(|i| vec![json!(i)]).collect::<Vec<_>>());
    let beyond = main.page("users", &[("page", "4")]);
    assert_eq!(rows(beyond.ok()).len(), 0);
    assert_eq!(beyond.ok()["pagination"]["total"], 250);
    let star = main.page("users", &[("columns", "*"), ("limit", "1")]);
    assert_eq!(star.ok()["columns"], all);
}

#[test]
fn filter_order_and_page_go_together() {
    let server = server();
    let main = server.client().main();
    main.execute("CREATE TABLE n (id INTEGER PRIMARY KEY, a INTEGER, b TEXT)");
    let all: Vec<Value> =
        (0..60).map(|i| json!({"id": i, "a": i % 7, "b": format!("b{i}")})).collect();
    main.insert("n", json!(all));
    let mut expected: Vec<(i64, i64)> =
        (0..60).map(|i| (i % 7, i)).filter(|(a, _)| *a > 2).collect();
    expected.sort_by_key(|(a, id)| (-a, *id));
    let mut got = Vec::new();
    for page in 1..=4 {
        let page = page.to_string();
        let params = [
            ("columns", "a, id"),
            ("filter", "a > 2 AND b LIKE 'b%'"),
            ("order_by", "a DESC, id ASC"),
            ("limit", "10"),
            ("page", &page),
        ];
        let reply = main.page("n", &params);
        assert_eq!(reply.ok()["pagination"]["total"], expected.len(), "{reply}");
        assert_eq!(reply.ok()["pagination"]["total_pages"], 4, "{reply}");
        assert_eq!(reply.ok()["columns"], json!(["a", "id"]));
        got.extend(rows(reply.ok()));
    }
    let expected: Vec<Vec<Value>> =
        expected.into_iter().map(|(a, id)| vec![json!(a), json!(id)]).collect();
    assert_eq!(got, expected);
}

#[test]
fn filters() {
    let server = server();
    let main = server.client().main();
    main.execute("INSERT INTO users (id, name, email, active) VALUES (3, 'O''Hara', 'o@x', NULL)");
    for (filter, expected) in [
        ("id = 1", &[1][..]),
        ("id IN (1, 3)", &[1, 3]),
        ("id BETWEEN 2 AND 3", &[2, 3]),
        ("name LIKE 'A%'", &[1]),
        ("name = 'O''Hara'", &[3]),
        ("active IS NULL", &[3]),
        ("active IS NOT NULL AND NOT id = 2", &[1]),
        ("NOT active OR active IS NULL", &[3]),
        ("(id = 1 OR id = 2) AND email LIKE '%example.com'", &[1, 2]),
        ("created_at > '2025-01-01T12:00:00'", &[2]),
        ("LENGTH(name) = 3", &[2]),
        ("id + 1 > 2 * 1", &[2, 3]),
        ("ID = 1", &[1]),
        ("1 = 0", &[]),
    ] {
        let params = [("columns", "id"), ("filter", filter), ("order_by", "id")];
        let got = rows(main.page("users", &params).ok());
        let expected: Vec<Vec<Value>> = expected.iter().map(|id| vec![json!(id)]).collect();
        assert_eq!(got, expected, "{filter}");
    }
}

#[test]
fn values_by_type() {
    let server = server();
    let main = server.client().main();
    main.execute(
        "CREATE TABLE v (id INTEGER PRIMARY KEY, big BIGINT, price DECIMAL(10,2), ratio DOUBLE, \
         flag BOOLEAN, day DATE, at TIMESTAMP, label VARCHAR(5), doc JSON, token UUID)",
    );
    let token = "936da01f-9abd-4d9d-80c7-02af85c822a8";
    let row = json!({
        "id": 1, "big": 9_007_199_254_740_993_i64, "price": "1234.50", "ratio": 0.1, "flag": true,
        "day": "2025-02-28", "at": "2025-02-28T12:34:56", "label": "abcde",
        "doc": {"a": [1, "b", null]}, "token": token
    });
    main.insert("v", json!([row]));
    main.insert("v", json!([{"id": 2}]));
    let reply = main.page("v", &[("order_by", "id")]);
    let got = rows(reply.ok());
    // BIGINT is a number, beyond what a double holds exactly; DECIMAL is text, as its type says.
    assert_eq!(got[0][1].to_string(), "9007199254740993");
    assert_eq!(got[0][2], "1234.50");
    assert_eq!(got[0][3], json!(0.1));
    assert_eq!(got[0][4], true);
    assert_eq!(got[0][5], "2025-02-28");
    let at = got[0][6].as_str().unwrap_or_else(|| panic!("{reply}"));
    assert_eq!(offshoot_tests::instant::plain(at), "2025-02-28T12:34:56");
    assert_eq!(got[0][7], "abcde");
    assert_eq!(got[0][8], json!({"a": [1, "b", null]}));
    assert_eq!(got[0][9], token);
    assert_eq!(got[1][1..], vec![Value::Null; 9]);
    // And the same through a query.
    assert_eq!(main.query("SELECT * FROM v ORDER BY id"), got);
    // A DECIMAL may be written as a number or as text; too much for its type is an error.
    main.insert("v", json!([{"id": 3, "price": 0.1}, {"id": 4, "price": 7}]));
    let prices = "SELECT price FROM v WHERE id > 2 ORDER BY id";
    assert_eq!(main.query(prices), [["0.10"], ["7.00"]]);
    for bad in [json!({"id": 5, "price": "1e99"}), json!({"id": 5, "label": "abcdef"})] {
        let reply = main.try_insert("v", &json!({"rows": [bad]}));
        reply.error(400, "INVALID_REQUEST");
    }
}
