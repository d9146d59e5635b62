//! ON CONFLICT: what an INSERT does where a row with the same key stands already.

use super::update::Assigned;
use crate::error::{Error, Kind, Result};
use crate::expr::{EvalContext, Expr};
use crate::row::{Row, TableDef, TableId, TableState, find_by_unique, same_name};
use crate::sql::bind::{Scope, bind_in};
use crate::sql::context::{QueryContext, table_name};
use crate::txn::Txn;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{ConflictTarget, OnConflict, OnConflictAction};
use std::sync::Arc;

/// What to do about a row that is there already.
pub(in crate::sql) enum Conflict {
    /// The statement fails.
    Error,
    /// The new row is left out. Holds the key to look at, or `None` for every one.
    Ignore(Option<Vec<usize>>),
    /// The row that stands there is changed.
    Update {
        /// The key to look at.
        target: Vec<usize>,
        /// What is changed; expressions see the old row and, behind it, the new one.
        assigned: Vec<Assigned>,
        /// Rows that this is not true of stay as they are.
        condition: Option<Expr<usize>>,
    },
}

/// What became of a row.
pub(super) enum Resolved {
    /// Nothing stands in its way.
    Insert(Row),
    /// It is dealt with; the row as it was updated.
    Done(Option<Row>),
}

impl Conflict {
    /// Reads an ON CONFLICT clause.
    pub fn read(
        ctx: &QueryContext<'_>,
        def: &TableDef,
        alias: Option<&str>,
        on: &OnConflict,
    ) -> Result<Self> {
        let target = match &on.conflict_target {
            None => None,
            Some(ConflictTarget::Columns(columns)) => {
                let position = |name: &str| {
                    def.position(name).ok_or_else(|| Error::not_found(Kind::Column, name))
                };
                let columns = columns.iter().map(|c| position(&c.value));
                Some(unique_over(def, columns.collect::<Result<Vec<_>>>()?)?)
            }
            Some(ConflictTarget::OnConstraint(name)) => {
                Some(constraint_columns(def, table_name(name)?)?)
            }
        };
        match &on.action {
            OnConflictAction::DoNothing => Ok(Conflict::Ignore(target)),
            OnConflictAction::DoUpdate(update) => {
                let target = match target {
                    Some(target) => target,
                    None => primary_key(def).ok_or_else(|| {
                        Error::Sql("ON CONFLICT DO UPDATE must name the columns of a key".into())
                    })?,
                };
                let scope = Scope::of_table(def, alias).with(def, "excluded");
                let assigned = Assigned::read(ctx, def, &scope, &update.assignments)?;
                let condition = update.selection.as_ref();
                let condition = condition.map(|expr| bind_in(ctx, &scope, expr)).transpose()?;
                Ok(Conflict::Update { target, assigned, condition })
            }
        }
    }

    /// Updates every column that the new row names, where a row has its primary key.
    pub fn replace(def: &TableDef, named: &[usize]) -> Result<Self> {
        let target = primary_key(def).ok_or_else(|| {
            Error::Invalid(format!("table '{}' has no primary key to find rows by", def.name))
        })?;
        let width = def.columns.len();
        let kept = named.iter().filter(|at| !target.contains(at));
        let assigned =
            kept.map(|at| Assigned { column: *at, value: Some(Expr::Column(width + at)) });
        Ok(Conflict::Update { assigned: assigned.collect(), target, condition: None })
    }

    pub(super) fn resolve(
        &self,
        txn: &mut Txn,
        table: TableId,
        row: Row,
        eval: &EvalContext<'_>,
    ) -> Result<Resolved> {
        let state = match self {
            Conflict::Error => return Ok(Resolved::Insert(row)),
            _ => match txn.state().table(table) {
                Some(state) => state.clone(),
                None => return Err(Error::Internal("the table is gone".into())),
            },
        };
        match self {
            Conflict::Error => Ok(Resolved::Insert(row)),
            Conflict::Ignore(target) => {
                let keys = match target {
                    Some(columns) => vec![columns.clone()],
                    None => unique_keys(&state),
                };
                for columns in keys {
                    if standing(txn, &state, &columns, &row)?.is_some() {
                        return Ok(Resolved::Done(None));
                    }
                }
                Ok(Resolved::Insert(row))
            }
            Conflict::Update { target, assigned, condition } => {
                let Some(key) = standing(txn, &state, target, &row)? else {
                    return Ok(Resolved::Insert(row));
                };
                let Some(stored) = txn.state().row(txn.chunks(), table, &key)? else {
                    return Err(Error::Internal("an index entry without a row".into()));
                };
                let old = state.table.decode(&stored)?;
                let mut both = old.clone();
                both.extend(row);
                if let Some(condition) = condition
                    && !condition.matches(&both, eval)?
                {
                    return Ok(Resolved::Done(None));
                }
                let new = Assigned::apply(assigned, &state.table, &old, &both, eval)?;
                let key: Arc<[u8]> = key.into();
                txn.update(table, &key, &stored, &new)?;
                Ok(Resolved::Done(Some(new)))
            }
        }
    }
}

fn primary_key(def: &TableDef) -> Option<Vec<usize>> {
    let key = def.primary_key.iter().map(|part| def.position_of(part.column));
    key.collect::<Option<Vec<_>>>().filter(|key| !key.is_empty())
}

/// The columns of the key or unique index that has exactly these columns, in its own order.
fn unique_over(def: &TableDef, columns: Vec<usize>) -> Result<Vec<usize>> {
    let same = |other: &Vec<usize>| {
        other.len() == columns.len() && columns.iter().all(|c| other.contains(c))
    };
    let unique = def.indexes.iter().filter(|i| i.unique).filter_map(|i| plain(def, i));
    let found = primary_key(def).into_iter().chain(unique).find(same);
    found.ok_or_else(|| {
        Error::Sql("ON CONFLICT must name the columns of the primary key or a unique index".into())
    })
}

fn constraint_columns(def: &TableDef, name: &str) -> Result<Vec<usize>> {
    if same_name(name, &def.primary_key_name())
        && let Some(key) = primary_key(def)
    {
        return Ok(key);
    }
    let index = def.indexes.iter().find(|i| i.unique && same_name(&i.name, name));
    let columns = index.and_then(|i| plain(def, i));
    columns.ok_or_else(|| Error::not_found(Kind::Index, name))
}

fn plain(def: &TableDef, index: &crate::row::IndexDef) -> Option<Vec<usize>> {
    let column = |part: &crate::row::IndexPart| match &part.expr {
        Expr::Column(id) => def.position_of(*id),
        _ => None,
    };
    index.parts.iter().map(column).collect()
}

fn unique_keys(state: &TableState) -> Vec<Vec<usize>> {
    let def = &state.table.def;
    let unique = def.indexes.iter().filter(|i| i.unique).filter_map(|i| plain(def, i));
    primary_key(def).into_iter().chain(unique).collect()
}

/// The key of the row that has the new row's values in these columns.
fn standing(
    txn: &Txn,
    state: &TableState,
    columns: &[usize],
    row: &Row,
) -> Result<Option<Vec<u8>>> {
    let values: Vec<&Value> = columns.iter().filter_map(|at| row.get(*at)).collect();
    if values.iter().any(|value| value.is_null()) {
        return Ok(None);
    }
    find_by_unique(state, txn.chunks(), columns, &values)
}
