//! Where conditions stand, and how each table's rows are found.
//!
//! Conditions go as far down as they may while a query is bound: what reads one input is checked in
//! its scan, what reads several as soon as all of them are there. When the whole is bound, joins are
//! put in order (`joins`), paths are chosen, sorting that a path makes needless goes, and columns that
//! nothing reads are no longer decoded (`prune`).

use super::joins::joins;
use super::plan::{JoinKind, Node, QueryPlan, RowExpr, Scan, SortKey, Sub, SubKind};
use super::prune::prune;
use crate::error::Result;
use crate::expr::Expr;
use crate::sql::access::{Sorted, plan_rows};
use crate::sql::bind::{OUTER, SUB};
use crate::sql::context::QueryContext;
use crate::value::Value;
use std::convert::Infallible;
use std::sync::Arc;

/// Splits a condition at its ANDs.
pub(super) fn split_conjuncts(expr: RowExpr) -> Vec<RowExpr> {
    match expr {
        Expr::And(terms) => terms.into_iter().flat_map(split_conjuncts).collect(),
        other => vec![other],
    }
}

/// The same expression with its columns elsewhere; what is given from outside stays.
pub(super) fn moved(expr: &RowExpr, to: &mut dyn FnMut(usize) -> usize) -> RowExpr {
    let moved = expr.map_columns(&mut |at: &usize| {
        Ok::<usize, Infallible>(if *at < OUTER { to(*at) } else { *at })
    });
    match moved {
        Ok(moved) => moved,
        Err(never) => match never {},
    }
}

/// The columns of the row that an expression reads; `None` where a subquery may read any.
pub(super) fn used(expr: &RowExpr) -> Option<Vec<usize>> {
    let mut used = Vec::new();
    let mut any = false;
    expr.visit_columns(&mut |at| match *at {
        at if at >= SUB => any = true,
        at if at >= OUTER => {}
        at => used.push(at),
    });
    (!any).then_some(used)
}

pub(super) fn within(used: &[usize], slots: &[usize]) -> bool {
    used.iter().all(|at| slots.binary_search(at).is_ok())
}

/// The places of the layout that an operator of a FROM fills, ascending.
pub(super) fn slots_of(node: &Node) -> Vec<usize> {
    match node {
        Node::Place { first, input, .. } => (*first..*first + input.width()).collect(),
        Node::Join(join) => {
            let mut slots = join.left_slots.clone();
            slots.extend(&join.right_slots);
            slots.sort_unstable();
            slots
        }
        Node::Filter { input, .. } => slots_of(input),
        other => (0..other.width()).collect(),
    }
}

pub(super) fn on_top(node: Node, predicate: RowExpr) -> Node {
    match node {
        Node::Filter { input, predicate: there } => {
            Node::Filter { input, predicate: there.and(predicate) }
        }
        node => Node::Filter { input: Box::new(node), predicate },
    }
}

