//! ALTER TABLE.

use super::create::{
    ColumnFacts, add_column_constraints, add_constraint, bind_default, set_primary_key,
};
use super::parts::{add_column, check_name, free_name, positions};
use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::row::{ColumnId, IndexOrigin, Row, State, TableDef, TableId, Violation};
use crate::sql::context::table_name;
use crate::sql::request::{Output, StatementKind};
use crate::sql::types::{self, sql_type};
use crate::sql::write::WriteContext;
use crate::txn::Txn;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation, ColumnDef as SqlColumn, ColumnOption, ObjectName,
    TableConstraint,
};

pub(super) fn alter_table(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    name: &ObjectName,
    if_exists: bool,
    operations: &[AlterTableOperation],
) -> Result<Output> {
    let id = match txn.state().find(table_name(name)?) {
        Ok(table) => table.table.id(),
        Err(Error::NotFound { .. }) if if_exists => {
            return Ok(Output::done(StatementKind::AlterTable, 0));
        }
        Err(error) => return Err(error),
    };
    for operation in operations {
        env.limits.check_time()?;
        alter(txn, env, id, operation)?;
    }
    Ok(Output::done(StatementKind::AlterTable, 0))
}

fn alter(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    id: TableId,
    operation: &AlterTableOperation,
) -> Result<()> {
    use AlterTableOperation as Op;
    let Some(table) = txn.state().table(id).cloned() else {
        return Err(Error::Internal("the table to alter is gone".into()));
    };
    let mut def = table.table.def.clone();
    let state = txn.state().clone();
    match operation {
        Op::AddColumn { if_not_exists, column_def, column_position: None, .. } => {
            if *if_not_exists && def.column(&column_def.name.value).is_some() {
                return Ok(());
            }
            let empty = table.rows.count() == 0;
            added_column(txn, env, &mut def, column_def, empty)?;
        }
        Op::DropColumn { column_name, if_exists, cascade } => {
            if *cascade {
                return Err(Error::Unsupported("DROP COLUMN CASCADE".into()));
            }
            let Some(at) = def.position(&column_name.value) else {
                return match if_exists {
                    true => Ok(()),
                    false => Err(Error::not_found(Kind::Column, &*column_name.value)),
                };
            };
            drop_column(&state, &mut def, at)?;
        }
        Op::RenameColumn { old_column_name, new_column_name } => {
            let (old, new) = (&old_column_name.value, &new_column_name.value);
            check_name(Kind::Column, new)?;
            let at = position(&def, old)?;
            if def.position(new).is_some_and(|other| other != at) {
                return Err(Error::exists(Kind::Column, &**new));
            }
            if let Some(column) = def.columns.get_mut(at) {
                column.name.clone_from(new);
            }
        }
        Op::RenameTable { table_name: new } => {
            let new = table_name(new)?;
            check_name(Kind::Table, new)?;
            def.name = new.to_owned();
        }
        Op::AlterColumn { column_name, op } => {
            let at = position(&def, &column_name.value)?;
            if let Some(ty) = alter_column(env, &state, &mut def, at, op)? {
                return change_type(txn, env, def, at, ty);
            }
        }
        Op::AddConstraint(TableConstraint::PrimaryKey { columns, .. }) => {
            if !def.primary_key.is_empty() {
                return Err(Error::Invalid("a table has one primary key".into()));
            }
            let columns = positions(&def, columns.iter().map(|c| c.value.as_str()))?;
            let key: Vec<_> = columns.into_iter().map(|at| (at, false)).collect();
            set_primary_key(&mut def, &key)?;
        }
        Op::AddConstraint(constraint) => add_constraint(&state, env, &mut def, constraint)?,
        Op::DropConstraint { if_exists, name, cascade: false } => {
            if !drop_constraint(&mut def, &name.value)? && !*if_exists {
                return Err(Error::not_found(Kind::Index, &*name.value));
            }
        }
        Op::RenameConstraint { old_name, new_name } => {
            rename_constraint(&state, &mut def, &old_name.value, &new_name.value)?;
        }
        other => return Err(Error::Unsupported(format!("ALTER TABLE … {other}"))),
    }
    still_referred_to(&state, &def)?;
    txn.define(def, None)
}

fn position(def: &TableDef, name: &str) -> Result<usize> {
    def.position(name).ok_or_else(|| Error::not_found(Kind::Column, name))
}

