//! Functions of text and blobs.

use super::{EvalError, Function, TEXT_BYTES_MAX};
use crate::value::{SqlType, Value};

/// Refuses a result of so many bytes before it is made.
pub(super) fn bounded(bytes: usize) -> Result<(), EvalError> {
    match bytes <= TEXT_BYTES_MAX {
        true => Ok(()),
        false => Err(EvalError::TooLarge),
    }
}

/// The arguments as one text; NULL is the empty text.
pub(super) fn concat(args: &[Value]) -> Result<Value, EvalError> {
    let mut text = String::new();
    for value in args {
        let part = value.to_text();
        bounded(text.len().saturating_add(part.len()))?;
        text.push_str(&part);
    }
    Ok(Value::from(text))
}

/// Applies a function of text to arguments that are not NULL. Scalars that are no text are taken
/// as their text, as SQLite does.
pub(super) fn apply(function: Function, args: &[Value]) -> Result<Value, EvalError> {
    let text = |v: &Value| match v {
        Value::Blob(_) => Err(EvalError::Operand { function: function.name(), kind: v.kind() }),
        Value::Text(text) => Ok(text.clone()),
        other => Ok(other.to_text().into()),
    };
    match (function, args) {
        (Function::Length | Function::OctetLength, [Value::Blob(bytes)]) => {
            Ok(Value::Int(bytes.len() as i64))
        }
        (Function::Length, [v]) => Ok(Value::Int(text(v)?.chars().count() as i64)),
        (Function::OctetLength, [v]) => Ok(Value::Int(text(v)?.len() as i64)),
        (Function::Upper, [v]) => Ok(text(v)?.to_uppercase().into()),
        (Function::Lower, [v]) => Ok(text(v)?.to_lowercase().into()),
        (Function::Trim | Function::LTrim | Function::RTrim, [v, rest @ ..]) => {
            let removed: Vec<char> = match rest.first() {
                Some(set) => text(set)?.chars().collect(),
                None => vec![' '],
            };
            let text = text(v)?;
            let removed = removed.as_slice();
            let trimmed = match function {
                Function::LTrim => text.trim_start_matches(removed),
                Function::RTrim => text.trim_end_matches(removed),
                _ => text.trim_matches(removed),
            };
            Ok(Value::from(trimmed))
        }
        (Function::Substr, [v, start, rest @ ..]) => {
            let start = integer(start)?;
            let length = rest.first().map(integer).transpose()?;
            if let Value::Blob(bytes) = v {
                let (from, count) = window(bytes.len(), start, length);
                return Ok(bytes.iter().skip(from).take(count).copied().collect::<Vec<_>>().into());
            }
            let text = text(v)?;
            let (from, count) = window(text.chars().count(), start, length);
            Ok(Value::from(text.chars().skip(from).take(count).collect::<String>()))
        }
        (Function::Left | Function::Right, [v, count]) => {
            let (text, count) = (text(v)?, integer(count)?);
            let all = text.chars().count();
            // Below zero: all but so many from the other end, as in PostgreSQL.
            let wanted = match usize::try_from(count) {
                Ok(count) => count.min(all),
                Err(_) => all.saturating_sub(usize::try_from(count.unsigned_abs()).unwrap_or(all)),
            };
            let from = if function == Function::Left { 0 } else { all - wanted };
            Ok(Value::from(text.chars().skip(from).take(wanted).collect::<String>()))
        }
        (Function::Replace, [v, from, to]) => replace(&text(v)?, &text(from)?, &text(to)?),
        (Function::Instr, [Value::Blob(all), Value::Blob(part)]) => {
            let mut windows = all.windows(part.len().max(1));
            let at = if part.is_empty() { Some(0) } else { windows.position(|w| w == &**part) };
            Ok(Value::Int(at.map_or(0, |at| at as i64 + 1)))
        }
        (Function::Instr, [all, part]) => {
            let (all, part) = (text(all)?, text(part)?);
            let before = all.find(&*part).and_then(|at| all.get(..at));
            Ok(Value::Int(before.map_or(0, |before| before.chars().count() as i64 + 1)))
        }
        (_, args) => {
            let kind = args.first().map_or("NULL", Value::kind);
            Err(EvalError::Operand { function: function.name(), kind })
        }
    }
}

fn integer(value: &Value) -> Result<i64, EvalError> {
    match value.clone().cast(&SqlType::Integer)? {
        Value::Int(n) => Ok(n),
        other => Err(EvalError::Operand { function: "SUBSTR", kind: other.kind() }),
    }
}

/// Which part SUBSTR means, as in SQLite: positions count from 1, or from the end if below zero; a
/// length below zero means the characters before the position.
fn window(all: usize, start: i64, length: Option<i64>) -> (usize, usize) {
    let all = all as i128;
    let first = match i128::from(start) {
        start if start < 0 => all + start,
        start => start - 1,
    };
    let (from, to) = match length.map(i128::from) {
        None => (first, all),
        // Position 0 stands before the first character.
        Some(length) if length >= 0 => (first, first + length),
        Some(length) => (first + length, first),
    };
    let (from, to) = (from.clamp(0, all), to.clamp(0, all));
    // Both lie between 0 and a usize.
    (from as usize, (to - from).max(0) as usize)
}

fn replace(text: &str, from: &str, to: &str) -> Result<Value, EvalError> {
    if from.is_empty() {
        return Ok(Value::from(text));
    }
    let found = text.matches(from).count();
    let grown = found.saturating_mul(to.len()).saturating_add(text.len());
    bounded(grown.saturating_sub(found.saturating_mul(from.len())))?;
    Ok(Value::from(text.replace(from, to)))
}
