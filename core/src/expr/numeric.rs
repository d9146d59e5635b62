//! Functions of numbers.

use super::{EvalError, Function};
use crate::value::{ArithOp, Value, ValueError, as_decimal, as_float, round};
use rust_decimal::Decimal;

/// Applies a function of numbers to arguments that are not NULL.
pub(super) fn apply(function: Function, args: &[Value]) -> Result<Value, EvalError> {
    let name = function.name();
    let read: Vec<Value>;
    // Text is read as a number, as operators do.
    let args = match args.iter().any(|v| matches!(v, Value::Text(_))) {
        false => args,
        true => {
            let numbers = args.iter().map(|v| match v {
                Value::Text(_) => Value::Int(0).arith(ArithOp::Add, v),
                other => Ok(other.clone()),
            });
            read = numbers.collect::<Result<_, ValueError>>()?;
            &read
        }
    };
    let operand = |v: &Value| EvalError::Operand { function: name, kind: v.kind() };
    let undefined = |v: &Value| ValueError::Undefined { function: name, value: v.to_text() };
    let float = |v: &Value| as_float(v).ok_or_else(|| operand(v));
    match (function, args) {
        (Function::Mod, [a, b]) => Ok(a.arith(ArithOp::Rem, b)?),
        (Function::Power, [a, b]) => {
            let (base, exponent) = (float(a)?, float(b)?);
            let result = base.powf(exponent);
            match result.is_finite() || !base.is_finite() || !exponent.is_finite() {
                true => Ok(Value::Float(result)),
                false => Err(undefined(a).into()),
            }
        }
        (Function::Sqrt, [v]) => match float(v)? {
            number if number < 0.0 => Err(undefined(v).into()),
            number => Ok(Value::Float(number.sqrt())),
        },
        (Function::Pi, []) => Ok(Value::Float(std::f64::consts::PI)),
        (Function::Exp, [v]) => Ok(Value::Float(float(v)?.exp())),
        (Function::Ln | Function::Log | Function::Log10, [v]) if float(v)? <= 0.0 => {
            Err(undefined(v).into())
        }
        (Function::Ln, [v]) => Ok(Value::Float(float(v)?.ln())),
        (Function::Log | Function::Log10, [v]) => Ok(Value::Float(float(v)?.log10())),
        (Function::Log, [base, v]) => match (float(base)?, float(v)?) {
            (base, x) if base > 0.0 && base != 1.0 && x > 0.0 => {
                Ok(Value::Float(x.ln() / base.ln()))
            }
            _ => Err(undefined(v).into()),
        },
        (Function::Trunc, [Value::Float(v)]) => Ok(Value::Float(v.trunc())),
        (Function::Trunc, [Value::Decimal(v)]) => Ok(Value::Decimal(v.trunc())),
        (Function::Trunc, [v]) => float(v).map(|_| v.clone()),
        (Function::Trunc, [v, digits]) => {
            let Value::Int(digits) = digits.clone().cast(&crate::value::SqlType::Integer)? else {
                return Ok(Value::Null);
            };
            let digits = i32::try_from(digits.clamp(-300, 300)).unwrap_or(0);
            match v {
                Value::Decimal(v) if (0..=28).contains(&digits) => {
                    Ok(Value::Decimal(v.trunc_with_scale(digits as u32)))
                }
                v => {
                    let scale = 10f64.powi(digits);
                    Ok(Value::Float((float(v)? * scale).trunc() / scale))
                }
            }
        }
        (Function::Abs, [v]) => match v.compare(&Value::Int(0))? {
            Some(order) if order.is_lt() => Ok(v.neg()?),
            _ => float(v).map(|_| v.clone()),
        },
        (Function::Sign, [v]) => {
            let number = float(v)?;
            Ok(Value::Int(i64::from(number > 0.0) - i64::from(number < 0.0)))
        }
        (Function::Ceil, [Value::Float(v)]) => Ok(Value::Float(v.ceil())),
        (Function::Floor, [Value::Float(v)]) => Ok(Value::Float(v.floor())),
        (Function::Ceil, [Value::Decimal(v)]) => Ok(Value::Decimal(v.ceil())),
        (Function::Floor, [Value::Decimal(v)]) => Ok(Value::Decimal(v.floor())),
        (Function::Ceil | Function::Floor, [v]) => float(v).map(|_| v.clone()),
        (Function::Round, [v]) => rounded(v, 0),
        (Function::Round, [v, digits]) => {
            let Value::Int(digits) = digits.clone().cast(&crate::value::SqlType::Integer)? else {
                return Ok(Value::Null);
            };
            rounded(v, digits)
        }
        (_, args) => Err(operand(args.first().unwrap_or(&Value::Null))),
    }
}

/// Half away from zero, to so many digits after the point, or before it if below zero. The kind of
/// number stays.
fn rounded(value: &Value, digits: i64) -> Result<Value, EvalError> {
    let operand = || EvalError::Operand { function: "ROUND", kind: value.kind() };
    if let Value::Float(v) = value {
        return Ok(Value::Float(match digits {
            _ if !v.is_finite() => *v,
            0 => v.round(),
            // A 64-bit float has no digits beyond.
            1..=300 => round_float(*v, digits as usize),
            301.. => *v,
            -300..0 => {
                let unit = 10f64.powi(-digits as i32);
                (v / unit).round() * unit
            }
            _ => 0.0,
        }));
    }
    let exact = as_decimal(value).ok_or_else(operand)?;
    let result = match u32::try_from(digits) {
        Ok(digits) => round(exact, digits.min(28)),
        Err(_) if digits < -28 => Decimal::ZERO,
        Err(_) => {
            // From -28 to -1.
            let unit = Decimal::from_i128_with_scale(10i128.pow(digits.unsigned_abs() as u32), 0);
            let whole = exact.checked_div(unit).map(|quotient| round(quotient, 0));
            let undefined = || ValueError::Undefined { function: "ROUND", value: value.to_text() };
            whole.and_then(|whole| whole.checked_mul(unit)).ok_or_else(undefined)?
        }
    };
    match value {
        Value::Decimal(_) => Ok(Value::Decimal(result)),
        _ if digits >= 0 => Ok(value.clone()),
        _ => Ok(Value::integer(result.normalize().mantissa())),
    }
}

/// Rounds the float's exact value: formatting does, except that it takes ties to the even digit.
fn round_float(value: f64, digits: usize) -> f64 {
    let scaled = value * 2f64.powi(i32::try_from(digits).unwrap_or(0) + 1);
    // Only a number with at most one binary digit more than this can be a tie; it has at most one
    // decimal digit more too, so that writing it out is exact.
    let tie = scaled.is_finite() && scaled.fract() == 0.0;
    let text = match tie {
        false => format!("{value:.digits$}"),
        true => {
            let exact = format!("{value:.*}", digits + 1);
            match exact.parse::<Decimal>() {
                Ok(exact) => round(exact, digits as u32).to_string(),
                Err(_) => format!("{value:.digits$}"),
            }
        }
    };
    text.parse().unwrap_or(value)
}
