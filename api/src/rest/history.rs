//! A branch's past: its history, its snapshots, and the way back to them.

use super::answer::{Answer, Done, HistoryEntry};
use super::backup::Backup;
use super::error::Failure;
use super::input::moment;
use super::request::{Incoming, Params};
use super::serve::Work;
use crate::host::Call;
use offshoot_core::database::AsOf;
use offshoot_core::error::{Error, Result as CoreResult};
use offshoot_core::history::{Micros, SnapshotRecord};
use offshoot_core::value::MICROS_PER_SECOND;

/// The most entries that one request gets.
const HISTORY_MAX: u64 = 10_000;

/// GET …/history
pub(crate) fn history(mut incoming: Incoming) -> Result<Work, Failure> {
    let branch = incoming.part(0)?;
    let query = &mut incoming.query;
    let from = bound(query, "from", |at, _| at)?;
    // A whole second means all of it.
    let to = bound(query, "to", |at, whole| match whole {
        true => at.saturating_add(MICROS_PER_SECOND - 1),
        false => at,
    })?;
    let limit = query.number("limit", 50, (1, HISTORY_MAX))?;
    incoming.query.end()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Work::new(move |call| {
        let entries = newest_entries(call, &branch, from, to, limit)?;
        Ok(Done::read(Answer::History(entries)))
    }))
}

fn bound(
    query: &mut Params,
    name: &str,
    end: impl Fn(i64, bool) -> i64,
) -> Result<Option<Micros>, Failure> {
    let Some(text) = query.text(name) else { return Ok(None) };
    let (at, whole) = moment(&text, name)?;
    Ok(Some(Micros(end(at.0, whole))))
}

/// Commits and snapshots of a branch between two times, newest first. A snapshot stands before the
/// commit that it keeps.
pub(crate) fn newest_entries(
    call: &Call,
    branch: &str,
    from: Option<Micros>,
    to: Option<Micros>,
    limit: usize,
) -> CoreResult<Vec<HistoryEntry>> {
    let commits = call.database.log(branch, from, to, limit)?;
    let mut snapshots = call.database.snapshots(branch)?;
    snapshots
        .retain(|s| from.is_none_or(|from| s.time >= from) && to.is_none_or(|to| s.time <= to));
    snapshots.sort_by_key(|s| std::cmp::Reverse((s.scn, s.created, s.id)));
    let mut snapshots = snapshots.into_iter().peekable();
    let mut entries = Vec::new();
    for commit in commits {
        while let Some(snapshot) = snapshots.next_if(|s| s.scn >= commit.header.scn) {
            entries.push(HistoryEntry::Snapshot(snapshot));
        }
        entries.push(HistoryEntry::Commit(commit));
    }
    entries.extend(snapshots.map(HistoryEntry::Snapshot));
    entries.truncate(limit);
    for entry in &mut entries {
        if let HistoryEntry::Snapshot(snapshot) = entry {
            count(call, branch, snapshot)?;
        }
    }
    Ok(entries)
}

/// Counts what a snapshot holds where nobody did: a fork is a snapshot too, and a branch is made
/// without counting.
fn count(call: &Call, branch: &str, snapshot: &mut SnapshotRecord) -> CoreResult<()> {
    if (snapshot.tables, snapshot.rows, snapshot.size_bytes) != (0, 0, 0) {
        return Ok(());
    }
    call.limits.check_time()?;
    let point = match call.database.point(branch, &AsOf::Commit(snapshot.commit)) {
        Err(Error::HistoryTruncated) => return Ok(()),
        other => other?,
    };
    let size = call.database.size(&point)?;
    snapshot.tables = u32::try_from(size.tables).unwrap_or(u32::MAX);
    (snapshot.rows, snapshot.size_bytes) = (size.rows, size.bytes);
    Ok(())
}

/// GET …/snapshots
pub(crate) fn snapshots(incoming: Incoming) -> Result<Work, Failure> {
    let branch = incoming.part(0)?;
    incoming.query.end()?;
    Ok(Work::new(move |call| {
        let mut snapshots = call.database.snapshots(&branch)?;
        for snapshot in &mut snapshots {
            count(call, &branch, snapshot)?;
        }
        Ok(Done::read(Answer::Snapshots(snapshots)))
    }))
}

/// POST …/snapshots
pub(crate) fn snapshot(incoming: Incoming) -> Result<Work, Failure> {
    let branch = incoming.part(0)?;
    let mut body = incoming.object_or_nothing()?;
    incoming.query.end()?;
    let name = body.text("name")?;
    body.end()?;
    let work = Work::new(move |call| {
        let taken =
            call.database.create_snapshot(&call.moment, &branch, &AsOf::Now, name.clone())?;
        Ok(Done { answer: Answer::Snapshot(taken.value), ticket: taken.ticket })
    });
    Ok(work.creating())
}

/// POST …/restore/{snapshot}
pub(crate) fn restore(incoming: Incoming) -> Result<Work, Failure> {
    let (branch, snapshot) = (incoming.part(0)?, incoming.part(1)?);
    let mut body = incoming.object_or_nothing()?;
    incoming.query.end()?;
    let backup = Backup::of(&mut body)?;
    body.end()?;
    backup.permitted(&incoming.sender, &branch)?;
    let author = incoming.sender.author();
    Ok(Work::new(move |call| {
        let backup = backup.name(call, &branch)?;
        let restored = call.database.restore(&call.moment, &branch, &snapshot, backup, &author)?;
        let answer =
            Answer::Restored { snapshot: restored.value.snapshot, backup: restored.value.backup };
        Ok(Done { answer, ticket: restored.ticket })
    }))
}
