//! CREATE TABLE.

use super::parts::{Reference, add_check, add_column, add_foreign_key, add_unique, check_name};
use super::parts::{positions, stored};
use crate::error::{Error, Kind, Result};
use crate::row::{Action, ColumnId, KeyPart, State, StoredExpr, TableDef, TableId};
use crate::sql::bind::{Scope, bind};
use crate::sql::context::table_name;
use crate::sql::ddl_text::key_column;
use crate::sql::parse::referred;
use crate::sql::request::{Output, StatementKind};
use crate::sql::types::{self, sql_type};
use crate::sql::write::WriteContext;
use crate::txn::Txn;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    ColumnDef as SqlColumn, ColumnOption, ColumnOptionDef, CommentDef, CreateTable, DataType,
    Expr as SqlExpr, Ident, OnCommit, ReferentialAction, SequenceOptions, TableConstraint,
};

pub(super) fn create_table(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    create: &CreateTable,
) -> Result<Output> {
    refuse_extras(create)?;
    if let Some(query) = &create.query {
        return super::view::create_table_as(txn, env, create, query);
    }
    let name = table_name(&create.name)?;
    check_name(Kind::Table, name)?;
    if is_taken(txn, create, name) {
        return match create.if_not_exists {
            true => Ok(Output::done(StatementKind::CreateTable, 0)),
            false => Err(Error::exists(Kind::Table, name)),
        };
    }
    if create.columns.is_empty() {
        return Err(Error::Invalid("a table has at least one column".into()));
    }
    if create.temporary {
        let id = temporary_id(txn, name);
        let def = build(txn.state(), env, create, name, id, txn.moment().now.0)?;
        txn.create_temporary(def)?;
        begin_ids(txn, create, id)?;
        return Ok(Output::done(StatementKind::CreateTable, 0));
    }
    // The id hashes the definition, and the parts of the definition hash the id: built once under
    // no id, then under its own.
    let nameless = unspelled(build(txn.state(), env, create, name, TableId([0; 16]), 0)?);
    let mut generation = 0;
    let id = loop {
        let id = TableId::derive(b"", name, &nameless.encode(), generation);
        if !txn.state().knows_table(id) {
            break id;
        }
        // A table that was dropped had this id, or one that was renamed away still has it.
        generation += 1;
    };
    let mut def = build(txn.state(), env, create, name, id, txn.moment().now.0)?;
    def.generation = generation;
    let id = txn.create_table(def)?;
    begin_ids(txn, create, id)?;
    Ok(Output::done(StatementKind::CreateTable, 0))
}

fn begin_ids(txn: &mut Txn, create: &CreateTable, id: TableId) -> Result<()> {
    for column in &create.columns {
        if let Some(start) = ColumnFacts::read(column)?.start {
            txn.begin_ids(id, start);
        }
    }
    Ok(())
}

/// Whether the name of a new table is in use. A temporary one may stand before another.
pub(super) fn is_taken(txn: &Txn, create: &CreateTable, name: &str) -> bool {
    match create.temporary {
        true => txn.state().find_temporary(name).is_some(),
        false => txn.state().find(name).is_ok(),
    }
}

/// An id that no other session's table has: it hashes the statement's own seed.
pub(super) fn temporary_id(txn: &Txn, name: &str) -> TableId {
    TableId::derive(&txn.moment().derive("temporary table", 0), name, b"", 0)
}

/// A definition without the case of its names, which means nothing.
pub(in crate::sql) fn unspelled(mut def: TableDef) -> TableDef {
    let TableDef { name, columns, indexes, checks, foreign_keys, .. } = &mut def;
    let names = std::iter::once(name)
        .chain(columns.iter_mut().map(|c| &mut c.name))
        .chain(indexes.iter_mut().map(|i| &mut i.name))
        .chain(checks.iter_mut().map(|c| &mut c.name))
        .chain(foreign_keys.iter_mut().map(|k| &mut k.name));
    names.for_each(|name| *name = name.to_lowercase());
    def
}

