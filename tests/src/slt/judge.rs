//! A file's records, one after another on a database of its own.

use super::corpus::{AnyRecord, parse};
use super::render::{printable, render, same};
use super::report::{Failure, Report, Verdict};
use crate::engine::{Engine, on_large_stack};
use crate::transcript::transcript;
use md5::{Digest, Md5};
use offshoot_core::error::{Error, Result};
use offshoot_core::sql::Output;
use sqllogictest::{
    Condition, Connection, Control, DefaultColumnType, ExpectedError, QueryExpect, ResultMode,
    SortMode, StatementExpect,
};
use std::collections::HashMap;
use std::path::Path;

/// Runs a file. `names` are what conditions may call this database: `onlyif sqlite` holds where
/// `sqlite` is among them.
///
/// # Errors
/// Where the file cannot be read or is not of the format.
pub fn run_file(path: &Path, names: &[String]) -> std::result::Result<Report, String> {
    let records = read(path)?;
    Ok(on_large_stack(|| {
        let mut file = File::new(names);
        file.run(&records);
        file.report
    }))
}

/// Runs a file as [`run_file`] does, and keeps what its records asked and were answered.
///
/// # Errors
/// As there.
pub fn record_file(
    path: &Path,
    names: &[String],
) -> std::result::Result<(Report, Vec<Recorded>), String> {
    let records = read(path)?;
    Ok(on_large_stack(|| {
        let mut file = File::new(names);
        file.tape = Some(Vec::new());
        file.run(&records);
        (file.report, file.tape.unwrap_or_default())
    }))
}

fn read(path: &Path) -> std::result::Result<Vec<AnyRecord>, String> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| format!("{name}: {e}"))?;
    parse(&name, &String::from_utf8_lossy(&bytes))
}

/// A statement of a record, and the answer it was judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The session that ran it.
    pub session: String,
    /// Its text.
    pub sql: String,
    /// Its [`transcript`].
    pub answer: String,
}

/// A file while it runs.
struct File<'n> {
    engine: Engine,
    names: &'n [String],
    sort: SortMode,
    mode: Option<ResultMode>,
    /// The results that labels stand for, by their hash.
    labels: HashMap<String, String>,
    /// A record was refused that would have written.
    doubt: bool,
    report: Report,
    /// What was asked and answered, where someone wants it.
    tape: Option<Vec<Recorded>>,
}

impl<'n> File<'n> {
    fn new(names: &'n [String]) -> Self {
        File {
            // What is recorded here is compared with what runs on WebAssembly, which has none.
            engine: Engine::new().without_clock(),
            names,
            sort: SortMode::NoSort,
            mode: None,
            labels: HashMap::new(),
            doubt: false,
            report: Report::default(),
            tape: None,
        }
    }

    fn run(&mut self, records: &[AnyRecord]) {
        for record in records {
            match record {
                AnyRecord::Halt { .. } => break,
                AnyRecord::Control(Control::SortMode(sort)) => self.sort = *sort,
                AnyRecord::Control(Control::ResultMode(mode)) => self.mode = Some(*mode),
                AnyRecord::Statement { loc, conditions, connection, sql, expected, .. } => {
                    let verdict = match self.holds(conditions) {
                        true => {
                            let given = self.ask(connection, sql);
                            statement(&given, expected)
                        }
                        false => Verdict::Skipped,
                    };
                    let refused = matches!(verdict, Verdict::Unsupported(_));
                    self.report.add(&loc.to_string(), sql, verdict, self.doubt);
                    self.doubt |= refused;
                }
                AnyRecord::Query { loc, conditions, connection, sql, expected, .. } => {
                    let verdict = match self.holds(conditions) {
                        true => {
                            let given = self.ask(connection, sql);
                            self.query(&given, expected)
                        }
                        false => Verdict::Skipped,
                    };
                    self.report.add(&loc.to_string(), sql, verdict, self.doubt);
                }
                AnyRecord::System { .. } | AnyRecord::Let { .. } | AnyRecord::Include { .. } => {
                    self.report.skipped += 1;
                }
                _ => {}
            }
        }
    }

    fn ask(&mut self, connection: &Connection, sql: &str) -> Result<Output> {
        let session = match connection {
            Connection::Default => "",
            Connection::Named(name) => name.as_str(),
        };
        let given = self.engine.run_as(session, sql);
        if let Some(tape) = &mut self.tape {
            let (session, sql) = (session.to_owned(), sql.to_owned());
            tape.push(Recorded { session, sql, answer: transcript(&given) });
        }
        given
    }

