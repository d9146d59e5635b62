//! Many writers on one branch: no update is lost, no job is done twice, no constraint is raced past,
//! and no one waits for a reader.

use offshoot_tests::branch::{Branch, Rows};
use offshoot_tests::client::Reply;
use offshoot_tests::random::Random;
use offshoot_tests::server::Server;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};

const WRITERS: usize = 8;

/// Runs `work` in as many threads as there are writers, which begin together; what each returned.
fn together<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        let (start, work) = (&start, &work);
        let spawn = |i| {
            scope.spawn(move || {
                start.wait();
                work(i)
            })
        };
        let threads: Vec<_> = (0..WRITERS).map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Runs a transaction again until it does not lose a race; its reply.
fn until_won(branch: &Branch<'_>, statements: &[(&str, Value)]) -> Reply {
    for _ in 0..10_000 {
        let reply = branch.transaction(statements);
        match reply.code() {
            Some("WRITE_CONFLICT") => drop(reply.error(409, "WRITE_CONFLICT")),
            _ => return reply,
        }
    }
    panic!("a transaction lost 10,000 races");
}

fn counter(server: &Server) -> Branch<'_> {
    let main = server.client().main();
    main.execute("CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)");
    main.execute("INSERT INTO counters VALUES (1, 0)");
    main
}

#[test]
fn autocommit_increments_are_never_lost_and_never_refused() {
    const EACH: usize = 60;
    let server = Server::new();
    let main = counter(&server);
    let scns = together(|_| {
        let step = |_| {
            // `execute` takes no reply but 200: a lost race is run again by the server.
            let done = main.execute("UPDATE counters SET n = n + 1 WHERE id = 1");
            assert_eq!(done.affected, 1);
            done.scn
        };
        (0..EACH).map(step).collect::<Vec<u64>>()
    });
    assert_eq!(main.number("SELECT n FROM counters WHERE id = 1"), (WRITERS * EACH) as i64);
    // Each acknowledged statement is a commit of its own, and each commit one more.
    let mut scns = scns.concat();
    scns.sort_unstable();
    let first = scns[0];
    assert_eq!(scns, (first..first + (WRITERS * EACH) as u64).collect::<Vec<_>>());
    for (i, scn) in scns.iter().enumerate().step_by(37) {
        let as_of = json!({"type": "scn", "value": scn});
        let n = main.number_at("SELECT n FROM counters WHERE id = 1", &as_of);
        assert_eq!(n, i as i64 + 1, "as of {scn}");
    }
}

#[test]
fn increments_in_transactions_are_never_lost() {
    const EACH: usize = 40;
    let server = Server::new();
    let main = counter(&server);
    main.execute("CREATE TABLE done (writer INTEGER, step INTEGER, PRIMARY KEY (writer, step))");
    together(|writer| {
        for step in 0..EACH {
            let reply = until_won(
                &main,
                &[
                    ("UPDATE counters SET n = n + 1 WHERE id = $1", json!([1])),
                    ("INSERT INTO done VALUES ($1, $2)", json!([writer, step])),
                ],
            );
            let results = &reply.ok()["results"];
            assert_eq!(results[0]["statement_type"], "UPDATE", "{reply}");
            assert_eq!(results[0]["affected_rows"], 1, "{reply}");
            assert_eq!(results[1]["statement_type"], "INSERT", "{reply}");
            assert!(reply.ok()["scn"].is_u64(), "{reply}");
        }
    });
    assert_eq!(main.number("SELECT n FROM counters WHERE id = 1"), (WRITERS * EACH) as i64);
    assert_eq!(main.number("SELECT COUNT(*) FROM done"), (WRITERS * EACH) as i64);
}

fn total(rows: &Rows) -> i64 {
    rows.iter().map(|row| row[0].as_i64().unwrap_or_else(|| panic!("{row:?}"))).sum()
}

