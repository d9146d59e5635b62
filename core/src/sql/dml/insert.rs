//! INSERT.

use super::around::{Around, query};
use super::assign::{default_of, is_default, refuse_generated};
use super::cascade::{Changed, follow, is_parent};
use super::literal_rows::LiteralRow;
use super::returning::Returning;
use super::syntax::plain_name;
use super::upsert::{Change, Conflict, Unique, uniques};
use crate::error::{Error, Kind, Result};
use crate::expr::{EvalContext, Expr};
use crate::row::{Row, TableDef, TableId, TableState};
use crate::sql::bind::{Scope, bind_in};
use crate::sql::context::{QueryContext, eval_at};
use crate::sql::literal::constant;
use crate::sql::meter::Meter;
use crate::sql::query::{self as query_engine, run_select};
use crate::sql::request::{Limits, Output, OutputColumn, StatementKind};
use crate::sql::types;
use crate::sql::write::{Snapshot, WriteContext};
use crate::txn::Txn;
use crate::value::{SqlType, Value};
use gluesql_core::sqlparser::ast::{
    Expr as SqlExpr, Insert, OnInsert, Query, SetExpr, SqliteOnConflict,
};
use std::borrow::Cow;
use std::sync::Arc;

/// Rows to be inserted: which columns they name, and their values; `None` stands for DEFAULT.
pub(in crate::sql) struct Incoming {
    /// Positions of the columns that are named.
    pub columns: Vec<usize>,
    /// One value per named column.
    pub rows: Vec<Vec<Option<Value>>>,
    /// How many volatile values were drawn for them.
    pub drawn: u64,
}

pub(in crate::sql) fn insert(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    insert: &Insert,
    around: Around<'_>,
) -> Result<Output> {
    refuse_extras(insert)?;
    let table = txn.state().find(plain_name(&insert.table_name)?)?.clone();
    let snapshot = Snapshot::of(txn, env);
    let ctx = snapshot.context(Some(txn));
    let incoming = read_source(&ctx, insert, &table, around, env.rows)?;
    let conflict = read_conflict(&ctx, insert, &table, around, incoming.rows.len())?;
    let alias = insert.table_alias.as_ref().map(|a| a.value.as_str());
    let shown = insert.returning.as_deref();
    let returning = Returning::read(&ctx, &table.table.def, alias, shown, &[])?;
    insert_into(txn, env, &table, incoming, &conflict, returning)
}

/// The columns that an INSERT gives, without running it.
///
/// # Errors
/// What binding the statement gives.
pub(super) fn described(
    ctx: &QueryContext<'_>,
    insert: &Insert,
    around: Around<'_>,
) -> Result<Vec<OutputColumn>> {
    refuse_extras(insert)?;
    let table = ctx.state.find(plain_name(&insert.table_name)?)?;
    let def = &table.table.def;
    if let Some(source) = &insert.source {
        let mut named = Named::read(insert, def)?;
        if let (Some(values), true) = (plain_values(source), around.is_nothing()) {
            for row in values {
                for (expr, ty) in row.iter().zip(named.types(row.len())?) {
                    if is_default(expr) {
                        continue;
                    }
                    let bound = bind_in(ctx, &Scope::empty(), expr)?;
                    if let (Expr::Column(at), Some(asked)) = (bound, ctx.params.asked()) {
                        asked.tell(at, ty);
                    }
                }
            }
        } else {
            let source = within(source, around);
            let width = query_engine::described(ctx, &source, &[])?.len();
            query_engine::described(ctx, &source, &named.types(width)?)?;
        }
    }
    read_conflict(ctx, insert, table, around, 1)?;
    let alias = insert.table_alias.as_ref().map(|a| a.value.as_str());
    Ok(Returning::read(ctx, def, alias, insert.returning.as_deref(), &[])?.columns())
}

