//! The store: refs with compare-and-swap, chunks by name.

use super::cache::ChunkCache;
use super::flush::Flusher;
use super::layout;
use super::log::{Log, Refs};
use super::open::{Recovery, corrupt, open};
use super::raw::{OsPlace, Place, RawFile};
use super::run::{Index, slice_of};
use super::scan::io;
use offshoot_core::chunk::{
    Chunk, ChunkSlice, ChunkSource, Hash, Outcome, PackError, PackIndex, RefChange, Store,
    StoreError, Ticket, Write,
};
use std::collections::HashMap;
use std::ops::Bound::{Included, Unbounded};
use std::path::Path;
use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard,
    RwLockWriteGuard,
};

/// When a write counts as durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When the medium has it: it survives a loss of power.
    #[default]
    Strict,
    /// When the operating system has it: it survives the end of the process, and the last ones may
    /// be lost with the power. What is left is still consistent.
    Relaxed,
}

/// How to open a database file.
#[derive(Debug, Clone)]
pub struct Options {
    /// Make a new database, and its folder, if there is none.
    pub create: bool,
    /// When a write counts as durable.
    pub durability: Durability,
    /// How many bytes of decompressed chunks to keep in memory.
    pub cache_bytes: usize,
    /// After how many bytes of log an index checkpoint is written; opening after a crash reads at
    /// most about this much.
    pub checkpoint_bytes: u64,
    /// Use the index in the file. Without it the whole log is read, which opens a database that has
    /// damage in nothing but the index; compact it then, to be rid of the damage.
    pub use_index: bool,
    /// Keep a thread that writes what nobody waits for and the index checkpoints. Without it,
    /// writers do that, which makes the order of all file operations repeatable.
    #[doc(hidden)]
    pub background: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            create: true,
            durability: Durability::Strict,
            cache_bytes: 256 << 20,
            checkpoint_bytes: 16 << 20,
            use_index: true,
            background: true,
        }
    }
}

/// What a store holds, for people and for deciding when to compact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Length of the file in bytes, with the space prepared for what comes.
    pub file_bytes: u64,
    /// Length of the file in bytes, without that space.
    pub log_bytes: u64,
    /// How many chunks the index names. A chunk that was stored twice may count twice.
    pub chunks: u64,
    /// Length of these chunks in bytes, uncompressed.
    pub chunk_bytes: u64,
    /// Length of these chunks in bytes, as stored. The rest of the log is ref changes, indexes and
    /// what a compaction would drop.
    pub stored_bytes: u64,
    /// How many keyframes there are.
    pub keyframes: u64,
    /// How many refs there are.
    pub refs: u64,
    /// How many runs the index has.
    pub runs: u64,
    /// How often the file was synced since it was opened.
    pub syncs: u64,
}

/// A database in one file. Share it as `Arc<FileStore>`.
///
/// Dropping it writes what is left and closes the file; `close` does the same and tells whether it
/// worked.
pub struct FileStore {
    pub(super) inner: Arc<Inner>,
    flusher: Option<Flusher>,
    recovery: Recovery,
}

/// A thread that needs several takes them in the order of the fields here; `log` and `state` are
/// never held together.
pub(super) struct Inner {
    pub options: Options,
    pub place: Box<dyn Place>,
    pub cache: ChunkCache,
    /// Why the store takes no more calls.
    pub stopped: OnceLock<String>,
    /// One checkpoint or compaction at a time.
    pub maintenance: Mutex<()>,
    pub log: Mutex<Log>,
    pub state: Mutex<State>,
    pub lookup: RwLock<Lookup>,
    /// Waiters for tickets.
    pub done: Condvar,
    /// The flushing thread, waiting for work.
    pub work: Condvar,
}

/// What writers agree on. The refs here are ahead of those in the log by what is queued.
#[derive(Default)]
pub(super) struct State {
    pub refs: Refs,
    pub queue: Vec<Queued>,
    pub queued_bytes: usize,
    /// Sequence of the last accepted write.
    pub accepted: u64,
    /// Sequence of the last durable write.
    pub durable: u64,
    /// Some thread is writing.
    pub leading: bool,
    pub checkpoint_due: bool,
    pub subscribers: Vec<(u64, Callback)>,
    /// The flushing thread sleeps until it is notified.
    pub flusher_idle: bool,
    pub closing: bool,
}

pub(super) type Callback = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// An accepted write that is not in the file yet.
pub(super) struct Queued {
    pub sequence: u64,
    pub bytes: Vec<u8>,
    pub lead: u32,
    /// Where in `bytes` the pack begins.
    pub pack_at: usize,
    pub index: PackIndex,
    pub change: Option<RefChange>,
}

/// What readers need.
pub(super) struct Lookup {
    pub file: Arc<dyn RawFile>,
    pub index: Index,
    /// What is queued.
    pub chunks: HashMap<Hash, Chunk>,
    pub keyframes: HashMap<Hash, Hash>,
}

