//! `Idempotency-Key` on a server: callers at once, and a caller that goes away. What answers say is
//! among the conformance cases.

use offshoot_tests::branch::Branch;
use offshoot_tests::client::Client;
use offshoot_tests::server::Server;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Barrier;
use std::time::Duration;

fn count(branch: &Branch<'_>) -> Value {
    branch.query("SELECT count(*) FROM notes")[0][0].clone()
}

fn keyed(client: &Client, key: &str) -> Client {
    client.clone().with_header("idempotency-key", key)
}

#[test]
fn many_at_once_are_one() {
    const CALLERS: usize = 8;
    let server = Server::new();
    let main = server.client().main();
    main.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)");
    let insert = json!({"sql": "INSERT INTO notes (body) VALUES ('x') RETURNING id"});
    for round in 0..20 {
        let client = keyed(server.client(), &format!("round-{round}"));
        let start = Barrier::new(CALLERS);
        let replies = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..CALLERS)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        client.post("/v1/branches/main/execute", &insert)
                    })
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect::<Vec<_>>()
        });
        let mut answers = HashSet::new();
        for reply in &replies {
            match reply.status {
                409 => drop(reply.error(409, "IDEMPOTENCY_IN_PROGRESS")),
                _ => drop(answers.insert(reply.ok()["rows"].to_string())),
            }
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(count(&main), json!(round + 1));
        // Whoever was told to wait gets the same answer.
        let again = client.post("/v1/branches/main/execute", &insert);
        assert!(answers.contains(&again.ok()["rows"].to_string()), "{again}");
    }
}

#[test]
fn a_caller_that_goes_away_gets_its_answer_later() {
    let server = Server::new();
    let main = server.client().main();
    main.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)");
    main.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)");
    let numbers: Vec<Value> = (0..1500).map(|n| json!({"n": n})).collect();
    main.insert("numbers", Value::from(numbers));
    // Something that takes its time.
    let sql = "INSERT INTO notes (body) SELECT CAST(count(*) AS TEXT) FROM numbers AS a \
               JOIN numbers AS b ON a.n + b.n > 7";
    let insert = json!({"sql": sql});
    let address = server.client().base().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let body = insert.to_string();
    write!(
        stream,
        "POST /v1/branches/main/execute HTTP/1.1\r\nhost: {address}\r\nidempotency-key: gone\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len(),
    )
    .unwrap();
    // Until it is under way, or done: a second one beside the question itself.
    let client = server.client();
    loop {
        let metrics = client.get("/metrics").body.as_str().unwrap().to_owned();
        let begun = "offshoot_http_requests_running 2";
        let done = "route=\"/v1/branches/{branch}/execute\",status=\"200\"} 3";
        if metrics.lines().any(|line| line == begun || line.ends_with(done)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(stream);
    let client = keyed(client, "gone");
    let reply = loop {
        let reply = client.post("/v1/branches/main/execute", &insert);
        if reply.code() != Some("IDEMPOTENCY_IN_PROGRESS") {
            break reply;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(reply.ok()["affected_rows"], 1, "{reply}");
    assert_eq!(reply.header("idempotency-replayed"), Some("true"), "{reply}");
    assert_eq!(count(&main), json!(1));
}
