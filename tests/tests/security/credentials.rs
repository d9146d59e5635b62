//! Every route without a credential, and with each kind that is not in order.

use crate::routes::all;
use crate::send::{Answer, send};
use crate::token::{SECRET, but, claims, hs256, now, signed, unsigned};
use jsonwebtoken::{Algorithm, EncodingKey};
use offshoot_tests::server::Server;
use serde_json::{Value, json};

fn server() -> Server {
    Server::with(&["--jwt-secret", SECRET, "--api-key", "a-key", "--rate-limit", "off"])
}

fn text(body: &Value) -> String {
    if body.is_null() { String::new() } else { body.to_string() }
}

#[track_caller]
fn refused(answer: &Answer) {
    answer.refused(401, "UNAUTHORIZED");
    assert!(answer.header("www-authenticate").starts_with("Bearer"), "{answer}");
    let message = answer.json()["error"]["message"].clone();
    assert_eq!(message, "Missing or invalid authentication credentials", "it tells more: {answer}");
}

#[test]
fn no_route_answers_a_stranger() {
    let server = server();
    let base = server.client().base();
    let good = claims(&["read", "write", "admin"]);
    let rsa = EncodingKey::from_rsa_pem(include_bytes!("keys/other_rsa.pem")).unwrap();
    let bearers = [
        ("nothing after the scheme", String::new()),
        ("no token", "hello".into()),
        ("three empty parts", "..".into()),
        ("expired", hs256(&but(good.clone(), json!({"exp": now() - 1})), SECRET)),
        ("without an end", hs256(&but(good.clone(), json!({"exp": null})), SECRET)),
        ("an end that is text", hs256(&but(good.clone(), json!({"exp": "never"})), SECRET)),
        ("not yet", hs256(&but(good.clone(), json!({"nbf": now() + 600})), SECRET)),
        ("of nobody", hs256(&but(good.clone(), json!({"sub": null})), SECRET)),
        ("another secret", hs256(&good, "another secret")),
        ("an empty secret", hs256(&good, "")),
        (
            "another algorithm",
            signed(&good, Algorithm::HS512, &EncodingKey::from_secret(SECRET.as_bytes()), None),
        ),
        ("RSA of a stranger", signed(&good, Algorithm::RS256, &rsa, None)),
        ("alg none", unsigned(&json!({"alg": "none", "typ": "JWT"}), &good, "")),
        ("alg None", unsigned(&json!({"alg": "None"}), &good, "")),
        ("alg none, signed", unsigned(&json!({"alg": "none"}), &good, "c2lnbmVk")),
        ("no alg", unsigned(&json!({"typ": "JWT"}), &good, "")),
        ("HS256 unsigned", unsigned(&json!({"alg": "HS256"}), &good, "")),
        ("cut short", hs256(&good, SECRET).rsplit_once('.').unwrap().0.to_owned()),
        ("claims changed", {
            let (token, other) =
                (hs256(&good, SECRET), hs256(&but(good.clone(), json!({"sub": "root"})), "x"));
            let (head, signature) =
                (token.split('.').next().unwrap(), token.rsplit('.').next().unwrap());
            format!("{head}.{}.{signature}", other.split('.').nth(1).unwrap())
        }),
        ("a key in place of a token", "a-key".into()),
    ];
    for route in all() {
        let body = text(&route.body);
        refused(&send(base, route.call, &[], &body));
        refused(&send(base, route.call, &[("x-api-key", "")], &body));
        refused(&send(base, route.call, &[("x-api-key", "a-ke")], &body));
        refused(&send(base, route.call, &[("x-api-key", "A-KEY")], &body));
        refused(&send(base, route.call, &[("authorization", "Basic YTpi")], &body));
    }
    for (what, token) in &bearers {
        let authorization = format!("Bearer {token}");
        for call in ["GET /v1/branches", "GET /metrics"] {
            let answer = send(base, call, &[("authorization", &authorization)], "");
            assert_eq!(answer.status, 401, "{what}: {answer}");
            refused(&answer);
        }
        // A failing Bearer falls through to a key that is in order, and to none that is not.
        let both = |key| [("authorization", authorization.as_str()), ("x-api-key", key)];
        send(base, "GET /v1/branches", &both("a-key"), "").success();
        refused(&send(base, "GET /v1/branches", &both("b-key"), ""));
    }
    // In a query, a cookie or a body nothing is a credential.
    let token = hs256(&good, SECRET);
    refused(&send(base, &format!("GET /v1/branches?access_token={token}"), &[], ""));
    refused(&send(base, "GET /v1/branches?api_key=a-key", &[], ""));
    refused(&send(base, "GET /v1/branches", &[("cookie", "x-api-key=a-key")], ""));
    assert!(!server.complaints().contains(&token), "the log holds a token");
}

