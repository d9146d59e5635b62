//! Walking an access path.

use super::access::{Path, RowPlan};
use super::context::{QueryContext, Source};
use super::meter::Meter;
use super::query::of_rows;
use super::trace::Taken;
use crate::error::{Error, Result};
use crate::expr::Expr;
use crate::row::TableState;
use crate::tree::{Bytes, KeyRange, View, ViewCursor};
use crate::value::{Value, decode_key};
use std::sync::Arc;

/// Rows that are looked up together, so that their chunks are asked for together.
const BATCH: usize = 256;

/// A stored row under its key.
type Stored = (Bytes, Bytes);

/// The stored rows of a path, in its order.
pub(super) struct Walk<'w> {
    ctx: &'w QueryContext<'w>,
    table: &'w TableState,
    plan: Arc<RowPlan>,
    reverse: bool,
    /// How many ranges, or keys, have been begun.
    begun: usize,
    cursor: Option<ViewCursor<'w>>,
    /// Rows that were looked up and not yet given, the next one last.
    batch: Vec<Stored>,
}

impl<'w> Walk<'w> {
    /// A walk before the first row of a path.
    pub fn new(ctx: &'w QueryContext<'w>, source: &'w Source, plan: Arc<RowPlan>) -> Self {
        note_reads(ctx, source, plan.path());
        Walk {
            ctx,
            table: &source.table,
            reverse: plan.is_reverse(),
            plan,
            begun: 0,
            cursor: None,
            batch: Vec::new(),
        }
    }

    /// The next stored row.
    pub fn next(&mut self) -> Result<Option<Stored>> {
        if let Some(cursor) = &mut self.cursor
            && let Path::Table(_) = self.plan.path()
            && let Some(pair) = cursor.next()?
        {
            return Ok(Some(pair));
        }
        let plan = self.plan.clone();
        match plan.path() {
            Path::Table(ranges) => {
                let rows = &self.table.rows;
                self.next_of(rows, ranges)
            }
            Path::Keys(keys) => {
                if self.batch.is_empty() {
                    self.look_up(keys)?;
                }
                Ok(self.batch.pop())
            }
            Path::Index(index, ranges) => {
                if self.batch.is_empty() {
                    self.look_up_entries(*index, ranges)?;
                }
                Ok(self.batch.pop())
            }
        }
    }

    /// Hands the next stored row to `read` where it stands; `None` after the last.
    pub fn read_next<T>(&mut self, read: impl FnOnce(&[u8]) -> Result<T>) -> Result<Option<T>> {
        if let (Path::Table(_), Some(cursor)) = (self.plan.path(), &mut self.cursor)
            && let Some((_, row)) = cursor.next_in_place()?
        {
            return read(row).map(Some);
        }
        if let Path::Keys(keys) = self.plan.path()
            && let [key] = keys.as_slice()
        {
            if std::mem::replace(&mut self.begun, 1) > 0 {
                return Ok(None);
            }
            let row = self.table.rows.get(self.ctx.chunks, key)?;
            return row.map(|row| read(&row)).transpose();
        }
        self.next()?.map(|(_, row)| read(&row)).transpose()
    }

    /// The next pair of a view's ranges.
    fn next_of(&mut self, view: &'w View, ranges: &[KeyRange]) -> Result<Option<Stored>> {
        loop {
            if let Some(cursor) = &mut self.cursor {
                if let Some(pair) = cursor.next()? {
                    return Ok(Some(pair));
                }
                self.cursor = None;
            }
            let next = match self.reverse {
                false => ranges.get(self.begun),
                true => ranges.len().checked_sub(self.begun + 1).and_then(|at| ranges.get(at)),
            };
            let Some(range) = next else { return Ok(None) };
            self.begun += 1;
            self.cursor = Some(view.cursor(self.ctx.chunks, range, self.reverse)?);
        }
    }

    fn look_up(&mut self, keys: &[Vec<u8>]) -> Result<()> {
        while self.batch.is_empty() && self.begun < keys.len() {
            let from = self.begun;
            let to = (from + BATCH).min(keys.len());
            self.begun = to;
            let part = match self.reverse {
                false => keys.get(from..to),
                true => keys.get(keys.len() - to..keys.len() - from),
            };
            let part: Vec<&[u8]> = part.unwrap_or_default().iter().map(Vec::as_slice).collect();
            let mut found = Vec::with_capacity(part.len());
            match part.as_slice() {
                // The common case of one key needs no merging.
                [key] => {
                    if let Some(row) = self.table.rows.get(self.ctx.chunks, key)? {
                        found.push((Bytes::from(Arc::from(*key)), row));
                    }
                }
                part => {
                    let rows = self.table.rows.get_many(self.ctx.chunks, part)?;
                    for (key, row) in part.iter().zip(rows) {
                        if let Some(row) = row {
                            found.push((Bytes::from(Arc::from(*key)), row));
                        }
                    }
                }
            }
            if !self.reverse {
                found.reverse();
            }
            self.batch = found;
        }
        Ok(())
    }

