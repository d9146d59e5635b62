//! Relations and joins.

use super::expression::Type;
use super::select::{Scope, Writer};
use super::tables::{Column, Table, literal};
use super::text::{Text, sql};

impl Writer<'_> {
    pub fn from(&mut self, deep: u32) -> (Text, Scope) {
        let (mut text, mut scope) = self.relation(deep);
        let joins = *self.pick(&[0, 0, 1, 1, 1, 2, 2]);
        for n in 0..joins {
            let (right, added) = match joins == 1 && self.one_in(8) {
                true => self.parenthesized(deep),
                false => self.relation(deep),
            };
            let before = scope.clone();
            scope.columns.extend(added.columns.iter().cloned());
            // Nothing can be joined behind a comma in one dialect as in the other.
            let last = n + 1 == joins;
            let kind = self.random.below(if last { 13 } else { 10 });
            let joined = match kind {
                0..4 => self.join_on(" JOIN ", &before, &added, right),
                4..6 => self.join_on(" LEFT JOIN ", &before, &added, right),
                6 => self.join_on(" RIGHT JOIN ", &before, &added, right),
                7 => self.join_on(" FULL JOIN ", &before, &added, right),
                8 => sql![" CROSS JOIN ", right],
                9 | 12 if joins == 1 => self.join_using(&before, added, right, &mut scope),
                9 | 12 => self.join_on(" JOIN ", &before, &added, right),
                _ => sql![", ", right],
            };
            text = sql![text, Text::maybe(joined)];
        }
        scope.subqueries = 1;
        (text, scope)
    }

    /// Joined by columns of one name, which then stand for both.
    fn join_using(&mut self, before: &Scope, added: Scope, right: Text, scope: &mut Scope) -> Text {
        let mut shared = shared(before, &added);
        // Two relations in one, or one column twice: nothing is shared that a name alone means.
        if shared.is_empty() || alias(&added).is_none() || alias(before).is_none() {
            return self.join_on(" JOIN ", before, &added, right);
        }
        let kind = *self.pick(&[" JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN "]);
        let natural = self.one_in(4);
        if !natural {
            while shared.len() > 1 && self.one_in(2) {
                let gone = self.random.below(shared.len() as u64) as usize;
                shared.remove(gone);
            }
        }
        let names: Vec<String> = shared.iter().map(|(name, _)| name.clone()).collect();
        scope.columns.append(&mut shared);
        match natural {
            true => sql![" NATURAL", kind, right],
            false => sql![kind, right, format!(" USING ({})", names.join(", "))],
        }
    }

    fn join_on(&mut self, kind: &str, before: &Scope, added: &Scope, right: Text) -> Text {
        // Mostly by equal columns, so that something is found.
        let ty = *self.pick(&[Type::Int, Type::Int, Type::Text]);
        let a = self.leaf(ty, before);
        let b = self.leaf(ty, added);
        let equal = match self.one_in(2) {
            true => sql![a, " = ", b],
            false => sql![b, " = ", a],
        };
        let mut both = before.clone();
        both.columns.extend(added.columns.iter().cloned());
        both.subqueries = u32::from(self.one_in(4));
        let on = match self.random.below(7) {
            0..4 => equal,
            4 => sql![equal, " AND ", self.condition(&both, 1)],
            5 => {
                let [a, b] = [before, added].map(|scope| self.leaf(Type::Int, scope));
                sql![equal, " AND ", a, *self.pick(&[" = ", " < ", " >= "]), b]
            }
            _ => self.condition(&both, 2),
        };
        sql![kind, right, " ON ", on]
    }

    /// Two relations, joined before anything else is joined to them.
    fn parenthesized(&mut self, deep: u32) -> (Text, Scope) {
        let (left, mut scope) = self.relation(deep);
        let (right, added) = self.relation(deep);
        let kind = *self.pick(&[" JOIN ", " LEFT JOIN "]);
        let joined = self.join_on(kind, &scope, &added, right);
        scope.columns.extend(added.columns);
        (sql!["(", left, joined, ")"], scope)
    }

    pub fn relation(&mut self, deep: u32) -> (Text, Scope) {
        let alias = self.name("q");
        let (text, columns) = if deep > 0 && self.one_in(7) {
            let (text, columns) = self.page(deep - 1);
            (sql!["(", text, ")"], columns)
        } else {
            let tables = self.relations.len() as u64;
            let table = self.relations[self.random.below(tables) as usize].clone();
            (Text::plain(table.name), table.columns)
        };
        let columns = columns.iter().map(|c| (format!("{alias}.{}", c.name), c.ty)).collect();
        let word = *self.pick(&[" ", " AS "]);
        (sql![text, word, alias], Scope { columns, subqueries: 0 })
    }

    // --- WITH ---

    pub fn with(&mut self) -> Text {
        let mut members = Vec::new();
        let mut recursive = false;
        while members.len() < 2 && self.one_in(6) {
            let name = self.name("r");
            let (text, columns) = match self.random.below(6) {
                0 | 1 => {
                    recursive = true;
                    self.recursive(&name)
                }
                2 => {
                    let types = [*self.pick(&Type::ALL), *self.pick(&Type::ALL)];
                    let rows: Vec<String> = (0..self.random.between(1, 5))
                        .map(|_| {
                            let cell = |ty: &Type| match self.random.below(4) {
                                0 => "NULL".to_owned(),
                                _ => literal(self.random, *ty),
                            };
                            format!("({})", types.iter().map(cell).collect::<Vec<_>>().join(", "))
                        })
                        .collect();
                    // A column of NULLs has no type to compare with.
                    let first: Vec<String> =
                        types.iter().map(|ty| literal(self.random, *ty)).collect();
                    let rows = format!(
                        "{name} (n, m) AS (VALUES ({}), {})",
                        first.join(", "),
                        rows.join(", ")
                    );
                    (Text::plain(rows), columns(&["n", "m"], &types))
                }
                _ => {
                    let (text, columns) = self.page(1);
                    (sql![name.clone(), " AS (", text, ")"], columns)
                }
            };
            members.push(text);
            self.relations.push(Table { name, columns, key: Vec::new() });
        }
        match members.is_empty() {
            true => Text::plain(""),
            false => {
                let word = if recursive { "WITH RECURSIVE " } else { "WITH " };
                sql![word, Text::joined(members, ", "), " "]
            }
        }
    }

    /// What counts, or follows from row to row.
    fn recursive(&mut self, name: &str) -> (Text, Vec<Column>) {
        let end = self.random.between(1, 8);
        if self.one_in(2) {
            let (step, union) =
                *self.pick(&[("n + 1", "UNION ALL"), ("n + 2", "UNION"), ("(n + 3) % 8", "UNION")]);
            let text = format!(
                "{name} (n) AS (SELECT 1 {union} SELECT {step} FROM {name} WHERE n < {end})"
            );
            return (Text::plain(text), columns(&["n"], &[Type::Int]));
        }
        let (table, from, to) = *self.pick(&[
            ("t0", "id", "a"),
            ("t0", "a", "b"),
            ("t1", "a", "id"),
            ("t3", "k", "a"),
            ("t4", "a", "b"),
        ]);
        let first = match self.random.below(3) {
            0 => format!("SELECT {from}, 0 FROM {table}"),
            1 => format!("SELECT max({from}), 0 FROM {table}"),
            _ => format!("SELECT {}, 0", literal(self.random, Type::Int)),
        };
        let next = *self.pick(&["{w} w JOIN {t} t ON t.{f} = w.n", "{t} t, {w} w"]);
        let next = next.replace("{w}", name).replace("{t}", table).replace("{f}", from);
        let link = match next.contains(" ON ") {
            true => String::new(),
            false => format!(" AND t.{from} = w.n"),
        };
        let text = format!(
            "{name} (n, m) AS ({first} UNION SELECT t.{to}, w.m + 1 FROM {next} WHERE w.m < 3{link})"
        );
        (Text::plain(text), columns(&["n", "m"], &[Type::Int, Type::Int]))
    }
}

fn columns(names: &[&str], types: &[Type]) -> Vec<Column> {
    names.iter().zip(types).map(|(name, ty)| Column { name: (*name).into(), ty: *ty }).collect()
}

/// The alias that all columns have before their dot.
fn alias(scope: &Scope) -> Option<&str> {
    let mut aliases = scope.columns.iter().map(|(name, _)| name.split('.').next());
    let first = aliases.next()??;
    aliases.all(|alias| alias == Some(first)).then_some(first)
}

/// The columns that both sides have.
fn shared(a: &Scope, b: &Scope) -> Vec<(String, Type)> {
    let tail = |name: &str| name.split_once('.').map(|(_, column)| column.to_owned());
    let there = |column: &str, ty: Type| {
        b.columns.iter().any(|(name, t)| tail(name).as_deref() == Some(column) && *t == ty)
    };
    let columns = a.columns.iter().filter_map(|(name, ty)| Some((tail(name)?, *ty)));
    columns.filter(|(column, ty)| there(column, *ty)).collect()
}
