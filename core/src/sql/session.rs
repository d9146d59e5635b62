//! A session: statements on one branch, one at a time, in a transaction or each in its own.
//!
//! ```text
//!   Request ─▶ parse ─┬─ BEGIN, COMMIT, SAVEPOINT … ─▶ the open transaction
//!                     ├─ query  ─▶ the transaction's state, the durable head, or a past point
//!                     └─ write  ─▶ the open transaction, or one of its own:
//!                                    begin ─▶ run ─▶ commit ─┬─▶ done
//!                                      ▲                     └─ lost a race
//!                                      └────────────────────────┘ (after two, with the writer slot)
//! ```
//!
//! A statement that fails has changed nothing, and an open transaction goes on. A statement that
//! faults may be called again with the same request: it does exactly the same.

use super::branching::Branching;
use super::context::QueryContext;
use super::parameters::{Asked, Parameters, Params};
use super::parse::{Body, Parsed};
use super::prepare::{self, Prepared};
use super::request::{Output, Request, StatementKind};
use super::statement::{Control, Kind, describe, kind_of, message};
use super::trace::Trace;
use super::{query, write};
use crate::database::{AsOf, CommitNote, Database, Point, SlotToken};
use crate::error::{Error, Result};
use crate::history::Micros;
use crate::moment::Moment;
use crate::row::TableState;
use crate::txn::{Isolation, Txn};
use std::sync::Arc;

/// How long the writer slot is held without a word from its holder.
const SLOT_LEASE_MICROS: i64 = 30_000_000;
/// Lost races before a statement takes the writer slot.
const LOSSES_FREE: u32 = 2;
/// Lost races before a statement gives up; with the slot held they come only from other processes.
const LOSSES_MAX: u32 = 32;

/// Runs statements on one branch for one user.
#[derive(Debug)]
pub struct Session {
    database: Arc<Database>,
    branch: String,
    author: String,
    open: Option<Open>,
    /// Tables that only this session sees, as its last transaction left them.
    temporary: Vec<Arc<TableState>>,
    /// Whether statements about branches are refused.
    stays: bool,
}

/// An explicit transaction.
#[derive(Debug)]
struct Open {
    txn: Txn,
    slot: Option<SlotToken>,
    /// What was done, for the commit's message.
    done: Vec<String>,
    /// Savepoints, and how much had been done then.
    marks: Vec<(String, usize)>,
}

impl Session {
    /// A session on a branch, by name or id. Nothing is read before the first statement.
    pub fn new(
        database: Arc<Database>,
        branch: impl Into<String>,
        author: impl Into<String>,
    ) -> Self {
        let (branch, author) = (branch.into(), author.into());
        Session { database, branch, author, open: None, temporary: Vec::new(), stays: false }
    }

    /// A session that stays on its branch and leaves branches alone: CREATE, DROP, MERGE and USE BRANCH
    /// are refused. For hosts whose callers are judged by the branch that they name.
    #[must_use]
    pub fn staying(mut self) -> Self {
        self.stays = true;
        self
    }

    /// The database.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// The branch.
    pub fn branch(&self) -> &str {
        &self.branch
    }

