//! SQL over branches: parse, bind, find an access path, execute.
//!
//! ```text
//!   text ─▶ bounds ─▶ points (AS OF taken out) ─▶ parser ─▶ syntax tree
//!                                                              │
//!   session: which state, which transaction ◀──────────────────┤      (branching: CREATE, DROP,
//!                                                              │       MERGE, USE BRANCH)
//!                                                              ▼
//!        bind: names, types, parameters ─▶ expressions over a row (`expr`)
//!                                                              │
//!                 ┌──────────────┬─────────────────┬───────────┘
//!                 ▼              ▼                 ▼
//!               ddl            dml              select
//!          definitions     access path ─▶ scan ─▶ rows
//!                 └──────▶ txn ◀─┘
//! ```
//!
//! What must stay true:
//! - nothing recurses on a statement that `bounds` has not bounded;
//! - names are compared without regard to case, whatever quotes they stand in;
//! - a row that a key or an index finds is found through it, and the whole WHERE is checked on it
//!   again, so that a path can be too wide but never wrong;
//! - a statement that fails or faults has changed nothing;
//! - a wrong row is worse than an error: what is not done here or by GlueSQL is refused by name.
//!
//! What is left to others: what a value and an operator are (`value`, `expr`), what changing a row
//! means (`txn`, `row`), and when a commit may stand (`database`).

mod access;
mod bind;
mod bounds;
mod branching;
mod cache;
mod catalogue;
mod context;
mod data;
mod ddl;
mod ddl_text;
mod dialect;
mod dml;
mod glue;
mod keeping;
mod literal;
mod meter;
mod national;
mod parameters;
mod parse;
mod points;
mod predicate;
mod prepare;
mod query;
mod refused;
mod request;
mod scan;
pub mod script;
mod session;
mod show;
mod statement;
mod trace;
mod types;
mod write;

pub(crate) use cache::StatementCache;
pub use data::{OnConflict, Page, PageQuery, delete_rows, insert_rows, page, update_rows};
pub use glue::{BranchStorage, MomentSource};
pub use parameters::Parameters;
pub use prepare::{Parameter, Prepared};
pub use request::{Clock, Expired, Limits, Output, OutputColumn, Request, StatementKind};
pub use session::Session;
