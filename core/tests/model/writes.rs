//! Statements made at random, run on a transaction and on the model side by side.

use super::history::History;
use super::{CODES, Cell, ITEMS, Key, LOG, Row, State, TABLES, USERS, model_key, to_values};
use crate::support::random::Random;
use crate::support::{self, Db};
use offshoot_core::error::{Error, Result};
use offshoot_core::txn::Txn;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// A change of rows.
#[derive(Debug, Clone)]
pub enum Op {
    Insert(usize, Row),
    Update(usize, Key, Row),
    Delete(usize, Key),
    /// Rows that all leave their keys before any takes its new one.
    Move(usize, Vec<(Key, Row)>),
}

/// Where a transaction's model stands.
#[derive(Debug, Clone)]
struct Standing {
    state: State,
    touched: BTreeSet<(usize, Key)>,
}

/// A transaction and its model.
pub struct Pair {
    pub txn: Txn,
    base: usize,
    now: Standing,
    savepoints: Vec<(String, Standing)>,
}

impl Pair {
    pub fn new(txn: Txn, base: usize, history: &History) -> Self {
        assert_eq!(txn.base(), history.get(base).id);
        let state = history.get(base).state.clone();
        let now = Standing { state, touched: BTreeSet::new() };
        Pair { txn, base, now, savepoints: Vec::new() }
    }

    /// One statement on both. Whether it succeeded.
    pub fn statement(&mut self, db: &Db, ops: &[Op]) -> bool {
        let before = self.now.clone();
        let Pair { txn, now, .. } = self;
        let mut refused = false;
        // The model takes part in the statement because an automatic key is told by the database.
        let done = db
            .statement(txn, |txn| ops.iter().try_for_each(|op| apply(txn, now, op, &mut refused)));
        let broken = self.now.state.broken();
        match done {
            Ok(()) => assert!(!refused && broken.is_none(), "{ops:?} breaks {broken:?}"),
            Err(Error::Violation(violation)) => {
                assert!(refused || broken.is_some(), "{violation} refused {ops:?} for nothing");
                self.now = before;
                return false;
            }
            Err(other) => panic!("{ops:?}: {other}"),
        }
        true
    }

    /// Sets, goes back to or forgets a savepoint.
    pub fn savepoint(&mut self, random: &mut Random) {
        match random.below(3) {
            0 => {
                let name = format!("s{}", random.below(3));
                self.txn.savepoint(&name);
                self.savepoints.push((name, self.now.clone()));
            }
            1 => {
                let name = format!("s{}", random.below(3));
                let at = self.savepoints.iter().rposition(|(other, _)| *other == name);
                let went = self.txn.rollback_to(&name);
                assert_eq!(went.is_ok(), at.is_some());
                if let Some(at) = at {
                    self.savepoints.truncate(at + 1);
                    self.now = self.savepoints[at].1.clone();
                }
            }
            _ => {
                let name = format!("s{}", random.below(3));
                let at = self.savepoints.iter().rposition(|(other, _)| *other == name);
                assert_eq!(self.txn.release(&name).is_ok(), at.is_some());
                if let Some(at) = at {
                    self.savepoints.truncate(at);
                }
            }
        }
    }

    /// What the transaction sees.
    pub fn state(&self) -> &State {
        &self.now.state
    }

    /// The state that committing on top of `head` must give; `None`: it must conflict.
    pub fn rebased(&self, history: &History, head: usize) -> Option<State> {
        if head == self.base {
            return Some(self.now.state.clone());
        }
        let (base, other) = (&history.get(self.base).state, &history.get(head).state);
        let mut state = other.clone();
        for (table, key) in &self.now.touched {
            if base.row(*table, key) != other.row(*table, key) {
                return None;
            }
            state.set(*table, key.clone(), self.now.state.row(*table, key).cloned());
        }
        state.broken().is_none().then_some(state)
    }
}

