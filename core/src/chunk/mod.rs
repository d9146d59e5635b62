//! Content-addressed bytes: the ground floor.
mod body;
mod hash;
mod pack;
mod store;

pub use body::{Chunk, WrongHash};
pub use hash::{Hash, HashParseError};
pub use pack::Pack;
pub use store::{ChunkSource, Outcome, RefChange, Store, StoreError, Ticket, Write};
