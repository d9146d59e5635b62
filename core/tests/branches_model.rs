//! A database of branches against a model, step by step at random.
//!
//! ```text
//!   step ─▶ Database ─▶ rows, conflicts, ids
//!        └▶ model    ─▶ the same (BTreeMaps, and a list of commits)
//! ```
//!
//! After every step the branch that it touched holds the model's rows; every so often all heads are
//! verified: index lookups equal scans, references hold, counts equal rows. The seed is printed;
//! `OFFSHOOT_SEED` and `OFFSHOOT_STEPS` set another one.

mod model;
mod support;

use model::history::{Commit, History};
use model::merge::{Conflict, Outcome, Resolved, Side};
use model::writes::{Pair, statement};
use model::{Cell, Key, State, TABLES, definitions, model_key};
use offshoot_core::database::{AsOf, Committed, MergeReport, MergeRequest};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::{BranchId, BranchStatus, Retention, Scn, SnapshotId};
use offshoot_core::merge::{Policy, Resolution, Take};
use offshoot_core::row;
use offshoot_core::tree::KeyRange;
use std::collections::{BTreeMap, BTreeSet};
use support::random::Random;
use support::{Db, MemoryCompact, merging};

/// How often the whole database is verified, in steps.
const VERIFY_EVERY: u64 = 250;

/// A branch of the model.
#[derive(Debug, Clone)]
struct Branch {
    name: String,
    id: BranchId,
    source: Option<BranchId>,
    head: usize,
    status: BranchStatus,
}

struct World {
    db: Db,
    random: Random,
    history: History,
    branches: Vec<Branch>,
    /// Manual snapshots and the commits that they keep.
    snapshots: Vec<(SnapshotId, BranchId, usize)>,
    happened: BTreeMap<&'static str, u64>,
}

impl World {
    fn new(seed: u64) -> Self {
        let db = Db::with(definitions());
        let mut history = History::default();
        let head = db.database.head("main").unwrap();
        let mut log = db.database.log("main", None, None, 10).unwrap();
        log.reverse();
        let mut at = 0;
        for (i, entry) in log.iter().enumerate() {
            at = history.add(Commit {
                id: entry.id,
                scn: entry.header.scn.0,
                time: entry.header.time.0,
                parents: if i == 0 { Vec::new() } else { vec![at] },
                state: State::empty(),
            });
        }
        let main = Branch {
            name: "main".into(),
            id: head.record.id,
            source: None,
            head: at,
            status: BranchStatus::Active,
        };
        World {
            db,
            random: Random::new(seed),
            history,
            branches: vec![main],
            snapshots: Vec::new(),
            happened: BTreeMap::new(),
        }
    }

    fn note(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    fn some_branch(&mut self) -> usize {
        self.random.below(self.branches.len() as u64) as usize
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..=49 => self.transaction(),
            50..=63 => self.race(),
            64..=66 => self.create_branch(),
            67..=70 => self.delete_branch(),
            71..=78 => self.merge(),
            79..=84 => self.fork_and_merge(),
            85..=92 => self.read_the_past(),
            93..=94 => self.snapshot(),
            95 => self.restore(),
            96..=97 => self.keyframe(),
            98 => self.collect(),
            _ => {
                self.db.reopen();
                self.note("reopened");
            }
        }
    }

    // --- Transactions ---

    fn begin(&mut self, branch: usize) -> Pair {
        let Branch { name, head, .. } = &self.branches[branch];
        Pair::new(self.db.begin(name), *head, &self.history)
    }

    fn run(&mut self, pair: &mut Pair) {
        if self.random.below(4) == 0 {
            pair.savepoint(&mut self.random);
        }
        let ops = statement(&mut self.random, pair.state());
        match pair.statement(&self.db, &ops) {
            true => self.note("statement"),
            false => self.note("statement refused"),
        }
    }

    fn transaction(&mut self) {
        let branch = self.some_branch();
        let mut pair = self.begin(branch);
        for _ in 0..1 + self.random.below(3) {
            self.run(&mut pair);
        }
        match self.random.below(10) {
            0 => self.note("transaction rolled back"),
            _ => drop(self.commit(branch, &pair)),
        }
    }