/// What is done about rows that are there; so many are to come.
fn read_conflict(
    ctx: &QueryContext<'_>,
    insert: &Insert,
    table: &TableState,
    around: Around<'_>,
    rows: usize,
) -> Result<Conflict> {
    let alias = insert.table_alias.as_ref().map(|a| a.value.as_str());
    match (&insert.on, insert.or) {
        (None, None) => Ok(Conflict::Error),
        (None, Some(or)) => Conflict::of_or(or, rows <= 1),
        (Some(OnInsert::OnConflict(on)), None | Some(SqliteOnConflict::Abort)) => {
            match around.more_conflicts() {
                more if more.is_empty() => Conflict::read(ctx, table, alias, on),
                more => Conflict::read_all(ctx, table, alias, (on, &more)),
            }
        }
        (Some(OnInsert::OnConflict(_)), Some(or)) => {
            Err(Error::Unsupported(format!("OR {or} beside ON CONFLICT")))
        }
        (Some(_), _) => Err(Error::Unsupported("ON DUPLICATE KEY UPDATE".into())),
    }
}

fn refuse_extras(insert: &Insert) -> Result<()> {
    let extras = [
        (insert.ignore, "INSERT IGNORE (use INSERT OR IGNORE)"),
        (insert.overwrite, "INSERT OVERWRITE"),
        (insert.partitioned.is_some(), "INSERT … PARTITION"),
        (insert.insert_alias.is_some(), "INSERT … VALUES … AS"),
    ];
    match extras.iter().find(|(there, _)| *there) {
        Some((_, what)) => Err(Error::Unsupported((*what).to_owned())),
        None => Ok(()),
    }
}

fn read_source(
    ctx: &QueryContext<'_>,
    insert: &Insert,
    table: &TableState,
    around: Around<'_>,
    literals: Option<&[LiteralRow]>,
) -> Result<Incoming> {
    let mut named = Named::read(insert, &table.table.def)?;
    let Some(source) = &insert.source else {
        // DEFAULT VALUES.
        return Ok(Incoming { columns: Vec::new(), rows: vec![Vec::new()], drawn: 0 });
    };
    if let Some(literals) = literals {
        let meter = Meter::new(ctx.limits);
        for row in literals {
            meter.step()?;
            named.fit(row.len())?;
            meter.hold(row.iter().flatten().map(Value::size_bytes).sum())?;
        }
        return Ok(Incoming { columns: named.columns, rows: literals.to_vec(), drawn: 0 });
    }
    if let (Some(values), true) = (plain_values(source), around.is_nothing()) {
        let eval = ctx.eval();
        let meter = Meter::new(ctx.limits);
        let mut rows = Vec::with_capacity(values.len());
        for row in values {
            meter.step()?;
            named.fit(row.len())?;
            let values = row.iter().map(|expr| value_of(ctx, expr, &eval));
            let values: Vec<Option<Value>> = values.collect::<Result<_>>()?;
            meter.hold(values.iter().flatten().map(Value::size_bytes).sum())?;
            rows.push(values);
        }
        return Ok(Incoming { columns: named.columns, rows, drawn: eval.drawn() });
    }
    // How many rows a statement may show says nothing of how many it may insert.
    let limits = Limits { rows: u64::MAX, ..ctx.limits.clone() };
    let source = within(source, around);
    let output = run_select(&QueryContext { limits: &limits, ..*ctx }, &source)?;
    named.fit(output.columns.len())?;
    let rows = output.rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect();
    Ok(Incoming { columns: named.columns, rows, drawn: super::DEFAULTS_DRAWN })
}

/// The columns that an INSERT names.
struct Named<'d> {
    def: &'d TableDef,
    /// Their positions.
    columns: Vec<usize>,
    /// Whether none is named, so that all are meant.
    all: bool,
}

impl<'d> Named<'d> {
    fn read(insert: &Insert, def: &'d TableDef) -> Result<Self> {
        let mut columns: Vec<usize> = Vec::new();
        for name in &insert.columns {
            let at = def.position(&name.value);
            let at = at.ok_or_else(|| Error::not_found(Kind::Column, &*name.value))?;
            if columns.contains(&at) {
                return Err(Error::Sql(format!("column '{}' is named twice", name.value)));
            }
            columns.push(at);
        }
        let all = columns.is_empty();
        if all {
            columns = (0..def.columns.len()).collect();
        }
        Ok(Named { def, columns, all })
    }

