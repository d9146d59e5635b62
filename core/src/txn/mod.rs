//! A transaction: a private branch that becomes a commit.
//!
//! ```text
//!   base commit ──▶ head … other commits … ──▶ new head
//!        │                                        ▲
//!        └── Txn: base state + own writes ────────┘ rebase, check, commit
//! ```
//!
//! A transaction reads the state of its base plus what it wrote itself. The state is a value, so a
//! savepoint is a clone and rolling back is dropping.
//!
//! At commit, if the branch moved on, the writes are *rebased*: replayed on the new head. A rebase is
//! not a merge. Any row that was written here and differs between base and head conflicts, even where
//! the values agree; a table whose definition changed on either side conflicts with any change of it
//! on the other; uniqueness and references are checked again on the result. That is snapshot
//! isolation. The caller of an explicit transaction may run it again; an autocommit statement is run
//! again by the session. With [`Isolation::Serializable`] the key ranges that were read are compared
//! as well.
//!
//! What a transaction does to rows, one statement at a time:
//!
//! ```text
//!   begin_statement   remember where we stand
//!   insert/update/delete   change state, indexes follow, log old and new image
//!   end_statement     uniqueness and references over all changed rows
//!   …or undo_statement
//! ```

mod ddl;
mod ids;
mod rebase;

pub use ddl::Conversion;
pub(crate) use ddl::{constraints_added, redefined};
pub use ids::IdAllocator;

use crate::chunk::Chunks;
use crate::error::{Error, Kind, Result};
use crate::history::{CommitId, Delta, RowChange, SequenceChange, TableDelta};
use crate::moment::Moment;
use crate::row::{Row, State, Table, TableId, TableState, Violation, is_constrained, require};
use crate::tree::KeyRange;
use crate::value::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Identifies a row in the whole database.
pub type RowId = (TableId, Arc<[u8]>);

/// What is compared when the branch has moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// The rows written.
    #[default]
    Snapshot,
    /// The rows written and the key ranges read.
    Serializable,
}

/// A row that a transaction wrote: what its base held, and what it holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Write {
    base: Option<Arc<[u8]>>,
    new: Option<Arc<[u8]>>,
    moved_from: Option<Arc<[u8]>>,
}

/// Where a transaction stood: everything that rolling back restores.
#[derive(Debug, Clone)]
struct Standing {
    state: State,
    writes: imbl::OrdMap<RowId, Write>,
    /// Tables that were created, altered or dropped.
    defined: imbl::OrdSet<TableId>,
    /// Tables that new foreign keys lean on.
    leaned_on: imbl::OrdSet<TableId>,
}

/// A transaction on one branch.
#[derive(Debug)]
pub struct Txn {
    chunks: Arc<Chunks>,
    base: CommitId,
    base_state: State,
    base_scn: u64,
    now: Standing,
    savepoints: Vec<(String, Standing)>,
    before_statement: Option<Standing>,
    /// Whether a statement that fails is its end.
    fails_whole: bool,
    statement: BTreeMap<RowId, Write>,
    moment: Moment,
    drawn: u64,
    ids: Arc<IdAllocator>,
    isolation: Isolation,
    // Behind a lock because reading is by `&self`.
    reads: Mutex<Vec<(TableId, KeyRange)>>,
}

impl Txn {
    /// A transaction on this state, which belongs to `base`.
    pub fn new(
        chunks: Arc<Chunks>,
        base: (CommitId, u64, State),
        moment: Moment,
        ids: Arc<IdAllocator>,
        isolation: Isolation,
    ) -> Self {
        let (base, base_scn, base_state) = base;
        let now = Standing {
            state: base_state.clone(),
            writes: imbl::OrdMap::new(),
            defined: imbl::OrdSet::new(),
            leaned_on: imbl::OrdSet::new(),
        };
        Txn {
            chunks,
            base,
            base_state,
            base_scn,
            now,
            savepoints: Vec::new(),
            before_statement: None,
            fails_whole: false,
            statement: BTreeMap::new(),
            moment,
            drawn: 0,
            ids,
            isolation,
            reads: Mutex::new(Vec::new()),
        }
    }

    /// What the transaction sees.
    pub fn state(&self) -> &State {
        &self.now.state
    }

