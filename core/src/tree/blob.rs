//! Values larger than a node should hold.
//!
//! ```text
//!   piece   kind 0x13, then up to 64 KB of the value
//!   list    kind 0x14, then hashes of pieces (or of lists, one level down), 32 bytes each
//! ```
//! A leaf holds the hash of the topmost chunk and the length in bytes; the length says how many
//! levels of lists there are.

use super::TreeError;
use super::chunker::EntryBody;
use crate::chunk::{Chunks, Hash};
use std::sync::Arc;

/// Values up to this many bytes stand in the leaf.
pub const INLINE_MAX_BYTES: usize = 2048;
const PIECE: u8 = 0x13;
const LIST: u8 = 0x14;
const PIECE_BYTES: usize = 64 * 1024;
const LIST_LEN: usize = 2048;

pub(super) const fn stored_len_max() -> usize {
    INLINE_MAX_BYTES + 1
}

/// A value on its way into a leaf.
pub(super) enum Stored<V> {
    Inline(V),
    /// Its stored form.
    Blob(Vec<u8>),
}

impl<V: AsRef<[u8]>> Stored<V> {
    /// Stages the pieces of a value that is too long for a leaf.
    pub fn new(chunks: &Chunks, value: V) -> Self {
        match value.as_ref().len() <= INLINE_MAX_BYTES {
            true => Stored::Inline(value),
            false => Stored::Blob(store_blob(chunks, value.as_ref())),
        }
    }
}

/// A leaf's entry for a pair: 0 and the value, or 1, the hash and the length of a blob.
impl<V: AsRef<[u8]>> EntryBody for Stored<V> {
    fn append(&self, bytes: &mut Vec<u8>) {
        match self {
            Stored::Inline(value) => {
                bytes.push(0);
                bytes.extend_from_slice(value.as_ref());
            }
            Stored::Blob(stored) => bytes.extend_from_slice(stored),
        }
    }

    fn rows(&self) -> u64 {
        1
    }
}

fn store_blob(chunks: &Chunks, value: &[u8]) -> Vec<u8> {
    let piece = |bytes: &[u8]| {
        let mut chunk = Vec::with_capacity(1 + bytes.len());
        chunk.push(PIECE);
        chunk.extend_from_slice(bytes);
        chunks.stage(chunk)
    };
    let mut hashes: Vec<Hash> = value.chunks(PIECE_BYTES).map(piece).collect();
    while hashes.len() > 1 {
        let list = |hashes: &[Hash]| {
            let mut chunk = Vec::with_capacity(1 + hashes.len() * 32);
            chunk.push(LIST);
            hashes.iter().for_each(|hash| chunk.extend_from_slice(hash.as_bytes()));
            chunks.stage(chunk)
        };
        hashes = hashes.chunks(LIST_LEN).map(list).collect();
    }
    let mut body = vec![1];
    if let Some(top) = hashes.first() {
        body.extend_from_slice(top.as_bytes());
    }
    body.extend_from_slice(&(value.len() as u64).to_le_bytes());
    body
}

/// How many levels of lists a blob of so many pieces has.
fn levels(len: usize) -> usize {
    let mut count = len.div_ceil(PIECE_BYTES);
    let mut levels = 0;
    while count > 1 {
        count = count.div_ceil(LIST_LEN);
        levels += 1;
    }
    levels
}

/// A value from its stored form.
pub(super) fn load_value(chunks: &Chunks, stored: &[u8]) -> Result<Arc<[u8]>, TreeError> {
    match stored {
        [0, value @ ..] => Ok(Arc::from(value)),
        [1, reference @ ..] => {
            let Some((top, len)) = reference_of(reference) else { return Err(wrong(reference)) };
            let mut hashes = vec![top];
            for _ in 0..levels(len) {
                chunks.want(&hashes)?;
                let mut below = Vec::new();
                for hash in &hashes {
                    below.extend(children(chunks, *hash)?);
                }
                hashes = below;
            }
            if hashes.len() != len.div_ceil(PIECE_BYTES) {
                return Err(wrong(reference));
            }
            chunks.want(&hashes)?;
            let mut value = Vec::new();
            for hash in hashes {
                match chunks.get(&hash, &[])?.bytes() {
                    [PIECE, piece @ ..] if value.len() + piece.len() <= len => {
                        value.extend_from_slice(piece);
                    }
                    _ => return Err(TreeError::Malformed { chunk: hash, why: "it is no piece" }),
                }
            }
            match value.len() == len {
                true => Ok(value.into()),
                false => Err(wrong(reference)),
            }
        }
        _ => Err(wrong(stored)),
    }
}

fn reference_of(reference: &[u8]) -> Option<(Hash, usize)> {
    let len = u64::from_le_bytes(reference.get(32..40)?.try_into().ok()?);
    Some((Hash::from_slice(reference)?, usize::try_from(len).ok()?))
}

/// The topmost chunk of a stored value that is large, and how many levels of lists it has.
pub(super) fn top(stored: &[u8]) -> Option<(Hash, usize)> {
    let [1, reference @ ..] = stored else { return None };
    let (top, len) = reference_of(reference)?;
    Some((top, levels(len)))
}

fn wrong(reference: &[u8]) -> TreeError {
    let chunk = Hash::from_slice(reference).unwrap_or_else(|| Hash::of(reference));
    TreeError::Malformed { chunk, why: "a large value has another length" }
}

pub(super) fn children(chunks: &Chunks, hash: Hash) -> Result<Vec<Hash>, TreeError> {
    match chunks.get(&hash, &[])?.bytes() {
        [LIST, hashes @ ..] if hashes.len() % 32 == 0 && hashes.len() <= LIST_LEN * 32 => {
            Ok(hashes.chunks_exact(32).filter_map(Hash::from_slice).collect())
        }
        _ => Err(TreeError::Malformed { chunk: hash, why: "it is no list of pieces" }),
    }
}

/// Tells `visit` of every chunk of a stored value.
pub(super) fn visit(
    chunks: &Chunks,
    stored: &[u8],
    visit: &mut dyn FnMut(Hash) -> bool,
) -> Result<(), TreeError> {
    let [1, reference @ ..] = stored else { return Ok(()) };
    let Some((top, len)) = reference_of(reference) else { return Err(wrong(reference)) };
    let mut hashes = vec![top];
    for level in 0..=levels(len) {
        let mut below = Vec::new();
        for hash in hashes {
            if visit(hash) && level < levels(len) {
                below.extend(children(chunks, hash)?);
            }
        }
        hashes = below;
    }
    Ok(())
}
