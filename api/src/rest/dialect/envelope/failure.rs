//! Failures: `{"success": false, "error": {…}, "meta": {…}}`.

use crate::rest::dialect::Meta;
use crate::rest::dialect::cells::{Cell, Object};
use crate::rest::error::{self, Details, Failure};
use offshoot_core::merge::{Conflict, Held};
use offshoot_core::value::SqlType;
use serde::Serialize;
use serde_json::{Value as Json, json};

#[derive(Debug, Serialize)]
pub(super) struct Envelope<'f> {
    success: bool,
    error: Body<'f>,
    meta: Named<'f>,
}

#[derive(Debug, Serialize)]
struct Body<'f> {
    code: &'static str,
    message: &'f str,
    #[serde(skip_serializing_if = "Json::is_null")]
    details: Json,
}

#[derive(Debug, Serialize)]
struct Named<'f> {
    request_id: &'f str,
    execution_time_ms: u64,
}

impl<'f> Envelope<'f> {
    pub fn of(failure: &'f Failure, meta: &'f Meta) -> Self {
        Envelope {
            success: false,
            error: Body {
                code: failure.code,
                message: &failure.message,
                details: details(&failure.details),
            },
            meta: Named { request_id: &meta.request_id, execution_time_ms: meta.elapsed_ms },
        }
    }
}

/// The details: conflicts in this dialect's form, all else as both tell it.
fn details(details: &Details) -> Json {
    match details {
        Details::Conflicts { conflicts, token } => {
            let conflicts: Vec<Json> = conflicts.iter().map(conflict).collect();
            json!({"conflicts": conflicts, "conflict_token": token})
        }
        other => error::details(other),
    }
}

fn conflict(conflict: &Conflict) -> Json {
    let ty = conflict.column_type.unwrap_or(SqlType::Any);
    json!({
        "table": conflict.table,
        "row_id": conflict.row_id,
        "column": conflict.column,
        "conflict_type": conflict.kind.name(),
        "base_value": held(&conflict.base, &ty),
        "source_value": held(&conflict.source, &ty),
        "target_value": held(&conflict.target, &ty),
        "generated_key": conflict.generated_key,
        "message": conflict.message,
    })
}

fn held(held: &Held, ty: &SqlType) -> Json {
    match held {
        Held::Nothing => Json::Null,
        Held::Cell(value) => json!(Cell(value, ty)),
        Held::Row(columns) => json!(Object(columns)),
    }
}
