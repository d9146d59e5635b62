//! Running operators.
//!
//! Every operator is asked for its next row and puts it into the row of whoever asks. Operators of
//! one FROM share that row: each fills its own places. What a statement holds and how long it takes
//! is counted in one place ([`Runtime`]), and its volatile values are drawn from one context.
//!
//! A subquery is evaluated when an expression comes to its value and not before, so that what a CASE
//! or an AND leaves out is never run. What it gave for the same outer values is remembered.

mod group;
mod join;
mod lone;
mod recursive;
mod scan;
mod set;
mod sort;
mod subquery;
mod window;

use super::plan::{Cte, Node, QueryPlan, RowExpr, Statement, Sub};
use crate::error::{Error, Result};
use crate::expr::{EvalContext, Row};
use crate::sql::bind::{OUTER, SUB};
use crate::sql::context::{QueryContext, Source};
use crate::sql::meter::Meter;
use crate::sql::request::{Output, OutputColumn, StatementKind};
use crate::sql::trace::Taken;
use crate::value::{SqlType, Value};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// Rows that are held.
pub(super) type Held = Arc<Vec<Vec<Value>>>;

/// What all operators of a running statement share.
pub(super) struct Runtime<'r> {
    pub ctx: &'r QueryContext<'r>,
    ctes: &'r [Cte],
    /// The table that the plan's only scan reads, where it was made on an older state of it.
    source: Option<Source>,
    eval: EvalContext<'r>,
    meter: Meter<'r>,
    /// The rows of common table expressions that were read.
    read: Vec<OnceCell<Held>>,
    /// The rows of the last round of recursive ones.
    working: RefCell<HashMap<usize, Held>>,
    remembered: RefCell<HashMap<(usize, Vec<u8>), subquery::Answer>>,
    /// What went wrong inside an expression, where only a value can be returned.
    failed: RefCell<Option<Error>>,
    /// Rows that each operator gave, by its address, where somebody counts.
    pub counted: Option<RefCell<HashMap<*const Node, Counts>>>,
}

/// What an operator did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub rows: u64,
    pub times: u64,
    /// With what the operators below it take.
    pub taken: Taken,
}

/// One query while it runs: its subqueries, and what it was given from outside.
#[derive(Clone, Copy)]
pub(super) struct Frame<'f> {
    pub rt: &'f Runtime<'f>,
    pub subs: &'f [Sub],
    pub given: &'f [Value],
}

/// Gives rows one after the other.
pub(super) trait Operator {
    /// Puts the next row into `row`; `false`: there is none, and `row` holds anything.
    ///
    /// # Errors
    /// A fault; a limit; what an expression gives.
    fn next(&mut self, row: &mut [Value]) -> Result<bool>;
}

/// What an expression is evaluated on: a row, and what its frame has.
struct Env<'e> {
    row: &'e [Value],
    frame: Frame<'e>,
    subs: OnceCell<Box<[OnceCell<Value>]>>,
}

static NULL: Value = Value::Null;

impl Row for Env<'_> {
    #[inline]
    fn value(&self, column: usize) -> Option<&Value> {
        match column < OUTER {
            true => self.row.get(column),
            false => self.far(column),
        }
    }
}

impl Env<'_> {
    fn far(&self, column: usize) -> Option<&Value> {
        if column < SUB {
            return self.frame.given.get(column - OUTER);
        }
        let at = column - SUB;
        let (subs, frame) = (self.frame.subs, self.frame);
        let cells = self.subs.get_or_init(|| subs.iter().map(|_| OnceCell::new()).collect());
        let cell = cells.get(at)?;
        if let Some(known) = cell.get() {
            return Some(known);
        }
        let sub = subs.get(at)?;
        match subquery::value(frame, sub, &|column| self.value(column).cloned(), self.row) {
            Ok(value) => Some(cell.get_or_init(|| value)),
            Err(error) => {
                frame.rt.failed.borrow_mut().get_or_insert(error);
                Some(&NULL)
            }
        }
    }
}

impl<'f> Frame<'f> {
    fn env<'e>(&'e self, row: &'e [Value]) -> Env<'e> {
        Env { row, frame: *self, subs: OnceCell::new() }
    }

    fn checked<T>(&self, done: Result<T, crate::expr::EvalError>) -> Result<T> {
        if !self.subs.is_empty()
            && let Some(error) = self.rt.failed.borrow_mut().take()
        {
            return Err(error);
        }
        Ok(done?)
    }

    /// The value of an expression for a row.
    pub fn value(&self, expr: &RowExpr, row: &[Value]) -> Result<Value> {
        self.checked(expr.eval(&self.env(row), &self.rt.eval))
    }

    /// Whether a condition is true of a row.
    pub fn holds(&self, expr: &RowExpr, row: &[Value]) -> Result<bool> {
        self.checked(expr.matches(&self.env(row), &self.rt.eval))
    }

