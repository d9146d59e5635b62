//! What a table is: columns, key, indexes and constraints, as they are stored.

use super::{ColumnId, ConstraintId, IndexId, TableId};
use crate::codec::{DecodeError, Reader, Writer};
use crate::expr::Expr;
use crate::value::{SqlType, Value};
use std::collections::BTreeMap;

/// An expression as it is stored: columns by id, so that renaming changes nothing.
pub type StoredExpr = Expr<ColumnId>;

/// A table's definition. Names keep their spelling and are compared without regard to case.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDef {
    /// Who the table is, whatever it is called.
    pub id: TableId,
    /// Its name.
    pub name: String,
    /// How often a table of this name had been dropped before.
    pub generation: u32,
    /// Columns in the order in which `SELECT *` shows them.
    pub columns: Vec<ColumnDef>,
    /// The columns of the primary key in key order; empty: rows have a hidden id.
    pub primary_key: Vec<KeyPart>,
    /// Indexes, unique or not, those that stand for UNIQUE constraints and foreign keys included.
    pub indexes: Vec<IndexDef>,
    /// CHECK constraints.
    pub checks: Vec<CheckDef>,
    /// Foreign keys of this table (it is the child).
    pub foreign_keys: Vec<ForeignKeyDef>,
    /// The column that is given the next automatic id where an INSERT names no value.
    pub auto_increment: Option<ColumnId>,
    /// Versioned here, but outside sync.
    pub local: bool,
    /// When it was created, in microseconds since 1970.
    pub created: i64,
    /// Which columns a row of each layout holds, in order. A row names its layout, so that adding
    /// or dropping a column rewrites no row.
    pub layouts: BTreeMap<u32, Vec<ColumnId>>,
    /// Dropped columns, indexes and constraints, and the generation that they had.
    pub dropped: BTreeMap<[u8; 16], u32>,
    /// What other layers keep with a table (for example another engine's own definition).
    pub notes: BTreeMap<String, String>,
}

/// The note that holds the text of a view's query.
pub const VIEW_NOTE: &str = "view";
/// The note that holds the name of the primary key's constraint, where it was given one.
const KEY_NAME_NOTE: &str = "primary key";
/// The note that holds the comment on a table, and with a column's id in hexadecimal behind it the
/// one on a column.
pub const COMMENT_NOTE: &str = "comment";

impl TableDef {
    /// A definition without columns.
    pub fn empty(id: TableId, name: &str) -> Self {
        TableDef {
            id,
            name: name.to_owned(),
            generation: 0,
            columns: Vec::new(),
            primary_key: Vec::new(),
            indexes: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            auto_increment: None,
            local: false,
            created: 0,
            layouts: BTreeMap::new(),
            dropped: BTreeMap::new(),
            notes: BTreeMap::new(),
        }
    }

    /// The name of the primary key's constraint.
    pub fn primary_key_name(&self) -> String {
        let named = self.notes.get(KEY_NAME_NOTE).cloned();
        named.unwrap_or_else(|| format!("{}_pkey", self.name))
    }

    /// Names the primary key's constraint; `None`: as it is called by itself.
    pub fn name_primary_key(&mut self, name: Option<&str>) {
        self.set_note(KEY_NAME_NOTE.to_owned(), name);
    }

    /// The comment on the table, or on a column of it.
    pub fn comment(&self, column: Option<ColumnId>) -> Option<&str> {
        self.notes.get(&comment_note(column)).map(String::as_str)
    }

    /// Sets or takes away a comment.
    pub fn set_comment(&mut self, column: Option<ColumnId>, comment: Option<&str>) {
        self.set_note(comment_note(column), comment);
    }

    fn set_note(&mut self, name: String, text: Option<&str>) {
        match text {
            Some(text) => drop(self.notes.insert(name, text.to_owned())),
            None => drop(self.notes.remove(&name)),
        }
    }

