//! Columns of tables that are there: added, dropped, given another type.

use super::create::{
    ColumnFacts, add_column_constraints, bind_default, bind_generated, key_order, set_primary_key,
};
use super::parts::add_column;
use crate::error::{Error, Result};
use crate::expr::{EvalContext, Expr};
use crate::row::{ColumnId, Row, State, TableDef, Violation};
use crate::sql::bind::{Scope, bind};
use crate::sql::context::eval_at;
use crate::sql::types::{self, sql_type};
use crate::sql::write::WriteContext;
use crate::txn::Txn;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{ColumnDef as SqlColumn, DataType, Expr as SqlExpr};
use std::cell::Cell;

/// Rows between two looks at the clock.
const ROWS_BETWEEN_LOOKS: u64 = 1024;

/// ADD COLUMN. Rows stay as they are, unless each is to hold a value of its own.
pub(super) fn add_column_to(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    mut def: TableDef,
    column: &SqlColumn,
) -> Result<()> {
    let empty = txn.state().table(def.id).is_none_or(|table| table.rows.count() == 0);
    let facts = ColumnFacts::read(column)?;
    let name = &column.name.value;
    let key = key_order(column);
    if key.is_some() && !def.primary_key.is_empty() {
        return Err(Error::Invalid("a table has one primary key".into()));
    }
    if facts.automatic && def.auto_increment.is_some() {
        return Err(Error::Invalid("one column of a table has automatic ids".into()));
    }
    let default = bind_default(env, &facts)?;
    let generated = match facts.generated {
        None => None,
        Some(_) => {
            let mut plain = def.clone();
            plain.columns.retain(|c| c.generated.is_none());
            bind_generated(env, &plain, &facts)?
        }
    };
    // Evaluated once: every row that is there shows the same.
    let missing = match &default {
        None => Value::Null,
        Some(default) => {
            let bound = default.map_columns(&mut |_| Ok::<usize, Error>(0))?;
            let value = bound.eval(&[], &EvalContext::at(txn.moment()))?;
            types::assign(value, &facts.ty)?
        }
    };
    let computed = generated.is_some();
    let numbered = facts.automatic || (key.is_some() && facts.ty.is_integer() && missing.is_null());
    if facts.not_null && missing.is_null() && !empty && !computed && !numbered {
        let (table, column) = (def.name.clone(), name.clone());
        return Err(Violation::NotNull { table, column }.into());
    }
    let first = missing.clone();
    let id = add_column(&mut def, name, facts.ty, facts.not_null, default, missing, generated)?;
    def.set_comment(Some(id), facts.comment);
    let at = def.columns.len() - 1;
    if facts.automatic {
        def.auto_increment = Some(id);
    }
    if let Some(descending) = key {
        set_primary_key(&mut def, &[(at, descending)])?;
    }
    add_column_constraints(txn.state(), env, &mut def, at, column)?;
    let table = def.id;
    let next = Cell::new(facts.start.unwrap_or(1));
    let rows = Cell::new(0u64);
    let convert = |row: &Row| {
        tick(env, &rows)?;
        let mut row = row.clone();
        row.push(match numbered {
            false => first.clone(),
            true => {
                let id = next.replace(next.get() + 1);
                types::assign(Value::Int(i64::try_from(id).unwrap_or(i64::MAX)), &facts.ty)?
            }
        });
        Ok(row)
    };
    match (computed || numbered || key.is_some()) && !empty {
        true => txn.define(def, Some(&convert))?,
        false => txn.define(def, None)?,
    }
    if numbered {
        txn.begin_ids(table, next.get());
    }
    Ok(())
}

/// Looks at the clock now and then.
fn tick(env: &WriteContext<'_>, rows: &Cell<u64>) -> Result<()> {
    rows.set(rows.get() + 1);
    match rows.get().is_multiple_of(ROWS_BETWEEN_LOOKS) {
        true => env.limits.check_time(),
        false => Ok(()),
    }
}

/// Whether an expression reads a column.
fn reads(expr: &Expr<ColumnId>, id: ColumnId) -> bool {
    let mut found = false;
    expr.visit_columns(&mut |column| found |= *column == id);
    found
}

/// The column goes, and with it the indexes and constraints over it; with `cascade` also what is
/// computed from it.
pub(super) fn drop_column(
    state: &State,
    def: &mut TableDef,
    at: usize,
    cascade: bool,
) -> Result<()> {
    let Some(column) = def.columns.get(at).cloned() else { return Ok(()) };
    if def.primary_key.iter().any(|part| part.column == column.id) {
        return Err(Error::Invalid(format!("column '{}' is in the primary key", column.name)));
    }
    let computed =
        |c: &crate::row::ColumnDef| c.generated.as_ref().is_some_and(|expr| reads(expr, column.id));
    while let Some(other) = def.columns.iter().position(computed) {
        if !cascade {
            let other = def.columns.get(other).map_or("?", |c| c.name.as_str());
            return Err(Error::Invalid(format!(
                "column '{}' is what '{other}' is generated from: drop that first",
                column.name
            )));
        }
        // It is not in a key, and no generated column reads another: this goes one level deep.
        remove_column(state, def, other)?;
    }
    match def.position_of(column.id) {
        Some(at) => remove_column(state, def, at),
        None => Ok(()),
    }
}

