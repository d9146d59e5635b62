//! What is done with a statement of a script.

use super::split::Piece;
use crate::error::Result;
use crate::sql::context::table_name;
use crate::sql::parse::{parse, referred};
use gluesql_core::sqlparser::ast::{
    AlterTableOperation, ColumnOption, CreateTable, Ident, ObjectName, ObjectType,
    ReferentialAction, Statement, TableConstraint,
};
use std::fmt::Write;

/// What whoever runs a script does with one piece of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing; the reason is for a person to read.
    Skip(&'static str),
    /// Nothing, and nobody is told: the whole script is one transaction anyway.
    Transaction,
    /// The script gives itself up.
    GiveUp,
    /// Runs it. Foreign keys that wait may wait on.
    Load,
    /// Runs it, after all foreign keys that wait: it may rely on them.
    Run,
    /// Makes a table, and adds its foreign keys at the end.
    Create {
        /// The table, as it is written, without quotes.
        table: String,
        /// Whether the statement asks for nothing where the table is there already.
        if_not_exists: bool,
        /// The statement without foreign keys.
        sql: String,
        /// The foreign keys.
        references: Vec<Reference>,
    },
    /// Adds foreign keys at the end.
    Refer(Vec<Reference>),
    /// Drops tables; one that others refer to goes after those, where they follow.
    Drop(Vec<String>),
}

/// A foreign key that is added when the rows are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The table that refers.
    pub table: String,
    /// The statement that adds it.
    pub sql: String,
}

impl Step {
    /// What to do with a piece.
    ///
    /// # Errors
    /// `Sql`, `Limit` where a definition cannot be read.
    pub fn of(piece: &Piece) -> Result<Step> {
        if piece.command {
            return Ok(Step::Skip("a command for a client"));
        }
        let words: Vec<&str> = piece.words.iter().map(String::as_str).collect();
        if let Some(step) = by_words(&words, &piece.text) {
            return Ok(step);
        }
        let define = matches!(
            words.as_slice(),
            ["CREATE" | "ALTER" | "DROP", ..] if words.iter().take(4).any(|w| *w == "TABLE")
        );
        if !define {
            return Ok(Step::Run);
        }
        Ok(match parse(&piece.text, usize::MAX)?.into_statement()? {
            Statement::CreateTable(create) => created(create)?,
            Statement::AlterTable { name, operations, .. } => altered(&name, &operations)?,
            Statement::Drop { object_type: ObjectType::Table, names, .. } => {
                let names = names.iter().map(|name| table_name(name).map(str::to_owned));
                Step::Drop(names.collect::<Result<_>>()?)
            }
            _ => Step::Run,
        })
    }
}

/// What the first words tell.
fn by_words(words: &[&str], text: &str) -> Option<Step> {
    let lower = || text.to_lowercase();
    Some(match words {
        [] => return None,
        ["BEGIN" | "COMMIT" | "END", ..] | ["START", "TRANSACTION", ..] => Step::Transaction,
        ["ROLLBACK", "TO", ..] | ["SAVEPOINT" | "RELEASE", ..] => {
            Step::Skip("savepoints mean nothing in an import, which is all or nothing")
        }
        ["ROLLBACK" | "ABORT", ..] => Step::GiveUp,
        ["CREATE" | "DROP" | "ALTER", "DATABASE", ..] | ["USE" | "GO", ..] => {
            Step::Skip("a database is a file here, and it was chosen")
        }
        ["SET" | "RESET" | "PRAGMA" | "LOCK" | "UNLOCK" | "DELIMITER", ..] => {
            Step::Skip("a setting of another database")
        }
        ["ANALYZE" | "ANALYSE" | "VACUUM" | "REINDEX" | "CHECKPOINT", ..] => {
            Step::Skip("upkeep of another database")
        }
        ["GRANT" | "REVOKE" | "COMMENT" | "SECURITY" | "NOTIFY" | "LISTEN", ..]
        | ["ALTER", "DEFAULT", "PRIVILEGES", ..] => Step::Skip("rights and comments are not kept"),
        ["ALTER", ..] if words.ends_with(&["OWNER", "TO"]) || lower().contains(" owner to ") => {
            Step::Skip("rights and comments are not kept")
        }
        ["CREATE" | "ALTER" | "DROP", "SCHEMA" | "EXTENSION" | "ROLE" | "USER", ..] => {
            Step::Skip("there is one schema, and no extensions or roles")
        }
        ["CREATE" | "ALTER" | "DROP", "SEQUENCE", ..]
        | ["CREATE", "TEMP" | "TEMPORARY", "SEQUENCE", ..] => {
            Step::Skip("automatic ids go on after the greatest one")
        }
        ["ALTER", "TABLE", ..] if lower().contains("set default nextval(") => {
            Step::Skip("automatic ids go on after the greatest one")
        }
        ["SELECT", ..] => Step::Skip("a query shows nothing in an import"),
        ["INSERT" | "DELETE" | "UPDATE", ..]
            if ["sqlite_sequence", "sqlite_stat"]
                .iter()
                .any(|name| lower().split('(').next().is_some_and(|head| head.contains(name))) =>
        {
            Step::Skip("a table that SQLite keeps for itself")
        }
        ["CREATE" | "DROP", rest @ ..]
            if rest.iter().take(3).any(|w| {
                matches!(*w, "TRIGGER" | "FUNCTION" | "PROCEDURE" | "RULE" | "OPERATOR")
            }) =>
        {
            Step::Skip("triggers and stored procedures are not supported")
        }
        ["INSERT" | "REPLACE", ..]
        | ["CREATE", "INDEX", ..]
        | ["CREATE", "UNIQUE", "INDEX", ..] => Step::Load,
        _ => return None,
    })
}

