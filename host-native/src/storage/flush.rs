//! Group commit: who writes, who waits, and what happens when writing fails.

use super::layout::Kind;
use super::log::Draft;
use super::run::{fold, key, locate};
use super::scan::io;
use super::store::{Callback, Closed, Durability, Inner, Queued, State};
use offshoot_core::chunk::StoreError;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

// A checkpoint is also due after this many chunks, however small.
const UNINDEXED_CHUNKS_MAX: usize = 64 << 10;
// Closing writes a checkpoint if opening would else read more than this.
const CLOSE_UNINDEXED_MAX: u64 = 256 << 10;
// How long a write that nobody waits for may stay in memory.
const LINGER: Duration = Duration::from_millis(20);

impl Inner {
    /// Blocks until `sequence` is durable; the first to come does the work for all.
    pub(super) fn wait(&self, sequence: u64) -> Result<(), StoreError> {
        let mut state = self.state();
        loop {
            if state.durable >= sequence {
                return Ok(());
            }
            self.alive()?;
            if sequence > state.accepted {
                return Err(StoreError::Io("no write has this ticket".into()));
            }
            state = self.lead_or_follow(state);
        }
    }

    /// Writes, or waits for who writes, until at most `bytes` are queued.
    pub(super) fn relieve<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        bytes: usize,
    ) -> Result<(), StoreError> {
        while state.queued_bytes > bytes {
            self.alive()?;
            state = self.lead_or_follow(state);
        }
        Ok(())
    }

    pub(super) fn subscribe(&self, sequence: u64, then: Callback) {
        let mut state = self.state();
        let now = match self.alive() {
            _ if state.durable >= sequence => Some(Ok(())),
            Err(e) => Some(Err(e)),
            Ok(()) if sequence > state.accepted => {
                Some(Err(StoreError::Io("no write has this ticket".into())))
            }
            Ok(()) => None,
        };
        if let Some(result) = now {
            drop(state);
            return then(result);
        }
        state.subscribers.push((sequence, then));
        state.flusher_idle = false;
        self.work.notify_one();
        if !self.options.background && !state.leading {
            drop(self.lead(state));
        }
    }

    fn lead_or_follow<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        match state.leading {
            true => self.done.wait(state).unwrap_or_else(PoisonError::into_inner),
            false => self.lead(state),
        }
    }

    /// Writes all that is queued, makes it durable, and tells everyone.
    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.leading = true;
        state.queued_bytes = 0;
        let batch = std::mem::take(&mut state.queue);
        let last = batch.last().map_or(state.durable, |queued| queued.sequence);
        drop(state);

        let unwinding = Unwinding(self);
        let written = self.write_batch(batch);
        std::mem::forget(unwinding);

        let mut state = self.state();
        state.leading = false;
        match written {
            Err(e) => {
                drop(state);
                self.stop(&e.to_string());
                return self.state();
            }
            Ok(checkpoint_due) => {
                state.durable = last;
                state.checkpoint_due |= checkpoint_due;
            }
        }
        self.done.notify_all();
        if state.checkpoint_due || !state.subscribers.is_empty() {
            state = self.tell(state);
            self.work.notify_one();
        }
        if state.checkpoint_due && !self.options.background {
            drop(state);
            // While a compaction runs, which brings an index of its own, it can wait. A failure has
            // stopped the store; whoever waits will see that.
            if let Ok(one) = self.maintenance.try_lock() {
                let _ = self.maintain_alone(one);
            }
            return self.state();
        }
        state
    }

    // Calls the subscribers whose writes are durable, with no lock held.
    fn tell<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let durable = state.durable;
        let ready: Vec<_> = state.subscribers.extract_if(.., |(n, _)| *n <= durable).collect();
        if ready.is_empty() {
            return state;
        }
        drop(state);
        ready.into_iter().for_each(|(_, then)| then(Ok(())));
        self.state()
    }

    // Whether a checkpoint is due.
    fn write_batch(&self, batch: Vec<Queued>) -> Result<bool, StoreError> {
        if batch.is_empty() {
            return Ok(false);
        }
        let (mut drafts, mut placed) = (Vec::new(), Vec::new());
        for queued in batch {
            drafts.push(Draft { kind: Kind::Write, lead: queued.lead, bytes: queued.bytes });
            placed.push((queued.pack_at, queued.index, queued.change));
        }
        let mut log = self.log();
        self.alive()?;
        let offsets = log.append(drafts).map_err(io)?;
        match self.options.durability {
            Durability::Strict => log.sync().map_err(io)?,
            Durability::Relaxed => log.mark().map_err(io)?,
        }
        let mut recent = 0;
        for (at, (pack_at, index, change)) in offsets.into_iter().zip(placed) {
            if let Some(change) = change {
                change.apply(&mut log.refs);
            }
            // One frame at a time, so that readers get in between.
            let mut lookup = self.lookup_mut();
            let mut written = Vec::with_capacity(index.entries.len());
            for (hash, slice) in &index.entries {
                let place = locate(slice, at + pack_at as u64);
                lookup.index.recent.chunks.insert(key(hash), place);
                written.extend(lookup.chunks.remove(hash));
            }
            for (commit, root) in index.keyframes {
                lookup.index.recent.keyframes.insert(commit, root);
                lookup.keyframes.remove(&commit);
            }
            recent = lookup.index.recent.len();
            drop(lookup);
            written.into_iter().for_each(|chunk| self.cache.insert(chunk));
        }
        Ok(log.unindexed > self.options.checkpoint_bytes || recent > UNINDEXED_CHUNKS_MAX)
    }

    /// Writes an index checkpoint. Writers wait only while it is appended, not while it is sorted.
    pub(super) fn maintain(&self) -> Result<(), StoreError> {
        self.maintain_alone(self.maintenance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn maintain_alone(&self, _one: MutexGuard<'_, ()>) -> Result<(), StoreError> {
        let done = self.write_checkpoint();
        self.state().checkpoint_due = false;
        if let Err(e) = &done {
            self.stop(&e.to_string());
        }
        done
    }

    fn write_checkpoint(&self) -> Result<(), StoreError> {
        self.alive()?;
        let (covered, refs, recent, runs) = {
            let log = self.log();
            let index = &mut self.lookup_mut().index;
            let recent = index.freeze();
            (log.at, log.refs.clone(), recent, index.runs.clone())
        };
        let (run, kept) = fold(&recent, &runs);
        let mut runs = runs;
        runs.truncate(kept);

        let mut log = self.log();
        self.alive()?;
        let run = log.checkpoint(covered, &refs, &runs, run).map_err(io)?;
        runs.push(Arc::new(run));
        let index = &mut self.lookup_mut().index;
        index.runs = runs;
        index.frozen = None;
        Ok(())
    }

    /// Ends the store: from here on every call says why.
    pub(super) fn stop(&self, why: &str) {
        let _ = self.stopped.set(why.to_owned());
        let mut state = self.state();
        state.leading = false;
        let left = std::mem::take(&mut state.subscribers);
        state.queue.clear();
        state.queued_bytes = 0;
        drop(state);
        self.done.notify_all();
        self.work.notify_all();
        for (_, then) in left {
            then(Err(StoreError::Stopped(why.to_owned())));
        }
    }

    pub(super) fn close(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        if std::mem::replace(&mut state.closing, true) {
            return Ok(());
        }
        let accepted = state.accepted;
        drop(state);
        self.work.notify_all();
        let closed = self.wait(accepted).and_then(|()| self.finish());
        self.stop("it is closed");
        // Lets go of the file, and with it of the lock, though others may still hold the store.
        self.log().file = Arc::new(Closed);
        self.lookup_mut().file = Arc::new(Closed);
        closed
    }

    fn finish(&self) -> Result<(), StoreError> {
        self.alive()?;
        if self.log().unindexed > CLOSE_UNINDEXED_MAX {
            self.maintain()?;
        }
        let _one = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        let mut log = self.log();
        let end = log.at.offset;
        log.file.set_len(end).map_err(io)?;
        log.file.sync().map_err(io)?;
        let checkpoint = log.slot.checkpoint;
        log.write_slot(checkpoint, true).map_err(io)?;
        log.file.sync().map_err(io)
    }
}

// A leader that panics must not leave the others waiting.
struct Unwinding<'a>(&'a Inner);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        self.0.stop("a thread panicked while it wrote");
    }
}

