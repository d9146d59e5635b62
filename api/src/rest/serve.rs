//! What all requests share: from HTTP to work, from the work's answer to HTTP.

use super::answer::{Done, Outcome};
use super::author::Sender;
use super::dialect::{Dialect, DialectName, Encoded, Meta};
use super::error::Failure;
use super::etag::{Tag, unless_known};
use super::guard::{self, Guard, Verdict};
use super::replay::{self, NothingDone, Replays, Same};
use super::request::{Incoming, Params};
use super::routes::Route;
use crate::auth::Caller;
use crate::host::{Answer, Call, Host, Job, Ran};
use crate::limits::Class;
use crate::webhooks::Webhooks;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State, rejection::RawPathParamsRejection};
use axum::http::header::{CONTENT_LENGTH, IF_NONE_MATCH, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use offshoot_core::error::Error;
use offshoot_core::moment::Moment;
use std::sync::Arc;

/// What every handler has.
#[derive(Clone)]
pub(crate) struct Rest {
    pub host: Arc<dyn Host>,
    /// The dialect of requests that choose none.
    pub default: DialectName,
    pub guard: Guard,
    pub webhooks: Option<Arc<dyn Webhooks>>,
    pub replays: Arc<Replays>,
}

impl Rest {
    /// The dialect of a request, and whether its choice was in order.
    pub fn dialect(&self, request: &Request) -> (&'static dyn Dialect, Result<(), Failure>) {
        match DialectName::of(request.headers(), request.extensions(), self.default) {
            Ok(name) => (name.dialect(), Ok(())),
            Err((name, failure)) => (name.dialect(), Err(failure)),
        }
    }

    /// The moment of a request that is no job, or none yet.
    async fn moment(&self) -> (u64, Moment) {
        if let Some(moment) = self.host.moment() {
            return (0, moment);
        }
        let nothing: Job = Box::new(|_| Ok(Answer::read(Box::new(()))));
        let Ran { elapsed_ms, moment, .. } = self.host.run(None, nothing).await;
        (elapsed_ms, moment)
    }
}

/// What a request comes to: work over the database.
pub(crate) struct Work {
    /// The status of success.
    pub status: StatusCode,
    /// How long the caller wants to wait, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// May be called again; does then the same.
    pub job: Box<dyn FnMut(&Call) -> Outcome + Send>,
}

impl Work {
    /// Work whose success is a 200.
    pub fn new(job: impl FnMut(&Call) -> Outcome + Send + 'static) -> Self {
        Work { status: StatusCode::OK, timeout_ms: None, job: Box::new(job) }
    }

    /// Work that makes something: a 201.
    pub fn creating(self) -> Self {
        Work { status: StatusCode::CREATED, ..self }
    }

    /// Within a time of the caller's.
    pub fn within(self, timeout_ms: Option<u64>) -> Self {
        Work { timeout_ms, ..self }
    }
}

/// Reads a request and says what is to be done; refuses what is not in order.
pub(crate) type Endpoint = fn(Incoming) -> Result<Work, Failure>;

/// Answers a request that may come in.
pub(crate) async fn serve(
    rest: Rest,
    route: &'static Route,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let branch = path.as_ref().ok().and_then(|path| {
        path.iter().find(|(name, _)| *name == "branch").map(|(_, part)| part.to_owned())
    });
    let (dialect, chosen) = rest.dialect(&request);
    // A path that cannot be read names no branch, so only a scope over all lets it in: to its 400.
    let Verdict { entry, taken } =
        rest.guard.judge(Some(route.access), branch.as_deref(), request.extensions());
    let mut response = match entry.and(chosen) {
        Ok(()) => answer(&rest, dialect, route, path, request).await,
        Err(failure) => refuse(&rest, dialect, failure).await,
    };
    guard::mark(&mut response, taken);
    response
}

async fn answer(
    rest: &Rest,
    dialect: &'static dyn Dialect,
    route: &'static Route,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let headers = request.headers();
    let known = headers.contains_key(IF_NONE_MATCH).then(|| headers.clone());
    let key = match *request.method() {
        Method::POST => replay::key_of(headers),
        _ => Ok(None),
    };
    let key = match key {
        Ok(key) => key.map(|key| (key, Same::of(&request, &dialect.name().to_string()))),
        Err(failure) => return refuse(rest, dialect, failure).await,
    };
    let incoming = match read(rest, dialect, path, request).await {
        Ok(incoming) => incoming,
        Err(failure) => return refuse(rest, dialect, failure).await,
    };
    let Some((key, same)) = key else {
        let response = done(rest, dialect, route, incoming).await;
        return match known {
            Some(asked) => unless_known(&asked, response),
            None => response,
        };
    };
    let (name, same) = ((incoming.sender.key(), key), same(&incoming.body));
    let (_, moment) = rest.moment().await;
    let safe = route.access.class() == Class::Query;
    let doing = done(rest, dialect, route, incoming);
    match rest.replays.once(name, same, moment.now, safe, doing).await {
        Ok(response) => response,
        Err(failure) => refuse(rest, dialect, failure).await,
    }
}

async fn done(
    rest: &Rest,
    dialect: &'static dyn Dialect,
    route: &'static Route,
    incoming: Incoming,
) -> Response {
    match (route.endpoint)(incoming) {
        Ok(work) => run(rest, dialect, work, route.tagged).await,
        Err(failure) => refuse(rest, dialect, failure).await,
    }
}

