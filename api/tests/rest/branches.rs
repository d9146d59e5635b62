//! Branch management.

use crate::client::{Api, fields};
use serde_json::json;

const MAIN: &str = "/v1/branches/main";

#[test]
fn create_with_everything() {
    let api = Api::new();
    let made = api.post(
        "/v1/branches",
        json!({
            "name": "feature-auth", "display_name": "Authentication Feature",
            "source_branch": "main", "as_of": {"type": "now"},
            "metadata": {"owner": "alice@example.com", "ticket": "JIRA-1234"}
        }),
    );
    let made = made.data(201);
    let expected =
        ["created_at", "display_name", "id", "name", "source_branch", "source_snapshot", "status"];
    assert_eq!(fields(&made), expected);
    assert_eq!((&made["status"], &made["source_branch"]), (&json!("active"), &json!("main")));
    assert!(made["id"].as_str().unwrap().starts_with("br_"));
    assert!(made["source_snapshot"].as_str().unwrap().starts_with("snap_"));
    let at = made["created_at"].as_str().unwrap();
    assert!(at.starts_with("2025-12-01T08:00:0") && at.ends_with('Z'), "{at}");

    let details = api.get("/v1/branches/feature-auth").data(200);
    assert_eq!(details["metadata"]["ticket"], "JIRA-1234");
    assert_eq!(details["display_name"], "Authentication Feature");
    assert_eq!(details["is_default"], false);
    let apart = json!({
        "source_branch": "main", "commits_ahead": 0, "commits_behind": 0, "can_fast_forward": true
    });
    assert_eq!(details["divergence"], apart);
    let stats = &details["stats"];
    assert_eq!((&stats["tables"], &stats["rows"]), (&json!(1), &json!(2)));
    for field in ["changes_from_source", "inserts", "updates", "deletes"] {
        assert_eq!(stats[field], 0, "{field}");
    }
    assert!(details.get("history").is_none());
}

#[test]
fn details_of_changes() {
    let api = Api::new();
    api.branch("b");
    api.execute("b", "INSERT INTO users (id, name, email) VALUES (3, 'C', 'c@x'), (4, 'D', 'd@x')");
    api.execute("b", "UPDATE users SET name = 'Al' WHERE id = 1");
    api.execute("b", "DELETE FROM users WHERE id = 2");
    api.execute("main", "DELETE FROM users WHERE id = 2");
    let details = api.get("/v1/branches/b?include_history=true").data(200);
    let stats = &details["stats"];
    let counts = ["inserts", "updates", "deletes", "changes_from_source", "rows"]
        .map(|f| stats[f].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 1, 4, 3]);
    let apart = json!({
        "source_branch": "main", "commits_ahead": 3, "commits_behind": 1, "can_fast_forward": false
    });
    assert_eq!(details["divergence"], apart);
    assert_eq!(details["history"][0]["summary"], "DELETE FROM users (1 row)");
    let without = api.get("/v1/branches/b?include_stats=false").data(200);
    assert!(without.get("stats").is_none());
    // A branch whose source is gone keeps what it changed since its fork.
    let child = json!({"name": "child", "source_branch": "b"});
    api.post("/v1/branches", child).data(201);
    api.execute("child", "DELETE FROM users WHERE id = 3");
    assert_eq!(api.get("/v1/branches/child").data(200)["stats"]["changes_from_source"], 1);
}

#[test]
fn details_of_main() {
    let api = Api::new();
    let main = api.get(MAIN).data(200);
    assert_eq!((&main["is_default"], &main["is_protected"]), (&json!(true), &json!(false)));
    assert!(main["source_branch"].is_null() && main["divergence"].is_null(), "{main}");
    assert_eq!(main["metadata"], json!({}));
    let by_id = api.get(&format!("/v1/branches/{}", main["id"].as_str().unwrap())).data(200);
    assert_eq!(by_id, main);
}

