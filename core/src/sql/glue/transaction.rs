//! BEGIN, COMMIT and ROLLBACK, planning, and what is known about tables beside their schemas.

use super::functions::is_reserved;
use super::schema::created;
use super::{BranchStorage, Open};
use crate::database::CommitNote;
use crate::error::{Error, Result};
use crate::txn::{IdAllocator, Isolation, Txn};
use gluesql_core::error::{Error as GlueError, Result as GlueResult};
use gluesql_core::plan::StatementPlan;
use gluesql_core::planner::{
    fetch_schema_map, plan_aggregate, plan_hash_join, plan_index, plan_primary_key,
    plan_schemaless, validate,
};
use gluesql_core::prelude::Value as GlueValue;
use gluesql_core::store::{MetaIter, Metadata, Planner, Transaction};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The savepoint before the running statement of an explicit transaction.
const BEFORE_STATEMENT: &str = "gluesql statement";

impl BranchStorage {
    fn open(&mut self) -> Result<()> {
        let moment = (self.moment)();
        let begun = self.database.begin(&self.branch, &moment, Isolation::Snapshot);
        let txn = match begun {
            // What takes no writes can be read; a write is refused when it is committed.
            Err(Error::Protected(..) | Error::ReadOnly(_)) => {
                let head = self.database.newest(&self.branch)?;
                let base = (head.commit, head.header.scn.0, head.state.clone());
                let ids = Arc::new(IdAllocator::default());
                Txn::new(self.database.chunks(), base, moment, ids, Isolation::Snapshot)
            }
            begun => begun?,
        };
        self.open = Some(Open { txn, failed: false, seeds: vec![moment.seed] });
        self.functions.take();
        Ok(())
    }

    /// Begins a transaction for one write. `true`: it is to be finished after it.
    pub(super) fn begin_alone(&mut self) -> GlueResult<bool> {
        self.open().map_err(|error| self.told(error))?;
        Ok(true)
    }

    /// Undoes what a failed statement of an explicit transaction did before it failed. Only a failure
    /// of the storage is known here: GlueSQL does not tell of its own.
    fn settle(open: &mut Open) -> Result<()> {
        if !std::mem::take(&mut open.failed) {
            return Ok(());
        }
        match open.txn.rollback_to(BEFORE_STATEMENT) {
            // A call from outside GlueSQL stands for itself, and has undone itself.
            Err(Error::Invalid(_)) => Ok(()),
            settled => settled,
        }
    }

    /// Commits.
    pub(super) fn finish(&mut self) -> GlueResult<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        self.functions.take();
        if !open.txn.is_dirty() {
            self.database.forget_ids(&self.branch, &open.seeds);
            return Ok(());
        }
        let note = CommitNote { author: String::new(), message: "GlueSQL".into() };
        let receipt = self.database.commit(&self.branch, &open.txn, &note, None);
        self.database.forget_ids(&self.branch, &open.seeds);
        let receipt = receipt.map_err(|error| self.told(error))?;
        self.ticket = receipt.ticket.or(self.ticket);
        self.committed = receipt.value.or(self.committed);
        Ok(())
    }

    /// Rolls back.
    pub(super) fn abandon(&mut self) {
        if let Some(open) = self.open.take() {
            self.database.forget_ids(&self.branch, &open.seeds);
        }
        self.functions.take();
    }
}

impl Transaction for BranchStorage {
    fn begin(&mut self, autocommit: bool) -> GlueResult<bool> {
        match &mut self.open {
            None => {
                self.open().map_err(|error| self.told(error))?;
                Ok(autocommit)
            }
            Some(_) if !autocommit => {
                Err(GlueError::StorageMsg("a transaction is already running".into()))
            }
            Some(open) => {
                let settled = Self::settle(open);
                // The one from the statement before is not needed any more.
                let _ = open.txn.release(BEFORE_STATEMENT);
                open.txn.savepoint(BEFORE_STATEMENT);
                self.functions.take();
                settled.map_err(|error| self.told(error))?;
                Ok(false)
            }
        }
    }

    fn rollback(&mut self) -> GlueResult<()> {
        self.abandon();
        Ok(())
    }

    fn commit(&mut self) -> GlueResult<()> {
        if let Some(open) = &mut self.open {
            Self::settle(open).map_err(|error| super::kept(&self.error, error))?;
        }
        self.finish()
    }
}

impl Planner for BranchStorage {
    fn plan(&self, statement: StatementPlan) -> GlueResult<StatementPlan> {
        let schemas = fetch_schema_map(self, &statement)?;
        validate(&schemas, &statement)?;
        let statement = plan_schemaless(&schemas, statement)?;
        let statement = plan_primary_key(&schemas, statement);
        let statement = plan_index(&schemas, statement);
        let statement = plan_hash_join(&schemas, statement);
        Ok(plan_aggregate(statement))
    }
}

impl Metadata for BranchStorage {
    fn scan_table_meta(&self) -> GlueResult<MetaIter> {
        let reading = self.reading().map_err(|error| self.told(error))?;
        let tables = reading.state.tables_by_name().filter(|t| !is_reserved(t.table.name()));
        let facts: Vec<_> = tables
            .map(|table| {
                let at = GlueValue::Timestamp(created(&table.table.def));
                let facts = BTreeMap::from([("CREATED".to_owned(), at)]);
                Ok((table.table.name().to_owned(), facts))
            })
            .collect();
        Ok(Box::new(facts.into_iter()))
    }
}
