//! Where statements end.

use super::copy::CopyRows;
use std::collections::VecDeque;

/// Words of a statement that are kept to tell what it is.
const WORDS_MAX: usize = 8;
/// The longest word that is looked at, in bytes; a longer one is no keyword.
const WORD_BYTES_MAX: usize = 32;

/// What some editors put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A script that cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct ScriptError {
    /// Where, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// A statement of a script, or a part of a long one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// The line that it begins on, counted from 1.
    pub line: u64,
    /// Its text, without the semicolon and without comments before it.
    pub text: String,
    /// Its first words in upper case, quoted names left out.
    pub words: Vec<String>,
    /// Whether this is a line for a client (`\c other`, `.open file`) and no SQL.
    pub command: bool,
    /// Of an INSERT that ends with its rows: where its rows begin. Pieces with the same text up to
    /// the first of them may be run as one.
    pub rows: Vec<Row>,
}

/// A row of an INSERT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its bracket, as a position in the text.
    pub at: usize,
    /// Its line in the script.
    pub line: u64,
}

impl Piece {
    /// What stands before the rows: the same for every part of an INSERT.
    pub fn head(&self) -> &str {
        self.rows.first().and_then(|row| self.text.get(..row.at)).unwrap_or_default()
    }

    /// The rows of an INSERT with what is between them.
    pub fn body(&self) -> &str {
        self.rows.first().and_then(|row| self.text.get(row.at..)).unwrap_or_default()
    }

    /// Puts the rows of `next`, which has the same head, behind those of this one.
    pub fn append(&mut self, next: &Piece) {
        let Some(first) = next.rows.first() else { return };
        self.text.push_str(",\n");
        let moved = self.text.len();
        self.text.push_str(next.body());
        let row = |row: &Row| Row { at: row.at - first.at + moved, line: row.line };
        self.rows.extend(next.rows.iter().map(row));
    }

    /// The INSERT of one of its rows, and that row's line.
    pub fn row(&self, number: usize) -> Option<(String, u64)> {
        let row = self.rows.get(number)?;
        let end = self.rows.get(number + 1).map_or(self.text.len(), |next| next.at);
        let text = self.text.get(row.at..end)?.trim_end();
        Some((format!("{}{}", self.head(), text.strip_suffix(',').unwrap_or(text)), row.line))
    }
}

/// Takes a script apart. Bytes are pushed as they come; pieces are taken until there is none.
///
/// It knows quotes of every kind (`'…'`, `E'…'`, `"…"`, `` `…` ``, `[…]`, `$tag$…$tag$`), comments, the
/// bodies of triggers, lines for a client, and the rows behind `COPY … FROM stdin`. An INSERT that
/// grows longer than a piece may be is handed out in parts, so that memory does not grow with it.
#[derive(Debug)]
pub struct Splitter {
    buffer: Vec<u8>,
    /// Up to here the buffer was scanned.
    at: usize,
    /// The line of `at`.
    line: u64,
    /// Whether the first bytes were looked at.
    begun: bool,
    ended: bool,
    within: Within,
    open: Open,
    copy: Option<CopyRows>,
    piece_bytes: usize,
    ready: VecDeque<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Within {
    Plain,
    /// A quote that this byte ends; a doubled one ends it and begins the next.
    Quoted {
        end: u8,
        escapes: bool,
    },
    LineComment,
    /// Comments nest, as in PostgreSQL.
    Comment(u32),
    Dollars(Vec<u8>),
    /// A line for a client.
    Command,
    /// The rest of the line behind a COPY.
    CopyHead,
    CopyRows,
}

/// The statement that is open.
#[derive(Debug, Default)]
struct Open {
    /// Where its text begins; `None` before its first token.
    from: Option<usize>,
    line: u64,
    /// Put before the text, of a part that is not the first.
    head: String,
    words: Vec<String>,
    word: Option<usize>,
    brackets: u32,
    /// Behind the word VALUES, outside brackets.
    values: bool,
    /// Where the rows begin; emptied where something else follows them.
    rows: Vec<(usize, u64)>,
    /// Whether something other than rows followed VALUES.
    tail: bool,
    /// Whether a part was handed out already.
    cut: bool,
    /// BEGIN and CASE without their END, in a trigger.
    blocks: u32,
    begun: bool,
}

impl Open {
    fn is_trigger(&self) -> bool {
        let word = |n: usize| self.words.get(n).map(String::as_str);
        word(0) == Some("CREATE") && self.words.iter().skip(1).take(3).any(|w| w == "TRIGGER")
    }

