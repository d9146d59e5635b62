//! Stored expressions: what was stored comes back, no bytes make the decoder panic, depth is
//! bounded, and SQL shows what is meant.

mod random;
mod value_samples;

use offshoot_core::expr::{CompareOp, DEPTH_MAX, EvalContext, EvalError, Expr, Function, InItems};
use offshoot_core::value::{ArithOp, SqlType, Value};
use random::Random;
use value_samples::{damaged, seeds, value};

const TIMELESS: EvalContext<'static> = EvalContext::timeless();

fn expr(random: &mut Random, depth: u64) -> Expr {
    const OPS: [ArithOp; 4] = [ArithOp::Add, ArithOp::Sub, ArithOp::Concat, ArithOp::Rem];
    const COMPARES: [CompareOp; 3] = [CompareOp::Eq, CompareOp::Lt, CompareOp::Ne];
    if depth == 0 || random.below(5) == 0 {
        return match random.below(3) {
            0 => Expr::Column(random.below(4) as usize),
            _ => Expr::Literal(value(random, 1)),
        };
    }
    let negated = random.below(2) == 0;
    let many = |random: &mut Random| -> Vec<Expr> {
        (0..random.below(4)).map(|_| expr(random, depth - 1)).collect()
    };
    let one = |random: &mut Random| expr(random, depth - 1);
    match random.below(16) {
        0 => one(random).negate(),
        1 => Expr::Neg(Box::new(one(random))),
        2 => Expr::And(many(random)),
        3 => Expr::Or(many(random)),
        4 => one(random).compare(COMPARES[random.below(3) as usize], one(random)),
        5 | 6 => one(random).arith(OPS[random.below(4) as usize], one(random)),
        7 => one(random).is_null(negated),
        8 => {
            let (left, right) = (Box::new(one(random)), Box::new(one(random)));
            Expr::IsDistinct { left, right, negated }
        }
        9 => {
            let [expr, low, high] = [(); 3].map(|()| Box::new(one(random)));
            Expr::Between { expr, low, high, negated }
        }
        10 | 11 => one(random).in_list(many(random), negated),
        12 => {
            let pattern = match random.below(2) {
                0 => Expr::literal("a%_"),
                _ => one(random),
            };
            let escape = (random.below(2) == 0).then_some('é');
            one(random).like(pattern, escape, random.below(2) == 0, negated)
        }
        13 => Expr::Case {
            operand: (random.below(2) == 0).then(|| Box::new(one(random))),
            whens: (0..random.below(3)).map(|_| (one(random), one(random))).collect(),
            otherwise: (random.below(2) == 0).then(|| Box::new(one(random))),
        },
        14 => {
            let ty =
                [SqlType::Text, SqlType::Varchar(3), SqlType::Integer][random.below(3) as usize];
            Expr::Cast { expr: Box::new(one(random)), ty }
        }
        _ => {
            let args = vec![one(random), one(random)];
            let functions = [Function::Coalesce, Function::NullIf, Function::Left, Function::Mod];
            Expr::call(functions[random.below(4) as usize], args).expect("two arguments")
        }
    }
}

#[test]
fn trees_survive_and_mean_the_same() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..5_000 {
            let tree = expr(&mut random, 4);
            let bytes = tree.encode();
            let back = Expr::<usize>::decode(&bytes).expect("stored");
            assert_eq!(back, tree, "seed {seed}");
            assert_eq!(back.encode(), bytes, "seed {seed}");
            let row: [Value; 4] = std::array::from_fn(|_| value(&mut random, 1));
            let (a, b) = (tree.eval(&row, &TIMELESS), back.eval(&row, &TIMELESS));
            // A literal decimal loses the zeros at its end, which concatenation would show.
            if !tree.to_sql(&|c| c.to_string()).contains("||") {
                assert_eq!(
                    a.is_ok(),
                    b.is_ok(),
                    "seed {seed}: {}",
                    tree.to_sql(&|c| c.to_string())
                );
            }
            let stored = tree.map_columns(&mut |c| Ok::<_, ()>([*c as u8; 16])).expect("mapped");
            let again = Expr::<[u8; 16]>::decode(&stored.encode()).expect("stored");
            assert_eq!(again.map_columns(&mut |id| Ok::<_, ()>(usize::from(id[0]))), Ok(tree));
        }
    }
}

