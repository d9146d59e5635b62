//! What each route takes and gives.

use super::schema::{
    about, anything, between, closed, count, flag, list, named, object, one_of, text, time, with,
};
use crate::rest::routes::Method;
use serde_json::{Value as Json, json};

/// A parameter of the query.
pub(super) struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    pub required: bool,
    pub schema: Json,
}

/// One operation.
pub(super) struct Operation {
    pub id: &'static str,
    pub tag: &'static str,
    pub summary: &'static str,
    pub about: &'static str,
    pub query: Vec<Parameter>,
    pub body: Option<Json>,
    pub body_required: bool,
    /// A body to begin with.
    pub example: Json,
    /// Status and schema of success, in each dialect.
    pub envelope: Vec<(u16, Option<Json>)>,
    pub plain: Vec<(u16, Option<Json>)>,
    also: &'static [u16],
}

/// What any request may come to.
const ANY: [u16; 11] = [400, 401, 403, 404, 408, 413, 422, 429, 500, 501, 503];

impl Operation {
    pub fn new(id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Operation {
            id,
            tag,
            summary,
            about: "",
            query: Vec::new(),
            body: None,
            body_required: true,
            example: Json::Null,
            envelope: Vec::new(),
            plain: Vec::new(),
            also: &[],
        }
    }

    pub fn about(mut self, text: &'static str) -> Self {
        self.about = text;
        self
    }

    pub fn asks(mut self, name: &'static str, schema: Json, about: &'static str) -> Self {
        self.query.push(Parameter { name, about, required: false, schema });
        self
    }

    fn needs(mut self, name: &'static str, schema: Json, about: &'static str) -> Self {
        self.query.push(Parameter { name, about, required: true, schema });
        self
    }

    pub fn takes(mut self, body: Json, example: Json) -> Self {
        self.body = Some(body);
        self.example = example;
        self
    }

    fn may_take(self, body: Json, example: Json) -> Self {
        Operation { body_required: false, ..self.takes(body, example) }
    }

    /// The name of the schema of its answer, which both dialects have, each its own.
    pub fn gives(mut self, status: u16, schema: &str) -> Self {
        self.envelope.push((status, Some(enveloped(named(schema)))));
        self.plain.push((status, Some(named(schema))));
        self
    }

    /// In the plain dialect it gives nothing.
    pub fn gives_or_nothing(mut self, schema: &str) -> Self {
        self.envelope.push((200, Some(enveloped(named(schema)))));
        self.plain.push((204, None));
        self
    }

    fn writes(mut self) -> Self {
        self.also = &[409];
        self
    }

    /// The statuses of its failures.
    pub fn failures(&self) -> impl Iterator<Item = u16> {
        ANY.iter().chain(self.also).copied()
    }
}

fn enveloped(data: Json) -> Json {
    object(&[("success", json!({"const": true})), ("data", data), ("meta", named("Meta"))], &[])
}

/// A number from 1.
fn positive() -> Json {
    json!({"type": "integer", "minimum": 1})
}

fn paged(operation: Operation, least: u64, most: u64) -> Operation {
    operation.asks("page", with(positive(), "default", json!(1)), "Which page, from 1.").asks(
        "limit",
        with(between(1, most), "default", json!(least)),
        "Items of a page.",
    )
}

/// A time in a query or a body: RFC 3339, or seconds since 1970.
fn moment() -> Json {
    json!({"anyOf": [time(), {"type": "number"}]})
}

fn point(operation: Operation) -> Operation {
    let forms = one_of(&["now", "timestamp", "transaction", "scn", "snapshot"]);
    operation
        .asks("as_of_type", forms, "What `as_of_value` is: the kind of a point in time.")
        .asks("as_of_value", text(), "The point; not with `now`.")
        .asks("as_of", moment(), "A time alone, in the tutorial's words.")
}

