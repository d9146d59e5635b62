//! Expressions over rows that are at hand, with subqueries that read those rows: each row is asked of
//! the query engine as a query of its own, its values being parameters.
//!
//! ```text
//!   RETURNING id, (SELECT COUNT(*) FROM o WHERE o.t = t.id)
//!     SELECT id, (SELECT COUNT(*) FROM o WHERE o.t = t.id) FROM (SELECT $3 AS id, $4 AS name) AS t
//! ```

use super::around::query;
use super::target::{quoted, select};
use crate::error::{Error, Result};
use crate::row::TableDef;
use crate::sql::context::QueryContext;
use crate::sql::query::run_select;
use crate::sql::request::Limits;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{
    Expr as SqlExpr, Query, SelectItem, TableAlias, TableFactor, TableWithJoins, Value as SqlValue,
};

/// A query that is asked for each row.
pub(in crate::sql) struct ByRow {
    query: Query,
    /// How many parameters the statement itself has.
    own_params: usize,
}

impl ByRow {
    /// Items over a row of a table.
    pub fn items(ctx: &QueryContext<'_>, def: &TableDef, name: &str, items: &[SelectItem]) -> Self {
        let own_params = ctx.params.len();
        let from = vec![row(def, name, own_params)];
        ByRow { query: query(None, select(items.to_vec(), from, None)), own_params }
    }

    /// Expressions over a row of a table and, behind it, one that stands around: names that the first
    /// has mean the first. Gives nothing where the condition is not true.
    pub fn inside(
        ctx: &QueryContext<'_>,
        def: &TableDef,
        (name, outer): (&str, &str),
        exprs: Vec<SqlExpr>,
        condition: Option<&SqlExpr>,
    ) -> Self {
        let own_params = ctx.params.len();
        let inner = row(def, name, own_params);
        let over = |expr: SqlExpr| {
            let body = select(vec![SelectItem::UnnamedExpr(expr)], vec![inner.clone()], None);
            SqlExpr::Subquery(Box::new(query(None, body)))
        };
        let from = vec![row(def, outer, own_params + def.columns.len())];
        let condition = condition.cloned().map(over);
        let items = exprs.into_iter().map(|expr| SelectItem::UnnamedExpr(over(expr))).collect();
        ByRow { query: query(None, select(items, from, condition)), own_params }
    }

    /// What the query gives for a row; `None`: nothing.
    ///
    /// # Errors
    /// What binding and running it gives.
    pub fn of(&self, ctx: &QueryContext<'_>, row: &[Value]) -> Result<Option<Vec<Value>>> {
        if self.own_params != ctx.params.len() {
            return Err(Error::Internal("parameters have changed".into()));
        }
        let params: Vec<Value> = ctx.params.iter().chain(row).cloned().collect();
        let limits = Limits { rows: u64::MAX, ..ctx.limits.clone() };
        let ctx = QueryContext { params: params[..].into(), limits: &limits, trace: None, ..*ctx };
        Ok(run_select(&ctx, &self.query)?.rows.pop())
    }
}

/// `(SELECT $n AS a, $m AS b) AS name`
fn row(def: &TableDef, name: &str, params_before: usize) -> TableWithJoins {
    let items = def.columns.iter().zip(params_before + 1..).map(|(column, number)| {
        let expr = SqlExpr::Value(SqlValue::Placeholder(format!("${number}")));
        SelectItem::ExprWithAlias { expr, alias: quoted(&column.name) }
    });
    let subquery = Box::new(query(None, select(items.collect(), Vec::new(), None)));
    let alias = Some(TableAlias { name: quoted(name), columns: Vec::new() });
    let relation = TableFactor::Derived { lateral: false, subquery, alias };
    TableWithJoins { relation, joins: Vec::new() }
}
