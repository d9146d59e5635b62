//! Which rows a predicate can be true of, and how to get at them: the access path.
//!
//! The conjuncts of a WHERE that compare a column (or an indexed expression) with constants become
//! sets of values and ranges; those become ranges of the encoded keys of the primary key or of an
//! index. Of the paths that are possible the cheapest is taken, by the counts that the trees keep.
//! The whole predicate is checked again on every row, so that a path may be wider than what is asked
//! for and never wrong. Only `key = 5` of a key that is one whole number is not: the path says it all.

use super::bind::OUTER;
use super::context::QueryContext;
use super::keeping::filled;
use super::predicate::{Wanted, wanted};
use crate::error::Result;
use crate::expr::{CompareOp, Expr};
use crate::row::TableState;
use crate::tree::{KeyRange, successor};
use crate::value::{SqlType, Value, encode_key};
use std::ops::Bound;

/// Ranges of one path, at most; wider sets of values are left to the scan.
const RANGES_MAX: usize = 10_000;
/// What reading a row through an index costs, in rows of a scan.
const LOOKUP_COST: u64 = 4;

/// How rows are got at.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Path {
    /// Single rows by their keys, which ascend.
    Keys(Vec<Vec<u8>>),
    /// Ranges of row keys, which ascend; all rows where it is one range of everything.
    Table(Vec<KeyRange>),
    /// Ranges of an index, which ascend.
    Index(usize, Vec<KeyRange>),
}

/// A key of an order that a path may have: an expression over the row, with NULL as the smallest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sorted {
    pub expr: Expr<usize>,
    pub descending: bool,
}

/// Which rows of a table are looked at, in which direction, and which of them count.
#[derive(Debug, Clone)]
pub(super) struct RowPlan {
    path: Path,
    reverse: bool,
    filter: Option<Expr<usize>>,
    /// How many rows the path has, about.
    rows: u64,
}

impl RowPlan {
    /// Everything that the filter lets through.
    pub fn only(filter: Option<Expr<usize>>, rows: u64) -> Self {
        RowPlan { path: Path::Table(vec![KeyRange::all()]), reverse: false, filter, rows }
    }

    fn lone(key: Vec<u8>) -> Self {
        RowPlan { path: Path::Keys(vec![key]), reverse: false, filter: None, rows: 1 }
    }

