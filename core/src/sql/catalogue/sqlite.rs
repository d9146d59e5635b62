//! What SQLite's tools ask for: `sqlite_schema` and pragmas.

use super::definition::{self, part_name};
use super::{Making, Relation, number, tables, text, texts};
use crate::error::{Error, Kind, Result};
use crate::row::{IndexOrigin, TableDef};
use crate::sql::context::QueryContext;
use crate::value::{SqlType, Value};

const TEXT: SqlType = SqlType::Text;
const INT: SqlType = SqlType::BigInt;

/// `sqlite_schema`: every table, view and index with the statement that makes it.
pub(super) fn master(ctx: &QueryContext<'_>) -> Result<Option<Relation>> {
    let columns =
        [("type", TEXT), ("name", TEXT), ("tbl_name", TEXT), ("rootpage", INT), ("sql", TEXT)];
    let mut made = Making::of(ctx, &columns);
    let mut page = 1;
    let kept = tables(ctx).filter(|table| !ctx.state.is_temporary(table.table.id()));
    for table in kept {
        let def = &table.table.def;
        let kind = if def.view().is_some() { "view" } else { "table" };
        let root = if def.view().is_some() { 0 } else { page };
        page += 1;
        let sql = definition::table(ctx.state, def);
        let name = || text(def.name.as_str());
        made.push(vec![text(kind), name(), name(), number(root), text(sql)])?;
        for index in &def.indexes {
            page += 1;
            let sql = definition::index(def, index).map_or(Value::Null, text);
            made.push(vec![text("index"), text(&*index.name), name(), number(page), sql])?;
        }
    }
    made.done()
}

fn find<'q>(ctx: &QueryContext<'q>, name: &str) -> Option<&'q TableDef> {
    ctx.state.find(name).ok().map(|table| &table.table.def)
}

/// A pragma's rows; `None` for one that is not known.
pub(super) fn pragma(
    ctx: &QueryContext<'_>,
    name: &str,
    args: &[Value],
) -> Result<Option<Relation>> {
    let table = |args: &[Value]| -> Result<String> {
        let [table] = texts(&format!("pragma {name}"), args)?;
        Ok(table)
    };
    match name {
        "table_info" | "table_xinfo" => table_info(ctx, &table(args)?),
        "table_list" => {
            let columns = [("schema", TEXT), ("name", TEXT), ("type", TEXT), ("ncol", INT)];
            let mut made = Making::of(ctx, &columns);
            for table in tables(ctx) {
                let def = &table.table.def;
                let kind = if def.view().is_some() { "view" } else { "table" };
                let columns = number(def.columns.len() as u64);
                let schema = if ctx.state.is_temporary(def.id) { "temp" } else { "main" };
                made.push(vec![text(schema), text(&*def.name), text(kind), columns])?;
            }
            made.done()
        }
        "index_list" => {
            let columns =
                [("seq", INT), ("name", TEXT), ("unique", INT), ("origin", TEXT), ("partial", INT)];
            let mut made = Making::of(ctx, &columns);
            let indexes = find(ctx, &table(args)?).map_or(&[][..], |def| &def.indexes);
            for (at, index) in (0..).zip(indexes) {
                let origin = if index.origin == IndexOrigin::Unique { "u" } else { "c" };
                let unique = number(index.unique.into());
                let row = vec![number(at), text(&*index.name), unique, text(origin), number(0)];
                made.push(row)?;
            }
            made.done()
        }
        "index_info" => {
            let mut made = Making::of(ctx, &[("seqno", INT), ("cid", INT), ("name", TEXT)]);
            let wanted = table(args)?;
            for def in tables(ctx).map(|table| &table.table.def) {
                let named = |name: &str| crate::row::same_name(name, &wanted);
                for index in def.indexes.iter().filter(|index| named(&index.name)) {
                    for (at, part) in (0..).zip(&index.parts) {
                        let name = part_name(def, &part.expr);
                        let cid = name.as_ref().and_then(|name| def.position(name));
                        let cid = cid.map_or(Value::Int(-2), |at| number(at as u64));
                        made.push(vec![number(at), cid, name.map_or(Value::Null, text)])?;
                    }
                }
            }
            made.done()
        }
        "foreign_key_list" => foreign_keys(ctx, &table(args)?),
        "foreign_keys" => one(ctx, "foreign_keys", number(1)),
        "user_version" | "application_id" => one(ctx, name, number(0)),
        "encoding" => one(ctx, "encoding", text("UTF-8")),
        "database_list" => {
            let mut made = Making::of(ctx, &[("seq", INT), ("name", TEXT), ("file", TEXT)]);
            made.push(vec![number(0), text("main"), text("")])?;
            made.done()
        }
        _ => Ok(None),
    }
}

fn one(ctx: &QueryContext<'_>, name: &str, value: Value) -> Result<Option<Relation>> {
    let mut made = Making::of(ctx, &[(name, value.sql_type())]);
    made.push(vec![value])?;
    made.done()
}

fn table_info(ctx: &QueryContext<'_>, name: &str) -> Result<Option<Relation>> {
    let columns = [
        ("cid", INT),
        ("name", TEXT),
        ("type", TEXT),
        ("notnull", INT),
        ("dflt_value", TEXT),
        ("pk", INT),
    ];
    let mut made = Making::of(ctx, &columns);
    let Some(def) = find(ctx, name) else { return made.done() };
    for (at, column) in (0..).zip(&def.columns) {
        let key = def.primary_key.iter().position(|part| part.column == column.id);
        let ty = match column.ty {
            SqlType::Any => String::new(),
            ty => ty.to_string(),
        };
        let default = column.default.as_ref().map(|d| definition::default(def, d));
        made.push(vec![
            number(at),
            text(&*column.name),
            text(ty),
            number(column.not_null.into()),
            default.map_or(Value::Null, text),
            number(key.map_or(0, |at| at as u64 + 1)),
        ])?;
    }
    made.done()
}

fn foreign_keys(ctx: &QueryContext<'_>, name: &str) -> Result<Option<Relation>> {
    let columns = [
        ("id", INT),
        ("seq", INT),
        ("table", TEXT),
        ("from", TEXT),
        ("to", TEXT),
        ("on_update", TEXT),
        ("on_delete", TEXT),
        ("match", TEXT),
    ];
    let mut made = Making::of(ctx, &columns);
    let Some(def) = find(ctx, name) else { return made.done() };
    for (id, key) in (0..).zip(&def.foreign_keys) {
        let parent = ctx.state.table(key.parent).map(|parent| &parent.table.def);
        let parent = parent.ok_or_else(|| Error::not_found(Kind::Table, &*key.name))?;
        for (seq, (from, to)) in (0..).zip(key.columns.iter().zip(&key.parent_columns)) {
            let name = |def: &TableDef, id| {
                let column = def.columns.iter().find(|column| column.id == id);
                column.map_or(Value::Null, |column| text(&*column.name))
            };
            made.push(vec![
                number(id),
                number(seq),
                text(&*parent.name),
                name(def, *from),
                name(parent, *to),
                text(definition::action(key.on_update)),
                text(definition::action(key.on_delete)),
                text("NONE"),
            ])?;
        }
    }
    made.done()
}
