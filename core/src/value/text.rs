//! Values as text: what `CAST(… AS TEXT)`, `||`, CSV and the prompt show.

use super::interval::interval_text;
use super::time::{date_text, time_text, timestamp_text};
use super::{SqlType, Value, to_json};
use std::fmt;

impl Value {
    /// The value as text, which a cast reads back; empty for NULL. Timestamps are
    /// `YYYY-MM-DD HH:MM:SS[.ffffff]`, blobs `\x` and hexadecimal digits.
    pub fn to_text(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(v) => v.to_string(),
            Value::Int(v) => v.to_string(),
            Value::Int128(v) => v.to_string(),
            Value::UInt128(v) => v.to_string(),
            Value::Float(v) => float_text(*v),
            Value::Decimal(v) => v.to_string(),
            Value::Text(v) | Value::Json(v) => v.to_string(),
            Value::Blob(v) => format!("\\x{}", hex(v)),
            Value::Date(days) => date_text((*days).into()),
            Value::Time(micros) => time_text(*micros),
            Value::Timestamp(micros) => timestamp_text(*micros, ' '),
            Value::Interval { months, micros } => interval_text(*months, *micros),
            Value::Uuid(bytes) => uuid_text(bytes),
            Value::Inet(address) => address.to_string(),
            Value::Point(x, y) => format!("POINT({x} {y})"),
            Value::List(_) | Value::Map(_) => to_json(self, &SqlType::Any).to_string(),
        }
    }
}

impl fmt::Display for Value {
    /// The text, and `NULL` for NULL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Text(text) => f.write_str(text),
            other => f.write_str(&other.to_text()),
        }
    }
}

/// The shortest text that reads back as the same float, with a point or an exponent.
pub(super) fn float_text(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        v => format!("{v:?}"),
    }
}

/// Two lower-case digits per byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

pub(super) fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (i, digit) in hex(bytes).chars().enumerate() {
        if matches!(i, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}
