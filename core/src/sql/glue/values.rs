//! Values between GlueSQL and Offshoot.
//!
//! A column's type says which of GlueSQL's many integers and floats a stored value is. Inside lists
//! and maps there are no columns: there an integer is 64 bits wide where it fits. GlueSQL's times go
//! down to nanoseconds, stored ones to microseconds: what is below stands behind the row (`rows`).

use crate::error::{Error, Result};
use crate::value::{MICROS_PER_SECOND, NESTING_MAX, SqlType, Value};
use gluesql_core::ast::DataType;
use gluesql_core::chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};
use gluesql_core::data::{Interval, Point};
use gluesql_core::prelude::Value as GlueValue;

/// Days from the first day of our era to 1970-01-01.
const DAYS_BEFORE_1970: i32 = 719_163;

/// How a column of GlueSQL's type is stored.
pub(super) fn stored_type(ty: &DataType) -> SqlType {
    match ty {
        DataType::Boolean => SqlType::Boolean,
        DataType::Int8 => SqlType::Signed8,
        DataType::Int16 => SqlType::Signed16,
        DataType::Int32 => SqlType::Signed32,
        DataType::Int => SqlType::Integer,
        DataType::Int128 => SqlType::Signed128,
        DataType::Uint8 => SqlType::Unsigned8,
        DataType::Uint16 => SqlType::Unsigned16,
        DataType::Uint32 => SqlType::Unsigned32,
        DataType::Uint64 => SqlType::Unsigned64,
        DataType::Uint128 => SqlType::Unsigned128,
        DataType::Float32 => SqlType::Float32,
        DataType::Float => SqlType::Double,
        DataType::Text => SqlType::Text,
        DataType::Bytea => SqlType::Blob,
        DataType::Inet => SqlType::Inet,
        DataType::Date => SqlType::Date,
        DataType::Timestamp => SqlType::Timestamp,
        DataType::Time => SqlType::Time,
        DataType::Interval => SqlType::Interval,
        DataType::Uuid => SqlType::Uuid,
        DataType::Map => SqlType::Map,
        DataType::List => SqlType::List,
        DataType::Decimal => SqlType::Decimal { precision: None, scale: None },
        DataType::Point => SqlType::Point,
    }
}

/// GlueSQL's type for a stored column. Columns of type `Any` and `Json` show as text.
pub(super) fn glue_type(ty: &SqlType) -> DataType {
    match ty {
        SqlType::Boolean => DataType::Boolean,
        SqlType::Signed8 => DataType::Int8,
        SqlType::SmallInt | SqlType::Signed16 => DataType::Int16,
        SqlType::Signed32 => DataType::Int32,
        SqlType::Integer | SqlType::BigInt => DataType::Int,
        SqlType::Signed128 => DataType::Int128,
        SqlType::Unsigned8 => DataType::Uint8,
        SqlType::Unsigned16 => DataType::Uint16,
        SqlType::Unsigned32 => DataType::Uint32,
        SqlType::Unsigned64 => DataType::Uint64,
        SqlType::Unsigned128 => DataType::Uint128,
        SqlType::Float32 => DataType::Float32,
        SqlType::Real | SqlType::Double => DataType::Float,
        SqlType::Decimal { .. } => DataType::Decimal,
        SqlType::Blob => DataType::Bytea,
        SqlType::Date => DataType::Date,
        SqlType::Time => DataType::Time,
        SqlType::Timestamp | SqlType::TimestampTz => DataType::Timestamp,
        SqlType::Interval => DataType::Interval,
        SqlType::Uuid => DataType::Uuid,
        SqlType::Inet => DataType::Inet,
        SqlType::Point => DataType::Point,
        SqlType::List => DataType::List,
        SqlType::Map => DataType::Map,
        SqlType::Text | SqlType::Varchar(_) | SqlType::Char(_) | SqlType::Json | SqlType::Any => {
            DataType::Text
        }
    }
}

/// A stored value as GlueSQL has it in a column of this type.
///
/// # Errors
/// `Unsupported` for what GlueSQL has no value for.
pub(super) fn to_glue(value: &Value, ty: &SqlType) -> Result<GlueValue> {
    let sized = match value {
        Value::Int(n) => integer(i128::from(*n), ty),
        Value::Int128(n) => integer(*n, ty),
        // Rounded to 32 bits when it was stored.
        Value::Float(v) if *ty == SqlType::Float32 => Some(GlueValue::F32(*v as f32)),
        _ => None,
    };
    match sized {
        Some(value) => Ok(value),
        None => natural(value),
    }
}

fn integer(n: i128, ty: &SqlType) -> Option<GlueValue> {
    match ty {
        SqlType::Signed8 => i8::try_from(n).ok().map(GlueValue::I8),
        SqlType::SmallInt | SqlType::Signed16 => i16::try_from(n).ok().map(GlueValue::I16),
        SqlType::Signed32 => i32::try_from(n).ok().map(GlueValue::I32),
        SqlType::Signed128 => Some(GlueValue::I128(n)),
        SqlType::Unsigned8 => u8::try_from(n).ok().map(GlueValue::U8),
        SqlType::Unsigned16 => u16::try_from(n).ok().map(GlueValue::U16),
        SqlType::Unsigned32 => u32::try_from(n).ok().map(GlueValue::U32),
        SqlType::Unsigned64 => u64::try_from(n).ok().map(GlueValue::U64),
        SqlType::Unsigned128 => u128::try_from(n).ok().map(GlueValue::U128),
        _ => None,
    }
}