    /// How many rows are found, about.
    pub fn estimate(&self) -> u64 {
        match (&self.filter, self.is_full_scan()) {
            // Nothing is known of a condition that no path serves.
            (Some(_), true) => self.rows / 4 + 1,
            _ => self.rows,
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path is walked from its end.
    pub fn is_reverse(&self) -> bool {
        self.reverse
    }

    pub fn filter(&self) -> Option<&Expr<usize>> {
        self.filter.as_ref()
    }

    /// Whether it is known that no row is found.
    pub fn finds_nothing(&self) -> bool {
        matches!(&self.path, Path::Keys(keys) if keys.is_empty())
    }

    /// Whether no row is left out.
    pub fn is_everything(&self) -> bool {
        self.filter.is_none() && self.is_full_scan()
    }

    /// Whether every row is looked at, in the order of the row keys.
    pub fn is_full_scan(&self) -> bool {
        matches!(&self.path, Path::Table(ranges) if ranges[..] == [KeyRange::all()])
    }

    /// Leaves out so many rows at the start of a full scan.
    ///
    /// # Errors
    /// A fault.
    pub fn begin_at(
        &mut self,
        ctx: &QueryContext<'_>,
        table: &TableState,
        skipped: u64,
    ) -> Result<()> {
        let left = table.rows.count().checked_sub(skipped);
        let position = match self.reverse {
            false => Some(skipped).filter(|_| left.is_some_and(|left| left > 0)),
            true => left.and_then(|left| left.checked_sub(1)),
        };
        let key = match position {
            Some(position) => table.rows.nth(ctx.chunks, position)?,
            None => None,
        };
        self.path = match key {
            None => Path::Keys(Vec::new()),
            Some(key) => {
                let mut range = KeyRange::all();
                match self.reverse {
                    false => range.lower = Bound::Included(key.to_vec()),
                    true => range.upper = Bound::Included(key.to_vec()),
                }
                Path::Table(vec![range])
            }
        };
        Ok(())
    }

    /// Makes the rows come in this order, if a key or an index has it. `few`: the caller stops early.
    pub fn bring_in_order(&mut self, table: &TableState, keys: &[Sorted], few: bool) -> bool {
        let direction = match &self.path {
            Path::Keys(_) | Path::Table(_) => key_direction(table, keys),
            Path::Index(index, _) => index_direction(table, *index, keys),
        };
        if let Some(reverse) = direction {
            self.reverse = reverse;
            return true;
        }
        if !self.is_everything() || !few {
            return false;
        }
        for index in 0..table.table.indexes().len() {
            if let Some(reverse) = index_direction(table, index, keys) {
                self.path = Path::Index(index, vec![KeyRange::all()]);
                self.reverse = reverse;
                return true;
            }
        }
        false
    }
}

/// Whether rows in the order of their keys are in this order; `Some(true)`: read backwards.
fn key_direction(table: &TableState, keys: &[Sorted]) -> Option<bool> {
    let own: Vec<(Expr<usize>, bool)> =
        table.table.key().iter().map(|(at, d)| (Expr::Column(*at), *d)).collect();
    // No two rows share a key, so what is sorted by behind all of it does not matter.
    direction(table, &own, keys, true)
}

fn index_direction(table: &TableState, index: usize, keys: &[Sorted]) -> Option<bool> {
    let index = table.table.indexes().get(index)?;
    direction(table, &index.parts, keys, false)
}

fn direction(
    table: &TableState,
    parts: &[(Expr<usize>, bool)],
    keys: &[Sorted],
    unique: bool,
) -> Option<bool> {
    let first = parts.first().zip(keys.first())?;
    let reverse = first.0.1 != first.1.descending;
    if keys.len() > parts.len() && !unique {
        return None;
    }
    let fits = parts.iter().zip(keys).all(|((expr, descending), key)| {
        // Mixed numbers of an untyped column are sorted by value, which no key is.
        let typed = match expr {
            Expr::Column(at) => {
                table.table.def.columns.get(*at).is_some_and(|c| !matches!(c.ty, SqlType::Any))
            }
            _ => false,
        };
        typed && *expr == key.expr && (*descending != key.descending) == reverse
    });
    fits.then_some(reverse)
}

/// The key that `key = constant` asks for, where it is one whole number: it says all that the predicate
/// does. `given` are the values that positions from [`OUTER`] on stand for.
pub(super) fn lone_key(
    table: &TableState,
    predicate: &Expr<usize>,
    given: &[Value],
) -> Option<Vec<u8>> {
    let Expr::Compare { op: CompareOp::Eq, left, right } = predicate else { return None };
    let [(key, descending)] = table.table.key() else { return None };
    let constant = match (left.as_ref(), right.as_ref()) {
        (Expr::Column(at), other) | (other, Expr::Column(at)) if at == key => other,
        _ => return None,
    };
    let value = match constant {
        Expr::Literal(value) => value,
        Expr::Column(at) => given.get(at.checked_sub(OUTER)?)?,
        _ => return None,
    };
    let ty = table.table.def.columns.get(*key)?.ty;
    let stored = match value {
        // One that the column cannot hold is for others to find nothing for.
        Value::Int(_) if ty.is_integer() => value.clone().coerce(&ty).ok()?,
        _ => return None,
    };
    let mut bytes = Vec::with_capacity(12);
    encode_key(&mut bytes, &stored, *descending);
    Some(bytes)
}

/// Chooses a path for a predicate with values in the places that were left open.
///
/// # Errors
/// As [`plan_rows`].
pub(super) fn plan_given(
    ctx: &QueryContext<'_>,
    table: &TableState,
    predicate: Option<&Expr<usize>>,
    given: &[Value],
) -> Result<RowPlan> {
    match predicate.and_then(|predicate| lone_key(table, predicate, given)) {
        Some(key) => Ok(RowPlan::lone(key)),
        None => plan_rows(ctx, table, predicate.map(|predicate| filled(predicate, given))),
    }
}

/// Chooses how to find the rows that a predicate is true of.
///
/// # Errors
/// A fault; an error of a constant in the predicate.
pub(super) fn plan_rows(
    ctx: &QueryContext<'_>,
    table: &TableState,
    predicate: Option<Expr<usize>>,
) -> Result<RowPlan> {
    if let Some(key) = predicate.as_ref().and_then(|predicate| lone_key(table, predicate, &[])) {
        return Ok(RowPlan::lone(key));
    }
    let filter = predicate.filter(|p| *p != Expr::Literal(Value::Bool(true)));
    let count = table.rows.count();
    let Some(predicate) = &filter else { return Ok(RowPlan::only(None, count)) };
    let wanted = wanted(ctx, &table.table.def, predicate)?;
    if wanted.is_empty() {
        return Ok(RowPlan::only(filter, count));
    }
    let by_keys = |keys: Vec<Vec<u8>>, filter| {
        let rows = keys.len() as u64;
        Ok(RowPlan { path: Path::Keys(keys), reverse: false, filter, rows })
    };
    if wanted.iter().any(|w| w.is_nothing()) {
        return by_keys(Vec::new(), filter);
    }
    let mut best = Path::Table(vec![KeyRange::all()]);
    let (mut cost, mut rows) = (count, count);
    let parts: Vec<(Expr<usize>, bool)> =
        table.table.key().iter().map(|(at, d)| (Expr::Column(*at), *d)).collect();
    if let Some(found) = ranges(&parts, &wanted) {
        if found.complete {
            return by_keys(found.prefixes, filter);
        }
        let ranges = found.into_ranges();
        rows = estimate(ctx, &table.rows, &ranges)?.min(count);
        cost = rows;
        best = Path::Table(ranges);
    }
    for (at, index) in table.table.indexes().iter().enumerate() {
        let Some(found) = ranges(&index.parts, &wanted) else { continue };
        let Some(view) = table.indexes.get(at) else { continue };
        let sure = found.complete && index.unique && found.prefixes.len() <= 4;
        let ranges = found.into_ranges();
        let found = match sure {
            true => ranges.len() as u64,
            false => estimate(ctx, view, &ranges)?,
        };
        if found.saturating_mul(LOOKUP_COST) < cost {
            cost = found.saturating_mul(LOOKUP_COST);
            rows = found;
            best = Path::Index(at, ranges);
        }
    }
    Ok(RowPlan { path: best, reverse: false, filter, rows })
}

/// About how many entries lie in these ranges.
fn estimate(ctx: &QueryContext<'_>, view: &crate::tree::View, ranges: &[KeyRange]) -> Result<u64> {
    const LOOKED_AT: usize = 8;
    let mut rows = 0u64;
    for range in ranges.iter().take(LOOKED_AT) {
        rows = rows.saturating_add(view.count_range(ctx.chunks, range)?);
    }
    let (looked_at, all) = (ranges.len().min(LOOKED_AT) as u64, ranges.len() as u64);
    Ok(rows.saturating_mul(all) / looked_at.max(1))
}

/// Ranges of a key: a set of prefixes, and what the next part is bounded by.
struct Found {
    prefixes: Vec<Vec<u8>>,
    /// Every part of the key is in the prefixes.
    complete: bool,
    /// The bounds behind each prefix.
    bounds: Option<Bounds>,
}

impl Found {
    fn into_ranges(self) -> Vec<KeyRange> {
        let Found { prefixes, bounds, .. } = self;
        let Some((lower, upper)) = bounds else {
            return prefixes.iter().map(|prefix| KeyRange::prefix(prefix)).collect();
        };
        let mut ranges = Vec::with_capacity(prefixes.len());
        for prefix in prefixes {
            let whole = KeyRange::prefix(&prefix);
            let behind = |bytes: &Vec<u8>| [prefix.as_slice(), bytes].concat();
            // Values with equal bytes are followed by the rest of the key: what excludes one
            // excludes all that begin so.
            let lower = match &lower {
                Bound::Unbounded => whole.lower,
                Bound::Included(bytes) => Bound::Included(behind(bytes)),
                Bound::Excluded(bytes) => match successor(&behind(bytes)) {
                    Some(next) => Bound::Included(next),
                    None => continue,
                },
            };
            let upper = match &upper {
                Bound::Unbounded => whole.upper,
                Bound::Excluded(bytes) => Bound::Excluded(behind(bytes)),
                Bound::Included(bytes) => {
                    successor(&behind(bytes)).map_or(Bound::Unbounded, Bound::Excluded)
                }
            };
            ranges.push(KeyRange { lower, upper });
        }
        ranges
    }
}

/// The ranges of a key with these parts that the wanted values lie in; `None` where they say nothing
/// about its first part.
fn ranges(parts: &[(Expr<usize>, bool)], wanted: &[Wanted]) -> Option<Found> {
    let mut found = Found { prefixes: vec![Vec::new()], complete: false, bounds: None };
    let mut used = 0;
    for (expr, descending) in parts {
        let of_part = || wanted.iter().filter(|w| w.expr == *expr);
        let Some(one) = of_part().find(|w| w.values.is_some()).or_else(|| of_part().next()) else {
            break;
        };
        if let Some(values) = &one.values {
            if found.prefixes.len().saturating_mul(values.len()) > RANGES_MAX {
                break;
            }
            let mut next = Vec::with_capacity(found.prefixes.len() * values.len());
            for prefix in &found.prefixes {
                for value in values {
                    let mut bytes = prefix.clone();
                    encode_key(&mut bytes, value, *descending);
                    next.push(bytes);
                }
            }
            next.sort();
            next.dedup();
            found.prefixes = next;
            used += 1;
            continue;
        }
        // All bounds of the part together; each only narrows, so the first of a kind will do.
        let lower = of_part().find_map(|w| w.lower.as_ref());
        let upper = of_part().find_map(|w| w.upper.as_ref());
        found.bounds = Some(bounds(lower, upper, *descending));
        used += 1;
        break;
    }
    found.complete = used == parts.len() && found.bounds.is_none() && used > 0;
    (used > 0).then_some(found)
}

type Edge = (Value, bool);

/// Where a range begins and ends.
type Bounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Bounds of a part as bytes. NULL satisfies no comparison, so the side where it stands is closed.
fn bounds(lower: Option<&Edge>, upper: Option<&Edge>, descending: bool) -> Bounds {
    let bytes = |value: &Value| {
        let mut bytes = Vec::with_capacity(12);
        encode_key(&mut bytes, value, descending);
        bytes
    };
    let edge = |edge: Option<&Edge>| match edge {
        None => Bound::Unbounded,
        Some((value, true)) => Bound::Included(bytes(value)),
        Some((value, false)) => Bound::Excluded(bytes(value)),
    };
    let low = match lower {
        None => Bound::Excluded(bytes(&Value::Null)),
        some => edge(some),
    };
    let high = edge(upper);
    if descending { (high, low) } else { (low, high) }
}
