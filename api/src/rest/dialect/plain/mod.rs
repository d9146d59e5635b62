//! The tutorial's dialect: plain bodies, rows as objects, Unix seconds, `{error, message}`.

mod branch;
mod failure;
mod merge;
mod rows;

use super::{
    Dialect, DialectName, Encoded, Habits, Meta, Times, diff, history, json, respond, timed,
    webhooks,
};
use crate::rest::answer::Answer;
use crate::rest::error::Failure;
use crate::webhooks::view::WebhookAnswer;
use axum::http::StatusCode;
use axum::response::Response;

/// The tutorial's dialect.
#[derive(Debug)]
pub(crate) struct Plain;

const TIMES: Times = Times::UnixSeconds;

impl Dialect for Plain {
    fn name(&self) -> DialectName {
        DialectName::Plain
    }

    fn habits(&self) -> Habits {
        Habits {
            lists_deleted: false,
            lists_newest_first: false,
            listed: None,
            deletes_unmerged: true,
            counts_created: true,
            counts_changes: false,
            sizes_tables: true,
            explains: false,
        }
    }

    fn encode(&self, answer: &Answer) -> Result<Encoded, Failure> {
        let timed = matches!(
            answer,
            Answer::Inserted { .. }
                | Answer::Updated(_)
                | Answer::Deleted(_)
                | Answer::Query { .. }
                | Answer::Executed { .. }
                | Answer::Transaction { .. }
        );
        let status = match answer {
            Answer::BranchDeleted(_) | Answer::Webhooks(WebhookAnswer::Deleted(_)) => {
                Some(StatusCode::NO_CONTENT)
            }
            _ => None,
        };
        let json = match answer {
            Answer::Branches { branches, pages } => json(&branch::list(branches, *pages)),
            Answer::BranchCreated(view) | Answer::Branch(view) => json(&branch::Branch::of(view)),
            Answer::BranchChanged(record) => json(&branch::Changed::of(record)),
            // Nothing, with a status that says so.
            Answer::BranchDeleted(_) | Answer::Webhooks(WebhookAnswer::Deleted(_)) => {
                Ok(Vec::new())
            }
            Answer::Merged { report, policy } => json(&merge::Merged::of(report, *policy)),
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
            Answer::Tables(tables) => json(&rows::tables(tables)),
            Answer::Diff(diff) => json(&diff::Diff::of(diff)),
            Answer::Rows { rows, pages } => json(&rows::Page::of(rows, *pages)),
            Answer::Inserted { inserted, ids } => json(&rows::Inserted::of(*inserted, ids)),
            Answer::Updated(updated) => json(&rows::Updated { updated: *updated }),
            Answer::Deleted(deleted) => json(&rows::Deleted { deleted: *deleted }),
            Answer::Query { rows, .. } => json(&rows::Query::of(rows)),
            Answer::Executed { statement, at, branch } => {
                json(&rows::Executed::of(statement, *at, branch))
            }
            Answer::Transaction { statements, at } => json(&rows::Transaction::of(statements, *at)),
        };
        Ok(Encoded { json: json?, timed, status })
    }

    fn success(&self, status: StatusCode, encoded: &Encoded, meta: &Meta) -> Response {
        if status == StatusCode::NO_CONTENT {
            let mut response = Response::default();
            *response.status_mut() = status;
            return response;
        }
        let mut body = Vec::with_capacity(encoded.json.len() + 32);
        timed(&mut body, encoded, meta);
        respond(status, body)
    }

    fn failure(&self, failure: &Failure, _: &Meta) -> Response {
        let status = failure::status(failure);
        let body = json(&failure::body(status, failure)).unwrap_or_else(|_| {
            b"{\"error\":\"InternalServerError\",\"message\":\"the error cannot be written\"}"
                .to_vec()
        });
        respond(status, body)
    }
}
