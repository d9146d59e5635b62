//! Values for the places of a statement.

use serde::Serialize;
use serde_json::{Value as Json, json};

/// A value for `$1`. Anything that makes a JSON value makes one; what is an object or an array is of
/// SQL's type JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Param(Json);

/// The types that a value can be said to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParamType {
    /// An integer.
    Int4,
    /// An integer.
    Int8,
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// A number with 64 bits.
    Float4,
    /// A number with 64 bits.
    Float8,
    /// RFC 3339, or seconds since 1970.
    Timestamp,
    /// Any JSON.
    Json,
}

impl Param {
    /// A value that is said to be of a type.
    pub fn typed(ty: ParamType, value: impl Into<Json>) -> Self {
        Param(json!({"type": ty.name(), "value": value.into()}))
    }
}

impl ParamType {
    fn name(self) -> &'static str {
        match self {
            ParamType::Int4 => "int4",
            ParamType::Int8 => "int8",
            ParamType::Text => "text",
            ParamType::Bool => "bool",
            ParamType::Float4 => "float4",
            ParamType::Float8 => "float8",
            ParamType::Timestamp => "timestamp",
            ParamType::Json => "json",
        }
    }
}

impl<T: Into<Json>> From<T> for Param {
    fn from(value: T) -> Self {
        match value.into() {
            value @ (Json::Object(_) | Json::Array(_)) => Param::typed(ParamType::Json, value),
            value => Param(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_value_is_written_as() {
        assert_eq!(Param::from("a").0, json!("a"));
        assert_eq!(Param::from(None::<i64>).0, json!(null));
        assert_eq!(Param::from(json!([1])).0, json!({"type": "json", "value": [1]}));
        assert_eq!(Param::typed(ParamType::Text, "7").0, json!({"type": "text", "value": "7"}));
    }
}
