//! A branch: a ref whose value is this record.
//!
//! The record is written anew at each commit, so it is small: a plain branch takes less than 150
//! bytes. Its version grows with every change, so a value of the ref never recurs, and comparing
//! the bytes is comparing everything (see `chunk::RefChange`).

use super::commit::read_id;
use super::{BranchId, CommitId, Micros, RefName, Scn, SnapshotId};
use crate::codec::{DecodeError, Reader, Writer};
use serde_json::{Map, Value};

/// First byte of a branch record: the record (high half) and its version (low half).
pub const BRANCH_MAGIC: u8 = 0xB1;

/// Length of a branch's metadata as JSON, in bytes.
pub const METADATA_MAX_BYTES: usize = 16 * 1024;

const PROTECTED: u64 = 1 << 2;
const READ_ONLY: u64 = 1 << 3;
const HAS_SOURCE: u64 = 1 << 4;
const HAS_FORK: u64 = 1 << 5;
const HAS_SNAPSHOT: u64 = 1 << 6;
const HAS_DELETED: u64 = 1 << 7;
const HAS_DISPLAY_NAME: u64 = 1 << 8;
const HAS_METADATA: u64 = 1 << 9;
const HAS_EXPIRY: u64 = 1 << 10;
const HAS_PROTECTIONS: u64 = 1 << 11;
const ALL_FLAGS: u64 = (1 << 12) - 1;

/// How many of the times at which a branch was protected its record keeps.
pub const PROTECTIONS_KEPT: usize = 4;

/// What became of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BranchStatus {
    /// In use.
    Active,
    /// Merged into another, and not written since.
    Merged,
    /// Deleted: kept as a record that is found by its id.
    Deleted,
}

/// What a branch's owner noted on it: a JSON object, as text in one spelling (sorted keys, no
/// spaces). It is kept as text because the record is rewritten at each commit, and numbers would
/// not survive being read and written forever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metadata(String);

impl Default for Metadata {
    fn default() -> Self {
        Metadata("{}".to_owned())
    }
}

/// How often a branch was put under protection, and where it stood the last few times. It leaves no
/// commit, and whoever follows the branch is to be told of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protections {
    /// How often.
    pub count: u64,
    /// The head's SCN and the time, oldest first: the last [`PROTECTIONS_KEPT`] times at most.
    pub last: Vec<(Scn, Micros)>,
}

impl Protections {
    /// One more.
    pub fn add(&mut self, scn: Scn, time: Micros) {
        self.count = self.count.saturating_add(1);
        if self.last.len() >= PROTECTIONS_KEPT {
            self.last.remove(0);
        }
        self.last.push((scn, time));
    }

    /// Where the branch stood the `n`th time, counted from 1. Of those that are no longer known: the
    /// oldest that is.
    pub fn nth(&self, n: u64) -> Option<(Scn, Micros)> {
        let forgotten = self.count.saturating_sub(self.last.len() as u64);
        let at = n.saturating_sub(forgotten).saturating_sub(1);
        self.last.get(usize::try_from(at).ok()?).copied()
    }
}

/// The metadata is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("metadata has at most {METADATA_MAX_BYTES} bytes as JSON, this has {0}")]
pub struct MetadataTooLong(pub usize);

impl Metadata {
    /// The metadata of this object.
    pub fn new(object: &Map<String, Value>) -> Result<Self, MetadataTooLong> {
        // `Map` may keep the order of insertion, by a feature that any crate can turn on.
        let sorted: std::collections::BTreeMap<_, _> = object.iter().collect();
        let mut text = String::from("{");
        for (i, (key, value)) in sorted.into_iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            text.push_str(comma);
            text.push_str(&Value::from(key.as_str()).to_string());
            text.push(':');
            text.push_str(&value.to_string());
        }
        text.push('}');
        match text.len() <= METADATA_MAX_BYTES {
            true => Ok(Metadata(text)),
            false => Err(MetadataTooLong(text.len())),
        }
    }

    /// The object as JSON text.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// The object. Empty if the stored text should be no object.
    pub fn to_map(&self) -> Map<String, Value> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// Whether nothing is noted.
    pub fn is_empty(&self) -> bool {
        self.0 == "{}"
    }
}

