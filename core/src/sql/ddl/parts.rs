//! The parts of a definition, each added with the id that its owner, name and content give it.

use crate::error::{Error, Kind, Result};
use crate::expr::Expr;
use crate::row::{
    Action, CheckDef, ColumnDef, ColumnId, ConstraintId, ForeignKeyDef, IndexDef, IndexId,
    IndexOrigin, IndexPart, State, StoredExpr, TableDef, TableId, same_name,
};
use crate::value::{SqlType, Value};

/// Length of a name in bytes.
const NAME_BYTES_MAX: usize = 128;
/// Columns of one table.
const COLUMNS_MAX: usize = 1024;

/// Whether a thing may have this name.
///
/// # Errors
/// `Invalid` for an empty name and one of more than 128 bytes or with control characters.
pub(in crate::sql) fn check_name(kind: Kind, name: &str) -> Result<()> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "a {kind}'s name has 1 to {NAME_BYTES_MAX} bytes and no control characters"
        )));
    }
    Ok(())
}

/// The positions of columns by name.
///
/// # Errors
/// `NotFound`; `Invalid` where one is named twice.
pub(super) fn positions<'n>(
    def: &TableDef,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<Vec<usize>> {
    let mut found: Vec<usize> = Vec::new();
    for name in names {
        let at = def.position(name).ok_or_else(|| Error::not_found(Kind::Column, name))?;
        if found.contains(&at) {
            return Err(Error::Invalid(format!("column '{name}' is named twice")));
        }
        found.push(at);
    }
    Ok(found)
}

/// An expression over positions as it is stored.
pub(super) fn stored(def: &TableDef, expr: &Expr<usize>) -> Result<StoredExpr> {
    expr.map_columns(&mut |position| {
        let column = def.columns.get(*position).map(|c| c.id);
        column.ok_or_else(|| Error::Internal("an expression over no column".into()))
    })
}

/// An id that is neither in use nor was used before: the generation rises until it is new.
fn fresh<I>(
    def: &TableDef,
    derive: impl Fn(u32) -> I,
    bytes: impl Fn(&I) -> [u8; 16],
    live: impl Fn(&I) -> bool,
) -> (I, u32) {
    let mut generation = 0;
    loop {
        let id = derive(generation);
        if !def.dropped.contains_key(&bytes(&id)) && !live(&id) {
            return (id, generation);
        }
        generation += 1;
    }
}

/// Adds a column at the end.
///
/// # Errors
/// `Exists`, `Invalid`, `Limit`.
pub(in crate::sql) fn add_column(
    def: &mut TableDef,
    name: &str,
    ty: SqlType,
    not_null: bool,
    default: Option<StoredExpr>,
    missing: Value,
    generated: Option<StoredExpr>,
) -> Result<ColumnId> {
    check_name(Kind::Column, name)?;
    if def.column(name).is_some() {
        return Err(Error::exists(Kind::Column, name));
    }
    if def.columns.len() >= COLUMNS_MAX {
        return Err(Error::Limit(format!("a table has at most {COLUMNS_MAX} columns")));
    }
    let mut content = Vec::new();
    ty.encode(&mut content);
    content.push(not_null.into());
    if let Some(default) = &default {
        content.extend(default.encode());
    }
    if let Some(generated) = &generated {
        content.push(1);
        content.extend(generated.encode());
    }
    let (id, generation) = fresh(
        def,
        |generation| ColumnId::derive(&def.id.0, name, &content, generation),
        |id| id.0,
        |id| def.columns.iter().any(|c| c.id == *id),
    );
    let name = name.to_owned();
    let column = ColumnDef { id, name, generation, ty, not_null, default, missing, generated };
    def.columns.push(column);
    Ok(id)
}

/// Adds an index over expressions.
pub(in crate::sql) fn add_index(
    def: &mut TableDef,
    name: String,
    unique: bool,
    parts: Vec<IndexPart>,
    origin: IndexOrigin,
) -> Result<()> {
    check_name(Kind::Index, &name)?;
    let mut content = vec![unique.into()];
    for part in &parts {
        let expr = part.expr.encode();
        content.extend((expr.len() as u64).to_le_bytes());
        content.extend(expr);
        content.push(part.descending.into());
    }
    let (id, _) = fresh(
        def,
        |generation| IndexId::derive(&def.id.0, &name, &content, generation),
        |id| id.0,
        |id| def.indexes.iter().any(|i| i.id == *id),
    );
    def.indexes.push(IndexDef { id, name, unique, parts, origin });
    Ok(())
}

