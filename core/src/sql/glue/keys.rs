//! Keys between GlueSQL and Offshoot.
//!
//! GlueSQL knows keys of one column. Rows of any other table (a hidden id, a key of several columns,
//! a key whose type GlueSQL cannot have in a key) go by the bytes of their stored key.

use super::values::{from_glue, glue_type};
use crate::row::Table;
use crate::value::encode_key;
use gluesql_core::ast::DataType;
use gluesql_core::data::Key;
use gluesql_core::prelude::Value as GlueValue;

/// The position of the column that GlueSQL takes for the primary key.
pub(super) fn key_column(table: &Table) -> Option<usize> {
    let [(position, _)] = table.key() else { return None };
    let column = table.def.columns.get(*position)?;
    match glue_type(&column.ty) {
        DataType::Map | DataType::List | DataType::Point => None,
        _ => Some(*position),
    }
}

/// The stored key that a key of GlueSQL means; `None` where no row can have it.
pub(super) fn stored_key(table: &Table, key: &Key) -> Option<Vec<u8>> {
    let Some(position) = key_column(table) else {
        return match key {
            Key::Bytea(bytes) => Some(bytes.clone()),
            _ => None,
        };
    };
    let ty = &table.def.columns.get(position)?.ty;
    let value = from_glue(&GlueValue::from(key.clone()), ty).ok()?;
    if value.is_null() {
        return None;
    }
    let mut bytes = Vec::with_capacity(16);
    let descending = table.key().first().is_some_and(|(_, descending)| *descending);
    encode_key(&mut bytes, &value, descending);
    Some(bytes)
}

/// GlueSQL's key of a row.
pub(super) fn glue_key(table: &Table, stored: &[u8], row: &[GlueValue]) -> Key {
    let value = key_column(table).and_then(|position| row.get(position));
    match value.map(Key::try_from) {
        Some(Ok(key)) => key,
        _ => Key::Bytea(stored.to_vec()),
    }
}
