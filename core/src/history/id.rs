//! Names of points in history.

use crate::chunk::Hash;
use std::fmt;

/// A commit's name: the hash of its encoded form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub Hash);

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "commit {:?}", self.0)
    }
}

/// System change number: 1 + the first parent's, so unique and increasing along one branch. The
/// first commit of a database has SCN 1. Below 2^53. It is also the transaction id on that line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Scn(pub u64);

impl Scn {
    /// The number after this one.
    pub fn next(self) -> Scn {
        Scn(self.0 + 1)
    }
}

impl fmt::Display for Scn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A point in time: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Micros(pub i64);
