//! Queries whose conditions name columns beside constants, so that keys and indexes find their rows,
//! give their order and stop at their limit; and writes that find rows so.

use super::expression::Type;
use super::select::{Scope, Writer};
use super::tables::{Column, Table, literal};
use super::text::{Text, sql};

/// Columns that are distinct in pairs. SQLite looks at each row as it is changed, so which update it
/// takes is a matter of their order.
const UNIQUE: [(&str, &str); 2] = [("t4", "a"), ("t4", "b")];

/// A table with its alias.
struct Source {
    alias: String,
    table: Table,
}

impl Source {
    fn name(&self, column: &str) -> String {
        format!("{}.{column}", self.alias)
    }

    fn of(&self, types: &[Type]) -> Vec<&Column> {
        self.table.columns.iter().filter(|column| types.contains(&column.ty)).collect()
    }
}

impl Writer<'_> {
    /// A query, and whether its rows have an order.
    pub fn path(&mut self) -> (Text, bool) {
        let first = self.source();
        let mut from = sql![first.table.name.clone(), " ", first.alias.clone()];
        let mut sources = vec![first];
        for _ in 0..*self.pick(&[0, 0, 0, 1, 1, 2]) {
            let next = self.source();
            let link = self.link(&sources, &next);
            let kind = *self.pick(&[" JOIN ", " JOIN ", " LEFT JOIN ", " RIGHT JOIN "]);
            let more = match self.random.below(3) {
                0 => Text::maybe(sql![" AND ", self.search(&next)]),
                _ => Text::plain(""),
            };
            let name = format!("{} {}", next.table.name, next.alias);
            sources.push(next);
            from = sql![from, Text::maybe(sql![kind, name, " ON ", link, more])];
        }
        let filter = self.searches(&sources);
        let rest = sql![" FROM ", from, Text::maybe(sql![" WHERE ", filter])];
        let mut scope = Scope::default();
        for source in &sources {
            let columns = source.table.columns.iter();
            scope.columns.extend(columns.map(|c| (source.name(&c.name), c.ty)));
        }
        match self.random.below(8) {
            0 => (self.counted(&scope, rest), false),
            1 => (self.grouped_by_column(&scope, rest), false),
            _ => self.listed(&sources, &scope, rest),
        }
    }

    fn source(&mut self) -> Source {
        // The wide ones stand last, and are meant first.
        let (small, wide) = (self.stored.len() as u64 - 2, 2);
        let at = match self.one_in(2) {
            true => small + self.random.below(wide),
            false => self.random.below(small),
        };
        Source { alias: self.name("q"), table: self.stored[at as usize].clone() }
    }

    /// What a table has in common with one before it.
    fn link(&mut self, before: &[Source], next: &Source) -> Text {
        let other = self.pick(before);
        // A text or number of few values would join everything with everything.
        let ty = *self.pick(&[Type::Int, Type::Int, Type::Text]);
        let a = (*self.pick(&next.of(&[ty]))).clone();
        let b = (*self.pick(&other.of(&[ty]))).clone();
        let [a, b] = [next.name(&a.name), other.name(&b.name)];
        let key = next.table.key.first().map(|key| next.name(key)).filter(|key| *key != a);
        let more = match key {
            Some(key) if self.one_in(3) => {
                sql![" AND ", key, *self.pick(&[" = ", " >= ", " < "]), self.some_literal()]
            }
            _ => Text::plain(""),
        };
        match self.one_in(2) {
            true => sql![a, " = ", b, Text::maybe(more)],
            false => sql![b, " = ", a, Text::maybe(more)],
        }
    }

    fn some_literal(&mut self) -> String {
        literal(self.random, Type::Int)
    }

    // --- Conditions ---

    fn searches(&mut self, sources: &[Source]) -> Text {
        let mut terms = Vec::new();
        for _ in 0..self.random.between(1, 4) {
            let source = self.pick(sources);
            let term = self.search(source);
            terms.push(match self.random.below(6) {
                0 => {
                    let other = self.pick(sources);
                    let other = self.search(other);
                    Text::or(sql!["(", term.clone(), " OR ", other, ")"], vec![term])
                }
                1 => sql!["NOT (", term, ")"],
                _ => term,
            });
        }
        let mut all = Vec::new();
        for (n, term) in terms.into_iter().enumerate() {
            all.push(match n {
                0 => term,
                _ => Text::maybe(sql![" AND ", term]),
            });
        }
        Text::All(all)
    }

    /// A condition on columns of one table.
    fn search(&mut self, source: &Source) -> Text {
        if self.one_in(8) {
            return self.search_by_several(source);
        }
        let column = match source.table.key.first() {
            Some(_) if self.one_in(3) => {
                let key = self.pick(&source.table.key);
                source.table.columns.iter().find(|column| column.name == *key).cloned()
            }
            _ => None,
        };
        let column = column.unwrap_or_else(|| self.pick(&source.table.columns).clone());
        let (name, ty) = (source.name(&column.name), column.ty);
        let not = *self.pick(&["", "", "NOT "]);
        match self.random.below(16) {
            0..5 if ty != Type::Text || self.one_in(2) => {
                let op = *self.pick(&[" = ", " = ", " < ", " <= ", " > ", " >= ", " <> "]);
                let value = self.constant(ty);
                match self.one_in(3) {
                    true => sql![value, op, name],
                    false => sql![name, op, value],
                }
            }
            5 | 6 => {
                let [low, high] = [0; 2].map(|_| self.constant(ty));
                sql![name, " ", not, "BETWEEN ", low, " AND ", high]
            }
            7 | 8 => {
                let mut items: Vec<Text> =
                    (0..self.random.between(1, 5)).map(|_| self.constant(ty)).collect();
                if self.one_in(5) {
                    items.push(Text::plain("NULL"));
                }
                sql![name, " ", not, "IN (", Text::joined(items, ", "), ")"]
            }
            9 => sql![name, " IS ", not, "NULL"],
            10 => sql![name, " IS ", not, "DISTINCT FROM ", self.constant(ty)],
            2 | 11 if ty == Type::Text => {
                let pattern =
                    *self.pick(&["a%", "ab%", "%", "A%", "a_", "a_%", "%b", "1%", "", " %"]);
                sql![name, " ", not, "LIKE '", pattern, "'"]
            }
            15 if ty == Type::Text => {
                let pattern = *self.pick(&["a*", "ab*", "*", "A?", "[ab]*", "", "a"]);
                sql![name, " ", not, "GLOB '", pattern, "'"]
            }
            12 if ty == Type::Text => {
                let op = *self.pick(&[" = ", " < ", " >= ", " <> "]);
                sql![name, op, literal(self.random, ty), " COLLATE NOCASE"]
            }
            13 => {
                // A column beside another, and an expression that an index may be of.
                let other = self.pick(&source.of(&[ty])).name.clone();
                let op = *self.pick(&[" = ", " < ", " >= "]);
                sql![name, op, source.name(&other)]
            }
            14 => self.search_by_expression(source),
            _ => {
                let mut from = self.source();
                while from.of(&[ty]).is_empty() {
                    from = self.source();
                }
                let item = from.name(&self.pick(&from.of(&[ty])).name.clone());
                let table = format!("{} {}", from.table.name, from.alias);
                let filter = self.search_of_inner(&from);
                let link = match self.one_in(3) {
                    true => sql![" AND ", self.link(std::slice::from_ref(source), &from)],
                    false => Text::plain(""),
                };
                let query = sql![" FROM ", table, " WHERE ", filter, Text::maybe(link)];
                match self.random.below(3) {
                    0 if ty != Type::Bool => {
                        sql![name, " = (SELECT max(", item, ")", query, ")"]
                    }
                    0 | 1 => sql![name, " ", not, "IN (SELECT ", item, query, ")"],
                    _ => sql![not, "EXISTS (SELECT 1", query, " AND ", item, " = ", name, ")"],
                }
            }
        }
    }

    /// A condition of a subquery, which holds none itself.
    fn search_of_inner(&mut self, source: &Source) -> Text {
        let column = self.pick(&source.table.columns).clone();
        let op = *self.pick(&[" = ", " < ", " >= "]);
        sql![source.name(&column.name), op, self.constant(column.ty)]
    }

    /// A condition on several columns at once.
    fn search_by_several(&mut self, source: &Source) -> Text {
        let columns = match source.table.key.len() {
            2.. if self.one_in(2) => source.table.key.clone(),
            _ => {
                let columns = &source.table.columns;
                let at = self.random.below(columns.len() as u64 - 1) as usize;
                vec![columns[at].name.clone(), columns[at + 1].name.clone()]
            }
        };
        let types: Vec<Type> = columns
            .iter()
            .filter_map(|name| source.table.columns.iter().find(|column| column.name == *name))
            .map(|column| column.ty)
            .collect();
        let names: Vec<Text> = columns.iter().map(|name| Text::plain(source.name(name))).collect();
        let names = sql!["(", Text::joined(names, ", "), ")"];
        let mut row = || {
            let values = types.iter().map(|ty| self.constant(*ty)).collect();
            sql!["(", Text::joined(values, ", "), ")"]
        };
        let rows = [row(), row()];
        match self.random.below(3) {
            0 => sql![names, " IN (VALUES ", Text::joined(rows.into(), ", "), ")"],
            _ => {
                let op = *self.pick(&[" = ", " < ", " <= ", " > ", " >= ", " <> "]);
                sql![names, op, rows[0].clone()]
            }
        }
    }

    /// A condition on what indexes are of, where the table has that.
    fn search_by_expression(&mut self, source: &Source) -> Text {
        let op = *self.pick(&[" = ", " < ", " >= "]);
        let [a, b, s] = ["a", "b", "s"].map(|name| source.name(name));
        let (expression, ty) = match source.table.name.as_str() {
            "w1" => (format!("{a} * 2"), Type::Int),
            "t4" if self.one_in(2) => (format!("{a} + {b}"), Type::Int),
            _ => (format!("lower({s})"), Type::Text),
        };
        let value = literal(self.random, ty);
        sql![expression, op, value]
    }

    /// A value beside a column: of its type, or one that is compared with it as a number.
    fn constant(&mut self, ty: Type) -> Text {
        match (ty, self.random.below(12)) {
            (_, 0) => Text::or(Text::plain("NULL"), vec![Text::plain(literal(self.random, ty))]),
            (Type::Int, 1) => literal(self.random, Type::Real).into(),
            (Type::Int, 2) => {
                let large = ["9223372036854775807", "-9223372036854775808", "1e30", "-3000000000"];
                Text::plain(*self.pick(&large))
            }
            (Type::Int, 3) => format!("'{}'", self.some_literal()).into(),
            (Type::Int, 4) => format!("{} + {}", self.some_literal(), self.some_literal()).into(),
            (Type::Int, 5) => format!("{}.0", self.some_literal()).into(),
            (Type::Int, 6) => self.random.below(120).to_string().into(),
            (Type::Real, 1 | 2) => self.some_literal().into(),
            (Type::Real, 3) => Text::plain(*self.pick(&["0.001", "1e20", "-1e20", "2.50"])),
            (Type::Text, 1) => Text::plain(*self.pick(&["'a' || 'b'", "lower('AB')", "'b%'"])),
            (ty, _) => literal(self.random, ty).into(),
        }
    }

    // --- What is asked of the rows ---

    fn counted(&mut self, scope: &Scope, rest: Text) -> Text {
        let items = (0..self.random.between(1, 3))
            .map(|_| {
                let (column, ty) = self.pick(&scope.columns).clone();
                let call = *self.pick(match ty {
                    Type::Bool => &["count("],
                    Type::Text => &["min(", "max(", "count(", "count(DISTINCT "][..],
                    _ => &["min(", "max(", "sum(", "count(DISTINCT ", "avg("][..],
                });
                match self.one_in(4) {
                    true => Text::plain("count(*)"),
                    false => sql![call, column, ")"],
                }
            })
            .collect();
        sql!["SELECT ", Text::joined(items, ", "), rest]
    }

    fn grouped_by_column(&mut self, scope: &Scope, rest: Text) -> Text {
        let [(a, _), (b, _)] = [0; 2].map(|_| self.pick(&scope.columns).clone());
        let more = Text::maybe(sql![", ", b]);
        sql!["SELECT ", a.clone(), ", count(*)", rest, " GROUP BY ", a, more]
    }

    fn listed(&mut self, sources: &[Source], scope: &Scope, rest: Text) -> (Text, bool) {
        let mut items: Vec<Text> = (0..self.random.between(1, 4))
            .map(|_| self.pick(&scope.columns).0.clone().into())
            .collect();
        if self.one_in(8) {
            items = vec![Text::plain("*")];
        }
        let distinct = self.one_in(6);
        let select = match distinct {
            true => sql!["SELECT DISTINCT ", Text::joined(items, ", "), rest],
            false => sql!["SELECT ", Text::joined(items, ", "), rest],
        };
        if distinct || self.one_in(3) {
            return (select, false);
        }
        let mut terms = Vec::new();
        let all_one_way = self.one_in(2).then(|| *self.pick(&["", " DESC"]));
        let mut by: Vec<String> =
            (0..self.random.below(3)).map(|_| self.pick(&scope.columns).0.clone()).collect();
        for source in sources {
            // Where a table has no key, only all columns tell rows apart.
            match source.table.key.is_empty() {
                true => by.extend(source.table.columns.iter().map(|c| source.name(&c.name))),
                false => by.extend(source.table.key.iter().map(|key| source.name(key))),
            }
        }
        for column in by {
            let way = match all_one_way {
                Some(way) => Text::plain(way),
                None => self.way(),
            };
            terms.push(sql![column, way]);
        }
        let limit = self.limit();
        (sql![select, " ORDER BY ", Text::joined(terms, ", "), limit], true)
    }

    // --- Writes ---

    /// A statement that changes rows of one table, and the query that shows them.
    pub fn write(&mut self) -> (Text, String) {
        let mut source = self.source();
        source.alias = source.table.name.clone();
        let table = source.table.clone();
        let filter = self.searches(std::slice::from_ref(&source));
        let free: Vec<&Column> = table
            .columns
            .iter()
            .filter(|c| !table.key.contains(&c.name) && !UNIQUE.contains(&(&table.name, &c.name)))
            .collect();
        let column = (*self.pick(&free)).clone();
        let text = match self.random.below(3) {
            0 => sql!["DELETE FROM ", table.name.clone(), " WHERE ", filter],
            _ => {
                let scope = Scope {
                    columns: table.columns.iter().map(|c| (source.name(&c.name), c.ty)).collect(),
                    subqueries: 1,
                };
                // Small, so that what is made of it in turn stays within 64 bits.
                let value = match column.ty {
                    Type::Int => sql!["(", self.expression(Type::Int, &scope, 1), ") % 7"],
                    Type::Real => self.leaf(Type::Real, &scope),
                    Type::Text => {
                        sql!["substr(", self.expression(Type::Text, &scope, 1), ", 1, 3)"]
                    }
                    Type::Bool => self.condition(&scope, 1),
                };
                let set = format!("UPDATE {} SET {} = ", table.name, column.name);
                sql![set, value, " WHERE ", filter]
            }
        };
        (text, format!("SELECT * FROM {}", table.name))
    }
}
