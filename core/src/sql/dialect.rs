//! The SQL that is read: what SQLite and PostgreSQL have in common, and most of what only one has.

use gluesql_core::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Statement, UnaryOperator,
};
use gluesql_core::sqlparser::dialect::{Dialect, GenericDialect, Precedence};
use gluesql_core::sqlparser::keywords::Keyword;
use gluesql_core::sqlparser::parser::{Parser, ParserError};
use gluesql_core::sqlparser::tokenizer::{Token, Word};
use std::any::TypeId;
use std::iter::Peekable;
use std::str::Chars;

/// How firmly `->` and `->>` bind: more than any operator between values but `::`, so that
/// `d ->> 'price' > 50` compares the member.
const MEMBER_PRECEDENCE: u8 = 45;

/// The generic dialect of the parser, which takes the most of both, with `[name]` as SQLite has it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OffshootDialect;

impl Dialect for OffshootDialect {
    // The parser asks for its own dialects by type: it is to take this one for the generic one.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        matches!(ch, '"' | '`' | '[')
    }

    // `[name]` is a name, `[1]` is a subscript.
    fn is_proper_identifier_inside_quotes(&self, mut chars: Peekable<Chars<'_>>) -> bool {
        match chars.next() {
            Some('[') => chars.next().is_some_and(|c| c.is_alphabetic() || c == '_'),
            _ => true,
        }
    }

    fn parse_statement(&self, parser: &mut Parser<'_>) -> Option<Result<Statement, ParserError>> {
        super::dml::parse_write(parser).or_else(|| super::ddl_text::parse_statement(parser))
    }

    // `~x`
    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        if !parser.consume_token(&Token::Tilde) {
            return None;
        }
        let precedence = self.prec_value(Precedence::MulDivModOp);
        Some(
            parser.parse_subexpr(precedence).map(|expr| Expr::UnaryOp {
                op: UnaryOperator::PGBitwiseNot,
                expr: Box::new(expr),
            }),
        )
    }

    // `a IS [NOT] b`, `a IS [NOT] DISTINCT FROM b`, whose right side the parser would let take all
    // that follows, AND and OR included, `a ISNULL`, `a NOTNULL`, `a [NOT] GLOB b`, and
    // `a [NOT] IN (VALUES …)`.
    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        expr: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        let at = |n: usize| parser.peek_nth_token(n).token;
        let keyword = |n: usize| match at(n) {
            Token::Word(word) if word.quote_style.is_none() => word.keyword,
            _ => Keyword::NoKeyword,
        };
        if keyword(0) == Keyword::IS {
            let not = keyword(1) == Keyword::NOT;
            let next = 1 + usize::from(not);
            let distinct = keyword(next) == Keyword::DISTINCT && keyword(next + 1) == Keyword::FROM;
            let known = [Keyword::NULL, Keyword::TRUE, Keyword::FALSE, Keyword::UNKNOWN];
            if !distinct && (known.contains(&keyword(next)) || keyword(next) == Keyword::DISTINCT) {
                return None;
            }
            let words = next + if distinct { 2 } else { 0 };
            (0..words).for_each(|_| drop(parser.next_token()));
            let right = match parser.parse_subexpr(self.prec_value(Precedence::Is)) {
                Ok(right) => Box::new(right),
                Err(error) => return Some(Err(error)),
            };
            let left = Box::new(expr.clone());
            return Some(Ok(match distinct == not {
                true => Expr::IsNotDistinctFrom(left, right),
                false => Expr::IsDistinctFrom(left, right),
            }));
        }
        if let Some(null) = null_test(&at(0)) {
            parser.next_token();
            let expr = Box::new(expr.clone());
            return Some(Ok(match null {
                true => Expr::IsNull(expr),
                false => Expr::IsNotNull(expr),
            }));
        }
        let not = keyword(0) == Keyword::NOT;
        // The parser would read a call of VALUES, and a list of rows behind it.
        let behind = usize::from(not);
        if keyword(behind) == Keyword::IN
            && at(behind + 1) == Token::LParen
            && keyword(behind + 2) == Keyword::VALUES
        {
            (0..behind + 2).for_each(|_| drop(parser.next_token()));
            let query = match parser.parse_query() {
                Ok(query) => query,
                Err(error) => return Some(Err(error)),
            };
            if let Err(error) = parser.expect_token(&Token::RParen) {
                return Some(Err(error));
            }
            let expr = Box::new(expr.clone());
            return Some(Ok(Expr::InSubquery { expr, subquery: query, negated: not }));
        }
        if !is_glob(&at(usize::from(not))) {
            return None;
        }
        (0..=usize::from(not)).for_each(|_| drop(parser.next_token()));
        let pattern = match parser.parse_subexpr(self.prec_value(Precedence::Like)) {
            Ok(pattern) => pattern,
            Err(error) => return Some(Err(error)),
        };
        let matched = glob(pattern, expr.clone());
        Some(Ok(match not {
            true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(matched) },
            false => matched,
        }))
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let first = parser.peek_token().token;
        if matches!(
            first,
            Token::Arrow | Token::LongArrow | Token::HashArrow | Token::HashLongArrow
        ) {
            return Some(Ok(MEMBER_PRECEDENCE));
        }
        if null_test(&first).is_some() {
            return Some(Ok(self.prec_value(Precedence::Is)));
        }
        let negated = matches!(&first, Token::Word(word) if word.keyword == Keyword::NOT)
            && is_glob(&parser.peek_nth_token(1).token);
        (negated || is_glob(&first)).then(|| Ok(self.prec_value(Precedence::Like)))
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_in_empty_list(&self) -> bool {
        true
    }

    fn supports_start_transaction_modifier(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn supports_create_index_with_clause(&self) -> bool {
        true
    }

    fn supports_asc_desc_in_column_definition(&self) -> bool {
        true
    }

    fn allow_extract_single_quotes(&self) -> bool {
        true
    }

    fn supports_select_wildcard_except(&self) -> bool {
        true
    }
}

/// Whether this is `ISNULL` or `NOTNULL` behind a value; `None`: neither.
fn null_test(token: &Token) -> Option<bool> {
    match token {
        Token::Word(Word { value, quote_style: None, .. }) => {
            let null = value.eq_ignore_ascii_case("ISNULL");
            (null || value.eq_ignore_ascii_case("NOTNULL")).then_some(null)
        }
        _ => None,
    }
}

fn is_glob(token: &Token) -> bool {
    matches!(token, Token::Word(Word { value, quote_style: None, .. })
        if value.eq_ignore_ascii_case("GLOB"))
}

/// `glob(pattern, text)`
fn glob(pattern: Expr, text: Expr) -> Expr {
    let args = [pattern, text].map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)));
    Expr::Function(Function {
        name: ObjectName(vec![Ident::new("glob")]),
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.into(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
