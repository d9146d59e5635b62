//! EXPLAIN: how a statement runs, as a tree, one operator a line.

use super::bind;
use super::page::plain_table;
use super::plan::{Join, JoinKind, Method, Node, QueryPlan, Scan, Statement as Plan, SubKind};
use super::run::{Counts, Runtime};
use crate::error::{Error, Result};
use crate::row::TableState;
use crate::sql::access::{Path, RowPlan, plan_rows};
use crate::sql::bind::{Scope, bind_in};
use crate::sql::context::{QueryContext, table_name};
use crate::sql::dml::{rows_query, taken_apart};
use crate::sql::points::split_mark;
use crate::sql::request::Output;
use crate::sql::show::listing;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{Expr as SqlExpr, FromTable, Query, Statement, TableWithJoins};
use std::cell::RefCell;
use std::collections::HashMap;

/// EXPLAIN: one line per row. ANALYZE runs a query and adds what each operator did.
pub(super) fn explain(
    ctx: &QueryContext<'_>,
    statement: &Statement,
    analyze: bool,
) -> Result<Output> {
    let lines = match statement {
        Statement::Query(query) if std::ptr::eq(taken_apart(statement).0, statement) => {
            of_query(ctx, query, analyze)?
        }
        _ if analyze => return Err(Error::Unsupported("EXPLAIN ANALYZE of a write".into())),
        other => lines(ctx, other)?,
    };
    let rows = lines.into_iter().map(|line| vec![Value::from(line)]).collect();
    Ok(listing(&["plan"], rows))
}

fn of_query(ctx: &QueryContext<'_>, query: &Query, analyze: bool) -> Result<Vec<String>> {
    let plan = bind::statement(ctx, query)?;
    let mut tree = Tree { lines: Vec::new(), counts: None };
    if analyze {
        let mut rt = Runtime::new(ctx, &plan);
        rt.counted = Some(RefCell::default());
        rt.each(&plan.query, &mut |row| rt.give(row).map(|()| true))?;
        tree.counts = rt.counted.take().map(RefCell::into_inner);
    }
    tree.statement(&plan);
    Ok(tree.lines)
}

/// How a statement runs, one operator a line.
///
/// # Errors
/// What binding the statement gives.
pub(in crate::sql) fn lines(ctx: &QueryContext<'_>, statement: &Statement) -> Result<Vec<String>> {
    match taken_apart(statement).0 {
        Statement::Query(query) => of_query(ctx, query, false),
        Statement::Update { table, selection, .. } => {
            of_write(ctx, "update", statement, table, selection.as_ref())
        }
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            match from.as_slice() {
                [one] => of_write(ctx, "delete", statement, one, delete.selection.as_ref()),
                _ => Err(Error::Unsupported("DELETE from more than one table".into())),
            }
        }
        Statement::Insert(insert) => {
            let name = split_mark(table_name(&insert.table_name)?).0;
            let mut found = vec![format!("insert into {name}")];
            if let Some(query) = rows_query(ctx, statement)? {
                let below = of_query(ctx, &query, false)?;
                found.extend(below.into_iter().map(|line| format!("  {line}")));
            }
            Ok(found)
        }
        other => {
            let text = other.to_string();
            Ok(vec![text.split_whitespace().take(2).collect::<Vec<_>>().join(" ").to_lowercase()])
        }
    }
}

fn of_write(
    ctx: &QueryContext<'_>,
    what: &str,
    statement: &Statement,
    table: &TableWithJoins,
    selection: Option<&SqlExpr>,
) -> Result<Vec<String>> {
    if let Some(query) = rows_query(ctx, statement)? {
        let below = of_query(ctx, &query, false)?.into_iter().map(|line| format!("  {line}"));
        return Ok(std::iter::once(what.to_owned()).chain(below).collect());
    }
    let Some((name, alias)) = plain_table(table) else {
        return Err(Error::Unsupported(format!("{what} of more than one table")));
    };
    let source = ctx.source(name)?;
    let scope = Scope::of_table(&source.table.table.def, alias);
    let predicate = selection.map(|expr| bind_in(ctx, &scope, expr)).transpose()?;
    let rows = plan_rows(ctx, &source.table, predicate)?;
    Ok(vec![what.to_owned(), format!("  {}", of_rows(&source.table, &rows))])
}

