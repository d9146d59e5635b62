//! Rust source as tokens, as far as the rules of `style` and `purity` need them: comments and
//! literals are told apart from code, and code that exists only in tests is told apart from the
//! product.

use std::collections::BTreeMap;

/// A token of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The identifier, or one character of punctuation; a literal or a lifetime is a `"` or a `'`.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
}

impl Token {
    /// Whether this is an identifier or a keyword.
    pub fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c == '_' || c.is_alphabetic())
    }
}

/// A scanned file.
#[derive(Debug, Default)]
pub struct Source {
    /// The code.
    pub tokens: Vec<Token>,
    /// The comments, by each line that they touch.
    pub comments: BTreeMap<usize, String>,
}

/// What of a file is in the product.
#[derive(Debug, Default)]
pub struct Product {
    /// The tokens outside of tests.
    pub tokens: Vec<Token>,
    /// Modules in files of their own that exist only in tests (`#[cfg(test)] mod name;`).
    pub test_modules: Vec<String>,
}

/// Splits a file into code and comments.
pub fn scan(text: &str) -> Source {
    let mut scanner =
        Scanner { rest: text.chars().collect(), at: 0, line: 1, source: Source::default() };
    while scanner.token() {}
    scanner.source
}

struct Scanner {
    rest: Vec<char>,
    at: usize,
    line: usize,
    source: Source,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> char {
        self.rest.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn next(&mut self) -> char {
        let c = self.peek(0);
        self.at += 1;
        if c == '\n' {
            self.line += 1;
        }
        c
    }

    fn ended(&self) -> bool {
        self.at >= self.rest.len()
    }

    fn push(&mut self, text: impl Into<String>, line: usize) {
        self.source.tokens.push(Token { text: text.into(), line });
    }

    /// Reads one token, comment or blank; false at the end.
    fn token(&mut self) -> bool {
        if self.ended() {
            return false;
        }
        let line = self.line;
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            (c, _) if c.is_whitespace() => {
                self.next();
            }
            (c, _) if c.is_ascii_digit() => {
                while self.peek(0) == '_' || self.peek(0).is_alphanumeric() {
                    self.next();
                }
                self.push("\"", line);
            }
            (c, _) if c == '_' || c.is_alphabetic() => self.word(),
            _ => {
                let c = self.next();
                self.push(c, line);
            }
        }
        true
    }

    fn comment(&mut self, text: &str, line: usize) {
        let kept = self.source.comments.entry(line).or_default();
        kept.push(' ');
        kept.push_str(text);
    }

    fn line_comment(&mut self) {
        let line = self.line;
        let mut text = String::new();
        while !self.ended() && self.peek(0) != '\n' {
            text.push(self.next());
        }
        self.comment(&text, line);
    }

    fn block_comment(&mut self) {
        let (mut depth, mut text) = (0_usize, String::new());
        while !self.ended() {
            let line = self.line;
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                ('\n', _) => self.comment(&std::mem::take(&mut text), line),
                (c, _) => text.push(c),
            }
            if matches!((self.peek(0), self.peek(1)), ('/', '*') | ('*', '/')) {
                self.next();
            }
            self.next();
            if depth == 0 {
                self.comment(&text, line);
                return;
            }
        }
    }

    /// A string with escapes, from its opening quote.
    fn string(&mut self) {
        let line = self.line;
        self.next();
        while !self.ended() {
            match self.next() {
                '\\' => {
                    self.next();
                }
                '"' => break,
                _ => {}
            }
        }
        self.push("\"", line);
    }

    /// A character literal or a lifetime.
    fn quote(&mut self) {
        let line = self.line;
        self.next();
        if self.peek(0) == '\\' {
            self.next();
            self.next();
            while !self.ended() && self.next() != '\'' {}
            self.push("\"", line);
        } else if self.peek(1) == '\'' {
            self.at += 2;
            self.push("\"", line);
        } else {
            while self.peek(0) == '_' || self.peek(0).is_alphanumeric() {
                self.next();
            }
            self.push("'", line);
        }
    }

    /// An identifier, or a literal that begins with letters: `b"…"`, `r#"…"#`, `c"…"`, `b'…'`.
    fn word(&mut self) {
        let line = self.line;
        let mut word = String::new();
        while self.peek(0) == '_' || self.peek(0).is_alphanumeric() {
            word.push(self.next());
        }
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        match self.peek(0) {
            '"' if matches!(word.as_str(), "b" | "c") => self.string(),
            '\'' if word == "b" => self.quote(),
            '"' | '#' if raw => self.raw(word, line),
            _ => self.push(word, line),
        }
    }

    fn raw(&mut self, word: String, line: usize) {
        let mut hashes = 0;
        while self.peek(hashes) == '#' {
            hashes += 1;
        }
        if self.peek(hashes) != '"' {
            // A raw identifier, `r#type`: the name follows as a word of its own.
            if hashes == 1 && word == "r" {
                self.next();
            } else {
                self.push(word, line);
            }
            return;
        }
        self.at += hashes + 1;
        while !self.ended() {
            if self.next() == '"' && (0..hashes).all(|i| self.peek(i) == '#') {
                self.at += hashes;
                break;
            }
        }
        self.push("\"", line);
    }
}

