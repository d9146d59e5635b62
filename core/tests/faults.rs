//! A store whose every chunk read misses at first.
//!
//! ```text
//!   plain store ── script ─▶ ids, rows, conflicts, logs …
//!                                   ║ the same
//!   cold store  ── script ─▶ fault, fetch what it names, again …
//! ```
//!
//! The cold store forgets everything between two restarts but what the last fault named, so only
//! what the operation itself holds on to brings it further. The script is run with the same moments
//! on both; every answer is compared, and the number of restarts is bounded.

mod support;

use offshoot_core::chunk::{
    Chunk, ChunkSource, Hash, MemoryStore, Outcome, Store, StoreError, Ticket, WorkingSet, Write,
};
use offshoot_core::database::{
    AsOf, BranchPatch, CommitNote, Committed, Database, MergeRequest, NewBranch,
};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::{Micros, Scn};
use offshoot_core::merge::{Policy, Resolution, Take};
use offshoot_core::moment::Moment;
use offshoot_core::row::TableDef;
use offshoot_core::txn::Txn;
use offshoot_core::value::SqlType;
use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use support::{Define, EPOCH, MemoryCompact, NULL, int, merging, moment, text};

/// A store that has nothing at hand but what was fetched last.
struct ColdStore {
    inner: Arc<MemoryStore>,
    at_hand: Mutex<HashSet<Hash>>,
    misses: AtomicUsize,
}

impl ChunkSource for ColdStore {
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError> {
        match self.at_hand.lock().unwrap().contains(hash) {
            true => self.inner.chunk(hash),
            false => {
                self.misses.fetch_add(1, Ordering::Relaxed);
                Ok(None)
            }
        }
    }
}

impl Store for ColdStore {
    fn read_ref(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.read_ref(name)
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.inner.list_refs(prefix)
    }

    fn keyframe(&self, commit: &Hash) -> Result<Option<Hash>, StoreError> {
        self.inner.keyframe(commit)
    }

    fn submit(&self, write: Write) -> Result<Outcome, StoreError> {
        self.inner.submit(write)
    }

    fn durable(&self) -> Ticket {
        self.inner.durable()
    }
}

/// Where a script runs.
struct Host {
    memory: Arc<MemoryStore>,
    cold: Option<Arc<ColdStore>>,
    database: Database,
    set: Arc<WorkingSet>,
    moments: i64,
    restarts: Vec<(&'static str, usize)>,
}

impl Host {
    fn new(cold: bool) -> Self {
        let memory = Arc::new(MemoryStore::new());
        let cold = cold.then(|| {
            let (inner, at_hand) = (memory.clone(), Mutex::default());
            Arc::new(ColdStore { inner, at_hand, misses: AtomicUsize::new(0) })
        });
        let database = Self::open(&memory, &cold);
        let set = Arc::new(WorkingSet::new(64 << 20));
        Host { memory, cold, database, set, moments: 1, restarts: Vec::new() }
    }

    fn open(memory: &Arc<MemoryStore>, cold: &Option<Arc<ColdStore>>) -> Database {
        let store: Arc<dyn Store> = match cold {
            Some(cold) => cold.clone(),
            None => memory.clone(),
        };
        Database::open(store, &moment(0)).unwrap().value
    }

    fn reopen(&mut self) {
        self.database = Self::open(&self.memory, &self.cold);
    }

