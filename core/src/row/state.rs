//! Everything that a database holds at one point: tables, their rows, their indexes.

use super::{Table, TableId};
use crate::chunk::{Chunks, Hash, all};
use crate::codec::{Reader, Writer};
use crate::error::{Error, Kind, Result};
use crate::history::{Delta, DeltaItem};
use crate::tree::{KEY_MAX_BYTES, KeyRange, Root, View};
use std::sync::Arc;

/// Everything that a database holds at one commit or inside one transaction. Cloning copies
/// pointers; changing a clone leaves the original alone.
#[derive(Debug, Clone)]
pub struct State {
    pub(super) tables: imbl::OrdMap<TableId, Arc<TableState>>,
    // Lower-case name → id, derived.
    pub(super) names: imbl::OrdMap<Arc<str>, TableId>,
    // The same of tables that only one session sees (`temporary`).
    pub(super) temporary: imbl::OrdMap<Arc<str>, TableId>,
    // Tables that were here once: what is created again gets another id.
    dropped: imbl::OrdSet<TableId>,
    base: Arc<Base>,
}

/// The materialised state that a state's overlays stand on. Whoever holds one of these keeps its
/// chunks from being collected.
#[derive(Debug)]
pub struct Base {
    /// The state tree.
    pub root: Root,
    tables: imbl::OrdMap<TableId, Arc<TableState>>,
    dropped: imbl::OrdSet<TableId>,
}

/// One table's contents.
#[derive(Debug, Clone)]
pub struct TableState {
    /// The definition.
    pub table: Arc<Table>,
    /// Row key → encoded row.
    pub rows: View,
    /// Index key + row key → nothing; in the order of the definition's indexes.
    pub indexes: Vec<View>,
    /// The next automatic id.
    pub next_auto: u64,
}

/// An index by position, and the entry of a row before and after.
type IndexMove = (usize, Option<Vec<u8>>, Option<Vec<u8>>);

const RECORD_VERSION: u8 = 1;
/// All of the record of a table that was dropped.
const DROPPED: [u8; 1] = [0];

impl TableState {
    /// An empty table.
    pub fn empty(table: Arc<Table>) -> Self {
        let indexes = table.indexes().iter().map(|_| View::from_root(Root::empty())).collect();
        TableState { table, rows: View::from_root(Root::empty()), indexes, next_auto: 1 }
    }

    fn is_clean(&self) -> bool {
        self.rows.is_clean() && self.indexes.iter().all(View::is_clean)
    }

    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u8(RECORD_VERSION).bytes(self.table.encoded());
        w.uint(self.indexes.len() as u64);
        for view in std::iter::once(&self.rows).chain(&self.indexes) {
            let root = view.root();
            w.fixed(root.hash.as_bytes()).uint(root.count).u8(root.level);
        }
        w.uint(self.next_auto);
        w.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let r = &mut Reader::new("table record", bytes);
        if r.u8()? != RECORD_VERSION {
            return Err(r.malformed().into());
        }
        let table = Arc::new(Table::new(super::TableDef::decode(r.bytes()?)?)?);
        let count = r.count()?;
        if count != table.indexes().len() {
            return Err(r.malformed().into());
        }
        let mut views = Vec::with_capacity(count + 1);
        for _ in 0..=count {
            views.push(View::from_root(Root {
                hash: Hash::from_bytes(r.array()?),
                count: r.uint()?,
                level: r.u8()?,
            }));
        }
        let next_auto = r.uint()?;
        r.end()?;
        let rows = views.remove(0);
        Ok(TableState { table, rows, indexes: views, next_auto })
    }

    /// The trees of this table: its rows, then its indexes.
    pub fn views(&self) -> impl Iterator<Item = &View> {
        std::iter::once(&self.rows).chain(&self.indexes)
    }
}

impl State {
    /// A database without tables.
    pub fn empty() -> Self {
        let (tables, dropped) = (imbl::OrdMap::new(), imbl::OrdSet::new());
        let root = Root::empty();
        let base = Arc::new(Base { root, tables: tables.clone(), dropped: dropped.clone() });
        let (names, temporary) = (imbl::OrdMap::new(), imbl::OrdMap::new());
        State { tables, names, temporary, dropped, base }
    }

