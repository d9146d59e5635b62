//! GlueSQL's schema as a table's definition, and GlueSQL's changes of it.
//!
//! Names of GlueSQL are exact, those of a definition are compared without regard to case: two names
//! that differ in nothing else are refused.

use super::default::stored_default;
use super::schema::{DOCUMENT, NOTE, foreign_keys, plain_column, stored_index_column};
use super::values::stored_type;
use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::row::{
    Action, ColumnId, IndexDef, IndexOrigin, IndexPart, State, StoredExpr, TableDef, TableId,
};
use crate::sql::ddl::create::{set_primary_key, unspelled};
use crate::sql::ddl::parts::{
    Reference, add_column, add_foreign_key, add_index, add_unique, check_name, free_name,
    support_foreign_key,
};
use crate::txn::Txn;
use crate::value::{SqlType, Value};
use gluesql_core::ast::ColumnDef as GlueColumn;
use gluesql_core::data::Schema;
use std::collections::BTreeMap;

/// Creates the table of a schema, or gives the table of its name this schema.
///
/// # Errors
/// As creating and altering a table.
pub(super) fn put_schema(txn: &mut Txn, schema: &Schema) -> Result<()> {
    let existing = txn.state().find(&schema.table_name).ok().cloned();
    match existing.filter(|table| table.table.name() == schema.table_name) {
        Some(table) => {
            let mut def = table.table.def.clone();
            fit(txn.state(), &mut def, schema)?;
            set_note(&mut def, schema)?;
            txn.define(def, None)
        }
        None => create(txn, schema),
    }
}

fn create(txn: &mut Txn, schema: &Schema) -> Result<()> {
    let name = &schema.table_name;
    check_name(Kind::Table, name)?;
    // The id hashes the definition, and the parts of the definition hash the id: built once under
    // no id, then under its own.
    let mut nameless = blank(name, TableId([0; 16]), 0);
    fit(txn.state(), &mut nameless, schema)?;
    let nameless = unspelled(nameless).encode();
    let mut generation = 0;
    let id = loop {
        let id = TableId::derive(b"", name, &nameless, generation);
        if !txn.state().knows_table(id) {
            break id;
        }
        // A table that was dropped had this id, or one that was renamed away still has it.
        generation += 1;
    };
    let mut def = blank(name, id, txn.moment().now.0);
    def.generation = generation;
    fit(txn.state(), &mut def, schema)?;
    set_note(&mut def, schema)?;
    txn.create_table(def).map(drop)
}

fn blank(name: &str, id: TableId, created: i64) -> TableDef {
    TableDef {
        id,
        name: name.to_owned(),
        generation: 0,
        columns: Vec::new(),
        primary_key: Vec::new(),
        indexes: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        auto_increment: None,
        local: false,
        created,
        layouts: BTreeMap::new(),
        dropped: BTreeMap::new(),
        notes: BTreeMap::new(),
    }
}

/// Leaves with a definition what it has no place for itself.
pub(super) fn set_note(def: &mut TableDef, schema: &Schema) -> Result<()> {
    let note = serde_json::to_string(schema).map_err(|e| Error::Internal(e.to_string()))?;
    match serde_json::from_str::<Schema>(&note) {
        Ok(read) if read == *schema => {
            def.notes.insert(NOTE.to_owned(), note);
            Ok(())
        }
        _ => Err(Error::Limit(format!("the definition of '{}' nests too deep", def.name))),
    }
}

/// What a column of GlueSQL's is stored as.
struct Wanted<'s> {
    name: &'s str,
    ty: SqlType,
    not_null: bool,
    default: Option<StoredExpr>,
}

fn wanted(column: &GlueColumn) -> Result<Wanted<'_>> {
    let ty = stored_type(&column.data_type);
    let default = column.default.as_ref().map(|expr| stored_default(expr, &ty)).transpose()?;
    Ok(Wanted { name: &column.name, ty, not_null: !column.nullable, default })
}

/// Makes a definition that of a schema. Columns, indexes and constraints that stay keep their ids.
fn fit(state: &State, def: &mut TableDef, schema: &Schema) -> Result<()> {
    let document = Wanted { name: DOCUMENT, ty: SqlType::Map, not_null: true, default: None };
    let columns = match &schema.column_defs {
        None => vec![document],
        Some(columns) => columns.iter().map(wanted).collect::<Result<_>>()?,
    };
    let before = std::mem::take(&mut def.columns);
    let stays = |name: &str, ty: &SqlType| before.iter().find(|c| c.name == name && c.ty == *ty);
    for gone in before.iter().filter(|c| !columns.iter().any(|w| w.name == c.name && w.ty == c.ty))
    {
        forget_column(def, gone.id, gone.generation);
    }
    for Wanted { name, ty, not_null, default } in columns {
        match stays(name, &ty).filter(|_| def.column(name).is_none()) {
            Some(column) => {
                let column = crate::row::ColumnDef { not_null, default, ..column.clone() };
                def.columns.push(column);
            }
            None => drop(add_column(def, name, ty, not_null, default, Value::Null, None)?),
        }
    }
    let columns = schema.column_defs.as_deref().unwrap_or_default();
    fit_keys(state, def, columns)?;
    fit_foreign_keys(state, def, schema)?;
    let left = |i: &IndexDef| {
        i.origin == IndexOrigin::Statement
            && !i.unique
            && plain_column(i).is_some()
            && !schema.indexes.iter().any(|s| s.name == i.name)
    };
    drop_indexes(def, left);
    for index in &schema.indexes {
        add_stored_index(state, def, &index.name, &index.expr)?;
    }
    Ok(())
}

