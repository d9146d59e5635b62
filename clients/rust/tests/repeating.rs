//! What is sent again, and what a request looks like, against a server that answers what it is told.

use offshoot_client::webhooks::EventKind;
use offshoot_client::{AsOf, Client, Error};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// What is answered: status, a header, body. `None` hangs up without an answer.
type Told = Option<(u16, &'static str, &'static str)>;

const GOOD: Told = Some((
    200,
    "",
    r#"{"data": {"branches": [], "pagination": {"page": 1, "limit": 1, "total": 0, "total_pages": 0}}}"#,
));
const LIMITED: Told =
    Some((429, "Retry-After: 0", r#"{"error": {"code": "RATE_LIMITED", "message": "m"}}"#));
const BUSY: Told = Some((
    503,
    "Retry-After: 0",
    r#"{"error": {"code": "SERVICE_UNAVAILABLE", "message": "m", "details": {"retriable": true}}}"#,
));
const PROXY: Told = Some((503, "Retry-After: 0", "<h1>later</h1>"));
const DONE: Told = Some((200, "", r#"{"data": {"statement_type": "INSERT", "affected_rows": 1}}"#));

/// One request as it came.
#[derive(Debug, Clone, Default, PartialEq)]
struct Asked {
    line: String,
    headers: Vec<String>,
    body: String,
}

/// A server that answers each request with the next of these.
async fn told(answers: impl IntoIterator<Item = Told>) -> (Client, Arc<Mutex<Vec<Asked>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(format!("http://{}", listener.local_addr().unwrap())).with_retries(2);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (seen, answers) = (asked.clone(), answers.into_iter().collect::<Vec<_>>());
    tokio::spawn(async move {
        for answer in answers {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let request = read(&mut stream).await;
            seen.lock().unwrap().push(request);
            if let Some((status, header, body)) = answer {
                let header =
                    if header.is_empty() { String::new() } else { format!("{header}\r\n") };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} x\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (client, asked)
}

async fn read(stream: &mut BufReader<tokio::net::TcpStream>) -> Asked {
    let mut asked = Asked::default();
    stream.read_line(&mut asked.line).await.unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let line = line.trim_end().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(given) = line.strip_prefix("content-length: ") {
            length = given.parse().unwrap();
        }
        asked.headers.push(line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    asked.body = String::from_utf8(body).unwrap();
    asked
}

fn lines(asked: &Mutex<Vec<Asked>>) -> Vec<String> {
    asked.lock().unwrap().iter().map(|asked| asked.line.trim_end().to_owned()).collect()
}

#[tokio::test]
async fn reads_are_repeated_until_they_pass() {
    let (client, asked) = told([None, PROXY, GOOD]).await;
    assert_eq!(client.branches().list().send().await.unwrap().total, 0);
    assert_eq!(lines(&asked), ["GET /v1/branches HTTP/1.1"; 3]);

    let (client, asked) = told([None, Some((200, "", r#"{"data": {"rows": [[1]]}}"#))]).await;
    let one: i64 = client.branch("main").query("SELECT 1").send().await.unwrap().scalar().unwrap();
    assert_eq!((one, lines(&asked).len()), (1, 2));
}

#[tokio::test]
async fn writes_are_repeated_only_where_nothing_was_begun() {
    let (client, asked) = told([LIMITED, BUSY, DONE]).await;
    client.branch("main").execute("INSERT").send().await.unwrap();
    assert_eq!(lines(&asked).len(), 3);

    let (client, asked) = told([None, DONE]).await;
    let lost = client.branch("main").execute("INSERT").send().await.unwrap_err();
    assert!(matches!(lost, Error::Lost(_)), "{lost:?}");
    assert_eq!(lines(&asked).len(), 1);

    let (client, asked) = told([PROXY, DONE]).await;
    let proxy = client.branch("main").execute("INSERT").send().await.unwrap_err();
    assert_eq!((proxy.code(), lines(&asked).len()), (Some("HTTP_503"), 1));
    assert_eq!(proxy.api().unwrap().message, "<h1>later</h1>");
}

#[tokio::test]
async fn what_has_a_key_is_repeated() {
    let (client, asked) = told([None, DONE]).await;
    let insert = client.branch("main").execute("INSERT").idempotency_key("k1");
    insert.send().await.unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|asked| asked.headers.contains(&"idempotency-key: k1".to_owned())));
}

#[tokio::test]
async fn it_gives_up_and_does_not_wait_for_ever() {
    let (client, asked) = told([LIMITED, LIMITED, LIMITED, GOOD]).await;
    let limited = client.branches().list().send().await.unwrap_err();
    assert!(matches!(limited, Error::RateLimited(_)));
    assert_eq!(lines(&asked).len(), 3);

    let hour = Some((429, "Retry-After: 3600", "{}"));
    let (client, asked) = told([hour, GOOD]).await;
    let limited = client.branches().list().send().await.unwrap_err();
    assert_eq!(limited.api().unwrap().retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(lines(&asked).len(), 1);
}

#[tokio::test]
async fn what_was_never_connected_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(format!("http://{address}")).with_retries(1);
    let error = client.branch("main").execute("INSERT").send().await.unwrap_err();
    assert!(matches!(error, Error::NotConnected(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(format!("http://{}", listener.local_addr().unwrap()));
    let client = client.with_timeout(Duration::from_millis(50)).with_retries(0);
    let error = client.health().await.unwrap_err();
    assert!(matches!(error, Error::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn other_answers_than_the_apis_are_told_apart() {
    let (client, _) = told([Some((200, "", "<html>"))]).await;
    assert!(matches!(client.branches().list().send().await, Err(Error::Answer(_))));
    let (client, asked) = told([Some((302, "Location: http://127.0.0.1:9/", ""))]).await;
    let error = client.with_api_key("k").branches().list().send().await.unwrap_err();
    assert_eq!((error.code(), lines(&asked).len()), (Some("HTTP_302"), 1));
}

#[tokio::test]
async fn what_a_request_says() {
    let made = r#"{"data": {"id": "i", "name": "n", "display_name": "n", "status": "active", "created_at": ""}}"#;
    let reset = r#"{"data": {"branch": "b", "source_branch": "main", "reset_to_scn": 7, "changed": true, "scn": 8, "timestamp": ""}}"#;
    let changed = r#"{"data": {"id": "i", "name": "n", "display_name": "n", "is_protected": false, "updated_at": ""}}"#;
    let answers = [made, reset, changed].map(|body| Some((200, "", body)));
    let (client, asked) = told(answers).await;
    let client = client.with_api_key("k").with_token("t");
    let create = client.branches().create("n").from_branch("main").as_of(AsOf::Scn(7)).read_only();
    create.expires_at("2030-01-01T00:00:00Z").send().await.unwrap();
    let branch = client.branch("a/b");
    let done = branch.reset().from_branch("main").with_backup_branch("was").send().await.unwrap();
    assert_eq!((done.reset_to_scn, done.changed), (7, true));
    branch.update().expires_never().send().await.unwrap();

    let asked = asked.lock().unwrap();
    let [made, reset, changed] = &asked[..] else { panic!("{asked:?}") };
    for header in [
        "offshoot-dialect: envelope",
        "x-api-key: k",
        "authorization: bearer t",
        "content-type: application/json",
    ] {
        assert!(made.headers.iter().any(|given| given == header), "{header}: {:?}", made.headers);
    }
    let body = r#"{"name":"n","source_branch":"main","as_of":{"type":"scn","value":7},"expires_at":"2030-01-01T00:00:00Z","options":{"read_only":true}}"#;
    assert_eq!(made.body, body);
    assert_eq!(reset.line, "POST /v1/branches/a%2Fb/reset HTTP/1.1\r\n");
    assert_eq!(
        reset.body,
        r#"{"source_branch":"main","create_backup_branch":true,"backup_branch_name":"was"}"#
    );
    assert_eq!((&changed.line[..6], changed.body.as_str()), ("PATCH ", r#"{"expires_at":null}"#));
}

#[tokio::test]
async fn webhooks_are_asked_for_at_addresses_of_their_own() {
    let hook = r#"{"data": {"id": "wh_1", "url": "https://h/", "events": ["branch.merged"], "branches": ["*"], "description": "", "active": true, "created_at": "", "updated_at": "", "failing_since": null, "last_delivered_at": null, "secret": "whsec_"}}"#;
    let told_of = r#"{"data": {"deliveries": [{"event_id": "e", "event": "branch.data_changed", "branch_name": "b", "attempt": 2, "attempted_at": "", "delivered": false, "status": 500, "latency_ms": 7, "error": "no", "retry_at": null}]}}"#;
    let (client, asked) = told([hook, told_of].map(|body| Some((200, "", body)))).await;
    let webhooks = client.webhooks();
    let made = webhooks.create("https://h/").events([EventKind::Merged]).send().await.unwrap();
    assert_eq!(
        (made.secret.as_deref(), &made.events[..]),
        (Some("whsec_"), &[EventKind::Merged][..])
    );
    let deliveries = webhooks.deliveries("wh_1", Some(2)).await.unwrap();
    assert_eq!((deliveries[0].event, deliveries[0].status), (EventKind::DataChanged, Some(500)));
    let first = "POST /v1/webhooks HTTP/1.1";
    assert_eq!(lines(&asked), [first, "GET /v1/webhooks/wh_1/deliveries?limit=2 HTTP/1.1"]);
    let body = asked.lock().unwrap()[0].body.clone();
    assert_eq!(body, r#"{"url":"https://h/","events":["branch.merged"]}"#);
}
