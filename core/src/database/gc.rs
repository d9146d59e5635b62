//! What may go, and whether what is there is right.

use super::{Database, locked};
use crate::chunk::{Chunks, Hash, Pack, RefChange, Ticket, Write, all};
use crate::error::{Error, Result};
use crate::history::{
    BranchRecord, BranchStatus, CommitId, CommitReader, HistoryError, Parents, Pins, Retention,
    SHALLOW_PREFIX, SNAPSHOT_PREFIX, ShallowRecord, SnapshotRecord, gc,
};
use crate::moment::Moment;
use crate::row::{Base, State};
use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, PoisonError, Weak};

/// What a collection asks of a store that can drop chunks.
pub trait Compact {
    /// Drops every chunk and keyframe that is not named, but nothing that was written after
    /// `since`. Returns how many chunks stayed and how many went.
    ///
    /// # Errors
    /// The store's; then everything is as it was.
    fn compact(
        &self,
        live: &HashSet<Hash>,
        keyframes: &HashSet<Hash>,
        since: Ticket,
    ) -> Result<Compacted>;
}

/// What a collection did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    /// Chunks kept.
    pub kept: u64,
    /// Chunks removed.
    pub removed: u64,
}

impl Database {
    /// Removes what no branch, no snapshot and no running reader needs, thins out keyframes, and
    /// with a horizon drops history before it.
    ///
    /// # Errors
    /// A fault; the store's.
    pub fn collect(
        &self,
        moment: &Moment,
        retention: &Retention,
        compact: &dyn Compact,
    ) -> Result<Compacted> {
        // Heads are loaded anew afterwards, on the keyframes that stay.
        for cell in locked(&self.cells).values() {
            cell.unload(&self.store);
        }
        locked(&self.states).clear();
        locked(&self.resolved).clear();
        let since = self.store.durable();
        let chunks = self.chunks();
        let mut plan = loop {
            let plan = self.plan(&chunks, moment, retention)?;
            if plan.wanted.is_empty() {
                break plan;
            }
            for commit in &plan.wanted {
                self.write_keyframe(*commit)?;
            }
        };
        let staying = plan.keyframes.iter().map(|(commit, _)| *commit).collect();
        let _staying = Staying::begin(self, staying);
        // What readers took up while this was planned; from here on they take up what stays.
        let held: Vec<Hash> = self.bases_held().iter().map(|base| base.root.hash).collect();
        State::references(&chunks, &held, &mut |hash| plan.live.insert(hash))?;
        for record in &plan.shallow {
            self.set_shallow(record)?;
        }
        let keyframes: HashSet<Hash> = plan.keyframes.iter().map(|(commit, _)| commit.0).collect();
        let done = compact.compact(&plan.live, &keyframes, since)?;
        let kept: BTreeSet<String> =
            plan.shallow.iter().map(|record| record.ref_name().to_string()).collect();
        for (name, bytes) in self.store.list_refs(SHALLOW_PREFIX)? {
            if !kept.contains(&name) {
                let change = RefChange { name, expected: Some(bytes), new: None };
                self.put(Write { pack: Pack::default(), change: Some(change) })?;
            }
        }
        self.refresh_shallow()?;
        Ok(done)
    }

    /// The materialised states that someone may still read.
    fn bases_held(&self) -> Vec<Arc<Base>> {
        locked(&self.held).iter().filter_map(Weak::upgrade).collect()
    }

    fn plan(
        &self,
        chunks: &Chunks,
        moment: &Moment,
        retention: &Retention,
    ) -> Result<crate::history::GcPlan> {
        let shallow = self.shallow();
        let reader = CommitReader::with_shallow(chunks, &shallow);
        let branches = self.records()?;
        let mut snapshots = Vec::new();
        for (_, bytes) in self.store.list_refs(SNAPSHOT_PREFIX)? {
            snapshots.push(SnapshotRecord::decode(&bytes)?);
        }
        let mut pins = Pins::of_refs(&branches, &snapshots, false);
        // Commits that are accepted but not yet durable. Heads are not loaded for this: that would
        // pin the keyframes that they are loaded from.
        for cell in locked(&self.cells).values() {
            pins.commits.extend(cell.accepted_commit());
        }
        // A fork is a snapshot for as long as its branch lives.
        let live = branches.iter().filter(|record| record.status != BranchStatus::Deleted);
        pins.commits.extend(live.filter_map(|record| record.fork));
        pins.states.extend(self.bases_held().iter().map(|base| base.root.hash));
        let keyframe = |commit: &CommitId| self.store.keyframe(&commit.0);
        let references = |chunks: &Chunks, roots: &[Hash], visit: &mut dyn FnMut(&Hash) -> bool| {
            State::references(chunks, roots, &mut |hash| visit(&hash)).map_err(HistoryError::from)
        };
        let cutoff = retention.cutoff(moment.now);
        Ok(gc::plan(&reader, &pins, cutoff, &keyframe, &references)?)
    }

