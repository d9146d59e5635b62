//! Queries: relations and joins, groups, windows, set operations, common table expressions.
//!
//! Every answer is determined: LIMIT stands only behind an order by all columns, and a window that
//! counts rows is ordered by all columns of its rows, so that rows it cannot tell apart are equal.

use super::expression::Type;
use super::tables::{Column, Table, Tables, literal};
use super::text::{Text, sql};
use offshoot_tests::random::Random;

/// What names stand for in an expression.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Names, as they are written, with their types.
    pub columns: Vec<(String, Type)>,
    /// How many more subqueries may stand inside each other here.
    pub subqueries: u32,
}

/// Writes a query.
pub struct Writer<'w> {
    pub random: &'w mut Random,
    /// Tables, and what WITH has named.
    relations: Vec<Table>,
    names: u32,
}

/// A query's text and its columns. No two queries name theirs alike: which of two columns of one
/// name GROUP BY means is a matter of dialect.
struct Select {
    text: Text,
    columns: Vec<Column>,
}

impl<'w> Writer<'w> {
    pub fn new(random: &'w mut Random, tables: &Tables) -> Self {
        Writer { random, relations: tables.tables.clone(), names: 0 }
    }

    /// A query, and whether its rows have an order.
    pub fn query(&mut self) -> (Text, bool) {
        let with = self.with();
        let select = self.body(2);
        let (order, ordered) = match self.random.below(3) {
            0 => (self.order(&select.columns), true),
            _ => (Text::plain(""), false),
        };
        (sql![with, select.text, order], ordered)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.random.below(n) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.random.below(from.len() as u64) as usize]
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    // --- Around a SELECT ---

    fn with(&mut self) -> Text {
        let mut members = Vec::new();
        let mut recursive = false;
        while members.len() < 2 && self.one_in(6) {
            let name = self.name("w");
            if self.one_in(3) {
                recursive = true;
                let end = self.random.between(1, 8);
                let (step, union) = *self.pick(&[
                    ("n + 1", "UNION ALL"),
                    ("n + 2", "UNION"),
                    ("(n + 3) % 8", "UNION"),
                ]);
                members.push(Text::plain(format!(
                    "{name} (n) AS (SELECT 1 {union} SELECT {step} FROM {name} WHERE n < {end})"
                )));
                let columns = vec![Column { name: "n".into(), ty: Type::Int }];
                self.relations.push(Table { name, columns });
            } else {
                let body = self.body(1);
                members.push(sql![name.clone(), " AS (", body.text, ")"]);
                self.relations.push(Table { name, columns: body.columns });
            }
        }
        match members.is_empty() {
            true => Text::plain(""),
            false => {
                let word = if recursive { "WITH RECURSIVE " } else { "WITH " };
                sql![word, Text::joined(members, ", "), " "]
            }
        }
    }

    /// An order by all columns, with LIMIT or without.
    fn order(&mut self, columns: &[Column]) -> Text {
        let mut terms = Vec::new();
        for (n, column) in columns.iter().enumerate() {
            let by = match self.random.below(2) {
                0 => format!("{}", n + 1),
                _ => column.name.clone(),
            };
            let way = *self.pick(&["", "", " ASC", " DESC", " DESC"]);
            let nulls = *self.pick(&["", "", "", " NULLS FIRST", " NULLS LAST"]);
            terms.push(sql![by, way, Text::maybe(Text::plain(nulls))]);
        }
        let limit = match self.random.below(4) {
            0 => format!(" LIMIT {}", self.random.below(6)),
            1 => format!(" LIMIT {} OFFSET {}", self.random.below(6), self.random.below(4)),
            _ => String::new(),
        };
        sql![" ORDER BY ", Text::joined(terms, ", "), Text::maybe(Text::plain(limit))]
    }

    /// A SELECT, or two with a set operation between them.
    fn body(&mut self, deep: u32) -> Select {
        let types: Vec<Type> =
            (0..self.random.between(1, 4)).map(|_| *self.pick(&Type::ALL)).collect();
        if !self.one_in(6) {
            return self.select(&types, deep, &Scope { columns: Vec::new(), subqueries: 2 });
        }
        let outer = Scope { columns: Vec::new(), subqueries: 1 };
        let a = self.select(&types, deep, &outer);
        let b = self.select(&types, deep, &outer);
        let op = *self.pick(&[" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT "]);
        let both = sql![a.text.clone(), op, b.text.clone()];
        // Only the first has the names that an order may use.
        Select { text: Text::or(both, vec![a.text]), columns: a.columns }
    }

