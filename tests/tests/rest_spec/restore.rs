//! A branch set back to a snapshot.

use crate::fields::{Is, assert_fields};
use crate::{add, names, server};
use serde_json::json;

#[test]
fn restore_as_in_the_specification() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let snapshot = main.snapshot("s");
    let scn = main.snapshots()[0]["scn"].clone();
    add(&main, 3, "Carol");
    let reply = client.post(
        &main.path(&format!("/restore/{snapshot}")),
        &json!({"create_backup_branch": true, "backup_branch_name": "backup-before-restore"}),
    );
    let fields = [
        ("restored", Is::Flag),
        ("snapshot_id", Is::Text),
        ("restored_to_scn", Is::Count),
        ("backup_branch", Is::Text),
    ];
    let restored = assert_fields(reply.ok(), &fields);
    assert_eq!(restored["restored"], true);
    assert_eq!(restored["snapshot_id"], snapshot.as_str());
    assert_eq!(restored["restored_to_scn"], scn);
    assert_eq!(restored["backup_branch"], "backup-before-restore");
    assert_eq!(names(&main), ["Alice", "Bob"]);
    let backup = client.branch("backup-before-restore");
    assert_eq!(names(&backup), ["Alice", "Bob", "Carol"]);
    assert_eq!(backup.details()["source_branch"], "main");
    // The two go on apart.
    add(&main, 3, "Dave");
    add(&backup, 4, "Eve");
    assert_eq!(names(&main), ["Alice", "Bob", "Dave"]);
    assert_eq!(names(&backup), ["Alice", "Bob", "Carol", "Eve"]);
}

#[test]
fn without_a_backup_none_is_made() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let snapshot = main.snapshot("s");
    for body in [json!({}), json!({"create_backup_branch": false})] {
        add(&main, 3, "Carol");
        let reply = client.post(&main.path(&format!("/restore/{snapshot}")), &body);
        assert!(reply.ok().get("backup_branch").is_none_or(serde_json::Value::is_null), "{reply}");
        assert_eq!(names(&main), ["Alice", "Bob"]);
    }
    assert_eq!(client.get("/v1/branches").ok()["pagination"]["total"], 1);
}

#[test]
fn a_backup_without_a_name_gets_one() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let snapshot = main.snapshot("s");
    add(&main, 3, "Carol");
    let path = main.path(&format!("/restore/{snapshot}"));
    let reply = client.post(&path, &json!({"create_backup_branch": true}));
    let name = reply.ok()["backup_branch"].as_str().unwrap_or_else(|| panic!("{reply}"));
    assert_eq!(names(&client.branch(name)), ["Alice", "Bob", "Carol"]);
}

#[test]
fn a_restore_is_a_commit_and_undoes_no_history() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let snapshot = main.snapshot("s");
    let with_carol = main.execute("INSERT INTO users (id, name, email) VALUES (3, 'Carol', 'c@x')");
    main.execute("ALTER TABLE users ADD COLUMN later INTEGER");
    let before = main.execute("DROP TABLE users");
    client.post(&main.path(&format!("/restore/{snapshot}")), &json!({})).ok();
    assert_eq!(names(&main), ["Alice", "Bob"]);
    let columns = main.try_query(&json!({"sql": "SELECT * FROM users"})).ok()["columns"].clone();
    assert_eq!(columns, json!(["id", "name", "email", "active", "created_at"]));
    // Constraints and indexes are back with the rows.
    let twice = json!({"rows": [{"id": 9, "name": "x", "email": "bob@example.com"}]});
    main.try_insert("users", &twice).error(409, "CONSTRAINT_VIOLATION");

    let history = main.history(&[]);
    let newest = history.iter().find(|entry| entry["type"] == "transaction").unwrap();
    assert!(newest["scn"].as_u64().unwrap() > before.scn, "{newest}");
    let as_of = json!({"type": "scn", "value": with_carol.scn});
    assert_eq!(main.number_at("SELECT COUNT(*) FROM users", &as_of), 3);
    // The state before is kept by an automatic snapshot.
    let kept = main.snapshots().into_iter().find(|s| s["scn"] == before.scn);
    assert_eq!(kept.expect("a snapshot before the restore")["type"], "automatic");
    // A restore can be restored from.
    let carol = client.create_at("carol", "main", &as_of);
    assert_eq!(names(&carol), ["Alice", "Bob", "Carol"]);
}

#[test]
fn ids_given_since_the_snapshot_are_not_given_again() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let snapshot = main.snapshot("s");
    let first = main.insert("users", json!([{"name": "Carol", "email": "c@x"}]));
    assert_eq!(first["ids"], json!([3]));
    client.post(&main.path(&format!("/restore/{snapshot}")), &json!({})).ok();
    let second = main.insert("users", json!([{"name": "Dave", "email": "d@x"}]));
    assert_eq!(second["ids"], json!([4]), "3 may be known somewhere as Carol");
}
