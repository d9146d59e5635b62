//! The functions: their names, arguments and stored codes, and what each does.

use super::{
    EvalContext, EvalError, calendar, dates, json, numeric, regex, strings, texts, to_char,
};
use crate::value::{MICROS_PER_DAY, Value, hex};

/// A function of values. COALESCE and NULLIF are here too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// The first argument that is not NULL.
    Coalesce,
    /// NULL if the arguments are equal, else the first.
    NullIf,
    /// The size of a number.
    Abs,
    /// Rounded half away from zero, to so many digits after the point.
    Round,
    /// The least whole number not below.
    Ceil,
    /// The greatest whole number not above.
    Floor,
    /// -1, 0 or 1.
    Sign,
    /// The remainder.
    Mod,
    /// A power, as a float.
    Power,
    /// The square root, as a float.
    Sqrt,
    /// Characters of text, bytes of a blob.
    Length,
    /// In upper case.
    Upper,
    /// In lower case.
    Lower,
    /// Without these characters (spaces) at both ends.
    Trim,
    /// Without them at the start.
    LTrim,
    /// Without them at the end.
    RTrim,
    /// Part of a text or blob, from a position counted from 1 or, below zero, from the end; as in
    /// SQLite.
    Substr,
    /// Every occurrence replaced.
    Replace,
    /// Where, from 1, the second occurs in the first; 0 if nowhere.
    Instr,
    /// The arguments as one text, NULLs left out.
    Concat,
    /// The greatest argument, NULLs left out.
    Greatest,
    /// The least argument, NULLs left out.
    Least,
    /// The statement's time.
    Now,
    /// The statement's day in UTC.
    CurrentDate,
    /// The statement's time of day in UTC.
    CurrentTime,
    /// An integer of 64 random bits, as in SQLite.
    Random,
    /// A random UUID (version 4).
    GenerateUuid,
    /// Bytes in hexadecimal, in upper case.
    Hex,
    /// The name of the value's type.
    TypeOf,
    /// The start of the hour, day, month … that a moment lies in.
    DateTrunc,
    /// A part of a date or time.
    Extract,
    /// Bytes of text or of a blob.
    OctetLength,
    /// So many characters from the start.
    Left,
    /// So many characters from the end.
    Right,
    /// The arguments behind the first with the first between them, NULLs left out.
    ConcatWs,
    /// The characters from the end to the start.
    Reverse,
    /// Filled up at the start to so many characters.
    LPad,
    /// Filled up at the end.
    RPad,
    /// As a SQL literal.
    Quote,
    /// Without the digits behind the point, or behind so many of them.
    Trunc,
    /// The exponential, as a float.
    Exp,
    /// The natural logarithm, as a float.
    Ln,
    /// The logarithm to base 10, or to the first of two arguments.
    Log,
    /// So many times.
    Repeat,
    /// The part of this number, counted from 1, between separators.
    SplitPart,
    /// A format filled with values, as in SQLite.
    Printf,
    /// Whether a pattern of `*`, `?` and `[…]` matches a text.
    Glob,
    /// The code point of the first character.
    Unicode,
    /// The characters of these code points.
    Char,
    /// Each word with a capital.
    InitCap,
    /// π.
    Pi,
    /// The least argument; NULL if any is, as SQLite's MIN of several.
    MinOf,
    /// The greatest argument; NULL if any is.
    MaxOf,
    /// The day of a time, as text (see `calendar`).
    DateOf,
    /// The time of day, as text.
    TimeOf,
    /// Day and time, as text.
    DateTime,
    /// The Julian day number, as a float.
    JulianDay,
    /// Seconds since 1970.
    UnixEpoch,
    /// A time in a format.
    StrfTime,
    /// `->`: a part of a JSON document, as JSON.
    JsonGet,
    /// `->>`: a part of a JSON document, as a SQL value.
    JsonGetValue,
    /// The part at a path, or an array of those at several.
    JsonExtract,
    /// SQLite's name of a part's type.
    JsonType,
    /// Whether a text is JSON.
    JsonValid,
    /// How many items an array has; 0 for what is none.
    JsonArrayLength,
    /// An array of the arguments.
    JsonArray,
    /// An object of names and values.
    JsonObject,
    /// A value as JSON.
    JsonQuote,
    /// A document, read and written again.
    Json,
    /// PostgreSQL's name of a document's type.
    JsonTypeOf,
    /// The part that keys lead to, as text.
    JsonExtractPathText,
    /// A document with values put at paths.
    JsonSet,
    /// The same, only where nothing is.
    JsonInsert,
    /// The same, only where something is.
    JsonReplace,
    /// A document without the parts at paths.
    JsonRemove,
    /// Whether a regular expression matches somewhere.
    RegexpLike,
    /// A match of a regular expression replaced, or with the flag `g` all.
    RegexpReplace,
    /// SIMILAR TO.
    Similar,
    /// A time or number in a pattern of PostgreSQL's.
    ToChar,
    /// The span from the second time to the first.
    Age,
    /// The logarithm to base 10, as a float.
    Log10,
}

