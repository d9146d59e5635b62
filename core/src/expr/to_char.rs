//! `to_char`: times and numbers in a pattern of PostgreSQL's; and `age`.

use super::EvalError;
use crate::value::{DatePart, MICROS_PER_DAY, SqlType, Value, ValueError, later};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// What a pattern of a time may hold, longer words first.
const WORDS: [&str; 33] = [
    "HH24", "HH12", "YYYY", "IYYY", "MONTH", "Month", "month", "MON", "Mon", "mon", "DAY", "Day",
    "day", "DDD", "DY", "Dy", "dy", "YYY", "YY", "MM", "DD", "HH", "MI", "SS", "MS", "US", "AM",
    "PM", "am", "pm", "WW", "IW", "Q",
];

fn wrong(message: impl Into<String>) -> EvalError {
    EvalError::Argument(message.into())
}

fn micros(function: &'static str, value: &Value) -> Result<i64, EvalError> {
    match value.clone().coerce(&SqlType::Timestamp)? {
        Value::Timestamp(at) => Ok(at),
        other => Err(EvalError::Operand { function, kind: other.kind() }),
    }
}

/// `to_char(value, pattern)`.
pub(super) fn to_char(value: &Value, pattern: &Value) -> Result<Value, EvalError> {
    let pattern = pattern.to_text();
    Ok(Value::from(match value {
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => number(value, &pattern)?,
        value => time(micros("TO_CHAR", value)?, &pattern)?,
    }))
}

fn time(at: i64, pattern: &str) -> Result<String, EvalError> {
    let of = |name: &str| -> i64 {
        let part = DatePart::by_name(name).map(|part| part.of(at));
        match part.map(|value| value.cast(&SqlType::BigInt)) {
            Some(Ok(Value::Int(n))) => n,
            _ => 0,
        }
    };
    let mut text = String::new();
    let mut rest = pattern;
    let mut plain = false;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('"') {
            let (quoted, after) = behind.split_once('"').unwrap_or((behind, ""));
            text.push_str(quoted);
            rest = after;
            continue;
        }
        if let Some(behind) = rest.strip_prefix("FM") {
            (plain, rest) = (true, behind);
            continue;
        }
        let word = WORDS.iter().find(|word| {
            let lower = word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
            // Numbers may be written in either case; names tell by theirs how they are shown.
            let numeric = lower && !["MONTH", "MON", "DAY", "DY", "AM", "PM"].contains(word);
            let start = rest.get(..word.len());
            start.is_some_and(|s| s == **word || (numeric && s.eq_ignore_ascii_case(word)))
        });
        let Some(word) = word else {
            let mut characters = rest.chars();
            let first = characters.next();
            if first.is_some_and(|c| c.is_ascii_alphabetic()) {
                let unknown: String = rest.chars().take(8).collect();
                return Err(wrong(format!(
                    "TO_CHAR does not know '{unknown}'; write text in double quotes"
                )));
            }
            text.extend(first);
            rest = characters.as_str();
            continue;
        };
        rest = rest.get(word.len()..).unwrap_or("");
        let digits = |text: &mut String, n: i64, width: usize| match plain {
            true => text.push_str(&n.to_string()),
            false => text.push_str(&format!("{n:0width$}")),
        };
        let index = |n: i64, from: i64| usize::try_from(n - from).unwrap_or(0);
        let month = MONTHS.get(index(of("month"), 1)).copied().unwrap_or("");
        let day = DAYS.get(index(of("dow"), 0)).copied().unwrap_or("");
        let hour = of("hour");
        match *word {
            "YYYY" => digits(&mut text, of("year"), 4),
            "YYY" => digits(&mut text, of("year").rem_euclid(1000), 3),
            "YY" => digits(&mut text, of("year").rem_euclid(100), 2),
            "IYYY" => digits(&mut text, week(at).0, 4),
            "IW" => digits(&mut text, week(at).1, 2),
            "MM" => digits(&mut text, of("month"), 2),
            "DDD" => digits(&mut text, of("doy"), 3),
            "DD" => digits(&mut text, of("day"), 2),
            "HH24" => digits(&mut text, hour, 2),
            "HH12" | "HH" => digits(&mut text, (hour + 11) % 12 + 1, 2),
            "MI" => digits(&mut text, of("minute"), 2),
            "SS" => digits(&mut text, at.div_euclid(1_000_000).rem_euclid(60), 2),
            "MS" => digits(&mut text, at.rem_euclid(1_000_000) / 1000, 3),
            "US" => digits(&mut text, at.rem_euclid(1_000_000), 6),
            "Q" => text.push_str(&of("quarter").to_string()),
            "WW" => digits(&mut text, (of("doy") - 1) / 7 + 1, 2),
            "AM" | "PM" => text.push_str(if hour < 12 { "AM" } else { "PM" }),
            "am" | "pm" => text.push_str(if hour < 12 { "am" } else { "pm" }),
            name => {
                let full = name.eq_ignore_ascii_case("month") || name.eq_ignore_ascii_case("day");
                let of_month =
                    name.eq_ignore_ascii_case("month") || name.eq_ignore_ascii_case("mon");
                let long = if of_month { month } else { day };
                let shown = if full { long } else { long.get(..3).unwrap_or(long) };
                let shown = match name.as_bytes() {
                    [a, b, ..] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => {
                        shown.to_ascii_uppercase()
                    }
                    [a, ..] if a.is_ascii_uppercase() => shown.to_owned(),
                    _ => shown.to_ascii_lowercase(),
                };
                text.push_str(&shown);
                if full && !plain {
                    // As wide as the longest name: September, Wednesday.
                    text.extend(std::iter::repeat_n(' ', 9usize.saturating_sub(shown.len())));
                }
            }
        }
        plain = false;
    }
    Ok(text)
}

