//! What can go wrong, by what the caller can do about it.

use crate::merge::Conflict;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value as Json;
use std::time::Duration;

/// Every error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client or the request is set up wrongly: an address that is none, a key that no header can
    /// hold. Nothing was sent.
    #[error("{0}")]
    Setup(String),
    /// The server could not be connected to. Nothing happened there; it has been tried again already.
    #[error("not connected: {0}")]
    NotConnected(String),
    /// The request was sent, and no answer came. A write may or may not have happened: look, then
    /// decide. Reads have been repeated already.
    #[error("no answer: {0}")]
    Lost(String),
    /// The answer is none of Offshoot's, or of a version that this client does not know.
    #[error("not understood: {0}")]
    Answer(String),
    /// 404: there is no such branch, table, column or snapshot.
    #[error("{0}")]
    NotFound(Box<ApiError>),
    /// 401 or 403: who asks may not, or the branch takes no writes.
    #[error("{0}")]
    Denied(Box<ApiError>),
    /// 429, and the server asked for a longer wait than the client allows.
    #[error("{0}")]
    RateLimited(Box<ApiError>),
    /// A merge has conflicts. Merge again with resolutions and the token to finish it.
    #[error("{}", .0.error)]
    Conflicts(Box<MergeConflicts>),
    /// The server refused for another reason: `code` says which.
    #[error("{0}")]
    Api(Box<ApiError>),
}

/// What the server says of a request that it refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code} ({status}): {message}")]
#[non_exhaustive]
pub struct ApiError {
    /// Of the answer.
    pub status: StatusCode,
    /// One of the API's codes, such as `TABLE_NOT_FOUND`; `HTTP_502` where something else answered.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// What there is to say beyond the message; null where that is nothing.
    pub details: Json,
    /// What the server's log knows the request by.
    pub request_id: Option<String>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

/// The conflicts of a merge.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MergeConflicts {
    /// What both sides changed; empty under `Abort`, which only counts.
    pub conflicts: Vec<Conflict>,
    /// How many there are.
    pub count: usize,
    /// Stands for the two heads that conflict; resolutions need it.
    pub token: Option<String>,
    /// The whole answer.
    pub error: ApiError,
}

impl Error {
    /// What the server says, if it answered.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Error::NotFound(error)
            | Error::Denied(error)
            | Error::RateLimited(error)
            | Error::Api(error) => Some(error),
            Error::Conflicts(conflicts) => Some(&conflicts.error),
            Error::Setup(_) | Error::NotConnected(_) | Error::Lost(_) | Error::Answer(_) => None,
        }
    }

    /// The API's code, if the server answered.
    pub fn code(&self) -> Option<&str> {
        self.api().map(|error| error.code.as_str())
    }

    /// Sorts an error of the API by what its caller can do.
    pub(crate) fn of(error: ApiError) -> Self {
        if error.code == "MERGE_CONFLICT" {
            return Error::Conflicts(Box::new(MergeConflicts::of(error)));
        }
        let status = error.status;
        let error = Box::new(error);
        match status {
            StatusCode::NOT_FOUND => Error::NotFound(error),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Denied(error),
            StatusCode::TOO_MANY_REQUESTS => Error::RateLimited(error),
            _ => Error::Api(error),
        }
    }
}

impl MergeConflicts {
    fn of(error: ApiError) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Details {
            conflicts: Vec<Conflict>,
            conflict_token: Option<String>,
            conflict_count: Option<usize>,
        }
        let told = Details::deserialize(&error.details).unwrap_or_default();
        let count = told.conflict_count.unwrap_or(told.conflicts.len());
        MergeConflicts { conflicts: told.conflicts, count, token: told.conflict_token, error }
    }
}

impl ApiError {
    /// The error in a body; where it is not the API's (a proxy's, say), one made of its status.
    pub(crate) fn read(
        status: StatusCode,
        body: &[u8],
        request_id: Option<String>,
        retry_after: Option<Duration>,
    ) -> Self {
        #[derive(Deserialize)]
        struct Failure {
            error: Told,
        }
        #[derive(Deserialize)]
        struct Told {
            code: String,
            message: String,
            #[serde(default)]
            details: Json,
        }
        let told = match serde_json::from_slice::<Failure>(body) {
            Ok(failure) => failure.error,
            Err(_) => Told {
                code: format!("HTTP_{}", status.as_u16()),
                message: shortened(body),
                details: Json::Null,
            },
        };
        let Told { code, message, details } = told;
        ApiError { status, code, message, details, request_id, retry_after }
    }

    /// Whether the server says that it did not begin, and that the same may be sent again.
    pub fn retriable(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
            || self.details.get("retriable") == Some(&Json::Bool(true))
    }
}

/// The beginning of a body as text.
pub(crate) fn shortened(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match text.trim() {
        "" => "no body".to_owned(),
        text => text.chars().take(200).collect(),
    }
}
