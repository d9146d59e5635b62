//! What PostgreSQL's tools ask for: `information_schema`, in the columns that are asked for most.

use super::definition;
use super::{Making, Relation, number, tables, text};
use crate::error::{Error, Result};
use crate::row::{ColumnId, IndexOrigin, TableDef};
use crate::sql::context::QueryContext;
use crate::value::{SqlType, Value};

const TEXT: SqlType = SqlType::Text;
const INT: SqlType = SqlType::BigInt;
/// The name of the one schema, and of the database around it.
const SCHEMA: &str = "public";
const CATALOG: &str = "offshoot";

/// A relation of `information_schema`.
pub(super) fn relation(ctx: &QueryContext<'_>, name: &str) -> Result<Option<Relation>> {
    match name {
        "schemata" => {
            let mut made = Making::of(ctx, &[("catalog_name", TEXT), ("schema_name", TEXT)]);
            made.push(vec![text(CATALOG), text(SCHEMA)])?;
            made.done()
        }
        "tables" => {
            let columns = [
                ("table_catalog", TEXT),
                ("table_schema", TEXT),
                ("table_name", TEXT),
                ("table_type", TEXT),
            ];
            let mut made = Making::of(ctx, &columns);
            for def in tables(ctx).map(|table| &table.table.def) {
                let kind = match def.view().is_some() {
                    true => "VIEW",
                    false if ctx.state.is_temporary(def.id) => "LOCAL TEMPORARY",
                    false => "BASE TABLE",
                };
                made.push(vec![text(CATALOG), text(SCHEMA), text(&*def.name), text(kind)])?;
            }
            made.done()
        }
        "views" => {
            let columns = [("table_schema", TEXT), ("table_name", TEXT), ("view_definition", TEXT)];
            let mut made = Making::of(ctx, &columns);
            for def in tables(ctx).map(|table| &table.table.def) {
                if let Some(query) = def.view() {
                    made.push(vec![text(SCHEMA), text(&*def.name), text(query)])?;
                }
            }
            made.done()
        }
        "columns" => columns(ctx),
        "table_constraints" => constraints(ctx),
        "key_column_usage" => key_columns(ctx),
        "referential_constraints" => {
            let columns = [
                ("constraint_name", TEXT),
                ("unique_constraint_name", TEXT),
                ("update_rule", TEXT),
                ("delete_rule", TEXT),
            ];
            let mut made = Making::of(ctx, &columns);
            for key in tables(ctx).flat_map(|table| &table.table.def.foreign_keys) {
                let parent = ctx.state.table(key.parent).map(|parent| &parent.table.def);
                made.push(vec![
                    text(&*key.name),
                    parent.map_or(Value::Null, |parent| {
                        text(unique_name(parent, &key.parent_columns))
                    }),
                    text(definition::action(key.on_update)),
                    text(definition::action(key.on_delete)),
                ])?;
            }
            made.done()
        }
        other => Err(Error::Unsupported(format!("information_schema.{other}"))),
    }
}

fn key_name(def: &TableDef) -> String {
    def.primary_key_name()
}

/// The name of the key or constraint that makes these columns unique.
fn unique_name(def: &TableDef, columns: &[ColumnId]) -> String {
    let is_key = def.primary_key.iter().map(|part| part.column).eq(columns.iter().copied());
    let over = |index: &&crate::row::IndexDef| {
        index.unique
            && index.parts.len() == columns.len()
            && index.parts.iter().zip(columns).all(
                |(part, id)| matches!(part.expr, crate::row::StoredExpr::Column(of) if of == *id),
            )
    };
    match (is_key, def.indexes.iter().find(over)) {
        (true, _) | (false, None) => key_name(def),
        (false, Some(index)) => index.name.clone(),
    }
}

