//! Joins: several tables, or rows of subqueries, side by side.
//!
//! ```text
//!   first input ──▶ step 1: matches in input 1 ──▶ step 2: … ──▶ rows as wide as all inputs
//!   (streamed)        by hash, by key, or all
//! ```
//!
//! Conditions go as far down as they may: what reads one input is checked inside its scan and may
//! choose its access path; what reads several is checked as soon as all of them are there. Equalities
//! of one type make a hash join, or look rows up by primary key where that reads less. A LEFT JOIN's
//! own conditions decide what matches; WHERE is asked after it.
//!
//! RIGHT and FULL joins, USING, NATURAL and LATERAL are refused by name.

use super::plan::{Plan, plain_table};
use crate::error::{Error, Result};
use crate::expr::{CompareOp, EvalContext, Expr};
use crate::row::{ColumnDef, ColumnId, TableDef, TableId};
use crate::sql::access::{Path, RowPlan, plan_rows};
use crate::sql::bind::{Scope, bind_in};
use crate::sql::context::{QueryContext, Source};
use crate::sql::meter::Meter;
use crate::sql::scan::Walk;
use crate::sql::types::same_key;
use crate::value::{SqlType, Value, encode_key};
use gluesql_core::sqlparser::ast::{
    Expr as SqlExpr, JoinConstraint, JoinOperator, TableFactor, TableWithJoins,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How many inputs one FROM may have.
const INPUTS_MAX: usize = 32;
/// A hash of fewer rows than this costs less than thinking about it.
const LOOKUP_FROM: u64 = 1000;

/// What a FROM names in one place.
#[derive(Debug)]
enum Relation {
    Table(Source),
    /// A subquery's rows, under columns that exist for this statement.
    Rows(Box<TableDef>, Vec<Vec<Value>>),
}

/// One place of a FROM.
#[derive(Debug)]
pub(in crate::sql) struct Input {
    relation: Relation,
    name: String,
    first: usize,
    rows: RowPlan,
}

impl Input {
    fn def(&self) -> &TableDef {
        match &self.relation {
            Relation::Table(source) => &source.table.table.def,
            Relation::Rows(def, _) => def,
        }
    }

    fn width(&self) -> usize {
        self.def().columns.len()
    }

    fn count(&self) -> u64 {
        match &self.relation {
            Relation::Table(source) => source.table.rows.count(),
            Relation::Rows(_, rows) => rows.len() as u64,
        }
    }
}

/// How one more input joins those before it.
#[derive(Debug)]
struct Step {
    outer: bool,
    /// Equalities: over the row so far, and over the input's own row.
    keys: Vec<(Expr<usize>, Expr<usize>)>,
    /// What else decides whether two rows match, over both.
    on: Vec<Expr<usize>>,
    /// What WHERE asks once this input is there.
    after: Vec<Expr<usize>>,
    /// Whether matches are looked up by the input's primary key.
    by_key: bool,
}

/// A bound FROM of several inputs.
#[derive(Debug)]
pub(in crate::sql) struct Join {
    inputs: Vec<Input>,
    steps: Vec<Step>,
    /// What WHERE asks of no input at all.
    constant: Vec<Expr<usize>>,
}

fn unsupported<T>(what: &str) -> Result<T> {
    Err(Error::Unsupported(what.to_owned()))
}

/// The inputs of a FROM, with the condition and kind of each join; conditions are still text.
pub(super) struct Parts<'q> {
    pub inputs: Vec<Input>,
    joins: Vec<(bool, Option<&'q SqlExpr>)>,
}

impl<'q> Parts<'q> {
    /// Reads a FROM.
    ///
    /// # Errors
    /// `Unsupported` for joins that are not run here; `NotFound`; what a subquery gives.
    pub fn of(ctx: &QueryContext<'_>, from: &'q [TableWithJoins]) -> Result<Self> {
        let mut parts = Parts { inputs: Vec::new(), joins: Vec::new() };
        for (at, table) in from.iter().enumerate() {
            parts.add(ctx, &table.relation)?;
            if at > 0 {
                parts.joins.push((false, None));
            }
            for join in &table.joins {
                let (outer, constraint) = match &join.join_operator {
                    JoinOperator::Inner(constraint) => (false, Some(constraint)),
                    JoinOperator::LeftOuter(constraint) => (true, Some(constraint)),
                    JoinOperator::CrossJoin => (false, None),
                    JoinOperator::RightOuter(_) => return unsupported("RIGHT JOIN"),
                    JoinOperator::FullOuter(_) => return unsupported("FULL JOIN"),
                    _ => return unsupported("this kind of join"),
                };
                let condition = match constraint {
                    None | Some(JoinConstraint::None) => None,
                    Some(JoinConstraint::On(condition)) => Some(condition),
                    Some(JoinConstraint::Using(_)) => return unsupported("USING"),
                    Some(JoinConstraint::Natural) => return unsupported("NATURAL JOIN"),
                };
                if outer && condition.is_none() {
                    return Err(Error::Sql("LEFT JOIN needs ON".into()));
                }
                parts.add(ctx, &join.relation)?;
                parts.joins.push((outer, condition));
            }
        }
        match parts.inputs.len() <= INPUTS_MAX {
            true => Ok(parts),
            false => Err(Error::Limit(format!("FROM names more than {INPUTS_MAX} tables"))),
        }
    }

    fn add(&mut self, ctx: &QueryContext<'_>, factor: &TableFactor) -> Result<()> {
        let first = self.inputs.last().map_or(0, |input| input.first + input.width());
        let (relation, name) = match factor {
            TableFactor::Table { .. } => {
                let alone = TableWithJoins { relation: factor.clone(), joins: Vec::new() };
                let Some((name, alias)) = plain_table(&alone) else {
                    return unsupported("this form of table in FROM");
                };
                let source = ctx.source(name)?;
                let shown = alias.unwrap_or(source.table.table.name()).to_owned();
                (Relation::Table(source), shown)
            }
            TableFactor::Derived { lateral: false, subquery, alias: Some(alias) } => {
                let output = super::run(ctx, subquery)?;
                let names = alias.columns.iter().map(|column| column.value.clone());
                let names: Vec<String> = names.collect();
                if !names.is_empty() && names.len() != output.columns.len() {
                    return Err(Error::Sql(format!("'{}' names other columns", alias.name.value)));
                }
                let columns = output.columns.iter().enumerate().map(|(at, column)| {
                    let name = names.get(at).unwrap_or(&column.name).clone();
                    ephemeral_column(at, name, column.ty)
                });
                let def = ephemeral(&alias.name.value, columns.collect());
                (Relation::Rows(Box::new(def), output.rows), alias.name.value.clone())
            }
            TableFactor::Derived { lateral: true, .. } => return unsupported("LATERAL"),
            TableFactor::Derived { .. } => {
                return Err(Error::Sql("a subquery in FROM needs a name".into()));
            }
            TableFactor::NestedJoin { .. } => return unsupported("joins in parentheses"),
            _ => return unsupported("this form of table in FROM"),
        };
        let twice = |input: &Input| crate::row::same_name(&input.name, &name);
        if self.inputs.iter().any(twice) {
            return Err(Error::Sql(format!("FROM names '{name}' twice: give one an alias")));
        }
        self.inputs.push(Input { relation, name, first, rows: RowPlan::only(None) });
        Ok(())
    }

    /// The columns of all inputs side by side.
    pub fn scope(&self) -> Scope<'_> {
        Scope::joined(self.inputs.iter().map(|input| (input.def(), input.name.as_str())))
    }

    /// The conditions of the joins, bound over all inputs.
    ///
    /// # Errors
    /// `NotFound`; `Sql`.
    pub fn conditions(&self, ctx: &QueryContext<'_>) -> Result<Vec<Option<Expr<usize>>>> {
        let bound = self.joins.iter().zip(1..).map(|((_, condition), joined)| {
            // ON sees what stands before it, and its own input.
            let inputs = self.inputs.iter().take(joined + 1);
            let scope = Scope::joined(inputs.map(|input| (input.def(), input.name.as_str())));
            condition.map(|expr| bind_in(ctx, &scope, expr)).transpose()
        });
        bound.collect()
    }

    /// Places every condition, and chooses how each input is read.
    ///
    /// # Errors
    /// A fault.
    pub fn finish(
        mut self,
        ctx: &QueryContext<'_>,
        conditions: Vec<Option<Expr<usize>>>,
        filter: Option<Expr<usize>>,
    ) -> Result<Join> {
        let mut own: Vec<Vec<Expr<usize>>> = vec![Vec::new(); self.inputs.len()];
        let mut steps = Vec::new();
        for ((outer, _), condition) in self.joins.iter().zip(conditions) {
            let on = condition.map_or(Vec::new(), split);
            let (keys, by_key) = (Vec::new(), false);
            steps.push(Step { outer: *outer, keys, on, after: Vec::new(), by_key });
        }
        let mut constant = Vec::new();
        for term in filter.map_or(Vec::new(), split) {
            let used = self.used(&term);
            match used.iter().max() {
                _ if term.is_volatile() => {
                    steps
                        .last_mut()
                        .map(|step| &mut step.after)
                        .unwrap_or(&mut constant)
                        .push(term);
                }
                None => constant.push(term),
                Some(0) => own[0].push(term),
                Some(last) => {
                    let Some(step) = steps.get_mut(last - 1) else { continue };
                    match step.outer {
                        true => step.after.push(term),
                        false => step.on.push(term),
                    }
                }
            }
        }
        for (at, step) in steps.iter_mut().enumerate() {
            let input = at + 1;
            for term in std::mem::take(&mut step.on) {
                let used = self.used(&term);
                if used == [input] && !term.is_volatile() {
                    own[input].push(term);
                    continue;
                }
                match self.equality(&term, input) {
                    Some(pair) => step.keys.push(pair),
                    None => step.on.push(term),
                }
            }
        }
        for (input, terms) in self.inputs.iter_mut().zip(own) {
            let first = input.first;
            let moved = terms.iter().map(|term| shifted(term, first));
            let filter = moved.reduce(Expr::and);
            input.rows = match &input.relation {
                Relation::Table(source) => plan_rows(ctx, &source.table, filter)?,
                Relation::Rows(..) => RowPlan::only(filter),
            };
        }
        let few = self.inputs.first().is_none_or(|input| !input.rows.is_full_scan());
        let left = self.inputs.first().map_or(0, Input::count);
        for (at, step) in steps.iter_mut().enumerate() {
            if let Some(input) = self.inputs.get(at + 1) {
                let reads_less = few || left <= input.count() / 4;
                step.by_key = input.count() >= LOOKUP_FROM && reads_less && covers_key(step, input);
            }
        }
        Ok(Join { inputs: self.inputs, steps, constant })
    }

    /// The inputs that an expression reads.
    fn used(&self, expr: &Expr<usize>) -> Vec<usize> {
        let mut used = Vec::new();
        expr.visit_columns(&mut |column| {
            let input = self.inputs.iter().rposition(|input| input.first <= *column);
            used.extend(input);
        });
        used.sort_unstable();
        used.dedup();
        used
    }

    /// An equality of what stands before an input with what the input holds, in types whose equal
    /// values are the same value.
    fn equality(&self, term: &Expr<usize>, input: usize) -> Option<(Expr<usize>, Expr<usize>)> {
        let Expr::Compare { op: CompareOp::Eq, left, right } = term else { return None };
        if term.is_volatile() {
            return None;
        }
        let scope = self.scope();
        let (a, b) = (scope.type_of(left), scope.type_of(right));
        let alike = (a.is_numeric() && b.is_numeric())
            || (a.is_text() && b.is_text())
            || (a == b && a != SqlType::Any);
        let before = |used: &[usize]| !used.is_empty() && used.iter().all(|u| *u < input);
        let (l, r) = (self.used(left), self.used(right));
        let first = self.inputs.get(input)?.first;
        match alike {
            true if before(&l) && r == [input] => Some((Expr::clone(left), shifted(right, first))),
            true if before(&r) && l == [input] => Some((Expr::clone(right), shifted(left, first))),
            _ => None,
        }
    }
}

