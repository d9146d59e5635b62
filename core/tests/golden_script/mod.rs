//! Runs golden scripts: `tests/scripts/**/*.sql`.
//!
//! A script is a list of blocks with an empty line between them:
//!
//! ```text
//! # what is shown
//! INSERT INTO users VALUES (1, 'ada')
//! ----
//! INSERT 1, ids 1, commit 3
//!
//! SELECT * FROM users
//! ----
//! id | name
//! 1 | ada
//! ```
//!
//! A block is one statement, or directives, one a line:
//!
//! ```text
//! @session NAME                     statements below are this session's (begun where it is new)
//! @branch create NEW from OLD [as of POINT]
//! @branch use NAME                  a new session on this branch
//! @branch delete NAME [force]
//! @branch protect NAME | @branch unprotect NAME
//! @snapshot BRANCH NAME
//! @merge SOURCE into TARGET POLICY [renumber]   source_wins, target_wins, newest_wins, abort, manual
//! @as-of POINT                      statements below are asked at it; `now` ends that
//! @params LITERAL, LITERAL          for the next statement
//! @params NAME = LITERAL, …         the same by name
//! @prepare STATEMENT                what it is, without running it
//! @batch                            the statements below it, one a line, as one transaction
//! @tick SECONDS                     the clock moves on
//! @page TABLE [columns=…] [filter=…] [order=…] [page=N] [limit=N]   (`|` between them)
//! ```
//!
//! A point is `scn 3`, `time 1700000005` or `snapshot NAME`. What stands below `----` is what the
//! script is expected to give. Who runs it asks for no file, so it runs wherever the core does.

use offshoot_core::chunk::{Chunk, ChunkSource, Hash, MemoryStore, Outcome, Store, StoreError};
use offshoot_core::chunk::{Ticket, WorkingSet, Write};
use offshoot_core::database::{AsOf, BranchPatch, Database, MergeRequest, NewBranch};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::{Micros, Scn};
use offshoot_core::merge::{Held, Policy};
use offshoot_core::moment::Moment;
use offshoot_core::sql::{Limits, Output, PageQuery, Request, Session, StatementKind, page};
use offshoot_core::value::Value;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

const START_SECONDS: i64 = 1_700_000_000;
/// Restarts of one statement, at most. The scripts' tables are small; what starts again is the walk
/// along a short line of commits, and a tree of one level for each table and index that is come to.
const RESTARTS_MAX: usize = 16;

/// A store that has nothing at hand but what the last fault named.
struct Forgetful {
    inner: MemoryStore,
    at_hand: Mutex<HashSet<Hash>>,
}

impl ChunkSource for Forgetful {
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError> {
        match self.at_hand.lock().unwrap().contains(hash) {
            true => self.inner.chunk(hash),
            false => Ok(None),
        }
    }
}

impl Store for Forgetful {
    fn read_ref(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.read_ref(name)
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.inner.list_refs(prefix)
    }

    fn keyframe(&self, commit: &Hash) -> Result<Option<Hash>, StoreError> {
        self.inner.keyframe(commit)
    }

    fn submit(&self, write: Write) -> Result<Outcome, StoreError> {
        self.inner.submit(write)
    }

    fn durable(&self) -> Ticket {
        self.inner.durable()
    }
}

/// A script while it runs.
struct Run {
    database: Arc<Database>,
    forgetful: Option<(Arc<Forgetful>, Arc<WorkingSet>)>,
    sessions: BTreeMap<String, Session>,
    current: String,
    as_of: AsOf,
    params: Vec<Value>,
    named: Vec<(String, Value)>,
    clock: i64,
    moments: u64,
    commits: Vec<String>,
}

impl Run {
    fn new(forgets: bool) -> Self {
        let forgetful = forgets.then(|| {
            let (inner, at_hand) = (MemoryStore::new(), Mutex::default());
            (Arc::new(Forgetful { inner, at_hand }), Arc::new(WorkingSet::new(64 << 20)))
        });
        let database = Run::open(&forgetful);
        let main = Session::new(database.clone(), "main", "golden");
        Run {
            database,
            forgetful,
            sessions: BTreeMap::from([("main".to_owned(), main)]),
            current: "main".into(),
            as_of: AsOf::Now,
            params: Vec::new(),
            named: Vec::new(),
            clock: START_SECONDS * 1_000_000,
            moments: 0,
            commits: Vec::new(),
        }
    }

    fn open(forgetful: &Option<(Arc<Forgetful>, Arc<WorkingSet>)>) -> Arc<Database> {
        let moment = Moment { now: Micros(START_SECONDS * 1_000_000), seed: [7; 32] };
        Arc::new(match forgetful {
            None => Database::open(Arc::new(MemoryStore::new()), &moment).unwrap().value,
            Some((store, set)) => {
                Database::open(store.clone(), &moment).unwrap().value.with_working_set(set.clone())
            }
        })
    }