fn refuse_extras(create: &CreateTable) -> Result<()> {
    let extras = [
        (create.or_replace, "CREATE OR REPLACE TABLE"),
        (create.external, "external tables"),
        (create.like.is_some(), "CREATE TABLE LIKE"),
        (create.clone.is_some(), "CREATE TABLE CLONE"),
        (create.partition_by.is_some(), "PARTITION BY"),
        (!matches!(create.on_commit, None | Some(OnCommit::PreserveRows)), "ON COMMIT"),
        (create.engine.is_some(), "ENGINE"),
        (!create.with_options.is_empty(), "table options"),
    ];
    match extras.iter().find(|(there, _)| *there) {
        Some((_, what)) => Err(Error::Unsupported((*what).to_owned())),
        None => Ok(()),
    }
}

fn build(
    state: &State,
    env: &WriteContext<'_>,
    create: &CreateTable,
    name: &str,
    id: TableId,
    created: i64,
) -> Result<TableDef> {
    let mut def = TableDef { created, ..TableDef::empty(id, name) };
    // What is generated may be computed from columns that come later; ids do not depend on order.
    let mut plain = def.clone();
    for column in &create.columns {
        let facts = ColumnFacts::read(column)?;
        if facts.generated.is_none() {
            new_column(env, &mut plain, column, &facts, None)?;
        }
    }
    for column in &create.columns {
        let facts = ColumnFacts::read(column)?;
        let generated = bind_generated(env, &plain, &facts)?;
        let id = new_column(env, &mut def, column, &facts, generated)?;
        if facts.automatic && def.auto_increment.replace(id).is_some() {
            return Err(Error::Invalid("one column of a table has automatic ids".into()));
        }
    }
    if let Some(CommentDef::WithEq(text) | CommentDef::WithoutEq(text)) = &create.comment {
        def.set_comment(None, Some(text));
    }
    let mut key: Option<Vec<(usize, bool)>> = None;
    for (at, column) in create.columns.iter().enumerate() {
        if let Some(descending) = key_order(column) {
            set_key(&mut key, vec![(at, descending)])?;
            let primary = |o: &&ColumnOptionDef| {
                matches!(o.option, ColumnOption::Unique { is_primary: true, .. })
            };
            let name = column.options.iter().find(primary).and_then(|o| o.name.as_ref());
            name_key(&mut def, name)?;
        }
    }
    for constraint in &create.constraints {
        if let TableConstraint::PrimaryKey { name, columns, .. } = constraint {
            set_key(&mut key, key_positions(&def, columns)?)?;
            name_key(&mut def, name.as_ref())?;
        }
    }
    set_primary_key(&mut def, &key.unwrap_or_default())?;
    for (at, column) in create.columns.iter().enumerate() {
        add_column_constraints(state, env, &mut def, at, column)?;
    }
    for constraint in &create.constraints {
        add_constraint(state, env, &mut def, constraint)?;
    }
    Ok(def)
}

/// Keeps the name of a primary key's constraint.
pub(super) fn name_key(def: &mut TableDef, name: Option<&Ident>) -> Result<()> {
    if let Some(name) = name {
        check_name(Kind::Index, &name.value)?;
    }
    def.name_primary_key(name.map(|name| name.value.as_str()));
    Ok(())
}

/// Adds a column as it was written.
fn new_column(
    env: &WriteContext<'_>,
    def: &mut TableDef,
    column: &SqlColumn,
    facts: &ColumnFacts<'_>,
    generated: Option<StoredExpr>,
) -> Result<ColumnId> {
    let default = bind_default(env, facts)?;
    let (name, ty, not_null) = (&column.name.value, facts.ty, facts.not_null);
    let id = add_column(def, name, ty, not_null, default, Value::Null, generated)?;
    def.set_comment(Some(id), facts.comment);
    Ok(id)
}

