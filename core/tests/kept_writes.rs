//! UPDATE and DELETE by kept plans do what the same statements do with RETURNING, which are bound each
//! time.

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

struct Side {
    session: Session,
    moments: i64,
}

impl Side {
    fn new() -> Self {
        let moment = Moment { now: Micros(1_700_000_000_000_000), seed: [3; 32] };
        let database = Database::open(Arc::new(MemoryStore::new()), &moment).unwrap().value;
        Side { session: Session::new(Arc::new(database), "main", ""), moments: 0 }
    }

    fn ask(&mut self, sql: &str, params: &[Value]) -> Result<Output> {
        self.moments += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.moments.to_le_bytes());
        let moment = Moment { now: Micros(1_700_000_000_000_000 + self.moments), seed };
        let (as_of, limits) = (AsOf::Now, Limits::default());
        self.session.execute(&Request { sql, params, as_of, read_only: false, limits, moment })
    }

    fn run(&mut self, sql: &str) -> Output {
        self.ask(sql, &[]).unwrap_or_else(|error| panic!("{sql}\n{error}"))
    }
}

/// What a statement did, errors with it.
fn told(answer: &Result<Output>) -> String {
    match answer {
        Ok(output) => output.affected.to_string(),
        Err(error) => error.to_string(),
    }
}

const TABLES: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT UNIQUE, s VARCHAR(4), f REAL,
    b BOOLEAN, d DECIMAL(6,2), day DATE, small SMALLINT CHECK (small < 100),
    u, twice INT GENERATED ALWAYS AS (a * 2) STORED, dflt TEXT DEFAULT 'new')";
const ASSIGNED: [&str; 21] = [
    "a = $1",
    "s = $1",
    "f = $1",
    "b = $1",
    "d = $1",
    "day = $1",
    "small = $1",
    "id = $1",
    "twice = $1",
    "dflt = $1",
    "a = a + 1",
    "a = a + $1",
    "id = id + 1",
    "s = s || 'x'",
    "dflt = DEFAULT",
    "b = (a = $1)",
    "(s, d) = ($1, 1.5)",
    "small = NULL",
    "u = $1",
    "b = (u > $1)",
    "a = (SELECT MAX(a) FROM t) + 1",
];
const CONDITIONS: [&str; 26] = [
    "id = $2",
    "id = $2",
    "id = $2",
    "$2 = id",
    "id = $2 AND a IS NOT NULL",
    "a = $2",
    "s = $2",
    "f = $2",
    "b = $2",
    "d = $2",
    "day = $2",
    "small = $2",
    "id < $2",
    "id >= $2 OR a = $2",
    "id IN ($2, 1)",
    "id BETWEEN $2 AND 4",
    "NOT id = $2",
    "id = $2 + 1",
    "id = (SELECT MIN(id) FROM t WHERE id > $2)",
    "s LIKE $2",
    "u = $2",
    "u > $2",
    "u = 'abc' OR id = $2",
    "u IN (1, 'abc') AND id = $2",
    "nothing = $2",
    "b AND id = $2",
];

