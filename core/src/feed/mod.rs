//! The feed: what changed between two commits of a branch, in order.
//!
//! ```text
//!   from (not included) ─▶ c4 ─▶ c5 ─▶ c6 = to
//!                          │     │     └ schemas, tables × rows: old and new image
//!                          │     └ …
//!                          └ …
//! ```
//!
//! One entry per commit of the first-parent line, oldest first; within it definitions and rows in
//! the order of table id and key. A merge is one entry: what it changed on this line. Applied one
//! after the other to the state at `from`, the entries give the state at `to`. A consumer resumes
//! from the commit of the last entry that it took in.
//!
//! A commit that holds its delta is read as it is; for one that holds a root the difference of two
//! trees is taken, which the layer that knows states supplies (`StateDiff`). Memory is bounded by
//! the changes of one commit.

use crate::chunk::Faulting;
use crate::history::{
    Body, CommitId, CommitReader, Delta, Forward, HistoryError, Micros, Scn, TableDelta, TableKey,
};

/// Finds what a commit changed by comparing states.
pub trait StateDiff {
    /// What `commit` changed relative to `parent`, its first parent (`None`: relative to nothing),
    /// as the delta that it would have held.
    fn diff(&self, parent: Option<&CommitId>, commit: &CommitId) -> Result<Delta, HistoryError>;
}

/// What one commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    /// The commit.
    pub commit: CommitId,
    /// Its number on the line.
    pub scn: Scn,
    /// When it was made.
    pub time: Micros,
    /// Who made it.
    pub author: String,
    /// What it was for.
    pub message: String,
    /// The commits that were merged by it.
    pub merged: Vec<CommitId>,
    /// Its changes.
    pub delta: Delta,
}

impl FeedEntry {
    /// The changed rows of one table; `None` if it has none.
    pub fn table(&self, table: &TableKey) -> Option<&TableDelta> {
        let tables = &self.delta.tables;
        let at = tables.binary_search_by(|candidate| candidate.table.cmp(table)).ok()?;
        tables.get(at)
    }
}

/// The entries between two commits, read as they are asked for. After an error nothing follows, but
/// for a fault: the next entry is tried then, so that all that is missing can be fetched together.
pub struct Feed<'r, 'a> {
    reader: &'r CommitReader<'a>,
    states: &'r dyn StateDiff,
    line: Forward<'r, 'a>,
    failed: bool,
}

impl<'r, 'a> Feed<'r, 'a> {
    /// What changed after `from` (`None`: since the first commit, which is included) up to and
    /// with `to`. `NotOnLine` if `from` is not on the line of `to`, as after a branch was replaced;
    /// `Truncated` if retention dropped part of what was asked for.
    pub fn between(
        reader: &'r CommitReader<'a>,
        states: &'r dyn StateDiff,
        from: Option<&CommitId>,
        to: &CommitId,
    ) -> Result<Self, HistoryError> {
        let line = reader.forward(from, to)?;
        Ok(Feed { reader, states, line, failed: false })
    }

    fn entry(&self, id: CommitId) -> Result<FeedEntry, HistoryError> {
        let commit = self.reader.commit(&id)?;
        let delta = match commit.body {
            Body::Delta(delta) => delta,
            Body::Root(_) => self.states.diff(commit.parents.first(), &id)?,
        };
        Ok(FeedEntry {
            commit: id,
            scn: commit.scn,
            time: commit.time,
            author: commit.author,
            message: commit.message,
            merged: commit.parents.into_iter().skip(1).collect(),
            delta,
        })
    }
}

impl Iterator for Feed<'_, '_> {
    type Item = Result<FeedEntry, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let entry = self.line.next()?.and_then(|(id, _)| self.entry(id));
        self.failed = entry.as_ref().is_err_and(|error| !error.is_fault());
        Some(entry)
    }
}
