//! Deliveries: whoever is behind is told, one event after the other.

use super::book::{Book, Changed, Subscriber};
use super::send::{Kept, Letter, Undelivered, send};
use super::{LANES_MAX, WebhookOptions, pause};
use crate::embedded::{EmbeddedDatabase, moment};
use hyper::body::Bytes;
use offshoot_api::webhooks::{Attempt, Cursor, Due, Event, Target, due};
use offshoot_core::chunk::{Store, Ticket};
use offshoot_core::error::Error;
use offshoot_core::history::{BranchRecord, BranchStatus, Micros};
use offshoot_core::value::MICROS_PER_SECOND;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{Id, JoinHandle, JoinSet, spawn_blocking};
use tokio::time::MissedTickBehavior;

/// How often it is looked whether anything was written. A look costs one lock.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long a lane waits that could not read the database.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(10);

/// Delivers the webhooks of one database, until it is stopped.
pub struct Courier {
    book: Arc<Book>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Courier {
    /// Reads the webhooks of a database and begins to deliver. Inside a tokio runtime.
    ///
    /// # Errors
    /// As [`Book::open`].
    pub fn start(
        database: Arc<EmbeddedDatabase>,
        options: WebhookOptions,
    ) -> std::io::Result<Self> {
        let book = Book::open(database, options)?;
        let (stop, stopped) = watch::channel(false);
        let round =
            Round { book: book.clone(), stopped, lanes: JoinSet::new(), busy: HashMap::new() };
        let task = Mutex::new(Some(tokio::spawn(round.run())));
        Ok(Courier { book, stop, task })
    }

    /// The webhooks, for those who register them.
    pub fn book(&self) -> Arc<Book> {
        self.book.clone()
    }

    /// Ends deliveries; returns when nobody reads the database any more. A request that is under way
    /// is given up and made again some day.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

/// A webhook's id and a branch's name.
type Place = (String, String);

/// What a scan found: a lane's subscriber, and what is to be told in it, in order.
type Found = (Subscriber, String, Vec<Arc<BranchRecord>>);

struct Round {
    book: Arc<Book>,
    stopped: watch::Receiver<bool>,
    lanes: JoinSet<()>,
    busy: HashMap<Id, Place>,
}

impl Round {
    async fn run(mut self) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut seen, mut again): (Option<Ticket>, bool) = (None, true);
        loop {
            tokio::select! {
                _ = self.stopped.changed() => break,
                () = self.book.changed.notified() => again = true,
                Some(ended) = self.lanes.join_next_with_id() => {
                    self.busy.remove(&ended.map_or_else(|panicked| panicked.id(), |(id, ())| id));
                    again = true;
                }
                _ = look.tick() => {
                    let durable = self.book.database.store().durable();
                    if again || seen != Some(durable) {
                        (seen, again) = (Some(durable), false);
                        self.scan().await;
                    }
                }
            }
        }
        while self.lanes.join_next().await.is_some() {}
    }

    async fn scan(&mut self) {
        // Before the branches are read: who registers meanwhile is not told of older states.
        let subscribers = self.book.subscribers();
        if subscribers.is_empty() {
            return;
        }
        let book = self.book.clone();
        let found = match spawn_blocking(move || scanned(&book, subscribers)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return tracing::warn!(%error, "branches cannot be read for webhooks"),
            Err(error) => return tracing::error!(%error, "a scan for webhooks ended early"),
        };
        let mut taken: HashMap<String, usize> = HashMap::new();
        let busy: HashSet<Place> = self.busy.values().cloned().collect();
        for (webhook, _) in &busy {
            *taken.entry(webhook.clone()).or_default() += 1;
        }
        for (subscriber, name, records) in found {
            let place = (subscriber.id.clone(), name);
            let taken = taken.entry(place.0.clone()).or_default();
            // One that finds no place is found again when a lane ends.
            if busy.contains(&place) || *taken >= LANES_MAX {
                continue;
            }
            *taken += 1;
            let lane = Lane {
                book: self.book.clone(),
                subscriber,
                stopped: self.stopped.clone(),
                kept: Kept::default(),
            };
            let task = self.lanes.spawn(lane.run(records));
            self.busy.insert(task.id(), place);
        }
    }
}

fn scanned(book: &Book, subscribers: Vec<Subscriber>) -> Result<Vec<Found>, Error> {
    let mut records: Vec<Arc<BranchRecord>> =
        book.database.database().branches()?.into_iter().map(Arc::new).collect();
    // What was read may be accepted and not yet durable; now it is.
    book.database.store().flush()?;
    // Of branches that had one name the deleted ones come first, the oldest of them before the others.
    let ended = |record: &BranchRecord| match record.status {
        BranchStatus::Deleted => record.deleted.unwrap_or(record.updated),
        _ => Micros(i64::MAX),
    };
    records.sort_by_key(|record| (ended(record), record.created, record.id));
    let mut found = Vec::new();
    for subscriber in subscribers {
        let Ok(behind) = book.behind(&subscriber, &records) else { continue };
        let mut names: BTreeMap<String, Vec<Arc<BranchRecord>>> = BTreeMap::new();
        for record in behind {
            names.entry(record.name.clone()).or_default().push(record);
        }
        found.extend(names.into_iter().map(|(name, rest)| (subscriber.clone(), name, rest)));
    }
    Ok(found)
}

