//! Loading over HTTP, and comparing a branch with the model.

use super::model::{Model, json_rows, received};
use super::schema::{TABLES, Table};
use crate::branch::{Branch, Rows};
use serde_json::{Value, json};

/// Rows in one request.
const BATCH: usize = 1000;

/// Creates all tables on a branch and posts all rows, as the JSON has them.
#[track_caller]
pub fn load(branch: &Branch<'_>) {
    for table in &TABLES {
        branch.execute(&table.ddl());
    }
    for (table, rows) in json_rows() {
        for batch in rows.chunks(BATCH) {
            let data = branch.insert(table.name, json!(batch));
            assert_eq!(data["inserted"], batch.len(), "{}", table.name);
        }
    }
}

/// Fails unless every table of a branch holds exactly the model's rows: read by pages of the data
/// endpoint, by a query, by `COUNT(*)` and by the list of tables.
#[track_caller]
pub fn assert_rows(branch: &Branch<'_>, model: &Model, when: &str) {
    let listed = branch.tables();
    for table in &TABLES {
        let name = table.name;
        let what = format!("{when}: {}/{name}", branch.name());
        let expected: Vec<&Vec<Value>> = model.rows(name).collect();
        let (columns, order) = (table.column_list(), table.key_columns().join(", "));

        let params = [("columns", columns.as_str()), ("order_by", order.as_str())];
        assert_same(
            table,
            &branch.all_pages(name, &params),
            &expected,
            &format!("{what} by pages"),
        );

        let sql = format!("SELECT {columns} FROM {name} ORDER BY {order}");
        assert_same(table, &branch.query(&sql), &expected, &format!("{what} by query"));

        let count = branch.number(&format!("SELECT COUNT(*) FROM {name}"));
        assert_eq!(count, expected.len() as i64, "{what} by COUNT(*)");

        let listed = listed.iter().find(|entry| entry["name"] == name);
        let listed = listed.unwrap_or_else(|| panic!("{what} is not among the tables"));
        assert_eq!(listed["row_count"], expected.len(), "{what} in the list of tables");
    }
}

/// A row from the API, its values in the order of the table's columns, in the form that the model
/// has them.
pub fn canonical_row(table: &Table, row: &[Value]) -> Vec<Value> {
    row.iter().enumerate().map(|(i, value)| received(table, i, value)).collect()
}

#[track_caller]
fn assert_same(table: &Table, got: &Rows, expected: &[&Vec<Value>], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: number of rows");
    for (got, expected) in got.iter().zip(expected) {
        assert_eq!(canonical_row(table, got), **expected, "{what}");
    }
}
