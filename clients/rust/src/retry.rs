//! What may be sent a second time, and when.

use crate::error::Error;
use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

/// The first wait, where the server asks for none; each later one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// How a client repeats.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// How often a request is repeated.
    pub retries: u32,
    /// A request that is to wait for longer is not repeated.
    pub longest_wait: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy { retries: 3, longest_wait: Duration::from_secs(30) }
    }
}

impl Policy {
    /// How long to wait before an attempt is repeated; `None`: it is not. `repeatable` says that
    /// doing it twice does no harm.
    pub fn wait(&self, error: &Error, attempt: u32, repeatable: bool) -> Option<Duration> {
        if attempt >= self.retries || !may_repeat(error, repeatable) {
            return None;
        }
        let asked = error.api().and_then(|error| error.retry_after);
        let own = || jittered(FIRST_WAIT.saturating_mul(2u32.saturating_pow(attempt)));
        let wait = asked.unwrap_or_else(|| own().min(self.longest_wait));
        (wait <= self.longest_wait).then_some(wait)
    }
}

fn may_repeat(error: &Error, repeatable: bool) -> bool {
    match error {
        Error::NotConnected(_) => true,
        Error::Lost(_) => repeatable,
        _ => error.api().is_some_and(|error| {
            // 502, 503, 504: something between us and the server says that it may go better later.
            let passing = matches!(error.status.as_u16(), 502..=504);
            error.retriable() || (repeatable && passing)
        }),
    }
}

/// Between half of it and all of it, so that clients that failed together do not come back together.
fn jittered(wait: Duration) -> Duration {
    // The keys of a `RandomState` are the standard library's only randomness.
    let random = RandomState::new().hash_one(0u8) % 1024;
    wait.mul_f64(0.5 + random as f64 / 2048.0)
}

/// What `Retry-After` says: seconds, or a date, which is measured against the answer's own clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = httpdate::parse_http_date(text).ok()?;
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let now = date.and_then(|date| httpdate::parse_http_date(date).ok());
    Some(then.duration_since(now.unwrap_or_else(SystemTime::now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiError;
    use http::{HeaderValue, StatusCode};

    fn refused(status: u16, body: &str, retry_after: Option<Duration>) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        Error::of(ApiError::read(status, body.as_bytes(), None, retry_after))
    }

    #[test]
    fn writes_are_repeated_only_where_nothing_was_begun() {
        let policy = Policy::default();
        let may = |error: &Error, repeatable| policy.wait(error, 0, repeatable).is_some();
        let retriable = r#"{"error": {"code": "WRITE_CONFLICT", "message": "", "details": {"retriable": true}}}"#;
        let safe = [
            Error::NotConnected(String::new()),
            refused(429, "", None),
            refused(409, retriable, None),
            refused(503, retriable, None),
        ];
        assert!(safe.iter().all(|error| may(error, false) && may(error, true)));
        let open = [Error::Lost(String::new()), refused(503, "", None), refused(502, "", None)];
        assert!(open.iter().all(|error| !may(error, false) && may(error, true)));
        let settled = [refused(400, "", None), refused(500, "", None), refused(409, "", None)];
        assert!(settled.iter().all(|error| !may(error, false) && !may(error, true)));
    }

    #[test]
    fn waits_grow_and_end() {
        let policy = Policy { retries: 20, longest_wait: Duration::from_secs(2) };
        let lost = Error::Lost(String::new());
        let wait = |attempt| policy.wait(&lost, attempt, true).unwrap();
        for attempt in 0..20 {
            let full = Duration::from_millis(100 << attempt.min(10)).min(policy.longest_wait);
            assert!(wait(attempt) >= full / 2 && wait(attempt) <= full, "{attempt}");
        }
        assert_eq!(policy.wait(&lost, 20, true), None);
        let asked = |seconds| refused(429, "", Some(Duration::from_secs(seconds)));
        assert_eq!(policy.wait(&asked(1), 5, false), Some(Duration::from_secs(1)));
        assert_eq!(policy.wait(&asked(3), 0, true), None);
    }

    #[test]
    fn servers_say_when_in_seconds_or_as_a_date() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
        let then = HeaderValue::from_static("Fri, 21 Nov 2025 10:00:09 GMT");
        headers.insert(RETRY_AFTER, then);
        headers.insert(DATE, HeaderValue::from_static("Fri, 21 Nov 2025 10:00:00 GMT"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(9)));
        headers.insert(DATE, HeaderValue::from_static("Fri, 21 Nov 2025 11:00:00 GMT"));
        assert_eq!(retry_after(&headers), Some(Duration::ZERO));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("soon"));
        assert_eq!(retry_after(&headers), None);
    }
}
