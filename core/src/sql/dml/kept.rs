//! UPDATE and DELETE whose plans are kept with their statements.
//!
//! What is kept is what binding makes of a statement whose rows its own table chooses: the condition,
//! and what each column is given, with the values of parameters left open. The path to the rows is
//! chosen each time, for the values of that time.

use super::assign::Assigned;
use crate::error::{Error, Result};
use crate::expr::Expr;
use crate::row::TableState;
use crate::sql::keeping::{Kept, Slot, families, filled, may_be_kept};
use crate::sql::write::WriteContext;
use crate::value::{SqlType, Value};
use std::sync::Arc;

/// Which rows of its table a statement changes, and what they are given.
#[derive(Debug)]
pub(in crate::sql) struct KeptWrite {
    /// Empty for a DELETE.
    pub assigned: Vec<Assigned>,
    pub predicate: Option<Expr<usize>>,
}

impl KeptWrite {
    /// What columns are given, with values in the places that were left open.
    pub fn assigned(&self, params: &[Value]) -> Vec<Assigned> {
        let one = |Assigned { column, value }: &Assigned| Assigned {
            column: *column,
            value: value.as_ref().map(|value| filled(value, params)),
        };
        self.assigned.iter().map(one).collect()
    }
}

/// The kept plan of a statement for its values, made by `make` where there is none yet. `make` is given
/// the types of values that may be left open; what is wrong with the statement is for whoever binds it
/// with its values. `None`: it has no kept plan.
///
/// # Errors
/// A fault.
pub(super) fn kept(
    env: &WriteContext<'_>,
    state: &TableState,
    make: impl FnOnce(&[Option<SqlType>]) -> Result<KeptWrite>,
) -> Result<Option<Arc<Kept<KeptWrite>>>> {
    let Some(keeping) = env.kept else { return Ok(None) };
    let mut slot = keeping.known();
    if let Slot::Kept(kept) = &slot
        && !kept.is_of(&state.table)
    {
        slot = Slot::Untried;
    }
    if let Slot::Untried = slot
        && may_be_kept(env.params)
    {
        slot = match make(&families(&env.params.into())) {
            Ok(plan) => keeping.keep(&state.table, env.params, plan),
            Err(fault @ Error::Fault(_)) => return Err(fault),
            Err(_) => keeping.never(),
        };
    }
    Ok(match slot {
        Slot::Kept(kept) if kept.is_for(env.params) => Some(kept),
        _ => None,
    })
}
