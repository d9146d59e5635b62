//! SET: which columns are given which values.

use super::target::column_of;
use crate::error::{Error, Kind, Result};
use crate::expr::{EvalContext, Expr};
use crate::row::{Row, StoredExpr, Table, TableDef};
use crate::sql::bind::{Scope, bind_alone, bind_open};
use crate::sql::context::QueryContext;
use crate::sql::keeping::position;
use crate::sql::types;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    Assignment, AssignmentTarget, Expr as SqlExpr, FunctionArg, FunctionArgExpr, FunctionArguments,
    ObjectName, Value as SqlValue,
};
use std::borrow::Cow;

/// A column that is given a new value; `None` stands for NULL.
#[derive(Debug)]
pub(in crate::sql) struct Assigned {
    /// The column's position.
    pub column: usize,
    /// Its new value.
    pub value: Option<Expr<usize>>,
}

impl Assigned {
    /// The row with its new values. Expressions are evaluated over `seen`, which begins with the
    /// row and may go on.
    ///
    /// # Errors
    /// What an expression gives; `Value` for what does not fit a column.
    pub fn apply(
        assigned: &[Assigned],
        table: &Table,
        seen: &[Value],
        eval: &EvalContext<'_>,
    ) -> Result<Row> {
        let columns = &table.def.columns;
        let mut new: Row = seen.get(..columns.len()).unwrap_or(seen).to_vec();
        for Assigned { column, value } in assigned {
            let value = value.as_ref().map_or(Ok(Value::Null), |expr| expr.eval(seen, eval))?;
            let Some(definition) = columns.get(*column) else { continue };
            if let Some(place) = new.get_mut(*column) {
                *place = types::assign(value, &definition.ty)?;
            }
        }
        table.generate(&mut new)?;
        Ok(new)
    }
}

/// A SET list as it was written: each column with what it is given; `None` stands for DEFAULT.
pub(super) struct SetList<'s>(Vec<(usize, Option<Cow<'s, SqlExpr>>)>);

impl<'s> SetList<'s> {
    /// Reads a SET list. `(a, b) = (1, 2)` is `a = 1, b = 2`.
    ///
    /// # Errors
    /// `NotFound`; `Sql` for a column that is set twice and for rows of another length.
    pub fn read(def: &TableDef, assignments: &'s [Assignment]) -> Result<Self> {
        let mut list = SetList(Vec::with_capacity(assignments.len()));
        for Assignment { target, value } in assignments {
            match target {
                AssignmentTarget::ColumnName(name) => {
                    list.push(def, name, Cow::Borrowed(value))?;
                }
                AssignmentTarget::Tuple(names) => list.row(def, names, value)?,
            }
        }
        Ok(list)
    }

