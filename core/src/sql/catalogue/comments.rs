//! What COMMENT ON has kept.

use super::{Making, Relation, tables, text};
use crate::error::Result;
use crate::sql::context::QueryContext;
use crate::value::{SqlType, Value};

/// `offshoot_comments`: the table, the column or NULL, the comment.
pub(super) fn relation(ctx: &QueryContext<'_>) -> Result<Option<Relation>> {
    let columns = ["table_name", "column_name", "comment"].map(|name| (name, SqlType::Text));
    let mut made = Making::of(ctx, &columns);
    for def in tables(ctx).map(|table| &table.table.def) {
        if let Some(comment) = def.comment(None) {
            made.push(vec![text(&*def.name), Value::Null, text(comment)])?;
        }
        for column in &def.columns {
            if let Some(comment) = def.comment(Some(column.id)) {
                made.push(vec![text(&*def.name), text(&*column.name), text(comment)])?;
            }
        }
    }
    made.done()
}
