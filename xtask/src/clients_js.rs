//! The clients in JavaScript and in Rust, against a server that is started for them.

use crate::run;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

const JAVASCRIPT: &str = "clients/js";

/// What the server asks for and the client is given.
const KEY: &str = "your-api-key";

/// The client in JavaScript: its tests and the specification's example against the program, its types
/// against the compiler and the program's OpenAPI document; the remark says what ran.
pub fn javascript(program: &Path) -> Result<String, String> {
    let server = Server::start(program)?;
    npm_packages()?;
    let mut tests = server.npm(&["test", "--silent"]);
    let output =
        tests.output().map_err(|e| format!("cannot start npm: {e}; it is part of Node.js"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let count = |word: &str| {
        let lines = text
            .lines()
            .filter_map(|line| line.trim_start_matches(['#', 'ℹ', ' ']).strip_prefix(word));
        lines.filter_map(|rest| rest.trim().parse::<u64>().ok()).sum::<u64>()
    };
    if !output.status.success() {
        eprint!("{text}{}", String::from_utf8_lossy(&output.stderr));
        return Err(format!(
            "the JavaScript client: {} tests failed ({})",
            count("fail "),
            output.status
        ));
    }
    match count("pass ") {
        // A change of format in what is read must not look like success.
        0 => Err("no test of the JavaScript client is known to have passed".into()),
        passed => {
            Ok(format!("JavaScript: {passed} passed, {} skipped, and its types", count("skipped ")))
        }
    }
}

/// The types of the client in JavaScript, written anew from the program's OpenAPI document.
pub fn javascript_types(program: &Path) -> Result<(), String> {
    let server = Server::start(program)?;
    npm_packages()?;
    run::check(&mut server.npm(&["run", "--silent", "types"]))
}

/// The client in Rust: its tests and the specification's example, each on a server of its own.
pub fn rust(program: &Path) -> Result<String, String> {
    let mut tests = run::cargo(&["test", "--package", "offshoot-client", "--quiet"]);
    let (count, result) = run::check_counted(tests.env("OFFSHOOT_BIN", program));
    result.map_err(|failed| format!("{failed}: {count}"))?;
    match count.passed {
        0 => Err("no test of the Rust client is known to have passed".into()),
        _ => Ok(format!("Rust: {count}")),
    }
}

/// What the tests of the client in JavaScript need: a compiler, and what makes its types.
fn npm_packages() -> Result<(), String> {
    let folder = run::root().join(JAVASCRIPT);
    // npm writes this file last, so an older one than the list of packages is of another list.
    let installed = folder.join("node_modules/.package-lock.json");
    let age = |path: &Path| path.metadata().and_then(|data| data.modified());
    let current = matches!((age(&installed), age(&folder.join("package-lock.json"))), (Ok(installed), Ok(asked)) if installed >= asked);
    if current {
        return Ok(());
    }
    let mut install = run::program("npm");
    install.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
    run::check(&mut install).map_err(|e| format!("{e}; Node.js 20 with npm is needed"))
}

/// A server over a new file, which goes when this does.
struct Server {
    process: Child,
    folder: PathBuf,
    address: String,
}

impl Server {
    fn start(program: &Path) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("offshoot-clients-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut command = run::program(program);
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--api-key",
            &format!("{KEY},scopes=admin"),
        ]);
        // The tests ask more often in a minute than the specification's limits allow.
        command.args(["--rate-limit", "off", "--data"]).arg(folder.join("clients.offshoot"));
        let process = command.stdout(Stdio::piped()).spawn();
        let process = process.map_err(|e| format!("cannot start {}: {e}", program.display()))?;
        let mut server = Server { process, folder, address: String::new() };
        let out = server.process.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(out).lines();
        let found = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
        server.address = found.ok_or("the server ended before it said where it listens")?;
        // What it says later is read too, so that it never waits for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(server)
    }

    /// npm in the folder of the client, told where the server is.
    fn npm(&self, args: &[&str]) -> std::process::Command {
        let mut command = run::program("npm");
        command.args(args).current_dir(run::root().join(JAVASCRIPT));
        command.env("OFFSHOOT_URL", &self.address).env("OFFSHOOT_KEY", KEY);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// `http://127.0.0.1:4711` in a line that says where the server listens.
fn address_in(line: &str) -> Option<String> {
    let address = &line[line.find("http://127.0.0.1:")?..];
    let end = address.find(char::is_whitespace).unwrap_or(address.len());
    Some(address[..end].trim_end_matches(['/', '.', ',']).to_owned())
}