    /// Two transactions on one base: the second is rebased or conflicts.
    fn race(&mut self) {
        let branch = self.some_branch();
        let (mut one, mut other) = (self.begin(branch), self.begin(branch));
        for _ in 0..1 + self.random.below(3) {
            self.run(&mut one);
            self.run(&mut other);
        }
        if self.commit(branch, &one) {
            match self.commit(branch, &other) {
                true => self.note("race rebased"),
                false => self.note("race lost"),
            }
        }
    }

    /// Whether it was committed.
    fn commit(&mut self, branch: usize, pair: &Pair) -> bool {
        let Branch { name, head, .. } = self.branches[branch].clone();
        let expected = pair.rebased(&self.history, head);
        match (self.db.commit(&name, &pair.txn), expected) {
            (Ok(Some(committed)), Some(state)) => {
                self.committed(branch, &committed, Vec::new(), state);
                self.note("commit");
                true
            }
            (Ok(None), Some(state)) => {
                assert_eq!(state, self.history.get(head).state, "nothing was written");
                false
            }
            (Err(Error::WriteConflict(_)), None) => {
                self.note("commit conflicts");
                false
            }
            (got, expected) => panic!("commit gave {got:?}, the model {:?}", expected.is_some()),
        }
    }

    fn committed(&mut self, branch: usize, at: &Committed, merged: Vec<usize>, state: State) {
        let mut parents = vec![self.branches[branch].head];
        parents.extend(merged);
        let (id, scn, time) = (at.id, at.scn.0, at.time.0);
        let new = self.history.add(Commit { id, scn, time, parents, state });
        self.branches[branch].head = new;
        self.branches[branch].status = BranchStatus::Active;
        self.check_head(branch);
    }

    // --- Branches ---

    /// A point of a branch and the commit that it is.
    fn some_point(&mut self, branch: usize) -> (AsOf, usize) {
        let Branch { head, id, .. } = self.branches[branch].clone();
        let (scn, time) = (self.history.get(head).scn, self.history.get(head).time);
        match self.random.below(6) {
            0 => (AsOf::Now, head),
            1 => {
                let scn = 3 + self.random.below(scn - 2);
                let at = self.history.at_scn(head, scn).unwrap();
                match self.random.below(2) {
                    0 => (AsOf::Scn(Scn(scn)), at),
                    _ => (AsOf::Transaction(Scn(scn)), at),
                }
            }
            2 => {
                // Within the last hundred commits, so that near points are read as well.
                let scn = scn - self.random.below(100.min(scn - 2));
                (AsOf::Scn(Scn(scn)), self.history.at_scn(head, scn).unwrap())
            }
            3 => {
                let first = self.history.get(self.history.at_scn(head, 2).unwrap()).time;
                let at = first + self.random.below((time - first + 2000) as u64) as i64;
                let whole_second = self.random.below(3) == 0;
                let limit = match whole_second {
                    true => at - at.rem_euclid(1_000_000) + 999_999,
                    false => at,
                };
                let found = self.history.at_time(head, limit).unwrap();
                (AsOf::Time { at: offshoot_core::history::Micros(at), whole_second }, found)
            }
            4 => {
                let line: Vec<usize> = self.history.line(head).take(50).collect();
                let line = &line[..line.len().min(scn as usize - 1)];
                let at = line[self.random.below(line.len() as u64) as usize];
                (AsOf::Commit(self.history.get(at).id), at)
            }
            _ => {
                let own: Vec<_> = self.snapshots.iter().filter(|s| s.1 == id).collect();
                match own.get(self.random.below(own.len() as u64) as usize) {
                    Some((id, _, at)) => (AsOf::Snapshot(id.to_string()), *at),
                    None => (AsOf::Now, head),
                }
            }
        }
    }

