//! What a SELECT says, bound to its table.

use super::aggregate::{Aggregate, Function};
use super::groups::Grouping;
use super::join::{Join, Parts};
use super::order::{OrderKey, Sorted};
use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::sql::access::{RowPlan, plan_rows};
use crate::sql::bind::{Scope, bind_in};
use crate::sql::context::{QueryContext, Source};
use crate::sql::points::split_mark;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    Distinct, Expr as SqlExpr, GroupByExpr, ObjectName, OrderByExpr, Query, Select, SelectItem,
    SetExpr, TableFactor, TableWithJoins,
};

/// Length in characters of a label that is made from an expression.
const LABEL_CHARS_MAX: usize = 256;

/// A column of the result.
#[derive(Debug, Clone)]
pub(in crate::sql) struct Item {
    /// Its label.
    pub label: String,
    /// Its type, where one is known.
    pub ty: SqlType,
    /// Its value, over a row of the table or of the groups.
    pub expr: Expr<usize>,
}

/// A SELECT that our operators run.
#[derive(Debug)]
pub(in crate::sql) struct Plan {
    /// The table; `None`: one row without columns.
    pub source: Option<Source>,
    /// Several tables instead of one.
    pub join: Option<Join>,
    /// Which of its rows, and how they are found.
    pub rows: RowPlan,
    /// How rows are grouped.
    pub(super) groups: Option<Groups>,
    /// What is shown.
    pub items: Vec<Item>,
    /// Whether equal results are shown once.
    pub distinct: bool,
    /// In which order.
    pub order: Vec<OrderKey>,
    /// Whether rows come in that order by themselves.
    pub in_order: bool,
    /// How many results, at most.
    pub limit: Option<u64>,
    /// How many are left out before.
    pub offset: u64,
}

/// How rows are grouped.
#[derive(Debug)]
pub(super) struct Groups {
    /// What rows of a group agree in; empty: all rows are one group.
    pub keys: Vec<Expr<usize>>,
    /// What is aggregated; the results stand behind the keys.
    pub aggregates: Vec<Aggregate>,
    /// Groups that this is not true of are left out.
    pub having: Option<Expr<usize>>,
}

