//! The clients in `clients/`, and the tutorial's programs in `tests/tutorial/`, against the program.
//!
//! Each step gets a server of its own where it needs one. Python's packages, of the exact versions that
//! `clients/python/tests/requirements.txt` names, go into an environment in the target folder; Go and
//! Python's `venv` come from Debian where they are missing and one may install.

use crate::clients_js;
use crate::run::{self, Steps};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const PYTHON: &str = "clients/python";
const TUTORIAL: &str = "tests/tutorial";

/// The key of the servers that clients are tested against.
const KEY: &str = "sk_test_clients";

/// The steps, in order. The remark of a step says with what it ran.
const STEPS: &[(&str, Step)] = &[
    ("python", python),
    ("typed", python_types),
    ("tutorial", tutorial),
    ("javascript", |ground| clients_js::javascript(&ground.program)),
    ("rust", |ground| clients_js::rust(&ground.program)),
];

type Step = fn(&Ground) -> Result<String, String>;

/// What every step has.
struct Ground {
    /// The program.
    program: PathBuf,
    /// A folder in the target folder.
    folder: PathBuf,
}

/// Runs every step against a program; the remark names them.
pub fn check(program: &Path) -> Result<String, String> {
    if std::env::var_os("OFFSHOOT_SKIP_CLIENTS").is_some_and(|value| value == "1") {
        return Ok("SKIPPED because OFFSHOOT_SKIP_CLIENTS=1: nothing proves the clients".into());
    }
    let profile = run::profile_dir()?;
    let folder = profile.parent().unwrap_or(&profile).join("clients");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let ground = Ground { program: program.to_owned(), folder };
    let mut steps = Steps::default();
    for (name, step) in STEPS {
        steps.step(name, || step(&ground));
    }
    steps.summary()?;
    Ok(STEPS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
}

/// The Python client's tests, with the package installed as a user would install it.
fn python(ground: &Ground) -> Result<String, String> {
    let python = environment(ground)?;
    let mut install = run::program(&python);
    install.args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]);
    run::check(install.args(["--force-reinstall", "--disable-pip-version-check", PYTHON]))?;
    let server = Server::start(ground)?;
    let mut tests = run::program(&python);
    tests.args(["-W", "error", "-m", "unittest", "discover", "--start-directory"]);
    tests.arg(format!("{PYTHON}/tests")).env("OFFSHOOT_URL", &server.url).env("OFFSHOOT_KEY", KEY);
    unittests(&mut tests)
}

/// What type checkers say of the Python client, and of programs that use it.
fn python_types(ground: &Ground) -> Result<String, String> {
    let python = environment(ground)?;
    let cache = ground.folder.join("mypy");
    let mut mypy = run::program(&python);
    // From the folder of its settings: the client itself is found as it was installed.
    mypy.current_dir(run::root().join(PYTHON).join("tests"));
    mypy.args(["-m", "mypy", "--strict", "--cache-dir"]).arg(&cache).arg("typed.py");
    run::check(&mut mypy)?;
    let mut mypy = run::program(&python);
    mypy.current_dir(run::root().join(PYTHON));
    mypy.args(["-m", "mypy", "--cache-dir"]).arg(&cache).arg("offshoot_client");
    run::check(&mut mypy)?;
    Ok("with mypy".into())
}

/// The tutorial's programs; they start their servers themselves, for each wants another one.
fn tutorial(ground: &Ground) -> Result<String, String> {
    let python = environment(ground)?;
    needed("go", "version", "golang-go", "the tutorial's client in Go")?;
    needed("node", "--version", "nodejs", "the tutorial's client in JavaScript")?;
    let mut tests = run::program(&python);
    tests.args(["-W", "error", "-m", "unittest", "discover", "--start-directory", TUTORIAL]);
    let remark = unittests(tests.env("OFFSHOOT_BIN", &ground.program))?;
    Ok(format!("{remark}: Python, JavaScript and Go"))
}

