//! Small tables with NULLs, duplicates and indexes.

use super::expression::Type;
use offshoot_tests::random::Random;

/// Rows of a table, at most.
const ROWS_MAX: u64 = 11;

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub ty: Type,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

/// Some tables, and what makes them.
pub struct Tables {
    pub tables: Vec<Table>,
    pub statements: Vec<String>,
}

/// A table: its name, its columns with what defines and what fills them, and its other parts.
type TableSpec =
    (&'static str, &'static [(&'static str, &'static str, Type)], &'static [&'static str]);

const SCHEMA: &[TableSpec] = &[
    (
        "t0",
        &[
            ("id", "INTEGER PRIMARY KEY", Type::Int),
            ("a", "INTEGER", Type::Int),
            ("b", "INTEGER NOT NULL", Type::Int),
            ("s", "TEXT", Type::Text),
            ("x", "REAL", Type::Real),
        ],
        &["(a)", "(s, b)", "(x DESC)", "(b, a)"],
    ),
    (
        "t1",
        &[
            ("id", "INTEGER PRIMARY KEY", Type::Int),
            ("a", "INTEGER", Type::Int),
            ("s", "VARCHAR(10)", Type::Text),
            ("d", "DECIMAL(8, 2)", Type::Real),
        ],
        &["(a)", "(a DESC, s)", "(d)"],
    ),
    (
        "t2",
        &[
            ("a", "INTEGER", Type::Int),
            ("s", "TEXT", Type::Text),
            ("x", "REAL", Type::Real),
            ("f", "BOOLEAN", Type::Bool),
        ],
        &["(a)", "(s)", "(f, a)"],
    ),
    (
        "t3",
        &[("k", "INTEGER", Type::Int), ("s", "TEXT", Type::Text), ("a", "INTEGER", Type::Int)],
        &["(s)", "(a, s)"],
    ),
];

/// Tables of a fixed shape with random rows and some of their indexes.
pub fn tables(random: &mut Random) -> Tables {
    let (mut tables, mut statements) = (Vec::new(), Vec::new());
    for (name, columns, indexes) in SCHEMA {
        let mut parts: Vec<String> =
            columns.iter().map(|(name, ty, _)| format!("{name} {ty}")).collect();
        let composite = *name == "t3";
        if composite {
            parts.push("PRIMARY KEY (k, s)".into());
        }
        statements.push(format!("CREATE TABLE {name} ({})", parts.join(", ")));
        for (n, index) in indexes.iter().enumerate() {
            if random.below(3) == 0 {
                statements.push(format!("CREATE INDEX {name}_{n} ON {name} {index}"));
            }
        }
        let mut rows = Vec::new();
        for row in 0..random.below(ROWS_MAX + 1) {
            let values: Vec<String> = columns
                .iter()
                .map(|(column, declared, ty)| match *column {
                    "id" => (row * 2 + 1).to_string(),
                    "k" => (row / 3).to_string(),
                    // The rest of a composite key: distinct with `k`.
                    "s" if composite => format!("'{}'", ["a", "b", "c"][row as usize % 3]),
                    _ => value(random, *ty, declared.contains("NOT NULL")),
                })
                .collect();
            rows.push(format!("({})", values.join(", ")));
        }
        if !rows.is_empty() {
            statements.push(format!("INSERT INTO {name} VALUES {}", rows.join(", ")));
        }
        let columns =
            columns.iter().map(|(name, _, ty)| Column { name: (*name).into(), ty: *ty }).collect();
        tables.push(Table { name: (*name).into(), columns });
    }
    Tables { tables, statements }
}

fn value(random: &mut Random, ty: Type, not_null: bool) -> String {
    match !not_null && random.below(4) == 0 {
        true => "NULL".into(),
        false => literal(random, ty),
    }
}

/// A literal of a type. Numbers are few, so that many are equal, and sums of fractions are exact.
pub fn literal(random: &mut Random, ty: Type) -> String {
    match ty {
        Type::Int => (random.below(9) as i64 - 2).to_string(),
        Type::Real => format!("{:?}", (random.below(17) as f64 - 4.0) / 4.0),
        Type::Text => {
            format!("'{}'", ["", "a", "b", "ab", "ba", "abc", "c"][random.below(7) as usize])
        }
        Type::Bool => ["TRUE", "FALSE"][random.below(2) as usize].into(),
    }
}
