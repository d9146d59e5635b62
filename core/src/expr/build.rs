//! Building trees: chains stay flat, and what can be prepared is prepared.

use super::{CompareOp, EvalError, Expr, Function, InItems, LikePattern};
use crate::value::{ArithOp, Value};

impl<C> Expr<C> {
    /// A value.
    pub fn literal(value: impl Into<Value>) -> Self {
        Expr::Literal(value.into())
    }

    /// `left AND right`; a chain is one node.
    #[must_use]
    pub fn and(self, right: Self) -> Self {
        match (self, right) {
            (Expr::And(mut terms), Expr::And(more)) => {
                terms.extend(more);
                Expr::And(terms)
            }
            (Expr::And(mut terms), right) => {
                terms.push(right);
                Expr::And(terms)
            }
            (left, right) => Expr::And(vec![left, right]),
        }
    }

    /// `left OR right`; a chain is one node.
    #[must_use]
    pub fn or(self, right: Self) -> Self {
        match (self, right) {
            (Expr::Or(mut terms), Expr::Or(more)) => {
                terms.extend(more);
                Expr::Or(terms)
            }
            (Expr::Or(mut terms), right) => {
                terms.push(right);
                Expr::Or(terms)
            }
            (left, right) => Expr::Or(vec![left, right]),
        }
    }

    /// The terms that must all hold: those of an AND, or the expression itself.
    pub fn conjuncts(&self) -> &[Expr<C>] {
        match self {
            Expr::And(terms) => terms,
            other => std::slice::from_ref(other),
        }
    }

    /// `left op right`; a chain that goes on at its right end is one node.
    #[must_use]
    pub fn arith(self, op: ArithOp, right: Self) -> Self {
        match self {
            Expr::Arith { first, mut rest } => {
                rest.push((op, right));
                Expr::Arith { first, rest }
            }
            left => Expr::Arith { first: Box::new(left), rest: vec![(op, right)] },
        }
    }

    /// `left op right`.
    #[must_use]
    pub fn compare(self, op: CompareOp, right: Self) -> Self {
        Expr::Compare { op, left: Box::new(self), right: Box::new(right) }
    }

    /// `NOT self`.
    #[must_use]
    pub fn negate(self) -> Self {
        Expr::Not(Box::new(self))
    }

    /// `self IS [NOT] NULL`.
    #[must_use]
    pub fn is_null(self, negated: bool) -> Self {
        Expr::IsNull { expr: Box::new(self), negated }
    }

    /// `self [NOT] IN (items)`; sorted once where all are literals.
    #[must_use]
    pub fn in_list(self, items: Vec<Self>, negated: bool) -> Self {
        Expr::InList { expr: Box::new(self), list: InItems::new(items), negated }
    }

    /// `self [NOT] LIKE pattern [ESCAPE escape]`, or ILIKE; prepared once where the pattern is a
    /// literal.
    #[must_use]
    pub fn like(
        self,
        pattern: Self,
        escape: Option<char>,
        case_insensitive: bool,
        negated: bool,
    ) -> Self {
        let pattern = LikePattern::new(pattern, escape, case_insensitive);
        Expr::Like { expr: Box::new(self), pattern, negated }
    }

    /// A function applied to arguments.
    ///
    /// # Errors
    /// `Arguments` if it does not take so many.
    pub fn call(function: Function, args: Vec<Self>) -> Result<Self, EvalError> {
        function.check_arguments(args.len())?;
        Ok(Expr::Function { function, args })
    }
}