/// An operator's rows that a condition is true of. The condition goes as far down as it may.
pub(super) fn filtered(node: Node, predicate: RowExpr) -> Node {
    let movable = !predicate.is_volatile();
    let Some(columns) = used(&predicate).filter(|_| movable) else {
        return on_top(node, predicate);
    };
    match node {
        Node::Scan(mut scan) => {
            scan.filter = Some(match scan.filter.take() {
                None => predicate,
                Some(there) => there.and(predicate),
            });
            Node::Scan(scan)
        }
        Node::Place { first, width, input } => {
            let predicate = moved(&predicate, &mut |at| at.saturating_sub(first));
            Node::Place { first, width, input: Box::new(filtered(*input, predicate)) }
        }
        Node::Filter { input, predicate: there } => {
            Node::Filter { input: Box::new(filtered(*input, predicate)), predicate: there }
        }
        Node::Join(mut join) => {
            let left = within(&columns, &join.left_slots);
            let right = within(&columns, &join.right_slots);
            if rejects_nulls(&predicate) && !columns.is_empty() {
                // A row that a side has no match for would be left out anyway.
                join.kind = match (join.kind, left, right) {
                    (JoinKind::Left, _, true) => JoinKind::Inner,
                    (JoinKind::Right, true, _) => JoinKind::Inner,
                    (JoinKind::Full, true, _) => JoinKind::Left,
                    (JoinKind::Full, _, true) => JoinKind::Right,
                    (kind, ..) => kind,
                };
            }
            match join.kind {
                JoinKind::Inner | JoinKind::Left if left && !columns.is_empty() => {
                    join.left = filtered(std::mem::replace(&mut join.left, Node::One), predicate);
                    Node::Join(join)
                }
                JoinKind::Inner | JoinKind::Right if right && !columns.is_empty() => {
                    join.right = filtered(std::mem::replace(&mut join.right, Node::One), predicate);
                    Node::Join(join)
                }
                JoinKind::Inner => {
                    join.on.push(predicate);
                    Node::Join(join)
                }
                _ => on_top(Node::Join(join), predicate),
            }
        }
        Node::Project { input, exprs } => {
            let simple = columns
                .iter()
                .all(|at| exprs.get(*at).is_some_and(|e| !e.is_volatile() && used(e).is_some()));
            match simple {
                true => {
                    let predicate = substituted(&predicate, &exprs);
                    Node::Project { input: Box::new(filtered(*input, predicate)), exprs }
                }
                false => on_top(Node::Project { input, exprs }, predicate),
            }
        }
        Node::Group(mut group) => {
            let of_keys = !group.keys.is_empty()
                && columns.iter().all(|at| {
                    group.keys.get(*at).is_some_and(|key| !key.is_volatile() && used(key).is_some())
                });
            match of_keys && !columns.is_empty() {
                true => {
                    let predicate = substituted(&predicate, &group.keys);
                    let input = std::mem::replace(&mut group.input, Node::One);
                    group.input = filtered(input, predicate);
                    Node::Group(group)
                }
                false => on_top(Node::Group(group), predicate),
            }
        }
        Node::Distinct { input, by: None, visible } if columns.iter().all(|at| *at < visible) => {
            Node::Distinct { input: Box::new(filtered(*input, predicate)), by: None, visible }
        }
        Node::Sort { input, keys, few: None } => {
            Node::Sort { input: Box::new(filtered(*input, predicate)), keys, few: None }
        }
        Node::Append { inputs, width } => {
            let inputs = inputs.into_iter().map(|input| filtered(input, predicate.clone()));
            Node::Append { inputs: inputs.collect(), width }
        }
        node => on_top(node, predicate),
    }
}

/// A condition of a join itself.
pub(super) fn joined_on(node: Node, predicate: RowExpr) -> Node {
    let Node::Join(mut join) = node else { return on_top(node, predicate) };
    let columns = used(&predicate).filter(|_| !predicate.is_volatile());
    let side = |slots: &[usize]| {
        columns.as_ref().is_some_and(|used| !used.is_empty() && within(used, slots))
    };
    match join.kind {
        JoinKind::Inner | JoinKind::Right if side(&join.left_slots) => {
            join.left = filtered(std::mem::replace(&mut join.left, Node::One), predicate);
        }
        JoinKind::Inner | JoinKind::Left if side(&join.right_slots) => {
            join.right = filtered(std::mem::replace(&mut join.right, Node::One), predicate);
        }
        _ => join.on.push(predicate),
    }
    Node::Join(join)
}

fn substituted(expr: &RowExpr, by: &[RowExpr]) -> RowExpr {
    let replaced = expr.replace_columns(&mut |at: &usize| {
        Ok::<RowExpr, Infallible>(match at {
            at if *at < OUTER => by.get(*at).cloned().unwrap_or(Expr::Literal(Value::Null)),
            at => Expr::Column(*at),
        })
    });
    match replaced {
        Ok(replaced) => replaced,
        Err(never) => match never {},
    }
}