    fn create_branch(&mut self) {
        if self.branches.len() >= 8 {
            return;
        }
        let name = format!("b{}", self.random.below(12));
        let source = self.some_branch();
        let (as_of, at) = self.some_point(source);
        let past = as_of != AsOf::Now;
        let from = self.branches[source].clone();
        let new = offshoot_core::database::NewBranch {
            name: name.clone(),
            source: from.name.clone(),
            as_of,
            ..Default::default()
        };
        let made = self.db.database.create_branch(&self.db.moments.next(), new);
        if self.branches.iter().any(|b| b.name == name) {
            assert!(matches!(made, Err(Error::Exists { .. })), "{made:?}");
            return;
        }
        let record = made.unwrap().value;
        assert_eq!(record.fork, Some(self.history.get(at).id));
        self.branches.push(Branch {
            name,
            id: record.id,
            source: Some(from.id),
            head: at,
            status: BranchStatus::Active,
        });
        self.check_head(self.branches.len() - 1);
        self.note("branch created");
        if past {
            self.note("branch created from the past");
        }
    }

    fn delete_branch(&mut self) {
        let at = self.some_branch();
        let Branch { name, id, source, head, .. } = self.branches[at].clone();
        let force = self.random.below(2) == 0;
        let deleted = self.db.database.delete_branch(&self.db.moments.next(), &name, force);
        let children = self.branches.iter().any(|b| b.source == Some(id));
        let origin = self.branches.iter().find(|b| Some(b.id) == source);
        let unmerged = match origin {
            _ if force => false,
            Some(origin) => !self.history.ancestors(origin.head).contains(&head),
            // What a deleted source had is what it had at the fork.
            None => match &deleted {
                Ok(receipt) => receipt.value.fork != Some(self.history.get(head).id),
                Err(_) => true,
            },
        };
        match deleted {
            Ok(receipt) => {
                assert!(at != 0 && !children && !unmerged);
                assert_eq!(receipt.value.status, BranchStatus::Deleted);
                self.branches.remove(at);
                assert!(matches!(self.db.database.branch(&name), Err(Error::NotFound { .. })));
                let kept = self.db.database.branch_or_deleted(&id.to_string()).unwrap();
                assert_eq!(kept.status, BranchStatus::Deleted);
                self.note("branch deleted");
            }
            Err(Error::Protected(..)) => assert_eq!(at, 0),
            Err(Error::HasChildren { .. }) => assert!(children),
            Err(Error::Unmerged { .. }) => {
                assert!(unmerged);
                self.note("deletion refused");
            }
            Err(other) => panic!("{other}"),
        }
    }

    // --- Merges ---

    /// A branch that goes a little way beside its source, and comes back.
    fn fork_and_merge(&mut self) {
        let before = self.branches.len();
        self.create_branch();
        if self.branches.len() == before {
            return;
        }
        let branch = self.branches.len() - 1;
        let origin = self.branches[branch].source;
        let Some(source) = self.branches.iter().position(|b| Some(b.id) == origin) else { return };
        for _ in 0..2 + self.random.below(5) {
            let side = if self.random.below(2) == 0 { branch } else { source };
            let mut pair = self.begin(side);
            self.run(&mut pair);
            self.commit(side, &pair);
        }
        self.merge_of(branch, source);
        if self.random.below(2) == 0 {
            self.merge_of(source, branch);
        }
    }

    fn merge(&mut self) {
        let (source, target) = (self.some_branch(), self.some_branch());
        self.merge_of(source, target);
    }

