//! Three-valued logic and what stands on it.

use offshoot_core::expr::{CompareOp, EvalContext, EvalError, Expr, Function};
use offshoot_core::value::{ArithOp, SqlType, Value};

const TIMELESS: EvalContext<'static> = EvalContext::timeless();

fn lit(value: impl Into<Value>) -> Expr {
    Expr::literal(value)
}

fn null() -> Expr {
    Expr::Literal(Value::Null)
}

fn eval(expr: &Expr) -> Value {
    let none: [Value; 0] = [];
    expr.eval(&none, &TIMELESS).unwrap_or_else(|e| panic!("{}: {e}", shown(expr)))
}

fn shown(expr: &Expr) -> String {
    expr.to_sql(&|c| format!("c{c}"))
}

/// An error if it is evaluated.
fn trap() -> Expr {
    lit(1).arith(ArithOp::Div, lit(0)).compare(CompareOp::Eq, lit(1))
}

const TRUTHS: [Option<bool>; 3] = [Some(true), Some(false), None];

#[test]
fn and_or_not() {
    let and = |a, b| match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    let or = |a, b| match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    };
    for a in TRUTHS {
        assert_eq!(eval(&lit(a).negate()), Value::from(a.map(|a| !a)));
        for b in TRUTHS {
            assert_eq!(eval(&lit(a).and(lit(b))), Value::from(and(a, b)), "{a:?} AND {b:?}");
            assert_eq!(eval(&lit(a).or(lit(b))), Value::from(or(a, b)), "{a:?} OR {b:?}");
            for c in TRUTHS {
                let expr = lit(a).and(lit(b)).or(lit(c));
                assert_eq!(eval(&expr), Value::from(or(and(a, b), c)));
            }
        }
    }
    assert_eq!(eval(&Expr::And(vec![])), Value::Bool(true));
    assert_eq!(eval(&Expr::Or(vec![])), Value::Bool(false));
}

#[test]
fn the_first_term_that_decides_ends_it() {
    assert_eq!(eval(&lit(false).and(trap())), Value::Bool(false));
    assert_eq!(eval(&lit(true).or(trap())), Value::Bool(true));
    assert_eq!(eval(&null().compare(CompareOp::Eq, trap())), Value::Null);
    let coalesce = Expr::call(Function::Coalesce, vec![null(), lit(7), trap()]).expect("arguments");
    assert_eq!(eval(&coalesce), Value::Int(7));
    let case = Expr::Case {
        operand: None,
        whens: vec![(lit(true), lit(1)), (trap(), trap())],
        otherwise: Some(Box::new(trap())),
    };
    assert_eq!(eval(&case), Value::Int(1));
    let none: [Value; 0] = [];
    assert!(lit(true).and(trap()).eval(&none, &TIMELESS).is_err());
    assert!(null().or(trap()).eval(&none, &TIMELESS).is_err());
}

#[test]
fn comparisons_with_null_are_unknown() {
    use CompareOp::*;
    for op in [Eq, Ne, Lt, Le, Gt, Ge] {
        for (a, b) in [(null(), lit(1)), (lit(1), null()), (null(), null())] {
            assert_eq!(eval(&a.compare(op, b)), Value::Null, "{}", op.symbol());
        }
        for (a, b) in [(1, 1), (1, 2), (2, 1)] {
            let expected = match op {
                Eq => a == b,
                Ne => a != b,
                Lt => a < b,
                Le => a <= b,
                Gt => a > b,
                Ge => a >= b,
            };
            assert_eq!(eval(&lit(a).compare(op, lit(b))), Value::Bool(expected));
            assert_eq!(eval(&lit(b).compare(op.flipped(), lit(a))), Value::Bool(expected));
        }
    }
}

#[test]
fn is_null_and_is_distinct() {
    assert_eq!(eval(&null().is_null(false)), Value::Bool(true));
    assert_eq!(eval(&null().is_null(true)), Value::Bool(false));
    assert_eq!(eval(&lit(1).is_null(false)), Value::Bool(false));
    for (a, b, distinct) in [
        (null(), null(), false),
        (null(), lit(1), true),
        (lit(1), null(), true),
        (lit(1), lit(1.0), false),
        (lit(1), lit(2), true),
    ] {
        for negated in [false, true] {
            let (left, right) = (Box::new(a.clone()), Box::new(b.clone()));
            let expr = Expr::IsDistinct { left, right, negated };
            assert_eq!(eval(&expr), Value::Bool(distinct != negated), "{}", shown(&expr));
        }
    }
}

