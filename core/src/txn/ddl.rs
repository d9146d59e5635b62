//! Definitions changed inside a transaction.
//!
//! Every change ends in [`Txn::define`]: the new definition is made ready, indexes that it adds are
//! built, those that it drops are let go, and rows are rewritten only where the caller hands a
//! conversion (a column's type changed). Adding, dropping or renaming a column rewrites nothing.

use super::{Standing, Txn};
use crate::chunk::{Chunks, MemoryStore};
use crate::error::{Error, Kind, Result};
use crate::row::{Row, Table, TableDef, TableId, TableState};
use crate::tree::{KeyRange, Root, View};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Converts a row of the old definition to one of the new.
pub type Conversion<'c> = dyn Fn(&Row) -> Result<Row> + 'c;

impl Txn {
    /// Creates a table.
    ///
    /// # Errors
    /// `Exists`; `Invalid` where a foreign key has nothing unique to refer to.
    pub fn create_table(&mut self, def: TableDef) -> Result<TableId> {
        let table = Arc::new(Table::new(def)?);
        let id = table.id();
        if self.now.state.knows_table(id) {
            return Err(Error::exists(Kind::Table, table.name()));
        }
        self.now.state.put_table(Arc::new(TableState::empty(table.clone())))?;
        self.now.defined.insert(id);
        self.lean_on_parents(&table)?;
        Ok(id)
    }

    /// Creates a table that only this transaction's session sees.
    ///
    /// # Errors
    /// `Exists`; `Unsupported` with a foreign key.
    pub fn create_temporary(&mut self, def: TableDef) -> Result<TableId> {
        refuse_references(&def)?;
        let table = Arc::new(Table::new(def)?);
        let id = table.id();
        self.now.state.put_temporary(Arc::new(TableState::empty(table)))?;
        Ok(id)
    }

    /// Automatic ids of a table begin here, or where they stand already if that is later.
    pub fn begin_ids(&mut self, id: TableId, next: u64) {
        self.now.state.raise_sequence(id, next);
    }

    /// Drops a table and its rows.
    ///
    /// # Errors
    /// `Invalid` where another table refers to it.
    pub fn drop_table(&mut self, id: TableId) -> Result<()> {
        for other in self.now.state.tables().filter(|t| t.table.id() != id) {
            if let Some(key) = other.table.def.foreign_keys.iter().find(|key| key.parent == id) {
                return Err(Error::Invalid(format!(
                    "table '{}' is referred to by '{}' ({}): drop that first",
                    self.now.state.table(id).map_or("?", |t| t.table.name()),
                    other.table.name(),
                    key.name
                )));
            }
        }
        let temporary = self.now.state.is_temporary(id);
        self.now.state.remove_table(id);
        if self.base_state.table(id).is_none() {
            self.now.state.forget_dropped(id);
        }
        if !temporary {
            self.now.defined.insert(id);
        }
        self.forget_writes(id);
        Ok(())
    }

