//! What a query shows, without running it.

use super::bind;
use super::plan::{Node, RowExpr};
use crate::error::Result;
use crate::expr::Expr;
use crate::sql::context::QueryContext;
use crate::sql::request::OutputColumn;
use crate::value::SqlType;
use gluesql_core::sqlparser::ast::Query;

/// The columns of a query. `meant` are the types of what its columns are put into, from the first on:
/// a parameter that is shown there is of that type.
///
/// # Errors
/// What binding gives.
pub(in crate::sql) fn described(
    ctx: &QueryContext<'_>,
    query: &Query,
    meant: &[SqlType],
) -> Result<Vec<OutputColumn>> {
    let plan = bind::statement(ctx, query)?;
    if let Some(asked) = ctx.params.asked() {
        for exprs in shown(&plan.query.root) {
            for (expr, ty) in exprs.iter().zip(meant) {
                if let Expr::Column(at) = expr {
                    asked.tell(*at, *ty);
                }
            }
        }
    }
    let mut columns = plan.query.columns;
    if let (Some(asked), [exprs]) = (ctx.params.asked(), shown(&plan.query.root).as_slice()) {
        // What a parameter is found to be further on is what it shows.
        for (column, expr) in columns.iter_mut().zip(exprs.iter()) {
            if let (Expr::Column(at), SqlType::Any) = (expr, column.ty) {
                column.ty = asked.type_at(*at).unwrap_or(SqlType::Any);
            }
        }
    }
    Ok(columns)
}

/// The expressions of the rows that an operator gives, wherever these are made.
fn shown(node: &Node) -> Vec<&[RowExpr]> {
    let mut found: Vec<&[RowExpr]> = Vec::new();
    let mut todo = vec![node];
    while let Some(node) = todo.pop() {
        match node {
            Node::Project { exprs, .. } => found.push(exprs),
            Node::Values { rows, .. } => found.extend(rows.iter().map(Vec::as_slice)),
            Node::Sort { input, .. }
            | Node::Limit { input, .. }
            | Node::Distinct { input, .. }
            | Node::Place { input, .. } => todo.push(input),
            Node::Append { inputs, .. } => todo.extend(inputs),
            Node::Compare { left, right, .. } => todo.extend([&**left, &**right]),
            _ => {}
        }
    }
    found
}
