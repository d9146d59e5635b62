//! The table that a statement changes, and the query that finds its rows where more than the table's
//! own columns decide.
//!
//! ```text
//!   UPDATE t AS x SET a = o.b FROM o WHERE o.id = x.id
//!     SELECT x.⟨row key⟩, o.b FROM t AS x, o WHERE o.id = x.id
//! ```
//!
//! All of it is read before anything is written. A row that is found several times counts once, with
//! what was found first; which that is, is not said where the query has no order.

use super::around::{Around, query};
use super::returning::Returning;
use super::syntax::plain_name;
use crate::error::{Error, Result};
use crate::expr::Expr;
use crate::row::{State, TableState};
use crate::sql::access::plan_given;
use crate::sql::bind::{ROW_KEY, children};
use crate::sql::context::{QueryContext, Source};
use crate::sql::meter::Meter;
use crate::sql::points::split_mark;
use crate::sql::query::{aggregate_of, described, plain_table, run_select};
use crate::sql::request::{Limits, OutputColumn};
use crate::sql::scan::collect_rows;
use crate::sql::write::{WriteContext, is_view};
use crate::txn::Txn;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    Expr as SqlExpr, GroupByExpr, Ident, ObjectName, Query, Select, SelectItem, SetExpr,
    TableAlias, TableFactor, TableWithJoins, Value as SqlValue, WildcardAdditionalOptions,
};
use std::collections::HashSet;
use std::sync::Arc;

/// The table that a statement changes.
#[derive(Debug, Clone, Copy)]
pub(in crate::sql) struct Target<'s> {
    name: &'s str,
    alias: Option<&'s str>,
}

/// A row of the target, and what the query that found it has beside.
pub(super) struct Found {
    pub key: Arc<[u8]>,
    pub stored: Arc<[u8]>,
    pub beside: Vec<Value>,
}

/// The columns of another table behind the values of a row that is found.
pub(super) struct Beside {
    /// The name that the table goes by.
    pub name: String,
    /// Where its first column stands among the values.
    pub first: usize,
    pub columns: Vec<OutputColumn>,
}

/// What a query that finds rows reads beside the target.
pub(super) struct Reading<'r> {
    /// Values for each row that is found.
    pub shown: Vec<SqlExpr>,
    /// Other tables.
    pub others: &'r [TableWithJoins],
    /// Whether all their columns are shown behind.
    pub shows_others: bool,
    pub selection: Option<&'r SqlExpr>,
    pub around: Around<'r>,
}

/// The rows of a table that a predicate over its own columns is true of, with values in the places
/// that were left open.
///
/// # Errors
/// A fault; a limit; what the predicate gives.
pub(super) fn matching(
    txn: &Txn,
    env: &WriteContext<'_>,
    state: &Arc<TableState>,
    predicate: Option<&Expr<usize>>,
    given: &[Value],
) -> Result<Vec<Found>> {
    let ctx = env.reading(txn);
    let source = Source { table: state.clone(), current: true };
    let plan = plan_given(&ctx, state, predicate, given)?;
    let rows = collect_rows(&ctx, &source, plan, &Meter::new(env.limits))?;
    let found = rows.into_iter().map(|(key, stored)| Found { key, stored, beside: Vec::new() });
    Ok(found.collect())
}

impl<'s> Target<'s> {
    /// The target that a syntax tree names.
    ///
    /// # Errors
    /// `Unsupported` for several tables; `Sql` for a point in time.
    pub fn of(table: &'s TableWithJoins, what: &str) -> Result<Self> {
        let Some((name, alias)) = plain_table(table) else {
            return Err(Error::Unsupported(format!("{what} more than one table")));
        };
        Ok(Target { name: plain_name(name)?, alias })
    }

