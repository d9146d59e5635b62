//! What EXPLAIN is told of a statement while it runs: how each of its queries found its rows.

use super::request::Limits;
use crate::chunk::Chunks;
use std::cell::RefCell;

/// Collects the lines of queries, in the order in which they ran.
#[derive(Debug)]
pub(crate) struct Trace {
    counts: bool,
    rows: RefCell<Vec<String>>,
    subqueries: RefCell<Vec<String>>,
}

impl Trace {
    /// Collects plans; with `counts`, what their operators did as well.
    pub fn new(counts: bool) -> Self {
        Trace { counts, rows: RefCell::default(), subqueries: RefCell::default() }
    }

    /// Whether operators count what they do.
    pub fn counts(&self) -> bool {
        self.counts
    }

    /// How the statement found its rows.
    pub fn rows(&self, lines: impl IntoIterator<Item = String>) {
        self.rows.borrow_mut().extend(lines);
    }

    /// How a subquery that ran once, before the rows were looked for, found its own: these lines were
    /// given to [`rows`](Self::rows) since there were `before`.
    pub fn was_subquery(&self, what: &str, before: usize) {
        let mut rows = self.rows.borrow_mut();
        let before = before.min(rows.len());
        let lines = rows.split_off(before);
        let mut subqueries = self.subqueries.borrow_mut();
        subqueries.push(format!("subquery ({what}), run once"));
        subqueries.extend(lines.iter().map(|line| format!("  {line}")));
    }

    /// How many lines there are of rows.
    pub fn len(&self) -> usize {
        self.rows.borrow().len()
    }

    /// Forgets what was told, which is to be told anew.
    pub fn clear(&self) {
        self.rows.borrow_mut().clear();
        self.subqueries.borrow_mut().clear();
    }

    /// The lines, those of subqueries behind the others.
    pub fn into_lines(self) -> Vec<String> {
        let mut lines = self.rows.into_inner();
        lines.extend(self.subqueries.into_inner());
        lines
    }
}

/// What something takes: chunks that are read and, where the host has a clock, time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    /// Chunks read.
    pub chunk_reads: u64,
    /// Microseconds.
    pub micros: u64,
}

impl Taken {
    /// Where the counts stand.
    pub fn now(chunks: &Chunks, limits: &Limits) -> Self {
        let micros = limits.clock.as_ref().map_or(0, |clock| clock());
        Taken { chunk_reads: chunks.reads(), micros }
    }

    /// Adds what was taken since the counts stood so.
    pub fn add_since(&mut self, before: Taken, chunks: &Chunks, limits: &Limits) {
        let now = Taken::now(chunks, limits);
        self.chunk_reads += now.chunk_reads.saturating_sub(before.chunk_reads);
        self.micros += now.micros.saturating_sub(before.micros);
    }

    /// As EXPLAIN ANALYZE shows it: `3 chunk reads, 0.021 ms`.
    pub fn shown(&self, limits: &Limits) -> String {
        let Taken { chunk_reads, micros } = self;
        match &limits.clock {
            None => format!("{chunk_reads} chunk reads"),
            Some(_) => {
                format!("{chunk_reads} chunk reads, {}.{:03} ms", micros / 1000, micros % 1000)
            }
        }
    }
}