    /// Runs one operation until it has everything at hand. It is given the same moment each time.
    fn run<T>(
        &mut self,
        what: &'static str,
        operation: impl FnMut(&Database, Moment) -> Result<T>,
    ) -> T {
        self.try_run(what, operation).unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    fn try_run<T>(
        &mut self,
        what: &'static str,
        mut operation: impl FnMut(&Database, Moment) -> Result<T>,
    ) -> Result<T> {
        let moment = moment(self.moments);
        self.moments += 10;
        if self.cold.is_none() {
            return operation(&self.database, moment);
        }
        let database = self.database.with_working_set(self.set.clone());
        let mut seen = HashSet::new();
        let done = loop {
            match operation(&database, moment) {
                Err(Error::Fault(faults)) => {
                    assert!(!faults.missing.is_empty(), "{what}: a fault names something");
                    for hash in &faults.missing {
                        assert!(seen.insert(*hash), "{what}: {hash} was fetched before");
                        assert!(self.memory.chunk(hash).unwrap().is_some(), "{what}: {hash}");
                    }
                    let fetched = faults.missing.iter().chain(&faults.hints).copied().collect();
                    *self.cold.as_ref().unwrap().at_hand.lock().unwrap() = fetched;
                    self.set.restart();
                }
                done => break done,
            }
        };
        self.restarts.push((what, self.set.restarts()));
        self.set.release();
        self.cold.as_ref().unwrap().at_hand.lock().unwrap().clear();
        done
    }

    fn write(
        &mut self,
        what: &'static str,
        branch: &str,
        statement: impl Fn(&mut Txn) -> Result<()>,
    ) -> Committed {
        self.run(what, |database, moment| {
            let mut txn = database.begin(branch, &moment, Default::default())?;
            txn.begin_statement(moment);
            statement(&mut txn)?;
            txn.end_statement()?;
            let committed = database.commit(branch, &txn, &CommitNote::default(), None)?.value;
            Ok(committed.expect("something is written"))
        })
    }

    fn rows(&mut self, branch: &str, as_of: &AsOf, table: &str) -> Vec<String> {
        self.run("read", |database, _| {
            let (point, chunks) = (database.point(branch, as_of)?, database.chunks());
            let table = point.state.find(table)?;
            let all = offshoot_core::tree::KeyRange::all();
            let mut cursor = table.rows.cursor(&chunks, &all, false)?;
            let mut rows = Vec::new();
            while let Some((key, bytes)) = cursor.next()? {
                rows.push(format!("{:?} {:?}", &key[..], table.table.decode(&bytes)?));
            }
            Ok(rows)
        })
    }
}

fn tables() -> [TableDef; 2] {
    let users = Define::table("users")
        .required("id", SqlType::Integer)
        .text("email")
        .int("boss")
        .text("about")
        .key(&["id"])
        .auto("id")
        .unique("users_email", &["email"])
        .references_self(&["boss"], &["id"])
        .build();
    let posts = Define::table("posts")
        .required("user", SqlType::Integer)
        .required("number", SqlType::Integer)
        .text("body")
        .key(&["user", "-number"])
        .index("posts_body", &["body"])
        .references(&["user"], &users, &["id"])
        .build();
    [users, posts]
}

/// A value that another statement's row lookups have to fetch: `support`'s calls unwrap faults.
fn set(txn: &mut Txn, table: &str, key: &[i64], column: &str, to: &str) -> Result<()> {
    let table = support::table(txn, table);
    let values: Vec<_> = key.iter().map(|k| int(*k)).collect();
    let key = support::key(&table, &values);
    let old = txn.state().row(txn.chunks(), table.table.id(), &key)?;
    let old = old.expect("the row is there");
    let mut row = table.table.decode(&old)?;
    row[table.table.def.position(column).unwrap()] = text(to);
    txn.update(table.table.id(), &key, &old, &row)
}

fn delete(txn: &mut Txn, table: &str, key: &[i64]) -> Result<()> {
    let table = support::table(txn, table);
    let values: Vec<_> = key.iter().map(|k| int(*k)).collect();
    let key = support::key(&table, &values);
    let old = txn.state().row(txn.chunks(), table.table.id(), &key)?;
    txn.take(table.table.id(), &key, &old.expect("the row is there"))
}

fn insert(txn: &mut Txn, table: &str, row: offshoot_core::row::Row) -> Result<()> {
    let id = support::table_id(txn, table);
    txn.insert(id, row).map(drop)
}

/// What every operation of the script answers, as text.
fn script(host: &mut Host) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let mut say = |what: &str, answer: &dyn Debug| said.push(format!("{what}: {answer:?}"));

    let made = host.write("create tables", "main", |txn| {
        tables().into_iter().try_for_each(|def| txn.create_table(def).map(drop))
    });
    say("tables", &made);
    // Large enough to be a tree of several levels, in a commit that holds a root.
    let made = host.write("fill", "main", |txn| {
        for i in 1..=3_000i64 {
            let about = text(&format!("about user {i} {}", "x".repeat(60)));
            let boss = if i > 1 { int(i / 2) } else { NULL };
            insert(txn, "users", vec![NULL, text(&format!("u{i}@x")), boss, about])?;
            insert(txn, "posts", vec![int(i), int(i % 7), text(&format!("post {}", i % 50))])?;
        }
        Ok(())
    });
    say("fill", &made);
    // A line of small commits above the keyframe.
    for i in 0..300i64 {
        let made = host.write("small commit", "main", |txn| {
            set(txn, "users", &[1 + i * 10], "about", &format!("changed {i}"))
        });
        say("small", &made);
    }
    host.reopen();
    say("users", &host.rows("main", &AsOf::Now, "users").len());
    host.reopen();
    say("posts", &host.rows("main", &AsOf::Now, "posts"));
    for scn in [2, 3, 4, 77, 200, 301] {
        let rows = host.rows("main", &AsOf::Scn(Scn(scn)), "users");
        say("as of", &(rows.len(), Hash::of(rows.concat().as_bytes())));
    }
    let at = AsOf::Time { at: Micros(EPOCH + 1_000_000), whole_second: true };
    say("as of time", &host.rows("main", &at, "posts").len());

