//! What each command does.

pub mod admin;
pub mod branch;
pub mod import;
pub mod key;
pub mod serve;
pub mod sql;
pub mod table;

use offshoot::EmbeddedDatabase;
use std::path::PathBuf;

/// The file that commands use where none is named.
pub const DEFAULT_FILE: &str = "./offshoot-data/main.offshoot";

/// What a command fails with: a sentence for the person who typed it.
pub type Failure = Box<dyn std::error::Error>;

/// A branch of a database file.
#[derive(clap::Args, Clone)]
pub struct Place {
    /// The database file.
    #[arg(long, default_value = DEFAULT_FILE)]
    pub data: PathBuf,
    /// The branch.
    #[arg(long, default_value = "main")]
    pub branch: String,
}

impl Place {
    /// Opens the file, which must be there.
    pub fn open(&self) -> Result<EmbeddedDatabase, Failure> {
        open_existing(&self.data)
    }
}

/// Opens a database file that must be there.
pub fn open_existing(path: &std::path::Path) -> Result<EmbeddedDatabase, Failure> {
    if !path.exists() {
        return Err(format!(
            "there is no database at {}; `offshoot serve` and `offshoot import` make one",
            path.display()
        )
        .into());
    }
    Ok(EmbeddedDatabase::new(path)?)
}
