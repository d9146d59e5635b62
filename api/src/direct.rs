//! A host without threads: jobs run where they are called.
//!
//! For stores that read synchronously and are durable at once (memory), and for tests. It has no
//! clock and no randomness of its own: whoever makes it brings a source of moments.

use crate::host::{Host, HostFuture, Job, Ran};
use offshoot_core::database::Database;
use offshoot_core::error::Error;
use offshoot_core::moment::Moment;
use offshoot_core::sql::Limits;
use std::sync::Arc;

/// Draws the moment of one request: the time, and 32 bytes that are never drawn again.
pub type Moments = Box<dyn Fn() -> Moment + Send + Sync>;

/// Runs each job at once, in the caller's thread.
pub struct Direct {
    database: Arc<Database>,
    moments: Moments,
    limits: Limits,
    body_max_bytes: usize,
}

/// How often a job that found its branch busy is called again; nobody else runs meanwhile, so a
/// branch that stays busy is held by a transaction elsewhere.
const ATTEMPTS: usize = 3;

impl Direct {
    /// A host over an open database.
    pub fn new(database: Arc<Database>, moments: Moments) -> Self {
        Direct { database, moments, limits: Limits::default(), body_max_bytes: 16 << 20 }
    }

    /// With limits of its own for statements, and for bodies in bytes.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits, body_max_bytes: usize) -> Self {
        (self.limits, self.body_max_bytes) = (limits, body_max_bytes);
        self
    }
}

impl Host for Direct {
    fn run(&self, timeout_ms: Option<u64>, mut job: Job) -> HostFuture<Ran> {
        let (started, mut limits) = ((self.moments)(), self.limits.clone());
        if timeout_ms == Some(0) {
            // Without a clock of its own this is the one deadline that is known to have passed.
            limits.expired = Some(Arc::new(|| true));
        }
        let call = crate::host::Call { database: self.database.clone(), moment: started, limits };
        let mut result = job(&call);
        for _ in 1..ATTEMPTS {
            match result {
                Err(Error::Busy(_)) => result = job(&call),
                _ => break,
            }
        }
        let elapsed_micros = (self.moments)().now.0.saturating_sub(started.now.0).max(0);
        let ran = Ran {
            result: result.map(|answer| answer.value),
            elapsed_ms: elapsed_micros.unsigned_abs() / 1000,
            moment: started,
        };
        Box::pin(std::future::ready(ran))
    }

    fn body_max_bytes(&self) -> usize {
        self.body_max_bytes
    }
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").field("database", &self.database).finish_non_exhaustive()
    }
}
