//! A table's definition as GlueSQL's schema.
//!
//! The schema is always made from the definition, which every layer changes: columns, keys, unique
//! columns, foreign keys, indexes. What a definition has no place for (comments, the engine, how a
//! default was written, indexes over expressions) comes from a note that GlueSQL's own statements
//! leave with the table, as far as it still fits.

use super::default::{default_expr, stored_default};
use super::keys::key_column;
use super::values::glue_type;
use crate::expr::Expr;
use crate::row::{ColumnDef, IndexDef, IndexOrigin, State, Table, TableDef};
use crate::value::SqlType;
use gluesql_core::ast::{
    ColumnDef as GlueColumn, ColumnUniqueOption, DataType, Expr as GlueExpr, ForeignKey,
    ReferentialAction,
};
use gluesql_core::chrono::{DateTime, NaiveDateTime};
use gluesql_core::data::{Schema, SchemaIndex, SchemaIndexOrd};

/// Under which name GlueSQL's part of a definition stands: a `Schema` as JSON.
pub(super) const NOTE: &str = "gluesql";

/// The one column of a table without a schema, by GlueSQL's name for it.
pub(super) const DOCUMENT: &str = "_doc";

/// The schema of a table, without its foreign keys, which depend on other tables' names.
pub(super) fn schema_of(table: &Table) -> Schema {
    let def = &table.def;
    let noted: Option<Schema> =
        def.notes.get(NOTE).and_then(|note| serde_json::from_str(note).ok());
    let schemaless = noted.as_ref().is_some_and(|noted| noted.column_defs.is_none())
        && matches!(&def.columns[..], [c] if c.name == DOCUMENT && c.ty == SqlType::Map);
    let columns = |noted: Option<&Schema>| {
        let known = noted.and_then(|n| n.column_defs.as_deref()).unwrap_or_default();
        let columns = def.columns.iter().enumerate().map(|(at, column)| {
            let known = known.iter().find(|n| n.name == column.name);
            glue_column(table, at, column, known)
        });
        columns.collect()
    };
    Schema {
        table_name: def.name.clone(),
        column_defs: (!schemaless).then(|| columns(noted.as_ref())),
        indexes: indexes(def, noted.as_ref()),
        engine: noted.as_ref().and_then(|n| n.engine.clone()),
        foreign_keys: Vec::new(),
        comment: noted.and_then(|n| n.comment),
    }
}

fn glue_column(
    table: &Table,
    at: usize,
    column: &ColumnDef,
    noted: Option<&GlueColumn>,
) -> GlueColumn {
    let data_type = glue_type(&column.ty);
    let is_primary = key_column(table) == Some(at);
    let unique = |index: &&IndexDef| index.unique && plain_column(index) == Some(column.id);
    let unique = is_primary || table.def.indexes.iter().any(|index| unique(&index));
    let in_key = table.key().iter().any(|(position, _)| *position == at);
    let mut nullable = !column.not_null && !in_key;
    let default = column.default.as_ref().and_then(|stored| {
        let written = noted.and_then(|n| n.default.as_ref());
        let written = written.filter(|expr| {
            stored_default(expr, &column.ty).is_ok_and(|default| default == *stored)
        });
        written.cloned().or_else(|| default_expr(stored, &column.ty))
    });
    if column.default.is_some() && default.is_none() {
        // GlueSQL cannot evaluate the default: it must ask for a value, not store NULL.
        nullable = false;
    }
    GlueColumn {
        name: column.name.clone(),
        data_type,
        nullable,
        default,
        unique: unique.then_some(ColumnUniqueOption { is_primary }),
        comment: noted.and_then(|n| n.comment.clone()),
    }
}

