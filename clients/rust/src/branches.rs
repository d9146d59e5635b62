//! Branches as things: created, listed, looked for.

use crate::answer::{BranchInfo, Created};
use crate::branch::Branch;
use crate::error::Error;
use crate::pages::{Items, Page, Pagination};
use crate::point::AsOf;
use crate::transport::{Call, Transport};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// The most that the API gives on a page.
const PAGE: u64 = 100;

/// `client.branches()`.
#[derive(Debug, Clone)]
pub struct Branches {
    transport: Arc<Transport>,
}

impl Branches {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Branches { transport }
    }

    /// One branch, by name or id. Nothing is asked of the server yet.
    pub fn get(&self, name: impl Into<String>) -> Branch {
        Branch::new(self.transport.clone(), name.into())
    }

    /// A new branch, of `main` as it is now where nothing else is said.
    pub fn create(&self, name: impl Into<String>) -> Create {
        Create {
            transport: self.transport.clone(),
            name: name.into(),
            options: BranchCreateOptions::default(),
            idempotency_key: None,
        }
    }

    /// The branches.
    pub fn list(&self) -> List {
        List { transport: self.transport.clone(), asked: Listing::default() }
    }
}

/// Everything that may be said of a new branch. [`Create`] says it step by step.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BranchCreateOptions {
    /// Where it comes from, by name or id; `main` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_branch: Option<String>,
    /// At which point; now where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<AsOf>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whatever else is to be said of it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Json>,
    /// When it is to be deleted, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Whether it takes no writes.
    #[serde(rename = "options", serialize_with = "read_only", skip_serializing_if = "is_false")]
    pub read_only: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn read_only<S: serde::Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map([("read_only", flag)])
}

/// A branch to be created.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Create {
    transport: Arc<Transport>,
    name: String,
    options: BranchCreateOptions,
    idempotency_key: Option<String>,
}

impl Create {
    /// All options at once.
    pub fn with_options(mut self, options: BranchCreateOptions) -> Self {
        self.options = options;
        self
    }

    /// Of another branch than `main`.
    pub fn from_branch(mut self, source: impl Into<String>) -> Self {
        self.options.source_branch = Some(source.into());
        self
    }

    /// As the source is now.
    pub fn as_of_now(self) -> Self {
        self.as_of(AsOf::Now)
    }

    /// As the source was.
    pub fn as_of(mut self, point: AsOf) -> Self {
        self.options.as_of = Some(point);
        self
    }

    /// What people call it.
    pub fn with_display_name(mut self, name: impl Into<String>) -> Self {
        self.options.display_name = Some(name.into());
        self
    }

    /// One thing more to be said of it.
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.options.metadata.insert(name.into(), value.into());
        self
    }

    /// It takes no writes.
    pub fn read_only(mut self) -> Self {
        self.options.read_only = true;
        self
    }

    /// When it is to be deleted, in RFC 3339.
    pub fn expires_at(mut self, time: impl Into<String>) -> Self {
        self.options.expires_at = Some(time.into());
        self
    }

    /// Names the request: a server that honours the header `Idempotency-Key` does it once, so that it
    /// is repeated where no answer came.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Creates it.
    ///
    /// # Errors
    /// `Api` with `BRANCH_EXISTS`, `NotFound` for the source, and what any request comes to.
    pub async fn send(self) -> Result<Created, Error> {
        #[derive(Serialize)]
        struct Body<'b> {
            name: &'b str,
            #[serde(flatten)]
            options: &'b BranchCreateOptions,
        }
        let body = Body { name: &self.name, options: &self.options };
        let call = Call::post("/v1/branches").json(&body).idempotent(self.idempotency_key);
        self.transport.data(call).await
    }
}

/// What branches may be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sort {
    /// Their names.
    Name,
    /// When they were made.
    CreatedAt,
    /// When they were changed.
    UpdatedAt,
}

/// Which branches are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Which {
    /// Those that are there, and were written since they were merged.
    Active,
    /// Those that are there, and were merged since.
    Merged,
    /// Those that are not there any more.
    Deleted,
    /// All.
    All,
}

#[derive(Debug, Clone, Copy, Default)]
struct Listing {
    which: Option<Which>,
    sort: Option<Sort>,
    descending: Option<bool>,
    page: Option<u64>,
    limit: Option<u64>,
}

/// Branches to be listed: by page, or all.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send` or `all`"]
pub struct List {
    transport: Arc<Transport>,
    asked: Listing,
}

impl List {
    /// Which ones; all where nothing is said, deleted ones too.
    pub fn which(mut self, which: Which) -> Self {
        self.asked.which = Some(which);
        self
    }

    /// Sorted, the least first; the newest branch first where nothing is said.
    pub fn ascending(mut self, by: Sort) -> Self {
        (self.asked.sort, self.asked.descending) = (Some(by), Some(false));
        self
    }

    /// Sorted, the greatest first.
    pub fn descending(mut self, by: Sort) -> Self {
        (self.asked.sort, self.asked.descending) = (Some(by), Some(true));
        self
    }

    /// Which page, from 1.
    pub fn page(mut self, page: u64) -> Self {
        self.asked.page = Some(page);
        self
    }

    /// How many a page has; 20 where nothing is said, at most 100.
    pub fn limit(mut self, limit: u64) -> Self {
        self.asked.limit = Some(limit);
        self
    }

    /// One page.
    ///
    /// # Errors
    /// What any request comes to.
    pub async fn send(self) -> Result<Page<BranchInfo>, Error> {
        page(&self.transport, self.asked).await
    }

    /// The branches of all pages. Unless another order is asked for, the oldest comes first, so that
    /// branches made meanwhile are met at the end.
    pub fn all(self) -> Items<BranchInfo> {
        let List { transport, mut asked } = self;
        if asked.sort.is_none() {
            (asked.sort, asked.descending) = (Some(Sort::CreatedAt), Some(false));
        }
        Items::new(move |number| {
            let transport = transport.clone();
            let asked = Listing { page: Some(number), limit: Some(PAGE), ..asked };
            async move { page(&transport, asked).await }
        })
    }
}

async fn page(transport: &Transport, asked: Listing) -> Result<Page<BranchInfo>, Error> {
    #[derive(Deserialize)]
    struct Listed {
        branches: Vec<BranchInfo>,
        pagination: Pagination,
    }
    let which = asked.which.map(|which| match which {
        Which::Active => "active",
        Which::Merged => "merged",
        Which::Deleted => "deleted",
        Which::All => "all",
    });
    let sort = asked.sort.map(|sort| match sort {
        Sort::Name => "name",
        Sort::CreatedAt => "created_at",
        Sort::UpdatedAt => "updated_at",
    });
    let order = asked.descending.map(|descending| if descending { "desc" } else { "asc" });
    let call = Call::get("/v1/branches").ask("status", which).ask("sort", sort).ask("order", order);
    let call = call.ask("page", asked.page).ask("limit", asked.limit);
    let listed: Listed = transport.data(call).await?;
    Ok(listed.pagination.page(listed.branches))
}
