//! Branches do not see each other, and the past does not change.

use offshoot_tests::branch::{Branch, Done, Rows};
use offshoot_tests::client::Client;
use offshoot_tests::random::Random;
use offshoot_tests::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};

const ALL: &str = "SELECT id, owner, n FROM t ORDER BY id";

/// Inserts, updates and deletes at random, and keeps a model of what should be there.
struct Writer<'c> {
    branch: Branch<'c>,
    random: Random,
    rows: BTreeMap<i64, (String, i64)>,
    next: i64,
}

impl Writer<'_> {
    fn step(&mut self) -> Done {
        let owner = self.branch.name().to_owned();
        let some = self.rows.keys().nth(self.random.below(self.rows.len().max(1) as u64) as usize);
        match (self.random.below(4), some.copied()) {
            (0, Some(id)) => {
                self.rows.remove(&id);
                self.branch.execute_with("DELETE FROM t WHERE id = $1", json!([id]))
            }
            (1, Some(id)) => {
                let n = self.random.below(1000) as i64;
                self.rows.insert(id, (owner.clone(), n));
                let sql = "UPDATE t SET owner = $1, n = $2 WHERE id = $3";
                self.branch.execute_with(sql, json!([owner, n, id]))
            }
            _ => {
                let (id, n) = (self.next, self.random.below(1000) as i64);
                self.next += 1;
                self.rows.insert(id, (owner.clone(), n));
                self.branch.execute_with("INSERT INTO t VALUES ($1, $2, $3)", json!([id, owner, n]))
            }
        }
    }

    fn expected(&self) -> Rows {
        let row =
            |(id, (owner, n)): (&i64, &(String, i64))| vec![json!(id), json!(owner), json!(n)];
        self.rows.iter().map(row).collect()
    }
}

/// A table of twenty rows on `main`, and a model of it.
fn base(client: &Client) -> BTreeMap<i64, (String, i64)> {
    let main = client.main();
    main.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, n INTEGER)");
    let rows: Vec<Value> = (1..=20).map(|id| json!({"id": id, "owner": "base", "n": id})).collect();
    main.insert("t", json!(rows));
    (1..=20).map(|id| (id, ("base".to_owned(), id))).collect()
}

/// One of several threads that are counted while they run, however they end.
struct Running<'a>(&'a AtomicU32);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn concurrent_writers_on_branches_see_only_their_own() {
    const BRANCHES: usize = 4;
    const STEPS: usize = 120;
    let server = Server::new();
    let client = server.client();
    let rows = base(client);
    let mut random = Random::seeded("isolation");
    let names: Vec<String> =
        std::iter::once("main".to_owned()).chain((1..BRANCHES).map(|i| format!("b{i}"))).collect();
    for name in &names[1..] {
        client.create(name, "main");
    }
    let start = Barrier::new(BRANCHES);
    let running = AtomicU32::new(BRANCHES as u32);
    let reads = std::thread::scope(|scope| {
        for name in &names {
            let random = random.split();
            let mut writer =
                Writer { branch: client.branch(name), random, rows: rows.clone(), next: 1000 };
            let (start, running) = (&start, Running(&running));
            scope.spawn(move || {
                let _running = running;
                start.wait();
                for _ in 0..STEPS {
                    writer.step();
                    // What a reply said is seen by the next reader of the branch.
                    assert_eq!(writer.branch.query(ALL), writer.expected());
                }
            });
        }
        // Another client, which reads all branches while they change.
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while running.load(Ordering::Relaxed) > 0 {
                for name in &names {
                    for row in client.branch(name).query(ALL) {
                        let owner = row[1].as_str().unwrap().to_owned();
                        assert!(owner == "base" || owner == *name, "{name} shows {row:?}");
                    }
                    reads += 1;
                }
            }
            reads
        });
        reader.join().unwrap()
    });
    assert!(reads > 0);
}

#[test]
fn schemas_change_on_one_branch_only() {
    let server = Server::new();
    let client = server.client();
    base(client);
    let main = client.main();
    main.execute("CREATE TABLE doomed_on_main (id INTEGER PRIMARY KEY)");
    main.execute("CREATE TABLE doomed_on_branch (id INTEGER PRIMARY KEY)");
    let branch = client.create("branch", "main");

    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        for (side, suffix) in [(&main, "main"), (&branch, "branch")] {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                side.execute(&format!("CREATE TABLE new_on_{suffix} (id INTEGER PRIMARY KEY)"));
                side.execute(&format!("INSERT INTO new_on_{suffix} VALUES (1)"));
                side.execute(&format!("ALTER TABLE t ADD COLUMN col_{suffix} INTEGER DEFAULT 7"));
                side.execute(&format!("DROP TABLE doomed_on_{suffix}"));
                side.execute(&format!("CREATE UNIQUE INDEX idx_{suffix} ON t (n)"));
                side.execute(&format!("UPDATE t SET owner = '{suffix}' WHERE id = 1"));
            });
        }
    });

    let expected = |own: &str, other: &str| {
        let mut names = vec![format!("doomed_on_{other}"), format!("new_on_{own}"), "t".into()];
        names.sort();
        names
    };
    for (side, own, other) in [(&main, "main", "branch"), (&branch, "branch", "main")] {
        assert_eq!(side.table_names(), expected(own, other));
        let t = side.tables().into_iter().find(|t| t["name"] == "t").unwrap();
        let columns: Vec<&str> =
            t["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
        assert_eq!(columns, ["id", "owner", "n", &format!("col_{own}")]);
        assert_eq!(t["indexes"], json!([format!("idx_{own}")]));
        let sql = format!("SELECT owner, col_{own} FROM t WHERE id = 1");
        assert_eq!(side.query(&sql), [vec![json!(own), json!(7)]]);
        let foreign = format!("SELECT col_{other} FROM t");
        side.try_query(&json!({"sql": foreign})).error(404, "COLUMN_NOT_FOUND");
        let foreign = format!("SELECT id FROM new_on_{other}");
        side.try_query(&json!({"sql": foreign})).error(404, "TABLE_NOT_FOUND");
        assert_eq!(side.number(&format!("SELECT COUNT(*) FROM doomed_on_{other}")), 0);
    }
}

