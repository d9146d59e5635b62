//! Constants: literals as they are written, and parameters.

use super::parameters::param;
use crate::error::{Error, Result};
use crate::value::Value;
use gluesql_core::sqlparser::ast::Value as SqlValue;
use rust_decimal::Decimal;

/// The value of a literal or of a parameter.
///
/// # Errors
/// `Sql` for a malformed one and for a parameter that is not there; `Unsupported`.
pub(super) fn constant(literal: &SqlValue, params: &[Value]) -> Result<Value> {
    Ok(match literal {
        SqlValue::Number(n, _) => {
            let (digits, scale) = n.as_bigint_and_exponent();
            number(&digits.to_string(), scale)?
        }
        SqlValue::SingleQuotedString(s)
        | SqlValue::EscapedStringLiteral(s)
        | SqlValue::UnicodeStringLiteral(s)
        | SqlValue::NationalStringLiteral(s) => Value::from(s.as_str()),
        SqlValue::DollarQuotedString(s) => Value::from(s.value.as_str()),
        SqlValue::HexStringLiteral(digits) => Value::from(bytes(digits)?),
        SqlValue::Boolean(b) => Value::Bool(*b),
        SqlValue::Null => Value::Null,
        SqlValue::Placeholder(name) => param(name, params)?.clone(),
        other => return Err(Error::Unsupported(format!("the literal {other}"))),
    })
}

/// A number as it is written: an integer, an exact decimal, or a float where it has more digits than
/// those hold.
fn number(digits: &str, scale: i64) -> Result<Value> {
    if scale == 0
        && let Ok(whole) = digits.parse::<u128>()
    {
        return Ok(Value::unsigned(whole));
    }
    let text = format!("{digits}e{}", scale.saturating_neg());
    if let (Ok(mantissa), Ok(scale)) = (digits.parse::<i128>(), u32::try_from(scale))
        && let Ok(exact) = Decimal::try_from_i128_with_scale(mantissa, scale)
    {
        return Ok(Value::Decimal(exact));
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(Value::Float(float)),
        _ => Err(Error::Sql(format!("the number {text} is out of range"))),
    }
}

/// A place in a list that a bare number means, counted from 1 there and from 0 here.
pub(super) fn ordinal(literal: &SqlValue) -> Option<usize> {
    match literal {
        SqlValue::Number(n, _) => n.to_string().parse::<usize>().ok()?.checked_sub(1),
        _ => None,
    }
}

fn bytes(digits: &str) -> Result<Vec<u8>> {
    let malformed = || Error::Sql("X'…' holds an even number of hexadecimal digits".into());
    let digits: Option<Vec<u8>> =
        digits.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|d| d.len() % 2 == 0).ok_or_else(malformed)?;
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
