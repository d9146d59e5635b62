//! DELETE.

use super::cascade::{Changed, follow};
use super::returning::Returning;
use crate::error::{Error, Result};
use crate::expr::Expr;
use crate::row::TableState;
use crate::sql::access::plan_rows;
use crate::sql::bind::{Scope, bind_in};
use crate::sql::context::{Source, eval_at, table_name};
use crate::sql::meter::Meter;
use crate::sql::query::plain_table;
use crate::sql::request::{Output, StatementKind};
use crate::sql::scan::collect_rows;
use crate::sql::write::{Snapshot, WriteContext};
use crate::txn::Txn;
use gluesql_core::sqlparser::ast::{Delete, FromTable};
use std::sync::Arc;

pub(in crate::sql) fn delete(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    delete: &Delete,
) -> Result<Output> {
    let extras = [
        (!delete.tables.is_empty(), "DELETE from more than one table"),
        (delete.using.is_some(), "DELETE … USING"),
        (!delete.order_by.is_empty(), "DELETE … ORDER BY"),
        (delete.limit.is_some(), "DELETE … LIMIT"),
    ];
    if let Some((_, what)) = extras.iter().find(|(there, _)| *there) {
        return Err(Error::Unsupported((*what).to_owned()));
    }
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let target = match from.as_slice() {
        [one] => plain_table(one),
        _ => None,
    };
    let Some((name, alias)) = target else {
        return Err(Error::Unsupported("DELETE from more than one table".into()));
    };
    let state = txn.state().find(table_name(name)?)?.clone();
    let def = &state.table.def;
    let snapshot = Snapshot::of(txn, env);
    let (predicate, returning) = {
        let ctx = snapshot.context(Some(txn));
        let scope = Scope::of_table(def, alias);
        let predicate = delete.selection.as_ref();
        let predicate = predicate.map(|expr| bind_in(&ctx, &scope, expr)).transpose()?;
        (predicate, Returning::read(&ctx, def, alias, delete.returning.as_deref())?)
    };
    delete_matching(txn, env, &state, predicate, returning)
}

/// Deletes every row that the predicate is true of.
///
/// # Errors
/// A violation; a fault.
pub(in crate::sql) fn delete_matching(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    state: &Arc<TableState>,
    predicate: Option<Expr<usize>>,
    mut returning: Returning,
) -> Result<Output> {
    let id = state.table.id();
    let moment = *txn.moment();
    let eval = eval_at(&moment, env.limits);
    let snapshot = Snapshot::of(txn, env);
    let meter = Meter::new(env.limits);
    let rows = {
        let ctx = snapshot.context(Some(txn));
        let source = Source { table: state.clone(), current: true };
        let plan = plan_rows(&ctx, &source.table, predicate)?;
        collect_rows(&ctx, &source, &plan, &meter)?
    };
    let parent =
        txn.state().tables().any(|t| t.table.def.foreign_keys.iter().any(|k| k.parent == id));
    let mut output = Output::done(StatementKind::Delete, 0);
    let mut changed: Vec<Changed> = Vec::new();
    for (key, stored) in rows {
        meter.step()?;
        if returning.is_wanted() || parent {
            let old = state.table.decode(&stored)?;
            returning.push(&old, &eval, &meter)?;
            if parent {
                changed.push(Changed { table: id, old, new: None });
            }
        }
        txn.take(id, &key, &stored)?;
        output.affected += 1;
    }
    follow(txn, env, changed)?;
    returning.finish(&mut output);
    Ok(output)
}
