//! A merge as three maps: for every key of any of them, what each base says, and whether they agree.

use super::{Cell, Key, Row, State, TABLES};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Which side a conflict takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Source,
    Target,
}

/// A conflict: table, key, column (`None`: the whole row) and kind.
pub type Conflict = (usize, Key, Option<usize>, &'static str);

/// What a merge comes to.
#[derive(Debug)]
pub struct Outcome {
    /// With open conflicts the target's cells stand.
    pub state: State,
    pub open: BTreeSet<Conflict>,
    pub settled: BTreeSet<Conflict>,
    /// The constraint that the merged rows break.
    pub broken: Option<String>,
}

/// What one base says about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// It becomes this.
    Row(Option<Row>),
    /// All three have the row; a cell that both changed is `None`.
    Cells(Vec<Option<Cell>>),
    Conflict(&'static str),
}

/// Decides cells and rows that both sides changed; `None` leaves them open.
pub type Decide<'d> = dyn Fn(usize, &Key) -> Option<Side> + 'd;

/// What was decided by hand.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    pub conflicts: BTreeMap<Conflict, Side>,
    /// Rows that stay as the target has them, whatever the source did.
    pub kept: BTreeSet<(usize, Key)>,
}

/// Merges `source` into `target`. `resolved` goes before `decide`.
pub fn merge(
    bases: &[&State],
    source: &State,
    target: &State,
    decide: &Decide<'_>,
    resolved: &Resolved,
) -> Outcome {
    let (mut open, mut settled) = (BTreeSet::new(), BTreeSet::new());
    let mut state = target.clone();
    for table in 0..TABLES.len() {
        let mut keys: BTreeSet<&Key> = source.table(table).keys().collect();
        keys.extend(target.table(table).keys());
        for base in bases {
            keys.extend(base.table(table).keys());
        }
        for key in keys {
            let (s, t) = (row(source, table, key), row(target, table, key));
            let of_bases: Vec<Option<Row>> = bases.iter().map(|b| row(b, table, key)).collect();
            let answer = combined(&of_bases, &s, &t);
            if resolved.kept.contains(&(table, key.clone())) {
                match answer {
                    Answer::Row(_) => {}
                    Answer::Conflict(kind) => _ = settled.insert((table, key.clone(), None, kind)),
                    Answer::Cells(_) => {
                        settled.insert((table, key.clone(), None, "update_update"));
                    }
                }
                continue;
            }
            let mut choose = |column, kind| {
                let conflict: Conflict = (table, key.clone(), column, kind);
                let by_hand = resolved.conflicts.get(&conflict).copied();
                let side = by_hand.or_else(|| decide(table, key));
                match side {
                    Some(_) => settled.insert(conflict),
                    None => open.insert(conflict),
                };
                side.unwrap_or(Side::Target)
            };
            let merged = match answer {
                Answer::Row(row) => row,
                Answer::Conflict(kind) => match choose(None, kind) {
                    Side::Source => s,
                    Side::Target => t,
                },
                Answer::Cells(cells) => {
                    let (s, t) = (s.expect("a source row"), t.expect("a target row"));
                    let cells = cells.into_iter().enumerate().map(|(column, cell)| {
                        cell.unwrap_or_else(|| match choose(Some(column), "update_update") {
                            Side::Source => s[column].clone(),
                            Side::Target => t[column].clone(),
                        })
                    });
                    Some(cells.collect())
                }
            };
            if row(&state, table, key) != merged {
                state.set(table, key.clone(), merged.map(Rc::new));
            }
        }
    }
    let broken = state.broken();
    Outcome { state, open, settled, broken }
}

fn row(state: &State, table: usize, key: &Key) -> Option<Row> {
    state.row(table, key).map(|row| Row::clone(row))
}

/// What all bases say together: where they disagree about a cell it conflicts, and where they
/// disagree about more the row does.
fn combined(bases: &[Option<Row>], source: &Option<Row>, target: &Option<Row>) -> Answer {
    let answers: Vec<Answer> = bases.iter().map(|base| answer(base, source, target)).collect();
    if answers.iter().all(|other| *other == answers[0]) {
        return whole(answers[0].clone());
    }
    let (Some(source), Some(target)) = (source, target) else {
        return Answer::Conflict(match source {
            None => "delete_update",
            Some(_) => "update_delete",
        });
    };
    if bases.iter().any(Option::is_none) {
        return Answer::Conflict("insert_insert");
    }
    let mut cells = Vec::new();
    for column in 0..source.len() {
        let of = |base: &Option<Row>| {
            let base = base.as_ref().expect("every base has the row");
            cell(&base[column], &source[column], &target[column])
        };
        let first = of(&bases[0]);
        let agree = bases.iter().all(|base| of(base) == first);
        cells.push(first.filter(|_| agree));
    }
    whole(Answer::Cells(cells))
}

fn whole(answer: Answer) -> Answer {
    match answer {
        Answer::Cells(cells) if cells.iter().all(Option::is_some) => {
            Answer::Row(Some(cells.into_iter().flatten().collect()))
        }
        other => other,
    }
}

fn answer(base: &Option<Row>, source: &Option<Row>, target: &Option<Row>) -> Answer {
    match (base, source, target) {
        (_, s, t) if s == t => Answer::Row(t.clone()),
        (b, s, t) if s == b => Answer::Row(t.clone()),
        (b, s, t) if t == b => Answer::Row(s.clone()),
        (Some(b), Some(s), Some(t)) => {
            whole(Answer::Cells((0..b.len()).map(|i| cell(&b[i], &s[i], &t[i])).collect()))
        }
        (Some(_), None, Some(_)) => Answer::Conflict("delete_update"),
        (Some(_), Some(_), None) => Answer::Conflict("update_delete"),
        _ => Answer::Conflict("insert_insert"),
    }
}

fn cell(base: &Cell, source: &Cell, target: &Cell) -> Option<Cell> {
    match (source == base, target == base) {
        _ if source == target => Some(target.clone()),
        (true, _) => Some(target.clone()),
        (_, true) => Some(source.clone()),
        _ => None,
    }
}
