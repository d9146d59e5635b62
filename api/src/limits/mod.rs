//! How many requests a caller may make: token buckets.
//!
//! ```text
//!   route's Class ─┐
//!                  ├─▶ Limiter::take(class, who) ─▶ Taken { limit, remaining, reset, wait }
//!   caller's key ──┘                                    └─▶ X-RateLimit-* on the answer, or a 429
//! ```
//!
//! - A bucket belongs to a caller (tenant and subject), or to an address where there is no caller:
//!   public routes and failed credentials. So nobody gets a second allowance by another address, by a
//!   new token or by guessing; and guests of one address cannot use up what its callers have.
//! - A bucket holds the promised number of requests plus the burst, and refills evenly over its
//!   window. `X-RateLimit-Limit` is the promised number; `Remaining` is what would pass at once, but
//!   never more than the limit; `Reset` is the Unix time at which the bucket is full again.
//! - Where nothing is configured nothing is limited and no header is sent.
//!
//! The buckets themselves are the feature `limits`.

#[cfg(feature = "limits")]
mod buckets;
mod config;

#[cfg(feature = "limits")]
pub use buckets::{Buckets, Reading, Watch};
pub use config::{RateLimitConfig, Rule, Rules};

/// What a request is, to those who count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Of nobody known: public routes, and requests whose credential failed. Counted by address.
    Public,
    /// Reads.
    Read,
    /// Reads much: differences of branches, the graph.
    HeavyRead,
    /// Writes.
    Write,
    /// Writes much: merges, restoring.
    HeavyWrite,
    /// Runs a query.
    Query,
    /// Makes a branch.
    BranchCreation,
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 7] = [
        Class::Public,
        Class::Read,
        Class::HeavyRead,
        Class::Write,
        Class::HeavyWrite,
        Class::Query,
        Class::BranchCreation,
    ];
}

/// What taking one request out of a bucket came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The promised number of requests.
    pub limit: u32,
    /// How many would pass now, at most the limit.
    pub remaining: u32,
    /// When the bucket is full, in Unix seconds.
    pub reset: i64,
    /// `None` where the request passes; else in how many seconds one would, at least 1.
    pub retry_after: Option<u64>,
}

/// Counts requests.
pub trait Limiter: Send + Sync {
    /// Takes one request; `None` where this class is not limited.
    fn take(&self, class: Class, who: &str) -> Option<Taken>;
}
