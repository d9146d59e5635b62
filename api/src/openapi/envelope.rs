//! The shapes of answers in the specification's dialect.

use super::alike::{self, divergence, pagination, status};
use super::schema::{
    about, anything, count, flag, list, named, object, one_of, or_null, text, time, with,
};
use super::shared::names;
use serde_json::{Map, Value as Json, json};

/// Every schema that operations name.
pub(super) fn schemas() -> Map<String, Json> {
    let mut schemas = Map::new();
    let own = branches().into_iter().chain(data()).chain(sql());
    for (name, schema) in alike::schemas(&time()).into_iter().chain(own) {
        schemas.insert(name.to_owned(), schema);
    }
    schemas
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
    let branch = |known: &[(&str, Json)], perhaps: &[(&str, Json)]| {
        let always = [
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
        ];
        let may_be = [
            ("deleted_at", about(time(), "Of a deleted branch only.")),
            ("expires_at", about(time(), "Where it is to be deleted by itself.")),
            ("stats", about(stats.clone(), "Absent for a deleted branch.")),
        ];
        object(&[&always, known].concat(), &[&may_be, perhaps].concat())
    };
    let known = [("metadata", object(&[], &[])), ("divergence", divergence())];
    let history = ("history", list(named("HistoryEntry")));
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
        &[
            ("conflicts", list(named("MergeConflict"))),
            ("conflict_token", text()),
            ("conflict_count", count()),
        ],
    );
    vec![
        ("Meta", object(&[("request_id", text()), ("execution_time_ms", count())], &[])),
        ("Failure", failure(object(&[], &[]))),
        ("Conflict", failure(details)),
        ("MergeConflict", conflict()),
        ("BranchListed", branch(&[], &[])),
        ("Branch", branch(&known, &[history])),
        (
            "Branches",
            object(&[("branches", list(named("BranchListed"))), ("pagination", pagination())], &[]),
        ),
        ("BranchCreated", created),
        ("BranchDeleted", deleted),
        ("Merged", merged),
    ]
}

/// A conflict that stays open.
fn conflict() -> Json {
    object(
        &[
            ("table", text()),
            ("row_id", or_null(text())),
            ("column", or_null(text())),
            ("conflict_type", text()),
            ("base_value", anything()),
            ("source_value", anything()),
            ("target_value", anything()),
            ("generated_key", flag()),
            ("message", or_null(text())),
        ],
        &[],
    )
}

fn rows() -> Json {
    list(list(named("Cell")))
}

fn data() -> Vec<(&'static str, Json)> {
    let column = object(
        &[("name", text()), ("type", text()), ("nullable", flag()), ("primary_key", flag())],
        &[],
    );
    let table = object(
        &[
            ("name", text()),
            ("schema", text()),
            ("row_count", count()),
            ("columns", list(column)),
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
