//! `offshoot sql`: a prompt with history and completion.

use super::{Failure, Place, branch, table};
use offshoot::EmbeddedDatabase;
use offshoot_core::database::AsOf;
use offshoot_core::sql::{Output, Session};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::{Config, Context, Editor, Helper, Highlighter, Hinter, Validator};
use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

const HELP: &str = "\
SQL ends with a semicolon. Beside it:
  \\branch [NAME]     show branches, or go to one
  \\diff OTHER        rows that differ between OTHER and this branch
  \\log [N]           this branch's newest commits
  \\asof [POINT]      read at an SCN, a time or a snapshot; alone: at the newest again
  \\tables            this branch's tables
  \\help  \\quit";

const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "INSERT INTO",
    "VALUES",
    "UPDATE",
    "SET",
    "DELETE FROM",
    "CREATE TABLE",
    "ALTER TABLE",
    "DROP TABLE",
    "CREATE INDEX",
    "PRIMARY KEY",
    "NOT NULL",
    "REFERENCES",
    "AS OF SCN",
    "AS OF TIMESTAMP",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
];

struct Prompt {
    db: Arc<EmbeddedDatabase>,
    session: Session,
    branch: String,
    as_of: AsOf,
}

/// Completes keywords, and the names of tables and columns.
#[derive(Helper, Highlighter, Hinter, Validator)]
struct Names {
    words: Vec<String>,
}

impl Completer for Names {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '\\';
        let start = line[..at]
            .rfind(|c| !word(c))
            .map_or(0, |i| i + line[i..].chars().next().map_or(1, char::len_utf8));
        let begun = line[start..at].to_lowercase();
        let fits = |name: &&String| !begun.is_empty() && name.to_lowercase().starts_with(&begun);
        Ok((start, self.words.iter().filter(fits).cloned().collect()))
    }
}

pub fn sql(place: &Place, command: Option<&str>) -> Result<(), Failure> {
    let db = Arc::new(place.open()?);
    db.database().branch(&place.branch)?;
    let session = Session::new(db.database().clone(), &place.branch, "");
    let mut prompt = Prompt { db, session, branch: place.branch.clone(), as_of: AsOf::Now };
    match command {
        Some(text) => prompt.run_all(text),
        None if std::io::stdin().is_terminal() => prompt.talk(),
        None => {
            let mut text = String::new();
            for line in std::io::stdin().lock().lines() {
                let line = line?;
                match line.trim_start().starts_with('\\') && text.trim().is_empty() {
                    true => println!("{}", prompt.meta(line.trim())?.unwrap_or_default()),
                    false => {
                        text.push_str(&line);
                        text.push('\n');
                        while let Some(statement) = take_statement(&mut text) {
                            prompt.run_all(&statement)?;
                        }
                    }
                }
            }
            prompt.run_all(&text)
        }
    }
}

impl Prompt {
    fn talk(&mut self) -> Result<(), Failure> {
        let config = Config::builder().auto_add_history(true).build();
        let mut editor: Editor<Names, rustyline::history::FileHistory> =
            Editor::with_config(config)?;
        let history = std::env::var_os("HOME")
            .map(|home| std::path::PathBuf::from(home).join(".offshoot_history"));
        if let Some(path) = &history {
            // There is none yet the first time.
            let _ = editor.load_history(path);
        }
        println!("Offshoot {}. \\help tells what there is.", env!("CARGO_PKG_VERSION"));
        let mut text = String::new();
        loop {
            editor.set_helper(Some(Names { words: self.words() }));
            let mark = if text.is_empty() { ">" } else { "…" };
            let past = if self.as_of == AsOf::Now { "" } else { "@past" };
            match editor.readline(&format!("{}{past}{mark} ", self.branch)) {
                Ok(line) if text.is_empty() && line.trim_start().starts_with('\\') => {
                    match self.meta(line.trim()) {
                        Ok(Some(answer)) => println!("{answer}"),
                        Ok(None) => break,
                        Err(error) => eprintln!("{error}"),
                    }
                }
                Ok(line) => {
                    text.push_str(&line);
                    text.push('\n');
                    while let Some(statement) = take_statement(&mut text) {
                        if let Err(error) = self.run_all(&statement) {
                            eprintln!("{error}");
                        }
                    }
                    if text.trim().is_empty() {
                        text.clear();
                    }
                }
                Err(ReadlineError::Interrupted) => text.clear(),
                Err(ReadlineError::Eof) => break,
                Err(other) => return Err(other.into()),
            }
        }
        if let Some(path) = &history {
            editor.save_history(path)?;
        }
        Ok(())
    }

    fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
        words.extend(["\\branch", "\\diff", "\\log", "\\asof", "\\tables"].map(str::to_owned));
        if let Ok(point) = self.db.database().point(&self.branch, &self.as_of) {
            for table in point.state.tables_by_name() {
                words.push(table.table.name().to_owned());
                words.extend(table.table.def.columns.iter().map(|c| c.name.clone()));
            }
        }
        words.sort();
        words.dedup();
        words
    }

    /// What a backslash command answers; `None` ends the prompt.
    fn meta(&mut self, line: &str) -> Result<Option<String>, Failure> {
        let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        Ok(Some(match verb {
            "\\quit" | "\\q" => return Ok(None),
            "\\help" | "\\?" => HELP.to_owned(),
            "\\branch" if rest.is_empty() => {
                let names = self.db.database().branches()?.into_iter().filter_map(|record| {
                    let here = if record.name == self.branch { "* " } else { "  " };
                    let live = record.status != offshoot_core::history::BranchStatus::Deleted;
                    live.then(|| format!("{here}{}", record.name))
                });
                names.collect::<Vec<_>>().join("\n")
            }
            "\\branch" => {
                let record = self.db.database().branch(rest)?;
                self.session = Session::new(self.db.database().clone(), &record.name, "");
                self.branch = record.name;
                format!("on branch {}", self.branch)
            }
            "\\diff" if !rest.is_empty() => branch::diff(&self.db, rest, &self.branch)?,
            "\\log" => {
                let limit = if rest.is_empty() { 20 } else { rest.parse()? };
                branch::log_text(&self.db, &self.branch, limit)?
            }
            "\\asof" if rest.is_empty() => {
                self.as_of = AsOf::Now;
                "reading the newest".to_owned()
            }
            "\\asof" => {
                let as_of = branch::point(rest)?;
                let point = self.db.database().point(&self.branch, &as_of)?;
                self.as_of = as_of;
                format!("reading at SCN {}", point.scn)
            }
            "\\tables" => {
                let point = self.db.database().point(&self.branch, &self.as_of)?;
                let rows: Vec<Vec<String>> = point
                    .state
                    .tables_by_name()
                    .map(|t| vec![t.table.name().to_owned(), t.rows.count().to_string()])
                    .collect();
                table::draw(&["table".to_owned(), "rows".to_owned()], &rows)
            }
            other => return Err(format!("{other} is not known; \\help tells what there is").into()),
        }))
    }

    fn run_all(&mut self, text: &str) -> Result<(), Failure> {
        let mut text = format!("{text};");
        while let Some(statement) = take_statement(&mut text) {
            if statement.trim().is_empty() {
                continue;
            }
            if statement.trim_start().starts_with('\\') {
                println!("{}", self.meta(statement.trim())?.unwrap_or_default());
                continue;
            }
            let output = self.db.run(&mut self.session, &statement, &[], self.as_of.clone())?;
            // USE BRANCH
            self.session.branch().clone_into(&mut self.branch);
            println!("{}", shown(&output));
        }
        Ok(())
    }
}

fn shown(output: &Output) -> String {
    if output.columns.is_empty() {
        return format!("{} ({} rows)", output.kind.name(), output.affected);
    }
    let columns: Vec<String> = output.columns.iter().map(|c| c.name.clone()).collect();
    let rows: Vec<Vec<String>> =
        output.rows.iter().map(|row| row.iter().map(|v| v.to_text()).collect()).collect();
    format!("{}\n({} rows)", table::draw(&columns, &rows), rows.len())
}

/// Takes the text up to the first semicolon that ends a statement: not one inside a string, a quoted
/// name or a comment.
pub fn take_statement(text: &mut String) -> Option<String> {
    let mut rest = text.char_indices().peekable();
    let mut quote: Option<char> = None;
    while let Some((at, c)) = rest.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '-') if rest.peek().is_some_and(|(_, next)| *next == '-') => {
                while rest.next_if(|(_, c)| *c != '\n').is_some() {}
            }
            (None, '/') if rest.peek().is_some_and(|(_, next)| *next == '*') => {
                rest.next();
                let mut last = ' ';
                for (_, c) in rest.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            (None, ';') => {
                let statement = text[..at].to_owned();
                text.drain(..=at);
                return Some(statement);
            }
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::take_statement;

    #[test]
    fn semicolons_inside_things_do_not_end_a_statement() {
        let mut text = "SELECT ';' AS \"a;b\" -- ; no\n/* ; */; SELECT 2;x".to_owned();
        let first = take_statement(&mut text);
        assert_eq!(first.as_deref(), Some("SELECT ';' AS \"a;b\" -- ; no\n/* ; */"));
        assert_eq!(take_statement(&mut text).as_deref(), Some(" SELECT 2"));
        assert_eq!(take_statement(&mut text), None);
        assert_eq!(text, "x");
    }
}
