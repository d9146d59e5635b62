//! Source rows whose automatic key the target gave to another row get a new one.

use crate::row::{Row, State, TableId};
use crate::value::Value;
use std::collections::HashMap;

/// New automatic ids by table and old id.
#[derive(Debug, Default)]
pub(super) struct Renumbering(HashMap<(TableId, i64), i64>);

impl Renumbering {
    /// Gives a source row a new id, and returns it.
    pub(super) fn assign(&mut self, merged: &mut State, table: TableId, old: i64) -> Option<i64> {
        let new = i64::try_from(merged.table(table)?.next_auto).ok()?;
        merged.raise_sequence(table, u64::try_from(new).ok()? + 1);
        self.0.insert((table, old), new);
        Some(new)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The new id of a row, where it got one.
    pub(super) fn of(&self, table: TableId, old: i64) -> Option<i64> {
        self.0.get(&(table, old)).copied()
    }

    /// Follows references: a row that the source changed, and that refers to a renumbered row by a
    /// value which the base's row did not have.
    pub(super) fn follow(&self, state: &State, table: TableId, row: &mut Row, base: Option<&Row>) {
        let Some(table) = state.table(table) else { return };
        for foreign in &table.table.def.foreign_keys {
            let Some(parent) = state.table(foreign.parent) else { continue };
            let Some(auto) = parent.table.def.auto_increment else { continue };
            for (column, parent_column) in foreign.columns.iter().zip(&foreign.parent_columns) {
                if *parent_column != auto {
                    continue;
                }
                let Some(position) = table.table.def.position_of(*column) else { continue };
                let unchanged = base.is_some_and(|base| base.get(position) == row.get(position));
                let Some(Value::Int(old)) = row.get(position) else { continue };
                if let (false, Some(new)) = (unchanged, self.of(foreign.parent, *old)) {
                    row[position] = Value::Int(new);
                }
            }
        }
    }
}
