//! The shapes of answers in the tutorial's dialect.

use serde_json::{Map, Value as Json};

/// Every schema that operations name.
pub(super) fn schemas() -> Map<String, Json> {
    super::envelope::schemas()
}
