//! A value as two databases can both mean it, and when two of them are the same.
//!
//! Types differ where dialects do: SQLite has no booleans, decimals or dates. A boolean is 0 or 1
//! here, a decimal is a number, and what has no counterpart is its text. Numbers are equal within
//! [`TOLERANCE`], because the order in which floats are added is nobody's promise.

use offshoot_core::value::Value;
use std::cmp::Ordering;

/// How far apart two numbers may lie, as a part of the larger one.
pub const TOLERANCE: f64 = 1e-9;

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// An integer or a truth value.
    Int(i128),
    /// A float or a decimal.
    Real(f64),
    /// Text, and whatever SQLite would keep as text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Cell {
    /// Whether a client could not tell the two apart.
    pub fn same(&self, other: &Cell) -> bool {
        match (self, other) {
            (Cell::Null, Cell::Null) => true,
            (Cell::Int(a), Cell::Int(b)) => a == b,
            (Cell::Text(a), Cell::Text(b)) => a == b,
            (Cell::Blob(a), Cell::Blob(b)) => a == b,
            _ => match (self.number(), other.number()) {
                (Some(a), Some(b)) => close(a, b),
                _ => false,
            },
        }
    }

    /// The number that this is.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Int(n) => Some(*n as f64),
            Cell::Real(n) => Some(*n),
            _ => None,
        }
    }

    /// An order for comparing results that have none: by kind, then by value.
    pub fn order(&self, other: &Cell) -> Ordering {
        let rank = |cell: &Cell| match cell {
            Cell::Null => 0,
            Cell::Int(_) | Cell::Real(_) => 1,
            Cell::Text(_) => 2,
            Cell::Blob(_) => 3,
        };
        match (self, other) {
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            (Cell::Blob(a), Cell::Blob(b)) => a.cmp(b),
            _ => match (self.number(), other.number()) {
                // A negative zero is no other number.
                (Some(a), Some(b)) => a.partial_cmp(&b).unwrap_or_else(|| a.total_cmp(&b)),
                _ => rank(self).cmp(&rank(other)),
            },
        }
    }
}

/// Whether two numbers are the same within [`TOLERANCE`].
pub fn close(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

impl From<&Value> for Cell {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Cell::Null,
            Value::Bool(truth) => Cell::Int((*truth).into()),
            Value::Int(n) => Cell::Int((*n).into()),
            Value::Int128(n) => Cell::Int(*n),
            Value::UInt128(n) => Cell::Real(*n as f64),
            Value::Float(n) => Cell::Real(*n),
            Value::Decimal(n) => {
                n.to_string().parse().map_or(Cell::Text(n.to_string()), Cell::Real)
            }
            Value::Blob(bytes) => Cell::Blob(bytes.to_vec()),
            other => Cell::Text(other.to_text()),
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cell::Null => f.write_str("NULL"),
            Cell::Int(n) => write!(f, "{n}"),
            Cell::Real(n) => write!(f, "{n:?}"),
            Cell::Text(text) => write!(f, "'{text}'"),
            Cell::Blob(bytes) => write!(f, "x{bytes:02x?}"),
        }
    }
}

/// Rows, in the order in which they came.
pub type Rows = Vec<Vec<Cell>>;

/// Rows of values.
pub fn rows(values: &[Vec<Value>]) -> Rows {
    values.iter().map(|row| row.iter().map(Cell::from).collect()).collect()
}

/// Whether two results are the same; without an order, as bags of rows.
pub fn same_rows(a: &Rows, b: &Rows, ordered: bool) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let same =
        |a: &[Cell], b: &[Cell]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b));
    if a.iter().zip(b).all(|(a, b)| same(a, b)) {
        return true;
    }
    if ordered {
        return false;
    }
    let (a, mut b) = (sorted(a), sorted(b));
    if a.iter().zip(&b).all(|(a, b)| same(a, b)) {
        return true;
    }
    // Numbers that are the same within the tolerance may have sorted their rows differently.
    a.iter().all(|row| {
        let place = b.iter().position(|other| same(row, other));
        place.map(|place| b.swap_remove(place)).is_some()
    })
}

fn sorted(rows: &Rows) -> Vec<&[Cell]> {
    let mut rows: Vec<&[Cell]> = rows.iter().map(Vec::as_slice).collect();
    rows.sort_by(|a, b| {
        let differs = a.iter().zip(*b).map(|(a, b)| a.order(b)).find(|o| o.is_ne());
        differs.unwrap_or(Ordering::Equal)
    });
    rows
}

/// A result for a person: a row a line, and not more than the first of them.
pub fn shown(rows: &Rows) -> String {
    const SHOWN_MAX: usize = 12;
    let line = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect::<Vec<_>>().join(" | ");
    let mut lines: Vec<String> = rows.iter().take(SHOWN_MAX).map(line).collect();
    if rows.len() > SHOWN_MAX {
        lines.push(format!("… {} rows", rows.len()));
    }
    match lines.is_empty() {
        true => "(no rows)".into(),
        false => lines.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, same_rows};

    #[test]
    fn numbers_by_value_and_nothing_else() {
        let real = Cell::Real;
        assert!(Cell::Int(3).same(&real(3.0)));
        assert!(real(0.1 + 0.2).same(&real(0.3)));
        assert!(!real(0.1).same(&real(0.1001)));
        assert!(!Cell::Int(0).same(&real(1e-300)));
        assert!(!Cell::Int(1 << 60).same(&Cell::Int((1 << 60) + 1)));
        assert!(!Cell::Int(1).same(&Cell::Text("1".into())));
        assert!(!Cell::Null.same(&Cell::Int(0)));
    }

    #[test]
    fn order_counts_where_it_is_asked_for() {
        let (one, two) = (vec![Cell::Int(1)], vec![Cell::Int(2)]);
        let (up, down) = (vec![one.clone(), two.clone()], vec![two.clone(), one.clone()]);
        assert!(same_rows(&up, &down, false));
        assert!(!same_rows(&up, &down, true));
        assert!(!same_rows(&up, &vec![one.clone(), one.clone()], false));
        assert!(!same_rows(&up, &vec![one], false));
    }

    #[test]
    fn what_sorts_by_a_hair_is_one_bag() {
        let row = |number, text: &str| vec![Cell::Real(number), Cell::Text(text.into())];
        let ours = vec![row(0.0, "b"), row(0.0, "a"), row(0.3, "d"), row(0.1 + 0.2, "c")];
        let theirs = vec![row(-0.0, "b"), row(0.0, "a"), row(0.1 + 0.2, "d"), row(0.3, "c")];
        assert!(same_rows(&ours, &theirs, false));
        let others = vec![row(-0.0, "b"), row(0.0, "a"), row(0.3, "c"), row(0.3, "c")];
        assert!(!same_rows(&ours, &others, false));
    }
}
