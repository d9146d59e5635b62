//! Points kept by name, and going back to them.

use super::reset::Back;
use super::{AsOf, Cell, CommitNote, Committed, Database, Receipt, SlotToken};
use crate::chunk::{Pack, RefChange, Write};
use crate::error::{Error, Result};
use crate::history::{RefName, SnapshotId, SnapshotKind, SnapshotRecord};
use crate::moment::Moment;
use crate::row::State;

/// How long a restore holds the writer slot if it is not finished by then.
pub(super) const SLOT_LEASE_MICROS: i64 = 30_000_000;

/// What a restore did.
#[derive(Debug, Clone)]
pub struct Restored {
    /// The snapshot that the branch now shows.
    pub snapshot: SnapshotRecord,
    /// The branch that keeps what was there before, where one was asked for.
    pub backup: Option<String>,
    /// The commit that did it; `None` where the branch already held the snapshot's state.
    pub commit: Option<Committed>,
}

impl Database {
    /// Keeps the state of a branch at a point, whatever retention does later.
    ///
    /// # Errors
    /// `NotFound`; `Exists` for a name that another snapshot of the branch has; a fault.
    pub fn create_snapshot(
        &self,
        moment: &Moment,
        branch: &str,
        as_of: &AsOf,
        name: Option<String>,
    ) -> Result<Receipt<SnapshotRecord>> {
        let record = self.branch(branch)?;
        if let Some(name) = &name {
            crate::history::check_name(name).map_err(|e| Error::Invalid(e.to_string()))?;
            let taken = self.all_snapshots()?;
            if taken.iter().any(|s| s.branch == record.id && s.name.as_ref() == Some(name)) {
                return Err(Error::exists(crate::error::Kind::Snapshot, name));
            }
        }
        let point = self.point(branch, as_of)?;
        let snapshot = SnapshotRecord {
            id: SnapshotId::derive(&moment.seed, 1),
            name,
            branch: record.id,
            branch_name: record.name,
            commit: point.commit,
            scn: point.scn,
            time: point.time,
            created: moment.now,
            kind: SnapshotKind::Manual,
            tables: point.state.table_count() as u32,
            rows: point.state.row_count(),
            size_bytes: self.size_of(&point.state)?,
        };
        let ticket = self.put_snapshot(&snapshot)?;
        Ok(Receipt { value: snapshot, ticket })
    }

    /// The automatic snapshot that stands before a merge or a restore. One per commit.
    pub(super) fn automatic_snapshot(&self, moment: &Moment, branch: &str) -> Result<SnapshotId> {
        let head = self.newest(branch)?;
        let id = super::points::snapshot_of(head.commit);
        if self.store.read_ref(&RefName::Snapshot(id).to_string())?.is_some() {
            return Ok(id);
        }
        let snapshot = SnapshotRecord {
            id,
            name: None,
            branch: head.record.id,
            branch_name: head.record.name.clone(),
            commit: head.commit,
            scn: head.header.scn,
            time: head.header.time,
            created: moment.now,
            kind: SnapshotKind::Automatic,
            tables: head.state.table_count() as u32,
            rows: head.state.row_count(),
            size_bytes: self.size_of(&head.state)?,
        };
        self.put_snapshot(&snapshot)?;
        Ok(id)
    }

    fn put_snapshot(&self, snapshot: &SnapshotRecord) -> Result<Option<crate::chunk::Ticket>> {
        let name = snapshot.ref_name().to_string();
        let change = RefChange { name, expected: None, new: Some(snapshot.encode()) };
        self.put(Write { pack: Pack::default(), change: Some(change) }).map(Some)
    }

    /// The snapshots of a branch, newest first: its own, and the forks that were made from it.
    ///
    /// # Errors
    /// `NotFound`; a fault.
    pub fn snapshots(&self, branch: &str) -> Result<Vec<SnapshotRecord>> {
        let record = self.branch(branch)?;
        let mut own = self.all_snapshots()?;
        own.retain(|s| s.branch == record.id);
        own.sort_by_key(|s| std::cmp::Reverse((s.time, s.created, s.id)));
        Ok(own)
    }

    /// Makes a branch hold again what a snapshot holds, as a new commit on top: nothing is undone
    /// in history. The state before is kept by an automatic snapshot, and by a branch where `backup`
    /// names one. The branch's writer slot is held meanwhile, so that what the backup keeps is what
    /// the restore replaces.
    ///
    /// # Errors
    /// `NotFound` for the snapshot, `Protected`, `ReadOnly`, `Exists` for the backup; `Busy` where
    /// another holds the writer slot, before anything is made; a fault.
    pub fn restore(
        &self,
        moment: &Moment,
        branch: &str,
        snapshot: &str,
        backup: Option<String>,
        author: &str,
    ) -> Result<Receipt<Restored>> {
        let cell = self.cell(branch)?;
        self.alone(moment, &cell, "restore slot", |who| {
            self.restore_alone(moment, &cell, who, snapshot, backup, author)
        })
    }

    fn restore_alone(
        &self,
        moment: &Moment,
        cell: &Cell,
        who: SlotToken,
        snapshot: &str,
        backup: Option<String>,
        author: &str,
    ) -> Result<Receipt<Restored>> {
        let before = cell.accepted(self)?;
        super::commit::writable(&before.record)?;
        let found = self.find_snapshot(&before.record, snapshot)?;
        let id = before.record.id.to_string();
        let point = self.point(&id, &AsOf::Snapshot(found.id.to_string()))?;
        let note = CommitNote {
            author: author.to_owned(),
            message: format!("Restore to snapshot {}", found.id),
        };
        let stands = before.commit == point.commit;
        let to = Back { point: &point, merged: Vec::new(), stands };
        let (commit, ticket) =
            self.set_back(moment, (cell, who, &before), to, backup.as_ref(), &note)?;
        Ok(Receipt { value: Restored { snapshot: found, backup, commit }, ticket })
    }
}

/// The restored state, with ids that never fall back: one given since the snapshot is not given to
/// another row, or to another table.
pub(super) fn keep_sequences(now: &State, then: &State) -> State {
    let mut state = then.clone();
    state.record_gone(now);
    for table in now.tables() {
        state.raise_sequence(table.table.id(), table.next_auto);
    }
    state
}
