//! Definitions merged by id.

use super::describe::{key_of, schema_conflict};
use super::{CONFLICTS_MAX, Conflict, Merged};
use crate::chunk::Chunks;
use crate::error::{Error, Result};
use crate::history::RowChange;
use crate::row::{
    COMMENT_NOTE, ColumnId, State, Table, TableDef, TableId, TableState, Violation,
    broken_definitions, check_changes, same_name,
};
use crate::tree::{KeyRange, View};
use crate::txn::constraints_added;
use crate::value::SqlType;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What happens to the rows of each table.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Tables that both sides hold: their rows are merged under this definition.
    pub merge: Vec<TableId>,
    /// Tables that were taken from the source whole: only what changed is still to be told.
    pub taken: Vec<TableId>,
    /// Tables that get constraints which their rows in the target were never held to.
    pub tightened: BTreeSet<TableId>,
    /// Whether references cannot be looked up, because definitions do not go together.
    pub incoherent: bool,
}

/// Decides every table's definition and puts it into `merged.state`.
pub(super) fn plan(
    chunks: &Chunks,
    bases: &[State],
    source: &State,
    target: &State,
    merged: &mut Merged,
) -> Result<Plan> {
    let mut plan = Plan::default();
    // Tables that become another one, or go.
    let mut changed: BTreeMap<TableId, Option<Arc<TableState>>> = BTreeMap::new();
    let ids: BTreeSet<TableId> =
        source.tables().chain(target.tables()).map(|t| t.table.id()).collect();
    for id in ids {
        let base = bases.iter().find_map(|base| base.table(id));
        let in_all_bases = bases.iter().all(|base| base.table(id).is_some());
        match (base, source.table(id), target.table(id)) {
            (None, Some(added), None) => {
                changed.insert(id, Some(added.clone()));
                plan.taken.push(id);
            }
            (Some(base), None, Some(kept)) => {
                match in_all_bases && same_contents(chunks, base, kept)? {
                    true => drop(changed.insert(id, None)),
                    false => merged.open.push(dropped(kept, "source", "target")),
                }
            }
            (Some(base), Some(kept), None) => {
                if !(in_all_bases && same_contents(chunks, base, kept)?) {
                    merged.open.push(dropped(kept, "target", "source"));
                }
            }
            (base, Some(ours), Some(theirs)) => {
                if let (Some(base), 1) = (base, bases.len()) {
                    if Arc::ptr_eq(base, ours) || same_contents(chunks, base, ours)? {
                        continue;
                    }
                    if same_contents(chunks, base, theirs)? {
                        changed.insert(id, Some(ours.clone()));
                        plan.taken.push(id);
                        continue;
                    }
                }
                match merge_definition(chunks, base, ours, theirs, merged)? {
                    Definition::Target => plan.merge.push(id),
                    Definition::Merged(state) => {
                        changed.insert(id, Some(Arc::new(state)));
                        plan.merge.push(id);
                    }
                    Definition::Conflict => {}
                }
            }
            (_, None, None) | (None, None, Some(_)) => {}
        }
    }
    put_tables(target, changed, merged)?;
    for id in &plan.merge {
        if let (Some(after), Some(before)) = (merged.state.table(*id), target.table(*id))
            && (constraints_added(&before.table.def, &after.table.def)
                || references_added(&before.table.def, &after.table.def))
        {
            plan.tightened.insert(*id);
        }
    }
    for id in &plan.taken {
        // Its rows keep all but references in the source already.
        if let (Some(after), Some(before)) = (merged.state.table(*id), target.table(*id))
            && references_added(&before.table.def, &after.table.def)
        {
            plan.tightened.insert(*id);
        }
    }
    if merged.schema_changed {
        for (id, message) in broken_definitions(&merged.state) {
            plan.incoherent = true;
            if let Some(table) = merged.state.table(id) {
                let conflict = schema_conflict(table, message);
                merged.open.push(conflict);
            }
        }
        index_names(source, target, merged);
        merged.state.record_gone(source);
    }
    Ok(plan)
}

