//! Content-addressed bytes: the ground floor.
mod body;
mod hash;
mod pack;
mod reader;
mod store;

pub use body::{Chunk, WrongHash};
pub use hash::{Hash, HashParseError};
pub use pack::Pack;
pub use reader::{ChunkError, Chunks, FaultSet};
pub use store::{ChunkSource, Outcome, RefChange, Store, StoreError, Ticket, Write};
