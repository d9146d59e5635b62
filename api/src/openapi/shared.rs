//! What both dialects have: points in time, parameters, pages without a dialect.

use super::named;
use super::schema::{anything, closed, count, flag, list, one_of, or_null, text, with};
use serde_json::{Map, Value as Json, json};

pub(super) const DESCRIPTION: &str = "A SQL database that branches: branches cost nothing, every \
past state can be queried, branches merge cell by cell.\n\nRequests may be written in the words of \
either dialect; answers are written in one, which the header `Offshoot-Dialect` chooses, else what \
the caller's credential is pinned to, else the server's default. `?dialect=plain` and \
`?dialect=envelope` give the document of each.";

pub(super) fn tags() -> Json {
    json!([
        {"name": "Branches", "description": "Branches, merges, and what differs."},
        {"name": "Data", "description": "Tables and their rows."},
        {"name": "SQL", "description": "Queries, statements, transactions."},
        {"name": "Time travel", "description": "History, snapshots, restoring."},
        {"name": "Webhooks", "description": "Who is told what happens to branches."},
        {"name": "Server", "description": "The server itself. Public."},
    ])
}

/// What a variable part of a path is.
pub(super) fn part(name: &str) -> &'static str {
    match name {
        "branch" => "A branch's name or id. A slash in a name is written %2F.",
        "table" => "A table's name.",
        "webhook" => "A webhook's id.",
        "snapshot" => "A snapshot's id or name.",
        _ => "An id.",
    }
}

/// Why an answer has a status.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        400 => "The request is not in order; the message names the place.",
        401 => "There is no credential, or none that is in order.",
        403 => "The caller may not do this, or the branch takes no writes.",
        404 => "There is no such branch, table, column, snapshot or webhook.",
        408 => "The statement, or the body, took too long.",
        409 => "It would break a constraint, or conflicts with what is there.",
        413 => "The body is too large.",
        422 => "It asks for more than is allowed, or for a merge that makes no sense.",
        429 => "The caller asks too often; `Retry-After` says when to come back.",
        501 => "Offshoot does not run this; the message names the feature.",
        503 => "Too many requests wait already; nothing was begun.",
        _ => "A defect of the server's.",
    }
}

/// Schemas that do not depend on the dialect.
pub(super) fn schemas() -> Map<String, Json> {
    let point = closed(
        &[("type", one_of(&["now", "timestamp", "transaction", "scn", "snapshot"]))],
        &[("value", json!({"type": ["string", "integer", "null"]}))],
    );
    let types = ["int4", "int8", "text", "bool", "float4", "float8", "timestamp", "json"];
    let typed = closed(&[("type", one_of(&types)), ("value", anything())], &[]);
    let parameter = json!({"anyOf": [{"type": ["string", "number", "boolean", "null"]}, typed]});
    let schemas = [
        ("AsOf", with(point, "description", json!("A point in time."))),
        ("Parameter", with(parameter, "description", json!("A value for a parameter."))),
        (
            "Parameters",
            with(
                json!({"anyOf": [
                    list(named("Parameter")),
                    {"type": "object", "additionalProperties": named("Parameter")},
                ]}),
                "description",
                json!(
                    "Values for `$1`, `?`, … in order; or by name, for `:name`, `@name`, `$name`."
                ),
            ),
        ),
        (
            "Cell",
            with(anything(), "description", json!("A value of a column, as its type is written.")),
        ),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// Addresses that belong to no dialect.
pub(super) fn public_paths() -> [(&'static str, Json); 2] {
    let health = json!({"get": {
        "operationId": "health", "tags": ["Server"], "summary": "Whether the server runs",
        "security": [],
        "responses": {"200": {"description": "It does.", "content": {"text/plain": {"schema": text()}}}},
    }});
    let version = super::schema::object(&[("name", text()), ("version", text())], &[]);
    let version = json!({"get": {
        "operationId": "version", "tags": ["Server"], "summary": "Which server this is",
        "security": [],
        "responses": {
            "200": {"description": "Its name and version.", "content": {"application/json": {"schema": version}}},
            "429": {"description": reason(429), "content": {"application/json": {"schema": super::schema::named("Failure")}}},
        },
    }});
    [("/health", health), ("/version", version)]
}

/// A conflict of a merge, the same in both dialects.
pub(super) fn conflict() -> Json {
    super::schema::object(
        &[
            ("table", or_null(text())),
            ("row_id", or_null(text())),
            ("column", or_null(text())),
            ("conflict_type", text()),
            ("base_value", anything()),
            ("source_value", anything()),
            ("target_value", anything()),
        ],
        &[("generated_key", flag()), ("message", or_null(text()))],
    )
}

/// Where a column stands in a table.
pub(super) fn column() -> Json {
    super::schema::object(
        &[("name", text()), ("type", text()), ("nullable", flag()), ("primary_key", flag())],
        &[],
    )
}

/// A list of names.
pub(super) fn names() -> Json {
    list(text())
}

/// Counts of rows that differ.
pub(super) fn changes() -> [(&'static str, Json); 3] {
    [("inserts", count()), ("updates", count()), ("deletes", count())]
}