    fn is_insert(&self) -> bool {
        matches!(self.words.first().map(String::as_str), Some("INSERT" | "REPLACE"))
    }
}

impl Splitter {
    /// A splitter at the beginning of a script. An INSERT longer than `piece_bytes` is handed out
    /// in parts of about that length.
    pub fn new(piece_bytes: usize) -> Self {
        Splitter {
            buffer: Vec::new(),
            at: 0,
            line: 1,
            begun: false,
            ended: false,
            within: Within::Plain,
            open: Open::default(),
            copy: None,
            piece_bytes,
            ready: VecDeque::new(),
        }
    }

    /// Adds the next bytes of the script.
    pub fn push(&mut self, bytes: &[u8]) {
        // What was handed out is dropped here and not with every piece, which would move the rest
        // of the buffer each time.
        let keep = self.open.from.unwrap_or(self.at).min(self.at);
        let keep = self.open.word.map_or(keep, |word| keep.min(word));
        if keep > 0 {
            self.buffer.drain(..keep);
            self.at -= keep;
            self.open.from = self.open.from.map(|from| from - keep);
            self.open.word = self.open.word.map(|word| word - keep);
            self.open.rows.iter_mut().for_each(|(at, _)| *at = at.saturating_sub(keep));
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that there are no more bytes.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Bytes that are held.
    pub fn held_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// The next piece; `None` where more bytes are needed, or at the end.
    ///
    /// # Errors
    /// Text that is not UTF-8, a quote or a comment that never ends, a COPY that is not understood.
    pub fn take(&mut self) -> Result<Option<Piece>, ScriptError> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            if !self.step()? {
                return Ok(self.ready.pop_front());
            }
        }
    }

    /// Scans until something is ready or the buffer is at its end.
    fn step(&mut self) -> Result<bool, ScriptError> {
        if !self.begun {
            if self.buffer.len() < BYTE_ORDER_MARK.len() && !self.ended {
                return Ok(false);
            }
            self.begun = true;
            self.at =
                if self.buffer.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        }
        while let Some(byte) = self.buffer.get(self.at).copied() {
            let next = self.buffer.get(self.at + 1).copied();
            // Two bytes decide: at the end of what is here, wait for the second.
            if next.is_none() && !self.ended && self.within != Within::CopyRows {
                return Ok(false);
            }
            if self.within == Within::Plain && byte == b'$' && self.waits_for_tag() {
                return Ok(false);
            }
            match &mut self.within {
                Within::Plain => self.plain(byte, next)?,
                Within::Quoted { end, escapes } => {
                    let (end, escaped) = (*end, *escapes && byte == b'\\' && next.is_some());
                    if escaped {
                        self.advance(byte);
                    } else if byte == end {
                        self.within = Within::Plain;
                    }
                    let byte = if escaped { next.unwrap_or(byte) } else { byte };
                    self.advance(byte);
                }
                Within::LineComment => {
                    if byte == b'\n' {
                        self.within = Within::Plain;
                    }
                    self.advance(byte);
                }
                Within::Comment(depth) => {
                    let two = match (byte, next) {
                        (b'*', Some(b'/')) => {
                            *depth -= 1;
                            true
                        }
                        (b'/', Some(b'*')) => {
                            *depth += 1;
                            true
                        }
                        _ => false,
                    };
                    if *depth == 0 {
                        self.within = Within::Plain;
                    }
                    self.at += usize::from(two);
                    self.advance(byte);
                }
                Within::Dollars(tag) => {
                    let rest = self.buffer.get(self.at..).unwrap_or_default();
                    if rest.starts_with(tag) {
                        self.at += tag.len();
                        self.within = Within::Plain;
                    } else if rest.len() < tag.len() && !self.ended && tag.starts_with(rest) {
                        return Ok(false);
                    } else {
                        self.advance(byte);
                    }
                }
                Within::Command => {
                    if byte == b'\n' {
                        self.command()?;
                    }
                    self.advance(byte);
                }
                Within::CopyHead => {
                    if byte == b'\n' {
                        self.within = Within::CopyRows;
                    }
                    self.advance(byte);
                }
                Within::CopyRows => {
                    if !self.copied()? {
                        return Ok(false);
                    }
                }
            }
            if !self.ready.is_empty() {
                return Ok(true);
            }
        }
        match self.ended {
            true => self.last().map(|()| false),
            false => Ok(false),
        }
    }

