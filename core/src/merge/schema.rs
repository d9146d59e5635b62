//! Definitions merged by id.

use super::{Conflict, ConflictKind, Held, Merged, Options};
use crate::chunk::Chunks;
use crate::error::{Error, Result};
use crate::row::{ColumnId, State, Table, TableDef, TableId, TableState, same_name};
use crate::tree::View;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What happens to the rows of each table.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Tables that both sides hold: their rows are merged under this definition.
    pub merge: Vec<TableId>,
    /// Tables that were taken from the source whole: only what changed is still to be told.
    pub taken: Vec<TableId>,
}

/// Decides every table's definition and puts it into `merged.state`.
pub(super) fn plan(
    chunks: &Chunks,
    bases: &[State],
    source: &State,
    target: &State,
    _options: &Options,
    merged: &mut Merged,
) -> Result<Plan> {
    let mut plan = Plan::default();
    let ids: BTreeSet<TableId> =
        source.tables().chain(target.tables()).map(|t| t.table.id()).collect();
    for id in ids {
        let base = bases.iter().find_map(|base| base.table(id));
        let in_all_bases = bases.iter().all(|base| base.table(id).is_some());
        match (base, source.table(id), target.table(id)) {
            (None, Some(added), None) => {
                if let Err(error) = merged.state.put_table(added.clone()) {
                    merged.open.push(name_clash(added, &error));
                    continue;
                }
                merged.schema_changed = true;
                plan.taken.push(id);
            }
            (Some(base), None, Some(kept)) => {
                if in_all_bases && unchanged(chunks, base, kept)? {
                    merged.state.remove_table(id);
                    merged.schema_changed = true;
                } else {
                    merged.open.push(dropped(kept, "source", "target"));
                }
            }
            (Some(base), Some(kept), None) => {
                if !(in_all_bases && unchanged(chunks, base, kept)?) {
                    merged.open.push(dropped(kept, "target", "source"));
                }
            }
            (base, Some(ours), Some(theirs)) => {
                if let (Some(base), 1) = (base, bases.len()) {
                    if Arc::ptr_eq(base, ours) || same_contents(chunks, base, ours)? {
                        continue;
                    }
                    if same_contents(chunks, base, theirs)? {
                        take_whole(merged, ours, theirs)?;
                        plan.taken.push(id);
                        continue;
                    }
                }
                if merge_definition(chunks, base, ours, theirs, merged)? {
                    plan.merge.push(id);
                }
            }
            (_, None, None) | (None, None, Some(_)) => {}
        }
    }
    Ok(plan)
}

fn take_whole(merged: &mut Merged, source: &Arc<TableState>, target: &TableState) -> Result<()> {
    if source.table.encoded() != target.table.encoded() {
        merged.schema_changed = true;
    }
    match merged.state.put_table(source.clone()) {
        Ok(()) => Ok(()),
        Err(error @ Error::Exists { .. }) => {
            merged.open.push(name_clash(source, &error));
            Ok(())
        }
        Err(other) => Err(other),
    }
}

/// Whether a table holds what it held, definition and rows.
fn unchanged(chunks: &Chunks, base: &TableState, now: &TableState) -> Result<bool> {
    same_contents(chunks, base, now)
}

fn same_contents(chunks: &Chunks, a: &TableState, b: &TableState) -> Result<bool> {
    Ok(a.table.encoded() == b.table.encoded()
        && View::diff(chunks, &a.rows, &b.rows)?.next()?.is_none())
}

