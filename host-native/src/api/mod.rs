//! The HTTP server.
//!
//! ```text
//!   listen   sockets: TLS, number, time ─▶ a request and its address
//!   layers   CORS ─▶ metrics and log ─▶ compression ─▶ outlive: repeatable requests end without a caller
//!   tenants  many databases: who asks decides which          (one database: straight on)
//!   Router   offshoot-api: identity ─▶ guard ─▶ endpoint ─▶ host ─▶ pool
//! ```
//!
//! A server without secret, public key or API key is open to everybody, and therefore listens on
//! loopback addresses only; see [`ApiServer::insecure`].

mod auth;
mod body;
mod expiry;
mod host;
mod keys;
mod limits;
mod listen;
mod metrics;
mod outlive;
mod tenants;
mod tls;

pub use auth::{AuthMiddleware, development_key};
pub use host::PoolHost;
pub use keys::{change_keys, key_hash, keys_path, list_keys, new_key};
pub use limits::{RateLimitConfig, RateLimitMiddleware};
pub use listen::bind;
pub use offshoot_api::DialectName;
pub use offshoot_api::auth::{Caller, KeyRecord, Scope, ScopeError, Scopes};
pub use tenants::{Tenants, is_tenant, tenant_file};
pub use tls::Tls;

pub(crate) use auth::clock;

use crate::embedded::EmbeddedDatabase;
use crate::webhooks::{Courier, WebhookOptions};
use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use offshoot_api::auth::Identify;
use offshoot_api::{Guard, Settings};
use offshoot_core::sql::Limits;
use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

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
    /// What the bodies of all requests that run or wait may take together, in bytes.
    pub bodies_bytes: u64,
    /// How long a connection may take to say the whole head of a request, and may stay without one.
    pub head_timeout: Duration,
    /// How long a body may take to come; a long one gets more, see `docs/security.md`.
    pub body_timeout: Duration,
    /// Connections at a time, where the system allows so many files.
    pub connections_max: usize,
    /// Origins whose pages may ask (CORS); `*` for all.
    pub cors_origins: Vec<String>,
    /// The dialect of requests that choose none, from callers that are pinned to none.
    pub dialect: DialectName,
    /// How webhooks are sent.
    pub webhooks: WebhookOptions,
}

impl ServerOptions {
    /// How long a caller with this wish gets.
    fn time(&self, timeout_ms: Option<u64>) -> Duration {
        let wish = timeout_ms.map_or(self.timeout, Duration::from_millis);
        wish.min(self.timeout.max(Duration::from_secs(600)))
    }
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
            bodies_bytes: 512 << 20,
            head_timeout: Duration::from_secs(60),
            body_timeout: Duration::from_secs(30),
            connections_max: 65_536,
            cors_origins: Vec::new(),
            dialect: DialectName::default(),
            webhooks: WebhookOptions::default(),
        }
    }
}

/// What a server serves.
enum Served {
    One(Arc<EmbeddedDatabase>),
    Many(Tenants),
}

/// Serves a database over HTTP.
pub struct ApiServer {
    addr: SocketAddr,
    served: Served,
    options: ServerOptions,
    auth: Option<AuthMiddleware>,
    limits: Option<RateLimitMiddleware>,
    tenant: Option<String>,
    tls: Option<Tls>,
    insecure: bool,
}

impl ApiServer {
    /// A server for this address.
    pub fn new(addr: SocketAddr, database: Arc<EmbeddedDatabase>) -> Self {
        ApiServer::of(addr, Served::One(database))
    }

    /// A server of many databases, one for each tenant.
    pub fn of_tenants(addr: SocketAddr, tenants: Tenants) -> Self {
        ApiServer::of(addr, Served::Many(tenants))
    }

    fn of(addr: SocketAddr, served: Served) -> Self {
        ApiServer {
            addr,
            served,
            options: ServerOptions::default(),
            auth: None,
            limits: None,
            tenant: None,
            tls: None,
            insecure: false,
        }
    }

    /// With limits of its own.
    #[must_use]
    pub fn with_options(mut self, options: ServerOptions) -> Self {
        self.options = options;
        self
    }

