//! A branch at a time: which commit that is, and what it held.

use super::{Database, Head, KEYFRAME_AFTER_COMMITS, locked};
use crate::chunk::{Chunks, Hash};
use crate::error::{Error, Kind, Result};
use crate::history::{
    BodyKind, BranchRecord, BranchStatus, CommitHeader, CommitId, CommitReader, Micros, Scn,
    SnapshotId, SnapshotKind, SnapshotRecord,
};
use crate::row::State;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError};

/// A point of a branch's history.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum AsOf {
    /// The newest commit.
    #[default]
    Now,
    /// The last commit at or before a time; a whole second means through its end, so that a time
    /// which was shown without its fraction finds its commit.
    Time {
        /// When.
        at: Micros,
        /// Whether the time was given in whole seconds.
        whole_second: bool,
    },
    /// The last commit at or before a number.
    Scn(Scn),
    /// After a transaction; the same numbers.
    Transaction(Scn),
    /// A snapshot, by id or name.
    Snapshot(String),
    /// A commit of this branch's line, by id.
    Commit(CommitId),
}

/// What a branch held at a point.
#[derive(Debug, Clone)]
pub struct Point {
    /// The commit.
    pub commit: CommitId,
    /// Its number.
    pub scn: Scn,
    /// Its time.
    pub time: Micros,
    /// What it held.
    pub state: State,
    /// Bytes and number of deltas between the newest keyframe and this commit.
    pub(super) deltas: (u64, u64),
}

/// Which commits were found for points that were asked for, under the heads of that time.
#[derive(Default)]
pub(super) struct Resolved(HashMap<(CommitId, AsOf), CommitId>);

const RESOLVED_KEPT: usize = 1024;

impl Resolved {
    fn get(&self, asked: &(CommitId, AsOf)) -> Option<CommitId> {
        self.0.get(asked).copied()
    }

