//! The branch REST API (`docs/rest.md`): branches, data, SQL, history, merges.
//!
//! ```text
//!   endpoint: fn(Incoming) ─▶ Work { job }       branches, data, sql, history, merge, diff, graph
//!   serve:    Request ─▶ Incoming ─▶ Work ─▶ host ─▶ Answer ─▶ Response
//!   dialect:  Answer, Failure ─▶ JSON            envelope (specification); one place for each
//! ```
//!
//! An endpoint is a plain function from a request, read strictly, to work over the database. It
//! knows no HTTP beyond a status and no JSON of replies. Everything that all requests share — the
//! limit of bodies, request ids, errors of form, unknown addresses — is in `serve`. Who sends a
//! request is found by a layer around the routes (`auth`); what a route asks of its sender stands
//! beside the route, and `guard` judges it before anything is read. The author of a commit comes from
//! the same place (`author`).

mod answer;
mod author;
mod branches;
mod data;
mod dialect;
mod diff;
mod error;
mod graph;
mod guard;
mod history;
mod input;
mod kinds;
mod merge;
mod request;
mod serve;
mod sql;
mod stats;
mod time;

use crate::auth::{Access, Identify, identify};
use crate::host::Host;
use axum::Router;
use axum::extract::{RawPathParams, Request, State, rejection::RawPathParamsRejection};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, get};
use serve::{Endpoint, Rest};
use std::sync::Arc;

pub use guard::{Address, Guard};
pub use serve::BodyRefused;

/// What a host lays around the routes. Empty, everything is open to everybody.
#[derive(Clone, Default)]
pub struct Settings {
    /// Who callers are; where absent nobody is asked.
    pub identify: Option<Arc<dyn Identify>>,
    /// Who may come in, and how often.
    pub guard: Guard,
    /// The text of `/metrics`; where absent there is no such address.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
}

/// Every route, over a host, open to everybody.
pub fn router(host: Arc<impl Host>) -> Router {
    router_with(host, Settings::default())
}

/// Every route, over a host.
pub fn router_with(host: Arc<impl Host>, settings: Settings) -> Router {
    use MethodFilter as M;
    let Settings { identify: who, guard, metrics } = settings;
    let rest = Rest { host, dialect: &dialect::Envelope, guard };
    let at = |rest: &str| format!("/v1/branches/{{branch}}{rest}");
    let branches = on(M::GET, Access::LIST, branches::list).merge(on(
        M::POST,
        Access::CREATE_BRANCH,
        branches::create,
    ));
    let branch = on(M::GET, Access::READ, branches::details)
        .merge(on(M::PATCH, Access::BRANCH, branches::update))
        .merge(on(M::DELETE, Access::BRANCH, branches::delete));
    let rows = on(M::GET, Access::READ, data::page)
        .merge(on(M::POST, Access::WRITE, data::insert))
        .merge(on(M::PUT, Access::WRITE, data::update))
        .merge(on(M::DELETE, Access::WRITE, data::delete));
    let snapshots = on(M::GET, Access::READ, history::snapshots).merge(on(
        M::POST,
        Access::WRITE,
        history::snapshot,
    ));
    let metrics = metrics.map(|text| {
        let page = move || std::future::ready(([(CONTENT_TYPE, METRICS_TYPE)], text()));
        get(page).layer(from_fn_with_state((rest.clone(), Access::ADMIN), guard::ask))
    });
    let router = Router::new()
        .route("/health", get(|| async { "OK" }))
        .route("/version", public(&rest, get(version)))
        .route("/v1/branches", branches)
        .route(&at(""), branch)
        .route(&at("/merge"), on(M::POST, Access::MERGE, merge::merge))
        .route(&at("/diff"), on(M::GET, Access::READ_MUCH, diff::diff))
        .route(&at("/tables"), on(M::GET, Access::READ, data::tables))
        .route(&at("/tables/{table}/data"), rows)
        .route(&at("/query"), on(M::POST, Access::QUERY, sql::query))
        .route(&at("/execute"), on(M::POST, Access::WRITE, sql::execute))
        .route(&at("/transaction"), on(M::POST, Access::WRITE, sql::transaction))
        .route(&at("/history"), on(M::GET, Access::READ, history::history))
        .route(&at("/snapshots"), snapshots)
        .route(&at("/restore/{snapshot}"), on(M::POST, Access::WRITE_MUCH, history::restore))
        .route("/v1/graph", on(M::GET, Access::READ_ALL, graph::graph))
        .fallback(serve::no_route)
        .method_not_allowed_fallback(serve::wrong_method);
    let router = match metrics {
        Some(metrics) => router.route("/metrics", metrics),
        None => router,
    };
    let router = router.with_state(rest);
    match who {
        Some(who) => router.layer(from_fn_with_state(who, identify)),
        None => router,
    }
}

/// The type of Prometheus' text.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A route without credentials. It is limited by address; `/health` alone is not, for whoever watches
/// a server asks without rest.
fn public(rest: &Rest, route: MethodRouter<Rest>) -> MethodRouter<Rest> {
    route.layer(from_fn_with_state(rest.clone(), guard::public))
}

/// One method of a route, and what it asks of its callers: there is no way to write one without.
fn on(method: MethodFilter, access: Access, endpoint: Endpoint) -> MethodRouter<Rest> {
    let handler =
        move |State(rest): State<Rest>,
              path: Result<RawPathParams, RawPathParamsRejection>,
              request: Request| serve::serve(rest, access, endpoint, path, request);
    axum::routing::on(method, handler)
}

async fn version() -> impl IntoResponse {
    let body = serde_json::json!({"name": "offshoot", "version": env!("CARGO_PKG_VERSION")});
    ([(CONTENT_TYPE, "application/json")], body.to_string())
}
