//! Every error of the REST protocol: one table from what went wrong to status, code and details.

use super::time::rfc3339;
use axum::http::StatusCode;
use offshoot_core::database::MAIN_STAYS;
use offshoot_core::error::{Error, Kind};
use offshoot_core::merge::Conflict;
use offshoot_core::row::Violation;
use offshoot_core::value::ValueError;
use serde_json::{Value as Json, json};

/// What a failed request answers, in no dialect yet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub details: Details,
}

/// What a client may want to read by machine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Details {
    /// The message says all.
    None,
    /// A constraint that the data would break.
    Violation(Box<Violation>),
    /// Conflicts of a merge, and the token that resolutions bring along.
    Conflicts { conflicts: Vec<Conflict>, token: String },
    /// How many conflicts stopped a merge that was to stop at any.
    ConflictCount(usize),
    /// How many commits a deletion would lose, and which branch lacks them.
    Unmerged { source_branch: String, commits: u64 },
    /// Which branches were made from the one that was to go.
    Children(Vec<String>),
    /// Where history begins: SCN, and time as text.
    Beginning { scn: u64, timestamp: String },
    /// The greatest size of a body in bytes.
    BodyMax(usize),
    /// That the same request may be made again.
    Retriable,
    /// What there is none of.
    Missing { kind: String, name: String },
    /// That `main` is no branch to delete.
    MainStays,
}

