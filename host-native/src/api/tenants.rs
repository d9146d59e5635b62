//! Many databases behind one address: a file for each tenant, and who asks decides which.
//!
//! ```text
//!   DIR/acme.offshoot       made by `offshoot tenant create`, never by a request
//!   DIR/acme.offshoot.keys  its API keys; all are read at the start, so a key names its tenant
//! ```
//!
//! A file is opened when its tenant first asks. When too many are open, the one that was asked the
//! longest time ago and answers nobody now is closed; those with webhooks last, for only open ones
//! deliver, and they are opened at the start. All share the threads.

use super::expiry::Expiry;
use super::host::PoolHost;
use super::{ServerOptions, keys_path};
use crate::embedded::{EmbeddedDatabase, moment};
use crate::pool::Pool;
use crate::webhooks::{Courier, webhooks_path};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use offshoot_api::Settings;
use offshoot_api::auth::{Caller, Identify};
use offshoot_api::direct::Direct;
use offshoot_core::chunk::MemoryStore;
use offshoot_core::database::Database;
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Mutex, OnceCell};
use tower::Service;

/// What a tenant's file ends with.
const ENDING: &str = ".offshoot";

/// Whose callers are that have no database here, whatever their credential says; and whose the routes
/// for guests are. The one is not the other, so these routes refuse them all.
const NOBODY: &str = "nobody's";
const GUESTS: &str = "the guests'";

/// Whether this may be a tenant's name: letters, digits, `-`, `_` and inner dots, 64 at most. It
/// becomes a file's name.
pub fn is_tenant(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('.')
}

/// Where a tenant's database is.
pub fn tenant_file(dir: &Path, tenant: &str) -> PathBuf {
    dir.join(format!("{tenant}{ENDING}"))
}

/// A folder of databases.
#[derive(Debug, Clone)]
pub struct Tenants {
    dir: PathBuf,
    open_max: usize,
}

impl Tenants {
    /// The databases of a folder, so many of them open at a time.
    pub fn new(dir: impl Into<PathBuf>, open_max: usize) -> Self {
        Tenants { dir: dir.into(), open_max: open_max.max(1) }
    }

    /// The names of the tenants that there are, in order.
    ///
    /// # Errors
    /// The system's.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let name = entry?.file_name();
            let tenant = name.to_str().and_then(|name| name.strip_suffix(ENDING));
            names.extend(tenant.filter(|tenant| is_tenant(tenant)).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    /// The keys of every tenant, for the credentials of a server.
    ///
    /// # Errors
    /// The system's, and a key file that cannot be understood.
    pub fn keys_into(&self, mut auth: super::AuthMiddleware) -> Result<super::AuthMiddleware> {
        for tenant in self.names()? {
            let path = keys_path(&tenant_file(&self.dir, &tenant));
            auth = auth.with_tenant_keys(path, &tenant)?;
        }
        Ok(auth)
    }

    pub(super) fn start(
        self,
        options: &ServerOptions,
        settings: Settings,
        identify: Arc<dyn Identify>,
    ) -> Result<Arc<Started>> {
        let pool = Arc::new(Pool::new(options.threads, options.queue)?);
        Ok(Arc::new(Started {
            tenants: self,
            pool,
            options: options.clone(),
            settings,
            identify,
            open: Mutex::new(Open::default()),
        }))
    }
}

/// One tenant's database and its routes.
struct Tenant {
    database: Arc<EmbeddedDatabase>,
    courier: Courier,
    router: Router,
    /// Runs for as long as the file is open.
    _expiry: Expiry,
}

/// A tenant's place: empty until its file has been opened.
struct Place {
    tenant: Arc<OnceCell<Tenant>>,
    asked: u64,
}

impl Place {
    fn has_webhooks(&self) -> bool {
        self.tenant.get().is_some_and(|tenant| !tenant.courier.book().is_empty())
    }
}

#[derive(Default)]
struct Open {
    places: HashMap<String, Place>,
    asked: u64,
}

/// A server's tenants.
pub(super) struct Started {
    tenants: Tenants,
    pool: Arc<Pool>,
    options: ServerOptions,
    settings: Settings,
    identify: Arc<dyn Identify>,
    open: Mutex<Open>,
}

impl Started {
    /// The routes: each request goes to the database of its caller's tenant.
    pub fn router(self: &Arc<Self>) -> Result<Router> {
        let started = self.clone();
        let guests = self.guests()?;
        let dispatch = tower::service_fn(move |request: Request| {
            let (started, guests) = (started.clone(), guests.clone());
            async move { Ok::<_, Infallible>(started.dispatch(request, guests).await) }
        });
        Ok(Router::new().fallback_service(dispatch))
    }

    /// The routes for those who are unknown or have no database: the public ones answer, and the rest
    /// refuse. They stand over an empty database that nobody can reach.
    fn guests(&self) -> Result<Router> {
        let now = moment().map_err(Error::other)?;
        let opened = Database::open(Arc::new(MemoryStore::new()), &now).map_err(Error::other)?;
        let moments = Box::new(|| moment().unwrap_or(Moment { now: Micros(0), seed: [0; 32] }));
        let host = Direct::new(Arc::new(opened.value), moments);
        let mut settings = self.settings.clone();
        // Whoever comes here is nobody's; these routes are for nobody, and that is another name.
        settings.guard.tenant = Some(GUESTS.to_owned());
        Ok(offshoot_api::router_with(Arc::new(host), settings))
    }

