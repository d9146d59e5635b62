//! What the tests of databases share: definitions without SQL, moments from a counter, and a
//! database in memory with the few calls that nearly every test makes.
#![allow(dead_code, reason = "each test file uses its own part of this")]

#[path = "../random/mod.rs"]
pub mod random;

mod define;

pub use define::Define;

use offshoot_core::chunk::{Hash, MemoryStore, Store, Ticket};
use offshoot_core::database::{
    AsOf, CommitNote, Committed, Compact, Compacted, Database, MergeReport, MergeRequest, NewBranch,
};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::{BranchRecord, Micros};
use offshoot_core::merge::Conflict;
use offshoot_core::moment::Moment;
use offshoot_core::row::{Row, State, TableDef, TableId, TableState};
use offshoot_core::tree::KeyRange;
use offshoot_core::txn::{Isolation, Txn};
use offshoot_core::value::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// When the first moment of every test is.
pub const EPOCH: i64 = 1_700_000_000_000_000;

/// Moments one millisecond apart, each with its own seed. The same numbers in every run.
#[derive(Debug, Default)]
pub struct Moments(AtomicI64);

impl Moments {
    pub fn next(&self) -> Moment {
        moment(self.0.fetch_add(1, Ordering::Relaxed))
    }

    /// The time of the moment that comes next.
    pub fn now(&self) -> Micros {
        moment(self.0.load(Ordering::Relaxed)).now
    }

    /// Lets time pass: the next moments are this many milliseconds later.
    pub fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

/// The moment of a number.
pub fn moment(number: i64) -> Moment {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    Moment { now: Micros(EPOCH + number * 1000), seed }
}

/// A value of a test's row.
pub fn int(value: i64) -> Value {
    Value::Int(value)
}

/// A value of a test's row.
pub fn text(value: &str) -> Value {
    Value::from(value)
}

/// No value.
pub const NULL: Value = Value::Null;

/// Collection over a store in memory.
pub struct MemoryCompact<'s>(pub &'s MemoryStore);

impl Compact for MemoryCompact<'_> {
    fn compact(
        &self,
        live: &HashSet<Hash>,
        keyframes: &HashSet<Hash>,
        since: Ticket,
    ) -> Result<Compacted> {
        assert!(since <= self.0.durable(), "nothing is younger than what is durable");
        let before = self.0.chunk_count();
        self.0.retain(|hash| live.contains(hash), |commit| keyframes.contains(commit));
        let kept = self.0.chunk_count() as u64;
        Ok(Compacted { kept, removed: before as u64 - kept })
    }
}

/// A database in memory and its clock.
pub struct Db {
    pub store: Arc<MemoryStore>,
    pub database: Database,
    pub moments: Moments,
}

impl Db {
    /// An empty database: `main`, and no tables.
    pub fn new() -> Self {
        let (store, moments) = (Arc::new(MemoryStore::new()), Moments::default());
        let database = Database::open(store.clone(), &moments.next()).unwrap().value;
        Db { store, database, moments }
    }

    /// A database whose `main` has these tables.
    pub fn with(tables: impl IntoIterator<Item = TableDef>) -> Self {
        let db = Db::new();
        db.write("main", |txn| {
            tables.into_iter().try_for_each(|def| txn.create_table(def).map(drop))
        });
        db
    }

    /// Opens the store again, as after a restart of the process.
    pub fn reopen(&mut self) {
        self.database = Database::open(self.store.clone(), &self.moments.next()).unwrap().value;
    }

    /// A transaction on a branch.
    pub fn begin(&self, branch: &str) -> Txn {
        self.begin_with(branch, Isolation::Snapshot)
    }

    pub fn begin_with(&self, branch: &str, isolation: Isolation) -> Txn {
        self.database.begin(branch, &self.moments.next(), isolation).unwrap()
    }

    /// Commits; `None` where nothing was written.
    pub fn commit(&self, branch: &str, txn: &Txn) -> Result<Option<Committed>> {
        let note = CommitNote { author: "test".into(), message: String::new() };
        self.database.commit(branch, txn, &note, None).map(|receipt| receipt.value)
    }

    /// One statement in a transaction of its own.
    pub fn try_write(
        &self,
        branch: &str,
        statement: impl FnOnce(&mut Txn) -> Result<()>,
    ) -> Result<Option<Committed>> {
        let mut txn = self.begin(branch);
        self.statement(&mut txn, statement)?;
        self.commit(branch, &txn)
    }

    /// One statement that must succeed and change something.
    pub fn write(&self, branch: &str, statement: impl FnOnce(&mut Txn) -> Result<()>) -> Committed {
        self.try_write(branch, statement).unwrap().expect("the statement changes something")
    }

    /// One statement of a running transaction, undone where it fails.
    pub fn statement(
        &self,
        txn: &mut Txn,
        statement: impl FnOnce(&mut Txn) -> Result<()>,
    ) -> Result<()> {
        txn.begin_statement(self.moments.next());
        let done = statement(txn).and_then(|()| txn.end_statement());
        if done.is_err() {
            txn.undo_statement();
        }
        done
    }

    /// A branch of another as it is now.
    pub fn branch(&self, name: &str, source: &str) -> BranchRecord {
        self.branch_at(name, source, AsOf::Now)
    }

    pub fn branch_at(&self, name: &str, source: &str, as_of: AsOf) -> BranchRecord {
        let new =
            NewBranch { name: name.into(), source: source.into(), as_of, ..NewBranch::default() };
        self.database.create_branch(&self.moments.next(), new).unwrap().value
    }

