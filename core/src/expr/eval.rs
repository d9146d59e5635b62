//! The evaluator. Values of columns and literals are borrowed; only what an operation makes is new.

use super::strings::bounded;
use super::{CompareOp, EvalContext, EvalError, Expr, Function, InItems, LikePattern, Matcher};
use crate::value::{ArithOp, Value};
use core::cmp::Ordering;
use std::borrow::Cow;

/// What columns are read from. A row that was decoded in part may hold anything in the columns that
/// the expression does not read.
pub trait Row {
    /// The value of a column; `None` if the row has no such column.
    fn value(&self, column: usize) -> Option<&Value>;
}

impl Row for [Value] {
    fn value(&self, column: usize) -> Option<&Value> {
        self.get(column)
    }
}

impl Row for Vec<Value> {
    fn value(&self, column: usize) -> Option<&Value> {
        self.get(column)
    }
}

impl<const N: usize> Row for [Value; N] {
    fn value(&self, column: usize) -> Option<&Value> {
        self.get(column)
    }
}

type Found<'a> = Result<Cow<'a, Value>, EvalError>;

/// The truth of a condition: `None` is unknown.
type Truth = Result<Option<bool>, EvalError>;

impl Expr<usize> {
    /// The value for this row.
    ///
    /// # Errors
    /// Values that do not go together, limits, the deadline.
    pub fn eval<R: Row + ?Sized>(
        &self,
        row: &R,
        ctx: &EvalContext<'_>,
    ) -> Result<Value, EvalError> {
        self.value(row, ctx).map(Cow::into_owned)
    }

    /// Whether the row passes the expression as a filter: it must be true, not unknown.
    ///
    /// # Errors
    /// As [`Expr::eval`]; `NotBoolean` for what is neither a boolean nor a number.
    pub fn matches<R: Row + ?Sized>(
        &self,
        row: &R,
        ctx: &EvalContext<'_>,
    ) -> Result<bool, EvalError> {
        Ok(self.truth(row, ctx)? == Some(true))
    }

    fn value<'a, R: Row + ?Sized>(&'a self, row: &'a R, ctx: &EvalContext<'_>) -> Found<'a> {
        match self {
            Expr::Literal(value) => return Ok(Cow::Borrowed(value)),
            Expr::Column(column) => {
                let value = row.value(*column).ok_or(EvalError::MissingColumn(*column))?;
                return Ok(Cow::Borrowed(value));
            }
            _ => ctx.step()?,
        }
        match self {
            Expr::Neg(expr) => Ok(Cow::Owned(expr.value(row, ctx)?.neg()?)),
            Expr::Arith { first, rest } => chain(first, rest, row, ctx),
            Expr::Case { operand, whens, otherwise } => {
                case(operand.as_deref(), whens, otherwise.as_deref(), row, ctx)
            }
            Expr::Cast { expr, ty } => Ok(Cow::Owned(expr.value(row, ctx)?.into_owned().cast(ty)?)),
            Expr::Function { function: Function::Coalesce, args } => {
                for arg in args {
                    let value = arg.value(row, ctx)?;
                    if !value.is_null() {
                        return Ok(value);
                    }
                }
                Ok(Cow::Owned(Value::Null))
            }
            Expr::Function { function, args } => {
                let args = args.iter().map(|arg| arg.eval(row, ctx));
                let args = args.collect::<Result<Vec<_>, _>>()?;
                Ok(Cow::Owned(function.apply(&args, ctx)?))
            }
            condition => {
                let truth = condition.truth(row, ctx)?;
                Ok(Cow::Owned(truth.map_or(Value::Null, Value::Bool)))
            }
        }
    }

    fn truth<R: Row + ?Sized>(&self, row: &R, ctx: &EvalContext<'_>) -> Truth {
        match self {
            Expr::And(terms) => decided(terms, false, row, ctx),
            Expr::Or(terms) => decided(terms, true, row, ctx),
            Expr::Not(expr) => Ok(expr.truth(row, ctx)?.map(|truth| !truth)),
            Expr::Compare { op, left, right } => {
                ctx.step()?;
                let left = left.value(row, ctx)?;
                if left.is_null() {
                    return Ok(None);
                }
                compared(*op, &left, &*right.value(row, ctx)?)
            }
            Expr::IsNull { expr, negated } => Ok(Some(expr.value(row, ctx)?.is_null() != *negated)),
            Expr::IsDistinct { left, right, negated } => {
                let (left, right) = (left.value(row, ctx)?, right.value(row, ctx)?);
                let same = match (left.is_null(), right.is_null()) {
                    (true, true) => true,
                    (false, false) => left.compare(&right)? == Some(Ordering::Equal),
                    _ => false,
                };
                Ok(Some(same == *negated))
            }
            Expr::Between { expr, low, high, negated } => {
                ctx.step()?;
                let value = expr.value(row, ctx)?;
                let above = compared(CompareOp::Ge, &value, &*low.value(row, ctx)?)?;
                let below = match above {
                    Some(false) => Some(false),
                    _ => compared(CompareOp::Le, &value, &*high.value(row, ctx)?)?,
                };
                let within = match (above, below) {
                    (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                };
                Ok(within.map(|within| within != *negated))
            }
            Expr::InList { expr, list, negated } => {
                ctx.step()?;
                let value = expr.value(row, ctx)?;
                let found = match list {
                    InItems::Literals(set) if value.is_null() => {
                        if set.written().is_empty() {
                            Some(false)
                        } else {
                            None
                        }
                    }
                    InItems::Literals(set) => match set.contains(&value) {
                        Some(true) => Some(true),
                        Some(false) => (!set.has_null()).then_some(false),
                        None => {
                            let items = set.written().iter().map(|item| Ok(Cow::Borrowed(item)));
                            among(&value, items, ctx)?
                        }
                    },
                    InItems::Exprs(items) => {
                        among(&value, items.iter().map(|item| item.value(row, ctx)), ctx)?
                    }
                };
                Ok(found.map(|found| found != *negated))
            }
            Expr::Like { expr, pattern, negated } => {
                ctx.step()?;
                let value = expr.value(row, ctx)?;
                Ok(like(&value, pattern, row, ctx)?.map(|matches| matches != *negated))
            }
            other => truth_of(&*other.value(row, ctx)?),
        }
    }
}

