//! The buckets: the generic cell rate algorithm of `governor`, over a store of our own.
//!
//! `governor` decides; the store is ours for two reasons. The header `Reset` needs the time at which a
//! bucket is full, which is the very number that the algorithm keeps and that its answers do not show.
//! And the number of buckets must have a bound: names of callers are few, but addresses are not.

use super::{Class, Limiter, RateLimitConfig, Rules, Taken};
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use std::cell::Cell;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a watch shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Time that only goes forward, in nanoseconds since some start.
    pub elapsed_nanos: u64,
    /// The time of day, in microseconds since 1970.
    pub unix_micros: i64,
}

/// A host's clocks.
pub type Watch = Arc<dyn Fn() -> Reading + Send + Sync>;

/// Buckets that are kept. A bucket that is full again is the same as none, so only those count that
/// were used within their window.
const BUCKETS_MAX: usize = 100_000;

/// Who shares a bucket when there is no room for one more.
const CROWD: &str = "\u{0}crowd";

/// Token buckets, one for each caller and rule.
pub struct Buckets {
    rules: Rules,
    watch: Watch,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Per rule's bucket, per caller: when the bucket is full (elapsed nanoseconds).
    full_at: HashMap<&'static str, HashMap<Box<str>, u64>>,
    swept: u64,
}

impl Buckets {
    /// Buckets after these rules.
    pub fn new(rules: Rules, watch: Watch) -> Self {
        Buckets { rules, watch, kept: Mutex::new(Kept::default()) }
    }
}

impl Limiter for Buckets {
    fn take(&self, class: Class, who: &str) -> Option<Taken> {
        let rule = self.rules.of(class)?;
        let now = (self.watch)();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let who = kept.room_for(rule.bucket, who, now.elapsed_nanos);
        let of_rule = kept.full_at.entry(rule.bucket).or_default();
        let (taken, full_at) = ask(rule.config, of_rule.get(who).copied(), now);
        match of_rule.get_mut(who) {
            Some(place) => *place = full_at,
            None => drop(of_rule.insert(who.into(), full_at)),
        }
        Some(taken)
    }
}

impl Kept {
    /// The name whose bucket is asked: the caller's own, or the crowd's where there is no room.
    fn room_for<'w>(&mut self, bucket: &str, who: &'w str, now: u64) -> &'w str {
        let known = self.full_at.get(bucket).is_some_and(|of_rule| of_rule.contains_key(who));
        let count = |kept: &Kept| kept.full_at.values().map(HashMap::len).sum::<usize>();
        if known || count(self) < BUCKETS_MAX {
            return who;
        }
        // At most once a second, for it looks at every bucket.
        if now.saturating_sub(self.swept) >= 1_000_000_000 {
            self.swept = now;
            for of_rule in self.full_at.values_mut() {
                of_rule.retain(|_, full_at| *full_at > now);
            }
        }
        if count(self) < BUCKETS_MAX { who } else { CROWD }
    }
}

/// The state of one bucket, laid before the algorithm for one question.
struct Slot(Cell<Option<u64>>);

impl StateStore for &Slot {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (answer, next) = decide(self.0.get().map(Nanos::from))?;
        self.0.set(Some(next.into()));
        Ok(answer)
    }
}

/// A clock that stands still while a question is answered. Its first reading is the start of all
/// time, from which the algorithm counts.
struct Still(Cell<u64>, u64);

impl Clock for Still {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.replace(self.1))
    }
}

