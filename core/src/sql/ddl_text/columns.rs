//! The tokens of a CREATE TABLE, rewritten where the parser lacks something.

use crate::error::{Error, Result};
use gluesql_core::sqlparser::keywords::{ALL_KEYWORDS, ALL_KEYWORDS_INDEX, Keyword};
use gluesql_core::sqlparser::tokenizer::{Token, TokenWithLocation, Whitespace, Word};

/// Behind the name of a key's column: the largest comes first. No SQL text may hold a NUL.
const DESCENDING: &str = "\0desc";

/// A column that a key names, and whether the largest comes first.
pub(in crate::sql) fn key_column(name: &str) -> (&str, bool) {
    match name.strip_suffix(DESCENDING) {
        Some(name) => (name, true),
        None => (name, false),
    }
}

/// Rewrites a CREATE TABLE; other statements stay as they are.
///
/// # Errors
/// `Unsupported` for what the parser would report as a mistake.
pub(in crate::sql) fn adapt(tokens: &mut Vec<TokenWithLocation>) -> Result<()> {
    let mut text = Text::of(tokens);
    if text.is(0, "DROP") && text.is(1, "INDEX") && text.is(2, "CONCURRENTLY") {
        text.blank(2);
    }
    refuse(&text)?;
    if !text.is(0, "CREATE") {
        return Ok(());
    }
    let mut at = 1;
    while ["GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED"].iter().any(|w| text.is(at, w)) {
        // What survives a crash is no different.
        if text.is(at, "UNLOGGED") {
            text.blank(at);
        }
        at += 1;
    }
    if !text.is(at, "TABLE") {
        return Ok(());
    }
    at += 1;
    if text.is(at, "IF") {
        at += 3;
    }
    at += 1;
    while text.token(at) == Some(&Token::Period) {
        at += 2;
    }
    if text.token(at) == Some(&Token::LParen) {
        let end = text.closing(at);
        let mut from = at + 1;
        while from < end {
            let to = text.item_end(from, end);
            item(&mut text, from, to)?;
            from = to + 1;
        }
        at = end + 1;
    }
    options(&mut text, at)?;
    text.finish();
    Ok(())
}

/// Statements that the parser reads in part or not at all.
fn refuse(text: &Text<'_>) -> Result<()> {
    let refused = match (text.word(0).as_deref(), text.word(1).as_deref()) {
        (Some("CREATE"), Some(what @ ("TRIGGER" | "TYPE" | "DOMAIN" | "RULE" | "AGGREGATE"))) => {
            format!("CREATE {what}")
        }
        (Some(word @ ("VACUUM" | "REINDEX" | "ANALYZE" | "CLUSTER")), _) => word.to_owned(),
        _ => return Ok(()),
    };
    Err(Error::Unsupported(refused))
}

/// What stands behind the columns.
fn options(text: &mut Text<'_>, from: usize) -> Result<()> {
    let mut at = from;
    // Keys order the rows and types are kept, in every table.
    loop {
        match () {
            () if text.is(at, "WITHOUT") && text.is(at + 1, "ROWID") => {
                text.blank(at);
                text.blank(at + 1);
                at += 2;
            }
            () if text.is(at, "STRICT") => {
                text.blank(at);
                at += 1;
            }
            () if at > from && text.token(at) == Some(&Token::Comma) => {
                text.blank(at);
                at += 1;
            }
            () => break,
        }
    }
    for word in ["INHERITS", "TABLESPACE"] {
        if text.is(at, word) {
            return Err(Error::Unsupported(word.into()));
        }
    }
    let last = text.solid.len();
    let with = |back: usize| last.checked_sub(back).filter(|at| text.is(*at, "WITH"));
    if text.is(last.saturating_sub(1), "DATA") {
        if with(3).is_some() && text.is(last - 2, "NO") {
            return Err(Error::Unsupported("CREATE TABLE … WITH NO DATA".into()));
        }
        if with(2).is_some() {
            text.blank(last - 2);
            text.blank(last - 1);
        }
    }
    Ok(())
}

/// One column or constraint.
fn item(text: &mut Text<'_>, from: usize, to: usize) -> Result<()> {
    let word = text.word(from).unwrap_or_default();
    match word.as_str() {
        "LIKE" => return Err(Error::Unsupported("CREATE TABLE (LIKE …)".into())),
        "EXCLUDE" => return Err(Error::Unsupported("EXCLUDE constraints".into())),
        "CONSTRAINT" | "PRIMARY" | "UNIQUE" | "CHECK" | "FOREIGN" => {
            return constraints(text, from, to);
        }
        // MySQL's inline indexes begin like a column of this name.
        "KEY" | "INDEX" | "FULLTEXT" | "SPATIAL" => {
            let open = (1..3).find(|n| text.token(from + n) == Some(&Token::LParen));
            let index = open.is_some_and(|n| {
                n == 1 || !matches!(text.token(from + n + 1), Some(Token::Number(..)))
            });
            if index {
                return Err(Error::Unsupported(
                    "an index inside CREATE TABLE: use CREATE INDEX".into(),
                ));
            }
            text.quote(from);
        }
        _ => {}
    }
    type_name(text, from + 1, to)?;
    constraints(text, from + 1, to)
}

