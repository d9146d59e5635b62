//! From text to a syntax tree: one statement, bounded in length and depth.

use super::bounds::check_shape;
use super::branching::{self, Branching};
use super::ddl_text;
use super::dialect::OffshootDialect;
use super::dml::{KeptWrite, LiteralRow};
use super::keeping::Keeping;
use super::national::plain_texts;
use super::parameters::{self, Parameters};
use super::points::{PointText, take_points};
use super::query::KeptQuery;
use super::refused::feature;
use crate::error::{Error, Result};
use gluesql_core::sqlparser::ast::{Expr, Ident, OrderByExpr, SelectItem, Statement};
use gluesql_core::sqlparser::keywords::Keyword;
use gluesql_core::sqlparser::parser::{Parser, ParserError};
use gluesql_core::sqlparser::tokenizer::{
    Location, Token, TokenWithLocation, Tokenizer, Whitespace, Word,
};
use std::sync::Arc;

/// A statement as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Parsed {
    /// What it says.
    pub body: Body,
    /// The points that marks in it number.
    pub points: Vec<PointText>,
    /// A query's plan, where that can be kept.
    pub plan: Keeping<KeptQuery>,
    /// The same of an UPDATE or a DELETE.
    pub write: Keeping<KeptWrite>,
    /// The rows of an INSERT that were read apart from it; they stand for those of its VALUES.
    pub rows: Option<Vec<LiteralRow>>,
    /// Its parameters, all of which it names `$n`.
    pub parameters: Parameters,
}

/// What a statement says.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// SQL on one branch. Tables with an `AS OF` of their own carry a mark.
    Sql(Arc<Statement>),
    /// About branches.
    Branching(Branching),
}

impl Parsed {
    /// Its syntax tree.
    ///
    /// # Errors
    /// `Invalid` for a statement about branches, which stands alone.
    pub fn statement(&self) -> Result<&Statement> {
        match &self.body {
            Body::Sql(statement) => Ok(statement),
            Body::Branching(_) => Err(stands_alone()),
        }
    }

    /// The same, to keep.
    ///
    /// # Errors
    /// As [`Parsed::statement`].
    pub fn into_statement(self) -> Result<Statement> {
        match self.body {
            Body::Sql(statement) => Ok(Arc::unwrap_or_clone(statement)),
            Body::Branching(_) => Err(stands_alone()),
        }
    }
}

fn stands_alone() -> Error {
    Error::Invalid("a statement about branches runs alone, in a session".into())
}

const DIALECT: OffshootDialect = OffshootDialect;

/// Reads one statement.
///
/// # Errors
/// `Sql` with the place of the mistake; `Limit`.
pub(crate) fn parse(sql: &str, bytes_max: usize) -> Result<Parsed> {
    let (mut tokens, parameters) = tokenize(sql, bytes_max)?;
    if let Some(branching) = branching::read(&tokens)? {
        return Ok(Parsed {
            body: Body::Branching(branching),
            points: Vec::new(),
            parameters,
            plan: Keeping::default(),
            write: Keeping::default(),
            rows: None,
        });
    }
    let points = take_points(&mut tokens)?;
    match read(tokens) {
        Ok(statement) => {
            let body = Body::Sql(Arc::new(statement));
            let (plan, write) = (Keeping::default(), Keeping::default());
            Ok(Parsed { body, points, parameters, plan, write, rows: None })
        }
        Err(error @ Error::Sql(_)) => match feature(&tokenize(sql, bytes_max)?.0) {
            Some(feature) => Err(Error::Unsupported(feature)),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The one statement that all tokens make.
fn read(tokens: Vec<TokenWithLocation>) -> Result<Statement> {
    let mut parser = Parser::new(&DIALECT).with_tokens_with_locations(tokens);
    while parser.consume_token(&Token::SemiColon) {}
    if parser.peek_token().token == Token::EOF {
        return Err(Error::Sql("there is no statement".into()));
    }
    let statement = parser.parse_statement().map_err(syntax)?;
    while parser.consume_token(&Token::SemiColon) {}
    end(&mut parser, "one statement at a time")?;
    Ok(statement)
}

/// Reads one expression and nothing else.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_expr(sql: &str, bytes_max: usize) -> Result<Expr> {
    part(sql, bytes_max, |parser| parser.parse_expr())
}

/// Reads a list of select items and nothing else.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_items(sql: &str, bytes_max: usize) -> Result<Vec<SelectItem>> {
    part(sql, bytes_max, |parser| parser.parse_comma_separated(Parser::parse_select_item))
}

/// Reads what may follow ORDER BY and nothing else.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_order(sql: &str, bytes_max: usize) -> Result<Vec<OrderByExpr>> {
    part(sql, bytes_max, |parser| parser.parse_comma_separated(Parser::parse_order_by_expr))
}

