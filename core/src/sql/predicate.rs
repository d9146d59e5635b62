//! What the conjuncts of a predicate say of single columns: sets of values, and bounds.

use super::context::QueryContext;
use crate::error::Result;
use crate::expr::{CompareOp, Expr, InItems};
use crate::row::TableDef;
use crate::value::{SqlType, Value};
use std::cmp::Ordering;

/// What one conjunct says of a column, or of an expression that an index may be over.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    /// The column or expression.
    pub expr: Expr<usize>,
    /// The only values that it may have, as they are stored.
    pub values: Option<Vec<Value>>,
    /// Its least value, and whether that is allowed.
    pub lower: Option<(Value, bool)>,
    /// Its greatest value, and whether that is allowed.
    pub upper: Option<(Value, bool)>,
}

impl Wanted {
    /// Whether no value will do, so that no row can.
    pub fn is_nothing(&self) -> bool {
        self.values.as_ref().is_some_and(Vec::is_empty)
    }

    fn of(expr: &Expr<usize>) -> Self {
        Wanted { expr: expr.clone(), values: None, lower: None, upper: None }
    }
}

/// What the conjuncts say that a path can use. What is left out narrows nothing.
///
/// # Errors
/// An error of a constant.
pub(super) fn wanted(
    ctx: &QueryContext<'_>,
    def: &TableDef,
    predicate: &Expr<usize>,
) -> Result<Vec<Wanted>> {
    let eval = ctx.eval();
    let mut all = Vec::new();
    let constant = |expr: &Expr<usize>| -> Result<Option<Value>> {
        match expr {
            Expr::Literal(value) => Ok(Some(value.clone())),
            expr if expr.is_constant() => Ok(Some(expr.eval(&[], &eval)?)),
            _ => Ok(None),
        }
    };
    for term in predicate.conjuncts() {
        match term {
            Expr::Literal(Value::Bool(false) | Value::Null) => {
                let mut nothing = Wanted::of(term);
                nothing.values = Some(Vec::new());
                all.push(nothing);
            }
            Expr::Compare { op, left, right } => {
                if let Some(value) = constant(right)? {
                    all.extend(compared(def, left, *op, value));
                } else if let Some(value) = constant(left)? {
                    all.extend(compared(def, right, op.flipped(), value));
                }
            }
            Expr::Between { expr, low, high, negated: false } => {
                if let Some(value) = constant(low)? {
                    all.extend(compared(def, expr, CompareOp::Ge, value));
                }
                if let Some(value) = constant(high)? {
                    all.extend(compared(def, expr, CompareOp::Le, value));
                }
            }
            Expr::InList { expr, list: InItems::Literals(set), negated: false } => {
                all.extend(listed(def, expr, set.sorted()));
            }
            Expr::IsNull { expr, negated: false } if key_type(def, expr).is_some() => {
                let mut null = Wanted::of(expr);
                null.values = Some(vec![Value::Null]);
                all.push(null);
            }
            Expr::Or(terms) => all.extend(any_of(def, terms, &constant)?),
            _ => {}
        }
    }
    Ok(all)
}

/// `a = 1 OR a = 2 OR a IN (3, 4)`.
fn any_of(
    def: &TableDef,
    terms: &[Expr<usize>],
    constant: &dyn Fn(&Expr<usize>) -> Result<Option<Value>>,
) -> Result<Option<Wanted>> {
    let mut found: Option<Wanted> = None;
    for term in terms {
        let one = match term {
            Expr::Compare { op: CompareOp::Eq, left, right } => match constant(right)? {
                Some(value) => compared(def, left, CompareOp::Eq, value),
                None => match constant(left)? {
                    Some(value) => compared(def, right, CompareOp::Eq, value),
                    None => None,
                },
            },
            Expr::InList { expr, list: InItems::Literals(set), negated: false } => {
                listed(def, expr, set.sorted())
            }
            _ => None,
        };
        let Some(Wanted { expr, values: Some(values), .. }) = one else { return Ok(None) };
        match &mut found {
            None => {
                let mut first = Wanted::of(&expr);
                first.values = Some(values);
                found = Some(first);
            }
            Some(known) if known.expr == expr => {
                if let Some(known) = &mut known.values {
                    known.extend(values);
                }
            }
            Some(_) => return Ok(None),
        }
    }
    Ok(found)
}

fn compared(def: &TableDef, expr: &Expr<usize>, op: CompareOp, value: Value) -> Option<Wanted> {
    let ty = key_type(def, expr)?;
    let mut wanted = Wanted::of(expr);
    if value.is_null() {
        // A comparison with NULL is true of no row.
        wanted.values = Some(Vec::new());
        return Some(wanted);
    }
    let value = as_key(value, &ty)?;
    match op {
        CompareOp::Eq => wanted.values = Some(vec![value]),
        CompareOp::Lt => wanted.upper = Some((value, false)),
        CompareOp::Le => wanted.upper = Some((value, true)),
        CompareOp::Gt => wanted.lower = Some((value, false)),
        CompareOp::Ge => wanted.lower = Some((value, true)),
        CompareOp::Ne => return None,
    }
    Some(wanted)
}

fn listed(def: &TableDef, expr: &Expr<usize>, items: &[Value]) -> Option<Wanted> {
    let ty = key_type(def, expr)?;
    let mut wanted = Wanted::of(expr);
    let values = items.iter().map(|value| as_key(value.clone(), &ty));
    wanted.values = Some(values.collect::<Option<_>>()?);
    Some(wanted)
}

/// The type that an expression's values have in a key, where all have one whose order is the order
/// of comparisons.
fn key_type(def: &TableDef, expr: &Expr<usize>) -> Option<SqlType> {
    let ty = match expr {
        Expr::Column(at) => def.columns.get(*at)?.ty,
        Expr::Literal(_) => return None,
        // What an expression gives is stored in the index as it comes; only these kinds have one
        // form for equal values.
        other => {
            let columns = |at: &usize| def.columns.get(*at).map_or(SqlType::Any, |c| c.ty);
            let ty = other.result_type(&columns);
            (ty.is_text() || ty.is_integer() || ty == SqlType::Date).then_some(ty)?
        }
    };
    // Intervals are equal where their lengths are, which their keys do not say.
    (!matches!(ty, SqlType::Any | SqlType::Interval | SqlType::Json)).then_some(ty)
}

/// A constant as a key of this type has it; `None` where there is no value that compares alike.
fn as_key(value: Value, ty: &SqlType) -> Option<Value> {
    if ty.is_text() != matches!(value, Value::Text(_)) {
        return None;
    }
    if ty.is_text() {
        // Stored text is no longer than its column allows; what is compared may be.
        return Some(value);
    }
    let stored = value.clone().coerce(ty).ok()?;
    (value.compare(&stored).ok()? == Some(Ordering::Equal)).then_some(stored)
}