/// Whether a step's equalities name every column of its input's primary key, and nothing has to be
/// asked of the input's path.
fn covers_key(step: &Step, input: &Input) -> bool {
    let Relation::Table(source) = &input.relation else { return false };
    let key = source.table.table.key();
    input.rows.is_full_scan()
        && !key.is_empty()
        && key.iter().all(|(column, _)| {
            step.keys.iter().any(|(_, own)| matches!(own, Expr::Column(c) if c == column))
        })
}

fn split(expr: Expr<usize>) -> Vec<Expr<usize>> {
    match expr {
        Expr::And(terms) => terms.into_iter().flat_map(split).collect(),
        other => vec![other],
    }
}

fn shifted(expr: &Expr<usize>, first: usize) -> Expr<usize> {
    let moved = expr.map_columns(&mut |c: &usize| Ok::<_, std::convert::Infallible>(c - first));
    match moved {
        Ok(moved) => moved,
        Err(never) => match never {},
    }
}

fn ephemeral_column(at: usize, name: String, ty: SqlType) -> ColumnDef {
    ColumnDef {
        id: ColumnId::derive(b"derived", &name, &at.to_le_bytes(), 0),
        name,
        generation: 0,
        ty,
        not_null: false,
        default: None,
        missing: Value::Null,
    }
}

