//! Which names an expression may use, and what they mean.

use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::row::{TableDef, same_name};
use crate::sql::points::split_mark;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::Ident;

/// The columns of one or more tables, side by side.
#[derive(Debug, Clone, Default)]
pub(in crate::sql) struct Scope<'s> {
    tables: Vec<ScopeTable<'s>>,
}

#[derive(Debug, Clone)]
struct ScopeTable<'s> {
    /// Its alias, or else its name.
    name: &'s str,
    def: &'s TableDef,
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
        let name = alias.unwrap_or(&def.name);
        Scope { tables: vec![ScopeTable { name, def, first: 0, qualified: false }] }
    }

    /// The columns of several tables side by side, each under its name.
    pub fn joined(tables: impl IntoIterator<Item = (&'s TableDef, &'s str)>) -> Self {
        let mut scope = Scope::empty();
        for (def, name) in tables {
            let first = scope.width();
            scope.tables.push(ScopeTable { name, def, first, qualified: false });
        }
        scope
    }

    /// The columns that `name.*` shows: position, name and type.
    pub fn columns_of(&self, name: &str) -> impl Iterator<Item = (usize, &str, &SqlType)> {
        let named: Vec<&ScopeTable<'s>> =
            self.tables.iter().filter(|t| same_name(t.name, name)).collect();
        named.into_iter().flat_map(|t| {
            let columns = t.def.columns.iter().enumerate();
            columns.map(|(at, c)| (t.first + at, c.name.as_str(), &c.ty))
        })
    }

    /// The same with another table's columns behind, which must be named with `name` before them.
    pub fn with(mut self, def: &'s TableDef, name: &'s str) -> Self {
        let first = self.width();
        self.tables.push(ScopeTable { name, def, first, qualified: true });
        self
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.tables.last().map_or(0, |t| t.first + t.def.columns.len())
    }

    /// Whether there is no table.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Whether a table goes by this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.tables.iter().any(|t| same_name(t.name, name))
    }

    /// The columns that `*` shows: position, name and type.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &str, &SqlType)> {
        self.tables.iter().filter(|t| !t.qualified).flat_map(|t| {
            let columns = t.def.columns.iter().enumerate();
            columns.map(|(at, c)| (t.first + at, c.name.as_str(), &c.ty))
        })
    }

    /// A column's name as it is spelled in its table.
    pub fn column_name(&self, name: &str) -> Option<&str> {
        self.tables.iter().find_map(|t| t.def.column(name)).map(|c| c.name.as_str())
    }

    /// The position of the column that a name means.
    ///
    /// # Errors
    /// `NotFound`; `Sql` where several tables have one.
    pub fn find(&self, names: &[Ident]) -> Result<usize> {
        let (table, column) = match names {
            [column] => (None, &column.value),
            [table, column] => (Some(&table.value), &column.value),
            [schema, table, column]
                if ["main", "public"].iter().any(|s| same_name(s, &schema.value)) =>
            {
                (Some(&table.value), &column.value)
            }
            _ => return Err(not_found(names)),
        };
        let mut found = None;
        for t in &self.tables {
            let applies = match table {
                Some(name) => same_name(t.name, split_mark(name).0),
                None => !t.qualified,
            };
            if let (true, Some(at)) = (applies, t.def.position(column))
                && found.replace(t.first + at).is_some()
            {
                return Err(Error::Sql(format!("column '{column}' is ambiguous")));
            }
        }
        found.ok_or_else(|| not_found(names))
    }

    /// The type of an expression, where one is known.
    pub fn type_of(&self, expr: &Expr<usize>) -> SqlType {
        let column = |at: usize| {
            let table = self.tables.iter().rev().find(|t| t.first <= at);
            table.and_then(|t| t.def.columns.get(at - t.first)).map_or(SqlType::Any, |c| c.ty)
        };
        match expr {
            Expr::Literal(Value::Null) => SqlType::Any,
            expr => expr.result_type(&|at| column(*at)),
        }
    }
}

fn not_found(names: &[Ident]) -> Error {
    let names: Vec<&str> = names.iter().map(|n| split_mark(&n.value).0).collect();
    Error::not_found(Kind::Column, names.join("."))
}