// Queued frames beyond this make a writer help to write them.
const QUEUED_BYTES_MAX: usize = 32 << 20;

impl FileStore {
    /// Opens the database at `path`, or creates it. Fails if another process has it open, if it is
    /// damaged, or if it comes from a newer version.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<FileStore, StoreError> {
        Self::open_at(Box::new(OsPlace::new(path.as_ref())), options)
    }

    /// Opens the database at a place that need not be of the operating system.
    #[doc(hidden)]
    pub fn open_at(place: Box<dyn Place>, options: Options) -> Result<FileStore, StoreError> {
        let opened = open(&*place, options.create, options.use_index)?;
        let state = State {
            refs: opened.log.refs.clone(),
            accepted: opened.log.at.sequence,
            durable: opened.log.at.sequence,
            ..State::default()
        };
        let lookup = Lookup {
            file: opened.log.file.clone(),
            index: opened.index,
            chunks: HashMap::new(),
            keyframes: HashMap::new(),
        };
        let inner = Arc::new(Inner {
            cache: ChunkCache::new(options.cache_bytes),
            options,
            place,
            stopped: OnceLock::new(),
            maintenance: Mutex::default(),
            log: Mutex::new(opened.log),
            state: Mutex::new(state),
            lookup: RwLock::new(lookup),
            done: Condvar::new(),
            work: Condvar::new(),
        });
        let flusher = match inner.options.background {
            true => Some(Flusher::start(inner.clone())?),
            false => None,
        };
        Ok(FileStore { inner, flusher, recovery: opened.recovery })
    }

    /// What opening found.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Blocks until the write of this ticket, and all before it, is durable.
    pub fn wait(&self, ticket: Ticket) -> Result<(), StoreError> {
        self.inner.wait(ticket.0)
    }

    /// Calls `then` once the write of this ticket is durable or the store has stopped; at once, on
    /// this thread, if that is so already, else on the thread that made it durable. `then` should
    /// only pass the news on.
    pub fn subscribe(
        &self,
        ticket: Ticket,
        then: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) {
        self.inner.subscribe(ticket.0, Box::new(then));
    }

    /// Blocks until everything accepted so far is durable.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.inner.alive()?;
        let accepted = self.inner.state().accepted;
        self.inner.wait(accepted)
    }

    /// What the store holds.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        self.inner.alive()?;
        let mut stats = Stats::default();
        {
            let log = self.inner.log();
            (stats.file_bytes, stats.log_bytes) = (log.len, log.at.offset);
            (stats.refs, stats.syncs) = (log.refs.len() as u64, log.syncs);
        }
        let mut count = |slice: ChunkSlice| {
            stats.chunks += 1;
            stats.chunk_bytes += u64::from(slice.len);
            // The block counts with its first chunk.
            stats.stored_bytes += if slice.start == 0 { u64::from(slice.stored) } else { 0 };
        };
        let runs = {
            let index = &self.inner.lookup().index;
            for recent in [Some(&index.recent), index.frozen.as_deref()].into_iter().flatten() {
                recent.chunks.values().for_each(|at| count(slice_of(at)));
                stats.keyframes += recent.keyframes.len() as u64;
            }
            index.runs.clone()
        };
        for run in &runs {
            run.chunks().for_each(|(_, at)| count(slice_of(&at)));
            stats.keyframes += run.keyframes() as u64;
        }
        stats.runs = runs.len() as u64;
        Ok(stats)
    }

    /// Writes what is left, an index checkpoint if opening would otherwise read much, and closes
    /// the file. Later calls say `Stopped`.
    pub fn close(&self) -> Result<(), StoreError> {
        self.inner.close()
    }
}

impl Drop for FileStore {
    fn drop(&mut self) {
        // Who wants to know whether it worked calls `close`.
        let _ = self.inner.close();
        if let Some(flusher) = self.flusher.take() {
            flusher.join();
        }
    }
}

impl ChunkSource for FileStore {
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError> {
        self.inner.alive()?;
        if let Some(chunk) = self.inner.cache.get(hash) {
            return Ok(Some(chunk));
        }
        let (file, slice) = {
            let lookup = self.inner.lookup();
            if let Some(chunk) = lookup.chunks.get(hash) {
                return Ok(Some(chunk.clone()));
            }
            match lookup.index.chunk(hash) {
                Some(at) => (lookup.file.clone(), slice_of(&at)),
                None => return Ok(None),
            }
        };
        let chunk = read_chunk(&*file, slice, hash)?;
        self.inner.cache.insert(chunk.clone());
        Ok(Some(chunk))
    }
}

