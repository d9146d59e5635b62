//! What is kept with a parsed statement, so that it need not be bound again.
//!
//! Binding costs more than finding a row by its key, and programs run the same few statements with
//! other values. So a plan may be kept with its statement if nothing in it depends on rows or on
//! values: where it needs a parameter's value it has a position from [`OUTER`] on, which says which
//! one. It is made for one definition of one table, and for one kind of each value; for anything else
//! it is made again, or the statement is bound as if nothing were kept.
//!
//! A value may be left open on one side of a comparison whose other side is of the same family of
//! types, where a literal would mean just itself, and wherever it stands alone for a new value. Any
//! other use of a parameter keeps its statement from being kept.

use super::bind::OUTER;
use super::parameters::Params;
use crate::expr::Expr;
use crate::row::Table;
use crate::value::{SqlType, Value};
use std::convert::Infallible;
use std::mem::Discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Parameters of a statement whose plan is kept, at most.
pub(super) const PARAMS_MAX: usize = 64;

/// Where a parsed statement keeps its plan.
#[derive(Debug)]
pub(super) struct Keeping<P>(Arc<Mutex<Slot<P>>>);

#[derive(Debug)]
pub(super) enum Slot<P> {
    Untried,
    /// Its form allows no kept plan.
    Never,
    Kept(Arc<Kept<P>>),
}

/// A plan, and what it was made for.
#[derive(Debug)]
pub(super) struct Kept<P> {
    table: Arc<Table>,
    kinds: Vec<Discriminant<Value>>,
    pub plan: P,
}

impl<P> Keeping<P> {
    /// What is kept now.
    pub fn known(&self) -> Slot<P> {
        self.slot().clone()
    }

    /// Keeps a plan that was made for this definition and these values.
    pub fn keep(&self, table: &Arc<Table>, params: &[Value], plan: P) -> Slot<P> {
        let kinds = params.iter().map(std::mem::discriminant).collect();
        self.put(Slot::Kept(Arc::new(Kept { table: table.clone(), kinds, plan })))
    }

    /// Remembers that its form allows no plan.
    pub fn never(&self) -> Slot<P> {
        self.put(Slot::Never)
    }

    fn put(&self, slot: Slot<P>) -> Slot<P> {
        self.slot().clone_from(&slot);
        slot
    }

    // What a panicking thread leaves is whole: a slot is replaced or it is not.
    fn slot(&self) -> MutexGuard<'_, Slot<P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> Kept<P> {
    /// Whether it was made for this definition.
    pub fn is_of(&self, table: &Arc<Table>) -> bool {
        Arc::ptr_eq(&self.table, table)
    }

    /// Whether it was made for values of these kinds.
    pub fn is_for(&self, params: &[Value]) -> bool {
        self.kinds.len() == params.len()
            && self.kinds.iter().zip(params).all(|(k, v)| *k == std::mem::discriminant(v))
    }
}

// Not derived: that would ask the same of the plan, of which only a pointer is copied.
impl<P> Clone for Keeping<P> {
    fn clone(&self) -> Self {
        Keeping(self.0.clone())
    }
}

impl<P> Default for Keeping<P> {
    fn default() -> Self {
        Keeping(Arc::new(Mutex::new(Slot::Untried)))
    }
}

impl<P> Clone for Slot<P> {
    fn clone(&self) -> Self {
        match self {
            Slot::Untried => Slot::Untried,
            Slot::Never => Slot::Never,
            Slot::Kept(kept) => Slot::Kept(kept.clone()),
        }
    }
}

/// Whether a plan may be made for values: NULL has no kind of its own, so it says nothing about the
/// next ones.
pub(super) fn may_be_kept(params: &[Value]) -> bool {
    params.len() <= PARAMS_MAX && !params.iter().any(Value::is_null)
}

/// The types that values compare with as they are; `None`: one might be read as something else.
pub(super) fn families(params: &Params<'_>) -> Vec<Option<SqlType>> {
    params.iter().map(family).collect()
}

fn family(value: &Value) -> Option<SqlType> {
    Some(match value {
        Value::Int(_) => SqlType::BigInt,
        Value::Text(_) => SqlType::Text,
        Value::Bool(_) => SqlType::Boolean,
        Value::Float(_) => SqlType::Double,
        _ => return None,
    })
}

/// Whether a value of a family, compared with what is of a type, means itself.
fn means_itself(family: SqlType, beside: SqlType) -> bool {
    match family {
        SqlType::BigInt => beside.is_integer(),
        SqlType::Text => beside.is_text(),
        SqlType::Boolean => beside == SqlType::Boolean,
        SqlType::Double => beside.is_float(),
        _ => false,
    }
}

/// The position that stands for a parameter; `None`: there are too many.
pub(super) fn position(name: &str) -> Option<usize> {
    let number = name.strip_prefix('$')?.parse::<usize>().ok()?;
    (1..=PARAMS_MAX).contains(&number).then(|| OUTER + number - 1)
}

/// The position that stands for a parameter whose value is left open, beside something of a type.
pub(super) fn left_open(
    name: &str,
    families: &[Option<SqlType>],
    beside: SqlType,
) -> Option<usize> {
    let at = position(name)?;
    let family = (*families.get(at - OUTER)?)?;
    means_itself(family, beside).then_some(at)
}

/// An expression with values in the places that were left open.
pub(super) fn filled(expr: &Expr<usize>, given: &[Value]) -> Expr<usize> {
    let value = |at: &usize| -> Result<Expr<usize>, Infallible> {
        Ok(match at.checked_sub(OUTER).and_then(|at| given.get(at)) {
            Some(value) => Expr::Literal(value.clone()),
            None => Expr::Column(*at),
        })
    };
    match expr.replace_columns(&mut { value }) {
        Ok(filled) => filled,
    }
}
