//! History: commits in lines, lines as branches, and what is kept of them.
//!
//! ```text
//!   branch/main ─▶ c7 ─▶ c6 ─▶ c5 ─▶ c4 ─▶ …        the first-parent line: the branch's history
//!                   └─▶ f3 ─▶ f2 ─┐                  what was merged into it
//!                        ▲        └─▶ c4
//!   branch/feature ──────┘
//! ```
//!
//! A commit (`commit`) names its parents, so its id stands for all that came before it. A branch
//! (`branch`) is a ref to a commit; its history is the line of first parents, which only ever
//! grows. Along a line SCN and time grow, and jumps find any point of it in O(log n) reads (`line`).
//! What two commits have in common, and what one has that the other lacks, follows all parents
//! (`ancestry`). Snapshots pin a commit. Retention (`retention`, `gc`) drops what is older than a
//! horizon and marks the cut (`shallow`), so that a read beyond it says `history_truncated` and not
//! that data is lost.
//!
//! What must stay true:
//! - an id is the hash of the commit's bytes, and equal changes have equal bytes (`delta`);
//! - SCN = 1 + the first parent's; generation = 1 + the largest parent's; time is later than the
//!   first parent's;
//! - whether a commit holds its changes or the root of its state is a rule (`needs_root`), alike on
//!   every host;
//! - the bytes of a ref never recur.
//!
//! The state at a commit, tables and rows are for others (`row`, `txn`); here they are a root hash
//! and a `Delta`.
mod ahead;
mod ancestry;
mod branch;
mod commit;
mod delta;
mod error;
pub mod gc;
mod id;
mod line;
mod name;
mod reader;
mod refs;
mod retention;
mod shallow;
mod snapshot;

pub use ahead::{Ends, Parents};
pub use ancestry::Missing;
pub use branch::{
    BRANCH_MAGIC, BranchRecord, BranchStatus, METADATA_MAX_BYTES, Metadata, MetadataTooLong,
    PROTECTIONS_KEPT, Protections,
};
pub use commit::{
    AUTHOR_MAX_BYTES, Body, BodyKind, COMMIT_MAGIC, Commit, CommitHeader, DELTA_MAX_BYTES,
    KEYFRAME_EVERY_BYTES, Links, MESSAGE_MAX_BYTES, PARENTS_MAX, SCN_LIMIT, Step, needs_root,
};
pub use delta::{Delta, DeltaItem, RowChange, SchemaChange, SequenceChange, TableDelta, TableKey};
pub use error::{HistoryError, Point};
pub use gc::{GcPlan, GcStats, KEYFRAME_KEPT_EVERY_BYTES, KeyframeOf, Pins, StateReferences};
pub use id::{CommitId, Micros, Scn};
pub use line::{Forward, Line};
pub use name::{BranchId, IdParseError, NAME_MAX_BYTES, NameError, SnapshotId, check_name};
pub use reader::CommitReader;
pub use refs::{BRANCH_PREFIX, DELETED_PREFIX, RefName, SHALLOW_PREFIX, SNAPSHOT_PREFIX};
pub use retention::Retention;
pub use shallow::{SHALLOW_MAGIC, Shallow, ShallowRecord};
pub use snapshot::{SNAPSHOT_MAGIC, SnapshotKind, SnapshotRecord};
