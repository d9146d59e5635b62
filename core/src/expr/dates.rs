//! Functions of dates and times.

use super::EvalError;
use crate::value::{DatePart, MICROS_PER_DAY, SqlType, Value, ValueError};

/// `date_trunc(part, moment)`.
pub(super) fn truncate(part: &Value, value: &Value) -> Result<Value, EvalError> {
    let part = named(part)?;
    let at = match value {
        Value::Timestamp(at) => *at,
        other => match other.clone().coerce(&SqlType::Timestamp)? {
            Value::Timestamp(at) => at,
            other => return Err(operand("DATE_TRUNC", &other)),
        },
    };
    let out_of_range = || ValueError::Undefined { function: "DATE_TRUNC", value: value.to_text() };
    Ok(Value::Timestamp(part.truncate(at).ok_or_else(out_of_range)?))
}

/// `extract(part from value)`.
pub(super) fn extract(part: &Value, value: &Value) -> Result<Value, EvalError> {
    let part = named(part)?;
    let of_day = matches!(
        part,
        DatePart::Hour
            | DatePart::Minute
            | DatePart::Second
            | DatePart::Millisecond
            | DatePart::Microsecond
            | DatePart::Epoch
    );
    match value {
        Value::Timestamp(at) => Ok(part.of(*at)),
        Value::Date(_) | Value::Text(_) => match value.clone().coerce(&SqlType::Timestamp)? {
            Value::Timestamp(at) => Ok(part.of(at)),
            other => Err(operand("DATE_PART", &other)),
        },
        Value::Time(at) if of_day => Ok(part.of(*at)),
        Value::Interval { months, micros } => match part {
            DatePart::Year => Ok(Value::Int(i64::from(months / 12))),
            DatePart::Month => Ok(Value::Int(i64::from(months % 12))),
            DatePart::Day => Ok(Value::Int(micros / MICROS_PER_DAY)),
            DatePart::Epoch if *months == 0 => Ok(part.of(*micros)),
            _ if of_day && part != DatePart::Epoch && *micros >= 0 => Ok(part.of(*micros)),
            _ => Err(operand("DATE_PART", value)),
        },
        other => Err(operand("DATE_PART", other)),
    }
}

fn operand(function: &'static str, value: &Value) -> EvalError {
    EvalError::Operand { function, kind: value.kind() }
}

fn named(part: &Value) -> Result<DatePart, EvalError> {
    let text = part.to_text();
    let malformed = || ValueError::Malformed {
        text: crate::value::shown(&text),
        to: "part of a date".into(),
        form: "write year, month, day, hour, minute, second, dow, doy, week, quarter or epoch",
    };
    Ok(DatePart::by_name(&text).ok_or_else(malformed)?)
}