    fn advance(&mut self, byte: u8) {
        self.line += u64::from(byte == b'\n');
        self.at += 1;
    }

    fn plain(&mut self, byte: u8, next: Option<u8>) -> Result<(), ScriptError> {
        let in_word = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80;
        if let (Some(from), false) = (self.open.word, in_word) {
            self.word(from);
        }
        match (byte, next) {
            (b'-', Some(b'-')) => return self.enter(Within::LineComment, 2),
            (b'/', Some(b'*')) => return self.enter(Within::Comment(1), 2),
            (b'\t' | b'\n' | b'\r' | b' ' | 0x0c, _) => {
                self.advance(byte);
                return Ok(());
            }
            (b';', _) => return self.semicolon(),
            _ => {}
        }
        if self.open.from.is_none() {
            (self.open.from, self.open.line) = (Some(self.at), self.line);
            if matches!(byte, b'\\' | b'.') {
                return self.enter(Within::Command, 1);
            }
        }
        if self.open.values && self.open.brackets == 0 && !in_word {
            match byte {
                b'(' => self.open.rows.push((self.at, self.line)),
                b',' => self.cut()?,
                _ => self.open.tail = true,
            }
        }
        match byte {
            b'\'' => {
                let word = self.buffer.get(..self.at).and_then(|text| match text {
                    [.., before, b'e' | b'E'] if !is_word(*before) => Some(()),
                    [b'e' | b'E'] => Some(()),
                    _ => None,
                });
                return self.enter(Within::Quoted { end: byte, escapes: word.is_some() }, 1);
            }
            b'"' | b'`' => return self.enter(Within::Quoted { end: byte, escapes: false }, 1),
            b'[' if next.is_some_and(|c| c.is_ascii_alphabetic() || c == b'_' || c >= 0x80) => {
                return self.enter(Within::Quoted { end: b']', escapes: false }, 1);
            }
            b'$' if self.open.word.is_none() => {
                if let Some(tag) = self.dollar_tag() {
                    let len = tag.len();
                    return self.enter(Within::Dollars(tag), len);
                }
            }
            b'(' => self.open.brackets += 1,
            b')' => self.open.brackets = self.open.brackets.saturating_sub(1),
            _ => {}
        }
        if in_word && self.open.word.is_none() {
            self.open.word = Some(self.at);
        }
        self.advance(byte);
        Ok(())
    }

    fn enter(&mut self, within: Within, bytes: usize) -> Result<(), ScriptError> {
        self.within = within;
        self.at += bytes;
        Ok(())
    }

    /// Whether a `$tag` at the place of the scan may go on behind what is here.
    fn waits_for_tag(&self) -> bool {
        let rest = self.buffer.get(self.at + 1..).unwrap_or_default();
        !self.ended
            && self.open.word.is_none()
            && rest.len() < WORD_BYTES_MAX
            && rest.iter().all(|c| is_word(*c) && *c != b'$')
    }

    /// `$tag$` at the place of the scan.
    fn dollar_tag(&self) -> Option<Vec<u8>> {
        let rest = self.buffer.get(self.at..)?;
        let end = rest.iter().skip(1).position(|c| !is_word(*c) || *c == b'$')?;
        match rest.get(end + 1) {
            Some(b'$') if !rest.get(1).is_some_and(u8::is_ascii_digit) => {
                rest.get(..end + 2).map(<[u8]>::to_vec)
            }
            _ => None,
        }
    }

    /// A word ends at the place of the scan.
    fn word(&mut self, from: usize) {
        self.open.word = None;
        let Some(word) = self.buffer.get(from..self.at) else { return };
        if word.len() > WORD_BYTES_MAX {
            self.open.tail |= self.open.values && self.open.brackets == 0;
            return;
        }
        let word = String::from_utf8_lossy(word).to_uppercase();
        let open = &mut self.open;
        if open.brackets == 0 {
            match word.as_str() {
                "VALUES" if open.is_insert() && !open.values => open.values = true,
                _ => open.tail |= open.values,
            }
        }
        if open.is_trigger() {
            match word.as_str() {
                "BEGIN" => (open.blocks, open.begun) = (open.blocks + 1, true),
                "CASE" => open.blocks += 1,
                "END" => open.blocks = open.blocks.saturating_sub(1),
                _ => {}
            }
        }
        if open.words.len() < WORDS_MAX {
            open.words.push(word);
        }
    }

