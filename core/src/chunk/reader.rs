//! What a statement reads and stages through.
//!
//! A chunk that the source does not have at hand is a *fault*. It is returned as an error, and it is
//! also recorded here, so that whatever a layer in between makes of the error, the caller learns of
//! it and discards the result. Hints name the chunks that a scan will want next; how many of them a
//! fault asks for grows with each restart of the operation ([`WorkingSet`]).
//!
//! Faults of one run add up: each names what those before it named too. So work that does not depend
//! on what was missing goes on after a fault, and the last one stands for all ([`all`](super::all),
//! [`both`](super::both)).

use super::{Chunk, ChunkSource, Hash, HashMapByName, StoreError};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The chunks that must be fetched before a statement can go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultSet {
    /// Needed now.
    pub missing: Vec<Hash>,
    /// Wanted soon; fetching them too saves restarts.
    pub hints: Vec<Hash>,
}

/// What reading a chunk can fail with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// Fetch these and run the statement again.
    #[error("{} chunks are not at hand", .0.missing.len())]
    Fault(FaultSet),
    /// The statement reads more than the memory given to it: give it more, or ask for less.
    #[error("the statement works on more than {0} bytes of chunks at once")]
    WorkingSet(usize),
    /// The store failed; its message says what can be done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one operation has come past, kept at hand while it faults and starts again, so that every
/// fault brings it further whatever the source's own cache drops meanwhile. The host makes one per
/// operation and hands it to [`Database::with_working_set`](crate::database::Database::with_working_set).
#[derive(Debug)]
pub struct WorkingSet {
    max_bytes: usize,
    restarts: AtomicUsize,
    /// Whether something that was named is still to be taken from the source.
    awaits: AtomicBool,
    inner: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// What was read.
    read: HashMapByName<Chunk>,
    read_bytes: usize,
    /// What was asked for and not read yet. Given up where memory ends.
    spare: HashMapByName<Chunk>,
    spare_bytes: usize,
    faults: Faults,
    /// What the last fault named, from the restart on until it is taken from the source.
    awaited: Vec<Hash>,
}

impl WorkingSet {
    /// Holds up to this many bytes of chunks; an operation that needs more ends in `WorkingSet`.
    pub fn new(max_bytes: usize) -> Self {
        WorkingSet {
            max_bytes,
            restarts: AtomicUsize::new(0),
            awaits: AtomicBool::new(false),
            inner: Mutex::default(),
        }
    }

    /// The operation starts again: what its faults named has been fetched, and faults ask for more
    /// from now on.
    pub fn restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        let mut inner = self.inner();
        let FaultSet { missing, hints } = std::mem::take(&mut inner.faults).set;
        inner.awaited = missing;
        inner.awaited.extend(hints);
        self.awaits.store(!inner.awaited.is_empty(), Ordering::Release);
    }

    /// How often the operation has started again.
    pub fn restarts(&self) -> usize {
        self.restarts.load(Ordering::Relaxed)
    }

    /// The operation has ended: nothing is held any more, and the next one begins anew.
    pub fn release(&self) {
        self.restarts.store(0, Ordering::Relaxed);
        self.awaits.store(false, Ordering::Release);
        *self.inner() = Held::default();
    }

    // What a panicking thread leaves is whole: a chunk is put in or it is not.
    fn inner(&self) -> MutexGuard<'_, Held> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chunk(&self, source: &dyn ChunkSource, hash: &Hash) -> Result<Option<Chunk>, ChunkError> {
        if self.awaits.swap(false, Ordering::AcqRel) {
            // Now, before the source's cache may drop it again.
            let awaited = std::mem::take(&mut self.inner().awaited);
            for hash in awaited {
                if let Some(chunk) = source.chunk(&hash)? {
                    self.inner().keep(chunk, self.max_bytes);
                }
            }
        }
        let mut inner = self.inner();
        if let Some(chunk) = inner.read.get(hash) {
            return Ok(Some(chunk.clone()));
        }
        let found = match inner.take_spare(hash) {
            Some(chunk) => Some(chunk),
            None => {
                drop(inner);
                let found = source.chunk(hash)?;
                inner = self.inner();
                found
            }
        };
        let Some(chunk) = found else { return Ok(None) };
        match inner.hold(&chunk, self.max_bytes) {
            true => Ok(Some(chunk)),
            false => Err(ChunkError::WorkingSet(self.max_bytes)),
        }
    }
}

impl Held {
    /// Keeps what may be read soon, where there is room.
    fn keep(&mut self, chunk: Chunk, max_bytes: usize) {
        let len = chunk.bytes().len();
        let room = self.read_bytes + self.spare_bytes + len <= max_bytes;
        if room
            && !self.read.contains_key(&chunk.hash())
            && self.spare.insert(chunk.hash(), chunk).is_none()
        {
            self.spare_bytes += len;
        }
    }

    fn take_spare(&mut self, hash: &Hash) -> Option<Chunk> {
        let chunk = self.spare.remove(hash)?;
        self.spare_bytes -= chunk.bytes().len();
        Some(chunk)
    }

    /// Holds what is read; `false` where that is too much.
    fn hold(&mut self, chunk: &Chunk, max_bytes: usize) -> bool {
        if self.read.insert(chunk.hash(), chunk.clone()).is_none() {
            self.read_bytes += chunk.bytes().len();
        }
        if self.read_bytes + self.spare_bytes > max_bytes {
            self.spare.clear();
            self.spare_bytes = 0;
        }
        self.read_bytes <= max_bytes
    }
}

/// The faults of one run, each chunk once.
#[derive(Debug, Default)]
struct Faults {
    set: FaultSet,
    known: HashMapByName<()>,
}

