//! history
mod delta;
mod id;

pub use delta::{Delta, RowChange, SchemaChange, SequenceChange, TableDelta, TableKey};
pub use id::{CommitId, Micros, Scn};
