//! The API: who is told what, and for how long.

use crate::receiver::{Receiver, first_taken, summary};
use offshoot_tests::server::Server;
use serde_json::{Value, json};

#[test]
fn a_webhook_and_its_secret() {
    let server = Server::with(&["--webhook-allow-private"]);
    let client = server.client();
    let body = json!({"url": "http://127.0.0.1:9/a", "description": "mine"});
    let made = client.post("/v1/webhooks", &body).data(201).clone();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "{made}");
    let second = client.post("/v1/webhooks", &body).data(201).clone();
    assert_ne!((&second["id"], &second["secret"]), (&made["id"], &made["secret"]));
    let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    let shown = client.get(&path).ok().clone();
    let kinds = ["created", "deleted", "merged", "protected", "data_changed"];
    assert_eq!(shown["events"], json!(kinds.map(|kind| format!("branch.{kind}"))));
    assert_eq!(shown["branches"], json!(["*"]));
    assert_eq!((&shown["active"], &shown["description"]), (&json!(true), &json!("mine")));
    assert_eq!(shown.get("secret"), None);
    let list = client.get("/v1/webhooks").ok().clone();
    assert_eq!(list["webhooks"][0], shown);
    assert_eq!(list["webhooks"].as_array().unwrap().len(), 2);
    let patch = json!({"active": false, "events": ["branch.merged"], "url": "http://10.0.0.1/b"});
    let patched = client.patch(&path, &patch).ok().clone();
    assert_eq!(patched["events"], json!(["branch.merged"]));
    assert_eq!((&patched["active"], &patched["url"]), (&json!(false), &json!("http://10.0.0.1/b")));
    assert_eq!((&patched["description"], patched.get("secret")), (&json!("mine"), None));
    // In the tutorial's dialect: bare, with seconds, and no content for what is gone.
    let plain = |method: &str, path: &str| {
        let request = ureq::http::Request::builder().method(method);
        let request = request.uri(format!("{}{path}", client.base()));
        ureq::run(request.header("offshoot-dialect", "plain").body(()).unwrap()).unwrap()
    };
    let mut answer = plain("GET", &path);
    let body: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    assert!(body["created_at"].is_i64() && body["id"] == made["id"], "{body}");
    assert_eq!(plain("DELETE", &path).status(), 204);
    client.get(&path).error(404, "WEBHOOK_NOT_FOUND");
    let other = format!("/v1/webhooks/{}", second["id"].as_str().unwrap());
    let gone = client.delete(&other).ok().clone();
    assert_eq!(gone, json!({"id": second["id"], "deleted": true}));
    for reply in [
        client.delete(&other),
        client.patch(&other, &json!({"active": true})),
        client.get(&format!("{other}/deliveries")),
    ] {
        reply.error(404, "WEBHOOK_NOT_FOUND");
    }
}

#[test]
fn what_is_refused() {
    let server = Server::with(&["--webhook-allow-private"]);
    let client = server.client();
    let url = "http://127.0.0.1:9/";
    for (body, part) in [
        (json!({}), "'url' is required"),
        (json!({"url": 1}), "'url'"),
        (json!({"url": url, "events": []}), "'events'"),
        (json!({"url": url, "events": ["branch.renamed"]}), "'events[0]'"),
        (json!({"url": url, "events": "branch.created"}), "'events'"),
        (json!({"url": url, "branches": []}), "'branches'"),
        (json!({"url": url, "branches": [""]}), "'branches[0]'"),
        (json!({"url": url, "branches": vec!["x"; 33]}), "'branches'"),
        (json!({"url": url, "active": "yes"}), "'active'"),
        (json!({"url": url, "secret": "mine"}), "'secret'"),
        (json!({"url": url, "description": "x".repeat(1025)}), "'description'"),
    ] {
        let refused = client.post("/v1/webhooks", &body);
        let message = refused.error(400, "INVALID_REQUEST")["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{body}: {message}");
    }
    for _ in 0..64 {
        client.post("/v1/webhooks", &json!({"url": url})).data(201);
    }
    client.post("/v1/webhooks", &json!({"url": url})).error(422, "LIMIT_EXCEEDED");
}

#[test]
fn only_what_was_asked_for() {
    let (some, paused) = (Receiver::new(), Receiver::new());
    let mut server = Server::with(&["--webhook-allow-private"]);
    let client = server.client().clone();
    client.main().execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let body = json!({
        "url": some.url(),
        "events": ["branch.deleted", "branch.data_changed", "branch.created"],
        "branches": ["feature-*"],
    });
    let hook = client.post("/v1/webhooks", &body).data(201)["id"].as_str().unwrap().to_owned();
    let body = json!({"url": paused.url(), "active": false, "events": ["branch.protected"]});
    let waiting = client.post("/v1/webhooks", &body).data(201)["id"].as_str().unwrap().to_owned();
    for name in ["feature-1", "other"] {
        let branch = client.create(name, "main");
        branch.execute("INSERT INTO t VALUES (1)");
        client.patch(&branch.path(""), &json!({"is_protected": true})).ok();
        client.patch(&branch.path(""), &json!({"is_protected": false})).ok();
        client.delete(&format!("{}?force=true", branch.path(""))).ok();
    }
    let received = some.wait_for(3);
    let told: Vec<String> = received.iter().map(summary).collect();
    assert_eq!(
        told,
        ["feature-1 created from main", "feature-1 changed t 1/0/0", "feature-1 deleted"]
    );
    // Another pattern tells from now on, of what is there already and of what comes.
    client.create("third", "main").execute("INSERT INTO t VALUES (1)");
    let path = format!("/v1/webhooks/{hook}");
    client.patch(&path, &json!({"branches": ["third"]})).ok();
    client.branch("third").execute("INSERT INTO t VALUES (2), (3)");
    client.create("feature-2", "main");
    let received = some.wait_for(4);
    assert_eq!(summary(received.last().unwrap()), "third changed t 2/0/0");
    // What happened while it was paused, even over a restart.
    assert!(paused.received().is_empty());
    server.kill();
    server.restart();
    let client = server.client();
    client.patch(&format!("/v1/webhooks/{waiting}"), &json!({"active": true})).ok();
    let received = paused.wait_for(2);
    let mut told: Vec<String> = first_taken(&received).iter().map(summary).collect();
    told.sort();
    assert_eq!(told, ["feature-1 protected", "other protected"]);
    // Nothing is sent to a webhook that is gone.
    client.delete(&path).ok();
    client.branch("third").execute("INSERT INTO t VALUES (4)");
    client.patch("/v1/branches/third", &json!({"is_protected": true})).ok();
    paused.wait_for(3);
    assert_eq!(some.received().len(), 4);
}