/// Each function with its stored code, its name, and its least and most arguments.
const TABLE: &[(Function, u8, &str, usize, usize)] = &[
    (Function::Coalesce, 1, "COALESCE", 1, usize::MAX),
    (Function::NullIf, 2, "NULLIF", 2, 2),
    (Function::Abs, 3, "ABS", 1, 1),
    (Function::Round, 4, "ROUND", 1, 2),
    (Function::Ceil, 5, "CEIL", 1, 1),
    (Function::Floor, 6, "FLOOR", 1, 1),
    (Function::Sign, 7, "SIGN", 1, 1),
    (Function::Mod, 8, "MOD", 2, 2),
    (Function::Power, 9, "POWER", 2, 2),
    (Function::Sqrt, 10, "SQRT", 1, 1),
    (Function::Length, 11, "LENGTH", 1, 1),
    (Function::Upper, 12, "UPPER", 1, 1),
    (Function::Lower, 13, "LOWER", 1, 1),
    (Function::Trim, 14, "TRIM", 1, 2),
    (Function::LTrim, 15, "LTRIM", 1, 2),
    (Function::RTrim, 16, "RTRIM", 1, 2),
    (Function::Substr, 17, "SUBSTR", 2, 3),
    (Function::Replace, 18, "REPLACE", 3, 3),
    (Function::Instr, 19, "INSTR", 2, 2),
    (Function::Concat, 20, "CONCAT", 1, usize::MAX),
    (Function::Greatest, 21, "GREATEST", 1, usize::MAX),
    (Function::Least, 22, "LEAST", 1, usize::MAX),
    (Function::Now, 23, "NOW", 0, 0),
    (Function::CurrentDate, 24, "CURRENT_DATE", 0, 0),
    (Function::CurrentTime, 25, "CURRENT_TIME", 0, 0),
    (Function::Random, 26, "RANDOM", 0, 0),
    (Function::GenerateUuid, 27, "GEN_RANDOM_UUID", 0, 0),
    (Function::Hex, 28, "HEX", 1, 1),
    (Function::TypeOf, 29, "TYPEOF", 1, 1),
    (Function::DateTrunc, 30, "DATE_TRUNC", 2, 2),
    (Function::Extract, 31, "DATE_PART", 2, 2),
    (Function::OctetLength, 32, "OCTET_LENGTH", 1, 1),
    (Function::Left, 33, "LEFT", 2, 2),
    (Function::Right, 34, "RIGHT", 2, 2),
    (Function::ConcatWs, 35, "CONCAT_WS", 1, usize::MAX),
    (Function::Reverse, 36, "REVERSE", 1, 1),
    (Function::LPad, 37, "LPAD", 2, 3),
    (Function::RPad, 38, "RPAD", 2, 3),
    (Function::Quote, 39, "QUOTE", 1, 1),
    (Function::Trunc, 40, "TRUNC", 1, 2),
    (Function::Exp, 41, "EXP", 1, 1),
    (Function::Ln, 42, "LN", 1, 1),
    (Function::Log, 43, "LOG", 1, 2),
    (Function::Repeat, 44, "REPEAT", 2, 2),
    (Function::SplitPart, 45, "SPLIT_PART", 3, 3),
    (Function::Printf, 46, "PRINTF", 1, usize::MAX),
    (Function::Glob, 47, "GLOB", 2, 2),
    (Function::Unicode, 48, "UNICODE", 1, 1),
    (Function::Char, 49, "CHAR", 0, usize::MAX),
    (Function::InitCap, 50, "INITCAP", 1, 1),
    (Function::Pi, 51, "PI", 0, 0),
    (Function::DateOf, 52, "DATE", 0, usize::MAX),
    (Function::TimeOf, 53, "TIME", 0, usize::MAX),
    (Function::DateTime, 54, "DATETIME", 0, usize::MAX),
    (Function::JulianDay, 55, "JULIANDAY", 0, usize::MAX),
    (Function::UnixEpoch, 56, "UNIXEPOCH", 0, usize::MAX),
    (Function::StrfTime, 57, "STRFTIME", 1, usize::MAX),
    (Function::MinOf, 58, "MIN", 2, usize::MAX),
    (Function::MaxOf, 59, "MAX", 2, usize::MAX),
    (Function::JsonGet, 60, "JSON_GET", 2, 2),
    (Function::JsonGetValue, 61, "JSON_GET_VALUE", 2, 2),
    (Function::JsonExtract, 62, "JSON_EXTRACT", 2, usize::MAX),
    (Function::JsonType, 63, "JSON_TYPE", 1, 2),
    (Function::JsonValid, 64, "JSON_VALID", 1, 1),
    (Function::JsonArrayLength, 65, "JSON_ARRAY_LENGTH", 1, 2),
    (Function::JsonArray, 66, "JSON_ARRAY", 0, usize::MAX),
    (Function::JsonObject, 67, "JSON_OBJECT", 0, usize::MAX),
    (Function::JsonQuote, 68, "JSON_QUOTE", 1, 1),
    (Function::Json, 69, "JSON", 1, 1),
    (Function::JsonTypeOf, 70, "JSON_TYPEOF", 1, 1),
    (Function::JsonExtractPathText, 71, "JSON_EXTRACT_PATH_TEXT", 2, usize::MAX),
    (Function::JsonSet, 72, "JSON_SET", 1, usize::MAX),
    (Function::JsonInsert, 73, "JSON_INSERT", 1, usize::MAX),
    (Function::JsonReplace, 74, "JSON_REPLACE", 1, usize::MAX),
    (Function::JsonRemove, 75, "JSON_REMOVE", 1, usize::MAX),
    (Function::RegexpLike, 76, "REGEXP_LIKE", 2, 3),
    (Function::RegexpReplace, 77, "REGEXP_REPLACE", 3, 4),
    (Function::Similar, 78, "SIMILAR_TO", 2, 2),
    (Function::ToChar, 79, "TO_CHAR", 2, 2),
    (Function::Age, 80, "AGE", 2, 2),
    (Function::Log10, 81, "LOG10", 1, 1),
];

