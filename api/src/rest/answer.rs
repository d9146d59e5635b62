//! What requests come to, in no dialect yet: facts with their core types. A dialect makes them JSON.

use super::error::Failure;
use crate::webhooks::view::WebhookAnswer;
use offshoot_core::database::{Divergence, LogEntry, MergeReport, Reset, Size};
use offshoot_core::error::Error;
use offshoot_core::history::{BranchRecord, Micros, Scn, SnapshotRecord};
use offshoot_core::merge::Policy;
use offshoot_core::sql::{OutputColumn, StatementKind};
use offshoot_core::value::{SqlType, Value};

/// The answer of each kind of request.
#[derive(Debug)]
pub(crate) enum Answer {
    Branches {
        branches: Vec<BranchView>,
        pages: Pages,
    },
    BranchCreated(Box<BranchView>),
    Branch(Box<BranchView>),
    BranchChanged(BranchRecord),
    BranchDeleted(BranchRecord),
    Merged {
        report: Box<MergeReport>,
        policy: Policy,
    },
    Diff(DiffView),
    Graph(GraphView),
    Tables(Vec<TableView>),
    Rows {
        rows: Rows,
        pages: Pages,
    },
    Inserted {
        inserted: u64,
        ids: Vec<Value>,
    },
    Updated(u64),
    Deleted(u64),
    Query {
        rows: Rows,
        plan: String,
    },
    Executed {
        statement: StatementView,
        at: Head,
        branch: String,
    },
    Transaction {
        statements: Vec<StatementView>,
        at: Head,
    },
    History(Vec<HistoryEntry>),
    Snapshots(Vec<SnapshotRecord>),
    Snapshot(SnapshotRecord),
    Restored {
        snapshot: SnapshotRecord,
        backup: Option<String>,
    },
    Webhooks(WebhookAnswer),
    /// No answer: what the work found out, where the core has no error for it.
    Refused(Box<Failure>),
    Reset(Box<Reset>),
}

/// A place among pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pages {
    pub page: u64,
    pub limit: u64,
    pub total: u64,
}

impl Pages {
    /// Whether there are items behind this page.
    pub fn more(self) -> bool {
        self.page.saturating_mul(self.limit) < self.total
    }

    /// The items of this page.
    pub fn cut<T>(self, items: Vec<T>) -> Vec<T> {
        let skip = self.page.saturating_sub(1).saturating_mul(self.limit);
        let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        items.into_iter().skip(whole(skip)).take(whole(self.limit)).collect()
    }
}

/// A branch and what is known of it.
#[derive(Debug)]
pub(crate) struct BranchView {
    pub record: BranchRecord,
    /// Whether metadata and divergence are asked for.
    pub detailed: bool,
    pub stats: Option<Stats>,
    pub divergence: Option<Divergence>,
    /// The time of the commit at which it began; for a branch without a source, its creation.
    pub began: Micros,
    pub history: Option<Vec<HistoryEntry>>,
}

/// How much a branch holds, and how it differs from where it came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stats {
    pub size: Size,
    pub changes: Option<Changes>,
}

/// Rows that differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub inserts: u64,
    pub updates: u64,
    pub deletes: u64,
}

impl Changes {
    /// All of them.
    pub fn total(self) -> u64 {
        self.inserts + self.updates + self.deletes
    }
}

/// Columns and rows of a result.
#[derive(Debug)]
pub(crate) struct Rows {
    pub columns: Vec<OutputColumn>,
    pub rows: Vec<Vec<Value>>,
}

/// What a statement did.
#[derive(Debug)]
pub(crate) struct StatementView {
    pub kind: StatementKind,
    pub affected: u64,
    /// What it gave, where it gives rows (RETURNING).
    pub rows: Option<Rows>,
}

/// Where a branch stands after a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub scn: Scn,
    pub time: Micros,
}

/// One line of a branch's history.
#[derive(Debug)]
pub(crate) enum HistoryEntry {
    Commit(LogEntry),
    Snapshot(SnapshotRecord),
}

/// A table.
#[derive(Debug)]
pub(crate) struct TableView {
    pub name: String,
    pub rows: u64,
    /// Bytes of rows and indexes, estimated, where that is asked for.
    pub size_bytes: Option<u64>,
    pub columns: Vec<ColumnView>,
    /// Names of the indexes that statements made.
    pub indexes: Vec<String>,
    pub created: Micros,
}

/// A column.
#[derive(Debug)]
pub(crate) struct ColumnView {
    pub name: String,
    pub ty: SqlType,
    pub nullable: bool,
    pub primary_key: bool,
}

/// What stands differently on a branch than on another.
#[derive(Debug)]
pub(crate) struct DiffView {
    pub branch: String,
    pub against: String,
    pub tables: Vec<TableDiff>,
    pub rows: Vec<RowDiff>,
    pub pages: Pages,
}

/// One table's differences.
#[derive(Debug)]
pub(crate) struct TableDiff {
    pub name: String,
    pub schema: Option<SchemaDiff>,
    pub changes: Changes,
}

/// How a table's definition differs.
#[derive(Debug)]
pub(crate) struct SchemaDiff {
    /// `added`, `dropped` or `altered`.
    pub kind: &'static str,
    /// Its name on the other branch, where that is another.
    pub renamed_from: Option<String>,
    pub columns: Vec<ColumnDiff>,
}

/// How a column differs: name and type on the other branch and on this one.
#[derive(Debug)]
pub(crate) struct ColumnDiff {
    pub before: Option<(String, SqlType)>,
    pub after: Option<(String, SqlType)>,
}

/// One row's differences.
#[derive(Debug)]
pub(crate) struct RowDiff {
    pub table: String,
    pub row_id: String,
    /// `insert`, `update` or `delete`.
    pub change: &'static str,
    pub cells: Vec<CellDiff>,
}

/// One cell's values on the other branch and on this one; null where there is none.
#[derive(Debug)]
pub(crate) struct CellDiff {
    pub column: String,
    pub before: Typed,
    pub after: Typed,
}

/// A value and the type of the column that holds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Typed {
    pub value: Value,
    pub ty: SqlType,
}

/// All branches and commits.
#[derive(Debug)]
pub(crate) struct GraphView {
    pub branches: Vec<BranchRecord>,
    pub commits: Vec<LogEntry>,
    /// Whether there are more commits than were asked for.
    pub truncated: bool,
}

/// What a job of this protocol gives.
pub(crate) type Outcome = Result<Done, Error>;

/// An answer, and what must be durable before it is given.
#[derive(Debug)]
pub(crate) struct Done {
    pub answer: Answer,
    pub ticket: Option<offshoot_core::chunk::Ticket>,
}

impl Done {
    /// The answer of something that only read.
    pub fn read(answer: Answer) -> Self {
        Done { answer, ticket: None }
    }
}