    fn holds(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| match condition {
            Condition::OnlyIf { label } => self.names.contains(label),
            Condition::SkipIf { label } => !self.names.contains(label),
        })
    }

    fn query(
        &mut self,
        given: &Result<Output>,
        expected: &QueryExpect<DefaultColumnType>,
    ) -> Verdict {
        let (types, sort, mode, label, results) = match expected {
            QueryExpect::Error(pattern) => {
                let expected = StatementExpect::Error(pattern.clone());
                return statement(given, &expected);
            }
            QueryExpect::Results { types, sort_mode, result_mode, label, results } => {
                (types, sort_mode.unwrap_or(self.sort), result_mode.or(self.mode), label, results)
            }
        };
        let output = match given {
            Ok(output) => output,
            Err(error) => return failed(error),
        };
        let columns = output.columns.len();
        if !types.is_empty() && types.len() != columns {
            return wrong("columns", format!("expected {} columns, not {columns}", types.len()));
        }
        let any = DefaultColumnType::Any;
        let rows: Vec<Vec<String>> = output
            .rows
            .iter()
            .map(|row| {
                let types = types.iter().chain(std::iter::repeat(&any));
                row.iter().zip(types).map(|(value, ty)| render(value, ty)).collect()
            })
            .collect();
        let values = in_order(rows, sort);
        if let Some(label) = label {
            let hash = hash(values.iter().flatten());
            let known = self.labels.entry(label.clone()).or_insert_with(|| hash.clone());
            if *known != hash {
                return wrong("label", format!("another result of label {label} was another"));
            }
        }
        compare(&values, results, columns, sort, mode)
    }
}

fn statement(given: &Result<Output>, expected: &StatementExpect) -> Verdict {
    match (given, expected) {
        (Ok(_), StatementExpect::Ok) => Verdict::Passed,
        (Ok(output), StatementExpect::Count(count)) => match output.affected == *count {
            true => Verdict::Passed,
            false => wrong("count", format!("expected {count} rows, not {}", output.affected)),
        },
        (Ok(output), StatementExpect::Error(_)) => {
            let rows = crate::cell::shown(&crate::cell::rows(&output.rows));
            wrong("no error", format!("expected an error, not {} {rows}", output.kind.name()))
        }
        (Err(error), StatementExpect::Error(pattern)) => {
            // Whatever error is asked for, what is refused for want of a feature did not show it,
            // unless the record says that it is refused.
            if matches!(error, Error::Unsupported(_)) && matches!(pattern, ExpectedError::Empty) {
                return failed(error);
            }
            match pattern.is_match(&error.to_string(), None) {
                true => Verdict::Passed,
                false if matches!(error, Error::Unsupported(_)) => failed(error),
                false => wrong("another error", format!("expected {pattern:?}, not: {error}")),
            }
        }
        (Err(error), _) => failed(error),
    }
}

fn failed(error: &Error) -> Verdict {
    let detail = error.to_string();
    match error {
        Error::Unsupported(feature) => {
            Verdict::Unsupported(Failure { kind: feature.clone(), detail })
        }
        error => {
            let name = format!("{error:?}");
            let name = name.split(['(', '{', ' ']).next().unwrap_or_default();
            wrong(&format!("error {name}"), detail)
        }
    }
}

fn wrong(kind: &str, detail: String) -> Verdict {
    Verdict::Wrong(Failure { kind: kind.into(), detail })
}

/// Rows in a record's order; `valuesort` makes each value a row.
fn in_order(mut rows: Vec<Vec<String>>, sort: SortMode) -> Vec<Vec<String>> {
    match sort {
        SortMode::NoSort => {}
        SortMode::RowSort => rows.sort(),
        SortMode::ValueSort => {
            rows = rows.into_iter().flatten().map(|value| vec![value]).collect();
            rows.sort();
        }
    }
    rows
}

