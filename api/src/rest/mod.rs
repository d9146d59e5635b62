//! The branch REST API (`docs/rest.md`): branches, data, SQL, history, merges.
//!
//! ```text
//!   endpoint: fn(Incoming) ─▶ Work { job }       branches, data, sql, history, merge, diff, graph
//!   serve:    Request ─▶ Incoming ─▶ Work ─▶ host ─▶ Answer ─▶ Response
//!   dialect:  Answer, Failure ─▶ JSON            envelope (specification), plain (tutorial)
//! ```
//!
//! An endpoint is a plain function from a request, read strictly, to work over the database. It
//! knows no HTTP beyond a status and no JSON of replies. Everything that all requests share — the
//! limit of bodies, request ids, errors of form, unknown addresses, the choice of a dialect — is in
//! `serve`; what repeated requests are spared is in `etag` and `replay`. Who sends a
//! request is found by a layer around the routes (`auth`); what a route asks of its sender stands
//! beside the route, and `guard` judges it before anything is read. The author of a commit comes from
//! the same place (`author`).

mod answer;
mod author;
mod backup;
mod branches;
mod data;
pub(crate) mod dialect;
mod diff;
mod error;
mod etag;
mod graph;
mod guard;
mod history;
mod input;
mod kinds;
mod merge;
mod replay;
mod request;
mod reset;
pub(crate) mod routes;
mod serve;
mod sql;
mod stats;
mod time;

use crate::auth::{Access, Identify, identify};

use crate::host::Host;
use crate::webhooks::Webhooks;
use axum::Router;
use axum::extract::{RawPathParams, Request, State, rejection::RawPathParamsRejection};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
pub use dialect::{DialectName, UnknownDialect};
use routes::Route;
pub(crate) use serve::{Rest, public_wrong_method};
use std::sync::Arc;

// What endpoints are made of that live elsewhere.
pub(crate) use answer::{Answer, Done};
pub(crate) use error::Failure;
pub(crate) use request::{Fields, Incoming, wrong};
pub(crate) use serve::Work;
pub(crate) use time::rfc3339;

#[cfg(feature = "openapi")]
pub(crate) use etag::{Tag, unless_known};
pub use guard::{Address, Guard};
pub use replay::Replays;
pub use serve::BodyRefused;

/// What a host lays around the routes. Empty, everything is open to everybody.
#[derive(Clone, Default)]
pub struct Settings {
    /// Who callers are; where absent nobody is asked.
    pub identify: Option<Arc<dyn Identify>>,
    /// The dialect of requests that choose none, from callers that are pinned to none.
    pub dialect: DialectName,
    /// Who may come in, and how often.
    pub guard: Guard,
    /// Answers to requests with an `Idempotency-Key`. Routers may share them.
    pub replays: Arc<Replays>,
    /// The text of `/metrics`; where absent there is no such address.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// Who keeps webhooks and sends them; where absent there are none.
    pub webhooks: Option<Arc<dyn Webhooks>>,
}

/// Every route, over a host, open to everybody.
pub fn router(host: Arc<impl Host>) -> Router {
    router_with(host, Settings::default())
}

/// Every route, over a host.
pub fn router_with(host: Arc<impl Host>, settings: Settings) -> Router {
    let Settings { identify: who, dialect, guard, replays, metrics, webhooks } = settings;
    let rest = Rest { host, default: dialect, guard, replays, webhooks };
    let metrics = metrics.map(|text| {
        let page = move || std::future::ready(([(CONTENT_TYPE, METRICS_TYPE)], text()));
        get(page).layer(from_fn_with_state((rest.clone(), Access::ADMIN), guard::ask))
    });
    let router = Router::new()
        .route("/health", get(|| async { "OK" }).fallback(public_wrong_method))
        .route("/version", public(&rest, get(version)));
    #[cfg(feature = "openapi")]
    let router = router.merge(
        crate::openapi::routes().route_layer(from_fn_with_state(rest.clone(), guard::public)),
    );
    let router = routes::ROUTES
        .iter()
        .fold(router, |router, route| router.route(route.path, on(route)))
        .fallback(serve::no_route)
        .method_not_allowed_fallback(serve::wrong_method);
    let router = match metrics {
        Some(metrics) => router.route("/metrics", metrics),
        None => router,
    };
    let router = router.with_state(rest).layer(axum::middleware::map_response(serve::vary));
    match who {
        Some(who) => router.layer(from_fn_with_state(who, identify)),
        None => router,
    }
}

/// The type of Prometheus' text.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A route without credentials. It is limited by address; `/health` is not, for whoever watches a server
/// asks without rest.
fn public(rest: &Rest, route: MethodRouter<Rest>) -> MethodRouter<Rest> {
    route.fallback(public_wrong_method).layer(from_fn_with_state(rest.clone(), guard::public))
}

/// One method of a route.
fn on(route: &'static Route) -> MethodRouter<Rest> {
    let handler =
        move |State(rest): State<Rest>,
              path: Result<RawPathParams, RawPathParamsRejection>,
              request: Request| serve::serve(rest, route, path, request);
    axum::routing::on(route.method.filter(), handler)
}

async fn version() -> impl IntoResponse {
    let version = env!("CARGO_PKG_VERSION");
    let body = serde_json::json!({"name": "Offshoot", "version": version, "api_version": "v1"});
    ([(CONTENT_TYPE, "application/json")], body.to_string())
}
