//! Tables.

use crate::rest::answer::{ColumnView, TableView};
use crate::rest::time::rfc3339;
use serde::Serialize;

/// The only schema there is.
const SCHEMA: &str = "public";

#[derive(Debug, Serialize)]
pub(super) struct Tables<'t> {
    tables: Vec<Table<'t>>,
}

pub(super) fn tables(tables: &[TableView]) -> Tables<'_> {
    Tables { tables: tables.iter().map(Table::of).collect() }
}

#[derive(Debug, Serialize)]
struct Table<'t> {
    name: &'t str,
    schema: &'static str,
    row_count: u64,
    columns: Vec<Column<'t>>,
    indexes: &'t [String],
    created_at: String,
}

impl<'t> Table<'t> {
    fn of(view: &'t TableView) -> Self {
        Table {
            name: &view.name,
            schema: SCHEMA,
            row_count: view.rows,
            columns: view.columns.iter().map(Column::of).collect(),
            indexes: &view.indexes,
            created_at: rfc3339(view.created),
        }
    }
}

#[derive(Debug, Serialize)]
struct Column<'t> {
    name: &'t str,
    r#type: String,
    nullable: bool,
    primary_key: bool,
}

impl<'t> Column<'t> {
    fn of(view: &'t ColumnView) -> Self {
        let ColumnView { name, ty, nullable, primary_key } = view;
        let (nullable, primary_key) = (*nullable, *primary_key);
        Column { name, r#type: ty.to_string(), nullable, primary_key }
    }
}
