//! What the rows should be.

use super::schema::{TABLES, Table, table};
use crate::instant;
use serde_json::Value;
use std::collections::BTreeMap;

/// The values of a row's primary key.
pub type Key = Vec<i64>;

/// Every row that a branch should hold, by table and key, its values in the order of the columns
/// and in the form that `canonical` gives them.
#[derive(Debug, Clone, PartialEq)]
pub struct Model(BTreeMap<&'static str, BTreeMap<Key, Vec<Value>>>);

impl Model {
    /// The rows of the JSON file.
    pub fn from_json() -> Self {
        let mut model = Model(BTreeMap::new());
        for (table, rows) in json_rows() {
            let canonical = |row: &Value| {
                let cell =
                    |(i, (name, _)): (usize, &(&str, &str))| canonical(table, i, &row[*name]);
                let row: Vec<Value> = table.columns.iter().enumerate().map(cell).collect();
                (key_of(table, &row), row)
            };
            let by_key: BTreeMap<Key, Vec<Value>> = rows.iter().map(canonical).collect();
            assert_eq!(by_key.len(), rows.len(), "{} has a key twice", table.name);
            model.0.insert(table.name, by_key);
        }
        model
    }

    /// The rows of a table in the order of their keys.
    pub fn rows(&self, table: &str) -> impl ExactSizeIterator<Item = &Vec<Value>> {
        self.table(table).values()
    }

    /// How many rows there are in all tables.
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A cell.
    pub fn get(&self, name: &str, key: &[i64], column: &str) -> &Value {
        let row = self.table(name).get(key).unwrap_or_else(|| panic!("{name} has no row {key:?}"));
        &row[table(name).position(column)]
    }

    /// Changes a cell.
    pub fn set(&mut self, name: &str, key: &[i64], column: &str, value: impl Into<Value>) {
        let row = self.0.get_mut(name).and_then(|rows| rows.get_mut(key));
        let row = row.unwrap_or_else(|| panic!("{name} has no row {key:?}"));
        row[table(name).position(column)] = value.into();
    }

    /// Changes a cell of every row that has a value in another cell; how many those were.
    pub fn set_where(
        &mut self,
        name: &str,
        (by, value): (&str, &Value),
        column: &str,
        new: &Value,
    ) -> usize {
        let (by, column) = (table(name).position(by), table(name).position(column));
        let rows = self.0.get_mut(name).into_iter().flat_map(BTreeMap::values_mut);
        let hit = rows.filter(|row| row[by] == *value);
        hit.map(|row| row[column] = new.clone()).count()
    }

    /// Adds a row with a new key.
    pub fn insert(&mut self, name: &str, row: Vec<Value>) {
        let key = key_of(table(name), &row);
        let before = self.0.entry(table(name).name).or_default().insert(key, row);
        assert_eq!(before, None);
    }

    /// Removes a row.
    pub fn remove(&mut self, name: &str, key: &[i64]) {
        let removed = self.0.get_mut(name).and_then(|rows| rows.remove(key));
        assert!(removed.is_some(), "{name} has no row {key:?}");
    }

    /// Removes all rows of a table.
    pub fn clear(&mut self, name: &str) {
        self.0.insert(table(name).name, BTreeMap::new());
    }

    /// How many rows differ from those of another model.
    pub fn distance(&self, other: &Model) -> usize {
        let in_table = |name: &str| {
            let (ours, theirs) = (self.table(name), other.table(name));
            let changed = ours.iter().filter(|(key, row)| theirs.get(*key) != Some(row)).count();
            changed + theirs.keys().filter(|key| !ours.contains_key(*key)).count()
        };
        TABLES.iter().map(|table| in_table(table.name)).sum()
    }

    fn table(&self, name: &str) -> &BTreeMap<Key, Vec<Value>> {
        self.0.get(name).unwrap_or_else(|| panic!("the model has no table {name}"))
    }
}

/// The JSON file's rows as they stand there: objects by column name.
pub(super) fn json_rows() -> Vec<(&'static Table, Vec<Value>)> {
    let text = std::fs::read_to_string(super::json_path()).unwrap();
    // As published, some versions of the file begin with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut file: Value = serde_json::from_str(text).unwrap();
    let mut rows_of = |table: &'static Table| match file[table.name].take() {
        Value::Array(rows) => (table, rows),
        other => panic!("{} is no list but {other}", table.name),
    };
    TABLES.iter().map(&mut rows_of).collect()
}

/// The form in which values are compared: a DECIMAL is a string with as many digits after the point
/// as its type says, a TIMESTAMP is spelt in one way, all else is as it is.
pub(super) fn canonical(table: &Table, column: usize, value: &Value) -> Value {
    let definition = table.columns[column].1;
    match value {
        // Only the file holds decimals as numbers; the API must not, and then the rows differ.
        Value::Number(n) if definition.starts_with("NUMERIC") => {
            Value::from(format!("{:.2}", n.as_f64().unwrap()))
        }
        Value::String(s) if definition.starts_with("TIMESTAMP") => Value::from(instant::plain(s)),
        other => other.clone(),
    }
}

/// The same for a value from the API, where a decimal is a string already or is wrong.
pub(super) fn received(table: &Table, column: usize, value: &Value) -> Value {
    match value {
        Value::Number(_) => value.clone(),
        other => canonical(table, column, other),
    }
}

pub(super) fn key_of(table: &Table, row: &[Value]) -> Key {
    let number = |value: &Value| {
        value.as_i64().unwrap_or_else(|| panic!("{}: key {value} is no whole number", table.name))
    };
    row[..table.key].iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::Model;
    use serde_json::json;

    #[test]
    fn the_file_and_changes_of_it() {
        let file = Model::from_json();
        assert_eq!(file.len(), 15_607);
        assert_eq!(file.get("Track", &[1], "UnitPrice"), "0.99");
        assert_eq!(file.get("Invoice", &[1], "InvoiceDate"), "2021-01-01T00:00:00");
        let mut changed = file.clone();
        changed.set("Track", &[1], "UnitPrice", "1.49");
        changed.remove("PlaylistTrack", &[1, 3402]);
        changed.insert("Genre", vec![json!(26), json!("Synthwave")]);
        let jazz = changed.set_where("Track", ("GenreId", &json!(2)), "UnitPrice", &json!("0.50"));
        assert_eq!(jazz, 130);
        assert_eq!(changed.distance(&file), 133);
        assert_eq!(file.distance(&changed), 133);
        assert_eq!(file.distance(&file), 0);
    }
}