    /// Forgets what the database holds in memory, where that loses nothing.
    fn reopen(&mut self) {
        let holds = |s: &Session| s.in_transaction() || s.has_temporary_tables();
        if self.forgetful.is_some() && !self.sessions.values().any(holds) {
            self.database = Run::open(&self.forgetful);
            for session in self.sessions.values_mut() {
                let (branch, author) = (session.branch().to_owned(), session.author().to_owned());
                *session = Session::new(self.database.clone(), branch, author);
            }
        }
    }

    fn moment(&mut self) -> Moment {
        self.moments += 1;
        self.clock += 1_000_000;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.moments.to_le_bytes());
        Moment { now: Micros(self.clock), seed }
    }

    /// Runs an operation until it no longer faults, as a host does.
    fn settled<T>(&mut self, mut operation: impl FnMut(&mut Run) -> Result<T>) -> Result<T> {
        loop {
            let done = operation(self);
            let Some((store, set)) = &self.forgetful else { return done };
            let Err(Error::Fault(faults)) = done else {
                set.release();
                store.at_hand.lock().unwrap().clear();
                return done;
            };
            assert!(!faults.missing.is_empty(), "a fault that names nothing");
            assert!(set.restarts() < RESTARTS_MAX, "more than {RESTARTS_MAX} restarts");
            *store.at_hand.lock().unwrap() =
                faults.missing.into_iter().chain(faults.hints).collect();
            set.restart();
        }
    }

    fn block(&mut self, text: &str) -> String {
        let mut answer = String::new();
        if text.starts_with("@batch") {
            let statements: Vec<&str> = text.lines().skip(1).collect();
            let moments: Vec<Moment> = statements.iter().map(|_| self.moment()).collect();
            let result = self.settled(|run| {
                let requests: Vec<Request<'_>> = statements
                    .iter()
                    .zip(&moments)
                    .map(|(sql, moment)| Request {
                        sql,
                        params: &[],
                        as_of: AsOf::Now,
                        read_only: false,
                        limits: Limits::default(),
                        moment: *moment,
                    })
                    .collect();
                run.sessions.get_mut(&run.current).unwrap().execute_batch(&requests)
            });
            match result {
                Ok(outputs) => outputs.iter().for_each(|o| answer.push_str(&self.shown(o))),
                Err(error) => answer.push_str(&failed(&error)),
            }
            return answer;
        }
        if text.starts_with('@') {
            for line in text.lines() {
                match self.directive(line.trim()) {
                    Ok(said) => answer.push_str(&said),
                    Err(error) => answer.push_str(&failed(&error)),
                }
            }
            return answer;
        }
        let moment = self.moment();
        let mut params = std::mem::take(&mut self.params);
        let named = std::mem::take(&mut self.named);
        let result = self.settled(|run| {
            if !named.is_empty() {
                let parameters = run.sessions[&run.current].parameters(text, 1 << 20)?;
                params = parameters.ordered(named.clone())?;
            }
            let request = Request {
                sql: text,
                params: &params,
                as_of: run.as_of.clone(),
                read_only: false,
                limits: Limits::default(),
                moment,
            };
            run.sessions.get_mut(&run.current).unwrap().execute(&request)
        });
        match result {
            Ok(output) => self.shown(&output),
            Err(error) => failed(&error),
        }
    }

    fn shown(&mut self, output: &Output) -> String {
        let mut text = String::new();
        let mut line = output.kind.name().replace('_', " ");
        if !matches!(output.kind, StatementKind::Select | StatementKind::Show) {
            let counted = matches!(
                output.kind,
                StatementKind::Insert
                    | StatementKind::Update
                    | StatementKind::Delete
                    | StatementKind::Truncate
            );
            if counted {
                let _ = write!(line, " {}", output.affected);
            }
            if !output.ids.is_empty() {
                let ids: Vec<String> = output.ids.iter().map(Value::to_text).collect();
                let _ = write!(line, ", ids {}", ids.join(" "));
            }
            if let Some(commit) = output.commit {
                let _ = write!(line, ", commit {}", commit.scn.0);
                self.commits.push(commit.id.to_string());
            }
            let _ = writeln!(text, "{line}");
        }
        if !output.columns.is_empty() {
            let names: Vec<&str> = output.columns.iter().map(|c| c.name.as_str()).collect();
            text.push_str(&table(&names, &output.rows));
        }
        text
    }

    fn directive(&mut self, line: &str) -> Result<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["@session", name] => {
                if !self.sessions.contains_key(*name) {
                    let branch = self.sessions[&self.current].branch().to_owned();
                    let session = Session::new(self.database.clone(), branch, *name);
                    self.sessions.insert((*name).to_owned(), session);
                }
                self.current = (*name).to_owned();
                Ok(String::new())
            }
            ["@branch", "use", name] => {
                let session = Session::new(self.database.clone(), *name, "golden");
                self.sessions.entry((*name).to_owned()).or_insert(session);
                self.current = (*name).to_owned();
                Ok(String::new())
            }
            ["@branch", "create", name, "from", source, rest @ ..] => {
                let as_of = match rest {
                    [] => AsOf::Now,
                    ["as", "of", point @ ..] => parse_point(point),
                    other => panic!("{other:?} in {line}"),
                };
                let new = NewBranch {
                    name: (*name).to_owned(),
                    source: (*source).to_owned(),
                    as_of,
                    ..NewBranch::default()
                };
                let moment = self.moment();
                let made = self.settled(|run| run.database.create_branch(&moment, new.clone()))?;
                Ok(format!("branch {} at {}\n", made.value.name, made.value.head_scn.0))
            }
            ["@branch", "delete", name, rest @ ..] => {
                let moment = self.moment();
                let force = rest == ["force"];
                self.settled(|run| run.database.delete_branch(&moment, name, force))?;
                Ok(format!("branch {name} deleted\n"))
            }
            ["@branch", what @ ("protect" | "unprotect"), name] => {
                let moment = self.moment();
                self.settled(|run| {
                    let protected = Some(*what == "protect");
                    let patch = BranchPatch { protected, ..BranchPatch::default() };
                    run.database.update_branch(&moment, name, patch)
                })?;
                Ok(String::new())
            }
            ["@snapshot", branch, name] => {
                let moment = self.moment();
                let made = self.settled(|run| {
                    let name = Some((*name).to_owned());
                    run.database.create_snapshot(&moment, branch, &AsOf::Now, name)
                })?;
                Ok(format!("snapshot at {}\n", made.value.scn.0))
            }
            ["@merge", source, "into", target, policy, more @ ..] => {
                let policy = match *policy {
                    "source_wins" => Policy::SourceWins,
                    "target_wins" => Policy::TargetWins,
                    "newest_wins" => Policy::Newest,
                    "abort" => Policy::Abort,
                    _ => Policy::Manual,
                };
                let request = MergeRequest {
                    source: (*source).to_owned(),
                    target: (*target).to_owned(),
                    policy,
                    renumber: more == ["renumber"],
                    ..MergeRequest::default()
                };
                let moment = self.moment();
                let report = self.settled(|run| run.database.merge(&moment, &request))?.value;
                let commit = report.commit.map(|c| {
                    self.commits.push(c.id.to_string());
                    format!(", commit {}", c.scn.0)
                });
                let (changes, settled) = (report.changes, report.settled.len());
                let commit = commit.unwrap_or_default();
                Ok(format!("merged {changes} rows, {settled} conflicts settled{commit}\n"))
            }
            ["@as-of", point @ ..] => {
                self.as_of = parse_point(point);
                Ok(String::new())
            }
            ["@params", ..] => {
                let list = line.trim_start_matches("@params");
                match list.contains('=') {
                    true => {
                        let pairs = list.split(',').filter_map(|pair| pair.split_once('='));
                        let pair = |(n, v): (&str, &str)| (n.trim().to_owned(), literal(v.trim()));
                        self.named = pairs.map(pair).collect();
                    }
                    false => self.params = list.split(',').map(|v| literal(v.trim())).collect(),
                }
                Ok(String::new())
            }
            ["@prepare", ..] => {
                let sql = line.trim_start_matches("@prepare").trim();
                let moment = self.moment();
                let prepared = self.settled(|run| {
                    run.sessions[&run.current].prepare(&Request {
                        sql,
                        params: &[],
                        as_of: run.as_of.clone(),
                        read_only: false,
                        limits: Limits::default(),
                        moment,
                    })
                })?;
                let mut text = format!("{}\n", prepared.kind.name());
                for column in &prepared.columns {
                    let _ = writeln!(text, "column {} {}", column.name, column.ty);
                }
                for parameter in &prepared.parameters {
                    let name = parameter.name.as_deref().unwrap_or("-");
                    let _ =
                        writeln!(text, "parameter {} {name} {}", parameter.number, parameter.ty);
                }
                Ok(text)
            }
            ["@tick", seconds] => {
                self.clock += seconds.parse::<i64>().unwrap() * 1_000_000;
                Ok(String::new())
            }
            ["@page", table_name, ..] => {
                let rest = line.trim_start_matches("@page").trim().trim_start_matches(table_name);
                let mut query = PageQuery {
                    table: table_name,
                    columns: None,
                    filter: None,
                    order_by: None,
                    page: 1,
                    limit: 100,
                };
                for option in rest.split('|').map(str::trim).filter(|o| !o.is_empty()) {
                    let (name, value) = option.split_once('=').unwrap();
                    match name {
                        "columns" => query.columns = Some(value),
                        "filter" => query.filter = Some(value),
                        "order" => query.order_by = Some(value),
                        "page" => query.page = value.parse().unwrap(),
                        "limit" => query.limit = value.parse().unwrap(),
                        other => panic!("{other} in {line}"),
                    }
                }
                let moment = self.moment();
                let page = self.settled(|run| {
                    let branch = run.sessions[&run.current].branch().to_owned();
                    let limits = Limits::default();
                    page(&run.database, &branch, &run.as_of, &query, &limits, &moment)
                })?;
                let names: Vec<&str> = page.columns.iter().map(|c| c.name.as_str()).collect();
                Ok(format!("{}total {}\n", table(&names, &page.rows), page.total))
            }
            other => panic!("unknown directive {other:?}"),
        }
    }
}

