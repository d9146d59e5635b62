//! In which order inner joins are put, and how the matches of each are found.
//!
//! The smallest input comes first, then whatever an equality leads to. A table whose rows a key or an
//! index leads to is looked up in where few rows ask; else equalities are matched by hash, with the
//! smaller side held, and what is left is tried pair by pair. Sizes come from the counts in the trees.

use super::place::{moved, on_top, settled, slots_of, used, within};
use super::plan::{Join, JoinKind, Method, Node, RowExpr};
use crate::error::Result;
use crate::expr::{CompareOp, Expr};
use crate::sql::context::QueryContext;
use crate::value::{SqlType, Value};

/// A table of fewer rows is read whole sooner than its rows are looked up one by one.
const LOOKUP_FROM: u64 = 200;
/// What looking up a row costs, in rows that are read one after the other.
const LOOKUP_COST: u64 = 4;

/// How many rows an operator gives, about.
fn estimate(node: &Node) -> u64 {
    match node {
        Node::One => 1,
        Node::Nothing { .. } => 0,
        Node::Scan(scan) => match &scan.rows {
            Some(rows) => rows.estimate(),
            None => scan.source.table.rows.count() / 10 + 1,
        },
        Node::Values { rows, .. } => rows.len() as u64,
        Node::Rows { rows, .. } => rows.len() as u64,
        Node::Series { .. } | Node::Cte { .. } | Node::Working { .. } => 1_000,
        Node::Place { input, .. } | Node::Project { input, .. } | Node::Sort { input, .. } => {
            estimate(input)
        }
        Node::Limit { input, limit, .. } => match limit {
            Some(Expr::Literal(Value::Int(n))) => estimate(input).min((*n).max(0) as u64),
            _ => estimate(input),
        },
        Node::Filter { input, .. } | Node::Distinct { input, .. } => estimate(input) / 2 + 1,
        Node::Group(group) if group.keys.is_empty() => 1,
        Node::Group(group) => estimate(&group.input) / 4 + 1,
        Node::Window(window) => estimate(&window.input),
        Node::Append { inputs, .. } => inputs.iter().map(estimate).fold(0, u64::saturating_add),
        Node::Compare { left, .. } => estimate(left),
        Node::Join(join) => {
            let (left, right) = (estimate(&join.left), estimate(&join.right));
            match join.keys.is_empty() {
                true => left.saturating_mul(right),
                false => left.max(right),
            }
        }
    }
}

/// Inner joins that follow each other, taken apart.
fn apart(node: Node, inputs: &mut Vec<Node>, on: &mut Vec<RowExpr>) {
    match node {
        Node::Join(join) if join.kind == JoinKind::Inner => {
            let join = *join;
            on.extend(join.on);
            apart(join.left, inputs, on);
            apart(join.right, inputs, on);
        }
        other => inputs.push(other),
    }
}

pub(super) fn joins(ctx: &QueryContext<'_>, node: Node) -> Result<Node> {
    let Node::Join(mut join) = node else { return settled(ctx, node) };
    let types = join.types.clone();
    if join.kind != JoinKind::Inner {
        join.left = settled(ctx, std::mem::replace(&mut join.left, Node::One))?;
        join.right = settled(ctx, std::mem::replace(&mut join.right, Node::One))?;
        let on = std::mem::take(&mut join.on);
        return Ok(joined(join.kind, join.left, join.right, on, &types));
    }
    let (mut inputs, mut on) = (Vec::new(), Vec::new());
    apart(Node::Join(join), &mut inputs, &mut on);
    let mut left: Vec<Node> = Vec::with_capacity(inputs.len());
    for input in inputs {
        left.push(settled(ctx, input)?);
    }
    let top: Vec<RowExpr> = take(&mut on, |term| used(term).is_none() || term.is_volatile());
    // The smallest first; then whatever an equality leads to, the smallest of those first.
    let smallest = |nodes: &[Node], fits: &dyn Fn(&Node) -> bool| {
        let candidates = nodes.iter().enumerate().filter(|(_, node)| fits(node));
        candidates.min_by_key(|(at, node)| (estimate(node), *at)).map(|(at, _)| at)
    };
    let Some(first) = smallest(&left, &|_| true) else { return Ok(Node::One) };
    let mut tree = left.remove(first);
    while !left.is_empty() {
        let slots = slots_of(&tree);
        let linked = |node: &Node| {
            let own = slots_of(node);
            on.iter().any(|term| equality(term, &slots, &own, &types).is_some())
        };
        let next = smallest(&left, &linked).or_else(|| smallest(&left, &|_| true));
        let Some(next) = next else { break };
        let right = left.remove(next);
        let mut both = slots;
        both.extend(slots_of(&right));
        both.sort_unstable();
        let here = take(&mut on, |term| used(term).is_some_and(|used| within(&used, &both)));
        tree = joined(JoinKind::Inner, tree, right, here, &types);
    }
    Ok(top.into_iter().chain(on).fold(tree, on_top))
}

fn take(terms: &mut Vec<RowExpr>, wanted: impl Fn(&RowExpr) -> bool) -> Vec<RowExpr> {
    let (taken, left) = std::mem::take(terms).into_iter().partition(|term| wanted(term));
    *terms = left;
    taken
}

