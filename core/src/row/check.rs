//! Constraints over more than one row: uniqueness and references, looked up through indexes.
//!
//! A statement, a rebase and a merge first change the rows and then ask here whether the result may
//! stand. Looking afterwards lets `UPDATE t SET id = id + 1` pass through states that would clash,
//! and makes the answer independent of the order of the changes.

use super::{ForeignKeyDef, Row, State, Table, TableId, TableState, Violation};
use crate::chunk::Chunks;
use crate::error::{Error, Result};
use crate::history::RowChange;
use crate::tree::KeyRange;
use crate::value::{Value, encode_key};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Rows whose missing chunks are asked for together, at most.
const FAULTS_TOGETHER: usize = 256;

/// A foreign key seen from its parent.
type Child = (Arc<TableState>, usize);

/// Looks at every changed row, in the state that the changes have made. `report` is told of each
/// violation and decides whether to go on.
///
/// # Errors
/// A fault where chunks are not at hand.
pub fn check_changes<'c>(
    state: &State,
    chunks: &Chunks,
    changes: impl IntoIterator<Item = (TableId, &'c RowChange)>,
    report: &mut dyn FnMut(Violation) -> ControlFlow<()>,
) -> Result<()> {
    let children = children_by_parent(state);
    let mut faults = 0;
    let mut fault = Ok(());
    for (id, change) in changes {
        match check_change(state, chunks, &children, id, change, report) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => break,
            // What the next rows want is asked for together with what this one does.
            Err(error @ Error::Fault(_)) if faults < FAULTS_TOGETHER => {
                faults += 1;
                fault = Err(error);
            }
            Err(error) => return Err(error),
        }
    }
    fault
}

