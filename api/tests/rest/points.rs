//! Points in time: AS OF in each form, history, snapshots, restore.

use crate::client::{Api, fields};
use serde_json::{Value, json};

const DATA: &str = "/v1/branches/main/tables/users/data";

#[test]
fn each_form_in_bodies_and_queries() {
    let api = Api::new();
    let then = api.execute("main", "UPDATE users SET name = 'Then' WHERE id = 1");
    let taken = api.post("/v1/branches/main/snapshots", json!({"name": "then"})).data(201);
    api.execute("main", "UPDATE users SET name = 'Now' WHERE id = 1");
    let (scn, at) = (then["scn"].as_u64().unwrap(), then["timestamp"].as_str().unwrap());
    let whole = format!("{}Z", at.split('.').next().unwrap());
    for (form, value, name) in [
        ("now", Value::Null, "Now"),
        ("scn", json!(scn), "Then"),
        ("transaction", json!(scn), "Then"),
        ("scn", json!(scn - 1), "Alice"),
        ("scn", json!(1_000_000), "Now"),
        ("timestamp", json!(at), "Then"),
        // Without its fraction a time means through the end of its second.
        ("timestamp", json!(whole), "Then"),
        ("snapshot", taken["id"].clone(), "Then"),
        ("snapshot", json!("then"), "Then"),
    ] {
        let as_of = json!({"type": form, "value": value});
        let body = json!({"sql": "SELECT name FROM users WHERE id = 1", "as_of": as_of});
        let rows = api.try_query("main", body).data(200)["rows"].clone();
        assert_eq!(rows, json!([[name]]), "{as_of}");
        let value = match &value {
            Value::Null => String::new(),
            Value::String(text) => format!("&as_of_value={text}"),
            other => format!("&as_of_value={other}"),
        };
        let path = format!("{DATA}?columns=name&filter=id%3D1&as_of_type={form}{value}");
        assert_eq!(api.get(&path).data(200)["rows"], json!([[name]]), "{path}");
        let made = format!(
            "b-{form}-{}",
            api.get("/v1/graph").data(200)["branches"].as_array().unwrap().len()
        );
        api.post("/v1/branches", json!({"name": made, "as_of": as_of})).data(201);
        assert_eq!(api.rows(&made, "SELECT name FROM users WHERE id = 1"), json!([[name]]));
    }
}

#[test]
fn seconds_since_1970() {
    let api = Api::new();
    let done = api.execute("main", "DELETE FROM users WHERE id = 1");
    // The database was made at 08:00:00, which is 1,764,576,000.
    let at = done["timestamp"].as_str().unwrap();
    let of_minute: u64 = at.strip_prefix("2025-12-01T08:00:").unwrap()[..2].parse().unwrap();
    let second = 1_764_576_000 + of_minute;
    let path = format!("{DATA}?as_of_type=timestamp&as_of_value=");
    let total = |seconds: u64| {
        api.get(&format!("{path}{seconds}")).data(200)["pagination"]["total"].clone()
    };
    // All of the second in which the row was deleted counts.
    assert_eq!(total(second), 1);
    assert_eq!(total(second - 1), 2);
    api.get(&format!("{path}1764575999")).error(400, "TIME_BEFORE_HISTORY");
    let as_of = json!({"type": "timestamp", "value": second - 1});
    let body = json!({"sql": "SELECT id FROM users", "as_of": as_of});
    assert_eq!(api.try_query("main", body).data(200)["row_count"], 2);
}

#[test]
fn points_that_are_none() {
    let api = Api::new();
    for as_of in [
        json!("now"),
        json!({}),
        json!({"type": "yesterday"}),
        json!({"type": "scn"}),
        json!({"type": "scn", "value": -1}),
        json!({"type": "scn", "value": 1.5}),
        json!({"type": "scn", "value": "7"}),
        json!({"type": "now", "value": 1}),
        json!({"type": "timestamp", "value": "noon"}),
        json!({"type": "timestamp", "value": "2025-02-30T00:00:00Z"}),
        json!({"type": "timestamp", "value": true}),
        json!({"type": "snapshot", "value": 7}),
        json!({"type": "snapshot", "value": ""}),
        json!({"type": "now", "extra": 1}),
    ] {
        let reply = api.try_query("main", json!({"sql": "SELECT 1", "as_of": as_of}));
        reply.error(400, "INVALID_REQUEST");
    }
    for query in [
        "as_of_type=yesterday",
        "as_of_type=scn",
        "as_of_value=7",
        "as_of_type=now&as_of_value=7",
        "as_of_type=scn&as_of_value=x",
        "as_of_type=scn&as_of_value=%2B1",
        "as_of_type=timestamp&as_of_value=noon",
        "as_of_type=timestamp&as_of_value=",
    ] {
        api.get(&format!("{DATA}?{query}")).error(400, "INVALID_REQUEST");
    }
}

