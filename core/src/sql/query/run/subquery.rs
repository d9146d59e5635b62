//! Subqueries in expressions.

use super::super::plan::{QueryPlan, Sub, SubKind};
use super::{Env, Frame};
use crate::error::{Error, Result};
use crate::expr::{CompareOp, Expr, LiteralSet};
use crate::sql::types::same_key;
use crate::value::Value;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::rc::Rc;

/// What a subquery gave, for as long as the statement runs.
#[derive(Clone)]
pub(super) enum Answer {
    Value(Value),
    /// Rows, for IN and comparisons.
    Rows(Rc<Rows>),
}

/// Rows that values are looked for in.
pub(super) struct Rows {
    rows: Vec<Vec<Value>>,
    /// The same as a list, where rows have one value.
    list: Option<Expr<usize>>,
}

/// The value that a subquery stands for. `column` gives the values around it.
pub(super) fn value(
    frame: Frame<'_>,
    sub: &Sub,
    column: &dyn Fn(usize) -> Option<Value>,
    row: &[Value],
) -> Result<Value> {
    let missing = || Error::Internal("a subquery reads a column that is not there".into());
    let given = sub.plan.outer.iter().map(|at| column(*at).ok_or_else(missing));
    let given = given.collect::<Result<Vec<Value>>>()?;
    let mut key = Vec::new();
    given.iter().for_each(|value| {
        // Values that are equal but of different kinds are not the same to what is computed of them.
        key.push(kind_of(value));
        same_key(&mut key, value);
    });
    let answer = remembered(frame, sub, key, &given)?;
    let rows = match answer {
        Answer::Value(value) => return Ok(value),
        Answer::Rows(rows) => rows,
    };
    // The values that are looked for stand outside, with the row around.
    let env = Env { row, frame, subs: OnceCell::new() };
    let outside = |expr: &Expr<usize>| frame.checked(expr.eval(&env, &frame.rt.eval));
    match &sub.kind {
        SubKind::In { values, negated } => {
            let values = values.iter().map(outside).collect::<Result<Vec<Value>>>()?;
            let found = match (values.as_slice(), &rows.list) {
                ([_], Some(list)) => match frame.checked(list.eval(&values, &frame.rt.eval))? {
                    Value::Bool(found) => Some(found),
                    _ => None,
                },
                _ => among(&values, &rows.rows)?,
            };
            Ok(found.map_or(Value::Null, |found| Value::Bool(found != *negated)))
        }
        SubKind::Compare { value, op, all } => {
            let value = outside(value)?;
            let mut unknown = false;
            for row in &rows.rows {
                let other = row.first().unwrap_or(&Value::Null);
                match value.compare(other)? {
                    None => unknown = true,
                    Some(order) if op.holds(order) != *all => return Ok(Value::Bool(!*all)),
                    Some(_) => {}
                }
            }
            Ok(if unknown { Value::Null } else { Value::Bool(*all) })
        }
        SubKind::Row { values, op } => {
            let values = values.iter().map(outside).collect::<Result<Vec<Value>>>()?;
            let Some(row) = rows.rows.first() else { return Ok(Value::Null) };
            Ok(row_holds(&values, *op, row)?.map_or(Value::Null, Value::Bool))
        }
        _ => Err(Error::Internal("rows where a value was asked for".into())),
    }
}

/// Whether a comparison of two rows holds: the first values that differ decide, and equality is decided
/// by any that do.
fn row_holds(left: &[Value], op: CompareOp, right: &[Value]) -> Result<Option<bool>> {
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    let mut unknown = false;
    for (left, right) in left.iter().zip(right) {
        match left.compare(right)? {
            Some(Ordering::Equal) => {}
            Some(order) => return Ok(Some(op.holds(order))),
            None if equality => unknown = true,
            None => return Ok(None),
        }
    }
    Ok((!unknown).then(|| op.holds(Ordering::Equal)))
}

