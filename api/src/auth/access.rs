//! What a route asks of its callers. Each route names one; see `rest/mod.rs`.

use super::caller::Caller;
use super::scope::Scope;
use crate::limits::Class;

/// Where a permission must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// On the branch that the path names.
    Path,
    /// On some branch: the endpoint asks again for those that its body names.
    Some,
    /// On every branch: the answer tells of all.
    All,
}

/// What a route asks: a scope and where, and in which bucket its requests count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    scope: Scope,
    over: Over,
    class: Class,
}

impl Access {
    /// A scope, where it must hold, and how its requests count.
    pub const fn new(scope: Scope, over: Over, class: Class) -> Self {
        Access { scope, over, class }
    }

    /// Reads the branch of its path.
    pub const READ: Access = Access::new(Scope::Read, Over::Path, Class::Read);
    /// Reads the branch of its path, and much of it.
    pub const READ_MUCH: Access = Access::new(Scope::Read, Over::Path, Class::HeavyRead);
    /// Reads what every branch holds.
    pub const READ_ALL: Access = Access::new(Scope::Read, Over::All, Class::HeavyRead);
    /// Reads a list of branches, of which it leaves out those that its caller may not read.
    pub const LIST: Access = Access::new(Scope::Read, Over::Some, Class::Read);
    /// Runs a query on the branch of its path.
    pub const QUERY: Access = Access::new(Scope::Read, Over::Path, Class::Query);
    /// Writes on the branch of its path.
    pub const WRITE: Access = Access::new(Scope::Write, Over::Path, Class::Write);
    /// Writes on the branch of its path, and much of it.
    pub const WRITE_MUCH: Access = Access::new(Scope::Write, Over::Path, Class::HeavyWrite);
    /// Makes a branch.
    pub const CREATE_BRANCH: Access = Access::new(Scope::Branch, Over::Some, Class::BranchCreation);
    /// Changes or deletes the branch of its path as a branch.
    pub const BRANCH: Access = Access::new(Scope::Branch, Over::Path, Class::Write);
    /// Sets the branch of its path to where another stands.
    pub const RESET: Access = Access::new(Scope::Branch, Over::Path, Class::HeavyWrite);
    /// Merges into a branch that the body names.
    pub const MERGE: Access = Access::new(Scope::Branch, Over::Some, Class::HeavyWrite);
    /// Is for those who run the server.
    pub const ADMIN: Access = Access::new(Scope::Admin, Over::All, Class::Read);
    /// Changes what those who run the server set.
    pub const ADMIN_WRITE: Access = Access::new(Scope::Admin, Over::All, Class::Write);

    /// How its requests count.
    pub fn class(self) -> Class {
        self.class
    }

    /// Whether a caller may come in. `branch` is what the path names.
    pub fn admits(self, caller: &Caller, branch: Option<&str>) -> bool {
        match (self.over, branch) {
            (Over::Path, Some(branch)) => caller.scopes.on(self.scope, branch),
            (Over::Some, _) => caller.scopes.somewhere(self.scope),
            (Over::All, _) | (Over::Path, None) => caller.scopes.everywhere(self.scope),
        }
    }

    /// The scope, for messages.
    pub fn scope(self) -> Scope {
        self.scope
    }
}
