//! What a session promises beyond single statements: races are run again, a reader never waits,
//! limits stop what runs, and no statement can overflow a stack.

use offshoot_core::chunk::MemoryStore;
use offshoot_core::database::{AsOf, Database};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::{
    Limits, OnConflict, Output, Request, Session, delete_rows, insert_rows, update_rows,
};
use offshoot_core::value::Value;
use serde_json::{Map, Value as Json, json};
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

fn request<'r>(sql: &'r str, params: &'r [Value], limits: Limits) -> Request<'r> {
    Request { sql, params, as_of: AsOf::Now, read_only: false, limits, moment: moment() }
}

fn run_with(session: &mut Session, sql: &str, limits: Limits) -> Result<Output> {
    session.execute(&request(sql, &[], limits))
}

fn run(session: &mut Session, sql: &str) -> Result<Output> {
    run_with(session, sql, Limits::default())
}

/// A number that a query gives.
fn number(session: &mut Session, sql: &str) -> i64 {
    match run(session, sql).unwrap().rows[0][0] {
        Value::Int(n) => n,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn explain_analyze_tells_the_time_that_the_host_gives() {
    let mut session = Session::new(database(), "main", "");
    run(&mut session, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT)").unwrap();
    run(&mut session, "INSERT INTO t VALUES (1, 0), (2, 0)").unwrap();
    // Each look at the clock takes 1.5 ms.
    let looks = AtomicU64::new(0);
    let clock = Arc::new(move || looks.fetch_add(1500, Ordering::Relaxed));
    let limits = Limits { clock: Some(clock), ..Limits::default() };
    let mut plan = |sql: &str, limits: &Limits| -> Vec<String> {
        let output = run_with(&mut session, sql, limits.clone()).unwrap();
        output.rows.iter().map(|row| row[0].to_text()).collect()
    };
    // Opened, two rows and the end: four times.
    let scan = "scan t (2 rows in 1 runs, 0 chunk reads, 6.000 ms)";
    assert_eq!(plan("EXPLAIN ANALYZE SELECT n FROM t", &limits).last().unwrap(), scan);
    let lines = plan("EXPLAIN ANALYZE UPDATE t SET n = 1", &limits);
    assert_eq!(lines[0], "update t (2 rows, 0 chunk reads, 4.500 ms)");
    assert_eq!(lines[1], "  scan t (2 rows in 1 runs, 0 chunk reads, 1.500 ms)");
    assert_eq!(plan("EXPLAIN SELECT n FROM t", &limits), ["scan t"]);
    let untold = plan("EXPLAIN ANALYZE SELECT n FROM t", &Limits::default());
    assert_eq!(untold.last().unwrap(), "scan t (2 rows in 1 runs, 0 chunk reads)");
}

/// A statement is told what it is without being run, and runs as it was told.
#[test]
fn what_is_prepared_is_what_runs() {
    let mut session = Session::new(database(), "main", "");
    run(&mut session, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, at DATE)").unwrap();
    for (sql, values) in [
        ("INSERT INTO t VALUES (:id, :name, :at) RETURNING *", &["1", "a", "2024-02-29"][..]),
        ("SELECT name, at FROM t WHERE id = :id AND at >= :at", &["1", "2024-01-01"][..]),
        ("UPDATE t SET name = @name WHERE id = @id RETURNING id, name", &["b", "1"][..]),
        ("DELETE FROM t WHERE id = ? AND name = ? RETURNING at", &["1", "b"][..]),
    ] {
        let rows = number(&mut session, "SELECT COUNT(*) FROM t");
        let prepared = session.prepare(&request(sql, &[], Limits::default())).unwrap();
        assert_eq!(number(&mut session, "SELECT COUNT(*) FROM t"), rows, "{sql} was run");
        assert_eq!(prepared.parameters.len(), values.len(), "{sql}");
        // Text from somewhere, made to what the statement takes.
        let texts = prepared.parameters.iter().zip(values);
        let values = texts.map(|(p, text)| Value::from(*text).coerce(&p.ty).unwrap());
        let values: Vec<Value> = values.collect();
        let output = session.execute(&request(sql, &values, Limits::default())).unwrap();
        assert_eq!((output.kind, output.rows.len()), (prepared.kind, 1), "{sql}");
        assert_eq!(output.columns, prepared.columns, "{sql}");
    }
}

#[test]
fn writers_beside_each_other_lose_no_update() {
    const WRITERS: usize = 8;
    const TURNS: usize = 40;
    let database = database();
    let mut session = Session::new(database.clone(), "main", "");
    run(&mut session, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT)").unwrap();
    run(&mut session, "INSERT INTO t VALUES (1, 0)").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let mut session = Session::new(database.clone(), "main", "");
            scope.spawn(move || {
                for _ in 0..TURNS {
                    // A host waits while another holds the writer slot; nothing else may come up.
                    loop {
                        match run(&mut session, "UPDATE t SET n = n + 1 WHERE id = 1") {
                            Ok(output) => break assert_eq!(output.affected, 1),
                            Err(Error::Busy(_)) => std::thread::yield_now(),
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(number(&mut session, "SELECT n FROM t"), (WRITERS * TURNS) as i64);
}

#[test]
fn transactions_that_are_run_again_lose_no_money() {
    let database = database();
    let mut session = Session::new(database.clone(), "main", "");
    run(&mut session, "CREATE TABLE a (id INTEGER PRIMARY KEY, n INT CHECK (n >= 0))").unwrap();
    run(&mut session, "INSERT INTO a VALUES (0, 100), (1, 100), (2, 100), (3, 100)").unwrap();
    let conflicts = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for writer in 0..4i64 {
            let (mut session, conflicts) = (Session::new(database.clone(), "main", ""), &conflicts);
            scope.spawn(move || {
                for turn in 0..25i64 {
                    let (from, to) = (writer, (writer + turn) % 4);
                    loop {
                        let take = format!("UPDATE a SET n = n - 1 WHERE id = {from}");
                        let give = format!("UPDATE a SET n = n + 1 WHERE id = {to}");
                        let attempt = run(&mut session, "BEGIN")
                            .and_then(|_| run(&mut session, &take))
                            .and_then(|_| run(&mut session, &give))
                            .and_then(|_| run(&mut session, "COMMIT"));
                        match attempt {
                            Ok(_) => break,
                            Err(error) if error.is_retriable() => {
                                conflicts.fetch_add(1, Ordering::Relaxed);
                                if session.in_transaction() {
                                    run(&mut session, "ROLLBACK").unwrap();
                                }
                                std::thread::yield_now();
                            }
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(number(&mut session, "SELECT SUM(n) FROM a"), 400);
}

#[test]
fn an_index_lookup_and_a_scan_agree_after_any_changes() {
    let seed = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(11u64);
    println!("SEED={seed}");
    let mut random = Random(seed);
    let database = database();
    let mut session = Session::new(database, "main", "");
    run(&mut session, "CREATE TABLE t (a INT, b TEXT, c INT, d REAL, PRIMARY KEY (b, a))").unwrap();
    run(&mut session, "CREATE INDEX t_c ON t (c, d DESC)").unwrap();
    run(&mut session, "CREATE INDEX t_bc ON t (LOWER(b), c)").unwrap();
    run(&mut session, "CREATE TABLE plain (a INT, b TEXT, c INT, d REAL)").unwrap();
    let text = |n: u64| ["x", "Y", "zed", "", "é"][n as usize % 5];
    let maybe = |n: u64, of: u64| match n % of {
        0 => "NULL".to_owned(),
        n => (n as i64 - 3).to_string(),
    };
    for _ in 0..400 {
        let (a, b) = (random.next() % 12, text(random.next()));
        let (c, d) = (maybe(random.next(), 9), maybe(random.next(), 5));
        let sql = match random.next() % 4 {
            0 | 1 => format!("INSERT INTO T VALUES ({a}, '{b}', {c}, {d})"),
            2 => format!("UPDATE T SET c = {c}, d = {d} WHERE b = '{b}' AND a >= {a}"),
            _ => format!("DELETE FROM T WHERE a = {a} AND b = '{b}'"),
        };
        // The table without a key and without indexes is the model: it can only be scanned.
        match run(&mut session, &sql.replace(" T ", " t ")) {
            Ok(output) => {
                let model = run(&mut session, &sql.replace(" T ", " plain ")).unwrap();
                assert_eq!(output.affected, model.affected, "{sql}");
            }
            Err(Error::Violation(_)) => {}
            Err(other) => panic!("{sql}: {other}"),
        }
        let (x, y) = (random.next() % 8, random.next() % 12);
        let condition = match random.next() % 10 {
            0 => format!("c = {x}"),
            1 => format!("c > {x} AND d < 2"),
            2 => format!("b = '{b}'"),
            3 => format!("b = '{b}' AND a BETWEEN {x} AND {y}"),
            4 => format!("b > '{b}' AND c IS NULL"),
            5 => format!("b IN ('x', 'é', '{b}') AND a IN ({x}, {y}, 3)"),
            6 => format!("LOWER(b) = 'y' AND c >= {x}"),
            7 => format!("c IN (1, {x}) AND d = 1"),
            8 => format!("c = {x} OR c = 2"),
            _ => format!("c IS NULL AND d > {x}.5"),
        };
        let order = ["", " ORDER BY c, d DESC, b, a", " ORDER BY b DESC, a DESC"];
        let order = order[random.next() as usize % 3];
        let mut ask = |table: &str| {
            let sql = format!("SELECT a, b, c, d FROM {table} WHERE {condition}{order}");
            run(&mut session, &sql).unwrap().rows
        };
        let (mut found, mut scanned) = (ask("t"), ask("plain"));
        if order.is_empty() {
            let key = |row: &Vec<Value>| format!("{row:?}");
            found.sort_by_key(key);
            scanned.sort_by_key(key);
        }
        assert_eq!(found, scanned, "{condition}{order}");
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

#[test]
fn limits_stop_a_statement_and_leave_nothing_behind() {
    let mut session = Session::new(database(), "main", "");
    run(&mut session, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)").unwrap();
    let values: Vec<String> = (0..5000).map(|n| format!("({n}, 'some text {n}')")).collect();
    run(&mut session, &format!("INSERT INTO t VALUES {}", values.join(", "))).unwrap();
    let rows = Limits { rows: 10, ..Limits::default() };
    let error = run_with(&mut session, "SELECT * FROM t", rows.clone()).unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error}");
    assert_eq!(run_with(&mut session, "SELECT * FROM t LIMIT 10", rows).unwrap().rows.len(), 10);
    let memory = Limits { memory_bytes: 10_000, ..Limits::default() };
    for sql in [
        "SELECT v FROM t ORDER BY v",
        "SELECT DISTINCT v FROM t",
        "SELECT v, COUNT(*) FROM t GROUP BY v",
        "UPDATE t SET v = 'x'",
        "DELETE FROM t",
    ] {
        let error = run_with(&mut session, sql, memory.clone()).unwrap_err();
        assert!(matches!(error, Error::Limit(_)), "{sql}: {error}");
    }
    // The few largest need no more room than a few.
    run_with(
        &mut session,
        "SELECT v FROM t ORDER BY v DESC LIMIT 5",
        Limits { memory_bytes: 100_000, ..Limits::default() },
    )
    .unwrap();
    let looks = Arc::new(AtomicU64::new(0));
    let counted = looks.clone();
    let expired = Limits {
        expired: Some(Arc::new(move || counted.fetch_add(1, Ordering::Relaxed) >= 2)),
        ..Limits::default()
    };
    let error = run_with(&mut session, "UPDATE t SET v = v || v WHERE v LIKE '%9%'", expired);
    assert!(matches!(error, Err(Error::Timeout)), "{error:?}");
    let short = Limits { sql_bytes: 10, ..Limits::default() };
    let error = run_with(&mut session, "SELECT COUNT(*) FROM t", short).unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error}");
    assert_eq!(number(&mut session, "SELECT COUNT(*) FROM t WHERE v LIKE 'some text%'"), 5000);
}

#[test]
fn no_statement_overflows_a_small_stack() {
    // Less than the least that any host gives.
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let tried = thread.spawn(|| {
        let mut session = Session::new(database(), "main", "");
        run(&mut session, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)").unwrap();
        run(&mut session, "INSERT INTO t VALUES (1, 'x'), (2, 'y')").unwrap();
        let mut refused = 0;
        for n in [10usize, 45, 100, 200, 300, 650, 1_000, 20_000] {
            let nested = |open: &str, middle: &str, close: &str| {
                format!("SELECT {}{middle}{} FROM t", open.repeat(n), close.repeat(n))
            };
            let list = |item: &str, by: &str| vec![item; n].join(by);
            for sql in [
                nested("(", "1", ")"),
                nested("NOT ", "TRUE", ""),
                nested("- ", "1", ""),
                nested("", "1", "::INTEGER"),
                nested("", "1", " + 1"),
                nested("", "id", " IS NULL"),
                nested("", "v", " || 'z'"),
                nested("", "1", " * 2 + 1"),
                nested("CASE WHEN TRUE THEN ", "1", " END"),
                nested("ABS(", "1", ")"),
                nested("(SELECT ", "1", ")"),
                nested("INTERVAL ", "1", ""),
                nested("1 + limit + ", "1", ""),
                nested("1 BETWEEN 0 AND ", "1", ""),
                nested("", "1", " IN (1)"),
                nested("", "v", "[1]"),
                nested("ARRAY<", "INT", ">"),
                nested("CAST(1 AS STRUCT<a INT, b ", "INT", ">"),
                format!("SELECT id FROM t WHERE {}", list("id = 1", " OR ")),
                format!("SELECT id FROM t WHERE {}", list("id = 1", " AND ")),
                format!("SELECT id FROM t WHERE {}", list("(id = 1 OR v = 'x')", " AND ")),
                format!("SELECT 1 FROM t {}", list("JOIN t ON 1 = 1", " ")),
                list("SELECT 1", " UNION "),
                format!("SELECT id FROM t WHERE id IN ({})", list("1", ", ")),
                format!("SELECT {}", list("1", ", ")),
                format!("CREATE TABLE x (a {})", list("ARRAY<", " ")),
                format!("EXPLAIN {}SELECT 1", "EXPLAIN ".repeat(n)),
                format!("INSERT INTO t (v) VALUES {}", list("('z')", ", ")),
            ] {
                match run(&mut session, &sql) {
                    Ok(_) => {}
                    Err(
                        Error::Limit(_)
                        | Error::Sql(_)
                        | Error::Unsupported(_)
                        | Error::Value(_)
                        | Error::NotFound { .. },
                    ) => refused += 1,
                    Err(other) => panic!("{}: {other}", &sql[..sql.len().min(80)]),
                }
            }
        }
        // Long lists are no danger and are taken.
        let ids: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
        let sql = format!("SELECT COUNT(*) FROM t WHERE id IN ({})", ids.join(", "));
        assert!(number(&mut session, &sql) > 1_000);
        assert!(refused > 50);
    });
    tried.unwrap().join().unwrap();
}

#[test]
fn every_scrap_of_a_statement_is_refused_and_nothing_panics() {
    let mut session = Session::new(database(), "main", "");
    run(&mut session, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)").unwrap();
    let whole = [
        "SELECT a.v AS \"x y\", COUNT(*) FROM t a AS OF SCN 2 WHERE id IN (1, 2) AND v LIKE '%é' \
         GROUP BY a.v HAVING COUNT(*) > 1 ORDER BY 2 DESC NULLS LAST LIMIT 5 OFFSET 1",
        "INSERT INTO t (id, v) VALUES ($1, X'00'), (?, 1e3) ON CONFLICT (id) DO UPDATE SET v = 'x' \
         RETURNING *",
        "CREATE TABLE x (a INT REFERENCES t, b DECIMAL(10,2) DEFAULT -1, UNIQUE (a, b), CHECK (a > 0))",
        "ALTER TABLE t ALTER COLUMN v TYPE VARCHAR(3), ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES t",
    ];
    for sql in whole {
        for end in (0..sql.len()).filter(|end| sql.is_char_boundary(*end)) {
            let begun = run(&mut session, "BEGIN");
            let _ = run(&mut session, &sql[..end]);
            let _ = run(&mut session, &sql[end..]);
            begun.and_then(|_| run(&mut session, "ROLLBACK")).unwrap();
        }
    }
    assert_eq!(number(&mut session, "SELECT COUNT(*) FROM t"), 0);
}

#[test]
fn only_queries_run_where_only_queries_may() {
    let mut session = Session::new(database(), "main", "");
    run(&mut session, "CREATE TABLE t (id INTEGER PRIMARY KEY)").unwrap();
    let mut read_only = request("DELETE FROM t", &[], Limits::default());
    read_only.read_only = true;
    assert!(matches!(session.execute(&read_only), Err(Error::Invalid(_))));
    read_only.sql = "SELECT COUNT(*) FROM t";
    assert!(session.execute(&read_only).is_ok());
}

#[test]
fn temporary_tables_are_bounded_and_end_with_their_session() {
    let database = database();
    let mut session = Session::new(database.clone(), "main", "");
    run(&mut session, "CREATE TEMP TABLE t (id INTEGER PRIMARY KEY, v TEXT)").unwrap();
    let limits = Limits { memory_bytes: 100_000, ..Limits::default() };
    let row = "INSERT INTO t (v) VALUES ('0123456789012345678901234567890123456789')";
    let mut rows = 0;
    let error = loop {
        match run_with(&mut session, row, limits.clone()) {
            Ok(_) => rows += 1,
            Err(error) => break error,
        }
        assert!(rows < 10_000, "it is not bounded");
    };
    assert!(matches!(error, Error::Limit(_)), "{error}");
    assert_eq!(number(&mut session, "SELECT count(*) FROM t"), rows);
    assert_eq!(number(&mut session, "SELECT count(*) FROM offshoot_log"), 1);
    let mut other = Session::new(database, "main", "");
    assert!(matches!(run(&mut other, "SELECT * FROM t"), Err(Error::NotFound { .. })));
}

fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        other => panic!("{other}"),
    }
}

#[test]
fn rows_go_in_and_out_as_json() {
    let limits = Limits::default();
    let mut session = Session::new(database(), "main", "me");
    let create = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'none', \
                  price DECIMAL(10,2), at TIMESTAMP)";
    run(&mut session, create).unwrap();
    let rows = [
        object(json!({"name": "a", "price": "1.50"})),
        object(json!({"PRICE": 2, "at": "2025-12-01T08:00:00Z"})),
        object(json!({"id": 10, "name": "c", "price": null})),
    ];
    let insert = |session: &mut Session, rows: &[Map<String, Json>], on_conflict| {
        insert_rows(session, "t", rows, on_conflict, &Limits::default(), &moment())
    };
    let output = insert(&mut session, &rows, OnConflict::Error).unwrap();
    assert_eq!(output.ids, [Value::Int(1), Value::Int(2), Value::Int(10)]);
    assert!(output.commit.is_some());
    let shown = |session: &mut Session| -> Vec<String> {
        let rows = run(session, "SELECT id, name, price FROM t").unwrap().rows;
        rows.iter().map(|r| r.iter().map(Value::to_text).collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(shown(&mut session), ["1 a 1.5", "2 none 2", "10 c "]);
    let again = [object(json!({"id": 1, "name": "A"})), object(json!({"id": 3, "name": "d"}))];
    let error = insert(&mut session, &again, OnConflict::Error).unwrap_err();
    assert!(matches!(error, Error::Violation(_)), "{error}");
    assert_eq!(insert(&mut session, &again, OnConflict::Ignore).unwrap().affected, 1);
    assert_eq!(insert(&mut session, &again, OnConflict::Update).unwrap().affected, 2);
    assert_eq!(shown(&mut session), ["1 A 1.5", "2 none 2", "3 d ", "10 c "]);
    for (row, wrong) in [
        (json!({"nope": 1}), "nope"),
        (json!({"id": "x"}), "INTEGER"),
        (json!({"at": "soon"}), "TIMESTAMP"),
        (json!({"name": null}), "NULL"),
    ] {
        let error = insert(&mut session, &[object(row)], OnConflict::Error).unwrap_err();
        assert!(error.to_string().contains(wrong), "{error}");
    }
    let updates = object(json!({"price": 9.99}));
    let update = |session: &mut Session, filter: &str| {
        update_rows(session, "t", filter, &updates, &Limits::default(), &moment())
    };
    assert_eq!(update(&mut session, "id > 2").unwrap().affected, 2);
    assert_eq!(update(&mut session, "true").unwrap().affected, 4);
    for filter in ["id = 1; DROP TABLE t", "1 = 1 --", "nope = 1", "", "id = (SELECT 1)", "t"] {
        let outcome = update(&mut session, filter);
        assert!(outcome.is_err() || filter == "1 = 1 --", "{filter}: {outcome:?}");
    }
    let deleted = delete_rows(&mut session, "t", "price > 9 AND id < 3", &limits, &moment());
    assert_eq!(deleted.unwrap().affected, 2);
    assert_eq!(shown(&mut session), ["3 d 9.99", "10 c 9.99"]);
}
