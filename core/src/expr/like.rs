//! LIKE and ILIKE: `%` stands for any characters, `_` for one; the whole text must match, line
//! breaks included.

use super::{EvalContext, EvalError, Expr};
use crate::value::Value;
use std::sync::Arc;

/// The pattern of a LIKE.
#[derive(Debug, Clone, PartialEq)]
pub enum LikePattern<C> {
    /// A literal, prepared.
    Ready(Arc<Matcher>),
    /// Known only with the row.
    Dynamic {
        /// What gives the pattern.
        pattern: Box<Expr<C>>,
        /// What takes a following `%`, `_` or itself literally.
        escape: Option<char>,
        /// ILIKE.
        case_insensitive: bool,
    },
}

impl<C> LikePattern<C> {
    /// Prepares a literal that is a valid pattern; anything else waits for its row.
    pub fn new(pattern: Expr<C>, escape: Option<char>, case_insensitive: bool) -> Self {
        if let Expr::Literal(Value::Text(text)) = &pattern
            && let Ok(matcher) = Matcher::new(text.clone(), escape, case_insensitive)
        {
            return LikePattern::Ready(Arc::new(matcher));
        }
        LikePattern::Dynamic { pattern: Box::new(pattern), escape, case_insensitive }
    }
}

/// A prepared pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Matcher {
    pattern: Arc<str>,
    escape: Option<char>,
    case_insensitive: bool,
    shape: Shape,
}

/// The common shapes are answered by comparing bytes.
#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    General(Vec<Token>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    Char(char),
    One,
    Many,
}

impl Matcher {
    /// Prepares a pattern.
    ///
    /// # Errors
    /// `Escape` if it ends with its escape character.
    pub fn new(
        pattern: Arc<str>,
        escape: Option<char>,
        case_insensitive: bool,
    ) -> Result<Self, EvalError> {
        let mut tokens = Vec::new();
        let mut characters = pattern.chars();
        while let Some(c) = characters.next() {
            let token = match c {
                c if Some(c) == escape => Token::Char(characters.next().ok_or(EvalError::Escape)?),
                '%' => Token::Many,
                '_' => Token::One,
                c => Token::Char(c),
            };
            // Two in a row mean what one does.
            if token != Token::Many || tokens.last() != Some(&Token::Many) {
                tokens.push(token);
            }
        }
        let shape = shape(tokens, case_insensitive);
        Ok(Matcher { pattern, escape, case_insensitive, shape })
    }

    /// The pattern as it was written.
    pub fn pattern(&self) -> &Arc<str> {
        &self.pattern
    }

    /// Its escape character.
    pub fn escape(&self) -> Option<char> {
        self.escape
    }

    /// Whether case does not matter.
    pub fn case_insensitive(&self) -> bool {
        self.case_insensitive
    }

    /// What every match begins with, where case matters: the range of an index to look through.
    pub fn prefix(&self) -> Option<String> {
        let prefix = match &self.shape {
            Shape::Exact(text) | Shape::Prefix(text) => text.clone(),
            Shape::General(tokens) if !self.case_insensitive => {
                let literal = tokens.iter().map_while(|token| match token {
                    Token::Char(c) => Some(*c),
                    _ => None,
                });
                literal.collect()
            }
            _ => String::new(),
        };
        (!prefix.is_empty()).then_some(prefix)
    }

    /// Whether a text matches.
    pub(super) fn matches(&self, text: &str, ctx: &EvalContext<'_>) -> Result<bool, EvalError> {
        Ok(match &self.shape {
            Shape::Exact(s) => text == s,
            Shape::Prefix(s) => text.starts_with(s.as_str()),
            Shape::Suffix(s) => text.ends_with(s.as_str()),
            Shape::Contains(s) => text.contains(s.as_str()),
            Shape::General(tokens) => general(tokens, text, self.case_insensitive, ctx)?,
        })
    }
}

fn shape(tokens: Vec<Token>, case_insensitive: bool) -> Shape {
    let literal = |tokens: &[Token]| -> Option<String> {
        let characters = tokens.iter().map(|token| match token {
            Token::Char(c) => Some(*c),
            _ => None,
        });
        characters.collect()
    };
    if case_insensitive {
        let folded = tokens.into_iter().map(|token| match token {
            Token::Char(c) => Token::Char(fold(c)),
            other => other,
        });
        return Shape::General(folded.collect());
    }
    let known = match tokens.as_slice() {
        [Token::Many, middle @ .., Token::Many] => literal(middle).map(Shape::Contains),
        [Token::Many] => Some(Shape::Prefix(String::new())),
        [start @ .., Token::Many] => literal(start).map(Shape::Prefix),
        [Token::Many, end @ ..] => literal(end).map(Shape::Suffix),
        all => literal(all).map(Shape::Exact),
    };
    known.unwrap_or(Shape::General(tokens))
}

/// The character in lower case, where that is one character.
fn fold(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// Matches from left to right. On a mismatch only the last `%` is asked to take one character more:
/// the ones before it have nothing to gain.
fn general(
    tokens: &[Token],
    text: &str,
    case_insensitive: bool,
    ctx: &EvalContext<'_>,
) -> Result<bool, EvalError> {
    let (mut at, mut rest) = (0, text.chars());
    // The token after the last `%`, and where the text went on from it.
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        ctx.step()?;
        let mut ahead = rest.clone();
        let next = ahead.next();
        let matched = match (tokens.get(at), next) {
            (Some(Token::Many), _) => {
                at += 1;
                if at == tokens.len() {
                    return Ok(true);
                }
                retry = Some((at, rest.clone()));
                continue;
            }
            (None, None) => return Ok(true),
            (Some(Token::One), Some(_)) => true,
            (Some(Token::Char(c)), Some(found)) => {
                *c == if case_insensitive { fold(found) } else { found }
            }
            _ => false,
        };
        if matched {
            at += 1;
            rest = ahead;
            continue;
        }
        let Some((after, from)) = &mut retry else { return Ok(false) };
        if from.next().is_none() {
            return Ok(false);
        }
        at = *after;
        rest = from.clone();
    }
}
