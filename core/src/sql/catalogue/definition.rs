//! Definitions as the SQL that makes them again.

use crate::row::{Action, ForeignKeyDef, IndexDef, IndexOrigin, State, StoredExpr, TableDef};

/// A name, quoted where it must be.
pub(super) fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    match plain {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn expr(def: &TableDef, expr: &StoredExpr) -> String {
    expr.to_sql(&|id| {
        let column = def.columns.iter().find(|column| column.id == *id);
        column.map_or_else(|| "?".to_owned(), |column| quoted(&column.name))
    })
}

fn names(def: &TableDef, ids: &[crate::row::ColumnId]) -> String {
    let name = |id: &crate::row::ColumnId| {
        let column = def.columns.iter().find(|column| column.id == *id);
        column.map_or_else(|| "?".to_owned(), |column| quoted(&column.name))
    };
    ids.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// How SQL writes an action.
pub(super) fn action(action: Action) -> &'static str {
    match action {
        Action::NoAction => "NO ACTION",
        Action::Restrict => "RESTRICT",
        Action::Cascade => "CASCADE",
        Action::SetNull => "SET NULL",
    }
}

fn foreign_key(state: &State, def: &TableDef, key: &ForeignKeyDef) -> String {
    let parent = state.table(key.parent).map(|parent| &parent.table.def);
    let name = parent.map_or("?", |parent| parent.name.as_str());
    let columns = parent.map_or_else(String::new, |parent| names(parent, &key.parent_columns));
    let mut sql = format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({columns})",
        quoted(&key.name),
        names(def, &key.columns),
        quoted(name)
    );
    if key.on_delete != Action::NoAction {
        sql += &format!(" ON DELETE {}", action(key.on_delete));
    }
    if key.on_update != Action::NoAction {
        sql += &format!(" ON UPDATE {}", action(key.on_update));
    }
    sql
}

/// The statement that makes a table or a view.
pub(super) fn table(state: &State, def: &TableDef) -> String {
    if let Some(query) = def.view() {
        let columns: Vec<String> = def.columns.iter().map(|c| quoted(&c.name)).collect();
        return format!("CREATE VIEW {} ({}) AS {query}", quoted(&def.name), columns.join(", "));
    }
    let mut parts = Vec::new();
    for column in &def.columns {
        let mut part = quoted(&column.name);
        if column.ty != crate::value::SqlType::Any {
            part += &format!(" {}", column.ty);
        }
        if column.not_null {
            part += " NOT NULL";
        }
        if let Some(default) = &column.default {
            part += &format!(" DEFAULT ({})", expr(def, default));
        }
        if let Some(generated) = &column.generated {
            part += &format!(" GENERATED ALWAYS AS ({}) STORED", expr(def, generated));
        }
        if def.auto_increment == Some(column.id) {
            part += match def.primary_key.as_slice() {
                [key] if key.column == column.id && !key.descending => " PRIMARY KEY AUTOINCREMENT",
                _ => " AUTOINCREMENT",
            };
        }
        parts.push(part);
    }
    let inline = matches!(def.primary_key.as_slice(),
        [key] if def.auto_increment == Some(key.column) && !key.descending);
    if !def.primary_key.is_empty() && !inline {
        let column = |part: &crate::row::KeyPart| {
            let order = if part.descending { " DESC" } else { "" };
            format!("{}{order}", names(def, &[part.column]))
        };
        let columns: Vec<String> = def.primary_key.iter().map(column).collect();
        let name = match def.primary_key_name() {
            name if name == format!("{}_pkey", def.name) => String::new(),
            name => format!("CONSTRAINT {} ", quoted(&name)),
        };
        parts.push(format!("{name}PRIMARY KEY ({})", columns.join(", ")));
    }
    for index in def.indexes.iter().filter(|index| index.origin == IndexOrigin::Unique) {
        let columns: Vec<String> = index.parts.iter().map(|part| expr(def, &part.expr)).collect();
        parts.push(format!("CONSTRAINT {} UNIQUE ({})", quoted(&index.name), columns.join(", ")));
    }
    for check in &def.checks {
        parts.push(format!(
            "CONSTRAINT {} CHECK ({})",
            quoted(&check.name),
            expr(def, &check.expr)
        ));
    }
    parts.extend(def.foreign_keys.iter().map(|key| foreign_key(state, def, key)));
    format!("CREATE TABLE {} ({})", quoted(&def.name), parts.join(", "))
}

/// The statement that makes an index; `None` for one that belongs to a constraint.
pub(super) fn index(def: &TableDef, index: &IndexDef) -> Option<String> {
    let columns = index.parts.iter().map(|part| {
        let order = if part.descending { " DESC" } else { "" };
        format!("{}{order}", expr(def, &part.expr))
    });
    let unique = if index.unique { "UNIQUE " } else { "" };
    (index.origin == IndexOrigin::Statement).then(|| {
        format!(
            "CREATE {unique}INDEX {} ON {} ({})",
            quoted(&index.name),
            quoted(&def.name),
            columns.collect::<Vec<_>>().join(", ")
        )
    })
}

/// The name of an index part: a column's, or none.
pub(super) fn part_name(def: &TableDef, part: &StoredExpr) -> Option<String> {
    match part {
        StoredExpr::Column(id) => {
            def.columns.iter().find(|column| column.id == *id).map(|column| column.name.clone())
        }
        _ => None,
    }
}

/// A default as SQL.
pub(super) fn default(def: &TableDef, default: &StoredExpr) -> String {
    expr(def, default)
}
