//! Which columns are read: those that something above a scan asks for.

use super::place::{each_expr, sub_exprs};
use super::plan::{Node, RowExpr, Sub};
use crate::expr::Expr;
use crate::sql::bind::{OUTER, SUB};
use crate::value::Value;

/// Tells every scan which columns are read, given which values of a row are.
pub(super) fn prune(node: &mut Node, mut wanted: Vec<bool>, subs: &[Sub]) {
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
