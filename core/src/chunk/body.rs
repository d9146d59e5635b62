//! A chunk: immutable bytes and their name.

use super::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Immutable bytes named by their hash. Cloning copies a pointer.
#[derive(Clone)]
pub struct Chunk(Arc<Inner>);

struct Inner {
    hash: Hash,
    // What a layer above has already verified of the layout (see `Chunk::layout`); 0 = nothing.
    layout: AtomicU8,
    bytes: Box<[u8]>,
}

/// The bytes are not those that the hash names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("chunk {expected} has other bytes than its name says (they hash to {actual})")]
pub struct WrongHash {
    /// The name asked for.
    pub expected: Hash,
    /// The name of the bytes that were there.
    pub actual: Hash,
}

impl Chunk {
    /// A chunk of these bytes, named by hashing them.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        let bytes = bytes.into();
        Chunk(Arc::new(Inner { hash: Hash::of(&bytes), layout: AtomicU8::new(0), bytes }))
    }

    /// The chunk of this name, if these are its bytes.
    pub fn verified(hash: Hash, bytes: impl Into<Box<[u8]>>) -> Result<Self, WrongHash> {
        let chunk = Chunk::new(bytes);
        match chunk.hash() == hash {
            true => Ok(chunk),
            false => Err(WrongHash { expected: hash, actual: chunk.hash() }),
        }
    }

    /// The name.
    pub fn hash(&self) -> Hash {
        self.0.hash
    }

    /// The uncompressed bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// Which layout check these bytes have passed, so that a node is checked once however often
    /// it is read: a non-zero mark that the checking layer chose, or 0.
    pub fn layout(&self) -> u8 {
        self.0.layout.load(Ordering::Relaxed)
    }

    /// Records that the layout check `mark` has passed.
    pub fn set_layout(&self, mark: u8) {
        self.0.layout.store(mark, Ordering::Relaxed);
    }

    /// Whether anyone but the caller still holds this chunk: a cache keeps such chunks, because a
    /// running statement pins what it has read.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl std::fmt::Debug for Chunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chunk({:?}, {} bytes)", self.0.hash, self.0.bytes.len())
    }
}
