//! Conformance to the REST documents: `cargo xtask rest --url URL [--key KEY] [--only WORD] [FOLDER]`.
//!
//! Ends with 1 where a case failed or something was left behind, with 2 where it could not begin.

use offshoot_tests::rest::{Server, run, suites};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut url, mut key, mut only, mut folder) = (None, None, None, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--url" => url = args.next(),
            "--key" => key = args.next(),
            "--only" => only = args.next(),
            _ => folder = Some(PathBuf::from(arg)),
        }
    }
    let Some(url) = url else {
        eprintln!("cargo xtask rest --url URL [--key KEY] [--only WORD] [FOLDER]");
        return ExitCode::from(2);
    };
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rest");
    let mut found = match suites(&folder.unwrap_or(own)) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    found.retain(|suite| only.as_ref().is_none_or(|only| suite.name.contains(only)));
    let report = run(&Server::new(&url, key), &found);
    println!("{report}");
    match report.good() && report.passed > 0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
