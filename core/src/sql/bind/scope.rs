//! Which names an expression may use, and what they mean.
//!
//! A scope is the columns of a FROM, side by side. Where a name is none of its own, it may be one of
//! the query around it: scopes of a [`Frame`] know where they stand. Positions from [`OUTER`] on are
//! values that a frame is given from outside, those from [`SUB`] on are its subqueries' results.

use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::row::{TableDef, same_name};
use crate::sql::points::split_mark;
use crate::sql::request::OutputColumn;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::Ident;
use std::cell::RefCell;

/// The first position of what a subquery reads of the rows around it.
pub(in crate::sql) const OUTER: usize = 1 << 24;
/// The first position of the results of subqueries.
pub(in crate::sql) const SUB: usize = 1 << 25;
/// The name by which a table's row key is reached, as a BLOB behind its columns.
pub(in crate::sql) const ROW_KEY: &str = "\u{1}row_key";

/// One query that is evaluated as a whole: the statement's own, or a subquery of an expression.
#[derive(Debug, Default)]
pub(in crate::sql) struct Frame<'s> {
    /// What stands around it.
    parent: Option<&'s Scope<'s>>,
    /// What it reads from there: the column there, and its type.
    outer: RefCell<Vec<(usize, SqlType)>>,
    /// The types of its subqueries' results.
    subs: RefCell<Vec<SqlType>>,
}

impl<'s> Frame<'s> {
    /// A query inside an expression over `parent`.
    pub fn inside(parent: &'s Scope<'s>) -> Self {
        Frame { parent: Some(parent), ..Frame::default() }
    }

    /// A query that sees what this one sees around it, but is evaluated by itself.
    pub fn beside(&self) -> Self {
        Frame { parent: self.parent, ..Frame::default() }
    }

    /// Adds a subquery's result; its position.
    pub fn add_sub(&self, ty: SqlType) -> usize {
        let mut subs = self.subs.borrow_mut();
        subs.push(ty);
        SUB + subs.len() - 1
    }

    /// The columns around it that it reads, in the order of their positions from [`OUTER`] on.
    pub fn outer(&self) -> Vec<usize> {
        self.outer.borrow().iter().map(|(column, _)| *column).collect()
    }

    /// Whether it reads nothing of what is around it.
    pub fn stands_alone(&self) -> bool {
        self.outer.borrow().is_empty()
    }

    fn find(&self, names: &[Ident]) -> Result<Option<Expr<usize>>> {
        let Some(parent) = self.parent else { return Ok(None) };
        let Some(found) = parent.find_expr(names)? else { return Ok(None) };
        let moved = found.map_columns(&mut |column: &usize| {
            let ty = parent.type_at(*column);
            let mut outer = self.outer.borrow_mut();
            let at = match outer.iter().position(|(known, _)| known == column) {
                Some(at) => at,
                None => {
                    outer.push((*column, ty));
                    outer.len() - 1
                }
            };
            Ok::<usize, Error>(OUTER + at)
        })?;
        Ok(Some(moved))
    }

    fn type_at(&self, at: usize) -> SqlType {
        match at.checked_sub(SUB) {
            Some(sub) => self.subs.borrow().get(sub).copied(),
            None => {
                let outer = self.outer.borrow();
                at.checked_sub(OUTER).and_then(|at| outer.get(at)).map(|(_, ty)| *ty)
            }
        }
        .unwrap_or(SqlType::Any)
    }
}

/// The columns of one or more tables, side by side.
#[derive(Debug, Clone, Default)]
pub(in crate::sql) struct Scope<'s> {
    tables: Vec<ScopeTable<'s>>,
    merged: Vec<Merged>,
    frame: Option<&'s Frame<'s>>,
    /// Whether names mean nothing that is around the frame.
    sealed: bool,
    /// What stands above the rows, where an expression is bound there.
    above: Option<&'s AboveTypes>,
}

/// The types of what a SELECT has above its FROM: keys and results of groups, and the results of
/// window functions.
#[derive(Debug)]
pub(in crate::sql) struct AboveTypes {
    /// `None`: without groups the columns of the FROM are still there.
    groups: Option<RefCell<Vec<SqlType>>>,
    windows: RefCell<Vec<SqlType>>,
    /// The first position of what window functions give.
    first_window: usize,
}

impl AboveTypes {
    /// Types of the keys of groups, if there are groups.
    pub fn new(keys: Option<impl Iterator<Item = SqlType>>, first_window: usize) -> Self {
        let groups = keys.map(|keys| RefCell::new(keys.collect()));
        AboveTypes { groups, windows: RefCell::default(), first_window }
    }

    /// One more result of an aggregate.
    pub fn push(&self, ty: SqlType) {
        if let Some(groups) = &self.groups {
            groups.borrow_mut().push(ty);
        }
    }

    /// One more result of a window function.
    pub fn push_window(&self, ty: SqlType) {
        self.windows.borrow_mut().push(ty);
    }

    fn get(&self, at: usize) -> Option<SqlType> {
        match at.checked_sub(self.first_window) {
            Some(at) => self.windows.borrow().get(at).copied(),
            None => {
                let groups = self.groups.as_ref()?;
                Some(groups.borrow().get(at).copied().unwrap_or(SqlType::Any))
            }
        }
    }
}

