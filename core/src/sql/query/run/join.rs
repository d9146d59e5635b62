//! Joins.
//!
//! Both sides fill their own places of one row. The right side is held (by the hash of its keys, or
//! whole), or its rows are looked up in a table. Lookups are made for many left rows together, more
//! with each round, so that chunks are asked for together and a LIMIT still stops early.

use super::super::plan::{Join, JoinKind, Method, Node, RowExpr, Scan};
use super::scan::{chosen, rows};
use super::{Frame, Operator};
use crate::error::{Error, Result};
use crate::expr::{CompareOp, Expr};
use crate::sql::types::same_key;
use crate::value::{Value, encode_key};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// Left rows whose matches are looked up together, at most.
const BATCH_MAX: usize = 256;
/// What no row stands behind.
const END: u32 = u32::MAX;

/// Opens a join.
pub(super) fn open<'f>(frame: Frame<'f>, join: &'f Join) -> Result<Box<dyn Operator + 'f>> {
    if join.method == Method::Lookup
        && let Node::Place { first, input, .. } = &join.right
        && let Node::Scan(scan) = input.as_ref()
    {
        return Lookup::open(frame, join, *first, scan);
    }
    let left = frame.open(&join.left)?;
    let width = join.types.len();
    Ok(Box::new(HeldJoin {
        frame,
        join,
        left,
        right: None,
        width,
        matched: false,
        on_left: false,
        next: Next::None,
        unmatched: None,
        key: Vec::new(),
    }))
}

/// The bytes of one side of the equalities; `false` where one is NULL and nothing can match.
fn join_key<'e>(
    frame: Frame<'_>,
    key: &mut Vec<u8>,
    exprs: impl Iterator<Item = &'e RowExpr>,
    row: &[Value],
) -> Result<bool> {
    key.clear();
    for expr in exprs {
        match expr {
            Expr::Column(at) if row.get(*at).is_some() => {
                let Some(value) = row.get(*at).filter(|value| !value.is_null()) else {
                    return Ok(false);
                };
                same_key(key, value);
            }
            expr => {
                let value = frame.value(expr, row)?;
                if value.is_null() {
                    return Ok(false);
                }
                same_key(key, &value);
            }
        }
    }
    Ok(true)
}

/// The rows of the right side.
struct Right {
    /// The values of its places, row after row.
    values: Vec<Value>,
    width: usize,
    count: usize,
    /// The first row of each key, and the next of the same.
    first: HashMap<Vec<u8>, u32>,
    after: Vec<u32>,
    /// Which rows had a match, where that matters.
    matched: Vec<bool>,
}

impl Right {
    fn put(&self, at: usize, slots: &[usize], row: &mut [Value]) {
        let held = self.values.get(at * self.width..(at + 1) * self.width).unwrap_or_default();
        for (slot, value) in slots.iter().zip(held) {
            if let Some(place) = row.get_mut(*slot) {
                place.clone_from(value);
            }
        }
    }
}

/// Which row of the right side is tried next.
#[derive(Clone, Copy)]
enum Next {
    None,
    All(usize),
    Chain(u32),
}

struct HeldJoin<'f> {
    frame: Frame<'f>,
    join: &'f Join,
    left: Box<dyn Operator + 'f>,
    right: Option<Right>,
    width: usize,
    matched: bool,
    on_left: bool,
    next: Next,
    /// The next row of the right side that may have had no match, once the left side is through.
    unmatched: Option<usize>,
    key: Vec<u8>,
}