#[test]
fn no_bytes_make_it_panic() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for round in 0..40_000 {
            let bytes = match round % 2 {
                0 => {
                    let whole = expr(&mut random, 3).encode();
                    damaged(&mut random, whole)
                }
                _ => {
                    let rest = (0..random.below(30)).map(|_| random.below(24) as u8);
                    [1].into_iter().chain(rest).collect()
                }
            };
            if let Ok(tree) = Expr::<usize>::decode(&bytes) {
                assert_eq!(tree.check_depth(), Ok(()), "seed {seed}");
                assert_eq!(tree.encode(), bytes, "seed {seed}: one encoding");
                // Whatever was decoded can be evaluated and shown.
                let _ = tree.eval(&[Value::Null][..], &TIMELESS);
                let _ = tree.to_sql(&|c| c.to_string());
                let _ = tree.result_type(&|_| SqlType::Any);
            }
        }
    }
}

#[test]
fn depth_is_bounded() {
    let nots = |n: usize| (0..n).fold(Expr::literal(true), |e: Expr, _| e.negate());
    let deepest = nots(DEPTH_MAX - 1);
    assert_eq!(deepest.check_depth(), Ok(()));
    assert_eq!(deepest.eval(&[][..], &TIMELESS), Ok(Value::Bool(false)));
    assert_eq!(Expr::<usize>::decode(&deepest.encode()), Ok(deepest));
    let deeper = nots(DEPTH_MAX);
    assert_eq!(deeper.check_depth(), Err(EvalError::TooDeep));
    assert!(Expr::<usize>::decode(&deeper.encode()).is_err());
    for tag in [3u8, 4, 5, 8, 15, 17] {
        assert!(Expr::<usize>::decode(&[&[1][..], &vec![tag; 1 << 20]].concat()).is_err());
        let counted: Vec<u8> = [1].into_iter().chain([tag, 1].repeat(1 << 19)).collect();
        assert!(Expr::<usize>::decode(&counted).is_err());
    }
    // Right-leaning arithmetic and CASE nest for real, and evaluate at the deepest allowed.
    let sum =
        (1..DEPTH_MAX).fold(Expr::literal(1), |e: Expr, _| Expr::literal(1).arith(ArithOp::Add, e));
    assert_eq!(sum.check_depth(), Ok(()));
    assert_eq!(sum.eval(&[][..], &TIMELESS), Ok(Value::Int(DEPTH_MAX as i64)));
    let case = (1..DEPTH_MAX).fold(Expr::literal(1), |e: Expr, _| Expr::Case {
        operand: None,
        whens: vec![(Expr::literal(false), Expr::literal(0))],
        otherwise: Some(Box::new(e)),
    });
    assert_eq!(case.eval(&[][..], &TIMELESS), Ok(Value::Int(1)));
}

#[test]
fn lists_and_patterns_are_prepared_again() {
    let tree = Expr::Column(0)
        .in_list(vec![Expr::literal(3), Expr::literal(1), Expr::Literal(Value::Null)], false);
    let back = Expr::<usize>::decode(&tree.encode()).expect("stored");
    let Expr::InList { list: InItems::Literals(set), .. } = &back else { panic!("literals") };
    assert_eq!(set.sorted(), [Value::Int(1), Value::Int(3)]);
    assert!(set.has_null());
    assert_eq!(back.columns(), [0]);
}