#[test]
fn list() {
    let api = Api::new();
    for name in ["b", "a", "c"] {
        api.branch(name);
    }
    api.delete("/v1/branches/c").data(200);
    let data = api.get("/v1/branches").data(200);
    let names = |query: &str| -> Vec<String> {
        let data = api.get(&format!("/v1/branches{query}")).data(200);
        let branches = data["branches"].as_array().unwrap().iter();
        branches.map(|b| b["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(""), ["c", "a", "b", "main"]);
    assert_eq!(data["pagination"], json!({"page": 1, "limit": 20, "total": 4, "total_pages": 1}));
    assert_eq!(names("?sort=name&order=asc"), ["a", "b", "c", "main"]);
    assert_eq!(names("?sort=name&order=asc&limit=3&page=2"), ["main"]);
    assert_eq!(names("?page=9"), Vec::<String>::new());
    assert_eq!(names("?status=deleted"), ["c"]);
    assert_eq!(names("?status=active&sort=created_at&order=asc"), ["main", "b", "a"]);
    api.execute("main", "DELETE FROM users WHERE id = 1");
    assert_eq!(names("?sort=updated_at&status=active")[0], "main");
    let deleted = &data["branches"][0];
    assert_eq!(deleted["status"], "deleted");
    assert!(deleted.get("stats").is_none(), "what a deleted branch held may be gone: {deleted}");
    let listed = &data["branches"][1];
    assert!(listed.get("metadata").is_none() && listed.get("divergence").is_none(), "{listed}");
    assert_eq!(listed["stats"]["changes_from_source"], 0);
}

#[test]
fn update() {
    let api = Api::new();
    api.branch("b");
    let body = json!({"display_name": "New", "is_protected": true, "metadata": {"a": 1}});
    let changed = api.patch("/v1/branches/b", body).data(200);
    assert_eq!((&changed["display_name"], &changed["is_protected"]), (&json!("New"), &json!(true)));
    assert_eq!(changed["name"], "b");
    let before = changed["updated_at"].clone();
    let rest = api.patch("/v1/branches/b", json!({"is_protected": false})).data(200);
    assert_eq!((&rest["display_name"], &rest["metadata"]), (&json!("New"), &json!({"a": 1})));
    assert_ne!(rest["updated_at"], before);
    let nothing = api.patch("/v1/branches/b", json!({})).data(200);
    assert_eq!(nothing, rest, "nothing was asked for");
    let long = json!({"display_name": "x".repeat(1025)});
    api.patch("/v1/branches/b", long).error(400, "INVALID_REQUEST");
}

#[test]
fn delete() {
    let api = Api::new();
    let id = api.branch("a/b")["id"].as_str().unwrap().to_owned();
    let gone = api.delete("/v1/branches/a%2Fb").data(200);
    assert_eq!(fields(&gone), ["branch_name", "deleted", "deleted_at"]);
    assert_eq!((&gone["deleted"], &gone["branch_name"]), (&json!(true), &json!("a/b")));
    api.get("/v1/branches/a%2Fb").error(404, "BRANCH_NOT_FOUND");
    let record = api.get(&format!("/v1/branches/{id}")).data(200);
    assert_eq!(record["status"], "deleted");
    assert_eq!(record["deleted_at"], gone["deleted_at"]);
    assert_ne!(api.branch("a/b")["id"], id.as_str());
}

#[test]
fn the_graph() {
    let api = Api::new();
    api.branch("b");
    api.execute("b", "DELETE FROM users WHERE id = 1");
    api.execute("main", "DELETE FROM users WHERE id = 2");
    let merge = api.post("/v1/branches/b/merge", json!({"target_branch": "main"})).data(200);
    let graph = api.get("/v1/graph").data(200);
    let commits = graph["commits"].as_array().unwrap();
    let ids: std::collections::BTreeSet<&str> =
        commits.iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), commits.len());
    let merged = commits.iter().find(|c| c["id"] == merge["merge_commit"]).unwrap();
    assert_eq!(merged["parents"].as_array().unwrap().len(), 2);
    for parent in commits.iter().flat_map(|c| c["parents"].as_array().unwrap()) {
        assert!(ids.contains(parent.as_str().unwrap()));
    }
    let heads = graph["branches"].as_array().unwrap();
    let main = heads.iter().find(|b| b["name"] == "main").unwrap();
    assert_eq!(main["head"], merge["merge_commit"]);
    assert_eq!(graph["truncated"], false);
    let some = api.get("/v1/graph?limit=2").data(200);
    assert_eq!(some["commits"].as_array().unwrap().len(), 2);
    assert_eq!(some["truncated"], true);
}
