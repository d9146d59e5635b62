//! The shapes of answers in the specification's dialect.

use super::schema::{
    anything, count, flag, list, named, object, one_of, or_null, text, time, with,
};
use super::shared::{changes, column, conflict, names};
use serde_json::{Map, Value as Json, json};

/// Every schema that operations name.
pub(super) fn schemas() -> Map<String, Json> {
    let mut schemas = Map::new();
    for (name, schema) in branches().into_iter().chain(data()).chain(sql()).chain(travel()) {
        schemas.insert(name.to_owned(), schema);
    }
    schemas
}

fn pagination() -> Json {
    object(
        &[("page", count()), ("limit", count()), ("total", count()), ("total_pages", count())],
        &[],
    )
}

fn status() -> Json {
    one_of(&["active", "merged", "deleted"])
}

fn failure(details: Json) -> Json {
    let error = object(&[("code", text()), ("message", text())], &[("details", details)]);
    object(&[("success", json!({"const": false})), ("error", error), ("meta", named("Meta"))], &[])
}

fn branches() -> Vec<(&'static str, Json)> {
    let stats = object(
        &[("tables", count()), ("rows", count()), ("size_bytes", count())],
        &[
            ("changes_from_source", count()),
            ("inserts", count()),
            ("updates", count()),
            ("deletes", count()),
        ],
    );
    let divergence = object(
        &[
            ("source_branch", or_null(text())),
            ("commits_ahead", count()),
            ("commits_behind", count()),
            ("can_fast_forward", flag()),
        ],
        &[],
    );
    let branch = object(
        &[
            ("id", text()),
            ("name", text()),
            ("display_name", text()),
            ("status", status()),
            ("is_default", flag()),
            ("is_protected", flag()),
            ("is_read_only", flag()),
            ("source_branch", or_null(text())),
            ("source_snapshot", or_null(text())),
            ("created_at", time()),
            ("updated_at", time()),
        ],
        &[
            ("deleted_at", time()),
            ("expires_at", time()),
            ("metadata", object(&[], &[])),
            ("stats", stats),
            ("divergence", or_null(divergence)),
            ("history", list(named("HistoryEntry"))),
        ],
    );
    let created = object(
        &[
            ("id", text()),
            ("name", text()),
            ("display_name", text()),
            ("status", status()),
            ("source_branch", or_null(text())),
            ("source_snapshot", or_null(text())),
            ("created_at", time()),
        ],
        &[("expires_at", time())],
    );
    let changed = object(
        &[
            ("id", text()),
            ("name", text()),
            ("display_name", text()),
            ("is_protected", flag()),
            ("metadata", object(&[], &[])),
            ("updated_at", time()),
        ],
        &[("expires_at", time())],
    );
    let deleted =
        object(&[("deleted", flag()), ("branch_name", text()), ("deleted_at", time())], &[]);
    let merged = object(
        &[
            ("status", one_of(&["merged", "dry_run"])),
            ("dry_run", flag()),
            ("source_branch", text()),
            ("target_branch", text()),
            ("merge_commit", or_null(text())),
            ("changes_merged", count()),
            ("schema_changed", flag()),
            ("conflicts_resolved", count()),
            ("source_deleted", flag()),
            ("merged_at", or_null(time())),
        ],
        &[],
    );
    let details = object(
        &[],
        &[("conflicts", list(conflict())), ("conflict_token", text()), ("conflict_count", count())],
    );
    vec![
        ("Meta", object(&[("request_id", text()), ("execution_time_ms", count())], &[])),
        ("Failure", failure(object(&[], &[]))),
        ("Conflict", failure(details)),
        ("Branch", branch),
        (
            "Branches",
            object(&[("branches", list(named("Branch"))), ("pagination", pagination())], &[]),
        ),
        ("BranchCreated", created),
        ("BranchChanged", changed),
        ("BranchDeleted", deleted),
        ("Merged", merged),
        ("Diff", diff()),
        ("Graph", graph()),
    ]
}

