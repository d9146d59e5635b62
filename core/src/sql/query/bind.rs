//! From a query's syntax tree to operators: WITH, set operations, ORDER BY and LIMIT of a whole.

use super::place::{finish, split_conjuncts};
use super::plan::{Cte, Node, QueryPlan, RowExpr, SortKey, Statement, Step, Sub, SubKind};
use crate::error::{Error, Result};
use crate::expr::Expr;
use crate::row::same_name;
use crate::sql::bind::{Binder, Columns, Frame, OUTER, Scope, Subquery, SubqueryKind};
use crate::sql::context::QueryContext;
use crate::sql::literal::ordinal;
use crate::sql::request::OutputColumn;
use crate::value::SqlType;
use gluesql_core::sqlparser::ast::{
    Cte as CteAst, Expr as SqlExpr, OrderByExpr, Query, SetExpr, SetOperator, SetQuantifier,
    Value as SqlValue, With,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Queries that one statement may be made of, views and repeated common table expressions counted.
const QUERIES_MAX: usize = 2_000;
/// Queries that set operations may combine at one place.
const OPERANDS_MAX: usize = 500;

/// What all queries of a statement share while they are bound.
pub(super) struct Binding<'c> {
    pub ctx: &'c QueryContext<'c>,
    ctes: RefCell<Vec<Option<Cte>>>,
    subs: Cell<usize>,
    queries: Cell<usize>,
    /// The types of parameters whose values are left open.
    open: &'c [Option<SqlType>],
}

/// Common table expressions in sight, the innermost first.
#[derive(Clone, Default)]
pub(super) struct InSight<'q>(Option<Rc<Named<'q>>>);

struct Named<'q> {
    name: &'q str,
    what: What<'q>,
    next: InSight<'q>,
}

enum What<'q> {
    /// Evaluated once.
    Slot { slot: usize, columns: Rc<Vec<OutputColumn>> },
    /// The rows of the last round, while a recursive one is bound.
    Working { slot: usize, columns: Rc<Vec<OutputColumn>>, read: Rc<Cell<bool>> },
    /// Reads the rows around it: bound where it is read.
    Inline(&'q CteAst),
}

impl<'q> InSight<'q> {
    fn with(&self, name: &'q str, what: What<'q>) -> InSight<'q> {
        InSight(Some(Rc::new(Named { name, what, next: self.clone() })))
    }
}

/// One frame while its queries are bound.
#[derive(Clone, Copy)]
pub(super) struct Env<'b> {
    pub binding: &'b Binding<'b>,
    pub frame: &'b Frame<'b>,
    pub subs: &'b RefCell<Vec<Sub>>,
    /// How many views are around what is bound. Inside one no name means what is around it.
    pub view_depth: usize,
    /// The point at which a view is read, where it is not the statement's.
    pub view_point: Option<usize>,
}

/// How many views are around a query, and the point at which the innermost is read.
type View = (usize, Option<usize>);

/// A query's operators, and what its rows show.
pub(super) struct Bound {
    pub node: Node,
    pub columns: Vec<OutputColumn>,
}

/// LIMIT and OFFSET.
#[derive(Default, Clone)]
pub(super) struct Cut {
    pub limit: Option<RowExpr>,
    pub offset: Option<RowExpr>,
}

impl Cut {
    fn is_empty(&self) -> bool {
        self.limit.is_none() && self.offset.is_none()
    }

    /// Puts the cut on top of an operator.
    pub fn over(self, node: Node) -> Node {
        match self.is_empty() {
            true => node,
            false => Node::Limit { input: Box::new(node), limit: self.limit, offset: self.offset },
        }
    }
}

/// Binds a statement's query.
///
/// # Errors
/// `NotFound`, `Sql`, `Unsupported`, `Limit`; a fault.
pub(in crate::sql) fn statement(ctx: &QueryContext<'_>, query: &Query) -> Result<Statement> {
    statement_with(ctx, query, &[])
}

/// The same with the values of parameters of these types left open.
///
/// # Errors
/// As [`statement`].
pub(super) fn statement_with(
    ctx: &QueryContext<'_>,
    query: &Query,
    open: &[Option<SqlType>],
) -> Result<Statement> {
    let frame = Frame::default();
    let binding = Binding { open, ..Binding::new(ctx) };
    let query = binding.frame(query, &frame, &InSight::default(), (0, None))?;
    Ok(Statement { query, ctes: binding.into_ctes() })
}

