//! Points in time.

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// A point on a branch's line.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AsOf {
    /// As it is.
    Now,
    /// A time in RFC 3339, such as the API's own; a whole second means through its end.
    Timestamp(String),
    /// Whole seconds since 1970.
    Seconds(i64),
    /// After the commit of this number, or the last one before it.
    Scn(u64),
    /// The same by a transaction's number, which is its SCN.
    Transaction(u64),
    /// A snapshot, by id or name.
    Snapshot(String),
}

impl AsOf {
    /// A time in RFC 3339.
    pub fn timestamp(time: impl Into<String>) -> Self {
        AsOf::Timestamp(time.into())
    }

    /// A snapshot, by id or name.
    pub fn snapshot(name: impl Into<String>) -> Self {
        AsOf::Snapshot(name.into())
    }

    /// The API's word for its kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            AsOf::Now => "now",
            AsOf::Timestamp(_) | AsOf::Seconds(_) => "timestamp",
            AsOf::Scn(_) => "scn",
            AsOf::Transaction(_) => "transaction",
            AsOf::Snapshot(_) => "snapshot",
        }
    }

    /// Its value in a query.
    pub(crate) fn value(&self) -> Option<String> {
        match self {
            AsOf::Now => None,
            AsOf::Timestamp(text) | AsOf::Snapshot(text) => Some(text.clone()),
            AsOf::Seconds(number) => Some(number.to_string()),
            AsOf::Scn(number) | AsOf::Transaction(number) => Some(number.to_string()),
        }
    }
}

impl Serialize for AsOf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut point = serializer.serialize_struct("AsOf", 2)?;
        point.serialize_field("type", self.kind())?;
        match self {
            AsOf::Now => point.skip_field("value")?,
            AsOf::Timestamp(text) | AsOf::Snapshot(text) => point.serialize_field("value", text)?,
            AsOf::Seconds(number) => point.serialize_field("value", number)?,
            AsOf::Scn(number) | AsOf::Transaction(number) => {
                point.serialize_field("value", number)?;
            }
        }
        point.end()
    }
}
