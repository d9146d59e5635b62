//! Running a bound SELECT.

use super::aggregate::Accumulator;
use super::plan::{Groups, Item, Plan};
use crate::error::Result;
use crate::expr::EvalContext;
use crate::sql::context::QueryContext;
use crate::sql::meter::Meter;
use crate::sql::request::{Output, OutputColumn, StatementKind};
use crate::sql::scan::Rows;
use crate::sql::types;
use crate::tree::KeyRange;
use crate::value::Value;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

/// Runs a plan.
///
/// # Errors
/// A fault; a limit; whatever an expression gives.
pub(in crate::sql) fn execute(ctx: &QueryContext<'_>, mut plan: Plan) -> Result<Output> {
    plan.skip_by_count(ctx)?;
    let eval = ctx.eval();
    let mut meter = Meter::new(ctx.limits);
    let mut sink = Sink::new(&plan);
    match &plan.groups {
        Some(groups) => {
            for row in grouped(ctx, &plan, groups, &eval, &mut meter)? {
                if !sink.take(&plan, &row, &eval, &mut meter)? {
                    break;
                }
            }
        }
        None => {
            let mut rows = Rows::open(ctx, &plan)?;
            while let Some(row) = rows.next(&eval, &mut meter)? {
                if !sink.take(&plan, row, &eval, &mut meter)? {
                    break;
                }
            }
        }
    }
    let rows = sink.finish(&plan, &mut meter)?;
    let column = |item: Item| OutputColumn { name: item.label, ty: item.ty };
    let columns = plan.items.into_iter().map(column).collect();
    Ok(Output { columns, rows, ..Output::done(StatementKind::Select, 0) })
}

