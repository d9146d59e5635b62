//! What each task does.

use crate::count::Count;
use crate::run::{self, Steps};
use crate::style::Finding;
use crate::{
    browser as console, clients as sdks, clients_js as typed, contract as schema, purity,
    style as rules, tree, wasm as targets,
};
use std::process::Command;

/// At most so many findings are printed; the first ones are mended first anyway.
const FINDINGS_SHOWN: usize = 50;

/// Everything, cheapest first; the count of tests is the last thing printed.
pub fn test(args: &[String]) -> Result<(), String> {
    no_arguments(args)?;
    let mut steps = Steps::default();
    let mut count = Count::default();
    cheap_steps(&mut steps);
    compiled_lints(&mut steps);
    if steps.step("build", || quiet(build())) {
        steps.step("tests", || {
            let remark = counted(&mut tests()?, &mut count)?;
            // A filter, or a change of format in what is read, must not look like success.
            if count.passed == 0 {
                Err("no test is known to have passed".into())
            } else {
                Ok(remark)
            }
        });
        steps.step("doctests", || {
            let mut command = run::cargo(&["test", "--workspace", "--doc", "--quiet"]);
            with_program(&mut command)?;
            counted(&mut command, &mut count)
        });
        steps.step("wasm", targets::check);
        steps.step("browser", || console::check(&the_program()?, None));
        steps.step("clients", || sdks::check(&the_program()?));
        steps.step("contract", || schema::check_short(&the_program()?));
    }
    steps.summary().map_err(|failed| format!("{failed}; tests: {count}"))?;
    eprintln!("ok: {count}");
    Ok(())
}

/// Formats everything.
pub fn fmt(args: &[String]) -> Result<(), String> {
    no_arguments(args)?;
    format(&[])
}

/// Formatting, clippy and rustdoc.
pub fn lint(args: &[String]) -> Result<(), String> {
    no_arguments(args)?;
    let mut steps = Steps::default();
    steps.step("fmt", || quiet(format(&["--check"])));
    compiled_lints(&mut steps);
    steps.summary()
}

/// The rules of style.
pub fn style(args: &[String]) -> Result<(), String> {
    no_arguments(args)?;
    check_style()
}

/// The purity of the core.
pub fn purity(args: &[String]) -> Result<(), String> {
    no_arguments(args)?;
    check_purity()
}

/// Core and api for wasm, and the golden scripts on it.
pub fn wasm(args: &[String]) -> Result<(), String> {
    no_arguments(args)?;
    let remark = targets::check()?;
    eprintln!("wasm: {remark}");
    Ok(())
}

/// The console in a real browser.
pub fn browser(args: &[String]) -> Result<(), String> {
    let folder = args.first().map(std::path::absolute).transpose();
    let folder = folder.map_err(|e| format!("the folder for screenshots: {e}"))?;
    run::check(&mut run::cargo(&["build", "--package", "offshoot"]))?;
    let remark = console::check(&the_program()?, folder.as_deref())?;
    eprintln!("browser: {remark}");
    Ok(())
}

/// The server's answers against its OpenAPI documents.
pub fn contract(args: &[String]) -> Result<(), String> {
    run::check(&mut run::cargo(&["build", "--package", "offshoot"]))?;
    schema::check(&the_program()?, args)
}

/// The clients, and the programs of the tutorial.
pub fn clients(args: &[String]) -> Result<(), String> {
    run::check(&mut run::cargo(&["build", "--package", "offshoot"]))?;
    let program = the_program()?;
    match args {
        [] => {}
        [update] if update == "--update" => typed::javascript_types(&program)?,
        [other, ..] => return Err(format!("this task takes --update, not `{other}`")),
    }
    sdks::check(&program).map(|_| ())
}

/// The benchmarks, which are a workspace of their own.
pub fn bench(args: &[String]) -> Result<(), String> {
    let mut command =
        run::cargo(&["run", "--release", "--manifest-path", "bench/Cargo.toml", "--"]);
    run::check(command.args(args))
}

/// sqllogictest files, from any corpus.
pub fn slt(args: &[String]) -> Result<(), String> {
    let mut command = run::cargo(&["run", "--quiet", "--package", "offshoot-tests"]);
    run::check(command.args(["--bin", "slt", "--"]).args(args))
}