/// Binds a subquery of an expression over `scope`; `None`: it reads the row around it.
///
/// # Errors
/// As [`statement`].
pub(in crate::sql) fn lone_subquery(
    ctx: &QueryContext<'_>,
    scope: &Scope<'_>,
    query: &Query,
) -> Result<Option<Statement>> {
    let frame = Frame::inside(scope);
    let binding = Binding::new(ctx);
    let query = binding.frame(query, &frame, &InSight::default(), (0, None))?;
    let alone = frame.stands_alone();
    Ok(alone.then(|| Statement { query, ctes: binding.into_ctes() }))
}

impl<'c> Binding<'c> {
    fn new(ctx: &'c QueryContext<'c>) -> Self {
        let (subs, queries) = (Cell::new(0), Cell::new(0));
        Binding { ctx, ctes: RefCell::default(), subs, queries, open: &[] }
    }

    fn into_ctes(self) -> Vec<Cte> {
        self.ctes.into_inner().into_iter().flatten().collect()
    }

    /// Binds a query that is evaluated as a whole.
    fn frame(
        &self,
        query: &Query,
        frame: &Frame<'_>,
        ctes: &InSight<'_>,
        view: View,
    ) -> Result<QueryPlan> {
        self.planned(frame, view, |env| env.query(query, ctes))
    }

    fn planned(
        &self,
        frame: &Frame<'_>,
        (view_depth, view_point): View,
        bind: impl FnOnce(&Env<'_>) -> Result<Bound>,
    ) -> Result<QueryPlan> {
        let subs = RefCell::default();
        let Bound { node, columns } =
            bind(&Env { binding: self, frame, subs: &subs, view_depth, view_point })?;
        let (subs, outer) = (subs.into_inner(), frame.outer());
        let mut plan = QueryPlan { root: node, columns, subs, outer };
        if self.ctx.params.asked().is_none() {
            finish(self.ctx, &mut plan)?;
        }
        Ok(plan)
    }
}

impl<'b> Env<'b> {
    fn within_view(&self) -> View {
        (self.view_depth, self.view_point)
    }

    /// A frame for a query that sees what this one sees around it, but is evaluated by itself.
    fn beside(&self) -> Frame<'b> {
        match self.view_depth {
            0 => self.frame.beside(),
            _ => Frame::default(),
        }
    }

    /// Binds an expression over a scope of this frame.
    pub fn expr(&self, scope: &Scope<'_>, ctes: &InSight<'_>, expr: &SqlExpr) -> Result<RowExpr> {
        let hook = |sub: Subquery<'_>| self.subquery(scope, ctes, sub, &mut |outer| Ok(outer));
        let binder = Binder::new(scope, self.binding.ctx.params).subqueries(&hook);
        binder.leaving_open(self.binding.open).bind(expr)
    }

    /// Binds a subquery inside an expression over `scope`. `moved` says where a column of the scope
    /// stands in the row that the expression is evaluated on.
    pub fn subquery(
        &self,
        scope: &Scope<'_>,
        ctes: &InSight<'_>,
        sub: Subquery<'_>,
        moved: &mut dyn FnMut(usize) -> Result<usize>,
    ) -> Result<RowExpr> {
        let frame = Frame::inside(scope);
        let mut plan = self.binding.frame(sub.query, &frame, ctes, self.within_view())?;
        for column in &mut plan.outer {
            if *column < OUTER {
                *column = moved(*column)?;
            }
        }
        let first = plan.columns.first().map_or(SqlType::Any, |column| column.ty);
        let (kind, ty, width) = match sub.kind {
            SubqueryKind::Scalar => (SubKind::Scalar, first, Some(1)),
            SubqueryKind::Exists { negated } => {
                (SubKind::Exists { negated }, SqlType::Boolean, None)
            }
            SubqueryKind::In { negated } => {
                let width = Some(sub.values.len());
                (SubKind::In { values: sub.values, negated }, SqlType::Boolean, width)
            }
            SubqueryKind::Compare { op, all } => {
                let mut values = sub.values;
                let value = values.pop().ok_or_else(|| Error::Internal("no value".into()))?;
                (SubKind::Compare { value, op, all }, SqlType::Boolean, Some(1))
            }
            SubqueryKind::Row { op } => {
                let width = Some(sub.values.len());
                (SubKind::Row { values: sub.values, op }, SqlType::Boolean, width)
            }
        };
        if let Some(width) = width.filter(|width| *width != plan.columns.len()) {
            return Err(Error::Sql(format!(
                "a subquery has {} columns where {width} are meant",
                plan.columns.len()
            )));
        }
        if let (SubKind::In { values, .. }, Some(asked)) = (&kind, self.binding.ctx.params.asked())
        {
            for (value, column) in values.iter().zip(&plan.columns) {
                if let Expr::Column(at) = value {
                    asked.tell(*at, column.ty);
                }
            }
        }
        let id = self.binding.subs.get();
        self.binding.subs.set(id + 1);
        let stable = super::place::is_stable(&plan);
        self.subs.borrow_mut().push(Sub { id, kind, plan, stable });
        Ok(Expr::Column(self.frame.add_sub(ty)))
    }

