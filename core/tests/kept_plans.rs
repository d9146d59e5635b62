//! A kept plan answers as the statement bound anew would: after the table changed, on another branch,
//! in a transaction, in the past, and with values of other kinds.
//!
//! A text with a comment of its own was never bound before, so it is the peer of the same text
//! without one.

mod random;

use offshoot_core::chunk::MemoryStore;
use offshoot_core::database::{AsOf, Database};
use offshoot_core::error::Result;
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::{Limits, Output, Request, Session};
use offshoot_core::value::Value;
use random::Random;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

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

fn ask(session: &mut Session, sql: &str, params: &[Value], as_of: AsOf) -> Result<Output> {
    let (limits, moment) = (Limits::default(), moment());
    session.execute(&Request { sql, params, as_of, read_only: false, limits, moment })
}

fn run(session: &mut Session, sql: &str) -> Output {
    ask(session, sql, &[], AsOf::Now).unwrap_or_else(|error| panic!("{sql}\n{error}"))
}

/// What a statement gives, columns and errors with it.
fn told(answer: &Result<Output>) -> String {
    match answer {
        Ok(output) => format!("{:?}\n{:?}", output.columns, output.rows),
        Err(error) => error.to_string(),
    }
}

/// Asserts that a text gives what it gives when it is bound anew.
fn same(session: &mut Session, sql: &str, params: &[Value], as_of: AsOf) -> String {
    // A text that never came before has no plan yet.
    let number = moment().now.0;
    let anew = told(&ask(session, &format!("{sql} /* {number} */"), params, as_of.clone()));
    // The first makes the plan, the second runs it.
    for _ in 0..2 {
        assert_eq!(told(&ask(session, sql, params, as_of.clone())), anew, "{sql}\n{params:?}");
    }
    anew
}

fn filled(session: &mut Session) {
    run(session, "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, s TEXT, f REAL, b BOOLEAN)");
    run(session, "CREATE INDEX t_a ON t (a)");
    run(session, "INSERT INTO t VALUES (1, 10, 'x', 0.5, TRUE), (2, NULL, 'it''s', 2, FALSE)");
    run(session, "INSERT INTO t VALUES (3, 10, NULL, NULL, NULL), (4, -7, 'X', -1.5, TRUE)");
}

#[test]
fn a_table_that_changed_is_bound_anew() {
    let mut session = Session::new(database(), "main", "");
    filled(&mut session);
    let sql = "SELECT * FROM t WHERE id = 1";
    assert!(same(&mut session, sql, &[], AsOf::Now).contains("Int(10)"));
    run(&mut session, "ALTER TABLE t ADD COLUMN later TEXT DEFAULT 'new'");
    assert!(same(&mut session, sql, &[], AsOf::Now).contains("new"));
    run(&mut session, "ALTER TABLE t RENAME COLUMN a TO renamed");
    assert!(same(&mut session, sql, &[], AsOf::Now).contains("renamed"));
    run(&mut session, "ALTER TABLE t ALTER COLUMN id TYPE TEXT");
    assert!(same(&mut session, sql, &[], AsOf::Now).contains("Text(\"1\")"));
    run(&mut session, "DROP TABLE t");
    assert!(same(&mut session, sql, &[], AsOf::Now).contains("not"));
    run(&mut session, "CREATE TABLE t (z TEXT, id INT)");
    run(&mut session, "INSERT INTO t VALUES ('other', 1)");
    assert!(same(&mut session, sql, &[], AsOf::Now).contains("other"));
    run(&mut session, "DROP TABLE t");
    run(&mut session, "CREATE VIEW t AS SELECT 1 AS id, 'seen' AS v");
    assert!(same(&mut session, sql, &[], AsOf::Now).contains("seen"));
}