    /// Removes all rows of some tables; says how many.
    ///
    /// # Errors
    /// `Invalid` where rows of another table refer to them.
    pub fn truncate(&mut self, ids: &[TableId]) -> Result<u64> {
        let mut removed = 0;
        let mut emptied = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(state) = self.now.state.table(*id) else {
                return Err(Error::not_found(Kind::Table, format!("{id:?}")));
            };
            let rows = state.rows.count();
            for other in self.now.state.tables().filter(|t| !ids.contains(&t.table.id())) {
                let refers = other.table.def.foreign_keys.iter().any(|key| key.parent == *id);
                if refers && other.rows.count() > 0 && rows > 0 {
                    return Err(Error::Invalid(format!(
                        "table '{}' is referred to by rows of '{}'",
                        state.table.name(),
                        other.table.name()
                    )));
                }
            }
            let mut empty = TableState::empty(state.table.clone());
            empty.next_auto = state.next_auto;
            emptied.push(Arc::new(empty));
            removed += rows;
        }
        for empty in emptied {
            let id = empty.table.id();
            self.now.state.put_table(empty)?;
            if !self.now.state.is_temporary(id) {
                self.now.defined.insert(id);
            }
            self.forget_writes(id);
        }
        Ok(removed)
    }

    /// Replaces the definition of a table.
    ///
    /// # Errors
    /// A violation where rows do not fit the new constraints; `Exists` for a taken name;
    /// `Unsupported` for another primary key over rows, without a conversion.
    pub fn define(&mut self, def: TableDef, convert: Option<&Conversion<'_>>) -> Result<()> {
        let id = def.id;
        let Some(before) = self.now.state.table(id).cloned() else {
            return Err(Error::not_found(Kind::Table, def.name));
        };
        let temporary = self.now.state.is_temporary(id);
        if temporary {
            refuse_references(&def)?;
        }
        let table = Arc::new(Table::new(def)?);
        // What a temporary table is rebuilt in is in no commit.
        let chunks = match temporary {
            true => Arc::new(Chunks::new(Arc::new(MemoryStore::new()))),
            false => self.chunks.clone(),
        };
        let rekeyed = before.table.def.primary_key != table.def.primary_key;
        let rewrites = convert.is_some() || (rekeyed && before.rows.count() > 0);
        let mut after = match rewrites {
            false => reindexed(&chunks, &before, &table)?,
            true => rewritten(&chunks, &before, &table, Some(self.base_scn + 1), &|row: &Row| {
                let mut row = convert.map_or_else(|| Ok(row.clone()), |convert| convert(row))?;
                table.generate(&mut row)?;
                table.check_row(&row)?;
                Ok(row)
            })?,
        };
        after.next_auto = before.next_auto;
        if constraints_added(&before.table.def, &table.def) {
            check_all_rows(&chunks, &after)?;
        }
        if temporary {
            return self.now.state.put_table(Arc::new(after.in_overlays(&chunks)?));
        }
        self.now.state.put_table(Arc::new(after))?;
        self.now.defined.insert(id);
        self.lean_on_parents(&table)?;
        if let Some((_, broken)) =
            crate::row::broken_definitions(&self.now.state).into_iter().next()
        {
            return Err(Error::Invalid(broken));
        }
        self.check_references_of(&before.table, &table)
    }

    /// Rows of the dropped or emptied table are no longer writes of this transaction.
    fn forget_writes(&mut self, id: TableId) {
        let Standing { writes, .. } = &mut self.now;
        let gone: Vec<_> = writes.keys().filter(|(table, _)| *table == id).cloned().collect();
        gone.iter().for_each(|row| drop(writes.remove(row)));
        self.statement.retain(|(table, _), _| *table != id);
    }

    fn lean_on_parents(&mut self, table: &Table) -> Result<()> {
        for foreign in &table.def.foreign_keys {
            let Some(parent) = self.now.state.table(foreign.parent) else {
                return Err(Error::not_found(Kind::Table, "the table that a foreign key names"));
            };
            if self.now.state.is_temporary(foreign.parent) {
                return Err(Error::Unsupported("a reference to a temporary table".into()));
            }
            let columns: Vec<usize> = (foreign.parent_columns.iter())
                .filter_map(|c| parent.table.def.position_of(*c))
                .collect();
            let is_key = parent.table.key().iter().map(|(c, _)| *c).eq(columns.iter().copied());
            if !is_key && parent.table.index_over(&columns, true).is_none() {
                return Err(Error::Invalid(format!(
                    "foreign key '{}' must refer to the primary key or a unique index of '{}'",
                    foreign.name,
                    parent.table.name()
                )));
            }
            if foreign.parent != table.id() {
                self.now.leaned_on.insert(foreign.parent);
            }
        }
        Ok(())
    }

    /// New foreign keys hold for the rows that are there.
    fn check_references_of(&self, before: &Table, after: &Table) -> Result<()> {
        let new = |key: &&crate::row::ForeignKeyDef| !before.def.foreign_keys.contains(key);
        if after.def.foreign_keys.iter().find(new).is_none() {
            return Ok(());
        }
        let Some(state) = self.now.state.table(after.id()) else { return Ok(()) };
        let mut cursor = state.rows.cursor(&self.chunks, &KeyRange::all(), false)?;
        while let Some((key, bytes)) = cursor.next()? {
            let change = crate::history::RowChange {
                key: Arc::from(&key[..]),
                old: None,
                new: Some(Arc::from(&bytes[..])),
                moved_from: None,
            };
            crate::row::require(&self.now.state, &self.chunks, [(after.id(), &change)])?;
        }
        Ok(())
    }
}

