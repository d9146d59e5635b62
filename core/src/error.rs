//! What can go wrong, by what the caller can do about it.

use crate::chunk::{ChunkError, FaultSet, Faulting, StoreError};
use crate::codec::DecodeError;
use crate::expr::EvalError;
use crate::history::{HistoryError, Micros, Scn};
use crate::merge::MergeConflicts;
use crate::row::Violation;
use crate::tree::TreeError;
use crate::value::ValueError;

/// What a name was looked up as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A branch, by name or id.
    Branch,
    /// A table.
    Table,
    /// A column.
    Column,
    /// An index or a constraint.
    Index,
    /// A snapshot.
    Snapshot,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Branch => "branch",
            Kind::Table => "table",
            Kind::Column => "column",
            Kind::Index => "index",
            Kind::Snapshot => "snapshot",
        })
    }
}

/// The result of an operation of the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not happen. Whatever the error, nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    // --- The host fetches and calls again. ---
    /// Chunks are not at hand: fetch what the set names and run the same operation again.
    #[error("{} chunks must be fetched before this can run", .0.missing.len())]
    Fault(FaultSet),

    // --- The caller may run the same thing again. ---
    /// Another transaction changed the same data first. Run the transaction again.
    #[error("write conflict: {0}; run the transaction again")]
    WriteConflict(String),
    /// Another transaction holds the branch's writer slot. Try again when it has ended.
    #[error("branch '{0}' is held by another transaction's writer slot; try again")]
    Busy(String),
    /// The host has more work waiting than it takes on. Nothing was begun; try again later.
    #[error("the server has too much work waiting; try again later")]
    Overloaded,
    /// The time given to the statement is over.
    #[error("the statement ran out of time")]
    Timeout,

    // --- The caller must ask for something else. ---
    /// There is no such thing.
    #[error("{kind} '{name}' does not exist")]
    NotFound {
        /// What was looked for.
        kind: Kind,
        /// Under which name.
        name: String,
    },
    /// The name is taken.
    #[error("{kind} '{name}' already exists")]
    Exists {
        /// What was to be made.
        kind: Kind,
        /// Under which name.
        name: String,
    },
    /// The request contradicts itself or the kind of thing it is about.
    #[error("{0}")]
    Invalid(String),
    /// The text is not SQL, or names things that are not there.
    #[error("{0}")]
    Sql(String),
    /// SQL that Offshoot does not run; the message names the feature.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// A value does not fit where it is put, or two values do not go together.
    #[error("{0}")]
    Value(#[from] ValueError),
    /// The data would break a constraint.
    #[error("{0}")]
    Violation(Box<Violation>),
    /// A limit of the host or of the format.
    #[error("{0}")]
    Limit(String),
    /// The point in time lies before the branch's first commit.
    #[error("history of this branch begins at SCN {scn}, time {time:?}")]
    BeforeHistory {
        /// The first commit's SCN.
        scn: Scn,
        /// The first commit's time.
        time: Micros,
    },
    /// The point in time lies beyond the horizon that retention has cut.
    #[error("history before this point was removed by retention")]
    HistoryTruncated,
    /// The branch is protected.
    #[error("branch '{0}' is protected: {1}")]
    Protected(String, String),
    /// The branch, or the point in time, takes no writes.
    #[error("{0} is read-only")]
    ReadOnly(String),
    /// Deletion would lose commits that the source branch lacks.
    #[error("branch '{name}' has {commits} commits that '{source_branch}' lacks; force deletes it")]
    Unmerged {
        /// The branch.
        name: String,
        /// Where it came from.
        source_branch: String,
        /// How many commits would be lost.
        commits: u64,
    },
    /// Live branches were made from this one.
    #[error("branch '{name}' has live children: {}", .children.join(", "))]
    HasChildren {
        /// The branch.
        name: String,
        /// Their names.
        children: Vec<String>,
    },
    /// The merge cannot be done as asked (into itself, nothing in common).
    #[error("{0}")]
    InvalidMerge(String),
    /// The merge has conflicts that its policy leaves open.
    #[error("{} conflicts must be resolved", .0.conflicts.len())]
    Conflicts(Box<MergeConflicts>),

    // --- Nothing the caller can do. ---
    /// Stored bytes are not what was written: restore from a backup or another copy.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
    /// The host's storage failed.
    #[error("{0}")]
    Store(StoreError),
    /// A law of Offshoot did not hold: a defect to report.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// A missing thing.
    pub fn not_found(kind: Kind, name: impl Into<String>) -> Self {
        Error::NotFound { kind, name: name.into() }
    }

    /// A taken name.
    pub fn exists(kind: Kind, name: impl Into<String>) -> Self {
        Error::Exists { kind, name: name.into() }
    }

    /// Whether the same call may succeed when it is made again.
    pub fn is_retriable(&self) -> bool {
        matches!(self, Error::WriteConflict(_) | Error::Busy(_))
    }
}

impl Faulting for Error {
    fn is_fault(&self) -> bool {
        matches!(self, Error::Fault(_))
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Error::Corrupt(error.to_string())
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Error::Violation(Box::new(violation))
    }
}

impl From<ChunkError> for Error {
    fn from(error: ChunkError) -> Self {
        match error {
            ChunkError::Fault(faults) => Error::Fault(faults),
            ChunkError::WorkingSet(_) => Error::Limit(error.to_string()),
            ChunkError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(what) => Error::Corrupt(what),
            other => Error::Store(other),
        }
    }
}

impl From<TreeError> for Error {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::Chunk(error) => error.into(),
            TreeError::Malformed { .. } => Error::Corrupt(error.to_string()),
            TreeError::KeyTooLong(_) => Error::Limit(error.to_string()),
            TreeError::Order => Error::Internal(error.to_string()),
        }
    }
}

impl From<HistoryError> for Error {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Chunk(error) => error.into(),
            HistoryError::Store(error) => error.into(),
            HistoryError::Malformed { .. } | HistoryError::Unlawful { .. } => {
                Error::Corrupt(error.to_string())
            }
            HistoryError::BeforeHistory { first } => {
                Error::BeforeHistory { scn: first.scn, time: first.time }
            }
            HistoryError::Truncated { .. } => Error::HistoryTruncated,
            HistoryError::NotOnLine { .. } => Error::Invalid(error.to_string()),
            HistoryError::Parents(_) => Error::Internal(error.to_string()),
            HistoryError::Exhausted => Error::Limit(error.to_string()),
            HistoryError::State(inner) => match inner.downcast::<Error>() {
                Ok(error) => *error,
                Err(other) => Error::Internal(other.to_string()),
            },
        }
    }
}

impl From<Error> for HistoryError {
    fn from(error: Error) -> Self {
        HistoryError::State(Box::new(error))
    }
}

impl From<EvalError> for Error {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Value(error) => Error::Value(error),
            EvalError::Expired => Error::Timeout,
            EvalError::TooLarge | EvalError::TooDeep => Error::Limit(error.to_string()),
            EvalError::MissingColumn(_) => Error::Internal(error.to_string()),
            other => Error::Sql(other.to_string()),
        }
    }
}
