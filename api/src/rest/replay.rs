//! `Idempotency-Key`: a request that is sent again is not done again.
//!
//! ```text
//!   POST with a key ─▶ claim ─┬─ new ──────────▶ done ─▶ its answer is kept ─▶ the answer
//!                             ├─ kept ─────────▶ the same answer, `Idempotency-Replayed: true`
//!                             ├─ still done ───▶ 409 IDEMPOTENCY_IN_PROGRESS, `Retry-After`
//!                             ├─ answer gone ──▶ 409 IDEMPOTENCY_ANSWER_GONE
//!                             └─ another ──────▶ 422 IDEMPOTENCY_KEY_REUSED
//! ```
//!
//! - A key is its caller's own: nobody meets the answers of another. On a server that asks nobody who
//!   they are, all are one caller.
//! - A request is the same where method, address, dialect and body are, byte by byte.
//! - Any answer is kept, failures too, but those that mean "come again": 401, 403, 408, 429, 503 and a
//!   409 that may be retried. Of these nothing was done, and the key is free again.
//! - An answer that is too large to be kept leaves its key behind, for the request must not be done
//!   again; a query's does not, for a query may be.
//! - A request whose caller goes away while it is done must go on, or its key could not tell how it
//!   ended: a host sees to that. Where it does not, the answer is gone.
//! - What is kept has an end: by time, number and bytes, the oldest first. It is in memory: a server
//!   that starts again has forgotten it.
//!
//! After the draft of the IETF's HTTPAPI working group, "The Idempotency-Key HTTP Header Field".

use super::error::Failure;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use offshoot_core::history::Micros;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The header of requests.
pub(crate) const HEADER: &str = "idempotency-key";

/// The header of answers that were given before.
const REPLAYED: &str = "idempotency-replayed";

/// The longest key in bytes.
const KEY_MAX_BYTES: usize = 255;

/// How long a key is known, from its first request.
const KNOWN_MICROS: i64 = 24 * 3600 * 1_000_000;

/// Keys that are known at a time.
const KEYS_MAX: usize = 100_000;

/// Bytes of all answers that are kept.
const BYTES_MAX: usize = 64 << 20;

/// Bytes of one answer that is kept.
const ANSWER_MAX_BYTES: usize = 1 << 20;

/// Stands among the extensions of an answer of a request of which nothing was done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NothingDone;

/// The key of a request, where it brings one.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let mut said = headers.get_all(HEADER).iter();
    let Some(key) = said.next() else { return Ok(None) };
    let printable = |key: &&str| key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let key = key.to_str().ok().filter(printable);
    let key = key.filter(|key| (1..=KEY_MAX_BYTES).contains(&key.len()));
    match (key, said.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(Failure::invalid(format!(
            "header 'Idempotency-Key' must be 1 to {KEY_MAX_BYTES} printable characters of ASCII, once"
        ))),
    }
}

/// What two requests have in common that are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Same([u8; 32]);

impl Same {
    /// Of a request's parts, and of the dialect that it is answered in.
    pub fn of<B>(request: &Request<B>, dialect: &str) -> impl FnOnce(&[u8]) -> Same + use<B> {
        let address = request.uri().path_and_query().map_or("", |address| address.as_str());
        let mut hasher = blake3::Hasher::new();
        for part in [request.method().as_str(), address, dialect] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        move |body| Same(hasher.update(body).finalize().into())
    }
}

/// Whose key it is, and the key.
type Name = (String, String);

/// Answers to requests with an `Idempotency-Key`, see the module's head.
#[derive(Default)]
pub struct Replays(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    entries: HashMap<Name, Entry>,
    /// By age.
    order: BTreeMap<u64, (Micros, Name)>,
    next: u64,
    bytes: usize,
}

struct Entry {
    number: u64,
    same: Same,
    state: State,
}

enum State {
    Running,
    Answered(Answered),
    Gone,
}

/// An answer that may be given again.
#[derive(Clone)]
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl State {
    fn bytes(&self) -> usize {
        match self {
            State::Answered(answered) => answered.body.len(),
            State::Running | State::Gone => 0,
        }
    }
}

impl Replays {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a request once. `safe`: it changes nothing, and may be done again.
    pub(crate) async fn once(
        self: &Arc<Self>,
        name: Name,
        same: Same,
        now: Micros,
        safe: bool,
        answer: impl Future<Output = Response>,
    ) -> Result<Response, Failure> {
        let claim = match self.claim(name, same, now)? {
            Ok(claim) => claim,
            Err(answered) => return Ok(answered.again()),
        };
        let (mut parts, body) = answer.await.into_parts();
        // Whole already: every answer of an endpoint is.
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Err(Failure::internal(format!("the answer broke off: {error}"))),
        };
        let nothing_done = parts.extensions.remove::<NothingDone>().is_some();
        claim.ends(match body.len() <= ANSWER_MAX_BYTES {
            _ if nothing_done => None,
            true => Some(State::Answered(Answered {
                status: parts.status,
                headers: parts.headers.clone(),
                body: body.clone(),
            })),
            false if safe => None,
            false => Some(State::Gone),
        });
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    /// A claim to do a request; what was answered, where it was done.
    fn claim(
        self: &Arc<Self>,
        name: Name,
        same: Same,
        now: Micros,
    ) -> Result<Result<Claim, Answered>, Failure> {
        let mut kept = self.kept();
        kept.forget(now);
        if let Some(entry) = kept.entries.get(&name) {
            return match &entry.state {
                _ if entry.same != same => Err(Failure::key_reused()),
                State::Running => Err(Failure::in_progress()),
                State::Gone => Err(Failure::answer_gone()),
                State::Answered(answered) => Ok(Err(answered.clone())),
            };
        }
        let number = kept.next;
        kept.next += 1;
        kept.order.insert(number, (now, name.clone()));
        kept.entries.insert(name.clone(), Entry { number, same, state: State::Running });
        Ok(Ok(Claim { replays: self.clone(), name, number, ended: false }))
    }
}

