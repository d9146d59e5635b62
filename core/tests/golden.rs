//! Golden scripts: `tests/scripts/**/*.sql`; `golden_script` says how they are written.
//!
//! `UPDATE_GOLDEN=1` writes their answers anew. Every script is run twice: on a store that has
//! everything at hand, and on one that forgets everything between statements and restarts but what the
//! last fault named; there the database is also opened anew before each block outside of transactions.
//! Both must give the same, commit ids included, and no statement may start again often. `cargo xtask wasm` runs the same scripts on WebAssembly.

mod golden_script;

use golden_script::run;
use std::path::{Path, PathBuf};

fn scripts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => scripts(&path, found),
            false => found.extend((path.extension() == Some("sql".as_ref())).then_some(path)),
        }
    }
}

#[test]
fn scripts_give_what_they_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths = Vec::new();
    scripts(&root, &mut paths);
    paths.sort();
    assert!(!paths.is_empty());
    let only = std::env::var("GOLDEN").unwrap_or_default();
    let mut wrong = Vec::new();
    for path in paths.iter().filter(|p| p.to_string_lossy().contains(&only)) {
        let script = std::fs::read_to_string(path).unwrap();
        let (given, commits) = run(&script, false);
        let (again, commits_again) = run(&script, true);
        let name = path.strip_prefix(&root).unwrap().display();
        assert_eq!(given, again, "{name}: a store that faults gives something else");
        assert_eq!(commits, commits_again, "{name}: a store that faults makes other commits");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, given).unwrap();
        } else if given != script {
            let differs = given.lines().zip(script.lines()).find(|(a, b)| a != b);
            wrong.push(format!("{name}: {differs:?}"));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes them anew:\n{}", wrong.join("\n"));
}
