//! A query as text that knows which parts it can do without.

use std::fmt;

/// A piece of SQL.
#[derive(Debug, Clone)]
pub enum Text {
    /// Words.
    Plain(String),
    /// Pieces, one behind the other.
    All(Vec<Text>),
    /// A piece that may be left out.
    Maybe(Box<Text>),
    /// A piece for which any of the others may stand.
    Or(Box<Text>, Vec<Text>),
}

impl Text {
    /// Words.
    pub fn plain(text: impl Into<String>) -> Self {
        Text::Plain(text.into())
    }

    /// A piece that may be left out.
    pub fn maybe(text: Text) -> Self {
        Text::Maybe(Box::new(text))
    }

    /// A piece, and what may stand for it.
    pub fn or(text: Text, others: Vec<Text>) -> Self {
        Text::Or(Box::new(text), others)
    }

    /// Pieces with words between them.
    pub fn joined(pieces: Vec<Text>, between: &str) -> Self {
        let mut all = Vec::new();
        for (n, piece) in pieces.into_iter().enumerate() {
            if n > 0 {
                all.push(Text::plain(between));
            }
            all.push(piece);
        }
        Text::All(all)
    }

    /// All texts that are one step smaller, the largest steps first.
    pub fn smaller(&self) -> Vec<Text> {
        match self {
            Text::Plain(_) => Vec::new(),
            Text::All(pieces) => {
                let mut found = Vec::new();
                for (n, piece) in pieces.iter().enumerate() {
                    for smaller in piece.smaller() {
                        let mut pieces = pieces.clone();
                        pieces[n] = smaller;
                        found.push(Text::All(pieces));
                    }
                }
                found
            }
            Text::Maybe(inner) => {
                let mut found = vec![Text::All(Vec::new())];
                found.extend(inner.smaller().into_iter().map(Text::maybe));
                found
            }
            Text::Or(inner, others) => {
                let mut found = others.clone();
                found.extend(
                    inner.smaller().into_iter().map(|inner| Text::or(inner, others.clone())),
                );
                found
            }
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text::Plain(text) => f.write_str(text),
            Text::All(pieces) => pieces.iter().try_for_each(|piece| piece.fmt(f)),
            Text::Maybe(inner) | Text::Or(inner, _) => inner.fmt(f),
        }
    }
}

/// `sql!["a", b, "c"]`: pieces of which each is a `Text` or words.
macro_rules! sql {
    ($($piece:expr),* $(,)?) => { $crate::text::Text::All(vec![$($crate::text::Text::from($piece)),*]) };
}
pub(crate) use sql;

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text::plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text::Plain(text)
    }
}
