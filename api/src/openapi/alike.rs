//! Shapes of answers that both dialects have, but for how they write a time: what neither document
//! describes (differences, history, snapshots, the graph of commits), and parts of other answers.

use super::schema::{about, anything, count, flag, list, named, object, one_of, or_null, text};
use super::shared::{changes, names};
use serde_json::{Value as Json, json};

/// The schemas that differ in nothing but their times.
pub(super) fn schemas(time: &Json) -> Vec<(&'static str, Json)> {
    let entry = json!({
        "description": "A commit or a snapshot of a branch.",
        "oneOf": [named("TransactionEntry"), named("SnapshotEntry")],
        "discriminator": {
            "propertyName": "type",
            "mapping": {
                "transaction": "#/components/schemas/TransactionEntry",
                "snapshot": "#/components/schemas/SnapshotEntry",
            },
        },
    });
    vec![
        ("BranchChanged", changed(time)),
        ("Diff", diff()),
        ("Graph", graph(time)),
        ("HistoryEntry", entry),
        ("TransactionEntry", transaction_entry(time)),
        ("SnapshotEntry", snapshot_entry(time)),
        ("History", object(&[("history", list(named("HistoryEntry")))], &[])),
        ("Snapshot", snapshot(time)),
        ("Snapshots", object(&[("snapshots", list(named("Snapshot")))], &[])),
        ("Restored", restored()),
        ("Reset", reset(time)),
    ]
}

/// How far a branch and its source are apart; null where there is no source, or none is known.
pub(super) fn divergence() -> Json {
    or_null(object(
        &[
            ("source_branch", or_null(text())),
            ("commits_ahead", count()),
            ("commits_behind", count()),
            ("can_fast_forward", flag()),
        ],
        &[],
    ))
}

/// A place among pages.
pub(super) fn pagination() -> Json {
    object(
        &[("page", count()), ("limit", count()), ("total", count()), ("total_pages", count())],
        &[],
    )
}

/// A branch's status in the specification's words.
pub(super) fn status() -> Json {
    one_of(&["active", "merged", "deleted"])
}

fn changed(time: &Json) -> Json {
    object(
        &[
            ("id", text()),
            ("name", text()),
            ("display_name", text()),
            ("is_protected", flag()),
            ("metadata", object(&[], &[])),
            ("updated_at", time.clone()),
        ],
        &[("expires_at", time.clone())],
    )
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

fn graph(time: &Json) -> Json {
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
        &[
            ("id", text()),
            ("parents", names()),
            ("scn", count()),
            ("timestamp", time.clone()),
            ("summary", text()),
            ("user", or_null(text())),
        ],
        &[],
    );
    object(&[("branches", list(branch)), ("commits", list(commit)), ("truncated", flag())], &[])
}

fn transaction_entry(time: &Json) -> Json {
    object(
        &[
            ("type", one_of(&["transaction"])),
            ("id", text()),
            ("timestamp", time.clone()),
            ("scn", count()),
            ("summary", text()),
            ("user", about(or_null(text()), "Null where nobody is known to have made it.")),
        ],
        &[("merged", about(names(), "The commits that it merged; absent where it merged none."))],
    )
}

fn snapshot_entry(time: &Json) -> Json {
    object(
        &[
            ("type", one_of(&["snapshot"])),
            ("id", text()),
            ("timestamp", time.clone()),
            ("scn", count()),
            ("summary", text()),
            ("size_bytes", count()),
        ],
        &[],
    )
}

fn snapshot(time: &Json) -> Json {
    object(
        &[
            ("id", text()),
            ("name", or_null(text())),
            ("timestamp", about(time.clone(), "Of the commit that it keeps.")),
            ("created_at", time.clone()),
            ("scn", count()),
            ("type", one_of(&["automatic", "manual"])),
            ("size_bytes", count()),
            ("tables", count()),
            ("rows", count()),
        ],
        &[],
    )
}

fn restored() -> Json {
    object(
        &[
            ("restored", json!({"type": "boolean", "const": true})),
            ("snapshot_id", text()),
            ("restored_to_scn", count()),
            ("backup_branch", or_null(text())),
        ],
        &[],
    )
}

fn reset(time: &Json) -> Json {
    object(
        &[
            ("reset", json!({"type": "boolean", "const": true})),
            ("branch", text()),
            ("source_branch", text()),
            ("reset_to_scn", about(count(), "Where the source stands.")),
            ("changed", about(flag(), "Whether there was anything to do.")),
            ("scn", count()),
            ("timestamp", time.clone()),
            ("backup_branch", or_null(text())),
        ],
        &[],
    )
}
