//! Constants: literals as they are written, and parameters.

use crate::error::{Error, Result};
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::Value as SqlValue;

/// The value of a literal or of a parameter.
///
/// # Errors
/// `Sql` for a malformed one and for a parameter that is not there; `Unsupported`.
pub(super) fn constant(literal: &SqlValue, params: &[Value]) -> Result<Value> {
    Ok(match literal {
        SqlValue::Number(text, _) => number(&text.to_string())?,
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

/// The parameter that `$1` names.
///
/// # Errors
/// `Sql` where there is none.
pub(super) fn param<'p>(name: &str, params: &'p [Value]) -> Result<&'p Value> {
    let number = name.strip_prefix('$').and_then(|n| n.parse::<usize>().ok());
    let Some(number) = number else {
        return Err(Error::Unsupported(format!("the parameter {name}; parameters are $1, $2, …")));
    };
    number.checked_sub(1).and_then(|at| params.get(at)).ok_or_else(|| {
        Error::Sql(format!("there is no parameter {name}: {} were given", params.len()))
    })
}

/// A number as it is written: an integer, an exact decimal, or with an exponent (or more digits than
/// a decimal holds) a float.
fn number(text: &str) -> Result<Value> {
    let malformed = || Error::Sql(format!("'{text}' is not a number"));
    if text.bytes().all(|b| b.is_ascii_digit()) {
        if let Ok(whole) = text.parse::<u128>() {
            return Ok(Value::unsigned(whole));
        }
    } else if !text.contains(['e', 'E']) {
        let decimal = SqlType::Decimal { precision: None, scale: None };
        let exact = Value::from(text).coerce(&decimal);
        if let Ok(value @ Value::Decimal(_)) = exact {
            return Ok(value);
        }
    }
    let float: f64 = text.parse().map_err(|_| malformed())?;
    match float.is_finite() {
        true => Ok(Value::Float(float)),
        false => Err(Error::Sql(format!("the number {text} is out of range"))),
    }
}

fn bytes(digits: &str) -> Result<Vec<u8>> {
    let malformed = || Error::Sql("X'…' holds an even number of hexadecimal digits".into());
    let digits: Option<Vec<u8>> =
        digits.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|d| d.len() % 2 == 0).ok_or_else(malformed)?;
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
