//! Comparison and arithmetic.

mod random;
mod value_samples;

use core::cmp::Ordering::{self, Equal, Greater, Less};
use offshoot_core::value::{ArithOp, SqlType, Value};
use random::Random;
use rust_decimal::Decimal;
use value_samples::{seeds, value};

fn dec(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().expect("a decimal"))
}

fn typed(name: &str, text: &str) -> Value {
    let ty = SqlType::parse_name(name, &[]).expect("a type");
    ty.coerce(Value::from(text)).expect("a value")
}

#[test]
fn numbers_compare_exactly_across_kinds() {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    for (a, b, order) in [
        (Value::Int(1), Value::Float(1.0), Equal),
        (Value::Int(1), dec("1.00"), Equal),
        (Value::Int(i64::MAX), Value::Float(TWO_63), Less),
        (Value::Int(i64::MIN), Value::Float(-TWO_63), Equal),
        (Value::Int(9_007_199_254_740_993), Value::Float(9_007_199_254_740_992.0), Greater),
        (Value::Int(9_007_199_254_740_991), Value::Float(9_007_199_254_740_992.0), Less),
        (Value::Int(-1), Value::Float(-0.5), Less),
        (Value::Int(0), Value::Float(-0.5), Greater),
        (Value::Int(0), Value::Float(-0.0), Equal),
        (Value::Int(0), Value::Float(5e-324), Less),
        (Value::Int(i64::MAX), Value::Float(f64::INFINITY), Less),
        (Value::Int(i64::MIN), Value::Float(f64::NEG_INFINITY), Greater),
        (Value::Int(0), Value::Float(f64::NAN), Less),
        (Value::Float(f64::NAN), Value::Float(f64::NAN), Equal),
        (Value::Float(f64::INFINITY), Value::Float(f64::NAN), Less),
        (Value::integer(1 << 64), Value::Float(18_446_744_073_709_551_616.0), Equal),
        (Value::unsigned(u128::MAX), Value::Float(3.402_823_669_209_385e38), Less),
        (Value::unsigned(u128::MAX), Value::integer(i128::MIN), Greater),
        (Value::Float(0.1), dec("0.1"), Greater),
        (Value::Float(0.5), dec("0.50"), Equal),
        (Value::Int(2), dec("1.9999999999999999999999999999"), Greater),
        (Value::Bool(true), Value::Int(1), Equal),
    ] {
        assert_eq!(a.compare(&b), Ok(Some(order)), "{a:?} {b:?}");
        assert_eq!(b.compare(&a), Ok(Some(order.reverse())), "{b:?} {a:?}");
    }
}

#[test]
fn other_kinds_compare_where_they_have_a_common_order() {
    let text = |t: &str| Value::from(t);
    for (a, b, order) in [
        (text("a"), text("B"), Greater),
        (text("10"), Value::Int(9), Greater),
        (text("1.5"), Value::Int(1), Greater),
        (text("0.5"), Value::Float(0.5), Equal),
        (text("TRUE"), Value::Bool(true), Equal),
        (Value::Date(1), Value::Timestamp(86_400_000_000), Equal),
        (Value::Date(1), Value::Timestamp(86_400_000_001), Less),
        (Value::Date(0), text("1970-01-02"), Less),
        (Value::Timestamp(0), text("1970-01-01T01:00:00+01:00"), Equal),
        (Value::Uuid([1; 16]), text("01010101-0101-0101-0101-010101010101"), Equal),
        (Value::Json("{\"a\":1}".into()), text("{ \"a\" : 1 }"), Equal),
        (typed("interval", "1 month"), typed("interval", "30 days"), Equal),
        (typed("interval", "1 month"), text("31 days"), Less),
        (typed("inet", "10.0.0.9"), text("10.0.0.10"), Less),
    ] {
        assert_eq!(a.compare(&b), Ok(Some(order)), "{a:?} {b:?}");
        assert_eq!(b.compare(&a), Ok(Some(order.reverse())), "{b:?} {a:?}");
    }
    for (a, b, says) in [
        (Value::Int(1), text("abc"), "'abc' is not a valid"),
        (Value::Date(1), text("abc"), "YYYY-MM-DD"),
        (Value::Date(1), Value::Int(1), "cannot compare DATE with INTEGER"),
        (Value::from(vec![1]), text("a"), "BLOB"),
        (Value::Time(1), Value::Timestamp(1), "TIME"),
    ] {
        assert!(a.compare(&b).expect_err("no order").to_string().contains(says), "{a:?} {b:?}");
        assert!(b.compare(&a).is_err());
    }
}