    /// The text of the query, if this is a view: it has columns and no rows of its own.
    pub fn view(&self) -> Option<&str> {
        self.notes.get(VIEW_NOTE).map(String::as_str)
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDef {
    /// Who the column is.
    pub id: ColumnId,
    /// Its name.
    pub name: String,
    /// How often a column of this name had been dropped before.
    pub generation: u32,
    /// What it holds.
    pub ty: SqlType,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// What an INSERT that names no value stores.
    pub default: Option<StoredExpr>,
    /// What rows written before the column was added show. Fixed when it was added; later changes
    /// of DEFAULT leave it alone.
    pub missing: Value,
    /// What the column's value is computed from, where it is no value of its own. It is stored with
    /// the row and computed anew whenever the row is written.
    pub generated: Option<StoredExpr>,
}

/// One column of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPart {
    /// The column.
    pub column: ColumnId,
    /// Largest first.
    pub descending: bool,
}

/// One index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexDef {
    /// Who the index is.
    pub id: IndexId,
    /// Its name, unique in the database.
    pub name: String,
    /// Whether two rows may not have equal keys (rows with a NULL in the key never clash).
    pub unique: bool,
    /// What it is sorted by.
    pub parts: Vec<IndexPart>,
    /// Who asked for it.
    pub origin: IndexOrigin,
}

/// Who asked for an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexOrigin {
    /// CREATE INDEX.
    Statement,
    /// A UNIQUE constraint.
    Unique,
    /// A foreign key, whose children must be found when a parent goes.
    ForeignKey,
}

/// One part of an index: an expression over the row, most often a column.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexPart {
    /// What is indexed.
    pub expr: StoredExpr,
    /// Largest first.
    pub descending: bool,
}

/// A CHECK constraint: a row may not make it false (NULL passes).
#[derive(Debug, Clone, PartialEq)]
pub struct CheckDef {
    /// Who the constraint is.
    pub id: ConstraintId,
    /// Its name.
    pub name: String,
    /// The condition.
    pub expr: StoredExpr,
}

/// What happens to the children of a parent row that goes or whose key changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The statement fails if children remain at its end.
    NoAction,
    /// The statement fails.
    Restrict,
    /// The children go, or follow.
    Cascade,
    /// The children's columns become NULL.
    SetNull,
}

/// A foreign key. Rows with a NULL in one of the columns refer to nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignKeyDef {
    /// Who the constraint is.
    pub id: ConstraintId,
    /// Its name.
    pub name: String,
    /// The child's columns.
    pub columns: Vec<ColumnId>,
    /// The parent.
    pub parent: TableId,
    /// The parent's columns: its primary key or the columns of a unique index, in that order.
    pub parent_columns: Vec<ColumnId>,
    /// When the parent row is deleted.
    pub on_delete: Action,
    /// When the parent row's key changes.
    pub on_update: Action,
}

const VERSION: u8 = 1;
/// As [`VERSION`], with generated columns at the end.
const VERSION_GENERATED: u8 = 2;

impl TableDef {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnDef> {
        self.position(name).and_then(|i| self.columns.get(i))
    }

