//! Where retention cut history off.
//!
//! The commits that are gone are named, not those at the edge that are left: a jump leads past the
//! edge without touching it, and a host that fetches chunks on demand must know *before* it asks
//! that there is nothing to fetch. The names are few: per line, the parents at the edge and the
//! O(log n) targets of jumps across it. A later commit only ever jumps to a commit that is there or
//! that an earlier one jumps to, so the list stays complete as the line grows.

use super::commit::read_id;
use super::{CommitId, Micros, RefName, Scn};
use crate::codec::{DecodeError, Reader, Writer};
use std::collections::HashSet;

/// First byte of a shallow record: the record (high half) and its version (low half).
pub const SHALLOW_MAGIC: u8 = 0xD1;

/// The value of a ref `shallow/<commit>`: what is missing behind that commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShallowRecord {
    /// The oldest commit kept on a line.
    pub commit: CommitId,
    /// Its SCN.
    pub scn: Scn,
    /// Its time.
    pub time: Micros,
    /// The dropped commits that kept ones name as parent or jump; sorted, each once.
    pub dropped: Vec<CommitId>,
}

impl ShallowRecord {
    /// The ref that holds this record.
    pub fn ref_name(&self) -> RefName {
        RefName::Shallow(self.commit)
    }

    /// The encoded form: the value of the ref (`docs/format.md`).
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u8(SHALLOW_MAGIC).fixed(self.commit.0.as_bytes()).uint(self.scn.0).int(self.time.0);
        w.uint(self.dropped.len() as u64);
        for id in &self.dropped {
            w.fixed(id.0.as_bytes());
        }
        w.finish()
    }

    /// Reads what `encode` wrote. Any other bytes are an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("shallow record", bytes);
        if r.u8()? != SHALLOW_MAGIC {
            return Err(r.malformed());
        }
        let commit = read_id(&mut r)?;
        let (scn, time) = (Scn(r.uint()?), Micros(r.int()?));
        let mut dropped: Vec<CommitId> = Vec::new();
        for _ in 0..r.count()? {
            let id = read_id(&mut r)?;
            if dropped.last().is_some_and(|last| *last >= id) {
                return Err(r.malformed());
            }
            dropped.push(id);
        }
        r.end()?;
        Ok(ShallowRecord { commit, scn, time, dropped })
    }
}

/// All that retention dropped and something kept still names.
#[derive(Debug, Clone, Default)]
pub struct Shallow(HashSet<CommitId>);

impl Shallow {
    /// What these records name.
    pub fn new<'a>(records: impl IntoIterator<Item = &'a ShallowRecord>) -> Self {
        Shallow(records.into_iter().flat_map(|record| record.dropped.iter().copied()).collect())
    }

    /// Whether retention dropped this commit.
    pub fn is_dropped(&self, id: &CommitId) -> bool {
        self.0.contains(id)
    }

    /// Whether nothing was dropped.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
