//! Relations that are made when a query names them: what there is, and how it came about.
//!
//! ```text
//!   sqlite_master, pragma_table_info('t'), …       what SQLite's tools ask for
//!   information_schema.tables, .columns, …         what PostgreSQL's tools ask for
//!   offshoot_branches, offshoot_log, …             what only a database with a history can say
//! ```
//!
//! A table of the user's own goes before a relation of the same name. What is made is held in memory
//! and counts against the statement's limits.

mod comments;
mod definition;
mod history;
mod schema;
mod sqlite;

use super::context::QueryContext;
use super::meter::Meter;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::row::TableState;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::ObjectName;
use std::sync::Arc;

/// A relation that was made.
#[derive(Debug)]
pub(in crate::sql) struct Relation {
    /// Names and types of its columns.
    pub columns: Vec<(String, SqlType)>,
    pub rows: Vec<Vec<Value>>,
}

/// A relation while it is made.
struct Making<'m> {
    relation: Relation,
    meter: Meter<'m>,
}

impl<'m> Making<'m> {
    fn of(ctx: &QueryContext<'m>, columns: &[(&str, SqlType)]) -> Self {
        let columns = columns.iter().map(|(name, ty)| ((*name).to_owned(), *ty)).collect();
        let relation = Relation { columns, rows: Vec::new() };
        Making { relation, meter: Meter::new(ctx.limits) }
    }

    fn push(&mut self, row: Vec<Value>) -> Result<()> {
        self.meter.step()?;
        self.meter.hold_row(&row)?;
        self.relation.rows.push(row);
        Ok(())
    }

    fn done(self) -> Result<Option<Relation>> {
        Ok(Some(self.relation))
    }
}

/// The relation of this name; `args` where it is written as a function. `None`: there is none.
///
/// # Errors
/// `NotFound` for what an argument names; `Sql` for wrong arguments; a fault; a limit.
pub(in crate::sql) fn relation(
    ctx: &QueryContext<'_>,
    name: &ObjectName,
    args: Option<&[Value]>,
) -> Result<Option<Relation>> {
    let parts: Vec<String> = name.0.iter().map(|part| part.value.to_ascii_lowercase()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (parts.as_slice(), args) {
        (["information_schema", relation], None) => schema::relation(ctx, relation),
        (["pg_catalog", "pg_tables"] | ["pg_tables"], None) => schema::pg_tables(ctx),
        (["pg_catalog", other], _) => {
            Err(Error::Unsupported(format!("pg_catalog.{other}: use information_schema")))
        }
        (
            ["sqlite_master" | "sqlite_schema"] | ["main", "sqlite_master" | "sqlite_schema"],
            None,
        ) => sqlite::master(ctx),
        ([name], args) if name.starts_with("pragma_") => {
            let name = name.trim_start_matches("pragma_");
            sqlite::pragma(ctx, name, args.unwrap_or_default())
        }
        (["offshoot_comments"], None) => comments::relation(ctx),
        ([name], args) if name.starts_with("offshoot_") => {
            let name = name.trim_start_matches("offshoot_");
            history::relation(ctx, name, args.unwrap_or_default())
        }
        _ => Ok(None),
    }
}

/// What a PRAGMA answers; unknown ones answer nothing, as SQLite's do.
///
/// # Errors
/// As [`relation`].
pub(in crate::sql) fn pragma(
    ctx: &QueryContext<'_>,
    name: &str,
    argument: Option<Value>,
) -> Result<Relation> {
    let args: Vec<Value> = argument.into_iter().collect();
    let found = sqlite::pragma(ctx, &name.to_ascii_lowercase(), &args)?;
    Ok(found.unwrap_or(Relation { columns: Vec::new(), rows: Vec::new() }))
}

/// The database and the branch that a session's statement runs on.
fn place<'q>(ctx: &QueryContext<'q>) -> Result<(&'q Database, &'q str)> {
    match (ctx.database, ctx.branch) {
        (Some(database), Some(branch)) => Ok((database, branch)),
        _ => {
            Err(Error::Unsupported("relations about history inside a statement that writes".into()))
        }
    }
}

/// The arguments as texts.
fn texts<const N: usize>(what: &str, args: &[Value]) -> Result<[String; N]> {
    let texts: Vec<String> = args.iter().map(Value::to_text).collect();
    <[String; N]>::try_from(texts)
        .map_err(|given| Error::Sql(format!("{what} takes {N} arguments, not {}", given.len())))
}

/// Tables in the order of their names.
fn tables<'q>(ctx: &QueryContext<'q>) -> impl Iterator<Item = &'q Arc<TableState>> {
    ctx.state.tables_by_name()
}

fn text(value: impl Into<String>) -> Value {
    Value::from(value.into())
}

fn number(n: u64) -> Value {
    Value::integer(n.into())
}
