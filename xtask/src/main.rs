//! Every task that a person or CI runs, as one recipe: `cargo xtask` lists them.

mod browser;
mod clients;
mod clients_js;
mod contract;
mod count;
mod purity;
mod run;
mod scan;
mod style;
mod tasks;
mod tree;
mod wasm;

use std::process::ExitCode;

/// A task: its name, one line about it, and what it does with the arguments after its name.
type Task = (&'static str, &'static str, fn(&[String]) -> Result<(), String>);

const TASKS: &[Task] = &[
    (
        "test",
        "everything: fmt, style, purity, clippy, rustdoc, tests, doctests, wasm, browser, clients, \
         contract",
        tasks::test,
    ),
    ("ci", "what CI runs: the same as `test`", tasks::test),
    ("fmt", "format the code", tasks::fmt),
    ("lint", "check the formatting, clippy and rustdoc, with warnings denied", tasks::lint),
    ("style", "check file lengths, possible panics, names of modules, missing_docs", tasks::style),
    (
        "purity",
        "check that core/ uses no clock, randomness, file, thread or network",
        tasks::purity,
    ),
    (
        "wasm",
        "compile core/ and api/ for the browser and the edge, run scripts and records on it",
        tasks::wasm,
    ),
    ("browser", "the console in a real browser: [FOLDER FOR SCREENSHOTS]", tasks::browser),
    (
        "clients",
        "the clients and the tutorial's programs on a server: [--update] writes types anew",
        tasks::clients,
    ),
    ("slt", "run sqllogictest files: [--as NAME] [--record FILE] FOLDER-OR-FILE…", tasks::slt),
    ("rest", "run the REST conformance cases: --url URL [--key KEY] [--only WORD]", tasks::rest),
    (
        "contract",
        "hold the server to its OpenAPI: [--seed N] [--examples N] [--requests N]",
        tasks::contract,
    ),
    ("bench", "run the benchmarks beside peers; arguments are passed on", tasks::bench),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else {
        print!("{}", listing());
        return ExitCode::SUCCESS;
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        print!("{}", listing());
        return ExitCode::SUCCESS;
    }
    let Some((_, _, task)) = TASKS.iter().find(|(task, ..)| task == name) else {
        eprint!("there is no task `{name}`\n\n{}", listing());
        return ExitCode::from(2);
    };
    match task(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn listing() -> String {
    let tasks = TASKS.iter().map(|(name, line, _)| format!("  {name:<10} {line}\n"));
    format!("cargo xtask TASK\n\n{}", tasks.collect::<String>())
}