fn hash<'v>(values: impl Iterator<Item = &'v String>) -> String {
    let mut hasher = Md5::new();
    for value in values {
        hasher.update(printable(value));
        hasher.update(b"\n");
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn compare(
    rows: &[Vec<String>],
    expected: &[String],
    columns: usize,
    sort: SortMode,
    mode: Option<ResultMode>,
) -> Verdict {
    let values: Vec<&String> = rows.iter().flatten().collect();
    let shown = || {
        let lines: Vec<String> = rows.iter().take(20).map(|row| row.join(" ")).collect();
        let expected: Vec<&str> = expected.iter().take(20).map(String::as_str).collect();
        format!("expected:\n{}\ngiven:\n{}", expected.join("\n"), lines.join("\n"))
    };
    if let [line] = expected {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [count, "values", "hashing", "to", expected] = words.as_slice() {
            if values.len().to_string() != *count {
                return wrong("number of values", shown());
            }
            return match hash(values.into_iter()) == *expected {
                true => Verdict::Passed,
                false => wrong("hash", shown()),
            };
        }
    }
    let by_value = match (mode, sort) {
        (_, SortMode::ValueSort) => true,
        (Some(mode), _) => mode == ResultMode::ValueWise,
        (None, _) => columns > 1 && expected.len() == values.len() && values.len() != rows.len(),
    };
    if by_value || columns == 1 {
        let width = if sort == SortMode::ValueSort { 1 } else { columns.max(1) };
        let expected: Vec<Vec<String>> = expected.chunks(width).map(<[String]>::to_vec).collect();
        let expected: Vec<String> = in_order(expected, sort).into_iter().flatten().collect();
        if expected.len() != values.len() {
            return wrong("number of values", shown());
        }
        return match values.iter().zip(&expected).all(|(given, expected)| same(given, expected)) {
            true => Verdict::Passed,
            false => wrong("values", shown()),
        };
    }
    if expected.len() != rows.len() {
        return wrong("number of rows", shown());
    }
    // Spaces between values are as wide as a record wants them.
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut expected: Vec<Vec<String>> = expected.iter().map(|line| words(line)).collect();
    let mut rows: Vec<Vec<String>> = rows.iter().map(|row| words(&row.join(" "))).collect();
    if sort == SortMode::RowSort {
        expected.sort();
        rows.sort();
    }
    let equal = rows.iter().zip(&expected).all(|(given, expected)| {
        given.len() == expected.len() && given.iter().zip(expected).all(|(g, e)| same(g, e))
    });
    match equal {
        true => Verdict::Passed,
        false => wrong("values", shown()),
    }
}

#[cfg(test)]
mod tests {
    use super::{File, parse};

    fn counts(text: &str) -> [u64; 5] {
        let names = ["sqlite".to_owned()];
        let mut file = File::new(&names);
        file.run(&parse("a", text).unwrap());
        let super::Report { passed, wrong, unsupported, in_doubt, skipped, .. } = file.report;
        [passed, wrong, unsupported, in_doubt, skipped]
    }

    #[test]
    fn both_shapes_of_a_result() {
        assert_eq!(counts("query IT\nSELECT 1, 'a'\n----\n1 a\n"), [1, 0, 0, 0, 0]);
        assert_eq!(counts("query IT\nSELECT 1, 'a'\n----\n1\na\n"), [1, 0, 0, 0, 0]);
        assert_eq!(counts("query IT\nSELECT 1, 'a'\n----\n1\nb\n"), [0, 1, 0, 0, 0]);
        assert_eq!(counts("query I\nSELECT 1\n----\n1\n1\n"), [0, 1, 0, 0, 0]);
        assert_eq!(counts("query I\nSELECT 1, 2\n----\n1 2\n"), [0, 1, 0, 0, 0]);
    }

    #[test]
    fn hashes() {
        // printf '1\na\n' | md5sum
        let text = "query IT valuesort\nSELECT 1, 'a'\n----\n2 values hashing to ";
        assert_eq!(counts(&format!("{text}86dec6795291dfba039215c78468337e\n")), [1, 0, 0, 0, 0]);
        assert_eq!(counts(&format!("{text}96dec6795291dfba039215c78468337e\n")), [0, 1, 0, 0, 0]);
    }

    #[test]
    fn labels_bind_results() {
        let one = "query I rowsort x\nSELECT 1\n----\n1\n\n";
        let two = "query I rowsort x\nSELECT 2\n----\n2\n\n";
        assert_eq!(counts(&format!("{one}{one}")), [2, 0, 0, 0, 0]);
        assert_eq!(counts(&format!("{one}{two}")), [1, 1, 0, 0, 0]);
    }

    #[test]
    fn conditions_errors_and_the_end() {
        let text = "onlyif mysql\nstatement ok\nSELECT nonsense FROM\n\nskipif mysql\nstatement \
                    ok\nSELECT 1\n\nstatement error\nSELECT nonsense\n\nstatement ok\nSELECT \
                    nonsense\n\nstatement error exist\nSELECT 1\n\nhalt\n\nstatement \
                    ok\nnonsense\n";
        assert_eq!(counts(text), [2, 2, 0, 0, 1]);
    }

    #[test]
    fn what_is_refused_is_neither_right_nor_wrong() {
        let refused = "GRANT SELECT ON a TO b";
        let rest = "statement ok\nSELECT * FROM a\n";
        let any = format!("statement error\n{refused}\n\n{rest}");
        let named = format!("statement error not supported\n{refused}\n\n{rest}");
        assert_eq!(counts(&any)[2..4], [1, 1]);
        assert_eq!(counts(&named)[..4], [1, 1, 0, 0]);
    }
}
