//! What only Offshoot does.

use crate::report::{Random, Report, each, filler, median, shown};
use cpu_time::ThreadTime;
use offshoot::EmbeddedDatabase;
use offshoot::embedded::moment;
use offshoot_core::database::{AsOf, MergeRequest, NewBranch};
use offshoot_core::history::Scn;
use offshoot_core::sql::Session;
use offshoot_core::value::Value;
use std::path::Path;
use std::time::{Duration, Instant};

fn filled(path: &Path, rows: u64) -> EmbeddedDatabase {
    let db = EmbeddedDatabase::new(path).expect("opens");
    let create = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, text TEXT)";
    db.execute("main", create, &[]).expect("create");
    let texts: Vec<String> = (0..997).map(|i| filler(i, 80)).collect();
    let row = |i: u64| format!("(${}, ${}, ${})", i * 3 + 1, i * 3 + 2, i * 3 + 3);
    let insert = (0..1000).map(row).collect::<Vec<_>>().join(", ");
    let insert = format!("INSERT INTO t VALUES {insert}");
    for batch in 0..rows / 1000 {
        let mut values = Vec::with_capacity(3000);
        for id in batch * 1000..(batch + 1) * 1000 {
            values.push(Value::Int(id as i64));
            values.push(Value::Int((id % 97) as i64));
            values.push(Value::Text(texts[(id % 997) as usize].as_str().into()));
        }
        db.execute("main", &insert, &values).expect("insert");
    }
    db
}

fn update(db: &EmbeddedDatabase, branch: &str, id: u64, n: u64) {
    let text = filler(n + 1_000_000, 80);
    let values = [Value::Text(text.as_str().into()), Value::Int(id as i64)];
    let done = db.execute(branch, "UPDATE t SET text = $1 WHERE id = $2", &values);
    assert_eq!(done.expect("update").affected, 1);
}

/// Branches, time travel, size on disk, opening.
pub fn measure(rows: u64, report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("db.offshoot");
    let db = filled(&path, rows);
    let core = db.database().clone();

    let before = db.store().stats().expect("stats").file_bytes;
    let start = ThreadTime::now();
    let n = 500;
    for i in 0..n {
        let new = NewBranch { name: format!("b{i}"), source: "main".into(), ..Default::default() };
        core.create_branch(&moment().expect("moment"), new).expect("branch");
    }
    let cpu = start.elapsed() / n;
    db.store().flush().expect("flush");
    let after = db.store().stats().expect("stats").file_bytes;
    report.figure("branch creation, CPU", rows, &shown(cpu), "50 µs");
    let grown = after.saturating_sub(before) / u64::from(n);
    report.figure("branch creation, bytes on disk", rows, &grown.to_string(), "flat");

    // By turns and by the median: the disk's own moods are no part of the ratio.
    let random = &mut Random(5);
    let (mut durable, mut commit) = (Vec::new(), Vec::new());
    for i in 0..200 {
        durable.push(each(1, |_| {
            let name = format!("d{i}");
            let new = NewBranch { name, source: "main".into(), ..Default::default() };
            let made = core.create_branch(&moment().expect("moment"), new).expect("branch");
            db.settle(made.ticket).expect("durable");
        }));
        commit.push(each(1, |_| update(&db, "main", random.below(rows), i)));
    }
    let (durable, commit) = (median(durable), median(commit));
    report.figure(
        "branch creation, durable, over a one-row durable commit",
        rows,
        &format!("{:.2}", durable.as_secs_f64() / commit.as_secs_f64()),
        "1.2",
    );

    let head = core.head("main").expect("head").header.scn.0;
    let random = &mut Random(6);
    let select = "SELECT text FROM t WHERE id = $1";
    let mut session = Session::new(core.clone(), "main", "");
    let mut read = |as_of: AsOf, id: u64| {
        let found = db.run(&mut session, select, &[Value::Int(id as i64)], as_of).expect("select");
        assert_eq!(found.rows.len(), 1);
    };
    let at_head = each(2000, |_| read(AsOf::Now, random.below(rows)));

    let target = 10_000;
    eprintln!("# {target} one-row commits");
    // What loading left over is collected first, so that it does not count as saved later.
    db.gc().expect("gc");
    db.store().flush().expect("flush");
    let before = db.store().stats().expect("stats").file_bytes;
    let random = &mut Random(7);
    std::thread::scope(|scope| {
        for writer in 0..8u64 {
            let (db, seed) = (&db, random.below(1 << 40));
            scope.spawn(move || {
                let random = &mut Random(seed);
                for i in 0..target / 8 {
                    update(db, "main", random.below(rows / 8) * 8 + writer, i);
                }
            });
        }
    });
    db.store().flush().expect("flush");
    let after = db.store().stats().expect("stats").file_bytes;
    let each_bytes = after.saturating_sub(before) / target;
    report.figure("bytes on disk per one-row commit", rows, &each_bytes.to_string(), "6144");

    let now = core.head("main").expect("head").header.scn.0;
    let mut first = Vec::new();
    let mut later = Vec::new();
    let random = &mut Random(8);
    for _ in 0..15 {
        let as_of = AsOf::Scn(Scn(head + random.below(now - head)));
        let start = Instant::now();
        read(as_of.clone(), random.below(rows));
        first.push(start.elapsed());
        later.push(each(300, |_| read(as_of.clone(), random.below(rows))));
    }
    let worst = first.iter().max().copied().unwrap_or(Duration::ZERO);
    report.figure("AS OF, first read at a new point, median", rows, &shown(median(first)), "10 ms");
    report.figure("AS OF, first read at a new point, worst of 15", rows, &shown(worst), "10 ms");
    let ratio = median(later).as_secs_f64() / at_head.as_secs_f64();
    report.figure("AS OF, later reads over head reads", rows, &format!("{ratio:.2}"), "1.3");

    drop(session);
    db.gc().expect("gc");
    let thinned = db.store().stats().expect("stats").file_bytes;
    let each_bytes = thinned.saturating_sub(before) / target;
    report.figure(
        "bytes on disk per one-row commit, after gc",
        rows,
        &each_bytes.to_string(),
        "1024",
    );
    db.close().expect("close");
    drop((core, db));
    let open = median(
        (0..5)
            .map(|_| {
                let start = Instant::now();
                let db = EmbeddedDatabase::new(&path).expect("opens");
                db.execute("main", select, &[Value::Int(1)]).expect("select");
                let time = start.elapsed();
                db.close().expect("close");
                time
            })
            .collect(),
    );
    report.figure("opening, and one read", rows, &shown(open), "");
}

