//! Merges and diffs.

use crate::branch::Branch;
use crate::error::Error;
use crate::pages::{Items, Page, Pagination};
use crate::transport::Call;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The most rows that are asked for at once: they come with their cells.
const PAGE: u64 = 100;

impl Branch {
    /// A merge of this branch into another.
    pub fn merge_into(&self, target: impl Into<String>) -> Merge {
        let body = MergeBody { target_branch: target.into(), ..MergeBody::default() };
        Merge { branch: self.clone(), body, idempotency_key: None }
    }

    /// How this branch differs from another: all tables, and one page of rows.
    pub fn diff(&self, against: impl Into<String>) -> DiffWith {
        let against = against.into();
        DiffWith { branch: self.clone(), asked: Asked { against, ..Asked::default() } }
    }
}

/// Who decides where both sides changed the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConflictResolution {
    /// The branch that is merged.
    SourceWins,
    /// The branch that it is merged into.
    TargetWins,
    /// Whichever side changed it last.
    NewestWins,
    /// The caller: the conflicts come back as [`Error::Conflicts`].
    Manual,
    /// Nobody: any conflict is an error, which tells how many there are.
    Abort,
}

/// What settles a conflict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resolution {
    table: String,
    row_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    #[serde(flatten)]
    what: Settled,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Settled {
    Take(&'static str),
    Value(Json),
}

#[derive(Debug, Clone, Default, Serialize)]
struct MergeBody {
    target_branch: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict_resolution: Option<ConflictResolution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_source_after_merge: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merge_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renumber: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resolutions: Vec<Resolution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict_token: Option<String>,
}

/// A merge to be done.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Merge {
    branch: Branch,
    body: MergeBody,
    idempotency_key: Option<String>,
}

impl Merge {
    /// Who decides where both sides changed the same; `Manual` where nothing is said.
    pub fn with_conflict_resolution(mut self, policy: ConflictResolution) -> Self {
        self.body.conflict_resolution = Some(policy);
        self
    }

    /// Whether this branch is deleted afterwards.
    pub fn delete_after_merge(mut self, delete: bool) -> Self {
        self.body.delete_source_after_merge = Some(delete);
        self
    }

    /// What the merge is called in the history.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.body.merge_message = Some(message.into());
        self
    }

    /// Whether only to tell what it would come to.
    pub fn dry_run(mut self, dry: bool) -> Self {
        self.body.dry_run = Some(dry);
        self
    }

    /// Whether rows of this branch whose automatic key clashes are given a new one.
    pub fn renumber(mut self, renumber: bool) -> Self {
        self.body.renumber = Some(renumber);
        self
    }

    /// What settles the conflicts that an earlier call came back with, and the token of that call.
    pub fn with_resolutions(
        mut self,
        token: impl Into<String>,
        resolutions: impl IntoIterator<Item = Resolution>,
    ) -> Self {
        self.body.conflict_token = Some(token.into());
        self.body.resolutions = resolutions.into_iter().collect();
        self
    }

    /// Names the request: a server that honours the header `Idempotency-Key` does it once, so that it
    /// is repeated where no answer came.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Merges.
    ///
    /// # Errors
    /// `Conflicts`; `Api` with `INVALID_MERGE`; and what any request comes to.
    pub async fn send(self) -> Result<Merged, Error> {
        let call = Call::post(self.branch.path("/merge")).json(&self.body);
        let call = match self.body.dry_run {
            Some(true) => call.reads(),
            _ => call.idempotent(self.idempotency_key),
        };
        self.branch.transport.data(call).await
    }
}

/// What a merge came to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Merged {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// What was merged.
    pub source_branch: String,
    /// Into what.
    pub target_branch: String,
    /// The commit; none where nothing was written.
    pub merge_commit: Option<String>,
    /// Rows that changed on the target.
    pub changes_merged: u64,
    /// Whether definitions changed.
    pub schema_changed: bool,
    /// Conflicts that were settled.
    pub conflicts_resolved: u64,
    /// Whether the source was deleted.
    pub source_deleted: bool,
    /// When.
    pub merged_at: Option<String>,
}

/// What both sides of a merge changed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Conflict {
    /// The table.
    pub table: Option<String>,
    /// The key of the row; none where definitions conflict.
    pub row_id: Option<String>,
    /// The column; none where whole rows conflict.
    pub column: Option<String>,
    /// Such as `update_update`; the source is named first.
    pub conflict_type: String,
    /// What was there before.
    #[serde(default)]
    pub base_value: Json,
    /// What the source has.
    #[serde(default)]
    pub source_value: Json,
    /// What the target has.
    #[serde(default)]
    pub target_value: Json,
    /// Whether the key was given by the database, so that `renumber` helps.
    #[serde(default)]
    pub generated_key: bool,
    /// What more there is to say.
    pub message: Option<String>,
}

