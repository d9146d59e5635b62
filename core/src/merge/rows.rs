//! Rows and cells merged.

use super::renumber::Renumbering;
use super::schema::Plan;
use super::{
    Conflict, ConflictKind, Held, Merged, Newest, Options, Policy, Resolution, Side, Take,
};
use crate::chunk::Chunks;
use crate::error::{Error, Result};
use crate::history::RowChange;
use crate::row::{Row, State, Table, TableId, TableState, Violation, same_name};
use crate::tree::View;
use crate::value::{Value, decode_key};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What one base says about a row.
#[derive(Debug, Clone, PartialEq)]
enum Verdict {
    /// The target's row stands.
    Keep,
    /// The row becomes this (`None`: it goes).
    Become(Option<Row>),
    /// Cells (by position) that both sides changed, and the row with all other cells merged.
    Cells(Vec<usize>, Row),
    /// The whole row conflicts.
    Whole(ConflictKind),
}

/// The rows of one key, read under the merged definition.
struct Sides {
    base: Option<Row>,
    source: Option<Row>,
    target: Option<Row>,
}

#[expect(clippy::too_many_arguments, reason = "the parts of one merge, used together once")]
pub(super) fn merge_rows(
    chunks: &Chunks,
    bases: &[State],
    source: &State,
    target: &State,
    options: &Options,
    newest: &mut Newest<'_>,
    plan: Plan,
    merged: &mut Merged,
) -> Result<()> {
    for id in plan.taken {
        // The table is in the merged state already; what changed is told for counts and checks.
        let Some(ours) = source.table(id) else { continue };
        let before = target.table(id).map(|t| t.rows.clone());
        let before = before.unwrap_or_else(|| View::from_root(crate::tree::Root::empty()));
        let mut diff = View::diff(chunks, &before, &ours.rows)?;
        while let Some(change) = diff.next()? {
            let change =
                RowChange { key: change.key, old: change.old, new: change.new, moved_from: None };
            merged.changes.push((id, change));
        }
    }
    let mut work: Vec<Candidate> = Vec::new();
    for id in &plan.merge {
        candidates(chunks, bases, source, *id, &mut work)?;
    }
    let renumbering = match options.renumber {
        true => renumber(chunks, bases, source, target, &work, merged)?,
        false => Renumbering::default(),
    };
    for Candidate { table: id, key, images } in work {
        let context = Context { chunks, bases, source, target, options, renumbering: &renumbering };
        context.merge_row(id, key, images, newest, merged)?;
    }
    Ok(())
}

/// A stored row, where there is one.
type Image = Option<Arc<[u8]>>;

/// A row that the source changed.
struct Candidate {
    table: TableId,
    key: Arc<[u8]>,
    /// What the only base and the source hold, where the walk that found the row has shown it.
    images: Option<(Image, Image)>,
}

/// The rows that the source changed since any base.
fn candidates(
    chunks: &Chunks,
    bases: &[State],
    source: &State,
    table: TableId,
    work: &mut Vec<Candidate>,
) -> Result<()> {
    let Some(now) = source.table(table) else { return Ok(()) };
    let empty = View::from_root(crate::tree::Root::empty());
    if let [base] = bases {
        let before = base.table(table).map_or(&empty, |t| &t.rows);
        let mut diff = View::diff(chunks, before, &now.rows)?;
        while let Some(change) = diff.next()? {
            let images = Some((change.old, change.new));
            work.push(Candidate { table, key: change.key, images });
        }
        return Ok(());
    }
    let mut keys = BTreeSet::new();
    for base in bases {
        let before = base.table(table).map_or(&empty, |t| &t.rows);
        let mut diff = View::diff(chunks, before, &now.rows)?;
        while let Some(change) = diff.next()? {
            keys.insert(change.key);
        }
    }
    work.extend(keys.into_iter().map(|key| Candidate { table, key, images: None }));
    Ok(())
}

