//! Indexes.
//!
//! An index over a column is an index of the table's definition: every write of whatever layer keeps
//! it, and a scan reads only its part. Over any other expression GlueSQL's own evaluator decides what
//! the keys are, and no other layer could keep them: such an index is worked out when it is read,
//! from all rows. It is an order, not a shortcut.

use super::BranchStorage;
use super::define::{add_stored_index, drop_stored_index, set_note};
use super::rows::Scan;
use super::schema::{created, stored_index, stored_index_column};
use super::store::exact;
use super::values::plain;
use crate::error::{Error, Result};
use crate::row::TableDef;
use crate::tree::{KeyRange, successor};
use crate::value::{NESTING_MAX, SqlType, Value, encode_key};
use gluesql_core::ast::{Expr as GlueExpr, IndexOperator, OrderByExpr};
use gluesql_core::data::{Key, SchemaIndex, SchemaIndexOrd, Tribool};
use gluesql_core::error::Result as GlueResult;
use gluesql_core::executor::{RowContext, evaluate_stateless};
use gluesql_core::plan::plan_scalar_expr;
use gluesql_core::prelude::Value as GlueValue;
use gluesql_core::store::{Index, IndexError, IndexMut, RowIter};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Bound;

impl Index for BranchStorage {
    fn scan_indexed_data<'a>(
        &'a self,
        table_name: &str,
        index_name: &str,
        asc: Option<bool>,
        cmp_value: Option<(&IndexOperator, GlueValue)>,
    ) -> GlueResult<RowIter<'a>> {
        let found = self.find(table_name).map_err(|error| self.told(error))?;
        let (table, reading) =
            found.ok_or_else(|| IndexError::TableNotFound(table_name.to_owned()))?;
        let schema = self.schema(&reading, &table);
        let index = schema.indexes.into_iter().find(|index| index.name == index_name);
        let SchemaIndex { expr, .. } =
            index.ok_or_else(|| IndexError::IndexNameDoesNotExist(index_name.to_owned()))?;
        let reverse = asc == Some(false);
        let def = &table.table.def;
        if let Some(position) = stored_index(def, index_name)
            && let Some(ranges) = ranges(def, &expr, cmp_value.as_ref(), reverse)
        {
            let scan = Scan::index(table, reading.chunks, position, ranges, reverse);
            return Ok(self.given(scan));
        }
        let names: Vec<String> = def.columns.iter().map(|column| column.name.clone()).collect();
        let rows = self.given(Scan::rows(table, reading.chunks));
        let rows = evaluated(rows, &names, expr, cmp_value.as_ref(), reverse)?;
        Ok(Box::new(rows.into_iter().map(Ok)))
    }
}

/// The parts of an index over a column that hold what is asked for, in the order in which they are
/// read; `None` where the value is not of the column's kind. GlueSQL has NULL as the greatest value,
/// stored keys have it as the least.
fn ranges(
    def: &TableDef,
    expr: &GlueExpr,
    asked: Option<&(&IndexOperator, GlueValue)>,
    reverse: bool,
) -> Option<VecDeque<KeyRange>> {
    let ty = def.columns.get(stored_index_column(def, expr)?)?.ty;
    let mut null = Vec::new();
    encode_key(&mut null, &Value::Null, false);
    let nulls = KeyRange::prefix(&null);
    let mut some = KeyRange::all();
    some.lower = successor(&null).map_or(Bound::Unbounded, Bound::Included);
    let mut found: VecDeque<KeyRange> = match asked {
        None => [some, nulls].into(),
        Some((operator, GlueValue::Null)) => match operator {
            IndexOperator::Eq | IndexOperator::GtEq => [nulls].into(),
            IndexOperator::Lt => [some].into(),
            IndexOperator::LtEq => [some, nulls].into(),
            IndexOperator::Gt => VecDeque::new(),
        },
        Some((operator, value)) => {
            let value = of_type(value, &ty)?;
            let mut key = Vec::new();
            encode_key(&mut key, &value, false);
            let above = successor(&key);
            let above_in = || above.clone().map_or(Bound::Unbounded, Bound::Included);
            let above_out = || above.clone().map_or(Bound::Unbounded, Bound::Excluded);
            match operator {
                IndexOperator::Eq => [KeyRange::prefix(&key)].into(),
                IndexOperator::Lt => {
                    some.upper = Bound::Excluded(key);
                    [some].into()
                }
                IndexOperator::LtEq => {
                    some.upper = above_out();
                    [some].into()
                }
                IndexOperator::Gt => {
                    some.lower = above_in();
                    [some, nulls].into()
                }
                IndexOperator::GtEq => {
                    some.lower = Bound::Included(key);
                    [some, nulls].into()
                }
            }
        }
    };
    if reverse {
        found.make_contiguous().reverse();
    }
    Some(found)
}