/// Adds a UNIQUE constraint over columns. One that is there already is not added again.
pub(in crate::sql) fn add_unique(
    state: &State,
    def: &mut TableDef,
    name: Option<&str>,
    columns: &[usize],
) -> Result<()> {
    let parts = plain_parts(def, columns);
    let same = |i: &IndexDef| i.unique && i.parts == parts;
    if name.is_none() && def.indexes.iter().any(same) {
        return Ok(());
    }
    let name = match name {
        Some(name) => {
            free_name(state, def, name)?;
            name.to_owned()
        }
        None => {
            let stem = format!("{}_{}_key", def.name, joined(def, columns));
            invented(state, def, &stem)
        }
    };
    add_index(def, name, true, parts, IndexOrigin::Unique)
}

/// Adds a CHECK constraint.
pub(super) fn add_check(
    state: &State,
    def: &mut TableDef,
    name: Option<&str>,
    column: Option<&str>,
    expr: StoredExpr,
) -> Result<()> {
    let name = match name {
        Some(name) => {
            check_name(Kind::Index, name)?;
            free_name(state, def, name)?;
            name.to_owned()
        }
        None => {
            let stem = match column {
                Some(column) => format!("{}_{column}_check", def.name),
                None => format!("{}_check", def.name),
            };
            invented(state, def, &stem)
        }
    };
    let content = expr.encode();
    let id = constraint_id(def, &name, &content);
    def.checks.push(CheckDef { id, name, expr });
    Ok(())
}

/// A foreign key as it was written.
pub(in crate::sql) struct Reference<'r> {
    /// The constraint's name.
    pub name: Option<&'r str>,
    /// The child's columns.
    pub columns: Vec<usize>,
    /// The parent.
    pub parent: &'r str,
    /// The parent's columns; empty: its primary key.
    pub parent_columns: Vec<&'r str>,
    /// When the parent row is deleted.
    pub on_delete: Action,
    /// When the parent row's key changes.
    pub on_update: Action,
}

/// Adds a foreign key, and an index on its columns unless a key or an index starts with them.
///
/// # Errors
/// `NotFound` for the parent or its columns; `Invalid` where the numbers of columns differ.
pub(in crate::sql) fn add_foreign_key(
    state: &State,
    def: &mut TableDef,
    reference: &Reference<'_>,
) -> Result<()> {
    let (parent, parent_columns, parent_name) = {
        let own = same_name(reference.parent, &def.name);
        let found = match own {
            true => None,
            false => Some(state.find(reference.parent)?.clone()),
        };
        let parent = found.as_ref().map_or(&*def, |t| &t.table.def);
        let columns: Vec<ColumnId> = match reference.parent_columns.is_empty() {
            true => parent.primary_key.iter().map(|part| part.column).collect(),
            false => positions(parent, reference.parent_columns.iter().copied())?
                .into_iter()
                .filter_map(|at| parent.columns.get(at).map(|c| c.id))
                .collect(),
        };
        (parent.id, columns, parent.name.clone())
    };
    if parent_columns.is_empty() || parent_columns.len() != reference.columns.len() {
        return Err(Error::Invalid(format!(
            "a foreign key of {} columns cannot refer to {} columns of '{parent_name}'",
            reference.columns.len(),
            parent_columns.len()
        )));
    }
    check_types(state, def, reference, parent, &parent_columns)?;
    let writes = reference.on_delete == Action::SetNull
        || matches!(reference.on_update, Action::Cascade | Action::SetNull);
    let generated =
        |at: &usize| def.columns.get(*at).is_some_and(|column| column.generated.is_some());
    if writes && reference.columns.iter().any(generated) {
        return Err(Error::Invalid("a foreign key cannot set a generated column".into()));
    }
    let name = match reference.name {
        Some(name) => {
            check_name(Kind::Index, name)?;
            free_name(state, def, name)?;
            name.to_owned()
        }
        None => {
            let stem = format!("{}_{}_fkey", def.name, joined(def, &reference.columns));
            invented(state, def, &stem)
        }
    };
    let columns: Vec<ColumnId> =
        reference.columns.iter().filter_map(|at| def.columns.get(*at)).map(|c| c.id).collect();
    let mut content = parent.0.to_vec();
    for (child, parent) in columns.iter().zip(&parent_columns) {
        content.extend(child.0);
        content.extend(parent.0);
    }
    content.extend([reference.on_delete as u8, reference.on_update as u8]);
    let id = constraint_id(def, &name, &content);
    def.foreign_keys.push(ForeignKeyDef {
        id,
        name,
        columns,
        parent,
        parent_columns,
        on_delete: reference.on_delete,
        on_update: reference.on_update,
    });
    support_foreign_key(state, def, &reference.columns)
}