#[test]
fn between() {
    let yes = Value::Bool(true);
    let no = Value::Bool(false);
    for (value, low, high, expected) in [
        (lit(1), lit(1), lit(3), &yes),
        (lit(3), lit(1), lit(3), &yes),
        (lit(4), lit(1), lit(3), &no),
        (lit(0), lit(1), lit(3), &no),
        (lit(2), lit(3), lit(1), &no),
        (null(), lit(1), lit(3), &Value::Null),
        (lit(2), null(), lit(3), &Value::Null),
        (lit(4), null(), lit(3), &no),
        (lit(0), lit(1), null(), &no),
        (lit(2), lit(1), null(), &Value::Null),
    ] {
        for negated in [false, true] {
            let [expr, low, high] = [&value, &low, &high].map(|e| Box::new(e.clone()));
            let expr = Expr::Between { expr, low, high, negated };
            let expected = match expected {
                Value::Bool(b) => Value::Bool(*b != negated),
                other => other.clone(),
            };
            assert_eq!(eval(&expr), expected, "{}", shown(&expr));
        }
    }
}

#[test]
fn in_lists() {
    let cases: Vec<(Expr, Vec<Expr>, Option<bool>)> = vec![
        (lit(2), vec![lit(1), lit(2)], Some(true)),
        (lit(3), vec![lit(1), lit(2)], Some(false)),
        (lit(3), vec![lit(1), null()], None),
        (lit(1), vec![lit(1), null()], Some(true)),
        (null(), vec![lit(1)], None),
        (null(), vec![], Some(false)),
        (lit(1), vec![], Some(false)),
        (lit(1), vec![null()], None),
        (lit(2.0), vec![lit(1), lit(2)], Some(true)),
        (lit(2), vec![lit(1.5), lit(2)], Some(true)),
        (lit("b"), vec![lit("c"), lit("a"), lit("b")], Some(true)),
        (lit("2"), vec![lit(1), lit(2)], Some(true)),
    ];
    for (value, items, expected) in cases {
        for negated in [false, true] {
            // Once prepared, once not, because one item is a column.
            let prepared = value.clone().in_list(items.clone(), negated);
            let mut open: Vec<Expr> = items.clone();
            if !open.is_empty() {
                open.push(Expr::Column(0));
            }
            let open = value.clone().in_list(open, negated);
            let expected = Value::from(expected.map(|e| e != negated));
            assert_eq!(eval(&prepared), expected, "{}", shown(&prepared));
            let same = items.first().map_or(Value::Null, eval);
            assert_eq!(open.eval(&[same], &TIMELESS), Ok(expected), "{}", shown(&open));
        }
    }
    let many = (0..20_000).map(lit).collect();
    assert_eq!(eval(&lit(19_999).in_list(many, false)), Value::Bool(true));
}

#[test]
fn case_with_and_without_operand() {
    let case = |operand: Option<Expr>, whens: Vec<(Expr, Expr)>, otherwise: Option<Expr>| {
        let (operand, otherwise) = (operand.map(Box::new), otherwise.map(Box::new));
        eval(&Expr::Case { operand, whens, otherwise })
    };
    let whens = || vec![(lit(1), lit("one")), (lit(2), lit("two"))];
    assert_eq!(case(Some(lit(2)), whens(), None), Value::from("two"));
    assert_eq!(case(Some(lit(3)), whens(), None), Value::Null);
    assert_eq!(case(Some(lit(3)), whens(), Some(lit("more"))), Value::from("more"));
    assert_eq!(case(Some(null()), vec![(null(), lit("null"))], Some(lit("no"))), Value::from("no"));
    assert_eq!(case(None, vec![(null(), lit(1)), (lit(5), lit(2))], None), Value::Int(2));
}

#[test]
fn conditions_are_booleans_or_numbers() {
    let row = [Value::Int(2), Value::Null, Value::from("x")];
    let column = |c: usize| Expr::Column(c);
    assert_eq!(column(0).matches(&row, &TIMELESS), Ok(true));
    assert_eq!(column(1).matches(&row, &TIMELESS), Ok(false));
    assert_eq!(column(2).matches(&row, &TIMELESS), Err(EvalError::NotBoolean("TEXT")));
    assert_eq!(column(3).matches(&row, &TIMELESS), Err(EvalError::MissingColumn(3)));
    assert_eq!(lit(0.0).negate().matches(&row, &TIMELESS), Ok(true));
    assert_eq!(
        Expr::Literal(Value::Date(1)).matches(&row, &TIMELESS),
        Err(EvalError::NotBoolean("DATE"))
    );
}

