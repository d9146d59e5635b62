//! Branches listed, made, looked at, changed and deleted.

use super::answer::{Answer, BranchView, Done, Pages, Stats};
use super::error::Failure;
use super::history::newest_entries;
use super::input::{as_of_field, snapshot_field, time_field};
use super::request::{Fields, Incoming, agreed};
use super::serve::Work;
use super::stats::stats;
use crate::auth::Scope;
use crate::host::Call;
use offshoot_core::database::{AsOf, BranchPatch, MAIN, NewBranch, Receipt};
use offshoot_core::error::Error;
use offshoot_core::history::{BranchRecord, BranchStatus, Metadata, Micros, check_name};
use std::cmp::Ordering;

/// Entries of the history that stands in a branch's details.
const HISTORY_IN_DETAILS: usize = 10;

/// Length of a display name in bytes.
const DISPLAY_NAME_MAX_BYTES: usize = 1024;

/// Which branches a list is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    Live,
    Only(BranchStatus),
}

impl Wanted {
    fn takes(self, status: BranchStatus) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Live => status != BranchStatus::Deleted,
            Wanted::Only(only) => status == only,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Name,
    Created,
    Updated,
}

impl Sort {
    fn order(self, a: &BranchRecord, b: &BranchRecord) -> Ordering {
        let by = match self {
            Sort::Name => a.name.cmp(&b.name),
            Sort::Created => a.created.cmp(&b.created),
            Sort::Updated => a.updated.cmp(&b.updated),
        };
        // Pages must not depend on chance: equal ones have an order, too.
        by.then_with(|| a.created.cmp(&b.created)).then_with(|| a.id.cmp(&b.id))
    }
}

/// GET /v1/branches
pub(crate) fn list(mut incoming: Incoming) -> Result<Work, Failure> {
    let (query, habits) = (&mut incoming.query, incoming.habits);
    let statuses = [
        ("all", Wanted::All),
        ("active", Wanted::Only(BranchStatus::Active)),
        ("merged", Wanted::Only(BranchStatus::Merged)),
        ("deleted", Wanted::Only(BranchStatus::Deleted)),
    ];
    let unsaid = if habits.lists_deleted { Wanted::All } else { Wanted::Live };
    let wanted = query.word("status", &statuses)?.unwrap_or(unsaid);
    let page = query.number("page", 1, (1, u64::MAX))?;
    let limit = query.number("limit", habits.listed.unwrap_or(u64::MAX), (1, 100))?;
    let sorts =
        [("name", Sort::Name), ("created_at", Sort::Created), ("updated_at", Sort::Updated)];
    let sort = query.word("sort", &sorts)?.unwrap_or(Sort::Created);
    let descending = query.word("order", &[("asc", false), ("desc", true)])?;
    let descending = descending.unwrap_or(habits.lists_newest_first);
    incoming.query.end()?;
    let sender = incoming.sender;
    Ok(Work::new(move |call| {
        let mut records = call.database.branches()?;
        records.retain(|record| wanted.takes(record.status));
        records.retain(|record| sender.sees(record));
        records.sort_by(|a, b| match descending {
            true => sort.order(b, a),
            false => sort.order(a, b),
        });
        let total = records.len() as u64;
        // Without a limit the page is as long as the list, and never empty.
        let limit = if limit == u64::MAX { total.max(1) } else { limit };
        let pages = Pages { page, limit, total };
        let mut branches = Vec::new();
        for record in pages.cut(records) {
            if let Some(branch) = listed(call, record, habits.counts_changes)? {
                branches.push(branch);
            }
        }
        Ok(Done::read(Answer::Branches { branches, pages }))
    }))
}

/// A branch in a list; `None` where it went away since the list was made.
fn listed(
    call: &Call,
    record: BranchRecord,
    with_changes: bool,
) -> Result<Option<BranchView>, Error> {
    match stats(call, &record, with_changes) {
        Err(Error::NotFound { .. }) => Ok(None),
        stats => brief(call, record, stats?).map(Some),
    }
}

/// A branch without its details.
fn brief(call: &Call, record: BranchRecord, stats: Option<Stats>) -> Result<BranchView, Error> {
    let began = began(call, &record)?;
    Ok(BranchView { record, detailed: false, stats, divergence: None, began, history: None })
}

/// When the commit was made at which a branch began.
fn began(call: &Call, record: &BranchRecord) -> Result<Micros, Error> {
    let Some(fork) = record.fork else { return Ok(record.created) };
    match call.database.commit_time(&fork) {
        Err(Error::HistoryTruncated) => Ok(record.created),
        other => other,
    }
}