    fn merge_of(&mut self, source: usize, target: usize) {
        let policy =
            [Policy::SourceWins, Policy::TargetWins, Policy::Newest, Policy::Manual, Policy::Abort]
                [self.random.below(5) as usize];
        let mut request = merging(&self.branches[source].name, &self.branches[target].name);
        request.policy = policy;
        if source == target {
            assert!(matches!(self.db.merge(&request), Err(Error::InvalidMerge(_))));
            return;
        }
        if self.random.below(4) == 0 {
            let writes = self.db.store.chunk_count();
            request.dry_run = true;
            drop(self.merge_once(source, target, &request, &Resolved::default()));
            assert_eq!(self.db.store.chunk_count(), writes, "a dry run writes nothing");
            request.dry_run = false;
            self.note("dry run");
        }
        // Settled by hand: cells and rows either way, and what breaks a constraint is kept out.
        let mut resolved = Resolved::default();
        for _ in 0..8 {
            let Err((token, open)) = self.merge_once(source, target, &request, &resolved) else {
                if !request.resolutions.is_empty() {
                    self.note("merge resolved");
                }
                return;
            };
            for (conflict, told) in open {
                let (side, take) = match self.random.below(2) {
                    0 => (Side::Source, Take::Source),
                    _ => (Side::Target, Take::Target),
                };
                let row = self.row_of(&told);
                let row_id = told.row_id.expect("a conflict here has a row");
                let resolution = match conflict {
                    Some(conflict) => {
                        resolved.conflicts.insert(conflict, side);
                        Resolution { table: told.table, row_id, column: told.column, take }
                    }
                    None => {
                        resolved.kept.insert(row);
                        let take = Take::Target;
                        Resolution { table: told.table, row_id, column: None, take }
                    }
                };
                // The whole row goes before its cells, and the last word before the first.
                request.resolutions.retain(|earlier| {
                    (&earlier.table, &earlier.row_id, &earlier.column)
                        != (&resolution.table, &resolution.row_id, &resolution.column)
                });
                request.resolutions.push(resolution);
            }
            request.token = Some(token);
        }
        self.note("merge given up");
    }

    /// One merge on both. The conflicts that stay open are returned with the token; a constraint's
    /// has no counterpart in the model.
    #[expect(clippy::type_complexity, reason = "used once")]
    fn merge_once(
        &mut self,
        source: usize,
        target: usize,
        request: &MergeRequest,
        resolved: &Resolved,
    ) -> Result<(), (String, Vec<(Option<Conflict>, offshoot_core::merge::Conflict)>)> {
        let (from, into) = (self.branches[source].head, self.branches[target].head);
        let bases = self.history.bases(from, into);
        if bases.len() > 1 {
            self.note("merge with several bases");
        }
        let expected = self.expected(from, into, &bases, request.policy, resolved);
        match self.db.merge(request) {
            Ok(report) => {
                assert!(
                    expected.open.is_empty() && expected.broken.is_none(),
                    "{request:?} went through, the model says {:?} {:?}",
                    expected.open,
                    expected.broken
                );
                self.merged(source, target, bases.contains(&from), expected, &report);
                Ok(())
            }
            Err(Error::Conflicts(got)) => {
                let told: Vec<(Option<Conflict>, _)> =
                    got.conflicts.into_iter().map(|c| (self.conflict(&c), c)).collect();
                let data: BTreeSet<Conflict> = told.iter().filter_map(|c| c.0.clone()).collect();
                assert_eq!(data, expected.open, "{request:?}");
                let broken = told.iter().any(|c| c.0.is_none());
                assert_eq!(broken, expected.broken.is_some(), "{told:?} {:?}", expected.broken);
                match broken {
                    true => self.note("merge breaks a constraint"),
                    false => self.note("merge conflicts"),
                }
                Err((got.token, told))
            }
            Err(other) => panic!("{request:?}: {other}"),
        }
    }

    fn expected(
        &self,
        from: usize,
        into: usize,
        bases: &[usize],
        policy: Policy,
        resolved: &Resolved,
    ) -> Outcome {
        let states: Vec<&State> = bases.iter().map(|at| &self.history.get(*at).state).collect();
        let last = match policy {
            Policy::Newest => (self.history.touched(from, into), self.history.touched(into, from)),
            _ => Default::default(),
        };
        let decide = |table: usize, key: &Key| {
            let row = (table, key.clone());
            match policy {
                Policy::SourceWins => Some(Side::Source),
                Policy::TargetWins => Some(Side::Target),
                Policy::Newest if last.0.get(&row) >= last.1.get(&row) => Some(Side::Source),
                Policy::Newest => Some(Side::Target),
                Policy::Manual | Policy::Abort => None,
            }
        };
        let (source, target) = (&self.history.get(from).state, &self.history.get(into).state);
        model::merge::merge(&states, source, target, &decide, resolved)
    }

