//! Functions: what they give, what they refuse, and that time and chance come from the moment.

use offshoot_core::expr::{CompareOp, EvalContext, EvalError, Expr, Function, TEXT_BYTES_MAX};
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::value::{ArithOp, SqlType, Value};
use rust_decimal::Decimal;

const NOW: i64 = 1_764_576_000_123_456; // 2025-12-01 08:00:00.123456

fn moment() -> Moment {
    Moment { now: Micros(NOW), seed: [7; 32] }
}

fn call(name: &str, args: Vec<Value>) -> Result<Value, EvalError> {
    let function = Function::by_name(name).unwrap_or_else(|| panic!("{name}"));
    let expr: Expr = Expr::call(function, args.into_iter().map(Expr::Literal).collect())?;
    let none: [Value; 0] = [];
    expr.eval(&none, &EvalContext::at(&moment()))
}

fn dec(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().expect("a decimal"))
}

fn at(text: &str) -> Value {
    SqlType::Timestamp.coerce(Value::from(text)).expect("a timestamp")
}

macro_rules! v {
    ($($arg:expr),*) => { vec![$(Value::from($arg)),*] };
}

#[test]
fn what_functions_give() {
    let null = || Value::Null;
    for (name, args, result) in [
        ("coalesce", vec![null(), Value::Int(2)], Value::Int(2)),
        ("ifnull", vec![null(), null()], null()),
        ("nullif", v![1, 1.0], null()),
        ("nullif", v![1, 2], Value::Int(1)),
        ("nullif", vec![Value::Int(1), null()], Value::Int(1)),
        ("abs", v![-5], Value::Int(5)),
        ("abs", vec![dec("-1.5")], dec("1.5")),
        ("abs", v!["-2"], Value::Int(2)),
        ("abs", v![i64::MIN], Value::integer(1 << 63)),
        ("round", v![2.5], Value::Float(3.0)),
        ("round", v![-2.5], Value::Float(-3.0)),
        ("round", vec![dec("2.5")], dec("3")),
        ("round", vec![dec("-1.005"), Value::Int(2)], dec("-1.01")),
        ("round", v![0.125, 2], Value::Float(0.13)),
        ("round", v![0.375, 2], Value::Float(0.38)),
        ("round", v![2.675, 2], Value::Float(2.67)),
        ("round", v![1e300, 5], Value::Float(1e300)),
        ("round", v![1234, -2], Value::Int(1200)),
        ("round", v![-1250, -2], Value::Int(-1300)),
        ("round", v![1234, 2], Value::Int(1234)),
        ("round", v![1234.5, -2], Value::Float(1200.0)),
        ("round", v![5, i64::MIN], Value::Int(0)),
        ("ceil", v![1.2], Value::Float(2.0)),
        ("ceiling", vec![dec("-1.2")], dec("-1")),
        ("floor", vec![dec("-1.2")], dec("-2")),
        ("floor", v![7], Value::Int(7)),
        ("sign", v![-0.5], Value::Int(-1)),
        ("sign", v![0], Value::Int(0)),
        ("mod", v![-7, 3], Value::Int(-1)),
        ("power", v![2, 10], Value::Float(1024.0)),
        ("sqrt", v![9], Value::Float(3.0)),
        ("length", v!["héllo"], Value::Int(5)),
        ("octet_length", v!["héllo"], Value::Int(6)),
        ("length", v![vec![1u8, 2]], Value::Int(2)),
        ("length", v![123], Value::Int(3)),
        ("upper", v!["straße"], Value::from("STRASSE")),
        ("lower", v!["ÄB"], Value::from("äb")),
        ("trim", v!["  a b "], Value::from("a b")),
        ("ltrim", v!["xxaxx", "x"], Value::from("axx")),
        ("rtrim", v!["axyx", "xy"], Value::from("a")),
        ("trim", v!["", "x"], Value::from("")),
        ("replace", v!["aXbX", "X", "--"], Value::from("a--b--")),
        ("replace", v!["abc", "", "x"], Value::from("abc")),
        ("instr", v!["héllo", "l"], Value::Int(3)),
        ("instr", v!["abc", "x"], Value::Int(0)),
        ("instr", v!["abc", ""], Value::Int(1)),
        ("instr", v![vec![1u8, 2, 3], vec![2u8, 3]], Value::Int(2)),
        ("concat", vec![Value::from("a"), null(), Value::Int(1)], Value::from("a1")),
        ("greatest", vec![Value::Int(1), null(), Value::Float(2.5)], Value::Float(2.5)),
        ("least", v!["b", "a"], Value::from("a")),
        ("least", vec![null()], null()),
        ("hex", v!["aé"], Value::from("61C3A9")),
        ("hex", v![vec![0u8, 255]], Value::from("00FF")),
        ("typeof", v![1], Value::from("integer")),
        ("typeof", v![1.5], Value::from("real")),
        ("typeof", vec![null()], Value::from("null")),
        ("typeof", vec![dec("1")], Value::from("decimal")),
        ("left", v!["héllo", 2], Value::from("hé")),
        ("left", v!["héllo", -2], Value::from("hél")),
        ("right", v!["héllo", 2], Value::from("lo")),
        ("right", v!["héllo", -9], Value::from("")),
        ("now", vec![], Value::Timestamp(NOW)),
        ("current_date", vec![], Value::Date(20_423)),
        ("current_time", vec![], Value::Time(28_800_123_456)),
        ("upper", vec![null()], null()),
        ("replace", vec![Value::from("a"), null(), Value::from("b")], null()),
    ] {
        assert_eq!(call(name, args.clone()), Ok(result), "{name}{args:?}");
    }
}

