//! Statements that were parsed lately. Parsing takes longer than a lookup by key, and programs send
//! the same texts over and over. Long texts (an INSERT of a thousand rows) are kept when they come a
//! second time: most of them carry their data and never do.

use super::dml::{Apart, apart};
use super::parse::{Parsed, parse};
use crate::error::Result;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// Texts that are kept.
const STATEMENTS_MAX: usize = 256;
/// Length of texts that are kept, in bytes, all together.
const BYTES_MAX: usize = 256 * 1024;
/// The longest text that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// The longest text that is kept at first sight, in bytes.
const SHORT_BYTES_MAX: usize = 2048;
/// Long texts whose first sight is remembered.
const SEEN_MAX: usize = 8;

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
    /// Length of the young texts together.
    young_bytes: usize,
    /// Hashes of long texts that came once, newest last.
    seen: VecDeque<u64>,
}

impl StatementCache {
    /// The syntax tree of a statement.
    ///
    /// # Errors
    /// As [`parse`].
    pub(super) fn parse(&self, sql: &str, bytes_max: usize) -> Result<Arc<Parsed>> {
        // What is wrong with a statement is told of the statement as it was written.
        if sql.len() <= bytes_max
            && let Some(Apart { sql, rows }) = apart(sql)
            && let Ok(parsed) = self.whole(&sql, usize::MAX)
            && parsed.points.is_empty()
        {
            return Ok(Arc::new(Parsed { rows: Some(rows), ..Parsed::clone(&parsed) }));
        }
        self.whole(sql, bytes_max)
    }

    fn whole(&self, sql: &str, bytes_max: usize) -> Result<Arc<Parsed>> {
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
        if sql.len() <= SHORT_BYTES_MAX || generations.came_before(sql) {
            generations.put(sql.into(), parsed.clone());
        }
        Ok(parsed)
    }
}

impl Generations {
    fn put(&mut self, text: Box<str>, parsed: Arc<Parsed>) {
        if self.young.len() >= STATEMENTS_MAX / 2 || self.young_bytes + text.len() > BYTES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += text.len();
        self.young.insert(text, parsed);
    }

    /// Whether a long text was seen lately; from now on it was.
    fn came_before(&mut self, text: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        if let Some(at) = self.seen.iter().position(|seen| *seen == hash) {
            self.seen.remove(at);
            return true;
        }
        if self.seen.len() >= SEEN_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(hash);
        false
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

    #[test]
    fn a_long_text_is_kept_when_it_comes_again() {
        let cache = StatementCache::default();
        let long = |n: usize| format!("SELECT {n}{}", ", 1".repeat(SHORT_BYTES_MAX));
        let parse = |n: usize| cache.parse(&long(n), 1 << 20).unwrap();
        let first = parse(0);
        let second = parse(0);
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(Arc::ptr_eq(&second, &parse(0)));
        (1..100).for_each(|n| drop((parse(n), parse(n))));
        let generations = cache.0.lock().unwrap();
        let texts = generations.young.keys().chain(generations.old.keys());
        assert!(texts.map(|text| text.len()).sum::<usize>() <= BYTES_MAX);
    }
}
