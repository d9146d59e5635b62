//! What one commit changed, row by row: old and new image of each.

use crate::codec::{DecodeError, Reader, Writer};
use std::sync::Arc;

/// Identifies a table whatever it is called (see `row::TableId`).
pub type TableKey = [u8; 16];

/// A row's old and new image. Images are encoded rows (`value::row`), keys are encoded primary
/// keys or hidden row ids (`value::key`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The row's key.
    pub key: Arc<[u8]>,
    /// The row before; `None` when it was not there.
    pub old: Option<Arc<[u8]>>,
    /// The row afterwards; `None` when it is gone.
    pub new: Option<Arc<[u8]>>,
    /// The key under which this row stood before, when an update moved it. The change at that key
    /// (a deletion) is in the same delta.
    pub moved_from: Option<Arc<[u8]>>,
}

/// All changes of one table's rows, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDelta {
    /// The table.
    pub table: TableKey,
    /// Its changed rows, sorted by key, each key once.
    pub rows: Vec<RowChange>,
}

/// A table's definition before and after (encoded `row::TableDef`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaChange {
    /// The table.
    pub table: TableKey,
    /// The definition before; `None` when the table was created.
    pub old: Option<Arc<[u8]>>,
    /// The definition afterwards; `None` when it was dropped.
    pub new: Option<Arc<[u8]>>,
}

/// Where a table's automatic ids stand after the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceChange {
    /// The table.
    pub table: TableKey,
    /// The next automatic id afterwards.
    pub next: u64,
}

/// What one commit changed. Order within: definitions, then rows, then sequences; each sorted by
/// table, so that equal changes have equal bytes.
///
/// A delta holds no table without changed rows, and no row that is neither before nor after: such a
/// delta would not be read back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// Changed definitions.
    pub schemas: Vec<SchemaChange>,
    /// Changed rows.
    pub tables: Vec<TableDelta>,
    /// Moved sequences.
    pub sequences: Vec<SequenceChange>,
}

