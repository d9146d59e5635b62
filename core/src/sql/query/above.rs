//! What stands above FROM and WHERE: groups, aggregates and window functions.
//!
//! Above groups there are no columns of the FROM any more, only the keys of a group and the results
//! of aggregates. An expression is bound from the outside in: what equals a key becomes the key's
//! place, an aggregate becomes the aggregate's place, and a column that is reached otherwise is
//! refused, unless the keys hold the primary key of its table: then every row of the group has the
//! same value in it. Window functions come after groups; their results get positions from [`WINDOW`]
//! on until it is known how wide the rows before them are.

use super::bind::{Env, InSight, sort_key};
use super::from::is_name;
use super::plan::{
    Aggregate, FrameBounds, FrameEdge, FrameUnit, Group, Node, RowExpr, SortKey, Window,
    WindowCall, WindowFunction,
};
use crate::error::{Error, Result};
use crate::expr::{AggregateFunction, Expr};
use crate::row::same_name;
use crate::sql::bind::{AboveTypes, Binder, OUTER, Scope, Subquery, children, window_parts};
use crate::sql::literal::ordinal;
use crate::value::SqlType;
use gluesql_core::sqlparser::ast::{
    DuplicateTreatment, Expr as SqlExpr, Function as Call, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, GroupByExpr, NamedWindowDefinition, NamedWindowExpr,
    OrderByExpr, Select, SelectItem, Value as SqlValue, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowSpec, WindowType,
};
use std::cell::{Cell, RefCell};

/// The first position of what window functions give, while a SELECT is bound.
const WINDOW: usize = 1 << 23;

/// What a SELECT has above its FROM, while expressions are bound there.
pub(super) struct Above<'a> {
    env: &'a Env<'a>,
    scope: &'a Scope<'a>,
    ctes: &'a InSight<'a>,
    select: &'a Select,
    grouped: bool,
    keys: Vec<RowExpr>,
    calls: RefCell<Vec<Aggregate>>,
    windows: RefCell<Vec<WindowCall>>,
    types: AboveTypes,
    /// Whether the item that an alias means is being bound.
    inside_alias: Cell<bool>,
}

/// A SELECT's rows once everything above the FROM was bound.
pub(super) struct Moved {
    pub node: Node,
    /// How wide rows are before the results of window functions.
    width: usize,
}

impl Moved {
    /// Gives the results of window functions their places.
    pub fn place(&mut self, expr: &mut RowExpr) -> Result<()> {
        *expr = placed(expr, self.width)?;
        Ok(())
    }
}

fn placed(expr: &RowExpr, width: usize) -> Result<RowExpr> {
    expr.map_columns(&mut |at: &usize| {
        Ok::<usize, Error>(if (WINDOW..OUTER).contains(at) { at - WINDOW + width } else { *at })
    })
}

