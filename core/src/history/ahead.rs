//! Commits asked for before a walk comes to them, over a source that faults.
//!
//! A walk alone would start again for every commit, because a commit is known only by the one that
//! names it. But a commit names two: its parent, and by its jump one further back. All that are known
//! are asked for together; each brings two more, and so a stretch of n commits is there after about
//! 2·log n restarts:
//!
//! ```text
//!   restart 0   head
//!           1   parent, jump
//!           2   their parents, their jumps: four, less what is known or too far …
//! ```
//!
//! How far this reaches grows with what is there already, so that not much more is fetched than is
//! needed.

use super::{CommitHeader, CommitId, CommitReader, HistoryError};
use crate::chunk::Hash;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// How many commits back is asked for at first.
const FIRST_REACH: u64 = 1024;
/// And how many more for each commit that is at hand.
const REACH_PER_COMMIT: u64 = 16;

/// Which parents a walk follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parents {
    /// The first.
    First,
    /// All.
    All,
}

/// Says where a walk ends: nothing behind such a commit is wanted.
pub type Ends<'e> = dyn Fn(&CommitId, &CommitHeader) -> Result<bool, HistoryError> + 'e;

impl CommitReader<'_> {
    /// Over a source that faults: asks at once for as many commits as a walk from `heads` may want
    /// next: these, and on the line of each not more than `most`. Elsewhere it does nothing.
    ///
    /// # Errors
    /// A fault that names all commits that are known and not at hand.
    pub fn want_history(
        &self,
        heads: &[CommitId],
        parents: Parents,
        most: u64,
        ends: &Ends<'_>,
    ) -> Result<(), HistoryError> {
        if self.chunks().restarts().is_none() {
            return Ok(());
        }
        let missing = self.known_and_missing(heads, parents, most, ends)?;
        Ok(self.chunks().want(&missing)?)
    }

    /// The same for one line.
    ///
    /// # Errors
    /// As [`CommitReader::want_history`].
    pub fn want_line(
        &self,
        head: &CommitId,
        most: u64,
        ends: &Ends<'_>,
    ) -> Result<(), HistoryError> {
        self.want_history(&[*head], Parents::First, most, ends)
    }

    /// Commits that are known by name and not at hand, nearest first.
    fn known_and_missing(
        &self,
        heads: &[CommitId],
        parents: Parents,
        most: u64,
        ends: &Ends<'_>,
    ) -> Result<Vec<Hash>, HistoryError> {
        let mut missing = Vec::new();
        let mut at_hand = 0u64;
        let mut seen: HashSet<CommitId> = HashSet::new();
        // The nearest first: how far from where its line was entered, the line, the commit.
        let mut ahead: BinaryHeap<Reverse<(u64, usize, CommitId)>> = BinaryHeap::new();
        let mut lines = 0;
        for head in heads {
            ahead.push(Reverse((0, lines, *head)));
            lines += 1;
        }
        // Where lines end; jumps lead past it.
        let mut ended: HashMap<usize, u64> = HashMap::new();
        while let Some(Reverse((far, line, id))) = ahead.pop() {
            let reach = FIRST_REACH.saturating_add(REACH_PER_COMMIT.saturating_mul(at_hand));
            if far > reach.min(most)
                || ended.get(&line).is_some_and(|end| far > *end)
                || self.is_dropped(&id)
                || !seen.insert(id)
            {
                continue;
            }
            if self.chunks().at_hand(&id.0)?.is_none() {
                missing.push(id.0);
                continue;
            }
            at_hand += 1;
            let header = self.header(&id)?;
            if ends(&id, &header)? {
                ended.insert(line, far);
                continue;
            }
            if let Some((jump, scn)) = header.jump {
                let further = header.scn.0.saturating_sub(scn.0);
                ahead.push(Reverse((far.saturating_add(further), line, jump)));
            }
            for (i, parent) in header.parents.iter().enumerate() {
                match (i, parents) {
                    (0, _) => ahead.push(Reverse((far.saturating_add(1), line, *parent))),
                    (_, Parents::First) => {}
                    (_, Parents::All) => {
                        ahead.push(Reverse((far.saturating_add(1), lines, *parent)));
                        lines += 1;
                    }
                }
            }
        }
        Ok(missing)
    }
}