    fn merged(
        &mut self,
        source: usize,
        target: usize,
        nothing_new: bool,
        expected: Outcome,
        report: &MergeReport,
    ) {
        let before = &self.history.get(self.branches[target].head).state;
        let changes = before.differences(&expected.state).len() as u64;
        assert_eq!(report.changes, changes);
        let settled: BTreeSet<Conflict> =
            report.settled.iter().filter_map(|c| self.conflict(c)).collect();
        assert_eq!(settled, expected.settled);
        assert!(!report.schema_changed);
        if report.dry_run {
            assert_eq!(report.commit, None);
            return;
        }
        match &report.commit {
            None => assert!(nothing_new),
            Some(committed) => {
                assert!(!nothing_new);
                let from = self.branches[source].head;
                self.committed(target, committed, vec![from], expected.state);
                self.note(if changes > 0 { "merge" } else { "merge without changes" });
            }
        }
        if source != 0 {
            self.branches[source].status = BranchStatus::Merged;
        }
        self.check_head(source);
    }

    /// The model's name of a conflict about cells and rows.
    fn conflict(&self, told: &offshoot_core::merge::Conflict) -> Option<Conflict> {
        let (table, key) = self.row_of(told);
        let column = told.column.as_ref().map(|name| {
            TABLES[table].columns.iter().position(|(column, ..)| column == name).unwrap()
        });
        told.kind.is_data().then_some((table, key, column, told.kind.name()))
    }

    /// The model's name of a conflict's row.
    fn row_of(&self, told: &offshoot_core::merge::Conflict) -> (usize, Key) {
        let table = TABLES.iter().position(|spec| spec.name == told.table).unwrap();
        let spec = &TABLES[table];
        let bytes = told.key.as_ref().unwrap();
        let key: Key = match spec.key {
            [] => vec![Cell::Hidden(bytes.clone())],
            parts => {
                let descending = |i: &usize| (table, *i) == (model::ITEMS, 1);
                let mut rest = &bytes[..];
                let decode = |part: &usize| {
                    let decoded = offshoot_core::value::decode_key(rest, descending(part));
                    let (value, left) = decoded.unwrap();
                    rest = left;
                    Cell::of(&value)
                };
                parts.iter().map(decode).collect()
            }
        };
        (table, key)
    }

    // --- The past ---

    fn read_the_past(&mut self) {
        let branch = self.some_branch();
        let (as_of, at) = self.some_point(branch);
        let name = &self.branches[branch].name;
        let point = self.db.database.point(name, &as_of).unwrap();
        assert_eq!(point.commit, self.history.get(at).id, "{as_of:?} of {name}");
        self.check_rows(&point.state, &self.history.get(at).state, name);
        self.note("read the past");
    }

    fn snapshot(&mut self) {
        let branch = self.some_branch();
        let (as_of, at) = self.some_point(branch);
        let Branch { name, id, .. } = &self.branches[branch];
        let moment = self.db.moments.next();
        let made = self.db.database.create_snapshot(&moment, name, &as_of, None).unwrap().value;
        assert_eq!(made.commit, self.history.get(at).id);
        self.snapshots.push((made.id, *id, at));
        self.note("snapshot");
    }

    fn restore(&mut self) {
        let branch = self.some_branch();
        let Branch { name, id, head, .. } = self.branches[branch].clone();
        let own: Vec<_> = self.snapshots.iter().filter(|s| s.1 == id).cloned().collect();
        let Some((snapshot, _, at)) = own.get(self.random.below(own.len() as u64) as usize) else {
            return;
        };
        let moment = self.db.moments.next();
        let restored =
            self.db.database.restore(&moment, &name, &snapshot.to_string(), None, "test").unwrap();
        match restored.value.commit {
            None => assert_eq!(*at, head),
            Some(committed) => {
                let state = self.history.get(*at).state.clone();
                self.committed(branch, &committed, Vec::new(), state);
                self.note("restored");
            }
        }
    }

    fn keyframe(&mut self) {
        let branch = self.some_branch();
        let (_, at) = self.some_point(branch);
        self.db.database.write_keyframe(self.history.get(at).id).unwrap();
        self.note("keyframe");
    }

