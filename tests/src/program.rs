//! Where the program is, and its commands that run to an end.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The `offshoot` program: `OFFSHOOT_BIN` names it; else it lies where cargo put it when it built
/// this test, and is built once if it does not.
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match std::env::var_os("OFFSHOOT_BIN") {
        Some(path) => PathBuf::from(path),
        None => built(),
    })
}

fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // <target>/<profile>/deps/<test>
    let profile = test.ancestors().nth(2).expect("a test lies in a folder of cargo's");
    let program = profile.join(format!("offshoot{}", std::env::consts::EXE_SUFFIX));
    if program.exists() {
        return program;
    }
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--package", "offshoot"]);
    build.arg("--target-dir").arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let status = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(status.success(), "the program does not build");
    program
}

/// The program, to be given arguments. It gets no input.
pub fn command() -> Command {
    let mut command = Command::new(path());
    command.stdin(Stdio::null());
    command
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails the test if the program panicked or a signal ended it.
    pub fn assert_orderly(&self, what: &str) {
        assert!(self.code.is_some(), "{what}: ended by a signal: {self:?}");
        assert!(!self.stderr.contains("panicked"), "{what}: {self:?}");
    }
}

/// Runs a command to its end.
pub fn run<A: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = A>) -> Ended {
    Ended::of(command().args(args).output().expect("the program starts"))
}

/// `offshoot check` of a file that no one has open.
pub fn check(file: &Path) -> Ended {
    run([Path::new("check"), Path::new("--data"), file])
}

/// Fails the test unless `offshoot check` finds nothing wrong with a file.
pub fn assert_clean(file: &Path) {
    let ended = check(file);
    assert!(
        ended.code == Some(0) && ended.stdout.contains("clean"),
        "check of {}: {ended:#?}",
        file.display()
    );
}
