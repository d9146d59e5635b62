//! Expressions with a type. What the two dialects mean differently on purpose is not written:
//! comparisons of text with numbers, divisors that may be zero, LIKE over capital letters.

use super::select::{Scope, Writer};
use super::tables::literal;
use super::text::{Text, sql};

/// A type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Int,
    Real,
    Text,
    Bool,
}

impl Type {
    pub const ALL: [Type; 4] = [Type::Int, Type::Real, Type::Text, Type::Bool];

    /// What stands for any expression of this type when a query is shrunk.
    fn simplest(self) -> &'static str {
        match self {
            Type::Int => "1",
            Type::Real => "0.5",
            Type::Text => "'a'",
            Type::Bool => "(1 = 1)",
        }
    }
}

/// The same, with its simplest form and its parts to shrink to.
fn shrinks(ty: Type, text: Text, parts: &[&Text]) -> Text {
    let mut others = vec![Text::plain(ty.simplest())];
    others.extend(parts.iter().map(|part| (*part).clone()));
    Text::or(text, others)
}

impl Writer<'_> {
    /// An expression over the columns of a scope. `deep` is how many levels it may have.
    pub fn expression(&mut self, ty: Type, scope: &Scope, deep: u32) -> Text {
        match ty {
            Type::Int => self.int(scope, deep),
            Type::Real => self.real(scope, deep),
            Type::Text => self.text(scope, deep),
            Type::Bool => self.condition(scope, deep),
        }
    }

    /// A column of a type, or a literal where there is none.
    pub fn leaf(&mut self, ty: Type, scope: &Scope) -> Text {
        let columns: Vec<&String> =
            scope.columns.iter().filter(|(_, t)| *t == ty).map(|(name, _)| name).collect();
        if columns.is_empty() || self.random.below(4) == 0 {
            return Text::plain(literal(self.random, ty));
        }
        Text::plain(columns[self.random.below(columns.len() as u64) as usize].clone())
    }

    fn int(&mut self, scope: &Scope, deep: u32) -> Text {
        if deep == 0 || self.random.below(3) == 0 {
            return self.leaf(Type::Int, scope);
        }
        let a = self.int(scope, deep - 1);
        match self.random.below(12) {
            0..3 => {
                let b = self.int(scope, deep - 1);
                let op = [" + ", " - ", " * "][self.random.below(3) as usize];
                shrinks(Type::Int, sql!["(", a.clone(), op, b.clone(), ")"], &[&a, &b])
            }
            3 => {
                let op = [" / ", " % "][self.random.below(2) as usize];
                let divisor = self.random.between(1, 5).to_string();
                shrinks(Type::Int, sql!["(", a.clone(), op, divisor, ")"], &[&a])
            }
            4 => shrinks(Type::Int, sql!["(- ", a.clone(), ")"], &[&a]),
            5 => shrinks(Type::Int, sql!["abs(", a.clone(), ")"], &[&a]),
            6 => {
                let b = self.int(scope, deep - 1);
                shrinks(Type::Int, sql!["coalesce(", a.clone(), ", ", b.clone(), ")"], &[&a, &b])
            }
            7 => {
                let b = self.int(scope, deep - 1);
                shrinks(Type::Int, sql!["nullif(", a.clone(), ", ", b, ")"], &[&a])
            }
            8 => {
                let text = self.text(scope, deep - 1);
                shrinks(Type::Int, sql!["length(", text, ")"], &[])
            }
            9 => self.case(Type::Int, a, scope, deep),
            10 => {
                let real = self.real(scope, deep - 1);
                shrinks(Type::Int, sql!["CAST(", real, " AS INTEGER)"], &[])
            }
            _ => match self.subquery_of_one(Type::Int, scope, deep) {
                Some(subquery) => shrinks(Type::Int, subquery, &[&a]),
                None => a,
            },
        }
    }

    fn real(&mut self, scope: &Scope, deep: u32) -> Text {
        if deep == 0 || self.random.below(3) == 0 {
            return self.leaf(Type::Real, scope);
        }
        let a = self.real(scope, deep - 1);
        match self.random.below(7) {
            0 => {
                let b = self.int(scope, deep - 1);
                let op = [" + ", " - ", " * "][self.random.below(3) as usize];
                shrinks(Type::Real, sql!["(", a.clone(), op, b, ")"], &[&a])
            }
            1 => {
                let b = self.real(scope, deep - 1);
                let op = [" + ", " - "][self.random.below(2) as usize];
                shrinks(Type::Real, sql!["(", a.clone(), op, b.clone(), ")"], &[&a, &b])
            }
            2 => {
                let int = self.int(scope, deep - 1);
                shrinks(Type::Real, sql!["(", int, " * 1.5)"], &[&a])
            }
            3 => {
                let int = self.int(scope, deep - 1);
                shrinks(Type::Real, sql!["CAST(", int, " AS REAL)"], &[&a])
            }
            4 => self.case(Type::Real, a, scope, deep),
            5 => {
                let b = self.real(scope, deep - 1);
                shrinks(Type::Real, sql!["coalesce(", a.clone(), ", ", b.clone(), ")"], &[&a, &b])
            }
            _ => match self.subquery_of_one(Type::Real, scope, deep) {
                Some(subquery) => shrinks(Type::Real, subquery, &[&a]),
                None => a,
            },
        }
    }

    fn text(&mut self, scope: &Scope, deep: u32) -> Text {
        if deep == 0 || self.random.below(3) == 0 {
            return self.leaf(Type::Text, scope);
        }
        let a = self.text(scope, deep - 1);
        match self.random.below(8) {
            0 | 1 => {
                let b = self.text(scope, deep - 1);
                shrinks(Type::Text, sql!["(", a.clone(), " || ", b.clone(), ")"], &[&a, &b])
            }
            2 => shrinks(Type::Text, sql!["lower(", a.clone(), ")"], &[&a]),
            3 => {
                let (from, length) = (self.random.between(1, 4), self.random.below(3));
                let text = format!(", {from}, {length})");
                shrinks(Type::Text, sql!["substr(", a.clone(), text], &[&a])
            }
            4 => {
                let b = self.text(scope, deep - 1);
                shrinks(Type::Text, sql!["coalesce(", a.clone(), ", ", b.clone(), ")"], &[&a, &b])
            }
            5 => self.case(Type::Text, a, scope, deep),
            6 => shrinks(Type::Text, sql!["replace(", a.clone(), ", 'a', 'xy')"], &[&a]),
            _ => match self.subquery_of_one(Type::Text, scope, deep) {
                Some(subquery) => shrinks(Type::Text, subquery, &[&a]),
                None => a,
            },
        }
    }

    fn case(&mut self, ty: Type, a: Text, scope: &Scope, deep: u32) -> Text {
        let b = self.expression(ty, scope, deep - 1);
        let text = match self.random.below(3) {
            0 => {
                let subject = self.int(scope, deep - 1);
                let value = self.leaf(Type::Int, scope);
                sql!["CASE ", subject, " WHEN ", value, " THEN ", a.clone(), " ELSE ", b.clone()]
            }
            1 => {
                let condition = self.condition(scope, deep - 1);
                sql!["CASE WHEN ", condition, " THEN ", a.clone()]
            }
            _ => {
                let condition = self.condition(scope, deep - 1);
                sql!["CASE WHEN ", condition, " THEN ", a.clone(), " ELSE ", b.clone()]
            }
        };
        shrinks(ty, sql![text, " END"], &[&a, &b])
    }

    /// Anything that may stand in a WHERE.
    pub fn condition(&mut self, scope: &Scope, deep: u32) -> Text {
        if deep == 0 {
            let a = self.leaf(Type::Int, scope);
            let b = self.leaf(Type::Int, scope);
            return sql!["(", a, self.comparison(), b, ")"];
        }
        match self.random.below(20) {
            0..5 => {
                let ty = Type::ALL[self.random.below(3) as usize];
                let a = self.expression(ty, scope, deep - 1);
                // An integer and a fraction compare as numbers.
                let other = match ty {
                    Type::Int if self.random.below(4) == 0 => Type::Real,
                    ty => ty,
                };
                let b = self.expression(other, scope, deep - 1);
                shrinks(Type::Bool, sql!["(", a, self.comparison(), b, ")"], &[])
            }
            5..9 => {
                let a = self.condition(scope, deep - 1);
                let b = self.condition(scope, deep - 1);
                let op = [" AND ", " OR "][self.random.below(2) as usize];
                shrinks(Type::Bool, sql!["(", a.clone(), op, b.clone(), ")"], &[&a, &b])
            }
            9 | 10 => {
                let a = self.condition(scope, deep - 1);
                shrinks(Type::Bool, sql!["(NOT ", a.clone(), ")"], &[&a])
            }
            11 | 12 => {
                let ty = Type::ALL[self.random.below(4) as usize];
                let a = self.expression(ty, scope, deep - 1);
                let is = [" IS NULL)", " IS NOT NULL)"][self.random.below(2) as usize];
                shrinks(Type::Bool, sql!["(", a, is], &[])
            }
            13 => {
                let ty = Type::ALL[self.random.below(3) as usize];
                let [a, b, c] = [0; 3].map(|_| self.expression(ty, scope, deep - 1));
                let not = ["", "NOT "][self.random.below(2) as usize];
                shrinks(Type::Bool, sql!["(", a, " ", not, "BETWEEN ", b, " AND ", c, ")"], &[])
            }
            14 => {
                let ty = Type::ALL[self.random.below(3) as usize];
                let a = self.expression(ty, scope, deep - 1);
                let mut items = vec![self.leaf(ty, scope)];
                for _ in 0..self.random.below(3) {
                    let item = match self.random.below(6) {
                        0 => Text::plain("NULL"),
                        _ => self.leaf(ty, scope),
                    };
                    items.push(item);
                }
                let not = ["", "NOT "][self.random.below(2) as usize];
                let items = Text::joined(items, ", ");
                shrinks(Type::Bool, sql!["(", a, " ", not, "IN (", items, "))"], &[])
            }
            15 => {
                let a = self.leaf(Type::Text, scope);
                let pattern =
                    ["a%", "%b", "_", "%", "a_", "%a%", ""][self.random.below(7) as usize];
                let not = ["", "NOT "][self.random.below(2) as usize];
                shrinks(Type::Bool, sql!["(", a, " ", not, "LIKE '", pattern, "')"], &[])
            }
            16 => {
                let ty = Type::ALL[self.random.below(3) as usize];
                let a = self.expression(ty, scope, deep - 1);
                let b = self.leaf(ty, scope);
                let not = ["", "NOT "][self.random.below(2) as usize];
                shrinks(Type::Bool, sql!["(", a, " IS ", not, "DISTINCT FROM ", b, ")"], &[])
            }
            17 => match self.subquery_in(scope, deep) {
                Some(text) => shrinks(Type::Bool, text, &[]),
                None => self.leaf(Type::Bool, scope),
            },
            18 => match self.subquery_exists(scope, deep) {
                Some(text) => shrinks(Type::Bool, text, &[]),
                None => self.leaf(Type::Bool, scope),
            },
            _ => {
                let a = self.leaf(Type::Bool, scope);
                let is = ["", " IS TRUE", " IS NOT FALSE", " IS NOT TRUE"];
                shrinks(Type::Bool, sql!["(", a, is[self.random.below(4) as usize], ")"], &[])
            }
        }
    }

    fn comparison(&mut self) -> &'static str {
        [" = ", " <> ", " < ", " <= ", " > ", " >= "][self.random.below(6) as usize]
    }
}
