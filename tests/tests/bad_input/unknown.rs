//! Things that are not there.

use crate::{assert_untouched, server};
use offshoot_tests::client::with_query;
use serde_json::json;

#[test]
fn unknown_branches() {
    let server = server();
    let client = server.client();
    for name in ["nowhere", "br_0123456789abcdef0123456789abcdef", "a%2Fb", "MAIN"] {
        let path = |rest: &str| format!("/v1/branches/{name}{rest}");
        let rest =
            ["", "/tables", "/tables/users/data", "/history", "/snapshots", "/diff?against=main"];
        for rest in rest {
            let reply = client.get(&path(rest));
            let error = reply.error(404, "BRANCH_NOT_FOUND");
            let decoded = name.replace("%2F", "/");
            assert!(error["message"].as_str().unwrap().contains(&decoded), "{reply}");
        }
        let rows = path("/tables/users/data");
        client.delete(&path("")).error(404, "BRANCH_NOT_FOUND");
        client.delete(&format!("{rows}?filter=id%3D1")).error(404, "BRANCH_NOT_FOUND");
        client.patch(&path(""), &json!({"display_name": "x"})).error(404, "BRANCH_NOT_FOUND");
        let put = json!({"filter": "id = 1", "updates": {"name": "Eve"}});
        client.put(&rows, &put).error(404, "BRANCH_NOT_FOUND");
        for (rest, body) in [
            ("/query", json!({"sql": "SELECT 1"})),
            ("/execute", json!({"sql": "DELETE FROM users"})),
            ("/transaction", json!({"statements": [{"sql": "DELETE FROM users"}]})),
            ("/merge", json!({"target_branch": "main"})),
            ("/snapshots", json!({"name": "s"})),
            ("/restore/snap_00000000000000000000000000000000", json!({})),
            ("/tables/users/data", json!({"rows": [{"id": 3, "name": "C"}]})),
        ] {
            client.post(&path(rest), &body).error(404, "BRANCH_NOT_FOUND");
        }
    }
    let body = json!({"name": "b", "source_branch": "nowhere"});
    client.try_create(&body).error(404, "BRANCH_NOT_FOUND");
    let reply = client.main().merge_into("nowhere", json!({}));
    reply.error(404, "BRANCH_NOT_FOUND");
    client.get("/v1/branches/main/diff?against=nowhere").error(404, "BRANCH_NOT_FOUND");
    assert_untouched(&server);
}

#[test]
fn unknown_tables() {
    let server = server();
    let main = server.client().main();
    let rows = main.rows_path("nowhere");
    main.page("nowhere", &[]).error(404, "TABLE_NOT_FOUND");
    let body = json!({"rows": [{"id": 3}]});
    main.try_insert("nowhere", &body).error(404, "TABLE_NOT_FOUND");
    let put = json!({"filter": "id = 1", "updates": {"name": "Eve"}});
    server.client().put(&rows, &put).error(404, "TABLE_NOT_FOUND");
    server.client().delete(&format!("{rows}?filter=id%3D1")).error(404, "TABLE_NOT_FOUND");
    main.try_query(&json!({"sql": "SELECT * FROM nowhere"})).error(404, "TABLE_NOT_FOUND");
    for sql in [
        "INSERT INTO nowhere VALUES (1)",
        "UPDATE nowhere SET a = 1",
        "DELETE FROM nowhere",
        "DROP TABLE nowhere",
        "ALTER TABLE nowhere ADD COLUMN a INTEGER",
        "CREATE INDEX i ON nowhere (a)",
    ] {
        main.try_execute(sql, json!([])).error(404, "TABLE_NOT_FOUND");
    }
    // A name is a name and no pattern or path.
    for odd in ["users;--", "users/../users", "' OR 1=1", "%"] {
        main.page(odd, &[]).error(404, "TABLE_NOT_FOUND");
    }
    assert_untouched(&server);
}