/// New ids for rows that both sides inserted under one automatic key.
fn renumber(
    chunks: &Chunks,
    bases: &[State],
    source: &State,
    target: &State,
    work: &[Candidate],
    merged: &mut Merged,
) -> Result<Renumbering> {
    let mut renumbering = Renumbering::default();
    for Candidate { table: id, .. } in work {
        for side in [source, target] {
            if let Some(table) = side.table(*id) {
                merged.state.raise_sequence(*id, table.next_auto);
            }
        }
    }
    for Candidate { table: id, key, .. } in work {
        let sides = sides(chunks, bases.first(), source, target, merged, *id, key)?;
        let Some(table) = merged.state.table(*id).map(|t| t.table.clone()) else { continue };
        if let (None, Some(ours), Some(theirs)) = (&sides.base, &sides.source, &sides.target)
            && ours != theirs
            && generated(&table)
            && let Some(Value::Int(old)) = table.auto_increment().and_then(|c| ours.get(c))
        {
            renumbering.assign(&mut merged.state, *id, *old);
        }
    }
    Ok(renumbering)
}

/// Whether a table's key is given automatically.
fn generated(table: &Table) -> bool {
    let auto = table.auto_increment();
    table.key().len() == 1 && table.key().first().map(|(c, _)| *c) == auto
}

fn sides(
    chunks: &Chunks,
    base: Option<&State>,
    source: &State,
    target: &State,
    merged: &Merged,
    id: TableId,
    key: &[u8],
) -> Result<Sides> {
    let Some(result) = merged.state.table(id) else {
        return Err(Error::Internal("a merged table is not there".into()));
    };
    let row = |side: Option<&State>| -> Result<Option<Row>> {
        let Some(table) = side.and_then(|side| side.table(id)) else { return Ok(None) };
        let Some(bytes) = table.rows.get(chunks, key)? else { return Ok(None) };
        project(table, &result.table, &bytes).map(Some)
    };
    Ok(Sides { base: row(base)?, source: row(Some(source))?, target: row(Some(target))? })
}

/// A row of one side as the merged definition sees it.
fn project(side: &TableState, merged: &Table, bytes: &[u8]) -> Result<Row> {
    let row = side.table.decode(bytes)?;
    if side.table.encoded() == merged.encoded() {
        return Ok(row);
    }
    let mut projected = Vec::with_capacity(merged.def.columns.len());
    for column in &merged.def.columns {
        projected.push(match side.table.def.position_of(column.id) {
            None => column.missing.clone(),
            Some(position) => {
                let value = row.get(position).cloned().unwrap_or(Value::Null);
                match side.table.def.columns.get(position).is_some_and(|c| c.ty == column.ty) {
                    true => value,
                    false => column.ty.coerce(value)?,
                }
            }
        });
    }
    Ok(projected)
}

struct Context<'m> {
    chunks: &'m Chunks,
    bases: &'m [State],
    source: &'m State,
    target: &'m State,
    options: &'m Options,
    renumbering: &'m Renumbering,
}

