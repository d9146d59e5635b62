//! Failures: `{"error", "message"}`, the error's type by its status.

use super::merge::open;
use crate::rest::error::{Details, Failure, details};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};

/// The status in the tutorial, which refuses some deletions as bad requests.
pub(super) fn status(failure: &Failure) -> StatusCode {
    match failure.details {
        Details::Children(_) | Details::MainStays => StatusCode::BAD_REQUEST,
        _ => failure.status,
    }
}

/// The body. `code` is the specification's, which tells errors of one status apart; `details` is text,
/// as the tutorial has it: the JSON of the specification's details.
pub(super) fn body(status: StatusCode, failure: &Failure) -> Json {
    let mut body = json!({
        "error": kind(status),
        "message": message(failure),
        "code": failure.code,
    });
    let Some(object) = body.as_object_mut() else { return body };
    match &failure.details {
        _ if status == StatusCode::UNAUTHORIZED => {
            object.insert("status".to_owned(), status.as_u16().into());
        }
        Details::Conflicts { conflicts, token } => {
            let conflicts: Vec<Json> = conflicts.iter().map(open).collect();
            object.insert("conflicts".to_owned(), conflicts.into());
            object.insert("conflict_token".to_owned(), token.as_str().into());
        }
        Details::ConflictCount(count) => {
            object.insert("conflict_count".to_owned(), (*count).into());
        }
        other => match details(other) {
            Json::Null => {}
            details => {
                object.insert("details".to_owned(), details.to_string().into());
            }
        },
    }
    body
}

/// The type of error of a status.
fn kind(status: StatusCode) -> String {
    match status {
        StatusCode::REQUEST_TIMEOUT => "QueryTimeout".to_owned(),
        // "Not Found" as "NotFound", and so on: that is how the tutorial names them all.
        status => {
            let reason = status.canonical_reason().unwrap_or("Unknown");
            reason.split([' ', '-']).collect()
        }
    }
}

/// The message, in the tutorial's words where it has some.
fn message(failure: &Failure) -> String {
    match &failure.details {
        Details::Missing { kind, name } => format!("{kind} '{name}' not found"),
        _ => failure.message.clone(),
    }
}
