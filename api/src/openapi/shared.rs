//! What both dialects have: points in time, parameters, pages without a dialect.

use super::schema::{anything, closed, count, list, named, one_of, text, time, with};
use crate::rest::routes::{Method, Route};
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

/// What a variable part of a path is, and an example.
pub(super) fn part(name: &str) -> (&'static str, &'static str) {
    match name {
        "branch" => ("A branch's name or id. A slash in a name is written %2F.", "main"),
        "table" => ("A table's name.", "users"),
        "webhook" => ("A webhook's id.", "1"),
        "snapshot" => ("A snapshot's id or name.", "before-import"),
        _ => ("An id.", "1"),
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

/// Headers of an answer.
pub(super) fn headers(status: u16, route: &Route) -> Json {
    let header = |schema: Json, about: &str| json!({"schema": schema, "description": about});
    let mut headers = json!({
        "X-Request-Id": with(header(text(), "Names the request in logs."), "required", json!(true)),
        "X-RateLimit-Limit": header(count(), "How many requests the caller has; where it is limited."),
        "X-RateLimit-Remaining": header(count(), "How many of them are left."),
        "X-RateLimit-Reset": header(count(), "When all are there again, in seconds since 1970."),
    });
    if matches!(status, 429 | 503) {
        let after = header(count(), "In how many seconds to come back.");
        headers = with(headers, "Retry-After", with(after, "required", json!(true)));
    }
    if route.tagged && matches!(status, 200 | 304) {
        let tag = header(text(), "Of what the answer says, for `If-None-Match`.");
        headers = with(headers, "ETag", with(tag, "required", json!(true)));
    }
    if route.method == Method::Post {
        let again = "`true` where this was answered before, to the same `Idempotency-Key`.";
        headers = with(headers, "Idempotency-Replayed", header(one_of(&["true"]), again));
        if status == 409 {
            let after = "Where the request with this `Idempotency-Key` is still being done.";
            headers = with(headers, "Retry-After", header(count(), after));
        }
    }
    headers
}

/// Schemas that do not depend on the dialect.
pub(super) fn schemas() -> Map<String, Json> {
    let point = closed(
        &[("type", one_of(&["now", "timestamp", "transaction", "scn", "snapshot"]))],
        &[("value", json!({"type": ["string", "number"]}))],
    );
    let point = json!({
        "anyOf": [point, time(), {"type": "number", "description": "Seconds since 1970."}],
    });
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

/// A list of names.
pub(super) fn names() -> Json {
    list(text())
}

/// Counts of rows that differ.
pub(super) fn changes() -> [(&'static str, Json); 3] {
    [("inserts", count()), ("updates", count()), ("deletes", count())]
}
