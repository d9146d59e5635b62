//! Everything arrives, at least once, in the order of its branch, whatever fails meanwhile.

use crate::receiver::{Receiver, first_taken, of_branch, summary};
use offshoot_tests::client::Client;
use offshoot_tests::folder::Folder;
use offshoot_tests::program;
use offshoot_tests::server::Server;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// Registers a webhook for everything; its id and its secret.
fn register(client: &Client, url: &str) -> (String, String) {
    let hook = client.post("/v1/webhooks", &json!({"url": url}));
    let hook = hook.data(201);
    (hook["id"].as_str().unwrap().into(), hook["secret"].as_str().unwrap().into())
}

/// What is expected, branch by branch.
#[derive(Default)]
struct Expected(Vec<(String, Vec<String>)>);

impl Expected {
    fn add(&mut self, branch: &str, what: &str) {
        let line = format!("{branch} {what}");
        match self.0.iter_mut().find(|(name, _)| name == branch) {
            Some((_, lines)) => lines.push(line),
            None => self.0.push((branch.into(), vec![line])),
        }
    }

    fn len(&self) -> usize {
        self.0.iter().map(|(_, lines)| lines.len()).sum()
    }
}

/// Everything that can happen to a branch, some of it twice.
fn live(client: &Client, name: &str, row: i64, expected: &mut Expected) {
    let (main, branch) = (client.main(), client.create(name, "main"));
    expected.add(name, "created from main");
    for row in row..row + 3 {
        branch.execute(&format!("INSERT INTO t VALUES ({row}, 'new')"));
        expected.add(name, "changed t 1/0/0");
        main.execute(&format!("INSERT INTO t VALUES ({}, 'of main')", row + 1000));
        expected.add("main", "changed t 1/0/0");
    }
    branch.execute(&format!("UPDATE t SET s = 'other' WHERE id = {row}"));
    expected.add(name, "changed t 0/1/0");
    for is_protected in [true, false, true, false] {
        client.patch(&branch.path(""), &json!({"is_protected": is_protected})).ok();
    }
    expected.add(name, "protected");
    expected.add(name, "protected");
    branch.execute(&format!("DELETE FROM t WHERE id = {}", row + 2));
    expected.add(name, "changed t 0/0/1");
    branch.merge_into("main", json!({})).ok();
    expected.add("main", &format!("merged {name}"));
    expected.add("main", "changed t 2/0/0");
    client.delete(&branch.path("")).ok();
    expected.add(name, "deleted");
}

#[test]
fn everything_arrives_in_order_although_the_receiver_is_away_and_the_server_killed() {
    let mut receiver = Receiver::new();
    let mut server = Server::with(&["--webhook-allow-private"]);
    let mut expected = Expected::default();
    // What was before is not told.
    server.client().create("before", "main");
    let (hook, secret) = register(server.client(), &receiver.url());
    receiver.down();
    server.client().main().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)");
    expected.add("main", "changed t schema 0/0/0");
    live(server.client(), "away", 1, &mut expected);
    // At once after the answer: nothing was written down but the commit.
    server.kill();
    server.restart();
    live(server.client(), "after-the-kill", 11, &mut expected);
    // It is there again and refuses, and takes only some of what it is sent.
    let calls = std::sync::atomic::AtomicU32::new(0);
    receiver.answer(move |_| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        (if call % 3 == 2 { 204 } else { 503 }, String::new())
    });
    receiver.up();
    receiver.wait("a few events", |received| first_taken(received).len() >= 2);
    // In the middle of deliveries.
    server.kill();
    receiver.down();
    server.restart();
    // The same name again is another branch, and comes behind the one before.
    live(server.client(), "away", 21, &mut expected);
    server.kill();
    receiver.answer(|_| (200, String::new()));
    receiver.up();
    server.restart();
    let received = receiver.wait_for(expected.len());
    for (branch, lines) in &expected.0 {
        assert_eq!(&of_branch(&received, branch), lines, "{branch}");
    }
    assert_eq!(first_taken(&received).len(), expected.len());
    for delivery in &received {
        delivery.assert_signed(&secret);
        assert_eq!(delivery.call, "POST /hook?of=test");
        assert_eq!(delivery.headers["content-type"], "application/json");
    }
    // An event that comes again is the same event.
    let bodies: HashSet<(String, Vec<u8>)> = received
        .iter()
        .map(|delivery| (delivery.headers["webhook-id"].clone(), delivery.bytes.clone()))
        .collect();
    assert_eq!(bodies.len(), expected.len());
    // The log knows of failures before the kill, too.
    let client = server.client();
    let log = client.get(&format!("/v1/webhooks/{hook}/deliveries?limit=100"));
    let log = log.ok()["deliveries"].as_array().unwrap().clone();
    assert!(log.iter().any(|attempt| attempt["status"] == 503 && attempt["retry_at"].is_string()));
    assert_eq!(log[0]["delivered"], true, "{}", log[0]);
    let shown = client.get(&format!("/v1/webhooks/{hook}"));
    assert_eq!(shown.ok()["failing_since"], Value::Null, "{shown}");
}

