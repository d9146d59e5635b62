//! What the SQL layer asks of types.

use crate::error::{Error, Result};
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::DataType;
use rust_decimal::Decimal;

/// A type as it is written.
///
/// # Errors
/// `Sql` for a type that is not known; `Value` for wrong arguments.
pub(super) fn sql_type(ty: &DataType) -> Result<SqlType> {
    if let DataType::Array(_) = ty {
        return Err(super::ddl_text::arrays());
    }
    let text = ty.to_string();
    let text = text.strip_prefix("pg_catalog.").unwrap_or(&text);
    let unknown = || Error::Sql(format!("there is no type {text}"));
    // `TIMESTAMP(3) WITH TIME ZONE` has its arguments in the middle.
    let (name, args) = match text.split_once('(') {
        None => (text.to_owned(), Vec::new()),
        Some((head, rest)) => {
            let (args, tail) = rest.split_once(')').ok_or_else(unknown)?;
            let args = args.split(',').map(|n| n.trim().parse::<u64>());
            let args = args.collect::<Result<Vec<_>, _>>().map_err(|_| unknown())?;
            (format!("{head} {tail}"), args)
        }
    };
    match SqlType::parse_name(&name, &args) {
        Err(crate::value::ValueError::UnknownType(_)) => Err(unknown()),
        other => Ok(other?),
    }
}

/// Whether values of two types are stored alike, so that equal values have equal keys.
pub(super) fn same_family(a: &SqlType, b: &SqlType) -> bool {
    let decimal = |ty: &SqlType| matches!(ty, SqlType::Decimal { .. });
    let moment = |ty: &SqlType| matches!(ty, SqlType::Timestamp | SqlType::TimestampTz);
    a == b
        || (a.is_integer() && b.is_integer())
        || (a.is_float() && b.is_float())
        || (a.is_text() && b.is_text())
        || (decimal(a) && decimal(b))
        || (moment(a) && moment(b))
}

/// Whether a column of this type may be in a key or an index.
///
/// # Errors
/// `Invalid`.
pub(super) fn check_key(ty: &SqlType, column: &str) -> Result<()> {
    match ty {
        SqlType::Json | SqlType::List | SqlType::Map | SqlType::Point => Err(Error::Invalid(
            format!("column '{column}' has the type {ty}, which has no order to index by"),
        )),
        _ => Ok(()),
    }
}

/// A value as a column of this type stores it, where nothing is lost.
///
/// # Errors
/// `Value`.
pub(super) fn assign(value: Value, ty: &SqlType) -> Result<Value> {
    Ok(value.coerce(ty)?)
}

/// Appends bytes that are equal where DISTINCT, GROUP BY and joins find values equal: a number that is
/// whole is the same whatever type it came in, and so is a fraction that a float holds.
pub(super) fn same_key(out: &mut Vec<u8>, value: &Value) {
    let same = match value {
        Value::Float(_) | Value::Decimal(_) => {
            let whole = value.clone().coerce(&SqlType::Signed128).ok();
            whole.or_else(|| match value {
                Value::Decimal(exact) => {
                    let near = crate::value::as_float(value)?;
                    (Decimal::try_from(near).ok()? == *exact).then_some(Value::Float(near))
                }
                _ => None,
            })
        }
        _ => None,
    };
    crate::value::encode_key(out, same.as_ref().unwrap_or(value), false);
}
