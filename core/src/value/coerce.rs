//! What happens to a value on its way into a column: nothing is lost without an error, except that
//! a DECIMAL column rounds and a DATE column drops the time of day, both as in PostgreSQL.

use super::number::{Number, Wide};
use super::parse::shown;
use super::time::{self, MICROS_PER_DAY, MICROS_PER_SECOND};
use super::types::DECIMAL_DIGITS_MAX;
use super::{SqlType, Value, ValueError, to_json};
use rust_decimal::{Decimal, RoundingStrategy};

impl Value {
    /// [`SqlType::coerce`], value first.
    ///
    /// # Errors
    /// As there.
    pub fn coerce(self, ty: &SqlType) -> Result<Value, ValueError> {
        ty.coerce(self)
    }

    /// [`SqlType::cast`], value first.
    ///
    /// # Errors
    /// As there.
    pub fn cast(self, ty: &SqlType) -> Result<Value, ValueError> {
        ty.cast(self)
    }
}

impl SqlType {
    /// The value as a column of this type stores it. NULL stays NULL.
    ///
    /// Text is parsed; scalars become text in a text column; numbers become integers only where
    /// nothing is lost; decimals are rounded half away from zero to the column's scale; numbers
    /// are Unix seconds in a timestamp column; 0 and 1 are booleans and the reverse.
    ///
    /// # Errors
    /// Where the value does not fit, or is of a kind that never does.
    pub fn coerce(&self, value: Value) -> Result<Value, ValueError> {
        let value = match (self, value) {
            (_, Value::Null) => return Ok(Value::Null),
            (SqlType::Any, value)
            | (SqlType::Integer | SqlType::BigInt, value @ Value::Int(_))
            | (SqlType::Text, value @ Value::Text(_)) => return Ok(value),
            (ty, Value::Text(text)) if !ty.is_text() => match ty.parse(&text)? {
                // What text says may still be out of range.
                Value::Text(_) => return Err(self.unfit(&Value::Text(text))),
                parsed => parsed,
            },
            (_, value) => value,
        };
        match self {
            SqlType::Boolean => match value {
                Value::Bool(_) => Ok(value),
                Value::Int(n @ (0 | 1)) => Ok(Value::Bool(n == 1)),
                other => Err(self.unfit(&other)),
            },
            SqlType::Text => self.text_of(value),
            SqlType::Varchar(max) | SqlType::Char(max) => {
                let text = self.text_of(value)?;
                let Value::Text(characters) = &text else { return Ok(text) };
                match longer_than(characters, *max) {
                    true => {
                        let length = characters.chars().count();
                        Err(ValueError::TooLong { length, to: self.to_string() })
                    }
                    false => Ok(text),
                }
            }
            SqlType::Float32 | SqlType::Real | SqlType::Double => self.float_of(value),
            SqlType::Decimal { precision, scale } => self.decimal_of(&value, *precision, *scale),
            ty if ty.is_integer() => self.integer_of(&value),
            _ => self.other_of(value),
        }
    }

    /// Types with a representation of their own.
    fn other_of(&self, value: Value) -> Result<Value, ValueError> {
        match (self, value) {
            (SqlType::Blob, value @ Value::Blob(_))
            | (SqlType::Date, value @ Value::Date(_))
            | (SqlType::Time, value @ Value::Time(_))
            | (SqlType::Timestamp | SqlType::TimestampTz, value @ Value::Timestamp(_))
            | (SqlType::Interval, value @ Value::Interval { .. })
            | (SqlType::Uuid, value @ Value::Uuid(_))
            | (SqlType::Json, value @ Value::Json(_))
            | (SqlType::Inet, value @ Value::Inet(_))
            | (SqlType::Point, value @ Value::Point(..))
            | (SqlType::List, value @ Value::List(_))
            | (SqlType::Map, value @ Value::Map(_)) => Ok(value),
            (SqlType::Date, Value::Timestamp(at)) => {
                let days = i64::div_euclid(at, MICROS_PER_DAY);
                time::date(days).ok_or_else(|| self.out_of_range(&Value::Timestamp(at)))
            }
            (SqlType::Timestamp | SqlType::TimestampTz, value) => self.timestamp_of(&value),
            (SqlType::Uuid, Value::Blob(bytes)) => match <[u8; 16]>::try_from(&*bytes) {
                Ok(bytes) => Ok(Value::Uuid(bytes)),
                Err(_) => Err(self.unfit(&Value::Blob(bytes))),
            },
            (
                SqlType::Json,
                value @ (Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Decimal(_)
                | Value::List(_)
                | Value::Map(_)),
            ) => Ok(Value::Json(json_of(&value).to_string().into())),
            (SqlType::List | SqlType::Map, Value::Json(text)) => self.parse(&text),
            (_, value) => Err(self.unfit(&value)),
        }
    }

