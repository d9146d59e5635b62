//! From a transaction to a commit: rebase, assemble, hand over.

use super::{Database, Head, Receipt, SlotToken};
use crate::chunk::{Chunks, Outcome, Pack, RefChange, Ticket, Write};
use crate::error::{Error, Result};
use crate::history::{
    Body, BranchId, BranchRecord, BranchStatus, CommitHeader, CommitId, CommitReader,
    DELTA_MAX_BYTES, Delta, KEYFRAME_EVERY_BYTES, Links, Metadata, Micros, Protections, Scn,
};
use crate::moment::Moment;
use crate::row::State;
use crate::txn::Txn;
use std::sync::Arc;

/// A keyframe is written at the latest after this many commits, so that a state is never far from
/// one even where commits are tiny.
pub const KEYFRAME_AFTER_COMMITS: u64 = 4096;

/// Who commits, and what the log says.
#[derive(Debug, Clone, Default)]
pub struct CommitNote {
    /// The user, as authentication names it; may be empty.
    pub author: String,
    /// What was done, for example `INSERT INTO users (5 rows)`.
    pub message: String,
}

/// A commit that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Its name.
    pub id: CommitId,
    /// Its number on the branch, which is also the transaction id.
    pub scn: Scn,
    /// Its time.
    pub time: Micros,
}

/// What a commit is made of, beside where it stands.
pub(super) struct Draft<'d> {
    /// The state afterwards.
    pub state: State,
    /// What changed, where that is known row by row and no definition changed.
    pub delta: Option<Delta>,
    /// Parents after the first.
    pub merged: Vec<CommitId>,
    pub note: &'d CommitNote,
    pub now: Micros,
}

impl Database {
    /// Makes a transaction's writes the newest commit of its branch. A transaction that wrote
    /// nothing makes none.
    ///
    /// # Errors
    /// `WriteConflict` where the branch changed the same data meanwhile, `Busy` where another holds
    /// the writer slot: run the transaction again. `Protected`, `ReadOnly`. A fault: call again.
    pub fn commit(
        &self,
        branch: &str,
        txn: &Txn,
        note: &CommitNote,
        who: Option<SlotToken>,
    ) -> Result<Receipt<Option<Committed>>> {
        let cell = self.cell(branch)?;
        let moment = *txn.moment();
        let moved = cell.advance(self, who, moment.now, |head| {
            writable(&head.record)?;
            let state = txn.rebased(head.commit, &head.state)?;
            let delta = txn.delta(&head.state, &state);
            if !txn.has_ddl() && delta.is_empty() {
                return Ok(None);
            }
            let delta = (!txn.has_ddl()).then_some(delta);
            let draft = Draft { state, delta, merged: Vec::new(), note, now: moment.now };
            self.append(txn.chunks(), head, draft).map(Some)
        })?;
        Ok(match moved {
            None => Receipt { value: None, ticket: None },
            Some((ticket, _, committed)) => {
                Receipt { value: Some(committed), ticket: Some(ticket) }
            }
        })
    }

    /// Writes a commit on top of `head` and moves the branch's ref to it.
    pub(super) fn append(
        &self,
        chunks: &Chunks,
        head: &Head,
        draft: Draft<'_>,
    ) -> Result<(Ticket, Head, Committed)> {
        let Draft { state, delta, merged, note, now } = draft;
        let mut parents = vec![head.commit];
        parents.extend(merged);
        let (body, delta_len) = match delta.map(|delta| {
            let len = delta.encoded_len();
            (delta, len)
        }) {
            Some((delta, len)) if len <= DELTA_MAX_BYTES => (Some(delta), len as u64),
            _ => (None, 0),
        };
        let is_root = body.is_none();
        let (delta_bytes, delta_commits) = match is_root {
            true => (0, 0),
            false => (head.delta_bytes + delta_len, head.delta_commits + 1),
        };
        let keyframe = !is_root
            && (delta_bytes > KEYFRAME_EVERY_BYTES || delta_commits >= KEYFRAME_AFTER_COMMITS);
        let state = match is_root || keyframe {
            true => state.materialise(chunks)?,
            false => state,
        };
        self.hold(&state);
        let root = state.base().root.hash;
        let body = body.map_or(Body::Root(root), Body::Delta);
        let shallow = self.shallow();
        let history = CommitReader::with_shallow(chunks, &shallow);
        let links = history.links_on(&parents, &head.header, now)?;
        let commit = links.commit(&note.author, &note.message, body);
        let id = CommitId(chunks.stage(commit.encode()));
        let header = Arc::new(commit.into_header());
        let record = head.record.advanced(id, header.scn, header.time);
        let ref_bytes = record.encode();
        let pack = Pack {
            chunks: chunks.take_staged(),
            keyframes: if keyframe { vec![(id.0, root)] } else { Vec::new() },
        };
        let ref_change = RefChange {
            name: record.ref_name().into_text(),
            expected: Some(head.ref_bytes.clone()),
            new: Some(ref_bytes.clone()),
        };
        let ticket = self.submit(Write { pack, change: Some(ref_change) })?;
        let (scn, time) = (header.scn, header.time);
        let (delta_bytes, delta_commits) =
            if keyframe { (0, 0) } else { (delta_bytes, delta_commits) };
        let head =
            Head { record, ref_bytes, commit: id, header, state, delta_bytes, delta_commits };
        Ok((ticket, head, Committed { id, scn, time }))
    }

