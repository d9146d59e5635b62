//! What a running statement has used.

use super::request::Limits;
use crate::error::{Error, Result};
use crate::value::Value;

/// Rows between two looks at the clock.
const ROWS_PER_LOOK: u32 = 1_000;

/// Counts what a statement reads and holds, and stops it at its limits.
pub(crate) struct Meter<'m> {
    limits: &'m Limits,
    until_look: u32,
    bytes: u64,
    rows: u64,
}

impl<'m> Meter<'m> {
    /// Nothing used yet.
    pub fn new(limits: &'m Limits) -> Self {
        Meter { limits, until_look: ROWS_PER_LOOK, bytes: 0, rows: 0 }
    }

    /// One row was looked at.
    ///
    /// # Errors
    /// `Timeout`.
    #[inline]
    pub fn step(&mut self) -> Result<()> {
        self.until_look -= 1;
        match self.until_look {
            0 => {
                self.until_look = ROWS_PER_LOOK;
                self.limits.check_time()
            }
            _ => Ok(()),
        }
    }

    /// Bytes are held until the statement ends.
    ///
    /// # Errors
    /// `Limit`.
    pub fn hold(&mut self, bytes: usize) -> Result<()> {
        self.bytes += bytes as u64;
        match self.bytes > self.limits.memory_bytes {
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
    pub fn hold_row(&mut self, row: &[Value]) -> Result<()> {
        self.hold(24 + row.iter().map(Value::size_bytes).sum::<usize>())
    }

    /// A row goes to the caller.
    ///
    /// # Errors
    /// `Limit` for too many rows or bytes.
    pub fn give(&mut self, row: &[Value]) -> Result<()> {
        self.rows += 1;
        if self.rows > self.limits.rows {
            return Err(Error::Limit(format!(
                "the query returns more than {} rows",
                self.limits.rows
            )));
        }
        self.hold_row(row)
    }
}