const ALIASES: &[(&str, Function)] = &[
    ("IFNULL", Function::Coalesce),
    ("CEILING", Function::Ceil),
    ("FORMAT", Function::Printf),
    ("ASCII", Function::Unicode),
    ("CHR", Function::Char),
    ("TRUNCATE", Function::Trunc),
    ("POW", Function::Power),
    ("CHAR_LENGTH", Function::Length),
    ("CHARACTER_LENGTH", Function::Length),
    ("UCASE", Function::Upper),
    ("LCASE", Function::Lower),
    ("BTRIM", Function::Trim),
    ("SUBSTRING", Function::Substr),
    ("STRPOS", Function::Instr),
    ("CURRENT_TIMESTAMP", Function::Now),
    ("LOCALTIMESTAMP", Function::Now),
    ("LOCALTIME", Function::CurrentTime),
    ("GENERATE_UUID", Function::GenerateUuid),
    ("UUID_GENERATE_V4", Function::GenerateUuid),
    ("JSONB_TYPEOF", Function::JsonTypeOf),
    ("JSONB_ARRAY_LENGTH", Function::JsonArrayLength),
    ("JSONB_EXTRACT_PATH_TEXT", Function::JsonExtractPathText),
    ("JSON_BUILD_ARRAY", Function::JsonArray),
    ("JSONB_BUILD_ARRAY", Function::JsonArray),
    ("JSON_BUILD_OBJECT", Function::JsonObject),
    ("JSONB_BUILD_OBJECT", Function::JsonObject),
    ("TO_JSON", Function::JsonQuote),
    ("TO_JSONB", Function::JsonQuote),
];

