//! One live branch in memory: its heads, its automatic ids and its writer slot.

use super::{Database, locked};
use crate::chunk::{Store, Ticket};
use crate::error::{Error, Kind, Result};
use crate::history::{BranchId, BranchRecord, CommitHeader, CommitId, Micros};
use crate::row::State;
use crate::txn::IdAllocator;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// A branch at one version of its ref, with the state of its newest commit.
#[derive(Debug)]
pub struct Head {
    /// The branch's record as the ref holds it.
    pub record: BranchRecord,
    /// The exact value of the ref: what the next change expects.
    pub ref_bytes: Vec<u8>,
    /// The newest commit.
    pub commit: CommitId,
    /// Its header.
    pub header: Arc<CommitHeader>,
    /// What it holds.
    pub state: State,
    /// Bytes of deltas between the newest keyframe and this commit.
    pub delta_bytes: u64,
    /// Commits between the newest keyframe and this one.
    pub delta_commits: u64,
}

/// Who holds a branch's writer slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotToken(pub [u8; 16]);

struct Slot {
    holder: SlotToken,
    expires: Micros,
}

pub(super) struct Cell {
    ref_name: String,
    id: BranchId,
    /// The branch that it was made from. Never changes.
    source: Option<BranchId>,
    /// When it is to be deleted, in microseconds; the end of time where it is not.
    due: AtomicI64,
    ids: Arc<IdAllocator>,
    /// Held by whoever moves the branch, for as long as that takes.
    writing: Mutex<()>,
    /// Held for a few pointer copies, so that readers never wait for a writer.
    heads: Mutex<Heads>,
}

struct Heads {
    /// As the refs said when the cell was made; the state is loaded when it is first needed.
    record: BranchRecord,
    ref_bytes: Vec<u8>,
    durable: Option<Arc<Head>>,
    /// Accepted and not yet known to be durable, oldest first.
    waiting: VecDeque<(Ticket, Arc<Head>)>,
    slot: Option<Slot>,
    gone: bool,
}

impl Cell {
    pub(super) fn new(ref_name: String, ref_bytes: Vec<u8>, record: BranchRecord) -> Self {
        let id = record.id;
        let source = record.source_branch.as_ref().map(|(id, _)| *id);
        let due = AtomicI64::new(super::expiry::due(&record).0);
        let heads = Heads {
            record,
            ref_bytes,
            durable: None,
            waiting: VecDeque::new(),
            slot: None,
            gone: false,
        };
        Cell {
            ref_name,
            id,
            source,
            due,
            ids: Arc::default(),
            writing: Mutex::new(()),
            heads: Mutex::new(heads),
        }
    }

    /// The newest accepted commit, where one was accepted and is not known to be durable.
    pub(super) fn accepted_commit(&self) -> Option<CommitId> {
        locked(&self.heads).waiting.back().map(|(_, head)| head.commit)
    }

    /// The head of a branch that was just made.
    pub(super) fn begin(&self, ticket: Ticket, head: Arc<Head>) {
        locked(&self.heads).waiting.push_back((ticket, head));
    }

