//! Definitions that go together: every foreign key has something to refer to.

use super::{ForeignKeyDef, State, Table, TableId};

/// The foreign keys of a state that cannot be kept, each with its table and what is wrong. A
/// statement never makes one; a rebase and a merge put definitions together that were made apart,
/// and ask here.
pub fn broken_definitions(state: &State) -> Vec<(TableId, String)> {
    let mut broken = Vec::new();
    for child in state.tables().map(|child| &child.table) {
        for key in &child.def.foreign_keys {
            let what = match state.table(key.parent) {
                None => Some("the table that it refers to is gone"),
                Some(parent) => unkept(child, &parent.table, key),
            };
            if let Some(what) = what {
                let message =
                    format!("foreign key '{}' of table '{}': {what}", key.name, child.name());
                broken.push((child.id(), message));
            }
        }
    }
    broken
}

/// Why a foreign key between two tables cannot be kept.
fn unkept(child: &Table, parent: &Table, key: &ForeignKeyDef) -> Option<&'static str> {
    let positions = key.parent_columns.iter().map(|c| parent.def.position_of(*c));
    let Some(columns) = positions.collect::<Option<Vec<usize>>>() else {
        return Some("a column that it refers to is gone");
    };
    let is_key = parent.key().iter().map(|(column, _)| *column).eq(columns.iter().copied());
    if !is_key && parent.index_over(&columns, true).is_none() {
        return Some("it must refer to the primary key or a unique index");
    }
    // Children are found through an index when a parent goes.
    let own = child.foreign_columns(key);
    let leads = child.key().len() >= own.len()
        && child.key().iter().zip(&own).all(|((column, _), own)| column == own);
    (!leads && child.index_over(&own, false).is_none()).then_some("no index covers its columns")
}
