//! Reading and writing rows and schemas.

use super::define::put_schema;
use super::functions::is_reserved;
use super::keys::{glue_key, stored_key};
use super::rows::{Scan, glue_row, stored_row};
use super::{BranchStorage, kept};
use crate::error::{Error, Kind, Result};
use crate::row::{Table, TableId, TableState};
use crate::txn::Txn;
use gluesql_core::data::{Key, Schema};
use gluesql_core::error::{Error as GlueError, FetchError, Result as GlueResult, ValidateError};
use gluesql_core::executor::Referencing;
use gluesql_core::prelude::Value as GlueValue;
use gluesql_core::store::{RowIter, Store, StoreMut};
use std::collections::HashSet;
use std::sync::Arc;

impl Store for BranchStorage {
    fn fetch_schema(&self, table_name: &str) -> GlueResult<Option<Schema>> {
        let found = self.find(table_name).map_err(|error| self.told(error))?;
        Ok(found.map(|(table, reading)| self.schema(&reading, &table)))
    }

    fn fetch_all_schemas(&self) -> GlueResult<Vec<Schema>> {
        let reading = self.reading().map_err(|error| self.told(error))?;
        let tables = reading
            .state
            .tables()
            .filter(|t| !is_reserved(t.table.name()) && t.table.def.view().is_none());
        let mut schemas: Vec<Schema> = tables.map(|table| self.schema(&reading, table)).collect();
        // Offshoot's own order of names does not tell upper from lower case.
        schemas.sort_by(|a, b| a.table_name.cmp(&b.table_name));
        Ok(schemas)
    }

    fn fetch_data(&self, table_name: &str, key: &Key) -> GlueResult<Option<Vec<GlueValue>>> {
        let found = self.find(table_name).map_err(|error| self.told(error))?;
        let Some((table, reading)) = found else { return Ok(None) };
        let Some(stored) = stored_key(&table.table, key) else { return Ok(None) };
        let row = table.rows.get(&reading.chunks, &stored);
        let row = row.map_err(|error| self.told(error.into()))?;
        let row = row.map(|row| glue_row(&table.table, &row)).transpose();
        let row = row.map_err(|error| self.told(error))?;
        // Times that differ in nanoseconds alone have one stored key.
        Ok(row.filter(|row| glue_key(&table.table, &stored, row) == *key))
    }

    fn scan_data<'a>(&'a self, table_name: &str) -> GlueResult<RowIter<'a>> {
        let found = self.find(table_name).map_err(|error| self.told(error))?;
        match found {
            Some((table, reading)) => Ok(self.given(Scan::rows(table, reading.chunks))),
            None => Err(FetchError::TableNotFound(table_name.to_owned()).into()),
        }
    }

    fn fetch_referencings(&self, table_name: &str) -> GlueResult<Vec<Referencing>> {
        let found = self.find(table_name).map_err(|error| self.told(error))?;
        let Some((parent, reading)) = found else { return Ok(Vec::new()) };
        let id = parent.table.id();
        let mut found = Vec::new();
        for child in reading.state.tables_by_name() {
            let refers = child.table.def.foreign_keys.iter().any(|key| key.parent == id);
            if child.table.id() == id || !refers {
                continue;
            }
            let keys = super::schema::foreign_keys(&reading.state, &child.table.def);
            for foreign_key in keys.into_iter().filter(|k| k.referenced_table_name == table_name) {
                let table_name = child.table.name().to_owned();
                found.push(Referencing { table_name, foreign_key });
            }
        }
        Ok(found)
    }
}

impl BranchStorage {
    /// A scan as GlueSQL's iterator. It ends at the first error.
    pub(super) fn given<'a>(&'a self, mut scan: Scan) -> RowIter<'a> {
        let next = move || scan.next_row().map_err(|error| self.told(error)).transpose();
        Box::new(std::iter::from_fn(next))
    }
}

