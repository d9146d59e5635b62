//! Aggregate functions: which ones there are, and what they keep while rows go by.

use super::EvalError;
use super::json::member;
use crate::value::{ArithOp, SqlType, Value};
use std::cmp::Ordering;

/// An aggregate function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateFunction {
    /// `COUNT(*)`
    CountRows,
    /// How many values are not NULL.
    Count,
    /// NULL of no rows.
    Sum,
    /// Like SUM, but a float, and 0 of no rows, as SQLite has it.
    Total,
    /// The mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The value of the first row.
    First,
    /// Whether all are true.
    BoolAnd,
    /// Whether any is true.
    BoolOr,
    /// Texts in a row, with something between them.
    GroupConcat,
    /// A JSON array of all values, NULL among them.
    JsonArray,
    /// A JSON object of names and values.
    JsonObject,
    /// The variance of a sample.
    VarSamp,
    /// The variance of a whole.
    VarPop,
    /// The standard deviation of a sample.
    StddevSamp,
    /// The standard deviation of a whole.
    StddevPop,
}

use AggregateFunction as F;

impl AggregateFunction {
    /// The function of this name, in any case, with so many arguments. MIN and MAX of several are
    /// none.
    pub fn by_name(name: &str, args: usize) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "COUNT" => F::Count,
            "SUM" => F::Sum,
            "TOTAL" => F::Total,
            "AVG" => F::Avg,
            "MIN" if args < 2 => F::Min,
            "MAX" if args < 2 => F::Max,
            "ANY_VALUE" => F::First,
            "BOOL_AND" | "EVERY" => F::BoolAnd,
            "BOOL_OR" => F::BoolOr,
            "GROUP_CONCAT" | "STRING_AGG" => F::GroupConcat,
            "JSON_GROUP_ARRAY" | "JSON_AGG" | "JSONB_AGG" => F::JsonArray,
            "JSON_GROUP_OBJECT" | "JSON_OBJECT_AGG" | "JSONB_OBJECT_AGG" => F::JsonObject,
            "VARIANCE" | "VAR_SAMP" => F::VarSamp,
            "VAR_POP" => F::VarPop,
            "STDDEV" | "STDEV" | "STDDEV_SAMP" => F::StddevSamp,
            "STDDEV_POP" => F::StddevPop,
            _ => return None,
        })
    }

    /// Whether it takes so many arguments.
    ///
    /// # Errors
    /// `Arguments`.
    pub fn check_args(self, args: usize) -> Result<(), EvalError> {
        let fits = match self {
            F::CountRows => args == 0,
            F::GroupConcat => args == 1 || args == 2,
            F::JsonObject => args == 2,
            _ => args == 1,
        };
        match fits {
            true => Ok(()),
            false => {
                let takes = match self {
                    F::GroupConcat => "1 or 2 arguments",
                    F::JsonObject => "2 arguments",
                    _ => "1 argument",
                };
                let (function, takes) = (self.name(), takes.to_owned());
                Err(EvalError::Arguments { function, takes, given: args })
            }
        }
    }

    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            F::CountRows | F::Count => "COUNT",
            F::Sum => "SUM",
            F::Total => "TOTAL",
            F::Avg => "AVG",
            F::Min => "MIN",
            F::Max => "MAX",
            F::First => "ANY_VALUE",
            F::BoolAnd => "BOOL_AND",
            F::BoolOr => "BOOL_OR",
            F::GroupConcat => "GROUP_CONCAT",
            F::JsonArray => "JSON_GROUP_ARRAY",
            F::JsonObject => "JSON_GROUP_OBJECT",
            F::VarSamp => "VARIANCE",
            F::VarPop => "VAR_POP",
            F::StddevSamp => "STDDEV",
            F::StddevPop => "STDDEV_POP",
        }
    }

    /// The type of its result over arguments of this type.
    pub fn result_type(self, argument: SqlType) -> SqlType {
        match self {
            F::CountRows | F::Count => SqlType::BigInt,
            F::Sum if argument.is_integer() => SqlType::BigInt,
            F::Total | F::VarSamp | F::VarPop | F::StddevSamp | F::StddevPop => SqlType::Double,
            F::Avg if !matches!(argument, SqlType::Decimal { .. } | SqlType::Any) => {
                SqlType::Double
            }
            F::BoolAnd | F::BoolOr => SqlType::Boolean,
            F::GroupConcat => SqlType::Text,
            F::JsonArray | F::JsonObject => SqlType::Json,
            _ => argument,
        }
    }
}

