//! SHOW TABLES, SHOW COLUMNS and DESCRIBE.

use super::context::QueryContext;
use super::request::{Output, OutputColumn, StatementKind};
use crate::error::{Error, Result};
use crate::expr::Expr;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{ObjectName, ShowStatementFilter};

pub(super) fn tables(
    ctx: &QueryContext<'_>,
    filter: Option<&ShowStatementFilter>,
) -> Result<Output> {
    let pattern = match filter {
        None => None,
        Some(ShowStatementFilter::Like(pattern) | ShowStatementFilter::ILike(pattern)) => {
            Some(Expr::literal(pattern.as_str()))
        }
        Some(_) => return Err(Error::Unsupported("SHOW TABLES WHERE".into())),
    };
    let eval = ctx.eval();
    let mut rows = Vec::new();
    for table in ctx.state.tables_by_name() {
        let name = vec![Value::from(table.table.name())];
        let wanted = match &pattern {
            None => true,
            Some(pattern) => {
                let like = Expr::Column(0).like(pattern.clone(), None, true, false);
                like.matches(&name, &eval)?
            }
        };
        if wanted {
            rows.push(name);
        }
    }
    Ok(listing(&["table_name"], rows))
}

pub(super) fn columns(ctx: &QueryContext<'_>, table: &ObjectName) -> Result<Output> {
    let source = ctx.source(table)?;
    let def = &source.table.table.def;
    let row = |column: &crate::row::ColumnDef| {
        let in_key = def.primary_key.iter().any(|part| part.column == column.id);
        let default = column.default.as_ref().map(|d| d.to_sql(&|_| String::new()));
        vec![
            Value::from(column.name.as_str()),
            Value::from(column.ty.to_string()),
            Value::Bool(!column.not_null && !in_key),
            Value::from(default),
            Value::Bool(in_key),
        ]
    };
    let rows = def.columns.iter().map(row).collect();
    Ok(listing(&["column_name", "data_type", "nullable", "default", "primary_key"], rows))
}

/// An answer of a few columns whose types follow from the first row.
pub(super) fn listing(names: &[&str], rows: Vec<Vec<Value>>) -> Output {
    let ty = |at: usize| match rows.first().and_then(|row| row.get(at)) {
        Some(Value::Bool(_)) => SqlType::Boolean,
        _ => SqlType::Text,
    };
    let columns = names.iter().enumerate();
    let columns = columns.map(|(at, name)| OutputColumn { name: (*name).to_owned(), ty: ty(at) });
    let columns = columns.collect();
    Output { columns, rows, ..Output::done(StatementKind::Show, 0) }
}
