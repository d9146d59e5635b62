//! Rows and what statements did. Rows are written as they are read: no tree of them is built.

use crate::rest::answer::{Head, Pages, Rows, StatementView};
use crate::rest::dialect::Pagination;
use crate::rest::dialect::cells::Cell;
use crate::rest::time::rfc3339;
use offshoot_core::sql::OutputColumn;
use offshoot_core::value::{SqlType, Value, to_json};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

/// A row as a list of its cells.
struct Cells<'r>(&'r [Value], &'r [OutputColumn]);

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for (n, value) in self.0.iter().enumerate() {
            let ty = self.1.get(n).map_or(&SqlType::Any, |column| &column.ty);
            seq.serialize_element(&Cell(value, ty))?;
        }
        seq.end()
    }
}

/// All rows.
#[derive(Debug)]
struct AllCells<'r>(&'r Rows);

impl Serialize for AllCells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Rows { columns, rows } = self.0;
        serializer.collect_seq(rows.iter().map(|row| Cells(row, columns)))
    }
}

fn names(rows: &Rows) -> Vec<&str> {
    rows.columns.iter().map(|column| column.name.as_str()).collect()
}

fn types(rows: &Rows) -> Vec<String> {
    rows.columns.iter().map(|column| column.ty.to_string()).collect()
}

/// A page of a table.
#[derive(Debug, Serialize)]
pub(super) struct Page<'r> {
    columns: Vec<&'r str>,
    rows: AllCells<'r>,
    pagination: Pagination,
}

impl<'r> Page<'r> {
    pub fn of(rows: &'r Rows, pages: Pages) -> Self {
        Page { columns: names(rows), rows: AllCells(rows), pagination: pages.into() }
    }
}

/// The result of a query.
#[derive(Debug, Serialize)]
pub(super) struct Query<'r> {
    columns: Vec<&'r str>,
    column_types: Vec<String>,
    rows: AllCells<'r>,
    row_count: usize,
    execution_plan: &'r str,
}

impl<'r> Query<'r> {
    pub fn of(rows: &'r Rows, plan: &'r str) -> Self {
        Query {
            columns: names(rows),
            column_types: types(rows),
            rows: AllCells(rows),
            row_count: rows.rows.len(),
            execution_plan: plan,
        }
    }
}

/// Inserted rows.
#[derive(Debug, Serialize)]
pub(super) struct Inserted {
    inserted: u64,
    ids: Vec<serde_json::Value>,
}

impl Inserted {
    pub fn of(inserted: u64, ids: &[Value]) -> Self {
        let ids = ids.iter().map(|id| to_json(id, &id.sql_type())).collect();
        Inserted { inserted, ids }
    }
}

/// Updated rows.
#[derive(Debug, Serialize)]
pub(super) struct Updated {
    pub updated: u64,
}

/// Deleted rows.
#[derive(Debug, Serialize)]
pub(super) struct Deleted {
    pub deleted: u64,
}

#[derive(Debug, Serialize)]
struct Statement<'r> {
    statement_type: &'static str,
    affected_rows: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    given: Option<Given<'r>>,
}

/// What a statement gave.
#[derive(Debug, Serialize)]
struct Given<'r> {
    columns: Vec<&'r str>,
    column_types: Vec<String>,
    rows: AllCells<'r>,
}

impl<'r> Statement<'r> {
    fn of(view: &'r StatementView) -> Self {
        let given =
            |rows| Given { columns: names(rows), column_types: types(rows), rows: AllCells(rows) };
        Statement {
            statement_type: view.kind.name(),
            affected_rows: view.affected,
            given: view.rows.as_ref().map(given),
        }
    }
}

/// What a statement did, and where its branch stands since.
#[derive(Debug, Serialize)]
pub(super) struct Executed<'r> {
    #[serde(flatten)]
    statement: Statement<'r>,
    scn: u64,
    timestamp: String,
}

impl<'r> Executed<'r> {
    pub fn of(statement: &'r StatementView, at: Head) -> Self {
        let statement = Statement::of(statement);
        Executed { statement, scn: at.scn.0, timestamp: rfc3339(at.time) }
    }
}

/// What the statements of a transaction did.
#[derive(Debug, Serialize)]
pub(super) struct Transaction<'r> {
    results: Vec<Statement<'r>>,
    scn: u64,
    timestamp: String,
}

impl<'r> Transaction<'r> {
    pub fn of(statements: &'r [StatementView], at: Head) -> Self {
        let results = statements.iter().map(Statement::of).collect();
        Transaction { results, scn: at.scn.0, timestamp: rfc3339(at.time) }
    }
}
