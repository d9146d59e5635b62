//! Source rows whose automatic key the target gave to another row get a new one.
//!
//! References follow: a row that the source changed and that refers to a renumbered row refers to
//! its new id. Where the reference is part of the referring row's own key that row moves too, and
//! what refers to it follows in turn.

use crate::row::{Row, State, Table, TableId};
use crate::value::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of the source that stand under another key in the merged state, by table and old key.
#[derive(Debug, Default)]
pub(super) struct Renumbering(HashMap<(TableId, Arc<[u8]>), Row>);

impl Renumbering {
    /// Gives a source row a new automatic id.
    pub(super) fn assign(
        &mut self,
        merged: &mut State,
        table: &Table,
        key: &Arc<[u8]>,
        mut row: Row,
    ) {
        let id = table.id();
        let next = merged.table(id).and_then(|state| i64::try_from(state.next_auto).ok());
        let place = table.auto_increment().and_then(|column| row.get_mut(column));
        if let (Some(next), Some(place)) = (next.filter(|next| *next < i64::MAX), place) {
            merged.raise_sequence(id, next.unsigned_abs() + 1);
            *place = Value::Int(next);
            self.0.insert((id, key.clone()), row);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The row that the source's row under `key` becomes under another key.
    pub(super) fn of(&self, table: TableId, key: &Arc<[u8]>) -> Option<&Row> {
        self.0.get(&(table, key.clone()))
    }

    /// Follows references of a source row; whether any led to a row that moved.
    pub(super) fn follow(&self, state: &State, table: &Table, row: &mut Row) -> bool {
        let mut followed = false;
        for foreign in &table.def.foreign_keys {
            let Some(parent) = state.table(foreign.parent).map(|parent| &parent.table) else {
                continue;
            };
            // A reference by another unique index does not name an automatic key.
            let columns = foreign.parent_columns.iter().filter_map(|c| parent.def.position_of(*c));
            let columns: Vec<usize> = columns.collect();
            if !parent.key().iter().map(|(column, _)| *column).eq(columns.iter().copied()) {
                continue;
            }
            let places = table.foreign_columns(foreign);
            let mut referred = vec![Value::Null; parent.def.columns.len()];
            for (place, column) in places.iter().zip(&columns) {
                if let (Some(value), Some(to)) = (row.get(*place), referred.get_mut(*column)) {
                    *to = value.clone();
                }
            }
            let Some(key) = parent.key_of(&referred) else { continue };
            let Some(moved) = self.0.get(&(foreign.parent, Arc::from(key))) else { continue };
            for (place, column) in places.iter().zip(&columns) {
                if let (Some(place), Some(value)) = (row.get_mut(*place), moved.get(*column)) {
                    followed |= place != value;
                    *place = value.clone();
                }
            }
        }
        followed
    }

    /// Moves the rows whose own key holds a reference that was followed. `inserted` are the rows
    /// that the source inserted. A moved row may be referred to by others, so this goes on until
    /// nothing moves any more: at most once per row.
    pub(super) fn close(&mut self, state: &State, inserted: &[(TableId, Arc<[u8]>, Row)]) {
        loop {
            let mut moved = Vec::new();
            for (id, key, row) in inserted {
                let Some(table) = state.table(*id).map(|table| &table.table) else { continue };
                let mut row = self.of(*id, key).unwrap_or(row).clone();
                if self.follow(state, table, &mut row)
                    && table.key_of(&row).is_some_and(|new| new[..] != key[..])
                {
                    moved.push(((*id, key.clone()), row));
                }
            }
            if moved.is_empty() {
                return;
            }
            self.0.extend(moved);
        }
    }
}
