//! Functions of JSON: SQLite's, and what PostgreSQL's users reach for first.
//!
//! A document is a JSON value, or text that holds one. Paths are SQLite's: `$.key`, `$."any key"`,
//! `[n]`, `[#-n]` from the end. A part of a document becomes a SQL value where it is a scalar, and
//! stays JSON otherwise. The parser bounds how deep a document nests.

use super::strings::bounded;
use super::{EvalError, Function};
use crate::value::{SqlType, Value, from_json, shown, to_json};
use serde_json::Value as Json;

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    /// From the start.
    Index(usize),
    /// From the end, from 1; 0 is the place behind the last.
    FromEnd(usize),
}

fn wrong(message: impl Into<String>) -> EvalError {
    EvalError::Argument(message.into())
}

/// The document of an argument; what is no text is the JSON that it would be shown as.
fn document(value: &Value) -> Result<Json, EvalError> {
    match value {
        Value::Json(text) | Value::Text(text) => {
            serde_json::from_str(text).map_err(|e| wrong(format!("malformed JSON: {e}")))
        }
        other => Ok(to_json(other, &SqlType::Any)),
    }
}

/// A value inside a document that is made: text is a string there, JSON is itself.
pub(super) fn member(value: &Value) -> Json {
    match value {
        Value::Decimal(number) => {
            let number = number.normalize().to_string();
            serde_json::from_str(&number).unwrap_or(Json::String(number))
        }
        value => to_json(value, &SqlType::Any),
    }
}

fn json(document: &Json) -> Result<Value, EvalError> {
    let text = document.to_string();
    bounded(text.len())?;
    Ok(Value::Json(text.into()))
}

/// A part as a SQL value.
fn sql(part: &Json) -> Result<Value, EvalError> {
    match part {
        Json::Array(_) | Json::Object(_) => json(part),
        scalar => Ok(from_json(scalar, None)?),
    }
}

fn path(text: &str) -> Result<Vec<Step>, EvalError> {
    let bad = || wrong(format!("'{}' is no JSON path; write $.key[0]", shown(text)));
    let mut rest = text.strip_prefix('$').ok_or_else(bad)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(".\"") {
            let (key, after) = behind.split_once('"').ok_or_else(bad)?;
            steps.push(Step::Key(key.to_owned()));
            rest = after;
        } else if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            let (key, after) = behind.split_at_checked(end).ok_or_else(bad)?;
            if key.is_empty() {
                return Err(bad());
            }
            steps.push(Step::Key(key.to_owned()));
            rest = after;
        } else {
            let behind = rest.strip_prefix('[').ok_or_else(bad)?;
            let (index, after) = behind.split_once(']').ok_or_else(bad)?;
            steps.push(match index.strip_prefix('#') {
                Some("") => Step::FromEnd(0),
                Some(back) => {
                    let back = back.strip_prefix('-').ok_or_else(bad)?;
                    Step::FromEnd(back.parse().map_err(|_| bad())?)
                }
                None => Step::Index(index.parse().map_err(|_| bad())?),
            });
            rest = after;
        }
    }
    Ok(steps)
}

fn place(step: &Step, length: usize) -> Option<usize> {
    match step {
        Step::Index(at) => Some(*at),
        Step::FromEnd(back) => length.checked_sub(*back),
        Step::Key(_) => None,
    }
}

fn walk<'d>(document: &'d Json, steps: &[Step]) -> Option<&'d Json> {
    steps.iter().try_fold(document, |part, step| match (part, step) {
        (Json::Object(fields), Step::Key(key)) => fields.get(key),
        (Json::Array(items), step) => items.get(place(step, items.len())?),
        _ => None,
    })
}

/// What stands right of `->`: a path, a key, or an index, from the end where it is negative.
fn arrow<'d>(document: &'d Json, to: &Value) -> Result<Option<&'d Json>, EvalError> {
    if let Value::Int(at) = to {
        let back = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
        let step = if *at < 0 { Step::FromEnd(back) } else { Step::Index(back) };
        return Ok(walk(document, &[step]));
    }
    let text = to.to_text();
    match text.starts_with('$') {
        true => Ok(walk(document, &path(&text)?)),
        false => Ok(walk(document, &[Step::Key(text)])),
    }
}