/// Results of SQLite 3.40.
#[test]
fn substr_as_in_sqlite() {
    for (start, length, result) in [
        (1, None, "abcde"),
        (2, None, "bcde"),
        (0, None, "abcde"),
        (-2, None, "de"),
        (-9, None, "abcde"),
        (6, None, ""),
        (2, Some(3), "bcd"),
        (0, Some(2), "a"),
        (0, Some(1), ""),
        (-2, Some(1), "d"),
        (-7, Some(3), "a"),
        (-7, Some(2), ""),
        (3, Some(0), ""),
        (3, Some(-2), "ab"),
        (2, Some(-5), "a"),
        (0, Some(-1), ""),
        (-1, Some(-2), "cd"),
        // SQLite 3.40 cuts these to 32 bits; here they mean what they say.
        (1, Some(i64::MAX), "abcde"),
        (i64::MIN, Some(i64::MAX), "abcd"),
        (i64::MAX, Some(i64::MIN), "abcde"),
    ] {
        let mut args = v!["abcde", start];
        args.extend(length.map(Value::Int));
        assert_eq!(call("substr", args), Ok(Value::from(result)), "substr({start}, {length:?})");
        let mut args = v![b"abcde".to_vec(), start];
        args.extend(length.map(Value::Int));
        assert_eq!(call("substring", args), Ok(Value::from(result.as_bytes().to_vec())));
    }
}

#[test]
fn parts_of_dates() {
    let moment = at("2024-02-29 13:14:15.5");
    for (part, value, truncated) in [
        ("century", Value::Int(21), Some("2001-01-01")),
        ("decade", Value::Int(202), Some("2020-01-01")),
        ("year", Value::Int(2024), Some("2024-01-01")),
        ("quarter", Value::Int(1), Some("2024-01-01")),
        ("MONTH", Value::Int(2), Some("2024-02-01")),
        ("week", Value::Int(9), Some("2024-02-26")),
        ("day", Value::Int(29), Some("2024-02-29")),
        ("dow", Value::Int(4), None),
        ("isodow", Value::Int(4), None),
        ("doy", Value::Int(60), None),
        ("hour", Value::Int(13), Some("2024-02-29 13:00")),
        ("minute", Value::Int(14), Some("2024-02-29 13:14")),
        ("second", dec("15.5"), Some("2024-02-29 13:14:15")),
        ("millisecond", dec("15500"), Some("2024-02-29 13:14:15.5")),
        ("epoch", dec("1709212455.5"), None),
    ] {
        assert_eq!(call("date_part", vec![part.into(), moment.clone()]), Ok(value), "{part}");
        let result = call("date_trunc", vec![part.into(), moment.clone()]).ok();
        assert_eq!(result, truncated.map(at), "{part}");
    }
    // ISO weeks at the turn of the year.
    for (day, week) in
        [("2021-01-03", 53), ("2021-01-04", 1), ("2018-12-31", 1), ("2023-01-01", 52)]
    {
        assert_eq!(call("date_part", v!["week", day]), Ok(Value::Int(week)), "{day}");
    }
    assert_eq!(
        call("date_part", vec!["hour".into(), Value::Time(3_600_000_000)]),
        Ok(Value::Int(1))
    );
    assert!(call("date_part", vec!["year".into(), Value::Time(0)]).is_err());
    assert!(call("date_part", v!["fortnight", "2021-01-03"]).is_err());
    assert!(call("date_trunc", v!["day", "soon"]).is_err());
}

