//! What replies look like. Endpoints answer with facts; a dialect alone knows their JSON.
//!
//! ```text
//!                       ┌─ envelope   the specification: {success, data, meta}, rows as arrays,
//!   Answer, Failure ────┤             RFC 3339, a code for each error
//!                       └─ plain      the tutorial: bare bodies, rows as objects, Unix seconds,
//!                                     an error's type for each status
//! ```
//!
//! Which one a request gets is decided by [`DialectName::of`] before anything is read of it: the
//! header `Offshoot-Dialect`, else what its caller's credential is pinned to, else the
//! server's default. A dialect is never guessed from the fields of a request.
//!
//! Where the two documents give the same request another meaning (how many branches a list has, what
//! deletion does without `force`), the dialect says so as [`Habits`], and endpoints read those.
//! What neither document describes (history, diff, graph) is one form here, with the times of each.

mod cells;
mod diff;
mod envelope;
mod history;
mod plain;
mod webhooks;

pub(crate) use envelope::Envelope;
pub(crate) use plain::Plain;

use super::answer::{Answer, Pages};
use super::error::Failure;
use super::time::rfc3339;
use crate::auth::Caller;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use offshoot_core::database::Divergence as Apart;
use offshoot_core::history::{BranchRecord, BranchStatus, Micros};
use offshoot_core::value::MICROS_PER_SECOND;
use serde::Serialize;

/// The header by which a request chooses its dialect.
pub(crate) const HEADER: &str = "offshoot-dialect";

/// The dialects, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DialectName {
    /// The specification's: `{success, data, meta}` around everything, rows as arrays.
    #[default]
    Envelope,
    /// The tutorial's: plain bodies, rows as objects.
    Plain,
}

/// A word that names no dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDialect;

impl std::fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a dialect is 'envelope' or 'plain'")
    }
}

impl std::error::Error for UnknownDialect {}

impl std::str::FromStr for DialectName {
    type Err = UnknownDialect;

    fn from_str(word: &str) -> Result<Self, UnknownDialect> {
        match word.trim().to_ascii_lowercase().as_str() {
            "envelope" => Ok(DialectName::Envelope),
            "plain" => Ok(DialectName::Plain),
            _ => Err(UnknownDialect),
        }
    }
}

impl std::fmt::Display for DialectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            DialectName::Envelope => "envelope",
            DialectName::Plain => "plain",
        })
    }
}

impl DialectName {
    /// The dialect of a request.
    ///
    /// # Errors
    /// Where the header names none, with the dialect to say so in: the one without the header.
    pub(crate) fn of(
        headers: &HeaderMap,
        extensions: &Extensions,
        default: DialectName,
    ) -> Result<DialectName, (DialectName, Failure)> {
        let pinned = extensions.get::<Caller>().and_then(|caller| caller.dialect.as_deref());
        let otherwise = pinned.and_then(|word| word.parse().ok()).unwrap_or(default);
        let mut said = headers.get_all(HEADER).iter();
        let Some(word) = said.next() else { return Ok(otherwise) };
        let name = word.to_str().ok().and_then(|word| word.parse().ok());
        match (name, said.next()) {
            (Some(name), None) => Ok(name),
            _ => {
                let message = "header 'Offshoot-Dialect' must be 'envelope' or 'plain', once";
                Err((otherwise, Failure::invalid(message)))
            }
        }
    }

    /// What writes it.
    pub(crate) fn dialect(self) -> &'static dyn Dialect {
        match self {
            DialectName::Envelope => &Envelope,
            DialectName::Plain => &Plain,
        }
    }
}

/// What requests of a dialect mean where they say nothing, and what its answers need. Endpoints
/// read this and stay ignorant of dialects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Whether a list of branches has deleted ones, too.
    pub lists_deleted: bool,
    /// Whether the newest branch comes first.
    pub lists_newest_first: bool,
    /// How many branches a list has; `None` for all.
    pub listed: Option<u64>,
    /// Whether deletion does not mind commits that the source lacks.
    pub deletes_unmerged: bool,
    /// Whether the answer to a creation counts what the branch holds.
    pub counts_created: bool,
    /// Whether what is known of a branch tells how it differs from where it came from.
    pub counts_changes: bool,
    /// Whether a list of tables says how large they are.
    pub sizes_tables: bool,
    /// Whether a query's answer tells how its rows were found.
    pub explains: bool,
}

/// What is known of a request beside its answer.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    /// Names the request in logs.
    pub request_id: String,
    /// How long it took, in whole milliseconds.
    pub elapsed_ms: u64,
}