fn parse_point(words: &[&str]) -> AsOf {
    match words {
        ["now"] => AsOf::Now,
        ["scn", n] => AsOf::Scn(Scn(n.parse().unwrap())),
        ["time", n] => {
            AsOf::Time { at: Micros(n.parse::<i64>().unwrap() * 1_000_000), whole_second: true }
        }
        ["snapshot", name] => AsOf::Snapshot((*name).to_owned()),
        other => panic!("no point: {other:?}"),
    }
}

fn literal(text: &str) -> Value {
    if text == "NULL" {
        return Value::Null;
    }
    match text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        Some(text) => Value::from(text),
        None => match text.parse::<i64>() {
            Ok(n) => Value::Int(n),
            Err(_) => Value::Float(text.parse().unwrap()),
        },
    }
}

fn table(names: &[&str], rows: &[Vec<Value>]) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", names.join(" | "));
    for row in rows {
        let cells = row.iter().map(|value| match value {
            Value::Null => "NULL".to_owned(),
            Value::Text(t) if t.is_empty() => "''".to_owned(),
            other => other.to_text().replace('\n', "\\n"),
        });
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join(" | "));
    }
    text
}

fn failed(error: &Error) -> String {
    let name = format!("{error:?}");
    let name = name.split(['(', '{', ' ']).next().unwrap_or_default();
    let mut text = format!("error {name}: {error}\n");
    if let Error::Conflicts(open) = error {
        for conflict in &open.conflicts {
            let row = conflict.row_id.as_ref().map(|id| format!(" row {id}")).unwrap_or_default();
            let column = conflict.column.as_ref().map(|c| format!(".{c}")).unwrap_or_default();
            let generated = if conflict.generated_key { ", generated key" } else { "" };
            let _ = writeln!(
                text,
                "  {}{column}{row}: {}{generated}: base {}, source {}, target {}",
                conflict.table,
                conflict.kind.name(),
                held(&conflict.base),
                held(&conflict.source),
                held(&conflict.target),
            );
        }
    }
    text
}

