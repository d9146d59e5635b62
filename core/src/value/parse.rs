//! Text read as a value of a given type.

use super::interval::parse_interval;
use super::number::{Number, parse_number};
use super::time::{self, parse_date, parse_time, parse_timestamp};
use super::{SqlType, Value, ValueError};
use core::net::IpAddr;

impl SqlType {
    /// Reads text as a value of this type's family; sizes and ranges are checked by the caller.
    /// Text stays text, and for `Any`, lists and maps the text is taken as JSON.
    pub(super) fn parse(&self, text: &str) -> Result<Value, ValueError> {
        let word = text.trim();
        let malformed = |form| {
            let (text, to) = (shown(text), self.to_string());
            Err(ValueError::Malformed { text, to, form })
        };
        let found = |value: Option<Value>, form| value.map_or_else(|| malformed(form), Ok);
        match self {
            SqlType::Text | SqlType::Varchar(_) | SqlType::Char(_) | SqlType::Any => {
                Ok(Value::from(text))
            }
            SqlType::Boolean => found(parse_bool(word), "write true or false"),
            SqlType::Float32 | SqlType::Real | SqlType::Double => {
                found(parse_float(word), "write a number such as 1.5 or 2e10")
            }
            ty if ty.is_numeric() => {
                let number = parse_number(word).and_then(Number::into_value);
                found(number, "write a number such as 42 or 1.5")
            }
            SqlType::Blob => match text.strip_prefix("\\x") {
                None => Ok(Value::Blob(text.as_bytes().into())),
                Some(digits) => found(
                    parse_hex(digits).map(Value::from),
                    "after \\x write two hexadecimal digits per byte",
                ),
            },
            SqlType::Date => {
                let days = parse_date(word).or_else(|| {
                    parse_timestamp(word).map(|at| at.div_euclid(time::MICROS_PER_DAY))
                });
                found(days.and_then(time::date), "write a day as YYYY-MM-DD")
            }
            SqlType::Time => found(parse_time(word).map(Value::Time), "write HH:MM:SS[.ffffff]"),
            SqlType::Timestamp | SqlType::TimestampTz => found(
                parse_timestamp(word).and_then(|at| time::timestamp(at.into())),
                "write YYYY-MM-DD HH:MM:SS[.ffffff], with Z or +hh:mm for a zone",
            ),
            SqlType::Interval => found(
                parse_interval(word).map(|(months, micros)| Value::Interval { months, micros }),
                "write for example '1 day 2 hours' or '04:05:06'",
            ),
            SqlType::Uuid => {
                found(parse_uuid(word).map(Value::Uuid), "write 32 hexadecimal digits with hyphens")
            }
            SqlType::Inet => {
                let address = word.parse::<IpAddr>().ok().map(Value::Inet);
                found(address, "write an IPv4 or IPv6 address")
            }
            SqlType::Point => found(parse_point(word), "write (x,y)"),
            SqlType::Json => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(json) => Ok(Value::Json(json.to_string().into())),
                Err(_) => malformed("write JSON; text in it stands in double quotes"),
            },
            SqlType::List | SqlType::Map => {
                let json = serde_json::from_str(text).ok();
                let value = json.map(|json| super::json::nested(&json)).transpose()?;
                let kind = |v: &Value| match self {
                    SqlType::List => matches!(v, Value::List(_)),
                    _ => matches!(v, Value::Map(_)),
                };
                found(value.filter(kind), "write a JSON array for a list, an object for a map")
            }
            // The numeric types are taken above.
            _ => malformed("write a number"),
        }
    }
}

/// Text shortened for a message.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

fn parse_bool(word: &str) -> Option<Value> {
    let yes = ["true", "t", "yes", "y", "on", "1"];
    let no = ["false", "f", "no", "n", "off", "0"];
    let is = |known: &&str| word.eq_ignore_ascii_case(known);
    match (yes.iter().any(is), no.iter().any(is)) {
        (true, _) => Some(Value::Bool(true)),
        (_, true) => Some(Value::Bool(false)),
        _ => None,
    }
}

fn parse_float(word: &str) -> Option<Value> {
    let value = match word.to_ascii_lowercase().as_str() {
        "nan" => f64::NAN,
        "infinity" | "+infinity" | "inf" | "+inf" => f64::INFINITY,
        "-infinity" | "-inf" => f64::NEG_INFINITY,
        // The nearest float to the digits, not to a decimal made of them.
        number => {
            parse_number(number)?;
            number.parse().ok()?
        }
    };
    Some(Value::Float(value))
}

pub(super) fn parse_hex(digits: &str) -> Option<Vec<u8>> {
    let nibble = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(nibble(high)? << 4 | nibble(low)?),
            _ => None,
        })
        .collect()
}

fn parse_uuid(word: &str) -> Option<[u8; 16]> {
    let word = word.strip_prefix("urn:uuid:").unwrap_or(word);
    let word = word.strip_prefix('{').and_then(|w| w.strip_suffix('}')).unwrap_or(word);
    let digits = match word.len() {
        36 if word
            .bytes()
            .enumerate()
            .all(|(i, b)| (b == b'-') == matches!(i, 8 | 13 | 18 | 23)) =>
        {
            word.replace('-', "")
        }
        32 => word.to_owned(),
        _ => return None,
    };
    parse_hex(&digits)?.try_into().ok()
}

/// `(x,y)`, `x,y` or `POINT(x y)`.
fn parse_point(word: &str) -> Option<Value> {
    let inner = match word.get(..5) {
        Some(name) if name.eq_ignore_ascii_case("point") => word.get(5..)?.trim_start(),
        _ => word,
    };
    let inner = inner.strip_prefix('(').map_or(Some(inner), |open| open.strip_suffix(')'))?.trim();
    let (x, y) = inner.split_once(',').or_else(|| inner.split_once(char::is_whitespace))?;
    match (parse_float(x.trim())?, parse_float(y.trim())?) {
        (Value::Float(x), Value::Float(y)) => Some(Value::Point(x, y)),
        _ => None,
    }
}
