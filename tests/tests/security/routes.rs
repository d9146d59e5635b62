//! Every route, with a request that would succeed and the scope that it needs.

use serde_json::{Value, json};

/// A route as it is asked.
pub struct Route {
    /// Method and path.
    pub call: &'static str,
    /// The body; null for none.
    pub body: Value,
    /// The scope that it needs.
    pub scope: &'static str,
}

fn route(call: &'static str, scope: &'static str, body: Value) -> Route {
    Route { call, body, scope }
}

/// All routes that ask for a credential. Those that write do it in a way that changes nothing, or
/// fails for another reason than permission, so that they can be asked in any order.
pub fn all() -> Vec<Route> {
    let none = || Value::Null;
    vec![
        route("GET /v1/branches", "read", none()),
        route("POST /v1/branches", "branch", json!({"name": "main"})),
        route("GET /v1/branches/main", "read", none()),
        route("PATCH /v1/branches/main", "branch", json!({"display_name": "main"})),
        route("DELETE /v1/branches/main", "branch", none()),
        route(
            "POST /v1/branches/b/merge",
            "branch",
            json!({"target_branch": "main", "dry_run": true}),
        ),
        route("POST /v1/branches/main/reset", "branch", json!({"source_branch": "main"})),
        route("GET /v1/branches/b/diff?against=main", "read", none()),
        route("GET /v1/branches/main/tables", "read", none()),
        route("GET /v1/branches/main/tables/t/data", "read", none()),
        route("POST /v1/branches/main/tables/t/data", "write", json!({"rows": []})),
        route(
            "PUT /v1/branches/main/tables/t/data",
            "write",
            json!({"filter": "id < 0", "updates": {"s": "x"}}),
        ),
        route("DELETE /v1/branches/main/tables/t/data?filter=id%20%3C%200", "write", none()),
        route("POST /v1/branches/main/query", "read", json!({"sql": "SELECT 1"})),
        route("POST /v1/branches/main/execute", "write", json!({"sql": "SELECT 1"})),
        route(
            "POST /v1/branches/main/transaction",
            "write",
            json!({"statements": [{"sql": "SELECT 1"}]}),
        ),
        route("GET /v1/branches/main/history", "read", none()),
        route("GET /v1/branches/main/snapshots", "read", none()),
        route("POST /v1/branches/main/snapshots", "write", json!({"name": "\u{1}"})),
        route("POST /v1/branches/main/restore/none", "write", json!({})),
        route("GET /v1/graph", "read", none()),
        route("GET /v1/webhooks", "admin", none()),
        route("POST /v1/webhooks", "admin", json!({"url": "http://127.0.0.1/"})),
        route("GET /v1/webhooks/none", "admin", none()),
        route("PATCH /v1/webhooks/none", "admin", json!({"active": false})),
        route("DELETE /v1/webhooks/none", "admin", none()),
        route("GET /v1/webhooks/none/deliveries", "admin", none()),
        route("GET /metrics", "admin", none()),
    ]
}