/// Whether a condition that is not about NULL itself is unknown as soon as a column is NULL.
fn rejects_nulls(predicate: &RowExpr) -> bool {
    fn strict(expr: &RowExpr) -> bool {
        match expr {
            Expr::Column(_) | Expr::Literal(_) => true,
            Expr::Neg(e) => strict(e),
            Expr::Arith { first, rest } => strict(first) && rest.iter().all(|(_, e)| strict(e)),
            _ => false,
        }
    }
    match predicate {
        Expr::Compare { left, right, .. } => strict(left) && strict(right),
        Expr::Between { expr, low, high, negated: false } => {
            strict(expr) && strict(low) && strict(high)
        }
        // What they are compared with may be NULL and yet decide nothing.
        Expr::InList { expr, .. } | Expr::Like { expr, .. } => strict(expr) && reads_row(expr),
        Expr::IsNull { expr, negated: true } => strict(expr) && reads_row(expr),
        _ => false,
    }
}

fn reads_row(expr: &RowExpr) -> bool {
    let mut reads = false;
    expr.visit_columns(&mut |at| reads = reads || *at < OUTER);
    reads
}

/// Whether a query gives the same rows whenever it is given the same.
pub(super) fn is_stable(plan: &QueryPlan) -> bool {
    let mut stable = plan
        .subs
        .iter()
        .all(|sub| sub.stable && sub_exprs(sub).iter().all(|expr| !expr.is_volatile()));
    let mut todo = vec![&plan.root];
    while let Some(node) = todo.pop() {
        // What a recursion reads of itself is another in each round.
        stable = stable && !matches!(node, Node::Working { .. });
        each_expr(node, &mut |expr| stable = stable && !expr.is_volatile());
        todo.extend(node.inputs());
    }
    stable
}

pub(super) fn sub_exprs(sub: &Sub) -> Vec<&RowExpr> {
    match &sub.kind {
        SubKind::Scalar | SubKind::Exists { .. } => Vec::new(),
        SubKind::In { values, .. } | SubKind::Row { values, .. } => values.iter().collect(),
        SubKind::Compare { value, .. } => vec![value],
    }
}

/// Calls `f` with each expression of an operator, those of its inputs not counted.
pub(super) fn each_expr<'n>(node: &'n Node, f: &mut dyn FnMut(&'n RowExpr)) {
    use super::plan::FrameEdge;
    match node {
        Node::One
        | Node::Nothing { .. }
        | Node::Rows { .. }
        | Node::Cte { .. }
        | Node::Working { .. }
        | Node::Place { .. }
        | Node::Append { .. }
        | Node::Compare { .. } => {}
        Node::Scan(scan) => {
            scan.filter.iter().for_each(&mut *f);
            scan.among.iter().for_each(|(expr, _)| f(expr));
        }
        Node::Values { rows, .. } => rows.iter().flatten().for_each(f),
        Node::Series { from, to, step } => [from, to, step].into_iter().for_each(f),
        Node::Join(join) => {
            join.keys.iter().for_each(|(left, right)| {
                f(left);
                f(right);
            });
            join.on.iter().for_each(f);
        }
        Node::Filter { predicate, .. } => f(predicate),
        Node::Project { exprs, .. } => exprs.iter().for_each(f),
        Node::Group(group) => {
            group.keys.iter().for_each(&mut *f);
            for call in &group.calls {
                call.args.iter().chain(&call.filter).for_each(&mut *f);
                call.order.iter().for_each(|key| f(&key.expr));
            }
        }
        Node::Window(window) => {
            for call in &window.calls {
                let exprs = call.args.iter().chain(&call.filter).chain(&call.partition);
                exprs.for_each(&mut *f);
                call.order.iter().for_each(|key| f(&key.expr));
                for edge in [&call.bounds.start, &call.bounds.end] {
                    if let FrameEdge::Before(by) | FrameEdge::Behind(by) = edge {
                        f(by);
                    }
                }
            }
        }
        Node::Distinct { by, .. } => by.iter().flatten().for_each(f),
        Node::Sort { keys, few, .. } => {
            keys.iter().for_each(|key| f(&key.expr));
            if let Some((limit, offset)) = few {
                limit.iter().for_each(&mut *f);
                f(offset);
            }
        }
        Node::Limit { limit, offset, .. } => limit.iter().chain(offset).for_each(f),
    }
}

