//! What an object in a reply must hold: names and types, as in the specification's examples.

use offshoot_tests::instant;
use serde_json::{Map, Value};

/// The type of a field.
#[derive(Debug, Clone, Copy)]
pub enum Is {
    /// Text that is not empty.
    Text,
    /// A whole number, not negative.
    Count,
    /// Any number.
    Number,
    /// True or false.
    Flag,
    /// A time in UTC.
    Time,
    /// An object.
    Object,
    /// A list.
    List,
    /// Text, or null.
    TextOrNull,
}

use Is::{Count, Flag, List, Number, Object, Text, TextOrNull, Time};

impl Is {
    fn fits(self, value: &Value) -> bool {
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        match self {
            Text => text(value),
            Count => value.is_u64(),
            Number => value.is_number(),
            Flag => value.is_boolean(),
            Time => value.as_str().and_then(instant::micros).is_some(),
            Object => value.is_object(),
            List => value.is_array(),
            TextOrNull => value.is_null() || text(value),
        }
    }
}

/// Fails unless the object has all of these fields, each of its type. More fields are no fault:
/// the specification's readers ignore what they do not know.
#[track_caller]
pub fn assert_fields(object: &Value, fields: &[(&str, Is)]) -> Map<String, Value> {
    let Some(map) = object.as_object() else { panic!("no object: {object}") };
    for (name, is) in fields {
        let Some(value) = map.get(*name) else { panic!("no {name} in {object}") };
        assert!(is.fits(value), "{name} is no {is:?} in {object}");
    }
    map.clone()
}

/// A branch in a list.
pub const LISTED: &[(&str, Is)] = &[
    ("id", Text),
    ("name", Text),
    ("display_name", Text),
    ("status", Text),
    ("is_default", Flag),
    ("is_protected", Flag),
    ("created_at", Time),
    ("updated_at", Time),
    ("stats", Object),
];

/// Its numbers.
pub const STATS: &[(&str, Is)] = &[("tables", Count), ("rows", Count), ("size_bytes", Count)];

/// The numbers of a branch that has a source.
pub const CHANGES: &[(&str, Is)] =
    &[("changes_from_source", Count), ("inserts", Count), ("updates", Count), ("deletes", Count)];

/// A new branch.
pub const CREATED: &[(&str, Is)] = &[
    ("id", Text),
    ("name", Text),
    ("display_name", Text),
    ("status", Text),
    ("source_branch", Text),
    ("source_snapshot", Text),
    ("created_at", Time),
];

/// How far a branch is from its source.
pub const DIVERGENCE: &[(&str, Is)] = &[
    ("source_branch", Text),
    ("commits_ahead", Count),
    ("commits_behind", Count),
    ("can_fast_forward", Flag),
];

/// A changed branch.
pub const UPDATED: &[(&str, Is)] = &[
    ("id", Text),
    ("name", Text),
    ("display_name", Text),
    ("is_protected", Flag),
    ("updated_at", Time),
];

/// A page's place among all.
pub const PAGINATION: &[(&str, Is)] =
    &[("page", Count), ("limit", Count), ("total", Count), ("total_pages", Count)];

/// What a merge did.
pub const MERGED: &[(&str, Is)] = &[
    ("status", Text),
    ("source_branch", Text),
    ("target_branch", Text),
    ("merge_commit", Text),
    ("changes_merged", Count),
    ("conflicts_resolved", Count),
    ("source_deleted", Flag),
    ("merged_at", Time),
];

/// A conflict.
pub const CONFLICT: &[(&str, Is)] =
    &[("table", Text), ("row_id", TextOrNull), ("column", TextOrNull), ("conflict_type", Text)];

/// A table.
pub const TABLE: &[(&str, Is)] = &[
    ("name", Text),
    ("schema", Text),
    ("row_count", Count),
    ("columns", List),
    ("indexes", List),
    ("created_at", Time),
];

/// The result of a query.
pub const RESULT: &[(&str, Is)] = &[
    ("columns", List),
    ("column_types", List),
    ("rows", List),
    ("row_count", Count),
    ("execution_plan", Text),
    ("execution_time_ms", Number),
];

/// The result of a statement.
pub const STATEMENT: &[(&str, Is)] = &[
    ("statement_type", Text),
    ("affected_rows", Count),
    ("execution_time_ms", Number),
    ("scn", Count),
    ("timestamp", Time),
];

/// A transaction in a history.
pub const TRANSACTION: &[(&str, Is)] =
    &[("id", Text), ("type", Text), ("timestamp", Time), ("scn", Count), ("summary", Text)];

/// A snapshot.
pub const SNAPSHOT: &[(&str, Is)] = &[
    ("id", Text),
    ("timestamp", Time),
    ("scn", Count),
    ("type", Text),
    ("size_bytes", Count),
    ("tables", Count),
    ("rows", Count),
];