    /// Who its commits are by.
    pub fn author(&self) -> &str {
        &self.author
    }

    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.open.is_some()
    }

    /// Whether it has tables that go with it: it is not replaced by another session then.
    pub fn has_temporary_tables(&self) -> bool {
        !self.temporary.is_empty()
    }

    /// Runs one statement.
    ///
    /// # Errors
    /// Any; nothing was changed. After a fault the same request may be made again. After
    /// `WriteConflict` by COMMIT the transaction is over; after `Busy` or a fault it is still open.
    pub fn execute(&mut self, request: &Request<'_>) -> Result<Output> {
        if let Some(output) = self.lifted(request)? {
            return Ok(output);
        }
        let parsed = self.parse(request)?;
        let statement = match &parsed.body {
            Body::Sql(statement) => statement,
            Body::Branching(branching) => return self.branch_statement(branching, request),
        };
        match kind_of(statement)? {
            Kind::Control(control) => self.control(&control, &request.moment),
            Kind::Query => self.query(request, &parsed, None),
            Kind::Write => {
                refuse_write(request)?;
                let done = self.write(
                    &request.moment,
                    |session, txn| session.write_in(txn, request, &parsed),
                    |output| describe(statement, output),
                );
                // `INSERT OR ROLLBACK`
                if let Err(Error::Violation(_)) = &done
                    && write::rolls_back(statement)
                    && let Some(open) = self.open.take()
                {
                    self.give_back(&open);
                }
                done
            }
        }
    }

    /// The parameters of a statement, for hosts whose callers give values by name.
    ///
    /// # Errors
    /// What reading the text gives.
    pub fn parameters(&self, sql: &str, bytes_max: usize) -> Result<Parameters> {
        Ok(self.database.statements.parse(sql, bytes_max)?.parameters.clone())
    }

    /// What a statement is, without running it: its kind, its columns and its parameters. Values are
    /// not needed and not looked at. Definitions are those at the point that the request reads; what
    /// only a value says (`AS OF ?`) is taken to be that point.
    ///
    /// # Errors
    /// What reading and binding the statement gives.
    pub fn prepare(&self, request: &Request<'_>) -> Result<Prepared> {
        let parsed = self.database.statements.parse(request.sql, request.limits.sql_bytes)?;
        let asked = Asked::new(parsed.parameters.count());
        let (kind, columns) = match &parsed.body {
            Body::Branching(branching) => branching.described(),
            Body::Sql(statement) => {
                let columns = self.reading(request, &parsed, (&asked).into(), |ctx| {
                    prepare::columns(ctx, statement)
                })?;
                (prepare::kind(statement)?, columns)
            }
        };
        let parameters = prepare::parameters(&parsed.parameters, asked);
        Ok(Prepared { kind, columns, parameters })
    }

    /// Runs one statement and tells how it found its rows: the plan that ran, as EXPLAIN shows it. It is
    /// empty for what is no query.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn execute_explained(&mut self, request: &Request<'_>) -> Result<(Output, String)> {
        let parsed = self.parse(request)?;
        let is_query = match &parsed.body {
            Body::Sql(statement) => kind_of(statement)? == Kind::Query,
            Body::Branching(_) => false,
        };
        if !is_query {
            return Ok((self.execute(request)?, String::new()));
        }
        let trace = Trace::new(false);
        let output = self.query(request, &parsed, Some(&trace))?;
        Ok((output, trace.into_lines().join("\n")))
    }

    /// Runs statements as one transaction: all of them, or none. The last output carries the
    /// commit.
    ///
    /// # Errors
    /// The first statement's that fails; `Invalid` inside an open transaction and for statements
    /// that begin or end one. After a fault the same call may be made again.
    pub fn execute_batch(&mut self, requests: &[Request<'_>]) -> Result<Vec<Output>> {
        if self.open.is_some() {
            return Err(Error::Invalid("a transaction is already open".into()));
        }
        let Some(first) = requests.first() else { return Ok(Vec::new()) };
        let mut statements = Vec::with_capacity(requests.len());
        let mut writes = false;
        for request in requests {
            let parsed = self.parse(request)?;
            match kind_of(parsed.statement()?)? {
                Kind::Control(_) => {
                    return Err(Error::Invalid(
                        "a list of statements is one transaction and cannot begin or end one"
                            .into(),
                    ));
                }
                Kind::Write => {
                    refuse_write(request)?;
                    writes = true;
                }
                Kind::Query => {}
            }
            statements.push(parsed);
        }
        let moment = first.moment;
        if !writes {
            return requests.iter().zip(&statements).map(|(r, p)| self.query(r, p, None)).collect();
        }
        // Each has values of its own, even where the host gave all of them one moment.
        let moments: Vec<Moment> = requests
            .iter()
            .zip(0..)
            .map(|(r, n)| Moment { now: r.moment.now, seed: r.moment.derive("statement", n) })
            .collect();
        let seeds: Vec<[u8; 32]> = moments.iter().map(|m| m.seed).collect();
        self.until_committed(&moment, &seeds, |session, txn| {
            let mut outputs = Vec::with_capacity(requests.len());
            let mut done = Vec::new();
            for ((request, parsed), moment) in requests.iter().zip(&statements).zip(&moments) {
                let request = Request { moment: *moment, ..request.clone() };
                let output = match kind_of(parsed.statement()?)? {
                    Kind::Write => {
                        let output = session.write_in(txn, &request, parsed)?;
                        done.extend(describe(parsed.statement()?, &output));
                        output
                    }
                    _ => {
                        let params = request.params.into();
                        session.reading_in(txn, &request, parsed, params, |ctx| {
                            query::run(ctx, parsed.statement()?)
                        })?
                    }
                };
                outputs.push(output);
            }
            Ok((outputs, message(&done)))
        })
        .map(|(mut outputs, receipt)| {
            if let (Some(last), Some(receipt)) = (outputs.last_mut(), receipt) {
                (last.commit, last.ticket) = (receipt.value, receipt.ticket);
            }
            outputs
        })
    }

    fn branch_statement(&mut self, branching: &Branching, request: &Request<'_>) -> Result<Output> {
        if self.open.is_some() {
            return Err(Error::Invalid(
                "branches are no part of a transaction: COMMIT or ROLLBACK first".into(),
            ));
        }
        if self.stays {
            return Err(Error::Invalid(
                "CREATE, DROP, MERGE and USE BRANCH run in sessions; here a request names its \
                 branch, and branches have addresses of their own (POST /v1/branches)"
                    .into(),
            ));
        }
        if !matches!(branching, Branching::Use(_)) {
            refuse_write(request)?;
        }
        let output = branching.run(&self.database, request, (&self.branch, &self.author))?;
        if let Branching::Use(name) = branching {
            self.branch.clone_from(name);
        }
        Ok(output)
    }

    fn parse(&self, request: &Request<'_>) -> Result<Arc<Parsed>> {
        let parsed = self.database.statements.parse(request.sql, request.limits.sql_bytes)?;
        parsed.parameters.check(request.params.len())?;
        Ok(parsed)
    }

    // --- Queries ---

    /// Runs a query; `trace` is told how it found its rows, and then it is bound for its values.
    fn query(
        &self,
        request: &Request<'_>,
        parsed: &Parsed,
        trace: Option<&Trace>,
    ) -> Result<Output> {
        self.reading(request, parsed, request.params.into(), |ctx| {
            let statement = parsed.statement()?;
            if trace.is_none()
                && let Some(output) = parsed.plan.run(ctx, statement)?
            {
                return Ok(output);
            }
            query::run(&QueryContext { trace, ..*ctx }, statement)
        })
    }

    /// Runs a query without parameters as the same query with parameters, if it can be read so. What is
    /// wrong with a query is told of the query as it was written.
    fn lifted(&self, request: &Request<'_>) -> Result<Option<Output>> {
        if !request.params.is_empty() || request.sql.len() > request.limits.sql_bytes {
            return Ok(None);
        }
        let Some(lifted) = query::lifted(request.sql) else { return Ok(None) };
        let Ok(parsed) = self.database.statements.parse(&lifted.sql, usize::MAX) else {
            return Ok(None);
        };
        if !parsed.points.is_empty() {
            return Ok(None);
        }
        let request = Request { params: &lifted.params, ..request.clone() };
        let params = request.params.into();
        let statement = parsed.statement()?;
        if !matches!(kind_of(statement), Ok(Kind::Query)) {
            return Ok(None);
        }
        let run = |ctx: &QueryContext<'_>| match parsed.plan.run(ctx, statement)? {
            Some(output) => Ok(output),
            None => query::run(ctx, statement),
        };
        match self.reading(&request, &parsed, params, run) {
            Ok(output) => Ok(Some(output)),
            Err(error @ (Error::Fault(_) | Error::Limit(_))) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Reads at the point that a request asks for: the open transaction, the durable head, or the
    /// past.
    fn reading<T>(
        &self,
        request: &Request<'_>,
        parsed: &Parsed,
        params: Params<'_>,
        body: impl FnOnce(&QueryContext<'_>) -> Result<T>,
    ) -> Result<T> {
        if let (Some(open), AsOf::Now) = (&self.open, &request.as_of) {
            return self.reading_in(&open.txn, request, parsed, params, body);
        }
        // The head is read where it stands: most queries ask for it.
        let (head, point);
        let state = match &request.as_of {
            AsOf::Now => {
                head = self.database.head(&self.branch)?;
                &head.state
            }
            as_of => {
                point = self.database.point(&self.branch, as_of)?;
                &point.state
            }
        };
        let points = self.points(request, parsed, params)?;
        let chunks = self.database.chunks();
        let mut lent = None;
        if request.as_of == AsOf::Now && !self.temporary.is_empty() {
            let state = lent.insert(state.clone());
            self.temporary.iter().try_for_each(|table| state.put_temporary(table.clone()))?;
        }
        body(&QueryContext {
            state: lent.as_ref().unwrap_or(state),
            points: &points,
            chunks: &chunks,
            txn: None,
            params,
            limits: &request.limits,
            moment: &request.moment,
            database: Some(self.database.as_ref()),
            branch: Some(&self.branch),
            trace: None,
        })
    }

    fn reading_in<T>(
        &self,
        txn: &Txn,
        request: &Request<'_>,
        parsed: &Parsed,
        params: Params<'_>,
        body: impl FnOnce(&QueryContext<'_>) -> Result<T>,
    ) -> Result<T> {
        let points = self.points(request, parsed, params)?;
        body(&QueryContext {
            state: txn.state(),
            points: &points,
            chunks: txn.chunks(),
            txn: Some(txn),
            params,
            limits: &request.limits,
            moment: &request.moment,
            database: Some(self.database.as_ref()),
            branch: Some(&self.branch),
            trace: None,
        })
    }

    fn points(
        &self,
        request: &Request<'_>,
        parsed: &Parsed,
        params: Params<'_>,
    ) -> Result<Vec<Arc<Point>>> {
        let resolve = |text: &super::points::PointText| {
            let as_of = match params.asked() {
                Some(_) if text.is_given() => request.as_of.clone(),
                _ => text.resolve(&params)?,
            };
            self.database.point(&self.branch, &as_of)
        };
        parsed.points.iter().map(resolve).collect()
    }

    // --- Writes ---

    /// One statement in a transaction: all of it, or nothing.
    fn write_in(&self, txn: &mut Txn, request: &Request<'_>, parsed: &Parsed) -> Result<Output> {
        let points = self.points(request, parsed, request.params.into())?;
        let env = write::WriteContext {
            points: &points,
            params: request.params,
            limits: &request.limits,
            rows: parsed.rows.as_deref(),
            kept: Some(&parsed.write),
            trace: None,
        };
        whole(txn, &request.moment, |txn| write::run(txn, &env, parsed.statement()?))
    }

    /// Runs one writing statement: in the open transaction, or in one of its own that is committed.
    pub(super) fn write(
        &mut self,
        moment: &Moment,
        body: impl Fn(&Session, &mut Txn) -> Result<Output>,
        describe: impl Fn(&Output) -> Option<String>,
    ) -> Result<Output> {
        if let Some(mut open) = self.open.take() {
            self.prolong(&mut open, moment.now);
            let done = body(self, &mut open.txn);
            if let Ok(output) = &done {
                open.done.extend(describe(output));
            }
            self.open = Some(open);
            self.settle(&done, &[moment.seed]);
            return done;
        }
        let (mut output, receipt) =
            self.until_committed(moment, &[moment.seed], |session, txn| {
                let output = body(session, txn)?;
                let note = describe(&output).unwrap_or_default();
                Ok((output, note))
            })?;
        if let Some(receipt) = receipt {
            (output.commit, output.ticket) = (receipt.value, receipt.ticket);
        }
        Ok(output)
    }

    /// Runs `body` in a transaction of its own and commits it; a lost race runs it again.
    fn until_committed<T>(
        &mut self,
        moment: &Moment,
        seeds: &[[u8; 32]],
        body: impl Fn(&Session, &mut Txn) -> Result<(T, String)>,
    ) -> Result<(T, Option<crate::database::Receipt<Option<crate::database::Committed>>>)> {
        let mut lost = 0;
        let mut slot = None;
        let outcome = loop {
            let attempt = (|| {
                let txn = self.database.begin(&self.branch, moment, Isolation::Snapshot)?;
                let mut txn = txn.failing_whole();
                txn.lend(&self.temporary)?;
                let (value, message) = body(self, &mut txn)?;
                let temporary = temporary_of(&txn);
                if !txn.is_dirty() {
                    return Ok((value, None, temporary));
                }
                // The commit's time is the first statement's.
                txn.stamp(*moment);
                let note = CommitNote { author: self.author.clone(), message };
                let receipt = self.database.commit(&self.branch, &txn, &note, slot)?;
                Ok((value, Some(receipt), temporary))
            })();
            match attempt {
                Err(Error::WriteConflict(_)) if lost < LOSSES_MAX => lost += 1,
                other => break other,
            }
            if lost > LOSSES_FREE {
                // Whoever holds it first must end first: then `Busy` reaches the host, which waits.
                let expires = Micros(moment.now.0.saturating_add(SLOT_LEASE_MICROS));
                let token = SlotToken(first_half(moment.derive("slot", 0)));
                match self.database.take_slot(&self.branch, token, moment.now, expires) {
                    Ok(()) => slot = Some(token),
                    Err(busy) => break Err(busy),
                }
            }
        };
        if let Some(token) = slot {
            self.database.give_slot(&self.branch, token);
        }
        self.settle(&outcome, seeds);
        let (value, receipt, temporary) = outcome?;
        self.temporary = temporary;
        Ok((value, receipt))
    }

    /// A call that will not be made again needs its automatic ids no more.
    fn settle<T>(&self, outcome: &Result<T>, seeds: &[[u8; 32]]) {
        if !matches!(outcome, Err(Error::Fault(_) | Error::Busy(_))) {
            self.database.forget_ids(&self.branch, seeds);
        }
    }

    // --- Transactions ---

    fn control(&mut self, control: &Control, moment: &Moment) -> Result<Output> {
        match control {
            Control::Begin { immediate, serializable } => {
                self.begin(*immediate, *serializable, moment)
            }
            Control::Commit => self.commit(moment),
            Control::Rollback => {
                let open = self.open.take().ok_or_else(none_open)?;
                self.give_back(&open);
                Ok(Output::done(StatementKind::Rollback, 0))
            }
            Control::Savepoint(name) => {
                let open = self.open.as_mut().ok_or_else(none_open)?;
                open.txn.savepoint(name);
                open.marks.push((name.to_lowercase(), open.done.len()));
                Ok(Output::done(StatementKind::Savepoint, 0))
            }
            Control::Release(name) => {
                let open = self.open.as_mut().ok_or_else(none_open)?;
                open.txn.release(name)?;
                let name = name.to_lowercase();
                if let Some(at) = open.marks.iter().rposition(|(n, _)| *n == name) {
                    open.marks.truncate(at);
                }
                Ok(Output::done(StatementKind::Savepoint, 0))
            }
            Control::RollbackTo(name) => {
                let open = self.open.as_mut().ok_or_else(none_open)?;
                open.txn.rollback_to(name)?;
                let name = name.to_lowercase();
                if let Some(at) = open.marks.iter().rposition(|(n, _)| *n == name) {
                    open.marks.truncate(at + 1);
                    let done = open.marks.last().map_or(0, |(_, done)| *done);
                    open.done.truncate(done);
                }
                Ok(Output::done(StatementKind::Rollback, 0))
            }
        }
    }

    fn begin(&mut self, immediate: bool, serializable: bool, moment: &Moment) -> Result<Output> {
        if self.open.is_some() {
            return Err(Error::Invalid("a transaction is already open".into()));
        }
        let isolation = match serializable {
            true => Isolation::Serializable,
            false => Isolation::Snapshot,
        };
        let mut slot = None;
        if immediate {
            let token = SlotToken(first_half(moment.derive("slot", 0)));
            let expires = Micros(moment.now.0.saturating_add(SLOT_LEASE_MICROS));
            self.database.take_slot(&self.branch, token, moment.now, expires)?;
            slot = Some(token);
        }
        // With the slot taken first, nothing comes between this base and the commit.
        let begun = self.database.begin(&self.branch, moment, isolation);
        match begun.and_then(|mut txn| txn.lend(&self.temporary).map(|()| txn)) {
            Ok(txn) => {
                self.open = Some(Open { txn, slot, done: Vec::new(), marks: Vec::new() });
                Ok(Output::done(StatementKind::Begin, 0))
            }
            Err(error) => {
                if let Some(token) = slot {
                    self.database.give_slot(&self.branch, token);
                }
                Err(error)
            }
        }
    }

    fn commit(&mut self, moment: &Moment) -> Result<Output> {
        let mut open = self.open.take().ok_or_else(none_open)?;
        let mut output = Output::done(StatementKind::Commit, 0);
        if open.txn.is_dirty() {
            open.txn.stamp(*moment);
            let note = CommitNote { author: self.author.clone(), message: message(&open.done) };
            match self.database.commit(&self.branch, &open.txn, &note, open.slot) {
                Ok(receipt) => (output.commit, output.ticket) = (receipt.value, receipt.ticket),
                Err(error @ (Error::Fault(_) | Error::Busy(_))) => {
                    self.open = Some(open);
                    return Err(error);
                }
                Err(error) => {
                    self.give_back(&open);
                    return Err(error);
                }
            }
        }
        self.temporary = temporary_of(&open.txn);
        self.give_back(&open);
        Ok(output)
    }

    fn prolong(&self, open: &mut Open, now: Micros) {
        let Some(token) = open.slot else { return };
        let expires = Micros(now.0.saturating_add(SLOT_LEASE_MICROS));
        if self.database.take_slot(&self.branch, token, now, expires).is_err() {
            // Idle for too long: from here on the transaction may lose its race like any other.
            open.slot = None;
        }
    }

    fn give_back(&self, open: &Open) {
        if let Some(token) = open.slot {
            self.database.give_slot(&self.branch, token);
        }
    }
}

impl Drop for Session {
    // A client that goes away must not keep others waiting for the lease to end.
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            self.give_back(&open);
        }
    }
}

/// The tables of a transaction that only its session sees.
fn temporary_of(txn: &Txn) -> Vec<Arc<TableState>> {
    txn.state().temporary_tables().cloned().collect()
}

fn none_open() -> Error {
    Error::Invalid("no transaction is open".into())
}

fn refuse_write(request: &Request<'_>) -> Result<()> {
    if request.as_of != AsOf::Now {
        return Err(Error::ReadOnly("a point in the past".into()));
    }
    if request.read_only {
        return Err(Error::Invalid("only queries run here; this statement writes".into()));
    }
    Ok(())
}

/// Runs a statement in a transaction so that all of it happens, or nothing.
pub(super) fn whole<T>(
    txn: &mut Txn,
    moment: &Moment,
    body: impl FnOnce(&mut Txn) -> Result<T>,
) -> Result<T> {
    txn.begin_statement(*moment);
    let done = body(txn).and_then(|value| txn.end_statement().map(|()| value));
    if done.is_err() {
        txn.undo_statement();
    }
    done
}

fn first_half(bytes: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&bytes[..16]);
    half
}