impl HeldJoin<'_> {
    fn read_right(&mut self) -> Result<Right> {
        let (frame, join) = (self.frame, self.join);
        let slots = &join.right_slots;
        let mut right = Right {
            values: Vec::new(),
            width: slots.len(),
            count: 0,
            first: HashMap::new(),
            after: Vec::new(),
            matched: Vec::new(),
        };
        let mut last: HashMap<Vec<u8>, u32> = HashMap::new();
        let keeps = matches!(join.kind, JoinKind::Right | JoinKind::Full);
        let mut input = frame.open(&join.right)?;
        let mut row = vec![Value::Null; self.width];
        let mut key = Vec::new();
        while input.next(&mut row)? {
            let known = match join.method {
                Method::Hash => {
                    join_key(frame, &mut key, join.keys.iter().map(|(_, own)| own), &row)?
                }
                _ => true,
            };
            if !known && !keeps {
                continue;
            }
            let number = u32::try_from(right.count).ok().filter(|n| *n != END);
            let number = number.ok_or_else(|| Error::Limit("a join holds too many rows".into()))?;
            let mut bytes = 16;
            for slot in slots {
                let value = row.get(*slot).cloned().unwrap_or(Value::Null);
                bytes += value.size_bytes();
                right.values.push(value);
            }
            right.count += 1;
            if join.method == Method::Hash {
                right.after.push(END);
                if known {
                    match last.get_mut(&key) {
                        Some(before) => {
                            if let Some(place) = right.after.get_mut(*before as usize) {
                                *place = number;
                            }
                            *before = number;
                        }
                        None => {
                            bytes += 2 * key.len() + 96;
                            right.first.insert(key.clone(), number);
                            last.insert(key.clone(), number);
                        }
                    }
                }
            }
            frame.hold_bytes(bytes)?;
        }
        if keeps {
            right.matched = vec![false; right.count];
        }
        Ok(right)
    }

    fn first_match(&mut self, row: &[Value]) -> Result<Next> {
        let Some(right) = &self.right else { return Ok(Next::None) };
        match self.join.method {
            Method::Hash => {
                let keys = self.join.keys.iter().map(|(own, _)| own);
                let known = join_key(self.frame, &mut self.key, keys, row)?;
                let first = known.then(|| right.first.get(&self.key)).flatten();
                Ok(first.map_or(Next::None, |first| Next::Chain(*first)))
            }
            _ => Ok(Next::All(0)),
        }
    }

    /// The row of the right side that is tried now.
    fn advance(&mut self) -> Option<usize> {
        let right = self.right.as_ref()?;
        let (at, next) = match self.next {
            Next::None => return None,
            Next::All(at) => (at < right.count).then_some((at, Next::All(at + 1)))?,
            Next::Chain(at) => {
                let next = *right.after.get(at as usize)?;
                (at as usize, if next == END { Next::None } else { Next::Chain(next) })
            }
        };
        self.next = next;
        Some(at)
    }

    fn clear(slots: &[usize], row: &mut [Value]) {
        for slot in slots {
            if let Some(place) = row.get_mut(*slot) {
                *place = Value::Null;
            }
        }
    }
}

impl Operator for HeldJoin<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        if self.right.is_none() {
            self.right = Some(self.read_right()?);
        }
        let join = self.join;
        if let Some(at) = self.unmatched {
            let Some(right) = &self.right else { return Ok(false) };
            let rest = right.matched.iter().enumerate().skip(at);
            let Some((at, _)) = rest.into_iter().find(|(_, matched)| !**matched) else {
                return Ok(false);
            };
            Self::clear(&join.left_slots, row);
            right.put(at, &join.right_slots, row);
            self.unmatched = Some(at + 1);
            return Ok(true);
        }
        loop {
            while let Some(at) = self.advance() {
                self.frame.step()?;
                if let Some(right) = &self.right {
                    right.put(at, &join.right_slots, row);
                }
                if !self.frame.all_hold(&join.on, row)? {
                    continue;
                }
                self.matched = true;
                if let Some(place) = self.right.as_mut().and_then(|r| r.matched.get_mut(at)) {
                    *place = true;
                }
                return Ok(true);
            }
            if std::mem::take(&mut self.on_left)
                && !self.matched
                && matches!(join.kind, JoinKind::Left | JoinKind::Full)
            {
                Self::clear(&join.right_slots, row);
                return Ok(true);
            }
            if !self.left.next(row)? {
                if !matches!(join.kind, JoinKind::Right | JoinKind::Full) {
                    return Ok(false);
                }
                self.unmatched = Some(0);
                return self.next(row);
            }
            (self.on_left, self.matched) = (true, false);
            self.next = self.first_match(row)?;
        }
    }
}

