//! What only a database with a history can say: branches, commits, differences, who wrote what.

use super::{Making, Relation, number, place, text, texts};
use crate::database::{AsOf, Database, MergeRequest};
use crate::error::{Error, Kind, Result};
use crate::history::{BranchStatus, CommitId, Micros, RowChange, Scn};
use crate::merge::{Held, Policy, row_id};
use crate::row::{Table, TableId};
use crate::sql::context::QueryContext;
use crate::value::{SqlType, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

const TEXT: SqlType = SqlType::Text;
const INT: SqlType = SqlType::BigInt;
const TIME: SqlType = SqlType::Timestamp;
const BOOL: SqlType = SqlType::Boolean;

/// Commits that are read at once.
const PAGE: usize = 256;

/// A relation whose name stands behind `offshoot_`.
pub(super) fn relation(
    ctx: &QueryContext<'_>,
    name: &str,
    args: &[Value],
) -> Result<Option<Relation>> {
    match name {
        "branches" => branches(ctx),
        "log" => log(ctx, args),
        "snapshots" => snapshots(ctx, args),
        "diff" => {
            let [from, to, table] = texts("offshoot_diff", args)?;
            diff(ctx, &from, &to, &table)
        }
        "conflicts" => {
            if args.is_empty() {
                return conflicts_at_source(ctx);
            }
            let [source, target] = texts("offshoot_conflicts", args)?;
            conflicts(ctx, Some((&source, &target)))
        }
        "history" => {
            let [table] = texts("offshoot_history", args)?;
            history(ctx, &table)
        }
        "blame" => {
            let [table] = texts("offshoot_blame", args)?;
            blame(ctx, &table)
        }
        _ => Ok(None),
    }
}

fn time(at: Micros) -> Value {
    Value::Timestamp(at.0)
}

fn scn(scn: Scn) -> Value {
    number(scn.0)
}

/// The only argument, or the branch of the session.
fn branch_of(name: &str, args: &[Value], branch: &str) -> Result<String> {
    match args {
        [] => Ok(branch.to_owned()),
        args => texts(name, args).map(|[branch]| branch),
    }
}

fn branches(ctx: &QueryContext<'_>) -> Result<Option<Relation>> {
    let (database, branch) = place(ctx)?;
    let columns = [
        ("id", TEXT),
        ("name", TEXT),
        ("status", TEXT),
        ("current", BOOL),
        ("head", TEXT),
        ("scn", INT),
        ("time", TIME),
        ("source_branch", TEXT),
        ("fork", TEXT),
        ("protected", BOOL),
        ("created", TIME),
    ];
    let mut made = Making::of(ctx, &columns);
    for record in database.branches()? {
        let status = match record.status {
            BranchStatus::Active => "active",
            BranchStatus::Merged => "merged",
            // A record alone is left, which REST finds by its id.
            BranchStatus::Deleted => continue,
        };
        let source = record.source_branch.as_ref().map(|(_, name)| name.clone());
        made.push(vec![
            text(record.id.to_string()),
            text(&*record.name),
            text(status),
            Value::Bool(record.name == branch),
            text(record.head.to_string()),
            scn(record.head_scn),
            time(record.head_time),
            source.map_or(Value::Null, text),
            record.fork.map_or(Value::Null, |fork| text(fork.to_string())),
            Value::Bool(record.protected),
            time(record.created),
        ])?;
    }
    made.done()
}

fn log(ctx: &QueryContext<'_>, args: &[Value]) -> Result<Option<Relation>> {
    let (database, branch) = place(ctx)?;
    let branch = branch_of("offshoot_log", args, branch)?;
    let columns = [
        ("scn", INT),
        ("commit", TEXT),
        ("time", TIME),
        ("author", TEXT),
        ("message", TEXT),
        ("merged", TEXT),
    ];
    let mut made = Making::of(ctx, &columns);
    let limit = usize::try_from(ctx.limits.rows).unwrap_or(usize::MAX);
    for entry in database.log(&branch, None, None, limit)? {
        let header = &entry.header;
        let merged: Vec<String> = header.parents.iter().skip(1).map(CommitId::to_string).collect();
        made.push(vec![
            scn(header.scn),
            text(entry.id.to_string()),
            time(header.time),
            text(&*header.author),
            text(&*header.message),
            if merged.is_empty() { Value::Null } else { text(merged.join(",")) },
        ])?;
    }
    made.done()
}

fn snapshots(ctx: &QueryContext<'_>, args: &[Value]) -> Result<Option<Relation>> {
    let (database, branch) = place(ctx)?;
    let branch = branch_of("offshoot_snapshots", args, branch)?;
    let columns = [
        ("id", TEXT),
        ("name", TEXT),
        ("branch", TEXT),
        ("scn", INT),
        ("time", TIME),
        ("created", TIME),
        ("rows", INT),
    ];
    let mut made = Making::of(ctx, &columns);
    for snapshot in database.snapshots(&branch)? {
        made.push(vec![
            text(snapshot.id.to_string()),
            snapshot.name.map_or(Value::Null, text),
            text(snapshot.branch_name),
            scn(snapshot.scn),
            time(snapshot.time),
            time(snapshot.created),
            number(snapshot.rows),
        ])?;
    }
    made.done()
}

/// A branch by its name; else a snapshot or a number of the session's own branch.
fn point_of(database: &Database, branch: &str, name: &str) -> Result<(String, AsOf)> {
    if database.branch(name).is_ok() {
        return Ok((name.to_owned(), AsOf::Now));
    }
    if let Ok(number) = name.parse::<u64>() {
        return Ok((branch.to_owned(), AsOf::Scn(Scn(number))));
    }
    match database.find_snapshot(&database.branch(branch)?, name) {
        Ok(_) => Ok((branch.to_owned(), AsOf::Snapshot(name.to_owned()))),
        Err(_) => Err(Error::not_found(Kind::Branch, name)),
    }
}

fn diff(ctx: &QueryContext<'_>, from: &str, to: &str, table: &str) -> Result<Option<Relation>> {
    let (database, branch) = place(ctx)?;
    let (from, to) = (point_of(database, branch, from)?, point_of(database, branch, to)?);
    let diff = database.diff((&from.0, &from.1), (&to.0, &to.1))?;
    let (old, new) = (diff.before.find(table).ok(), diff.after.find(table).ok());
    let shown = new.or(old).ok_or_else(|| Error::not_found(Kind::Table, table))?;
    let columns = &shown.table.def.columns;
    let mut made = Making::of(ctx, &[("change", TEXT), ("row_id", TEXT)]);
    for prefix in ["from_", "to_"] {
        for column in columns {
            made.relation.columns.push((format!("{prefix}{}", column.name), column.ty));
        }
    }
    let mut ids: Vec<TableId> = old.iter().chain(&new).map(|t| t.table.id()).collect();
    ids.dedup();
    for delta in diff.delta.tables.iter().filter(|d| ids.iter().any(|id| id.0 == d.table)) {
        for change in &delta.rows {
            let kind = match (&change.old, &change.new) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            };
            let mut row = vec![text(kind), text(row_id(&shown.table, &change.key))];
            for (side, image) in [(old, &change.old), (new, &change.new)] {
                let values = match (side, image) {
                    (Some(side), Some(image)) => Some((side, side.table.decode(image)?)),
                    _ => None,
                };
                for column in columns {
                    let value = values.as_ref().and_then(|(side, values)| {
                        values.get(side.table.def.position_of(column.id)?).cloned()
                    });
                    row.push(value.unwrap_or(Value::Null));
                }
            }
            made.push(row)?;
        }
    }
    made.done()
}

