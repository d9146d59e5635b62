//! Content-addressed bytes: the ground floor.
mod body;
mod fault;
mod hash;
mod memory;
mod pack;
mod reader;
mod store;

pub use body::{Chunk, WrongHash};
pub use fault::{Faulting, all, both};
pub use hash::{ByName, Hash, HashMapByName, HashParseError};
pub use memory::MemoryStore;
pub use pack::{ChunkSlice, Pack, PackError, PackIndex};
pub use reader::{ChunkError, Chunks, FaultSet, WorkingSet};
pub use store::{ChunkSource, Outcome, RefChange, Store, StoreError, Ticket, Write};
