//! DEFAULT between GlueSQL and Offshoot.
//!
//! A default without time or chance in it is a constant: GlueSQL evaluates it once, and the value is
//! what is stored. The plain functions of time and chance are stored as functions. Both sessions of
//! Offshoot and GlueSQL then give new rows the same. What only GlueSQL can evaluate is stored as an
//! expression that has no value, so that a session of Offshoot asks for one.

use super::values::{from_glue, glue_type, plain, to_glue};
use crate::error::{Error, Result};
use crate::expr::{Expr, Function};
use crate::row::StoredExpr;
use crate::value::{NESTING_MAX, SqlType};
use gluesql_core::ast::{Expr as GlueExpr, Function as GlueFunction, ToSql};
use gluesql_core::executor::evaluate_stateless;
use gluesql_core::plan::plan_scalar_expr;
use gluesql_core::prelude::Value as GlueValue;

/// Functions that are not the same every time, by their name in GlueSQL's JSON form.
const VOLATILE: [&str; 7] =
    ["Now", "CurrentDate", "CurrentTime", "CurrentTimestamp", "Rand", "GenerateUuid", "Custom"];

/// A default of GlueSQL as it is stored. A constant that does not fit its column is stored as it is:
/// GlueSQL refuses it when a row needs it, and so do we.
///
/// # Errors
/// `Sql` where GlueSQL cannot evaluate it.
pub(super) fn stored_default(expr: &GlueExpr, ty: &SqlType) -> Result<StoredExpr> {
    if let GlueExpr::Function(function) = expr {
        let function = match function.as_ref() {
            GlueFunction::Now() | GlueFunction::CurrentTimestamp() => Some(Function::Now),
            GlueFunction::CurrentDate() => Some(Function::CurrentDate),
            GlueFunction::CurrentTime() => Some(Function::CurrentTime),
            GlueFunction::GenerateUuid() => Some(Function::GenerateUuid),
            _ => None,
        };
        if let Some(function) = function {
            return Ok(Expr::Function { function, args: Vec::new() });
        }
    }
    if is_volatile(&serde_json::to_value(expr).unwrap_or_default()) {
        // Never a UUID, whatever the column's type: evaluating it says what it is.
        let text = format!("the default {}, which is for GlueSQL to evaluate", expr.to_sql());
        let expr = Box::new(Expr::Literal(text.into()));
        return Ok(Expr::Cast { expr, ty: SqlType::Uuid });
    }
    let plan = plan_scalar_expr(expr.clone());
    let value = evaluate_stateless(None, &plan).map_err(|error| Error::Sql(error.to_string()))?;
    let stored = match value.clone().try_into_value(&glue_type(ty), true) {
        Ok(value) => from_glue(&value, ty)?,
        Err(_) => {
            let value =
                GlueValue::try_from(value).map_err(|error| Error::Sql(error.to_string()))?;
            plain(&value, NESTING_MAX)?
        }
    };
    Ok(Expr::Literal(stored))
}

fn is_volatile(json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::Object(members) => members
            .iter()
            .any(|(name, inner)| VOLATILE.contains(&name.as_str()) || is_volatile(inner)),
        serde_json::Value::Array(items) => items.iter().any(is_volatile),
        _ => false,
    }
}

/// A stored default as GlueSQL can evaluate it, where it can.
pub(super) fn default_expr(stored: &StoredExpr, ty: &SqlType) -> Option<GlueExpr> {
    let function = match stored {
        Expr::Literal(value) => return to_glue(value, ty).ok().map(GlueExpr::Value),
        Expr::Function { function, args } if args.is_empty() => function,
        _ => return None,
    };
    let function = match function {
        Function::Now => GlueFunction::Now(),
        Function::CurrentDate => GlueFunction::CurrentDate(),
        Function::CurrentTime => GlueFunction::CurrentTime(),
        Function::GenerateUuid => GlueFunction::GenerateUuid(),
        _ => return None,
    };
    Some(GlueExpr::Function(Box::new(function)))
}
