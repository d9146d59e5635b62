//! One branch: what is said of it. What it holds is asked by [`sql`](crate::sql), [`table`](crate::table),
//! [`merge`](crate::merge) and [`history`](crate::history), from the same handle.

use crate::answer::{BranchInfo, Changed, Deleted, TableInfo};
use crate::error::Error;
use crate::table::Table;
use crate::transport::{Call, Transport, segment};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// `client.branch("main")`, or `client.branches().get("main")`: a name. Nothing is asked of the server
/// before something is sent.
#[derive(Debug, Clone)]
pub struct Branch {
    pub(crate) transport: Arc<Transport>,
    name: String,
}

impl Branch {
    pub(crate) fn new(transport: Arc<Transport>, name: String) -> Self {
        Branch { transport, name }
    }

    /// Its name, or its id, as it was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One of its tables.
    pub fn table(&self, name: impl Into<String>) -> Table {
        Table::new(self.clone(), name.into())
    }

    /// Its tables, by name.
    ///
    /// # Errors
    /// `NotFound`, and what any request comes to.
    pub async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        #[derive(Deserialize)]
        struct Tables {
            tables: Vec<TableInfo>,
        }
        let tables: Tables = self.transport.data(Call::get(self.path("/tables"))).await?;
        Ok(tables.tables)
    }

    /// What it is.
    pub fn details(&self) -> Details {
        Details { branch: self.clone(), stats: None, history: None }
    }

    /// Whether there is such a branch.
    ///
    /// # Errors
    /// What any request comes to, but `NotFound`.
    pub async fn exists(&self) -> Result<bool, Error> {
        match self.details().stats(false).send().await {
            Ok(_) => Ok(true),
            Err(Error::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Other things to be said of it; what is not said stays.
    pub fn update(&self) -> Update {
        Update { branch: self.clone(), body: Changes::default() }
    }

    /// It is to be deleted.
    pub fn delete(&self) -> Delete {
        Delete { branch: self.clone(), force: None }
    }

    /// An address below it.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/branches/{}{rest}", segment(&self.name))
    }
}

/// A branch to be looked at.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Details {
    branch: Branch,
    stats: Option<bool>,
    history: Option<bool>,
}

impl Details {
    /// Whether to count what it holds; so where nothing is said.
    pub fn stats(mut self, wanted: bool) -> Self {
        self.stats = Some(wanted);
        self
    }

    /// Whether to tell its newest commits; not so where nothing is said.
    pub fn history(mut self, wanted: bool) -> Self {
        self.history = Some(wanted);
        self
    }

    /// Looks.
    ///
    /// # Errors
    /// `NotFound`, and what any request comes to.
    pub async fn send(self) -> Result<BranchInfo, Error> {
        let call = Call::get(self.branch.path("")).ask("include_stats", self.stats);
        self.branch.transport.data(call.ask("include_history", self.history)).await
    }
}

#[derive(Debug, Clone, Default, Serialize)]
struct Changes {
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_protected: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Json>>,
    /// `Some(None)` is null: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Option<String>>,
}

/// Other things to be said of a branch.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Update {
    branch: Branch,
    body: Changes,
}

impl Update {
    /// What people call it.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.body.display_name = Some(name.into());
        self
    }

    /// Whether it takes merges only.
    pub fn protected(mut self, protected: bool) -> Self {
        self.body.is_protected = Some(protected);
        self
    }

    /// What is said of it, instead of all that was.
    pub fn metadata(mut self, metadata: Map<String, Json>) -> Self {
        self.body.metadata = Some(metadata);
        self
    }

    /// When it is to be deleted, in RFC 3339.
    pub fn expires_at(mut self, time: impl Into<String>) -> Self {
        self.body.expires_at = Some(Some(time.into()));
        self
    }

    /// It is not to be deleted by itself.
    pub fn expires_never(mut self) -> Self {
        self.body.expires_at = Some(None);
        self
    }

    /// Says it.
    ///
    /// # Errors
    /// `NotFound`, `Denied` without the scope `admin` where protection is said, and what any request
    /// comes to.
    pub async fn send(self) -> Result<Changed, Error> {
        let call = Call::new(Method::PATCH, self.branch.path("")).json(&self.body);
        self.branch.transport.data(call).await
    }
}

/// A branch to be deleted.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Delete {
    branch: Branch,
    force: Option<bool>,
}

impl Delete {
    /// Whether to delete it though its source lacks commits of it.
    pub fn force(mut self, force: bool) -> Self {
        self.force = Some(force);
        self
    }

    /// Deletes it.
    ///
    /// # Errors
    /// `Denied` for a protected branch, `Api` with `BRANCH_UNMERGED` or `BRANCH_HAS_CHILDREN`, and what
    /// any request comes to.
    pub async fn send(self) -> Result<Deleted, Error> {
        let call = Call::new(Method::DELETE, self.branch.path("")).ask("force", self.force);
        self.branch.transport.data(call).await
    }
}
