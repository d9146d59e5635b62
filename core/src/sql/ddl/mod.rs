//! Definitions: CREATE, ALTER and DROP of tables, indexes and views, TRUNCATE and COMMENT.
//!
//! Every statement builds the definition that shall hold and hands it to the transaction, which
//! builds indexes, rewrites rows where that is needed and checks what is there already. Ids are
//! derived from names and definitions (`parts`), so that two branches that run the same statement
//! make the same thing.

mod alter;
mod column;
mod comment;
mod constraint;
pub(super) mod create;
mod drop;
mod index;
pub(super) mod parts;
mod view;

use super::context::table_name;
use super::request::Output;
use super::write::WriteContext;
use crate::error::{Error, Result};
use crate::txn::Txn;
use gluesql_core::sqlparser::ast::{
    AlterIndexOperation, ObjectType, Statement, TruncateCascadeOption, TruncateIdentityOption,
};

/// Runs a statement that changes definitions.
pub(super) fn run(txn: &mut Txn, env: &WriteContext<'_>, statement: &Statement) -> Result<Output> {
    match statement {
        Statement::CreateTable(create) => create::create_table(txn, env, create),
        Statement::AlterTable { name, if_exists, operations, .. } => {
            alter::alter_table(txn, env, name, *if_exists, operations)
        }
        Statement::CreateIndex(create) => index::create_index(txn, env, create),
        Statement::Drop { object_type: ObjectType::Table, if_exists, names, cascade, .. } => {
            drop::drop_tables(txn, env, names, *if_exists, *cascade)
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
        Statement::Drop { object_type: ObjectType::View, if_exists, names, cascade, .. } => {
            view::drop_views(txn, env, names, *if_exists, *cascade)
        }
        Statement::Drop { object_type, .. } => {
            Err(Error::Unsupported(format!("DROP {object_type}")))
        }
        Statement::Truncate { table_names, partitions, cascade, identity, .. } => {
            if partitions.is_some() {
                return Err(Error::Unsupported("TRUNCATE of partitions".into()));
            }
            let cascade = matches!(cascade, Some(TruncateCascadeOption::Cascade));
            let restart = matches!(identity, Some(TruncateIdentityOption::Restart));
            drop::truncate(txn, table_names, cascade, restart)
        }
        Statement::AlterView { name, columns, query, .. } => {
            txn.state().find(table_name(name)?)?;
            let columns = columns.iter().collect();
            let view = view::View { name, columns, query, or_replace: true, if_not_exists: false };
            view::create_view(txn, env, &view)
        }
        Statement::AlterIndex { name, operation } => {
            let AlterIndexOperation::RenameIndex { index_name } = operation;
            index::rename_index(txn, name, index_name)
        }
        Statement::Comment { object_type, object_name, comment, if_exists } => {
            comment::comment(txn, object_type, object_name, comment.as_deref(), *if_exists)
        }
        other => Err(Error::Internal(format!("not a statement about definitions: {other}"))),
    }
}
