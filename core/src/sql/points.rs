//! `AS OF` behind a table: taken out of the token stream before the parser sees it.
//!
//! ```text
//!   SELECT u.name FROM users u AS OF SCN 7 JOIN users AS OF NOW ON …
//!                      ▼                        ▼
//!   SELECT u.name FROM users⟨0⟩ u           JOIN users⟨1⟩ ON …      points: [SCN 7, NOW]
//! ```
//!
//! The table's name is marked with the number of its point, behind a NUL that no SQL text may hold.
//! [`split_mark`] takes name and number apart again wherever a table is looked up. Strings, comments
//! and quoted names are tokens of their own, so nothing inside them is ever taken for `AS OF`.

use crate::database::AsOf;
use crate::error::{Error, Result};
use crate::history::{Micros, Scn};
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::tokenizer::{Token, TokenWithLocation, Whitespace, Word};

const MARK: char = '\0';

/// How a point was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Time,
    Scn,
    Transaction,
    Snapshot,
}

/// A point as it was written behind a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PointText(Option<(Form, Operand)>);

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Number(String),
    Text(String),
    Param(String),
}

/// A table's name without its mark, and the number of its point.
pub(crate) fn split_mark(name: &str) -> (&str, Option<usize>) {
    match name.rsplit_once(MARK) {
        None => (name, None),
        Some((name, number)) => (name, number.parse().ok()),
    }
}