    /// Reads a materialised state.
    ///
    /// # Errors
    /// A fault where chunks are not at hand; `Corrupt` where they are not a state.
    pub fn load(chunks: &Chunks, root: Hash) -> Result<Self> {
        let root = Root::open(chunks, root)?;
        let (mut tables, mut names) = (imbl::OrdMap::new(), imbl::OrdMap::new());
        let mut dropped = imbl::OrdSet::new();
        let view = View::from_root(root);
        let mut cursor = view.cursor(chunks, &KeyRange::all(), false)?;
        while let Some((key, record)) = cursor.next()? {
            if record[..] == DROPPED {
                let id = <[u8; 16]>::try_from(&key[..])
                    .map_err(|_| Error::Corrupt("a dropped table has no table's id".into()))?;
                dropped.insert(TableId(id));
                continue;
            }
            let state = TableState::decode(&record)?;
            if state.table.id().0 != key[..] {
                return Err(Error::Corrupt("a table stands under another table's id".into()));
            }
            names.insert(Arc::from(state.table.name().to_lowercase()), state.table.id());
            tables.insert(state.table.id(), Arc::new(state));
        }
        let base = Arc::new(Base { root, tables: tables.clone(), dropped: dropped.clone() });
        Ok(State { tables, names, temporary: imbl::OrdMap::new(), dropped, base })
    }

    /// Over a source that faults: asks at once for the root of every tree, for one who will come to
    /// all of them. Elsewhere it does nothing.
    ///
    /// # Errors
    /// A fault.
    pub fn ask_ahead(&self, chunks: &Chunks) -> Result<()> {
        if chunks.restarts().is_none() {
            return Ok(());
        }
        let views = self.tables.values().flat_map(|table| table.views());
        let roots: Vec<Hash> =
            views.map(View::root).filter(|r| r.count > 0).map(|r| r.hash).collect();
        Ok(chunks.want(&roots)?)
    }

    /// Folds every overlay into its tree and stages the chunks. The state afterwards holds the same
    /// data with nothing left in overlays; its root names all of it.
    ///
    /// # Errors
    /// A fault where chunks are not at hand.
    pub fn materialise(&self, chunks: &Chunks) -> Result<State> {
        if self.has_temporary() {
            return self.without_temporary().materialise(chunks);
        }
        let mut tables = self.tables.clone();
        let mut edits: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
        for (id, state) in &self.tables {
            if self.base.tables.get(id).is_some_and(|base| Arc::ptr_eq(base, state)) {
                continue;
            }
            let state = match state.is_clean() {
                true => state.clone(),
                false => {
                    let mut clean = TableState::clone(state);
                    clean.rows = View::from_root(clean.rows.materialise(chunks)?);
                    for index in &mut clean.indexes {
                        *index = View::from_root(index.materialise(chunks)?);
                    }
                    let clean = Arc::new(clean);
                    tables.insert(*id, clean.clone());
                    clean
                }
            };
            edits.push((id.0.to_vec(), Some(state.encode())));
        }
        let gone = |id: &&TableId| !self.tables.contains_key(*id);
        for id in self.base.tables.keys().filter(gone).filter(|id| !self.dropped.contains(*id)) {
            edits.push((id.0.to_vec(), None));
        }
        // A table that is here stands under its id itself.
        for id in self.base.dropped.iter().filter(gone).filter(|id| !self.dropped.contains(*id)) {
            edits.push((id.0.to_vec(), None));
        }
        for id in self.dropped.iter().filter(gone) {
            if !self.base.dropped.contains(id) || self.base.tables.contains_key(id) {
                edits.push((id.0.to_vec(), Some(DROPPED.to_vec())));
            }
        }
        edits.sort();
        let root = crate::tree::edit(chunks, self.base.root, edits)?;
        let dropped = self.dropped.clone();
        let base = Arc::new(Base { root, tables: tables.clone(), dropped: dropped.clone() });
        let (names, temporary) = (self.names.clone(), self.temporary.clone());
        Ok(State { tables, names, temporary, dropped, base })
    }

    /// The materialised state underneath.
    pub fn base(&self) -> &Arc<Base> {
        &self.base
    }

    /// Whether nothing stands in overlays, so that `base().root` names this state.
    pub fn is_materialised(&self) -> bool {
        self.tables.len() == self.base.tables.len()
            && self.dropped == self.base.dropped
            && self.tables.iter().all(|(id, state)| {
                self.base.tables.get(id).is_some_and(|base| Arc::ptr_eq(base, state))
            })
    }

    /// A table by id.
    pub fn table(&self, id: TableId) -> Option<&Arc<TableState>> {
        self.tables.get(&id)
    }

