//! The types that a column can have.

use super::ValueError;
use super::number::Wide;
use crate::codec::{DecodeError, Reader};
use std::fmt;

/// The most digits that a decimal has.
pub(super) const DECIMAL_DIGITS_MAX: u8 = 28;

/// A column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// TRUE or FALSE.
    Boolean,
    /// An integer of 16 bits.
    SmallInt,
    /// INTEGER: 64 bits, as in SQLite.
    Integer,
    /// BIGINT: 64 bits.
    BigInt,
    /// An integer of 8 bits; GlueSQL's INT8.
    Signed8,
    /// An integer of 16 bits; GlueSQL's INT16.
    Signed16,
    /// An integer of 32 bits; GlueSQL's INT32.
    Signed32,
    /// An integer of 128 bits.
    Signed128,
    /// An unsigned integer of 8 bits.
    Unsigned8,
    /// An unsigned integer of 16 bits.
    Unsigned16,
    /// An unsigned integer of 32 bits.
    Unsigned32,
    /// An unsigned integer of 64 bits.
    Unsigned64,
    /// An unsigned integer of 128 bits.
    Unsigned128,
    /// A float rounded to 32 bits; PostgreSQL's FLOAT4, GlueSQL's FLOAT32.
    Float32,
    /// REAL: 64 bits, as in SQLite (PostgreSQL's has 32, and a value that was 19.99 would not be
    /// found by `= 19.99`).
    Real,
    /// DOUBLE PRECISION: 64 bits.
    Double,
    /// An exact number.
    Decimal {
        /// Digits altogether, at most 28; `None`: as many as come.
        precision: Option<u8>,
        /// Digits after the point; `None`: as many as come.
        scale: Option<u8>,
    },
    /// Text of any length.
    Text,
    /// Text of at most so many characters.
    Varchar(u32),
    /// Text of at most so many characters. It is not padded.
    Char(u32),
    /// Bytes.
    Blob,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A moment, without a zone: what is written without one is taken as UTC.
    Timestamp,
    /// A moment; stored in UTC.
    TimestampTz,
    /// A span of time.
    Interval,
    /// A UUID.
    Uuid,
    /// A JSON document.
    Json,
    /// An IP address.
    Inet,
    /// A point in the plane.
    Point,
    /// Values in order.
    List,
    /// Values by name.
    Map,
    /// Whatever comes, as it comes.
    Any,
}

/// Each type without arguments, by its stored tag and its conventional name, which is read back by
/// [`SqlType::parse_name`].
const PLAIN: &[(SqlType, u8, &str)] = &[
    (SqlType::Any, 0, "ANY"),
    (SqlType::Boolean, 1, "BOOLEAN"),
    (SqlType::SmallInt, 2, "SMALLINT"),
    (SqlType::Integer, 3, "INTEGER"),
    (SqlType::BigInt, 4, "BIGINT"),
    (SqlType::Signed8, 5, "TINYINT"),
    (SqlType::Signed16, 6, "INT16"),
    (SqlType::Signed32, 7, "INT32"),
    (SqlType::Signed128, 8, "INT128"),
    (SqlType::Unsigned8, 9, "UINT8"),
    (SqlType::Unsigned16, 10, "UINT16"),
    (SqlType::Unsigned32, 11, "UINT32"),
    (SqlType::Unsigned64, 12, "UINT64"),
    (SqlType::Unsigned128, 13, "UINT128"),
    (SqlType::Float32, 14, "FLOAT32"),
    (SqlType::Real, 15, "REAL"),
    (SqlType::Double, 16, "DOUBLE"),
    (SqlType::Text, 18, "TEXT"),
    (SqlType::Blob, 21, "BLOB"),
    (SqlType::Date, 22, "DATE"),
    (SqlType::Time, 23, "TIME"),
    (SqlType::Timestamp, 24, "TIMESTAMP"),
    (SqlType::TimestampTz, 25, "TIMESTAMPTZ"),
    (SqlType::Interval, 26, "INTERVAL"),
    (SqlType::Uuid, 27, "UUID"),
    (SqlType::Json, 28, "JSON"),
    (SqlType::Inet, 29, "INET"),
    (SqlType::Point, 30, "POINT"),
    (SqlType::List, 31, "LIST"),
    (SqlType::Map, 32, "MAP"),
];

const DECIMAL: u8 = 17;
const VARCHAR: u8 = 19;
const CHAR: u8 = 20;

