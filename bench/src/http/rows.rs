//! What both peers say and hear: the parts of the REST API that the loads use.

use serde::Deserialize;
use serde_json::{Value, json};

/// The table, in words that all three know.
pub const TABLE: &str = "CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, \
                         total INTEGER NOT NULL, note TEXT)";

/// A query by key.
#[derive(Deserialize)]
pub struct Asked {
    pub params: [i64; 1],
}

/// A page.
#[derive(Deserialize)]
pub struct Page {
    pub page: i64,
    pub limit: i64,
}

/// Rows to insert.
#[derive(Deserialize)]
pub struct Rows {
    pub rows: Vec<NewRow>,
}

/// One of them.
#[derive(Deserialize)]
pub struct NewRow {
    pub name: String,
    pub total: i32,
    pub note: String,
}

/// A row as it is answered.
pub type Row = (i64, String, i64, Option<String>);

/// Rows as they are answered.
pub fn answer(rows: &[Row]) -> Value {
    json!({"success": true, "data": {"columns": ["id", "name", "total", "note"], "rows": rows}})
}

/// What an insert answers.
pub fn inserted(ids: &[i64]) -> Value {
    json!({"success": true, "data": {"inserted": ids.len(), "ids": ids}})
}
