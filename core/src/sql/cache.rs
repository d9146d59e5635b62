//! Statements that were parsed lately. Parsing takes longer than a lookup by key, and programs send
//! the same texts over and over.

use super::parse::{Parsed, parse};
use crate::error::Result;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Texts that are kept.
const STATEMENTS_MAX: usize = 256;
/// The longest text that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 2048;

/// Syntax trees by their text. Nothing in a syntax tree depends on definitions or parameters, so none
/// ever grows stale.
#[derive(Default)]
pub(crate) struct StatementCache(Mutex<Generations>);

/// What was used since the last turn, and what was used before it: a turn drops what was not used
/// for a whole generation.
#[derive(Default)]
struct Generations {
    young: HashMap<Box<str>, Arc<Parsed>>,
    old: HashMap<Box<str>, Arc<Parsed>>,
}

impl StatementCache {
    /// The syntax tree of a statement.
    ///
    /// # Errors
    /// As [`parse`].
    pub(super) fn parse(&self, sql: &str, bytes_max: usize) -> Result<Arc<Parsed>> {
        if sql.len() > TEXT_BYTES_MAX.min(bytes_max) {
            return parse(sql, bytes_max).map(Arc::new);
        }
        {
            let generations = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = generations.young.get(sql) {
                return Ok(known.clone());
            }
            if let Some((text, known)) = generations.old.remove_entry(sql) {
                generations.put(text, known.clone());
                return Ok(known);
            }
        }
        // Parsed without the lock, so that a long statement keeps nobody waiting.
        let parsed = Arc::new(parse(sql, bytes_max)?);
        let generations = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.put(sql.into(), parsed.clone());
        Ok(parsed)
    }
}

impl Generations {
    fn put(&mut self, text: Box<str>, parsed: Arc<Parsed>) {
        if self.young.len() >= STATEMENTS_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text, parsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let cache = StatementCache::default();
        let used = cache.parse("SELECT 1", 1000).unwrap();
        for n in 0..1000 {
            cache.parse(&format!("SELECT {n}, 2"), 1000).unwrap();
            assert!(Arc::ptr_eq(&used, &cache.parse("SELECT 1", 1000).unwrap()));
        }
        let generations = cache.0.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= STATEMENTS_MAX);
        drop(generations);
        assert!(cache.parse("SELECT 1", 3).is_err(), "a limit holds for what is kept as well");
        assert!(cache.parse("SELECT", 1000).is_err());
    }
}