/// A condition's value as truth. Numbers are true unless they are 0.
fn truth_of(value: &Value) -> Truth {
    match value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(*truth)),
        Value::Text(_) => Err(EvalError::NotBoolean(value.kind())),
        number => match number.compare(&Value::Int(0)) {
            Ok(order) => Ok(order.map(Ordering::is_ne)),
            Err(_) => Err(EvalError::NotBoolean(value.kind())),
        },
    }
}

fn compared(op: CompareOp, left: &Value, right: &Value) -> Truth {
    Ok(left.compare(right)?.map(|order| op.holds(order)))
}

/// AND (decided by false) and OR (decided by true).
fn decided<R: Row + ?Sized>(
    terms: &[Expr<usize>],
    by: bool,
    row: &R,
    ctx: &EvalContext<'_>,
) -> Truth {
    let mut result = Some(!by);
    for term in terms {
        ctx.step()?;
        match term.truth(row, ctx)? {
            Some(truth) if truth == by => return Ok(Some(by)),
            Some(_) => {}
            None => result = None,
        }
    }
    Ok(result)
}

/// Whether a value equals one of these; unknown if it may be a NULL among them. An empty list
/// holds nothing, not even NULL.
fn among<'a>(
    value: &Value,
    items: impl Iterator<Item = Found<'a>>,
    ctx: &EvalContext<'_>,
) -> Truth {
    let mut found = Some(false);
    for item in items {
        ctx.step()?;
        match compared(CompareOp::Eq, value, &*item?)? {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => found = None,
        }
    }
    Ok(found)
}

fn like<R: Row + ?Sized>(
    value: &Value,
    pattern: &LikePattern<usize>,
    row: &R,
    ctx: &EvalContext<'_>,
) -> Truth {
    let made;
    let matcher: &Matcher = match pattern {
        LikePattern::Ready(matcher) => matcher,
        LikePattern::Dynamic { pattern, escape, case_insensitive } => {
            let text = match &*pattern.value(row, ctx)? {
                Value::Null => return Ok(None),
                Value::Text(text) => text.clone(),
                other => text_for_like(other)?.into(),
            };
            made = Matcher::new(text, *escape, *case_insensitive)?;
            &made
        }
    };
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => matcher.matches(text, ctx).map(Some),
        other => matcher.matches(&text_for_like(other)?, ctx).map(Some),
    }
}

fn text_for_like(value: &Value) -> Result<String, EvalError> {
    match value {
        Value::Blob(_) => Err(EvalError::Operand { function: "LIKE", kind: value.kind() }),
        other => Ok(other.to_text()),
    }
}

fn case<'a, R: Row + ?Sized>(
    operand: Option<&'a Expr<usize>>,
    whens: &'a [(Expr<usize>, Expr<usize>)],
    otherwise: Option<&'a Expr<usize>>,
    row: &'a R,
    ctx: &EvalContext<'_>,
) -> Found<'a> {
    let operand = operand.map(|operand| operand.value(row, ctx)).transpose()?;
    for (when, then) in whens {
        let chosen = match &operand {
            None => when.truth(row, ctx)?,
            Some(operand) => compared(CompareOp::Eq, operand, &*when.value(row, ctx)?)?,
        };
        if chosen == Some(true) {
            return then.value(row, ctx);
        }
    }
    otherwise.map_or(Ok(Cow::Owned(Value::Null)), |otherwise| otherwise.value(row, ctx))
}

/// Operators from left to right. A run of `||` grows one text instead of copying it each time.
fn chain<'a, R: Row + ?Sized>(
    first: &'a Expr<usize>,
    rest: &'a [(ArithOp, Expr<usize>)],
    row: &'a R,
    ctx: &EvalContext<'_>,
) -> Found<'a> {
    let mut left = first.value(row, ctx)?;
    let mut growing: Option<String> = None;
    for (op, term) in rest {
        ctx.step()?;
        let right = term.value(row, ctx)?;
        let blobs = matches!((&*left, &*right), (Value::Blob(_), Value::Blob(_)));
        let is_text = growing.is_some() || !left.is_null();
        if *op == ArithOp::Concat && is_text && !right.is_null() && !blobs {
            let mut text = growing.take().unwrap_or_else(|| left.to_text());
            // What the text is made of need not be kept.
            left = Cow::Owned(Value::Null);
            let add = |text: &mut String, part: &str| -> Result<(), EvalError> {
                bounded(text.len().saturating_add(part.len()))?;
                text.push_str(part);
                Ok(())
            };
            match &*right {
                Value::Text(part) => add(&mut text, part)?,
                other => add(&mut text, &other.to_text())?,
            }
            growing = Some(text);
            continue;
        }
        if let Some(text) = growing.take() {
            left = Cow::Owned(Value::from(text));
        }
        if let (true, Value::Blob(a), Value::Blob(b)) = (*op == ArithOp::Concat, &*left, &*right) {
            bounded(a.len().saturating_add(b.len()))?;
        }
        left = Cow::Owned(left.arith(*op, &right)?);
    }
    match growing {
        Some(text) => Ok(Cow::Owned(Value::from(text))),
        None => Ok(left),
    }
}
