//! Values as JSON, as every protocol shows them, and back.

use super::number::parse_number;
use super::text::float_text;
use super::time::timestamp_text;
use super::{SqlType, Value, ValueError};
use rust_decimal::Decimal;
use serde_json::{Number, Value as Json};

/// The value of a column of this type as JSON.
///
/// Integers are numbers, however large, except in the 128-bit types, where they are strings, as is
/// what no JSON reader takes. Decimals are strings with the column's digits (`"1.50"`), timestamps
/// RFC 3339 (`"2025-12-01T08:00:00Z"`, with a fraction only where there is one), blobs `"\x…"` in
/// hexadecimal, floats that are no numbers strings, JSON itself.
pub fn to_json(value: &Value, ty: &SqlType) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(v) => Json::Bool(*v),
        Value::Int(_) | Value::Int128(_) | Value::UInt128(_) => integer(value, ty),
        Value::Float(v) => float(*v, ty),
        Value::Decimal(v) => Json::String(decimal_text(*v, ty)),
        Value::Text(text) => Json::String(text.to_string()),
        Value::Timestamp(micros) => Json::String(timestamp_text(*micros, 'T') + "Z"),
        Value::Json(text) => {
            serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_string()))
        }
        Value::List(items) => items.iter().map(|v| to_json(v, &SqlType::Any)).collect(),
        Value::Map(members) => {
            members.iter().map(|(k, v)| (k.clone(), to_json(v, &SqlType::Any))).collect()
        }
        other => Json::String(other.to_text()),
    }
}

fn integer(value: &Value, ty: &SqlType) -> Json {
    let number = match (value, ty) {
        (_, SqlType::Signed128 | SqlType::Unsigned128) => None,
        (Value::Int(v), _) => Some(Number::from(*v)),
        (Value::Int128(v), _) => u64::try_from(*v).ok().map(Number::from),
        _ => None,
    };
    number.map_or_else(|| Json::String(value.to_text()), Json::Number)
}

fn float(value: f64, ty: &SqlType) -> Json {
    let shown = match ty {
        // The digits of the 32-bit float, not those of the 64-bit float beside it.
        SqlType::Float32 => (value as f32).to_string().parse().unwrap_or(value),
        _ => value,
    };
    Number::from_f64(shown).map_or_else(|| Json::String(float_text(value)), Json::Number)
}

/// The decimal with at least the column's digits after the point.
fn decimal_text(value: Decimal, ty: &SqlType) -> String {
    match ty {
        SqlType::Decimal { scale: Some(scale), .. } => {
            let mut padded = value.normalize();
            if padded.scale() < u32::from(*scale) {
                padded.rescale((*scale).into());
            }
            padded.to_string()
        }
        _ => value.to_string(),
    }
}

/// A value from JSON, coerced to the type where one is given. Without one, numbers become integers
/// or floats and arrays and objects become JSON values. For a JSON column the document is taken as
/// it is: a string stays a JSON string.
///
/// # Errors
/// What [`SqlType::coerce`] refuses.
pub fn from_json(json: &Json, ty: Option<&SqlType>) -> Result<Value, ValueError> {
    let value = match (json, ty) {
        (Json::Null, _) => return Ok(Value::Null),
        (_, Some(SqlType::Json))
        | (Json::Array(_) | Json::Object(_), None | Some(SqlType::Any)) => {
            return Ok(Value::Json(json.to_string().into()));
        }
        (Json::Array(_), Some(SqlType::List)) | (Json::Object(_), Some(SqlType::Map)) => {
            return nested(json);
        }
        (Json::Array(_) | Json::Object(_), Some(ty)) => {
            let from = if json.is_array() { "JSON array" } else { "JSON object" };
            return Err(ValueError::Unfit { from, to: ty.to_string() });
        }
        (Json::Bool(v), _) => Value::Bool(*v),
        (Json::Number(n), _) => number(n),
        (Json::String(text), _) => Value::from(text.as_str()),
    };
    match ty {
        None => Ok(value),
        Some(ty) => ty.coerce(value),
    }
}

fn number(number: &Number) -> Value {
    if let Some(v) = number.as_i64() {
        return Value::Int(v);
    }
    if let Some(v) = number.as_u64() {
        return Value::unsigned(v.into());
    }
    let value = number.as_f64().map(Value::Float);
    value.or_else(|| parse_number(&number.to_string())?.into_value()).unwrap_or(Value::Null)
}

/// JSON with its arrays as lists and its objects as maps. JSON that was parsed is at most 128 deep.
pub(super) fn nested(json: &Json) -> Result<Value, ValueError> {
    nested_within(json, super::NESTING_MAX)
}

fn nested_within(json: &Json, allowed: usize) -> Result<Value, ValueError> {
    let below = || allowed.checked_sub(1).ok_or(ValueError::TooDeep);
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(v) => Value::Bool(*v),
        Json::Number(n) => number(n),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            let below = below()?;
            let items = items.iter().map(|item| nested_within(item, below));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        Json::Object(members) => {
            let below = below()?;
            let members = members.iter().map(|(k, v)| Ok((k.clone(), nested_within(v, below)?)));
            Value::Map(std::sync::Arc::new(members.collect::<Result<_, ValueError>>()?))
        }
    })
}
