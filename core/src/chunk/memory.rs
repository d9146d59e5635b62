//! A store in memory: durable at once and gone with the process. For tests, and for programs that
//! want a database without a file.

use super::{Chunk, ChunkSource, Hash, HashMapByName, Outcome, Store, StoreError, Ticket, Write};
use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A `Store` that keeps everything in memory. Share it as `Arc<MemoryStore>`.
#[derive(Debug, Default)]
pub struct MemoryStore(RwLock<Held>);

#[derive(Debug, Default)]
struct Held {
    chunks: HashMapByName<Chunk>,
    keyframes: HashMapByName<Hash>,
    refs: BTreeMap<String, Vec<u8>>,
    newest: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    /// How many chunks it holds.
    pub fn chunk_count(&self) -> usize {
        self.held().chunks.len()
    }

    /// Length of all its chunks in bytes, uncompressed.
    pub fn chunk_bytes(&self) -> u64 {
        self.held().chunks.values().map(|c| c.bytes().len() as u64).sum()
    }

    /// Forgets the chunks that `live` does not name and the keyframes of commits that `keep` does
    /// not name: garbage collection.
    pub fn retain(&self, live: impl Fn(&Hash) -> bool, keep: impl Fn(&Hash) -> bool) {
        let mut held = self.held_mut();
        held.chunks.retain(|hash, _| live(hash));
        held.keyframes.retain(|commit, _| keep(commit));
    }

    // No update leaves the maps half done, so what a panicking thread held is still good.
    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_mut(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChunkSource for MemoryStore {
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError> {
        Ok(self.held().chunks.get(hash).cloned())
    }
}

impl Store for MemoryStore {
    fn read_ref(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.held().refs.get(name).cloned())
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let held = self.held();
        let from = held.refs.range::<str, _>((Included(prefix), Unbounded));
        let some = from.take_while(|(name, _)| name.starts_with(prefix));
        Ok(some.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn keyframe(&self, commit: &Hash) -> Result<Option<Hash>, StoreError> {
        Ok(self.held().keyframes.get(commit).copied())
    }

    fn submit(&self, write: Write) -> Result<Outcome, StoreError> {
        let mut held = self.held_mut();
        if let Some(change) = write.change {
            change.check()?;
            if let Err(actual) = change.compare(&held.refs) {
                return Ok(Outcome::Conflict(actual));
            }
            change.apply(&mut held.refs);
        }
        held.chunks.extend(write.pack.chunks.into_iter().map(|c| (c.hash(), c)));
        held.keyframes.extend(write.pack.keyframes);
        held.newest += 1;
        Ok(Outcome::Accepted(Ticket(held.newest)))
    }

    fn durable(&self) -> Ticket {
        Ticket(self.held().newest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Pack, RefChange};
    use super::*;

    fn change(name: &str, expected: Option<&[u8]>, new: Option<&[u8]>) -> Option<RefChange> {
        let (expected, new) = (expected.map(<[u8]>::to_vec), new.map(<[u8]>::to_vec));
        Some(RefChange { name: name.into(), expected, new })
    }

    #[test]
    fn a_write_stands_whole_or_not_at_all() {
        let store = MemoryStore::new();
        let chunk = Chunk::new(*b"row");
        let pack = Pack {
            chunks: vec![chunk.clone()],
            keyframes: vec![(Hash::of(b"commit"), chunk.hash())],
        };
        let late = Write { pack: pack.clone(), change: change("branch/main", Some(b"0"), None) };
        assert_eq!(store.submit(late).unwrap(), Outcome::Conflict(None));
        assert!(store.chunk(&chunk.hash()).unwrap().is_none());
        assert_eq!(store.keyframe(&Hash::of(b"commit")).unwrap(), None);

        let write = Write { pack, change: change("branch/main", None, Some(b"1")) };
        assert_eq!(store.submit(write).unwrap(), Outcome::Accepted(Ticket(1)));
        assert_eq!(store.chunk(&chunk.hash()).unwrap().unwrap().bytes(), b"row");
        assert_eq!(store.keyframe(&Hash::of(b"commit")).unwrap(), Some(chunk.hash()));
        assert_eq!(store.durable(), Ticket(1));

        let again = Write { change: change("branch/main", None, Some(b"2")), ..Write::default() };
        assert_eq!(store.submit(again).unwrap(), Outcome::Conflict(Some(b"1".to_vec())));
        let remove = Write { change: change("branch/main", Some(b"1"), None), ..Write::default() };
        assert_eq!(store.submit(remove).unwrap(), Outcome::Accepted(Ticket(2)));
        assert_eq!(store.read_ref("branch/main").unwrap(), None);
    }

    #[test]
    fn refs_are_listed_by_prefix_in_order() {
        let store = MemoryStore::new();
        for name in ["branch/b", "snapshot/a", "branch/a", "branch0"] {
            let write = Write { change: change(name, None, Some(b"x")), ..Write::default() };
            store.submit(write).unwrap();
        }
        let names: Vec<_> =
            store.list_refs("branch/").unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["branch/a", "branch/b"]);
    }

    #[test]
    fn a_name_too_long_is_refused() {
        let write =
            Write { change: change(&"x".repeat(513), None, Some(b"x")), ..Write::default() };
        assert!(MemoryStore::new().submit(write).is_err());
    }
}
