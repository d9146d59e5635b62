//! A database in a file, for programs in Rust.

use crate::storage::{FileStore, Options};
use offshoot_core::chunk::{Store, StoreError};
use offshoot_core::database::{AsOf, Database};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::{Limits, Output, Request, Session};
use offshoot_core::value::Value;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A database that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be read or written, is locked by another process, or is corrupt.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file holds something that is not a database of this version.
    #[error(transparent)]
    Database(#[from] Error),
}

/// A database in one file. Share it by `Arc`.
pub struct EmbeddedDatabase {
    database: Arc<Database>,
    store: Arc<FileStore>,
    path: PathBuf,
}

/// The system's time and fresh randomness.
///
/// # Errors
/// `Internal` where the system has no randomness to give.
pub fn moment() -> Result<Moment> {
    let seed = SEEDS.with_borrow_mut(Seeds::next)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let now = Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    Ok(Moment { now, seed })
}

/// Seeds that a thread asks the system for at a time: each call costs it more than a lookup by key.
const SEEDS_AT_ONCE: usize = 32;

thread_local! {
    static SEEDS: RefCell<Seeds> = const { RefCell::new(Seeds { drawn: [[0; 32]; SEEDS_AT_ONCE], left: 0 }) };
}

/// Seeds that are still to be given out.
struct Seeds {
    drawn: [[u8; 32]; SEEDS_AT_ONCE],
    left: usize,
}

impl Seeds {
    fn next(&mut self) -> Result<[u8; 32]> {
        if self.left == 0 {
            getrandom::fill(self.drawn.as_flattened_mut())
                .map_err(|e| Error::Internal(format!("no randomness: {e}")))?;
            self.left = SEEDS_AT_ONCE;
        }
        self.left -= 1;
        // What was given out is not kept.
        Ok(std::mem::take(&mut self.drawn[self.left]))
    }
}

/// Limits with a deadline from now, and a clock for EXPLAIN ANALYZE.
pub fn limits_for(base: &Limits, time: Duration) -> Limits {
    let begin = Instant::now();
    let end = begin + time;
    Limits {
        expired: Some(Arc::new(move || Instant::now() >= end)),
        clock: Some(Arc::new(move || {
            u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX)
        })),
        ..base.clone()
    }
}

impl std::fmt::Debug for EmbeddedDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.database.fmt(f)
    }
}

impl EmbeddedDatabase {
    /// Opens a database file, and makes it (and its folder) where there is none.
    ///
    /// # Errors
    /// [`OpenError`]: it says whether the file is locked, corrupt or not reachable.
    pub fn new(path: impl AsRef<Path>) -> std::result::Result<Self, OpenError> {
        Self::open(path, Options::default())
    }

    /// Opens a database file with settings of its own.
    ///
    /// # Errors
    /// As [`EmbeddedDatabase::new`].
    pub fn open(path: impl AsRef<Path>, options: Options) -> std::result::Result<Self, OpenError> {
        let path = path.as_ref().to_owned();
        let store = Arc::new(FileStore::open(&path, options)?);
        let shared: Arc<dyn Store> = store.clone();
        let moment = moment()?;
        let opened = Database::open(shared, &moment)?;
        opened.value.tell_time(moment.now);
        if let Some(ticket) = opened.ticket {
            store.wait(ticket)?;
        }
        Ok(EmbeddedDatabase { database: Arc::new(opened.value), store, path })
    }

    /// The core's database.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file underneath.
    pub fn store(&self) -> &Arc<FileStore> {
        &self.store
    }

    /// Runs one statement on a branch and returns when what it wrote is durable.
    ///
    /// # Errors
    /// Whatever the statement says.
    pub fn execute(&self, branch: &str, sql: &str, params: &[Value]) -> Result<Output> {
        let mut session = Session::new(self.database.clone(), branch, "");
        self.run(&mut session, sql, params, AsOf::Now)
    }

    /// Runs one statement in a session (which may hold a transaction open) and returns when what it
    /// wrote is durable.
    ///
    /// # Errors
    /// Whatever the statement says.
    pub fn run(
        &self,
        session: &mut Session,
        sql: &str,
        params: &[Value],
        as_of: AsOf,
    ) -> Result<Output> {
        let moment = moment()?;
        self.database.tell_time(moment.now);
        let limits = limits_for(&Limits::default(), Duration::from_secs(3600));
        let request = Request { sql, params, as_of, read_only: false, limits, moment };
        let output = retry(|| session.execute(&request))?;
        self.settle(output.ticket)?;
        Ok(output)
    }

    /// Waits until a ticket is durable.
    ///
    /// # Errors
    /// `Store` where the file can no longer be written.
    pub fn settle(&self, ticket: Option<offshoot_core::chunk::Ticket>) -> Result<()> {
        ticket.map_or(Ok(()), |ticket| self.store.wait(ticket).map_err(Error::Store))
    }

    /// Flushes everything and writes what makes the next opening quick. Called on drop as well, where
    /// nobody sees its errors.
    ///
    /// # Errors
    /// `Store`.
    pub fn close(&self) -> Result<()> {
        self.store.close().map_err(Error::Store)
    }
}

/// Calls again while a branch's writer slot is held by another, a minute at most.
pub(crate) fn retry<T>(mut step: impl FnMut() -> Result<T>) -> Result<T> {
    let end = Instant::now() + Duration::from_secs(60);
    let mut pause = Duration::from_micros(200);
    loop {
        match step() {
            Err(Error::Busy(_)) if Instant::now() < end => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

/// Lets a collection drop chunks from the file.
struct FileCompact<'f>(&'f FileStore);

impl offshoot_core::database::Compact for FileCompact<'_> {
    fn compact(
        &self,
        live: &std::collections::HashSet<offshoot_core::chunk::Hash>,
        keyframes: &std::collections::HashSet<offshoot_core::chunk::Hash>,
        since: offshoot_core::chunk::Ticket,
    ) -> Result<offshoot_core::database::Compacted> {
        let stats = self
            .0
            .compact(&crate::storage::Compaction {
                live: &|hash| live.contains(hash),
                keep_keyframe: &|commit| keyframes.contains(commit),
                since,
                extra: Vec::new(),
            })
            .map_err(Error::from)?;
        Ok(offshoot_core::database::Compacted {
            kept: stats.chunks_kept,
            removed: stats.chunks_dropped,
        })
    }
}

impl EmbeddedDatabase {
    /// Removes what no branch and no snapshot needs from the file, and thins out keyframes. Readers
    /// and writers go on meanwhile.
    ///
    /// # Errors
    /// `Store`; everything is then as it was.
    pub fn gc(&self) -> Result<offshoot_core::database::Compacted> {
        let retention = offshoot_core::history::Retention::default();
        self.database.collect(&moment()?, &retention, &FileCompact(&self.store))
    }
}
