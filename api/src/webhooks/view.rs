//! What requests for webhooks come to, in no dialect yet.

use super::hook::{Attempt, Webhook};

/// The answer of each kind of request.
#[derive(Debug)]
pub(crate) enum WebhookAnswer {
    /// Registered; with its secret, which no other answer has.
    Created(Webhook, String),
    /// All of them.
    List(Vec<Webhook>),
    /// One, looked at or changed.
    One(Webhook),
    /// The id of one that is gone.
    Deleted(String),
    /// Attempts, newest first.
    Deliveries(Vec<Attempt>),
}
