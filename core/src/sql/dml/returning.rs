//! RETURNING: what a writing statement shows of the rows that it changed.

use crate::error::Result;
use crate::expr::EvalContext;
use crate::row::TableDef;
use crate::sql::bind::Scope;
use crate::sql::context::QueryContext;
use crate::sql::meter::Meter;
use crate::sql::query::{Item, bind_items};
use crate::sql::request::{Output, OutputColumn};
use crate::value::Value;
use gluesql_core::sqlparser::ast::SelectItem;

/// The expressions of a RETURNING and the rows that they have given.
pub(in crate::sql) struct Returning {
    items: Option<Vec<Item>>,
    rows: Vec<Vec<Value>>,
}

impl Returning {
    /// Shows nothing.
    pub fn nothing() -> Self {
        Returning { items: None, rows: Vec::new() }
    }

    pub fn read(
        ctx: &QueryContext<'_>,
        def: &TableDef,
        alias: Option<&str>,
        items: Option<&[SelectItem]>,
    ) -> Result<Self> {
        let scope = Scope::of_table(def, alias);
        let items = items.map(|items| bind_items(ctx, &scope, items)).transpose()?;
        Ok(Returning { items, rows: Vec::new() })
    }

    pub fn is_wanted(&self) -> bool {
        self.items.is_some()
    }

    pub fn push(&mut self, row: &[Value], eval: &EvalContext<'_>, meter: &Meter<'_>) -> Result<()> {
        let Some(items) = &self.items else { return Ok(()) };
        let values = items.iter().map(|item| Ok(item.expr.eval(row, eval)?));
        let values = values.collect::<Result<Vec<Value>>>()?;
        meter.give(&values)?;
        self.rows.push(values);
        Ok(())
    }

    pub fn finish(self, output: &mut Output) {
        let Some(items) = self.items else { return };
        let column = |item: Item| OutputColumn { name: item.label, ty: item.ty };
        output.columns = items.into_iter().map(column).collect();
        output.rows = self.rows;
    }
}
