//! Rate limits as a server is told them: presets, one measure for all, or a file.

use offshoot_api::limits::{Buckets, Class, Limiter, Reading, Rule, Rules, Watch};
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub use offshoot_api::limits::RateLimitConfig;

/// How often callers may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitMiddleware(Option<Rules>);

impl RateLimitMiddleware {
    /// One measure for everything that a caller does.
    pub fn new(config: RateLimitConfig) -> Self {
        RateLimitMiddleware(Some(Rules::single(config)))
    }

    /// The specification's four categories: 1000 reads, 100 writes, 60 queries and 10 new branches a
    /// minute.
    pub fn specification() -> Self {
        RateLimitMiddleware(Some(Rules::specification()))
    }

    /// The tutorial's presets: public, authenticated and heavy operations.
    pub fn tutorial() -> Self {
        RateLimitMiddleware(Some(Rules::tutorial()))
    }

    /// No limits.
    pub fn off() -> Self {
        RateLimitMiddleware(None)
    }

    /// Rules of a file in JSON (`docs/security.md`): a measure for each category, over a preset.
    ///
    /// # Errors
    /// What is not understood.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let given: Given = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        given.rules().map(|rules| RateLimitMiddleware(Some(rules)))
    }

    pub(super) fn limiter(self) -> Option<Arc<dyn Limiter>> {
        let rules = self.0?;
        Some(Arc::new(Buckets::new(rules, watch())))
    }
}

/// The system's clocks: one that only goes forward, and the time of day.
fn watch() -> Watch {
    let start = Instant::now();
    Arc::new(move || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Reading {
            elapsed_nanos: u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX),
            unix_micros: i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    preset: Option<String>,
    all: Option<Measure>,
    public: Option<Measure>,
    read: Option<Measure>,
    write: Option<Measure>,
    query: Option<Measure>,
    branch_creation: Option<Measure>,
    heavy: Option<Measure>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct Measure {
    max_requests: u32,
    #[serde(default = "minute")]
    window_secs: u64,
    #[serde(default)]
    burst: u32,
}

fn minute() -> u64 {
    60
}

impl Measure {
    fn config(self) -> Result<RateLimitConfig, String> {
        match (self.max_requests, self.window_secs) {
            (0, _) | (_, 0) => Err("max_requests and window_secs are at least 1".into()),
            (requests, window @ 1..=31_536_000) => {
                Ok(RateLimitConfig::new(requests, window, self.burst))
            }
            _ => Err("window_secs is at most a year".into()),
        }
    }
}

impl Given {
    fn rules(&self) -> Result<Rules, String> {
        let base = match self.preset.as_deref() {
            None => None,
            Some("specification") => Some(Rules::specification()),
            Some("tutorial") => Some(Rules::tutorial()),
            Some(other) => {
                return Err(format!("preset '{other}' is neither specification nor tutorial"));
            }
        };
        let rule = |bucket, measure: Option<Measure>| {
            measure.map(|m| m.config().map(|config| Rule { bucket, config })).transpose()
        };
        let all = rule("all", self.all)?;
        let public = rule("public", self.public)?;
        let read = rule("read", self.read)?;
        let write = rule("write", self.write)?;
        let query = rule("query", self.query)?;
        let branch = rule("branch_creation", self.branch_creation)?;
        let heavy = rule("heavy", self.heavy)?;
        Ok(Rules::new(|class| {
            let own = match class {
                Class::Public => public,
                Class::Read => read,
                Class::HeavyRead => heavy.or(read),
                Class::Write => write,
                Class::HeavyWrite => heavy.or(write),
                Class::Query => query,
                Class::BranchCreation => branch,
            };
            own.or(all).or_else(|| base.and_then(|base| base.of(class)))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        let of = |text: &str| RateLimitMiddleware::from_json(text.as_bytes());
        let rules = of(r#"{"read": {"max_requests": 5, "window_secs": 10, "burst": 2}}"#);
        let rules = rules.unwrap().0.unwrap();
        assert_eq!(rules.of(Class::HeavyRead).unwrap().config, RateLimitConfig::new(5, 10, 2));
        assert_eq!(rules.of(Class::Write), None);
        let over = of(r#"{"preset": "specification", "query": {"max_requests": 7}}"#).unwrap();
        let over = over.0.unwrap();
        assert_eq!(over.of(Class::Query).unwrap().config, RateLimitConfig::new(7, 60, 0));
        assert_eq!(over.of(Class::Write), Rules::specification().of(Class::Write));
        for wrong in [
            "",
            "{}x",
            r#"{"reads": {"max_requests": 1}}"#,
            r#"{"read": {"max_requests": 0}}"#,
            r#"{"read": {"max_requests": 1, "window_secs": 0}}"#,
            r#"{"preset": "other"}"#,
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
