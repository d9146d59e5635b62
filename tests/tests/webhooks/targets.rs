//! Where nothing is sent: this machine, private networks, wherever a redirect leads.

use crate::receiver::{Receiver, summary};
use offshoot_tests::client::Client;
use offshoot_tests::server::Server;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Waits until an attempt says something.
#[track_caller]
fn wait_for_error(client: &Client, hook: &str, part: &str) {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let log = client.get(&format!("/v1/webhooks/{hook}/deliveries?limit=100"));
        let attempts = log.ok()["deliveries"].as_array().unwrap();
        let mut errors = attempts.iter().filter_map(|attempt| attempt["error"].as_str());
        if errors.any(|error| error.contains(part)) {
            return;
        }
        assert!(Instant::now() < end, "no '{part}': {log}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn private_addresses_need_the_flag() {
    let server = Server::new();
    let client = server.client();
    let port = Receiver::new().url().rsplit_once(':').unwrap().1.to_owned();
    for host in [
        "127.0.0.1",
        "127.1.2.3",
        "localhost",
        "a.localhost",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[2002:7f00:1::]",
        // As the system's look-up reads them.
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
    ] {
        let url = format!("http://{host}:{port}");
        let refused = client.post("/v1/webhooks", &json!({"url": url}));
        let message = refused.error(400, "INVALID_REQUEST")["message"].as_str().unwrap().to_owned();
        assert!(message.contains("--webhook-allow-private"), "{url}: {message}");
    }
    assert_eq!(client.get("/v1/webhooks").ok()["webhooks"], json!([]));
}

#[test]
fn what_is_no_address() {
    let server = Server::with(&["--webhook-allow-private"]);
    for url in [
        "",
        "example.com/hook",
        "/hook",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://",
        "http://:80/",
        "http://user:password@example.com/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com/a b",
        "http://example.com/#part",
        "http://example.com/\r\nx: y",
        "unix:///tmp/socket",
        &format!("http://example.com/{}", "x".repeat(2048)),
    ] {
        let refused = server.client().post("/v1/webhooks", &json!({"url": url}));
        let message = refused.error(400, "INVALID_REQUEST")["message"].as_str().unwrap();
        assert!(message.contains("url"), "{url}: {message}");
    }
}

#[test]
fn what_was_registered_with_the_flag_is_not_sent_without_it() {
    let receiver = Receiver::new();
    let mut with = Server::with(&["--webhook-allow-private"]);
    let hook = with.client().post("/v1/webhooks", &json!({"url": receiver.url()}));
    let hook = hook.data(201)["id"].as_str().unwrap().to_owned();
    with.client().create("first", "main");
    receiver.wait_for(1);
    with.kill();
    let without = Server::over(with.data()).unwrap();
    without.client().create("second", "main");
    wait_for_error(without.client(), &hook, "not public");
    assert_eq!(receiver.received().len(), 1);
    let same = without.client().patch(&format!("/v1/webhooks/{hook}"), &json!({"active": false}));
    assert_eq!(same.ok()["active"], false);
}

#[test]
fn redirects_are_not_followed() {
    let (receiver, elsewhere) = (Receiver::new(), Receiver::new());
    let to = elsewhere.url();
    receiver.answer(move |_| (307, format!("location: {to}\r\n")));
    let server = Server::with(&["--webhook-allow-private"]);
    let client = server.client();
    let hook = client.post("/v1/webhooks", &json!({"url": receiver.url()}));
    let hook = hook.data(201)["id"].as_str().unwrap().to_owned();
    client.create("feature", "main");
    wait_for_error(client, &hook, "redirects are not followed");
    let log = client.get(&format!("/v1/webhooks/{hook}/deliveries"));
    let attempt = &log.ok()["deliveries"][0];
    assert_eq!((&attempt["status"], &attempt["delivered"]), (&json!(307), &Value::Bool(false)));
    assert!(elsewhere.received().is_empty());
    receiver.answer(|_| (200, String::new()));
    let received = receiver.wait_for(1);
    assert_eq!(summary(received.last().unwrap()), "feature created from main");
}

#[test]
fn a_receiver_that_takes_too_long_is_asked_again() {
    let receiver = Receiver::new();
    let slow = std::sync::atomic::AtomicBool::new(true);
    receiver.answer(move |_| {
        if slow.swap(false, std::sync::atomic::Ordering::SeqCst) {
            std::thread::sleep(Duration::from_secs(3));
        }
        (200, String::new())
    });
    let server = Server::with(&["--webhook-allow-private", "--webhook-timeout", "1"]);
    let client = server.client();
    let hook = client.post("/v1/webhooks", &json!({"url": receiver.url()}));
    let hook = hook.data(201)["id"].as_str().unwrap().to_owned();
    client.create("feature", "main");
    wait_for_error(client, &hook, "no answer within 1 s");
    // The same event, for its sender cannot know that it had arrived.
    let received = receiver.wait("another attempt", |received| received.len() >= 2);
    assert_eq!(summary(&received[0]), summary(&received[1]));
}
