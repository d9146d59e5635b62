//! Parts that several requests have: points in time and statement parameters.

use super::error::Failure;
use super::request::{Fields, Params, agreed, kind_of, wrong};
use super::time;
use offshoot_core::database::AsOf;
use offshoot_core::history::{Micros, Scn};
use offshoot_core::value::{SqlType, Value, from_json};
use serde_json::Value as Json;

type Result<T, E = Failure> = std::result::Result<T, E>;

/// The forms of a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Now,
    Timestamp,
    Transaction,
    Scn,
    Snapshot,
}

const FORMS: &[(&str, Form)] = &[
    ("now", Form::Now),
    ("timestamp", Form::Timestamp),
    ("transaction", Form::Transaction),
    ("scn", Form::Scn),
    ("snapshot", Form::Snapshot),
];

/// `as_of` of a body: `{"type": …, "value": …}`, or a time alone, as text or as seconds since 1970.
pub(crate) fn as_of_field(body: &mut Fields) -> Result<Option<AsOf>> {
    let mut fields = match body.raw("as_of") {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::String(text)) => return time_at(&text, &body.place("as_of")).map(Some),
        Some(Json::Number(n)) => return time_at(&n.to_string(), &body.place("as_of")).map(Some),
        Some(json) => Fields::of(json, &body.place("as_of"))?,
    };
    let place = fields.place("value");
    let form = fields.word("type", FORMS)?;
    let form = form.ok_or_else(|| Failure::invalid("field 'as_of.type' is required"))?;
    let value = fields.raw("value").filter(|value| !value.is_null());
    fields.end()?;
    let text = match (&value, form) {
        (None, _) => None,
        (Some(Json::String(text)), Form::Timestamp | Form::Snapshot) => Some(text.clone()),
        (Some(number @ Json::Number(n)), Form::Transaction | Form::Scn) => {
            let whole = n.as_u64().map(|n| n.to_string());
            Some(whole.ok_or_else(|| wrong(&place, "a whole number, not negative", number))?)
        }
        // Seconds since 1970.
        (Some(Json::Number(n)), Form::Timestamp) => Some(n.to_string()),
        (Some(other), Form::Transaction | Form::Scn) => {
            return Err(wrong(&place, "a whole number, not negative", other));
        }
        (Some(other), Form::Timestamp | Form::Snapshot) => {
            return Err(wrong(&place, "a string", other));
        }
        (Some(other), Form::Now) => return Err(wrong(&place, "absent with type 'now'", other)),
    };
    point(form, text.as_deref(), &place).map(Some)
}

/// `snapshot_id` of a body: a whole number is a time in seconds since 1970, text names a snapshot.
pub(crate) fn snapshot_field(body: &mut Fields) -> Result<Option<AsOf>> {
    let place = body.place("snapshot_id");
    match body.raw("snapshot_id") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Number(n)) if n.is_i64() => time_at(&n.to_string(), &place).map(Some),
        Some(Json::String(text)) => point(Form::Snapshot, Some(&text), &place).map(Some),
        Some(other) => Err(wrong(&place, "seconds since 1970 or a snapshot's id", &other)),
    }
}

fn time_at(text: &str, place: &str) -> Result<AsOf> {
    let (at, whole_second) = moment(text, place)?;
    Ok(AsOf::Time { at, whole_second })
}

/// A time of a body: RFC 3339 text, or seconds since 1970. `Some(None)` where it is null.
pub(crate) fn time_field(body: &mut Fields, name: &str) -> Result<Option<Option<Micros>>> {
    let place = body.place(name);
    match body.raw(name) {
        None => Ok(None),
        Some(Json::Null) => Ok(Some(None)),
        Some(Json::String(text)) => moment(&text, &place).map(|(at, _)| Some(Some(at))),
        Some(Json::Number(n)) => moment(&n.to_string(), &place).map(|(at, _)| Some(Some(at))),
        Some(other) => Err(wrong(&place, "a time, or null", &other)),
    }
}

/// `as_of_type` and `as_of_value` of a query, or `as_of`, which is a time.
pub(crate) fn as_of_params(params: &mut Params) -> Result<AsOf> {
    let time = params.text("as_of").map(|text| time_at(&text, "as_of")).transpose()?;
    let typed = typed_params(params)?;
    let point = agreed(("parameter 'as_of'", time), ("parameter 'as_of_type'", typed))?;
    Ok(point.unwrap_or(AsOf::Now))
}

