//! Rate limits: how many pass, what the headers say, who shares a bucket. Windows here are hours, so
//! that nothing is refilled while a test runs.

use crate::send::{Answer, send, with_key};
use crate::token::{SECRET, but, claims, hs256, now};
use offshoot_tests::folder::Folder;
use offshoot_tests::server::Server;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::SocketAddr;

/// A server whose rules stand in a file.
fn server(rules: &Value, more: &[&str]) -> (Server, Folder) {
    let folder = Folder::new();
    let file = folder.join("limits.json");
    std::fs::write(&file, rules.to_string()).unwrap();
    let mut arguments = vec!["--rate-limit", file.to_str().unwrap()];
    arguments.extend(more);
    (Server::with(&arguments), folder)
}

/// Checks that exactly `most` requests pass, and what each answer says.
#[track_caller]
fn exhaust(limit: i64, most: i64, window: i64, ask: impl Fn() -> Answer) {
    let started = now();
    for n in 1..=most {
        let answer = ask();
        assert_ne!(answer.status, 429, "request {n}: {answer}");
        assert_eq!(answer.number("x-ratelimit-limit"), limit, "{answer}");
        assert_eq!(answer.number("x-ratelimit-remaining"), limit.min(most - n), "{n}: {answer}");
        assert_eq!(answer.header("retry-after"), "", "{answer}");
        let full = n * window / limit;
        let reset = answer.number("x-ratelimit-reset");
        assert!((started + full..=now() + full + 1).contains(&reset), "{n}, {started}: {answer}");
    }
    for _ in 0..3 {
        let answer = ask();
        answer.refused(429, "RATE_LIMITED");
        assert_eq!(answer.number("x-ratelimit-limit"), limit, "{answer}");
        assert_eq!(answer.number("x-ratelimit-remaining"), 0, "{answer}");
        let wait = answer.number("retry-after");
        assert!((1..=window / limit).contains(&wait), "{answer}");
        let full = most * window / limit;
        assert!(
            (started + full..=now() + full + 1).contains(&answer.number("x-ratelimit-reset")),
            "{answer}"
        );
    }
}

#[test]
fn exactly_the_promised_number_passes() {
    let rules = json!({
        "read": {"max_requests": 20, "window_secs": 36000, "burst": 5},
        "write": {"max_requests": 8, "window_secs": 36000},
        "query": {"max_requests": 4, "window_secs": 36000},
        "branch_creation": {"max_requests": 3, "window_secs": 36000},
        "public": {"max_requests": 6, "window_secs": 36000},
    });
    let (server, _folder) = server(&rules, &["--api-key", "k", "--api-key", "other,scopes=read"]);
    let base = server.client().base();
    let ask = |call: &'static str, body: Value| {
        let server = &server;
        move || with_key(server, "k", call, &body)
    };
    exhaust(20, 25, 36000, ask("GET /v1/branches", Value::Null));
    exhaust(8, 8, 36000, ask("POST /v1/branches/main/execute", json!({"sql": "SELECT 1"})));
    exhaust(4, 4, 36000, ask("POST /v1/branches/main/query", json!({"sql": "SELECT 1"})));
    // What fails counts as well.
    exhaust(3, 3, 36000, ask("POST /v1/branches", json!({"name": "main"})));
    // Before anybody is known the address counts, for public routes and for guesses alike.
    exhaust(6, 6, 36000, || send(base, "GET /version", &[], ""));
    send(base, "GET /v1/branches", &[("x-api-key", "guess")], "").refused(429, "RATE_LIMITED");
    send(base, "GET /v1/branches", &[], "").refused(429, "RATE_LIMITED");
    send(base, "GET /health", &[], "").success();
    // Another caller has all of its own, from the same address; and permission is asked after it.
    let other = with_key(&server, "other", "GET /v1/branches", &Value::Null);
    assert_eq!(other.success().number("x-ratelimit-remaining"), 20);
    let refused = with_key(&server, "other", "POST /v1/branches", &json!({"name": "x"}));
    assert_eq!(refused.refused(403, "FORBIDDEN").number("x-ratelimit-remaining"), 2);
}

