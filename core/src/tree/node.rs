//! One node of a tree, read in place.
//!
//! ```text
//!   kind u8   0x11 leaf, 0x12 inner (the format version is in the kind)
//!   level u8  0 for leaves
//!   count u16 entries
//!   end u32 × count     where each entry ends, from the end of this table
//!   entries             leaf:  key_len u16, key, 0 value | 1 blob reference (40 bytes)
//!                       inner: key_len u16, last key, child hash 32, rows below u64
//! ```
//!
//! All integers are little-endian. A node is checked once ([`Node::open`] marks its chunk); after
//! that every access is by offset.

use super::TreeError;
use crate::chunk::{Chunk, Hash};
use std::ops::Range;

const LEAF: u8 = 0x11;
const INNER: u8 = 0x12;
const HEADER: usize = 4;
const CHECKED: u8 = 1;

/// A node over a chunk that passed the layout check.
#[derive(Debug, Clone)]
pub(super) struct Node(Chunk);

/// One child of an inner node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Child {
    pub hash: Hash,
    pub rows: u64,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    let pair = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_le_bytes([pair[0], pair[1]])))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at + 4)?;
    usize::try_from(u32::from_le_bytes([four[0], four[1], four[2], four[3]])).ok()
}

impl Node {
    /// Takes a chunk for a node, after checking its layout unless that was done before.
    pub fn open(chunk: Chunk) -> Result<Self, TreeError> {
        if chunk.layout() != CHECKED {
            check(chunk.bytes())
                .map_err(|why| TreeError::Malformed { chunk: chunk.hash(), why })?;
            chunk.set_layout(CHECKED);
        }
        Ok(Node(chunk))
    }

    pub fn hash(&self) -> Hash {
        self.0.hash()
    }

    pub fn chunk(&self) -> &Chunk {
        &self.0
    }

    pub fn is_leaf(&self) -> bool {
        self.0.bytes().first() == Some(&LEAF)
    }

    pub fn level(&self) -> u8 {
        self.0.bytes().get(1).copied().unwrap_or(0)
    }

    pub fn len(&self) -> usize {
        u16_at(self.0.bytes(), 2).unwrap_or(0)
    }

    /// Where entry `i` begins, counted from the first; for the number of entries, where all end.
    pub fn start(&self, i: usize) -> usize {
        if i == 0 { 0 } else { u32_at(self.0.bytes(), HEADER + 4 * (i - 1)).unwrap_or(0) }
    }

    /// These entries as they stand in the chunk.
    pub fn entries(&self, range: Range<usize>) -> &[u8] {
        let data = HEADER + 4 * self.len();
        let (start, end) = (self.start(range.start), self.start(range.end));
        self.0.bytes().get(data + start..data + end).unwrap_or(&[])
    }

    /// How many rows entry `i` stands for.
    pub fn rows_of(&self, i: usize) -> u64 {
        match self.is_leaf() {
            true => 1,
            false => self.child(i).map_or(0, |child| child.rows),
        }
    }

    /// Where entry `i` stands in the chunk.
    fn span(&self, i: usize) -> (usize, usize) {
        let bytes = self.0.bytes();
        let data = HEADER + 4 * self.len();
        let end = |i: usize| u32_at(bytes, HEADER + 4 * i).unwrap_or(0);
        let start = if i == 0 { 0 } else { end(i - 1) };
        (data + start, data + end(i))
    }

    /// The key of entry `i`, or the last key below child `i`; empty beyond the end.
    pub fn key(&self, i: usize) -> &[u8] {
        if i >= self.len() {
            return &[];
        }
        let bytes = self.0.bytes();
        let (start, _) = self.span(i);
        let len = u16_at(bytes, start).unwrap_or(0);
        bytes.get(start + 2..start + 2 + len).unwrap_or(&[])
    }

