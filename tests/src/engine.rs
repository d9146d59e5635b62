//! Offshoot in this process, over memory: one statement in, its answer out.
//!
//! It also compiles for WebAssembly, where it has no clock, so no deadline.

use offshoot_core::chunk::MemoryStore;
use offshoot_core::database::{AsOf, Database};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
#[cfg(not(target_family = "wasm"))]
use offshoot_core::sql::Clock;
use offshoot_core::sql::{Limits, Output, Prepared, Request, Session};
use offshoot_core::value::{Value, from_json};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
#[cfg(not(target_family = "wasm"))]
use std::time::{Duration, Instant};

/// 2023-11-14 22:13:20 UTC: `now` of the first statement.
const START_SECONDS: i64 = 1_700_000_000;
/// A statement of a test that needs longer hangs.
#[cfg(not(target_family = "wasm"))]
const STATEMENT_TIME_MAX: Duration = Duration::from_secs(60);
/// What hosts give the thread that runs statements.
const STACK_BYTES: usize = 64 << 20;

/// A database of its own, and sessions on its main branch by name.
pub struct Engine {
    database: Arc<Database>,
    sessions: HashMap<String, Session>,
    statements: u64,
    /// Whether statements may see a clock, where there is one.
    clock: bool,
}

impl Engine {
    /// An empty database.
    ///
    /// # Panics
    /// Where a database cannot be made in memory.
    pub fn new() -> Self {
        let moment = Moment { now: Micros(START_SECONDS * 1_000_000), seed: [7; 32] };
        let store = Arc::new(MemoryStore::new());
        let database = Database::open(store, &moment).expect("a database in memory").value;
        Engine {
            database: Arc::new(database),
            sessions: HashMap::new(),
            statements: 0,
            clock: true,
        }
    }

    /// The same database, whose answers are those of a machine without a clock: EXPLAIN ANALYZE tells
    /// no times.
    pub fn without_clock(self) -> Self {
        Engine { clock: false, ..self }
    }

    /// Runs a statement in the first session.
    ///
    /// # Errors
    /// The statement's.
    pub fn run(&mut self, sql: &str) -> Result<Output> {
        self.run_as("", sql)
    }

    /// Runs a statement in the session of that name. Each has its own transaction.
    ///
    /// # Errors
    /// The statement's; `Internal` where it panicked.
    pub fn run_as(&mut self, session: &str, sql: &str) -> Result<Output> {
        self.run_with(session, sql, &[])
    }

    /// What a statement is, without running it.
    ///
    /// # Errors
    /// The statement's.
    pub fn prepare(&mut self, sql: &str) -> Result<Prepared> {
        let request = self.request(sql, &[]);
        self.session("").prepare(&request)
    }

    /// Runs a statement in the first session with values for its parameters: a list in the order of
    /// their numbers, or an object of names.
    ///
    /// # Errors
    /// The statement's; `Sql` for values that do not fit its parameters.
    pub fn run_given(&mut self, sql: &str, given: &Json) -> Result<Output> {
        let limits = Limits::default();
        let params = match given {
            Json::Object(named) => {
                let values = named.iter().map(|(name, value)| Ok((name, from_json(value, None)?)));
                let values = values.collect::<Result<Vec<_>>>()?;
                self.session("").parameters(sql, limits.sql_bytes)?.ordered(values)?
            }
            Json::Array(values) => {
                let values = values.iter().map(|value| Ok(from_json(value, None)?));
                values.collect::<Result<Vec<_>>>()?
            }
            _ => return Err(Error::Sql("parameters are a list or an object".into())),
        };
        self.run_with("", sql, &params)
    }

    fn run_with(&mut self, session: &str, sql: &str, params: &[Value]) -> Result<Output> {
        let request = self.request(sql, params);
        let session = self.session(session);
        // A panic is a finding like any other, and the statement that made it must be named.
        catch_unwind(AssertUnwindSafe(|| session.execute(&request)))
            .unwrap_or_else(|_| Err(Error::Internal("panicked".into())))
    }

    fn session(&mut self, name: &str) -> &mut Session {
        self.sessions
            .entry(name.to_owned())
            .or_insert_with(|| Session::new(self.database.clone(), "main", "test"))
    }

    fn request<'r>(&mut self, sql: &'r str, params: &'r [Value]) -> Request<'r> {
        self.statements += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.statements.to_le_bytes());
        // A second per statement, so that what time orders is ordered.
        let seconds = START_SECONDS + self.statements as i64;
        Request {
            sql,
            params,
            as_of: AsOf::Now,
            read_only: false,
            limits: limits(self.clock),
            moment: Moment { now: Micros(seconds * 1_000_000), seed },
        }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(not(target_family = "wasm"))]
fn limits(clock: bool) -> Limits {
    let begin = Instant::now();
    Limits {
        expired: Some(Arc::new(move || begin.elapsed() > STATEMENT_TIME_MAX)),
        clock: clock.then(|| Arc::new(move || begin.elapsed().as_micros() as u64) as Clock),
        ..Limits::default()
    }
}

#[cfg(target_family = "wasm")]
fn limits(_clock: bool) -> Limits {
    Limits::default()
}

/// Runs what evaluates statements, on a stack as large as a host's.
///
/// # Panics
/// Where it does, or no thread can be had.
pub fn on_large_stack<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, body);
        match thread.expect("a thread").join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
