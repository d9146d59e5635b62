//! Tables that only one session sees.
//!
//! They stand in a state beside the others, under names of their own that come before the others', and
//! are in no commit: whoever makes a state that others see takes them out. All that they hold is in
//! overlays, so that they need no chunks.

use super::state::{State, TableState};
use super::{Table, TableId};
use crate::chunk::Chunks;
use crate::error::{Error, Kind, Result};
use crate::tree::{KeyRange, Root, View};
use std::sync::Arc;

impl State {
    /// Whether there are temporary tables.
    pub fn has_temporary(&self) -> bool {
        !self.temporary.is_empty()
    }

    /// Whether a table is temporary.
    pub fn is_temporary(&self, id: TableId) -> bool {
        self.temporary.values().any(|other| *other == id)
    }

    /// The temporary tables, in the order of their names.
    pub fn temporary_tables(&self) -> impl Iterator<Item = &Arc<TableState>> {
        self.temporary.values().filter_map(|id| self.tables.get(id))
    }

    /// A temporary table by name, without regard to case.
    pub fn find_temporary(&self, name: &str) -> Option<&Arc<TableState>> {
        if self.temporary.is_empty() {
            return None;
        }
        let id = self.temporary.get(name.to_lowercase().as_str())?;
        self.tables.get(id)
    }

    /// Adds a temporary table.
    ///
    /// # Errors
    /// `Exists` where another temporary table has the name.
    pub fn put_temporary(&mut self, state: Arc<TableState>) -> Result<()> {
        let name: Arc<str> = Arc::from(state.table.name().to_lowercase());
        if self.temporary.contains_key(&name) {
            return Err(Error::exists(Kind::Table, state.table.name()));
        }
        self.temporary.insert(name, state.table.id());
        self.tables.insert(state.table.id(), state);
        Ok(())
    }

    /// The same without its temporary tables: what others may see.
    #[must_use]
    pub fn without_temporary(&self) -> State {
        let mut kept = self.clone();
        for id in self.temporary.values() {
            kept.tables.remove(id);
        }
        kept.temporary.clear();
        kept
    }

    pub(super) fn remove_temporary(&mut self, id: TableId) -> Option<Arc<TableState>> {
        let state = self.tables.remove(&id)?;
        self.temporary.remove(state.table.name().to_lowercase().as_str());
        Some(state)
    }
}

impl TableState {
    /// The same with everything in overlays, so that it outlives the chunks that it was made in.
    ///
    /// # Errors
    /// A fault where chunks are not at hand.
    pub fn in_overlays(&self, chunks: &Chunks) -> Result<TableState> {
        let lifted = |view: &View| -> Result<View> {
            let mut lifted = View::from_root(Root::empty());
            let mut cursor = view.cursor(chunks, &KeyRange::all(), false)?;
            while let Some((key, value)) = cursor.next()? {
                lifted.put(Arc::from(&key[..]), Arc::from(&value[..]), false);
            }
            Ok(lifted)
        };
        let table: Arc<Table> = self.table.clone();
        let indexes = self.indexes.iter().map(lifted).collect::<Result<_>>()?;
        Ok(TableState { table, rows: lifted(&self.rows)?, indexes, next_auto: self.next_auto })
    }

    /// About how many bytes its overlays hold.
    pub fn overlay_bytes(&self) -> usize {
        self.views().map(View::overlay_bytes).sum()
    }
}