/// An answer as JSON: everything but what is known only when the request has ended.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// An object, as text.
    pub json: Vec<u8>,
    /// Whether the object itself is to say how long it took.
    pub timed: bool,
    /// The status of this answer, where the dialect has one of its own.
    pub status: Option<StatusCode>,
}

/// A way to write answers and failures.
pub(crate) trait Dialect: Send + Sync {
    /// Which one it is.
    fn name(&self) -> DialectName;

    /// What its requests mean where they say nothing.
    fn habits(&self) -> Habits;

    /// The JSON of an answer.
    fn encode(&self, answer: &Answer) -> Result<Encoded, Failure>;

    /// The response of success.
    fn success(&self, status: StatusCode, encoded: &Encoded, meta: &Meta) -> Response;

    /// The response of failure.
    fn failure(&self, failure: &Failure, meta: &Meta) -> Response;
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value)
        .map_err(|e| Failure::internal(format!("the answer cannot be written: {e}")))
}

fn respond(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An object as text, with how long its request took as its last field.
fn timed(into: &mut Vec<u8>, encoded: &Encoded, meta: &Meta) {
    match encoded.json.split_last() {
        // An object with at least one field: every answer that is timed has some.
        Some((b'}', fields)) if encoded.timed => {
            into.extend_from_slice(fields);
            let elapsed = format!(",\"execution_time_ms\":{}}}", meta.elapsed_ms);
            into.extend_from_slice(elapsed.as_bytes());
        }
        _ => into.extend_from_slice(&encoded.json),
    }
}

/// How a dialect writes times.
#[derive(Debug, Clone, Copy)]
enum Times {
    Rfc3339,
    UnixSeconds,
}

/// A time as a dialect writes it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Stamp {
    Text(String),
    Seconds(i64),
}

impl Times {
    fn of(self, time: Micros) -> Stamp {
        match self {
            Times::Rfc3339 => Stamp::Text(rfc3339(time)),
            Times::UnixSeconds => Stamp::Seconds(unix(time)),
        }
    }
}

/// Whole seconds since 1970.
fn unix(time: Micros) -> i64 {
    time.0.div_euclid(MICROS_PER_SECOND)
}

/// The name of a status in the specification.
fn status(record: &BranchRecord) -> &'static str {
    match record.status {
        BranchStatus::Active => "active",
        BranchStatus::Merged => "merged",
        BranchStatus::Deleted => "deleted",
    }
}

/// The name that the branch had from which this one was made.
fn source(record: &BranchRecord) -> Option<&str> {
    record.source_branch.as_ref().map(|(_, name)| name.as_str())
}

/// A place among pages.
#[derive(Debug, Serialize)]
struct Pagination {
    page: u64,
    limit: u64,
    total: u64,
    total_pages: u64,
}

impl From<Pages> for Pagination {
    fn from(pages: Pages) -> Self {
        let Pages { page, limit, total } = pages;
        Pagination { page, limit, total, total_pages: total.div_ceil(limit.max(1)) }
    }
}

/// How far a branch and its source are apart.
#[derive(Debug, Serialize)]
struct Divergence<'b> {
    source_branch: Option<&'b str>,
    commits_ahead: u64,
    commits_behind: u64,
    can_fast_forward: bool,
}

impl<'b> Divergence<'b> {
    fn of(record: &'b BranchRecord, apart: Apart) -> Self {
        Divergence {
            source_branch: source(record),
            commits_ahead: apart.ahead,
            commits_behind: apart.behind,
            can_fast_forward: apart.behind == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(words: &[&str], pinned: Option<DialectName>) -> Result<DialectName, DialectName> {
        let mut headers = HeaderMap::new();
        for word in words {
            headers.append(HEADER, HeaderValue::from_str(word).unwrap());
        }
        let mut extensions = Extensions::new();
        if let Some(name) = pinned {
            let mut caller = Caller::new("ada", None, crate::auth::Scopes::read_write());
            caller.dialect = Some(name.to_string());
            extensions.insert(caller);
        }
        DialectName::of(&headers, &extensions, DialectName::Envelope).map_err(|(name, _)| name)
    }

    #[test]
    fn header_then_pin_then_default() {
        use DialectName::{Envelope, Plain};
        assert_eq!(chosen(&[], None), Ok(Envelope));
        assert_eq!(chosen(&[], Some(Plain)), Ok(Plain));
        assert_eq!(chosen(&["envelope"], Some(Plain)), Ok(Envelope));
        assert_eq!(chosen(&["Plain"], None), Ok(Plain));
        assert_eq!(chosen(&["tutorial"], Some(Plain)), Err(Plain));
        assert_eq!(chosen(&["plain", "plain"], None), Err(Envelope));
        assert_eq!(chosen(&[""], None), Err(Envelope));
    }
}