    /// Changes a branch's record alone.
    pub(super) fn change_record(
        &self,
        head: &Head,
        now: Micros,
        change: impl FnOnce(&mut BranchRecord),
    ) -> Result<(Ticket, Head, BranchRecord)> {
        let mut record = head.record.next(now);
        change(&mut record);
        let ref_bytes = record.encode();
        let change = RefChange {
            name: record.ref_name().into_text(),
            expected: Some(head.ref_bytes.clone()),
            new: Some(ref_bytes.clone()),
        };
        let ticket = self.submit(Write { pack: Pack::default(), change: Some(change) })?;
        let next = Head {
            record: record.clone(),
            ref_bytes,
            commit: head.commit,
            header: head.header.clone(),
            state: head.state.clone(),
            delta_bytes: head.delta_bytes,
            delta_commits: head.delta_commits,
        };
        Ok((ticket, next, record))
    }

    /// Hands a write to the store. A lost comparison means that another process moved the ref: the
    /// refs are read again, and the caller runs again.
    pub(super) fn submit(&self, write: Write) -> Result<Ticket> {
        let done = self.submit_once(write);
        if let Err(Error::WriteConflict(_)) = &done {
            self.refresh()?;
        }
        done
    }

    fn submit_once(&self, write: Write) -> Result<Ticket> {
        let wanted = write.change.clone();
        match self.store.submit(write)? {
            Outcome::Accepted(ticket) => Ok(ticket),
            Outcome::Conflict(_) => {
                Err(Error::WriteConflict("another process moved the branch".into()))
            }
            Outcome::Unknown => {
                // After an unknown outcome the ref tells: our own value is recognised.
                let Some(change) = wanted else {
                    return Err(Error::WriteConflict("the store cannot tell".into()));
                };
                match self.store.read_ref(&change.name)? == change.new {
                    true => Ok(self.store.durable()),
                    false => Err(Error::WriteConflict("the store cannot tell".into())),
                }
            }
        }
    }

    /// The first commit of a database: no tables.
    pub(super) fn create_main(&self, moment: &Moment) -> Result<Option<Ticket>> {
        let chunks = self.chunks();
        let state = State::empty().materialise(&chunks)?;
        let body = Body::Root(state.base().root.hash);
        let commit = Links::first(moment.now).commit("", "database created", body);
        let id = CommitId(chunks.stage(commit.encode()));
        let header = Arc::new(commit.into_header());
        let record = new_record(moment, super::MAIN, id, &header);
        self.publish(&chunks, record, header, &state, (0, 0))
    }

    /// Writes a new branch's ref and puts the branch in use.
    pub(super) fn publish(
        &self,
        chunks: &Chunks,
        record: BranchRecord,
        header: Arc<CommitHeader>,
        state: &State,
        deltas: (u64, u64),
    ) -> Result<Option<Ticket>> {
        let bytes = record.encode();
        let name = record.ref_name().into_text();
        let change = RefChange { name: name.clone(), expected: None, new: Some(bytes.clone()) };
        let pack = Pack { chunks: chunks.take_staged(), keyframes: Vec::new() };
        let branch = record.name.clone();
        let mut cells = super::locked(&self.cells);
        if cells.contains_key(&branch) {
            return Err(Error::exists(crate::error::Kind::Branch, branch));
        }
        let ticket = match self.submit_once(Write { pack, change: Some(change) }) {
            Err(Error::WriteConflict(_)) => {
                // Another process has made a branch of this name.
                drop(cells);
                self.refresh()?;
                return Err(Error::exists(crate::error::Kind::Branch, branch));
            }
            done => done?,
        };
        let cell = super::Cell::new(name, bytes.clone(), record.clone());
        let head = Head {
            commit: record.head,
            record,
            ref_bytes: bytes,
            header,
            state: state.clone(),
            delta_bytes: deltas.0,
            delta_commits: deltas.1,
        };
        cell.begin(ticket, Arc::new(head));
        cells.insert(branch, Arc::new(cell));
        Ok(Some(ticket))
    }
}

/// Whether a branch takes direct writes.
pub(super) fn writable(record: &BranchRecord) -> Result<()> {
    if record.protected {
        let why = "it takes merges, not direct writes".to_owned();
        return Err(Error::Protected(record.name.clone(), why));
    }
    if record.read_only {
        return Err(Error::ReadOnly(format!("branch '{}'", record.name)));
    }
    Ok(())
}

/// The record of a branch that begins at a commit.
pub(super) fn new_record(
    moment: &Moment,
    name: &str,
    head: CommitId,
    header: &CommitHeader,
) -> BranchRecord {
    BranchRecord {
        id: BranchId::derive(&moment.seed, 0),
        incarnation: 1,
        version: 1,
        name: name.to_owned(),
        display_name: name.to_owned(),
        head,
        head_scn: header.scn,
        head_time: header.time,
        source_branch: None,
        fork: None,
        source_snapshot: None,
        protected: false,
        read_only: false,
        status: BranchStatus::Active,
        metadata: Metadata::default(),
        created: moment.now,
        updated: moment.now,
        deleted: None,
        protections: Protections::default(),
        expires: None,
    }
}
