//! Bytes that stand in a chunk, or were put together.

use crate::chunk::Chunk;
use std::ops::Deref;
use std::sync::Arc;

/// A key or a value as it was read: a part of a chunk, not copied, or bytes of their own.
#[derive(Clone)]
pub struct Bytes(Held);

#[derive(Clone)]
enum Held {
    Part(Chunk, usize, usize),
    Own(Arc<[u8]>),
}

impl Bytes {
    pub(super) fn part(chunk: &Chunk, start: usize, end: usize) -> Self {
        Bytes(Held::Part(chunk.clone(), start, end))
    }

    /// These bytes for keeping: shared where they are whole already, copied where they are a part.
    pub fn into_arc(self) -> Arc<[u8]> {
        match self.0 {
            Held::Own(bytes) => bytes,
            Held::Part(..) => Arc::from(&self[..]),
        }
    }
}

impl From<Arc<[u8]>> for Bytes {
    fn from(bytes: Arc<[u8]>) -> Self {
        Bytes(Held::Own(bytes))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Own(bytes) => bytes,
            Held::Part(chunk, start, end) => chunk.bytes().get(*start..*end).unwrap_or(&[]),
        }
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
