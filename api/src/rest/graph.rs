//! All commits of all live branches.

use super::answer::{Answer, Done, GraphView};
use super::error::Failure;
use super::request::Incoming;
use super::serve::Work;
use offshoot_core::error::Error;
use offshoot_core::history::BranchStatus;

/// GET /v1/graph
///
/// Without a `limit` all commits are given, as many as a query may return rows.
pub(crate) fn graph(mut incoming: Incoming) -> Result<Work, Failure> {
    let limit = incoming.query.number("limit", 0, (1, u64::MAX))?;
    incoming.query.end()?;
    Ok(Work::new(move |call| {
        let most = call.limits.rows;
        let wanted = if limit == 0 { most } else { limit.min(most) };
        let one_more = usize::try_from(wanted.saturating_add(1)).unwrap_or(usize::MAX);
        let mut commits = call.database.graph(one_more)?;
        let truncated = commits.len() as u64 > wanted;
        if truncated && limit == 0 {
            return Err(Error::Limit(format!("the graph has more than {most} commits")));
        }
        commits.truncate(one_more.saturating_sub(1));
        let mut branches = call.database.branches()?;
        branches.retain(|record| record.status != BranchStatus::Deleted);
        Ok(Done::read(Answer::Graph(GraphView { branches, commits, truncated })))
    }))
}
