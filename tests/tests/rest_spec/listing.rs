//! The list of branches: filter, pages, order.

use crate::fields::{LISTED, PAGINATION, STATS, assert_fields};
use crate::server;
use offshoot_tests::client::{Client, with_query};
use serde_json::{Value, json};

#[track_caller]
fn list(client: &Client, params: &[(&str, &str)]) -> Value {
    client.get(&with_query("/v1/branches", params)).ok().clone()
}

#[track_caller]
fn listed(client: &Client, params: &[(&str, &str)]) -> Vec<String> {
    let data = list(client, params);
    let branches = data["branches"].as_array().unwrap().iter();
    branches.map(|branch| branch["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn fields_and_defaults() {
    let server = server();
    server.client().create("feature", "main");
    let data = list(server.client(), &[]);
    assert_fields(&data["pagination"], PAGINATION);
    let pagination = json!({"page": 1, "limit": 20, "total": 2, "total_pages": 1});
    assert_eq!(data["pagination"], pagination);
    let branches = data["branches"].as_array().unwrap();
    // The newest first.
    assert_eq!((&branches[0]["name"], &branches[1]["name"]), (&json!("feature"), &json!("main")));
    for branch in branches {
        assert_fields(branch, LISTED);
        assert_fields(&branch["stats"], STATS);
    }
    let feature = &branches[0];
    assert_eq!(feature["source_branch"], "main");
    assert!(feature["source_snapshot"].is_string(), "{feature}");
    assert_eq!(feature["stats"]["changes_from_source"], 0);
    assert_eq!(feature["is_default"], false);
    assert_eq!(branches[1]["is_default"], true);
}

#[test]
fn pages() {
    let server = server();
    let client = server.client();
    for i in 0..24 {
        client.create(&format!("b{i:02}"), "main");
    }
    assert_eq!(list(client, &[])["branches"].as_array().unwrap().len(), 20);
    let mut seen = Vec::new();
    for (page, length) in [("1", 10), ("2", 10), ("3", 5), ("4", 0)] {
        let params = [("limit", "10"), ("page", page), ("sort", "name"), ("order", "asc")];
        let data = list(client, &params);
        let number: u64 = page.parse().unwrap();
        let pagination = json!({"page": number, "limit": 10, "total": 25, "total_pages": 3});
        assert_eq!(data["pagination"], pagination);
        let names = listed(client, &params);
        assert_eq!(names.len(), length, "page {page}");
        seen.extend(names);
    }
    let mut expected: Vec<String> = (0..24).map(|i| format!("b{i:02}")).collect();
    expected.push("main".into());
    assert_eq!(seen, expected);
    assert_eq!(listed(client, &[("limit", "100")]).len(), 25);
}

#[test]
fn order() {
    let server = server();
    let client = server.client();
    for name in ["m", "z", "a"] {
        client.create(name, "main");
    }
    // The oldest branch is the last one written to.
    client.branch("z").execute("DELETE FROM users WHERE id = 1");
    client.main().execute("DELETE FROM users WHERE id = 1");
    for (sort, ascending) in [
        ("name", ["a", "m", "main", "z"]),
        ("created_at", ["main", "m", "z", "a"]),
        ("updated_at", ["m", "a", "z", "main"]),
    ] {
        assert_eq!(listed(client, &[("sort", sort), ("order", "asc")]), ascending, "{sort}");
        let mut descending = ascending;
        descending.reverse();
        assert_eq!(listed(client, &[("sort", sort), ("order", "desc")]), descending, "{sort}");
        assert_eq!(listed(client, &[("sort", sort)]), descending, "{sort}");
    }
}

#[test]
fn by_status() {
    let server = server();
    let client = server.client();
    for name in ["kept", "merged", "gone"] {
        client.create(name, "main");
    }
    client.branch("merged").execute("DELETE FROM users WHERE id = 1");
    client.branch("merged").merge_into("main", json!({})).ok();
    client.delete("/v1/branches/gone").ok();
    let by =
        |status: &str| listed(client, &[("status", status), ("sort", "name"), ("order", "asc")]);
    assert_eq!(by("active"), ["kept", "main"]);
    assert_eq!(by("merged"), ["merged"]);
    assert_eq!(by("deleted"), ["gone"]);
    assert_eq!(by("all"), ["gone", "kept", "main", "merged"]);
    assert_eq!(list(client, &[])["pagination"]["total"], 4);
    assert_eq!(list(client, &[("status", "deleted")])["pagination"]["total"], 1);
    // A write makes a merged branch an active one.
    client.branch("merged").execute("DELETE FROM users WHERE id = 2");
    assert_eq!(by("active"), ["kept", "main", "merged"]);
    assert_eq!(by("merged"), Vec::<String>::new());
}
