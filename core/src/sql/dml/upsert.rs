//! ON CONFLICT and INSERT OR …: what an INSERT does where a row with the same key stands already.

use super::assign::{Assigned, SetList};
use super::by_row::ByRow;
use super::syntax::target_expression;
use crate::chunk::Chunks;
use crate::error::{Error, Kind, Result};
use crate::expr::{EvalContext, Expr};
use crate::row::{Row, Table, TableDef, TableState, same_name};
use crate::sql::bind::{Scope, bind, bind_alone};
use crate::sql::context::{QueryContext, table_name};
use crate::sql::parse::parse_expr;
use crate::sql::scan::row_key;
use crate::tree::KeyRange;
use crate::value::Value;
use gluesql_core::sqlparser::ast::{
    ConflictTarget, DoUpdate, OnConflict, OnConflictAction, OnInsert, SqliteOnConflict,
};
use std::sync::Arc;

/// What to do about a row that is there already.
pub(in crate::sql) enum Conflict {
    /// The statement fails.
    Error,
    /// The new row is left out where another one has its values in a key of these; in any, where
    /// there is nothing.
    Ignore(Option<Unique>),
    /// OR IGNORE: so is a row that NOT NULL or CHECK refuses.
    IgnoreAll,
    /// OR REPLACE: the rows that stand in the way are deleted.
    Replace,
    /// The row that stands there is changed.
    Update {
        /// The key to look at.
        target: Unique,
        change: Change,
    },
    /// Several ON CONFLICT clauses, or one for every key: the first counts in whose key a row stands.
    /// Only the last may be `Several` itself.
    Several(Vec<Conflict>),
}

/// A key in which no two rows agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum Unique {
    PrimaryKey,
    /// An index, by its place.
    Index(usize),
}

/// What DO UPDATE does.
pub(in crate::sql) enum Change {
    /// Expressions see the old row and, behind it, the new one.
    Bound {
        assigned: Vec<Assigned>,
        /// Rows that this is not true of stay as they are.
        condition: Option<Expr<usize>>,
    },
    /// Subqueries read the rows: what they give stands behind the old row.
    ByRow { assigned: Vec<Assigned>, query: Box<ByRow> },
}

impl Conflict {
    /// What `INSERT OR …` says.
    ///
    /// # Errors
    /// `Unsupported` for FAIL with several rows.
    pub fn of_or(or: SqliteOnConflict, single: bool) -> Result<Self> {
        match or {
            // ROLLBACK differs in what becomes of the transaction, which the session sees to.
            SqliteOnConflict::Abort | SqliteOnConflict::Rollback => Ok(Conflict::Error),
            SqliteOnConflict::Ignore => Ok(Conflict::IgnoreAll),
            SqliteOnConflict::Replace => Ok(Conflict::Replace),
            SqliteOnConflict::Fail if single => Ok(Conflict::Error),
            SqliteOnConflict::Fail => Err(Error::Unsupported(
                "OR FAIL with several rows: a statement does all of its work, or nothing".into(),
            )),
        }
    }

    /// Reads an ON CONFLICT clause.
    ///
    /// # Errors
    /// `Sql` for a target that is no key; what binding gives.
    pub fn read(
        ctx: &QueryContext<'_>,
        state: &TableState,
        alias: Option<&str>,
        on: &OnConflict,
    ) -> Result<Self> {
        let def = &state.table.def;
        let target = match &on.conflict_target {
            None => None,
            Some(ConflictTarget::Columns(parts)) => {
                let scope = Scope::of_def(def);
                let part = |name: &str| match target_expression(name) {
                    None => {
                        let at = def.position(name).map(Expr::Column);
                        at.ok_or_else(|| Error::not_found(Kind::Column, name))
                    }
                    Some(text) => bind(&scope, &parse_expr(text, text.len())?, ctx.params),
                };
                let parts = parts.iter().map(|name| part(&name.value));
                Some(unique_over(state, &parts.collect::<Result<Vec<_>>>()?)?)
            }
            Some(ConflictTarget::OnConstraint(name)) => Some(constraint(state, table_name(name)?)?),
        };
        match &on.action {
            OnConflictAction::DoNothing => Ok(Conflict::Ignore(target)),
            OnConflictAction::DoUpdate(update) => {
                let Some(target) = target else {
                    let any = uniques(state).map(|target| {
                        let change = Change::read(ctx, def, alias, update)?;
                        Ok(Conflict::Update { target, change })
                    });
                    return Ok(Conflict::Several(any.collect::<Result<_>>()?));
                };
                Ok(Conflict::Update { target, change: Change::read(ctx, def, alias, update)? })
            }
        }
    }

    /// Reads several ON CONFLICT clauses.
    ///
    /// # Errors
    /// As [`Conflict::read`]; `Sql` where one before the last names no key.
    pub fn read_all(
        ctx: &QueryContext<'_>,
        state: &TableState,
        alias: Option<&str>,
        (first, more): (&OnConflict, &[&OnInsert]),
    ) -> Result<Self> {
        let mut all = vec![first];
        for on in more {
            match on {
                OnInsert::OnConflict(on) => all.push(on),
                _ => return Err(Error::Unsupported("ON DUPLICATE KEY UPDATE".into())),
            }
        }
        let before_last = all.len() - 1;
        if all.iter().take(before_last).any(|on| on.conflict_target.is_none()) {
            return Err(Error::Sql(
                "of several ON CONFLICT only the last may name no columns".into(),
            ));
        }
        let all = all.into_iter().map(|on| Conflict::read(ctx, state, alias, on));
        Ok(Conflict::Several(all.collect::<Result<_>>()?))
    }