    /// Where the stored value of entry `i` of a leaf stands in the chunk: its flag, then its bytes.
    pub fn value_span(&self, i: usize) -> (usize, usize) {
        let (start, end) = self.span(i);
        let len = u16_at(self.0.bytes(), start).unwrap_or(0);
        (start + 2 + len, end)
    }

    /// The stored value of entry `i` of a leaf, flag included.
    pub fn stored(&self, i: usize) -> &[u8] {
        let (start, end) = self.value_span(i);
        self.0.bytes().get(start..end).unwrap_or(&[0])
    }

    /// Child `i` of an inner node.
    pub fn child(&self, i: usize) -> Option<Child> {
        if i >= self.len() {
            return None;
        }
        let (start, end) = self.value_span(i);
        let body = self.0.bytes().get(start..end)?;
        let hash = Hash::from_slice(body)?;
        let rows = u64::from_le_bytes(body.get(32..40)?.try_into().ok()?);
        Some(Child { hash, rows })
    }

    /// The hashes of the children from `i` on, in scan direction.
    pub fn hints(&self, i: usize, reverse: bool) -> Vec<Hash> {
        let hash = |i: usize| self.child(i).map(|child| child.hash);
        match reverse {
            false => (i + 1..self.len()).filter_map(hash).collect(),
            true => (0..i).rev().filter_map(hash).collect(),
        }
    }

    /// The first entry whose key is not below `key`.
    pub fn lower(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.key(middle) < key {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// How many rows stand below this node.
    pub fn rows(&self) -> u64 {
        match self.is_leaf() {
            true => self.len() as u64,
            false => (0..self.len())
                .filter_map(|i| self.child(i))
                .fold(0, |sum, child| sum.saturating_add(child.rows)),
        }
    }
}

/// Everything that reading in place relies on.
fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let kind = *bytes.first().ok_or("it is empty")?;
    let level = *bytes.get(1).ok_or("it is cut short")?;
    match (kind, level) {
        (LEAF, 0) | (INNER, 1..=LEVEL_MAX) => {}
        (LEAF | INNER, _) => return Err("its level does not go with its kind"),
        _ => return Err("it is not a tree node of this version"),
    }
    let count = u16_at(bytes, 2).ok_or("it is cut short")?;
    if kind == INNER && count == 0 {
        return Err("it has no children");
    }
    let data = HEADER + 4 * count;
    let mut start = 0;
    let mut last: Option<&[u8]> = None;
    for i in 0..count {
        let end = u32_at(bytes, HEADER + 4 * i).ok_or("it is cut short")?;
        if end < start || end > bytes.len().saturating_sub(data) {
            return Err("an entry lies outside it");
        }
        let entry = bytes.get(data + start..data + end).ok_or("an entry lies outside it")?;
        let len = u16_at(entry, 0).ok_or("a key is cut short")?;
        let key = entry.get(2..2 + len).ok_or("a key is cut short")?;
        let body = &entry[2 + len..];
        match (kind, body) {
            (INNER, body) if body.len() == 40 => {}
            (LEAF, [0, ..]) => {}
            (LEAF, [1, reference @ ..]) if reference.len() == 40 => {}
            _ => return Err("an entry has the wrong length"),
        }
        if last.is_some_and(|last| last >= key) {
            return Err("its keys are not in order");
        }
        last = Some(key);
        start = end;
    }
    match data + start == bytes.len() {
        true => Ok(()),
        false => Err("bytes follow its last entry"),
    }
}

/// No tree is higher: at two children a node that is more rows than there can be.
pub(super) const LEVEL_MAX: u8 = 64;

/// The bytes of a node: `ends` says where each entry ends in `entries`.
pub(super) fn encode(level: u8, ends: &[u32], entries: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + 4 * ends.len() + entries.len());
    bytes.push(if level == 0 { LEAF } else { INNER });
    bytes.push(level);
    bytes.extend_from_slice(&(ends.len() as u16).to_le_bytes());
    ends.iter().for_each(|end| bytes.extend_from_slice(&end.to_le_bytes()));
    bytes.extend_from_slice(entries);
    bytes
}
