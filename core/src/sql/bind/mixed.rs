//! Comparisons that are more than one: of rows, and with columns that hold values of any type.

use super::{Binder, Bound, SubqueryKind, is_comparison};
use crate::error::{Error, Result};
use crate::expr::{CompareOp, Expr, Function};
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{BinaryOperator as Op, Expr as SqlExpr, Query};
use std::cmp::Ordering;

impl Binder<'_> {
    /// `(a, b) op (x, y)`, read from left to right: what comes first decides where it differs.
    ///
    /// # Errors
    /// `Sql` for rows of different widths; `Unsupported` for what is no row.
    pub(super) fn rows(&mut self, left: &[SqlExpr], op: &Op, right: &SqlExpr) -> Result<Bound> {
        if let Some(query) = subquery_of(right) {
            return self.row_and_query(left, op, query);
        }
        let Some(right) = row_of(right) else {
            return Err(Error::Sql(format!("a row {op} a single value")));
        };
        if left.len() != right.len() {
            let (left, right) = (left.len(), right.len());
            return Err(Error::Sql(format!("a row of {left} values {op} one of {right}")));
        }
        if !is_comparison(op) {
            return Err(Error::Unsupported(format!("rows beside {op}")));
        }
        let equal = matches!(op, Op::Eq | Op::NotEq);
        let mut pairs = left.iter().zip(right).rev();
        let Some((a, b)) = pairs.next() else {
            return Err(Error::Sql("a row without values".into()));
        };
        let mut bound = self.pair(a, if equal { &Op::Eq } else { op }, b)?;
        let strict = if matches!(op, Op::Lt | Op::LtEq) { Op::Lt } else { Op::Gt };
        for (a, b) in pairs {
            bound = self.pair(a, &Op::Eq, b)?.and(bound);
            if !equal {
                bound = self.pair(a, &strict, b)?.or(bound);
            }
        }
        Ok(if *op == Op::NotEq { bound.negate() } else { bound })
    }

    /// `(a, b) op (SELECT x, y …)`: the row of a query that gives at most one.
    ///
    /// # Errors
    /// As [`Binder::rows`].
    pub(super) fn row_and_query(
        &mut self,
        row: &[SqlExpr],
        op: &Op,
        query: &Query,
    ) -> Result<Bound> {
        let op = compare_op(op).ok_or_else(|| Error::Unsupported(format!("rows beside {op}")))?;
        self.subquery(SubqueryKind::Row { op }, row, query)
    }

    /// `(a, b) IN ((1, 2), (3, 4))`.
    ///
    /// # Errors
    /// As [`Binder::rows`].
    pub(super) fn row_in(
        &mut self,
        row: &[SqlExpr],
        list: &[SqlExpr],
        negated: bool,
    ) -> Result<Bound> {
        let mut found = Expr::Literal(Value::Bool(false));
        for (n, item) in list.iter().enumerate() {
            let same = self.rows(row, &Op::Eq, item)?;
            found = if n == 0 { same } else { found.or(same) };
        }
        Ok(if negated { found.negate() } else { found })
    }

    fn pair(&mut self, a: &SqlExpr, op: &Op, b: &SqlExpr) -> Result<Bound> {
        let (a, b) = (self.expr(a)?, self.expr(b)?);
        self.binary(op, a, b)
    }

    /// A comparison. A column without a type compares with a literal as in SQLite: numbers come
    /// before text, and text before bytes; so that no row makes the statement fail.
    pub(super) fn compared(&self, op: CompareOp, left: Bound, right: Bound) -> Bound {
        let others = match (&left, &right) {
            (column, Expr::Literal(value)) if self.mixed(column) => {
                others(value).map(|list| (column.clone(), list, false))
            }
            (Expr::Literal(value), column) if self.mixed(column) => {
                others(value).map(|list| (column.clone(), list, true))
            }
            _ => None,
        };
        let plain = left.compare(op, right);
        let Some((column, others, mirrored)) = others else { return plain };
        let Ok(kind) = Expr::call(Function::TypeOf, vec![column]) else { return plain };
        let literal = |name: &str| Expr::Literal(Value::from(name));
        let whens = others.iter().map(|(kind, order)| {
            let order = if mirrored { order.reverse() } else { *order };
            (literal(kind), Expr::Literal(Value::Bool(op.holds(order))))
        });
        Expr::Case {
            operand: Some(Box::new(kind)),
            whens: whens.collect(),
            otherwise: Some(Box::new(plain)),
        }
    }

    /// Whether this is a column whose values may be of any type, in a statement: what a definition
    /// compares stays as it was written, and takes only rows that it can compare.
    pub(super) fn mixed(&self, expr: &Bound) -> bool {
        self.subqueries.is_some()
            && matches!(expr, Expr::Column(at) if *at < super::OUTER)
            && self.scope.type_of(expr) == SqlType::Any
    }
}

/// The kinds that a literal has only an order by kind with, and how a column's value of that kind
/// compares with it.
fn others(literal: &Value) -> Option<&'static [(&'static str, Ordering)]> {
    use Ordering::{Greater, Less};
    match literal {
        Value::Int(_)
        | Value::Int128(_)
        | Value::UInt128(_)
        | Value::Decimal(_)
        | Value::Float(_)
        | Value::Bool(_) => Some(&[("text", Greater), ("blob", Greater)]),
        // Text that reads as a number meets numbers as one, as it does in typed columns.
        Value::Text(text) => match Value::from(&**text).coerce(&NUMBER) {
            Ok(_) => Some(&[("blob", Greater)]),
            Err(_) => Some(&[
                ("integer", Less),
                ("decimal", Less),
                ("real", Less),
                ("boolean", Less),
                ("blob", Greater),
            ]),
        },
        Value::Blob(_) => Some(&[
            ("integer", Less),
            ("decimal", Less),
            ("real", Less),
            ("boolean", Less),
            ("text", Less),
        ]),
        _ => None,
    }
}

const NUMBER: SqlType = SqlType::Decimal { precision: None, scale: None };

/// The comparison that an operator is.
pub(super) fn compare_op(op: &Op) -> Option<CompareOp> {
    Some(match op {
        Op::Eq => CompareOp::Eq,
        Op::NotEq => CompareOp::Ne,
        Op::Lt => CompareOp::Lt,
        Op::LtEq => CompareOp::Le,
        Op::Gt => CompareOp::Gt,
        Op::GtEq => CompareOp::Ge,
        _ => return None,
    })
}

/// The operator that says the same with its sides exchanged.
pub(super) fn mirrored(op: &Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::LtEq => Op::GtEq,
        Op::Gt => Op::Lt,
        Op::GtEq => Op::LtEq,
        other => other.clone(),
    }
}

/// The values of `(a, b)`.
pub(super) fn row_of(expr: &SqlExpr) -> Option<&[SqlExpr]> {
    match unnested(expr) {
        SqlExpr::Tuple(values) => Some(values),
        _ => None,
    }
}

/// The query of `(SELECT …)`.
pub(super) fn subquery_of(expr: &SqlExpr) -> Option<&Query> {
    match unnested(expr) {
        SqlExpr::Subquery(query) => Some(query),
        _ => None,
    }
}

fn unnested(mut expr: &SqlExpr) -> &SqlExpr {
    while let SqlExpr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}
