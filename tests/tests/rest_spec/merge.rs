//! Merges.

use crate::fields::{CONFLICT, MERGED, assert_fields};
use crate::{add, names, server};
use offshoot_tests::branch::Branch;
use offshoot_tests::client::{Client, Reply};
use serde_json::{Value, json};

#[test]
fn merge_as_in_the_specification() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let feature = client.create("feature-auth", "main");
    let id = feature.details()["id"].as_str().unwrap().to_owned();
    add(&feature, 3, "Carol");
    add(&main, 4, "Dave");
    let reply = feature.merge_into(
        "main",
        json!({
            "conflict_resolution": "source_wins",
            "delete_source_after_merge": true,
            "merge_message": "Merge feature-auth into main",
            "dry_run": false
        }),
    );
    let merged = assert_fields(reply.ok(), MERGED);
    assert_eq!(merged["status"], "merged");
    assert_eq!(merged["source_branch"], "feature-auth");
    assert_eq!(merged["target_branch"], "main");
    assert_eq!(merged["changes_merged"], 1);
    assert_eq!(merged["conflicts_resolved"], 0);
    assert_eq!(merged["source_deleted"], true);
    assert_eq!(names(&main), ["Alice", "Bob", "Carol", "Dave"]);
    client.get(&feature.path("")).error(404, "BRANCH_NOT_FOUND");
    assert_eq!(client.branch(id).details()["status"], "deleted");
    let newest = &main.history(&[])[0];
    assert_eq!(newest["summary"], "Merge feature-auth into main");
}

#[test]
fn a_merge_leaves_the_source_marked_until_it_is_written_to() {
    let server = server();
    let client = server.client();
    let feature = client.create("feature", "main");
    add(&feature, 3, "Carol");
    let reply = feature.merge_into("main", json!({}));
    assert_eq!(reply.ok()["source_deleted"], false);
    assert_eq!(feature.details()["status"], "merged");
    let divergence = feature.details()["divergence"].clone();
    assert_eq!(divergence["commits_ahead"], 0, "{divergence}");
    assert_eq!(names(&feature), ["Alice", "Bob", "Carol"], "a read changes nothing");
    assert_eq!(feature.details()["status"], "merged");
    add(&feature, 4, "Dave");
    assert_eq!(feature.details()["status"], "active");
}

#[test]
fn a_merge_can_go_into_any_branch() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let (a, b) = (client.create("a", "main"), client.create("b", "main"));
    add(&a, 3, "Carol");
    add(&b, 4, "Dave");
    a.merge_into("b", json!({})).ok();
    assert_eq!(names(&b), ["Alice", "Bob", "Carol", "Dave"]);
    assert_eq!(names(&a), ["Alice", "Bob", "Carol"]);
    // The source's own source, too.
    main.execute("DELETE FROM users WHERE id = 1");
    main.merge_into("a", json!({})).ok();
    assert_eq!(names(&a), ["Bob", "Carol"]);
    assert_eq!(main.details()["status"], "active");
}

#[test]
fn an_automatic_snapshot_stands_before_each_merge() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let feature = client.create("feature", "main");
    add(&feature, 3, "Carol");
    let before = main.execute("UPDATE users SET name = 'Alicia' WHERE id = 1");
    feature.merge_into("main", json!({})).ok();
    let snapshots = main.snapshots();
    let taken = snapshots.iter().find(|s| s["scn"] == before.scn);
    let taken = taken.expect("a snapshot of the target before the merge");
    assert_eq!(taken["type"], "automatic");
    client
        .post(&main.path(&format!("/restore/{}", taken["id"].as_str().unwrap())), &json!({}))
        .ok();
    assert_eq!(names(&main), ["Alicia", "Bob"]);
}

/// `feature` and `main` both changed Alice's address; each changed more.
fn conflicting(client: &Client) -> Branch<'_> {
    let (main, feature) = (client.main(), client.create("feature", "main"));
    feature.execute("UPDATE users SET email = 'alice@new.com' WHERE id = 1");
    main.execute("UPDATE users SET email = 'alice@old.com' WHERE id = 1");
    feature.execute("UPDATE users SET name = 'Robert' WHERE id = 2");
    main.execute("UPDATE users SET email = 'bob@old.com' WHERE id = 2");
    feature
}