fn ephemeral(name: &str, columns: Vec<ColumnDef>) -> TableDef {
    TableDef {
        id: TableId::derive(b"derived", name, b"", 0),
        name: name.to_owned(),
        generation: 0,
        columns,
        primary_key: Vec::new(),
        indexes: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        auto_increment: None,
        local: true,
        created: 0,
        layouts: BTreeMap::new(),
        dropped: BTreeMap::new(),
        notes: BTreeMap::new(),
    }
}

impl Join {
    /// How many columns all inputs have.
    pub fn width(&self) -> usize {
        self.inputs.last().map_or(0, |input| input.first + input.width())
    }

    /// Notes every column that a condition reads.
    pub fn note_columns(&self, note: &mut dyn FnMut(usize)) {
        for step in &self.steps {
            for (before, _) in &step.keys {
                before.visit_columns(&mut |c| note(*c));
            }
            for expr in step.on.iter().chain(&step.after) {
                expr.visit_columns(&mut |c| note(*c));
            }
        }
        for (step, input) in self.steps.iter().zip(self.inputs.iter().skip(1)) {
            for (_, own) in &step.keys {
                own.visit_columns(&mut |c| note(input.first + *c));
            }
        }
        for input in &self.inputs {
            if let Some(filter) = input.rows.filter() {
                filter.visit_columns(&mut |c| note(input.first + *c));
            }
        }
    }

