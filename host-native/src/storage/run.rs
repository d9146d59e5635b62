//! Where each chunk stands: a table of what is new, and sorted runs of what is older.
//!
//! A run is kept in memory as the very bytes that stand in the file (36 per chunk, 64 per
//! keyframe), so that opening a database copies them and builds nothing. Runs are folded so that
//! each has at least twice the entries of the next newer one: there are O(log n) of them, and an
//! entry is rewritten O(log n) times.

use offshoot_core::chunk::{ChunkSlice, Hash};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

const KEY: usize = 20;
const CHUNK: usize = 36;
const KEYFRAME: usize = 64;
const COUNTS: usize = 8;
// A run that grew to this many bytes is folded no further.
const FOLD_MAX: usize = 1 << 30;
const LZ4: u32 = 1 << 31;

/// The first 20 bytes of a hash: enough that nobody finds two chunks that share them, and what a
/// chunk really is, its full hash says when it is read.
pub(super) type Key = [u8; KEY];

pub(super) fn key(hash: &Hash) -> Key {
    let mut key = [0; KEY];
    key.copy_from_slice(&hash.as_bytes()[..KEY]);
    key
}

/// A `ChunkSlice` that counts from the start of the file, in 16 bytes: offset of the block (6),
/// its stored length with the top bit for lz4 (4), start in the block (2), length (4).
pub(super) type Location = [u8; CHUNK - KEY];

pub(super) fn locate(slice: &ChunkSlice, pack_at: u64) -> Location {
    let mut bytes = [0; CHUNK - KEY];
    let stored = slice.stored | if slice.lz4 { LZ4 } else { 0 };
    bytes[..6].copy_from_slice(&(slice.block + pack_at).to_le_bytes()[..6]);
    bytes[6..10].copy_from_slice(&stored.to_le_bytes());
    bytes[10..12].copy_from_slice(&slice.start.to_le_bytes());
    bytes[12..].copy_from_slice(&slice.len.to_le_bytes());
    bytes
}

pub(super) fn slice_of(at: &Location) -> ChunkSlice {
    let stored = u32::from_le_bytes([at[6], at[7], at[8], at[9]]);
    ChunkSlice {
        block: u64::from_le_bytes([at[0], at[1], at[2], at[3], at[4], at[5], 0, 0]),
        stored: stored & !LZ4,
        lz4: stored & LZ4 != 0,
        start: u16::from_le_bytes([at[10], at[11]]),
        len: u32::from_le_bytes([at[12], at[13], at[14], at[15]]),
    }
}

/// A key is a cryptographic hash already; eight of its bytes serve as they are.
#[derive(Default, Clone, Copy)]
pub(super) struct Prefix(u64);

impl Hasher for Prefix {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    // The length that precedes an array's bytes says nothing.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

pub(super) type KeyMap<V> = HashMap<Key, V, BuildHasherDefault<Prefix>>;

/// What no run holds yet.
#[derive(Default, Debug)]
pub(super) struct Recent {
    pub chunks: KeyMap<Location>,
    pub keyframes: HashMap<Hash, Hash>,
}

impl Recent {
    pub(super) fn len(&self) -> usize {
        self.chunks.len() + self.keyframes.len()
    }

    fn sorted(&self) -> Run {
        let mut chunks: Vec<_> = self.chunks.iter().collect();
        chunks.sort_unstable_by_key(|(key, _)| **key);
        let mut keyframes: Vec<_> = self.keyframes.iter().collect();
        keyframes.sort_unstable();
        let mut bytes = counts(chunks.len(), keyframes.len());
        for (key, at) in &chunks {
            bytes.extend_from_slice(*key);
            bytes.extend_from_slice(*at);
        }
        for (commit, root) in &keyframes {
            bytes.extend_from_slice(commit.as_bytes());
            bytes.extend_from_slice(root.as_bytes());
        }
        Run { bytes, chunks: chunks.len(), frame: 0 }
    }
}

fn counts(chunks: usize, keyframes: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(COUNTS + chunks * CHUNK + keyframes * KEYFRAME);
    // Both are below 2^32: `FOLD_MAX` bounds what is folded, memory what is new.
    bytes.extend_from_slice(&(chunks as u32).to_le_bytes());
    bytes.extend_from_slice(&(keyframes as u32).to_le_bytes());
    bytes
}

/// Sorted records: chunks by key, then keyframes by commit.
#[derive(Debug)]
pub(super) struct Run {
    bytes: Vec<u8>,
    chunks: usize,
    /// Offset of the frame that holds it; 0 until it is written.
    pub frame: u64,
}

impl Run {
    /// The run in the payload of the frame at `frame`, its sum verified by the caller.
    pub(super) fn read(payload: Vec<u8>, frame: u64) -> Result<Run, &'static str> {
        let (counts, rest) = payload.split_first_chunk::<COUNTS>().ok_or("a run is cut off")?;
        let [a, b, c, d, e, f, g, h] = *counts;
        let chunks = u32::from_le_bytes([a, b, c, d]) as usize;
        let keyframes = u32::from_le_bytes([e, f, g, h]) as usize;
        let len = chunks
            .checked_mul(CHUNK)
            .zip(keyframes.checked_mul(KEYFRAME))
            .and_then(|(chunks, keyframes)| chunks.checked_add(keyframes));
        match len == Some(rest.len()) {
            true => Ok(Run { bytes: payload, chunks, frame }),
            false => Err("a run has another length than it says"),
        }
    }