    fn select(&mut self, types: &[Type], deep: u32, outer: &Scope) -> Select {
        let (from, own) = self.from(deep);
        let label = self.name("c");
        let columns: Vec<Column> = types
            .iter()
            .enumerate()
            .map(|(n, ty)| Column { name: format!("{label}_{n}"), ty: *ty })
            .collect();
        let mut scope = outer.clone();
        scope.columns.extend(own.columns.clone());
        let filter = match self.random.below(3) {
            0 => Text::plain(""),
            _ => {
                let condition = self.condition(&scope, 3);
                Text::maybe(sql![" WHERE ", condition])
            }
        };
        let rest = sql![" FROM ", from, filter];
        let text = match self.random.below(10) {
            0..3 => self.grouped(&columns, &own, rest),
            3 | 4 => self.windowed(&columns, &own, rest),
            _ => {
                let distinct = if self.one_in(4) { "DISTINCT " } else { "" };
                let mut items = Vec::new();
                for Column { name, ty } in &columns {
                    let item = self.expression(*ty, &scope, 2);
                    items.push(sql![item, format!(" AS {name}")]);
                }
                let distinct = Text::maybe(Text::plain(distinct));
                sql!["SELECT ", distinct, Text::joined(items, ", "), rest]
            }
        };
        Select { text, columns }
    }

    // --- FROM ---

    fn from(&mut self, deep: u32) -> (Text, Scope) {
        let (mut text, mut scope) = self.relation(deep);
        let joins = *self.pick(&[0, 0, 1, 1, 1, 2, 2]);
        for n in 0..joins {
            let (right, added) = self.relation(deep);
            let before = scope.clone();
            scope.columns.extend(added.columns.iter().cloned());
            // Nothing can be joined behind a comma in one dialect as in the other.
            let last = n + 1 == joins;
            let kind = self.random.below(if last { 12 } else { 10 });
            let joined = match kind {
                0..4 => self.join_on(" JOIN ", &before, &added, right),
                4..6 => self.join_on(" LEFT JOIN ", &before, &added, right),
                6 => self.join_on(" RIGHT JOIN ", &before, &added, right),
                7 => self.join_on(" FULL JOIN ", &before, &added, right),
                8 => sql![" CROSS JOIN ", right],
                9 if joins == 1 => match using(&before, &added) {
                    Some(column) => {
                        let kind = *self.pick(&[" JOIN ", " LEFT JOIN ", " FULL JOIN "]);
                        let ty = before.columns.iter().find(|(name, _)| name.ends_with(&column));
                        let ty = ty.map_or(Type::Int, |(_, ty)| *ty);
                        let column = column.trim_start_matches('.').to_owned();
                        scope.columns.push((column.clone(), ty));
                        sql![kind, right, format!(" USING ({column})")]
                    }
                    None => self.join_on(" JOIN ", &before, &added, right),
                },
                9 => self.join_on(" JOIN ", &before, &added, right),
                _ => sql![", ", right],
            };
            text = sql![text, Text::maybe(joined)];
        }
        scope.subqueries = 1;
        (text, scope)
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
        let on = match self.random.below(6) {
            0..4 => equal,
            4 => sql![equal, " AND ", self.condition(&both, 1)],
            _ => self.condition(&both, 2),
        };
        sql![kind, right, " ON ", on]
    }

    fn relation(&mut self, deep: u32) -> (Text, Scope) {
        let alias = self.name("q");
        let (text, columns) = if deep > 0 && self.one_in(8) {
            let select = self.body(deep - 1);
            (sql!["(", select.text, ")"], select.columns)
        } else {
            let tables = self.relations.len() as u64;
            let table = self.relations[self.random.below(tables) as usize].clone();
            (Text::plain(table.name), table.columns)
        };
        let columns = columns.iter().map(|c| (format!("{alias}.{}", c.name), c.ty)).collect();
        let word = *self.pick(&[" ", " AS "]);
        (sql![text, word, alias], Scope { columns, subqueries: 0 })
    }

