//! Subqueries of expressions.

use super::expression::Type;
use super::select::{Scope, Writer};
use super::tables::literal;
use super::text::{Text, sql};

impl Writer<'_> {
    /// A table, or two, with aliases, and both scopes: the tables' own, and with what is around them.
    fn inner(&mut self, scope: &Scope) -> Option<(Text, Scope, Scope)> {
        let subqueries = scope.subqueries.checked_sub(1)?;
        let (mut text, mut own) = self.relation(0);
        if self.one_in(5) {
            let (right, added) = self.relation(0);
            let ty = *self.pick(&[Type::Int, Type::Text]);
            let on = sql![self.leaf(ty, &own), " = ", self.leaf(ty, &added)];
            let kind = *self.pick(&[" JOIN ", " LEFT JOIN "]);
            text = sql![text, kind, right, " ON ", on];
            own.columns.extend(added.columns);
        }
        let mut both = Scope { columns: named_around(scope), subqueries };
        both.columns.extend(own.columns.iter().cloned());
        Some((text, own, both))
    }

    /// A condition that more often than not reads what is around the subquery.
    fn correlation(&mut self, own: &Scope, both: &Scope, around: &Scope) -> Text {
        let around = &Scope { columns: named_around(around), subqueries: 0 };
        let ty = *self.pick(&[Type::Int, Type::Int, Type::Text]);
        let op = *self.pick(&[" = ", " = ", " = ", " < ", " >= "]);
        let link = sql![self.leaf(ty, own), op, self.leaf(ty, around)];
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
        let column = column.as_str();
        Some(match self.random.below(7) {
            0 if ty == Type::Int => sql!["(SELECT count(*) FROM ", from, filter, ")"],
            0 | 1 => {
                let way = *self.pick(&["", " DESC", " NULLS LAST"]);
                let limit = *self.pick(&[" LIMIT 1", " LIMIT 1", " LIMIT 1 OFFSET 1"]);
                sql!["(SELECT ", column, " FROM ", from, filter, " ORDER BY 1", way, limit, ")"]
            }
            2 => sql!["(SELECT min(", column, ") FROM ", from, filter, ")"],
            3 => {
                let op = *self.pick(&[" UNION ", " UNION ALL ", " EXCEPT "]);
                let value = literal(self.random, ty);
                let all =
                    sql!["SELECT ", column, " AS u FROM ", from, filter, op, "SELECT ", value];
                sql!["(SELECT max(u) FROM (", all, ") AS u0)"]
            }
            4 => {
                let having = *self.pick(&["", " HAVING count(*) > 1"]);
                let groups = sql![from, filter, " GROUP BY ", column, having];
                sql!["(SELECT ", column, " FROM ", groups, " ORDER BY count(*), 1 LIMIT 1)"]
            }
            _ => sql!["(SELECT max(", column, ") FROM ", from, filter, ")"],
        })
    }

    pub fn subquery_in(&mut self, scope: &Scope, deep: u32) -> Option<Text> {
        let (from, own, both) = self.inner(scope).filter(|_| deep > 0)?;
        let filter = self.correlation(&own, &both, scope);
        let not = *self.pick(&["", "NOT "]);
        if self.one_in(4) {
            let [a, b] = [Type::Int, Type::Text].map(|ty| self.leaf(ty, &own));
            let [c, d] = [Type::Int, Type::Text].map(|ty| self.leaf(ty, scope));
            let rows = sql!["(SELECT ", a, ", ", b, " FROM ", from, filter, ")"];
            // Found by an index, SQLite takes a row with a NULL in it for one that differs.
            let within = sql!["((", c, ", ", d, ") IN ", rows, ")"];
            return Some(sql![
                "(ifnull(",
                within,
                ", FALSE) = ",
                ["TRUE", "FALSE"][usize::from(!not.is_empty())],
                ")"
            ]);
        }
        let ty = *self.pick(&[Type::Int, Type::Int, Type::Text, Type::Real]);
        let item = match self.random.below(4) {
            0 => self.expression(ty, &Scope { subqueries: 0, ..both.clone() }, 1),
            _ => self.leaf(ty, &own),
        };
        let rest = match self.random.below(5) {
            0 => sql![" UNION ", "SELECT ", literal(self.random, ty)],
            1 => sql![" ORDER BY 1 LIMIT ", self.random.below(4).to_string()],
            _ => Text::plain(""),
        };
        // An integer and a fraction compare as numbers.
        let subject = match ty {
            Type::Real if self.one_in(2) => self.expression(Type::Int, scope, 0),
            ty => self.expression(ty, scope, 0),
        };
        let query = sql!["SELECT ", item, " FROM ", from, filter, Text::maybe(rest)];
        Some(sql!["(", subject, " ", not, "IN (", query, "))"])
    }

    pub fn subquery_exists(&mut self, scope: &Scope, deep: u32) -> Option<Text> {
        let (from, own, both) = self.inner(scope).filter(|_| deep > 0)?;
        let filter = self.correlation(&own, &both, scope);
        let not = *self.pick(&["", "NOT "]);
        let rest = match self.random.below(5) {
            0 => {
                let column = self.leaf(Type::Int, &own).to_string();
                // A literal would be read as the number of a column.
                match own.columns.iter().any(|(name, _)| *name == column) {
                    true => format!(" GROUP BY {column} HAVING count(*) > 1"),
                    false => " LIMIT 1".into(),
                }
            }
            1 => " LIMIT 1".into(),
            _ => String::new(),
        };
        Some(sql!["(", not, "EXISTS (SELECT 1 FROM ", from, filter, Text::maybe(rest.into()), "))"])
    }
}

/// The columns that a subquery can name. One that USING joins has no alias, so that a column of the
/// subquery's own would stand for it.
fn named_around(scope: &Scope) -> Vec<(String, Type)> {
    scope.columns.iter().filter(|(name, _)| name.contains('.')).cloned().collect()
}