/// How many rows a plan finds, whatever it would show of them.
pub(in crate::sql) fn count(ctx: &QueryContext<'_>, plan: &Plan) -> Result<u64> {
    if let Some(count) = whole_table(ctx, plan) {
        return Ok(count);
    }
    let eval = ctx.eval();
    let mut meter = Meter::new(ctx.limits);
    let mut rows = Rows::open_for_count(ctx, plan)?;
    let mut count = 0;
    while rows.next(&eval, &mut meter)?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// The number of rows of an unfiltered table, which its tree knows.
fn whole_table(ctx: &QueryContext<'_>, plan: &Plan) -> Option<u64> {
    let source = plan.source.as_ref().filter(|_| plan.rows.is_everything())?;
    ctx.note_read(source, KeyRange::all());
    Some(source.table.rows.count())
}

// --- Groups ---

fn grouped(
    ctx: &QueryContext<'_>,
    plan: &Plan,
    groups: &Groups,
    eval: &EvalContext<'_>,
    meter: &mut Meter<'_>,
) -> Result<Vec<Vec<Value>>> {
    let mut found: BTreeMap<Vec<u8>, (Vec<Value>, Vec<Accumulator>)> = BTreeMap::new();
    let fresh = || vec![Accumulator::default(); groups.aggregates.len()];
    match groups.only_count().then(|| whole_table(ctx, plan)).flatten() {
        Some(count) => {
            let row = vec![Value::integer(count.into()); groups.aggregates.len()];
            return kept(vec![row], groups, eval);
        }
        None => {
            let mut rows = Rows::open(ctx, plan)?;
            let mut key = Vec::new();
            while let Some(row) = rows.next(eval, meter)? {
                key.clear();
                let mut values = Vec::with_capacity(groups.keys.len());
                for expr in &groups.keys {
                    let value = expr.eval(row, eval)?;
                    types::same_key(&mut key, &value);
                    values.push(value);
                }
                if !found.contains_key(&key) {
                    meter.hold_row(&values)?;
                    meter.hold(key.len() + 64 * groups.aggregates.len())?;
                    found.insert(key.clone(), (values, fresh()));
                }
                let Some((_, accumulators)) = found.get_mut(&key) else { continue };
                for (accumulator, aggregate) in accumulators.iter_mut().zip(&groups.aggregates) {
                    accumulator.add(aggregate, row, eval, meter)?;
                }
            }
        }
    }
    if groups.keys.is_empty() && found.is_empty() {
        found.insert(Vec::new(), (Vec::new(), fresh()));
    }
    let mut rows = Vec::with_capacity(found.len());
    for (_, (mut row, accumulators)) in found {
        for (accumulator, aggregate) in accumulators.into_iter().zip(&groups.aggregates) {
            row.push(accumulator.finish(aggregate)?);
        }
        rows.push(row);
    }
    kept(rows, groups, eval)
}

fn kept(
    mut rows: Vec<Vec<Value>>,
    groups: &Groups,
    eval: &EvalContext<'_>,
) -> Result<Vec<Vec<Value>>> {
    let Some(having) = &groups.having else { return Ok(rows) };
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows.drain(..) {
        if having.matches(&row, eval)? {
            kept.push(row);
        }
    }
    Ok(kept)
}

// --- Results ---

/// Where results gather: in the order in which they come, or with a key to sort by.
struct Sink {
    rows: Vec<Vec<Value>>,
    keyed: Vec<(Vec<Value>, Vec<Value>)>,
    seen: HashSet<Vec<u8>>,
    sorts: bool,
    pushed: usize,
    skipped: u64,
    /// How many results are kept at most, those that OFFSET leaves out included.
    wanted: Option<usize>,
}

impl Sink {
    fn new(plan: &Plan) -> Self {
        let sorts = !plan.order.is_empty() && !plan.in_order;
        let wanted = plan.limit.map(|limit| limit.saturating_add(plan.offset));
        Sink {
            rows: Vec::new(),
            keyed: Vec::new(),
            seen: HashSet::new(),
            sorts,
            pushed: 0,
            skipped: 0,
            wanted: wanted.and_then(|n| usize::try_from(n).ok()),
        }
    }

    /// Takes a row; `false`: enough.
    fn take(
        &mut self,
        plan: &Plan,
        row: &[Value],
        eval: &EvalContext<'_>,
        meter: &mut Meter<'_>,
    ) -> Result<bool> {
        if plan.limit == Some(0) {
            return Ok(false);
        }
        // What OFFSET leaves out need not be computed, unless it matters what it is.
        if !self.sorts && !plan.distinct && self.skipped < plan.offset {
            self.skipped += 1;
            return Ok(true);
        }
        let result = plan.items.iter().map(|item| Ok(item.expr.eval(row, eval)?));
        let result = result.collect::<Result<Vec<Value>>>()?;
        if plan.distinct {
            let mut key = Vec::with_capacity(32);
            result.iter().for_each(|value| types::same_key(&mut key, value));
            meter.hold(key.len() + 32)?;
            if !self.seen.insert(key) {
                return Ok(true);
            }
        }
        if self.sorts {
            let keys = plan.order.iter().map(|order| order.value(row, &result, eval));
            let keys = keys.collect::<Result<Vec<Value>>>()?;
            return self.keep_sorted(plan, keys, result, meter).map(|()| true);
        }
        if self.skipped < plan.offset {
            self.skipped += 1;
            return Ok(true);
        }
        meter.give(&result)?;
        self.rows.push(result);
        Ok(plan.limit.is_none_or(|limit| (self.rows.len() as u64) < limit))
    }

    /// With a LIMIT at most twice as many rows are held as it needs.
    fn keep_sorted(
        &mut self,
        plan: &Plan,
        keys: Vec<Value>,
        row: Vec<Value>,
        meter: &mut Meter<'_>,
    ) -> Result<()> {
        let bound = self.wanted.map(|wanted| wanted.max(64).saturating_mul(2));
        if bound.is_none_or(|bound| self.pushed < bound) {
            meter.hold_row(&keys)?;
            meter.hold_row(&row)?;
        }
        self.pushed = self.pushed.saturating_add(1);
        self.keyed.push((keys, row));
        if let (Some(wanted), Some(bound)) = (self.wanted, bound)
            && self.keyed.len() >= bound
        {
            self.sort(plan);
            self.keyed.truncate(wanted);
        }
        Ok(())
    }

    /// Rows with equal keys keep the order of the scan.
    fn sort(&mut self, plan: &Plan) {
        self.keyed.sort_by(|(a, _), (b, _)| {
            let keys = plan.order.iter().zip(a.iter().zip(b));
            let orders = keys.map(|(order, (a, b))| order.compare(a, b));
            orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
    }

    fn finish(mut self, plan: &Plan, meter: &mut Meter<'_>) -> Result<Vec<Vec<Value>>> {
        if !self.sorts {
            return Ok(self.rows);
        }
        self.sort(plan);
        let skip = usize::try_from(plan.offset).unwrap_or(usize::MAX);
        let take = plan.limit.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        for (_, row) in std::mem::take(&mut self.keyed).into_iter().skip(skip).take(take) {
            meter.give(&row)?;
            self.rows.push(row);
        }
        Ok(self.rows)
    }
}
