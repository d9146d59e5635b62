//! Failures: `{"success": false, "error": {…}, "meta": {…}}`.

use super::super::Meta;
use super::rows::{Cell, Object};
use crate::rest::error::{Details, Failure};
use offshoot_core::merge::{Conflict, Held};
use offshoot_core::row::Violation;
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

fn details(details: &Details) -> Json {
    match details {
        Details::None => Json::Null,
        Details::Violation(violation) => broken(violation),
        Details::Conflicts { conflicts, token } => {
            let conflicts: Vec<Json> = conflicts.iter().map(conflict).collect();
            json!({"conflicts": conflicts, "conflict_token": token})
        }
        Details::ConflictCount(count) => json!({"conflict_count": count}),
        Details::Unmerged { source_branch, commits } => {
            json!({"source_branch": source_branch, "commits_ahead": commits})
        }
        Details::Children(children) => json!({"children": children}),
        Details::Beginning { scn, timestamp } => {
            json!({"first_scn": scn, "first_timestamp": timestamp})
        }
        Details::BodyMax(bytes) => json!({"body_max_bytes": bytes}),
        Details::Retriable => json!({"retriable": true}),
    }
}

fn broken(violation: &Violation) -> Json {
    let mut details = json!({"table": violation.table(), "constraint_type": violation.kind()});
    let mut say = |name: &str, value: Json| {
        if let Some(object) = details.as_object_mut() {
            object.insert(name.to_owned(), value);
        }
    };
    match violation {
        Violation::NotNull { column, .. } => say("columns", json!([column])),
        Violation::Check { constraint, .. } => say("constraint", json!(constraint)),
        Violation::Unique { constraint, columns, values, .. } => {
            say("constraint", json!(constraint));
            say("columns", json!(columns));
            say("values", json!(values));
        }
        Violation::MissingParent { constraint, columns, values, parent, .. } => {
            say("constraint", json!(constraint));
            say("columns", json!(columns));
            say("values", json!(values));
            say("parent", json!(parent));
        }
        Violation::HasChildren { constraint, child, values, .. } => {
            say("constraint", json!(constraint));
            say("child", json!(child));
            say("values", json!(values));
        }
    }
    details
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