/// The definition that both sides' changes make together; `false` where they cannot.
fn merge_definition(
    chunks: &Chunks,
    base: Option<&Arc<TableState>>,
    source: &Arc<TableState>,
    target: &Arc<TableState>,
    merged: &mut Merged,
) -> Result<bool> {
    if source.table.encoded() == target.table.encoded() {
        return Ok(true);
    }
    let base_def = base.map(|b| &b.table.def);
    let mut trouble = Vec::new();
    let def = three_way(base_def, &source.table.def, &target.table.def, &mut trouble);
    let (s, t) = (&source.table.def, &target.table.def);
    if base_def.is_some_and(|b| b.primary_key != s.primary_key || b.primary_key != t.primary_key) {
        trouble.push("the primary key's definition changed while rows changed".into());
    }
    if let Some(base) = base {
        // A column that one side dropped while the other changed its values.
        for (kept, other, by) in [(source, target, "target"), (target, source, "source")] {
            for column in changed_columns(chunks, base, kept, &other.table.def)? {
                trouble.push(format!("column '{column}' was dropped on the {by} and changed"));
            }
        }
    }
    if !trouble.is_empty() {
        for message in trouble {
            merged.open.push(schema_conflict(target, message));
        }
        return Ok(false);
    }
    if def.encode() == target.table.encoded()[..] {
        return Ok(true);
    }
    merged.schema_changed = true;
    let table = Arc::new(Table::new(def)?);
    match crate::txn::redefined(chunks, target, &table) {
        Ok(state) => match merged.state.put_table(Arc::new(state)) {
            Ok(()) => {}
            Err(error @ Error::Exists { .. }) => {
                merged.open.push(name_clash(source, &error));
                return Ok(false);
            }
            Err(other) => return Err(other),
        },
        Err(Error::Violation(violation)) => {
            // The source's new constraint meets rows of the target that break it.
            let mut conflict = schema_conflict(target, violation.to_string());
            conflict.kind = super::rows::kind_of(&violation);
            merged.open.push(conflict);
            return Ok(false);
        }
        Err(Error::Value(error)) => {
            merged.open.push(schema_conflict(target, error.to_string()));
            return Ok(false);
        }
        Err(other) => return Err(other),
    }
    Ok(true)
}

/// The columns that `other` dropped since `base`, and in which `kept` has other values than `base`.
fn changed_columns(
    chunks: &Chunks,
    base: &TableState,
    kept: &TableState,
    other: &TableDef,
) -> Result<Vec<String>> {
    let dropped = |id: ColumnId| other.position_of(id).is_none();
    let mut places = Vec::new();
    for (before, column) in base.table.def.columns.iter().enumerate() {
        if let (true, Some(now)) = (dropped(column.id), kept.table.def.position_of(column.id)) {
            places.push((before, now, column.name.clone()));
        }
    }
    let mut changed = BTreeSet::new();
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let mut diff = View::diff(chunks, &base.rows, &kept.rows)?;
    while let Some(change) = diff.next()? {
        let (Some(old), Some(new)) = (&change.old, &change.new) else { continue };
        let (old, new) = (base.table.decode(old)?, kept.table.decode(new)?);
        for (before, now, name) in &places {
            if old.get(*before) != new.get(*now) {
                changed.insert(name.clone());
            }
        }
    }
    Ok(changed.into_iter().collect())
}

/// One value that both sides may have changed.
fn pick<T: PartialEq + Clone>(base: Option<&T>, source: &T, target: &T) -> Option<T> {
    match (source == target, base == Some(source), base == Some(target)) {
        (true, _, _) | (_, true, _) => Some(target.clone()),
        (_, _, true) => Some(source.clone()),
        _ => None,
    }
}

/// A name that both sides may have changed. Two spellings of one name are one name: the target's.
fn pick_name(base: Option<&String>, source: &String, target: &String) -> Option<String> {
    pick(base, source, target).or_else(|| same_name(source, target).then(|| target.clone()))
}

/// Lists merged by id: the target's order, then what the source added.
fn merge_list<T: PartialEq + Clone, K: Ord>(
    base: Option<&[T]>,
    source: &[T],
    target: &[T],
    id: impl Fn(&T) -> K,
    mut clash: impl FnMut(&T),
    mut both: impl FnMut(Option<&T>, &T, &T) -> Option<T>,
) -> Vec<T> {
    let find = |list: &[T], key: &K| list.iter().find(|item| id(item) == *key).cloned();
    let was = |key: &K| base.and_then(|base| find(base, key));
    let mut result = Vec::new();
    for theirs in target {
        let key = id(theirs);
        match (was(&key), find(source, &key)) {
            (base, Some(ours)) => match both(base.as_ref(), &ours, theirs) {
                Some(item) => result.push(item),
                None => clash(theirs),
            },
            (None, None) => result.push(theirs.clone()),
            // Dropped on the source: gone, unless the target altered it.
            (Some(base), None) if base == *theirs => {}
            (Some(_), None) => clash(theirs),
        }
    }
    for ours in source {
        let key = id(ours);
        if find(target, &key).is_some() {
            continue;
        }
        match was(&key) {
            None => result.push(ours.clone()),
            Some(base) if base == *ours => {}
            Some(_) => clash(ours),
        }
    }
    result
}

