//! Tables, and rows without SQL.

use super::answer::{Answer, ColumnView, Done, Outcome, Pages, Rows, TableView};
use super::error::Failure;
use super::input::as_of_params;
use super::kinds;
use super::request::{Fields, Incoming, agreed, wrong};
use super::serve::Work;
use crate::host::Call;
use offshoot_core::database::AsOf;
use offshoot_core::error::Result as CoreResult;
use offshoot_core::history::Micros;
use offshoot_core::row::{IndexOrigin, TableState};
use offshoot_core::sql::{self, OnConflict, Output, PageQuery, Session};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// GET …/tables
pub(crate) fn tables(incoming: Incoming) -> Result<Work, Failure> {
    let branch = incoming.part(0)?;
    let sizes = incoming.habits.sizes_tables;
    incoming.query.end()?;
    Ok(Work::new(move |call| {
        let point = call.database.point(&branch, &AsOf::Now)?;
        let stored = |table: &&Arc<TableState>| table.table.def.view().is_none();
        let mut tables = Vec::new();
        for table in point.state.tables_by_name().filter(stored) {
            let size = sizes.then(|| call.database.table_size(table)).transpose()?;
            tables.push(TableView { size_bytes: size, ..view(table) });
        }
        Ok(Done::read(Answer::Tables(tables)))
    }))
}

fn view(state: &TableState) -> TableView {
    let def = &state.table.def;
    let columns = def.columns.iter().map(|column| {
        let primary_key = def.primary_key.iter().any(|part| part.column == column.id);
        ColumnView {
            name: column.name.clone(),
            ty: column.ty,
            nullable: !column.not_null && !primary_key,
            primary_key,
        }
    });
    let made = def.indexes.iter().filter(|index| index.origin == IndexOrigin::Statement);
    TableView {
        name: def.name.clone(),
        rows: state.rows.count(),
        size_bytes: None,
        columns: columns.collect(),
        indexes: made.map(|index| index.name.clone()).collect(),
        created: Micros(def.created),
    }
}

/// GET …/tables/{table}/data
pub(crate) fn page(mut incoming: Incoming) -> Result<Work, Failure> {
    let (branch, table) = (incoming.part(0)?, incoming.part(1)?);
    let query = &mut incoming.query;
    let columns = said(query.text("columns"), "columns")?;
    let filter = said(query.text("filter"), "filter")?;
    let order_by = said(query.text("order_by"), "order_by")?;
    let page = query.number("page", 1, (1, u64::MAX))?;
    let limit = query.number("limit", 100, (1, 1000))?;
    let as_of = as_of_params(query)?;
    incoming.query.end()?;
    Ok(Work::new(move |call| {
        let query = PageQuery {
            table: &table,
            columns: columns.as_deref(),
            filter: filter.as_deref(),
            order_by: order_by.as_deref(),
            page,
            limit,
        };
        let Call { database, moment, limits } = call;
        let found = sql::page(database, &branch, &as_of, &query, limits, moment)?;
        let sql::Page { columns, rows, total } = found;
        let pages = Pages { page, limit, total };
        Ok(Done::read(Answer::Rows { rows: Rows { columns, rows }, pages }))
    }))
}

/// Text that says something, where it is given.
fn said(text: Option<String>, name: &str) -> Result<Option<String>, Failure> {
    match text {
        Some(text) if text.trim().is_empty() => {
            Err(Failure::invalid(format!("parameter '{name}' is empty")))
        }
        text => Ok(text),
    }
}

/// POST …/tables/{table}/data
pub(crate) fn insert(incoming: Incoming) -> Result<Work, Failure> {
    let mut body = incoming.object()?;
    let items = body.required_list("rows")?;
    let policies = [
        ("error", OnConflict::Error),
        ("ignore", OnConflict::Ignore),
        ("update", OnConflict::Update),
    ];
    let on_conflict = body.word("on_conflict", &policies)?.unwrap_or_default();
    body.end()?;
    let row = |(place, item): (String, Json)| match item {
        Json::Object(row) => Ok(row),
        other => Err(wrong(&place, "an object", &other)),
    };
    let rows = items.into_iter().map(row).collect::<Result<Vec<Map<String, Json>>, _>>()?;
    let work = writing(
        incoming,
        move |call, session, table| {
            let rows = kinds::fitted(call, session.branch(), table, &rows)?;
            sql::insert_rows(session, table, &rows, on_conflict, &call.limits, &call.moment)
        },
        |output| Answer::Inserted { inserted: output.affected, ids: output.ids },
    );
    Ok(work?.creating())
}

/// PUT …/tables/{table}/data
pub(crate) fn update(mut incoming: Incoming) -> Result<Work, Failure> {
    let mut body = incoming.object()?;
    let filter = filter(&mut incoming, &mut body)?;
    let (updates, values) = (body.free_object("updates")?, body.free_object("values")?);
    let updates = agreed(("field 'updates'", updates), ("field 'values'", values))?;
    body.end()?;
    let updates = updates.filter(|updates| !updates.is_empty());
    let updates = updates.ok_or_else(|| {
        Failure::invalid("field 'updates' (or 'values') must name at least one column")
    })?;
    let updates = [updates];
    writing(
        incoming,
        move |call, session, table| {
            let updates = kinds::fitted(call, session.branch(), table, &updates)?;
            // One went in, one comes out.
            let updates = updates.into_iter().next().unwrap_or_default();
            sql::update_rows(session, table, &filter, &updates, &call.limits, &call.moment)
        },
        |output| Answer::Updated(output.affected),
    )
}

/// DELETE …/tables/{table}/data
pub(crate) fn delete(mut incoming: Incoming) -> Result<Work, Failure> {
    let mut body = incoming.object_or_nothing()?;
    let filter = filter(&mut incoming, &mut body)?;
    body.end()?;
    writing(
        incoming,
        move |call, session, table| {
            sql::delete_rows(session, table, &filter, &call.limits, &call.moment)
        },
        |output| Answer::Deleted(output.affected),
    )
}

/// The filter of a write, in the query or in the body. It must be there and say something: `true` means
/// every row.
fn filter(incoming: &mut Incoming, body: &mut Fields) -> Result<String, Failure> {
    let queried = said(incoming.query.text("filter"), "filter")?;
    let written = match body.text("filter")? {
        Some(text) if text.trim().is_empty() => {
            return Err(Failure::invalid("field 'filter' is empty"));
        }
        text => text,
    };
    let filter = agreed(("parameter 'filter'", queried), ("field 'filter'", written))?;
    filter.ok_or_else(|| {
        Failure::invalid("'filter' is required, in the query or in the body; true means every row")
    })
}

/// Work that changes rows of the table that the path names.
fn writing(
    incoming: Incoming,
    write: impl Fn(&Call, &mut Session, &str) -> CoreResult<Output> + Send + 'static,
    answer: impl Fn(Output) -> Answer + Send + 'static,
) -> Result<Work, Failure> {
    let (branch, table) = (incoming.part(0)?, incoming.part(1)?);
    incoming.query.end()?;
    let author = incoming.sender.author();
    Ok(Work::new(move |call| -> Outcome {
        let mut session = Session::new(call.database.clone(), branch.as_str(), author.as_str());
        let output = write(call, &mut session, &table)?;
        let ticket = output.ticket;
        Ok(Done { answer: answer(output), ticket })
    }))
}