#[test]
fn orders_are_consistent() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..20_000 {
            let [a, b, c] = [(); 3].map(|()| value(&mut random, 1));
            let context = format!("seed {seed}: {a:?} {b:?} {c:?}");
            assert_eq!(Value::Null.compare(&a), Ok(None));
            assert_eq!(a.compare(&Value::Null), Ok(None));
            match (a.compare(&b), b.compare(&a)) {
                (Ok(there), Ok(back)) => {
                    assert_eq!(there, back.map(Ordering::reverse), "{context}");
                }
                (there, back) => assert_eq!(there.is_err(), back.is_err(), "{context}"),
            }
            for order in [Value::total_cmp, Value::sort_cmp] {
                assert_eq!(order(&a, &a), Equal, "{context}");
                assert_eq!(order(&a, &b), order(&b, &a).reverse(), "{context}");
                if order(&a, &b).is_le() && order(&b, &c).is_le() {
                    assert!(order(&a, &c).is_le(), "{context}");
                }
            }
        }
    }
}

#[test]
fn mixed_numbers_sort_by_value() {
    let mut values = [
        Value::Float(2.5),
        Value::Int(3),
        dec("2.75"),
        Value::from("a"),
        Value::Null,
        Value::Int(2),
    ];
    values.sort_by(Value::sort_cmp);
    let sorted = [
        Value::Null,
        Value::Int(2),
        Value::Float(2.5),
        dec("2.75"),
        Value::Int(3),
        Value::from("a"),
    ];
    assert_eq!(values, sorted);
}

#[test]
fn arithmetic() {
    use ArithOp::*;
    let text = |t: &str| Value::from(t);
    let wide = Value::integer(1 << 100);
    for (a, op, b, result) in [
        (Value::Int(7), Div, Value::Int(2), Value::Int(3)),
        (Value::Int(-7), Div, Value::Int(2), Value::Int(-3)),
        (Value::Int(-7), Rem, Value::Int(2), Value::Int(-1)),
        (Value::Int(i64::MIN), Rem, Value::Int(-1), Value::Int(0)),
        (Value::Int(1), Add, Value::Float(0.5), Value::Float(1.5)),
        (Value::Int(2), Mul, dec("1.5"), dec("3")),
        (Value::Int(1), Div, dec("4"), dec("0.25")),
        (dec("1.5"), Add, Value::Float(1.0), Value::Float(2.5)),
        (dec("7.5"), Rem, Value::Int(2), dec("1.5")),
        (text("5"), Add, Value::Int(1), Value::Int(6)),
        (text("1.5"), Mul, text("2"), dec("3")),
        (Value::Bool(true), Add, Value::Int(1), Value::Int(2)),
        (wide.clone(), Add, Value::Int(-1), Value::integer((1 << 100) - 1)),
        (wide.clone(), Sub, wide.clone(), Value::Int(0)),
        (wide.clone(), Mul, Value::Int(-2), Value::integer(-(1 << 101))),
        (wide.clone(), Div, Value::integer(1 << 99), Value::Int(2)),
        (Value::unsigned(u128::MAX), Rem, Value::Int(10), Value::Int(5)),
        (Value::Int(6), BitAnd, Value::Int(3), Value::Int(2)),
        (Value::Int(6), BitOr, Value::Int(3), Value::Int(7)),
        (Value::Int(1), ShiftLeft, Value::Int(63), Value::Int(i64::MIN)),
        (Value::Int(1), ShiftLeft, Value::Int(64), Value::Int(0)),
        (Value::Int(-8), ShiftRight, Value::Int(1), Value::Int(-4)),
        (Value::Int(-8), ShiftRight, Value::Int(i64::MAX), Value::Int(-1)),
        (Value::Int(1), ShiftRight, Value::Int(i64::MIN), Value::Int(0)),
        (Value::Int(8), ShiftLeft, Value::Int(-2), Value::Int(2)),
        (text("a"), Concat, Value::Int(1), text("a1")),
        (Value::from(vec![1]), Concat, Value::from(vec![2]), Value::from(vec![1, 2])),
        (
            typed("date", "2024-01-31"),
            Add,
            typed("interval", "1 month"),
            typed("timestamp", "2024-02-29"),
        ),
        (
            typed("timestamp", "2024-03-31 12:00"),
            Sub,
            text("1 month"),
            typed("timestamp", "2024-02-29 12:00"),
        ),
        (typed("date", "2024-03-01"), Sub, typed("date", "2024-02-01"), Value::Int(29)),
        (typed("date", "2024-03-01"), Sub, Value::Int(1), typed("date", "2024-02-29")),
        (Value::Int(1), Add, typed("date", "2024-02-29"), typed("date", "2024-03-01")),
        (
            typed("timestamp", "2024-01-02"),
            Sub,
            typed("date", "2024-01-01"),
            typed("interval", "24:00"),
        ),
        (typed("time", "23:30"), Add, typed("interval", "1 hour"), typed("time", "00:30")),
        (
            typed("interval", "1 month 1 day"),
            Mul,
            Value::Int(3),
            typed("interval", "3 months 3 days"),
        ),
        (typed("interval", "1 month"), Div, Value::Int(2), typed("interval", "15 days")),
        (dec("1.5"), Mul, typed("interval", "1 hour"), typed("interval", "90 minutes")),
        (
            typed("interval", "1 day"),
            Sub,
            typed("interval", "1 hour"),
            typed("interval", "23 hours"),
        ),
    ] {
        assert_eq!(a.arith(op, &b), Ok(result), "{a:?} {} {b:?}", op.symbol());
        assert_eq!(a.arith(op, &Value::Null), Ok(Value::Null));
        assert_eq!(Value::Null.arith(op, &b), Ok(Value::Null));
    }
}

