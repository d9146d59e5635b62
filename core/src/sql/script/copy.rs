//! The rows behind `COPY table (columns) FROM stdin`, as PostgreSQL writes them: one a line, values
//! between tabs, `\N` for NULL, and backslashes for what would be taken for an end.

use super::split::{Piece, Row, ScriptError};

/// Rows of a COPY, turned into INSERTs.
#[derive(Debug)]
pub(super) struct CopyRows {
    piece: Piece,
    head: String,
    piece_bytes: usize,
}

impl CopyRows {
    /// Whether a statement is followed by rows.
    ///
    /// # Errors
    /// A COPY with options, or from elsewhere.
    pub fn of(piece: &Piece, piece_bytes: usize) -> Result<Option<Self>, ScriptError> {
        if piece.words.first().map(String::as_str) != Some("COPY") {
            return Ok(None);
        }
        let refused = |why: &str| ScriptError { line: piece.line, why: why.to_owned() };
        let text = piece.text.trim();
        let lower = text.to_ascii_lowercase();
        let Some(at) = lower.rfind(" from stdin") else {
            return Err(refused("COPY reads from stdin only: COPY table (columns) FROM stdin"));
        };
        if !matches!(lower.get(at + 11..).map(str::trim), Some("" | "with")) {
            return Err(refused("COPY with options is not read; its plain form is"));
        }
        let table = text.get(4..at).unwrap_or_default().trim();
        let head = format!("INSERT INTO {table} VALUES\n");
        Ok(Some(CopyRows { piece: Piece::default(), head, piece_bytes }))
    }

    /// Adds a line.
    pub fn add(&mut self, line: &str, number: u64) -> Result<(), ScriptError> {
        let piece = &mut self.piece;
        if piece.rows.is_empty() {
            piece.line = number;
            piece.words = ["INSERT", "INTO"].map(str::to_owned).into();
            piece.text.push_str(&self.head);
        } else {
            piece.text.push_str(",\n");
        }
        piece.rows.push(Row { at: piece.text.len(), line: number });
        for (place, field) in line.split('\t').enumerate() {
            piece.text.push(if place == 0 { '(' } else { ',' });
            match field {
                "\\N" => piece.text.push_str("NULL"),
                field => {
                    let value = plain(field).ok_or_else(|| ScriptError {
                        line: number,
                        why: "a value of a COPY is not UTF-8".into(),
                    })?;
                    piece.text.push('\'');
                    piece.text.push_str(&value.replace('\'', "''"));
                    piece.text.push('\'');
                }
            }
        }
        piece.text.push(')');
        Ok(())
    }

    /// The rows so far, where they are enough or the last.
    pub fn take(&mut self, last: bool) -> Option<Piece> {
        let enough = last || self.piece.text.len() >= self.piece_bytes;
        (enough && !self.piece.rows.is_empty()).then(|| std::mem::take(&mut self.piece))
    }
}

/// A value without its backslashes; `None` where the bytes that they name are no text.
fn plain(field: &str) -> Option<String> {
    if !field.contains('\\') {
        return Some(field.to_owned());
    }
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'v') => out.push(11),
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    if let Some(digit) = rest.next_if(|c| matches!(c, b'0'..=b'7')) {
                        value = value * 8 + u32::from(digit - b'0');
                    }
                }
                out.push(u8::try_from(value).ok()?);
            }
            Some(b'x') if rest.peek().is_some_and(u8::is_ascii_hexdigit) => {
                let mut value = 0;
                for _ in 0..2 {
                    let digit = rest.next_if(u8::is_ascii_hexdigit);
                    if let Some(digit) = digit.and_then(|c| char::from(c).to_digit(16)) {
                        value = value * 16 + digit;
                    }
                }
                out.push(u8::try_from(value).ok()?);
            }
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
    String::from_utf8(out).ok()
}