/// The column that an index is over, where it is over one plain column.
pub(super) fn plain_column(index: &IndexDef) -> Option<crate::row::ColumnId> {
    match index.parts.as_slice() {
        [part] => match part.expr {
            Expr::Column(column) => Some(column),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an index of GlueSQL over this expression is one of the definition's: an index over a
/// column whose stored order is GlueSQL's. Others are evaluated when they are read.
pub(super) fn stored_index_column(def: &TableDef, expr: &GlueExpr) -> Option<usize> {
    let GlueExpr::Identifier(name) = expr else { return None };
    let at = def.columns.iter().position(|column| column.name == *name)?;
    // Stored times are rounded, and so is their order.
    let unordered = matches!(
        glue_type(&def.columns.get(at)?.ty),
        DataType::Interval
            | DataType::Map
            | DataType::List
            | DataType::Point
            | DataType::Timestamp
            | DataType::Time
    );
    let mixed = matches!(def.columns.get(at)?.ty, SqlType::Any | SqlType::Json);
    (!unordered && !mixed).then_some(at)
}

/// The position of the definition's index that GlueSQL may scan under this name.
pub(super) fn stored_index(def: &TableDef, name: &str) -> Option<usize> {
    def.indexes.iter().position(|index| {
        index.name == name
            && index.origin == IndexOrigin::Statement
            && index.parts.first().is_some_and(|part| !part.descending)
            && plain_column(index).is_some_and(|id| {
                let column = def.columns.iter().find(|c| c.id == id);
                let ident = column.map(|c| GlueExpr::Identifier(c.name.clone()));
                ident.is_some_and(|ident| stored_index_column(def, &ident).is_some())
            })
    })
}

/// In the order in which they were made, as far as the note says.
fn indexes(def: &TableDef, noted: Option<&Schema>) -> Vec<SchemaIndex> {
    let noted = noted.map_or(&[][..], |n| n.indexes.as_slice());
    let mut found: Vec<SchemaIndex> = Vec::new();
    for index in noted {
        let stays = match stored_index_column(def, &index.expr) {
            Some(_) => stored_index(def, &index.name).is_some(),
            None => reads_columns_of(&index.expr, def),
        };
        if stays {
            found.push(index.clone());
        }
    }
    for index in &def.indexes {
        let known = found.iter().any(|f| f.name == index.name);
        if known || stored_index(def, &index.name).is_none() {
            continue;
        }
        let column = plain_column(index).and_then(|id| def.columns.iter().find(|c| c.id == id));
        if let Some(column) = column {
            found.push(SchemaIndex {
                name: index.name.clone(),
                expr: GlueExpr::Identifier(column.name.clone()),
                order: SchemaIndexOrd::Both,
                created: created(def),
            });
        }
    }
    found
}

/// Whether every column that an expression names is there.
fn reads_columns_of(expr: &GlueExpr, def: &TableDef) -> bool {
    let mut all = true;
    visit_names(&serde_json::to_value(expr).unwrap_or_default(), &mut |name| {
        all &= def.columns.iter().any(|column| column.name == name);
    });
    all
}

/// Calls `f` with every column that the JSON form of an expression names. JSON nests no deeper than
/// the expression that it was made from, which the parser has bounded.
pub(super) fn visit_names(json: &serde_json::Value, f: &mut dyn FnMut(&str)) {
    match json {
        serde_json::Value::Object(members) => members.iter().for_each(|(key, value)| match value {
            serde_json::Value::String(name) if key == "Identifier" => f(name),
            other => visit_names(other, f),
        }),
        serde_json::Value::Array(items) => items.iter().for_each(|item| visit_names(item, f)),
        _ => {}
    }
}

/// When a table was created.
pub(super) fn created(def: &TableDef) -> NaiveDateTime {
    DateTime::from_timestamp_micros(def.created).unwrap_or_default().naive_utc()
}

/// The foreign keys of a table that GlueSQL can have: those of one column.
pub(super) fn foreign_keys(state: &State, def: &TableDef) -> Vec<ForeignKey> {
    let mut found = Vec::new();
    for key in &def.foreign_keys {
        let ([column], [parent_column]) = (key.columns.as_slice(), key.parent_columns.as_slice())
        else {
            continue;
        };
        let Some(parent) = state.table(key.parent) else { continue };
        let name = |def: &TableDef, id| {
            def.columns.iter().find(|c| c.id == id).map(|column| column.name.clone())
        };
        let names = name(def, *column).zip(name(&parent.table.def, *parent_column));
        let Some((referencing_column_name, referenced_column_name)) = names else { continue };
        found.push(ForeignKey {
            name: key.name.clone(),
            referencing_column_name,
            referenced_table_name: parent.table.name().to_owned(),
            referenced_column_name,
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
        });
    }
    found
}