#[test]
fn arithmetic_that_has_no_result() {
    use ArithOp::*;
    let max = Value::Int(i64::MAX);
    let text = |t: &str| Value::from(t);
    for (a, op, b, says) in [
        (max.clone(), Add, Value::Int(1), "9223372036854775807 + 1 overflows"),
        (Value::Int(i64::MIN), Sub, Value::Int(1), "overflows"),
        (max.clone(), Mul, Value::Int(2), "overflows"),
        (Value::Int(i64::MIN), Div, Value::Int(-1), "overflows"),
        (Value::unsigned(u128::MAX), Add, Value::Int(1), "overflows"),
        (Value::integer(i128::MIN), Sub, Value::Int(1), "overflows"),
        (Value::Float(1e308), Mul, Value::Float(10.0), "overflows"),
        (dec("79228162514264337593543950335"), Add, Value::Int(1), "overflows"),
        (Value::unsigned(u128::MAX), Mul, dec("1.5"), "overflows"),
        (Value::Int(1), Div, Value::Int(0), "division by zero"),
        (Value::Int(1), Rem, Value::Int(0), "division by zero"),
        (Value::Float(1.0), Div, Value::Float(0.0), "division by zero"),
        (dec("1"), Rem, dec("0"), "division by zero"),
        (Value::integer(1 << 100), Div, Value::Int(0), "division by zero"),
        (typed("interval", "1 day"), Div, Value::Int(0), "division by zero"),
        (typed("interval", "1 day"), Mul, max.clone(), "overflows"),
        (text("a"), Add, Value::Int(1), "'a' is not a valid number"),
        (Value::Date(0), Add, Value::Date(0), "no operation DATE + DATE"),
        (Value::Date(0), Mul, Value::Int(2), "no operation"),
        (typed("date", "9999-12-31"), Add, Value::Int(1), "overflows"),
        (typed("timestamp", "9999-12-31"), Add, typed("interval", "1 day"), "overflows"),
        (
            Value::Timestamp(0),
            Add,
            Value::Interval { months: i32::MAX, micros: i64::MAX },
            "overflows",
        ),
        (Value::Timestamp(0), Sub, Value::Interval { months: 0, micros: i64::MIN }, "overflows"),
        (Value::Float(1.0), BitAnd, Value::Int(1), "no operation DOUBLE & INTEGER"),
        (Value::Uuid([0; 16]), Add, Value::Int(1), "no operation UUID + INTEGER"),
    ] {
        let error = a.arith(op, &b).expect_err("no result").to_string();
        assert!(error.contains(says), "{a:?} {} {b:?}: {error}", op.symbol());
    }
    assert_eq!(Value::Int(i64::MIN).neg(), Ok(Value::integer(1 << 63)));
    assert_eq!(Value::integer(1 << 63).neg(), Ok(Value::Int(i64::MIN)));
    assert!(Value::unsigned(u128::MAX).neg().is_err());
    assert!(Value::Interval { months: i32::MIN, micros: 0 }.neg().is_err());
    assert!(Value::Date(0).neg().is_err());
}

#[test]
fn no_operation_panics() {
    use ArithOp::*;
    let all = [Add, Sub, Mul, Div, Rem, Concat, BitAnd, BitOr, ShiftLeft, ShiftRight];
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..20_000 {
            let (a, b) = (value(&mut random, 1), value(&mut random, 1));
            for op in all {
                if a.is_null() || b.is_null() {
                    assert_eq!(a.arith(op, &b), Ok(Value::Null), "seed {seed}");
                }
                // Whatever comes out has the one representation of its value.
                if let Ok(value) = a.arith(op, &b) {
                    assert!(!matches!(value, Value::Int128(v) if i64::try_from(v).is_ok()));
                    assert!(!matches!(value, Value::UInt128(v) if i128::try_from(v).is_ok()));
                }
            }
            if let Ok(negative) = a.neg() {
                assert_eq!(negative.is_null(), a.is_null(), "seed {seed}");
            }
        }
    }
}

#[test]
fn text_is_read_back() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..10_000 {
            let value = value(&mut random, 0);
            // Dates and moments outside the years 0000 to 9999 are shown, but not read.
            let far = matches!(&value, Value::Date(_) | Value::Timestamp(_))
                && value.to_text().starts_with(['+', '-']);
            if value.is_null() || far {
                continue;
            }
            let back = value.sql_type().coerce(Value::from(value.to_text()));
            match &value {
                Value::Blob(_) | Value::Text(_) => {}
                _ => assert_eq!(back.as_ref(), Ok(&value), "seed {seed}: {}", value.to_text()),
            }
        }
    }
}
