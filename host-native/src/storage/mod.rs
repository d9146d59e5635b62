//! One file per database.
//!
//! ```text
//! main.offshoot
//! ┌────────┬──────┬──────┬───────┬───────┬─────┬─────┬────────────┬───────┬──────┬───────┐
//! │ header │ slot │ slot │ write │ write │  …  │ run │ checkpoint │ write │ mark │ 0 0 0 │
//! └────────┴──────┴──────┴───────┴───────┴─────┴─────┴────────────┴───────┴──────┴───────┘
//!   magic,   what is       one frame each:       index of all         tail, read   space for
//!   version  durable;      a pack, a ref         before it            on opening   what comes
//!   and tag  checkpoint    change, or both
//! ```
//!
//! The file is a log. A submitted write is one frame, so it is there whole or not at all; nothing
//! is ever overwritten but the two slots, the mark and the zeros. What holds:
//!
//! - **Acknowledged is durable.** A ticket is durable once a sync covered its frame. Writers that
//!   wait at the same time share one write and one sync: the first becomes the leader, the others
//!   sleep until it wakes them.
//! - **Torn is not corrupt.** An unfinished write at the end is moved to a file beside and cut off.
//!   A frame that was acknowledged and is no longer whole is an error, however it looks: see
//!   `scan` for how the two are told apart.
//! - **No wrong bytes.** Every chunk is checked against its hash when it is read; frames carry
//!   sums and form a chain.
//! - **A store that failed stops.** After a failed write or sync nobody knows what the disk holds,
//!   so every later call says `Stopped` until the file is opened again.
//!
//! What it leaves to others: which chunks are live (`FileStore::compact` is told), and what refs
//! mean.

mod cache;
mod compact;
#[doc(hidden)]
pub mod fault;
mod flush;
mod layout;
mod log;
mod open;
mod raw;
mod run;
mod scan;
mod store;
mod verify;

pub use compact::{CompactStats, Compaction};
pub use open::{Recovery, Torn};
pub use raw::{OsPlace, Place, RawFile};
pub use store::{Durability, FileStore, Options, Stats};
pub use verify::{Finding, verify_file, verify_place};
