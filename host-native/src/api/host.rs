//! Requests become jobs on a pool of threads, and are answered when they are durable.

use super::ServerOptions;
use crate::embedded::{EmbeddedDatabase, limits_for, moment};
use crate::pool::Pool;
use offshoot_api::host::{Call, Host, HostFuture, Job, Ran};
use offshoot_core::error::Error;
use offshoot_core::moment::Moment;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs jobs on the pool and answers when they are durable.
pub struct PoolHost {
    database: Arc<EmbeddedDatabase>,
    options: ServerOptions,
    pool: Arc<Pool>,
}

impl PoolHost {
    /// A host over an open database.
    ///
    /// # Errors
    /// The system's, where it starts no threads.
    pub fn new(database: Arc<EmbeddedDatabase>, options: ServerOptions) -> std::io::Result<Self> {
        let pool = Arc::new(Pool::new(options.threads, options.queue)?);
        Ok(PoolHost::on(pool, database, options))
    }

    pub(super) fn database(&self) -> &Arc<EmbeddedDatabase> {
        &self.database
    }

    /// A host over an open database, on a pool that others share.
    pub fn on(pool: Arc<Pool>, database: Arc<EmbeddedDatabase>, options: ServerOptions) -> Self {
        PoolHost { database, options, pool }
    }
}

impl Host for PoolHost {
    fn run(&self, timeout_ms: Option<u64>, mut job: Job) -> HostFuture<Ran> {
        let started = Instant::now();
        let moment = match moment() {
            Ok(moment) => moment,
            Err(error) => {
                let moment = Moment { now: offshoot_core::history::Micros(0), seed: [0; 32] };
                return Box::pin(async move { Ran { result: Err(error), elapsed_ms: 0, moment } });
            }
        };
        let time = self.options.time(timeout_ms);
        self.database.database().tell_time(moment.now);
        let call = Call {
            database: self.database.database().clone(),
            moment,
            limits: limits_for(&self.options.limits, time),
        };
        let (send, receive) = tokio::sync::oneshot::channel();
        let queued = self.pool.run(move || {
            let _ = send.send(run_to_end(&call, &mut job, started + time));
        });
        let store = self.database.store().clone();
        Box::pin(async move {
            let elapsed =
                |started: Instant| u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let ran = |result| Ran { result, elapsed_ms: elapsed(started), moment };
            if queued.is_err() {
                return ran(Err(Error::Overloaded));
            }
            let answer = match receive.await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => return ran(Err(error)),
                Err(_) => return ran(Err(Error::Internal("the statement panicked".into()))),
            };
            if let Some(ticket) = answer.ticket {
                let (send, receive) = tokio::sync::oneshot::channel();
                store.subscribe(ticket, Box::new(move |done| drop(send.send(done))));
                match receive.await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return ran(Err(Error::Store(error))),
                    Err(_) => return ran(Err(Error::Internal("the store was dropped".into()))),
                }
            }
            ran(Ok(answer.value))
        })
    }

    fn moment(&self) -> Option<Moment> {
        moment().ok()
    }

    fn time_ms(&self, timeout_ms: Option<u64>) -> u64 {
        u64::try_from(self.options.time(timeout_ms).as_millis()).unwrap_or(u64::MAX)
    }

    fn body_max_bytes(&self) -> usize {
        self.options.body_bytes
    }
}

fn run_to_end(
    call: &Call,
    job: &mut Job,
    end: Instant,
) -> Result<offshoot_api::host::Answer<offshoot_api::host::Reply>, Error> {
    let mut pause = Duration::from_micros(200);
    loop {
        match job(call) {
            Err(Error::Busy(_)) if Instant::now() < end => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(10));
            }
            Err(Error::Busy(_)) => return Err(Error::Timeout),
            other => return other,
        }
    }
}
