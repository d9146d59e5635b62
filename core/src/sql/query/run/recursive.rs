//! Common table expressions, and series of numbers.

use super::super::plan::RowExpr;
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
    let width = cte.plan.columns.len();
    let frame = Frame { rt, subs: &cte.plan.subs, given: &[] };
    let mut rows = frame.collect(&cte.plan.root)?;
    rows.iter_mut().for_each(|row| row.truncate(width));
    if let Some((step, once)) = &cte.step {
        let mut seen = HashSet::new();
        let mut new = |rows: &mut Vec<Vec<Value>>| -> Result<()> {
            let mut kept = Vec::with_capacity(rows.len());
            for row in std::mem::take(rows) {
                let mut key = Vec::with_capacity(row.len() * 10);
                row.iter().for_each(|value| same_key(&mut key, value));
                frame.hold_bytes(key.len() + 48)?;
                if seen.insert(key) {
                    kept.push(row);
                }
            }
            *rows = kept;
            Ok(())
        };
        if *once {
            new(&mut rows)?;
        }
        let mut round: Held = Arc::new(rows.clone());
        while !round.is_empty() {
            rt.ctx.limits.check_time()?;
            rt.working.borrow_mut().insert(slot, round);
            let frame = Frame { rt, subs: &step.subs, given: &[] };
            let mut next = frame.collect(&step.root)?;
            next.iter_mut().for_each(|row| row.truncate(width));
            if *once {
                new(&mut next)?;
            }
            rows.extend(next.iter().cloned());
            round = Arc::new(next);
        }
        rt.working.borrow_mut().remove(&slot);
    }
    Ok(cell.get_or_init(|| Arc::new(rows)).clone())
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
