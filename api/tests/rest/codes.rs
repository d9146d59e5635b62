//! Every code of the protocol, with what causes it.

use crate::client::Api;
use offshoot_core::sql::Limits;
use serde_json::json;

const MAIN: &str = "/v1/branches/main";

#[test]
fn things_that_are_not_there() {
    let api = Api::new();
    for path in ["nowhere", "br_0123456789abcdef0123456789abcdef", "a%2Fb", "MAIN"] {
        for rest in
            ["", "/tables", "/tables/users/data", "/history", "/snapshots", "/diff?against=main"]
        {
            api.get(&format!("/v1/branches/{path}{rest}")).error(404, "BRANCH_NOT_FOUND");
        }
    }
    api.get(&format!("{MAIN}/diff?against=nowhere")).error(404, "BRANCH_NOT_FOUND");
    api.post("/v1/branches", json!({"name": "b", "source_branch": "nowhere"}))
        .error(404, "BRANCH_NOT_FOUND");
    api.get(&format!("{MAIN}/tables/nowhere/data")).error(404, "TABLE_NOT_FOUND");
    api.get(&format!("{MAIN}/diff?against=main&table=nowhere")).error(404, "TABLE_NOT_FOUND");
    api.try_query("main", json!({"sql": "SELECT * FROM nowhere"})).error(404, "TABLE_NOT_FOUND");
    let row = json!({"rows": [{"id": 3, "nowhere": 1}]});
    api.post(&format!("{MAIN}/tables/users/data"), row).error(404, "COLUMN_NOT_FOUND");
    for query in ["columns=id,nowhere", "filter=nowhere%3D1", "order_by=nowhere"] {
        let path = format!("{MAIN}/tables/users/data?{query}");
        api.get(&path).error(404, "COLUMN_NOT_FOUND");
    }
    api.post(&format!("{MAIN}/restore/nowhere"), json!({})).error(404, "SNAPSHOT_NOT_FOUND");
}

#[test]
fn branch_exists() {
    let api = Api::new();
    api.post("/v1/branches", json!({"name": "main"})).error(409, "BRANCH_EXISTS");
}

#[test]
fn names_that_no_branch_may_have() {
    let api = Api::new();
    for name in ["", " ", "a b", "/a", "..", "-f", "br_00ff", "snap_1", "a%2Fb"] {
        api.post("/v1/branches", json!({"name": name})).error(400, "INVALID_REQUEST");
        let body = json!({"create_backup_branch": true, "backup_branch_name": name});
        api.post(&format!("{MAIN}/restore/s"), body).error(400, "INVALID_REQUEST");
    }
}

#[test]
fn branch_protected() {
    let api = Api::new();
    api.delete(MAIN).error(403, "BRANCH_PROTECTED");
    api.branch("b");
    api.patch("/v1/branches/b", json!({"is_protected": true})).data(200);
    api.try_execute("b", "DELETE FROM users").error(403, "BRANCH_PROTECTED");
    let data = "/v1/branches/b/tables/users/data";
    let row = json!({"rows": [{"id": 3, "name": "C", "email": "c@x"}]});
    api.post(data, row).error(403, "BRANCH_PROTECTED");
    let update = json!({"filter": "id = 1", "updates": {"name": "x"}});
    api.put(data, update).error(403, "BRANCH_PROTECTED");
    api.delete(&format!("{data}?filter=true")).error(403, "BRANCH_PROTECTED");
    let statements = json!({"statements": [{"sql": "DELETE FROM users"}]});
    api.post("/v1/branches/b/transaction", statements).error(403, "BRANCH_PROTECTED");
    api.delete("/v1/branches/b?force=true").error(403, "BRANCH_PROTECTED");
    let taken = api.post("/v1/branches/b/snapshots", json!({})).data(201);
    let restore = format!("/v1/branches/b/restore/{}", taken["id"].as_str().unwrap());
    api.post(&restore, json!({})).error(403, "BRANCH_PROTECTED");
    api.execute("main", "DELETE FROM users WHERE id = 1");
    api.post("/v1/branches/main/merge", json!({"target_branch": "b"})).data(200);
    assert_eq!(api.rows("b", "SELECT id FROM users"), json!([[2]]));
}