/// A column that USING made of two.
#[derive(Debug, Clone)]
pub(in crate::sql) struct Merged {
    /// Its name.
    pub name: String,
    /// Its value.
    pub expr: Expr<usize>,
    /// The columns that it stands for.
    pub hides: Vec<usize>,
}

/// The columns of a table of a scope.
#[derive(Debug, Clone, Copy)]
pub(in crate::sql) enum Columns<'s> {
    /// A stored table's.
    Table(&'s TableDef),
    /// A relation's that exists for the statement.
    Named(&'s [OutputColumn]),
    /// A series', whose only one is called `value` as well.
    Series(&'s [OutputColumn]),
}

/// What the column of a series is called in SQLite, whatever its alias.
const SERIES_VALUE: &str = "value";

impl<'s> Columns<'s> {
    /// How many of them have names.
    pub fn named(&self) -> usize {
        match self {
            Columns::Table(def) => def.columns.len(),
            Columns::Named(columns) | Columns::Series(columns) => columns.len(),
        }
    }

    /// A column's name and type.
    pub fn get(&self, at: usize) -> Option<(&'s str, SqlType)> {
        match self {
            Columns::Table(def) => def.columns.get(at).map(|c| (c.name.as_str(), c.ty)),
            Columns::Named(columns) | Columns::Series(columns) => {
                columns.get(at).map(|c| (c.name.as_str(), c.ty))
            }
        }
    }

    fn find(&self, name: &str) -> Result<Option<usize>> {
        match self {
            Columns::Table(def) => match def.position(name) {
                None if name == ROW_KEY => Ok(Some(def.columns.len())),
                found => Ok(found),
            },
            Columns::Series([_]) if same_name(name, SERIES_VALUE) => Ok(Some(0)),
            Columns::Named(columns) | Columns::Series(columns) => {
                let mut all = columns.iter().enumerate().filter(|(_, c)| same_name(&c.name, name));
                match (all.next(), all.next()) {
                    (Some(_), Some(_)) => Err(ambiguous(name)),
                    (found, _) => Ok(found.map(|(at, _)| at)),
                }
            }
        }
    }
}

#[derive(Debug, Clone)]
struct ScopeTable<'s> {
    /// Its alias, or else its name.
    name: &'s str,
    columns: Columns<'s>,
    /// The position of its first column.
    first: usize,
    /// Whether a column is only found with the table's name before it.
    qualified: bool,
}

impl<'s> Scope<'s> {
    /// No columns.
    pub fn empty() -> Self {
        Scope::default()
    }

    /// The columns of a table under its own name.
    pub fn of_def(def: &'s TableDef) -> Self {
        Scope::of_table(def, None)
    }

    /// The columns of a table under an alias.
    pub fn of_table(def: &'s TableDef, alias: Option<&'s str>) -> Self {
        let mut scope = Scope::empty();
        scope.push(alias.unwrap_or(&def.name), Columns::Table(def), 0);
        scope
    }

    /// The scope of a frame: names that are not its own are looked for around it, unless it is
    /// `sealed`.
    pub fn within(mut self, frame: &'s Frame<'s>, sealed: bool) -> Self {
        (self.frame, self.sealed) = (Some(frame), sealed);
        self
    }

    /// One more table, whose first column stands at `first`.
    pub fn push(&mut self, name: &'s str, columns: Columns<'s>, first: usize) {
        self.tables.push(ScopeTable { name, columns, first, qualified: false });
    }

    /// A column that stands for several.
    pub fn merge(&mut self, merged: Merged) {
        self.merged.push(merged);
    }

    /// The same for expressions above the rows: positions mean what these types are of.
    pub fn above(mut self, types: &'s AboveTypes) -> Self {
        self.above = Some(types);
        self
    }

    /// Whether all rows that agree in these keys have the same value in a column: the keys hold the
    /// primary key of its table.
    pub fn is_determined(&self, at: usize, keys: &[Expr<usize>]) -> bool {
        let table = self.tables.iter().rev().find(|t| t.first <= at);
        let Some(ScopeTable { columns: Columns::Table(def), first, .. }) = table else {
            return false;
        };
        !def.primary_key.is_empty()
            && def.primary_key.iter().all(|part| {
                let at = def.columns.iter().position(|column| column.id == part.column);
                at.is_some_and(|at| keys.contains(&Expr::Column(first + at)))
            })
    }

    /// The same with another table's columns behind, which must be named with `name` before them.
    pub fn with(mut self, def: &'s TableDef, name: &'s str) -> Self {
        let first = self.width();
        self.tables.push(ScopeTable { name, columns: Columns::Table(def), first, qualified: true });
        self
    }

    /// The same with a relation's columns from `first` on, which must be named with `name` before
    /// them and are not shown by `*`.
    pub fn beside(mut self, name: &'s str, columns: &'s [OutputColumn], first: usize) -> Self {
        let columns = Columns::Named(columns);
        self.tables.push(ScopeTable { name, columns, first, qualified: true });
        self
    }

    /// How many columns there are. The key of a lone table is not counted.
    pub fn width(&self) -> usize {
        self.tables.last().map_or(0, |t| t.first + t.columns.named())
    }

    /// Whether there is no table.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Whether a table goes by this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.tables.iter().any(|t| same_name(t.name, name))
    }

    /// The columns that `name.*` shows: position, name and type.
    pub fn columns_of<'a>(
        &'a self,
        name: &str,
    ) -> impl Iterator<Item = (usize, &'s str, SqlType)> + 'a {
        let named: Vec<&ScopeTable<'s>> =
            self.tables.iter().filter(|t| same_name(t.name, name)).collect();
        named.into_iter().flat_map(own_columns)
    }

    /// The columns that `*` shows: value, name and type.
    pub fn columns(&self) -> Vec<(Expr<usize>, String, SqlType)> {
        let mut all = Vec::new();
        for merged in &self.merged {
            all.push((merged.expr.clone(), merged.name.clone(), self.type_of(&merged.expr)));
        }
        for table in self.tables.iter().filter(|t| !t.qualified) {
            for (at, name, ty) in own_columns(table) {
                if !self.is_hidden(at) {
                    all.push((Expr::Column(at), name.to_owned(), ty));
                }
            }
        }
        all
    }

    fn is_hidden(&self, at: usize) -> bool {
        self.merged.iter().any(|merged| merged.hides.contains(&at))
    }

    /// A column's name as it is spelled in its table.
    pub fn column_name(&self, name: &str) -> Option<&str> {
        self.tables.iter().find_map(|t| {
            let at = t.columns.find(name).ok().flatten()?;
            if matches!(t.columns, Columns::Series(_)) && same_name(name, SERIES_VALUE) {
                return Some(SERIES_VALUE);
            }
            t.columns.get(at).map(|(name, _)| name)
        })
    }

    /// What a name means: a column here, or of a query around this one.
    ///
    /// # Errors
    /// `NotFound`; `Sql` where several tables have one.
    pub fn resolve(&self, names: &[Ident]) -> Result<Expr<usize>> {
        self.find_expr(names)?.ok_or_else(|| not_found(names))
    }

    fn find_expr(&self, names: &[Ident]) -> Result<Option<Expr<usize>>> {
        if let Some(own) = self.find_own(names)? {
            return Ok(Some(own));
        }
        match self.frame {
            Some(frame) if !self.sealed => frame.find(names),
            _ => Ok(None),
        }
    }

    fn find_own(&self, names: &[Ident]) -> Result<Option<Expr<usize>>> {
        let (table, column) = match names {
            [column] => (None, &column.value),
            [table, column] => (Some(&table.value), &column.value),
            [schema, table, column]
                if ["main", "public"].iter().any(|s| same_name(s, &schema.value)) =>
            {
                (Some(&table.value), &column.value)
            }
            _ => return Ok(None),
        };
        if table.is_none()
            && let Some(merged) = self.merged.iter().find(|m| same_name(&m.name, column))
        {
            return Ok(Some(merged.expr.clone()));
        }
        let mut found = None;
        for t in &self.tables {
            let applies = match table {
                Some(name) => same_name(t.name, split_mark(name).0),
                None => !t.qualified,
            };
            if !applies {
                continue;
            }
            let at = t.columns.find(column)?.map(|at| t.first + at);
            let at = at.filter(|at| table.is_some() || !self.is_hidden(*at));
            if at.is_some() && std::mem::replace(&mut found, at).is_some() {
                return Err(ambiguous(column));
            }
        }
        Ok(found.map(Expr::Column))
    }

    /// The type of an expression, where one is known.
    pub fn type_of(&self, expr: &Expr<usize>) -> SqlType {
        match expr {
            Expr::Literal(Value::Null) => SqlType::Any,
            expr => expr.result_type(&|at| self.type_at(*at)),
        }
    }

    /// The type of what stands at a position.
    pub fn type_at(&self, at: usize) -> SqlType {
        if at >= OUTER {
            return self.frame.map_or(SqlType::Any, |frame| frame.type_at(at));
        }
        if let Some(ty) = self.above.and_then(|above| above.get(at)) {
            return ty;
        }
        let table = self.tables.iter().rev().find(|t| t.first <= at);
        let column = table.and_then(|t| t.columns.get(at - t.first));
        column.map_or(SqlType::Any, |(_, ty)| ty)
    }
}

fn own_columns<'s>(
    t: &ScopeTable<'s>,
) -> impl Iterator<Item = (usize, &'s str, SqlType)> + use<'s> {
    let (first, columns) = (t.first, t.columns);
    (0..columns.named())
        .filter_map(move |at| columns.get(at).map(|(name, ty)| (first + at, name, ty)))
}

fn ambiguous(column: &str) -> Error {
    Error::Sql(format!("column '{column}' is ambiguous"))
}

fn shown(names: &[Ident]) -> String {
    let names: Vec<&str> = names.iter().map(|n| split_mark(&n.value).0).collect();
    names.join(".")
}

fn not_found(names: &[Ident]) -> Error {
    Error::not_found(Kind::Column, shown(names))
}