    fn row(&mut self, def: &TableDef, names: &[ObjectName], value: &'s SqlExpr) -> Result<()> {
        let mut value = value;
        while let SqlExpr::Nested(inner) = value {
            value = inner;
        }
        let values: Vec<Cow<'s, SqlExpr>> = match value {
            SqlExpr::Tuple(values) => values.iter().map(Cow::Borrowed).collect(),
            SqlExpr::Subquery(query) => {
                let shown = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let column = |at| column_of(query, names.len(), at, &format!("({shown})"));
                (0..names.len()).map(|at| Cow::Owned(column(at))).collect()
            }
            value => match row_of(value) {
                Some(values) => values.into_iter().map(Cow::Borrowed).collect(),
                None => vec![Cow::Borrowed(value)],
            },
        };
        if values.len() != names.len() {
            return Err(Error::Sql(format!(
                "a row of {} values for {} columns",
                values.len(),
                names.len()
            )));
        }
        names.iter().zip(values).try_for_each(|(name, value)| self.push(def, name, value))
    }

    fn push(&mut self, def: &TableDef, name: &ObjectName, value: Cow<'s, SqlExpr>) -> Result<()> {
        let name = name.0.last().map_or("", |ident| ident.value.as_str());
        let column = def.position(name).ok_or_else(|| Error::not_found(Kind::Column, name))?;
        if self.0.iter().any(|(known, _)| *known == column) {
            return Err(Error::Sql(format!("column '{name}' is set twice")));
        }
        let value = (!is_default(&value)).then_some(value);
        if value.is_some() {
            refuse_generated(def, column)?;
        }
        self.0.push((column, value));
        Ok(())
    }

    /// The expressions in the list.
    pub fn exprs(&self) -> Vec<SqlExpr> {
        let exprs = self.0.iter().filter_map(|(_, value)| value.as_deref());
        exprs.cloned().collect()
    }

    /// The columns that it changes, by position.
    pub fn columns(&self) -> Vec<usize> {
        self.0.iter().map(|(at, _)| *at).collect()
    }

    /// The types of the columns that its expressions are put into.
    pub fn types(&self, def: &TableDef) -> Vec<SqlType> {
        let ty = |at: usize| def.columns.get(at).map_or(SqlType::Any, |column| column.ty);
        self.0.iter().filter(|(_, value)| value.is_some()).map(|(at, _)| ty(*at)).collect()
    }

    /// Binds the list; `None`: it holds a subquery that is to be run for each row.
    ///
    /// # Errors
    /// What binding gives.
    pub fn bind(
        &self,
        ctx: &QueryContext<'_>,
        scope: &Scope<'_>,
        def: &TableDef,
    ) -> Result<Option<Vec<Assigned>>> {
        let mut assigned = Vec::with_capacity(self.0.len());
        for (column, value) in &self.0 {
            let value = match value {
                None => default_of(def, *column)?,
                Some(expr) => match bind_alone(ctx, scope, expr)? {
                    None => return Ok(None),
                    Some(bound) => {
                        if let (Expr::Column(at), Some(asked)) = (&bound, ctx.params.asked()) {
                            let ty = def.columns.get(*column).map_or(SqlType::Any, |c| c.ty);
                            asked.tell(*at, ty);
                        }
                        Some(bound)
                    }
                },
            };
            assigned.push(Assigned { column: *column, value });
        }
        Ok(Some(assigned))
    }

    /// Binds the list with parameters of these types left open, and those that are a column's whole
    /// value.
    ///
    /// # Errors
    /// What binding gives; any for what cannot be bound so.
    pub fn bind_open(
        &self,
        scope: &Scope<'_>,
        def: &TableDef,
        families: &[Option<SqlType>],
    ) -> Result<Vec<Assigned>> {
        let bound = |(column, value): &(usize, Option<Cow<'s, SqlExpr>>)| {
            let value = match value.as_deref() {
                None => default_of(def, *column)?,
                Some(SqlExpr::Value(SqlValue::Placeholder(name))) => {
                    let at = position(name);
                    Some(Expr::Column(at.ok_or_else(|| Error::Unsupported(name.clone()))?))
                }
                Some(expr) => Some(bind_open(scope, expr, families)?),
            };
            Ok(Assigned { column: *column, value })
        };
        self.0.iter().map(bound).collect()
    }

    /// The list for rows that have the values of its expressions behind their own columns.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn behind(&self, def: &TableDef) -> Result<Vec<Assigned>> {
        let mut places = def.columns.len()..;
        let mut assigned = Vec::with_capacity(self.0.len());
        for (column, value) in &self.0 {
            let value = match value {
                None => default_of(def, *column)?,
                Some(_) => places.next().map(Expr::Column),
            };
            assigned.push(Assigned { column: *column, value });
        }
        Ok(assigned)
    }
}

/// `ROW(a, b)`
fn row_of(expr: &SqlExpr) -> Option<Vec<&SqlExpr>> {
    let SqlExpr::Function(call) = expr else { return None };
    let [name] = call.name.0.as_slice() else { return None };
    let FunctionArguments::List(list) = &call.args else { return None };
    if !name.value.eq_ignore_ascii_case("ROW") {
        return None;
    }
    let values = list.args.iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    values.collect()
}

/// Whether an expression is the word DEFAULT.
pub(super) fn is_default(expr: &SqlExpr) -> bool {
    matches!(expr, SqlExpr::Identifier(word)
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("DEFAULT"))
}

/// What a column is given where nothing is said; `None`: NULL.
///
/// # Errors
/// `Corrupt`.
pub(super) fn default_of(def: &TableDef, column: usize) -> Result<Option<Expr<usize>>> {
    let bound = |default: &StoredExpr| default.map_columns(&mut |_| Ok::<usize, Error>(0));
    def.columns.get(column).and_then(|c| c.default.as_ref()).map(bound).transpose()
}

/// A value for a generated column is refused; DEFAULT is what it has anyway.
///
/// # Errors
/// `Invalid`.
pub(super) fn refuse_generated(def: &TableDef, at: usize) -> Result<()> {
    match def.columns.get(at) {
        Some(column) if column.generated.is_some() => Err(Error::Invalid(format!(
            "column '{}' is generated: it takes no value but DEFAULT",
            column.name
        ))),
        _ => Ok(()),
    }
}
