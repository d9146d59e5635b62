//! The console in a real browser: Debian's Chromium, driven from Node.

use crate::run;
use std::path::{Path, PathBuf};

const TESTS: &str = "tests/browser";

/// Runs the browser tests against a program; the remark says with which browser.
pub fn check(program: &Path, screenshots: Option<&Path>) -> Result<String, String> {
    if std::env::var_os("OFFSHOOT_SKIP_BROWSER").is_some_and(|value| value == "1") {
        return Ok("SKIPPED because OFFSHOOT_SKIP_BROWSER=1: nothing proves the console".into());
    }
    let browser = chromium()?;
    if !run::root().join(TESTS).join("node_modules/playwright-core").exists() {
        let mut install = run::program("npm");
        install.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        run::check(install.current_dir(run::root().join(TESTS)))
            .map_err(|e| format!("{e}; Node.js 20 with npm is needed"))?;
    }
    let mut tests = run::program("node");
    tests.args(["--test", "--test-reporter=dot", "console.mjs"]);
    tests.current_dir(run::root().join(TESTS));
    tests.env("OFFSHOOT_BIN", program).env("OFFSHOOT_CHROMIUM", &browser);
    if let Some(folder) = screenshots {
        tests.env("OFFSHOOT_SCREENSHOTS", folder);
    }
    run::check(&mut tests)?;
    Ok(format!("with {}", browser.display()))
}

/// A Chromium; Debian's is installed where none is there and one may install.
fn chromium() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("OFFSHOOT_CHROMIUM") {
        return Ok(PathBuf::from(named));
    }
    if let Some(found) = found() {
        return Ok(found);
    }
    eprintln!("installing Chromium from Debian's packages");
    let apt = |args: &[&str]| {
        run::check(run::program("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let install = ["install", "-y", "-qq", "--no-install-recommends", "chromium"];
    let installed = apt(&install).or_else(|_| apt(&["update", "-qq"]).and_then(|()| apt(&install)));
    installed.ok().and_then(|()| found()).ok_or_else(|| {
        "Chromium is missing and could not be installed: it runs the tests of the console. Install \
         it, name it in OFFSHOOT_CHROMIUM, or set OFFSHOOT_SKIP_BROWSER=1 to leave them out."
            .to_owned()
    })
}

fn found() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let places = std::env::var_os("PATH")?;
    let places: Vec<PathBuf> = std::env::split_paths(&places).collect();
    names
        .iter()
        .flat_map(|name| places.iter().map(move |place| place.join(name)))
        .find(|p| p.exists())
}
