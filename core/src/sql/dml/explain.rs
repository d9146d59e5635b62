//! EXPLAIN of statements that change rows.
//!
//! ```text
//!   update t                                       what is done; ANALYZE says how much
//!     search t by primary key: 1 key               how its rows are found, and what its subqueries do
//!     subquery (value), run once
//!       scan o
//!     foreign key o_t of o: set to NULL            what follows
//! ```
//!
//! EXPLAIN finds the path and changes nothing; a subquery whose value decides on the path is run. EXPLAIN
//! ANALYZE is the statement itself: its rows are changed, in the open transaction or in one of its own.

use super::around::{Around, taken_apart};
use super::assign::SetList;
use super::insert::plain_values;
use super::rows_query;
use super::syntax::plain_name;
use crate::error::{Error, Result};
use crate::row::{Action, ForeignKeyDef, State, TableDef, TableState};
use crate::sql::access::plan_rows;
use crate::sql::bind::{Scope, bind_in};
use crate::sql::context::{QueryContext, table_name};
use crate::sql::points::split_mark;
use crate::sql::query::{explained, explanation, of_rows, plain_table};
use crate::sql::request::Output;
use crate::sql::trace::{Taken, Trace};
use crate::sql::write::{self, Snapshot, WriteContext};
use crate::txn::Txn;
use gluesql_core::sqlparser::ast::{
    Assignment, ConflictTarget, Expr as SqlExpr, FromTable, Insert, OnConflictAction, OnInsert,
    SqliteOnConflict, Statement, TableWithJoins,
};

/// What a statement says, apart from how its rows are found.
struct Said<'s> {
    /// What is done to which table.
    what: String,
    table: &'s TableState,
    /// Another name of the table.
    alias: Option<&'s str>,
    selection: Option<&'s SqlExpr>,
    /// The rows of an INSERT without a query.
    values: Option<usize>,
    /// What is done about rows that are there.
    conflict: Option<String>,
    /// Whose children are looked for: nobody's, or those of rows whose columns change; all, where no
    /// columns are named.
    leaves: Option<Option<Vec<usize>>>,
    /// Columns whose parents are looked up.
    comes: Vec<usize>,
}

/// How a statement that changes rows would find them, one operator a line.
///
/// # Errors
/// What binding the statement gives, and running subqueries.
pub(in crate::sql) fn explain(
    ctx: &QueryContext<'_>,
    statement: &Statement,
) -> Result<Vec<String>> {
    write::refuse_view(ctx.state, statement)?;
    let said = Said::of(ctx.state, statement)?;
    let trace = Trace::new(false);
    let traced = QueryContext { trace: Some(&trace), ..*ctx };
    let mut below = match (rows_query(&traced, statement)?, said.values) {
        // Subqueries are part of the query.
        (Some(query), _) => explained(ctx, &query, false)?,
        (None, Some(_)) => trace.into_lines(),
        (None, None) => {
            let scope = Scope::of_table(&said.table.table.def, said.alias);
            let predicate = said.selection.map(|expr| bind_in(ctx, &scope, expr)).transpose()?;
            let rows = plan_rows(ctx, said.table, predicate)?;
            let path = of_rows(said.table, &rows);
            std::iter::once(path).chain(trace.into_lines()).collect()
        }
    };
    said.around(ctx.state, &mut below);
    Ok(std::iter::once(said.what).chain(below).collect())
}

/// Runs a statement that changes rows and says what it did.
///
/// # Errors
/// The statement's.
pub(in crate::sql) fn explain_analyze(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    statement: &Statement,
) -> Result<Output> {
    let snapshot = Snapshot::of(txn, env);
    let state = snapshot.context(None).state;
    write::refuse_view(state, statement)?;
    let said = Said::of(state, statement)?;
    let trace = Trace::new(true);
    let chunks = txn.chunks().clone();
    let before = Taken::now(&chunks, env.limits);
    let traced = WriteContext { trace: Some(&trace), ..*env };
    let Output { affected, .. } = write::run(txn, &traced, statement)?;
    let mut taken = Taken::default();
    taken.add_since(before, &chunks, env.limits);
    let mut below = trace.into_lines();
    said.around(state, &mut below);
    let first = format!("{} ({affected} rows, {})", said.what, taken.shown(env.limits));
    Ok(Output { affected, ..explanation(std::iter::once(first).chain(below).collect()) })
}

impl<'s> Said<'s> {
    fn of(state: &'s State, statement: &'s Statement) -> Result<Self> {
        let (statement, around) = taken_apart(statement);
        match statement {
            Statement::Insert(insert) => Said::of_insert(state, insert, around),
            Statement::Update { table, assignments, selection, .. } => {
                let said = Said::of_table(state, "update", table, selection.as_ref())?;
                let columns = changed(&said.table.table.def, assignments)?;
                Ok(Said { leaves: Some(Some(columns.clone())), comes: columns, ..said })
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                let [one] = from.as_slice() else {
                    return Err(Error::Unsupported("DELETE from more than one table".into()));
                };
                let said = Said::of_table(state, "delete from", one, delete.selection.as_ref())?;
                Ok(Said { leaves: Some(None), ..said })
            }
            _ => Err(Error::Internal("not a statement that changes rows".into())),
        }
    }

