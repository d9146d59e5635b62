//! Random queries, on Offshoot and on SQLite: no answer differs.
//!
//! `OFFSHOOT_SEED=n` has a run again, `RANDOM_QUERIES=n` sets how many. What differs is shrunk and
//! shown with the statements that made its tables, ready to be run by hand.

mod expression;
#[path = "../peer/mod.rs"]
mod peer;
mod select;
mod tables;
mod text;

use offshoot_core::error::Error;
use offshoot_tests::cell::{self, Rows, same_rows, shown};
use offshoot_tests::engine::{Engine, on_large_stack};
use offshoot_tests::random::Random;
use peer::{Answer, Peer};
use select::Writer;
use std::collections::BTreeMap;
use text::Text;

/// Queries of a run that asks for no number.
const QUERIES: usize = 20_000;
/// Queries on the same tables.
const QUERIES_PER_TABLES: usize = 250;
/// Differences that are shown before a run ends.
const SHOWN_MAX: usize = 5;

/// Both databases with the same tables.
struct Pair {
    ours: Engine,
    theirs: Peer,
}

/// How the answers to a query compare.
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

    fn ask(&mut self, sql: &str, ordered: bool) -> Outcome {
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

    /// The smallest form of a query that still goes wrong in the same way.
    fn shrink(&mut self, mut query: Text, ordered: bool, fails: bool) -> (Text, Outcome) {
        loop {
            let smaller = query.smaller().into_iter().find_map(|smaller| {
                let outcome = self.ask(&smaller.to_string(), ordered);
                let still = match &outcome {
                    Outcome::Failed { .. } => fails,
                    Outcome::Differs { .. } => !fails,
                    _ => false,
                };
                still.then_some(smaller)
            });
            match smaller {
                Some(smaller) => query = smaller,
                None => {
                    let outcome = self.ask(&query.to_string(), ordered);
                    return (query, outcome);
                }
            }
        }
    }
}

#[derive(Default)]
struct Tally {
    asked: usize,
    same: usize,
    /// Of those, how many gave rows.
    telling: usize,
    moot: usize,
    refused: BTreeMap<String, (usize, String)>,
    shown: Vec<String>,
}

fn run(random: &mut Random, queries: usize) -> Tally {
    let mut tally = Tally::default();
    while tally.asked < queries && tally.shown.len() < SHOWN_MAX {
        let tables = tables::tables(random);
        let mut pair = Pair::new(&tables.statements);
        for _ in 0..QUERIES_PER_TABLES.min(queries - tally.asked) {
            tally.asked += 1;
            let (query, ordered) = Writer::new(random, &tables).query();
            let sql = query.to_string();
            let outcome = pair.ask(&sql, ordered);
            let fails = matches!(outcome, Outcome::Failed { .. });
            match outcome {
                Outcome::Same(rows) => {
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
                Outcome::Failed { .. } | Outcome::Differs { .. } => {
                    let (query, outcome) = pair.shrink(query, ordered, fails);
                    let answers = match outcome {
                        Outcome::Failed { ours, theirs } => {
                            format!("{ours}\n-- sqlite\n{}", shown(&theirs))
                        }
                        Outcome::Differs { ours, theirs } => {
                            format!("{}\n-- sqlite\n{}", shown(&ours), shown(&theirs))
                        }
                        _ => "(not again)".into(),
                    };
                    let made = tables.statements.join(";\n");
                    let was = match query.to_string() == sql {
                        true => String::new(),
                        false => format!("-- was\n{sql};\n"),
                    };
                    tally
                        .shown
                        .push(format!("{made};\n{was}-- is\n{query};\n-- offshoot\n{answers}\n"));
                    if tally.shown.len() == SHOWN_MAX {
                        break;
                    }
                }
            }
        }
    }
    tally
}

#[test]
fn no_answer_differs() {
    let queries = match std::env::var("RANDOM_QUERIES") {
        Ok(number) => number.parse().expect("RANDOM_QUERIES is a number"),
        Err(_) => QUERIES,
    };
    let mut random = Random::seeded("random queries");
    let tally = on_large_stack(move || run(&mut random, queries));
    let Tally { asked, same, telling, moot, refused, shown } = tally;
    let refusals: usize = refused.values().map(|(count, _)| count).sum();
    println!(
        "{asked} queries: {same} the same ({telling} with rows), {refusals} refused, \
         {moot} not SQLite's"
    );
    for (what, (count, first)) in &refused {
        println!("refused {count} ×: {what}\n    {first}");
    }
    assert!(shown.is_empty(), "{} differ:\n\n{}", shown.len(), shown.join("\n"));
    assert_eq!(refusals, 0, "refused, see above");
    assert!(telling * 5 > asked * 2, "{telling} of {asked} queries gave rows");
    assert!(moot * 100 <= asked, "{moot} of {asked} queries are not SQLite's");
}
