//! ALTER TABLE: no row is rewritten.

use super::define::{add_glue_column, drop_glue_column, set_note};
use super::store::exact;
use super::values::{from_glue, stored_type};
use super::{BranchStorage, Reading};
use crate::error::{Error, Result};
use crate::row::{TableDef, TableState};
use crate::value::Value;
use gluesql_core::ast::{ColumnDef as GlueColumn, Expr as GlueExpr};
use gluesql_core::data::Schema;
use gluesql_core::error::Result as GlueResult;
use gluesql_core::executor::evaluate_stateless;
use gluesql_core::plan::plan_scalar_expr;
use gluesql_core::store::{AlterTable, AlterTableError};
use serde_json::Value as Json;
use std::sync::Arc;

impl BranchStorage {
    /// A table that is to be altered, and its schema.
    fn altered(&self, name: &str) -> GlueResult<(Arc<TableState>, Reading, Schema)> {
        let found = self.find(name).map_err(|error| self.told(error))?;
        let (table, reading) =
            found.ok_or_else(|| AlterTableError::TableNotFound(name.to_owned()))?;
        let schema = self.schema(&reading, &table);
        Ok((table, reading, schema))
    }

    fn redefine(
        &mut self,
        schema: &Schema,
        change: impl FnOnce(&mut TableDef) -> Result<()>,
    ) -> GlueResult<()> {
        self.write_core(|txn| {
            let mut def = exact(txn, &schema.table_name)?.table.def.clone();
            change(&mut def)?;
            txn.define(def, None)
        })
    }
}

/// The columns of a schema.
fn columns<'s>(schema: &'s mut Schema, table: &str) -> GlueResult<&'s mut Vec<GlueColumn>> {
    let schemaless = || AlterTableError::SchemalessTableFound(table.to_owned()).into();
    schema.column_defs.as_mut().ok_or_else(schemaless)
}

impl AlterTable for BranchStorage {
    fn rename_schema(&mut self, table_name: &str, new_table_name: &str) -> GlueResult<()> {
        let (_, _, schema) = self.altered(table_name)?;
        self.redefine(&schema, |def| {
            def.name = new_table_name.to_owned();
            let schema = Schema { table_name: new_table_name.to_owned(), ..schema.clone() };
            set_note(def, &schema)
        })
    }

    fn rename_column(&mut self, table_name: &str, old: &str, new: &str) -> GlueResult<()> {
        let (_, _, before) = self.altered(table_name)?;
        let mut schema = before.clone();
        let columns = columns(&mut schema, table_name)?;
        if columns.iter().any(|column| column.name == new) {
            return Err(AlterTableError::AlreadyExistingColumn(new.to_owned()).into());
        }
        let column = columns.iter_mut().find(|column| column.name == old);
        column.ok_or(AlterTableError::RenamingColumnNotFound)?.name = new.to_owned();
        for index in &mut schema.indexes {
            index.expr = renamed(&index.expr, old, new);
        }
        self.redefine(&before, |def| {
            let taken = def.column(new).is_some_and(|column| column.name != old);
            match def.columns.iter_mut().find(|column| column.name == old) {
                Some(column) if !taken => column.name = new.to_owned(),
                _ => return Err(Error::exists(crate::error::Kind::Column, new)),
            }
            set_note(def, &schema)
        })
    }

    fn add_column(&mut self, table_name: &str, column: &GlueColumn) -> GlueResult<()> {
        let (_, reading, before) = self.altered(table_name)?;
        let ty = stored_type(&column.data_type);
        let missing = match (&column.default, column.nullable) {
            (Some(default), _) => {
                let plan = plan_scalar_expr(default.clone());
                let value = evaluate_stateless(None, &plan)?;
                let value = value.try_into_value(&column.data_type, column.nullable)?;
                from_glue(&value, &ty).map_err(|error| self.told(error))?
            }
            (None, true) => Value::Null,
            (None, false) => {
                return Err(AlterTableError::DefaultValueRequired(column.clone()).into());
            }
        };
        let mut schema = before.clone();
        let columns = columns(&mut schema, table_name)?;
        if columns.iter().any(|other| other.name == column.name) {
            return Err(AlterTableError::AlreadyExistingColumn(column.name.clone()).into());
        }
        columns.push(column.clone());
        self.redefine(&before, |def| {
            add_glue_column(&reading.state, def, column, missing)?;
            set_note(def, &schema)
        })
    }

    fn drop_column(&mut self, table_name: &str, name: &str, if_exists: bool) -> GlueResult<()> {
        let (table, _, before) = self.altered(table_name)?;
        let mut schema = before.clone();
        let columns = columns(&mut schema, table_name)?;
        let at = table.table.def.columns.iter().position(|column| column.name == name);
        let Some(at) = at else {
            return match if_exists {
                true => Ok(()),
                false => Err(AlterTableError::DroppingColumnNotFound(name.to_owned()).into()),
            };
        };
        columns.retain(|column| column.name != name);
        self.redefine(&before, |def| {
            drop_glue_column(def, at);
            set_note(def, &schema)
        })
    }
}

/// An expression with another name for a column.
fn renamed(expr: &GlueExpr, old: &str, new: &str) -> GlueExpr {
    let Ok(mut json) = serde_json::to_value(expr) else { return expr.clone() };
    rename(&mut json, old, new);
    serde_json::from_value(json).unwrap_or_else(|_| expr.clone())
}

fn rename(json: &mut Json, old: &str, new: &str) {
    match json {
        Json::Object(members) => members.iter_mut().for_each(|(key, value)| match value {
            Json::String(name) if key == "Identifier" && name == old => *name = new.to_owned(),
            other => rename(other, old, new),
        }),
        Json::Array(items) => items.iter_mut().for_each(|item| rename(item, old, new)),
        _ => {}
    }
}