/// What a generated column is computed from: the columns of `plain`, none of which is generated.
pub(super) fn bind_generated(
    env: &WriteContext<'_>,
    plain: &TableDef,
    facts: &ColumnFacts<'_>,
) -> Result<Option<StoredExpr>> {
    let Some(expr) = facts.generated else { return Ok(None) };
    let bound = bind(&Scope::of_def(plain), expr, env.params).map_err(|error| match error {
        Error::NotFound { .. } => Error::Invalid(format!(
            "{error} among the columns that a generated column is computed from"
        )),
        other => other,
    })?;
    if bound.is_volatile() {
        return Err(Error::Invalid("a generated column may not depend on when it runs".into()));
    }
    stored(plain, &bound).map(Some)
}

/// The columns of a key, and whether the largest comes first.
pub(super) fn key_positions(def: &TableDef, columns: &[Ident]) -> Result<Vec<(usize, bool)>> {
    let parts: Vec<(&str, bool)> = columns.iter().map(|c| key_column(&c.value)).collect();
    let columns = positions(def, parts.iter().map(|(name, _)| *name))?;
    Ok(columns.into_iter().zip(parts).map(|(at, (_, descending))| (at, descending)).collect())
}

fn set_key(key: &mut Option<Vec<(usize, bool)>>, columns: Vec<(usize, bool)>) -> Result<()> {
    match key.replace(columns) {
        None => Ok(()),
        Some(_) => Err(Error::Invalid("a table has one primary key".into())),
    }
}

/// Makes these columns the primary key. A single integer column is given automatic ids.
pub(in crate::sql) fn set_primary_key(def: &mut TableDef, key: &[(usize, bool)]) -> Result<()> {
    def.primary_key.clear();
    for (at, descending) in key {
        let Some(column) = def.columns.get(*at) else { continue };
        types::check_key(&column.ty, &column.name)?;
        if column.generated.is_some() {
            return Err(Error::Unsupported("a generated column in a primary key".into()));
        }
        def.primary_key.push(KeyPart { column: column.id, descending: *descending });
    }
    if let ([(at, _)], None) = (key, def.auto_increment) {
        let column = def.columns.get(*at);
        let whole = column.filter(|c| c.ty.is_integer() && c.default.is_none());
        def.auto_increment = whole.map(|c| c.id);
    }
    Ok(())
}

/// What a column definition says of the column itself.
pub(super) struct ColumnFacts<'c> {
    /// Its type.
    pub ty: SqlType,
    /// NOT NULL.
    pub not_null: bool,
    /// DEFAULT.
    pub default: Option<&'c SqlExpr>,
    /// SERIAL, AUTOINCREMENT, GENERATED … AS IDENTITY.
    pub automatic: bool,
    /// The first automatic id, where one is named.
    pub start: Option<u64>,
    /// GENERATED ALWAYS AS (…).
    pub generated: Option<&'c SqlExpr>,
    /// COMMENT.
    pub comment: Option<&'c str>,
}

/// `IDENTITY(start, step)`
fn identity_start(text: &str) -> Result<Option<u64>> {
    let numbers: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).collect();
    let numbers: Vec<u64> = numbers.iter().filter_map(|n| n.parse().ok()).collect();
    match numbers.as_slice() {
        [] => Ok(None),
        [start, 1] => Ok(Some(*start)),
        _ => Err(Error::Unsupported(format!("{text}: automatic ids count by one"))),
    }
}

impl<'c> ColumnFacts<'c> {
    /// A column of this type and nothing else.
    pub fn of(ty: SqlType) -> Self {
        ColumnFacts {
            ty,
            not_null: false,
            default: None,
            automatic: false,
            start: None,
            generated: None,
            comment: None,
        }
    }

