//! Keys: byte order is value order, one encoding per value, and no bytes make the decoder panic.

mod random;
mod value_samples;

use offshoot_core::value::{
    KeyBuilder, NESTING_MAX, Value, decode_key, decode_key_parts, encode_key, successor,
};
use random::Random;
use rust_decimal::Decimal;
use value_samples::{damaged, seeds, value};

fn key(value: &Value, descending: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(&mut bytes, value, descending);
    bytes
}

#[test]
fn order_of_keys_is_order_of_values() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..30_000 {
            let (a, b) = (value(&mut random, 2), value(&mut random, 2));
            let expected = a.total_cmp(&b);
            let context = format!("seed {seed}: {a:?} {b:?}");
            assert_eq!(b.total_cmp(&a), expected.reverse(), "{context}");
            assert_eq!(key(&a, false).cmp(&key(&b, false)), expected, "{context}");
            assert_eq!(key(&a, true).cmp(&key(&b, true)), expected.reverse(), "{context}");
            assert_eq!(a == b, expected.is_eq(), "{context}");
        }
    }
}

#[test]
fn values_of_one_kind_are_ordered_too() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..20_000 {
            let pairs = [
                [(); 2].map(|()| Value::Decimal(value_samples::decimal(&mut random))),
                [(); 2].map(|()| Value::Float(value_samples::float(&mut random))),
                [(); 2].map(|()| Value::Int(value_samples::integer(&mut random))),
                [(); 2].map(|()| Value::from(value_samples::text(&mut random))),
            ];
            for [a, b] in pairs {
                let order = key(&a, false).cmp(&key(&b, false));
                assert_eq!(order, a.total_cmp(&b), "seed {seed}: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn composite_keys_sort_part_by_part() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        let directions: Vec<bool> = (0..3).map(|_| random.below(2) == 0).collect();
        // Few values, so that first parts are often equal.
        let pool: Vec<Value> = (0..12).map(|_| value(&mut random, 1)).collect();
        let mut row =
            || -> Vec<Value> { (0..3).map(|_| pool[random.below(12) as usize].clone()).collect() };
        for _ in 0..10_000 {
            let (a, b) = (row(), row());
            let build = |row: &[Value]| {
                let parts = row.iter().zip(&directions);
                parts.fold(KeyBuilder::new(), |k, (v, d)| k.part(v, *d)).finish()
            };
            let parts = a.iter().zip(&b).zip(&directions);
            let mut orders = parts.map(|((a, b), descending)| match descending {
                true => b.total_cmp(a),
                false => a.total_cmp(b),
            });
            let expected = orders.find(|o| o.is_ne()).unwrap_or(core::cmp::Ordering::Equal);
            assert_eq!(build(&a).cmp(&build(&b)), expected, "seed {seed}: {a:?} {b:?}");
            assert_eq!(decode_key_parts(&build(&a)), Ok(a), "seed {seed}");
        }
    }
}

#[test]
fn fewer_parts_are_a_prefix_and_nothing_else_is() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..10_000 {
            let (a, b, c) = (value(&mut random, 1), value(&mut random, 1), value(&mut random, 1));
            let descending = random.below(2) == 0;
            let prefix = key(&a, descending);
            let longer = KeyBuilder::new().part(&a, descending).part(&b, false).finish();
            assert!(longer.starts_with(&prefix), "seed {seed}");
            let end = successor(&prefix).expect("a part is not all ff");
            assert!(prefix < end && longer < end, "seed {seed}: {a:?} {b:?}");
            // Whatever begins otherwise lies outside the range, even followed by raw bytes.
            for tail in [&[][..], &[0x00], &[0xff; 9]] {
                let other = [&key(&c, descending), tail].concat();
                let inside = other >= prefix && other < end;
                assert_eq!(inside, a == c, "seed {seed}: {a:?} {c:?}");
            }
        }
    }
}

#[test]
fn values_survive_and_have_one_encoding() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..20_000 {
            let value = value(&mut random, 3);
            let descending = random.below(2) == 0;
            let mut bytes = key(&value, descending);
            let tail = [&bytes[..], b"rest"].concat();
            let (read, rest) = decode_key(&tail, descending).expect("encoded");
            assert_eq!((&read, rest), (&value, &b"rest"[..]), "seed {seed}");

            bytes = damaged(&mut random, bytes);
            if let Ok((other, rest)) = decode_key(&bytes, descending) {
                let used = bytes.len() - rest.len();
                assert_eq!(key(&other, descending), bytes[..used], "seed {seed}: {other:?}");
            }
        }
    }
}

