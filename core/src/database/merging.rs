//! Branches merged: which commits, under which names, and what is written.

use super::cell::Cell;
use super::commit::Draft;
use super::snapshots::SLOT_LEASE_MICROS;
use super::{AsOf, CommitNote, Committed, Database, Head, Receipt, SlotToken};
use crate::chunk::{Chunks, all, both};
use crate::error::{Error, Result};
use crate::history::{
    Body, BranchStatus, CommitId, CommitReader, Delta, Micros, RowChange, TableDelta, TableKey,
};
use crate::merge::{Conflict, MergeConflicts, Merged, Options, Policy, Resolution, Side};
use crate::moment::Moment;
use crate::row::{State, TableId};
use crate::tree::View;
use std::collections::HashMap;
use std::sync::Arc;

/// A merge to be made.
#[derive(Debug, Clone, Default)]
pub struct MergeRequest {
    /// The branch whose changes are taken, by name or id.
    pub source: String,
    /// The branch that takes them.
    pub target: String,
    /// How cells and rows that both changed are decided.
    pub policy: Policy,
    /// What was decided by hand, of the conflicts that belong to `token`.
    pub resolutions: Vec<Resolution>,
    /// The token of the conflicts that the resolutions answer.
    pub token: Option<String>,
    /// Whether source rows with a clashing automatic key get a new one.
    pub renumber: bool,
    /// The commit's message; a default where empty.
    pub message: Option<String>,
    /// Who merges.
    pub author: String,
    /// Do all of it and write nothing.
    pub dry_run: bool,
    /// Delete the source afterwards.
    pub delete_source: bool,
}

/// What a merge did, or would do.
#[derive(Debug, Clone)]
pub struct MergeReport {
    /// The source's name.
    pub source: String,
    /// The target's name.
    pub target: String,
    /// The commit on the target; `None` for a dry run, and where the source had nothing new.
    pub commit: Option<Committed>,
    /// Rows that changed on the target.
    pub changes: u64,
    /// Whether definitions changed on the target.
    pub schema_changed: bool,
    /// Conflicts that the policy or resolutions settled.
    pub settled: Vec<Conflict>,
    /// Whether the source was deleted.
    pub source_deleted: bool,
    /// Whether nothing was written because that was asked.
    pub dry_run: bool,
    /// When.
    pub time: Micros,
}

/// How often a merge starts again because the target moved meanwhile.
const ATTEMPTS: usize = 16;

impl Database {
    /// Merges one branch into another. The target stays first parent, so its past never changes.
    ///
    /// # Errors
    /// `Conflicts` where some stay open, with the token that a later call brings along;
    /// `InvalidMerge` into itself or without common history; `NotFound`; `ReadOnly` for the target;
    /// what deletion would refuse, and `Busy` where the source is to be deleted and another holds its
    /// writer slot, before anything is written; `WriteConflict` where the target
    /// moves faster than the merge; a fault.
    pub fn merge(&self, moment: &Moment, request: &MergeRequest) -> Result<Receipt<MergeReport>> {
        let (source, target) = (self.cell(&request.source)?, self.cell(&request.target)?);
        if source.id() == target.id() {
            let name = &request.source;
            return Err(Error::InvalidMerge(format!("branch '{name}' cannot merge into itself")));
        }
        if !request.delete_source || request.dry_run {
            return self.merge_cells(moment, request, None, &source, &target);
        }
        // What is deleted must be what was merged: nobody writes to the source meanwhile. And that
        // another holds it is known before anything is written, so that the call can be made again.
        let mut who = SlotToken([0; 16]);
        who.0.copy_from_slice(&moment.derive("merge slot", 0)[..16]);
        let expires = Micros(moment.now.0.saturating_add(SLOT_LEASE_MICROS));
        source.take_slot(who, moment.now, expires)?;
        let done = self.merge_cells(moment, request, Some(who), &source, &target);
        // After a fault the same call comes again and goes on where it stopped.
        if !matches!(done, Err(Error::Fault(_))) {
            source.give_slot(who);
        }
        done
    }

    fn merge_cells(
        &self,
        moment: &Moment,
        request: &MergeRequest,
        who: Option<SlotToken>,
        source: &Cell,
        target: &Cell,
    ) -> Result<Receipt<MergeReport>> {
        for _ in 0..ATTEMPTS {
            let from = match who {
                // Also what is not durable yet, or deletion would lose it. The merge's own write
                // comes later in the store, and is not durable before it.
                Some(_) => source.accepted(self),
                None => source.durable(self),
            };
            let (from, into) = both(from, target.accepted(self))?;
            match self.merge_heads(moment, request, who, &from, &into) {
                Err(Error::WriteConflict(_)) => continue,
                other => return other,
            }
        }
        Err(Error::WriteConflict(format!("branch '{}' keeps moving", request.target)))
    }

