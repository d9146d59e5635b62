//! INSERT.

use super::returning::Returning;
use super::update::refuse_generated;
use super::upsert::{Conflict, Resolved};
use crate::error::{Error, Kind, Result};
use crate::expr::{EvalContext, Expr};
use crate::row::{Row, StoredExpr, TableId, TableState};
use crate::sql::bind::{Scope, bind_in};
use crate::sql::context::{QueryContext, eval_at, table_name};
use crate::sql::meter::Meter;
use crate::sql::query;
use crate::sql::request::{Output, StatementKind};
use crate::sql::types;
use crate::sql::write::{Snapshot, WriteContext};
use crate::txn::Txn;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{Expr as SqlExpr, Insert, OnInsert, Query, SetExpr, Statement};
use std::sync::Arc;

/// Rows to be inserted: which columns they name, and their values; `None` stands for DEFAULT.
pub(in crate::sql) struct Incoming {
    /// Positions of the columns that are named.
    pub columns: Vec<usize>,
    /// One value per named column.
    pub rows: Vec<Vec<Option<Value>>>,
    /// How many volatile values were drawn for them.
    pub drawn: u64,
}

pub(in crate::sql) fn insert(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    insert: &Insert,
) -> Result<Output> {
    refuse_extras(insert)?;
    let table = txn.state().find(table_name(&insert.table_name)?)?.clone();
    let snapshot = Snapshot::of(txn, env);
    let incoming = {
        let ctx = snapshot.context(Some(txn));
        read_source(&ctx, insert, &table)?
    };
    let alias = insert.table_alias.as_ref().map(|a| a.value.as_str());
    let ctx = snapshot.context(None);
    let conflict = match &insert.on {
        None => Conflict::Error,
        Some(OnInsert::OnConflict(on)) => Conflict::read(&ctx, &table.table.def, alias, on)?,
        Some(_) => return Err(Error::Unsupported("ON DUPLICATE KEY UPDATE".into())),
    };
    let returning = Returning::read(&ctx, &table.table.def, alias, insert.returning.as_deref())?;
    insert_into(txn, env, &table, incoming, &conflict, returning)
}

fn refuse_extras(insert: &Insert) -> Result<()> {
    let extras = [
        (
            insert.or.is_some() || insert.ignore || insert.replace_into,
            "INSERT OR … (use ON CONFLICT)",
        ),
        (insert.overwrite, "INSERT OVERWRITE"),
        (insert.partitioned.is_some(), "INSERT … PARTITION"),
        (insert.insert_alias.is_some(), "INSERT … VALUES … AS"),
    ];
    match extras.iter().find(|(there, _)| *there) {
        Some((_, what)) => Err(Error::Unsupported((*what).to_owned())),
        None => Ok(()),
    }
}

fn read_source(ctx: &QueryContext<'_>, insert: &Insert, table: &TableState) -> Result<Incoming> {
    let def = &table.table.def;
    let mut columns: Vec<usize> = Vec::new();
    for name in &insert.columns {
        let at = def.position(&name.value);
        let at = at.ok_or_else(|| Error::not_found(Kind::Column, &*name.value))?;
        if columns.contains(&at) {
            return Err(Error::Sql(format!("column '{}' is named twice", name.value)));
        }
        columns.push(at);
    }
    let all = columns.is_empty();
    if all {
        columns = (0..def.columns.len()).collect();
    }
    let Some(source) = &insert.source else {
        // DEFAULT VALUES.
        return Ok(Incoming { columns: Vec::new(), rows: vec![Vec::new()], drawn: 0 });
    };
    // Generated columns may be left out, as SQLite has it, or given DEFAULT, as PostgreSQL has it.
    let mut fit = |found: usize| {
        if all && found < columns.len() {
            columns.retain(|at| def.columns.get(*at).is_some_and(|c| c.generated.is_none()));
        }
    };
    let plain = plain_values(source);
    let output = match plain {
        Some(values) => {
            fit(values.first().map_or(0, Vec::len));
            None
        }
        None => {
            let output = query::run(ctx, &Statement::Query(source.clone()))?;
            fit(output.columns.len());
            Some(output)
        }
    };
    let arity = |found: usize| match found == columns.len() {
        true => Ok(()),
        false => Err(Error::Sql(format!(
            "a row of {found} values for {} columns of '{}'",
            columns.len(),
            def.name
        ))),
    };
    let eval = ctx.eval();
    let mut rows = Vec::new();
    match (plain, output) {
        (Some(values), _) => {
            let meter = Meter::new(ctx.limits);
            for row in values {
                meter.step()?;
                arity(row.len())?;
                let values = row.iter().map(|expr| value_of(ctx, expr, &eval));
                let values: Vec<Option<Value>> = values.collect::<Result<_>>()?;
                meter.hold(values.iter().flatten().map(Value::size_bytes).sum())?;
                rows.push(values);
            }
        }
        (None, None) => {}
        (None, Some(output)) => {
            arity(output.columns.len())?;
            rows.extend(output.rows.into_iter().map(|row| row.into_iter().map(Some).collect()));
        }
    }
    Ok(Incoming { columns, rows, drawn: eval.drawn() })
}

