//! What a change of a parent row does to its children: CASCADE and SET NULL.
//!
//! ```text
//!   changed parents ─▶ their children, all of them found ─▶ changed ─▶ these as parents ─▶ …
//! ```
//!
//! Children of all the parents of a round are found before any of them is changed, so that parents
//! that trade their keys trade their children. Rounds are a loop, so that a chain of references is
//! bounded by memory and not by the stack. A child that was changed no longer has the values that it
//! was found by, so that cycles end. NO ACTION and RESTRICT are checked by the transaction when the
//! statement ends.

use crate::error::{Error, Result};
use crate::row::{Action, ForeignKeyDef, Row, TableId, TableState};
use crate::sql::meter::Meter;
use crate::sql::scan::row_key;
use crate::sql::write::WriteContext;
use crate::tree::KeyRange;
use crate::txn::Txn;
use crate::value::{Value, encode_key};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A parent row that changed.
pub(super) struct Changed {
    pub table: TableId,
    pub old: Row,
    /// `None`: it is gone.
    pub new: Option<Row>,
}

/// A child row that is to change.
struct Child {
    stored: Arc<[u8]>,
    old: Row,
    /// `None`: it goes.
    new: Option<Row>,
}

type Children = BTreeMap<(TableId, Arc<[u8]>), Child>;

/// Whether other tables, or its own rows, refer to a table's rows.
pub(super) fn is_parent(txn: &Txn, table: TableId) -> bool {
    txn.state().tables().any(|t| t.table.def.foreign_keys.iter().any(|k| k.parent == table))
}

/// Does what the foreign keys that refer to these rows ask for.
pub(super) fn follow(txn: &mut Txn, env: &WriteContext<'_>, changed: Vec<Changed>) -> Result<()> {
    let meter = Meter::new(env.limits);
    let mut round = changed;
    while !round.is_empty() {
        let mut children = Children::new();
        let mut keys: BTreeMap<TableId, Vec<(TableId, ForeignKeyDef)>> = BTreeMap::new();
        for change in &round {
            let keys = keys.entry(change.table).or_insert_with(|| keys_to(txn, change.table));
            for (child, foreign) in &*keys {
                find(txn, &meter, change, *child, foreign, &mut children)?;
            }
        }
        round = apply(txn, children)?;
    }
    Ok(())
}

