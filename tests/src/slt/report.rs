//! How records ended, counted, with the first of each kind of failure.

use std::collections::BTreeMap;
use std::fmt;

/// How a record ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As the record says.
    Passed,
    /// Otherwise.
    Wrong(Failure),
    /// Refused by name.
    Unsupported(Failure),
    /// Not run.
    Skipped,
}

/// What was not as a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it has in common with others.
    pub kind: String,
    /// What was expected and given.
    pub detail: String,
}

#[derive(Debug, Clone)]
struct Seen {
    count: u64,
    /// Place, SQL and detail of the first.
    first: String,
}

/// What came of all records of some files.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Gave what they say.
    pub passed: u64,
    /// Gave something else.
    pub wrong: u64,
    /// Refused by name.
    pub unsupported: u64,
    /// Failed behind an unsupported record that would have written.
    pub in_doubt: u64,
    /// Not run.
    pub skipped: u64,
    kinds: BTreeMap<(&'static str, String), Seen>,
}

impl Report {
    /// Counts a record. `doubt`: data may be missing because of an earlier one.
    pub fn add(&mut self, place: &str, sql: &str, verdict: Verdict, doubt: bool) {
        let (what, failure) = match verdict {
            Verdict::Passed => {
                self.passed += 1;
                return;
            }
            Verdict::Skipped => {
                self.skipped += 1;
                return;
            }
            Verdict::Wrong(failure) if doubt => {
                self.in_doubt += 1;
                ("in doubt", failure)
            }
            Verdict::Wrong(failure) => {
                self.wrong += 1;
                ("wrong", failure)
            }
            Verdict::Unsupported(failure) => {
                self.unsupported += 1;
                ("unsupported", failure)
            }
        };
        let seen = self.kinds.entry((what, failure.kind)).or_insert_with(|| Seen {
            count: 0,
            first: format!("{place}\n{sql}\n{}", failure.detail),
        });
        seen.count += 1;
    }

    /// Adds what came of other files.
    pub fn merge(&mut self, other: Report) {
        self.passed += other.passed;
        self.wrong += other.wrong;
        self.unsupported += other.unsupported;
        self.in_doubt += other.in_doubt;
        self.skipped += other.skipped;
        for (kind, seen) in other.kinds {
            match self.kinds.get_mut(&kind) {
                Some(known) => known.count += seen.count,
                None => drop(self.kinds.insert(kind, seen)),
            }
        }
    }

    /// The counts in a line.
    pub fn summary(&self) -> String {
        let Report { passed, wrong, unsupported, in_doubt, skipped, .. } = self;
        format!(
            "{passed} passed, {wrong} wrong, {unsupported} unsupported, {in_doubt} in doubt, \
             {skipped} skipped"
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((what, kind), seen) in &self.kinds {
            writeln!(f, "{what}, {} ×: {kind}", seen.count)?;
            for line in seen.first.lines() {
                writeln!(f, "    {line}")?;
            }
        }
        f.write_str(&self.summary())
    }
}
