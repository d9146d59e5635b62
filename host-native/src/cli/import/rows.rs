//! JSON and CSV files: rows of one table or of several.

use super::target::Target;
use super::{Failure, Rows};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Rows of one INSERT.
const BATCH: usize = 1000;

/// Inserts the rows of tables, which are made where they are not there. How many rows those were.
pub(super) fn load(tables: Vec<(String, Rows)>, target: &mut dyn Target) -> Result<usize, Failure> {
    let total: usize = tables.iter().map(|(_, rows)| rows.len()).sum();
    let bar = ProgressBar::new(total as u64);
    let style = "{bar:30} {pos}/{len} rows  {per_sec}  {msg}";
    bar.set_style(ProgressStyle::with_template(style)?);
    // A table may refer to one that comes later: what its first rows are refused for may be there
    // by the next round.
    let mut waiting = tables;
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut refused = Vec::new();
        for (table, rows) in waiting {
            bar.set_message(table.clone());
            target.ensure(&table, &create_table(&table, &rows))?;
            let first: Rows = rows.iter().take(BATCH).cloned().collect();
            let count = first.len() as u64;
            match target.insert(&table, first) {
                Err(error) => refused.push((error, table, rows)),
                Ok(()) => {
                    bar.inc(count);
                    for batch in rows.chunks(BATCH).skip(1) {
                        let inserted = target.insert(&table, batch.to_vec());
                        inserted.map_err(|error| format!("table {table}: {error}"))?;
                        bar.inc(batch.len() as u64);
                    }
                }
            }
        }
        if refused.len() == before {
            let (error, table, _) = &refused[0];
            return Err(format!("table {table}: {error}").into());
        }
        waiting = refused.into_iter().map(|(_, table, rows)| (table, rows)).collect();
    }
    bar.finish_with_message("done");
    Ok(total)
}

/// The tables of a file.
pub(super) fn read(file: &Path) -> Result<Vec<(String, Rows)>, Failure> {
    let name = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = file.extension().map(|s| s.to_string_lossy().to_lowercase());
    match kind.as_deref() {
        Some("json") => {
            let text = std::fs::read_to_string(file)?;
            match serde_json::from_str(text.trim_start_matches('\u{feff}'))? {
                Value::Array(rows) => Ok(vec![(name, objects(rows)?)]),
                Value::Object(tables) => {
                    let table = |(name, rows)| match rows {
                        Value::Array(rows) => Ok((name, objects(rows)?)),
                        _ => Err(format!("'{name}' is not an array of rows").into()),
                    };
                    tables.into_iter().map(table).collect()
                }
                _ => Err("neither an array of rows nor an object of such arrays".into()),
            }
        }
        Some("csv") => {
            let mut reader = csv::Reader::from_path(file)?;
            let header = reader.headers()?.clone();
            let mut rows = Rows::new();
            for record in reader.records() {
                let record = record?;
                let cells = header.iter().zip(record.iter()).map(|(name, text)| {
                    let value = match text {
                        "" => Value::Null,
                        text => Value::String(text.to_owned()),
                    };
                    (name.to_owned(), value)
                });
                rows.push(cells.collect());
            }
            Ok(vec![(name, typed(rows))])
        }
        _ => Err("only .sql, .json and .csv files are read".into()),
    }
}

fn objects(rows: Vec<Value>) -> Result<Rows, Failure> {
    let object = |row| match row {
        Value::Object(row) => Ok(row),
        other => Err(format!("a row is an object, not {other}").into()),
    };
    rows.into_iter().map(object).collect()
}

/// CSV has texts only: a column whose every value is a number becomes one of numbers.
fn typed(mut rows: Rows) -> Rows {
    let names: Vec<String> = rows.first().map_or(Vec::new(), |row| row.keys().cloned().collect());
    for name in names {
        let number = |value: &Value| match value {
            Value::String(text) => {
                let plain = !text.starts_with('0') || text.len() == 1 || text.starts_with("0.");
                let number = text.parse::<i64>().map(Value::from);
                let number = number.or_else(|_| text.parse::<f64>().map(Value::from));
                number.ok().filter(|n| plain && n.is_number())
            }
            other => Some(other.clone()),
        };
        let all: Option<Vec<Value>> =
            rows.iter().map(|row| number(row.get(&name).unwrap_or(&Value::Null))).collect();
        if let Some(values) = all {
            for (row, value) in rows.iter_mut().zip(values) {
                row.insert(name.clone(), value);
            }
        }
    }
    rows
}

/// A table that these rows fit into: types from the values, and the first column as the key where it
/// ends in `id` and has no value twice.
fn create_table(table: &str, rows: &Rows) -> String {
    let mut columns: Vec<(String, &'static str, bool)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        for (name, value) in row {
            let place = *places.entry(name.clone()).or_insert_with(|| {
                columns.push((name.clone(), "", true));
                columns.len() - 1
            });
            let ty = match value {
                Value::Null => {
                    columns[place].2 = false;
                    continue;
                }
                Value::Bool(_) => "BOOLEAN",
                Value::Number(n) if n.is_i64() => "BIGINT",
                Value::Number(_) => "DOUBLE",
                Value::String(_) => "TEXT",
                Value::Array(_) | Value::Object(_) => "JSON",
            };
            let known = &mut columns[place].1;
            *known = match (*known, ty) {
                ("", new) => new,
                (old, new) if old == new => old,
                ("BIGINT" | "DOUBLE", "BIGINT" | "DOUBLE") => "DOUBLE",
                _ => "TEXT",
            };
        }
    }
    let key = columns.first().filter(|(name, _, full)| {
        let values = || rows.iter().filter_map(|row| row.get(name)).map(Value::to_string);
        let distinct: std::collections::HashSet<String> = values().collect();
        *full && name.to_lowercase().ends_with("id") && distinct.len() == rows.len()
    });
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let mut parts: Vec<String> = columns
        .iter()
        .map(|(name, ty, _)| format!("{} {}", quote(name), if ty.is_empty() { "TEXT" } else { ty }))
        .collect();
    if let Some((name, _, _)) = key {
        parts.push(format!("PRIMARY KEY ({})", quote(name)));
    }
    format!("CREATE TABLE {} ({})", quote(table), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_made_from_its_rows() {
        let rows: Rows = serde_json::from_str(
            r#"[{"ArtistId": 1, "Name": "AC/DC", "Price": 1}, {"ArtistId": 2, "Name": null, "Price": 0.5}]"#,
        )
        .unwrap();
        assert_eq!(
            create_table("Artist", &rows),
            "CREATE TABLE \"Artist\" (\"ArtistId\" BIGINT, \"Name\" TEXT, \"Price\" DOUBLE, \
             PRIMARY KEY (\"ArtistId\"))"
        );
    }

    #[test]
    fn csv_columns_of_numbers_become_numbers() {
        let rows: Rows =
            serde_json::from_str(r#"[{"n": "1", "zip": "012"}, {"n": "2.5", "zip": "3"}]"#)
                .unwrap();
        let rows = typed(rows);
        assert_eq!(rows[0]["n"], Value::from(1));
        assert_eq!(rows[0]["zip"], Value::from("012"));
    }
}
