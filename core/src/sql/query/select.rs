//! One SELECT: its FROM and WHERE, its groups, windows, items and order.
//!
//! ```text
//!   FROM ─▶ WHERE ─▶ groups ─▶ HAVING ─▶ windows ─▶ items ─▶ DISTINCT ─▶ ORDER BY ─▶ LIMIT
//! ```

use super::above::Above;
use super::bind::{Bound, Cut, Env, InSight, few, result_column, sort_key};
use super::from::{Rows, restricted};
use super::page::refuse_options;
use super::plan::{Node, RowExpr, SortKey};
use crate::error::{Error, Kind, Result};
use crate::expr::{Expr, Function};
use crate::sql::bind::{Scope, without_collation};
use crate::sql::points::split_mark;
use crate::sql::request::OutputColumn;
use gluesql_core::sqlparser::ast::{Distinct, Expr as SqlExpr, OrderByExpr, Select, SelectItem};

/// Length in characters of a label that is made from an expression.
const LABEL_CHARS_MAX: usize = 256;

impl Env<'_> {
    /// Binds a SELECT with the ORDER BY and LIMIT behind it.
    ///
    /// # Errors
    /// `NotFound`, `Sql`, `Unsupported`, `Limit`.
    pub fn select(
        &self,
        select: &Select,
        ctes: &InSight<'_>,
        order: &[OrderByExpr],
        cut: Cut,
    ) -> Result<Bound> {
        refuse_extras(select)?;
        let Rows { from, mut node } = self.from(&select.from, ctes)?;
        let scope = from.scope().within(self.frame, self.view_depth > 0);
        if let Some(filter) = &select.selection {
            node = restricted(node, self.expr(&scope, ctes, filter)?);
        }
        let above = Above::of(self, &scope, ctes, select, order)?;
        let items = items(&scope, &above, &select.projection)?;
        let having = select.having.as_ref().map(|expr| above.bind(expr)).transpose()?;
        let columns: Vec<OutputColumn> = items.iter().map(|item| item.column.clone()).collect();
        let keys = sort_keys(&above, &columns, &items, order)?;
        let by = match &select.distinct {
            Some(Distinct::On(exprs)) => {
                let exprs = exprs.iter().map(|expr| match result_column(expr, &columns)? {
                    Some(at) => Ok(Key::Column(at)),
                    None => above.bind(expr).map(Key::Row),
                });
                Some(exprs.collect::<Result<Vec<_>>>()?)
            }
            _ => None,
        };
        let mut exprs: Vec<RowExpr> = items.into_iter().map(|item| item.expr).collect();
        let having = having.into_iter().collect();
        let mut moved = above.finish(node, having)?;
        exprs.iter_mut().try_for_each(|expr| moved.place(expr))?;
        let visible = exprs.len();
        let mut behind = |key: Key| -> Result<RowExpr> {
            match key {
                Key::Column(at) => Ok(Expr::Column(at)),
                Key::Row(mut expr) => {
                    moved.place(&mut expr)?;
                    // What is shown anyway need not be computed again.
                    let at = exprs.iter().position(|known| *known == expr);
                    let at = at.filter(|_| !expr.is_volatile()).unwrap_or_else(|| {
                        exprs.push(expr);
                        exprs.len() - 1
                    });
                    Ok(Expr::Column(at))
                }
            }
        };
        let keys: Vec<SortKey> = keys
            .into_iter()
            .map(|(key, by)| Ok(SortKey { expr: behind(by)?, ..key }))
            .collect::<Result<_>>()?;
        let by = by.map(|by| by.into_iter().map(&mut behind).collect::<Result<Vec<_>>>());
        let by = by.transpose()?;
        if select.distinct.is_some() && by.is_none() && exprs.len() > visible {
            return Err(Error::Sql(
                "with SELECT DISTINCT, what ORDER BY sorts by must be shown".into(),
            ));
        }
        node = Node::Project { input: Box::new(moved.node), exprs };
        let sorted = |node: Node, few| match keys.is_empty() {
            true => node,
            false => Node::Sort { input: Box::new(node), keys: keys.clone(), few },
        };
        match (&select.distinct, by) {
            (Some(_), Some(by)) => {
                // The first row of each group in the order that is asked for.
                node = sorted(node, None);
                node = Node::Distinct { input: Box::new(node), by: Some(by), visible };
            }
            (Some(_), None) => {
                node = Node::Distinct { input: Box::new(node), by: None, visible };
                node = sorted(node, cut.limit.is_some().then(|| few(&cut)));
            }
            (None, _) => node = sorted(node, cut.limit.is_some().then(|| few(&cut))),
        }
        Ok(Bound { node: cut.over(node), columns })
    }
}

