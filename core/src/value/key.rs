//! Keys: bytes whose order is the order of the values (`docs/format.md`, "Keys").
//!
//! Every value begins with a tag below 0x80 and ends by itself, so that keys of several parts are
//! just their parts one after the other, and a key of fewer parts is a prefix of all keys that
//! begin with them. A descending part is the complement of all its bytes. The tags:
//!
//! ```text
//!   01 end of a list or map     45 decimal, zero         50 text
//!   02 NULL                     46 decimal, positive     52 blob
//!   04 false   05 true          48 float                 54 UUID
//!   1f…2f integer, negative     4a date                  56 IP address
//!   30 integer, zero            4b time                  58 point
//!   31…40 integer, positive     4c timestamp             5a JSON
//!   44 decimal, negative        4d interval              5c list    5e map
//! ```
//!
//! Why the order of numbers is by kind first: a common order of integers, decimals and binary
//! fractions costs every integer key nine bytes or more, and columns are typed.

use super::time::MICROS_PER_DAY;
use super::{NESTING_MAX, Value, canonical_float};
use crate::codec::DecodeError;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

const END: u8 = 0x01;
const NULL: u8 = 0x02;
const FALSE: u8 = 0x04;
const TRUE: u8 = 0x05;
/// An integer below zero, less its number of bytes.
const BELOW_ZERO: u8 = 0x2f;
/// An integer from zero up, plus its number of bytes.
const FROM_ZERO: u8 = 0x30;
const DECIMAL_NEGATIVE: u8 = 0x44;
const DECIMAL_ZERO: u8 = 0x45;
const DECIMAL_POSITIVE: u8 = 0x46;
const FLOAT: u8 = 0x48;
const DATE: u8 = 0x4a;
const TIME: u8 = 0x4b;
const TIMESTAMP: u8 = 0x4c;
const INTERVAL: u8 = 0x4d;
const TEXT: u8 = 0x50;
const BLOB: u8 = 0x52;
const UUID: u8 = 0x54;
const INET: u8 = 0x56;
const POINT: u8 = 0x58;
const JSON: u8 = 0x5a;
const LIST: u8 = 0x5c;
const MAP: u8 = 0x5e;

/// A month in an interval's estimate, in microseconds.
const MONTH: i128 = 30 * MICROS_PER_DAY as i128;
/// Makes every estimate of an interval positive, within 80 bits.
const ESTIMATE_OFFSET: i128 = 1 << 79;
/// Added to a decimal's exponent to make it positive.
const EXPONENT_OFFSET: i32 = 64;

/// Appends one part of a key.
pub fn encode_key(out: &mut Vec<u8>, value: &Value, descending: bool) {
    let start = out.len();
    put(out, value);
    if descending {
        out.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }
}

/// Builds a key of several parts.
#[derive(Debug, Clone, Default)]
pub struct KeyBuilder(Vec<u8>);

impl KeyBuilder {
    /// A key without parts.
    pub fn new() -> Self {
        KeyBuilder::default()
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, value: &Value, descending: bool) -> Self {
        encode_key(&mut self.0, value, descending);
        self
    }

    /// The key.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// The least key after all keys that begin with `prefix`; `None` if there is no such key, so that
/// a range is open at its end.
pub fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut key = prefix.get(..=last)?.to_vec();
    *key.last_mut()? += 1;
    Some(key)
}

/// Reads one part of a key: the value, and the bytes after it.
///
/// # Errors
/// If the bytes do not begin with the one encoding of a value in that direction.
pub fn decode_key(bytes: &[u8], descending: bool) -> Result<(Value, &[u8]), DecodeError> {
    let mut source = Source { bytes, at: 0, flip: if descending { 0xff } else { 0 } };
    let value = source.value(NESTING_MAX)?;
    Ok((value, bytes.get(source.at..).unwrap_or_default()))
}

