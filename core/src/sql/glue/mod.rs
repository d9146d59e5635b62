//! GlueSQL on a branch.
//!
//! [`BranchStorage`] implements all of GlueSQL's storage traits, so that `Glue::new(storage)` runs
//! GlueSQL as it is on a branch: its own dialect, its own planner and executor, its own quirks.
//!
//! ```text
//!   Glue ─▶ BranchStorage ─┬─ schema    definition ─▶ GlueSQL's Schema      (read)
//!                          ├─ define    GlueSQL's Schema ─▶ definition      (DDL)
//!                          ├─ values, keys   one value of each ◀─▶ the other
//!                          ├─ rows      scans, a batch at a time
//!                          ├─ store, index, alter, functions, transaction   the traits
//!                          └─▶ Txn ─▶ Database::commit
//! ```
//!
//! What must stay true:
//! - Tables are Offshoot's own. What GlueSQL creates, Offshoot's sessions read and write with all
//!   their constraints, indexes and defaults, and the other way round.
//! - A statement outside a transaction is one commit. Inside one, whatever a failed statement had
//!   done is undone before the next begins.
//! - GlueSQL's errors have no place for ours: the first error of the core is kept until
//!   [`BranchStorage::take_error`] hands it out. Whoever must tell a fault, a lost race or a failing
//!   store from a mistake in a statement asks there.
//! - Names are exact, as GlueSQL has them.
//!
//! What GlueSQL gets wrong by itself (`INSERT … SELECT` with a list of columns, `int * 1.5`, NULL in
//! AND and OR) stays as it is here; Offshoot's sessions do not run on it.

mod alter;
mod default;
mod define;
mod functions;
mod index;
mod keys;
mod rows;
mod schema;
mod store;
mod transaction;
mod values;

use crate::chunk::{Chunks, Ticket};
use crate::database::{Committed, Database};
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::row::{State, Table, TableId, TableState};
use crate::txn::Txn;
use gluesql_core::data::{CustomFunction, Schema};
use gluesql_core::error::{Error as GlueError, Result as GlueResult};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

/// Where a storage gets a statement's time and seed from: the core has neither clock nor chance.
pub type MomentSource = Box<dyn Fn() -> Moment + Send>;

/// GlueSQL's storage on one branch of a database.
pub struct BranchStorage {
    database: Arc<Database>,
    branch: String,
    moment: MomentSource,
    open: Option<Open>,
    /// Schemas by table, with the definition that each was made from.
    schemas: RefCell<HashMap<TableId, (Arc<Table>, Schema)>>,
    /// The functions of what is read now.
    functions: OnceCell<BTreeMap<String, CustomFunction>>,
    error: RefCell<Option<Error>>,
    ticket: Option<Ticket>,
    committed: Option<Committed>,
}

/// A running transaction.
struct Open {
    txn: Txn,
    /// A call of the running statement failed: what it did before is undone.
    failed: bool,
    /// The seeds that were drawn, to be forgotten when it is over.
    seeds: Vec<[u8; 32]>,
}

/// What is read: the transaction's state, or else the branch's newest.
struct Reading {
    state: State,
    chunks: Arc<Chunks>,
}

impl BranchStorage {
    /// GlueSQL's storage on a branch, by name or id. The branch is looked for when it is used.
    /// `moment` is called for every transaction and every write, and never gives the same seed
    /// twice.
    pub fn new(database: Arc<Database>, branch: impl Into<String>, moment: MomentSource) -> Self {
        BranchStorage {
            database,
            branch: branch.into(),
            moment,
            open: None,
            schemas: RefCell::default(),
            functions: OnceCell::new(),
            error: RefCell::default(),
            ticket: None,
            committed: None,
        }
    }

    /// The first error of the core since this was last asked; what GlueSQL returned is a text made
    /// of it.
    pub fn take_error(&mut self) -> Option<Error> {
        self.error.get_mut().take()
    }

    /// The newest write of this storage: it survives a crash when the store says that this is
    /// durable.
    pub fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    /// The newest commit of this storage.
    pub fn committed(&self) -> Option<Committed> {
        self.committed
    }

    fn reading(&self) -> Result<Reading> {
        Ok(match &self.open {
            Some(Open { txn, .. }) => {
                Reading { state: txn.state().clone(), chunks: txn.chunks().clone() }
            }
            None => {
                let head = self.database.newest(&self.branch)?;
                Reading { state: head.state.clone(), chunks: self.database.chunks() }
            }
        })
    }

    /// The table of exactly this name.
    fn find(&self, name: &str) -> Result<Option<(Arc<TableState>, Reading)>> {
        let reading = self.reading()?;
        let table = reading.state.find(name).ok().filter(|t| t.table.def.view().is_none()).cloned();
        let table = table.filter(|t| t.table.name() == name && !functions::is_reserved(name));
        Ok(table.map(|table| (table, reading)))
    }

    /// The schema of a table, made once for each form of its definition.
    fn schema(&self, reading: &Reading, table: &TableState) -> Schema {
        let mut schemas = self.schemas.borrow_mut();
        let id = table.table.id();
        let known = schemas.get(&id).filter(|(made_from, _)| Arc::ptr_eq(made_from, &table.table));
        let mut schema = match known {
            Some((_, schema)) => schema.clone(),
            None => {
                let schema = schema::schema_of(&table.table);
                schemas.insert(id, (table.table.clone(), schema.clone()));
                schema
            }
        };
        schema.foreign_keys = schema::foreign_keys(&reading.state, &table.table.def);
        schema
    }

    /// Runs a write that is whole by itself: it happens with its constraints, or not at all.
    /// GlueSQL calls inside a transaction; a call from elsewhere is a transaction of its own.
    fn write<T>(&mut self, work: impl FnOnce(&mut Txn) -> GlueResult<T>) -> GlueResult<T> {
        let alone = match self.open {
            Some(_) => false,
            None => self.begin_alone()?,
        };
        let moment = (self.moment)();
        let written = match &mut self.open {
            None => Err(GlueError::StorageMsg("there is no transaction".into())),
            Some(open) => {
                open.seeds.push(moment.seed);
                open.txn.begin_statement(moment);
                let written = work(&mut open.txn).and_then(|value| {
                    let ended = open.txn.end_statement();
                    ended.map(|()| value).map_err(|error| kept(&self.error, error))
                });
                if written.is_err() {
                    open.txn.undo_statement();
                    open.failed = true;
                }
                written
            }
        };
        match (alone, &written) {
            (true, Ok(_)) => self.finish()?,
            (true, Err(_)) => self.abandon(),
            (false, _) => {}
        }
        written
    }

    /// An error of the core as GlueSQL's, kept to be asked for.
    fn told(&self, error: Error) -> GlueError {
        kept(&self.error, error)
    }
}

/// Keeps the first error of the core and makes GlueSQL's of it.
fn kept(place: &RefCell<Option<Error>>, error: Error) -> GlueError {
    let told = GlueError::StorageMsg(error.to_string());
    place.borrow_mut().get_or_insert(error);
    told
}

impl fmt::Debug for BranchStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BranchStorage")
            .field("branch", &self.branch)
            .field("in_transaction", &self.open.is_some())
            .finish_non_exhaustive()
    }
}
