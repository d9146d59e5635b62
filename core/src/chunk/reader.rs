//! What a statement reads and stages through.
//!
//! A chunk that the source does not have at hand is a *fault*. It is returned as an error, and it is
//! also recorded here, so that whatever a layer in between makes of the error, the caller learns of
//! it and discards the result. Hints name the chunks that a scan will want next; how many of them a
//! fault asks for grows with each restart of the operation ([`WorkingSet`]).

use super::{Chunk, ChunkSource, Hash, HashMapByName, StoreError};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
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
    held: Mutex<(HashMapByName<Chunk>, usize)>,
}

impl WorkingSet {
    /// Holds up to this many bytes of chunks; an operation that needs more ends in `WorkingSet`.
    pub fn new(max_bytes: usize) -> Self {
        WorkingSet { max_bytes, restarts: AtomicUsize::new(0), held: Mutex::default() }
    }

    /// The operation starts again: faults ask for more from now on.
    pub fn restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the operation has started again.
    pub fn restarts(&self) -> usize {
        self.restarts.load(Ordering::Relaxed)
    }

    /// The operation has ended: nothing is held any more, and the next one begins anew.
    pub fn release(&self) {
        self.restarts.store(0, Ordering::Relaxed);
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }

    fn get(&self, hash: &Hash) -> Option<Chunk> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).0.get(hash).cloned()
    }

    fn hold(&self, chunk: &Chunk) -> Result<(), ChunkError> {
        let (held, bytes) = &mut *self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.insert(chunk.hash(), chunk.clone()).is_none() {
            *bytes += chunk.bytes().len();
        }
        match *bytes > self.max_bytes {
            true => Err(ChunkError::WorkingSet(self.max_bytes)),
            false => Ok(()),
        }
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
    faults: FaultSet,
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
        let Some(set) = &self.working_set else { return Ok(self.source.chunk(hash)?) };
        if let Some(chunk) = set.get(hash) {
            return Ok(Some(chunk));
        }
        let chunk = self.source.chunk(hash)?;
        chunk.iter().try_for_each(|chunk| set.hold(chunk))?;
        Ok(chunk)
    }

    /// Whether all of these are at hand; those that are not become one fault.
    ///
    /// # Errors
    /// A fault; the store's.
    pub fn want(&self, hashes: &[Hash]) -> Result<(), ChunkError> {
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
        let wanted = hints.len().min(wanted);
        let mut inner = self.inner();
        let faults = &mut inner.faults;
        for hash in missing {
            if !faults.missing.contains(hash) {
                faults.missing.push(*hash);
            }
        }
        let known: HashSet<Hash> = faults.missing.iter().chain(&faults.hints).copied().collect();
        faults.hints.extend(hints[..wanted].iter().filter(|hash| !known.contains(hash)));
        ChunkError::Fault(faults.clone())
    }

    /// The faults since the last call, whatever became of the errors.
    pub fn take_faults(&self) -> Option<FaultSet> {
        let faults = std::mem::take(&mut self.inner().faults);
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