/// How a table's rows are found.
fn of_rows(table: &TableState, rows: &RowPlan) -> String {
    let name = table.table.name();
    let backwards = if rows.is_reverse() { ", backwards" } else { "" };
    let filter = if rows.filter().is_some() { ", filtered" } else { "" };
    let count = |n: usize, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    let path = match rows.path() {
        _ if rows.is_full_scan() => format!("scan {name}"),
        Path::Keys(keys) => format!("search {name} by primary key: {}", count(keys.len(), "key")),
        Path::Table(ranges) => {
            format!("search {name} by primary key: {}", count(ranges.len(), "range"))
        }
        Path::Index(at, ranges) => {
            let index = table.table.def.indexes.get(*at).map_or("?", |i| i.name.as_str());
            format!("search {name} by index {index}: {}", count(ranges.len(), "range"))
        }
    };
    format!("{path}{backwards}{filter}")
}

fn of_scan(scan: &Scan) -> String {
    match &scan.rows {
        Some(rows) => of_rows(&scan.source.table, rows),
        None => format!("search {} for what is around it", scan.source.table.table.name()),
    }
}

struct Tree {
    lines: Vec<String>,
    counts: Option<HashMap<*const Node, Counts>>,
}

impl Tree {
    fn statement(&mut self, plan: &Plan) {
        self.query(&plan.query, 0);
        for cte in &plan.ctes {
            if matches!(cte.plan.root, Node::Nothing { .. }) {
                continue;
            }
            self.lines.push(format!("with {}", cte.name));
            self.query(&cte.plan, 1);
            if let Some(step) = &cte.step {
                self.lines.push("  again, until nothing is new".into());
                self.query(&step.plan, 2);
            }
        }
    }

    fn query(&mut self, plan: &QueryPlan, depth: usize) {
        self.node(&plan.root, depth);
        for sub in &plan.subs {
            let what = match &sub.kind {
                SubKind::Scalar => "value",
                SubKind::Exists { .. } => "exists",
                SubKind::In { .. } => "in",
                SubKind::Compare { .. } | SubKind::Row { .. } => "compare",
            };
            let how = match sub.plan.outer.is_empty() {
                true => "run once",
                false => "run for each row around it",
            };
            self.lines.push(format!("{}subquery ({what}), {how}", "  ".repeat(depth)));
            self.query(&sub.plan, depth + 1);
        }
    }

    fn node(&mut self, node: &Node, depth: usize) {
        let mut line = match node {
            // Neither a place nor an order of columns is a step.
            Node::Place { input, .. } | Node::Project { input, .. } => {
                return self.node(input, depth);
            }
            Node::One => "one row".to_owned(),
            Node::Nothing { .. } => "no row".to_owned(),
            Node::Scan(scan) => of_scan(scan),
            Node::Values { rows, .. } => format!("values: {} rows", rows.len()),
            Node::Rows { name, rows, .. } => format!("{name}: {} rows", rows.len()),
            Node::Series { .. } => "series of numbers".to_owned(),
            Node::Cte { slot, .. } => format!("rows of WITH number {}", slot + 1),
            Node::Working { .. } => "rows of the last round".to_owned(),
            Node::Join(join) => of_join(join),
            Node::Filter { .. } => "filter".to_owned(),
            Node::Group(group) => match group.keys.len() {
                0 => "aggregate all rows".to_owned(),
                n => format!("group by {n} keys"),
            },
            Node::Window(window) => format!("windows: {} functions", window.calls.len()),
            Node::Distinct { .. } => "distinct".to_owned(),
            Node::Sort { keys, few, .. } => match few {
                Some(_) => format!("first rows by {} keys", keys.len()),
                None => format!("sort by {} keys", keys.len()),
            },
            Node::Limit { .. } => "limit".to_owned(),
            Node::Append { inputs, .. } => format!("union of {}", inputs.len()),
            Node::Compare { keep_common: true, .. } => "intersect".to_owned(),
            Node::Compare { .. } => "except".to_owned(),
        };
        if let Some(counts) = &self.counts {
            let Counts { rows, times, chunk_reads } =
                counts.get(&std::ptr::from_ref(node)).copied().unwrap_or_default();
            line.push_str(&format!(" ({rows} rows in {times} runs, {chunk_reads} chunk reads)"));
        }
        self.lines.push(format!("{}{line}", "  ".repeat(depth)));
        for input in node.inputs() {
            self.node(input, depth + 1);
        }
    }
}

fn of_join(join: &Join) -> String {
    let kind = match join.kind {
        JoinKind::Inner => "join",
        JoinKind::Left => "left join",
        JoinKind::Right => "right join",
        JoinKind::Full => "full join",
    };
    match (&join.method, join.keys.len()) {
        (Method::Loop, _) => format!("{kind}, row by row"),
        (Method::Hash, n) => format!("{kind} by hash of {n} keys"),
        (Method::Lookup, _) => format!("{kind}, the second looked up"),
    }
}
