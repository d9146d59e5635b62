//! Which webhooks there are, how far each was told, and what became of its last deliveries.
//!
//! Everything is in memory and in the file ([`Journal`]); registrations are on the disk before they
//! are answered. Cursors and attempts are written and not waited for: what a power cut takes of them
//! is sent again.

use super::journal::{Journal, Line, Mark, Registered};
use super::send::check;
use super::{ATTEMPTS_KEPT, LOOKING_MAX, SENDING_MAX, WEBHOOKS_MAX, WebhookOptions};
use crate::embedded::EmbeddedDatabase;
use offshoot_api::host::Call;
use offshoot_api::webhooks::{
    Attempt, Cursor, Draft, Patch, Refusal, Subscription, Target, Webhook, Webhooks, secret_of,
};
use offshoot_core::history::{BranchId, BranchRecord, Micros};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore, watch};

/// Where the webhooks of a database file are.
pub fn webhooks_path(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".webhooks");
    name.into()
}

/// The webhooks of one database.
pub struct Book {
    pub(super) database: Arc<EmbeddedDatabase>,
    pub(super) options: WebhookOptions,
    /// Tells that there may be something to send.
    pub(super) changed: Notify,
    inner: Mutex<Inner>,
}

struct Inner {
    journal: Journal,
    entries: BTreeMap<String, Entry>,
}

struct Entry {
    webhook: Registered,
    cursors: HashMap<BranchId, Cursor>,
    /// Oldest first.
    attempts: VecDeque<Attempt>,
    sending: Arc<Semaphore>,
    looking: Arc<Semaphore>,
    /// How often the webhook was changed. Who waits on its behalf begins anew then.
    version: watch::Sender<u64>,
}

/// A webhook as those have it who deliver to it.
#[derive(Debug, Clone)]
pub(super) struct Subscriber {
    pub id: String,
    pub url: String,
    pub secret: String,
    pub subscription: Subscription,
    pub sending: Arc<Semaphore>,
    /// Held by whoever looks up its receiver's name.
    pub looking: Arc<Semaphore>,
    /// Changes with the webhook and ends with it.
    pub changes: watch::Receiver<u64>,
    version: u64,
}

/// A webhook is not as it was, or is gone: what was done for it counts no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Changed;

impl Entry {
    fn new(webhook: Registered) -> Self {
        Entry {
            webhook,
            cursors: HashMap::new(),
            attempts: VecDeque::new(),
            sending: Arc::new(Semaphore::new(SENDING_MAX)),
            looking: Arc::new(Semaphore::new(LOOKING_MAX)),
            version: watch::Sender::new(0),
        }
    }

    fn tried(&mut self, attempt: Attempt) {
        match attempt.error {
            None => {
                self.webhook.failing_since = None;
                self.webhook.delivered = Some(attempt.at);
            }
            Some(_) => {
                self.webhook.failing_since.get_or_insert(attempt.at);
            }
        }
        if self.attempts.len() >= ATTEMPTS_KEPT {
            self.attempts.pop_front();
        }
        self.attempts.push_back(attempt);
    }

    fn marks(&self) -> Vec<Mark> {
        self.cursors.iter().map(|(branch, cursor)| Mark::of(*branch, cursor)).collect()
    }

    fn shown(&self) -> Webhook {
        let Registered {
            id,
            url,
            subscription,
            description,
            active,
            created,
            updated,
            failing_since,
            delivered,
            ..
        } = self.webhook.clone();
        Webhook {
            id,
            url,
            subscription,
            description,
            active,
            created: Micros(created),
            updated: Micros(updated),
            failing_since: failing_since.map(Micros),
            delivered: delivered.map(Micros),
        }
    }
}

impl Inner {
    fn apply(&mut self, line: Line) {
        match line {
            Line::Version { .. } => {}
            Line::Webhook { webhook, marks } => {
                let id = webhook.id.clone();
                let entry = self.entries.entry(id).or_insert_with(|| Entry::new(*webhook.clone()));
                entry.webhook = *webhook;
                if let Some(marks) = marks {
                    entry.cursors = marks.iter().filter_map(Mark::read).collect();
                }
            }
            Line::Moved { webhook, mark } => {
                if let Some(entry) = self.entries.get_mut(&webhook) {
                    entry.cursors.extend(mark.read());
                }
            }
            Line::Tried { webhook, attempt, mark } => {
                if let Some(entry) = self.entries.get_mut(&webhook) {
                    entry.cursors.extend(mark.and_then(|mark| mark.read()));
                    entry.tried(attempt);
                }
            }
            Line::Gone { webhook } => {
                self.entries.remove(&webhook);
            }
        }
    }