fn diff() -> Json {
    let side = || or_null(object(&[("name", text()), ("type", text())], &[]));
    let [inserts, updates, deletes] = changes();
    let table = object(
        &[
            ("name", text()),
            ("schema_change", or_null(one_of(&["added", "dropped", "altered"]))),
            inserts,
            updates,
            deletes,
        ],
        &[
            ("renamed_from", text()),
            ("columns", list(object(&[("before", side()), ("after", side())], &[]))),
        ],
    );
    let cell = object(&[("column", text()), ("before", anything()), ("after", anything())], &[]);
    let row = object(
        &[
            ("table", text()),
            ("row_id", text()),
            ("change", one_of(&["insert", "update", "delete"])),
            ("cells", list(cell)),
        ],
        &[],
    );
    object(
        &[
            ("branch", text()),
            ("against", text()),
            ("tables", list(table)),
            ("rows", list(row)),
            ("pagination", pagination()),
        ],
        &[],
    )
}

fn graph() -> Json {
    let branch = object(
        &[
            ("id", text()),
            ("name", text()),
            ("status", status()),
            ("head", text()),
            ("scn", count()),
            ("source_branch", or_null(text())),
            ("fork", or_null(text())),
        ],
        &[],
    );
    let commit = object(
        &[("id", text()), ("parents", names()), ("scn", count()), ("timestamp", time())],
        &[("summary", or_null(text())), ("user", or_null(text()))],
    );
    object(&[("branches", list(branch)), ("commits", list(commit)), ("truncated", flag())], &[])
}

fn rows() -> Json {
    list(list(named("Cell")))
}

fn data() -> Vec<(&'static str, Json)> {
    let table = object(
        &[
            ("name", text()),
            ("schema", text()),
            ("row_count", count()),
            ("columns", list(column())),
            ("indexes", names()),
            ("created_at", time()),
        ],
        &[],
    );
    vec![
        ("Tables", object(&[("tables", list(table))], &[])),
        (
            "Rows",
            object(&[("columns", names()), ("rows", rows()), ("pagination", pagination())], &[]),
        ),
        ("Inserted", object(&[("inserted", count()), ("ids", list(anything()))], &[])),
        ("Updated", object(&[("updated", count())], &[])),
        ("Deleted", object(&[("deleted", count())], &[])),
    ]
}

fn sql() -> Vec<(&'static str, Json)> {
    let given = || [("columns", names()), ("column_types", names()), ("rows", rows())];
    let did = || [("statement_type", text()), ("affected_rows", count())];
    let ended = || [("scn", count()), ("timestamp", time())];
    let query = [
        &given()[..],
        &[("row_count", count()), ("execution_plan", text()), ("execution_time_ms", count())],
    ];
    let executed = [&did()[..], &ended()[..], &[("execution_time_ms", count())]];
    let statement = with(object(&did(), &given()), "description", json!("What a statement did."));
    let transaction = [&[("results", list(statement))][..], &ended()[..]];
    vec![
        ("Query", object(&query.concat(), &[])),
        ("Executed", object(&executed.concat(), &given())),
        ("Transaction", object(&transaction.concat(), &[])),
    ]
}

fn travel() -> Vec<(&'static str, Json)> {
    let entry = object(
        &[
            ("type", one_of(&["transaction", "snapshot"])),
            ("id", text()),
            ("timestamp", time()),
            ("scn", count()),
            ("summary", text()),
        ],
        &[("user", or_null(text())), ("merged", names()), ("size_bytes", count())],
    );
    let snapshot = object(
        &[
            ("id", text()),
            ("name", or_null(text())),
            ("timestamp", time()),
            ("created_at", time()),
            ("scn", count()),
            ("type", one_of(&["automatic", "manual"])),
            ("size_bytes", count()),
            ("tables", count()),
            ("rows", count()),
        ],
        &[],
    );
    let restored = object(
        &[
            ("restored", flag()),
            ("snapshot_id", text()),
            ("restored_to_scn", count()),
            ("backup_branch", or_null(text())),
        ],
        &[],
    );
    let reset = object(
        &[
            ("reset", flag()),
            ("branch", text()),
            ("source_branch", text()),
            ("reset_to_scn", count()),
            ("changed", flag()),
            ("scn", count()),
            ("timestamp", time()),
            ("backup_branch", or_null(text())),
        ],
        &[],
    );
    vec![
        ("Reset", reset),
        ("HistoryEntry", entry),
        ("History", object(&[("history", list(named("HistoryEntry")))], &[])),
        ("Snapshot", snapshot),
        ("Snapshots", object(&[("snapshots", list(named("Snapshot")))], &[])),
        ("Restored", restored),
    ]
}
