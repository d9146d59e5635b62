//! Times as the protocol writes and reads them.

use offshoot_core::history::Micros;
use offshoot_core::value::{MICROS_PER_SECOND, SqlType, Value, to_json};

/// RFC 3339 in UTC: `2025-12-01T08:00:00Z`, with six digits of a fraction where there is one.
pub(crate) fn rfc3339(time: Micros) -> String {
    let fraction = time.0.rem_euclid(MICROS_PER_SECOND);
    let whole = Value::Timestamp(time.0.saturating_sub(fraction));
    let mut text = match to_json(&whole, &SqlType::Timestamp) {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    if fraction != 0 {
        if text.ends_with('Z') {
            text.pop();
        }
        text.push_str(&format!(".{fraction:06}Z"));
    }
    text
}

/// A time given as text, and whether it stands for a whole second because it has no fraction.
///
/// Seconds since 1970, with or without a fraction, are read as well as dates.
pub(crate) fn parse(text: &str) -> Option<(Micros, bool)> {
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-')
        && text.bytes().filter(|b| *b == b'-').count() <= usize::from(text.starts_with('-'))
    {
        return unix(text);
    }
    match SqlType::Timestamp.coerce(Value::from(text)) {
        Ok(Value::Timestamp(micros)) => Some((Micros(micros), !text.contains('.'))),
        _ => None,
    }
}

/// Seconds since 1970 as text, with up to six digits of a fraction.
fn unix(text: &str) -> Option<(Micros, bool)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (seconds, fraction) = match digits.split_once('.') {
        Some((seconds, fraction)) => (seconds, Some(fraction)),
        None => (digits, None),
    };
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !plain(seconds) || fraction.is_some_and(|f| !plain(f) || f.len() > 6) {
        return None;
    }
    let mut micros = seconds.parse::<i64>().ok()?.checked_mul(MICROS_PER_SECOND)?;
    if let Some(fraction) = fraction {
        micros = micros.checked_add(format!("{fraction:0<6}").parse().ok()?)?;
    }
    Some((Micros(if negative { -micros } else { micros }), fraction.is_none()))
}

#[cfg(test)]
mod tests {
    use super::{Micros, parse, rfc3339};

    const SECOND: i64 = 1_000_000;

    #[test]
    fn written_with_a_fraction_only_where_there_is_one() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_764_576_000 * SECOND, "2025-12-01T08:00:00Z"),
            (1_764_576_000 * SECOND + 120, "2025-12-01T08:00:00.000120Z"),
            (-SECOND / 2, "1969-12-31T23:59:59.500000Z"),
        ] {
            assert_eq!(rfc3339(Micros(micros)), text);
            assert_eq!(parse(text), Some((Micros(micros), micros % SECOND == 0)), "{text}");
        }
    }

    #[test]
    fn read_in_several_forms() {
        let at = Micros(1_764_576_000 * SECOND);
        for text in ["2025-12-01T09:00:00+01:00", "2025-12-01 08:00:00", "1764576000"] {
            assert_eq!(parse(text), Some((at, true)), "{text}");
        }
        assert_eq!(parse("1764576000.25"), Some((Micros(at.0 + SECOND / 4), false)));
        assert_eq!(parse("-1.5"), Some((Micros(-SECOND - SECOND / 2), false)));
        for text in
            ["", "noon", "2025-13-01T00:00:00Z", "2025-02-30", "1.", ".5", "1.2.3", "-", "1-2"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("99999999999999999999"), None);
    }
}