/// Reads all parts of a key; each shows its own direction.
///
/// # Errors
/// If the bytes are not a run of encoded values.
pub fn decode_key_parts(mut bytes: &[u8]) -> Result<Vec<Value>, DecodeError> {
    let mut values = Vec::new();
    while let Some(first) = bytes.first() {
        let (value, rest) = decode_key(bytes, *first >= 0x80)?;
        values.push(value);
        bytes = rest;
    }
    Ok(values)
}

fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(v) => out.push(if *v { TRUE } else { FALSE }),
        Value::Int(v) => put_integer(out, *v < 0, (if *v < 0 { !*v } else { *v }) as u128),
        Value::Int128(v) => put_integer(out, *v < 0, (if *v < 0 { !*v } else { *v }) as u128),
        Value::UInt128(v) => put_integer(out, false, *v),
        Value::Decimal(v) => put_decimal(out, v),
        Value::Float(v) => {
            out.push(FLOAT);
            put_float(out, *v);
        }
        Value::Date(v) => {
            out.push(DATE);
            out.extend(((*v as u32) ^ (1 << 31)).to_be_bytes());
        }
        Value::Time(v) => put_i64(out, TIME, *v),
        Value::Timestamp(v) => put_i64(out, TIMESTAMP, *v),
        Value::Interval { months, micros } => {
            let estimate = i128::from(*months) * MONTH + i128::from(*micros) + ESTIMATE_OFFSET;
            out.push(INTERVAL);
            out.extend(estimate.to_be_bytes().iter().skip(6));
            out.extend(((*months as u32) ^ (1 << 31)).to_be_bytes());
        }
        Value::Text(v) => put_bytes(out, TEXT, v.as_bytes()),
        Value::Blob(v) => put_bytes(out, BLOB, v),
        Value::Json(v) => put_bytes(out, JSON, v.as_bytes()),
        Value::Uuid(v) => {
            out.push(UUID);
            out.extend(v);
        }
        Value::Inet(IpAddr::V4(v)) => {
            out.extend([INET, 4]);
            out.extend(v.octets());
        }
        Value::Inet(IpAddr::V6(v)) => {
            out.extend([INET, 6]);
            out.extend(v.octets());
        }
        Value::Point(x, y) => {
            out.push(POINT);
            put_float(out, *x);
            put_float(out, *y);
        }
        Value::List(items) => {
            out.push(LIST);
            items.iter().for_each(|item| put(out, item));
            out.push(END);
        }
        Value::Map(members) => {
            out.push(MAP);
            for (name, member) in members.iter() {
                put_bytes(out, TEXT, name.as_bytes());
                put(out, member);
            }
            out.push(END);
        }
    }
}

/// A tag that says sign and number of bytes, and the bytes, largest first. `size` is the value, or
/// below zero its complement; a negative value's bytes are complemented again, so that -1, whose
/// complement is 0, comes last.
fn put_integer(out: &mut Vec<u8>, negative: bool, size: u128) {
    // At most 16.
    let len = (128 - size.leading_zeros()).div_ceil(8) as u8;
    out.push(if negative { BELOW_ZERO - len } else { FROM_ZERO + len });
    let flip = if negative { 0xff } else { 0 };
    out.extend(size.to_be_bytes().iter().skip(16 - usize::from(len)).map(|byte| byte ^ flip));
}

/// The exponent (how many digits stand before the point), then the digits in pairs, each pair plus
/// one, then 0. For a negative number all of that is complemented.
fn put_decimal(out: &mut Vec<u8>, value: &Decimal) {
    let value = value.normalize();
    if value.is_zero() {
        return out.push(DECIMAL_ZERO);
    }
    let mut digits = value.mantissa().unsigned_abs().to_string().into_bytes();
    // A whole number's trailing zeros are in the exponent. At most 29 digits and a scale of 28.
    let exponent = digits.len() as i32 - value.scale() as i32 + EXPONENT_OFFSET;
    digits.truncate(digits.iter().rposition(|d| *d != b'0').map_or(0, |last| last + 1));
    let negative = value.is_sign_negative();
    out.push(if negative { DECIMAL_NEGATIVE } else { DECIMAL_POSITIVE });
    let start = out.len();
    out.push(exponent as u8);
    out.extend(digits.chunks(2).map(|pair| {
        let digit = |i: usize| pair.get(i).map_or(0, |d| d - b'0');
        digit(0) * 10 + digit(1) + 1
    }));
    out.push(0);
    if negative {
        out.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }
}