/// A left row and its matches.
struct Found {
    left: Vec<Value>,
    matches: Vec<Arc<[Value]>>,
}

/// Looks the matches of left rows up in a table.
struct Lookup<'f> {
    frame: Frame<'f>,
    join: &'f Join,
    left: Box<dyn Operator + 'f>,
    scan: &'f Scan,
    first: usize,
    /// What the table's own columns, or expressions over them, must equal.
    keys: Vec<(RowExpr, RowExpr)>,
    /// For each part of the primary key, which of the keys names it; if all do.
    by_key: Option<Vec<usize>>,
    batch: usize,
    found: std::collections::VecDeque<Found>,
    at: usize,
    matched: bool,
    done: bool,
}

impl<'f> Lookup<'f> {
    fn open(
        frame: Frame<'f>,
        join: &'f Join,
        first: usize,
        scan: &'f Scan,
    ) -> Result<Box<dyn Operator + 'f>> {
        let keys: Vec<(RowExpr, RowExpr)> = join
            .keys
            .iter()
            .map(|(left, own)| {
                let own = super::super::place::moved(own, &mut |at| at.saturating_sub(first));
                (left.clone(), own)
            })
            .collect();
        let key = scan.source.table.table.key();
        let parts = key
            .iter()
            .map(|(column, _)| keys.iter().position(|(_, own)| *own == Expr::Column(*column)));
        let by_key = parts.collect::<Option<Vec<usize>>>();
        let by_key = by_key.filter(|parts| !parts.is_empty());
        Ok(Box::new(Lookup {
            frame,
            join,
            left: frame.open(&join.left)?,
            scan,
            first,
            keys,
            by_key,
            batch: 1,
            found: Default::default(),
            at: 0,
            matched: false,
            done: false,
        }))
    }

    fn fill(&mut self, row: &mut [Value]) -> Result<()> {
        let mut batch: Vec<Vec<Value>> = Vec::with_capacity(self.batch);
        let mut asked: Vec<Vec<Value>> = Vec::with_capacity(self.batch);
        while batch.len() < self.batch {
            if !self.left.next(row)? {
                self.done = true;
                break;
            }
            let values = self.keys.iter().map(|(left, _)| self.frame.value(left, row));
            asked.push(values.collect::<Result<_>>()?);
            let slots = self.join.left_slots.iter();
            batch.push(slots.map(|at| row.get(*at).cloned().unwrap_or(Value::Null)).collect());
        }
        self.batch = (self.batch * 4).min(BATCH_MAX);
        let matches = match &self.by_key {
            Some(parts) => self.by_primary_key(parts, &asked)?,
            None => asked.iter().map(|values| self.by_path(values)).collect::<Result<_>>()?,
        };
        let found = batch.into_iter().zip(matches);
        self.found = found.map(|(left, matches)| Found { left, matches }).collect();
        Ok(())
    }

    fn by_primary_key(
        &self,
        parts: &[usize],
        asked: &[Vec<Value>],
    ) -> Result<Vec<Vec<Arc<[Value]>>>> {
        let (source, table) = (&self.scan.source, &self.scan.source.table.table);
        let mut keys: Vec<Option<Vec<u8>>> = Vec::with_capacity(asked.len());
        for values in asked {
            let mut key = Some(Vec::new());
            for ((column, descending), part) in table.key().iter().zip(parts) {
                let value = values.get(*part).cloned().unwrap_or(Value::Null);
                let def = table.def.columns.get(*column);
                // A value that the column cannot hold is no row's key.
                let stored = def.and_then(|def| value.coerce(&def.ty).ok());
                match (stored.filter(|value| !value.is_null()), &mut key) {
                    (Some(value), Some(key)) => encode_key(key, &value, *descending),
                    _ => key = None,
                }
            }
            keys.push(key);
        }
        let mut order: Vec<usize> = (0..keys.len()).filter(|at| has(&keys, *at)).collect();
        order.sort_by(|a, b| keys.get(*a).cmp(&keys.get(*b)));
        let mut sorted: Vec<&[u8]> =
            order.iter().filter_map(|at| keys.get(*at)?.as_deref()).collect();
        sorted.dedup();
        let ctx = self.frame.rt.ctx;
        for key in &sorted {
            ctx.note_read(source, crate::tree::KeyRange::exact(key));
        }
        let stored = source.table.rows.get_many(ctx.chunks, &sorted)?;
        let mut rows: HashMap<&[u8], Arc<[Value]>> = HashMap::with_capacity(sorted.len());
        for (key, stored) in sorted.iter().zip(stored) {
            let Some(stored) = stored else { continue };
            self.frame.step()?;
            let mut part = vec![Value::Null; self.scan.wanted.len()];
            let wanted = &self.scan.wanted;
            table.decode_into(&stored, |at| wanted.get(at) == Some(&true), &mut part)?;
            if let Some(place) = part.last_mut().filter(|_| wanted.last() == Some(&true)) {
                *place = Value::Blob(Arc::from(*key));
            }
            if let Some(filter) = &self.scan.filter
                && !self.frame.holds(filter, &part)?
            {
                continue;
            }
            rows.insert(key, part.into());
        }
        let mut all = Vec::with_capacity(asked.len());
        for (key, values) in keys.iter().zip(asked) {
            let mut matches = Vec::new();
            if let Some(part) = key.as_ref().and_then(|key| rows.get(key.as_slice())) {
                // The key was made from coerced values: the equalities are asked as written.
                let mut equal = true;
                for (value, (_, own)) in values.iter().zip(&self.keys) {
                    let own = self.frame.value(own, part)?;
                    equal = equal && value.compare(&own)? == Some(Ordering::Equal);
                }
                if equal {
                    matches.push(part.clone());
                }
            }
            all.push(matches);
        }
        Ok(all)
    }

    fn by_path(&self, values: &[Value]) -> Result<Vec<Arc<[Value]>>> {
        let mut matches = Vec::new();
        if values.iter().any(Value::is_null) {
            return Ok(matches);
        }
        let equal = self.keys.iter().zip(values).map(|((_, own), value)| {
            own.clone().compare(CompareOp::Eq, Expr::Literal(value.clone()))
        });
        let more = equal.reduce(Expr::and);
        let plan = Arc::new(chosen(self.frame, self.scan, more)?);
        let mut input = rows(self.frame, self.scan, plan)?;
        let mut part = vec![Value::Null; self.scan.wanted.len()];
        while input.next(&mut part)? {
            matches.push(Arc::from(part.as_slice()));
        }
        Ok(matches)
    }
}

fn has(keys: &[Option<Vec<u8>>], at: usize) -> bool {
    keys.get(at).is_some_and(Option::is_some)
}

impl Operator for Lookup<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        loop {
            let Some(found) = self.found.front() else {
                if self.done {
                    return Ok(false);
                }
                self.fill(row)?;
                continue;
            };
            if self.at == 0 {
                self.matched = false;
            }
            // Nothing else writes to these places while the left row lasts, but `fill` has.
            for (slot, value) in self.join.left_slots.iter().zip(&found.left) {
                if let Some(place) = row.get_mut(*slot) {
                    place.clone_from(value);
                }
            }
            while let Some(part) = found.matches.get(self.at) {
                self.at += 1;
                for (place, value) in row.iter_mut().skip(self.first).zip(part.iter()) {
                    place.clone_from(value);
                }
                if self.frame.all_hold(&self.join.on, row)? {
                    self.matched = true;
                    return Ok(true);
                }
            }
            self.found.pop_front();
            self.at = 0;
            if !self.matched && self.join.kind == JoinKind::Left {
                HeldJoin::clear(&self.join.right_slots, row);
                return Ok(true);
            }
        }
    }
}
