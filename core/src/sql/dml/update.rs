//! UPDATE.

use super::around::Around;
use super::assign::{Assigned, SetList};
use super::cascade::{Changed, follow, is_parent};
use super::kept::{KeptWrite, kept};
use super::returning::Returning;
use super::target::{Found, Reading, Target, matching};
use super::update_or::{self, Or};
use crate::error::Result;
use crate::expr::Expr;
use crate::row::{Row, TableId, TableState};
use crate::sql::bind::{Scope, bind_alone, bind_open};
use crate::sql::context::{QueryContext, eval_at};
use crate::sql::meter::Meter;
use crate::sql::request::{Output, OutputColumn, StatementKind};
use crate::sql::write::{Snapshot, WriteContext};
use crate::txn::Txn;
use crate::value::SqlType;
use gluesql_core::sqlparser::ast::{
    Assignment, Expr as SqlExpr, Query, SelectItem, TableWithJoins,
};
use std::sync::Arc;

/// An UPDATE as it was written.
#[derive(Debug, Clone, Copy)]
pub(in crate::sql) struct Update<'s> {
    pub table: &'s TableWithJoins,
    pub assignments: &'s [Assignment],
    pub from: Option<&'s TableWithJoins>,
    pub selection: Option<&'s SqlExpr>,
    pub returning: Option<&'s [SelectItem]>,
}

/// How its rows are found, and what they are given.
enum Way {
    /// By the table's own columns.
    Rows { assigned: Vec<Assigned>, predicate: Option<Expr<usize>> },
    /// By a query, which gives the new values as well.
    Query,
}

impl<'s> Update<'s> {
    fn target(&self) -> Result<Target<'s>> {
        Target::of(self.table, "UPDATE of")
    }

    fn way(
        &self,
        ctx: &QueryContext<'_>,
        state: &TableState,
        set: &SetList<'_>,
        around: Around<'_>,
    ) -> Result<Way> {
        if self.from.is_some() || !around.is_nothing() {
            return Ok(Way::Query);
        }
        let scope = Scope::of_table(&state.table.def, self.target()?.alias());
        let predicate = match self.selection {
            None => None,
            Some(expr) => match bind_alone(ctx, &scope, expr)? {
                Some(bound) => Some(bound),
                None => return Ok(Way::Query),
            },
        };
        Ok(match set.bind(ctx, &scope, &state.table.def)? {
            Some(assigned) => Way::Rows { assigned, predicate },
            None => Way::Query,
        })
    }

    /// Its plan with parameters of these types left open.
    ///
    /// # Errors
    /// What binding gives; any for what cannot be bound so.
    fn plan_to_keep(&self, state: &TableState, families: &[Option<SqlType>]) -> Result<KeptWrite> {
        let def = &state.table.def;
        let scope = Scope::of_table(def, self.target()?.alias());
        let predicate = self.selection.map(|expr| bind_open(&scope, expr, families)).transpose()?;
        let assigned = SetList::read(def, self.assignments)?.bind_open(&scope, def, families)?;
        Ok(KeptWrite { assigned, predicate })
    }

    fn reading<'r>(&'r self, set: &SetList<'r>, around: Around<'r>) -> Reading<'r> {
        Reading {
            shown: set.exprs(),
            others: self.from.map_or(&[], std::slice::from_ref),
            shows_others: self.returning.is_some(),
            selection: self.selection,
            around,
        }
    }

    /// The columns that it gives, without running it.
    ///
    /// # Errors
    /// What binding the statement gives.
    pub fn described(
        &self,
        ctx: &QueryContext<'_>,
        around: Around<'_>,
    ) -> Result<Vec<OutputColumn>> {
        let target = self.target()?;
        let def = &target.find(ctx.state)?.table.def;
        let set = SetList::read(def, self.assignments)?;
        target.described(ctx, &self.reading(&set, around), &set.types(def), self.returning)
    }

    /// The query that finds its rows, where it takes one.
    ///
    /// # Errors
    /// What binding the statement gives.
    pub fn query(&self, ctx: &QueryContext<'_>, around: Around<'_>) -> Result<Option<Query>> {
        let target = self.target()?;
        let state = target.find(ctx.state)?;
        let set = SetList::read(&state.table.def, self.assignments)?;
        match self.way(ctx, state, &set, around)? {
            Way::Rows { .. } => Ok(None),
            Way::Query => target.query(&self.reading(&set, around)).map(Some),
        }
    }
}

