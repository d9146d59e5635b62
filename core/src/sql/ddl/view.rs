//! Views, and tables that are made of a query.
//!
//! A view is kept as a definition among the tables, with the text of its query as a note and without
//! rows: so it has a history, is branched and merged, and shares the names of tables.

use super::parts::{add_column, check_name};
use crate::error::{Error, Kind, Result};
use crate::row::{TableDef, TableId, VIEW_NOTE};
use crate::sql::context::{QueryContext, table_name};
use crate::sql::parameters::Params;
use crate::sql::parse::parse;
use crate::sql::query;
use crate::sql::request::{Output, OutputColumn, StatementKind};
use crate::sql::write::{Snapshot, WriteContext};
use crate::txn::Txn;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{CreateTable, Ident, ObjectName, Query, Statement};

/// CREATE VIEW as it is written.
pub(super) struct View<'v> {
    pub name: &'v ObjectName,
    pub columns: Vec<&'v Ident>,
    pub query: &'v Query,
    pub or_replace: bool,
    pub if_not_exists: bool,
}

/// CREATE VIEW. The query must run now; what it names may change later.
pub(super) fn create_view(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    view: &View<'_>,
) -> Result<Output> {
    let name = table_name(view.name)?;
    check_name(Kind::Table, name)?;
    let there = txn.state().find(name).ok();
    let there = there.map(|t| (t.table.id(), t.table.def.view().is_some()));
    let replaced = match there {
        None => None,
        Some((id, true)) if view.or_replace => txn.state().table(id).cloned(),
        Some(_) if view.if_not_exists => return Ok(Output::done(StatementKind::CreateView, 0)),
        Some(_) => return Err(Error::exists(Kind::Table, name)),
    };
    let text = view.query.to_string();
    if text.contains('\0') {
        return Err(Error::Unsupported("AS OF inside a view: ask for the view AS OF".into()));
    }
    let snapshot = Snapshot::of(txn, env);
    // A view reads neither itself nor what reads it, nor what only this session sees.
    let mut state = txn.state().without_temporary();
    replaced.iter().for_each(|view| drop(state.remove_table(view.table.id())));
    let mut ctx = QueryContext { state: &state, ..snapshot.context(None) };
    // What the caller's parameters are now would be forgotten.
    ctx.params = Params::default();
    let Statement::Query(query) = parse(&text, env.limits.sql_bytes)?.into_statement()? else {
        return Err(Error::Internal(format!("a view's query does not read back: {text}")));
    };
    let mut columns = query::statement(&ctx, &query)?.query.columns;
    if !view.columns.is_empty() {
        if view.columns.len() != columns.len() {
            return Err(Error::Sql(format!(
                "the view names {} columns, its query has {}",
                view.columns.len(),
                columns.len()
            )));
        }
        for (column, name) in columns.iter_mut().zip(&view.columns) {
            column.name = name.value.clone();
        }
    }
    match replaced {
        None => {
            let mut def = made_of(txn, name, &columns, Some(&text))?;
            def.created = txn.moment().now.0;
            txn.create_table(def)?;
        }
        // It stays the same view: another branch that changed or dropped it is in conflict.
        Some(before) => {
            let before = &before.table.def;
            let mut def = shown(before.id, &before.name, &columns, Some(&text))?;
            def.generation = before.generation;
            def.created = before.created;
            def.set_comment(None, before.comment(None));
            txn.define(def, None)?;
        }
    }
    Ok(Output::done(StatementKind::CreateView, 0))
}

/// CREATE TABLE … AS SELECT.
pub(super) fn create_table_as(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    create: &CreateTable,
    query: &Query,
) -> Result<Output> {
    let name = table_name(&create.name)?;
    check_name(Kind::Table, name)?;
    if super::create::is_taken(txn, create, name) {
        return match create.if_not_exists {
            true => Ok(Output::done(StatementKind::CreateTable, 0)),
            false => Err(Error::exists(Kind::Table, name)),
        };
    }
    let snapshot = Snapshot::of(txn, env);
    let mut found = query::run_select(&snapshot.context(Some(txn)), query)?;
    if !create.columns.is_empty() {
        if create.columns.len() != found.columns.len() {
            return Err(Error::Sql("the table and its query differ in columns".into()));
        }
        for (column, named) in found.columns.iter_mut().zip(&create.columns) {
            column.name = named.name.value.clone();
        }
    }
    let mut def = match create.temporary {
        false => made_of(txn, name, &found.columns, None)?,
        true => shown(super::create::temporary_id(txn, name), name, &found.columns, None)?,
    };
    def.created = txn.moment().now.0;
    let id = match create.temporary {
        false => txn.create_table(def)?,
        true => txn.create_temporary(def)?,
    };
    let rows = found.rows.len() as u64;
    for row in found.rows {
        let row = row.into_iter().zip(&found.columns).map(|(value, column)| match value {
            Value::Null => Ok(Value::Null),
            value => crate::sql::types::assign(value, &column.ty),
        });
        txn.insert(id, row.collect::<Result<_>>()?)?;
    }
    Ok(Output::done(StatementKind::CreateTable, rows))
}

/// DROP VIEW.
pub(super) fn drop_views(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    names: &[ObjectName],
    if_exists: bool,
    cascade: bool,
) -> Result<Output> {
    let before = txn.state().clone();
    for name in names {
        let name = table_name(name)?;
        let found =
            txn.state().find(name).ok().map(|t| (t.table.id(), t.table.def.view().is_some()));
        match found {
            Some((id, true)) => txn.drop_table(id)?,
            Some((_, false)) => {
                return Err(Error::Invalid(format!("'{name}' is a table: use DROP TABLE")));
            }
            None if if_exists => {}
            None => return Err(Error::not_found(Kind::Table, name)),
        }
    }
    if cascade {
        super::drop::broken_views(txn, env, &before)?;
    }
    Ok(Output::done(StatementKind::DropView, 0))
}

/// A definition with the columns that a query shows.
fn made_of(
    txn: &Txn,
    name: &str,
    columns: &[OutputColumn],
    view: Option<&str>,
) -> Result<TableDef> {
    if columns.is_empty() {
        return Err(Error::Invalid("a query that is kept shows at least one column".into()));
    }
    let build = |id: TableId, generation: u32| -> Result<TableDef> {
        let mut def = shown(id, name, columns, view)?;
        def.generation = generation;
        Ok(def)
    };
    let nameless = super::create::unspelled(build(TableId([0; 16]), 0)?);
    let mut generation = 0;
    loop {
        let id = TableId::derive(b"", name, &nameless.encode(), generation);
        if !txn.state().knows_table(id) {
            return build(id, generation);
        }
        generation += 1;
    }
}

/// A definition of these columns and, for a view, its query.
fn shown(
    id: TableId,
    name: &str,
    columns: &[OutputColumn],
    view: Option<&str>,
) -> Result<TableDef> {
    let mut def = TableDef::empty(id, name);
    for column in columns {
        add_column(&mut def, &column.name, column.ty, false, None, Value::Null, None)?;
    }
    if let Some(text) = view {
        def.notes.insert(VIEW_NOTE.to_owned(), text.to_owned());
    }
    Ok(def)
}