impl StoreMut for BranchStorage {
    fn insert_schema(&mut self, schema: &Schema) -> GlueResult<()> {
        self.write_core(|txn| put_schema(txn, schema))
    }

    fn delete_schema(&mut self, table_name: &str) -> GlueResult<()> {
        self.write_core(|txn| match exact(txn, table_name) {
            Ok(table) => txn.drop_table(table.table.id()),
            Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        })
    }

    fn append_data(&mut self, table_name: &str, rows: Vec<Vec<GlueValue>>) -> GlueResult<()> {
        self.write_core(|txn| {
            let table = exact(txn, table_name)?;
            for row in &rows {
                txn.insert(table.table.id(), stored_row(&table.table, row)?)?;
            }
            Ok(())
        })
    }

    fn insert_data(
        &mut self,
        table_name: &str,
        rows: Vec<(Key, Vec<GlueValue>)>,
    ) -> GlueResult<()> {
        // GlueSQL updates and inserts through here without saying which, but no update names one
        // row twice.
        let mut keys = HashSet::with_capacity(rows.len());
        if let Some((key, _)) = rows.iter().find(|(key, _)| !keys.insert(key)) {
            let error = ValidateError::DuplicateEntryOnPrimaryKeyField(key.clone());
            return self.write(|_| Err(error.into()));
        }
        self.write_core(|txn| {
            let table = exact(txn, table_name)?;
            rows.iter().try_for_each(|(key, row)| put_row(txn, &table.table, key, row))
        })
    }

    fn delete_data(&mut self, table_name: &str, keys: Vec<Key>) -> GlueResult<()> {
        self.write_core(|txn| {
            let table = exact(txn, table_name)?;
            for key in keys {
                let Some(key) = stored_key(&table.table, &key) else { continue };
                if let Some(old) = stored_at(txn, table.table.id(), &key)? {
                    txn.take(table.table.id(), &key.into(), &old)?;
                }
            }
            Ok(())
        })
    }
}

impl BranchStorage {
    /// A write that fails with the core's errors.
    pub(super) fn write_core<T>(
        &mut self,
        work: impl FnOnce(&mut Txn) -> Result<T>,
    ) -> GlueResult<T> {
        let mut failed = None;
        let written = self.write(|txn| {
            work(txn).map_err(|error| {
                let told = GlueError::StorageMsg(error.to_string());
                failed = Some(error);
                told
            })
        });
        if let Some(error) = failed {
            kept(&self.error, error);
        }
        written
    }
}

/// The table of exactly this name, in a transaction.
pub(super) fn exact(txn: &Txn, name: &str) -> Result<Arc<TableState>> {
    let table = txn.state().find(name)?;
    match table.table.name() == name {
        true => Ok(table.clone()),
        false => Err(Error::not_found(Kind::Table, name)),
    }
}

fn stored_at(txn: &Txn, table: TableId, key: &[u8]) -> Result<Option<Arc<[u8]>>> {
    txn.state().row(txn.chunks(), table, key)
}

/// Puts a row under a key, in place of the one that stands there.
fn put_row(txn: &mut Txn, table: &Table, key: &Key, row: &[GlueValue]) -> Result<()> {
    let id = table.id();
    let new = stored_row(table, row)?;
    let old = match stored_key(table, key) {
        None => None,
        Some(stored) => stored_at(txn, id, &stored)?.map(|old| (Arc::from(stored), old)),
    };
    match old {
        Some((stored, old)) => txn.update(id, &stored, &old, &new),
        // A new row stands under the key that its own values make, which must be the one given.
        None if table.key_of(&new).is_some_and(|own| glue_key(table, &own, row) == *key) => {
            txn.insert(id, new).map(drop)
        }
        None => Err(Error::Invalid(format!(
            "table '{}' has no row under the key {key:?}, and a new row cannot choose its key",
            table.name()
        ))),
    }
}