impl Context<'_> {
    fn merge_row(
        &self,
        id: TableId,
        key: Arc<[u8]>,
        images: Option<(Image, Image)>,
        newest: &mut Newest<'_>,
        merged: &mut Merged,
    ) -> Result<()> {
        let mut verdicts = Vec::new();
        let mut first: Option<Sides> = None;
        let Context { chunks, source, target, .. } = *self;
        let none = [State::empty()];
        let bases = if self.bases.is_empty() { &none[..] } else { self.bases };
        for base in bases {
            let mut sides = match &images {
                Some(images) => self.sides_of_images(base, images, merged, id, &key)?,
                None => sides(chunks, Some(base), source, target, merged, id, &key)?,
            };
            if let Some(row) = &mut sides.source {
                self.renumbering.follow(&merged.state, id, row, sides.base.as_ref());
            }
            verdicts.push(judge(&sides));
            first.get_or_insert(sides);
        }
        let (Some(sides), Some(verdict)) = (first, verdicts.first().cloned()) else {
            return Ok(());
        };
        let Some(table) = merged.state.table(id).map(|t| t.table.clone()) else { return Ok(()) };
        let row_id = row_id(&table, &key);
        let whole = |r: &&Resolution| r.column.is_none();
        let resolved = self.resolutions(&table, &row_id).find(whole);
        if let Some(Resolution { take, .. }) = resolved {
            let row = match take {
                Take::Source => sides.source,
                Take::Target => sides.target,
                Take::Value(_) => {
                    return Err(Error::Invalid(format!(
                        "the resolution of row '{row_id}' of '{}' needs a column for its value",
                        table.name()
                    )));
                }
            };
            if let Verdict::Whole(_) | Verdict::Cells(..) = verdict {
                let conflict = self.conflict(
                    &table,
                    &key,
                    &row_id,
                    None,
                    &verdict,
                    &sides_of(self, merged, id, &key)?,
                );
                merged.settled.push(conflict);
            }
            return self.become_row(id, &table, &key, row, merged);
        }
        if verdicts.iter().any(|other| *other != verdict) {
            // Criss-cross: the bases disagree.
            return self.criss_cross(id, &table, &key, &row_id, &sides, newest, merged);
        }
        match verdict {
            Verdict::Keep => Ok(()),
            Verdict::Become(row) => self.become_row(id, &table, &key, row, merged),
            Verdict::Whole(ConflictKind::InsertInsert) if self.is_renumbered(&table, &sides) => {
                self.insert_renumbered(id, &table, &sides, merged)
            }
            Verdict::Whole(_) => {
                let conflict = self.conflict(&table, &key, &row_id, None, &verdict, &sides);
                match self.side(id, &key, newest)? {
                    None => {
                        merged.open.push(conflict);
                        Ok(())
                    }
                    Some(side) => {
                        merged.settled.push(conflict);
                        let row = match side {
                            Side::Source => sides.source,
                            Side::Target => sides.target,
                        };
                        self.become_row(id, &table, &key, row, merged)
                    }
                }
            }
            Verdict::Cells(ref cells, ref row) => {
                let mut row = row.clone();
                for position in cells {
                    let conflict =
                        self.conflict(&table, &key, &row_id, Some(*position), &verdict, &sides);
                    match self.cell(&table, &row_id, *position, &sides)? {
                        Some(value) => {
                            row[*position] = value;
                            merged.settled.push(conflict);
                        }
                        None => match self.side(id, &key, newest)? {
                            None => merged.open.push(conflict),
                            Some(side) => {
                                let taken = match side {
                                    Side::Source => &sides.source,
                                    Side::Target => &sides.target,
                                };
                                if let Some(value) = taken.as_ref().and_then(|r| r.get(*position)) {
                                    row[*position] = value.clone();
                                }
                                merged.settled.push(conflict);
                            }
                        },
                    }
                }
                self.become_row(id, &table, &key, Some(row), merged)
            }
        }
    }

    /// The rows of one key, two of which are known already.
    fn sides_of_images(
        &self,
        base: &State,
        (old, new): &(Image, Image),
        merged: &Merged,
        id: TableId,
        key: &[u8],
    ) -> Result<Sides> {
        let Some(result) = merged.state.table(id) else {
            return Err(Error::Internal("a merged table is not there".into()));
        };
        let row = |side: &State, image: Option<&[u8]>| match (side.table(id), image) {
            (Some(table), Some(bytes)) => project(table, &result.table, bytes).map(Some),
            _ => Ok(None),
        };
        let target = match self.target.table(id) {
            Some(table) => table.rows.get(self.chunks, key)?,
            None => None,
        };
        Ok(Sides {
            base: row(base, old.as_deref())?,
            source: row(self.source, new.as_deref())?,
            target: row(self.target, target.as_deref())?,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "one row and where its merge goes")]
    fn criss_cross(
        &self,
        id: TableId,
        table: &Arc<Table>,
        key: &Arc<[u8]>,
        row_id: &str,
        sides: &Sides,
        newest: &mut Newest<'_>,
        merged: &mut Merged,
    ) -> Result<()> {
        let kind = match (&sides.base, &sides.source, &sides.target) {
            (_, None, _) => ConflictKind::DeleteUpdate,
            (_, _, None) => ConflictKind::UpdateDelete,
            (None, ..) => ConflictKind::InsertInsert,
            _ => ConflictKind::UpdateUpdate,
        };
        let verdict = Verdict::Whole(kind);
        let conflict = self.conflict(table, key, row_id, None, &verdict, sides);
        match self.side(id, key, newest)? {
            None => merged.open.push(conflict),
            Some(side) => {
                merged.settled.push(conflict);
                let row = match side {
                    Side::Source => sides.source.clone(),
                    Side::Target => sides.target.clone(),
                };
                self.become_row(id, table, key, row, merged)?;
            }
        }
        Ok(())
    }

    fn resolutions<'r>(
        &'r self,
        table: &'r Table,
        row_id: &'r str,
    ) -> impl Iterator<Item = &'r Resolution> {
        let of_row = move |r: &&Resolution| same_name(&r.table, table.name()) && r.row_id == row_id;
        self.options.resolutions.iter().filter(of_row)
    }

    /// What a resolution puts into a cell.
    fn cell(
        &self,
        table: &Table,
        row_id: &str,
        position: usize,
        sides: &Sides,
    ) -> Result<Option<Value>> {
        let Some(column) = table.def.columns.get(position) else { return Ok(None) };
        let of_column =
            |r: &&Resolution| r.column.as_ref().is_some_and(|name| same_name(name, &column.name));
        let Some(resolution) = self.resolutions(table, row_id).find(of_column) else {
            return Ok(None);
        };
        let held = |side: &Option<Row>| side.as_ref().and_then(|row| row.get(position)).cloned();
        Ok(match &resolution.take {
            Take::Source => held(&sides.source),
            Take::Target => held(&sides.target),
            Take::Value(value) => Some(column.ty.coerce(value.clone())?),
        })
    }

    /// Which side the policy takes.
    fn side(&self, id: TableId, key: &[u8], newest: &mut Newest<'_>) -> Result<Option<Side>> {
        Ok(match self.options.policy {
            Policy::SourceWins => Some(Side::Source),
            Policy::TargetWins => Some(Side::Target),
            Policy::Newest => Some(newest(id, key)?),
            Policy::Manual | Policy::Abort => None,
        })
    }

    fn is_renumbered(&self, table: &Table, sides: &Sides) -> bool {
        !self.renumbering.is_empty() && self.new_id(table, sides).is_some()
    }

    fn new_id(&self, table: &Table, sides: &Sides) -> Option<(usize, i64)> {
        let column = table.auto_increment()?;
        match sides.source.as_ref()?.get(column)? {
            Value::Int(old) => self.renumbering.of(table.id(), *old).map(|new| (column, new)),
            _ => None,
        }
    }

    fn insert_renumbered(
        &self,
        id: TableId,
        table: &Arc<Table>,
        sides: &Sides,
        merged: &mut Merged,
    ) -> Result<()> {
        let (Some((column, new)), Some(row)) = (self.new_id(table, sides), &sides.source) else {
            return Ok(());
        };
        let mut row = row.clone();
        row[column] = Value::Int(new);
        let Some(key) = table.key_of(&row) else { return Ok(()) };
        self.become_row(id, table, &key.into(), Some(row), merged)
    }

    /// Puts the merged row where the target's row stands.
    fn become_row(
        &self,
        id: TableId,
        table: &Arc<Table>,
        key: &Arc<[u8]>,
        row: Option<Row>,
        merged: &mut Merged,
    ) -> Result<()> {
        let old = merged.state.row(self.chunks, id, key)?;
        let new = row.as_ref().map(|row| table.encode(row));
        let same = match (&old, &row) {
            (None, None) => true,
            (Some(old), Some(row)) => table.decode(old)? == *row,
            _ => false,
        };
        if same {
            return Ok(());
        }
        if let Some(row) = &row
            && let Err(error) = table.check_row(row)
        {
            let Error::Violation(violation) = error else { return Err(error) };
            let conflict =
                constraint_row(self.chunks, merged, self.source, self.target, &violation, key)?;
            merged.open.push(conflict);
            return Ok(());
        }
        merged.state.apply(id, key, old.as_deref(), new.as_ref())?;
        let change = RowChange { key: key.clone(), old, new, moved_from: None };
        merged.changes.push((id, change));
        Ok(())
    }

    fn conflict(
        &self,
        table: &Table,
        key: &Arc<[u8]>,
        row_id: &str,
        position: Option<usize>,
        verdict: &Verdict,
        sides: &Sides,
    ) -> Conflict {
        let kind = match verdict {
            Verdict::Whole(kind) => *kind,
            _ => ConflictKind::UpdateUpdate,
        };
        let column = position.and_then(|p| table.def.columns.get(p));
        let held = |row: &Option<Row>| hold(table, row.as_ref(), position);
        let what = column.map_or_else(|| "the row".to_owned(), |c| format!("column '{}'", c.name));
        Conflict {
            table: table.name().to_owned(),
            table_id: table.id(),
            row_id: Some(row_id.to_owned()),
            key: Some(key.to_vec()),
            column: column.map(|c| c.name.clone()),
            column_id: column.map(|c| c.id),
            column_type: column.map(|c| c.ty),
            kind,
            base: held(&sides.base),
            source: held(&sides.source),
            target: held(&sides.target),
            generated_key: kind == ConflictKind::InsertInsert && generated(table),
            message: format!("both branches changed {what} of '{}' row {row_id}", table.name()),
        }
    }
}

