//! Requests that go on when their caller has gone.
//!
//! A connection that breaks takes its request's future with it, though not the statement that runs for
//! it. For a request with an `Idempotency-Key` that would lose the answer that its caller will ask for
//! again, so it runs as a task of its own.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The layer.
pub(super) async fn outlive(request: Request, next: Next) -> Response {
    if !request.headers().contains_key("idempotency-key") {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a request broke off");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