fn fit_keys(state: &State, def: &mut TableDef, columns: &[GlueColumn]) -> Result<()> {
    // A key of several columns is not GlueSQL's to take away.
    if def.primary_key.len() < 2 {
        let primary = columns.iter().position(|c| c.unique.is_some_and(|u| u.is_primary));
        def.auto_increment = None;
        let key: Vec<(usize, bool)> = primary.into_iter().map(|at| (at, false)).collect();
        set_primary_key(def, &key)?;
    }
    let is_unique = |c: &&GlueColumn| c.unique.is_some_and(|u| !u.is_primary);
    let unique: Vec<ColumnId> = (columns.iter().zip(&def.columns))
        .filter(|(column, _)| is_unique(column))
        .map(|(_, column)| column.id)
        .collect();
    drop_indexes(def, |i| {
        i.origin == IndexOrigin::Unique
            && i.parts.len() == 1
            && plain_column(i).is_some_and(|id| !unique.contains(&id))
    });
    for id in unique {
        if let Some(at) = def.position_of(id) {
            add_unique(state, def, None, &[at])?;
        }
    }
    Ok(())
}

fn fit_foreign_keys(state: &State, def: &mut TableDef, schema: &Schema) -> Result<()> {
    let before = foreign_keys(state, def);
    for key in before.iter().filter(|key| !schema.foreign_keys.contains(key)) {
        if let Some(at) = def.foreign_keys.iter().position(|k| k.name == key.name) {
            let gone = def.foreign_keys.remove(at);
            def.dropped.insert(gone.id.0, 0);
        }
    }
    for key in schema.foreign_keys.iter().filter(|key| !before.contains(key)) {
        let column = def.position(&key.referencing_column_name);
        let missing = || Error::not_found(Kind::Column, &*key.referencing_column_name);
        let reference = Reference {
            name: Some(&key.name),
            columns: vec![column.ok_or_else(missing)?],
            parent: &key.referenced_table_name,
            parent_columns: vec![&key.referenced_column_name],
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
        };
        add_foreign_key(state, def, &reference)?;
    }
    Ok(())
}

fn drop_indexes(def: &mut TableDef, gone: impl Fn(&IndexDef) -> bool) {
    let TableDef { indexes, dropped, .. } = def;
    indexes.retain(|index| {
        let gone = gone(index);
        if gone {
            dropped.insert(index.id.0, 0);
        }
        !gone
    });
}

/// Adds an index, where it is one that the definition keeps and is not there yet.
pub(super) fn add_stored_index(
    state: &State,
    def: &mut TableDef,
    name: &str,
    expr: &gluesql_core::ast::Expr,
) -> Result<()> {
    let Some(at) = stored_index_column(def, expr) else { return Ok(()) };
    if def.indexes.iter().any(|index| index.name == name) {
        return Ok(());
    }
    free_name(state, def, name)?;
    let column = def.columns.get(at).map(|column| Expr::Column(column.id));
    let parts = column.map(|expr| IndexPart { expr, descending: false }).into_iter().collect();
    add_index(def, name.to_owned(), false, parts, IndexOrigin::Statement)
}

/// Takes an index away by name. A foreign key that leaned on it gets one of its own.
pub(super) fn drop_stored_index(state: &State, def: &mut TableDef, name: &str) -> Result<()> {
    drop_indexes(def, |index| index.name == name && index.origin == IndexOrigin::Statement);
    let keys: Vec<Vec<usize>> = (def.foreign_keys.iter())
        .map(|key| key.columns.iter().filter_map(|c| def.position_of(*c)).collect())
        .collect();
    keys.iter().try_for_each(|columns| support_foreign_key(state, def, columns))
}

/// Adds a column whose value in the rows that are there is `missing`.
pub(super) fn add_glue_column(
    state: &State,
    def: &mut TableDef,
    column: &GlueColumn,
    missing: Value,
) -> Result<()> {
    let Wanted { name, ty, not_null, default } = wanted(column)?;
    let id = add_column(def, name, ty, not_null, default, missing, None)?;
    match (column.unique.is_some(), def.position_of(id)) {
        (true, Some(at)) => add_unique(state, def, None, &[at]),
        _ => Ok(()),
    }
}

/// Takes a column away with everything that reads it. Rows keep their keys.
pub(super) fn drop_glue_column(def: &mut TableDef, at: usize) {
    if at < def.columns.len() {
        let column = def.columns.remove(at);
        forget_column(def, column.id, column.generation);
    }
}

/// What reads a column that is gone goes with it.
fn forget_column(def: &mut TableDef, id: ColumnId, generation: u32) {
    let reads = |expr: &StoredExpr| {
        let mut found = false;
        expr.visit_columns(&mut |column| found |= *column == id);
        found
    };
    if def.primary_key.iter().any(|part| part.column == id) {
        def.primary_key.clear();
    }
    def.auto_increment.take_if(|column| *column == id);
    drop_indexes(def, |index| index.parts.iter().any(|part| reads(&part.expr)));
    let TableDef { checks, foreign_keys, dropped, .. } = def;
    checks.retain(|check| {
        let gone = reads(&check.expr);
        dropped.extend(gone.then_some((check.id.0, 0)));
        !gone
    });
    foreign_keys.retain(|key| {
        let gone = key.columns.contains(&id);
        dropped.extend(gone.then_some((key.id.0, 0)));
        !gone
    });
    dropped.insert(id.0, generation);
}
