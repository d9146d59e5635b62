//! Statements of one row find it by the shortest way, however large the table: on a table of a
//! million rows each reads at most three times the depth of every tree that it has to do with.
//!
//! The chunks are counted where they are asked for, in the store, so that what commits, foreign keys
//! and uniqueness read counts as well. The database is opened anew on a keyframe before: the rows lie
//! in trees, not in what the session that wrote them still remembers.

use offshoot_core::chunk::{
    Chunk, ChunkSource, Hash, MemoryStore, Outcome, Store, StoreError, Ticket, Write,
};
use offshoot_core::database::{AsOf, Database};
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::{Limits, Output, Request, Session};
use offshoot_core::value::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

const ROWS: i64 = 1_000_000;
/// Rows that one statement brings in.
const ROWS_AT_ONCE: i64 = 50_000;
/// Chunks for each level of each tree.
const READS_PER_LEVEL: u64 = 3;

/// Counts what is read.
#[derive(Default)]
struct Counting {
    inner: MemoryStore,
    reads: AtomicU64,
}

impl ChunkSource for Counting {
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.chunk(hash)
    }
}

impl Store for Counting {
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

static MOMENTS: AtomicI64 = AtomicI64::new(1);

fn moment() -> Moment {
    let number = MOMENTS.fetch_add(1, Ordering::Relaxed);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    Moment { now: Micros(1_700_000_000_000_000 + number), seed }
}

fn run(session: &mut Session, sql: &str) -> Output {
    let request = Request {
        sql,
        params: &[],
        as_of: AsOf::Now,
        read_only: false,
        limits: Limits::default(),
        moment: moment(),
    };
    session.execute(&request).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn opened(store: &Arc<Counting>) -> (Arc<Database>, Session) {
    let database = Arc::new(Database::open(store.clone(), &moment()).unwrap().value);
    (database.clone(), Session::new(database, "main", ""))
}

fn filled() -> Arc<Counting> {
    let store = Arc::new(Counting::default());
    let (_, mut session) = opened(&store);
    for sql in [
        "CREATE TABLE item (id INTEGER PRIMARY KEY, code TEXT, shelf INTEGER, stock INTEGER)",
        "CREATE UNIQUE INDEX by_code ON item (code)",
        "CREATE INDEX by_shelf ON item (shelf)",
        "CREATE TABLE sale (id INTEGER PRIMARY KEY, item INTEGER REFERENCES item (id))",
        "CREATE INDEX by_item ON sale (item)",
        "CREATE TABLE cell (x INTEGER, y INTEGER, v INTEGER, PRIMARY KEY (x, y))",
    ] {
        run(&mut session, sql);
    }
    for first in (1..=ROWS).step_by(ROWS_AT_ONCE as usize) {
        let last = first + ROWS_AT_ONCE - 1;
        // Shelves and codes do not ascend with the key, so no tree is only appended to.
        run(
            &mut session,
            &format!(
                "INSERT INTO item SELECT n, 'c' || (n * 7919 % {ROWS}), n * 31 % 5003, 0 \
                 FROM generate_series({first}, {last}) AS g(n)"
            ),
        );
        run(
            &mut session,
            &format!(
                "INSERT INTO cell SELECT n / 1000, n % 1000, n \
                 FROM generate_series({first}, {last}) AS g(n)"
            ),
        );
    }
    run(&mut session, "INSERT INTO sale SELECT n, n FROM generate_series(1, 20000) AS g(n)");
    store
}

/// Levels of the trees of a table: its rows, where the name is empty, or one of its indexes.
fn depth(database: &Database, table: &str, index: &str) -> u64 {
    let point = database.point("main", &AsOf::Now).unwrap();
    let state = point.state.find(table).unwrap();
    let view = match index {
        "" => &state.rows,
        name => {
            let at = state.table.def.indexes.iter().position(|index| index.name == name);
            &state.indexes[at.unwrap_or_else(|| panic!("{table} has no index {name}"))]
        }
    };
    u64::from(view.root().level) + 1
}

#[test]
fn statements_of_one_row_read_a_few_chunks_of_a_million_rows() {
    let store = filled();
    let (database, mut session) = opened(&store);
    let counted = run(&mut session, "SELECT COUNT(*) FROM item").rows;
    assert_eq!(counted, [[Value::Int(ROWS)]]);
    let root = database.point("main", &AsOf::Now).unwrap().state.find("item").unwrap().rows.root();
    assert!(root.count > ROWS as u64 / 2, "{} rows lie in the tree", root.count);

    const ITEM: (&str, &str) = ("item", "");
    const CODE: (&str, &str) = ("item", "by_code");
    const SHELF: (&str, &str) = ("item", "by_shelf");
    const SALE: (&str, &str) = ("sale", "");
    const SOLD: (&str, &str) = ("sale", "by_item");
    const CELL: (&str, &str) = ("cell", "");
    let statements: [(&str, &[(&str, &str)]); 23] = [
        ("SELECT code FROM item WHERE id = 123456", &[ITEM]),
        ("SELECT id FROM item WHERE code = 'c345678'", &[CODE, ITEM]),
        ("UPDATE item SET stock = 7 WHERE id = 234567", &[ITEM]),
        ("UPDATE item SET shelf = 77 WHERE id = 345678", &[ITEM, SHELF]),
        ("UPDATE item SET code = 'new' WHERE id = 456789", &[ITEM, CODE]),
        ("UPDATE item SET stock = 8 WHERE code = 'c456789'", &[CODE, ITEM]),
        ("DELETE FROM item WHERE id = 567890", &[ITEM, CODE, SHELF, SOLD]),
        (
            "INSERT INTO item VALUES (678901, 'x', 1, 1) ON CONFLICT (id) DO UPDATE SET stock = 9",
            &[ITEM, CODE, SHELF],
        ),
        (
            "INSERT INTO item VALUES (2000000, 'c789012', 1, 1) \
             ON CONFLICT (code) DO UPDATE SET stock = excluded.stock",
            &[ITEM, CODE, SHELF],
        ),
        (
            "INSERT INTO item VALUES (2000001, 'y', 1, 1) ON CONFLICT (id) DO NOTHING",
            &[ITEM, CODE, SHELF],
        ),
        ("INSERT INTO item VALUES (2000002, 'z', 1, 1)", &[ITEM, CODE, SHELF]),
        ("INSERT INTO sale VALUES (30000, 876543)", &[SALE, SOLD, ITEM]),
        ("UPDATE sale SET item = 765432 WHERE id = 10000", &[SALE, SOLD, ITEM]),
        ("DELETE FROM sale WHERE id = 11111", &[SALE, SOLD]),
        ("SELECT v FROM cell WHERE x = 123 AND y = 456", &[CELL]),
        ("SELECT v FROM cell WHERE (x, y) = (234, 567)", &[CELL]),
        ("UPDATE cell SET v = 0 WHERE (x, y) = (345, 678)", &[CELL]),
        ("DELETE FROM cell WHERE x = 456 AND y = 789", &[CELL]),
        ("INSERT INTO cell VALUES (567, 890, 1) ON CONFLICT (x, y) DO UPDATE SET v = 1", &[CELL]),
        ("INSERT OR REPLACE INTO cell VALUES (678, 901, 1)", &[CELL]),
        ("INSERT OR REPLACE INTO item VALUES (135791, 'w', 1, 1)", &[ITEM, CODE, SHELF, SOLD]),
        (
            "UPDATE item SET stock = s.id FROM sale AS s WHERE s.id = 12345 AND item.id = s.item",
            &[ITEM, SALE],
        ),
        (
            "DELETE FROM cell USING sale AS s WHERE s.id = 15000 AND x = s.item / 1000 AND y = s.item % 1000",
            &[CELL, SALE],
        ),
    ];
    let mut wrong = Vec::new();
    for (sql, trees) in statements {
        let most: u64 = trees.iter().map(|(table, index)| depth(&database, table, index)).sum();
        let most = READS_PER_LEVEL * most;
        let before = store.reads.load(Ordering::Relaxed);
        let output = run(&mut session, sql);
        let reads = store.reads.load(Ordering::Relaxed) - before;
        let found = output.affected.max(output.rows.len() as u64);
        println!("{reads:>3} of at most {most:>3} chunks: {sql}");
        assert_eq!(found, 1, "{sql}");
        if reads == 0 || reads > most {
            wrong.push(format!("{reads} chunks, at most {most}: {sql}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
