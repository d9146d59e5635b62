//! COMMENT ON: kept in the definition, with its history.

use crate::error::{Error, Kind, Result};
use crate::sql::context::table_name;
use crate::sql::request::{Output, StatementKind};
use crate::txn::Txn;
use gluesql_core::sqlparser::ast::{CommentObject, ObjectName};

/// Length of a comment in bytes.
const COMMENT_BYTES_MAX: usize = 65_536;

pub(super) fn comment(
    txn: &mut Txn,
    object: &CommentObject,
    name: &ObjectName,
    comment: Option<&str>,
    if_exists: bool,
) -> Result<Output> {
    if comment.is_some_and(|text| text.len() > COMMENT_BYTES_MAX) {
        return Err(Error::Limit(format!("a comment has at most {COMMENT_BYTES_MAX} bytes")));
    }
    let (table, column) = match (object, name.0.as_slice()) {
        (CommentObject::Table, _) => (name.clone(), None),
        (CommentObject::Column, [table @ .., column]) if !table.is_empty() => {
            (ObjectName(table.to_vec()), Some(&column.value))
        }
        _ => return Err(Error::Sql(format!("COMMENT ON needs a table's name, not {name}"))),
    };
    let done = Output::done(StatementKind::AlterTable, 0);
    let mut def = match txn.state().find(table_name(&table)?) {
        Ok(table) => table.table.def.clone(),
        Err(Error::NotFound { .. }) if if_exists => return Ok(done),
        Err(error) => return Err(error),
    };
    let column = match column {
        None => None,
        Some(name) => match (def.column(name), if_exists) {
            (Some(column), _) => Some(column.id),
            (None, true) => return Ok(done),
            (None, false) => return Err(Error::not_found(Kind::Column, &**name)),
        },
    };
    def.set_comment(column, comment.filter(|text| !text.is_empty()));
    txn.define(def, None)?;
    Ok(done)
}
