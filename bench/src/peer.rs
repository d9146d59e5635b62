//! What both can do.

use crate::report::{Random, Report, each, filler, median};
use offshoot::EmbeddedDatabase;
use offshoot_core::value::Value;
use rusqlite::{Connection, params};
use std::sync::Arc;
use std::time::{Duration, Instant};

const BATCH: u64 = 1000;

fn sqlite(path: &std::path::Path) -> Connection {
    let db = Connection::open(path).expect("SQLite opens");
    db.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;").expect("pragmas");
    db.busy_timeout(Duration::from_secs(60)).expect("timeout");
    db
}

/// Both with the same rows `(id, n, text)` in batches of a thousand.
pub fn compare(rows: u64, report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let create = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, text TEXT)";
    let peer = sqlite(&folder.path().join("peer.sqlite"));
    peer.execute_batch(create).expect("create");
    let ours = Arc::new(EmbeddedDatabase::new(folder.path().join("ours.offshoot")).expect("opens"));
    ours.execute("main", create, &[]).expect("create");

    let texts: Vec<String> = (0..1000).map(|i| filler(i, 80)).collect();
    let text = |id: u64| &texts[(id % 1000) as usize];
    let placeholders = |first: &dyn Fn(u64) -> String| {
        let row =
            |i: u64| format!("({}, {}, {})", first(i * 3), first(i * 3 + 1), first(i * 3 + 2));
        (0..BATCH).map(row).collect::<Vec<_>>().join(", ")
    };
    let insert = format!("INSERT INTO t VALUES {}", placeholders(&|i| format!("${}", i + 1)));
    let start = Instant::now();
    for batch in 0..rows / BATCH {
        let mut values = Vec::with_capacity(3 * BATCH as usize);
        for id in batch * BATCH..(batch + 1) * BATCH {
            values.push(Value::Int(id as i64));
            values.push(Value::Int((id % 97) as i64));
            values.push(Value::Text(text(id).as_str().into()));
        }
        ours.execute("main", &insert, &values).expect("insert");
    }
    let our_time = start.elapsed();
    let insert = format!("INSERT INTO t VALUES {}", placeholders(&|i| format!("?{}", i + 1)));
    let start = Instant::now();
    for batch in 0..rows / BATCH {
        let mut values: Vec<Box<dyn rusqlite::ToSql>> = Vec::new();
        for id in batch * BATCH..(batch + 1) * BATCH {
            values.push(Box::new(id as i64));
            values.push(Box::new((id % 97) as i64));
            values.push(Box::new(text(id).clone()));
        }
        let mut statement = peer.prepare_cached(&insert).expect("prepare");
        statement.execute(rusqlite::params_from_iter(values)).expect("insert");
    }
    report.ratio("bulk insert, 1000 rows a statement", rows, our_time, start.elapsed(), "");

    let n = 2000;
    let random = &mut Random(1);
    let our_time = each(n, |_| {
        let id = Value::Int(random.below(rows) as i64);
        let found =
            ours.execute("main", "SELECT text FROM t WHERE id = $1", &[id]).expect("select");
        assert_eq!(found.rows.len(), 1);
    });
    let random = &mut Random(1);
    let peer_time = each(n, |_| {
        let id = random.below(rows) as i64;
        let mut statement = peer.prepare("SELECT text FROM t WHERE id = ?1").expect("prepare");
        let text: String = statement.query_row(params![id], |row| row.get(0)).expect("select");
        assert_eq!(text.len(), 80);
    });
    report.ratio("point select by key", rows, our_time, peer_time, "");

    let our_time = each(20, |_| {
        let found = ours.execute("main", "SELECT COUNT(*) FROM t", &[]).expect("count");
        assert_eq!(found.rows[0][0], Value::Int(rows as i64));
    });
    let peer_time = each(20, |_| {
        let count: i64 =
            peer.query_row("SELECT COUNT(*) FROM t", [], |row| row.get(0)).expect("count");
        assert_eq!(count, rows as i64);
    });
    report.ratio("COUNT(*)", rows, our_time, peer_time, "");

    let width = rows / 100;
    let range = "SELECT id, text FROM t WHERE id >= $1 AND id < $2";
    let random = &mut Random(2);
    let our_time = each(20, |_| {
        let from = random.below(rows - width) as i64;
        let to = Value::Int(from + width as i64);
        let found = ours.execute("main", range, &[Value::Int(from), to]).expect("range");
        assert_eq!(found.rows.len(), width as usize);
    });
    let random = &mut Random(2);
    let peer_time = each(20, |_| {
        let from = random.below(rows - width) as i64;
        let mut statement = peer.prepare(range).expect("prepare");
        let found = statement
            .query_map(params![from, from + width as i64], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })
            .expect("range");
        assert_eq!(found.count(), width as usize);
    });
    report.ratio("range of 1 % by key", rows, our_time, peer_time, "");

    let n = 300;
    let random = &mut Random(3);
    let ids: Vec<i64> = (0..n).map(|_| random.below(rows) as i64).collect();
    let turns = by_turns(
        n,
        |i| {
            let change = [Value::Int(i as i64), Value::Int(ids[i as usize])];
            let done = ours.execute("main", "UPDATE t SET n = $1 WHERE id = $2", &change);
            assert_eq!(done.expect("update").affected, 1);
        },
        |i| {
            let change = params![i as i64, ids[i as usize]];
            peer.execute("UPDATE t SET n = ?1 WHERE id = ?2", change).expect("update");
        },
    );
    report_durable(report, "update by key", rows, turns);

    let turns = by_turns(
        n,
        |i| {
            let id = Value::Int((i * 7 % rows) as i64);
            ours.execute("main", "DELETE FROM t WHERE id = $1", &[id]).expect("delete");
        },
        |i| {
            let id = (i * 7 % rows) as i64;
            peer.execute("DELETE FROM t WHERE id = ?1", params![id]).expect("delete");
        },
    );
    report_durable(report, "delete by key", rows, turns);

    let turns = by_turns(
        n,
        |i| {
            let (id, text) = (Value::Int((rows + i) as i64), text(i).as_str().into());
            let values = [id, Value::Int(1), Value::Text(text)];
            ours.execute("main", "INSERT INTO t VALUES ($1, $2, $3)", &values).expect("insert");
        },
        |i| {
            let row = params![(rows + i) as i64, text(i)];
            peer.execute("INSERT INTO t VALUES (?1, 1, ?2)", row).expect("insert");
        },
    );
    report_durable(report, "insert of one row", rows, turns);

    let (writers, each_writes) = (16u64, 100u64);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let (ours, texts) = (&ours, &texts);
            scope.spawn(move || {
                for i in 0..each_writes {
                    let id = Value::Int((2 * rows + writer * 1_000_000 + i) as i64);
                    let values =
                        [id, Value::Int(1), Value::Text(texts[i as usize].as_str().into())];
                    ours.execute("main", "INSERT INTO t VALUES ($1, $2, $3)", &values)
                        .expect("insert");
                }
            });
        }
    });
    let our_time = start.elapsed() / (writers * each_writes) as u32;
    let path = folder.path().join("peer.sqlite");
    let start = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let (path, texts) = (&path, &texts);
            scope.spawn(move || {
                let db = sqlite(path);
                for i in 0..each_writes {
                    let id = (2 * rows + writer * 1_000_000 + i) as i64;
                    let text = &texts[i as usize];
                    db.execute("INSERT INTO t VALUES (?1, 1, ?2)", params![id, text])
                        .expect("insert");
                }
            });
        }
    });
    let peer_time = start.elapsed() / (writers * each_writes) as u32;
    report.ratio("insert of one row, durable, 16 writers", rows, our_time, peer_time, "1");
}

/// The times of durable commits of both, made by turns: the disk's moods fall on either.
fn by_turns(
    n: u64,
    mut ours: impl FnMut(u64),
    mut peer: impl FnMut(u64),
) -> (Vec<Duration>, Vec<Duration>) {
    let time = |i: u64, run: &mut dyn FnMut(u64)| {
        let start = Instant::now();
        run(i);
        start.elapsed()
    };
    (0..n).map(|i| (time(i, &mut ours), time(i, &mut peer))).unzip()
}

/// The usual commit, and the slowest: what is put off is paid for there.
fn report_durable(
    report: &mut Report,
    what: &str,
    rows: u64,
    (ours, peer): (Vec<Duration>, Vec<Duration>),
) {
    let slowest = |times: &[Duration]| times.iter().max().copied().unwrap_or_default();
    let (our_worst, peer_worst) = (slowest(&ours), slowest(&peer));
    let line = format!("{what}, durable, 1 writer, median");
    report.ratio(&line, rows, median(ours), median(peer), "1.5");
    let line = format!("{what}, durable, slowest of 300");
    report.ratio(&line, rows, our_worst, peer_worst, "");
}