    /// Lends it the tables that only its session sees.
    ///
    /// # Errors
    /// `Exists` where two have one name.
    pub fn lend<'t>(
        &mut self,
        tables: impl IntoIterator<Item = &'t Arc<TableState>>,
    ) -> Result<()> {
        tables.into_iter().try_for_each(|table| self.now.state.put_temporary(table.clone()))
    }

    /// What it reads through, and where its new chunks are staged.
    pub fn chunks(&self) -> &Arc<Chunks> {
        &self.chunks
    }

    /// The commit that it started from.
    pub fn base(&self) -> CommitId {
        self.base
    }

    /// The time and seed of the running statement.
    pub fn moment(&self) -> &Moment {
        &self.moment
    }

    /// Whether anything was written.
    pub fn is_dirty(&self) -> bool {
        !self.now.writes.is_empty() || !self.now.defined.is_empty()
    }

    /// Whether a definition was changed.
    pub fn has_ddl(&self) -> bool {
        !self.now.defined.is_empty()
    }

    /// Notes that a range of a table's keys was read. Costs nothing under snapshot isolation.
    pub fn note_read(&self, table: TableId, range: KeyRange) {
        if self.isolation == Isolation::Serializable {
            self.reads.lock().unwrap_or_else(PoisonError::into_inner).push((table, range));
        }
    }

    // --- Statements ---

    /// The same transaction for one who drops it when a statement fails: nothing is remembered to undo
    /// a statement by.
    #[must_use]
    pub fn failing_whole(self) -> Self {
        Txn { fails_whole: true, ..self }
    }

    /// Starts a statement: until it ends, all of it can be undone, and its volatile values derive
    /// from this moment.
    pub fn begin_statement(&mut self, moment: Moment) {
        self.stamp(moment);
        self.before_statement = (!self.fails_whole).then(|| self.now.clone());
        self.statement.clear();
    }

    /// Makes this the time of the commit; what is volatile from here on derives from this moment.
    pub fn stamp(&mut self, moment: Moment) {
        self.moment = moment;
        self.drawn = 0;
        self.ids.rewind(&moment.seed);
    }

    /// Ends a statement: constraints over more than one row are checked for every row that it
    /// changed.
    ///
    /// # Errors
    /// A violation, after which the statement must be undone; a fault.
    pub fn end_statement(&mut self) -> Result<()> {
        let mut tables: Vec<TableId> = self.statement.keys().map(|(table, _)| *table).collect();
        tables.dedup();
        let state = &self.now.state;
        let checked: Vec<TableId> =
            tables.iter().copied().filter(|table| is_constrained(state, *table)).collect();
        if !checked.is_empty() {
            let changes: Vec<(TableId, RowChange)> = self
                .statement
                .iter()
                .filter(|((table, _), write)| write.base != write.new && checked.contains(table))
                .map(|((table, key), write)| (*table, write.change(key)))
                .collect();
            require(state, &self.chunks, changes.iter().map(|(id, change)| (*id, change)))?;
        }
        // Ids that were written by hand are not given to others.
        for state in tables.iter().filter_map(|table| self.now.state.table(*table)) {
            if state.table.auto_increment().is_some() {
                self.ids.raise(state.table.id(), state.next_auto);
            }
        }
        let mut statement = std::mem::take(&mut self.statement);
        for ((table, _), write) in &mut statement {
            write.moved_from = match write.new {
                None => None,
                Some(_) => self.origin(*table, write.moved_from.take()),
            };
        }
        for (id, write) in statement {
            // What no commit holds is no write of it.
            if self.now.state.is_temporary(id.0) {
                continue;
            }
            match self.now.writes.get_mut(&id) {
                Some(earlier) => {
                    earlier.new = write.new;
                    earlier.moved_from = match earlier.new {
                        None => None,
                        Some(_) => write.moved_from.or(earlier.moved_from.take()),
                    };
                }
                None => {
                    self.now.writes.insert(id, write);
                }
            }
        }
        self.before_statement = None;
        Ok(())
    }

    /// Where a row that a statement moved stood in the base: it may have moved before.
    fn origin(&self, table: TableId, from: Option<Arc<[u8]>>) -> Option<Arc<[u8]>> {
        let from = from?;
        match self.now.writes.get(&(table, from.clone())) {
            Some(Write { base: None, moved_from, .. }) => moved_from.clone(),
            _ => Some(from),
        }
    }

    /// Undoes everything since the statement began. Automatic ids that it was given stay its own:
    /// run again with the same moment it gets the same ones. One that [fails whole](Self::failing_whole)
    /// cannot go on after it.
    pub fn undo_statement(&mut self) {
        if let Some(before) = self.before_statement.take() {
            self.now = before;
        }
        self.statement.clear();
    }

    // --- Savepoints ---

    /// Marks a point to roll back to. A name may be used again; the newest counts.
    pub fn savepoint(&mut self, name: &str) {
        self.savepoints.push((name.to_lowercase(), self.now.clone()));
    }

    /// Goes back to a savepoint, which stays.
    ///
    /// # Errors
    /// `Invalid` where there is no savepoint of this name.
    pub fn rollback_to(&mut self, name: &str) -> Result<()> {
        let at = self.savepoint_position(name)?;
        self.savepoints.truncate(at + 1);
        if let Some((_, standing)) = self.savepoints.last() {
            self.now = standing.clone();
        }
        Ok(())
    }

    /// Forgets a savepoint and those after it; what was done since stays.
    ///
    /// # Errors
    /// `Invalid` where there is no savepoint of this name.
    pub fn release(&mut self, name: &str) -> Result<()> {
        let at = self.savepoint_position(name)?;
        self.savepoints.truncate(at);
        Ok(())
    }

    fn savepoint_position(&self, name: &str) -> Result<usize> {
        let name = name.to_lowercase();
        let found = self.savepoints.iter().rposition(|(other, _)| *other == name);
        found.ok_or_else(|| Error::Invalid(format!("there is no savepoint '{name}'")))
    }

    // --- Rows ---

    /// Puts a row in. Values have been coerced to their columns' types; NULL in the column of
    /// automatic ids is filled here. Returns the row's key and, where one was given, its
    /// automatic id.
    ///
    /// # Errors
    /// `Violation` for NOT NULL, CHECK and a taken primary key; a fault.
    pub fn insert(&mut self, table: TableId, mut row: Row) -> Result<(Arc<[u8]>, Option<i64>)> {
        let (definition, next_auto) = self.table(table)?;
        let mut given = None;
        if let Some(position) = definition.auto_increment() {
            match row.get_mut(position) {
                Some(place) if place.is_null() => {
                    let id = self.ids.next(table, &self.moment.seed, next_auto)?;
                    *place = Value::Int(id as i64);
                    given = Some(id as i64);
                    self.now.state.raise_sequence(table, id + 1);
                }
                _ => self.pass_over(&definition, next_auto, &row),
            }
        }
        definition.generate(&mut row)?;
        definition.check_row(&row)?;
        let key: Arc<[u8]> = match definition.key_of(&row) {
            Some(key) => key.into(),
            None => self.hidden_key(),
        };
        if self.now.state.has_row(&self.chunks, table, &key)? {
            return Err(primary_key_clash(&definition, &row, &key).into());
        }
        let new = definition.encode(&row);
        self.write(table, key.clone(), None, Some(new), None)?;
        Ok((key, given))
    }

    /// Automatic ids go on after one that was given by hand, so that none comes twice.
    fn pass_over(&mut self, table: &Table, next_auto: u64, row: &Row) {
        let Some(position) = table.auto_increment() else { return };
        let Some(Value::Int(id)) = row.get(position) else { return };
        match u64::try_from(*id) {
            Ok(id) if id >= next_auto && id < i64::MAX as u64 => {
                self.now.state.raise_sequence(table.id(), id + 1);
            }
            _ => {}
        }
    }

    /// Replaces a row. `old` is the stored row that stands under `key`. A changed primary key
    /// moves the row; where several rows move in one statement, delete them all first and insert
    /// them after, through [`Txn::take`] and [`Txn::put_moved`].
    ///
    /// # Errors
    /// As [`Txn::insert`].
    pub fn update(
        &mut self,
        table: TableId,
        key: &Arc<[u8]>,
        old: &Arc<[u8]>,
        row: &Row,
    ) -> Result<()> {
        let (definition, next_auto) = self.table(table)?;
        let row = &*computed(&definition, row)?;
        definition.check_row(row)?;
        match definition.key_of(row) {
            Some(moved) if moved[..] != key[..] => {
                self.take(table, key, old)?;
                self.put_moved(table, key, row)
            }
            _ => {
                let new = definition.encode(row);
                self.pass_over(&definition, next_auto, row);
                self.write(table, key.clone(), Some(old.clone()), Some(new), None)
            }
        }
    }

    /// Removes a row. `old` is the stored row that stands under `key`.
    pub fn take(&mut self, table: TableId, key: &Arc<[u8]>, old: &Arc<[u8]>) -> Result<()> {
        self.write(table, key.clone(), Some(old.clone()), None, None)
    }

    /// Puts a row that stood under `from` under its new key.
    ///
    /// # Errors
    /// As [`Txn::insert`].
    pub fn put_moved(&mut self, table: TableId, from: &Arc<[u8]>, row: &Row) -> Result<()> {
        let (definition, next_auto) = self.table(table)?;
        let row = &*computed(&definition, row)?;
        definition.check_row(row)?;
        let key: Arc<[u8]> = definition.key_of(row).map_or_else(|| from.clone(), Arc::from);
        if self.now.state.has_row(&self.chunks, table, &key)? {
            return Err(primary_key_clash(&definition, row, &key).into());
        }
        self.pass_over(&definition, next_auto, row);
        let new = definition.encode(row);
        self.write(table, key, None, Some(new), Some(from.clone()))
    }

    fn write(
        &mut self,
        table: TableId,
        key: Arc<[u8]>,
        old: Option<Arc<[u8]>>,
        new: Option<Arc<[u8]>>,
        moved_from: Option<Arc<[u8]>>,
    ) -> Result<()> {
        self.now.state.apply(table, &key, old.as_deref(), new.as_ref())?;
        let entry = self.statement.entry((table, key));
        let write = entry.or_insert(Write { base: old, new: None, moved_from: None });
        write.new = new;
        if moved_from.is_some() {
            write.moved_from = moved_from;
        }
        Ok(())
    }

    /// A table's definition and its next automatic id. Not its state: whoever held that while a row
    /// is written would make the write copy it.
    fn table(&self, id: TableId) -> Result<(Arc<Table>, u64)> {
        let found = self.now.state.table(id).map(|state| (state.table.clone(), state.next_auto));
        found.ok_or_else(|| Error::not_found(Kind::Table, format!("{id:?}")))
    }

    /// A key for a row of a table without a primary key, which no other branch can draw: the SCN it
    /// will have at the earliest (so that rows stand about in the order of their insertion), then
    /// eight bytes of this statement's own, then a count.
    fn hidden_key(&mut self) -> Arc<[u8]> {
        let own = self.moment.derive("row", 0);
        let mut key = Vec::with_capacity(20);
        key.extend_from_slice(&(self.base_scn + 1).to_be_bytes());
        key.extend_from_slice(&own[..8]);
        key.extend_from_slice(&(self.drawn as u32).to_be_bytes());
        self.drawn += 1;
        key.into()
    }

    // --- What was done ---

    /// The rows written, as changes from the base, in the order of table and key.
    pub fn changes(&self) -> Vec<(TableId, RowChange)> {
        let written = self.now.writes.iter().filter(|(_, write)| write.base != write.new);
        written.map(|((table, key), write)| (*table, write.change(key))).collect()
    }

    /// The commit's delta against the state that it follows. Definitions are not in it: a commit
    /// that changes definitions names a root instead.
    pub fn delta(&self, before: &State, after: &State) -> Delta {
        let mut delta = Delta::default();
        for (table, change) in self.changes() {
            match delta.tables.last_mut() {
                Some(last) if last.table == table.0 => last.rows.push(change),
                _ => delta.tables.push(TableDelta { table: table.0, rows: vec![change] }),
            }
        }
        delta.sequences = sequence_changes(before, after);
        delta
    }
}