#[test]
fn what_an_event_says() {
    let receiver = Receiver::new();
    let server = Server::with(&["--webhook-allow-private"]);
    let client = server.client();
    client.main().execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    register(client, &receiver.url());
    let branch = client.create("feature/x", "main");
    branch.execute("INSERT INTO t VALUES (1), (2)");
    let merged = branch.merge_into("main", json!({"merge_message": "both rows"}));
    merged.ok();
    let received = receiver.wait_for(4);
    let event = |line: &str| {
        let found = received.iter().find(|delivery| summary(delivery) == line);
        found.unwrap_or_else(|| panic!("no '{line}'")).body()
    };
    let details = branch.details();
    let created = event("feature/x created from main");
    assert_eq!(created["data"]["branch_id"], details["id"]);
    assert_eq!(created["timestamp"], details["created_at"]);
    let changed = event("feature/x changed t 2/0/0");
    let entry =
        branch.history(&[]).into_iter().find(|entry| entry["scn"] == changed["data"]["scn"]);
    let entry = entry.expect("the commit is in the history");
    assert_eq!(
        (&changed["data"]["commit"], &changed["timestamp"]),
        (&entry["id"], &entry["timestamp"])
    );
    let merged = event("main merged feature/x");
    assert_eq!(merged["data"]["source_branch_id"], details["id"]);
    assert_eq!(merged["data"]["merged_commit"], changed["data"]["commit"]);
    let whole = event("main changed t 2/0/0");
    assert_eq!(whole["data"]["message"], "both rows");
    assert_eq!(whole["data"]["commit"], merged["data"]["commit"]);
}

#[test]
fn one_branch_and_one_webhook_do_not_wait_for_others() {
    let (picky, other) = (Receiver::new(), Receiver::new());
    picky.answer(|delivery| (if delivery.branch() == "poison" { 500 } else { 200 }, String::new()));
    let server = Server::with(&["--webhook-allow-private"]);
    let client = server.client();
    client.main().execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let (hook, _) = register(client, &picky.url());
    register(client, &other.url());
    let poison = client.create("poison", "main");
    poison.execute("INSERT INTO t VALUES (1)");
    client.create("good", "main").execute("INSERT INTO t VALUES (1)");
    picky.wait_for(2);
    other.wait_for(4);
    picky.wait("another attempt", |received| {
        received.iter().filter(|delivery| delivery.branch() == "poison").count() >= 2
    });
    let poisoned: HashSet<String> = picky
        .received()
        .iter()
        .filter(|delivery| delivery.branch() == "poison")
        .map(summary)
        .collect();
    assert_eq!(poisoned, HashSet::from(["poison created from main".to_owned()]));
    let shown = client.get(&format!("/v1/webhooks/{hook}"));
    assert!(shown.ok()["id"].is_string());
    picky.answer(|_| (200, String::new()));
    picky.wait_for(4);
}

#[test]
fn a_tenants_webhooks_are_sent_before_anybody_asks() {
    let folder = Folder::new();
    let dir = folder.path().to_str().unwrap();
    program::run(["tenant", "create", "--data-dir", dir, "--tenant", "acme"])
        .assert_orderly("acme");
    let file = folder.join("acme.offshoot");
    let made = program::run([
        "key",
        "create",
        "--name",
        "a",
        "--scopes",
        "admin",
        "--data",
        file.to_str().unwrap(),
    ]);
    let key = made.stdout.trim().to_owned();
    let mut receiver = Receiver::new();
    let mut server = Server::of_folder(folder.path(), &["--webhook-allow-private"]);
    let post = |base: &str, path: &str, body: &Value| {
        let request = ureq::post(format!("{base}{path}")).header("x-api-key", &key);
        request.header("content-type", "application/json").send(body.to_string()).unwrap();
    };
    let base = server.client().base().to_owned();
    post(&base, "/v1/webhooks", &json!({"url": receiver.url()}));
    receiver.down();
    post(&base, "/v1/branches", &json!({"name": "feature"}));
    server.kill();
    receiver.up();
    server.restart();
    let received = receiver.wait_for(1);
    assert_eq!(summary(&received[0]), "feature created from main");
    // The server ends in order while nothing is left to do, and while something is.
    std::thread::sleep(Duration::from_millis(10));
    server.terminate();
}
