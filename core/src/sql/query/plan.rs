//! What a query does, as a tree of operators.
//!
//! Every operator gives rows of a fixed number of values, its *width*. All operators of one FROM
//! share one layout: each input has its place in the row from the start (`Place`), so that joins can
//! be put in any order and nothing is renumbered.

use crate::expr::{AggregateFunction, CompareOp, Expr};
use crate::sql::access::RowPlan;
use crate::sql::context::Source;
use crate::sql::request::OutputColumn;
use crate::value::{SqlType, Value};
use std::sync::Arc;

/// An expression over a row of an operator's input. Positions beyond the row are what the frame is
/// given (see [`bind::OUTER`](crate::sql::bind::OUTER)).
pub(in crate::sql) type RowExpr = Expr<usize>;

/// A statement's query with what all of its parts share.
#[derive(Debug)]
pub(in crate::sql) struct Statement {
    /// The query itself.
    pub query: QueryPlan,
    /// Common table expressions, which are evaluated once, when they are first read.
    pub ctes: Vec<Cte>,
}

/// One query that is evaluated as a whole: the statement's, or a subquery of an expression.
#[derive(Debug)]
pub(in crate::sql) struct QueryPlan {
    pub root: Node,
    /// What its rows show; rows may have more values behind.
    pub columns: Vec<OutputColumn>,
    /// The subqueries of its expressions.
    pub subs: Vec<Sub>,
    /// What it reads of the row around it, by position there.
    pub outer: Vec<usize>,
}

/// A subquery in an expression.
#[derive(Debug)]
pub(in crate::sql) struct Sub {
    /// Its number in the statement.
    pub id: usize,
    pub kind: SubKind,
    pub plan: QueryPlan,
    /// Whether it gives the same whenever what it reads of the row around it is the same.
    pub stable: bool,
}

/// What an expression asks of a subquery.
#[derive(Debug)]
pub(in crate::sql) enum SubKind {
    /// The value of its only row; NULL if there is none.
    Scalar,
    /// Whether it has rows.
    Exists { negated: bool },
    /// Whether one of its rows equals these values.
    In { values: Vec<RowExpr>, negated: bool },
    /// Whether a comparison holds for all of its rows, or for any.
    Compare { value: RowExpr, op: CompareOp, all: bool },
    /// Whether a comparison with its only row holds; NULL if there is none.
    Row { values: Vec<RowExpr>, op: CompareOp },
}

/// A common table expression.
#[derive(Debug)]
pub(in crate::sql) struct Cte {
    pub name: String,
    pub plan: QueryPlan,
    /// For WITH RECURSIVE.
    pub step: Option<Step>,
}

/// How a recursive common table expression goes on. Its ORDER BY and LIMIT belong to the plan that it
/// begins with.
#[derive(Debug)]
pub(in crate::sql) struct Step {
    /// What is run on the rows of the last round.
    pub plan: QueryPlan,
    /// Whether equal rows count once.
    pub once: bool,
    /// Which row is looked at next; nothing: the one that was found first.
    pub order: Vec<SortKey>,
    /// How many rows are given, and then the recursion ends.
    pub limit: Option<RowExpr>,
    /// How many are not given, though the recursion goes on from them.
    pub offset: Option<RowExpr>,
}

#[derive(Debug)]
pub(in crate::sql) enum Node {
    /// One row without values.
    One,
    /// No row.
    Nothing {
        width: usize,
    },
    Scan(Box<Scan>),
    /// Rows that are written out.
    Values {
        rows: Vec<Vec<RowExpr>>,
        width: usize,
    },
    /// Rows that were made while the query was bound.
    Rows {
        rows: Arc<Vec<Vec<Value>>>,
        width: usize,
        name: String,
    },
    /// `from`, `from + step`, … up to `to`.
    Series {
        from: RowExpr,
        to: RowExpr,
        step: RowExpr,
    },
    /// The rows of a common table expression.
    Cte {
        slot: usize,
        width: usize,
    },
    /// The rows of the last round of a recursive one.
    Working {
        slot: usize,
        width: usize,
    },
    /// An input's place in the layout of a FROM.
    Place {
        first: usize,
        width: usize,
        input: Box<Node>,
    },
    Join(Box<Join>),
    Filter {
        input: Box<Node>,
        predicate: RowExpr,
    },
    Project {
        input: Box<Node>,
        exprs: Vec<RowExpr>,
    },
    Group(Box<Group>),
    Window(Box<Window>),
    /// Equal rows once. `by`: what rows must agree in; `None`: the first so many values.
    Distinct {
        input: Box<Node>,
        by: Option<Vec<RowExpr>>,
        visible: usize,
    },
    Sort {
        input: Box<Node>,
        keys: Vec<SortKey>,
        few: Option<(Option<RowExpr>, RowExpr)>,
    },
    Limit {
        input: Box<Node>,
        limit: Option<RowExpr>,
        offset: Option<RowExpr>,
    },
    Append {
        inputs: Vec<Node>,
        width: usize,
    },
    /// INTERSECT and EXCEPT. `all`: equal rows are counted.
    Compare {
        keep_common: bool,
        all: bool,
        left: Box<Node>,
        right: Box<Node>,
        width: usize,
    },
}

