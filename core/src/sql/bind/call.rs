//! Functions, and what has a syntax of its own but is one.

use super::children::arguments;
use super::{Binder, Bound};
use crate::error::{Error, Result};
use crate::expr::{Expr, Function};
use crate::sql::query::aggregate_of;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    CeilFloorKind, DateTimeField, Expr as SqlExpr, Function as Call, FunctionArguments, Interval,
    TrimWhereField, Value as SqlValue,
};

impl Binder<'_> {
    /// Whatever has no arm of its own in `single`.
    pub(super) fn call(&mut self, expr: &SqlExpr) -> Result<Bound> {
        match expr {
            SqlExpr::Function(call) => self.function(call),
            SqlExpr::Extract { field, expr, .. } => {
                let part = Expr::Literal(Value::from(field_name(field)));
                let args = vec![part, self.expr(expr)?];
                Ok(Expr::call(Function::Extract, args)?)
            }
            SqlExpr::Ceil { expr, field } => self.rounded(Function::Ceil, expr, field),
            SqlExpr::Floor { expr, field } => self.rounded(Function::Floor, expr, field),
            SqlExpr::Position { expr, r#in } => {
                let args = vec![self.expr(r#in)?, self.expr(expr)?];
                Ok(Expr::call(Function::Instr, args)?)
            }
            SqlExpr::Substring { expr, substring_from, substring_for, .. } => {
                let mut args = vec![self.expr(expr)?];
                match substring_from {
                    Some(from) => args.push(self.expr(from)?),
                    None => args.push(Expr::literal(1i64)),
                }
                if let Some(length) = substring_for {
                    args.push(self.expr(length)?);
                }
                Ok(Expr::call(Function::Substr, args)?)
            }
            SqlExpr::Trim { expr, trim_where, trim_what, trim_characters } => {
                let function = match trim_where {
                    None | Some(TrimWhereField::Both) => Function::Trim,
                    Some(TrimWhereField::Leading) => Function::LTrim,
                    Some(TrimWhereField::Trailing) => Function::RTrim,
                };
                let mut args = vec![self.expr(expr)?];
                if let Some(what) = trim_what {
                    args.push(self.expr(what)?);
                }
                args.extend(self.all(trim_characters.as_deref().unwrap_or_default())?);
                Ok(Expr::call(function, args)?)
            }
            other => Err(Error::Unsupported(format!("the expression {}", shortened(other)))),
        }
    }

    fn rounded(
        &mut self,
        function: Function,
        expr: &SqlExpr,
        field: &CeilFloorKind,
    ) -> Result<Bound> {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => {
                let args = vec![self.expr(expr)?];
                Ok(Expr::call(function, args)?)
            }
            _ => Err(Error::Unsupported(format!("{} with a scale or a part", function.name()))),
        }
    }

    fn function(&mut self, call: &Call) -> Result<Bound> {
        let name = match call.name.0.as_slice() {
            [name] => name.value.as_str(),
            _ => return Err(Error::Unsupported(format!("the function {}", call.name))),
        };
        if call.over.is_some() {
            return Err(Error::Unsupported("window functions".into()));
        }
        if aggregate_of(call).is_some() {
            return Err(Error::Sql(format!("the aggregate {name} cannot stand here")));
        }
        let plain = match &call.args {
            FunctionArguments::None => true,
            FunctionArguments::Subquery(_) => false,
            FunctionArguments::List(list) => {
                list.duplicate_treatment.is_none()
                    && list.clauses.is_empty()
                    && arguments(call).count() == list.args.len()
            }
        };
        if !plain || call.filter.is_some() || !call.within_group.is_empty() {
            return Err(Error::Unsupported(format!("this form of {name}")));
        }
        if name.eq_ignore_ascii_case("IIF") {
            return self.iif(call);
        }
        let mut args: Vec<Bound> =
            arguments(call).map(|arg| self.expr(arg)).collect::<Result<_>>()?;
        // How long ago: from that time to this day.
        if name.eq_ignore_ascii_case("AGE") && args.len() == 1 {
            args.insert(0, Expr::call(Function::CurrentDate, Vec::new())?);
        }
        // SQLite's MIN and MAX of several arguments.
        let function = match (name.to_ascii_uppercase().as_str(), args.len()) {
            ("MIN", 2..) => Some(Function::MinOf),
            ("MAX", 2..) => Some(Function::MaxOf),
            _ => Function::by_name(name),
        };
        let function =
            function.ok_or_else(|| Error::Unsupported(format!("the function {name}")))?;
        Ok(Expr::call(function, args)?)
    }

    fn iif(&mut self, call: &Call) -> Result<Bound> {
        let args: Vec<Bound> = arguments(call).map(|arg| self.expr(arg)).collect::<Result<_>>()?;
        match <[Bound; 3]>::try_from(args) {
            Ok([condition, then, otherwise]) => Ok(Expr::Case {
                operand: None,
                whens: vec![(condition, then)],
                otherwise: Some(Box::new(otherwise)),
            }),
            Err(_) => Err(Error::Sql("IIF takes 3 arguments".into())),
        }
    }

    /// `INTERVAL '1' DAY` and `INTERVAL '1 day'`.
    pub(super) fn interval(&mut self, interval: &Interval) -> Result<Bound> {
        let amount = match interval.value.as_ref() {
            SqlExpr::Value(SqlValue::SingleQuotedString(text)) => text.clone(),
            SqlExpr::Value(SqlValue::Number(n, _)) => n.to_string(),
            _ => return Err(Error::Unsupported("an INTERVAL that is computed".into())),
        };
        if interval.last_field.is_some() || interval.leading_precision.is_some() {
            return Err(Error::Unsupported("INTERVAL … TO …".into()));
        }
        let text = match &interval.leading_field {
            None => amount,
            Some(field) => format!("{amount} {}", field.to_string().to_lowercase()),
        };
        Ok(Expr::Literal(Value::from(text).coerce(&SqlType::Interval)?))
    }
}

fn field_name(field: &DateTimeField) -> String {
    field.to_string().trim_matches('\'').to_lowercase()
}

/// The start of an expression's text, for a message.
fn shortened(expr: &SqlExpr) -> String {
    expr.to_string().chars().take(80).collect()
}