impl Failure {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Failure { status, code, message: message.into(), details: Details::None }
    }

    fn with(self, details: Details) -> Self {
        Failure { details, ..self }
    }

    /// The request is not what the endpoint takes.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message)
    }

    /// There is no such address.
    pub fn no_route(method: &str, path: &str) -> Self {
        let message = format!("there is no endpoint {method} {path}");
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// There is such an address, and it does not take this method.
    pub fn wrong_method(method: &str, path: &str) -> Self {
        let message = format!("{path} does not take {method}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    /// The body is longer than the host takes.
    pub fn too_large(max_bytes: usize) -> Self {
        let message = format!("the body has more than {max_bytes} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
            .with(Details::BodyMax(max_bytes))
    }

    /// The body came too slowly.
    pub fn too_slow() -> Self {
        let message = "the body came too slowly";
        Self::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", message)
    }

    /// No credential is in order. Which one failed, and why, is not for the sender.
    pub fn unauthorized() -> Self {
        let message = "Missing or invalid authentication credentials";
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    /// The caller is known and may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// The caller lacks a scope, on a branch or altogether.
    pub fn lacks(scope: &str, branch: Option<&str>) -> Self {
        Self::forbidden(match branch {
            Some(branch) => format!("this needs the scope '{scope}' on branch '{branch}'"),
            None => format!("this needs the scope '{scope}'"),
        })
    }

    /// The caller has asked too often.
    pub fn rate_limited() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "Rate limit exceeded")
    }

    /// There is no such webhook.
    pub fn no_webhook(id: &str) -> Self {
        let (kind, name) = ("Webhook".to_owned(), id.to_owned());
        let message = format!("Webhook '{id}' does not exist");
        Self::new(StatusCode::NOT_FOUND, "WEBHOOK_NOT_FOUND", message)
            .with(Details::Missing { kind, name })
    }

    /// The key of a request is another's.
    pub fn key_reused() -> Self {
        let message =
            "this Idempotency-Key came with another request: another address, dialect or body";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", message)
    }

    /// The same request is being done.
    pub fn in_progress() -> Self {
        let message = "the request with this Idempotency-Key is still being done";
        Self::new(StatusCode::CONFLICT, "IDEMPOTENCY_IN_PROGRESS", message).with(Details::Retriable)
    }

    /// The same request was done, and what it was answered is not known any more.
    pub fn answer_gone() -> Self {
        let message = "the request with this Idempotency-Key was done, or was broken off on the way; \
                       its answer is not kept";
        Self::new(StatusCode::CONFLICT, "IDEMPOTENCY_ANSWER_GONE", message)
    }

    /// Whether it is worth while to come again in seconds.
    pub fn in_seconds(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE || self.code == "IDEMPOTENCY_IN_PROGRESS"
    }

    /// Whether the same request, sent again, is to be done: nothing of it was, and it may fare better.
    pub fn nothing_done(&self) -> bool {
        use StatusCode as S;
        let turned_away = [
            S::UNAUTHORIZED,
            S::FORBIDDEN,
            S::REQUEST_TIMEOUT,
            S::TOO_MANY_REQUESTS,
            S::SERVICE_UNAVAILABLE,
        ];
        turned_away.contains(&self.status) || self.details == Details::Retriable
    }

    /// The documents have it, and Offshoot has not.
    pub fn not_implemented(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", message)
    }

    /// The statement took longer than it had.
    pub fn timeout(time_ms: u64) -> Self {
        let message = format!("Query exceeded timeout of {time_ms}ms");
        Self::new(StatusCode::REQUEST_TIMEOUT, "QUERY_TIMEOUT", message)
    }

    /// A law of this crate did not hold.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        use StatusCode as S;
        let message = error.to_string();
        match error {
            Error::WriteConflict(_) | Error::Busy(_) => {
                Self::new(S::CONFLICT, "WRITE_CONFLICT", message).with(Details::Retriable)
            }
            Error::Overloaded => Self::new(S::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message)
                .with(Details::Retriable),
            Error::Timeout => Self::new(S::REQUEST_TIMEOUT, "QUERY_TIMEOUT", message),
            Error::NotFound { kind, name } => {
                let code = match kind {
                    Kind::Branch => "BRANCH_NOT_FOUND",
                    Kind::Table => "TABLE_NOT_FOUND",
                    Kind::Column => "COLUMN_NOT_FOUND",
                    Kind::Snapshot => "SNAPSHOT_NOT_FOUND",
                    // Only SQL names indexes, and the protocol has no code of their own for them.
                    Kind::Index => return Self::new(S::BAD_REQUEST, "INVALID_SQL", message),
                };
                let kind = capital(&kind.to_string());
                let message = format!("{kind} '{name}' does not exist");
                Self::new(S::NOT_FOUND, code, message).with(Details::Missing { kind, name })
            }
            Error::Exists { kind, .. } => match kind {
                Kind::Branch => Self::new(S::CONFLICT, "BRANCH_EXISTS", capital(&message)),
                Kind::Snapshot => Self::new(S::CONFLICT, "CONSTRAINT_VIOLATION", message),
                Kind::Table | Kind::Column | Kind::Index => {
                    Self::new(S::BAD_REQUEST, "INVALID_SQL", message)
                }
            },
            Error::Invalid(_) | Error::Value(_) => {
                Self::new(S::BAD_REQUEST, "INVALID_REQUEST", message)
            }
            Error::Sql(_) => Self::new(S::BAD_REQUEST, "INVALID_SQL", message),
            Error::Unsupported(_) => Self::new(S::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", message),
            Error::Violation(violation) => Self::new(S::CONFLICT, "CONSTRAINT_VIOLATION", message)
                .with(Details::Violation(violation)),
            Error::Limit(_) => Self::new(S::UNPROCESSABLE_ENTITY, "LIMIT_EXCEEDED", message),
            Error::BeforeHistory { scn, time } => {
                let timestamp = rfc3339(time);
                let message = format!("history of this branch begins at SCN {scn}, {timestamp}");
                Self::new(S::BAD_REQUEST, "TIME_BEFORE_HISTORY", message)
                    .with(Details::Beginning { scn: scn.0, timestamp })
            }
            Error::HistoryTruncated => Self::new(S::BAD_REQUEST, "TIME_BEFORE_HISTORY", message),
            Error::Protected(_, why) if why == MAIN_STAYS => {
                Self::new(S::FORBIDDEN, "BRANCH_PROTECTED", message).with(Details::MainStays)
            }
            Error::Protected(..) => Self::new(S::FORBIDDEN, "BRANCH_PROTECTED", message),
            Error::ReadOnly(_) => Self::new(S::FORBIDDEN, "BRANCH_READ_ONLY", message),
            Error::Unmerged { source_branch, commits, .. } => {
                Self::new(S::CONFLICT, "BRANCH_UNMERGED", message)
                    .with(Details::Unmerged { source_branch, commits })
            }
            Error::HasChildren { children, .. } => {
                Self::new(S::CONFLICT, "BRANCH_HAS_CHILDREN", message)
                    .with(Details::Children(children))
            }
            Error::InvalidMerge(_) => Self::new(S::UNPROCESSABLE_ENTITY, "INVALID_MERGE", message),
            Error::Conflicts(open) => {
                let message = match open.abort {
                    true => "Merge has conflicts and was to abort at any",
                    false => "Merge has conflicts requiring resolution",
                };
                let details = match open.abort {
                    true => Details::ConflictCount(open.conflicts.len()),
                    false => Details::Conflicts { conflicts: open.conflicts, token: open.token },
                };
                Self::new(S::CONFLICT, "MERGE_CONFLICT", message).with(details)
            }
            // A host answers a fault by fetching; one that comes this far found nothing to fetch.
            Error::Fault(_) | Error::Corrupt(_) | Error::Store(_) | Error::Internal(_) => {
                Self::internal(message)
            }
        }
    }
}

/// A sentence of the core as the documents begin theirs.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).collect()
}

/// The details as both dialects tell them; null where the message says all.
pub(crate) fn details(details: &Details) -> Json {
    match details {
        Details::None | Details::Missing { .. } | Details::MainStays => Json::Null,
        Details::Violation(violation) => broken(violation),
        // A dialect writes conflicts itself.
        Details::Conflicts { conflicts, token } => {
            json!({"conflict_count": conflicts.len(), "conflict_token": token})
        }
        Details::ConflictCount(count) => json!({"conflict_count": count}),
        Details::Unmerged { source_branch, commits } => {
            json!({"source_branch": source_branch, "commits_ahead": commits})
        }
        Details::Children(children) => json!({"children": children}),
        Details::Beginning { scn, timestamp } => {
            json!({"first_scn": scn, "first_timestamp": timestamp})
        }
        Details::BodyMax(bytes) => json!({"body_max_bytes": bytes}),
        Details::Retriable => json!({"retriable": true}),
    }
}

fn broken(violation: &Violation) -> Json {
    let mut details = json!({"table": violation.table(), "constraint_type": violation.kind()});
    let mut say = |name: &str, value: Json| {
        if let Some(object) = details.as_object_mut() {
            object.insert(name.to_owned(), value);
        }
    };
    match violation {
        Violation::NotNull { column, .. } => say("columns", json!([column])),
        Violation::Check { constraint, .. } => say("constraint", json!(constraint)),
        Violation::Unique { constraint, columns, values, .. } => {
            say("constraint", json!(constraint));
            say("columns", json!(columns));
            say("values", json!(values));
        }
        Violation::MissingParent { constraint, columns, values, parent, .. } => {
            say("constraint", json!(constraint));
            say("columns", json!(columns));
            say("values", json!(values));
            say("parent", json!(parent));
        }
        Violation::HasChildren { constraint, child, values, .. } => {
            say("constraint", json!(constraint));
            say("child", json!(child));
            say("values", json!(values));
        }
    }
    details
}

impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        Failure::invalid(error.to_string())
    }
}