    // A violation is the same violation.
    let clash = host.try_run("clash", |database, moment| {
        let mut txn = database.begin("main", &moment, Default::default())?;
        txn.begin_statement(moment);
        insert(&mut txn, "users", vec![NULL, text("u77@x"), NULL, NULL])?;
        txn.end_statement()
    });
    say("clash", &clash.map_err(|error| error.to_string()));
    let orphan = host.try_run("orphan", |database, moment| {
        let mut txn = database.begin("main", &moment, Default::default())?;
        txn.begin_statement(moment);
        delete(&mut txn, "users", &[2])?;
        txn.end_statement()
    });
    say("orphan", &orphan.map_err(|error| error.to_string()));

    // A race: the second is rebased on what the first wrote.
    let raced = host.run("race", |database, moment| {
        let mut other = database.begin("main", &moment, Default::default())?;
        other.begin_statement(moment);
        set(&mut other, "posts", &[5, 5], "body", "raced")?;
        other.end_statement()?;
        let head = database.newest("main")?.commit;
        Ok((database.commit("main", &other, &CommitNote::default(), None)?.value, head))
    });
    say("race", &raced);

    for (name, as_of) in [("dev", AsOf::Now), ("old", AsOf::Scn(Scn(100)))] {
        let made = host.run("create branch", |database, moment| {
            let (name, source) = (name.to_owned(), "main".to_owned());
            let as_of = as_of.clone();
            let new = NewBranch { name, source, as_of, ..NewBranch::default() };
            database.create_branch(&moment, new).map(|receipt| receipt.value)
        });
        say("branch", &made);
    }
    host.reopen();
    for i in 0..40i64 {
        let made = host.write("on dev", "dev", |txn| {
            set(txn, "users", &[3 + i * 70], "about", &format!("dev {i}"))?;
            insert(txn, "users", vec![NULL, text(&format!("dev{i}@x")), int(1 + i * 50), NULL])
        });
        say("dev", &made);
        let made = host.write("on main", "main", |txn| {
            set(txn, "users", &[3 + i * 73], "about", &format!("main {i}"))?;
            delete(txn, "posts", &[i + 1000, (i + 1000) % 7])
        });
        say("main", &made);
    }
    let made = host.write("alter", "dev", |txn| {
        let def = support::table(txn, "posts").table.def.clone();
        let def = Define::of(def).column_with("likes", SqlType::Integer, true, int(0));
        txn.define(def.index("posts_likes", &["likes"]).build(), None)
    });
    say("alter", &made);

    host.reopen();
    let mut request = merging("dev", "main");
    let open = host.try_run("manual merge", |database, moment| database.merge(&moment, &request));
    let Err(Error::Conflicts(open)) = open else { panic!("one row was changed on both sides") };
    say("conflicts", &open);
    request.token = Some(open.token.clone());
    request.resolutions = open
        .conflicts
        .iter()
        .map(|c| Resolution {
            table: c.table.clone(),
            row_id: c.row_id.clone().unwrap(),
            column: c.column.clone(),
            take: Take::Source,
        })
        .collect();
    let merged = host.run("merge", |database, moment| database.merge(&moment, &request));
    say("merged", &merged);
    let back = MergeRequest { policy: Policy::Newest, ..merging("main", "old") };
    let merged = host.run("merge into old", |database, moment| database.merge(&moment, &back));
    say("merged", &merged.value.commit);
    let back = MergeRequest { delete_source: true, ..merging("old", "dev") };
    let merged = host.run("merge and delete", |database, moment| database.merge(&moment, &back));
    say("merged", &merged.value.commit);

    host.reopen();
    let snapshot = host.run("snapshot", |database, moment| {
        let as_of = AsOf::Scn(Scn(50));
        database.create_snapshot(&moment, "main", &as_of, Some("s".into())).map(|r| r.value)
    });
    say("snapshot", &snapshot);
    let restored = host.run("restore", |database, moment| {
        database.restore(&moment, "main", "s", Some("backup".into()), "me").map(|r| r.value)
    });
    say("restored", &restored);
    let patched = host.run("patch", |database, moment| {
        let patch = BranchPatch { protected: Some(true), ..BranchPatch::default() };
        database.update_branch(&moment, "backup", patch).map(|r| r.value)
    });
    say("patched", &patched);