/// POST /v1/branches
pub(crate) fn create(incoming: Incoming) -> Result<Work, Failure> {
    let mut body = incoming.object()?;
    incoming.query.end()?;
    let name = body.required_text("name")?;
    let display_name = display_name(&mut body)?;
    let source = body.text_as(["source_branch", "parent"])?.unwrap_or_else(|| MAIN.to_owned());
    let (as_of, snapshot) = (as_of_field(&mut body)?, snapshot_field(&mut body)?);
    let as_of = agreed(("field 'as_of'", as_of), ("field 'snapshot_id'", snapshot))?;
    let as_of = as_of.unwrap_or(AsOf::Now);
    let metadata = metadata(&mut body)?.unwrap_or_default();
    let (read_only, isolated) = options(&mut body)?;
    let expires = time_field(&mut body, "expires_at")?.flatten();
    body.end()?;
    check_name(&name).map_err(|e| Failure::invalid(format!("field 'name': {e}")))?;
    if !isolated {
        return Err(Failure::not_implemented(
            "a branch that shares its parent's writes: every branch is isolated",
        ));
    }
    incoming.sender.require(Scope::Branch, &name)?;
    incoming.sender.require_source(&source)?;
    let new = NewBranch { name, display_name, source, as_of, metadata, read_only, expires };
    let habits = incoming.habits;
    let work = Work::new(move |call| {
        let Receipt { value, ticket } = call.database.create_branch(&call.moment, new.clone())?;
        let stats = match habits.counts_created {
            true => stats(call, &value, habits.counts_changes)?,
            false => None,
        };
        let view = brief(call, value, stats)?;
        Ok(Done { answer: Answer::BranchCreated(Box::new(view)), ticket })
    });
    Ok(work.creating())
}

/// The tutorial's `options`: whether the branch takes no writes, and whether it is isolated.
fn options(body: &mut Fields) -> Result<(bool, bool), Failure> {
    let Some(mut options) = body.object("options")? else { return Ok((false, true)) };
    let read_only = options.flag("read_only")?.unwrap_or(false);
    let isolated = options.flag("isolated")?.unwrap_or(true);
    options.end()?;
    Ok((read_only, isolated))
}

/// A display name. It has a greatest length: a branch's record is written at each commit.
fn display_name(body: &mut Fields) -> Result<Option<String>, Failure> {
    let name = body.text("display_name")?;
    match &name {
        Some(long) if long.len() > DISPLAY_NAME_MAX_BYTES => Err(Failure::invalid(format!(
            "field 'display_name' has at most {DISPLAY_NAME_MAX_BYTES} bytes, this one has {}",
            long.len()
        ))),
        _ => Ok(name),
    }
}

fn metadata(body: &mut Fields) -> Result<Option<Metadata>, Failure> {
    let object = body.free_object("metadata")?;
    let metadata = object.map(|object| Metadata::new(&object)).transpose();
    metadata.map_err(|e| Failure::from(Error::Limit(e.to_string())))
}

/// GET /v1/branches/{branch}
pub(crate) fn details(mut incoming: Incoming) -> Result<Work, Failure> {
    let name = incoming.part(0)?;
    let with_stats = incoming.query.flag("include_stats", true)?;
    let with_history = incoming.query.flag("include_history", false)?;
    let with_changes = incoming.habits.counts_changes;
    incoming.query.end()?;
    Ok(Work::new(move |call| {
        let record = call.database.branch_or_deleted(&name)?;
        let alive = record.status != BranchStatus::Deleted;
        let stats = if with_stats { stats(call, &record, with_changes)? } else { None };
        let id = record.id.to_string();
        let divergence = match alive {
            true => match call.database.divergence(&id) {
                // How far they are apart can no longer be counted.
                Err(Error::HistoryTruncated) => None,
                other => other?,
            },
            false => None,
        };
        let history = match alive && with_history {
            true => Some(newest_entries(call, &id, None, None, HISTORY_IN_DETAILS)?),
            false => None,
        };
        let began = began(call, &record)?;
        let view = BranchView { record, detailed: true, stats, divergence, began, history };
        Ok(Done::read(Answer::Branch(Box::new(view))))
    }))
}

/// PATCH /v1/branches/{branch}
pub(crate) fn update(incoming: Incoming) -> Result<Work, Failure> {
    let name = incoming.part(0)?;
    let mut body = incoming.object()?;
    incoming.query.end()?;
    let patch = BranchPatch {
        display_name: display_name(&mut body)?,
        protected: body.flag("is_protected")?,
        metadata: metadata(&mut body)?,
        expires: time_field(&mut body, "expires_at")?,
    };
    body.end()?;
    if patch.protected.is_some() {
        incoming.sender.require(Scope::Admin, &name)?;
    }
    Ok(Work::new(move |call| {
        let BranchPatch { display_name, protected, metadata, expires } = &patch;
        let unsaid = display_name.is_none() && protected.is_none() && metadata.is_none();
        if unsaid && expires.is_none() {
            // Nothing is asked for, so nothing is written.
            return Ok(Done::read(Answer::BranchChanged(call.database.branch(&name)?)));
        }
        let changed = call.database.update_branch(&call.moment, &name, patch.clone())?;
        Ok(Done { answer: Answer::BranchChanged(changed.value), ticket: changed.ticket })
    }))
}

/// DELETE /v1/branches/{branch}
pub(crate) fn delete(mut incoming: Incoming) -> Result<Work, Failure> {
    let name = incoming.part(0)?;
    let force = incoming.query.flag("force", incoming.habits.deletes_unmerged)?;
    incoming.query.end()?;
    Ok(Work::new(move |call| {
        let deleted = call.database.delete_branch(&call.moment, &name, force)?;
        Ok(Done { answer: Answer::BranchDeleted(deleted.value), ticket: deleted.ticket })
    }))
}
