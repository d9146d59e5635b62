//! A value as a record's result spells it, by the letter of its column.
//!
//! After `sqllogictest.c` of SQLite: `I` is the value as an integer, `R` has three places, `T` is the
//! text with `@` for what is not printable ASCII, and an empty one is `(empty)`.

use crate::cell::{Cell, close};
use offshoot_core::value::Value;
use sqllogictest::DefaultColumnType;

/// A value's spelling.
pub fn render(value: &Value, column: &DefaultColumnType) -> String {
    let cell = Cell::from(value);
    match (cell, column) {
        (Cell::Null, _) => "NULL".into(),
        (Cell::Int(n), DefaultColumnType::FloatingPoint) => format!("{:.3}", n as f64),
        (Cell::Int(n), _) => n.to_string(),
        (Cell::Real(n), DefaultColumnType::Integer) => (n.trunc() as i64).to_string(),
        (Cell::Real(n), DefaultColumnType::FloatingPoint) => format!("{n:.3}"),
        (Cell::Real(n), _) => real_text(n),
        (Cell::Text(text), DefaultColumnType::Integer) => {
            (leading_number(&text).trunc() as i64).to_string()
        }
        (Cell::Text(text), DefaultColumnType::FloatingPoint) => {
            format!("{:.3}", leading_number(&text))
        }
        (Cell::Text(text), _) => text_text(&text),
        (Cell::Blob(bytes), _) => text_text(&String::from_utf8_lossy(&bytes)),
    }
}

/// Printable ASCII, as SQLite's own runner shows it before it hashes.
pub fn printable(text: &str) -> String {
    text.bytes().map(|b| if (b' '..=b'~').contains(&b) { char::from(b) } else { '@' }).collect()
}

/// Whether a result's spelling is the one that a record expects: letter by letter, with `@` for what
/// is not printable, or as the same number written in another way.
pub fn same(given: &str, expected: &str) -> bool {
    given == expected || printable(given) == expected || same_number(given, expected)
}

fn same_number(given: &str, expected: &str) -> bool {
    // Text such as "nan" and "infinity" is not meant here.
    let number =
        |text: &str| match text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
            true => text.parse::<f64>().ok(),
            false => None,
        };
    match (number(given), number(expected)) {
        // Two integers differ where their digits do.
        (Some(_), Some(_)) if !given.contains('.') && !expected.contains('.') => false,
        (Some(a), Some(b)) => close(a, b),
        _ => false,
    }
}

fn text_text(text: &str) -> String {
    match text {
        "" => "(empty)".into(),
        text => text.replace('\n', "@"),
    }
}

/// A float as SQLite shows it: 15 digits, and a point in any case.
fn real_text(n: f64) -> String {
    if n.is_infinite() {
        return if n > 0.0 { "Inf".into() } else { "-Inf".into() };
    }
    if n.trunc() == n && n.abs() < 1e15 {
        return format!("{n:.1}");
    }
    match format!("{n:.14e}").parse::<f64>() {
        Ok(rounded) => format!("{rounded:?}"),
        Err(_) => format!("{n:?}"),
    }
}

/// The number that a text begins with, as SQLite takes a text for one.
fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let ends = (0..=text.len()).rev().filter(|&end| text.is_char_boundary(end));
    for end in ends {
        let part = &text[..end];
        if part.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
            && let Ok(number) = part.parse()
        {
            return number;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::{render, same};
    use offshoot_core::value::Value;
    use sqllogictest::DefaultColumnType::{FloatingPoint, Integer, Text};

    #[test]
    fn letters() {
        assert_eq!(render(&Value::Float(2.5), &Integer), "2");
        assert_eq!(render(&Value::Float(2.5), &FloatingPoint), "2.500");
        assert_eq!(render(&Value::Int(2), &FloatingPoint), "2.000");
        assert_eq!(render(&Value::Float(2.0), &Text), "2.0");
        assert_eq!(render(&Value::Float(0.1 + 0.2), &Text), "0.3");
        assert_eq!(render(&Value::from("12 men"), &Integer), "12");
        assert_eq!(render(&Value::from(""), &Text), "(empty)");
        assert_eq!(render(&Value::Bool(true), &Text), "1");
        assert_eq!(render(&Value::Null, &Integer), "NULL");
    }

    #[test]
    fn spellings_of_one_value() {
        assert!(same("é", "@@") && same("é", "é"));
        assert!(same("3", "3.0") && same("1.50", "1.5"));
        assert!(!same("3", "03") && !same("12", "13") && !same("a", "b"));
    }
}