/// Words that begin what follows a column's type.
const BEHIND_TYPE: &[&str] = &[
    "CONSTRAINT",
    "PRIMARY",
    "NOT",
    "NULL",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "REFERENCES",
    "COLLATE",
    "GENERATED",
    "AS",
    "AUTOINCREMENT",
    "AUTO_INCREMENT",
    "IDENTITY",
    "COMMENT",
    "ASC",
    "DESC",
];

/// Whether a column's name is followed by no type.
pub(super) fn lacks_type(next: Option<&str>) -> bool {
    next.is_none_or(|word| BEHIND_TYPE.contains(&word))
}

fn type_name(text: &mut Text<'_>, at: usize, to: usize) -> Result<()> {
    let next = (at < to).then(|| text.word(at).unwrap_or_else(|| "?".into()));
    if lacks_type(next.as_deref()) {
        text.insert(at, "ANY");
        return Ok(());
    }
    let mut name = at;
    match (next.as_deref().unwrap_or_default(), text.word(at + 1).as_deref()) {
        ("UNSIGNED", Some("BIG")) if text.is(at + 2, "INT") => {
            text.replace(at, "BIGINT");
            text.replace(at + 1, "UNSIGNED");
            text.blank(at + 2);
            return Ok(());
        }
        ("NATIVE" | "NATIONAL", Some(_)) => {
            text.blank(at);
            name += 1;
        }
        ("VARYING", Some("CHARACTER")) => {
            text.blank(at);
            text.replace(at + 1, "VARCHAR");
            name += 1;
        }
        _ => {}
    }
    // The digits of floats, the length of TEXT and one of MAX say nothing.
    let open = (name + 1..to).find(|i| text.token(*i) == Some(&Token::LParen));
    if let Some(open) = open {
        let float = ["DOUBLE", "REAL", "FLOAT"].iter().any(|word| text.is(name, word));
        let two = float && text.token(open + 2) == Some(&Token::Comma);
        let text_length = text.is(name, "TEXT");
        if open == name + 1 && (two || text_length || text.is(open + 1, "MAX")) {
            (open..=text.closing(open)).for_each(|i| text.blank(i));
        }
    }
    let behind = (name..to).find(|i| text.word(*i).is_some_and(|w| lacks_type(Some(&w))));
    if (name + 1..behind.unwrap_or(to)).any(|i| text.is(i, "ARRAY")) {
        return Err(arrays());
    }
    Ok(())
}

/// What is said of arrays, however they are written.
pub(in crate::sql) fn arrays() -> Error {
    Error::Unsupported("columns of arrays: use JSON".into())
}

/// The constraints of a column or of the table, between two places.
fn constraints(text: &mut Text<'_>, from: usize, to: usize) -> Result<()> {
    let mut at = from;
    while at < to {
        match text.word(at).unwrap_or_default().as_str() {
            "KEY" | "UNIQUE" if text.token(at + 1) == Some(&Token::LParen) => {
                directions(text, at + 2, text.closing(at + 1));
                let end = text.closing(at + 1);
                if text.is(end + 1, "ON") && text.is(end + 2, "CONFLICT") {
                    return Err(Error::Unsupported("ON CONFLICT of a constraint".into()));
                }
            }
            "NULLS" if text.is(at + 1, "NOT") && text.is(at + 2, "DISTINCT") => {
                return Err(Error::Unsupported("NULLS NOT DISTINCT".into()));
            }
            "NULLS" if text.is(at + 1, "DISTINCT") => {
                text.blank(at);
                text.blank(at + 1);
            }
            "MATCH" if text.is(at + 1, "SIMPLE") => {
                text.blank(at);
                text.blank(at + 1);
            }
            "MATCH" if text.is(at + 1, "FULL") || text.is(at + 1, "PARTIAL") => {
                let kind = text.word(at + 1).unwrap_or_default();
                return Err(Error::Unsupported(format!("MATCH {kind}")));
            }
            "IDENTITY" if text.is(at.saturating_sub(1), "AS") => identity(text, at + 1, to)?,
            _ => {}
        }
        at = match text.token(at) {
            Some(Token::LParen) => text.closing(at) + 1,
            _ => at + 1,
        };
    }
    Ok(())
}

/// `ASC` and `DESC` behind the columns of a key.
fn directions(text: &mut Text<'_>, from: usize, end: usize) {
    for at in from + 1..end {
        let descending = text.is(at, "DESC");
        let last = matches!(text.token(at + 1), Some(Token::Comma | Token::RParen));
        if last && (descending || text.is(at, "ASC")) {
            text.blank(at);
            if descending {
                text.mark(at - 1, DESCENDING);
            }
        }
    }
}

