//! Reading a table.

use super::super::plan::Scan;
use super::{Frame, One, Operator};
use crate::error::Result;
use crate::expr::Expr;
use crate::row::Table;
use crate::sql::access::{RowPlan, plan_given, plan_rows};
use crate::sql::context::Source;
use crate::sql::keeping::filled;
use crate::sql::scan::Walk;
use crate::value::Value;
use std::sync::Arc;

/// A table's rows that pass its filter.
struct Rows<'f> {
    frame: Frame<'f>,
    table: &'f Table,
    plan: Arc<RowPlan>,
    walk: Walk<'f>,
    /// Columns that are read of every row: those of the filter, and what is sorted by.
    early: Vec<bool>,
    /// Columns that are read of rows that count.
    late: Vec<bool>,
    has_early: bool,
    has_late: bool,
    with_key: bool,
    /// The row whose late columns are still to be read.
    last: Option<crate::tree::Bytes>,
    /// Whether somebody asks for the late columns of the rows that he keeps.
    on_demand: bool,
}

impl<'f> Frame<'f> {
    /// What a scan reads.
    pub(super) fn source(self, scan: &'f Scan) -> &'f Source {
        self.rt.source.as_ref().unwrap_or(&scan.source)
    }
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

/// Opens a scan for one who looks at some columns first, and keeps few of the rows that he sees.
pub(super) fn open_for<'f>(
    frame: Frame<'f>,
    scan: &'f Scan,
    looked_at: &[usize],
) -> Result<Option<Late<'f>>> {
    let Some(plan) = &scan.rows else { return Ok(None) };
    let mut rows = Rows::new(frame, scan, plan.clone());
    for at in looked_at {
        if let (Some(early), Some(late)) = (rows.early.get_mut(*at), rows.late.get_mut(*at)) {
            (*early, *late) = (true, false);
        }
    }
    rows.settle();
    rows.on_demand = true;
    Ok(Some(Late(rows)))
}

/// A scan whose late columns are read when they are asked for.
pub(super) struct Late<'f>(Rows<'f>);

impl Late<'_> {
    /// The next row, without its late columns.
    pub fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        self.0.next(row)
    }

    /// Reads the late columns of that row.
    pub fn complete(&mut self, row: &mut [Value]) -> Result<()> {
        self.0.complete(row)
    }
}

/// The path of a scan for what its frame is given, and for one more condition.
pub(super) fn chosen<'f>(
    frame: Frame<'f>,
    scan: &'f Scan,
    more: Option<Expr<usize>>,
) -> Result<RowPlan> {
    let (ctx, table) = (frame.rt.ctx, &frame.source(scan).table);
    if more.is_none() && scan.among.is_empty() {
        return plan_given(ctx, table, scan.filter.as_ref(), frame.given);
    }
    let filter = scan.filter.as_ref().map(|filter| filled(filter, frame.given));
    let mut filter = match (filter, more) {
        (Some(filter), Some(more)) => Some(filter.and(more)),
        (filter, more) => filter.or(more),
    };
    for (value, sub) in &scan.among {
        let found = super::subquery::list(frame, *sub, value)?;
        filter = Some(match filter {
            Some(filter) => filter.and(found),
            None => found,
        });
    }
    plan_rows(ctx, table, filter)
}

pub(super) fn rows<'f>(
    frame: Frame<'f>,
    scan: &'f Scan,
    plan: Arc<RowPlan>,
) -> Result<Box<dyn Operator + 'f>> {
    Ok(Box::new(Rows::new(frame, scan, plan)))
}

impl<'f> Rows<'f> {
    fn new(frame: Frame<'f>, scan: &'f Scan, plan: Arc<RowPlan>) -> Self {
        let source = frame.source(scan);
        let columns = source.table.table.def.columns.len();
        let walk = Walk::new(frame.rt.ctx, source, plan.clone());
        let mut early = vec![false; columns];
        let mut late: Vec<bool> = scan.wanted.iter().take(columns).copied().collect();
        if let Some(filter) = plan.filter() {
            filter.visit_columns(&mut |at| {
                if let (Some(early), Some(late)) = (early.get_mut(*at), late.get_mut(*at)) {
                    (*early, *late) = (true, false);
                }
            });
        }
        let with_key = scan.wanted.get(columns) == Some(&true);
        let (has_early, has_late, on_demand) = (false, false, false);
        let mut rows = Rows {
            frame,
            table: &source.table.table,
            plan,
            walk,
            early,
            late,
            has_early,
            has_late,
            with_key,
            last: None,
            on_demand,
        };
        rows.settle();
        rows
    }

    fn settle(&mut self) {
        self.has_early = self.early.contains(&true);
        self.has_late = self.late.contains(&true);
    }

    fn complete(&mut self, row: &mut [Value]) -> Result<()> {
        let Some(stored) = self.last.take() else { return Ok(()) };
        let late = &self.late;
        self.table.decode_into(&stored, |at| late.get(at) == Some(&true), row)
    }
}

impl Operator for Rows<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        let table = self.table;
        loop {
            self.frame.step()?;
            if !self.with_key && !self.on_demand {
                // The row is read where it stands.
                let (frame, filter) = (self.frame, self.plan.filter());
                let (early, late) = (&self.early, &self.late);
                let (has_early, has_late) = (self.has_early, self.has_late);
                let found = self.walk.read_next(|stored| {
                    if has_early {
                        table.decode_into(stored, |at| early.get(at) == Some(&true), row)?;
                    }
                    if let Some(filter) = filter
                        && !frame.holds(filter, row)?
                    {
                        return Ok(false);
                    }
                    if has_late {
                        table.decode_into(stored, |at| late.get(at) == Some(&true), row)?;
                    }
                    Ok(true)
                })?;
                match found {
                    None => return Ok(false),
                    Some(true) => return Ok(true),
                    Some(false) => continue,
                }
            }
            let Some((key, stored)) = self.walk.next()? else { return Ok(false) };
            if self.has_early {
                let early = &self.early;
                table.decode_into(&stored, |at| early.get(at) == Some(&true), row)?;
            }
            if let Some(filter) = self.plan.filter()
                && !self.frame.holds(filter, row)?
            {
                continue;
            }
            if self.with_key
                && let Some(place) = row.get_mut(table.def.columns.len())
            {
                *place = Value::Blob(Arc::from(&key[..]));
            }
            if self.has_late {
                self.last = Some(stored);
                if !self.on_demand {
                    self.complete(row)?;
                }
            }
            return Ok(true);
        }
    }
}