/// Makes one change on both. What is refused at once, and only that, is noted in `refused`.
fn apply(txn: &mut Txn, now: &mut Standing, op: &Op, refused: &mut bool) -> Result<()> {
    let (Op::Insert(table, _) | Op::Update(table, ..) | Op::Delete(table, _) | Op::Move(table, _)) =
        op;
    let (table, spec) = (*table, &TABLES[*table]);
    let state = support::table(txn, spec.name);
    let id = state.table.id();
    let null = |row: &Row, filled: Option<usize>| {
        let required = spec.columns.iter().map(|(_, _, required)| required).enumerate();
        required
            .zip(row)
            .any(|((i, required), cell)| *required && *cell == Cell::Null && filled != Some(i))
    };
    let told = |result: Result<()>, refused: &mut bool, expected: bool| -> Result<()> {
        *refused |= expected;
        match (&result, expected) {
            (Ok(()), false) | (Err(Error::Violation(_)), true) => result,
            _ => panic!("{op:?} gives {result:?}"),
        }
    };
    let old = |txn: &Txn, key: &Key| {
        let key = super::stored_key(&state, key);
        let old = support::stored(txn, &state, &key);
        old.map(|old| (key, old))
    };
    match op {
        Op::Insert(_, row) => {
            let mut row = row.clone();
            let clash = spec.key_of(&row).is_some_and(|key| now.state.row(table, &key).is_some());
            let inserted = txn.insert(id, to_values(&row));
            let expected = clash || null(&row, spec.auto);
            told(inserted.as_ref().map(drop).map_err(Clone::clone), refused, expected)?;
            let (key, given) = inserted?;
            if let (Some(auto), Some(given)) = (spec.auto, given) {
                assert_eq!(row[auto], Cell::Null);
                row[auto] = Cell::Int(given);
            }
            let key = model_key(spec, &key, &row);
            assert!(now.state.row(table, &key).is_none(), "an automatic key is new: {key:?}");
            put(now, table, key, Some(row));
        }
        Op::Update(_, key, row) => {
            let new = spec.key_of(row).unwrap_or_else(|| key.clone());
            let clash = new != *key && now.state.row(table, &new).is_some();
            let (stored_key, old) = old(txn, key)?;
            let updated = txn.update(id, &stored_key, &old, &to_values(row));
            told(updated, refused, clash || null(row, None))?;
            put(now, table, key.clone(), None);
            put(now, table, new, Some(row.clone()));
        }
        Op::Delete(_, key) => {
            let (stored_key, old) = old(txn, key)?;
            txn.take(id, &stored_key, &old)?;
            put(now, table, key.clone(), None);
        }
        Op::Move(_, rows) => {
            let mut from: Vec<Arc<[u8]>> = Vec::new();
            for (key, _) in rows {
                let (stored_key, old) = old(txn, key)?;
                txn.take(id, &stored_key, &old)?;
                put(now, table, key.clone(), None);
                from.push(stored_key);
            }
            for ((_, row), from) in rows.iter().zip(from) {
                let key = spec.key_of(row).expect("only rows with keys move");
                let clash = now.state.row(table, &key).is_some();
                let moved = txn.put_moved(id, &from, &to_values(row));
                told(moved, refused, clash || null(row, None))?;
                put(now, table, key, Some(row.clone()));
            }
        }
    }
    Ok(())
}

fn put(now: &mut Standing, table: usize, key: Key, row: Option<Row>) {
    now.touched.insert((table, key.clone()));
    now.state.set(table, key, row.map(Rc::new));
}

/// A statement that often breaks nothing.
pub fn statement(random: &mut Random, state: &State) -> Vec<Op> {
    let mut ops: Vec<Op> = Vec::new();
    let mut gone: BTreeSet<(usize, Key)> = BTreeSet::new();
    for _ in 0..1 + random.below(3) {
        let table = [USERS, USERS, ITEMS, ITEMS, LOG, CODES][random.below(6) as usize];
        let full = state.table(table).len() > 30;
        let key = some_key(random, state, table).filter(|key| gone.insert((table, key.clone())));
        match (random.below(10), key) {
            (0, Some(key)) => ops.push(Op::Delete(table, key)),
            (1, Some(key)) if table == CODES || table == ITEMS || table == USERS => {
                let mut rows = vec![(key.clone(), moved(random, table, state, &key))];
                if let Some(other) = some_key(random, state, table)
                    && gone.insert((table, other.clone()))
                {
                    // Sometimes the two exchange their keys.
                    let mut there = moved(random, table, state, &other);
                    if random.below(2) == 0 {
                        copy_key(table, &mut there, &key);
                        copy_key(table, &mut rows[0].1, &other);
                    }
                    rows.push((other, there));
                }
                ops.push(Op::Move(table, rows));
            }
            (2..=5, Some(key)) => {
                let row = changed(random, table, state, &key);
                ops.push(Op::Update(table, key, row));
            }
            (6..=7, Some(key)) if full => ops.push(Op::Delete(table, key)),
            _ => ops.push(Op::Insert(table, fresh(random, table, state))),
        }
    }
    ops
}

