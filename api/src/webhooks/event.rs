//! Events, derived from what a branch is and what was committed on it.

use super::hook::Subscription;
use offshoot_core::database::{Database, TableChanges};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::{
    BranchId, BranchRecord, BranchStatus, CommitHeader, CommitId, Micros, Scn,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// Commits that one call looks at before it lets its caller note how far it came.
const STEPS_MAX: usize = 256;

/// The five kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A branch was made.
    #[serde(rename = "branch.created")]
    Created,
    /// A branch was deleted.
    #[serde(rename = "branch.deleted")]
    Deleted,
    /// Another branch was merged into a branch.
    #[serde(rename = "branch.merged")]
    Merged,
    /// A branch was put under protection.
    #[serde(rename = "branch.protected")]
    Protected,
    /// A commit changed rows or definitions of a branch, merges and restoring included.
    #[serde(rename = "branch.data_changed")]
    DataChanged,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 5] = [
        EventKind::Created,
        EventKind::Deleted,
        EventKind::Merged,
        EventKind::Protected,
        EventKind::DataChanged,
    ];

    /// Its name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Created => "branch.created",
            EventKind::Deleted => "branch.deleted",
            EventKind::Merged => "branch.merged",
            EventKind::Protected => "branch.protected",
            EventKind::DataChanged => "branch.data_changed",
        }
    }
}

/// How far somebody was told of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The last commit that is told entirely; `None` before a branch's first.
    pub commit: Option<CommitId>,
    /// Its SCN; 0 where there is none.
    pub scn: Scn,
    /// Whether of the commit behind that one the merge is told, and what it changed is not.
    pub merge_told: bool,
    /// How many times the branch was protected is told.
    pub protections: u64,
    /// Whether the deletion is told, which ends it.
    pub deleted: bool,
}

impl Cursor {
    /// Behind everything that a branch has done.
    pub fn now(record: &BranchRecord) -> Self {
        Cursor {
            commit: Some(record.head),
            scn: record.head_scn,
            merge_told: false,
            protections: record.protections.count,
            deleted: record.status == BranchStatus::Deleted,
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_behind_all_of(&self, record: &BranchRecord) -> bool {
        *self == Cursor::now(record)
    }

    fn at(self, commit: CommitId, scn: Scn) -> Self {
        Cursor { commit: Some(commit), scn, merge_told: false, ..self }
    }
}

/// Something that happened to a branch.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Names it, whoever is told and how often: who knows it already need do nothing.
    pub id: String,
    /// Its kind.
    pub kind: EventKind,
    /// When it happened.
    pub time: Micros,
    /// The branch's name.
    pub branch: String,
    /// What there is to know.
    pub data: Json,
}

impl Event {
    fn new(kind: EventKind, record: &BranchRecord, which: &str, time: Micros, more: Json) -> Self {
        let name = format!("{} {} {which}", kind.name(), record.id);
        let mut data = json!({"branch_id": record.id.to_string(), "branch_name": record.name});
        if let (Some(data), Json::Object(more)) = (data.as_object_mut(), more) {
            data.extend(more);
        }
        Event {
            id: format!("evt_{}", &blake3::hash(name.as_bytes()).to_hex()[..32]),
            kind,
            time,
            branch: record.name.clone(),
            data,
        }
    }

    /// The body of its delivery.
    pub fn body(&self) -> String {
        let timestamp = crate::rest::rfc3339(self.time);
        json!({"id": self.id, "event": self.kind.name(), "timestamp": timestamp, "data": self.data})
            .to_string()
    }
}

/// What is to be told next, and where the cursor stands when it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// The event; `None` where the commits up to the cursor hold nothing that is to be told.
    pub event: Option<Event>,
    /// Behind it.
    pub cursor: Cursor,
}

/// What a subscriber is to be told next of a branch; `None` where it knows everything. `cursor` is
/// `None` for a branch that it has not heard of. The record must be durable.
///
/// # Errors
/// A fault, and what the store says. What retention has dropped is no error: a `branch.data_changed`
/// without tables stands for it.
pub fn due(
    database: &Database,
    record: &BranchRecord,
    cursor: Option<Cursor>,
    wanted: &Subscription,
) -> Result<Option<Due>> {
    let Some(mut cursor) = cursor else { return created(database, record, wanted).map(Some) };
    let start = cursor;
    for _ in 0..STEPS_MAX {
        if cursor.is_behind_all_of(record) {
            let due = Due { event: None, cursor };
            return Ok((cursor != start).then_some(due));
        }
        let Due { event, cursor: next } = step(database, record, cursor, wanted)?;
        cursor = next;
        if let Some(event) = event.filter(|event| wanted.takes(event.kind)) {
            return Ok(Some(Due { event: Some(event), cursor }));
        }
    }
    Ok(Some(Due { event: None, cursor }))
}