/// The thread that writes for those who do not wait.
pub(super) struct Flusher(JoinHandle<()>);

impl Flusher {
    pub(super) fn start(inner: Arc<Inner>) -> Result<Flusher, StoreError> {
        let thread = std::thread::Builder::new().name("offshoot-flush".into());
        thread.spawn(move || run(&inner)).map(Flusher).map_err(io)
    }

    /// Waits for the thread to end; `close` told it to.
    pub(super) fn join(self) {
        // The last owner may be a callback on that very thread, which then ends by itself.
        if self.0.thread().id() != std::thread::current().id() {
            let _ = self.0.join();
        }
    }
}

fn run(inner: &Inner) {
    // The oldest queued write that was already there a while ago.
    let mut lingering = 0;
    let mut state = inner.state();
    loop {
        if state.closing || inner.alive().is_err() {
            return;
        }
        if state.checkpoint_due {
            drop(state);
            // A failure has stopped the store.
            let _ = inner.maintain();
            state = inner.state();
            continue;
        }
        let oldest = state.queue.first().map_or(0, |queued| queued.sequence);
        let awaited = !state.subscribers.is_empty() || (oldest != 0 && oldest == lingering);
        if oldest == 0 {
            state.flusher_idle = true;
            state = inner.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.flusher_idle = false;
        } else if awaited && !state.leading {
            state = inner.lead(state);
        } else {
            let waited = inner.work.wait_timeout(state, LINGER);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            lingering = if timeout.timed_out() { oldest } else { 0 };
        }
    }
}
