//! DELETE.

use super::around::Around;
use super::cascade::{Changed, follow, is_parent};
use super::kept::{KeptWrite, kept};
use super::returning::Returning;
use super::target::{Found, Reading, Target, matching};
use crate::error::{Error, Result};
use crate::expr::Expr;
use crate::row::TableState;
use crate::sql::bind::{Scope, bind_alone, bind_open};
use crate::sql::context::{QueryContext, eval_at};
use crate::sql::meter::Meter;
use crate::sql::request::{Output, OutputColumn, StatementKind};
use crate::sql::write::{Snapshot, WriteContext};
use crate::txn::Txn;
use crate::value::SqlType;
use gluesql_core::sqlparser::ast::{Delete, FromTable, Query};
use std::sync::Arc;

/// How the rows are found.
enum Way {
    /// By the table's own columns.
    Rows(Option<Expr<usize>>),
    Query,
}

fn target(delete: &Delete) -> Result<Target<'_>> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    match from.as_slice() {
        [one] => Target::of(one, "DELETE from"),
        _ => Err(Error::Unsupported("DELETE from more than one table".into())),
    }
}

fn way(
    ctx: &QueryContext<'_>,
    state: &TableState,
    delete: &Delete,
    around: Around<'_>,
) -> Result<Way> {
    if delete.using.is_some() || !around.is_nothing() {
        return Ok(Way::Query);
    }
    let scope = Scope::of_table(&state.table.def, target(delete)?.alias());
    match &delete.selection {
        None => Ok(Way::Rows(None)),
        Some(expr) => {
            let bound = bind_alone(ctx, &scope, expr)?;
            Ok(bound.map_or(Way::Query, |bound| Way::Rows(Some(bound))))
        }
    }
}

/// Its plan with parameters of these types left open.
///
/// # Errors
/// What binding gives; any for what cannot be bound so.
fn plan_to_keep(
    state: &TableState,
    delete: &Delete,
    families: &[Option<SqlType>],
) -> Result<KeptWrite> {
    let scope = Scope::of_table(&state.table.def, target(delete)?.alias());
    let predicate = delete.selection.as_ref().map(|expr| bind_open(&scope, expr, families));
    Ok(KeptWrite { assigned: Vec::new(), predicate: predicate.transpose()? })
}

fn reading<'r>(delete: &'r Delete, around: Around<'r>) -> Reading<'r> {
    Reading {
        shown: Vec::new(),
        others: delete.using.as_deref().unwrap_or_default(),
        shows_others: delete.returning.is_some(),
        selection: delete.selection.as_ref(),
        around,
    }
}

/// The query that finds the rows that a DELETE takes, where it takes one.
///
/// # Errors
/// What binding the statement gives.
pub(super) fn delete_query(
    ctx: &QueryContext<'_>,
    delete: &Delete,
    around: Around<'_>,
) -> Result<Option<Query>> {
    let target = target(delete)?;
    match way(ctx, target.find(ctx.state)?, delete, around)? {
        Way::Rows(_) => Ok(None),
        Way::Query => target.query(&reading(delete, around)).map(Some),
    }
}

/// The columns that a DELETE gives, without running it.
///
/// # Errors
/// What binding the statement gives.
pub(super) fn described(
    ctx: &QueryContext<'_>,
    delete: &Delete,
    around: Around<'_>,
) -> Result<Vec<OutputColumn>> {
    let shown = delete.returning.as_deref();
    target(delete)?.described(ctx, &reading(delete, around), &[], shown)
}

pub(in crate::sql) fn delete(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    delete: &Delete,
    around: Around<'_>,
) -> Result<Output> {
    if !delete.tables.is_empty() {
        return Err(Error::Unsupported("DELETE from more than one table".into()));
    }
    let target = target(delete)?;
    let state = target.find(txn.state())?.clone();
    let plain = delete.using.is_none() && delete.returning.is_none() && around.is_bare();
    let make = |families: &[Option<SqlType>]| plan_to_keep(&state, delete, families);
    if plain && let Some(kept) = kept(env, &state, make)? {
        let found = matching(txn, env, &state, kept.plan.predicate.as_ref(), env.params)?;
        return apply(txn, env, &state, found, Returning::nothing());
    }
    let def = &state.table.def;
    let snapshot = Snapshot::of(txn, env);
    let ctx = snapshot.context(Some(txn));
    let shown = delete.returning.as_deref();
    match way(&ctx, &state, delete, around)? {
        Way::Rows(predicate) => {
            let returning = Returning::read(&ctx, def, target.alias(), shown, &[])?;
            delete_matching(txn, env, &state, predicate, returning)
        }
        Way::Query => {
            let (found, beside) = target.rows(&ctx, &state, &reading(delete, around))?;
            let returning = Returning::read(&ctx, def, target.alias(), shown, &beside)?;
            apply(txn, env, &state, found, returning)
        }
    }
}

/// Deletes every row that the predicate is true of.
///
/// # Errors
/// A violation; a fault.
pub(in crate::sql) fn delete_matching(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    state: &Arc<TableState>,
    predicate: Option<Expr<usize>>,
    returning: Returning,
) -> Result<Output> {
    let found = matching(txn, env, state, predicate.as_ref(), &[])?;
    apply(txn, env, state, found, returning)
}

fn apply(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    state: &TableState,
    found: Vec<Found>,
    mut returning: Returning,
) -> Result<Output> {
    let id = state.table.id();
    let moment = *txn.moment();
    let before = returning.is_wanted().then(|| Snapshot::of(txn, env));
    let eval = eval_at(&moment, env.limits);
    let meter = Meter::new(env.limits);
    let parent = is_parent(txn, id);
    let mut output = Output::done(StatementKind::Delete, 0);
    let mut changed: Vec<Changed> = Vec::new();
    for Found { key, stored, beside } in found {
        meter.step()?;
        if returning.is_wanted() || parent {
            let old = state.table.decode(&stored)?;
            returning.push(&old, &beside, &eval, &meter)?;
            if parent {
                meter.hold_row(&old)?;
                changed.push(Changed { table: id, old, new: None });
            }
        }
        txn.take(id, &key, &stored)?;
        output.affected += 1;
    }
    follow(txn, env, changed)?;
    if let Some(before) = before {
        returning.finish(&before.context(Some(txn)), &mut output)?;
    }
    Ok(output)
}