fn refuse_references(def: &TableDef) -> Result<()> {
    match def.foreign_keys.is_empty() {
        true => Ok(()),
        false => Err(Error::Unsupported("REFERENCES of a temporary table".into())),
    }
}

/// The contents of a table under a definition that a merge has made: rows are converted where a
/// column's type differs or a generated column is new. New constraints are left to the merge, which looks when it has merged the
/// rows.
///
/// # Errors
/// A value that does not fit its new type; a fault.
pub(crate) fn redefined(
    chunks: &Chunks,
    before: &TableState,
    table: &Arc<Table>,
) -> Result<TableState> {
    let old = &before.table.def;
    let computed = table.generated().any(|at| {
        let column = table.def.columns.get(at);
        column.is_some_and(|column| old.position_of(column.id).is_none())
    });
    let retyped = computed
        || table.def.columns.iter().any(|column| {
            old.columns.iter().any(|earlier| earlier.id == column.id && earlier.ty != column.ty)
        });
    let mut after = match retyped {
        false => reindexed(chunks, before, table)?,
        true => {
            let convert = |row: &Row| -> Result<Row> {
                let mut converted = Row::with_capacity(table.def.columns.len());
                for column in &table.def.columns {
                    converted.push(match old.position_of(column.id) {
                        None => column.missing.clone(),
                        Some(position) => {
                            let value = row.get(position).cloned();
                            column.ty.coerce(value.unwrap_or(crate::value::Value::Null))?
                        }
                    });
                }
                table.generate(&mut converted)?;
                Ok(converted)
            };
            rewritten(chunks, before, table, None, &convert)?
        }
    };
    after.next_auto = before.next_auto;
    Ok(after)
}

/// Whether rows that were fine before may break NOT NULL, a CHECK or uniqueness now.
pub(crate) fn constraints_added(before: &TableDef, after: &TableDef) -> bool {
    let stricter = after.columns.iter().any(|column| {
        let earlier = before.columns.iter().find(|c| c.id == column.id);
        column.not_null && earlier.is_none_or(|c| !c.not_null)
    });
    let unique = |i: &&crate::row::IndexDef| i.unique && !before.indexes.contains(i);
    stricter
        || after.checks.iter().any(|c| !before.checks.contains(c))
        || after.indexes.iter().any(|i| unique(&i))
}

/// The same rows under a new definition: indexes that stay keep their trees, new ones are built.
fn reindexed(chunks: &Chunks, before: &TableState, table: &Arc<Table>) -> Result<TableState> {
    let mut indexes = Vec::with_capacity(table.indexes().len());
    for (i, index) in table.def.indexes.iter().enumerate() {
        let stays = before
            .table
            .def
            .indexes
            .iter()
            .position(|older| older.id == index.id && older.parts == index.parts);
        indexes.push(match stays.and_then(|older| before.indexes.get(older)) {
            Some(view) => view.clone(),
            None => build_index(chunks, &before.rows, table, i)?,
        });
    }
    Ok(TableState { table: table.clone(), rows: before.rows.clone(), indexes, next_auto: 1 })
}