fn remove_column(state: &State, def: &mut TableDef, at: usize) -> Result<()> {
    let Some(column) = def.columns.get(at).cloned() else { return Ok(()) };
    if def.columns.len() == 1 {
        return Err(Error::Invalid("a table has at least one column".into()));
    }
    for table in state.tables() {
        let refers = |k: &&crate::row::ForeignKeyDef| {
            k.parent == def.id && k.parent_columns.contains(&column.id)
        };
        if let Some(key) = table.table.def.foreign_keys.iter().find(refers) {
            return Err(Error::Invalid(format!(
                "column '{}' is referred to by '{}' ({}): drop that first",
                column.name,
                table.table.name(),
                key.name
            )));
        }
    }
    let mut dropped = vec![(column.id.0, column.generation)];
    def.set_comment(Some(column.id), None);
    let TableDef { columns, indexes, checks, foreign_keys, auto_increment, .. } = def;
    columns.remove(at);
    auto_increment.take_if(|id| *id == column.id);
    indexes.retain(|index| {
        let gone = index.parts.iter().any(|part| reads(&part.expr, column.id));
        dropped.extend(gone.then_some((index.id.0, 0)));
        !gone
    });
    checks.retain(|check| {
        let gone = reads(&check.expr, column.id);
        dropped.extend(gone.then_some((check.id.0, 0)));
        !gone
    });
    foreign_keys.retain(|key| {
        let gone = key.columns.contains(&column.id);
        dropped.extend(gone.then_some((key.id.0, 0)));
        !gone
    });
    def.dropped.extend(dropped);
    Ok(())
}

/// The type that a column is to have.
///
/// # Errors
/// `Invalid` where something was made for the type that it has: constants in stored expressions
/// were read as that type.
pub(super) fn retyped(state: &State, def: &TableDef, at: usize, ty: &DataType) -> Result<SqlType> {
    let ty = sql_type(ty)?;
    let Some(column) = def.columns.get(at) else { return Ok(ty) };
    if types::same_family(&column.ty, &ty) {
        return Ok(ty);
    }
    let id = column.id;
    let tied = state.tables().flat_map(|t| &t.table.def.foreign_keys).any(|key| {
        key.columns.contains(&id) || (key.parent == def.id && key.parent_columns.contains(&id))
    });
    if tied {
        return Err(Error::Invalid(
            "the column of a foreign key keeps its type: drop the constraint first".into(),
        ));
    }
    let checks = def.checks.iter().map(|c| (&c.name, &c.expr));
    let parts = def.indexes.iter().flat_map(|i| i.parts.iter().map(move |p| (&i.name, &p.expr)));
    let parts = parts.filter(|(_, expr)| !matches!(expr, Expr::Column(_)));
    let generated = def.columns.iter().filter_map(|c| Some((&c.name, c.generated.as_ref()?)));
    let mut readers = checks.chain(parts).chain(generated);
    match readers.find(|(_, expr)| reads(expr, id)) {
        None => Ok(ty),
        Some((name, _)) => Err(Error::Invalid(format!(
            "column '{}' keeps its type: '{name}' is computed from it; drop that first",
            column.name
        ))),
    }
}

/// Gives a column another type; rows are written anew, with `using` in place of the old value.
pub(super) fn change_type(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    mut def: TableDef,
    at: usize,
    ty: SqlType,
    using: Option<&SqlExpr>,
) -> Result<()> {
    let using = using.map(|expr| bind(&Scope::of_def(&def), expr, env.params)).transpose()?;
    let Some(column) = def.columns.get_mut(at) else { return Ok(()) };
    let name = column.name.clone();
    let generated = column.generated.is_some();
    // Every row is written anew: what older rows lacked is a matter of the past.
    column.missing = types::assign(column.missing.clone(), &ty).unwrap_or(Value::Null);
    if let Some(default) = &column.default {
        let bound = default.map_columns(&mut |_| Ok::<usize, Error>(0))?;
        if !bound.is_volatile() {
            let value = bound.eval(&[], &EvalContext::timeless())?;
            types::assign(value, &ty)?;
        }
    }
    let id = column.id;
    column.ty = ty;
    let in_key = def.primary_key.iter().any(|part| part.column == id);
    let in_index = || {
        let mut parts = def.indexes.iter().flat_map(|index| &index.parts);
        parts.any(|part| part.expr == Expr::Column(id))
    };
    if in_key || in_index() {
        types::check_key(&ty, &name)?;
    }
    def.auto_increment.take_if(|automatic| *automatic == id && !ty.is_integer());
    let moment = *txn.moment();
    let eval = eval_at(&moment, env.limits);
    let rows = Cell::new(0);
    let convert = move |row: &Row| {
        tick(env, &rows)?;
        let value = match &using {
            Some(using) => using.eval(row, &eval)?,
            // It is computed anew.
            None if generated => Value::Null,
            None => row.get(at).cloned().unwrap_or(Value::Null),
        };
        let mut row = row.clone();
        if let Some(place) = row.get_mut(at) {
            *place = types::assign(value, &ty)?;
        }
        Ok(row)
    };
    txn.define(def, Some(&convert))
}
