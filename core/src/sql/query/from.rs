//! FROM: inputs side by side, and how they are joined.

use super::bind::{Bound, Env, InSight, conditions, visible};
use super::place::{filtered, slots_of};
use super::plan::{Join, JoinKind, Method, Node, RowExpr, Scan};
use crate::error::{Error, Kind, Result};
use crate::expr::{CompareOp, Expr, Function};
use crate::row::{TableState, same_name};
use crate::sql::bind::{Columns, Merged, Scope};
use crate::sql::catalogue;
use crate::sql::context::Source;
use crate::sql::parse::parse;
use crate::sql::points::split_mark;
use crate::sql::request::OutputColumn;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    Expr as SqlExpr, FunctionArg, FunctionArgExpr, Ident, JoinConstraint, JoinOperator, ObjectName,
    Statement, TableAlias, TableFactor, TableWithJoins,
};
use std::sync::Arc;

/// How deep views may read views.
const VIEWS_DEPTH_MAX: usize = 32;
/// How many inputs one FROM may have.
const INPUTS_MAX: usize = 64;

/// What a FROM names in one place.
pub(super) struct Input {
    name: String,
    columns: InputColumns,
    first: usize,
    width: usize,
}

enum InputColumns {
    Table(Arc<TableState>),
    Named(Vec<OutputColumn>),
    Series(Vec<OutputColumn>),
}

impl Input {
    fn columns(&self) -> Columns<'_> {
        match &self.columns {
            InputColumns::Table(state) => Columns::Table(&state.table.def),
            InputColumns::Named(columns) => Columns::Named(columns),
            InputColumns::Series(columns) => Columns::Series(columns),
        }
    }
}

/// A FROM while it is read.
#[derive(Default)]
pub(super) struct From {
    inputs: Vec<Input>,
    merged: Vec<Merged>,
    nodes: Vec<Option<Node>>,
}

/// How inputs are joined, before the layout is known.
enum Tree {
    Input(usize),
    Join(Box<TreeJoin>),
}

struct TreeJoin {
    kind: JoinKind,
    left: Tree,
    right: Tree,
    on: Vec<RowExpr>,
}

impl From {
    /// The columns of the inputs from `start` on.
    fn scope_from<'s>(&'s self, start: usize, end: usize) -> Scope<'s> {
        let mut scope = Scope::empty();
        let inputs = self.inputs.get(start..end).unwrap_or_default();
        for input in inputs {
            scope.push(&input.name, input.columns(), input.first);
        }
        let from = inputs.first().map_or(usize::MAX, |input| input.first);
        let to = inputs.last().map_or(0, |input| input.first + input.width);
        for merged in &self.merged {
            if merged.hides.iter().all(|at| (from..to).contains(at)) {
                scope.merge(merged.clone());
            }
        }
        scope
    }

    /// All columns.
    pub fn scope(&self) -> Scope<'_> {
        self.scope_from(0, self.inputs.len())
    }

    fn width(&self) -> usize {
        self.inputs.last().map_or(0, |input| input.first + input.width)
    }

    fn types(&self) -> Vec<SqlType> {
        let mut types = Vec::with_capacity(self.width());
        for input in &self.inputs {
            let columns = input.columns();
            types.extend((0..input.width).map(|at| columns.get(at).map_or(SqlType::Blob, |c| c.1)));
        }
        types
    }

    fn push(&mut self, name: String, columns: InputColumns, node: Node) -> Result<usize> {
        if self.inputs.len() >= INPUTS_MAX {
            return Err(Error::Limit(format!("FROM names more than {INPUTS_MAX} tables")));
        }
        let twice = |input: &Input| !name.is_empty() && same_name(&input.name, &name);
        if self.inputs.iter().any(twice) {
            return Err(Error::Sql(format!("FROM names '{name}' twice: give one an alias")));
        }
        let (first, width) = (self.width(), node.width());
        self.inputs.push(Input { name, columns, first, width });
        self.nodes.push(Some(node));
        Ok(self.inputs.len() - 1)
    }
}

