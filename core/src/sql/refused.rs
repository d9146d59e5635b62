//! What a statement that does not read was about: a feature that is refused is told by its name, where
//! a mistake of syntax is told by its place.
//!
//! This is looked at only when reading has failed, so that it may search the whole statement and words
//! stay free for names everywhere else.

use gluesql_core::sqlparser::tokenizer::{Token, TokenWithLocation};

/// Statements by their first word, of which the parser knows nothing.
const STATEMENTS: [&str; 21] = [
    "ABORT",
    "CHECKPOINT",
    "DO",
    "EXEC",
    "HANDLER",
    "IMPORT",
    "LISTEN",
    "LOAD",
    "LOCK",
    "MOVE",
    "NOTIFY",
    "PURGE",
    "REASSIGN",
    "REFRESH",
    "RENAME",
    "RESET",
    "SECURITY",
    "SIGNAL",
    "UNLISTEN",
    "UNLOCK",
    "XA",
];

/// What CREATE, ALTER and DROP may be about beside tables, indexes, views and branches.
const OBJECTS: [&str; 34] = [
    "ACCESS",
    "AGGREGATE",
    "CAST",
    "COLLATION",
    "CONSTRAINT",
    "CONVERSION",
    "DATABASE",
    "DOMAIN",
    "EVENT",
    "EXTENSION",
    "FOREIGN",
    "FUNCTION",
    "GROUP",
    "LANGUAGE",
    "MATERIALIZED",
    "OPERATOR",
    "POLICY",
    "PROCEDURE",
    "PUBLICATION",
    "ROLE",
    "ROUTINE",
    "RULE",
    "SCHEMA",
    "SEQUENCE",
    "SERVER",
    "STATISTICS",
    "SUBSCRIPTION",
    "SYSTEM",
    "TABLESPACE",
    "TEXT",
    "TRANSFORM",
    "TRIGGER",
    "TYPE",
    "USER",
];

/// Features by words that stand beside each other; `(` stands for itself.
const PHRASES: [(&[&str], &str); 17] = [
    (&["EXCLUDE", "CURRENT"], "EXCLUDE in a window frame"),
    (&["EXCLUDE", "GROUP"], "EXCLUDE in a window frame"),
    (&["EXCLUDE", "TIES"], "EXCLUDE in a window frame"),
    (&["EXCLUDE", "NO"], "EXCLUDE in a window frame"),
    (&["TABLESAMPLE"], "TABLESAMPLE"),
    (&["CURRENT", "OF"], "WHERE CURRENT OF"),
    (&["SEARCH", "DEPTH"], "SEARCH in a recursive query"),
    (&["SEARCH", "BREADTH"], "SEARCH in a recursive query"),
    (&["CYCLE"], "CYCLE in a recursive query"),
    (&["WITH", "TIES"], "WITH TIES"),
    (&["ROWS", "FROM", "("], "ROWS FROM"),
    (&["MATCH"], "the operator MATCH"),
    (&["DIV"], "the operator DIV: use / on integers"),
    (&["EXPLAIN", "("], "options of EXPLAIN"),
    (&["XMLELEMENT"], "XML"),
    (&["XMLFOREST"], "XML"),
    (&["XMLAGG"], "XML"),
];

/// The feature that stands in a statement which does not read, if it is one of those that are refused.
pub(super) fn feature(tokens: &[TokenWithLocation]) -> Option<String> {
    let solid: Vec<&Token> =
        tokens.iter().map(|t| &t.token).filter(|t| !matches!(t, Token::Whitespace(_))).collect();
    let is = |at: usize, what: &str| match solid.get(at) {
        Some(Token::Word(word)) => {
            word.quote_style.is_none() && word.value.eq_ignore_ascii_case(what)
        }
        Some(Token::LParen) => what == "(",
        _ => false,
    };
    if let Some(word) = STATEMENTS.iter().find(|word| is(0, word)) {
        return Some(format!("the statement {word}"));
    }
    if let Some(verb) = ["CREATE", "ALTER", "DROP"].iter().find(|verb| is(0, verb)) {
        let at = if is(1, "OR") && is(2, "REPLACE") { 3 } else { 1 };
        if let Some(object) = OBJECTS.iter().find(|object| is(at, object)) {
            return Some(format!("{verb} {object}"));
        }
    }
    let stands = |words: &[&str]| {
        (0..solid.len()).any(|from| words.iter().enumerate().all(|(n, word)| is(from + n, word)))
    };
    PHRASES.iter().find(|(words, _)| stands(words)).map(|(_, what)| (*what).to_owned())
}
