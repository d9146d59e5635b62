//! Common table expressions, and series of numbers.

use super::super::plan::{QueryPlan, RowExpr, Step};
use super::sort::{compared, cut};
use super::{Frame, Held, Operator, Runtime};
use crate::error::{Error, Result};
use crate::sql::types::same_key;
use crate::value::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// The rows of a common table expression, which are made when they are first asked for.
pub(super) fn rows_of(rt: &Runtime<'_>, slot: usize) -> Result<Held> {
    let missing = || Error::Internal("a common table expression is missing".into());
    let cell = rt.read.get(slot).ok_or_else(missing)?;
    if let Some(rows) = cell.get() {
        return Ok(rows.clone());
    }
    let cte = rt.ctes.get(slot).ok_or_else(missing)?;
    let frame = Frame { rt, subs: &cte.plan.subs, given: &[] };
    let rows = match &cte.step {
        None => collect(frame, &cte.plan, cte.plan.columns.len())?,
        Some(step) => recursive(frame, slot, &cte.plan, step)?,
    };
    Ok(cell.get_or_init(|| Arc::new(rows)).clone())
}

fn collect(frame: Frame<'_>, plan: &QueryPlan, width: usize) -> Result<Vec<Vec<Value>>> {
    let mut rows = frame.collect(&plan.root)?;
    rows.iter_mut().for_each(|row| row.truncate(width));
    Ok(rows)
}

/// Runs a recursion. Rows are looked at all together, a round at a time; where an order is asked for,
/// one at a time, the first in that order of those that were found.
fn recursive(
    frame: Frame<'_>,
    slot: usize,
    base: &QueryPlan,
    step: &Step,
) -> Result<Vec<Vec<Value>>> {
    let rt = frame.rt;
    let width = base.columns.len();
    let (limit, offset) = cut(frame, step.limit.as_ref(), step.offset.as_ref())?;
    // Rows that are left out are looked at like others, and end nothing.
    let enough = limit.map(|limit| match limit {
        0 => 0,
        limit => usize::try_from(limit.saturating_add(offset)).unwrap_or(usize::MAX),
    });
    let mut found =
        Found { frame, step, seen: HashSet::new(), waiting: Vec::new(), keys: Vec::new() };
    let mut rows: Vec<Vec<Value>> = Vec::new();
    if enough != Some(0) {
        found.add(collect(frame, base, width)?)?;
    }
    while let Some(round) = found.next_round() {
        rt.ctx.limits.check_time()?;
        rows.extend(round.iter().cloned());
        if enough.is_some_and(|enough| rows.len() >= enough) {
            break;
        }
        rt.working.borrow_mut().insert(slot, Arc::new(round));
        let inner = Frame { rt, subs: &step.plan.subs, given: &[] };
        found.add(collect(inner, &step.plan, width)?)?;
    }
    rt.working.borrow_mut().remove(&slot);
    rows.truncate(enough.unwrap_or(usize::MAX));
    let left_out = usize::try_from(offset).unwrap_or(usize::MAX).min(rows.len());
    rows.drain(..left_out);
    Ok(rows)
}

/// Rows that a recursion has found and not looked at.
struct Found<'f> {
    frame: Frame<'f>,
    step: &'f Step,
    /// Keys of all rows that were found, where equal ones count once.
    seen: HashSet<Vec<u8>>,
    /// Where an order is asked for, the next one is the last.
    waiting: Vec<Vec<Value>>,
    /// By what rows that wait are ordered.
    keys: Vec<Vec<Value>>,
}

impl Found<'_> {
    fn add(&mut self, rows: Vec<Vec<Value>>) -> Result<()> {
        let order = &self.step.order;
        for row in rows {
            self.frame.step()?;
            if self.step.once {
                let mut key = Vec::with_capacity(row.len() * 10);
                row.iter().for_each(|value| same_key(&mut key, value));
                self.frame.hold_bytes(key.len() + 48)?;
                if !self.seen.insert(key) {
                    continue;
                }
            }
            if order.is_empty() {
                self.waiting.push(row);
                continue;
            }
            let by = order.iter().map(|key| self.frame.value(&key.expr, &row));
            let by = by.collect::<Result<Vec<Value>>>()?;
            self.frame.hold(&by)?;
            // Of equal ones the one that was found first comes first.
            let at = self.keys.partition_point(|other| compared(other, &by, order).is_gt());
            self.keys.insert(at, by);
            self.waiting.insert(at, row);
        }
        Ok(())
    }

    /// The rows to look at now.
    fn next_round(&mut self) -> Option<Vec<Vec<Value>>> {
        if self.step.order.is_empty() {
            let round = std::mem::take(&mut self.waiting);
            return (!round.is_empty()).then_some(round);
        }
        self.keys.pop();
        self.waiting.pop().map(|row| vec![row])
    }
}

/// Opens a series of numbers.
pub(super) fn series<'f>(
    frame: Frame<'f>,
    from: &'f RowExpr,
    to: &'f RowExpr,
    step: &'f RowExpr,
) -> Result<Box<dyn Operator + 'f>> {
    let number = |expr| frame.number(expr, "what a series is made of");
    let (Some(from), Some(to), Some(step)) = (number(from)?, number(to)?, number(step)?) else {
        return Ok(Box::new(super::One(false)));
    };
    match step {
        0 => Err(Error::Sql("the step of a series cannot be 0".into())),
        step => Ok(Box::new(Series { frame, next: Some(from), to, step })),
    }
}

struct Series<'f> {
    frame: Frame<'f>,
    next: Option<i64>,
    to: i64,
    step: i64,
}

impl Operator for Series<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        self.frame.step()?;
        let within = |n: &i64| if self.step > 0 { *n <= self.to } else { *n >= self.to };
        let Some(now) = self.next.filter(within) else { return Ok(false) };
        self.next = now.checked_add(self.step);
        if let Some(place) = row.first_mut() {
            *place = Value::Int(now);
        }
        Ok(true)
    }
}
