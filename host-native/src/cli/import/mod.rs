//! `offshoot import`: SQL scripts, JSON and CSV files, into a file or into a running server.

mod rows;
mod script;
mod target;

use super::Failure;
use serde_json::{Map, Value};
use std::path::PathBuf;
use target::{File, Server, Target};

type Rows = Vec<Map<String, Value>>;

#[derive(clap::Args)]
pub struct Arguments {
    /// SQL scripts (what pg_dump and sqlite3 .dump write: all of a file or nothing), JSON (an array
    /// of objects, or an object of such arrays by table) and CSV files with a header line. A table
    /// of JSON or CSV that is not there is made; its name is the file's, or the key in the JSON.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The database file.
    #[arg(long, default_value = super::DEFAULT_FILE)]
    data: PathBuf,
    /// A running server instead of a file, for example http://127.0.0.1:8080.
    #[arg(long, conflicts_with = "data")]
    url: Option<String>,
    /// The branch.
    #[arg(long, default_value = "main")]
    branch: String,
}

pub fn import(arguments: &Arguments) -> Result<(), Failure> {
    let is_script =
        |file: &PathBuf| file.extension().is_some_and(|s| s.eq_ignore_ascii_case("sql"));
    let mut tables: Vec<(String, Rows)> = Vec::new();
    for file in arguments.files.iter().filter(|file| !is_script(file)) {
        let read = rows::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        tables.extend(read);
    }
    // A name that was mistyped makes no database.
    for file in arguments.files.iter().filter(|file| is_script(file)) {
        std::fs::File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let mut target: Box<dyn Target> = match &arguments.url {
        Some(url) => Box::new(Server::new(url, &arguments.branch)),
        None => Box::new(File::open(&arguments.data, &arguments.branch)?),
    };
    let mut total = 0;
    for file in arguments.files.iter().filter(|file| is_script(file)) {
        total += script::load(file, target.as_mut())?;
    }
    if !tables.is_empty() {
        total += rows::load(tables, target.as_mut())? as u64;
    }
    println!("{total} rows imported into branch {}", arguments.branch);
    Ok(())
}
