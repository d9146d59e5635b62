//! Rows: what was stored comes back, by column, and no bytes make the decoder panic.

mod random;
mod value_samples;

use offshoot_core::value::{NESTING_MAX, RowReader, Value, decode_value, encode_row, encode_value};
use random::Random;
use rust_decimal::Decimal;
use value_samples::{damaged, seeds, value};

fn stored(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_value(&mut bytes, value);
    bytes
}

#[test]
fn rows_survive_whole_and_in_part() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for _ in 0..5_000 {
            let row: Vec<Value> = (0..random.below(12)).map(|_| value(&mut random, 2)).collect();
            let layout = random.next() as u32;
            let mut bytes = Vec::new();
            encode_row(&mut bytes, layout, &row);
            let reader = RowReader::new(&bytes).expect("a row");
            assert_eq!(reader.layout(), layout);
            assert_eq!(reader.decode_all().as_ref(), Ok(&row), "seed {seed}");

            let mask = random.next();
            let wanted = |i: usize| mask >> i & 1 == 1;
            let mut found = Vec::new();
            reader.decode(usize::MAX, wanted, |i, value| found.push((i, value))).expect("a row");
            let expected = row.iter().cloned().enumerate().filter(|(i, _)| wanted(*i));
            assert_eq!(found, expected.collect::<Vec<_>>(), "seed {seed}");

            // A column that the row was written without is missing, not NULL.
            for i in 0..row.len() + 2 {
                assert_eq!(reader.get(i), Ok(row.get(i).cloned()), "seed {seed}");
            }
        }
    }
}

#[test]
fn one_encoding_and_no_panic() {
    for seed in seeds(4) {
        let mut random = Random::new(seed);
        for round in 0..50_000 {
            let bytes = match round % 2 {
                0 => {
                    let whole = stored(&value(&mut random, 3));
                    damaged(&mut random, whole)
                }
                _ => (0..random.below(40)).map(|_| random.next() as u8).collect(),
            };
            if let Ok(value) = decode_value(&bytes) {
                assert_eq!(stored(&value), bytes, "seed {seed}: {value:?}");
            }
            if let Ok(reader) = RowReader::new(&bytes) {
                // What is read by stepping over is what is read in full.
                if let Ok(all) = reader.decode_all() {
                    let last = all.len().wrapping_sub(1);
                    assert_eq!(reader.get(last), Ok(all.last().cloned()), "seed {seed}");
                }
            }
        }
    }
}

#[test]
fn lengths_past_the_end_are_refused() {
    // Text, blob, JSON, list and map that claim 2^63 bytes.
    for tag in [8, 9, 15, 19, 20] {
        let bytes = [&[tag][..], &[0xff; 8], &[0x7f]].concat();
        assert!(decode_value(&bytes).is_err());
        let row = [&[0; 4][..], &bytes].concat();
        assert!(RowReader::new(&row).expect("a layout").get(1).is_err());
    }
    for short in 0..4 {
        assert!(RowReader::new(&vec![0; short]).is_err());
    }
}

#[test]
fn nesting_is_bounded() {
    let nested =
        |depth: usize| (0..depth).try_fold(Value::Null, |inner, _| Value::list(vec![inner]));
    let deepest = nested(NESTING_MAX).expect("as deep as allowed");
    let bytes = stored(&deepest);
    assert_eq!(decode_value(&bytes).as_ref(), Ok(&deepest));
    let wrapped = [&[19, bytes.len() as u8 | 0x80, (bytes.len() >> 7) as u8][..], &bytes].concat();
    assert!(decode_value(&wrapped).is_err());
}

/// The format: a change here breaks every database.
#[test]
fn bytes_as_documented() {
    let decimal = |text: &str| Value::Decimal(text.parse::<Decimal>().expect("a decimal"));
    let members = [("a".to_owned(), Value::Int(1))].into();
    for (value, expected) in [
        (Value::Null, &[0][..]),
        (Value::Bool(false), &[1]),
        (Value::Bool(true), &[2]),
        (Value::Int(0), &[0x80]),
        (Value::Int(127), &[0xff]),
        (Value::Int(128), &[3, 0x80, 0x02]),
        (Value::Int(-1), &[3, 1]),
        (Value::integer(1 << 64), &[4, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
        (
            Value::unsigned(u128::MAX),
            &[5, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255],
        ),
        (Value::Float(1.0), &[6, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]),
        (Value::Float(-0.0), &[6, 0, 0, 0, 0, 0, 0, 0, 0]),
        (decimal("1.50"), &[7, 1, 1, 15]),
        (decimal("-3.00"), &[7, 0x80, 1, 3]),
        (decimal("-0.00"), &[7, 0, 0]),
        (decimal("2.56"), &[7, 2, 2, 0, 1]),
        (Value::from("hé"), &[8, 3, b'h', 0xc3, 0xa9]),
        (Value::from(vec![1, 2]), &[9, 2, 1, 2]),
        (Value::Date(1), &[10, 2]),
        (Value::Time(-1), &[11, 1]),
        (Value::Timestamp(64), &[12, 0x80, 1]),
        (Value::Interval { months: 1, micros: -1 }, &[13, 2, 1]),
        (Value::Uuid([9; 16]), &[14, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]),
        (Value::Json("[]".into()), &[15, 2, b'[', b']']),
        (Value::Inet([1, 2, 3, 4].into()), &[16, 1, 2, 3, 4]),
        (Value::Point(0.0, 0.0), &[18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (Value::list(vec![Value::Int(1), Value::Null]).expect("shallow"), &[19, 2, 0x81, 0]),
        (Value::map(members).expect("shallow"), &[20, 3, 1, b'a', 0x81]),
    ] {
        assert_eq!(stored(&value), expected, "{value:?}");
        assert_eq!(decode_value(expected), Ok(value));
    }
    let mut row = Vec::new();
    encode_row(&mut row, 0x0403_0201, &[Value::Int(5), Value::Null]);
    assert_eq!(row, [1, 2, 3, 4, 0x85, 0]);
    assert!(size_of::<Value>() <= 32);
}
