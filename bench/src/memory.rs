//! CPU time beside SQLite, both in memory: what a statement costs without a disk.
//!
//! Statements are text that is parsed each time (SQLite prepares it, Offshoot's session finds it among
//! the statements of late), except where a line says prepared: there SQLite keeps its statement too.
//! Offshoot's calls are the same in both.

use crate::report::{Random, Report, cpu_each, filler};
use offshoot::embedded::moment;
use offshoot_core::chunk::MemoryStore;
use offshoot_core::database::{AsOf, Database, KEYFRAME_AFTER_COMMITS};
use offshoot_core::sql::{Limits, Output, Request, Session};
use offshoot_core::value::Value;
use rusqlite::{Connection, params_from_iter, types::Value as Theirs};
use std::sync::Arc;

const BATCH: u64 = 1000;
/// Rows of the smaller table that the larger one refers to.
const GROUPS: u64 = 1000;

struct Ours(Session);

impl Ours {
    fn run(&mut self, sql: &str, params: &[Value]) -> offshoot_core::error::Result<Output> {
        self.0.execute(&Request {
            sql,
            params,
            as_of: AsOf::Now,
            read_only: false,
            limits: Limits::default(),
            moment: moment()?,
        })
    }

    fn rows(&mut self, sql: &str, params: &[Value]) -> offshoot_core::error::Result<usize> {
        Ok(self.run(sql, params)?.rows.len())
    }
}

/// Runs a statement to its end and takes every value of every row.
fn drain(statement: &mut rusqlite::Statement<'_>, params: &[Theirs]) -> usize {
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(params)).expect("query");
    let mut count = 0;
    let mut held: Vec<Vec<Theirs>> = Vec::new();
    while let Some(row) = rows.next().expect("row") {
        held.push((0..columns).map(|i| row.get(i).expect("value")).collect());
        count += 1;
    }
    count
}

fn theirs(values: &[Value]) -> Vec<Theirs> {
    let one = |value: &Value| match value {
        Value::Int(int) => Theirs::Integer(*int),
        Value::Text(text) => Theirs::Text(text.to_string()),
        _ => Theirs::Null,
    };
    values.iter().map(one).collect()
}

/// Names spread so that an index and a pattern have something to find.
fn name(id: u64) -> String {
    format!("{}-{id}", filler(id, 20))
}

/// Touches memory and gives it back. What a virtual machine's host must find first for its guest costs
/// many times what the memory costs afterwards, and is nobody's work that is compared here.
fn touch_memory() {
    const BYTES: usize = 1 << 30;
    const PAGE: usize = 4096;
    let mut memory = vec![0u8; BYTES];
    memory.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
    drop(std::hint::black_box(memory));
}