/// The condition that a value is among the rows of a subquery that stands alone.
pub(super) fn list(frame: Frame<'_>, sub: usize, value: &Expr<usize>) -> Result<Expr<usize>> {
    let missing = || Error::Internal("a subquery is missing".into());
    let sub = frame.subs.get(sub).ok_or_else(missing)?;
    match remembered(frame, sub, Vec::new(), &[])? {
        Answer::Rows(rows) => match &rows.list {
            Some(Expr::InList { list, .. }) => {
                let (expr, list) = (Box::new(value.clone()), list.clone());
                Ok(Expr::InList { expr, list, negated: false })
            }
            _ => Err(missing()),
        },
        Answer::Value(_) => Err(missing()),
    }
}

fn kind_of(value: &Value) -> u8 {
    match value {
        Value::Int(_) => 1,
        Value::Float(_) => 2,
        Value::Decimal(_) => 3,
        _ => 0,
    }
}

/// What a subquery gives, which is looked up where it was given the same before.
fn remembered(frame: Frame<'_>, sub: &Sub, key: Vec<u8>, given: &[Value]) -> Result<Answer> {
    let key = (sub.id, key);
    let known = sub.stable.then(|| frame.rt.remembered.borrow().get(&key).cloned()).flatten();
    if let Some(known) = known {
        return Ok(known);
    }
    let inner = Frame { rt: frame.rt, subs: &sub.plan.subs, given };
    let answer = answer(inner, sub)?;
    if sub.stable {
        frame.hold_bytes(key.1.len() + 96)?;
        frame.rt.remembered.borrow_mut().insert(key, answer.clone());
    }
    Ok(answer)
}

fn answer(frame: Frame<'_>, sub: &Sub) -> Result<Answer> {
    let plan: &QueryPlan = &sub.plan;
    Ok(match &sub.kind {
        SubKind::Exists { negated } => {
            let mut row = vec![Value::Null; plan.root.width()];
            let there = frame.open(&plan.root)?.next(&mut row)?;
            Answer::Value(Value::Bool(there != *negated))
        }
        SubKind::Scalar => {
            let mut row = vec![Value::Null; plan.root.width()];
            let mut input = frame.open(&plan.root)?;
            if !input.next(&mut row)? {
                return Ok(Answer::Value(Value::Null));
            }
            let value = row.first().cloned().unwrap_or(Value::Null);
            if input.next(&mut row)? {
                return Err(Error::Sql(
                    "a subquery that stands for a value gave several rows".into(),
                ));
            }
            Answer::Value(value)
        }
        SubKind::Row { .. } => {
            let mut row = vec![Value::Null; plan.root.width()];
            let mut input = frame.open(&plan.root)?;
            let mut rows = Vec::new();
            while input.next(&mut row)? {
                if !rows.is_empty() {
                    return Err(Error::Sql(
                        "a subquery that stands for a row gave several rows".into(),
                    ));
                }
                rows.push(row.clone());
            }
            Answer::Rows(Rc::new(Rows { rows, list: None }))
        }
        SubKind::In { .. } | SubKind::Compare { .. } => {
            let mut rows = frame.collect(&plan.root)?;
            rows.iter_mut().for_each(|row| row.truncate(plan.columns.len()));
            let list =
                (plan.columns.len() == 1 && matches!(sub.kind, SubKind::In { .. })).then(|| {
                    let values = rows.iter().filter_map(|row| row.first().cloned()).collect();
                    let list = crate::expr::InItems::Literals(LiteralSet::new(values).into());
                    Expr::InList { expr: Box::new(Expr::Column(0)), list, negated: false }
                });
            Answer::Rows(Rc::new(Rows { rows, list }))
        }
    })
}

/// Whether several values together equal one of the rows.
fn among(values: &[Value], rows: &[Vec<Value>]) -> Result<Option<bool>> {
    let mut unknown = false;
    for row in rows {
        let mut same = Some(true);
        for (value, other) in values.iter().zip(row) {
            match value.compare(other)? {
                Some(Ordering::Equal) => {}
                Some(_) => {
                    same = Some(false);
                    break;
                }
                None => same = None,
            }
        }
        match same {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => unknown = true,
        }
    }
    Ok((!unknown).then_some(false))
}
