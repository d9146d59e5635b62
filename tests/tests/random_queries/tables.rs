//! Tables with NULLs, duplicates, keys of one column and of several, and some of many indexes.
//!
//! Most have a handful of rows, so that joins of three stay small. Two are *wide*: hundreds of rows,
//! of which an index finds few; only what names its columns by access path reads them
//! ([`paths`](super::paths)).

use super::expression::Type;
use offshoot_tests::random::Random;

/// Rows of a table, at most.
const ROWS_MAX: u64 = 11;
/// Rows of a table in sets of larger ones, at most.
const LARGER_ROWS_MAX: u64 = 24;
/// Rows of a wide table, at least and at most.
const WIDE_ROWS: (u64, u64) = (80, 400);

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
    /// Where its rows differ, if anywhere.
    pub key: Vec<String>,
}

/// Some tables, and what makes them.
pub struct Tables {
    /// Small ones, and views of them.
    pub tables: Vec<Table>,
    /// All that are stored, the wide ones among them.
    pub stored: Vec<Table>,
    pub statements: Vec<String>,
}

struct Spec {
    name: &'static str,
    /// Names, what defines them, and types.
    columns: &'static [(&'static str, &'static str, Type)],
    /// The rest of the definition.
    rest: &'static str,
    key: &'static [&'static str],
    indexes: &'static [&'static str],
}

const SMALL: &[Spec] = &[
    Spec {
        name: "t0",
        columns: &[
            ("id", "INTEGER PRIMARY KEY", Type::Int),
            ("a", "INTEGER", Type::Int),
            ("b", "INTEGER NOT NULL", Type::Int),
            ("s", "TEXT", Type::Text),
            ("x", "REAL", Type::Real),
        ],
        rest: "",
        key: &["id"],
        indexes: &["(a)", "(s, b)", "(x DESC)", "(b, a)"],
    },
    Spec {
        name: "t1",
        columns: &[
            ("id", "INTEGER PRIMARY KEY", Type::Int),
            ("a", "INTEGER", Type::Int),
            ("s", "VARCHAR(10)", Type::Text),
            ("d", "DECIMAL(8, 2)", Type::Real),
        ],
        rest: "",
        key: &["id"],
        indexes: &["(a)", "(a DESC, s)", "(d)"],
    },
    Spec {
        name: "t2",
        columns: &[
            ("a", "INTEGER", Type::Int),
            ("s", "TEXT", Type::Text),
            ("x", "REAL", Type::Real),
            ("f", "BOOLEAN", Type::Bool),
        ],
        rest: "",
        key: &[],
        indexes: &["(a)", "(s)", "(f, a)"],
    },
    Spec {
        name: "t3",
        columns: &[
            ("k", "INTEGER", Type::Int),
            ("s", "TEXT", Type::Text),
            ("a", "INTEGER", Type::Int),
        ],
        rest: ", PRIMARY KEY (k, s)",
        key: &["k", "s"],
        indexes: &["(s)", "(a, s)"],
    },
    Spec {
        name: "t4",
        columns: &[
            ("s", "TEXT PRIMARY KEY", Type::Text),
            ("a", "BIGINT", Type::Int),
            ("b", "INT", Type::Int),
            ("d", "DECIMAL(8, 2)", Type::Real),
            ("f", "BOOLEAN", Type::Bool),
        ],
        rest: ", UNIQUE (a, b)",
        key: &["s"],
        indexes: &["(lower(s))", "((a + b))", "(d DESC, a)"],
    },
];

const WIDE: &[Spec] = &[
    Spec {
        name: "w0",
        columns: &[
            ("id", "INTEGER PRIMARY KEY", Type::Int),
            ("a", "INTEGER", Type::Int),
            ("b", "INTEGER", Type::Int),
            ("s", "TEXT", Type::Text),
            ("x", "REAL", Type::Real),
            ("d", "DECIMAL(8, 2)", Type::Real),
        ],
        rest: "",
        key: &["id"],
        indexes: &["(a)", "(b, s)", "(s)", "(x DESC, a)", "(d)", "(a DESC, b, s DESC)"],
    },
    Spec {
        name: "w1",
        columns: &[
            ("k", "INTEGER", Type::Int),
            ("s", "VARCHAR(20)", Type::Text),
            ("j", "INTEGER", Type::Int),
            ("a", "INTEGER", Type::Int),
            ("f", "BOOLEAN", Type::Bool),
        ],
        rest: ", PRIMARY KEY (k, s, j)",
        key: &["k", "s", "j"],
        indexes: &["(j, k)", "(a, j)", "(f)", "(s DESC)", "((a * 2), k)"],
    },
];

/// A view: its name, its query, its columns.
type ViewSpec = (&'static str, &'static str, &'static [(&'static str, Type)]);

