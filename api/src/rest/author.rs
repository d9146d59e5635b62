//! Who sent a request, to those who write.

use super::error::Failure;
use crate::auth::{Caller, Scope};
use offshoot_core::history::BranchRecord;

/// The sender of a request: a caller, or somebody at a server that asks nobody.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sender(pub Option<Caller>);

impl Sender {
    /// The author of what the request writes; nobody's name where nobody is asked.
    pub fn author(&self) -> String {
        self.0.as_ref().map_or_else(String::new, |caller| caller.subject.clone())
    }

    /// Refuses unless this may be done on a branch. For branches that a body or a query names; that
    /// of the path was looked at before.
    pub fn require(&self, scope: Scope, branch: &str) -> Result<(), Failure> {
        match &self.0 {
            Some(caller) if !caller.may(scope, branch) => {
                Err(Failure::lacks(scope.name(), Some(branch)))
            }
            _ => Ok(()),
        }
    }

    /// Refuses unless a branch may be made or merged from this one: whoever may touch it in any way
    /// may.
    pub fn require_source(&self, branch: &str) -> Result<(), Failure> {
        match &self.0 {
            Some(caller) if !caller.scopes.touches(branch) => {
                Err(Failure::lacks(Scope::Read.name(), Some(branch)))
            }
            _ => Ok(()),
        }
    }

    /// Refuses unless a branch may be made from any other: where nobody named the source, its name is
    /// known only when it is too late to refuse.
    pub fn require_any_source(&self) -> Result<(), Failure> {
        match &self.0 {
            Some(caller) if !caller.scopes.touches_all() => Err(Failure::forbidden(
                "this needs the scope 'read' on every branch, or 'source_branch' to name one",
            )),
            _ => Ok(()),
        }
    }

    /// Under whose name its idempotency keys are kept: a subject's, whatever credential it shows.
    pub fn key(&self) -> String {
        self.0.as_ref().map(|caller| caller.limits_key.clone()).unwrap_or_default()
    }

    /// Whether a branch stands in a list for this sender.
    pub fn sees(&self, record: &BranchRecord) -> bool {
        self.0.as_ref().is_none_or(|caller| caller.may(Scope::Read, &record.name))
    }

    /// Whether this sender may read every branch.
    pub fn reads_all(&self) -> bool {
        self.0.as_ref().is_none_or(|caller| caller.scopes.everywhere(Scope::Read))
    }
}
