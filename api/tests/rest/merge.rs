//! Merges.

use crate::client::{Api, fields};
use serde_json::{Value, json};

/// `feature` and `main` both changed Alice's address; each changed more.
fn conflicting() -> Api {
    let api = Api::new();
    api.branch("feature");
    api.execute("feature", "UPDATE users SET email = 'new@x' WHERE id = 1");
    api.execute("main", "UPDATE users SET email = 'old@x' WHERE id = 1");
    api.execute("feature", "UPDATE users SET name = 'Robert' WHERE id = 2");
    api
}

fn merge(api: &Api, mut body: Value) -> crate::client::Reply {
    body["target_branch"] = json!("main");
    api.post("/v1/branches/feature/merge", body)
}

fn users(api: &Api) -> Value {
    api.rows("main", "SELECT name, email FROM users ORDER BY id")
}

#[test]
fn merged() {
    let api = Api::new();
    api.branch("feature");
    api.execute("feature", "INSERT INTO users (id, name, email) VALUES (3, 'C', 'c@x')");
    let body = json!({
        "conflict_resolution": "source_wins", "delete_source_after_merge": true,
        "merge_message": "Take C", "dry_run": false
    });
    let done = merge(&api, body).data(200);
    let expected = [
        "changes_merged",
        "conflicts_resolved",
        "dry_run",
        "merge_commit",
        "merged_at",
        "schema_changed",
        "source_branch",
        "source_deleted",
        "status",
        "target_branch",
    ];
    assert_eq!(fields(&done), expected);
    assert_eq!((&done["status"], &done["changes_merged"]), (&json!("merged"), &json!(1)));
    assert_eq!(
        (&done["source_branch"], &done["target_branch"]),
        (&json!("feature"), &json!("main"))
    );
    assert_eq!((&done["source_deleted"], &done["dry_run"]), (&json!(true), &json!(false)));
    assert!(done["merge_commit"].is_string() && done["merged_at"].is_string(), "{done}");
    api.get("/v1/branches/feature").error(404, "BRANCH_NOT_FOUND");
    let newest = api.get("/v1/branches/main/history?limit=1").data(200)["history"][0].clone();
    assert_eq!((&newest["summary"], &newest["id"]), (&json!("Take C"), &done["merge_commit"]));
    assert_eq!(newest["merged"].as_array().unwrap().len(), 1);
}

#[test]
fn conflicts_by_hand() {
    let api = conflicting();
    let error = merge(&api, json!({})).error(409, "MERGE_CONFLICT");
    let conflict = &error["details"]["conflicts"][0];
    assert_eq!(error["details"]["conflicts"].as_array().unwrap().len(), 1);
    for (field, value) in [
        ("table", "users"),
        ("row_id", "1"),
        ("column", "email"),
        ("conflict_type", "update_update"),
        ("base_value", "a@x"),
        ("source_value", "new@x"),
        ("target_value", "old@x"),
    ] {
        assert_eq!(conflict[field], value, "{field}");
    }
    let token = &error["details"]["conflict_token"];
    let one = |take: Value| {
        let mut one = json!({"table": "users", "row_id": "1", "column": "email"});
        one.as_object_mut().unwrap().extend(take.as_object().unwrap().clone());
        json!({"resolutions": [one], "conflict_token": token})
    };
    let done = merge(&api, one(json!({"value": "both@x"}))).data(200);
    assert_eq!(done["conflicts_resolved"], 1);
    assert_eq!(users(&api), json!([["Alice", "both@x"], ["Robert", "b@x"]]));

    let api = conflicting();
    for bad in [
        json!({}),
        json!({"take": "both"}),
        json!({"take": "source", "value": 1}),
        json!({"take": "source", "why": 1}),
        json!({"take": "source", "column": null, "row_id": 1}),
        json!({"value": "x", "column": null}),
    ] {
        merge(&api, one(bad)).error(400, "INVALID_REQUEST");
    }
    let mut without_token = one(json!({"take": "source"}));
    without_token["conflict_token"] = Value::Null;
    merge(&api, without_token).error(400, "INVALID_REQUEST");
    let mut stale = one(json!({"take": "source"}));
    stale["conflict_token"] = json!("ct_of_before");
    let fresh = merge(&api, stale).error(409, "MERGE_CONFLICT");
    let mut good = one(json!({"take": "target"}));
    good["conflict_token"] = fresh["details"]["conflict_token"].clone();
    merge(&api, good).data(200);
    assert_eq!(users(&api), json!([["Alice", "old@x"], ["Robert", "b@x"]]));
}

#[test]
fn whole_rows_in_conflict() {
    let api = Api::new();
    api.branch("feature");
    api.execute("feature", "DELETE FROM users WHERE id = 1");
    api.execute("main", "UPDATE users SET age = 7 WHERE id = 1");
    let error = merge(&api, json!({})).error(409, "MERGE_CONFLICT");
    let conflict = &error["details"]["conflicts"][0];
    assert_eq!(conflict["conflict_type"], "delete_update");
    assert!(conflict["column"].is_null() && conflict["source_value"].is_null(), "{conflict}");
    let row = json!({"id": 1, "name": "Alice", "email": "a@x", "age": 7});
    assert_eq!(conflict["target_value"], row);
}

#[test]
fn policies_and_dry_runs() {
    for (policy, email) in
        [("source_wins", "new@x"), ("target_wins", "old@x"), ("newest_wins", "old@x")]
    {
        let api = conflicting();
        let before = users(&api);
        let history = api.get("/v1/branches/main/history").data(200);
        let dry = merge(&api, json!({"conflict_resolution": policy, "dry_run": true})).data(200);
        assert_eq!((&dry["status"], &dry["dry_run"]), (&json!("dry_run"), &json!(true)));
        assert!(dry["merge_commit"].is_null() && dry["merged_at"].is_null(), "{dry}");
        assert_eq!(dry["conflicts_resolved"], 1);
        assert_eq!(users(&api), before);
        assert_eq!(api.get("/v1/branches/main/history").data(200), history);
        let done = merge(&api, json!({"conflict_resolution": policy})).data(200);
        assert_eq!(done["changes_merged"], dry["changes_merged"]);
        assert_eq!(users(&api), json!([["Alice", email], ["Robert", "b@x"]]), "{policy}");
        let again = merge(&api, json!({})).data(200);
        assert_eq!((&again["status"], &again["changes_merged"]), (&json!("merged"), &json!(0)));
    }
}

#[test]
fn abort_only_counts() {
    let api = conflicting();
    let error = merge(&api, json!({"conflict_resolution": "abort"})).error(409, "MERGE_CONFLICT");
    assert_eq!(error["details"], json!({"conflict_count": 1}));
    assert_eq!(api.rows("main", "SELECT email FROM users WHERE id = 1"), json!([["old@x"]]));
}
