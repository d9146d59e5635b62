//! EXPLAIN: how a statement finds its rows, in words.

use super::access::{Path, RowPlan};
use super::bind::{Scope, bind_in};
use super::context::{QueryContext, table_name};
use super::points::split_mark;
use super::request::Output;
use super::select::{Plan, plain_table};
use super::show::listing;
use crate::error::{Error, Result};
use crate::row::TableState;
use crate::sql::access::plan_rows;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{Expr as SqlExpr, FromTable, Statement, TableWithJoins};

/// EXPLAIN: one line per row.
pub(super) fn explain(ctx: &QueryContext<'_>, statement: &Statement) -> Result<Output> {
    let lines = lines(ctx, statement)?;
    let rows = lines.into_iter().map(|line| vec![Value::from(line)]).collect();
    Ok(listing(&["plan"], rows))
}

/// How a statement runs, one step a line, the first step last.
///
/// # Errors
/// What binding the statement gives.
pub(super) fn lines(ctx: &QueryContext<'_>, statement: &Statement) -> Result<Vec<String>> {
    match statement {
        Statement::Query(query) => match Plan::of(ctx, query) {
            Ok(plan) => Ok(of_select(&plan)),
            Err(Error::Unsupported(what)) => Ok(vec![format!("GlueSQL ({what})")]),
            Err(error) => Err(error),
        },
        Statement::Update { table, selection, .. } => {
            of_write(ctx, "update", table, selection.as_ref())
        }
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            match from.as_slice() {
                [one] => of_write(ctx, "delete", one, delete.selection.as_ref()),
                _ => Err(Error::Unsupported("DELETE from more than one table".into())),
            }
        }
        Statement::Insert(insert) => {
            let mut found =
                vec![format!("insert into {}", plain_name(table_name(&insert.table_name)?))];
            if let Some(source) = &insert.source
                && !matches!(*source.body, gluesql_core::sqlparser::ast::SetExpr::Values(_))
            {
                found.extend(lines(ctx, &Statement::Query(source.clone()))?);
            }
            Ok(found)
        }
        other => {
            let text = other.to_string();
            Ok(vec![text.split_whitespace().take(2).collect::<Vec<_>>().join(" ").to_lowercase()])
        }
    }
}

fn plain_name(name: &str) -> &str {
    split_mark(name).0
}

fn of_write(
    ctx: &QueryContext<'_>,
    what: &str,
    table: &TableWithJoins,
    selection: Option<&SqlExpr>,
) -> Result<Vec<String>> {
    let Some((name, alias)) = plain_table(table) else {
        return Err(Error::Unsupported(format!("{what} of more than one table")));
    };
    let source = ctx.source(name)?;
    let scope = Scope::of_table(&source.table.table.def, alias);
    let predicate = selection.map(|expr| bind_in(ctx, &scope, expr)).transpose()?;
    let rows = plan_rows(ctx, &source.table, predicate)?;
    let mut lines = vec![what.to_owned()];
    lines.extend(of_rows(&source.table, &rows));
    Ok(lines)
}

fn of_select(plan: &Plan) -> Vec<String> {
    if let (true, Some(source)) = (plan.is_bare_count(), &plan.source) {
        return vec![format!("count of {}, from its tree", source.table.table.name())];
    }
    let mut lines = Vec::new();
    if plan.limit.is_some() || plan.offset > 0 {
        let limit = plan.limit.map_or("none".to_owned(), |n| n.to_string());
        lines.push(format!("limit {limit}, offset {}", plan.offset));
    }
    if !plan.order.is_empty() && !plan.in_order {
        lines.push(format!("sort by {} keys", plan.order.len()));
    }
    if plan.distinct {
        lines.push("distinct".into());
    }
    if let Some((keys, having)) = plan.grouping() {
        if having {
            lines.push("having".into());
        }
        lines.push(match keys {
            0 => "aggregate all rows".to_owned(),
            n => format!("group by {n} keys"),
        });
    }
    match (&plan.source, &plan.join) {
        (Some(source), _) => lines.extend(of_rows(&source.table, &plan.rows)),
        (None, Some(join)) => lines.extend(join.lines()),
        (None, None) => lines.push("one row".into()),
    }
    lines
}

fn of_rows(table: &TableState, rows: &RowPlan) -> Vec<String> {
    let name = table.table.name();
    let mut lines = Vec::new();
    if rows.filter().is_some() {
        lines.push("filter".into());
    }
    let backwards = if rows.is_reverse() { ", backwards" } else { "" };
    lines.push(match rows.path() {
        _ if rows.is_full_scan() => format!("scan {name}{backwards}"),
        Path::Keys(keys) => format!("search {name} by primary key: {} keys{backwards}", keys.len()),
        Path::Table(ranges) => {
            format!("search {name} by primary key: {} ranges{backwards}", ranges.len())
        }
        Path::Index(at, ranges) => {
            let index = table.table.def.indexes.get(*at).map_or("?", |i| i.name.as_str());
            format!("search {name} by index {index}: {} ranges{backwards}", ranges.len())
        }
    });
    lines
}
