//! Branches made, changed and deleted.

use super::{AsOf, Cell, Database, MAIN, MAIN_STAYS, Point, Receipt, SlotToken, locked};
use crate::chunk::{Pack, RefChange, Write};
use crate::error::{Error, Kind, Result};
use crate::history::{
    BranchId, BranchRecord, BranchStatus, CommitReader, Metadata, Micros, check_name,
};
use crate::moment::Moment;
use std::sync::Arc;

/// A branch to be made.
#[derive(Debug, Clone, Default)]
pub struct NewBranch {
    /// Its name.
    pub name: String,
    /// What people call it; the name where empty.
    pub display_name: Option<String>,
    /// The branch that it comes from, by name or id.
    pub source: String,
    /// Which point of the source it starts at.
    pub as_of: AsOf,
    /// Free-form facts about it.
    pub metadata: Metadata,
    /// Whether it takes no writes at all.
    pub read_only: bool,
    /// When it is to be deleted.
    pub expires: Option<Micros>,
}

/// Changes of a branch's record; `None` leaves a field alone.
#[derive(Debug, Clone, Default)]
pub struct BranchPatch {
    /// What people call it.
    pub display_name: Option<String>,
    /// Whether it refuses direct writes, restore and deletion.
    pub protected: Option<bool>,
    /// Replaces all facts.
    pub metadata: Option<Metadata>,
    /// When it is to be deleted; `Some(None)`: never by itself.
    pub expires: Option<Option<Micros>>,
}

impl Database {
    /// Makes a branch: one ref, no rows copied.
    ///
    /// # Errors
    /// `Invalid` for the name or an expiry that is past, `Exists`, `NotFound` for the source or snapshot, `BeforeHistory`; a
    /// fault.
    pub fn create_branch(&self, moment: &Moment, new: NewBranch) -> Result<Receipt<BranchRecord>> {
        check_name(&new.name).map_err(|e| Error::Invalid(e.to_string()))?;
        not_past(new.expires, moment)?;
        // A branch whose time is over no longer keeps its name.
        if self.is_lapsed(&new.name) {
            self.delete_expired(moment)?;
        }
        // A commit is named by who saw it accepted, which may be before it is durable; the new
        // ref's write comes after it and is durable no sooner.
        let source = match &new.as_of {
            AsOf::Commit(_) => self.newest(&new.source)?,
            _ => self.head(&new.source)?,
        };
        let there = locked(&self.cells).get(&new.name).cloned();
        if let Some(there) = there {
            // What the same call has made before (its answer was lost) is not made twice.
            return match there.id() == BranchId::derive(&moment.seed, 0) {
                true => Ok(Receipt { value: there.record(&self.store), ticket: there.ticket() }),
                false => Err(Error::exists(Kind::Branch, new.name)),
            };
        }
        let chunks = self.chunks();
        let commit = self.resolve(&chunks, &source, &new.as_of)?;
        let point = match commit == source.commit {
            true => Arc::new(Point::of(&source)),
            false => self.state_at(&chunks, commit)?,
        };
        let header = match commit == source.commit {
            true => source.header.clone(),
            false => self.header(&chunks, &commit)?,
        };
        let mut record = super::commit::new_record(moment, &new.name, commit, &header);
        record.display_name = new.display_name.unwrap_or(new.name);
        record.source_branch = Some((source.record.id, source.record.name.clone()));
        record.fork = Some(commit);
        record.source_snapshot = Some(super::points::snapshot_of(commit));
        record.metadata = new.metadata;
        record.read_only = new.read_only;
        record.expires = new.expires;
        let ticket = self.publish(&chunks, record.clone(), header, &point.state, point.deltas)?;
        Ok(Receipt { value: record, ticket })
    }

    /// Changes a branch's record.
    ///
    /// # Errors
    /// `NotFound`; `Busy`; `Invalid` for an expiry that is past, `Protected` for one of `main`.
    pub fn update_branch(
        &self,
        moment: &Moment,
        name: &str,
        patch: BranchPatch,
    ) -> Result<Receipt<BranchRecord>> {
        let cell = self.cell(name)?;
        not_past(patch.expires.flatten(), moment)?;
        let moved = cell.advance(self, None, moment.now, |head| {
            if head.record.name == MAIN && patch.expires.flatten().is_some() {
                return Err(Error::Protected(MAIN.to_owned(), MAIN_STAYS.to_owned()));
            }
            let changed = self.change_record(head, moment.now, |record| {
                let BranchPatch { display_name, protected, metadata, expires } = patch;
                record.display_name =
                    display_name.unwrap_or(std::mem::take(&mut record.display_name));
                if protected == Some(true) && !record.protected {
                    record.protections.add(record.head_scn, moment.now);
                }
                record.protected = protected.unwrap_or(record.protected);
                record.metadata = metadata.unwrap_or(std::mem::take(&mut record.metadata));
                record.expires = expires.unwrap_or(record.expires);
            })?;
            Ok(Some(changed))
        })?;
        match moved {
            Some((ticket, _, record)) => Ok(Receipt { value: record, ticket: Some(ticket) }),
            None => Err(Error::Internal("a changed record was not written".into())),
        }
    }

