//! What a request says, read strictly: nothing unknown, nothing of the wrong type, nothing twice.
//!
//! Messages name the field by its place in the body (`as_of.value`, `statements[2].sql`) and say what
//! would have been right.

use super::author::Sender;
use super::dialect::Habits;
use super::error::Failure;
use crate::webhooks::Webhooks;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

type Result<T, E = Failure> = std::result::Result<T, E>;

/// One request, taken apart.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The variable parts of the path, decoded, in order.
    pub path: Vec<String>,
    /// The query.
    pub query: Params,
    /// The body, whole.
    pub body: Vec<u8>,
    /// Who sent it.
    pub sender: Sender,
    /// What it means where it says nothing.
    pub habits: Habits,
    /// Who keeps webhooks, where anyone does.
    pub webhooks: Option<Arc<dyn Webhooks>>,
}

impl Incoming {
    /// The `n`th variable part of the path.
    pub fn part(&self, n: usize) -> Result<String> {
        self.path.get(n).cloned().ok_or_else(|| Failure::internal("a route lacks a part"))
    }

    /// The body as an object; every field of it must then be taken.
    pub fn object(&self) -> Result<Fields> {
        let json: Json = serde_json::from_slice(&self.body)
            .map_err(|e| Failure::invalid(format!("the body is not valid JSON: {e}")))?;
        match json {
            Json::Object(map) => Ok(Fields { map, path: String::new() }),
            other => Err(Failure::invalid(format!(
                "the body must be a JSON object, not {}",
                kind_of(&other)
            ))),
        }
    }

    /// The body as an object, or an empty one where there is no body.
    pub fn object_or_nothing(&self) -> Result<Fields> {
        match self.body.is_empty() {
            true => Ok(Fields { map: Map::new(), path: String::new() }),
            false => self.object(),
        }
    }
}

/// What kind of JSON value this is, for messages.
pub(crate) fn kind_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

/// The fields of a JSON object. Each is taken once; [`Fields::end`] refuses what is left over. A
/// field that is null counts as absent, except where it is taken [`Fields::raw`].
#[derive(Debug)]
pub(crate) struct Fields {
    map: Map<String, Json>,
    path: String,
}

impl Fields {
    /// The fields of an object that stands somewhere in a body.
    pub fn of(json: Json, path: &str) -> Result<Self> {
        match json {
            Json::Object(map) => Ok(Fields { map, path: path.to_owned() }),
            other => Err(wrong(path, "an object", &other)),
        }
    }

    /// Where a field stands.
    pub fn place(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.path),
        }
    }

    /// A field as it is, null included.
    pub fn raw(&mut self, name: &str) -> Option<Json> {
        self.map.remove(name)
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        self.map.remove(name).filter(|json| !json.is_null())
    }

    fn missing(&self, name: &str) -> Failure {
        Failure::invalid(format!("field '{}' is required", self.place(name)))
    }

    /// Text.
    pub fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(&self.place(name), "a string", &other)),
        }
    }

    /// Text that must be there.
    pub fn required_text(&mut self, name: &str) -> Result<String> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    /// Text under the specification's name or the tutorial's.
    pub fn text_as(&mut self, names: [&str; 2]) -> Result<Option<String>> {
        let [one, other] = names;
        let places = [one, other].map(|name| format!("field '{}'", self.place(name)));
        let [first, second] = places.each_ref().map(String::as_str);
        agreed((first, self.text(one)?), (second, self.text(other)?))
    }

    /// True or false.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(wrong(&self.place(name), "true or false", &other)),
        }
    }

    /// A whole number that is not negative.
    pub fn count(&mut self, name: &str) -> Result<Option<u64>> {
        match self.take(name) {
            None => Ok(None),
            Some(json) => match json.as_u64() {
                Some(n) => Ok(Some(n)),
                None => Err(wrong(&self.place(name), "a whole number that is not negative", &json)),
            },
        }
    }

    /// An object whose fields are the client's own.
    pub fn free_object(&mut self, name: &str) -> Result<Option<Map<String, Json>>> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Object(map)) => Ok(Some(map)),
            Some(other) => Err(wrong(&self.place(name), "an object", &other)),
        }
    }

    /// An object whose fields the protocol names.
    pub fn object(&mut self, name: &str) -> Result<Option<Fields>> {
        let place = self.place(name);
        self.take(name).map(|json| Fields::of(json, &place)).transpose()
    }

    /// A list, each item with its place.
    pub fn list(&mut self, name: &str) -> Result<Option<Vec<(String, Json)>>> {
        let place = self.place(name);
        match self.take(name) {
            None => Ok(None),
            Some(Json::Array(items)) => {
                let items = items.into_iter().enumerate();
                Ok(Some(items.map(|(i, item)| (format!("{place}[{i}]"), item)).collect()))
            }
            Some(other) => Err(wrong(&place, "an array", &other)),
        }
    }

    /// A list that must be there.
    pub fn required_list(&mut self, name: &str) -> Result<Vec<(String, Json)>> {
        self.list(name)?.ok_or_else(|| self.missing(name))
    }

    /// One of some words, whether their letters are small or capital. A mistake is told those of them
    /// that this field has of old.
    pub fn any_case<T: Copy>(
        &mut self,
        name: &str,
        words: &[(&str, T)],
        own: &[&str],
    ) -> Result<Option<T>> {
        let place = self.place(name);
        let Some(text) = self.text(name)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        match found {
            Some((_, value)) => Ok(Some(*value)),
            None => Err(not_one_of(&place, own)),
        }
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>> {
        let place = self.place(name);
        self.text(name)?.map(|text| one_of(&place, &text, words)).transpose()
    }

    /// Nothing else may be there.
    pub fn end(self) -> Result<()> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => Err(Failure::invalid(format!("unknown field '{}'", self.place(name)))),
        }
    }
}

