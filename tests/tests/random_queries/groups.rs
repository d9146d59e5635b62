//! Groups and aggregates.

use super::expression::Type;
use super::select::{Scope, Writer};
use super::tables::{Column, literal};
use super::text::{Text, sql};

impl Writer<'_> {
    pub fn grouped(&mut self, columns: &[Column], scope: &Scope, rest: Text) -> Text {
        let flat = Scope { subqueries: 0, ..scope.clone() };
        let mut keys: Vec<(Type, Text, usize)> = Vec::new();
        let mut aggregates = false;
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
                _ if *ty == Type::Int && self.one_in(6) => {
                    // Windows look at groups.
                    let of = self.aggregate(Type::Int, &flat);
                    match self.random.below(3) {
                        0 => sql!["rank() OVER (ORDER BY ", of, self.way(), ")"],
                        1 => sql!["sum(", of, ") OVER ()"],
                        _ => sql!["max(count(*)) OVER (ORDER BY ", of, ")"],
                    }
                }
                _ => {
                    aggregates = true;
                    self.aggregate(*ty, &flat)
                }
            };
            items.push(sql![item, format!(" AS {name}")]);
        }
        let mut by = Vec::new();
        for (_, key, n) in &keys {
            let constant = !key.to_string().contains("q");
            by.push(match self.random.below(4) {
                0 => Text::plain(format!("{}", n + 1)),
                1 if !constant => Text::plain(columns[*n].name.clone()),
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
            // Without a key and an aggregate SQLite takes no HAVING.
            0 if !keys.is_empty() || aggregates => {
                let a = self.aggregate(Type::Int, &flat);
                let than = literal(self.random, Type::Int);
                let op = *self.pick(&[" > ", " <= ", " = ", " <> "]);
                let more = match self.random.below(3) {
                    0 if !keys.is_empty() => {
                        let (_, key, _) = self.pick(&keys).clone();
                        let word = *self.pick(&[" AND ", " OR "]);
                        sql![word, "(", key, ") IS NOT NULL"]
                    }
                    _ => Text::plain(""),
                };
                Text::maybe(sql![" HAVING ", a, op, than, Text::maybe(more)])
            }
            _ => Text::plain(""),
        };
        let distinct = if self.one_in(8) { "DISTINCT " } else { "" };
        let items = Text::joined(items, ", ");
        sql!["SELECT ", Text::maybe(distinct.into()), items, rest, group, having]
    }

    /// An aggregate of a type over the scope's own columns.
    pub fn aggregate(&mut self, ty: Type, scope: &Scope) -> Text {
        let filter = match self.random.below(6) {
            0 => sql![" FILTER (WHERE ", self.condition(scope, 1), ")"],
            _ => Text::plain(""),
        };
        let filter = Text::maybe(filter);
        let call = match ty {
            Type::Int => match self.random.below(7) {
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
                5 => sql!["sum(DISTINCT ", self.expression(Type::Int, scope, 1), ")"],
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
}
