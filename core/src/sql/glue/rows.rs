//! Rows, and reading them a batch at a time.
//!
//! GlueSQL's iterators live beside the storage that it calls again meanwhile, so that they own what
//! they read from: a table's state is a value. Batches grow, so that LIMIT 1 reads little.
//!
//! A row that GlueSQL wrote may have one value more than its layout has columns: the nanoseconds that
//! its times have beyond their microseconds, as a list of `position * 1000 + nanoseconds`. Readers
//! stop at the layout's columns, so that only GlueSQL sees it, and a row that another layer writes, or
//! that is rewritten under another key, is without.

use super::keys::glue_key;
use super::values::{from_glue, to_glue};
use crate::chunk::Chunks;
use crate::error::{Error, Result};
use crate::row::{Row, Table, TableState};
use crate::sql::scan::row_key;
use crate::tree::{Bytes, KeyRange};
use crate::value::{RowReader, Value};
use gluesql_core::chrono::{Duration, Timelike};
use gluesql_core::data::Key;
use gluesql_core::prelude::Value as GlueValue;
use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

const BATCH_FIRST: usize = 16;
const BATCH_MAX: usize = 512;
/// Nanoseconds in a microsecond.
const NANOS: i64 = 1000;

/// A stored row under its key.
type Stored = (Bytes, Bytes);

/// The stored rows of a table in ranges of its keys, or of an index.
pub(super) struct Scan {
    state: Arc<TableState>,
    chunks: Arc<Chunks>,
    /// Which index the ranges are of; `None`: the rows themselves.
    index: Option<usize>,
    reverse: bool,
    /// What is still to be read, the next range first.
    ranges: VecDeque<KeyRange>,
    batch: VecDeque<Stored>,
    batch_len: usize,
}

impl Scan {
    /// All rows in the order of their keys.
    pub fn rows(state: Arc<TableState>, chunks: Arc<Chunks>) -> Self {
        Self::new(state, chunks, None, [KeyRange::all()].into(), false)
    }

    /// The rows that entries of an index name, range by range; each range from its end where
    /// `reverse` is set.
    pub fn index(
        state: Arc<TableState>,
        chunks: Arc<Chunks>,
        index: usize,
        ranges: VecDeque<KeyRange>,
        reverse: bool,
    ) -> Self {
        Self::new(state, chunks, Some(index), ranges, reverse)
    }

    fn new(
        state: Arc<TableState>,
        chunks: Arc<Chunks>,
        index: Option<usize>,
        ranges: VecDeque<KeyRange>,
        reverse: bool,
    ) -> Self {
        let (batch, batch_len) = (VecDeque::new(), BATCH_FIRST);
        Scan { state, chunks, index, reverse, ranges, batch, batch_len }
    }

    fn fill(&mut self) -> Result<()> {
        while self.batch.is_empty() {
            let Some(range) = self.ranges.front_mut() else { return Ok(()) };
            let view = match self.index {
                None => Some(&self.state.rows),
                Some(index) => self.state.indexes.get(index),
            };
            let view = view.ok_or_else(|| Error::Internal("a scan of no index".into()))?;
            let mut cursor = view.cursor(&self.chunks, range, self.reverse)?;
            let mut pairs = Vec::new();
            while pairs.len() < self.batch_len {
                let Some(pair) = cursor.next()? else { break };
                pairs.push(pair);
            }
            drop(cursor);
            match pairs.last() {
                Some((key, _)) if pairs.len() == self.batch_len => {
                    let next = Bound::Excluded(key.to_vec());
                    match self.reverse {
                        false => range.lower = next,
                        true => range.upper = next,
                    }
                }
                _ => drop(self.ranges.pop_front()),
            }
            self.batch_len = (self.batch_len * 2).min(BATCH_MAX);
            self.batch = match self.index {
                None => pairs.into(),
                Some(index) => self.look_up(index, &pairs)?,
            };
        }
        Ok(())
    }

