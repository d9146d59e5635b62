//! GROUP BY: binding what stands above the groups.
//!
//! Above the groups there are no columns of the table any more, only the keys of a group and the
//! results of aggregates. An expression is bound from the outside in: what equals a key becomes the
//! key's place, what is an aggregate becomes the aggregate's place, and a column that is reached
//! otherwise is refused.

use super::aggregate::{Aggregate, Function};
use super::plan::{Groups, Item, bind_items_with};
use crate::error::{Error, Result};
use crate::expr::Expr;
use crate::row::same_name;
use crate::sql::bind::{Binder, Scope, bind_in};
use crate::sql::context::QueryContext;
use crate::sql::literal::ordinal;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    DuplicateTreatment, Expr as SqlExpr, Function as SqlFunction, FunctionArg, FunctionArgExpr,
    FunctionArguments, OrderByExpr, Select, SelectItem, Value as SqlValue,
};

/// The state of binding a grouped query.
pub(super) struct Grouping<'g> {
    ctx: &'g QueryContext<'g>,
    scope: &'g Scope<'g>,
    keys: Vec<Expr<usize>>,
    aggregates: Vec<Aggregate>,
}

impl<'g> Grouping<'g> {
    /// The grouping of a SELECT, if it has one: a GROUP BY, a HAVING or an aggregate anywhere.
    pub fn of(
        ctx: &'g QueryContext<'g>,
        scope: &'g Scope<'g>,
        select: &Select,
        group_by: &[SqlExpr],
        order: &[OrderByExpr],
    ) -> Result<Option<Self>> {
        let grouped = !group_by.is_empty()
            || select.having.is_some()
            || select.projection.iter().any(|item| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    has_aggregate(expr)
                }
                _ => false,
            })
            || order.iter().any(|key| has_aggregate(&key.expr));
        if !grouped {
            return Ok(None);
        }
        let mut keys = Vec::with_capacity(group_by.len());
        for expr in group_by {
            keys.push(bind_in(ctx, scope, named(expr, scope, &select.projection)?)?);
        }
        Ok(Some(Grouping { ctx, scope, keys, aggregates: Vec::new() }))
    }

    /// Binds an expression above the groups.
    pub fn bind(&mut self, expr: &SqlExpr) -> Result<Expr<usize>> {
        let (ctx, scope) = (self.ctx, self.scope);
        let mut hook = |node: &SqlExpr| self.replace(node);
        Binder::new(scope, ctx.params).querying(ctx).replacing(&mut hook).bind(expr)
    }

    /// Binds the items of the SELECT.
    pub fn items(&mut self, items: &[SelectItem]) -> Result<Vec<Item>> {
        let wildcard = |item: &SelectItem| {
            matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
        };
        if items.iter().any(wildcard) {
            return Err(Error::Sql("SELECT * cannot be grouped: name the columns".into()));
        }
        let scope = self.scope;
        let mut items = bind_items_with(scope, items, &mut |expr| self.bind(expr))?;
        for item in &mut items {
            item.ty = self.type_of(&item.expr);
        }
        Ok(items)
    }

    fn type_of(&self, expr: &Expr<usize>) -> SqlType {
        match expr {
            Expr::Column(at) => match self.keys.get(*at) {
                Some(key) => self.scope.type_of(key),
                None => {
                    let slot = at.checked_sub(self.keys.len());
                    slot.and_then(|at| self.aggregates.get(at)).map_or(SqlType::Any, |a| a.ty)
                }
            },
            _ => SqlType::Any,
        }
    }

    pub fn finish(self, having: Option<Expr<usize>>) -> Groups {
        Groups { keys: self.keys, aggregates: self.aggregates, having }
    }

    /// What a node becomes above the groups; `None`: look inside.
    fn replace(&mut self, node: &SqlExpr) -> Result<Option<Expr<usize>>> {
        if let Some((function, call)) = aggregate_call(node) {
            let aggregate = self.aggregate(function, call)?;
            let at = match self.aggregates.iter().position(|known| *known == aggregate) {
                Some(at) => at,
                None => {
                    self.aggregates.push(aggregate);
                    self.aggregates.len() - 1
                }
            };
            return Ok(Some(Expr::Column(self.keys.len() + at)));
        }
        let is_column = matches!(node, SqlExpr::Identifier(_) | SqlExpr::CompoundIdentifier(_));
        if !self.keys.is_empty() && !has_aggregate(node) {
            let bound = match Binder::new(self.scope, self.ctx.params).bind(node) {
                Ok(bound) => Some(bound),
                Err(error) if is_column => return Err(error),
                Err(_) => None,
            };
            let at = bound.and_then(|bound| self.keys.iter().position(|key| *key == bound));
            if let Some(at) = at {
                return Ok(Some(Expr::Column(at)));
            }
        }
        match is_column {
            // A name that is no column is found out first.
            true => Binder::new(self.scope, self.ctx.params).bind(node).and_then(|_| {
                Err(Error::Sql(format!(
                    "{node} must stand in GROUP BY or inside an aggregate function"
                )))
            }),
            false => Ok(None),
        }
    }

    fn aggregate(&self, function: Function, call: &SqlFunction) -> Result<Aggregate> {
        if call.over.is_some() {
            return Err(Error::Unsupported("window functions".into()));
        }
        if call.null_treatment.is_some() || !call.within_group.is_empty() {
            return Err(Error::Unsupported(format!("options of {}", call.name)));
        }
        let FunctionArguments::List(list) = &call.args else {
            return Err(Error::Sql(format!("{} needs an argument", call.name)));
        };
        if !list.clauses.is_empty() {
            return Err(Error::Unsupported(format!("clauses inside {}", call.name)));
        }
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let inner = |expr: &SqlExpr| match has_aggregate(expr) {
            true => Err(Error::Sql("an aggregate cannot stand inside another".into())),
            false => bind_in(self.ctx, self.scope, expr),
        };
        let filter = call.filter.as_ref().map(|expr| inner(expr)).transpose()?;
        let (function, argument) = match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] if function == Function::Count => {
                (Function::CountRows, Expr::Literal(Value::Null))
            }
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))] => (function, inner(expr)?),
            [] if function == Function::Count => {
                (Function::CountRows, Expr::Literal(Value::Null))
            }
            _ => return Err(Error::Sql(format!("{} takes one argument", call.name))),
        };
        let ty = function.ty(self.scope.type_of(&argument));
        Ok(Aggregate { function, argument, distinct, filter, ty })
    }
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

/// The call of an aggregate. MIN and MAX of several arguments are not aggregates.
fn aggregate_call(expr: &SqlExpr) -> Option<(Function, &SqlFunction)> {
    let SqlExpr::Function(call) = expr else { return None };
    let function = match call.name.0.as_slice() {
        [name] => Function::named(&name.value)?,
        _ => return None,
    };
    let several = match &call.args {
        FunctionArguments::List(list) => list.args.len() > 1,
        _ => false,
    };
    (!several || !matches!(function, Function::Min | Function::Max)).then_some((function, call))
}

/// Whether an aggregate is called anywhere in an expression, subqueries not looked into. A list is
/// worked off, so that a long chain needs no deep stack.
pub(super) fn has_aggregate(expr: &SqlExpr) -> bool {
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        if aggregate_call(expr).is_some() {
            return true;
        }
        crate::sql::bind::children(expr, &mut |child| todo.push(child));
    }
    false
}
