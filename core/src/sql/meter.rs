//! What a running statement has used.

use super::request::Limits;
use crate::error::{Error, Result};
use crate::value::Value;
use std::cell::Cell;

/// Rows between two looks at the clock.
const ROWS_PER_LOOK: u32 = 1_000;

/// Counts what a statement reads and holds, and stops it at its limits.
pub(crate) struct Meter<'m> {
    limits: &'m Limits,
    until_look: Cell<u32>,
    bytes: Cell<u64>,
    rows: Cell<u64>,
}

impl<'m> Meter<'m> {
    /// Nothing used yet.
    pub fn new(limits: &'m Limits) -> Self {
        let (bytes, rows) = (Cell::new(0), Cell::new(0));
        Meter { limits, until_look: Cell::new(ROWS_PER_LOOK), bytes, rows }
    }

    /// One row was looked at.
    ///
    /// # Errors
    /// `Timeout`.
    #[inline]
    pub fn step(&self) -> Result<()> {
        let left = self.until_look.get() - 1;
        match left {
            0 => {
                self.until_look.set(ROWS_PER_LOOK);
                self.limits.check_time()
            }
            left => {
                self.until_look.set(left);
                Ok(())
            }
        }
    }

    /// Bytes are held until the statement ends.
    ///
    /// # Errors
    /// `Limit`.
    pub fn hold(&self, bytes: usize) -> Result<()> {
        self.bytes.set(self.bytes.get().saturating_add(bytes as u64));
        match self.bytes.get() > self.limits.memory_bytes {
            true => Err(Error::Limit(format!(
                "the statement needs more than {} bytes of memory",
                self.limits.memory_bytes
            ))),
            false => Ok(()),
        }
    }

    /// A row is held until the statement ends.
    ///
    /// # Errors
    /// `Limit`.
    pub fn hold_row(&self, row: &[Value]) -> Result<()> {
        self.hold(24 + row.iter().map(Value::size_bytes).sum::<usize>())
    }

    /// A row goes to the caller.
    ///
    /// # Errors
    /// `Limit` for too many rows or bytes.
    pub fn give(&self, row: &[Value]) -> Result<()> {
        self.rows.set(self.rows.get() + 1);
        if self.rows.get() > self.limits.rows {
            return Err(Error::Limit(format!(
                "the query returns more than {} rows",
                self.limits.rows
            )));
        }
        self.hold_row(row)
    }
}
