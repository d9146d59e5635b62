//! From a syntax tree to an expression that runs.
//!
//! Names become positions, parameters and literals become values, and a literal that meets a typed
//! column becomes a value of that type, so that a constant which cannot be meant is refused before
//! any row is read. What an expression of the core cannot say is `Unsupported`, by name.

mod call;
mod children;
mod mixed;
mod scope;

pub(super) use children::{children, window_parts};
pub(super) use scope::{AboveTypes, Columns, Frame, Merged, OUTER, ROW_KEY, SUB, Scope};

use self::mixed::{compare_op, mirrored, row_of, subquery_of};
use super::context::QueryContext;
use super::literal::constant;
use super::parameters::Params;
use super::trace::Trace;
use super::types::sql_type;
use crate::error::{Error, Result};
use crate::expr::{CompareOp, Expr, Function};
use crate::value::{ArithOp, SqlType, Value};
use gluesql_core::sqlparser::ast::{
    BinaryOperator as Op, CastKind, Expr as SqlExpr, Query, UnaryOperator, Value as SqlValue,
};
use std::cell::Cell;

/// How deep binding recurses at most. The parser's own bound on nesting is lower; what this bounds
/// are chains of postfix operators.
const DEPTH_MAX: usize = 100;

type Bound = Expr<usize>;

/// A subquery that an expression holds.
pub(super) struct Subquery<'q> {
    /// What is asked of it.
    pub kind: SubqueryKind,
    /// What is looked for in its rows, or compared with them.
    pub values: Vec<Bound>,
    /// The types of those.
    pub types: Vec<SqlType>,
    pub query: &'q Query,
}

/// What an expression asks of a subquery.
#[derive(Debug, Clone, Copy)]
pub(super) enum SubqueryKind {
    Scalar,
    Exists {
        negated: bool,
    },
    In {
        negated: bool,
    },
    Compare {
        op: CompareOp,
        all: bool,
    },
    /// A row with the only row of the query.
    Row {
        op: CompareOp,
    },
}

/// What a subquery becomes.
type Subqueries<'b> = dyn Fn(Subquery<'_>) -> Result<Bound> + 'b;

/// What replaces a node before it is looked into.
type Replace<'b> = dyn FnMut(&SqlExpr) -> Result<Option<Bound>> + 'b;

/// Binds expressions over one scope.
pub(super) struct Binder<'b> {
    scope: &'b Scope<'b>,
    params: Params<'b>,
    subqueries: Option<&'b Subqueries<'b>>,
    replace: Option<&'b mut Replace<'b>>,
    /// The types of parameters whose values are left open.
    open: &'b [Option<SqlType>],
    depth: usize,
}

/// Binds an expression that holds no subquery.
///
/// # Errors
/// `NotFound` for a column, `Sql`, `Value`, `Unsupported`.
pub(super) fn bind<'p>(
    scope: &Scope<'_>,
    expr: &SqlExpr,
    params: impl Into<Params<'p>>,
) -> Result<Bound> {
    Binder::new(scope, params.into()).bind(expr)
}

/// Binds an expression that holds no subquery, and parameters of these types only where they can be
/// left open (see `keeping`).
///
/// # Errors
/// As [`bind`]; any where a parameter stands elsewhere.
pub(super) fn bind_open(
    scope: &Scope<'_>,
    expr: &SqlExpr,
    families: &[Option<SqlType>],
) -> Result<Bound> {
    let none: &[Value] = &[];
    let refused = |_: Subquery<'_>| Err(Error::Unsupported("a subquery in a kept plan".into()));
    Binder::new(scope, none.into()).subqueries(&refused).leaving_open(families).bind(expr)
}

/// Binds an expression of a statement; subqueries that stand by themselves are run once.
///
/// # Errors
/// As [`bind`].
pub(super) fn bind_in(ctx: &QueryContext<'_>, scope: &Scope<'_>, expr: &SqlExpr) -> Result<Bound> {
    let refused = || Error::Unsupported("here a subquery that reads the row around it".into());
    bind_alone(ctx, scope, expr)?.ok_or_else(refused)
}

