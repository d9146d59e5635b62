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
//! `serve`. Layers around the routes here refuse requests with [`refusal`]; the author of a commit
//! comes from them (`author.rs` is the one place that says who it is).

mod answer;
mod author;
mod branches;
mod data;
mod dialect;
mod diff;
mod error;
mod graph;
mod history;
mod input;
mod kinds;
mod merge;
mod request;
mod serve;
mod sql;
mod stats;
mod time;

pub use dialect::{DialectName, PinnedDialect, UnknownDialect};
// What layers around the routes refuse with, in the dialect of each request.
#[allow(unused_imports, reason = "authentication and rate limits are such layers")]
pub(crate) use error::Failure;
#[allow(unused_imports, reason = "authentication and rate limits are such layers")]
pub(crate) use serve::{Rest, refusal};

use crate::host::Host;
use axum::Router;
use axum::extract::{RawPathParams, Request, State, rejection::RawPathParamsRejection};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, get};
use serve::Endpoint;
use std::sync::Arc;

/// What the API does where requests leave it open.
#[derive(Debug, Clone, Default)]
pub struct ApiOptions {
    /// The dialect of requests that choose none.
    pub dialect: DialectName,
}

/// Every route, over a host.
pub fn router(host: Arc<impl Host>) -> Router {
    router_with(host, ApiOptions::default())
}

/// Every route, over a host, with options.
pub fn router_with(host: Arc<impl Host>, options: ApiOptions) -> Router {
    use MethodFilter as M;
    let rest = Rest { host, default: options.dialect };
    let at = |rest: &str| format!("/v1/branches/{{branch}}{rest}");
    let branches = on(M::GET, branches::list).merge(on(M::POST, branches::create));
    let branch = on(M::GET, branches::details)
        .merge(on(M::PATCH, branches::update))
        .merge(on(M::DELETE, branches::delete));
    let rows = on(M::GET, data::page)
        .merge(on(M::POST, data::insert))
        .merge(on(M::PUT, data::update))
        .merge(on(M::DELETE, data::delete));
    let snapshots = on(M::GET, history::snapshots).merge(on(M::POST, history::snapshot));
    Router::new()
        .route("/health", get(|| async { "OK" }))
        .route("/version", get(version))
        .route("/v1/branches", branches)
        .route(&at(""), branch)
        .route(&at("/merge"), on(M::POST, merge::merge))
        .route(&at("/diff"), on(M::GET, diff::diff))
        .route(&at("/tables"), on(M::GET, data::tables))
        .route(&at("/tables/{table}/data"), rows)
        .route(&at("/query"), on(M::POST, sql::query))
        .route(&at("/execute"), on(M::POST, sql::execute))
        .route(&at("/transaction"), on(M::POST, sql::transaction))
        .route(&at("/history"), on(M::GET, history::history))
        .route(&at("/snapshots"), snapshots)
        .route(&at("/restore/{snapshot}"), on(M::POST, history::restore))
        .route("/v1/graph", on(M::GET, graph::graph))
        .fallback(serve::no_route)
        .method_not_allowed_fallback(serve::wrong_method)
        .with_state(rest)
        .layer(axum::middleware::map_response(serve::vary))
}

/// One method of a route.
fn on(method: MethodFilter, endpoint: Endpoint) -> MethodRouter<Rest> {
    let handler =
        move |State(rest): State<Rest>,
              path: Result<RawPathParams, RawPathParamsRejection>,
              request: Request| serve::serve(rest, endpoint, path, request);
    axum::routing::on(method, handler)
}

async fn version() -> impl IntoResponse {
    let version = env!("CARGO_PKG_VERSION");
    let body = serde_json::json!({"name": "Offshoot", "version": version, "api_version": "v1"});
    ([(CONTENT_TYPE, "application/json")], body.to_string())
}