impl Delta {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty() && self.tables.is_empty() && self.sequences.is_empty()
    }

    /// How many rows changed.
    pub fn row_count(&self) -> usize {
        self.tables.iter().map(|t| t.rows.len()).sum()
    }

    /// Length of the encoded form in bytes, without encoding it.
    pub fn encoded_len(&self) -> usize {
        let maybe = |bytes: &Option<Arc<[u8]>>| match bytes {
            None => 1,
            Some(bytes) => uint_len(bytes.len() as u64 + 1) + bytes.len(),
        };
        let count = |n: usize| uint_len(n as u64);
        let schema = |c: &SchemaChange| 16 + maybe(&c.old) + maybe(&c.new);
        let row = |c: &RowChange| {
            count(c.key.len()) + c.key.len() + maybe(&c.old) + maybe(&c.new) + maybe(&c.moved_from)
        };
        let table =
            |t: &TableDelta| 16 + count(t.rows.len()) + t.rows.iter().map(row).sum::<usize>();
        count(self.schemas.len())
            + self.schemas.iter().map(schema).sum::<usize>()
            + count(self.tables.len())
            + self.tables.iter().map(table).sum::<usize>()
            + count(self.sequences.len())
            + self.sequences.iter().map(|s| 16 + uint_len(s.next)).sum::<usize>()
    }

    /// Appends the encoded form (`docs/format.md`, "Delta").
    pub fn encode(&self, w: &mut Writer) {
        w.uint(self.schemas.len() as u64);
        for change in &self.schemas {
            w.fixed(&change.table).maybe(change.old.as_deref()).maybe(change.new.as_deref());
        }
        w.uint(self.tables.len() as u64);
        for table in &self.tables {
            w.fixed(&table.table).uint(table.rows.len() as u64);
            for row in &table.rows {
                w.bytes(&row.key).maybe(row.old.as_deref()).maybe(row.new.as_deref());
                w.maybe(row.moved_from.as_deref());
            }
        }
        w.uint(self.sequences.len() as u64);
        for sequence in &self.sequences {
            w.fixed(&sequence.table).uint(sequence.next);
        }
    }

    /// Reads what `encode` wrote. Anything out of order, twice, or without effect (a row neither
    /// before nor after) is an error: equal changes have equal bytes.
    pub fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut delta = Delta::default();
        Delta::visit(r, &mut |item| {
            match item {
                DeltaItem::Schema { table, old, new } => {
                    let (old, new) = (old.map(Arc::from), new.map(Arc::from));
                    delta.schemas.push(SchemaChange { table, old, new });
                }
                DeltaItem::Row { table, key, old, new, moved_from } => {
                    let row = RowChange {
                        key: Arc::from(key),
                        old: old.map(Arc::from),
                        new: new.map(Arc::from),
                        moved_from: moved_from.map(Arc::from),
                    };
                    match delta.tables.last_mut() {
                        Some(last) if last.table == table => last.rows.push(row),
                        _ => delta.tables.push(TableDelta { table, rows: vec![row] }),
                    }
                }
                DeltaItem::Sequence(change) => delta.sequences.push(change),
            }
            Ok::<(), DecodeError>(())
        })?;
        Ok(delta)
    }

    /// Tells what a stored delta holds, in its order, without taking anything out of its bytes. The
    /// same is an error as for [`Delta::decode`]; what was told before it came stands.
    ///
    /// # Errors
    /// Bytes that are no delta; what `tell` says.
    pub fn visit<'a, E: From<DecodeError>>(
        r: &mut Reader<'a>,
        tell: &mut impl FnMut(DeltaItem<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut ascends = ascending();
        for _ in 0..r.count()? {
            let table = r.array()?;
            let (old, new) = (r.maybe()?, r.maybe()?);
            if !ascends(table) || (old.is_none() && new.is_none()) {
                return Err(r.malformed().into());
            }
            tell(DeltaItem::Schema { table, old, new })?;
        }
        let mut ascends = ascending();
        for _ in 0..r.count()? {
            let table = r.array()?;
            let rows = r.count()?;
            if !ascends(table) || rows == 0 {
                return Err(r.malformed().into());
            }
            let mut last: Option<&[u8]> = None;
            for _ in 0..rows {
                let key = r.bytes()?;
                let (old, new) = (r.maybe()?, r.maybe()?);
                let moved_from = r.maybe()?;
                let late = last.replace(key).is_some_and(|last| last >= key);
                if late || (old.is_none() && new.is_none()) {
                    return Err(r.malformed().into());
                }
                tell(DeltaItem::Row { table, key, old, new, moved_from })?;
            }
        }
        let mut ascends = ascending();
        for _ in 0..r.count()? {
            let table = r.array()?;
            if !ascends(table) {
                return Err(r.malformed().into());
            }
            tell(DeltaItem::Sequence(SequenceChange { table, next: r.uint()? }))?;
        }
        Ok(())
    }
}

/// One change of a stored delta, in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeltaItem<'a> {
    /// See [`SchemaChange`].
    Schema {
        /// The table.
        table: TableKey,
        /// The definition before.
        old: Option<&'a [u8]>,
        /// The definition afterwards.
        new: Option<&'a [u8]>,
    },
    /// See [`RowChange`].
    Row {
        /// The table.
        table: TableKey,
        /// The row's key.
        key: &'a [u8],
        /// The row before.
        old: Option<&'a [u8]>,
        /// The row afterwards.
        new: Option<&'a [u8]>,
        /// The key under which the row stood before.
        moved_from: Option<&'a [u8]>,
    },
    /// See [`SequenceChange`].
    Sequence(SequenceChange),
}

/// Whether each key that is given is larger than the one before.
fn ascending() -> impl FnMut(TableKey) -> bool {
    let mut last: Option<TableKey> = None;
    move |key| last.replace(key).is_none_or(|last| last < key)
}

/// Length of a varint.
fn uint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}