impl<'a> Above<'a> {
    /// Looks for groups: a GROUP BY, a HAVING or an aggregate anywhere.
    pub fn of(
        env: &'a Env<'a>,
        scope: &'a Scope<'a>,
        ctes: &'a InSight<'a>,
        select: &'a Select,
        order: &[OrderByExpr],
    ) -> Result<Self> {
        let GroupByExpr::Expressions(group_by, modifiers) = &select.group_by else {
            return Err(Error::Unsupported("GROUP BY ALL".into()));
        };
        if !modifiers.is_empty() {
            return Err(Error::Unsupported("GROUP BY … WITH".into()));
        }
        let grouped = !group_by.is_empty()
            || select.having.is_some()
            || select.projection.iter().any(|item| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    has_aggregate(expr)
                }
                _ => false,
            })
            || order.iter().any(|key| has_aggregate(&key.expr))
            || select.named_window.iter().any(|NamedWindowDefinition(_, window)| match window {
                NamedWindowExpr::WindowSpec(spec) => window_parts(spec).any(has_aggregate),
                NamedWindowExpr::NamedWindow(_) => false,
            });
        let mut keys = Vec::with_capacity(group_by.len());
        for expr in group_by {
            let expr = named(expr, scope, &select.projection)?;
            if matches!(expr, SqlExpr::Rollup(_) | SqlExpr::Cube(_) | SqlExpr::GroupingSets(_)) {
                return Err(Error::Unsupported("ROLLUP, CUBE and GROUPING SETS".into()));
            }
            keys.push(env.expr(scope, ctes, expr)?);
        }
        let types = AboveTypes::new(grouped.then(|| keys.iter().map(|k| scope.type_of(k))), WINDOW);
        let (calls, windows) = (RefCell::default(), RefCell::default());
        let inside_alias = Cell::new(false);
        Ok(Above { env, scope, ctes, select, grouped, keys, calls, windows, types, inside_alias })
    }

    /// Binds an expression above the groups.
    pub fn bind(&self, expr: &SqlExpr) -> Result<RowExpr> {
        let above = self.scope.clone().above(&self.types);
        let mut replace = |node: &SqlExpr| self.replace(node);
        let hook = |sub: Subquery<'_>| {
            // Inside, names are those of the FROM; each that is read must be had above the groups.
            self.env.subquery(self.scope, self.ctes, sub, &mut |column| match self.grouped {
                false => Ok(column),
                true => match self.column(Expr::Column(column), "a column")? {
                    Expr::Column(at) => Ok(at),
                    _ => Err(Error::Internal("a column above groups moved".into())),
                },
            })
        };
        Binder::new(&above, self.env.binding.ctx.params)
            .subqueries(&hook)
            .replacing(&mut replace)
            .bind(expr)
    }

    /// The type of an expression that was bound here.
    pub fn type_of(&self, expr: &RowExpr) -> SqlType {
        self.scope.clone().above(&self.types).type_of(expr)
    }

    /// A column of the FROM, above the groups.
    pub fn column(&self, column: RowExpr, name: &str) -> Result<RowExpr> {
        if !self.grouped {
            return Ok(column);
        }
        if let Some(at) = self.keys.iter().position(|key| *key == column) {
            return Ok(Expr::Column(at));
        }
        if let Expr::Column(at) = &column
            && (*at >= OUTER || self.scope.is_determined(*at, &self.keys))
        {
            if *at >= OUTER {
                return Ok(column);
            }
            let ty = self.scope.type_of(&column);
            let function = AggregateFunction::First;
            let (args, order) = (vec![column], Vec::new());
            return Ok(self.call(Aggregate {
                function,
                args,
                distinct: false,
                filter: None,
                order,
                ty,
            }));
        }
        Err(Error::Sql(format!("{name} must stand in GROUP BY or inside an aggregate function")))
    }

    /// Puts groups and windows on top of the rows of FROM and WHERE.
    pub fn finish(self, node: Node, having: Vec<RowExpr>) -> Result<Moved> {
        let Above { grouped, keys, calls, windows, .. } = self;
        let (calls, windows) = (calls.into_inner(), windows.into_inner());
        let mut node = match grouped {
            false => node,
            true => Node::Group(Box::new(Group { input: node, keys, calls })),
        };
        for predicate in having {
            node = Node::Filter { input: Box::new(node), predicate };
        }
        let width = node.width();
        if !windows.is_empty() {
            node = Node::Window(Box::new(Window { input: node, width, calls: windows }));
        }
        Ok(Moved { node, width })
    }

    fn call(&self, aggregate: Aggregate) -> RowExpr {
        let mut calls = self.calls.borrow_mut();
        let at = match calls.iter().position(|known| *known == aggregate) {
            Some(at) => at,
            None => {
                self.types.push(aggregate.ty);
                calls.push(aggregate);
                calls.len() - 1
            }
        };
        Expr::Column(self.keys.len() + at)
    }

    /// What a node becomes; `None`: look inside.
    fn replace(&self, node: &SqlExpr) -> Result<Option<RowExpr>> {
        if let SqlExpr::Function(call) = node
            && let Some(over) = &call.over
        {
            return self.window(call, over).map(Some);
        }
        if !self.grouped {
            return match node {
                SqlExpr::Identifier(name) if self.scope.column_name(&name.value).is_none() => {
                    match Binder::new(self.scope, self.env.binding.ctx.params).bind(node) {
                        Ok(bound) => Ok(Some(bound)),
                        Err(error) => self.by_alias(node, error).map(Some),
                    }
                }
                _ => Ok(None),
            };
        }
        if let Some((function, call)) = aggregate_call(node) {
            let aggregate = self.aggregate(function, call)?;
            return Ok(Some(self.call(aggregate)));
        }
        if let SqlExpr::Value(_) = node {
            return Ok(None);
        }
        if is_name(node) {
            let bound = match Binder::new(self.scope, self.env.binding.ctx.params).bind(node) {
                Ok(bound) => bound,
                Err(error) => return self.by_alias(node, error).map(Some),
            };
            return match &bound {
                // A column that USING made of two may be an expression.
                Expr::Column(_) => self.column(bound, &node.to_string()).map(Some),
                merged => match self.keys.iter().position(|key| key == merged) {
                    Some(at) => Ok(Some(Expr::Column(at))),
                    None => Err(Error::Sql(format!(
                        "{node} must stand in GROUP BY or inside an aggregate function"
                    ))),
                },
            };
        }
        if !self.keys.is_empty() && !has_aggregate(node) && !holds_query(node) {
            // As the keys were, or a comparison of any type would be bound otherwise.
            let bound = self.env.expr(self.scope, self.ctes, node).ok();
            let at = bound.and_then(|bound| self.keys.iter().position(|key| *key == bound));
            if let Some(at) = at {
                return Ok(Some(Expr::Column(at)));
            }
        }
        Ok(None)
    }

    /// A name that is no column may be an item's, as SQLite has it.
    fn by_alias(&self, node: &SqlExpr, error: Error) -> Result<RowExpr> {
        let SqlExpr::Identifier(name) = node else { return Err(error) };
        let item = self.select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if same_name(&alias.value, &name.value) => {
                Some(expr)
            }
            _ => None,
        });
        match item {
            // An item's own names are columns, or else this would not end.
            Some(item) if !self.inside_alias.replace(true) => {
                let bound = self.bind(item);
                self.inside_alias.set(false);
                bound
            }
            _ => Err(error),
        }
    }

    /// Binds what an aggregate is given, over the rows of the FROM.
    fn below(&self, expr: &SqlExpr) -> Result<RowExpr> {
        match has_aggregate(expr) {
            true => Err(Error::Sql("an aggregate cannot stand inside another".into())),
            false => self.env.expr(self.scope, self.ctes, expr),
        }
    }

    fn aggregate(&self, function: AggregateFunction, call: &Call) -> Result<Aggregate> {
        if call.null_treatment.is_some() || !call.within_group.is_empty() {
            return Err(Error::Unsupported(format!("options of {}", call.name)));
        }
        let FunctionArguments::List(list) = &call.args else {
            return Err(Error::Sql(format!("{} needs an argument", call.name)));
        };
        let mut order = Vec::new();
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(keys) => {
                    for key in keys {
                        order.push(sort_key(key, self.below(&key.expr)?)?);
                    }
                }
                _ => return Err(Error::Unsupported(format!("clauses inside {}", call.name))),
            }
        }
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let filter = call.filter.as_ref().map(|expr| self.below(expr)).transpose()?;
        let (function, args) = match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] | []
                if function == AggregateFunction::Count =>
            {
                (AggregateFunction::CountRows, Vec::new())
            }
            args => {
                let args = args.iter().map(|arg| match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.below(expr),
                    _ => Err(Error::Sql(format!("{} takes values", call.name))),
                });
                (function, args.collect::<Result<Vec<_>>>()?)
            }
        };
        if distinct && args.len() > 1 && function != AggregateFunction::GroupConcat {
            return Err(Error::Unsupported("DISTINCT of several arguments".into()));
        }
        function.check_args(args.len())?;
        let argument = args.first().map_or(SqlType::Any, |arg| self.scope.type_of(arg));
        let ty = function.result_type(argument);
        Ok(Aggregate { function, args, distinct, filter, order, ty })
    }

    fn window(&self, call: &Call, over: &WindowType) -> Result<RowExpr> {
        let name = call.name.to_string();
        let FunctionArguments::List(list) = &call.args else {
            return Err(Error::Sql(format!("{name} takes its arguments in parentheses")));
        };
        if list.duplicate_treatment == Some(DuplicateTreatment::Distinct) {
            return Err(Error::Unsupported("DISTINCT in a window function".into()));
        }
        if call.null_treatment.is_some() || !list.clauses.is_empty() {
            return Err(Error::Unsupported(format!("options of {name} as a window function")));
        }
        let inner = |expr: &SqlExpr| match has_window(expr) {
            true => Err(Error::Sql("a window function cannot stand inside another".into())),
            false => self.bind(expr),
        };
        let mut rows_only = false;
        let mut args = Vec::with_capacity(list.args.len());
        for arg in &list.args {
            match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => rows_only = true,
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => args.push(inner(expr)?),
                _ => return Err(Error::Sql(format!("{name} takes values"))),
            }
        }
        let function = window_function(&name, args.len(), rows_only)?;
        let spec = self.spec(over)?;
        let filter = call.filter.as_ref().map(|expr| inner(expr)).transpose()?;
        let partition = spec.partition_by.iter().map(inner).collect::<Result<Vec<_>>>()?;
        let order = spec.order_by.iter().map(|key| sort_key(key, inner(&key.expr)?));
        let order = order.collect::<Result<Vec<SortKey>>>()?;
        let bounds = bounds(spec.window_frame.as_ref(), &order, &inner)?;
        let argument = args.first().map_or(SqlType::Any, |arg| self.type_of(arg));
        let ty = match function {
            WindowFunction::Aggregate(function) => function.result_type(argument),
            WindowFunction::PercentRank | WindowFunction::CumeDist => SqlType::Double,
            WindowFunction::RowNumber
            | WindowFunction::Rank
            | WindowFunction::DenseRank
            | WindowFunction::Ntile => SqlType::BigInt,
            _ => argument,
        };
        let call = WindowCall { function, args, filter, partition, order, bounds, ty };
        let mut windows = self.windows.borrow_mut();
        let at = match windows.iter().position(|known| *known == call) {
            Some(at) => at,
            None => {
                self.types.push_window(call.ty);
                windows.push(call);
                windows.len() - 1
            }
        };
        Ok(Expr::Column(WINDOW + at))
    }

    /// What a window is, by its name or as it is written.
    fn spec(&self, over: &WindowType) -> Result<WindowSpec> {
        let find = |name: &str| -> Result<WindowSpec> {
            let all = &self.select.named_window;
            let found = all.iter().find(|window| same_name(&window.0.value, name));
            match found.map(|window| &window.1) {
                Some(NamedWindowExpr::WindowSpec(spec)) => Ok(spec.clone()),
                Some(NamedWindowExpr::NamedWindow(_)) => {
                    Err(Error::Unsupported("a window that is another's name".into()))
                }
                None => Err(Error::Sql(format!("there is no window '{name}'"))),
            }
        };
        let spec = match over {
            WindowType::NamedWindow(name) => find(&name.value)?,
            WindowType::WindowSpec(spec) => spec.clone(),
        };
        let Some(base) = &spec.window_name else { return Ok(spec) };
        let base = find(&base.value)?;
        if !spec.partition_by.is_empty()
            || (!base.order_by.is_empty() && !spec.order_by.is_empty())
            || base.window_frame.is_some()
            || base.window_name.is_some()
        {
            return Err(Error::Sql("a window cannot change what the one it names says".into()));
        }
        let order_by = if spec.order_by.is_empty() { base.order_by } else { spec.order_by };
        Ok(WindowSpec {
            window_name: None,
            partition_by: base.partition_by,
            order_by,
            window_frame: spec.window_frame,
        })
    }
}

