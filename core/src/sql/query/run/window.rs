//! Window functions: values over the rows around each row.
//!
//! The input is held. For each call rows are sorted by partition and order; what each row's frame is,
//! is found by position (ROWS), by peers (GROUPS) or by the values of the order key (RANGE).
//! Aggregates over frames that only grow take each row in once.

use super::super::plan::{
    FrameBounds, FrameEdge, FrameUnit, RowExpr, SortKey, Window, WindowCall, WindowFunction,
};
use super::sort::compared;
use super::{Frame, Operator};
use crate::error::{Error, Result};
use crate::expr::{Accumulator, AggregateFunction};
use crate::sql::types::same_key;
use crate::value::{ArithOp, SqlType, Value};
use std::ops::Range;

/// Opens window functions.
pub(super) fn open<'f>(frame: Frame<'f>, window: &'f Window) -> Result<Box<dyn Operator + 'f>> {
    let mut rows = frame.collect(&window.input)?;
    let mut results: Vec<Vec<Value>> = Vec::with_capacity(window.calls.len());
    for call in &window.calls {
        let values = of_call(frame, call, &rows)?;
        frame.hold(&values)?;
        results.push(values);
    }
    for (at, row) in rows.iter_mut().enumerate() {
        row.truncate(window.width);
        let values = results.iter_mut().map(|values| match values.get_mut(at) {
            Some(value) => std::mem::replace(value, Value::Null),
            None => Value::Null,
        });
        row.extend(values);
    }
    Ok(Box::new(Rows { rows: rows.into_iter() }))
}

struct Rows {
    rows: std::vec::IntoIter<Vec<Value>>,
}

impl Operator for Rows {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        let Some(next) = self.rows.next() else { return Ok(false) };
        for (place, value) in row.iter_mut().zip(next) {
            *place = value;
        }
        Ok(true)
    }
}

/// A row by its place in the input, with what it is sorted by.
struct Sorted {
    at: usize,
    partition: Vec<u8>,
    keys: Vec<Value>,
}

fn of_call(frame: Frame<'_>, call: &WindowCall, rows: &[Vec<Value>]) -> Result<Vec<Value>> {
    let mut sorted = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        frame.step()?;
        let mut partition = Vec::new();
        for expr in &call.partition {
            same_key(&mut partition, &frame.value(expr, row)?);
        }
        let keys = call.order.iter().map(|key| frame.value(&key.expr, row));
        let keys = keys.collect::<Result<Vec<Value>>>()?;
        frame.hold(&keys)?;
        frame.hold_bytes(partition.len() + 64)?;
        sorted.push(Sorted { at, partition, keys });
    }
    sorted.sort_by(|a, b| {
        a.partition.cmp(&b.partition).then_with(|| compared(&a.keys, &b.keys, &call.order))
    });
    let mut values = vec![Value::Null; rows.len()];
    let mut rest = sorted.as_slice();
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|row| row.partition == first.partition).count();
        let (part, behind) = rest.split_at(same.max(1));
        rest = behind;
        let found =
            Partition { frame, call, rows, part, peers: peers(part, &call.order) }.values()?;
        for (row, value) in part.iter().zip(found) {
            if let Some(place) = values.get_mut(row.at) {
                *place = value;
            }
        }
    }
    Ok(values)
}

/// For each row the range of rows that are equal to it in the order.
fn peers(part: &[Sorted], order: &[SortKey]) -> Vec<Range<usize>> {
    let mut all = Vec::with_capacity(part.len());
    let mut start = 0;
    while let Some(first) = part.get(start) {
        let same = |row: &&Sorted| compared(&row.keys, &first.keys, order).is_eq();
        let count = part.iter().skip(start).take_while(same).count().max(1);
        for _ in 0..count {
            all.push(start..start + count);
        }
        start += count;
    }
    all
}

struct Partition<'p> {
    frame: Frame<'p>,
    call: &'p WindowCall,
    rows: &'p [Vec<Value>],
    part: &'p [Sorted],
    peers: Vec<Range<usize>>,
}

