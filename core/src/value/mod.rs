//! SQL values: what they are, how they convert, compare and compute, and how they are stored.
//!
//! ```text
//!                    ┌── coerce, cast ──▶ Value ── compare, arith ──▶ Value
//!   text, JSON, SQL ─┘                      │
//!                                           ├── key  bytes whose order is the order of the values
//!                                           └── row  short bytes, read column by column
//! ```
//!
//! Invariants:
//! - **One value, one representation.** An integer is an `Int` where 64 bits hold it, else an
//!   `Int128`, else a `UInt128`; build them with [`Value::integer`] and [`Value::unsigned`]. What
//!   is stored has no negative zero, one NaN, and decimals without trailing zeros.
//! - **One order.** [`Value::total_cmp`] is the order of encoded keys, and equality is equality in
//!   it. NULL comes first, then booleans, integers, decimals, floats, dates, times, timestamps,
//!   intervals, text, blobs, UUIDs, addresses, points, JSON, lists, maps. Columns are typed, so
//!   integers and floats meet in one index only in a column of type `Any`; there an integer sorts
//!   before every float. SQL comparison, which is across types and knows NULL, is
//!   [`Value::compare`].
//! - Lists and maps nest at most [`NESTING_MAX`] deep; build them with [`Value::list`] and
//!   [`Value::map`].
//!
//! What is left to others: which columns a row has (`row`), and what operators and functions do
//! with values (`expr`).

mod arith;
mod cast;
mod coerce;
mod compare;
mod error;
mod interval;
mod json;
mod key;
mod number;
mod parse;
mod row;
mod text;
mod time;
mod types;

pub use arith::ArithOp;
pub use error::ValueError;
pub use json::{from_json, to_json};
pub use key::{KeyBuilder, decode_key, decode_key_parts, encode_key, successor};
pub(crate) use row::read_value;
pub use row::{RowReader, decode_value, encode_row, encode_value};
pub(crate) use time::later;
pub use time::{DatePart, MICROS_PER_DAY, MICROS_PER_SECOND};
pub use types::SqlType;

pub(crate) use coerce::round;
pub(crate) use parse::shown;
pub(crate) use text::hex;

use core::net::IpAddr;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// How deep lists and maps nest at most.
pub const NESTING_MAX: usize = 64;

/// One SQL value. 32 bytes; cloning copies a pointer at most.
///
/// Equality is that of representation: `Int(1)` and `Float(1.0)` are different values, although
/// [`Value::compare`] finds them equal. A NaN equals a NaN, and decimals are equal whatever their
/// scale.
#[derive(Debug, Clone)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer that 64 bits hold, of whatever declared width.
    Int(i64),
    /// An integer that `Int` does not hold.
    Int128(i128),
    /// An integer that `Int128` does not hold.
    UInt128(u128),
    /// A 64-bit float.
    Float(f64),
    /// An exact decimal of up to 28 digits.
    Decimal(Decimal),
    /// Text.
    Text(Arc<str>),
    /// Bytes.
    Blob(Arc<[u8]>),
    /// A day, counted from 1970-01-01.
    Date(i32),
    /// A time of day in microseconds.
    Time(i64),
    /// A moment in microseconds since 1970-01-01T00:00:00Z, without leap seconds.
    Timestamp(i64),
    /// A span of time. Months have no fixed length, so they are counted apart.
    Interval {
        /// Whole months.
        months: i32,
        /// Days and less, in microseconds.
        micros: i64,
    },
    /// A UUID.
    Uuid([u8; 16]),
    /// A JSON document in canonical text: members sorted, no spaces.
    Json(Arc<str>),
    /// An IP address.
    Inet(IpAddr),
    /// A point in the plane.
    Point(f64, f64),
    /// Values in order.
    List(Arc<[Value]>),
    /// Values by name.
    Map(Arc<BTreeMap<String, Value>>),
}

impl Value {
    /// An integer in its one representation.
    pub fn integer(value: i128) -> Value {
        match i64::try_from(value) {
            Ok(small) => Value::Int(small),
            Err(_) => Value::Int128(value),
        }
    }

    /// An unsigned integer in its one representation.
    pub fn unsigned(value: u128) -> Value {
        match i128::try_from(value) {
            Ok(signed) => Value::integer(signed),
            Err(_) => Value::UInt128(value),
        }
    }

    /// A list.
    ///
    /// # Errors
    /// `TooDeep` beyond [`NESTING_MAX`].
    pub fn list(items: Vec<Value>) -> Result<Value, ValueError> {
        within_depth(items.iter())?;
        Ok(Value::List(items.into()))
    }

    /// A map.
    ///
    /// # Errors
    /// `TooDeep` beyond [`NESTING_MAX`].
    pub fn map(members: BTreeMap<String, Value>) -> Result<Value, ValueError> {
        within_depth(members.values())?;
        Ok(Value::Map(Arc::new(members)))
    }