/// One webhook and the branches of one name.
struct Lane {
    book: Arc<Book>,
    subscriber: Subscriber,
    stopped: watch::Receiver<bool>,
    kept: Kept,
}

/// Why a lane ends before its work is done: the webhook changed, or the server stops. The next scan
/// begins another.
struct Ended;

impl From<Changed> for Ended {
    fn from(_: Changed) -> Self {
        Ended
    }
}

impl Lane {
    async fn run(mut self, records: Vec<Arc<BranchRecord>>) {
        for record in records {
            if self.tell(&record).await.is_err() {
                return;
            }
        }
    }

    /// Tells everything of a branch up to a state of it.
    async fn tell(&mut self, record: &Arc<BranchRecord>) -> Result<(), Ended> {
        loop {
            let (book, subscriber) = (self.book.clone(), self.subscriber.clone());
            let branch = record.clone();
            let next = spawn_blocking(move || next(&book, &subscriber, &branch)).await;
            match next.map_err(|_| Ended)? {
                Ok(Some((event, cursor))) => self.deliver(record, &event, cursor).await?,
                Ok(None) => return Ok(()),
                Err(Unready::Changed) => return Err(Ended),
                Err(Unready::Unreadable(error)) => {
                    let branch = &record.name;
                    tracing::warn!(branch, %error, "webhooks cannot be told what was committed");
                    self.wait(UNREADABLE_PAUSE).await?;
                }
            }
        }
    }

    /// Sends an event until it arrives.
    async fn deliver(
        &mut self,
        record: &BranchRecord,
        event: &Event,
        cursor: Cursor,
    ) -> Result<(), Ended> {
        let body = Bytes::from(event.body());
        for number in 1_u32.. {
            let seed = moment().map_err(|_| Ended)?;
            let letter = Letter {
                id: event.id.clone(),
                body: body.clone(),
                secret: self.subscriber.secret.clone(),
                now: seed.now.0.div_euclid(MICROS_PER_SECOND),
            };
            let started = Instant::now();
            let done = self.sent(letter).await?;
            let latency = started.elapsed();
            let later = pause(number, seed.seed[0]);
            let (status, error) = match &done {
                Ok(status) => (Some(*status), None),
                Err(Undelivered { status, why }) => (*status, Some(why.clone())),
            };
            let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
            let retry_at = error
                .as_ref()
                .map(|_| seed.now.0.saturating_add(micros(latency)).saturating_add(micros(later)));
            let attempt = Attempt {
                event_id: event.id.clone(),
                event: event.kind,
                branch: event.branch.clone(),
                number,
                at: seed.now.0,
                status,
                latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
                error,
                retry_at,
            };
            let arrived = done.is_ok().then_some((record.id, cursor));
            let (book, subscriber) = (self.book.clone(), self.subscriber.clone());
            let noted = spawn_blocking(move || book.tried(&subscriber, attempt, arrived)).await;
            noted.map_err(|_| Ended)??;
            if done.is_ok() {
                return Ok(());
            }
            self.wait(later).await?;
        }
        Ok(())
    }

    async fn sent(&mut self, letter: Letter) -> Result<Result<u16, Undelivered>, Ended> {
        let target = match Target::parse(&self.subscriber.url) {
            Ok(target) => target,
            // It was checked when it was registered; by a version that took more, perhaps.
            Err(why) => return Ok(Err(Undelivered { status: None, why })),
        };
        let options: &WebhookOptions = &self.book.options;
        let Subscriber { sending, looking, .. } = self.subscriber.clone();
        let kept = &mut self.kept;
        tokio::select! {
            done = async {
                // The semaphore is never closed.
                let _place = sending.acquire().await;
                send(&target, &letter, options, &looking, kept).await
            } => Ok(done),
            _ = self.subscriber.changes.changed() => Err(Ended),
            _ = self.stopped.changed() => Err(Ended),
        }
    }

    async fn wait(&mut self, time: Duration) -> Result<(), Ended> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            _ = self.subscriber.changes.changed() => Err(Ended),
            _ = self.stopped.changed() => Err(Ended),
        }
    }
}

enum Unready {
    Changed,
    Unreadable(Error),
}

/// The next event of a branch, with the cursor behind it. Passes over what is not told.
fn next(
    book: &Book,
    subscriber: &Subscriber,
    record: &BranchRecord,
) -> Result<Option<(Event, Cursor)>, Unready> {
    loop {
        let cursor = book.cursor(subscriber, record.id).map_err(|_| Unready::Changed)?;
        let due = due(book.database.database(), record, cursor, &subscriber.subscription);
        match due.map_err(Unready::Unreadable)? {
            None => return Ok(None),
            Some(Due { event: Some(event), cursor }) => return Ok(Some((event, cursor))),
            Some(Due { event: None, cursor }) => {
                book.moved(subscriber, record.id, cursor).map_err(|_| Unready::Changed)?;
            }
        }
    }
}
