//! A branch set to where another stands.

use super::answer::{Answer, Done};
use super::backup::Backup;
use super::error::Failure;
use super::input::{as_of_field, snapshot_field};
use super::request::{Incoming, agreed};
use super::serve::Work;
use offshoot_core::database::{AsOf, ResetRequest};

/// POST …/reset
pub(crate) fn reset(incoming: Incoming) -> Result<Work, Failure> {
    let branch = incoming.part(0)?;
    let mut body = incoming.object_or_nothing()?;
    incoming.query.end()?;
    let source = body.text_as(["source_branch", "parent"])?;
    let (as_of, snapshot) = (as_of_field(&mut body)?, snapshot_field(&mut body)?);
    let as_of = agreed(("field 'as_of'", as_of), ("field 'snapshot_id'", snapshot))?;
    let backup = Backup::of(&mut body)?;
    body.end()?;
    backup.permitted(&incoming.sender, &branch)?;
    match &source {
        Some(source) => incoming.sender.require_source(source)?,
        None => incoming.sender.require_any_source()?,
    }
    let request = ResetRequest {
        branch,
        source,
        as_of: as_of.unwrap_or(AsOf::Now),
        backup: None,
        author: incoming.sender.author(),
    };
    Ok(Work::new(move |call| {
        let backup = backup.name(call, &request.branch)?;
        let request = ResetRequest { backup, ..request.clone() };
        let reset = call.database.reset(&call.moment, &request)?;
        Ok(Done { answer: Answer::Reset(Box::new(reset.value)), ticket: reset.ticket })
    }))
}