    /// One line per input, the last joined first.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (step, input) in self.steps.iter().zip(self.inputs.iter().skip(1)).rev() {
            let kind = if step.outer { "left join" } else { "join" };
            let how = match (step.by_key, step.keys.len()) {
                (true, _) => "by primary key".to_owned(),
                (false, 0) => "row by row".to_owned(),
                (false, n) => format!("by hash of {n} keys"),
            };
            lines.push(format!("{kind} {} {how}", input.name));
        }
        lines.extend(self.inputs.first().map(|input| match input.rows.path() {
            _ if input.rows.is_full_scan() => format!("scan {}", input.name),
            Path::Keys(keys) => {
                format!("search {} by primary key: {} keys", input.name, keys.len())
            }
            _ => format!("search {} by key or index", input.name),
        }));
        lines
    }
}

/// A row of one input.
type Part = Arc<[Value]>;

/// The rows of an input that may match, once it was read.
enum Side {
    /// By the bytes of the equalities.
    Hash(HashMap<Vec<u8>, Vec<Part>>),
    /// All of them.
    All(Vec<Part>),
    /// Looked up when they are wanted.
    Key,
}

/// The matches of one step for the row so far.
struct Level {
    matches: Vec<Part>,
    at: usize,
}

/// The rows of a join.
pub(in crate::sql) struct JoinRows<'j> {
    ctx: &'j QueryContext<'j>,
    join: &'j Join,
    wanted: Vec<bool>,
    base: Reader<'j>,
    sides: Vec<Side>,
    levels: Vec<Level>,
    opened: bool,
}

impl<'j> JoinRows<'j> {
    /// The rows of a join; of its columns those that are wanted.
    pub fn open(ctx: &'j QueryContext<'j>, plan: &'j Plan, join: &'j Join) -> Self {
        let mut wanted = plan.columns(join.width());
        join.note_columns(&mut |column| {
            if let Some(place) = wanted.get_mut(column) {
                *place = true;
            }
        });
        let base = Reader::new(ctx, join.inputs.first(), &wanted);
        JoinRows { ctx, join, wanted, base, sides: Vec::new(), levels: Vec::new(), opened: false }
    }