impl Kept {
    /// Forgets what is too old, and then the oldest of what is too much. What is being done stays.
    fn forget(&mut self, now: Micros) {
        let mut too_many = self.entries.len().saturating_sub(KEYS_MAX);
        let mut too_large = self.bytes.saturating_sub(BYTES_MAX);
        let mut gone = Vec::new();
        for (began, name) in self.order.values() {
            if now.0.saturating_sub(began.0) < KNOWN_MICROS && too_many == 0 && too_large == 0 {
                break;
            }
            let Some(entry) = self.entries.get(name) else { continue };
            if !matches!(entry.state, State::Running) {
                too_many = too_many.saturating_sub(1);
                too_large = too_large.saturating_sub(entry.state.bytes());
                gone.push(name.clone());
            }
        }
        for name in gone {
            self.remove(&name);
        }
    }

    fn remove(&mut self, name: &Name) {
        if let Some(entry) = self.entries.remove(name) {
            self.order.remove(&entry.number);
            self.bytes = self.bytes.saturating_sub(entry.state.bytes());
        }
    }
}

impl Answered {
    fn again(self) -> Response {
        let Answered { status, headers, body } = self;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let replayed = HeaderName::from_static(REPLAYED);
        response.headers_mut().insert(replayed, HeaderValue::from_static("true"));
        response
    }
}

/// A request that is being done. Dropped before it ends, nobody knows how it ended.
struct Claim {
    replays: Arc<Replays>,
    name: Name,
    number: u64,
    ended: bool,
}

impl Claim {
    /// `None` makes the key free again.
    fn ends(mut self, state: Option<State>) {
        self.ended = true;
        self.set(state);
    }

    fn set(&self, state: Option<State>) {
        let mut kept = self.replays.kept();
        let Some(state) = state else { return kept.remove(&self.name) };
        let bytes = state.bytes();
        if let Some(entry) = kept.entries.get_mut(&self.name)
            && entry.number == self.number
        {
            entry.state = state;
            kept.bytes += bytes;
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.ended {
            self.set(Some(State::Gone));
        }
    }
}

impl std::fmt::Debug for Replays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kept = self.kept();
        let (keys, bytes) = (kept.entries.len(), kept.bytes);
        f.debug_struct("Replays").field("keys", &keys).field("bytes", &bytes).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: usize) -> Name {
        ("ada".to_owned(), n.to_string())
    }

    fn claim(replays: &Arc<Replays>, n: usize, now: i64) -> Claim {
        let claim = replays.claim(name(n), Same([0; 32]), Micros(now)).unwrap();
        claim.unwrap_or_else(|_| panic!("{n} is known"))
    }

    fn is_known(replays: &Arc<Replays>, n: usize, now: i64) -> bool {
        replays.kept().forget(Micros(now));
        replays.kept().entries.contains_key(&name(n))
    }

    fn answered(bytes: usize) -> Option<State> {
        let (status, headers) = (StatusCode::OK, HeaderMap::new());
        Some(State::Answered(Answered { status, headers, body: vec![0; bytes].into() }))
    }

    #[test]
    fn forgotten_after_a_day_unless_still_done() {
        let replays = Arc::new(Replays::default());
        let long = claim(&replays, 0, 0);
        claim(&replays, 1, 1).ends(answered(10));
        claim(&replays, 2, 2).ends(answered(10));
        assert!(is_known(&replays, 1, KNOWN_MICROS));
        assert!(!is_known(&replays, 1, KNOWN_MICROS + 1));
        assert!(is_known(&replays, 0, KNOWN_MICROS + 1) && is_known(&replays, 2, KNOWN_MICROS + 1));
        long.ends(answered(10));
        assert!(!is_known(&replays, 0, KNOWN_MICROS + 2));
        let kept = replays.kept();
        assert_eq!((kept.bytes, kept.order.len()), (0, 0));
    }

    #[test]
    fn no_more_bytes_than_promised() {
        let replays = Arc::new(Replays::default());
        let fit = BYTES_MAX / ANSWER_MAX_BYTES;
        for n in 0..fit {
            claim(&replays, n, 0).ends(answered(ANSWER_MAX_BYTES));
        }
        assert!(is_known(&replays, 0, 0));
        claim(&replays, fit, 0).ends(answered(1));
        assert!(!is_known(&replays, 0, 0), "the oldest goes");
        assert!(is_known(&replays, 1, 0) && is_known(&replays, fit, 0));
        assert_eq!(replays.kept().bytes, BYTES_MAX - ANSWER_MAX_BYTES + 1);
    }

    #[test]
    fn one_that_breaks_off_is_not_done_again() {
        let replays = Arc::new(Replays::default());
        drop(claim(&replays, 0, 0));
        let Err(refused) = replays.claim(name(0), Same([0; 32]), Micros(1)) else {
            panic!("it was done again")
        };
        assert_eq!(refused.code, "IDEMPOTENCY_ANSWER_GONE");
        // What did nothing leaves nothing.
        claim(&replays, 1, 0).ends(None);
        assert!(!is_known(&replays, 1, 0));
        assert_eq!(replays.kept().order.len(), 1);
    }
}
