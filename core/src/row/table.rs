//! A definition made ready for work: columns resolved to positions, expressions bound.

use super::{ColumnId, ForeignKeyDef, IndexId, TableDef, TableId, Violation};
use crate::error::{Error, Result};
use crate::expr::{EvalContext, Expr};
use crate::value::{RowReader, Value, encode_key, encode_row};
use std::collections::HashMap;
use std::sync::Arc;

/// A row: one value per column, in the order of the definition.
pub type Row = Vec<Value>;

/// Whose indexes and checks may not depend on when they run.
const TIMELESS: EvalContext<'static> = EvalContext::timeless();

/// A table's definition with everything derived from it that reading and writing rows needs.
/// Immutable; an ALTER makes a new one.
#[derive(Debug)]
pub struct Table {
    /// What is stored.
    pub def: TableDef,
    encoded: Arc<[u8]>,
    layout: u32,
    /// For each older layout: where each current column stands in it.
    moved: HashMap<u32, Vec<Option<usize>>>,
    key: Vec<(usize, bool)>,
    indexes: Vec<BoundIndex>,
    checks: Vec<(String, Expr<usize>)>,
    auto_increment: Option<usize>,
    generated: Vec<(usize, Expr<usize>)>,
}

/// An index whose expressions know their columns' positions.
#[derive(Debug)]
pub struct BoundIndex {
    /// Who the index is.
    pub id: IndexId,
    /// Its parts: the expression, and whether the largest comes first.
    pub parts: Vec<(Expr<usize>, bool)>,
    /// Whether two rows may not agree.
    pub unique: bool,
    /// The positions of the columns that the parts read.
    pub columns: Vec<usize>,
}

impl BoundIndex {
    /// The position of the column that a part is, where it is a plain column.
    pub fn column_of(&self, part: usize) -> Option<usize> {
        match self.parts.get(part) {
            Some((Expr::Column(position), _)) => Some(*position),
            _ => None,
        }
    }
}

impl Table {
    /// Makes a definition ready.
    ///
    /// # Errors
    /// `Corrupt` if it contradicts itself (a key, index or constraint over a column that is not
    /// there): the definition was checked when it was written.
    pub fn new(mut def: TableDef) -> Result<Self> {
        let layout = def.layout();
        let columns: Vec<ColumnId> = def.columns.iter().map(|c| c.id).collect();
        if def.layouts.get(&layout).is_some_and(|known| *known != columns) {
            return Err(Error::Limit(format!("table '{}' cannot have these columns", def.name)));
        }
        def.layouts.insert(layout, columns);
        let position = |id: &ColumnId| {
            def.position_of(*id).ok_or_else(|| {
                Error::Corrupt(format!("table '{}' refers to a column that it lacks", def.name))
            })
        };
        let bind = |expr: &super::StoredExpr| expr.map_columns(&mut |id| position(id));
        let mut moved = HashMap::new();
        for (number, older) in def.layouts.iter().filter(|(n, _)| **n != layout) {
            let places = def.columns.iter().map(|c| older.iter().position(|id| *id == c.id));
            moved.insert(*number, places.collect());
        }
        let key = def.primary_key.iter().map(|part| Ok((position(&part.column)?, part.descending)));
        let key = key.collect::<Result<_>>()?;
        let mut indexes = Vec::new();
        for index in &def.indexes {
            let parts = index.parts.iter().map(|part| Ok((bind(&part.expr)?, part.descending)));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            let mut columns: Vec<usize> = Vec::new();
            parts.iter().for_each(|(expr, _)| expr.visit_columns(&mut |c| columns.push(*c)));
            columns.sort_unstable();
            columns.dedup();
            indexes.push(BoundIndex { id: index.id, parts, unique: index.unique, columns });
        }
        let checks = def.checks.iter().map(|c| Ok((c.name.clone(), bind(&c.expr)?)));
        let checks = checks.collect::<Result<_>>()?;
        for foreign in &def.foreign_keys {
            foreign.columns.iter().try_for_each(|c| position(c).map(drop))?;
        }
        let auto_increment = def.auto_increment.as_ref().map(position).transpose()?;
        let generated = def.columns.iter().enumerate();
        let generated = generated.filter_map(|(at, c)| Some((at, c.generated.as_ref()?)));
        let generated = generated.map(|(at, expr)| Ok((at, bind(expr)?)));
        let generated = generated.collect::<Result<_>>()?;
        let encoded = Arc::from(def.encode());
        Ok(Table { def, encoded, layout, moved, key, indexes, checks, auto_increment, generated })
    }

    /// Who the table is.
    pub fn id(&self) -> TableId {
        self.def.id
    }

    /// Its name as it was spelled.
    pub fn name(&self) -> &str {
        &self.def.name
    }

    /// The stored form of the definition.
    pub fn encoded(&self) -> &Arc<[u8]> {
        &self.encoded
    }

    /// The positions of the primary key's columns, and whether each is descending; empty where rows
    /// have a hidden id.
    pub fn key(&self) -> &[(usize, bool)] {
        &self.key
    }

    /// The indexes, in the order of the definition.
    pub fn indexes(&self) -> &[BoundIndex] {
        &self.indexes
    }

    /// The column that automatic ids go to.
    pub fn auto_increment(&self) -> Option<usize> {
        self.auto_increment
    }

    /// The positions of the columns whose values are computed from the row.
    pub fn generated(&self) -> impl Iterator<Item = usize> {
        self.generated.iter().map(|(at, _)| *at)
    }

