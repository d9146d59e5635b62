//! What stands around a statement that changes rows: WITH before it, ORDER BY and LIMIT behind it, and
//! what its syntax tree has no place for: UPDATE OR, and more than one ON CONFLICT.
//!
//! ```text
//!   WITH w … UPDATE OR IGNORE t … LIMIT 5   Query { with, body: set operation, limit }
//!                                                               ╱           ╲
//!                                                        the statement   an INSERT that says
//!                                                                        no more than OR IGNORE
//! ```

use crate::error::{Error, Result};
use gluesql_core::sqlparser::ast::{
    Insert, ObjectName, OnInsert, Query, SetExpr, SetOperator, SetQuantifier, SqliteOnConflict,
    Statement, With,
};

/// What stands around a statement; nothing, for most.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::sql) struct Around<'s>(Option<&'s Query>);

/// The statement that changes rows inside what stands around it.
pub(in crate::sql) fn taken_apart(statement: &Statement) -> (&Statement, Around<'_>) {
    let Statement::Query(query) = statement else { return (statement, Around(None)) };
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::Insert(inner) | SetExpr::Update(inner) => return (inner, Around(Some(query))),
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return (statement, Around(None)),
        }
    }
}

/// A statement with what its syntax tree has no place for.
pub(super) fn beside(body: SetExpr, or: Option<SqliteOnConflict>, on: Option<OnInsert>) -> SetExpr {
    let says = Statement::Insert(Insert {
        or,
        ignore: false,
        into: true,
        table_name: ObjectName(Vec::new()),
        table_alias: None,
        columns: Vec::new(),
        overwrite: false,
        source: None,
        partitioned: None,
        after_columns: Vec::new(),
        table: false,
        on,
        returning: None,
        replace_into: false,
        priority: None,
        insert_alias: None,
    });
    SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier: SetQuantifier::All,
        left: Box::new(body),
        right: Box::new(SetExpr::Insert(says)),
    }
}

impl<'s> Around<'s> {
    /// Whether nothing at all stands there.
    pub fn is_bare(&self) -> bool {
        self.0.is_none()
    }

    /// Whether nothing of it says which rows are meant.
    pub fn is_nothing(&self) -> bool {
        self.with().is_none() && !self.cuts()
    }

    /// What stands beside the statement, the last first.
    fn beside(&self) -> impl Iterator<Item = &'s Insert> + use<'s> {
        let mut body = self.0.map(|query| query.body.as_ref());
        std::iter::from_fn(move || match body {
            Some(SetExpr::SetOperation { left, right, .. }) => {
                body = Some(left);
                match right.as_ref() {
                    SetExpr::Insert(Statement::Insert(says)) => Some(says),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// UPDATE OR.
    pub fn or(&self) -> Option<SqliteOnConflict> {
        self.beside().find_map(|says| says.or)
    }

    /// The second ON CONFLICT and those behind it, in their order.
    pub fn more_conflicts(&self) -> Vec<&'s OnInsert> {
        let mut all: Vec<&OnInsert> = self.beside().filter_map(|says| says.on.as_ref()).collect();
        all.reverse();
        all
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
