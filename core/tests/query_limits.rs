//! No query spins beyond its deadline, exhausts memory or overflows a stack, whatever it says.

use offshoot_core::chunk::MemoryStore;
use offshoot_core::database::{AsOf, Database};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::{Limits, Output, Request, Session};
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

fn session() -> Session {
    let store = Arc::new(MemoryStore::new());
    let database = Arc::new(Database::open(store, &moment()).unwrap().value);
    let mut session = Session::new(database, "main", "");
    run(&mut session, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", Limits::default())
        .unwrap();
    let rows: Vec<String> = (1..=1_000).map(|i| format!("({i}, 'row {i}')")).collect();
    let insert = format!("INSERT INTO t VALUES {}", rows.join(", "));
    run(&mut session, &insert, Limits::default()).unwrap();
    session
}

fn run(session: &mut Session, sql: &str, limits: Limits) -> Result<Output> {
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

/// A deadline that passes after so many looks at it.
fn expiring(looks: u64) -> (Limits, Arc<AtomicU64>) {
    let seen = Arc::new(AtomicU64::new(0));
    let counted = seen.clone();
    let expired = move || counted.fetch_add(1, Ordering::Relaxed) >= looks;
    (Limits { expired: Some(Arc::new(expired)), ..Limits::default() }, seen)
}

/// What runs long: each of these would take hours.
const ENDLESS: [&str; 12] = [
    "SELECT COUNT(*) FROM generate_series(1, 1000000000000)",
    "SELECT COUNT(*) FROM SERIES(1000000000000)",
    "SELECT * FROM generate_series(1, 1000000000000) AS g(n) WHERE n < 0",
    "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT (x + 1) % 10 FROM r WHERE x < -1 OR x = 1) \
     SELECT COUNT(*) FROM r, t a, t b, t c, t d",
    "SELECT COUNT(*) FROM t a, t b, t c, t d, t e",
    "SELECT COUNT(*) FROM t a JOIN t b ON a.id < b.id JOIN t c ON b.id < c.id JOIN t d ON c.id < d.id",
    "SELECT a.id FROM t a LEFT JOIN generate_series(1, 100000000000) AS g(n) ON g.n = -a.id \
     WHERE g.n IS NOT NULL AND (SELECT COUNT(*) FROM generate_series(1, 10000000000)) > 0",
    "SELECT id FROM t WHERE EXISTS \
     (SELECT 1 FROM generate_series(1, 1000000000000) AS g(n) WHERE n = -t.id)",
    "SELECT id, (SELECT SUM(n) FROM generate_series(t.id, 1000000000000) AS g(n)) FROM t",
    "SELECT id IN (SELECT n * 0 FROM generate_series(1, 1000000000000) AS g(n) WHERE n < 0) FROM t",
    "SELECT 1 FROM generate_series(1, 1000000000000) EXCEPT SELECT 1",
    "SELECT DISTINCT n * 0 FROM generate_series(1, 1000000000000) AS g(n)",
];

#[test]
fn what_would_not_end_stops_at_its_deadline() {
    let mut session = session();
    for sql in ENDLESS {
        let (limits, seen) = expiring(20);
        let stopped = run(&mut session, sql, limits);
        // Keeping all of it may reach the limit of memory first.
        assert!(matches!(stopped, Err(Error::Timeout)), "{sql}: {stopped:?}");
        assert!(seen.load(Ordering::Relaxed) <= 22, "{sql}: went on after its deadline");
    }
    assert_eq!(run(&mut session, "SELECT 1", Limits::default()).unwrap().rows, [[Value::Int(1)]]);
}

/// What holds much: each of these would need gigabytes.
const GREEDY: [&str; 9] = [
    "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT COUNT(*) FROM r",
    "WITH RECURSIVE r(x) AS (SELECT 1 UNION SELECT x + 1 FROM r) SELECT COUNT(*) FROM r",
    "SELECT n FROM generate_series(1, 1000000000000) AS g(n) ORDER BY n DESC",
    "SELECT n, COUNT(*) FROM generate_series(1, 1000000000000) AS g(n) GROUP BY n",
    "SELECT DISTINCT n FROM generate_series(1, 1000000000000) AS g(n)",
    "SELECT n, SUM(n) OVER () FROM generate_series(1, 1000000000000) AS g(n)",
    "SELECT a.n FROM generate_series(1, 1000000000000) a(n) JOIN generate_series(1, 1000000000000) b(n) \
     ON a.n = b.n",
    "SELECT GROUP_CONCAT(a) FROM t JOIN generate_series(1, 100000000) g(n) ON TRUE",
    "SELECT n FROM generate_series(1, 1000000000000) AS g(n) INTERSECT \
     SELECT n FROM generate_series(1, 1000000000000) AS h(n)",
];

#[test]
fn what_would_fill_memory_is_stopped_before() {
    let mut session = session();
    for sql in GREEDY {
        let limits = Limits { memory_bytes: 4 << 20, ..Limits::default() };
        let stopped = run(&mut session, sql, limits);
        assert!(matches!(stopped, Err(Error::Limit(_))), "{sql}: {stopped:?}");
    }
    let limits = Limits { rows: 10, ..Limits::default() };
    let stopped = run(&mut session, "SELECT * FROM t", limits);
    assert!(matches!(stopped, Err(Error::Limit(_))), "{stopped:?}");
}

/// Runs on a stack of the size that a host gives, and small enough that recursion would show.
fn on_a_small_stack(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(4 << 20).spawn(test).unwrap();
    thread.join().unwrap();
}

#[test]
fn deep_statements_are_answered_or_refused() {
    on_a_small_stack(|| {
        let mut session = session();
        let nested = |depth: usize, open: &str, inner: &str, close: &str| {
            format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
        };
        for depth in [5, 20, 40, 100, 1_000, 20_000] {
            let deep = [
                format!("SELECT {}", nested(depth, "(", "1", ")")),
                format!("SELECT {}", nested(depth, "(SELECT ", "1", ")")),
                nested(depth, "SELECT * FROM (", "SELECT 1", ") AS t"),
                nested(depth, "SELECT 1 WHERE EXISTS (", "SELECT 1", ")"),
                format!("SELECT 1{}", " UNION SELECT 1".repeat(depth)),
                format!("SELECT 1{}", " INTERSECT SELECT 1".repeat(depth)),
                format!("SELECT * FROM t AS t0{}", ", t".repeat(depth)),
                format!("SELECT 1 FROM t{}", " JOIN t AS u ON TRUE".repeat(depth)),
                format!("SELECT id{} FROM t WHERE id = 1", " + id".repeat(depth)),
                format!("SELECT id FROM t WHERE id = 1{}", " OR id = 2".repeat(depth)),
                format!("SELECT {}id FROM t WHERE id = 1", "- ".repeat(depth)),
                format!("SELECT {}TRUE", "NOT ".repeat(depth)),
                format!("SELECT 1{}", "::INTEGER".repeat(depth)),
                format!("SELECT {}", nested(depth, "CASE WHEN TRUE THEN ", "1", " END")),
                format!("SELECT {}", nested(depth, "abs(", "1", ")")),
                format!("VALUES {}(1)", "(1), ".repeat(depth)),
            ];
            for sql in deep {
                match run(
                    &mut session,
                    &sql,
                    Limits { memory_bytes: 64 << 20, ..Limits::default() },
                ) {
                    Ok(_) | Err(Error::Limit(_) | Error::Sql(_) | Error::Unsupported(_)) => {}
                    Err(other) => panic!("{:.60}… of {depth}: {other}", sql),
                }
            }
        }
        // Each name doubles what it stands for.
        let mut sql = String::from("WITH c0 AS (SELECT 1 AS x)");
        for n in 1..40 {
            let before = n - 1;
            sql +=
                &format!(", c{n} AS (SELECT a.x FROM c{before} a JOIN c{before} b ON a.x = b.x)");
        }
        let done =
            run(&mut session, &format!("{sql} SELECT * FROM c39"), Limits::default()).unwrap();
        assert_eq!(done.rows, [[Value::Int(1)]]);
    });
}
