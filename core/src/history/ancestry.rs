//! What two commits have in common, along all parents.
//!
//! Where nothing was merged since two lines parted, their fork point answers everything in O(log n)
//! reads (`Commit::merges` tells). Else commits are painted downwards from both sides, in the order
//! of their generation, as git does it (`paint_down_to_common` in its `commit-reach.c`). Unlike
//! git's dates a generation is larger than that of every ancestor, so when a commit is taken from
//! the queue all its descendants have been, and its marks are final.

use super::{CommitHeader, CommitId, CommitReader, HistoryError, Parents};
use crate::chunk::{Faulting, both};
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

const ONE: u8 = 1;
const OTHER: u8 = 2;
const BOTH: u8 = ONE | OTHER;
// Behind a common ancestor that was found already.
const STALE: u8 = 4;

/// Commits reached and not yet looked at, the largest generation first.
struct Frontier<'r, 'a> {
    reader: &'r CommitReader<'a>,
    heads: Vec<CommitId>,
    queue: BinaryHeap<(u64, CommitId)>,
    marks: HashMap<CommitId, u8>,
    // Commits beyond the horizon: their marks, and the largest generation of a child.
    dropped: HashMap<CommitId, (u8, u64)>,
    // How many in the queue can still change the answer, and which do.
    open: usize,
    is_open: fn(u8) -> bool,
}

impl<'r, 'a> Frontier<'r, 'a> {
    /// A walk from heads with their marks.
    fn new(
        reader: &'r CommitReader<'a>,
        heads: &[(CommitId, u8)],
        is_open: fn(u8) -> bool,
    ) -> Result<Self, HistoryError> {
        let mut frontier = Frontier {
            reader,
            heads: heads.iter().map(|(id, _)| *id).collect(),
            queue: BinaryHeap::new(),
            marks: HashMap::new(),
            dropped: HashMap::new(),
            open: 0,
            is_open,
        };
        heads.iter().try_for_each(|(id, mark)| frontier.mark(*id, *mark))?;
        Ok(frontier)
    }

    /// A commit's header. Where it is missing, what the walk may come to after it is asked for too;
    /// not before, for nobody knows how far the walk goes.
    fn header(&self, id: &CommitId) -> Result<Arc<CommitHeader>, HistoryError> {
        let header = self.reader.header(id);
        if header.as_ref().is_err_and(Faulting::is_fault) {
            self.reader.want_history(&self.heads, Parents::All, u64::MAX, &|_, _| Ok(false))?;
        }
        header
    }

    /// Marks a commit that is not below one taken already.
    fn mark(&mut self, id: CommitId, mark: u8) -> Result<(), HistoryError> {
        let was = match self.marks.get(&id) {
            Some(was) => {
                self.open -= usize::from((self.is_open)(*was));
                *was
            }
            None => {
                self.queue.push((self.header(&id)?.generation, id));
                0
            }
        };
        self.marks.insert(id, was | mark);
        self.open += usize::from((self.is_open)(was | mark));
        Ok(())
    }

    /// The next commit with its final marks; none when no answer can change any more.
    fn take(&mut self) -> Result<Option<(CommitId, Arc<CommitHeader>, u8)>, HistoryError> {
        if self.open == 0 {
            return Ok(None);
        }
        let Some((_, id)) = self.queue.pop() else { return Ok(None) };
        let mark = self.marks.remove(&id).unwrap_or(0);
        self.open -= usize::from((self.is_open)(mark));
        Ok(Some((id, self.header(&id)?, mark)))
    }

    /// The largest generation of a commit whose dropped parent has such marks.
    fn edge(&self, which: impl Fn(u8) -> bool) -> Option<u64> {
        let dropped = self.dropped.values().filter(|(mark, _)| which(*mark));
        dropped.map(|(_, generation)| *generation).max()
    }

    /// Marks the parents.
    fn spread(
        &mut self,
        id: &CommitId,
        header: &CommitHeader,
        mark: u8,
    ) -> Result<(), HistoryError> {
        for parent in &header.parents {
            if self.reader.is_dropped(parent) {
                let (marks, generation) = self.dropped.entry(*parent).or_default();
                *marks |= mark;
                *generation = header.generation.max(*generation);
                continue;
            }
            if self.header(parent)?.generation >= header.generation {
                let law = "its generation is larger than its parents'";
                return Err(HistoryError::Unlawful { commit: *id, law });
            }
            self.mark(*parent, mark)?;
        }
        Ok(())
    }
}