    host.reopen();
    for branch in ["main", "dev", "backup"] {
        let log = host.run("log", |database, _| database.log(branch, None, None, 500));
        say("log", &log.iter().map(|e| (e.id, e.header.clone())).collect::<Vec<_>>());
        let feed = host.run("feed", |database, _| database.feed(branch, None, 1_000));
        say("feed", &Hash::of(format!("{feed:?}").as_bytes()));
        say("apart", &host.run("divergence", |database, _| database.divergence(branch)));
        say("listed", &host.run("snapshots", |database, _| database.snapshots(branch)));
        say("rows", &Hash::of(host.rows(branch, &AsOf::Now, "users").concat().as_bytes()));
        say("rows", &Hash::of(host.rows(branch, &AsOf::Now, "posts").concat().as_bytes()));
    }
    let diff = host.run("diff", |database, _| {
        let (dev, main) = (("dev", &AsOf::Now), ("main", &AsOf::Now));
        database.diff(dev, main).map(|diff| diff.delta)
    });
    say("diff", &diff);
    let changes = host.run("changes since fork", |database, _| {
        database.changes_since_fork("dev", "main").map(|diff| diff.delta.row_count())
    });
    say("changes", &changes);
    let keyframe = host.run("keyframe", |database, _| {
        let head = database.head("main")?.commit;
        database.write_keyframe(head).map(|_| head)
    });
    say("keyframe", &host.memory.keyframe(&keyframe.0).unwrap());
    let memory = host.memory.clone();
    let gone = host.run("collect", |database, moment| {
        let compact = MemoryCompact(&memory);
        database.collect(&moment, &Default::default(), &compact)
    });
    say("collected", &(gone, memory.chunk_count()));
    let mut wrong = Vec::new();
    host.run("verify", |database, _| {
        wrong.clear();
        database.verify(&mut |what| wrong.push(what))
    });
    say("verified", &wrong);
    assert_eq!(wrong, Vec::<String>::new());
    said
}

/// The most restarts of one operation. The script's trees have three levels, and its longest line 450
/// commits. To find a commit on a line costs up to 2·log₂ of its length, to read a stretch of it as
/// much, a tree its levels and a few more; a merge does each of these about once.
const RESTARTS_MAX: usize = 48;

/// The most restarts of operations that do less.
const FEWER_RESTARTS_MAX: [(&str, usize); 8] = [
    ("small commit", 12),
    ("race", 12),
    ("snapshots", 4),
    ("diff", 8),
    ("collect", 32),
    ("verify", 32),
    ("divergence", 36),
    ("feed", 36),
];

#[test]
fn a_store_that_always_misses_gives_the_same_answers() {
    let warm = script(&mut Host::new(false));
    let mut host = Host::new(true);
    let cold = script(&mut host);
    for (warm, cold) in warm.iter().zip(&cold) {
        assert_eq!(warm, cold);
    }
    assert_eq!(warm.len(), cold.len());
    assert!(host.cold.as_ref().unwrap().misses.load(Ordering::Relaxed) > 1_000);
    let mut worst: std::collections::BTreeMap<&str, usize> = Default::default();
    for (what, restarts) in &host.restarts {
        let most = worst.entry(what).or_default();
        *most = (*restarts).max(*most);
    }
    println!("{worst:#?}");
    for (what, restarts) in &worst {
        assert!(*restarts <= RESTARTS_MAX, "{what} started again {restarts} times");
    }
    for (what, most) in FEWER_RESTARTS_MAX {
        assert!(worst[what] <= most, "{what} started again {} times", worst[what]);
    }
}

#[test]
fn a_working_set_that_is_too_small_says_so() {
    let mut host = Host::new(true);
    host.write("create tables", "main", |txn| {
        tables().into_iter().try_for_each(|def| txn.create_table(def).map(drop))
    });
    host.write("fill", "main", |txn| {
        (0..2_000).try_for_each(|i| {
            insert(txn, "users", vec![NULL, text(&format!("{i}")), NULL, text(&"x".repeat(80))])
        })
    });
    host.reopen();
    host.set = Arc::new(WorkingSet::new(64 << 10));
    let read = host.try_run("read", |database, _| {
        let (point, chunks) = (database.point("main", &AsOf::Now)?, database.chunks());
        let all = offshoot_core::tree::KeyRange::all();
        let mut cursor = point.state.find("users")?.rows.cursor(&chunks, &all, false)?;
        while cursor.next()?.is_some() {}
        Ok(())
    });
    assert!(matches!(read, Err(Error::Limit(_))), "{read:?}");
    host.set = Arc::new(WorkingSet::new(64 << 20));
    assert_eq!(host.rows("main", &AsOf::Now, "users").len(), 2_000);
}
