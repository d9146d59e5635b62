//! Numbers of branches: how much they hold, and how they differ from where they came from.

use super::answer::{Changes, Stats};
use crate::host::Call;
use offshoot_core::database::{AsOf, PointDiff};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::{BranchRecord, BranchStatus, RowChange};

/// The numbers of a branch; `None` for one that is deleted, whose rows may be gone.
///
/// Changes count rows that differ from the point where the branch and its source went apart last:
/// the fork, or a merge either way.
pub(crate) fn stats(
    call: &Call,
    record: &BranchRecord,
    with_changes: bool,
) -> Result<Option<Stats>> {
    if record.status == BranchStatus::Deleted {
        return Ok(None);
    }
    call.limits.check_time()?;
    let (database, id) = (&call.database, record.id.to_string());
    let size = database.size(&*database.point(&id, &AsOf::Now)?)?;
    let changes = match with_changes {
        true => changes_since_fork(call, record)?.map(|diff| count(&diff)),
        false => None,
    };
    Ok(Some(Stats { size, changes }))
}

fn changes_since_fork(call: &Call, record: &BranchRecord) -> Result<Option<PointDiff>> {
    let (database, id) = (&call.database, record.id.to_string());
    let Some((source, _)) = &record.source_branch else { return Ok(None) };
    match database.changes_since_fork(&id, &source.to_string()) {
        // The source is gone: what is known of it is where the branch began.
        Err(Error::NotFound { .. }) => {
            let Some(fork) = record.fork else { return Ok(None) };
            database.diff((&id, &AsOf::Commit(fork)), (&id, &AsOf::Now)).map(Some)
        }
        Err(Error::HistoryTruncated) => Ok(None),
        other => other.map(Some),
    }
}

fn count(diff: &PointDiff) -> Changes {
    let mut changes = Changes::default();
    diff.delta.tables.iter().flat_map(|table| &table.rows).for_each(|row| changes.add(row));
    changes
}

impl Changes {
    /// One more changed row.
    pub fn add(&mut self, row: &RowChange) {
        match (&row.old, &row.new) {
            (None, _) => self.inserts += 1,
            (Some(_), Some(_)) => self.updates += 1,
            (Some(_), None) => self.deletes += 1,
        }
    }
}
