//! Timestamps as the API writes them.

/// Microseconds since 1970 of `YYYY-MM-DDTHH:MM:SS[.f…]Z` with one to six digits of fraction;
/// `None` for any other text.
pub fn micros(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, digits)) => (clock, fraction_micros(digits)?),
        None => (time, 0),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let plausible = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    plausible.then_some(seconds * 1_000_000 + fraction)
}

fn fraction_micros(digits: &str) -> Option<i64> {
    let good = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let scale = 10_i64.pow(6_u32.checked_sub(digits.len() as u32)?);
    good.then(|| digits.parse::<i64>().ok())?.map(|n| n * scale)
}

fn numbers(text: &str, separator: char, lengths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut next = |length: usize| {
        let part = parts.next()?;
        let digits = part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse().ok())?
    };
    let found = [next(lengths[0])?, next(lengths[1])?, next(lengths[2])?];
    parts.next().is_none().then_some(found)
}

/// Days since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A TIMESTAMP value in one spelling: `T` between date and time, no fraction of nothing, no `Z`.
pub fn plain(text: &str) -> String {
    let text = text.strip_suffix('Z').unwrap_or(text).replacen(' ', "T", 1);
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{micros, plain};

    #[test]
    fn times() {
        assert_eq!(micros("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(micros("2023-12-01T16:00:00Z"), Some(1_701_446_400_000_000));
        assert_eq!(micros("2024-02-29T00:00:00.25Z"), Some(1_709_164_800_250_000));
        assert_eq!(micros("2023-12-01T16:00:00.000001Z"), Some(1_701_446_400_000_001));
        for text in ["", "2023-12-01", "2023-12-01T16:00:00", "2023-12-01 16:00:00Z"] {
            assert_eq!(micros(text), None, "{text}");
        }
        for text in
            ["2023-13-01T16:00:00Z", "2023-12-01T16:00:00.Z", "2023-12-01T16:00:00.1234567Z"]
        {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    #[test]
    fn spellings() {
        for text in ["2021-01-01T00:00:00", "2021-01-01 00:00:00", "2021-01-01T00:00:00.000000Z"] {
            assert_eq!(plain(text), "2021-01-01T00:00:00");
        }
        assert_eq!(plain("2021-01-01T00:00:00.5"), "2021-01-01T00:00:00.5");
    }
}