/// The format: a change here breaks every database.
#[test]
fn bytes_as_documented() {
    let c = || Expr::<[u8; 16]>::Column([9; 16]);
    let id = [9; 16];
    let bytes = |parts: &[&[u8]]| [&[1][..], &parts.concat()].concat();
    for (tree, expected) in [
        (Expr::literal(5), bytes(&[&[1, 0x85]])),
        (c(), bytes(&[&[2], &id])),
        (c().negate(), bytes(&[&[3, 2], &id])),
        (Expr::Neg(Box::new(c())), bytes(&[&[4, 2], &id])),
        (Expr::literal(true).and(c()), bytes(&[&[5, 2, 1, 2, 2], &id])),
        (Expr::Or(vec![]), bytes(&[&[6, 0]])),
        (c().compare(CompareOp::Ge, Expr::literal(0)), bytes(&[&[7, 5, 2], &id, &[1, 0x80]])),
        (
            c().arith(ArithOp::Concat, Expr::literal("a")),
            bytes(&[&[8, 2], &id, &[1, 5, 1, 8, 1, 97]]),
        ),
        (c().is_null(true), bytes(&[&[9, 1, 2], &id])),
        (c().in_list(vec![Expr::literal(1)], false), bytes(&[&[12, 0, 2], &id, &[1, 0x81]])),
        (c().in_list(vec![c()], true), bytes(&[&[13, 1, 2], &id, &[1, 2], &id])),
        (
            c().like(Expr::literal("a"), Some('\\'), true, true),
            bytes(&[&[14, 7, 92, 2], &id, &[1, 8, 1, 97]]),
        ),
        (
            Expr::Case { operand: None, whens: vec![(c(), c())], otherwise: Some(Box::new(c())) },
            bytes(&[&[15, 0, 1, 2], &id, &[2], &id, &[1, 2], &id]),
        ),
        (
            Expr::Cast { expr: Box::new(c()), ty: SqlType::Varchar(3) },
            bytes(&[&[16, 19, 3, 0, 0, 0, 2], &id]),
        ),
        (Expr::call(Function::Now, vec![]).expect("none"), bytes(&[&[17, 23, 0]])),
    ] {
        assert_eq!(tree.encode(), expected, "{tree:?}");
        assert_eq!(Expr::decode(&expected), Ok(tree));
    }
}

#[test]
fn shown_as_sql() {
    let c = |c: usize| Expr::Column(c);
    let lit = |v: i64| Expr::literal(v);
    let names = |c: &usize| ["price", "name", "stock"][*c].to_owned();
    for (tree, sql) in [
        (
            c(0).compare(CompareOp::Gt, lit(0)).and(c(2).compare(CompareOp::Ge, lit(0))),
            "price > 0 AND stock >= 0",
        ),
        (
            c(0).compare(CompareOp::Gt, lit(0)).and(c(1).is_null(false).or(c(2).is_null(true))),
            "price > 0 AND (name IS NULL OR stock IS NOT NULL)",
        ),
        (c(0).arith(ArithOp::Add, lit(1)).arith(ArithOp::Mul, lit(2)), "(price + 1) * 2"),
        (c(0).arith(ArithOp::Add, lit(1)).arith(ArithOp::Add, lit(2)), "price + 1 + 2"),
        (lit(1).arith(ArithOp::Sub, c(0).arith(ArithOp::Sub, lit(2))), "1 - (price - 2)"),
        (Expr::Neg(Box::new(lit(-1))), "-(-1)"),
        (c(1).compare(CompareOp::Eq, lit(1)).negate(), "NOT (name = 1)"),
        (c(1).in_list(vec![Expr::literal("it's"), lit(2)], true), "name NOT IN ('it''s', 2)"),
        (c(1).like(Expr::literal("a!%"), Some('!'), true, false), "name ILIKE 'a!%' ESCAPE '!'"),
        (
            Expr::Between {
                expr: Box::new(c(0)),
                low: Box::new(lit(1)),
                high: Box::new(lit(2)),
                negated: false,
            },
            "price BETWEEN 1 AND 2",
        ),
        (
            Expr::Case {
                operand: Some(Box::new(c(0))),
                whens: vec![(lit(1), lit(2))],
                otherwise: Some(Box::new(lit(3))),
            },
            "CASE price WHEN 1 THEN 2 ELSE 3 END",
        ),
        (Expr::Cast { expr: Box::new(c(0)), ty: SqlType::Varchar(3) }, "CAST(price AS VARCHAR(3))"),
        (Expr::call(Function::Now, vec![]).expect("none"), "CURRENT_TIMESTAMP"),
        (
            Expr::call(Function::Coalesce, vec![c(1), Expr::literal(1.5)]).expect("two"),
            "COALESCE(name, 1.5e0)",
        ),
        (Expr::Literal(Value::Date(0)), "DATE '1970-01-01'"),
        (Expr::literal(vec![1u8, 255]), "X'01ff'"),
        (Expr::Literal(Value::Bool(true)), "TRUE"),
    ] {
        assert_eq!(tree.to_sql(&names), sql);
    }
}