/// The same; `None`: a subquery is not to be run once, but for each row.
///
/// # Errors
/// As [`bind`].
pub(super) fn bind_alone(
    ctx: &QueryContext<'_>,
    scope: &Scope<'_>,
    expr: &SqlExpr,
) -> Result<Option<Bound>> {
    let by_row = Cell::new(false);
    let at_once = |sub: Subquery<'_>| match run_at_once(ctx, scope, sub)? {
        Some(bound) => Ok(bound),
        None => {
            by_row.set(true);
            Ok(Expr::Literal(Value::Null))
        }
    };
    let bound = Binder::new(scope, ctx.params).subqueries(&at_once).bind(expr)?;
    Ok((!by_row.get()).then_some(bound))
}

/// Runs a subquery that reads nothing of the row around it, and puts what it gives in its place.
/// `None`: it is not of that kind.
fn run_at_once(
    ctx: &QueryContext<'_>,
    scope: &Scope<'_>,
    sub: Subquery<'_>,
) -> Result<Option<Bound>> {
    let wide = match sub.kind {
        SubqueryKind::In { .. } => sub.values.len() != 1,
        kind => matches!(kind, SubqueryKind::Row { .. }),
    };
    if wide {
        return Ok(None);
    }
    let Some(plan) = super::query::lone_subquery(ctx, scope, sub.query)? else { return Ok(None) };
    if ctx.params.asked().is_some() {
        // Not to be run: what counts is the type.
        let ty = match (sub.kind, plan.query.columns.as_slice()) {
            (SubqueryKind::Scalar, [column]) => column.ty,
            (SubqueryKind::Scalar, _) => SqlType::Any,
            _ => SqlType::Boolean,
        };
        return Ok(Some(Expr::Cast { expr: Box::new(Expr::Literal(Value::Null)), ty }));
    }
    let before = ctx.trace.map_or(0, Trace::len);
    let output = super::query::execute(ctx, &plan)?;
    if let Some(trace) = ctx.trace {
        let what = match sub.kind {
            SubqueryKind::Scalar => "value",
            SubqueryKind::Exists { .. } => "exists",
            SubqueryKind::In { .. } => "in",
            SubqueryKind::Compare { .. } | SubqueryKind::Row { .. } => "compare",
        };
        trace.was_subquery(what, before);
    }
    let width = output.columns.len();
    let found = plan.query.columns.first().map_or(SqlType::Any, |column| column.ty);
    let mut rows = output.rows;
    let one_column = || match width {
        1 => Ok(()),
        _ => Err(Error::Sql("a subquery that stands for a value has one column".into())),
    };
    let column = |rows: Vec<Vec<Value>>| rows.into_iter().flatten().map(Expr::Literal);
    Ok(Some(match sub.kind {
        SubqueryKind::Scalar => {
            one_column()?;
            if rows.len() > 1 {
                return Err(Error::Sql(
                    "a subquery that stands for a value gave several rows".into(),
                ));
            }
            let value = rows.pop().and_then(|mut row| row.pop());
            Expr::Literal(value.unwrap_or(Value::Null))
        }
        SubqueryKind::Exists { negated } => Expr::Literal(Value::Bool(rows.is_empty() == negated)),
        SubqueryKind::In { negated } => {
            one_column()?;
            let value = sub.values.into_iter().next();
            let value = value.ok_or_else(|| Error::Internal("no value to look for".into()))?;
            let (value, rows) = alike(scope, value, found, rows)?;
            value.in_list(column(rows).collect(), negated)
        }
        SubqueryKind::Row { .. } => return Ok(None),
        SubqueryKind::Compare { op, all } => {
            one_column()?;
            let value = sub.values.into_iter().next();
            let value = value.ok_or_else(|| Error::Internal("no value to compare".into()))?;
            let (value, rows) = alike(scope, value, found, rows)?;
            let each = column(rows).map(|other| value.clone().compare(op, other));
            match all {
                true => each.reduce(Expr::and).unwrap_or(Expr::Literal(Value::Bool(true))),
                false => each.reduce(Expr::or).unwrap_or(Expr::Literal(Value::Bool(false))),
            }
        }
    }))
}