/// A FROM that was read: its columns, and the operators that bring its rows.
pub(super) struct Rows {
    pub from: From,
    pub node: Node,
}

impl Env<'_> {
    /// Reads a FROM.
    ///
    /// # Errors
    /// `NotFound`, `Sql`, `Unsupported`, `Limit`.
    pub fn from(&self, tables: &[TableWithJoins], ctes: &InSight<'_>) -> Result<Rows> {
        let mut from = From::default();
        let mut tree: Option<Tree> = None;
        for table in tables {
            let right = self.joined(&mut from, table, ctes)?;
            tree = Some(match tree {
                None => right,
                Some(left) => {
                    let (kind, on) = (JoinKind::Inner, Vec::new());
                    Tree::Join(Box::new(TreeJoin { kind, left, right, on }))
                }
            });
        }
        let node = match tree {
            None => Node::One,
            Some(Tree::Input(at)) => taken(&mut from, at)?,
            Some(tree) => {
                let types = Arc::new(from.types());
                joined_nodes(tree, &mut from, &types)?
            }
        };
        Ok(Rows { from, node })
    }

    fn joined(&self, from: &mut From, table: &TableWithJoins, ctes: &InSight<'_>) -> Result<Tree> {
        let start = from.inputs.len();
        let mut tree = self.factor(from, &table.relation, ctes)?;
        for join in &table.joins {
            let before = from.inputs.len();
            let right = self.factor(from, &join.relation, ctes)?;
            let (kind, constraint) = match &join.join_operator {
                JoinOperator::Inner(constraint) => (JoinKind::Inner, Some(constraint)),
                JoinOperator::LeftOuter(constraint) => (JoinKind::Left, Some(constraint)),
                JoinOperator::RightOuter(constraint) => (JoinKind::Right, Some(constraint)),
                JoinOperator::FullOuter(constraint) => (JoinKind::Full, Some(constraint)),
                JoinOperator::CrossJoin => (JoinKind::Inner, None),
                _ => return Err(Error::Unsupported("this kind of join".into())),
            };
            let on = match constraint {
                None | Some(JoinConstraint::None) if kind == JoinKind::Inner => Vec::new(),
                None | Some(JoinConstraint::None) => {
                    return Err(Error::Sql("an outer join needs ON or USING".into()));
                }
                Some(JoinConstraint::On(on)) => {
                    // ON sees what stands before it, and its own input.
                    let scope = from
                        .scope_from(start, from.inputs.len())
                        .within(self.frame, self.view_depth > 0);
                    conditions(self.expr(&scope, ctes, on)?)
                }
                Some(JoinConstraint::Using(names)) => using(from, (start, before), names, kind)?,
                Some(JoinConstraint::Natural) => {
                    let names = common(from, start, before);
                    using(from, (start, before), &names, kind)?
                }
            };
            tree = Tree::Join(Box::new(TreeJoin { kind, left: tree, right, on }));
        }
        Ok(tree)
    }

    fn factor(&self, from: &mut From, factor: &TableFactor, ctes: &InSight<'_>) -> Result<Tree> {
        let unsupported = |what: &str| Err(Error::Unsupported(what.to_owned()));
        match factor {
            TableFactor::Table { with_ordinality: true, .. } => unsupported("WITH ORDINALITY"),
            TableFactor::Table { name, alias, args, version: None, partitions, .. }
                if partitions.is_empty() =>
            {
                let bound = match args {
                    None => self.table(name, ctes)?,
                    Some(args) => self.table_function(name, &args.args, ctes)?,
                };
                self.input(from, bound, name, alias.as_ref()).map(Tree::Input)
            }
            TableFactor::Derived { lateral: true, .. } => unsupported("LATERAL"),
            TableFactor::Derived { subquery, alias, .. } => {
                let bound = visible(self.query(subquery, ctes)?);
                let name = ObjectName(Vec::new());
                self.input(from, Relation::Rows(bound), &name, alias.as_ref()).map(Tree::Input)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.joined(from, table_with_joins, ctes)
            }
            TableFactor::NestedJoin { .. } => unsupported("an alias of joins in parentheses"),
            TableFactor::UNNEST { .. } => unsupported("UNNEST"),
            TableFactor::JsonTable { .. } => unsupported("JSON_TABLE"),
            _ => unsupported("this form of table in FROM"),
        }
    }

    fn input(
        &self,
        from: &mut From,
        relation: Relation,
        name: &ObjectName,
        alias: Option<&TableAlias>,
    ) -> Result<usize> {
        let own = name.0.last().map_or("", |ident| split_mark(&ident.value).0);
        let shown = alias.map_or(own, |alias| alias.name.value.as_str()).to_owned();
        let names = alias.map_or(&[][..], |alias| &alias.columns);
        let (columns, node) = match relation {
            Relation::Table(source) => {
                let columns = match names.is_empty() {
                    true => InputColumns::Table(source.table.clone()),
                    false => {
                        let columns = source.table.table.def.columns.iter();
                        let columns = columns
                            .map(|c| OutputColumn { name: c.name.clone(), ty: c.ty })
                            .collect();
                        InputColumns::Named(renamed(columns, names, &shown)?)
                    }
                };
                (columns, Node::Scan(Box::new(Scan::of(source))))
            }
            // Its column is called as it is itself.
            Relation::Rows(Bound { node: node @ Node::Series { .. }, mut columns }) => {
                if let (Some(_), Some(column)) = (alias, columns.first_mut()) {
                    column.name.clone_from(&shown);
                }
                (InputColumns::Series(renamed(columns, names, &shown)?), node)
            }
            Relation::Rows(Bound { node, columns }) => {
                (InputColumns::Named(renamed(columns, names, &shown)?), node)
            }
        };
        from.push(shown, columns, node)
    }

    /// What a name in FROM means: a common table expression, a table, a view, or a relation of the
    /// catalogue.
    fn table(&self, name: &ObjectName, ctes: &InSight<'_>) -> Result<Relation> {
        if let [Ident { value, .. }] = name.0.as_slice()
            && let Some(bound) = self.find_cte(value, ctes)?
        {
            return Ok(Relation::Rows(bound));
        }
        let source = match self.source(name) {
            Ok(source) => source,
            // What is no table may be made.
            Err(error @ (Error::NotFound { .. } | Error::Unsupported(_))) => {
                let made = catalogue::relation(self.binding.ctx, name, None)?;
                return made.map(|made| made_rows(name, made)).ok_or(error);
            }
            Err(error) => return Err(error),
        };
        match source.table.table.def.view() {
            None => Ok(Relation::Table(source)),
            Some(text) => self.view(name, &source, text).map(Relation::Rows),
        }
    }

    /// The table that a name means, at the point that stands behind it or behind the view around it.
    fn source(&self, name: &ObjectName) -> Result<Source> {
        let ctx = self.binding.ctx;
        let marked = name.0.last().is_some_and(|ident| split_mark(&ident.value).1.is_some());
        match self.view_point {
            Some(point) if !marked => ctx.source_at(name, point),
            _ if self.view_depth > 0 => ctx.source_in_view(name),
            _ => ctx.source(name),
        }
    }

    /// A view's query, with the names of the view's columns.
    fn view(&self, name: &ObjectName, source: &Source, text: &str) -> Result<Bound> {
        if self.view_depth >= VIEWS_DEPTH_MAX {
            return Err(Error::Limit(format!("views nest more than {VIEWS_DEPTH_MAX} deep")));
        }
        let broken = || Error::Corrupt(format!("the view {name} holds no query"));
        let parsed = parse(text, text.len())?;
        let Statement::Query(query) = parsed.statement()? else { return Err(broken()) };
        let point = name.0.last().and_then(|ident| split_mark(&ident.value).1);
        let (depth, point) = (self.view_depth + 1, point.or(self.view_point));
        let view = Env { view_depth: depth, view_point: point, ..*self };
        // It sees nothing of what is around it.
        let mut bound = visible(view.query(query, &InSight::default())?);
        let def = &source.table.table.def;
        if bound.columns.len() != def.columns.len() {
            return Err(Error::Invalid(format!(
                "what the view '{}' reads has changed: it now has {} columns, not {}",
                def.name,
                bound.columns.len(),
                def.columns.len()
            )));
        }
        for (column, named) in bound.columns.iter_mut().zip(&def.columns) {
            column.name.clone_from(&named.name);
        }
        Ok(bound)
    }

    fn table_function(
        &self,
        name: &ObjectName,
        args: &[FunctionArg],
        ctes: &InSight<'_>,
    ) -> Result<Relation> {
        let scope = Scope::empty().within(self.frame, self.view_depth > 0);
        let mut bound = Vec::with_capacity(args.len());
        for arg in args {
            match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => {
                    bound.push(self.expr(&scope, ctes, expr)?);
                }
                _ => return Err(Error::Sql(format!("{name} takes values"))),
            }
        }
        let eval = self.binding.ctx.eval();
        let values: Result<Vec<Value>> =
            bound.iter().map(|arg| Ok(arg.eval(&[], &eval)?)).collect();
        let plain = match name.0.as_slice() {
            [ident] => ident.value.to_ascii_lowercase(),
            _ => String::new(),
        };
        let series = |name: &str, from: RowExpr, to: RowExpr, step: RowExpr| {
            let columns = vec![OutputColumn { name: name.into(), ty: SqlType::BigInt }];
            Ok(Relation::Rows(Bound { node: Node::Series { from, to, step }, columns }))
        };
        match (plain.as_str(), <[RowExpr; 3]>::try_from(bound)) {
            ("generate_series", Ok([from, to, step])) => series("generate_series", from, to, step),
            ("generate_series", Err(two)) => match <[RowExpr; 2]>::try_from(two) {
                Ok([from, to]) => series("generate_series", from, to, Expr::literal(1i64)),
                Err(_) => Err(Error::Sql("generate_series takes 2 or 3 arguments".into())),
            },
            ("series", Err(one)) => match <[RowExpr; 1]>::try_from(one) {
                Ok([to]) => series("N", Expr::literal(1i64), to, Expr::literal(1i64)),
                Err(_) => Err(Error::Sql("SERIES takes 1 argument".into())),
            },
            ("json_each" | "json_tree" | "unnest", _) => {
                Err(Error::Unsupported(format!("the table function {plain}")))
            }
            _ => {
                if self.binding.ctx.params.asked().is_some() && values.is_err() {
                    return Err(Error::Unsupported(format!(
                        "preparing {name}(…) without its values, which say what columns it has"
                    )));
                }
                let args = values?;
                let made = catalogue::relation(self.binding.ctx, name, Some(&args))?;
                let made = made.map(|made| made_rows(name, made));
                made.ok_or_else(|| Error::not_found(Kind::Table, format!("{name}(…)")))
            }
        }
    }
}

