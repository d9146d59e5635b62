//! Branches deleted: what refuses it, and what stays.

use crate::fields::{Is, assert_fields};
use crate::{add, names, server};
use serde_json::json;

#[test]
fn delete() {
    let server = server();
    let branch = server.client().create("feature-auth", "main");
    let reply = server.client().delete(&branch.path(""));
    assert_fields(reply.ok(), &[("deleted_at", Is::Time)]);
    assert_eq!(reply.ok()["deleted"], true);
    assert_eq!(reply.ok()["branch_name"], "feature-auth");
}

#[test]
fn a_deleted_branch_is_found_by_its_id_only() {
    let server = server();
    let client = server.client();
    let branch = client.create("b", "main");
    let id = branch.details()["id"].as_str().unwrap().to_owned();
    client.delete(&branch.path("")).ok();
    client.get(&branch.path("")).error(404, "BRANCH_NOT_FOUND");
    client.delete(&branch.path("")).error(404, "BRANCH_NOT_FOUND");
    branch.try_query(&json!({"sql": "SELECT 1"})).error(404, "BRANCH_NOT_FOUND");
    let record = client.branch(&id).details();
    assert_eq!((&record["name"], &record["status"]), (&json!("b"), &json!("deleted")));
    assert_eq!(record["source_branch"], "main");

    // The name is free, and the new branch is another one.
    let again = client.create("b", "main");
    assert_ne!(again.details()["id"], id.as_str());
    assert_eq!(client.branch(&id).details()["status"], "deleted");
    add(&again, 3, "Carol");
    assert_eq!(names(&again), ["Alice", "Bob", "Carol"]);
    let list = client.get("/v1/branches?status=deleted");
    let ids: Vec<&str> = list.ok()["branches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|branch| branch["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [id.as_str()]);
}

#[test]
fn commits_that_the_source_lacks_need_force() {
    let server = server();
    let client = server.client();
    let branch = client.create("b", "main");
    add(&branch, 3, "Carol");
    for query in ["", "?force=false"] {
        client.delete(&branch.path(query)).error(409, "BRANCH_UNMERGED");
    }
    assert_eq!(names(&branch), ["Alice", "Bob", "Carol"]);
    client.delete(&branch.path("?force=true")).ok();
    client.get(&branch.path("")).error(404, "BRANCH_NOT_FOUND");

    // What was merged is not lost; what was written since is.
    let branch = client.create("b", "main");
    add(&branch, 3, "Carol");
    branch.merge_into("main", json!({})).ok();
    add(&branch, 4, "Dave");
    client.delete(&branch.path("")).error(409, "BRANCH_UNMERGED");
    branch.merge_into("main", json!({})).ok();
    client.delete(&branch.path("")).ok();
    assert_eq!(names(&client.main()), ["Alice", "Bob", "Carol", "Dave"]);
}

#[test]
fn merged_elsewhere_is_not_merged_into_the_source() {
    let server = server();
    let client = server.client();
    let (b, other) = (client.create("b", "main"), client.create("other", "main"));
    add(&b, 3, "Carol");
    b.merge_into("other", json!({})).ok();
    assert_eq!(names(&other), ["Alice", "Bob", "Carol"]);
    client.delete(&b.path("")).error(409, "BRANCH_UNMERGED");
}

#[test]
fn live_children_refuse_it_even_by_force() {
    let server = server();
    let client = server.client();
    let parent = client.create("parent", "main");
    let child = client.create("child", "parent");
    for query in ["", "?force=true"] {
        let reply = client.delete(&parent.path(query));
        let error = reply.error(409, "BRANCH_HAS_CHILDREN");
        assert!(error["message"].as_str().unwrap().contains("child"), "{reply}");
    }
    client.delete(&child.path("")).ok();
    client.delete(&parent.path("")).ok();
    assert_eq!(client.get("/v1/branches?status=active").ok()["pagination"]["total"], 1);
}

#[test]
fn a_branch_outlives_the_deletion_of_its_sibling() {
    let server = server();
    let client = server.client();
    let (a, b) = (client.create("a", "main"), client.create("b", "main"));
    add(&a, 3, "Carol");
    add(&b, 3, "Dave");
    client.delete(&a.path("?force=true")).ok();
    assert_eq!(names(&b), ["Alice", "Bob", "Dave"]);
    assert_eq!(names(&client.main()), ["Alice", "Bob"]);
}
