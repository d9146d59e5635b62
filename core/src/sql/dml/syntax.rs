//! The syntax of statements that change rows: what SQLite and PostgreSQL allow around INSERT, UPDATE
//! and DELETE, which the parser reads in part only.
//!
//! ```text
//!   [WITH …] INSERT [OR …] INTO t [AS a] [(…)] … [ON CONFLICT [(…) [WHERE …]] DO …]… [RETURNING …]
//!   [WITH …] REPLACE INTO …
//!   [WITH …] UPDATE [OR …] t [AS a] SET … [FROM …, …] [WHERE …] [RETURNING …] [ORDER BY …] [LIMIT …]
//!   [WITH …] DELETE FROM t [AS a] [USING …, …] [WHERE …] [RETURNING …] [ORDER BY …] [LIMIT …]
//! ```
//!
//! A statement with anything before or behind it becomes a query whose body is the statement, which
//! [`Around`](super::around::Around) takes apart again.

use super::super::ddl_text::unsupported;
use super::around::beside;
use gluesql_core::sqlparser::ast::{
    Assignment, ConflictTarget, Delete, DoUpdate, Expr, FromTable, Ident, Insert, Join,
    JoinOperator, ObjectName, OnConflict, OnConflictAction, OnInsert, OrderBy, OrderByExpr, Query,
    SelectItem, SetExpr, SqliteOnConflict, Statement, TableFactor, TableWithJoins, With,
};
use gluesql_core::sqlparser::keywords::Keyword;
use gluesql_core::sqlparser::parser::{IsOptional, Parser, ParserError};
use gluesql_core::sqlparser::tokenizer::{Token, TokenWithLocation};

type Parsed<T> = Result<T, ParserError>;

/// Stands before the text of an expression that a conflict target names where a column may be. No SQL
/// text may hold a NUL.
const EXPRESSION: char = '\0';

/// The expression that a conflict target names, where it is no column.
pub(super) fn target_expression(name: &str) -> Option<&str> {
    name.strip_prefix(EXPRESSION)
}

/// ON CONFLICT clauses that one INSERT may have behind its first.
const CONFLICTS_MAX: usize = 30;

const WRITES: [Keyword; 4] = [Keyword::INSERT, Keyword::REPLACE, Keyword::UPDATE, Keyword::DELETE];

/// Reads a statement that changes rows; `None`: it is another one, and nothing was taken.
pub(in crate::sql) fn parse_write(parser: &mut Parser<'_>) -> Option<Parsed<Statement>> {
    let with = match keyword(parser, 0) {
        Keyword::WITH => match parser.maybe_parse(with_before_write) {
            Ok(Some(with)) => Some(with),
            Ok(None) => return None,
            Err(error) => return Some(Err(error)),
        },
        first if WRITES.contains(&first) => None,
        _ => return None,
    };
    Some(statement(parser, with))
}

/// The keyword of words that end a list of tables, which the parser would take for an alias. It knows
/// this one to be none, and means nothing by it where these words stand.
const ENDS_TABLES: Keyword = Keyword::EXPLAIN;