impl Groups {
    /// Whether nothing but rows is counted, all of them together.
    pub fn only_count(&self) -> bool {
        let counts = |a: &Aggregate| a.function == Function::CountRows && a.filter.is_none();
        self.keys.is_empty() && self.aggregates.iter().all(counts)
    }
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

fn unsupported<T>(what: &str) -> Result<T> {
    Err(Error::Unsupported(what.to_owned()))
}

fn refuse_extras(query: &Query, select: &Select) -> Result<()> {
    let extras = [
        (query.with.is_some(), "WITH"),
        (!query.limit_by.is_empty(), "LIMIT BY"),
        (query.fetch.is_some(), "FETCH"),
        (!query.locks.is_empty(), "FOR UPDATE"),
        (query.for_clause.is_some(), "FOR …"),
        (query.settings.is_some() || query.format_clause.is_some(), "SETTINGS and FORMAT"),
        (select.top.is_some(), "TOP"),
        (select.into.is_some(), "SELECT INTO"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (!select.named_window.is_empty() || select.qualify.is_some(), "windows"),
        (select.value_table_mode.is_some(), "SELECT AS"),
        (select.connect_by.is_some(), "CONNECT BY"),
        (matches!(select.distinct, Some(Distinct::On(_))), "DISTINCT ON"),
    ];
    match extras.iter().find(|(there, _)| *there) {
        Some((_, what)) => unsupported(what),
        None => Ok(()),
    }
}

impl Plan {
    /// Binds a query.
    ///
    /// # Errors
    /// `Unsupported` for what is not run here; `NotFound`; `Sql`.
    pub fn of(ctx: &QueryContext<'_>, query: &Query) -> Result<Self> {
        let select = match query.body.as_ref() {
            SetExpr::Select(select) => select,
            SetExpr::Query(inner) if is_bare(query) => return Plan::of(ctx, inner),
            SetExpr::SetOperation { op, .. } => return unsupported(&op.to_string()),
            SetExpr::Values(_) => return unsupported("VALUES as a query"),
            _ => return unsupported("this form of query"),
        };
        refuse_extras(query, select)?;
        let (source, alias, parts) = match select.from.as_slice() {
            [] => (None, None, None),
            [one] if plain_table(one).is_some() => match plain_table(one) {
                Some((name, alias)) => (Some(ctx.source(name)?), alias, None),
                None => (None, None, None),
            },
            from => (None, None, Some(Parts::of(ctx, from)?)),
        };
        let scope = match (&source, &parts) {
            (Some(source), _) => Scope::of_table(&source.table.table.def, alias),
            (None, Some(parts)) => parts.scope(),
            (None, None) => Scope::empty(),
        };
        let conditions = parts.as_ref().map(|parts| parts.conditions(ctx)).transpose()?;
        let filter = select.selection.as_ref();
        let filter = filter.map(|expr| bind_in(ctx, &scope, expr)).transpose()?;
        let order: &[OrderByExpr] = match &query.order_by {
            None => &[],
            Some(order) if order.interpolate.is_none() => &order.exprs,
            Some(_) => return unsupported("INTERPOLATE"),
        };
        let GroupByExpr::Expressions(group_by, modifiers) = &select.group_by else {
            return unsupported("GROUP BY ALL");
        };
        if !modifiers.is_empty() {
            return unsupported("GROUP BY … WITH");
        }
        let limit = query.limit.as_ref().map(|expr| number(ctx, expr, "LIMIT")).transpose()?;
        let offset = query.offset.as_ref().map(|o| number(ctx, &o.value, "OFFSET")).transpose()?;
        let grouping = Grouping::of(ctx, &scope, select, group_by, order)?;
        let (items, order, groups) = match grouping {
            Some(mut grouping) => {
                let items = grouping.items(&select.projection)?;
                let having = select.having.as_ref();
                let having = having.map(|expr| grouping.bind(expr)).transpose()?;
                let order = OrderKey::read(order, &items, &mut |expr| grouping.bind(expr))?;
                (items, order, Some(grouping.finish(having)))
            }
            None => {
                let items = bind_items(ctx, &scope, &select.projection)?;
                let bind = &mut |expr: &SqlExpr| bind_in(ctx, &scope, expr);
                (items.clone(), OrderKey::read(order, &items, bind)?, None)
            }
        };
        drop(scope);
        let (join, filter) = match (parts, conditions) {
            (Some(parts), Some(conditions)) => (Some(parts.finish(ctx, conditions, filter)?), None),
            _ => (None, filter),
        };
        let mut plan = Plan {
            rows: match &source {
                Some(source) => plan_rows(ctx, &source.table, filter)?,
                None => RowPlan::only(filter),
            },
            source,
            join,
            groups,
            items,
            distinct: select.distinct.is_some(),
            order,
            in_order: false,
            limit: limit.flatten(),
            offset: offset.flatten().unwrap_or(0),
        };
        plan.settle_order();
        Ok(plan)
    }

    /// Lets a key or an index bring the rows in order, where one does.
    pub(super) fn settle_order(&mut self) {
        let Some(source) = &self.source else { return };
        if self.groups.is_some() || self.order.is_empty() {
            return;
        }
        let keys: Option<Vec<Sorted>> = self.order.iter().map(|k| k.sorted(&self.items)).collect();
        let Some(keys) = keys else { return };
        let few = self.limit.is_some();
        self.in_order = self.rows.bring_in_order(&source.table, &keys, few);
    }

    /// Whether the answer is the number of rows of a table and can be read off its tree.
    pub fn is_bare_count(&self) -> bool {
        self.source.is_some()
            && self.rows.is_everything()
            && self.groups.as_ref().is_some_and(Groups::only_count)
    }

    /// How many keys rows are grouped by, and whether groups are filtered.
    pub fn grouping(&self) -> Option<(usize, bool)> {
        self.groups.as_ref().map(|groups| (groups.keys.len(), groups.having.is_some()))
    }

    /// Lets the counts of the tree leave out what OFFSET leaves out, where every row counts.
    pub(super) fn skip_by_count(&mut self, ctx: &QueryContext<'_>) -> Result<()> {
        let sorts = !self.order.is_empty() && !self.in_order;
        let Some(source) = &self.source else { return Ok(()) };
        if self.offset == 0 || sorts || self.distinct || self.groups.is_some() {
            return Ok(());
        }
        if self.rows.is_everything() {
            self.rows.begin_at(ctx, &source.table, self.offset)?;
            self.offset = 0;
        }
        Ok(())
    }

    /// The columns of the table that anything reads.
    pub fn columns(&self, width: usize) -> Vec<bool> {
        let mut wanted = vec![false; width];
        let mut note = |expr: &Expr<usize>| {
            expr.visit_columns(&mut |at| {
                if let Some(place) = wanted.get_mut(*at) {
                    *place = true;
                }
            });
        };
        self.rows.filter().into_iter().for_each(&mut note);
        match &self.groups {
            Some(groups) => {
                groups.keys.iter().for_each(&mut note);
                for aggregate in &groups.aggregates {
                    note(&aggregate.argument);
                    aggregate.filter.iter().for_each(&mut note);
                }
            }
            None => {
                self.items.iter().for_each(|item| note(&item.expr));
                self.order.iter().filter_map(OrderKey::over_row).for_each(&mut note);
            }
        }
        wanted
    }
}

/// A plan that shows these columns of the rows of one table, for callers that have no SELECT.
pub(in crate::sql) fn row_plan(
    ctx: &QueryContext<'_>,
    source: Source,
    items: Vec<Item>,
    filter: Option<Expr<usize>>,
    order: &[OrderByExpr],
    page: (u64, u64),
) -> Result<Plan> {
    let order = {
        let scope = Scope::of_table(&source.table.table.def, None);
        OrderKey::read(order, &items, &mut |expr| crate::sql::bind::bind(&scope, expr, ctx.params))?
    };
    let mut plan = Plan {
        rows: plan_rows(ctx, &source.table, filter)?,
        source: Some(source),
        join: None,
        groups: None,
        items,
        distinct: false,
        order,
        in_order: false,
        limit: Some(page.1),
        offset: page.0,
    };
    plan.settle_order();
    Ok(plan)
}

/// Whether a query says nothing but its body.
fn is_bare(query: &Query) -> bool {
    query.with.is_none()
        && query.order_by.is_none()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.fetch.is_none()
        && query.locks.is_empty()
}

/// A LIMIT or an OFFSET. Negative means none, as in SQLite; so does NULL.
fn number(ctx: &QueryContext<'_>, expr: &SqlExpr, what: &str) -> Result<Option<u64>> {
    let value = bind_in(ctx, &Scope::empty(), expr)?.eval(&[], &ctx.eval())?;
    match value.coerce(&SqlType::BigInt) {
        Ok(Value::Int(n)) => Ok(u64::try_from(n).ok()),
        Ok(Value::Null) => Ok(None),
        _ => Err(Error::Sql(format!("{what} must be a whole number"))),
    }
}

/// Binds the items of a SELECT or RETURNING over a table's row.
///
/// # Errors
/// `NotFound`; `Sql`; `Unsupported`.
pub(in crate::sql) fn bind_items(
    ctx: &QueryContext<'_>,
    scope: &Scope<'_>,
    items: &[SelectItem],
) -> Result<Vec<Item>> {
    bind_items_with(scope, items, &mut |expr| bind_in(ctx, scope, expr))
}

/// Binds items by the caller's own rule.
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
                let label = label(scope, expr);
                bound.push(Item { label, ty: scope.type_of(&e), expr: e });
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let e = bind(expr)?;
                bound.push(Item { label: alias.value.clone(), ty: scope.type_of(&e), expr: e });
            }
            SelectItem::Wildcard(options) => {
                refuse_options(options)?;
                if scope.is_empty() {
                    return Err(Error::Sql("SELECT * needs a table".into()));
                }
                bound.extend(all_columns(scope));
            }
            SelectItem::QualifiedWildcard(name, options) => {
                refuse_options(options)?;
                let name = name.0.last().map_or("", |ident| ident.value.as_str());
                if !scope.is_named(split_mark(name).0) {
                    return Err(Error::not_found(Kind::Table, name));
                }
                let columns = scope.columns_of(split_mark(name).0);
                bound.extend(columns.map(|(at, name, ty)| Item {
                    label: name.to_owned(),
                    ty: *ty,
                    expr: Expr::Column(at),
                }));
            }
        }
    }
    Ok(bound)
}

fn refuse_options(options: &gluesql_core::sqlparser::ast::WildcardAdditionalOptions) -> Result<()> {
    match *options == Default::default() {
        true => Ok(()),
        false => unsupported("options behind *"),
    }
}

fn all_columns<'s>(scope: &'s Scope<'_>) -> impl Iterator<Item = Item> + 's {
    scope.columns().map(|(at, name, ty)| Item {
        label: name.to_owned(),
        ty: *ty,
        expr: Expr::Column(at),
    })
}

/// The label of an expression without an alias: a column's own name, or the text.
fn label(scope: &Scope<'_>, expr: &SqlExpr) -> String {
    let name = match expr {
        SqlExpr::Identifier(name) => Some(name),
        SqlExpr::CompoundIdentifier(names) => names.last(),
        _ => None,
    };
    match name.and_then(|name| scope.column_name(&name.value)) {
        Some(name) => name.to_owned(),
        None => {
            let text = expr.to_string();
            match text.char_indices().nth(LABEL_CHARS_MAX) {
                Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
                None => text,
            }
        }
    }
}