/// Everything about a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchRecord {
    /// Its id.
    pub id: BranchId,
    /// Raised when its history is replaced rather than extended.
    pub incarnation: u64,
    /// Raised at every change of this record.
    pub version: u64,
    /// Its name, unique among live branches (see `check_name`).
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// Its newest commit.
    pub head: CommitId,
    /// The head's SCN.
    pub head_scn: Scn,
    /// The head's time.
    pub head_time: Micros,
    /// The branch that it was made from, by id and by the name of that time.
    pub source_branch: Option<(BranchId, String)>,
    /// The commit of the source at which it began.
    pub fork: Option<CommitId>,
    /// The snapshot that keeps that commit queryable.
    pub source_snapshot: Option<SnapshotId>,
    /// Refuses direct writes, restore and deletion.
    pub protected: bool,
    /// Refuses all writes, merges included.
    pub read_only: bool,
    /// What became of it.
    pub status: BranchStatus,
    /// What its owner noted.
    pub metadata: Metadata,
    /// When it was made.
    pub created: Micros,
    /// When this record last changed.
    pub updated: Micros,
    /// When it was deleted.
    pub deleted: Option<Micros>,
    /// When it is to be deleted, unless it is protected then.
    pub expires: Option<Micros>,
    /// How often it was protected.
    pub protections: Protections,
}

impl BranchRecord {
    /// The ref that holds this record.
    pub fn ref_name(&self) -> RefName {
        match self.status {
            BranchStatus::Deleted => RefName::Deleted(self.id),
            _ => RefName::Branch(self.name.clone()),
        }
    }

    /// This record as it will be replaced at `now`: the next version, to be changed further.
    pub fn next(&self, now: Micros) -> Self {
        BranchRecord {
            version: self.version.saturating_add(1),
            updated: now.max(self.updated),
            ..self.clone()
        }
    }

    /// This record after a commit on its branch. A merged branch is active again.
    pub fn advanced(&self, head: CommitId, scn: Scn, time: Micros) -> Self {
        let status = match self.status {
            BranchStatus::Merged => BranchStatus::Active,
            status => status,
        };
        BranchRecord { head, head_scn: scn, head_time: time, status, ..self.next(time) }
    }

    /// The encoded form: the value of the ref (`docs/format.md`).
    pub fn encode(&self) -> Vec<u8> {
        let status = match self.status {
            BranchStatus::Active => 0,
            BranchStatus::Merged => 1,
            BranchStatus::Deleted => 2,
        };
        let has = |present: bool, flag: u64| if present { flag } else { 0 };
        let own_display_name = self.display_name != self.name;
        let flags = status
            | has(self.protected, PROTECTED)
            | has(self.read_only, READ_ONLY)
            | has(self.source_branch.is_some(), HAS_SOURCE)
            | has(self.fork.is_some(), HAS_FORK)
            | has(self.source_snapshot.is_some(), HAS_SNAPSHOT)
            | has(self.deleted.is_some(), HAS_DELETED)
            | has(own_display_name, HAS_DISPLAY_NAME)
            | has(!self.metadata.is_empty(), HAS_METADATA)
            | has(self.expires.is_some(), HAS_EXPIRY)
            | has(self.protections.count > 0, HAS_PROTECTIONS);
        // Times lie close together, so all but one are written as the distance to it.
        let since = |time: Micros| time.0.wrapping_sub(self.created.0);
        let mut w = Writer::with_capacity(192);
        w.u8(BRANCH_MAGIC).uint(flags).fixed(&self.id.0);
        w.uint(self.incarnation).uint(self.version).text(&self.name);
        w.fixed(self.head.0.as_bytes()).uint(self.head_scn.0);
        w.int(self.created.0).int(since(self.updated)).int(since(self.head_time));
        if let Some((id, name)) = &self.source_branch {
            w.fixed(&id.0).text(name);
        }
        if let Some(fork) = &self.fork {
            w.fixed(fork.0.as_bytes());
        }
        if let Some(snapshot) = &self.source_snapshot {
            w.fixed(&snapshot.0);
        }
        if let Some(deleted) = self.deleted {
            w.int(since(deleted));
        }
        if own_display_name {
            w.text(&self.display_name);
        }
        if !self.metadata.is_empty() {
            w.text(&self.metadata.0);
        }
        if let Some(expires) = self.expires {
            w.int(since(expires));
        }
        if self.protections.count > 0 {
            w.uint(self.protections.count).uint(self.protections.last.len() as u64);
            for (scn, time) in &self.protections.last {
                w.uint(scn.0).int(since(*time));
            }
        }
        w.finish()
    }