    /// The payload of its frame.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.chunks + self.keyframe_bytes().len() / KEYFRAME
    }

    fn chunk_bytes(&self) -> &[u8] {
        &self.bytes[COUNTS..COUNTS + self.chunks * CHUNK]
    }

    fn keyframe_bytes(&self) -> &[u8] {
        &self.bytes[COUNTS + self.chunks * CHUNK..]
    }

    /// Every chunk: key and place.
    pub(super) fn chunks(&self) -> impl Iterator<Item = (Key, Location)> {
        self.chunk_bytes().as_chunks::<CHUNK>().0.iter().map(|record| {
            let (mut key, mut at) = ([0; KEY], [0; CHUNK - KEY]);
            key.copy_from_slice(&record[..KEY]);
            at.copy_from_slice(&record[KEY..]);
            (key, at)
        })
    }

    /// How many keyframes it holds.
    pub(super) fn keyframes(&self) -> usize {
        self.keyframe_bytes().len() / KEYFRAME
    }

    fn chunk(&self, key: &Key) -> Option<Location> {
        let records = self.chunk_bytes().as_chunks::<CHUNK>().0;
        let record = find(records, key)?;
        record[KEY..].first_chunk().copied()
    }

    fn keyframe(&self, commit: &Hash) -> Option<Hash> {
        let records = self.keyframe_bytes().as_chunks::<KEYFRAME>().0;
        let record = find(records, commit.as_bytes())?;
        Hash::from_slice(&record[32..])
    }

    /// Both in one; where they name the same, `newer` is right.
    fn fold(older: &Run, newer: &Run) -> Run {
        let mut bytes = counts(older.chunks + newer.chunks, 0);
        merge::<CHUNK>(&mut bytes, older.chunk_bytes(), newer.chunk_bytes(), KEY);
        let chunks = (bytes.len() - COUNTS) / CHUNK;
        merge::<KEYFRAME>(&mut bytes, older.keyframe_bytes(), newer.keyframe_bytes(), 32);
        let keyframes = (bytes.len() - COUNTS - chunks * CHUNK) / KEYFRAME;
        bytes[..COUNTS].copy_from_slice(&counts(chunks, keyframes));
        Run { bytes, chunks, frame: 0 }
    }
}

fn merge<const N: usize>(to: &mut Vec<u8>, older: &[u8], newer: &[u8], key: usize) {
    let (mut older, mut newer) = (older.as_chunks::<N>().0, newer.as_chunks::<N>().0);
    while let ([old, old_rest @ ..], [new, new_rest @ ..]) = (older, newer) {
        match old[..key].cmp(&new[..key]) {
            std::cmp::Ordering::Less => {
                to.extend_from_slice(old);
                older = old_rest;
            }
            order => {
                to.extend_from_slice(new);
                newer = new_rest;
                if order.is_eq() {
                    older = old_rest;
                }
            }
        }
    }
    to.extend_from_slice(older.as_flattened());
    to.extend_from_slice(newer.as_flattened());
}

// The record that begins with `key`. Hashes are spread evenly, so the search begins in a narrow
// window around where the key should stand, and falls back to all where it does not.
fn find<'a, const N: usize, const K: usize>(
    records: &'a [[u8; N]],
    key: &[u8; K],
) -> Option<&'a [u8; N]> {
    let len = records.len();
    let prefix = key.first_chunk().map_or(0, |b| u64::from_be_bytes(*b));
    let guess = ((u128::from(prefix) * len as u128) >> 64) as usize;
    let width = 8 + 2 * len.isqrt();
    let mut low = guess.saturating_sub(width);
    let mut high = (guess + width).min(len);
    if records.get(low).is_some_and(|r| r[..K] > key[..]) {
        low = 0;
    }
    if high < len && records[high][..K] <= key[..] {
        high = len;
    }
    let window = &records[low..high];
    let at = window.binary_search_by(|r| r[..K].cmp(&key[..])).ok()?;
    window.get(at)
}

