//! Where nodes end: a function of the content alone.
//!
//! Whether a node ends after an entry depends on the entry's key, the level, and the bytes since the
//! node began; never on values' content, nor on the order of edits. The chance of ending grows with
//! the size (a Weibull hazard with shape 4), so that sizes are bell-shaped around the target. Only
//! `+`, `*` and `/` on doubles are used, which every IEEE 754 machine rounds alike.
//!
//! The idea of size-conditioned, key-hashed boundaries is that of Dolt's prolly trees (Aaron Son,
//! "How to Chunk Your Database into a Merkle Tree", 2022).

use super::node::{Child, Node, encode};
use crate::chunk::Chunks;
use std::ops::Range;

/// No node ends before it holds this many bytes, unless it is the last.
pub const NODE_MIN_BYTES: usize = 1024;
/// The size that nodes have on average.
pub const NODE_TARGET_BYTES: usize = 4096;
/// A node ends at the first entry that reaches this.
pub const NODE_MAX_BYTES: usize = 16 * 1024;

/// A finished node, as its parent names it.
#[derive(Debug, Clone)]
pub(super) struct Finished {
    pub last: Vec<u8>,
    pub child: Child,
}

/// Collects the entries of one level and cuts them into nodes.
pub(super) struct Chunker<'c> {
    chunks: &'c Chunks,
    level: u8,
    /// The node's entries as they will stand in it, and where each ends.
    entries: Vec<u8>,
    ends: Vec<u32>,
    /// Where the key of the last entry stands.
    last: Range<usize>,
    rows: u64,
}

/// What an entry holds beside its key.
pub(super) trait EntryBody {
    /// Appends the stored form.
    fn append(&self, bytes: &mut Vec<u8>);
    /// How many rows the entry stands for.
    fn rows(&self) -> u64;
}

/// An inner node's entry for a child.
impl EntryBody for Child {
    fn append(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.hash.as_bytes());
        bytes.extend_from_slice(&self.rows.to_le_bytes());
    }

    fn rows(&self) -> u64 {
        self.rows
    }
}

/// A 64-bit hash of a key at a level. Fixed for ever: it is part of the format. Multiply and fold
/// over 8-byte words, with the finaliser of MurmurHash3 (Austin Appleby, public domain).
fn key_hash(key: &[u8], level: u8) -> u64 {
    let mix = |h: u64, word: u64| {
        let m = (h ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        m ^ (m >> 29)
    };
    let mut h = mix(0x243f_6a88_85a3_08d3, u64::from(level) << 32 | key.len() as u64);
    let mut words = key.chunks_exact(8);
    for word in &mut words {
        h = mix(h, word.try_into().map_or(0, u64::from_le_bytes));
    }
    let rest = words.remainder().iter().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
    h = mix(h, rest);
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

/// Whether a node of `level` ends after an entry that made it grow from `before` to `after` bytes.
pub(super) fn ends(key: &[u8], level: u8, before: usize, after: usize, entries: usize) -> bool {
    // An inner node has at least two children, so that a tree grows narrower upwards.
    if level > 0 && entries < 2 {
        return false;
    }
    if after >= NODE_MAX_BYTES {
        return true;
    }
    if after < NODE_MIN_BYTES {
        return false;
    }
    // Mean of the distribution = scale * Γ(5/4) = scale * 0.9064.
    let scale = NODE_TARGET_BYTES as f64 / 0.9064;
    let fourth = |size: usize| {
        let x = size as f64 / scale;
        (x * x) * (x * x)
    };
    let hazard = fourth(after) - fourth(before);
    let draw = (key_hash(key, level) >> 11) as f64 / (1u64 << 53) as f64;
    draw < hazard
}

impl<'c> Chunker<'c> {
    pub fn new(chunks: &'c Chunks, level: u8) -> Self {
        Chunker { chunks, level, entries: Vec::new(), ends: Vec::new(), last: 0..0, rows: 0 }
    }

    /// Whether the next entry begins a node.
    pub fn is_between(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes that count for where nodes end.
    fn size(&self) -> usize {
        self.entries.len() + 4 * self.ends.len()
    }

    /// Adds an entry; the node that ends after it, if one does.
    pub fn push(&mut self, key: &[u8], body: &impl EntryBody) -> Option<Finished> {
        let before = self.size();
        self.begin(key);
        body.append(&mut self.entries);
        self.rows = self.rows.saturating_add(body.rows());
        self.end(before)
    }

    /// Adds an entry of an old node as it stands there.
    pub fn copy(&mut self, node: &Node, i: usize) -> Option<Finished> {
        let before = self.size();
        let at = self.entries.len() + 2;
        self.entries.extend_from_slice(node.entries(i..i + 1));
        self.last = at..at + node.key(i).len();
        self.rows = self.rows.saturating_add(node.rows_of(i));
        self.end(before)
    }

    /// Adds the entries `range` of an old node without asking whether the node ends after one of
    /// them. Right only where [`Chunker::follows`] holds for the first of them and the old node goes
    /// on after the last.
    pub fn copy_run(&mut self, node: &Node, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let (old, new) = (node.start(range.start), self.entries.len());
        self.entries.extend_from_slice(node.entries(range.clone()));
        for i in range.clone() {
            self.ends.push((node.start(i + 1) - old + new) as u32);
            self.rows = self.rows.saturating_add(node.rows_of(i));
        }
        let at = node.start(range.end - 1) - old + new + 2;
        self.last = at..at + node.key(range.end - 1).len();
    }

    /// Whether the new node has as many entries and bytes as the old one has before entry `i`: then
    /// both end alike, as far as their entries are the same.
    pub fn follows(&self, node: &Node, i: usize) -> bool {
        self.ends.len() == i && self.entries.len() == node.start(i)
    }

    fn begin(&mut self, key: &[u8]) {
        self.entries.extend_from_slice(&(key.len() as u16).to_le_bytes());
        let at = self.entries.len();
        self.entries.extend_from_slice(key);
        self.last = at..self.entries.len();
    }

    fn end(&mut self, before: usize) -> Option<Finished> {
        self.ends.push(self.entries.len() as u32);
        let key = self.entries.get(self.last.clone()).unwrap_or(&[]);
        match ends(key, self.level, before, self.size(), self.ends.len()) {
            true => self.finish(),
            false => None,
        }
    }

    /// Ends the last node, if one was begun.
    pub fn finish(&mut self) -> Option<Finished> {
        if self.is_between() {
            return None;
        }
        let last = self.entries.get(self.last.clone()).unwrap_or(&[]).to_vec();
        let hash = self.chunks.stage(encode(self.level, &self.ends, &self.entries));
        let rows = std::mem::take(&mut self.rows);
        self.entries.clear();
        self.ends.clear();
        Some(Finished { last, child: Child { hash, rows } })
    }
}