    /// Reads a column definition.
    ///
    /// # Errors
    /// `Unsupported` for options that change what a column means.
    pub fn read(column: &'c SqlColumn) -> Result<Self> {
        let (ty, serial) = match serial_type(&column.data_type) {
            Some(ty) => (ty, true),
            None => (sql_type(&column.data_type)?, false),
        };
        let mut facts = ColumnFacts { not_null: serial, automatic: serial, ..ColumnFacts::of(ty) };
        for ColumnOptionDef { option, .. } in &column.options {
            match option {
                ColumnOption::Null => facts.not_null = false,
                ColumnOption::NotNull => facts.not_null = true,
                ColumnOption::Default(expr) => facts.default = Some(expr),
                ColumnOption::DialectSpecific(tokens) => {
                    let words: Vec<String> = tokens.iter().map(ToString::to_string).collect();
                    match words.join(" ").to_uppercase().as_str() {
                        "AUTOINCREMENT" | "AUTO_INCREMENT" => facts.automatic = true,
                        "ASC" | "DESC" => {}
                        other => return Err(Error::Unsupported(format!("the option {other}"))),
                    }
                }
                ColumnOption::Generated { generation_expr: None, sequence_options, .. } => {
                    (facts.automatic, facts.not_null) = (true, true);
                    let start = sequence_options.iter().flatten().find_map(|o| match o {
                        SequenceOptions::StartWith(start, _) => Some(start.to_string()),
                        _ => None,
                    });
                    facts.start = start.and_then(|start| start.parse().ok());
                }
                ColumnOption::Generated { generation_expr: Some(expr), .. } => {
                    facts.generated = Some(expr);
                }
                ColumnOption::Identity(identity) => {
                    (facts.automatic, facts.not_null) = (true, true);
                    facts.start = identity_start(&identity.to_string())?;
                }
                ColumnOption::Comment(text) => facts.comment = Some(text),
                ColumnOption::Unique { .. }
                | ColumnOption::ForeignKey { .. }
                | ColumnOption::Check(_) => {}
                other => return Err(Error::Unsupported(format!("the column option {other}"))),
            }
        }
        if let Some(collation) = &column.collation
            && !collation.to_string().eq_ignore_ascii_case("binary")
        {
            return Err(Error::Unsupported(format!("COLLATE {collation}")));
        }
        if facts.generated.is_some() && (facts.default.is_some() || facts.automatic) {
            return Err(Error::Invalid("a generated column has no other value".into()));
        }
        if facts.automatic && !facts.ty.is_integer() {
            return Err(Error::Invalid(format!(
                "automatic ids are integers; column '{}' is not",
                column.name.value
            )));
        }
        Ok(facts)
    }
}

/// Whether a column is the primary key by itself, and descending.
pub(super) fn key_order(column: &SqlColumn) -> Option<bool> {
    let primary =
        |o: &ColumnOptionDef| matches!(o.option, ColumnOption::Unique { is_primary: true, .. });
    column.options.iter().any(primary).then(|| {
        column.options.iter().any(|o| match &o.option {
            ColumnOption::DialectSpecific(tokens) => {
                tokens.iter().any(|t| t.to_string().eq_ignore_ascii_case("desc"))
            }
            _ => false,
        })
    })
}

fn serial_type(ty: &DataType) -> Option<SqlType> {
    let name = match ty {
        DataType::Custom(name, _) => name.to_string().to_uppercase(),
        _ => return None,
    };
    Some(match name.as_str() {
        "SERIAL" | "SERIAL4" => SqlType::Integer,
        "BIGSERIAL" | "SERIAL8" => SqlType::BigInt,
        "SMALLSERIAL" | "SERIAL2" => SqlType::SmallInt,
        _ => return None,
    })
}

/// A DEFAULT as it is stored. A constant is converted to the column's type now, so that a default
/// which never fits is refused before a row needs it.
pub(super) fn bind_default(
    env: &WriteContext<'_>,
    facts: &ColumnFacts<'_>,
) -> Result<Option<StoredExpr>> {
    let Some(expr) = facts.default else { return Ok(None) };
    let bound = bind(&Scope::empty(), expr, env.params)?;
    if !bound.is_volatile() {
        let value = bound.eval(&[], &crate::expr::EvalContext::timeless())?;
        types::assign(value, &facts.ty)?;
    }
    let nothing = |_: &usize| Err(Error::Sql("a DEFAULT reads no columns".into()));
    Ok(Some(bound.map_columns(&mut |at| nothing(at))?))
}