fn columns(ctx: &QueryContext<'_>) -> Result<Option<Relation>> {
    let columns = [
        ("table_schema", TEXT),
        ("table_name", TEXT),
        ("column_name", TEXT),
        ("ordinal_position", INT),
        ("column_default", TEXT),
        ("is_nullable", TEXT),
        ("data_type", TEXT),
        ("character_maximum_length", INT),
        ("numeric_precision", INT),
        ("numeric_scale", INT),
    ];
    let mut made = Making::of(ctx, &columns);
    for def in tables(ctx).map(|table| &table.table.def) {
        for (at, column) in (1..).zip(&def.columns) {
            let in_key = def.primary_key.iter().any(|part| part.column == column.id);
            let length = match column.ty {
                SqlType::Varchar(n) | SqlType::Char(n) => number(n.into()),
                _ => Value::Null,
            };
            let (precision, scale) = match column.ty {
                SqlType::Decimal { precision, scale } => {
                    let or_null = |n: Option<u8>| n.map_or(Value::Null, |n| number(n.into()));
                    (or_null(precision), or_null(scale))
                }
                _ => (Value::Null, Value::Null),
            };
            let default = column.default.as_ref().map(|d| definition::default(def, d));
            let nullable = if column.not_null || in_key { "NO" } else { "YES" };
            made.push(vec![
                text(SCHEMA),
                text(&*def.name),
                text(&*column.name),
                number(at),
                default.map_or(Value::Null, text),
                text(nullable),
                text(column.ty.to_string().to_lowercase()),
                length,
                precision,
                scale,
            ])?;
        }
    }
    made.done()
}

fn constraints(ctx: &QueryContext<'_>) -> Result<Option<Relation>> {
    let columns = [
        ("table_schema", TEXT),
        ("table_name", TEXT),
        ("constraint_name", TEXT),
        ("constraint_type", TEXT),
    ];
    let mut made = Making::of(ctx, &columns);
    for def in tables(ctx).map(|table| &table.table.def) {
        let mut all: Vec<(String, &str)> = Vec::new();
        if !def.primary_key.is_empty() {
            all.push((key_name(def), "PRIMARY KEY"));
        }
        let unique = def.indexes.iter().filter(|index| index.origin == IndexOrigin::Unique);
        all.extend(unique.map(|index| (index.name.clone(), "UNIQUE")));
        all.extend(def.checks.iter().map(|check| (check.name.clone(), "CHECK")));
        all.extend(def.foreign_keys.iter().map(|key| (key.name.clone(), "FOREIGN KEY")));
        for (name, kind) in all {
            made.push(vec![text(SCHEMA), text(&*def.name), text(name), text(kind)])?;
        }
    }
    made.done()
}

fn key_columns(ctx: &QueryContext<'_>) -> Result<Option<Relation>> {
    let columns = [
        ("constraint_name", TEXT),
        ("table_name", TEXT),
        ("column_name", TEXT),
        ("ordinal_position", INT),
    ];
    let mut made = Making::of(ctx, &columns);
    for def in tables(ctx).map(|table| &table.table.def) {
        let mut all: Vec<(String, Vec<ColumnId>)> = Vec::new();
        if !def.primary_key.is_empty() {
            let ids = def.primary_key.iter().map(|part| part.column).collect();
            all.push((key_name(def), ids));
        }
        for index in def.indexes.iter().filter(|index| index.origin == IndexOrigin::Unique) {
            let ids = index.parts.iter().filter_map(|part| match &part.expr {
                crate::row::StoredExpr::Column(id) => Some(*id),
                _ => None,
            });
            all.push((index.name.clone(), ids.collect()));
        }
        all.extend(def.foreign_keys.iter().map(|key| (key.name.clone(), key.columns.clone())));
        for (name, ids) in all {
            for (at, id) in (1..).zip(ids) {
                let column = def.columns.iter().find(|column| column.id == id);
                let column = column.map_or(Value::Null, |column| text(&*column.name));
                made.push(vec![text(&*name), text(&*def.name), column, number(at)])?;
            }
        }
    }
    made.done()
}

/// `pg_tables`.
pub(super) fn pg_tables(ctx: &QueryContext<'_>) -> Result<Option<Relation>> {
    let mut made = Making::of(ctx, &[("schemaname", TEXT), ("tablename", TEXT)]);
    for def in tables(ctx).map(|table| &table.table.def).filter(|def| def.view().is_none()) {
        made.push(vec![text(SCHEMA), text(&*def.name)])?;
    }
    made.done()
}
