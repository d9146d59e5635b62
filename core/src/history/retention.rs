//! How much history is kept.

use super::Micros;

/// What garbage collection may drop. By default nothing of history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// History older than this may be dropped; the state at the horizon and all after it stay
    /// queryable. `None` keeps everything.
    pub horizon_micros: Option<u64>,
    /// Packs younger than this are kept whatever they hold, because a writer may have written
    /// chunks that its ref does not name yet.
    pub grace_micros: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { horizon_micros: None, grace_micros: 3_600 * 1_000_000 }
    }
}

impl Retention {
    /// The time at `now` whose state is the oldest to be kept; `None` if all is kept.
    pub fn cutoff(&self, now: Micros) -> Option<Micros> {
        self.horizon_micros.map(|age| before(now, age))
    }

    /// Packs written after this are kept.
    pub fn grace_since(&self, now: Micros) -> Micros {
        before(now, self.grace_micros)
    }
}

fn before(now: Micros, age: u64) -> Micros {
    Micros(now.0.saturating_sub_unsigned(age))
}