    /// Binds a query with all that belongs to it.
    pub fn query(&self, query: &Query, ctes: &InSight<'_>) -> Result<Bound> {
        let queries = self.binding.queries.get() + 1;
        self.binding.queries.set(queries);
        if queries > QUERIES_MAX {
            return Err(Error::Limit(format!("a statement holds more than {QUERIES_MAX} queries")));
        }
        refuse_extras(query)?;
        let ctes = match &query.with {
            None => ctes.clone(),
            Some(with) => self.with(with, ctes)?,
        };
        let order = order_of(query)?;
        let cut = self.cut(query, &ctes)?;
        match query.body.as_ref() {
            SetExpr::Select(select) => self.select(select, &ctes, order, cut),
            body => {
                let bound = self.body(body, &ctes)?;
                self.ordered(bound, &ctes, order, cut)
            }
        }
    }

    fn cut(&self, query: &Query, ctes: &InSight<'_>) -> Result<Cut> {
        let scope = Scope::empty().within(self.frame, self.view_depth > 0);
        let bind = |expr: &SqlExpr| {
            let bound = self.expr(&scope, ctes, expr)?;
            if let (Expr::Column(at), Some(asked)) = (&bound, self.binding.ctx.params.asked()) {
                asked.tell(*at, SqlType::BigInt);
            }
            Ok::<RowExpr, Error>(bound)
        };
        let mut limit = query.limit.as_ref().map(bind).transpose()?;
        if let Some(fetch) = &query.fetch {
            if fetch.with_ties || fetch.percent {
                return Err(Error::Unsupported("FETCH … WITH TIES and PERCENT".into()));
            }
            limit = Some(match &fetch.quantity {
                Some(quantity) => bind(quantity)?,
                None => Expr::literal(1i64),
            });
        }
        let offset = query.offset.as_ref().map(|offset| bind(&offset.value)).transpose()?;
        Ok(Cut { limit, offset })
    }

    /// Puts ORDER BY and LIMIT on a query whose rows show all that there is to sort by.
    fn ordered(
        &self,
        bound: Bound,
        ctes: &InSight<'_>,
        order: &[OrderByExpr],
        cut: Cut,
    ) -> Result<Bound> {
        let Bound { mut node, columns } = bound;
        if !order.is_empty() {
            let keys = self.order_keys(&columns, ctes, order)?;
            let few = cut.limit.is_some().then(|| few(&cut));
            node = Node::Sort { input: Box::new(node), keys, few };
        }
        Ok(Bound { node: cut.over(node), columns })
    }

    /// Keys of ORDER BY over what rows show.
    fn order_keys(
        &self,
        columns: &[OutputColumn],
        ctes: &InSight<'_>,
        order: &[OrderByExpr],
    ) -> Result<Vec<SortKey>> {
        let mut scope = Scope::empty().within(self.frame, self.view_depth > 0);
        scope.push("", Columns::Named(columns), 0);
        let bind = |key: &OrderByExpr| {
            let expr = match result_column(&key.expr, columns)? {
                Some(at) => Expr::Column(at),
                None => self.expr(&scope, ctes, &key.expr)?,
            };
            sort_key(key, expr)
        };
        order.iter().map(bind).collect()
    }

    /// Binds what stands between WITH and ORDER BY.
    fn body(&self, body: &SetExpr, ctes: &InSight<'_>) -> Result<Bound> {
        match body {
            SetExpr::Select(select) => self.select(select, ctes, &[], Cut::default()),
            SetExpr::Query(query) => self.query(query, ctes),
            SetExpr::Values(values) => self.values(&values.rows, ctes),
            SetExpr::SetOperation { .. } => self.set_operation(body, ctes),
            SetExpr::Table(table) => {
                let name = table.table_name.as_deref().unwrap_or_default();
                Err(Error::Unsupported(format!("TABLE {name}: write SELECT * FROM {name}")))
            }
            SetExpr::Insert(_) | SetExpr::Update(_) => {
                Err(Error::Unsupported("a statement that writes inside a query".into()))
            }
        }
    }