/// Other names, of SQLite and PostgreSQL, for types without arguments.
const ALIASES: &[(&str, SqlType)] = &[
    ("BOOL", SqlType::Boolean),
    ("INT2", SqlType::SmallInt),
    ("INT", SqlType::Integer),
    ("INT4", SqlType::Integer),
    ("MEDIUMINT", SqlType::Integer),
    ("INT8", SqlType::BigInt),
    ("INT64", SqlType::BigInt),
    ("FLOAT4", SqlType::Float32),
    ("FLOAT", SqlType::Double),
    ("FLOAT8", SqlType::Double),
    ("FLOAT64", SqlType::Double),
    ("DOUBLE PRECISION", SqlType::Double),
    ("STRING", SqlType::Text),
    ("CLOB", SqlType::Text),
    ("TINYTEXT", SqlType::Text),
    ("MEDIUMTEXT", SqlType::Text),
    ("LONGTEXT", SqlType::Text),
    ("BYTEA", SqlType::Blob),
    ("BYTES", SqlType::Blob),
    ("BINARY", SqlType::Blob),
    ("VARBINARY", SqlType::Blob),
    ("BINARY VARYING", SqlType::Blob),
    ("BINARY LARGE OBJECT", SqlType::Blob),
    ("TINYBLOB", SqlType::Blob),
    ("MEDIUMBLOB", SqlType::Blob),
    ("LONGBLOB", SqlType::Blob),
    ("CHARACTER LARGE OBJECT", SqlType::Text),
    ("CHAR LARGE OBJECT", SqlType::Text),
    ("NTEXT", SqlType::Text),
    ("NAME", SqlType::Text),
    ("TINYINT UNSIGNED", SqlType::Unsigned8),
    ("SMALLINT UNSIGNED", SqlType::Unsigned16),
    ("INT2 UNSIGNED", SqlType::Unsigned16),
    ("MEDIUMINT UNSIGNED", SqlType::Unsigned32),
    ("INT UNSIGNED", SqlType::Unsigned32),
    ("INT4 UNSIGNED", SqlType::Unsigned32),
    ("INTEGER UNSIGNED", SqlType::Unsigned32),
    ("BIGINT UNSIGNED", SqlType::Unsigned64),
    ("INT8 UNSIGNED", SqlType::Unsigned64),
    ("DATETIME", SqlType::Timestamp),
    ("TIMESTAMP WITHOUT TIME ZONE", SqlType::Timestamp),
    ("TIMESTAMP WITH TIME ZONE", SqlType::TimestampTz),
    ("TIME WITHOUT TIME ZONE", SqlType::Time),
    ("JSONB", SqlType::Json),
];

impl SqlType {
    /// The type of this name, in any case and spacing, with the arguments that stood in
    /// parentheses. Names are those of SQLite and PostgreSQL, so INT8 has eight *bytes*. Lengths of
    /// integers (`INT(11)`), of blobs, and the digits of times are accepted and mean nothing.
    ///
    /// # Errors
    /// `UnknownType`; `TypeArguments` where the arguments do not suit the type.
    pub fn parse_name(name: &str, args: &[u64]) -> Result<SqlType, ValueError> {
        let upper = name.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
        let wrong = |what| Err(ValueError::TypeArguments { name: upper.clone(), what });
        match upper.as_str() {
            "DECIMAL" | "NUMERIC" | "DEC" | "NUMBER" => return decimal(&upper, args),
            "VARCHAR" | "CHARACTER VARYING" | "CHAR VARYING" | "NVARCHAR" | "VARCHAR2"
            | "NVARCHAR2" => {
                return Ok(length(&upper, args)?.map_or(SqlType::Text, SqlType::Varchar));
            }
            "CHAR" | "CHARACTER" | "NCHAR" | "BPCHAR" => {
                return Ok(SqlType::Char(length(&upper, args)?.unwrap_or(1)));
            }
            "FLOAT" => match args {
                [] => {}
                [1..=24] => return Ok(SqlType::Float32),
                [25..=53] => return Ok(SqlType::Double),
                _ => return wrong("one number of bits from 1 to 53"),
            },
            _ => {}
        }
        let plain = PLAIN.iter().find(|(_, _, known)| *known == upper).map(|(ty, ..)| *ty);
        let alias = || ALIASES.iter().find(|(known, _)| *known == upper).map(|(_, ty)| *ty);
        let Some(ty) = plain.or_else(alias) else {
            return Err(ValueError::UnknownType(name.chars().take(64).collect()));
        };
        let ignores = ty.integer_range().is_some()
            || matches!(ty, SqlType::Blob | SqlType::Time | SqlType::Text | SqlType::Interval)
            || matches!(ty, SqlType::Timestamp | SqlType::TimestampTz)
            || matches!(ty, SqlType::Real | SqlType::Double);
        match args.len() {
            0 => Ok(ty),
            1 if ignores => Ok(ty),
            2 if matches!(ty, SqlType::Real | SqlType::Double) => Ok(ty),
            _ => wrong("takes no such arguments"),
        }
    }

