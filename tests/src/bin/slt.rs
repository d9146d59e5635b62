//! Runs sqllogictest files: `cargo xtask slt [--as NAME] FOLDER-OR-FILE…`.
//!
//! Conditions are read as SQLite's, unless `--as` gives other names. Ends with 1 where a record is
//! wrong, with 2 where a file cannot be read.

use offshoot_tests::slt::{Report, files, run_file};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut names = vec!["offshoot".to_owned()];
    let mut paths = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--as" => names.extend(args.next()),
            _ => paths.push(arg),
        }
    }
    if names.len() == 1 {
        names.push("sqlite".into());
    }
    if paths.is_empty() {
        eprintln!("cargo xtask slt [--as NAME] FOLDER-OR-FILE…");
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
            match run_file(&file, &names) {
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
    println!("{all}");
    match (all.wrong, unread) {
        (1.., _) => ExitCode::FAILURE,
        (0, true) => ExitCode::from(2),
        (0, false) => ExitCode::SUCCESS,
    }
}
