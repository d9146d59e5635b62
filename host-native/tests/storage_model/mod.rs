//! A store beside a model of what was accepted, and random work on both.
#![allow(dead_code)] // Each test uses its part.

use offshoot::storage::fault::FaultPlace;
use offshoot::storage::{Compaction, FileStore, Options};
use offshoot_core::chunk::{
    Chunk, ChunkSource, Hash, Outcome, Pack, RefChange, Store, StoreError, Ticket, Write,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

/// xorshift64*: the same numbers on every machine.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 16) % n
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        match self.below(2) {
            0 => (0..len).map(|_| self.next() as u8).collect(),
            _ => format!("row {:08} ", self.below(99)).bytes().cycle().take(len).collect(),
        }
    }
}

/// Options under which the order of file operations depends on nothing but the calls.
pub fn repeatable() -> Options {
    Options { background: false, checkpoint_bytes: 6000, cache_bytes: 4096, ..Options::default() }
}

pub fn open(place: &FaultPlace) -> Result<FileStore, StoreError> {
    FileStore::open_at(Box::new(place.clone()), repeatable())
}

#[derive(Clone)]
struct Accepted {
    change: Option<RefChange>,
    chunks: Vec<Chunk>,
    keyframes: Vec<(Hash, Hash)>,
}

/// Everything that a store accepted, in order, and how much of it was reported durable.
#[derive(Clone, Default)]
pub struct Model {
    writes: Vec<Accepted>,
    refs: BTreeMap<String, Vec<u8>>,
    pub durable: u64,
    // What a compaction was allowed to drop.
    dead: HashSet<Hash>,
}

// What compactions of these tests call garbage.
fn is_dead(hash: &Hash) -> bool {
    hash.as_bytes()[31].is_multiple_of(4)
}

impl Model {
    /// Does one random thing to store and model. An error ends the life of the store, or was
    /// survived by it.
    pub fn step(&mut self, store: &FileStore, rng: &mut Rng) -> Result<(), StoreError> {
        match rng.below(20) {
            0 => self.compact(store),
            1..5 => self.flush(store),
            5 => {
                store.subscribe(Ticket(self.writes.len() as u64), |_| {});
                self.durable = self.durable.max(store.durable().0);
                Ok(())
            }
            _ => self.write(store, rng),
        }
    }

    pub fn flush(&mut self, store: &FileStore) -> Result<(), StoreError> {
        store.wait(Ticket(self.writes.len() as u64))?;
        self.durable = self.writes.len() as u64;
        assert_eq!(store.durable().0, self.durable);
        Ok(())
    }

    pub fn write(&mut self, store: &FileStore, rng: &mut Rng) -> Result<(), StoreError> {
        let mut pack = Pack::default();
        for _ in 0..rng.below(4) {
            let len = [0, 40, 300, 300, 2000, 9000][rng.below(6) as usize];
            pack.chunks.push(Chunk::new(rng.bytes(len)));
        }
        if rng.below(4) == 0 {
            let commit = Hash::of(&rng.next().to_le_bytes());
            pack.keyframes.push((commit, Hash::of(b"root")));
        }
        let change = (rng.below(8) != 0).then(|| self.change(rng));
        let write = Write { pack: pack.clone(), change: change.clone() };
        let actual = change.as_ref().map(|c| (self.refs.get(&c.name).cloned(), c.expected.clone()));
        match store.submit(write)? {
            Outcome::Accepted(ticket) => {
                assert!(actual.is_none_or(|(actual, expected)| actual == expected));
                // What was accepted is readable before it is durable.
                for chunk in &pack.chunks {
                    assert_eq!(store.chunk(&chunk.hash())?.unwrap().bytes(), chunk.bytes());
                }
                self.writes.push(Accepted {
                    change: change.clone(),
                    chunks: pack.chunks,
                    keyframes: pack.keyframes,
                });
                assert_eq!(ticket.0, self.writes.len() as u64);
                change.into_iter().for_each(|c| c.apply(&mut self.refs));
            }
            Outcome::Conflict(found) => {
                let (actual, expected) = actual.expect("only a change can conflict");
                assert!(found == actual && actual != expected);
            }
            Outcome::Unknown => panic!("a file always knows"),
        }
        Ok(())
    }

    fn change(&self, rng: &mut Rng) -> RefChange {
        let name = format!("branch/{}", rng.below(5));
        let expected = match rng.below(6) {
            0 => Some(vec![1, 2, 3]),
            _ => self.refs.get(&name).cloned(),
        };
        let new = (rng.below(6) != 0).then(|| rng.next().to_le_bytes().to_vec());
        RefChange { name, expected, new }
    }

    fn compact(&mut self, store: &FileStore) -> Result<(), StoreError> {
        let since = store.durable();
        let old = self.writes.iter().take(since.0 as usize).flat_map(|w| &w.chunks);
        let dead: Vec<_> = old.map(Chunk::hash).filter(is_dead).collect();
        self.dead.extend(dead);
        // A writer that comes in between, acknowledged while the compaction goes on.
        let late = RefCell::new(Vec::new());
        let live = |hash: &Hash| {
            if late.borrow().len() < 2 {
                let chunk =
                    Chunk::new(format!("late {} {}", since.0, late.borrow().len()).into_bytes());
                let pack = Pack { chunks: vec![chunk.clone()], keyframes: vec![] };
                if let Ok(Outcome::Accepted(ticket)) = store.submit(Write { pack, change: None }) {
                    let durable = store.wait(ticket).is_ok();
                    late.borrow_mut().push((ticket.0, durable, chunk));
                }
            }
            !is_dead(hash)
        };
        let extra = Pack { chunks: vec![Chunk::new(*b"extra")], keyframes: vec![] };
        let keep_keyframe = |_: &Hash| true;
        let plan =
            Compaction { live: &live, keep_keyframe: &keep_keyframe, since, extra: vec![extra] };
        let compacted = store.compact(&plan);
        self.durable = self.durable.max(since.0);
        for (ticket, durable, chunk) in late.into_inner() {
            self.writes.push(Accepted { change: None, chunks: vec![chunk], keyframes: vec![] });
            assert_eq!(ticket, self.writes.len() as u64);
            self.durable = self.durable.max(if durable { ticket } else { 0 });
        }
        compacted.map(|_| ())
    }

    /// What a store opened after a crash holds must be a prefix of what was accepted, with
    /// everything in it that was reported durable. From here on, that prefix is all there is.
    pub fn reopened(&mut self, store: &FileStore) {
        let stands = store.durable().0;
        assert!(stands >= self.durable, "{stands} writes stand, {} were durable", self.durable);
        assert!(stands <= self.writes.len() as u64);
        self.writes.truncate(stands as usize);
        self.refs.clear();
        for write in &self.writes {
            write.change.clone().into_iter().for_each(|c| c.apply(&mut self.refs));
        }
        self.durable = stands;
        self.compare(store).unwrap();
    }

    /// Whether the store gives back all of the model; `Err` if it reports damage instead.
    pub fn compare(&self, store: &FileStore) -> Result<(), StoreError> {
        let refs: BTreeMap<_, _> = store.list_refs("")?.into_iter().collect();
        assert_eq!(refs, self.refs);
        for write in &self.writes {
            for chunk in &write.chunks {
                match store.chunk(&chunk.hash())? {
                    Some(read) => assert_eq!(read.bytes(), chunk.bytes()),
                    None => assert!(self.dead.contains(&chunk.hash()), "{chunk:?} is gone"),
                }
            }
            for (commit, root) in &write.keyframes {
                assert_eq!(store.keyframe(commit)?, Some(*root));
            }
        }
        Ok(())
    }
}
