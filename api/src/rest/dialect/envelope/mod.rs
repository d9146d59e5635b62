//! The specification's dialect: `{"success", "data" or "error", "meta"}` around everything.

mod branch;
mod failure;
mod history;
mod rows;
mod schema;

use super::{Dialect, Encoded, Meta};
use crate::rest::answer::Answer;
use crate::rest::error::Failure;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

/// The specification's dialect.
#[derive(Debug)]
pub(crate) struct Envelope;

impl Dialect for Envelope {
    fn encode(&self, answer: &Answer) -> Result<Encoded, Failure> {
        let timed = matches!(answer, Answer::Query { .. } | Answer::Executed { .. });
        let json = match answer {
            Answer::Branches { branches, pages } => json(&branch::list(branches, *pages)),
            Answer::BranchCreated(record) => json(&branch::Created::of(record)),
            Answer::Branch(view) => json(&branch::Branch::of(view)),
            Answer::BranchChanged(record) => json(&branch::Changed::of(record)),
            Answer::BranchDeleted(record) => json(&branch::Deleted::of(record)),
            Answer::Merged(report) => json(&branch::Merged::of(report)),
            Answer::Graph(graph) => json(&history::Graph::of(graph)),
            Answer::History(entries) => json(&history::History::of(entries)),
            Answer::Snapshots(records) => json(&history::Snapshots::of(records)),
            Answer::Snapshot(record) => json(&history::Snapshot::of(record)),
            Answer::Restored { snapshot, backup } => {
                json(&history::Restored::of(snapshot, backup.as_deref()))
            }
            Answer::Tables(tables) => json(&schema::tables(tables)),
            Answer::Diff(diff) => json(&schema::Diff::of(diff)),
            Answer::Rows { rows, pages } => json(&rows::Page::of(rows, *pages)),
            Answer::Inserted { inserted, ids } => json(&rows::Inserted::of(*inserted, ids)),
            Answer::Updated(updated) => json(&rows::Updated { updated: *updated }),
            Answer::Deleted(deleted) => json(&rows::Deleted { deleted: *deleted }),
            Answer::Query { rows, plan } => json(&rows::Query::of(rows, plan)),
            Answer::Executed { statement, at } => json(&rows::Executed::of(statement, *at)),
            Answer::Transaction { statements, at } => json(&rows::Transaction::of(statements, *at)),
        };
        Ok(Encoded { json: json?, timed })
    }

    fn success(&self, status: StatusCode, encoded: &Encoded, meta: &Meta) -> Response {
        let mut body = Vec::with_capacity(encoded.json.len() + 128);
        body.extend_from_slice(b"{\"success\":true,\"data\":");
        match encoded.json.split_last() {
            // An object with at least one field: every answer that is timed has some.
            Some((b'}', fields)) if encoded.timed => {
                body.extend_from_slice(fields);
                let elapsed = format!(",\"execution_time_ms\":{}}}", meta.elapsed_ms);
                body.extend_from_slice(elapsed.as_bytes());
            }
            _ => body.extend_from_slice(&encoded.json),
        }
        let meta = format!(
            ",\"meta\":{{\"request_id\":\"{}\",\"execution_time_ms\":{}}}}}",
            meta.request_id, meta.elapsed_ms
        );
        body.extend_from_slice(meta.as_bytes());
        respond(status, body)
    }

    fn failure(&self, failure: &Failure, meta: &Meta) -> Response {
        let body = json(&failure::Envelope::of(failure, meta)).unwrap_or_else(|_| {
            b"{\"success\":false,\"error\":{\"code\":\"INTERNAL_ERROR\",\"message\":\"the error \
              cannot be written\"}}"
                .to_vec()
        });
        respond(failure.status, body)
    }
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

/// A place among pages.
#[derive(Debug, Serialize)]
struct Pagination {
    page: u64,
    limit: u64,
    total: u64,
    total_pages: u64,
}

impl From<crate::rest::answer::Pages> for Pagination {
    fn from(pages: crate::rest::answer::Pages) -> Self {
        let crate::rest::answer::Pages { page, limit, total } = pages;
        Pagination { page, limit, total, total_pages: total.div_ceil(limit.max(1)) }
    }
}
