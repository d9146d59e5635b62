//! What garbage collection keeps.
//!
//! From the heads (branches, snapshots, what readers and transactions hold) every commit is kept
//! back to the horizon. The state at a commit is the nearest keyframe or root at or before it plus
//! the deltas since, so of the keyframes those stay that keep this distance short:
//!
//! ```text
//!   written   K·······K·······K·······K·······K·······K···▶ head     one per 1 MiB of deltas
//!   kept      K·······························K···········▶ head     one per 8 MiB of deltas
//!
//!   horizon         ┆
//!        x  x  x  E ┆ c  c  c  ▶ head     E: the last commit at or before the horizon. It needs a
//!        └──┴──┴────────── dropped        keyframe; the dropped ones that E and later commits
//!                                         still name go into its shallow mark.
//! ```
//!
//! Nothing is deleted here. The host first writes the shallow marks of the plan (so that a reader
//! that misses a commit knows why), then drops chunks that are not live and lie in packs older than
//! the grace period, then removes the shallow marks that are not in the plan.

use super::{
    BodyKind, BranchRecord, BranchStatus, CommitHeader, CommitId, CommitReader, HistoryError,
    Micros, Parents, ShallowRecord, SnapshotRecord,
};
use crate::chunk::{Chunks, Hash, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Of the keyframes of a line, garbage collection keeps one per so many bytes of commits.
pub const KEYFRAME_KEPT_EVERY_BYTES: u64 = 8 * 1024 * 1024;

/// Where marking starts.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    /// Commits whose state and history (back to the horizon) are kept.
    pub commits: BTreeSet<CommitId>,
    /// Roots of states that are kept by themselves, such as those that readers hold.
    pub states: BTreeSet<Hash>,
}

impl Pins {
    /// What these refs keep. Deleted branches keep their commits only if `keep_deleted`.
    pub fn of_refs<'r>(
        branches: impl IntoIterator<Item = &'r BranchRecord>,
        snapshots: impl IntoIterator<Item = &'r SnapshotRecord>,
        keep_deleted: bool,
    ) -> Self {
        let kept = |b: &&BranchRecord| keep_deleted || b.status != BranchStatus::Deleted;
        let heads = branches.into_iter().filter(kept).map(|branch| branch.head);
        let pinned = snapshots.into_iter().map(|snapshot| snapshot.commit);
        Pins { commits: heads.chain(pinned).collect(), states: BTreeSet::new() }
    }
}

/// Looks up the keyframe recorded for a commit (`Store::keyframe`).
pub type KeyframeOf<'a> = dyn Fn(&CommitId) -> Result<Option<Hash>, StoreError> + 'a;

/// Calls `visit` with the hash of every chunk reachable from the roots of states, the roots
/// included, parents before children. Where `visit` says no, what lies below is known already and
/// is left out.
pub type StateReferences<'a> =
    dyn Fn(&Chunks, &[Hash], &mut dyn FnMut(&Hash) -> bool) -> Result<(), HistoryError> + 'a;

/// What to keep. Everything not named here may go.
#[derive(Debug, Clone, Default)]
pub struct GcPlan {
    /// All chunks in use.
    pub live: HashSet<Hash>,
    /// The keyframe records to keep.
    pub keyframes: Vec<(CommitId, Hash)>,
    /// Commits at the horizon that have no keyframe yet. If there are any the plan must not be
    /// carried out: write their keyframes and plan again.
    pub wanted: Vec<CommitId>,
    /// All shallow marks there are to be afterwards, sorted by commit.
    pub shallow: Vec<ShallowRecord>,
    /// For people to read.
    pub stats: GcStats,
}

/// What a plan comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcStats {
    /// Commits kept.
    pub commits_kept: u64,
    /// Keyframes of kept commits that are not kept themselves.
    pub keyframes_dropped: u64,
    /// Commits that kept ones name and that are dropped now or were before. How many lie behind
    /// these is not counted.
    pub edges_dropped: u64,
}

/// Plans what to keep: everything that `pins` reaches, back to `cutoff` if there is one.
pub fn plan(
    reader: &CommitReader<'_>,
    pins: &Pins,
    cutoff: Option<Micros>,
    keyframe: &KeyframeOf<'_>,
    references: &StateReferences<'_>,
) -> Result<GcPlan, HistoryError> {
    let mut marking = Marking {
        reader,
        cutoff,
        keyframe,
        kept: HashMap::new(),
        cut: Vec::new(),
        roots: pins.states.clone(),
        keyframes: BTreeMap::new(),
        wanted: BTreeSet::new(),
        keyframes_seen: 0,
    };
    let mut heads: Vec<CommitId> = pins.commits.iter().copied().collect();
    let ends = |_: &CommitId, header: &CommitHeader| Ok(marking.is_edge(header));
    reader.want_history(&heads, Parents::All, u64::MAX, &ends)?;
    while let Some(head) = heads.pop() {
        marking.line(head, &mut heads)?;
    }
    let shallow = marking.shallow()?;

    let Marking { kept, mut roots, keyframes, wanted, keyframes_seen, .. } = marking;
    let stats = GcStats {
        commits_kept: kept.len() as u64,
        keyframes_dropped: keyframes_seen - keyframes.len() as u64,
        edges_dropped: shallow.iter().map(|record| record.dropped.len() as u64).sum(),
    };
    let mut live: HashSet<Hash> = kept.into_keys().map(|commit| commit.0).collect();
    roots.extend(keyframes.values());
    let roots: Vec<Hash> = roots.into_iter().collect();
    references(reader.chunks(), &roots, &mut |hash| live.insert(*hash))?;
    let (keyframes, wanted) = (keyframes.into_iter().collect(), wanted.into_iter().collect());
    Ok(GcPlan { live, keyframes, wanted, shallow, stats })
}

