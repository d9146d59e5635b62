//! What an evaluation depends on besides its row.

use super::EvalError;
use super::regex::Patterns;
use crate::moment::Moment;
use std::cell::Cell;

/// How many nodes are evaluated between two looks at the deadline.
const STEPS_BETWEEN_LOOKS: u32 = 1024;

/// The moment and the deadline of one statement.
///
/// Make one per statement and use it for all of its rows, in their order: each volatile value that
/// is drawn has a number, and with it comes from the moment's seed, so that a statement that runs
/// again draws the same values again.
#[derive(Debug)]
pub struct EvalContext<'a>(Option<Statement<'a>>);

struct Statement<'a> {
    moment: &'a Moment,
    expired: Option<&'a dyn Fn() -> bool>,
    drawn: Cell<u64>,
    steps: Cell<u32>,
    patterns: Patterns,
}

impl std::fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statement")
            .field("moment", self.moment)
            .field("drawn", &self.drawn)
            .finish()
    }
}

impl<'a> EvalContext<'a> {
    /// For indexes and checks: no time, no randomness, no deadline.
    pub const fn timeless() -> Self {
        EvalContext(None)
    }

    /// For a statement that runs at this moment.
    pub fn at(moment: &'a Moment) -> Self {
        let (drawn, steps) = (Cell::new(0), Cell::new(0));
        let patterns = Patterns::default();
        EvalContext(Some(Statement { moment, expired: None, drawn, steps, patterns }))
    }

    /// The same with a deadline, which is looked at now and then. A timeless context has none.
    #[must_use]
    pub fn until(self, expired: &'a dyn Fn() -> bool) -> Self {
        EvalContext(self.0.map(|statement| Statement { expired: Some(expired), ..statement }))
    }

    /// The same with this many volatile values already drawn, for a statement in several parts.
    #[must_use]
    pub fn drawn_before(self, count: u64) -> Self {
        EvalContext(self.0.map(|statement| Statement { drawn: Cell::new(count), ..statement }))
    }

    /// How many volatile values were drawn.
    pub fn drawn(&self) -> u64 {
        self.0.as_ref().map_or(0, |statement| statement.drawn.get())
    }

    /// The statement's time in microseconds since 1970; `function` wants it.
    pub(super) fn now_us(&self, function: &'static str) -> Result<i64, EvalError> {
        self.0.as_ref().map(|s| s.moment.now.0).ok_or(EvalError::Volatile(function))
    }

    /// Bytes that no other draw of the statement gives; `function` wants them.
    pub(super) fn draw(&self, function: &'static str) -> Result<[u8; 32], EvalError> {
        let statement = self.0.as_ref().ok_or(EvalError::Volatile(function))?;
        let number = statement.drawn.get();
        statement.drawn.set(number.wrapping_add(1));
        Ok(statement.moment.derive("expression", number))
    }

    /// Regular expressions that the statement has compiled.
    pub(super) fn patterns(&self) -> Option<&Patterns> {
        self.0.as_ref().map(|statement| &statement.patterns)
    }

    /// One step of work.
    pub(super) fn step(&self) -> Result<(), EvalError> {
        let Some(statement) = &self.0 else { return Ok(()) };
        let steps = statement.steps.get().wrapping_add(1);
        statement.steps.set(steps);
        match (steps % STEPS_BETWEEN_LOOKS, statement.expired) {
            (0, Some(expired)) if expired() => Err(EvalError::Expired),
            _ => Ok(()),
        }
    }
}
