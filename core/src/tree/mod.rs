//! An ordered map from bytes to bytes, as a persistent tree of chunks.
//!
//! ```text
//!                 inner   (last key, child, rows below) …
//!                /      \
//!            inner      inner
//!           /  |  \
//!        leaf leaf leaf    (key, value) …
//! ```
//!
//! Nodes are immutable chunks; changing a pair makes new nodes on the way to the root and shares the
//! rest. Where nodes end depends on keys and sizes alone (`chunker.rs`), so:
//!
//! - **history independence**: the same pairs give the same root, whatever the order of inserts, the
//!   split into batches, or deletions in between;
//! - two trees that share most pairs share most chunks, and [`diff()`] skips what they share.
//!
//! Inner nodes count the rows below each child: counting, ranks and page numbers cost O(log n).
//! Values larger than 2 KB stand outside the leaves (`blob.rs`). Nodes are checked once and read in
//! place (`node.rs`).
//!
//! A [`View`] is a tree with a small in-memory overlay of what changed since; it reads like a tree.
//!
//! What is left to others: what keys and values mean (`value`), when trees are written (`history`).

mod ahead;
mod blob;
mod bytes;
mod check;
mod chunker;
mod cursor;
mod diff;
mod edit;
mod merge;
mod node;
mod read;
mod view;

pub use ahead::want_all;
pub use blob::INLINE_MAX_BYTES;
pub use bytes::Bytes;
pub use check::{check, visit_chunks};
pub use chunker::{NODE_MAX_BYTES, NODE_MIN_BYTES, NODE_TARGET_BYTES};
pub use cursor::{Cursor, KeyRange, PairRef, successor};
pub use diff::{Change, Diff, diff};
pub use edit::{build, edit};
pub use merge::{Clash, merge};
pub use read::{count_range, get, get_many, nth, rank, size_estimate};
pub use view::{View, ViewCursor, ViewDiff};

use crate::chunk::{ChunkError, Chunks, Faulting, Hash};
use std::sync::LazyLock;

/// The longest key in bytes.
pub const KEY_MAX_BYTES: usize = 4096;

static EMPTY: LazyLock<Hash> = LazyLock::new(|| Hash::of(&edit::empty_leaf()));

/// A tree's root: the hash names all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Root {
    /// The topmost node.
    pub hash: Hash,
    /// How many pairs the tree holds.
    pub count: u64,
    /// How many levels of inner nodes it has.
    pub level: u8,
}

impl Root {
    /// The tree without pairs. Its node need not be stored: readers know it.
    pub fn empty() -> Self {
        Root { hash: *EMPTY, count: 0, level: 0 }
    }

    fn empty_staged(chunks: &Chunks) -> Self {
        chunks.stage(edit::empty_leaf());
        Root::empty()
    }

    /// The tree whose topmost node has this name.
    ///
    /// # Errors
    /// A fault; `Malformed`.
    pub fn open(chunks: &Chunks, hash: Hash) -> Result<Self, TreeError> {
        if hash == *EMPTY {
            return Ok(Root::empty());
        }
        let node = node::Node::open(chunks.get(&hash, &[])?)?;
        Ok(Root { hash, count: node.rows(), level: node.level() })
    }
}

/// What reading or changing a tree can fail with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A chunk could not be had: a fault that the host answers by fetching, or a failure.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// Stored chunks are no tree: restore from another copy.
    #[error("chunk {chunk} is not part of a tree: {why}")]
    Malformed {
        /// The chunk.
        chunk: Hash,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A key is too long to be stored: shorten it.
    #[error("a key has at most {KEY_MAX_BYTES} bytes, this one has {0}")]
    KeyTooLong(usize),
    /// Pairs or changes were not in ascending order of distinct keys: a defect of the caller.
    #[error("keys must ascend")]
    Order,
}

impl Faulting for TreeError {
    fn is_fault(&self) -> bool {
        matches!(self, TreeError::Chunk(error) if error.is_fault())
    }
}
