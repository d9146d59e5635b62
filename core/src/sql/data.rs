//! Rows of one table without SQL: what data endpoints of a protocol ask for.
//!
//! A filter is read as *one expression*, `columns` as a list of select items and `order_by` as a
//! list of sort keys, each bound over the one table and with nothing behind it. There is no text that
//! is put together, so there is nothing to inject into; a subquery is refused.

use super::bind::{Scope, bind};
use super::context::{QueryContext, Source};
use super::dml::{self, Assigned, Conflict, Incoming};
use super::parameters::Params;
use super::parse::{parse_expr, parse_items, parse_order};
use super::query::{self, Item, bind_items_with};
use super::request::{Limits, Output, OutputColumn};
use super::session::{Session, whole};
use super::write::WriteContext;
use crate::database::{AsOf, Database};
use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::moment::Moment;
use crate::row::TableState;
use crate::txn::Txn;
use crate::value::{Value, from_json};
use gluesql_core::sqlparser::ast::SelectItem;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// Which part of a table is wanted.
#[derive(Debug, Clone, Copy)]
pub struct PageQuery<'p> {
    /// The table.
    pub table: &'p str,
    /// What to show, as a list of select items; all columns where absent.
    pub columns: Option<&'p str>,
    /// Which rows, as an expression; all rows where absent.
    pub filter: Option<&'p str>,
    /// In which order, as after ORDER BY; by key where absent.
    pub order_by: Option<&'p str>,
    /// Which page, counted from 1.
    pub page: u64,
    /// Rows of a page.
    pub limit: u64,
}

/// One page of a table.
#[derive(Debug, Clone)]
pub struct Page {
    /// What is shown.
    pub columns: Vec<OutputColumn>,
    /// The rows of this page.
    pub rows: Vec<Vec<Value>>,
    /// Rows of all pages.
    pub total: u64,
}

/// What an insert does about a row whose key is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Nothing is inserted, and the caller is told.
    #[default]
    Error,
    /// The row is left out.
    Ignore,
    /// The row that stands there takes the new values of the columns that are named.
    Update,
}

/// A page of a table at a point of a branch.
///
/// # Errors
/// `NotFound` for branch, table and columns; `Sql` for text that is not what it should be; `Invalid`
/// for page 0; what a query gives.
pub fn page(
    database: &Database,
    branch: &str,
    as_of: &AsOf,
    query: &PageQuery<'_>,
    limits: &Limits,
    moment: &Moment,
) -> Result<Page> {
    limits.check_time()?;
    let Some(before) = query.page.checked_sub(1) else {
        return Err(Error::Invalid("pages are counted from 1".into()));
    };
    let offset = before.checked_mul(query.limit);
    let offset = offset.ok_or_else(|| Error::Invalid("there is no such page".into()))?;
    let point = database.point(branch, as_of)?;
    let chunks = database.chunks();
    let ctx = QueryContext {
        state: &point.state,
        points: &[],
        chunks: &chunks,
        txn: None,
        params: Params::default(),
        limits,
        moment,
        database: Some(database),
        branch: Some(branch),
        trace: None,
    };
    let table = own_rows(point.state.find(query.table)?)?;
    let items = shown(&table, query.columns, limits).map_err(refused)?;
    let filter = query.filter.map(|text| filter_of(&table, text, limits)).transpose()?;
    let order = query.order_by.map(|text| parse_order(text, limits.sql_bytes)).transpose()?;
    let source = Source { table, current: false };
    let order = order.unwrap_or_default();
    let page = (offset, query.limit);
    let found = query::page(&ctx, source, items, filter, &order, page).map_err(refused)?;
    let (Output { columns, rows, .. }, total) = found;
    Ok(Page { columns, rows, total })
}

/// A table that has rows of its own: no view.
fn own_rows(table: &Arc<TableState>) -> Result<Arc<TableState>> {
    match table.table.def.view() {
        None => Ok(table.clone()),
        Some(_) => Err(super::write::is_view(table.table.name())),
    }
}

/// What SQL has and these parameters do not is not missing here: it is refused.
fn refused(error: Error) -> Error {
    match error {
        Error::Unsupported(what) => Error::Sql(format!("{what}: not in this parameter")),
        other => other,
    }
}

fn shown(table: &TableState, columns: Option<&str>, limits: &Limits) -> Result<Vec<Item>> {
    let scope = Scope::of_table(&table.table.def, None);
    let items = match columns.map(str::trim) {
        None | Some("") => vec![SelectItem::Wildcard(Default::default())],
        Some(text) => parse_items(text, limits.sql_bytes)?,
    };
    bind_items_with(&scope, &items, &mut |expr| bind(&scope, expr, Params::default()))
}

/// A filter over a table's columns; `true` is every row.
fn filter_of(table: &TableState, text: &str, limits: &Limits) -> Result<Expr<usize>> {
    let scope = Scope::of_table(&table.table.def, None);
    let expr = parse_expr(text, limits.sql_bytes)?;
    match bind(&scope, &expr, Params::default()) {
        Err(Error::Unsupported(what)) => Err(Error::Sql(format!("a filter cannot hold {what}"))),
        other => other,
    }
}

