//! SQL scripts: a file of statements, all of them or none.

use super::Failure;
use super::target::Target;
use indicatif::{ProgressBar, ProgressStyle};
use offshoot_core::sql::script::{Piece, Reference, Splitter, Step};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Bytes that are read at once.
const READ_BYTES: usize = 256 << 10;
/// INSERTs that follow each other are joined up to this length, and longer ones are cut.
const PIECE_BYTES: usize = 256 << 10;
/// Bytes of statements in one transaction.
const BATCH_BYTES: usize = 2 << 20;
/// Notes for one reason that are shown.
const NOTES_MAX: usize = 3;

/// Runs a script on a branch: all of it, or nothing. How many rows it inserted.
pub(super) fn load(path: &Path, target: &mut dyn Target) -> Result<u64, Failure> {
    let shown = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|error| format!("{shown}: {error}"))?;
    let length = file.metadata().map_err(|error| format!("{shown}: {error}"))?.len();
    let bar = ProgressBar::new(length);
    let style = "{bar:30} {bytes}/{total_bytes}  {binary_bytes_per_sec}  {msg}";
    bar.set_style(ProgressStyle::with_template(style)?);
    target.begin()?;
    let mut loader = Loader {
        target,
        file: shown,
        bar,
        batch: Vec::new(),
        batch_bytes: 0,
        references: Vec::new(),
        drops: Vec::new(),
        notes: BTreeMap::new(),
        rows: 0,
        statements: 0,
    };
    let done = loader.all(file).and_then(|()| loader.finish(path));
    loader.bar.finish_and_clear();
    match done {
        Ok(()) => Ok(loader.rows),
        Err(error) => match loader.target.abandon() {
            Ok(()) => Err(format!("{error}\nNothing was imported from this file.").into()),
            Err(other) => Err(format!(
                "{error}\nNothing was imported from this file, but the branch that held the draft \
                 could not be removed: {other}"
            )
            .into()),
        },
    }
}

struct Loader<'t> {
    target: &'t mut dyn Target,
    file: String,
    bar: ProgressBar,
    /// What the next transaction runs.
    batch: Vec<Piece>,
    batch_bytes: usize,
    /// Foreign keys that are added when all rows are there.
    references: Vec<(u64, Reference)>,
    /// Tables to be dropped, in a row of such statements.
    drops: Vec<Piece>,
    /// How many statements were skipped, by the reason.
    notes: BTreeMap<&'static str, usize>,
    rows: u64,
    statements: u64,
}

