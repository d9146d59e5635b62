//! `N'…'`, the standard's text in the national character set, which is a text like any other.
//!
//! The parser's tokenizer takes a backslash inside it for an escape, as no standard and no other
//! database does: it would drop the backslash, or read past the end of the text.

use std::borrow::Cow;

/// The statement with a blank for the `N` before a quote, so that the rest is read as a plain text
/// and stands where it stood. Only a statement with a backslash needs it.
pub(super) fn plain_texts(sql: &str) -> Cow<'_, str> {
    if !sql.contains('\\') || !(sql.contains("N'") || sql.contains("n'")) {
        return Cow::Borrowed(sql);
    }
    let mut out = sql.as_bytes().to_vec();
    let bytes = sql.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let mut at = 0;
    while let Some(here) = byte(at) {
        let end = match (here, byte(at + 1)) {
            (b'N' | b'n', Some(b'\''))
                if !at.checked_sub(1).and_then(byte).is_some_and(is_word) =>
            {
                if let Some(prefix) = out.get_mut(at) {
                    *prefix = b' ';
                }
                at + 1
            }
            (b'\'', _) => {
                let escapes =
                    at.checked_sub(1).and_then(byte).is_some_and(|c| c == b'e' || c == b'E')
                        && !at.checked_sub(2).and_then(byte).is_some_and(is_word);
                behind_quote(bytes, at, b'\'', escapes)
            }
            (b'"' | b'`', _) => behind_quote(bytes, at, here, false),
            (b'[', Some(next)) if is_word(next) => behind_quote(bytes, at, b']', false),
            (b'-', Some(b'-')) => {
                let line = bytes.iter().skip(at).position(|c| *c == b'\n');
                line.map_or(bytes.len(), |length| at + length)
            }
            (b'/', Some(b'*')) => behind_comment(bytes, at),
            (b'$', _) => behind_dollars(bytes, at),
            _ => at + 1,
        };
        at = end.max(at + 1);
    }
    // Only an ASCII letter became a blank.
    String::from_utf8(out).map_or(Cow::Borrowed(sql), Cow::Owned)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn behind_quote(bytes: &[u8], from: usize, end: u8, escapes: bool) -> usize {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'\\' if escapes => at += 1,
            byte if byte == end => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}

fn behind_comment(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from + 2, 1);
    while depth > 0 && at < bytes.len() {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'*'), Some(b'/')) => (at, depth) = (at + 2, depth - 1),
            (Some(b'/'), Some(b'*')) => (at, depth) = (at + 2, depth + 1),
            _ => at += 1,
        }
    }
    at
}

/// Behind `$tag$…$tag$`, or behind the `$` where it begins no such text.
fn behind_dollars(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from + 1..).unwrap_or_default();
    let tag = rest.iter().position(|c| !is_word(*c));
    let tag = tag
        .filter(|at| rest.get(*at) == Some(&b'$') && !rest.first().is_some_and(u8::is_ascii_digit));
    let Some(tag) = tag.and_then(|length| bytes.get(from..from + length + 2)) else {
        return from + 1;
    };
    let inside = from + tag.len();
    let end = bytes.get(inside..).and_then(|b| b.windows(tag.len()).position(|w| w == tag));
    end.map_or(bytes.len(), |length| inside + length + tag.len())
}

#[cfg(test)]
mod tests {
    use super::plain_texts;

    #[test]
    fn only_the_letter_before_a_text_goes() {
        for (sql, expected) in [
            (r"SELECT N'a\', n'\b', 'N''\'", r"SELECT  'a\',  '\b', 'N''\'"),
            (r"SELECT '\ N''x', xN'\'", r"SELECT '\ N''x', xN'\'"),
            (r#"SELECT "N'\", [N'\], `N'\`, N'\'"#, r#"SELECT "N'\", [N'\], `N'\`,  '\'"#),
            ("-- N'\\\nSELECT N'\\'", "-- N'\\\nSELECT  '\\'"),
            (r"/* N'\ /* N' */ N' */ N'\'", r"/* N'\ /* N' */ N' */  '\'"),
            (r"SELECT $$N'\$$, $t$N'$$\$t$, $1, N'\'", r"SELECT $$N'\$$, $t$N'$$\$t$, $1,  '\'"),
            (r"SELECT E'\'N', N'\'", r"SELECT E'\'N',  '\'"),
            ("SELECT N'no backslash'", "SELECT N'no backslash'"),
            (r"SELECT N'é\", r"SELECT  'é\"),
        ] {
            assert_eq!(plain_texts(sql), expected);
        }
    }
}