/// A value as a column of this type has it, if it is a value of such a column.
fn of_type(value: &GlueValue, ty: &SqlType) -> Option<Value> {
    let plain = plain(value, NESTING_MAX).ok()?;
    let is_number = |v: &Value| {
        matches!(
            v,
            Value::Int(_)
                | Value::Int128(_)
                | Value::UInt128(_)
                | Value::Float(_)
                | Value::Decimal(_)
        )
    };
    let stored = plain.clone().coerce(ty).ok()?;
    let alike = std::mem::discriminant(&stored) == std::mem::discriminant(&plain)
        || (is_number(&stored) && is_number(&plain));
    let same = stored.compare(&plain).is_ok_and(|order| order == Some(Ordering::Equal));
    (alike && same).then_some(stored)
}

type KeyedRow = (Key, Vec<GlueValue>);

/// The rows that an index over an expression would give, worked out from all rows.
fn evaluated(
    rows: RowIter<'_>,
    names: &[String],
    expr: GlueExpr,
    asked: Option<&(&IndexOperator, GlueValue)>,
    reverse: bool,
) -> GlueResult<Vec<KeyedRow>> {
    let plan = plan_scalar_expr(expr);
    let mut found: Vec<(Key, KeyedRow)> = Vec::new();
    for row in rows {
        let (key, values) = row?;
        let context = RowContext::RefVecData { columns: names, values: &values };
        let value: GlueValue = evaluate_stateless(Some(context), &plan)?.try_into()?;
        if asked.is_none_or(|(operator, other)| holds(operator, &value, other)) {
            found.push((Key::try_from(value)?, (key, values)));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    if reverse {
        found.reverse();
    }
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

/// Whether a key of an index is what is asked for. NULL is the greatest.
fn holds(operator: &IndexOperator, value: &GlueValue, other: &GlueValue) -> bool {
    let order = match (value, other) {
        (GlueValue::Null, GlueValue::Null) => Some(Ordering::Equal),
        (GlueValue::Null, _) => Some(Ordering::Greater),
        (_, GlueValue::Null) => Some(Ordering::Less),
        (value, other) if value.evaluate_eq(other) == Tribool::True => Some(Ordering::Equal),
        (value, other) => value.evaluate_cmp(other),
    };
    order.is_some_and(|order| match operator {
        IndexOperator::Gt => order.is_gt(),
        IndexOperator::Lt => order.is_lt(),
        IndexOperator::GtEq => order.is_ge(),
        IndexOperator::LtEq => order.is_le(),
        IndexOperator::Eq => order.is_eq(),
    })
}

impl IndexMut for BranchStorage {
    fn create_index(
        &mut self,
        table_name: &str,
        index_name: &str,
        column: &OrderByExpr,
    ) -> GlueResult<()> {
        let found = self.find(table_name).map_err(|error| self.told(error))?;
        let (table, reading) =
            found.ok_or_else(|| IndexError::TableNotFound(table_name.to_owned()))?;
        let mut schema = self.schema(&reading, &table);
        let taken = |t: &std::sync::Arc<crate::row::TableState>| {
            let named = |name: &str| crate::row::same_name(name, index_name);
            t.table.def.indexes.iter().any(|index| named(&index.name))
        };
        let noted = schema.indexes.iter().any(|index| index.name == index_name);
        if noted || reading.state.tables().any(taken) {
            return Err(IndexError::IndexNameAlreadyExists(index_name.to_owned()).into());
        }
        schema.indexes.push(SchemaIndex {
            name: index_name.to_owned(),
            expr: column.expr.clone(),
            order: SchemaIndexOrd::Both,
            created: created(&table.table.def),
        });
        self.write_core(|txn| {
            let mut def = exact(txn, table_name)?.table.def.clone();
            add_stored_index(txn.state(), &mut def, index_name, &column.expr)?;
            set_note(&mut def, &schema)?;
            txn.define(def, None)
        })
    }

    fn drop_index(&mut self, table_name: &str, index_name: &str) -> GlueResult<()> {
        let found = self.find(table_name).map_err(|error| self.told(error))?;
        let (table, reading) =
            found.ok_or_else(|| IndexError::TableNotFound(table_name.to_owned()))?;
        let mut schema = self.schema(&reading, &table);
        if !schema.indexes.iter().any(|index| index.name == index_name) {
            return Err(IndexError::IndexNameDoesNotExist(index_name.to_owned()).into());
        }
        schema.indexes.retain(|index| index.name != index_name);
        self.write_core(|txn| -> Result<(), Error> {
            let mut def = exact(txn, table_name)?.table.def.clone();
            drop_stored_index(txn.state(), &mut def, index_name)?;
            set_note(&mut def, &schema)?;
            txn.define(def, None)
        })
    }
}
