//! Branches merged.

use super::answer::{Answer, Done};
use super::error::Failure;
use super::request::{Fields, Incoming, agreed};
use super::serve::Work;
use crate::auth::Scope;
use offshoot_core::database::MergeRequest;
use offshoot_core::merge::{Policy, Resolution, Take};
use offshoot_core::value::from_json;
use serde_json::Value as Json;

/// The policies by the names of both documents. `auto` prefers newer values, `ours` are the target's.
const POLICIES: &[(&str, Policy)] = &[
    ("source_wins", Policy::SourceWins),
    ("target_wins", Policy::TargetWins),
    ("newest_wins", Policy::Newest),
    ("manual", Policy::Manual),
    ("abort", Policy::Abort),
    ("auto", Policy::Newest),
    ("ours", Policy::TargetWins),
    ("theirs", Policy::SourceWins),
];

/// POST …/merge
pub(crate) fn merge(incoming: Incoming) -> Result<Work, Failure> {
    let source = incoming.part(0)?;
    let mut body = incoming.object()?;
    incoming.query.end()?;
    let target = body.text_as(["target_branch", "target"])?;
    let target = target
        .ok_or_else(|| Failure::invalid("field 'target_branch' (or 'target') is required"))?;
    let words = ["source_wins", "target_wins", "newest_wins", "manual", "abort"];
    let resolution = body.any_case("conflict_resolution", POLICIES, &words)?;
    let words = ["Auto", "Ours", "Theirs", "Manual"];
    let strategy = body.any_case("strategy", POLICIES, &words)?;
    let policy =
        agreed(("field 'conflict_resolution'", resolution), ("field 'strategy'", strategy))?;
    let request = MergeRequest {
        source,
        target,
        policy: policy.unwrap_or_default(),
        delete_source: body.flag("delete_source_after_merge")?.unwrap_or(false),
        message: body.text("merge_message")?,
        dry_run: body.flag("dry_run")?.unwrap_or(false),
        renumber: body.flag("renumber")?.unwrap_or(false),
        resolutions: resolutions(&mut body)?,
        token: body.text("conflict_token")?,
        author: incoming.sender.author(),
    };
    body.end()?;
    incoming.sender.require_source(&request.source)?;
    incoming.sender.require(Scope::Branch, &request.target)?;
    if request.delete_source {
        incoming.sender.require(Scope::Branch, &request.source)?;
    }
    if !request.resolutions.is_empty() && request.token.is_none() {
        return Err(Failure::invalid(
            "field 'resolutions' needs the 'conflict_token' of the conflicts that they answer",
        ));
    }
    Ok(Work::new(move |call| {
        let merged = call.database.merge(&call.moment, &request)?;
        let answer = Answer::Merged { report: Box::new(merged.value), policy: request.policy };
        Ok(Done { answer, ticket: merged.ticket })
    }))
}

fn resolutions(body: &mut Fields) -> Result<Vec<Resolution>, Failure> {
    let items = body.list("resolutions")?.unwrap_or_default();
    items.into_iter().map(|(place, item)| resolution(item, &place)).collect()
}

/// The row that a resolution is about: `table` and `row_id`, or both in one `key`, `users:123`.
fn row(fields: &mut Fields, place: &str) -> Result<(String, String), Failure> {
    let Some(key) = fields.text("key")? else {
        return Ok((fields.required_text("table")?, fields.required_text("row_id")?));
    };
    let (table, row_id) = key.split_once(':').ok_or_else(|| {
        Failure::invalid(format!("'{place}.key' must name a table and a row, as in 'users:123'"))
    })?;
    let (key_name, told) =
        (format!("'{place}.key'"), (fields.text("table")?, fields.text("row_id")?));
    let table = agreed((&key_name, Some(table.to_owned())), ("its 'table'", told.0))?;
    let row_id = agreed((&key_name, Some(row_id.to_owned())), ("its 'row_id'", told.1))?;
    Ok((table.unwrap_or_default(), row_id.unwrap_or_default()))
}

fn resolution(item: Json, place: &str) -> Result<Resolution, Failure> {
    let mut fields = Fields::of(item, place)?;
    let (table, row_id) = row(&mut fields, place)?;
    let column = fields.text("column")?;
    let side = fields.word("take", &[("source", true), ("target", false)])?;
    let value = fields.raw("value");
    fields.end()?;
    let take = match (side, value) {
        (Some(true), None) => Take::Source,
        (Some(false), None) => Take::Target,
        (None, Some(_)) if column.is_none() => {
            return Err(Failure::invalid(format!("'{place}.value' needs a 'column'")));
        }
        (None, Some(value)) => Take::Value(from_json(&value, None)?),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Failure::invalid(format!(
                "'{place}' must have exactly one of 'take' and 'value'"
            )));
        }
    };
    Ok(Resolution { table, row_id, column, take })
}
