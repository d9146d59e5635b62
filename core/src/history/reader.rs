//! Commits read from their chunks, with the horizon known.

use super::{Commit, CommitHeader, CommitId, HistoryError, Links, Micros, PARENTS_MAX, Point, Scn};
use super::{SCN_LIMIT, Shallow, Step};
use crate::chunk::{Chunk, Chunks};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Decoded headers held at once; when as many are there all are forgotten, for a walk seldom comes
/// back to what it has passed.
const HEADERS_MAX: usize = 2048;

/// Reads commits. Cheap to make; keeps the headers it has decoded, so one reader serves a whole
/// statement.
pub struct CommitReader<'a> {
    chunks: &'a Chunks,
    shallow: Option<&'a Shallow>,
    headers: Mutex<HashMap<CommitId, Arc<CommitHeader>>>,
}

impl<'a> CommitReader<'a> {
    /// A reader of a history from which nothing was dropped.
    pub fn new(chunks: &'a Chunks) -> Self {
        CommitReader { chunks, shallow: None, headers: Mutex::default() }
    }

    /// A reader of a history from which retention may have dropped commits.
    pub fn with_shallow(chunks: &'a Chunks, shallow: &'a Shallow) -> Self {
        CommitReader { shallow: Some(shallow), ..CommitReader::new(chunks) }
    }