fn held(held: &Held) -> String {
    match held {
        Held::Nothing => "-".into(),
        Held::Cell(value) => value.to_text(),
        Held::Row(cells) => {
            let cells: Vec<String> = cells.iter().map(|(_, value)| value.to_text()).collect();
            format!("({})", cells.join(", "))
        }
    }
}

/// A script's blocks: the comment and text before `----`, and the answer below it.
fn blocks(script: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for block in script.split("\n\n").map(|b| b.trim_matches('\n')).filter(|b| !b.is_empty()) {
        let (head, answer) = match block.split_once("\n----") {
            Some((head, answer)) => (head, answer.trim_start_matches('\n')),
            None => (block, ""),
        };
        let (comments, text): (Vec<&str>, Vec<&str>) =
            head.lines().partition(|line| line.starts_with('#'));
        found.push((comments.join("\n"), text.join("\n"), answer.to_owned()));
    }
    found
}

/// Runs a script; gives it with the answers that it gives now, and the ids of its commits. A store
/// that `forgets` has no chunk at hand until it was asked for it once.
pub fn run(script: &str, forgets: bool) -> (String, Vec<String>) {
    let mut run = Run::new(forgets);
    let mut out = String::new();
    for (comments, text, _) in blocks(script) {
        if !out.is_empty() {
            out.push('\n');
        }
        if !comments.is_empty() {
            let _ = writeln!(out, "{comments}");
        }
        if text.is_empty() {
            continue;
        }
        run.reopen();
        let answer = run.block(&text);
        let _ = writeln!(out, "{text}");
        if !answer.is_empty() {
            let _ = write!(out, "----\n{answer}");
        }
    }
    (out, run.commits)
}
