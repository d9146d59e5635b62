//! History and snapshots.

use crate::fields::{SNAPSHOT, TRANSACTION, assert_fields};
use crate::{add, server};
use offshoot_tests::branch::Branch;
use serde_json::{Value, json};

fn scns(history: &[Value]) -> Vec<u64> {
    history.iter().map(|entry| entry["scn"].as_u64().unwrap()).collect()
}

#[test]
fn history_as_in_the_specification() {
    let server = server();
    let main = server.client().main();
    let rows: Vec<Value> =
        (3..8).map(|i| json!({"id": i, "name": "n", "email": format!("{i}@x")})).collect();
    main.insert("users", json!(rows));
    main.snapshot("kept");
    let history = main.history(&[]);
    for entry in &history {
        assert_fields(entry, TRANSACTION);
        match entry["type"].as_str() {
            Some("transaction") => {}
            Some("snapshot") => assert!(entry["size_bytes"].is_u64(), "{entry}"),
            _ => panic!("{entry}"),
        }
    }
    let newest = history.iter().find(|entry| entry["type"] == "transaction").unwrap();
    assert_eq!(newest["summary"], "INSERT INTO users (5 rows)");
    let snapshot = history.iter().find(|entry| entry["type"] == "snapshot");
    let snapshot = snapshot.expect("a snapshot stands in the history");
    assert_eq!(snapshot["scn"], newest["scn"]);
    assert!(snapshot["id"].as_str().unwrap().starts_with("snap_"), "{snapshot}");
}

/// Commits of a branch that no snapshot stands between, newest first.
fn commits(main: &Branch<'_>, params: &[(&str, &str)]) -> Vec<u64> {
    let history = main.history(params);
    assert!(history.iter().all(|entry| entry["type"] == "transaction"), "{history:?}");
    scns(&history)
}

#[test]
fn history_is_newest_first_and_limited() {
    let server = server();
    let main = server.client().main();
    let done: Vec<_> = (0..60)
        .map(|i| main.execute(&format!("UPDATE users SET name = 'n{i}' WHERE id = 1")))
        .collect();
    let expected: Vec<u64> = done.iter().rev().map(|done| done.scn).collect();
    assert_eq!(commits(&main, &[]), expected[..50], "fifty where nothing is said");
    assert_eq!(commits(&main, &[("limit", "3")]), expected[..3]);
    let all = commits(&main, &[("limit", "1000")]);
    assert_eq!(all[..60], expected);
    // The creation of the table, its index, its rows, and perhaps of the branch are older.
    assert!(all.len() >= 63, "{all:?}");
    assert!(all.is_sorted_by(|a, b| a > b), "{all:?}");
}

#[test]
fn history_from_and_to() {
    let server = server();
    let main = server.client().main();
    let done: Vec<_> = (0..9)
        .map(|i| main.execute(&format!("UPDATE users SET name = 'n{i}' WHERE id = 1")))
        .collect();
    let micros = |text: &str| offshoot_tests::instant::micros(text).unwrap();
    let (from, to) = (&done[3], &done[6]);
    let got = commits(&main, &[("from", &from.timestamp), ("to", &to.timestamp)]);
    // Both ends are included; a whole second means all of it.
    let end = micros(&to.timestamp) + if to.timestamp.contains('.') { 0 } else { 999_999 };
    let within = |done: &&offshoot_tests::branch::Done| {
        (micros(&from.timestamp)..=end).contains(&micros(&done.timestamp))
    };
    let expected: Vec<u64> = done.iter().rev().filter(within).map(|done| done.scn).collect();
    assert!(expected.contains(&from.scn) && expected.contains(&to.scn));
    assert_eq!(
        got.iter().filter(|scn| **scn >= done[0].scn).copied().collect::<Vec<_>>(),
        expected
    );
    assert_eq!(commits(&main, &[("from", "2999-01-01T00:00:00Z")]), Vec::<u64>::new());
    assert_eq!(commits(&main, &[("to", "1999-01-01T00:00:00Z")]), Vec::<u64>::new());
    let all = commits(&main, &[("from", "1999-01-01T00:00:00Z"), ("to", "2999-01-01T00:00:00Z")]);
    assert_eq!(all, commits(&main, &[]));
}

#[test]
fn the_history_of_a_branch_is_its_own() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let branch = client.create("b", "main");
    let before = scns(&branch.history(&[]));
    add(&main, 3, "Carol");
    assert_eq!(scns(&branch.history(&[])), before, "main's later commits are not the branch's");
    let on_branch = branch.execute("UPDATE users SET name = 'x' WHERE id = 1");
    add(&main, 4, "Dave");
    assert_eq!(branch.history(&[])[0]["scn"], on_branch.scn);
    // A merge is one commit of the target; the source's commits do not enter its line.
    branch.execute("UPDATE users SET name = 'y' WHERE id = 2");
    let lengths =
        main.history(&[("limit", "1000")]).iter().filter(|e| e["type"] == "transaction").count();
    branch.merge_into("main", json!({})).ok();
    let after = main.history(&[("limit", "1000")]);
    let after: Vec<&Value> = after.iter().filter(|e| e["type"] == "transaction").collect();
    assert_eq!(after.len(), lengths + 1);
    assert!(after[0]["summary"].as_str().unwrap().contains("Merge"), "{}", after[0]);
}

#[test]
fn snapshots_as_in_the_specification() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    assert_eq!(main.snapshots(), Vec::<Value>::new());
    let done = main.execute("UPDATE users SET name = 'x' WHERE id = 1");
    let reply = client.post(&main.path("/snapshots"), &json!({"name": "release"}));
    let taken = reply.data(201);
    assert_fields(taken, SNAPSHOT);
    assert_eq!(taken["name"], "release");
    assert_eq!(taken["type"], "manual");
    assert_eq!(taken["scn"], done.scn);
    assert_eq!((&taken["tables"], &taken["rows"]), (&json!(1), &json!(2)));
    assert!(taken["id"].as_str().unwrap().starts_with("snap_"), "{reply}");

    // A name is not needed.
    add(&main, 3, "Carol");
    let unnamed = client.post(&main.path("/snapshots"), &json!({}));
    assert_eq!(unnamed.data(201)["rows"], 3, "{unnamed}");

    // The newest first.
    let listed = main.snapshots();
    for snapshot in &listed {
        assert_fields(snapshot, SNAPSHOT);
    }
    let ids: Vec<&Value> = listed.iter().map(|snapshot| &snapshot["id"]).collect();
    assert_eq!(ids, [&unnamed.data(201)["id"], &taken["id"]]);
    assert_eq!(listed[1], *taken);
    assert_eq!(client.create("b", "main").snapshots(), Vec::<Value>::new(), "they are main's");
}

#[test]
fn a_snapshot_is_known_by_its_name_too() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    main.snapshot("release");
    add(&main, 3, "Carol");
    let as_of = json!({"type": "snapshot", "value": "release"});
    assert_eq!(main.number_at("SELECT COUNT(*) FROM users", &as_of), 2);
    client.post(&main.path("/restore/release"), &json!({})).ok();
    assert_eq!(main.number("SELECT COUNT(*) FROM users"), 2);
}