/// A value and what a subquery found, to be compared: of a decimal and a float both are floats.
fn alike(
    scope: &Scope<'_>,
    value: Bound,
    found: SqlType,
    mut rows: Vec<Vec<Value>>,
) -> Result<(Bound, Vec<Vec<Value>>)> {
    let ty = scope.type_of(&value);
    let decimal = |ty: SqlType| matches!(ty, SqlType::Decimal { .. });
    if ty.is_float() {
        for place in rows.iter_mut().flatten() {
            if let Value::Decimal(_) = place {
                *place = std::mem::replace(place, Value::Null).cast(&SqlType::Double)?;
            }
        }
    }
    let value = match decimal(ty) && found.is_float() {
        true => Expr::Cast { expr: Box::new(value), ty: SqlType::Double },
        false => value,
    };
    Ok((value, rows))
}

impl<'b> Binder<'b> {
    /// Binds names of a scope, and parameters.
    pub fn new(scope: &'b Scope<'b>, params: Params<'b>) -> Self {
        Binder { scope, params, subqueries: None, replace: None, open: &[], depth: 0 }
    }

    /// Subqueries become what this makes of them; without it they are refused.
    pub fn subqueries(mut self, subqueries: &'b Subqueries<'b>) -> Self {
        self.subqueries = Some(subqueries);
        self
    }

    /// Parameters of these types stand for what the frame is given, where they are compared with what
    /// is of the same family (see `keeping`).
    pub fn leaving_open(mut self, open: &'b [Option<SqlType>]) -> Self {
        self.open = open;
        self
    }

    /// Every node is offered to `replace` first.
    pub fn replacing(mut self, replace: &'b mut Replace<'b>) -> Self {
        self.replace = Some(replace);
        self
    }

    /// Binds an expression.
    pub fn bind(&mut self, expr: &SqlExpr) -> Result<Bound> {
        let bound = self.expr(expr)?;
        bound.check_depth()?;
        Ok(bound)
    }

    fn replaced(&mut self, expr: &SqlExpr) -> Result<Option<Bound>> {
        match &mut self.replace {
            Some(replace) => replace(expr),
            None => Ok(None),
        }
    }

    fn expr(&mut self, expr: &SqlExpr) -> Result<Bound> {
        if let Some(bound) = self.replaced(expr)? {
            return Ok(bound);
        }
        if self.depth >= DEPTH_MAX {
            return Err(Error::Limit(format!("an expression nests more than {DEPTH_MAX} deep")));
        }
        self.depth += 1;
        let bound = match expr {
            SqlExpr::BinaryOp { .. } => self.chain(expr),
            other => self.single(other),
        };
        self.depth -= 1;
        bound
    }

    fn boxed(&mut self, expr: &SqlExpr) -> Result<Box<Bound>> {
        Ok(Box::new(self.expr(expr)?))
    }

