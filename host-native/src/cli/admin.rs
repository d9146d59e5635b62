//! `offshoot check`, `gc` and `backup`.

use super::Failure;
use offshoot::EmbeddedDatabase;
use offshoot::storage::verify_file;
use std::path::Path;
use std::process::ExitCode;

/// Exit status 0 and `clean`, or 1 and a line per finding.
pub fn check(data: &Path) -> ExitCode {
    if !data.exists() {
        eprintln!("offshoot: there is no database at {}", data.display());
        return ExitCode::from(2);
    }
    let mut findings: Vec<String> = match verify_file(data) {
        Ok(found) => found.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    };
    if findings.is_empty() {
        findings = match contents(data) {
            Ok(found) => found,
            Err(error) => vec![error.to_string()],
        };
    }
    if findings.is_empty() {
        println!("clean");
        return ExitCode::SUCCESS;
    }
    findings.iter().for_each(|finding| println!("{finding}"));
    println!("{} findings", findings.len());
    ExitCode::FAILURE
}

/// What is wrong with the trees, rows, indexes and references of every branch and snapshot.
fn contents(data: &Path) -> Result<Vec<String>, Failure> {
    let db = EmbeddedDatabase::new(data)?;
    let mut findings = Vec::new();
    db.database().verify(&mut |finding| findings.push(finding))?;
    Ok(findings)
}

pub fn gc(data: &Path) -> Result<(), Failure> {
    let db = super::open_existing(data)?;
    let before = std::fs::metadata(data)?.len();
    let stats = db.gc()?;
    db.close()?;
    let after = std::fs::metadata(data)?.len();
    println!("{} chunks kept, {} removed; {before} → {after} bytes", stats.kept, stats.removed);
    Ok(())
}

pub fn backup(data: &Path, to: &Path) -> Result<(), Failure> {
    if to.exists() {
        return Err(format!("{} is there already", to.display()).into());
    }
    let db = super::open_existing(data)?;
    db.store().backup(to)?;
    println!("backed up to {}", to.display());
    Ok(())
}