/// Rows converted and stored anew, with all indexes. Rows that lose their primary key are given hidden
/// ones that begin with `scn`.
fn rewritten(
    chunks: &Chunks,
    before: &TableState,
    table: &Arc<Table>,
    scn: Option<u64>,
    convert: &Conversion<'_>,
) -> Result<TableState> {
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut cursor = before.rows.cursor(chunks, &KeyRange::all(), false)?;
    while let Some((key, bytes)) = cursor.next()? {
        let row = convert(&before.table.decode(&bytes)?)?;
        let key = match (table.key_of(&row), scn) {
            (Some(key), _) => key,
            (None, Some(scn)) if !before.table.key().is_empty() => hidden_key_of(scn, table, &key),
            (None, _) => key.to_vec(),
        };
        entries.push((key, table.encode(&row).to_vec()));
    }
    entries.sort();
    if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let row = table.decode(&pair[1].1)?;
        return Err(super::primary_key_clash(table, &row, &pair[1].0).into());
    }
    let rows = View::from_root(crate::tree::build(chunks, entries)?);
    let count = table.indexes().len();
    let indexes = (0..count).map(|i| build_index(chunks, &rows, table, i));
    let indexes = indexes.collect::<Result<_>>()?;
    Ok(TableState { table: table.clone(), rows, indexes, next_auto: 1 })
}

/// The hidden key of a row that loses its primary key: like those that are drawn, and the same
/// wherever the key is dropped from the same rows at the same place.
fn hidden_key_of(scn: u64, table: &Table, key: &[u8]) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("offshoot row that lost its primary key");
    hasher.update(&table.id().0).update(key);
    let mut hidden = scn.to_be_bytes().to_vec();
    hidden.extend_from_slice(&hasher.finalize().as_bytes()[..12]);
    hidden
}

fn build_index(chunks: &Chunks, rows: &View, table: &Arc<Table>, index: usize) -> Result<View> {
    let Some(index) = table.indexes().get(index) else {
        return Ok(View::from_root(Root::empty()));
    };
    let mut entries = Vec::new();
    let mut row = vec![crate::value::Value::Null; table.def.columns.len()];
    let mut cursor = rows.cursor(chunks, &KeyRange::all(), false)?;
    while let Some((key, bytes)) = cursor.next()? {
        table.decode_into(&bytes, |c| index.columns.binary_search(&c).is_ok(), &mut row)?;
        let mut entry = table.index_key(index, &row)?.0;
        entry.extend_from_slice(&key);
        entries.push((entry, Vec::new()));
    }
    entries.sort();
    Ok(View::from_root(crate::tree::build(chunks, entries)?))
}

/// NOT NULL, CHECK and uniqueness over all rows of a table.
fn check_all_rows(chunks: &Chunks, state: &TableState) -> Result<()> {
    let mut cursor = state.rows.cursor(chunks, &KeyRange::all(), false)?;
    while let Some((_, bytes)) = cursor.next()? {
        state.table.check_row(&state.table.decode(&bytes)?)?;
    }
    for (i, index) in state.table.indexes().iter().enumerate().filter(|(_, x)| x.unique) {
        check_unique(chunks, state, i, index)?;
    }
    Ok(())
}

/// Equal neighbours in an index are rows that clash.
fn check_unique(
    chunks: &Chunks,
    state: &TableState,
    position: usize,
    index: &crate::row::BoundIndex,
) -> Result<()> {
    let mut cursor = state.rows.cursor(chunks, &KeyRange::all(), false)?;
    let mut seen = BTreeSet::new();
    while let Some((key, bytes)) = cursor.next()? {
        let row = state.table.decode(&bytes)?;
        let (prefix, null) = state.table.index_key(index, &row)?;
        if !null && !seen.insert(prefix) {
            let columns = index.columns.iter().filter_map(|c| state.table.def.columns.get(*c));
            return Err(crate::row::Violation::Unique {
                table: state.table.name().to_owned(),
                constraint: state.table.def.indexes[position].name.clone(),
                columns: columns.map(|c| c.name.clone()).collect(),
                values: index
                    .columns
                    .iter()
                    .filter_map(|c| row.get(*c))
                    .map(|v| v.to_text())
                    .collect(),
                key: key.to_vec(),
                existing: Vec::new(),
            }
            .into());
        }
    }
    Ok(())
}
