//! How much is promised to whom.

use super::Class;

/// A bucket's measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitConfig {
    /// Requests in a window; what `X-RateLimit-Limit` says. At least 1.
    pub max_requests: u32,
    /// The window, in seconds. At least 1.
    pub window_secs: u64,
    /// Requests beyond them that pass at once after a rest.
    pub burst: u32,
}

impl RateLimitConfig {
    /// So many requests in so many seconds, and a burst beyond. Zero requests or seconds are taken as
    /// one: a server that nobody can ask is switched off otherwise.
    pub const fn new(max_requests: u32, window_secs: u64, burst: u32) -> Self {
        let max_requests = if max_requests == 0 { 1 } else { max_requests };
        let window_secs = if window_secs == 0 { 1 } else { window_secs };
        RateLimitConfig { max_requests, window_secs, burst }
    }

    /// The tutorial's, for public endpoints: 30 a minute, 5 beyond.
    pub const fn public() -> Self {
        Self::new(30, 60, 5)
    }

    /// The tutorial's, for authenticated users: 100 a minute, 10 beyond.
    pub const fn authenticated() -> Self {
        Self::new(100, 60, 10)
    }

    /// The tutorial's, for heavy operations: 10 a minute, 2 beyond.
    pub const fn heavy_operations() -> Self {
        Self::new(10, 60, 2)
    }
}

/// Which bucket a class of requests is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The bucket's name; classes that share it share their allowance.
    pub bucket: &'static str,
    /// Its measure.
    pub config: RateLimitConfig,
}

/// A rule for each class, or none where it is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules([Option<Rule>; Class::ALL.len()]);

impl Rules {
    /// Rules by class.
    pub fn new(rule: impl Fn(Class) -> Option<Rule>) -> Self {
        Rules(Class::ALL.map(rule))
    }

    /// One bucket for everything.
    pub fn single(config: RateLimitConfig) -> Self {
        Rules::new(|_| Some(Rule { bucket: "all", config }))
    }

    /// The specification's four categories. Public routes are read operations.
    pub fn specification() -> Self {
        let rule = |bucket, most| Rule { bucket, config: RateLimitConfig::new(most, 60, 0) };
        Rules::new(|class| {
            Some(match class {
                Class::Public | Class::Read | Class::HeavyRead => rule("read", 1000),
                Class::Write | Class::HeavyWrite => rule("write", 100),
                Class::Query => rule("query", 60),
                Class::BranchCreation => rule("branch_creation", 10),
            })
        })
    }

    /// The tutorial's three presets.
    pub fn tutorial() -> Self {
        let (public, heavy) = (RateLimitConfig::public(), RateLimitConfig::heavy_operations());
        Rules::new(|class| {
            Some(match class {
                Class::Public => Rule { bucket: "public", config: public },
                Class::HeavyRead | Class::HeavyWrite => Rule { bucket: "heavy", config: heavy },
                Class::Read | Class::Write | Class::Query | Class::BranchCreation => {
                    Rule { bucket: "authenticated", config: RateLimitConfig::authenticated() }
                }
            })
        })
    }

    /// The rule of a class.
    pub fn of(&self, class: Class) -> Option<Rule> {
        let place = Class::ALL.iter().position(|known| *known == class)?;
        self.0.get(place).copied().flatten()
    }
}
