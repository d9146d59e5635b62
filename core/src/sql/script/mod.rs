//! Scripts: files of many statements, as `pg_dump`, `sqlite3 .dump` and people write them.
//!
//! ```text
//!   bytes ─▶ Splitter ─▶ Piece ─▶ Step: what to do with it
//!              │           │        run it · skip it, saying why · keep its foreign keys for the end
//!              │           └ one statement with its line, or some rows of a long INSERT or COPY
//!              └ takes bytes as they come and holds one piece, never the file
//! ```
//!
//! A dump may create a child before its parent, and may fill tables in any order, because the
//! databases that wrote it check references late or not at all. So whoever runs a script adds its
//! foreign keys last, when all rows are there, and every one of them is checked then.

mod copy;
mod split;
mod step;

pub use split::{Piece, Row, ScriptError, Splitter};
pub use step::{Reference, Step};
