//! What stands around every request: origins, ids, compression, metrics, logs.

use crate::routes;
use crate::send::{Answer, send, with_key};
use crate::token::{SECRET, claims, hs256};
use offshoot_tests::server::Server;
use serde_json::{Value, json};

#[test]
fn pages_of_other_origins() {
    let origin = [("origin", "https://app.example")];
    let preflight = [
        origin[0],
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-api-key,content-type"),
    ];
    let server = Server::with(&["--api-key", "k", "--cors-origin", "https://app.example"]);
    let base = server.client().base();
    // A browser asks first, and cannot show a credential then.
    let answer = send(base, "OPTIONS /v1/branches/main/tables/t/data", &preflight, "");
    assert_eq!(answer.success().header("access-control-allow-origin"), "https://app.example");
    assert!(answer.header("access-control-allow-methods").contains("PUT"), "{answer}");
    assert!(answer.header("access-control-allow-headers").contains("x-api-key"), "{answer}");
    let headers = [origin[0], ("x-api-key", "k")];
    let answer = send(base, "GET /v1/branches", &headers, "");
    assert_eq!(answer.success().header("access-control-allow-origin"), "https://app.example");
    assert!(
        answer.header("access-control-expose-headers").contains("x-ratelimit-remaining"),
        "{answer}"
    );
    let evil = send(
        base,
        "GET /v1/branches",
        &[("origin", "https://evil.example"), ("x-api-key", "k")],
        "",
    );
    assert_ne!(evil.header("access-control-allow-origin"), "https://evil.example");
    assert_ne!(evil.header("access-control-allow-origin"), "*");
    // Unless it is asked for, no origin but its own may ask.
    let server = Server::with(&["--api-key", "k"]);
    let answer = send(server.client().base(), "GET /v1/branches", &headers, "");
    assert_eq!(answer.success().header("access-control-allow-origin"), "");
    let server = Server::with(&["--api-key", "k", "--cors-origin", "*"]);
    let answer = send(server.client().base(), "GET /v1/branches", &headers, "");
    assert_eq!(answer.success().header("access-control-allow-origin"), "*");
}

#[test]
fn every_answer_has_the_id_that_its_body_and_the_log_have() {
    let server = Server::with(&[
        "--jwt-secret",
        SECRET,
        "--api-key",
        "root,scopes=admin,name=root",
        "--log-format",
        "json",
        "--log-requests",
    ]);
    let base = server.client().base();
    let secret_sql = json!({"sql": "SELECT 'a-private-text'"});
    let mut ids = Vec::new();
    for (key, call) in [
        ("root", "GET /v1/branches?limit=7"),
        ("root", "GET /v1/none"),
        ("wrong-key-of-mine", "GET /v1/branches"),
        ("root", "PUT /v1/branches"),
    ] {
        let answer = with_key(&server, key, call, &Value::Null);
        let id = answer.header("x-request-id").to_owned();
        assert_eq!(answer.json()["meta"]["request_id"], id.as_str(), "{answer}");
        assert!(id.starts_with("req_") && !ids.contains(&id), "{answer}");
        ids.push(id);
    }
    with_key(&server, "root", "POST /v1/branches/main/query", &secret_sql).success();
    let token = hs256(&claims(&["read"]), SECRET);
    let filter = "GET /v1/branches/main/tables/t/data?filter=name%3D%27private%27";
    send(base, filter, &[("authorization", &format!("Bearer {token}"))], "");

    let log = server.complaints();
    for id in &ids {
        let line = log.lines().find(|line| line.contains(id.as_str())).expect("a line for each");
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        assert!(
            line["fields"]["status"].is_number() && line["fields"]["elapsed_ms"].is_number(),
            "{line}"
        );
    }
    assert!(log.contains("\"caller\":\"root\"") && log.contains("\"caller\":\"alice\""), "{log}");
    for secret in [token.as_str(), SECRET, "wrong-key-of-mine", "private", "limit=7"] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

#[test]
fn metrics_count_by_route() {
    let server =
        Server::with(&["--api-key", "root,scopes=admin", "--api-key", "k", "--rate-limit", "off"]);
    for _ in 0..3 {
        with_key(&server, "k", "GET /v1/branches/main/tables", &Value::Null).success();
        with_key(&server, "k", "GET /v1/branches/none-such/tables", &Value::Null)
            .refused(404, "BRANCH_NOT_FOUND");
        with_key(&server, "k", "GET /any/address/at/all", &Value::Null);
    }
    let text = with_key(&server, "root", "GET /metrics", &Value::Null).success().text.clone();
    let route = "method=\"GET\",route=\"/v1/branches/{branch}/tables\"";
    for line in [
        format!("offshoot_http_requests_total{{{route},status=\"200\"}} 3"),
        format!("offshoot_http_requests_total{{{route},status=\"404\"}} 3"),
        "offshoot_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 3"
            .to_owned(),
        format!("offshoot_http_request_duration_seconds_count{{{route}}} 6"),
        "offshoot_http_requests_running 1".to_owned(),
    ] {
        assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
    }
    // No name that a caller chose becomes a counter.
    assert!(!text.contains("none-such") && !text.contains("/any/address"), "{text}");
}

#[test]
fn answers_are_compressed_for_those_who_ask() {
    let server = Server::with(&["--api-key", "k"]);
    let base = server.client().base();
    let ask = |accept: &str| {
        let out = std::process::Command::new("curl")
            .args(["-s", "-D", "-", "-o", "/dev/null", "-H", "x-api-key: k", "-H", accept])
            .arg(format!("{base}/v1/branches"))
            .output()
            .expect("curl runs");
        String::from_utf8_lossy(&out.stdout).to_lowercase()
    };
    let gzip = ask("accept-encoding: gzip");
    assert!(gzip.contains("content-encoding: gzip") && gzip.contains("vary: "), "{gzip}");
    assert!(!ask("accept-encoding: identity").contains("content-encoding"));
}

#[test]
fn tls() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/security/keys");
    let (chain, key) = (format!("{dir}/tls.pem"), format!("{dir}/tls.key.pem"));
    let server = Server::with(&["--api-key", "k", "--tls-cert", &chain, "--tls-key", &key]);
    let base = server.client().base();
    assert!(base.starts_with("https://"), "{base}");
    let curl = |more: &[&str]| {
        let out = std::process::Command::new("curl")
            .args(["-s", "-H", "x-api-key: k", "-w", " %{http_code}"])
            .args(more)
            .output()
            .expect("curl runs");
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let url = format!("{base}/v1/branches");
    let answer = curl(&["--cacert", &chain, &url]);
    assert!(answer.contains("\"success\":true") && answer.ends_with(" 200"), "{answer}");
    // Not to be had without: neither by whoever does not trust it, nor in the clear.
    assert!(curl(&[&url]).ends_with(" 000"));
    assert!(!curl(&[&url.replace("https", "http")]).ends_with(" 200"));
}

/// Checks that caches are told what an answer depends on.
#[track_caller]
fn varies(answer: &Answer) {
    let lines = answer.headers.get_all("vary").iter().map(|line| line.to_str().unwrap());
    let names: Vec<String> =
        lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_lowercase()).collect();
    for name in ["offshoot-dialect", "authorization", "x-api-key"] {
        assert!(names.iter().any(|have| have == name), "{name}: {answer}");
    }
}