    /// Whether values are numbers.
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || self.is_float() || matches!(self, SqlType::Decimal { .. })
    }

    /// Whether values are integers.
    pub fn is_integer(&self) -> bool {
        self.integer_range().is_some()
    }

    /// Whether values are floats.
    pub fn is_float(&self) -> bool {
        matches!(self, SqlType::Float32 | SqlType::Real | SqlType::Double)
    }

    /// Whether values are text.
    pub fn is_text(&self) -> bool {
        matches!(self, SqlType::Text | SqlType::Varchar(_) | SqlType::Char(_))
    }

    /// The least and the greatest integer of an integer type.
    pub(super) fn integer_range(&self) -> Option<(Wide, Wide)> {
        let signed = |bits: u32| {
            let half = 1u128 << (bits - 1);
            Some((Wide::new(true, half), Wide::new(false, half - 1)))
        };
        let unsigned =
            |bits: u32| Some((Wide::new(false, 0), Wide::new(false, u128::MAX >> (128 - bits))));
        match self {
            SqlType::Signed8 => signed(8),
            SqlType::SmallInt | SqlType::Signed16 => signed(16),
            SqlType::Signed32 => signed(32),
            SqlType::Integer | SqlType::BigInt => signed(64),
            SqlType::Signed128 => signed(128),
            SqlType::Unsigned8 => unsigned(8),
            SqlType::Unsigned16 => unsigned(16),
            SqlType::Unsigned32 => unsigned(32),
            SqlType::Unsigned64 => unsigned(64),
            SqlType::Unsigned128 => unsigned(128),
            _ => None,
        }
    }

    /// Appends the stored form: a tag and its arguments.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            SqlType::Decimal { precision, scale } => {
                out.extend([DECIMAL, precision.unwrap_or(u8::MAX), scale.unwrap_or(u8::MAX)]);
            }
            SqlType::Varchar(length) => {
                out.push(VARCHAR);
                out.extend(length.to_le_bytes());
            }
            SqlType::Char(length) => {
                out.push(CHAR);
                out.extend(length.to_le_bytes());
            }
            plain => out.extend(PLAIN.iter().find(|(ty, ..)| ty == plain).map(|(_, tag, _)| *tag)),
        }
    }

    /// Reads a stored form, all of the bytes.
    ///
    /// # Errors
    /// If they are no stored form of a type.
    pub fn decode(bytes: &[u8]) -> Result<SqlType, DecodeError> {
        let mut r = Reader::new("type", bytes);
        let ty = SqlType::read(&mut r)?;
        r.end()?;
        Ok(ty)
    }

    /// Reads a stored form that something may follow.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<SqlType, DecodeError> {
        match r.u8()? {
            DECIMAL => {
                let [precision, scale] = r.array()?;
                let known = |n: u8| (n != u8::MAX).then_some(n);
                let (precision, scale) = (known(precision), known(scale));
                let digits = precision.unwrap_or(DECIMAL_DIGITS_MAX);
                match digits <= DECIMAL_DIGITS_MAX && scale.unwrap_or(0) <= digits {
                    true => Ok(SqlType::Decimal { precision, scale }),
                    false => Err(r.malformed()),
                }
            }
            VARCHAR => Ok(SqlType::Varchar(u32::from_le_bytes(r.array()?))),
            CHAR => Ok(SqlType::Char(u32::from_le_bytes(r.array()?))),
            tag => match PLAIN.iter().find(|(_, known, _)| *known == tag) {
                Some((ty, ..)) => Ok(*ty),
                None => Err(r.malformed()),
            },
        }
    }
}

fn decimal(name: &str, args: &[u64]) -> Result<SqlType, ValueError> {
    let wrong = |what| Err(ValueError::TypeArguments { name: name.to_owned(), what });
    let (precision, scale) = match args {
        [] => return Ok(SqlType::Decimal { precision: None, scale: None }),
        [precision] => (*precision, 0),
        [precision, scale] => (*precision, *scale),
        _ => return wrong("takes a precision and a scale"),
    };
    if precision == 0 || precision > u64::from(DECIMAL_DIGITS_MAX) {
        return wrong("the precision is from 1 to 28 digits");
    }
    if scale > precision {
        return wrong("the scale is at most the precision");
    }
    // Both are at most 28.
    Ok(SqlType::Decimal { precision: Some(precision as u8), scale: Some(scale as u8) })
}

fn length(name: &str, args: &[u64]) -> Result<Option<u32>, ValueError> {
    let wrong = |what| Err(ValueError::TypeArguments { name: name.to_owned(), what });
    match args {
        [] => Ok(None),
        [0] => wrong("the length is at least 1"),
        [n] => u32::try_from(*n).map(Some).or_else(|_| wrong("the length is too large")),
        _ => wrong("takes one length"),
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SqlType::Decimal { precision: Some(p), scale: Some(s) } => {
                write!(f, "DECIMAL({p},{s})")
            }
            SqlType::Decimal { .. } => f.write_str("DECIMAL"),
            SqlType::Varchar(n) => write!(f, "VARCHAR({n})"),
            SqlType::Char(n) => write!(f, "CHAR({n})"),
            plain => {
                let name =
                    PLAIN.iter().find(|(ty, ..)| ty == plain).map_or("ANY", |(.., name)| name);
                f.write_str(name)
            }
        }
    }
}