fn window_function(name: &str, args: usize, rows_only: bool) -> Result<WindowFunction> {
    use WindowFunction as W;
    let (function, takes) = match name.to_ascii_uppercase().as_str() {
        "ROW_NUMBER" => (W::RowNumber, 0..=0),
        "RANK" => (W::Rank, 0..=0),
        "DENSE_RANK" => (W::DenseRank, 0..=0),
        "PERCENT_RANK" => (W::PercentRank, 0..=0),
        "CUME_DIST" => (W::CumeDist, 0..=0),
        "NTILE" => (W::Ntile, 1..=1),
        "LAG" => (W::Lag, 1..=3),
        "LEAD" => (W::Lead, 1..=3),
        "FIRST_VALUE" => (W::FirstValue, 1..=1),
        "LAST_VALUE" => (W::LastValue, 1..=1),
        "NTH_VALUE" => (W::NthValue, 2..=2),
        other => {
            let Some(function) = AggregateFunction::by_name(other, args) else {
                return Err(Error::Unsupported(format!("the window function {name}")));
            };
            return match function {
                AggregateFunction::Count if rows_only || args == 0 => {
                    Ok(W::Aggregate(AggregateFunction::CountRows))
                }
                function => {
                    function.check_args(args)?;
                    Ok(W::Aggregate(function))
                }
            };
        }
    };
    match takes.contains(&args) && !rows_only {
        true => Ok(function),
        false => Err(Error::Sql(format!("{name} does not take {args} arguments"))),
    }
}