    fn values(&self, rows: &[Vec<SqlExpr>], ctes: &InSight<'_>) -> Result<Bound> {
        let scope = Scope::empty().within(self.frame, self.view_depth > 0);
        let width = rows.first().map_or(0, Vec::len);
        let mut types = vec![SqlType::Any; width];
        let mut bound = Vec::with_capacity(rows.len());
        for row in rows {
            if row.len() != width {
                return Err(Error::Sql("the rows of VALUES differ in length".into()));
            }
            let row: Vec<RowExpr> =
                row.iter().map(|expr| self.expr(&scope, ctes, expr)).collect::<Result<_>>()?;
            for (ty, expr) in types.iter_mut().zip(&row) {
                if *ty == SqlType::Any {
                    *ty = scope.type_of(expr);
                }
            }
            bound.push(row);
        }
        let columns = types.into_iter().zip(1..);
        let columns = columns.map(|(ty, n)| OutputColumn { name: format!("column{n}"), ty });
        Ok(Bound { node: Node::Values { rows: bound, width }, columns: columns.collect() })
    }

    /// A chain of set operations leans to the left, as deep as it is long: it is walked in a loop.
    fn set_operation(&self, body: &SetExpr, ctes: &InSight<'_>) -> Result<Bound> {
        let mut rest = Vec::new();
        let mut at = body;
        while let SetExpr::SetOperation { op, set_quantifier, left, right } = at {
            rest.push((*op, *set_quantifier, right.as_ref()));
            at = left;
            if rest.len() > OPERANDS_MAX {
                return Err(Error::Limit(format!(
                    "set operations combine more than {OPERANDS_MAX} queries"
                )));
            }
        }
        let mut left = visible(self.body(at, ctes)?);
        for (op, quantifier, right) in rest.into_iter().rev() {
            let right = visible(self.body(right, ctes)?);
            left = combined(op, quantifier, left, right)?;
        }
        Ok(left)
    }

    // --- WITH ---

    fn with<'q>(&self, with: &'q With, ctes: &InSight<'q>) -> Result<InSight<'q>> {
        let mut ctes = ctes.clone();
        let mut names: Vec<&str> = Vec::new();
        for cte in &with.cte_tables {
            let name = cte.alias.name.value.as_str();
            if names.iter().any(|known| same_name(known, name)) {
                return Err(Error::Sql(format!("WITH names '{name}' twice")));
            }
            names.push(name);
            ctes = self.cte(cte, with.recursive, &ctes)?;
        }
        Ok(ctes)
    }

    fn cte<'q>(&self, cte: &'q CteAst, recursive: bool, ctes: &InSight<'q>) -> Result<InSight<'q>> {
        let name = cte.alias.name.value.as_str();
        if let (true, Some((op, base, step))) = (recursive, recursion(&cte.query)) {
            let slot = self.reserve();
            if let Some(made) = self.recursive(cte, slot, op, base, step, ctes)? {
                let columns = Rc::new(made.plan.columns.clone());
                self.settle(slot, made);
                return Ok(ctes.with(name, What::Slot { slot, columns }));
            }
        }
        let frame = self.beside();
        let mut plan = self.binding.frame(&cte.query, &frame, ctes, self.within_view())?;
        if !frame.stands_alone() {
            return Ok(ctes.with(name, What::Inline(cte)));
        }
        rename(&mut plan.columns, cte)?;
        let columns = Rc::new(plan.columns.clone());
        let slot = self.reserve();
        self.settle(slot, Cte { name: name.to_owned(), plan, step: None });
        Ok(ctes.with(name, What::Slot { slot, columns }))
    }

    fn reserve(&self) -> usize {
        let mut all = self.binding.ctes.borrow_mut();
        all.push(None);
        all.len() - 1
    }

    fn settle(&self, slot: usize, cte: Cte) {
        if let Some(place) = self.binding.ctes.borrow_mut().get_mut(slot) {
            *place = Some(cte);
        }
    }

