//! EXPLAIN: how a statement runs, as a tree, one operator a line.

use super::bind;
use super::plan::{Join, JoinKind, Method, Node, QueryPlan, Scan, Statement as Plan, SubKind};
use super::run::{Counts, Runtime};
use crate::error::{Error, Result};
use crate::row::TableState;
use crate::sql::access::{Path, RowPlan};
use crate::sql::context::QueryContext;
use crate::sql::dml;
use crate::sql::request::{Limits, Output};
use crate::sql::show::listing;
use crate::sql::trace::Trace;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{Query, Statement};
use std::collections::HashMap;

/// EXPLAIN: one line per row. ANALYZE runs a query and adds what each operator did; of a statement that
/// changes rows it is a write, which comes in by another way (`dml`).
pub(super) fn explain(
    ctx: &QueryContext<'_>,
    statement: &Statement,
    analyze: bool,
) -> Result<Output> {
    let lines = match dml::taken_apart(statement).0 {
        Statement::Query(query) => explained(ctx, query, analyze)?,
        Statement::Insert(_) | Statement::Update { .. } | Statement::Delete(_) => {
            dml::explain(ctx, statement)?
        }
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            let words = words.join(" ");
            match analyze {
                true => return Err(Error::Unsupported(format!("EXPLAIN ANALYZE of {words}"))),
                false => vec![words.to_lowercase()],
            }
        }
    };
    Ok(listed(lines))
}

/// Lines as EXPLAIN gives them.
pub(in crate::sql) fn listed(lines: Vec<String>) -> Output {
    listing(&["plan"], lines.into_iter().map(|line| vec![Value::from(line)]).collect())
}

/// How a query runs, one operator a line; `analyze` runs it.
///
/// # Errors
/// What binding the query gives, and running it.
pub(in crate::sql) fn explained(
    ctx: &QueryContext<'_>,
    query: &Query,
    analyze: bool,
) -> Result<Vec<String>> {
    let plan = bind::statement(ctx, query)?;
    if !analyze {
        return Ok(Tree::new(ctx.limits, None).statement(&plan));
    }
    let counting = Trace::new(true);
    let ctx = QueryContext { trace: Some(&counting), ..*ctx };
    let rt = Runtime::new(&ctx, &plan);
    rt.each(&plan.query, &mut |row| rt.give(row).map(|()| true))?;
    Ok(of_run(&rt, &plan))
}

/// How a plan ran, with what its operators did where that was counted.
pub(super) fn of_run(rt: &Runtime<'_>, plan: &Plan) -> Vec<String> {
    let counted = rt.counted.as_ref().map(|counted| counted.borrow());
    Tree::new(rt.ctx.limits, counted.as_deref()).statement(plan)
}

/// How a table's rows are found.
pub(in crate::sql) fn of_rows(table: &TableState, rows: &RowPlan) -> String {
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

struct Tree<'t> {
    lines: Vec<String>,
    limits: &'t Limits,
    counts: Option<&'t HashMap<*const Node, Counts>>,
}

impl<'t> Tree<'t> {
    fn new(limits: &'t Limits, counts: Option<&'t HashMap<*const Node, Counts>>) -> Self {
        Tree { lines: Vec::new(), limits, counts }
    }

    fn statement(mut self, plan: &Plan) -> Vec<String> {
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
        self.lines
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
            let Counts { rows, times, taken } =
                counts.get(&std::ptr::from_ref(node)).copied().unwrap_or_default();
            let taken = taken.shown(self.limits);
            line.push_str(&format!(" ({rows} rows in {times} runs, {taken})"));
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
