//! What the API asks of whoever runs it.
//!
//! A request becomes a [`Job`]: a closure over the database that may be called more than once. The
//! host draws one moment for it, runs it where blocking is allowed, fetches and calls again after a
//! fault, waits and calls again while a branch is busy, and answers only when what was written is
//! durable. The router itself has no runtime: it awaits the future that [`Host::run`] returns.

use offshoot_core::chunk::Ticket;
use offshoot_core::database::Database;
use offshoot_core::error::Error;
use offshoot_core::moment::Moment;
use offshoot_core::sql::Limits;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A future that a host returns.
pub type HostFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a job is run with. The same for each call of one job.
#[derive(Debug, Clone)]
pub struct Call {
    /// The database.
    pub database: Arc<Database>,
    /// The time and seed of the request.
    pub moment: Moment,
    /// What one statement may use; the deadline is the request's.
    pub limits: Limits,
}

/// What a job gives: a value of its own, and the ticket to wait for before anyone is told.
#[derive(Debug)]
pub struct Answer<T> {
    /// The result.
    pub value: T,
    /// What must be durable first.
    pub ticket: Option<Ticket>,
}

impl<T> Answer<T> {
    /// The result of something that only read.
    pub fn read(value: T) -> Self {
        Answer { value, ticket: None }
    }
}

/// The work of one request. It may be called again after `Error::Fault` and `Error::Busy`, and must
/// then do the same.
pub type Job = Box<dyn FnMut(&Call) -> Result<Answer<Reply>, Error> + Send>;

/// What a job answers, in a form that the host passes through: the handler knows what is in it.
pub type Reply = Box<dyn std::any::Any + Send>;

/// What a request came to.
#[derive(Debug)]
pub struct Ran {
    /// What the job answered, once it was durable.
    pub result: Result<Reply, Error>,
    /// How long it took, in whole milliseconds.
    pub elapsed_ms: u64,
    /// The moment it ran at; its seed also makes the request's id.
    pub moment: Moment,
}

/// Whoever runs jobs: a server with a pool of threads, an edge function, a test.
pub trait Host: Send + Sync + 'static {
    /// Runs a job to its end. `timeout_ms` is the caller's wish; the host may give less.
    fn run(&self, timeout_ms: Option<u64>, job: Job) -> HostFuture<Ran>;

    /// A moment for a request that is refused before it becomes a job, where the host can draw one at
    /// once: a flood of such requests must not stand in the way of those that are jobs.
    fn moment(&self) -> Option<Moment> {
        None
    }

    /// How long a caller with this wish gets, in milliseconds.
    fn time_ms(&self, timeout_ms: Option<u64>) -> u64 {
        timeout_ms.unwrap_or(30_000)
    }

    /// The largest request body in bytes.
    fn body_max_bytes(&self) -> usize {
        16 << 20
    }
}
