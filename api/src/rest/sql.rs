//! SQL: queries, statements, and lists of statements as one transaction.

use super::answer::{Answer, Done, Head, Rows, StatementView};
use super::author::Sender;
use super::error::Failure;
use super::input::{as_of_field, params_field};
use super::request::{Fields, Incoming};
use super::serve::Work;
use crate::auth::Scope;
use crate::host::Call;
use offshoot_core::database::AsOf;
use offshoot_core::error::{Error, Result as CoreResult};
use offshoot_core::sql::{Output, Request, Session, StatementKind};
use offshoot_core::value::Value;

/// A statement as a body gives it.
#[derive(Debug)]
struct Given {
    sql: String,
    params: Vec<Value>,
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

    fn request(&self, call: &Call, as_of: &AsOf, read_only: bool) -> Request<'_> {
        Request {
            sql: &self.sql,
            params: &self.params,
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
        let request = given.request(call, &as_of, true);
        let output = match run(&mut session, &request) {
            // A write is refused here whatever the point in time.
            Err(Error::ReadOnly(_)) => {
                Err(Error::Invalid("only queries run here; this statement writes".into()))
            }
            other => other,
        }?;
        let plan = match explains {
            true => plan(&mut session, &request, output.kind)?,
            false => String::new(),
        };
        let Output { columns, rows, .. } = output;
        Ok(Done::read(Answer::Query { rows: Rows { columns, rows }, plan }))
    });
    Ok(work.within(timeout_ms))
}

/// How a query found its rows, a step a line. The query ran; that it cannot be explained is no error.
fn plan(session: &mut Session, request: &Request<'_>, kind: StatementKind) -> CoreResult<String> {
    if kind != StatementKind::Select {
        return Ok(kind.name().to_lowercase());
    }
    let sql = format!("EXPLAIN {}", request.sql);
    let lines = match session.execute(&Request { sql: &sql, ..request.clone() }) {
        Ok(output) => output.rows,
        Err(error @ (Error::Fault(_) | Error::Timeout)) => return Err(error),
        Err(_) => Vec::new(),
    };
    let lines: Vec<String> = lines.iter().flatten().map(Value::to_text).collect();
    Ok(if lines.is_empty() { "no plan to show".to_owned() } else { lines.join("\n") })
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
        let output = run(&mut session, &given.request(call, &AsOf::Now, false))?;
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
        let requests: Vec<Request<'_>> =
            given.iter().map(|given| given.request(call, &AsOf::Now, false)).collect();
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

/// Runs one statement. A session ends with its request, so one that opens a transaction would only
/// lose what comes after it.
fn run(session: &mut Session, request: &Request<'_>) -> CoreResult<Output> {
    let output = session.execute(request)?;
    match session.in_transaction() {
        false => Ok(output),
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
