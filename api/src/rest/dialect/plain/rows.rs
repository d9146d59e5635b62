//! Tables, rows and what statements did. Rows are written as they are read.

use super::TIMES;
use crate::rest::answer::{Head, Pages, Rows, StatementView, TableView};
use crate::rest::dialect::cells::Cell;
use crate::rest::dialect::{Stamp, unix};
use offshoot_core::sql::OutputColumn;
use offshoot_core::value::{SqlType, Value, to_json};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::HashSet;

#[derive(Debug, Serialize)]
pub(super) struct Tables<'t> {
    tables: Vec<Table<'t>>,
}

#[derive(Debug, Serialize)]
struct Table<'t> {
    name: &'t str,
    row_count: u64,
    size_bytes: u64,
    created_at: i64,
}

pub(super) fn tables(tables: &[TableView]) -> Tables<'_> {
    Tables { tables: tables.iter().map(Table::of).collect() }
}

impl<'t> Table<'t> {
    fn of(view: &'t TableView) -> Self {
        Table {
            name: &view.name,
            row_count: view.rows,
            size_bytes: view.size_bytes.unwrap_or_default(),
            created_at: unix(view.created),
        }
    }
}

/// The names of columns, each once: an object cannot have a field twice. The second `id` is `id_2`, or
/// the next number that no column has.
fn names(columns: &[OutputColumn]) -> Vec<String> {
    let given: HashSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut used: HashSet<String> = HashSet::new();
    let unused = |name: &str, used: &HashSet<String>| -> String {
        let mut n = 2_u64;
        loop {
            let other = format!("{name}_{n}");
            if !given.contains(other.as_str()) && !used.contains(&other) {
                return other;
            }
            n += 1;
        }
    };
    let mut names = Vec::with_capacity(columns.len());
    for column in columns {
        let name = match used.contains(&column.name) {
            false => column.name.clone(),
            true => unused(&column.name, &used),
        };
        used.insert(name.clone());
        names.push(name);
    }
    names
}

/// All rows, each an object.
#[derive(Debug)]
struct Objects<'r> {
    names: Vec<String>,
    rows: &'r Rows,
}

impl<'r> Objects<'r> {
    fn of(rows: &'r Rows) -> Self {
        Objects { names: names(&rows.columns), rows }
    }
}

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Rows { columns, rows } = self.rows;
        let names = &self.names;
        serializer.collect_seq(rows.iter().map(|row| Object { names, columns, row }))
    }
}

struct Object<'r> {
    names: &'r [String],
    columns: &'r [OutputColumn],
    row: &'r [Value],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.len()))?;
        let described = self.names.iter().zip(self.columns);
        for ((name, column), value) in described.zip(self.row) {
            map.serialize_entry(name, &Cell(value, &column.ty))?;
        }
        map.end()
    }
}

/// A page of a table.
#[derive(Debug, Serialize)]
pub(super) struct Page<'r> {
    columns: Vec<String>,
    rows: Objects<'r>,
    total: u64,
    page: u64,
    limit: u64,
    has_more: bool,
}

impl<'r> Page<'r> {
    pub fn of(rows: &'r Rows, pages: Pages) -> Self {
        let has_more = pages.more();
        let Pages { page, limit, total } = pages;
        let rows = Objects::of(rows);
        Page { columns: rows.names.clone(), rows, total, page, limit, has_more }
    }
}

/// The result of a query, or what a statement gave.
#[derive(Debug, Serialize)]
pub(super) struct Query<'r> {
    columns: Vec<String>,
    column_types: Vec<String>,
    rows: Objects<'r>,
    row_count: usize,
}

impl<'r> Query<'r> {
    pub fn of(rows: &'r Rows) -> Self {
        let objects = Objects::of(rows);
        Query {
            columns: objects.names.clone(),
            column_types: rows.columns.iter().map(|column| type_name(&column.ty)).collect(),
            rows: objects,
            row_count: rows.rows.len(),
        }
    }
}

/// The name of a type as the tutorial writes types: PostgreSQL's.
fn type_name(ty: &SqlType) -> String {
    match ty {
        SqlType::Boolean => "bool".to_owned(),
        SqlType::SmallInt | SqlType::Signed8 | SqlType::Signed16 | SqlType::Unsigned8 => {
            "int2".to_owned()
        }
        // An INTEGER holds 64 bits here; its declared name is the one that clients expect.
        SqlType::Integer | SqlType::Signed32 | SqlType::Unsigned16 => "int4".to_owned(),
        SqlType::BigInt | SqlType::Unsigned32 => "int8".to_owned(),
        SqlType::Float32 => "float4".to_owned(),
        SqlType::Real | SqlType::Double => "float8".to_owned(),
        SqlType::Decimal { .. }
        | SqlType::Signed128
        | SqlType::Unsigned64
        | SqlType::Unsigned128 => "numeric".to_owned(),
        // Whatever comes, as it comes: most of it is text.
        SqlType::Text | SqlType::Any => "text".to_owned(),
        SqlType::Varchar(_) => "varchar".to_owned(),
        SqlType::Char(_) => "bpchar".to_owned(),
        SqlType::Blob => "bytea".to_owned(),
        SqlType::TimestampTz => "timestamptz".to_owned(),
        SqlType::List | SqlType::Map => "json".to_owned(),
        // DATE, TIME, TIMESTAMP, UUID and their like have one name.
        other => other.to_string().to_lowercase(),
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
    given: Option<Query<'r>>,
}

impl<'r> Statement<'r> {
    fn of(view: &'r StatementView) -> Self {
        Statement {
            statement_type: view.kind.name(),
            affected_rows: view.affected,
            given: view.rows.as_ref().map(Query::of),
        }
    }
}

/// What a statement did, and where its branch stands since.
#[derive(Debug, Serialize)]
pub(super) struct Executed<'r> {
    #[serde(flatten)]
    statement: Statement<'r>,
    message: String,
    scn: u64,
    timestamp: Stamp,
}

impl<'r> Executed<'r> {
    pub fn of(view: &'r StatementView, at: Head, branch: &str) -> Self {
        let kind = view.kind.name();
        Executed {
            statement: Statement::of(view),
            message: format!("{kind} statement executed successfully on branch '{branch}'"),
            scn: at.scn.0,
            timestamp: TIMES.of(at.time),
        }
    }
}

/// What the statements of a transaction did.
#[derive(Debug, Serialize)]
pub(super) struct Transaction<'r> {
    results: Vec<Statement<'r>>,
    scn: u64,
    timestamp: Stamp,
}

impl<'r> Transaction<'r> {
    pub fn of(statements: &'r [StatementView], at: Head) -> Self {
        let results = statements.iter().map(Statement::of).collect();
        Transaction { results, scn: at.scn.0, timestamp: TIMES.of(at.time) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_once() {
        let given = |words: &[&str]| {
            let column = |name: &&str| OutputColumn { name: (*name).to_owned(), ty: SqlType::Any };
            names(&words.iter().map(column).collect::<Vec<_>>())
        };
        assert_eq!(given(&["id", "name", "id"]), ["id", "name", "id_2"]);
        assert_eq!(given(&["id", "id", "id_2"]), ["id", "id_3", "id_2"]);
        assert_eq!(given(&["a", "a", "a"]), ["a", "a_2", "a_3"]);
    }
}