/// The conflicts of this session's branch with the one that it was made from; none for `main`.
fn conflicts_at_source(ctx: &QueryContext<'_>) -> Result<Option<Relation>> {
    let (database, branch) = place(ctx)?;
    let source = database.branch(branch)?.source_branch;
    conflicts(ctx, source.as_ref().map(|(_, name)| (branch, name.as_str())))
}

/// The conflicts that merging a source into a target would meet.
fn conflicts(ctx: &QueryContext<'_>, between: Option<(&str, &str)>) -> Result<Option<Relation>> {
    let (database, _) = place(ctx)?;
    let columns = [
        ("table", TEXT),
        ("row_id", TEXT),
        ("column", TEXT),
        ("type", TEXT),
        ("base", TEXT),
        ("source", TEXT),
        ("target", TEXT),
        ("message", TEXT),
    ];
    let mut made = Making::of(ctx, &columns);
    let Some((source, target)) = between else { return made.done() };
    let request = MergeRequest {
        source: source.to_owned(),
        target: target.to_owned(),
        policy: Policy::Manual,
        dry_run: true,
        ..MergeRequest::default()
    };
    let found = match database.merge(ctx.moment, &request) {
        Ok(_) => return made.done(),
        Err(Error::Conflicts(found)) => found,
        Err(error) => return Err(error),
    };
    let held = |held: Held| match held {
        Held::Nothing => Value::Null,
        Held::Cell(Value::Null) => text("NULL"),
        Held::Cell(value) => text(value.to_text()),
        Held::Row(cells) => {
            let cells: Vec<String> =
                cells.iter().map(|(name, value)| format!("{name}={}", value.to_text())).collect();
            text(cells.join(", "))
        }
    };
    for conflict in found.conflicts {
        made.push(vec![
            text(conflict.table),
            conflict.row_id.map_or(Value::Null, text),
            conflict.column.map_or(Value::Null, text),
            text(conflict.kind.name()),
            held(conflict.base),
            held(conflict.source),
            held(conflict.target),
            text(conflict.message),
        ])?;
    }
    made.done()
}