#[test]
fn no_bytes_make_it_panic() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..50_000 {
            let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.next() as u8).collect();
            for descending in [false, true] {
                if let Ok((value, rest)) = decode_key(&bytes, descending) {
                    let used = bytes.len() - rest.len();
                    assert_eq!(key(&value, descending), bytes[..used], "seed {seed}");
                }
            }
        }
    }
}

#[test]
fn nesting_is_bounded() {
    let nested =
        |depth: usize| (0..depth).try_fold(Value::Int(1), |inner, _| Value::list(vec![inner]));
    let deepest = nested(NESTING_MAX).expect("as deep as allowed");
    assert_eq!(decode_key(&key(&deepest, false), false), Ok((deepest.clone(), &[][..])));
    assert!(nested(NESTING_MAX + 1).is_err());
    let wrapped = [&[0x5c], &key(&deepest, false)[..], &[0x01]].concat();
    assert!(decode_key(&wrapped, false).is_err());
    for tag in [0x5c, 0x5e] {
        assert!(decode_key(&vec![tag; 1 << 20], false).is_err());
    }
}

#[test]
fn successors() {
    assert_eq!(successor(b"ab"), Some(b"ac".to_vec()));
    assert_eq!(successor(&[1, 0xff, 0xff]), Some(vec![2]));
    assert_eq!(successor(&[0xff, 0xff]), None);
    assert_eq!(successor(b""), None);
}

/// The format: a change here breaks every database.
#[test]
fn bytes_as_documented() {
    let hex = |value: Value| -> String {
        key(&value, false).iter().map(|b| format!("{b:02x}")).collect()
    };
    let decimal = |text: &str| Value::Decimal(text.parse::<Decimal>().expect("a decimal"));
    for (value, expected) in [
        (Value::Null, "02"),
        (Value::Bool(false), "04"),
        (Value::Bool(true), "05"),
        (Value::Int(0), "30"),
        (Value::Int(1), "3101"),
        (Value::Int(255), "31ff"),
        (Value::Int(256), "320100"),
        (Value::Int(i64::MAX), "387fffffffffffffff"),
        (Value::Int(-1), "2f"),
        (Value::Int(-2), "2efe"),
        (Value::Int(-256), "2e00"),
        (Value::Int(-257), "2dfeff"),
        (Value::Int(i64::MIN), "278000000000000000"),
        (Value::integer(1 << 64), "39010000000000000000"),
        (Value::unsigned(u128::MAX), "40ffffffffffffffffffffffffffffffff"),
        (decimal("0"), "45"),
        (decimal("1.50"), "46411000"),
        (decimal("-1.5"), "44beefff"),
        (decimal("1200"), "46440d00"),
        (decimal("0.01"), "463f0b00"),
        (decimal("123"), "46430d1f00"),
        (Value::Float(0.0), "488000000000000000"),
        (Value::Float(-0.0), "488000000000000000"),
        (Value::Float(1.0), "48bff0000000000000"),
        (Value::Float(-1.0), "48400fffffffffffff"),
        (Value::Float(f64::NAN), "48fff8000000000000"),
        (Value::Date(0), "4a80000000"),
        (Value::Date(-1), "4a7fffffff"),
        (Value::Time(1), "4b8000000000000001"),
        (Value::Timestamp(-1), "4c7fffffffffffffff"),
        (Value::Interval { months: 0, micros: 1 }, "4d8000000000000000000180000000"),
        (Value::from("a\0b"), "506100ff620001"),
        (Value::from(""), "500001"),
        (Value::from(vec![0xff]), "52ff0001"),
        (Value::Uuid([7; 16]), "5407070707070707070707070707070707"),
        (Value::Inet([127, 0, 0, 1].into()), "56047f000001"),
        (Value::Point(0.0, 1.0), "588000000000000000bff0000000000000"),
        (Value::Json("1".into()), "5a310001"),
        (Value::list(vec![Value::Int(1), Value::Null]).expect("shallow"), "5c31010201"),
        (Value::map([("a".to_owned(), Value::Null)].into()).expect("shallow"), "5e506100010201"),
    ] {
        assert_eq!(hex(value.clone()), expected, "{value:?}");
        let inverted: Vec<u8> = key(&value, false).iter().map(|b| !b).collect();
        assert_eq!(key(&value, true), inverted);
    }
}