fn created(database: &Database, record: &BranchRecord, wanted: &Subscription) -> Result<Due> {
    let scn = match record.fork {
        None => Scn(0),
        Some(fork) => match database.commit_header(&fork) {
            Ok(header) => header.scn,
            Err(error) if is_gone(record, &error) => Scn(0),
            Err(error) => return Err(error),
        },
    };
    let more = json!({
        "source_branch": source(record),
        "commit": record.fork.map(|fork| fork.to_string()),
        "scn": scn.0,
    });
    let event = Event::new(EventKind::Created, record, "", record.created, more);
    let cursor =
        Cursor { commit: record.fork, scn, merge_told: false, protections: 0, deleted: false };
    Ok(Due { event: wanted.takes(EventKind::Created).then_some(event), cursor })
}

fn source(record: &BranchRecord) -> Option<&str> {
    record.source_branch.as_ref().map(|(_, name)| name.as_str())
}

/// Whether an error means that retention dropped what was asked for. What a deleted branch had is
/// dropped chunk by chunk.
fn is_gone(record: &BranchRecord, error: &Error) -> bool {
    match error {
        Error::HistoryTruncated | Error::BeforeHistory { .. } => true,
        Error::Corrupt(_) | Error::Fault(_) => record.status == BranchStatus::Deleted,
        _ => false,
    }
}

/// One step on a branch's line. There is one to make.
fn step(
    database: &Database,
    record: &BranchRecord,
    cursor: Cursor,
    wanted: &Subscription,
) -> Result<Due> {
    let by_commit = wanted.takes(EventKind::DataChanged) || wanted.takes(EventKind::Merged);
    let next = match cursor.commit == Some(record.head) {
        true => None,
        // Nobody asks what the commits are.
        false if !by_commit => Some(Next::Jump),
        false => Some(next_commit(database, record, &cursor)?),
    };
    // A protection stands behind the commit that was the head then.
    if cursor.protections < record.protections.count {
        let nth = cursor.protections + 1;
        let known = record.protections.nth(nth);
        let (scn, time) = known.unwrap_or((record.head_scn, record.updated));
        let first = match &next {
            Some(Next::Commit(_, header)) => header.scn > scn,
            Some(Next::Jump | Next::Gap) => cursor.scn >= scn,
            None => true,
        };
        if first {
            let event = protected(record, nth, scn, time);
            let cursor = Cursor { protections: nth, ..cursor };
            return Ok(Due { event: Some(event), cursor });
        }
    }
    let head = cursor.at(record.head, record.head_scn);
    match next {
        Some(Next::Commit(id, header)) => of_commit(database, record, cursor, id, &header, wanted),
        Some(Next::Jump) => Ok(Due { event: None, cursor: head }),
        Some(Next::Gap) => Ok(Due { event: Some(gap(record)), cursor: head }),
        None => Ok(Due {
            event: (record.status == BranchStatus::Deleted).then(|| deleted(record)),
            cursor: Cursor::now(record),
        }),
    }
}

/// What stands behind a cursor on a branch's line.
enum Next {
    Commit(CommitId, std::sync::Arc<CommitHeader>),
    /// The head, without looking at what lies between.
    Jump,
    /// The head: what lies between cannot be read any more, or the history was replaced.
    Gap,
}

fn next_commit(database: &Database, record: &BranchRecord, cursor: &Cursor) -> Result<Next> {
    match database.commit_after(&record.head, cursor.commit.as_ref()) {
        Ok(Some((id, header))) => Ok(Next::Commit(id, header)),
        Ok(None) => Ok(Next::Jump),
        // The cursor is not on this line.
        Err(Error::Invalid(_)) => Ok(Next::Gap),
        Err(error) if is_gone(record, &error) => Ok(Next::Gap),
        Err(error) => Err(error),
    }
}

fn protected(record: &BranchRecord, nth: u64, scn: Scn, time: Micros) -> Event {
    let more = json!({"scn": scn.0});
    Event::new(EventKind::Protected, record, &nth.to_string(), time, more)
}

