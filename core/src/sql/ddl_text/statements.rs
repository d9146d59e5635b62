//! ALTER and COMMENT, which the parser reads in part.

use super::columns::lacks_type;
use super::unsupported;
use gluesql_core::sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation, ColumnDef, ColumnOptionDef, CommentObject, DataType,
    Ident, ObjectName, Statement,
};
use gluesql_core::sqlparser::keywords::Keyword;
use gluesql_core::sqlparser::parser::{Parser, ParserError};
use gluesql_core::sqlparser::tokenizer::{Token, Word};

type Read<T> = Result<T, ParserError>;

/// Reads the statements that are this module's; `None` leaves the others to the parser.
pub(in crate::sql) fn parse_statement(parser: &mut Parser<'_>) -> Option<Read<Statement>> {
    match (word(parser, 0).as_deref(), word(parser, 1).as_deref()) {
        (Some("ALTER"), Some("TABLE")) => {
            skip(parser, 2);
            Some(alter_table(parser))
        }
        (Some("ALTER"), Some("VIEW")) => {
            let renamed = (2..8).any(|at| word(parser, at).as_deref() == Some("RENAME"));
            renamed.then(|| {
                skip(parser, 2);
                alter_table(parser)
            })
        }
        (Some("COMMENT"), Some("ON" | "IF")) => {
            skip(parser, 1);
            Some(comment(parser))
        }
        _ => None,
    }
}

fn word(parser: &Parser<'_>, at: usize) -> Option<String> {
    match parser.peek_nth_token(at).token {
        Token::Word(Word { value, quote_style: None, .. }) => Some(value.to_ascii_uppercase()),
        _ => None,
    }
}

fn is(parser: &Parser<'_>, words: &[&str]) -> bool {
    words.iter().enumerate().all(|(at, w)| word(parser, at).as_deref() == Some(w))
}

fn skip(parser: &mut Parser<'_>, tokens: usize) {
    (0..tokens).for_each(|_| drop(parser.next_token()));
}

/// Takes words that stand here in this order.
fn take(parser: &mut Parser<'_>, words: &[&str]) -> bool {
    let here = is(parser, words);
    if here {
        skip(parser, words.len());
    }
    here
}

/// `[IF EXISTS] [ONLY] name [*] operation, …`
fn alter_table(parser: &mut Parser<'_>) -> Read<Statement> {
    let if_exists = take(parser, &["IF", "EXISTS"]);
    let only = take(parser, &["ONLY"]);
    let name = parser.parse_object_name(false)?;
    let _ = parser.consume_token(&Token::Mul);
    let operations = parser.parse_comma_separated(operation)?;
    Ok(Statement::AlterTable {
        name,
        if_exists,
        only,
        operations,
        location: None,
        on_cluster: None,
    })
}

fn operation(parser: &mut Parser<'_>) -> Read<AlterTableOperation> {
    let found = match word(parser, 0).as_deref() {
        Some("ADD") => added(parser)?,
        Some("RENAME") if take(parser, &["RENAME", "CONSTRAINT"]) => {
            let old_name = parser.parse_identifier(false)?;
            parser.expect_keyword(Keyword::TO)?;
            let new_name = parser.parse_identifier(false)?;
            AlterTableOperation::RenameConstraint { old_name, new_name }
        }
        Some("ALTER") => {
            skip(parser, 1);
            take(parser, &["COLUMN"]);
            let column_name = parser.parse_identifier(false)?;
            AlterTableOperation::AlterColumn { column_name, op: alter_column(parser)? }
        }
        Some("SET") if is(parser, &["SET", "SCHEMA"]) => return Err(unsupported("SET SCHEMA")),
        Some("VALIDATE") => return Err(unsupported("VALIDATE CONSTRAINT")),
        _ => parser.parse_alter_table_operation()?,
    };
    if take(parser, &["NOT", "VALID"]) {
        return Err(unsupported("NOT VALID: constraints hold for the rows that are there"));
    }
    // What is refused where something depends on it.
    let drops = matches!(
        found,
        AlterTableOperation::DropColumn { .. } | AlterTableOperation::DropConstraint { .. }
    );
    if drops {
        take(parser, &["RESTRICT"]);
    }
    Ok(found)
}