fn part<T>(
    sql: &str,
    bytes_max: usize,
    read: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<T> {
    let (tokens, _) = tokenize(sql, bytes_max)?;
    let mut parser = Parser::new(&DIALECT).with_tokens_with_locations(tokens);
    let found = read(&mut parser).map_err(syntax)?;
    end(&mut parser, "nothing may follow")?;
    Ok(found)
}

/// Whether MATERIALIZED stands before a query in brackets.
fn is_materialized(tokens: &[TokenWithLocation], at: usize) -> bool {
    let word = matches!(tokens.get(at).map(|t| &t.token), Some(Token::Word(word))
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("MATERIALIZED"));
    let mut behind = tokens.iter().skip(at + 1).map(|t| &t.token);
    word && behind.find(|t| !matches!(t, Token::Whitespace(_))) == Some(&Token::LParen)
}

/// Whether the last word, or the one before a NOT, is AS.
fn follows_as(tokens: &[TokenWithLocation], solid: &[usize]) -> bool {
    let word = |n: usize| {
        let at = solid.len().checked_sub(n).and_then(|i| solid.get(i));
        match at.and_then(|i| tokens.get(*i)).map(|t| &t.token) {
            Some(Token::Word(word)) if word.quote_style.is_none() => word.keyword,
            _ => Keyword::NoKeyword,
        }
    };
    word(1) == Keyword::AS || (word(1) == Keyword::NOT && word(2) == Keyword::AS)
}

fn blank(tokens: &mut [TokenWithLocation], at: usize) {
    if let Some(token) = tokens.get_mut(at) {
        token.token = Token::Whitespace(Whitespace::Space);
    }
}

fn end(parser: &mut Parser<'_>, why: &str) -> Result<()> {
    let next = parser.peek_token();
    match next.token {
        Token::EOF => Ok(()),
        token => Err(Error::Sql(format!("syntax error: {why}, found '{token}'{}", next.location))),
    }
}

fn tokenize(sql: &str, bytes_max: usize) -> Result<(Vec<TokenWithLocation>, Parameters)> {
    if sql.len() > bytes_max {
        return Err(Error::Limit(format!("the statement has more than {bytes_max} bytes")));
    }
    if sql.contains('\0') {
        return Err(Error::Sql("the statement has a NUL character".into()));
    }
    let text = plain_texts(sql);
    let mut tokens = Tokenizer::new(&DIALECT, &text)
        .tokenize_with_location()
        .map_err(|error| Error::Sql(format!("syntax error: {error}")))?;
    whole_numbers(&text, &mut tokens)?;
    check_shape(&tokens)?;
    let parameters = parameters::number(&mut tokens)?;
    adapt(&mut tokens);
    super::dml::mark_ends(&mut tokens);
    ddl_text::adapt(&mut tokens)?;
    Ok((tokens, parameters))
}

/// Makes numbers of `0x1F`, which the tokenizer takes for `X'1F'`: only the text tells them apart.
fn whole_numbers(text: &str, tokens: &mut [TokenWithLocation]) -> Result<()> {
    let is_hex = |t: &&mut TokenWithLocation| matches!(t.token, Token::HexStringLiteral(_));
    if !tokens.iter_mut().any(|t| is_hex(&t)) {
        return Ok(());
    }
    let lines: Vec<&str> = text.split('\n').collect();
    for token in tokens.iter_mut().filter(is_hex) {
        let Location { line, column } = token.location;
        let line = usize::try_from(line).ok().and_then(|line| lines.get(line.checked_sub(1)?));
        let column = usize::try_from(column).ok().and_then(|column| column.checked_sub(1));
        let first = line.zip(column).and_then(|(line, column)| line.chars().nth(column));
        let Token::HexStringLiteral(digits) = &token.token else { continue };
        if first == Some('0') {
            // 64 bits in two's complement, as in SQLite.
            let number = u64::from_str_radix(digits, 16)
                .map_err(|_| Error::Sql(format!("0x{digits} is no 64-bit number")))?;
            token.token = Token::Number((number as i64).to_string(), false);
        }
    }
    Ok(())
}

/// Rewrites what the parser lacks: `ALTER COLUMN c TYPE t` becomes its long form, a number with an exponent, which is a float and not an exact number, a CAST, and `REFERENCES p` is
/// given a list of columns.
fn adapt(tokens: &mut Vec<TokenWithLocation>) {
    let mut solid: Vec<usize> = Vec::new();
    let mut longer: Vec<(usize, Vec<Token>)> = Vec::new();
    let keyword = |text: &str, keyword: Keyword| {
        Token::Word(Word { value: text.into(), quote_style: None, keyword })
    };
    let is = |t: Option<&TokenWithLocation>, keyword: Keyword| matches!(t.map(|t| &t.token), Some(Token::Word(w)) if w.keyword == keyword);
    let altering = tokens.iter().find(|t| !matches!(t.token, Token::Whitespace(_)));
    let pragma = is(altering, Keyword::PRAGMA);
    let altering = is(altering, Keyword::ALTER);
    for at in 0..tokens.len() {
        // What is evaluated once here is evaluated once whatever is written.
        if is_materialized(tokens, at) && follows_as(tokens, &solid) {
            blank(tokens, at);
            if let Some(not) = solid.pop_if(|i| is(tokens.get(*i), Keyword::NOT)) {
                blank(tokens, not);
            }
            continue;
        }
        match tokens.get_mut(at).map(|t| &mut t.token) {
            None | Some(Token::Whitespace(_)) => continue,
            // `PRAGMA table_info(t)` means the text 't'.
            Some(Token::Word(word)) if pragma && solid.len() == 3 => {
                let text = Token::SingleQuotedString(word.value.clone());
                longer.push((at, vec![text]));
            }
            Some(Token::Word(word)) if altering && word.keyword == Keyword::TYPE => {
                let back = |n: usize| solid.len().checked_sub(n).and_then(|i| solid.get(i));
                let before = |n: usize| back(n).and_then(|i| tokens.get(*i));
                let long = is(before(1), Keyword::DATA);
                let behind_name = is(before(2), Keyword::ALTER) || is(before(2), Keyword::COLUMN);
                if !long && behind_name {
                    let words = ["SET", "DATA", "TYPE"];
                    let keywords = [Keyword::SET, Keyword::DATA, Keyword::TYPE];
                    let words = words.into_iter().zip(keywords).map(|(w, k)| keyword(w, k));
                    longer.push((at, words.collect()));
                }
            }
            Some(Token::Word(word)) if word.keyword == Keyword::REFERENCES => {
                if let Some(after) = bare_reference(tokens, at) {
                    let name = Word {
                        value: PRIMARY_KEY.into(),
                        quote_style: Some('"'),
                        keyword: Keyword::NoKeyword,
                    };
                    let list = vec![Token::LParen, Token::Word(name), Token::RParen];
                    longer.push((after, list));
                }
            }
            Some(Token::Number(text, _)) if text.contains(['e', 'E']) => {
                let text = Token::SingleQuotedString(text.clone());
                let cast = [
                    keyword("CAST", Keyword::CAST),
                    Token::LParen,
                    text,
                    keyword("AS", Keyword::AS),
                    keyword("DOUBLE", Keyword::DOUBLE),
                    Token::RParen,
                ];
                longer.push((at, cast.into()));
            }
            Some(_) => {}
        }
        solid.push(at);
    }
    if longer.is_empty() {
        return;
    }
    let mut longer = longer.into_iter().peekable();
    let short = std::mem::take(tokens);
    for (at, token) in short.into_iter().enumerate() {
        let location = token.location;
        let located = |token| TokenWithLocation { token, location };
        match longer.next_if(|(place, _)| *place == at) {
            Some((_, words)) => {
                // A list is put before what stands here; other words stand in its place.
                let added = words.first() == Some(&Token::LParen);
                tokens.extend(words.into_iter().map(located));
                if added {
                    tokens.push(token);
                }
            }
            None => tokens.push(token),
        }
    }
    for (_, words) in longer {
        let location = Location { line: 0, column: 0 };
        tokens.extend(words.into_iter().map(|token| TokenWithLocation { token, location }));
    }
}

/// Stands for the columns of the parent's primary key where a REFERENCES names none, which the parser
/// wants of a FOREIGN KEY. No SQL text may hold a NUL.
const PRIMARY_KEY: &str = "\0";

/// The columns that a REFERENCES names; none means the parent's primary key.
pub(super) fn referred(columns: &[Ident]) -> Vec<&str> {
    columns.iter().map(|c| c.value.as_str()).filter(|name| *name != PRIMARY_KEY).collect()
}

/// Where a column list is missing behind `REFERENCES name`: the place of the blank or other token
/// behind the name.
fn bare_reference(tokens: &[TokenWithLocation], at: usize) -> Option<usize> {
    let solid = |from: usize| {
        let rest = tokens.iter().enumerate().skip(from);
        rest.map(|(i, t)| (i, &t.token)).find(|(_, t)| !matches!(t, Token::Whitespace(_)))
    };
    let (mut name, _) = solid(at + 1).filter(|(_, t)| matches!(t, Token::Word(_)))?;
    while let Some((dot, Token::Period)) = solid(name + 1) {
        (name, _) = solid(dot + 1)?;
    }
    match solid(name + 1) {
        Some((_, Token::LParen)) => None,
        _ => Some(name + 1),
    }
}

fn syntax(error: ParserError) -> Error {
    match error {
        ParserError::RecursionLimitExceeded => {
            Error::Limit("the statement nests too deeply".into())
        }
        ParserError::TokenizerError(why) | ParserError::ParserError(why) => {
            ddl_text::refused(&why).unwrap_or_else(|| Error::Sql(format!("syntax error: {why}")))
        }
    }
}