    async fn dispatch(&self, mut request: Request, mut guests: Router) -> Response {
        let caller = self.identify.identify(request.headers());
        let Some(mut caller) = caller else { return answered(guests.call(request).await) };
        // Here a credential that names no tenant reaches nobody's database, and not everybody's.
        let tenant = caller.tenant.take().unwrap_or_default();
        let place = match self.place(&tenant).await {
            Ok(Some(place)) => place,
            Ok(None) => {
                caller.tenant = Some(NOBODY.to_owned());
                request.extensions_mut().insert(caller);
                return answered(guests.call(request).await);
            }
            Err(busy) => return busy.into_response(),
        };
        caller.tenant = Some(tenant.clone());
        request.extensions_mut().insert::<Caller>(caller);
        match place.get_or_try_init(|| self.open(&tenant)).await {
            Ok(tenant) => answered(tenant.router.clone().call(request).await),
            Err(error) => {
                tracing::error!(tenant, %error, "a database could not be opened");
                self.open.lock().await.places.remove(&tenant);
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }

    /// The place of a tenant, while the answer holds it; `None` where there is no such database.
    async fn place(
        &self,
        tenant: &str,
    ) -> std::result::Result<Option<Arc<OnceCell<Tenant>>>, StatusCode> {
        let mut open = self.open.lock().await;
        open.asked += 1;
        let asked = open.asked;
        if let Some(place) = open.places.get_mut(tenant) {
            place.asked = asked;
            return Ok(Some(place.tenant.clone()));
        }
        if !is_tenant(tenant) || !tenant_file(&self.tenants.dir, tenant).is_file() {
            return Ok(None);
        }
        if open.places.len() >= self.tenants.open_max {
            let idle = |place: &&Place| Arc::strong_count(&place.tenant) == 1;
            let places = open.places.iter().filter(|(_, place)| idle(place));
            let oldest = places
                .min_by_key(|(_, place)| (place.has_webhooks(), place.asked))
                .map(|(name, _)| name.clone());
            let oldest = oldest.ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
            // Under the lock: its tenant cannot open it again before it is closed.
            if let Some(place) = open.places.remove(&oldest) {
                close(place).await.map_err(|error| {
                    tracing::error!(tenant = oldest, %error, "a database could not be closed");
                    StatusCode::SERVICE_UNAVAILABLE
                })?;
            }
        }
        let place = Place { tenant: Arc::default(), asked };
        let cell = place.tenant.clone();
        open.places.insert(tenant.to_owned(), place);
        Ok(Some(cell))
    }

    async fn open(&self, tenant: &str) -> Result<Tenant> {
        let path = tenant_file(&self.tenants.dir, tenant);
        let opened = tokio::task::spawn_blocking(move || EmbeddedDatabase::new(path)).await;
        let database = Arc::new(opened.map_err(Error::other)?.map_err(Error::other)?);
        let host = PoolHost::on(self.pool.clone(), database.clone(), self.options.clone());
        let host = Arc::new(host);
        let expiry = Expiry::over(&host);
        let mut settings = self.settings.clone();
        settings.guard.tenant = Some(tenant.to_owned());
        let courier = Courier::start(database.clone(), self.options.webhooks.clone())?;
        settings.webhooks = Some(courier.book());
        let router = offshoot_api::router_with(host, settings);
        Ok(Tenant { database, courier, router, _expiry: expiry })
    }

    /// Opens the databases that have webhooks, as many as may be open, so that what waits is sent.
    pub async fn wake(self: Arc<Self>) {
        let names = self.tenants.names().unwrap_or_default();
        let has =
            |tenant: &String| webhooks_path(&tenant_file(&self.tenants.dir, tenant)).is_file();
        for tenant in names.iter().filter(|tenant| has(tenant)).take(self.tenants.open_max) {
            let Ok(Some(place)) = self.place(tenant).await else { continue };
            if let Err(error) = place.get_or_try_init(|| self.open(tenant)).await {
                tracing::error!(tenant, %error, "a database could not be opened for its webhooks");
            }
        }
    }

    /// Closes every file.
    pub async fn close(&self) -> Result<()> {
        let places: Vec<Place> =
            self.open.lock().await.places.drain().map(|(_, place)| place).collect();
        for place in places {
            close(place).await?;
        }
        Ok(())
    }
}

async fn close(place: Place) -> Result<()> {
    let Some(tenant) = place.tenant.get() else { return Ok(()) };
    tenant.courier.stop().await;
    let database = tenant.database.clone();
    // The routes hold the database, too.
    drop(place);
    let closed = tokio::task::spawn_blocking(move || database.close()).await;
    closed.map_err(Error::other)?.map_err(Error::other)
}

fn answered(response: std::result::Result<Response, Infallible>) -> Response {
    match response {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
