//! ALTER TABLE: its actions one after the other, all of them or none.

use super::column::{add_column_to, change_type, drop_column, retyped};
use super::constraint::{drop_constraint, drop_key, let_go, rename_constraint, unique_columns};
use super::create::set_primary_key;
use super::create::{ColumnFacts, add_constraint, bind_default, key_positions, name_key};
use super::parts::{check_name, support_foreign_key};
use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::row::{State, TableDef, TableId};
use crate::sql::context::table_name;
use crate::sql::request::{Output, StatementKind};
use crate::sql::write::WriteContext;
use crate::tree::KeyRange;
use crate::txn::Txn;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation, Ident, ObjectName, TableConstraint,
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
    let mut def = definition(txn, id)?;
    match operation {
        Op::AddColumn { if_not_exists, column_def, column_position: None, .. } => {
            if *if_not_exists && def.column(&column_def.name.value).is_some() {
                return Ok(());
            }
            return add_column_to(txn, env, def, column_def);
        }
        Op::DropColumn { column_name, if_exists, cascade } => {
            let Some(at) = def.position(&column_name.value) else {
                return match if_exists {
                    true => Ok(()),
                    false => Err(Error::not_found(Kind::Column, &*column_name.value)),
                };
            };
            if *cascade && let Some(column) = def.columns.get(at).map(|c| c.id) {
                let before = txn.state().clone();
                let_go(txn, id, |key| key.parent_columns.contains(&column))?;
                def = definition(txn, id)?;
                drop_column(txn.state(), &mut def, at, true)?;
                finish(txn, def)?;
                return super::drop::broken_views(txn, env, &before);
            }
            drop_column(txn.state(), &mut def, at, false)?;
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
            return alter_column(txn, env, def, at, op);
        }
        Op::AddConstraint(TableConstraint::PrimaryKey { name, columns, .. }) => {
            return add_key(txn, def, name.as_ref(), columns);
        }
        Op::AddConstraint(constraint) => {
            add_constraint(txn.state(), env, &mut def, constraint)?;
        }
        Op::DropConstraint { if_exists, name, cascade } => {
            let name = &name.value;
            if *cascade && let Some(columns) = unique_columns(&def, name) {
                let_go(txn, id, |key| key.parent_columns == columns)?;
                def = definition(txn, id)?;
            }
            match (drop_constraint(&mut def, name), *if_exists) {
                (true, _) => {}
                (false, true) => return Ok(()),
                (false, false) => return Err(Error::not_found(Kind::Index, &**name)),
            }
        }
        Op::DropPrimaryKey => {
            if def.primary_key.is_empty() {
                return Err(Error::Invalid(format!("table '{}' has no primary key", def.name)));
            }
            drop_key(&mut def);
        }
        Op::RenameConstraint { old_name, new_name } => {
            rename_constraint(txn.state(), &mut def, &old_name.value, &new_name.value)?;
        }
        other => return Err(Error::Unsupported(format!("ALTER TABLE … {other}"))),
    }
    finish(txn, def)
}

fn definition(txn: &Txn, id: TableId) -> Result<TableDef> {
    let table = txn.state().table(id).map(|t| t.table.def.clone());
    table.ok_or_else(|| Error::Internal("the table to alter is gone".into()))
}

/// Puts a definition in that rewrites no row for a new type.
pub(super) fn finish(txn: &mut Txn, mut def: TableDef) -> Result<()> {
    if def.view().is_none() {
        // A foreign key may have leaned on a key or an index that is gone.
        let positions = |key: &crate::row::ForeignKeyDef| {
            key.columns.iter().filter_map(|c| def.position_of(*c)).collect::<Vec<_>>()
        };
        let keys: Vec<Vec<usize>> = def.foreign_keys.iter().map(positions).collect();
        for columns in keys {
            support_foreign_key(txn.state(), &mut def, &columns)?;
        }
        still_referred_to(txn.state(), &def)?;
    }
    txn.define(def, None)
}

fn position(def: &TableDef, name: &str) -> Result<usize> {
    def.position(name).ok_or_else(|| Error::not_found(Kind::Column, name))
}

fn add_key(
    txn: &mut Txn,
    mut def: TableDef,
    name: Option<&Ident>,
    columns: &[Ident],
) -> Result<()> {
    if !def.primary_key.is_empty() {
        return Err(Error::Invalid("a table has one primary key".into()));
    }
    let key = key_positions(&def, columns)?;
    set_primary_key(&mut def, &key)?;
    name_key(&mut def, name)?;
    let id = def.id;
    finish(txn, def)?;
    pass_over(txn, id)
}

/// Automatic ids go on after those that the rows have already.
fn pass_over(txn: &mut Txn, id: TableId) -> Result<()> {
    let Some(state) = txn.state().table(id).cloned() else { return Ok(()) };
    let Some(at) = state.table.auto_increment() else { return Ok(()) };
    let mut last = 0;
    let mut row = vec![Value::Null; state.table.def.columns.len()];
    let mut cursor = state.rows.cursor(txn.chunks(), &KeyRange::all(), false)?;
    while let Some((_, bytes)) = cursor.next()? {
        state.table.decode_into(&bytes, |column| column == at, &mut row)?;
        if let Some(Value::Int(id)) = row.get(at) {
            last = last.max(*id);
        }
    }
    drop(cursor);
    // Not negative: it began at zero.
    txn.begin_ids(id, last as u64 + 1);
    Ok(())
}

fn alter_column(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    mut def: TableDef,
    at: usize,
    op: &AlterColumnOperation,
) -> Result<()> {
    let id = def.id;
    let Some(column) = def.columns.get_mut(at) else { return Ok(()) };
    match op {
        AlterColumnOperation::SetNotNull => column.not_null = true,
        AlterColumnOperation::DropNotNull => column.not_null = false,
        AlterColumnOperation::SetDefault { value } => {
            if column.generated.is_some() {
                return Err(Error::Invalid("a generated column has no other value".into()));
            }
            let facts = ColumnFacts { default: Some(value), ..ColumnFacts::of(column.ty) };
            column.default = bind_default(env, &facts)?;
        }
        AlterColumnOperation::DropDefault => column.default = None,
        AlterColumnOperation::SetDataType { data_type, using } => {
            let ty = retyped(txn.state(), &def, at, data_type)?;
            return change_type(txn, env, def, at, ty, using.as_ref());
        }
        AlterColumnOperation::AddGenerated { .. } => {
            if !column.ty.is_integer() || column.default.is_some() || column.generated.is_some() {
                return Err(Error::Invalid(format!(
                    "automatic ids are integers without a default; column '{}' is not",
                    column.name
                )));
            }
            column.not_null = true;
            let column = column.id;
            if def.auto_increment.replace(column).is_some_and(|other| other != column) {
                return Err(Error::Invalid("one column of a table has automatic ids".into()));
            }
            finish(txn, def)?;
            return pass_over(txn, id);
        }
    }
    finish(txn, def)
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
            let is_key =
                def.primary_key.iter().map(|p| p.column).eq(key.parent_columns.iter().copied());
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
