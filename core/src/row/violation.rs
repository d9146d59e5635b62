//! What a constraint refuses, with what a person needs to mend it.

use std::fmt;

/// A constraint that the data would break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// NULL in a column that takes none.
    NotNull {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A CHECK that is false.
    Check {
        /// The table.
        table: String,
        /// The constraint.
        constraint: String,
    },
    /// Two rows with one key.
    Unique {
        /// The table.
        table: String,
        /// The index or constraint; `PRIMARY KEY` for the primary key.
        constraint: String,
        /// The columns or expressions of the key.
        columns: Vec<String>,
        /// The values that both rows have, as text.
        values: Vec<String>,
        /// The row that would be second, as an encoded row key.
        key: Vec<u8>,
        /// The row that stands there, as an encoded row key.
        existing: Vec<u8>,
    },
    /// A reference to a parent row that is not there.
    MissingParent {
        /// The child table.
        table: String,
        /// The constraint.
        constraint: String,
        /// The child's columns.
        columns: Vec<String>,
        /// The values that no parent has.
        values: Vec<String>,
        /// The parent table.
        parent: String,
        /// The child row, as an encoded row key.
        key: Vec<u8>,
    },
    /// A parent row that goes while children refer to it.
    HasChildren {
        /// The parent table.
        table: String,
        /// The child's constraint.
        constraint: String,
        /// The child table.
        child: String,
        /// The parent's values.
        values: Vec<String>,
        /// The parent row, as an encoded row key.
        key: Vec<u8>,
    },
}

impl Violation {
    /// The table whose row is refused.
    pub fn table(&self) -> &str {
        match self {
            Violation::NotNull { table, .. }
            | Violation::Check { table, .. }
            | Violation::Unique { table, .. }
            | Violation::MissingParent { table, .. }
            | Violation::HasChildren { table, .. } => table,
        }
    }

    /// The kind of constraint, in the words of the merge protocol: `not_null`, `check`, `unique` or
    /// `foreign_key`.
    pub fn kind(&self) -> &'static str {
        match self {
            Violation::NotNull { .. } => "not_null",
            Violation::Check { .. } => "check",
            Violation::Unique { .. } => "unique",
            Violation::MissingParent { .. } | Violation::HasChildren { .. } => "foreign_key",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::NotNull { table, column } => {
                write!(f, "column '{column}' of table '{table}' takes no NULL")
            }
            Violation::Check { table, constraint } => {
                write!(f, "a row of table '{table}' fails the check '{constraint}'")
            }
            Violation::Unique { table, constraint, columns, values, .. } => write!(
                f,
                "table '{table}' already has a row with ({}) = ({}): {constraint}",
                columns.join(", "),
                values.join(", ")
            ),
            Violation::MissingParent { table, constraint, columns, values, parent, .. } => write!(
                f,
                "table '{table}' refers by ({}) = ({}) to a row that '{parent}' lacks: {constraint}",
                columns.join(", "),
                values.join(", ")
            ),
            Violation::HasChildren { table, constraint, child, values, .. } => write!(
                f,
                "table '{child}' still refers to row ({}) of '{table}': {constraint}",
                values.join(", ")
            ),
        }
    }
}

impl std::error::Error for Violation {}