/// Everything that is known of where chunks and keyframes stand.
#[derive(Default)]
pub(super) struct Index {
    /// What came since the last freeze.
    pub recent: Recent,
    /// What a checkpoint is just writing.
    pub frozen: Option<Arc<Recent>>,
    /// What checkpoints wrote, oldest first.
    pub runs: Vec<Arc<Run>>,
}

impl Index {
    pub(super) fn chunk(&self, hash: &Hash) -> Option<Location> {
        let key = key(hash);
        let newer = || self.frozen.as_ref().and_then(|f| f.chunks.get(&key)).copied();
        let older = || self.runs.iter().rev().find_map(|run| run.chunk(&key));
        self.recent.chunks.get(&key).copied().or_else(newer).or_else(older)
    }

    pub(super) fn keyframe(&self, commit: &Hash) -> Option<Hash> {
        let newer = || self.frozen.as_ref().and_then(|f| f.keyframes.get(commit)).copied();
        let older = || self.runs.iter().rev().find_map(|run| run.keyframe(commit));
        self.recent.keyframes.get(commit).copied().or_else(newer).or_else(older)
    }

    /// Sets aside what is recent, for a checkpoint to write.
    pub(super) fn freeze(&mut self) -> Arc<Recent> {
        let frozen = Arc::new(std::mem::take(&mut self.recent));
        self.frozen = Some(frozen.clone());
        frozen
    }
}

/// The run that a checkpoint adds: `recent`, folded with the runs that it has outgrown; and how
/// many of `runs`, from the oldest, stay as they are.
pub(super) fn fold(recent: &Recent, runs: &[Arc<Run>]) -> (Run, usize) {
    let mut newest = recent.sorted();
    let mut kept = runs.len();
    while let Some(run) = kept.checked_sub(1).and_then(|last| runs.get(last)) {
        if run.len() >= 2 * newest.len() || run.bytes.len() + newest.bytes.len() > FOLD_MAX {
            break;
        }
        newest = Run::fold(run, &newest);
        kept -= 1;
    }
    (newest, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(n: u64) -> ChunkSlice {
        ChunkSlice { block: n << 20, stored: n as u32, lz4: n % 2 == 1, start: 7, len: 9 }
    }

    fn hash(n: u64) -> Hash {
        Hash::of(&n.to_le_bytes())
    }

    #[test]
    fn folded_runs_find_everything_and_stay_few() {
        let mut index = Index::default();
        for n in 0..20_000u64 {
            index.recent.chunks.insert(key(&hash(n)), locate(&slice(n), 5));
            if n % 100 == 0 {
                index.recent.keyframes.insert(hash(n), hash(n + 1));
            }
            if n % 37 == 0 {
                let recent = index.freeze();
                let (run, kept) = fold(&recent, &index.runs);
                let run = Run::read(run.bytes().to_vec(), 1).unwrap();
                index.runs.truncate(kept);
                index.runs.push(Arc::new(run));
                index.frozen = None;
            }
        }
        assert!(index.runs.len() < 12, "{}", index.runs.len());
        for n in 0..20_000u64 {
            let at = index.chunk(&hash(n)).unwrap();
            assert_eq!(slice_of(&at), ChunkSlice { block: slice(n).block + 5, ..slice(n) });
            let keyframe = (n % 100 == 0).then(|| hash(n + 1));
            assert_eq!(index.keyframe(&hash(n)), keyframe);
        }
        for n in 20_000..30_000 {
            assert_eq!(index.chunk(&hash(n)), None);
        }
    }

    #[test]
    fn the_newer_place_wins_and_uneven_keys_are_found() {
        let place = |recent: &mut Recent, key, n| {
            recent.chunks.insert(key, locate(&slice(n), 0));
        };
        let (mut old, mut new) = (Recent::default(), Recent::default());
        // Keys that crowd at one end defeat the guess of where they stand.
        for n in 0..2000u64 {
            let mut key = [0; KEY];
            key[12..].copy_from_slice(&n.to_be_bytes());
            place(&mut old, key, n);
            if n % 2 == 0 {
                place(&mut new, key, n + 1);
            }
        }
        let run = Run::fold(&old.sorted(), &new.sorted());
        assert_eq!(run.len(), 2000);
        for n in 0..2000u64 {
            let mut key = [0; KEY];
            key[12..].copy_from_slice(&n.to_be_bytes());
            assert_eq!(run.chunk(&key), Some(locate(&slice(n + u64::from(n % 2 == 0)), 0)));
        }
        assert_eq!(run.chunk(&[1; KEY]), None);
    }
}
