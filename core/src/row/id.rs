//! Ids that two branches compute alike.
//!
//! An id is the hash of what it names: its owner, its name, its definition and a generation. Two
//! branches that add the same column therefore add *one* column, and the same name with another
//! definition is another id, which a merge reports as a schema conflict. The generation rises when
//! a dropped thing is added again, so that old rows never show through a new column. Names do not
//! change an id afterwards: renaming keeps it.

use crate::codec::{DecodeError, Reader, Writer};
use crate::expr::ColumnCode;
use std::fmt;

/// Sixteen bytes of BLAKE3 over owner, name (without regard to case), definition and generation.
fn derive(kind: &str, owner: &[u8], name: &str, definition: &[u8], generation: u32) -> [u8; 16] {
    let name = name.to_lowercase();
    let mut hasher = blake3::Hasher::new();
    for part in [kind.as_bytes(), owner, name.as_bytes(), definition] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.update(&generation.to_le_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    id
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// The id of this name and definition under this owner.
            pub fn derive(owner: &[u8], name: &str, definition: &[u8], generation: u32) -> Self {
                $name(derive($kind, owner, name, definition, generation))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($kind, " "))?;
                self.0[..4].iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }
    };
}

id!(
    /// A table, whatever it is called now.
    TableId, "table"
);
id!(
    /// A column of a table.
    ColumnId, "column"
);
id!(
    /// An index of a table.
    IndexId, "index"
);
id!(
    /// A CHECK or FOREIGN KEY of a table.
    ConstraintId, "constraint"
);

/// A stored expression names its columns by their ids.
impl ColumnCode for ColumnId {
    fn write(&self, w: &mut Writer) {
        w.fixed(&self.0);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array().map(ColumnId)
    }
}