#[test]
fn a_branch_from_the_past_shows_the_past_by_each_form() {
    let server = Server::new();
    let client = server.client();
    let rows = base(client);
    let main = client.main();
    let random = Random::seeded("branch from the past");
    let mut writer = Writer { branch: main.clone(), random, rows, next: 1000 };
    for _ in 0..10 {
        writer.step();
    }
    let at = writer.step();
    let then = writer.expected();
    let snapshot = main.snapshot("then");
    for _ in 0..10 {
        writer.step();
    }
    main.execute("ALTER TABLE t ADD COLUMN later INTEGER");
    main.execute("CREATE TABLE later (id INTEGER PRIMARY KEY)");
    let now = writer.expected();
    assert_ne!(then, now);

    let forms = [
        ("now", Value::Null, &now),
        ("timestamp", json!(at.timestamp), &then),
        ("transaction", json!(at.scn), &then),
        ("scn", json!(at.scn), &then),
        ("snapshot", json!(snapshot), &then),
    ];
    let mut branches = Vec::new();
    for (form, value, expected) in forms {
        let as_of = match &value {
            Value::Null => json!({"type": form}),
            value => json!({"type": form, "value": value}),
        };
        let branch = client.create_at(&format!("from-{form}"), "main", &as_of);
        assert_eq!(branch.query(ALL), *expected, "{form}");
        let tables: &[&str] = if form == "now" { &["later", "t"] } else { &["t"] };
        assert_eq!(branch.table_names(), tables, "{form}");
        branches.push((branch, expected));
    }
    // Neither side's later writes show on the other.
    main.execute("DELETE FROM t WHERE id > 0");
    for (branch, expected) in &branches {
        assert_eq!(branch.query(ALL), **expected, "{}", branch.name());
        branch.execute("UPDATE t SET n = -1 WHERE id > 0");
    }
    assert_eq!(main.query(ALL), Rows::new());
    assert_eq!(main.query_at(ALL, &json!({"type": "scn", "value": at.scn})), then);
}

#[test]
fn as_of_shows_deleted_rows_old_schemas_and_dropped_tables() {
    let server = Server::new();
    let main = server.client().main();
    main.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER)");
    main.execute("INSERT INTO users VALUES (1, 'Alice', 30), (2, 'Bob', 40)");
    let born = main.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)");
    let full = main.execute("INSERT INTO notes VALUES (1, 'kept')");
    let snapshot = main.snapshot("full");
    main.execute("DELETE FROM users WHERE id = 2");
    main.execute("ALTER TABLE users DROP COLUMN age");
    main.execute("ALTER TABLE users RENAME COLUMN name TO label");
    main.execute("DROP TABLE notes");
    // The same name, another table.
    main.execute("CREATE TABLE notes (title TEXT)");

    assert_eq!(main.query("SELECT * FROM users"), [vec![json!(1), json!("Alice")]]);
    let users =
        vec![vec![json!(1), json!("Alice"), json!(30)], vec![json!(2), json!("Bob"), json!(40)]];
    let notes = vec![vec![json!(1), json!("kept")]];
    let forms = [
        ("scn", json!(full.scn), format!("SCN {}", full.scn)),
        ("transaction", json!(full.scn), format!("TRANSACTION {}", full.scn)),
        ("timestamp", json!(full.timestamp), format!("TIMESTAMP '{}'", full.timestamp)),
        ("snapshot", json!(snapshot), format!("SNAPSHOT '{snapshot}'")),
    ];
    for (form, value, sql_form) in &forms {
        let as_of = json!({"type": form, "value": value});
        let reply =
            main.try_query(&json!({"sql": "SELECT * FROM users ORDER BY id", "as_of": as_of}));
        assert_eq!(reply.ok()["columns"], json!(["id", "name", "age"]), "{form}");
        assert_eq!(offshoot_tests::branch::rows(reply.ok()), users, "{form}");
        assert_eq!(main.query_at("SELECT * FROM notes", &as_of), notes, "{form}");

        // The same through the data pages.
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let at = [("as_of_type", *form), ("as_of_value", text.as_str())];
        assert_eq!(main.all_pages("notes", &at), notes, "{form}");
        let ordered = [&at[..], &[("order_by", "id"), ("filter", "age >= 30")]].concat();
        assert_eq!(main.all_pages("users", &ordered), users, "{form}");

        // And in SQL, for each table of its own.
        let sql = format!("SELECT name, age FROM users AS OF {sql_form} WHERE id = 2");
        assert_eq!(main.query(&sql), [vec![json!("Bob"), json!(40)]], "{sql}");
        let sql = format!("SELECT body FROM notes AS OF {sql_form}");
        assert_eq!(main.query(&sql), [vec![json!("kept")]], "{sql}");
    }
    let sql = format!(
        "SELECT a.name, b.label FROM users AS OF SCN {} AS a LEFT JOIN users AS b \
         ON a.id = b.id ORDER BY a.id",
        full.scn
    );
    let joined = [vec![json!("Alice"), json!("Alice")], vec![json!("Bob"), Value::Null]];
    assert_eq!(main.query(&sql), joined);

    // Before a table was there it is unknown, and one's own past takes no writes.
    let before = json!({"type": "scn", "value": born.scn - 1});
    let reply = main.try_query(&json!({"sql": "SELECT * FROM notes", "as_of": before}));
    reply.error(404, "TABLE_NOT_FOUND");
    // Seconds since 1970, and the whole of that second.
    let seconds = offshoot_tests::instant::micros(&full.timestamp).unwrap().div_euclid(1_000_000);
    let sql = format!("SELECT COUNT(*) FROM users AS OF SYSTEM TIME {}", seconds + 3600);
    assert_eq!(main.number(&sql), 1);
}