/// Tables whose automatic ids moved on.
pub(crate) fn sequence_changes(before: &State, after: &State) -> Vec<SequenceChange> {
    let moved = |state: &Arc<TableState>| {
        let id = state.table.id();
        let earlier = before.table(id).map_or(1, |t| t.next_auto);
        (state.next_auto != earlier)
            .then_some(SequenceChange { table: id.0, next: state.next_auto })
    };
    after.tables().filter_map(moved).collect()
}

impl Write {
    fn change(&self, key: &Arc<[u8]>) -> RowChange {
        RowChange {
            key: key.clone(),
            old: self.base.clone(),
            new: self.new.clone(),
            moved_from: self.moved_from.clone(),
        }
    }
}

/// A row with its generated columns, copied only where there are any.
fn computed<'r>(table: &Table, row: &'r Row) -> Result<Cow<'r, Row>> {
    let mut row = Cow::Borrowed(row);
    if table.generated().next().is_some() {
        table.generate(row.to_mut())?;
    }
    Ok(row)
}

fn primary_key_clash(table: &crate::row::Table, row: &Row, key: &[u8]) -> Violation {
    let column = |position: &usize| table.def.columns.get(*position).map(|c| c.name.clone());
    let positions = || table.key().iter().map(|(position, _)| position);
    Violation::Unique {
        table: table.name().to_owned(),
        constraint: "PRIMARY KEY".into(),
        columns: positions().filter_map(column).collect(),
        values: positions().filter_map(|p| row.get(*p)).map(Value::to_text).collect(),
        key: key.to_vec(),
        existing: key.to_vec(),
    }
}