    fn put(&mut self, asked: (CommitId, AsOf), commit: CommitId) {
        if self.0.len() >= RESOLVED_KEPT {
            self.0.clear();
        }
        self.0.insert(asked, commit);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Recently read points. Bounded by number: overlays are bounded by the keyframe rule.
#[derive(Default)]
pub(super) struct StateCache(VecDeque<Arc<Point>>);

const STATES_KEPT: usize = 32;

impl StateCache {
    fn get(&mut self, commit: CommitId) -> Option<Arc<Point>> {
        let at = self.0.iter().position(|point| point.commit == commit)?;
        let point = self.0.remove(at)?;
        self.0.push_back(point.clone());
        Some(point)
    }

    /// All of them, to look for one after the other of a line's commits.
    fn by_commit(&self) -> HashMap<CommitId, Arc<Point>> {
        self.0.iter().map(|point| (point.commit, point.clone())).collect()
    }

    fn put(&mut self, point: Arc<Point>) {
        if self.0.len() >= STATES_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(point);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Database {
    /// What a branch held at a point.
    ///
    /// # Errors
    /// `NotFound` for the branch or snapshot, `BeforeHistory`, `HistoryTruncated`; a fault.
    pub fn point(&self, branch: &str, as_of: &AsOf) -> Result<Arc<Point>> {
        let head = self.head(branch)?;
        if *as_of == AsOf::Now {
            return Ok(Arc::new(Point::of(&head)));
        }
        let chunks = self.chunks();
        let asked = (head.commit, as_of.clone());
        let known = locked(&self.resolved).get(&asked);
        let commit = match known {
            Some(commit) => commit,
            None => {
                let commit = self.resolve(&chunks, &head, as_of)?;
                // A snapshot's name may come to mean another commit; all else is fixed by the head.
                if !matches!(as_of, AsOf::Snapshot(_)) {
                    locked(&self.resolved).put(asked, commit);
                }
                commit
            }
        };
        match commit == head.commit {
            true => Ok(Arc::new(Point::of(&head))),
            false => self.state_at(&chunks, commit),
        }
    }

    /// The commit that a point of a branch is.
    pub(super) fn resolve(&self, chunks: &Chunks, head: &Head, as_of: &AsOf) -> Result<CommitId> {
        let shallow = self.shallow();
        let history = CommitReader::with_shallow(chunks, &shallow);
        Ok(match as_of {
            AsOf::Now => head.commit,
            AsOf::Time { at, whole_second } => history.at_time(&head.commit, *at, *whole_second)?,
            AsOf::Scn(scn) | AsOf::Transaction(scn) => history.at_scn(&head.commit, *scn)?,
            AsOf::Commit(id) => match history.is_on_line(&head.commit, id)? {
                true => *id,
                false => {
                    return Err(Error::Invalid(format!(
                        "commit {id} is not in the history of branch '{}'",
                        head.record.name
                    )));
                }
            },
            AsOf::Snapshot(name) => {
                let snapshot = self.find_snapshot(&head.record, name)?;
                let own = snapshot.branch == head.record.id;
                match own || history.is_on_line(&head.commit, &snapshot.commit)? {
                    true => snapshot.commit,
                    false => return Err(Error::not_found(Kind::Snapshot, name)),
                }
            }
        })
    }

    /// The state after a commit: the nearest state at hand, keyframe or root at or before it, and the
    /// deltas since.
    pub(super) fn state_at(&self, chunks: &Chunks, commit: CommitId) -> Result<Arc<Point>> {
        if let Some(point) = locked(&self.states).get(commit) {
            return Ok(point);
        }
        let shallow = self.shallow();
        let history = CommitReader::with_shallow(chunks, &shallow);
        let mut deltas = Vec::new();
        let mut at = commit;
        let mut newest: Option<(Scn, Micros)> = None;
        let (mut bytes, mut commits, mut state) = (0, 0, None);
        let known = locked(&self.states).by_commit();
        history.want_line(&commit, KEYFRAME_AFTER_COMMITS, &|id, header| {
            Ok(matches!(header.body, BodyKind::Root(_)) || self.store.keyframe(&id.0)?.is_some())
        })?;
        while state.is_none() {
            if newest.is_none() {
                let header = history.header(&at)?;
                newest = Some((header.scn, header.time));
            }
            if let Some(point) = known.get(&at) {
                (bytes, commits) = (bytes + point.deltas.0, point.deltas.1);
                state = Some(point.state.clone());
                break;
            }
            if let Some(found) = self.load_keyframe(chunks, at)? {
                state = Some(found);
                break;
            }
            let (chunk, step) = history.step(&at)?;
            match step.body {
                BodyKind::Root(root) => state = Some(State::load(chunks, root)?),
                BodyKind::Delta { bytes: len } => {
                    bytes += len;
                    deltas.push((chunk, step.delta_at));
                    at = step.first_parent.ok_or_else(|| {
                        Error::Corrupt("the first commit of a line has no root".into())
                    })?;
                }
            }
        }
        let (Some(mut state), Some((scn, time))) = (state, newest) else {
            return Err(Error::Internal("a line without a root".into()));
        };
        self.hold(&state);
        for (chunk, at) in deltas.iter().rev() {
            state.replay(chunk.bytes().get(*at..).unwrap_or(&[]))?;
        }
        let deltas = (bytes, commits + deltas.len() as u64);
        let point = Arc::new(Point { commit, scn, time, state, deltas });
        locked(&self.states).put(point.clone());
        Ok(point)
    }

    /// The state that a keyframe of this commit holds, if one stands here and stays.
    fn load_keyframe(&self, chunks: &Chunks, commit: CommitId) -> Result<Option<State>> {
        // Until the state is held no collection decides what stays.
        let staying = self.staying.read().unwrap_or_else(PoisonError::into_inner);
        if staying.as_ref().is_some_and(|staying| !staying.contains(&commit)) {
            return Ok(None);
        }
        let Some(root) = self.store.keyframe(&commit.0)? else { return Ok(None) };
        let state = State::load(chunks, root)?;
        self.hold(&state);
        Ok(Some(state))
    }

    pub(super) fn load_head(&self, record: BranchRecord, ref_bytes: Vec<u8>) -> Result<Head> {
        let chunks = self.chunks();
        let header = self.header(&chunks, &record.head)?;
        let point = self.state_at(&chunks, record.head)?;
        Ok(Head {
            commit: record.head,
            record,
            ref_bytes,
            header,
            state: point.state.clone(),
            delta_bytes: point.deltas.0,
            delta_commits: point.deltas.1,
        })
    }

    pub(super) fn header(&self, chunks: &Chunks, id: &CommitId) -> Result<Arc<CommitHeader>> {
        Ok(CommitReader::with_shallow(chunks, &self.shallow()).header(id)?)
    }

    /// A snapshot by id or name. Every fork is one: the commit that a branch was made from is found
    /// under the branch's `source_snapshot`. Names are looked up among the branch's own.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn find_snapshot(&self, branch: &BranchRecord, id_or_name: &str) -> Result<SnapshotRecord> {
        let all = self.all_snapshots()?;
        let by_id = all.iter().find(|s| s.id.to_string() == id_or_name);
        let named = |s: &&SnapshotRecord| s.name.as_deref() == Some(id_or_name);
        let own = all.iter().filter(|s| s.branch == branch.id).find(named);
        let found = by_id.or(own).or_else(|| all.iter().find(named));
        found.cloned().ok_or_else(|| Error::not_found(Kind::Snapshot, id_or_name))
    }

    /// Every snapshot: those that refs keep, and the forks of branches.
    pub(super) fn all_snapshots(&self) -> Result<Vec<SnapshotRecord>> {
        let mut all = Vec::new();
        for (_, bytes) in self.store.list_refs(crate::history::SNAPSHOT_PREFIX)? {
            all.push(SnapshotRecord::decode(&bytes)?);
        }
        let chunks = self.chunks();
        // Nothing keeps the fork of a branch that is gone.
        let live = |record: &BranchRecord| record.status != BranchStatus::Deleted;
        let branches: Vec<BranchRecord> = self.branches()?.into_iter().filter(live).collect();
        let forks: Vec<Hash> = branches.iter().filter_map(|record| Some(record.fork?.0)).collect();
        chunks.want(&forks)?;
        for record in branches {
            let (Some(fork), Some(source)) = (record.fork, &record.source_branch) else { continue };
            let id = snapshot_of(fork);
            if all.iter().any(|s: &SnapshotRecord| s.id == id) {
                continue;
            }
            let header = self.header(&chunks, &fork)?;
            all.push(SnapshotRecord {
                id,
                name: None,
                branch: source.0,
                branch_name: source.1.clone(),
                commit: fork,
                scn: header.scn,
                time: header.time,
                created: record.created,
                kind: SnapshotKind::Automatic,
                // Nothing was counted when the branch was made: that costs more than the branch.
                tables: 0,
                rows: 0,
                size_bytes: 0,
            });
        }
        Ok(all)
    }
}

impl Point {
    /// The newest point of a head.
    pub(super) fn of(head: &Head) -> Self {
        Point {
            commit: head.commit,
            scn: head.header.scn,
            time: head.header.time,
            state: head.state.clone(),
            deltas: (head.delta_bytes, head.delta_commits),
        }
    }
}

/// The id of the automatic snapshot of a commit: there is one at most, and no record is needed to
/// name it.
pub(super) fn snapshot_of(commit: CommitId) -> SnapshotId {
    let mut id = [0; 16];
    id.copy_from_slice(&commit.0.as_bytes()[..16]);
    SnapshotId(id)
}
