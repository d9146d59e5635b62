//! Regular expressions: PostgreSQL's operators `~`, `~*`, SIMILAR TO, and functions by their names.
//!
//! The engine is `regex-lite`, whose time is linear in pattern and text. A pattern is compiled once
//! per statement where there is one ([`Patterns`]).

use super::strings::bounded;
use super::{EvalContext, EvalError, Function};
use crate::value::Value;
use regex_lite::{Regex, RegexBuilder};
use std::cell::RefCell;

/// The longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 4096;
/// The most that a compiled pattern may take, in bytes.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Patterns that a statement keeps.
const KEPT: usize = 8;

/// Patterns that a statement has compiled, the latest last.
#[derive(Default)]
pub(super) struct Patterns(RefCell<Vec<(String, bool, Regex)>>);

impl Patterns {
    fn get(&self, pattern: &str, any_case: bool) -> Result<Regex, EvalError> {
        let mut kept = self.0.borrow_mut();
        let known = kept.iter().find(|(text, case, _)| text == pattern && *case == any_case);
        if let Some((.., regex)) = known {
            return Ok(regex.clone());
        }
        let regex = compile(pattern, any_case)?;
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((pattern.to_owned(), any_case, regex.clone()));
        Ok(regex)
    }
}

fn compile(pattern: &str, any_case: bool) -> Result<Regex, EvalError> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(EvalError::Argument(format!(
            "a regular expression has at most {PATTERN_BYTES_MAX} bytes"
        )));
    }
    let mut builder = RegexBuilder::new(pattern);
    let built = builder.case_insensitive(any_case).size_limit(COMPILED_BYTES_MAX).build();
    built.map_err(|error| EvalError::Argument(format!("the regular expression: {error}")))
}

fn ready(ctx: &EvalContext<'_>, pattern: &str, any_case: bool) -> Result<Regex, EvalError> {
    match ctx.patterns() {
        Some(patterns) => patterns.get(pattern, any_case),
        None => compile(pattern, any_case),
    }
}

/// The pattern of a SIMILAR TO as a regular expression for all of a text.
fn similar(pattern: &str) -> String {
    let mut regex = String::from("(?s)^(?:");
    let mut characters = pattern.chars();
    let mut inside = false;
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                regex.push('\\');
                regex.extend(characters.next());
            }
            '[' if !inside => {
                inside = true;
                regex.push(c);
            }
            ']' => {
                inside = false;
                regex.push(c);
            }
            c if inside => regex.push(c),
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '.' | '^' | '$' => {
                regex.push('\\');
                regex.push(c);
            }
            c => regex.push(c),
        }
    }
    regex.push_str(")$");
    regex
}

/// Applies a function to arguments that are not NULL.
pub(super) fn apply(
    function: Function,
    args: &[Value],
    ctx: &EvalContext<'_>,
) -> Result<Value, EvalError> {
    let text = |at: usize| args.get(at).map(Value::to_text).unwrap_or_default();
    let (subject, pattern) = (text(0), text(1));
    match function {
        Function::Similar => {
            let regex = ready(ctx, &similar(&pattern), false)?;
            Ok(Value::Bool(regex.is_match(&subject)))
        }
        Function::RegexpReplace => {
            let flags = text(3);
            let regex = ready(ctx, &pattern, flags.contains('i'))?;
            // PostgreSQL writes groups `\1`.
            let new = text(2).replace('$', "$$");
            let new = groups(&new);
            let made = match flags.contains('g') {
                true => regex.replace_all(&subject, new.as_str()),
                false => regex.replace(&subject, new.as_str()),
            };
            bounded(made.len())?;
            Ok(Value::from(made.into_owned()))
        }
        _ => Ok(Value::Bool(ready(ctx, &pattern, text(2).contains('i'))?.is_match(&subject))),
    }
}

/// `\1` as `${1}`, `\&` as all, `\\` as itself.
fn groups(text: &str) -> String {
    let mut made = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    made.push_str("${");
                    made.push(digit);
                    made.push('}');
                }
                Some('&') => made.push_str("${0}"),
                Some(other) => made.push(other),
                None => made.push('\\'),
            },
            c => made.push(c),
        }
    }
    made
}