/// Adds the children of a parent, with what is to become of them.
fn find(
    txn: &Txn,
    meter: &Meter<'_>,
    change: &Changed,
    child: TableId,
    foreign: &ForeignKeyDef,
    children: &mut Children,
) -> Result<()> {
    let action = match change.new {
        None => foreign.on_delete,
        Some(_) => foreign.on_update,
    };
    if !matches!(action, Action::Cascade | Action::SetNull) {
        return Ok(());
    }
    let Some(parent) = txn.state().table(change.table) else { return Ok(()) };
    let columns: Vec<usize> =
        foreign.parent_columns.iter().filter_map(|c| parent.table.def.position_of(*c)).collect();
    let values = |row: &Row| -> Vec<Value> {
        columns.iter().filter_map(|at| row.get(*at).cloned()).collect()
    };
    let old = values(&change.old);
    let new = change.new.as_ref().map(values);
    if old.iter().any(Value::is_null) || new.as_ref() == Some(&old) {
        return Ok(());
    }
    let Some(state) = txn.state().table(child) else { return Ok(()) };
    let own = state.table.foreign_columns(foreign);
    for (key, stored) in referring(txn, child, foreign, &old)? {
        meter.step()?;
        let known = match children.entry((child, key)) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let row = state.table.decode(&stored)?;
                meter.hold_row(&row)?;
                meter.hold_row(&row)?;
                place.insert(Child { stored, new: Some(row.clone()), old: row })
            }
        };
        match (action, &new, &mut known.new) {
            // Of two parents one may have gone already.
            (_, _, None) => {}
            (Action::Cascade, None, gone) => *gone = None,
            (_, new, Some(row)) => {
                let nulls = vec![Value::Null; own.len()];
                let given = match (action, new) {
                    (Action::Cascade, Some(new)) => new,
                    _ => &nulls,
                };
                for (at, value) in own.iter().zip(given) {
                    if let Some(place) = row.get_mut(*at) {
                        place.clone_from(value);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Changes children; what became of them.
fn apply(txn: &mut Txn, children: Children) -> Result<Vec<Changed>> {
    let mut changed = Vec::with_capacity(children.len());
    let mut moved: Vec<(TableId, Arc<[u8]>, Row)> = Vec::new();
    for ((table, key), Child { stored, old, new }) in children {
        match &new {
            None => txn.take(table, &key, &stored)?,
            Some(row) => {
                let state = txn.state().table(table);
                let next = state.and_then(|state| state.table.key_of(row));
                match next.is_some_and(|next| next[..] != key[..]) {
                    // All that move leave first, so that they meet nobody on their way.
                    true => {
                        txn.take(table, &key, &stored)?;
                        moved.push((table, key, row.clone()));
                    }
                    false => txn.update(table, &key, &stored, row)?,
                }
            }
        }
        changed.push(Changed { table, old, new });
    }
    for (table, from, row) in moved {
        txn.put_moved(table, &from, &row)?;
    }
    Ok(changed)
}

/// The foreign keys that refer to a table, with the tables that have them.
fn keys_to(txn: &Txn, parent: TableId) -> Vec<(TableId, ForeignKeyDef)> {
    let mut found = Vec::new();
    for table in txn.state().tables() {
        for foreign in table.table.def.foreign_keys.iter().filter(|k| k.parent == parent) {
            found.push((table.table.id(), foreign.clone()));
        }
    }
    found
}

type Stored = (Arc<[u8]>, Arc<[u8]>);

/// The child rows with these values, through the key or index that starts with the columns.
fn referring(
    txn: &Txn,
    child: TableId,
    foreign: &ForeignKeyDef,
    values: &[Value],
) -> Result<Vec<Stored>> {
    let Some(state) = txn.state().table(child) else { return Ok(Vec::new()) };
    let columns = state.table.foreign_columns(foreign);
    let chunks = txn.chunks();
    let mut found = Vec::new();
    let prefix = |directions: &mut dyn Iterator<Item = bool>| {
        let mut prefix = Vec::with_capacity(24);
        for (value, descending) in values.iter().zip(directions) {
            encode_key(&mut prefix, value, descending);
        }
        prefix
    };
    let key = state.table.key();
    if key.len() >= columns.len() && key.iter().zip(&columns).all(|((k, _), c)| k == c) {
        let range = KeyRange::prefix(&prefix(&mut key.iter().map(|(_, d)| *d)));
        let mut cursor = state.rows.cursor(chunks, &range, false)?;
        while let Some((key, stored)) = cursor.next()? {
            found.push((Arc::from(&key[..]), Arc::from(&stored[..])));
        }
        return Ok(found);
    }
    let at = state.table.index_over(&columns, false);
    let Some((index, view)) = at.and_then(|at| indexed(state, at)) else {
        return Err(Error::Internal("a foreign key without an index".into()));
    };
    let prefix = prefix(&mut index.parts.iter().map(|(_, d)| *d));
    let mut cursor = view.cursor(chunks, &KeyRange::prefix(&prefix), false)?;
    let mut keys: Vec<Arc<[u8]>> = Vec::new();
    while let Some((entry, _)) = cursor.next()? {
        keys.push(Arc::from(row_key(&index.parts, &entry)?));
    }
    for key in keys {
        if let Some(stored) = state.rows.get(chunks, &key)? {
            found.push((key, Arc::from(&stored[..])));
        }
    }
    Ok(found)
}

fn indexed(state: &TableState, at: usize) -> Option<(&crate::row::BoundIndex, &crate::tree::View)> {
    state.table.indexes().get(at).zip(state.indexes.get(at))
}