/// Asks from an address of one's own choice.
fn from(source: [u8; 4], base: &str, headers: &str) -> u16 {
    let server: SocketAddr = base.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((source, 0)).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    let mut stream = std::net::TcpStream::from(socket);
    let head =
        format!("GET /v1/branches HTTP/1.1\r\nhost: x\r\n{headers}connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn nobody_dodges_by_another_address_or_another_token() {
    let rules = json!({"all": {"max_requests": 5, "window_secs": 36000}});
    let (server, _folder) = server(&rules, &["--jwt-secret", SECRET, "--api-key", "k"]);
    let base = server.client().base();
    for n in 1..=5_u8 {
        assert_eq!(from([127, 0, 0, n], base, "x-api-key: k\r\n"), 200);
    }
    for n in 6..=9_u8 {
        assert_eq!(from([127, 0, 0, n], base, "x-api-key: k\r\n"), 429);
    }
    // A subject keeps its bucket, whatever token or program it comes with.
    let of = |client: u8, sub: &str, tenant: &str| {
        let changes = json!({"client_id": client.to_string(), "sub": sub, "tenant_id": tenant});
        format!("authorization: Bearer {}\r\n", hs256(&but(claims(&["read"]), changes), SECRET))
    };
    for n in 1..=5_u8 {
        assert_eq!(from([127, 0, 0, n], base, &of(n, "alice", "acme")), 200);
    }
    assert_eq!(from([127, 0, 0, 9], base, &of(9, "alice", "acme")), 429);
    // Another subject is another caller; so is one of the same name elsewhere.
    assert_eq!(from([127, 0, 0, 1], base, &of(1, "bob", "acme")), 200);
    assert_eq!(from([127, 0, 0, 1], base, &of(1, "alice", "other")), 200);
    // A stranger is known by its address alone, whatever it says of it.
    for n in 0..5_u8 {
        let headers = format!("x-forwarded-for: 10.0.0.{n}\r\nforwarded: for=10.0.0.{n}\r\n");
        assert_eq!(from([127, 0, 0, 20], base, &headers), 401);
    }
    assert_eq!(from([127, 0, 0, 20], base, "x-forwarded-for: 10.9.9.9\r\n"), 429);
    assert_eq!(from([127, 0, 0, 21], base, ""), 401);
}

#[test]
fn presets() {
    let remaining = |server: &Server, call: &str, body: Value| {
        let answer = with_key(server, "k", call, &body);
        ["x-ratelimit-limit", "x-ratelimit-remaining"].map(|name| answer.header(name).to_owned())
    };
    let (branches, query) = ("GET /v1/branches", "POST /v1/branches/main/query");
    let sql = || json!({"sql": "SELECT 1"});
    // With a key and nothing else: the specification's.
    let server = Server::with(&["--api-key", "k"]);
    assert_eq!(remaining(&server, branches, Value::Null), ["1000", "999"]);
    assert_eq!(remaining(&server, query, sql()), ["60", "59"]);
    assert_eq!(remaining(&server, "POST /v1/branches", json!({"name": "b"})), ["10", "9"]);
    assert_eq!(remaining(&server, "DELETE /v1/branches/b", Value::Null), ["100", "99"]);
    let server = Server::with(&["--api-key", "k", "--rate-limit", "tutorial"]);
    // The burst comes before the first of the hundred goes.
    assert_eq!(remaining(&server, branches, Value::Null), ["100", "100"]);
    assert_eq!(remaining(&server, "GET /v1/graph", Value::Null), ["10", "10"]);
    assert_eq!(
        send(server.client().base(), "GET /version", &[], "").header("x-ratelimit-limit"),
        "30"
    );
    let server = Server::with(&["--api-key", "k", "--rate-limit", "off"]);
    assert_eq!(remaining(&server, branches, Value::Null), ["", ""]);
    // An open server does not count.
    let server = Server::new();
    assert_eq!(remaining(&server, branches, Value::Null), ["", ""]);
}

#[test]
fn the_documentation_is_public_and_counted_by_address() {
    let rules = json!({
        "read": {"max_requests": 20, "window_secs": 36000},
        "public": {"max_requests": 6, "window_secs": 36000},
    });
    let (server, _folder) = server(&rules, &["--api-key", "k"]);
    let base = server.client().base();
    let pages =
        ["/v1/openapi.json", "/v1/openapi.yaml", "/v1/docs", "/v1/redoc", "/v1/docs/swagger.js"];
    for (n, page) in (1..).zip(pages) {
        let answer = send(base, &format!("GET {page}"), &[], "");
        assert_eq!(answer.success().number("x-ratelimit-limit"), 6, "{answer}");
        assert_eq!(answer.number("x-ratelimit-remaining"), 6 - n, "{answer}");
    }
    send(base, "GET /version", &[], "").success();
    // One bucket for all of them, and a credential does not help.
    for page in pages {
        for headers in [&[][..], &[("x-api-key", "k")]] {
            let answer = send(base, &format!("GET {page}"), headers, "");
            answer.refused(429, "RATE_LIMITED");
            assert!(answer.number("retry-after") > 0, "{answer}");
        }
    }
    // The caller's own bucket is as full as it was.
    let listed = with_key(&server, "k", "GET /v1/branches", &Value::Null);
    assert_eq!(listed.success().number("x-ratelimit-remaining"), 19);
}
