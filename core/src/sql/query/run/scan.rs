//! Reading a table.

use super::super::plan::Scan;
use super::{Frame, One, Operator};
use crate::error::Result;
use crate::expr::Expr;
use crate::sql::access::{RowPlan, plan_rows};
use crate::sql::bind::OUTER;
use crate::sql::scan::Walk;
use crate::value::Value;
use std::sync::Arc;

/// A table's rows that pass its filter.
struct Rows<'f> {
    frame: Frame<'f>,
    scan: &'f Scan,
    plan: Arc<RowPlan>,
    walk: Walk<'f>,
    /// Whether any column is decoded.
    decodes: bool,
    with_key: bool,
}

/// Opens a scan. Where its filter compares with what the frame is given, its path is chosen now.
pub(super) fn open<'f>(frame: Frame<'f>, scan: &'f Scan) -> Result<Box<dyn Operator + 'f>> {
    let plan = match &scan.rows {
        Some(plan) => plan.clone(),
        None => Arc::new(chosen(frame, scan, None)?),
    };
    if plan.finds_nothing() {
        return Ok(Box::new(One(false)));
    }
    rows(frame, scan, plan)
}

/// The path of a scan for what its frame is given, and for one more condition.
pub(super) fn chosen(frame: Frame<'_>, scan: &Scan, more: Option<Expr<usize>>) -> Result<RowPlan> {
    let given = |at: &usize| -> Result<Expr<usize>> {
        Ok(match at.checked_sub(OUTER).and_then(|at| frame.given.get(at)) {
            Some(value) => Expr::Literal(value.clone()),
            None => Expr::Column(*at),
        })
    };
    let filter = scan.filter.as_ref().map(|filter| filter.replace_columns(&mut { given }));
    let filter = match (filter.transpose()?, more) {
        (Some(filter), Some(more)) => Some(filter.and(more)),
        (filter, more) => filter.or(more),
    };
    plan_rows(frame.rt.ctx, &scan.source.table, filter)
}

pub(super) fn rows<'f>(
    frame: Frame<'f>,
    scan: &'f Scan,
    plan: Arc<RowPlan>,
) -> Result<Box<dyn Operator + 'f>> {
    let columns = scan.source.table.table.def.columns.len();
    let walk = Walk::new(frame.rt.ctx, &scan.source, plan.clone());
    let decodes = scan.wanted.iter().take(columns).any(|wanted| *wanted);
    let with_key = scan.wanted.get(columns) == Some(&true);
    Ok(Box::new(Rows { frame, scan, plan, walk, decodes, with_key }))
}

impl Operator for Rows<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        let table = &self.scan.source.table.table;
        loop {
            self.frame.step()?;
            let Some((key, stored)) = self.walk.next()? else { return Ok(false) };
            if self.decodes {
                let wanted = &self.scan.wanted;
                table.decode_into(&stored, |at| wanted.get(at) == Some(&true), row)?;
            }
            if self.with_key
                && let Some(place) = row.get_mut(table.def.columns.len())
            {
                *place = Value::Blob(Arc::from(&key[..]));
            }
            match self.plan.filter() {
                Some(filter) if !self.frame.holds(filter, row)? => {}
                _ => return Ok(true),
            }
        }
    }
}
