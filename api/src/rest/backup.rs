//! The branch that keeps what a restore or a reset replaces, where one is asked for.

use super::author::Sender;
use super::error::Failure;
use super::request::Fields;
use crate::auth::Scope;
use crate::host::Call;
use offshoot_core::error::Result as CoreResult;
use offshoot_core::history::{NAME_MAX_BYTES, check_name};

/// Whether a backup is made, and under which name.
#[derive(Debug, Clone)]
pub(crate) struct Backup {
    wanted: bool,
    name: Option<String>,
}

impl Backup {
    /// `create_backup_branch` and `backup_branch_name` of a body.
    pub fn of(body: &mut Fields) -> Result<Self, Failure> {
        let name = body.text("backup_branch_name")?;
        // Whoever names a backup wants one.
        let wanted = body.flag("create_backup_branch")?.unwrap_or(name.is_some());
        Ok(Backup { wanted, name })
    }

    /// Refuses a name that no branch may have, and a sender who may not make this branch.
    pub fn permitted(&self, sender: &Sender, branch: &str) -> Result<(), Failure> {
        match &self.name {
            Some(name) => {
                check_name(name)
                    .map_err(|e| Failure::invalid(format!("field 'backup_branch_name': {e}")))?;
                sender.require(Scope::Branch, name)
            }
            // What every name begins with that is made up for a backup, see below.
            None if self.wanted => sender.require(Scope::Branch, &format!("{branch}-backup-")),
            None => Ok(()),
        }
    }

    /// The backup's name; made up where nobody named it.
    pub fn name(&self, call: &Call, branch: &str) -> CoreResult<Option<String>> {
        match (self.wanted, &self.name) {
            (false, _) => Ok(None),
            (true, Some(name)) => Ok(Some(name.clone())),
            (true, None) => made_up(call, branch).map(Some),
        }
    }
}

/// Where the branch stands, and something that never recurs.
fn made_up(call: &Call, branch: &str) -> CoreResult<String> {
    let record = call.database.branch(branch)?;
    let random = call.moment.derive("backup branch", 0);
    let suffix = format!("-backup-{}-{:02x}{:02x}", record.head_scn, random[0], random[1]);
    let most = NAME_MAX_BYTES.saturating_sub(suffix.len());
    let kept = record.name.get(..record.name.floor_char_boundary(most)).unwrap_or_default();
    Ok(format!("{kept}{suffix}"))
}
