//! Queries: pages, set operations, and what stands behind SELECT.
//!
//! Every answer is determined: LIMIT stands only behind an order by all columns or by a key.

use super::expression::Type;
use super::tables::{Column, Table, Tables};
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
    /// Tables, views, and what WITH has named.
    pub relations: Vec<Table>,
    /// What is stored, the wide tables among them.
    pub stored: Vec<Table>,
    names: u32,
}

/// A query's text and its columns. No two queries name theirs alike: which of two columns of one
/// name GROUP BY means is a matter of dialect.
struct Select {
    text: Text,
    columns: Vec<Column>,
    /// What else its rows may be ordered by, where that is known.
    scope: Option<Scope>,
}

impl<'w> Writer<'w> {
    pub fn new(random: &'w mut Random, tables: &Tables) -> Self {
        let (relations, stored) = (tables.tables.clone(), tables.stored.clone());
        Writer { random, relations, stored, names: 0 }
    }

    /// A query, and whether its rows have an order.
    pub fn query(&mut self) -> (Text, bool) {
        if self.one_in(4) {
            return self.path();
        }
        let with = self.with();
        let select = self.body(2);
        let (order, ordered) = match self.random.below(3) {
            0 => (self.order(&select), true),
            _ => (Text::plain(""), false),
        };
        (sql![with, select.text, order], ordered)
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.random.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.random.below(from.len() as u64) as usize]
    }

    pub fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// An order by all columns, with LIMIT or without.
    fn order(&mut self, select: &Select) -> Text {
        let mut terms = Vec::new();
        if let Some(scope) = &select.scope
            && self.one_in(4)
        {
            let ty = *self.pick(&[Type::Int, Type::Text, Type::Real]);
            let term = self.expression(ty, scope, 1);
            // A literal would be read as the number of a column.
            if term.to_string().contains('q') {
                terms.push(sql![term, self.way()]);
            }
        }
        for (n, column) in select.columns.iter().enumerate() {
            let by = match self.random.below(2) {
                0 => format!("{}", n + 1),
                _ => column.name.clone(),
            };
            terms.push(sql![by, self.way()]);
        }
        sql![" ORDER BY ", Text::joined(terms, ", "), self.limit()]
    }

    /// A direction, and a place for NULLs.
    pub fn way(&mut self) -> Text {
        let way = *self.pick(&["", "", " ASC", " DESC", " DESC"]);
        let nulls = *self.pick(&["", "", "", " NULLS FIRST", " NULLS LAST"]);
        sql![way, Text::maybe(Text::plain(nulls))]
    }

    pub fn limit(&mut self) -> Text {
        let (rows, from) = (self.random.below(6), self.random.below(4));
        let limit = match self.random.below(7) {
            0 => format!(" LIMIT {rows}"),
            1 => format!(" LIMIT {rows} OFFSET {from}"),
            2 => format!(" LIMIT {from}, {rows}"),
            3 => format!(" LIMIT {rows} + {from}"),
            _ => String::new(),
        };
        Text::maybe(Text::plain(limit))
    }

    /// A query that may stand in parentheses: sometimes with an order and a limit.
    pub fn page(&mut self, deep: u32) -> (Text, Vec<Column>) {
        let select = self.body(deep);
        let text = match self.one_in(4) {
            true => {
                let order = self.order(&select);
                sql![select.text, Text::maybe(order)]
            }
            false => select.text,
        };
        (text, select.columns)
    }

    /// A SELECT, or several with set operations between them.
    fn body(&mut self, deep: u32) -> Select {
        let types: Vec<Type> =
            (0..self.random.between(1, 4)).map(|_| *self.pick(&Type::ALL)).collect();
        if !self.one_in(6) {
            return self.select(&types, deep, &Scope { columns: Vec::new(), subqueries: 2 });
        }
        let outer = Scope { columns: Vec::new(), subqueries: 1 };
        let first = self.select(&types, deep, &outer);
        let (mut text, mut columns) = (first.text, first.columns);
        // INTERSECT binds closer in one dialect than in the other, so it stands only in front.
        let mut ops = vec![" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "];
        for _ in 0..*self.pick(&[1, 1, 1, 2]) {
            // Integers and fractions are one kind of column.
            let types: Vec<Type> = types
                .iter()
                .map(|ty| match ty {
                    Type::Int | Type::Real if self.one_in(5) => Type::Real,
                    ty => *ty,
                })
                .collect();
            for (column, ty) in columns.iter_mut().zip(&types) {
                column.ty = match (column.ty, ty) {
                    (Type::Int, Type::Real) => Type::Real,
                    (ty, _) => ty,
                };
            }
            let next = self.select(&types, deep, &outer);
            let op = *self.pick(&ops);
            ops.truncate(3);
            let both = sql![text.clone(), op, next.text];
            // Only the first has the names that an order may use.
            text = Text::or(both, vec![text]);
        }
        Select { text, columns, scope: None }
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
        let (text, scope) = match self.random.below(10) {
            0..3 => (self.grouped(&columns, &own, rest), None),
            3 | 4 => (self.windowed(&columns, &own, rest), None),
            _ => {
                let distinct = self.one_in(4);
                let mut items = Vec::new();
                for Column { name, ty } in &columns {
                    let item = self.expression(*ty, &scope, 2);
                    items.push(sql![item, format!(" AS {name}")]);
                }
                let word = Text::maybe(Text::plain(if distinct { "DISTINCT " } else { "" }));
                let text = sql!["SELECT ", word, Text::joined(items, ", "), rest];
                // Of rows that are one, none gives the order.
                (text, (!distinct).then_some(Scope { subqueries: 0, ..own }))
            }
        };
        Select { text, columns, scope }
    }
}