/// Inserts rows that are given as JSON objects. A column that an object does not name gets its
/// default.
///
/// # Errors
/// `NotFound` for the table and for fields that are no columns; `Value`; a violation; what a
/// statement gives.
pub fn insert_rows(
    session: &mut Session,
    table: &str,
    rows: &[Map<String, Json>],
    on_conflict: OnConflict,
    limits: &Limits,
    moment: &Moment,
) -> Result<Output> {
    let body = |txn: &mut Txn| {
        let state = own_rows(txn.state().find(table)?)?;
        let incoming = incoming(&state, rows)?;
        let conflict = match on_conflict {
            OnConflict::Error => Conflict::Error,
            OnConflict::Ignore => Conflict::Ignore(None),
            OnConflict::Update => Conflict::replace(&state, &incoming.columns)?,
        };
        let returning = dml::Returning::nothing();
        dml::insert_into(txn, &without_params(limits), &state, incoming, &conflict, returning)
    };
    write(session, moment, body, |n| format!("INSERT INTO {table} ({})", counted(n)))
}

/// The rows with the union of their columns; what an object does not name is its default.
fn incoming(state: &TableState, rows: &[Map<String, Json>]) -> Result<Incoming> {
    let def = &state.table.def;
    let mut places: Vec<Option<usize>> = vec![None; def.columns.len()];
    let mut columns = Vec::new();
    let mut values = Vec::with_capacity(rows.len());
    for object in rows {
        let mut row: Vec<Option<Value>> = vec![None; columns.len()];
        for (name, json) in object {
            let (at, value) = field(state, name, json)?;
            let place = match places.get(at).copied().flatten() {
                Some(place) => place,
                None => {
                    columns.push(at);
                    if let Some(slot) = places.get_mut(at) {
                        *slot = Some(columns.len() - 1);
                    }
                    columns.len() - 1
                }
            };
            if row.len() <= place {
                row.resize(place + 1, None);
            }
            if let Some(slot) = row.get_mut(place) {
                *slot = Some(value);
            }
        }
        values.push(row);
    }
    Ok(Incoming { columns, rows: values, drawn: 0 })
}

/// A field of a JSON object as a column's position and value, coerced as SQL does. A protocol that
/// takes fewer kinds of JSON for a column says so before it comes here.
fn field(state: &TableState, name: &str, json: &Json) -> Result<(usize, Value)> {
    let def = &state.table.def;
    let at = def.position(name).ok_or_else(|| Error::not_found(Kind::Column, name))?;
    let ty = def.columns.get(at).map(|c| &c.ty);
    Ok((at, from_json(json, ty)?))
}

/// Changes the rows that a filter is true of.
///
/// # Errors
/// As [`insert_rows`]; `Invalid` where nothing is to change.
pub fn update_rows(
    session: &mut Session,
    table: &str,
    filter: &str,
    updates: &Map<String, Json>,
    limits: &Limits,
    moment: &Moment,
) -> Result<Output> {
    if updates.is_empty() {
        return Err(Error::Invalid("there is nothing to update".into()));
    }
    let body = |txn: &mut Txn| {
        let state = own_rows(txn.state().find(table)?)?;
        let filter = filter_of(&state, filter, limits)?;
        let mut assigned: Vec<Assigned> = Vec::with_capacity(updates.len());
        for (name, json) in updates {
            let (column, value) = field(&state, name, json)?;
            if assigned.iter().any(|a| a.column == column) {
                return Err(Error::Invalid(format!("column '{name}' is named twice")));
            }
            assigned.push(Assigned { column, value: Some(Expr::Literal(value)) });
        }
        let returning = dml::Returning::nothing();
        let env = without_params(limits);
        dml::update_matching(txn, &env, &state, &assigned, Some(filter), returning)
    };
    write(session, moment, body, |n| format!("UPDATE {table} ({})", counted(n)))
}

/// Deletes the rows that a filter is true of.
///
/// # Errors
/// `NotFound`, `Sql`; a violation; what a statement gives.
pub fn delete_rows(
    session: &mut Session,
    table: &str,
    filter: &str,
    limits: &Limits,
    moment: &Moment,
) -> Result<Output> {
    let body = |txn: &mut Txn| {
        let state: Arc<TableState> = own_rows(txn.state().find(table)?)?;
        let filter = filter_of(&state, filter, limits)?;
        let returning = dml::Returning::nothing();
        dml::delete_matching(txn, &without_params(limits), &state, Some(filter), returning)
    };
    write(session, moment, body, |n| format!("DELETE FROM {table} ({})", counted(n)))
}

fn without_params(limits: &Limits) -> WriteContext<'_> {
    WriteContext { points: &[], params: &[], limits, rows: None, kept: None, trace: None }
}

fn write(
    session: &mut Session,
    moment: &Moment,
    body: impl Fn(&mut Txn) -> Result<Output>,
    message: impl Fn(u64) -> String,
) -> Result<Output> {
    session.write(
        moment,
        |_, txn| whole(txn, moment, &body),
        |output| Some(message(output.affected)),
    )
}

fn counted(rows: u64) -> String {
    match rows {
        1 => "1 row".to_owned(),
        n => format!("{n} rows"),
    }
}
