//! SQL: queries, statements, and lists of statements as one transaction.

use super::answer::{Answer, Done, Head, Rows, StatementView};
use super::author::Sender;
use super::error::Failure;
use super::input::{Given as Values, as_of_field, params_field};
use super::request::{Fields, Incoming};
use super::serve::Work;
use crate::auth::Scope;
use crate::host::Call;
use offshoot_core::database::AsOf;
use offshoot_core::error::{Error, Result as CoreResult};
use offshoot_core::sql::{Output, Request, Session};
use offshoot_core::value::Value;
use std::borrow::Cow;

/// A statement as a body gives it.
#[derive(Debug)]
struct Given {
    sql: String,
    params: Values,
}

impl Given {
    fn of(body: &mut Fields) -> Result<Self, Failure> {
        Ok(Given { sql: body.required_text("sql")?, params: params_field(body)? })
    }

    /// As [`Given::of`], from a sender. The catalogue (`offshoot_branches`, `offshoot_diff` and so on)
    /// tells of every branch, so whoever may read only some may not name it. Its names can be
    /// written in no other way; a text that only mentions one is refused, too.
    fn by(sender: &Sender, body: &mut Fields) -> Result<Self, Failure> {
        let given = Given::of(body)?;
        match sender.reads_all() || !given.sql.to_ascii_lowercase().contains("offshoot_") {
            true => Ok(given),
            false => Err(Failure::lacks(Scope::Read.name(), None)),
        }
    }

    /// The values in the order of their numbers, which only the statement says of names.
    fn values(&self, call: &Call, session: &Session) -> CoreResult<Cow<'_, [Value]>> {
        match &self.params {
            Values::Ordered(values) => Ok(Cow::Borrowed(values)),
            Values::Named(values) => {
                let known = session.parameters(&self.sql, call.limits.sql_bytes)?;
                let values = values.iter().map(|(name, value)| (name, value.clone()));
                known.ordered(values).map(Cow::Owned)
            }
        }
    }

    fn request<'r>(
        &'r self,
        call: &Call,
        params: &'r [Value],
        as_of: &AsOf,
        read_only: bool,
    ) -> Request<'r> {
        Request {
            sql: &self.sql,
            params,
            as_of: as_of.clone(),
            read_only,
            limits: call.limits.clone(),
            moment: call.moment,
        }
    }
}

/// POST …/query
pub(crate) fn query(incoming: Incoming) -> Result<Work, Failure> {
    let branch = incoming.part(0)?;
    let mut body = incoming.object()?;
    incoming.query.end()?;
    let given = Given::by(&incoming.sender, &mut body)?;
    let as_of = as_of_field(&mut body)?.unwrap_or(AsOf::Now);
    let timeout_ms = body.count("timeout_ms")?;
    let explains = incoming.habits.explains;
    body.end()?;
    let author = incoming.sender.author();
    let work = Work::new(move |call| {
        let mut session = session(call, &branch, &author);
        let values = given.values(call, &session)?;
        let request = given.request(call, &values, &as_of, true);
        // The plan that is told is the one that ran.
        let done = match explains {
            true => session.execute_explained(&request),
            false => session.execute(&request).map(|output| (output, String::new())),
        };
        let (output, plan) = match done {
            // A write is refused here whatever the point in time.
            Err(Error::ReadOnly(_)) => {
                Err(Error::Invalid("only queries run here; this statement writes".into()))
            }
            other => other,
        }?;
        stays_closed(&session)?;
        let plan = match explains && plan.is_empty() {
            true => output.kind.name().to_lowercase(),
            false => plan,
        };
        let Output { columns, rows, .. } = output;
        Ok(Done::read(Answer::Query { rows: Rows { columns, rows }, plan }))
    });
    Ok(work.within(timeout_ms))
}

/// POST …/execute
pub(crate) fn execute(incoming: Incoming) -> Result<Work, Failure> {
    let branch = incoming.part(0)?;
    let mut body = incoming.object()?;
    incoming.query.end()?;
    let given = Given::by(&incoming.sender, &mut body)?;
    let timeout_ms = body.count("timeout_ms")?;
    body.end()?;
    let author = incoming.sender.author();
    let work = Work::new(move |call| {
        let mut session = session(call, &branch, &author);
        let values = given.values(call, &session)?;
        let output = session.execute(&given.request(call, &values, &AsOf::Now, false))?;
        stays_closed(&session)?;
        let at = head_after(call, &branch, &output)?;
        let ticket = output.ticket;
        let answer = Answer::Executed { statement: view(output), at, branch: branch.clone() };
        Ok(Done { answer, ticket })
    });
    Ok(work.within(timeout_ms))
}

/// POST …/transaction
pub(crate) fn transaction(incoming: Incoming) -> Result<Work, Failure> {
    let branch = incoming.part(0)?;
    let mut body = incoming.object()?;
    incoming.query.end()?;
    let items = body.required_list("statements")?;
    let timeout_ms = body.count("timeout_ms")?;
    body.end()?;
    if items.is_empty() {
        return Err(Failure::invalid("field 'statements' must hold at least one statement"));
    }
    let given = items.into_iter().map(|(place, item)| {
        let mut fields = Fields::of(item, &place)?;
        let given = Given::by(&incoming.sender, &mut fields)?;
        fields.end().map(|()| given)
    });
    let given = given.collect::<Result<Vec<Given>, Failure>>()?;
    let author = incoming.sender.author();
    let work = Work::new(move |call| {
        let mut session = session(call, &branch, &author);
        let values = given.iter().map(|given| given.values(call, &session));
        let values = values.collect::<CoreResult<Vec<_>>>()?;
        let requests = given.iter().zip(&values);
        let requests: Vec<Request<'_>> = requests
            .map(|(given, values)| given.request(call, values, &AsOf::Now, false))
            .collect();
        let outputs = session.execute_batch(&requests)?;
        let Some(last) = outputs.last() else {
            return Err(Error::Internal("a transaction gave no outputs".into()));
        };
        let (at, ticket) = (head_after(call, &branch, last)?, last.ticket);
        let statements = outputs.into_iter().map(view).collect();
        Ok(Done { answer: Answer::Transaction { statements, at }, ticket })
    });
    Ok(work.within(timeout_ms))
}

fn session(call: &Call, branch: &str, author: &str) -> Session {
    Session::new(call.database.clone(), branch, author).staying()
}

/// Refuses a statement that opened a transaction: a session ends with its request, so that what comes
/// after it would only be lost.
fn stays_closed(session: &Session) -> CoreResult<()> {
    match session.in_transaction() {
        false => Ok(()),
        true => Err(Error::Invalid(
            "a transaction does not outlive its request: send its statements together to \
             /transaction"
                .into(),
        )),
    }
}

/// The commit of a statement, or where the branch stands when it made none.
fn head_after(call: &Call, branch: &str, output: &Output) -> CoreResult<Head> {
    match output.commit {
        Some(commit) => Ok(Head { scn: commit.scn, time: commit.time }),
        None => {
            let head = call.database.head(branch)?;
            Ok(Head { scn: head.header.scn, time: head.header.time })
        }
    }
}

fn view(output: Output) -> StatementView {
    let Output { kind, columns, rows, affected, .. } = output;
    let rows = (!columns.is_empty()).then_some(Rows { columns, rows });
    StatementView { kind, affected, rows }
}