impl Conflict {
    /// The source's value is taken.
    pub fn take_source(&self) -> Resolution {
        self.settled(Settled::Take("source"))
    }

    /// The target's value is taken.
    pub fn take_target(&self) -> Resolution {
        self.settled(Settled::Take("target"))
    }

    /// Another value is taken.
    pub fn take(&self, value: impl Into<Json>) -> Resolution {
        self.settled(Settled::Value(value.into()))
    }

    fn settled(&self, what: Settled) -> Resolution {
        let table = self.table.clone().unwrap_or_default();
        Resolution { table, row_id: self.row_id.clone(), column: self.column.clone(), what }
    }
}

#[derive(Debug, Clone, Default)]
struct Asked {
    against: String,
    table: Option<String>,
    page: Option<u64>,
    limit: Option<u64>,
}

/// A diff to be made.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send` or `rows`"]
pub struct DiffWith {
    branch: Branch,
    asked: Asked,
}

/// How a branch differs from another.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Diff {
    /// The tables that differ, all of them.
    pub tables: Vec<TableDiff>,
    /// A page of the rows that differ.
    pub rows: Page<RowDiff>,
}

/// How a table differs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct TableDiff {
    /// Its name.
    pub name: String,
    /// `added`, `dropped` or `altered`, where its definition differs.
    pub schema_change: Option<String>,
    /// Its name on the other branch, where that is another.
    pub renamed_from: Option<String>,
    /// The columns that differ.
    #[serde(default)]
    pub columns: Vec<ColumnDiff>,
    /// Rows that the other branch lacks.
    pub inserts: u64,
    /// Rows that it holds otherwise.
    pub updates: u64,
    /// Rows that only it holds.
    pub deletes: u64,
}

/// How a column differs; none on the side that lacks it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ColumnDiff {
    /// On the other branch.
    pub before: Option<ColumnType>,
    /// On this one.
    pub after: Option<ColumnType>,
}

/// A column's name and type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ColumnType {
    /// Its name.
    pub name: String,
    /// Its SQL type.
    #[serde(rename = "type")]
    pub sql_type: String,
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// The other branch lacks it.
    Insert,
    /// The other branch holds it otherwise.
    Update,
    /// Only the other branch holds it.
    Delete,
}

/// How a row differs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct RowDiff {
    /// Its table.
    pub table: String,
    /// Its key.
    pub row_id: String,
    /// What happened to it.
    pub change: Change,
    /// Cells that differ; all of them where the row is on one side only.
    pub cells: Vec<Cell>,
}

/// How a cell differs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Cell {
    /// Its column.
    pub column: String,
    /// What the other branch holds.
    pub before: Json,
    /// What this one holds.
    pub after: Json,
}

impl DiffWith {
    /// This table only.
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.asked.table = Some(name.into());
        self
    }

    /// Which page of rows, from 1.
    pub fn page(mut self, page: u64) -> Self {
        self.asked.page = Some(page);
        self
    }

    /// How many rows a page has.
    pub fn limit(mut self, limit: u64) -> Self {
        self.asked.limit = Some(limit);
        self
    }

    /// All tables and one page of rows.
    ///
    /// # Errors
    /// `NotFound`, and what any request comes to.
    pub async fn send(self) -> Result<Diff, Error> {
        diff(&self.branch, &self.asked).await
    }

    /// Every row that differs, page by page.
    pub fn rows(self) -> Items<RowDiff> {
        let DiffWith { branch, asked } = self;
        Items::new(move |number| {
            let branch = branch.clone();
            let asked = Asked { page: Some(number), limit: Some(PAGE), ..asked.clone() };
            async move { diff(&branch, &asked).await.map(|diff| diff.rows) }
        })
    }
}

async fn diff(branch: &Branch, asked: &Asked) -> Result<Diff, Error> {
    #[derive(Deserialize)]
    struct Told {
        tables: Vec<TableDiff>,
        rows: Vec<RowDiff>,
        pagination: Pagination,
    }
    let call = Call::get(branch.path("/diff"))
        .ask("against", Some(&asked.against))
        .ask("table", asked.table.as_ref())
        .ask("page", asked.page)
        .ask("limit", asked.limit);
    let told: Told = branch.transport.data(call).await?;
    Ok(Diff { tables: told.tables, rows: told.pagination.page(told.rows) })
}
