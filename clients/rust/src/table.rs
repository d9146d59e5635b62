//! A table's rows without SQL.

use crate::branch::Branch;
use crate::error::Error;
use crate::pages::{Items, Page, Pagination};
use crate::point::AsOf;
use crate::rows::{Row, Rows, typed};
use crate::transport::{Call, segment};
use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The most that the API gives on a page.
const PAGE: u64 = 1000;

/// The filter that takes every row.
pub const EVERY_ROW: &str = "true";

/// `branch.table("users")`: a name on a branch.
#[derive(Debug, Clone)]
pub struct Table {
    branch: Branch,
    name: String,
}

impl Table {
    pub(crate) fn new(branch: Branch, name: String) -> Self {
        Table { branch, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Rows, in the order of the key where no other is asked for.
    pub fn rows(&self) -> Select {
        Select { table: self.clone(), asked: Selection::default() }
    }

    /// Rows to be put in, all or none.
    pub fn insert<T: Serialize>(&self, rows: impl IntoIterator<Item = T>) -> Insert {
        let rows: Result<Vec<Json>, _> = rows.into_iter().map(serde_json::to_value).collect();
        Insert {
            table: self.clone(),
            rows: rows.map_err(|e| e.to_string()),
            on_conflict: None,
            idempotency_key: None,
        }
    }

    /// Gives the rows that the filter takes (`"true"` takes every row) new values; how many.
    ///
    /// # Errors
    /// `Api` with `CONSTRAINT_VIOLATION`, `NotFound`, and what any request comes to.
    pub async fn update(
        &self,
        filter: impl AsRef<str>,
        updates: impl Serialize,
    ) -> Result<u64, Error> {
        #[derive(Serialize)]
        struct Body<'b, T> {
            filter: &'b str,
            updates: T,
        }
        #[derive(Deserialize)]
        struct Done {
            updated: u64,
        }
        let body = Body { filter: filter.as_ref(), updates };
        let call = Call::new(Method::PUT, self.path()).json(&body);
        let done: Done = self.branch.transport.data(call).await?;
        Ok(done.updated)
    }

    /// Deletes the rows that the filter takes (`"true"` takes every row); how many.
    ///
    /// # Errors
    /// `Api` with `CONSTRAINT_VIOLATION`, `NotFound`, and what any request comes to.
    pub async fn delete(&self, filter: impl AsRef<str>) -> Result<u64, Error> {
        #[derive(Deserialize)]
        struct Done {
            deleted: u64,
        }
        let call = Call::new(Method::DELETE, self.path()).ask("filter", Some(filter.as_ref()));
        let done: Done = self.branch.transport.data(call).await?;
        Ok(done.deleted)
    }

    fn path(&self) -> String {
        self.branch.path(&format!("/tables/{}/data", segment(&self.name)))
    }
}

#[derive(Debug, Clone, Default)]
struct Selection {
    columns: Option<String>,
    filter: Option<String>,
    order_by: Option<String>,
    as_of: Option<AsOf>,
    page: Option<u64>,
    limit: Option<u64>,
}

/// Rows to be read: by page, or all.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send` or `all`"]
pub struct Select {
    table: Table,
    asked: Selection,
}

impl Select {
    /// These columns only.
    pub fn columns<T: AsRef<str>>(mut self, columns: impl IntoIterator<Item = T>) -> Self {
        let columns: Vec<T> = columns.into_iter().collect();
        let columns: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        self.asked.columns = Some(columns.join(","));
        self
    }

    /// Those that an expression takes, such as `age > 40`.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.asked.filter = Some(filter.into());
        self
    }

    /// In the order of expressions, such as `age DESC, name`.
    pub fn order_by(mut self, order: impl Into<String>) -> Self {
        self.asked.order_by = Some(order.into());
        self
    }

    /// On the branch as it was.
    pub fn as_of(mut self, point: AsOf) -> Self {
        self.asked.as_of = Some(point);
        self
    }