fn added(parser: &mut Parser<'_>) -> Read<AlterTableOperation> {
    let constraint = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "INDEX", "KEY"];
    let next = word(parser, 1);
    let is_constraint = next.as_deref().is_some_and(|word| constraint.contains(&word));
    // `ADD key TEXT` is a column.
    let named = matches!(next.as_deref(), Some("INDEX" | "KEY"))
        && !(2..4).any(|at| parser.peek_nth_token(at).token == Token::LParen);
    if is_constraint && !named {
        return parser.parse_alter_table_operation();
    }
    skip(parser, 1);
    let column_keyword = take(parser, &["COLUMN"]);
    let if_not_exists = take(parser, &["IF", "NOT", "EXISTS"]);
    if parser.peek_token().token == Token::LParen {
        return Err(unsupported("ADD COLUMN (…): name them one by one"));
    }
    let column_def = column_def(parser)?;
    if is(parser, &["FIRST"]) || is(parser, &["AFTER"]) {
        return Err(unsupported("ADD COLUMN … FIRST and AFTER: columns are added at the end"));
    }
    Ok(AlterTableOperation::AddColumn {
        column_keyword,
        if_not_exists,
        column_def,
        column_position: None,
    })
}

/// A column with its options; its type may be missing.
fn column_def(parser: &mut Parser<'_>) -> Read<ColumnDef> {
    let name = parser.parse_identifier(false)?;
    let next = match parser.peek_token().token {
        Token::EOF | Token::Comma | Token::SemiColon => None,
        _ => Some(word(parser, 0).unwrap_or_default()),
    };
    let data_type = match lacks_type(next.as_deref()) {
        true => DataType::Custom(ObjectName(vec![Ident::new("ANY")]), Vec::new()),
        false => parser.parse_data_type()?,
    };
    let (mut collation, mut options) = (None, Vec::new());
    loop {
        let name = match take(parser, &["CONSTRAINT"]) {
            true => Some(parser.parse_identifier(false)?),
            false => None,
        };
        match parser.parse_optional_column_option()? {
            Some(option) => options.push(ColumnOptionDef { name, option }),
            None if name.is_some() => {
                return parser.expected("a constraint", parser.peek_token());
            }
            None if take(parser, &["COLLATE"]) => {
                collation = Some(parser.parse_object_name(false)?);
            }
            None => break,
        }
    }
    Ok(ColumnDef { name, data_type, collation, options })
}

fn alter_column(parser: &mut Parser<'_>) -> Read<AlterColumnOperation> {
    if take(parser, &["SET", "DATA", "TYPE"]) || take(parser, &["TYPE"]) {
        let data_type = parser.parse_data_type()?;
        if take(parser, &["COLLATE"]) {
            return Err(unsupported("COLLATE in ALTER COLUMN"));
        }
        let using = match take(parser, &["USING"]) {
            true => Some(parser.parse_expr()?),
            false => None,
        };
        return Ok(AlterColumnOperation::SetDataType { data_type, using });
    }
    let plain = [
        (&["SET", "NOT", "NULL"][..], AlterColumnOperation::SetNotNull),
        (&["DROP", "NOT", "NULL"][..], AlterColumnOperation::DropNotNull),
        (&["DROP", "DEFAULT"][..], AlterColumnOperation::DropDefault),
    ];
    for (words, operation) in plain {
        if take(parser, words) {
            return Ok(operation);
        }
    }
    if take(parser, &["SET", "DEFAULT"]) {
        return Ok(AlterColumnOperation::SetDefault { value: parser.parse_expr()? });
    }
    let identity = take(parser, &["ADD", "GENERATED", "ALWAYS", "AS", "IDENTITY"])
        || take(parser, &["ADD", "GENERATED", "BY", "DEFAULT", "AS", "IDENTITY"]);
    if identity {
        if parser.peek_token().token == Token::LParen {
            return Err(unsupported("options of an identity column in ALTER TABLE"));
        }
        return Ok(AlterColumnOperation::AddGenerated {
            generated_as: None,
            sequence_options: None,
        });
    }
    let words: Vec<String> = (0..2).filter_map(|at| word(parser, at)).collect();
    Err(unsupported(&format!("ALTER COLUMN … {}", words.join(" "))))
}

/// `[IF EXISTS] ON TABLE|VIEW|COLUMN name IS 'text'|NULL`
fn comment(parser: &mut Parser<'_>) -> Read<Statement> {
    let if_exists = take(parser, &["IF", "EXISTS"]);
    parser.expect_keyword(Keyword::ON)?;
    let object_type = match word(parser, 0).as_deref() {
        Some("TABLE" | "VIEW") => CommentObject::Table,
        Some("COLUMN") => CommentObject::Column,
        other => {
            let what = other.unwrap_or("?");
            return Err(unsupported(&format!("COMMENT ON {what}")));
        }
    };
    skip(parser, 1);
    let object_name = parser.parse_object_name(false)?;
    parser.expect_keyword(Keyword::IS)?;
    let comment = match take(parser, &["NULL"]) {
        true => None,
        false => Some(parser.parse_literal_string()?),
    };
    Ok(Statement::Comment { object_type, object_name, comment, if_exists })
}