/// A relation of the catalogue.
fn made_rows(name: &ObjectName, made: catalogue::Relation) -> Relation {
    let width = made.columns.len();
    let columns = made.columns.into_iter();
    let columns = columns.map(|(name, ty)| OutputColumn { name, ty }).collect();
    let node = Node::Rows { rows: Arc::new(made.rows), width, name: name.to_string() };
    Relation::Rows(Bound { node, columns })
}

/// What an input is made of.
enum Relation {
    Table(Source),
    Rows(Bound),
}

impl Scan {
    /// All rows of a table.
    pub fn of(source: Source) -> Scan {
        let wanted = vec![true; source.table.table.def.columns.len() + 1];
        Scan { source, filter: None, wanted, rows: None, among: Vec::new() }
    }
}

fn renamed(
    mut columns: Vec<OutputColumn>,
    names: &[Ident],
    shown: &str,
) -> Result<Vec<OutputColumn>> {
    if names.len() > columns.len() {
        return Err(Error::Sql(format!("'{shown}' names more columns than there are")));
    }
    for (column, name) in columns.iter_mut().zip(names) {
        column.name = name.value.clone();
    }
    Ok(columns)
}

/// The names that the inputs on both sides have.
fn common(from: &From, start: usize, before: usize) -> Vec<Ident> {
    let left = from.scope_from(start, before);
    let right = from.scope_from(before, from.inputs.len());
    let mut names: Vec<Ident> = Vec::new();
    for (_, name, _) in right.columns() {
        let new = !names.iter().any(|known| same_name(&known.value, &name));
        if new && left.columns().iter().any(|(_, known, _)| same_name(known, &name)) {
            names.push(Ident::new(name));
        }
    }
    names
}