    /// Computes the generated columns of a row from its other columns.
    ///
    /// # Errors
    /// What the expression gives; a value that does not fit its column.
    pub fn generate(&self, row: &mut Row) -> Result<()> {
        for (at, expr) in &self.generated {
            let value = expr.eval(row, &TIMELESS)?;
            if let (Some(place), Some(column)) = (row.get_mut(*at), self.def.columns.get(*at)) {
                *place = value.coerce(&column.ty)?;
            }
        }
        Ok(())
    }

    /// All of a row.
    pub fn decode(&self, bytes: &[u8]) -> Result<Row> {
        let mut row = vec![Value::Null; self.def.columns.len()];
        self.decode_into(bytes, |_| true, &mut row)?;
        Ok(row)
    }

    /// The wanted columns of a row; the others are left as they stand in `row`, which has one place
    /// per column.
    pub fn decode_into(
        &self,
        bytes: &[u8],
        wanted: impl Fn(usize) -> bool,
        row: &mut [Value],
    ) -> Result<()> {
        let reader = RowReader::new(bytes)?;
        if reader.layout() == self.layout {
            let end = (0..row.len()).rev().find(|at| wanted(*at)).map_or(0, |last| last + 1);
            return Ok(reader.decode(end, wanted, |position, value| {
                if let Some(place) = row.get_mut(position) {
                    *place = value;
                }
            })?);
        }
        let places = self.moved.get(&reader.layout()).ok_or_else(|| {
            Error::Corrupt(format!("a row of table '{}' has an unknown layout", self.name()))
        })?;
        let mut found = vec![false; row.len()];
        let end = places.iter().flatten().max().map_or(0, |last| last + 1);
        let older = |old: usize| places.iter().position(|place| *place == Some(old));
        reader.decode(
            end,
            |old| older(old).is_some_and(&wanted),
            |old, value| {
                if let Some(position) = older(old)
                    && let (Some(place), Some(found)) =
                        (row.get_mut(position), found.get_mut(position))
                {
                    (*place, *found) = (value, true);
                }
            },
        )?;
        for (position, column) in self.def.columns.iter().enumerate() {
            if wanted(position)
                && found.get(position) == Some(&false)
                && let Some(place) = row.get_mut(position)
            {
                *place = column.missing.clone();
            }
        }
        Ok(())
    }

    /// The stored form of a row.
    pub fn encode(&self, row: &[Value]) -> Arc<[u8]> {
        let mut bytes = Vec::with_capacity(16 + row.len() * 8);
        encode_row(&mut bytes, self.layout, row);
        bytes.into()
    }

    /// The key under which a row stands; `None` where rows have a hidden id.
    pub fn key_of(&self, row: &[Value]) -> Option<Vec<u8>> {
        (!self.key.is_empty()).then(|| {
            let mut bytes = Vec::with_capacity(16);
            for (position, descending) in &self.key {
                encode_key(&mut bytes, row.get(*position).unwrap_or(&Value::Null), *descending);
            }
            bytes
        })
    }

    /// A row's key in an index, without the row key that follows it, and whether a part is NULL.
    pub fn index_key(&self, index: &BoundIndex, row: &[Value]) -> Result<(Vec<u8>, bool)> {
        let mut bytes = Vec::with_capacity(24);
        let mut null = false;
        for (expr, descending) in &index.parts {
            let value = match expr {
                Expr::Column(position) => row.get(*position).cloned().unwrap_or(Value::Null),
                _ => expr.eval(row, &TIMELESS)?,
            };
            null |= value.is_null();
            encode_key(&mut bytes, &value, *descending);
        }
        Ok((bytes, null))
    }

    /// Whether NOT NULL and CHECK let this row in.
    pub fn check_row(&self, row: &[Value]) -> Result<(), Error> {
        for (column, value) in self.def.columns.iter().zip(row) {
            let in_key = || self.def.primary_key.iter().any(|part| part.column == column.id);
            if value.is_null() && (column.not_null || in_key()) {
                let (table, column) = (self.def.name.clone(), column.name.clone());
                return Err(Violation::NotNull { table, column }.into());
            }
        }
        for (name, check) in &self.checks {
            if check.eval(row, &TIMELESS)? == Value::Bool(false) {
                let (table, constraint) = (self.def.name.clone(), name.clone());
                return Err(Violation::Check { table, constraint }.into());
            }
        }
        Ok(())
    }

    /// The names of columns by id, for messages.
    pub fn column_names(&self, ids: &[ColumnId]) -> Vec<String> {
        let name = |id: &ColumnId| self.def.columns.iter().find(|c| c.id == *id);
        ids.iter().filter_map(name).map(|c| c.name.clone()).collect()
    }

    /// The index over exactly these plain columns in this order (more may follow unless `unique`).
    pub fn index_over(&self, columns: &[usize], unique: bool) -> Option<usize> {
        self.indexes.iter().position(|index| {
            (!unique || (index.unique && index.parts.len() == columns.len()))
                && index.parts.len() >= columns.len()
                && columns.iter().enumerate().all(|(i, c)| index.column_of(i) == Some(*c))
        })
    }

    /// The positions of a foreign key's columns in this table.
    pub fn foreign_columns(&self, foreign: &ForeignKeyDef) -> Vec<usize> {
        foreign.columns.iter().filter_map(|c| self.def.position_of(*c)).collect()
    }
}