fn three_way(
    base: Option<&TableDef>,
    source: &TableDef,
    target: &TableDef,
    trouble: &mut Vec<String>,
) -> TableDef {
    let clash = std::cell::RefCell::new(Vec::new());
    let said = |what: &str, name: &str| {
        clash.borrow_mut().push(format!("{what} '{name}' was changed in two ways"));
    };
    let mut def = target.clone();
    match pick_name(base.map(|b| &b.name), &source.name, &target.name) {
        Some(name) => def.name = name,
        None => said("the name of table", &target.name),
    }
    def.columns = merge_list(
        base.map(|b| &b.columns[..]),
        &source.columns,
        &target.columns,
        |c| c.id,
        |c| said("column", &c.name),
        |base, ours, theirs| {
            let mut column = theirs.clone();
            column.name = pick_name(base.map(|b| &b.name), &ours.name, &theirs.name)?;
            column.ty = pick(base.map(|b| &b.ty), &ours.ty, &theirs.ty)?;
            column.not_null = pick(base.map(|b| &b.not_null), &ours.not_null, &theirs.not_null)?;
            column.default = pick(base.map(|b| &b.default), &ours.default, &theirs.default)?;
            Some(column)
        },
    );
    def.indexes = merge_list(
        base.map(|b| &b.indexes[..]),
        &source.indexes,
        &target.indexes,
        |i| i.id,
        |i| said("index", &i.name),
        pick,
    );
    def.checks = merge_list(
        base.map(|b| &b.checks[..]),
        &source.checks,
        &target.checks,
        |c| c.id,
        |c| said("check", &c.name),
        pick,
    );
    def.foreign_keys = merge_list(
        base.map(|b| &b.foreign_keys[..]),
        &source.foreign_keys,
        &target.foreign_keys,
        |k| k.id,
        |k| said("foreign key", &k.name),
        pick,
    );
    match pick(base.map(|b| &b.primary_key), &source.primary_key, &target.primary_key) {
        Some(key) => def.primary_key = key,
        None => said("the primary key of", &target.name),
    }
    let auto = base.map(|b| &b.auto_increment);
    match pick(auto, &source.auto_increment, &target.auto_increment) {
        Some(column) => def.auto_increment = column,
        None => said("the automatic ids of", &target.name),
    }
    def.created = source.created.min(target.created);
    def.layouts.extend(source.layouts.clone());
    for (id, generation) in &source.dropped {
        let entry = def.dropped.entry(*id).or_default();
        *entry = (*entry).max(*generation);
    }
    for (name, note) in &source.notes {
        def.notes.entry(name.clone()).or_insert_with(|| note.clone());
    }
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    for column in &def.columns {
        let count = names.entry(column.name.to_lowercase()).or_default();
        *count += 1;
        if *count == 2 {
            clash
                .borrow_mut()
                .push(format!("column '{}' was added with two definitions", column.name));
        }
    }
    let columns: BTreeSet<_> = def.columns.iter().map(|c| c.id).collect();
    let used = def
        .primary_key
        .iter()
        .map(|part| part.column)
        .chain(def.indexes.iter().flat_map(|i| &i.parts).flat_map(|part| part.expr.columns()));
    let used = used
        .chain(def.checks.iter().flat_map(|c| c.expr.columns()))
        .chain(def.foreign_keys.iter().flat_map(|k| k.columns.clone()));
    if used.into_iter().any(|id| !columns.contains(&id)) {
        clash.borrow_mut().push(
            "a column was dropped that the other side's key, index or \
             constraint needs"
                .into(),
        );
    }
    trouble.extend(clash.into_inner());
    def
}

fn schema_conflict(table: &TableState, message: String) -> Conflict {
    Conflict {
        table: table.table.name().to_owned(),
        table_id: table.table.id(),
        row_id: None,
        key: None,
        column: None,
        column_id: None,
        column_type: None,
        kind: ConflictKind::Schema,
        base: Held::Nothing,
        source: Held::Nothing,
        target: Held::Nothing,
        generated_key: false,
        message,
    }
}

fn name_clash(table: &TableState, error: &Error) -> Conflict {
    schema_conflict(table, format!("{error}, with another definition"))
}

fn dropped(table: &TableState, by: &str, changed: &str) -> Conflict {
    let name = table.table.name();
    schema_conflict(
        table,
        format!("table '{name}' was dropped on the {by} and changed on the {changed}"),
    )
}
