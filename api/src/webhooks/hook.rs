//! A webhook, and what a host owes to those who register one.

use super::event::EventKind;
use crate::auth::matches;
use crate::host::Call;
use offshoot_core::history::Micros;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// Which events a webhook gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Of which kinds.
    pub events: Vec<EventKind>,
    /// Of branches whose name fits one of these, where `*` stands for any text.
    pub branches: Vec<String>,
}

impl Default for Subscription {
    fn default() -> Self {
        Subscription { events: EventKind::ALL.to_vec(), branches: vec!["*".to_owned()] }
    }
}

impl Subscription {
    /// Whether it takes events of this kind.
    pub fn takes(&self, kind: EventKind) -> bool {
        self.events.contains(&kind)
    }

    /// Whether it takes those of a branch.
    pub fn covers(&self, branch: &str) -> bool {
        self.branches.iter().any(|pattern| matches(pattern, branch))
    }
}

/// A webhook as those see it who may look at webhooks. It has no secret: that is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// Which.
    pub subscription: Subscription,
    /// What people call it; may be empty.
    pub description: String,
    /// Whether it is sent anything now. Meanwhile events wait.
    pub active: bool,
    /// When it was registered.
    pub created: Micros,
    /// When it was changed last.
    pub updated: Micros,
    /// Since when nothing has arrived, where the last attempt failed.
    pub failing_since: Option<Micros>,
    /// When an event arrived last.
    pub delivered: Option<Micros>,
}

/// A webhook to be registered.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where events are to be sent.
    pub url: String,
    /// Which.
    pub subscription: Subscription,
    /// What people call it.
    pub description: String,
    /// Whether it begins at once.
    pub active: bool,
}

/// Changes of a webhook; `None` leaves a field alone.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// Another address.
    pub url: Option<String>,
    /// Other kinds.
    pub events: Option<Vec<EventKind>>,
    /// Other branches.
    pub branches: Option<Vec<String>>,
    /// Another description.
    pub description: Option<String>,
    /// Paused, or not any more.
    pub active: Option<bool>,
}

/// One attempt to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The event's id.
    pub event_id: String,
    /// Its kind.
    pub event: EventKind,
    /// The branch that it is of.
    pub branch: String,
    /// Which attempt at this event it was, from 1; counted anew when the server starts.
    pub number: u32,
    /// When it began, in microseconds since 1970.
    pub at: i64,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u64,
    /// Why it did not arrive.
    pub error: Option<String>,
    /// When it is tried again, in microseconds since 1970.
    pub retry_at: Option<i64>,
}

/// Why a host does not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such webhook.
    Unknown(String),
    /// The address is none, or none that is sent to.
    Address(String),
    /// There are as many as there may be.
    Full(usize),
    /// The database, or the file of webhooks, failed.
    Failed(String),
}

/// Registrations, and what became of deliveries. What is done is durable when a call returns; calls
/// may wait for a disk. A call with the same moment does the same.
pub trait Webhooks: Send + Sync + Debug {
    /// Registers a webhook, for what happens from now on; it and its secret.
    ///
    /// # Errors
    /// `Address`, `Full`, `Failed`.
    fn create(&self, call: &Call, draft: Draft) -> Result<(Webhook, String), Refusal>;

    /// All of them, oldest first.
    fn list(&self) -> Vec<Webhook>;

    /// One of them.
    ///
    /// # Errors
    /// `Unknown`.
    fn get(&self, id: &str) -> Result<Webhook, Refusal>;

    /// Changes one.
    ///
    /// # Errors
    /// `Unknown`, `Address`, `Failed`.
    fn update(&self, call: &Call, id: &str, patch: Patch) -> Result<Webhook, Refusal>;

    /// Removes one, and forgets what it waits for.
    ///
    /// # Errors
    /// `Unknown`, `Failed`.
    fn delete(&self, id: &str) -> Result<(), Refusal>;

    /// Its last attempts, newest first.
    ///
    /// # Errors
    /// `Unknown`.
    fn attempts(&self, id: &str, limit: usize) -> Result<Vec<Attempt>, Refusal>;
}
