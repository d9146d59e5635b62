//! What the core asks of a host: chunks by name, refs with compare-and-swap, and one atomic write.
//!
//! ```text
//!            core                                   host
//!   chunk(hash) ───────────────────────▶  Some(bytes)  |  None: not at hand (a fault)
//!   submit(Write{pack, change}) ───────▶  Accepted(ticket) | Conflict(actual) | Unknown
//!                                          … later: the ticket is durable
//! ```
//!
//! A write is one pack and one ref change, applied together or not at all; that is the only
//! atomicity asked for, and comparing the ref is the only coordination. Ref values carry their own
//! version (see `history::refs`), so equal bytes mean that nothing happened in between.

use super::{Chunk, Hash, Pack};
use std::collections::BTreeMap;

/// Where chunks come from. A host that can read synchronously never answers `None` for a chunk
/// that exists; one that cannot answers `None`, and fetches what the fault names.
pub trait ChunkSource: Send + Sync {
    /// The chunk of this name, its hash verified; `None` if it is not at hand.
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError>;
}

/// A change of one ref. `expected` is the exact value that must stand there now (`None`: no ref of
/// this name); `new` is what replaces it (`None`: the ref is removed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefChange {
    /// For example `branch/main`. UTF-8, at most 512 bytes.
    pub name: String,
    /// The value that must stand there for the change to happen.
    pub expected: Option<Vec<u8>>,
    /// The value afterwards.
    pub new: Option<Vec<u8>>,
}

impl RefChange {
    /// The longest name of a ref, in bytes.
    pub const NAME_MAX: usize = 512;
    /// The longest value of a ref, in bytes.
    pub const VALUE_MAX: usize = 1 << 20;

    /// Whether name and value are within their limits; a store refuses the change otherwise.
    pub fn check(&self) -> Result<(), StoreError> {
        if self.name.len() > Self::NAME_MAX {
            return Err(StoreError::Io("the name of a ref has more than 512 bytes".into()));
        }
        if self.new.as_ref().is_some_and(|new| new.len() > Self::VALUE_MAX) {
            return Err(StoreError::Io("the value of a ref has more than 1 MiB".into()));
        }
        Ok(())
    }

    /// Whether `refs` hold what the change expects; if not, what they hold instead.
    pub fn compare(&self, refs: &BTreeMap<String, Vec<u8>>) -> Result<(), Option<Vec<u8>>> {
        let actual = refs.get(&self.name);
        match actual == self.expected.as_ref() {
            true => Ok(()),
            false => Err(actual.cloned()),
        }
    }

    /// Makes the change, comparing nothing.
    pub fn apply(self, refs: &mut BTreeMap<String, Vec<u8>>) {
        match self.new {
            Some(new) => refs.insert(self.name, new),
            None => refs.remove(&self.name),
        };
    }
}

/// One atomic write. Either part may be absent: chunks alone (a keyframe), or a ref alone.
#[derive(Debug, Clone, Default)]
pub struct Write {
    /// New chunks and keyframe records. They are in the store before the ref says so.
    pub pack: Pack,
    /// The ref that moves.
    pub change: Option<RefChange>,
}

/// Names a submitted write until it is durable. Tickets of one store grow in the order in which
/// the writes were accepted, and become durable in that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It stands, and later reads of refs and chunks see it; it survives a crash once the ticket
    /// is durable.
    Accepted(Ticket),
    /// The ref had another value; nothing was written.
    Conflict(Option<Vec<u8>>),
    /// The host cannot tell (a lost connection): read the ref again.
    Unknown,
}

/// A host's storage as the core sees it.
pub trait Store: ChunkSource {
    /// The value of a ref.
    fn read_ref(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// All refs whose name begins with `prefix`, in the order of their names.
    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// The materialised root recorded for a commit, if a keyframe stands there.
    fn keyframe(&self, commit: &Hash) -> Result<Option<Hash>, StoreError>;

    /// Hands over one write.
    fn submit(&self, write: Write) -> Result<Outcome, StoreError>;

    /// The newest ticket that is durable, with all before it.
    fn durable(&self) -> Ticket;
}

/// What a store can fail with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Stored bytes are not what was written. The data must be restored from a backup or another
    /// copy; retrying does not help.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
    /// Reading or writing failed (disk full, permission, connection). A write that failed this way
    /// left nothing behind that a reader sees.
    #[error("storage failed: {0}")]
    Io(String),
    /// The store stopped after an earlier failure and must be opened again.
    #[error("the store has stopped: {0}")]
    Stopped(String),
}