#[test]
fn history() {
    let api = Api::new();
    let body = json!({"rows": [
        {"name": "C", "email": "c@x"}, {"name": "D", "email": "d@x"}, {"name": "E", "email": "e@x"}
    ]});
    api.post(DATA, body).data(201);
    let taken = api.post("/v1/branches/main/snapshots", json!({})).data(201);
    let list = |query: &str| {
        let path = format!("/v1/branches/main/history{query}");
        api.get(&path).data(200)["history"].as_array().unwrap().clone()
    };
    let all = list("");
    let kinds: Vec<&str> = all.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..2], ["snapshot", "transaction"]);
    assert_eq!(fields(&all[0]), ["id", "scn", "size_bytes", "summary", "timestamp", "type"]);
    assert_eq!(fields(&all[1]), ["id", "scn", "summary", "timestamp", "type", "user"]);
    assert_eq!(all[0]["id"], taken["id"]);
    assert_eq!(all[1]["summary"], "INSERT INTO users (3 rows)");
    assert_eq!(all[0]["scn"], all[1]["scn"]);
    // Four commits (creation, table, index, rows) are older than the last one.
    assert_eq!(all.len(), 6);
    assert_eq!(list("?limit=3").as_slice(), &all[..3]);
    let (from, to) = (&all[3]["timestamp"], &all[2]["timestamp"]);
    let between = format!("?from={}&to={}", from.as_str().unwrap(), to.as_str().unwrap());
    assert_eq!(list(&between).as_slice(), &all[2..4]);
    let second = all[2]["timestamp"].as_str().unwrap().split('.').next().unwrap().to_owned();
    assert_eq!(list(&format!("?from={second}Z&to={second}Z")).as_slice(), &all[2..3]);
    assert_eq!(list("?to=1999-01-01T00:00:00Z"), Vec::<Value>::new());
    assert_eq!(list("?from=2999-01-01T00:00:00Z"), Vec::<Value>::new());
}

#[test]
fn snapshots_and_forks() {
    let api = Api::new();
    let path = "/v1/branches/main/snapshots";
    let taken = api.post(path, json!({"name": "release"})).data(201);
    let expected =
        ["created_at", "id", "name", "rows", "scn", "size_bytes", "tables", "timestamp", "type"];
    assert_eq!(fields(&taken), expected);
    assert_eq!((&taken["type"], &taken["name"]), (&json!("manual"), &json!("release")));
    assert_eq!((&taken["tables"], &taken["rows"]), (&json!(1), &json!(2)));
    api.execute("main", "DELETE FROM users WHERE id = 1");
    let fork = api.branch("b")["source_snapshot"].clone();
    let listed = api.get(path).data(200)["snapshots"].clone();
    assert_eq!(listed[1], taken);
    assert_eq!((&listed[0]["id"], &listed[0]["type"]), (&fork, &json!("automatic")));
    // Nobody counted when the branch was made; the list does.
    assert_eq!((&listed[0]["tables"], &listed[0]["rows"]), (&json!(1), &json!(1)));
    assert!(listed[0]["size_bytes"].as_u64().unwrap() > 0);
    // No body is needed.
    api.send("POST", path, "").data(201);
}

#[test]
fn restore() {
    let api = Api::new();
    let taken = api.post("/v1/branches/main/snapshots", json!({"name": "s"})).data(201);
    api.execute("main", "DELETE FROM users WHERE id = 1");
    let path = format!("/v1/branches/main/restore/{}", taken["id"].as_str().unwrap());
    let body = json!({"create_backup_branch": true, "backup_branch_name": "backup"});
    let done = api.post(&path, body).data(200);
    let expected = json!({
        "restored": true, "snapshot_id": taken["id"], "restored_to_scn": taken["scn"],
        "backup_branch": "backup"
    });
    assert_eq!(done, expected);
    assert_eq!(api.rows("main", "SELECT id FROM users"), json!([[1], [2]]));
    assert_eq!(api.rows("backup", "SELECT id FROM users"), json!([[2]]));

    api.execute("main", "DELETE FROM users WHERE id = 2");
    let unnamed = api.post("/v1/branches/main/restore/s", json!({"create_backup_branch": true}));
    let name = unnamed.data(200)["backup_branch"].as_str().unwrap().to_owned();
    assert_eq!(api.rows(&name, "SELECT id FROM users"), json!([[1]]));
    let without = api.send("POST", &path, "").data(200);
    assert!(without["backup_branch"].is_null());
    let taken = json!({"backup_branch_name": "backup"});
    api.post(&path, taken).error(409, "BRANCH_EXISTS");
}

#[test]
fn a_restore_that_must_wait_makes_nothing() {
    let api = Api::new();
    api.post("/v1/branches/main/snapshots", json!({"name": "s"})).data(201);
    api.execute("main", "DELETE FROM users WHERE id = 1");
    api.hold("main");
    let body = json!({"create_backup_branch": true, "backup_branch_name": "backup"});
    let path = "/v1/branches/main/restore/s";
    api.post(path, body.clone()).error(409, "WRITE_CONFLICT");
    api.get("/v1/branches/backup").error(404, "BRANCH_NOT_FOUND");
    // The slot is held for a minute; each request takes some seconds of it.
    let done = (0..60).find_map(|_| {
        let reply = api.post(path, body.clone());
        (reply.status == 200).then_some(reply)
    });
    assert_eq!(done.expect("the slot has an end").data(200)["backup_branch"], "backup");
    assert_eq!(api.rows("backup", "SELECT id FROM users"), json!([[2]]));
    // And the restore has given it back.
    api.execute("main", "DELETE FROM users WHERE id = 1");
}