/// Settles what could not be settled while parts were still missing.
///
/// # Errors
/// A fault; an error of a constant.
pub(super) fn finish(ctx: &QueryContext<'_>, plan: &mut QueryPlan) -> Result<()> {
    let root = std::mem::replace(&mut plan.root, Node::One);
    let root = among_subqueries(root, &plan.subs);
    plan.root = settled(ctx, root)?;
    let all = vec![true; plan.root.width()];
    // All rows of a query may be asked for more than it shows: what is behind is sorted by.
    prune(&mut plan.root, all, &plan.subs);
    Ok(())
}

/// Lets the rows of a subquery that stands alone lead to the rows that it is asked of: `x IN (…)` as
/// a condition of its own becomes part of the scan that has `x`.
fn among_subqueries(mut node: Node, subs: &[Sub]) -> Node {
    let inside = |input: &mut Box<Node>| {
        let inner = std::mem::replace(input.as_mut(), Node::One);
        **input = among_subqueries(inner, subs);
    };
    match &mut node {
        Node::Filter { .. } => {}
        Node::Project { input, .. }
        | Node::Distinct { input, .. }
        | Node::Limit { input, .. }
        | Node::Sort { input, .. } => inside(input),
        Node::Group(group) => {
            let inner = std::mem::replace(&mut group.input, Node::One);
            group.input = among_subqueries(inner, subs);
        }
        _ => {}
    }
    let Node::Filter { mut input, predicate } = node else { return node };
    inside(&mut input);
    let mut rest = Vec::new();
    for term in split_conjuncts(predicate) {
        if let Expr::Column(at) = &term
            && let Some(number) = at.checked_sub(SUB)
            && let Some(sub) = subs.get(number)
            && let SubKind::In { values, negated: false } = &sub.kind
            && let [value] = values.as_slice()
            && sub.stable
            && sub.plan.outer.is_empty()
            && taken_in(&mut input, value, number)
        {
            continue;
        }
        rest.push(term);
    }
    rest.into_iter().fold(*input, on_top)
}

/// Whether a scan below has taken the condition.
fn taken_in(node: &mut Node, value: &RowExpr, sub: usize) -> bool {
    let Some(columns) = used(value).filter(|columns| !columns.is_empty()) else { return false };
    if value.is_volatile() || reads_outside(value) {
        return false;
    }
    match node {
        Node::Scan(scan) => {
            scan.among.push((value.clone(), sub));
            true
        }
        Node::Place { first, input, .. } => {
            taken_in(input, &moved(value, &mut |at| at.saturating_sub(*first)), sub)
        }
        Node::Filter { input, .. } => taken_in(input, value, sub),
        Node::Join(join) => {
            let left = within(&columns, &join.left_slots);
            let right = within(&columns, &join.right_slots);
            match join.kind {
                JoinKind::Inner | JoinKind::Left if left => taken_in(&mut join.left, value, sub),
                JoinKind::Inner | JoinKind::Right if right => taken_in(&mut join.right, value, sub),
                _ => false,
            }
        }
        _ => false,
    }
}

fn boxed(ctx: &QueryContext<'_>, node: &mut Box<Node>) -> Result<()> {
    let inner = std::mem::replace(node.as_mut(), Node::One);
    **node = settled(ctx, inner)?;
    Ok(())
}

