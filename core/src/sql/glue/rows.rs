//! Rows read a batch at a time.
//!
//! GlueSQL's iterators live beside the storage that it calls again meanwhile, so that they own what
//! they read from: a table's state is a value. Batches grow, so that LIMIT 1 reads little.

use super::keys::glue_key;
use super::values::to_glue;
use crate::chunk::Chunks;
use crate::error::{Error, Result};
use crate::row::{Table, TableState};
use crate::sql::scan::row_key;
use crate::tree::{Bytes, KeyRange};
use gluesql_core::data::Key;
use gluesql_core::prelude::Value as GlueValue;
use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

const BATCH_FIRST: usize = 16;
const BATCH_MAX: usize = 512;

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
    let row = table.decode(stored)?;
    row.iter().zip(&table.def.columns).map(|(value, column)| to_glue(value, &column.ty)).collect()
}
