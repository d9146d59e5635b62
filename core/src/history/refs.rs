//! The names under which a store keeps what changes: branches, snapshots and horizons.

use super::{BranchId, CommitId, SnapshotId};
use crate::chunk::Hash;
use std::fmt;

/// Before the name of a live branch.
pub const BRANCH_PREFIX: &str = "branch/";
/// Before the id of a deleted branch.
pub const DELETED_PREFIX: &str = "deleted/";
/// Before the id of a snapshot.
pub const SNAPSHOT_PREFIX: &str = "snapshot/";
/// Before the commit at which a line was cut off.
pub const SHALLOW_PREFIX: &str = "shallow/";

/// The name of a ref. Its text is what the store sees.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefName {
    /// `branch/<name>`: a `BranchRecord` that is active or merged.
    Branch(String),
    /// `deleted/<id>`: the `BranchRecord` of a deleted branch.
    Deleted(BranchId),
    /// `snapshot/<id>`: a `SnapshotRecord`.
    Snapshot(SnapshotId),
    /// `shallow/<commit>`: a `ShallowRecord`.
    Shallow(CommitId),
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RefName::Branch(name) => write!(f, "{BRANCH_PREFIX}{name}"),
            RefName::Deleted(id) => write!(f, "{DELETED_PREFIX}{id}"),
            RefName::Snapshot(id) => write!(f, "{SNAPSHOT_PREFIX}{id}"),
            RefName::Shallow(commit) => write!(f, "{SHALLOW_PREFIX}{commit}"),
        }
    }
}

impl RefName {
    /// The name as the store has it.
    pub fn into_text(self) -> String {
        match self {
            // Every commit names its branch: one allocation, where formatting takes several.
            RefName::Branch(name) => [BRANCH_PREFIX, &name].concat(),
            other => other.to_string(),
        }
    }

    /// The ref of this name; `None` if it is of another kind, which is left alone.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix(BRANCH_PREFIX) {
            Some(RefName::Branch(name.to_owned()))
        } else if let Some(id) = text.strip_prefix(DELETED_PREFIX) {
            id.parse().ok().map(RefName::Deleted)
        } else if let Some(id) = text.strip_prefix(SNAPSHOT_PREFIX) {
            id.parse().ok().map(RefName::Snapshot)
        } else {
            let commit = text.strip_prefix(SHALLOW_PREFIX)?;
            commit.parse::<Hash>().ok().map(|hash| RefName::Shallow(CommitId(hash)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive() {
        let all = [
            RefName::Branch("a/b".into()),
            RefName::Deleted(BranchId([7; 16])),
            RefName::Snapshot(SnapshotId([8; 16])),
            RefName::Shallow(CommitId(Hash::of(b"x"))),
        ];
        for name in all {
            assert_eq!(RefName::parse(&name.to_string()), Some(name.clone()));
            assert_eq!(name.to_string(), name.into_text());
        }
        for other in ["branch", "deleted/br_1", "snapshot/x", "shallow/", "tag/a", ""] {
            assert_eq!(RefName::parse(other), None, "{other}");
        }
    }
}
