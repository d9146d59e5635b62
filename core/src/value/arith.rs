//! Arithmetic on values. NULL on either side gives NULL; whatever has no exact place is an error.

use super::interval::estimated_micros;
use super::number::{Number, Wide, parse_number};
use super::parse::shown;
use super::time::{self, MICROS_PER_DAY};
use super::{SqlType, Value, ValueError};
use rust_decimal::Decimal;

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArithOp {
    /// `+`: numbers; days and moments with intervals; days with whole days; intervals.
    Add,
    /// `-`: as `+`, and the difference of two days (in days) or moments (an interval).
    Sub,
    /// `*`: numbers; an interval with a number.
    Mul,
    /// `/`: numbers, whole numbers towards zero; an interval by a number.
    Div,
    /// `%`: the remainder, with the sign of the left side.
    Rem,
    /// `||`: text, or two blobs.
    Concat,
    /// `&` of 64-bit integers.
    BitAnd,
    /// `|` of 64-bit integers.
    BitOr,
    /// `<<` of 64-bit integers; by a negative number, `>>`.
    ShiftLeft,
    /// `>>` of 64-bit integers, keeping the sign.
    ShiftRight,
}

impl ArithOp {
    /// How SQL writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            ArithOp::Add => "+",
            ArithOp::Sub => "-",
            ArithOp::Mul => "*",
            ArithOp::Div => "/",
            ArithOp::Rem => "%",
            ArithOp::Concat => "||",
            ArithOp::BitAnd => "&",
            ArithOp::BitOr => "|",
            ArithOp::ShiftLeft => "<<",
            ArithOp::ShiftRight => ">>",
        }
    }
}

impl Value {
    /// `self op other`. Integers stay integers; with a float the result is a float, else with a
    /// decimal a decimal. Text that meets a number is read as one, and as an interval beside a day
    /// or a moment.
    ///
    /// # Errors
    /// `Overflow`, `DivisionByZero`, and `NoOperation` for kinds that do not go together.
    pub fn arith(&self, op: ArithOp, other: &Value) -> Result<Value, ValueError> {
        use Value as V;
        match (self, other) {
            (V::Null, _) | (_, V::Null) => return Ok(V::Null),
            (V::Int(a), V::Int(b)) => return small(op, *a, *b),
            _ => {}
        }
        match op {
            ArithOp::Concat => return Ok(concat(self, other)),
            ArithOp::BitAnd | ArithOp::BitOr | ArithOp::ShiftLeft | ArithOp::ShiftRight => {
                return Err(no_operation(op, self, other));
            }
            _ => {}
        }
        match (number_of(self, other)?, number_of(other, self)?) {
            (Some(a), Some(b)) => numeric(op, a, b),
            _ => temporal(op, self, other),
        }
    }

    /// `-self`.
    ///
    /// # Errors
    /// `Undefined` where the result has no representation, `NoOperation` for what has no sign.
    pub fn neg(&self) -> Result<Value, ValueError> {
        let undefined = || undefined("negation", self);
        match self {
            Value::Null => Ok(Value::Null),
            Value::Int(v) => Ok(Value::integer(-i128::from(*v))),
            Value::Int128(_) | Value::UInt128(_) => {
                let wide = Wide::from_value(self).ok_or_else(undefined)?;
                Wide::new(!wide.negative, wide.magnitude).into_value().ok_or_else(undefined)
            }
            Value::Float(v) => Ok(Value::Float(-v)),
            Value::Decimal(v) => Ok(Value::Decimal(-*v)),
            Value::Interval { months, micros } => {
                let months = months.checked_neg().ok_or_else(undefined)?;
                let micros = micros.checked_neg().ok_or_else(undefined)?;
                Ok(Value::Interval { months, micros })
            }
            Value::Text(_) => Value::Int(0).arith(ArithOp::Sub, self),
            other => Err(ValueError::NoOperation { op: "-", left: "nothing", right: other.kind() }),
        }
    }
}

pub(super) fn undefined(function: &'static str, value: &Value) -> ValueError {
    ValueError::Undefined { function, value: shown(&value.to_text()) }
}

fn no_operation(op: ArithOp, left: &Value, right: &Value) -> ValueError {
    ValueError::NoOperation { op: op.symbol(), left: left.kind(), right: right.kind() }
}

fn overflow(op: ArithOp, left: impl ToString, right: impl ToString) -> ValueError {
    let (left, right) = (shown(&left.to_string()), shown(&right.to_string()));
    ValueError::Overflow { op: op.symbol(), left, right }
}

