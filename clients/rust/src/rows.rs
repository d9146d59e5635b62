//! Rows that came back.

use crate::error::Error;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::collections::HashSet;

/// A row by the names of its columns.
pub type Row = serde_json::Map<String, Json>;

/// Rows, each in the order of the columns.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Rows {
    /// The names of the columns.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Their SQL types, where they came from SQL.
    #[serde(default)]
    pub column_types: Vec<String>,
    /// The values.
    #[serde(default)]
    pub rows: Vec<Vec<Json>>,
    /// How the server went about it, where it was a query.
    #[serde(default)]
    pub execution_plan: String,
    /// How long it took.
    #[serde(default)]
    pub execution_time_ms: u64,
}

impl Rows {
    /// The rows by the names of their columns; a repeated name is `id`, `id_2`.
    pub fn objects(self) -> impl ExactSizeIterator<Item = Row> {
        let names = unique(&self.columns);
        self.rows.into_iter().map(move |row| names.iter().cloned().zip(row).collect())
    }

    /// The rows as a type of the caller's, whose fields have the names of the columns.
    ///
    /// # Errors
    /// `Answer` where a row is none of that type.
    pub fn typed<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        self.objects().map(typed).collect()
    }

    /// The first value of the first row.
    ///
    /// # Errors
    /// `Answer` where there is none, or of another type.
    pub fn scalar<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let value = self.rows.first().and_then(|row| row.first());
        let value = value.ok_or_else(|| Error::Answer("there is no row".to_owned()))?;
        T::deserialize(value).map_err(|e| Error::Answer(format!("{value}: {e}")))
    }
}

/// A row as a type of the caller's.
pub(crate) fn typed<T: DeserializeOwned>(row: Row) -> Result<T, Error> {
    serde_json::from_value(Json::Object(row)).map_err(|e| Error::Answer(format!("a row: {e}")))
}

/// Names for the columns that differ: the second `id` is `id_2`, or the next that is free.
fn unique(columns: &[String]) -> Vec<String> {
    let given: HashSet<&str> = columns.iter().map(String::as_str).collect();
    let mut seen = HashSet::new();
    let names = columns.iter().map(|column| {
        let (mut name, mut number) = (column.clone(), 2);
        while seen.contains(&name) || (name != *column && given.contains(name.as_str())) {
            name = format!("{column}_{number}");
            number += 1;
        }
        seen.insert(name.clone());
        name
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn repeated_names() {
        let columns = ["id", "id", "id_2", "id"].map(str::to_owned);
        assert_eq!(super::unique(&columns), ["id", "id_3", "id_2", "id_4"]);
    }
}