/// SQLite's name of a part's type.
fn type_name(part: &Json) -> &'static str {
    match part {
        Json::Null => "null",
        Json::Bool(true) => "true",
        Json::Bool(false) => "false",
        Json::Number(n) if n.is_f64() => "real",
        Json::Number(_) => "integer",
        Json::String(_) => "text",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// PostgreSQL's.
fn kind(part: &Json) -> &'static str {
    match part {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// How a document is changed at a path.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    Set,
    Insert,
    Replace,
}

fn change(document: &mut Json, steps: &[Step], new: Json, how: Change) {
    let Some((last, before)) = steps.split_last() else {
        if how != Change::Insert {
            *document = new;
        }
        return;
    };
    let mut part = document;
    for step in before {
        let next = match (part, step) {
            (Json::Object(fields), Step::Key(key)) => fields.get_mut(key),
            (Json::Array(items), step) => place(step, items.len()).and_then(|at| items.get_mut(at)),
            _ => None,
        };
        match next {
            Some(next) => part = next,
            None => return,
        }
    }
    match (part, last) {
        (Json::Object(fields), Step::Key(key)) => {
            let there = fields.contains_key(key);
            if (there && how != Change::Insert) || (!there && how != Change::Replace) {
                fields.insert(key.clone(), new);
            }
        }
        (Json::Array(items), step) => {
            let Some(at) = place(step, items.len()) else { return };
            let length = items.len();
            match items.get_mut(at) {
                Some(item) if how != Change::Insert => *item = new,
                Some(_) => {}
                None if at == length && how != Change::Replace => items.push(new),
                None => {}
            }
        }
        _ => {}
    }
}

fn remove(document: &mut Json, steps: &[Step]) {
    let Some((last, before)) = steps.split_last() else {
        *document = Json::Null;
        return;
    };
    let mut part = document;
    for step in before {
        let next = match (part, step) {
            (Json::Object(fields), Step::Key(key)) => fields.get_mut(key),
            (Json::Array(items), step) => place(step, items.len()).and_then(|at| items.get_mut(at)),
            _ => None,
        };
        match next {
            Some(next) => part = next,
            None => return,
        }
    }
    match (part, last) {
        (Json::Object(fields), Step::Key(key)) => drop(fields.remove(key)),
        (Json::Array(items), step) => {
            if let Some(at) = place(step, items.len()).filter(|at| *at < items.len()) {
                items.remove(at);
            }
        }
        _ => {}
    }
}

/// Those whose arguments may be NULL.
pub(super) fn make(function: Function, args: &[Value]) -> Result<Value, EvalError> {
    match (function, args) {
        (Function::JsonArray, items) => json(&items.iter().map(member).collect()),
        (Function::JsonObject, fields) => {
            if fields.len() % 2 != 0 {
                return Err(wrong("JSON_OBJECT takes names and values in turn"));
            }
            let mut object = serde_json::Map::new();
            for pair in fields.chunks(2) {
                let [name, value] = pair else { continue };
                if name.is_null() {
                    return Err(wrong("a name in JSON_OBJECT is NULL"));
                }
                object.insert(name.to_text(), member(value));
            }
            json(&Json::Object(object))
        }
        (_, [Value::Null, ..]) | (_, []) => Ok(Value::Null),
        (_, [first, changes @ ..]) => {
            if changes.len() % 2 != 0 {
                return Err(wrong(format!("{} takes paths and values in turn", function.name())));
            }
            let how = match function {
                Function::JsonInsert => Change::Insert,
                Function::JsonReplace => Change::Replace,
                _ => Change::Set,
            };
            let mut made = document(first)?;
            for pair in changes.chunks(2) {
                let [at, value] = pair else { continue };
                if at.is_null() {
                    return Ok(Value::Null);
                }
                change(&mut made, &path(&at.to_text())?, member(value), how);
            }
            json(&made)
        }
    }
}

/// Those of arguments that are not NULL.
pub(super) fn apply(function: Function, args: &[Value]) -> Result<Value, EvalError> {
    use Function as F;
    let (first, rest) = match args {
        [] => return Ok(Value::Null),
        [first, rest @ ..] => (first, rest),
    };
    if function == F::JsonValid {
        return Ok(Value::Bool(document(first).is_ok()));
    }
    if function == F::JsonQuote {
        return json(&member(first));
    }
    let doc = document(first)?;
    // Where a path is given, the part that it leads to.
    let part = |at: Option<&Value>| match at {
        None => Ok(Some(&doc)),
        Some(at) => path(&at.to_text()).map(|steps| walk(&doc, &steps)),
    };
    let text = |name: &str| Ok(Value::from(name));
    match (function, rest) {
        (F::JsonGet, [to]) => arrow(&doc, to)?.map_or(Ok(Value::Null), json),
        (F::JsonGetValue, [to]) => arrow(&doc, to)?.map_or(Ok(Value::Null), sql),
        (F::JsonExtract, [at]) => part(Some(at))?.map_or(Ok(Value::Null), sql),
        (F::JsonExtract, paths) => {
            let found = paths.iter().map(|at| Ok(part(Some(at))?.cloned().unwrap_or(Json::Null)));
            json(&found.collect::<Result<_, EvalError>>()?)
        }
        (F::JsonExtractPathText, keys) => {
            let mut found = Some(&doc);
            for key in keys {
                let Some(part) = found else { break };
                let key = key.to_text();
                found = match part {
                    Json::Array(items) => key.parse().ok().and_then(|at: usize| items.get(at)),
                    part => part.get(&key),
                };
            }
            match found {
                None | Some(Json::Null) => Ok(Value::Null),
                Some(Json::String(text)) => Ok(Value::from(text.as_str())),
                Some(part) => Ok(Value::from(part.to_string())),
            }
        }
        (F::JsonType, at) => {
            part(at.first())?.map_or(Ok(Value::Null), |part| text(type_name(part)))
        }
        (F::JsonTypeOf, _) => text(kind(&doc)),
        (F::JsonArrayLength, at) => Ok(match part(at.first())? {
            None => Value::Null,
            Some(Json::Array(items)) => Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
            Some(_) => Value::Int(0),
        }),
        (F::JsonRemove, paths) => {
            let mut made = doc.clone();
            for at in paths {
                remove(&mut made, &path(&at.to_text())?);
            }
            json(&made)
        }
        _ => json(&doc),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let key = |key: &str| Step::Key(key.to_owned());
        assert_eq!(path("$").unwrap(), []);
        assert_eq!(
            path("$.a[2].\"b.c\"[#-1]").unwrap(),
            [key("a"), Step::Index(2), key("b.c"), Step::FromEnd(1)]
        );
        for bad in ["", "a", "$.", "$[", "$[x]", "$[-1]", "$.\"a", "$a", "$[#1]"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }
}