fn deleted(record: &BranchRecord) -> Event {
    let time = record.deleted.unwrap_or(record.updated);
    let more = json!({
        "source_branch": source(record),
        "commit": record.head.to_string(),
        "scn": record.head_scn.0,
    });
    Event::new(EventKind::Deleted, record, "", time, more)
}

/// That much changed which can no longer be told one by one.
fn gap(record: &BranchRecord) -> Event {
    let more = json!({
        "commit": record.head.to_string(),
        "scn": record.head_scn.0,
        "history_truncated": true,
    });
    let which = format!("gap {}", record.head);
    Event::new(EventKind::DataChanged, record, &which, record.head_time, more)
}

/// A commit is told in up to two events: that it merged, then what it changed.
fn of_commit(
    database: &Database,
    record: &BranchRecord,
    cursor: Cursor,
    id: CommitId,
    header: &CommitHeader,
    wanted: &Subscription,
) -> Result<Due> {
    let merged = header.parents.get(1).filter(|_| !cursor.merge_told);
    if let Some(merged) = merged
        && wanted.takes(EventKind::Merged)
    {
        let from = owner(database, record.id, merged)?;
        let more = json!({
            "source_branch": from.as_ref().map(|from| from.name.as_str()),
            "source_branch_id": from.as_ref().map(|from| from.id.to_string()),
            "target_branch": record.name,
            "merged_commit": merged.to_string(),
            "commit": id.to_string(),
            "scn": header.scn.0,
            "user": author(header),
        });
        let event = Event::new(EventKind::Merged, record, &id.to_string(), header.time, more);
        return Ok(Due { event: Some(event), cursor: Cursor { merge_told: true, ..cursor } });
    }
    let behind = cursor.at(id, header.scn);
    if !wanted.takes(EventKind::DataChanged) {
        return Ok(Due { event: None, cursor: behind });
    }
    let tables = match database.changes_of_commit(&id) {
        Ok(tables) if tables.is_empty() => return Ok(Due { event: None, cursor: behind }),
        Ok(tables) => Some(tables.iter().map(table).collect::<Vec<Json>>()),
        Err(error) if is_gone(record, &error) => None,
        Err(error) => return Err(error),
    };
    let mut more = json!({
        "commit": id.to_string(),
        "scn": header.scn.0,
        "user": author(header),
        "message": Some(&header.message).filter(|message| !message.is_empty()),
        "tables": tables,
    });
    if let (None, Some(more)) = (&tables, more.as_object_mut()) {
        more.insert("history_truncated".into(), true.into());
    }
    let event = Event::new(EventKind::DataChanged, record, &id.to_string(), header.time, more);
    Ok(Due { event: Some(event), cursor: behind })
}

fn author(header: &CommitHeader) -> Option<&str> {
    Some(header.author.as_str()).filter(|author| !author.is_empty())
}

fn table(changes: &TableChanges) -> Json {
    json!({
        "name": changes.name,
        "schema_changed": changes.schema_changed,
        "inserts": changes.inserts,
        "updates": changes.updates,
        "deletes": changes.deletes,
    })
}