    /// The position of the column of this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| same_name(&c.name, name))
    }

    /// The position of the column with this id.
    pub fn position_of(&self, id: ColumnId) -> Option<usize> {
        self.columns.iter().position(|c| c.id == id)
    }

    /// The number of the layout that new rows have: a hash of the columns in order.
    pub fn layout(&self) -> u32 {
        let mut hasher = blake3::Hasher::new();
        self.columns.iter().for_each(|c| {
            hasher.update(&c.id.0);
        });
        let hash = hasher.finalize();
        let b = hash.as_bytes();
        u32::from_le_bytes([b[0], b[1], b[2], b[3]])
    }

    /// The encoded form (`docs/format.md`, "Table definition").
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        let generated = || self.columns.iter().filter_map(|c| Some((c.id, c.generated.as_ref()?)));
        let count = generated().count() as u64;
        let version = if count == 0 { VERSION } else { VERSION_GENERATED };
        w.u8(version).fixed(&self.id.0).text(&self.name).uint(self.generation.into());
        w.uint(self.columns.len() as u64);
        for column in &self.columns {
            w.fixed(&column.id.0).text(&column.name).uint(column.generation.into());
            let mut ty = Vec::new();
            column.ty.encode(&mut ty);
            w.bytes(&ty).u8(column.not_null.into());
            w.maybe(column.default.as_ref().map(StoredExpr::encode).as_deref());
            let mut missing = Vec::new();
            crate::value::encode_value(&mut missing, &column.missing);
            w.bytes(&missing);
        }
        w.uint(self.primary_key.len() as u64);
        for part in &self.primary_key {
            w.fixed(&part.column.0).u8(part.descending.into());
        }
        w.uint(self.indexes.len() as u64);
        for index in &self.indexes {
            w.fixed(&index.id.0).text(&index.name).u8(index.unique.into());
            w.u8(index.origin as u8).uint(index.parts.len() as u64);
            for part in &index.parts {
                w.bytes(&part.expr.encode()).u8(part.descending.into());
            }
        }
        w.uint(self.checks.len() as u64);
        for check in &self.checks {
            w.fixed(&check.id.0).text(&check.name).bytes(&check.expr.encode());
        }
        w.uint(self.foreign_keys.len() as u64);
        for key in &self.foreign_keys {
            w.fixed(&key.id.0).text(&key.name).fixed(&key.parent.0);
            w.uint(key.columns.len() as u64);
            for (child, parent) in key.columns.iter().zip(&key.parent_columns) {
                w.fixed(&child.0).fixed(&parent.0);
            }
            w.u8(key.on_delete as u8).u8(key.on_update as u8);
        }
        w.maybe(self.auto_increment.as_ref().map(|c| &c.0[..])).u8(self.local.into());
        w.int(self.created).uint(self.layouts.len() as u64);
        for (number, columns) in &self.layouts {
            w.uint((*number).into()).uint(columns.len() as u64);
            columns.iter().for_each(|c| {
                w.fixed(&c.0);
            });
        }
        w.uint(self.dropped.len() as u64);
        for (id, generation) in &self.dropped {
            w.fixed(id).uint((*generation).into());
        }
        w.uint(self.notes.len() as u64);
        for (name, note) in &self.notes {
            w.text(name).text(note);
        }
        if count > 0 {
            w.uint(count);
            for (column, expr) in generated() {
                w.fixed(&column.0).bytes(&expr.encode());
            }
        }
        w.finish()
    }

    /// Reads what `encode` wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let r = &mut Reader::new("table definition", bytes);
        let version = r.u8()?;
        if version != VERSION && version != VERSION_GENERATED {
            return Err(r.malformed());
        }
        let id = TableId(r.array()?);
        let name = r.text()?.to_owned();
        let generation = number(r)?;
        let mut columns = Vec::new();
        for _ in 0..r.count()? {
            columns.push(column(r)?);
        }
        let mut primary_key = Vec::new();
        for _ in 0..r.count()? {
            primary_key.push(KeyPart { column: ColumnId(r.array()?), descending: flag(r)? });
        }
        let mut indexes = Vec::new();
        for _ in 0..r.count()? {
            indexes.push(index(r)?);
        }
        let mut checks = Vec::new();
        for _ in 0..r.count()? {
            let id = ConstraintId(r.array()?);
            checks.push(CheckDef { id, name: r.text()?.to_owned(), expr: expr(r)? });
        }
        let mut foreign_keys = Vec::new();
        for _ in 0..r.count()? {
            foreign_keys.push(foreign_key(r)?);
        }
        let auto_increment = match r.maybe()? {
            None => None,
            Some(bytes) => Some(ColumnId(bytes.try_into().map_err(|_| r.malformed())?)),
        };
        let (local, created) = (flag(r)?, r.int()?);
        let mut layouts = BTreeMap::new();
        for _ in 0..r.count()? {
            let layout = number(r)?;
            let columns = (0..r.count()?).map(|_| r.array().map(ColumnId));
            layouts.insert(layout, columns.collect::<Result<_, _>>()?);
        }
        let mut dropped = BTreeMap::new();
        for _ in 0..r.count()? {
            let id = r.array()?;
            dropped.insert(id, number(r)?);
        }
        let mut notes = BTreeMap::new();
        for _ in 0..r.count()? {
            let name = r.text()?.to_owned();
            notes.insert(name, r.text()?.to_owned());
        }
        if version == VERSION_GENERATED {
            for _ in 0..r.count()? {
                let id = ColumnId(r.array()?);
                let expr = expr(r)?;
                let column = columns.iter_mut().find(|c| c.id == id);
                column.ok_or_else(|| r.malformed())?.generated = Some(expr);
            }
        }
        r.end()?;
        Ok(TableDef {
            id,
            name,
            generation,
            columns,
            primary_key,
            indexes,
            checks,
            foreign_keys,
            auto_increment,
            local,
            created,
            layouts,
            dropped,
            notes,
        })
    }
}

