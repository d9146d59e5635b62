//! From a request's headers to its caller.

use super::caller::Caller;
use super::key::Keys;
#[cfg(feature = "jwt")]
use super::token::Tokens;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// The time, in whole seconds since 1970: a host's clock.
pub type UnixSeconds = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Tells callers by their headers.
pub trait Identify: Send + Sync {
    /// The caller, or `None` where no credential is in order.
    fn identify(&self, headers: &HeaderMap) -> Option<Caller>;
}

/// Stands among the extensions of a request whose sender is asked for a credential and has shown
/// none that is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown;

/// Tokens and keys: the tutorial's order, Bearer first.
pub struct Credentials {
    /// What tokens are verified with.
    #[cfg(feature = "jwt")]
    pub tokens: Tokens,
    /// What keys are known.
    pub keys: Vec<Arc<dyn Keys>>,
    /// The time.
    pub clock: UnixSeconds,
}

impl Identify for Credentials {
    fn identify(&self, headers: &HeaderMap) -> Option<Caller> {
        self.by_token(headers).or_else(|| self.by_key(headers))
    }
}

impl Credentials {
    #[cfg(feature = "jwt")]
    fn by_token(&self, headers: &HeaderMap) -> Option<Caller> {
        let token = bearer(headers)?;
        self.tokens.verify(token, (self.clock)()).ok().map(|claims| claims.caller())
    }

    #[cfg(not(feature = "jwt"))]
    fn by_token(&self, headers: &HeaderMap) -> Option<Caller> {
        bearer(headers).and(None)
    }

    fn by_key(&self, headers: &HeaderMap) -> Option<Caller> {
        let key = headers.get("x-api-key")?.as_bytes();
        self.keys.iter().find_map(|keys| keys.find(key))
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The layer: puts the caller, or that it is unknown, among a request's extensions; and the caller
/// and the route among those of the answer, for whoever counts and writes logs.
pub async fn identify(
    State(who): State<Arc<dyn Identify>>,
    mut request: Request,
    next: Next,
) -> Response {
    // Whoever tells tenants apart has asked already.
    let known = request.extensions().get::<Caller>().cloned();
    let caller = known.or_else(|| who.identify(request.headers()));
    match caller.clone() {
        Some(caller) => drop(request.extensions_mut().insert(caller)),
        None => drop(request.extensions_mut().insert(Unknown)),
    }
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    if let Some(caller) = caller {
        response.extensions_mut().insert(caller);
    }
    response
}