/// What a key of ORDER BY or DISTINCT ON is.
enum Key {
    /// A column of the result.
    Column(usize),
    /// An expression over what the result is made from.
    Row(RowExpr),
}

fn sort_keys(
    above: &Above<'_>,
    columns: &[OutputColumn],
    items: &[Item],
    order: &[OrderByExpr],
) -> Result<Vec<(SortKey, Key)>> {
    let mut keys = Vec::with_capacity(order.len());
    for key in order {
        let by = match result_column(&key.expr, columns)? {
            Some(at) => Key::Column(at),
            None => match without_collation(&key.expr) {
                // Sorted without regard to case: as what it is in lower case.
                Some(plain) => {
                    let plain = match result_column(plain, columns)? {
                        Some(at) => items.get(at).map(|item| item.expr.clone()),
                        None => None,
                    }
                    .map_or_else(|| above.bind(plain), Ok)?;
                    Key::Row(Expr::call(Function::Lower, vec![plain])?)
                }
                None => Key::Row(above.bind(&key.expr)?),
            },
        };
        keys.push((sort_key(key, Expr::Column(0))?, by));
    }
    Ok(keys)
}

/// One item of a SELECT.
struct Item {
    column: OutputColumn,
    expr: RowExpr,
}

fn items(scope: &Scope<'_>, above: &Above<'_>, items: &[SelectItem]) -> Result<Vec<Item>> {
    let mut bound = Vec::with_capacity(items.len());
    let star = |expr: RowExpr, name: String| -> Result<Item> {
        let expr = above.column(expr, &name)?;
        let ty = above.type_of(&expr);
        Ok(Item { column: OutputColumn { name, ty }, expr })
    };
    for item in items {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let e = above.bind(expr)?;
                let column = OutputColumn { name: label(scope, expr), ty: above.type_of(&e) };
                bound.push(Item { column, expr: e });
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let e = above.bind(expr)?;
                let column = OutputColumn { name: alias.value.clone(), ty: above.type_of(&e) };
                bound.push(Item { column, expr: e });
            }
            SelectItem::Wildcard(options) => {
                refuse_options(options)?;
                if scope.is_empty() {
                    return Err(Error::Sql("SELECT * needs a table".into()));
                }
                for (expr, name, _) in scope.columns() {
                    bound.push(star(expr, name)?);
                }
            }
            SelectItem::QualifiedWildcard(name, options) => {
                refuse_options(options)?;
                let name = name.0.last().map_or("", |ident| ident.value.as_str());
                let name = split_mark(name).0;
                if !scope.is_named(name) {
                    return Err(Error::not_found(Kind::Table, name));
                }
                for (at, name, _) in scope.columns_of(name) {
                    bound.push(star(Expr::Column(at), name.to_owned())?);
                }
            }
        }
    }
    Ok(bound)
}

/// The label of an expression without an alias: a column's own name, or the text.
pub(super) fn label(scope: &Scope<'_>, expr: &SqlExpr) -> String {
    let name = match expr {
        SqlExpr::Identifier(name) => Some(name),
        SqlExpr::CompoundIdentifier(names) => names.last(),
        _ => None,
    };
    match name {
        Some(name) => scope.column_name(&name.value).unwrap_or(&name.value).to_owned(),
        None => {
            let text = expr.to_string().replace('\0', "");
            match text.char_indices().nth(LABEL_CHARS_MAX) {
                Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
                None => text,
            }
        }
    }
}

fn refuse_extras(select: &Select) -> Result<()> {
    let extras = [
        (select.top.is_some(), "TOP"),
        (select.into.is_some(), "SELECT INTO"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (select.qualify.is_some(), "QUALIFY"),
        (select.value_table_mode.is_some(), "SELECT AS"),
        (select.connect_by.is_some(), "CONNECT BY"),
    ];
    match extras.iter().find(|(there, _)| *there) {
        Some((_, what)) => Err(Error::Unsupported((*what).to_owned())),
        None => Ok(()),
    }
}