/// A value by itself, without a column. Lists and maps nest at most [`NESTING_MAX`] deep.
fn natural(value: &Value) -> Result<GlueValue> {
    let lacks = |what: &str| Error::Unsupported(format!("{what} in GlueSQL"));
    Ok(match value {
        Value::Null => GlueValue::Null,
        Value::Bool(v) => GlueValue::Bool(*v),
        Value::Int(v) => GlueValue::I64(*v),
        Value::Int128(v) => GlueValue::I128(*v),
        Value::UInt128(v) => GlueValue::U128(*v),
        Value::Float(v) => GlueValue::F64(*v),
        Value::Decimal(v) => GlueValue::Decimal(*v),
        Value::Text(v) | Value::Json(v) => GlueValue::Str(v.to_string()),
        Value::Blob(v) => GlueValue::Bytea(v.to_vec()),
        Value::Date(days) => {
            let date = days.checked_add(DAYS_BEFORE_1970);
            let date = date.and_then(NaiveDate::from_num_days_from_ce_opt);
            GlueValue::Date(date.ok_or_else(|| lacks("so distant a date"))?)
        }
        Value::Time(micros) => {
            let seconds = u32::try_from(micros.div_euclid(MICROS_PER_SECOND)).ok();
            let nanos = u32::try_from(micros.rem_euclid(MICROS_PER_SECOND) * 1000).ok();
            let time = seconds.zip(nanos);
            let time = time.and_then(|(s, n)| NaiveTime::from_num_seconds_from_midnight_opt(s, n));
            GlueValue::Time(time.ok_or_else(|| lacks("a time beyond the day"))?)
        }
        Value::Timestamp(micros) => {
            let at = DateTime::from_timestamp_micros(*micros);
            GlueValue::Timestamp(at.ok_or_else(|| lacks("so distant a time"))?.naive_utc())
        }
        Value::Interval { months: 0, micros } => {
            GlueValue::Interval(Interval::Microsecond(*micros))
        }
        Value::Interval { months, micros: 0 } => GlueValue::Interval(Interval::Month(*months)),
        Value::Interval { .. } => return Err(lacks("an interval of months and days")),
        Value::Uuid(bytes) => GlueValue::Uuid(u128::from_be_bytes(*bytes)),
        Value::Inet(v) => GlueValue::Inet(*v),
        Value::Point(x, y) => GlueValue::Point(Point::new(*x, *y)),
        Value::List(items) => {
            GlueValue::List(items.iter().map(natural).collect::<Result<Vec<_>>>()?)
        }
        Value::Map(members) => {
            let pairs = members.iter().map(|(name, v)| Ok((name.clone(), natural(v)?)));
            GlueValue::Map(pairs.collect::<Result<_>>()?)
        }
    })
}

/// A value of GlueSQL as a column of this type stores it.
///
/// # Errors
/// `Value` where it does not fit the type.
pub(super) fn from_glue(value: &GlueValue, ty: &SqlType) -> Result<Value> {
    Ok(plain(value, NESTING_MAX)?.coerce(ty)?)
}

/// A value of GlueSQL by itself.
pub(super) fn plain(value: &GlueValue, depth: usize) -> Result<Value> {
    let below = || {
        let less = depth.checked_sub(1);
        less.ok_or_else(|| Error::Limit(format!("a value nests more than {NESTING_MAX} deep")))
    };
    Ok(match value {
        GlueValue::Null => Value::Null,
        GlueValue::Bool(v) => Value::Bool(*v),
        GlueValue::I8(v) => Value::Int((*v).into()),
        GlueValue::I16(v) => Value::Int((*v).into()),
        GlueValue::I32(v) => Value::Int((*v).into()),
        GlueValue::I64(v) => Value::Int(*v),
        GlueValue::I128(v) => Value::integer(*v),
        GlueValue::U8(v) => Value::Int((*v).into()),
        GlueValue::U16(v) => Value::Int((*v).into()),
        GlueValue::U32(v) => Value::Int((*v).into()),
        GlueValue::U64(v) => Value::integer((*v).into()),
        GlueValue::U128(v) => Value::unsigned(*v),
        GlueValue::F32(v) => Value::Float((*v).into()),
        GlueValue::F64(v) => Value::Float(*v),
        GlueValue::Decimal(v) => Value::Decimal(*v),
        GlueValue::Str(v) => Value::from(v.as_str()),
        GlueValue::Bytea(v) => Value::Blob(v.as_slice().into()),
        GlueValue::Inet(v) => Value::Inet(*v),
        GlueValue::Date(v) => Value::Date(v.num_days_from_ce() - DAYS_BEFORE_1970),
        GlueValue::Timestamp(v) => Value::Timestamp(v.and_utc().timestamp_micros()),
        GlueValue::Time(v) => {
            // A leap second has a second too many of nanoseconds.
            let micros = i64::from(v.nanosecond() / 1000).min(MICROS_PER_SECOND - 1);
            Value::Time(i64::from(v.num_seconds_from_midnight()) * MICROS_PER_SECOND + micros)
        }
        GlueValue::Interval(Interval::Month(months)) => {
            Value::Interval { months: *months, micros: 0 }
        }
        GlueValue::Interval(Interval::Microsecond(micros)) => {
            Value::Interval { months: 0, micros: *micros }
        }
        GlueValue::Uuid(v) => Value::Uuid(v.to_be_bytes()),
        GlueValue::Point(v) => Value::Point(v.x, v.y),
        GlueValue::List(items) => {
            let depth = below()?;
            Value::list(items.iter().map(|v| plain(v, depth)).collect::<Result<_>>()?)?
        }
        GlueValue::Map(members) => {
            let depth = below()?;
            let pairs = members.iter().map(|(name, v)| Ok((name.clone(), plain(v, depth)?)));
            Value::map(pairs.collect::<Result<_>>()?)?
        }
    })
}
