//! Chinook 1.4.5, a music shop in 11 tables and 15,607 rows (MIT licence, in `tests/data/chinook`).
//!
//! ```text
//!   schema   the tables as this database defines them
//!   Model    what the rows should be: read from the JSON, then changed as a test changes them
//!   check    every table of a branch against the model, by pages, by query and by count
//! ```

mod check;
mod model;
mod schema;

pub use check::{assert_rows, canonical_row, load};
pub use model::{Key, Model};
pub use schema::{TABLES, Table, table};

/// The JSON file.
pub fn json_path() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/chinook/ChinookData.json")
}
