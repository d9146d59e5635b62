//! Runs sqllogictest files: `cargo xtask slt [--as NAME] [--record FILE] FOLDER-OR-FILE…`.
//!
//! Conditions are read as SQLite's, unless `--as` gives other names. `--record` writes what was asked
//! and answered as JSON: `[{"file", "passed", "records": [[session, statement, answer], …]}, …]`. Ends
//! with 1 where a record is wrong, with 2 where a file cannot be read.

use offshoot_tests::slt::{Recorded, Report, files, record_file, run_file};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut names = vec!["offshoot".to_owned()];
    let mut paths = Vec::new();
    let mut tape: Option<(String, Vec<Value>)> = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--as" => names.extend(args.next()),
            "--record" => tape = args.next().map(|to| (to, Vec::new())),
            _ => paths.push(arg),
        }
    }
    if names.len() == 1 {
        names.push("sqlite".into());
    }
    if paths.is_empty() {
        eprintln!("cargo xtask slt [--as NAME] [--record FILE] FOLDER-OR-FILE…");
        return ExitCode::from(2);
    }
    let mut all = Report::default();
    let mut unread = false;
    for path in &paths {
        let found = match files(path.as_ref()) {
            Ok(found) => found,
            Err(error) => {
                eprintln!("{path}: {error}");
                unread = true;
                continue;
            }
        };
        for file in found {
            let ran = match &mut tape {
                None => run_file(&file, &names),
                Some((_, tape)) => record_file(&file, &names).map(|(report, records)| {
                    tape.push(recorded(&file, &report, records));
                    report
                }),
            };
            match ran {
                Ok(report) => {
                    eprintln!("{}: {}", file.display(), report.summary());
                    all.merge(report);
                }
                Err(error) => {
                    eprintln!("{error}");
                    unread = true;
                }
            }
        }
    }
    if let Some((to, tape)) = tape
        && let Err(error) = std::fs::write(&to, Value::from(tape).to_string())
    {
        eprintln!("{to}: {error}");
        unread = true;
    }
    println!("{all}");
    match (all.wrong, unread) {
        (1.., _) => ExitCode::FAILURE,
        (0, true) => ExitCode::from(2),
        (0, false) => ExitCode::SUCCESS,
    }
}

fn recorded(file: &Path, report: &Report, records: Vec<Recorded>) -> Value {
    let records: Vec<Value> = records
        .into_iter()
        .map(|Recorded { session, sql, answer }| json!([session, sql, answer]))
        .collect();
    json!({ "file": file.display().to_string(), "passed": report.passed, "records": records })
}
