//! Days and times of day: the proleptic Gregorian calendar, UTC, no leap seconds.
//!
//! Conversion between days and civil dates follows Howard Hinnant, "chrono-Compatible Low-Level
//! Date Algorithms" (`days_from_civil`, `civil_from_days`).

use super::Value;
use rust_decimal::Decimal;
use std::fmt::Write;

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// 0000-01-01 and 9999-12-31 in days since 1970-01-01: what text can say. Stored days outside can
/// be shown, but not made.
const DAY_MIN: i64 = -719_528;
const DAY_MAX: i64 = 2_932_896;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
}

impl Civil {
    pub fn from_days(days: i64) -> Civil {
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Civil { year, month, day }
    }

    /// Days since 1970-01-01. The month is from 1 to 12; the year is small.
    pub fn to_days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let day_of_year = (153 * shifted + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    fn days_in_month(self) -> i64 {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// The same day so many months later, or the last day of that month.
    fn plus_months(self, months: i64) -> Civil {
        let total = self.year * 12 + self.month - 1 + months;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
        let first = Civil { year, month, day: 1 };
        Civil { day: self.day.min(first.days_in_month()), ..first }
    }
}

/// A day within the years 0000 to 9999.
pub(super) fn date(days: i64) -> Option<Value> {
    let days = i32::try_from(days).ok()?;
    (DAY_MIN..=DAY_MAX).contains(&i64::from(days)).then_some(Value::Date(days))
}

/// A moment within the years 0000 to 9999.
pub(super) fn timestamp(micros: i128) -> Option<Value> {
    let micros = i64::try_from(micros).ok()?;
    let day = micros.div_euclid(MICROS_PER_DAY);
    (DAY_MIN..=DAY_MAX).contains(&day).then_some(Value::Timestamp(micros))
}

/// The moment so many months and microseconds later.
pub(crate) fn later(timestamp_micros: i64, months: i64, micros: i64) -> Option<Value> {
    let moved = if months == 0 {
        i128::from(timestamp_micros)
    } else {
        let day = Civil::from_days(timestamp_micros.div_euclid(MICROS_PER_DAY)).plus_months(months);
        let time = timestamp_micros.rem_euclid(MICROS_PER_DAY);
        i128::from(day.to_days()) * i128::from(MICROS_PER_DAY) + i128::from(time)
    };
    timestamp(moved + i128::from(micros))
}

/// `YYYY-MM-DD`, with a sign and more digits outside the years 0000 to 9999.
pub(super) fn date_text(days: i64) -> String {
    let Civil { year, month, day } = Civil::from_days(days);
    match year {
        0..=9999 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:+07}-{month:02}-{day:02}"),
    }
}

/// `HH:MM:SS`, with up to six digits of a fraction where there is one.
pub(super) fn time_text(micros: i64) -> String {
    let (seconds, fraction) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{h:02}:{m:02}:{s:02}");
    if fraction != 0 {
        // Writing to a String does not fail.
        let _ = write!(text, ".{fraction:06}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

/// Day and time with `separator` between them.
pub(super) fn timestamp_text(micros: i64, separator: char) -> String {
    let (day, time) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
    format!("{}{separator}{}", date_text(day), time_text(time))
}

/// Reads `YYYY-MM-DD`, or `YYYY/MM/DD` as PostgreSQL does: days since 1970-01-01.
pub(super) fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.split(if text.contains('/') { '/' } else { '-' });
    let year = digits(parts.next()?, 4, 4)?;
    let (month, day) = (digits(parts.next()?, 1, 2)?, digits(parts.next()?, 1, 2)?);
    let first = Civil { year, month, day: 1 };
    let real = (1..=12).contains(&month) && day >= 1 && day <= first.days_in_month();
    (parts.next().is_none() && real).then(|| Civil { day, ..first }.to_days())
}

/// Reads `HH:MM[:SS[.ffffff]]`: microseconds of the day. Digits beyond the sixth are dropped.
pub(super) fn parse_time(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute) = (digits(parts.next()?, 1, 2)?, digits(parts.next()?, 2, 2)?);
    let (mut second, mut micros) = (0, 0);
    if let Some(seconds) = parts.next() {
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
        second = digits(whole, 2, 2)?;
        micros = parse_fraction(fraction)?;
    }
    let real = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    real.then_some((hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND + micros)
}

/// Digits after a point, as microseconds.
pub(super) fn parse_fraction(text: &str) -> Option<i64> {
    digits(text, 1, 18)?;
    let first_six = text.bytes().chain(std::iter::repeat(b'0')).take(6);
    Some(first_six.fold(0, |n, digit| n * 10 + i64::from(digit - b'0')))
}

/// Reads `YYYY-MM-DD[( |T)HH:MM[:SS[.ffffff]][Z|±HH[[:]MM]]]`: microseconds since 1970. Without a
/// zone the time is UTC.
pub(super) fn parse_timestamp(text: &str) -> Option<i64> {
    let Some((day, rest)) = text.split_once(['T', 't', ' ']) else {
        return parse_date(text)?.checked_mul(MICROS_PER_DAY);
    };
    let day = parse_date(day)?;
    let zone = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at_checked(zone)?;
    let time = parse_time(time.trim_end())?;
    day.checked_mul(MICROS_PER_DAY)?.checked_add(time)?.checked_sub(parse_zone(zone)?)
}

/// How far a zone's clocks are ahead of UTC, in microseconds.
fn parse_zone(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, clock) = match text.strip_prefix('-') {
        Some(clock) => (-1, clock),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match clock.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None => clock.split_at_checked(2)?,
    };
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2, 2)? };
    let hours = digits(hours, 2, 2)?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60 * MICROS_PER_SECOND)
}