fn check_change(
    state: &State,
    chunks: &Chunks,
    children: &HashMap<TableId, Vec<Child>>,
    id: TableId,
    change: &RowChange,
    report: &mut dyn FnMut(Violation) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let Some(table) = state.table(id) else {
        return Ok(ControlFlow::Continue(()));
    };
    let checked = !table.table.def.foreign_keys.is_empty()
        || table.table.indexes().iter().any(|index| index.unique);
    if let (true, Some(new)) = (checked, &change.new) {
        let row = table.table.decode(new)?;
        for (i, index) in table.table.indexes().iter().enumerate().filter(|(_, i)| i.unique) {
            let (prefix, null) = table.table.index_key(index, &row)?;
            if null {
                continue;
            }
            if let Some(existing) = other_row(table, chunks, i, &prefix, &change.key)? {
                let values = index.parts.iter().map(|(expr, _)| match expr {
                    crate::expr::Expr::Column(c) => row.get(*c).map(Value::to_text),
                    _ => None,
                });
                let columns = index.parts.iter().enumerate().map(|(part, _)| {
                    let position = index.column_of(part);
                    let column = position.and_then(|c| table.table.def.columns.get(c));
                    column.map_or_else(|| "expression".to_owned(), |c| c.name.clone())
                });
                let violation = Violation::Unique {
                    table: table.table.name().to_owned(),
                    constraint: table.table.def.indexes[i].name.clone(),
                    columns: columns.collect(),
                    values: values.map(|v| v.unwrap_or_else(|| "…".into())).collect(),
                    key: change.key.to_vec(),
                    existing,
                };
                if report(violation).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        for foreign in &table.table.def.foreign_keys {
            if let Some(violation) = missing_parent(state, chunks, table, foreign, &row, change)?
                && report(violation).is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    let (Some(old), Some(children)) = (&change.old, children.get(&id)) else {
        return Ok(ControlFlow::Continue(()));
    };
    let old = table.table.decode(old)?;
    let new = change.new.as_ref().map(|new| table.table.decode(new)).transpose()?;
    for (child, foreign) in children {
        let violation = left_behind(chunks, table, child, *foreign, &old, new.as_ref(), change)?;
        if let Some(violation) = violation
            && report(violation).is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Whether [`check_changes`] would look at changed rows of a table at all: it has a unique index, or
/// is an end of a foreign key.
pub fn is_constrained(state: &State, id: TableId) -> bool {
    let Some(table) = state.table(id) else { return false };
    let refers = |t: &Arc<TableState>| t.table.def.foreign_keys.iter().any(|f| f.parent == id);
    !table.table.def.foreign_keys.is_empty()
        || table.table.indexes().iter().any(|index| index.unique)
        || state.tables().any(refers)
}

/// The same as [`check_changes`], stopping at the first violation.
pub fn require<'c>(
    state: &State,
    chunks: &Chunks,
    changes: impl IntoIterator<Item = (TableId, &'c RowChange)>,
) -> Result<()> {
    let mut first = None;
    check_changes(state, chunks, changes, &mut |violation| {
        first = Some(violation);
        ControlFlow::Break(())
    })?;
    first.map_or(Ok(()), |violation| Err(violation.into()))
}

/// Foreign keys of live tables by the table that they refer to.
fn children_by_parent(state: &State) -> HashMap<TableId, Vec<Child>> {
    let mut children: HashMap<TableId, Vec<Child>> = HashMap::new();
    for table in state.tables() {
        for (i, foreign) in table.table.def.foreign_keys.iter().enumerate() {
            children.entry(foreign.parent).or_default().push((table.clone(), i));
        }
    }
    children
}

/// A row other than `key` that has this key in an index.
fn other_row(
    table: &TableState,
    chunks: &Chunks,
    index: usize,
    prefix: &[u8],
    key: &[u8],
) -> Result<Option<Vec<u8>>> {
    let Some(view) = table.indexes.get(index) else { return Ok(None) };
    let mut cursor = view.cursor(chunks, &KeyRange::prefix(prefix), false)?;
    while let Some((entry, _)) = cursor.next()? {
        match entry.get(prefix.len()..) {
            Some(other) if other != key => return Ok(Some(other.to_vec())),
            _ => {}
        }
    }
    Ok(None)
}

/// The row of `table` whose `columns` have these values, by primary key or unique index.
///
/// # Errors
/// `Internal` where neither covers the columns: a foreign key may not be declared so.
pub fn find_by_unique(
    table: &TableState,
    chunks: &Chunks,
    columns: &[usize],
    values: &[&Value],
) -> Result<Option<Vec<u8>>> {
    let mut prefix = Vec::with_capacity(24);
    if table.table.key().iter().map(|(c, _)| *c).eq(columns.iter().copied()) {
        for ((_, descending), value) in table.table.key().iter().zip(values) {
            encode_key(&mut prefix, value, *descending);
        }
        return Ok(table.rows.get(chunks, &prefix)?.map(|_| prefix));
    }
    let Some(i) = table.table.index_over(columns, true) else {
        return Err(Error::Internal(format!(
            "nothing unique covers the referenced columns of table '{}'",
            table.table.name()
        )));
    };
    let index = &table.table.indexes()[i];
    for ((_, descending), value) in index.parts.iter().zip(values) {
        encode_key(&mut prefix, value, *descending);
    }
    other_row(table, chunks, i, &prefix, &[])
}

fn missing_parent(
    state: &State,
    chunks: &Chunks,
    child: &TableState,
    foreign: &ForeignKeyDef,
    row: &Row,
    change: &RowChange,
) -> Result<Option<Violation>> {
    let columns = child.table.foreign_columns(foreign);
    let values: Vec<&Value> = columns.iter().filter_map(|c| row.get(*c)).collect();
    if values.iter().any(|value| value.is_null()) {
        return Ok(None);
    }
    let parent = state.table(foreign.parent);
    if let Some(parent) = parent {
        let positions = parent_positions(&parent.table, foreign);
        if find_by_unique(parent, chunks, &positions, &values)?.is_some() {
            return Ok(None);
        }
    }
    Ok(Some(Violation::MissingParent {
        table: child.table.name().to_owned(),
        constraint: foreign.name.clone(),
        columns: child.table.column_names(&foreign.columns),
        values: values.iter().map(|v| v.to_text()).collect(),
        parent: parent.map_or("a dropped table".to_owned(), |p| p.table.name().to_owned()),
        key: change.key.to_vec(),
    }))
}

fn parent_positions(parent: &Table, foreign: &ForeignKeyDef) -> Vec<usize> {
    foreign.parent_columns.iter().filter_map(|c| parent.def.position_of(*c)).collect()
}

/// Children that refer to what a parent row was, if nothing in the new state is that any more.
fn left_behind(
    chunks: &Chunks,
    parent: &TableState,
    child: &TableState,
    foreign: usize,
    old: &Row,
    new: Option<&Row>,
    change: &RowChange,
) -> Result<Option<Violation>> {
    let Some(foreign) = child.table.def.foreign_keys.get(foreign) else { return Ok(None) };
    let positions = parent_positions(&parent.table, foreign);
    let values: Vec<&Value> = positions.iter().filter_map(|c| old.get(*c)).collect();
    let unchanged = new.is_some_and(|new| positions.iter().all(|c| old.get(*c) == new.get(*c)));
    if unchanged || values.iter().any(|value| value.is_null()) {
        return Ok(None);
    }
    if find_by_unique(parent, chunks, &positions, &values)?.is_some() {
        return Ok(None);
    }
    match first_child(chunks, child, foreign, &values)? {
        None => Ok(None),
        Some(_) => Ok(Some(Violation::HasChildren {
            table: parent.table.name().to_owned(),
            constraint: foreign.name.clone(),
            child: child.table.name().to_owned(),
            values: values.iter().map(|v| v.to_text()).collect(),
            key: change.key.to_vec(),
        })),
    }
}

/// The key of a child row that refers to these values, through the index or key that starts with
/// the foreign key's columns.
fn first_child(
    chunks: &Chunks,
    child: &TableState,
    foreign: &ForeignKeyDef,
    values: &[&Value],
) -> Result<Option<Vec<u8>>> {
    let columns = child.table.foreign_columns(foreign);
    let mut prefix = Vec::with_capacity(24);
    let leads = |key: &[(usize, bool)]| {
        key.len() >= columns.len() && key.iter().zip(&columns).all(|((k, _), c)| k == c)
    };
    if leads(child.table.key()) {
        for ((_, descending), value) in child.table.key().iter().zip(values) {
            encode_key(&mut prefix, value, *descending);
        }
        let mut cursor = child.rows.cursor(chunks, &KeyRange::prefix(&prefix), false)?;
        return Ok(cursor.next()?.map(|(key, _)| key.to_vec()));
    }
    let Some(i) = child.table.index_over(&columns, false) else {
        return Err(Error::Internal(format!("foreign key '{}' has no index", foreign.name)));
    };
    let index = &child.table.indexes()[i];
    for ((_, descending), value) in index.parts.iter().zip(values) {
        encode_key(&mut prefix, value, *descending);
    }
    other_row(child, chunks, i, &prefix, &[])
}