fn read_chunk(file: &dyn RawFile, slice: ChunkSlice, hash: &Hash) -> Result<Chunk, StoreError> {
    let damaged = |e: &dyn std::fmt::Display| corrupt(slice.block, format!("chunk {hash}: {e}"));
    let mut stored = vec![0; slice.stored as usize];
    file.read_at(&mut stored, slice.block).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => damaged(&"the file ends before it"),
        _ => io(e),
    })?;
    slice.read(*hash, &stored).map_err(|e| damaged(&e))
}

impl Store for FileStore {
    fn read_ref(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.alive()?;
        Ok(self.inner.state().refs.get(name).cloned())
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.inner.alive()?;
        let state = self.inner.state();
        let from = state.refs.range::<str, _>((Included(prefix), Unbounded));
        let some = from.take_while(|(name, _)| name.starts_with(prefix));
        Ok(some.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn keyframe(&self, commit: &Hash) -> Result<Option<Hash>, StoreError> {
        self.inner.alive()?;
        let lookup = self.inner.lookup();
        let queued = lookup.keyframes.get(commit).copied();
        Ok(queued.or_else(|| lookup.index.keyframe(commit)))
    }

    /// Returns as soon as the write is in order behind the earlier ones; `FileStore::wait` or
    /// `FileStore::subscribe` tell when it is durable. A burst that nobody waits for is slowed down
    /// to what the disk takes.
    fn submit(&self, write: Write) -> Result<Outcome, StoreError> {
        self.inner.alive()?;
        if let Some(change) = &write.change {
            change.check()?;
            // Losers need not compress anything.
            if let Err(actual) = change.compare(&self.inner.state().refs) {
                return Ok(Outcome::Conflict(actual));
            }
        }
        let (pack, index) = match write.pack.is_empty() {
            true => (Vec::new(), PackIndex::default()),
            false => write.pack.encode_indexed().map_err(refused)?,
        };
        let (bytes, lead) = layout::write_payload(write.change.as_ref(), &pack);
        let pack_at = bytes.len() - pack.len();
        drop(pack);

        let queued = Queued { sequence: 0, bytes, lead, pack_at, index, change: write.change };
        self.inner.enqueue(queued, write.pack.chunks, write.pack.keyframes)
    }

    fn durable(&self) -> Ticket {
        Ticket(self.inner.state().durable)
    }
}

fn refused(e: PackError) -> StoreError {
    StoreError::Io(e.to_string())
}

impl Inner {
    /// Whether the store still takes calls.
    pub(super) fn alive(&self) -> Result<(), StoreError> {
        match self.stopped.get() {
            None => Ok(()),
            Some(why) => Err(StoreError::Stopped(why.clone())),
        }
    }

    fn enqueue(
        &self,
        mut queued: Queued,
        chunks: Vec<Chunk>,
        keyframes: Vec<(Hash, Hash)>,
    ) -> Result<Outcome, StoreError> {
        let mut state = self.state();
        if state.closing {
            return Err(StoreError::Stopped("it is being closed".into()));
        }
        self.alive()?;
        if let Some(change) = &queued.change {
            if let Err(actual) = change.compare(&state.refs) {
                return Ok(Outcome::Conflict(actual));
            }
            change.clone().apply(&mut state.refs);
        }
        {
            let mut lookup = self.lookup_mut();
            lookup.chunks.extend(chunks.into_iter().map(|chunk| (chunk.hash(), chunk)));
            lookup.keyframes.extend(keyframes);
        }
        state.accepted += 1;
        let sequence = state.accepted;
        queued.sequence = sequence;
        state.queued_bytes += queued.bytes.len();
        state.queue.push(queued);
        if std::mem::take(&mut state.flusher_idle) {
            self.work.notify_one();
        }
        if state.queued_bytes > QUEUED_BYTES_MAX {
            self.relieve(state, QUEUED_BYTES_MAX)?;
        }
        Ok(Outcome::Accepted(Ticket(sequence)))
    }

    // What these guard is complete between any two statements that can panic, or the store is
    // stopped by the leader's guard; so a poisoned lock holds nothing worse than a stopped store.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lookup(&self) -> RwLockReadGuard<'_, Lookup> {
        self.lookup.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lookup_mut(&self) -> RwLockWriteGuard<'_, Lookup> {
        self.lookup.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In the place of a file that was closed.
pub(super) struct Closed;

impl RawFile for Closed {
    fn read_at(&self, _: &mut [u8], _: u64) -> std::io::Result<()> {
        Err(std::io::Error::other("the database is closed"))
    }

    fn write_at(&self, _: &[u8], _: u64) -> std::io::Result<()> {
        Err(std::io::Error::other("the database is closed"))
    }

    fn sync(&self) -> std::io::Result<()> {
        Err(std::io::Error::other("the database is closed"))
    }

    fn set_len(&self, _: u64) -> std::io::Result<()> {
        Err(std::io::Error::other("the database is closed"))
    }

    fn len(&self) -> std::io::Result<u64> {
        Err(std::io::Error::other("the database is closed"))
    }
}
