//! Window functions. One that counts rows is ordered by all columns of its rows, so that rows it
//! cannot tell apart are equal.

use super::expression::Type;
use super::select::{Scope, Writer};
use super::tables::{Column, literal};
use super::text::{Text, sql};

impl Writer<'_> {
    pub fn windowed(&mut self, columns: &[Column], scope: &Scope, rest: Text) -> Text {
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
            let (call, order) = match self.random.below(7) {
                0 => ("rank()", by_rank),
                5 => ("count(*) FILTER (WHERE 1 < 2)", by_rank),
                6 => ("CAST(4 * cume_dist()", by_rank),
                1 => ("dense_rank()", by_rank),
                2 => ("row_number()", all),
                3 => ("ntile(3)", all),
                _ => ("count(*)", by_rank),
            };
            if call.starts_with("CAST") {
                return sql![call, " OVER (", partition, "ORDER BY ", order, ") AS INTEGER)"];
            }
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
        if call.to_string().contains("(DISTINCT ") {
            return self.leaf(ty, scope);
        }
        if ty == Type::Real && self.one_in(6) {
            return sql!["percent_rank() OVER (", partition, "ORDER BY ", by_rank, ")"];
        }
        let over = match self.random.below(5) {
            0 => Text::plain(""),
            4 => {
                let (from, to) = (self.random.below(3), self.random.below(3));
                let frame = match self.random.below(3) {
                    0 => format!("{from} PRECEDING AND {to} FOLLOWING"),
                    1 => format!("CURRENT ROW AND {to} FOLLOWING"),
                    _ => "UNBOUNDED PRECEDING AND CURRENT ROW".to_owned(),
                };
                sql!["ORDER BY ", by_rank, Text::maybe(format!(" GROUPS BETWEEN {frame}").into())]
            }
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
}
