//! Whole servers under load: Offshoot beside two minimal ones of axum, over SQLite and over PostgreSQL.
//!
//! `cargo xtask bench http [seconds=N]`. Each server is a process of its own over 100,000 rows in a
//! file; `wrk` (Debian's package) sends the same requests to each, on 1, 16 and 64 connections, in
//! turns, so that a slow minute of the machine meets all three. A peer's handler is what one would
//! write by hand for one table: prepared statements, JSON in and out, no branches, no history, no
//! counting of pages, no checks of what is asked. All inserts are durable when they are answered:
//! SQLite in WAL mode with `synchronous=FULL`, PostgreSQL as it is installed.

mod postgres;
mod rows;
mod sqlite;

use crate::report::{filler, shown};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The word that makes this program a peer's server.
pub const SERVE: &str = "serve";

/// Rows in the table before anything is measured.
const ROWS: u64 = 100_000;
const CONNECTIONS: [u32; 3] = [1, 16, 64];

/// What is asked of a server.
struct Load {
    name: &'static str,
    /// What wrk runs for each request: a function of Lua that returns it.
    request: &'static str,
}

const LOADS: [Load; 3] = [
    Load {
        name: "point query",
        request: r#"
local body = '{"sql": "SELECT id, name, total, note FROM items WHERE id = $1", "params": [%d]}'
function request()
  return wrk.format("POST", "/v1/branches/main/query", nil, body:format(math.random(1, ROWS)))
end"#,
    },
    Load {
        name: "page of 100 rows",
        request: r#"
local path = "/v1/branches/main/tables/items/data?page=%d&limit=100"
function request()
  return wrk.format("GET", path:format(math.random(1, ROWS / 100)))
end"#,
    },
    Load {
        name: "insert of one row, durable",
        request: r#"
local body = '{"rows": [{"name": "item %d", "total": %d, "note": "from a test of load"}]}'
function request()
  local n = math.random(1, 1000000)
  return wrk.format("POST", "/v1/branches/main/tables/items/data", nil, body:format(n, n))
end"#,
    },
];

/// What wrk measured.
struct Measured {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

/// A server, ended when dropped.
struct Server {
    name: &'static str,
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Measures all and prints a table.
pub fn compare(options: &[&str]) {
    let seconds = options.iter().find_map(|o| o.strip_prefix("seconds=")).unwrap_or("5");
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = postgres::Cluster::new(&folder.path().join("postgres"));
    let servers = [
        offshoot(&folder.path().join("items.offshoot")),
        peer("SQLite", "sqlite", &folder.path().join("items.sqlite").display().to_string()),
        peer("PostgreSQL", "postgres", &cluster.url()),
    ];
    println!("| requests | connections | server | per second | ratio | p50 | p99 |");
    println!("|---|---:|---|---:|---:|---:|---:|");
    for load in &LOADS {
        let script = folder.path().join("load.lua");
        std::fs::write(&script, lua(load)).expect("a script");
        for connections in CONNECTIONS {
            let mut first = None;
            for server in &servers {
                wrk(server, &script, connections, "1");
                let measured = wrk(server, &script, connections, seconds);
                let Measured { per_second, p50, p99 } = measured;
                let ratio = per_second / *first.get_or_insert(per_second);
                let name = server.name;
                println!(
                    "| {} | {connections} | {name} | {per_second:.0} | {ratio:.2} | {} | {} |",
                    load.name,
                    shown(p50),
                    shown(p99)
                );
            }
        }
    }
}

/// Serves a peer until the process is killed.
pub fn serve(peer: &str, place: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("threads");
    runtime.block_on(async {
        let router = match peer {
            "sqlite" => sqlite::router(Path::new(place)),
            "postgres" => postgres::router(place).await,
            other => panic!("there is no peer {other}"),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("serves on http://{}", listener.local_addr().expect("an address"));
        axum::serve(listener, router).await.expect("serving");
    });
}

fn peer(name: &'static str, kind: &str, place: &str) -> Server {
    let program = std::env::current_exe().expect("this program");
    started(name, Command::new(program).args([SERVE, kind, place]))
}

/// Offshoot's own program, filled by its own import.
fn offshoot(data: &Path) -> Server {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let target = std::env::current_exe().expect("this program");
    let target = target.ancestors().nth(2).expect("a target folder").to_owned();
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.current_dir(root).args(["build", "--release", "--package", "offshoot", "--target-dir"]);
    done(build.arg(&target));
    let program = target.join("release/offshoot");
    let dump = data.with_extension("sql");
    std::fs::write(&dump, dump_of_items()).expect("a dump");
    done(Command::new(&program).arg("import").arg(&dump).arg("--data").arg(data));
    let mut serve = Command::new(&program);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    started("Offshoot", serve.stderr(Stdio::null()))
}

fn dump_of_items() -> String {
    let mut dump = String::from(rows::TABLE) + ";\n";
    for id in 1..=ROWS {
        dump.push_str(&format!(
            "INSERT INTO items (id, name, total, note) VALUES ({id}, 'item {id}', {}, '{}');\n",
            id % 997,
            filler(id, 60)
        ));
    }
    dump
}

fn done(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?} failed");
}

fn started(name: &'static str, command: &mut Command) -> Server {
    let mut process = command.stdout(Stdio::piped()).spawn().expect("a server starts");
    let said = BufReader::new(process.stdout.take().expect("its output"));
    let address = said.lines().map_while(Result::ok).find_map(|line| {
        let at = line.find("http://")?;
        Some(line[at..].split_whitespace().next()?.trim_end_matches('/').to_owned())
    });
    Server { name, process, address: address.expect("an address") }
}

fn lua(load: &Load) -> String {
    format!(
        r#"ROWS = {ROWS}
wrk.headers["Content-Type"] = "application/json"
{}
function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), failed))
end
"#,
        load.request
    )
}

fn wrk(server: &Server, script: &PathBuf, connections: u32, seconds: &str) -> Measured {
    let threads = connections.min(2).to_string();
    let mut command = Command::new("wrk");
    command.args(["-t", &threads, "-c", &connections.to_string(), "-d", seconds, "-s"]);
    let output = command.arg(script).arg(&server.address).output();
    let output = output.expect("wrk runs; Debian's package is called wrk");
    let said = String::from_utf8_lossy(&output.stdout);
    let result = said.lines().find_map(|line| line.strip_prefix("RESULT ")).unwrap_or("");
    let numbers: Vec<u64> = result.split(' ').filter_map(|n| n.parse().ok()).collect();
    let [requests, micros, p50, p99, failed] = numbers[..] else {
        panic!("{}: wrk said {said}{}", server.name, String::from_utf8_lossy(&output.stderr))
    };
    assert_eq!(failed, 0, "{}: requests failed: {said}", server.name);
    Measured {
        per_second: requests as f64 / micros as f64 * 1e6,
        p50: Duration::from_micros(p50),
        p99: Duration::from_micros(p99),
    }
}