/// The part of a file that is not under `#[cfg(test)]` or `#[test]`.
pub fn product(source: &Source) -> Product {
    let tokens = &source.tokens;
    let mut product = Product::default();
    let mut at = 0;
    while at < tokens.len() {
        let Some((inner, end)) = attribute(tokens, at) else {
            product.tokens.push(tokens[at].clone());
            at += 1;
            continue;
        };
        if !is_test(&tokens[at..end]) {
            product.tokens.extend_from_slice(&tokens[at..end]);
            at = end;
        } else if inner {
            // `#![cfg(test)]`: the rest of the file, or of the module that it opens.
            at = item_end(tokens, end);
            while at < tokens.len() && tokens[at].text != "}" {
                at = item_end(tokens, at).max(at + 1);
            }
        } else {
            let mut start = end;
            while let Some((_, next)) = attribute(tokens, start) {
                start = next;
            }
            at = item_end(tokens, start).max(start);
            let item: Vec<&str> = tokens[start..at].iter().map(|t| t.text.as_str()).collect();
            let module = item.iter().position(|word| *word == "mod");
            if let (Some(module), Some(&";")) = (module, item.last()) {
                product.test_modules.extend(item.get(module + 1).map(ToString::to_string));
            }
        }
    }
    product
}

/// The end of the attribute that begins at `at`, and whether it is an inner one (`#![…]`).
fn attribute(tokens: &[Token], at: usize) -> Option<(bool, usize)> {
    let text = |i: usize| tokens.get(i).map_or("", |t| t.text.as_str());
    if text(at) != "#" {
        return None;
    }
    let inner = text(at + 1) == "!";
    let open = at + 1 + usize::from(inner);
    if text(open) != "[" {
        return None;
    }
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "[" => depth += 1,
            "]" if depth == 1 => return Some((inner, i + 1)),
            "]" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether an attribute leaves an item out of the product: `#[test]`, `#[cfg(test)]`,
/// `#[cfg(all(test, …))]`; not `#[cfg(not(test))]`, `#[cfg(any(test, …))]` or `#[cfg_attr(test, …)]`.
fn is_test(attribute: &[Token]) -> bool {
    let words: Vec<&str> =
        attribute.iter().filter(|t| t.is_word()).map(|t| t.text.as_str()).collect();
    match words.as_slice() {
        ["test"] => true,
        ["cfg", rest @ ..] => {
            rest.contains(&"test") && !rest.contains(&"not") && !rest.contains(&"any")
        }
        _ => false,
    }
}

/// Where the item, statement or field that begins at `start` ends.
fn item_end(tokens: &[Token], start: usize) -> usize {
    const ITEMS: &[&str] = &[
        "fn",
        "mod",
        "use",
        "impl",
        "struct",
        "enum",
        "const",
        "static",
        "type",
        "trait",
        "pub",
        "unsafe",
        "async",
        "macro_rules",
        "extern",
        "union",
        "let",
    ];
    let is_item = tokens.get(start).is_some_and(|t| ITEMS.contains(&t.text.as_str()));
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => return i,
            "}" if depth == 1 => {
                // `use a::{b};` and `let x = S { … };` go on to their semicolon.
                let closing = tokens.get(i + 1).is_some_and(|t| t.text == ";");
                return i + 1 + usize::from(closing);
            }
            ")" | "]" | "}" => depth -= 1,
            ";" if depth == 0 => return i + 1,
            "," if depth == 0 && !is_item => return i + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::{product, scan};

    fn words(text: &str) -> Vec<String> {
        let tokens = product(&scan(text)).tokens;
        tokens.into_iter().filter(super::Token::is_word).map(|t| t.text).collect()
    }

    #[test]
    fn literals_and_comments_are_not_code() {
        let text = r####"a /* x /* y */ z */ b // c
            "d \" e" f r#"g " h"# i b"j" br##"k"# l"## m 'n' '\'' '\u{6f}' o 'static p b'\'' q r#type c"r" 1_u8 s"####;
        assert_eq!(words(text), ["a", "b", "f", "i", "m", "o", "p", "q", "type", "s"]);
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let source = scan("a\n/* one\ntwo */ b\n\"x\ny\" c // three\nr\"\n\" d");
        let lines: Vec<(String, usize)> = source
            .tokens
            .into_iter()
            .filter(|t| t.text != "\"")
            .map(|t| (t.text, t.line))
            .collect();
        let expected = [("a", 1), ("b", 3), ("c", 5), ("d", 7)];
        assert_eq!(lines, expected.map(|(text, line)| (text.to_string(), line)));
        assert!(source.comments[&2].contains("one") && source.comments[&3].contains("two"));
        assert!(source.comments[&5].contains("three"));
    }

    #[test]
    fn what_only_tests_use_is_left_out() {
        assert_eq!(
            words("fn a() {} #[cfg(test)] mod tests { fn b() { c(); } } fn d() {}"),
            ["fn", "a", "fn", "d"]
        );
        assert_eq!(words("#[test] #[ignore] fn a() { b } c"), ["c"]);
        assert_eq!(words("#[cfg(all(test, unix))] use a::{b, c}; d"), ["d"]);
        assert_eq!(words("#[cfg(test)] const A: [u8; 2] = [1; 2]; b"), ["b"]);
        assert_eq!(words("S { #[cfg(test)] a: b(), c: d }"), ["S", "c", "d"]);
        assert_eq!(words("mod a { #![cfg(test)] fn b() {} fn c() {} } d"), ["mod", "a", "d"]);
        assert_eq!(words("#![cfg(test)] fn b() {} fn c() {}"), Vec::<String>::new());
    }

    #[test]
    fn what_the_product_uses_is_kept() {
        assert_eq!(words("#[cfg(not(test))] fn a() {}"), ["cfg", "not", "test", "fn", "a"]);
        assert!(words("#[cfg(any(test, unix))] fn a() {}").contains(&"a".to_string()));
        assert!(words("#[cfg_attr(test, derive(B))] struct A;").contains(&"A".to_string()));
    }

    #[test]
    fn test_modules_in_files_are_named() {
        let scanned =
            product(&scan("#[cfg(test)] mod model; #[cfg(test)] pub(crate) mod seed; mod a;"));
        assert_eq!(scanned.test_modules, ["model", "seed"]);
    }
}
