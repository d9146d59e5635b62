//! The specification's dialect: `{"success", "data" or "error", "meta"}` around everything.

mod branch;
mod failure;
mod rows;
mod schema;

use super::{
    Dialect, DialectName, Encoded, Habits, Meta, Times, diff, history, json, respond, timed,
    webhooks,
};
use crate::rest::answer::Answer;
use crate::rest::error::Failure;
use axum::http::StatusCode;
use axum::response::Response;

/// The specification's dialect.
#[derive(Debug)]
pub(crate) struct Envelope;

const TIMES: Times = Times::Rfc3339;

impl Dialect for Envelope {
    fn name(&self) -> DialectName {
        DialectName::Envelope
    }

    fn habits(&self) -> Habits {
        Habits {
            lists_deleted: true,
            lists_newest_first: true,
            listed: Some(20),
            deletes_unmerged: false,
            counts_created: false,
            counts_changes: true,
            sizes_tables: false,
            explains: true,
        }
    }

    fn encode(&self, answer: &Answer) -> Result<Encoded, Failure> {
        let timed = matches!(answer, Answer::Query { .. } | Answer::Executed { .. });
        let json = match answer {
            Answer::Branches { branches, pages } => json(&branch::list(branches, *pages)),
            Answer::BranchCreated(view) => json(&branch::Created::of(&view.record)),
            Answer::Branch(view) => json(&branch::Branch::of(view)),
            Answer::BranchChanged(record) => json(&branch::Changed::of(record)),
            Answer::BranchDeleted(record) => json(&branch::Deleted::of(record)),
            Answer::Merged { report, .. } => json(&branch::Merged::of(report)),
            Answer::Graph(graph) => json(&history::Graph::of(graph, TIMES)),
            Answer::History(entries) => json(&history::History::of(entries, TIMES)),
            Answer::Snapshots(records) => json(&history::Snapshots::of(records, TIMES)),
            Answer::Snapshot(record) => json(&history::Snapshot::of(record, TIMES)),
            Answer::Reset(done) => json(&history::Reset::of(done, TIMES)),
            Answer::Restored { snapshot, backup } => {
                json(&history::Restored::of(snapshot, backup.as_deref()))
            }
            Answer::Webhooks(answer) => webhooks::encode(answer, TIMES),
            Answer::Refused(failure) => Err(failure.as_ref().clone()),
            Answer::Tables(tables) => json(&schema::tables(tables)),
            Answer::Diff(diff) => json(&diff::Diff::of(diff)),
            Answer::Rows { rows, pages } => json(&rows::Page::of(rows, *pages)),
            Answer::Inserted { inserted, ids } => json(&rows::Inserted::of(*inserted, ids)),
            Answer::Updated(updated) => json(&rows::Updated { updated: *updated }),
            Answer::Deleted(deleted) => json(&rows::Deleted { deleted: *deleted }),
            Answer::Query { rows, plan } => json(&rows::Query::of(rows, plan)),
            Answer::Executed { statement, at, .. } => json(&rows::Executed::of(statement, *at)),
            Answer::Transaction { statements, at } => json(&rows::Transaction::of(statements, *at)),
        };
        Ok(Encoded { json: json?, timed, status: None })
    }

    fn success(&self, status: StatusCode, encoded: &Encoded, meta: &Meta) -> Response {
        let mut body = Vec::with_capacity(encoded.json.len() + 128);
        body.extend_from_slice(b"{\"success\":true,\"data\":");
        timed(&mut body, encoded, meta);
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
