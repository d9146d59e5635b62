//! What a database must do, written as simply as possible: one `BTreeMap` per table, every constraint
//! looked at over every row.

pub mod history;
pub mod merge;
pub mod writes;

use crate::support::Define;
use offshoot_core::row::{self, TableDef, TableState};
use offshoot_core::value::{SqlType, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A value. `Hidden` is the key of a row in a table without a primary key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    Null,
    Int(i64),
    Text(String),
    Hidden(Vec<u8>),
}

impl Cell {
    pub fn of(value: &Value) -> Cell {
        match value {
            Value::Null => Cell::Null,
            Value::Int(n) => Cell::Int(*n),
            Value::Text(t) => Cell::Text(t.to_string()),
            other => panic!("the model has no {other:?}"),
        }
    }

    pub fn value(&self) -> Value {
        match self {
            Cell::Null => Value::Null,
            Cell::Int(n) => Value::Int(*n),
            Cell::Text(t) => Value::from(t.as_str()),
            Cell::Hidden(_) => panic!("a hidden key is no value"),
        }
    }
}

pub type Row = Vec<Cell>;
pub type Key = Vec<Cell>;
pub type Rows = BTreeMap<Key, Rc<Row>>;

/// A reference: columns, the parent table and its columns.
type Reference = (&'static [usize], usize, &'static [usize]);

/// A table of the model.
pub struct Spec {
    pub name: &'static str,
    /// Name, type and whether NULL is refused.
    pub columns: &'static [(&'static str, SqlType, bool)],
    pub key: &'static [usize],
    pub auto: Option<usize>,
    pub uniques: &'static [&'static [usize]],
    pub references: &'static [Reference],
}

pub const USERS: usize = 0;
pub const ITEMS: usize = 1;
pub const LOG: usize = 2;
pub const CODES: usize = 3;

const INT: SqlType = SqlType::Integer;
const TEXT: SqlType = SqlType::Text;

/// Automatic key, nullable unique, reference to itself; composite key and composite index; hidden
/// key; composite unique and composite reference.
pub static TABLES: [Spec; 4] = [
    Spec {
        name: "users",
        columns: &[
            ("id", INT, true),
            ("email", TEXT, false),
            ("boss", INT, false),
            ("age", INT, true),
        ],
        key: &[0],
        auto: Some(0),
        uniques: &[&[1]],
        references: &[(&[2], USERS, &[0])],
    },
    Spec {
        name: "items",
        columns: &[
            ("owner", INT, true),
            ("name", TEXT, true),
            ("qty", INT, false),
            ("note", TEXT, false),
        ],
        key: &[0, 1],
        auto: None,
        uniques: &[],
        references: &[(&[0], USERS, &[0])],
    },
    Spec {
        name: "log",
        columns: &[("who", INT, false), ("what", TEXT, false)],
        key: &[],
        auto: None,
        uniques: &[],
        references: &[],
    },
    Spec {
        name: "codes",
        columns: &[
            ("code", TEXT, true),
            ("a", INT, false),
            ("b", INT, false),
            ("item_owner", INT, false),
            ("item_name", TEXT, false),
        ],
        key: &[0],
        auto: None,
        uniques: &[&[1, 2]],
        references: &[(&[3, 4], ITEMS, &[0, 1])],
    },
];

/// The same tables as definitions.
pub fn definitions() -> Vec<TableDef> {
    let columns = |spec: &Spec| {
        spec.columns.iter().fold(Define::table(spec.name), |def, (name, ty, required)| {
            match required {
                true => def.required(name, *ty),
                false => def.column(name, *ty),
            }
        })
    };
    let users = columns(&TABLES[USERS])
        .key(&["id"])
        .auto("id")
        .unique("users_email", &["email"])
        .index("users_age", &["age"])
        .references_self(&["boss"], &["id"])
        .build();
    let items = columns(&TABLES[ITEMS])
        .key(&["owner", "-name"])
        .index("items_qty_note", &["qty", "-note"])
        .references(&["owner"], &users, &["id"])
        .build();
    let log = columns(&TABLES[LOG]).index("log_what", &["-what"]).build();
    let codes = columns(&TABLES[CODES])
        .key(&["code"])
        .unique("codes_a_b", &["a", "b"])
        .references(&["item_owner", "item_name"], &items, &["owner", "name"])
        .build();
    vec![users, items, log, codes]
}