/// A number written with so many digits, and nothing else.
fn digits(text: &str, min: usize, max: usize) -> Option<i64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    (plain && (min..=max).contains(&text.len())).then(|| text.parse().ok()).flatten()
}

/// A part of a date or time, for `extract` and `date_trunc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePart {
    /// A hundred years.
    Century,
    /// Ten years.
    Decade,
    /// The year.
    Year,
    /// Three months.
    Quarter,
    /// The month, from 1.
    Month,
    /// The ISO week, which begins on Monday.
    Week,
    /// The day of the month, from 1.
    Day,
    /// The day of the week from 0, Sunday.
    DayOfWeek,
    /// The day of the week from 1, Monday.
    IsoDayOfWeek,
    /// The day of the year, from 1.
    DayOfYear,
    /// The hour.
    Hour,
    /// The minute.
    Minute,
    /// The second, with its fraction.
    Second,
    /// The seconds within the minute, in thousandths.
    Millisecond,
    /// The seconds within the minute, in millionths.
    Microsecond,
    /// Seconds since 1970, with a fraction.
    Epoch,
}

impl DatePart {
    /// The part of this name, in any case.
    pub fn by_name(name: &str) -> Option<DatePart> {
        Some(match name.to_ascii_lowercase().as_str() {
            "century" => DatePart::Century,
            "decade" => DatePart::Decade,
            "year" | "years" => DatePart::Year,
            "quarter" => DatePart::Quarter,
            "month" | "months" => DatePart::Month,
            "week" | "weeks" => DatePart::Week,
            "day" | "days" => DatePart::Day,
            "dow" => DatePart::DayOfWeek,
            "isodow" => DatePart::IsoDayOfWeek,
            "doy" => DatePart::DayOfYear,
            "hour" | "hours" => DatePart::Hour,
            "minute" | "minutes" => DatePart::Minute,
            "second" | "seconds" => DatePart::Second,
            "millisecond" | "milliseconds" => DatePart::Millisecond,
            "microsecond" | "microseconds" => DatePart::Microsecond,
            "epoch" => DatePart::Epoch,
            _ => return None,
        })
    }

