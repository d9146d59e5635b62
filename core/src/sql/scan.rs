//! Walking an access path.

use super::access::{Path, RowPlan};
use super::context::{QueryContext, Source};
use super::meter::Meter;
use super::select::{JoinRows, Plan};
use crate::error::{Error, Result};
use crate::expr::{EvalContext, Expr};
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
    path: &'w Path,
    reverse: bool,
    /// How many ranges, or keys, have been begun.
    begun: usize,
    cursor: Option<ViewCursor<'w>>,
    /// Rows that were looked up and not yet given, the next one last.
    batch: Vec<Stored>,
}

impl<'w> Walk<'w> {
    /// A walk before the first row of a path.
    pub fn new(ctx: &'w QueryContext<'w>, source: &'w Source, plan: &'w RowPlan) -> Self {
        note_reads(ctx, source, plan.path());
        Walk {
            ctx,
            table: &source.table,
            path: plan.path(),
            reverse: plan.is_reverse(),
            begun: 0,
            cursor: None,
            batch: Vec::new(),
        }
    }

    /// The next stored row.
    pub fn next(&mut self) -> Result<Option<Stored>> {
        match self.path {
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
        if let (Path::Table(_), Some(cursor)) = (self.path, &mut self.cursor)
            && let Some((_, row)) = cursor.next_in_place()?
        {
            return read(row).map(Some);
        }
        self.next()?.map(|(_, row)| read(&row)).transpose()
    }

    /// The next pair of a view's ranges.
    fn next_of(&mut self, view: &'w View, ranges: &'w [KeyRange]) -> Result<Option<Stored>> {
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

    fn look_up(&mut self, keys: &'w [Vec<u8>]) -> Result<()> {
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

    fn look_up_entries(&mut self, index: usize, ranges: &'w [KeyRange]) -> Result<()> {
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

/// Rows that a plan finds, decoded as far as the plan reads them.
pub(super) struct Rows<'r> {
    walk: Option<Walk<'r>>,
    join: Option<JoinRows<'r>>,
    filter: Option<&'r Expr<usize>>,
    wanted: Vec<bool>,
    decodes: bool,
    row: Vec<Value>,
    /// Without a table there is one row.
    single: bool,
}

impl<'r> Rows<'r> {
    /// Rows for a plan's items, groups and order.
    pub fn open(ctx: &'r QueryContext<'r>, plan: &'r Plan) -> Result<Self> {
        let width = width_of(plan);
        Self::with(ctx, plan, plan.columns(width))
    }

    /// Rows for counting: only what the filter reads is decoded.
    pub fn open_for_count(ctx: &'r QueryContext<'r>, plan: &'r Plan) -> Result<Self> {
        let mut wanted = vec![false; width_of(plan)];
        note_columns(plan.rows.filter(), &mut wanted);
        Self::with(ctx, plan, wanted)
    }

    fn with(ctx: &'r QueryContext<'r>, plan: &'r Plan, wanted: Vec<bool>) -> Result<Self> {
        let walk = plan.source.as_ref().map(|source| Walk::new(ctx, source, &plan.rows));
        let join = plan.join.as_ref().map(|join| JoinRows::open(ctx, plan, join));
        Ok(Rows {
            single: walk.is_none() && join.is_none(),
            walk,
            join,
            filter: plan.rows.filter(),
            decodes: wanted.contains(&true),
            row: vec![Value::Null; wanted.len()],
            wanted,
        })
    }

    /// The next row; columns that the plan does not read are NULL.
    ///
    /// # Errors
    /// A fault; `Timeout`; an error of the filter.
    pub fn next(
        &mut self,
        eval: &EvalContext<'_>,
        meter: &mut Meter<'_>,
    ) -> Result<Option<&[Value]>> {
        loop {
            meter.step()?;
            if let Some(join) = &mut self.join {
                if !join.next(&mut self.row, eval, meter)? {
                    return Ok(None);
                }
                break;
            }
            match &mut self.walk {
                None if !std::mem::take(&mut self.single) => return Ok(None),
                None => {}
                Some(walk) => {
                    let (wanted, decodes, row) = (&self.wanted, self.decodes, &mut self.row);
                    let table = &walk.table.table;
                    let read = walk.read_next(|stored| match decodes {
                        false => Ok(()),
                        true => table.decode_into(stored, |at| wanted.get(at) == Some(&true), row),
                    })?;
                    if read.is_none() {
                        return Ok(None);
                    }
                }
            }
            let passes = match self.filter {
                None => true,
                Some(filter) => filter.matches(&self.row, eval)?,
            };
            if passes {
                break;
            }
        }
        Ok(Some(&self.row))
    }
}

/// How many columns the rows of a plan have.
fn width_of(plan: &Plan) -> usize {
    match (&plan.source, &plan.join) {
        (Some(source), _) => source.table.table.def.columns.len(),
        (None, Some(join)) => join.width(),
        (None, None) => 0,
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
    plan: &RowPlan,
    meter: &mut Meter<'_>,
) -> Result<Vec<Kept>> {
    let table = &source.table.table;
    let mut wanted = vec![false; table.def.columns.len()];
    note_columns(plan.filter(), &mut wanted);
    let mut row = vec![Value::Null; wanted.len()];
    let eval = ctx.eval();
    let mut walk = Walk::new(ctx, source, plan);
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
    Ok(found)
}
