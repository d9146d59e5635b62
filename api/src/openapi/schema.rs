//! Words for JSON Schema (draft 2020-12, as OpenAPI 3.1 has it), so that a schema reads as what it says.

use serde_json::{Map, Value as Json, json};

/// An object: fields that are always there, fields that may be, and no promise that there are no more.
pub(super) fn object(required: &[(&str, Json)], optional: &[(&str, Json)]) -> Json {
    let fields = required.iter().chain(optional);
    let properties: Map<String, Json> =
        fields.map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let names: Vec<&str> = required.iter().map(|(name, _)| *name).collect();
    let mut schema = json!({"type": "object", "properties": properties});
    if let (Some(schema), false) = (schema.as_object_mut(), names.is_empty()) {
        schema.insert("required".into(), json!(names));
    }
    schema
}

/// An object that takes no other fields: what a request says. A field that may be absent may be null,
/// which says the same.
pub(super) fn closed(required: &[(&str, Json)], optional: &[(&str, Json)]) -> Json {
    let optional: Vec<(&str, Json)> =
        optional.iter().map(|(name, schema)| (*name, or_null(schema.clone()))).collect();
    with(object(required, &optional), "additionalProperties", json!(false))
}

/// The schema with one word more.
pub(super) fn with(mut schema: Json, word: &str, value: Json) -> Json {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(word.to_owned(), value);
    }
    schema
}

/// With a sentence about it.
pub(super) fn about(schema: Json, text: &str) -> Json {
    with(schema, "description", json!(text))
}

pub(super) fn text() -> Json {
    json!({"type": "string"})
}

pub(super) fn flag() -> Json {
    json!({"type": "boolean"})
}

/// A whole number that is not negative.
pub(super) fn count() -> Json {
    json!({"type": "integer", "minimum": 0})
}

pub(super) fn between(least: u64, most: u64) -> Json {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

/// A time in RFC 3339.
pub(super) fn time() -> Json {
    json!({"type": "string", "format": "date-time"})
}

/// A time in whole seconds since 1970.
pub(super) fn seconds() -> Json {
    json!({"type": "integer", "description": "Seconds since 1970."})
}

pub(super) fn one_of(words: &[&str]) -> Json {
    json!({"type": "string", "enum": words})
}

pub(super) fn list(item: Json) -> Json {
    json!({"type": "array", "items": item})
}

/// The schema, or null.
pub(super) fn or_null(schema: Json) -> Json {
    match schema.get("type").and_then(Json::as_str).map(str::to_owned) {
        _ if schema == anything() => schema,
        Some(ty) if schema.get("enum").is_none() => with(schema, "type", json!([ty, "null"])),
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

/// Any JSON.
pub(super) fn anything() -> Json {
    json!({})
}

/// A schema that has a name in the document.
pub(super) fn named(name: &str) -> Json {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