    /// `base UNION [ALL] step`; `None` where the step does not read what is being defined.
    fn recursive<'q>(
        &self,
        cte: &'q CteAst,
        slot: usize,
        (quantifier, whole): (SetQuantifier, &'q Query),
        base: &'q SetExpr,
        step: &'q SetExpr,
        ctes: &InSight<'q>,
    ) -> Result<Option<Cte>> {
        let name = cte.alias.name.value.as_str();
        let refused =
            |what: &str| Err(Error::Unsupported(format!("{what} in the recursive '{name}'")));
        let frame = self.beside();
        let mut bounds = (Vec::new(), Cut::default());
        let plan = self.binding.planned(&frame, self.within_view(), |env| {
            let mut bound = visible(env.body(base, ctes)?);
            rename(&mut bound.columns, cte)?;
            bounds =
                (env.order_keys(&bound.columns, ctes, order_of(whole)?)?, env.cut(whole, ctes)?);
            Ok(bound)
        });
        let plan = match plan {
            Ok(plan) => plan,
            // The base reads what it is to define, if nothing else goes by that name.
            Err(Error::NotFound { name: missing, .. }) if same_name(&missing, name) => {
                return Err(Error::Sql(format!("the first part of '{name}' cannot read '{name}'")));
            }
            Err(error) => return Err(error),
        };
        let read = Rc::new(Cell::new(false));
        let columns = Rc::new(plan.columns.clone());
        let what = What::Working { slot, columns: columns.clone(), read: read.clone() };
        let inner = ctes.with(name, what);
        let step_frame = self.beside();
        let step = self
            .binding
            .planned(&step_frame, self.within_view(), |env| Ok(visible(env.body(step, &inner)?)))?;
        if !read.get() {
            // A plain UNION after all, which is bound as such.
            self.settle(slot, placeholder(name));
            return Ok(None);
        }
        if !frame.stands_alone() || !step_frame.stands_alone() {
            return refused("reading the rows around it");
        }
        if step.columns.len() != columns.len() {
            return Err(Error::Sql(format!("the parts of '{name}' differ in columns")));
        }
        let once = !matches!(quantifier, SetQuantifier::All);
        let (order, Cut { limit, offset }) = bounds;
        let step = Some(Step { plan: step, once, order, limit, offset });
        Ok(Some(Cte { name: name.to_owned(), plan, step }))
    }

    /// The common table expression that a name means.
    pub fn find_cte(&self, name: &str, ctes: &InSight<'_>) -> Result<Option<Bound>> {
        let mut at = ctes;
        while let InSight(Some(named)) = at {
            if !same_name(named.name, name) {
                at = &named.next;
                continue;
            }
            return Ok(Some(match &named.what {
                What::Slot { slot, columns } => {
                    let node = Node::Cte { slot: *slot, width: columns.len() };
                    Bound { node, columns: columns.to_vec() }
                }
                What::Working { slot, columns, read } => {
                    read.set(true);
                    let node = Node::Working { slot: *slot, width: columns.len() };
                    Bound { node, columns: columns.to_vec() }
                }
                What::Inline(cte) => {
                    let mut bound = visible(self.query(&cte.query, &named.next)?);
                    rename(&mut bound.columns, cte)?;
                    bound
                }
            }));
        }
        Ok(None)
    }
}

/// What stands in for a slot that nothing reads.
fn placeholder(name: &str) -> Cte {
    let (root, columns) = (Node::Nothing { width: 0 }, Vec::new());
    let plan = QueryPlan { root, columns, subs: Vec::new(), outer: Vec::new() };
    Cte { name: name.to_owned(), plan, step: None }
}

/// Whether a query has the form of a recursion: two parts and UNION.
#[allow(clippy::type_complexity, reason = "three parts of one syntax node")]
fn recursion(query: &Query) -> Option<((SetQuantifier, &Query), &SetExpr, &SetExpr)> {
    match query.body.as_ref() {
        SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, right }
            if query.with.is_none() =>
        {
            Some(((*set_quantifier, query), left, right))
        }
        _ => None,
    }
}

fn rename(columns: &mut [OutputColumn], cte: &CteAst) -> Result<()> {
    let names = &cte.alias.columns;
    if names.is_empty() {
        return Ok(());
    }
    if names.len() != columns.len() {
        return Err(Error::Sql(format!(
            "'{}' names {} columns of {}",
            cte.alias.name.value,
            names.len(),
            columns.len()
        )));
    }
    for (column, name) in columns.iter_mut().zip(names) {
        column.name = name.value.clone();
    }
    Ok(())
}

