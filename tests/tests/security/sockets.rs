//! Slow requests, huge ones, and connections without end: the server goes on serving.

use crate::send::{send, with_key};
use offshoot_tests::server::Server;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(address(server)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

fn address(server: &Server) -> &str {
    server.client().base().strip_prefix("http://").unwrap()
}

/// What comes until the other side closes.
fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[track_caller]
fn serves(server: &Server) {
    with_key(server, "k", "GET /v1/branches", &Value::Null).success();
}

fn impatient() -> Server {
    Server::with(&[
        "--api-key",
        "k",
        "--rate-limit",
        "off",
        "--head-timeout",
        "1",
        "--body-timeout",
        "1",
    ])
}

#[test]
fn slow_requests_are_given_up() {
    let server = impatient();
    let open = "POST /v1/branches/main/query HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\n";
    // Half a head; a head letter by letter; nothing at all.
    let mut half = connect(&server);
    half.write_all(open.as_bytes()).unwrap();
    let silent = connect(&server);
    let mut letters = connect(&server);
    for byte in open.bytes() {
        if letters.write_all(&[byte]).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // Half a body; a body letter by letter, in pieces and of a length that was told.
    let mut body = connect(&server);
    body.write_all(format!("{open}content-length: 100\r\n\r\n{{\"sql\":").as_bytes()).unwrap();
    let mut chunked = connect(&server);
    chunked.write_all(format!("{open}transfer-encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    for _ in 0..60 {
        if chunked.write_all(b"1\r\n \r\n").is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    serves(&server);
    for (what, stream) in [("half", half), ("silent", silent), ("letters", letters)] {
        let answer = rest(stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{what}: {answer}");
    }
    for (what, stream) in [("body", body), ("chunked", chunked)] {
        let answer = rest(stream);
        assert!(answer.starts_with("HTTP/1.1 408"), "{what}: {answer}");
        assert!(answer.contains("REQUEST_TIMEOUT"), "{what}: {answer}");
    }
    serves(&server);
}

#[test]
fn huge_heads_and_bodies_are_refused() {
    let server = Server::with(&["--api-key", "k", "--rate-limit", "off", "--body-max", "100000"]);
    let ask = |text: &[u8]| {
        let mut stream = connect(&server);
        // The server may close before it has read all.
        let _ = stream.write_all(text);
        rest(stream)
    };
    let long = "a".repeat(1 << 20);
    let heads = [
        format!("GET /v1/branches?filter={long} HTTP/1.1\r\nhost: x\r\n\r\n"),
        format!("GET /v1/branches HTTP/1.1\r\nhost: x\r\nx-api-key: {long}\r\n\r\n"),
        format!("GET /v1/branches HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(5000)),
        format!("{long} / HTTP/1.1\r\n\r\n"),
    ];
    for head in heads {
        let answer = ask(head.as_bytes());
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(
            matches!(status, "" | "400" | "414" | "431"),
            "{}",
            &answer[..answer.len().min(200)]
        );
    }
    let open =
        "POST /v1/branches/main/query HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\nconnection: close\r\n";
    for body in [
        format!("{open}content-length: 99999999999\r\n\r\n"),
        format!("{open}content-length: 200000\r\n\r\n{}", " ".repeat(200_000)),
        format!(
            "{open}transfer-encoding: chunked\r\n\r\n30D40\r\n{}\r\n0\r\n\r\n",
            " ".repeat(200_000)
        ),
    ] {
        let answer = ask(body.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    // Two lengths, a length and pieces, and a line that hides another: never two requests of one.
    for smuggled in [
        "content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/none HTTP/1.1\r\n\r\n",
        "content-length: -1\r\n\r\n",
        "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "x: a\r\n b\r\n\r\n",
        "x\0y: a\r\n\r\n",
    ] {
        let answer = ask(format!("{open}{smuggled}").as_bytes());
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{smuggled}: {answer}");
        assert!(!answer.starts_with("HTTP/1.1 5"), "{smuggled}: {answer}");
    }
    serves(&server);
}

#[test]
fn ten_thousand_idle_connections() {
    let server = Server::with(&["--api-key", "k", "--rate-limit", "off", "--head-timeout", "20"]);
    let mut crowd = Command::new(env!("CARGO_BIN_EXE_idle"))
        .args([address(&server), "10000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(crowd.stdout.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "10000");
    for _ in 0..50 {
        serves(&server);
    }
    // The crowd's time ends, and its connections do, while others are served.
    std::thread::sleep(Duration::from_secs(25));
    serves(&server);
    drop(crowd.stdin.take());
    assert_eq!(said.next().unwrap().unwrap(), "10000", "connections that say nothing stay");
    assert!(crowd.wait().unwrap().success());
    serves(&server);
    send(server.client().base(), "GET /health", &[], "").success();
}

#[test]
fn bodies_have_so_much_room_together() {
    let limits = ["--body-max", "1000000", "--bodies-max", "1500000"];
    let server = Server::with(&[&["--api-key", "k", "--rate-limit", "off"], &limits[..]].concat());
    let open = "POST /v1/branches/main/query HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\n\
                connection: close\r\ncontent-length: 900000\r\n\r\n";
    let most = " ".repeat(899_000);
    let waiting = |stream: &mut TcpStream| {
        stream.write_all(open.as_bytes()).unwrap();
        let _ = stream.write_all(most.as_bytes());
    };
    // A second finds no room, however often; a small one does. Who comes last is refused, and while the
    // first is still on its way that may be the first: then both try again.
    let (mut first, refused) = (0..20)
        .find_map(|_| {
            let mut first = connect(&server);
            waiting(&mut first);
            let refused = (0..5).find_map(|_| {
                let mut second = connect(&server);
                waiting(&mut second);
                let _ = second.write_all(" ".repeat(1000).as_bytes());
                let answer = rest(second);
                serves(&server);
                answer.starts_with("HTTP/1.1 503").then_some(answer)
            })?;
            first.set_nonblocking(true).unwrap();
            let waits = first.peek(&mut [0]).is_err();
            first.set_nonblocking(false).unwrap();
            waits.then_some((first, refused))
        })
        .expect("the first holds its room");
    assert!(
        refused.contains("SERVICE_UNAVAILABLE") && refused.contains("retry-after"),
        "{refused}"
    );
    // The first ends as it would have alone, and its room is free.
    first.write_all(" ".repeat(1000).as_bytes()).unwrap();
    assert!(rest(first).starts_with("HTTP/1.1 400"));
    let mut third = connect(&server);
    waiting(&mut third);
    third.write_all(" ".repeat(1000).as_bytes()).unwrap();
    assert!(rest(third).starts_with("HTTP/1.1 400"));
}

#[test]
fn more_connections_than_places_wait_for_one() {
    let server = Server::with(&[
        "--api-key",
        "k",
        "--rate-limit",
        "off",
        "--head-timeout",
        "1",
        "--connections-max",
        "8",
    ]);
    let crowd: Vec<TcpStream> = (0..30).map(|_| connect(&server)).collect();
    serves(&server);
    drop(crowd);
    serves(&server);
}