    /// Whether all conditions are.
    pub fn all_hold(&self, exprs: &[RowExpr], row: &[Value]) -> Result<bool> {
        for expr in exprs {
            if !self.holds(expr, row)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One row was looked at.
    #[inline]
    pub fn step(&self) -> Result<()> {
        self.rt.meter.step()
    }

    /// A row is held until the statement ends.
    pub fn hold(&self, row: &[Value]) -> Result<()> {
        self.rt.meter.hold_row(row)
    }

    /// Bytes are held until the statement ends.
    pub fn hold_bytes(&self, bytes: usize) -> Result<()> {
        self.rt.meter.hold(bytes)
    }

    /// A whole number, of LIMIT and such; `None` for NULL.
    pub fn number(&self, expr: &RowExpr, what: &str) -> Result<Option<i64>> {
        let value = self.value(expr, &[])?;
        match value.coerce(&SqlType::BigInt) {
            Ok(Value::Int(n)) => Ok(Some(n)),
            Ok(Value::Null) => Ok(None),
            _ => Err(Error::Sql(format!("{what} must be a whole number"))),
        }
    }

    /// Opens an operator before its first row.
    pub fn open(self, node: &'f Node) -> Result<Box<dyn Operator + 'f>> {
        let Some(counted) = &self.rt.counted else { return self.opened(node) };
        let (chunks, limits) = (self.rt.ctx.chunks, self.rt.ctx.limits);
        let before = Taken::now(chunks, limits);
        let input = self.opened(node)?;
        let mut counted = counted.borrow_mut();
        let counts = counted.entry(std::ptr::from_ref(node)).or_default();
        counts.times += 1;
        counts.taken.add_since(before, chunks, limits);
        Ok(Box::new(Counted { frame: self, node, input }))
    }

    fn opened(self, node: &'f Node) -> Result<Box<dyn Operator + 'f>> {
        Ok(match node {
            Node::One => Box::new(One(true)),
            Node::Nothing { .. } => Box::new(One(false)),
            Node::Scan(scan) => scan::open(self, scan)?,
            Node::Values { rows, .. } => Box::new(ValueRows { frame: self, rows: rows.iter() }),
            Node::Rows { rows, .. } => {
                Box::new(HeldRows { frame: self, rows: rows.clone(), at: 0 })
            }
            Node::Series { from, to, step } => recursive::series(self, from, to, step)?,
            Node::Cte { slot, .. } => {
                let rows = recursive::rows_of(self.rt, *slot)?;
                Box::new(HeldRows { frame: self, rows, at: 0 })
            }
            Node::Working { slot, .. } => {
                let rows = self.rt.working.borrow().get(slot).cloned().unwrap_or_default();
                Box::new(HeldRows { frame: self, rows, at: 0 })
            }
            Node::Place { first, input, .. } => {
                let width = input.width();
                Box::new(Place { first: *first, width, input: self.open(input)? })
            }
            Node::Join(join) => join::open(self, join)?,
            Node::Filter { input, predicate } => {
                Box::new(Filter { frame: self, input: self.open(input)?, predicate })
            }
            Node::Project { input, exprs } => {
                let below = vec![Value::Null; input.width()];
                Box::new(Project { frame: self, input: self.open(input)?, below, exprs })
            }
            Node::Group(group) => group::open(self, group)?,
            Node::Window(window) => window::open(self, window)?,
            Node::Distinct { input, by, visible } => {
                set::distinct(self, input, by.as_deref(), *visible)?
            }
            Node::Sort { input, keys, few } => sort::open(self, input, keys, few.as_ref())?,
            Node::Limit { input, limit, offset } => {
                sort::limit(self, input, limit.as_ref(), offset.as_ref())?
            }
            Node::Append { inputs, .. } => {
                Box::new(set::Append { frame: self, inputs: inputs.iter(), open: None })
            }
            Node::Compare { keep_common, all, left, right, .. } => {
                set::compare(self, left, right, *keep_common, *all)?
            }
        })
    }

    /// All rows of an operator.
    pub fn collect(self, node: &'f Node) -> Result<Vec<Vec<Value>>> {
        let mut input = self.open(node)?;
        let mut row = vec![Value::Null; node.width()];
        let mut rows = Vec::new();
        while input.next(&mut row)? {
            self.hold(&row)?;
            rows.push(row.clone());
        }
        Ok(rows)
    }
}

impl<'r> Runtime<'r> {
    pub fn new(ctx: &'r QueryContext<'r>, statement: &'r Statement) -> Self {
        Runtime {
            ctx,
            ctes: &statement.ctes,
            source: None,
            eval: ctx.eval(),
            meter: Meter::new(ctx.limits),
            read: statement.ctes.iter().map(|_| OnceCell::new()).collect(),
            working: RefCell::default(),
            remembered: RefCell::default(),
            failed: RefCell::default(),
            counted: ctx.trace.filter(|trace| trace.counts()).map(|_| RefCell::default()),
        }
    }

    /// Runs a query that is given no more than parameters left open, and hands each row to `take` until it says `false`.
    pub fn each(
        &self,
        plan: &QueryPlan,
        take: &mut dyn FnMut(&mut Vec<Value>) -> Result<bool>,
    ) -> Result<()> {
        let mut row = Vec::new();
        if let Some(found) = self.lone_row(plan, &mut row)? {
            if found {
                take(&mut row)?;
            }
            return Ok(());
        }
        let frame = Frame { rt: self, subs: &plan.subs, given: &self.ctx.params };
        let mut input = frame.open(&plan.root)?;
        row.resize(plan.root.width(), Value::Null);
        while input.next(&mut row)? {
            if !take(&mut row)? {
                break;
            }
            row.resize(plan.root.width(), Value::Null);
        }
        Ok(())
    }

    /// A row goes to the caller.
    pub fn give(&self, row: &[Value]) -> Result<()> {
        self.meter.give(row)
    }
}

/// Runs a statement's query.
///
/// # Errors
/// A fault; a limit; what an expression gives.
pub(in crate::sql) fn execute(ctx: &QueryContext<'_>, statement: &Statement) -> Result<Output> {
    executed(&Runtime::new(ctx, statement), statement)
}

/// Runs a plan of one scan on a table as it is now.
///
/// # Errors
/// As [`execute`].
pub(super) fn execute_on(
    ctx: &QueryContext<'_>,
    statement: &Statement,
    source: Source,
) -> Result<Output> {
    executed(&Runtime { source: Some(source), ..Runtime::new(ctx, statement) }, statement)
}

fn executed(rt: &Runtime<'_>, statement: &Statement) -> Result<Output> {
    let columns: Vec<OutputColumn> = statement.query.columns.clone();
    let mut rows = Vec::new();
    rt.each(&statement.query, &mut |row| {
        row.truncate(columns.len());
        rt.give(row)?;
        rows.push(std::mem::take(row));
        Ok(true)
    })?;
    if let Some(trace) = rt.ctx.trace {
        trace.rows(super::explain::of_run(rt, statement));
    }
    Ok(Output { columns, rows, ..Output::done(StatementKind::Select, 0) })
}

/// One row without values, or none.
struct One(bool);

impl Operator for One {
    fn next(&mut self, _row: &mut [Value]) -> Result<bool> {
        Ok(std::mem::take(&mut self.0))
    }
}

struct ValueRows<'f> {
    frame: Frame<'f>,
    rows: std::slice::Iter<'f, Vec<RowExpr>>,
}

impl Operator for ValueRows<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        self.frame.step()?;
        let Some(exprs) = self.rows.next() else { return Ok(false) };
        for (place, expr) in row.iter_mut().zip(exprs) {
            *place = self.frame.value(expr, &[])?;
        }
        Ok(true)
    }
}

struct HeldRows<'f> {
    frame: Frame<'f>,
    rows: Held,
    at: usize,
}