/// Runs Python's tests; the remark counts them.
fn unittests(tests: &mut Command) -> Result<String, String> {
    let output = tests.env("PYTHONDONTWRITEBYTECODE", "1").stdout(Stdio::inherit()).output();
    let output = output.map_err(|e| format!("cannot start Python: {e}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let ran = said.lines().rev().find_map(|line| line.strip_prefix("Ran ")?.split(" in ").next());
    match ran {
        Some(ran) if output.status.success() && !ran.starts_with("0 ") => {
            let last = said.trim_end().lines().next_back().unwrap_or_default();
            Ok(format!("{ran}{}", last.strip_prefix("OK").unwrap_or_default()))
        }
        _ => {
            eprintln!("{said}");
            Err(format!("tests failed ({}): {}", output.status, ran.unwrap_or("none ran")))
        }
    }
}

/// Python with the packages that the tests need.
fn environment(ground: &Ground) -> Result<PathBuf, String> {
    let (folder, stamp) = (ground.folder.join("venv"), ground.folder.join("venv/requirements.txt"));
    let python = folder.join("bin/python");
    let wanted = format!("{PYTHON}/tests/requirements.txt");
    let text = std::fs::read(run::root().join(&wanted)).map_err(|e| format!("{wanted}: {e}"))?;
    if std::fs::read(&stamp).is_ok_and(|installed| installed == text) {
        return Ok(python);
    }
    needed("python3", "--version", "python3", "the Python client")?;
    let make = || {
        let mut make = run::program("python3");
        run::check(make.args(["-m", "venv", "--clear"]).arg(&folder))
    };
    make().or_else(|_| debian("python3-venv").and_then(|()| make()))?;
    let mut install = run::program(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    run::check(install.args(["--requirement", &wanted]))?;
    // Written last: what was broken off begins anew.
    std::fs::write(&stamp, text).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(python)
}

/// A program that a step runs; Debian's is installed where it is missing.
fn needed(program: &str, version: &str, package: &str, what: &str) -> Result<(), String> {
    let there = || {
        let mut command = run::program(program);
        command.arg(version).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if there() {
        return Ok(());
    }
    let installed = debian(package);
    if there() {
        return Ok(());
    }
    let why = installed.err().map_or_else(String::new, |e| format!(" ({e})"));
    Err(format!(
        "`{program}` is missing and could not be installed{why}: it runs {what}. Install it, or set \
         OFFSHOOT_SKIP_CLIENTS=1 to leave the clients out."
    ))
}

fn debian(package: &str) -> Result<(), String> {
    eprintln!("installing {package} from Debian's packages");
    let apt = |args: &[&str]| {
        run::check(run::program("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let install = ["install", "-y", "-qq", "--no-install-recommends", package];
    apt(&install).or_else(|_| apt(&["update", "-qq"]).and_then(|()| apt(&install)))
}

/// A server over a new file, with [`KEY`] and without limits; it ends with its step.
struct Server {
    process: Child,
    /// Kept open: a server that cannot say something else would end.
    said: BufReader<ChildStdout>,
    url: String,
    data: PathBuf,
}

impl Server {
    fn start(ground: &Ground) -> Result<Self, String> {
        let data = ground.folder.join(format!("data-{}", std::process::id()));
        let mut command = Command::new(&ground.program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off"]);
        command.arg("--api-key").arg(format!("{KEY},scopes=read+write+admin"));
        command.arg("--data").arg(data.join("clients.offshoot")).env("OFFSHOOT_LOG", "warn");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        std::fs::create_dir_all(&data).map_err(|e| format!("{}: {e}", data.display()))?;
        let mut process =
            command.spawn().map_err(|e| format!("{}: {e}", ground.program.display()))?;
        let said = process.stdout.take().ok_or("the server has no output")?;
        let said = BufReader::new(said);
        let mut server = Server { process, said, url: String::new(), data };
        let mut line = String::new();
        let _ = server.said.read_line(&mut line);
        let address = line.split_whitespace().find(|word| word.starts_with("http://"));
        server.url = address.ok_or_else(|| format!("the server said: {line:?}"))?.to_owned();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}
