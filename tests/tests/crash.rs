//! The server is killed while it writes, again and again: what it acknowledged is there afterwards,
//! what it did not acknowledge is there whole or not at all, and the file is in order.

use offshoot_tests::client::{Client, Lost, Reply};
use offshoot_tests::program;
use offshoot_tests::random::Random;
use offshoot_tests::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Kills in a run; `OFFSHOOT_KILLS` sets another number.
const KILLS: u64 = 200;

/// After so many kills the whole file is read and checked, not only what came last.
const THOROUGH_EVERY: u64 = 20;

/// What the writers asked for and what was acknowledged. Everything is in one of the two sets first
/// and perhaps in the other later, so `acknowledged ⊆ there ⊆ asked`.
#[derive(Default)]
struct Log {
    singles: Kind,
    pairs: Kind,
    branches: Kind,
    /// Increments of the counter.
    asked: u64,
    acknowledged: u64,
}

#[derive(Default)]
struct Kind {
    asked: BTreeSet<i64>,
    acknowledged: BTreeSet<i64>,
}

impl Kind {
    /// Fails unless what is there was asked for, and holds everything acknowledged, among `from..`.
    fn assert_holds(&self, there: &BTreeSet<i64>, from: i64, what: &str) {
        let lost: Vec<&i64> =
            self.acknowledged.range(from..).filter(|i| !there.contains(i)).collect();
        assert!(lost.is_empty(), "{what}: acknowledged and lost: {lost:?}");
        let invented: Vec<&i64> = there.range(from..).filter(|i| !self.asked.contains(i)).collect();
        assert!(invented.is_empty(), "{what}: never asked for: {invented:?}");
    }
}

/// Writes until the server goes away. Says so on `started` when the first write is acknowledged.
fn write(client: &Client, role: usize, cycle: u64, log: &Mutex<Log>, started: &Sender<()>) {
    for step in 0..100_000 {
        // Unique over the whole run, and growing with the cycles.
        let id = (cycle * 100_000 + step) as i64;
        let outcome = match role {
            0 => {
                log.lock().unwrap().singles.asked.insert(id);
                let row = json!({"rows": [{"id": id, "body": "x".repeat(200)}]});
                client.try_post("/v1/branches/main/tables/singles/data", &row)
            }
            1 => {
                log.lock().unwrap().pairs.asked.insert(id);
                let both =
                    ["INSERT INTO left_half VALUES ($1)", "INSERT INTO right_half VALUES ($1)"];
                let both = both.map(|sql| json!({"sql": sql, "params": [id]}));
                client.try_post("/v1/branches/main/transaction", &json!({"statements": both}))
            }
            2 => {
                log.lock().unwrap().asked += 1;
                let sql = "UPDATE counters SET n = n + 1 WHERE id = 1";
                client.try_post("/v1/branches/main/execute", &json!({"sql": sql}))
            }
            // A few branches in each cycle are enough; then this writer is done.
            _ if step == 2 => return,
            _ => {
                log.lock().unwrap().branches.asked.insert(id);
                let body = json!({"name": format!("b{id}"), "source_branch": "main"});
                client.try_post("/v1/branches", &body)
            }
        };
        let reply: Reply = match outcome {
            Ok(reply) => reply,
            Err(Lost(_)) => return,
        };
        match reply.code() {
            Some("WRITE_CONFLICT") => drop(reply.error(409, "WRITE_CONFLICT")),
            _ => {
                reply.data(if matches!(role, 0 | 3) { 201 } else { 200 });
                let mut log = log.lock().unwrap();
                match role {
                    0 => drop(log.singles.acknowledged.insert(id)),
                    1 => drop(log.pairs.acknowledged.insert(id)),
                    2 => log.acknowledged += 1,
                    _ => drop(log.branches.acknowledged.insert(id)),
                }
                let _ = started.send(());
            }
        }
    }
}

/// Lets the writers run and kills the server some time after the first acknowledgement. The time
/// decides only at which write the power fails.
fn cycle(server: &mut Server, cycle: u64, log: &Mutex<Log>, random: &mut Random) {
    let (send, receive): (Sender<()>, Receiver<()>) = channel();
    let client = server.client().clone();
    std::thread::scope(|scope| {
        for role in 0..4 {
            let (client, send) = (client.clone(), send.clone());
            scope.spawn(move || write(&client, role, cycle, log, &send));
        }
        drop(send);
        let _ = receive.recv_timeout(Duration::from_secs(60));
        std::thread::sleep(Duration::from_micros(random.between(5_000, 100_000)));
        server.kill();
    });
}