#[test]
fn branch_read_only() {
    let api = Api::new();
    api.read_only("past");
    assert_eq!(api.get("/v1/branches/past").data(200)["is_read_only"], true);
    api.try_execute("past", "DELETE FROM users").error(403, "BRANCH_READ_ONLY");
    api.post("/v1/branches/main/merge", json!({"target_branch": "past"}))
        .error(403, "BRANCH_READ_ONLY");
}

#[test]
fn branch_unmerged_and_children() {
    let api = Api::new();
    api.branch("b");
    api.execute("b", "DELETE FROM users WHERE id = 1");
    let error = api.delete("/v1/branches/b").error(409, "BRANCH_UNMERGED");
    assert_eq!(error["details"], json!({"source_branch": "main", "commits_ahead": 1}));
    api.post("/v1/branches", json!({"name": "child", "source_branch": "b"})).data(201);
    let error = api.delete("/v1/branches/b?force=true").error(409, "BRANCH_HAS_CHILDREN");
    assert_eq!(error["details"], json!({"children": ["child"]}));
    api.delete("/v1/branches/child").data(200);
    api.delete("/v1/branches/b?force=true").data(200);
}

#[test]
fn invalid_sql() {
    let api = Api::new();
    for sql in ["", ";", "SELEC 1", "SELECT * FROM", "'", "SELECT 1; SELECT 2"] {
        api.try_query("main", json!({"sql": sql})).error(400, "INVALID_SQL");
        api.try_execute("main", sql).error(400, "INVALID_SQL");
    }
    for sql in [
        "INSERT INTO users VALUES (3, 'C', 'c@x', 1, 'too many')",
        "INSERT INTO users (id, name) VALUES (3)",
    ] {
        api.try_execute("main", sql).error(400, "INVALID_SQL");
    }
    api.try_execute("main", "CREATE TABLE users (id INTEGER PRIMARY KEY)")
        .error(400, "INVALID_SQL");
    api.try_execute("main", "DROP INDEX nowhere").error(400, "INVALID_SQL");
}

#[test]
fn values_that_do_not_fit() {
    let api = Api::new();
    let data = format!("{MAIN}/tables/users/data");
    for row in [
        json!({"id": "three", "name": "C", "email": "c@x"}),
        json!({"id": "3", "name": "C", "email": "c@x"}),
        json!({"id": 3, "name": 5, "email": "c@x"}),
        json!({"id": 3, "name": ["C"], "email": "c@x"}),
        json!({"id": 3, "name": "C", "email": "c@x", "age": 1.5}),
        json!({"id": 3, "name": "C", "email": "c@x", "age": true}),
    ] {
        api.post(&data, json!({"rows": [row]})).error(400, "INVALID_REQUEST");
    }
    let update = json!({"filter": "id = 1", "updates": {"age": "old"}});
    api.put(&data, update).error(400, "INVALID_REQUEST");
    api.put(&data, json!({"filter": "id = 1", "updates": {}})).error(400, "INVALID_REQUEST");
}

#[test]
fn writes_through_the_query_endpoint() {
    let api = Api::new();
    for sql in ["DELETE FROM users", "DROP TABLE users", "CREATE INDEX i ON users (age)", "BEGIN"] {
        api.try_query("main", json!({"sql": sql})).error(400, "INVALID_REQUEST");
        let past = json!({"sql": sql, "as_of": {"type": "scn", "value": 3}});
        api.try_query("main", past).error(400, "INVALID_REQUEST");
    }
    assert_eq!(api.rows("main", "SELECT id FROM users"), json!([[1], [2]]));
}

#[test]
fn time_before_history() {
    let api = Api::new();
    let as_of = json!({"type": "timestamp", "value": "1999-12-31T23:59:59Z"});
    let error = api
        .try_query("main", json!({"sql": "SELECT * FROM users", "as_of": as_of}))
        .error(400, "TIME_BEFORE_HISTORY");
    let begins = json!({"first_scn": 1, "first_timestamp": "2025-12-01T08:00:00Z"});
    assert_eq!(error["details"], begins);
    api.post("/v1/branches", json!({"name": "b", "as_of": as_of}))
        .error(400, "TIME_BEFORE_HISTORY");
}

