//! The contract test: requests generated from the server's own OpenAPI documents, by schemathesis.

use crate::run;
use std::path::{Path, PathBuf};

const TEST: &str = "tests/contract/run.py";
const NEEDED: &str = "tests/contract/requirements.txt";
/// The part of it that runs with all other tests, well below a minute; its requests are always alike, so
/// that what it says of a change is due to the change.
const SHORT: [&str; 6] = ["--examples", "5", "--requests", "1000", "--seed", "1"];

/// The short test; the remark says that it is that.
pub fn check_short(program: &Path) -> Result<String, String> {
    if std::env::var_os("OFFSHOOT_SKIP_CONTRACT").is_some_and(|value| value == "1") {
        return Ok("SKIPPED because OFFSHOOT_SKIP_CONTRACT=1: nothing proves the OpenAPI".into());
    }
    check(program, &SHORT.map(str::to_owned))?;
    Ok("the short one; `cargo xtask contract` asks more".into())
}

/// Runs the test against a program; the arguments go to its script.
pub fn check(program: &Path, args: &[String]) -> Result<(), String> {
    let mut test = run::program(python()?);
    run::check(test.arg(TEST).arg("--program").arg(program).args(args))
}

/// A Python that has what the test needs, of the versions that are written down. It lies beside what
/// cargo builds, and is made anew where those versions are others.
fn python() -> Result<PathBuf, String> {
    let profile = run::profile_dir()?;
    let folder = profile.parent().unwrap_or(&profile).join("contract-python");
    let python = folder.join("bin/python");
    let stamp = folder.join("requirements.txt");
    let needed = std::fs::read(run::root().join(NEEDED)).map_err(|e| format!("{NEEDED}: {e}"))?;
    // The stamp is written last, so that what was cut off in the middle is done again.
    if std::fs::read(&stamp).is_ok_and(|made| made == needed) && python.exists() {
        return Ok(python);
    }
    eprintln!("installing schemathesis from PyPI into {}", folder.display());
    let base = std::env::var_os("OFFSHOOT_PYTHON").unwrap_or_else(|| "python3".into());
    let made = run::check(run::program(base).args(["-m", "venv", "--clear"]).arg(&folder));
    let quiet = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"];
    made.and_then(|()| run::check(run::program(&python).args(quiet).args(["-r", NEEDED])))
        .map_err(|failed| {
            format!(
                "{failed}; the contract test needs Python 3.10 or later with venv (Debian's \
                 python3-venv), named in OFFSHOOT_PYTHON where it is not `python3`, and PyPI once. \
                 OFFSHOOT_SKIP_CONTRACT=1 leaves the test out of `cargo xtask test`."
            )
        })?;
    std::fs::write(&stamp, needed).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(python)
}