    fn semicolon(&mut self) -> Result<(), ScriptError> {
        if self.open.is_trigger() && (self.open.blocks > 0 || !self.open.begun) {
            self.advance(b';');
            return Ok(());
        }
        let piece = self.close()?;
        self.advance(b';');
        let Some(piece) = piece else { return Ok(()) };
        match CopyRows::of(&piece, self.piece_bytes)? {
            Some(copy) => {
                self.copy = Some(copy);
                self.within = Within::CopyHead;
            }
            None => self.ready.push_back(piece),
        }
        Ok(())
    }

    /// The open statement as a piece that ends at the place of the scan.
    fn close(&mut self) -> Result<Option<Piece>, ScriptError> {
        let open = std::mem::take(&mut self.open);
        let Some(from) = open.from else { return Ok(None) };
        if open.cut && open.tail {
            return Err(ScriptError {
                line: open.line,
                why: format!(
                    "an INSERT of more than {} bytes ends with its rows; this one goes on behind \
                     them",
                    self.piece_bytes
                ),
            });
        }
        // A part whose rows ended with a comma.
        if open.cut && open.rows.is_empty() {
            return Ok(None);
        }
        let text = self.text(from, self.at, open.line)?;
        let plain = open.values && !open.tail && open.brackets == 0;
        let moved = open.head.len();
        let row = |(at, line): &(usize, u64)| Row { at: at - from + moved, line: *line };
        Ok(Some(Piece {
            line: open.line,
            text: format!("{}{}", open.head, text.trim_end()),
            words: open.words,
            command: false,
            rows: if plain { open.rows.iter().map(row).collect() } else { Vec::new() },
        }))
    }

    /// At a comma between rows: hands out what is there where it has grown long.
    fn cut(&mut self) -> Result<(), ScriptError> {
        let Some(from) = self.open.from else { return Ok(()) };
        if self.at - from < self.piece_bytes || self.open.tail {
            return Ok(());
        }
        let (words, line) = (self.open.words.clone(), self.line);
        let Some(piece) = self.close()? else { return Ok(()) };
        self.open = Open {
            from: Some(self.at + 1),
            line,
            head: piece.head().to_owned(),
            words,
            values: true,
            cut: true,
            ..Open::default()
        };
        self.ready.push_back(piece);
        Ok(())
    }

    fn command(&mut self) -> Result<(), ScriptError> {
        let open = std::mem::take(&mut self.open);
        self.within = Within::Plain;
        let from = open.from.unwrap_or(self.at);
        let text = self.text(from, self.at, open.line)?.trim().to_owned();
        let (line, words) = (open.line, Vec::new());
        self.ready.push_back(Piece { line, text, words, command: true, rows: Vec::new() });
        Ok(())
    }

    fn text(&self, from: usize, to: usize, line: u64) -> Result<String, ScriptError> {
        let bytes = self.buffer.get(from..to).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let lines = before.iter().filter(|byte| **byte == b'\n').count() as u64;
                Err(ScriptError { line: line + lines, why: "the text is not UTF-8".into() })
            }
        }
    }

    /// One line of a COPY; `false` where it is not all here.
    fn copied(&mut self) -> Result<bool, ScriptError> {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let end = match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => end,
            None if self.ended => rest.len(),
            None => return Ok(false),
        };
        let line = self.text(self.at, self.at + end, self.line)?;
        let number = self.line;
        self.at = (self.at + end + 1).min(self.buffer.len());
        self.line += 1;
        let Some(copy) = &mut self.copy else { return Ok(true) };
        let line = line.strip_suffix('\r').unwrap_or(&line);
        let over = line == "\\.";
        if !over {
            copy.add(line, number)?;
        }
        self.ready.extend(copy.take(over));
        if over {
            (self.copy, self.within) = (None, Within::Plain);
        }
        Ok(true)
    }

    /// What is open when the script ends.
    fn last(&mut self) -> Result<(), ScriptError> {
        let unended = match &self.within {
            Within::Quoted { .. } | Within::Dollars(_) => Some("a quote that never ends"),
            Within::Comment(_) => Some("a comment that never ends"),
            Within::CopyRows | Within::CopyHead => Some("rows of a COPY without their end, \\."),
            _ => None,
        };
        if let Some(why) = unended {
            let line = if self.open.from.is_some() { self.open.line } else { self.line };
            return Err(ScriptError { line, why: why.into() });
        }
        if self.within == Within::Command {
            return self.command();
        }
        if let Some(from) = self.open.word {
            self.word(from);
        }
        let piece = self.close()?;
        self.ready.extend(piece);
        Ok(())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

#[cfg(test)]
mod tests;