    /// Takes so many values for a row. Generated columns may be left out, as SQLite has it, or given
    /// DEFAULT, as PostgreSQL has it; which of both, the first row says.
    fn fit(&mut self, values: usize) -> Result<()> {
        let Named { def, columns, all } = self;
        if std::mem::take(all) && values < columns.len() {
            columns.retain(|at| def.columns.get(*at).is_some_and(|c| c.generated.is_none()));
        }
        match values == columns.len() {
            true => Ok(()),
            false => Err(Error::Sql(format!(
                "a row of {values} values for {} columns of '{}'",
                columns.len(),
                def.name
            ))),
        }
    }

    /// The types of the columns that so many values are for.
    fn types(&mut self, values: usize) -> Result<Vec<SqlType>> {
        self.fit(values)?;
        let ty = |at: &usize| self.def.columns.get(*at).map_or(SqlType::Any, |c| c.ty);
        Ok(self.columns.iter().map(ty).collect())
    }
}

/// The query of an INSERT with the WITH that stands before the INSERT and means it.
fn within<'q>(source: &'q Query, around: Around<'_>) -> Cow<'q, Query> {
    match around.with() {
        None => Cow::Borrowed(source),
        Some(with) => {
            let body = SetExpr::Query(Box::new(source.clone()));
            Cow::Owned(query(Some(with.clone()), body))
        }
    }
}

/// The query whose rows are inserted, where that is more than VALUES.
pub(super) fn source_query(insert: &Insert, around: Around<'_>) -> Option<Query> {
    let plain = |source: &Query| around.is_nothing() && plain_values(source).is_some();
    let source = insert.source.as_ref().filter(|source| !plain(source))?;
    Some(within(source, around).into_owned())
}

/// Binds the rows of a bare VALUES, which runs their subqueries.
pub(super) fn bind_values(ctx: &QueryContext<'_>, insert: &Insert) -> Result<()> {
    let table = ctx.state.find(plain_name(&insert.table_name)?)?;
    let mut named = Named::read(insert, &table.table.def)?;
    for row in insert.source.as_ref().and_then(|source| plain_values(source)).into_iter().flatten()
    {
        named.fit(row.len())?;
        for expr in row.iter().filter(|expr| !is_default(expr)) {
            bind_in(ctx, &Scope::empty(), expr)?;
        }
    }
    Ok(())
}

/// The rows of a bare VALUES.
pub(super) fn plain_values(query: &Query) -> Option<&Vec<Vec<SqlExpr>>> {
    let bare = query.with.is_none()
        && query.order_by.is_none()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.fetch.is_none();
    match query.body.as_ref() {
        SetExpr::Values(values) if bare => Some(&values.rows),
        _ => None,
    }
}

fn value_of(
    ctx: &QueryContext<'_>,
    expr: &SqlExpr,
    eval: &EvalContext<'_>,
) -> Result<Option<Value>> {
    match expr {
        // What binding and evaluating would come to; rows of parameters are read a thousand at once.
        SqlExpr::Value(value) if ctx.params.asked().is_none() => {
            Ok(Some(constant(value, &ctx.params)?))
        }
        expr if is_default(expr) => Ok(None),
        expr => Ok(Some(bind_in(ctx, &Scope::empty(), expr)?.eval(&[], eval)?)),
    }
}

/// What columns that a statement does not name are given.
struct Defaults(Vec<Option<Expr<usize>>>);

impl Defaults {
    fn of(table: &TableState) -> Result<Self> {
        let def = &table.table.def;
        let defaults = (0..def.columns.len()).map(|at| default_of(def, at));
        Ok(Defaults(defaults.collect::<Result<_>>()?))
    }

    fn value(&self, at: usize, eval: &EvalContext<'_>) -> Result<Value> {
        match self.0.get(at) {
            Some(Some(default)) => Ok(default.eval(&[], eval)?),
            _ => Ok(Value::Null),
        }
    }
}