    /// This part of a moment.
    pub(crate) fn of(self, micros: i64) -> Value {
        let day = micros.div_euclid(MICROS_PER_DAY);
        let time = micros.rem_euclid(MICROS_PER_DAY);
        let Civil { year, month, day: day_of_month } = Civil::from_days(day);
        let in_minute = time % (60 * MICROS_PER_SECOND);
        let scaled =
            |units: i64, scale: u32| Value::Decimal(Decimal::new(units, scale).normalize());
        Value::Int(match self {
            DatePart::Century => (year + 99).div_euclid(100),
            DatePart::Decade => year.div_euclid(10),
            DatePart::Year => year,
            DatePart::Quarter => (month + 2) / 3,
            DatePart::Month => month,
            DatePart::Week => iso_week(day),
            DatePart::Day => day_of_month,
            DatePart::DayOfWeek => (day + 4).rem_euclid(7),
            DatePart::IsoDayOfWeek => (day + 3).rem_euclid(7) + 1,
            DatePart::DayOfYear => day - Civil { year, month: 1, day: 1 }.to_days() + 1,
            DatePart::Hour => time / (3600 * MICROS_PER_SECOND),
            DatePart::Minute => time / (60 * MICROS_PER_SECOND) % 60,
            DatePart::Second => return scaled(in_minute, 6),
            DatePart::Millisecond => return scaled(in_minute, 3),
            DatePart::Microsecond => in_minute,
            DatePart::Epoch => return scaled(micros, 6),
        })
    }

    /// The moment at which this part of a moment began; `None` for parts that do not begin.
    pub(crate) fn truncate(self, micros: i64) -> Option<i64> {
        let day = micros.div_euclid(MICROS_PER_DAY);
        let Civil { year, month, .. } = Civil::from_days(day);
        let first =
            |year, month| Civil { year, month, day: 1 }.to_days().checked_mul(MICROS_PER_DAY);
        let whole = |unit: i64| micros.checked_sub(micros.rem_euclid(unit));
        match self {
            DatePart::Century => first((year + 99).div_euclid(100) * 100 - 99, 1),
            DatePart::Decade => first(year.div_euclid(10) * 10, 1),
            DatePart::Year => first(year, 1),
            DatePart::Quarter => first(year, (month - 1) / 3 * 3 + 1),
            DatePart::Month => first(year, month),
            DatePart::Week => (day - (day + 3).rem_euclid(7)).checked_mul(MICROS_PER_DAY),
            DatePart::Day => whole(MICROS_PER_DAY),
            DatePart::Hour => whole(3600 * MICROS_PER_SECOND),
            DatePart::Minute => whole(60 * MICROS_PER_SECOND),
            DatePart::Second => whole(MICROS_PER_SECOND),
            DatePart::Millisecond => whole(1000),
            DatePart::Microsecond => Some(micros),
            DatePart::DayOfWeek
            | DatePart::IsoDayOfWeek
            | DatePart::DayOfYear
            | DatePart::Epoch => None,
        }
    }
}

/// The ISO week's number: that of the year in which its Thursday lies.
fn iso_week(day: i64) -> i64 {
    let thursday = day - (day + 3).rem_euclid(7) + 3;
    let year = Civil::from_days(thursday).year;
    (thursday - Civil { year, month: 1, day: 1 }.to_days()) / 7 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        assert_eq!(DAY_MIN, Civil { year: 0, month: 1, day: 1 }.to_days());
        assert_eq!(DAY_MAX, Civil { year: 9999, month: 12, day: 31 }.to_days());
        let mut expected = Civil { year: -400, month: 1, day: 1 };
        let start = expected.to_days();
        for days in start..start + 2 * 146_097 {
            assert_eq!(Civil::from_days(days), expected);
            assert_eq!(expected.to_days(), days);
            expected.day += 1;
            if expected.day > expected.days_in_month() {
                expected = Civil { day: 1, ..expected }.plus_months(1);
            }
        }
    }

    #[test]
    fn extremes_are_shown() {
        for micros in [i64::MIN, i64::MAX] {
            assert!(timestamp_text(micros, ' ').len() > 20);
            DatePart::Epoch.of(micros);
        }
        assert_eq!(date_text(i32::MAX.into()), "+5881580-07-11");
        assert_eq!(date_text(i32::MIN.into()), "-5877641-06-23");
    }
}
