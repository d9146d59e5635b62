//! A receiver: a small HTTP server that notes what it is sent and answers what a test wants.

use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a test waits for what must come. Only a broken server takes it.
const PATIENCE: Duration = Duration::from_secs(120);

/// One request that came.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Method and path.
    pub call: String,
    /// Headers, their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// What it was answered with.
    pub status: u16,
}

impl Delivery {
    /// The body.
    pub fn body(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// The kind of event.
    pub fn event(&self) -> String {
        self.body()["event"].as_str().unwrap().to_owned()
    }

    /// The branch.
    pub fn branch(&self) -> String {
        self.body()["data"]["branch_name"].as_str().unwrap().to_owned()
    }

    /// Checks the signature, with another implementation of HMAC than the server's.
    #[track_caller]
    pub fn assert_signed(&self, secret: &str) {
        let key = EncodingKey::from_base64_secret(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let (id, time) = (&self.headers["webhook-id"], &self.headers["webhook-timestamp"]);
        let signed = [format!("{id}.{time}.").as_bytes(), &self.bytes].concat();
        let signature = crypto::sign(&signed, &key, Algorithm::HS256).unwrap();
        let told = self.headers["webhook-signature"].strip_prefix("v1,").unwrap();
        // The one writes base64 for addresses, without its end.
        let told = told.replace('+', "-").replace('/', "_").replace('=', "");
        assert_eq!(told, signature, "{self:?}");
        assert_eq!(self.body()["id"], id.as_str(), "{self:?}");
    }
}

type Answer = Box<dyn Fn(&Delivery) -> (u16, String) + Send>;

#[derive(Clone)]
struct Shared {
    received: Arc<Mutex<Vec<Delivery>>>,
    answer: Arc<Mutex<Answer>>,
}

/// A receiver on a port of its own.
pub struct Receiver {
    address: SocketAddr,
    shared: Shared,
    open: Option<Open>,
}

/// A receiver that listens.
struct Open {
    ending: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    thread: JoinHandle<()>,
}

impl Receiver {
    /// One that answers 200.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Shared {
            received: Arc::default(),
            answer: Arc::new(Mutex::new(Box::new(|_| (200, String::new())))),
        };
        let address = listener.local_addr().unwrap();
        let open = Some(Open::start(listener, &shared));
        Receiver { address, shared, open }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}/hook?of=test", self.address)
    }

    /// Answers otherwise from now on: a status, and headers with their line ends.
    pub fn answer(&self, with: impl Fn(&Delivery) -> (u16, String) + Send + 'static) {
        *self.shared.answer.lock().unwrap() = Box::new(with);
    }

    /// Goes away: who connects is refused, and who is connected is cut off.
    pub fn down(&mut self) {
        if let Some(open) = self.open.take() {
            open.ending.store(true, Ordering::SeqCst);
            let _ = TcpStream::connect(self.address);
            open.thread.join().unwrap();
            for connection in open.connections.lock().unwrap().drain(..) {
                let _ = connection.shutdown(std::net::Shutdown::Both);
            }
        }
    }

    /// Comes back, at the same port.
    pub fn up(&mut self) {
        let end = Instant::now() + PATIENCE;
        let listener = loop {
            match TcpListener::bind(self.address) {
                Ok(listener) => break listener,
                Err(error) => assert!(Instant::now() < end, "{}: {error}", self.address),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        self.open = Some(Open::start(listener, &self.shared));
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Delivery> {
        self.shared.received.lock().unwrap().clone()
    }

    /// Waits until what came is enough, and gives it.
    #[track_caller]
    pub fn wait(&self, what: &str, enough: impl Fn(&[Delivery]) -> bool) -> Vec<Delivery> {
        let end = Instant::now() + PATIENCE;
        loop {
            let received = self.received();
            if enough(&received) {
                return received;
            }
            if Instant::now() > end {
                let got: Vec<String> =
                    received.iter().map(|d| format!("{} {}", d.status, summary(d))).collect();
                panic!("{what} did not come; this did: {got:#?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until so many different events were taken.
    #[track_caller]
    pub fn wait_for(&self, events: usize) -> Vec<Delivery> {
        self.wait(&format!("{events} events"), |received| first_taken(received).len() >= events)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.down();
    }
}

impl Open {
    fn start(listener: TcpListener, shared: &Shared) -> Self {
        let ending = Arc::new(AtomicBool::new(false));
        let connections: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let (end, open, shared) = (ending.clone(), connections.clone(), shared.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                open.lock().unwrap().push(stream.try_clone().unwrap());
                let shared = shared.clone();
                std::thread::spawn(move || drop(talk(stream, &shared)));
            }
        });
        Open { ending, connections, thread }
    }
}

/// Answers requests of one connection, until it ends.
fn talk(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut call = String::new();
        if reader.read_line(&mut call)? == 0 {
            return Ok(());
        }
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").and_then(|text| text.parse().ok());
        let mut bytes = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut bytes)?;
        let call = call.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
        let mut delivery = Delivery { call, headers, bytes, status: 0 };
        let (status, more) = (shared.answer.lock().unwrap())(&delivery);
        delivery.status = status;
        shared.received.lock().unwrap().push(delivery);
        write!(stream, "HTTP/1.1 {status} So\r\n{more}content-length: 2\r\n\r\nok")?;
    }
}

/// What was taken for the first time, in the order in which it came.
pub fn first_taken(received: &[Delivery]) -> Vec<Delivery> {
    let mut known = HashSet::new();
    let taken = received.iter().filter(|delivery| (200..300).contains(&delivery.status));
    taken.filter(|delivery| known.insert(delivery.headers["webhook-id"].clone())).cloned().collect()
}

/// An event in a line: what it says of its kind.
pub fn summary(delivery: &Delivery) -> String {
    let (body, branch) = (delivery.body(), delivery.branch());
    let data = &body["data"];
    let text = |field: &str| data[field].as_str().unwrap_or("-").to_owned();
    match delivery.event().as_str() {
        "branch.created" => format!("{branch} created from {}", text("source_branch")),
        "branch.merged" => format!("{branch} merged {}", text("source_branch")),
        "branch.data_changed" => {
            let table = |table: &Value| {
                let schema = if table["schema_changed"] == true { " schema" } else { "" };
                format!(
                    " {}{schema} {}/{}/{}",
                    table["name"].as_str().unwrap(),
                    table["inserts"],
                    table["updates"],
                    table["deletes"]
                )
            };
            let tables = data["tables"].as_array().expect("tables");
            format!("{branch} changed{}", tables.iter().map(table).collect::<String>())
        }
        other => format!("{branch} {}", other.strip_prefix("branch.").unwrap()),
    }
}

/// The summaries of what was taken first, of one branch.
pub fn of_branch(received: &[Delivery], branch: &str) -> Vec<String> {
    let taken = first_taken(received);
    taken.iter().filter(|delivery| delivery.branch() == branch).map(summary).collect()
}