/// One commit's change of a row.
struct Version<'v> {
    commit: CommitId,
    scn: Scn,
    time: Micros,
    author: &'v str,
    message: &'v str,
    change: &'v RowChange,
}

/// Tells every change of a table's rows along the session's branch, oldest first.
fn each_version(
    ctx: &QueryContext<'_>,
    table: TableId,
    tell: &mut dyn FnMut(Version<'_>) -> Result<()>,
) -> Result<()> {
    let (database, branch) = place(ctx)?;
    let mut from = None;
    loop {
        ctx.limits.check_time()?;
        let page = database.feed(branch, from.as_ref(), PAGE)?;
        for entry in &page {
            for delta in entry.delta.tables.iter().filter(|delta| delta.table == table.0) {
                for change in &delta.rows {
                    tell(Version {
                        commit: entry.commit,
                        scn: entry.scn,
                        time: entry.time,
                        author: &entry.author,
                        message: &entry.message,
                        change,
                    })?;
                }
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => from = Some(last.commit),
            _ => return Ok(()),
        }
    }
}

fn with_columns(made: &mut Making<'_>, table: &Table) {
    let columns = table.def.columns.iter();
    made.relation.columns.extend(columns.map(|column| (column.name.clone(), column.ty)));
}

fn history(ctx: &QueryContext<'_>, name: &str) -> Result<Option<Relation>> {
    let table: Arc<Table> = ctx.state.find(name)?.table.clone();
    let columns = [
        ("commit_scn", INT),
        ("commit_id", TEXT),
        ("commit_time", TIME),
        ("commit_author", TEXT),
        ("change", TEXT),
        ("row_id", TEXT),
    ];
    let mut made = Making::of(ctx, &columns);
    with_columns(&mut made, &table);
    each_version(ctx, table.id(), &mut |version| {
        let change = version.change;
        let (kind, image) = match (&change.old, &change.new) {
            (None, Some(new)) => ("inserted", new),
            (Some(_), Some(new)) => ("updated", new),
            (Some(old), None) => ("deleted", old),
            (None, None) => return Ok(()),
        };
        let mut row = vec![
            scn(version.scn),
            text(version.commit.to_string()),
            time(version.time),
            text(version.author),
            text(kind),
            text(row_id(&table, &change.key)),
        ];
        row.extend(table.decode(image)?);
        made.push(row)
    })?;
    made.done()
}

fn blame(ctx: &QueryContext<'_>, name: &str) -> Result<Option<Relation>> {
    let state = ctx.state.find(name)?.clone();
    let columns = [
        ("commit_scn", INT),
        ("commit_id", TEXT),
        ("commit_time", TIME),
        ("commit_author", TEXT),
        ("commit_message", TEXT),
        ("row_id", TEXT),
    ];
    let mut made = Making::of(ctx, &columns);
    with_columns(&mut made, &state.table);
    let mut last: BTreeMap<Arc<[u8]>, [Value; 5]> = BTreeMap::new();
    each_version(ctx, state.table.id(), &mut |version| {
        let who = [
            scn(version.scn),
            text(version.commit.to_string()),
            time(version.time),
            text(version.author),
            text(version.message),
        ];
        made.meter.step()?;
        if last.insert(version.change.key.clone(), who).is_none() {
            made.meter.hold(version.change.key.len() + 256)?;
        }
        Ok(())
    })?;
    let all = crate::tree::KeyRange::all();
    let mut rows = state.rows.cursor(ctx.chunks, &all, false)?;
    while let Some((key, stored)) = rows.next()? {
        let mut row = match last.get(&key[..]) {
            Some(who) => who.to_vec(),
            // Written before what retention has kept.
            None => vec![Value::Null; 5],
        };
        row.push(text(row_id(&state.table, &key)));
        row.extend(state.table.decode(&stored)?);
        made.push(row)?;
    }
    made.done()
}