    /// Reads what `encode` wrote. Any other bytes are an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("branch record", bytes);
        if r.u8()? != BRANCH_MAGIC {
            return Err(r.malformed());
        }
        let flags = r.uint()?;
        let status = match flags & 3 {
            0 => BranchStatus::Active,
            1 => BranchStatus::Merged,
            2 => BranchStatus::Deleted,
            _ => return Err(r.malformed()),
        };
        if flags & !ALL_FLAGS != 0 {
            return Err(r.malformed());
        }
        let has = |flag: u64| flags & flag != 0;
        let id = BranchId(r.array()?);
        let (incarnation, version) = (r.uint()?, r.uint()?);
        let name = r.text()?.to_owned();
        let (head, head_scn) = (read_id(&mut r)?, Scn(r.uint()?));
        let created = Micros(r.int()?);
        let after = |r: &mut Reader<'_>| Ok(Micros(created.0.wrapping_add(r.int()?)));
        let (updated, head_time) = (after(&mut r)?, after(&mut r)?);
        let source_branch = match has(HAS_SOURCE) {
            true => Some((BranchId(r.array()?), r.text()?.to_owned())),
            false => None,
        };
        let fork = if has(HAS_FORK) { Some(read_id(&mut r)?) } else { None };
        let source_snapshot = if has(HAS_SNAPSHOT) { Some(SnapshotId(r.array()?)) } else { None };
        let deleted = if has(HAS_DELETED) { Some(after(&mut r)?) } else { None };
        let display_name = match has(HAS_DISPLAY_NAME) {
            true => r.text()?.to_owned(),
            false => name.clone(),
        };
        let metadata = match has(HAS_METADATA) {
            true => Metadata(r.text()?.to_owned()),
            false => Metadata::default(),
        };
        let expires = if has(HAS_EXPIRY) { Some(after(&mut r)?) } else { None };
        let mut protections = Protections::default();
        if has(HAS_PROTECTIONS) {
            protections.count = r.uint()?;
            let kept = r.uint()?;
            if kept == 0 || kept > protections.count.min(PROTECTIONS_KEPT as u64) {
                return Err(r.malformed());
            }
            for _ in 0..kept {
                protections.last.push((Scn(r.uint()?), after(&mut r)?));
            }
        }
        r.end()?;
        let record = BranchRecord {
            id,
            incarnation,
            version,
            name,
            display_name,
            head,
            head_scn,
            head_time,
            source_branch,
            fork,
            source_snapshot,
            protected: has(PROTECTED),
            read_only: has(READ_ONLY),
            status,
            metadata,
            created,
            updated,
            deleted,
            protections,
            expires,
        };
        // One spelling per record: what could have been left out was left out.
        match record.encode() == bytes {
            true => Ok(record),
            false => Err(r.malformed()),
        }
    }
}