fn comment_note(column: Option<ColumnId>) -> String {
    let id = column.map(|id| id.0.iter().map(|b| format!("{b:02x}")).collect::<String>());
    id.map_or_else(|| COMMENT_NOTE.to_owned(), |id| format!("{COMMENT_NOTE} {id}"))
}

/// Whether two names name the same thing: they differ in nothing but case.
pub fn same_name(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

fn number(r: &mut Reader<'_>) -> Result<u32, DecodeError> {
    let number = r.uint()?;
    u32::try_from(number).map_err(|_| r.malformed())
}

fn flag(r: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match r.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(r.malformed()),
    }
}

fn expr(r: &mut Reader<'_>) -> Result<StoredExpr, DecodeError> {
    let bytes = r.bytes()?;
    StoredExpr::decode(bytes).map_err(|_| r.malformed())
}

fn column(r: &mut Reader<'_>) -> Result<ColumnDef, DecodeError> {
    let id = ColumnId(r.array()?);
    let name = r.text()?.to_owned();
    let generation = number(r)?;
    let ty = SqlType::decode(r.bytes()?).map_err(|_| r.malformed())?;
    let not_null = flag(r)?;
    let default = match r.maybe()? {
        None => None,
        Some(bytes) => Some(StoredExpr::decode(bytes).map_err(|_| r.malformed())?),
    };
    let missing = crate::value::decode_value(r.bytes()?).map_err(|_| r.malformed())?;
    Ok(ColumnDef { id, name, generation, ty, not_null, default, missing, generated: None })
}

fn index(r: &mut Reader<'_>) -> Result<IndexDef, DecodeError> {
    let id = IndexId(r.array()?);
    let name = r.text()?.to_owned();
    let unique = flag(r)?;
    let origin = match r.u8()? {
        0 => IndexOrigin::Statement,
        1 => IndexOrigin::Unique,
        2 => IndexOrigin::ForeignKey,
        _ => return Err(r.malformed()),
    };
    let mut parts = Vec::new();
    for _ in 0..r.count()? {
        parts.push(IndexPart { expr: expr(r)?, descending: flag(r)? });
    }
    Ok(IndexDef { id, name, unique, parts, origin })
}

fn foreign_key(r: &mut Reader<'_>) -> Result<ForeignKeyDef, DecodeError> {
    let id = ConstraintId(r.array()?);
    let name = r.text()?.to_owned();
    let parent = TableId(r.array()?);
    let (mut columns, mut parent_columns) = (Vec::new(), Vec::new());
    for _ in 0..r.count()? {
        columns.push(ColumnId(r.array()?));
        parent_columns.push(ColumnId(r.array()?));
    }
    let (on_delete, on_update) = (action(r)?, action(r)?);
    Ok(ForeignKeyDef { id, name, columns, parent, parent_columns, on_delete, on_update })
}

fn action(r: &mut Reader<'_>) -> Result<Action, DecodeError> {
    Ok(match r.u8()? {
        0 => Action::NoAction,
        1 => Action::Restrict,
        2 => Action::Cascade,
        3 => Action::SetNull,
        _ => return Err(r.malformed()),
    })
}
