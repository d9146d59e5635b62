//! Who sent a request.

use super::scope::{Scope, Scopes};

/// An authenticated caller. Stands among the extensions of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whom the credential names; the author of what it writes.
    pub subject: String,
    /// Whose database it may reach; `None` where the credential belongs to the database itself.
    pub tenant: Option<String>,
    /// The program that acts for the subject, as its credential names it.
    pub client: Option<String>,
    /// What it may do.
    pub scopes: Scopes,
    /// The dialect that its credential is pinned to.
    pub dialect: Option<String>,
    /// Which bucket its requests are counted in: the same for every credential of one subject, so
    /// that a new token is no new allowance.
    pub limits_key: String,
}

impl Caller {
    /// A caller. Its bucket is that of its tenant and subject.
    pub fn new(subject: impl Into<String>, tenant: Option<String>, scopes: Scopes) -> Self {
        let subject = subject.into();
        // A length before the parts: no two pairs read the same.
        let owner = tenant.as_deref().unwrap_or_default();
        let limits_key = format!("{}:{owner}:{subject}", owner.len());
        Caller { subject, tenant, client: None, scopes, dialect: None, limits_key }
    }

    /// Whether it may do this on a branch.
    pub fn may(&self, scope: Scope, branch: &str) -> bool {
        self.scopes.on(scope, branch)
    }
}
