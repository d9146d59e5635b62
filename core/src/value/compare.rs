//! Three orders: SQL's, which knows NULL and crosses types; that of ORDER BY; that of keys.

use super::interval::estimated_micros;
use super::number::{Number, Wide, float_cmp};
use super::time::MICROS_PER_DAY;
use super::{Value, ValueError};
use core::cmp::Ordering;

impl Value {
    /// Compares as SQL does. `None` if either is NULL.
    ///
    /// Numbers of all kinds, booleans as 0 and 1 among them, compare exactly. A day compares with a
    /// moment as its midnight. Text that meets another type is read as that type. A month of an
    /// interval counts 30 days. A NaN equals a NaN and is greater than any number.
    ///
    /// # Errors
    /// `Incomparable` for kinds without a common order; `Malformed` for text that does not read as
    /// the other side's type.
    pub fn compare(&self, other: &Value) -> Result<Option<Ordering>, ValueError> {
        use Value as V;
        let order = match (self, other) {
            (V::Null, _) | (_, V::Null) => return Ok(None),
            (V::Int(a), V::Int(b)) => a.cmp(b),
            (V::Text(a), V::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (V::Interval { months: am, micros: au }, V::Interval { months: bm, micros: bu }) => {
                estimated_micros(*am, *au).cmp(&estimated_micros(*bm, *bu))
            }
            (V::Date(day), V::Timestamp(at)) => midnight(*day).cmp(&i128::from(*at)),
            (V::Timestamp(at), V::Date(day)) => i128::from(*at).cmp(&midnight(*day)),
            (V::Text(text), typed) => {
                return text_against(text, typed).map(|o| o.map(Ordering::reverse));
            }
            (typed, V::Text(text)) => return text_against(text, typed),
            (a, b) => match (Number::from_value(a), Number::from_value(b)) {
                (Some(a), Some(b)) => a.compare(&b),
                _ if rank(a) == rank(b) => a.total_cmp(b),
                _ => {
                    return Err(ValueError::Incomparable { left: a.kind(), right: b.kind() });
                }
            },
        };
        Ok(Some(order))
    }

    /// The order of ORDER BY, DISTINCT and GROUP BY over whatever mixture: NULL first, numbers of
    /// all kinds together by value, other kinds one after the other as in [`Value::total_cmp`].
    pub fn sort_cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Bool(_), _) | (_, Value::Bool(_)) => self.total_cmp(other),
            (a, b) => match (Number::from_value(a), Number::from_value(b)) {
                (Some(a), Some(b)) => a.compare(&b),
                _ => a.total_cmp(b),
            },
        }
    }

    /// The order of encoded keys: total, and equal only for equal values.
    pub fn total_cmp(&self, other: &Value) -> Ordering {
        use Value as V;
        match (self, other) {
            (V::Int(a), V::Int(b)) => a.cmp(b),
            (V::Text(a), V::Text(b)) | (V::Json(a), V::Json(b)) => a.as_bytes().cmp(b.as_bytes()),
            (V::Bool(a), V::Bool(b)) => a.cmp(b),
            (V::Float(a), V::Float(b)) => float_cmp(*a, *b),
            (V::Decimal(a), V::Decimal(b)) => a.cmp(b),
            (V::Blob(a), V::Blob(b)) => a.cmp(b),
            (V::Date(a), V::Date(b)) => a.cmp(b),
            (V::Time(a), V::Time(b)) | (V::Timestamp(a), V::Timestamp(b)) => a.cmp(b),
            (V::Interval { months: am, micros: au }, V::Interval { months: bm, micros: bu }) => {
                (estimated_micros(*am, *au), am).cmp(&(estimated_micros(*bm, *bu), bm))
            }
            (V::Uuid(a), V::Uuid(b)) => a.cmp(b),
            (V::Inet(a), V::Inet(b)) => a.cmp(b),
            (V::Point(ax, ay), V::Point(bx, by)) => {
                float_cmp(*ax, *bx).then_with(|| float_cmp(*ay, *by))
            }
            (V::List(a), V::List(b)) => {
                let unequal =
                    a.iter().zip(b.iter()).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne());
                unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (V::Map(a), V::Map(b)) => {
                let members = a.iter().zip(b.iter());
                let mut orders =
                    members.map(|((ak, av), (bk, bv))| ak.cmp(bk).then_with(|| av.total_cmp(bv)));
                orders.find(|o| o.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (a, b) => {
                rank(a).cmp(&rank(b)).then_with(|| Wide::from_value(a).cmp(&Wide::from_value(b)))
            }
        }
    }
}

fn midnight(day: i32) -> i128 {
    i128::from(day) * i128::from(MICROS_PER_DAY)
}

/// How a typed value compares with text that is read as its type.
fn text_against(text: &str, typed: &Value) -> Result<Option<Ordering>, ValueError> {
    match typed {
        Value::Blob(_) | Value::List(_) | Value::Map(_) => {
            Err(ValueError::Incomparable { left: typed.kind(), right: "TEXT" })
        }
        _ => typed.compare(&typed.sql_type().parse(text)?),
    }
}

/// The place of a kind in the total order.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Int128(_) | Value::UInt128(_) => 2,
        Value::Decimal(_) => 3,
        Value::Float(_) => 4,
        Value::Date(_) => 5,
        Value::Time(_) => 6,
        Value::Timestamp(_) => 7,
        Value::Interval { .. } => 8,
        Value::Text(_) => 9,
        Value::Blob(_) => 10,
        Value::Uuid(_) => 11,
        Value::Inet(_) => 12,
        Value::Point(..) => 13,
        Value::Json(_) => 14,
        Value::List(_) => 15,
        Value::Map(_) => 16,
    }
}
