//! Our own sqllogictest records: `slt/**/*.slt`, a file for each part of the dialect; none may end in
//! another answer, in an error, or be left in doubt by one before it. What is refused is a record whose
//! error is the refusal. `SLT=name` runs some of the files.

use offshoot_tests::slt::{Report, files, run_file};
use std::path::Path;

/// What a corpus may call this database: SQLite's dialect, and its own name.
const NAMES: [&str; 2] = ["offshoot", "sqlite"];
/// Records that must be there, so that none is lost unseen.
const RECORDS_MIN: u64 = 700;

#[test]
fn own_records() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("slt");
    let only = std::env::var("SLT").unwrap_or_default();
    let names = NAMES.map(str::to_owned);
    let mut all = Report::default();
    let mut bad = String::new();
    for file in files(&root).unwrap() {
        if !file.to_string_lossy().contains(&only) {
            continue;
        }
        let report = run_file(&file, &names).unwrap();
        println!("{}: {}", file.strip_prefix(&root).unwrap().display(), report.summary());
        if report.wrong + report.unsupported + report.in_doubt > 0 {
            bad.push_str(&format!("\n{}:\n{report}\n", file.display()));
        }
        all.merge(report);
    }
    assert!(bad.is_empty(), "{bad}\nall: {}", all.summary());
    assert!(!only.is_empty() || all.passed >= RECORDS_MIN, "{}", all.summary());
}
