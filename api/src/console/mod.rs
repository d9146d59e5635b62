//! The console at `/`: branches, tables, SQL, history, diff and merge in a browser.
//!
//! Plain modules of JavaScript, compiled into the program and served as they are; nothing builds them,
//! and they load nothing from elsewhere. The console is a client of the REST API like any other: what
//! it does, its reader could do with `curl`, and its rights are those of the reader's key.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// What the page may load and run: what this server sends, and nothing inline.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'; base-uri 'none'");

const FILES: &[(&str, &str, &str)] = &[
    ("api.js", JAVASCRIPT, include_str!("api.js")),
    ("dom.js", JAVASCRIPT, include_str!("dom.js")),
    ("graph.js", JAVASCRIPT, include_str!("graph.js")),
    ("history.js", JAVASCRIPT, include_str!("history.js")),
    ("main.js", JAVASCRIPT, include_str!("main.js")),
    ("mark.svg", SVG, include_str!("mark.svg")),
    ("merge.js", JAVASCRIPT, include_str!("merge.js")),
    ("sql.js", JAVASCRIPT, include_str!("sql.js")),
    ("state.js", JAVASCRIPT, include_str!("state.js")),
    ("style.css", CSS, include_str!("style.css")),
    ("tables.js", JAVASCRIPT, include_str!("tables.js")),
];

/// The page and its files. They need no credentials: what they show comes from the API, which does.
pub fn routes() -> Router {
    Router::new()
        .route("/", get(|| async { sent(HTML, include_str!("index.html")) }))
        .route("/console/{file}", get(file))
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => sent(kind, text),
        None => (StatusCode::NOT_FOUND, "there is no such file of the console\n").into_response(),
    }
}

fn sent(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        // A newer server has newer files under the same names.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, text).into_response()
}