impl Operator for HeldRows<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        self.frame.step()?;
        let Some(held) = self.rows.get(self.at) else { return Ok(false) };
        self.at += 1;
        for (place, value) in row.iter_mut().zip(held) {
            place.clone_from(value);
        }
        Ok(true)
    }
}

struct Place<'f> {
    first: usize,
    width: usize,
    input: Box<dyn Operator + 'f>,
}

impl Operator for Place<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        match row.get_mut(self.first..self.first + self.width) {
            Some(own) => self.input.next(own),
            None => Err(Error::Internal("an input outside its row".into())),
        }
    }
}

struct Filter<'f> {
    frame: Frame<'f>,
    input: Box<dyn Operator + 'f>,
    predicate: &'f RowExpr,
}

impl Operator for Filter<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        while self.input.next(row)? {
            if self.frame.holds(self.predicate, row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

struct Project<'f> {
    frame: Frame<'f>,
    input: Box<dyn Operator + 'f>,
    below: Vec<Value>,
    exprs: &'f [RowExpr],
}

impl Operator for Project<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        if !self.input.next(&mut self.below)? {
            return Ok(false);
        }
        for (place, expr) in row.iter_mut().zip(self.exprs) {
            *place = self.frame.value(expr, &self.below)?;
        }
        Ok(true)
    }
}

/// Counts what an operator does.
struct Counted<'f> {
    frame: Frame<'f>,
    node: &'f Node,
    input: Box<dyn Operator + 'f>,
}

impl Operator for Counted<'_> {
    fn next(&mut self, row: &mut [Value]) -> Result<bool> {
        let (chunks, limits) = (self.frame.rt.ctx.chunks, self.frame.rt.ctx.limits);
        let before = Taken::now(chunks, limits);
        let found = self.input.next(row)?;
        if let Some(counted) = &self.frame.rt.counted {
            let mut counted = counted.borrow_mut();
            let counts = counted.entry(std::ptr::from_ref(self.node)).or_default();
            counts.rows += u64::from(found);
            counts.taken.add_since(before, chunks, limits);
        }
        Ok(found)
    }
}