/// Everything that the table of this section has.
pub fn compare(rows: u64, report: &mut Report) {
    touch_memory();
    let peer = Connection::open_in_memory().expect("SQLite opens");
    let store = Arc::new(MemoryStore::new());
    let db = Database::open(store, &moment().expect("moment")).expect("opens").value;
    let mut ours = Ours(Session::new(Arc::new(db), "main", ""));
    for sql in [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, g INTEGER, name TEXT)",
        "CREATE TABLE s (id INTEGER PRIMARY KEY, name TEXT)",
    ] {
        ours.run(sql, &[]).expect("create");
        peer.execute_batch(sql).expect("create");
    }
    for id in 0..GROUPS {
        let sql = format!("INSERT INTO s VALUES ({id}, '{}')", name(id));
        ours.run(&sql, &[]).expect("insert");
        peer.execute_batch(&sql).expect("insert");
    }
    let insert = |mark: char| {
        let row = |i: u64| {
            let place = |k: u64| format!("{mark}{}", i * 4 + k);
            format!("({}, {}, {}, {})", place(1), place(2), place(3), place(4))
        };
        let all = (0..BATCH).map(row).collect::<Vec<_>>().join(", ");
        format!("INSERT INTO t VALUES {all}")
    };
    let values = |batch: u64| -> Vec<Value> {
        let row = |id: u64| {
            [
                Value::Int(id as i64),
                Value::Int((id * 7919 % rows) as i64),
                Value::Int((id % GROUPS) as i64),
                Value::Text(name(id).as_str().into()),
            ]
        };
        (batch * BATCH..(batch + 1) * BATCH).flat_map(row).collect()
    };
    // As text, into a table that is dropped again.
    let create = "CREATE TABLE texts (id INTEGER PRIMARY KEY, n INTEGER, g INTEGER, name TEXT)";
    ours.run(create, &[]).expect("create");
    peer.execute_batch(create).expect("create");
    let texts: Vec<String> = (0..rows / BATCH)
        .map(|batch| {
            let row =
                |id: u64| format!("({id}, {}, {}, '{}')", id * 7919 % rows, id % GROUPS, name(id));
            let all: Vec<String> = (batch * BATCH..(batch + 1) * BATCH).map(row).collect();
            format!("INSERT INTO texts VALUES {}", all.join(", "))
        })
        .collect();
    let our_time = cpu_each(rows / BATCH, |i| {
        ours.run(&texts[i as usize], &[]).expect("insert");
    });
    let peer_time = cpu_each(rows / BATCH, |i| {
        peer.execute_batch(&texts[i as usize]).expect("insert");
    });
    report.ratio("CPU: bulk insert, 1000 rows a statement", rows, our_time, peer_time, "3");
    drop(texts);
    ours.run("DROP TABLE texts", &[]).expect("drop");
    peer.execute_batch("DROP TABLE texts").expect("drop");

    let batches: Vec<Vec<Value>> = (0..rows / BATCH).map(values).collect();
    let sql = insert('$');
    let our_time = cpu_each(rows / BATCH, |i| {
        ours.run(&sql, &batches[i as usize]).expect("insert");
    });
    let batches: Vec<Vec<Theirs>> = batches.iter().map(|values| theirs(values)).collect();
    let sql = insert('?');
    let peer_time = cpu_each(rows / BATCH, |i| {
        let mut statement = peer.prepare_cached(&sql).expect("prepare");
        statement.execute(params_from_iter(&batches[i as usize])).expect("insert");
    });
    let what = "CPU: bulk insert, 4000 parameters, prepared";
    report.ratio(what, rows, our_time, peer_time, "");
    drop(batches);

    let compare = &mut Compare { ours, peer, rows, report };
    let key = |random: &mut Random| vec![Value::Int(random.below(rows) as i64)];
    let none = |_: &mut Random| Vec::new();
    compare.text("point select by text", 2000, "3", |random| {
        format!("SELECT name FROM t WHERE id = {}", random.below(rows))
    });
    compare.prepared("point select", 5000, "2", "SELECT name FROM t WHERE id = $1", key);
    let one_in_a_hundred = format!("SELECT id, name FROM t WHERE n < {}", rows / 100);
    compare.parsed("1 % filter scan", 10, "3", &one_in_a_hundred, none);
    let range = "SELECT id, name FROM t WHERE id >= $1 AND id < $2";
    compare.parsed("key range of 1 %", 50, "3", range, |random| {
        let from = random.below(rows - rows / 100) as i64;
        vec![Value::Int(from), Value::Int(from + (rows / 100) as i64)]
    });
    compare.parsed("COUNT(*)", 50, "1", "SELECT COUNT(*) FROM t", none);
    compare.parsed("SUM", 10, "3", "SELECT SUM(n) FROM t", none);
    let group = "SELECT g, COUNT(*), SUM(n) FROM t GROUP BY g";
    compare.parsed("GROUP BY", 5, "1.5", group, none);
    let top = "SELECT id, name FROM t ORDER BY name LIMIT 10";
    compare.parsed("ORDER BY name LIMIT 10", 5, "5", top, none);
    let last = "SELECT id, name FROM t ORDER BY id DESC LIMIT 10";
    compare.parsed("ORDER BY id DESC LIMIT 10", 500, "3", last, none);
    compare.prepared("ORDER BY id DESC LIMIT 10", 500, "", last, none);
    let join = "SELECT COUNT(*), SUM(t.n) FROM t JOIN s ON t.g = s.id WHERE s.name <> ''";
    compare.parsed("join of all rows with 1000", 5, "3", join, none);
    let join = "SELECT t.name, s.name FROM t JOIN s ON t.g = s.id WHERE t.id = $1";
    compare.parsed("join filtered by key", 1000, "4", join, key);
    compare.prepared("join filtered by key", 1000, "", join, key);
    let like = "SELECT id FROM t WHERE name LIKE '%abc%'";
    compare.parsed("LIKE '%…%'", 10, "4", like, none);
    compare.text("IN of 10 keys", 500, "3", |random| {
        let keys: Vec<String> = (0..10).map(|_| random.below(rows).to_string()).collect();
        format!("SELECT name FROM t WHERE id IN ({})", keys.join(", "))
    });
    let inner = "SELECT COUNT(*) FROM t WHERE g IN (SELECT id FROM s WHERE id < 100)";
    compare.parsed("IN (subquery)", 5, "3", inner, none);
    // Two keyframes' worth of commits each, so that what a keyframe costs is shared out fairly.
    let n = 2 * KEYFRAME_AFTER_COMMITS;
    let update = "UPDATE t SET n = $2 WHERE id = $1";
    let two = |random: &mut Random| {
        vec![Value::Int(random.below(rows) as i64), Value::Int(random.below(rows) as i64)]
    };
    compare.parsed("update by key", n, "4", update, two);
    compare.prepared("update by key", n, "", update, two);
    let mut next = 0;
    let delete = "DELETE FROM t WHERE id = $1";
    compare.parsed("delete by key", n, "4", delete, |_| {
        next += 7;
        vec![Value::Int((next / 2 % rows) as i64)]
    });
}