fn ids(client: &Client, table: &str, from: i64) -> BTreeSet<i64> {
    let sql = format!("SELECT id FROM {table} WHERE id >= {from}");
    let rows = client.main().query(&sql);
    let ids: BTreeSet<i64> = rows.iter().map(|row| row[0].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), rows.len(), "{table} has a key twice");
    ids
}

/// Compares what is there, from an id on, with the log.
fn verify(client: &Client, log: &Log, from: i64) {
    log.singles.assert_holds(&ids(client, "singles", from), from, "rows");
    let (left, right) = (ids(client, "left_half", from), ids(client, "right_half", from));
    assert_eq!(left, right, "half a transaction");
    log.pairs.assert_holds(&left, from, "transactions");
    let n = client.main().number("SELECT n FROM counters WHERE id = 1") as u64;
    assert!(
        (log.acknowledged..=log.asked).contains(&n),
        "{n} increments of {} acknowledged and {} asked for",
        log.acknowledged,
        log.asked
    );
    for id in log.branches.acknowledged.range(from..) {
        let reply = client.get(&format!("/v1/branches/b{id}?include_stats=false"));
        assert_eq!(reply.ok()["status"], "active", "{reply}");
    }
}

#[test]
fn a_killed_server_loses_nothing_that_it_acknowledged() {
    let kills = std::env::var("OFFSHOOT_KILLS").map_or(KILLS, |n| n.parse().unwrap());
    let mut random = Random::seeded("crash");
    let mut server = Server::new();
    {
        let main = server.client().main();
        main.execute("CREATE TABLE singles (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
        main.execute("CREATE TABLE left_half (id INTEGER PRIMARY KEY)");
        main.execute("CREATE TABLE right_half (id INTEGER PRIMARY KEY)");
        main.execute("CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)");
        main.execute("INSERT INTO counters VALUES (1, 0)");
    }
    let log = Mutex::new(Log::default());
    for kill in 1..=kills {
        cycle(&mut server, kill, &log, &mut random);
        let thorough = kill % THOROUGH_EVERY == 0 || kill == kills;
        if thorough {
            program::assert_clean(server.data());
        }
        server.restart();
        let from = if thorough { 0 } else { (kill * 100_000) as i64 };
        verify(server.client(), &log.lock().unwrap(), from);
        assert!(!server.complaints().contains("panicked"), "{}", server.complaints());
    }
    server.terminate();
    program::assert_clean(server.data());
    let log = log.into_inner().unwrap();
    let acknowledged = log.singles.acknowledged.len()
        + log.pairs.acknowledged.len()
        + log.branches.acknowledged.len()
        + log.acknowledged as usize;
    println!("{acknowledged} writes were acknowledged in {kills} lives");
    assert!(acknowledged as u64 >= 2 * kills, "too little was written for the kills to mean much");
}

#[test]
fn a_server_killed_while_it_starts_starts_again() {
    let mut random = Random::seeded("crash at start");
    let mut server = Server::new();
    let main = server.client().main();
    main.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)");
    for i in 0..20 {
        let rows: Vec<Value> = (0..50).map(|j| json!({"id": i * 50 + j, "body": "y"})).collect();
        main.insert("t", json!(rows));
    }
    server.kill();
    for _ in 0..25 {
        let mut command = program::command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(server.data());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.below(40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    program::assert_clean(server.data());
    server.restart();
    assert_eq!(server.client().main().number("SELECT COUNT(*) FROM t"), 1000);
}

#[test]
fn an_orderly_shutdown_lets_running_requests_end() {
    let mut server = Server::new();
    server.client().main().execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let log = Mutex::new((BTreeSet::new(), BTreeSet::new()));
    let client = server.client().clone();
    std::thread::scope(|scope| {
        let (send, receive) = channel();
        for writer in 0..4_i64 {
            let (client, log, send) = (client.clone(), &log, send.clone());
            scope.spawn(move || {
                for step in 0..100_000 {
                    let id = writer * 100_000 + step;
                    log.lock().unwrap().0.insert(id);
                    let row = json!({"rows": [{"id": id}]});
                    let path = "/v1/branches/main/tables/t/data";
                    let Ok(reply) = client.try_post(path, &row) else { return };
                    reply.data(201);
                    log.lock().unwrap().1.insert(id);
                    let _ = send.send(());
                }
            });
        }
        for _ in 0..20 {
            receive.recv_timeout(Duration::from_secs(60)).unwrap();
        }
        server.terminate();
    });
    program::assert_clean(server.data());
    server.restart();
    let (asked, acknowledged) = log.into_inner().unwrap();
    let there = ids(server.client(), "t", 0);
    assert!(acknowledged.is_subset(&there), "lost {:?}", acknowledged.difference(&there));
    assert!(there.is_subset(&asked));
    assert!(acknowledged.len() >= 20);
}
