//! The HTTP server.

use crate::embedded::{EmbeddedDatabase, limits_for, moment};
use crate::pool::Pool;
use offshoot_api::ApiOptions;
pub use offshoot_api::DialectName;
use offshoot_api::host::{Call, Host, HostFuture, Job, Ran};
use offshoot_core::error::Error;
use offshoot_core::moment::Moment;
use offshoot_core::sql::Limits;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the server allows.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Limits of one statement; the deadline comes from `timeout`.
    pub limits: Limits,
    /// The longest that a statement may take, and what it gets where its caller says nothing.
    pub timeout: Duration,
    /// Threads that run statements.
    pub threads: usize,
    /// Requests that may wait for a thread.
    pub queue: usize,
    /// The largest request body in bytes.
    pub body_bytes: usize,
    /// The dialect of requests that choose none.
    pub dialect: DialectName,
}

impl Default for ServerOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        ServerOptions {
            limits: Limits::default(),
            timeout: Duration::from_secs(30),
            // More than cores: a statement may wait for a busy branch.
            threads: cores * 4,
            queue: 4096,
            body_bytes: 16 << 20,
            dialect: DialectName::default(),
        }
    }
}

impl ServerOptions {
    /// How long a caller with this wish gets.
    fn time(&self, timeout_ms: Option<u64>) -> Duration {
        let wish = timeout_ms.map_or(self.timeout, Duration::from_millis);
        wish.min(self.timeout.max(Duration::from_secs(600)))
    }
}

/// Serves a database over HTTP.
pub struct ApiServer {
    addr: SocketAddr,
    database: Arc<EmbeddedDatabase>,
    options: ServerOptions,
}

impl ApiServer {
    /// A server for this address.
    pub fn new(addr: SocketAddr, database: Arc<EmbeddedDatabase>) -> Self {
        ApiServer { addr, database, options: ServerOptions::default() }
    }

    /// With limits of its own.
    #[must_use]
    pub fn with_options(mut self, options: ServerOptions) -> Self {
        self.options = options;
        self
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// The system's, where the address cannot be listened on.
    pub async fn serve(self) -> std::io::Result<()> {
        self.serve_with_shutdown(std::future::pending()).await
    }

    /// Serves until `shutdown` is ready, then lets running requests finish and closes the file.
    ///
    /// # Errors
    /// As [`ApiServer::serve`].
    pub async fn serve_with_shutdown(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let listener = tokio::net::TcpListener::bind(self.addr).await?;
        self.serve_on(listener, shutdown).await
    }

    /// Serves a listener that is open already.
    ///
    /// # Errors
    /// As [`ApiServer::serve`].
    pub async fn serve_on(
        self,
        listener: tokio::net::TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let database = self.database.clone();
        let api = ApiOptions { dialect: self.options.dialect };
        let host = PoolHost::new(self.database, self.options)?;
        let router = offshoot_api::router_with(Arc::new(host), api);
        axum::serve(listener, router).with_graceful_shutdown(shutdown).await?;
        database.close().map_err(std::io::Error::other)
    }
}

/// Runs jobs on the pool and answers when they are durable.
pub struct PoolHost {
    database: Arc<EmbeddedDatabase>,
    options: ServerOptions,
    pool: Pool,
}

impl PoolHost {
    /// A host over an open database.
    ///
    /// # Errors
    /// The system's, where it starts no threads.
    pub fn new(database: Arc<EmbeddedDatabase>, options: ServerOptions) -> std::io::Result<Self> {
        let pool = Pool::new(options.threads, options.queue)?;
        Ok(PoolHost { database, options, pool })
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
