//! ORDER BY.

use super::plan::Item;
use crate::error::{Error, Result};
use crate::expr::{EvalContext, Expr};
use crate::sql::literal::ordinal;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{Expr as SqlExpr, Ident, OrderByExpr, Value as SqlValue};
use std::cmp::Ordering;

/// One key of an ORDER BY.
#[derive(Debug, Clone)]
pub(in crate::sql) struct OrderKey {
    by: By,
    descending: bool,
    /// `None`: NULL is the smallest value, as in SQLite.
    nulls_first: Option<bool>,
}

#[derive(Debug, Clone)]
enum By {
    /// A column of the result.
    Item(usize),
    /// An expression over what the result is made from.
    Row(Expr<usize>),
}

/// A key that is an expression over the row in plain order: what an index can bring.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sql) struct Sorted {
    pub expr: Expr<usize>,
    pub descending: bool,
}

impl OrderKey {
    /// Reads the keys. A bare number means a column of the result, a bare name an alias before a
    /// column of the table.
    pub fn read(
        order: &[OrderByExpr],
        items: &[Item],
        bind: &mut dyn FnMut(&SqlExpr) -> Result<Expr<usize>>,
    ) -> Result<Vec<OrderKey>> {
        let mut keys = Vec::with_capacity(order.len());
        for OrderByExpr { expr, asc, nulls_first, with_fill } in order {
            if with_fill.is_some() {
                return Err(Error::Unsupported("WITH FILL".into()));
            }
            let by = match expr {
                SqlExpr::Value(number @ SqlValue::Number(..)) => {
                    match ordinal(number).filter(|at| *at < items.len()) {
                        Some(at) => By::Item(at),
                        None => {
                            return Err(Error::Sql(format!("ORDER BY {number}: no such column")));
                        }
                    }
                }
                SqlExpr::Identifier(name) => match labelled(items, name) {
                    Some(at) => By::Item(at),
                    None => By::Row(bind(expr)?),
                },
                expr => By::Row(bind(expr)?),
            };
            let (descending, nulls_first) = (*asc == Some(false), *nulls_first);
            keys.push(OrderKey { by, descending, nulls_first });
        }
        Ok(keys)
    }

    /// The expression over the row, where the key is not a column of the result.
    pub fn over_row(&self) -> Option<&Expr<usize>> {
        match &self.by {
            By::Row(expr) => Some(expr),
            By::Item(_) => None,
        }
    }

    /// The key as an index would have it.
    pub fn sorted(&self, items: &[Item]) -> Option<Sorted> {
        let expr = match &self.by {
            By::Row(expr) => expr.clone(),
            By::Item(at) => items.get(*at)?.expr.clone(),
        };
        // Smallest first is where NULL stands in an index.
        let natural = self.nulls_first.is_none_or(|first| first != self.descending);
        natural.then_some(Sorted { expr, descending: self.descending })
    }

    /// The value to sort by.
    pub fn value(
        &self,
        row: &[Value],
        result: &[Value],
        eval: &EvalContext<'_>,
    ) -> Result<Value> {
        match &self.by {
            By::Item(at) => Ok(result.get(*at).cloned().unwrap_or(Value::Null)),
            By::Row(expr) => Ok(expr.eval(row, eval)?),
        }
    }

    /// The order of two values of this key.
    pub fn compare(&self, a: &Value, b: &Value) -> Ordering {
        if let (Some(first), true) = (self.nulls_first, a.is_null() != b.is_null()) {
            return match a.is_null() == first {
                true => Ordering::Less,
                false => Ordering::Greater,
            };
        }
        let order = a.sort_cmp(b);
        if self.descending { order.reverse() } else { order }
    }
}

/// The column of the result that a bare name means, by its alias.
fn labelled(items: &[Item], name: &Ident) -> Option<usize> {
    items.iter().position(|item| crate::row::same_name(&item.label, &name.value))
}