    /// Which page, from 1.
    pub fn page(mut self, page: u64) -> Self {
        self.asked.page = Some(page);
        self
    }

    /// How many a page has; 100 where nothing is said, at most 1000.
    pub fn limit(mut self, limit: u64) -> Self {
        self.asked.limit = Some(limit);
        self
    }

    /// One page.
    ///
    /// # Errors
    /// `NotFound`, `Api` with `INVALID_SQL`, and what any request comes to.
    pub async fn send(self) -> Result<Page<Row>, Error> {
        page(&self.table, &self.asked).await
    }

    /// The rows of all pages. On a branch that others write to, read [`as_of`](Select::as_of) a point,
    /// so that no row moves from one page to another meanwhile.
    pub fn all(self) -> Items<Row> {
        self.items(Ok)
    }

    /// The same, as a type of the caller's, whose fields have the names of the columns.
    pub fn all_typed<T: DeserializeOwned + Send + 'static>(self) -> Items<T> {
        self.items(typed)
    }

    fn items<T: Send + 'static>(self, read: fn(Row) -> Result<T, Error>) -> Items<T> {
        let Select { table, asked } = self;
        Items::new(move |number| {
            let table = table.clone();
            let asked = Selection { page: Some(number), limit: Some(PAGE), ..asked.clone() };
            async move {
                let Page { items, page, limit, total, total_pages } = page(&table, &asked).await?;
                let items = items.into_iter().map(read).collect::<Result<_, _>>()?;
                Ok(Page { items, page, limit, total, total_pages })
            }
        })
    }
}

async fn page(table: &Table, asked: &Selection) -> Result<Page<Row>, Error> {
    #[derive(Deserialize)]
    struct Listed {
        #[serde(flatten)]
        rows: Rows,
        pagination: Pagination,
    }
    let call = Call::get(table.path())
        .ask("columns", asked.columns.as_ref())
        .ask("filter", asked.filter.as_ref())
        .ask("order_by", asked.order_by.as_ref())
        .ask("as_of_type", asked.as_of.as_ref().map(AsOf::kind))
        .ask("as_of_value", asked.as_of.as_ref().and_then(AsOf::value))
        .ask("page", asked.page)
        .ask("limit", asked.limit);
    let listed: Listed = table.branch.transport.data(call).await?;
    Ok(listed.pagination.page(listed.rows.objects().collect()))
}

/// What becomes of a row whose key is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnConflict {
    /// No row is put in, and the request fails.
    Error,
    /// It is left out.
    Ignore,
    /// The row that is there gets its values.
    Update,
}

/// Rows to be put in.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Insert {
    table: Table,
    rows: Result<Vec<Json>, String>,
    on_conflict: Option<OnConflict>,
    idempotency_key: Option<String>,
}

/// What was put in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Inserted {
    /// How many rows.
    pub inserted: u64,
    /// Their keys.
    pub ids: Vec<Json>,
}

impl Insert {
    /// What becomes of rows whose key is taken; an error where nothing is said.
    pub fn on_conflict(mut self, what: OnConflict) -> Self {
        self.on_conflict = Some(what);
        self
    }

    /// Names the request: a server that honours the header `Idempotency-Key` does it once, so that it
    /// is repeated where no answer came.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Puts them in.
    ///
    /// # Errors
    /// `Api` with `CONSTRAINT_VIOLATION`, `NotFound`, and what any request comes to.
    pub async fn send(self) -> Result<Inserted, Error> {
        #[derive(Serialize)]
        struct Body<'b> {
            rows: &'b [Json],
            #[serde(skip_serializing_if = "Option::is_none")]
            on_conflict: Option<OnConflict>,
        }
        let rows = self.rows.map_err(Error::Setup)?;
        let body = Body { rows: &rows, on_conflict: self.on_conflict };
        let call = Call::post(self.table.path()).json(&body).idempotent(self.idempotency_key);
        self.table.branch.transport.data(call).await
    }
}
