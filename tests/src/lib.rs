//! The server as its clients see it, and SQL as others read it.
//!
//! ```text
//!   Server   a process of the program over a file in a folder of its own: start, kill, start again
//!   Client   HTTP and the envelope; every reply is checked for it
//!   Branch   what one does on a branch, in a line each
//!   chinook  real data: its schema, a model of its rows, and the comparison of the two
//!
//!   Engine   the core over memory, without a server: what statements by the thousand run on
//!   Cell     a value as SQLite and Offshoot both mean it
//!   slt      sqllogictest: records of any corpus
//!   transcript   an answer as a line, to be had again on WebAssembly
//!   rest     the REST documents as cases in JSON files, on any server
//! ```
//!
//! What a test expects stands in documents: the branch REST API specification, the issue, and
//! `docs/rest.md`, which says what those two leave open; or it is what SQLite answers. Only `Engine`
//! and what stands on it link Offshoot.

pub mod branch;
pub mod cell;
pub mod chinook;
pub mod client;
pub mod engine;
pub mod folder;
pub mod instant;
pub mod program;
pub mod random;
pub mod raw;
pub mod rest;
pub mod server;
pub mod slt;
pub mod transcript;
