//! Types: their names, their stored form, and what becomes of a value that goes into a column.

use offshoot_core::value::{SqlType, Value, ValueError, from_json, to_json};
use rust_decimal::Decimal;
use serde_json::json;

fn ty(name: &str) -> SqlType {
    let (name, args) = match name.split_once('(') {
        None => (name, Vec::new()),
        Some((name, args)) => {
            let args = args.trim_end_matches(')').split(',');
            (name, args.map(|n| n.trim().parse().expect("a number")).collect())
        }
    };
    SqlType::parse_name(name, &args).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn dec(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().expect("a decimal"))
}

#[test]
fn names_are_read_and_shown() {
    for (name, shown) in [
        ("integer", "INTEGER"),
        ("INT", "INTEGER"),
        ("int4", "INTEGER"),
        ("INT(11)", "INTEGER"),
        ("bigint", "BIGINT"),
        ("INT8", "BIGINT"),
        ("int2", "SMALLINT"),
        ("bool", "BOOLEAN"),
        ("REAL", "REAL"),
        ("double  precision", "DOUBLE"),
        ("FLOAT", "DOUBLE"),
        ("FLOAT(24)", "FLOAT32"),
        ("FLOAT(25)", "DOUBLE"),
        ("numeric", "DECIMAL"),
        ("NUMERIC(10)", "DECIMAL(10,0)"),
        ("decimal(10, 2)", "DECIMAL(10,2)"),
        ("string", "TEXT"),
        ("varchar", "TEXT"),
        ("character varying(40)", "VARCHAR(40)"),
        ("CHAR", "CHAR(1)"),
        ("char(3)", "CHAR(3)"),
        ("datetime", "TIMESTAMP"),
        ("timestamp(6)", "TIMESTAMP"),
        ("timestamp with time zone", "TIMESTAMPTZ"),
        ("bytea", "BLOB"),
        ("jsonb", "JSON"),
        ("uint128", "UINT128"),
    ] {
        assert_eq!(ty(name).to_string(), shown, "{name}");
        assert_eq!(ty(shown), ty(name), "{shown} reads back");
    }
    for (name, args) in [
        ("geometry", &[][..]),
        ("", &[]),
        ("uuid", &[3]),
        ("decimal", &[29, 2]),
        ("decimal", &[5, 6]),
        ("decimal", &[0]),
        ("varchar", &[0]),
        ("varchar", &[1 << 32]),
        ("varchar", &[1, 2]),
        ("float", &[54]),
    ] {
        assert!(SqlType::parse_name(name, args).is_err(), "{name} {args:?}");
    }
    assert!(matches!(SqlType::parse_name("geometry", &[]), Err(ValueError::UnknownType(_))));
}