fn added_column(
    txn: &Txn,
    env: &WriteContext<'_>,
    def: &mut TableDef,
    column: &SqlColumn,
    empty: bool,
) -> Result<()> {
    let primary = |o: &ColumnOption| matches!(o, ColumnOption::Unique { is_primary: true, .. });
    if column.options.iter().any(|o| primary(&o.option)) {
        return Err(Error::Unsupported("adding a PRIMARY KEY column".into()));
    }
    let facts = ColumnFacts::read(column)?;
    if facts.automatic {
        return Err(Error::Unsupported("adding a column of automatic ids".into()));
    }
    let name = &column.name.value;
    let default = bind_default(env, &facts)?;
    // Evaluated once: every row that is there shows the same.
    let missing = match &default {
        None => Value::Null,
        Some(default) => {
            let bound = default.map_columns(&mut |_| Ok::<usize, Error>(0))?;
            let value = bound.eval(&[], &crate::expr::EvalContext::at(txn.moment()))?;
            types::assign(value, &facts.ty)?
        }
    };
    if facts.not_null && missing.is_null() && !empty {
        let (table, column) = (def.name.clone(), name.clone());
        return Err(Violation::NotNull { table, column }.into());
    }
    add_column(def, name, facts.ty, facts.not_null, default, missing)?;
    let at = def.columns.len() - 1;
    add_column_constraints(txn.state(), env, def, at, column)
}

/// Whether an expression reads a column.
fn reads(expr: &Expr<ColumnId>, id: ColumnId) -> bool {
    let mut found = false;
    expr.visit_columns(&mut |column| found |= *column == id);
    found
}

