//! Values as JSON. The same in each dialect.

use offshoot_core::value::{SqlType, Value, to_json};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A value of a column of a type.
#[derive(Debug)]
pub(crate) struct Cell<'r>(pub &'r Value, pub &'r SqlType);

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0, self.1) {
            // What most cells are, without a copy.
            (Value::Text(text), _) => serializer.serialize_str(text),
            (value, ty) => to_json(value, ty).serialize(serializer),
        }
    }
}

/// A row by the names of its columns.
#[derive(Debug)]
pub(crate) struct Object<'r>(pub &'r [(String, Value)]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, &Cell(value, &value.sql_type()))?;
        }
        map.end()
    }
}
