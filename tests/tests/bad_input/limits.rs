//! Too much of something.

use crate::{assert_untouched, server};
use offshoot_tests::raw;
use serde_json::{Value, json};

#[test]
fn huge_bodies() {
    let server = server();
    let limit = 16 << 20;
    // A body that would be refused for what it says, had it been read to its end.
    for length in [limit + 1, 4 * limit] {
        let path = "/v1/branches/main/execute";
        let reply = raw::post_expecting(server.client(), path, length, |_| b' ');
        reply.error(413, "PAYLOAD_TOO_LARGE");
    }
    assert_untouched(&server);
}

#[test]
fn a_body_below_the_limit_is_taken() {
    let server = server();
    // 8 MB of rows in one request.
    let rows: Vec<Value> =
        (10..4106).map(|id| json!({"id": id, "name": "n".repeat(2000)})).collect();
    let main = server.client().main();
    assert_eq!(main.insert("users", json!(rows))["inserted"], 4096);
    assert_eq!(main.number("SELECT COUNT(*) FROM users"), 4098);
}

#[test]
fn sql_of_a_megabyte() {
    let server = server();
    let main = server.client().main();
    let text = |length: usize| format!("SELECT '{}' AS a", "x".repeat(length));
    main.try_query(&json!({"sql": text(1 << 20)})).error(422, "LIMIT_EXCEEDED");
    let sql = format!("INSERT INTO users (id, name) VALUES (3, '{}')", "x".repeat(1 << 20));
    main.try_execute(&sql, json!([])).error(422, "LIMIT_EXCEEDED");
    // What is shorter runs, and a long value may be a parameter.
    assert_eq!(main.query(&text(900 << 10))[0][0].as_str().unwrap().len(), 900 << 10);
    let long = "x".repeat(2 << 20);
    main.execute_with("INSERT INTO users (id, name) VALUES (3, $1)", json!([long]));
    assert_eq!(main.query("SELECT name FROM users WHERE id = 3")[0][0], json!(long));
    main.execute("DELETE FROM users WHERE id = 3");
    assert_untouched(&server);
}

#[test]
fn expressions_of_ten_thousand_terms() {
    let server = server();
    let main = server.client().main();
    let sum = format!("SELECT {}", vec!["1"; 10_000].join(" + "));
    let or = vec!["id = 1"; 10_000].join(" OR ");
    let and = format!("SELECT id FROM users WHERE {}", vec!["id > 0"; 10_000].join(" AND "));
    let or_query = format!("SELECT id FROM users WHERE {or}");
    let casts = format!("SELECT 1{}", "::INTEGER".repeat(10_000));
    for sql in [&sum, &or_query, &and, &casts] {
        main.try_query(&json!({"sql": sql})).error(422, "LIMIT_EXCEEDED");
    }
    let update = format!("UPDATE users SET age = {}", vec!["1"; 10_000].join(" + "));
    main.try_execute(&update, json!([])).error(422, "LIMIT_EXCEEDED");
    let body = json!({"filter": or, "updates": {"name": "Eve"}});
    server.client().put(&main.rows_path("users"), &body).error(422, "LIMIT_EXCEEDED");
    assert_untouched(&server);
}

#[test]
fn deep_nesting() {
    let server = server();
    let main = server.client().main();
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    for depth in [1_000, 20_000] {
        for sql in [
            format!("SELECT {}", nested("(", "1", ")", depth)),
            format!("SELECT {}", nested("NOT ", "TRUE", "", depth)),
            format!("SELECT {}", nested("- ", "1", "", depth)),
            format!("SELECT {}", nested("ABS(", "1", ")", depth)),
            format!("SELECT {}", nested("CASE WHEN TRUE THEN ", "1", " END", depth)),
            nested("SELECT * FROM (", "SELECT 1 AS a", ") AS t", depth),
        ] {
            main.try_query(&json!({"sql": sql})).error(422, "LIMIT_EXCEEDED");
        }
        let body = json!({"filter": nested("(", "id = 1", ")", depth), "updates": {"name": "Eve"}});
        let reply = server.client().put(&main.rows_path("users"), &body);
        reply.error(422, "LIMIT_EXCEEDED");
    }
    assert_untouched(&server);
}

#[test]
fn too_many_rows() {
    let server = server();
    let main = server.client().main();
    main.execute("CREATE TABLE a (n INTEGER PRIMARY KEY)");
    let rows: Vec<Value> = (0..1001).map(|n| json!({"n": n})).collect();
    main.insert("a", json!(rows));
    // 1001 * 1001 rows are more than a million; they may be counted, but not returned.
    let join = "FROM a AS x JOIN a AS y ON y.n >= 0";
    let reply = main.try_query(&json!({"sql": format!("SELECT x.n {join}")}));
    reply.error(422, "LIMIT_EXCEEDED");
    assert_eq!(main.number(&format!("SELECT COUNT(*) {join}")), 1001 * 1001);
}

#[test]
fn metadata_without_end() {
    let server = server();
    let metadata = json!({"description": "x".repeat(1 << 20)});
    let reply = server.client().try_create(&json!({"name": "b", "metadata": metadata}));
    assert!(matches!(reply.status, 400 | 413 | 422), "{reply}");
    reply.error(reply.status, reply.code().unwrap_or("a code"));
    assert_untouched(&server);
}