/// Puts the changed tables in. All old names are given back before any new one is taken, so that
/// tables may exchange names.
fn put_tables(
    target: &State,
    changed: BTreeMap<TableId, Option<Arc<TableState>>>,
    merged: &mut Merged,
) -> Result<()> {
    for (id, new) in &changed {
        let old = merged.state.remove_table(*id);
        let encoded = |table: &Arc<TableState>| table.table.encoded().clone();
        merged.schema_changed |= old.as_ref().map(encoded) != new.as_ref().map(encoded);
    }
    for (id, new) in changed {
        let Some(table) = new else { continue };
        match merged.state.put_table(table.clone()) {
            Ok(()) => {}
            Err(error @ Error::Exists { .. }) => {
                let message = format!("{error}, with another definition");
                merged.open.push(schema_conflict(&table, message));
                if let Some(theirs) = target.table(id) {
                    // Its old name may be taken as well; the conflict says so already.
                    let _ = merged.state.put_table(theirs.clone());
                }
            }
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// An index has one name in a database, and both sides may have given it away.
fn index_names(source: &State, target: &State, merged: &mut Merged) {
    let names = |state: &State| {
        let mut count: BTreeMap<String, u32> = BTreeMap::new();
        for table in state.tables() {
            for index in &table.table.def.indexes {
                *count.entry(index.name.to_lowercase()).or_default() += 1;
            }
        }
        count
    };
    let (ours, theirs) = (names(source), names(target));
    let unique = |count: &BTreeMap<String, u32>, name: &String| count.get(name) <= Some(&1);
    for (name, count) in names(&merged.state) {
        if count > 1 && unique(&ours, &name) && unique(&theirs, &name) {
            let has = |t: &&Arc<TableState>| {
                t.table.def.indexes.iter().any(|i| i.name.to_lowercase() == name)
            };
            if let Some(table) = merged.state.tables().find(has) {
                let message = format!("index '{name}' was created on both branches");
                let conflict = schema_conflict(table, message);
                merged.open.push(conflict);
            }
        }
    }
}

/// Whether a table holds what it held, definition and rows.
fn same_contents(chunks: &Chunks, a: &TableState, b: &TableState) -> Result<bool> {
    Ok(a.table.encoded() == b.table.encoded()
        && View::diff(chunks, &a.rows, &b.rows)?.next()?.is_none())
}

/// What comes of a definition that both sides hold.
enum Definition {
    /// The target's stands.
    Target,
    /// Another, and the target's rows under it.
    Merged(TableState),
    /// They cannot both stand; that is noted.
    Conflict,
}

/// The definition that both sides' changes make together.
fn merge_definition(
    chunks: &Chunks,
    base: Option<&Arc<TableState>>,
    source: &Arc<TableState>,
    target: &Arc<TableState>,
    merged: &mut Merged,
) -> Result<Definition> {
    if source.table.encoded() == target.table.encoded() {
        return Ok(Definition::Target);
    }
    let views = (source.table.def.view(), target.table.def.view());
    if views.0.is_some() || views.1.is_some() {
        // Both changed it: a query is not merged.
        let (ours, theirs) = (&source.table.def, &target.table.def);
        let same = views.0 == views.1
            && same_name(&ours.name, &theirs.name)
            && ours.columns == theirs.columns
            && ours.notes == theirs.notes;
        if !same {
            let name = target.table.name();
            let message = format!("view '{name}' was changed in two ways");
            merged.open.push(schema_conflict(target, message));
        }
        return Ok(if same { Definition::Target } else { Definition::Conflict });
    }
    let base_def = base.map(|b| &b.table.def);
    let mut trouble = Vec::new();
    let def = three_way(base_def, &source.table.def, &target.table.def, &mut trouble);
    if let Some(base) = base {
        let (b, s, t) = (key_shape(base), key_shape(source), key_shape(target));
        if b != s || b != t {
            trouble.push("the primary key's definition changed while rows changed".into());
        }
        written_and_dropped(chunks, base, source, target, &mut trouble)?;
        written_and_dropped(chunks, base, target, source, &mut trouble)?;
    }
    if !trouble.is_empty() {
        merged.open.extend(trouble.into_iter().map(|message| schema_conflict(target, message)));
        return Ok(Definition::Conflict);
    }
    if def.encode() == target.table.encoded()[..] {
        return Ok(Definition::Target);
    }
    match crate::txn::redefined(chunks, target, &Arc::new(Table::new(def)?)) {
        Ok(state) => Ok(Definition::Merged(state)),
        Err(Error::Value(error)) => {
            merged.open.push(schema_conflict(target, error.to_string()));
            Ok(Definition::Conflict)
        }
        Err(other) => Err(other),
    }
}

/// What decides under which key a row stands.
fn key_shape(table: &TableState) -> Vec<(usize, bool, ColumnId, SqlType)> {
    let columns = &table.table.def.columns;
    let part = |(i, (column, descending)): (usize, &(usize, bool))| {
        columns.get(*column).map(|c| (i, *descending, c.id, c.ty))
    };
    table.table.key().iter().enumerate().filter_map(part).collect()
}

/// Columns that one side dropped while the other wrote to them in rows that were there: dropping
/// them would lose what was written.
fn written_and_dropped(
    chunks: &Chunks,
    base: &TableState,
    dropping: &TableState,
    other: &TableState,
    trouble: &mut Vec<String>,
) -> Result<()> {
    let mut dropped = Vec::new();
    for (was, column) in base.table.def.columns.iter().enumerate() {
        if let (None, Some(is)) =
            (dropping.table.def.position_of(column.id), other.table.def.position_of(column.id))
        {
            dropped.push((was, is, &column.name));
        }
    }
    if dropped.is_empty() {
        return Ok(());
    }
    let mut diff = View::diff(chunks, &base.rows, &other.rows)?;
    while let (false, Some(change)) = (dropped.is_empty(), diff.next()?) {
        let (Some(old), Some(new)) = (&change.old, &change.new) else { continue };
        let (old, new) = (base.table.decode(old)?, other.table.decode(new)?);
        dropped.retain(|(was, is, name)| {
            let same = old.get(*was) == new.get(*is);
            if !same {
                trouble.push(format!(
                    "column '{name}' was dropped on one side and written on the other"
                ));
            }
            same
        });
    }
    Ok(())
}

/// Whether references are new that rows were never held to.
fn references_added(before: &TableDef, after: &TableDef) -> bool {
    after.foreign_keys.iter().any(|key| !before.foreign_keys.contains(key))
}

/// What the rows of tightened tables break, each with the row's key.
pub(super) fn violations(
    chunks: &Chunks,
    plan: &Plan,
    merged: &Merged,
) -> Result<Vec<(Vec<u8>, Violation)>> {
    const BATCH: usize = 1024;
    let mut found = Vec::new();
    for id in &plan.tightened {
        let Some(state) = merged.state.table(*id) else { continue };
        let mut cursor = state.rows.cursor(chunks, &KeyRange::all(), false)?;
        let mut more = true;
        while more && found.len() < CONFLICTS_MAX {
            let mut batch = Vec::with_capacity(BATCH);
            while batch.len() < BATCH {
                let Some((key, bytes)) = cursor.next()? else {
                    more = false;
                    break;
                };
                match state.table.check_row(&state.table.decode(&bytes)?) {
                    Ok(()) => {}
                    Err(Error::Violation(violation)) => found.push((key.to_vec(), *violation)),
                    Err(other) => return Err(other),
                }
                let (key, new) = (Arc::from(&key[..]), Some(bytes.into_arc()));
                batch.push(RowChange { key, old: None, new, moved_from: None });
            }
            let rows = batch.iter().map(|row| (*id, row));
            check_changes(&merged.state, chunks, rows, &mut |violation| {
                found.push((key_of(&violation).to_vec(), violation));
                ControlFlow::Continue(())
            })?;
        }
    }
    Ok(found)
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
            let generated = base.map(|b| &b.generated);
            column.generated = pick(generated, &ours.generated, &theirs.generated)?;
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
    let names: BTreeSet<&String> = source.notes.keys().chain(target.notes.keys()).collect();
    for name in names {
        let note = |def: &TableDef| def.notes.get(name).cloned();
        let (ours, theirs) = (note(source), note(target));
        match pick(base.map(note).as_ref(), &ours, &theirs) {
            Some(Some(note)) => drop(def.notes.insert(name.clone(), note)),
            Some(None) => drop(def.notes.remove(name)),
            None if name.starts_with(COMMENT_NOTE) && theirs.is_some() && ours.is_some() => {
                said("a comment on", &target.name);
            }
            None => def.notes.extend(theirs.or(ours).map(|note| (name.clone(), note))),
        }
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
        .chain(def.foreign_keys.iter().flat_map(|k| k.columns.clone()))
        .chain(def.columns.iter().filter_map(|c| c.generated.as_ref()).flat_map(|e| e.columns()));
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

fn dropped(table: &TableState, by: &str, changed: &str) -> Conflict {
    let name = table.table.name();
    schema_conflict(
        table,
        format!("table '{name}' was dropped on the {by} and changed on the {changed}"),
    )
}
