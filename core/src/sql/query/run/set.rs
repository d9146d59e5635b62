//! DISTINCT, UNION, INTERSECT and EXCEPT: rows that are equal.

use super::super::plan::{Node, RowExpr};
use super::{Frame, Operator};
use crate::error::Result;
use crate::sql::types::same_key;
use crate::value::Value;
use std::collections::{HashMap, HashSet};

fn bytes_of(row: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(row.len() * 10);
    row.iter().for_each(|value| same_key(&mut bytes, value));
    bytes
}

/// Opens DISTINCT.
pub(super) fn distinct<'f>(
    frame: Frame<'f>,
    input: &'f Node,
    by: Option<&'f [RowExpr]>,
    visible: usize,
) -> Result<Box<dyn Operator + 'f>> {
    let input = frame.open(input)?;
    Ok(Box::new(Distinct { frame, input, by, visible, seen: HashSet::new() }))
}

struct Distinct<'f> {
    frame: Frame<'f>,
    input: Box<dyn Operator + 'f>,
    by: Option<&'f [RowExpr]>,
    visible: usize,
    seen: HashSet<Vec<u8>>,
}

impl Operator for Distinct<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        while self.input.next(row)? {
            let key = match self.by {
                None => bytes_of(row.get(..self.visible).unwrap_or(row)),
                Some(by) => {
                    let values = by.iter().map(|expr| self.frame.value(expr, row));
                    bytes_of(&values.collect::<Result<Vec<_>>>()?)
                }
            };
            self.frame.hold_bytes(key.len() + 48)?;
            if self.seen.insert(key) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// One input after the other.
pub(super) struct Append<'f> {
    pub frame: Frame<'f>,
    pub inputs: std::slice::Iter<'f, Node>,
    pub open: Option<Box<dyn Operator + 'f>>,
}

impl Operator for Append<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        loop {
            if let Some(open) = &mut self.open {
                if open.next(row)? {
                    return Ok(true);
                }
                self.open = None;
            }
            match self.inputs.next() {
                None => return Ok(false),
                Some(input) => self.open = Some(self.frame.open(input)?),
            }
        }
    }
}

/// Opens INTERSECT or EXCEPT.
pub(super) fn compare<'f>(
    frame: Frame<'f>,
    left: &'f Node,
    right: &'f Node,
    keep_common: bool,
    all: bool,
) -> Result<Box<dyn Operator + 'f>> {
    let left = frame.open(left)?;
    Ok(Box::new(Compare { frame, left, right, there: None, keep_common, all }))
}

struct Compare<'f> {
    frame: Frame<'f>,
    left: Box<dyn Operator + 'f>,
    right: &'f Node,
    /// How often each row of the right side is there.
    there: Option<HashMap<Vec<u8>, u64>>,
    keep_common: bool,
    all: bool,
}

impl Operator for Compare<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        let mut there = match self.there.take() {
            Some(there) => there,
            None => {
                let mut there: HashMap<Vec<u8>, u64> = HashMap::new();
                let mut right = self.frame.open(self.right)?;
                let mut row = vec![Value::Null; self.right.width()];
                while right.next(&mut row)? {
                    let key = bytes_of(&row);
                    self.frame.hold_bytes(key.len() + 56)?;
                    *there.entry(key).or_default() += 1;
                }
                there
            }
        };
        let mut found = false;
        while !found && self.left.next(row)? {
            let key = bytes_of(row);
            let count = there.get_mut(&key);
            found = match (self.all, self.keep_common, count) {
                // Counted: each on the right is used up by one on the left.
                (true, common, Some(count)) if *count > 0 => {
                    *count -= 1;
                    common
                }
                (true, common, _) => !common,
                // Once: what has been given is as good as not there, or as good as there.
                (false, true, Some(count)) => std::mem::take(count) > 0,
                (false, true, None) => false,
                (false, false, Some(_)) => false,
                (false, false, None) => {
                    self.frame.hold_bytes(key.len() + 56)?;
                    there.insert(key, 1);
                    true
                }
            };
        }
        self.there = Some(there);
        Ok(found)
    }
}
