//! The feed: every change once, in order, whatever holds it.

mod history_dag;

use history_dag::Dag;
use offshoot_core::chunk::Hash;
use offshoot_core::feed::{Feed, StateDiff};
use offshoot_core::history::{
    Body, CommitId, CommitReader, Delta, HistoryError, RowChange, TableDelta,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

type Asked = (Option<CommitId>, CommitId);

/// Knows the changes of the commits that hold roots, and remembers what it was asked.
#[derive(Default)]
struct Known {
    deltas: HashMap<CommitId, Delta>,
    asked: RefCell<Vec<Asked>>,
}

impl StateDiff for Known {
    fn diff(&self, parent: Option<&CommitId>, commit: &CommitId) -> Result<Delta, HistoryError> {
        self.asked.borrow_mut().push((parent.copied(), *commit));
        match self.deltas.get(commit) {
            Some(delta) => Ok(delta.clone()),
            None => Err(HistoryError::State("no such state".into())),
        }
    }
}

fn delta(n: usize) -> Delta {
    let row = |key: u8| RowChange {
        key: Arc::from([key]),
        old: None,
        new: Some(Arc::from(n.to_be_bytes())),
        moved_from: None,
    };
    let table = |id: u8| TableDelta { table: [id; 16], rows: vec![row(1), row(2)] };
    Delta { tables: vec![table(1), table(n as u8 | 2)], ..Delta::default() }
}

fn history(n: usize) -> (Dag, Known) {
    let mut dag = Dag::new();
    let mut known = Known::default();
    let chunks = dag.chunks();
    let reader = CommitReader::new(&chunks);
    for i in 0..n {
        let parents: Vec<usize> = i.checked_sub(1).into_iter().collect();
        let rooted = i % 7 == 0;
        let body = match rooted {
            true => Body::Root(Hash::of(&i.to_be_bytes())),
            false => Body::Delta(delta(i)),
        };
        let at = dag.add_with(&reader, &parents, i as i64, body);
        if rooted {
            known.deltas.insert(dag.ids[at], delta(i));
        }
    }
    (dag, known)
}

#[test]
fn every_change_comes_once_and_in_order() {
    let (dag, known) = history(700);
    let chunks = dag.chunks();
    let reader = CommitReader::new(&chunks);
    for (from, to) in
        [(None, 699), (Some(0), 699), (Some(255), 512), (Some(698), 699), (Some(9), 9)]
    {
        let from_id = from.map(|i: usize| dag.ids[i]);
        let feed = Feed::between(&reader, &known, from_id.as_ref(), &dag.ids[to]).unwrap();
        let mut next = from.map_or(0, |i| i + 1);
        for entry in feed {
            let entry = entry.unwrap();
            assert_eq!(entry.commit, dag.ids[next]);
            assert_eq!((entry.scn, entry.time), (dag.links[next].scn, dag.links[next].time));
            assert_eq!(entry.message, format!("commit {next}"));
            assert_eq!(entry.delta, delta(next));
            assert_eq!(entry.table(&[1; 16]).unwrap().rows.len(), 2);
            assert!(entry.table(&[0; 16]).is_none());
            next += 1;
        }
        assert_eq!(next, to + 1);
    }
    let asked = known.asked.borrow();
    assert_eq!(asked[0], (None, dag.ids[0]));
    assert_eq!(asked[1], (Some(dag.ids[6]), dag.ids[7]), "compared with its first parent");
}

#[test]
fn a_merge_is_one_entry_of_the_line() {
    let mut dag = Dag::new();
    dag.add(&[], 0);
    dag.add(&[0], 0);
    dag.add(&[0], 0);
    dag.add(&[1, 2], 0);
    let chunks = dag.chunks();
    let reader = CommitReader::new(&chunks);
    let known = Known::default();
    let feed = Feed::between(&reader, &known, Some(&dag.ids[0]), &dag.ids[3]).unwrap();
    let entries: Result<Vec<_>, _> = feed.collect();
    let entries = entries.unwrap();
    assert_eq!(entries.iter().map(|e| e.commit).collect::<Vec<_>>(), [dag.ids[1], dag.ids[3]]);
    assert_eq!(entries[0].merged, []);
    assert_eq!(entries[1].merged, [dag.ids[2]]);

    let other = Feed::between(&reader, &known, Some(&dag.ids[2]), &dag.ids[3]).map(|_| ());
    assert!(matches!(other, Err(HistoryError::NotOnLine { .. })), "merged, but not on the line");
}

#[test]
fn nothing_follows_an_error() {
    let (dag, mut known) = history(30);
    known.deltas.remove(&dag.ids[14]);
    let chunks = dag.chunks();
    let reader = CommitReader::new(&chunks);
    let mut feed = Feed::between(&reader, &known, Some(&dag.ids[12]), &dag.ids[29]).unwrap();
    assert_eq!(feed.next().unwrap().unwrap().commit, dag.ids[13]);
    assert!(matches!(feed.next(), Some(Err(HistoryError::State(_)))));
    assert!(feed.next().is_none());
}
