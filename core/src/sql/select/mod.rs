//! SELECT by our own operators: over one table, several, or none.
//!
//! ```text
//!   FROM, WHERE ─▶ access path ─▶ rows ─┬───────────────▶ projection ─▶ DISTINCT ─▶ ORDER BY ─▶ LIMIT
//!                                       └▶ groups ─▶ HAVING ─▶┘
//! ```
//!
//! A key or an index that has the rows in the order asked for makes sorting needless, and then
//! LIMIT stops the scan. `COUNT(*)` of a whole table is read off its tree. What is not here
//! (set operations, windows …) is refused as `Unsupported`, naming the feature, before anything runs.

mod aggregate;
mod groups;
mod join;
mod order;
mod plan;
mod run;

pub(super) use groups::aggregate_of;
pub(super) use join::JoinRows;
pub(super) use order::Sorted;
pub(super) use plan::{Item, Plan, bind_items, bind_items_with, plain_table, row_plan};
pub(super) use run::{count, execute};

use super::context::QueryContext;
use super::request::Output;
use crate::error::Result;
use gluesql_core::sqlparser::ast::Query;

/// Runs a SELECT.
///
/// # Errors
/// `Unsupported` for what our operators do not do, before anything was read.
pub(super) fn run(ctx: &QueryContext<'_>, query: &Query) -> Result<Output> {
    let plan = Plan::of(ctx, query)?;
    execute(ctx, plan)
}