struct Marking<'m, 'a> {
    reader: &'m CommitReader<'a>,
    cutoff: Option<Micros>,
    keyframe: &'m KeyframeOf<'m>,
    // Kept commits, and how many bytes of commits lie between each and the keyframe or root that
    // its state is built on.
    kept: HashMap<CommitId, u64>,
    // A kept commit, and one that it names and that was not kept when it was looked at.
    cut: Vec<(CommitId, CommitId, Named)>,
    roots: BTreeSet<Hash>,
    keyframes: BTreeMap<CommitId, Hash>,
    wanted: BTreeSet<CommitId>,
    keyframes_seen: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Parent,
    Jump,
}

impl Marking<'_, '_> {
    /// Keeps the line of `head` down to the horizon or to what is kept already; what was merged
    /// into it goes to `heads`.
    fn line(&mut self, head: CommitId, heads: &mut Vec<CommitId>) -> Result<(), HistoryError> {
        let mut line = Vec::new();
        let mut next = Some(head);
        let mut distance = 0;
        while let Some(id) = next {
            if let Some(kept) = self.kept.get(&id) {
                distance = *kept;
                break;
            }
            let header = self.reader.header(&id)?;
            line.push(id);
            next = None;
            for (i, parent) in header.parents.iter().enumerate() {
                if self.is_edge(&header) || self.reader.is_dropped(parent) {
                    self.cut.push((id, *parent, Named::Parent));
                } else if i == 0 {
                    next = Some(*parent);
                } else {
                    heads.push(*parent);
                }
            }
        }
        // Upwards, because the distance to a keyframe is counted from it.
        for id in line.into_iter().rev() {
            let header = self.reader.header(&id)?;
            distance = self.keep(id, &header, distance)?;
        }
        Ok(())
    }

    fn is_edge(&self, header: &CommitHeader) -> bool {
        self.cutoff.is_some_and(|cutoff| header.time <= cutoff)
    }

    /// Keeps one commit whose parent's state is `distance` bytes from its keyframe; returns its
    /// own distance.
    fn keep(
        &mut self,
        id: CommitId,
        header: &CommitHeader,
        distance: u64,
    ) -> Result<u64, HistoryError> {
        if let Some((jump, _)) = header.jump
            && !self.kept.contains_key(&jump)
        {
            self.cut.push((id, jump, Named::Jump));
        }
        let keyframe = (self.keyframe)(&id)?;
        self.keyframes_seen += u64::from(keyframe.is_some());
        // Without its first parent a delta alone is no state.
        let alone = match header.first_parent() {
            Some(parent) => self.is_edge(header) || self.reader.is_dropped(&parent),
            None => false,
        };
        let distance = match header.body {
            BodyKind::Root(root) => {
                self.roots.insert(root);
                0
            }
            BodyKind::Delta { bytes } => {
                let distance = distance.saturating_add(bytes);
                match keyframe {
                    Some(root) if alone || distance >= KEYFRAME_KEPT_EVERY_BYTES => {
                        self.keyframes.insert(id, root);
                        0
                    }
                    None if alone => {
                        self.wanted.insert(id);
                        0
                    }
                    _ => distance,
                }
            }
        };
        self.kept.insert(id, distance);
        Ok(distance)
    }

    /// The marks: what kept commits name and what is not kept.
    fn shallow(&mut self) -> Result<Vec<ShallowRecord>, HistoryError> {
        let mut edges: BTreeMap<CommitId, BTreeSet<CommitId>> = BTreeMap::new();
        for (id, named, how) in std::mem::take(&mut self.cut) {
            // Another line may have led there.
            if self.kept.contains_key(&named) {
                continue;
            }
            let edge = match how {
                Named::Parent => id,
                Named::Jump => self.oldest(id)?,
            };
            edges.entry(edge).or_default().insert(named);
        }
        let record = |(commit, dropped): (CommitId, BTreeSet<CommitId>)| {
            let point = self.reader.point(&commit)?;
            let dropped = dropped.into_iter().collect();
            Ok(ShallowRecord { commit, scn: point.scn, time: point.time, dropped })
        };
        edges.into_iter().map(record).collect()
    }

    /// The oldest commit that is kept on the line of this one.
    fn oldest(&self, mut id: CommitId) -> Result<CommitId, HistoryError> {
        loop {
            let header = self.reader.header(&id)?;
            let jump = header.jump.map(|(jump, _)| jump);
            let back = [jump, header.first_parent()];
            match back.into_iter().flatten().find(|id| self.kept.contains_key(id)) {
                Some(older) => id = older,
                None => return Ok(id),
            }
        }
    }
}
