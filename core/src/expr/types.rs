//! What type an expression's values have, as far as one can tell beforehand.

use super::{Expr, Function};
use crate::value::{ArithOp, SqlType, Value};

impl<C> Expr<C> {
    /// The type of the result, given those of the columns; `Any` where it depends on the values.
    pub fn result_type(&self, column: &dyn Fn(&C) -> SqlType) -> SqlType {
        match self {
            Expr::Literal(value) => value.sql_type(),
            Expr::Column(c) => column(c),
            Expr::Neg(expr) => expr.result_type(column),
            Expr::Cast { ty, .. } => *ty,
            Expr::Arith { first, rest } => {
                rest.iter().fold(first.result_type(column), |left, (op, term)| {
                    arith(*op, left, term.result_type(column))
                })
            }
            Expr::Case { whens, otherwise, .. } => {
                let thens = whens.iter().map(|(_, then)| then);
                common(&mut thens.chain(otherwise.as_deref()), column)
            }
            Expr::Function { function, args } => call(*function, args, column),
            _ => SqlType::Boolean,
        }
    }
}

/// The type that all of these have; literal NULLs have whatever the others have.
fn common<'e, C: 'e>(
    results: &mut dyn Iterator<Item = &'e Expr<C>>,
    column: &dyn Fn(&C) -> SqlType,
) -> SqlType {
    let known = results.filter(|e| !matches!(e, Expr::Literal(Value::Null)));
    known.map(|e| e.result_type(column)).reduce(unified).unwrap_or(SqlType::Any)
}

fn unified(a: SqlType, b: SqlType) -> SqlType {
    match (a, b) {
        (a, b) if a == b => a,
        (a, b) if a.is_integer() && b.is_integer() => integers(a, b),
        (a, b) if a.is_text() && b.is_text() => SqlType::Text,
        _ => SqlType::Any,
    }
}

fn integers(a: SqlType, b: SqlType) -> SqlType {
    let wide = |ty| matches!(ty, SqlType::Signed128 | SqlType::Unsigned128 | SqlType::Unsigned64);
    if wide(a) || wide(b) { SqlType::Signed128 } else { SqlType::BigInt }
}

/// Digits after the point of a number that is exact.
fn scale(ty: SqlType) -> Option<u8> {
    match ty {
        SqlType::Decimal { scale, .. } => scale,
        ty if ty.is_integer() => Some(0),
        _ => None,
    }
}

fn arith(op: ArithOp, a: SqlType, b: SqlType) -> SqlType {
    use SqlType as T;
    let decimal = matches!(a, T::Decimal { .. }) || matches!(b, T::Decimal { .. });
    match (op, a, b) {
        (ArithOp::Concat, T::Blob, T::Blob) => T::Blob,
        (ArithOp::Concat, T::Any, _) | (ArithOp::Concat, _, T::Any) => T::Any,
        (ArithOp::Concat, ..) => T::Text,
        (ArithOp::BitAnd | ArithOp::BitOr | ArithOp::ShiftLeft | ArithOp::ShiftRight, ..) => {
            T::BigInt
        }
        (_, a, b) if a.is_integer() && b.is_integer() => integers(a, b),
        (_, a, b) if a.is_numeric() && b.is_numeric() && !decimal => T::Double,
        (_, a, b) if a.is_numeric() && b.is_numeric() => match (a.is_float() || b.is_float(), op) {
            (true, _) => T::Double,
            (_, ArithOp::Add | ArithOp::Sub | ArithOp::Rem) => {
                let scale = scale(a).zip(scale(b)).map(|(a, b)| a.max(b));
                T::Decimal { precision: None, scale }
            }
            (_, ArithOp::Mul) => {
                let scale = scale(a).zip(scale(b)).map(|(a, b)| a.saturating_add(b).min(28));
                T::Decimal { precision: None, scale }
            }
            _ => T::Decimal { precision: None, scale: None },
        },
        (ArithOp::Sub, T::Date, T::Date) => T::Integer,
        (
            ArithOp::Sub,
            T::Date | T::Timestamp | T::TimestampTz,
            T::Date | T::Timestamp | T::TimestampTz,
        )
        | (ArithOp::Sub, T::Time, T::Time) => T::Interval,
        (ArithOp::Add | ArithOp::Sub, T::Interval, T::Interval) => T::Interval,
        (ArithOp::Mul | ArithOp::Div, T::Interval, _) | (ArithOp::Mul, _, T::Interval) => {
            T::Interval
        }
        (ArithOp::Add | ArithOp::Sub, T::Date, b) if b.is_integer() => T::Date,
        (ArithOp::Add, a, T::Date) if a.is_integer() => T::Date,
        (ArithOp::Add | ArithOp::Sub, T::Date | T::Timestamp | T::TimestampTz, T::Interval)
        | (ArithOp::Add, T::Interval, T::Date | T::Timestamp | T::TimestampTz) => T::Timestamp,
        (ArithOp::Add | ArithOp::Sub, T::Time, T::Interval)
        | (ArithOp::Add, T::Interval, T::Time) => T::Time,
        _ => T::Any,
    }
}

