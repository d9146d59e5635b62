//! Where conditions stand, in which order inputs are joined, which columns are read, and how each
//! table's rows are found.
//!
//! Conditions go as far down as they may while a query is bound: what reads one input is checked in
//! its scan, what reads several as soon as all of them are there. When the whole is bound, inner
//! joins are put in order, smallest first and along equalities, and columns that nothing reads are
//! no longer decoded.

use super::plan::{Join, JoinKind, Method, Node, QueryPlan, RowExpr, Scan, SortKey, Sub, SubKind};
use crate::error::Result;
use crate::expr::{CompareOp, Expr};
use crate::sql::access::{Sorted, plan_rows};
use crate::sql::bind::{OUTER, SUB};
use crate::sql::context::QueryContext;
use crate::value::{SqlType, Value};
use std::convert::Infallible;
use std::sync::Arc;

/// A table of fewer rows is read whole sooner than its rows are looked up one by one.
const LOOKUP_FROM: u64 = 200;
/// What looking up a row costs, in rows that are read one after the other.
const LOOKUP_COST: u64 = 4;

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
fn used(expr: &RowExpr) -> Option<Vec<usize>> {
    let mut used = Vec::new();
    let mut any = false;
    expr.visit_columns(&mut |at| match *at {
        at if at >= SUB => any = true,
        at if at >= OUTER => {}
        at => used.push(at),
    });
    (!any).then_some(used)
}

fn within(used: &[usize], slots: &[usize]) -> bool {
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

fn on_top(node: Node, predicate: RowExpr) -> Node {
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
        Expr::InList { expr, .. } | Expr::Like { expr, .. } => strict(expr),
        Expr::IsNull { expr, negated: true } => strict(expr),
        _ => false,
    }
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

fn sub_exprs(sub: &Sub) -> Vec<&RowExpr> {
    match &sub.kind {
        SubKind::Scalar | SubKind::Exists { .. } => Vec::new(),
        SubKind::In { values, .. } => values.iter().collect(),
        SubKind::Compare { value, .. } => vec![value],
    }
}

/// Calls `f` with each expression of an operator, those of its inputs not counted.
pub(super) fn each_expr<'n>(node: &'n Node, f: &mut dyn FnMut(&'n RowExpr)) {
    use super::plan::FrameEdge;
    match node {
        Node::One
        | Node::Nothing { .. }
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

fn settled(ctx: &QueryContext<'_>, mut node: Node) -> Result<Node> {
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

// --- Joins ---

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

fn joins(ctx: &QueryContext<'_>, node: Node) -> Result<Node> {
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
    types: &std::rc::Rc<Vec<SqlType>>,
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

// --- Columns that nothing reads ---

/// Tells every scan which columns are read, given which values of a row are.
fn prune(node: &mut Node, mut wanted: Vec<bool>, subs: &[Sub]) {
    let note = |expr: &RowExpr, wanted: &mut Vec<bool>| note_columns(expr, subs, wanted);
    match node {
        Node::Scan(scan) => {
            scan.filter.iter().for_each(|filter| note(filter, &mut wanted));
            scan.among.iter().for_each(|(value, _)| note(value, &mut wanted));
            wanted.resize(scan.wanted.len(), false);
            scan.wanted = wanted;
        }
        Node::Place { first, input, .. } => {
            let width = input.width();
            let own = wanted.into_iter().skip(*first).take(width).collect();
            prune(input, own, subs);
        }
        Node::Join(join) => {
            for (left, right) in &join.keys {
                note(left, &mut wanted);
                note(right, &mut wanted);
            }
            join.on.iter().for_each(|expr| note(expr, &mut wanted));
            join.left_slots.retain(|at| wanted.get(*at) == Some(&true));
            join.right_slots.retain(|at| wanted.get(*at) == Some(&true));
            prune(&mut join.left, wanted.clone(), subs);
            prune(&mut join.right, wanted, subs);
        }
        Node::Filter { input, predicate } => {
            note(predicate, &mut wanted);
            prune(input, wanted, subs);
        }
        Node::Project { input, exprs } => {
            let mut below = vec![false; input.width()];
            for (at, expr) in exprs.iter_mut().enumerate() {
                match wanted.get(at) {
                    Some(false) => *expr = Expr::Literal(Value::Null),
                    _ => note(expr, &mut below),
                }
            }
            prune(input, below, subs);
        }
        Node::Group(_) | Node::Window(_) => {
            let mut exprs = Vec::new();
            each_expr(node, &mut |expr| exprs.push(expr.clone()));
            let (input, mut below) = match node {
                Node::Group(group) => {
                    let width = group.input.width();
                    (&mut group.input, vec![false; width])
                }
                Node::Window(window) => {
                    wanted.truncate(window.width);
                    (&mut window.input, wanted)
                }
                _ => return,
            };
            exprs.iter().for_each(|expr| note(expr, &mut below));
            prune(input, below, subs);
        }
        Node::Distinct { input, by, visible } => {
            wanted.iter_mut().take(*visible).for_each(|place| *place = true);
            by.iter().flatten().for_each(|expr| note(expr, &mut wanted));
            prune(input, wanted, subs);
        }
        Node::Sort { input, keys, .. } => {
            keys.iter().for_each(|key| note(&key.expr, &mut wanted));
            prune(input, wanted, subs);
        }
        Node::Limit { input, .. } => prune(input, wanted, subs),
        Node::Append { inputs, .. } => {
            for input in inputs {
                let all = vec![true; input.width()];
                prune(input, all, subs);
            }
        }
        Node::Compare { left, right, .. } => {
            let all = vec![true; left.width()];
            prune(left, all.clone(), subs);
            prune(right, all, subs);
        }
        _ => {}
    }
}

fn note_columns(expr: &RowExpr, subs: &[Sub], wanted: &mut Vec<bool>) {
    let mut inside = Vec::new();
    expr.visit_columns(&mut |at| match *at {
        at if at >= SUB => inside.push(at - SUB),
        at if at >= OUTER => {}
        at => {
            if let Some(place) = wanted.get_mut(at) {
                *place = true;
            }
        }
    });
    // A subquery's own values may hold subqueries, which were bound before it.
    for sub in inside.into_iter().filter_map(|at| subs.get(at)) {
        for at in &sub.plan.outer {
            if let Some(place) = wanted.get_mut(*at) {
                *place = true;
            }
        }
        for expr in sub_exprs(sub) {
            note_columns(expr, subs, wanted);
        }
    }
}
