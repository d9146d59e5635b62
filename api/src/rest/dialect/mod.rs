//! What replies look like. Endpoints answer with facts; a dialect alone knows their JSON.
//!
//! One dialect is here: the specification's envelope, `{success, data, meta}`. The tutorial's plain
//! one is to stand beside it as another implementation of [`Dialect`].

mod envelope;

pub(crate) use envelope::Envelope;

use super::answer::Answer;
use super::error::Failure;
use axum::http::StatusCode;
use axum::response::Response;

/// A dialect, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DialectName {
    /// The specification's.
    #[default]
    Envelope,
    /// The tutorial's.
    Plain,
}

impl DialectName {
    /// As it is written in headers and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            DialectName::Envelope => "envelope",
            DialectName::Plain => "plain",
        }
    }

    /// The dialect of this name.
    pub fn of(name: &str) -> Option<Self> {
        [DialectName::Envelope, DialectName::Plain].into_iter().find(|one| one.name() == name)
    }
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
}

/// A way to write answers and failures.
pub(crate) trait Dialect: Send + Sync {
    /// The JSON of an answer.
    fn encode(&self, answer: &Answer) -> Result<Encoded, Failure>;

    /// The response of success.
    fn success(&self, status: StatusCode, encoded: &Encoded, meta: &Meta) -> Response;

    /// The response of failure.
    fn failure(&self, failure: &Failure, meta: &Meta) -> Response;
}