#[test]
fn a_stranger_learns_of_no_address() {
    let server = server();
    let base = server.client().base();
    for call in [
        "GET /v1/none",
        "GET /none",
        "PUT /v1/branches",
        "GET /v1/branches/main/query",
        "GET /v1/%ff",
    ] {
        refused(&send(base, call, &[], ""));
        let known = send(base, call, &[("x-api-key", "a-key")], "");
        assert!(matches!(known.status, 400 | 404 | 405), "{known}");
    }
    for call in ["GET /health", "GET /version"] {
        send(base, call, &[], "").success();
        send(base, call, &[("authorization", "Bearer wrong")], "").success();
    }
    // An address that everybody knows says to everybody which methods it has.
    for call in ["PUT /health", "DELETE /version", "POST /v1/openapi.json", "PATCH /v1/docs"] {
        send(base, call, &[], "").refused(405, "METHOD_NOT_ALLOWED");
    }
}

#[test]
fn a_bearer_comes_first_and_keys_second() {
    let server = Server::with(&[
        "--jwt-secret",
        SECRET,
        "--api-key",
        "reader,scopes=read",
        "--rate-limit",
        "off",
    ]);
    let base = server.client().base();
    let write = ("POST /v1/branches/main/execute", r#"{"sql": "SELECT 1"}"#);
    let token = format!("Bearer {}", hs256(&claims(&["sync:read", "sync:write"]), SECRET));
    let headers = [("authorization", token.as_str()), ("x-api-key", "reader")];
    send(base, write.0, &headers, write.1).success();
    send(base, write.0, &headers[1..], write.1).refused(403, "FORBIDDEN");
    let lower = token.replace("Bearer", "bearer");
    send(base, write.0, &[("authorization", &lower)], write.1).success();
}

#[test]
fn public_keys_and_key_sets() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/security/keys");
    let rsa = EncodingKey::from_rsa_pem(include_bytes!("keys/rsa.pem")).unwrap();
    let ed = EncodingKey::from_ed_pem(include_bytes!("keys/ed.pem")).unwrap();
    let good = claims(&["read"]);
    let asked = |server: &Server, token: &str| {
        let authorization = format!("Bearer {token}");
        send(server.client().base(), "GET /v1/branches", &[("authorization", &authorization)], "")
            .status
    };
    let (rs256, eddsa) =
        (signed(&good, Algorithm::RS256, &rsa, None), signed(&good, Algorithm::EdDSA, &ed, None));
    // The oldest trick: the public key, which everybody has, taken for a secret.
    let public = include_str!("keys/rsa.pub.pem");
    let confused = hs256(&good, public);

    let server = Server::with(&["--jwt-public-key", &format!("{dir}/rsa.pub.pem")]);
    assert_eq!([&rs256, &eddsa, &confused].map(|token| asked(&server, token)), [200, 401, 401]);
    let server = Server::with(&["--jwt-public-key", &format!("{dir}/ed.pub.pem")]);
    assert_eq!([&rs256, &eddsa, &confused].map(|token| asked(&server, token)), [401, 200, 401]);
    let server =
        Server::with(&["--jwks", &format!("{dir}/jwks.json"), "--jwt-audience", "offshoot"]);
    let aimed = but(good.clone(), json!({"aud": "offshoot"}));
    let tokens = [
        (200, signed(&aimed, Algorithm::RS256, &rsa, Some("r1"))),
        (200, signed(&aimed, Algorithm::EdDSA, &ed, Some("e1"))),
        (200, signed(&aimed, Algorithm::EdDSA, &ed, None)),
        (401, signed(&aimed, Algorithm::RS256, &rsa, Some("e1"))),
        (401, signed(&aimed, Algorithm::RS512, &rsa, Some("r1"))),
        (
            401,
            signed(&but(good.clone(), json!({"aud": "others"})), Algorithm::EdDSA, &ed, Some("e1")),
        ),
        (401, rs256),
        (401, confused),
    ];
    for (status, token) in &tokens {
        assert_eq!(asked(&server, token), *status, "{token}");
    }
}
