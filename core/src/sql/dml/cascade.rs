//! What a change of a parent row does to its children: CASCADE and SET NULL.
//!
//! A list of changes is worked off instead of recursing, so that a chain of references is bounded
//! by memory and not by the stack. Rows are looked up in the transaction as it stands, so a row that
//! was already dealt with is not found again and cycles end. NO ACTION and RESTRICT are checked by
//! the transaction when the statement ends.

use crate::error::Result;
use crate::row::{Action, ForeignKeyDef, Row, TableId, TableState};
use crate::sql::meter::Meter;
use crate::sql::scan::row_key;
use crate::sql::write::WriteContext;
use crate::tree::KeyRange;
use crate::txn::Txn;
use crate::value::{Value, encode_key};
use std::sync::Arc;

/// A parent row that changed.
pub(super) struct Changed {
    pub table: TableId,
    pub old: Row,
    /// `None`: it is gone.
    pub new: Option<Row>,
}

/// Does what the foreign keys that refer to these rows ask for.
pub(super) fn follow(txn: &mut Txn, env: &WriteContext<'_>, changed: Vec<Changed>) -> Result<()> {
    let meter = Meter::new(env.limits);
    let mut todo = changed;
    while let Some(change) = todo.pop() {
        for (child, foreign) in children(txn, change.table) {
            let action = match change.new {
                None => foreign.on_delete,
                Some(_) => foreign.on_update,
            };
            if !matches!(action, Action::Cascade | Action::SetNull) {
                continue;
            }
            let Some(parent) = txn.state().table(change.table) else { continue };
            let columns: Vec<usize> = (foreign.parent_columns.iter())
                .filter_map(|c| parent.table.def.position_of(*c))
                .collect();
            let values = |row: &Row| -> Vec<Value> {
                columns.iter().filter_map(|at| row.get(*at).cloned()).collect()
            };
            let old = values(&change.old);
            let new = change.new.as_ref().map(values);
            if old.iter().any(Value::is_null) || new.as_ref() == Some(&old) {
                continue;
            }
            for (key, stored) in referring(txn, child, &foreign, &old)? {
                meter.step()?;
                let Some(state) = txn.state().table(child).cloned() else { continue };
                let row = state.table.decode(&stored)?;
                meter.hold_row(&row)?;
                let replacement = match (action, &new) {
                    (Action::Cascade, None) => None,
                    (Action::Cascade, Some(new)) => Some(new.clone()),
                    _ => Some(vec![Value::Null; old.len()]),
                };
                match replacement {
                    None => {
                        txn.take(child, &key, &stored)?;
                        todo.push(Changed { table: child, old: row, new: None });
                    }
                    Some(values) => {
                        let mut next = row.clone();
                        for (at, value) in state.table.foreign_columns(&foreign).iter().zip(values)
                        {
                            if let Some(place) = next.get_mut(*at) {
                                *place = value;
                            }
                        }
                        txn.update(child, &key, &stored, &next)?;
                        todo.push(Changed { table: child, old: row, new: Some(next) });
                    }
                }
            }
        }
    }
    Ok(())
}

fn children(txn: &Txn, parent: TableId) -> Vec<(TableId, ForeignKeyDef)> {
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
        return Err(crate::error::Error::Internal("a foreign key without an index".into()));
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
