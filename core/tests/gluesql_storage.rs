//! GlueSQL on a branch beside Offshoot's own sessions: one set of tables, seen from both sides.

use gluesql_core::error::{Error as GlueError, ValidateError};
use gluesql_core::prelude::{Glue, Payload, Value as G};
use offshoot_core::chunk::{
    Chunk, ChunkSource, Hash, MemoryStore, Outcome, Store, StoreError, Ticket, Write,
};
use offshoot_core::database::{AsOf, BranchPatch, Database, NewBranch};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::{BranchStorage, Limits, Output, Request, Session};
use offshoot_core::value::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

static MOMENTS: AtomicI64 = AtomicI64::new(1);

fn moment() -> Moment {
    let number = MOMENTS.fetch_add(1, Ordering::Relaxed);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    Moment { now: Micros(1_700_000_000_000_000 + number), seed }
}

fn database() -> Arc<Database> {
    Arc::new(Database::open(Arc::new(MemoryStore::new()), &moment()).unwrap().value)
}

fn glue(database: &Arc<Database>, branch: &str) -> Glue<BranchStorage> {
    Glue::new(BranchStorage::new(database.clone(), branch, Box::new(moment)))
}

fn rows(glue: &mut Glue<BranchStorage>, sql: &str) -> Vec<Vec<G>> {
    match glue.execute(sql).unwrap().pop() {
        Some(Payload::Select { rows, .. }) => rows,
        other => panic!("{sql}: {other:?}"),
    }
}

fn run(database: &Arc<Database>, branch: &str, sql: &str) -> Result<Output> {
    let mut session = Session::new(database.clone(), branch, "");
    let limits = Limits::default();
    let as_of = AsOf::Now;
    session.execute(&Request {
        sql,
        params: &[],
        as_of,
        read_only: false,
        limits,
        moment: moment(),
    })
}

fn texts(database: &Arc<Database>, branch: &str, sql: &str) -> Vec<Vec<String>> {
    let rows = run(database, branch, sql).unwrap().rows;
    rows.iter().map(|row| row.iter().map(Value::to_text).collect()).collect()
}

fn branch(database: &Database, name: &str) {
    let new = NewBranch { name: name.into(), source: "main".into(), ..NewBranch::default() };
    database.create_branch(&moment(), new).unwrap();
}

#[test]
fn what_gluesql_creates_obeys_its_rules_in_a_session() {
    let database = database();
    let mut glue = glue(&database, "main");
    glue.execute(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'none',
             mail TEXT UNIQUE NULL, small INT8 NULL, at TIMESTAMP DEFAULT NOW(),
             odd FLOAT NULL DEFAULT RAND() * 2);
         CREATE TABLE child (p INTEGER, FOREIGN KEY (p) REFERENCES parent (id));",
    )
    .unwrap();
    run(&database, "main", "INSERT INTO parent (id, mail, odd) VALUES (1, 'a', 1)").unwrap();
    let read = rows(&mut glue, "SELECT id, name, mail, small, at IS NULL FROM parent");
    let text = |s: &str| G::Str(s.into());
    assert_eq!(read, [[G::I64(1), text("none"), text("a"), G::Null, G::Bool(false)]]);
    for (sql, refused) in [
        ("INSERT INTO parent (id, mail, odd) VALUES (2, 'a', 1)", "already has a row"),
        ("INSERT INTO parent (id, name, odd) VALUES (2, NULL, 1)", "takes no NULL"),
        ("INSERT INTO parent (id, small, odd) VALUES (2, 128, 1)", "128"),
        ("INSERT INTO parent (id) VALUES (2)", "for GlueSQL to evaluate"),
        ("INSERT INTO child VALUES (7)", "lacks"),
    ] {
        let error = run(&database, "main", sql).unwrap_err().to_string();
        assert!(error.contains(refused), "{sql}: {error}");
    }
    run(&database, "main", "INSERT INTO child VALUES (1)").unwrap();
    let refused = glue.execute("DELETE FROM parent WHERE id = 1").unwrap_err().to_string();
    assert!(refused.contains("child.p"), "{refused}");
}