pub(in crate::sql) fn update(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    update: &Update<'_>,
    around: Around<'_>,
) -> Result<Output> {
    let target = update.target()?;
    let state = target.find(txn.state())?.clone();
    let plain = update.from.is_none() && update.returning.is_none() && around.is_bare();
    let make = |families: &[Option<SqlType>]| update.plan_to_keep(&state, families);
    if plain && let Some(kept) = kept(env, &state, make)? {
        let found = matching(txn, env, &state, kept.plan.predicate.as_ref(), env.params)?;
        let assigned = kept.plan.assigned(env.params);
        return apply(txn, env, &state, &assigned, (found, 0), Returning::nothing());
    }
    let def = &state.table.def;
    let set = SetList::read(def, update.assignments)?;
    let or = Or::of(around.or())?;
    let snapshot = Snapshot::of(txn, env);
    let ctx = snapshot.context(Some(txn));
    match update.way(&ctx, &state, &set, around)? {
        Way::Rows { assigned, predicate } => {
            let returning = Returning::read(&ctx, def, target.alias(), update.returning, &[])?;
            match or {
                None => update_matching(txn, env, &state, &assigned, predicate, returning),
                Some(or) => {
                    let found = (matching(txn, env, &state, predicate.as_ref(), &[])?, 0);
                    update_or::apply(txn, env, (&state, &assigned), found, or, returning)
                }
            }
        }
        Way::Query => {
            let (found, beside) = target.rows(&ctx, &state, &update.reading(&set, around))?;
            let assigned = set.behind(def)?;
            let returning = Returning::read(&ctx, def, target.alias(), update.returning, &beside)?;
            let drawn = super::DEFAULTS_DRAWN;
            match or {
                None => apply(txn, env, &state, &assigned, (found, drawn), returning),
                Some(or) => {
                    let found = (found, drawn);
                    update_or::apply(txn, env, (&state, &assigned), found, or, returning)
                }
            }
        }
    }
}

/// Changes every row that the predicate is true of.
///
/// # Errors
/// A violation; a value that does not fit its column; a fault.
pub(in crate::sql) fn update_matching(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    state: &Arc<TableState>,
    assigned: &[Assigned],
    predicate: Option<Expr<usize>>,
    returning: Returning,
) -> Result<Output> {
    let found = matching(txn, env, state, predicate.as_ref(), &[])?;
    apply(txn, env, state, assigned, (found, 0), returning)
}

/// Changes rows that were found. What is assigned sees the row and what was found beside it; so many
/// volatile values were drawn while they were found.
fn apply(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    state: &TableState,
    assigned: &[Assigned],
    (found, drawn): (Vec<Found>, u64),
    mut returning: Returning,
) -> Result<Output> {
    let table = &state.table;
    let id: TableId = table.id();
    let moment = *txn.moment();
    let before = returning.is_wanted().then(|| Snapshot::of(txn, env));
    let eval = eval_at(&moment, env.limits).drawn_before(drawn);
    let meter = Meter::new(env.limits);
    let moves = assigned.iter().any(|a| table.key().iter().any(|(at, _)| *at == a.column));
    let parent = is_parent(txn, id);
    let mut output = Output::done(StatementKind::Update, 0);
    let mut moved: Vec<(Arc<[u8]>, Row)> = Vec::new();
    let mut changed: Vec<Changed> = Vec::new();
    for Found { key, stored, beside } in found {
        meter.step()?;
        let mut seen = table.decode(&stored)?;
        let width = seen.len();
        seen.extend(beside);
        let new = Assigned::apply(assigned, table, &seen, &eval)?;
        output.affected += 1;
        returning.push(&new, seen.get(width..).unwrap_or(&[]), &eval, &meter)?;
        if parent {
            seen.truncate(width);
            meter.hold_row(&seen)?;
            changed.push(Changed { table: id, old: seen, new: Some(new.clone()) });
        }
        let goes = moves && table.key_of(&new).is_some_and(|k| k[..] != key[..]);
        match goes {
            // All that move leave first, so that `SET id = id + 1` meets nobody on its way.
            true => {
                meter.hold_row(&new)?;
                txn.take(id, &key, &stored)?;
                moved.push((key, new));
            }
            false => txn.update(id, &key, &stored, &new)?,
        }
    }
    for (from, row) in moved {
        txn.put_moved(id, &from, &row)?;
    }
    follow(txn, env, changed)?;
    if let Some(before) = before {
        returning.finish(&before.context(Some(txn)), &mut output)?;
    }
    Ok(output)
}
