//! Where an import goes: a database file, or a running server.
//!
//! A script is loaded into a *draft*: a branch that is made for it, takes it in transactions of
//! bounded size, and is merged when all of it is there. So a script of any length is one commit of
//! the branch that it was meant for, or nothing.

use super::{Failure, Rows};
use offshoot::EmbeddedDatabase;
use offshoot::embedded::{limits_for, moment};
use offshoot_core::database::{AsOf, MergeRequest, NewBranch};
use offshoot_core::error::{Error, Kind};
use offshoot_core::sql::{Limits, OnConflict, Request, Session, insert_rows};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The longest statement, in bytes, where the caller and the database are one.
const SQL_BYTES: usize = 64 << 20;
/// The longest that one statement may take.
const STATEMENT_TIME: Duration = Duration::from_secs(3600);
/// The same on a server, in milliseconds: the most that it gives.
const SERVER_TIME_MS: u64 = 600_000;

/// Where rows and statements go.
pub(super) trait Target {
    /// Makes a table of these columns where there is none of this name.
    fn ensure(&mut self, table: &str, create: &str) -> Result<(), Failure>;
    /// Inserts rows, all or none.
    fn insert(&mut self, table: &str, rows: Rows) -> Result<(), Failure>;

    /// Begins a draft of the branch.
    fn begin(&mut self) -> Result<(), Failure>;
    /// Whether the draft has a table.
    fn has_table(&mut self, table: &str) -> Result<bool, Failure>;
    /// Runs statements on the draft, all or none. How many rows they changed.
    fn run(&mut self, statements: &[&str]) -> Result<u64, Failure>;
    /// The first of these statements that fails on the draft, run one after the other.
    fn first_failure(&mut self, statements: &[&str]) -> Result<Option<(usize, Failure)>, Failure>;
    /// Makes the draft the branch's newest commit.
    fn finish(&mut self, message: &str) -> Result<(), Failure>;
    /// Throws the draft away.
    fn abandon(&mut self) -> Result<(), Failure>;
}

fn draft_name() -> Result<String, Failure> {
    let seed = moment()?.seed;
    let digits: String = seed.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("import-{digits}"))
}

pub(super) struct File {
    db: EmbeddedDatabase,
    session: Session,
    branch: String,
    draft: Option<Session>,
}

impl File {
    pub fn open(path: &Path, branch: &str) -> Result<Self, Failure> {
        let db = EmbeddedDatabase::new(path)?;
        db.database().branch(branch)?;
        let session = Session::new(db.database().clone(), branch, "");
        Ok(File { db, session, branch: branch.to_owned(), draft: None })
    }

    /// Runs statements in a transaction that is left open; where one fails, which.
    fn run_open(&mut self, statements: &[&str]) -> Result<u64, (usize, Failure)> {
        let limits = Limits { sql_bytes: SQL_BYTES, ..Limits::default() };
        let Some(session) = &mut self.draft else { return Err((0, "no draft was begun".into())) };
        let mut rows = 0;
        let mut execute = |at: usize, sql: &str| -> Result<(), (usize, Failure)> {
            let moment = moment().map_err(|error| (at, error.into()))?;
            let limits = limits_for(&limits, STATEMENT_TIME);
            let as_of = AsOf::Now;
            let request = Request { sql, params: &[], as_of, read_only: false, limits, moment };
            let output = session.execute(&request).map_err(|error| (at, Failure::from(error)))?;
            rows += output.affected;
            Ok(())
        };
        execute(0, "BEGIN")?;
        for (at, sql) in statements.iter().enumerate() {
            execute(at, sql)?;
        }
        Ok(rows)
    }

    fn end(&mut self, sql: &str) -> Result<(), Failure> {
        if let Some(session) = self.draft.as_mut().filter(|session| session.in_transaction()) {
            self.db.run(session, sql, &[], AsOf::Now)?;
        }
        Ok(())
    }
}

impl Target for File {
    fn ensure(&mut self, table: &str, create: &str) -> Result<(), Failure> {
        let head = self.db.database().head(&self.branch)?;
        match head.state.find(table) {
            Ok(_) => Ok(()),
            Err(Error::NotFound { kind: Kind::Table, .. }) => {
                self.db.execute(&self.branch, create, &[])?;
                Ok(())
            }
            Err(other) => Err(other.into()),
        }
    }