/// The cases of the REST documents, on a server that runs somewhere.
pub fn rest(args: &[String]) -> Result<(), String> {
    let mut command = run::cargo(&["run", "--quiet", "--package", "offshoot-tests"]);
    run::check(command.args(["--bin", "rest", "--"]).args(args))
}

fn no_arguments(args: &[String]) -> Result<(), String> {
    match args.first() {
        None => Ok(()),
        Some(arg) => Err(format!("this task takes no arguments, so not `{arg}`")),
    }
}

fn cheap_steps(steps: &mut Steps) {
    steps.step("fmt", || quiet(format(&["--check"])));
    steps.step("style", || quiet(check_style()));
    steps.step("purity", || quiet(check_purity()));
}

fn compiled_lints(steps: &mut Steps) {
    steps.step("clippy", || {
        let args = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        quiet(run::check(&mut run::cargo(&args)))
    });
    steps.step("rustdoc", || {
        let mut command = run::cargo(&["doc", "--workspace", "--no-deps"]);
        quiet(run::check(command.env("RUSTDOCFLAGS", "-D warnings")))
    });
}

/// The outcome of a step about which there is nothing more to say.
fn quiet(result: Result<(), String>) -> Result<String, String> {
    result.map(|()| String::new())
}

fn format(check: &[&str]) -> Result<(), String> {
    let bench: &[&str] = match run::root().join("bench/Cargo.toml").exists() {
        true => &["--manifest-path", "bench/Cargo.toml"],
        false => &[],
    };
    let places = [&["--all"], bench];
    let mut result = Ok(());
    for place in places.iter().filter(|place| !place.is_empty()) {
        let mut command = run::cargo(&["fmt"]);
        command.args(*place).args(check);
        if !check.is_empty() {
            // Names, not differences: `cargo xtask fmt` makes them, whatever they are.
            command.args(["--", "-l"]);
        }
        result = result.and(run::check(&mut command).map_err(|e| match check.is_empty() {
            true => e,
            false => format!("{e}; `cargo xtask fmt` formats these files"),
        }));
    }
    result
}

fn check_style() -> Result<(), String> {
    let files = tree::files(&run::root(), "", &[".rs", ".ts", ".tsx", ".py", "Cargo.toml"])?;
    report(&rules::findings(&files))
}

fn check_purity() -> Result<(), String> {
    let files = tree::files(&run::root(), "core/src", &[".rs"])?;
    report(&purity::findings(&files))
}

fn report(findings: &[Finding]) -> Result<(), String> {
    for finding in findings.iter().take(FINDINGS_SHOWN) {
        eprintln!("{finding}");
    }
    if findings.len() > FINDINGS_SHOWN {
        eprintln!("… and {} more", findings.len() - FINDINGS_SHOWN);
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err("1 place breaks a rule".into()),
        n => Err(format!("{n} places break a rule")),
    }
}

/// Builds all programs and tests at once, so that features are resolved once and nothing is
/// compiled twice.
fn build() -> Result<(), String> {
    run::check(&mut run::cargo(&[
        "build",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
        "--examples",
    ]))
}

/// Tells tests where the program under test lies: that of the profile we were built in.
fn with_program(command: &mut Command) -> Result<(), String> {
    command.env("OFFSHOOT_BIN", the_program()?);
    Ok(())
}

/// The program under test: that of the profile we were built in.
fn the_program() -> Result<std::path::PathBuf, String> {
    let name = format!("offshoot{}", std::env::consts::EXE_SUFFIX);
    Ok(run::profile_dir()?.join(name))
}

fn tests() -> Result<Command, String> {
    let installed = run::cargo(&["nextest", "--version"]).output();
    let mut command = if installed.is_ok_and(|output| output.status.success()) {
        let mut command = run::cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]);
        // One line per test that is slow or fails, and the output of failed tests once, at the end.
        command.args(["--status-level", "slow", "--final-status-level", "none"]);
        command.args(["--failure-output", "final", "--success-output", "never"]);
        command
    } else {
        eprintln!("without cargo-nextest, tests run slower: cargo install --locked cargo-nextest");
        run::cargo(&[
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--examples",
            "--no-fail-fast",
            "--quiet",
        ])
    };
    with_program(&mut command)?;
    Ok(command)
}

/// Runs tests and adds them to the count of all.
fn counted(command: &mut Command, count: &mut Count) -> Result<String, String> {
    let (ran, result) = run::check_counted(command);
    *count = *count + ran;
    result.map(|()| ran.to_string()).map_err(|failed| format!("{failed}: {ran}"))
}
