//! Branches made, looked at and changed.

use crate::fields::{CHANGES, CREATED, DIVERGENCE, LISTED, STATS, UPDATED, assert_fields};
use crate::{add, names, server};
use serde_json::{Value, json};

#[test]
fn create_as_in_the_specification() {
    let server = server();
    let metadata = json!({
        "owner": "alice@example.com", "ticket": "JIRA-1234",
        "description": "Implementing OAuth2 authentication"
    });
    let reply = server.client().try_create(&json!({
        "name": "feature-auth",
        "display_name": "Authentication Feature",
        "source_branch": "main",
        "as_of": {"type": "now"},
        "metadata": metadata
    }));
    let created = reply.data(201);
    assert_fields(created, CREATED);
    assert_eq!(created["name"], "feature-auth");
    assert_eq!(created["display_name"], "Authentication Feature");
    assert_eq!(created["status"], "active");
    assert_eq!(created["source_branch"], "main");
    assert!(created["id"].as_str().unwrap().starts_with("br_"), "{reply}");
    assert!(created["source_snapshot"].as_str().unwrap().starts_with("snap_"), "{reply}");

    let branch = server.client().branch("feature-auth");
    let details = branch.details();
    for field in ["id", "name", "display_name", "source_branch", "source_snapshot", "created_at"] {
        assert_eq!(details[field], created[field], "{field}");
    }
    assert_eq!(details["metadata"], metadata);
    assert_eq!(names(&branch), ["Alice", "Bob"]);
}

#[test]
fn create_with_a_name_alone() {
    let server = server();
    let reply = server.client().try_create(&json!({"name": "plain"}));
    let created = reply.data(201);
    assert_eq!(created["source_branch"], "main");
    assert_eq!(created["display_name"], "plain");
    let details = server.client().branch("plain").details();
    assert_eq!(details["metadata"], json!({}));
    assert_eq!(details["is_protected"], false);
    assert_eq!(details["is_default"], false);
}

#[test]
fn the_fork_is_a_snapshot_that_can_be_used() {
    let server = server();
    let main = server.client().main();
    let reply = server.client().try_create(&json!({"name": "b"}));
    let snapshot = reply.data(201)["source_snapshot"].clone();
    add(&main, 3, "Carol");
    let listed = main.snapshots();
    let listed = listed.iter().find(|s| s["id"] == snapshot);
    assert_eq!(listed.expect("the fork is listed")["type"], "automatic");
    let as_of = json!({"type": "snapshot", "value": snapshot});
    assert_eq!(main.number_at("SELECT COUNT(*) FROM users", &as_of), 2);
    let again = server.client().create_at("again", "main", &as_of);
    assert_eq!(names(&again), ["Alice", "Bob"]);
    assert_eq!(again.details()["source_snapshot"], snapshot);
}

#[test]
fn a_branch_of_a_branch_by_name_or_id() {
    let server = server();
    let client = server.client();
    let b = client.create("b", "main");
    add(&b, 3, "Carol");
    let id = b.details()["id"].as_str().unwrap().to_owned();
    let by_id = client.create("c", &id);
    assert_eq!(names(&by_id), ["Alice", "Bob", "Carol"]);
    assert_eq!(by_id.details()["source_branch"], "b");
    // Wherever a path names a branch, its id does as well.
    let same = client.branch(&id);
    assert_eq!(same.details(), b.details());
    add(&same, 4, "Dave");
    assert_eq!(names(&b), ["Alice", "Bob", "Carol", "Dave"]);
    assert_eq!(same.table_names(), ["users"]);
    assert_eq!(same.merge_into("main", json!({})).ok()["source_branch"], "b");
}

#[test]
fn names_with_slashes_and_dots_are_one_part_of_a_path() {
    let server = server();
    let client = server.client();
    for (id, name) in
        ["feature/auth-2_x.y", "a/b/c", "release/v1.0.0", "tables", "héé"].iter().enumerate()
    {
        let branch = client.create(name, "main");
        assert_eq!(branch.details()["name"], *name);
        add(&branch, 10 + id as i64, "Carol");
        assert_eq!(branch.number("SELECT COUNT(*) FROM users"), 3);
        assert_eq!(branch.page("users", &[]).ok()["pagination"]["total"], 3);
        assert_eq!(branch.merge_into("main", json!({})).ok()["source_branch"], *name);
        client.delete(&branch.path("")).ok();
        client.get(&branch.path("")).error(404, "BRANCH_NOT_FOUND");
        client.main().execute("DELETE FROM users WHERE id > 2");
    }
}

#[test]
fn details_of_main() {
    let server = server();
    let main = server.client().main().details();
    assert_fields(&main, LISTED);
    assert_fields(&main["stats"], STATS);
    assert_eq!(main["name"], "main");
    assert_eq!(main["status"], "active");
    assert_eq!(main["is_default"], true);
    // It can never be deleted, but it is written to like any other until it is protected.
    assert_eq!(main["is_protected"], false);
    assert_eq!((&main["stats"]["tables"], &main["stats"]["rows"]), (&json!(1), &json!(2)));
    assert!(main["stats"]["size_bytes"].as_u64().unwrap() > 0, "{main}");
    assert!(main.get("source_branch").is_none_or(Value::is_null), "{main}");
    assert!(main.get("divergence").is_none_or(Value::is_null), "{main}");
}