    /// The rows that index entries name, in the order of the entries.
    fn look_up(&self, index: usize, entries: &[Stored]) -> Result<VecDeque<Stored>> {
        let table = &self.state.table;
        let Some(bound) = table.indexes().get(index) else { return Ok(VecDeque::new()) };
        let mut keys: Vec<(usize, &[u8])> = Vec::with_capacity(entries.len());
        for (at, (entry, _)) in entries.iter().enumerate() {
            keys.push((at, row_key(&bound.parts, entry)?));
        }
        keys.sort_by(|a, b| a.1.cmp(b.1));
        let sorted: Vec<&[u8]> = keys.iter().map(|(_, key)| *key).collect();
        let rows = self.state.rows.get_many(&self.chunks, &sorted)?;
        let mut found = Vec::with_capacity(keys.len());
        for ((at, key), row) in keys.into_iter().zip(rows) {
            let Some(row) = row else {
                return Err(Error::Corrupt(format!(
                    "an index of table '{}' names a row that is not there",
                    table.name()
                )));
            };
            found.push((at, (Bytes::from(Arc::from(key)), row)));
        }
        found.sort_by_key(|(at, _)| *at);
        Ok(found.into_iter().map(|(_, row)| row).collect())
    }

    /// The next stored row. After an error there is none.
    pub fn next_stored(&mut self) -> Result<Option<Stored>> {
        if self.batch.is_empty()
            && let Err(error) = self.fill()
        {
            self.ranges.clear();
            return Err(error);
        }
        Ok(self.batch.pop_front())
    }

    /// The next row as GlueSQL has it.
    pub fn next_row(&mut self) -> Result<Option<(Key, Vec<GlueValue>)>> {
        let Some((key, row)) = self.next_stored()? else { return Ok(None) };
        let table = &self.state.table;
        let row = glue_row(table, &row)?;
        Ok(Some((glue_key(table, &key, &row), row)))
    }
}

/// A stored row as GlueSQL has it.
pub(super) fn glue_row(table: &Table, stored: &[u8]) -> Result<Vec<GlueValue>> {
    let columns = &table.def.columns;
    let row = table.decode(stored)?;
    let values = row.iter().zip(columns).map(|(value, column)| to_glue(value, &column.ty));
    let mut values: Vec<GlueValue> = values.collect::<Result<_>>()?;
    if !values.iter().any(|v| matches!(v, GlueValue::Timestamp(_) | GlueValue::Time(_))) {
        return Ok(values);
    }
    let reader = RowReader::new(stored)?;
    let Some(layout) = table.def.layouts.get(&reader.layout()) else { return Ok(values) };
    let Some(Value::List(beyond)) = reader.get(layout.len())? else { return Ok(values) };
    for item in beyond.iter() {
        let Value::Int(item) = item else { continue };
        let id = usize::try_from(item / NANOS).ok().and_then(|at| layout.get(at));
        let nanos = Duration::nanoseconds(item % NANOS);
        let place = id.and_then(|id| table.def.position_of(*id)).and_then(|at| values.get_mut(at));
        match place {
            Some(GlueValue::Timestamp(at)) => *at = at.checked_add_signed(nanos).unwrap_or(*at),
            Some(GlueValue::Time(at)) => *at += nanos,
            _ => {}
        }
    }
    Ok(values)
}

/// A row of GlueSQL's as it is stored.
///
/// # Errors
/// `Invalid` for too few or too many values; `Value` for one that does not fit.
pub(super) fn stored_row(table: &Table, row: &[GlueValue]) -> Result<Row> {
    let columns = &table.def.columns;
    if row.len() != columns.len() {
        return Err(Error::Invalid(format!(
            "a row of table '{}' has {} values, not {}",
            table.name(),
            columns.len(),
            row.len()
        )));
    }
    let stored = row.iter().zip(columns).map(|(value, column)| from_glue(value, &column.ty));
    let mut stored: Row = stored.collect::<Result<_>>()?;
    let nanos = |value: &GlueValue| match value {
        GlueValue::Timestamp(at) => i64::from(at.nanosecond()) % NANOS,
        GlueValue::Time(at) => i64::from(at.nanosecond()) % NANOS,
        _ => 0,
    };
    let beyond = (0..).zip(row).filter(|(_, value)| nanos(value) > 0);
    let beyond: Vec<Value> =
        beyond.map(|(at, value): (i64, _)| Value::Int(at * NANOS + nanos(value))).collect();
    if !beyond.is_empty() {
        stored.push(Value::list(beyond)?);
    }
    Ok(stored)
}
