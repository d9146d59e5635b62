//! The face of the core: a database of branches over a host's store.
//!
//! ```text
//!   Database
//!     ├─ branches   one Cell per live branch: newest accepted head, newest durable head, writer slot
//!     ├─ points     a branch at a time ─▶ commit ─▶ State (a few recent ones are kept)
//!     ├─ commit     Txn ─▶ rebase ─▶ commit ─▶ one Write{pack, ref change}
//!     └─ merge, history, snapshots, restore, retention
//! ```
//!
//! Nothing here waits. A read that needs a chunk which is not at hand returns [`Error::Fault`]: the
//! host fetches and calls again. A write returns a [`Ticket`]: the host tells its caller only when
//! the store says that it is durable. Readers see durable heads; writers build on accepted ones, so
//! that many commits share one flush.
//!
//! Every call takes a [`Moment`], so that calling again after a fault does exactly the same.
//!
//! Locks: one per branch around its heads, never held while a statement runs; a poisoned lock is
//! entered all the same, because what it guards is replaced whole.

mod begin;
mod branches;
mod cell;
mod changes;
mod commit;
mod expiry;
mod feed;
mod gc;
mod info;
mod merging;
mod points;
mod reset;
mod snapshots;

pub use branches::{BranchPatch, NewBranch};
pub use cell::{Head, SlotToken};
pub use changes::TableChanges;
pub use commit::{CommitNote, Committed, KEYFRAME_AFTER_COMMITS};
pub use gc::{Compact, Compacted};
pub use info::{Divergence, LogEntry, Size};
pub use merging::{MergeReport, MergeRequest, PointDiff};
pub use points::{AsOf, Point};
pub use reset::{Reset, ResetRequest};
pub use snapshots::Restored;

use crate::chunk::{ChunkSource, Chunks, Store, Ticket, WorkingSet, Write};
use crate::error::{Error, Kind, Result};
use crate::history::{
    BranchRecord, BranchStatus, CommitId, SHALLOW_PREFIX, Shallow, ShallowRecord,
};
use crate::moment::Moment;
use crate::row::{Base, State};
use cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

/// The branch that every database has.
pub const MAIN: &str = "main";

/// Why that branch is not deleted, as `Error::Protected` says it.
pub const MAIN_STAYS: &str = "it can never be deleted";

/// A database: branches of versioned tables over a host's store. Shared by threads through an `Arc`.
pub struct Database {
    store: Arc<dyn Store>,
    /// What an operation over a store that faults holds on to. All else is shared by handles.
    working_set: Option<Arc<WorkingSet>>,
    cells: Arc<Mutex<BTreeMap<String, Arc<Cell>>>>,
    states: Arc<Mutex<points::StateCache>>,
    resolved: Arc<Mutex<points::Resolved>>,
    shallow: Arc<Mutex<Arc<Shallow>>>,
    /// Materialised states that someone may still read.
    held: Arc<Mutex<Vec<Weak<Base>>>>,
    /// While a collection runs: the keyframes that stay. Others are not read any more.
    staying: Arc<RwLock<Option<HashSet<CommitId>>>>,
    /// The newest time that a host has told of.
    told: Arc<AtomicI64>,
    /// Syntax trees of statements that sessions ran lately.
    pub(crate) statements: Arc<crate::sql::StatementCache>,
}