fn copy_key(table: usize, row: &mut Row, key: &Key) {
    for (position, cell) in TABLES[table].key.iter().zip(key) {
        row[*position] = cell.clone();
    }
}

fn some_key(random: &mut Random, state: &State, table: usize) -> Option<Key> {
    let rows = state.table(table);
    rows.keys().nth(random.below(rows.len() as u64) as usize).cloned()
}

fn moved(random: &mut Random, table: usize, state: &State, key: &Key) -> Row {
    let mut row = Row::clone(&state.table(table)[key]);
    let new = fresh(random, table, state);
    for position in TABLES[table].key {
        if new[*position] != Cell::Null {
            row[*position] = new[*position].clone();
        }
    }
    row
}

fn changed(random: &mut Random, table: usize, state: &State, key: &Key) -> Row {
    let mut row = Row::clone(&state.table(table)[key]);
    let new = fresh(random, table, state);
    for _ in 0..1 + random.below(2) {
        let column = random.below(row.len() as u64) as usize;
        let in_key = TABLES[table].key.contains(&column);
        // A NULL where none may be is tried now and then.
        if !in_key || random.below(4) == 0 {
            row[column] = new[column].clone();
        }
    }
    if TABLES[table].auto.is_some_and(|auto| row[auto] == Cell::Null) {
        row[0] = key[0].clone();
    }
    row
}

fn fresh(random: &mut Random, table: usize, state: &State) -> Row {
    let number = |random: &mut Random, n| Cell::Int(random.below(n) as i64);
    let word =
        |random: &mut Random, stem: &str, n| Cell::Text(format!("{stem}{}", random.below(n)));
    let or_null = |random: &mut Random, cell: Cell, one_in| match random.below(one_in) {
        0 => Cell::Null,
        _ => cell,
    };
    let user = |random: &mut Random| match some_key(random, state, USERS) {
        Some(key) if random.below(12) > 0 => key[0].clone(),
        _ => Cell::Int(1 + random.below(40) as i64),
    };
    match table {
        USERS => {
            let id = Cell::Int(1 + random.below(60) as i64);
            let id = match random.below(4) {
                0 => id,
                _ => Cell::Null,
            };
            let email = word(random, "e", 200);
            let boss = user(random);
            let age = number(random, 5);
            vec![
                id,
                or_null(random, email, 3),
                match random.below(3) {
                    0 => boss,
                    _ => Cell::Null,
                },
                or_null(random, age, 40),
            ]
        }
        ITEMS => {
            let (owner, name) = (user(random), word(random, "n", 4));
            let (qty, note) = (number(random, 4), word(random, "x", 3));
            vec![owner, name, or_null(random, qty, 5), or_null(random, note, 3)]
        }
        LOG => {
            let (who, what) = (user(random), word(random, "w", 6));
            vec![or_null(random, who, 3), or_null(random, what, 9)]
        }
        _ => {
            let (code, a, b) = (word(random, "c", 90), number(random, 16), number(random, 16));
            let item = match (random.below(2), some_key(random, state, ITEMS)) {
                (0, Some(item)) => item,
                _ => match random.below(20) {
                    0 => vec![Cell::Int(1), Cell::Text("n9".into())],
                    _ => vec![Cell::Null, Cell::Text("n1".into())],
                },
            };
            vec![
                code,
                or_null(random, a, 4),
                or_null(random, b, 4),
                item[0].clone(),
                item[1].clone(),
            ]
        }
    }
}