/// Values are looked up by their key bytes, which are equal only where the types are alike.
fn check_types(
    state: &State,
    def: &TableDef,
    reference: &Reference<'_>,
    parent: TableId,
    parent_columns: &[ColumnId],
) -> Result<()> {
    let parent = match parent == def.id {
        true => def,
        false => match state.table(parent) {
            Some(table) => &table.table.def,
            None => return Ok(()),
        },
    };
    for (child, id) in reference.columns.iter().zip(parent_columns) {
        let child = def.columns.get(*child);
        let parent = parent.columns.iter().find(|c| c.id == *id);
        if let (Some(child), Some(parent)) = (child, parent)
            && !super::super::types::same_family(&child.ty, &parent.ty)
        {
            return Err(Error::Invalid(format!(
                "column '{}' ({}) cannot refer to '{}' ({})",
                child.name, child.ty, parent.name, parent.ty
            )));
        }
    }
    Ok(())
}

/// The index through which children are found when a parent goes.
pub(in crate::sql) fn support_foreign_key(
    state: &State,
    def: &mut TableDef,
    columns: &[usize],
) -> Result<()> {
    let ids: Vec<ColumnId> =
        columns.iter().filter_map(|at| def.columns.get(*at)).map(|c| c.id).collect();
    let in_key = def.primary_key.len() >= ids.len()
        && def.primary_key.iter().zip(&ids).all(|(part, id)| part.column == *id);
    let in_index = def.indexes.iter().any(|index| {
        index.parts.len() >= ids.len()
            && index.parts.iter().zip(&ids).all(|(part, id)| part.expr == Expr::Column(*id))
    });
    if in_key || in_index {
        return Ok(());
    }
    let stem = format!("{}_{}_fkey_idx", def.name, joined(def, columns));
    let name = invented(state, def, &stem);
    let parts = plain_parts(def, columns);
    add_index(def, name, false, parts, IndexOrigin::ForeignKey)
}

fn constraint_id(def: &TableDef, name: &str, content: &[u8]) -> ConstraintId {
    let live = |id: &ConstraintId| {
        def.checks.iter().any(|c| c.id == *id) || def.foreign_keys.iter().any(|k| k.id == *id)
    };
    let derive = |generation| ConstraintId::derive(&def.id.0, name, content, generation);
    fresh(def, derive, |id| id.0, live).0
}

fn plain_parts(def: &TableDef, columns: &[usize]) -> Vec<IndexPart> {
    let column = |at: &usize| def.columns.get(*at);
    let part = |c: &ColumnDef| IndexPart { expr: Expr::Column(c.id), descending: false };
    columns.iter().filter_map(column).map(part).collect()
}

fn joined(def: &TableDef, columns: &[usize]) -> String {
    let names: Vec<&str> =
        columns.iter().filter_map(|at| def.columns.get(*at)).map(|c| c.name.as_str()).collect();
    names.join("_")
}

/// Whether an index or constraint of this name is there, in any table.
fn is_taken(state: &State, def: &TableDef, name: &str) -> bool {
    let own = def.indexes.iter().map(|i| &i.name);
    let own = own.chain(def.checks.iter().map(|c| &c.name));
    let own = own.chain(def.foreign_keys.iter().map(|k| &k.name));
    let others = state.tables().filter(|t| t.table.id() != def.id);
    own.into_iter().any(|n| same_name(n, name))
        || others.flat_map(|t| &t.table.def.indexes).any(|i| same_name(&i.name, name))
}

/// # Errors
/// `Exists`.
pub(in crate::sql) fn free_name(state: &State, def: &TableDef, name: &str) -> Result<()> {
    match is_taken(state, def, name) {
        true => Err(Error::exists(Kind::Index, name)),
        false => Ok(()),
    }
}

/// A free name that begins with `stem`.
pub(super) fn invented(state: &State, def: &TableDef, stem: &str) -> String {
    let mut stem = stem;
    while stem.len() > NAME_BYTES_MAX - 8 {
        let mut chars = stem.chars();
        chars.next_back();
        stem = chars.as_str();
    }
    let mut name = stem.to_owned();
    let mut number = 1;
    while is_taken(state, def, &name) {
        name = format!("{stem}{number}");
        number += 1;
    }
    name
}