/// The result of a write, and the ticket that says when it is durable (`None` where nothing had to
/// be written).
#[derive(Debug, Clone)]
pub struct Receipt<T> {
    /// What was asked for.
    pub value: T,
    /// Wait for this before telling anyone.
    pub ticket: Option<Ticket>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Database {
    /// Opens the database that a store holds, and creates the branch `main` in an empty one.
    ///
    /// # Errors
    /// `Corrupt` where a ref is not readable; `Store`.
    pub fn open(store: Arc<dyn Store>, moment: &Moment) -> Result<Receipt<Self>> {
        let database = Database {
            store,
            working_set: None,
            cells: Arc::default(),
            states: Arc::default(),
            resolved: Arc::default(),
            shallow: Arc::default(),
            held: Arc::default(),
            staying: Arc::default(),
            told: Arc::new(AtomicI64::new(i64::MIN)),
            statements: Arc::default(),
        };
        database.refresh()?;
        let exists = locked(&database.cells).contains_key(MAIN);
        let ticket = match exists {
            true => None,
            false => match database.create_main(moment) {
                // Another process was faster, and its branch has been read.
                Err(Error::Exists { .. }) => None,
                made => made?,
            },
        };
        Ok(Receipt { value: database, ticket })
    }

    /// The same database for one operation over a store that faults: what the operation reads stays
    /// at hand in `set` until that is released.
    ///
    /// ```text
    ///   let here = database.with_working_set(set.clone());
    ///   let done = loop { match here.merge(…) {
    ///       Err(Error::Fault(missing)) => { fetch(missing); set.restart() }
    ///       done => break done,
    ///   } };
    ///   set.release();
    /// ```
    #[must_use]
    pub fn with_working_set(&self, set: Arc<WorkingSet>) -> Database {
        Database {
            store: self.store.clone(),
            working_set: Some(set),
            cells: self.cells.clone(),
            states: self.states.clone(),
            resolved: self.resolved.clone(),
            shallow: self.shallow.clone(),
            held: self.held.clone(),
            staying: self.staying.clone(),
            told: self.told.clone(),
            statements: self.statements.clone(),
        }
    }

    /// Reads the refs again. Only needed where other processes write to the same store.
    pub fn refresh(&self) -> Result<()> {
        // Held throughout, so that no branch which is made or deleted meanwhile is missed.
        let mut known = locked(&self.cells);
        let mut cells = BTreeMap::new();
        for (name, bytes) in self.store.list_refs(crate::history::BRANCH_PREFIX)? {
            let record = BranchRecord::decode(&bytes)?;
            let cell = match known.get(&record.name) {
                Some(cell) if cell.is_at(&bytes) => cell.clone(),
                _ => Arc::new(Cell::new(name, bytes, record.clone())),
            };
            cells.insert(record.name, cell);
        }
        *known = cells;
        drop(known);
        self.refresh_shallow()
    }

    /// Reads again what retention has dropped.
    fn refresh_shallow(&self) -> Result<()> {
        let mut records = Vec::new();
        for (_, bytes) in self.store.list_refs(SHALLOW_PREFIX)? {
            records.push(ShallowRecord::decode(&bytes)?);
        }
        *locked(&self.shallow) = Arc::new(Shallow::new(&records));
        Ok(())
    }

    /// Which commits retention has dropped.
    pub(crate) fn shallow(&self) -> Arc<Shallow> {
        locked(&self.shallow).clone()
    }

    /// Notes that a materialised state is in use, so that its chunks are not collected.
    pub(crate) fn hold(&self, state: &State) {
        let mut held = locked(&self.held);
        let base = state.base();
        if !held.iter().any(|weak| weak.as_ptr() == Arc::as_ptr(base)) {
            held.retain(|weak| weak.strong_count() > 0);
            held.push(Arc::downgrade(base));
        }
    }

    /// The store underneath.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What an operation reads and stages through.
    pub fn chunks(&self) -> Arc<Chunks> {
        let source: Arc<dyn ChunkSource> = self.store.clone();
        let chunks = Chunks::new(source);
        Arc::new(match &self.working_set {
            Some(set) => chunks.working_on(set.clone()),
            None => chunks,
        })
    }

    /// All branch records: live ones, and those of deleted branches. Those whose time is over and
    /// that are not deleted yet are neither.
    pub fn branches(&self) -> Result<Vec<BranchRecord>> {
        let mut records = self.records()?;
        let lapsed = self.lapsed();
        records.retain(|r| r.status == BranchStatus::Deleted || !lapsed.contains(&r.id));
        Ok(records)
    }

    /// All branch records.
    fn records(&self) -> Result<Vec<BranchRecord>> {
        let cells: Vec<Arc<Cell>> = locked(&self.cells).values().cloned().collect();
        let mut records: Vec<BranchRecord> =
            cells.iter().map(|cell| cell.record(&self.store)).collect();
        let live: HashSet<_> = records.iter().map(|record| record.id).collect();
        for (_, bytes) in self.store.list_refs(crate::history::DELETED_PREFIX)? {
            let record = BranchRecord::decode(&bytes)?;
            if !live.contains(&record.id) {
                records.push(record);
            }
        }
        Ok(records)
    }

    /// A live branch's record, by name or id.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn branch(&self, name_or_id: &str) -> Result<BranchRecord> {
        Ok(self.cell(name_or_id)?.record(&self.store))
    }

    /// A branch's record by name or id; a deleted one is found by its id.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn branch_or_deleted(&self, name_or_id: &str) -> Result<BranchRecord> {
        match self.cell(name_or_id) {
            Ok(cell) => Ok(cell.record(&self.store)),
            Err(missing) => self
                .branches()?
                .into_iter()
                .find(|r| r.status == BranchStatus::Deleted && r.id.to_string() == name_or_id)
                .ok_or(missing),
        }
    }

    fn cell(&self, name_or_id: &str) -> Result<Arc<Cell>> {
        let cells = locked(&self.cells);
        let by_id = || cells.values().find(|cell| cell.id().to_string() == name_or_id);
        match cells.get(name_or_id).or_else(by_id) {
            Some(cell) if !expiry::is_lapsed(&cells, cell, self.told()) => Ok(cell.clone()),
            _ => Err(Error::not_found(Kind::Branch, name_or_id)),
        }
    }

    /// The newest durable head of a branch: what readers see.
    ///
    /// # Errors
    /// `NotFound`; a fault.
    pub fn head(&self, branch: &str) -> Result<Arc<Head>> {
        let cell = self.cell(branch)?;
        cell.durable(self)
    }

    /// The newest accepted head of a branch: what writers build on.
    ///
    /// # Errors
    /// `NotFound`; a fault.
    pub fn newest(&self, branch: &str) -> Result<Arc<Head>> {
        let cell = self.cell(branch)?;
        cell.accepted(self)
    }

    /// Writes chunks alone or one ref alone, outside any branch's line.
    fn put(&self, write: Write) -> Result<Ticket> {
        match self.store.submit(write)? {
            crate::chunk::Outcome::Accepted(ticket) => Ok(ticket),
            crate::chunk::Outcome::Conflict(_) => {
                Err(Error::WriteConflict("the record was changed by another process".into()))
            }
            crate::chunk::Outcome::Unknown => {
                Err(Error::WriteConflict("the store cannot tell whether it wrote".into()))
            }
        }
    }

    /// Whether a commit can be read, for callers that hold ids from outside.
    pub fn knows(&self, commit: &CommitId) -> Result<bool> {
        Ok(self.store.chunk(&commit.0)?.is_some())
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = locked(&self.cells).keys().cloned().collect();
        f.debug_struct("Database").field("branches", &names).finish_non_exhaustive()
    }
}
