//! DROP TABLE, TRUNCATE, and what goes along with CASCADE.

use super::constraint::let_go;
use crate::error::{Error, Result};
use crate::row::{State, TableId};
use crate::sql::context::table_name;
use crate::sql::parameters::Params;
use crate::sql::parse::parse;
use crate::sql::query;
use crate::sql::request::{Output, StatementKind};
use crate::sql::write::{Snapshot, WriteContext, is_view};
use crate::txn::Txn;
use gluesql_core::sqlparser::ast::{ObjectName, Statement, TruncateTableTarget};

/// DROP TABLE.
pub(super) fn drop_tables(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    names: &[ObjectName],
    if_exists: bool,
    cascade: bool,
) -> Result<Output> {
    let mut ids = Vec::new();
    for name in names {
        match txn.state().find(table_name(name)?) {
            Ok(table) if table.table.def.view().is_some() => {
                let name = table.table.name();
                return Err(Error::Invalid(format!("'{name}' is a view: use DROP VIEW")));
            }
            Ok(table) if ids.contains(&table.table.id()) => {}
            Ok(table) => ids.push(table.table.id()),
            Err(Error::NotFound { .. }) if if_exists => {}
            Err(error) => return Err(error),
        }
    }
    let before = txn.state().clone();
    if cascade {
        ids.iter().try_for_each(|id| let_go(txn, *id, |_| true))?;
    }
    // Children before their parents, whatever the order of the names.
    while !ids.is_empty() {
        let before = ids.len();
        let mut refused = None;
        let mut left = Vec::new();
        for id in ids {
            match txn.drop_table(id) {
                Ok(()) => {}
                Err(error @ Error::Invalid(_)) => {
                    refused = Some(error);
                    left.push(id);
                }
                Err(error) => return Err(error),
            }
        }
        if left.len() == before {
            return Err(refused.unwrap_or_else(|| Error::Internal("a table stays".into())));
        }
        ids = left;
    }
    if cascade {
        broken_views(txn, env, &before)?;
    }
    Ok(Output::done(StatementKind::DropTable, 0))
}

/// Drops the views that could be asked before and cannot be asked now.
pub(super) fn broken_views(txn: &mut Txn, env: &WriteContext<'_>, before: &State) -> Result<()> {
    let views = before.tables().filter(|t| t.table.def.view().is_some());
    let mut views: Vec<TableId> = views.map(|t| t.table.id()).collect();
    let mut earlier = Vec::new();
    for id in views.drain(..) {
        if answers(txn, env, before, id)? {
            earlier.push(id);
        }
    }
    // One that reads another goes after it.
    loop {
        let mut gone = None;
        for id in &earlier {
            if txn.state().table(*id).is_some() && !answers(txn, env, txn.state(), *id)? {
                gone = Some(*id);
                break;
            }
        }
        match gone {
            Some(id) => txn.drop_table(id)?,
            None => return Ok(()),
        }
    }
}

/// Whether a view's query finds what it names.
fn answers(txn: &Txn, env: &WriteContext<'_>, state: &State, id: TableId) -> Result<bool> {
    env.limits.check_time()?;
    let Some(text) = state.table(id).and_then(|t| t.table.def.view().map(str::to_owned)) else {
        return Ok(false);
    };
    let Statement::Query(query) = parse(&text, env.limits.sql_bytes)?.into_statement()? else {
        return Ok(false);
    };
    let snapshot = Snapshot::of(txn, env);
    let ctx = crate::sql::context::QueryContext {
        state,
        params: Params::default(),
        ..snapshot.context(None)
    };
    match query::statement(&ctx, &query) {
        Ok(_) => Ok(true),
        Err(Error::NotFound { .. } | Error::Sql(_) | Error::Invalid(_) | Error::Unsupported(_)) => {
            Ok(false)
        }
        Err(other) => Err(other),
    }
}

/// TRUNCATE: of all tables at once, so that they may refer to one another.
pub(super) fn truncate(
    txn: &mut Txn,
    targets: &[TruncateTableTarget],
    cascade: bool,
    restart: bool,
) -> Result<Output> {
    if restart {
        return Err(Error::Unsupported(
            "RESTART IDENTITY: an automatic id is never given twice".into(),
        ));
    }
    let mut ids: Vec<TableId> = Vec::new();
    for target in targets {
        let table = txn.state().find(table_name(&target.name)?)?;
        if table.table.def.view().is_some() {
            return Err(is_view(table.table.name()));
        }
        if !ids.contains(&table.table.id()) {
            ids.push(table.table.id());
        }
    }
    let mut at = 0;
    while let (true, Some(parent)) = (cascade, ids.get(at).copied()) {
        let refers = |t: &&std::sync::Arc<crate::row::TableState>| {
            t.table.def.foreign_keys.iter().any(|key| key.parent == parent)
        };
        let children: Vec<TableId> =
            txn.state().tables().filter(refers).map(|t| t.table.id()).collect();
        for child in children {
            if !ids.contains(&child) {
                ids.push(child);
            }
        }
        at += 1;
    }
    let rows = txn.truncate(&ids)?;
    Ok(Output::done(StatementKind::Truncate, rows))
}
