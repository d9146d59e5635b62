//! Numbers of all kinds, compared and converted without loss.

use super::Value;
use core::cmp::Ordering;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// An integer of any stored width. Never a negative zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wide {
    pub negative: bool,
    pub magnitude: u128,
}

impl Wide {
    pub fn new(negative: bool, magnitude: u128) -> Self {
        Wide { negative: negative && magnitude != 0, magnitude }
    }

    pub fn of(value: i128) -> Self {
        Wide { negative: value < 0, magnitude: value.unsigned_abs() }
    }

    pub fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Int(v) => Some(Wide::of(i128::from(*v))),
            Value::Int128(v) => Some(Wide::of(*v)),
            Value::UInt128(v) => Some(Wide::new(false, *v)),
            Value::Bool(v) => Some(Wide::new(false, u128::from(*v))),
            _ => None,
        }
    }

    /// The value, if any width holds it.
    pub fn into_value(self) -> Option<Value> {
        if !self.negative {
            return Some(Value::unsigned(self.magnitude));
        }
        self.to_i128().map(Value::integer)
    }

    pub fn to_i128(self) -> Option<i128> {
        match self.negative {
            false => i128::try_from(self.magnitude).ok(),
            true => 0i128.checked_sub_unsigned(self.magnitude),
        }
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        let size = self.magnitude as f64;
        if self.negative { -size } else { size }
    }

    pub fn to_decimal(self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(self.to_i128()?, 0).ok()
    }

    /// The part of a float before the point; `None` where no integer type holds it.
    pub fn truncated(value: f64) -> Option<Self> {
        let size = value.trunc().abs();
        // 2^128 as a float is exact; a NaN fails the comparison.
        (size < 340_282_366_920_938_463_463_374_607_431_768_211_456.0)
            .then(|| Wide::new(value < 0.0, size as u128))
    }

    pub fn truncated_decimal(value: &Decimal) -> Self {
        Wide::of(value.trunc().mantissa())
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, true) => other.magnitude.cmp(&self.magnitude),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// A number of whatever kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Integer(Wide),
    Float(f64),
    Decimal(Decimal),
}

impl Number {
    /// Numbers, and booleans as 0 and 1.
    pub fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Float(v) => Some(Number::Float(*v)),
            Value::Decimal(v) => Some(Number::Decimal(*v)),
            other => Wide::from_value(other).map(Number::Integer),
        }
    }

    pub fn into_value(self) -> Option<Value> {
        match self {
            Number::Integer(v) => v.into_value(),
            Number::Float(v) => Some(Value::Float(v)),
            Number::Decimal(v) => Some(Value::Decimal(v)),
        }
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        match self {
            Number::Integer(v) => v.to_f64(),
            Number::Float(v) => v,
            Number::Decimal(v) => decimal_to_f64(&v),
        }
    }

    /// The decimal that the number is written as; `None` where 28 digits do not hold it.
    pub fn to_decimal(self) -> Option<Decimal> {
        match self {
            Number::Integer(v) => v.to_decimal(),
            Number::Float(v) => float_to_decimal(v),
            Number::Decimal(v) => Some(v),
        }
    }

    /// The exact numeric order. A NaN equals itself and is greater than any other number.
    pub fn compare(&self, other: &Number) -> Ordering {
        use Number::{Decimal as D, Float as F, Integer as I};
        match (self, other) {
            (I(a), I(b)) => a.cmp(b),
            (F(a), F(b)) => float_cmp(*a, *b),
            (D(a), D(b)) => a.cmp(b),
            (I(a), F(b)) => integer_float(*a, *b),
            (F(a), I(b)) => integer_float(*b, *a).reverse(),
            (I(a), D(b)) => integer_decimal(*a, b),
            (D(a), I(b)) => integer_decimal(*b, a).reverse(),
            (D(a), F(b)) => decimal_float(a, *b),
            (F(a), D(b)) => decimal_float(b, *a).reverse(),
        }
    }
}

/// The numeric order, with one zero, and one NaN after everything else (as in PostgreSQL).
pub(super) fn float_cmp(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn integer_float(a: Wide, b: f64) -> Ordering {
    match Wide::truncated(b) {
        Some(whole) => a.cmp(&whole).then_with(|| float_cmp(0.0, b.fract())),
        None if b < 0.0 => Ordering::Greater,
        None => Ordering::Less,
    }
}

fn integer_decimal(a: Wide, b: &Decimal) -> Ordering {
    a.cmp(&Wide::truncated_decimal(b)).then_with(|| Decimal::ZERO.cmp(&b.fract()))
}

fn decimal_float(a: &Decimal, b: f64) -> Ordering {
    match integer_float(Wide::truncated_decimal(a), b.trunc()) {
        Ordering::Equal => {}
        unequal => return unequal,
    }
    // The whole parts agree, so that only the fractions are left; where both are not zero they
    // have the same sign unless the whole part is zero.
    let (x, y) = (a.fract(), b.fract());
    let sign = |negative: bool, zero: bool| match (zero, negative) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    };
    let (sx, sy) = (sign(x.is_sign_negative(), x.is_zero()), sign(y < 0.0, y == 0.0));
    if sx != sy || sx == 0 {
        return sx.cmp(&sy);
    }
    let size = fraction_cmp(x.mantissa().unsigned_abs(), x.scale(), y.abs());
    if sx < 0 { size.reverse() } else { size }
}

