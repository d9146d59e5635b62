//! Conflicts put into words and values.

use super::judge::{Sides, Verdict};
use super::{Conflict, ConflictKind, Held, Merged};
use crate::chunk::Chunks;
use crate::error::Result;
use crate::row::{Row, State, Table, TableState, Violation};
use crate::value::{Value, decode_key};

/// A cell (by position) or, without one, a row that both sides changed.
pub(super) fn data_conflict(
    table: &Table,
    key: &[u8],
    position: Option<usize>,
    verdict: &Verdict,
    sides: &Sides,
) -> Conflict {
    let kind = match verdict {
        Verdict::Whole(kind) => *kind,
        _ => ConflictKind::UpdateUpdate,
    };
    let column = position.and_then(|p| table.def.columns.get(p));
    let held = |row: Option<&Row>| hold(table, row, position);
    let what = column.map_or_else(|| "the row".to_owned(), |c| format!("column '{}'", c.name));
    let row_id = row_id(table, key);
    Conflict {
        table: table.name().to_owned(),
        table_id: table.id(),
        key: Some(key.to_vec()),
        column: column.map(|c| c.name.clone()),
        column_id: column.map(|c| c.id),
        column_type: column.map(|c| c.ty),
        kind,
        base: held(sides.base()),
        source: held(sides.source.as_ref()),
        target: held(sides.target.as_ref()),
        settled: None,
        generated_key: kind == ConflictKind::InsertInsert && generated(table),
        message: format!("both branches changed {what} of '{}' row {row_id}", table.name()),
        row_id: Some(row_id),
    }
}

/// Whether a table's key is given automatically.
pub(super) fn generated(table: &Table) -> bool {
    let auto = table.auto_increment();
    table.key().len() == 1 && table.key().first().map(|(c, _)| *c) == auto
}

/// A constraint that the merged rows break, as a conflict of the row that breaks it.
pub(super) fn constraint_conflict(
    chunks: &Chunks,
    merged: &Merged,
    source: &State,
    target: &State,
    violation: &Violation,
    key: &[u8],
) -> Result<Conflict> {
    let table = merged.state.find(violation.table())?;
    let id = table.table.id();
    let held = |side: &State| -> Result<Held> {
        let Some(side) = side.table(id) else { return Ok(Held::Nothing) };
        match side.rows.get(chunks, key)? {
            Some(bytes) => Ok(hold(&side.table, Some(&side.table.decode(&bytes)?), None)),
            None => Ok(Held::Nothing),
        }
    };
    let column = match violation {
        Violation::NotNull { column, .. } => table.table.def.column(column),
        _ => None,
    };
    Ok(Conflict {
        table: table.table.name().to_owned(),
        table_id: id,
        row_id: Some(row_id(&table.table, key)),
        key: Some(key.to_vec()),
        column: column.map(|c| c.name.clone()),
        column_id: column.map(|c| c.id),
        column_type: column.map(|c| c.ty),
        kind: kind_of(violation),
        base: Held::Nothing,
        source: held(source)?,
        target: held(target)?,
        settled: None,
        generated_key: false,
        message: violation.to_string(),
    })
}

/// Definitions, or a row and a definition, that cannot both stand.
pub(super) fn schema_conflict(table: &TableState, message: String) -> Conflict {
    Conflict {
        table: table.table.name().to_owned(),
        table_id: table.table.id(),
        row_id: None,
        key: None,
        column: None,
        column_id: None,
        column_type: None,
        kind: ConflictKind::Schema,
        base: Held::Nothing,
        source: Held::Nothing,
        target: Held::Nothing,
        settled: None,
        generated_key: false,
        message,
    }
}

fn hold(table: &Table, row: Option<&Row>, position: Option<usize>) -> Held {
    match (row, position) {
        (None, _) => Held::Nothing,
        (Some(row), Some(position)) => {
            Held::Cell(row.get(position).cloned().unwrap_or(Value::Null))
        }
        (Some(row), None) => {
            let names = table.def.columns.iter().map(|c| c.name.clone());
            Held::Row(names.zip(row.iter().cloned()).collect())
        }
    }
}

/// How protocols name a row: the values of its key, joined by commas; a hidden key in hexadecimal.
pub fn row_id(table: &Table, key: &[u8]) -> String {
    if table.key().is_empty() {
        return key.iter().map(|b| format!("{b:02x}")).collect();
    }
    let mut parts = Vec::new();
    let mut rest = key;
    for (_, descending) in table.key() {
        match decode_key(rest, *descending) {
            Ok((value, left)) => {
                parts.push(value.to_text());
                rest = left;
            }
            Err(_) => break,
        }
    }
    parts.join(",")
}

fn kind_of(violation: &Violation) -> ConflictKind {
    match violation {
        Violation::NotNull { .. } => ConflictKind::NotNull,
        Violation::Check { .. } => ConflictKind::Check,
        Violation::Unique { .. } => ConflictKind::Unique,
        Violation::MissingParent { .. } | Violation::HasChildren { .. } => ConflictKind::ForeignKey,
    }
}

/// The row that a violation names; none for those that are about a row at hand.
pub(super) fn key_of(violation: &Violation) -> &[u8] {
    match violation {
        Violation::Unique { key, .. }
        | Violation::MissingParent { key, .. }
        | Violation::HasChildren { key, .. } => key,
        Violation::NotNull { .. } | Violation::Check { .. } => &[],
    }
}
