//! What reading history can fail with.

use super::{CommitId, Micros, Scn};
use crate::chunk::{ChunkError, Faulting, StoreError};
use crate::codec::DecodeError;

/// A commit with its number and time: enough to say where history begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The commit.
    pub commit: CommitId,
    /// Its number.
    pub scn: Scn,
    /// Its time.
    pub time: Micros,
}

/// What reading history can fail with.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A chunk could not be had: a fault that the host answers by fetching, or a failure.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// A store's records could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chunk is no commit, or not one of this version. The data must be restored from another
    /// copy.
    #[error("{commit} does not hold a commit: {reason}")]
    Malformed {
        /// The commit read.
        commit: CommitId,
        /// What is wrong with it.
        reason: DecodeError,
    },
    /// A commit breaks a law of history (SCN, generation, time, jump). Only a commit that came from
    /// elsewhere can; it must not be taken in.
    #[error("commit {commit} breaks a law of history: {law}")]
    Unlawful {
        /// The commit.
        commit: CommitId,
        /// The law.
        law: &'static str,
    },
    /// A point before the first commit was asked for. Ask for a later one.
    #[error("history begins at SCN {} (microsecond {} since 1970)", first.scn, first.time.0)]
    BeforeHistory {
        /// Where history begins.
        first: Point,
    },
    /// What was asked for was dropped by retention (`history_truncated`). A commit that is missing
    /// for any other reason is a `Chunk` error.
    #[error("history_truncated: {}", truncated(oldest))]
    Truncated {
        /// The oldest commit kept on the line that was followed, where there was a line.
        oldest: Option<Point>,
    },
    /// The commit is not on the first-parent line that was to contain it.
    #[error("commit {commit} is not on the line of commit {head}")]
    NotOnLine {
        /// The commit looked for.
        commit: CommitId,
        /// The head of the line.
        head: CommitId,
    },
    /// A commit has one to eight different parents, unless it is the first.
    #[error("a commit has between 1 and 8 different parents, not {0}")]
    Parents(usize),
    /// The line is as long as a line may be (2^53 commits).
    #[error("no number is left for another commit on this branch")]
    Exhausted,
    /// The trees of a state could not be read or compared.
    #[error(transparent)]
    State(Box<dyn std::error::Error + Send + Sync>),
}

impl Faulting for HistoryError {
    fn is_fault(&self) -> bool {
        match self {
            HistoryError::Chunk(error) => error.is_fault(),
            HistoryError::State(error) => {
                error.downcast_ref::<crate::error::Error>().is_some_and(Faulting::is_fault)
            }
            _ => false,
        }
    }
}

fn truncated(oldest: &Option<Point>) -> String {
    match oldest {
        Some(point) => format!("retention keeps this line from SCN {}", point.scn),
        None => "retention has dropped this commit".to_owned(),
    }
}