#[test]
fn every_answer_says_what_it_depends_on() {
    let server = Server::with(&["--api-key", "root,scopes=admin", "--rate-limit", "off"]);
    let base = server.client().base();
    for route in routes::all() {
        // A success or a failure of its own, a stranger's 401, both in both dialects.
        for dialect in ["envelope", "plain", "neither"] {
            for key in ["root", "wrong"] {
                let headers = [("x-api-key", key), ("offshoot-dialect", dialect)];
                let body =
                    if route.body.is_null() { String::new() } else { route.body.to_string() };
                varies(&send(base, route.call, &headers, &body));
            }
        }
    }
    for call in [
        "GET /health",
        "GET /version",
        "GET /v1/openapi.json",
        "GET /v1/openapi.yaml?dialect=plain",
        "GET /v1/docs",
        "GET /v1/none",
        "PUT /v1/branches",
    ] {
        varies(&send(base, call, &[], ""));
        varies(&with_key(&server, "root", call, &Value::Null));
    }
}

#[test]
fn what_a_reader_knows_is_not_sent_again() {
    let server = Server::with(&["--api-key", "k", "--api-key", "p,dialect=plain"]);
    let base = server.client().base();
    let get =
        |path: &str, headers: &[(&str, &str)]| send(base, &format!("GET {path}"), headers, "");
    for path in ["/v1/branches", "/v1/branches/main/tables"] {
        let of = |key: &str| get(path, &[("x-api-key", key)]).success().header("etag").to_owned();
        let (envelope, plain) = (of("k"), of("p"));
        assert!(!envelope.is_empty() && !plain.is_empty() && envelope != plain, "{path}");
        let known = |key: &str, tag: &str| get(path, &[("x-api-key", key), ("if-none-match", tag)]);
        let answer = known("k", &envelope);
        assert_eq!(
            (answer.status, answer.text.as_str(), answer.header("etag")),
            (304, "", &*envelope)
        );
        varies(&answer);
        assert_eq!(known("p", &plain).status, 304);
        assert_eq!(known("p", &envelope).status, 200);
        // Who may not read it is not told that it is as it was.
        assert_eq!(known("wrong", &envelope).status, 401);
        assert_eq!(known("wrong", "*").status, 401);
    }
    let tags = ["json", "json?dialect=plain", "yaml", "yaml?dialect=plain"].map(|form| {
        let path = format!("/v1/openapi.{form}");
        let tag = get(&path, &[]).success().header("etag").to_owned();
        let answer = get(&path, &[("if-none-match", &tag)]);
        assert_eq!((answer.status, answer.text.as_str()), (304, ""));
        tag
    });
    for (n, tag) in tags.iter().enumerate() {
        assert!(tag.len() > 10 && !tags[..n].contains(tag), "{tags:?}");
    }
}
