//! Queries: from a syntax tree to rows.
//!
//! ```text
//!   syntax tree ─ bind ─▶ operators ─ place ─▶ operators in order ─ run ─▶ rows
//!                 names,             conditions pushed down,
//!                 groups, windows    joins ordered, paths chosen, columns pruned
//! ```
//!
//! A **frame** is a query that is evaluated as a whole: the statement's, or a subquery of an
//! expression. Expressions are those of [`expr`](crate::expr), over a row; a position beyond the row
//! stands for what the frame is given from the row around it, or for the result of one of its
//! subqueries. So correlation needs no operator of its own: a subquery is run when an expression
//! comes to its value, with the outer values as constants, which its scans use to choose a path.
//!
//! What must stay true:
//! - A condition is checked wherever it was pushed to, and access paths may only be too wide.
//! - The layout of a FROM is fixed when it is read; putting joins in order changes who fills a place
//!   first, never where it is.
//! - What only one evaluation order gives (volatile functions, subqueries) is never moved.
//! - Each row that is looked at is a step towards the deadline, and each that is held counts against
//!   the statement's memory.
//!
//! Common table expressions are evaluated once per statement, when they are first read; one that
//! reads the rows around it is bound again at each place that names it.

mod above;
mod bind;
mod describe;
mod explain;
mod from;
mod joins;
mod kept;
mod page;
mod place;
mod plan;
mod prune;
mod run;
mod select;

pub(super) use above::aggregate_of;
pub(super) use bind::{lone_subquery, statement};
pub(super) use describe::described;
pub(super) use explain::{explained, listed as explanation, of_rows};
pub(super) use kept::{KeptQuery, lifted};
pub(super) use page::{Item, bind_items_with, page, plain_table};
pub(super) use run::execute;

use super::context::QueryContext;
use super::literal::constant;
use super::request::{Output, OutputColumn, StatementKind};
use super::{catalogue, show};
use crate::error::{Error, Result};
use gluesql_core::sqlparser::ast::{Query, Statement};

/// Runs a statement that only reads.
///
/// # Errors
/// `NotFound`, `Sql`, `Unsupported`, `Limit`; a fault; what an expression gives.
pub(super) fn run(ctx: &QueryContext<'_>, statement: &Statement) -> Result<Output> {
    ctx.limits.check_time()?;
    match statement {
        Statement::Query(query) => run_select(ctx, query),
        Statement::ShowTables { filter, .. } => show::tables(ctx, filter.as_ref()),
        Statement::ShowColumns { table_name, .. } | Statement::ExplainTable { table_name, .. } => {
            show::columns(ctx, table_name)
        }
        Statement::Pragma { name, value, .. } => {
            let argument = value.as_ref().map(|value| constant(value, &ctx.params)).transpose()?;
            let name = name.0.last().map_or("", |name| name.value.as_str());
            Ok(listed(catalogue::pragma(ctx, name, argument)?))
        }
        Statement::Explain { statement, analyze, .. } => explain::explain(ctx, statement, *analyze),
        other => Err(Error::Internal(format!("not a query: {other}"))),
    }
}

fn listed(relation: catalogue::Relation) -> Output {
    let columns = relation.columns.into_iter();
    let columns = columns.map(|(name, ty)| OutputColumn { name, ty }).collect();
    Output { columns, rows: relation.rows, ..Output::done(StatementKind::Show, 0) }
}

/// Runs a query.
///
/// # Errors
/// As [`run`].
pub(super) fn run_select(ctx: &QueryContext<'_>, query: &Query) -> Result<Output> {
    execute(ctx, &statement(ctx, query)?)
}
