//! What kind of statement a syntax tree is, and what the log says of it.

use super::context::table_name;
use super::dml::taken_apart;
use super::points::split_mark;
use super::request::Output;
use super::write::analyzed;
use crate::error::{Error, Result};
use gluesql_core::sqlparser::ast::{
    FromTable, ObjectName, Statement, TableFactor, TableWithJoins, TransactionIsolationLevel,
    TransactionMode, TransactionModifier,
};
use std::borrow::Cow;
use std::fmt;

/// What a session does with a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It begins, ends or marks a transaction.
    Control(Control),
    /// It only reads.
    Query,
    /// It changes rows or definitions.
    Write,
}

/// Statements about transactions.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// BEGIN.
    Begin {
        /// Takes the writer slot.
        immediate: bool,
        /// Compares what was read as well.
        serializable: bool,
    },
    Commit,
    Rollback,
    Savepoint(String),
    Release(String),
    RollbackTo(String),
}

/// Sorts a statement.
///
/// # Errors
/// `Unsupported` for statements that Offshoot does not run.
pub(super) fn kind_of(statement: &Statement) -> Result<Kind> {
    Ok(match taken_apart(statement).0 {
        Statement::Explain { .. } if analyzed(statement).is_some() => Kind::Write,
        Statement::Query(_)
        | Statement::ShowTables { .. }
        | Statement::ShowColumns { .. }
        | Statement::ExplainTable { .. }
        | Statement::Pragma { is_eq: false, .. }
        | Statement::Explain { .. } => Kind::Query,
        Statement::Insert(_)
        | Statement::Update { .. }
        | Statement::Delete(_)
        | Statement::CreateTable(_)
        | Statement::CreateView { .. }
        | Statement::AlterTable { .. }
        | Statement::AlterIndex { .. }
        | Statement::AlterView { .. }
        | Statement::Comment { .. }
        | Statement::CreateIndex(_)
        | Statement::Drop { .. }
        | Statement::Truncate { .. } => Kind::Write,
        Statement::StartTransaction { modes, modifier, .. } => {
            let mut serializable = false;
            for mode in modes {
                match mode {
                    TransactionMode::IsolationLevel(TransactionIsolationLevel::Serializable) => {
                        serializable = true;
                    }
                    // Snapshot isolation is at least as strict as the others.
                    TransactionMode::IsolationLevel(_) => {}
                    TransactionMode::AccessMode(_) => {
                        return Err(Error::Unsupported("READ ONLY transactions".into()));
                    }
                }
            }
            let immediate = matches!(
                modifier,
                Some(TransactionModifier::Immediate | TransactionModifier::Exclusive)
            );
            Kind::Control(Control::Begin { immediate, serializable })
        }
        Statement::Commit { chain: false } => Kind::Control(Control::Commit),
        Statement::Rollback { chain: false, savepoint: None } => Kind::Control(Control::Rollback),
        Statement::Rollback { chain: false, savepoint: Some(name) } => {
            Kind::Control(Control::RollbackTo(name.value.clone()))
        }
        Statement::Commit { .. } | Statement::Rollback { .. } => {
            return Err(Error::Unsupported("AND CHAIN".into()));
        }
        Statement::Savepoint { name } => Kind::Control(Control::Savepoint(name.value.clone())),
        Statement::ReleaseSavepoint { name } => Kind::Control(Control::Release(name.value.clone())),
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            return Err(Error::Unsupported(format!("the statement {}", words.join(" "))));
        }
    })
}

/// What the log says of a statement that was run, for example `INSERT INTO users (5 rows)`. Nothing
/// for one that changes nothing.
pub(super) fn describe(statement: &Statement, output: &Output) -> Option<String> {
    let rows = || Rows(output.affected);
    let name = |name: &ObjectName| {
        table_name(name).map_or_else(|_| name.to_string(), |n| split_mark(n).0.to_owned())
    };
    let statement = analyzed(statement).unwrap_or(statement);
    Some(match taken_apart(statement).0 {
        Statement::Insert(insert) => {
            format!("INSERT INTO {} ({})", name(&insert.table_name), rows())
        }
        Statement::Update { table, .. } => format!("UPDATE {} ({})", factor_name(table), rows()),
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            let table = from.first().map(factor_name).unwrap_or_default();
            format!("DELETE FROM {table} ({})", rows())
        }
        Statement::CreateTable(create) => format!("CREATE TABLE {}", name(&create.name)),
        Statement::CreateView { name: view, .. } => format!("CREATE VIEW {}", name(view)),
        Statement::AlterTable { name: table, .. } => format!("ALTER TABLE {}", name(table)),
        Statement::AlterView { name: view, .. } => format!("ALTER VIEW {}", name(view)),
        Statement::AlterIndex { name: index, .. } => format!("ALTER INDEX {}", name(index)),
        Statement::Comment { object_name, .. } => format!("COMMENT ON {object_name}"),
        Statement::CreateIndex(index) => match &index.name {
            Some(index) => format!("CREATE INDEX {}", name(index)),
            None => format!("CREATE INDEX ON {}", name(&index.table_name)),
        },
        Statement::Drop { object_type, names, .. } => {
            let what = object_type.to_string();
            let names: Vec<String> = names.iter().map(name).collect();
            format!("DROP {what} {}", names.join(", "))
        }
        Statement::Truncate { table_names, .. } => {
            let names: Vec<String> = table_names.iter().map(|t| name(&t.name)).collect();
            format!("TRUNCATE {} ({})", names.join(", "), rows())
        }
        _ => return None,
    })
}

fn factor_name(table: &TableWithJoins) -> Cow<'_, str> {
    match &table.relation {
        TableFactor::Table { name, .. } => {
            let plain = table_name(name).unwrap_or_default();
            Cow::Borrowed(split_mark(plain).0)
        }
        other => Cow::Owned(other.to_string()),
    }
}

/// A number of rows, in words.
struct Rows(u64);

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 row"),
            n => write!(f, "{n} rows"),
        }
    }
}

/// Statements that the message of a transaction's commit names.
const MESSAGES_MAX: usize = 8;

/// What the log says of a transaction.
pub(super) fn message(done: &[String]) -> String {
    let shown = done.iter().take(MESSAGES_MAX).cloned().collect::<Vec<_>>().join("; ");
    match done.len().saturating_sub(MESSAGES_MAX) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