    // --- Groups ---

    fn grouped(&mut self, columns: &[Column], scope: &Scope, rest: Text) -> Text {
        let flat = Scope { subqueries: 0, ..scope.clone() };
        let mut keys: Vec<(Type, Text, usize)> = Vec::new();
        let mut items = Vec::new();
        for (n, Column { name, ty }) in columns.iter().enumerate() {
            let item = match self.random.below(2) {
                0 => {
                    let key = match self.random.below(3) {
                        0 => self.expression(*ty, &flat, 1),
                        _ => self.leaf(*ty, &flat),
                    };
                    // Shrinking must keep the item and the key the same.
                    let key = Text::plain(key.to_string());
                    keys.push((*ty, key.clone(), n));
                    key
                }
                _ => self.aggregate(*ty, &flat),
            };
            items.push(sql![item, format!(" AS {name}")]);
        }
        let mut by = Vec::new();
        for (_, key, n) in &keys {
            let constant = !key.to_string().contains("q");
            by.push(match self.random.below(4) {
                0 => Text::plain(format!("{}", n + 1)),
                1 => Text::plain(columns[*n].name.clone()),
                // A literal would be read as the number of a column.
                _ if constant => Text::plain(format!("{}", n + 1)),
                _ => key.clone(),
            });
        }
        let group = match by.is_empty() {
            true => Text::plain(""),
            false => sql![" GROUP BY ", Text::joined(by, ", ")],
        };
        let having = match self.random.below(3) {
            0 if !keys.is_empty() => {
                let a = self.aggregate(Type::Int, &flat);
                let than = literal(self.random, Type::Int);
                let op = *self.pick(&[" > ", " <= ", " = ", " <> "]);
                let more = match self.random.below(3) {
                    0 => {
                        let (_, key, _) = self.pick(&keys).clone();
                        let word = *self.pick(&[" AND ", " OR "]);
                        sql![word, key, " IS NOT NULL"]
                    }
                    _ => Text::plain(""),
                };
                Text::maybe(sql![" HAVING ", a, op, than, Text::maybe(more)])
            }
            _ => Text::plain(""),
        };
        sql!["SELECT ", Text::joined(items, ", "), rest, group, having]
    }

    /// An aggregate of a type over the scope's own columns.
    fn aggregate(&mut self, ty: Type, scope: &Scope) -> Text {
        let filter = match self.random.below(6) {
            0 => sql![" FILTER (WHERE ", self.condition(scope, 1), ")"],
            _ => Text::plain(""),
        };
        let filter = Text::maybe(filter);
        let call = match ty {
            Type::Int => match self.random.below(6) {
                0 => Text::plain("count(*)"),
                1 => {
                    let of = *self.pick(&Type::ALL);
                    sql!["count(", self.expression(of, scope, 1), ")"]
                }
                2 => {
                    let of = *self.pick(&[Type::Int, Type::Text, Type::Bool]);
                    sql!["count(DISTINCT ", self.expression(of, scope, 1), ")"]
                }
                3 => sql!["sum(", self.expression(Type::Int, scope, 1), ")"],
                4 => sql!["min(", self.expression(Type::Int, scope, 1), ")"],
                _ => sql!["max(", self.expression(Type::Int, scope, 1), ")"],
            },
            Type::Real => match self.random.below(5) {
                0 => sql!["sum(", self.expression(Type::Real, scope, 1), ")"],
                1 => sql!["avg(", self.expression(Type::Int, scope, 1), ")"],
                2 => sql!["min(", self.expression(Type::Real, scope, 1), ")"],
                3 => sql!["avg(", self.expression(Type::Real, scope, 1), ")"],
                _ => sql!["total(", self.expression(Type::Int, scope, 1), ")"],
            },
            Type::Text => {
                let f = *self.pick(&["min(", "max("]);
                sql![f, self.expression(Type::Text, scope, 1), ")"]
            }
            Type::Bool => {
                let count = self.random.below(4).to_string();
                return sql!["(count(*)", filter, " > ", count, ")"];
            }
        };
        sql![call, filter]
    }