    /// A table by name, without regard to case.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn find(&self, name: &str) -> Result<&Arc<TableState>> {
        match self.find_temporary(name) {
            Some(found) => Ok(found),
            None => self.find_kept(name),
        }
    }

    /// As [`find`](Self::find), among the tables that everyone sees.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn find_kept(&self, name: &str) -> Result<&Arc<TableState>> {
        let found = match self.names.get(name) {
            Some(id) => Some(id),
            None => self.names.get(name.to_lowercase().as_str()),
        };
        found.and_then(|id| self.tables.get(id)).ok_or_else(|| Error::not_found(Kind::Table, name))
    }

    /// Tables in the order of their ids.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<TableState>> {
        self.tables.values()
    }

    /// Tables in the order of their names; temporary ones last.
    pub fn tables_by_name(&self) -> impl Iterator<Item = &Arc<TableState>> {
        let ids = self.names.values().chain(self.temporary.values());
        ids.filter_map(|id| self.tables.get(id))
    }

    /// Whether two states hold the same table in the same form, by identity of memory: `true` is
    /// certain, `false` means look closer.
    pub fn same_table(&self, other: &State, id: TableId) -> bool {
        match (self.tables.get(&id), other.tables.get(&id)) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    /// Puts a table in, whole, in place of the one with its id.
    ///
    /// # Errors
    /// `Exists` where another table has the name.
    pub fn put_table(&mut self, state: Arc<TableState>) -> Result<()> {
        let id = state.table.id();
        let name: Arc<str> = Arc::from(state.table.name().to_lowercase());
        let names = match self.is_temporary(id) {
            true => &mut self.temporary,
            false => &mut self.names,
        };
        if names.get(&name).is_some_and(|other| *other != id) {
            return Err(Error::exists(Kind::Table, state.table.name()));
        }
        if let Some(older) = self.tables.get(&id) {
            names.remove(older.table.name().to_lowercase().as_str());
        }
        names.insert(name, id);
        self.dropped.remove(&id);
        self.tables.insert(id, state);
        Ok(())
    }

    /// Takes a table out, whole. Its id stays recorded, unless it was temporary.
    pub fn remove_table(&mut self, id: TableId) -> Option<Arc<TableState>> {
        if self.is_temporary(id) {
            return self.remove_temporary(id);
        }
        let state = self.tables.remove(&id)?;
        self.names.remove(state.table.name().to_lowercase().as_str());
        self.dropped.insert(id);
        Some(state)
    }

    /// Whether a table has this id or had it: one that is created gets another.
    pub fn knows_table(&self, id: TableId) -> bool {
        self.tables.contains_key(&id) || self.dropped.contains(&id)
    }

    /// Forgets a table that was dropped: nobody else has ever seen it.
    pub(crate) fn forget_dropped(&mut self, id: TableId) {
        self.dropped.remove(&id);
    }

    /// Records the tables that another state has or had, except those that are here.
    pub(crate) fn record_gone(&mut self, other: &State) {
        let known = other.dropped.iter().chain(other.tables.keys());
        for id in known.filter(|id| !self.tables.contains_key(*id)) {
            self.dropped.insert(*id);
        }
    }

    /// A row by table and key.
    pub fn row(&self, chunks: &Chunks, table: TableId, key: &[u8]) -> Result<Option<Arc<[u8]>>> {
        match self.tables.get(&table) {
            None => Ok(None),
            Some(state) => Ok(state.rows.get(chunks, key)?.map(|bytes| Arc::from(&bytes[..]))),
        }
    }

    /// Whether a table has a row of this key.
    ///
    /// # Errors
    /// A fault where chunks are not at hand.
    pub fn has_row(&self, chunks: &Chunks, table: TableId, key: &[u8]) -> Result<bool> {
        match self.tables.get(&table) {
            None => Ok(false),
            Some(state) => Ok(state.rows.get(chunks, key)?.is_some()),
        }
    }

    /// What changing one row means: the row tree and every index follow. `old` is the row that
    /// stands there now. Constraints are not looked at.
    ///
    /// # Errors
    /// A fault never (only overlays are written); an error of an index expression.
    pub fn apply(
        &mut self,
        id: TableId,
        key: &Arc<[u8]>,
        old: Option<&[u8]>,
        new: Option<&Arc<[u8]>>,
    ) -> Result<()> {
        let Some(state) = self.tables.get(&id) else {
            return Err(Error::Internal("a row of an unknown table was to change".into()));
        };
        let table = state.table.clone();
        check_key_length(new.map(|_| &key[..]))?;
        // Index keys first: they may fail, and then nothing has changed.
        let mut moves: Vec<IndexMove> = Vec::new();
        if !table.indexes().is_empty() {
            let decode = |bytes: &[u8]| table.decode(bytes);
            let old_row = old.map(decode).transpose()?;
            let new_row = new.map(|bytes| decode(bytes)).transpose()?;
            for (i, index) in table.indexes().iter().enumerate() {
                let entry = |row: &super::Row| -> Result<Vec<u8>> {
                    let mut entry = table.index_key(index, row)?.0;
                    entry.extend_from_slice(key);
                    Ok(entry)
                };
                let before = old_row.as_ref().map(entry).transpose()?;
                let after = new_row.as_ref().map(entry).transpose()?;
                if before != after {
                    check_key_length(after.as_deref())?;
                    moves.push((i, before, after));
                }
            }
        }
        let Some(state) = self.tables.get_mut(&id) else { return Ok(()) };
        let state = Arc::make_mut(state);
        for (i, before, after) in moves {
            let Some(view) = state.indexes.get_mut(i) else { continue };
            if let Some(before) = before {
                view.delete(before.into(), true);
            }
            if let Some(after) = after {
                view.put(after.into(), Arc::from(&[][..]), false);
            }
        }
        match new {
            Some(row) => state.rows.put(key.clone(), row.clone(), old.is_some()),
            None => state.rows.delete(key.clone(), old.is_some()),
        }
        Ok(())
    }

    /// Replays the rows and sequences of a commit, whose encoded delta this is.
    ///
    /// # Errors
    /// `Corrupt` for bytes that are no delta; as [`State::apply`].
    pub fn replay(&mut self, delta: &[u8]) -> Result<()> {
        let r = &mut Reader::new("delta", delta);
        Delta::visit(r, &mut |item| match item {
            // A commit that changes definitions has a root.
            DeltaItem::Schema { .. } => Ok(()),
            DeltaItem::Row { table, key, old, new, .. } => {
                self.apply(TableId(table), &Arc::from(key), old, new.map(Arc::from).as_ref())
            }
            DeltaItem::Sequence(change) => {
                self.raise_sequence(TableId(change.table), change.next);
                Ok(())
            }
        })?;
        Ok(r.end()?)
    }

    /// Moves a table's automatic ids on: ids below `next` are not given again.
    pub fn raise_sequence(&mut self, id: TableId, next: u64) {
        if let Some(state) = self.tables.get_mut(&id)
            && state.next_auto < next
        {
            Arc::make_mut(state).next_auto = next;
        }
    }

    /// How many rows all tables hold.
    pub fn row_count(&self) -> u64 {
        self.tables.values().map(|t| t.rows.count()).sum()
    }

    /// How many tables there are.
    pub fn table_count(&self) -> usize {
        self.tables.len()
    }

    /// Every chunk that materialised states need, children and all. `visit` answers whether the
    /// chunk was new to it; what lies below a known chunk is not visited again.
    ///
    /// # Errors
    /// A fault where chunks are not at hand; `Corrupt` where they are not a state.
    pub fn references(
        chunks: &Chunks,
        roots: &[Hash],
        visit: &mut dyn FnMut(Hash) -> bool,
    ) -> Result<()> {
        if chunks.restarts().is_some() {
            let states = all(roots.iter().map(|root| State::load(chunks, *root)))?;
            State::want_trees(chunks, &states)?;
        }
        for root in roots {
            if !crate::tree::visit_chunks(chunks, *root, visit)? {
                continue;
            }
            let state = State::load(chunks, *root)?;
            for table in state.tables.values() {
                for view in table.views() {
                    crate::tree::visit_chunks(chunks, view.root().hash, visit)?;
                }
            }
        }
        Ok(())
    }

    /// Over a source that faults: asks for all of these states' trees, level by level. Elsewhere it
    /// does nothing.
    ///
    /// # Errors
    /// A fault.
    pub fn want_trees<'s>(
        chunks: &Chunks,
        states: impl IntoIterator<Item = &'s State>,
    ) -> Result<()> {
        if chunks.restarts().is_none() {
            return Ok(());
        }
        let tables = states.into_iter().flat_map(|state| state.tables.values());
        let roots: Vec<Hash> =
            tables.flat_map(|table| table.views()).map(|view| view.root().hash).collect();
        Ok(crate::tree::want_all(chunks, &roots)?)
    }
}

/// Overlays take keys of any length; the tree that they are folded into later does not.
fn check_key_length(key: Option<&[u8]>) -> Result<()> {
    match key {
        Some(key) if key.len() > KEY_MAX_BYTES => {
            Err(crate::tree::TreeError::KeyTooLong(key.len()).into())
        }
        _ => Ok(()),
    }
}
