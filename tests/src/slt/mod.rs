//! sqllogictest: records of statements and what they must give, from any corpus.
//!
//! ```text
//!   file ─▶ corpus: SQLite's spelling made the crate's ─▶ crate sqllogictest: records
//!                                                              │
//!                             Engine (a database per file) ◀── judge ──▶ Verdict ──▶ Report
//! ```
//!
//! The crate `sqllogictest` reads the format. Its own runner is not used: the records of SQLite's
//! corpus render a value by the letter of its column (`I`, `R`, `T`) and hash what is rendered, but
//! that runner does not tell a database the letters. What was added to the crate's format, because
//! SQLite's files have it: comments behind `skipif`, `onlyif`, `halt` and `hash-threshold`; lines of
//! spaces that end a record; results that are valuewise without saying so; labels, which promise that
//! all records that bear one have the same result.
//!
//! What the records asked and were answered can be kept ([`record_file`]): WebAssembly must answer the
//! same (`cargo xtask wasm`).
//!
//! A record *passes*, or is
//! - *wrong*: another result or an error that was not asked for;
//! - *unsupported*: refused by name (`Error::Unsupported`);
//! - *in doubt*: it failed, but an earlier record of its file was unsupported that would have
//!   written, so that the data are not what the file takes them for;
//! - *skipped*: by a condition, or because it is none of a database's business (`system`).

mod corpus;
mod judge;
mod render;
mod report;

pub use corpus::{files, parse};
pub use judge::{Recorded, record_file, run_file};
pub use report::{Failure, Report, Verdict};