/// Puts rows into a table.
///
/// # Errors
/// A violation; a value that does not fit its column; a fault.
pub(in crate::sql) fn insert_into(
    txn: &mut Txn,
    env: &WriteContext<'_>,
    table: &Arc<TableState>,
    incoming: Incoming,
    conflict: &Conflict,
    returning: Returning,
) -> Result<Output> {
    let def = &table.table.def;
    let moment = *txn.moment();
    let eval = eval_at(&moment, env.limits).drawn_before(incoming.drawn);
    let before = Snapshot::of(txn, env);
    let defaults = Defaults::of(table)?;
    let mut named = vec![None; def.columns.len()];
    for (place, at) in incoming.columns.iter().enumerate() {
        if let Some(slot) = named.get_mut(*at) {
            *slot = Some(place);
        }
    }
    let single_key = match table.table.key() {
        [(at, _)] => Some(*at),
        _ => None,
    };
    let mut inserting = Inserting {
        table,
        id: table.table.id(),
        conflict,
        returning,
        before: &before,
        eval: &eval,
        meter: Meter::new(env.limits),
        single_key,
        is_parent: is_parent(txn, table.table.id()),
        changed: Vec::new(),
        output: Output::done(StatementKind::Insert, 0),
    };
    for mut values in incoming.rows {
        inserting.meter.step()?;
        let mut row: Row = Vec::with_capacity(def.columns.len());
        for (at, column) in def.columns.iter().enumerate() {
            let given = named.get(at).copied().flatten();
            let given = given.and_then(|place| values.get_mut(place)).and_then(Option::take);
            let value = match given {
                // OR REPLACE puts the default where NULL may not stand.
                Some(Value::Null) if column.not_null && matches!(conflict, Conflict::Replace) => {
                    defaults.value(at, &eval)?
                }
                Some(value) => {
                    refuse_generated(def, at)?;
                    value
                }
                None => defaults.value(at, &eval)?,
            };
            row.push(types::assign(value, &column.ty)?);
        }
        table.table.generate(&mut row)?;
        inserting.row(txn, row)?;
    }
    inserting.finish(txn)
}

/// Inserts rows one after the other.
struct Inserting<'i> {
    table: &'i Arc<TableState>,
    id: TableId,
    conflict: &'i Conflict,
    returning: Returning,
    /// What subqueries see: the state before the statement.
    before: &'i Snapshot<'i>,
    eval: &'i EvalContext<'i>,
    meter: Meter<'i>,
    /// The column of a primary key that is one column.
    single_key: Option<usize>,
    /// Whether other tables refer to this one.
    is_parent: bool,
    /// Rows that were replaced or updated.
    changed: Vec<Changed>,
    output: Output,
}