#[test]
fn a_query_on_all_rows_follows_them() {
    let mut session = Session::new(database(), "main", "");
    filled(&mut session);
    let queries = [
        "SELECT id, s FROM t ORDER BY id DESC LIMIT 2",
        "SELECT a, id FROM t ORDER BY a, id LIMIT 3 OFFSET 1",
        "SELECT a, COUNT(*), SUM(id) FROM t GROUP BY a ORDER BY a",
        "SELECT COUNT(*), MIN(id), MAX(a) FROM t",
        "SELECT * FROM t",
        "SELECT DISTINCT a FROM t ORDER BY a",
    ];
    let mut seen = Vec::new();
    for change in [
        "UPDATE t SET s = 'y' WHERE id = 4",
        "DELETE FROM t WHERE id = 4",
        "INSERT INTO t SELECT g, g % 7, 'many', 0, TRUE FROM generate_series(5, 3000) g",
        "DROP INDEX t_a",
        "CREATE INDEX t_a ON t (a DESC)",
        "DELETE FROM t",
    ] {
        seen.extend(queries.map(|sql| same(&mut session, sql, &[], AsOf::Now)));
        run(&mut session, change);
    }
    seen.extend(queries.map(|sql| same(&mut session, sql, &[], AsOf::Now)));
    seen.sort();
    seen.dedup();
    assert!(seen.len() > 25, "{}", seen.len());
}

#[test]
fn the_moment_of_a_query_is_its_own() {
    let mut session = Session::new(database(), "main", "");
    filled(&mut session);
    for sql in [
        "SELECT now() FROM t WHERE id = 1",
        "SELECT random() FROM t WHERE id = 1",
        "SELECT now(), random() FROM t LIMIT 1",
        "SELECT current_timestamp FROM t ORDER BY id DESC LIMIT 1",
    ] {
        let first = run(&mut session, sql).rows;
        for _ in 0..3 {
            assert_ne!(run(&mut session, sql).rows, first, "{sql}");
        }
    }
}

#[test]
fn an_index_that_goes_or_comes_is_heeded() {
    let mut session = Session::new(database(), "main", "");
    filled(&mut session);
    let sql = "SELECT id FROM t WHERE a = 10";
    let both = same(&mut session, sql, &[], AsOf::Now);
    run(&mut session, "DROP INDEX t_a");
    assert_eq!(same(&mut session, sql, &[], AsOf::Now), both);
    run(&mut session, "CREATE INDEX t_a2 ON t (a)");
    assert_eq!(same(&mut session, sql, &[], AsOf::Now), both);
}

#[test]
fn each_branch_moment_and_transaction_sees_its_rows() {
    let database = database();
    let mut main = Session::new(database.clone(), "main", "");
    filled(&mut main);
    let sql = "SELECT s FROM t WHERE id = 1";
    let past = run(&mut main, "UPDATE t SET f = 1 WHERE id = 3");
    let before = same(&mut main, sql, &[], AsOf::Now);
    let past = AsOf::Scn(past.commit.unwrap().scn);
    run(&mut main, "CREATE BRANCH dev FROM main");
    let mut dev = Session::new(database, "dev", "");
    run(&mut dev, "UPDATE t SET s = 'on dev' WHERE id = 1");
    assert!(same(&mut dev, sql, &[], AsOf::Now).contains("on dev"));
    assert_eq!(same(&mut main, sql, &[], AsOf::Now), before);
    run(&mut main, "BEGIN");
    run(&mut main, "UPDATE t SET s = 'open' WHERE id = 1");
    assert!(same(&mut main, sql, &[], AsOf::Now).contains("open"));
    assert!(same(&mut dev, sql, &[], AsOf::Now).contains("on dev"));
    run(&mut main, "ROLLBACK");
    assert_eq!(same(&mut main, sql, &[], AsOf::Now), before);
    run(&mut main, "DELETE FROM t WHERE id = 1");
    assert!(same(&mut main, sql, &[], AsOf::Now).ends_with("[]"));
    assert_eq!(same(&mut main, sql, &[], past), before);
}

