//! What a statement reads and stages through.
//!
//! A chunk that the source does not have at hand is a *fault*. It is returned as an error, and it is
//! also recorded here, so that whatever a layer in between makes of the error, the caller learns of
//! it and discards the result. Hints name the chunks that a scan will want next; how many of them a
//! fault asks for grows with each restart of the statement ([`Chunks::widen`]).

use super::{Chunk, ChunkSource, Hash, StoreError};
use std::collections::{HashMap, HashSet};
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

/// Chunks of a source, and new ones that are staged until they are written. Shared by reference; all
/// methods take `&self`.
pub struct Chunks {
    source: Arc<dyn ChunkSource>,
    inner: Mutex<Inner>,
    reads: AtomicU64,
    staged: AtomicUsize,
    hints_max: AtomicUsize,
    pin_max_bytes: usize,
}

#[derive(Default)]
struct Inner {
    staged: HashMap<Hash, Chunk>,
    order: Vec<Hash>,
    faults: FaultSet,
    pinned: HashMap<Hash, Chunk>,
    pinned_bytes: usize,
}

impl Chunks {
    /// Reads from a source that keeps its own cache.
    pub fn new(source: Arc<dyn ChunkSource>) -> Self {
        Chunks {
            source,
            inner: Mutex::new(Inner::default()),
            reads: AtomicU64::new(0),
            staged: AtomicUsize::new(0),
            hints_max: AtomicUsize::new(0),
            pin_max_bytes: 0,
        }
    }

    /// Holds on to every chunk that is read, up to a number of bytes: for sources that fault, whose
    /// caches must not drop what a running statement has come past.
    #[must_use]
    pub fn pinning(mut self, max_bytes: usize) -> Self {
        self.pin_max_bytes = max_bytes;
        self
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
        match self.source.chunk(hash)? {
            Some(chunk) => {
                if self.pin_max_bytes > 0 {
                    self.pin(&chunk)?;
                }
                Ok(chunk)
            }
            None => Err(self.fault(&[*hash], hints)),
        }
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
            match self.source.chunk(hash)? {
                Some(chunk) if self.pin_max_bytes > 0 => self.pin(&chunk)?,
                Some(_) => {}
                None => missing.push(*hash),
            }
        }
        match missing.is_empty() {
            true => Ok(()),
            false => Err(self.fault(&missing, &[])),
        }
    }

    fn fault(&self, missing: &[Hash], hints: &[Hash]) -> ChunkError {
        let wanted = hints.len().min(self.hints_max.load(Ordering::Relaxed));
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

    fn pin(&self, chunk: &Chunk) -> Result<(), ChunkError> {
        let mut inner = self.inner();
        if inner.pinned.insert(chunk.hash(), chunk.clone()).is_none() {
            inner.pinned_bytes += chunk.bytes().len();
        }
        match inner.pinned_bytes > self.pin_max_bytes {
            true => Err(ChunkError::WorkingSet(self.pin_max_bytes)),
            false => Ok(()),
        }
    }

    /// The faults since the last call, whatever became of the errors.
    pub fn take_faults(&self) -> Option<FaultSet> {
        let faults = std::mem::take(&mut self.inner().faults);
        (!faults.missing.is_empty()).then_some(faults)
    }

    /// How wide faults ask from now on: after no restart only what is needed, after one the sixteen
    /// chunks that a scan comes to next, after more all that the caller can name.
    pub fn widen(&self, restarts: usize) {
        let hints = match restarts {
            0 => 0,
            1 => 16,
            _ => usize::MAX,
        };
        self.hints_max.store(hints, Ordering::Relaxed);
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