/// An equality of the left with the right in types whose equal values are one value.
fn equality(
    term: &RowExpr,
    left_slots: &[usize],
    right_slots: &[usize],
    types: &[SqlType],
) -> Option<(RowExpr, RowExpr)> {
    let Expr::Compare { op: CompareOp::Eq, left, right } = term else { return None };
    if term.is_volatile() {
        return None;
    }
    let ty =
        |expr: &RowExpr| expr.result_type(&|at| types.get(*at).copied().unwrap_or(SqlType::Any));
    let (a, b) = (ty(left), ty(right));
    let alike = (a.is_numeric() && b.is_numeric())
        || (a.is_text() && b.is_text())
        || (a == b && a != SqlType::Any);
    let (l, r) = (used(left)?, used(right)?);
    let on = |used: &[usize], slots: &[usize]| !used.is_empty() && within(used, slots);
    match alike {
        true if on(&l, left_slots) && on(&r, right_slots) => {
            Some((Expr::clone(left), Expr::clone(right)))
        }
        true if on(&r, left_slots) && on(&l, right_slots) => {
            Some((Expr::clone(right), Expr::clone(left)))
        }
        _ => None,
    }
}

fn joined(
    kind: JoinKind,
    mut left: Node,
    mut right: Node,
    on: Vec<RowExpr>,
    types: &std::sync::Arc<Vec<SqlType>>,
) -> Node {
    let (mut left_slots, mut right_slots) = (slots_of(&left), slots_of(&right));
    let (mut keys, mut rest) = (Vec::new(), Vec::new());
    for term in on {
        match equality(&term, &left_slots, &right_slots, types) {
            Some(pair) => keys.push(pair),
            None => rest.push(term),
        }
    }
    let (l, r) = (estimate(&left), estimate(&right));
    let mut method = match keys.is_empty() {
        true => Method::Loop,
        false => Method::Hash,
    };
    let cheaper = |few: u64, other: &Node, keys: &[(RowExpr, RowExpr)], swapped: bool| {
        let (Some(rows), Some(table)) = (lookup_rows(other, keys, swapped), table_rows(other))
        else {
            return false;
        };
        let found = few.saturating_mul(rows.saturating_add(1)).saturating_mul(LOOKUP_COST);
        table >= LOOKUP_FROM && found < estimate(other).max(1)
    };
    if method == Method::Hash {
        if matches!(kind, JoinKind::Inner | JoinKind::Left) && cheaper(l, &right, &keys, false) {
            method = Method::Lookup;
        } else if kind == JoinKind::Inner {
            let lookup = cheaper(r, &left, &keys, true);
            if lookup || l < r {
                // The right side is the one that is looked up in, or held.
                std::mem::swap(&mut left, &mut right);
                std::mem::swap(&mut left_slots, &mut right_slots);
                for pair in &mut keys {
                    let (a, b) = pair.clone();
                    *pair = (b, a);
                }
            }
            if lookup {
                method = Method::Lookup;
            }
        }
    }
    let types = types.clone();
    let on = rest;
    Node::Join(Box::new(Join {
        kind,
        left,
        right,
        left_slots,
        right_slots,
        keys,
        on,
        method,
        types,
    }))
}

/// How many rows of a table a lookup by these keys finds, about; `None` where no key or index leads
/// to them.
fn lookup_rows(node: &Node, keys: &[(RowExpr, RowExpr)], swapped: bool) -> Option<u64> {
    let Node::Place { first, input, .. } = node else { return None };
    let Node::Scan(scan) = input.as_ref() else { return None };
    if !scan.among.is_empty() {
        return None;
    }
    let own: Vec<RowExpr> = keys
        .iter()
        .map(|(left, right)| {
            let own = if swapped { left } else { right };
            moved(own, &mut |at| at.saturating_sub(*first))
        })
        .collect();
    let table = &scan.source.table;
    let key = table.table.key();
    let has = |expr: &RowExpr| own.contains(expr);
    if !key.is_empty() && key.iter().all(|(at, _)| has(&Expr::Column(*at))) {
        return Some(1);
    }
    let count = table.rows.count();
    let mut best = None;
    if key.first().is_some_and(|(at, _)| has(&Expr::Column(*at))) {
        best = Some(few_of(count));
    }
    for index in table.table.indexes() {
        let whole = index.parts.iter().all(|(expr, _)| has(expr));
        let rows = match (whole && index.unique, index.parts.first()) {
            (true, _) => 1,
            (false, Some((expr, _))) if has(expr) => few_of(count),
            _ => continue,
        };
        best = Some(best.map_or(rows, |best: u64| best.min(rows)));
    }
    best
}

/// How many rows share a value of an index that is not unique: nobody counts, so a guess.
fn few_of(count: u64) -> u64 {
    (count / 200).clamp(4, 100)
}

fn table_rows(node: &Node) -> Option<u64> {
    let Node::Place { input, .. } = node else { return None };
    let Node::Scan(scan) = input.as_ref() else { return None };
    Some(scan.source.table.rows.count())
}
