//! Expressions as they are stored, and the one evaluator.
//!
//! ```text
//!   SQL text ── bind ──▶ Expr<usize> ── eval(row, context) ──▶ Value
//!                         │      ▲
//!              map_columns▼      │map_columns
//!                       Expr<ColumnId> ── encode ──▶ bytes in a table's definition
//! ```
//!
//! One tree serves filters, DML, CHECK constraints, defaults and expression indexes, so that a
//! condition means the same wherever it stands. Columns are whatever the tree's user names them by:
//! positions while it runs, ids where it is stored.
//!
//! Invariants:
//! - Trees are at most [`DEPTH_MAX`] deep: [`Expr::check_depth`] says so after building, decoding
//!   refuses more, and nothing here recurses further. Chains of AND, OR and of arithmetic are one
//!   node however long they are; build them with [`Expr::and`], [`Expr::or`] and [`Expr::arith`].
//! - Logic has three values; AND and OR stop at the first term that decides.
//! - Evaluation is a function of the row and the context: time, random numbers and UUIDs come from
//!   the context's moment only.
//! - Results are bounded: a text of more than [`TEXT_BYTES_MAX`] is an error.
//!
//! What is left to others: names and parameters (resolved before), subqueries and aggregates.

mod aggregate;
mod build;
mod calendar;
mod codec;
mod context;
mod dates;
mod error;
mod eval;
mod function;
mod in_list;
mod json;
mod like;
mod numeric;
mod regex;
mod show;
mod strings;
mod texts;
mod to_char;
mod types;
mod visit;

pub use aggregate::{Accumulator, AggregateFunction};
pub use codec::ColumnCode;
pub use context::EvalContext;
pub use error::EvalError;
pub use eval::Row;
pub use function::Function;
pub use in_list::{InItems, LiteralSet};
pub use like::{LikePattern, Matcher};

use crate::value::{ArithOp, SqlType, Value};

/// How deep a tree is at most.
pub const DEPTH_MAX: usize = 200;

/// The most bytes that a text or blob made by an expression has.
pub const TEXT_BYTES_MAX: usize = 64 << 20;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl CompareOp {
    /// How SQL writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Eq => "=",
            CompareOp::Ne => "<>",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }

    /// The comparison with its sides exchanged.
    #[must_use]
    pub fn flipped(self) -> CompareOp {
        match self {
            CompareOp::Lt => CompareOp::Gt,
            CompareOp::Le => CompareOp::Ge,
            CompareOp::Gt => CompareOp::Lt,
            CompareOp::Ge => CompareOp::Le,
            same => same,
        }
    }

    /// Whether it holds of two values in this order.
    pub fn holds(self, order: core::cmp::Ordering) -> bool {
        match self {
            CompareOp::Eq => order.is_eq(),
            CompareOp::Ne => order.is_ne(),
            CompareOp::Lt => order.is_lt(),
            CompareOp::Le => order.is_le(),
            CompareOp::Gt => order.is_gt(),
            CompareOp::Ge => order.is_ge(),
        }
    }
}

/// An expression over columns named by `C`.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr<C = usize> {
    /// A value.
    Literal(Value),
    /// The row's value of a column.
    Column(C),
    /// NOT.
    Not(Box<Expr<C>>),
    /// The sign changed.
    Neg(Box<Expr<C>>),
    /// All terms; TRUE for none.
    And(Vec<Expr<C>>),
    /// Any term; FALSE for none.
    Or(Vec<Expr<C>>),
    /// Two values compared.
    Compare {
        /// How.
        op: CompareOp,
        /// The left side.
        left: Box<Expr<C>>,
        /// The right side.
        right: Box<Expr<C>>,
    },
    /// Operators applied from left to right, whatever their precedence: `((first op a) op b) …`.
    Arith {
        /// Where it begins.
        first: Box<Expr<C>>,
        /// What is applied, in order.
        rest: Vec<(ArithOp, Expr<C>)>,
    },
    /// `IS [NOT] NULL`.
    IsNull {
        /// What is tested.
        expr: Box<Expr<C>>,
        /// `IS NOT NULL`.
        negated: bool,
    },
    /// `IS [NOT] DISTINCT FROM`: a comparison in which NULL equals NULL.
    IsDistinct {
        /// The left side.
        left: Box<Expr<C>>,
        /// The right side.
        right: Box<Expr<C>>,
        /// `IS NOT DISTINCT FROM`.
        negated: bool,
    },
    /// `[NOT] BETWEEN`, both ends included.
    Between {
        /// What is tested.
        expr: Box<Expr<C>>,
        /// The lower end.
        low: Box<Expr<C>>,
        /// The upper end.
        high: Box<Expr<C>>,
        /// `NOT BETWEEN`.
        negated: bool,
    },
    /// `[NOT] IN (…)`.
    InList {
        /// What is looked for.
        expr: Box<Expr<C>>,
        /// Where.
        list: InItems<C>,
        /// `NOT IN`.
        negated: bool,
    },
    /// `[NOT] LIKE` and `ILIKE`.
    Like {
        /// What is tested.
        expr: Box<Expr<C>>,
        /// With which pattern.
        pattern: LikePattern<C>,
        /// `NOT LIKE`.
        negated: bool,
    },
    /// `CASE`.
    Case {
        /// What each condition is compared with, if anything.
        operand: Option<Box<Expr<C>>>,
        /// Conditions and results.
        whens: Vec<(Expr<C>, Expr<C>)>,
        /// `ELSE`; NULL without.
        otherwise: Option<Box<Expr<C>>>,
    },
    /// `CAST`.
    Cast {
        /// What is converted.
        expr: Box<Expr<C>>,
        /// To what.
        ty: SqlType,
    },
    /// A function applied.
    Function {
        /// Which.
        function: Function,
        /// To what; as many as [`Function::arity`] allows.
        args: Vec<Expr<C>>,
    },
}
