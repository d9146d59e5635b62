//! A minimal server over SQLite: a connection for each reader, one for all writers.

use super::ROWS;
use super::rows::{Asked, Page, Row, Rows, TABLE, answer, inserted};
use crate::report::filler;
use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rusqlite::{Connection, Row as SqliteRow};
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, Mutex};

struct Pool {
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
    open: Box<dyn Fn() -> Connection + Send + Sync>,
}

impl Pool {
    fn read<T>(&self, read: impl FnOnce(&Connection) -> T) -> T {
        let kept = self.readers.lock().unwrap().pop();
        let connection = kept.unwrap_or_else(|| (self.open)());
        let result = read(&connection);
        self.readers.lock().unwrap().push(connection);
        result
    }
}

/// A new file with the table in it, and its routes.
pub fn router(file: &Path) -> Router {
    let file = file.to_owned();
    let open = move || {
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL").unwrap();
        connection
    };
    let mut writer = open();
    fill(&mut writer);
    let pool = Arc::new(Pool {
        readers: Mutex::default(),
        writer: Mutex::new(writer),
        open: Box::new(open),
    });
    Router::new()
        .route("/v1/branches/main/query", post(point))
        .route("/v1/branches/main/tables/items/data", get(page).post(insert))
        .with_state(pool)
}

fn fill(connection: &mut Connection) {
    let all = connection.transaction().unwrap();
    all.execute_batch(TABLE).unwrap();
    for id in 1..=ROWS {
        let row = (id, format!("item {id}"), id % 997, filler(id, 60));
        all.prepare_cached("INSERT INTO items VALUES (?, ?, ?, ?)").unwrap().execute(row).unwrap();
    }
    all.commit().unwrap();
}

fn row(row: &SqliteRow<'_>) -> rusqlite::Result<Row> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn point(State(pool): State<Arc<Pool>>, Json(asked): Json<Asked>) -> Json<Value> {
    let read = move |connection: &Connection| {
        let sql = "SELECT id, name, total, note FROM items WHERE id = ?";
        let mut statement = connection.prepare_cached(sql).unwrap();
        let rows = statement.query_map(asked.params, row).unwrap();
        answer(&rows.map(Result::unwrap).collect::<Vec<_>>())
    };
    Json(blocking(move || pool.read(read)).await)
}

async fn page(State(pool): State<Arc<Pool>>, Query(page): Query<Page>) -> Json<Value> {
    let read = move |connection: &Connection| {
        let sql = "SELECT id, name, total, note FROM items ORDER BY id LIMIT ? OFFSET ?";
        let mut statement = connection.prepare_cached(sql).unwrap();
        let rows = statement.query_map((page.limit, (page.page - 1) * page.limit), row).unwrap();
        answer(&rows.map(Result::unwrap).collect::<Vec<_>>())
    };
    Json(blocking(move || pool.read(read)).await)
}

async fn insert(State(pool): State<Arc<Pool>>, Json(rows): Json<Rows>) -> Json<Value> {
    let write = move || {
        let mut writer = pool.writer.lock().unwrap();
        let all = writer.transaction().unwrap();
        let mut ids = Vec::new();
        for row in rows.rows {
            let sql = "INSERT INTO items (name, total, note) VALUES (?, ?, ?)";
            all.prepare_cached(sql).unwrap().execute((row.name, row.total, row.note)).unwrap();
            ids.push(all.last_insert_rowid());
        }
        all.commit().unwrap();
        inserted(&ids)
    };
    Json(blocking(write).await)
}