    /// Puts the next row into `row`; `false`: there is none.
    ///
    /// # Errors
    /// A fault; a limit; an error of a condition.
    pub fn next(
        &mut self,
        row: &mut [Value],
        eval: &EvalContext<'_>,
        meter: &mut Meter<'_>,
    ) -> Result<bool> {
        if !self.opened {
            self.opened = true;
            for term in &self.join.constant {
                if !term.matches(row, eval)? {
                    self.base = Reader::End;
                }
            }
            for (step, input) in self.join.steps.iter().zip(self.join.inputs.iter().skip(1)) {
                let side = match step.by_key {
                    true => Side::Key,
                    false => read_side(self.ctx, input, step, &self.wanted, eval, meter)?,
                };
                self.sides.push(side);
            }
        }
        loop {
            meter.step()?;
            let depth = self.levels.len();
            let Some(level) = self.levels.last_mut() else {
                let Some(part) = self.base.next(eval, meter)? else { return Ok(false) };
                self.put(row, 0, &part);
                if self.join.steps.is_empty() {
                    return Ok(true);
                }
                self.push(row, eval, meter)?;
                continue;
            };
            let Some(part) = level.matches.get(level.at).cloned() else {
                self.levels.pop();
                continue;
            };
            level.at += 1;
            self.put(row, depth, &part);
            let Some(step) = self.join.steps.get(depth - 1) else { continue };
            if !all(&step.after, row, eval)? {
                continue;
            }
            if depth == self.join.steps.len() {
                return Ok(true);
            }
            self.push(row, eval, meter)?;
        }
    }

    fn put(&self, row: &mut [Value], input: usize, part: &[Value]) {
        let first = self.join.inputs.get(input).map_or(0, |input| input.first);
        for (place, value) in row.iter_mut().skip(first).zip(part) {
            place.clone_from(value);
        }
    }

    /// Finds what the next input has for the row so far.
    fn push(
        &mut self,
        row: &mut [Value],
        eval: &EvalContext<'_>,
        meter: &mut Meter<'_>,
    ) -> Result<()> {
        let at = self.levels.len();
        let (Some(step), Some(input), Some(side)) =
            (self.join.steps.get(at), self.join.inputs.get(at + 1), self.sides.get(at))
        else {
            return Err(Error::Internal("a join without an input".into()));
        };
        let looked_up;
        let candidates: &[Part] = match side {
            Side::All(parts) => parts,
            Side::Hash(parts) => {
                let mut key = Vec::new();
                let known =
                    join_key(&mut key, step.keys.iter().map(|(before, _)| before), row, eval)?;
                known.then(|| parts.get(&key)).flatten().map_or(&[], Vec::as_slice)
            }
            Side::Key => {
                looked_up = look_up(self.ctx, step, input, row, &self.wanted, eval)?;
                looked_up.as_slice()
            }
        };
        let mut matches = Vec::new();
        for part in candidates {
            meter.step()?;
            if step.on.is_empty() {
                matches.push(part.clone());
                continue;
            }
            for (place, value) in row.iter_mut().skip(input.first).zip(part.iter()) {
                place.clone_from(value);
            }
            if all(&step.on, row, eval)? {
                matches.push(part.clone());
            }
        }
        if matches.is_empty() && step.outer {
            matches.push(vec![Value::Null; input.width()].into());
        }
        self.levels.push(Level { matches, at: 0 });
        Ok(())
    }
}