    pub fn merge(&self, request: &MergeRequest) -> Result<MergeReport> {
        self.database.merge(&self.moments.next(), request).map(|receipt| receipt.value)
    }

    pub fn insert(&self, branch: &str, table: &str, row: Row) -> Committed {
        self.write(branch, |txn| insert(txn, table, row).map(drop))
    }

    pub fn update(&self, branch: &str, table: &str, key: &[Value], row: Row) -> Committed {
        self.write(branch, |txn| update(txn, table, key, row))
    }

    pub fn delete(&self, branch: &str, table: &str, key: &[Value]) -> Committed {
        self.write(branch, |txn| delete(txn, table, key))
    }

    /// Changes one column of one row.
    pub fn set(
        &self,
        branch: &str,
        table: &str,
        key: &[Value],
        column: &str,
        to: Value,
    ) -> Committed {
        self.write(branch, |txn| set(txn, table, key, column, to))
    }

    pub fn state(&self, branch: &str) -> State {
        self.state_at(branch, &AsOf::Now)
    }

    pub fn state_at(&self, branch: &str, as_of: &AsOf) -> State {
        self.database.point(branch, as_of).unwrap().state.clone()
    }

    /// All rows of a table in the order of their keys.
    pub fn rows(&self, branch: &str, table: &str) -> Vec<Row> {
        rows(&self.database, &self.state(branch), table)
    }

    pub fn rows_at(&self, branch: &str, as_of: &AsOf, table: &str) -> Vec<Row> {
        rows(&self.database, &self.state_at(branch, as_of), table)
    }

    /// Every law of every head, keyframe and commit holds.
    pub fn assert_lawful(&self) {
        let mut wrong = Vec::new();
        self.database.verify(&mut |what| wrong.push(what)).unwrap();
        assert_eq!(wrong, Vec::<String>::new());
    }
}

/// A merge of one branch into another that leaves conflicts open.
pub fn merging(source: &str, target: &str) -> MergeRequest {
    MergeRequest { source: source.into(), target: target.into(), ..MergeRequest::default() }
}

/// The conflicts that an operation ended in.
pub fn conflicts<T: std::fmt::Debug>(result: Result<T>) -> Vec<Conflict> {
    match result {
        Err(Error::Conflicts(conflicts)) => conflicts.conflicts,
        other => panic!("conflicts were expected, not {other:?}"),
    }
}

/// All rows of a table in the order of their keys.
pub fn rows(database: &Database, state: &State, table: &str) -> Vec<Row> {
    let (chunks, table) = (database.chunks(), state.find(table).unwrap());
    let mut cursor = table.rows.cursor(&chunks, &KeyRange::all(), false).unwrap();
    let mut rows = Vec::new();
    while let Some((_, bytes)) = cursor.next().unwrap() {
        rows.push(table.table.decode(&bytes).unwrap());
    }
    rows
}

/// A table as a transaction sees it.
pub fn table(txn: &Txn, name: &str) -> Arc<TableState> {
    txn.state().find(name).unwrap().clone()
}

pub fn table_id(txn: &Txn, name: &str) -> TableId {
    table(txn, name).table.id()
}

/// The encoded key of a table's key values.
pub fn key(table: &TableState, values: &[Value]) -> Arc<[u8]> {
    let mut row = vec![NULL; table.table.def.columns.len()];
    for ((position, _), value) in table.table.key().iter().zip(values) {
        row[*position] = value.clone();
    }
    table.table.key_of(&row).expect("the table has a primary key").into()
}

/// The stored row under a key, which must be there.
pub fn stored(txn: &Txn, table: &TableState, key: &[u8]) -> Result<Arc<[u8]>> {
    let row = txn.state().row(txn.chunks(), table.table.id(), key)?;
    Ok(row.unwrap_or_else(|| panic!("table '{}' has no row {key:?}", table.table.name())))
}

pub fn insert(txn: &mut Txn, name: &str, row: Row) -> Result<Option<i64>> {
    let id = table_id(txn, name);
    txn.insert(id, row).map(|(_, given)| given)
}

pub fn update(txn: &mut Txn, name: &str, values: &[Value], row: Row) -> Result<()> {
    let table = table(txn, name);
    let key = key(&table, values);
    let old = stored(txn, &table, &key)?;
    txn.update(table.table.id(), &key, &old, &row)
}

pub fn set(txn: &mut Txn, name: &str, values: &[Value], column: &str, to: Value) -> Result<()> {
    let table = table(txn, name);
    let key = key(&table, values);
    let old = stored(txn, &table, &key)?;
    let mut row = table.table.decode(&old)?;
    row[table.table.def.position(column).expect("the column is there")] = to;
    txn.update(table.table.id(), &key, &old, &row)
}

pub fn delete(txn: &mut Txn, name: &str, values: &[Value]) -> Result<()> {
    let table = table(txn, name);
    let key = key(&table, values);
    let old = stored(txn, &table, &key)?;
    txn.take(table.table.id(), &key, &old)
}

/// Changes a table's definition.
pub fn alter(txn: &mut Txn, name: &str, change: impl FnOnce(Define) -> Define) -> Result<()> {
    let def = table(txn, name).table.def.clone();
    txn.define(change(Define::of(def)).build(), None)
}

/// The row under a key as a transaction sees it.
pub fn read(txn: &Txn, name: &str, values: &[Value]) -> Result<Option<Row>> {
    let table = table(txn, name);
    let key = key(&table, values);
    txn.note_read(table.table.id(), KeyRange::exact(&key));
    let row = txn.state().row(txn.chunks(), table.table.id(), &key)?;
    row.map(|bytes| table.table.decode(&bytes)).transpose()
}