/// The rows of a bare VALUES.
fn plain_values(query: &Query) -> Option<&Vec<Vec<SqlExpr>>> {
    let bare = query.with.is_none()
        && query.order_by.is_none()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.fetch.is_none();
    match query.body.as_ref() {
        SetExpr::Values(values) if bare => Some(&values.rows),
        _ => None,
    }
}

fn value_of(
    ctx: &QueryContext<'_>,
    expr: &SqlExpr,
    eval: &EvalContext<'_>,
) -> Result<Option<Value>> {
    match expr {
        SqlExpr::Identifier(word)
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("DEFAULT") =>
        {
            Ok(None)
        }
        expr => Ok(Some(bind_in(ctx, &Scope::empty(), expr)?.eval(&[], eval)?)),
    }
}

/// What columns that a statement does not name are given.
struct Defaults(Vec<Option<Expr<usize>>>);

impl Defaults {
    fn of(table: &TableState) -> Result<Self> {
        let bound = |default: &StoredExpr| default.map_columns(&mut |_| Ok::<usize, Error>(0));
        let columns = table.table.def.columns.iter();
        let defaults = columns.map(|c| c.default.as_ref().map(bound).transpose());
        Ok(Defaults(defaults.collect::<Result<_>>()?))
    }

    fn value(&self, at: usize, eval: &EvalContext<'_>) -> Result<Value> {
        match self.0.get(at) {
            Some(Some(default)) => Ok(default.eval(&[], eval)?),
            _ => Ok(Value::Null),
        }
    }
}

/// Puts rows into a table.
///
/// # Errors
/// A violation; a value that does not fit its column; a fault.
pub(in crate::sql) fn insert_into(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    table: &Arc<TableState>,
    incoming: Incoming,
    conflict: &Conflict,
    mut returning: Returning,
) -> Result<Output> {
    let id: TableId = table.table.id();
    let def = &table.table.def;
    let moment = *txn.moment();
    let eval = eval_at(&moment, env.limits).drawn_before(incoming.drawn);
    let meter = Meter::new(env.limits);
    let defaults = Defaults::of(table)?;
    let mut named = vec![None; def.columns.len()];
    for (place, at) in incoming.columns.iter().enumerate() {
        if let Some(slot) = named.get_mut(*at) {
            *slot = Some(place);
        }
    }
    let single_key = match table.table.key() {
        [(at, _)] => Some(*at),
        _ => None,
    };
    let mut output = Output::done(StatementKind::Insert, 0);
    for mut values in incoming.rows {
        meter.step()?;
        let mut row: Row = Vec::with_capacity(def.columns.len());
        for (at, column) in def.columns.iter().enumerate() {
            let given = named.get(at).copied().flatten();
            let given = given.and_then(|place| values.get_mut(place)).and_then(Option::take);
            let value = match given {
                Some(value) => {
                    refuse_generated(def, at, false)?;
                    value
                }
                None => defaults.value(at, &eval)?,
            };
            row.push(types::assign(value, &column.ty)?);
        }
        table.table.generate(&mut row)?;
        let row = match conflict.resolve(txn, id, row, &eval)? {
            Resolved::Insert(row) => row,
            Resolved::Done(None) => continue,
            Resolved::Done(Some(updated)) => {
                output.affected += 1;
                returning.push(&updated, &eval, &meter)?;
                continue;
            }
        };
        let mut shown = returning.is_wanted().then(|| row.clone());
        let mut own_id = single_key.and_then(|at| row.get(at).cloned());
        let (_, given) = txn.insert(id, row)?;
        // The transaction fills the automatic id; a row that is handed out must show it.
        if let (Some(given), Some(at)) = (given, table.table.auto_increment()) {
            if single_key == Some(at) {
                own_id = Some(Value::Int(given));
            }
            if let Some(place) = shown.as_mut().and_then(|row| row.get_mut(at)) {
                *place = Value::Int(given);
            }
            if let Some(row) = &mut shown {
                table.table.generate(row)?;
            }
        }
        output.affected += 1;
        if let Some(value) = own_id {
            meter.hold(value.size_bytes())?;
            output.ids.push(value);
        }
        if let Some(row) = shown {
            returning.push(&row, &eval, &meter)?;
        }
    }
    returning.finish(&mut output);
    Ok(output)
}
