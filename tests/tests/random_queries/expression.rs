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
        match self.random.below(16) {
            0..3 => {
                let b = self.int(scope, deep - 1);
                let op = *self.pick(&[" + ", " - ", " * "]);
                // Without parentheses the parser says what binds closer.
                let text = match self.one_in(4) {
                    true => sql![a.clone(), op, b.clone()],
                    false => sql!["(", a.clone(), op, b.clone(), ")"],
                };
                shrinks(Type::Int, text, &[&a, &b])
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
            12 => self.choice(Type::Int, a, scope, deep),
            13 => {
                let [text, of] = [0; 2].map(|_| self.text(scope, deep - 1));
                shrinks(Type::Int, sql!["instr(", text, ", ", of, ")"], &[])
            }
            14 => shrinks(Type::Int, sql!["sign(", a.clone(), ")"], &[&a]),
            15 => {
                let b = self.leaf(Type::Int, scope);
                let op = *self.pick(&[" & ", " | "]);
                shrinks(Type::Int, sql!["(", a.clone(), op, b, ")"], &[&a])
            }
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
        match self.random.below(11) {
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
            6 => self.choice(Type::Real, a, scope, deep),
            7 => {
                let int = self.int(scope, deep - 1);
                let divisor = *self.pick(&["2.0", "4.0", "-0.5"]);
                shrinks(Type::Real, sql!["(", int, " / ", divisor, ")"], &[&a])
            }
            8 => {
                let call = *self.pick(&["abs(", "-(", "floor(", "ceil("]);
                shrinks(Type::Real, sql![call, a.clone(), ")"], &[&a])
            }
            9 => {
                // To more places, decimals and floats are no longer the same numbers.
                shrinks(Type::Real, sql!["round(", a.clone(), ")"], &[&a])
            }
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
        match self.random.below(13) {
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
            7 => self.choice(Type::Text, a, scope, deep),
            8 => {
                let call = *self.pick(&["upper(", "trim(", "ltrim(", "rtrim(", "hex("]);
                shrinks(Type::Text, sql![call, a.clone(), ")"], &[&a])
            }
            9 => {
                let int = self.int(scope, deep - 1);
                shrinks(Type::Text, sql!["CAST(", int, " AS TEXT)"], &[&a])
            }
            10 => {
                let (from, length) = (self.random.between(1, 4), self.random.below(3));
                let text = format!(", -{from}, {length})");
                shrinks(Type::Text, sql!["substr(", a.clone(), text], &[&a])
            }
            11 => {
                let trimmed = *self.pick(&[", 'a')", ", 'ab')"]);
                shrinks(Type::Text, sql!["trim(", a.clone(), trimmed], &[&a])
            }
            6 => shrinks(Type::Text, sql!["replace(", a.clone(), ", 'a', 'xy')"], &[&a]),
            _ => match self.subquery_of_one(Type::Text, scope, deep) {
                Some(subquery) => shrinks(Type::Text, subquery, &[&a]),
                None => a,
            },
        }
    }

    /// One of two values.
    fn choice(&mut self, ty: Type, a: Text, scope: &Scope, deep: u32) -> Text {
        let b = self.expression(ty, scope, deep - 1);
        let text = match self.random.below(3) {
            0 => {
                let condition = self.condition(scope, deep - 1);
                sql!["iif(", condition, ", ", a.clone(), ", ", b.clone(), ")"]
            }
            1 => sql!["ifnull(", a.clone(), ", ", b.clone(), ")"],
            _ => {
                let call = *self.pick(&["max(", "min("]);
                sql![call, a.clone(), ", ", b.clone(), ")"]
            }
        };
        shrinks(ty, text, &[&a, &b])
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
        match self.random.below(23) {
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
                let op = *self.pick(&[" AND ", " OR "]);
                let text = match self.one_in(6) {
                    true => sql![a.clone(), op, b.clone()],
                    false => sql!["(", a.clone(), op, b.clone(), ")"],
                };
                shrinks(Type::Bool, text, &[&a, &b])
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
                let a = self.text(scope, deep - 1);
                let not = *self.pick(&["", "NOT "]);
                let like = *self.pick(&[
                    "LIKE 'a%'",
                    "LIKE '%b'",
                    "LIKE '_'",
                    "LIKE '%'",
                    "LIKE 'a_'",
                    "LIKE '%a%'",
                    "LIKE ''",
                    "LIKE NULL",
                    "LIKE 'a!_' ESCAPE '!'",
                    "LIKE '%!%%' ESCAPE '!'",
                    "GLOB 'a*'",
                    "GLOB '?'",
                    "GLOB '*[bc]'",
                ]);
                shrinks(Type::Bool, sql!["(", a, " ", not, like, ")"], &[])
            }
            19 => {
                let [a, b] = [0; 2].map(|_| self.condition(scope, deep - 1));
                let op = *self.pick(&[" = ", " <> ", " IS DISTINCT FROM "]);
                shrinks(Type::Bool, sql!["((", a, ")", op, "(", b, "))"], &[])
            }
            20 => {
                let types = [*self.pick(&Type::ALL), *self.pick(&Type::ALL)];
                let [a, b] = [0; 2].map(|_| types.map(|ty| self.leaf(ty, scope)));
                let [[a, b], [c, d]] = [a, b];
                let op = self.comparison();
                shrinks(Type::Bool, sql!["((", a, ", ", b, ")", op, "(", c, ", ", d, "))"], &[])
            }
            21 => {
                let [a, b] = [0; 2].map(|_| self.leaf(Type::Text, scope));
                let text = match self.one_in(2) {
                    true => sql!["(", a, " LIKE ", b, " || '%')"],
                    false => sql!["(", a, " LIKE ", b, ")"],
                };
                shrinks(Type::Bool, text, &[])
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
