//! Rows of an INSERT that are nothing but literals.
//!
//! Most rows arrive as `INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y')`. A syntax tree for each of
//! their values costs more than all that is done with the values. So such a text is taken apart: its
//! rows are read here, and the parser sees the statement with one row of NULLs in their place, which
//! is the same statement for every text of this form and is parsed once.
//!
//! ```text
//!   INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y') ON CONFLICT DO NOTHING
//!   └────────── head ─────────┘ └───── rows ─────┘ └──────── tail ──────┘
//! ```
//!
//! A literal is read here only where it means the value that the parser and `literal::constant` would
//! make of it; anything else in a text makes it an ordinary one.

use crate::value::Value;
use rust_decimal::Decimal;

/// Values that one text may hold; the parser's bound on tokens, which counts commas too, is as tight.
const VALUES_MAX: usize = 400_000;
/// Digits of whole numbers that 64 bits hold for certain.
const DIGITS_MAX: usize = 18;

/// One value per column that is named; `None` stands for DEFAULT.
pub(in crate::sql) type LiteralRow = Vec<Option<Value>>;

/// An INSERT apart from its rows.
#[derive(Debug, PartialEq)]
pub(in crate::sql) struct Apart {
    /// The statement with a row of NULLs.
    pub sql: String,
    /// The rows.
    pub rows: Vec<LiteralRow>,
}

/// Takes an INSERT apart. `None`: it is no INSERT of literals, or is none that is read here.
pub(in crate::sql) fn apart(sql: &str) -> Option<Apart> {
    let bytes = sql.as_bytes();
    let mut text = Text { sql, bytes, at: 0 };
    text.head()?;
    let head = sql.get(..text.at)?;
    let mut rows: Vec<LiteralRow> = Vec::new();
    let mut values = 0;
    loop {
        let row = text.row(rows.last().map_or(0, Vec::len))?;
        values += row.len();
        if values > VALUES_MAX {
            return None;
        }
        rows.push(row);
        text.blanks();
        match text.byte() {
            Some(b',') => text.at += 1,
            _ => break,
        }
    }
    let tail = sql.get(text.at..)?;
    if !text.is_tail() || tail.contains('\0') {
        return None;
    }
    let mut short = String::with_capacity(head.len() + tail.len() + 64);
    short.push_str(head);
    for (at, _) in rows.first()?.iter().enumerate() {
        short.push_str(if at == 0 { " (NULL" } else { ", NULL" });
    }
    short.push_str(") ");
    short.push_str(tail);
    Some(Apart { sql: short, rows })
}

/// A text and how far it was read.
struct Text<'s> {
    sql: &'s str,
    bytes: &'s [u8],
    at: usize,
}

impl<'s> Text<'s> {
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn takes(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        (self.byte() == Some(byte)).then(|| self.at += 1)
    }

