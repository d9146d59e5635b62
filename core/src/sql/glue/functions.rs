//! Functions that GlueSQL's CREATE FUNCTION makes.
//!
//! They are rows of a table like any other, so that they branch, merge and travel in time with the
//! data. GlueSQL itself does not see the table. Names are compared without regard to case, as GlueSQL
//! has it for functions.

use super::BranchStorage;
use super::rows::Scan;
use crate::error::{Error, Result};
use crate::txn::Txn;
use crate::value::{Value, encode_key};
use gluesql_core::ast::{ColumnDef as GlueColumn, ColumnUniqueOption, DataType};
use gluesql_core::data::{CustomFunction as Function, Schema};
use gluesql_core::error::Result as GlueResult;
use gluesql_core::store::{CustomFunction, CustomFunctionMut};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The table of functions: name, and GlueSQL's definition as JSON.
const TABLE: &str = "gluesql_functions";

/// Whether a table is not for GlueSQL to see.
pub(super) fn is_reserved(table: &str) -> bool {
    crate::row::same_name(table, TABLE)
}

impl BranchStorage {
    /// The functions of what is read now, read once.
    fn known_functions(&self) -> GlueResult<&BTreeMap<String, Function>> {
        if let Some(known) = self.functions.get() {
            return Ok(known);
        }
        let read = self.read_functions().map_err(|error| self.told(error))?;
        Ok(self.functions.get_or_init(|| read))
    }

    fn read_functions(&self) -> Result<BTreeMap<String, Function>> {
        let reading = self.reading()?;
        let mut functions = BTreeMap::new();
        let Ok(table) = reading.state.find(TABLE) else { return Ok(functions) };
        let mut scan = Scan::rows(table.clone(), reading.chunks.clone());
        while let Some((_, row)) = scan.next_stored()? {
            let row = table.table.decode(&row)?;
            let [Value::Text(_), Value::Text(definition)] = row.as_slice() else {
                return Err(Error::Corrupt(format!("table '{TABLE}' is not one of functions")));
            };
            let function: Function = serde_json::from_str(definition)
                .map_err(|_| Error::Corrupt("a function's definition does not read".into()))?;
            functions.insert(function.func_name.to_uppercase(), function);
        }
        Ok(functions)
    }
}

impl CustomFunction for BranchStorage {
    fn fetch_function<'a>(&'a self, name: &str) -> GlueResult<Option<&'a Function>> {
        Ok(self.known_functions()?.get(&name.to_uppercase()))
    }

    fn fetch_all_functions(&self) -> GlueResult<Vec<&Function>> {
        Ok(self.known_functions()?.values().collect())
    }
}

impl CustomFunctionMut for BranchStorage {
    fn insert_function(&mut self, function: Function) -> GlueResult<()> {
        self.functions.take();
        self.write_core(|txn| {
            let definition = serde_json::to_string(&function);
            let definition = definition.map_err(|e| Error::Internal(e.to_string()))?;
            if serde_json::from_str::<Function>(&definition).ok().as_ref() != Some(&function) {
                return Err(Error::Limit("the function nests too deep".into()));
            }
            if txn.state().find(TABLE).is_err() {
                super::define::put_schema(txn, &table())?;
            }
            let id = txn.state().find(TABLE)?.table.id();
            let name = function.func_name.to_uppercase();
            let row = vec![Value::from(name), Value::from(definition)];
            txn.insert(id, row).map(drop)
        })
    }

    fn delete_function(&mut self, name: &str) -> GlueResult<()> {
        self.functions.take();
        self.write_core(|txn| delete(txn, name))
    }
}

fn delete(txn: &mut Txn, name: &str) -> Result<()> {
    let Ok(table) = txn.state().find(TABLE).cloned() else { return Ok(()) };
    let mut key = Vec::new();
    encode_key(&mut key, &Value::from(name.to_uppercase()), false);
    let id = table.table.id();
    match txn.state().row(txn.chunks(), id, &key)? {
        Some(old) => txn.take(id, &Arc::from(key), &old),
        None => Ok(()),
    }
}

fn table() -> Schema {
    let column = |name: &str, unique| GlueColumn {
        name: name.to_owned(),
        data_type: DataType::Text,
        nullable: false,
        default: None,
        unique,
        comment: None,
    };
    let key = Some(ColumnUniqueOption { is_primary: true });
    Schema {
        table_name: TABLE.to_owned(),
        column_defs: Some(vec![column("name", key), column("definition", None)]),
        indexes: Vec::new(),
        engine: None,
        foreign_keys: Vec::new(),
        comment: None,
    }
}
