//! Random values of every kind, with the edges likelier than chance would have them.

use crate::random::Random;
use core::net::{Ipv4Addr, Ipv6Addr};
use offshoot_core::value::Value;
use rust_decimal::Decimal;

/// Seeds to try: the one in `OFFSHOOT_SEED`, or so many from 0.
pub fn seeds(n: u64) -> Vec<u64> {
    match std::env::var("OFFSHOOT_SEED") {
        Ok(seed) => vec![seed.parse().expect("OFFSHOOT_SEED is a number")],
        Err(_) => (0..n).collect(),
    }
}

/// A value; lists and maps nest at most so deep.
pub fn value(random: &mut Random, nesting: u64) -> Value {
    let kinds = if nesting > 0 { 19 } else { 17 };
    match random.below(kinds) {
        0 => Value::Null,
        1 => Value::Bool(random.below(2) == 0),
        2 | 3 => Value::Int(integer(random)),
        4 => Value::integer(i128::from(integer(random)) * i128::from(integer(random))),
        5 => Value::unsigned(u128::MAX >> random.below(128)),
        6 => Value::Float(float(random)),
        7 => Value::Decimal(decimal(random)),
        8 => Value::from(text(random)),
        9 => Value::from(text(random).into_bytes()),
        10 => Value::Date(integer(random) as i32),
        11 => Value::Time(random.below(86_400_000_000) as i64),
        12 => Value::Timestamp(integer(random)),
        13 => Value::Interval { months: integer(random) as i32, micros: integer(random) },
        14 => Value::Uuid(std::array::from_fn(|_| random.below(3) as u8)),
        15 => Value::Json(serde_json::Value::from(text(random)).to_string().into()),
        16 => match random.below(3) {
            0 => Value::Inet(Ipv4Addr::from(random.next() as u32).into()),
            1 => Value::Inet(Ipv6Addr::from(u128::from(random.next())).into()),
            _ => Value::Point(float(random), float(random)),
        },
        17 => {
            let items = (0..random.below(4)).map(|_| value(random, nesting - 1)).collect();
            Value::list(items).expect("shallow")
        }
        _ => {
            let members = (0..random.below(4)).map(|_| (text(random), value(random, nesting - 1)));
            Value::map(members.collect()).expect("shallow")
        }
    }
}

/// Near zero, near a power of two, or anywhere.
pub fn integer(random: &mut Random) -> i64 {
    let near = random.below(5) as i64 - 2;
    match random.below(4) {
        0 => near,
        1 => (1i64 << random.below(63)).wrapping_add(near),
        2 => (-1i64 << random.below(64)).wrapping_add(near),
        _ => random.next() as i64 >> random.below(64),
    }
}

/// Edges, whole numbers, or any bits.
pub fn float(random: &mut Random) -> f64 {
    const EDGES: [f64; 12] = [
        0.0,
        -0.0,
        0.1,
        -0.1,
        1.5,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        9_223_372_036_854_775_808.0,
    ];
    match random.below(4) {
        0 => EDGES[random.below(EDGES.len() as u64) as usize],
        1 => integer(random) as f64,
        2 => integer(random) as f64 / 8.0,
        _ => f64::from_bits(random.next()),
    }
}

/// Few digits or many, at any scale.
pub fn decimal(random: &mut Random) -> Decimal {
    let digits = match random.below(3) {
        0 => i128::from(integer(random)),
        1 => i128::from(random.below(2000)) - 1000,
        _ => {
            let wide = u128::from(random.next()) << 32 | u128::from(random.next() >> 32);
            (wide & ((1 << 96) - 1)) as i128 - (random.below(2) as i128)
        }
    };
    Decimal::try_from_i128_with_scale(digits.max(0), random.below(29) as u32)
        .map(|d| if random.below(2) == 0 { -d } else { d })
        .expect("96 bits")
}

/// Short, of few letters, so that prefixes and zeros meet often.
pub fn text(random: &mut Random) -> String {
    const LETTERS: [char; 7] = ['\0', '\u{1}', 'a', 'b', '\u{7f}', 'é', '\u{10ffff}'];
    (0..random.below(5)).map(|_| LETTERS[random.below(7) as usize]).collect()
}

/// Bytes with one of them changed, added or cut off.
#[allow(dead_code)] // Not every test that takes values damages bytes.
pub fn damaged(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    let at = random.below(bytes.len() as u64 + 1) as usize;
    match random.below(4) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, random.next() as u8),
        2 if at < bytes.len() => bytes[at] = random.next() as u8,
        _ if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        _ => bytes.push(random.next() as u8),
    }
    bytes
}
