//! Statements that write, inside a transaction.

use super::context::{QueryContext, table_name};
use super::dml::{KeptWrite, LiteralRow};
use super::keeping::Keeping;
use super::points::split_mark;
use super::query::plain_table;
use super::request::{Limits, Output};
use super::trace::Trace;
use super::{ddl, dml};
use crate::chunk::Chunks;
use crate::database::Point;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::row::State;
use crate::txn::Txn;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{
    AlterTableOperation, FromTable, ObjectName, SqliteOnConflict, Statement,
};
use std::sync::Arc;

/// What a writing statement has beside its transaction.
#[derive(Clone, Copy)]
pub(crate) struct WriteContext<'w> {
    /// Points that tables inside the statement are read at.
    pub points: &'w [Arc<Point>],
    /// Values for `$1`, `$2`, …
    pub params: &'w [Value],
    /// What it may use.
    pub limits: &'w Limits,
    /// The rows of an INSERT that were read apart from it.
    pub rows: Option<&'w [LiteralRow]>,
    /// Where its statement keeps its plan.
    pub kept: Option<&'w Keeping<KeptWrite>>,
    /// Who is told how rows are found.
    pub trace: Option<&'w Trace>,
}

impl<'w> WriteContext<'w> {
    /// The context for reading what a transaction holds now.
    pub fn reading<'c>(&'c self, txn: &'c Txn) -> QueryContext<'c> {
        self.context(txn.state(), txn.chunks(), txn.moment(), Some(txn))
    }

    fn context<'c>(
        &'c self,
        state: &'c State,
        chunks: &'c Arc<Chunks>,
        moment: &'c Moment,
        txn: Option<&'c Txn>,
    ) -> QueryContext<'c> {
        QueryContext {
            state,
            points: self.points,
            chunks,
            txn,
            params: self.params.into(),
            limits: self.limits,
            moment,
            database: None,
            branch: None,
            trace: self.trace,
        }
    }
}

/// What a statement reads while it writes: the state as it was when this was taken. It holds no
/// borrow of the transaction, so that rows may be written while it lives.
pub(super) struct Snapshot<'w> {
    state: State,
    chunks: Arc<Chunks>,
    moment: Moment,
    env: WriteContext<'w>,
}

impl<'w> Snapshot<'w> {
    pub fn of(txn: &Txn, env: &WriteContext<'w>) -> Self {
        Snapshot {
            state: txn.state().clone(),
            chunks: txn.chunks().clone(),
            moment: *txn.moment(),
            env: *env,
        }
    }

    /// What the statement has beside its transaction.
    pub fn env(&self) -> &WriteContext<'w> {
        &self.env
    }

    /// The context for reading. `txn` is told what is read, where it is given.
    pub fn context<'s>(&'s self, txn: Option<&'s Txn>) -> QueryContext<'s> {
        self.env.context(&self.state, &self.chunks, &self.moment, txn)
    }
}

/// The table that a statement changes.
fn target(statement: &Statement) -> Option<&ObjectName> {
    match statement {
        Statement::Insert(insert) => Some(&insert.table_name),
        Statement::Update { table, .. } => plain_table(table).map(|(name, _)| name),
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            from.first().and_then(plain_table).map(|(name, _)| name)
        }
        Statement::AlterTable { name, operations, .. } => {
            let renames =
                |o: &AlterTableOperation| matches!(o, AlterTableOperation::RenameTable { .. });
            (!operations.iter().all(renames)).then_some(name)
        }
        Statement::CreateIndex(index) => Some(&index.table_name),
        _ => None,
    }
}

/// Refuses to change a view.
///
/// # Errors
/// `Invalid`.
pub(super) fn refuse_view(state: &State, statement: &Statement) -> Result<()> {
    if let Some(name) = target(dml::taken_apart(statement).0)
        && let Ok(table) = state.find(split_mark(table_name(name)?).0)
        && table.table.def.view().is_some()
    {
        return Err(is_view(table.table.name()));
    }
    Ok(())
}

/// Whether a violation ends the whole transaction.
pub(super) fn rolls_back(statement: &Statement) -> bool {
    let statement = analyzed(statement).unwrap_or(statement);
    let (inner, around) = dml::taken_apart(statement);
    let or = match inner {
        Statement::Insert(insert) => insert.or,
        _ => around.or(),
    };
    or == Some(SqliteOnConflict::Rollback)
}

/// The statement that changes rows inside its EXPLAIN ANALYZE, which runs it.
pub(super) fn analyzed(statement: &Statement) -> Option<&Statement> {
    let Statement::Explain { analyze: true, statement: inner, .. } = statement else { return None };
    let changes = matches!(
        dml::taken_apart(inner).0,
        Statement::Insert(_) | Statement::Update { .. } | Statement::Delete(_)
    );
    changes.then_some(&**inner)
}

/// What is said where a table was meant.
pub(super) fn is_view(name: &str) -> Error {
    Error::Invalid(format!("'{name}' is a view: it can be queried, not changed"))
}

/// Runs a writing statement. The caller has begun it and ends or undoes it.
pub(super) fn run(txn: &mut Txn, env: &WriteContext<'_>, statement: &Statement) -> Result<Output> {
    env.limits.check_time()?;
    let output = run_any(txn, env, statement)?;
    let held: usize = txn.state().temporary_tables().map(|table| table.overlay_bytes()).sum();
    if held as u64 > env.limits.memory_bytes {
        let most = env.limits.memory_bytes;
        return Err(Error::Limit(format!(
            "the temporary tables of this session would hold more than {most} bytes"
        )));
    }
    Ok(output)
}

fn run_any(txn: &mut Txn, env: &WriteContext<'_>, statement: &Statement) -> Result<Output> {
    let (inner, around) = dml::taken_apart(statement);
    match inner {
        Statement::Insert(insert) => {
            refuse_view(txn.state(), statement)?;
            dml::insert(txn, env, insert, around)
        }
        Statement::Update { table, assignments, from, selection, returning } => {
            let (selection, returning) = (selection.as_ref(), returning.as_deref());
            let from = from.as_ref();
            let update = dml::Update { table, assignments, from, selection, returning };
            dml::update(txn, env, &update, around)
        }
        Statement::Delete(delete) => dml::delete(txn, env, delete, around),
        Statement::Explain { .. } => match analyzed(statement) {
            Some(inner) => dml::explain_analyze(txn, env, inner),
            None => Err(Error::Internal("EXPLAIN came to be a write".into())),
        },
        other => {
            refuse_view(txn.state(), statement)?;
            ddl::run(txn, env, other)
        }
    }
}