/// The same query with rows that hold no more than is shown.
pub(super) fn visible(bound: Bound) -> Bound {
    let width = bound.columns.len();
    match bound.node.width() == width {
        true => bound,
        false => {
            let exprs = (0..width).map(Expr::Column).collect();
            let node = Node::Project { input: Box::new(bound.node), exprs };
            Bound { node, columns: bound.columns }
        }
    }
}

fn combined(
    op: SetOperator,
    quantifier: SetQuantifier,
    left: Bound,
    right: Bound,
) -> Result<Bound> {
    let all = match quantifier {
        SetQuantifier::All => true,
        SetQuantifier::None | SetQuantifier::Distinct => false,
        other => return Err(Error::Unsupported(format!("{op} {other}"))),
    };
    let width = left.columns.len();
    if width != right.columns.len() {
        return Err(Error::Sql(format!(
            "the sides of {op} have {width} and {} columns",
            right.columns.len()
        )));
    }
    let pairs = left.columns.into_iter().zip(&right.columns);
    let columns: Vec<OutputColumn> = pairs
        .map(|(left, right)| {
            let ty = match (left.ty, right.ty) {
                (a, b) if a == b => a,
                (SqlType::Any, b) => b,
                (a, SqlType::Any) => a,
                (a, b) if crate::sql::types::same_family(&a, &b) => a,
                _ => SqlType::Any,
            };
            OutputColumn { name: left.name, ty }
        })
        .collect();
    let node = match op {
        SetOperator::Union => {
            let inputs = match left.node {
                Node::Append { mut inputs, .. } => {
                    inputs.push(right.node);
                    inputs
                }
                left => vec![left, right.node],
            };
            let node = Node::Append { inputs, width };
            match all {
                true => node,
                false => Node::Distinct { input: Box::new(node), by: None, visible: width },
            }
        }
        SetOperator::Intersect | SetOperator::Except => Node::Compare {
            keep_common: op == SetOperator::Intersect,
            all,
            left: Box::new(left.node),
            right: Box::new(right.node),
            width,
        },
    };
    Ok(Bound { node, columns })
}

/// The keys of a query's ORDER BY.
fn order_of(query: &Query) -> Result<&[OrderByExpr]> {
    match &query.order_by {
        None => Ok(&[]),
        Some(order) if order.interpolate.is_none() => Ok(&order.exprs),
        Some(_) => Err(Error::Unsupported("INTERPOLATE".into())),
    }
}

fn refuse_extras(query: &Query) -> Result<()> {
    let extras = [
        (!query.limit_by.is_empty(), "LIMIT BY"),
        (!query.locks.is_empty(), "FOR UPDATE"),
        (query.for_clause.is_some(), "FOR …"),
        (query.settings.is_some() || query.format_clause.is_some(), "SETTINGS and FORMAT"),
    ];
    match extras.iter().find(|(there, _)| *there) {
        Some((_, what)) => Err(Error::Unsupported((*what).to_owned())),
        None => Ok(()),
    }
}

/// How many rows a sorted query keeps at most: what LIMIT and OFFSET say.
pub(super) fn few(cut: &Cut) -> (Option<RowExpr>, RowExpr) {
    (cut.limit.clone(), cut.offset.clone().unwrap_or_else(|| Expr::literal(0i64)))
}

/// The column of the result that a key of ORDER BY means by its number or its name.
///
/// # Errors
/// `Sql` for a number that there is not.
pub(super) fn result_column(expr: &SqlExpr, columns: &[OutputColumn]) -> Result<Option<usize>> {
    match expr {
        SqlExpr::Value(number @ SqlValue::Number(..)) => {
            match ordinal(number).filter(|at| *at < columns.len()) {
                Some(at) => Ok(Some(at)),
                None => Err(Error::Sql(format!("ORDER BY {number}: no such column"))),
            }
        }
        SqlExpr::Identifier(name) => {
            Ok(columns.iter().position(|column| same_name(&column.name, &name.value)))
        }
        SqlExpr::Nested(inner) => result_column(inner, columns),
        _ => Ok(None),
    }
}

/// A key of ORDER BY.
///
/// # Errors
/// `Unsupported`.
pub(super) fn sort_key(key: &OrderByExpr, expr: RowExpr) -> Result<SortKey> {
    if key.with_fill.is_some() {
        return Err(Error::Unsupported("WITH FILL".into()));
    }
    Ok(SortKey { expr, descending: key.asc == Some(false), nulls_first: key.nulls_first })
}

/// Splits a condition at its ANDs.
pub(super) fn conditions(expr: RowExpr) -> Vec<RowExpr> {
    split_conjuncts(expr)
}
