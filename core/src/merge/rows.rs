//! Rows and cells merged.

use super::describe::{constraint_conflict, data_conflict, generated, row_id, schema_conflict};
use super::judge::{Sides, Verdict};
use super::renumber::Renumbering;
use super::schema::Plan;
use super::{Conflict, Held, Merged, Newest, Options, Policy, Resolution, Side, Take};
use crate::chunk::Chunks;
use crate::error::{Error, Result};
use crate::history::RowChange;
use crate::row::{Row, State, Table, TableId, TableState, same_name};
use crate::tree::{Root, View};
use crate::value::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A stored row, where there is one.
type Image = Option<Arc<[u8]>>;

/// A row that the source changed.
struct Candidate {
    table: TableId,
    key: Arc<[u8]>,
    /// What the only base and the source hold, where the walk that found the row has shown it.
    images: Option<(Image, Image)>,
}

/// One merge of rows.
pub(super) struct RowMerge<'m> {
    pub chunks: &'m Chunks,
    pub bases: &'m [State],
    pub source: &'m State,
    pub target: &'m State,
    pub options: &'m Options,
}

impl RowMerge<'_> {
    /// Merges the rows of every table of the plan into `merged`.
    pub(super) fn run(
        &self,
        plan: &Plan,
        newest: &mut Newest<'_>,
        merged: &mut Merged,
    ) -> Result<()> {
        let mut work: Vec<Candidate> = Vec::new();
        for id in &plan.merge {
            self.candidates(*id, &mut work)?;
        }
        self.ask_ahead(&work)?;
        let renumbering = match self.options.renumber {
            true => self.renumber(&work, plan, merged)?,
            false => Renumbering::default(),
        };
        for id in &plan.taken {
            self.take_table(*id, &renumbering, merged)?;
        }
        for candidate in &work {
            match self.merge_row(candidate, &renumbering, newest, merged) {
                // A row of one side that the merged definition cannot hold.
                Err(Error::Value(error)) => {
                    let Some(table) = merged.state.table(candidate.table) else { continue };
                    let row = row_id(&table.table, &candidate.key);
                    let conflict = schema_conflict(table, format!("row {row}: {error}"));
                    merged.open.push(conflict);
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Over a source that faults: asks at once for what the rows to be merged are read from.
    fn ask_ahead(&self, work: &[Candidate]) -> Result<()> {
        if self.chunks.restarts().is_none() {
            return Ok(());
        }
        let shown = self.bases.len() == 1;
        let sides: Vec<&State> = match shown {
            true => vec![self.target],
            false => self.bases.iter().chain([self.source, self.target]).collect(),
        };
        for of_table in work.chunk_by(|a, b| a.table == b.table) {
            let Some(first) = of_table.first() else { continue };
            let keys: Vec<&[u8]> = of_table.iter().map(|candidate| &candidate.key[..]).collect();
            for table in sides.iter().filter_map(|side| side.table(first.table)) {
                table.rows.get_many(self.chunks, &keys)?;
            }
        }
        Ok(())
    }

    /// The rows that the source changed since any base.
    fn candidates(&self, table: TableId, work: &mut Vec<Candidate>) -> Result<()> {
        let Some(now) = self.source.table(table) else { return Ok(()) };
        let empty = View::from_root(Root::empty());
        if let [base] = self.bases {
            let before = base.table(table).map_or(&empty, |t| &t.rows);
            let mut diff = View::diff(self.chunks, before, &now.rows)?;
            while let Some(change) = diff.next()? {
                let images = Some((change.old, change.new));
                work.push(Candidate { table, key: change.key, images });
            }
            return Ok(());
        }
        let mut keys = BTreeSet::new();
        for base in self.bases {
            let before = base.table(table).map_or(&empty, |t| &t.rows);
            let mut diff = View::diff(self.chunks, before, &now.rows)?;
            while let Some(change) = diff.next()? {
                keys.insert(change.key);
            }
        }
        work.extend(keys.into_iter().map(|key| Candidate { table, key, images: None }));
        Ok(())
    }

    /// New ids for rows that both sides inserted under one automatic key, and the rows that move
    /// because they refer to those.
    fn renumber(
        &self,
        work: &[Candidate],
        plan: &Plan,
        merged: &mut Merged,
    ) -> Result<Renumbering> {
        for table in self.source.tables().chain(self.target.tables()) {
            merged.state.raise_sequence(table.table.id(), table.next_auto);
        }
        let mut renumbering = Renumbering::default();
        let mut inserted = Vec::new();
        // Rows of automatic keys that both sides inserted: table, key, the source's and the target's.
        let mut both = Vec::new();
        for candidate in work {
            let (id, key) = (candidate.table, &candidate.key);
            let Some(table) = merged.state.table(id).map(|t| t.table.clone()) else { continue };
            // What the merged definition cannot hold is told when the row is merged.
            let sides = match self.sides(candidate, &table) {
                Err(Error::Value(_)) => continue,
                sides => sides?,
            };
            if sides.base().is_some() {
                continue;
            }
            let (Some(ours), theirs) = (sides.source, sides.target) else { continue };
            if let Some(theirs) = theirs
                && generated(&table)
                && self.resolved(&table, key).is_none()
            {
                both.push((table, key.clone(), ours.clone(), theirs));
            }
            inserted.push((id, key.clone(), ours));
        }
        for id in &plan.taken {
            self.each_taken(*id, |table, change| {
                if let (None, Some(new)) = (&change.old, &change.new) {
                    inserted.push((*id, change.key.clone(), table.decode(new)?));
                }
                Ok(())
            })?;
        }
        // Equal rows that refer to what was renumbered are equal no more.
        loop {
            let before = both.len();
            both.retain(|(table, key, ours, theirs)| {
                let mut row = ours.clone();
                renumbering.follow(&merged.state, table, &mut row);
                let clash = row != *theirs;
                if clash {
                    renumbering.assign(&mut merged.state, table, key, row);
                }
                !clash
            });
            if both.len() == before {
                return Ok(renumbering);
            }
            renumbering.close(&merged.state, &inserted);
        }
    }

    /// Tells the rows that differ between the target and a table that is taken from the source.
    fn each_taken(
        &self,
        id: TableId,
        mut tell: impl FnMut(&Arc<Table>, RowChange) -> Result<()>,
    ) -> Result<()> {
        let Some(ours) = self.source.table(id) else { return Ok(()) };
        let empty = View::from_root(Root::empty());
        let before = self.target.table(id).map_or(&empty, |t| &t.rows);
        let mut diff = View::diff(self.chunks, before, &ours.rows)?;
        while let Some(change) = diff.next()? {
            let (key, old, new) = (change.key, change.old, change.new);
            tell(&ours.table, RowChange { key, old, new, moved_from: None })?;
        }
        Ok(())
    }

    /// A table that stands in the merged state as the source has it: what changed is told, for
    /// counts and checks; references to renumbered rows follow, and what was decided by hand stays
    /// out.
    fn take_table(
        &self,
        id: TableId,
        renumbering: &Renumbering,
        merged: &mut Merged,
    ) -> Result<()> {
        self.each_taken(id, |table, mut change| {
            let decided = self.resolved(table, &change.key).map(|r| &r.take);
            if decided == Some(&Take::Target) {
                let (old, new) = (change.new.as_deref(), change.old.as_ref());
                return merged.state.apply(id, &change.key, old, new);
            }
            if let (false, Some(new)) = (renumbering.is_empty(), &change.new) {
                if let Some(moved) = renumbering.of(id, &change.key) {
                    merged.state.apply(id, &change.key, Some(new), change.old.as_ref())?;
                    return self.become_moved(id, table, moved, merged);
                }
                let mut row = table.decode(new)?;
                if renumbering.follow(&merged.state, table, &mut row) {
                    table.generate(&mut row)?;
                    let followed = table.encode(&row);
                    merged.state.apply(id, &change.key, Some(new), Some(&followed))?;
                    change.new = Some(followed);
                }
            }
            merged.changes.push((id, change));
            Ok(())
        })
    }

    /// The rows of one key as the merged definition sees them.
    fn sides(&self, candidate: &Candidate, merged: &Table) -> Result<Sides> {
        let Candidate { table: id, key, images } = candidate;
        let row = |side: &State| -> Result<Option<Row>> {
            let Some(table) = side.table(*id) else { return Ok(None) };
            let Some(bytes) = table.rows.get(self.chunks, key)? else { return Ok(None) };
            project(table, merged, &bytes).map(Some)
        };
        let known = |side: &State, image: &Image| match (side.table(*id), image) {
            (Some(table), Some(bytes)) => project(table, merged, bytes).map(Some),
            _ => Ok(None),
        };
        let (bases, source) = match (images, self.bases) {
            (Some((old, new)), [base]) => (vec![known(base, old)?], known(self.source, new)?),
            (_, bases) => (bases.iter().map(row).collect::<Result<Vec<_>>>()?, row(self.source)?),
        };
        let mut sides = Sides { bases, source, target: row(self.target)? };
        sides.set_aside(merged.generated());
        Ok(sides)
    }

    fn merge_row(
        &self,
        candidate: &Candidate,
        renumbering: &Renumbering,
        newest: &mut Newest<'_>,
        merged: &mut Merged,
    ) -> Result<()> {
        let Candidate { table: id, key, .. } = candidate;
        let Some(table) = merged.state.table(*id).map(|t| t.table.clone()) else { return Ok(()) };
        let mut sides = self.sides(candidate, &table)?;
        if !renumbering.is_empty() {
            if let Some(moved) = renumbering.of(*id, key) {
                // Under its old key the source has nothing of its own any more.
                return self.become_moved(*id, &table, moved, merged);
            }
            if let Some(row) = &mut sides.source {
                renumbering.follow(&merged.state, &table, row);
            }
        }
        let verdict = sides.judge();
        if let Some(Resolution { take, .. }) = self.resolved(&table, key) {
            if let Verdict::Whole(_) | Verdict::Cells(..) = verdict {
                let conflict = data_conflict(&table, key, None, &verdict, &sides);
                let stands = match take {
                    Take::Source => conflict.source.clone(),
                    _ => conflict.target.clone(),
                };
                merged.settled.push(Conflict { settled: Some(stands), ..conflict });
            }
            let row = match take {
                Take::Source => sides.source,
                Take::Target => sides.target,
                Take::Value(_) => {
                    return Err(Error::Invalid(format!(
                        "the resolution of row '{}' of '{}' needs a column for its value",
                        row_id(&table, key),
                        table.name()
                    )));
                }
            };
            return self.become_row(*id, &table, key, row, merged);
        }
        match verdict {
            Verdict::Keep => Ok(()),
            Verdict::Become(row) => self.become_row(*id, &table, key, row, merged),
            Verdict::Whole(_) => {
                let conflict = data_conflict(&table, key, None, &verdict, &sides);
                match self.side(*id, key, newest)? {
                    None => merged.open.push(conflict),
                    Some(side) => {
                        let stands = match side {
                            Side::Source => conflict.source.clone(),
                            Side::Target => conflict.target.clone(),
                        };
                        merged.settled.push(Conflict { settled: Some(stands), ..conflict });
                        let row = match side {
                            Side::Source => sides.source,
                            Side::Target => sides.target,
                        };
                        self.become_row(*id, &table, key, row, merged)?;
                    }
                }
                Ok(())
            }
            Verdict::Cells(ref cells, ref row) => {
                let mut row = row.clone();
                for position in cells {
                    let conflict = data_conflict(&table, key, Some(*position), &verdict, &sides);
                    let value = match self.cell(&table, key, *position, &sides)? {
                        Some(value) => Some(value),
                        None => {
                            let taken = match self.side(*id, key, newest)? {
                                None => None,
                                Some(Side::Source) => sides.source.as_ref(),
                                Some(Side::Target) => sides.target.as_ref(),
                            };
                            taken.and_then(|row| row.get(*position)).cloned()
                        }
                    };
                    match (value, row.get_mut(*position)) {
                        (Some(value), Some(place)) => {
                            *place = value.clone();
                            let stands = Some(Held::Cell(value));
                            merged.settled.push(Conflict { settled: stands, ..conflict });
                        }
                        _ => merged.open.push(conflict),
                    }
                }
                self.become_row(*id, &table, key, Some(row), merged)
            }
        }
    }

    /// What was decided by hand about rows of a table.
    fn resolutions<'r>(
        &'r self,
        table: &'r Table,
        key: &[u8],
    ) -> impl Iterator<Item = &'r Resolution> {
        let all = &self.options.resolutions;
        let row = (!all.is_empty()).then(|| row_id(table, key));
        all.iter()
            .filter(move |r| row.as_ref() == Some(&r.row_id) && same_name(&r.table, table.name()))
    }

    /// What was decided by hand about a whole row.
    fn resolved<'r>(&'r self, table: &'r Table, key: &[u8]) -> Option<&'r Resolution> {
        self.resolutions(table, key).find(|r| r.column.is_none())
    }

    /// What was decided by hand about a cell.
    fn cell(
        &self,
        table: &Table,
        key: &[u8],
        position: usize,
        sides: &Sides,
    ) -> Result<Option<Value>> {
        let Some(column) = table.def.columns.get(position) else { return Ok(None) };
        let of_column =
            |r: &&Resolution| r.column.as_ref().is_some_and(|name| same_name(name, &column.name));
        let Some(resolution) = self.resolutions(table, key).find(of_column) else {
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

    /// Puts a source row under the key that it has now.
    fn become_moved(
        &self,
        id: TableId,
        table: &Arc<Table>,
        row: &Row,
        merged: &mut Merged,
    ) -> Result<()> {
        match table.key_of(row) {
            Some(key) => self.become_row(id, table, &key.into(), Some(row.clone()), merged),
            None => Ok(()),
        }
    }

    /// Puts the merged row where the target's row stands.
    fn become_row(
        &self,
        id: TableId,
        table: &Arc<Table>,
        key: &Arc<[u8]>,
        mut row: Option<Row>,
        merged: &mut Merged,
    ) -> Result<()> {
        if let Some(row) = &mut row {
            table.generate(row)?;
        }
        let old = merged.state.row(self.chunks, id, key)?;
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
            let conflict = constraint_conflict(
                self.chunks,
                merged,
                self.source,
                self.target,
                &violation,
                key,
            )?;
            merged.open.push(conflict);
            return Ok(());
        }
        let new = row.as_ref().map(|row| table.encode(row));
        merged.state.apply(id, key, old.as_deref(), new.as_ref())?;
        let change = RowChange { key: key.clone(), old, new, moved_from: None };
        merged.changes.push((id, change));
        Ok(())
    }
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
    merged.generate(&mut projected)?;
    Ok(projected)
}
