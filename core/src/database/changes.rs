//! How much each commit changed, table by table, for whoever follows a line and keeps no rows.
//!
//! As the feed, but nothing of the rows is kept: a commit that brought ten million of them is counted
//! as it is read. It works on the line of any commit, so also on that of a branch that is deleted.

use super::Database;
use crate::chunk::{Chunks, both};
use crate::error::Result;
use crate::history::{Body, CommitHeader, CommitId, CommitReader, RowChange};
use crate::row::{State, TableId, TableState};
use crate::tree::{Root, View};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a commit changed of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableChanges {
    /// Its name afterwards; where it was dropped, the one that it had.
    pub name: String,
    /// Whether its definition changed.
    pub schema_changed: bool,
    /// Rows that came.
    pub inserts: u64,
    /// Rows that changed.
    pub updates: u64,
    /// Rows that went.
    pub deletes: u64,
}

impl TableChanges {
    fn count(&mut self, old: bool, new: bool) {
        match (old, new) {
            (false, _) => self.inserts += 1,
            (true, true) => self.updates += 1,
            (true, false) => self.deletes += 1,
        }
    }
}

impl Database {
    /// The next commit after `from` (`None`: the first) on the line of `head`; `None` where `from` is
    /// `head`.
    ///
    /// # Errors
    /// `Invalid` where `from` is not on that line; `HistoryTruncated`; a fault.
    pub fn commit_after(
        &self,
        head: &CommitId,
        from: Option<&CommitId>,
    ) -> Result<Option<(CommitId, Arc<CommitHeader>)>> {
        let (chunks, shallow) = (self.chunks(), self.shallow());
        let reader = CommitReader::with_shallow(&chunks, &shallow);
        Ok(reader.forward(from, head)?.next().transpose()?)
    }

    /// The header of a commit, whatever branch it is on.
    ///
    /// # Errors
    /// A fault.
    pub fn commit_header(&self, commit: &CommitId) -> Result<Arc<CommitHeader>> {
        self.header(&self.chunks(), commit)
    }

    /// Whether a commit is on the line of `head`.
    ///
    /// # Errors
    /// A fault.
    pub fn is_on_line(&self, head: &CommitId, commit: &CommitId) -> Result<bool> {
        let (chunks, shallow) = (self.chunks(), self.shallow());
        Ok(CommitReader::with_shallow(&chunks, &shallow).is_on_line(head, commit)?)
    }

    /// How much a commit changed against its first parent, in the order of table names.
    ///
    /// # Errors
    /// `HistoryTruncated` where the parent is gone; a fault.
    pub fn changes_of_commit(&self, id: &CommitId) -> Result<Vec<TableChanges>> {
        let chunks = self.chunks();
        let commit = CommitReader::with_shallow(&chunks, &self.shallow()).commit(id)?;
        let state = |id: &CommitId| self.state_at(&chunks, *id).map(|point| point.state.clone());
        let mut tables = match commit.body {
            // No definition changed.
            Body::Delta(delta) => {
                let after = state(id)?;
                let named = delta.tables.iter().map(|changed| {
                    let table = after.table(TableId(changed.table));
                    let mut changes = TableChanges {
                        name: table.map(|table| table.table.def.name.clone()).unwrap_or_default(),
                        ..TableChanges::default()
                    };
                    let images = |row: &RowChange| (row.old.is_some(), row.new.is_some());
                    changed.rows.iter().map(images).for_each(|(o, n)| changes.count(o, n));
                    changes
                });
                named.collect()
            }
            Body::Root(_) => {
                let before = commit.parents.first().map_or_else(|| Ok(State::empty()), state);
                let (after, before) = both(state(id), before)?;
                counted(&chunks, &before, &after)?
            }
        };
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tables)
    }
}

fn counted(chunks: &Chunks, before: &State, after: &State) -> Result<Vec<TableChanges>> {
    let ids: BTreeSet<TableId> =
        before.tables().chain(after.tables()).map(|state| state.table.id()).collect();
    let mut counted: BTreeMap<TableId, TableChanges> = BTreeMap::new();
    for id in ids.into_iter().filter(|id| !before.same_table(after, *id)) {
        let (old, new) = (before.table(id), after.table(id));
        let definition = |state: Option<&Arc<TableState>>| state.map(|s| s.table.encoded().clone());
        let newest = new.or(old).map(|state| state.table.def.name.clone());
        let mut changes = TableChanges {
            name: newest.unwrap_or_default(),
            schema_changed: definition(old) != definition(new),
            ..TableChanges::default()
        };
        let rows = |state: Option<&Arc<TableState>>| {
            state.map_or_else(|| View::from_root(Root::empty()), |state| state.rows.clone())
        };
        let (old, new) = (rows(old), rows(new));
        let mut diff = View::diff(chunks, &old, &new)?;
        while let Some(change) = diff.next()? {
            changes.count(change.old.is_some(), change.new.is_some());
        }
        // Where nothing of it is seen but its sequence moved, nothing changed.
        if changes.schema_changed || changes.inserts + changes.updates + changes.deletes > 0 {
            counted.insert(id, changes);
        }
    }
    Ok(counted.into_values().collect())
}