#[test]
fn what_a_session_creates_obeys_its_rules_in_gluesql() {
    let database = database();
    run(
        &database,
        "main",
        "CREATE TABLE t (a INTEGER, b VARCHAR(3), c DECIMAL(6,2) DEFAULT 1.5 CHECK (c > 0),
             d BIGINT UNIQUE, j JSON, PRIMARY KEY (a, b))",
    )
    .unwrap();
    let mut glue = glue(&database, "main");
    glue.execute("INSERT INTO t (a, b, d) VALUES (1, 'x', 10), (1, 'y', 11)").unwrap();
    assert_eq!(
        texts(&database, "main", "SELECT a, b, c, d FROM t ORDER BY b"),
        [["1", "x", "1.5", "10"], ["1", "y", "1.5", "11"]]
    );
    for (sql, refused) in [
        ("INSERT INTO t (a, b, d) VALUES (1, 'x', 12)", "already has a row"),
        ("INSERT INTO t (a, b, d) VALUES (2, 'long', 12)", "long"),
        ("INSERT INTO t (a, b, c, d) VALUES (2, 'z', -1, 12)", "fails the check"),
        ("INSERT INTO t (a, b, d) VALUES (2, 'z', 10)", "duplicate"),
    ] {
        let error = glue.execute(sql).unwrap_err().to_string();
        assert!(error.contains(refused), "{sql}: {error}");
    }
    glue.execute("UPDATE t SET d = 20 WHERE b = 'x'; DELETE FROM t WHERE b = 'y'").unwrap();
    assert_eq!(texts(&database, "main", "SELECT a, b, d FROM t"), [["1", "x", "20"]]);
}

#[test]
fn a_batch_that_names_a_key_twice_is_refused_whole() {
    let database = database();
    let mut glue = glue(&database, "main");
    glue.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); CREATE TABLE two (a INTEGER, b INTEGER)")
        .unwrap();
    let twice = glue.execute("INSERT INTO t VALUES (1, 1), (2, 2), (1, 3)").unwrap_err();
    let key = gluesql_core::data::Key::I64(1);
    assert_eq!(twice, GlueError::Validate(ValidateError::DuplicateEntryOnPrimaryKeyField(key)));
    // GlueSQL checks neither the number of columns nor keys of what a query gives.
    assert!(glue.execute("INSERT INTO two SELECT N FROM SERIES(3)").is_err());
    assert!(glue.execute("INSERT INTO t SELECT 5, 5 FROM SERIES(2)").is_err());
    assert_eq!(texts(&database, "main", "SELECT COUNT(*) FROM t"), [["0"]]);
    assert_eq!(texts(&database, "main", "SELECT COUNT(*) FROM two"), [["0"]]);
}

#[test]
fn an_index_follows_whoever_writes() {
    let database = database();
    let mut glue = glue(&database, "main");
    glue.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NULL, s TEXT);
         INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, NULL, 'c');
         CREATE INDEX by_n ON t (n); CREATE INDEX by_sum ON t (n + id);",
    )
    .unwrap();
    run(&database, "main", "UPDATE t SET n = 30 WHERE id = 1").unwrap();
    run(&database, "main", "INSERT INTO t VALUES (4, 5, 'd')").unwrap();
    run(&database, "main", "DELETE FROM t WHERE id = 2").unwrap();
    let ids = |glue: &mut Glue<BranchStorage>, sql: &str| {
        rows(glue, sql).into_iter().map(|mut row| row.remove(0)).collect::<Vec<_>>()
    };
    assert_eq!(ids(&mut glue, "SELECT id FROM t WHERE n < 31"), [G::I64(4), G::I64(1)]);
    assert_eq!(ids(&mut glue, "SELECT id FROM t WHERE n + id = 31"), [G::I64(1)]);
    let order = ids(&mut glue, "SELECT id FROM t ORDER BY n DESC");
    assert_eq!(order, [G::I64(3), G::I64(1), G::I64(4)]);
    // A session drops one and renames what the other reads: GlueSQL goes on without them.
    run(&database, "main", "DROP INDEX by_n").unwrap();
    run(&database, "main", "ALTER TABLE t RENAME COLUMN id TO key").unwrap();
    let order = rows(&mut glue, "SELECT key FROM t WHERE n + key = 31 ORDER BY n");
    assert_eq!(order, [[G::I64(1)]]);
    assert!(glue.execute("DROP INDEX t.by_n").is_err());
}