/// What a branch held after a commit.
struct Recorded {
    done: Done,
    rows: Rows,
}

/// Which of the commits is the last one at or before a time that the API printed; a whole second
/// means through its end.
fn last_at<'r>(recorded: &'r [Recorded], text: &str) -> &'r Recorded {
    let micros =
        |text: &str| offshoot_tests::instant::micros(text).unwrap_or_else(|| panic!("{text}"));
    let end = if text.contains('.') { micros(text) } else { micros(text) + 999_999 };
    recorded.iter().rfind(|r| micros(&r.done.timestamp) <= end).unwrap()
}

#[track_caller]
fn assert_then(main: &Branch<'_>, as_of: &Value, expected: &Recorded) {
    assert_eq!(main.query_at(ALL, as_of), expected.rows, "{as_of}");
    let count = main.number_at("SELECT COUNT(*) FROM t", as_of);
    assert_eq!(count, expected.rows.len() as i64, "{as_of}");
}

#[test]
fn count_as_of_equals_rows_as_of_at_every_commit() {
    const STEPS: usize = 150;
    let mut server = Server::new();
    let rows = base(server.client());
    let mut recorded = Vec::new();
    {
        let branch = server.client().main();
        let random = Random::seeded("as of");
        let mut writer = Writer { branch, random, rows, next: 1000 };
        for _ in 0..STEPS {
            let done = writer.step();
            recorded.push(Recorded { done, rows: writer.expected() });
        }
    }
    let scns: Vec<u64> = recorded.iter().map(|r| r.done.scn).collect();
    assert!(scns.is_sorted_by(|a, b| a < b), "{scns:?}");

    for when in ["running", "started again"] {
        let main = server.client().main();
        for (i, r) in recorded.iter().enumerate() {
            assert_then(&main, &json!({"type": "scn", "value": r.done.scn}), r);
            let at_time = json!({"type": "timestamp", "value": r.done.timestamp});
            assert_then(&main, &at_time, last_at(&recorded, &r.done.timestamp));
            if i % 10 == 0 {
                assert_then(&main, &json!({"type": "transaction", "value": r.done.scn}), r);
                let sql = format!("SELECT COUNT(*) FROM t AS OF SCN {}", r.done.scn);
                assert_eq!(main.number(&sql), r.rows.len() as i64, "{when}: {sql}");
            }
        }
        // The times and numbers that the history shows find the same commits.
        let history = main.history(&[("limit", "1000")]);
        let mut seen = 0;
        for entry in history.iter().filter(|entry| entry["type"] == "transaction") {
            let Some(r) = recorded.iter().find(|r| entry["scn"] == r.done.scn) else { continue };
            let time = entry["timestamp"].as_str().unwrap();
            assert_eq!(time, r.done.timestamp, "{entry}");
            assert_then(&main, &json!({"type": "scn", "value": entry["scn"]}), r);
            seen += 1;
        }
        assert_eq!(seen, STEPS, "{when}: the history lacks commits");
        // A number that no commit has yet means the newest.
        let future = json!({"type": "scn", "value": scns.last().unwrap() + 1_000_000});
        assert_then(&main, &future, recorded.last().unwrap());
        server.terminate();
        server.restart();
    }
}