    fn all(&mut self, exprs: &[SqlExpr]) -> Result<Vec<Bound>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    /// A chain of binary operators leans to the left, as deep as it is long: it is walked down in a
    /// loop and put together on the way back.
    fn chain(&mut self, expr: &SqlExpr) -> Result<Bound> {
        let mut ops: Vec<(&Op, &SqlExpr)> = Vec::new();
        let mut at = expr;
        let mut bound = None;
        while let SqlExpr::BinaryOp { left, op, right } = at {
            if let SqlExpr::Tuple(row) = left.as_ref() {
                bound = Some(self.rows(row, op, right)?);
                break;
            }
            if let (Some(query), Some(row)) = (subquery_of(left), row_of(right)) {
                bound = Some(self.row_and_query(row, &mirrored(op), query)?);
                break;
            }
            ops.push((op, right));
            at = left;
            // The outermost was offered already.
            if let Some(replaced) = self.replaced(at)? {
                bound = Some(replaced);
                break;
            }
        }
        let mut any_case = bound.is_none() && without_collation(at).is_some();
        let mut bound = match bound {
            Some(bound) => bound,
            None => match without_collation(at) {
                Some(plain) => self.expr(plain)?,
                None => self.single(at)?,
            },
        };
        for (op, right) in ops.into_iter().rev() {
            let collated = without_collation(right);
            any_case = any_case || collated.is_some();
            if let (Some(given), false) = (self.open_beside(op, &bound, right), any_case) {
                bound = self.binary(op, bound, given)?;
                continue;
            }
            let mut right = self.expr(collated.unwrap_or(right))?;
            if std::mem::take(&mut any_case) {
                if !is_comparison(op) {
                    return Err(Error::Unsupported(format!("COLLATE NOCASE beside {op}")));
                }
                bound = Expr::call(Function::Lower, vec![bound])?;
                right = Expr::call(Function::Lower, vec![right])?;
            }
            bound = self.binary(op, bound, right)?;
        }
        Ok(bound)
    }

    /// What stands for a parameter that is compared with `left` and left open.
    fn open_beside(&self, op: &Op, left: &Bound, right: &SqlExpr) -> Option<Bound> {
        let SqlExpr::Value(SqlValue::Placeholder(name)) = right else { return None };
        if self.open.is_empty() || !is_comparison(op) || self.mixed(left) {
            return None;
        }
        super::keeping::left_open(name, self.open, self.scope.type_of(left)).map(Expr::Column)
    }

    fn binary(&self, op: &Op, left: Bound, right: Bound) -> Result<Bound> {
        if let Some(compare) = compare_op(op) {
            let (left, right) = self.both(left, right)?;
            return Ok(self.compared(compare, left, right));
        }
        match op {
            Op::And => Ok(left.and(right)),
            Op::Or => Ok(left.or(right)),
            Op::Spaceship => {
                let (left, right) = (Box::new(left), Box::new(right));
                Ok(Expr::IsDistinct { left, right, negated: true })
            }
            Op::PGLikeMatch => Ok(left.like(right, None, false, false)),
            Op::PGNotLikeMatch => Ok(left.like(right, None, false, true)),
            Op::PGILikeMatch => Ok(left.like(right, None, true, false)),
            Op::PGNotILikeMatch => Ok(left.like(right, None, true, true)),
            Op::Arrow => Ok(Expr::call(Function::JsonGet, vec![left, right])?),
            Op::LongArrow => Ok(Expr::call(Function::JsonGetValue, vec![left, right])?),
            Op::PGRegexMatch => matches(left, right, false, false),
            Op::PGRegexIMatch => matches(left, right, true, false),
            Op::PGRegexNotMatch => matches(left, right, false, true),
            Op::PGRegexNotIMatch => matches(left, right, true, true),
            other => Ok(left.arith(arith(other)?, right)),
        }
    }