fn all(terms: &[Expr<usize>], row: &[Value], eval: &EvalContext<'_>) -> Result<bool> {
    for term in terms {
        if !term.matches(row, eval)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The bytes of the sides of equalities; `false` where one is NULL and nothing can match.
fn join_key<'e>(
    key: &mut Vec<u8>,
    exprs: impl Iterator<Item = &'e Expr<usize>>,
    row: &[Value],
    eval: &EvalContext<'_>,
) -> Result<bool> {
    for expr in exprs {
        let value = expr.eval(row, eval)?;
        if value.is_null() {
            return Ok(false);
        }
        same_key(key, &value);
    }
    Ok(true)
}

fn read_side(
    ctx: &QueryContext<'_>,
    input: &Input,
    step: &Step,
    wanted: &[bool],
    eval: &EvalContext<'_>,
    meter: &mut Meter<'_>,
) -> Result<Side> {
    let mut reader = Reader::new(ctx, Some(input), wanted);
    let mut all = Vec::new();
    let mut hash: HashMap<Vec<u8>, Vec<Part>> = HashMap::new();
    while let Some(part) = reader.next(eval, meter)? {
        meter.hold_row(&part)?;
        if step.keys.is_empty() {
            all.push(part);
            continue;
        }
        let mut key = Vec::new();
        if join_key(&mut key, step.keys.iter().map(|(_, own)| own), &part, eval)? {
            meter.hold(key.len() + 48)?;
            hash.entry(key).or_default().push(part);
        }
    }
    Ok(match step.keys.is_empty() {
        true => Side::All(all),
        false => Side::Hash(hash),
    })
}

/// The row of an input that has the primary key which the row so far names.
fn look_up(
    ctx: &QueryContext<'_>,
    step: &Step,
    input: &Input,
    row: &[Value],
    wanted: &[bool],
    eval: &EvalContext<'_>,
) -> Result<Vec<Part>> {
    let Relation::Table(source) = &input.relation else { return Ok(Vec::new()) };
    let table = &source.table.table;
    let mut key = Vec::new();
    for (column, descending) in table.key() {
        let equal = step.keys.iter().find(|(_, own)| matches!(own, Expr::Column(c) if c == column));
        let (Some((before, _)), Some(def)) = (equal, table.def.columns.get(*column)) else {
            return Err(Error::Internal("a join by a key that it does not name".into()));
        };
        // A value that the column cannot hold is no row's key.
        let Ok(value) = before.eval(row, eval)?.coerce(&def.ty) else { return Ok(Vec::new()) };
        if value.is_null() {
            return Ok(Vec::new());
        }
        encode_key(&mut key, &value, *descending);
    }
    ctx.note_read(source, crate::tree::KeyRange::exact(&key));
    let Some(stored) = source.table.rows.get(ctx.chunks, &key)? else { return Ok(Vec::new()) };
    let mut part = vec![Value::Null; input.width()];
    let own = |at: usize| wanted.get(input.first + at) == Some(&true);
    table.decode_into(&stored, own, &mut part)?;
    if let Some(filter) = input.rows.filter()
        && !filter.matches(&part, eval)?
    {
        return Ok(Vec::new());
    }
    // The key was made from coerced values: the equalities are asked as they were written.
    for (before, own) in &step.keys {
        let (a, b) = (before.eval(row, eval)?, own.eval(&part, eval)?);
        if a.compare(&b)? != Some(std::cmp::Ordering::Equal) {
            return Ok(Vec::new());
        }
    }
    Ok(vec![part.into()])
}

/// Reads the rows of one input that pass its own conditions.
enum Reader<'r> {
    Table { walk: Box<Walk<'r>>, source: &'r Source, input: &'r Input, own: Vec<bool> },
    Rows { rows: std::slice::Iter<'r, Vec<Value>>, input: &'r Input },
    End,
}

impl<'r> Reader<'r> {
    fn new(ctx: &'r QueryContext<'r>, input: Option<&'r Input>, wanted: &[bool]) -> Self {
        let Some(input) = input else { return Reader::End };
        match &input.relation {
            Relation::Table(source) => {
                let own = wanted.iter().skip(input.first).take(input.width()).copied().collect();
                let walk = Box::new(Walk::new(ctx, source, &input.rows));
                Reader::Table { walk, source, input, own }
            }
            Relation::Rows(_, rows) => Reader::Rows { rows: rows.iter(), input },
        }
    }

    fn next(&mut self, eval: &EvalContext<'_>, meter: &mut Meter<'_>) -> Result<Option<Part>> {
        loop {
            meter.step()?;
            let (row, input): (Vec<Value>, _) = match self {
                Reader::End => return Ok(None),
                Reader::Rows { rows, input } => match rows.next() {
                    Some(row) => (row.clone(), *input),
                    None => return Ok(None),
                },
                Reader::Table { walk, source, input, own } => {
                    let Some((_, stored)) = walk.next()? else { return Ok(None) };
                    let mut row = vec![Value::Null; own.len()];
                    let wanted = |at: usize| own.get(at) == Some(&true);
                    source.table.table.decode_into(&stored, wanted, &mut row)?;
                    (row, *input)
                }
            };
            match input.rows.filter() {
                Some(filter) if !filter.matches(&row, eval)? => {}
                _ => return Ok(Some(row.into())),
            }
        }
    }
}