#[track_caller]
fn pairs(branch: &Branch<'_>) -> Vec<Vec<Value>> {
    branch.query("SELECT name, email FROM users ORDER BY id")
}

const MAIN_BEFORE: [[&str; 2]; 2] = [["Alice", "alice@old.com"], ["Bob", "bob@old.com"]];

#[track_caller]
fn conflicts(reply: &Reply) -> Vec<Value> {
    let error = reply.error(409, "MERGE_CONFLICT");
    error["details"]["conflicts"].as_array().unwrap_or_else(|| panic!("{reply}")).clone()
}

#[test]
fn conflicts_as_in_the_specification() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let feature = conflicting(client);
    for options in [json!({}), json!({"conflict_resolution": "manual"}), json!({"dry_run": true})] {
        let reply = feature.merge_into("main", options);
        let list = conflicts(&reply);
        assert_eq!(list.len(), 1, "{reply}");
        let conflict = assert_fields(&list[0], CONFLICT);
        assert_eq!(conflict["table"], "users");
        assert_eq!(conflict["row_id"], "1");
        assert_eq!(conflict["column"], "email");
        assert_eq!(conflict["source_value"], "alice@new.com");
        assert_eq!(conflict["target_value"], "alice@old.com");
        assert_eq!(conflict["base_value"], "alice@example.com");
        assert_eq!(conflict["conflict_type"], "update_update");
        let details = &reply.body["error"]["details"];
        assert!(details["conflict_token"].as_str().is_some_and(|t| !t.is_empty()), "{reply}");
        assert_eq!(pairs(&main), MAIN_BEFORE);
        assert_eq!(feature.details()["status"], "active");
    }
}

#[test]
fn policies() {
    for (policy, alice) in [("source_wins", "alice@new.com"), ("target_wins", "alice@old.com")] {
        let server = server();
        let main = server.client().main();
        let feature = conflicting(server.client());
        let history = main.history(&[]).len();
        let dry =
            feature.merge_into("main", json!({"conflict_resolution": policy, "dry_run": true}));
        assert_eq!(dry.ok()["dry_run"], true, "{dry}");
        assert_eq!(dry.ok()["conflicts_resolved"], 1, "{dry}");
        assert_eq!(dry.ok()["source_deleted"], false, "{dry}");
        assert_eq!(pairs(&main), MAIN_BEFORE, "{policy}");
        assert_eq!(main.history(&[]).len(), history, "a dry run left a trace");

        let reply = feature.merge_into("main", json!({"conflict_resolution": policy}));
        assert_eq!(reply.ok()["conflicts_resolved"], 1, "{reply}");
        assert_eq!(reply.ok()["changes_merged"], dry.ok()["changes_merged"], "{reply}");
        assert_eq!(pairs(&main), [["Alice", alice], ["Robert", "bob@old.com"]], "{policy}");
    }
}

#[test]
fn abort() {
    let server = server();
    let main = server.client().main();
    let feature = conflicting(server.client());
    let reply = feature.merge_into("main", json!({"conflict_resolution": "abort"}));
    let details = &reply.error(409, "MERGE_CONFLICT")["details"];
    assert_eq!(details["conflict_count"], 1, "{reply}");
    assert!(details.get("conflicts").is_none(), "{reply}");
    assert_eq!(pairs(&main), MAIN_BEFORE);

    // Without conflicts it merges.
    main.execute("UPDATE users SET email = 'alice@new.com' WHERE id = 1");
    let reply = feature.merge_into("main", json!({"conflict_resolution": "abort"}));
    assert_eq!(reply.ok()["conflicts_resolved"], 0, "{reply}");
    assert_eq!(pairs(&main), [["Alice", "alice@new.com"], ["Robert", "bob@old.com"]]);
}

