//! Chunks that were read or written lately, so that they are not decompressed and hashed again.
//!
//! Bounded by bytes; the oldest that was not asked for since the hand last passed goes first
//! (the CLOCK algorithm), because that needs no list to be relinked on each hit.

use offshoot_core::chunk::{Chunk, Hash, HashMapByName};
use std::sync::{Mutex, MutexGuard, PoisonError};

// So that readers on different threads seldom wait for each other.
const SHARDS: usize = 16;
// What an entry costs beyond its bytes.
const OVERHEAD: usize = 128;

pub(super) struct ChunkCache {
    shards: [Mutex<Shard>; SHARDS],
    shard_bytes_max: usize,
}

#[derive(Default)]
struct Shard {
    places: HashMapByName<usize>,
    ring: Vec<Entry>,
    hand: usize,
    bytes: usize,
}

struct Entry {
    chunk: Chunk,
    asked: bool,
}

impl ChunkCache {
    pub(super) fn new(bytes_max: usize) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        ChunkCache { shards, shard_bytes_max: bytes_max / SHARDS }
    }

    pub(super) fn get(&self, hash: &Hash) -> Option<Chunk> {
        let mut shard = self.shard(hash);
        let place = *shard.places.get(hash)?;
        let entry = shard.ring.get_mut(place)?;
        entry.asked = true;
        Some(entry.chunk.clone())
    }

    pub(super) fn insert(&self, chunk: Chunk) {
        let cost = cost(&chunk);
        let mut shard = self.shard(&chunk.hash());
        if cost > self.shard_bytes_max || shard.places.contains_key(&chunk.hash()) {
            return;
        }
        while shard.bytes + cost > self.shard_bytes_max {
            shard.evict();
        }
        shard.bytes += cost;
        let place = shard.ring.len();
        shard.places.insert(chunk.hash(), place);
        shard.ring.push(Entry { chunk, asked: false });
    }

    fn shard(&self, hash: &Hash) -> MutexGuard<'_, Shard> {
        // The last byte; the first ones order the index.
        let shard = usize::from(hash.as_bytes()[31]) % SHARDS;
        // A cache that lost an entry in a panic is still a cache.
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    // Only called while something is in it: what it holds is what exceeds the bound.
    fn evict(&mut self) {
        loop {
            if self.hand >= self.ring.len() {
                self.hand = 0;
            }
            let Some(entry) = self.ring.get_mut(self.hand) else {
                self.bytes = 0;
                return;
            };
            if std::mem::take(&mut entry.asked) {
                self.hand += 1;
                continue;
            }
            let gone = self.ring.swap_remove(self.hand).chunk;
            self.bytes -= cost(&gone);
            self.places.remove(&gone.hash());
            if let Some(moved) = self.ring.get(self.hand) {
                // This is the newest entry; the hand passes it.
                self.places.insert(moved.chunk.hash(), self.hand);
                self.hand += 1;
            }
            return;
        }
    }
}

fn cost(chunk: &Chunk) -> usize {
    chunk.bytes().len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_within_its_bytes_and_keeps_what_is_asked_for() {
        let cache = ChunkCache::new(SHARDS * 10_000);
        let chunk = |n: u32| Chunk::new(n.to_le_bytes().repeat(100));
        let hot: Vec<Chunk> = (0..32).map(chunk).collect();
        hot.iter().for_each(|c| cache.insert(c.clone()));
        for n in 32..5000 {
            cache.insert(chunk(n));
            hot.iter().for_each(|c| drop(cache.get(&c.hash())));
        }
        let held: usize = cache.shards.iter().map(|s| s.lock().unwrap().bytes).sum();
        let counted: usize = cache
            .shards
            .iter()
            .map(|s| s.lock().unwrap().ring.iter().map(|e| cost(&e.chunk)).sum::<usize>())
            .sum();
        assert_eq!(held, counted);
        assert!(held <= SHARDS * 10_000);
        assert!(hot.iter().all(|c| cache.get(&c.hash()).is_some()));
        assert!(cache.get(&chunk(40).hash()).is_none());
        for shard in &cache.shards {
            let shard = shard.lock().unwrap();
            assert_eq!(shard.places.len(), shard.ring.len());
            assert!(shard.places.iter().all(|(h, at)| shard.ring[*at].chunk.hash() == *h));
        }
    }
}