    // --- Windows ---

    fn windowed(&mut self, columns: &[Column], scope: &Scope, rest: Text) -> Text {
        let flat = Scope { subqueries: 0, ..scope.clone() };
        let mut items = Vec::new();
        for Column { name, ty } in columns {
            let item = match self.random.below(3) {
                0 => self.expression(*ty, &flat, 1),
                _ => {
                    let window = self.window(*ty, &flat);
                    Text::or(window, vec![self.leaf(*ty, &flat)])
                }
            };
            items.push(sql![item, format!(" AS {name}")]);
        }
        sql!["SELECT ", Text::joined(items, ", "), rest]
    }

    fn window(&mut self, ty: Type, scope: &Scope) -> Text {
        let partition = match self.random.below(2) {
            0 => {
                let of = *self.pick(&[Type::Int, Type::Text, Type::Bool]);
                Text::maybe(sql!["PARTITION BY ", self.expression(of, scope, 1), " "])
            }
            _ => Text::plain(""),
        };
        let all = {
            let mut terms = Vec::new();
            for (name, _) in &scope.columns {
                let way = *self.pick(&["", "", " DESC"]);
                terms.push(Text::plain(format!("{name}{way}")));
            }
            Text::joined(terms, ", ")
        };
        // Equal rows are of one rank, so any order will do.
        let by_rank = {
            let of = *self.pick(&[Type::Int, Type::Text, Type::Real]);
            let key = self.leaf(of, scope);
            let column = scope.columns.iter().any(|(name, _)| *name == key.to_string());
            let way = *self.pick(&["", " DESC", " NULLS LAST"]);
            match column {
                true => sql![key, way],
                false => all.clone(),
            }
        };
        if ty == Type::Int && self.one_in(3) {
            let (call, order) = match self.random.below(5) {
                0 => ("rank()", by_rank),
                1 => ("dense_rank()", by_rank),
                2 => ("row_number()", all),
                3 => ("ntile(3)", all),
                _ => ("count(*)", by_rank),
            };
            return sql![call, " OVER (", partition, "ORDER BY ", order, ")"];
        }
        if self.one_in(3) {
            let argument = self.expression(ty, scope, 1);
            let (call, end) = match self.random.below(6) {
                0 => ("lag(", ")".to_owned()),
                1 => ("lead(", format!(", {})", self.random.below(3))),
                2 => ("lag(", format!(", 1, {})", literal(self.random, ty))),
                3 => ("first_value(", ")".to_owned()),
                4 => ("last_value(", ")".to_owned()),
                _ => ("nth_value(", ", 2)".to_owned()),
            };
            let frame = match call {
                "lag(" | "lead(" => Text::plain(""),
                _ => self.rows_frame(),
            };
            return sql![call, argument, end, " OVER (", partition, "ORDER BY ", all, frame, ")"];
        }
        let call = self.aggregate(ty, scope);
        if ty == Type::Bool {
            // Not one call, but a comparison.
            return self.leaf(ty, scope);
        }
        if call.to_string().starts_with("count(DISTINCT") {
            return sql!["count(*) OVER (", partition, ")"];
        }
        let over = match self.random.below(4) {
            0 => Text::plain(""),
            1 => sql!["ORDER BY ", by_rank],
            2 => match scope.columns.iter().find(|(_, ty)| *ty == Type::Int) {
                Some((name, _)) => {
                    let way = *self.pick(&["", " DESC"]);
                    let (from, to) = (self.random.below(3), self.random.below(3));
                    let frame = match self.random.below(3) {
                        0 => format!("{from} PRECEDING AND {to} FOLLOWING"),
                        1 => format!("UNBOUNDED PRECEDING AND {to} FOLLOWING"),
                        _ => "CURRENT ROW AND UNBOUNDED FOLLOWING".to_owned(),
                    };
                    sql![
                        format!("ORDER BY {name}{way}"),
                        Text::maybe(format!(" RANGE BETWEEN {frame}").into())
                    ]
                }
                None => Text::plain(""),
            },
            _ => sql!["ORDER BY ", all, self.rows_frame()],
        };
        sql![call, " OVER (", partition, over, ")"]
    }

