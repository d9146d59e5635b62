//! What one row comes to: base, source and target side by side, for every base.

use super::ConflictKind;
use crate::row::Row;

/// The rows of one key, read under the merged definition. Several bases after criss-cross merges.
pub(super) struct Sides {
    pub bases: Vec<Option<Row>>,
    pub source: Option<Row>,
    pub target: Option<Row>,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// The target's row stands.
    Keep,
    /// The row becomes this (`None`: it goes).
    Become(Option<Row>),
    /// Cells (by position) that both sides changed, and the row with all other cells merged.
    Cells(Vec<usize>, Row),
    /// The whole row conflicts.
    Whole(ConflictKind),
}

impl Sides {
    /// The base's row, for showing: the first base that has one.
    pub(super) fn base(&self) -> Option<&Row> {
        self.bases.iter().flatten().next()
    }

    /// Takes columns that are computed from others out of the comparison of a row that was there:
    /// they are computed anew from what the row comes to.
    pub(super) fn set_aside(&mut self, generated: impl Iterator<Item = usize>) {
        if self.base().is_none() {
            return;
        }
        let Sides { bases, source, target } = self;
        let Some(target) = target else { return };
        for at in generated {
            for row in bases.iter_mut().chain([&mut *source]).flatten() {
                if let (Some(place), Some(value)) = (row.get_mut(at), target.get(at)) {
                    place.clone_from(value);
                }
            }
        }
    }

    /// What all bases say together. Where they disagree about cells of a row that all have, those
    /// cells conflict; where they disagree about more, the row does.
    pub(super) fn judge(&self) -> Verdict {
        let mut verdicts = self.bases.iter().map(|base| self.judge_by(base.as_ref()));
        let Some(first) = verdicts.next() else { return self.judge_by(None) };
        if verdicts.all(|other| other == first) {
            return first;
        }
        let (source, target) = match (&self.source, &self.target) {
            (Some(source), Some(target)) => (source, target),
            (None, _) => return Verdict::Whole(ConflictKind::DeleteUpdate),
            (_, None) => return Verdict::Whole(ConflictKind::UpdateDelete),
        };
        match self.bases.iter().map(Option::as_ref).collect::<Option<Vec<&Row>>>() {
            None => Verdict::Whole(ConflictKind::InsertInsert),
            Some(bases) => cells(&bases, source, target),
        }
    }

    fn judge_by(&self, base: Option<&Row>) -> Verdict {
        let (source, target) = (self.source.as_ref(), self.target.as_ref());
        if source == base || source == target {
            return Verdict::Keep;
        }
        if target == base {
            return Verdict::Become(self.source.clone());
        }
        match (base, source, target) {
            (Some(base), Some(source), Some(target)) => cells(&[base], source, target),
            (Some(_), None, _) => Verdict::Whole(ConflictKind::DeleteUpdate),
            (Some(_), _, None) => Verdict::Whole(ConflictKind::UpdateDelete),
            _ => Verdict::Whole(ConflictKind::InsertInsert),
        }
    }
}

/// A row that all have, cell by cell: a cell merges where every base gives the same answer.
fn cells(bases: &[&Row], source: &Row, target: &Row) -> Verdict {
    let mut row = target.clone();
    let mut clashes = Vec::new();
    for (position, cell) in row.iter_mut().enumerate() {
        let (s, t) = (source.get(position), target.get(position));
        if s == t {
            continue;
        }
        let kept = bases.iter().all(|base| base.get(position) == s);
        let taken = bases.iter().all(|base| base.get(position) == t);
        match (kept, taken, s) {
            (true, _, _) => {}
            (_, true, Some(s)) => *cell = s.clone(),
            _ => clashes.push(position),
        }
    }
    match clashes.is_empty() {
        true if row == *target => Verdict::Keep,
        true => Verdict::Become(Some(row)),
        false => Verdict::Cells(clashes, row),
    }
}