/// A stored table.
#[derive(Debug)]
pub(in crate::sql) struct Scan {
    pub source: Source,
    /// What rows are left out; over the table's own columns.
    pub filter: Option<RowExpr>,
    /// Which columns are read; the last is the row key.
    pub wanted: Vec<bool>,
    /// How rows are found; `None`: decided when it is known what the filter compares with.
    pub rows: Option<Arc<RowPlan>>,
    /// Values that must be among the rows of subqueries, by the place of these in the frame. They
    /// are run before the path is chosen.
    pub among: Vec<(RowExpr, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

/// How the matches of a row are found.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sql) enum Method {
    /// All pairs are tried.
    Loop,
    /// By the hash of the keys.
    Hash,
    /// By looking rows up in the right side, a table, through a key or an index.
    Lookup,
}

#[derive(Debug)]
pub(in crate::sql) struct Join {
    pub kind: JoinKind,
    pub left: Node,
    pub right: Node,
    /// The places of the layout that each side fills.
    pub left_slots: Vec<usize>,
    pub right_slots: Vec<usize>,
    /// Equalities of the left with the right.
    pub keys: Vec<(RowExpr, RowExpr)>,
    /// What else must hold.
    pub on: Vec<RowExpr>,
    pub method: Method,
    /// The types of the layout.
    pub types: Arc<Vec<SqlType>>,
}

/// GROUP BY: rows of keys and the results of aggregates.
#[derive(Debug)]
pub(in crate::sql) struct Group {
    pub input: Node,
    pub keys: Vec<RowExpr>,
    pub calls: Vec<Aggregate>,
}

/// One aggregate of a query.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sql) struct Aggregate {
    pub function: AggregateFunction,
    pub args: Vec<RowExpr>,
    pub distinct: bool,
    /// Rows that this is not true of are left out.
    pub filter: Option<RowExpr>,
    /// In which order rows are taken.
    pub order: Vec<SortKey>,
    pub ty: SqlType,
}

/// Window functions: each input row with their results behind.
#[derive(Debug)]
pub(in crate::sql) struct Window {
    pub input: Node,
    pub width: usize,
    pub calls: Vec<WindowCall>,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::sql) struct WindowCall {
    pub function: WindowFunction,
    pub args: Vec<RowExpr>,
    pub filter: Option<RowExpr>,
    pub partition: Vec<RowExpr>,
    pub order: Vec<SortKey>,
    pub bounds: FrameBounds,
    pub ty: SqlType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum WindowFunction {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile,
    Lag,
    Lead,
    FirstValue,
    LastValue,
    NthValue,
    Aggregate(AggregateFunction),
}

/// Which rows around the current one a window function sees.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sql) struct FrameBounds {
    pub unit: FrameUnit,
    pub start: FrameEdge,
    pub end: FrameEdge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum FrameUnit {
    Rows,
    Range,
    Groups,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::sql) enum FrameEdge {
    /// The partition's first row, or its last.
    Unbounded,
    Current,
    /// So far before the current row.
    Before(RowExpr),
    /// So far behind it.
    Behind(RowExpr),
}

/// One key of an ORDER BY.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sql) struct SortKey {
    pub expr: RowExpr,
    pub descending: bool,
    /// `None`: NULL is the smallest value, as in SQLite.
    pub nulls_first: Option<bool>,
}

impl Node {
    /// How many values a row has.
    pub fn width(&self) -> usize {
        match self {
            Node::One => 0,
            Node::Series { .. } => 1,
            Node::Scan(scan) => scan.wanted.len(),
            Node::Nothing { width }
            | Node::Values { width, .. }
            | Node::Rows { width, .. }
            | Node::Cte { width, .. }
            | Node::Working { width, .. }
            | Node::Append { width, .. }
            | Node::Compare { width, .. }
            | Node::Place { width, .. } => *width,
            Node::Join(join) => join.types.len(),
            Node::Project { exprs, .. } => exprs.len(),
            Node::Group(group) => group.keys.len() + group.calls.len(),
            Node::Window(window) => window.width + window.calls.len(),
            Node::Filter { input, .. }
            | Node::Distinct { input, .. }
            | Node::Sort { input, .. }
            | Node::Limit { input, .. } => input.width(),
        }
    }

    /// The operators directly below.
    pub fn inputs(&self) -> Vec<&Node> {
        match self {
            Node::One
            | Node::Nothing { .. }
            | Node::Scan(_)
            | Node::Values { .. }
            | Node::Rows { .. }
            | Node::Series { .. }
            | Node::Cte { .. }
            | Node::Working { .. } => Vec::new(),
            Node::Place { input, .. }
            | Node::Filter { input, .. }
            | Node::Project { input, .. }
            | Node::Distinct { input, .. }
            | Node::Sort { input, .. }
            | Node::Limit { input, .. } => vec![input],
            Node::Join(join) => vec![&join.left, &join.right],
            Node::Group(group) => vec![&group.input],
            Node::Window(window) => vec![&window.input],
            Node::Append { inputs, .. } => inputs.iter().collect(),
            Node::Compare { left, right, .. } => vec![left, right],
        }
    }
}

impl Aggregate {
    /// `COUNT(*)`.
    pub fn count_rows() -> Self {
        Aggregate {
            function: AggregateFunction::CountRows,
            args: Vec::new(),
            distinct: false,
            filter: None,
            order: Vec::new(),
            ty: SqlType::BigInt,
        }
    }
}

impl SortKey {
    /// The order of two values of this key.
    pub fn compare(&self, a: &Value, b: &Value) -> std::cmp::Ordering {
        use std::cmp::Ordering;
        if let (Some(first), true) = (self.nulls_first, a.is_null() != b.is_null()) {
            return match a.is_null() == first {
                true => Ordering::Less,
                false => Ordering::Greater,
            };
        }
        let order = a.sort_cmp(b);
        if self.descending { order.reverse() } else { order }
    }

    /// Whether an index has this order of NULL: smallest first.
    pub fn is_natural(&self) -> bool {
        self.nulls_first.is_none_or(|first| first != self.descending)
    }
}
