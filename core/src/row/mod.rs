//! Tables, rows, indexes and constraints over trees.
//!
//! ```text
//!   State ── table id ─▶ TableState ─┬─ def      columns, key, indexes, constraints
//!                                    ├─ rows     View: key        ─▶ encoded row
//!                                    ├─ indexes  View: parts+key  ─▶ ""      (one per index)
//!                                    └─ sequence next automatic id
//! ```
//!
//! A [`State`] is everything that a database holds at one commit, or inside one transaction. It is a
//! value: cloning copies pointers, so a savepoint, a branch and a snapshot for a reader are clones.
//! Each tree is a [`View`](crate::tree::View): a materialised tree with a small overlay of what
//! changed since the last keyframe.
//!
//! What one changed row means for the indexes is known in one place, `State::apply`, and an INSERT,
//! a replayed commit, a rebase and a merge all go through it; constraints likewise have one place,
//! `check`. Uniqueness and references are looked up through indexes, never by a scan.
//!
//! Invariants, which `State::verify` checks:
//! - a row stands under the key that its own primary key columns encode to;
//! - an index holds exactly one entry per row, and nothing else;
//! - no two rows agree in a unique index without a NULL in it;
//! - every reference without a NULL finds its parent.
//!
//! A session's temporary tables stand in the states that it reads and writes, beside the others and in no
//! commit (`temporary`).
//!
//! What is left to others: which commit a state belongs to (`history`), who may write it when
//! (`txn`), and what SQL calls things (`sql`).

mod check;
mod coherence;
mod def;
mod id;
mod state;
mod table;
mod temporary;
mod verify;
mod violation;

pub use check::{check_changes, find_by_unique, is_constrained, require};
pub use coherence::broken_definitions;
pub use def::{
    Action, COMMENT_NOTE, CheckDef, ColumnDef, ForeignKeyDef, IndexDef, IndexOrigin, IndexPart,
    KeyPart, StoredExpr, TableDef, VIEW_NOTE, same_name,
};
pub use id::{ColumnId, ConstraintId, IndexId, TableId};
pub use state::{Base, State, TableState};
pub use table::{BoundIndex, Row, Table};
pub use violation::Violation;
