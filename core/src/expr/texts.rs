//! Functions that shape text: padding, parts, formats and patterns of files.

use super::strings::bounded;
use super::{EvalError, Function};
use crate::value::{SqlType, Value};

fn operand(function: Function, value: &Value) -> EvalError {
    EvalError::Operand { function: function.name(), kind: value.kind() }
}

fn whole(function: Function, value: &Value) -> Result<i64, EvalError> {
    match value.clone().cast(&SqlType::BigInt)? {
        Value::Int(n) => Ok(n),
        _ => Err(operand(function, value)),
    }
}

/// The arguments behind the first as one text with the first between them; NULLs are left out.
pub(super) fn concat_ws(args: &[Value]) -> Result<Value, EvalError> {
    let Some((between, rest)) = args.split_first() else { return Ok(Value::Null) };
    if between.is_null() {
        return Ok(Value::Null);
    }
    let between = between.to_text();
    let mut text = String::new();
    for (at, value) in rest.iter().filter(|value| !value.is_null()).enumerate() {
        let part = value.to_text();
        bounded(text.len().saturating_add(part.len()).saturating_add(between.len()))?;
        if at > 0 {
            text.push_str(&between);
        }
        text.push_str(&part);
    }
    Ok(Value::from(text))
}

/// A value as a SQL literal.
pub(super) fn quote(value: &Value) -> Result<Value, EvalError> {
    let text = match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(_) | Value::Int(_) | Value::Int128(_) | Value::UInt128(_) => value.to_text(),
        Value::Float(_) | Value::Decimal(_) => value.to_text(),
        Value::Blob(bytes) => {
            bounded(bytes.len().saturating_mul(2))?;
            format!("X'{}'", crate::value::hex(bytes).to_uppercase())
        }
        other => format!("'{}'", other.to_text().replace('\'', "''")),
    };
    bounded(text.len())?;
    Ok(Value::from(text))
}

/// Applies a function of text to arguments that are not NULL.
pub(super) fn apply(function: Function, args: &[Value]) -> Result<Value, EvalError> {
    match (function, args) {
        (Function::Reverse, [v]) => Ok(Value::from(v.to_text().chars().rev().collect::<String>())),
        (Function::Repeat, [v, count]) => {
            let (text, count) = (v.to_text(), whole(function, count)?);
            let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
            bounded(text.len().saturating_mul(count))?;
            Ok(Value::from(text.repeat(count)))
        }
        (Function::LPad | Function::RPad, [v, length, rest @ ..]) => {
            let (text, length) = (v.to_text(), whole(function, length)?);
            let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
            let fill: Vec<char> =
                rest.first().map_or_else(|| " ".to_owned(), Value::to_text).chars().collect();
            let have = text.chars().count();
            bounded(length.saturating_mul(4).min(text.len().saturating_add(length)))?;
            if have >= length || fill.is_empty() {
                return Ok(Value::from(text.chars().take(length).collect::<String>()));
            }
            let padding = fill.iter().cycle().take(length - have);
            Ok(Value::from(match function {
                Function::LPad => padding.copied().chain(text.chars()).collect::<String>(),
                _ => text.chars().chain(padding.copied()).collect::<String>(),
            }))
        }
        (Function::SplitPart, [v, by, number]) => {
            let (text, by, number) = (v.to_text(), by.to_text(), whole(function, number)?);
            let parts: Vec<&str> = match by.is_empty() {
                true => vec![&text],
                false => text.split(&*by).collect(),
            };
            let at = match number {
                0 => None,
                n if n > 0 => usize::try_from(n - 1).ok(),
                n => {
                    usize::try_from(n.unsigned_abs()).ok().and_then(|n| parts.len().checked_sub(n))
                }
            };
            Ok(Value::from(at.and_then(|at| parts.get(at)).copied().unwrap_or_default()))
        }
        (Function::Unicode, [v]) => {
            let first = v.to_text().chars().next();
            Ok(first.map_or(Value::Null, |c| Value::Int(i64::from(u32::from(c)))))
        }
        (Function::Char, codes) => {
            let chars = codes.iter().map(|code| {
                let code = u32::try_from(whole(function, code)?).ok();
                Ok(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER))
            });
            Ok(Value::from(chars.collect::<Result<String, EvalError>>()?))
        }
        (Function::InitCap, [v]) => {
            let mut begins = true;
            let text = v.to_text();
            let mut shaped = String::with_capacity(text.len());
            for c in text.chars() {
                match begins {
                    true => shaped.extend(c.to_uppercase()),
                    false => shaped.extend(c.to_lowercase()),
                }
                begins = !c.is_alphanumeric();
            }
            Ok(Value::from(shaped))
        }
        (Function::Glob, [pattern, v]) => {
            let pattern: Vec<char> = pattern.to_text().chars().collect();
            let text: Vec<char> = v.to_text().chars().collect();
            Ok(Value::Bool(glob(&pattern, &text)))
        }
        (_, args) => Err(operand(function, args.first().unwrap_or(&Value::Null))),
    }
}

/// The characters of a set `[a-z]` that begins behind the bracket: whether `c` is one of them, and
/// where the pattern goes on.
fn in_set(pattern: &[char], mut at: usize, c: char) -> Option<(bool, usize)> {
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let (mut found, first) = (false, at);
    loop {
        let low = *pattern.get(at)?;
        if low == ']' && at > first {
            return Some((found != negated, at + 1));
        }
        match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some('-'), Some(high)) if *high != ']' => {
                found = found || (low..=*high).contains(&c);
                at += 3;
            }
            _ => {
                found = found || low == c;
                at += 1;
            }
        }
    }
}

