//! UPDATE OR IGNORE and UPDATE OR REPLACE: rows are changed one after the other, and each meets those
//! that were changed before it, as in SQLite.

use super::assign::{Assigned, default_of};
use super::cascade::{Changed, follow, is_parent};
use super::returning::Returning;
use super::target::Found;
use super::upsert::{Unique, uniques};
use crate::error::{Error, Result};
use crate::row::{Row, TableId, TableState};
use crate::sql::context::eval_at;
use crate::sql::meter::Meter;
use crate::sql::request::{Output, StatementKind};
use crate::sql::write::{Snapshot, WriteContext};
use crate::txn::Txn;
use crate::value::Value;
use gluesql_core::sqlparser::ast::SqliteOnConflict;
use std::sync::Arc;

/// What becomes of a row that would break a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Or {
    /// It stays as it was.
    Ignore,
    /// The rows that stand in its way go; NULL where it may not stand becomes the default.
    Replace,
}

impl Or {
    /// What the words say; `None`: the statement fails, as it does without them.
    ///
    /// # Errors
    /// `Unsupported` for FAIL.
    pub fn of(or: Option<SqliteOnConflict>) -> Result<Option<Or>> {
        match or {
            None | Some(SqliteOnConflict::Abort | SqliteOnConflict::Rollback) => Ok(None),
            Some(SqliteOnConflict::Ignore) => Ok(Some(Or::Ignore)),
            Some(SqliteOnConflict::Replace) => Ok(Some(Or::Replace)),
            Some(SqliteOnConflict::Fail) => Err(Error::Unsupported(
                "UPDATE OR FAIL: a statement does all of its work, or nothing".into(),
            )),
        }
    }
}

/// Changes rows that were found, one after the other.
///
/// # Errors
/// A violation that the words do not settle; a value that does not fit its column; a fault.
pub(super) fn apply(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    (state, assigned): (&TableState, &[Assigned]),
    (found, drawn): (Vec<Found>, u64),
    or: Or,
    mut returning: Returning,
) -> Result<Output> {
    let table = &state.table;
    let id: TableId = table.id();
    let moment = *txn.moment();
    let before = Snapshot::of(txn, env);
    let eval = eval_at(&moment, env.limits).drawn_before(drawn);
    let meter = Meter::new(env.limits);
    let parent = is_parent(txn, id);
    let keys: Vec<Unique> = uniques(state).collect();
    let mut output = Output::done(StatementKind::Update, 0);
    let mut changed: Vec<Changed> = Vec::new();
    for Found { key, beside, .. } in found {
        meter.step()?;
        // A row before it may have replaced this one, or stand in its place.
        let Some(stored) = txn.state().row(txn.chunks(), id, &key)? else { continue };
        let old = table.decode(&stored)?;
        let width = old.len();
        let mut seen = old.clone();
        seen.extend(beside);
        let mut new = Assigned::apply(assigned, table, &seen, &eval)?;
        if or == Or::Replace {
            for (at, column) in table.def.columns.iter().enumerate() {
                if let (Some(place @ Value::Null), true, Some(default)) =
                    (new.get_mut(at), column.not_null, default_of(&table.def, at)?)
                {
                    *place = default.eval(&[], &eval)?;
                }
            }
            table.generate(&mut new)?;
        }
        if !make_way(txn, (id, &keys), (&key, &new), or, parent.then_some(&mut changed))? {
            continue;
        }
        // What a row alone breaks is found before anything of it is written.
        match txn.update(id, &key, &stored, &new) {
            Err(Error::Violation(_)) if or == Or::Ignore => continue,
            done => done?,
        }
        output.affected += 1;
        returning.push(&new, seen.get(width..).unwrap_or(&[]), &eval, &meter)?;
        if parent {
            meter.hold_row(&old)?;
            changed.push(Changed { table: id, old, new: Some(new) });
        }
    }
    follow(txn, env, changed)?;
    returning.finish(&before.context(Some(txn)), &mut output)?;
    Ok(output)
}

/// Whether a row may be written: nothing stands in its way, or it was taken away.
fn make_way(
    txn: &mut Txn,
    (id, keys): (TableId, &[Unique]),
    (key, new): (&Arc<[u8]>, &Row),
    or: Or,
    mut gone: Option<&mut Vec<Changed>>,
) -> Result<bool> {
    for unique in keys {
        let missing = || Error::Internal("the table is gone".into());
        let state = txn.state().table(id).cloned().ok_or_else(missing)?;
        let standing = unique.standing(&state, txn.chunks(), new)?;
        let Some(other) = standing.filter(|other| other != key) else { continue };
        if or == Or::Ignore {
            return Ok(false);
        }
        let stored = txn.state().row(txn.chunks(), id, &other)?;
        let stored =
            stored.ok_or_else(|| Error::Internal("an index entry without a row".into()))?;
        if let Some(gone) = &mut gone {
            gone.push(Changed { table: id, old: state.table.decode(&stored)?, new: None });
        }
        drop(state);
        txn.take(id, &other, &stored)?;
    }
    Ok(true)
}
