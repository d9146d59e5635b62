//! LIKE and ILIKE, against a table and against the definition.

mod random;

use offshoot_core::expr::{EvalContext, EvalError, Expr};
use offshoot_core::value::Value;
use random::Random;

const TIMELESS: EvalContext<'static> = EvalContext::timeless();

/// With the pattern as a literal, and as a column.
fn like(text: Value, pattern: Value, escape: Option<char>, ci: bool) -> Result<Value, EvalError> {
    let ready = Expr::Column(0).like(Expr::Literal(pattern.clone()), escape, ci, false);
    let dynamic = Expr::Column(0).like(Expr::Column(1), escape, ci, false);
    let row = [text, pattern];
    let result = ready.eval(&row, &TIMELESS);
    assert_eq!(dynamic.eval(&row, &TIMELESS), result, "{row:?}");
    let negated = Expr::Column(0).like(Expr::Column(1), escape, ci, true).eval(&row, &TIMELESS);
    let opposite = result.clone().map(|v| match v {
        Value::Bool(b) => Value::Bool(!b),
        other => other,
    });
    assert_eq!(negated, opposite, "{row:?}");
    result
}

#[test]
fn patterns() {
    for (text, pattern, matches) in [
        ("", "", true),
        ("", "%", true),
        ("", "_", false),
        ("abc", "abc", true),
        ("abc", "ABC", false),
        ("abc", "ab", false),
        ("abc", "a%", true),
        ("abc", "%c", true),
        ("abc", "%b%", true),
        ("abc", "%%", true),
        ("abc", "a_c", true),
        ("abc", "___", true),
        ("abc", "____", false),
        ("abc", "_%_%_", true),
        ("aXbXc", "a%X%c", true),
        ("mississippi", "m%iss%ip%i", true),
        ("mississippi", "m%iss%iss%iss%", false),
        ("a\nb", "a%b", true),
        ("a\nb", "a_b", true),
        ("é", "_", true),
        ("100%", "100\\%", false),
        ("a.c", "a.c", true),
        ("abc", "a.c", false),
        ("a[b", "%[%", true),
    ] {
        let result = like(text.into(), pattern.into(), None, false);
        assert_eq!(result, Ok(Value::Bool(matches)), "{text:?} LIKE {pattern:?}");
    }
}

#[test]
fn escapes() {
    for (text, pattern, escape, matches) in [
        ("100%", "100!%", '!', true),
        ("100x", "100!%", '!', false),
        ("a_b", "a\\_b", '\\', true),
        ("axb", "a\\_b", '\\', false),
        ("a!b", "a!!b", '!', true),
        ("ab", "a!b", '!', true),
        ("5%x", "%!%%", '!', true),
        ("5x", "%!%%", '!', false),
        ("%", "%%", '%', true),
    ] {
        let result = like(text.into(), pattern.into(), Some(escape), false);
        assert_eq!(result, Ok(Value::Bool(matches)), "{text:?} LIKE {pattern:?} ESCAPE {escape}");
    }
    assert_eq!(like("a".into(), "a!".into(), Some('!'), false), Err(EvalError::Escape));
}

#[test]
fn case_and_null_and_other_kinds() {
    for (text, pattern, matches) in
        [("ABC", "abc", true), ("Straße", "sTRAß_", true), ("ÄÖ", "ä%", true), ("ab", "B%", false)]
    {
        let result = like(text.into(), pattern.into(), None, true);
        assert_eq!(result, Ok(Value::Bool(matches)), "{text:?} ILIKE {pattern:?}");
    }
    assert_eq!(like(Value::Null, "a".into(), None, false), Ok(Value::Null));
    assert_eq!(like("a".into(), Value::Null, None, false), Ok(Value::Null));
    assert_eq!(like(Value::Int(123), "1%".into(), None, false), Ok(Value::Bool(true)));
    assert_eq!(like(Value::Date(0), "1970-%".into(), None, false), Ok(Value::Bool(true)));
    assert!(like(Value::from(vec![1]), "%".into(), None, false).is_err());
}

/// LIKE as it is defined, without any cleverness.
fn defined(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skip| defined(&text[skip..], rest)),
        ['_', rest @ ..] => !text.is_empty() && defined(&text[1..], rest),
        [c, rest @ ..] => text.first() == Some(c) && defined(&text[1..], rest),
    }
}

#[test]
fn any_pattern_matches_as_defined() {
    for seed in 0..4 {
        let mut random = Random::new(seed);
        let mut word = |letters: &[char], longest: u64| -> String {
            let length = random.below(longest + 1);
            (0..length).map(|_| letters[random.below(letters.len() as u64) as usize]).collect()
        };
        for _ in 0..20_000 {
            let text = word(&['a', 'b', 'é', '\n'], 8);
            let pattern = word(&['a', 'b', 'é', '%', '_', '%'], 6);
            let (t, p): (Vec<char>, Vec<char>) =
                (text.chars().collect(), pattern.chars().collect());
            let expected = Value::Bool(defined(&t, &p));
            let context = format!("seed {seed}: {text:?} LIKE {pattern:?}");
            assert_eq!(
                like(text.as_str().into(), pattern.as_str().into(), None, false),
                Ok(expected.clone()),
                "{context}"
            );
            assert_eq!(
                like(text.as_str().into(), pattern.as_str().into(), None, true),
                Ok(expected),
                "{context}"
            );
        }
    }
}

#[test]
fn hard_patterns_end_at_the_deadline() {
    use offshoot_core::history::Micros;
    use offshoot_core::moment::Moment;
    let moment = Moment { now: Micros(0), seed: [0; 32] };
    let looks = std::cell::Cell::new(0);
    let expired = || {
        looks.set(looks.get() + 1);
        looks.get() > 10
    };
    let ctx = EvalContext::at(&moment).until(&expired);
    let text = Value::from("a".repeat(200_000));
    let pattern = Value::from(format!("%{}b_", "a".repeat(50_000)));
    let expr = Expr::Column(0).like(Expr::Literal(pattern), None, false, false);
    assert_eq!(expr.eval(&[text], &ctx), Err(EvalError::Expired));
}