/// Both sides fit 64 bits, and so must the result.
fn small(op: ArithOp, a: i64, b: i64) -> Result<Value, ValueError> {
    let result = match op {
        ArithOp::Add => a.checked_add(b),
        ArithOp::Sub => a.checked_sub(b),
        ArithOp::Mul => a.checked_mul(b),
        ArithOp::Div | ArithOp::Rem if b == 0 => return Err(ValueError::DivisionByZero),
        ArithOp::Div => a.checked_div(b),
        // The remainder of the least integer by -1 is 0, although the quotient overflows.
        ArithOp::Rem => Some(a.wrapping_rem(b)),
        ArithOp::Concat => return Ok(Value::from(format!("{a}{b}"))),
        ArithOp::BitAnd => Some(a & b),
        ArithOp::BitOr => Some(a | b),
        ArithOp::ShiftLeft => Some(shift_left(a, b)),
        ArithOp::ShiftRight => Some(shift_left(a, b.saturating_neg())),
    };
    result.map(Value::Int).ok_or_else(|| overflow(op, a, b))
}

/// As in SQLite: bits fall off, and a negative distance shifts right.
fn shift_left(value: i64, by: i64) -> i64 {
    match by {
        0..64 => value << by,
        -63..0 => value >> -by,
        64.. => 0,
        _ => value >> 63,
    }
}

fn concat(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Blob(a), Value::Blob(b)) => Value::from([&**a, &**b].concat()),
        _ => Value::from(left.to_text() + &right.to_text()),
    }
}

/// A number, or text beside a number or other text, read as a number.
fn number_of(value: &Value, beside: &Value) -> Result<Option<Number>, ValueError> {
    let Value::Text(text) = value else { return Ok(Number::from_value(value)) };
    let numeric = matches!(beside, Value::Text(_)) || Number::from_value(beside).is_some();
    if !numeric {
        return Ok(None);
    }
    let malformed = || ValueError::Malformed {
        text: shown(text),
        to: "number".into(),
        form: "write a number such as 42 or 1.5",
    };
    parse_number(text).map(Some).ok_or_else(malformed)
}

fn numeric(op: ArithOp, a: Number, b: Number) -> Result<Value, ValueError> {
    let text = |n: Number| n.into_value().map(|v| v.to_text()).unwrap_or_default();
    let result = match (a, b) {
        (Number::Integer(a), Number::Integer(b)) => wide(op, a, b)?.and_then(Wide::into_value),
        (Number::Float(_), _) | (_, Number::Float(_)) => {
            float(op, a.to_f64(), b.to_f64())?.map(Value::Float)
        }
        _ => match (a.to_decimal(), b.to_decimal()) {
            (Some(a), Some(b)) => decimal(op, a, b)?.map(Value::Decimal),
            _ => None,
        },
    };
    result.ok_or_else(|| overflow(op, text(a), text(b)))
}

fn wide(op: ArithOp, a: Wide, b: Wide) -> Result<Option<Wide>, ValueError> {
    let sum = |a: Wide, b: Wide| match (a.negative == b.negative, a.magnitude >= b.magnitude) {
        (true, _) => a.magnitude.checked_add(b.magnitude).map(|m| Wide::new(a.negative, m)),
        (false, true) => Some(Wide::new(a.negative, a.magnitude - b.magnitude)),
        (false, false) => Some(Wide::new(b.negative, b.magnitude - a.magnitude)),
    };
    let signs = a.negative != b.negative;
    Ok(match op {
        ArithOp::Add => sum(a, b),
        ArithOp::Sub => sum(a, Wide::new(!b.negative, b.magnitude)),
        ArithOp::Mul => a.magnitude.checked_mul(b.magnitude).map(|m| Wide::new(signs, m)),
        _ if b.magnitude == 0 => return Err(ValueError::DivisionByZero),
        ArithOp::Rem => Some(Wide::new(a.negative, a.magnitude % b.magnitude)),
        _ => Some(Wide::new(signs, a.magnitude / b.magnitude)),
    })
}

/// `None` where the result of finite numbers is not finite.
fn float(op: ArithOp, a: f64, b: f64) -> Result<Option<f64>, ValueError> {
    let result = match op {
        ArithOp::Add => a + b,
        ArithOp::Sub => a - b,
        ArithOp::Mul => a * b,
        _ if b == 0.0 => return Err(ValueError::DivisionByZero),
        ArithOp::Rem => a % b,
        _ => a / b,
    };
    Ok((result.is_finite() || !a.is_finite() || !b.is_finite()).then_some(result))
}

fn decimal(op: ArithOp, a: Decimal, b: Decimal) -> Result<Option<Decimal>, ValueError> {
    Ok(match op {
        ArithOp::Add => a.checked_add(b),
        ArithOp::Sub => a.checked_sub(b),
        ArithOp::Mul => a.checked_mul(b),
        _ if b.is_zero() => return Err(ValueError::DivisionByZero),
        ArithOp::Rem => a.checked_rem(b),
        _ => a.checked_div(b),
    })
}

