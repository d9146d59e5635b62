//! Three-way merge of schemas, rows and cells.
//!
//! ```text
//!            base ──────────────▶ target ──▶ merged (first parent: target)
//!              └──▶ source ─────────────────▲
//! ```
//!
//! 1. *Schemas*, by id: what one side added is taken, what one side dropped and the other left alone
//!    is dropped, what both altered alike is taken; all else is a `schema` conflict (`schema.rs`).
//! 2. *Rows*: only keys that the source changed since the base are looked at, so the cost is that of
//!    the source's changes. Values are compared after decoding under the merged schema, never as
//!    bytes. Where only one side changed a cell, that side's value stands (`rows.rs`).
//! 3. *Constraints*: the changed rows are checked in the merged state, exactly as a statement's are;
//!    where the merge adds a constraint to a table of the target, all of its rows are.
//! 4. *Conflicts* are data (`conflict.rs`). A policy decides cells and rows; resolutions decide the
//!    rest; nothing is written while one is open.
//!
//! With several merge bases (criss-cross histories) a cell merges only where every base gives the
//! same answer. A table that the target left alone since the base is taken from the source whole.
//!
//! This module knows states, not branches: which commits are merged, and what is written, is in
//! `database`.

mod conflict;
mod describe;
mod judge;
mod renumber;
mod rows;
mod schema;

pub use conflict::{Conflict, ConflictKind, Held, MergeConflicts, Policy, Resolution, Take};
pub use describe::row_id;

use crate::chunk::Chunks;
use crate::error::Result;
use crate::history::RowChange;
use crate::row::{State, TableId, Violation, check_changes};
use describe::{constraint_conflict, key_of};
use rows::RowMerge;
use std::ops::ControlFlow;

/// How a merge decides.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// For cells and rows.
    pub policy: Policy,
    /// For what has been decided by hand; they go before the policy.
    pub resolutions: Vec<Resolution>,
    /// Whether source rows whose automatic key the target also gave get a new one, with the source's
    /// references to them.
    pub renumber: bool,
}

/// Which side changed a row last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The branch that is merged.
    Source,
    /// The branch that it is merged into.
    Target,
}

/// Says which side's last commit that touched a row is later.
pub type Newest<'n> = dyn FnMut(TableId, &[u8]) -> Result<Side> + 'n;

/// What a merge comes to.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The merged state; only to be used when nothing is open.
    pub state: State,
    /// The rows that change on the target.
    pub changes: Vec<(TableId, RowChange)>,
    /// Whether a definition changes on the target.
    pub schema_changed: bool,
    /// Conflicts that policy or resolutions settled.
    pub settled: Vec<Conflict>,
    /// Conflicts that are open.
    pub open: Vec<Conflict>,
}

/// Conflicts beyond this are not listed: a merge with so many is settled by a policy.
pub const CONFLICTS_MAX: usize = 10_000;

/// Merges `source` into `target`, which went apart at `bases`.
///
/// # Errors
/// A fault where chunks are not at hand; `Limit` beyond [`CONFLICTS_MAX`].
pub fn merge(
    chunks: &Chunks,
    bases: &[State],
    source: &State,
    target: &State,
    options: &Options,
    newest: &mut Newest<'_>,
) -> Result<Merged> {
    let mut merged = Merged {
        state: target.clone(),
        changes: Vec::new(),
        schema_changed: false,
        settled: Vec::new(),
        open: Vec::new(),
    };
    for state in bases.iter().chain([source, target]) {
        state.ask_ahead(chunks)?;
    }
    let plan = schema::plan(chunks, bases, source, target, &mut merged)?;
    RowMerge { chunks, bases, source, target, options }.run(&plan, newest, &mut merged)?;
    for table in source.tables() {
        merged.state.raise_sequence(table.table.id(), table.next_auto);
    }
    let violations = match plan.incoherent {
        true => Vec::new(),
        false => violations(chunks, &plan, &merged)?,
    };
    for (key, violation) in violations {
        let conflict = constraint_conflict(chunks, &merged, source, target, &violation, &key)?;
        merged.open.push(conflict);
    }
    let order = |c: &Conflict| (c.table.clone(), c.key.clone(), c.column.clone(), c.kind);
    merged.open.sort_by_key(order);
    merged.open.dedup();
    merged.settled.sort_by_key(order);
    if merged.open.len() > CONFLICTS_MAX {
        let many = merged.open.len();
        return Err(crate::error::Error::Limit(format!(
            "the merge has {many} conflicts, more than the {CONFLICTS_MAX} that are listed: \
             choose source_wins or target_wins"
        )));
    }
    Ok(merged)
}

/// The constraints that the merged state breaks, each with the row's key.
fn violations(
    chunks: &Chunks,
    plan: &schema::Plan,
    merged: &Merged,
) -> Result<Vec<(Vec<u8>, Violation)>> {
    let mut found = schema::violations(chunks, plan, merged)?;
    let changes = merged.changes.iter().map(|(id, change)| (*id, change));
    check_changes(&merged.state, chunks, changes, &mut |violation| {
        found.push((key_of(&violation).to_vec(), violation));
        match found.len() >= CONFLICTS_MAX {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    Ok(found)
}
