//! The file of a database's API keys: beside the database, `main.offshoot.keys`.
//!
//! Beside it and not in it, for three reasons: a running server holds the database's lock, and a key
//! must be revocable at once; branches, SQL and backups of data never carry what lets people in; and
//! a server of many tenants finds out whose key it was shown without opening a single database.
//!
//! The file holds hashes only, is readable by its owner alone, and is replaced whole (written beside,
//! flushed, renamed). A server reads it again whenever it has changed. A file that cannot be
//! understood lets nobody in.

use offshoot_api::auth::{Caller, KeyHash, KeyRecord, KeyRing, Keys};
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

/// Where the keys of a database file are.
pub fn keys_path(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".keys");
    name.into()
}

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u32,
    keys: Vec<KeyRecord>,
}

const VERSION: u32 = 1;

fn read(path: &Path) -> std::io::Result<Vec<KeyRecord>> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let invalid = |why: String| {
        Error::new(ErrorKind::InvalidData, format!("the key file {}: {why}", path.display()))
    };
    let contents: Contents = serde_json::from_slice(&bytes).map_err(|e| invalid(e.to_string()))?;
    match contents.version {
        VERSION => Ok(contents.keys),
        other => Err(invalid(format!("version {other} is not known"))),
    }
}

/// The keys of a file, for whoever keeps them: read, changed and written back under a lock.
///
/// # Errors
/// The system's, and whatever `change` says.
pub fn change_keys<T>(
    path: &Path,
    change: impl FnOnce(&mut Vec<KeyRecord>) -> Result<T, String>,
) -> std::io::Result<T> {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let lock = private(&beside(".lock"))?;
    lock.lock()?;
    let mut keys = read(path)?;
    let value = change(&mut keys).map_err(Error::other)?;
    let text = serde_json::to_vec_pretty(&Contents { version: VERSION, keys })?;
    let new = beside(".new");
    let mut file = private(&new)?;
    file.set_len(0)?;
    file.write_all(&text)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    Ok(value)
}

/// The keys of a file.
///
/// # Errors
/// A file that cannot be read or understood; one that is not there has none.
pub fn list_keys(path: &Path) -> std::io::Result<Vec<KeyRecord>> {
    read(path)
}

/// A file that its owner alone may read.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A new key: 32 random bytes in hexadecimal digits after `osk_`, by which scanners of repositories
/// know it.
///
/// # Errors
/// A system without randomness.
pub fn new_key() -> std::io::Result<String> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|e| Error::other(e.to_string()))?;
    let digits = random.iter().map(|byte| format!("{byte:02x}"));
    Ok(format!("osk_{}", digits.collect::<String>()))
}

/// The hash of a key, as records keep it.
pub fn key_hash(key: &str) -> String {
    KeyHash::of(key.as_bytes()).to_hex()
}

/// What changes with a file.
type Stamp = Option<(SystemTime, u64, u64)>;

/// A key file that a server looks at.
pub(super) struct KeyFile {
    path: PathBuf,
    tenant: Option<String>,
    seen: RwLock<(Stamp, KeyRing)>,
}

impl KeyFile {
    /// Reads it. `tenant` is whose keys those are that do not say it themselves.
    pub fn open(path: impl Into<PathBuf>, tenant: Option<String>) -> std::io::Result<Self> {
        let path = path.into();
        let stamp = stamp(&path);
        let ring = ring(read(&path)?, tenant.as_deref());
        Ok(KeyFile { path, tenant, seen: RwLock::new((stamp, ring)) })
    }

    /// Whether there is such a file. One without any key counts: whoever revoked the last key did
    /// not mean to open the database to everybody.
    pub fn is_there(&self) -> bool {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).0.is_some()
    }

    fn refresh(&self) {
        let now = stamp(&self.path);
        if self.seen.read().unwrap_or_else(PoisonError::into_inner).0 == now {
            return;
        }
        let keys = read(&self.path).unwrap_or_else(|error| {
            tracing::error!(%error, "no API key of this file is taken until it is mended");
            Vec::new()
        });
        let ring = ring(keys, self.tenant.as_deref());
        tracing::info!(file = %self.path.display(), keys = ring.len(), "API keys were read again");
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = (now, ring);
    }
}

impl Keys for KeyFile {
    fn find(&self, key: &[u8]) -> Option<Caller> {
        self.refresh();
        self.seen.read().unwrap_or_else(PoisonError::into_inner).1.find(key)
    }
}

fn ring(keys: Vec<KeyRecord>, tenant: Option<&str>) -> KeyRing {
    let mut ring = KeyRing::default();
    for mut record in keys {
        record.tenant = record.tenant.or_else(|| tenant.map(str::to_owned));
        if let Err(error) = ring.add_record(&record) {
            tracing::error!(name = record.name, %error, "an API key is not taken");
        }
    }
    ring
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), inode(&metadata)))
}

/// Tells two files of one name apart that were written in the same tick of the clock.
#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}