#[test]
fn resolutions() {
    let takes = [
        (json!({"take": "source"}), "alice@new.com"),
        (json!({"take": "target"}), "alice@old.com"),
        (json!({"value": "alice@both.com"}), "alice@both.com"),
    ];
    for (take, alice) in takes {
        let server = server();
        let main = server.client().main();
        let feature = conflicting(server.client());
        let open = feature.merge_into("main", json!({}));
        let token = open.body["error"]["details"]["conflict_token"].clone();
        let mut resolution = json!({"table": "users", "row_id": "1", "column": "email"});
        resolution.as_object_mut().unwrap().extend(take.as_object().unwrap().clone());
        let body = json!({
            "conflict_resolution": "manual", "resolutions": [resolution], "conflict_token": token
        });
        let reply = feature.merge_into("main", body);
        assert_eq!(reply.ok()["conflicts_resolved"], 1, "{reply}");
        assert_eq!(pairs(&main), [["Alice", alice], ["Robert", "bob@old.com"]], "{take}");
    }
}

#[test]
fn resolutions_that_resolve_nothing() {
    let server = server();
    let main = server.client().main();
    let feature = conflicting(server.client());
    let open = feature.merge_into("main", json!({}));
    let token = open.body["error"]["details"]["conflict_token"].clone();
    let merge = |resolution: Value, token: &Value| {
        feature.merge_into("main", json!({"resolutions": [resolution], "conflict_token": token}))
    };
    for bad in [
        json!({"table": "users", "row_id": "1", "column": "email"}),
        json!({"table": "users", "row_id": "1", "column": "email", "take": "both"}),
        json!({"table": "users", "row_id": "1", "column": "email", "take": "source", "value": "x"}),
        json!({"row_id": "1", "column": "email", "take": "source"}),
        json!({"table": "users", "row_id": 1, "column": "email", "take": "source"}),
        json!({"table": "users", "row_id": "1", "column": "email", "take": "source", "why": "x"}),
    ] {
        merge(bad, &token).error(400, "INVALID_REQUEST");
    }
    // A token of no conflicts that are open gets those that are.
    let good = json!({"table": "users", "row_id": "1", "column": "email", "take": "source"});
    assert_eq!(conflicts(&merge(good, &json!("not-a-token"))).len(), 1);
    assert_eq!(pairs(&main), MAIN_BEFORE);
}

#[test]
fn schema_conflicts_block_under_every_policy() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let feature = client.create("feature", "main");
    feature.execute("ALTER TABLE users ADD COLUMN score INTEGER");
    main.execute("ALTER TABLE users ADD COLUMN score TEXT");
    for policy in ["source_wins", "target_wins", "manual"] {
        let reply = feature.merge_into("main", json!({"conflict_resolution": policy}));
        let list = conflicts(&reply);
        assert!(list.iter().all(|c| c["conflict_type"] == "schema"), "{reply}");
        assert!(!list.is_empty(), "{reply}");
    }
    // Both adding the same column is no conflict: there is one column.
    let (a, b) = (client.create("a", "main"), client.create("b", "main"));
    for branch in [&a, &b] {
        branch.execute("ALTER TABLE users ADD COLUMN level INTEGER DEFAULT 0");
    }
    a.execute("UPDATE users SET level = 1 WHERE id = 1");
    b.execute("UPDATE users SET level = 2 WHERE id = 2");
    a.merge_into("b", json!({"conflict_resolution": "abort"})).ok();
    assert_eq!(b.query("SELECT level FROM users ORDER BY id"), [[1], [2]]);
}

#[test]
fn a_merge_that_would_break_a_constraint_is_a_conflict() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    main.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, \
         FOREIGN KEY (user_id) REFERENCES users (id))",
    );
    let feature = client.create("feature", "main");
    feature.insert("users", json!([{"id": 3, "name": "C", "email": "same@x"}]));
    main.insert("users", json!([{"id": 4, "name": "D", "email": "same@x"}]));
    feature.execute("INSERT INTO orders VALUES (1, 2)");
    main.execute("DELETE FROM users WHERE id = 2");
    for policy in ["source_wins", "target_wins", "manual"] {
        let reply = feature.merge_into("main", json!({"conflict_resolution": policy}));
        let list = conflicts(&reply);
        let kinds: Vec<&str> = list.iter().map(|c| c["conflict_type"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"unique") && kinds.contains(&"foreign_key"), "{reply}");
        assert!(kinds.iter().all(|kind| ["unique", "foreign_key"].contains(kind)), "{reply}");
    }
    assert_eq!(names(&main), ["Alice", "D"]);
    assert_eq!(main.number("SELECT COUNT(*) FROM orders"), 0);
}
