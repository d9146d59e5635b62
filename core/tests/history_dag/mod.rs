//! Histories made up for tests, with a plain model beside them.
#![allow(dead_code, reason = "each test crate uses its part")]

use offshoot_core::chunk::{Chunk, ChunkSource, Chunks, Hash, StoreError};
use offshoot_core::history::{Body, CommitId, CommitReader, Delta, Links, Micros, Shallow};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }
}

/// Seeds to try: the one in `OFFSHOOT_SEED`, or so many from 0.
pub fn seeds(n: u64) -> Vec<u64> {
    match std::env::var("OFFSHOOT_SEED") {
        Ok(seed) => vec![seed.parse().expect("OFFSHOOT_SEED is a number")],
        Err(_) => (0..n).collect(),
    }
}

/// Chunks in memory that count how often they are read.
#[derive(Default)]
pub struct Counted {
    pub chunks: Mutex<HashMap<Hash, Chunk>>,
    pub reads: AtomicU64,
}

impl Counted {
    pub fn put(&self, bytes: Vec<u8>) -> Hash {
        let chunk = Chunk::new(bytes);
        let hash = chunk.hash();
        self.chunks.lock().unwrap().insert(hash, chunk);
        hash
    }
}

impl ChunkSource for Counted {
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(self.chunks.lock().unwrap().get(hash).cloned())
    }
}

/// A history; commits are numbered in the order in which they were made.
pub struct Dag {
    pub source: Arc<Counted>,
    pub ids: Vec<CommitId>,
    pub links: Vec<Links>,
    pub parents: Vec<Vec<usize>>,
}

impl Dag {
    pub fn new() -> Self {
        Dag { source: Arc::default(), ids: vec![], links: vec![], parents: vec![] }
    }

    /// Chunks that nobody has read yet.
    pub fn chunks(&self) -> Chunks {
        Chunks::new(self.source.clone())
    }

    /// Runs with a cold reader and says how many chunks were read.
    pub fn counted<T>(&self, run: impl FnOnce(&CommitReader<'_>) -> T) -> (T, u64) {
        let chunks = self.chunks();
        let before = self.source.reads.load(Ordering::Relaxed);
        let result = run(&CommitReader::new(&chunks));
        (result, self.source.reads.load(Ordering::Relaxed) - before)
    }

    pub fn add(&mut self, parents: &[usize], now: i64) -> usize {
        let body = Body::Delta(Delta::default());
        let chunks = self.chunks();
        self.add_with(&CommitReader::new(&chunks), parents, now, body)
    }

    /// As `add`, where retention dropped something.
    pub fn add_shallow(&mut self, shallow: &Shallow, parents: &[usize], now: i64) -> usize {
        let body = Body::Delta(Delta::default());
        let chunks = self.chunks();
        self.add_with(&CommitReader::with_shallow(&chunks, shallow), parents, now, body)
    }

    pub fn add_with(
        &mut self,
        reader: &CommitReader<'_>,
        parents: &[usize],
        now: i64,
        body: Body,
    ) -> usize {
        let ids: Vec<_> = parents.iter().map(|p| self.ids[*p]).collect();
        let links = match ids.is_empty() {
            true => Links::first(Micros(now)),
            false => reader.links(&ids, Micros(now)).unwrap(),
        };
        let message = format!("commit {}", self.ids.len());
        let commit = links.clone().commit("tester", &message, body);
        let id = CommitId(self.source.put(commit.encode()));
        assert_eq!(id, commit.id());
        self.ids.push(id);
        self.links.push(links);
        self.parents.push(parents.to_vec());
        self.ids.len() - 1
    }

    /// A line of `n` commits, each up to three seconds after the one before.
    pub fn line(n: usize, random: &mut Random) -> Self {
        let mut dag = Dag::new();
        let chunks = dag.chunks();
        let reader = CommitReader::new(&chunks);
        let mut now = 1_700_000_000_000_000;
        for i in 0..n {
            let parents: Vec<usize> = i.checked_sub(1).into_iter().collect();
            dag.add_with(&reader, &parents, now, Body::Delta(Delta::default()));
            now += random.below(3_000_000) as i64;
        }
        dag
    }

    /// Random branches and merges, criss-cross ones included. Returns the heads with it.
    pub fn random(n: usize, random: &mut Random) -> (Self, Vec<usize>) {
        let mut dag = Dag::new();
        let first = dag.add(&[], 0);
        let mut heads = vec![first];
        dag.grow(n - 1, &mut heads, random, &Shallow::default());
        (dag, heads)
    }

    pub fn grow(
        &mut self,
        n: usize,
        heads: &mut Vec<usize>,
        random: &mut Random,
        shallow: &Shallow,
    ) {
        let end = self.ids.len() + n;
        while self.ids.len() < end {
            let at = random.below(heads.len());
            // Sometimes the clock stands still or behind.
            let now = (self.ids.len() * 10 + random.below(30)) as i64;
            match random.below(10) {
                0..=4 => heads[at] = self.add_shallow(shallow, &[heads[at]], now),
                5 if heads.len() < 6 => {
                    heads.push(heads[at]);
                }
                6 if heads.len() > 2 => {
                    heads.swap_remove(at);
                }
                _ => {
                    let mut parents = vec![heads[at]];
                    for _ in 0..1 + random.below(2) {
                        let other = heads[random.below(heads.len())];
                        if !parents.contains(&other) {
                            parents.push(other);
                        }
                    }
                    heads[at] = self.add_shallow(shallow, &parents, now);
                }
            }
        }
    }

    /// Ancestors of each commit, itself included, as sets of bits. At most 128 commits.
    pub fn ancestors(&self) -> Vec<u128> {
        let mut all: Vec<u128> = Vec::new();
        for (i, parents) in self.parents.iter().enumerate() {
            all.push(parents.iter().fold(1 << i, |set, p| set | all[*p]));
        }
        all
    }

    /// The first-parent line, oldest first.
    pub fn line_of(&self, head: usize) -> Vec<usize> {
        let mut line = vec![head];
        while let Some(parent) = self.parents[line[line.len() - 1]].first() {
            line.push(*parent);
        }
        line.reverse();
        line
    }
}

pub fn bits(set: u128) -> impl Iterator<Item = usize> {
    (0..128).filter(move |i| set >> i & 1 == 1)
}

/// The best of a set of common ancestors.
pub fn best(ancestors: &[u128], common: u128) -> Vec<usize> {
    bits(common).filter(|c| !bits(common).any(|d| d != *c && ancestors[d] >> c & 1 == 1)).collect()
}