/// Year and week of ISO 8601: the week belongs to the year of its Thursday.
fn week(at: i64) -> (i64, i64) {
    let days = at.div_euclid(MICROS_PER_DAY);
    // 1970-01-01 was a Thursday, so this is 0 on Mondays.
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let part = |name: &str| {
        let at = thursday.saturating_mul(MICROS_PER_DAY);
        match DatePart::by_name(name).map(|part| part.of(at)) {
            Some(Value::Int(n)) => n,
            _ => 0,
        }
    };
    (part("year"), (part("doy") - 1) / 7 + 1)
}

fn number(value: &Value, pattern: &str) -> Result<String, EvalError> {
    let (pattern, fill) = match pattern.strip_prefix("FM") {
        Some(rest) => (rest, false),
        None => (pattern, true),
    };
    let known = |c: char| matches!(c, '9' | '0' | '.' | ',' | 'D' | 'G' | 'S');
    if let Some(unknown) = pattern.chars().find(|c| !known(c.to_ascii_uppercase())) {
        return Err(wrong(format!(
            "TO_CHAR of numbers knows 9 0 . , D G S and FM, not '{unknown}'"
        )));
    }
    let signed = pattern.contains(['S', 's']);
    let pattern: String = pattern.to_ascii_uppercase().replace('S', "");
    let (whole, fraction) = pattern.split_once(['.', 'D']).unwrap_or((&pattern, ""));
    let places = fraction.chars().filter(|c| matches!(c, '9' | '0')).count();
    let scale = u8::try_from(places).map_err(|_| wrong("TO_CHAR shows at most 28 places"))?;
    let exact = SqlType::Decimal { precision: None, scale: Some(scale.min(28)) };
    let rounded = value.clone().cast(&exact)?.to_text();
    let (negative, digits) = match rounded.strip_prefix('-') {
        Some(digits) => (true, digits.to_owned()),
        None => (false, rounded),
    };
    let (integer, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
    let integer = integer.trim_start_matches('0');
    let room = whole.chars().filter(|c| matches!(c, '9' | '0')).count();
    // What has no room is shown by its places alone.
    let fits = integer.len() <= room;
    // From the left: a place shows its digit, a zero where one is asked for from here on, or a blank.
    let mut place = 0usize;
    let mut shows = false;
    let mut text = String::new();
    for c in whole.chars() {
        if matches!(c, ',' | 'G') {
            text.push(if shows || !fits { ',' } else { ' ' });
            continue;
        }
        if !fits {
            text.push('#');
            continue;
        }
        let digit =
            place.checked_sub(room - integer.len()).and_then(|at| integer.as_bytes().get(at));
        place += 1;
        shows |= c == '0' || digit.is_some();
        match digit {
            Some(digit) => text.push(char::from(*digit)),
            None => text.push(if shows { '0' } else { ' ' }),
        }
    }
    if !fraction.is_empty() {
        text.push('.');
        let filled = format!("{decimals:0<places$}");
        match fits {
            true => text.push_str(filled.get(..places).unwrap_or(&filled)),
            false => text.push_str(&"#".repeat(places)),
        }
    }
    let blank = text.len() - text.trim_start().len();
    let sign = match (negative, signed) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) => " ",
    };
    let shown = format!("{}{sign}{}", " ".repeat(blank), text.trim_start());
    Ok(match fill {
        true => shown,
        false => shown.trim().to_owned(),
    })
}

/// From the second to the first in years, months, days and time.
pub(super) fn age(later_value: &Value, earlier: &Value) -> Result<Value, EvalError> {
    let (to, from) = (micros("AGE", later_value)?, micros("AGE", earlier)?);
    let (low, high) = (to.min(from), to.max(from));
    let months_of = |at: i64| {
        let part = |name: &str| match DatePart::by_name(name).map(|part| part.of(at)) {
            Some(Value::Int(n)) => n,
            _ => 0,
        };
        part("year") * 12 + part("month")
    };
    let moved = |months: i64| match later(low, months, 0) {
        Some(Value::Timestamp(at)) => Some(at),
        _ => None,
    };
    let mut months = months_of(high) - months_of(low);
    if moved(months).is_none_or(|at| at > high) {
        months -= 1;
    }
    let undefined = || ValueError::Undefined { function: "AGE", value: later_value.to_text() };
    let rest = high - moved(months).ok_or_else(undefined)?;
    let months = i32::try_from(months).map_err(|_| undefined())?;
    Ok(match to >= from {
        true => Value::Interval { months, micros: rest },
        false => Value::Interval { months: -months, micros: -rest },
    })
}
