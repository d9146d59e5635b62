//! Definitions: CREATE, ALTER and DROP of tables and indexes, and TRUNCATE.
//!
//! Every statement builds the definition that shall hold and hands it to the transaction, which
//! builds indexes, rewrites rows where that is needed and checks what is there already. Ids are
//! derived from names and definitions (`parts`), so that two branches that run the same statement
//! make the same thing.

mod alter;
pub(super) mod create;
mod index;
pub(super) mod parts;
mod view;

use super::context::table_name;
use super::request::{Output, StatementKind};
use super::write::WriteContext;
use crate::error::{Error, Result};
use crate::txn::Txn;
use gluesql_core::sqlparser::ast::{ObjectName, ObjectType, Statement, TruncateCascadeOption};

/// Runs a statement that changes definitions.
pub(super) fn run(txn: &mut Txn, env: &WriteContext<'_>, statement: &Statement) -> Result<Output> {
    match statement {
        Statement::CreateTable(create) => create::create_table(txn, env, create),
        Statement::AlterTable { name, if_exists, operations, .. } => {
            alter::alter_table(txn, env, name, *if_exists, operations)
        }
        Statement::CreateIndex(create) => index::create_index(txn, env, create),
        Statement::Drop { object_type: ObjectType::Table, if_exists, names, cascade, .. } => {
            drop_tables(txn, names, *if_exists, *cascade)
        }
        Statement::Drop { object_type: ObjectType::Index, if_exists, names, .. } => {
            index::drop_indexes(txn, names, *if_exists)
        }
        Statement::CreateView {
            name,
            columns,
            query,
            or_replace,
            if_not_exists,
            materialized: false,
            temporary: false,
            to: None,
            ..
        } => {
            let (or_replace, if_not_exists) = (*or_replace, *if_not_exists);
            let columns = columns.iter().map(|column| &column.name).collect();
            let view = view::View { name, columns, query, or_replace, if_not_exists };
            view::create_view(txn, env, &view)
        }
        Statement::CreateView { .. } => {
            Err(Error::Unsupported("materialized and temporary views".into()))
        }
        Statement::Drop { object_type: ObjectType::View, if_exists, names, .. } => {
            view::drop_views(txn, names, *if_exists)
        }
        Statement::Drop { object_type, .. } => {
            Err(Error::Unsupported(format!("DROP {object_type}")))
        }
        Statement::Truncate { table_names, partitions, cascade, .. } => {
            if partitions.is_some() {
                return Err(Error::Unsupported("TRUNCATE of partitions".into()));
            }
            if matches!(cascade, Some(TruncateCascadeOption::Cascade)) {
                return Err(Error::Unsupported("TRUNCATE CASCADE".into()));
            }
            let mut rows = 0;
            for target in table_names {
                let id = txn.state().find(table_name(&target.name)?)?.table.id();
                rows += txn.truncate(id)?;
            }
            Ok(Output::done(StatementKind::Truncate, rows))
        }
        other => Err(Error::Internal(format!("not a statement about definitions: {other}"))),
    }
}

fn drop_tables(
    txn: &mut Txn,
    names: &[ObjectName],
    if_exists: bool,
    cascade: bool,
) -> Result<Output> {
    if cascade {
        return Err(Error::Unsupported("DROP TABLE CASCADE".into()));
    }
    let mut ids = Vec::new();
    for name in names {
        match txn.state().find(table_name(name)?) {
            Ok(table) if table.table.def.view().is_some() => {
                let name = table.table.name();
                return Err(Error::Invalid(format!("'{name}' is a view: use DROP VIEW")));
            }
            Ok(table) => ids.push(table.table.id()),
            Err(Error::NotFound { .. }) if if_exists => {}
            Err(error) => return Err(error),
        }
    }
    // Children before their parents, whatever the order of the names.
    while !ids.is_empty() {
        let before = ids.len();
        let mut refused = None;
        let mut left = Vec::new();
        for id in ids {
            match txn.drop_table(id) {
                Ok(()) => {}
                Err(error @ Error::Invalid(_)) => {
                    refused = Some(error);
                    left.push(id);
                }
                Err(error) => return Err(error),
            }
        }
        if left.len() == before {
            return Err(refused.unwrap_or_else(|| Error::Internal("a table stays".into())));
        }
        ids = left;
    }
    Ok(Output::done(StatementKind::DropTable, 0))
}
