//! The file of webhooks: lines of JSON, each a change, written behind each other.
//!
//! A line counts when it is whole, with the end of the line. What a crash left of one at the end of
//! the file is cut off at the next opening. A line that cannot be understood with good ones behind it
//! is no crash: then the file is damaged, and nothing is guessed.
//!
//! When the lines have grown to a multiple of what they come to, the file is replaced by one that
//! says only that (written beside, flushed, renamed).

use offshoot_api::webhooks::{Attempt, Cursor, Subscription};
use offshoot_core::history::{BranchId, CommitId, Scn};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

const VERSION: u32 = 1;

/// A file shorter than this is not rewritten, in bytes.
const SHORT_BYTES: u64 = 256 << 10;

/// One change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(super) enum Line {
    /// The first.
    Version { version: u32 },
    /// A webhook that is new, or another from now on. With `marks`, these are all of its cursors.
    Webhook { webhook: Box<Registered>, marks: Option<Vec<Mark>> },
    /// A cursor that moved without an attempt.
    Moved { webhook: String, mark: Mark },
    /// An attempt, and the cursor where it arrived.
    Tried { webhook: String, attempt: Attempt, mark: Option<Mark> },
    /// A webhook that is gone.
    Gone { webhook: String },
}

/// A webhook as it is kept. Times are in microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registered {
    pub id: String,
    pub url: String,
    pub secret: String,
    pub subscription: Subscription,
    pub description: String,
    pub active: bool,
    pub created: i64,
    pub updated: i64,
    pub failing_since: Option<i64>,
    pub delivered: Option<i64>,
}

/// A cursor on a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    branch: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    scn: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    merge_told: bool,
    protections: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

impl Mark {
    pub fn of(branch: BranchId, cursor: &Cursor) -> Self {
        Mark {
            branch: branch.to_string(),
            commit: cursor.commit.map(|commit| commit.to_string()),
            scn: cursor.scn.0,
            merge_told: cursor.merge_told,
            protections: cursor.protections,
            deleted: cursor.deleted,
        }
    }

    /// The branch and its cursor; `None` where this names none.
    pub fn read(&self) -> Option<(BranchId, Cursor)> {
        let commit = match &self.commit {
            None => None,
            Some(text) => Some(CommitId(text.parse().ok()?)),
        };
        let cursor = Cursor {
            commit,
            scn: Scn(self.scn),
            merge_told: self.merge_told,
            protections: self.protections,
            deleted: self.deleted,
        };
        Some((self.branch.parse().ok()?, cursor))
    }
}

/// The open file.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    /// Absent until something is to be written.
    file: Option<File>,
    bytes: u64,
    /// How long the file was when it held nothing twice.
    compact_bytes: u64,
    /// Why nothing is written any more.
    broken: Option<String>,
}

impl Journal {
    /// Opens the file and reads its lines; one that is not there has none.
    pub fn open(path: PathBuf) -> Result<(Self, Vec<Line>)> {
        let mut journal =
            Journal { path, file: None, bytes: 0, compact_bytes: SHORT_BYTES, broken: None };
        if !journal.path.try_exists()? {
            return Ok((journal, Vec::new()));
        }
        let file = private(&journal.path)?;
        file.try_lock().map_err(|error| {
            let path = journal.path.display();
            Error::new(ErrorKind::WouldBlock, format!("{path} is in use: {error}"))
        })?;
        let bytes = std::fs::read(&journal.path)?;
        let (lines, good) =
            read(&bytes).map_err(|why| Error::new(ErrorKind::InvalidData, journal.named(&why)))?;
        if good < bytes.len() {
            tracing::warn!(file = %journal.path.display(), "an unfinished line was cut off");
            file.set_len(good as u64)?;
        }
        journal.bytes = good as u64;
        journal.file = Some(file);
        Ok((journal, lines))
    }

    fn named(&self, why: &str) -> String {
        format!("the file of webhooks {}: {why}", self.path.display())
    }

