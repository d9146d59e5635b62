//! What a statement runs in: the states that its tables are read from, its parameters and limits.

use super::parameters::Params;
use super::points::split_mark;
use super::request::Limits;
use super::trace::Trace;
use crate::chunk::Chunks;
use crate::database::{Database, Point};
use crate::error::{Error, Result};
use crate::expr::EvalContext;
use crate::moment::Moment;
use crate::row::{State, TableState};
use crate::tree::KeyRange;
use crate::txn::Txn;
use gluesql_core::sqlparser::ast::{Ident, ObjectName};
use std::sync::Arc;

/// Everything that a query reads, and what it may use.
#[derive(Clone, Copy)]
pub(crate) struct QueryContext<'q> {
    /// What tables without an `AS OF` of their own are read from.
    pub state: &'q State,
    /// What tables marked with a number are read from, by that number (see `points`).
    pub points: &'q [Arc<Point>],
    /// What all of it is read through.
    pub chunks: &'q Arc<Chunks>,
    /// The open transaction, which is told what was read of its own state.
    pub txn: Option<&'q Txn>,
    /// Values for `$1`, `$2`, …
    pub params: Params<'q>,
    /// What the statement may use.
    pub limits: &'q Limits,
    /// Its time and seed.
    pub moment: &'q Moment,
    /// The database, for what is asked about its history; a statement that writes has none.
    pub database: Option<&'q Database>,
    /// The session's branch.
    pub branch: Option<&'q str>,
    /// Who is told how rows are found.
    pub trace: Option<&'q Trace>,
}

/// One table as one place of a statement sees it.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The table.
    pub table: Arc<TableState>,
    /// Whether it is read at the statement's own point, so that a serializable transaction must
    /// note the read.
    pub current: bool,
}

impl<'q> QueryContext<'q> {
    /// The table that a name of the statement means.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` for a name in another schema.
    pub fn source(&self, name: &ObjectName) -> Result<Source> {
        let (name, point) = split_mark(table_name(name)?);
        match point {
            None => Ok(Source { table: self.state.find(name)?.clone(), current: true }),
            Some(number) => {
                let point = self.points.get(number);
                let point = point.ok_or_else(|| Error::Internal("a point is missing".into()))?;
                Ok(Source { table: point.state.find(name)?.clone(), current: false })
            }
        }
    }

    /// The table that a name inside a view means: everyone's.
    ///
    /// # Errors
    /// As [`source`](Self::source).
    pub fn source_in_view(&self, name: &ObjectName) -> Result<Source> {
        match split_mark(table_name(name)?) {
            (name, None) => {
                Ok(Source { table: self.state.find_kept(name)?.clone(), current: true })
            }
            (_, Some(_)) => self.source(name),
        }
    }

    /// The table that a name without a point of its own means at one of the statement's points.
    ///
    /// # Errors
    /// As [`source`](Self::source).
    pub fn source_at(&self, name: &ObjectName, point: usize) -> Result<Source> {
        let point = self.points.get(point);
        let point = point.ok_or_else(|| Error::Internal("a point is missing".into()))?;
        let table = point.state.find(table_name(name)?)?.clone();
        Ok(Source { table, current: false })
    }

    /// Tells an open transaction that a range of a table's keys was read.
    pub fn note_read(&self, source: &Source, range: KeyRange) {
        if let (Some(txn), true) = (self.txn, source.current) {
            txn.note_read(source.table.table.id(), range);
        }
    }

    /// What expressions are evaluated in.
    pub fn eval(&self) -> EvalContext<'q> {
        eval_at(self.moment, self.limits)
    }
}

/// What the expressions of a statement are evaluated in: its time and seed, and its deadline.
pub(crate) fn eval_at<'e>(moment: &'e Moment, limits: &'e Limits) -> EvalContext<'e> {
    let eval = EvalContext::at(moment);
    match &limits.expired {
        Some(expired) => eval.until(expired.as_ref()),
        None => eval,
    }
}

/// The last part of a table's name. The parts before it may only say where every table is.
///
/// # Errors
/// `Unsupported` for any other schema.
pub(crate) fn table_name(name: &ObjectName) -> Result<&str> {
    match name.0.as_slice() {
        [Ident { value, .. }] => Ok(value),
        [schema, Ident { value, .. }]
            if ["main", "public"].iter().any(|s| schema.value.eq_ignore_ascii_case(s)) =>
        {
            Ok(value)
        }
        _ => Err(Error::Unsupported(format!("the schema in the name {name}"))),
    }
}
