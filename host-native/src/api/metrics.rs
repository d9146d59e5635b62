//! What a server counts, and what it writes down of each request.
//!
//! A log line has the method, the path without its query, the status, the time, the request's id and
//! its caller's name: no header, no query, no body, for those hold credentials and data.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use offshoot_api::auth::Caller;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

/// Counters of one server.
pub(super) struct Metrics {
    registry: Registry,
    answered: Family<Answered, Counter>,
    seconds: Family<Route, Histogram>,
    running: Gauge,
}

impl Metrics {
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("offshoot");
        let answered = Family::default();
        let seconds = Family::<Route, Histogram>::new_with_constructor(|| {
            // A half of a millisecond to half a minute.
            Histogram::new(exponential_buckets(0.0005, 2.0, 16))
        });
        let running = Gauge::default();
        registry.register("http_requests", "Requests answered", answered.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer's",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("http_requests_running", "Requests being answered", running.clone());
        Arc::new(Metrics { registry, answered, seconds, running })
    }

    /// All of them, as Prometheus reads them.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Only a writer that fails makes this fail, and text never does.
            Err(_) => String::new(),
        }
    }
}

/// Counts down when a request is over, or given up.
struct Running(Gauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The layer around everything.
pub(super) async fn watch(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    metrics.running.inc();
    let running = Running(metrics.running.clone());
    // A method of somebody's own is counted as one of many, or counters would have no end.
    let method = match request.method().as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    };
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let uri = request.uri().clone();
    let response = next.run(request).await;
    drop(running);
    // With many tenants the route is found further inside.
    let matched = matched.or_else(|| response.extensions().get::<MatchedPath>().cloned());
    let route = matched.map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    let labels = Answered { method, route: route.clone(), status };
    metrics.answered.get_or_create(&labels).inc();
    let place = Route { method, route };
    metrics.seconds.get_or_create(&place).observe(elapsed.as_secs_f64());
    let id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let line = Line {
        method,
        path: uri.path(),
        status,
        elapsed,
        id: id.unwrap_or_default(),
        caller: response.extensions().get(),
    };
    line.write();
    response
}

/// What is written down of a request.
struct Line<'r> {
    method: &'r str,
    path: &'r str,
    status: u16,
    elapsed: Duration,
    id: &'r str,
    caller: Option<&'r Caller>,
}

impl Line<'_> {
    /// Failures of the server's own always; the rest to those who ask for it, for a line costs more
    /// than a small request.
    fn write(&self) {
        let Line { method, path, status, id, .. } = *self;
        let elapsed_ms = u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX);
        let caller = self.caller.map_or("", |caller| caller.subject.as_str());
        let tenant = self.caller.and_then(|caller| caller.tenant.as_deref()).unwrap_or_default();
        if status >= 500 {
            tracing::warn!(
                target: "offshoot::request",
                method, path, status, elapsed_ms, request_id = id, caller, tenant, "failed"
            );
        } else {
            tracing::info!(
                target: "offshoot::request",
                method, path, status, elapsed_ms, request_id = id, caller, tenant, "answered"
            );
        }
    }
}
