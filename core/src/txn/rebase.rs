//! Putting a transaction's writes on top of a branch that moved on.

use super::{RowId, Txn, Write};
use crate::error::{Error, Result};
use crate::history::{CommitId, RowChange};
use crate::row::{State, TableId, require};
use crate::tree::View;
use std::sync::Arc;

impl Txn {
    /// The state that committing on top of `head` gives.
    ///
    /// # Errors
    /// `WriteConflict` where the branch changed what this transaction wrote (or, when it is
    /// serializable, what it read); a fault, after which the same call may be made again.
    pub fn rebased(&self, head: CommitId, state: &State) -> Result<State> {
        if head == self.base {
            return Ok(self.now.state.without_temporary());
        }
        let (base, ours) = (&self.base_state, &self.now);
        for id in ours.defined.iter().chain(&ours.leaned_on) {
            if !self.table_unchanged(base, state, *id)? {
                return Err(conflict(base, *id, "was changed while it was being altered"));
            }
        }
        if self.isolation == super::Isolation::Serializable {
            self.check_reads(state)?;
        }
        let mut result = state.clone();
        for id in &ours.defined {
            match ours.state.table(*id) {
                Some(table) => result.put_table(table.clone()).map_err(|error| match error {
                    Error::Exists { name, .. } => {
                        Error::WriteConflict(format!("table '{name}' was created meanwhile"))
                    }
                    other => other,
                })?,
                None => drop(result.remove_table(*id)),
            }
        }
        if !ours.defined.is_empty()
            && let Some((_, broken)) = crate::row::broken_definitions(&result).into_iter().next()
        {
            return Err(Error::WriteConflict(broken));
        }
        let mut changes: Vec<(TableId, RowChange)> = Vec::new();
        for ((id, key), write) in &ours.writes {
            if !ours.defined.contains(id) {
                self.replay(&mut result, state, id, key, write)?;
            }
            if write.base != write.new {
                changes.push((*id, write.change(key)));
            }
        }
        for table in ours.state.tables() {
            result.raise_sequence(table.table.id(), table.next_auto);
        }
        // What stood alone may clash with what came meanwhile: running again shows which.
        match require(&result, &self.chunks, changes.iter().map(|(id, change)| (*id, change))) {
            Err(Error::Violation(violation)) => Err(Error::WriteConflict(violation.to_string())),
            other => other.map(|()| result),
        }
    }

    fn replay(
        &self,
        result: &mut State,
        head: &State,
        id: &TableId,
        key: &Arc<[u8]>,
        write: &Write,
    ) -> Result<()> {
        let (Some(before), Some(now)) = (self.base_state.table(*id), head.table(*id)) else {
            return Err(conflict(&self.base_state, *id, "was dropped or created meanwhile"));
        };
        if !Arc::ptr_eq(before, now) {
            if before.table.encoded() != now.table.encoded() {
                return Err(conflict(&self.base_state, *id, "was altered meanwhile"));
            }
            if head.row(&self.chunks, *id, key)? != write.base {
                return Err(conflict(&self.base_state, *id, "had the same row changed meanwhile"));
            }
        }
        match write.base != write.new {
            true => result.apply(*id, key, write.base.as_deref(), write.new.as_ref()),
            false => Ok(()),
        }
    }

    fn table_unchanged(&self, base: &State, head: &State, id: TableId) -> Result<bool> {
        if base.same_table(head, id) {
            return Ok(true);
        }
        let (Some(before), Some(now)) = (base.table(id), head.table(id)) else { return Ok(false) };
        Ok(before.table.encoded() == now.table.encoded()
            && View::diff(&self.chunks, &before.rows, &now.rows)?.next()?.is_none())
    }

    fn check_reads(&self, head: &State) -> Result<()> {
        let reads = self.reads.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        for (id, range) in reads {
            if self.base_state.same_table(head, id) || self.now.state.is_temporary(id) {
                continue;
            }
            let (before, now) = (self.base_state.table(id), head.table(id));
            let changed = match (before, now) {
                (Some(before), Some(now)) if before.table.encoded() == now.table.encoded() => {
                    View::diff_range(&self.chunks, &before.rows, &now.rows, &range)?
                        .next()?
                        .is_some()
                }
                _ => true,
            };
            if changed {
                return Err(conflict(&self.base_state, id, "had rows changed that were read"));
            }
        }
        Ok(())
    }

    /// The rows that this transaction wrote.
    pub fn written(&self) -> impl Iterator<Item = &RowId> {
        self.now.writes.keys()
    }
}

fn conflict(base: &State, id: TableId, what: &str) -> Error {
    let name = base.table(id).map_or("a new table", |t| t.table.name());
    Error::WriteConflict(format!("table '{name}' {what}"))
}