fn bounds(
    frame: Option<&WindowFrame>,
    order: &[SortKey],
    bind: &dyn Fn(&SqlExpr) -> Result<RowExpr>,
) -> Result<FrameBounds> {
    let Some(frame) = frame else {
        let (unit, start) = (FrameUnit::Range, FrameEdge::Unbounded);
        let end = if order.is_empty() { FrameEdge::Unbounded } else { FrameEdge::Current };
        return Ok(FrameBounds { unit, start, end });
    };
    let unit = match frame.units {
        WindowFrameUnits::Rows => FrameUnit::Rows,
        WindowFrameUnits::Range => FrameUnit::Range,
        WindowFrameUnits::Groups => FrameUnit::Groups,
    };
    let edge = |bound: &WindowFrameBound| -> Result<FrameEdge> {
        Ok(match bound {
            WindowFrameBound::CurrentRow => FrameEdge::Current,
            WindowFrameBound::Preceding(None) | WindowFrameBound::Following(None) => {
                FrameEdge::Unbounded
            }
            WindowFrameBound::Preceding(Some(by)) => FrameEdge::Before(bind(by)?),
            WindowFrameBound::Following(Some(by)) => FrameEdge::Behind(bind(by)?),
        })
    };
    let last = frame.end_bound.as_ref();
    if matches!(frame.start_bound, WindowFrameBound::Following(None))
        || matches!(last, Some(WindowFrameBound::Preceding(None)))
    {
        return Err(Error::Sql("a window cannot begin at its end".into()));
    }
    let start = edge(&frame.start_bound)?;
    let end = last.map_or(Ok(FrameEdge::Current), edge)?;
    if matches!(
        (&start, &end),
        (FrameEdge::Behind(_), FrameEdge::Current | FrameEdge::Before(_))
            | (FrameEdge::Current, FrameEdge::Before(_))
    ) {
        return Err(Error::Sql("a window's end stands before its start".into()));
    }
    let measured = |edge: &FrameEdge| matches!(edge, FrameEdge::Before(_) | FrameEdge::Behind(_));
    if unit == FrameUnit::Range && (measured(&start) || measured(&end)) && order.len() != 1 {
        return Err(Error::Sql("RANGE with a distance needs one ORDER BY key".into()));
    }
    Ok(FrameBounds { unit, start, end })
}