impl Faults {
    fn add(&mut self, missing: &[Hash], hints: &[Hash]) -> ChunkError {
        for hash in missing {
            if self.known.insert(*hash, ()).is_none() {
                self.set.missing.push(*hash);
            } else if let Some(at) = self.set.hints.iter().position(|hint| hint == hash) {
                self.set.hints.swap_remove(at);
                self.set.missing.push(*hash);
            }
        }
        for hash in hints {
            if self.known.insert(*hash, ()).is_none() {
                self.set.hints.push(*hash);
            }
        }
        ChunkError::Fault(self.set.clone())
    }
}

/// Chunks of a source, and new ones that are staged until they are written. Shared by reference; all
/// methods take `&self`.
pub struct Chunks {
    source: Arc<dyn ChunkSource>,
    inner: Mutex<Inner>,
    reads: AtomicU64,
    staged: AtomicUsize,
    working_set: Option<Arc<WorkingSet>>,
}

#[derive(Default)]
struct Inner {
    staged: HashMapByName<Chunk>,
    order: Vec<Hash>,
    faults: Faults,
}

impl Chunks {
    /// Reads from a source that keeps its own cache.
    pub fn new(source: Arc<dyn ChunkSource>) -> Self {
        Chunks {
            source,
            inner: Mutex::new(Inner::default()),
            reads: AtomicU64::new(0),
            staged: AtomicUsize::new(0),
            working_set: None,
        }
    }

    /// Holds on to every chunk that is read: for sources that fault, whose caches must not drop what
    /// a running operation has come past.
    #[must_use]
    pub fn working_on(mut self, set: Arc<WorkingSet>) -> Self {
        self.working_set = Some(set);
        self
    }

    /// How often the operation has started again because chunks were not at hand; `None` over a
    /// source that never faults.
    pub fn restarts(&self) -> Option<usize> {
        self.working_set.as_ref().map(|set| set.restarts())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A chunk by name; `hints` are the chunks that the caller will want after it, nearest first.
    ///
    /// # Errors
    /// A fault, recorded here as well; `WorkingSet` beyond the pin limit; the store's.
    pub fn get(&self, hash: &Hash, hints: &[Hash]) -> Result<Chunk, ChunkError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.staged.load(Ordering::Acquire) > 0
            && let Some(chunk) = self.inner().staged.get(hash)
        {
            return Ok(chunk.clone());
        }
        match self.at_hand(hash)? {
            Some(chunk) => Ok(chunk),
            None => Err(self.fault(&[*hash], hints)),
        }
    }

    /// A chunk if it is at hand; it is no fault if not.
    ///
    /// # Errors
    /// `WorkingSet` where it is full; the store's.
    pub fn at_hand(&self, hash: &Hash) -> Result<Option<Chunk>, ChunkError> {
        match &self.working_set {
            Some(set) => set.chunk(&*self.source, hash),
            None => Ok(self.source.chunk(hash)?),
        }
    }

    /// Over a source that faults: whether all of these are at hand; those that are not become one
    /// fault. Elsewhere it does nothing.
    ///
    /// # Errors
    /// A fault; the store's.
    pub fn want(&self, hashes: &[Hash]) -> Result<(), ChunkError> {
        if self.working_set.is_none() {
            return Ok(());
        }
        let mut missing = Vec::new();
        for hash in hashes {
            if self.staged.load(Ordering::Acquire) > 0 && self.inner().staged.contains_key(hash) {
                continue;
            }
            if self.at_hand(hash)?.is_none() {
                missing.push(*hash);
            }
        }
        match missing.is_empty() {
            true => Ok(()),
            false => Err(self.fault(&missing, &[])),
        }
    }

    fn fault(&self, missing: &[Hash], hints: &[Hash]) -> ChunkError {
        // Only what is needed at first; after one restart the sixteen chunks that a scan comes to
        // next, after more all that the caller can name.
        let wanted = match self.restarts() {
            None | Some(0) => 0,
            Some(1) => 16,
            Some(_) => usize::MAX,
        };
        let hints = &hints[..hints.len().min(wanted)];
        match &self.working_set {
            Some(set) => set.inner().faults.add(missing, hints),
            None => self.inner().faults.add(missing, hints),
        }
    }

    /// The faults since the last call, or of the operation's run, whatever became of the errors.
    pub fn take_faults(&self) -> Option<FaultSet> {
        let faults = match &self.working_set {
            // They stay until the operation starts again.
            Some(set) => set.inner().faults.set.clone(),
            None => std::mem::take(&mut self.inner().faults).set,
        };
        (!faults.missing.is_empty()).then_some(faults)
    }

    /// How many chunks were asked for.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Adds a new chunk, to be read at once and written later.
    pub fn stage(&self, bytes: Vec<u8>) -> Hash {
        let chunk = Chunk::new(bytes);
        let hash = chunk.hash();
        let mut inner = self.inner();
        if inner.staged.insert(hash, chunk).is_none() {
            inner.order.push(hash);
        }
        self.staged.store(inner.staged.len(), Ordering::Release);
        hash
    }

    /// The staged chunks, children before the parents that name them. They are staged no longer.
    pub fn take_staged(&self) -> Vec<Chunk> {
        let mut inner = self.inner();
        let order = std::mem::take(&mut inner.order);
        let mut staged = std::mem::take(&mut inner.staged);
        self.staged.store(0, Ordering::Release);
        order.iter().filter_map(|hash| staged.remove(hash)).collect()
    }
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunks").field("reads", &self.reads()).finish_non_exhaustive()
    }
}
