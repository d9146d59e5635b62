//! A server with more work than it takes on says so, in its own words.

use offshoot::EmbeddedDatabase;
use offshoot::api::{ApiServer, ServerOptions};
use std::sync::Arc;

#[test]
fn a_full_queue_is_no_conflict() {
    let folder = std::env::temp_dir().join(format!("offshoot-overload-{}", std::process::id()));
    let database = Arc::new(EmbeddedDatabase::new(folder.join("test.offshoot")).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    // Nothing may wait: every request finds the queue full.
    let options = ServerOptions { queue: 0, ..ServerOptions::default() };
    let server = ApiServer::new(address, database).with_options(options);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(server.serve_on(listener, async move { drop(stopped.await) }));

    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut reply = agent.get(format!("http://{address}/v1/branches")).call().unwrap();
    assert_eq!(reply.status(), 503);
    assert_eq!(reply.headers().get("retry-after").unwrap(), "1");
    let body: serde_json::Value = reply.body_mut().read_json().unwrap();
    assert_eq!(body["error"]["code"], "SERVICE_UNAVAILABLE", "{body}");
    assert_eq!(body["error"]["details"]["retriable"], true, "{body}");
    drop((reply, agent));

    stop.send(()).unwrap();
    runtime.block_on(serving).unwrap().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}