    /// Deletes a branch. Its record stays: listed, and found by id.
    ///
    /// # Errors
    /// `Protected` for `main` and protected branches, `HasChildren`, `Unmerged` unless `force`.
    pub fn delete_branch(
        &self,
        moment: &Moment,
        name: &str,
        force: bool,
    ) -> Result<Receipt<BranchRecord>> {
        self.delete_held(moment, name, force, None)
    }

    /// The same by `who` holds the branch's writer slot.
    pub(super) fn delete_held(
        &self,
        moment: &Moment,
        name: &str,
        force: bool,
        who: Option<SlotToken>,
    ) -> Result<Receipt<BranchRecord>> {
        let cell = self.cell(name)?;
        self.delete_cell(moment, &cell, who, |record| match force {
            true => Ok(()),
            false => self.refuse_unmerged(record),
        })
    }

    /// Deletes a branch that nothing else speaks for, if `check` does not refuse.
    pub(super) fn delete_cell(
        &self,
        moment: &Moment,
        cell: &Cell,
        who: Option<SlotToken>,
        check: impl FnOnce(&BranchRecord) -> Result<()>,
    ) -> Result<Receipt<BranchRecord>> {
        let (record, ticket) = cell.close(self, who, moment.now, |head| {
            let record = &head.record;
            if record.name == MAIN {
                let why = MAIN_STAYS.to_owned();
                return Err(Error::Protected(record.name.clone(), why));
            }
            if record.protected {
                let why = "unprotect it before deleting it".to_owned();
                return Err(Error::Protected(record.name.clone(), why));
            }
            let children = self.live_children(record)?;
            if !children.is_empty() {
                return Err(Error::HasChildren { name: record.name.clone(), children });
            }
            check(record)?;
            let mut deleted = record.next(moment.now);
            deleted.status = BranchStatus::Deleted;
            deleted.deleted = Some(Micros(moment.now.0.max(record.updated.0)));
            // First the record of the deletion, then the deletion: a reader that sees both takes
            // the branch for alive.
            let kept = deleted.ref_name().to_string();
            let kept = RefChange {
                // There already, where the deletion after it failed before.
                expected: self.store.read_ref(&kept)?,
                name: kept,
                new: Some(deleted.encode()),
            };
            self.submit(Write { pack: Pack::default(), change: Some(kept) })?;
            let gone = RefChange {
                name: cell.ref_name().to_owned(),
                expected: Some(head.ref_bytes.clone()),
                new: None,
            };
            let ticket = self.submit(Write { pack: Pack::default(), change: Some(gone) })?;
            Ok((deleted, ticket))
        })?;
        let mut cells = locked(&self.cells);
        // By now the name may be another branch's.
        if cells.get(&record.name).is_some_and(|live| live.id() == record.id) {
            cells.remove(&record.name);
        }
        drop(cells);
        Ok(Receipt { value: record, ticket: Some(ticket) })
    }

    fn refuse_unmerged(&self, record: &BranchRecord) -> Result<()> {
        let Some((source_id, source_name)) = &record.source_branch else { return Ok(()) };
        let chunks = self.chunks();
        let source = match self.head(&source_id.to_string()) {
            Ok(source) => source.commit,
            // The source is gone: what it had at the fork is what it had.
            Err(Error::NotFound { .. }) => match record.fork {
                Some(fork) => fork,
                None => return Ok(()),
            },
            Err(other) => return Err(other),
        };
        let (commits, _) = CommitReader::with_shallow(&chunks, &self.shallow())
            .ahead_behind(&record.head, &source)?;
        match commits {
            0 => Ok(()),
            commits => Err(Error::Unmerged {
                name: record.name.clone(),
                source_branch: source_name.clone(),
                commits,
            }),
        }
    }
}

/// A branch may not be told to have ended already: whoever wants that deletes it.
fn not_past(expires: Option<Micros>, moment: &Moment) -> Result<()> {
    match expires {
        Some(at) if at <= moment.now => {
            Err(Error::Invalid("a branch cannot expire in the past".into()))
        }
        _ => Ok(()),
    }
}