fn sides_of(context: &Context<'_>, merged: &Merged, id: TableId, key: &[u8]) -> Result<Sides> {
    let Context { chunks, bases, source, target, .. } = *context;
    sides(chunks, bases.first(), source, target, merged, id, key)
}

fn judge(sides: &Sides) -> Verdict {
    let Sides { base, source, target } = sides;
    if source == base || source == target {
        return Verdict::Keep;
    }
    if target == base {
        return Verdict::Become(source.clone());
    }
    match (base, source, target) {
        (Some(base), Some(source), Some(target)) => {
            let mut row = target.clone();
            let mut clashes = Vec::new();
            for (position, cell) in row.iter_mut().enumerate() {
                let (b, s, t) = (base.get(position), source.get(position), target.get(position));
                if s == b || s == t {
                    continue;
                }
                match (t == b, s) {
                    (true, Some(s)) => *cell = s.clone(),
                    _ => clashes.push(position),
                }
            }
            match clashes.is_empty() {
                true => Verdict::Become(Some(row)),
                false => Verdict::Cells(clashes, row),
            }
        }
        (Some(_), None, _) => Verdict::Whole(ConflictKind::DeleteUpdate),
        (Some(_), _, None) => Verdict::Whole(ConflictKind::UpdateDelete),
        _ => Verdict::Whole(ConflictKind::InsertInsert),
    }
}