/// Takes one request out of a bucket that is full at a time (`None`: it is full).
fn ask(config: RateLimitConfig, full_at: Option<u64>, now: Reading) -> (Taken, u64) {
    let elapsed = now.elapsed_nanos;
    let capacity = config.max_requests.max(1).saturating_add(config.burst);
    let period = Duration::from_secs(config.window_secs) / config.max_requests.max(1);
    let one = NonZeroU32::MIN;
    let quota = Quota::with_period(period.max(Duration::from_nanos(1)))
        .unwrap_or(Quota::per_second(one))
        .allow_burst(NonZeroU32::new(capacity).unwrap_or(one));
    let slot = Slot(Cell::new(full_at));
    let limiter = RateLimiter::<NotKeyed, _, _, StateInformationMiddleware>::new(
        quota,
        &slot,
        Still(Cell::new(0), elapsed),
    );
    let answer = limiter.check();
    let full_at = slot.0.get().unwrap_or(elapsed).max(elapsed);
    let until_full = i64::try_from((full_at - elapsed) / 1000).unwrap_or(i64::MAX);
    // Whole seconds, upwards: at the time that is told the bucket is full.
    let reset = now.unix_micros.saturating_add(until_full).saturating_add(999_999) / 1_000_000;
    let (remaining, retry_after) = match answer {
        Ok(state) => (state.remaining_burst_capacity().min(config.max_requests), None),
        Err(refused) => {
            let wait = refused.wait_time_from(Nanos::from(elapsed));
            (0, Some(wait.as_nanos().div_ceil(1_000_000_000).max(1)))
        }
    };
    let retry_after = retry_after.map(|seconds| u64::try_from(seconds).unwrap_or(u64::MAX));
    (Taken { limit: config.max_requests, remaining, reset, retry_after }, full_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    const SECOND: u64 = 1_000_000_000;

    fn buckets(rules: Rules) -> (Buckets, Arc<AtomicU64>) {
        let time = Arc::new(AtomicU64::new(7 * SECOND));
        let shown = time.clone();
        let watch: Watch = Arc::new(move || {
            let elapsed_nanos = shown.load(Ordering::SeqCst);
            Reading {
                elapsed_nanos,
                unix_micros: 1_700_000_000_000_000 + (elapsed_nanos / 1000) as i64,
            }
        });
        (Buckets::new(rules, watch), time)
    }

    #[test]
    fn exactly_the_promised_number_passes_and_then_one_at_a_time() {
        let (buckets, time) = buckets(Rules::single(RateLimitConfig::new(6, 60, 2)));
        let unix = 1_700_000_007;
        for n in 1..=8_i64 {
            let taken = buckets.take(Class::Read, "a").unwrap();
            let remaining = (8 - n).min(6) as u32;
            let reset = unix + 10 * n;
            assert_eq!(taken, Taken { limit: 6, remaining, reset, retry_after: None }, "{n}");
        }
        let refused = Taken { limit: 6, remaining: 0, reset: unix + 80, retry_after: Some(10) };
        assert_eq!(buckets.take(Class::Read, "a"), Some(refused));
        assert_eq!(buckets.take(Class::Write, "b").unwrap().remaining, 6);
        time.fetch_add(9 * SECOND, Ordering::SeqCst);
        assert_eq!(buckets.take(Class::Read, "a").unwrap().retry_after, Some(1));
        time.fetch_add(SECOND, Ordering::SeqCst);
        assert_eq!(buckets.take(Class::Read, "a").unwrap().retry_after, None);
        assert_eq!(buckets.take(Class::Read, "a").unwrap().retry_after, Some(10));
        // Full at the time that was told, to the last request.
        time.fetch_add(80 * SECOND, Ordering::SeqCst);
        let passed =
            (0..20).filter(|_| buckets.take(Class::Read, "a").unwrap().retry_after.is_none());
        assert_eq!(passed.count(), 8);
    }

    #[test]
    fn categories_have_buckets_of_their_own() {
        let (buckets, _) = buckets(Rules::specification());
        for (class, most) in [
            (Class::Read, 1000),
            (Class::Write, 100),
            (Class::Query, 60),
            (Class::BranchCreation, 10),
        ] {
            for n in 0..most {
                let taken = buckets.take(class, "a").unwrap();
                assert_eq!((taken.remaining, taken.retry_after), (most - n - 1, None), "{class:?}");
            }
            assert!(buckets.take(class, "a").unwrap().retry_after.is_some(), "{class:?}");
        }
        assert!(buckets.take(Class::HeavyWrite, "a").unwrap().retry_after.is_some());
    }

    #[test]
    fn names_without_end_share_a_bucket_in_the_end() {
        let (buckets, time) = buckets(Rules::single(RateLimitConfig::new(1, 60, 0)));
        for n in 0..BUCKETS_MAX {
            assert_eq!(buckets.take(Class::Public, &n.to_string()).unwrap().retry_after, None);
        }
        assert_eq!(buckets.take(Class::Public, "one more").unwrap().retry_after, None);
        assert!(buckets.take(Class::Public, "and another").unwrap().retry_after.is_some());
        assert!(buckets.take(Class::Public, "17").unwrap().retry_after.is_some());
        time.fetch_add(60 * SECOND, Ordering::SeqCst);
        assert_eq!(buckets.take(Class::Public, "and another").unwrap().retry_after, None);
    }
}
