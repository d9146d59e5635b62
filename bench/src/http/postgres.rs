//! A minimal server over PostgreSQL, and a cluster of its own for it.

use super::ROWS;
use super::rows::{Asked, Page, Row, Rows, TABLE, answer, inserted};
use crate::report::filler;
use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_postgres::{Client, NoTls, Row as PostgresRow, Statement};

/// Connections that the server keeps; each carries several requests at once.
const CONNECTIONS: usize = 16;

/// A cluster in a folder, on a socket in it; ended when dropped.
pub struct Cluster {
    folder: PathBuf,
}

impl Cluster {
    pub fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        // PostgreSQL refuses to run as root.
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(folder));
            let above = folder.parent().unwrap();
            run(Command::new("chmod").arg("755").arg(above));
        }
        let data = folder.join("data");
        run(program("initdb").args(["--auth=trust", "--username=bench", "-D"]).arg(&data));
        let options = format!("-c listen_addresses= -k {}", folder.display());
        let log = folder.join("log");
        let mut start = program("pg_ctl");
        start.args(["-w", "-o", &options, "-D"]).arg(&data).arg("-l").arg(log).arg("start");
        run(&mut start);
        Cluster { folder: folder.to_owned() }
    }

    pub fn url(&self) -> String {
        format!("host={} user=bench dbname=postgres", self.folder.display())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        run(program("pg_ctl")
            .args(["-m", "immediate", "stop", "-D"])
            .arg(self.folder.join("data")));
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.starts_with(b"0"))
}

/// A program of PostgreSQL's, which Debian keeps out of the path.
fn program(name: &str) -> Command {
    let path = Path::new("/usr/lib/postgresql/15/bin").join(name);
    let path = if path.exists() { path } else { PathBuf::from(name) };
    match is_root() {
        false => Command::new(path),
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
            command
        }
    }
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stdin(Stdio::null()).status();
    assert!(status.is_ok_and(|s| s.success()), "{command:?} failed; Debian's package: postgresql");
}

struct Connection {
    client: Client,
    point: Statement,
    page: Statement,
    insert: Statement,
}

struct Pool {
    connections: Vec<Connection>,
    turn: AtomicUsize,
}

impl Pool {
    fn next(&self) -> &Connection {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &self.connections[turn % self.connections.len()]
    }
}

/// The table in a new database, and its routes.
pub async fn router(url: &str) -> Router {
    fill(&connect(url).await).await;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = connect(url).await;
        let point = "SELECT id, name, total, note FROM items WHERE id = $1";
        let page = "SELECT id, name, total, note FROM items ORDER BY id LIMIT $1 OFFSET $2";
        let insert = "INSERT INTO items (name, total, note) VALUES ($1, $2, $3) RETURNING id";
        connections.push(Connection {
            point: client.prepare(point).await.unwrap(),
            page: client.prepare(page).await.unwrap(),
            insert: client.prepare(insert).await.unwrap(),
            client,
        });
    }
    Router::new()
        .route("/v1/branches/main/query", post(point))
        .route("/v1/branches/main/tables/items/data", get(page).post(insert))
        .with_state(Arc::new(Pool { connections, turn: AtomicUsize::new(0) }))
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(async move { connection.await.unwrap() });
    client
}

async fn fill(client: &Client) {
    client.batch_execute(&TABLE.replace("id INTEGER", "id SERIAL")).await.unwrap();
    for first in (1..=ROWS).step_by(1000) {
        let mut sql = String::from("INSERT INTO items VALUES ");
        for id in first..first + 1000 {
            let comma = if id == first { "" } else { "," };
            write!(sql, "{comma}({id}, 'item {id}', {}, '{}')", id % 997, filler(id, 60)).unwrap();
        }
        client.batch_execute(&sql).await.unwrap();
    }
    let next = format!("SELECT setval('items_id_seq', {ROWS}); ANALYZE items");
    client.batch_execute(&next).await.unwrap();
}

fn row(row: &PostgresRow) -> Row {
    (row.get::<_, i32>(0).into(), row.get(1), row.get::<_, i32>(2).into(), row.get(3))
}

async fn point(State(pool): State<Arc<Pool>>, Json(asked): Json<Asked>) -> Json<Value> {
    let Connection { client, point, .. } = pool.next();
    let id = i32::try_from(asked.params[0]).unwrap();
    let rows = client.query(point, &[&id]).await.unwrap();
    Json(answer(&rows.iter().map(row).collect::<Vec<_>>()))
}

async fn page(State(pool): State<Arc<Pool>>, Query(asked): Query<Page>) -> Json<Value> {
    let Connection { client, page, .. } = pool.next();
    let offset = (asked.page - 1) * asked.limit;
    let rows = client.query(page, &[&asked.limit, &offset]).await.unwrap();
    Json(answer(&rows.iter().map(row).collect::<Vec<_>>()))
}

async fn insert(State(pool): State<Arc<Pool>>, Json(rows): Json<Rows>) -> Json<Value> {
    let Connection { client, insert, .. } = pool.next();
    let mut ids = Vec::new();
    for new in rows.rows {
        let row = client.query_one(insert, &[&new.name, &new.total, &new.note]).await.unwrap();
        ids.push(row.get::<_, i32>(0).into());
    }
    Json(inserted(&ids))
}
