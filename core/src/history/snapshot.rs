//! A snapshot: a ref that keeps a commit queryable whatever retention does.

use super::commit::read_id;
use super::{BranchId, CommitId, Micros, RefName, Scn, SnapshotId};
use crate::codec::{DecodeError, Reader, Writer};

/// First byte of a snapshot record: the record (high half) and its version (low half).
pub const SNAPSHOT_MAGIC: u8 = 0xA1;

/// Who asked for a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SnapshotKind {
    /// The database did: at a fork, before a merge, before a restore.
    Automatic,
    /// A person did.
    Manual,
}

/// Everything about a snapshot. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRecord {
    /// Its id.
    pub id: SnapshotId,
    /// What people call it.
    pub name: Option<String>,
    /// The branch that it was taken of.
    pub branch: BranchId,
    /// That branch's name at the time.
    pub branch_name: String,
    /// The commit that it keeps.
    pub commit: CommitId,
    /// The commit's SCN.
    pub scn: Scn,
    /// The commit's time.
    pub time: Micros,
    /// When the snapshot was taken.
    pub created: Micros,
    /// Who asked for it.
    pub kind: SnapshotKind,
    /// Tables in that state.
    pub tables: u32,
    /// Rows in all of them.
    pub rows: u64,
    /// Size of that state in bytes, as far as it was known.
    pub size_bytes: u64,
}

impl SnapshotRecord {
    /// The ref that holds this record.
    pub fn ref_name(&self) -> RefName {
        RefName::Snapshot(self.id)
    }

    /// The encoded form: the value of the ref (`docs/format.md`).
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u8(SNAPSHOT_MAGIC).u8(u8::from(self.kind == SnapshotKind::Manual)).fixed(&self.id.0);
        w.maybe(self.name.as_ref().map(|name| name.as_bytes()));
        w.fixed(&self.branch.0).text(&self.branch_name);
        w.fixed(self.commit.0.as_bytes()).uint(self.scn.0).int(self.time.0).int(self.created.0);
        w.uint(u64::from(self.tables)).uint(self.rows).uint(self.size_bytes);
        w.finish()
    }

    /// Reads what `encode` wrote. Any other bytes are an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new("snapshot record", bytes);
        if r.u8()? != SNAPSHOT_MAGIC {
            return Err(r.malformed());
        }
        let kind = match r.u8()? {
            0 => SnapshotKind::Automatic,
            1 => SnapshotKind::Manual,
            _ => return Err(r.malformed()),
        };
        let id = SnapshotId(r.array()?);
        let malformed = r.malformed();
        let name = match r.maybe()?.map(std::str::from_utf8) {
            None => None,
            Some(Ok(name)) => Some(name.to_owned()),
            Some(Err(_)) => return Err(malformed),
        };
        let (branch, branch_name) = (BranchId(r.array()?), r.text()?.to_owned());
        let (commit, scn) = (read_id(&mut r)?, Scn(r.uint()?));
        let (time, created) = (Micros(r.int()?), Micros(r.int()?));
        let tables = u32::try_from(r.uint()?).map_err(|_| r.malformed())?;
        let (rows, size_bytes) = (r.uint()?, r.uint()?);
        r.end()?;
        Ok(SnapshotRecord {
            id,
            name,
            branch,
            branch_name,
            commit,
            scn,
            time,
            created,
            kind,
            tables,
            rows,
            size_bytes,
        })
    }
}