    /// Asks callers who they are.
    #[must_use]
    pub fn with_auth(mut self, auth: AuthMiddleware) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Counts what callers ask. A server that asks who they are and is told nothing else counts as the
    /// specification says.
    #[must_use]
    pub fn with_rate_limiting(mut self, limits: RateLimitMiddleware) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Serves this tenant only.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Speaks TLS only.
    #[must_use]
    pub fn with_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Lets a server that asks nobody who they are listen on other addresses than loopback.
    #[must_use]
    pub fn insecure(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// The system's, where the address cannot be listened on; `PermissionDenied`, where the server is
    /// open and the address is no loopback address.
    pub async fn serve(self) -> Result<()> {
        self.serve_with_shutdown(std::future::pending()).await
    }

    /// Serves until `shutdown` is ready, then lets running requests finish and closes the file.
    ///
    /// # Errors
    /// As [`ApiServer::serve`].
    pub async fn serve_with_shutdown(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        self.check(self.addr)?;
        let listener = bind(self.addr)?;
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
    ) -> Result<()> {
        self.check(listener.local_addr()?)?;
        let ApiServer { served, options, auth, limits, tenant, tls, .. } = self;
        let identify = auth.map(AuthMiddleware::identify);
        let limits = limits.unwrap_or(match identify {
            Some(_) => RateLimitMiddleware::specification(),
            None => RateLimitMiddleware::off(),
        });
        let metrics = metrics::Metrics::new();
        let counted = metrics.clone();
        let mut settings = Settings {
            identify: identify.clone(),
            dialect: options.dialect,
            guard: Guard { limiter: limits.limiter(), tenant },
            replays: Arc::default(),
            metrics: Some(Arc::new(move || counted.text())),
            // Each database has its own.
            webhooks: None,
        };
        let tls = tls.map(|Tls(acceptor)| acceptor);
        match served {
            Served::One(database) => {
                let courier = Courier::start(database.clone(), options.webhooks.clone())?;
                settings.webhooks = Some(courier.book());
                let host = Arc::new(PoolHost::new(database.clone(), options.clone())?);
                let expiry = expiry::Expiry::over(&host);
                let router = offshoot_api::router_with(host, settings);
                let router = layered(router, metrics, &options)?;
                listen::serve(listener, router, tls, &options, shutdown).await;
                drop(expiry);
                courier.stop().await;
                database.close().map_err(Error::other)
            }
            Served::Many(tenants) => {
                let identify: Arc<dyn Identify> = identify.ok_or_else(|| {
                    Error::new(
                        ErrorKind::InvalidInput,
                        "databases of many tenants need a secret, a public key or API keys",
                    )
                })?;
                let tenants = tenants.start(&options, settings, identify)?;
                let router = layered(tenants.router()?, metrics, &options)?;
                let waking = tokio::spawn(tenants.clone().wake());
                listen::serve(listener, router, tls, &options, shutdown).await;
                waking.abort();
                let _ = waking.await;
                tenants.close().await
            }
        }
    }

    /// Refuses to be open to a network.
    fn check(&self, addr: SocketAddr) -> Result<()> {
        match self.auth.is_some() || self.insecure || addr.ip().to_canonical().is_loopback() {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::PermissionDenied,
                format!(
                    "without a secret, a public key or an API key everybody may do everything, so \
                     this server listens on loopback addresses only, and {addr} is none"
                ),
            )),
        }
    }
}

/// Headers of answers that a page of another origin may read.
const EXPOSED: [&str; 8] = [
    "etag",
    "idempotency-replayed",
    "retry-after",
    "www-authenticate",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
];

/// Headers that such a page may send.
const ALLOWED: [HeaderName; 8] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::ACCEPT,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("offshoot-dialect"),
    HeaderName::from_static("idempotency-key"),
];

fn layered(
    router: Router,
    metrics: Arc<metrics::Metrics>,
    options: &ServerOptions,
) -> Result<Router> {
    let router = router
        .layer(from_fn(outlive::outlive))
        .merge(offshoot_api::console::routes())
        .layer(CompressionLayer::new().gzip(true))
        .layer(from_fn_with_state(metrics, metrics::watch));
    if options.cors_origins.is_empty() {
        return Ok(router);
    }
    let origins = match options.cors_origins.iter().any(|origin| origin == "*") {
        true => AllowOrigin::any(),
        false => {
            let origins = options.cors_origins.iter().map(|origin| HeaderValue::from_str(origin));
            let origins = origins.collect::<std::result::Result<Vec<_>, _>>();
            AllowOrigin::list(origins.map_err(|e| Error::new(ErrorKind::InvalidInput, e))?)
        }
    };
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods(methods)
        .allow_headers(ALLOWED)
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(Duration::from_secs(3600));
    Ok(router.layer(cors))
}

/// A setting of the environment: `OFFSHOOT_…` first, then `HELIOSDB_…`. An empty one is none.
pub fn env(name: &str) -> Option<String> {
    let read = |prefix: &str| std::env::var(format!("{prefix}_{name}")).ok();
    read("OFFSHOOT").or_else(|| read("HELIOSDB")).filter(|value| !value.is_empty())
}
