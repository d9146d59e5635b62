//! What a branch is like: tables, sizes, log, divergence.

use super::{Database, Point};
use crate::chunk::{all, both};
use crate::error::{Error, Result};
use crate::history::{
    BranchRecord, BranchStatus, CommitHeader, CommitId, CommitReader, HistoryError, Micros,
};
use crate::row::{State, TableState};
use std::sync::Arc;

/// How much a state holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Tables.
    pub tables: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes of rows and indexes, uncompressed, estimated from a few pages of each tree. Branches
    /// share pages, so the sum over branches is more than what is stored.
    pub bytes: u64,
}

/// How far two branches are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Divergence {
    /// Commits of the branch that its source lacks.
    pub ahead: u64,
    /// Commits of the source that the branch lacks.
    pub behind: u64,
}

/// One entry of a branch's log.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The commit.
    pub id: CommitId,
    /// Its header.
    pub header: Arc<CommitHeader>,
}

impl Database {
    /// The commits of a branch between two times (both included), newest first.
    ///
    /// # Errors
    /// `NotFound`; a fault.
    pub fn log(
        &self,
        branch: &str,
        from: Option<Micros>,
        to: Option<Micros>,
        limit: usize,
    ) -> Result<Vec<LogEntry>> {
        let head = self.head(branch)?;
        let chunks = self.chunks();
        let shallow = self.shallow();
        let history = CommitReader::with_shallow(&chunks, &shallow);
        let start = match to {
            Some(to) if to < head.header.time => match history.at_time(&head.commit, to, false) {
                Ok(commit) => commit,
                Err(HistoryError::BeforeHistory { .. }) => return Ok(Vec::new()),
                Err(other) => return Err(other.into()),
            },
            _ => head.commit,
        };
        history.want_line(&start, limit as u64, &|_, header| {
            Ok(from.is_some_and(|from| header.time < from))
        })?;
        let mut entries = Vec::new();
        let mut line = history.line(&start);
        while entries.len() < limit {
            let (id, header) = match line.next() {
                Some(Ok(found)) => found,
                // What retention removed is no longer history.
                None | Some(Err(HistoryError::Truncated { .. })) => break,
                Some(Err(error)) => return Err(error.into()),
            };
            if from.is_some_and(|from| header.time < from) {
                break;
            }
            entries.push(LogEntry { id, header });
        }
        Ok(entries)
    }

    /// The commits that live branches reach, each once, children before parents, at most `limit`;
    /// what retention removed is left out.
    ///
    /// # Errors
    /// A fault.
    pub fn graph(&self, limit: usize) -> Result<Vec<LogEntry>> {
        let live = |record: &BranchRecord| record.status != BranchStatus::Deleted;
        let heads: Vec<CommitId> =
            self.branches()?.into_iter().filter(live).map(|record| record.head).collect();
        let (chunks, shallow) = (self.chunks(), self.shallow());
        let history = CommitReader::with_shallow(&chunks, &shallow);
        let mut entries = Vec::new();
        for found in history.unknown_to(&[], &heads)?.take(limit) {
            let (id, header) = found?;
            entries.push(LogEntry { id, header });
        }
        Ok(entries)
    }

    /// How far a branch and the branch that it came from are apart; `None` where there is none, or
    /// it is gone.
    ///
    /// # Errors
    /// `NotFound`; a fault.
    pub fn divergence(&self, branch: &str) -> Result<Option<Divergence>> {
        let record = self.branch(branch)?;
        let Some((source, _)) = &record.source_branch else { return Ok(None) };
        let Ok(source) = self.branch(&source.to_string()) else { return Ok(None) };
        let (head, source) = both(self.head(branch), self.head(&source.name))?;
        let chunks = self.chunks();
        let (ahead, behind) = CommitReader::with_shallow(&chunks, &self.shallow())
            .ahead_behind(&head.commit, &source.commit)?;
        Ok(Some(Divergence { ahead, behind }))
    }

    /// When a commit was made.
    ///
    /// # Errors
    /// `HistoryTruncated` where retention has dropped it; a fault.
    pub fn commit_time(&self, commit: &CommitId) -> Result<Micros> {
        let shallow = self.shallow();
        let chunks = self.chunks();
        let history = CommitReader::with_shallow(&chunks, &shallow);
        if history.is_dropped(commit) {
            return Err(Error::HistoryTruncated);
        }
        Ok(history.header(commit)?.time)
    }

    /// How much a point of a branch holds.
    pub fn size(&self, point: &Point) -> Result<Size> {
        Ok(Size {
            tables: point.state.table_count() as u64,
            rows: point.state.row_count(),
            bytes: self.size_of(&point.state)?,
        })
    }

    /// The estimated size of one table: rows and indexes.
    pub fn table_size(&self, table: &TableState) -> Result<u64> {
        let chunks = self.chunks();
        let sizes = all(table.views().map(|view| view.size_estimate(&chunks)))?;
        Ok(sizes.iter().sum())
    }

    pub(super) fn size_of(&self, state: &State) -> Result<u64> {
        let sizes = all(state.tables().map(|table| self.table_size(table)))?;
        Ok(sizes.iter().sum())
    }
}
