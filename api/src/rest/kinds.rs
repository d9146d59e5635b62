//! Which kind of JSON value a column takes.
//!
//! The core coerces as SQL does: text is parsed, a number in a text column becomes text. In JSON a
//! value of another kind is a mistake of the client's, and the protocol says so.

use crate::host::Call;
use offshoot_core::error::{Error, Result};
use offshoot_core::row::TableDef;
use offshoot_core::value::SqlType;
use serde_json::{Map, Value as Json};

/// What a value of this type is written as; `None` where this value is that. NULL fits everything.
pub(crate) fn expected(json: &Json, ty: &SqlType) -> Option<&'static str> {
    let number = json.is_number();
    let (fits, expected) = match ty {
        _ if json.is_null() => return None,
        SqlType::Any | SqlType::Json => return None,
        SqlType::Boolean => (json.is_boolean(), "true or false"),
        SqlType::Decimal { .. } => (number || json.is_string(), "a number or a string"),
        // Wider than what every JSON reader takes, and shown as strings.
        SqlType::Signed128 | SqlType::Unsigned128 => {
            (number || json.is_string(), "a number or a string")
        }
        ty if ty.is_float() => (number || not_finite(json), "a number"),
        ty if ty.is_numeric() => (number, "a number"),
        SqlType::List => (json.is_array(), "an array"),
        SqlType::Map => (json.is_object(), "an object"),
        _ => (json.is_string(), "a string"),
    };
    (!fits).then_some(expected)
}

/// A value for a column of a type. Seconds since 1970, as one dialect writes times, become the text
/// of a TIMESTAMP; all else is as it was.
pub(crate) fn dated(json: Json, ty: &SqlType) -> Json {
    match (&json, ty) {
        (Json::Number(n), SqlType::Timestamp | SqlType::TimestampTz) => {
            match super::time::parse(&n.to_string()) {
                Some((at, _)) => super::time::rfc3339(at).into(),
                None => json,
            }
        }
        _ => json,
    }
}

/// The floats that JSON has no numbers for, as the API writes them.
fn not_finite(json: &Json) -> bool {
    matches!(json.as_str(), Some("NaN" | "Infinity" | "-Infinity"))
}

/// Checks the values of rows for a table, and writes those anew that stand for others. What is not
/// there, or not allowed, is for the core to say.
///
/// # Errors
/// `Invalid`, naming the column and what it takes.
pub(crate) fn fitted(
    call: &Call,
    branch: &str,
    table: &str,
    rows: &[Map<String, Json>],
) -> Result<Vec<Map<String, Json>>> {
    let mut rows = rows.to_vec();
    let head = call.database.newest(branch)?;
    if head.record.protected || head.record.read_only {
        return Ok(rows);
    }
    let Ok(state) = head.state.find(table) else { return Ok(rows) };
    rows.iter_mut().try_for_each(|row| fit(&state.table.def, row))?;
    Ok(rows)
}

fn fit(def: &TableDef, row: &mut Map<String, Json>) -> Result<()> {
    for (name, json) in row {
        let Some(column) = def.column(name) else { continue };
        if json.is_number() {
            *json = dated(json.take(), &column.ty);
        }
        if let Some(expected) = expected(json, &column.ty) {
            let found = super::request::kind_of(json);
            return Err(Error::Invalid(format!(
                "column '{name}' is {} and takes {expected}, not {found}",
                column.ty
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds_by_type() {
        let decimal = SqlType::Decimal { precision: Some(10), scale: Some(2) };
        let all =
            [json!(null), json!(true), json!(1), json!(1.5), json!("x"), json!([1]), json!({})];
        for (ty, fitting) in [
            (SqlType::Boolean, [true, true, false, false, false, false, false]),
            (SqlType::Integer, [true, false, true, true, false, false, false]),
            (SqlType::Double, [true, false, true, true, false, false, false]),
            (decimal, [true, false, true, true, true, false, false]),
            (SqlType::Signed128, [true, false, true, true, true, false, false]),
            (SqlType::Text, [true, false, false, false, true, false, false]),
            (SqlType::Varchar(3), [true, false, false, false, true, false, false]),
            (SqlType::Timestamp, [true, false, false, false, true, false, false]),
            (SqlType::Uuid, [true, false, false, false, true, false, false]),
            (SqlType::List, [true, false, false, false, false, true, false]),
            (SqlType::Map, [true, false, false, false, false, false, true]),
            (SqlType::Json, [true; 7]),
        ] {
            let got: Vec<bool> = all.iter().map(|json| expected(json, &ty).is_none()).collect();
            assert_eq!(got, fitting, "{ty}");
        }
        assert_eq!(expected(&json!("NaN"), &SqlType::Double), None);
    }
}
