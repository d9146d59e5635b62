//! Definitions as people write them, made readable for the parser.
//!
//! `columns` rewrites the tokens of a CREATE TABLE: columns without a type, type names of several
//! words, directions in a key, options that say what holds anyway. `statements` reads ALTER and
//! COMMENT, of which the parser knows less than PostgreSQL's half. What neither can mean is refused
//! here by its name, before the parser stumbles over it.

mod columns;
mod statements;

pub(super) use columns::{adapt, arrays, key_column};
pub(super) use statements::parse_statement;

use crate::error::Error;
use gluesql_core::sqlparser::parser::ParserError;

/// Marks a parser's error that is no syntax error: what follows is a feature that is not supported.
const UNSUPPORTED: &str = "\0unsupported ";

/// The parser's error that means a feature which is not supported.
pub(super) fn unsupported(what: &str) -> ParserError {
    ParserError::ParserError(format!("{UNSUPPORTED}{what}"))
}

/// The error that a parser's message means, where it is one of this module's.
pub(super) fn refused(message: &str) -> Option<Error> {
    message.strip_prefix(UNSUPPORTED).map(|what| Error::Unsupported(what.to_owned()))
}