#[test]
fn values_of_any_kind_mean_what_they_mean_bound_anew() {
    let mut session = Session::new(database(), "main", "");
    filled(&mut session);
    let values = [
        Value::Int(10),
        Value::Int(i64::MAX),
        Value::Null,
        Value::from("x"),
        Value::from("10"),
        Value::from(""),
        Value::Float(10.0),
        Value::Float(0.5),
        Value::Bool(true),
        Value::Blob(vec![1].into()),
    ];
    let mut asked = 0;
    for column in ["id", "a", "s", "f", "b"] {
        for operator in ["=", "<>", "<", ">=", "IS NOT DISTINCT FROM", "IN"] {
            for value in &values {
                let sql = match operator {
                    "IN" => format!("SELECT id FROM t WHERE {column} IN ($1) ORDER BY id"),
                    _ => format!("SELECT id FROM t WHERE {column} {operator} $1"),
                };
                same(&mut session, &sql, std::slice::from_ref(value), AsOf::Now);
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 300);
}

#[test]
fn literals_taken_out_change_no_answer() {
    let seed = std::env::var("OFFSHOOT_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or(20_261_121);
    println!("OFFSHOOT_SEED={seed}");
    let mut rng = Random::new(seed);
    let mut session = Session::new(database(), "main", "");
    filled(&mut session);
    run(&mut session, "CREATE TABLE d (id INT, day DATE, doc JSON, price DECIMAL(8,2), u)");
    run(&mut session, "INSERT INTO d VALUES (1, '2024-01-31', '{\"k\": 1}', 1.50, 'x')");
    run(&mut session, "INSERT INTO d VALUES (2, '2024-02-29', '{\"k\": \"1\"}', 2, 10)");
    const SIDES: [&str; 12] =
        ["id", "a", "s", "f", "b", "a + 1", "upper(s)", "1", "-id", "abs(a)", "s || 'x'", "t.id"];
    const OTHERS: [&str; 6] = ["day", "doc", "doc ->> 'k'", "price", "u", "doc -> 'k'"];
    const LITERALS: [&str; 16] = [
        "1",
        "10",
        "0",
        "9223372036854775807",
        "'x'",
        "'X'",
        "'it''s'",
        "''",
        "'10'",
        "0.5",
        "'2024-02-29'",
        "NULL",
        "TRUE",
        "'{\"k\": 1}'",
        "-7",
        "1 + 1",
    ];
    const OPERATORS: [&str; 7] = ["=", "<>", "<", "<=", ">", ">=", "!="];
    const TAILS: [&str; 7] =
        ["", " LIMIT 1", " ORDER BY id DESC", ";", " GROUP BY id", " ORDER BY 1 LIMIT 2", " -- 1"];
    for _ in 0..3_000 {
        let mut pick = |from: &[&str]| from[rng.below(from.len() as u64) as usize].to_string();
        let table = pick(&["t", "t", "t", "d"]);
        let side = |pick: &mut dyn FnMut(&[&str]) -> String| match table.as_str() {
            "d" => pick(&OTHERS),
            _ => pick(&SIDES),
        };
        let mut conditions = Vec::new();
        for _ in 0..pick(&["1", "1", "2", "3"]).parse::<usize>().unwrap() {
            let left = side(&mut pick);
            let (operator, literal) = (pick(&OPERATORS), pick(&LITERALS));
            let listed = format!("{left} IN ({literal}, {}, 2)", pick(&LITERALS));
            conditions.push(match pick(&["l", "l", "r", "n", "p", "i"]).as_str() {
                "r" => format!("{literal} {operator} {left}"),
                "n" => format!("NOT {left} {operator} {literal}"),
                "i" => listed,
                "p" => format!("({left}{operator}{literal})"),
                _ => format!("{left} {operator} {literal}"),
            });
        }
        let shown = pick(&["id", "*", "id, id = 1", "count(*)", "id AS n, 'x' = 'x'"]);
        let (glue, tail) = (pick(&[" AND ", " OR "]), pick(&TAILS));
        let sql = format!("SELECT {shown} FROM {table} WHERE {}", conditions.join(&glue));
        let (told_anew, told_lifted) = (
            told(&ask(&mut session, &format!("/* anew */ {sql}{tail}"), &[], AsOf::Now)),
            told(&ask(&mut session, &format!("{sql}{tail}"), &[], AsOf::Now)),
        );
        assert_eq!(told_lifted, told_anew, "{sql}{tail}");
    }
}

#[test]
fn rows_read_apart_are_the_rows_of_the_statement() {
    let seed = std::env::var("OFFSHOOT_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or(20_261_121);
    println!("OFFSHOOT_SEED={seed}");
    let mut rng = Random::new(seed);
    let mut sessions = [database(), database()].map(|db| Session::new(db, "main", ""));
    const VALUES: [&str; 30] = [
        "1",
        "2",
        "3",
        "-7",
        "007",
        "9223372036854775807",
        "-9223372036854775808",
        "1.50",
        "-0.25",
        "0.0",
        "-0.0",
        "1e3",
        ".5",
        "123456789012345678",
        "12345678901234567.8",
        "NULL",
        "null",
        "TRUE",
        "false",
        "DEFAULT",
        "'x'",
        "''",
        "'it''s'",
        "'ä\\n'",
        "'2024-02-29'",
        "x'00ff'",
        "1 + 1",
        "'a' || 'b'",
        "'10'",
        "'[1, 2]'",
    ];
    const TYPES: [&str; 12] = [
        "INT",
        "SMALLINT",
        "BIGINT",
        "TEXT",
        "VARCHAR(3)",
        "DECIMAL(6,1)",
        "REAL",
        "BOOLEAN",
        "DATE",
        "JSON",
        "",
        "INT DEFAULT 5 NOT NULL",
    ];
    const VERBS: [&str; 5] = [
        "INSERT INTO",
        "insert  into",
        "INSERT OR IGNORE INTO",
        "INSERT OR REPLACE INTO",
        "REPLACE INTO",
    ];
    const TAILS: [&str; 7] = [
        "",
        ";",
        " RETURNING *",
        " ON CONFLICT DO NOTHING",
        "\nON CONFLICT (k) DO UPDATE SET a = excluded.a",
        " ON CONFLICT (a) DO NOTHING",
        " RETURNING nothing",
    ];
    const COLUMNS: [&str; 6] =
        ["", " (k, a, b)", " (\"b\", k, a)", " (K,a)", " (a, a, b)", " (k, a, z)"];
    let mut done = 0;
    for table in 0..300 {
        let mut pick = |from: &[&str]| from[rng.below(from.len() as u64) as usize].to_string();
        let (a, b) = (pick(&TYPES), pick(&TYPES));
        let create = format!("CREATE TABLE t{table} (k INTEGER PRIMARY KEY, a {a}, b {b})");
        sessions.iter_mut().for_each(|session| drop(run(session, &create)));
        for statement in 0..12 {
            let mut pick = |from: &[&str]| from[rng.below(from.len() as u64) as usize].to_string();
            // Few values, so that whole statements succeed as well.
            let few = [pick(&VALUES), pick(&VALUES), "NULL".to_string()];
            let mut rows = Vec::new();
            for row in 0..pick(&["1", "2", "3"]).parse::<usize>().unwrap() {
                let key = pick(&["1", "NULL", &(10 * statement + row).to_string()]);
                let mut values = vec![key];
                let width = pick(&["2", "2", "2", "2", "2", "2", "2", "1", "3"]);
                for _ in 0..width.parse::<usize>().unwrap() {
                    values.push(pick(&few.each_ref().map(String::as_str)));
                }
                rows.push(format!("({})", values.join(&pick(&[",", ", ", " , "]))));
            }
            let (verb, columns, tail) = (pick(&VERBS), pick(&COLUMNS), pick(&TAILS));
            let columns = pick(&["", "", "", &columns]);
            let tail = pick(&["", "", &tail]);
            let rows = rows.join(&pick(&[",", ",\n"]));
            let sql = format!("{verb} t{table}{columns} VALUES {rows}{tail}");
            let [apart, whole] = &mut sessions;
            let apart = ask(apart, &sql, &[], AsOf::Now);
            let whole = ask(whole, &format!("/* whole */ {sql}"), &[], AsOf::Now);
            assert_eq!(told(&apart), told(&whole), "{create}\n{sql}");
            let counted = |answer: &Result<Output>| {
                answer.as_ref().ok().map(|output| (output.affected, format!("{:?}", output.ids)))
            };
            assert_eq!(counted(&apart), counted(&whole), "{create}\n{sql}");
            done += u32::from(apart.is_ok());
        }
        let all = format!("SELECT * FROM t{table} ORDER BY k");
        let [apart, whole] =
            sessions.each_mut().map(|session| format!("{:?}", run(session, &all).rows));
        assert_eq!(apart, whole, "{create}");
    }
    assert!(done > 300, "only {done} statements did anything");
}
