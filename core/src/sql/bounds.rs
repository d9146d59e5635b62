//! Bounds on the shape of a statement, checked on its tokens before anything recurses on it.
//!
//! A parser, a binder and an evaluator recurse on the nesting of an expression, and a chain
//! (`1 + 1 + …`, `x::INT::INT…`) nests as deeply as it is long. Counting tokens is enough to bound
//! all of it: a bracket nests by one; between two commas of one level nothing nests more often than
//! there are operators and keywords; and only a run of keywords and operators without an operand
//! between them can be a run of prefixes. Clause words bound nothing: the parser takes any of them
//! for a name where it expects an operand.

use crate::error::{Error, Result};
use gluesql_core::sqlparser::keywords::Keyword;
use gluesql_core::sqlparser::tokenizer::{Token, TokenWithLocation};

/// Brackets inside each other.
const NESTING_MAX: usize = 48;
/// Operators and keywords between two commas, without those in brackets.
const CHAIN_MAX: usize = 700;
/// Operators and keywords in a row.
const RUN_MAX: usize = 32;
/// Joins, and set operations, of one statement.
const JOINS_MAX: usize = 64;
/// `ARRAY<…>` and `STRUCT<…>`, whose commas do not part expressions.
const NESTED_TYPES_MAX: usize = 16;
/// Tokens of one statement.
const TOKENS_MAX: usize = 1_000_000;

/// Refuses a statement that is too long or too deep to be run safely.
///
/// # Errors
/// `Limit`, naming the bound.
pub(super) fn check_shape(tokens: &[TokenWithLocation]) -> Result<()> {
    if tokens.len() > TOKENS_MAX {
        return Err(limit("has more", TOKENS_MAX, "tokens"));
    }
    // Per open bracket: the chain outside it.
    let mut open: Vec<usize> = Vec::new();
    let (mut chain, mut run, mut joins, mut nested_types) = (0usize, 0usize, 0usize, 0usize);
    let mut type_word = false;
    for TokenWithLocation { token, .. } in tokens {
        let after_type_word = std::mem::take(&mut type_word);
        match token {
            Token::Whitespace(_) => {
                type_word = after_type_word;
                continue;
            }
            Token::LParen | Token::LBracket | Token::LBrace => {
                // A subscript or a call may be chained as well.
                open.push(chain + 1);
                (chain, run) = (0, 0);
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                chain = open.pop().unwrap_or(0);
                run = 0;
            }
            Token::Comma | Token::SemiColon => (chain, run) = (0, 0),
            Token::Word(word) if word.keyword != Keyword::NoKeyword => {
                type_word = matches!(word.keyword, Keyword::ARRAY | Keyword::STRUCT);
                if matches!(
                    word.keyword,
                    Keyword::JOIN | Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT
                ) {
                    joins += 1;
                }
                (chain, run) = (chain + 1, run + 1);
            }
            token if is_operand(token) => run = 0,
            token => {
                nested_types += usize::from(after_type_word && *token == Token::Lt);
                (chain, run) = (chain + 1, run + 1);
            }
        }
        if open.len() > NESTING_MAX {
            return Err(limit("nests more than", NESTING_MAX, "levels deep"));
        }
        if chain > CHAIN_MAX || open.last().is_some_and(|outer| *outer > CHAIN_MAX) {
            return Err(limit("has an expression of more than", CHAIN_MAX, "operators"));
        }
        if run > RUN_MAX {
            return Err(limit("has more than", RUN_MAX, "operators or keywords in a row"));
        }
        if joins > JOINS_MAX {
            return Err(limit("has more than", JOINS_MAX, "joins or set operations"));
        }
        if nested_types > NESTED_TYPES_MAX {
            return Err(limit("has more than", NESTED_TYPES_MAX, "types of types"));
        }
    }
    Ok(())
}

fn limit(what: &str, bound: usize, unit: &str) -> Error {
    Error::Limit(format!("the statement {what} {bound} {unit}"))
}

fn is_operand(token: &Token) -> bool {
    !matches!(
        token,
        Token::DoubleEq
            | Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::Gt
            | Token::LtEq
            | Token::GtEq
            | Token::Spaceship
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::DuckIntDiv
            | Token::Mod
            | Token::StringConcat
            | Token::Period
            | Token::Colon
            | Token::DoubleColon
            | Token::Assignment
            | Token::Backslash
            | Token::Ampersand
            | Token::Pipe
            | Token::Caret
            | Token::RArrow
            | Token::Sharp
            | Token::Tilde
            | Token::TildeAsterisk
            | Token::ExclamationMarkTilde
            | Token::ExclamationMarkTildeAsterisk
            | Token::DoubleTilde
            | Token::DoubleTildeAsterisk
            | Token::ExclamationMarkDoubleTilde
            | Token::ExclamationMarkDoubleTildeAsterisk
            | Token::ShiftLeft
            | Token::ShiftRight
            | Token::Overlap
            | Token::ExclamationMark
            | Token::DoubleExclamationMark
            | Token::AtSign
            | Token::CaretAt
            | Token::PGSquareRoot
            | Token::PGCubeRoot
            | Token::Arrow
            | Token::LongArrow
            | Token::HashArrow
            | Token::HashLongArrow
            | Token::AtArrow
            | Token::ArrowAt
            | Token::HashMinus
            | Token::AtQuestion
            | Token::AtAt
            | Token::Question
            | Token::QuestionAnd
            | Token::QuestionPipe
            | Token::CustomBinaryOperator(_)
    )
}