/// Marks RETURNING, and ON where CONFLICT follows, for [`parse_write`].
pub(in crate::sql) fn mark_ends(tokens: &mut [TokenWithLocation]) {
    let mut solid = (0..tokens.len())
        .filter(|at| tokens.get(*at).is_some_and(|t| !matches!(t.token, Token::Whitespace(_))));
    let first = solid.next();
    let writes = first.is_some_and(|at| match tokens.get(at).map(|t| &t.token) {
        Some(Token::Word(word)) if word.quote_style.is_none() => {
            WRITES.contains(&word.keyword)
                || matches!(word.keyword, Keyword::WITH | Keyword::EXPLAIN)
        }
        _ => false,
    });
    if !writes {
        return;
    }
    // Places of an ON and of the word behind it.
    let mut on: Option<usize> = None;
    let mut conflict: Option<usize> = None;
    for at in 0..tokens.len() {
        let token = match tokens.get_mut(at).map(|t| &mut t.token) {
            None | Some(Token::Whitespace(_)) => continue,
            Some(token) => token,
        };
        let word = match token {
            Token::Word(word) if word.quote_style.is_none() => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let follows = *token == Token::LParen || matches!(word, Keyword::DO | Keyword::ON);
        if let (Token::Word(word), Keyword::RETURNING) = (&mut *token, word) {
            word.keyword = ENDS_TABLES;
        }
        if let (Some(on), true) = (conflict.take(), follows)
            && let Some(Token::Word(word)) = tokens.get_mut(on).map(|t| &mut t.token)
        {
            word.keyword = ENDS_TABLES;
        }
        if let (Some(on), Keyword::CONFLICT) = (on.take(), word) {
            conflict = Some(on);
        }
        on = (word == Keyword::ON).then_some(at);
    }
}

/// Takes a word that ends a list of tables, marked or not.
fn take_end(parser: &mut Parser<'_>, end: Keyword, text: &str) -> bool {
    let token = parser.peek_token().token;
    let found = matches!(&token, Token::Word(word) if word.quote_style.is_none()
        && (word.keyword == end
            || (word.keyword == ENDS_TABLES && word.value.eq_ignore_ascii_case(text))));
    if found {
        parser.next_token();
    }
    found
}

fn keyword(parser: &Parser<'_>, nth: usize) -> Keyword {
    match parser.peek_nth_token(nth).token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

fn with_before_write(parser: &mut Parser<'_>) -> Parsed<With> {
    parser.expect_keyword(Keyword::WITH)?;
    let recursive = parser.parse_keyword(Keyword::RECURSIVE);
    let cte_tables = parser.parse_comma_separated(Parser::parse_cte)?;
    match WRITES.contains(&keyword(parser, 0)) {
        true => Ok(With { recursive, cte_tables }),
        false => parser.expected("a statement that writes", parser.peek_token()),
    }
}

fn statement(parser: &mut Parser<'_>, with: Option<With>) -> Parsed<Statement> {
    let (body, tail) = match parser.parse_one_of_keywords(&WRITES) {
        Some(Keyword::UPDATE) => {
            let or = or(parser)?;
            let body = SetExpr::Update(update(parser)?);
            let body = if or.is_some() { beside(body, or, None) } else { body };
            (body, Tail::read(parser)?)
        }
        Some(Keyword::DELETE) => {
            let delete = delete(parser)?;
            // A query has no place for this statement but that of an INSERT.
            (SetExpr::Insert(delete), Tail::read(parser)?)
        }
        Some(Keyword::REPLACE) => {
            (insert(parser, Some(SqliteOnConflict::Replace))?, Tail::default())
        }
        _ => {
            let or = or(parser)?;
            (insert(parser, or)?, Tail::default())
        }
    };
    match (body, with.is_some() || !tail.is_empty()) {
        (SetExpr::Insert(statement) | SetExpr::Update(statement), false) => Ok(statement),
        (body, _) => Ok(Statement::Query(Box::new(tail.around(with, body)))),
    }
}

/// ORDER BY and LIMIT behind UPDATE and DELETE.
#[derive(Default)]
struct Tail {
    order: Vec<OrderByExpr>,
    limit: Option<Expr>,
    offset: Option<gluesql_core::sqlparser::ast::Offset>,
}

impl Tail {
    fn read(parser: &mut Parser<'_>) -> Parsed<Tail> {
        let mut tail = Tail::default();
        if parser.parse_keywords(&[Keyword::ORDER, Keyword::BY]) {
            tail.order = parser.parse_comma_separated(Parser::parse_order_by_expr)?;
        }
        if parser.parse_keyword(Keyword::LIMIT) {
            tail.limit = parser.parse_limit()?;
        }
        if parser.parse_keyword(Keyword::OFFSET) {
            tail.offset = Some(parser.parse_offset()?);
        }
        Ok(tail)
    }

    fn is_empty(&self) -> bool {
        self.order.is_empty() && self.limit.is_none() && self.offset.is_none()
    }

    fn around(self, with: Option<With>, body: SetExpr) -> Query {
        let Tail { order, limit, offset } = self;
        let order = (!order.is_empty()).then_some(OrderBy { exprs: order, interpolate: None });
        Query { limit, offset, order_by: order, ..super::around::query(with, body) }
    }
}

fn or(parser: &mut Parser<'_>) -> Parsed<Option<SqliteOnConflict>> {
    if !parser.parse_keyword(Keyword::OR) {
        return Ok(None);
    }
    let choices = [
        (Keyword::REPLACE, SqliteOnConflict::Replace),
        (Keyword::IGNORE, SqliteOnConflict::Ignore),
        (Keyword::ABORT, SqliteOnConflict::Abort),
        (Keyword::FAIL, SqliteOnConflict::Fail),
        (Keyword::ROLLBACK, SqliteOnConflict::Rollback),
    ];
    match choices.into_iter().find(|(word, _)| parser.parse_keyword(*word)) {
        Some((_, or)) => Ok(Some(or)),
        None => parser.expected("REPLACE, IGNORE, ABORT, FAIL or ROLLBACK", parser.peek_token()),
    }
}

fn insert(parser: &mut Parser<'_>, or: Option<SqliteOnConflict>) -> Parsed<SetExpr> {
    let into = parser.parse_keyword(Keyword::INTO);
    let table_name = parser.parse_object_name(false)?;
    let table_alias = match parser.parse_keyword(Keyword::AS) {
        true => Some(parser.parse_identifier(false)?),
        false => None,
    };
    let mut columns = Vec::new();
    let source = match parser.parse_keywords(&[Keyword::DEFAULT, Keyword::VALUES]) {
        true => None,
        false => {
            let query = [Keyword::SELECT, Keyword::WITH, Keyword::VALUES];
            if !query.contains(&keyword(parser, 1)) {
                columns = parser.parse_parenthesized_column_list(IsOptional::Optional, false)?;
            }
            overriding(parser)?;
            Some(parser.parse_query()?)
        }
    };
    let on = match take_end(parser, Keyword::ON, "ON") {
        true => Some(on_conflict(parser)?),
        false => None,
    };
    let mut more = Vec::new();
    while take_end(parser, Keyword::ON, "ON") {
        if more.len() >= CONFLICTS_MAX {
            return Err(unsupported("so many ON CONFLICT"));
        }
        more.push(on_conflict(parser)?);
    }
    let insert = SetExpr::Insert(Statement::Insert(Insert {
        or,
        ignore: false,
        into,
        table_name,
        table_alias,
        columns,
        overwrite: false,
        source,
        partitioned: None,
        after_columns: Vec::new(),
        table: false,
        on,
        returning: returning(parser)?,
        replace_into: false,
        priority: None,
        insert_alias: None,
    }));
    Ok(more.into_iter().fold(insert, |body, on| beside(body, None, Some(on))))
}

/// `OVERRIDING SYSTEM VALUE`: the ids that are given count, as they do anyway.
fn overriding(parser: &mut Parser<'_>) -> Parsed<()> {
    let word = |parser: &Parser<'_>, nth: usize, text: &str| {
        matches!(parser.peek_nth_token(nth).token, Token::Word(word)
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
    };
    if !word(parser, 0, "OVERRIDING") {
        return Ok(());
    }
    if !word(parser, 1, "SYSTEM") || !word(parser, 2, "VALUE") {
        return parser.expected("OVERRIDING SYSTEM VALUE", parser.peek_token());
    }
    (0..3).for_each(|_| drop(parser.next_token()));
    Ok(())
}

fn on_conflict(parser: &mut Parser<'_>) -> Parsed<OnInsert> {
    if parser.parse_keywords(&[Keyword::DUPLICATE, Keyword::KEY, Keyword::UPDATE]) {
        let assignments = parser.parse_comma_separated(Parser::parse_assignment)?;
        return Ok(OnInsert::DuplicateKeyUpdate(assignments));
    }
    parser.expect_keyword(Keyword::CONFLICT)?;
    let conflict_target = if parser.parse_keywords(&[Keyword::ON, Keyword::CONSTRAINT]) {
        Some(ConflictTarget::OnConstraint(parser.parse_object_name(false)?))
    } else if parser.consume_token(&Token::LParen) {
        let parts = parser.parse_comma_separated(target_part)?;
        parser.expect_token(&Token::RParen)?;
        // A condition chooses among partial indexes. Those there are have no condition, and whatever
        // is asked for they cover.
        if parser.parse_keyword(Keyword::WHERE) {
            parser.parse_expr()?;
        }
        Some(ConflictTarget::Columns(parts))
    } else {
        None
    };
    parser.expect_keyword(Keyword::DO)?;
    let action = if parser.parse_keyword(Keyword::NOTHING) {
        OnConflictAction::DoNothing
    } else {
        parser.expect_keyword(Keyword::UPDATE)?;
        let assignments = assignments(parser)?;
        OnConflictAction::DoUpdate(DoUpdate { assignments, selection: selection(parser)? })
    };
    Ok(OnInsert::OnConflict(OnConflict { conflict_target, action }))
}

/// A part of a conflict target: a column, or an expression that an index is over.
fn target_part(parser: &mut Parser<'_>) -> Parsed<Ident> {
    // What `COLLATE …`, ASC and DESC say of the order does not change what is equal here.
    let OrderByExpr { expr, .. } = parser.parse_order_by_expr()?;
    let mut expr = &expr;
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    Ok(match expr {
        Expr::Identifier(name) => name.clone(),
        expr => Ident { value: format!("{EXPRESSION}{expr}"), quote_style: None },
    })
}

fn assignments(parser: &mut Parser<'_>) -> Parsed<Vec<Assignment>> {
    parser.expect_keyword(Keyword::SET)?;
    parser.parse_comma_separated(Parser::parse_assignment)
}

fn selection(parser: &mut Parser<'_>) -> Parsed<Option<Expr>> {
    match parser.parse_keyword(Keyword::WHERE) {
        true => parser.parse_expr().map(Some),
        false => Ok(None),
    }
}

fn returning(parser: &mut Parser<'_>) -> Parsed<Option<Vec<SelectItem>>> {
    match take_end(parser, Keyword::RETURNING, "RETURNING") {
        true => parser.parse_comma_separated(Parser::parse_select_item).map(Some),
        false => Ok(None),
    }
}

fn update(parser: &mut Parser<'_>) -> Parsed<Statement> {
    let table = parser.parse_table_and_joins()?;
    let assignments = assignments(parser)?;
    let from = match parser.parse_keyword(Keyword::FROM) {
        true => one(parser.parse_comma_separated(Parser::parse_table_and_joins)?),
        false => None,
    };
    let selection = selection(parser)?;
    let returning = returning(parser)?;
    Ok(Statement::Update { table, assignments, from, selection, returning })
}

fn delete(parser: &mut Parser<'_>) -> Parsed<Statement> {
    parser.expect_keyword(Keyword::FROM)?;
    let from = parser.parse_comma_separated(Parser::parse_table_and_joins)?;
    let using = match parser.parse_keyword(Keyword::USING) {
        true => Some(parser.parse_comma_separated(Parser::parse_table_and_joins)?),
        false => None,
    };
    let selection = selection(parser)?;
    let returning = returning(parser)?;
    Ok(Statement::Delete(Delete {
        tables: Vec::new(),
        from: FromTable::WithFromKeyword(from),
        using,
        selection,
        returning,
        order_by: Vec::new(),
        limit: None,
    }))
}

/// A list of tables as one: `a, b` is `a CROSS JOIN b`.
fn one(tables: Vec<TableWithJoins>) -> Option<TableWithJoins> {
    let mut tables = tables.into_iter();
    let mut first = tables.next()?;
    for table in tables {
        let relation = match table.joins.is_empty() {
            true => table.relation,
            false => TableFactor::NestedJoin { table_with_joins: Box::new(table), alias: None },
        };
        first.joins.push(Join { relation, global: false, join_operator: JoinOperator::CrossJoin });
    }
    Some(first)
}

/// The name of a table that a statement is to change, without a point in time behind it.
pub(super) fn plain_name(name: &ObjectName) -> crate::error::Result<&str> {
    let name = crate::sql::context::table_name(name)?;
    match crate::sql::points::split_mark(name) {
        (plain, None) => Ok(plain),
        (plain, Some(_)) => Err(crate::error::Error::Sql(format!(
            "'{plain}' is changed as it is now, not AS OF another point"
        ))),
    }
}
