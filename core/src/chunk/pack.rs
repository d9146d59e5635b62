//! A pack: the one unit that every host stores.

use super::{Chunk, Hash};

/// A run of chunks with the keyframe records that belong to them.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    /// The chunks, children before the parents that name them.
    pub chunks: Vec<Chunk>,
    /// Keyframes: commit, and the materialised root of its state.
    pub keyframes: Vec<(Hash, Hash)>,
}
