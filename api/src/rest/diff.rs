//! What stands differently on a branch than on another: definitions, rows, cells.

use super::answer::{
    Answer, CellDiff, Changes, ColumnDiff, DiffView, Done, Pages, RowDiff, SchemaDiff, TableDiff,
    Typed,
};
use super::error::Failure;
use super::request::Incoming;
use super::serve::Work;
use crate::auth::Scope;
use crate::host::Call;
use offshoot_core::database::{AsOf, PointDiff};
use offshoot_core::error::{Error, Kind, Result as CoreResult};
use offshoot_core::history::RowChange;
use offshoot_core::merge::row_id;
use offshoot_core::row::{ColumnDef, Row, Table, TableId, same_name};
use offshoot_core::value::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows between two looks at the clock.
const ROWS_PER_CHECK: usize = 1024;

/// GET …/diff
pub(crate) fn diff(mut incoming: Incoming) -> Result<Work, Failure> {
    let branch = incoming.part(0)?;
    let query = &mut incoming.query;
    let against = query.telling_text("against")?;
    incoming.sender.require(Scope::Read, &against)?;
    let query = &mut incoming.query;
    let table = query.text("table");
    let page = query.number("page", 1, (1, u64::MAX))?;
    let limit = query.number("limit", 100, (1, 1000))?;
    incoming.query.end()?;
    Ok(Work::new(move |call| {
        let database = &call.database;
        let branch = database.branch(&branch)?.name;
        let against = database.branch(&against)?.name;
        let found = database.diff((&against, &AsOf::Now), (&branch, &AsOf::Now))?;
        let mut tables = changed_tables(&found);
        if let Some(only) = &table {
            if found.before.find(only).is_err() {
                found.after.find(only).map_err(|_| Error::not_found(Kind::Table, only))?;
            }
            tables.retain(|pair| same_name(pair.name(), only));
        }
        let skip = page.saturating_sub(1).saturating_mul(limit);
        let mut window = Window { skip, room: limit, rows: Vec::new(), total: 0 };
        let tables = tables
            .iter()
            .map(|pair| pair.compare(call, &found, &mut window))
            .filter_map(|table| table.transpose())
            .collect::<CoreResult<Vec<_>>>()?;
        let pages = Pages { page, limit, total: window.total };
        let view = DiffView { branch, against, tables, rows: window.rows, pages };
        Ok(Done::read(Answer::Diff(view)))
    }))
}

/// The rows of one page, taken out of all.
struct Window {
    skip: u64,
    room: u64,
    rows: Vec<RowDiff>,
    total: u64,
}

impl Window {
    /// Counts a row; whether it stands on this page.
    fn admits(&mut self) -> bool {
        let at = self.total;
        self.total += 1;
        at >= self.skip && at - self.skip < self.room
    }
}

/// A table on the other branch and on this one.
struct Pair {
    id: TableId,
    before: Option<Arc<Table>>,
    after: Option<Arc<Table>>,
}

/// The tables that differ, by name.
fn changed_tables(found: &PointDiff) -> Vec<Pair> {
    let schemas = found.delta.schemas.iter().map(|change| change.table);
    let rows = found.delta.tables.iter().map(|table| table.table);
    let ids: BTreeSet<[u8; 16]> = schemas.chain(rows).collect();
    let pair = |id: [u8; 16]| {
        let id = TableId(id);
        let before = found.before.table(id).map(|state| state.table.clone());
        let after = found.after.table(id).map(|state| state.table.clone());
        Pair { id, before, after }
    };
    let mut pairs: Vec<Pair> = ids.into_iter().map(pair).collect();
    pairs.sort_by(|a, b| a.name().cmp(b.name()).then(a.id.0.cmp(&b.id.0)));
    pairs
}

impl Pair {
    fn name(&self) -> &str {
        self.after.as_ref().or(self.before.as_ref()).map_or("", |table| table.name())
    }

    /// How the table differs; its rows go through the window. `None` where nothing that can be seen
    /// does.
    fn compare(
        &self,
        call: &Call,
        found: &PointDiff,
        window: &mut Window,
    ) -> CoreResult<Option<TableDiff>> {
        let mut changes = Changes::default();
        let deltas = found.delta.tables.iter().filter(|delta| delta.table == self.id.0);
        for (n, change) in deltas.flat_map(|delta| &delta.rows).enumerate() {
            if n % ROWS_PER_CHECK == 0 {
                call.limits.check_time()?;
            }
            if !self.differs(change)? {
                continue;
            }
            changes.add(change);
            if window.admits() {
                window.rows.push(self.row(change)?);
            }
        }
        let schema = self.schema(found);
        let nothing = schema.is_none() && changes.total() == 0;
        Ok((!nothing).then(|| TableDiff { name: self.name().to_owned(), schema, changes }))
    }