#[test]
fn transfers_keep_the_total_at_every_moment() {
    const ACCOUNTS: u64 = 10;
    const EACH: usize = 40;
    const TOTAL: i64 = 100 * ACCOUNTS as i64;
    const BALANCES: &str = "SELECT balance FROM accounts";
    let server = Server::new();
    let main = server.client().main();
    main.execute(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, \
         balance INTEGER NOT NULL CHECK (balance >= 0))",
    );
    let rows: Vec<Value> = (0..ACCOUNTS).map(|id| json!({"id": id, "balance": 100})).collect();
    main.insert("accounts", json!(rows));
    let seeds = Mutex::new(Random::seeded("transfers"));
    let (made, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    let scns = Mutex::new(Vec::new());
    together(|writer| {
        let mut random = seeds.lock().unwrap().split();
        for _ in 0..EACH {
            if writer == 0 {
                // One of them only looks: the total holds while the others write.
                assert_eq!(total(&main.query(BALANCES)), TOTAL);
                continue;
            }
            let (from, amount) = (random.below(ACCOUNTS), random.between(1, 80));
            let to = (from + random.between(1, ACCOUNTS)) % ACCOUNTS;
            let reply = until_won(
                &main,
                &[
                    // The receiver first: a refusal must undo what was done already.
                    (
                        "UPDATE accounts SET balance = balance + $1 WHERE id = $2",
                        json!([amount, to]),
                    ),
                    (
                        "UPDATE accounts SET balance = balance - $1 WHERE id = $2",
                        json!([amount, from]),
                    ),
                ],
            );
            match reply.status {
                200 => {
                    made.fetch_add(1, Ordering::Relaxed);
                    scns.lock().unwrap().push(reply.ok()["scn"].as_u64().unwrap());
                }
                _ => {
                    reply.error(409, "CONSTRAINT_VIOLATION");
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    });
    let (made, refused) = (made.into_inner(), refused.into_inner());
    assert_eq!(made + refused, ((WRITERS - 1) * EACH) as u64);
    assert!(made > 0, "all transfers were refused");
    assert_eq!(total(&main.query(BALANCES)), TOTAL);
    let mut scns = scns.into_inner().unwrap();
    scns.sort_unstable();
    scns.dedup();
    assert_eq!(scns.len() as u64, made, "two transfers in one commit");
    for scn in scns {
        let then = main.query_at(BALANCES, &json!({"type": "scn", "value": scn}));
        assert_eq!(total(&then), TOTAL, "as of {scn}");
        assert_eq!(then.len() as u64, ACCOUNTS);
    }
}

/// Every writer takes jobs until it sees none; which job each got. A job is got by the statement that
/// says it changed a row.
fn pop_all(main: &Branch<'_>, next: &str, take: &str) -> Vec<i64> {
    let taken = together(|writer| {
        let mut own = Vec::new();
        loop {
            // All look at the same few jobs, so that they race.
            let waiting = main.query(next);
            if waiting.is_empty() {
                return own;
            }
            for job in waiting {
                let done = main.try_execute(take, json!([job[0], writer as i64 + 1]));
                match done.ok()["affected_rows"].as_u64() {
                    Some(0) => {}
                    Some(1) => own.push(job[0].as_i64().unwrap()),
                    other => panic!("{other:?} jobs by {done}"),
                }
            }
        }
    });
    taken.concat()
}

#[test]
fn no_job_of_a_queue_is_done_twice() {
    const JOBS: i64 = 80;
    let server = Server::new();
    let main = server.client().main();
    for table in ["claimed", "popped"] {
        main.execute(&format!("CREATE TABLE {table} (id INTEGER PRIMARY KEY, worker INTEGER)"));
        let rows: Vec<Value> = (1..=JOBS).map(|id| json!({"id": id})).collect();
        main.insert(table, json!(rows));
    }
    let all: Vec<i64> = (1..=JOBS).collect();

    let mut taken = pop_all(
        &main,
        "SELECT id FROM claimed WHERE worker IS NULL ORDER BY id LIMIT 3",
        "UPDATE claimed SET worker = $2 WHERE id = $1 AND worker IS NULL",
    );
    taken.sort_unstable();
    assert_eq!(taken, all);
    assert_eq!(main.number("SELECT COUNT(*) FROM claimed WHERE worker IS NULL"), 0);

    let mut taken = pop_all(
        &main,
        "SELECT id FROM popped ORDER BY id LIMIT 3",
        "DELETE FROM popped WHERE id = $1 AND $2 > 0",
    );
    taken.sort_unstable();
    assert_eq!(taken, all);
    assert_eq!(main.number("SELECT COUNT(*) FROM popped"), 0);
}

#[test]
fn of_racing_duplicates_exactly_one_is_taken() {
    const ROUNDS: usize = 25;
    let server = Server::new();
    let main = server.client().main();
    main.execute("CREATE TABLE by_key (id INTEGER PRIMARY KEY, writer INTEGER)");
    main.execute("CREATE TABLE by_index (id INTEGER PRIMARY KEY, email TEXT UNIQUE)");
    main.execute("CREATE TABLE by_pair (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)");
    main.execute("CREATE UNIQUE INDEX pair ON by_pair (a, b)");
    for round in 0..ROUNDS {
        let key = |w: usize| json!({"rows": [{"id": round, "writer": w}]});
        let id = |w: usize| round * WRITERS + w;
        let index = |w: usize| json!({"rows": [{"id": id(w), "email": format!("{round}@x")}]});
        let pair = |w: usize| json!({"rows": [{"id": id(w), "a": round, "b": 1}]});
        type Row<'r> = &'r (dyn Fn(usize) -> Value + Sync);
        let races: [(&str, Row<'_>); 3] =
            [("by_key", &key), ("by_index", &index), ("by_pair", &pair)];
        for (table, row) in races {
            let replies = together(|writer| main.try_insert(table, &row(writer)));
            let won: Vec<usize> = (0..WRITERS).filter(|w| replies[*w].status == 201).collect();
            assert_eq!(won.len(), 1, "{table}, round {round}: {won:?} won");
            for reply in replies.iter().filter(|reply| reply.status != 201) {
                reply.error(409, "CONSTRAINT_VIOLATION");
            }
            assert_eq!(main.number(&format!("SELECT COUNT(*) FROM {table}")), round as i64 + 1);
        }
        // The row that is there is the winner's.
        let sql = format!("SELECT COUNT(*) FROM by_index WHERE email = '{round}@x'");
        assert_eq!(main.number(&sql), 1, "the index and the scan disagree");
    }
}

/// What became of a race between a child that comes and its parent that goes.
fn one_wins(comes: &Reply, goes: &Reply, what: &str) -> bool {
    match (comes.status, goes.status) {
        (200, 409) => drop(goes.error(409, "CONSTRAINT_VIOLATION")),
        (409, 200) => drop(comes.error(409, "CONSTRAINT_VIOLATION")),
        _ => panic!("{what}: not exactly one won: {comes}; {goes}"),
    }
    comes.status == 200
}

#[test]
fn a_foreign_key_holds_while_parents_go_and_children_come() {
    const ROUNDS: i64 = 60;
    let server = Server::new();
    let main = server.client().main();
    main.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY, code INTEGER)");
    main.execute(
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER, \
         FOREIGN KEY (parent_id) REFERENCES parent (id))",
    );
    let rows: Vec<Value> = (0..2 * ROUNDS).map(|id| json!({"id": id})).collect();
    main.insert("parent", json!(rows));
    // Orphans to be adopted: a child that is there already is given a parent.
    let rows: Vec<Value> = (ROUNDS..2 * ROUNDS).map(|id| json!({"id": id})).collect();
    main.insert("child", json!(rows));

    let race = |comes: &str, id: i64| {
        let start = Barrier::new(2);
        let run = |sql: &str, params: Value| {
            start.wait();
            main.try_execute(sql, params)
        };
        std::thread::scope(|scope| {
            let goes = scope.spawn(|| run("DELETE FROM parent WHERE id = $1", json!([id])));
            let comes = run(comes, json!([id]));
            (comes, goes.join().unwrap())
        })
    };
    let mut children = 0;
    for id in 0..2 * ROUNDS {
        let sql = match id < ROUNDS {
            true => "INSERT INTO child VALUES ($1, $1)",
            false => "UPDATE child SET parent_id = $1 WHERE id = $1",
        };
        let (comes, goes) = race(sql, id);
        children += i64::from(one_wins(&comes, &goes, &format!("parent {id}")));
    }
    let dangling = "SELECT COUNT(*) FROM child LEFT JOIN parent ON parent.id = child.parent_id \
                    WHERE child.parent_id IS NOT NULL AND parent.id IS NULL";
    assert_eq!(main.number(dangling), 0);
    let kept = main.number("SELECT COUNT(*) FROM child WHERE parent_id IS NOT NULL");
    assert_eq!(kept, children);
    assert_eq!(main.number("SELECT COUNT(*) FROM parent"), children);
}

#[test]
fn readers_end_while_writers_run() {
    const READS: usize = 40;
    let server = Server::new();
    let main = counter(&server);
    let rows: Vec<Value> = (2..=500).map(|id| json!({"id": id, "n": 0})).collect();
    main.insert("counters", json!(rows));
    let then = main.execute("UPDATE counters SET n = 0 WHERE id = 1");
    let (reading, writes) = (AtomicBool::new(true), AtomicU64::new(0));
    together(|i| {
        if i < 4 {
            // These write until the readers are done, so a reader that waits for them waits for
            // ever.
            while reading.load(Ordering::Relaxed) {
                main.execute("UPDATE counters SET n = n + 1 WHERE id > 0");
                writes.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
        let _done = Done(&reading);
        for _ in 0..READS {
            // One statement changes all rows alike: a reader sees all of it or nothing.
            let seen = main.query("SELECT DISTINCT n FROM counters");
            assert_eq!(seen.len(), 1, "half a statement: {seen:?}");
            let old = json!({"type": "scn", "value": then.scn});
            assert_eq!(main.number_at("SELECT COUNT(*) FROM counters WHERE n = 0", &old), 500);
        }
    });
    assert!(writes.into_inner() > 0, "nothing was written meanwhile");
}

/// Ends the writing when the first reader is done, or failed.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[test]
fn writers_do_not_wait_for_a_reader() {
    let mut server = Server::new();
    let rows: Vec<Value> = (1..=2000).map(|id| json!({"id": id, "n": 0})).collect();
    counter(&server).execute("DELETE FROM counters WHERE id = 1");
    server.client().main().insert("counters", json!(rows));
    let client = server.client().clone();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Eight billion pairs: it reads until the server is no more.
            let sql = "SELECT COUNT(*) FROM counters AS a JOIN counters AS b ON b.n <> a.id \
                       JOIN counters AS c ON c.n <> b.id";
            let body = json!({"sql": sql, "timeout_ms": 120_000});
            let outcome = client.try_post("/v1/branches/main/query", &body);
            ended.store(true, Ordering::Relaxed);
            assert!(outcome.is_err(), "the long query ended: {}", outcome.unwrap());
        });
        let main = client.main();
        for _ in 0..50 {
            main.execute("UPDATE counters SET n = n + 1 WHERE id = 1");
            main.execute("INSERT INTO counters (n) VALUES (0)");
        }
        main.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)");
        assert_eq!(main.number("SELECT n FROM counters WHERE id = 1"), 50);
        let waited = ended.load(Ordering::Relaxed);
        server.kill();
        assert!(!waited, "the writers waited until the reader had ended");
    });
}