    fn rows_frame(&mut self) -> Text {
        let (from, to) = (self.random.below(3), self.random.below(3));
        let frame = match self.random.below(6) {
            0 => format!(" ROWS BETWEEN {from} PRECEDING AND {to} FOLLOWING"),
            1 => format!(" ROWS BETWEEN {} PRECEDING AND {to} PRECEDING", from + to),
            2 => " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING".into(),
            3 => " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING".into(),
            4 => format!(" ROWS {from} PRECEDING"),
            _ => String::new(),
        };
        Text::maybe(frame.into())
    }

    // --- Subqueries ---

    /// A table, an alias for it, and both scopes: the table's own, and with what is around it.
    fn inner(&mut self, scope: &Scope) -> Option<(Text, Scope, Scope)> {
        let subqueries = scope.subqueries.checked_sub(1)?;
        let (text, own) = self.relation(0);
        let mut both = scope.clone();
        both.columns.extend(own.columns.iter().cloned());
        both.subqueries = subqueries;
        Some((text, own, both))
    }

    /// A condition that more often than not reads what is around the subquery.
    fn correlation(&mut self, own: &Scope, both: &Scope, around: &Scope) -> Text {
        let ty = *self.pick(&[Type::Int, Type::Int, Type::Text]);
        let link = sql![self.leaf(ty, own), " = ", self.leaf(ty, around)];
        match self.random.below(4) {
            0 => Text::plain(""),
            1 => sql![" WHERE ", self.condition(both, 1)],
            2 => Text::maybe(sql![" WHERE ", link]),
            _ => sql![" WHERE ", link, Text::maybe(sql![" AND ", self.condition(both, 1)])],
        }
    }

    /// A subquery with one row at most.
    pub fn subquery_of_one(&mut self, ty: Type, scope: &Scope, deep: u32) -> Option<Text> {
        let (from, own, both) = self.inner(scope).filter(|_| deep > 0)?;
        let filter = self.correlation(&own, &both, scope);
        // An aggregate over nothing of the subquery's own would be one of the query around it.
        let columns: Vec<&(String, Type)> = own.columns.iter().filter(|(_, t)| *t == ty).collect();
        let Some((column, _)) = columns.first() else {
            return match ty {
                Type::Int => Some(sql!["(SELECT count(*) FROM ", from, filter, ")"]),
                _ => None,
            };
        };
        Some(match self.random.below(4) {
            0 if ty == Type::Int => sql!["(SELECT count(*) FROM ", from, filter, ")"],
            1 => sql!["(SELECT ", column.clone(), " FROM ", from, filter, " ORDER BY 1 LIMIT 1)"],
            2 => sql!["(SELECT min(", column.clone(), ") FROM ", from, filter, ")"],
            _ => sql!["(SELECT max(", column.clone(), ") FROM ", from, filter, ")"],
        })
    }

    pub fn subquery_in(&mut self, scope: &Scope, deep: u32) -> Option<Text> {
        let (from, own, both) = self.inner(scope).filter(|_| deep > 0)?;
        let ty = *self.pick(&[Type::Int, Type::Text]);
        let filter = self.correlation(&own, &both, scope);
        let item = self.leaf(ty, &own);
        let subject = self.expression(ty, scope, 0);
        let not = *self.pick(&["", "NOT "]);
        Some(sql!["(", subject, " ", not, "IN (SELECT ", item, " FROM ", from, filter, "))"])
    }

    pub fn subquery_exists(&mut self, scope: &Scope, deep: u32) -> Option<Text> {
        let (from, own, both) = self.inner(scope).filter(|_| deep > 0)?;
        let filter = self.correlation(&own, &both, scope);
        let not = *self.pick(&["", "NOT "]);
        Some(sql!["(", not, "EXISTS (SELECT 1 FROM ", from, filter, "))"])
    }
}

/// A column that both sides have, with the dot before it.
fn using(a: &Scope, b: &Scope) -> Option<String> {
    let tail = |name: &str| name.find('.').map(|at| name[at..].to_owned());
    a.columns.iter().find_map(|(name, ty)| {
        let column = tail(name)?;
        let there = b.columns.iter().any(|(n, t)| tail(n).as_ref() == Some(&column) && t == ty);
        there.then_some(column)
    })
}
