//! Files, and their text as the crate's parser takes it.

use sqllogictest::{DefaultColumnType, Record};
use std::path::{Path, PathBuf};

/// A record of a file.
pub type AnyRecord = Record<DefaultColumnType>;

/// All files of records at and below a path, in the order of their names. A path that is a file is
/// one, whatever its name.
///
/// # Errors
/// What cannot be read.
pub fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        // Says now that it is not there.
        path.metadata()?;
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            match path.extension().and_then(|e| e.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("slt" | "test" | "slt_good") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The records of a file's text.
///
/// # Errors
/// The parser's, with the line.
pub fn parse(name: &str, text: &str) -> Result<Vec<AnyRecord>, String> {
    sqllogictest::parser::parse_with_name(&plain(text), name).map_err(|e| e.to_string())
}

/// SQLite's spelling of the format as the crate reads it, line by line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A directive stands at the start of a record, never in its SQL or results.
    let mut at_start = true;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = match line.trim_end() {
            "" => "",
            "----" => "----",
            _ if at_start => directive(line),
            _ => line,
        };
        let word = line.split_whitespace().next().unwrap_or_default();
        at_start = line.is_empty()
            || (at_start
                && (line.starts_with('#')
                    || ["skipif", "onlyif", "hash-threshold", "halt", "control", "connection"]
                        .contains(&word)));
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn directive(line: &str) -> &str {
    let word = line.split_whitespace().next().unwrap_or_default();
    let line = match word {
        // A pattern of an error may hold a `#`.
        "statement" if line.contains("error") => line,
        "skipif" | "onlyif" | "hash-threshold" | "halt" | "query" | "statement" => {
            line.split_once('#').map_or(line, |(before, _)| before)
        }
        _ => line,
    };
    line.trim()
}

#[cfg(test)]
mod tests {
    use super::{AnyRecord, parse};

    #[test]
    fn sqlites_spelling() {
        let text = "hash-threshold 8 # low\r\n\r\nonlyif mysql # DIV is theirs\r\nquery I rowsort \
                    label-1 \r\nSELECT 1 # 2\r\n---- \r\n1\r\n   \r\nskipif sqlite\r\nstatement \
                    error\r\nSELECT\r\n\r\nhalt # here\r\n";
        let records = parse("a", text).unwrap();
        let kept: Vec<&AnyRecord> =
            records.iter().filter(|r| !matches!(r, AnyRecord::Newline)).collect();
        assert!(matches!(kept[0], AnyRecord::HashThreshold { threshold: 8, .. }));
        let AnyRecord::Query { conditions, sql, .. } = kept[2] else { panic!("{kept:?}") };
        assert_eq!((conditions.len(), sql.as_str()), (1, "SELECT 1 # 2"));
        assert!(matches!(kept[4], AnyRecord::Statement { .. }));
        assert!(matches!(kept[5], AnyRecord::Halt { .. }));
    }

    #[test]
    fn what_is_no_record_is_an_error_with_its_line() {
        let error = parse("a", "statement ok\nSELECT 1\n\nnonsense here\n").unwrap_err();
        assert!(error.contains('4'), "{error}");
    }
}