/// The conditions of USING; its columns are merged.
fn using(
    from: &mut From,
    (start, before): (usize, usize),
    names: &[Ident],
    kind: JoinKind,
) -> Result<Vec<RowExpr>> {
    let mut on = Vec::with_capacity(names.len());
    for name in names {
        let names = std::slice::from_ref(name);
        let left = from.scope_from(start, before).resolve(names)?;
        let right = from.scope_from(before, from.inputs.len()).resolve(names)?;
        let mut hides = left.columns();
        hides.extend(right.columns());
        on.push(left.clone().compare(CompareOp::Eq, right.clone()));
        let expr = match kind {
            JoinKind::Inner | JoinKind::Left => left,
            JoinKind::Right => right,
            JoinKind::Full => Expr::call(Function::Coalesce, vec![left, right])?,
        };
        // What was merged of these before is part of this.
        from.merged.retain(|merged| {
            let inside = merged.hides.iter().any(|at| hides.contains(at));
            if inside {
                hides.extend(&merged.hides);
            }
            !inside
        });
        hides.sort_unstable();
        hides.dedup();
        from.merged.push(Merged { name: name.value.clone(), expr, hides });
    }
    Ok(on)
}

fn taken(from: &mut From, at: usize) -> Result<Node> {
    let node = from.nodes.get_mut(at).and_then(Option::take);
    node.ok_or_else(|| Error::Internal("an input was used twice".into()))
}