    /// Updates every column that the new row names, where a row has its primary key.
    ///
    /// # Errors
    /// `Invalid` where the table has none.
    pub fn replace(state: &TableState, named: &[usize]) -> Result<Self> {
        let def = &state.table.def;
        let key = state.table.key();
        if key.is_empty() {
            return Err(Error::Invalid(format!(
                "table '{}' has no primary key to find rows by",
                def.name
            )));
        }
        let width = def.columns.len();
        let kept = named.iter().filter(|at| !key.iter().any(|(part, _)| part == *at));
        let assigned =
            kept.map(|at| Assigned { column: *at, value: Some(Expr::Column(width + at)) });
        let change = Change::Bound { assigned: assigned.collect(), condition: None };
        Ok(Conflict::Update { target: Unique::PrimaryKey, change })
    }
}

impl Change {
    fn read(
        ctx: &QueryContext<'_>,
        def: &TableDef,
        alias: Option<&str>,
        update: &DoUpdate,
    ) -> Result<Self> {
        let set = SetList::read(def, &update.assignments)?;
        let scope = Scope::of_table(def, alias).with(def, "excluded");
        let condition = update.selection.as_ref();
        let condition = condition.map(|expr| bind_alone(ctx, &scope, expr)).transpose()?;
        Ok(match (set.bind(ctx, &scope, def)?, condition) {
            (Some(assigned), None) => Change::Bound { assigned, condition: None },
            (Some(assigned), Some(Some(bound))) => {
                Change::Bound { assigned, condition: Some(bound) }
            }
            _ => {
                let names = (alias.unwrap_or(&def.name), "excluded");
                let condition = update.selection.as_ref();
                let query = Box::new(ByRow::inside(ctx, def, names, set.exprs(), condition));
                Change::ByRow { assigned: set.behind(def)?, query }
            }
        })
    }

    /// The row that the old one becomes; `None`: it stays as it is.
    pub(super) fn of(
        &self,
        ctx: &QueryContext<'_>,
        table: &Table,
        (old, new): (&Row, Row),
        eval: &EvalContext<'_>,
    ) -> Result<Option<Row>> {
        let mut seen = old.clone();
        seen.extend(new);
        match self {
            Change::Bound { assigned, condition } => {
                if let Some(condition) = condition
                    && !condition.matches(&seen, eval)?
                {
                    return Ok(None);
                }
                Assigned::apply(assigned, table, &seen, eval).map(Some)
            }
            Change::ByRow { assigned, query } => {
                let Some(values) = query.of(ctx, &seen)? else { return Ok(None) };
                seen.truncate(table.def.columns.len());
                seen.extend(values);
                Assigned::apply(assigned, table, &seen, eval).map(Some)
            }
        }
    }
}

/// The keys of a table in which no two rows agree.
pub(super) fn uniques(state: &TableState) -> impl Iterator<Item = Unique> + '_ {
    let key = (!state.table.key().is_empty()).then_some(Unique::PrimaryKey);
    let indexes = state.table.indexes().iter().enumerate();
    key.into_iter().chain(indexes.filter(|(_, i)| i.unique).map(|(at, _)| Unique::Index(at)))
}

/// The key or unique index that is over exactly these, in whichever order.
fn unique_over(state: &TableState, wanted: &[Expr<usize>]) -> Result<Unique> {
    let same = |parts: &[Expr<usize>]| {
        parts.len() == wanted.len()
            && wanted.iter().all(|one| parts.contains(one))
            && parts.iter().all(|one| wanted.contains(one))
    };
    let found = uniques(state).find(|unique| match unique {
        Unique::PrimaryKey => {
            let parts = state.table.key().iter().map(|(at, _)| Expr::Column(*at));
            same(&parts.collect::<Vec<_>>())
        }
        Unique::Index(at) => state.table.indexes().get(*at).is_some_and(|index| {
            same(&index.parts.iter().map(|(part, _)| part.clone()).collect::<Vec<_>>())
        }),
    });
    found.ok_or_else(|| {
        Error::Sql("ON CONFLICT must name the columns of the primary key or a unique index".into())
    })
}

fn constraint(state: &TableState, name: &str) -> Result<Unique> {
    let def = &state.table.def;
    if same_name(name, &def.primary_key_name()) && !def.primary_key.is_empty() {
        return Ok(Unique::PrimaryKey);
    }
    let index = def.indexes.iter().position(|i| i.unique && same_name(&i.name, name));
    index.map(Unique::Index).ok_or_else(|| Error::not_found(Kind::Index, name))
}

impl Unique {
    /// The key of the row that agrees with this one.
    ///
    /// # Errors
    /// A fault; an error of an index expression.
    pub(super) fn standing(
        self,
        state: &TableState,
        chunks: &Chunks,
        row: &Row,
    ) -> Result<Option<Arc<[u8]>>> {
        match self {
            Unique::PrimaryKey => {
                let null = |at: usize| row.get(at).is_none_or(Value::is_null);
                if state.table.key().iter().any(|(at, _)| null(*at)) {
                    return Ok(None);
                }
                let Some(key) = state.table.key_of(row) else { return Ok(None) };
                Ok(state.rows.get(chunks, &key)?.map(|_| key.into()))
            }
            Unique::Index(at) => {
                let found = state.table.indexes().get(at).zip(state.indexes.get(at));
                let Some((index, view)) = found else { return Ok(None) };
                let (prefix, null) = state.table.index_key(index, row)?;
                if null {
                    return Ok(None);
                }
                let mut cursor = view.cursor(chunks, &KeyRange::prefix(&prefix), false)?;
                match cursor.next()? {
                    None => Ok(None),
                    Some((entry, _)) => Ok(Some(Arc::from(row_key(&index.parts, &entry)?))),
                }
            }
        }
    }
}