    fn of_table(
        state: &'s State,
        what: &str,
        table: &'s TableWithJoins,
        selection: Option<&'s SqlExpr>,
    ) -> Result<Self> {
        let Some((name, alias)) = plain_table(table) else {
            return Err(Error::Unsupported(format!("{what} of more than one table")));
        };
        let table = state.find(split_mark(table_name(name)?).0)?;
        Ok(Said {
            what: format!("{what} {}", table.table.name()),
            table,
            alias,
            selection,
            values: None,
            conflict: None,
            leaves: None,
            comes: Vec::new(),
        })
    }

    fn of_insert(state: &'s State, insert: &'s Insert, around: Around<'_>) -> Result<Self> {
        let table = state.find(plain_name(&insert.table_name)?)?;
        let def = &table.table.def;
        let how = match insert.or {
            None => String::new(),
            Some(or) => format!(" or {}", or.to_string().to_lowercase()),
        };
        let mut leaves = (insert.or == Some(SqliteOnConflict::Replace)).then_some(None);
        let conflict = match &insert.on {
            Some(OnInsert::OnConflict(on)) => {
                let target = match &on.conflict_target {
                    None => String::new(),
                    Some(ConflictTarget::Columns(parts)) => {
                        let names: Vec<&str> = parts.iter().map(|p| p.value.as_str()).collect();
                        format!(" ({})", names.join(", "))
                    }
                    Some(ConflictTarget::OnConstraint(name)) => format!(" on {name}"),
                };
                let action = match &on.action {
                    OnConflictAction::DoNothing => "nothing",
                    OnConflictAction::DoUpdate(update) => {
                        leaves = Some(Some(changed(def, &update.assignments)?));
                        "update"
                    }
                };
                Some(format!("on conflict{target}: {action}"))
            }
            _ => None,
        };
        let values = match &insert.source {
            None => Some(1),
            Some(source) if around.is_nothing() => plain_values(source).map(Vec::len),
            Some(_) => None,
        };
        Ok(Said {
            what: format!("insert{how} into {}", table.table.name()),
            table,
            alias: None,
            selection: None,
            values,
            conflict,
            leaves,
            comes: (0..def.columns.len()).collect(),
        })
    }

    /// Puts what is not found but given before the lines, and what follows from the change behind them;
    /// all of them one step to the right.
    fn around(&self, state: &State, lines: &mut Vec<String>) {
        if let Some(rows) = self.values {
            lines.insert(0, format!("values: {rows} rows"));
        }
        lines.extend(self.conflict.clone());
        let def = &self.table.table.def;
        for foreign in &def.foreign_keys {
            let own = foreign.columns.iter().filter_map(|c| def.position_of(*c));
            if let (true, Some(parent)) = (any_of(&self.comes, own), state.table(foreign.parent)) {
                let (name, parent) = (&foreign.name, parent.table.name());
                lines.push(format!("foreign key {name}: looked up in {parent}"));
            }
        }
        let children = state.tables().flat_map(|child| {
            let keys = child.table.def.foreign_keys.iter();
            keys.filter(|key| key.parent == self.table.table.id()).map(move |key| (child, key))
        });
        for (child, key) in children {
            if let Some(action) = self.action(key) {
                let what = match action {
                    Action::NoAction | Action::Restrict => "none may be left",
                    Action::Cascade => "they follow",
                    Action::SetNull => "set to NULL",
                };
                let (name, child) = (&key.name, child.table.name());
                lines.push(format!("foreign key {name} of {child}: {what}"));
            }
        }
        lines.iter_mut().for_each(|line| line.insert_str(0, "  "));
    }

    /// What becomes of the children that have this key; `None`: they are not looked for.
    fn action(&self, key: &ForeignKeyDef) -> Option<Action> {
        let def = &self.table.table.def;
        match self.leaves.as_ref()? {
            None => Some(key.on_delete),
            Some(columns) => {
                let parts = key.parent_columns.iter().filter_map(|c| def.position_of(*c));
                any_of(columns, parts).then_some(key.on_update)
            }
        }
    }
}

fn any_of(columns: &[usize], mut of: impl Iterator<Item = usize>) -> bool {
    of.any(|at| columns.contains(&at))
}

/// The columns that are assigned to.
fn changed(def: &TableDef, assignments: &[Assignment]) -> Result<Vec<usize>> {
    Ok(SetList::read(def, assignments)?.columns())
}
