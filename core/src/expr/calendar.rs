//! SQLite's functions of time: `date`, `time`, `datetime`, `julianday`, `unixepoch`, `strftime`.
//!
//! A time is `now`, a text, a moment, a day, a Julian day number, or with the modifier `unixepoch`
//! seconds since 1970. Modifiers are applied in order: `+3 days`, `-1.5 hours`, `start of month`,
//! `weekday 0`. Everything is in UTC; `utc` and `localtime` change nothing.

use super::strings::bounded;
use super::{EvalContext, EvalError, Function};
use crate::value::{DatePart, MICROS_PER_DAY, MICROS_PER_SECOND, SqlType, Value, later};

/// The Julian day number of 1970-01-01T00:00:00Z.
const EPOCH_JULIAN: f64 = 2_440_587.5;

/// Applies one of the functions. What is no time gives NULL, as in SQLite.
pub(super) fn apply(
    function: Function,
    args: &[Value],
    ctx: &EvalContext<'_>,
) -> Result<Value, EvalError> {
    let (format, args) = match (function, args.split_first()) {
        (Function::StrfTime, Some((format, rest))) => (Some(format.to_text()), rest),
        (Function::StrfTime, None) => return Ok(Value::Null),
        _ => (None, args),
    };
    let Some(at) = moment(function, args, ctx)? else { return Ok(Value::Null) };
    let text = |format: &str| strftime(format, at);
    match function {
        Function::DateOf => text("%Y-%m-%d"),
        Function::TimeOf => text("%H:%M:%S"),
        Function::DateTime => text("%Y-%m-%d %H:%M:%S"),
        Function::JulianDay => Ok(Value::Float(EPOCH_JULIAN + at as f64 / MICROS_PER_DAY as f64)),
        Function::UnixEpoch => Ok(Value::Int(at.div_euclid(MICROS_PER_SECOND))),
        _ => text(&format.unwrap_or_default()),
    }
}

