//! What stands around a statement that changes rows: WITH before it, ORDER BY and LIMIT behind it.

use crate::error::{Error, Result};
use gluesql_core::sqlparser::ast::{Query, SetExpr, Statement, With};

/// What stands around a statement; nothing, for most.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::sql) struct Around<'s>(Option<&'s Query>);

/// The statement that changes rows inside what stands around it.
pub(in crate::sql) fn taken_apart(statement: &Statement) -> (&Statement, Around<'_>) {
    if let Statement::Query(query) = statement
        && let SetExpr::Insert(inner) | SetExpr::Update(inner) = query.body.as_ref()
    {
        return (inner, Around(Some(query)));
    }
    (statement, Around(None))
}

impl<'s> Around<'s> {
    /// Whether there is nothing.
    pub fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    /// WITH.
    pub fn with(&self) -> Option<&'s With> {
        self.0.and_then(|query| query.with.as_ref())
    }

    /// Whether ORDER BY or LIMIT choose among the rows.
    pub fn cuts(&self) -> bool {
        self.0.is_some_and(|q| q.order_by.is_some() || q.limit.is_some() || q.offset.is_some())
    }

    /// The same around a query.
    pub fn around(&self, body: SetExpr) -> Query {
        let bare = query(self.with().cloned(), body);
        match self.0 {
            None => bare,
            Some(q) => Query {
                order_by: q.order_by.clone(),
                limit: q.limit.clone(),
                offset: q.offset.clone(),
                ..bare
            },
        }
    }

    /// Refuses ORDER BY without LIMIT, which would change nothing, as SQLite does.
    ///
    /// # Errors
    /// `Sql`.
    pub fn check(&self) -> Result<()> {
        match self.0 {
            Some(q) if q.order_by.is_some() && q.limit.is_none() => {
                Err(Error::Sql("ORDER BY chooses the rows to change only beside LIMIT".into()))
            }
            _ => Ok(()),
        }
    }
}

/// A query that is this body and nothing else.
pub(super) fn query(with: Option<With>, body: SetExpr) -> Query {
    Query {
        with,
        body: Box::new(body),
        order_by: None,
        limit: None,
        limit_by: Vec::new(),
        offset: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
    }
}
