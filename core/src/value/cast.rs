//! `CAST(value AS type)`: what a column would take, and what a person who writes a cast means.

use super::number::{Number, Wide};
use super::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use super::{SqlType, Value, ValueError, from_json};

impl SqlType {
    /// The value converted on request. Beyond [`SqlType::coerce`]: fractions are cut off towards
    /// zero for integer types (as SQLite does), any number but 0 is TRUE, text is cut to
    /// VARCHAR(n), blobs are read as UTF-8, a timestamp gives its time of day or its Unix seconds,
    /// and a JSON scalar gives its value.
    ///
    /// # Errors
    /// Where the value is out of range, or text does not read as the type.
    pub fn cast(&self, value: Value) -> Result<Value, ValueError> {
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (ty, Value::Json(text)) if ty.is_numeric() || matches!(ty, SqlType::Boolean) => {
                match serde_json::from_str(&text) {
                    Ok(json) => from_json(&json, None).and_then(|scalar| match scalar {
                        Value::Json(_) => Err(self.unfit(&scalar)),
                        scalar => self.cast(scalar),
                    }),
                    Err(_) => Err(self.unfit(&Value::Json(text))),
                }
            }
            (ty, value) if ty.is_integer() => self.cast_integer(value),
            (SqlType::Boolean, value) if !matches!(value, Value::Text(_) | Value::Bool(_)) => {
                match Number::from_value(&value) {
                    Some(number) => {
                        let zero = Number::Integer(Wide::of(0));
                        Ok(Value::Bool(number.compare(&zero).is_ne()))
                    }
                    None => Err(self.unfit(&value)),
                }
            }
            (ty, Value::Blob(bytes)) if ty.is_text() => match std::str::from_utf8(&bytes) {
                Ok(text) => self.cast(Value::from(text)),
                Err(_) => Err(ValueError::Malformed {
                    text: super::shown(&Value::Blob(bytes.clone()).to_text()),
                    to: self.to_string(),
                    form: "the bytes are not UTF-8; use HEX to see them",
                }),
            },
            (SqlType::Varchar(max) | SqlType::Char(max), value) => {
                let text = SqlType::Text.coerce(value)?;
                let max = usize::try_from(*max).unwrap_or(usize::MAX);
                let Value::Text(characters) = &text else { return Ok(text) };
                match characters.char_indices().nth(max) {
                    Some((end, _)) => Ok(Value::from(characters.get(..end).unwrap_or_default())),
                    None => Ok(text),
                }
            }
            (SqlType::Time, Value::Timestamp(at)) => Ok(Value::Time(at.rem_euclid(MICROS_PER_DAY))),
            (SqlType::Blob, Value::Uuid(bytes)) => Ok(Value::Blob(bytes.as_slice().into())),
            (_, value) => self.coerce(value),
        }
    }

    fn cast_integer(&self, value: Value) -> Result<Value, ValueError> {
        let parsed = match &value {
            Value::Text(text) => self.parse(text)?,
            Value::Timestamp(at) => Value::Int(at.div_euclid(MICROS_PER_SECOND)),
            _ => value.clone(),
        };
        let whole = match Number::from_value(&parsed) {
            Some(Number::Integer(v)) => Some(v),
            Some(Number::Float(v)) => Wide::truncated(v),
            Some(Number::Decimal(v)) => Some(Wide::truncated_decimal(&v)),
            None => return Err(self.unfit(&value)),
        };
        self.within_range(whole, &value)
    }
}
