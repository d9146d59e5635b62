//! A protected branch refuses direct writes, restore and deletion; merges it takes.

use crate::{add, names, server};
use serde_json::json;

#[test]
fn direct_writes_restore_and_deletion_are_refused() {
    let server = server();
    let client = server.client();
    for branch in [client.create("kept", "main"), client.main()] {
        let snapshot = branch.snapshot("s");
        client.patch(&branch.path(""), &json!({"is_protected": true})).ok();
        let rows = branch.rows_path("users");

        let row = json!({"rows": [{"id": 3, "name": "C", "email": "c@x"}]});
        branch.try_insert("users", &row).error(403, "BRANCH_PROTECTED");
        let put = json!({"filter": "id = 1", "updates": {"name": "Eve"}});
        client.put(&rows, &put).error(403, "BRANCH_PROTECTED");
        client.delete(&format!("{rows}?filter=id%3D1")).error(403, "BRANCH_PROTECTED");
        for sql in [
            "INSERT INTO users (id, name, email) VALUES (3, 'C', 'c@x')",
            "UPDATE users SET name = 'Eve'",
            "DELETE FROM users",
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            "DROP TABLE users",
            "ALTER TABLE users ADD COLUMN a INTEGER",
        ] {
            branch.try_execute(sql, json!([])).error(403, "BRANCH_PROTECTED");
        }
        let reply = branch.transaction(&[("DELETE FROM users", json!([]))]);
        reply.error(403, "BRANCH_PROTECTED");
        let restore = branch.path(&format!("/restore/{snapshot}"));
        client.post(&restore, &json!({})).error(403, "BRANCH_PROTECTED");
        for query in ["", "?force=true"] {
            client.delete(&branch.path(query)).error(403, "BRANCH_PROTECTED");
        }

        // It is read like any other.
        assert_eq!(names(&branch), ["Alice", "Bob"]);
        branch.page("users", &[]).ok();
        assert_eq!(branch.details()["is_protected"], true);
        let name = format!("from-{}", branch.name());
        assert_eq!(names(&client.create(&name, branch.name())), ["Alice", "Bob"]);
    }
}

#[test]
fn merges_are_accepted_and_the_source_may_not_be_protected_to_be_deleted() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let feature = client.create("feature", "main");
    add(&feature, 3, "Carol");
    client.patch(&main.path(""), &json!({"is_protected": true})).ok();
    client.patch(&feature.path(""), &json!({"is_protected": true})).ok();
    let body = json!({"delete_source_after_merge": true});
    feature.merge_into("main", body.clone()).error(403, "BRANCH_PROTECTED");
    assert_eq!(names(&main), ["Alice", "Bob"], "nothing is merged if the rest cannot be done");

    client.patch(&feature.path(""), &json!({"is_protected": false})).ok();
    assert_eq!(feature.merge_into("main", body).ok()["source_deleted"], true);
    assert_eq!(names(&main), ["Alice", "Bob", "Carol"]);
    assert_eq!(main.details()["is_protected"], true);
}

#[test]
fn an_unprotected_branch_takes_writes_again() {
    let server = server();
    let client = server.client();
    let branch = client.create("b", "main");
    client.patch(&branch.path(""), &json!({"is_protected": true})).ok();
    let row = json!({"rows": [{"id": 3, "name": "Carol", "email": "c@x"}]});
    branch.try_insert("users", &row).error(403, "BRANCH_PROTECTED");
    client.patch(&branch.path(""), &json!({"is_protected": false})).ok();
    branch.try_insert("users", &row).data(201);
    assert_eq!(names(&branch), ["Alice", "Bob", "Carol"]);
    client.delete(&branch.path("?force=true")).ok();
}
