//! What stands before each route: who may come in, and how often.

use super::error::Failure;
use super::serve::{Rest, refuse};
use crate::auth::{Access, Caller, Unknown};
use crate::limits::{Class, Limiter, Taken};
use axum::extract::{Request, State};
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Extensions, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// Where a request came from, as its host tells it: what those are counted by whom nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(pub String);

/// What the routes are guarded with. Empty, everything is allowed to everybody.
#[derive(Clone, Default)]
pub struct Guard {
    /// Counts requests.
    pub limiter: Option<Arc<dyn Limiter>>,
    /// Whose database this is; others are refused.
    pub tenant: Option<String>,
}

/// Whether a request may go on; and what it took from which bucket.
pub(crate) struct Verdict {
    pub entry: Result<(), Failure>,
    pub taken: Option<Taken>,
}

impl Guard {
    /// Judges a request for a route. `access` is absent where there is no route: then only who asks
    /// matters.
    pub(crate) fn judge(
        &self,
        access: Option<Access>,
        branch: Option<&str>,
        extensions: &Extensions,
    ) -> Verdict {
        let class = access.map_or(Class::Read, Access::class);
        if extensions.get::<Unknown>().is_some() {
            let taken = self.take(Class::Public, &by_address(extensions));
            return Verdict { entry: passed(taken).and(Err(Failure::unauthorized())), taken };
        }
        let Some(caller) = extensions.get::<Caller>() else {
            let taken = self.take(class, &by_address(extensions));
            return Verdict { entry: passed(taken), taken };
        };
        let taken = self.take(class, &format!("caller {}", caller.limits_key));
        let entry = passed(taken)
            .and_then(|()| self.of_this_tenant(caller))
            .and_then(|()| permitted(access, branch, caller));
        Verdict { entry, taken }
    }

    fn take(&self, class: Class, who: &str) -> Option<Taken> {
        self.limiter.as_ref()?.take(class, who)
    }

    fn of_this_tenant(&self, caller: &Caller) -> Result<(), Failure> {
        match (&self.tenant, &caller.tenant) {
            (Some(own), Some(theirs)) if own != theirs => {
                Err(Failure::forbidden("this database is another tenant's"))
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

fn by_address(extensions: &Extensions) -> String {
    let address = extensions.get::<Address>().map_or("", |Address(text)| text);
    format!("address {address}")
}

fn passed(taken: Option<Taken>) -> Result<(), Failure> {
    match taken.and_then(|taken| taken.retry_after) {
        Some(_) => Err(Failure::rate_limited()),
        None => Ok(()),
    }
}

fn permitted(access: Option<Access>, branch: Option<&str>, caller: &Caller) -> Result<(), Failure> {
    match access {
        Some(access) if !access.admits(caller, branch) => {
            Err(Failure::lacks(access.scope().name(), branch))
        }
        _ => Ok(()),
    }
}

/// Says on an answer how much is left.
pub(crate) fn mark(response: &mut Response, taken: Option<Taken>) {
    let headers = response.headers_mut();
    if let Some(Taken { limit, remaining, reset, retry_after }) = taken {
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), limit.into());
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), remaining.into());
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), reset.into());
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        let ask = HeaderValue::from_static("Bearer realm=\"offshoot\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, ask);
    }
}

/// Stands before a public route: everybody may come in, but not without end.
pub(crate) async fn public(State(rest): State<Rest>, request: Request, next: Next) -> Response {
    let (dialect, _) = rest.dialect(&request);
    let taken = rest.guard.take(Class::Public, &by_address(request.extensions()));
    let mut response = match passed(taken) {
        Ok(()) => next.run(request).await,
        Err(failure) => refuse(&rest, dialect, failure).await,
    };
    mark(&mut response, taken);
    response
}

/// Stands before a route whose answer is no JSON.
pub(crate) async fn ask(
    State((rest, access)): State<(Rest, Access)>,
    request: Request,
    next: Next,
) -> Response {
    let (dialect, _) = rest.dialect(&request);
    let Verdict { entry, taken } = rest.guard.judge(Some(access), None, request.extensions());
    let mut response = match entry {
        Ok(()) => next.run(request).await,
        Err(failure) => refuse(&rest, dialect, failure).await,
    };
    mark(&mut response, taken);
    response
}