impl Function {
    /// The function of this name, in any case. `EXTRACT(part FROM x)` and `POSITION(x IN y)` have
    /// a syntax of their own: they are [`Function::Extract`] with the part as a text first, and
    /// [`Function::Instr`] with what is searched through first.
    pub fn by_name(name: &str) -> Option<Function> {
        let upper = name.to_ascii_uppercase();
        let plain = TABLE.iter().find(|(_, _, known, ..)| *known == upper).map(|(f, ..)| *f);
        plain.or_else(|| ALIASES.iter().find(|(known, _)| *known == upper).map(|(_, f)| *f))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().map_or("?", |(_, _, name, ..)| *name)
    }

    /// The least and the most arguments that it takes.
    pub fn arity(self) -> (usize, usize) {
        self.row().map_or((0, 0), |(.., min, max)| (*min, *max))
    }

    /// Whether its value comes from the statement's moment.
    pub fn is_volatile(self) -> bool {
        use Function as F;
        matches!(self, F::Now | F::CurrentDate | F::CurrentTime | F::Random | F::GenerateUuid)
    }

    /// Whether it reads `now` where its arguments do not name another time.
    pub(super) fn reads_time(self) -> bool {
        use Function as F;
        matches!(
            self,
            F::DateOf | F::TimeOf | F::DateTime | F::JulianDay | F::UnixEpoch | F::StrfTime
        )
    }

    pub(super) fn code(self) -> u8 {
        self.row().map_or(0, |(_, code, ..)| *code)
    }

    pub(super) fn by_code(code: u8) -> Option<Function> {
        TABLE.iter().find(|(_, known, ..)| *known == code).map(|(f, ..)| *f)
    }