    /// All that the lines come to.
    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (id, entry) in &self.entries {
            // Before its attempts: they leave alone what it knows of longer ago.
            let webhook = Box::new(entry.webhook.clone());
            lines.push(Line::Webhook { webhook, marks: Some(entry.marks()) });
            lines.extend(entry.attempts.iter().map(|attempt| Line::Tried {
                webhook: id.clone(),
                attempt: attempt.clone(),
                mark: None,
            }));
        }
        lines
    }

    /// Writes a line that a crash may take, and the file anew where it has grown long.
    fn note(&mut self, line: &Line) {
        let done = self.journal.append(line, false).and_then(|()| match self.journal.is_long() {
            true => {
                let lines = self.lines();
                self.journal.rewrite(&lines)
            }
            false => Ok(()),
        });
        if let Err(error) = done {
            tracing::warn!(%error, "a delivery could not be noted; it is repeated after a restart");
        }
    }
}

impl Book {
    /// Reads the webhooks of a database.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, or is in use.
    pub fn open(
        database: Arc<EmbeddedDatabase>,
        options: WebhookOptions,
    ) -> std::io::Result<Arc<Self>> {
        let (journal, lines) = Journal::open(webhooks_path(database.path()))?;
        let mut inner = Inner { journal, entries: BTreeMap::new() };
        lines.into_iter().for_each(|line| inner.apply(line));
        // Branches whose records were collected are never heard of again.
        let known = database.database().branches().map_err(std::io::Error::other)?;
        let known: HashSet<BranchId> = known.iter().map(|record| record.id).collect();
        for entry in inner.entries.values_mut() {
            entry.cursors.retain(|branch, _| known.contains(branch));
        }
        Ok(Arc::new(Book { database, options, changed: Notify::new(), inner: Mutex::new(inner) }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.inner().entries.is_empty()
    }

    /// Those that are to be told, as they are now.
    pub(super) fn subscribers(&self) -> Vec<Subscriber> {
        let inner = self.inner();
        let active = inner.entries.values().filter(|entry| entry.webhook.active);
        let subscriber = |entry: &Entry| Subscriber {
            id: entry.webhook.id.clone(),
            url: entry.webhook.url.clone(),
            secret: entry.webhook.secret.clone(),
            subscription: entry.webhook.subscription.clone(),
            sending: entry.sending.clone(),
            looking: entry.looking.clone(),
            changes: entry.version.subscribe(),
            version: *entry.version.borrow(),
        };
        active.map(subscriber).collect()
    }

    /// Those of some branches of which a subscriber does not know everything.
    pub(super) fn behind(
        &self,
        of: &Subscriber,
        records: &[Arc<BranchRecord>],
    ) -> Result<Vec<Arc<BranchRecord>>, Changed> {
        let mut inner = self.inner();
        let entry = inner.current(of)?;
        let news = |record: &&Arc<BranchRecord>| {
            let cursor = entry.cursors.get(&record.id);
            of.subscription.covers(&record.name)
                && cursor.is_none_or(|cursor| !cursor.is_behind_all_of(record))
        };
        Ok(records.iter().filter(news).cloned().collect())
    }

    /// How far a subscriber was told of a branch.
    pub(super) fn cursor(
        &self,
        of: &Subscriber,
        branch: BranchId,
    ) -> Result<Option<Cursor>, Changed> {
        Ok(self.inner().current(of)?.cursors.get(&branch).copied())
    }

    /// Moves a cursor over what is not told.
    pub(super) fn moved(
        &self,
        of: &Subscriber,
        branch: BranchId,
        to: Cursor,
    ) -> Result<(), Changed> {
        let mut inner = self.inner();
        inner.current(of)?.cursors.insert(branch, to);
        inner.note(&Line::Moved { webhook: of.id.clone(), mark: Mark::of(branch, &to) });
        Ok(())
    }

    /// Notes an attempt, and moves the cursor where it arrived.
    pub(super) fn tried(
        &self,
        of: &Subscriber,
        attempt: Attempt,
        arrived: Option<(BranchId, Cursor)>,
    ) -> Result<(), Changed> {
        let mut inner = self.inner();
        let entry = inner.current(of)?;
        entry.cursors.extend(arrived);
        entry.tried(attempt.clone());
        let mark = arrived.map(|(branch, cursor)| Mark::of(branch, &cursor));
        inner.note(&Line::Tried { webhook: of.id.clone(), attempt, mark });
        Ok(())
    }

    /// What branches have done so far, durably: those that a subscription covers.
    fn here_and_now(&self, covers: &Subscription) -> Result<HashMap<BranchId, Cursor>, Refusal> {
        let records = self.database.database().branches().map_err(failed)?;
        self.database.store().flush().map_err(failed)?;
        let covered = records.iter().filter(|record| covers.covers(&record.name));
        Ok(covered.map(|record| (record.id, Cursor::now(record))).collect())
    }

    fn check(&self, url: &str) -> Result<(), Refusal> {
        let target = Target::parse(url).map_err(Refusal::Address)?;
        check(&target, &self.options).map_err(Refusal::Address)
    }
}

impl Inner {
    fn current(&mut self, of: &Subscriber) -> Result<&mut Entry, Changed> {
        let entry = self.entries.get_mut(&of.id).ok_or(Changed)?;
        if *entry.version.borrow() == of.version { Ok(entry) } else { Err(Changed) }
    }

    fn known(&self, id: &str) -> Result<&Entry, Refusal> {
        self.entries.get(id).ok_or_else(|| Refusal::Unknown(id.to_owned()))
    }
}

fn failed(error: impl std::fmt::Display) -> Refusal {
    Refusal::Failed(error.to_string())
}

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Book")
            .field("webhooks", &self.inner().entries.len())
            .finish_non_exhaustive()
    }
}

