//! What is right where values vary: an object with one field that begins with `$`.
//!
//! | Pattern | Right is |
//! |---|---|
//! | `{"$type": T}` | a value of type T: string, integer, number, boolean, object, array, null; `text` is a string that is not empty, `unix` seconds since 1970, `rfc3339` such a time in UTC, `branch` and `snapshot` their ids |
//! | `{"$like": "req_*"}` | text in which `*` stands for anything |
//! | `{"$has": [...]}` | an array with items that match these, in any order, among others |
//! | `{"$lacks": P}` | an array without an item that matches P |
//! | `{"$length": n}` | an array of n items |
//! | `{"$min": n}` | a number of at least n |
//! | `{"$absent": true}` | that the field is not there |
//! | `{"$exactly": V}` | V, with no field more |

use serde_json::Value;

/// The first difference between what is right and what came, with its place; `None` where there is none.
pub fn difference(expected: &Value, found: &Value) -> Option<String> {
    at("", expected, Some(found))
}

fn at(place: &str, expected: &Value, found: Option<&Value>) -> Option<String> {
    let here = if place.is_empty() { "body" } else { place };
    if let Some((pattern, of)) = pattern(expected) {
        return by_pattern(here, pattern, of, found);
    }
    let Some(found) = found else {
        return Some(format!("{here}: expected {expected}, found nothing"));
    };
    let differs = || Some(format!("{here}: expected {expected}, found {found}"));
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .find_map(|(name, value)| at(&format!("{place}/{name}"), value, found.get(name))),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.find_map(|(n, (value, found))| at(&format!("{place}/{n}"), value, Some(found)))
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        (a, b) if a == b => None,
        _ => differs(),
    }
}

fn pattern(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, of) = object.iter().next()?;
    name.strip_prefix('$').map(|name| (name, of))
}

fn by_pattern(here: &str, name: &str, of: &Value, found: Option<&Value>) -> Option<String> {
    if name == "absent" {
        return found.map(|found| format!("{here}: expected no such field, found {found}"));
    }
    let Some(found) = found else {
        return Some(format!("{here}: expected ${name} {of}, found nothing"));
    };
    let items = found.as_array();
    let right = match name {
        "type" => is(of.as_str().unwrap_or_default(), found),
        "like" => found.as_str().zip(of.as_str()).is_some_and(|(text, like)| alike(like, text)),
        "has" => items.zip(of.as_array()).is_some_and(|(items, wanted)| {
            wanted.iter().all(|one| items.iter().any(|item| difference(one, item).is_none()))
        }),
        "lacks" => items.is_some_and(|items| items.iter().all(|i| difference(of, i).is_some())),
        "length" => items.map(|items| items.len() as u64) == of.as_u64(),
        "min" => found.as_f64().zip(of.as_f64()).is_some_and(|(n, least)| n >= least),
        "exactly" => found == of,
        _ => return Some(format!("{here}: there is no pattern ${name}")),
    };
    (!right).then(|| format!("{here}: expected ${name} {of}, found {found}"))
}

fn is(kind: &str, found: &Value) -> bool {
    let text = found.as_str();
    match kind {
        "string" => found.is_string(),
        "text" => text.is_some_and(|text| !text.is_empty()),
        "integer" => found.is_i64() || found.is_u64(),
        "number" => found.is_number(),
        "boolean" => found.is_boolean(),
        "object" => found.is_object(),
        "array" => found.is_array(),
        "null" => found.is_null(),
        // Seconds, and neither milliseconds nor microseconds.
        "unix" => found.as_i64().is_some_and(|n| (1_000_000_000..100_000_000_000).contains(&n)),
        "rfc3339" => text.is_some_and(|text| {
            let digits = |range| {
                text.get(range).is_some_and(|part: &str| part.bytes().all(|b| b.is_ascii_digit()))
            };
            text.ends_with('Z')
                && text.get(10..11) == Some("T")
                && [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].into_iter().all(digits)
        }),
        "branch" => text.is_some_and(|text| alike("br_*", text)),
        "snapshot" => text.is_some_and(|text| alike("snap_*", text)),
        _ => false,
    }
}

/// Whether a text is like a pattern in which `*` stands for anything.
fn alike(like: &str, text: &str) -> bool {
    let mut parts = like.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{alike, difference};
    use serde_json::json;

    #[test]
    fn subsets() {
        let found = json!({"a": 1, "b": [1, {"c": "x", "d": null}], "t": 1_701_446_400});
        for right in [
            json!({"a": 1.0}),
            json!({"b": [1, {"c": "x"}]}),
            json!({"b": {"$has": [{"c": {"$like": "*"}}]}, "z": {"$absent": true}}),
            json!({"b": {"$length": 2}, "t": {"$type": "unix"}}),
            json!({"b": {"$lacks": 2}, "a": {"$min": 1}}),
            json!({"b": [{"$type": "integer"}, {"d": null}]}),
        ] {
            assert_eq!(difference(&right, &found), None, "{right}");
        }
        for (wrong, place) in [
            (json!({"a": 2}), "/a"),
            (json!({"a": "1"}), "/a"),
            (json!({"b": [1]}), "/b"),
            (json!({"b": [1, {"c": "y"}]}), "/b/1/c"),
            (json!({"z": 1}), "/z"),
            (json!({"z": {"$type": "null"}}), "/z"),
            (json!({"a": {"$absent": true}}), "/a"),
            (json!({"b": {"$has": [3]}}), "/b"),
            (json!({"b": {"$lacks": 1}}), "/b"),
            (json!({"a": {"$exactly": 2}}), "/a"),
            (json!({"a": {"$type": "unix"}}), "/a"),
            (json!({"a": {"$tpye": "unix"}}), "/a"),
        ] {
            let difference = difference(&wrong, &found).unwrap_or_default();
            assert!(difference.starts_with(place), "{wrong}: {difference}");
        }
    }

    #[test]
    fn likeness() {
        assert!(
            alike("a*c", "abc") && alike("a*", "a") && alike("*b*d", "abcd") && alike("x", "x")
        );
        assert!(!alike("a*c", "abd") && !alike("a", "ab") && !alike("*b*d", "adcb"));
    }
}
