//! Automatic ids, outside conflict detection.
//!
//! Transactions that run side by side on one branch draw from one allocator, so that they do not
//! collide; gaps are allowed. A statement that runs again with the same seed is given the same ids
//! again, in the order in which it asks.

use crate::error::{Error, Result};
use crate::row::TableId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Hands out automatic ids for one branch.
#[derive(Debug, Default)]
pub struct IdAllocator(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: HashMap<TableId, u64>,
    given: HashMap<([u8; 32], TableId), Given>,
}

#[derive(Debug, Default)]
struct Given {
    ids: Vec<u64>,
    asked: usize,
}

impl IdAllocator {
    /// The next id of a table, not below `at_least`.
    ///
    /// # Errors
    /// `Limit` when 64 bits are used up.
    pub fn next(&self, table: TableId, seed: &[u8; 32], at_least: u64) -> Result<u64> {
        let inner = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let given = inner.given.entry((*seed, table)).or_default();
        // Where another's explicit id has overtaken a remembered one, a new one is drawn.
        while let Some(id) = given.ids.get(given.asked).copied() {
            given.asked += 1;
            if id >= at_least {
                return Ok(id);
            }
        }
        let next = inner.next.entry(table).or_insert(1);
        let id = (*next).max(at_least);
        if id >= i64::MAX as u64 {
            return Err(Error::Limit("the table's automatic ids are used up".into()));
        }
        *next = id + 1;
        given.ids.push(id);
        given.asked += 1;
        Ok(id)
    }

    /// Ids below `next` are taken.
    pub fn raise(&self, table: TableId, next: u64) {
        let inner = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = inner.next.entry(table).or_insert(1);
        *entry = (*entry).max(next);
    }

    /// A statement runs again from its start.
    pub fn rewind(&self, seed: &[u8; 32]) {
        let inner = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.given.iter_mut().filter(|((s, _), _)| s == seed).for_each(|(_, g)| g.asked = 0);
    }

    /// A statement has ended.
    pub fn forget(&self, seed: &[u8; 32]) {
        let inner = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.given.retain(|(s, _), _| s != seed);
    }
}
