//! The first-parent line of a commit: the history of a branch.
//!
//! Each commit knows its parent and one commit further back (its jump), chosen so that the jumps
//! from any commit grow like the digits of a skew-binary number (Myers 1983, see
//! `CommitReader::links`):
//!
//! ```text
//!   scn   1 ◀─ 2 ◀─ 3 ◀─ 4 ◀─ 5 ◀─ 6 ◀─ 7 ◀─ 8
//!   jump  ·    1    2    1    4    5    4    1
//! ```
//!
//! Numbers and times grow along a line, so the commit at any of them is found in O(log n) reads: a
//! jump that does not go too far is taken, else the parent. Only the line is followed, never what
//! was merged into it, so the past of a branch does not change when it takes in another.

use super::{CommitHeader, CommitId, CommitReader, HistoryError, Micros, Point, Scn};
use crate::chunk::both;
use std::sync::Arc;

const SECOND: i64 = 1_000_000;

/// Commits of a line that are read before the first of them is handed out, when it is walked
/// forwards.
const FORWARD_BLOCK: u64 = 256;

type Found = (CommitId, Arc<CommitHeader>);

impl<'a> CommitReader<'a> {
    /// The last commit at or before `scn` on the line of `head`. A number beyond the head means the
    /// head.
    pub fn at_scn(&self, head: &CommitId, scn: Scn) -> Result<CommitId, HistoryError> {
        let mut at = (*head, self.header(head)?);
        while at.1.scn > scn {
            at = match at.1.jump {
                Some((jump, to)) if to >= scn && !self.is_dropped(&jump) => {
                    let header = self.header(&jump)?;
                    if header.scn != to {
                        return Err(unlawful(&at.0));
                    }
                    (jump, header)
                }
                _ => self.before(&at)?,
            };
        }
        Ok(at.0)
    }

    /// The last commit at or before `time` on the line of `head`. With `whole_second` the time
    /// means through the end of its second, so that a time which was shown in seconds finds its
    /// commit.
    pub fn at_time(
        &self,
        head: &CommitId,
        time: Micros,
        whole_second: bool,
    ) -> Result<CommitId, HistoryError> {
        let limit = match whole_second {
            true => Micros(time.0.saturating_add(SECOND - 1 - time.0.rem_euclid(SECOND))),
            false => time,
        };
        let mut at = (*head, self.header(head)?);
        while at.1.time > limit {
            if let Some((jump, _)) = at.1.jump
                && !self.is_dropped(&jump)
            {
                let header = self.header(&jump)?;
                if header.time > limit {
                    at = (jump, header);
                    continue;
                }
            }
            at = self.before(&at)?;
        }
        Ok(at.0)
    }

    /// The commit before this one on its line; an error that says why there is none.
    fn before(&self, at: &Found) -> Result<Found, HistoryError> {
        let here = || Point { commit: at.0, scn: at.1.scn, time: at.1.time };
        let Some(parent) = at.1.first_parent() else {
            return Err(HistoryError::BeforeHistory { first: here() });
        };
        if self.is_dropped(&parent) {
            return Err(HistoryError::Truncated { oldest: Some(here()) });
        }
        let header = self.header(&parent)?;
        match header.scn.next() == at.1.scn {
            true => Ok((parent, header)),
            false => Err(unlawful(&at.0)),
        }
    }

    /// Whether `candidate` is `head` or stands before it on its line.
    pub fn is_on_line(&self, head: &CommitId, candidate: &CommitId) -> Result<bool, HistoryError> {
        let scn = self.header(candidate)?.scn;
        Ok(scn <= self.header(head)?.scn && self.at_scn(head, scn)? == *candidate)
    }

    /// The line of `head`, newest first. Where retention cut it the last item is
    /// `HistoryError::Truncated`; after an error nothing follows.
    pub fn line(&self, head: &CommitId) -> Line<'_, 'a> {
        Line { reader: self, head: *head, at: None, until: None, failed: None, done: false }
    }

    /// The line from `to` (included) back to `from` (not included), newest first. If `from` is not
    /// on that line the last item is an error.
    pub fn line_between(&self, from: &CommitId, to: &CommitId) -> Line<'_, 'a> {
        let mut line = self.line(to);
        match self.header(from) {
            Ok(header) => line.until = Some((*from, header.scn)),
            Err(error) => line.failed = Some(error),
        }
        line
    }

