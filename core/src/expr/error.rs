//! What can go wrong in an expression.

use super::{DEPTH_MAX, TEXT_BYTES_MAX};
use crate::value::ValueError;

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// Values do not fit or do not go together: the statement or the data must change.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The statement's time is over.
    #[error("the statement ran out of time")]
    Expired,
    /// A result passes the limit.
    #[error("a text or blob of more than {} MB; make it shorter", TEXT_BYTES_MAX >> 20)]
    TooLarge,
    /// The tree is deeper than allowed.
    #[error("an expression nests deeper than {DEPTH_MAX}; split it up")]
    TooDeep,
    /// A condition is neither a boolean nor a number.
    #[error(
        "a condition must be TRUE or FALSE, not a value of type {0}; compare it with something"
    )]
    NotBoolean(&'static str),
    /// A function was given a wrong number of arguments.
    #[error("{function} takes {takes}, not {given}")]
    Arguments {
        /// Its name.
        function: &'static str,
        /// What it takes.
        takes: String,
        /// How many it was given.
        given: usize,
    },
    /// A function does not take a value of that type.
    #[error("{function} does not take a value of type {kind}; CAST it")]
    Operand {
        /// Its name.
        function: &'static str,
        /// The kind of value.
        kind: &'static str,
    },
    /// A function was given what makes no sense to it.
    #[error("{0}")]
    Argument(String),
    /// Time and chance have no place in an index or a CHECK.
    #[error("{0} may not be used in an index or a CHECK: its value changes")]
    Volatile(&'static str),
    /// A LIKE pattern ends in its escape character.
    #[error("a LIKE pattern may not end with its escape character; double it")]
    Escape,
    /// The row has no such column: the tree was bound to another table. A defect to report.
    #[error("internal error: an expression reads column {0}, which the row lacks")]
    MissingColumn(usize),
}