/// The options of an identity column: where it starts is kept, that it steps by one is how it is.
fn identity(text: &mut Text<'_>, open: usize, to: usize) -> Result<()> {
    if text.token(open) != Some(&Token::LParen) {
        return Ok(());
    }
    let end = text.closing(open).min(to);
    let mut start = None;
    let mut at = open + 1;
    while at < end {
        let word = text.word(at).unwrap_or_default();
        let filler = usize::from(["WITH", "BY"].iter().any(|w| text.is(at + 1, w)));
        let number = match text.token(at + 1 + filler) {
            Some(Token::Number(number, _)) => Some(number.clone()),
            _ => None,
        };
        match (word.as_str(), &number) {
            ("START", Some(_)) => start = number.clone(),
            ("INCREMENT", Some(number)) if number == "1" => {}
            ("MINVALUE" | "CACHE", Some(_)) => {}
            ("NO", _) => {
                at += 2;
                continue;
            }
            _ => return Err(Error::Unsupported(format!("the identity option {word}"))),
        }
        at += 2 + filler;
    }
    (open..=end).for_each(|at| text.blank(at));
    if let Some(start) = start {
        let words = ["START", "WITH"].map(keyword);
        let mut tokens = vec![Token::LParen];
        tokens.extend(words);
        tokens.extend([Token::Number(start, false), Token::RParen]);
        text.added.push((open, tokens));
    }
    Ok(())
}

/// An unquoted word.
fn keyword(word: &str) -> Token {
    let known = ALL_KEYWORDS.binary_search(&word).ok().and_then(|at| ALL_KEYWORDS_INDEX.get(at));
    Token::Word(Word {
        value: word.to_owned(),
        quote_style: None,
        keyword: known.copied().unwrap_or(Keyword::NoKeyword),
    })
}

/// Tokens without what stands between them.
struct Text<'t> {
    tokens: &'t mut Vec<TokenWithLocation>,
    solid: Vec<usize>,
    /// Put before a solid token, in order.
    added: Vec<(usize, Vec<Token>)>,
}

impl<'t> Text<'t> {
    fn of(tokens: &'t mut Vec<TokenWithLocation>) -> Self {
        let solid = |(at, t): (usize, &TokenWithLocation)| {
            (!matches!(t.token, Token::Whitespace(_) | Token::SemiColon)).then_some(at)
        };
        let solid = tokens.iter().enumerate().filter_map(solid).collect();
        Text { tokens, solid, added: Vec::new() }
    }

    fn token(&self, at: usize) -> Option<&Token> {
        self.solid.get(at).and_then(|i| self.tokens.get(*i)).map(|t| &t.token)
    }

    /// An unquoted word in upper case.
    fn word(&self, at: usize) -> Option<String> {
        match self.token(at) {
            Some(Token::Word(word)) if word.quote_style.is_none() => {
                Some(word.value.to_ascii_uppercase())
            }
            _ => None,
        }
    }

    fn is(&self, at: usize, word: &str) -> bool {
        matches!(self.token(at), Some(Token::Word(w))
            if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
    }

    /// The bracket that closes the one here, or the end.
    fn closing(&self, open: usize) -> usize {
        let mut depth = 0usize;
        for at in open..self.solid.len() {
            match self.token(at) {
                Some(Token::LParen) => depth += 1,
                Some(Token::RParen) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        self.solid.len()
    }

    /// The comma that ends what begins here, or `end`.
    fn item_end(&self, from: usize, end: usize) -> usize {
        let mut at = from;
        while at < end {
            match self.token(at) {
                Some(Token::LParen) => at = self.closing(at),
                Some(Token::Comma) => return at,
                _ => {}
            }
            at += 1;
        }
        end
    }

    fn set(&mut self, at: usize, token: Token) {
        if let Some(place) = self.solid.get(at).and_then(|i| self.tokens.get_mut(*i)) {
            place.token = token;
        }
    }

    fn blank(&mut self, at: usize) {
        self.set(at, Token::Whitespace(Whitespace::Space));
    }

    fn replace(&mut self, at: usize, word: &str) {
        self.set(at, keyword(word));
    }

    fn insert(&mut self, at: usize, word: &str) {
        self.added.push((at, vec![keyword(word)]));
    }

    /// Makes a word a name, whatever it says.
    fn quote(&mut self, at: usize) {
        if let Some(Token::Word(word)) = self.token(at).cloned() {
            let (quote_style, keyword) = (Some('"'), Keyword::NoKeyword);
            self.set(at, Token::Word(Word { quote_style, keyword, ..word }));
        }
    }

    /// Adds to a name.
    fn mark(&mut self, at: usize, mark: &str) {
        self.quote(at);
        if let Some(Token::Word(mut word)) = self.token(at).cloned() {
            word.value += mark;
            self.set(at, Token::Word(word));
        }
    }

    /// Puts in what was added.
    fn finish(mut self) {
        self.added.sort_by_key(|(at, _)| *at);
        for (at, new) in self.added.into_iter().rev() {
            let Some(place) = self.solid.get(at).copied() else { continue };
            let Some(location) = self.tokens.get(place).map(|t| t.location) else { continue };
            let new = new.into_iter().map(|token| TokenWithLocation { token, location });
            self.tokens.splice(place..place, new);
        }
    }
}