    /// The ticket of the newest write that is not known to be durable.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        locked(&self.heads).waiting.back().map(|(ticket, _)| *ticket)
    }

    pub(super) fn ref_name(&self) -> &str {
        &self.ref_name
    }

    pub(super) fn id(&self) -> BranchId {
        self.id
    }

    pub(super) fn source(&self) -> Option<BranchId> {
        self.source
    }

    /// Whether its time is over, whatever else keeps it.
    pub(super) fn is_due(&self, now: Micros) -> bool {
        self.due.load(Ordering::Acquire) <= now.0
    }

    pub(super) fn ids(&self) -> Arc<IdAllocator> {
        self.ids.clone()
    }

    /// Whether the newest accepted value of the ref is this one.
    pub(super) fn is_at(&self, bytes: &[u8]) -> bool {
        let heads = locked(&self.heads);
        match heads.waiting.back() {
            Some((_, head)) => head.ref_bytes == bytes,
            None => heads.durable.as_ref().map_or(&heads.ref_bytes[..], |h| &h.ref_bytes) == bytes,
        }
    }

    /// The record at the newest durable head.
    pub(super) fn record(&self, store: &Arc<dyn Store>) -> BranchRecord {
        let mut heads = locked(&self.heads);
        heads.settle(store.durable());
        heads.durable.as_ref().map_or_else(|| heads.record.clone(), |head| head.record.clone())
    }

    /// The newest durable head.
    pub(super) fn durable(&self, database: &Database) -> Result<Arc<Head>> {
        let mut heads = locked(&self.heads);
        heads.settle(database.store.durable());
        match &heads.durable {
            Some(head) => Ok(head.clone()),
            None => heads.load(database),
        }
    }

    /// The newest accepted head.
    pub(super) fn accepted(&self, database: &Database) -> Result<Arc<Head>> {
        let mut heads = locked(&self.heads);
        match heads.waiting.back() {
            Some((_, head)) => Ok(head.clone()),
            None => match &heads.durable {
                Some(head) => Ok(head.clone()),
                None => heads.load(database),
            },
        }
    }

    /// Moves the branch: `step` sees the newest accepted head and says what the next one is, with
    /// the ticket of its write. No other writer comes in between; readers go on.
    ///
    /// # Errors
    /// What `step` says; `Busy` where another holds the writer slot; `NotFound` where the branch was
    /// deleted meanwhile.
    pub(super) fn advance<T>(
        &self,
        database: &Database,
        who: Option<SlotToken>,
        now: Micros,
        step: impl FnOnce(&Arc<Head>) -> Result<Option<(Ticket, Head, T)>>,
    ) -> Result<Option<(Ticket, Arc<Head>, T)>> {
        let _writing = locked(&self.writing);
        let newest = self.newest_for_writing(database, who, now)?;
        let Some((ticket, head, value)) = step(&newest)? else { return Ok(None) };
        let head = Arc::new(head);
        self.due.store(super::expiry::due(&head.record).0, Ordering::Release);
        let mut heads = locked(&self.heads);
        heads.waiting.push_back((ticket, head.clone()));
        heads.settle(database.store.durable());
        Ok(Some((ticket, head, value)))
    }

    /// Takes the branch out of use, after `step` has written what deletion means.
    pub(super) fn close<T>(
        &self,
        database: &Database,
        who: Option<SlotToken>,
        now: Micros,
        step: impl FnOnce(&Arc<Head>) -> Result<T>,
    ) -> Result<T> {
        let _writing = locked(&self.writing);
        let newest = self.newest_for_writing(database, who, now)?;
        let value = step(&newest)?;
        locked(&self.heads).gone = true;
        Ok(value)
    }

    fn newest_for_writing(
        &self,
        database: &Database,
        who: Option<SlotToken>,
        now: Micros,
    ) -> Result<Arc<Head>> {
        let mut heads = locked(&self.heads);
        if heads.gone {
            return Err(Error::not_found(Kind::Branch, heads.record.name.clone()));
        }
        if heads.slot.as_ref().is_some_and(|slot| slot.expires > now && Some(slot.holder) != who) {
            return Err(Error::Busy(heads.record.name.clone()));
        }
        heads.settle(database.store.durable());
        match (heads.waiting.back(), &heads.durable) {
            (Some((_, head)), _) => Ok(head.clone()),
            (None, Some(head)) => Ok(head.clone()),
            (None, None) => heads.load(database),
        }
    }

    /// Takes the writer slot until `expires`, or prolongs it.
    ///
    /// # Errors
    /// `Busy` where another holds it.
    pub(super) fn take_slot(&self, who: SlotToken, now: Micros, expires: Micros) -> Result<()> {
        let mut heads = locked(&self.heads);
        if heads.slot.as_ref().is_some_and(|slot| slot.expires > now && slot.holder != who) {
            return Err(Error::Busy(heads.record.name.clone()));
        }
        heads.slot = Some(Slot { holder: who, expires });
        Ok(())
    }

    /// Gives the writer slot back, where it is still held.
    pub(super) fn give_slot(&self, who: SlotToken) {
        let mut heads = locked(&self.heads);
        if heads.slot.as_ref().is_some_and(|slot| slot.holder == who) {
            heads.slot = None;
        }
    }

    /// Forgets loaded heads that are durable, so that the next read loads them anew (after chunks
    /// were collected).
    pub(super) fn unload(&self, store: &Arc<dyn Store>) {
        let mut heads = locked(&self.heads);
        heads.settle(store.durable());
        if let (true, Some(head)) = (heads.waiting.is_empty(), heads.durable.take()) {
            heads.record = head.record.clone();
            heads.ref_bytes = head.ref_bytes.clone();
        }
    }
}

impl Heads {
    fn settle(&mut self, durable: Ticket) {
        while self.waiting.front().is_some_and(|(ticket, _)| *ticket <= durable) {
            self.durable = self.waiting.pop_front().map(|(_, head)| head);
        }
    }

    fn load(&mut self, database: &Database) -> Result<Arc<Head>> {
        let (record, bytes) = (self.record.clone(), self.ref_bytes.clone());
        let head = Arc::new(database.load_head(record, bytes)?);
        self.durable = Some(head.clone());
        Ok(head)
    }
}