pub(super) fn settled(ctx: &QueryContext<'_>, mut node: Node) -> Result<Node> {
    match &mut node {
        Node::Scan(scan) => settle_scan(ctx, scan)?,
        Node::Place { input, .. } | Node::Filter { input, .. } => boxed(ctx, input)?,
        Node::Project { input, .. } | Node::Distinct { input, .. } | Node::Limit { input, .. } => {
            boxed(ctx, input)?
        }
        Node::Sort { input, .. } => {
            boxed(ctx, input)?;
            return Ok(early_sort(without_sort(node)));
        }
        Node::Group(group) => {
            let input = std::mem::replace(&mut group.input, Node::One);
            group.input = settled(ctx, input)?;
        }
        Node::Window(window) => {
            let input = std::mem::replace(&mut window.input, Node::One);
            window.input = settled(ctx, input)?;
        }
        Node::Append { inputs, .. } => {
            for input in inputs {
                let inner = std::mem::replace(input, Node::One);
                *input = settled(ctx, inner)?;
            }
        }
        Node::Compare { left, right, .. } => {
            boxed(ctx, left)?;
            boxed(ctx, right)?;
        }
        Node::Join(_) => return joins(ctx, node),
        _ => {}
    }
    Ok(node)
}

fn settle_scan(ctx: &QueryContext<'_>, scan: &mut Scan) -> Result<()> {
    let given = scan.filter.as_ref().is_some_and(reads_outside);
    if !given && scan.among.is_empty() {
        scan.rows = Some(Arc::new(plan_rows(ctx, &scan.source.table, scan.filter.clone())?));
    }
    Ok(())
}

/// Whether an expression reads what its frame is given.
fn reads_outside(expr: &RowExpr) -> bool {
    let mut outside = false;
    expr.visit_columns(&mut |at| outside = outside || *at >= OUTER);
    outside
}

/// Lets a key or an index bring rows in order, where one does; then nothing is left to sort.
fn without_sort(node: Node) -> Node {
    let Node::Sort { mut input, keys, few } = node else { return node };
    let Some(sorted) = keys
        .iter()
        .map(|key| {
            let natural = key.is_natural();
            let (expr, descending) = (key.expr.clone(), key.descending);
            natural.then_some(Sorted { expr, descending })
        })
        .collect::<Option<Vec<_>>>()
    else {
        return Node::Sort { input, keys, few };
    };
    match bring_in_order(&mut input, sorted, few.is_some()) {
        true => *input,
        false => Node::Sort { input, keys, few },
    }
}

/// Sorts before rows are computed where only few of them are wanted.
fn early_sort(node: Node) -> Node {
    let Node::Sort { input, keys, few: Some(few) } = node else { return node };
    let Node::Project { input: below, exprs } = *input else {
        return Node::Sort { input, keys, few: Some(few) };
    };
    let plain = |expr: &RowExpr| !expr.is_volatile() && used(expr).is_some();
    if !exprs.iter().all(plain) || !keys.iter().all(|key| plain(&key.expr)) {
        let input = Box::new(Node::Project { input: below, exprs });
        return Node::Sort { input, keys, few: Some(few) };
    }
    let keys = keys.into_iter();
    let keys = keys.map(|key| SortKey { expr: substituted(&key.expr, &exprs), ..key }).collect();
    let input = Box::new(Node::Sort { input: below, keys, few: Some(few) });
    Node::Project { input, exprs }
}

fn bring_in_order(node: &mut Node, keys: Vec<Sorted>, few: bool) -> bool {
    match node {
        Node::Project { input, exprs } => {
            let below = keys.into_iter().map(|key| {
                let Expr::Column(at) = key.expr else { return None };
                let expr = exprs.get(at)?.clone();
                (!expr.is_volatile()).then_some(Sorted { expr, descending: key.descending })
            });
            match below.collect::<Option<Vec<_>>>() {
                Some(below) => bring_in_order(input, below, few),
                None => false,
            }
        }
        Node::Filter { input, .. } => bring_in_order(input, keys, few),
        Node::Scan(scan) => match &mut scan.rows {
            Some(rows) => Arc::make_mut(rows).bring_in_order(&scan.source.table, &keys, few),
            None => false,
        },
        _ => false,
    }
}
