//! Rows: INSERT, UPDATE and DELETE.
//!
//! ```text
//!   text ─ syntax ─▶ statement ─┬─ the table's own columns decide ─▶ access path ─┐
//!                               │                                                 ├─▶ rows ─▶ changes
//!                               └─ FROM, USING, WITH, subqueries, LIMIT ─▶ query ─┘
//! ```
//!
//! A statement first finds its rows, then changes them; it never sees its own changes. Rows that
//! other tables or subqueries choose are found by the query engine, which hands out their keys.
//! Constraints over more than one row are checked by the transaction when the statement ends.

mod around;
mod assign;
mod by_row;
mod cascade;
mod delete;
mod explain;
mod insert;
mod kept;
mod literal_rows;
mod returning;
mod syntax;
mod target;
mod update;
mod update_or;
mod upsert;

pub(super) use around::taken_apart;
pub(super) use assign::Assigned;
pub(super) use delete::delete;
pub(super) use delete::delete_matching;
pub(super) use explain::{explain, explain_analyze};
pub(super) use insert::{Incoming, insert, insert_into};
pub(super) use kept::KeptWrite;
pub(super) use literal_rows::{Apart, LiteralRow, apart};
pub(super) use returning::Returning;
pub(super) use syntax::{mark_ends, parse_write};
pub(super) use update::{Update, update, update_matching};
pub(super) use upsert::Conflict;

use super::context::QueryContext;
use super::request::OutputColumn;
use crate::error::Result;
use gluesql_core::sqlparser::ast::{Query, Statement};

/// Volatile values of defaults are numbered from here on where a query has drawn some of its own.
const DEFAULTS_DRAWN: u64 = 1 << 40;

/// The query that finds the rows that a statement changes, or puts in, where it takes one.
///
/// # Errors
/// What binding the statement gives.
fn rows_query(ctx: &QueryContext<'_>, statement: &Statement) -> Result<Option<Query>> {
    let (statement, around) = taken_apart(statement);
    match statement {
        Statement::Update { table, assignments, from, selection, returning } => {
            let (selection, returning) = (selection.as_ref(), returning.as_deref());
            let from = from.as_ref();
            Update { table, assignments, from, selection, returning }.query(ctx, around)
        }
        Statement::Delete(delete) => delete::delete_query(ctx, delete, around),
        Statement::Insert(insert) => {
            let query = insert::source_query(insert, around);
            if query.is_none() {
                insert::bind_values(ctx, insert)?;
            }
            Ok(query)
        }
        _ => Ok(None),
    }
}

/// The columns that a statement which changes rows gives, without running it. Whoever is behind
/// `ctx.params` is told of parameters.
///
/// # Errors
/// What binding the statement gives.
pub(super) fn described(
    ctx: &QueryContext<'_>,
    statement: &Statement,
) -> Result<Vec<OutputColumn>> {
    let (statement, around) = taken_apart(statement);
    match statement {
        Statement::Update { table, assignments, from, selection, returning } => {
            let (selection, returning) = (selection.as_ref(), returning.as_deref());
            let from = from.as_ref();
            Update { table, assignments, from, selection, returning }.described(ctx, around)
        }
        Statement::Delete(delete) => delete::described(ctx, delete, around),
        Statement::Insert(insert) => insert::described(ctx, insert, around),
        _ => Ok(Vec::new()),
    }
}
