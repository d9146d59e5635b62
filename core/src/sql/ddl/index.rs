//! CREATE INDEX and DROP INDEX.

use super::alter::still_referred_to;
use super::parts::{add_index, check_name, free_name, invented, stored};
use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::row::{IndexOrigin, IndexPart, TableId, same_name};
use crate::sql::bind::{Scope, bind};
use crate::sql::context::table_name;
use crate::sql::request::{Output, StatementKind};
use crate::sql::types;
use crate::sql::write::WriteContext;
use crate::txn::Txn;
use gluesql_core::sqlparser::ast::{CreateIndex, ObjectName};

pub(super) fn create_index(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    create: &CreateIndex,
) -> Result<Output> {
    let method = create.using.as_ref().map(|u| u.value.to_lowercase());
    let extras = [
        (create.predicate.is_some(), "partial indexes"),
        (!create.include.is_empty(), "INCLUDE"),
        (create.nulls_distinct == Some(false), "NULLS NOT DISTINCT"),
        (!create.with.is_empty(), "index options"),
        (method.is_some_and(|m| m != "btree"), "index methods other than btree"),
    ];
    if let Some((_, what)) = extras.iter().find(|(there, _)| *there) {
        return Err(Error::Unsupported((*what).to_owned()));
    }
    let table = txn.state().find(table_name(&create.table_name)?)?.clone();
    let mut def = table.table.def.clone();
    let name = match &create.name {
        Some(name) => {
            let name = table_name(name)?;
            check_name(Kind::Index, name)?;
            let taken = free_name(txn.state(), &def, name);
            if taken.is_err() && create.if_not_exists {
                return Ok(Output::done(StatementKind::CreateIndex, 0));
            }
            taken?;
            name.to_owned()
        }
        None => invented(txn.state(), &def, &format!("{}_idx", def.name)),
    };
    let scope = Scope::of_def(&def);
    let mut parts = Vec::with_capacity(create.columns.len());
    for column in &create.columns {
        let bound = bind(&scope, &column.expr, env.params)?;
        if bound.is_volatile() {
            return Err(Error::Invalid("an index may not depend on when it is read".into()));
        }
        if let Expr::Column(at) = &bound
            && let Some(column) = def.columns.get(*at)
        {
            types::check_key(&column.ty, &column.name)?;
        }
        if column.nulls_first.is_some() {
            return Err(Error::Unsupported("NULLS FIRST and NULLS LAST in an index".into()));
        }
        let descending = column.asc == Some(false);
        parts.push(IndexPart { expr: stored(&def, &bound)?, descending });
    }
    if parts.is_empty() {
        return Err(Error::Invalid("an index has at least one column".into()));
    }
    add_index(&mut def, name, create.unique, parts, IndexOrigin::Statement)?;
    txn.define(def, None)?;
    Ok(Output::done(StatementKind::CreateIndex, 0))
}

pub(super) fn drop_indexes(txn: &mut Txn, names: &[ObjectName], if_exists: bool) -> Result<Output> {
    for name in names {
        // `table.index` and `index` are both in use.
        let (table, index) = match name.0.as_slice() {
            [index] => (None, &index.value),
            [table, index] => (Some(&table.value), &index.value),
            _ => return Err(Error::Unsupported(format!("the name {name}"))),
        };
        let Some(id) = owner(txn, table.map(String::as_str), index) else {
            match if_exists {
                true => continue,
                false => return Err(Error::not_found(Kind::Index, &**index)),
            }
        };
        let Some(state) = txn.state().table(id) else { continue };
        let mut def = state.table.def.clone();
        let Some(at) = def.indexes.iter().position(|i| same_name(&i.name, index)) else { continue };
        if def.indexes.get(at).is_some_and(|i| i.origin != IndexOrigin::Statement) {
            return Err(Error::Invalid(format!(
                "index '{index}' belongs to a constraint: drop that instead"
            )));
        }
        let gone = def.indexes.remove(at);
        def.dropped.insert(gone.id.0, 0);
        // A foreign key may have leaned on it instead of having an index of its own.
        let keys: Vec<Vec<usize>> = (def.foreign_keys.iter())
            .map(|k| k.columns.iter().filter_map(|c| def.position_of(*c)).collect())
            .collect();
        for columns in keys {
            super::parts::support_foreign_key(txn.state(), &mut def, &columns)?;
        }
        still_referred_to(txn.state(), &def)?;
        txn.define(def, None)?;
    }
    Ok(Output::done(StatementKind::DropIndex, 0))
}

/// ALTER INDEX … RENAME TO.
pub(super) fn rename_index(txn: &mut Txn, name: &ObjectName, new: &ObjectName) -> Result<Output> {
    let (name, new) = (table_name(name)?, table_name(new)?);
    check_name(Kind::Index, new)?;
    let table = owner(txn, None, name).and_then(|id| txn.state().table(id));
    let table = table.ok_or_else(|| Error::not_found(Kind::Index, name))?;
    let mut def = table.table.def.clone();
    if !same_name(name, new) {
        free_name(txn.state(), &def, new)?;
    }
    let index = def.indexes.iter_mut().find(|index| same_name(&index.name, name));
    index.into_iter().for_each(|index| index.name = new.to_owned());
    txn.define(def, None)?;
    Ok(Output::done(StatementKind::AlterTable, 0))
}

/// The table that has an index of this name.
fn owner(txn: &Txn, table: Option<&str>, index: &str) -> Option<TableId> {
    let named = |t: &&std::sync::Arc<crate::row::TableState>| {
        let schema = table.is_some_and(|t| ["main", "public"].iter().any(|s| same_name(s, t)));
        table.is_none_or(|name| schema || same_name(name, t.table.name()))
            && t.table.def.indexes.iter().any(|i| same_name(&i.name, index))
    };
    txn.state().tables().find(named).map(|t| t.table.id())
}
