//! Merges and their conflicts.

use crate::rest::dialect::cells::{Cell, Object};
use crate::rest::dialect::unix;
use offshoot_core::database::MergeReport;
use offshoot_core::merge::{Conflict, Held, Policy};
use offshoot_core::value::SqlType;
use serde::Serialize;
use serde_json::{Value as Json, json};

/// A merge that was made, or would be.
#[derive(Debug, Serialize)]
pub(super) struct Merged<'m> {
    merge_timestamp: i64,
    merged_keys: u64,
    conflicts: Vec<Json>,
    /// False for a dry run: nothing was merged.
    completed: bool,
    message: String,
    dry_run: bool,
    source: &'m str,
    target: &'m str,
    source_deleted: bool,
}

impl<'m> Merged<'m> {
    pub fn of(report: &'m MergeReport, policy: Policy) -> Self {
        Merged {
            merge_timestamp: unix(report.time),
            merged_keys: report.changes,
            conflicts: report.settled.iter().map(|conflict| settled(conflict, policy)).collect(),
            completed: !report.dry_run,
            message: message(report),
            dry_run: report.dry_run,
            source: &report.source,
            target: &report.target,
            source_deleted: report.source_deleted,
        }
    }
}

fn message(report: &MergeReport) -> String {
    let done = match report.dry_run {
        true => "Would merge",
        false => "Successfully merged",
    };
    let keys = counted(report.changes, "key");
    let conflicts = match report.settled.len() {
        0 => "no conflicts".to_owned(),
        n => format!("{} resolved", counted(n as u64, "conflict")),
    };
    format!("{done} {keys} from '{}' into '{}' with {conflicts}", report.source, report.target)
}

fn counted(n: u64, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// The name of a policy in the tutorial, where it has one.
fn strategy(policy: Policy) -> &'static str {
    match policy {
        Policy::Newest => "Auto",
        Policy::TargetWins => "Ours",
        Policy::SourceWins => "Theirs",
        Policy::Manual => "Manual",
        Policy::Abort => "Abort",
    }
}

/// A conflict that the policy or a resolution settled.
fn settled(conflict: &Conflict, policy: Policy) -> Json {
    let mut json = open(conflict);
    if let Some(object) = json.as_object_mut() {
        let ty = conflict.column_type.unwrap_or(SqlType::Any);
        let stands = conflict.settled.as_ref().map_or(Json::Null, |stands| held(stands, &ty));
        object.insert("resolution".to_owned(), strategy(policy).into());
        object.insert("resolved_value".to_owned(), stands);
    }
    json
}

/// A conflict that stays open.
pub(super) fn open(conflict: &Conflict) -> Json {
    let ty = conflict.column_type.unwrap_or(SqlType::Any);
    let key = match &conflict.row_id {
        Some(row_id) => format!("{}:{row_id}", conflict.table),
        None => conflict.table.clone(),
    };
    json!({
        "key": key,
        "table": conflict.table,
        "row_id": conflict.row_id,
        "column": conflict.column,
        "conflict_type": conflict.kind.name(),
        "base_value": held(&conflict.base, &ty),
        "source_value": held(&conflict.source, &ty),
        "target_value": held(&conflict.target, &ty),
        "resolution": null,
        "resolved_value": null,
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