#[test]
fn constraint_violation() {
    let api = Api::new();
    api.execute(
        "main",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, \
         FOREIGN KEY (user_id) REFERENCES users (id))",
    );
    api.execute("main", "INSERT INTO orders VALUES (1, 1)");
    for (sql, kind) in [
        ("INSERT INTO users (id, name, email) VALUES (1, 'x', 'x@x')", "unique"),
        ("INSERT INTO users (id, name, email) VALUES (3, 'x', 'a@x')", "unique"),
        ("INSERT INTO users (id, name, email) VALUES (3, NULL, 'c@x')", "not_null"),
        ("UPDATE users SET age = -1 WHERE id = 1", "check"),
        ("INSERT INTO orders VALUES (2, 99)", "foreign_key"),
        ("DELETE FROM users WHERE id = 1", "foreign_key"),
    ] {
        let error = api.try_execute("main", sql).error(409, "CONSTRAINT_VIOLATION");
        assert_eq!(error["details"]["constraint_type"], kind, "{sql}");
    }
    let unique = api.try_execute("main", "UPDATE users SET email = 'b@x' WHERE id = 1");
    let details = unique.error(409, "CONSTRAINT_VIOLATION")["details"].clone();
    assert_eq!(details["constraint"], "idx_users_email");
    assert_eq!((&details["columns"], &details["values"]), (&json!(["email"]), &json!(["b@x"])));
    let taken = json!({"name": "s"});
    api.post(&format!("{MAIN}/snapshots"), taken.clone()).data(201);
    api.post(&format!("{MAIN}/snapshots"), taken).error(409, "CONSTRAINT_VIOLATION");
}

#[test]
fn write_conflict() {
    let api = Api::new();
    api.hold("main");
    let error = api.try_execute("main", "DELETE FROM users").error(409, "WRITE_CONFLICT");
    assert_eq!(error["details"], json!({"retriable": true}));
    assert_eq!(api.rows("main", "SELECT id FROM users"), json!([[1], [2]]), "readers never wait");
}

#[test]
fn query_timeout() {
    let api = Api::new();
    let body = json!({"sql": "SELECT * FROM users", "timeout_ms": 0});
    api.try_query("main", body).error(408, "QUERY_TIMEOUT");
}

#[test]
fn limit_exceeded() {
    let limits = Limits { rows: 3, sql_bytes: 2000, ..Limits::default() };
    let api = Api::with_limits(limits, 1 << 20);
    api.execute("main", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    api.execute("main", "INSERT INTO t VALUES (1), (2), (3), (4)");
    api.try_query("main", json!({"sql": "SELECT id FROM t"})).error(422, "LIMIT_EXCEEDED");
    let long = format!("SELECT '{}'", "x".repeat(2000));
    api.try_query("main", json!({"sql": long})).error(422, "LIMIT_EXCEEDED");
    let api = Api::new();
    let deep = format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    api.try_query("main", json!({"sql": deep})).error(422, "LIMIT_EXCEEDED");
    let body = json!({"name": "b", "metadata": {"long": "x".repeat(1 << 20)}});
    api.post("/v1/branches", body).error(422, "LIMIT_EXCEEDED");
}

#[test]
fn invalid_merge() {
    let api = Api::new();
    for dry_run in [true, false] {
        let body = json!({"target_branch": "main", "dry_run": dry_run});
        api.post(&format!("{MAIN}/merge"), body).error(422, "INVALID_MERGE");
    }
}

#[test]
fn not_implemented() {
    let api = Api::new();
    let error = api
        .try_execute("main", "CREATE MATERIALIZED VIEW v AS SELECT id FROM users")
        .error(501, "NOT_IMPLEMENTED");
    assert!(error["message"].as_str().unwrap().to_lowercase().contains("view"), "{error}");
}