    /// The line from `from` (not included; `None`: from the first commit) up to `to` (included),
    /// oldest first. A bounded number of ids is held however long the line is.
    pub fn forward(
        &self,
        from: Option<&CommitId>,
        to: &CommitId,
    ) -> Result<Forward<'_, 'a>, HistoryError> {
        let lowest = match from {
            None => Scn(1),
            Some(from) => both(self.header(from), self.header(to))?.0.scn,
        };
        self.want_line(to, u64::MAX, &|_, header| Ok(header.scn <= lowest))?;
        let next = match from {
            None => lowest,
            Some(from) if self.is_on_line(to, from)? => lowest.next(),
            Some(from) => return Err(HistoryError::NotOnLine { commit: *from, head: *to }),
        };
        let last = self.header(to)?.scn;
        Ok(Forward { reader: self, to: *to, next, last, block: Vec::new(), failed: false })
    }

    /// The newest commit that the lines of both have: where one was branched off the other; `None`
    /// if they have nothing in common. O(log n) reads.
    pub fn fork_point(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, HistoryError> {
        let (a, b) = both(self.header(one), self.header(other))?;
        let scn = a.scn.min(b.scn);
        let found = |id: CommitId| self.header(&id).map(|header| (id, header));
        let on_line = |head: &CommitId| self.at_scn(head, scn).and_then(found);
        let (mut a, mut b) = both(on_line(one), on_line(other))?;
        while a.0 != b.0 {
            (a, b) = match (a.1.jump, b.1.jump) {
                // Equal jumps may go too far; different ones of equal length do not.
                (Some((to_a, scn_a)), Some((to_b, scn_b)))
                    if scn_a == scn_b
                        && to_a != to_b
                        && !self.is_dropped(&to_a)
                        && !self.is_dropped(&to_b) =>
                {
                    both(found(to_a), found(to_b))?
                }
                (None, _) | (_, None) => return Ok(None),
                _ => both(self.before(&a), self.before(&b))?,
            };
        }
        Ok(Some(a.0))
    }
}

fn unlawful(commit: &CommitId) -> HistoryError {
    HistoryError::Unlawful { commit: *commit, law: "its SCN follows its first parent's" }
}

/// A line walked backwards (`CommitReader::line`, `line_between`).
pub struct Line<'r, 'a> {
    reader: &'r CommitReader<'a>,
    head: CommitId,
    // The commit handed out last.
    at: Option<Found>,
    until: Option<(CommitId, Scn)>,
    failed: Option<HistoryError>,
    done: bool,
}

impl Line<'_, '_> {
    fn step(&mut self) -> Result<Option<Found>, HistoryError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let found = match self.at.take() {
            None => Some((self.head, self.reader.header(&self.head)?)),
            Some(at) if at.1.parents.is_empty() => None,
            Some(at) => Some(self.reader.before(&at)?),
        };
        if let Some((commit, scn)) = self.until {
            match &found {
                Some((id, _)) if *id == commit => return Ok(None),
                Some((_, header)) if header.scn > scn => {}
                _ => return Err(HistoryError::NotOnLine { commit, head: self.head }),
            }
        }
        self.at.clone_from(&found);
        Ok(found)
    }
}

impl Iterator for Line<'_, '_> {
    type Item = Result<Found, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.step();
        self.done = !matches!(step, Ok(Some(_)));
        step.transpose()
    }
}

/// A line walked forwards (`CommitReader::forward`).
pub struct Forward<'r, 'a> {
    reader: &'r CommitReader<'a>,
    to: CommitId,
    next: Scn,
    last: Scn,
    // The next commits, the nearest of them last.
    block: Vec<CommitId>,
    failed: bool,
}

impl Forward<'_, '_> {
    fn step(&mut self) -> Result<Found, HistoryError> {
        if self.block.is_empty() {
            let end = Scn(self.next.0.saturating_add(FORWARD_BLOCK - 1)).min(self.last);
            let id = self.reader.at_scn(&self.to, end)?;
            let mut at = (id, self.reader.header(&id)?);
            self.block.push(at.0);
            while at.1.scn > self.next {
                at = self.reader.before(&at)?;
                self.block.push(at.0);
            }
        }
        // The block holds at least one commit here; the head stands in for none.
        let id = self.block.pop().unwrap_or(self.to);
        self.next = self.next.next();
        Ok((id, self.reader.header(&id)?))
    }
}

impl Iterator for Forward<'_, '_> {
    type Item = Result<Found, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.next > self.last {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        Some(step)
    }
}
