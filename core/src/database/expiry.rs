//! Branches that end by themselves.
//!
//! ```text
//!   expires ≤ the time that the host told ─▶ due ─▶ lapsed ─▶ deleted, when the host says so
//!                                             └─ protected, `main`, live children: it stays
//! ```
//!
//! The core has no clock: a host tells it the time ([`Database::tell_time`]) whenever it likes, and
//! asks it now and then to delete what is over ([`Database::delete_expired`]). Between the two a
//! lapsed branch is not found any more, so that nobody depends on how often the host asks.
//!
//! A branch with live children stays in use until they are gone, as it cannot be deleted before; a
//! child that has lapsed itself keeps nothing.

use super::{Cell, Database, MAIN, Receipt, locked};
use crate::error::{Error, Result};
use crate::history::{BranchId, BranchRecord, Micros};
use crate::moment::Moment;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

type Cells = BTreeMap<String, Arc<Cell>>;

/// When a branch is due by its record alone; the end of time where it is not.
pub(super) fn due(record: &BranchRecord) -> Micros {
    match record.expires {
        Some(at) if !record.protected && record.name != MAIN => at,
        _ => Micros(i64::MAX),
    }
}

/// Whether a branch is over.
pub(super) fn is_lapsed(cells: &Cells, cell: &Cell, now: Micros) -> bool {
    // Nearly every branch is not even due, and this is asked of every statement.
    cell.is_due(now) && lapsed(cells, now).contains(&cell.id())
}

/// The branches that are over: due, and with no child that is not.
fn lapsed(cells: &Cells, now: Micros) -> BTreeSet<BranchId> {
    let due = cells.values().filter(|cell| cell.is_due(now));
    let mut due: BTreeMap<BranchId, Option<BranchId>> =
        due.map(|cell| (cell.id(), cell.source())).collect();
    for cell in cells.values().filter(|cell| !cell.is_due(now)) {
        // What is not due keeps all that it comes from; each is taken out once.
        let mut kept = cell.source();
        while let Some(source) = kept.and_then(|id| due.remove(&id)) {
            kept = source;
        }
    }
    due.into_keys().collect()
}

impl Database {
    /// Tells the time. It never goes back: an earlier one than was told before changes nothing.
    pub fn tell_time(&self, now: Micros) {
        self.told.fetch_max(now.0, Ordering::AcqRel);
    }

    pub(super) fn told(&self) -> Micros {
        Micros(self.told.load(Ordering::Acquire))
    }

    pub(super) fn lapsed(&self) -> BTreeSet<BranchId> {
        lapsed(&locked(&self.cells), self.told())
    }

    /// Whether [`Database::delete_expired`] would find something to do.
    pub fn has_expired(&self) -> bool {
        !self.lapsed().is_empty()
    }

    /// Whether there is a branch of this name whose time is over.
    pub(super) fn is_lapsed(&self, name: &str) -> bool {
        let cells = locked(&self.cells);
        cells.get(name).is_some_and(|cell| is_lapsed(&cells, cell, self.told()))
    }

    /// Deletes every branch whose time is over, children before their sources, whatever commits
    /// they have that nobody merged. One that somebody is writing to is left for the next time.
    ///
    /// # Errors
    /// The store's; a fault. What was deleted before stays deleted.
    pub fn delete_expired(&self, moment: &Moment) -> Result<Receipt<Vec<BranchRecord>>> {
        self.tell_time(moment.now);
        let mut done = Receipt { value: Vec::new(), ticket: None };
        loop {
            let lapsed = self.lapsed();
            let cells: Vec<Arc<Cell>> = locked(&self.cells)
                .values()
                .filter(|cell| lapsed.contains(&cell.id()))
                .cloned()
                .collect();
            let before = done.value.len();
            for cell in cells {
                // Somebody may have given it more time, or protected it, since it was looked for.
                let still = |record: &BranchRecord| match due(record) <= moment.now {
                    true => Ok(()),
                    false => Err(Error::Busy(record.name.clone())),
                };
                match self.delete_cell(moment, &cell, None, still) {
                    Ok(deleted) => {
                        done.value.push(deleted.value);
                        done.ticket = deleted.ticket.or(done.ticket);
                    }
                    Err(
                        Error::Busy(_)
                        | Error::HasChildren { .. }
                        | Error::NotFound { .. }
                        | Error::Protected(..)
                        | Error::WriteConflict(_),
                    ) => {}
                    Err(other) => return Err(other),
                }
            }
            // A source may go once its children have gone.
            if done.value.len() == before {
                return Ok(done);
            }
        }
    }
}
