//! The files of cases.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;

/// One file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Its name: that of the file.
    #[serde(skip)]
    pub name: String,
    /// What it is about.
    #[allow(dead_code, reason = "for readers of the file")]
    pub about: String,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One request and what is right as its answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it shows.
    pub name: String,
    /// The dialect asked for.
    pub dialect: Asked,
    /// The request.
    pub request: Request,
    /// The status that is right.
    pub status: u16,
    /// Headers that must be there, by name in small letters, each like a body.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// What the body must have.
    #[serde(default)]
    pub body: Option<Value>,
    /// What is kept of the answer.
    #[serde(default)]
    pub save: Map<String, Value>,
    /// What the server must be for this case to make sense.
    #[serde(default)]
    pub needs: Option<Needs>,
}

/// The dialect that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asked {
    /// By header, the specification's.
    Envelope,
    /// By header, the tutorial's.
    Plain,
    /// None: the header is left out.
    Default,
}

/// What a case needs of its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needs {
    /// That it asks for keys.
    Key,
}

/// A request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Its path, as it stands in an address.
    pub path: String,
    /// Its query, not yet encoded.
    #[serde(default)]
    pub query: Map<String, Value>,
    /// Headers of its own.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// Its body.
    #[serde(default)]
    pub body: Option<Value>,
    /// Its body where that is not JSON.
    #[serde(default)]
    pub text: Option<String>,
    /// Whether it comes without a key.
    #[serde(default)]
    pub anonymous: bool,
}

/// Reads all files of a folder, by name.
///
/// # Errors
/// Names the file that is not what it should be.
pub fn suites(folder: &Path) -> Result<Vec<Suite>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<_> = entries.map_while(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.iter().map(|path| suite(path)).collect()
}

fn suite(path: &Path) -> Result<Suite, String> {
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| told(&e))?;
    let mut suite: Suite = serde_json::from_str(&text).map_err(|e| told(&e))?;
    let stem = path.file_stem().unwrap_or_default();
    suite.name = stem.to_string_lossy().into_owned();
    Ok(suite)
}