/// The constraints that stand with a column.
pub(super) fn add_column_constraints(
    state: &State,
    env: &WriteContext<'_>,
    def: &mut TableDef,
    at: usize,
    column: &SqlColumn,
) -> Result<()> {
    for ColumnOptionDef { name, option } in &column.options {
        let name = name.as_ref().map(|n| n.value.as_str());
        match option {
            ColumnOption::Unique { is_primary: false, .. } => {
                check_unique_types(def, &[at])?;
                add_unique(state, def, name, &[at])?;
            }
            ColumnOption::Check(expr) => {
                add_bound_check(state, env, def, name, Some(&column.name.value), expr)?;
            }
            ColumnOption::ForeignKey {
                foreign_table,
                referred_columns,
                on_delete,
                on_update,
                ..
            } => {
                let reference = Reference {
                    name,
                    columns: vec![at],
                    parent: table_name(foreign_table)?,
                    parent_columns: referred(referred_columns),
                    on_delete: action(*on_delete)?,
                    on_update: action(*on_update)?,
                };
                add_foreign_key(state, def, &reference)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn add_bound_check(
    state: &State,
    env: &WriteContext<'_>,
    def: &mut TableDef,
    name: Option<&str>,
    column: Option<&str>,
    expr: &SqlExpr,
) -> Result<()> {
    let bound = bind(&Scope::of_def(def), expr, env.params)?;
    if bound.is_volatile() {
        return Err(Error::Invalid("a CHECK may not depend on when it runs".into()));
    }
    let expr = stored(def, &bound)?;
    add_check(state, def, name, column, expr)
}

fn check_unique_types(def: &TableDef, columns: &[usize]) -> Result<()> {
    for column in columns.iter().filter_map(|at| def.columns.get(*at)) {
        types::check_key(&column.ty, &column.name)?;
    }
    Ok(())
}

/// A constraint that stands by itself; the primary key is the caller's.
pub(super) fn add_constraint(
    state: &State,
    env: &WriteContext<'_>,
    def: &mut TableDef,
    constraint: &TableConstraint,
) -> Result<()> {
    let text = |name: &'_ Option<Ident>| name.as_ref().map(|n| n.value.clone());
    match constraint {
        TableConstraint::PrimaryKey { .. } => Ok(()),
        TableConstraint::Unique { name, columns, .. } => {
            let columns = positions(def, columns.iter().map(|c| key_column(&c.value).0))?;
            check_unique_types(def, &columns)?;
            add_unique(state, def, text(name).as_deref(), &columns)
        }
        TableConstraint::Check { name, expr } => {
            add_bound_check(state, env, def, text(name).as_deref(), None, expr)
        }
        TableConstraint::ForeignKey {
            name,
            columns,
            foreign_table,
            referred_columns,
            on_delete,
            on_update,
            ..
        } => {
            let name = text(name);
            let reference = Reference {
                name: name.as_deref(),
                columns: positions(def, columns.iter().map(|c| c.value.as_str()))?,
                parent: table_name(foreign_table)?,
                parent_columns: referred(referred_columns),
                on_delete: action(*on_delete)?,
                on_update: action(*on_update)?,
            };
            add_foreign_key(state, def, &reference)
        }
        other => Err(Error::Unsupported(format!("the constraint {other}"))),
    }
}

fn action(action: Option<ReferentialAction>) -> Result<Action> {
    match action {
        None | Some(ReferentialAction::NoAction) => Ok(Action::NoAction),
        Some(ReferentialAction::Restrict) => Ok(Action::Restrict),
        Some(ReferentialAction::Cascade) => Ok(Action::Cascade),
        Some(ReferentialAction::SetNull) => Ok(Action::SetNull),
        Some(ReferentialAction::SetDefault) => Err(Error::Unsupported("SET DEFAULT".into())),
    }
}
