//! What a statement is, without running it: its kind, the columns that it gives, its parameters.
//!
//! The statement is bound as it would be to run, but parameters are positions that nothing stands at,
//! subqueries are not run, and no access path is chosen. What a parameter meets on the way (a column
//! that it is compared with or put into, a type in a CAST) is what it is taken to be.

use super::context::QueryContext;
use super::parameters::{Asked, Parameters};
use super::request::{OutputColumn, StatementKind};
use super::show::listing;
use super::statement::{Control, Kind, kind_of};
use super::write::refuse_view;
use super::{dml, query};
use crate::error::{Error, Result};
use crate::value::SqlType;
use gluesql_core::sqlparser::ast::{ObjectType, Statement};

/// What a statement is.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// Its kind.
    pub kind: StatementKind,
    /// The columns that it gives: a query's, or those of RETURNING; none for others.
    pub columns: Vec<OutputColumn>,
    /// Its parameters, in the order of their numbers.
    pub parameters: Vec<Parameter>,
}

/// A parameter of a prepared statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its number, from 1: the place of its value in [`Request::params`](super::Request::params).
    pub number: usize,
    /// Its name as it is written, with its sign, if it has one.
    pub name: Option<String>,
    /// What it is compared with, put into or cast to; `Any` where that does not say.
    pub ty: SqlType,
}

/// The parameters of a statement with what was found out about them.
pub(super) fn parameters(written: &Parameters, asked: Asked) -> Vec<Parameter> {
    let types = asked.into_types().into_iter().zip(1..);
    let parameter = |(ty, number)| {
        let name = written.name(number).map(str::to_owned);
        Parameter { number, name, ty }
    };
    types.map(parameter).collect()
}

/// The columns that a statement gives. Whoever is behind `ctx.params` is told of parameters.
///
/// # Errors
/// `NotFound`, `Sql`, `Unsupported`, `Limit`; a fault.
pub(super) fn columns(ctx: &QueryContext<'_>, statement: &Statement) -> Result<Vec<OutputColumn>> {
    let mut statement = statement;
    let mut explained = false;
    while let Statement::Explain { statement: inner, .. } = statement {
        (statement, explained) = (inner, true);
    }
    let columns = match kind_of(statement)? {
        Kind::Control(_) => Vec::new(),
        Kind::Write => {
            refuse_view(ctx.state, statement)?;
            dml::described(ctx, statement)?
        }
        Kind::Query => match statement {
            Statement::Query(query) => query::described(ctx, query, &[])?,
            // A list of what there is costs no more than its columns.
            listed => query::run(ctx, listed)?.columns,
        },
    };
    Ok(if explained { listing(&["plan"], Vec::new()).columns } else { columns })
}

/// The kind of a statement.
///
/// # Errors
/// `Unsupported` for what Offshoot does not run.
pub(super) fn kind(statement: &Statement) -> Result<StatementKind> {
    let (inner, _) = dml::taken_apart(statement);
    Ok(match (kind_of(statement)?, inner) {
        (Kind::Control(control), _) => match control {
            Control::Begin { .. } => StatementKind::Begin,
            Control::Commit => StatementKind::Commit,
            Control::Rollback | Control::RollbackTo(_) => StatementKind::Rollback,
            Control::Savepoint(_) | Control::Release(_) => StatementKind::Savepoint,
        },
        (Kind::Query, Statement::Query(_)) => StatementKind::Select,
        (Kind::Query, _) | (Kind::Write, Statement::Explain { .. }) => StatementKind::Show,
        (Kind::Write, inner) => match inner {
            Statement::Insert(_) => StatementKind::Insert,
            Statement::Update { .. } => StatementKind::Update,
            Statement::Delete(_) => StatementKind::Delete,
            Statement::CreateTable(_) => StatementKind::CreateTable,
            Statement::CreateView { .. } | Statement::AlterView { .. } => StatementKind::CreateView,
            Statement::CreateIndex(_) => StatementKind::CreateIndex,
            Statement::AlterTable { .. }
            | Statement::AlterIndex { .. }
            | Statement::Comment { .. } => StatementKind::AlterTable,
            Statement::Drop { object_type: ObjectType::Table, .. } => StatementKind::DropTable,
            Statement::Drop { object_type: ObjectType::View, .. } => StatementKind::DropView,
            Statement::Drop { object_type: ObjectType::Index, .. } => StatementKind::DropIndex,
            Statement::Drop { object_type, .. } => {
                return Err(Error::Unsupported(format!("DROP {object_type}")));
            }
            Statement::Truncate { .. } => StatementKind::Truncate,
            other => return Err(Error::Internal(format!("a statement without a kind: {other}"))),
        },
    })
}
