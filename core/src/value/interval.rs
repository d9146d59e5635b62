//! Spans of time as text, in PostgreSQL's verbose style.

use super::time::{MICROS_PER_DAY, MICROS_PER_SECOND, parse_fraction, time_text};
use std::fmt::Write;

/// For comparison a month has 30 days, as in PostgreSQL.
pub(super) fn estimated_micros(months: i32, micros: i64) -> i128 {
    i128::from(months) * 30 * i128::from(MICROS_PER_DAY) + i128::from(micros)
}

/// For example `1 year 2 months -3 days 04:05:06.5`; `00:00:00` for nothing.
pub(super) fn interval_text(months: i32, micros: i64) -> String {
    let mut text = String::new();
    let mut part = |count: i64, unit: &str| {
        if count != 0 {
            let plural = if count.abs() == 1 { "" } else { "s" };
            // Writing to a String does not fail.
            let _ = write!(text, "{count} {unit}{plural} ");
        }
    };
    part(i64::from(months) / 12, "year");
    part(i64::from(months) % 12, "month");
    part(micros / MICROS_PER_DAY, "day");
    let time = micros % MICROS_PER_DAY;
    if time != 0 || text.is_empty() {
        if time < 0 {
            text.push('-');
        }
        text.push_str(&time_text(time.abs()));
    }
    text.truncate(text.trim_end().len());
    text
}

/// Reads numbers with units (`1 day 2 hours`, `-3 mons`, `1.5 hours`) and a clock (`04:05:06`) in
/// any order.
pub(super) fn parse_interval(text: &str) -> Option<(i32, i64)> {
    let (mut months, mut micros) = (0i64, 0i64);
    let mut words = text.split_whitespace().peekable();
    words.peek()?;
    while let Some(word) = words.next() {
        if word.contains(':') {
            micros = micros.checked_add(parse_clock(word)?)?;
            continue;
        }
        let digits = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
        let (count, unit) = word.split_at_checked(digits)?;
        let unit = if unit.is_empty() { words.next()? } else { unit };
        let (whole, fraction) = parse_count(count)?;
        let unit = unit.to_ascii_lowercase();
        let scale = match unit.as_str() {
            "microsecond" | "microseconds" | "us" => 1,
            "millisecond" | "milliseconds" | "ms" => 1000,
            "second" | "seconds" | "sec" | "secs" | "s" => MICROS_PER_SECOND,
            "minute" | "minutes" | "min" | "mins" => 60 * MICROS_PER_SECOND,
            "hour" | "hours" | "hr" | "hrs" | "h" => 3600 * MICROS_PER_SECOND,
            "day" | "days" | "d" => MICROS_PER_DAY,
            "week" | "weeks" | "w" => 7 * MICROS_PER_DAY,
            unit => {
                let scale = match unit {
                    "month" | "months" | "mon" | "mons" => 1,
                    "year" | "years" | "yr" | "yrs" | "y" => 12,
                    "decade" | "decades" => 120,
                    "century" | "centuries" => 1200,
                    _ => return None,
                };
                // Part of a month has no length, but half a year is six months.
                let part = i128::from(fraction) * i128::from(scale);
                if part % i128::from(MICROS_PER_SECOND) != 0 {
                    return None;
                }
                let part = i64::try_from(part / i128::from(MICROS_PER_SECOND)).ok()?;
                months = months.checked_add(whole.checked_mul(scale)?)?.checked_add(part)?;
                continue;
            }
        };
        let part = i128::from(fraction) * i128::from(scale) / i128::from(MICROS_PER_SECOND);
        let part = i64::try_from(part).ok()?;
        micros = micros.checked_add(whole.checked_mul(scale)?)?.checked_add(part)?;
    }
    Some((i32::try_from(months).ok()?, micros))
}

/// A number and its fraction in millionths, both with the number's sign.
fn parse_count(text: &str) -> Option<(i64, i64)> {
    let (sign, size) = signed(text);
    let (whole, fraction) = size.split_once('.').unwrap_or((size, "0"));
    if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((sign * whole.parse::<i64>().ok()?, sign * parse_fraction(fraction)?))
}

/// `[-]H+:MM[:SS[.ffffff]]`; the hours may pass 24.
fn parse_clock(text: &str) -> Option<i64> {
    let (sign, clock) = signed(text);
    let mut parts = clock.split(':');
    let (hours, _) = parse_count(parts.next()?)?;
    let (minutes, _) = parse_count(parts.next()?)?;
    let (seconds, fraction) = parts.next().map_or(Some((0, 0)), parse_count)?;
    let real = hours >= 0 && (0..60).contains(&minutes) && (0..60).contains(&seconds);
    if !real || fraction < 0 || parts.next().is_some() {
        return None;
    }
    let seconds = hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)?;
    Some(sign * seconds.checked_mul(MICROS_PER_SECOND)?.checked_add(fraction)?)
}

fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(size) => (-1, size),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_back() {
        const H: i64 = 3600 * MICROS_PER_SECOND;
        for (text, months, micros) in [
            ("00:00:00", 0, 0),
            ("1 year 2 months 3 days 04:05:06.5", 14, 3 * MICROS_PER_DAY + 14_706_500_000),
            ("-1 month -1 day -01:00:00", -1, -MICROS_PER_DAY - H),
            ("106751991 days 04:00:54.775807", 0, i64::MAX),
            ("-178956970 years -8 months", i32::MIN, 0),
        ] {
            assert_eq!(interval_text(months, micros), text);
            assert_eq!(parse_interval(text), Some((months, micros)), "{text}");
        }
        assert_eq!(parse_interval("1.5 hours"), Some((0, H + H / 2)));
        assert_eq!(parse_interval("0.5 years"), Some((6, 0)));
        assert_eq!(parse_interval("90s 5ms 7us"), Some((0, 90_005_007)));
        assert_eq!(parse_interval("2h30min"), None);
        assert_eq!(parse_interval("1 week"), Some((0, 7 * MICROS_PER_DAY)));
        for text in
            ["", "5", "1 day 5", "0.3 months", "1:60", "x days", "99999999999 years", "- day"]
        {
            assert_eq!(parse_interval(text), None, "{text}");
        }
        interval_text(i32::MIN, i64::MIN);
    }
}