    fn text_of(&self, value: Value) -> Result<Value, ValueError> {
        match value {
            Value::Text(_) => Ok(value),
            // Whether bytes are text is for a CAST to say.
            Value::Blob(_) => Err(self.unfit(&value)),
            other => Ok(other.to_text().into()),
        }
    }

    fn float_of(&self, value: Value) -> Result<Value, ValueError> {
        let number = Number::from_value(&value).ok_or_else(|| self.unfit(&value))?.to_f64();
        let stored = match self {
            SqlType::Float32 => f64::from(number as f32),
            _ => number,
        };
        match stored.is_infinite() && number.is_finite() {
            true => Err(self.out_of_range(&value)),
            false => Ok(Value::Float(stored)),
        }
    }

    fn integer_of(&self, value: &Value) -> Result<Value, ValueError> {
        let number = Number::from_value(value).ok_or_else(|| self.unfit(value))?;
        let whole = match number {
            Number::Integer(v) => Some(v),
            Number::Float(v) if v.is_finite() && v.fract() != 0.0 => {
                return Err(self.inexact(value));
            }
            Number::Float(v) => Wide::truncated(v),
            Number::Decimal(v) if !v.fract().is_zero() => return Err(self.inexact(value)),
            Number::Decimal(v) => Some(Wide::truncated_decimal(&v)),
        };
        self.within_range(whole, value)
    }

    /// The integer, if it lies in this integer type's range; `value` is what it came from.
    pub(super) fn within_range(
        &self,
        whole: Option<Wide>,
        value: &Value,
    ) -> Result<Value, ValueError> {
        let (Some(whole), Some((least, greatest))) = (whole, self.integer_range()) else {
            return Err(self.out_of_range(value));
        };
        match whole >= least && whole <= greatest {
            true => whole.into_value().ok_or_else(|| self.out_of_range(value)),
            false => Err(self.out_of_range(value)),
        }
    }

    fn decimal_of(
        &self,
        value: &Value,
        precision: Option<u8>,
        scale: Option<u8>,
    ) -> Result<Value, ValueError> {
        let number = Number::from_value(value).ok_or_else(|| self.unfit(value))?;
        let exact = number.to_decimal().ok_or_else(|| self.out_of_range(value))?;
        let rounded = match scale {
            Some(scale) => round(exact, scale.into()),
            None => exact,
        };
        if let Some(precision) = precision {
            let whole = u32::from(precision.saturating_sub(scale.unwrap_or(0)));
            let whole_max = u32::from(DECIMAL_DIGITS_MAX);
            if rounded.trunc().mantissa().unsigned_abs() >= 10u128.pow(whole.min(whole_max)) {
                return Err(self.out_of_range(value));
            }
        }
        Ok(Value::Decimal(rounded.normalize()))
    }

    fn timestamp_of(&self, value: &Value) -> Result<Value, ValueError> {
        let out_of_range = || self.out_of_range(value);
        let micros = match value {
            Value::Date(days) => i128::from(*days) * i128::from(MICROS_PER_DAY),
            Value::Int(seconds) => i128::from(*seconds) * i128::from(MICROS_PER_SECOND),
            Value::Float(_) | Value::Decimal(_) => {
                let seconds = Number::from_value(value).and_then(Number::to_decimal);
                let micros = seconds.and_then(|s| s.checked_mul(MICROS_PER_SECOND.into()));
                round(micros.ok_or_else(out_of_range)?, 0).mantissa()
            }
            _ => return Err(self.unfit(value)),
        };
        time::timestamp(micros).ok_or_else(out_of_range)
    }

    pub(super) fn unfit(&self, value: &Value) -> ValueError {
        ValueError::Unfit { from: value.kind(), to: self.to_string() }
    }

    pub(super) fn out_of_range(&self, value: &Value) -> ValueError {
        ValueError::OutOfRange { value: shown(&value.to_text()), to: self.to_string() }
    }

    fn inexact(&self, value: &Value) -> ValueError {
        ValueError::Inexact { value: shown(&value.to_text()), to: self.to_string() }
    }
}

/// Rounds half away from zero.
pub(crate) fn round(value: Decimal, scale: u32) -> Decimal {
    value.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero)
}

/// Whether text has more characters than this, without counting them all where bytes tell.
fn longer_than(text: &str, characters_max: u32) -> bool {
    let max = usize::try_from(characters_max).unwrap_or(usize::MAX);
    text.len() > max && text.chars().nth(max).is_some()
}

/// A number in a JSON document is a number, decimals too.
fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Decimal(v) => {
            let float = Value::Float(Number::Decimal(*v).to_f64());
            to_json(&float, &SqlType::Any)
        }
        other => to_json(other, &SqlType::Any),
    }
}
