//! `IN (…)`: a list of literals is sorted once.

use super::Expr;
use crate::value::Value;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

/// What IN looks through.
#[derive(Debug, Clone, PartialEq)]
pub enum InItems<C> {
    /// Literals only.
    Literals(Arc<LiteralSet>),
    /// Anything.
    Exprs(Vec<Expr<C>>),
}

impl<C> InItems<C> {
    /// The items of a list, prepared.
    pub fn new(items: Vec<Expr<C>>) -> Self {
        if !items.iter().all(|item| matches!(item, Expr::Literal(_))) {
            return InItems::Exprs(items);
        }
        let values = items.into_iter().filter_map(|item| match item {
            Expr::Literal(value) => Some(value),
            _ => None,
        });
        InItems::Literals(Arc::new(LiteralSet::new(values.collect())))
    }
}

/// Literals, as they were written and sorted.
#[derive(Debug, Clone)]
pub struct LiteralSet {
    written: Vec<Value>,
    /// Without NULLs.
    sorted: Vec<Value>,
    has_null: bool,
    /// The kind of all of them, where it is one and equality is that of the total order.
    kind: Option<Discriminant<Value>>,
}

impl PartialEq for LiteralSet {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl LiteralSet {
    /// A set of these.
    pub fn new(written: Vec<Value>) -> Self {
        let mut sorted: Vec<Value> = written.iter().filter(|v| !v.is_null()).cloned().collect();
        sorted.sort_unstable_by(Value::total_cmp);
        sorted.dedup();
        let has_null = written.iter().any(Value::is_null);
        let kind = sorted.first().map(discriminant).filter(|kind| {
            sorted.iter().all(|v| discriminant(v) == *kind && !matches!(v, Value::Interval { .. }))
        });
        LiteralSet { written, sorted, has_null, kind }
    }

    /// The literals as they were written.
    pub fn written(&self) -> &[Value] {
        &self.written
    }

    /// The literals in the total order, each once, without NULLs: the keys that an index lookup
    /// tries.
    pub fn sorted(&self) -> &[Value] {
        &self.sorted
    }

    /// Whether NULL is among them.
    pub fn has_null(&self) -> bool {
        self.has_null
    }

    /// Whether a value that is not NULL is among them; `None` if that needs a comparison with
    /// each, because the kinds differ.
    pub(super) fn contains(&self, value: &Value) -> Option<bool> {
        let comparable = self.sorted.is_empty() || self.kind == Some(discriminant(value));
        comparable.then(|| self.sorted.binary_search_by(|item| item.total_cmp(value)).is_ok())
    }
}