    fn single(&mut self, expr: &SqlExpr) -> Result<Bound> {
        match expr {
            SqlExpr::Identifier(name) => self.scope.resolve(std::slice::from_ref(name)),
            SqlExpr::CompoundIdentifier(names) => self.scope.resolve(names),
            SqlExpr::Value(value) => self.value(value),
            SqlExpr::Nested(inner) => self.expr(inner),
            SqlExpr::UnaryOp { op, expr } => self.unary(*op, expr),
            SqlExpr::IsNull(e) => Ok(self.expr(e)?.is_null(false)),
            SqlExpr::IsNotNull(e) => Ok(self.expr(e)?.is_null(true)),
            SqlExpr::IsTrue(e) => self.is_boolean(e, true, false),
            SqlExpr::IsNotTrue(e) => self.is_boolean(e, true, true),
            SqlExpr::IsFalse(e) => self.is_boolean(e, false, false),
            SqlExpr::IsNotFalse(e) => self.is_boolean(e, false, true),
            SqlExpr::IsUnknown(e) => Ok(self.expr(e)?.is_null(false)),
            SqlExpr::IsNotUnknown(e) => Ok(self.expr(e)?.is_null(true)),
            SqlExpr::IsDistinctFrom(a, b) => self.distinct(a, b, false),
            SqlExpr::IsNotDistinctFrom(a, b) => self.distinct(a, b, true),
            SqlExpr::Between { expr, negated, low, high } => {
                self.between(expr, *negated, low, high)
            }
            SqlExpr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            SqlExpr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_deref(), false, *negated)
            }
            SqlExpr::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_deref(), true, *negated)
            }
            SqlExpr::SimilarTo { negated, expr, pattern, escape_char: None } => {
                let args = vec![self.expr(expr)?, self.expr(pattern)?];
                Ok(negated_if(*negated, Expr::call(Function::Similar, args)?))
            }
            SqlExpr::RLike { negated, expr, pattern, .. } => {
                let (text, pattern) = (self.expr(expr)?, self.expr(pattern)?);
                matches(text, pattern, false, *negated)
            }
            SqlExpr::Case { operand, conditions, results, else_result } => {
                self.case(operand.as_deref(), conditions, results, else_result.as_deref())
            }
            SqlExpr::Cast {
                kind: CastKind::Cast | CastKind::DoubleColon,
                expr,
                data_type,
                format: None,
            } => {
                let (expr, ty) = (self.boxed(expr)?, sql_type(data_type)?);
                self.tell(&expr, ty);
                Ok(Expr::Cast { expr, ty })
            }
            SqlExpr::TypedString { data_type, value } => {
                let value = Value::from(value.as_str()).coerce(&sql_type(data_type)?)?;
                Ok(Expr::Literal(value))
            }
            SqlExpr::Interval(interval) => self.interval(interval),
            SqlExpr::Subquery(query) => self.subquery(SubqueryKind::Scalar, &[], query),
            SqlExpr::Exists { subquery, negated } => {
                self.subquery(SubqueryKind::Exists { negated: *negated }, &[], subquery)
            }
            SqlExpr::InSubquery { expr, subquery, negated } => {
                let values = match expr.as_ref() {
                    SqlExpr::Tuple(values) => values.as_slice(),
                    one => std::slice::from_ref(one),
                };
                self.subquery(SubqueryKind::In { negated: *negated }, values, subquery)
            }
            SqlExpr::AnyOp { left, compare_op, right, .. } => {
                self.quantified(left, compare_op, right, false)
            }
            SqlExpr::AllOp { left, compare_op, right } => {
                self.quantified(left, compare_op, right, true)
            }
            SqlExpr::BinaryOp { .. } => self.chain(expr),
            SqlExpr::Collate { expr, collation }
                if collation.0.iter().all(|name| name.value.eq_ignore_ascii_case("BINARY")) =>
            {
                self.expr(expr)
            }
            other => self.call(other),
        }
    }

    fn value(&self, value: &SqlValue) -> Result<Bound> {
        match (value, self.params.asked()) {
            (SqlValue::Placeholder(name), Some(asked)) => Ok(Expr::Column(asked.position(name)?)),
            _ => Ok(Expr::Literal(constant(value, &self.params)?)),
        }
    }

    /// If this is a parameter that is asked about, it is meant to be of this type.
    fn tell(&self, expr: &Bound, ty: SqlType) {
        if let (Expr::Column(at), Some(asked)) = (expr, self.params.asked()) {
            asked.tell(*at, ty);
        }
    }

    fn unary(&mut self, op: UnaryOperator, expr: &SqlExpr) -> Result<Bound> {
        match op {
            UnaryOperator::Plus => self.expr(expr),
            UnaryOperator::Not => Ok(self.expr(expr)?.negate()),
            UnaryOperator::Minus => match expr {
                // The least integer has no positive counterpart, so the sign belongs to the digits.
                SqlExpr::Value(value @ SqlValue::Number(..)) => {
                    Ok(Expr::Literal(constant(value, &self.params)?.neg()?))
                }
                other => Ok(Expr::Neg(self.boxed(other)?)),
            },
            // Two's complement: ~x is -x - 1.
            UnaryOperator::PGBitwiseNot => {
                let negative = Expr::Neg(self.boxed(expr)?);
                Ok(negative.arith(ArithOp::Sub, Expr::literal(1i64)))
            }
            other => Err(Error::Unsupported(format!("the operator {other}"))),
        }
    }

    fn is_boolean(&mut self, expr: &SqlExpr, value: bool, negated: bool) -> Result<Bound> {
        let left = self.boxed(expr)?;
        let right = Box::new(Expr::Literal(Value::Bool(value)));
        Ok(Expr::IsDistinct { left, right, negated: !negated })
    }

    /// What meets something of a known type: a literal as [`meet`] has it; a decimal that meets a
    /// float is one, as in both dialects, or 0.1 would not be 0.1.
    fn meet(&self, expr: Bound, ty: SqlType) -> Result<Bound> {
        self.tell(&expr, ty);
        let decimal = || matches!(self.scope.type_of(&expr), SqlType::Decimal { .. });
        match &expr {
            Expr::Literal(_) => meet(expr, ty),
            _ if ty.is_float() && decimal() => {
                Ok(Expr::Cast { expr: Box::new(expr), ty: SqlType::Double })
            }
            _ => Ok(expr),
        }
    }

    /// Two that meet each other. Beside a literal only the literal changes, and of two only one does.
    fn both(&self, left: Bound, right: Bound) -> Result<(Bound, Bound)> {
        let literal = |expr: &Bound| matches!(expr, Expr::Literal(_));
        let (left_type, right_type) = (self.scope.type_of(&left), self.scope.type_of(&right));
        if literal(&right) {
            self.tell(&left, right_type);
            let right = self.meet(right, left_type)?;
            return Ok((left, right));
        }
        let left_met = self.meet(left, right_type)?;
        if literal(&left_met) {
            self.tell(&right, left_type);
            return Ok((left_met, right));
        }
        Ok((left_met, self.meet(right, left_type)?))
    }

    /// The same beside several: a float among them, and not only a literal, makes it one.
    fn among(&self, expr: Bound, others: &[&Bound]) -> Result<Bound> {
        let float = |other: &&Bound| {
            !matches!(other, Expr::Literal(_)) && self.scope.type_of(other).is_float()
        };
        match others.iter().any(float) {
            true => self.meet(expr, SqlType::Double),
            false => Ok(expr),
        }
    }

    fn distinct(&mut self, a: &SqlExpr, b: &SqlExpr, negated: bool) -> Result<Bound> {
        let (a, b) = (self.expr(a)?, self.expr(b)?);
        let (a, b) = self.both(a, b)?;
        let (left, right) = (Box::new(a), Box::new(b));
        Ok(Expr::IsDistinct { left, right, negated })
    }

    fn between(
        &mut self,
        expr: &SqlExpr,
        negated: bool,
        low: &SqlExpr,
        high: &SqlExpr,
    ) -> Result<Bound> {
        let expr = self.boxed(expr)?;
        if self.mixed(&expr) {
            let (low, high) = (self.expr(low)?, self.expr(high)?);
            let from = self.compared(CompareOp::Ge, (*expr).clone(), low);
            let within = from.and(self.compared(CompareOp::Le, *expr, high));
            return Ok(if negated { within.negate() } else { within });
        }
        let (low, high) = (self.expr(low)?, self.expr(high)?);
        let expr = Box::new(self.among(*expr, &[&low, &high])?);
        let ty = self.scope.type_of(&expr);
        let (low, high) = (Box::new(self.meet(low, ty)?), Box::new(self.meet(high, ty)?));
        Ok(Expr::Between { expr, low, high, negated })
    }

    fn in_list(&mut self, expr: &SqlExpr, list: &[SqlExpr], negated: bool) -> Result<Bound> {
        if let SqlExpr::Tuple(row) = expr {
            return self.row_in(row, list, negated);
        }
        let expr = self.expr(expr)?;
        if self.mixed(&expr) && !list.is_empty() {
            let items = self.all(list)?.into_iter();
            let same = items.map(|item| self.compared(CompareOp::Eq, expr.clone(), item));
            let found = same.reduce(Bound::or).unwrap_or(Expr::Literal(Value::Bool(false)));
            return Ok(if negated { found.negate() } else { found });
        }
        let items = self.all(list)?;
        items.iter().for_each(|item| self.tell(&expr, self.scope.type_of(item)));
        let expr = self.among(expr, &items.iter().collect::<Vec<_>>())?;
        let ty = self.scope.type_of(&expr);
        let items = items.into_iter().map(|item| self.meet(item, ty));
        Ok(expr.in_list(items.collect::<Result<_>>()?, negated))
    }

    fn like(
        &mut self,
        expr: &SqlExpr,
        pattern: &SqlExpr,
        escape: Option<&str>,
        any_case: bool,
        negated: bool,
    ) -> Result<Bound> {
        let mut chars = escape.unwrap_or_default().chars();
        let escape = match (chars.next(), chars.next()) {
            (escape, None) => escape,
            _ => return Err(Error::Sql("ESCAPE takes one character".into())),
        };
        let (expr, pattern) = (self.expr(expr)?, self.expr(pattern)?);
        self.tell(&expr, SqlType::Text);
        self.tell(&pattern, SqlType::Text);
        Ok(expr.like(pattern, escape, any_case, negated))
    }

    fn case(
        &mut self,
        operand: Option<&SqlExpr>,
        conditions: &[SqlExpr],
        results: &[SqlExpr],
        otherwise: Option<&SqlExpr>,
    ) -> Result<Bound> {
        let operand = operand.map(|e| self.boxed(e)).transpose()?;
        let ty = operand.as_ref().map_or(SqlType::Any, |e| self.scope.type_of(e));
        let mut whens = Vec::with_capacity(conditions.len());
        for (condition, result) in conditions.iter().zip(results) {
            let condition = self.expr(condition)?;
            whens.push((self.meet(condition, ty)?, self.expr(result)?));
        }
        let otherwise = otherwise.map(|e| self.boxed(e)).transpose()?;
        Ok(Expr::Case { operand, whens, otherwise })
    }

    // --- Subqueries ---

    fn subquery(&mut self, kind: SubqueryKind, values: &[SqlExpr], query: &Query) -> Result<Bound> {
        let values = self.all(values)?;
        match self.subqueries {
            Some(subqueries) => {
                let types = values.iter().map(|value| self.scope.type_of(value)).collect();
                subqueries(Subquery { kind, values, types, query })
            }
            None => Err(Error::Unsupported("subqueries here".into())),
        }
    }

    /// `value op ANY (…)` and `value op ALL (…)`.
    fn quantified(
        &mut self,
        value: &SqlExpr,
        op: &Op,
        right: &SqlExpr,
        all: bool,
    ) -> Result<Bound> {
        let op = compare_op(op).ok_or_else(|| Error::Unsupported(format!("{op} ANY and ALL")))?;
        let Some(query) = subquery_of(right) else {
            return Err(Error::Unsupported("ANY and ALL of anything but a subquery".into()));
        };
        self.subquery(SubqueryKind::Compare { op, all }, std::slice::from_ref(value), query)
    }
}

