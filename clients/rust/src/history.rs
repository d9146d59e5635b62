//! A branch's past: its history, its snapshots, and going back.

use crate::answer::{HistoryEntry, Reset, Restored, Snapshot};
use crate::branch::Branch;
use crate::error::Error;
use crate::point::AsOf;
use crate::transport::{Call, segment};
use serde::{Deserialize, Serialize};

impl Branch {
    /// Its commits and snapshots, newest first.
    pub fn history(&self) -> History {
        History { branch: self.clone(), since: None, until: None, limit: None }
    }

    /// Its snapshots, newest first.
    ///
    /// # Errors
    /// `NotFound`, and what any request comes to.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>, Error> {
        #[derive(Deserialize)]
        struct Snapshots {
            snapshots: Vec<Snapshot>,
        }
        let told: Snapshots = self.transport.data(Call::get(self.path("/snapshots"))).await?;
        Ok(told.snapshots)
    }

    /// A snapshot of its head.
    pub fn snapshot(&self) -> TakeSnapshot {
        TakeSnapshot {
            branch: self.clone(),
            body: SnapshotBody { name: None },
            idempotency_key: None,
        }
    }

    /// It is to hold again what a snapshot holds, by id or name; the history stays.
    pub fn restore(&self, snapshot: impl Into<String>) -> Restore {
        Restore {
            branch: self.clone(),
            snapshot: snapshot.into(),
            backup: Backup::default(),
            idempotency_key: None,
        }
    }

    /// It is to be set to where its source stands.
    pub fn reset(&self) -> ResetTo {
        ResetTo { branch: self.clone(), body: ResetBody::default(), idempotency_key: None }
    }
}

/// A history to be read.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct History {
    branch: Branch,
    since: Option<String>,
    until: Option<String>,
    limit: Option<u64>,
}

impl History {
    /// No older ones than this time, in RFC 3339.
    pub fn since(mut self, time: impl Into<String>) -> Self {
        self.since = Some(time.into());
        self
    }

    /// No newer ones than this time, in RFC 3339.
    pub fn until(mut self, time: impl Into<String>) -> Self {
        self.until = Some(time.into());
        self
    }

    /// So many at most; 50 where nothing is said.
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Reads it.
    ///
    /// # Errors
    /// `NotFound`, and what any request comes to.
    pub async fn send(self) -> Result<Vec<HistoryEntry>, Error> {
        #[derive(Deserialize)]
        struct Told {
            history: Vec<HistoryEntry>,
        }
        let call = Call::get(self.branch.path("/history"))
            .ask("from", self.since)
            .ask("to", self.until)
            .ask("limit", self.limit);
        let told: Told = self.branch.transport.data(call).await?;
        Ok(told.history)
    }
}

#[derive(Debug, Clone, Serialize)]
struct SnapshotBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A snapshot to be made.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct TakeSnapshot {
    branch: Branch,
    body: SnapshotBody,
    idempotency_key: Option<String>,
}

impl TakeSnapshot {
    /// By which name it is found again.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.body.name = Some(name.into());
        self
    }

    /// Names the request: a server that honours the header `Idempotency-Key` does it once, so that it
    /// is repeated where no answer came.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Makes it.
    ///
    /// # Errors
    /// `Api` with `CONSTRAINT_VIOLATION` where the name is taken, and what any request comes to.
    pub async fn send(self) -> Result<Snapshot, Error> {
        let call = Call::post(self.branch.path("/snapshots")).json(&self.body);
        let call = call.idempotent(self.idempotency_key);
        self.branch.transport.data(call).await
    }
}

/// A branch that keeps what was there.
#[derive(Debug, Clone, Default, Serialize)]
struct Backup {
    #[serde(rename = "create_backup_branch", skip_serializing_if = "Option::is_none")]
    create: Option<bool>,
    #[serde(rename = "backup_branch_name", skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A branch to be restored.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Restore {
    branch: Branch,
    snapshot: String,
    backup: Backup,
    idempotency_key: Option<String>,
}

impl Restore {
    /// What is there is kept as a branch, which the server names.
    pub fn with_backup(mut self) -> Self {
        self.backup.create = Some(true);
        self
    }

    /// What is there is kept as a branch of this name.
    pub fn with_backup_branch(mut self, name: impl Into<String>) -> Self {
        self.backup.name = Some(name.into());
        self.with_backup()
    }

    /// Names the request: a server that honours the header `Idempotency-Key` does it once, so that it
    /// is repeated where no answer came.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Restores it.
    ///
    /// # Errors
    /// `NotFound`, `Denied` on a branch that takes no writes, `Api` with `BRANCH_EXISTS` for the backup,
    /// and what any request comes to.
    pub async fn send(self) -> Result<Restored, Error> {
        let path = self.branch.path(&format!("/restore/{}", segment(&self.snapshot)));
        let call = Call::post(path).json(&self.backup).idempotent(self.idempotency_key);
        self.branch.transport.data(call).await
    }
}

#[derive(Debug, Clone, Default, Serialize)]
struct ResetBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    source_branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<AsOf>,
    #[serde(flatten)]
    backup: Backup,
}

/// A branch to be set to where its source stands.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct ResetTo {
    branch: Branch,
    body: ResetBody,
    idempotency_key: Option<String>,
}

impl ResetTo {
    /// To another branch than the one that it was made from.
    pub fn from_branch(mut self, source: impl Into<String>) -> Self {
        self.body.source_branch = Some(source.into());
        self
    }

    /// To another point than now.
    pub fn as_of(mut self, point: AsOf) -> Self {
        self.body.as_of = Some(point);
        self
    }

    /// What is there is kept as a branch, which the server names.
    pub fn with_backup(mut self) -> Self {
        self.body.backup.create = Some(true);
        self
    }

    /// What is there is kept as a branch of this name.
    pub fn with_backup_branch(mut self, name: impl Into<String>) -> Self {
        self.body.backup.name = Some(name.into());
        self.with_backup()
    }

    /// Names the request: a server that honours the header `Idempotency-Key` does it once, so that it
    /// is repeated where no answer came.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Resets it.
    ///
    /// # Errors
    /// `NotFound`, `Denied` on a branch that takes no writes, and what any request comes to.
    pub async fn send(self) -> Result<Reset, Error> {
        let call = Call::post(self.branch.path("/reset")).json(&self.body);
        let call = call.idempotent(self.idempotency_key);
        self.branch.transport.data(call).await
    }
}
