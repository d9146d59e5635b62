//! What changed on a branch, commit by commit.

use super::{Database, merging};
use crate::chunk::{Chunks, all, both};
use crate::error::{Error, Result};
use crate::feed::{Feed, FeedEntry, StateDiff};
use crate::history::{CommitId, CommitReader, Delta, HistoryError, Scn};
use crate::row::State;

struct Diffs<'d> {
    database: &'d Database,
    chunks: &'d Chunks,
}

impl StateDiff for Diffs<'_> {
    fn diff(&self, parent: Option<&CommitId>, commit: &CommitId) -> Result<Delta, HistoryError> {
        let state = |id: &CommitId| {
            let point = self.database.state_at(self.chunks, *id)?;
            Ok::<_, Error>(point.state.clone())
        };
        let before = parent.map_or_else(|| Ok(State::empty()), state);
        let (after, before) = both(state(commit), before)?;
        Ok(merging::state_delta(self.chunks, &before, &after)?)
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
        let before =
            from.map_or(Ok(Scn(0)), |from| reader.header(from).map(|header| header.scn))?;
        // No further than asked for, so that no more is fetched.
        let last = Scn(before.0.saturating_add(limit as u64).max(1)).min(head.header.scn);
        let to = reader.at_scn(&head.commit, last)?;
        let feed = Feed::between(&reader, &states, from, &to)?;
        Ok(all(feed.take(limit))?)
    }
}