impl Webhooks for Book {
    fn create(&self, call: &Call, draft: Draft) -> Result<(Webhook, String), Refusal> {
        let id = call.moment.derive("webhook id", 0);
        let id = id.iter().take(12).fold("wh_".to_owned(), |id, byte| id + &format!("{byte:02x}"));
        if let Some(there) = self.inner().entries.get(&id) {
            return Ok((there.shown(), there.webhook.secret.clone()));
        }
        self.check(&draft.url)?;
        let cursors = self.here_and_now(&draft.subscription)?;
        let mut inner = self.inner();
        if inner.entries.len() >= WEBHOOKS_MAX {
            return Err(Refusal::Full(WEBHOOKS_MAX));
        }
        let mut entry = Entry::new(Registered {
            id: id.clone(),
            url: draft.url,
            secret: secret_of(&call.moment.derive("webhook secret", 0)),
            subscription: draft.subscription,
            description: draft.description,
            active: draft.active,
            created: call.moment.now.0,
            updated: call.moment.now.0,
            failing_since: None,
            delivered: None,
        });
        entry.cursors = cursors;
        let webhook = Box::new(entry.webhook.clone());
        let line = Line::Webhook { webhook, marks: Some(entry.marks()) };
        inner.journal.append(&line, true).map_err(failed)?;
        let answer = (entry.shown(), entry.webhook.secret.clone());
        inner.entries.insert(id, entry);
        drop(inner);
        self.changed.notify_one();
        Ok(answer)
    }

    fn list(&self) -> Vec<Webhook> {
        let mut all: Vec<Webhook> = self.inner().entries.values().map(Entry::shown).collect();
        all.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        all
    }

    fn get(&self, id: &str) -> Result<Webhook, Refusal> {
        self.inner().known(id).map(Entry::shown)
    }

    fn update(&self, call: &Call, id: &str, patch: Patch) -> Result<Webhook, Refusal> {
        let Patch { url, events, branches, description, active } = patch;
        if let Some(url) = &url {
            self.inner().known(id)?;
            self.check(url)?;
        }
        let mut inner = self.inner();
        let entry = inner.known(id)?;
        let mut webhook = entry.webhook.clone();
        webhook.url = url.unwrap_or(webhook.url);
        webhook.subscription.events = events.unwrap_or(webhook.subscription.events);
        webhook.subscription.branches = branches.unwrap_or(webhook.subscription.branches);
        webhook.description = description.unwrap_or(webhook.description);
        webhook.active = active.unwrap_or(webhook.active);
        if webhook == entry.webhook {
            return Ok(entry.shown());
        }
        webhook.updated = call.moment.now.0;
        // Of branches that it did not have it is told what happens from now on.
        let cursors = match webhook.subscription.branches == entry.webhook.subscription.branches {
            true => None,
            false => {
                let mut cursors = self.here_and_now(&webhook.subscription)?;
                for (branch, cursor) in &mut cursors {
                    *cursor = entry.cursors.get(branch).copied().unwrap_or(*cursor);
                }
                Some(cursors)
            }
        };
        let marks = cursors.as_ref().map(|cursors| {
            cursors.iter().map(|(branch, cursor)| Mark::of(*branch, cursor)).collect()
        });
        let line = Line::Webhook { webhook: Box::new(webhook.clone()), marks };
        inner.journal.append(&line, true).map_err(failed)?;
        let entry = inner.entries.get_mut(id).ok_or_else(|| Refusal::Unknown(id.to_owned()))?;
        entry.webhook = webhook;
        entry.cursors = cursors.unwrap_or(std::mem::take(&mut entry.cursors));
        entry.version.send_modify(|version| *version += 1);
        let shown = entry.shown();
        drop(inner);
        self.changed.notify_one();
        Ok(shown)
    }

