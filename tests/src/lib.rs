//! The server as its clients see it.
//!
//! ```text
//!   Server   a process of the program over a file in a folder of its own: start, kill, start again
//!   Client   HTTP and the envelope; every reply is checked for it
//!   Branch   what one does on a branch, in a line each
//!   chinook  real data: its schema, a model of its rows, and the comparison of the two
//! ```
//!
//! Nothing here links Offshoot. What a test expects stands in the documents: the branch REST API
//! specification, the issue, and `docs/rest.md`, which says what those two leave open.

pub mod branch;
pub mod chinook;
pub mod client;
pub mod folder;
pub mod instant;
pub mod program;
pub mod random;
pub mod raw;
pub mod server;