/// What an aggregate has seen so far.
#[derive(Debug, Clone)]
pub struct Accumulator {
    function: AggregateFunction,
    count: u64,
    held: Held,
}

#[derive(Debug, Clone)]
enum Held {
    Nothing,
    /// A sum of integers, which leaves 64 bits late.
    Whole(i128),
    Value(Value),
    Text(String),
    Bool(bool),
    /// The mean and the sum of the squares of distances to it (Welford).
    Spread {
        mean: f64,
        squares: f64,
    },
}

impl Accumulator {
    /// Nothing seen yet.
    pub fn new(function: AggregateFunction) -> Self {
        Accumulator { function, count: 0, held: Held::Nothing }
    }

    /// Takes the arguments of one row in. NULL does not count, except for `COUNT(*)`.
    ///
    /// # Errors
    /// Values that cannot be added up or compared; a text that grows too long.
    pub fn add(&mut self, args: &[Value]) -> Result<(), EvalError> {
        if self.function == F::CountRows {
            self.count += 1;
            return Ok(());
        }
        let Some(value) = args.first() else { return Ok(()) };
        if value.is_null() && !matches!(self.function, F::First | F::JsonArray | F::JsonObject) {
            return Ok(());
        }
        self.count += 1;
        match self.function {
            F::CountRows | F::Count => {}
            F::First => {
                if self.count == 1 {
                    self.held = Held::Value(value.clone());
                }
            }
            F::Sum | F::Avg => self.add_number(value)?,
            F::Total => {
                let sum = match &self.held {
                    Held::Value(Value::Float(sum)) => *sum,
                    _ => 0.0,
                };
                self.held = Held::Value(Value::Float(sum + float(value)?));
            }
            F::Min | F::Max => {
                let wanted =
                    if self.function == F::Min { Ordering::Less } else { Ordering::Greater };
                let better = match &self.held {
                    Held::Value(best) => value.sort_cmp(best) == wanted,
                    _ => true,
                };
                if better {
                    self.held = Held::Value(value.clone());
                }
            }
            F::BoolAnd | F::BoolOr => {
                let Value::Bool(new) = value.clone().cast(&SqlType::Boolean)? else {
                    return Ok(());
                };
                let so_far = match self.held {
                    Held::Bool(so_far) => so_far,
                    _ => self.function == F::BoolAnd,
                };
                let both = if self.function == F::BoolAnd { so_far && new } else { so_far || new };
                self.held = Held::Bool(both);
            }
            F::GroupConcat => {
                let between = match args.get(1) {
                    None => ",".into(),
                    Some(Value::Null) => String::new(),
                    Some(between) => between.to_text().to_string(),
                };
                let text = value.to_text();
                match &mut self.held {
                    Held::Text(all) => {
                        if all.len() + between.len() + text.len() > super::TEXT_BYTES_MAX {
                            return Err(EvalError::TooLarge);
                        }
                        all.push_str(&between);
                        all.push_str(&text);
                    }
                    held => *held = Held::Text(text.to_string()),
                }
            }
            F::JsonArray => self.add_json(&member(value).to_string())?,
            F::JsonObject => {
                if value.is_null() {
                    return Err(EvalError::Argument("a name in a JSON object is NULL".into()));
                }
                let name = serde_json::Value::String(value.to_text().to_string());
                let value = member(args.get(1).unwrap_or(&Value::Null));
                self.add_json(&format!("{name}:{value}"))?;
            }
            F::VarSamp | F::VarPop | F::StddevSamp | F::StddevPop => {
                let x = float(value)?;
                let (mean, squares) = match self.held {
                    Held::Spread { mean, squares } => (mean, squares),
                    _ => (0.0, 0.0),
                };
                let distance = x - mean;
                let mean = mean + distance / self.count as f64;
                self.held = Held::Spread { mean, squares: squares + distance * (x - mean) };
            }
        }
        Ok(())
    }