impl Spec {
    /// A row's key; `None` where it is hidden.
    pub fn key_of(&self, row: &[Cell]) -> Option<Key> {
        match self.key {
            [] => None,
            key => Some(pick(row, key)),
        }
    }
}

fn pick(row: &[Cell], columns: &[usize]) -> Vec<Cell> {
    columns.iter().map(|c| row[*c].clone()).collect()
}

/// What a database holds at one point. Tables are shared until they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State(Vec<Rc<Rows>>);

impl State {
    pub fn empty() -> Self {
        State(TABLES.iter().map(|_| Rc::default()).collect())
    }

    pub fn table(&self, table: usize) -> &Rows {
        &self.0[table]
    }

    pub fn row(&self, table: usize, key: &Key) -> Option<&Rc<Row>> {
        self.0[table].get(key)
    }

    pub fn set(&mut self, table: usize, key: Key, row: Option<Rc<Row>>) {
        let rows = Rc::make_mut(&mut self.0[table]);
        match row {
            Some(row) => rows.insert(key, row),
            None => rows.remove(&key),
        };
    }

    /// The keys under which two states hold different rows.
    pub fn differences(&self, other: &State) -> BTreeSet<(usize, Key)> {
        let mut found = BTreeSet::new();
        for (table, (a, b)) in self.0.iter().zip(&other.0).enumerate() {
            if Rc::ptr_eq(a, b) {
                continue;
            }
            for key in a.keys().chain(b.keys()) {
                if a.get(key) != b.get(key) {
                    found.insert((table, key.clone()));
                }
            }
        }
        found
    }

    /// What constraint is broken, if one is.
    pub fn broken(&self) -> Option<String> {
        for (table, spec) in TABLES.iter().enumerate() {
            for row in self.0[table].values() {
                for (cell, (name, _, required)) in row.iter().zip(spec.columns) {
                    if *required && *cell == Cell::Null {
                        return Some(format!("{}.{name} is NULL", spec.name));
                    }
                }
                for (columns, parent, to) in spec.references {
                    let wanted = pick(row, columns);
                    let referred = |row: &Rc<Row>| pick(row, to) == wanted;
                    let nowhere = wanted.contains(&Cell::Null);
                    if !nowhere && !self.0[*parent].values().any(referred) {
                        return Some(format!("{} refers to {wanted:?}", spec.name));
                    }
                }
            }
            for unique in spec.uniques {
                let mut seen = BTreeSet::new();
                for row in self.0[table].values() {
                    let values = pick(row, unique);
                    if !values.contains(&Cell::Null) && !seen.insert(values.clone()) {
                        return Some(format!("{} has {values:?} twice", spec.name));
                    }
                }
            }
        }
        None
    }
}

/// A model row as the database takes it.
pub fn to_values(row: &[Cell]) -> row::Row {
    row.iter().map(Cell::value).collect()
}

/// The model key of a stored row.
pub fn model_key(spec: &Spec, key: &[u8], row: &[Cell]) -> Key {
    spec.key_of(row).unwrap_or_else(|| vec![Cell::Hidden(key.to_vec())])
}

/// The stored key of a model key.
pub fn stored_key(table: &TableState, key: &Key) -> std::sync::Arc<[u8]> {
    match &key[..] {
        [Cell::Hidden(bytes)] => bytes[..].into(),
        cells => {
            let values: Vec<Value> = cells.iter().map(Cell::value).collect();
            crate::support::key(table, &values)
        }
    }
}