impl Loader<'_> {
    fn all(&mut self, mut file: std::fs::File) -> Result<(), Failure> {
        let mut splitter = Splitter::new(PIECE_BYTES);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let read = file.read(&mut buffer).map_err(|error| self.at(0, &error))?;
            match read {
                0 => splitter.end(),
                read => splitter.push(buffer.get(..read).unwrap_or_default()),
            }
            loop {
                match splitter.take() {
                    Ok(Some(piece)) => self.piece(piece)?,
                    Ok(None) => break,
                    Err(error) => return Err(self.at(error.line, &error.why)),
                }
            }
            self.bar.inc(read as u64);
            if read == 0 {
                return Ok(());
            }
        }
    }

    /// What went wrong, and where.
    fn at(&self, line: u64, why: &dyn std::fmt::Display) -> Failure {
        match line {
            0 => format!("{}: {why}", self.file).into(),
            line => format!("{}:{line}: {why}", self.file).into(),
        }
    }

    fn piece(&mut self, piece: Piece) -> Result<(), Failure> {
        let step = Step::of(&piece).map_err(|error| self.at(piece.line, &error))?;
        if !matches!(step, Step::Skip(_) | Step::Transaction | Step::Drop(_)) {
            self.drop_tables()?;
        }
        match step {
            Step::Skip(why) => {
                self.note(&piece, why);
                Ok(())
            }
            Step::Transaction => Ok(()),
            Step::GiveUp => {
                Err(self.at(piece.line, &"the script ends with ROLLBACK: it is not whole"))
            }
            Step::Load => self.add(piece),
            Step::Run => {
                self.refer()?;
                self.add(piece)
            }
            Step::Create { table, if_not_exists, sql, references } => {
                if if_not_exists {
                    self.flush()?;
                    if self.target.has_table(&table).map_err(|e| self.at(piece.line, &e))? {
                        self.note(&piece, "the table is there already");
                        return Ok(());
                    }
                }
                let line = piece.line;
                self.references.extend(references.into_iter().map(|r| (line, r)));
                self.add(Piece { text: sql, ..piece })
            }
            Step::Refer(references) => {
                let line = piece.line;
                self.references.extend(references.into_iter().map(|r| (line, r)));
                Ok(())
            }
            Step::Drop(tables) => {
                let gone =
                    |name: &str| tables.iter().any(|t| t.to_lowercase() == name.to_lowercase());
                self.references.retain(|(_, reference)| !gone(&reference.table));
                self.drops.push(piece);
                Ok(())
            }
        }
    }

    fn note(&mut self, piece: &Piece, why: &'static str) {
        let count = self.notes.entry(why).or_default();
        *count += 1;
        if *count > NOTES_MAX {
            return;
        }
        let first: String =
            piece.text.lines().next().unwrap_or_default().chars().take(60).collect();
        let (file, line) = (&self.file, piece.line);
        self.bar.suspend(|| eprintln!("{file}:{line}: skipped: {first} ({why})"));
    }

    /// Takes a statement into the batch.
    fn add(&mut self, piece: Piece) -> Result<(), Failure> {
        self.statements += 1;
        self.batch_bytes += piece.text.len();
        match self.batch.last_mut() {
            Some(last)
                if !piece.rows.is_empty()
                    && last.text.len() + piece.text.len() <= PIECE_BYTES
                    && last.head() == piece.head() =>
            {
                last.append(&piece);
            }
            _ => self.batch.push(piece),
        }
        if self.batch_bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    /// Runs the batch.
    fn flush(&mut self) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let texts: Vec<&str> = batch.iter().map(|piece| piece.text.as_str()).collect();
        match self.target.run(&texts) {
            Ok(rows) => {
                self.rows += rows;
                Ok(())
            }
            Err(error) => Err(self.blame(&batch, error)),
        }
    }

    /// Finds the statement, and the row, that a batch failed for.
    fn blame(&mut self, batch: &[Piece], error: Failure) -> Failure {
        let texts: Vec<&str> = batch.iter().map(|piece| piece.text.as_str()).collect();
        let first = batch.first().map_or(0, |piece| piece.line);
        let (at, error) = match self.target.first_failure(&texts) {
            Ok(Some(found)) => found,
            _ => return self.at(first, &error),
        };
        let Some(piece) = batch.get(at) else { return self.at(first, &error) };
        if piece.rows.len() < 2 {
            return self.at(piece.line, &error);
        }
        // A file's target undid what went before; a server's holds it, and is thrown away.
        let before = texts.get(..at).unwrap_or_default();
        let _ = self.target.run(before);
        let rows: Vec<(String, u64)> = (0..piece.rows.len()).filter_map(|n| piece.row(n)).collect();
        let texts: Vec<&str> = rows.iter().map(|(text, _)| text.as_str()).collect();
        match self.target.first_failure(&texts) {
            Ok(Some((row, error))) => {
                self.at(rows.get(row).map_or(piece.line, |(_, line)| *line), &error)
            }
            _ => self.at(piece.line, &error),
        }
    }

    /// Adds the foreign keys that wait.
    fn refer(&mut self) -> Result<(), Failure> {
        for (line, reference) in std::mem::take(&mut self.references) {
            self.batch.push(Piece { line, text: reference.sql, ..Piece::default() });
        }
        self.flush()
    }

    /// Drops the tables that wait: children before parents, whatever the order they came in.
    fn drop_tables(&mut self) -> Result<(), Failure> {
        let mut drops = std::mem::take(&mut self.drops);
        if drops.is_empty() {
            return Ok(());
        }
        self.flush()?;
        while !drops.is_empty() {
            let before = drops.len();
            let mut refused = None;
            let mut left = Vec::new();
            for piece in drops {
                if let Err(error) = self.target.run(&[&piece.text]) {
                    refused = refused.or(Some(self.at(piece.line, &error)));
                    left.push(piece);
                }
            }
            if let (Some(error), true) = (refused, left.len() == before) {
                return Err(error);
            }
            self.statements += (before - left.len()) as u64;
            drops = left;
        }
        Ok(())
    }

    fn finish(&mut self, path: &Path) -> Result<(), Failure> {
        self.drop_tables()?;
        self.refer()?;
        for (why, count) in &self.notes {
            if let Some(more @ 1..) = count.checked_sub(NOTES_MAX) {
                eprintln!("{}: {more} more statements were skipped ({why})", self.file);
            }
        }
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let (statements, rows) = (self.statements, self.rows);
        let message = format!("Import {name} ({statements} statements, {rows} rows)");
        self.target.finish(&message).map_err(|error| self.at(0, &error))
    }
}