    fn insert(&mut self, table: &str, rows: Rows) -> Result<(), Failure> {
        let limits = limits_for(&Limits::default(), Duration::from_secs(600));
        let done =
            insert_rows(&mut self.session, table, &rows, OnConflict::Error, &limits, &moment()?)?;
        self.db.settle(done.ticket)?;
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Failure> {
        let record = self.db.database().branch(&self.branch)?;
        if record.protected || record.read_only {
            return Err(format!("branch '{}' takes no direct writes", record.name).into());
        }
        let name = draft_name()?;
        let new = NewBranch { name: name.clone(), source: record.name, ..NewBranch::default() };
        let made = self.db.database().create_branch(&moment()?, new)?;
        self.db.settle(made.ticket)?;
        self.draft = Some(Session::new(self.db.database().clone(), name, ""));
        Ok(())
    }

    fn has_table(&mut self, table: &str) -> Result<bool, Failure> {
        let Some(draft) = &self.draft else { return Ok(false) };
        Ok(self.db.database().newest(draft.branch())?.state.find(table).is_ok())
    }

    fn run(&mut self, statements: &[&str]) -> Result<u64, Failure> {
        match self.run_open(statements) {
            Ok(rows) => {
                self.end("COMMIT")?;
                Ok(rows)
            }
            Err((_, error)) => {
                self.end("ROLLBACK")?;
                Err(error)
            }
        }
    }

    fn first_failure(&mut self, statements: &[&str]) -> Result<Option<(usize, Failure)>, Failure> {
        let done = self.run_open(statements);
        self.end("ROLLBACK")?;
        Ok(done.err())
    }

    fn finish(&mut self, message: &str) -> Result<(), Failure> {
        let Some(draft) = self.draft.take() else { return Ok(()) };
        let request = MergeRequest {
            source: draft.branch().to_owned(),
            target: self.branch.clone(),
            message: Some(message.to_owned()),
            delete_source: true,
            ..MergeRequest::default()
        };
        let merged = self.db.database().merge(&moment()?, &request);
        self.draft = merged.is_err().then_some(draft);
        Ok(self.db.settle(merged?.ticket)?)
    }

    fn abandon(&mut self) -> Result<(), Failure> {
        let Some(draft) = self.draft.take() else { return Ok(()) };
        let deleted = self.db.database().delete_branch(&moment()?, draft.branch(), true)?;
        Ok(self.db.settle(deleted.ticket)?)
    }
}

pub(super) struct Server {
    agent: ureq::Agent,
    url: String,
    branch: String,
    draft: Option<String>,
}

impl Server {
    pub fn new(url: &str, branch: &str) -> Self {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("{}/v1/branches", url.trim_end_matches('/'));
        Server { agent, url, branch: branch.to_owned(), draft: None }
    }

    fn at(&self, branch: &str, path: &str) -> String {
        format!("{}/{}{path}", self.url, escaped(branch))
    }

    fn draft(&self, path: &str) -> Result<String, Failure> {
        let draft = self.draft.as_deref().ok_or("no draft was begun")?;
        Ok(self.at(draft, path))
    }

    fn get(&self, url: &str) -> Result<Value, Failure> {
        good(self.agent.get(url).call()?.body_mut().read_json()?)
    }

    fn post(&self, url: &str, body: &Value) -> Result<Value, Failure> {
        good(self.agent.post(url).send_json(body)?.body_mut().read_json()?)
    }

    fn lists(&self, branch: &str, table: &str) -> Result<bool, Failure> {
        let body = self.get(&self.at(branch, "/tables"))?;
        let tables = body.pointer("/data/tables").and_then(Value::as_array);
        let tables = tables.ok_or("the server lists no tables")?;
        Ok(tables.iter().any(|entry| {
            let name = entry.get("name").and_then(Value::as_str);
            name.is_some_and(|name| name.to_lowercase() == table.to_lowercase())
        }))
    }
}

fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' => out.push(byte.into()),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The body of a success, or what a failure says.
fn good(body: Value) -> Result<Value, Failure> {
    match body.get("success") {
        Some(Value::Bool(true)) => Ok(body),
        _ => {
            let message = body.pointer("/error/message").and_then(Value::as_str);
            Err(message.unwrap_or("the server gave no reason").to_owned().into())
        }
    }
}

impl Target for Server {
    fn ensure(&mut self, table: &str, create: &str) -> Result<(), Failure> {
        if !self.lists(&self.branch, table)? {
            self.post(&self.at(&self.branch, "/execute"), &json!({ "sql": create }))?;
        }
        Ok(())
    }

    fn insert(&mut self, table: &str, rows: Rows) -> Result<(), Failure> {
        let path = format!("/tables/{}/data", escaped(table));
        self.post(&self.at(&self.branch, &path), &json!({ "rows": rows }))?;
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Failure> {
        let body = self.get(&self.at(&self.branch, ""))?;
        if body.pointer("/data/is_protected") == Some(&Value::Bool(true)) {
            return Err(format!("branch '{}' takes no direct writes", self.branch).into());
        }
        let name = draft_name()?;
        self.post(&self.url, &json!({ "name": name, "source_branch": self.branch }))?;
        self.draft = Some(name);
        Ok(())
    }

    fn has_table(&mut self, table: &str) -> Result<bool, Failure> {
        self.draft.as_deref().map_or(Ok(false), |draft| self.lists(draft, table))
    }

    fn run(&mut self, statements: &[&str]) -> Result<u64, Failure> {
        let url = self.draft("/transaction")?;
        let statements: Vec<Value> = statements.iter().map(|sql| json!({ "sql": sql })).collect();
        let body = json!({ "statements": statements, "timeout_ms": SERVER_TIME_MS });
        let answer = self.post(&url, &body)?;
        let results = answer.pointer("/data/results").and_then(Value::as_array);
        let rows = |result: &Value| result.get("affected_rows").and_then(Value::as_u64);
        Ok(results.into_iter().flatten().filter_map(rows).sum())
    }

    fn first_failure(&mut self, statements: &[&str]) -> Result<Option<(usize, Failure)>, Failure> {
        let url = self.draft("/execute")?;
        for (at, sql) in statements.iter().enumerate() {
            let body = json!({ "sql": sql, "timeout_ms": SERVER_TIME_MS });
            if let Err(error) = self.post(&url, &body) {
                return Ok(Some((at, error)));
            }
        }
        Ok(None)
    }

    fn finish(&mut self, message: &str) -> Result<(), Failure> {
        let url = self.draft("/merge")?;
        let body = json!({
            "target_branch": self.branch,
            "merge_message": message,
            "delete_source_after_merge": true,
        });
        self.post(&url, &body)?;
        self.draft = None;
        Ok(())
    }

    fn abandon(&mut self) -> Result<(), Failure> {
        let Some(draft) = self.draft.take() else { return Ok(()) };
        let url = format!("{}?force=true", self.at(&draft, ""));
        good(self.agent.delete(&url).call()?.body_mut().read_json()?)?;
        Ok(())
    }
}
