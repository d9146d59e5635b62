//! What the server tells of branches, tables and time. Times are RFC 3339.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// Whether a branch is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It is.
    Active,
    /// It is, and was merged since it was written last.
    Merged,
    /// It is not any more.
    Deleted,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct BranchInfo {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// Whether it is there.
    pub status: Status,
    /// Whether it is `main`.
    pub is_default: bool,
    /// Whether it takes merges only.
    pub is_protected: bool,
    /// Whether it takes no writes at all.
    #[serde(default)]
    pub is_read_only: bool,
    /// Where it comes from.
    pub source_branch: Option<String>,
    /// At which point.
    pub source_snapshot: Option<String>,
    /// When.
    pub created_at: String,
    /// When it was written or changed last.
    pub updated_at: String,
    /// When it was deleted.
    pub deleted_at: Option<String>,
    /// When it will be deleted.
    pub expires_at: Option<String>,
    /// What its creator said of it; lists leave it out.
    #[serde(default)]
    pub metadata: Map<String, Json>,
    /// Counts, unless they were not asked for.
    pub stats: Option<Stats>,
    /// How far it and its source are apart; lists leave it out.
    pub divergence: Option<Divergence>,
    /// Its newest commits, where they were asked for.
    #[serde(default)]
    pub history: Vec<HistoryEntry>,
}

/// What a branch holds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// Tables.
    pub tables: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes of all rows.
    pub size_bytes: u64,
    /// Rows that differ from the source.
    pub changes_from_source: Option<u64>,
    /// Of them, new ones.
    pub inserts: Option<u64>,
    /// Changed ones.
    pub updates: Option<u64>,
    /// Deleted ones.
    pub deletes: Option<u64>,
}

/// How far a branch and its source are apart.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Divergence {
    /// The source.
    pub source_branch: Option<String>,
    /// Commits that the source lacks.
    pub commits_ahead: u64,
    /// Commits that the branch lacks.
    pub commits_behind: u64,
    /// Whether it lacks none.
    pub can_fast_forward: bool,
}

/// A branch that was made.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Created {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// That it is there.
    pub status: Status,
    /// Where it comes from.
    pub source_branch: Option<String>,
    /// At which point.
    pub source_snapshot: Option<String>,
    /// When.
    pub created_at: String,
    /// When it will be deleted.
    pub expires_at: Option<String>,
}

/// A branch of which something else is said.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Changed {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// Whether it takes merges only.
    pub is_protected: bool,
    /// What is said of it.
    #[serde(default)]
    pub metadata: Map<String, Json>,
    /// When it was changed.
    pub updated_at: String,
    /// When it will be deleted.
    pub expires_at: Option<String>,
}

/// A branch that was deleted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Deleted {
    /// Its name.
    pub branch_name: String,
    /// When.
    pub deleted_at: String,
}

/// A branch that was set to where its source stands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Reset {
    /// Its name.
    pub branch: String,
    /// Where it was set to.
    pub source_branch: String,
    /// At which commit of the source.
    pub reset_to_scn: u64,
    /// Whether there was anything to do.
    pub changed: bool,
    /// At which commit it stands.
    pub scn: u64,
    /// Of which time.
    pub timestamp: String,
    /// The branch that keeps what was there.
    pub backup_branch: Option<String>,
}

/// A branch that holds again what a snapshot holds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Restored {
    /// The snapshot.
    pub snapshot_id: String,
    /// Its commit.
    pub restored_to_scn: u64,
    /// The branch that keeps what was there.
    pub backup_branch: Option<String>,
}

/// What stands in a branch's history.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum HistoryEntry {
    /// A commit.
    Transaction {
        /// Its id.
        id: String,
        /// Its time.
        timestamp: String,
        /// Its number on the branch's line.
        scn: u64,
        /// What it did.
        summary: String,
        /// Who made it, where that is known.
        user: Option<String>,
        /// The commits that it merged.
        #[serde(default)]
        merged: Vec<String>,
    },
    /// A snapshot.
    Snapshot {
        /// Its id.
        id: String,
        /// The time of its commit.
        timestamp: String,
        /// The number of its commit.
        scn: u64,
        /// Why it was made.
        summary: String,
        /// How much it holds.
        size_bytes: u64,
    },
}

/// What made a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SnapshotKind {
    /// The server, before or at something else.
    Automatic,
    /// A request for it.
    Manual,
}

/// A commit that is kept.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// Its id.
    pub id: String,
    /// Its name, if it was given one.
    pub name: Option<String>,
    /// The time of its commit.
    pub timestamp: String,
    /// The number of its commit.
    pub scn: u64,
    /// What made it.
    #[serde(rename = "type")]
    pub kind: SnapshotKind,
    /// Bytes of all rows.
    pub size_bytes: u64,
    /// Tables.
    pub tables: u64,
    /// Rows of all tables.
    pub rows: u64,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct TableInfo {
    /// Its name.
    pub name: String,
    /// Always `public`.
    pub schema: String,
    /// Its rows.
    pub row_count: u64,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The names of its indexes.
    pub indexes: Vec<String>,
    /// When it was made.
    pub created_at: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its SQL type.
    #[serde(rename = "type")]
    pub sql_type: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
}

/// All branches, and the commits that they reach.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Graph {
    /// The branches.
    pub branches: Vec<GraphBranch>,
    /// The commits, children before parents.
    pub commits: Vec<GraphCommit>,
    /// Whether there are more.
    pub truncated: bool,
}

/// A branch in the graph.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct GraphBranch {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub status: Status,
    /// Its newest commit.
    pub head: String,
    /// That commit's number.
    pub scn: u64,
    /// Where it comes from.
    pub source_branch: Option<String>,
    /// At which commit.
    pub fork: Option<String>,
}

/// A commit in the graph.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct GraphCommit {
    /// Its id.
    pub id: String,
    /// Its parents; the first is the line.
    pub parents: Vec<String>,
    /// Its number.
    pub scn: u64,
    /// Its time.
    pub timestamp: String,
    /// What it did.
    pub summary: Option<String>,
    /// Who made it, where that is known.
    pub user: Option<String>,
}

/// What the server is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Version {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// That of the API.
    pub api_version: String,
}