fn joined_nodes(tree: Tree, from: &mut From, types: &Arc<Vec<SqlType>>) -> Result<Node> {
    // A comma or a JOIN more is one level more on the left: as deep as there are inputs.
    match tree {
        Tree::Input(at) => {
            let input = Box::new(taken(from, at)?);
            let first = from.inputs.get(at).map_or(0, |input| input.first);
            Ok(Node::Place { first, width: types.len(), input })
        }
        Tree::Join(join) => {
            let TreeJoin { kind, left, right, on } = *join;
            let left = joined_nodes(left, from, types)?;
            let right = joined_nodes(right, from, types)?;
            let (left_slots, right_slots) = (slots_of(&left), slots_of(&right));
            let node = Node::Join(Box::new(Join {
                kind,
                left,
                right,
                left_slots,
                right_slots,
                keys: Vec::new(),
                on: Vec::new(),
                method: Method::Loop,
                types: types.clone(),
            }));
            Ok(on.into_iter().fold(node, super::place::joined_on))
        }
    }
}

/// Leaves out the rows of a FROM that WHERE is not true of.
pub(super) fn restricted(node: Node, condition: RowExpr) -> Node {
    conditions(condition).into_iter().fold(node, filtered)
}

/// Whether an expression is nothing but a name.
pub(super) fn is_name(expr: &SqlExpr) -> bool {
    matches!(expr, SqlExpr::Identifier(_) | SqlExpr::CompoundIdentifier(_))
}