const VIEWS: &[ViewSpec] = &[
    (
        "v0",
        "SELECT id, a + b AS a, s FROM t0 WHERE b >= 0",
        &[("id", Type::Int), ("a", Type::Int), ("s", Type::Text)],
    ),
    (
        "v1",
        "SELECT a, count(*) AS n, max(s) AS s FROM t1 GROUP BY a",
        &[("a", Type::Int), ("n", Type::Int), ("s", Type::Text)],
    ),
];

/// Tables of a fixed shape with random rows and some of their indexes.
pub fn tables(random: &mut Random) -> Tables {
    let (mut tables, mut statements) = (Vec::new(), Vec::new());
    let rows_max = match random.below(6) {
        0 => LARGER_ROWS_MAX,
        _ => ROWS_MAX,
    };
    for spec in SMALL {
        let rows = random.below(rows_max + 1);
        tables.push(table(random, spec, rows, &mut statements));
    }
    let mut stored = tables.clone();
    for spec in WIDE {
        let rows = random.between(WIDE_ROWS.0, WIDE_ROWS.1);
        stored.push(table(random, spec, rows, &mut statements));
    }
    for (name, query, columns) in VIEWS {
        statements.push(format!("CREATE VIEW {name} AS {query}"));
        let column = |(name, ty): &(&str, Type)| Column { name: (*name).into(), ty: *ty };
        let columns = columns.iter().map(column).collect();
        tables.push(Table { name: (*name).into(), columns, key: Vec::new() });
    }
    Tables { tables, stored, statements }
}

fn table(random: &mut Random, spec: &Spec, rows: u64, statements: &mut Vec<String>) -> Table {
    let Spec { name, columns, rest, key, indexes } = spec;
    let parts: Vec<String> = columns.iter().map(|(name, ty, _)| format!("{name} {ty}")).collect();
    statements.push(format!("CREATE TABLE {name} ({}{rest})", parts.join(", ")));
    // An index is made of rows that are there, or kept as they come.
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (n, index) in indexes.iter().enumerate() {
        let made = format!("CREATE INDEX {name}_{n} ON {name} {index}");
        match random.below(6) {
            0 => before.push(made),
            1 => after.push(made),
            _ => {}
        }
    }
    statements.append(&mut before);
    let rows: Vec<String> = (0..rows)
        .map(|row| {
            let values: Vec<String> = columns
                .iter()
                .map(|(column, declared, ty)| match keyed(random, name, column, row) {
                    Some(value) => value,
                    None => value(random, *ty, declared.contains("NOT NULL")),
                })
                .collect();
            format!("({})", values.join(", "))
        })
        .collect();
    if !rows.is_empty() {
        statements.push(format!("INSERT INTO {name} VALUES {}", rows.join(", ")));
    }
    statements.append(&mut after);
    Table {
        name: (*name).into(),
        columns: columns
            .iter()
            .map(|(name, _, ty)| Column { name: (*name).into(), ty: *ty })
            .collect(),
        key: key.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// The value of a column that must be distinct, alone or with others.
fn keyed(random: &mut Random, table: &str, column: &str, row: u64) -> Option<String> {
    let letter = |n: u64| ["a", "b", "c"][(n % 3) as usize];
    Some(match (table, column) {
        ("w0", "id") => (row as i64 - 20).to_string(),
        (_, "id") => (row * 2 + 1).to_string(),
        ("t3", "k") => (row / 3).to_string(),
        ("t3", "s") => format!("'{}'", letter(row)),
        ("t4", "s") => match TEXTS.get(row as usize) {
            Some(text) => format!("'{text}'"),
            None => format!("'{}{row}'", letter(row)),
        },
        ("t4", "a") if random.below(4) == 0 => "NULL".into(),
        ("t4", "a") => (row % 5).to_string(),
        ("t4", "b") if random.below(4) == 0 => "NULL".into(),
        ("t4", "b") => (row / 5).to_string(),
        ("w1", "k") => (row / 40).to_string(),
        ("w1", "s") => format!("'{}'", TEXTS[(row / 4 % 10) as usize]),
        ("w1", "j") => (row % 4).to_string(),
        _ => return None,
    })
}

/// Texts: the first are common.
const TEXTS: [&str; 13] =
    ["", "a", "b", "ab", "ba", "abc", "c", "A", "aB", "a_", "a%b", " a", "10"];
/// How many of them are common.
const COMMON_TEXTS: u64 = 7;

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
            let among = match random.below(5) {
                0 => TEXTS.len() as u64,
                _ => COMMON_TEXTS,
            };
            format!("'{}'", TEXTS[random.below(among) as usize])
        }
        Type::Bool => ["TRUE", "FALSE"][random.below(2) as usize].into(),
    }
}