    /// Where it reads from.
    pub fn chunks(&self) -> &'a Chunks {
        self.chunks
    }

    /// Whether retention dropped this commit.
    pub fn is_dropped(&self, id: &CommitId) -> bool {
        self.shallow.is_some_and(|shallow| shallow.is_dropped(id))
    }

    /// A commit's header.
    pub fn header(&self, id: &CommitId) -> Result<Arc<CommitHeader>, HistoryError> {
        if let Some(header) = self.held().get(id) {
            return Ok(header.clone());
        }
        let header = Arc::new(self.decoded(id)?);
        self.remember(*id, header.clone());
        Ok(header)
    }

    fn decoded(&self, id: &CommitId) -> Result<CommitHeader, HistoryError> {
        let chunk = self.chunk(id)?;
        CommitHeader::decode(chunk.bytes())
            .map_err(|reason| HistoryError::Malformed { commit: *id, reason })
    }

    fn remember(&self, id: CommitId, header: Arc<CommitHeader>) {
        let mut headers = self.held();
        if headers.len() >= HEADERS_MAX {
            headers.clear();
        }
        headers.insert(id, header);
    }

    // The map holds whole headers whenever a panic elsewhere may have let go of it.
    fn held(&self) -> MutexGuard<'_, HashMap<CommitId, Arc<CommitHeader>>> {
        self.headers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A whole commit.
    pub fn commit(&self, id: &CommitId) -> Result<Commit, HistoryError> {
        let chunk = self.chunk(id)?;
        Commit::decode(chunk.bytes())
            .map_err(|reason| HistoryError::Malformed { commit: *id, reason })
    }

    /// A commit's bytes and what going back along its line needs of them.
    pub fn step(&self, id: &CommitId) -> Result<(Chunk, Step), HistoryError> {
        let chunk = self.chunk(id)?;
        let step = Step::decode(chunk.bytes())
            .map_err(|reason| HistoryError::Malformed { commit: *id, reason })?;
        Ok((chunk, step))
    }

    fn chunk(&self, id: &CommitId) -> Result<Chunk, HistoryError> {
        match self.is_dropped(id) {
            true => Err(HistoryError::Truncated { oldest: None }),
            false => Ok(self.chunks.get(&id.0, &[])?),
        }
    }

    /// The commit with its number and time.
    pub fn point(&self, id: &CommitId) -> Result<Point, HistoryError> {
        let header = self.header(id)?;
        Ok(Point { commit: *id, scn: header.scn, time: header.time })
    }

    /// The links of a new commit on top of `parents`, the first of which is the head of the line
    /// that it extends, made at `now`. Its time is `now`, or one microsecond after its first parent
    /// where the clock stands behind.
    pub fn links(&self, parents: &[CommitId], now: Micros) -> Result<Links, HistoryError> {
        let first = parents.first().ok_or(HistoryError::Parents(0))?;
        let before = self.header(first)?;
        self.links_on(parents, &before, now)
    }

    /// The same for one who has the header of the first parent.
    pub fn links_on(
        &self,
        parents: &[CommitId],
        before: &CommitHeader,
        now: Micros,
    ) -> Result<Links, HistoryError> {
        let distinct = parents.iter().enumerate().all(|(i, id)| !parents[..i].contains(id));
        let first = match parents.first() {
            Some(first) if parents.len() <= PARENTS_MAX && distinct => *first,
            _ => return Err(HistoryError::Parents(parents.len())),
        };
        let mut generation = before.generation;
        for parent in &parents[1..] {
            generation = generation.max(self.header(parent)?.generation);
        }
        let scn = before.scn.next();
        if scn.0 >= SCN_LIMIT || generation >= u64::MAX - 1 {
            return Err(HistoryError::Exhausted);
        }
        Ok(Links {
            parents: parents.to_vec(),
            jump: Some(self.jump_on(&first, before)?),
            scn,
            generation: generation + 1,
            merges: before.merges + u64::from(parents.len() > 1),
            time: now.max(Micros(before.time.0.saturating_add(1))),
        })
    }

    /// Where the commit on top of `parent` jumps to: E. W. Myers, "An applicative random-access
    /// stack", Information Processing Letters 17 (1983). If the parent's jump and the jump after it
    /// are equally long, the new one spans both and the parent; else it is the parent. One header
    /// is read at most.
    ///
    /// Where that header was dropped by retention the jump is the parent too: it is correct
    /// anywhere, and costs a step only beside the horizon.
    fn jump_on(
        &self,
        parent: &CommitId,
        header: &CommitHeader,
    ) -> Result<(CommitId, Scn), HistoryError> {
        let here = (*parent, header.scn);
        let Some((jump, jump_scn)) = header.jump else { return Ok(here) };
        if self.is_dropped(&jump) {
            return Ok(here);
        }
        // Not kept: a commit that is made reads it once.
        let held = self.held().get(&jump).map(|header| header.jump);
        let behind = match held {
            Some(behind) => behind,
            None => self.decoded(&jump)?.jump,
        };
        let (after, after_scn) = match behind {
            Some(after) => after,
            // The first commit jumps to itself.
            None => (jump, jump_scn),
        };
        let long = |from: Scn, to: Scn| from.0.saturating_sub(to.0);
        match long(header.scn, jump_scn) == long(jump_scn, after_scn) {
            true => Ok((after, after_scn)),
            false => Ok(here),
        }
    }

    /// Checks a commit's links against its parents': what a host does with commits that come from
    /// elsewhere, and with its own when it checks a file.
    pub fn check_links(&self, id: &CommitId) -> Result<(), HistoryError> {
        let header = self.header(id)?;
        let unlawful = |law| Err(HistoryError::Unlawful { commit: *id, law });
        let Some(first) = header.first_parent() else {
            return match header.generation == 1 && header.merges == 0 {
                true => Ok(()),
                false => unlawful("the first commit is of the first generation"),
            };
        };
        if header.parents.iter().any(|parent| self.is_dropped(parent)) {
            // At the horizon there is nothing left to compare with.
            return Ok(());
        }
        let lawful = self.links(&header.parents, header.time)?;
        let links = header.links();
        let parent_scn = Scn(links.scn.0 - 1);
        if links.scn != lawful.scn {
            return unlawful("its SCN follows its first parent's");
        }
        if links.generation != lawful.generation || links.merges != lawful.merges {
            return unlawful("its generation and merges follow its parents'");
        }
        if links.time != lawful.time {
            return unlawful("it is later than its first parent");
        }
        // The parent is always lawful (see `jump_on`); and where the parent's jump was dropped what
        // stands behind it cannot be told any more.
        let before = self.header(&first)?.jump;
        let unknown = before.is_some_and(|(jump, _)| self.is_dropped(&jump));
        if links.jump != lawful.jump && links.jump != Some((first, parent_scn)) && !unknown {
            return unlawful("it jumps along its line");
        }
        Ok(())
    }
}
