//! RETURNING: what a writing statement shows of the rows that it changed.

use super::by_row::ByRow;
use super::target::Beside;
use crate::error::{Error, Result};
use crate::expr::{EvalContext, Expr};
use crate::row::TableDef;
use crate::sql::bind::{Scope, bind_alone};
use crate::sql::context::QueryContext;
use crate::sql::meter::Meter;
use crate::sql::query::{Item, bind_items_with};
use crate::sql::request::{Output, OutputColumn};
use crate::value::Value;
use gluesql_core::sqlparser::ast::SelectItem;

/// The expressions of a RETURNING and the rows that they have given.
pub(in crate::sql) struct Returning {
    items: Option<Vec<Item>>,
    /// Subqueries read the rows that are shown.
    by_row: Option<ByRow>,
    rows: Vec<Vec<Value>>,
}

impl Returning {
    /// Shows nothing.
    pub fn nothing() -> Self {
        Returning { items: None, by_row: None, rows: Vec::new() }
    }

    /// Reads a RETURNING over the rows of a table and what stands beside them, which must be named
    /// with its table before it. `*` means the table alone, as in SQLite.
    pub(super) fn read(
        ctx: &QueryContext<'_>,
        def: &TableDef,
        alias: Option<&str>,
        items: Option<&[SelectItem]>,
        beside: &[Beside],
    ) -> Result<Self> {
        let Some(items) = items else { return Ok(Returning::nothing()) };
        let mut scope = Scope::of_table(def, alias);
        for table in beside {
            scope = scope.beside(&table.name, &table.columns, def.columns.len() + table.first);
        }
        let mut reads_rows = false;
        let bound = bind_items_with(&scope, items, &mut |expr| {
            let bound = bind_alone(ctx, &scope, expr)?;
            reads_rows |= bound.is_none();
            Ok(bound.unwrap_or(Expr::Literal(Value::Null)))
        })?;
        if reads_rows && !beside.is_empty() {
            return Err(Error::Unsupported(
                "RETURNING a subquery that reads the row around it, beside other tables".into(),
            ));
        }
        let by_row = reads_rows.then(|| ByRow::items(ctx, def, alias.unwrap_or(&def.name), items));
        Ok(Returning { items: Some(bound), by_row, rows: Vec::new() })
    }

    /// The columns that it shows.
    pub fn columns(self) -> Vec<OutputColumn> {
        let column = |item: Item| OutputColumn { name: item.label, ty: item.ty };
        self.items.into_iter().flatten().map(column).collect()
    }

    pub fn is_wanted(&self) -> bool {
        self.items.is_some()
    }

    /// Shows a row, and what was found beside it.
    pub(super) fn push(
        &mut self,
        row: &[Value],
        beside: &[Value],
        eval: &EvalContext<'_>,
        meter: &Meter<'_>,
    ) -> Result<()> {
        let Some(items) = &self.items else { return Ok(()) };
        let both: Vec<Value>;
        let row = match beside {
            [] => row,
            beside => {
                both = row.iter().chain(beside).cloned().collect();
                &both
            }
        };
        let values = match self.by_row {
            // Asked at the end.
            Some(_) => row.to_vec(),
            None => {
                let values = items.iter().map(|item| Ok(item.expr.eval(row, eval)?));
                values.collect::<Result<Vec<Value>>>()?
            }
        };
        meter.give(&values)?;
        self.rows.push(values);
        Ok(())
    }

    /// Puts what is shown into a statement's answer. Subqueries see what the statement found, not
    /// what it did.
    pub(super) fn finish(self, ctx: &QueryContext<'_>, output: &mut Output) -> Result<()> {
        let Some(items) = self.items else { return Ok(()) };
        let column = |item: Item| OutputColumn { name: item.label, ty: item.ty };
        output.columns = items.into_iter().map(column).collect();
        output.rows = self.rows;
        if let Some(by_row) = self.by_row {
            for row in &mut output.rows {
                *row = by_row.of(ctx, row)?.unwrap_or_default();
            }
        }
        Ok(())
    }
}