/// GROUP BY may name a column of the result by its number or its alias.
fn named<'e>(
    expr: &'e SqlExpr,
    scope: &Scope<'_>,
    projection: &'e [SelectItem],
) -> Result<&'e SqlExpr> {
    match expr {
        SqlExpr::Value(number @ SqlValue::Number(..)) => {
            match ordinal(number).and_then(|at| projection.get(at)) {
                Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => {
                    Ok(expr)
                }
                _ => Err(Error::Sql(format!("GROUP BY {number}: no such column"))),
            }
        }
        SqlExpr::Identifier(name) if scope.column_name(&name.value).is_none() => {
            let aliased = projection.iter().find_map(|item| match item {
                SelectItem::ExprWithAlias { expr, alias }
                    if same_name(&alias.value, &name.value) =>
                {
                    Some(expr)
                }
                _ => None,
            });
            Ok(aliased.unwrap_or(expr))
        }
        other => Ok(other),
    }
}

/// The call of an aggregate over groups.
fn aggregate_call(expr: &SqlExpr) -> Option<(AggregateFunction, &Call)> {
    let SqlExpr::Function(call) = expr else { return None };
    aggregate_of(call).map(|function| (function, call))
}

/// The aggregate that a call is of. MIN and MAX of several arguments are none.
pub(in crate::sql) fn aggregate_of(call: &Call) -> Option<AggregateFunction> {
    if call.over.is_some() {
        return None;
    }
    let args = match &call.args {
        FunctionArguments::List(list) => list.args.len(),
        _ => 0,
    };
    match call.name.0.as_slice() {
        [name] => AggregateFunction::by_name(&name.value, args),
        _ => None,
    }
}

/// Whether anything of an expression is so, subqueries not looked into. A list is worked off, so
/// that a long chain needs no deep stack.
fn any(expr: &SqlExpr, is: &dyn Fn(&SqlExpr) -> bool) -> bool {
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        if is(expr) {
            return true;
        }
        children(expr, &mut |child| todo.push(child));
    }
    false
}

fn has_aggregate(expr: &SqlExpr) -> bool {
    any(expr, &|expr| aggregate_call(expr).is_some())
}

fn has_window(expr: &SqlExpr) -> bool {
    any(expr, &|expr| matches!(expr, SqlExpr::Function(call) if call.over.is_some()))
}

fn holds_query(expr: &SqlExpr) -> bool {
    any(expr, &|expr| {
        matches!(expr, SqlExpr::Subquery(_) | SqlExpr::Exists { .. } | SqlExpr::InSubquery { .. })
    })
}