    /// Writes the keyframe of a commit.
    ///
    /// # Errors
    /// A fault; the store's.
    pub fn write_keyframe(&self, commit: CommitId) -> Result<Ticket> {
        let chunks = self.chunks();
        let point = self.state_at(&chunks, commit)?;
        let root = point.state.materialise(&chunks)?.base().root.hash;
        let pack = Pack { chunks: chunks.take_staged(), keyframes: vec![(commit.0, root)] };
        self.put(Write { pack, change: None })
    }

    fn set_shallow(&self, record: &ShallowRecord) -> Result<()> {
        let name = record.ref_name().to_string();
        let expected = self.store.read_ref(&name)?;
        let new = record.encode();
        if expected.as_ref() != Some(&new) {
            let change = RefChange { name, expected, new: Some(new) };
            self.put(Write { pack: Pack::default(), change: Some(change) })?;
        }
        Ok(())
    }

    /// Verifies every commit's place in history and every tree, row, index and reference at the
    /// heads of branches, at snapshots, at forks and at keyframes. `report` is told of each thing
    /// that is wrong.
    ///
    /// # Errors
    /// A fault; `Store`; `Limit` where the working set is too small. What is corrupt is reported, not returned.
    pub fn verify(&self, report: &mut dyn FnMut(String)) -> Result<()> {
        let chunks = self.chunks();
        let shallow = self.shallow();
        let reader = CommitReader::with_shallow(&chunks, &shallow);
        let mut points: BTreeSet<CommitId> = BTreeSet::new();
        let mut roots: BTreeSet<Hash> = BTreeSet::new();
        let live = |record: &BranchRecord| record.status != BranchStatus::Deleted;
        let branches: Vec<BranchRecord> = self.records()?.into_iter().filter(live).collect();
        let heads: Vec<CommitId> = branches.iter().map(|record| record.head).collect();
        reader.want_history(&heads, Parents::First, u64::MAX, &|_, _| Ok(false))?;
        let mut faults: Vec<Result<()>> = Vec::new();
        for record in &branches {
            points.insert(record.head);
            points.extend(record.fork);
            for item in reader.line(&record.head) {
                let checked = match item {
                    Ok((id, _)) => {
                        roots.extend(self.store.keyframe(&id.0)?);
                        reader.check_links(&id)
                    }
                    Err(HistoryError::Truncated { .. }) => Ok(()),
                    Err(error) => Err(error),
                };
                let Err(error) = checked else { continue };
                let message = format!("branch '{}': {error}", record.name);
                match Error::from(error) {
                    error if is_damage(&error) => report(message),
                    error => faults.push(Err(error)),
                }
            }
        }
        all(faults)?;
        for snapshot in self.all_snapshots()? {
            points.insert(snapshot.commit);
        }
        self.want_states(&chunks, &points, &roots)?;
        for commit in points {
            match self.state_at(&chunks, commit) {
                Ok(point) => check(&chunks, &point.state, &format!("{commit}"), report)?,
                Err(error) if is_damage(&error) => {
                    report(format!("the state at {commit} cannot be read: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        for root in roots {
            match State::load(&chunks, root) {
                Ok(state) => check(&chunks, &state, &format!("keyframe {root}"), report)?,
                Err(error) if is_damage(&error) => {
                    report(format!("keyframe {root} cannot be read: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Over a source that faults: asks for all chunks of these states together.
    fn want_states(
        &self,
        chunks: &Chunks,
        points: &BTreeSet<CommitId>,
        roots: &BTreeSet<Hash>,
    ) -> Result<()> {
        if chunks.restarts().is_none() {
            return Ok(());
        }
        let points = points.iter().map(|commit| Ok(self.state_at(chunks, *commit)?.state.clone()));
        let states = points.chain(roots.iter().map(|root| State::load(chunks, *root)));
        // What cannot be read is told when it is its turn.
        let states = states.map(|state| match state {
            Err(error) if is_damage(&error) => Ok(None),
            state => state.map(Some),
        });
        let states = all(states)?;
        State::want_trees(chunks, states.iter().flatten())
    }
}

/// Whether an error says that what is stored is wrong, and not that it cannot be had now.
fn is_damage(error: &Error) -> bool {
    !matches!(error, Error::Fault(_) | Error::Store(_) | Error::Limit(_))
}

/// While this lives no keyframe is read but those that stay.
struct Staying<'d>(&'d Database);

impl<'d> Staying<'d> {
    fn begin(database: &'d Database, keyframes: HashSet<CommitId>) -> Self {
        let mut staying = database.staying.write().unwrap_or_else(PoisonError::into_inner);
        *staying = Some(keyframes);
        Staying(database)
    }
}

impl Drop for Staying<'_> {
    fn drop(&mut self) {
        *self.0.staying.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn check(
    chunks: &Chunks,
    state: &State,
    place: &str,
    report: &mut dyn FnMut(String),
) -> Result<()> {
    match state.verify(chunks, &mut |what| report(format!("{place}: {what}"))) {
        Err(error) if is_damage(&error) => {
            report(format!("{place}: {error}"));
            Ok(())
        }
        done => done,
    }
}
