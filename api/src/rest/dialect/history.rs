//! History, snapshots, and the graph of commits: one form, with the times of each dialect.

use super::{Stamp, Times, source, status};
use crate::rest::answer::{GraphView, HistoryEntry};
use offshoot_core::database::{LogEntry, Reset as Done};
use offshoot_core::history::{BranchRecord, CommitId, SnapshotKind, SnapshotRecord};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct History<'h> {
    history: Vec<Entry<'h>>,
}

impl<'h> History<'h> {
    pub fn of(entries: &'h [HistoryEntry], times: Times) -> Self {
        History { history: entries.iter().map(|entry| Entry::of(entry, times)).collect() }
    }
}

/// One line of a history.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Entry<'h> {
    Transaction {
        id: String,
        timestamp: Stamp,
        scn: u64,
        summary: &'h str,
        /// Null where nobody is known to have made it.
        user: Option<&'h str>,
        /// The commits that it merged.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        merged: Vec<String>,
    },
    Snapshot {
        id: String,
        timestamp: Stamp,
        scn: u64,
        summary: String,
        size_bytes: u64,
    },
}

impl<'h> Entry<'h> {
    pub fn of(entry: &'h HistoryEntry, times: Times) -> Self {
        match entry {
            HistoryEntry::Commit(commit) => {
                let header = &commit.header;
                let summary = match header.message.as_str() {
                    "" => "no message",
                    message => message,
                };
                Entry::Transaction {
                    id: commit.id.to_string(),
                    timestamp: times.of(header.time),
                    scn: header.scn.0,
                    summary,
                    user: Some(header.author.as_str()).filter(|user| !user.is_empty()),
                    merged: header.parents.iter().skip(1).map(CommitId::to_string).collect(),
                }
            }
            HistoryEntry::Snapshot(record) => Entry::Snapshot {
                id: record.id.to_string(),
                timestamp: times.of(record.time),
                scn: record.scn.0,
                summary: summary(record),
                size_bytes: record.size_bytes,
            },
        }
    }
}

fn summary(record: &SnapshotRecord) -> String {
    match (record.kind, &record.name) {
        (SnapshotKind::Automatic, _) => "Automatic snapshot".to_owned(),
        (SnapshotKind::Manual, None) => "Manual snapshot".to_owned(),
        (SnapshotKind::Manual, Some(name)) => format!("Snapshot '{name}'"),
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Snapshots<'s> {
    snapshots: Vec<Snapshot<'s>>,
}

impl<'s> Snapshots<'s> {
    pub fn of(records: &'s [SnapshotRecord], times: Times) -> Self {
        Snapshots { snapshots: records.iter().map(|record| Snapshot::of(record, times)).collect() }
    }
}

/// A snapshot.
#[derive(Debug, Serialize)]
pub(super) struct Snapshot<'s> {
    id: String,
    name: Option<&'s str>,
    timestamp: Stamp,
    created_at: Stamp,
    scn: u64,
    r#type: &'static str,
    size_bytes: u64,
    tables: u32,
    rows: u64,
}

impl<'s> Snapshot<'s> {
    pub fn of(record: &'s SnapshotRecord, times: Times) -> Self {
        Snapshot {
            id: record.id.to_string(),
            name: record.name.as_deref(),
            timestamp: times.of(record.time),
            created_at: times.of(record.created),
            scn: record.scn.0,
            r#type: match record.kind {
                SnapshotKind::Automatic => "automatic",
                SnapshotKind::Manual => "manual",
            },
            size_bytes: record.size_bytes,
            tables: record.tables,
            rows: record.rows,
        }
    }
}

/// A branch set back.
#[derive(Debug, Serialize)]
pub(super) struct Restored<'s> {
    restored: bool,
    snapshot_id: String,
    restored_to_scn: u64,
    backup_branch: Option<&'s str>,
}

impl<'s> Restored<'s> {
    pub fn of(record: &'s SnapshotRecord, backup: Option<&'s str>) -> Self {
        Restored {
            restored: true,
            snapshot_id: record.id.to_string(),
            restored_to_scn: record.scn.0,
            backup_branch: backup,
        }
    }
}

/// A branch set to where another stands.
#[derive(Debug, Serialize)]
pub(super) struct Reset<'r> {
    reset: bool,
    branch: &'r str,
    source_branch: &'r str,
    reset_to_scn: u64,
    /// Whether there was anything to do.
    changed: bool,
    scn: u64,
    timestamp: Stamp,
    backup_branch: Option<&'r str>,
}

impl<'r> Reset<'r> {
    pub fn of(done: &'r Done, times: Times) -> Self {
        let Done { record, source, source_scn, backup, commit } = done;
        Reset {
            reset: true,
            branch: &record.name,
            source_branch: source,
            reset_to_scn: source_scn.0,
            changed: commit.is_some(),
            scn: record.head_scn.0,
            timestamp: times.of(record.head_time),
            backup_branch: backup.as_deref(),
        }
    }
}

/// All branches and commits.
#[derive(Debug, Serialize)]
pub(super) struct Graph<'g> {
    branches: Vec<Tip<'g>>,
    commits: Vec<Node<'g>>,
    truncated: bool,
}

#[derive(Debug, Serialize)]
struct Tip<'g> {
    id: String,
    name: &'g str,
    status: &'static str,
    head: String,
    scn: u64,
    source_branch: Option<&'g str>,
    fork: Option<String>,
}

#[derive(Debug, Serialize)]
struct Node<'g> {
    id: String,
    parents: Vec<String>,
    scn: u64,
    timestamp: Stamp,
    summary: &'g str,
    user: Option<&'g str>,
}

impl<'g> Graph<'g> {
    pub fn of(view: &'g GraphView, times: Times) -> Self {
        let tip = |record: &'g BranchRecord| Tip {
            id: record.id.to_string(),
            name: &record.name,
            status: status(record),
            head: record.head.to_string(),
            scn: record.head_scn.0,
            source_branch: source(record),
            fork: record.fork.map(|fork| fork.to_string()),
        };
        let node = |LogEntry { id, header }: &'g LogEntry| Node {
            id: id.to_string(),
            parents: header.parents.iter().map(CommitId::to_string).collect(),
            scn: header.scn.0,
            timestamp: times.of(header.time),
            summary: &header.message,
            user: Some(header.author.as_str()).filter(|user| !user.is_empty()),
        };
        Graph {
            branches: view.branches.iter().map(tip).collect(),
            commits: view.commits.iter().map(node).collect(),
            truncated: view.truncated,
        }
    }
}