impl<'a> CommitReader<'a> {
    /// The best common ancestors of two commits: those that are not ancestors of another common
    /// ancestor. More than one after criss-cross merges; none if the two have nothing in common.
    /// Newest generation first, then by id.
    ///
    /// `Truncated` if a best common ancestor may lie beyond the horizon.
    pub fn merge_bases(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Vec<CommitId>, HistoryError> {
        if let Some((fork, ..)) = self.plain_fork(one, other)? {
            return Ok(vec![fork]);
        }
        let heads = [(*one, ONE), (*other, OTHER)];
        let mut frontier = Frontier::new(self, &heads, |mark| mark & STALE == 0)?;
        let mut bases = Vec::new();
        let mut lowest = [u64::MAX; 2];
        while let Some((id, header, mut mark)) = frontier.take()? {
            match mark {
                BOTH => {
                    bases.push((header.generation, id));
                    mark |= STALE;
                }
                ONE => lowest[0] = header.generation,
                OTHER => lowest[1] = header.generation,
                _ => {}
            }
            frontier.spread(&id, &header, mark)?;
        }
        // What lies beyond the horizon, by the generation of the commit before it, and whether it
        // may change the answer. A commit on this side of it that stands behind a dropped one is at
        // least two generations older than that one's child.
        let fresh = |side: u8| frontier.edge(|mark| mark & STALE == 0 && mark & side != 0);
        let behind = |generation: u64, edge: Option<u64>| {
            edge.is_some_and(|edge| generation < edge.saturating_sub(1))
        };
        let hidden = match (fresh(ONE), fresh(OTHER)) {
            // Both sides lead there: a base may lie beyond.
            (Some(_), Some(_)) => true,
            // One side does, and what is behind it may be what the other side has.
            (one, other) => behind(lowest[1], one) || behind(lowest[0], other),
        };
        // What is behind one base may be another, which then is none.
        let stale = frontier.edge(|mark| mark & STALE != 0);
        let hidden = hidden || bases.iter().any(|(generation, _)| behind(*generation, stale));
        if hidden {
            return Err(HistoryError::Truncated { oldest: None });
        }
        bases.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        Ok(bases.into_iter().map(|(_, id)| id).collect())
    }

    /// How many commits are reachable from `one` and not from `other`, and the reverse.
    ///
    /// `Truncated` if part of that lies beyond the horizon.
    pub fn ahead_behind(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<(u64, u64), HistoryError> {
        if let Some((_, ahead, behind)) = self.plain_fork(one, other)? {
            return Ok((ahead, behind));
        }
        let heads = [(*one, ONE), (*other, OTHER)];
        let mut frontier = Frontier::new(self, &heads, |mark| mark != BOTH)?;
        let (mut ahead, mut behind) = (0, 0);
        let mut lowest = u64::MAX;
        while let Some((id, header, mark)) = frontier.take()? {
            ahead += u64::from(mark == ONE);
            behind += u64::from(mark == OTHER);
            if mark != BOTH {
                lowest = header.generation;
            }
            frontier.spread(&id, &header, mark)?;
        }
        // One side has commits beyond the horizon; or both have, and behind them may stand what
        // was counted as one side's.
        let edge = frontier.edge(|mark| mark == BOTH).unwrap_or(0);
        let hidden =
            frontier.edge(|mark| mark != BOTH).is_some() || lowest < edge.saturating_sub(1);
        match hidden {
            false => Ok((ahead, behind)),
            true => Err(HistoryError::Truncated { oldest: None }),
        }
    }

    /// The commits of `one` (reachable from it) that are missing from `other`: `unknown_to` for
    /// one commit each.
    pub fn missing_from(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Missing<'_, 'a>, HistoryError> {
        self.unknown_to(&[*other], &[*one])
    }

    /// The commits reachable from `want` and not from `have`, each once, children before parents:
    /// what a host that has `have` lacks. What lies beyond the horizon is left out. Memory grows
    /// with the width of the history, not with its length. After an error nothing follows.
    pub fn unknown_to(
        &self,
        have: &[CommitId],
        want: &[CommitId],
    ) -> Result<Missing<'_, 'a>, HistoryError> {
        let want = want.iter().map(|id| (*id, ONE));
        let heads: Vec<(CommitId, u8)> = want.chain(have.iter().map(|id| (*id, OTHER))).collect();
        let frontier = Frontier::new(self, &heads, |mark| mark == ONE)?;
        Ok(Missing { frontier, failed: false })
    }

    /// Where the two lines part and how long each is since then, if neither merged anything since:
    /// then all ancestors that they share stand behind that commit.
    fn plain_fork(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<(CommitId, u64, u64)>, HistoryError> {
        let (head, other_head) = both(self.header(one), self.header(other))?;
        if head.merges != other_head.merges {
            return Ok(None);
        }
        let fork = match self.fork_point(one, other) {
            Ok(Some(fork)) => fork,
            Ok(None) | Err(HistoryError::Truncated { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let base = self.header(&fork)?;
        let since = |head: &CommitHeader| head.scn.0.saturating_sub(base.scn.0);
        let plain = head.merges == base.merges;
        Ok(plain.then(|| (fork, since(&head), since(&other_head))))
    }
}

/// Commits that one side lacks (`CommitReader::missing_from`, `unknown_to`).
pub struct Missing<'r, 'a> {
    frontier: Frontier<'r, 'a>,
    failed: bool,
}

impl Missing<'_, '_> {
    fn step(&mut self) -> Result<Option<(CommitId, Arc<CommitHeader>)>, HistoryError> {
        while let Some((id, header, mark)) = self.frontier.take()? {
            self.frontier.spread(&id, &header, mark)?;
            if mark == ONE {
                return Ok(Some((id, header)));
            }
        }
        Ok(None)
    }
}

impl Iterator for Missing<'_, '_> {
    type Item = Result<(CommitId, Arc<CommitHeader>), HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        step.transpose()
    }
}