#[test]
fn comments_and_defaults_survive_what_a_session_alters() {
    let database = database();
    let mut glue = glue(&database, "main");
    glue.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY COMMENT 'it''s', n INTEGER DEFAULT 1 + 2)
             COMMENT = 'all of it'",
    )
    .unwrap();
    run(&database, "main", "ALTER TABLE t ADD COLUMN more TEXT DEFAULT 'x'").unwrap();
    let described = "SELECT COLUMN_NAME, DEFAULT, COMMENT FROM GLUE_TABLE_COLUMNS";
    let text = |s: &str| G::Str(s.into());
    assert_eq!(
        rows(&mut glue, described),
        [
            [text("id"), G::Null, text("it's")],
            [text("n"), text("1 + 2"), G::Null],
            [text("more"), text("'x'"), G::Null]
        ]
    );
    assert_eq!(rows(&mut glue, "SELECT COMMENT FROM GLUE_TABLES"), [[text("all of it")]]);
    run(&database, "main", "ALTER TABLE t ALTER COLUMN n SET DEFAULT 9").unwrap();
    glue.execute("INSERT INTO t (id) VALUES (1)").unwrap();
    assert_eq!(texts(&database, "main", "SELECT id, n, more FROM t"), [["1", "9", "x"]]);
}

#[test]
fn nanoseconds_are_gluesqls_alone() {
    let database = database();
    let mut glue = glue(&database, "main");
    glue.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, gone TEXT, at TIMESTAMP, n INTEGER)")
        .unwrap();
    glue.execute("INSERT INTO t VALUES (1, '', '2024-01-02 03:04:05.123456789', 0)").unwrap();
    let exact = "SELECT id FROM t WHERE at = TIMESTAMP '2024-01-02 03:04:05.123456789'";
    assert_eq!(rows(&mut glue, exact), [[G::I64(1)]]);
    let read = texts(&database, "main", "SELECT id, at, n FROM t");
    assert_eq!(read, [["1", "2024-01-02 03:04:05.123456", "0"]]);
    glue.execute("ALTER TABLE t ADD COLUMN late INTEGER DEFAULT 4; ALTER TABLE t DROP COLUMN gone")
        .unwrap();
    let kept = "SELECT late FROM t WHERE at = TIMESTAMP '2024-01-02 03:04:05.123456789'";
    assert_eq!(rows(&mut glue, kept), [[G::I64(4)]]);
    run(&database, "main", "UPDATE t SET n = 1").unwrap();
    assert_eq!(rows(&mut glue, kept), Vec::<Vec<G>>::new());
}

#[test]
fn functions_belong_to_their_branch() {
    let database = database();
    let mut main = glue(&database, "main");
    main.execute("CREATE FUNCTION twice (n INTEGER) RETURN n * 2").unwrap();
    branch(&database, "other");
    let mut other = glue(&database, "other");
    assert_eq!(rows(&mut other, "SELECT TWICE(4) AS r"), [[G::I64(8)]]);
    other.execute("DROP FUNCTION twice").unwrap();
    assert!(other.execute("SELECT twice(4) AS r").is_err());
    assert_eq!(rows(&mut main, "SELECT twice(4) AS r"), [[G::I64(8)]]);
    main.execute("BEGIN; DROP FUNCTION twice").unwrap();
    assert!(main.execute("SELECT twice(4) AS r").is_err());
    main.execute("ROLLBACK").unwrap();
    assert_eq!(rows(&mut main, "SELECT twice(4) AS r"), [[G::I64(8)]]);
}

