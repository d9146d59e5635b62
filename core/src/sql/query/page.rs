//! Pieces of queries for callers that have no SELECT: pages of one table, and items over its rows.

use super::plan::{Node, QueryPlan, Scan, SortKey, Statement};
use super::run;
use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::sql::bind::Scope;
use crate::sql::context::{QueryContext, Source};
use crate::sql::points::split_mark;
use crate::sql::request::{Output, OutputColumn};
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    Expr as SqlExpr, ObjectName, OrderByExpr, SelectItem, TableFactor, TableWithJoins,
    WildcardAdditionalOptions,
};

/// A column of a result over the rows of one table.
#[derive(Debug, Clone)]
pub(in crate::sql) struct Item {
    /// Its label.
    pub label: String,
    /// Its type, where one is known.
    pub ty: SqlType,
    /// Its value.
    pub expr: Expr<usize>,
}

/// A FROM or target that is one plain table: its name and alias.
pub(in crate::sql) fn plain_table(table: &TableWithJoins) -> Option<(&ObjectName, Option<&str>)> {
    match (&table.relation, table.joins.is_empty()) {
        (TableFactor::Table { name, alias, args: None, version: None, partitions, .. }, true)
            if partitions.is_empty() =>
        {
            match alias {
                None => Some((name, None)),
                Some(alias) if alias.columns.is_empty() => Some((name, Some(&alias.name.value))),
                Some(_) => None,
            }
        }
        _ => None,
    }
}

/// Rows of one table, cut to a page, and how many rows there are without the cut.
///
/// # Errors
/// A fault; a limit; what an expression gives.
pub(in crate::sql) fn page(
    ctx: &QueryContext<'_>,
    source: Source,
    items: Vec<Item>,
    filter: Option<Expr<usize>>,
    order: &[OrderByExpr],
    (offset, limit): (u64, u64),
) -> Result<(Output, u64)> {
    let columns: Vec<OutputColumn> =
        items.iter().map(|item| OutputColumn { name: item.label.clone(), ty: item.ty }).collect();
    let table = source.table.clone();
    let scope = Scope::of_table(&table.table.def, None);
    let mut exprs: Vec<Expr<usize>> = items.into_iter().map(|item| item.expr).collect();
    let mut keys = Vec::with_capacity(order.len());
    for key in order {
        let at = match super::bind::result_column(&key.expr, &columns)? {
            Some(at) => at,
            None => {
                exprs.push(crate::sql::bind::bind(&scope, &key.expr, ctx.params)?);
                exprs.len() - 1
            }
        };
        let key: SortKey = super::bind::sort_key(key, Expr::Column(at))?;
        keys.push(key);
    }
    let rows = |source: Source| {
        let scan = Node::Scan(Box::new(Scan::of(source)));
        filter.clone().into_iter().fold(scan, super::from::restricted)
    };
    let counted = Node::Group(Box::new(super::plan::Group {
        input: rows(source.clone()),
        keys: Vec::new(),
        calls: vec![super::plan::Aggregate::count_rows()],
    }));
    let mut node = Node::Project { input: Box::new(rows(source)), exprs };
    let constant = |n: u64| Expr::Literal(Value::integer(n.into()));
    if !keys.is_empty() {
        let few = Some((Some(constant(limit)), constant(offset)));
        node = Node::Sort { input: Box::new(node), keys, few };
    }
    let (limit, offset) = (Some(constant(limit)), Some(constant(offset)));
    node = Node::Limit { input: Box::new(node), limit, offset };
    let total = run::execute(ctx, &lone(ctx, counted, Vec::new())?);
    let total = match total?.rows.first().and_then(|row| row.first()) {
        Some(Value::Int(n)) => u64::try_from(*n).unwrap_or(0),
        _ => 0,
    };
    Ok((run::execute(ctx, &lone(ctx, node, columns)?)?, total))
}

fn lone(ctx: &QueryContext<'_>, root: Node, columns: Vec<OutputColumn>) -> Result<Statement> {
    let columns = match columns.is_empty() {
        true => vec![OutputColumn { name: "count".into(), ty: SqlType::BigInt }],
        false => columns,
    };
    let mut query = QueryPlan { root, columns, subs: Vec::new(), outer: Vec::new() };
    super::place::finish(ctx, &mut query)?;
    Ok(Statement { query, ctes: Vec::new() })
}

/// Binds the items of a RETURNING by the caller's own rule.
///
/// # Errors
/// `NotFound`; `Sql`; `Unsupported`.
pub(in crate::sql) fn bind_items_with(
    scope: &Scope<'_>,
    items: &[SelectItem],
    bind: &mut dyn FnMut(&SqlExpr) -> Result<Expr<usize>>,
) -> Result<Vec<Item>> {
    let mut bound = Vec::with_capacity(items.len());
    for item in items {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let e = bind(expr)?;
                let label = super::select::label(scope, expr);
                bound.push(Item { label, ty: scope.type_of(&e), expr: e });
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let e = bind(expr)?;
                bound.push(Item { label: alias.value.clone(), ty: scope.type_of(&e), expr: e });
            }
            SelectItem::Wildcard(options) => {
                refuse_options(options)?;
                let columns = scope.columns().into_iter();
                bound.extend(columns.map(|(expr, label, ty)| Item { label, ty, expr }));
            }
            SelectItem::QualifiedWildcard(name, options) => {
                refuse_options(options)?;
                let name = name.0.last().map_or("", |ident| split_mark(&ident.value).0);
                if !scope.is_named(name) {
                    return Err(Error::not_found(Kind::Table, name));
                }
                let columns = scope.columns_of(name);
                bound.extend(columns.map(|(at, name, ty)| Item {
                    label: name.to_owned(),
                    ty,
                    expr: Expr::Column(at),
                }));
            }
        }
    }
    Ok(bound)
}

/// Refuses what may stand behind `*`.
///
/// # Errors
/// `Unsupported`.
pub(super) fn refuse_options(options: &WildcardAdditionalOptions) -> Result<()> {
    match *options == Default::default() {
        true => Ok(()),
        false => Err(Error::Unsupported("options behind *".into())),
    }
}
