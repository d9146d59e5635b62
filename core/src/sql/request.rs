//! What is asked of a session, and what it answers.

use crate::chunk::Ticket;
use crate::database::{AsOf, Committed};
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::value::{SqlType, Value};
use std::sync::Arc;

/// Says whether the caller's time is over. Called often; must be cheap.
pub type Expired = Arc<dyn Fn() -> bool + Send + Sync>;

/// A clock: microseconds since a fixed point of the host's choice.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What one statement may use. A host sets them; each excess is its own clear error.
#[derive(Clone)]
pub struct Limits {
    /// Rows that a query may return.
    pub rows: u64,
    /// Bytes that a statement may hold in memory, about.
    pub memory_bytes: u64,
    /// Length of the SQL text in bytes.
    pub sql_bytes: usize,
    /// Whether the deadline has passed; `None`: there is none.
    pub expired: Option<Expired>,
    /// What EXPLAIN ANALYZE takes the time with; `None`: it shows none. Nothing else looks at it.
    pub clock: Option<Clock>,
}

impl Limits {
    /// The deadline as an error.
    pub fn check_time(&self) -> Result<()> {
        match &self.expired {
            Some(expired) if expired() => Err(Error::Timeout),
            _ => Ok(()),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            rows: 1_000_000,
            memory_bytes: 1 << 30,
            sql_bytes: 1 << 20,
            expired: None,
            clock: None,
        }
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Limits { rows, memory_bytes, sql_bytes, expired, clock } = self;
        f.debug_struct("Limits")
            .field("rows", rows)
            .field("memory_bytes", memory_bytes)
            .field("sql_bytes", sql_bytes)
            .field("deadline", &expired.is_some())
            .field("clock", &clock.is_some())
            .finish()
    }
}

/// One statement to run.
#[derive(Debug, Clone)]
pub struct Request<'r> {
    /// The statement; one, with or without a semicolon.
    pub sql: &'r str,
    /// Values for `$1`, `$2`, …
    pub params: &'r [Value],
    /// The point that it reads at; anything but `Now` makes it read-only.
    pub as_of: AsOf,
    /// Whether a statement that writes is refused.
    pub read_only: bool,
    /// What it may use.
    pub limits: Limits,
    /// Its time and seed.
    pub moment: Moment,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// Its label.
    pub name: String,
    /// Its type, where one is known (`Any` otherwise).
    pub ty: SqlType,
}

/// What kind of statement ran, as protocols name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// A query.
    Select,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// CREATE TABLE.
    CreateTable,
    /// ALTER TABLE.
    AlterTable,
    /// CREATE VIEW.
    CreateView,
    /// DROP TABLE.
    DropTable,
    /// DROP VIEW.
    DropView,
    /// CREATE INDEX.
    CreateIndex,
    /// DROP INDEX.
    DropIndex,
    /// TRUNCATE.
    Truncate,
    /// BEGIN.
    Begin,
    /// COMMIT.
    Commit,
    /// ROLLBACK, to a savepoint or altogether.
    Rollback,
    /// SAVEPOINT and RELEASE.
    Savepoint,
    /// SHOW and EXPLAIN.
    Show,
    /// CREATE BRANCH.
    CreateBranch,
    /// DROP BRANCH.
    DropBranch,
    /// MERGE BRANCH.
    MergeBranch,
    /// USE BRANCH.
    UseBranch,
}

impl StatementKind {
    /// The name in protocols, for example `CREATE_TABLE`.
    pub fn name(self) -> &'static str {
        match self {
            StatementKind::Select => "SELECT",
            StatementKind::Insert => "INSERT",
            StatementKind::Update => "UPDATE",
            StatementKind::Delete => "DELETE",
            StatementKind::CreateTable => "CREATE_TABLE",
            StatementKind::AlterTable => "ALTER_TABLE",
            StatementKind::CreateView => "CREATE_VIEW",
            StatementKind::DropTable => "DROP_TABLE",
            StatementKind::DropView => "DROP_VIEW",
            StatementKind::CreateIndex => "CREATE_INDEX",
            StatementKind::DropIndex => "DROP_INDEX",
            StatementKind::Truncate => "TRUNCATE",
            StatementKind::Begin => "BEGIN",
            StatementKind::Commit => "COMMIT",
            StatementKind::Rollback => "ROLLBACK",
            StatementKind::Savepoint => "SAVEPOINT",
            StatementKind::Show => "SHOW",
            StatementKind::CreateBranch => "CREATE_BRANCH",
            StatementKind::DropBranch => "DROP_BRANCH",
            StatementKind::MergeBranch => "MERGE_BRANCH",
            StatementKind::UseBranch => "USE_BRANCH",
        }
    }
}

/// What a statement gave.
#[derive(Debug, Clone)]
pub struct Output {
    /// What ran.
    pub kind: StatementKind,
    /// The columns of a query; empty otherwise.
    pub columns: Vec<OutputColumn>,
    /// The rows of a query.
    pub rows: Vec<Vec<Value>>,
    /// Rows that a statement inserted, updated or deleted.
    pub affected: u64,
    /// Values of the primary key of inserted rows (single-column keys), in the order of insertion.
    pub ids: Vec<Value>,
    /// The commit that an autocommit statement or a COMMIT made; `None` where nothing was written
    /// or the transaction is still open.
    pub commit: Option<Committed>,
    /// Tell the caller only when this is durable.
    pub ticket: Option<Ticket>,
}

impl Output {
    /// An answer without rows.
    pub fn done(kind: StatementKind, affected: u64) -> Self {
        Output {
            kind,
            columns: Vec::new(),
            rows: Vec::new(),
            affected,
            ids: Vec::new(),
            commit: None,
            ticket: None,
        }
    }
}
