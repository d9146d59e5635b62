//! The Rust listings of the REST API tutorial, with our crate's name: they compile and do what they
//! say. What differs from the text: the address and the file are the test's, and the servers end.

use chrono::Duration;
use offshoot::sync::auth::{Claims, JwtManager};
use offshoot::{
    EmbeddedDatabase,
    api::{ApiServer, AuthMiddleware, RateLimitConfig, RateLimitMiddleware},
};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::oneshot;
use uuid::Uuid;

type Done = Result<(), Box<dyn std::error::Error>>;

/// A file of its own, and an address that was free a moment ago.
fn place(name: &str) -> (PathBuf, SocketAddr) {
    let dir = std::env::temp_dir().join(format!("offshoot-tutorial-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    (dir.join("data/mydb.db"), listener.local_addr().unwrap())
}

/// What a request comes to: status, `X-RateLimit-Limit`, `X-RateLimit-Remaining`.
fn get(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> (u16, String, String) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent = ureq::Agent::new_with_config(config);
    let asked = || {
        let mut request = agent.get(format!("http://{addr}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.call()
    };
    for _ in 0..500 {
        let Ok(answer) = asked() else {
            // It does not listen yet.
            std::thread::sleep(std::time::Duration::from_millis(20));
            continue;
        };
        let header = |name| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (limit, left) = (header("x-ratelimit-limit"), header("x-ratelimit-remaining"));
        return (answer.status().as_u16(), limit, left);
    }
    panic!("no server at {addr}");
}

/// Serves as a listing does, asks it, and ends it.
async fn asked<T: Send + 'static>(
    server: ApiServer,
    ask: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Box<dyn std::error::Error>> {
    let (end, ended) = oneshot::channel::<()>();
    let serving = server.serve_with_shutdown(async {
        let _ = ended.await;
    });
    let asking = tokio::task::spawn_blocking(move || {
        let answer = ask();
        let _ = end.send(());
        answer
    });
    let (served, answer) = tokio::join!(serving, asking);
    served?;
    Ok(answer?)
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_server() -> Done {
    let (path, addr) = place("basic");
    let db = Arc::new(EmbeddedDatabase::new(path.to_str().unwrap())?);
    let server = ApiServer::new(addr, db);
    let answer = asked(server, move || get(addr, "/v1/branches", &[])).await?;
    assert_eq!(answer, (200, String::new(), String::new()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn server_with_authentication() -> Done {
    let (path, addr) = place("auth");
    let db = Arc::new(EmbeddedDatabase::new(path)?);
    let auth = AuthMiddleware::from_env_or_default();
    let server = ApiServer::new(addr, db).with_auth(auth);
    // Nobody knows the secret that was drawn.
    let token = format!("Bearer {}", generate_token());
    let answer = asked(server, move || {
        let health = get(addr, "/health", &[]).0;
        (health, get(addr, "/v1/branches", &[("authorization", &token)]).0)
    });
    assert_eq!(answer.await?, (200, 401));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn server_with_rate_limiting() -> Done {
    let (path, addr) = place("limits");
    let db = Arc::new(EmbeddedDatabase::new(path)?);
    let rate_limiter = RateLimitMiddleware::new(RateLimitConfig::heavy_operations());
    let server = ApiServer::new(addr, db).with_rate_limiting(rate_limiter);
    let answers = asked(server, move || {
        let ask = || get(addr, "/v1/branches", &[]);
        (0..13).map(|_| ask()).collect::<Vec<_>>()
    });
    let answers = answers.await?;
    // Ten, and two of the burst; within six seconds no other comes back.
    assert_eq!(answers.iter().filter(|(status, ..)| *status == 200).count(), 12);
    assert_eq!(answers[12], (429, "10".into(), "0".into()));
    Ok(())
}

#[test]
fn rate_limit_configurations() {
    let of = |config: RateLimitConfig| (config.max_requests, config.window_secs, config.burst);
    assert_eq!(of(RateLimitConfig::public()), (30, 60, 5));
    assert_eq!(of(RateLimitConfig::authenticated()), (100, 60, 10));
    assert_eq!(of(RateLimitConfig::heavy_operations()), (10, 60, 2));
    // Custom rate limit
    let config = RateLimitConfig::new(
        150, // max requests
        60,  // window in seconds
        15,  // burst capacity
    );
    assert_eq!(of(config), (150, 60, 15));
}

fn generate_token() -> String {
    let jwt_manager = JwtManager::new(b"your-secret-key");

    jwt_manager
        .generate_token(
            "user123".to_string(),   // user_id
            "tenant456".to_string(), // tenant_id
            Uuid::new_v4(),          // client_id
        )
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens() -> Done {
    let jwt_manager = JwtManager::new(b"your-secret-key");
    let claims: Claims = jwt_manager.verify_token(&generate_token())?;
    assert_eq!((claims.sub.as_str(), claims.tenant_id.as_deref()), ("user123", Some("tenant456")));
    assert_eq!(claims.scopes, ["sync:read", "sync:write"]);
    assert!(JwtManager::new(b"another").verify_token(&generate_token()).is_err());
    let mut old = claims.clone();
    old.exp -= Duration::hours(2).num_seconds();
    assert!(jwt_manager.verify_token(&jwt_manager.sign(&old)?).is_err());
    let custom = claims.with_scopes(vec!["admin".into()]);

    let (path, addr) = place("tokens");
    let db = Arc::new(EmbeddedDatabase::new(path)?);
    let server = ApiServer::new(addr, db).with_auth(AuthMiddleware::new(b"your-secret-key"));
    let bearers = [generate_token(), jwt_manager.sign(&custom)?];
    let bearers = bearers.map(|token| format!("Bearer {token}"));
    let answers = asked(server, move || {
        bearers.map(|token| {
            let ask = |path| get(addr, path, &[("authorization", token.as_str())]);
            (ask("/v1/branches"), ask("/metrics").0)
        })
    });
    let [plain, admin] = answers.await?;
    // Asked who they are, callers are counted as the specification says.
    assert_eq!(plain, ((200, "1000".into(), "999".into()), 403));
    assert_eq!((admin.0.0, admin.1), (200, 200));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn api_keys() -> Done {
    let auth = AuthMiddleware::new(b"jwt-secret").with_api_key(
        "sk_test_abc123xyz".to_string(), // API key
        "user123".to_string(),           // user_id
        "tenant456".to_string(),         // tenant_id
        Uuid::new_v4(),                  // client_id
        vec![
            // scopes
            "read".to_string(),
            "write".to_string(),
        ],
        "Production API Key".to_string(), // name/description
    );
    let (path, addr) = place("keys");
    let db = Arc::new(EmbeddedDatabase::new(path)?);
    let server = ApiServer::new(addr, db).with_auth(auth);
    let statuses = asked(server, move || {
        ["sk_test_abc123xyz", "sk_test_abc123xy", ""]
            .map(|key| get(addr, "/v1/branches", &[("x-api-key", key)]).0)
    });
    assert_eq!(statuses.await?, [200, 401, 401]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_server_is_not_for_a_network() -> Done {
    let (path, _) = place("open");
    let db = Arc::new(EmbeddedDatabase::new(path)?);
    let refused = ApiServer::new("0.0.0.0:0".parse()?, db).serve().await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
    Ok(())
}