    fn delete(&self, id: &str) -> Result<(), Refusal> {
        let mut inner = self.inner();
        inner.known(id)?;
        inner.journal.append(&Line::Gone { webhook: id.to_owned() }, true).map_err(failed)?;
        inner.entries.remove(id);
        Ok(())
    }

    fn attempts(&self, id: &str, limit: usize) -> Result<Vec<Attempt>, Refusal> {
        let inner = self.inner();
        Ok(inner.known(id)?.attempts.iter().rev().take(limit).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::moment;
    use offshoot_api::webhooks::EventKind;
    use offshoot_core::sql::Limits;

    /// A file in a folder of its own.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let folder =
                std::env::temp_dir().join(format!("offshoot-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            Place(folder)
        }

        fn open(&self) -> Arc<Book> {
            let database = EmbeddedDatabase::new(self.0.join("db")).unwrap();
            Book::open(Arc::new(database), WebhookOptions::default()).unwrap()
        }

        fn bytes(&self) -> u64 {
            std::fs::metadata(webhooks_path(&self.0.join("db"))).unwrap().len()
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn draft() -> Draft {
        Draft {
            url: "https://93.184.215.14/hook".into(),
            subscription: Subscription::default(),
            description: String::new(),
            active: true,
        }
    }

    fn call(book: &Book) -> Call {
        let database = book.database.database().clone();
        Call { database, moment: moment().unwrap(), limits: Limits::default() }
    }

    fn attempt(at: i64, error: Option<&str>) -> Attempt {
        Attempt {
            event_id: format!("evt_{at}"),
            event: EventKind::DataChanged,
            branch: "main".into(),
            number: 1,
            at,
            status: Some(200),
            latency_ms: 1,
            error: error.map(str::to_owned),
            retry_at: None,
        }
    }

    #[test]
    fn the_file_stays_short_and_says_the_same() {
        let place = Place::new("webhook-book");
        let book = place.open();
        let (made, secret) = book.create(&call(&book), draft()).unwrap();
        let (gone, _) = book.create(&call(&book), draft()).unwrap();
        book.delete(&gone.id).unwrap();
        let subscriber = book.subscribers().pop().unwrap();
        let main = book.database.database().branch("main").unwrap();
        let mut longest = 0;
        for at in 1..=20_000 {
            let cursor = Cursor { protections: at as u64, ..Cursor::now(&main) };
            let arrived = Some((main.id, cursor));
            book.tried(&subscriber, attempt(at, None), arrived).unwrap();
            longest = longest.max(place.bytes());
        }
        // Longer ago than any attempt that is kept.
        for at in 20_001..=20_200 {
            book.tried(&subscriber, attempt(at, Some("no")), None).unwrap();
        }
        let lines = book.inner().lines();
        book.inner().journal.rewrite(&lines).unwrap();
        assert!(longest < 2 << 20, "{longest} bytes");
        let before = book.get(&made.id).unwrap();
        assert_eq!(before.failing_since, Some(Micros(20_001)));
        assert_eq!(before.delivered, Some(Micros(20_000)));
        book.database.close().unwrap();
        drop(book);
        let book = place.open();
        assert_eq!(book.list(), [before]);
        assert_eq!(book.attempts(&made.id, 1000).unwrap().len(), ATTEMPTS_KEPT);
        assert_eq!(book.attempts(&made.id, 1).unwrap(), [attempt(20_200, Some("no"))]);
        let subscriber = book.subscribers().pop().unwrap();
        assert_eq!(subscriber.secret, secret);
        let cursor = book.cursor(&subscriber, main.id).unwrap().unwrap();
        assert_eq!(cursor, Cursor { protections: 20_000, ..Cursor::now(&main) });
    }

    #[test]
    fn what_is_done_for_a_webhook_that_changed_counts_no_more() {
        let place = Place::new("webhook-change");
        let book = place.open();
        let (made, _) = book.create(&call(&book), draft()).unwrap();
        let old = book.subscribers().pop().unwrap();
        let main = book.database.database().branch("main").unwrap();
        let patch = Patch { description: Some("other".into()), ..Patch::default() };
        book.update(&call(&book), &made.id, patch).unwrap();
        assert!(old.changes.has_changed().unwrap());
        assert_eq!(book.tried(&old, attempt(1, None), None), Err(Changed));
        assert_eq!(book.moved(&old, main.id, Cursor::now(&main)), Err(Changed));
        let new = book.subscribers().pop().unwrap();
        assert_eq!(book.tried(&new, attempt(1, None), None), Ok(()));
        book.delete(&made.id).unwrap();
        assert_eq!(book.cursor(&new, main.id), Err(Changed));
    }
}