    fn merge_heads(
        &self,
        moment: &Moment,
        request: &MergeRequest,
        who: Option<SlotToken>,
        from: &Arc<Head>,
        into: &Arc<Head>,
    ) -> Result<Receipt<MergeReport>> {
        if into.record.read_only {
            return Err(Error::ReadOnly(format!("branch '{}'", into.record.name)));
        }
        if request.delete_source {
            self.refuse_deletion(&from.record)?;
        }
        let token = conflict_token(from, into, request);
        // Where a head moved, resolutions answer conflicts that may be others by now.
        let stale = request.token.as_ref().is_some_and(|given| *given != token);
        let fresh;
        let request = match stale {
            false => request,
            true => {
                fresh = MergeRequest { resolutions: Vec::new(), token: None, ..request.clone() };
                &fresh
            }
        };
        let chunks = self.chunks();
        let (bases, merged) = self.merged(&chunks, request, from, into)?;
        if !merged.open.is_empty() {
            let abort = request.policy == Policy::Abort;
            let conflicts = MergeConflicts { conflicts: merged.open, token, abort };
            return Err(Error::Conflicts(Box::new(conflicts)));
        }
        let mut report = MergeReport {
            source: from.record.name.clone(),
            target: into.record.name.clone(),
            commit: None,
            changes: merged.changes.len() as u64,
            schema_changed: merged.schema_changed,
            settled: merged.settled.clone(),
            source_deleted: false,
            dry_run: request.dry_run,
            time: moment.now,
        };
        if request.dry_run {
            return Ok(Receipt { value: report, ticket: None });
        }
        let mut ticket = None;
        if !bases.contains(&from.commit) {
            self.automatic_snapshot(moment, &into.record.name)?;
            let (moved, committed) =
                self.commit_merge(&chunks, moment, request, from, into, merged)?;
            (ticket, report.commit, report.time) = (Some(moved), Some(committed), committed.time);
        }
        if request.delete_source {
            match self.delete_held(moment, &from.record.id.to_string(), true, who) {
                Ok(deleted) => {
                    report.source_deleted = true;
                    ticket = deleted.ticket.or(ticket);
                }
                // Held beyond its lease, or given children since: the merge stands, and its report
                // says that the source does too. An error would make the caller merge again.
                Err(
                    Error::Busy(_)
                    | Error::NotFound { .. }
                    | Error::WriteConflict(_)
                    | Error::HasChildren { .. }
                    | Error::Protected(..),
                ) if ticket.is_some() => {}
                Err(other) => return Err(other),
            }
        } else if from.record.name != super::MAIN && from.record.status != BranchStatus::Merged {
            let cell = self.cell(&from.record.name)?;
            let marked = cell.advance(self, None, moment.now, |head| {
                if head.commit != from.commit {
                    return Ok(None);
                }
                let set = |record: &mut crate::history::BranchRecord| {
                    record.status = BranchStatus::Merged;
                };
                self.change_record(head, moment.now, set).map(Some)
            });
            match marked {
                Ok(marked) => ticket = marked.map(|(ticket, ..)| ticket).or(ticket),
                // Its status is a courtesy; the merge stands.
                Err(Error::Busy(_) | Error::NotFound { .. } | Error::WriteConflict(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(Receipt { value: report, ticket })
    }

    fn commit_merge(
        &self,
        chunks: &Chunks,
        moment: &Moment,
        request: &MergeRequest,
        from: &Arc<Head>,
        into: &Arc<Head>,
        merged: Merged,
    ) -> Result<(crate::chunk::Ticket, Committed)> {
        let message = request.message.clone().filter(|m| !m.is_empty());
        let message = message
            .unwrap_or_else(|| format!("Merge {} into {}", from.record.name, into.record.name));
        let note = CommitNote { author: request.author.clone(), message };
        let Merged { state, changes, schema_changed, .. } = merged;
        let delta = (!schema_changed).then(|| delta_of(changes, &into.state, &state));
        let cell = self.cell(&into.record.name)?;
        let moved = cell.advance(self, None, moment.now, |head| {
            if head.commit != into.commit {
                return Err(Error::WriteConflict("the target moved".into()));
            }
            let merged = vec![from.commit];
            let draft = Draft { state, delta, merged, note: &note, now: moment.now };
            // The chunks that the merged state stands on are staged here.
            self.append(chunks, head, draft).map(Some)
        })?;
        match moved {
            Some((ticket, _, committed)) => Ok((ticket, committed)),
            None => Err(Error::Internal("a merge commit was not written".into())),
        }
    }

    fn merged(
        &self,
        chunks: &Chunks,
        request: &MergeRequest,
        from: &Head,
        into: &Head,
    ) -> Result<(Vec<CommitId>, Merged)> {
        let bases = CommitReader::with_shallow(chunks, &self.shallow())
            .merge_bases(&from.commit, &into.commit)?;
        if bases.is_empty() {
            return Err(Error::InvalidMerge("the branches have no common history".into()));
        }
        let states = all(bases.iter().map(|base| match *base {
            base if base == from.commit => Ok(from.state.clone()),
            base if base == into.commit => Ok(into.state.clone()),
            base => self.state_at(chunks, base).map(|point| point.state.clone()),
        }))?;
        let options = Options {
            policy: request.policy,
            resolutions: request.resolutions.clone(),
            renumber: request.renumber,
        };
        let mut last: Option<(LastTouched, LastTouched)> = None;
        let mut newest = |table: TableId, key: &[u8]| -> Result<Side> {
            if last.is_none() {
                let shallow = self.shallow();
                let history = CommitReader::with_shallow(chunks, &shallow);
                let ours = self.last_touched(chunks, &history, from.commit, into.commit);
                let theirs = self.last_touched(chunks, &history, into.commit, from.commit);
                last = Some(both(ours, theirs)?);
            }
            let Some((ours, theirs)) = &last else { return Ok(Side::Target) };
            let row = (table.0, Arc::from(key));
            Ok(match ours.get(&row) >= theirs.get(&row) {
                true => Side::Source,
                false => Side::Target,
            })
        };
        let merged =
            crate::merge::merge(chunks, &states, &from.state, &into.state, &options, &mut newest)?;
        Ok((bases, merged))
    }

    /// When each row that `side` touched and `other` lacks was touched last.
    fn last_touched(
        &self,
        chunks: &Chunks,
        history: &CommitReader<'_>,
        side: CommitId,
        other: CommitId,
    ) -> Result<LastTouched> {
        let mut touched = LastTouched::new();
        let commits = history.missing_from(&side, &other)?.map(|missing| -> Result<()> {
            let (id, _) = missing?;
            let commit = history.commit(&id)?;
            let delta = match commit.body {
                Body::Delta(delta) => delta,
                Body::Root(_) => self.delta_of_commit(chunks, id)?,
            };
            let when = (commit.time, id);
            for table in delta.tables {
                for row in table.rows {
                    let last = touched.entry((table.table, row.key)).or_insert(when);
                    *last = (*last).max(when);
                }
            }
            Ok(())
        });
        all(commits)?;
        Ok(touched)
    }

    /// What a commit changed against its first parent, whatever its body is.
    ///
    /// # Errors
    /// `HistoryTruncated` where the parent is gone; a fault.
    pub fn delta_of_commit(&self, chunks: &Chunks, id: CommitId) -> Result<Delta> {
        let commit = CommitReader::with_shallow(chunks, &self.shallow()).commit(&id)?;
        if let Body::Delta(delta) = commit.body {
            return Ok(delta);
        }
        let state = |id| self.state_at(chunks, id).map(|point| point.state.clone());
        let before = commit.parents.first().map_or_else(|| Ok(State::empty()), |id| state(*id));
        let (after, before) = both(state(id), before)?;
        state_delta(chunks, &before, &after)
    }

    /// Whether deletion of a branch would be refused even by force.
    fn refuse_deletion(&self, record: &crate::history::BranchRecord) -> Result<()> {
        if record.name == super::MAIN || record.protected {
            let why = "it cannot be deleted after the merge".to_owned();
            return Err(Error::Protected(record.name.clone(), why));
        }
        let children: Vec<String> = self.live_children(record)?;
        match children.is_empty() {
            true => Ok(()),
            false => Err(Error::HasChildren { name: record.name.clone(), children }),
        }
    }

    /// The names of live branches that were made from this one.
    pub(super) fn live_children(
        &self,
        record: &crate::history::BranchRecord,
    ) -> Result<Vec<String>> {
        let of_this = |r: &crate::history::BranchRecord| {
            r.status != BranchStatus::Deleted
                && r.source_branch.as_ref().is_some_and(|(id, _)| *id == record.id)
        };
        Ok(self.records()?.into_iter().filter(of_this).map(|r| r.name).collect())
    }

    /// What stands differently at two points: definitions and rows, as a delta from the first to
    /// the second.
    ///
    /// # Errors
    /// `NotFound`; a fault.
    pub fn diff(&self, from: (&str, &AsOf), to: (&str, &AsOf)) -> Result<PointDiff> {
        let (before, after) = both(self.point(from.0, from.1), self.point(to.0, to.1))?;
        let delta = state_delta(&self.chunks(), &before.state, &after.state)?;
        Ok(PointDiff { before: before.state.clone(), after: after.state.clone(), delta })
    }

    /// Where a branch and another went apart last.
    ///
    /// # Errors
    /// `NotFound`, `InvalidMerge` where they have nothing in common; a fault.
    pub fn merge_base(&self, a: &str, b: &str) -> Result<CommitId> {
        let (a, b) = both(self.head(a), self.head(b))?;
        let chunks = self.chunks();
        let bases = CommitReader::with_shallow(&chunks, &self.shallow())
            .merge_bases(&a.commit, &b.commit)?;
        bases
            .first()
            .copied()
            .ok_or_else(|| Error::InvalidMerge("the branches have no common history".into()))
    }

    /// What a branch changed since it went apart from another.
    ///
    /// # Errors
    /// As [`Database::merge_base`].
    pub fn changes_since_fork(&self, branch: &str, other: &str) -> Result<PointDiff> {
        let base = self.merge_base(branch, other)?;
        let chunks = self.chunks();
        let before = self.state_at(&chunks, base)?.state.clone();
        let after = self.head(branch)?.state.clone();
        let delta = state_delta(&chunks, &before, &after)?;
        Ok(PointDiff { before, after, delta })
    }
}

type LastTouched = HashMap<(TableKey, Arc<[u8]>), (Micros, CommitId)>;

/// Two states and what changed from one to the other.
#[derive(Debug, Clone)]
pub struct PointDiff {
    /// The first state.
    pub before: State,
    /// The second.
    pub after: State,
    /// From the first to the second.
    pub delta: Delta,
}

fn delta_of(changes: Vec<(TableId, RowChange)>, before: &State, after: &State) -> Delta {
    let mut by_table: std::collections::BTreeMap<TableId, Vec<RowChange>> = Default::default();
    for (id, change) in changes {
        by_table.entry(id).or_default().push(change);
    }
    let mut delta = Delta::default();
    for (id, mut rows) in by_table {
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        delta.tables.push(TableDelta { table: id.0, rows });
    }
    delta.sequences = crate::txn::sequence_changes(before, after);
    delta
}

/// What changed between two states.
///
/// # Errors
/// A fault where chunks are not at hand.
pub(crate) fn state_delta(chunks: &Chunks, before: &State, after: &State) -> Result<Delta> {
    let mut delta = Delta::default();
    let ids: std::collections::BTreeSet<TableId> =
        before.tables().chain(after.tables()).map(|t| t.table.id()).collect();
    let empty = View::from_root(crate::tree::Root::empty());
    let changed = ids.into_iter().filter(|id| !before.same_table(after, *id));
    let tables = changed.map(|id| {
        let (old, new) = (before.table(id), after.table(id));
        let encoded =
            |t: Option<&Arc<crate::row::TableState>>| t.map(|t| t.table.encoded().clone());
        let (old_def, new_def) = (encoded(old), encoded(new));
        let schema = (old_def != new_def).then_some(crate::history::SchemaChange {
            table: id.0,
            old: old_def,
            new: new_def,
        });
        let rows = |table: Option<&'_ Arc<crate::row::TableState>>| match table {
            Some(table) => table.rows.clone(),
            None => empty.clone(),
        };
        let (old, new) = (rows(old), rows(new));
        let mut diff = View::diff(chunks, &old, &new)?;
        let mut rows = Vec::new();
        while let Some(change) = diff.next()? {
            let (key, old, new) = (change.key, change.old, change.new);
            rows.push(RowChange { key, old, new, moved_from: None });
        }
        Ok((schema, TableDelta { table: id.0, rows }))
    });
    for (schema, rows) in all::<_, Error>(tables)? {
        delta.schemas.extend(schema);
        if !rows.rows.is_empty() {
            delta.tables.push(rows);
        }
    }
    delta.sequences = crate::txn::sequence_changes(before, after);
    Ok(delta)
}

/// Names what a set of conflicts depends on.
fn conflict_token(from: &Head, into: &Head, request: &MergeRequest) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(from.commit.0.as_bytes());
    hasher.update(into.commit.0.as_bytes());
    hasher.update(&[request.renumber.into()]);
    format!("ct_{}", &hasher.finalize().to_hex()[..32])
}