#[test]
fn a_kept_plan_does_what_a_plan_made_anew_does() {
    let seed = std::env::var("OFFSHOOT_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or(20_261_121);
    println!("OFFSHOOT_SEED={seed}");
    let mut rng = Random::new(seed);
    let values = [
        Value::Int(1),
        Value::Int(2),
        Value::Int(3),
        Value::Int(3),
        Value::Int(-7),
        Value::Int(10),
        Value::Int(99_999),
        Value::Int(i64::MAX),
        Value::Null,
        Value::Float(2.0),
        Value::Float(0.5),
        Value::Bool(true),
        Value::from("x"),
        Value::from("it's"),
        Value::from("too long"),
        Value::from("2"),
        Value::from("2024-02-29"),
    ];
    let (mut kept, mut bound) = (Side::new(), Side::new());
    for side in [&mut kept, &mut bound] {
        side.run(TABLES);
        side.run("CREATE INDEX t_s ON t (s)");
    }
    let (mut changed, mut failed) = (0, 0);
    for round in 0..6_000 {
        let mut pick = |from: usize| rng.below(from as u64) as usize;
        if round % 6 == 0 {
            let id = pick(6);
            let row = format!(
                "INSERT OR IGNORE INTO t (id, a, s, f, b, d, day, small, u) VALUES \
                 ({id}, {}, 'x', 0.5, TRUE, 2, '2024-02-29', 3, {})",
                round + id,
                ["1", "'abc'", "2.5", "x'01'", "NULL", "'2'"][pick(6)]
            );
            for side in [&mut kept, &mut bound] {
                side.run(&row);
            }
        }
        if round % 700 == 699 {
            let change = ["ADD COLUMN nothing INT", "DROP COLUMN nothing"][round / 700 % 2];
            for side in [&mut kept, &mut bound] {
                side.run(&format!("ALTER TABLE t {change}"));
            }
        }
        let (first, second) = (&values[pick(values.len())], &values[pick(values.len())]);
        let condition = CONDITIONS[pick(CONDITIONS.len())];
        let deletes = pick(4) == 0;
        let mut sql = match deletes {
            true => format!("DELETE FROM t WHERE {}", condition.replace("$2", "$1")),
            false => format!("UPDATE t SET {} WHERE {condition}", ASSIGNED[pick(ASSIGNED.len())]),
        };
        let params = match (deletes, sql.contains("$1")) {
            (true, _) => vec![second.clone()],
            (false, true) => vec![first.clone(), second.clone()],
            (false, false) => {
                sql = sql.replace("$2", "$1");
                vec![second.clone()]
            }
        };
        let given = told(&kept.ask(&sql, &params));
        let expected = told(&bound.ask(&format!("{sql} RETURNING NULL"), &params));
        assert_eq!(given, expected, "{sql}\n{params:?}");
        match given.starts_with(|first: char| first.is_ascii_digit()) {
            true => changed += u32::from(!given.starts_with('0')),
            false => failed += 1,
        }
        let all = "SELECT * FROM t ORDER BY id";
        let [left, right] = [&mut kept, &mut bound].map(|side| side.run(all).rows);
        assert_eq!(left, right, "{sql}\n{params:?}");
    }
    assert!(changed > 500 && failed > 500, "{changed} changed, {failed} failed");
}

#[test]
fn a_plan_is_made_again_where_the_table_is_another() {
    let mut side = Side::new();
    side.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT)");
    side.run("INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)");
    let sql = "UPDATE t SET a = $2 WHERE id = $1";
    let values = [Value::Int(1), Value::Int(7)];
    assert_eq!(side.ask(sql, &values).unwrap().affected, 1);
    // The columns change places.
    side.run("ALTER TABLE t RENAME COLUMN a TO c");
    side.run("ALTER TABLE t RENAME COLUMN b TO a");
    assert_eq!(side.ask(sql, &[Value::Int(2), Value::Int(8)]).unwrap().affected, 1);
    let rows = |side: &mut Side| format!("{:?}", side.run("SELECT * FROM t ORDER BY id").rows);
    assert_eq!(rows(&mut side), "[[Int(1), Int(7), Int(1)], [Int(2), Int(2), Int(8)]]");
    side.run("CREATE TEMP TABLE t (id TEXT, a INT)");
    side.run("INSERT INTO t VALUES ('1', 0)");
    assert_eq!(side.ask(sql, &values).unwrap().affected, 1);
    assert_eq!(format!("{:?}", side.run("SELECT * FROM t").rows), "[[Text(\"1\"), Int(7)]]");
    side.run("DROP TABLE t");
    assert_eq!(side.ask(sql, &[Value::Int(2), Value::Int(9)]).unwrap().affected, 1);
    assert_eq!(rows(&mut side), "[[Int(1), Int(7), Int(1)], [Int(2), Int(2), Int(9)]]");
    side.run("CREATE VIEW v AS SELECT * FROM t");
    side.run("ALTER TABLE t RENAME TO gone");
    assert!(side.ask(sql, &values).is_err());
}
