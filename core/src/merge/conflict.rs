//! Conflicts as data, and the ways to settle them.

use crate::row::{ColumnId, TableId};
use crate::value::Value;

/// How cells and rows that both sides changed are decided. Schema and constraint conflicts stay open
/// under every policy until they are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// The source's value stands.
    SourceWins,
    /// The target's value stands.
    TargetWins,
    /// The value of the side whose last commit that touched the row is later.
    Newest,
    /// Nothing is decided: all conflicts are returned, and a later call brings resolutions.
    #[default]
    Manual,
    /// Any conflict ends the merge.
    Abort,
}

impl Policy {
    /// The name in protocols.
    pub fn name(self) -> &'static str {
        match self {
            Policy::SourceWins => "source_wins",
            Policy::TargetWins => "target_wins",
            Policy::Newest => "newest_wins",
            Policy::Manual => "manual",
            Policy::Abort => "abort",
        }
    }
}

/// What kind of conflict it is. What the source did is named first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictKind {
    /// Definitions that cannot both stand.
    Schema,
    /// Both sides changed one cell.
    UpdateUpdate,
    /// Updated on the source, deleted on the target.
    UpdateDelete,
    /// Deleted on the source, updated on the target.
    DeleteUpdate,
    /// Both sides inserted different rows under one key.
    InsertInsert,
    /// Two rows with one unique key.
    Unique,
    /// A reference without its parent.
    ForeignKey,
    /// A CHECK that the merged row fails.
    Check,
    /// A NULL where none may be.
    NotNull,
}

impl ConflictKind {
    /// The name in protocols.
    pub fn name(self) -> &'static str {
        match self {
            ConflictKind::Schema => "schema",
            ConflictKind::UpdateUpdate => "update_update",
            ConflictKind::UpdateDelete => "update_delete",
            ConflictKind::DeleteUpdate => "delete_update",
            ConflictKind::InsertInsert => "insert_insert",
            ConflictKind::Unique => "unique",
            ConflictKind::ForeignKey => "foreign_key",
            ConflictKind::Check => "check",
            ConflictKind::NotNull => "not_null",
        }
    }

    /// Whether a policy may decide it.
    pub fn is_data(self) -> bool {
        matches!(
            self,
            ConflictKind::UpdateUpdate
                | ConflictKind::UpdateDelete
                | ConflictKind::DeleteUpdate
                | ConflictKind::InsertInsert
        )
    }
}

/// What one side holds where a conflict is: a cell's value, or a whole row by column name.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// Nothing: the row is not there.
    Nothing,
    /// A cell.
    Cell(Value),
    /// A row: column names and values.
    Row(Vec<(String, Value)>),
}

/// One conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The table's name under the merged schema.
    pub table: String,
    /// Who the table is.
    pub table_id: TableId,
    /// The row, as the text of its key's values joined by commas; `None` for a schema conflict.
    pub row_id: Option<String>,
    /// The row's encoded key.
    pub key: Option<Vec<u8>>,
    /// The cell's column; `None` where the whole row conflicts.
    pub column: Option<String>,
    /// The column's id.
    pub column_id: Option<ColumnId>,
    /// Its type, for showing the values.
    pub column_type: Option<crate::value::SqlType>,
    /// What kind it is.
    pub kind: ConflictKind,
    /// What the common ancestor held.
    pub base: Held,
    /// What the source holds.
    pub source: Held,
    /// What the target holds.
    pub target: Held,
    /// What stands now that a policy or a resolution settled it; `None` while it is open.
    pub settled: Option<Held>,
    /// Whether the key was given automatically, so that renumbering the source's row settles it.
    pub generated_key: bool,
    /// What it is about, for people.
    pub message: String,
}

/// Which value a resolution takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Take {
    /// The source's.
    Source,
    /// The target's.
    Target,
    /// Another one (for a cell).
    Value(Value),
}

/// How one conflict is settled. Without a column it is about the whole row, and settles constraint
/// conflicts too: taking the target keeps the source's change of that row out.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// The table's name.
    pub table: String,
    /// The row, as a conflict names it.
    pub row_id: String,
    /// The cell's column; `None`: the whole row.
    pub column: Option<String>,
    /// What stands.
    pub take: Take,
}

/// The conflicts that a merge leaves open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MergeConflicts {
    /// All of them, in the order of table, key and column.
    pub conflicts: Vec<Conflict>,
    /// Names the heads and options that they belong to; a later call brings it with resolutions.
    pub token: String,
    /// Whether the caller asked only whether there are any.
    pub abort: bool,
}
