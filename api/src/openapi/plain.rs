//! The shapes of answers in the tutorial's dialect: bare bodies, rows as objects, whole seconds.

use super::alike::{self, divergence};
use super::schema::{
    about, anything, count, flag, list, named, object, one_of, or_null, seconds, text, with,
};
use super::shared::names;
use serde_json::{Map, Value as Json, json};

/// The type of an error, by its status.
const ERRORS: [&str; 13] = [
    "BadRequest",
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "MethodNotAllowed",
    "QueryTimeout",
    "Conflict",
    "PayloadTooLarge",
    "UnprocessableEntity",
    "TooManyRequests",
    "InternalServerError",
    "NotImplemented",
    "ServiceUnavailable",
];

/// Every schema that operations name.
pub(super) fn schemas() -> Map<String, Json> {
    let mut schemas = Map::new();
    let own = failures().into_iter().chain(branches()).chain(data()).chain(sql());
    for (name, schema) in alike::schemas(&seconds()).into_iter().chain(own) {
        schemas.insert(name.to_owned(), schema);
    }
    schemas
}

/// A failure, with what else it always has and may have.
fn failure(required: &[(&str, Json)], optional: &[(&str, Json)]) -> Json {
    let always = [
        ("error", about(one_of(&ERRORS), "The type of the error, by its status.")),
        ("message", text()),
        ("code", about(text(), "The specification's code, which tells errors of a status apart.")),
    ];
    let details = [("details", about(text(), "More to say: the JSON of an object, as text."))];
    object(&[&always, required].concat(), &[&details, optional].concat())
}

fn failures() -> Vec<(&'static str, Json)> {
    let status = ("status", json!({"type": "integer", "const": 401}));
    vec![
        ("Failure", failure(&[], &[])),
        ("Unauthorized", failure(&[status], &[])),
        (
            "Conflict",
            failure(
                &[],
                &[
                    ("conflicts", list(named("MergeConflict"))),
                    ("conflict_token", text()),
                    ("conflict_count", about(count(), "Where the merge was to abort at any.")),
                ],
            ),
        ),
    ]
}

fn branches() -> Vec<(&'static str, Json)> {
    let stats = object(
        &[("total_keys", count()), ("size_bytes", count()), ("last_modified", seconds())],
        &[],
    );
    let branch = |known: &[(&str, Json)], perhaps: &[(&str, Json)]| {
        let expires = [("expires_at", about(seconds(), "Where it is to be deleted by itself."))];
        let always = [
            ("id", text()),
            ("name", text()),
            ("parent", or_null(text())),
            ("created_at", seconds()),
            (
                "snapshot_id",
                about(seconds(), "When the commit was made at which the branch begins."),
            ),
            ("state", one_of(&["Active", "Merged", "Deleted"])),
            ("display_name", text()),
            ("is_protected", flag()),
            ("options", object(&[("read_only", flag()), ("isolated", flag())], &[])),
        ];
        object(&[&always, known].concat(), &[&expires, perhaps].concat())
    };
    let stats = ("stats", about(stats, "Absent for a deleted branch."));
    let details = [("metadata", object(&[], &[])), ("divergence", divergence())];
    let history = ("history", list(named("HistoryEntry")));
    let conflict = |resolution: Json| {
        object(
            &[
                ("key", about(text(), "Table and row, `users:123`; of a schema, the table.")),
                ("table", text()),
                ("row_id", or_null(text())),
                ("column", or_null(text())),
                ("conflict_type", text()),
                ("base_value", anything()),
                ("source_value", anything()),
                ("target_value", anything()),
                ("resolution", resolution),
                ("resolved_value", anything()),
                ("message", or_null(text())),
            ],
            &[],
        )
    };
    let merged = object(
        &[
            ("merge_timestamp", seconds()),
            ("merged_keys", count()),
            ("conflicts", about(list(named("SettledConflict")), "Those that were resolved.")),
            ("completed", about(flag(), "False for a dry run.")),
            ("message", text()),
            ("dry_run", flag()),
            ("source", text()),
            ("target", text()),
            ("source_deleted", flag()),
        ],
        &[],
    );
    vec![
        ("BranchListed", branch(&[], std::slice::from_ref(&stats))),
        ("BranchCreated", branch(std::slice::from_ref(&stats), &[])),
        ("Branch", branch(&details, &[stats, history])),
        (
            "Branches",
            object(
                &[
                    ("total", count()),
                    ("branches", list(named("BranchListed"))),
                    ("page", count()),
                    ("limit", count()),
                    ("has_more", flag()),
                ],
                &[],
            ),
        ),
        ("MergeConflict", conflict(json!({"type": "null"}))),
        ("SettledConflict", conflict(one_of(&["Auto", "Ours", "Theirs", "Manual", "Abort"]))),
        ("Merged", merged),
    ]
}

fn rows() -> Json {
    let row = with(object(&[], &[]), "additionalProperties", named("Cell"));
    list(about(row, "A row by the names in `columns`."))
}

fn data() -> Vec<(&'static str, Json)> {
    let table = object(
        &[
            ("name", text()),
            ("row_count", count()),
            ("size_bytes", count()),
            ("created_at", seconds()),
        ],
        &[],
    );
    let page = [
        ("columns", names()),
        ("rows", rows()),
        ("total", count()),
        ("page", count()),
        ("limit", count()),
        ("has_more", flag()),
    ];
    vec![
        ("Tables", object(&[("tables", list(table))], &[])),
        ("Rows", object(&page, &[])),
        ("Inserted", object(&[("inserted", count()), ("ids", list(anything())), took()], &[])),
        ("Updated", object(&[("updated", count()), took()], &[])),
        ("Deleted", object(&[("deleted", count()), took()], &[])),
    ]
}

fn took() -> (&'static str, Json) {
    ("execution_time_ms", count())
}

fn sql() -> Vec<(&'static str, Json)> {
    let given = || {
        [
            ("columns", about(names(), "Each name once: a second `id` is `id_2`.")),
            ("column_types", about(names(), "PostgreSQL's names, `int4`, `text`, `numeric`.")),
            ("rows", rows()),
            ("row_count", count()),
        ]
    };
    let did = || [("statement_type", text()), ("affected_rows", count())];
    let ended = || [("scn", count()), ("timestamp", seconds()), took()];
    let query = [&given()[..], &[took()]].concat();
    let executed = [&did()[..], &[("message", text())], &ended()[..]].concat();
    let statement = about(object(&did(), &given()), "What a statement did.");
    let transaction = [&[("results", list(statement))][..], &ended()[..]].concat();
    vec![
        ("Query", object(&query, &[])),
        ("Executed", object(&executed, &given())),
        ("Transaction", object(&transaction, &[])),
    ]
}