/// One thing that was said in up to two ways: under the names of both documents, or in the query and
/// in the body.
///
/// # Errors
/// Where both are said and differ.
pub(crate) fn agreed<T: PartialEq>(
    (first, one): (&str, Option<T>),
    (second, other): (&str, Option<T>),
) -> Result<Option<T>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => {
            Err(Failure::invalid(format!("{first} and {second} say different things")))
        }
        (one, other) => Ok(one.or(other)),
    }
}

pub(crate) fn wrong(place: &str, expected: &str, found: &Json) -> Failure {
    Failure::invalid(format!("field '{place}' must be {expected}, not {}", kind_of(found)))
}

fn one_of<T: Copy>(place: &str, text: &str, words: &[(&str, T)]) -> Result<T> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        not_one_of(place, &known)
    })
}

fn not_one_of(place: &str, words: &[&str]) -> Failure {
    Failure::invalid(format!("'{place}' must be one of {}", words.join(", ")))
}

/// The parameters of a query. Each is taken once; [`Params::end`] refuses what is left over.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the part of an address behind the question mark.
    pub fn parse(query: Option<&str>) -> Result<Self> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(Failure::invalid(format!("parameter '{name}' is given twice")));
            }
            pairs.push((name, value));
        }
        Ok(Params(pairs))
    }

    /// A parameter as text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// A parameter that must be there and say something.
    pub fn telling_text(&mut self, name: &str) -> Result<String> {
        match self.text(name).filter(|text| !text.trim().is_empty()) {
            Some(text) => Ok(text),
            None => Err(Failure::invalid(format!("parameter '{name}' is required"))),
        }
    }

    /// A number between two others, both included.
    pub fn number(&mut self, name: &str, default: u64, range: (u64, u64)) -> Result<u64> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse::<u64>().ok().filter(|n| digits && (range.0..=range.1).contains(n));
        number.ok_or_else(|| {
            let bounds = match range.1 {
                u64::MAX => format!("of at least {}", range.0),
                most => format!("between {} and {most}", range.0),
            };
            Failure::invalid(format!("parameter '{name}' must be a whole number {bounds}"))
        })
    }

    /// True or false.
    pub fn flag(&mut self, name: &str, default: bool) -> Result<bool> {
        Ok(self.word(name, &[("true", true), ("false", false)])?.unwrap_or(default))
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>> {
        self.text(name).map(|text| one_of(name, &text, words)).transpose()
    }

    /// Nothing else may be there.
    pub fn end(self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Failure::invalid(format!("unknown parameter '{name}'"))),
        }
    }
}

fn decoded(text: &str) -> Result<String> {
    let spaced = text.replace('+', " ");
    match percent_decode_str(&spaced).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Failure::invalid("the query of the address is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(json: Json) -> Fields {
        Fields::of(json, "at").unwrap()
    }

    #[test]
    fn fields_are_named_with_what_would_be_right() {
        let message = |failure: Failure| failure.message;
        let mut body = fields(json!({"a": 1, "b": "x", "c": [1], "d": null}));
        assert_eq!(
            message(body.text("a").unwrap_err()),
            "field 'at.a' must be a string, not a number"
        );
        assert_eq!(
            message(body.flag("b").unwrap_err()),
            "field 'at.b' must be true or false, not a string"
        );
        assert_eq!(message(body.required_text("d").unwrap_err()), "field 'at.d' is required");
        assert_eq!(message(body.end().unwrap_err()), "unknown field 'at.c'");
        let mut list = fields(json!({"c": ["x"]}));
        assert_eq!(list.list("c").unwrap().unwrap(), [("at.c[0]".to_owned(), json!("x"))]);
        assert!(list.end().is_ok());
    }

    #[test]
    fn parameters() {
        let mut params = Params::parse(Some("a=x%2Fy+z&b=&page=2&f")).unwrap();
        assert_eq!(params.text("a").unwrap(), "x/y z");
        assert!(params.telling_text("b").is_err());
        assert_eq!(params.number("page", 1, (1, 9)), Ok(2));
        assert_eq!(params.number("limit", 20, (1, 100)), Ok(20));
        assert_eq!(params.end().unwrap_err().message, "unknown parameter 'f'");
        for bad in ["page=0", "page=-1", "page=x", "page=", "page=%2B1", "page=10", "page=1.0"] {
            let mut params = Params::parse(Some(bad)).unwrap();
            assert!(params.number("page", 1, (1, 9)).is_err(), "{bad}");
        }
        for bad in ["a=1&a=2", "a=%FF", "%FF=1"] {
            assert!(Params::parse(Some(bad)).is_err(), "{bad}");
        }
    }
}