impl Partition<'_> {
    fn row(&self, at: usize) -> &[Value] {
        let row = self.part.get(at).and_then(|sorted| self.rows.get(sorted.at));
        row.map_or(&[], Vec::as_slice)
    }

    fn peers(&self, at: usize) -> Range<usize> {
        self.peers.get(at).cloned().unwrap_or(at..at + 1)
    }

    fn arg(&self, number: usize, at: usize) -> Result<Option<Value>> {
        let arg = self.call.args.get(number);
        arg.map(|arg| self.frame.value(arg, self.row(at))).transpose()
    }

    /// A whole number that an argument gives.
    fn count(&self, number: usize, at: usize, what: &str) -> Result<Option<i64>> {
        let Some(value) = self.arg(number, at)? else { return Ok(None) };
        match value.coerce(&SqlType::BigInt) {
            Ok(Value::Int(n)) => Ok(Some(n)),
            Ok(Value::Null) => Ok(None),
            _ => Err(Error::Sql(format!("{what} must be a whole number"))),
        }
    }

    fn values(&self) -> Result<Vec<Value>> {
        let n = self.part.len();
        let number = |n: usize| Value::integer(n as i128);
        match self.call.function {
            WindowFunction::Aggregate(function) => return self.aggregates(function),
            WindowFunction::FirstValue | WindowFunction::LastValue | WindowFunction::NthValue => {
                return (0..n).map(|at| self.of_frame(at)).collect();
            }
            _ => {}
        }
        let mut values = Vec::with_capacity(n);
        let mut dense = 0;
        for at in 0..n {
            self.frame.step()?;
            let peers = self.peers(at);
            dense += usize::from(peers.start == at);
            values.push(match self.call.function {
                WindowFunction::RowNumber => number(at + 1),
                WindowFunction::Rank => number(peers.start + 1),
                WindowFunction::DenseRank => number(dense),
                WindowFunction::PercentRank if n < 2 => Value::Float(0.0),
                WindowFunction::PercentRank => Value::Float(peers.start as f64 / (n - 1) as f64),
                WindowFunction::CumeDist => Value::Float(peers.end as f64 / n as f64),
                WindowFunction::Ntile => match self.count(0, at, "NTILE's argument")? {
                    Some(tiles) if tiles > 0 => {
                        let tiles = usize::try_from(tiles).unwrap_or(usize::MAX);
                        number(tile(at, n, tiles) + 1)
                    }
                    _ => return Err(Error::Sql("NTILE takes a number above 0".into())),
                },
                WindowFunction::Lag => self.neighbour(at, -1)?,
                _ => self.neighbour(at, 1)?,
            });
        }
        Ok(values)
    }

    /// LAG and LEAD.
    fn neighbour(&self, at: usize, direction: i64) -> Result<Value> {
        let by = match self.call.args.get(1) {
            None => Some(1),
            Some(_) => self.count(1, at, "the distance of LAG and LEAD")?,
        };
        let other = by.and_then(|by| {
            let place = i64::try_from(at).ok()?.checked_add(direction.checked_mul(by)?)?;
            usize::try_from(place).ok().filter(|place| *place < self.part.len())
        });
        match other {
            Some(other) => Ok(self.arg(0, other)?.unwrap_or(Value::Null)),
            None => Ok(self.arg(2, at)?.unwrap_or(Value::Null)),
        }
    }

    fn of_frame(&self, at: usize) -> Result<Value> {
        self.frame.step()?;
        let frame = self.bounds(at)?;
        let place = match self.call.function {
            WindowFunction::FirstValue => Some(frame.start),
            WindowFunction::LastValue => frame.end.checked_sub(1),
            _ => match self.count(1, at, "the place of NTH_VALUE")? {
                Some(n) if n > 0 => {
                    usize::try_from(n - 1).ok().and_then(|n| frame.start.checked_add(n))
                }
                _ => return Err(Error::Sql("NTH_VALUE counts from 1".into())),
            },
        };
        match place.filter(|place| frame.contains(place)) {
            Some(place) => Ok(self.arg(0, place)?.unwrap_or(Value::Null)),
            None => Ok(Value::Null),
        }
    }

    fn aggregates(&self, function: AggregateFunction) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(self.part.len());
        let grows = self.call.bounds.start == FrameEdge::Unbounded;
        let mut accumulator = Accumulator::new(function);
        let mut taken = 0;
        for at in 0..self.part.len() {
            let frame = self.bounds(at)?;
            if !grows || frame.end < taken {
                accumulator = Accumulator::new(function);
                taken = frame.start;
            }
            for other in taken..frame.end {
                self.frame.step()?;
                let row = self.row(other);
                if let Some(filter) = &self.call.filter
                    && !self.frame.holds(filter, row)?
                {
                    continue;
                }
                let args = self.call.args.iter().map(|arg| self.frame.value(arg, row));
                accumulator.add(&args.collect::<Result<Vec<Value>>>()?)?;
            }
            taken = frame.end.max(taken);
            values.push(accumulator.finish()?);
        }
        Ok(values)
    }

    /// The rows that a row's frame holds.
    fn bounds(&self, at: usize) -> Result<Range<usize>> {
        let FrameBounds { unit, start, end } = &self.call.bounds;
        let n = self.part.len();
        let start = match start {
            FrameEdge::Unbounded => 0,
            edge => self.edge(*unit, edge, at, false)?,
        };
        let end = match end {
            FrameEdge::Unbounded => n,
            edge => self.edge(*unit, edge, at, true)?,
        };
        let start = start.min(n);
        Ok(start..end.clamp(start, n))
    }

    /// Where a frame begins, or (`end`) the first row behind it.
    fn edge(&self, unit: FrameUnit, edge: &FrameEdge, at: usize, end: bool) -> Result<usize> {
        let n = self.part.len();
        let (by, back) = match edge {
            FrameEdge::Unbounded => return Ok(if end { n } else { 0 }),
            FrameEdge::Current => {
                return Ok(match (unit, end) {
                    (FrameUnit::Rows, false) => at,
                    (FrameUnit::Rows, true) => at + 1,
                    (_, false) => self.peers(at).start,
                    (_, true) => self.peers(at).end,
                });
            }
            FrameEdge::Before(by) => (by, true),
            FrameEdge::Behind(by) => (by, false),
        };
        if unit == FrameUnit::Range {
            return self.range_edge(by, back, at, end);
        }
        let value = self.frame.value(by, self.row(at))?;
        let distance = match value.coerce(&SqlType::BigInt) {
            Ok(Value::Int(n)) if n >= 0 => usize::try_from(n).unwrap_or(usize::MAX),
            _ => return Err(Error::Sql("a window's distance is a number from 0 on".into())),
        };
        if unit == FrameUnit::Rows {
            let place = match back {
                true => at.checked_sub(distance),
                false => Some(at.saturating_add(distance)),
            };
            return Ok(match (place, end) {
                (Some(place), true) => place.saturating_add(1).min(n),
                (Some(place), false) => place.min(n),
                (None, _) => 0,
            });
        }
        let mut group = self.peers(at);
        for _ in 0..distance {
            let next = match back {
                true => group.start.checked_sub(1),
                false => Some(group.end).filter(|end| *end < n),
            };
            match next {
                Some(next) => group = self.peers(next),
                None if back => return Ok(0),
                None => return Ok(n),
            }
        }
        Ok(if end { group.end } else { group.start })
    }

    /// By the value of the only order key.
    fn range_edge(&self, by: &RowExpr, back: bool, at: usize, end: bool) -> Result<usize> {
        let (Some(key), Some(row)) = (self.call.order.first(), self.part.get(at)) else {
            return Err(Error::Internal("RANGE without a key".into()));
        };
        let value = row.keys.first().cloned().unwrap_or(Value::Null);
        if value.is_null() {
            let peers = self.peers(at);
            return Ok(if end { peers.end } else { peers.start });
        }
        let distance = self.frame.value(by, self.row(at))?;
        let negative = match &distance {
            Value::Interval { .. } => false,
            other => other.compare(&Value::Int(0))?.is_none_or(|order| order.is_lt()),
        };
        if negative {
            return Err(Error::Sql("a window's distance cannot be negative or NULL".into()));
        }
        let op = if back != key.descending { ArithOp::Sub } else { ArithOp::Add };
        let limit = [value.arith(op, &distance)?];
        // NULL is no distance away from anything: rows with it are never inside.
        let before = |other: &Sorted| {
            let order = compared(&other.keys, &limit, std::slice::from_ref(key));
            if end { order.is_le() } else { order.is_lt() }
        };
        let place = self.part.partition_point(before);
        let is_null = |row: &&Sorted| row.keys.first().is_none_or(Value::is_null);
        let nulls_before = self.part.iter().take_while(is_null).count();
        let nulls_behind = self.part.iter().rev().take_while(is_null).count();
        Ok(match nulls_before > 0 {
            true => place.max(nulls_before),
            false => place.min(self.part.len() - nulls_behind),
        })
    }
}

/// The tile of a row, counted from 0: the first tiles are one row larger where it does not go even.
fn tile(at: usize, rows: usize, tiles: usize) -> usize {
    let (size, larger) = (rows / tiles, rows % tiles);
    let in_larger = larger * (size + 1);
    match at < in_larger {
        true => at / (size + 1),
        false => larger + (at - in_larger) / size.max(1),
    }
}