fn time(value: &Value) -> Option<i64> {
    value.as_str().and_then(offshoot_tests::instant::micros)
}

#[test]
fn details_count_changes_and_commits() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let branch = client.create("feature", "main");
    let fresh = branch.details();
    assert_fields(&fresh["divergence"], DIVERGENCE);
    assert_eq!(fresh["divergence"]["commits_ahead"], 0);
    assert_eq!(fresh["divergence"]["commits_behind"], 0);
    assert_eq!(fresh["stats"]["changes_from_source"], 0);

    // Five rows in, one of the old ones changed and one out, in four commits.
    let rows: Vec<Value> =
        (3..7).map(|i| json!({"id": i, "name": "n", "email": format!("{i}@x")})).collect();
    branch.insert("users", json!(rows));
    add(&branch, 7, "Grace");
    branch.execute("UPDATE users SET name = 'Alicia' WHERE id = 1");
    branch.execute("DELETE FROM users WHERE id = 2");
    let details = branch.details();
    assert_fields(&details, LISTED);
    assert_fields(&details["stats"], STATS);
    assert_fields(&details["stats"], CHANGES);
    let count = |field: &str| details["stats"][field].as_u64().unwrap();
    let counts = ["inserts", "updates", "deletes", "changes_from_source", "rows"].map(count);
    assert_eq!(counts, [5, 1, 1, 7, 6]);
    let ahead = json!({
        "source_branch": "main", "commits_ahead": 4, "commits_behind": 0, "can_fast_forward": true
    });
    assert_eq!(details["divergence"], ahead);
    assert!(time(&details["updated_at"]) >= time(&fresh["updated_at"]), "{details}");
    assert_eq!(details["created_at"], fresh["created_at"]);

    main.execute("UPDATE users SET name = 'Robert' WHERE id = 2");
    main.execute("UPDATE users SET name = 'Rob' WHERE id = 2");
    let both = json!({
        "source_branch": "main", "commits_ahead": 4, "commits_behind": 2, "can_fast_forward": false
    });
    assert_eq!(branch.details()["divergence"], both);
}

#[test]
fn details_with_and_without_stats_and_history() {
    let server = server();
    let branch = server.client().create("feature", "main");
    add(&branch, 3, "Carol");
    let get = |query: &str| server.client().get(&branch.path(query)).ok().clone();
    let plain = get("");
    assert!(plain["stats"].is_object(), "{plain}");
    assert!(plain.get("history").is_none(), "{plain}");
    assert!(get("?include_stats=true")["stats"].is_object());
    let without = get("?include_stats=false");
    assert!(without.get("stats").is_none(), "{without}");
    assert_eq!(without["name"], "feature");
    let with_history = get("?include_history=true");
    let newest = &with_history["history"][0];
    assert!(newest["summary"].as_str().unwrap().contains("users"), "{with_history}");
    assert_eq!(*newest, branch.history(&[("limit", "1")])[0]);
}

#[test]
fn update() {
    let server = server();
    let branch = server.client().create("feature", "main");
    let before = branch.details();
    let reply = server.client().patch(
        &branch.path(""),
        &json!({
            "display_name": "Updated Display Name",
            "is_protected": true,
            "metadata": {"owner": "bob@example.com"}
        }),
    );
    let updated = assert_fields(reply.ok(), UPDATED);
    assert_eq!(updated["id"], before["id"]);
    assert_eq!(updated["name"], "feature");
    assert_eq!(updated["display_name"], "Updated Display Name");
    assert_eq!(updated["is_protected"], true);
    assert!(time(&updated["updated_at"]) >= time(&before["updated_at"]), "{reply}");
    let after = branch.details();
    assert_eq!(after["metadata"], json!({"owner": "bob@example.com"}));
    assert_eq!(after["is_protected"], true);

    // What is not said stays.
    server.client().patch(&branch.path(""), &json!({"is_protected": false})).ok();
    let last = branch.details();
    assert_eq!(last["display_name"], "Updated Display Name");
    assert_eq!(last["metadata"], json!({"owner": "bob@example.com"}));
    assert_eq!(last["is_protected"], false);
    // A branch's name is its own for life.
    let rename = server.client().patch(&branch.path(""), &json!({"name": "other"}));
    rename.error(400, "INVALID_REQUEST");
}

#[test]
fn records_survive_a_restart() {
    let mut server = server();
    let body = json!({"name": "feature", "display_name": "F", "metadata": {"a": [1, {"b": null}]}});
    server.client().try_create(&body).data(201);
    let gone = server.client().create("gone", "main").details()["id"].as_str().unwrap().to_owned();
    server.client().delete("/v1/branches/gone").ok();
    let before = server.client().branch("feature").details();
    server.terminate();
    server.restart();
    assert_eq!(server.client().branch("feature").details(), before);
    assert_eq!(server.client().branch(gone).details()["status"], "deleted");
}
