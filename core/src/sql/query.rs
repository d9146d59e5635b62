//! Statements that only read.

use super::context::QueryContext;
use super::request::Output;
use super::{explain, select, show};
use crate::error::{Error, Result};
use gluesql_core::sqlparser::ast::Statement;

/// Runs a query: by our own operators where they can, else by GlueSQL's.
pub(super) fn run(ctx: &QueryContext<'_>, statement: &Statement) -> Result<Output> {
    ctx.limits.check_time()?;
    match statement {
        Statement::Query(query) => match select::run(ctx, query) {
            Err(Error::Unsupported(what)) => elsewhere(ctx, statement, what),
            other => other,
        },
        Statement::ShowTables { filter, .. } => show::tables(ctx, filter.as_ref()),
        Statement::ShowColumns { table_name, .. } | Statement::ExplainTable { table_name, .. } => {
            show::columns(ctx, table_name)
        }
        Statement::Explain { statement, .. } => explain::explain(ctx, statement),
        other => Err(Error::Internal(format!("not a query: {other}"))),
    }
}

/// What our operators do not do.
fn elsewhere(_ctx: &QueryContext<'_>, _statement: &Statement, what: String) -> Result<Output> {
    Err(Error::Unsupported(what))
}