    fn collect(&mut self) {
        let moment = self.db.moments.next();
        let compact = MemoryCompact(&self.db.store);
        let done = self.db.database.collect(&moment, &Retention::default(), &compact).unwrap();
        if done.removed > 0 {
            self.note("collected");
        }
    }

    // --- Checks ---

    fn check_head(&self, branch: usize) {
        let Branch { name, head, status, id, .. } = &self.branches[branch];
        let now = self.db.database.head(name).unwrap();
        assert_eq!(now.commit, self.history.get(*head).id, "the head of {name}");
        assert_eq!((now.record.status, now.record.id), (*status, *id), "the record of {name}");
        self.check_rows(&now.state, &self.history.get(*head).state, name);
    }

    fn check_rows(&self, state: &row::State, expected: &State, place: &str) {
        let chunks = self.db.database.chunks();
        for (i, spec) in TABLES.iter().enumerate() {
            let table = state.find(spec.name).unwrap();
            let mut cursor = table.rows.cursor(&chunks, &KeyRange::all(), false).unwrap();
            let mut rows = BTreeMap::new();
            while let Some((key, bytes)) = cursor.next().unwrap() {
                let row = table.table.decode(&bytes).unwrap();
                let row: Vec<Cell> = row.iter().map(Cell::of).collect();
                rows.insert(model_key(spec, &key, &row), std::rc::Rc::new(row));
            }
            assert_eq!(rows, *expected.table(i), "table '{}' of {place}", spec.name);
            assert_eq!(table.rows.count(), rows.len() as u64, "the count of '{}'", spec.name);
        }
    }

    /// Every law of every head.
    fn check_all(&mut self) {
        let chunks = self.db.database.chunks();
        for branch in 0..self.branches.len() {
            self.check_head(branch);
            let mut wrong = Vec::new();
            let head = self.db.database.head(&self.branches[branch].name).unwrap();
            head.state.verify(&chunks, &mut |what| wrong.push(what)).unwrap();
            assert_eq!(wrong, Vec::<String>::new());
        }
        let live: BTreeSet<String> = self.branches.iter().map(|b| b.name.clone()).collect();
        let records = self.db.database.branches().unwrap();
        let listed = records.iter().filter(|r| r.status != BranchStatus::Deleted);
        assert_eq!(live, listed.map(|r| r.name.clone()).collect());
        let heads = self.branches.iter().map(|b| self.history.get(b.head).id);
        assert!(heads.into_iter().all(|id| self.db.database.knows(&id).unwrap()));
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => otherwise,
    }
}

const SEED: u64 = 2;
const STEPS: u64 = 10_000;

#[test]
fn branches_follow_the_model() {
    let (seed, steps) = (number("OFFSHOOT_SEED", SEED), number("OFFSHOOT_STEPS", STEPS));
    println!("OFFSHOOT_SEED={seed} OFFSHOOT_STEPS={steps}");
    let mut world = World::new(seed);
    for step in 1..=steps {
        world.step();
        if step % VERIFY_EVERY == 0 || step == steps {
            world.check_all();
        }
        if step % (VERIFY_EVERY * 16) == 0 || step == steps {
            // Snapshots, forks, keyframes and the links of every commit as well.
            world.db.assert_lawful();
        }
    }
    println!("{:#?}", world.happened);
    if (seed, steps) == (SEED, STEPS) {
        // A run in which something never happened would prove nothing about it.
        for what in [
            "branch created from the past",
            "branch deleted",
            "collected",
            "commit conflicts",
            "deletion refused",
            "dry run",
            "keyframe",
            "merge breaks a constraint",
            "merge conflicts",
            "merge resolved",
            "merge with several bases",
            "merge without changes",
            "race lost",
            "race rebased",
            "read the past",
            "reopened",
            "restored",
            "statement refused",
            "transaction rolled back",
        ] {
            assert!(world.happened.contains_key(what), "never happened: {what}");
        }
        assert!(world.happened["commit"] > 2_000 && world.happened["merge"] > 100);
    }
}
