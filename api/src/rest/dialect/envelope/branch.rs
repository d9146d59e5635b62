//! Branches and merges.

use super::TIMES;
use crate::rest::answer::{BranchView, Pages, Stats as StatsView};
use crate::rest::dialect::history::Entry;
use crate::rest::dialect::{Divergence, Pagination, source, status};
use crate::rest::time::rfc3339;
use offshoot_core::database::{MAIN, MergeReport};
use offshoot_core::history::{BranchRecord, BranchStatus, Micros};
use serde::Serialize;
use serde_json::{Map, Value as Json};

#[derive(Debug, Serialize)]
pub(super) struct Branches<'b> {
    branches: Vec<Branch<'b>>,
    pagination: Pagination,
}

pub(super) fn list(branches: &[BranchView], pages: Pages) -> Branches<'_> {
    let branches = branches.iter().map(Branch::of).collect();
    Branches { branches, pagination: pages.into() }
}

/// A branch, in a list or with its details.
#[derive(Debug, Serialize)]
pub(super) struct Branch<'b> {
    id: String,
    name: &'b str,
    display_name: &'b str,
    status: &'static str,
    is_default: bool,
    is_protected: bool,
    is_read_only: bool,
    source_branch: Option<&'b str>,
    source_snapshot: Option<String>,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<Stats>,
    /// Null where there is no source; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    divergence: Option<Option<Divergence<'b>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<Entry<'b>>>,
}

impl<'b> Branch<'b> {
    pub fn of(view: &'b BranchView) -> Self {
        let BranchView { record, detailed, stats, divergence, history, .. } = view;
        let apart = || divergence.map(|apart| Divergence::of(record, apart));
        Branch {
            id: record.id.to_string(),
            name: &record.name,
            display_name: &record.display_name,
            status: status(record),
            is_default: record.name == MAIN && record.status != BranchStatus::Deleted,
            is_protected: record.protected,
            is_read_only: record.read_only,
            source_branch: source(record),
            source_snapshot: record.source_snapshot.map(|id| id.to_string()),
            created_at: rfc3339(record.created),
            updated_at: rfc3339(record.updated),
            deleted_at: record.deleted.map(rfc3339),
            expires_at: record.expires.map(rfc3339),
            metadata: detailed.then(|| record.metadata.to_map()),
            stats: stats.map(Stats::of),
            divergence: detailed.then(apart),
            history: history
                .as_ref()
                .map(|entries| entries.iter().map(|entry| Entry::of(entry, TIMES)).collect()),
        }
    }
}

#[derive(Debug, Serialize)]
struct Stats {
    tables: u64,
    rows: u64,
    size_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes_from_source: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inserts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updates: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletes: Option<u64>,
}

impl Stats {
    fn of(view: StatsView) -> Self {
        let StatsView { size, changes } = view;
        Stats {
            tables: size.tables,
            rows: size.rows,
            size_bytes: size.bytes,
            changes_from_source: changes.map(|c| c.total()),
            inserts: changes.map(|c| c.inserts),
            updates: changes.map(|c| c.updates),
            deletes: changes.map(|c| c.deletes),
        }
    }
}

/// A branch that was made.
#[derive(Debug, Serialize)]
pub(super) struct Created<'b> {
    id: String,
    name: &'b str,
    display_name: &'b str,
    status: &'static str,
    source_branch: Option<&'b str>,
    source_snapshot: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl<'b> Created<'b> {
    pub fn of(record: &'b BranchRecord) -> Self {
        Created {
            id: record.id.to_string(),
            name: &record.name,
            display_name: &record.display_name,
            status: status(record),
            source_branch: source(record),
            source_snapshot: record.source_snapshot.map(|id| id.to_string()),
            created_at: rfc3339(record.created),
            expires_at: record.expires.map(rfc3339),
        }
    }
}

/// A branch whose record was changed.
#[derive(Debug, Serialize)]
pub(super) struct Changed<'b> {
    id: String,
    name: &'b str,
    display_name: &'b str,
    is_protected: bool,
    metadata: Map<String, Json>,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl<'b> Changed<'b> {
    pub fn of(record: &'b BranchRecord) -> Self {
        Changed {
            id: record.id.to_string(),
            name: &record.name,
            display_name: &record.display_name,
            is_protected: record.protected,
            metadata: record.metadata.to_map(),
            updated_at: rfc3339(record.updated),
            expires_at: record.expires.map(rfc3339),
        }
    }
}

/// A branch that is gone.
#[derive(Debug, Serialize)]
pub(super) struct Deleted<'b> {
    deleted: bool,
    branch_name: &'b str,
    deleted_at: String,
}

impl<'b> Deleted<'b> {
    pub fn of(record: &'b BranchRecord) -> Self {
        let when: Micros = record.deleted.unwrap_or(record.updated);
        Deleted { deleted: true, branch_name: &record.name, deleted_at: rfc3339(when) }
    }
}

/// A merge that was made, or would be.
#[derive(Debug, Serialize)]
pub(super) struct Merged<'m> {
    status: &'static str,
    dry_run: bool,
    source_branch: &'m str,
    target_branch: &'m str,
    merge_commit: Option<String>,
    changes_merged: u64,
    schema_changed: bool,
    conflicts_resolved: usize,
    source_deleted: bool,
    /// Null for a dry run.
    merged_at: Option<String>,
}

impl<'m> Merged<'m> {
    pub fn of(report: &'m MergeReport) -> Self {
        Merged {
            status: if report.dry_run { "dry_run" } else { "merged" },
            dry_run: report.dry_run,
            source_branch: &report.source,
            target_branch: &report.target,
            merge_commit: report.commit.map(|commit| commit.id.to_string()),
            changes_merged: report.changes,
            schema_changed: report.schema_changed,
            conflicts_resolved: report.settled.len(),
            source_deleted: report.source_deleted,
            merged_at: (!report.dry_run).then(|| rfc3339(report.time)),
        }
    }
}
