//! A branch set to where its source stands. Its form is among the conformance cases.

use crate::{add, names, server};
use serde_json::json;

#[test]
fn what_was_apart_before_does_not_come_back_in_a_merge() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let feature = client.create("feature", "main");
    // Both sides write the same cell: a conflict, were it merged.
    feature.execute("UPDATE users SET name = 'Alicia' WHERE id = 1");
    main.execute("UPDATE users SET name = 'Alison' WHERE id = 1");
    client.post(&feature.path("/reset"), &json!({})).ok();
    assert_eq!(names(&feature), ["Alison", "Bob"]);
    feature.execute("UPDATE users SET name = 'Robert' WHERE id = 2");
    main.execute("UPDATE users SET name = 'Alice' WHERE id = 1");
    let merge = json!({"target_branch": "main", "conflict_resolution": "manual"});
    let merged = client.post(&feature.path("/merge"), &merge);
    assert_eq!(merged.ok()["changes_merged"], 1, "{merged}");
    assert_eq!(names(&main), ["Alice", "Robert"]);
    // And the other way.
    client.post(&main.path("/merge"), &json!({"target_branch": "feature"})).ok();
    assert_eq!(names(&feature), ["Alice", "Robert"]);
}

#[test]
fn nothing_of_it_is_lost() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let feature = client.create("feature", "main");
    add(&feature, 3, "Carol");
    client.post(&feature.path("/reset"), &json!({})).ok();
    assert_eq!(names(&feature), ["Alice", "Bob"]);
    // What was there is kept by a snapshot that nobody asked for.
    let kept = feature.snapshots();
    assert_eq!(kept[0]["type"], "automatic");
    let id = kept[0]["id"].as_str().unwrap();
    client.post(&feature.path(&format!("/restore/{id}")), &json!({})).ok();
    assert_eq!(names(&feature), ["Alice", "Bob", "Carol"]);
    assert_eq!(names(&main), ["Alice", "Bob"]);
}

#[test]
fn ids_are_not_given_twice() {
    let server = server();
    let client = server.client();
    client.main().execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)");
    let feature = client.create("feature", "main");
    let next = || {
        let added = client.post(&feature.rows_path("notes"), &json!({"rows": [{"body": "x"}]}));
        added.data(201)["ids"][0].as_i64().unwrap()
    };
    let (first, second) = (next(), next());
    client.post(&feature.path("/reset"), &json!({})).ok();
    assert!(feature.query("SELECT id FROM notes").is_empty());
    let third = next();
    assert!(first < second && second < third, "{first}, {second}, {third}");
}

#[test]
fn it_is_there_after_a_restart() {
    let mut server = server();
    let client = server.client().clone();
    let feature = client.create("feature", "main");
    add(&feature, 3, "Carol");
    client.post(&feature.path("/reset"), &json!({})).ok();
    server.kill();
    server.restart();
    assert_eq!(names(&server.client().branch("feature")), ["Alice", "Bob"]);
}