fn typed_params(params: &mut Params) -> Result<Option<AsOf>> {
    let form = params.word("as_of_type", FORMS)?;
    let value = params.text("as_of_value");
    match (form, value) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Failure::invalid("parameter 'as_of_value' needs 'as_of_type'")),
        (Some(form), value) => point(form, value.as_deref(), "as_of_value").map(Some),
    }
}

fn point(form: Form, value: Option<&str>, place: &str) -> Result<AsOf> {
    let value = match (form, value) {
        (Form::Now, None) => return Ok(AsOf::Now),
        (Form::Now, Some(_)) => {
            return Err(Failure::invalid(format!("'{place}' must be absent with type 'now'")));
        }
        (_, None) => return Err(Failure::invalid(format!("'{place}' is required"))),
        (_, Some(value)) => value,
    };
    Ok(match form {
        // `Now` went before.
        Form::Now => AsOf::Now,
        Form::Timestamp => time_at(value, place)?,
        Form::Scn => AsOf::Scn(scn(value, place)?),
        Form::Transaction => AsOf::Transaction(scn(value, place)?),
        Form::Snapshot if value.is_empty() => {
            return Err(Failure::invalid(format!("'{place}' names no snapshot")));
        }
        Form::Snapshot => AsOf::Snapshot(value.to_owned()),
    })
}

/// A time as text, and whether it stands for a whole second.
pub(crate) fn moment(text: &str, place: &str) -> Result<(offshoot_core::history::Micros, bool)> {
    time::parse(text).ok_or_else(|| {
        Failure::invalid(format!(
            "'{place}' must be a time such as 2025-12-01T08:00:00Z, or seconds since 1970"
        ))
    })
}

fn scn(text: &str, place: &str) -> Result<Scn> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits).map(Scn);
    number
        .ok_or_else(|| Failure::invalid(format!("'{place}' must be a whole number, not negative")))
}

/// The values for a statement's parameters.
#[derive(Debug)]
pub(crate) enum Given {
    /// In the order of their numbers.
    Ordered(Vec<Value>),
    /// By name.
    Named(Vec<(String, Value)>),
}

/// The `params` of a statement: a list, or an object of names. Each is a bare JSON value or
/// `{"type": …, "value": …}`.
pub(crate) fn params_field(body: &mut Fields) -> Result<Given> {
    let place = body.place("params");
    match body.raw("params") {
        None | Some(Json::Null) => Ok(Given::Ordered(Vec::new())),
        Some(Json::Array(items)) => {
            let items = items.into_iter().enumerate();
            let values = items.map(|(at, item)| param(item, &format!("{place}[{at}]")));
            values.collect::<Result<_>>().map(Given::Ordered)
        }
        Some(Json::Object(items)) => {
            let values = items.into_iter().map(|(name, item)| {
                let value = param(item, &format!("{place}.{name}"))?;
                Ok((name, value))
            });
            values.collect::<Result<_>>().map(Given::Named)
        }
        Some(other) => Err(wrong(&place, "an array, or an object of names", &other)),
    }
}

const TYPES: &[(&str, SqlType)] = &[
    ("int4", SqlType::Signed32),
    ("int8", SqlType::BigInt),
    ("text", SqlType::Text),
    ("bool", SqlType::Boolean),
    ("float4", SqlType::Float32),
    ("float8", SqlType::Double),
    ("timestamp", SqlType::Timestamp),
    ("json", SqlType::Json),
];

fn param(json: Json, place: &str) -> Result<Value> {
    match json {
        Json::Object(_) => {
            let mut fields = Fields::of(json, place)?;
            let name = fields.required_text("type")?;
            let value = fields.raw("value");
            fields.end()?;
            let value = value
                .ok_or_else(|| Failure::invalid(format!("field '{place}.value' is required")))?;
            let ty = TYPES.iter().find(|(known, _)| *known == name).map(|(_, ty)| ty);
            let ty = ty.ok_or_else(|| {
                let known: Vec<&str> = TYPES.iter().map(|(known, _)| *known).collect();
                Failure::invalid(format!("'{place}.type' must be one of {}", known.join(", ")))
            })?;
            let value = super::kinds::dated(value, ty);
            if let Some(expected) = super::kinds::expected(&value, ty) {
                return Err(wrong(&format!("{place}.value"), expected, &value));
            }
            from_json(&value, Some(ty))
                .map_err(|error| Failure::invalid(format!("'{place}.value': {error}")))
        }
        Json::Array(_) => Err(Failure::invalid(format!(
            "'{place}' must be a JSON scalar or {{\"type\", \"value\"}}, not {}",
            kind_of(&json)
        ))),
        scalar => Ok(from_json(&scalar, None)?),
    }
}
