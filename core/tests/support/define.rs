//! Table definitions without SQL.

use offshoot_core::expr::Expr;
use offshoot_core::row::{
    Action, CheckDef, ColumnDef, ColumnId, ConstraintId, ForeignKeyDef, IndexDef, IndexId,
    IndexOrigin, IndexPart, KeyPart, StoredExpr, TableDef, TableId,
};
use offshoot_core::value::{SqlType, Value};
use std::collections::BTreeMap;

/// Builds a table's definition, or changes one.
pub struct Define(TableDef);

impl Define {
    pub fn table(name: &str) -> Self {
        Define(TableDef {
            id: TableId::derive(b"", name, b"", 0),
            name: name.into(),
            generation: 0,
            columns: Vec::new(),
            primary_key: Vec::new(),
            indexes: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            auto_increment: None,
            local: false,
            created: 0,
            layouts: BTreeMap::new(),
            dropped: BTreeMap::new(),
            notes: BTreeMap::new(),
        })
    }

    /// Goes on from a definition.
    pub fn of(def: TableDef) -> Self {
        Define(def)
    }

    pub fn build(self) -> TableDef {
        self.0
    }

    pub fn renamed(mut self, name: &str) -> Self {
        self.0.name = name.into();
        self
    }

    /// A column that takes NULL.
    pub fn column(self, name: &str, ty: SqlType) -> Self {
        self.column_with(name, ty, false, Value::Null)
    }

    pub fn required(self, name: &str, ty: SqlType) -> Self {
        self.column_with(name, ty, true, Value::Null)
    }

    pub fn int(self, name: &str) -> Self {
        self.column(name, SqlType::Integer)
    }

    pub fn text(self, name: &str) -> Self {
        self.column(name, SqlType::Text)
    }

    /// A column that rows without it show `missing` for.
    pub fn column_with(mut self, name: &str, ty: SqlType, not_null: bool, missing: Value) -> Self {
        let mut content = Vec::new();
        ty.encode(&mut content);
        content.push(not_null.into());
        let mut generation = 0;
        let id = loop {
            let id = ColumnId::derive(&self.0.id.0, name, &content, generation);
            if !self.0.dropped.contains_key(&id.0) {
                break id;
            }
            generation += 1;
        };
        self.0.columns.push(ColumnDef {
            id,
            name: name.into(),
            generation,
            ty,
            not_null,
            default: None,
            missing,
            generated: None,
        });
        self
    }

    fn id(&self, name: &str) -> ColumnId {
        self.0.column(name).unwrap_or_else(|| panic!("no column {name}")).id
    }

    pub fn drop_column(mut self, name: &str) -> Self {
        let id = self.id(name);
        let generation = self.0.column(name).map_or(0, |c| c.generation);
        self.0.columns.retain(|c| c.id != id);
        self.0.dropped.insert(id.0, generation);
        self
    }

    pub fn rename_column(mut self, name: &str, to: &str) -> Self {
        let id = self.id(name);
        self.0.columns.iter_mut().filter(|c| c.id == id).for_each(|c| c.name = to.into());
        self
    }

    pub fn retype(mut self, name: &str, ty: SqlType) -> Self {
        let id = self.id(name);
        self.0.columns.iter_mut().filter(|c| c.id == id).for_each(|c| c.ty = ty);
        self
    }

    pub fn not_null(mut self, name: &str) -> Self {
        let id = self.id(name);
        self.0.columns.iter_mut().filter(|c| c.id == id).for_each(|c| c.not_null = true);
        self
    }

    /// The primary key; `-name` is descending.
    pub fn key(mut self, columns: &[&str]) -> Self {
        let part = |name: &&str| match name.strip_prefix('-') {
            Some(name) => KeyPart { column: self.id(name), descending: true },
            None => KeyPart { column: self.id(name), descending: false },
        };
        self.0.primary_key = columns.iter().map(part).collect();
        self
    }

    pub fn auto(mut self, name: &str) -> Self {
        self.0.auto_increment = Some(self.id(name));
        self
    }

    /// An index; `-name` is descending.
    pub fn index(self, name: &str, columns: &[&str]) -> Self {
        self.indexed(name, columns, false, IndexOrigin::Statement)
    }

    pub fn unique(self, name: &str, columns: &[&str]) -> Self {
        self.indexed(name, columns, true, IndexOrigin::Unique)
    }

    fn indexed(mut self, name: &str, columns: &[&str], unique: bool, origin: IndexOrigin) -> Self {
        let part = |name: &&str| {
            let (name, descending) = match name.strip_prefix('-') {
                Some(name) => (name, true),
                None => (*name, false),
            };
            IndexPart { expr: Expr::Column(self.id(name)), descending }
        };
        let parts: Vec<_> = columns.iter().map(part).collect();
        let content = format!("{unique} {columns:?}");
        let id = IndexId::derive(&self.0.id.0, name, content.as_bytes(), 0);
        self.0.indexes.push(IndexDef { id, name: name.into(), unique, parts, origin });
        self
    }

    pub fn drop_index(mut self, name: &str) -> Self {
        self.0.indexes.retain(|index| index.name != name);
        self
    }

    /// A CHECK over this table's columns.
    pub fn check(
        mut self,
        name: &str,
        condition: impl FnOnce(&dyn Fn(&str) -> StoredExpr) -> StoredExpr,
    ) -> Self {
        let column = |name: &str| Expr::Column(self.id(name));
        let expr = condition(&column);
        let id = ConstraintId::derive(&self.0.id.0, name, &expr.encode(), 0);
        self.0.checks.push(CheckDef { id, name: name.into(), expr });
        self
    }

    /// A foreign key, with an index over its columns where there is none.
    pub fn references(self, columns: &[&str], parent: &TableDef, to: &[&str]) -> Self {
        let ids = to.iter().map(|name| parent.column(name).expect("the parent has it").id);
        self.refers(columns, parent.id, ids.collect())
    }

    /// A foreign key to the table itself.
    pub fn references_self(self, columns: &[&str], to: &[&str]) -> Self {
        let (id, ids) = (self.0.id, to.iter().map(|name| self.id(name)).collect());
        self.refers(columns, id, ids)
    }

    fn refers(mut self, columns: &[&str], parent: TableId, parent_columns: Vec<ColumnId>) -> Self {
        let ids: Vec<ColumnId> = columns.iter().map(|name| self.id(name)).collect();
        let name = format!("{}_{}_fkey", self.0.name, columns.join("_"));
        let leads = |index: &IndexDef| {
            let plain = |(part, id): (&IndexPart, &ColumnId)| part.expr == Expr::Column(*id);
            index.parts.len() >= ids.len() && index.parts.iter().zip(&ids).all(plain)
        };
        let in_key = self.0.primary_key.len() >= ids.len()
            && self.0.primary_key.iter().zip(&ids).all(|(part, id)| part.column == *id);
        if !in_key && !self.0.indexes.iter().any(leads) {
            self = self.indexed(&format!("{name}_idx"), columns, false, IndexOrigin::ForeignKey);
        }
        let id = ConstraintId::derive(&self.0.id.0, &name, &parent.0, 0);
        self.0.foreign_keys.push(ForeignKeyDef {
            id,
            name,
            columns: ids,
            parent,
            parent_columns,
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
        });
        self
    }
}
