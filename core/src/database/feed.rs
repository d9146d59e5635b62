//! What changed on a branch, commit by commit.

use super::{Database, merging};
use crate::chunk::Chunks;
use crate::error::Result;
use crate::feed::{Feed, FeedEntry, StateDiff};
use crate::history::{CommitId, CommitReader, Delta, HistoryError};
use crate::row::State;

struct Diffs<'d> {
    database: &'d Database,
    chunks: &'d Chunks,
}

impl StateDiff for Diffs<'_> {
    fn diff(&self, parent: Option<&CommitId>, commit: &CommitId) -> Result<Delta, HistoryError> {
        let after = self.database.state_at(self.chunks, *commit)?;
        let before = match parent {
            Some(parent) => self.database.state_at(self.chunks, *parent)?.state.clone(),
            None => State::empty(),
        };
        Ok(merging::state_delta(self.chunks, &before, &after.state)?)
    }
}

impl Database {
    /// What the commits of a branch changed, oldest first: those after `from` (`None`: from the
    /// first one), at most `limit`. The last entry's commit is where the next call goes on.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` where `from` is not on the branch's line; `HistoryTruncated`; a fault.
    pub fn feed(
        &self,
        branch: &str,
        from: Option<&CommitId>,
        limit: usize,
    ) -> Result<Vec<FeedEntry>> {
        let head = self.head(branch)?;
        let chunks = self.chunks();
        let shallow = self.shallow();
        let reader = CommitReader::with_shallow(&chunks, &shallow);
        let states = Diffs { database: self, chunks: &chunks };
        let feed = Feed::between(&reader, &states, from, &head.commit)?;
        Ok(feed.take(limit).collect::<std::result::Result<_, _>>()?)
    }
}