/// What a route does; `None`: it is no route of this crate.
pub(super) fn of(method: Method, path: &str) -> Option<Operation> {
    let rest = path.strip_prefix("/v1/")?;
    let rest = rest.strip_prefix("branches/{branch}").map_or(rest, |rest| rest);
    Some(match (method, rest) {
        (Method::Get, "branches") => list_branches(),
        (Method::Post, "branches") => create_branch(),
        (Method::Get, "") => get_branch(),
        (Method::Patch, "") => update_branch(),
        (Method::Delete, "") => delete_branch(),
        (Method::Post, "/merge") => merge(),
        (Method::Post, "/reset") => reset(),
        (Method::Get, "/diff") => diff(),
        (Method::Get, "/tables") => tables(),
        (Method::Get, "/tables/{table}/data") => page(),
        (Method::Post, "/tables/{table}/data") => insert(),
        (Method::Put, "/tables/{table}/data") => update(),
        (Method::Delete, "/tables/{table}/data") => delete(),
        (Method::Post, "/query") => query(),
        (Method::Post, "/execute") => execute(),
        (Method::Post, "/transaction") => transaction(),
        (Method::Get, "/history") => history(),
        (Method::Get, "/snapshots") => snapshots(),
        (Method::Post, "/snapshots") => take_snapshot(),
        (Method::Post, "/restore/{snapshot}") => restore(),
        (Method::Get, "graph") => graph(),
        _ => return super::webhooks::of(method, rest),
    })
}

fn list_branches() -> Operation {
    // How many a page has by itself, each dialect decides; the default is no part of the schema.
    Operation::new("listBranches", "Branches", "Branches")
        .asks("status", one_of(&["active", "merged", "deleted", "all"]), "Which ones.")
        .asks("sort", one_of(&["name", "created_at", "updated_at"]), "What they are sorted by.")
        .asks("order", one_of(&["asc", "desc"]), "In which direction.")
        .asks("page", positive(), "Which page, from 1.")
        .asks(
            "limit",
            between(1, 100),
            "Branches of a page; without it 20, in the plain dialect all.",
        )
        .gives(200, "Branches")
}

fn create_branch() -> Operation {
    let body = closed(
        &[("name", about(text(), "1 to 255 bytes: letters, digits and / - _ ."))],
        &[
            ("display_name", text()),
            ("source_branch", about(text(), "Name or id; `main` where absent.")),
            ("parent", about(text(), "The same, in the tutorial's word.")),
            ("as_of", named("AsOf")),
            ("snapshot_id", snapshot()),
            ("metadata", object(&[], &[])),
            ("options", closed(&[], &[("read_only", flag()), ("isolated", flag())])),
            ("expires_at", about(moment(), "When it is deleted, unless it is protected then.")),
        ],
    );
    Operation::new("createBranch", "Branches", "A new branch")
        .about("From its source as it is now, or as it was at any point. Nothing is copied.")
        .takes(body, json!({"name": "feature-x", "source_branch": "main"}))
        .gives(201, "BranchCreated")
        .writes()
}

/// A point in time of the tutorial's, in a body.
fn snapshot() -> Json {
    about(
        json!({"type": ["integer", "string"]}),
        "In the tutorial's word: seconds since 1970, or a snapshot's id or name.",
    )
}

fn get_branch() -> Operation {
    Operation::new("getBranch", "Branches", "One branch")
        .asks("include_stats", flag(), "Counts of tables, rows and bytes.")
        .asks("include_history", flag(), "Its newest commits.")
        .gives(200, "Branch")
}

fn update_branch() -> Operation {
    let body = closed(
        &[],
        &[
            ("display_name", text()),
            ("is_protected", flag()),
            ("metadata", object(&[], &[])),
            ("expires_at", about(moment(), "When it is deleted; null: never by itself.")),
        ],
    );
    Operation::new("updateBranch", "Branches", "A branch with another name, protection or metadata")
        .about("What is absent stays. `metadata` is replaced whole. Protection needs `admin`.")
        .takes(body, json!({"display_name": "Feature X", "metadata": {"ticket": 17}}))
        .gives(200, "BranchChanged")
        .writes()
}

fn delete_branch() -> Operation {
    Operation::new("deleteBranch", "Branches", "A branch is deleted")
        .asks("force", flag(), "Also where its commits were merged nowhere.")
        .gives_or_nothing("BranchDeleted")
        .writes()
}

