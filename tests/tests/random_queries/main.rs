//! Random queries, on Offshoot and on SQLite: no answer differs.
//!
//! `OFFSHOOT_SEED=n` has a run again, `RANDOM_QUERIES=n` sets how many. What differs is shrunk and
//! shown with the statements that made its tables, ready to be run by hand.

mod expression;
mod from;
mod groups;
mod paths;
#[path = "../peer/mod.rs"]
mod peer;
mod select;
mod subqueries;
mod tables;
mod text;
mod windows;

use offshoot_core::error::Error;
use offshoot_tests::cell::{self, Rows, same_rows, shown};
use offshoot_tests::engine::{Engine, on_large_stack};
use offshoot_tests::random::Random;
use peer::{Answer, Peer};
use select::Writer;
use std::collections::{BTreeMap, BTreeSet};
use text::Text;

/// Queries of a run that asks for no number.
const QUERIES: usize = 20_000;
/// Queries on the same tables.
const QUERIES_PER_TABLES: usize = 250;
/// Differences that are shown before a run ends.
const SHOWN_MAX: usize = 10;

/// Errors that begin with so many characters alike are shown once.
const ERROR_CHARS: usize = 16;

/// Both databases with the same tables.
struct Pair {
    ours: Engine,
    theirs: Peer,
}

/// What a statement is judged by.
enum Question {
    /// Its rows, or their order too.
    Rows { ordered: bool },
    /// What this query gives then.
    Change { shows: String },
}

/// How the answers compare.
enum Outcome {
    /// Both give so many rows, and the same.
    Same(usize),
    /// SQLite does not take it: nothing is learnt.
    Moot(String),
    /// Offshoot refuses it by name.
    Refused(String),
    /// Offshoot fails.
    Failed { ours: String, theirs: Rows },
    /// Both give rows, but others.
    Differs { ours: Rows, theirs: Rows },
}