#[test]
fn what_functions_refuse() {
    for (name, args, says) in [
        ("abs", v!["x"], "not a valid number"),
        ("sqrt", v![-1], "out of range"),
        ("power", v![10, 400], "out of range"),
        ("round", vec![Value::Date(0)], "ROUND does not take a value of type DATE"),
        ("mod", v![1, 0], "division by zero"),
        ("upper", v![vec![1u8]], "UPPER does not take a value of type BLOB"),
        ("greatest", vec![Value::Int(1), Value::Date(0)], "cannot compare"),
        ("substr", v!["a"], "SUBSTR takes 2 to 3 arguments, not 1"),
        ("now", v![1], "NOW takes 0 arguments"),
        ("coalesce", vec![], "at least 1"),
    ] {
        let error = call(name, args).expect_err("refused").to_string();
        assert!(error.contains(says), "{name}: {error}");
    }
    assert_eq!(Function::by_name("nosuch"), None);
}

#[test]
fn chance_comes_from_the_moment() {
    let none: [Value; 0] = [];
    let draw = |ctx: &EvalContext<'_>, name: &str| {
        let function = Function::by_name(name).expect("known");
        Expr::call(function, vec![]).expect("arguments").eval(&none, ctx)
    };
    let moment = moment();
    let run = || {
        let ctx = EvalContext::at(&moment);
        let drawn: Vec<Value> = ["random", "random", "gen_random_uuid", "generate_uuid"]
            .map(|name| draw(&ctx, name).expect("a value"))
            .into();
        assert_eq!(ctx.drawn(), 4);
        drawn
    };
    let first = run();
    assert_eq!(first, run(), "a statement that runs again draws the same");
    assert_ne!(first[0], first[1]);
    assert_ne!(first[2], first[3]);
    for uuid in &first[2..] {
        let text = uuid.to_text();
        assert_eq!(&text[14..15], "4", "{text}");
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"), "{text}");
    }
    let other = Moment { seed: [8; 32], ..moment };
    assert_ne!(draw(&EvalContext::at(&other), "random"), Ok(first[0].clone()));
    let later = EvalContext::at(&moment).drawn_before(1);
    assert_eq!(draw(&later, "random"), Ok(first[1].clone()));

    for name in ["now", "current_date", "current_time", "random", "gen_random_uuid"] {
        let result = draw(&EvalContext::timeless(), name);
        assert!(matches!(result, Err(EvalError::Volatile(_))), "{name}");
        let expr: Expr = Expr::call(Function::by_name(name).expect("known"), vec![]).expect("none");
        assert!(expr.is_volatile() && !expr.is_constant());
        assert!(Expr::literal(1).compare(CompareOp::Eq, expr).is_volatile());
    }
    let constant: Expr = Expr::literal(1).arith(ArithOp::Add, Expr::literal(2));
    assert!(constant.is_constant() && !constant.is_volatile());
    assert!(!constant.arith(ArithOp::Add, Expr::Column(0)).is_constant());
}

#[test]
fn results_are_bounded() {
    let half = Value::from("x".repeat(TEXT_BYTES_MAX / 2 + 1));
    let row = [half.clone(), Value::from(vec![0u8; TEXT_BYTES_MAX / 2 + 1])];
    let ctx = EvalContext::timeless();
    let c = |c: usize| Expr::Column(c);
    let call = |f, args| Expr::call(f, args).expect("arguments");
    for expr in [
        c(0).arith(ArithOp::Concat, c(0)),
        c(1).arith(ArithOp::Concat, c(1)),
        call(Function::Concat, vec![c(0), c(0)]),
        call(Function::Replace, vec![c(0), Expr::literal("x"), Expr::literal("xxx")]),
        call(Function::Hex, vec![c(0)]),
        call(Function::Hex, vec![c(1)]),
    ] {
        assert_eq!(expr.eval(&row, &ctx), Err(EvalError::TooLarge));
    }
    assert_eq!(
        call(Function::Length, vec![c(0)]).eval(&row, &ctx),
        Ok(Value::Int((TEXT_BYTES_MAX / 2 + 1) as i64))
    );
}

#[test]
fn long_work_ends_at_the_deadline() {
    let moment = moment();
    let expired = || true;
    let row = [Value::Int(-1)];
    let terms = || (0..5_000).map(|i| Expr::Column(0).compare(CompareOp::Eq, Expr::literal(i)));
    let sum = (0..5_000).fold(Expr::literal(0), |e, i| e.arith(ArithOp::Add, Expr::literal(i)));
    let mixed = (0..5_000).map(Expr::literal).chain([Expr::literal(0.5)]).collect();
    for expr in [Expr::Or(terms().collect()), sum, Expr::Column(0).in_list(mixed, false)] {
        let ctx = EvalContext::at(&moment).until(&expired);
        assert_eq!(expr.eval(&row, &ctx), Err(EvalError::Expired));
    }
}
