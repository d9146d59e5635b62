//! A branch set to where another stands, above all to its source.
//!
//! ```text
//!   main     ── A ── B ──────── M
//!                \               \  (second parent)
//!   feature       F1 ── F2 ────── R      R holds what M holds
//! ```
//!
//! A branch's line is append-only, so a reset is a commit on top, as a restore is: `feature AS OF` an
//! earlier SCN still shows F1 and F2, and a reader of its feed sees them undone. The commit names
//! what it was set to as a parent. Therefore the two went apart there last, and a later merge or
//! diff counts only what was written since the reset.

use super::commit::Draft;
use super::merging::state_delta;
use super::snapshots::{SLOT_LEASE_MICROS, keep_sequences};
use super::{AsOf, Cell, CommitNote, Committed, Database, NewBranch, Point, Receipt, SlotToken};
use crate::chunk::Ticket;
use crate::error::{Error, Kind, Result};
use crate::history::{BranchId, BranchRecord, Micros, Scn};
use crate::moment::Moment;

/// What a reset is to do.
#[derive(Debug, Clone, Default)]
pub struct ResetRequest {
    /// The branch to set, by name or id.
    pub branch: String,
    /// The branch to set it to, by name or id; where absent, the one that it was made from.
    pub source: Option<String>,
    /// Which point of that.
    pub as_of: AsOf,
    /// The name of a branch that keeps what was there before, where one is to.
    pub backup: Option<String>,
    /// Who asks.
    pub author: String,
}

/// What a reset did.
#[derive(Debug, Clone)]
pub struct Reset {
    /// The branch as it stands now.
    pub record: BranchRecord,
    /// The branch that it was set to, by name.
    pub source: String,
    /// The number of the commit there.
    pub source_scn: Scn,
    /// The branch that keeps what was there before, where one was asked for.
    pub backup: Option<String>,
    /// The commit that did it; `None` where the branch stood there already.
    pub commit: Option<Committed>,
}

impl Database {
    /// Sets a branch to where another stands.
    ///
    /// # Errors
    /// `Invalid` where the branch was made from none and none is named; `NotFound` for either branch,
    /// or for a source that is gone; `Protected`, `ReadOnly`; `Exists` for the backup; `Busy` where
    /// another holds the writer slot, before anything is made; what [`Database::point`] says; a fault.
    pub fn reset(&self, moment: &Moment, request: &ResetRequest) -> Result<Receipt<Reset>> {
        let cell = self.cell(&request.branch)?;
        self.alone(moment, &cell, "reset slot", |who| self.reset_alone(moment, &cell, who, request))
    }

    fn reset_alone(
        &self,
        moment: &Moment,
        cell: &Cell,
        who: SlotToken,
        request: &ResetRequest,
    ) -> Result<Receipt<Reset>> {
        let before = cell.accepted(self)?;
        super::commit::writable(&before.record)?;
        let source = match (&request.source, &before.record.source_branch) {
            (Some(named), _) => self.branch(named)?,
            (None, Some((id, name))) => self
                .branch(&id.to_string())
                .map_err(|_| Error::not_found(Kind::Branch, name.as_str()))?,
            (None, None) => {
                let name = &before.record.name;
                return Err(Error::Invalid(format!(
                    "branch '{name}' was made from none: say to which branch it is to be reset"
                )));
            }
        };
        let point = self.point(&source.id.to_string(), &request.as_of)?;
        let of_itself = source.id == before.record.id;
        let known = of_itself || before.header.parents.iter().skip(1).any(|p| *p == point.commit);
        let stands = before.commit == point.commit
            || (known && state_delta(&self.chunks(), &before.state, &point.state)?.is_empty());
        let merged = if of_itself { Vec::new() } else { vec![point.commit] };
        let to = Back { point: &point, merged, stands };
        let note = CommitNote {
            author: request.author.clone(),
            message: format!("Reset to {} at SCN {}", source.name, point.scn),
        };
        let backup = request.backup.as_ref();
        let (commit, ticket) = self.set_back(moment, (cell, who, &before), to, backup, &note)?;
        let record = cell.accepted(self)?.record.clone();
        let backup = request.backup.clone();
        let value = Reset { record, source: source.name, source_scn: point.scn, backup, commit };
        Ok(Receipt { value, ticket })
    }

    /// Holds a branch's writer slot meanwhile, so that what a backup keeps is what is replaced.
    pub(super) fn alone<T>(
        &self,
        moment: &Moment,
        cell: &Cell,
        purpose: &str,
        step: impl FnOnce(SlotToken) -> Result<T>,
    ) -> Result<T> {
        let mut who = SlotToken([0; 16]);
        who.0.copy_from_slice(&moment.derive(purpose, 0)[..16]);
        let expires = Micros(moment.now.0.saturating_add(SLOT_LEASE_MICROS));
        cell.take_slot(who, moment.now, expires)?;
        let done = step(who);
        // After a fault the same call comes again and goes on where it stopped.
        if !matches!(done, Err(Error::Fault(_))) {
            cell.give_slot(who);
        }
        done
    }

    /// Gives a branch another state by a commit on top, after what is there was kept: by an automatic
    /// snapshot, and by a branch where `backup` names one.
    pub(super) fn set_back(
        &self,
        moment: &Moment,
        (cell, who, before): (&Cell, SlotToken, &super::Head),
        to: Back<'_>,
        backup: Option<&String>,
        note: &CommitNote,
    ) -> Result<(Option<Committed>, Option<Ticket>)> {
        let id = before.record.id.to_string();
        if !to.stands {
            self.automatic_snapshot(moment, &id)?;
        }
        let mut ticket = None;
        // One that this very call made before a fault is there already.
        let made = BranchId::derive(&moment.seed, 0);
        if let Some(name) = backup
            && !self.branch(name).is_ok_and(|record| record.id == made)
        {
            // Of the newest accepted commit: what is replaced is what the backup keeps.
            let new = NewBranch {
                name: name.clone(),
                source: id,
                as_of: AsOf::Commit(before.commit),
                ..NewBranch::default()
            };
            ticket = self.create_branch(moment, new)?.ticket;
        }
        let Back { point, merged, stands } = to;
        let moved = cell.advance(self, Some(who), moment.now, |head| {
            if head.commit != before.commit {
                return Err(Error::WriteConflict("the branch moved meanwhile".into()));
            }
            if stands {
                return Ok(None);
            }
            let chunks = self.chunks();
            let state = keep_sequences(&head.state, &point.state);
            let draft = Draft { state, delta: None, merged, note, now: moment.now };
            self.append(&chunks, head, draft).map(Some)
        })?;
        let ticket = moved.as_ref().map(|(ticket, ..)| *ticket).or(ticket);
        Ok((moved.map(|(_, _, committed)| committed), ticket))
    }
}

/// Where a branch is set.
pub(super) struct Back<'p> {
    /// What it is to hold.
    pub point: &'p Point,
    /// Parents of the commit beside the branch's head.
    pub merged: Vec<crate::history::CommitId>,
    /// Whether it stands there already.
    pub stands: bool,
}
