//! Rows and single values as they are stored (`docs/format.md`, "Rows").
//!
//! ```text
//!   row    layout: u32 little-endian, then one value per column of the layout
//!   value  tag, payload
//! ```
//!
//! Values describe themselves, so that a reader steps over those it does not want, and one value
//! has one encoding. Integers from 0 to 127 are their tag alone. The layout says which columns the
//! values belong to; what a layout holds is kept with the table's definition.

use super::{NESTING_MAX, Value, canonical_float};
use crate::codec::{DecodeError, Reader};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const INT128: u8 = 4;
const UINT128: u8 = 5;
const FLOAT: u8 = 6;
const DECIMAL: u8 = 7;
const TEXT: u8 = 8;
const BLOB: u8 = 9;
const DATE: u8 = 10;
const TIME: u8 = 11;
const TIMESTAMP: u8 = 12;
const INTERVAL: u8 = 13;
const UUID: u8 = 14;
const JSON: u8 = 15;
const INET4: u8 = 16;
const INET6: u8 = 17;
const POINT: u8 = 18;
const LIST: u8 = 19;
const MAP: u8 = 20;
/// The integer 0; the tags above are the integers up to 127.
const SMALL: u8 = 0x80;
const DECIMAL_NEGATIVE: u8 = 0x80;

/// Appends a row: its layout and its values in the layout's order.
pub fn encode_row<'v>(out: &mut Vec<u8>, layout: u32, values: impl IntoIterator<Item = &'v Value>) {
    out.extend(layout.to_le_bytes());
    values.into_iter().for_each(|value| encode_value(out, value));
}

/// Appends one value.
pub fn encode_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(v) => out.push(if *v { TRUE } else { FALSE }),
        Value::Int(v @ 0..=127) => out.push(SMALL | *v as u8),
        Value::Int(v) => put_int(out, INT, *v),
        Value::Int128(v) => match Value::integer(*v) {
            Value::Int128(v) => put(out, INT128, &v.to_le_bytes()),
            small => encode_value(out, &small),
        },
        Value::UInt128(v) => match Value::unsigned(*v) {
            Value::UInt128(v) => put(out, UINT128, &v.to_le_bytes()),
            small => encode_value(out, &small),
        },
        Value::Float(v) => put(out, FLOAT, &canonical_float(*v).to_bits().to_le_bytes()),
        Value::Decimal(v) => {
            let v = v.normalize();
            let size = v.mantissa().unsigned_abs();
            let sign = if v.mantissa() < 0 { DECIMAL_NEGATIVE } else { 0 };
            // The scale is at most 28, the length at most 12.
            let len = (128 - size.leading_zeros()).div_ceil(8);
            out.extend([DECIMAL, sign | v.scale() as u8, len as u8]);
            out.extend(size.to_le_bytes().iter().take(len as usize));
        }
        Value::Text(v) => put_sized(out, TEXT, v.as_bytes()),
        Value::Blob(v) => put_sized(out, BLOB, v),
        Value::Json(v) => put_sized(out, JSON, v.as_bytes()),
        Value::Date(v) => put_int(out, DATE, (*v).into()),
        Value::Time(v) => put_int(out, TIME, *v),
        Value::Timestamp(v) => put_int(out, TIMESTAMP, *v),
        Value::Interval { months, micros } => {
            put_int(out, INTERVAL, (*months).into());
            put_uint(out, zigzag(*micros));
        }
        Value::Uuid(v) => put(out, UUID, v),
        Value::Inet(IpAddr::V4(v)) => put(out, INET4, &v.octets()),
        Value::Inet(IpAddr::V6(v)) => put(out, INET6, &v.octets()),
        Value::Point(x, y) => {
            put(out, POINT, &canonical_float(*x).to_bits().to_le_bytes());
            out.extend(canonical_float(*y).to_bits().to_le_bytes());
        }
        Value::List(items) => {
            let mut inside = Vec::new();
            items.iter().for_each(|item| encode_value(&mut inside, item));
            put_sized(out, LIST, &inside);
        }
        Value::Map(members) => {
            let mut inside = Vec::new();
            for (name, member) in members.iter() {
                put_uint(&mut inside, name.len() as u64);
                inside.extend(name.as_bytes());
                encode_value(&mut inside, member);
            }
            put_sized(out, MAP, &inside);
        }
    }
}