fn merge() -> Operation {
    let policies = [
        "source_wins",
        "target_wins",
        "newest_wins",
        "manual",
        "abort",
        "Auto",
        "Manual",
        "Theirs",
        "Ours",
    ];
    let policy = || one_of(&policies);
    let body = closed(
        &[],
        &[
            ("target_branch", about(text(), "Name or id.")),
            ("target", about(text(), "The same, in the tutorial's word.")),
            ("conflict_resolution", policy()),
            ("strategy", about(policy(), "The same, in the tutorial's word.")),
            ("delete_source_after_merge", flag()),
            ("merge_message", text()),
            ("dry_run", flag()),
            ("renumber", flag()),
            ("resolutions", list(resolution())),
            ("conflict_token", text()),
        ],
    );
    let named_target = json!([{"required": ["target_branch"]}, {"required": ["target"]}]);
    let body = with(body, "anyOf", named_target);
    Operation::new("mergeBranch", "Branches", "A branch is merged into another")
        .about(
            "Cell by cell. Conflicts that the policy leaves open are a 409 with all of them and a \
             token; the same call with `resolutions` and the token settles them.",
        )
        .takes(
            body,
            json!({"target_branch": "main", "conflict_resolution": "manual", "dry_run": true}),
        )
        .gives(200, "Merged")
        .writes()
}

/// What settles a conflict: which row, and which side or value it takes.
fn resolution() -> Json {
    let rows = [
        vec![("table", text()), ("row_id", text())],
        vec![("key", about(text(), "Table and row at once, `users:123`."))],
    ];
    let side = ("take", one_of(&["source", "target"]));
    let ways = rows.iter().flat_map(|row| {
        let column = ("column", text());
        let taking = [&row[..], std::slice::from_ref(&side)].concat();
        let saying = [&row[..], &[column.clone(), ("value", anything())]].concat();
        [closed(&taking, &[column]), closed(&saying, &[])]
    });
    json!({"anyOf": ways.collect::<Vec<_>>()})
}

fn diff() -> Operation {
    let operation = Operation::new("diffBranch", "Branches", "What a branch holds differently")
        .needs("against", with(text(), "minLength", json!(1)), "The other branch.")
        .asks("table", text(), "This table only.");
    paged(operation, 100, 1000).gives(200, "Diff")
}

fn tables() -> Operation {
    Operation::new("listTables", "Data", "Tables and their columns").gives(200, "Tables")
}

fn page() -> Operation {
    let operation = Operation::new("listRows", "Data", "A page of a table")
        .asks("columns", text(), "Names with commas between them, or `*`.")
        .asks("filter", text(), "An expression over the table's columns.")
        .asks("order_by", text(), "Expressions with ASC or DESC, commas between them.");
    point(paged(operation, 100, 1000)).gives(200, "Rows")
}

fn insert() -> Operation {
    let body = closed(
        &[("rows", list(object(&[], &[])))],
        &[("on_conflict", one_of(&["error", "ignore", "update"]))],
    );
    Operation::new("insertRows", "Data", "Rows are inserted, all or none")
        .takes(body, json!({"rows": [{"name": "Ada", "age": 36}], "on_conflict": "error"}))
        .gives(201, "Inserted")
        .writes()
}

fn update() -> Operation {
    let values = || with(object(&[], &[]), "minProperties", json!(1));
    let body = closed(
        &[],
        &[
            ("filter", about(text(), "Which rows; `true` means all. Here or in the query.")),
            ("updates", values()),
            ("values", about(values(), "The same, in the tutorial's word.")),
        ],
    );
    Operation::new("updateRows", "Data", "Rows are updated")
        .asks("filter", text(), "Which rows; `true` means all. Here or in the body.")
        .takes(body, json!({"filter": "id = 1", "updates": {"age": 37}}))
        .gives(200, "Updated")
        .writes()
}

