//! Addresses that are told what happens to branches. The scope `admin` may ask for them.

use crate::error::Error;
use crate::transport::{Call, Transport, segment};
use http::Method;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const WEBHOOKS: &str = "/v1/webhooks";

/// `client.webhooks()`.
#[derive(Debug, Clone)]
pub struct Webhooks {
    transport: Arc<Transport>,
}

/// What happens to a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EventKind {
    /// It was made.
    #[serde(rename = "branch.created")]
    Created,
    /// It was deleted.
    #[serde(rename = "branch.deleted")]
    Deleted,
    /// Another was merged into it.
    #[serde(rename = "branch.merged")]
    Merged,
    /// It was protected.
    #[serde(rename = "branch.protected")]
    Protected,
    /// Its rows or definitions changed.
    #[serde(rename = "branch.data_changed")]
    DataChanged,
}

/// An address that is told what happens to branches.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// Which events.
    pub events: Vec<EventKind>,
    /// Of branches whose name fits one of these patterns.
    pub branches: Vec<String>,
    /// What people call it.
    pub description: String,
    /// Whether it is sent anything now; meanwhile events wait.
    pub active: bool,
    /// When it was registered.
    pub created_at: String,
    /// When it was changed.
    pub updated_at: String,
    /// Since when nothing has arrived.
    pub failing_since: Option<String>,
    /// When an event arrived last.
    pub last_delivered_at: Option<String>,
    /// What signs deliveries; only the answer to its registration has it.
    pub secret: Option<String>,
}

/// An attempt to tell a webhook of an event.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Delivery {
    /// The event's id.
    pub event_id: String,
    /// What happened.
    pub event: EventKind,
    /// To which branch.
    pub branch_name: String,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// When it began.
    pub attempted_at: String,
    /// Whether it arrived.
    pub delivered: bool,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// How long it took.
    pub latency_ms: u64,
    /// Why it did not arrive.
    pub error: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<String>,
}

impl Webhooks {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Webhooks { transport }
    }

    /// All of them, oldest first.
    ///
    /// # Errors
    /// `Denied` without the scope `admin`, and what any request comes to.
    pub async fn list(&self) -> Result<Vec<Webhook>, Error> {
        #[derive(Deserialize)]
        struct Listed {
            webhooks: Vec<Webhook>,
        }
        let listed: Listed = self.transport.data(Call::get(WEBHOOKS)).await?;
        Ok(listed.webhooks)
    }

    /// An address to be registered, for what happens from then on.
    pub fn create(&self, url: impl Into<String>) -> Write {
        let body = Body { url: Some(url.into()), ..Body::default() };
        Write { transport: self.transport.clone(), id: None, body, idempotency_key: None }
    }

    /// One to be changed; what is not said stays.
    pub fn update(&self, id: impl Into<String>) -> Write {
        let (id, body) = (Some(id.into()), Body::default());
        Write { transport: self.transport.clone(), id, body, idempotency_key: None }
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`, and what any request comes to.
    pub async fn get(&self, id: impl AsRef<str>) -> Result<Webhook, Error> {
        self.transport.data(Call::get(path(id.as_ref()))).await
    }

    /// Removes one, and forgets what it waits for.
    ///
    /// # Errors
    /// `NotFound`, and what any request comes to.
    pub async fn delete(&self, id: impl AsRef<str>) -> Result<(), Error> {
        let call = Call::new(Method::DELETE, path(id.as_ref()));
        self.transport.data::<serde::de::IgnoredAny>(call).await.map(|_| ())
    }

    /// The last attempts to tell it of something, newest first: 50, or so many.
    ///
    /// # Errors
    /// `NotFound`, and what any request comes to.
    pub async fn deliveries(
        &self,
        id: impl AsRef<str>,
        limit: Option<u64>,
    ) -> Result<Vec<Delivery>, Error> {
        #[derive(Deserialize)]
        struct Told {
            deliveries: Vec<Delivery>,
        }
        let call = Call::get(format!("{}/deliveries", path(id.as_ref()))).ask("limit", limit);
        let told: Told = self.transport.data(call).await?;
        Ok(told.deliveries)
    }
}

fn path(id: &str) -> String {
    format!("{WEBHOOKS}/{}", segment(id))
}

#[derive(Debug, Clone, Default, Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventKind>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branches: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
}

/// A webhook to be registered or changed.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `send`"]
pub struct Write {
    transport: Arc<Transport>,
    id: Option<String>,
    body: Body,
    idempotency_key: Option<String>,
}

impl Write {
    /// Where events are sent.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.body.url = Some(url.into());
        self
    }

    /// Which events; all where nothing is said.
    pub fn events(mut self, events: impl IntoIterator<Item = EventKind>) -> Self {
        self.body.events = Some(events.into_iter().collect());
        self
    }

    /// Of which branches: names, or patterns such as `feature-*`; all where nothing is said.
    pub fn branches<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.body.branches = Some(patterns.into_iter().map(Into::into).collect());
        self
    }

    /// What people call it.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.body.description = Some(text.into());
        self
    }

    /// Whether it is sent anything; if not, events wait.
    pub fn active(mut self, active: bool) -> Self {
        self.body.active = Some(active);
        self
    }

    /// Names the request: a server that honours the header `Idempotency-Key` does it once, so that it
    /// is repeated where no answer came. For registrations only.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Registers it, or changes it.
    ///
    /// # Errors
    /// `Api` with `INVALID_REQUEST` for an address that is none or a private one, `NotFound`, and what
    /// any request comes to.
    pub async fn send(self) -> Result<Webhook, Error> {
        let call = match &self.id {
            Some(id) => Call::new(Method::PATCH, path(id)),
            None => Call::post(WEBHOOKS).idempotent(self.idempotency_key),
        };
        self.transport.data(call.json(&self.body)).await
    }
}