    /// Every function has a row.
    fn row(self) -> Option<&'static (Function, u8, &'static str, usize, usize)> {
        TABLE.iter().find(|(f, ..)| *f == self)
    }

    pub(super) fn check_arguments(self, given: usize) -> Result<(), EvalError> {
        let (min, max) = self.arity();
        if (min..=max).contains(&given) {
            return Ok(());
        }
        let takes = match (min, max) {
            (_, usize::MAX) => format!("at least {min} arguments"),
            (min, max) if min == max => format!("{min} arguments"),
            (min, max) => format!("{min} to {max} arguments"),
        };
        Err(EvalError::Arguments { function: self.name(), takes, given })
    }

    /// Applies it to evaluated arguments. COALESCE, which does not evaluate all of them, is done
    /// by the evaluator.
    pub(super) fn apply(self, args: &[Value], ctx: &EvalContext<'_>) -> Result<Value, EvalError> {
        self.check_arguments(args.len())?;
        use Function as F;
        let name = self.name();
        match self {
            Function::Concat => return strings::concat(args),
            Function::ConcatWs => return texts::concat_ws(args),
            Function::Printf => return texts::printf(args),
            // As in SQLite: what has no bytes has no digits.
            Function::Hex if matches!(args, [Value::Null]) => return Ok(Value::Text("".into())),
            Function::Quote => return texts::quote(args.first().unwrap_or(&Value::Null)),
            F::DateOf | F::TimeOf | F::DateTime | F::JulianDay | F::UnixEpoch | F::StrfTime => {
                return calendar::apply(self, args, ctx);
            }
            F::JsonArray | F::JsonObject | F::JsonSet | F::JsonInsert | F::JsonReplace => {
                return json::make(self, args);
            }
            Function::Greatest => return extreme(args, true),
            Function::Least => return extreme(args, false),
            Function::Coalesce => {
                return Ok(args.iter().find(|v| !v.is_null()).cloned().unwrap_or(Value::Null));
            }
            Function::NullIf => {
                return Ok(match args {
                    [a, b] if a.compare(b)?.is_some_and(|o| o.is_eq()) => Value::Null,
                    [a, ..] => a.clone(),
                    [] => Value::Null,
                });
            }
            Function::TypeOf => return Ok(args.first().map_or(Value::Null, type_name)),
            _ if args.iter().any(Value::is_null) => return Ok(Value::Null),
            _ => {}
        }
        match (self, args) {
            (Function::Now, _) => Ok(Value::Timestamp(ctx.now_us(name)?)),
            (Function::CurrentDate, _) => {
                // A day of 64-bit microseconds fits 32 bits.
                Ok(Value::Date(ctx.now_us(name)?.div_euclid(MICROS_PER_DAY) as i32))
            }
            (Function::CurrentTime, _) => {
                Ok(Value::Time(ctx.now_us(name)?.rem_euclid(MICROS_PER_DAY)))
            }
            (Function::Random, _) => {
                let [a, b, c, d, e, f, g, h, ..] = ctx.draw(name)?;
                Ok(Value::Int(i64::from_le_bytes([a, b, c, d, e, f, g, h])))
            }
            (Function::GenerateUuid, _) => Ok(Value::Uuid(uuid_v4(&ctx.draw(name)?))),
            (Function::Hex, [Value::Blob(bytes)]) => {
                strings::bounded(bytes.len().saturating_mul(2))?;
                Ok(Value::from(hex(bytes).to_uppercase()))
            }
            (Function::Hex, [other]) => {
                let text = other.to_text();
                strings::bounded(text.len().saturating_mul(2))?;
                Ok(Value::from(hex(text.as_bytes()).to_uppercase()))
            }
            (F::MinOf, args) => extreme(args, false),
            (F::MaxOf, args) => extreme(args, true),
            (Function::DateTrunc, [part, value]) => dates::truncate(part, value),
            (Function::Extract, [part, value]) => dates::extract(part, value),
            (
                Function::Abs
                | Function::Round
                | Function::Ceil
                | Function::Floor
                | Function::Sign
                | Function::Mod
                | Function::Power
                | Function::Sqrt
                | Function::Trunc
                | Function::Exp
                | Function::Ln
                | Function::Log
                | Function::Pi
                | Function::Log10,
                args,
            ) => numeric::apply(self, args),
            (F::RegexpLike | F::RegexpReplace | F::Similar, args) => regex::apply(self, args, ctx),
            (F::ToChar, [value, pattern]) => to_char::to_char(value, pattern),
            (F::Age, [later, earlier]) => to_char::age(later, earlier),
            (
                F::JsonGet
                | F::JsonGetValue
                | F::JsonExtract
                | F::JsonType
                | F::JsonValid
                | F::JsonArrayLength
                | F::JsonQuote
                | F::Json
                | F::JsonTypeOf
                | F::JsonExtractPathText
                | F::JsonRemove,
                args,
            ) => json::apply(self, args),
            (
                F::Reverse
                | F::LPad
                | F::RPad
                | F::Repeat
                | F::SplitPart
                | F::Glob
                | F::Unicode
                | F::Char
                | F::InitCap,
                args,
            ) => texts::apply(self, args),
            (_, args) => strings::apply(self, args),
        }
    }
}

/// The greatest or least of those that are not NULL.
fn extreme(args: &[Value], greatest: bool) -> Result<Value, EvalError> {
    let mut best: Option<&Value> = None;
    for value in args.iter().filter(|v| !v.is_null()) {
        let better = match best {
            None => true,
            Some(best) => value.compare(best)?.is_some_and(|order| match greatest {
                true => order.is_gt(),
                false => order.is_lt(),
            }),
        };
        if better {
            best = Some(value);
        }
    }
    Ok(best.cloned().unwrap_or(Value::Null))
}

/// As SQLite names the types that it has; the others as SQL does, in lower case.
fn type_name(value: &Value) -> Value {
    Value::from(match value {
        Value::Float(_) => "real".to_owned(),
        other => other.kind().to_ascii_lowercase(),
    })
}

/// RFC 9562, section 5.4.
fn uuid_v4(random: &[u8; 32]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(random).for_each(|(place, byte)| *place = *byte);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}