/// Days, times, moments and intervals.
fn temporal(op: ArithOp, left: &Value, right: &Value) -> Result<Value, ValueError> {
    use Value as V;
    let interval = |text: &str| SqlType::Interval.parse(text);
    let result = match (left, op, right) {
        (V::Date(_) | V::Time(_) | V::Timestamp(_) | V::Interval { .. }, _, V::Text(text)) => {
            return temporal(op, left, &interval(text)?);
        }
        (
            V::Text(text),
            ArithOp::Add,
            V::Date(_) | V::Time(_) | V::Timestamp(_) | V::Interval { .. },
        ) => {
            return temporal(op, &interval(text)?, right);
        }
        (V::Date(day), ArithOp::Add, V::Int(n)) | (V::Int(n), ArithOp::Add, V::Date(day)) => {
            n.checked_add((*day).into()).and_then(time::date)
        }
        (V::Date(day), ArithOp::Sub, V::Int(n)) => {
            i64::from(*day).checked_sub(*n).and_then(time::date)
        }
        (V::Date(a), ArithOp::Sub, V::Date(b)) => Some(V::Int(i64::from(*a) - i64::from(*b))),
        (V::Date(_) | V::Timestamp(_), ArithOp::Sub, V::Date(_) | V::Timestamp(_)) => {
            match (moment(left), moment(right)) {
                (Some(a), Some(b)) => {
                    a.checked_sub(b).map(|micros| V::Interval { months: 0, micros })
                }
                _ => None,
            }
        }
        (V::Date(_) | V::Timestamp(_), ArithOp::Add, V::Interval { months, micros }) => {
            moment(left).and_then(|at| time::later(at, (*months).into(), *micros))
        }
        (V::Interval { .. }, ArithOp::Add, V::Date(_) | V::Timestamp(_) | V::Time(_)) => {
            return temporal(op, right, left);
        }
        (V::Date(_) | V::Timestamp(_), ArithOp::Sub, V::Interval { months, micros }) => {
            let at = moment(left).zip(micros.checked_neg());
            at.and_then(|(at, micros)| time::later(at, -i64::from(*months), micros))
        }
        (V::Time(at), ArithOp::Add | ArithOp::Sub, V::Interval { micros, .. }) => {
            let sign = if op == ArithOp::Sub { -1 } else { 1 };
            let micros = i128::from(*at) + sign * i128::from(*micros);
            i64::try_from(micros.rem_euclid(MICROS_PER_DAY.into())).ok().map(V::Time)
        }
        (V::Time(a), ArithOp::Sub, V::Time(b)) => {
            a.checked_sub(*b).map(|micros| V::Interval { months: 0, micros })
        }
        (V::Interval { months, micros }, ArithOp::Add, V::Interval { months: m, micros: u }) => {
            months.checked_add(*m).zip(micros.checked_add(*u)).map(interval_of)
        }
        (V::Interval { months, micros }, ArithOp::Sub, V::Interval { months: m, micros: u }) => {
            months.checked_sub(*m).zip(micros.checked_sub(*u)).map(interval_of)
        }
        (V::Interval { .. }, ArithOp::Mul | ArithOp::Div, _) => match Number::from_value(right) {
            Some(number) => scaled(op, left, number)?,
            None => return Err(no_operation(op, left, right)),
        },
        (_, ArithOp::Mul, V::Interval { .. }) if Number::from_value(left).is_some() => {
            return temporal(op, right, left);
        }
        _ => return Err(no_operation(op, left, right)),
    };
    result.ok_or_else(|| overflow(op, left, right))
}

fn interval_of((months, micros): (i32, i64)) -> Value {
    Value::Interval { months, micros }
}

fn moment(value: &Value) -> Option<i64> {
    match value {
        Value::Date(day) => i64::from(*day).checked_mul(MICROS_PER_DAY),
        Value::Timestamp(at) => Some(*at),
        _ => None,
    }
}

/// An interval times or over a number. By whole numbers exact; otherwise what is left of a month
/// spills into days, 30 to a month, as in PostgreSQL.
fn scaled(op: ArithOp, interval: &Value, by: Number) -> Result<Option<Value>, ValueError> {
    let Value::Interval { months, micros } = interval else { return Ok(None) };
    if let (ArithOp::Mul, Number::Integer(by)) = (op, by) {
        let by = by.to_i128().and_then(|by| i64::try_from(by).ok());
        return Ok(by.and_then(|by| {
            let months = i64::from(*months).checked_mul(by)?;
            Some(interval_of((i32::try_from(months).ok()?, micros.checked_mul(by)?)))
        }));
    }
    let by = by.to_f64();
    if op == ArithOp::Div && by == 0.0 {
        return Err(ValueError::DivisionByZero);
    }
    let scale = |n: f64| if op == ArithOp::Div { n / by } else { n * by };
    let whole_months = scale(f64::from(*months));
    let spilled = whole_months.fract() * estimated_micros(1, 0) as f64;
    let micros = (scale(*micros as f64) + spilled).round();
    let fits = whole_months.abs() < f64::from(i32::MAX) && micros.abs() < i64::MAX as f64;
    Ok(fits.then(|| interval_of((whole_months.trunc() as i32, micros as i64))))
}