/// Takes every `AS OF …` out and marks the tables that they stand behind.
///
/// # Errors
/// `Sql` where one stands elsewhere or is not complete.
pub(super) fn take_points(tokens: &mut [TokenWithLocation]) -> Result<Vec<PointText>> {
    let mut points = Vec::new();
    if !tokens.iter().any(|t| is_word(&t.token, "OF")) {
        return Ok(points);
    }
    let mut at = 0;
    while at < tokens.len() {
        match parse_point(tokens, at)? {
            None => at += 1,
            Some((from, to, point)) => {
                mark_table(tokens, from, points.len())?;
                points.push(point);
                // Blanks keep the place, so that positions in messages stay true.
                for token in tokens.iter_mut().take(to).skip(from) {
                    token.token = Token::Whitespace(Whitespace::Space);
                }
                at = to;
            }
        }
    }
    Ok(points)
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

/// The first token from `at` on that is not blank.
fn solid(tokens: &[TokenWithLocation], mut at: usize) -> Option<(usize, &Token)> {
    loop {
        match tokens.get(at) {
            None => return None,
            Some(t) if matches!(t.token, Token::Whitespace(_)) => at += 1,
            Some(t) => return Some((at, &t.token)),
        }
    }
}

/// The last token before `at` that is not blank.
fn solid_before(tokens: &[TokenWithLocation], at: usize) -> Option<(usize, &Token)> {
    let before = tokens.get(..at)?.iter().enumerate().rev();
    before.map(|(i, t)| (i, &t.token)).find(|(_, t)| !matches!(t, Token::Whitespace(_)))
}

pub(super) type Found = (usize, usize, PointText);

/// `[FOR SYSTEM_TIME] AS OF point` at this place: where it starts, where it ends, what it says.
pub(super) fn parse_point(tokens: &[TokenWithLocation], at: usize) -> Result<Option<Found>> {
    let Some((from, first)) = solid(tokens, at).filter(|(i, _)| *i == at) else { return Ok(None) };
    let standard = is_word(first, "FOR");
    let mut next = from;
    if standard {
        let Some((i, token)) = solid(tokens, from + 1) else { return Ok(None) };
        let Some((j, _)) = solid(tokens, i + 1) else { return Ok(None) };
        if !is_word(token, "SYSTEM_TIME") {
            return Ok(None);
        }
        next = j;
    }
    let words = tokens.get(next).map(|t| &t.token).zip(solid(tokens, next + 1));
    let of = match words {
        Some((a, (of, o))) if is_word(a, "AS") && is_word(o, "OF") => of,
        _ => return Ok(None),
    };
    let Some((word, token)) = solid(tokens, of + 1) else { return Ok(None) };
    if standard && !is_word(token, "TIMESTAMP") {
        let (operand, end) = operand(tokens, word)?;
        return Ok(Some((from, end, PointText(Some((Form::Time, operand))))));
    }
    let form = match token {
        t if is_word(t, "NOW") => return Ok(Some((from, word + 1, PointText(None)))),
        t if is_word(t, "TIMESTAMP") => Form::Time,
        t if is_word(t, "SCN") => Form::Scn,
        t if is_word(t, "TRANSACTION") => Form::Transaction,
        t if is_word(t, "SNAPSHOT") => Form::Snapshot,
        t if is_word(t, "SYSTEM") => {
            return match solid(tokens, word + 1) {
                Some((time, t)) if is_word(t, "TIME") => {
                    let (operand, end) = operand(tokens, time + 1)?;
                    Ok(Some((from, end, PointText(Some((Form::Time, operand))))))
                }
                _ => Err(Error::Sql("AS OF SYSTEM must go on with TIME".into())),
            };
        }
        // `x AS of` gives a column the name "of".
        _ => return Ok(None),
    };
    let (operand, end) = operand(tokens, word + 1)?;
    Ok(Some((from, end, PointText(Some((form, operand))))))
}

fn operand(tokens: &[TokenWithLocation], at: usize) -> Result<(Operand, usize)> {
    match solid(tokens, at) {
        Some((i, Token::Number(n, _))) => Ok((Operand::Number(n.clone()), i + 1)),
        Some((i, Token::SingleQuotedString(s))) => Ok((Operand::Text(s.clone()), i + 1)),
        Some((i, Token::Placeholder(p))) => Ok((Operand::Param(p.clone()), i + 1)),
        Some((i, Token::Minus)) => match solid(tokens, i + 1) {
            Some((j, Token::Number(n, _))) => Ok((Operand::Number(format!("-{n}")), j + 1)),
            _ => Err(Error::Sql("AS OF needs a number, a string or a parameter".into())),
        },
        _ => Err(Error::Sql("AS OF needs a number, a string or a parameter".into())),
    }
}

/// Marks the name of the table that stands before `at`, with or without an alias.
fn mark_table(tokens: &mut [TokenWithLocation], at: usize, number: usize) -> Result<()> {
    let misplaced = || Error::Sql("AS OF must stand right behind a table's name or alias".into());
    let opens = |token: &Token| {
        matches!(token, Token::Comma | Token::LParen)
            || ["FROM", "JOIN", "ONLY"].iter().any(|w| is_word(token, w))
    };
    let name = |token: &Token| matches!(token, Token::Word(_));
    let (last, token) = solid_before(tokens, at).filter(|(_, t)| name(t)).ok_or_else(misplaced)?;
    if opens(token) {
        return Err(misplaced());
    }
    let (before, token) = solid_before(tokens, last).ok_or_else(misplaced)?;
    let table = if opens(token) {
        last
    } else if is_word(token, "AS") {
        let (i, _) = solid_before(tokens, before).filter(|(_, t)| name(t)).ok_or_else(misplaced)?;
        i
    } else if name(token) {
        before
    } else {
        return Err(misplaced());
    };
    if table != last && !solid_before(tokens, table).is_some_and(|(_, t)| opens(t)) {
        return Err(misplaced());
    }
    if let Some(Token::Word(Word { value, quote_style, .. })) =
        tokens.get_mut(table).map(|t| &mut t.token)
    {
        value.push(MARK);
        value.push_str(&number.to_string());
        // Quoted, so that the parser takes it for a name whatever it says.
        *quote_style = quote_style.or(Some('"'));
    }
    Ok(())
}

impl PointText {
    /// Whether only a parameter says which point it is.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self.0, Some((_, Operand::Param(_))))
    }

    /// The point that is meant.
    ///
    /// # Errors
    /// `Sql` where the text is no such point; a parameter that is not there.
    pub(crate) fn resolve(&self, params: &[Value]) -> Result<AsOf> {
        let Some((form, operand)) = &self.0 else { return Ok(AsOf::Now) };
        let value = match operand {
            Operand::Number(n) => Value::Text(n.as_str().into()),
            Operand::Text(s) if *form == Form::Snapshot => Value::Text(s.as_str().into()),
            Operand::Text(s) => Value::Text(s.as_str().into()),
            Operand::Param(p) => super::parameters::param(p, params)?.clone(),
        };
        let text = value.to_text();
        let number = text.parse::<i64>().ok();
        let wrong = |what: &str| Error::Sql(format!("AS OF: '{text}' is not {what}"));
        let scn = || number.and_then(|n| u64::try_from(n).ok()).map(Scn);
        Ok(match form {
            Form::Scn => AsOf::Scn(scn().ok_or_else(|| wrong("an SCN"))?),
            Form::Transaction => AsOf::Transaction(scn().ok_or_else(|| wrong("a transaction"))?),
            Form::Snapshot => AsOf::Snapshot(text),
            Form::Time => match number {
                Some(seconds) => {
                    let at = seconds.checked_mul(1_000_000).map(Micros);
                    AsOf::Time { at: at.ok_or_else(|| wrong("a time"))?, whole_second: true }
                }
                None => match value.coerce(&SqlType::Timestamp)? {
                    Value::Timestamp(at) => {
                        AsOf::Time { at: Micros(at), whole_second: at % 1_000_000 == 0 }
                    }
                    _ => return Err(wrong("a time")),
                },
            },
        })
    }
}