/// Compares `r / 10^scale` with a float `f`, both in (0, 1).
fn fraction_cmp(r: u128, scale: u32, f: f64) -> Ordering {
    // f = q / 2^t exactly, with q of at most 53 bits.
    let bits = f.to_bits();
    let exponent = (bits >> 52) as i32;
    let (q, t) = match exponent {
        0 => (bits & ((1 << 52) - 1), 1074),
        e => (bits & ((1 << 52) - 1) | 1 << 52, (1075 - e) as u32),
    };
    // A decimal's fraction is at least 10^-28 > 2^-94, so a float below 2^-95 is smaller.
    if t > 53 + 95 {
        return Ordering::Greater;
    }
    let shift = q.trailing_zeros().min(t);
    let (q, t) = (q >> shift, t - shift);
    // r * 2^t against q * 10^scale; both stay below 2^256.
    let left = match t {
        0..=127 => wide_product(r, 1 << t),
        _ => {
            let (high, low) = wide_product(r, 1 << 127);
            let s = t - 127;
            (high << s | low >> (128 - s), low << s)
        }
    };
    left.cmp(&wide_product(u128::from(q), 10u128.pow(scale)))
}

/// The product as 256 bits, high half first.
fn wide_product(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let low = a0 * b0;
    let (m1, m2) = (a1 * b0, a0 * b1);
    let middle = (low >> 64) + (m1 & LOW) + (m2 & LOW);
    (a1 * b1 + (m1 >> 64) + (m2 >> 64) + (middle >> 64), middle << 64 | low & LOW)
}

/// The nearest float.
pub(super) fn decimal_to_f64(value: &Decimal) -> f64 {
    let mantissa = value.mantissa();
    // Both parts are exact up to here, so that one division rounds correctly.
    if mantissa.unsigned_abs() < 1 << 53 && value.scale() <= 22 {
        return mantissa as f64 / 10f64.powi(value.scale() as i32);
    }
    value.to_string().parse().ok().or_else(|| value.to_f64()).unwrap_or(f64::NAN)
}

/// The decimal that a float is written as: 0.1 for 0.1, although the float lies a little above.
fn float_to_decimal(value: f64) -> Option<Decimal> {
    if !value.is_finite() {
        return None;
    }
    value.to_string().parse().ok()
}

/// Reads a number as SQL writes it: an integer, a decimal that is held exactly (28 digits, 29 at
/// times), or else (with an exponent or more digits) a float. `None` for anything else, infinities and NaN included.
pub(super) fn parse_number(text: &str) -> Option<Number> {
    let text = text.trim();
    let plain =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if !plain || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Ok(value) = text.parse::<i128>() {
        return Some(Number::Integer(Wide::of(value)));
    }
    if let Ok(value) = text.parse::<u128>() {
        return Some(Number::Integer(Wide::new(false, value)));
    }
    if !text.contains(['e', 'E'])
        && let Ok(value) = Decimal::from_str_exact(text)
    {
        return Some(Number::Decimal(value));
    }
    text.parse::<f64>().ok().filter(|v| v.is_finite()).map(Number::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_256_bits() {
        assert_eq!(wide_product(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(wide_product(1 << 127, 4), (2, 0));
    }

    #[test]
    fn decimals_and_floats_compare_exactly() {
        let cmp = |d: &str, f: f64| {
            let d = Number::Decimal(d.parse().expect("a decimal"));
            let there = d.compare(&Number::Float(f));
            assert_eq!(Number::Float(f).compare(&d), there.reverse(), "{d:?} {f}");
            there
        };
        // The float written 0.1 is 0.1000000000000000055511151231257827…
        assert_eq!(cmp("0.1", 0.1), Ordering::Less);
        assert_eq!(cmp("0.1000000000000000055511151231", 0.1), Ordering::Less);
        assert_eq!(cmp("0.1000000000000000055511151232", 0.1), Ordering::Greater);
        assert_eq!(cmp("-0.1", -0.1), Ordering::Greater);
        assert_eq!(cmp("0.5", 0.5), Ordering::Equal);
        assert_eq!(cmp("-2.25", -2.25), Ordering::Equal);
        assert_eq!(cmp("2.25", -2.25), Ordering::Greater);
        assert_eq!(cmp("0", 5e-324), Ordering::Less);
        assert_eq!(cmp("0.0000000000000000000000000001", 5e-324), Ordering::Greater);
        // 1e-28 is 0.00000000000000000000000000009999999999999999714…
        assert_eq!(cmp("0.0000000000000000000000000001", 1e-28), Ordering::Greater);
        assert_eq!(cmp("0.0000000000000000000000000001", 1.0001e-28), Ordering::Less);
        assert_eq!(cmp("0.0000000000000000000000000001", 0.99e-28), Ordering::Greater);
        assert_eq!(
            cmp("79228162514264337593543950335", 79228162514264337593543950336.0),
            Ordering::Less
        );
        assert_eq!(cmp("1", f64::INFINITY), Ordering::Less);
        assert_eq!(cmp("1", f64::NEG_INFINITY), Ordering::Greater);
        assert_eq!(cmp("1", f64::NAN), Ordering::Less);
        assert_eq!(cmp("-0.5", 0.0), Ordering::Less);
        assert_eq!(cmp("0", -0.5), Ordering::Greater);
    }
}