    /// Whether a changed row shows other cells: one that was only written anew under another
    /// definition does not.
    fn differs(&self, change: &RowChange) -> CoreResult<bool> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return Ok(true) };
        if change.old.is_none() || change.new.is_none() || before.encoded() == after.encoded() {
            return Ok(true);
        }
        Ok(!self.cells(change)?.is_empty())
    }

    fn row(&self, change: &RowChange) -> CoreResult<RowDiff> {
        let table = match (&self.after, &self.before) {
            (Some(table), _) if change.new.is_some() => table,
            (_, Some(table)) | (Some(table), None) => table,
            (None, None) => return Err(Error::Internal("a row of no table".into())),
        };
        Ok(RowDiff {
            table: self.name().to_owned(),
            row_id: row_id(table, &change.key),
            change: match (&change.old, &change.new) {
                (None, _) => "insert",
                (Some(_), Some(_)) => "update",
                (Some(_), None) => "delete",
            },
            cells: self.cells(change)?,
        })
    }

    /// The cells of a changed row: those that differ, or all of a row that is new or gone.
    fn cells(&self, change: &RowChange) -> CoreResult<Vec<CellDiff>> {
        let before = decoded(self.before.as_deref(), change.old.as_deref())?;
        let after = decoded(self.after.as_deref(), change.new.as_deref())?;
        let whole = before.is_none() || after.is_none();
        let mut cells = Vec::new();
        for (old, new) in self.columns() {
            let Some(column) = new.map(|(_, c)| c).or(old.map(|(_, c)| c)) else { continue };
            let typed = |row: &Option<Row>, at: Option<(usize, &ColumnDef)>| Typed {
                value: row
                    .as_ref()
                    .zip(at)
                    .and_then(|(row, (position, _))| row.get(position).cloned())
                    .unwrap_or(Value::Null),
                ty: at.map_or(column.ty, |(_, column)| column.ty),
            };
            let (before, after) = (typed(&before, old), typed(&after, new));
            if whole || before.value != after.value {
                cells.push(CellDiff { column: column.name.clone(), before, after });
            }
        }
        Ok(cells)
    }

    /// The columns of both definitions, matched by id: those of this branch, then those that only
    /// the other one has.
    fn columns(&self) -> Vec<Matched<'_>> {
        fn of(table: &Option<Arc<Table>>) -> Vec<(usize, &ColumnDef)> {
            table.iter().flat_map(|table| table.def.columns.iter().enumerate()).collect()
        }
        let (before, after) = (of(&self.before), of(&self.after));
        let same = |id| before.iter().find(|(_, column)| column.id == id).copied();
        let mut columns: Vec<Matched<'_>> =
            after.iter().map(|new| (same(new.1.id), Some(*new))).collect();
        let gone = before.iter().filter(|old| !after.iter().any(|new| new.1.id == old.1.id));
        columns.extend(gone.map(|old| (Some(*old), None)));
        columns
    }

    fn schema(&self, found: &PointDiff) -> Option<SchemaDiff> {
        let changed = found.delta.schemas.iter().any(|change| change.table == self.id.0);
        if !changed {
            return None;
        }
        let kind = match (&self.before, &self.after) {
            (None, _) => "added",
            (Some(_), None) => "dropped",
            (Some(_), Some(_)) => "altered",
        };
        let renamed_from = match (&self.before, &self.after) {
            (Some(before), Some(after)) if before.name() != after.name() => {
                Some(before.name().to_owned())
            }
            _ => None,
        };
        let told =
            |column: Option<(usize, &ColumnDef)>| column.map(|(_, c)| (c.name.clone(), c.ty));
        let columns = self.columns().into_iter();
        let columns = columns.map(|(old, new)| ColumnDiff { before: told(old), after: told(new) });
        let columns = columns.filter(|column| column.before != column.after).collect();
        Some(SchemaDiff { kind, renamed_from, columns })
    }
}

/// A column's position and definition on the other branch and on this one.
type Matched<'t> = (Option<(usize, &'t ColumnDef)>, Option<(usize, &'t ColumnDef)>);

fn decoded(table: Option<&Table>, bytes: Option<&[u8]>) -> CoreResult<Option<Row>> {
    match (table, bytes) {
        (Some(table), Some(bytes)) => table.decode(bytes).map(Some),
        _ => Ok(None),
    }
}