#[test]
fn a_lost_race_is_told_as_one() {
    let database = database();
    let (mut a, mut b) = (glue(&database, "main"), glue(&database, "main"));
    a.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 0)")
        .unwrap();
    a.execute("BEGIN; UPDATE t SET n = 1").unwrap();
    b.execute("UPDATE t SET n = 2").unwrap();
    assert!(matches!(a.execute("COMMIT"), Err(GlueError::StorageMsg(_))));
    assert!(matches!(a.storage.take_error(), Some(Error::WriteConflict(_))));
    assert!(a.storage.take_error().is_none());
    assert_eq!(rows(&mut a, "SELECT n FROM t"), [[G::I64(2)]]);
}

#[test]
fn a_failed_statement_of_a_transaction_leaves_nothing() {
    let database = database();
    let mut glue = glue(&database, "main");
    glue.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)").unwrap();
    glue.execute("BEGIN; INSERT INTO t VALUES (1)").unwrap();
    // The table is made before its rows are found to clash.
    let clash = "CREATE TABLE copy AS SELECT * FROM t; INSERT INTO copy SELECT 1 FROM SERIES(1)";
    assert!(glue.execute(clash).is_err());
    glue.execute("INSERT INTO t VALUES (2); COMMIT").unwrap();
    assert_eq!(texts(&database, "main", "SELECT id FROM t ORDER BY id"), [["1"], ["2"]]);
    assert_eq!(texts(&database, "main", "SELECT id FROM copy"), [["1"]]);
}

#[test]
fn a_protected_branch_can_be_read() {
    let database = database();
    let mut glue = glue(&database, "main");
    glue.execute("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1)").unwrap();
    let patch = BranchPatch { protected: Some(true), ..BranchPatch::default() };
    database.update_branch(&moment(), "main", patch).unwrap();
    assert_eq!(rows(&mut glue, "SELECT id FROM t"), [[G::I64(1)]]);
    assert!(glue.execute("INSERT INTO t VALUES (2)").is_err());
    assert!(matches!(glue.storage.take_error(), Some(Error::Protected(..))));
    assert_eq!(rows(&mut glue, "SELECT id FROM t"), [[G::I64(1)]]);
}

/// A store that counts the chunks that are read, and can have none at hand.
struct Watched {
    inner: MemoryStore,
    reads: AtomicU64,
    absent: AtomicU64,
}

impl ChunkSource for Watched {
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        match self.absent.load(Ordering::Relaxed) {
            0 => self.inner.chunk(hash),
            _ => Ok(None),
        }
    }
}

impl Store for Watched {
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

#[test]
fn a_limit_stops_the_scan_and_a_fault_is_told_as_one() {
    let store = Arc::new(Watched {
        inner: MemoryStore::new(),
        reads: AtomicU64::new(0),
        absent: AtomicU64::new(0),
    });
    let database = Arc::new(Database::open(store.clone(), &moment()).unwrap().value);
    let mut glue = glue(&database, "main");
    glue.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)").unwrap();
    glue.execute("INSERT INTO t SELECT N, REPEAT('x', 200) FROM SERIES(20000)").unwrap();
    let reads = |glue: &mut Glue<BranchStorage>, sql: &str| {
        let before = store.reads.load(Ordering::Relaxed);
        rows(glue, sql);
        store.reads.load(Ordering::Relaxed) - before
    };
    let all = reads(&mut glue, "SELECT id FROM t");
    let few = reads(&mut glue, "SELECT id FROM t LIMIT 3");
    let one = reads(&mut glue, "SELECT id FROM t WHERE id = 9999");
    assert!(all > 200, "{all}");
    assert!(few < 10 && one < 10, "{few}, {one}");
    store.absent.store(1, Ordering::Relaxed);
    assert!(glue.execute("SELECT id FROM t").is_err());
    assert!(matches!(glue.storage.take_error(), Some(Error::Fault(_))));
    store.absent.store(0, Ordering::Relaxed);
    assert_eq!(rows(&mut glue, "SELECT COUNT(*) FROM t"), [[G::I64(20_000)]]);
}