#[test]
fn long_chains_are_one_node() {
    let n = 100_000;
    let any =
        (0..n).fold(Expr::Or(vec![]), |e, i| e.or(Expr::Column(0).compare(CompareOp::Eq, lit(i))));
    let all = (0..n)
        .fold(Expr::And(vec![]), |e, i| e.and(Expr::Column(0).compare(CompareOp::Ne, lit(i))));
    let sum = (1..n).fold(lit(0), |e, i| e.arith(ArithOp::Add, lit(i)));
    let text = (0..n).fold(lit(""), |e, _| e.arith(ArithOp::Concat, lit("ab")));
    for expr in [&any, &all, &sum, &text] {
        assert_eq!(expr.check_depth(), Ok(()));
    }
    let row = [Value::Int(n - 1)];
    assert_eq!(any.eval(&row, &TIMELESS), Ok(Value::Bool(true)));
    assert_eq!(all.eval(&row, &TIMELESS), Ok(Value::Bool(false)));
    assert_eq!(sum.eval(&row, &TIMELESS), Ok(Value::Int(n * (n - 1) / 2)));
    let Ok(Value::Text(text)) = text.eval(&row, &TIMELESS) else { panic!("text") };
    assert_eq!(text.len(), 200_000);
}

#[test]
fn chains_apply_from_left_to_right() {
    // (10 - 3) * 2 || 'x' || NULL and back to numbers.
    let chain = lit(10).arith(ArithOp::Sub, lit(3)).arith(ArithOp::Mul, lit(2));
    assert_eq!(eval(&chain), Value::Int(14));
    let text = chain.arith(ArithOp::Concat, lit("0")).arith(ArithOp::Concat, lit(1));
    assert_eq!(eval(&text), Value::from("1401"));
    assert_eq!(eval(&text.clone().arith(ArithOp::Sub, lit(1))), Value::Int(1400));
    assert_eq!(
        eval(&text.arith(ArithOp::Concat, null()).arith(ArithOp::Concat, lit("x"))),
        Value::Null
    );
    let blobs = lit(vec![1u8])
        .arith(ArithOp::Concat, lit(vec![2u8]))
        .arith(ArithOp::Concat, lit(vec![3u8]));
    assert_eq!(eval(&blobs), Value::from(vec![1, 2, 3]));
}

#[test]
fn types_are_known_beforehand() {
    let price = SqlType::Decimal { precision: Some(10), scale: Some(2) };
    let column = |c: &usize| match c {
        0 => SqlType::Integer,
        1 => price,
        2 => SqlType::Text,
        3 => SqlType::Date,
        4 => SqlType::Real,
        _ => SqlType::Any,
    };
    let c = |c: usize| Expr::Column(c);
    let call = |f, args| Expr::call(f, args).expect("arguments");
    let exact = |scale| SqlType::Decimal { precision: None, scale: Some(scale) };
    for (expr, ty) in [
        (c(1), price),
        (c(0).arith(ArithOp::Add, lit(1)), SqlType::BigInt),
        (c(1).arith(ArithOp::Mul, c(0)), exact(2)),
        (c(1).arith(ArithOp::Mul, c(1)), exact(4)),
        (c(1).arith(ArithOp::Add, c(4)), SqlType::Double),
        (c(2).arith(ArithOp::Concat, c(0)), SqlType::Text),
        (c(3).arith(ArithOp::Sub, c(3)), SqlType::Integer),
        (c(3).arith(ArithOp::Add, lit(1)), SqlType::Date),
        (c(0).compare(CompareOp::Lt, lit(1)), SqlType::Boolean),
        (call(Function::Coalesce, vec![null(), c(1)]), price),
        (call(Function::Coalesce, vec![c(0), c(2)]), SqlType::Any),
        (call(Function::Length, vec![c(2)]), SqlType::Integer),
        (call(Function::Round, vec![c(1), lit(1)]), exact(1)),
        (call(Function::Now, vec![]), SqlType::Timestamp),
        (Expr::Cast { expr: Box::new(c(2)), ty: SqlType::Uuid }, SqlType::Uuid),
        (c(5), SqlType::Any),
    ] {
        assert_eq!(expr.result_type(&column), ty, "{}", shown(&expr));
    }
}