    /// Its alias, if it has one.
    pub fn alias(&self) -> Option<&'s str> {
        self.alias
    }

    /// The name that its columns go by.
    fn shown(&self) -> &'s str {
        self.alias.unwrap_or(self.name)
    }

    /// The table.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a view.
    pub fn find<'t>(&self, state: &'t State) -> Result<&'t Arc<TableState>> {
        let found = state.find(self.name)?;
        match found.table.def.view() {
            None => Ok(found),
            Some(_) => Err(is_view(found.table.name())),
        }
    }

    /// The query that finds rows of the target.
    ///
    /// # Errors
    /// `Unsupported` for ORDER BY and LIMIT beside other tables; `Sql`.
    pub fn query(&self, reading: &Reading<'_>) -> Result<Query> {
        let Reading { shown, others, shows_others, selection, around } = reading;
        around.check()?;
        if around.cuts() && !others.is_empty() {
            return Err(Error::Unsupported("LIMIT where several tables choose the rows".into()));
        }
        if shown.iter().any(aggregates) {
            return Err(Error::Sql("SET holds an aggregate function: write a subquery".into()));
        }
        let key = SqlExpr::CompoundIdentifier(vec![quoted(self.shown()), quoted(ROW_KEY)]);
        // Names that nothing can mean, so that ORDER BY means the columns of the table.
        let item = |(n, expr): (usize, SqlExpr)| SelectItem::ExprWithAlias {
            expr,
            alias: quoted(&format!("{ROW_KEY}{n}")),
        };
        let items = std::iter::once(key).chain(shown.iter().cloned());
        let mut projection: Vec<SelectItem> = items.enumerate().map(item).collect();
        if *shows_others {
            for name in names_of(others)? {
                // Says where the columns of a table begin, and of which.
                let expr = SqlExpr::Value(SqlValue::Null);
                projection.push(SelectItem::ExprWithAlias { expr, alias: begins(name) });
                let options = WildcardAdditionalOptions::default();
                let name = ObjectName(vec![quoted(name)]);
                projection.push(SelectItem::QualifiedWildcard(name, options));
            }
        }
        // With a schema before it, so that it means the table whatever WITH says.
        let own = TableFactor::Table {
            name: ObjectName(vec![quoted("main"), quoted(self.name)]),
            alias: Some(TableAlias { name: quoted(self.shown()), columns: Vec::new() }),
            args: None,
            with_hints: Vec::new(),
            version: None,
            with_ordinality: false,
            partitions: Vec::new(),
        };
        let mut from = vec![TableWithJoins { relation: own, joins: Vec::new() }];
        from.extend_from_slice(others);
        Ok(around.around(select(projection, from, selection.cloned())))
    }

    /// Finds rows of the target.
    ///
    /// # Errors
    /// As [`query`](Self::query), and what running it gives.
    pub fn rows(
        &self,
        ctx: &QueryContext<'_>,
        state: &TableState,
        reading: &Reading<'_>,
    ) -> Result<(Vec<Found>, Vec<Beside>)> {
        let query = self.query(reading)?;
        if let Some(trace) = ctx.trace {
            // Subqueries that were run to see that it takes a query are part of this.
            trace.clear();
        }
        // How many rows a statement may show says nothing of how many it may change.
        let limits = Limits { rows: u64::MAX, ..ctx.limits.clone() };
        let output = run_select(&QueryContext { limits: &limits, ..*ctx }, &query)?;
        let mut seen: HashSet<Arc<[u8]>> = HashSet::with_capacity(output.rows.len());
        let mut found = Vec::with_capacity(output.rows.len());
        for row in output.rows {
            let mut values = row.into_iter();
            let Some(Value::Blob(key)) = values.next() else {
                return Err(Error::Internal("a row without its key".into()));
            };
            if !seen.insert(key.clone()) {
                continue;
            }
            let Some(stored) = state.rows.get(ctx.chunks, &key)? else {
                return Err(Error::Internal("a row that was found is not there".into()));
            };
            found.push(Found { key, stored: stored.into_arc(), beside: values.collect() });
        }
        Ok((found, beside(output.columns)))
    }

    /// The columns of RETURNING, without running anything. The values that `reading` shows are put into
    /// columns of these types.
    ///
    /// # Errors
    /// As [`query`](Self::query), and what binding gives.
    pub fn described(
        &self,
        ctx: &QueryContext<'_>,
        reading: &Reading<'_>,
        types: &[SqlType],
        returning: Option<&[SelectItem]>,
    ) -> Result<Vec<OutputColumn>> {
        let def = &self.find(ctx.state)?.table.def;
        let meant: Vec<SqlType> = std::iter::once(SqlType::Blob).chain(types.to_vec()).collect();
        let columns = described(ctx, &self.query(reading)?, &meant)?;
        Ok(Returning::read(ctx, def, self.alias, returning, &beside(columns))?.columns())
    }
}

