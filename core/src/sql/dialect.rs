//! The SQL that is read: what SQLite and PostgreSQL have in common, and most of what only one has.

use gluesql_core::sqlparser::dialect::{Dialect, GenericDialect};
use std::any::TypeId;
use std::iter::Peekable;
use std::str::Chars;

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
