//! Queries, statements and transactions.

use crate::branch::Branch;
use crate::error::Error;
use crate::param::Param;
use crate::point::AsOf;
use crate::rows::Rows;
use crate::transport::Call;
use serde::{Deserialize, Serialize};

impl Branch {
    /// A query: it changes nothing.
    pub fn query(&self, sql: impl Into<String>) -> Query {
        let body = QueryBody { statement: Statement::new(sql), as_of: None, timeout_ms: None };
        Query { branch: self.clone(), body }
    }

    /// A statement of any kind, as a transaction of its own.
    pub fn execute(&self, sql: impl Into<String>) -> Execute {
        let body = ExecuteBody { statement: Statement::new(sql), timeout_ms: None };
        Execute { branch: self.clone(), body, idempotency_key: None }
    }

    /// Statements as one commit: all of them or none.
    pub fn transaction(&self) -> Transaction {
        Transaction {
            branch: self.clone(),
            body: TransactionBody::default(),
            idempotency_key: None,
        }
    }
}

/// SQL, and the values of its places.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statement {
    sql: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<Param>,
}

impl Statement {
    /// A statement without values yet.
    pub fn new(sql: impl Into<String>) -> Self {
        Statement { sql: sql.into(), params: Vec::new() }
    }

    /// The value of the next place: `$1` first.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Param>) -> Self {
        self.params.push(value.into());
        self
    }
}

impl<T: Into<String>> From<T> for Statement {
    fn from(sql: T) -> Self {
        Statement::new(sql)
    }
}

#[derive(Debug, Clone, Serialize)]
struct QueryBody {
    #[serde(flatten)]
    statement: Statement,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<AsOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
}

/// A query to be run.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Query {
    branch: Branch,
    body: QueryBody,
}

impl Query {
    /// The value of the next place: `$1` first.
    pub fn bind(mut self, value: impl Into<Param>) -> Self {
        self.body.statement.params.push(value.into());
        self
    }

    /// On the branch as it was.
    pub fn as_of(mut self, point: AsOf) -> Self {
        self.body.as_of = Some(point);
        self
    }

    /// How many milliseconds it may take.
    pub fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.body.timeout_ms = Some(timeout_ms);
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// `Api` with `INVALID_SQL` or `QUERY_TIMEOUT`, `NotFound`, and what any request comes to.
    pub async fn send(self) -> Result<Rows, Error> {
        let call = Call::post(self.branch.path("/query")).json(&self.body).reads();
        self.branch.transport.data(call.statement(self.body.timeout_ms)).await
    }
}

/// What a statement did.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Executed {
    /// Such as `INSERT` or `CREATE_TABLE`.
    pub statement_type: String,
    /// Rows that it changed.
    pub affected_rows: u64,
    /// The number of the commit at which the branch stands.
    #[serde(default)]
    pub scn: u64,
    /// That commit's time.
    #[serde(default)]
    pub timestamp: String,
    /// The rows of RETURNING.
    #[serde(flatten)]
    pub rows: Rows,
}

#[derive(Debug, Clone, Serialize)]
struct ExecuteBody {
    #[serde(flatten)]
    statement: Statement,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
}

/// A statement to be run.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Execute {
    branch: Branch,
    body: ExecuteBody,
    idempotency_key: Option<String>,
}

impl Execute {
    /// The value of the next place: `$1` first.
    pub fn bind(mut self, value: impl Into<Param>) -> Self {
        self.body.statement.params.push(value.into());
        self
    }

    /// How many milliseconds it may take.
    pub fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.body.timeout_ms = Some(timeout_ms);
        self
    }

    /// Names the request: a server that honours the header `Idempotency-Key` does it once, so that it
    /// is repeated where no answer came.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// `Api` with `INVALID_SQL` or `CONSTRAINT_VIOLATION`, `Denied` on a branch that takes no writes,
    /// and what any request comes to.
    pub async fn send(self) -> Result<Executed, Error> {
        let call = Call::post(self.branch.path("/execute")).json(&self.body);
        let call = call.statement(self.body.timeout_ms).idempotent(self.idempotency_key);
        self.branch.transport.data(call).await
    }
}

#[derive(Debug, Clone, Default, Serialize)]
struct TransactionBody {
    statements: Vec<Statement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
}

/// Statements to be run as one commit.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Transaction {
    branch: Branch,
    body: TransactionBody,
    idempotency_key: Option<String>,
}

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Committed {
    /// What each statement did.
    pub results: Vec<Executed>,
    /// The number of its commit.
    pub scn: u64,
    /// Its time.
    pub timestamp: String,
}

impl Transaction {
    /// One statement more: SQL, or a [`Statement`] with values.
    pub fn then(mut self, statement: impl Into<Statement>) -> Self {
        self.body.statements.push(statement.into());
        self
    }

    /// How many milliseconds all of them may take.
    pub fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.body.timeout_ms = Some(timeout_ms);
        self
    }

    /// Names the request: a server that honours the header `Idempotency-Key` does it once, so that it
    /// is repeated where no answer came.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Runs them.
    ///
    /// # Errors
    /// That of the first statement that fails, after which nothing has happened; and what any request
    /// comes to.
    pub async fn send(self) -> Result<Committed, Error> {
        let call = Call::post(self.branch.path("/transaction")).json(&self.body);
        let call = call.statement(self.body.timeout_ms).idempotent(self.idempotency_key);
        self.branch.transport.data(call).await
    }
}