#[test]
fn branches_are_made_and_merged_while_writers_run() {
    const ROUNDS: i64 = 12;
    let server = Server::new();
    let main = counter(&server);
    let client = server.client();
    main.execute("CREATE TABLE merged (id INTEGER PRIMARY KEY)");
    let running = AtomicBool::new(true);
    let counted = AtomicU64::new(0);
    together(|i| {
        if i > 0 {
            while running.load(Ordering::Relaxed) {
                main.execute("UPDATE counters SET n = n + 1 WHERE id = 1");
                counted.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
        let _done = Done(&running);
        for round in 0..ROUNDS {
            let branch = client.create(&format!("b{round}"), "main");
            let seen = branch.number("SELECT n FROM counters WHERE id = 1");
            branch.execute(&format!("INSERT INTO merged VALUES ({round})"));
            assert_eq!(branch.number("SELECT n FROM counters WHERE id = 1"), seen);
            // A target that moves faster than the merge may refuse it; nothing is lost by that.
            let reply = (0..1000)
                .map(|_| branch.merge_into("main", json!({"conflict_resolution": "abort"})))
                .find(|reply| reply.code() != Some("WRITE_CONFLICT"))
                .expect("one merge of a thousand ends");
            assert_eq!(reply.ok()["changes_merged"], 1, "{reply}");
        }
    });
    assert_eq!(main.number("SELECT COUNT(*) FROM merged"), ROUNDS);
    let n = main.number("SELECT n FROM counters WHERE id = 1");
    assert_eq!(n as u64, counted.into_inner(), "a merge lost an update");
}