impl Inserting<'_> {
    fn row(&mut self, txn: &mut Txn, row: Row) -> Result<()> {
        self.row_under(txn, row, self.conflict)
    }

    fn row_under(&mut self, txn: &mut Txn, row: Row, conflict: &Conflict) -> Result<()> {
        match conflict {
            // The first that a row stands in the way of; the last, where there is none.
            Conflict::Several(all) => {
                let mut all = all.iter().peekable();
                while let Some(conflict) = all.next() {
                    if all.peek().is_none() || self.meets(txn, &row, conflict)? {
                        return self.row_under(txn, row, conflict);
                    }
                }
                self.put(txn, row)
            }
            Conflict::Error => self.put(txn, row),
            Conflict::Ignore(_) => match self.meets(txn, &row, conflict)? {
                true => Ok(()),
                false => self.put(txn, row),
            },
            Conflict::IgnoreAll => {
                let state = self.state(txn)?;
                if any(&state, |unique| unique.standing(&state, txn.chunks(), &row))? {
                    return Ok(());
                }
                drop(state);
                // What a row alone breaks is found before anything of it is written.
                match self.put(txn, row) {
                    Err(Error::Violation(_)) => Ok(()),
                    done => done,
                }
            }
            Conflict::Replace => {
                for unique in uniques(self.table) {
                    let state = self.state(txn)?;
                    if let Some(key) = unique.standing(&state, txn.chunks(), &row)? {
                        let stored = self.stored(txn, &key)?;
                        self.note(&state, &stored, None)?;
                        drop(state);
                        txn.take(self.id, &key, &stored)?;
                    }
                }
                self.put(txn, row)
            }
            Conflict::Update { target, change } => {
                let state = self.state(txn)?;
                match target.standing(&state, txn.chunks(), &row)? {
                    None => {
                        drop(state);
                        self.put(txn, row)
                    }
                    Some(key) => self.change(txn, &state, &key, row, change),
                }
            }
        }
    }

    /// Whether a row stands where a clause looks.
    fn meets(&self, txn: &Txn, row: &Row, conflict: &Conflict) -> Result<bool> {
        let state = self.state(txn)?;
        let standing = |unique: Unique| unique.standing(&state, txn.chunks(), row);
        match conflict {
            Conflict::Ignore(None) => any(&state, standing),
            Conflict::Ignore(Some(target)) | Conflict::Update { target, .. } => {
                Ok(standing(*target)?.is_some())
            }
            _ => Ok(false),
        }
    }

    fn state(&self, txn: &Txn) -> Result<Arc<TableState>> {
        let state = txn.state().table(self.id).cloned();
        state.ok_or_else(|| Error::Internal("the table is gone".into()))
    }

    fn stored(&self, txn: &Txn, key: &[u8]) -> Result<Arc<[u8]>> {
        let stored = txn.state().row(txn.chunks(), self.id, key)?;
        stored.ok_or_else(|| Error::Internal("an index entry without a row".into()))
    }

    /// Remembers what a row was, where others refer to it.
    fn note(&mut self, state: &TableState, stored: &[u8], new: Option<&Row>) -> Result<()> {
        if self.is_parent {
            let old = state.table.decode(stored)?;
            self.meter.hold_row(&old)?;
            self.changed.push(Changed { table: self.id, old, new: new.cloned() });
        }
        Ok(())
    }

    fn change(
        &mut self,
        txn: &mut Txn,
        state: &TableState,
        key: &Arc<[u8]>,
        row: Row,
        change: &Change,
    ) -> Result<()> {
        let stored = self.stored(txn, key)?;
        let old = state.table.decode(&stored)?;
        let ctx = self.before.context(Some(txn));
        let new = change.of(&ctx, &state.table, (&old, row), self.eval)?;
        let Some(new) = new else { return Ok(()) };
        self.note(state, &stored, Some(&new))?;
        txn.update(self.id, key, &stored, &new)?;
        self.output.affected += 1;
        self.returning.push(&new, &[], self.eval, &self.meter)
    }

    fn put(&mut self, txn: &mut Txn, row: Row) -> Result<()> {
        let mut shown = self.returning.is_wanted().then(|| row.clone());
        let mut own_id = self.single_key.and_then(|at| row.get(at).cloned());
        let (_, given) = txn.insert(self.id, row)?;
        // The transaction fills the automatic id; a row that is handed out must show it.
        if let (Some(given), Some(at)) = (given, self.table.table.auto_increment()) {
            if self.single_key == Some(at) {
                own_id = Some(Value::Int(given));
            }
            if let Some(place) = shown.as_mut().and_then(|row| row.get_mut(at)) {
                *place = Value::Int(given);
            }
            if let Some(row) = &mut shown {
                self.table.table.generate(row)?;
            }
        }
        self.output.affected += 1;
        if let Some(value) = own_id {
            self.meter.hold(value.size_bytes())?;
            self.output.ids.push(value);
        }
        match shown {
            Some(row) => self.returning.push(&row, &[], self.eval, &self.meter),
            None => Ok(()),
        }
    }

    fn finish(self, txn: &mut Txn) -> Result<Output> {
        let Inserting { changed, returning, before, mut output, .. } = self;
        follow(txn, before.env(), changed)?;
        returning.finish(&before.context(Some(txn)), &mut output)?;
        Ok(output)
    }
}

/// Whether a row stands in the way in any key.
pub(super) fn any(
    state: &TableState,
    standing: impl Fn(Unique) -> Result<Option<Arc<[u8]>>>,
) -> Result<bool> {
    for unique in uniques(state) {
        if standing(unique)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
