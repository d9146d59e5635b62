//! What can be wrong with a value. Every message says what the caller can write instead.

use super::NESTING_MAX;

/// A value does not fit, or two values do not go together. The caller changes the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Values of these kinds have no order between them.
    #[error("cannot compare {left} with {right}; CAST one of them to the type of the other")]
    Incomparable {
        /// The left kind.
        left: &'static str,
        /// The right kind.
        right: &'static str,
    },
    /// A value of this kind never becomes that type.
    #[error("a {from} cannot be stored as {to}")]
    Unfit {
        /// The kind of value.
        from: &'static str,
        /// The type.
        to: String,
    },
    /// The text does not read as that type.
    #[error("'{text}' is not a valid {to}; {form}")]
    Malformed {
        /// The text, shortened.
        text: String,
        /// The type.
        to: String,
        /// How it is written.
        form: &'static str,
    },
    /// The number has a fraction and the type has none.
    #[error("{value} has a fraction, which {to} cannot hold; use ROUND or CAST")]
    Inexact {
        /// The value.
        value: String,
        /// The type.
        to: String,
    },
    /// The value lies outside the type's range.
    #[error("{value} is out of range for {to}")]
    OutOfRange {
        /// The value, shortened.
        value: String,
        /// The type.
        to: String,
    },
    /// The text has more characters than the column takes.
    #[error("text of {length} characters is too long for {to}")]
    TooLong {
        /// Length in characters.
        length: usize,
        /// The type.
        to: String,
    },
    /// The result of an operation has no representation.
    #[error("{left} {op} {right} overflows; CAST to DECIMAL or DOUBLE for a larger range")]
    Overflow {
        /// The operator.
        op: &'static str,
        /// The left value.
        left: String,
        /// The right value.
        right: String,
    },
    /// The result of a function of one value has no representation.
    #[error("{function} of {value} is out of range")]
    Undefined {
        /// The function.
        function: &'static str,
        /// The value.
        value: String,
    },
    /// A division, or a remainder, by zero.
    #[error("division by zero; guard it with NULLIF(divisor, 0)")]
    DivisionByZero,
    /// The operator does not take such values.
    #[error("there is no operation {left} {op} {right}")]
    NoOperation {
        /// The operator.
        op: &'static str,
        /// The left kind.
        left: &'static str,
        /// The right kind.
        right: &'static str,
    },
    /// A type name that is not known.
    #[error("unknown type '{0}'")]
    UnknownType(String),
    /// A type with arguments that it does not take.
    #[error("{name}: {what}")]
    TypeArguments {
        /// The type's name.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Lists and maps nested deeper than the format allows.
    #[error("lists and maps nest at most {NESTING_MAX} deep")]
    TooDeep,
}