    /// Whether this is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The kind of value, as SQL names such a type; for messages and `typeof`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Bool(_) => "BOOLEAN",
            Value::Int(_) | Value::Int128(_) | Value::UInt128(_) => "INTEGER",
            Value::Float(_) => "DOUBLE",
            Value::Decimal(_) => "DECIMAL",
            Value::Text(_) => "TEXT",
            Value::Blob(_) => "BLOB",
            Value::Date(_) => "DATE",
            Value::Time(_) => "TIME",
            Value::Timestamp(_) => "TIMESTAMP",
            Value::Interval { .. } => "INTERVAL",
            Value::Uuid(_) => "UUID",
            Value::Json(_) => "JSON",
            Value::Inet(_) => "INET",
            Value::Point(..) => "POINT",
            Value::List(_) => "LIST",
            Value::Map(_) => "MAP",
        }
    }

    /// The type that a value has by itself, without a column.
    pub fn sql_type(&self) -> SqlType {
        match self {
            Value::Null => SqlType::Any,
            Value::Bool(_) => SqlType::Boolean,
            Value::Int(_) => SqlType::Integer,
            Value::Int128(_) => SqlType::Signed128,
            Value::UInt128(_) => SqlType::Unsigned128,
            Value::Float(_) => SqlType::Double,
            Value::Decimal(d) => SqlType::Decimal { precision: None, scale: Some(scale_of(d)) },
            Value::Text(_) => SqlType::Text,
            Value::Blob(_) => SqlType::Blob,
            Value::Date(_) => SqlType::Date,
            Value::Time(_) => SqlType::Time,
            Value::Timestamp(_) => SqlType::Timestamp,
            Value::Interval { .. } => SqlType::Interval,
            Value::Uuid(_) => SqlType::Uuid,
            Value::Json(_) => SqlType::Json,
            Value::Inet(_) => SqlType::Inet,
            Value::Point(..) => SqlType::Point,
            Value::List(_) => SqlType::List,
            Value::Map(_) => SqlType::Map,
        }
    }

    /// About how many bytes the value holds in memory.
    pub fn size_bytes(&self) -> usize {
        let inside = match self {
            Value::Text(text) | Value::Json(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            Value::List(items) => items.iter().map(Value::size_bytes).sum(),
            Value::Map(members) => members.iter().map(|(k, v)| 24 + k.len() + v.size_bytes()).sum(),
            _ => 0,
        };
        size_of::<Value>() + inside
    }

    /// How deep lists and maps nest below this value; 0 for anything else. Stops one level past
    /// the bound.
    fn depth(&self, allowed: usize) -> usize {
        let below = |values: &mut dyn Iterator<Item = &Value>| match allowed {
            0 => 0,
            _ => values.map(|v| v.depth(allowed - 1)).max().unwrap_or(0),
        };
        match self {
            Value::List(items) => 1 + below(&mut items.iter()),
            Value::Map(members) => 1 + below(&mut members.values()),
            _ => 0,
        }
    }
}

fn within_depth<'v>(mut children: impl Iterator<Item = &'v Value>) -> Result<(), ValueError> {
    match children.any(|child| child.depth(NESTING_MAX) >= NESTING_MAX) {
        true => Err(ValueError::TooDeep),
        false => Ok(()),
    }
}

/// A number, or a boolean as 0 or 1, as the nearest float.
pub(crate) fn as_float(value: &Value) -> Option<f64> {
    number::Number::from_value(value).map(number::Number::to_f64)
}

/// A number as the decimal that it is written as; `None` where 28 digits do not hold it.
pub(crate) fn as_decimal(value: &Value) -> Option<Decimal> {
    number::Number::from_value(value).and_then(number::Number::to_decimal)
}

fn scale_of(decimal: &Decimal) -> u8 {
    // A decimal's scale is at most 28.
    u8::try_from(decimal.scale()).unwrap_or(28)
}

/// The one bit pattern of a float: no negative zero, one NaN.
pub(crate) fn canonical_float(value: f64) -> f64 {
    match value {
        v if v.is_nan() => f64::NAN,
        // Negative zero too.
        0.0 => 0.0,
        v => v,
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            _ => self.total_cmp(other).is_eq(),
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Value::Null => {}
            Value::Bool(v) => v.hash(state),
            Value::Int(v) | Value::Time(v) | Value::Timestamp(v) => v.hash(state),
            Value::Int128(v) => v.hash(state),
            Value::UInt128(v) => v.hash(state),
            Value::Float(v) => canonical_float(*v).to_bits().hash(state),
            Value::Decimal(v) => v.normalize().hash(state),
            Value::Text(v) | Value::Json(v) => v.hash(state),
            Value::Blob(v) => v.hash(state),
            Value::Date(v) => v.hash(state),
            Value::Interval { months, micros } => (months, micros).hash(state),
            Value::Uuid(v) => v.hash(state),
            Value::Inet(v) => v.hash(state),
            Value::Point(x, y) => {
                canonical_float(*x).to_bits().hash(state);
                canonical_float(*y).to_bits().hash(state);
            }
            Value::List(items) => items.hash(state),
            Value::Map(members) => members.hash(state),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Float(value)
    }
}

impl From<Decimal> for Value {
    fn from(value: Decimal) -> Self {
        Value::Decimal(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value.into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Blob(value.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
