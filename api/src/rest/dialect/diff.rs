//! What differs between branches. Neither document describes it, so both dialects say the same.

use super::Pagination;
use super::cells::Cell;
use crate::rest::answer::{CellDiff, ColumnDiff, DiffView, RowDiff, TableDiff, Typed};
use offshoot_core::value::SqlType;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Diff<'d> {
    branch: &'d str,
    against: &'d str,
    tables: Vec<ChangedTable<'d>>,
    rows: Vec<ChangedRow<'d>>,
    pagination: Pagination,
}

impl<'d> Diff<'d> {
    pub fn of(view: &'d DiffView) -> Self {
        Diff {
            branch: &view.branch,
            against: &view.against,
            tables: view.tables.iter().map(ChangedTable::of).collect(),
            rows: view.rows.iter().map(ChangedRow::of).collect(),
            pagination: view.pages.into(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ChangedTable<'d> {
    name: &'d str,
    schema_change: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed_from: Option<&'d str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    columns: Vec<ChangedColumn<'d>>,
    inserts: u64,
    updates: u64,
    deletes: u64,
}

impl<'d> ChangedTable<'d> {
    fn of(view: &'d TableDiff) -> Self {
        let schema = view.schema.as_ref();
        ChangedTable {
            name: &view.name,
            schema_change: schema.map(|schema| schema.kind),
            renamed_from: schema.and_then(|schema| schema.renamed_from.as_deref()),
            columns: schema
                .map(|schema| schema.columns.iter().map(ChangedColumn::of).collect())
                .unwrap_or_default(),
            inserts: view.changes.inserts,
            updates: view.changes.updates,
            deletes: view.changes.deletes,
        }
    }
}

#[derive(Debug, Serialize)]
struct ChangedColumn<'d> {
    before: Option<Named<'d>>,
    after: Option<Named<'d>>,
}

#[derive(Debug, Serialize)]
struct Named<'d> {
    name: &'d str,
    r#type: String,
}

impl<'d> ChangedColumn<'d> {
    fn of(view: &'d ColumnDiff) -> Self {
        fn named((name, ty): &(String, SqlType)) -> Named<'_> {
            Named { name, r#type: ty.to_string() }
        }
        ChangedColumn {
            before: view.before.as_ref().map(named),
            after: view.after.as_ref().map(named),
        }
    }
}

#[derive(Debug, Serialize)]
struct ChangedRow<'d> {
    table: &'d str,
    row_id: &'d str,
    change: &'static str,
    cells: Vec<ChangedCell<'d>>,
}

impl<'d> ChangedRow<'d> {
    fn of(view: &'d RowDiff) -> Self {
        let RowDiff { table, row_id, change, cells } = view;
        ChangedRow { table, row_id, change, cells: cells.iter().map(ChangedCell::of).collect() }
    }
}

#[derive(Debug, Serialize)]
struct ChangedCell<'d> {
    column: &'d str,
    before: Cell<'d>,
    after: Cell<'d>,
}

impl<'d> ChangedCell<'d> {
    fn of(view: &'d CellDiff) -> Self {
        let cell = |typed: &'d Typed| Cell(&typed.value, &typed.ty);
        ChangedCell { column: &view.column, before: cell(&view.before), after: cell(&view.after) }
    }
}