/// The tables whose columns stand in what a query for rows shows.
fn beside(columns: Vec<OutputColumn>) -> Vec<Beside> {
    let mut beside: Vec<Beside> = Vec::new();
    for (at, column) in columns.into_iter().skip(1).enumerate() {
        match (column.name.strip_prefix(BEGINS), beside.last_mut()) {
            (Some(name), _) => {
                let (name, first) = (name.to_owned(), at + 1);
                beside.push(Beside { name, first, columns: Vec::new() });
            }
            (None, Some(table)) => table.columns.push(column),
            (None, None) => {}
        }
    }
    beside
}

/// Whether an expression holds an aggregate function, outside subqueries.
fn aggregates(expr: &SqlExpr) -> bool {
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        if let SqlExpr::Function(call) = expr
            && aggregate_of(call).is_some()
        {
            return true;
        }
        children(expr, &mut |child| todo.push(child));
    }
    false
}

/// Stands before the name of a table whose columns follow.
const BEGINS: &str = "\u{1}columns of ";

fn begins(name: &str) -> Ident {
    quoted(&format!("{BEGINS}{name}"))
}

pub(super) fn quoted(name: &str) -> Ident {
    Ident { value: name.to_owned(), quote_style: Some('"') }
}

/// `SELECT projection FROM from WHERE selection`
pub(super) fn select(
    projection: Vec<SelectItem>,
    from: Vec<TableWithJoins>,
    selection: Option<SqlExpr>,
) -> SetExpr {
    SetExpr::Select(Box::new(Select {
        distinct: None,
        top: None,
        top_before_distinct: false,
        projection,
        into: None,
        from,
        lateral_views: Vec::new(),
        prewhere: None,
        selection,
        group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        connect_by: None,
    }))
}

/// One column of a query that is given names for all of its columns: `(WITH w (c0, c1) AS (…) SELECT
/// c1 FROM w)`.
pub(super) fn column_of(whole: &Query, names: usize, at: usize, shown: &str) -> SqlExpr {
    use gluesql_core::sqlparser::ast::{Cte, With};
    let name = quoted(shown);
    let column = |n: usize| quoted(&format!("{ROW_KEY}{n}"));
    let cte = Cte {
        alias: TableAlias { name: name.clone(), columns: (0..names).map(column).collect() },
        query: Box::new(whole.clone()),
        from: None,
        materialized: None,
    };
    let with = With { recursive: false, cte_tables: vec![cte] };
    let relation = TableFactor::Table {
        name: ObjectName(vec![name]),
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
    };
    let item = SelectItem::UnnamedExpr(SqlExpr::Identifier(column(at)));
    let from = vec![TableWithJoins { relation, joins: Vec::new() }];
    SqlExpr::Subquery(Box::new(query(Some(with), select(vec![item], from, None))))
}

/// The names that tables beside the target go by.
///
/// # Errors
/// `Unsupported` for one without a name.
pub(super) fn names_of(tables: &[TableWithJoins]) -> Result<Vec<&str>> {
    let mut names = Vec::new();
    // Joins in brackets inside each other, which the parser bounds.
    let mut todo: Vec<&TableWithJoins> = tables.iter().rev().collect();
    while let Some(table) = todo.pop() {
        let factors = std::iter::once(&table.relation);
        let factors: Vec<&TableFactor> =
            factors.chain(table.joins.iter().map(|join| &join.relation)).collect();
        for factor in factors {
            match factor {
                TableFactor::Table { alias: Some(alias), .. }
                | TableFactor::Derived { alias: Some(alias), .. } => names.push(&*alias.name.value),
                TableFactor::Table { name, .. } => {
                    let name = name.0.last().map_or("", |name| &name.value);
                    names.push(split_mark(name).0);
                }
                TableFactor::NestedJoin { table_with_joins, .. } => todo.push(table_with_joins),
                // Nothing can name its columns.
                TableFactor::Derived { .. } => {}
                _ => return Err(Error::Unsupported("this form of table beside RETURNING".into())),
            }
        }
    }
    Ok(names)
}
