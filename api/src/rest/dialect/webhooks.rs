//! Webhooks and their deliveries: one form, with the times of each dialect.

use super::{Stamp, Times, json};
use crate::rest::error::Failure;
use crate::webhooks::view::WebhookAnswer;
use crate::webhooks::{Attempt, EventKind, Webhook};
use offshoot_core::history::Micros;
use serde::Serialize;

pub(super) fn encode(answer: &WebhookAnswer, times: Times) -> Result<Vec<u8>, Failure> {
    match answer {
        WebhookAnswer::Created(hook, secret) => json(&Hook::of(hook, Some(secret), times)),
        WebhookAnswer::One(hook) => json(&Hook::of(hook, None, times)),
        WebhookAnswer::List(hooks) => {
            let webhooks = hooks.iter().map(|hook| Hook::of(hook, None, times)).collect();
            json(&List { webhooks })
        }
        WebhookAnswer::Deleted(id) => json(&Deleted { id, deleted: true }),
        WebhookAnswer::Deliveries(attempts) => {
            let deliveries = attempts.iter().map(|attempt| Delivery::of(attempt, times)).collect();
            json(&Deliveries { deliveries })
        }
    }
}

#[derive(Serialize)]
struct List<'w> {
    webhooks: Vec<Hook<'w>>,
}

#[derive(Serialize)]
struct Hook<'w> {
    id: &'w str,
    url: &'w str,
    events: &'w [EventKind],
    branches: &'w [String],
    description: &'w str,
    active: bool,
    created_at: Stamp,
    updated_at: Stamp,
    /// Null where the last attempt arrived, or there was none.
    failing_since: Option<Stamp>,
    last_delivered_at: Option<Stamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'w str>,
}

impl<'w> Hook<'w> {
    fn of(hook: &'w Webhook, secret: Option<&'w String>, times: Times) -> Self {
        Hook {
            id: &hook.id,
            url: &hook.url,
            events: &hook.subscription.events,
            branches: &hook.subscription.branches,
            description: &hook.description,
            active: hook.active,
            created_at: times.of(hook.created),
            updated_at: times.of(hook.updated),
            failing_since: hook.failing_since.map(|time| times.of(time)),
            last_delivered_at: hook.delivered.map(|time| times.of(time)),
            secret: secret.map(String::as_str),
        }
    }
}

#[derive(Serialize)]
struct Deleted<'w> {
    id: &'w str,
    deleted: bool,
}

#[derive(Serialize)]
struct Deliveries<'w> {
    deliveries: Vec<Delivery<'w>>,
}

#[derive(Serialize)]
struct Delivery<'w> {
    event_id: &'w str,
    event: EventKind,
    branch_name: &'w str,
    attempt: u32,
    attempted_at: Stamp,
    delivered: bool,
    /// What the receiver answered; null where nothing came.
    status: Option<u16>,
    latency_ms: u64,
    error: Option<&'w str>,
    retry_at: Option<Stamp>,
}

impl<'w> Delivery<'w> {
    fn of(attempt: &'w Attempt, times: Times) -> Self {
        Delivery {
            event_id: &attempt.event_id,
            event: attempt.event,
            branch_name: &attempt.branch,
            attempt: attempt.number,
            attempted_at: times.of(Micros(attempt.at)),
            delivered: attempt.error.is_none(),
            status: attempt.status,
            latency_ms: attempt.latency_ms,
            error: attempt.error.as_deref(),
            retry_at: attempt.retry_at.map(|time| times.of(Micros(time))),
        }
    }
}
