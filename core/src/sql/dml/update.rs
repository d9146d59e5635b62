//! UPDATE.

use super::cascade::{Changed, follow};
use super::returning::Returning;
use crate::error::{Error, Kind, Result};
use crate::expr::{EvalContext, Expr};
use crate::row::{Row, Table, TableDef, TableState};
use crate::sql::access::plan_rows;
use crate::sql::bind::{Scope, bind_in};
use crate::sql::context::{QueryContext, Source, eval_at, table_name};
use crate::sql::meter::Meter;
use crate::sql::query::plain_table;
use crate::sql::request::{Output, StatementKind};
use crate::sql::scan::collect_rows;
use crate::sql::types;
use crate::sql::write::{Snapshot, WriteContext};
use crate::txn::Txn;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{
    Assignment, AssignmentTarget, Expr as SqlExpr, SelectItem, TableWithJoins,
};
use std::sync::Arc;

/// A column that is given a new value; `None` stands for DEFAULT.
pub(in crate::sql) struct Assigned {
    /// The column's position.
    pub column: usize,
    /// Its new value.
    pub value: Option<Expr<usize>>,
}

impl Assigned {
    /// Reads a SET list.
    pub fn read(
        ctx: &QueryContext<'_>,
        def: &TableDef,
        scope: &Scope<'_>,
        assignments: &[Assignment],
    ) -> Result<Vec<Assigned>> {
        let mut assigned: Vec<Assigned> = Vec::with_capacity(assignments.len());
        for Assignment { target, value } in assignments {
            let AssignmentTarget::ColumnName(name) = target else {
                return Err(Error::Unsupported("SET (a, b) = …".into()));
            };
            let name = name.0.last().map_or("", |ident| ident.value.as_str());
            let column = def.position(name).ok_or_else(|| Error::not_found(Kind::Column, name))?;
            refuse_generated(
                def,
                column,
                matches!(value, SqlExpr::Identifier(word)
                if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("DEFAULT")),
            )?;
            if assigned.iter().any(|a| a.column == column) {
                return Err(Error::Sql(format!("column '{name}' is set twice")));
            }
            let value = match value {
                SqlExpr::Identifier(word)
                    if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("DEFAULT") =>
                {
                    let default = def.columns.get(column).and_then(|c| c.default.as_ref());
                    let bound =
                        |d: &crate::row::StoredExpr| d.map_columns(&mut |_| Ok::<usize, Error>(0));
                    default.map(bound).transpose()?
                }
                value => Some(bind_in(ctx, scope, value)?),
            };
            assigned.push(Assigned { column, value });
        }
        Ok(assigned)
    }

    /// The row with its new values. Expressions are evaluated over `seen`, which begins with the
    /// row and may go on.
    pub fn apply(
        assigned: &[Assigned],
        table: &Table,
        row: &Row,
        seen: &[Value],
        eval: &EvalContext<'_>,
    ) -> Result<Row> {
        let mut new = row.clone();
        for Assigned { column, value } in assigned {
            let value = value.as_ref().map_or(Ok(Value::Null), |expr| expr.eval(seen, eval))?;
            let Some(definition) = table.def.columns.get(*column) else { continue };
            if let Some(place) = new.get_mut(*column) {
                *place = types::assign(value, &definition.ty)?;
            }
        }
        table.generate(&mut new)?;
        Ok(new)
    }
}

/// A value for a generated column is refused; DEFAULT is what it has anyway.
///
/// # Errors
/// `Invalid`.
pub(super) fn refuse_generated(def: &TableDef, at: usize, default: bool) -> Result<()> {
    match def.columns.get(at) {
        Some(column) if column.generated.is_some() && !default => Err(Error::Invalid(format!(
            "column '{}' is generated: it takes no value but DEFAULT",
            column.name
        ))),
        _ => Ok(()),
    }
}

pub(in crate::sql) fn update(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    table: &TableWithJoins,
    assignments: &[Assignment],
    selection: Option<&SqlExpr>,
    returning: Option<&[SelectItem]>,
) -> Result<Output> {
    let Some((name, alias)) = plain_table(table) else {
        return Err(Error::Unsupported("UPDATE of more than one table".into()));
    };
    let state = txn.state().find(table_name(name)?)?.clone();
    let def = &state.table.def;
    let snapshot = Snapshot::of(txn, env);
    let (assigned, predicate, returning) = {
        let ctx = snapshot.context(Some(txn));
        let scope = Scope::of_table(def, alias);
        let assigned = Assigned::read(&ctx, def, &scope, assignments)?;
        let predicate = selection.map(|expr| bind_in(&ctx, &scope, expr)).transpose()?;
        let returning = Returning::read(&ctx, def, alias, returning)?;
        (assigned, predicate, returning)
    };
    update_matching(txn, env, &state, &assigned, predicate, returning)
}

/// Changes every row that the predicate is true of.
///
/// # Errors
/// A violation; a value that does not fit its column; a fault.
pub(in crate::sql) fn update_matching(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    state: &Arc<TableState>,
    assigned: &[Assigned],
    predicate: Option<Expr<usize>>,
    mut returning: Returning,
) -> Result<Output> {
    let table = &state.table;
    let id = table.id();
    let moment = *txn.moment();
    let eval = eval_at(&moment, env.limits);
    let snapshot = Snapshot::of(txn, env);
    let meter = Meter::new(env.limits);
    let rows = {
        let ctx = snapshot.context(Some(txn));
        let source = Source { table: state.clone(), current: true };
        let plan = plan_rows(&ctx, &source.table, predicate)?;
        collect_rows(&ctx, &source, &plan, &meter)?
    };
    let key_columns: Vec<usize> = table.key().iter().map(|(at, _)| *at).collect();
    let moves = assigned.iter().any(|a| key_columns.contains(&a.column));
    let mut output = Output::done(StatementKind::Update, 0);
    let mut moved: Vec<(Arc<[u8]>, Row)> = Vec::new();
    let mut changed: Vec<Changed> = Vec::new();
    let parent =
        txn.state().tables().any(|t| t.table.def.foreign_keys.iter().any(|k| k.parent == id));
    for (key, stored) in rows {
        meter.step()?;
        let old = table.decode(&stored)?;
        let new = Assigned::apply(assigned, table, &old, &old, &eval)?;
        output.affected += 1;
        returning.push(&new, &eval, &meter)?;
        let goes = moves && table.key_of(&new).is_some_and(|k| k[..] != key[..]);
        if parent {
            changed.push(Changed { table: id, old, new: Some(new.clone()) });
        }
        match goes {
            // All that move leave first, so that `SET id = id + 1` meets nobody on its way.
            true => {
                meter.hold_row(&new)?;
                txn.take(id, &key, &stored)?;
                moved.push((key, new));
            }
            false => txn.update(id, &key, &stored, &new)?,
        }
    }
    for (from, row) in moved {
        txn.put_moved(id, &from, &row)?;
    }
    follow(txn, env, changed)?;
    returning.finish(&mut output);
    Ok(output)
}