    /// A word that is no quoted name.
    fn word(&mut self) -> Option<&'s str> {
        self.blanks();
        let from = self.at;
        while self.byte().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80) {
            self.at += 1;
        }
        self.sql.get(from..self.at).filter(|word| !word.is_empty())
    }

    fn keyword(&mut self, keyword: &str) -> Option<()> {
        self.word().filter(|word| word.eq_ignore_ascii_case(keyword)).map(|_| ())
    }

    /// A name, quoted or not.
    fn name(&mut self) -> Option<()> {
        self.blanks();
        match self.byte()? {
            quote @ (b'"' | b'`') => {
                self.at += 1;
                let length = self.bytes.get(self.at..)?.iter().position(|b| *b == quote)?;
                self.at += length + 1;
                // A doubled quote is left to the parser.
                (self.byte() != Some(quote)).then_some(())
            }
            _ => self.word().map(|_| ()),
        }
    }

    /// `INSERT [OR …] INTO [schema.]table [(columns)] VALUES`
    fn head(&mut self) -> Option<()> {
        let verb = self.word()?;
        let mut next = self.word()?;
        if verb.eq_ignore_ascii_case("INSERT") {
            if next.eq_ignore_ascii_case("OR") {
                self.word()?;
                next = self.word()?;
            }
        } else if !verb.eq_ignore_ascii_case("REPLACE") {
            return None;
        }
        if !next.eq_ignore_ascii_case("INTO") {
            return None;
        }
        self.name()?;
        while self.takes(b'.').is_some() {
            self.name()?;
        }
        if self.takes(b'(').is_some() {
            self.name()?;
            while self.takes(b',').is_some() {
                self.name()?;
            }
            self.takes(b')')?;
        }
        self.keyword("VALUES")
    }

    fn row(&mut self, width: usize) -> Option<LiteralRow> {
        self.takes(b'(')?;
        let mut row = Vec::with_capacity(width);
        loop {
            row.push(self.literal()?);
            self.blanks();
            self.at += 1;
            match self.bytes.get(self.at - 1)? {
                b',' => {}
                b')' => return Some(row),
                _ => return None,
            }
        }
    }

    fn literal(&mut self) -> Option<Option<Value>> {
        self.blanks();
        match self.byte()? {
            b'\'' => self.quoted().map(Some),
            b'0'..=b'9' => self.number(false).map(Some),
            b'-' => {
                self.at += 1;
                self.number(true).map(Some)
            }
            _ => {
                let word = self.word()?;
                let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
                match word.len() {
                    4 if is("NULL") => Some(Some(Value::Null)),
                    4 if is("TRUE") => Some(Some(Value::Bool(true))),
                    5 if is("FALSE") => Some(Some(Value::Bool(false))),
                    7 if is("DEFAULT") => Some(None),
                    _ => None,
                }
            }
        }
    }

    fn quoted(&mut self) -> Option<Value> {
        let from = self.at + 1;
        let mut at = from;
        let mut doubled = false;
        loop {
            at += self.bytes.get(at..)?.iter().position(|b| matches!(b, b'\'' | 0))?;
            match (self.bytes.get(at)?, self.bytes.get(at + 1)) {
                (0, _) => return None,
                (_, Some(b'\'')) => {
                    doubled = true;
                    at += 2;
                }
                _ => break,
            }
        }
        self.at = at + 1;
        let text = self.sql.get(from..at)?;
        Some(match doubled {
            true => Value::from(text.replace("''", "'")),
            false => Value::from(text),
        })
    }

    /// Digits, with a point among them or without.
    fn number(&mut self, negative: bool) -> Option<Value> {
        let from = self.at;
        let mut point = None;
        let mut whole: i64 = 0;
        while let Some(byte) = self.byte() {
            match byte {
                b'0'..=b'9' => whole = whole.wrapping_mul(10).wrapping_add(i64::from(byte - b'0')),
                b'.' if point.is_none() => point = Some(self.at),
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b')' => break,
                _ => return None,
            }
            self.at += 1;
        }
        let digits = self.at - from - usize::from(point.is_some());
        if digits == 0 || digits > DIGITS_MAX {
            return None;
        }
        let signed = if negative { -whole } else { whole };
        Some(match point {
            None => Value::Int(signed),
            // A zero with a sign is the parser's.
            Some(_) if whole == 0 => return None,
            Some(point) if point > from && point + 1 < self.at => {
                let scale = u32::try_from(self.at - point - 1).ok()?;
                Value::Decimal(Decimal::try_from_i128_with_scale(i128::from(signed), scale).ok()?)
            }
            Some(_) => return None,
        })
    }

    /// Whether nothing follows but what may stand behind the rows of an INSERT.
    fn is_tail(&mut self) -> bool {
        self.blanks();
        let rest = self.sql.get(self.at..).unwrap_or_default();
        let starts = |keyword: &str| {
            rest.get(..keyword.len()).is_some_and(|start| start.eq_ignore_ascii_case(keyword))
        };
        starts("ON ") || starts("RETURNING ") || rest.trim_end().trim_end_matches(';').is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_literals_are_taken_out() {
        let found = apart(
            "insert or ignore into main.\"T\" (a, `b c`)\nVALUES (1,'it''s'), ( -2.50 ,NULL ),\
             (true, DEFAULT) ON CONFLICT DO NOTHING;",
        )
        .unwrap();
        assert_eq!(
            found.sql,
            "insert or ignore into main.\"T\" (a, `b c`)\nVALUES (NULL, NULL) ON CONFLICT DO NOTHING;"
        );
        assert_eq!(
            found.rows,
            [
                vec![Some(Value::Int(1)), Some(Value::from("it's"))],
                vec![Some(Value::Decimal(Decimal::new(-250, 2))), Some(Value::Null)],
                vec![Some(Value::Bool(true)), None],
            ]
        );
    }

    #[test]
    fn other_texts_are_left_alone() {
        for sql in [
            "",
            "INSERT",
            "INSERT INTO t VALUES",
            "INSERT INTO t VALUES (",
            "INSERT INTO t VALUES ()",
            "INSERT INTO t VALUES (1",
            "INSERT INTO t VALUES (1,)",
            "INSERT INTO t VALUES (1),",
            "INSERT INTO t VALUES (1) UNION SELECT 2",
            "INSERT INTO t VALUES (1) LIMIT 0",
            "INSERT INTO t VALUES (1); DELETE FROM t",
            "INSERT INTO t VALUES (1) -- all",
            "INSERT INTO t VALUES ($1)",
            "INSERT INTO t VALUES (?)",
            "INSERT INTO t VALUES (1 + 1)",
            "INSERT INTO t VALUES (1e3)",
            "INSERT INTO t VALUES (0x1F)",
            "INSERT INTO t VALUES (.5)",
            "INSERT INTO t VALUES (5.)",
            "INSERT INTO t VALUES (-0.0)",
            "INSERT INTO t VALUES (- 5)",
            "INSERT INTO t VALUES (--5\n5)",
            "INSERT INTO t VALUES (1234567890123456789)",
            "INSERT INTO t VALUES (x'00')",
            "INSERT INTO t VALUES (e'\\n')",
            "INSERT INTO t VALUES ('a' 'b')",
            "INSERT INTO t VALUES ('a'::int)",
            "INSERT INTO t VALUES ('a\0')",
            "INSERT INTO t VALUES ('open)",
            "INSERT INTO t VALUES (now())",
            "INSERT INTO t VALUES (name)",
            "INSERT INTO t SELECT 1",
            "INSERT INTO t DEFAULT VALUES",
            "WITH x AS (SELECT 1) INSERT INTO t VALUES (1)",
            "SELECT * FROM t",
        ] {
            assert_eq!(apart(sql), None, "{sql}");
        }
    }
}