/// Both sides, holding the same rows.
struct Compare<'r> {
    ours: Ours,
    peer: Connection,
    rows: u64,
    report: &'r mut Report,
}

impl Compare<'_> {
    /// The same statement again and again with other values; SQLite keeps it prepared.
    fn prepared(
        &mut self,
        what: &str,
        n: u64,
        goal: &str,
        sql: &str,
        values: impl FnMut(&mut Random) -> Vec<Value>,
    ) {
        self.again(&format!("{what}, prepared"), n, goal, sql, true, values);
    }

    /// The same; SQLite prepares it each time.
    fn parsed(
        &mut self,
        what: &str,
        n: u64,
        goal: &str,
        sql: &str,
        values: impl FnMut(&mut Random) -> Vec<Value>,
    ) {
        self.again(what, n, goal, sql, false, values);
    }

    fn again(
        &mut self,
        what: &str,
        n: u64,
        goal: &str,
        sql: &str,
        kept: bool,
        mut values: impl FnMut(&mut Random) -> Vec<Value>,
    ) {
        // Other values than the last time, so that what is written is not there already.
        let random = &mut Random(if kept { 13 } else { 11 });
        let values: Vec<Vec<Value>> = (0..n).map(|_| values(random)).collect();
        let mut found = 0;
        let mut failed = None;
        let our_time = cpu_each(n, |i| match self.ours.rows(sql, &values[i as usize]) {
            Ok(rows) => found += rows,
            Err(error) => failed = Some(error),
        });
        let values: Vec<Vec<Theirs>> = values.iter().map(|values| theirs(values)).collect();
        let mut statement = self.peer.prepare(sql).expect("prepare");
        let mut expected = 0;
        let peer_time = cpu_each(n, |i| {
            let values = &values[i as usize];
            expected += match kept {
                true => drain(&mut statement, values),
                false => drain(&mut self.peer.prepare(sql).expect("prepare"), values),
            };
        });
        let what = format!("CPU: {what}");
        match failed {
            Some(error) => self.report.figure(&what, self.rows, &error.to_string(), goal),
            None => {
                assert_eq!(found, expected, "{sql}");
                self.report.ratio(&what, self.rows, our_time, peer_time, goal);
            }
        }
    }

    /// Another text each time.
    fn text(&mut self, what: &str, n: u64, goal: &str, mut sql: impl FnMut(&mut Random) -> String) {
        let random = &mut Random(12);
        let texts: Vec<String> = (0..n).map(|_| sql(random)).collect();
        let mut found = 0;
        let our_time = cpu_each(n, |i| {
            found += self.ours.rows(&texts[i as usize], &[]).expect("select");
        });
        let mut expected = 0;
        let peer_time = cpu_each(n, |i| {
            let mut statement = self.peer.prepare(&texts[i as usize]).expect("prepare");
            expected += drain(&mut statement, &[]);
        });
        assert_eq!(found, expected, "{what}");
        self.report.ratio(&format!("CPU: {what}"), self.rows, our_time, peer_time, goal);
    }
}
