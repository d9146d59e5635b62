//! SQLite in memory, asked the same as Offshoot.

use offshoot_tests::cell::{Cell, Rows};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// What a statement gave, whichever database ran it.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Rows of a query or of RETURNING.
    Rows(Rows),
    /// The number of rows that a statement wrote.
    Done(#[allow(dead_code, reason = "each test uses its own part of this")] u64),
    /// The error's text.
    Failed(String),
}

/// A database of SQLite.
pub struct Peer(Connection);

impl Peer {
    /// An empty database that enforces foreign keys, as Offshoot does.
    pub fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        Peer(connection)
    }

    /// Runs a statement.
    pub fn run(&self, sql: &str) -> Answer {
        self.answer(sql).unwrap_or_else(|error| Answer::Failed(error.to_string()))
    }

    /// Runs what must not fail.
    #[allow(dead_code, reason = "each test uses its own part of this")]
    pub fn must(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn answer(&self, sql: &str) -> rusqlite::Result<Answer> {
        let mut statement = self.0.prepare(sql)?;
        let columns = statement.column_count();
        if columns == 0 {
            return Ok(Answer::Done(statement.execute([])? as u64));
        }
        let mut given = statement.query([])?;
        let mut rows = Rows::new();
        while let Some(row) = given.next()? {
            let cells = (0..columns).map(|column| row.get_ref(column).map(cell));
            rows.push(cells.collect::<rusqlite::Result<_>>()?);
        }
        Ok(Answer::Rows(rows))
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(n) => Cell::Int(n.into()),
        ValueRef::Real(n) => Cell::Real(n),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    }
}
