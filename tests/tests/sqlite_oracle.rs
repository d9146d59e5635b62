//! Statements by hand, `oracle/*.sql`, run on Offshoot and on SQLite: the answers are equal, or the
//! difference is listed with its reason in `oracle/differences.txt`.
//!
//! Each file is a topic and begins on a database that `oracle/setup.sql` has made. A statement ends
//! with `;` at the end of a line. Rows are compared in order where an ORDER BY stands outside of all
//! brackets; such an order is total. `-- sqlite: …;` above a statement is SQLite's spelling of it,
//! where it has none of the same words, and `-- error` above one says that both refuse it. An entry of
//! the list is
//!
//! ```text
//! reason: why it is not SQLite's
//! SELECT 1 / 0
//! ----
//! error: division by zero; …
//! ```
//!
//! and fails the test too where Offshoot gives something else, or no longer differs. What is `Refused
//! so far` is refused by name, so that nobody takes it for a mistake of his own.
//! `ORACLE=joins` runs one topic.

mod peer;

use offshoot_core::error::Error;
use offshoot_core::sql::StatementKind;
use offshoot_tests::cell::{self, same_rows, shown};
use offshoot_tests::engine::{Engine, on_large_stack};
use peer::{Answer, Peer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Statements that must be there, so that none is lost unseen.
const STATEMENTS_MIN: usize = 800;

/// A statement of a topic.
struct Statement {
    ours: String,
    /// SQLite's spelling.
    theirs: String,
    /// Neither database takes it.
    fails: bool,
}

/// A listed difference.
struct Difference {
    gives: String,
    used: bool,
}

#[derive(Default)]
struct Tally {
    equal: usize,
    listed: usize,
    unsupported: usize,
    wrong: usize,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle")
}

fn statements(path: &Path) -> Vec<Statement> {
    let text = std::fs::read_to_string(path).unwrap();
    let (mut found, mut theirs, mut ours) = (Vec::new(), None, String::new());
    let mut fails = false;
    for line in text.lines() {
        if line == "-- error" {
            fails = true;
        } else if let Some(spelling) = line.strip_prefix("-- sqlite: ") {
            theirs = Some(spelling.trim_end_matches(';').to_owned());
        } else if !line.starts_with("--") {
            ours.push_str(line.trim_end_matches(';'));
            match line.ends_with(';') {
                true => {
                    let ours = std::mem::take(&mut ours);
                    let theirs = theirs.take().unwrap_or_else(|| ours.clone());
                    found.push(Statement { ours, theirs, fails: std::mem::take(&mut fails) });
                }
                false if !ours.is_empty() => ours.push('\n'),
                false => {}
            }
        }
    }
    assert!(ours.trim().is_empty(), "{}: no `;` behind {ours}", path.display());
    found
}

fn differences() -> BTreeMap<String, Difference> {
    let text = std::fs::read_to_string(folder().join("differences.txt")).unwrap();
    let blocks =
        text.split("\n\n").map(str::trim).filter(|b| !b.is_empty() && !b.starts_with("--"));
    let mut found = BTreeMap::new();
    for block in blocks {
        let (head, gives) = block.split_once("\n----\n").unwrap_or_else(|| panic!("{block}"));
        let (reason, statement) = head.split_once('\n').unwrap_or_else(|| panic!("{block}"));
        assert!(reason.starts_with("reason: ") && reason.len() > 30, "no reason: {block}");
        let named = gives.starts_with("error: not supported: ");
        assert!(named || !reason.contains("Refused so far"), "refused, not by name: {block}");
        let entry = Difference { gives: gives.to_owned(), used: false };
        let twice = found.insert(statement.to_owned(), entry).is_some();
        assert!(!twice, "listed twice: {statement}");
    }
    found
}

/// What Offshoot gives; `Err` for what it refuses by name.
fn asked(engine: &mut Engine, sql: &str) -> Result<Answer, String> {
    use StatementKind::{Delete, Insert, Update};
    match engine.run(sql) {
        Ok(output) if !output.columns.is_empty() => Ok(Answer::Rows(cell::rows(&output.rows))),
        Ok(output) if matches!(output.kind, Insert | Update | Delete) => {
            Ok(Answer::Done(output.affected))
        }
        Ok(_) => Ok(Answer::Done(0)),
        Err(Error::Unsupported(what)) => Err(what),
        Err(error) => Ok(Answer::Failed(error.to_string())),
    }
}

fn equal(statement: &Statement, ours: &Answer, theirs: &Answer) -> bool {
    match (ours, theirs) {
        (Answer::Rows(a), Answer::Rows(b)) => same_rows(a, b, ordered(&statement.ours)),
        // SQLite repeats the last count after what writes no rows, and counts none of REPLACE's.
        (Answer::Done(a), Answer::Done(b)) => {
            let word = statement.ours.split_whitespace().next().unwrap_or_default();
            let counts = ["INSERT", "UPDATE", "DELETE"].contains(&word);
            !counts || a == b
        }
        (Answer::Failed(error), Answer::Failed(_)) => {
            // What an earlier statement was refused to make is missing on both sides.
            let missing = error.ends_with("does not exist");
            (statement.fails || missing) && !error.contains("panicked")
        }
        _ => false,
    }
}

/// Whether an ORDER BY stands outside of all brackets.
fn ordered(sql: &str) -> bool {
    let (mut depth, mut quoted) = (0, false);
    sql.char_indices().any(|(at, c)| {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        depth == 0 && !quoted && sql[at..].starts_with("ORDER BY")
    })
}

fn spelled(answer: &Answer) -> String {
    match answer {
        Answer::Rows(rows) => shown(rows),
        Answer::Done(count) => format!("done: {count}"),
        Answer::Failed(error) => format!("error: {error}"),
    }
}

/// Whether a statement controls transactions, so that it cannot be wrapped in a savepoint.
fn controls(sql: &str) -> bool {
    let word = sql.split_whitespace().next().unwrap_or_default();
    ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"].contains(&word)
}

fn topic(path: &Path, listed: &mut BTreeMap<String, Difference>, bad: &mut String) -> Tally {
    let (mut engine, peer) = (Engine::new(), Peer::new());
    for statement in statements(&folder().join("setup.sql")) {
        peer.must(&statement.theirs);
        let ours = asked(&mut engine, &statement.ours);
        assert!(matches!(ours, Ok(Answer::Done(_))), "{}: {ours:?}", statement.ours);
    }
    let mut tally = Tally::default();
    let name = path.file_stem().unwrap().to_string_lossy();
    for statement in statements(path) {
        let sql = &statement.ours;
        let ours = asked(&mut engine, sql);
        // What was not done here must not be done there, or every later statement differs as well.
        let undo = !controls(sql) && !matches!(ours, Ok(Answer::Rows(_) | Answer::Done(_)));
        if undo {
            peer.must("SAVEPOINT undo");
        }
        let theirs = peer.run(&statement.theirs);
        if undo {
            peer.must("ROLLBACK TO undo; RELEASE undo");
        }
        let given = match &ours {
            Ok(answer) => spelled(answer),
            Err(what) => format!("error: not supported: {what}"),
        };
        let same = match &ours {
            Ok(ours) => equal(&statement, ours, &theirs),
            Err(_) => statement.fails && matches!(theirs, Answer::Failed(_)),
        };
        match (listed.get_mut(sql), same) {
            (None, true) => tally.equal += 1,
            (Some(entry), false) if entry.gives == given => {
                entry.used = true;
                tally.listed += 1;
            }
            (entry, _) => {
                let what = match (&ours, &entry) {
                    (Ok(_), Some(_)) if same => "NO LONGER DIFFERENT",
                    (Err(_), _) => "UNSUPPORTED",
                    // Both lack what an earlier statement was refused to make.
                    (Ok(Answer::Failed(_)), _)
                        if tally.unsupported > 0 && matches!(theirs, Answer::Failed(_)) =>
                    {
                        "UNSUPPORTED BEFORE"
                    }
                    (Ok(_), _) => "WRONG",
                };
                match what.starts_with("UNSUPPORTED") {
                    true => tally.unsupported += 1,
                    false => tally.wrong += 1,
                }
                if let Some(entry) = entry {
                    entry.used = true;
                }
                let theirs = spelled(&theirs);
                bad.push_str(&format!(
                    "{what} ({name})\n{sql}\n---- offshoot\n{given}\n---- sqlite\n{theirs}\n\n"
                ));
            }
        }
    }
    tally
}

#[test]
fn answers_are_sqlites() {
    on_large_stack(|| {
        let only = std::env::var("ORACLE").unwrap_or_default();
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|p| p.extension() == Some("sql".as_ref()) && !p.ends_with("setup.sql"))
            .filter(|p| p.to_string_lossy().contains(&only))
            .collect();
        paths.sort();
        let mut listed = differences();
        let (mut bad, mut all) = (String::new(), Tally::default());
        for path in &paths {
            let Tally { equal, listed, unsupported, wrong } = topic(path, &mut listed, &mut bad);
            let name = path.file_stem().unwrap().to_string_lossy();
            println!(
                "{name}: {equal} equal, {listed} listed, {unsupported} unsupported, {wrong} wrong"
            );
            all.equal += equal;
            all.listed += listed;
            all.unsupported += unsupported;
            all.wrong += wrong;
        }
        let Tally { equal, listed: known, unsupported, wrong } = all;
        println!("all: {equal} equal, {known} listed, {unsupported} unsupported, {wrong} wrong");
        assert!(bad.is_empty(), "{bad}");
        if only.is_empty() {
            let unused: Vec<&String> =
                listed.iter().filter(|(_, d)| !d.used).map(|(sql, _)| sql).collect();
            assert!(unused.is_empty(), "listed, but of no topic: {unused:?}");
            assert!(equal + known >= STATEMENTS_MIN, "{equal} + {known}");
        }
    });
}

#[test]
fn an_order_counts_outside_of_brackets() {
    assert!(ordered("SELECT a FROM t ORDER BY a"));
    assert!(!ordered("SELECT rank() OVER (ORDER BY a) FROM t"));
    assert!(ordered("SELECT ')' FROM (SELECT 1) ORDER BY 1"));
    assert!(!ordered("SELECT 'ORDER BY'"));
}