    /// Writes a line; `durably` waits for the disk.
    pub fn append(&mut self, line: &Line, durably: bool) -> Result<()> {
        if let Some(why) = &self.broken {
            return Err(Error::other(self.named(why)));
        }
        if self.file.is_none() {
            return self.rewrite(std::slice::from_ref(line));
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let text = written(line)?;
        let done = file.write_all(&text).and_then(|()| match durably {
            true => file.sync_data(),
            false => Ok(()),
        });
        if let Err(error) = done {
            // Half a line must not stand before the next one.
            if let Err(error) = file.set_len(self.bytes) {
                self.broken = Some(error.to_string());
            }
            return Err(error);
        }
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Whether most of the file is said again further down.
    pub fn is_long(&self) -> bool {
        self.bytes > self.compact_bytes.max(SHORT_BYTES).saturating_mul(4)
    }

    /// Replaces all lines, durably.
    pub fn rewrite(&mut self, lines: &[Line]) -> Result<()> {
        let mut text = written(&Line::Version { version: VERSION })?;
        for line in lines {
            text.extend_from_slice(&written(line)?);
        }
        let mut beside = self.path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let mut file = private(&beside)?;
        file.lock()?;
        file.set_len(0)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        #[cfg(unix)]
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        self.file = Some(file);
        (self.bytes, self.compact_bytes) = (text.len() as u64, text.len() as u64);
        Ok(())
    }
}

fn written(line: &Line) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}

/// The whole lines, and where they end.
fn read(bytes: &[u8]) -> std::result::Result<(Vec<Line>, usize), String> {
    let mut lines = Vec::new();
    let mut good = 0;
    let mut bad = None;
    let mut at = 0;
    for (number, text) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        at += text.len();
        let parsed = match text.ends_with(b"\n") {
            true => serde_json::from_slice::<Line>(text).map_err(|error| error.to_string()),
            false => Err("it has no end".to_owned()),
        };
        match (parsed, &bad) {
            (Ok(_), Some(why)) => return Err(format!("{why}; good lines follow")),
            (Ok(Line::Version { version }), None) if version != VERSION => {
                return Err(format!("version {version} is not known"));
            }
            (Ok(line), None) => {
                lines.push(line);
                good = at;
            }
            (Err(why), None) => bad = Some(format!("line {}: {why}", number + 1)),
            (Err(_), Some(_)) => {}
        }
    }
    match lines.first() {
        None | Some(Line::Version { .. }) => Ok((lines, good)),
        Some(_) => Err("it does not say its version".into()),
    }
}

/// A file that its owner alone may read, written at its end.
fn private(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(name: &str) -> Line {
        Line::Gone { webhook: name.to_owned() }
    }

    fn text(lines: &[Line]) -> Vec<u8> {
        let first = Line::Version { version: VERSION };
        std::iter::once(&first).chain(lines).flat_map(|line| written(line).unwrap()).collect()
    }

    #[test]
    fn what_a_crash_left_is_cut_off_wherever_it_stopped() {
        let (one, two) = (text(&[gone("a")]), text(&[gone("a"), gone("b")]));
        for end in one.len()..two.len() {
            let (lines, good) = read(&two[..end]).unwrap();
            assert_eq!((lines.len(), good), (2, one.len()), "cut at {end}");
        }
        assert_eq!(read(&two).unwrap().1, two.len());
        assert_eq!(read(b"").unwrap().1, 0);
    }

    #[test]
    fn damage_is_told() {
        let mut damaged = text(&[gone("a"), gone("b")]);
        let at = damaged.iter().position(|byte| *byte == b'a').unwrap();
        damaged[at - 3] = b'"';
        let before = text(&[]).len();
        damaged[before] = b'x';
        assert!(read(&damaged).unwrap_err().contains("line 2"));
        assert!(read(b"{\"line\":\"version\",\"version\":2}\n").unwrap_err().contains('2'));
        assert!(read(&written(&gone("a")).unwrap()).unwrap_err().contains("version"));
    }
}