fn call<C>(function: Function, args: &[Expr<C>], column: &dyn Fn(&C) -> SqlType) -> SqlType {
    use Function as F;
    let first = || args.first().map_or(SqlType::Any, |arg| arg.result_type(column));
    match function {
        F::Coalesce | F::Greatest | F::Least | F::MinOf | F::MaxOf => {
            common(&mut args.iter(), column)
        }
        F::NullIf => first(),
        F::Abs | F::Ceil | F::Floor | F::Round => match (first(), function) {
            (SqlType::Decimal { .. }, F::Ceil | F::Floor) => {
                SqlType::Decimal { precision: None, scale: Some(0) }
            }
            (SqlType::Decimal { .. }, F::Round) => {
                let scale = match args.get(1) {
                    None => Some(0),
                    Some(Expr::Literal(Value::Int(n))) => {
                        u8::try_from(*n).ok().filter(|n| *n <= 28)
                    }
                    _ => None,
                };
                SqlType::Decimal { precision: None, scale }
            }
            (ty, _) if ty.is_numeric() => ty,
            _ => SqlType::Any,
        },
        F::Mod => match args {
            [a, b] => arith(ArithOp::Rem, a.result_type(column), b.result_type(column)),
            _ => SqlType::Any,
        },
        F::Sign | F::Length | F::OctetLength | F::Instr => SqlType::Integer,
        F::Random => SqlType::BigInt,
        F::Power | F::Sqrt | F::Exp | F::Ln | F::Log | F::Log10 | F::Pi | F::JulianDay => {
            SqlType::Double
        }
        F::Trunc => first(),
        F::UnixEpoch | F::Unicode => SqlType::BigInt,
        F::Glob | F::JsonValid | F::RegexpLike | F::Similar => SqlType::Boolean,
        F::JsonArrayLength => SqlType::BigInt,
        F::Age => SqlType::Interval,
        F::JsonGetValue | F::JsonExtract => SqlType::Any,
        F::JsonGet
        | F::JsonArray
        | F::JsonObject
        | F::JsonQuote
        | F::Json
        | F::JsonSet
        | F::JsonInsert
        | F::JsonReplace
        | F::JsonRemove => SqlType::Json,
        F::Substr if first() == SqlType::Blob => SqlType::Blob,
        F::Upper
        | F::Lower
        | F::Trim
        | F::LTrim
        | F::RTrim
        | F::Substr
        | F::Replace
        | F::Concat
        | F::Hex
        | F::TypeOf
        | F::Left
        | F::Right
        | F::ConcatWs
        | F::Reverse
        | F::LPad
        | F::RPad
        | F::Quote
        | F::Repeat
        | F::SplitPart
        | F::Printf
        | F::Char
        | F::InitCap
        | F::DateOf
        | F::TimeOf
        | F::DateTime
        | F::StrfTime
        | F::JsonType
        | F::JsonTypeOf
        | F::JsonExtractPathText
        | F::RegexpReplace
        | F::ToChar => SqlType::Text,
        F::Now | F::DateTrunc => SqlType::Timestamp,
        F::CurrentDate => SqlType::Date,
        F::CurrentTime => SqlType::Time,
        F::GenerateUuid => SqlType::Uuid,
        F::Extract => match args.first() {
            Some(Expr::Literal(Value::Text(part))) => {
                match ["second", "seconds", "epoch", "millisecond", "milliseconds"]
                    .iter()
                    .any(|fraction| part.eq_ignore_ascii_case(fraction))
                {
                    true => SqlType::Decimal { precision: None, scale: None },
                    false => SqlType::Integer,
                }
            }
            _ => SqlType::Any,
        },
    }
}