fn hold(table: &Table, row: Option<&Row>, position: Option<usize>) -> Held {
    match (row, position) {
        (None, _) => Held::Nothing,
        (Some(row), Some(position)) => {
            Held::Cell(row.get(position).cloned().unwrap_or(Value::Null))
        }
        (Some(row), None) => {
            let names = table.def.columns.iter().map(|c| c.name.clone());
            Held::Row(names.zip(row.iter().cloned()).collect())
        }
    }
}

/// How protocols name a row: the values of its key, joined by commas; a hidden key in hexadecimal.
pub fn row_id(table: &Table, key: &[u8]) -> String {
    if table.key().is_empty() {
        return key.iter().map(|b| format!("{b:02x}")).collect();
    }
    let mut parts = Vec::new();
    let mut rest = key;
    for (_, descending) in table.key() {
        match decode_key(rest, *descending) {
            Ok((value, left)) => {
                parts.push(value.to_text());
                rest = left;
            }
            Err(_) => break,
        }
    }
    parts.join(",")
}

pub(super) fn kind_of(violation: &Violation) -> ConflictKind {
    match violation {
        Violation::NotNull { .. } => ConflictKind::NotNull,
        Violation::Check { .. } => ConflictKind::Check,
        Violation::Unique { .. } => ConflictKind::Unique,
        Violation::MissingParent { .. } | Violation::HasChildren { .. } => ConflictKind::ForeignKey,
    }
}

/// A constraint that the merged rows break, as a conflict of the row that breaks it.
pub(super) fn constraint_conflict(
    chunks: &Chunks,
    merged: &Merged,
    source: &State,
    target: &State,
    violation: &Violation,
) -> Result<Conflict> {
    let key = match violation {
        Violation::Unique { key, .. }
        | Violation::MissingParent { key, .. }
        | Violation::HasChildren { key, .. } => key.clone(),
        Violation::NotNull { .. } | Violation::Check { .. } => Vec::new(),
    };
    constraint_row(chunks, merged, source, target, violation, &key)
}

fn constraint_row(
    chunks: &Chunks,
    merged: &Merged,
    source: &State,
    target: &State,
    violation: &Violation,
    key: &[u8],
) -> Result<Conflict> {
    let table = merged.state.find(violation.table())?;
    let sides = sides(chunks, None, source, target, merged, table.table.id(), key)?;
    let column = match violation {
        Violation::NotNull { column, .. } => table.table.def.column(column),
        _ => None,
    };
    Ok(Conflict {
        table: table.table.name().to_owned(),
        table_id: table.table.id(),
        row_id: Some(row_id(&table.table, key)),
        key: Some(key.to_vec()),
        column: column.map(|c| c.name.clone()),
        column_id: column.map(|c| c.id),
        column_type: column.map(|c| c.ty),
        kind: kind_of(violation),
        base: Held::Nothing,
        source: hold(&table.table, sides.source.as_ref(), None),
        target: hold(&table.table, sides.target.as_ref(), None),
        generated_key: false,
        message: violation.to_string(),
    })
}