/// The column goes, and with it the indexes and constraints over it.
fn drop_column(state: &State, def: &mut TableDef, at: usize) -> Result<()> {
    let Some(column) = def.columns.get(at).cloned() else { return Ok(()) };
    if def.primary_key.iter().any(|part| part.column == column.id) {
        return Err(Error::Invalid(format!("column '{}' is in the primary key", column.name)));
    }
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

/// Changes a column; a new type is returned, because the rows must be rewritten for it.
fn alter_column(
    env: &WriteContext<'_>,
    state: &State,
    def: &mut TableDef,
    at: usize,
    op: &AlterColumnOperation,
) -> Result<Option<SqlType>> {
    let Some(column) = def.columns.get_mut(at) else { return Ok(None) };
    match op {
        AlterColumnOperation::SetNotNull => column.not_null = true,
        AlterColumnOperation::DropNotNull => column.not_null = false,
        AlterColumnOperation::SetDefault { value } => {
            let (ty, not_null) = (column.ty, column.not_null);
            let facts = ColumnFacts { ty, not_null, default: Some(value), automatic: false };
            column.default = bind_default(env, &facts)?;
        }
        AlterColumnOperation::DropDefault => column.default = None,
        AlterColumnOperation::SetDataType { data_type, using: None } => {
            let ty = sql_type(data_type)?;
            let id = column.id;
            if !types::same_family(&column.ty, &ty) {
                let tied = state.tables().flat_map(|t| &t.table.def.foreign_keys).any(|key| {
                    key.columns.contains(&id)
                        || (key.parent == def.id && key.parent_columns.contains(&id))
                });
                if tied {
                    return Err(Error::Invalid(
                        "the column of a foreign key keeps its type: drop the constraint first"
                            .into(),
                    ));
                }
            }
            return Ok(Some(ty));
        }
        other => return Err(Error::Unsupported(format!("ALTER COLUMN … {other}"))),
    }
    Ok(None)
}

fn change_type(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    mut def: TableDef,
    at: usize,
    ty: SqlType,
) -> Result<()> {
    let Some(column) = def.columns.get_mut(at) else { return Ok(()) };
    let name = column.name.clone();
    // Every row is written anew: what older rows lacked is a matter of the past.
    column.missing = types::assign(column.missing.clone(), &ty).unwrap_or(Value::Null);
    if let Some(default) = &column.default {
        let bound = default.map_columns(&mut |_| Ok::<usize, Error>(0))?;
        if !bound.is_volatile() {
            let value = bound.eval(&[], &crate::expr::EvalContext::timeless())?;
            types::assign(value, &ty)?;
        }
    }
    let in_key = def.primary_key.iter().any(|part| Some(part.column) == def.columns.get(at).map(|c| c.id));
    if in_key {
        types::check_key(&ty, &name)?;
        let automatic = def.auto_increment.is_some_and(|id| def.position_of(id) == Some(at));
        if automatic && !ty.is_integer() {
            def.auto_increment = None;
        }
    }
    if let Some(column) = def.columns.get_mut(at) {
        column.ty = ty;
    }
    let rows = std::cell::Cell::new(0u32);
    let convert = move |row: &Row| {
        rows.set(rows.get().wrapping_add(1));
        if rows.get() % 1024 == 0 {
            env.limits.check_time()?;
        }
        let mut row = row.clone();
        if let Some(place) = row.get_mut(at) {
            *place = types::assign(place.clone(), &ty)?;
        }
        Ok(row)
    };
    txn.define(def, Some(&convert))
}

/// Drops a UNIQUE, CHECK or FOREIGN KEY constraint; `false` where there is none of this name.
fn drop_constraint(def: &mut TableDef, name: &str) -> Result<bool> {
    use crate::row::same_name;
    if same_name(name, &format!("{}_pkey", def.name)) && !def.primary_key.is_empty() {
        return Err(Error::Unsupported("dropping a primary key".into()));
    }
    if let Some(at) = def.checks.iter().position(|c| same_name(&c.name, name)) {
        let check = def.checks.remove(at);
        def.dropped.insert(check.id.0, 0);
        return Ok(true);
    }
    if let Some(at) = def.foreign_keys.iter().position(|k| same_name(&k.name, name)) {
        let key = def.foreign_keys.remove(at);
        def.dropped.insert(key.id.0, 0);
        drop_idle_support(def);
        return Ok(true);
    }
    let unique = |i: &crate::row::IndexDef| {
        i.origin == IndexOrigin::Unique && same_name(&i.name, name)
    };
    if let Some(at) = def.indexes.iter().position(unique) {
        let index = def.indexes.remove(at);
        def.dropped.insert(index.id.0, 0);
        return Ok(true);
    }
    Ok(false)
}

/// Indexes that stood for foreign keys which are gone.
fn drop_idle_support(def: &mut TableDef) {
    let keys: Vec<Vec<ColumnId>> = def.foreign_keys.iter().map(|k| k.columns.clone()).collect();
    let mut dropped = Vec::new();
    def.indexes.retain(|index| {
        let serves = |columns: &Vec<ColumnId>| {
            index.parts.len() == columns.len()
                && index.parts.iter().zip(columns).all(|(p, c)| p.expr == Expr::Column(*c))
        };
        let idle = index.origin == IndexOrigin::ForeignKey && !keys.iter().any(serves);
        dropped.extend(idle.then_some((index.id.0, 0)));
        !idle
    });
    def.dropped.extend(dropped);
}

fn rename_constraint(state: &State, def: &mut TableDef, old: &str, new: &str) -> Result<()> {
    use crate::row::same_name;
    check_name(Kind::Index, new)?;
    free_name(state, def, new)?;
    let check = def.checks.iter_mut().map(|c| &mut c.name);
    let keys = def.foreign_keys.iter_mut().map(|k| &mut k.name);
    let unique = def.indexes.iter_mut().filter(|i| i.origin == IndexOrigin::Unique);
    let mut names = check.chain(keys).chain(unique.map(|i| &mut i.name));
    match names.find(|name| same_name(name, old)) {
        Some(name) => {
            new.clone_into(name);
            Ok(())
        }
        None => Err(Error::not_found(Kind::Index, old)),
    }
}

/// Whether every foreign key that refers to this table still finds something unique there.
pub(super) fn still_referred_to(state: &State, def: &TableDef) -> Result<()> {
    for table in state.tables() {
        // The table's own foreign keys are those of the new definition.
        let keys = match table.table.id() == def.id {
            true => &def.foreign_keys,
            false => &table.table.def.foreign_keys,
        };
        for key in keys.iter().filter(|key| key.parent == def.id) {
            let is_key = def.primary_key.iter().map(|p| p.column).eq(key.parent_columns.iter().copied());
            let is_unique = def.indexes.iter().any(|index| {
                index.unique
                    && index.parts.len() == key.parent_columns.len()
                    && index
                        .parts
                        .iter()
                        .zip(&key.parent_columns)
                        .all(|(part, c)| part.expr == Expr::Column(*c))
            });
            if !is_key && !is_unique {
                return Err(Error::Invalid(format!(
                    "foreign key '{}' of '{}' needs what would go: drop it first",
                    key.name,
                    table.table.name()
                )));
            }
        }
    }
    Ok(())
}
