//! Branches merged.

use super::answer::{Answer, Done};
use super::error::Failure;
use super::request::{Fields, Incoming};
use super::serve::Work;
use crate::auth::Scope;
use offshoot_core::database::MergeRequest;
use offshoot_core::merge::{Policy, Resolution, Take};
use offshoot_core::value::from_json;
use serde_json::Value as Json;

const POLICIES: &[(&str, Policy)] = &[
    ("source_wins", Policy::SourceWins),
    ("target_wins", Policy::TargetWins),
    ("newest_wins", Policy::Newest),
    ("manual", Policy::Manual),
    ("abort", Policy::Abort),
];

/// POST …/merge
pub(crate) fn merge(incoming: Incoming) -> Result<Work, Failure> {
    let source = incoming.part(0)?;
    let mut body = incoming.object()?;
    incoming.query.end()?;
    let request = MergeRequest {
        source,
        target: body.required_text("target_branch")?,
        policy: body.word("conflict_resolution", POLICIES)?.unwrap_or_default(),
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

fn resolution(item: Json, place: &str) -> Result<Resolution, Failure> {
    let mut fields = Fields::of(item, place)?;
    let table = fields.required_text("table")?;
    let row_id = fields.required_text("row_id")?;
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