fn put(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend(bytes);
}

fn put_sized(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    put_uint(out, bytes.len() as u64);
    out.extend(bytes);
}

fn put_int(out: &mut Vec<u8>, tag: u8, value: i64) {
    out.push(tag);
    put_uint(out, zigzag(value));
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn put_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads one value, which is all of the bytes.
///
/// # Errors
/// If the bytes are not the one encoding of a value.
pub fn decode_value(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut r = Reader::new("value", bytes);
    let value = read_value(&mut r)?;
    r.end()?;
    Ok(value)
}

/// Reads one value that something may follow.
pub(crate) fn read_value(r: &mut Reader<'_>) -> Result<Value, DecodeError> {
    read(r, NESTING_MAX)
}

fn read(r: &mut Reader<'_>, nesting: usize) -> Result<Value, DecodeError> {
    let tag = r.u8()?;
    Ok(match tag {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        SMALL.. => Value::Int((tag & 0x7f).into()),
        INT => match r.int()? {
            0..=127 => return Err(r.malformed()),
            v => Value::Int(v),
        },
        INT128 => match Value::integer(i128::from_le_bytes(r.array()?)) {
            v @ Value::Int128(_) => v,
            _ => return Err(r.malformed()),
        },
        UINT128 => match Value::unsigned(u128::from_le_bytes(r.array()?)) {
            v @ Value::UInt128(_) => v,
            _ => return Err(r.malformed()),
        },
        FLOAT => Value::Float(float(r)?),
        DECIMAL => decimal(r)?,
        TEXT => Value::Text(r.text()?.into()),
        BLOB => Value::Blob(r.bytes()?.into()),
        JSON => Value::Json(r.text()?.into()),
        DATE => Value::Date(i32::try_from(r.int()?).map_err(|_| r.malformed())?),
        TIME => Value::Time(r.int()?),
        TIMESTAMP => Value::Timestamp(r.int()?),
        INTERVAL => {
            let months = i32::try_from(r.int()?).map_err(|_| r.malformed())?;
            Value::Interval { months, micros: r.int()? }
        }
        UUID => Value::Uuid(r.array()?),
        INET4 => Value::Inet(Ipv4Addr::from(r.array::<4>()?).into()),
        INET6 => Value::Inet(Ipv6Addr::from(r.array::<16>()?).into()),
        POINT => Value::Point(float(r)?, float(r)?),
        LIST | MAP => {
            let below = nesting.checked_sub(1).ok_or_else(|| r.malformed())?;
            let mut inside = Reader::new("value", r.bytes()?);
            if tag == LIST { list(&mut inside, below)? } else { map(&mut inside, below)? }
        }
        _ => return Err(r.malformed()),
    })
}

fn float(r: &mut Reader<'_>) -> Result<f64, DecodeError> {
    let value = f64::from_le_bytes(r.array()?);
    match canonical_float(value).to_bits() == value.to_bits() {
        true => Ok(value),
        false => Err(r.malformed()),
    }
}

fn decimal(r: &mut Reader<'_>) -> Result<Value, DecodeError> {
    let [form, len] = r.array()?;
    let bytes = r.fixed(len.into())?;
    let mut size = 0i128;
    match bytes.last() {
        Some(0) => return Err(r.malformed()),
        _ if len > 12 => return Err(r.malformed()),
        _ => bytes.iter().rev().for_each(|byte| size = size << 8 | i128::from(*byte)),
    }
    let (negative, scale) = (form & DECIMAL_NEGATIVE != 0, form & !DECIMAL_NEGATIVE);
    // One encoding: no negative zero, no zeros at the end of a fraction.
    if (size == 0 && form != 0) || (scale > 0 && size % 10 == 0) {
        return Err(r.malformed());
    }
    let signed = if negative { -size } else { size };
    let value = Decimal::try_from_i128_with_scale(signed, scale.into());
    value.map(Value::Decimal).map_err(|_| r.malformed())
}

fn list(r: &mut Reader<'_>, nesting: usize) -> Result<Value, DecodeError> {
    let mut items = Vec::new();
    while r.left() > 0 {
        items.push(read(r, nesting)?);
    }
    Ok(Value::List(items.into()))
}

fn map(r: &mut Reader<'_>, nesting: usize) -> Result<Value, DecodeError> {
    let mut members: BTreeMap<String, Value> = BTreeMap::new();
    while r.left() > 0 {
        let name = r.text()?;
        if members.last_key_value().is_some_and(|(last, _)| last.as_str() >= name) {
            return Err(r.malformed());
        }
        let member = read(r, nesting)?;
        members.insert(name.to_owned(), member);
    }
    Ok(Value::Map(Arc::new(members)))
}

/// Steps over a value without looking inside.
fn skip(r: &mut Reader<'_>) -> Result<(), DecodeError> {
    match r.u8()? {
        NULL | FALSE | TRUE | SMALL.. => {}
        INT | DATE | TIME | TIMESTAMP => drop(r.uint()?),
        INTERVAL => drop((r.uint()?, r.uint()?)),
        INT128 | UINT128 | UUID | INET6 | POINT => drop(r.fixed(16)?),
        FLOAT => drop(r.fixed(8)?),
        INET4 => drop(r.fixed(4)?),
        DECIMAL => {
            let [_, len] = r.array()?;
            r.fixed(len.into())?;
        }
        TEXT | BLOB | JSON | LIST | MAP => drop(r.bytes()?),
        _ => return Err(r.malformed()),
    }
    Ok(())
}

/// A stored row, of which the wanted values are read.
#[derive(Debug, Clone)]
pub struct RowReader<'a> {
    layout: u32,
    values: Reader<'a>,
}