    fn look_up_entries(&mut self, index: usize, ranges: &[KeyRange]) -> Result<()> {
        let Some((bound, view)) =
            self.table.table.indexes().get(index).zip(self.table.indexes.get(index))
        else {
            return Err(Error::Internal("a path through no index".into()));
        };
        let mut keys: Vec<Vec<u8>> = Vec::new();
        while keys.len() < BATCH {
            let Some((entry, _)) = self.next_of(view, ranges)? else { break };
            keys.push(row_key(&bound.parts, &entry)?.to_vec());
        }
        // Rows are looked up in the order of their keys and given in the order of the index.
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|a, b| keys.get(*a).cmp(&keys.get(*b)));
        let sorted: Vec<&[u8]> =
            order.iter().filter_map(|at| keys.get(*at)).map(Vec::as_slice).collect();
        let rows = self.table.rows.get_many(self.ctx.chunks, &sorted)?;
        let mut found: Vec<Option<Bytes>> = vec![None; keys.len()];
        for (at, row) in order.iter().zip(rows) {
            if let Some(place) = found.get_mut(*at) {
                *place = row;
            }
        }
        for (key, row) in keys.into_iter().zip(found).rev() {
            let Some(row) = row else {
                return Err(Error::Corrupt(format!(
                    "an index of table '{}' names a row that is not there",
                    self.table.table.name()
                )));
            };
            self.batch.push((Bytes::from(Arc::from(key)), row));
        }
        Ok(())
    }
}

/// The row key that stands behind the parts of an index entry.
///
/// # Errors
/// `Corrupt`.
pub(super) fn row_key<'e>(parts: &[(Expr<usize>, bool)], entry: &'e [u8]) -> Result<&'e [u8]> {
    let mut rest = entry;
    for (_, descending) in parts {
        (_, rest) = decode_key(rest, *descending)
            .map_err(|_| Error::Corrupt("an index entry does not read".into()))?;
    }
    Ok(rest)
}

fn note_reads(ctx: &QueryContext<'_>, source: &Source, path: &Path) {
    if ctx.txn.is_none() {
        return;
    }
    match path {
        Path::Keys(keys) => keys.iter().for_each(|k| ctx.note_read(source, KeyRange::exact(k))),
        Path::Table(ranges) => ranges.iter().for_each(|r| ctx.note_read(source, r.clone())),
        // A row that would have been found may come in under any key.
        Path::Index(..) => ctx.note_read(source, KeyRange::all()),
    }
}

fn note_columns(expr: Option<&Expr<usize>>, wanted: &mut [bool]) {
    if let Some(expr) = expr {
        expr.visit_columns(&mut |at| {
            if let Some(place) = wanted.get_mut(*at) {
                *place = true;
            }
        });
    }
}

/// A stored row and its key, for keeping.
pub(super) type Kept = (Arc<[u8]>, Arc<[u8]>);

/// The stored rows that a plan finds, under their keys.
///
/// # Errors
/// A fault; a limit; an error of the filter.
pub(super) fn collect_rows(
    ctx: &QueryContext<'_>,
    source: &Source,
    plan: RowPlan,
    meter: &Meter<'_>,
) -> Result<Vec<Kept>> {
    let table = &source.table.table;
    if let (Path::Keys(keys), None, None) = (plan.path(), plan.filter(), ctx.trace)
        && let [key] = keys.as_slice()
    {
        note_reads(ctx, source, plan.path());
        meter.step()?;
        let Some(stored) = source.table.rows.get(ctx.chunks, key)? else { return Ok(Vec::new()) };
        meter.hold(key.len() + stored.len() + 64)?;
        return Ok(vec![(Arc::from(key.as_slice()), stored.into_arc())]);
    }
    let plan = Arc::new(plan);
    let width = plan.filter().map_or(0, |_| table.def.columns.len());
    let mut wanted = vec![false; width];
    note_columns(plan.filter(), &mut wanted);
    let mut row = vec![Value::Null; wanted.len()];
    let eval = ctx.eval();
    let before = Taken::now(ctx.chunks, ctx.limits);
    let mut walk = Walk::new(ctx, source, plan.clone());
    let mut found = Vec::new();
    while let Some((key, stored)) = walk.next()? {
        meter.step()?;
        if let Some(filter) = plan.filter() {
            table.decode_into(&stored, |at| wanted.get(at) == Some(&true), &mut row)?;
            if !filter.matches(&row, &eval)? {
                continue;
            }
        }
        meter.hold(key.len() + stored.len() + 64)?;
        found.push((key.into_arc(), stored.into_arc()));
    }
    if let Some(trace) = ctx.trace {
        let mut taken = Taken::default();
        taken.add_since(before, ctx.chunks, ctx.limits);
        let (line, rows) = (of_rows(&source.table, &plan), found.len());
        let taken = taken.shown(ctx.limits);
        trace.rows([format!("{line} ({rows} rows in 1 runs, {taken})")]);
    }
    Ok(found)
}
