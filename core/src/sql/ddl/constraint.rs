//! Constraints of tables that are there: dropped and renamed.

use super::alter::finish;
use super::parts::{check_name, free_name};
use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::row::same_name;
use crate::row::{ColumnId, ForeignKeyDef, IndexDef, IndexOrigin, State, TableDef, TableId};
use crate::txn::Txn;

/// Drops foreign keys that refer to a table.
pub(super) fn let_go(
    txn: &mut Txn,
    parent: TableId,
    gone: impl Fn(&ForeignKeyDef) -> bool,
) -> Result<()> {
    let leaves = |key: &ForeignKeyDef| key.parent == parent && gone(key);
    let children = txn.state().tables().filter(|t| t.table.def.foreign_keys.iter().any(leaves));
    let children: Vec<TableDef> = children.map(|t| t.table.def.clone()).collect();
    for mut def in children {
        let TableDef { foreign_keys, dropped, .. } = &mut def;
        foreign_keys.retain(|key| {
            let gone = leaves(key);
            dropped.extend(gone.then_some((key.id.0, 0)));
            !gone
        });
        drop_idle_support(&mut def);
        finish(txn, def)?;
    }
    Ok(())
}

/// The columns that a primary key or UNIQUE constraint of this name is over.
pub(super) fn unique_columns(def: &TableDef, name: &str) -> Option<Vec<ColumnId>> {
    if is_key(def, name) {
        return Some(def.primary_key.iter().map(|part| part.column).collect());
    }
    let index = def.indexes.iter().find(|i| is_unique(i, name))?;
    let column = |part: &crate::row::IndexPart| match &part.expr {
        Expr::Column(id) => Some(*id),
        _ => None,
    };
    index.parts.iter().map(column).collect()
}

fn is_key(def: &TableDef, name: &str) -> bool {
    !def.primary_key.is_empty() && same_name(name, &def.primary_key_name())
}

fn is_unique(index: &IndexDef, name: &str) -> bool {
    index.origin == IndexOrigin::Unique && same_name(&index.name, name)
}

/// The primary key goes; its columns still take no NULL, and rows get hidden ids.
pub(super) fn drop_key(def: &mut TableDef) {
    for part in std::mem::take(&mut def.primary_key) {
        let column = def.columns.iter_mut().find(|c| c.id == part.column);
        column.into_iter().for_each(|column| column.not_null = true);
    }
    def.name_primary_key(None);
}

/// Drops a constraint; `false` where there is none of this name.
pub(super) fn drop_constraint(def: &mut TableDef, name: &str) -> bool {
    if is_key(def, name) {
        drop_key(def);
        return true;
    }
    if let Some(at) = def.checks.iter().position(|c| same_name(&c.name, name)) {
        let check = def.checks.remove(at);
        def.dropped.insert(check.id.0, 0);
        return true;
    }
    if let Some(at) = def.foreign_keys.iter().position(|k| same_name(&k.name, name)) {
        let key = def.foreign_keys.remove(at);
        def.dropped.insert(key.id.0, 0);
        drop_idle_support(def);
        return true;
    }
    if let Some(at) = def.indexes.iter().position(|i| is_unique(i, name)) {
        let index = def.indexes.remove(at);
        def.dropped.insert(index.id.0, 0);
        return true;
    }
    false
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

/// RENAME CONSTRAINT.
pub(super) fn rename_constraint(
    state: &State,
    def: &mut TableDef,
    old: &str,
    new: &str,
) -> Result<()> {
    check_name(Kind::Index, new)?;
    if !same_name(old, new) {
        free_name(state, def, new)?;
    }
    if is_key(def, old) {
        def.name_primary_key(Some(new));
        return Ok(());
    }
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
