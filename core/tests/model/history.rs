//! Commits as a list, with the plainest answer to every question about them.

use super::{Key, State};
use offshoot_core::history::CommitId;
use std::collections::{BTreeSet, HashMap};

/// A commit of the model; parents by position, which is smaller than its own.
pub struct Commit {
    pub id: CommitId,
    pub scn: u64,
    pub time: i64,
    pub parents: Vec<usize>,
    pub state: State,
}

/// When a row was touched last, by time and commit.
pub type Touched<'h> = HashMap<&'h (usize, Key), (i64, CommitId)>;

/// All commits ever made.
#[derive(Default)]
pub struct History {
    commits: Vec<Commit>,
    /// What each commit changed against its first parent.
    changed: Vec<BTreeSet<(usize, Key)>>,
}

impl History {
    pub fn add(&mut self, commit: Commit) -> usize {
        if let Some(parent) = commit.parents.first() {
            assert_eq!(commit.scn, self.commits[*parent].scn + 1, "an SCN follows its parent's");
            assert!(commit.time > self.commits[*parent].time, "time goes on");
        }
        self.changed.push(match commit.parents.first() {
            Some(parent) => self.commits[*parent].state.differences(&commit.state),
            None => BTreeSet::new(),
        });
        self.commits.push(commit);
        self.commits.len() - 1
    }

    pub fn get(&self, at: usize) -> &Commit {
        &self.commits[at]
    }

    /// The line of a commit, newest first.
    pub fn line(&self, head: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(head), |at| self.commits[*at].parents.first().copied())
    }

    pub fn at_scn(&self, head: usize, scn: u64) -> Option<usize> {
        self.line(head).find(|at| self.commits[*at].scn <= scn)
    }

    pub fn at_time(&self, head: usize, time: i64) -> Option<usize> {
        self.line(head).find(|at| self.commits[*at].time <= time)
    }

    /// The commit and all that came before it.
    pub fn ancestors(&self, head: usize) -> BTreeSet<usize> {
        let (mut found, mut ahead) = (BTreeSet::new(), vec![head]);
        while let Some(at) = ahead.pop() {
            if found.insert(at) {
                ahead.extend(&self.commits[at].parents);
            }
        }
        found
    }

    /// The common ancestors of two commits that are not behind another one.
    pub fn bases(&self, one: usize, other: usize) -> Vec<usize> {
        let common: BTreeSet<usize> =
            self.ancestors(one).intersection(&self.ancestors(other)).copied().collect();
        let behind: BTreeSet<usize> =
            common.iter().flat_map(|at| self.commits[*at].parents.iter().copied()).collect();
        common.difference(&behind).copied().collect()
    }

    /// When each row that `side` touched and `other` lacks was touched last.
    pub fn touched(&self, side: usize, other: usize) -> Touched<'_> {
        let mut touched = Touched::new();
        let known = self.ancestors(other);
        for at in self.ancestors(side).difference(&known) {
            let when = (self.commits[*at].time, self.commits[*at].id);
            for row in &self.changed[*at] {
                let last = touched.entry(row).or_insert(when);
                *last = (*last).max(when);
            }
        }
        touched
    }
}