/// Merges of a thousand changed rows.
pub fn merges(rows: u64, report: &mut Report) {
    for commits in [1u64, 1000] {
        let folder = tempfile::tempdir().expect("a folder");
        let db = filled(&folder.path().join("db.offshoot"), rows);
        let core = db.database();
        let new = NewBranch { name: "feature".into(), source: "main".into(), ..Default::default() };
        core.create_branch(&moment().expect("moment"), new).expect("branch");
        // The target moves too, elsewhere, so that the merge has two sides.
        for i in 0..10 {
            update(&db, "main", i * (rows / 10) + 3, i);
        }
        let step = rows / 1000;
        match commits {
            1 => {
                let ids: Vec<String> = (0..1000).map(|i| (i * step + 1).to_string()).collect();
                let sql = format!("UPDATE t SET n = -1 WHERE id IN ({})", ids.join(","));
                let done = db.execute("feature", &sql, &[]).expect("update");
                assert_eq!(done.affected, 1000);
            }
            _ => (0..1000).for_each(|i| update(&db, "feature", i * step + 1, i)),
        }
        let request =
            MergeRequest { source: "feature".into(), target: "main".into(), ..Default::default() };
        let dry = MergeRequest { dry_run: true, ..request.clone() };
        core.merge(&moment().expect("moment"), &dry).expect("dry run");
        let start = Instant::now();
        core.merge(&moment().expect("moment"), &dry).expect("dry run");
        let what = format!("dry run of that merge ({commits} commits)");
        report.figure(&what, rows, &shown(start.elapsed()), "");
        let start = Instant::now();
        let merged = core.merge(&moment().expect("moment"), &request).expect("merge");
        let time = start.elapsed();
        assert_eq!(merged.value.changes, 1000);
        let what = format!("merge of 1000 changed rows from {commits} commits, warm, no fsync");
        report.figure(&what, rows, &shown(time), "50 ms");
    }
}