fn is_comparison(op: &Op) -> bool {
    compare_op(op).is_some()
}

/// What stands before `COLLATE NOCASE`, if that is what this is.
pub(super) fn without_collation(expr: &SqlExpr) -> Option<&SqlExpr> {
    match expr {
        SqlExpr::Collate { expr, collation } => {
            let [name] = collation.0.as_slice() else { return None };
            name.value.eq_ignore_ascii_case("NOCASE").then_some(expr)
        }
        _ => None,
    }
}

fn arith(op: &Op) -> Result<ArithOp> {
    Ok(match op {
        Op::Plus => ArithOp::Add,
        Op::Minus => ArithOp::Sub,
        Op::Multiply => ArithOp::Mul,
        Op::Divide => ArithOp::Div,
        Op::Modulo => ArithOp::Rem,
        Op::StringConcat => ArithOp::Concat,
        Op::BitwiseAnd => ArithOp::BitAnd,
        Op::BitwiseOr => ArithOp::BitOr,
        Op::PGBitwiseShiftLeft => ArithOp::ShiftLeft,
        Op::PGBitwiseShiftRight => ArithOp::ShiftRight,
        other => return Err(Error::Unsupported(format!("the operator {other}"))),
    })
}

/// A literal as it is meant where it meets something of a known type: text is read as a date, a UUID
/// or a number; a number that meets text is text; an exact number that meets a float is one.
///
/// # Errors
/// `Value` for text that does not read as the type.
fn meet(expr: Bound, ty: SqlType) -> Result<Bound> {
    let Expr::Literal(value) = &expr else { return Ok(expr) };
    let converted = match value {
        Value::Text(_) if !ty.is_text() && !matches!(ty, SqlType::Any | SqlType::Json) => {
            // The scale and length of a column bound what is stored, not what is compared.
            let wide = match ty {
                SqlType::Decimal { .. } => SqlType::Decimal { precision: None, scale: None },
                ty if ty.is_integer() => return whole_or_exact(value.clone()),
                ty => ty,
            };
            value.clone().coerce(&wide)?
        }
        Value::Int(_)
        | Value::Int128(_)
        | Value::UInt128(_)
        | Value::Decimal(_)
        | Value::Float(_)
            if ty.is_text() =>
        {
            Value::from(value.to_text())
        }
        // What a float was written as; where that is no exact number, they compare as they are.
        Value::Float(_) if matches!(ty, SqlType::Decimal { .. }) => {
            let exact = SqlType::Decimal { precision: None, scale: None };
            let decimal = value.clone().cast(&exact).ok();
            let same = |d: &Value| d.clone().cast(&SqlType::Double).is_ok_and(|f| f == *value);
            decimal.filter(same).unwrap_or_else(|| value.clone())
        }
        Value::Decimal(_) if ty.is_float() => value.clone().cast(&SqlType::Double)?,
        _ => return Ok(expr),
    };
    Ok(Expr::Literal(converted))
}

/// Text that meets an integer: an integer, or else an exact number to compare with.
fn whole_or_exact(value: Value) -> Result<Bound> {
    let decimal = SqlType::Decimal { precision: None, scale: None };
    match value.clone().coerce(&SqlType::Integer) {
        Ok(whole) => Ok(Expr::Literal(whole)),
        Err(error) => match value.coerce(&decimal) {
            Ok(exact) => Ok(Expr::Literal(exact)),
            Err(_) => Err(error.into()),
        },
    }
}

/// Whether a text matches a regular expression.
fn matches(text: Bound, pattern: Bound, any_case: bool, negated: bool) -> Result<Bound> {
    let mut args = vec![text, pattern];
    if any_case {
        args.push(Expr::Literal(Value::from("i")));
    }
    Ok(negated_if(negated, Expr::call(Function::RegexpLike, args)?))
}

fn negated_if(negated: bool, expr: Bound) -> Bound {
    match negated {
        true => Expr::Not(Box::new(expr)),
        false => expr,
    }
}