/// The moment in microseconds since 1970; `None` for what is none.
fn moment(
    function: Function,
    args: &[Value],
    ctx: &EvalContext<'_>,
) -> Result<Option<i64>, EvalError> {
    let Some((first, modifiers)) = args.split_first() else {
        return ctx.now_us(function.name()).map(Some);
    };
    if args.iter().any(Value::is_null) {
        return Ok(None);
    }
    let mut modifiers = modifiers.iter().map(Value::to_text).peekable();
    let seconds = modifiers.next_if(|m| m.eq_ignore_ascii_case("unixepoch")).is_some();
    let number = match first {
        Value::Text(text) => text.trim().parse::<f64>().ok(),
        other => crate::value::as_float(other),
    };
    let at = match (first, number) {
        (Value::Text(text), _) if text.eq_ignore_ascii_case("now") => {
            Some(ctx.now_us(function.name())?)
        }
        (_, Some(number)) => {
            let micros = match seconds {
                true => number * MICROS_PER_SECOND as f64,
                // To the millisecond, which is what a Julian day number holds.
                false => ((number - EPOCH_JULIAN) * 86_400_000.0).round() * 1_000.0,
            };
            (micros.abs() < 9.0e18).then_some(micros as i64)
        }
        (Value::Text(text), _) => parsed(text),
        (Value::Time(at), _) => Some(10_957 * MICROS_PER_DAY + at),
        (other, _) => match other.clone().coerce(&SqlType::Timestamp) {
            Ok(Value::Timestamp(at)) => Some(at),
            _ => None,
        },
    };
    let mut at = match at {
        Some(at) => at,
        None => return Ok(None),
    };
    for modifier in modifiers {
        match modified(at, &modifier) {
            Some(moved) => at = moved,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// A day, a moment, or a time of the first day of 2000.
fn parsed(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(Value::Timestamp(at)) = Value::from(text).coerce(&SqlType::Timestamp) {
        return Some(at);
    }
    match Value::from(text).coerce(&SqlType::Time) {
        Ok(Value::Time(at)) => Some(10_957 * MICROS_PER_DAY + at),
        _ => None,
    }
}

fn modified(at: i64, modifier: &str) -> Option<i64> {
    let lower = modifier.trim().to_ascii_lowercase();
    let part = |name: &str| DatePart::by_name(name)?.truncate(at);
    match lower.as_str() {
        "utc" | "localtime" | "subsec" | "subsecond" => return Some(at),
        "start of day" => return part("day"),
        "start of month" => return part("month"),
        "start of year" => return part("year"),
        _ => {}
    }
    if let Some(day) = lower.strip_prefix("weekday ") {
        let wanted = day.trim().parse::<i64>().ok().filter(|day| (0..7).contains(day))?;
        // 1970-01-01 was a Thursday.
        let today = (at.div_euclid(MICROS_PER_DAY) + 4).rem_euclid(7);
        let ahead = (wanted - today).rem_euclid(7);
        return at.checked_add(ahead.checked_mul(MICROS_PER_DAY)?);
    }
    let (amount, unit) = lower.split_once(' ')?;
    let amount = amount.parse::<f64>().ok().filter(|amount| amount.is_finite())?;
    let scaled = |micros: i64| {
        let by = amount * micros as f64;
        (by.abs() < 9.0e18).then(|| at.checked_add(by.round() as i64)).flatten()
    };
    let months = |each: f64| {
        let by = amount * each;
        let whole = by.trunc();
        if whole.abs() > 1.0e6 {
            return None;
        }
        // The days of the month go on behind it: a month after January 31 is March 2 or 3.
        let start = part("month")?;
        match later(start, whole as i64, at - start)? {
            Value::Timestamp(at) => Some(at),
            _ => None,
        }
    };
    match unit.trim().trim_end_matches('s') {
        "day" => scaled(MICROS_PER_DAY),
        "hour" => scaled(3_600 * MICROS_PER_SECOND),
        "minute" => scaled(60 * MICROS_PER_SECOND),
        "second" => scaled(MICROS_PER_SECOND),
        "month" => months(1.0),
        "year" => months(12.0),
        _ => None,
    }
}

fn strftime(format: &str, at: i64) -> Result<Value, EvalError> {
    let part = |name: &str| -> i64 {
        match DatePart::by_name(name).map(|part| part.of(at)) {
            Some(Value::Int(n)) => n,
            Some(Value::Decimal(n)) => n.trunc().mantissa() as i64,
            _ => 0,
        }
    };
    let day = at.div_euclid(MICROS_PER_DAY);
    let in_day = at.rem_euclid(MICROS_PER_DAY);
    let second = in_day / MICROS_PER_SECOND;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let mut text = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        bounded(text.len())?;
        if c != '%' {
            text.push(c);
            continue;
        }
        let shown = match chars.next() {
            Some('Y') => format!("{:04}", part("year")),
            Some('m') => format!("{:02}", part("month")),
            Some('d') => format!("{:02}", part("day")),
            Some('e') => format!("{:2}", part("day")),
            Some('H') => format!("{hour:02}"),
            Some('I') => format!("{:02}", (hour + 11) % 12 + 1),
            Some('M') => format!("{minute:02}"),
            Some('S') => format!("{second:02}"),
            Some('f') => {
                let millis = in_day % MICROS_PER_SECOND / 1_000;
                format!("{second:02}.{millis:03}")
            }
            Some('p') => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            Some('F') => format!("{:04}-{:02}-{:02}", part("year"), part("month"), part("day")),
            Some('T') => format!("{hour:02}:{minute:02}:{second:02}"),
            Some('R') => format!("{hour:02}:{minute:02}"),
            Some('j') => format!("{:03}", part("doy")),
            Some('s') => at.div_euclid(MICROS_PER_SECOND).to_string(),
            Some('J') => {
                let julian = EPOCH_JULIAN + at as f64 / MICROS_PER_DAY as f64;
                Value::Float(julian).to_text()
            }
            Some('w') => (day + 4).rem_euclid(7).to_string(),
            Some('u') => ((day + 3).rem_euclid(7) + 1).to_string(),
            Some('W') => {
                let monday = (day + 3).rem_euclid(7);
                format!("{:02}", (part("doy") + 6 - monday) / 7)
            }
            Some('%') => "%".to_owned(),
            _ => return Ok(Value::Null),
        };
        text.push_str(&shown);
    }
    Ok(Value::from(text))
}