fn put_float(out: &mut Vec<u8>, value: f64) {
    let bits = canonical_float(value).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    out.extend(ordered.to_be_bytes());
}

fn put_i64(out: &mut Vec<u8>, tag: u8, value: i64) {
    out.push(tag);
    out.extend(((value as u64) ^ (1 << 63)).to_be_bytes());
}

/// The bytes, with 00 written as 00 ff, and 00 01 at the end.
fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    let mut runs = bytes.split(|byte| *byte == 0);
    out.extend(runs.next().unwrap_or_default());
    for run in runs {
        out.extend([0x00, 0xff]);
        out.extend(run);
    }
    out.extend([0x00, 0x01]);
}

/// Bytes being read, complemented where the part is descending.
struct Source<'a> {
    bytes: &'a [u8],
    at: usize,
    flip: u8,
}

impl Source<'_> {
    fn malformed(&self) -> DecodeError {
        DecodeError { what: "key", at: self.at }
    }

    fn peek(&self) -> Result<u8, DecodeError> {
        self.bytes.get(self.at).map(|byte| byte ^ self.flip).ok_or_else(|| self.malformed())
    }

    fn u8(&mut self) -> Result<u8, DecodeError> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        for place in &mut array {
            *place = self.u8()?;
        }
        Ok(array)
    }

    fn value(&mut self, nesting: usize) -> Result<Value, DecodeError> {
        let tag = self.u8()?;
        Ok(match tag {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            0x1f..=0x40 => self.integer(tag)?,
            DECIMAL_ZERO => Value::Decimal(Decimal::ZERO),
            DECIMAL_NEGATIVE | DECIMAL_POSITIVE => self.decimal(tag == DECIMAL_NEGATIVE)?,
            FLOAT => Value::Float(self.float()?),
            DATE => Value::Date((u32::from_be_bytes(self.array()?) ^ (1 << 31)) as i32),
            TIME => Value::Time(self.i64()?),
            TIMESTAMP => Value::Timestamp(self.i64()?),
            INTERVAL => self.interval()?,
            TEXT => Value::from(self.text()?),
            BLOB => Value::from(self.escaped()?),
            JSON => Value::Json(self.text()?.into()),
            UUID => Value::Uuid(self.array()?),
            INET => match self.u8()? {
                4 => Value::Inet(Ipv4Addr::from(self.array::<4>()?).into()),
                6 => Value::Inet(Ipv6Addr::from(self.array::<16>()?).into()),
                _ => return Err(self.malformed()),
            },
            POINT => Value::Point(self.float()?, self.float()?),
            LIST | MAP => {
                let below = nesting.checked_sub(1).ok_or_else(|| self.malformed())?;
                if tag == LIST { self.list(below)? } else { self.map(below)? }
            }
            _ => return Err(self.malformed()),
        })
    }

    fn integer(&mut self, tag: u8) -> Result<Value, DecodeError> {
        let negative = tag <= BELOW_ZERO;
        let len = if negative { BELOW_ZERO - tag } else { tag - FROM_ZERO };
        let flip = if negative { 0xff } else { 0 };
        let mut size = 0u128;
        for i in 0..len {
            let byte = self.u8()? ^ flip;
            if i == 0 && byte == 0 {
                return Err(self.malformed());
            }
            size = size << 8 | u128::from(byte);
        }
        match (negative, i128::try_from(size)) {
            (false, _) => Ok(Value::unsigned(size)),
            (true, Ok(size)) => Ok(Value::integer(!size)),
            (true, Err(_)) => Err(self.malformed()),
        }
    }

    fn decimal(&mut self, negative: bool) -> Result<Value, DecodeError> {
        let flip = if negative { 0xff } else { 0 };
        let exponent = i32::from(self.u8()? ^ flip) - EXPONENT_OFFSET;
        let (mut mantissa, mut count, mut last) = (0i128, 0i32, 0);
        loop {
            let pair = match self.u8()? ^ flip {
                0 => break,
                pair @ 1..=100 => i128::from(pair - 1),
                _ => return Err(self.malformed()),
            };
            // At most 29 digits, so the mantissa stays far below 2^127. No pair is 00 at the end,
            // and the first begins with a digit that is not 0.
            if count >= 30 || (count == 0 && pair < 10) {
                return Err(self.malformed());
            }
            (mantissa, count, last) = (mantissa * 100 + pair, count + 2, pair);
        }
        if last == 0 {
            return Err(self.malformed());
        }
        let mut scale = count - exponent;
        if last % 10 == 0 {
            (mantissa, scale) = (mantissa / 10, scale - 1);
        }
        if scale < 0 {
            let zeros = u32::try_from(-scale).ok().filter(|zeros| *zeros <= 28);
            let power = zeros.map(|zeros| 10i128.pow(zeros));
            mantissa =
                power.and_then(|p| mantissa.checked_mul(p)).ok_or_else(|| self.malformed())?;
            scale = 0;
        }
        let signed = if negative { -mantissa } else { mantissa };
        let scale = u32::try_from(scale).map_err(|_| self.malformed())?;
        let decimal = Decimal::try_from_i128_with_scale(signed, scale);
        decimal.map(Value::Decimal).map_err(|_| self.malformed())
    }

    fn float(&mut self) -> Result<f64, DecodeError> {
        let ordered = u64::from_be_bytes(self.array()?);
        let bits = if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered };
        let value = f64::from_bits(bits);
        match canonical_float(value).to_bits() == bits {
            true => Ok(value),
            false => Err(self.malformed()),
        }
    }

    fn i64(&mut self) -> Result<i64, DecodeError> {
        Ok((u64::from_be_bytes(self.array()?) ^ (1 << 63)) as i64)
    }

    fn interval(&mut self) -> Result<Value, DecodeError> {
        let mut estimate = [0; 16];
        for place in estimate.iter_mut().skip(6) {
            *place = self.u8()?;
        }
        let months = (u32::from_be_bytes(self.array()?) ^ (1 << 31)) as i32;
        let rest = i128::from_be_bytes(estimate) - ESTIMATE_OFFSET - i128::from(months) * MONTH;
        let micros = i64::try_from(rest).map_err(|_| self.malformed())?;
        Ok(Value::Interval { months, micros })
    }

    fn escaped(&mut self) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = Vec::new();
        loop {
            match self.u8()? {
                0 => match self.u8()? {
                    0xff => bytes.push(0),
                    0x01 => return Ok(bytes),
                    _ => return Err(self.malformed()),
                },
                byte => bytes.push(byte),
            }
        }
    }

    fn text(&mut self) -> Result<String, DecodeError> {
        String::from_utf8(self.escaped()?).map_err(|_| self.malformed())
    }

    fn ended(&mut self) -> Result<bool, DecodeError> {
        let ended = self.peek()? == END;
        self.at += usize::from(ended);
        Ok(ended)
    }

    fn list(&mut self, nesting: usize) -> Result<Value, DecodeError> {
        let mut items = Vec::new();
        while !self.ended()? {
            items.push(self.value(nesting)?);
        }
        Ok(Value::List(items.into()))
    }

    fn map(&mut self, nesting: usize) -> Result<Value, DecodeError> {
        let mut members: BTreeMap<String, Value> = BTreeMap::new();
        while !self.ended()? {
            if self.u8()? != TEXT {
                return Err(self.malformed());
            }
            let name = self.text()?;
            if members.last_key_value().is_some_and(|(last, _)| *last >= name) {
                return Err(self.malformed());
            }
            let member = self.value(nesting)?;
            members.insert(name, member);
        }
        Ok(Value::Map(Arc::new(members)))
    }
}
