//! Commands and steps: start a program from the workspace root, time it, and sum up at the end.

use crate::count::Count;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The folder of the workspace, wherever below it the task was started.
pub fn root() -> PathBuf {
    // Cargo sets the variable when it runs us; the compiled-in value serves a binary run by hand.
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// The folder that holds the programs of the profile that this program was built in.
pub fn profile_dir() -> Result<PathBuf, String> {
    let exe = std::env::current_exe().map_err(|e| format!("cannot tell where xtask lies: {e}"))?;
    exe.parent().map(Path::to_path_buf).ok_or_else(|| "xtask lies in no folder".to_string())
}

/// A program to be run from the workspace root. It gets no standard input: nothing may ask.
pub fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// The cargo that runs us.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = cargo_at(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}

/// A certain cargo. Where no one watches, it prints only what is wrong.
pub fn cargo_at(path: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = program(path);
    if !std::io::stderr().is_terminal() {
        command.env("CARGO_TERM_QUIET", "true");
    }
    command
}

/// Runs a command to its end; its output goes where ours goes.
pub fn check(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("cannot start {}: {e}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", shown(command))) }
}

/// Runs a command that runs tests, passes its output on, and counts what the output reports.
pub fn check_counted(command: &mut Command) -> (Count, Result<(), String>) {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(e) => return (Count::default(), Err(format!("cannot start {}: {e}", shown(command)))),
    };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let count = std::thread::scope(|scope| {
        let out = scope.spawn(|| pass_on(out, std::io::stdout()));
        let err = pass_on(err, std::io::stderr());
        out.join().unwrap_or_default() + err
    });
    let result = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} failed ({status})", shown(command))),
        Err(e) => Err(format!("{} was lost: {e}", shown(command))),
    };
    (count, result)
}

/// Copies lines to `to` and adds up the counts that they report.
fn pass_on(from: Option<impl Read>, mut to: impl Write) -> Count {
    let mut count = Count::default();
    let Some(from) = from else { return count };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // Tests print what they like, so lines are bytes; a closed output must not stop the tests.
    while matches!(from.read_until(b'\n', &mut line), Ok(n) if n > 0) {
        count = count + Count::of_line(&String::from_utf8_lossy(&line));
        let _ = to.write_all(&line).and_then(|()| to.flush());
        line.clear();
    }
    count
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    let args = command.get_args().map(|arg| format!(" {}", arg.to_string_lossy()));
    format!("`{name}{}`", args.collect::<String>())
}

/// Steps done one after the other; a failed one does not hide what the later ones would say.
#[derive(Default)]
pub struct Steps {
    done: Vec<(&'static str, Duration, Result<String, String>)>,
}

impl Steps {
    /// Does one step, which returns a remark for the summary (or nothing: an empty one), and says
    /// whether it went well.
    pub fn step(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<String, String>,
    ) -> bool {
        eprintln!("== {name}");
        let start = Instant::now();
        let result = work();
        if let Err(message) = &result {
            eprintln!("{message}");
        }
        let good = result.is_ok();
        self.done.push((name, start.elapsed(), result));
        good
    }

    /// Prints how every step went; an error if one failed.
    pub fn summary(&self) -> Result<(), String> {
        eprintln!();
        for (name, time, result) in &self.done {
            let (word, remark) = match result {
                Ok(remark) => ("ok", remark.as_str()),
                Err(message) => ("FAILED", message.lines().next().unwrap_or_default()),
            };
            eprintln!("{name:<10} {:>7.1} s  {word:<6} {remark}", time.as_secs_f64());
        }
        let failed = self.done.iter().filter(|(.., result)| result.is_err());
        match failed.map(|(name, ..)| *name).collect::<Vec<_>>().as_slice() {
            [] => Ok(()),
            failed => Err(format!("FAILED: {}", failed.join(", "))),
        }
    }
}