fn created(mut create: CreateTable) -> Result<Step> {
    let table = table_name(&create.name)?.to_owned();
    let name = create.name.clone();
    let mut references = Vec::new();
    for column in &mut create.columns {
        column.options.retain(|option| match &option.option {
            ColumnOption::ForeignKey {
                foreign_table,
                referred_columns,
                on_delete,
                on_update,
                ..
            } => {
                let columns = std::slice::from_ref(&column.name);
                let parent = (foreign_table, referred_columns.as_slice());
                let actions = (*on_delete, *on_update);
                references.push(refer(&name, option.name.as_ref(), columns, parent, actions));
                false
            }
            _ => true,
        });
    }
    create.constraints.retain(|constraint| match reference_of(&name, constraint) {
        Some(sql) => {
            references.push(sql);
            false
        }
        None => true,
    });
    let if_not_exists = create.if_not_exists;
    let references =
        references.into_iter().map(|sql| Reference { table: table.clone(), sql }).collect();
    let sql = Statement::CreateTable(create).to_string();
    Ok(Step::Create { table, if_not_exists, sql, references })
}

fn altered(name: &ObjectName, operations: &[AlterTableOperation]) -> Result<Step> {
    let table = table_name(name)?;
    let references = operations.iter().map(|operation| match operation {
        AlterTableOperation::AddConstraint(constraint) => {
            reference_of(name, constraint).map(|sql| Reference { table: table.to_owned(), sql })
        }
        _ => None,
    });
    let references: Option<Vec<Reference>> = references.collect();
    Ok(match references {
        Some(references) => Step::Refer(references),
        // Keys and defaults; nothing that leans on references.
        None if operations.iter().all(|o| matches!(o, AlterTableOperation::AddConstraint(_))) => {
            Step::Load
        }
        None => Step::Run,
    })
}

fn reference_of(table: &ObjectName, constraint: &TableConstraint) -> Option<String> {
    match constraint {
        TableConstraint::ForeignKey {
            name,
            columns,
            foreign_table,
            referred_columns,
            on_delete,
            on_update,
            ..
        } => {
            let parent = (foreign_table, referred_columns.as_slice());
            Some(refer(table, name.as_ref(), columns, parent, (*on_delete, *on_update)))
        }
        _ => None,
    }
}

fn refer(
    table: &ObjectName,
    name: Option<&Ident>,
    columns: &[Ident],
    (parent, parent_columns): (&ObjectName, &[Ident]),
    (on_delete, on_update): (Option<ReferentialAction>, Option<ReferentialAction>),
) -> String {
    let list =
        |columns: &[Ident]| columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut sql = format!("ALTER TABLE {table} ADD ");
    // Writing to a String does not fail.
    if let Some(name) = name {
        let _ = write!(sql, "CONSTRAINT {name} ");
    }
    let _ = write!(sql, "FOREIGN KEY ({}) REFERENCES {parent}", list(columns));
    if !referred(parent_columns).is_empty() {
        let _ = write!(sql, " ({})", list(parent_columns));
    }
    if let Some(action) = on_delete {
        let _ = write!(sql, " ON DELETE {action}");
    }
    if let Some(action) = on_update {
        let _ = write!(sql, " ON UPDATE {action}");
    }
    sql
}
