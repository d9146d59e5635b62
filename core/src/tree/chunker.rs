//! Where nodes end: a function of the content alone.
//!
//! Whether a node ends after an entry depends on the entry's key, the level, and the bytes since the
//! node began; never on values' content, nor on the order of edits. The chance of ending grows with
//! the size (a Weibull hazard with shape 4), so that sizes are bell-shaped around the target. Only
//! `+`, `*` and `/` on doubles are used, which every IEEE 754 machine rounds alike.
//!
//! The idea of size-conditioned, key-hashed boundaries is that of Dolt's prolly trees (Aaron Son,
//! "How to Chunk Your Database into a Merkle Tree", 2022).

use super::node::encode;
use crate::chunk::{Chunks, Hash};

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
    pub hash: Hash,
    pub rows: u64,
}

/// Collects the entries of one level and cuts them into nodes.
pub(super) struct Chunker<'c> {
    chunks: &'c Chunks,
    level: u8,
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    size: usize,
    rows: u64,
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
        Chunker { chunks, level, entries: Vec::new(), size: 0, rows: 0 }
    }

    /// Whether the next entry begins a node.
    pub fn is_between(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry; the node that ends after it, if one does.
    pub fn push(&mut self, key: Vec<u8>, body: Vec<u8>, rows: u64) -> Option<Finished> {
        let before = self.size;
        self.size += 6 + key.len() + body.len();
        self.rows = self.rows.saturating_add(rows);
        let ends = ends(&key, self.level, before, self.size, self.entries.len() + 1);
        self.entries.push((key, body));
        if ends { self.finish() } else { None }
    }

    /// Ends the last node, if one was begun.
    pub fn finish(&mut self) -> Option<Finished> {
        let last = self.entries.last()?.0.clone();
        let hash = self.chunks.stage(encode(self.level, &self.entries));
        let rows = std::mem::take(&mut self.rows);
        self.entries.clear();
        self.size = 0;
        Some(Finished { last, hash, rows })
    }
}

/// An inner node's entry for a child.
pub(super) fn child_body(hash: Hash, rows: u64) -> Vec<u8> {
    let mut body = hash.as_bytes().to_vec();
    body.extend_from_slice(&rows.to_le_bytes());
    body
}