fn delete() -> Operation {
    let body = closed(&[], &[("filter", about(text(), "Which rows; `true` means all."))]);
    Operation::new("deleteRows", "Data", "Rows are deleted")
        .asks("filter", text(), "Which rows; `true` means all. Here or in the body.")
        .may_take(body, json!({"filter": "age > 99"}))
        .gives(200, "Deleted")
        .writes()
}

/// A statement and its parameters.
fn statement() -> [(&'static str, Json); 2] {
    [("sql", with(text(), "minLength", json!(1))), ("params", named("Parameters"))]
}

fn query() -> Operation {
    let [sql, params] = statement();
    let timeout = ("timeout_ms", about(count(), "Milliseconds; at most the server's greatest."));
    let body = closed(&[sql], &[params, ("as_of", named("AsOf")), timeout]);
    Operation::new("query", "SQL", "A query")
        .takes(body, json!({"sql": "SELECT id, name FROM users WHERE age > $1", "params": [30]}))
        .gives(200, "Query")
}

fn execute() -> Operation {
    let [sql, params] = statement();
    let timeout = ("timeout_ms", about(count(), "Milliseconds; at most the server's greatest."));
    let body = closed(&[sql], &[params, timeout]);
    Operation::new("execute", "SQL", "A statement")
        .takes(body, json!({"sql": "UPDATE users SET age = $1 WHERE id = $2", "params": [31, 1]}))
        .gives(200, "Executed")
        .writes()
}

fn transaction() -> Operation {
    let [sql, params] = statement();
    let statements = with(list(closed(&[sql], &[params])), "minItems", json!(1));
    let timeout = ("timeout_ms", about(count(), "Milliseconds; at most the server's greatest."));
    let body = closed(&[("statements", statements)], &[timeout]);
    Operation::new("transaction", "SQL", "Statements as one commit, all or none")
        .takes(
            body,
            json!({"statements": [
                {"sql": "UPDATE users SET age = age + 1 WHERE id = $1", "params": [1]},
                {"sql": "DELETE FROM users WHERE age > 99"},
            ]}),
        )
        .gives(200, "Transaction")
        .writes()
}

fn history() -> Operation {
    Operation::new("history", "Time travel", "The commits and snapshots of a branch, newest first")
        .asks("from", moment(), "No older ones.")
        .asks("to", moment(), "No newer ones.")
        .asks("limit", with(between(1, 10_000), "default", json!(50)), "So many at most.")
        .gives(200, "History")
}

fn snapshots() -> Operation {
    Operation::new("listSnapshots", "Time travel", "Snapshots, newest first")
        .gives(200, "Snapshots")
}

fn take_snapshot() -> Operation {
    Operation::new("createSnapshot", "Time travel", "A snapshot of a branch as it is now")
        .may_take(closed(&[], &[("name", text())]), json!({"name": "before-import"}))
        .gives(201, "Snapshot")
        .writes()
}

fn restore() -> Operation {
    let body = closed(&[], &[("create_backup_branch", flag()), ("backup_branch_name", text())]);
    Operation::new("restore", "Time travel", "A branch gets the state of a snapshot again")
        .about("A commit on top: nothing of its history is lost.")
        .may_take(body, json!({"create_backup_branch": true}))
        .gives(200, "Restored")
        .writes()
}

fn reset() -> Operation {
    let body = closed(
        &[],
        &[
            ("source_branch", about(text(), "Name or id; where it was made from, where absent.")),
            ("parent", about(text(), "The same, in the tutorial's word.")),
            ("as_of", about(named("AsOf"), "Which point of that branch; now, where absent.")),
            ("snapshot_id", snapshot()),
            ("create_backup_branch", flag()),
            ("backup_branch_name", text()),
        ],
    );
    Operation::new("resetBranch", "Branches", "A branch is set to where its source stands")
        .about("A commit on top: nothing of its history is lost.")
        .may_take(body, json!({"create_backup_branch": true}))
        .gives(200, "Reset")
        .writes()
}

fn graph() -> Operation {
    Operation::new("graph", "Branches", "Every commit that a live branch reaches")
        .asks("limit", positive(), "So many commits at most; without it all.")
        .gives(200, "Graph")
}