#[test]
fn unknown_columns() {
    let server = server();
    let main = server.client().main();
    for params in [("columns", "id,nowhere"), ("filter", "nowhere = 1"), ("order_by", "nowhere")] {
        main.page("users", &[params]).error(404, "COLUMN_NOT_FOUND");
    }
    let body = json!({"rows": [{"id": 3, "name": "C", "nowhere": 1}]});
    main.try_insert("users", &body).error(404, "COLUMN_NOT_FOUND");
    let rows = main.rows_path("users");
    for body in [
        json!({"filter": "id = 1", "updates": {"nowhere": 1}}),
        json!({"filter": "nowhere = 1", "updates": {"name": "Eve"}}),
    ] {
        server.client().put(&rows, &body).error(404, "COLUMN_NOT_FOUND");
    }
    server.client().delete(&format!("{rows}?filter=nowhere%3D1")).error(404, "COLUMN_NOT_FOUND");
    for sql in [
        "SELECT nowhere FROM users",
        "SELECT id FROM users WHERE nowhere = 1",
        "SELECT id FROM users ORDER BY nowhere",
        "SELECT users.nowhere FROM users",
    ] {
        main.try_query(&json!({"sql": sql})).error(404, "COLUMN_NOT_FOUND");
    }
    for sql in [
        "INSERT INTO users (id, nowhere) VALUES (3, 1)",
        "UPDATE users SET nowhere = 1",
        "UPDATE users SET name = nowhere",
        "DELETE FROM users WHERE nowhere = 1",
        "ALTER TABLE users DROP COLUMN nowhere",
    ] {
        main.try_execute(sql, json!([])).error(404, "COLUMN_NOT_FOUND");
    }
    // Where there are no rows, a wrong name is wrong all the same.
    main.execute("CREATE TABLE empty (id INTEGER PRIMARY KEY)");
    let sql = "SELECT id FROM empty WHERE nowhere = 1";
    main.try_query(&json!({"sql": sql})).error(404, "COLUMN_NOT_FOUND");
    main.execute("DROP TABLE empty");
    assert_untouched(&server);
}

#[test]
fn unknown_snapshots() {
    let server = server();
    let main = server.client().main();
    let other = server.client().create("other", "main");
    other.execute("DELETE FROM users WHERE id = 1");
    let of_other = other.snapshot("of-other");
    other.execute("DELETE FROM users WHERE id = 2");
    let unknown = "snap_0123456789abcdef0123456789abcdef";
    for id in [unknown, "nowhere", &of_other] {
        let restore = server.client().post(&main.path(&format!("/restore/{id}")), &json!({}));
        restore.error(404, "SNAPSHOT_NOT_FOUND");
        let as_of = json!({"type": "snapshot", "value": id});
        let query = json!({"sql": "SELECT * FROM users", "as_of": as_of});
        main.try_query(&query).error(404, "SNAPSHOT_NOT_FOUND");
        let body = json!({"name": "b", "as_of": as_of});
        server.client().try_create(&body).error(404, "SNAPSHOT_NOT_FOUND");
        let params = [("as_of_type", "snapshot"), ("as_of_value", id)];
        main.page("users", &params).error(404, "SNAPSHOT_NOT_FOUND");
        let sql = format!("SELECT * FROM users AS OF SNAPSHOT '{id}'");
        main.try_query(&json!({"sql": sql})).error(404, "SNAPSHOT_NOT_FOUND");
    }
    crate::assert_users(&main);
}

#[test]
fn a_time_before_history_began() {
    let server = server();
    let main = server.client().main();
    let early = "1999-12-31T23:59:59Z";
    let as_of = json!({"type": "timestamp", "value": early});
    let query = json!({"sql": "SELECT * FROM users", "as_of": as_of});
    main.try_query(&query).error(400, "TIME_BEFORE_HISTORY");
    let params = [("as_of_type", "timestamp"), ("as_of_value", early)];
    main.page("users", &params).error(400, "TIME_BEFORE_HISTORY");
    let body = json!({"name": "b", "as_of": as_of});
    server.client().try_create(&body).error(400, "TIME_BEFORE_HISTORY");
    for form in [format!("TIMESTAMP '{early}'"), "SYSTEM TIME 946684799".to_owned()] {
        let sql = format!("SELECT * FROM users AS OF {form}");
        main.try_query(&json!({"sql": sql})).error(400, "TIME_BEFORE_HISTORY");
    }
    // Asking for the history of that time is no error: there is none.
    assert_eq!(main.history(&[("to", early)]).len(), 0);
    assert_untouched(&server);
}

#[test]
fn a_point_of_time_that_is_no_such_thing() {
    let server = server();
    let main = server.client().main();
    for (form, value) in [
        ("timestamp", json!("2025-13-01T00:00:00Z")),
        ("timestamp", json!("2025-02-30T00:00:00Z")),
        ("timestamp", json!("")),
        ("scn", json!(1.5)),
        ("scn", json!("abc")),
        ("transaction", json!(null)),
        ("snapshot", json!(7)),
    ] {
        let as_of = json!({"type": form, "value": value});
        let reply = main.try_query(&json!({"sql": "SELECT 1", "as_of": as_of}));
        assert_eq!(reply.error(400, "INVALID_REQUEST")["code"], "INVALID_REQUEST", "{as_of}");
        if let Some(text) = value.as_str() {
            let path = main.rows_path("users");
            let params = [("as_of_type", form), ("as_of_value", text)];
            server.client().get(&with_query(&path, &params)).error(400, "INVALID_REQUEST");
        }
    }
}