    fn add_json(&mut self, part: &str) -> Result<(), EvalError> {
        let Held::Text(all) = &mut self.held else {
            self.held = Held::Text(part.to_owned());
            return Ok(());
        };
        if all.len() + part.len() > super::TEXT_BYTES_MAX {
            return Err(EvalError::TooLarge);
        }
        all.push(',');
        all.push_str(part);
        Ok(())
    }

    fn add_number(&mut self, value: &Value) -> Result<(), EvalError> {
        match (&mut self.held, value) {
            (Held::Whole(sum), Value::Int(n)) => {
                // 2^64 rows of 64 bits fit.
                *sum = sum.saturating_add(i128::from(*n));
                return Ok(());
            }
            (Held::Nothing, Value::Int(n)) => {
                self.held = Held::Whole(i128::from(*n));
                return Ok(());
            }
            _ => {}
        }
        if !value.sql_type().is_numeric() && !matches!(value, Value::Interval { .. }) {
            return Err(EvalError::Operand { function: self.function.name(), kind: value.kind() });
        }
        let sum = match &self.held {
            Held::Whole(sum) => Value::integer(*sum).arith(ArithOp::Add, value)?,
            Held::Value(sum) => sum.arith(ArithOp::Add, value)?,
            _ => value.clone(),
        };
        self.held = Held::Value(sum);
        Ok(())
    }

    /// The result.
    ///
    /// # Errors
    /// A sum that no type holds.
    pub fn finish(&self) -> Result<Value, EvalError> {
        let count = Value::integer(self.count.into());
        let n = self.count as f64;
        Ok(match (self.function, &self.held) {
            (F::CountRows | F::Count, _) => count,
            (F::Total, Held::Nothing) => Value::Float(0.0),
            (F::JsonArray, Held::Nothing) => Value::Json("[]".into()),
            (F::JsonObject, Held::Nothing) => Value::Json("{}".into()),
            (F::JsonArray, Held::Text(items)) => Value::Json(format!("[{items}]").into()),
            (F::JsonObject, Held::Text(fields)) => Value::Json(format!("{{{fields}}}").into()),
            (_, Held::Nothing) => Value::Null,
            (F::Avg, Held::Whole(sum)) => Value::Float(*sum as f64 / n),
            (F::Avg, Held::Value(sum @ Value::Decimal(_))) => sum.arith(ArithOp::Div, &count)?,
            (F::Avg, Held::Value(sum @ Value::Interval { .. })) => {
                sum.arith(ArithOp::Div, &count)?
            }
            (F::Avg, Held::Value(sum)) => Value::Float(float(sum)? / n),
            (_, Held::Whole(sum)) => Value::integer(*sum),
            (_, Held::Value(value)) => value.clone(),
            (_, Held::Text(text)) => Value::from(text.as_str()),
            (_, Held::Bool(all)) => Value::Bool(*all),
            (function, Held::Spread { squares, .. }) => {
                let divisor = match function {
                    F::VarSamp | F::StddevSamp => n - 1.0,
                    _ => n,
                };
                match (divisor > 0.0, function) {
                    (false, _) => Value::Null,
                    (_, F::StddevSamp | F::StddevPop) => Value::Float((squares / divisor).sqrt()),
                    _ => Value::Float(squares / divisor),
                }
            }
        })
    }

    /// How many bytes it holds beyond its own size.
    pub fn size_bytes(&self) -> usize {
        match &self.held {
            Held::Text(text) => text.len(),
            Held::Value(value) => value.size_bytes(),
            _ => 0,
        }
    }
}

fn float(value: &Value) -> Result<f64, EvalError> {
    match value.clone().cast(&SqlType::Double)? {
        Value::Float(x) => Ok(x),
        other => Err(EvalError::Operand { function: "an aggregate", kind: other.kind() }),
    }
}