impl<'a> RowReader<'a> {
    /// A reader of these bytes.
    ///
    /// # Errors
    /// If they are too few for a layout.
    pub fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut values = Reader::new("row", bytes);
        let layout = u32::from_le_bytes(values.array()?);
        Ok(RowReader { layout, values })
    }

    /// Which columns the values belong to.
    pub fn layout(&self) -> u32 {
        self.layout
    }

    /// Hands each wanted value, by its position in the layout, to `found`. Values that the row
    /// does not have are not handed over; from position `end` on none is looked at.
    ///
    /// # Errors
    /// If the bytes are not a row. Values stepped over are checked only as far as that takes.
    pub fn decode(
        &self,
        end: usize,
        wanted: impl Fn(usize) -> bool,
        mut found: impl FnMut(usize, Value),
    ) -> Result<(), DecodeError> {
        let mut r = self.values.clone();
        let mut position = 0;
        while position < end && r.left() > 0 {
            match wanted(position) {
                true => found(position, read_value(&mut r)?),
                false => skip(&mut r)?,
            }
            position += 1;
        }
        Ok(())
    }

    /// All values.
    ///
    /// # Errors
    /// If the bytes are not a row.
    pub fn decode_all(&self) -> Result<Vec<Value>, DecodeError> {
        let mut values = Vec::new();
        self.decode(usize::MAX, |_| true, |_, value| values.push(value))?;
        Ok(values)
    }

    /// The value at one position; `None` if the row ends before it. Nothing after it is read.
    ///
    /// # Errors
    /// If the bytes up to there are not those of a row.
    pub fn get(&self, position: usize) -> Result<Option<Value>, DecodeError> {
        let mut r = self.values.clone();
        for _ in 0..position {
            if r.left() == 0 {
                return Ok(None);
            }
            skip(&mut r)?;
        }
        match r.left() {
            0 => Ok(None),
            _ => read_value(&mut r).map(Some),
        }
    }
}