async fn read(
    rest: &Rest,
    dialect: &dyn Dialect,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Result<Incoming, Failure> {
    let path = path.map_err(|_| Failure::invalid("the path of the address is not UTF-8"))?;
    let path = path.iter().map(|(_, part)| part.to_owned()).collect();
    let query = Params::parse(request.uri().query())?;
    let max_bytes = rest.host.body_max_bytes();
    if announced(request.headers()).is_some_and(|length| length > max_bytes as u64) {
        return Err(Failure::too_large(max_bytes));
    }
    let sender = Sender(request.extensions().get::<Caller>().cloned());
    let body = whole(request.into_body(), max_bytes).await?;
    let webhooks = rest.webhooks.clone();
    Ok(Incoming { path, query, body, sender, habits: dialect.habits(), webhooks })
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn whole(body: Body, max_bytes: usize) -> Result<Vec<u8>, Failure> {
    match Limited::new(body, max_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::too_large(max_bytes)),
        Err(error) => Err(match refused(&*error) {
            Some(BodyRefused::TooSlow) => Failure::too_slow(),
            Some(BodyRefused::NoRoom) => Failure::from(Error::Overloaded),
            None => Failure::invalid(format!("the body broke off: {error}")),
        }),
    }
}

/// What a host ends a body with that it will not go on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyRefused {
    /// It comes too slowly: 408.
    TooSlow,
    /// All bodies together take more memory than they may: 503.
    NoRoom,
}

impl std::fmt::Display for BodyRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            BodyRefused::TooSlow => "the body came too slowly",
            BodyRefused::NoRoom => "there is no room for the body",
        })
    }
}

impl std::error::Error for BodyRefused {}

fn refused(error: &(dyn std::error::Error + 'static)) -> Option<BodyRefused> {
    // Bodies wrap errors a few times over; a chain has an end.
    let mut chain = std::iter::successors(Some(error), |error| error.source());
    chain.find_map(|error| error.downcast_ref().copied())
}

async fn run(rest: &Rest, dialect: &'static dyn Dialect, work: Work, tagged: bool) -> Response {
    let Work { status, timeout_ms, mut job } = work;
    // A large answer is made JSON where blocking is allowed.
    let job: Job = Box::new(move |call| {
        let Done { answer, ticket } = job(call)?;
        let value: crate::host::Reply = Box::new(dialect.encode(&answer));
        Ok(Answer { value, ticket })
    });
    let Ran { result, elapsed_ms, moment } = rest.host.run(timeout_ms, job).await;
    let meta = Meta { request_id: request_id(&moment), elapsed_ms };
    let failure = match result {
        Ok(reply) => match reply.downcast::<Result<Encoded, Failure>>() {
            Ok(encoded) => match *encoded {
                Ok(encoded) => {
                    let status = encoded.status.unwrap_or(status);
                    let mut response = named(dialect.success(status, &encoded, &meta), &meta);
                    if tagged {
                        let form = dialect.name().to_string();
                        Tag::of(&form, &encoded.json).mark(&mut response);
                    }
                    return response;
                }
                Err(failure) => failure,
            },
            Err(_) => Failure::internal("the host passed on another answer"),
        },
        Err(Error::Timeout) => Failure::timeout(rest.host.time_ms(timeout_ms)),
        Err(error) => Failure::from(error),
    };
    failed(dialect, &failure, &meta)
}

fn failed(dialect: &dyn Dialect, failure: &Failure, meta: &Meta) -> Response {
    let mut response = named(dialect.failure(failure, meta), meta);
    if failure.in_seconds() {
        response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    if failure.nothing_done() {
        response.extensions_mut().insert(NothingDone);
    }
    response
}

/// When to try again: a full queue is worked off within seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Answers what never became work. The host is asked all the same: it alone can name a request.
pub(crate) async fn refuse(rest: &Rest, dialect: &dyn Dialect, failure: Failure) -> Response {
    let (elapsed_ms, moment) = rest.moment().await;
    failed(dialect, &failure, &Meta { request_id: request_id(&moment), elapsed_ms })
}

/// Names the request on its answer as its body and the logs do.
fn named(mut response: Response, meta: &Meta) -> Response {
    if let Ok(id) = HeaderValue::from_str(&meta.request_id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

/// Notes what else an answer depends on, for caches.
pub(crate) async fn vary(mut response: Response) -> Response {
    let on = HeaderValue::from_static("Offshoot-Dialect, Authorization, X-API-Key");
    response.headers_mut().append(VARY, on);
    response
}

fn request_id(moment: &Moment) -> String {
    let bytes = moment.derive("request id", 0);
    bytes.iter().take(12).fold(String::from("req_"), |id, byte| id + &format!("{byte:02x}"))
}

/// Answers an unknown address. Whoever is unknown itself does not learn which addresses there are.
pub(crate) async fn no_route(State(rest): State<Rest>, request: Request) -> Response {
    let failure = Failure::no_route(request.method().as_str(), request.uri().path());
    nothing_here(&rest, request, failure).await
}

/// Answers a method that an address does not take.
pub(crate) async fn wrong_method(State(rest): State<Rest>, request: Request) -> Response {
    let failure = Failure::wrong_method(request.method().as_str(), request.uri().path());
    nothing_here(&rest, request, failure).await
}

/// Answers a method that a public address does not take: everybody may know that address.
pub(crate) async fn public_wrong_method(State(rest): State<Rest>, request: Request) -> Response {
    let failure = Failure::wrong_method(request.method().as_str(), request.uri().path());
    let (dialect, chosen) = rest.dialect(&request);
    refuse(&rest, dialect, chosen.err().unwrap_or(failure)).await
}

async fn nothing_here(rest: &Rest, request: Request, failure: Failure) -> Response {
    let (dialect, chosen) = rest.dialect(&request);
    let Verdict { entry, taken } = rest.guard.judge(None, None, request.extensions());
    let failure = entry.and(chosen).err().unwrap_or(failure);
    let mut response = refuse(rest, dialect, failure).await;
    guard::mark(&mut response, taken);
    response
}
