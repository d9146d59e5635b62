//! Aggregate functions: which ones there are, and what they keep while rows go by.

use crate::error::{Error, Result};
use crate::expr::{EvalContext, Expr};
use crate::sql::meter::Meter;
use crate::sql::types;
use crate::value::{ArithOp, SqlType, Value};
use std::cmp::Ordering;
use std::collections::HashSet;

/// An aggregate function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// `COUNT(*)`
    CountRows,
    Count,
    Sum,
    /// Like SUM, but a float, and 0 of no rows, as SQLite has it.
    Total,
    Avg,
    Min,
    Max,
}

impl Function {
    /// The function of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "COUNT" => Function::Count,
            "SUM" => Function::Sum,
            "TOTAL" => Function::Total,
            "AVG" => Function::Avg,
            "MIN" => Function::Min,
            "MAX" => Function::Max,
            _ => return None,
        })
    }

    /// The type of its result over arguments of this type.
    pub fn ty(self, argument: SqlType) -> SqlType {
        match self {
            Function::CountRows | Function::Count => SqlType::BigInt,
            Function::Sum if argument.is_integer() => SqlType::BigInt,
            Function::Total => SqlType::Double,
            Function::Avg if !matches!(argument, SqlType::Decimal { .. } | SqlType::Any) => {
                SqlType::Double
            }
            _ => argument,
        }
    }
}

/// One aggregate of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Aggregate {
    pub function: Function,
    /// What is aggregated; NULL for `COUNT(*)`.
    pub argument: Expr<usize>,
    /// Whether equal arguments count once.
    pub distinct: bool,
    /// Rows that this is not true of are left out.
    pub filter: Option<Expr<usize>>,
    /// The type of the result.
    pub ty: SqlType,
}

/// What an aggregate has seen so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Accumulator {
    count: u64,
    value: Option<Value>,
    seen: HashSet<Vec<u8>>,
}

impl Accumulator {
    /// Takes a row in.
    pub fn add(
        &mut self,
        aggregate: &Aggregate,
        row: &[Value],
        eval: &EvalContext<'_>,
        meter: &mut Meter<'_>,
    ) -> Result<()> {
        if let Some(filter) = &aggregate.filter {
            if !filter.matches(row, eval)? {
                return Ok(());
            }
        }
        if aggregate.function == Function::CountRows {
            self.count += 1;
            return Ok(());
        }
        let value = aggregate.argument.eval(row, eval)?;
        if value.is_null() {
            return Ok(());
        }
        if aggregate.distinct {
            let mut key = Vec::with_capacity(16);
            types::same_key(&mut key, &value);
            meter.hold(key.len() + 32)?;
            if !self.seen.insert(key) {
                return Ok(());
            }
        }
        self.count += 1;
        let next = match (&self.value, aggregate.function) {
            (_, Function::CountRows | Function::Count) => return Ok(()),
            (None, Function::Total) => as_float(&value)?,
            (None, Function::Sum | Function::Avg) => number(value)?,
            (None, Function::Min | Function::Max) => value,
            (Some(sum), Function::Total) => sum.arith(ArithOp::Add, &as_float(&value)?)?,
            (Some(sum), Function::Sum | Function::Avg) => {
                sum.arith(ArithOp::Add, &number(value)?)?
            }
            (Some(best), Function::Min | Function::Max) => {
                let wanted = match aggregate.function {
                    Function::Min => Ordering::Less,
                    _ => Ordering::Greater,
                };
                match value.compare(best)? == Some(wanted) {
                    true => value,
                    false => return Ok(()),
                }
            }
        };
        self.value = Some(next);
        Ok(())
    }

    /// The result.
    pub fn finish(self, aggregate: &Aggregate) -> Result<Value> {
        let count = Value::integer(self.count.into());
        Ok(match (aggregate.function, self.value) {
            (Function::CountRows | Function::Count, _) => count,
            (Function::Total, None) => Value::Float(0.0),
            (_, None) => Value::Null,
            (Function::Avg, Some(sum @ Value::Decimal(_))) => sum.arith(ArithOp::Div, &count)?,
            (Function::Avg, Some(sum)) => {
                as_float(&sum)?.arith(ArithOp::Div, &as_float(&count)?)?
            }
            (_, Some(value)) => value,
        })
    }
}

fn number(value: Value) -> Result<Value> {
    match value.sql_type().is_numeric() || matches!(value, Value::Interval { .. }) {
        true => Ok(value),
        false => Err(Error::Sql(format!("{} is no number to add up", value.kind()))),
    }
}

fn as_float(value: &Value) -> Result<Value> {
    Ok(value.clone().cast(&SqlType::Double)?)
}