#[test]
fn stored_forms_survive() {
    let names = "any,boolean,smallint,integer,bigint,tinyint,int16,int32,int128,uint8,uint16,\
                 uint32,uint64,uint128,float32,real,double,decimal,text,blob,date,time,timestamp,\
                 timestamptz,interval,uuid,json,inet,point,list,map,varchar(7),char(4294967295)";
    let mut all: Vec<SqlType> = names.split(',').map(ty).collect();
    all.push(ty("decimal(28,28)"));
    all.push(SqlType::Decimal { precision: None, scale: Some(3) });
    for ty in all {
        let mut bytes = Vec::new();
        ty.encode(&mut bytes);
        assert_eq!(SqlType::decode(&bytes), Ok(ty));
        bytes.push(0);
        assert!(SqlType::decode(&bytes).is_err());
    }
    for bytes in [&[][..], &[33], &[19, 1, 0, 0], &[17, 29, 0], &[17, 2, 3]] {
        assert!(SqlType::decode(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn what_a_column_stores() {
    let text = |t: &str| Value::from(t);
    for (name, value, stored) in [
        ("boolean", Value::Int(1), Value::Bool(true)),
        ("boolean", text("No"), Value::Bool(false)),
        ("integer", text(" 42 "), Value::Int(42)),
        ("integer", Value::Float(1.0), Value::Int(1)),
        ("integer", dec("-3.00"), Value::Int(-3)),
        ("integer", Value::Bool(true), Value::Int(1)),
        ("integer", Value::Float(-9_223_372_036_854_775_808.0), Value::Int(i64::MIN)),
        ("smallint", Value::Int(-32768), Value::Int(-32768)),
        ("tinyint", Value::Int(127), Value::Int(127)),
        ("uint64", text("18446744073709551615"), Value::unsigned(u64::MAX.into())),
        ("uint128", text("340282366920938463463374607431768211455"), Value::unsigned(u128::MAX)),
        ("int128", Value::Float(1e20), Value::integer(100_000_000_000_000_000_000)),
        ("real", dec("19.99"), Value::Float(19.99)),
        ("real", text("Infinity"), Value::Float(f64::INFINITY)),
        ("double", Value::Int(3), Value::Float(3.0)),
        ("double", text("0.1"), Value::Float(0.1)),
        ("float32", dec("0.1"), Value::Float(f64::from(0.1f32))),
        ("decimal(10,2)", text("1.005"), dec("1.01")),
        ("decimal(10,2)", dec("-1.005"), dec("-1.01")),
        ("decimal(10,2)", Value::Float(1.005), dec("1.01")),
        ("decimal(4,2)", text("99.994"), dec("99.99")),
        ("decimal(10,2)", text("1e3"), dec("1000")),
        ("decimal", text("1.2345678901234567890"), dec("1.234567890123456789")),
        ("decimal(3)", dec("999.4"), dec("999")),
        ("decimal(2,2)", dec("0.994"), dec("0.99")),
        ("text", Value::Int(5), text("5")),
        ("text", Value::Float(1.0), text("1.0")),
        ("text", Value::Bool(true), text("true")),
        ("varchar(3)", text("äöü"), text("äöü")),
        ("char(3)", text("ab"), text("ab")),
        ("blob", text("hé"), Value::from("hé".as_bytes().to_vec())),
        ("blob", text("\\x00fF"), Value::from(vec![0, 255])),
        ("date", text("2024-02-29"), Value::Date(19782)),
        ("date", text("2024-02-29T23:59:59Z"), Value::Date(19782)),
        ("date", Value::Timestamp(-1), Value::Date(-1)),
        ("time", text("08:05"), Value::Time(29_100_000_000)),
        ("time", text("23:59:59.9999999"), Value::Time(86_399_999_999)),
        ("timestamp", text("1970-01-01 00:00:01"), Value::Timestamp(1_000_000)),
        ("timestamp", text("1970-01-01T02:00:00.5+02:00"), Value::Timestamp(500_000)),
        ("timestamp", text("1969-12-31T23:30:00-0030"), Value::Timestamp(0)),
        ("timestamp", text("1970-01-02"), Value::Timestamp(86_400_000_000)),
        ("timestamp", Value::Int(1_701_446_400), Value::Timestamp(1_701_446_400_000_000)),
        ("timestamp", dec("-0.5"), Value::Timestamp(-500_000)),
        ("timestamptz", Value::Date(1), Value::Timestamp(86_400_000_000)),
        ("interval", text("1 day 01:00"), Value::Interval { months: 0, micros: 90_000_000_000 }),
        ("uuid", text("00000000-0000-0000-0000-0000000000fF"), {
            let mut bytes = [0; 16];
            bytes[15] = 255;
            Value::Uuid(bytes)
        }),
        ("uuid", text("{01010101010101010101010101010101}"), Value::Uuid([1; 16])),
        ("uuid", Value::from(vec![1; 16]), Value::Uuid([1; 16])),
        (
            "json",
            text(" {\"b\": 1, \"a\": [1.50, null]} "),
            Value::Json(r#"{"a":[1.5,null],"b":1}"#.into()),
        ),
        ("json", Value::Int(7), Value::Json("7".into())),
        ("json", dec("1.5"), Value::Json("1.5".into())),
        ("inet", text("::1"), Value::Inet(core::net::Ipv6Addr::LOCALHOST.into())),
        ("point", text("(1, -2.5)"), Value::Point(1.0, -2.5)),
        ("point", text("POINT(1 2)"), Value::Point(1.0, 2.0)),
        ("list", text("[1,\"a\"]"), Value::list(vec![Value::Int(1), text("a")]).expect("shallow")),
        (
            "map",
            Value::Json("{\"a\":1}".into()),
            Value::map([("a".into(), Value::Int(1))].into()).expect("shallow"),
        ),
        ("any", dec("1.5"), dec("1.5")),
    ] {
        let result = ty(name).coerce(value.clone());
        assert_eq!(result.as_ref(), Ok(&stored), "{value:?} as {name}");
        // What is stored is stored again unchanged.
        assert_eq!(ty(name).coerce(stored.clone()), Ok(stored), "{name} twice");
        assert_eq!(ty(name).coerce(Value::Null), Ok(Value::Null));
    }
}

#[test]
fn what_a_column_refuses() {
    let text = |t: &str| Value::from(t);
    for (name, value, says) in [
        ("boolean", Value::Int(2), "cannot be stored"),
        ("boolean", text("maybe"), "write true or false"),
        ("integer", dec("1.5"), "has a fraction"),
        ("integer", Value::Float(1.5), "has a fraction"),
        ("integer", text("1.5"), "has a fraction"),
        ("integer", Value::Float(f64::NAN), "out of range"),
        ("integer", Value::Float(9_223_372_036_854_775_808.0), "out of range"),
        ("integer", text("9223372036854775808"), "out of range"),
        ("integer", text("abc"), "'abc' is not a valid INTEGER"),
        ("integer", text(""), "not a valid"),
        ("integer", Value::Date(0), "a DATE cannot be stored as INTEGER"),
        ("smallint", Value::Int(32768), "out of range for SMALLINT"),
        ("uint8", Value::Int(-1), "out of range"),
        ("float32", Value::Float(1e300), "out of range"),
        ("double", text("1e999"), "not a valid"),
        ("decimal(4,2)", dec("99.995"), "out of range for DECIMAL(4,2)"),
        ("decimal(2,2)", dec("1"), "out of range"),
        ("decimal", Value::Float(1e30), "out of range"),
        ("decimal", Value::Float(f64::INFINITY), "out of range"),
        ("varchar(3)", text("äöüß"), "text of 4 characters is too long for VARCHAR(3)"),
        ("char(2)", Value::Int(123), "too long"),
        ("text", Value::from(vec![1]), "a BLOB cannot be stored as TEXT"),
        ("blob", text("\\xabc"), "hexadecimal"),
        ("blob", Value::Int(1), "cannot be stored"),
        ("date", text("2023-02-29"), "YYYY-MM-DD"),
        ("date", text("2023-13-01"), "YYYY-MM-DD"),
        ("date", text("23-01-01"), "YYYY-MM-DD"),
        ("time", text("24:00:00"), "HH:MM:SS"),
        ("timestamp", text("2023-01-01 12:00:60"), "YYYY-MM-DD HH:MM:SS"),
        ("timestamp", text("2023-01-01T12:00:00+24:00"), "YYYY"),
        ("timestamp", text("yesterday"), "YYYY"),
        ("timestamp", Value::Int(i64::MAX), "out of range"),
        ("timestamp", Value::Bool(true), "cannot be stored"),
        ("interval", text("soon"), "1 day"),
        ("uuid", text("0000000000000000000000000000000"), "32 hexadecimal"),
        ("uuid", text("0000000-00000-0000-0000-000000000000"), "32 hexadecimal"),
        ("uuid", Value::from(vec![1; 15]), "cannot be stored"),
        ("json", text("{a:1}"), "double quotes"),
        ("inet", text("1.2.3"), "IPv4"),
        ("point", text("1"), "(x,y)"),
        ("list", text("{}"), "JSON array"),
    ] {
        let error = ty(name).coerce(value.clone()).expect_err("refused").to_string();
        assert!(error.contains(says), "{value:?} as {name}: {error}");
    }
}

#[test]
fn what_a_cast_makes() {
    let text = |t: &str| Value::from(t);
    for (name, value, made) in [
        ("integer", dec("1.9"), Some(Value::Int(1))),
        ("integer", Value::Float(-1.9), Some(Value::Int(-1))),
        ("integer", text("12.7"), Some(Value::Int(12))),
        ("integer", Value::Timestamp(-1), Some(Value::Int(-1))),
        ("integer", Value::Json("7".into()), Some(Value::Int(7))),
        ("integer", text("abc"), None),
        ("integer", Value::Float(1e30), None),
        ("boolean", Value::Int(-5), Some(Value::Bool(true))),
        ("boolean", Value::Float(0.0), Some(Value::Bool(false))),
        ("boolean", Value::Json("true".into()), Some(Value::Bool(true))),
        ("varchar(2)", text("äöü"), Some(text("äö"))),
        ("varchar(2)", Value::Int(123), Some(text("12"))),
        ("text", Value::from(b"abc".to_vec()), Some(text("abc"))),
        ("text", Value::from(vec![0xff]), None),
        ("text", Value::Timestamp(500_000), Some(text("1970-01-01 00:00:00.5"))),
        ("time", Value::Timestamp(-1), Some(Value::Time(86_399_999_999))),
        ("blob", Value::Uuid([3; 16]), Some(Value::from(vec![3; 16]))),
        ("decimal(5,1)", text("1.25"), Some(dec("1.3"))),
        ("double", Value::Json("[1]".into()), None),
        ("date", Value::Int(1), None),
    ] {
        assert_eq!(ty(name).cast(value.clone()).ok(), made, "CAST({value:?} AS {name})");
        assert_eq!(ty(name).cast(Value::Null), Ok(Value::Null));
    }
}

#[test]
fn values_as_json() {
    let list = Value::list(vec![Value::Int(1), Value::from("a")]).expect("shallow");
    for (value, name, expected) in [
        (Value::Null, "integer", json!(null)),
        (Value::Int(9_007_199_254_740_993), "bigint", json!(9_007_199_254_740_993i64)),
        (Value::unsigned(u64::MAX.into()), "uint64", json!(u64::MAX)),
        (Value::Int(5), "int128", json!("5")),
        (Value::unsigned(u128::MAX), "uint128", json!(u128::MAX.to_string())),
        (dec("1.5"), "decimal(10,2)", json!("1.50")),
        (dec("0"), "decimal(10,2)", json!("0.00")),
        (dec("1.5"), "decimal", json!("1.5")),
        (Value::Float(0.1), "real", json!(0.1)),
        (Value::Float(f64::from(0.1f32)), "float32", json!(0.1)),
        (Value::Float(f64::NAN), "double", json!("NaN")),
        (Value::Float(f64::NEG_INFINITY), "double", json!("-Infinity")),
        (Value::Timestamp(1_764_576_000_000_000), "timestamp", json!("2025-12-01T08:00:00Z")),
        (Value::Timestamp(1_764_576_000_120_000), "timestamp", json!("2025-12-01T08:00:00.12Z")),
        (Value::Timestamp(-1), "timestamp", json!("1969-12-31T23:59:59.999999Z")),
        (Value::Date(20423), "date", json!("2025-12-01")),
        (Value::Time(1), "time", json!("00:00:00.000001")),
        (Value::from(vec![0, 255]), "blob", json!("\\x00ff")),
        (Value::Uuid([0xab; 16]), "uuid", json!("abababab-abab-abab-abab-abababababab")),
        (Value::Json(r#"{"a":[1]}"#.into()), "json", json!({"a": [1]})),
        (Value::Inet([10, 0, 0, 1].into()), "inet", json!("10.0.0.1")),
        (list, "list", json!([1, "a"])),
    ] {
        let ty = ty(name);
        let json = to_json(&value, &ty);
        assert_eq!(json, expected, "{value:?} as {name}");
        assert_eq!(from_json(&json, Some(&ty)), Ok(value), "{name} reads back");
    }
}

#[test]
fn json_as_values() {
    assert_eq!(from_json(&json!(1), None), Ok(Value::Int(1)));
    assert_eq!(from_json(&json!(1.5), None), Ok(Value::Float(1.5)));
    assert_eq!(from_json(&json!(u64::MAX), None), Ok(Value::unsigned(u64::MAX.into())));
    assert_eq!(from_json(&json!([1]), None), Ok(Value::Json("[1]".into())));
    assert_eq!(from_json(&json!("a"), Some(&ty("json"))), Ok(Value::Json("\"a\"".into())));
    assert_eq!(from_json(&json!(0.1), Some(&ty("decimal(10,2)"))), Ok(dec("0.1")));
    assert_eq!(from_json(&json!(1.0), Some(&ty("integer"))), Ok(Value::Int(1)));
    assert_eq!(from_json(&json!(1), Some(&ty("boolean"))), Ok(Value::Bool(true)));
    for (json, name) in [
        (json!(1.5), "integer"),
        (json!({"a": 1}), "text"),
        (json!([1]), "integer"),
        (json!({}), "list"),
        (json!("x"), "integer"),
    ] {
        assert!(from_json(&json, Some(&ty(name))).is_err(), "{json} as {name}");
    }
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let deep: serde_json::Value = serde_json::from_str(&deep).expect("JSON");
    assert_eq!(from_json(&deep, Some(&ty("list"))), Err(ValueError::TooDeep));
}
