//! Branches.

use super::TIMES;
use crate::rest::answer::{BranchView, Pages, Stats as StatsView};
use crate::rest::dialect::history::Entry;
use crate::rest::dialect::{Divergence, source, unix};
use offshoot_core::history::{BranchRecord, BranchStatus};
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// All branches, or a page of them where a limit was given.
#[derive(Debug, Serialize)]
pub(super) struct Branches<'b> {
    total: u64,
    branches: Vec<Branch<'b>>,
    page: u64,
    limit: u64,
    has_more: bool,
}

pub(super) fn list(branches: &[BranchView], pages: Pages) -> Branches<'_> {
    Branches {
        total: pages.total,
        branches: branches.iter().map(Branch::of).collect(),
        page: pages.page,
        limit: pages.limit,
        has_more: pages.more(),
    }
}

/// A branch, in a list, made, or with its details.
#[derive(Debug, Serialize)]
pub(super) struct Branch<'b> {
    id: String,
    name: &'b str,
    parent: Option<&'b str>,
    created_at: i64,
    /// The time of what it was made from, as the request that makes a branch takes it.
    snapshot_id: i64,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<Stats>,
    display_name: &'b str,
    is_protected: bool,
    options: Options,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Json>>,
    /// Null where there is no source; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    divergence: Option<Option<Divergence<'b>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<Entry<'b>>>,
}

impl<'b> Branch<'b> {
    pub fn of(view: &'b BranchView) -> Self {
        let BranchView { record, detailed, stats, divergence, began, history } = view;
        let apart = || divergence.map(|apart| Divergence::of(record, apart));
        let entries = |entries: &'b Vec<_>| entries.iter().map(|e| Entry::of(e, TIMES)).collect();
        Branch {
            id: record.id.to_string(),
            name: &record.name,
            parent: source(record),
            created_at: unix(record.created),
            snapshot_id: unix(*began),
            state: state(record),
            stats: stats.map(|stats| Stats::of(stats, record)),
            display_name: &record.display_name,
            is_protected: record.protected,
            options: Options { read_only: record.read_only, isolated: true },
            expires_at: record.expires.map(unix),
            metadata: detailed.then(|| record.metadata.to_map()),
            divergence: detailed.then(apart),
            history: history.as_ref().map(entries),
        }
    }
}

fn state(record: &BranchRecord) -> &'static str {
    match record.status {
        BranchStatus::Active => "Active",
        BranchStatus::Merged => "Merged",
        BranchStatus::Deleted => "Deleted",
    }
}

/// How the branch was made. Every branch is isolated.
#[derive(Debug, Serialize)]
struct Options {
    read_only: bool,
    isolated: bool,
}

#[derive(Debug, Serialize)]
struct Stats {
    total_keys: u64,
    size_bytes: u64,
    last_modified: i64,
}

impl Stats {
    fn of(view: StatsView, record: &BranchRecord) -> Self {
        Stats {
            total_keys: view.size.rows,
            size_bytes: view.size.bytes,
            last_modified: unix(record.updated),
        }
    }
}

/// A branch whose record was changed. Only the specification has this request.
#[derive(Debug, Serialize)]
pub(super) struct Changed<'b> {
    id: String,
    name: &'b str,
    display_name: &'b str,
    is_protected: bool,
    metadata: Map<String, Json>,
    updated_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl<'b> Changed<'b> {
    pub fn of(record: &'b BranchRecord) -> Self {
        Changed {
            id: record.id.to_string(),
            name: &record.name,
            display_name: &record.display_name,
            is_protected: record.protected,
            metadata: record.metadata.to_map(),
            updated_at: unix(record.updated),
            expires_at: record.expires.map(unix),
        }
    }
}