/// SQLite's GLOB. Only the last `*` is gone back to, so that the cost is that of both lengths
/// multiplied at most.
fn glob(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match (pattern.get(p), text.get(t)) {
            (None, None) => return true,
            (Some('*'), _) => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            (_, None) => return false,
            (Some('?'), Some(_)) => Some(p + 1),
            (Some('['), Some(c)) => match in_set(pattern, p + 1, *c) {
                Some((true, next)) => Some(next),
                _ => None,
            },
            (Some(wanted), Some(c)) if wanted == c => Some(p + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => (p, t) = (next, t + 1),
            (None, Some((after, from))) => {
                (p, t) = (after, from + 1);
                star = Some((after, from + 1));
            }
            (None, None) => return false,
        }
    }
}

/// `printf`: `%d %i %u %f %e %g %s %q %Q %x %X %o %c %%` with flags, width and precision.
pub(super) fn printf(args: &[Value]) -> Result<Value, EvalError> {
    let Some((format, args)) = args.split_first() else { return Ok(Value::Null) };
    if format.is_null() {
        return Ok(Value::Null);
    }
    let format = format.to_text();
    let mut chars = format.chars().peekable();
    let mut args = args.iter();
    let mut text = String::new();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let (mut left, mut zero, mut plus, mut comma) = (false, false, false, false);
        while let Some(flag) = chars.next_if(|c| "-0+, #!".contains(*c)) {
            match flag {
                '-' => left = true,
                '0' => zero = true,
                '+' => plus = true,
                ',' => comma = true,
                _ => {}
            }
        }
        let number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut n = None;
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                let digit = digit.to_digit(10).unwrap_or(0) as usize;
                n = Some(n.unwrap_or(0usize).saturating_mul(10).saturating_add(digit));
            }
            n
        };
        let width = number(&mut chars).unwrap_or(0);
        let precision = chars.next_if_eq(&'.').map(|_| number(&mut chars).unwrap_or(0));
        while chars.next_if(|c| *c == 'l' || *c == 'h').is_some() {}
        let Some(kind) = chars.next() else { break };
        if kind == '%' {
            text.push('%');
            continue;
        }
        let arg = args.next().cloned().unwrap_or(Value::Null);
        bounded(width.saturating_add(precision.unwrap_or(0)))?;
        let whole = || match arg.clone().cast(&SqlType::BigInt) {
            Ok(Value::Int(n)) => n,
            _ => 0,
        };
        let float = || crate::value::as_float(&arg).unwrap_or(0.0);
        let signed = |shown: String, negative: bool| match (negative, plus) {
            (true, _) => format!("-{shown}"),
            (false, true) => format!("+{shown}"),
            _ => shown,
        };
        let grouped = |digits: String| -> String {
            if !comma {
                return digits;
            }
            let (whole, rest) = digits.split_once('.').unwrap_or((&digits, ""));
            let mut shown = String::new();
            for (at, digit) in whole.chars().enumerate() {
                if at > 0 && (whole.len() - at).is_multiple_of(3) {
                    shown.push(',');
                }
                shown.push(digit);
            }
            if rest.is_empty() { shown } else { format!("{shown}.{rest}") }
        };
        let (shown, numeric) = match kind {
            'd' | 'i' => {
                let n = whole();
                (signed(grouped(n.unsigned_abs().to_string()), n < 0), true)
            }
            'u' => ((whole() as u64).to_string(), true),
            'x' => (format!("{:x}", whole()), true),
            'X' => (format!("{:X}", whole()), true),
            'o' => (format!("{:o}", whole()), true),
            'f' | 'F' => {
                let x = float();
                let digits = precision.unwrap_or(6).min(350);
                (signed(grouped(format!("{:.digits$}", x.abs())), x < 0.0), true)
            }
            's' | 'z' | 'q' | 'Q' | 'w' => {
                let mut shown = arg.to_text();
                if let Some(most) = precision {
                    shown = shown.chars().take(most).collect();
                }
                let shown = match (kind, arg.is_null()) {
                    ('Q', true) => "NULL".to_owned(),
                    ('q', _) => shown.replace('\'', "''"),
                    ('Q', false) => format!("'{}'", shown.replace('\'', "''")),
                    ('w', _) => shown.replace('"', "\"\""),
                    _ => shown,
                };
                (shown, false)
            }
            'c' => (arg.to_text().chars().take(1).collect(), false),
            _ => return Err(EvalError::Operand { function: "printf", kind: "this format" }),
        };
        let missing = width.saturating_sub(shown.chars().count());
        bounded(text.len().saturating_add(shown.len()).saturating_add(missing))?;
        match (left, zero && numeric) {
            (true, _) => {
                text.push_str(&shown);
                text.extend(std::iter::repeat_n(' ', missing));
            }
            (false, true) => {
                let digits = shown.trim_start_matches(['-', '+']);
                let (sign, _) = shown.split_at(shown.len() - digits.len());
                text.push_str(sign);
                text.extend(std::iter::repeat_n('0', missing));
                text.push_str(digits);
            }
            (false, false) => {
                text.extend(std::iter::repeat_n(' ', missing));
                text.push_str(&shown);
            }
        }
    }
    Ok(Value::from(text))
}
