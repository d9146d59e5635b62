//! ORDER BY, LIMIT and OFFSET.

use super::super::plan::{Node, RowExpr, SortKey};
use super::{Frame, Operator};
use crate::error::Result;
use crate::value::Value;
use std::cmp::Ordering;

/// Sorts rows by the keys that stand before them; equal ones keep their order.
pub(super) fn by_keys<T>(rows: &mut [(Vec<Value>, T)], keys: &[SortKey]) {
    rows.sort_by(|(a, _), (b, _)| compared(a, b, keys));
}

/// The order of two rows of keys.
pub(super) fn compared(a: &[Value], b: &[Value], keys: &[SortKey]) -> Ordering {
    let pairs = keys.iter().zip(a.iter().zip(b));
    let mut orders = pairs.map(|(key, (a, b))| key.compare(a, b));
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// How many rows LIMIT and OFFSET keep and leave out. Negative means none, as in SQLite.
pub(super) fn cut(
    frame: Frame<'_>,
    limit: Option<&RowExpr>,
    offset: Option<&RowExpr>,
) -> Result<(Option<u64>, u64)> {
    let limit = limit.map(|limit| frame.number(limit, "LIMIT")).transpose()?.flatten();
    let offset = offset.map(|offset| frame.number(offset, "OFFSET")).transpose()?.flatten();
    let offset = offset.map_or(0, |n| u64::try_from(n).unwrap_or(0));
    Ok((limit.and_then(|n| u64::try_from(n).ok()), offset))
}

/// Opens a sort. `few`: so many rows at most will be asked for.
pub(super) fn open<'f>(
    frame: Frame<'f>,
    input: &'f Node,
    keys: &'f [SortKey],
    few: Option<&'f (Option<RowExpr>, RowExpr)>,
) -> Result<Box<dyn Operator + 'f>> {
    let wanted = match few {
        None => None,
        Some((limit, offset)) => {
            let (limit, offset) = cut(frame, limit.as_ref(), Some(offset))?;
            limit.map(|limit| usize::try_from(limit.saturating_add(offset)).unwrap_or(usize::MAX))
        }
    };
    let bound = wanted.map(|wanted| wanted.max(64).saturating_mul(2));
    let width = input.width();
    let mut from = Source::open(frame, input, keys, wanted.is_some())?;
    let mut row = vec![Value::Null; width];
    let mut rows: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
    let mut held = 0usize;
    // The last of the rows that are wanted, once there are enough.
    let mut last: Option<Vec<Value>> = None;
    let mut by = Vec::with_capacity(keys.len());
    while from.next(&mut row)? {
        by.clear();
        for key in keys {
            by.push(match &key.expr {
                crate::expr::Expr::Column(at) if *at < width => {
                    row.get(*at).cloned().unwrap_or(Value::Null)
                }
                expr => frame.value(expr, &row)?,
            });
        }
        if last.as_ref().is_some_and(|last| compared(&by, last, keys).is_ge()) {
            continue;
        }
        from.complete(&mut row)?;
        if bound.is_none_or(|bound| held < bound) {
            frame.hold(&by)?;
            frame.hold(&row)?;
            held += 1;
        }
        rows.push((by.clone(), row.clone()));
        if let (Some(wanted), Some(bound)) = (wanted, bound)
            && rows.len() >= bound
        {
            by_keys(&mut rows, keys);
            rows.truncate(wanted);
            last = rows.last().map(|(by, _)| by.clone());
        }
    }
    by_keys(&mut rows, keys);
    Ok(Box::new(Sorted { rows: rows.into_iter() }))
}

/// Where rows come from: few of a table's rows are read whole where few are wanted.
enum Source<'f> {
    Any(Box<dyn Operator + 'f>),
    Late(Box<super::scan::Late<'f>>),
}

impl<'f> Source<'f> {
    fn open(frame: Frame<'f>, input: &'f Node, keys: &[SortKey], few: bool) -> Result<Self> {
        if few
            && frame.rt.counted.is_none()
            && let Node::Scan(scan) = input
        {
            let mut looked_at = Vec::new();
            keys.iter().for_each(|key| key.expr.visit_columns(&mut |at| looked_at.push(*at)));
            if let Some(late) = super::scan::open_for(frame, scan, &looked_at)? {
                return Ok(Source::Late(Box::new(late)));
            }
        }
        Ok(Source::Any(frame.open(input)?))
    }

    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        match self {
            Source::Any(input) => input.next(row),
            Source::Late(input) => input.next(row),
        }
    }

    fn complete(&mut self, row: &mut [Value]) -> Result<()> {
        match self {
            Source::Any(_) => Ok(()),
            Source::Late(input) => input.complete(row),
        }
    }
}

struct Sorted {
    rows: std::vec::IntoIter<(Vec<Value>, Vec<Value>)>,
}

impl Operator for Sorted {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        let Some((_, next)) = self.rows.next() else { return Ok(false) };
        for (place, value) in row.iter_mut().zip(next) {
            *place = value;
        }
        Ok(true)
    }
}

/// Opens LIMIT and OFFSET.
pub(super) fn limit<'f>(
    frame: Frame<'f>,
    input: &'f Node,
    limit: Option<&'f RowExpr>,
    offset: Option<&'f RowExpr>,
) -> Result<Box<dyn Operator + 'f>> {
    let (left, skip) = cut(frame, limit, offset)?;
    if left == Some(0) {
        return Ok(Box::new(super::One(false)));
    }
    let (input, skip) = skipped(frame, input, skip)?;
    Ok(Box::new(Cut { input, left, skip }))
}

/// Lets the counts of a tree leave rows out, where every row of a table counts.
fn skipped<'f>(
    frame: Frame<'f>,
    node: &'f Node,
    skip: u64,
) -> Result<(Box<dyn Operator + 'f>, u64)> {
    if skip > 0
        && let Node::Project { input, exprs } = node
        && let Node::Scan(scan) = input.as_ref()
        && let Some(plan) = scan.rows.as_ref().filter(|plan| plan.is_everything())
        && frame.rt.counted.is_none()
    {
        let mut plan = std::sync::Arc::unwrap_or_clone(plan.clone());
        plan.begin_at(frame.rt.ctx, &frame.source(scan).table, skip)?;
        let below = vec![Value::Null; input.width()];
        let input = super::scan::rows(frame, scan, std::sync::Arc::new(plan))?;
        return Ok((Box::new(super::Project { frame, input, below, exprs }), 0));
    }
    Ok((frame.open(node)?, skip))
}

struct Cut<'f> {
    input: Box<dyn Operator + 'f>,
    left: Option<u64>,
    skip: u64,
}

impl Operator for Cut<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        while self.skip > 0 {
            if !self.input.next(row)? {
                return Ok(false);
            }
            self.skip -= 1;
        }
        match &mut self.left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                self.input.next(row)
            }
            None => self.input.next(row),
        }
    }
}