impl Pair {
    fn new(statements: &[String]) -> Self {
        let mut pair = Pair { ours: Engine::new(), theirs: Peer::new() };
        // Ours tells upper from lower case, as PostgreSQL does.
        pair.theirs.must("PRAGMA case_sensitive_like = ON");
        for statement in statements {
            pair.theirs.must(statement);
            pair.ours.run(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        pair
    }

    /// Asks both, and leaves both as they were.
    fn ask(&mut self, sql: &str, question: &Question) -> Outcome {
        match question {
            Question::Rows { ordered } => self.query(sql, *ordered),
            Question::Change { shows } => {
                self.both("BEGIN");
                let outcome = self.change(sql, shows);
                self.both("ROLLBACK");
                outcome
            }
        }
    }

    fn query(&mut self, sql: &str, ordered: bool) -> Outcome {
        let theirs = match self.theirs.run(sql) {
            Answer::Rows(rows) => rows,
            Answer::Failed(error) => return Outcome::Moot(error),
            Answer::Done(_) => return Outcome::Moot("no rows".into()),
        };
        match self.ours.run(sql) {
            Ok(output) => {
                let ours = cell::rows(&output.rows);
                match same_rows(&ours, &theirs, ordered) {
                    true => Outcome::Same(theirs.len()),
                    false => Outcome::Differs { ours, theirs },
                }
            }
            Err(Error::Unsupported(what)) => Outcome::Refused(what),
            Err(error) => Outcome::Failed { ours: error.to_string(), theirs },
        }
    }

    /// What a table holds after a statement. One that SQLite refuses must be refused by both.
    fn change(&mut self, sql: &str, shows: &str) -> Outcome {
        let theirs = self.theirs.run(sql);
        match (theirs, self.ours.run(sql)) {
            (_, Err(Error::Unsupported(what))) => Outcome::Refused(what),
            (Answer::Failed(_), Err(_)) => Outcome::Same(0),
            (_, Err(error)) => Outcome::Failed { ours: error.to_string(), theirs: Rows::new() },
            _ => self.query(shows, false),
        }
    }

    fn both(&mut self, sql: &str) {
        self.theirs.must(sql);
        self.ours.run(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The smallest form of a statement that still goes wrong in the same way.
    fn shrink(
        &mut self,
        mut text: Text,
        question: &Question,
        fails: Option<&str>,
    ) -> (Text, Outcome) {
        loop {
            let smaller = text.smaller().into_iter().find_map(|smaller| {
                let outcome = self.ask(&smaller.to_string(), question);
                let still = match &outcome {
                    Outcome::Failed { ours, .. } => fails == Some(beginning(ours)),
                    Outcome::Differs { .. } => fails.is_none(),
                    _ => false,
                };
                still.then_some(smaller)
            });
            match smaller {
                Some(smaller) => text = smaller,
                None => {
                    let outcome = self.ask(&text.to_string(), question);
                    return (text, outcome);
                }
            }
        }
    }
}

/// How an error begins.
fn beginning(error: &str) -> &str {
    error.char_indices().nth(ERROR_CHARS).map_or(error, |(at, _)| &error[..at])
}

#[derive(Default)]
struct Tally {
    asked: usize,
    same: usize,
    /// Of those, how many gave rows.
    telling: usize,
    moot: usize,
    refused: BTreeMap<String, (usize, String)>,
    /// How errors begin that have been shown.
    errors: BTreeSet<String>,
    /// Failures with one of those.
    again: usize,
    shown: Vec<String>,
}

/// The statements that make what another names.
fn needed(made: &[String], sql: &str) -> Vec<String> {
    let (mut needed, mut names) = (Vec::new(), sql.to_owned());
    // What is made later stands on what is made before.
    for statement in made.iter().rev() {
        let named = |word: &str| names.split(|c: char| !c.is_alphanumeric()).any(|w| w == word);
        let table = statement.split([' ', '(']).find(
            |word| matches!(word.as_bytes(), [b't' | b'w' | b'v', digit] if digit.is_ascii_digit()),
        );
        if table.is_some_and(named) {
            names.push_str(statement);
            needed.insert(0, statement.clone());
        }
    }
    needed
}

fn run(random: &mut Random, queries: usize) -> Tally {
    let mut tally = Tally::default();
    while tally.asked < queries && tally.shown.len() < SHOWN_MAX {
        let tables = tables::tables(random);
        let mut pair = Pair::new(&tables.statements);
        let mut made = tables.statements.clone();
        for _ in 0..QUERIES_PER_TABLES.min(queries - tally.asked) {
            tally.asked += 1;
            let changes = random.below(20) == 0;
            let mut writer = Writer::new(random, &tables);
            let (text, question) = match changes {
                true => {
                    let (text, shows) = writer.write();
                    (text, Question::Change { shows })
                }
                false => {
                    let (text, ordered) = writer.query();
                    (text, Question::Rows { ordered })
                }
            };
            let sql = text.to_string();
            let outcome = pair.ask(&sql, &question);
            let fails = match &outcome {
                Outcome::Failed { ours, .. } => Some(beginning(ours).to_owned()),
                _ => None,
            };
            match outcome {
                Outcome::Same(rows) => {
                    if changes && let Answer::Done(1..) = pair.theirs.run(&sql) {
                        pair.ours.run(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
                        made.push(sql);
                    }
                    tally.same += 1;
                    tally.telling += usize::from(rows > 0);
                }
                // What SQLite does not take would be a defect of the generator.
                Outcome::Moot(error) => {
                    if tally.moot == 0 {
                        println!("SQLite: {error}\n{sql}");
                    }
                    tally.moot += 1;
                }
                Outcome::Refused(what) => {
                    tally.refused.entry(what).or_insert((0, sql)).0 += 1;
                }
                Outcome::Failed { ours, .. }
                    if !tally.errors.insert(beginning(&ours).to_owned()) =>
                {
                    tally.again += 1;
                }
                Outcome::Failed { .. } | Outcome::Differs { .. } => {
                    let (query, outcome) = pair.shrink(text, &question, fails.as_deref());
                    let answers = match outcome {
                        Outcome::Failed { ours, theirs } => {
                            format!("{ours}\n-- sqlite\n{}", shown(&theirs))
                        }
                        Outcome::Differs { ours, theirs } => {
                            format!("{}\n-- sqlite\n{}", shown(&ours), shown(&theirs))
                        }
                        _ => "(not again)".into(),
                    };
                    let made = needed(&made, &sql).join(";\n");
                    let was = match query.to_string() == sql {
                        true => String::new(),
                        false => format!("-- was\n{sql};\n"),
                    };
                    tally.shown.push(format!(
                        "{was}-- is\n{query};\n-- offshoot\n{answers}\n-- in\n{made};\n"
                    ));
                    if tally.shown.len() == SHOWN_MAX {
                        break;
                    }
                }
            }
        }
    }
    tally
}

/// Where no other is asked for.
const SEED: u64 = 20_261_121;

#[test]
fn no_answer_differs() {
    let queries = match std::env::var("RANDOM_QUERIES") {
        Ok(number) => number.parse().expect("RANDOM_QUERIES is a number"),
        Err(_) => QUERIES,
    };
    let mut random = Random::settled("random queries", SEED);
    let tally = on_large_stack(move || run(&mut random, queries));
    let Tally { asked, same, telling, moot, refused, again, shown, .. } = tally;
    let refusals: usize = refused.values().map(|(count, _)| count).sum();
    println!(
        "{asked} queries: {same} the same ({telling} with rows), {refusals} refused, \
         {moot} not SQLite's"
    );
    for (what, (count, first)) in &refused {
        println!("refused {count} ×: {what}\n    {first}");
    }
    let differ = shown.len() + again;
    assert!(shown.is_empty(), "{differ} differ:\n\n{}", shown.join("\n"));
    assert_eq!(refusals, 0, "refused, see above");
    assert!(telling * 5 > asked * 2, "{telling} of {asked} queries gave rows");
    assert!(moot * 100 <= asked, "{moot} of {asked} queries are not SQLite's");
}