/// The branch, live or deleted, on which a commit was made: it has it on its line, and not from the
/// branch that it came from. Where none is known, any whose line has it.
fn owner(
    database: &Database,
    besides: BranchId,
    commit: &CommitId,
) -> Result<Option<BranchRecord>> {
    let on_line = |record: &BranchRecord, head: &CommitId| match database.is_on_line(head, commit) {
        Err(error) if is_gone(record, &error) => Ok(false),
        other => other,
    };
    let mut any = None;
    for record in database.branches()? {
        if record.id == besides || !on_line(&record, &record.head)? {
            continue;
        }
        let inherited = match &record.fork {
            Some(fork) => on_line(&record, fork)?,
            None => false,
        };
        if !inherited {
            return Ok(Some(record));
        }
        any = Some(record);
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use offshoot_core::chunk::MemoryStore;
    use offshoot_core::database::{AsOf, BranchPatch, NewBranch};
    use offshoot_core::moment::Moment;
    use offshoot_core::sql::{Limits, Request, Session};
    use std::sync::Arc;

    struct Here {
        database: Arc<Database>,
        moments: u8,
    }

    impl Here {
        fn new() -> Self {
            let moment = Moment { now: Micros(0), seed: [0; 32] };
            let opened = Database::open(Arc::new(MemoryStore::new()), &moment).unwrap();
            Here { database: Arc::new(opened.value), moments: 0 }
        }

        fn moment(&mut self) -> Moment {
            self.moments += 1;
            Moment { now: Micros(i64::from(self.moments) * 1_000_000), seed: [self.moments; 32] }
        }

        fn run(&mut self, branch: &str, sql: &str) {
            let moment = self.moment();
            let mut session = Session::new(self.database.clone(), branch, "ada");
            let limits = Limits::default();
            let as_of = AsOf::Now;
            let request = Request { sql, params: &[], as_of, read_only: false, limits, moment };
            session.execute(&request).unwrap();
        }

        fn protect(&mut self, branch: &str, protected: bool) {
            let patch = BranchPatch { protected: Some(protected), ..BranchPatch::default() };
            let moment = self.moment();
            self.database.update_branch(&moment, branch, patch).unwrap();
        }

        fn record(&self, branch: &str) -> BranchRecord {
            self.database.branch(branch).unwrap()
        }

        /// All that is due, in short.
        fn told(
            &self,
            branch: &str,
            mut cursor: Option<Cursor>,
            wanted: &[EventKind],
        ) -> Vec<String> {
            let record = self.record(branch);
            let wanted = Subscription { events: wanted.to_vec(), ..Subscription::default() };
            let mut told = Vec::new();
            while let Some(due) = due(&self.database, &record, cursor, &wanted).unwrap() {
                told.extend(due.event.map(|event| {
                    let gap = event.data.get("history_truncated").map_or("", |_| " gap");
                    format!("{} {}{gap}", event.kind.name(), event.data["scn"])
                }));
                cursor = Some(due.cursor);
            }
            assert!(cursor.is_none_or(|cursor| cursor.is_behind_all_of(&record)));
            told
        }
    }

    #[test]
    fn protections_stand_between_commits() {
        let mut here = Here::new();
        here.run("main", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
        let start = Some(Cursor::now(&here.record("main")));
        let scn = here.record("main").head_scn.0;
        here.run("main", "INSERT INTO t VALUES (1)");
        here.protect("main", true);
        here.protect("main", false);
        here.run("main", "INSERT INTO t VALUES (2)");
        here.protect("main", true);
        let [first, second] = [scn + 1, scn + 2];
        assert_eq!(
            here.told("main", start, &EventKind::ALL),
            [
                format!("branch.data_changed {first}"),
                format!("branch.protected {first}"),
                format!("branch.data_changed {second}"),
                format!("branch.protected {second}"),
            ]
        );
        assert_eq!(
            here.told("main", start, &[EventKind::Protected]),
            [format!("branch.protected {first}"), format!("branch.protected {second}"),]
        );
        assert!(here.told("main", start, &[EventKind::Deleted]).is_empty());
    }

    #[test]
    fn a_line_that_does_not_hold_the_cursor_is_told_as_a_gap() {
        let mut here = Here::new();
        here.run("main", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
        let (name, source) = ("other".to_owned(), "main".to_owned());
        let moment = here.moment();
        let new = NewBranch { name, source, ..NewBranch::default() };
        here.database.create_branch(&moment, new).unwrap();
        here.run("other", "INSERT INTO t VALUES (1)");
        here.run("main", "INSERT INTO t VALUES (2)");
        let elsewhere = Some(Cursor::now(&here.record("other")));
        let scn = here.record("main").head_scn;
        let told = here.told("main", elsewhere, &EventKind::ALL);
        assert_eq!(told, [format!("branch.data_changed {scn} gap")]);
    }

    #[test]
    fn what_nobody_asked_for_is_passed_over() {
        let mut here = Here::new();
        here.run("main", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
        let start = Cursor::now(&here.record("main"));
        for row in 0..200 {
            here.run("main", &format!("INSERT INTO t VALUES ({row})"));
            here.moments = 0;
        }
        let wanted = Subscription { events: vec![EventKind::Merged], ..Subscription::default() };
        let record = here.record("main");
        let due = due(&here.database, &record, Some(start), &wanted).unwrap().unwrap();
        assert_eq!((due.event, due.cursor), (None, Cursor::now(&record)));
        assert!(here.told("main", Some(start), &[EventKind::Created]).is_empty());
        assert_eq!(here.told("main", Some(start), &[EventKind::DataChanged]).len(), 200);
    }
}
