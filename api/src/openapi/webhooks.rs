//! Webhooks: what their routes take and give.

use super::operations::Operation;
use super::schema::{
    about, between, closed, count, flag, list, named, object, one_of, or_null, seconds, text, time,
    with,
};
use crate::rest::dialect::DialectName;
use crate::rest::routes::Method;
use crate::webhooks::EventKind;
use serde_json::{Map, Value as Json, json};

const TAG: &str = "Webhooks";
/// A receiver that nobody has: names under `example` are never given (RFC 2606).
const EXAMPLE: &str = "https://receiver.example/offshoot";

/// What a route does, its path behind `/v1/`; `None`: it is none of webhooks.
pub(super) fn of(method: Method, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        (Method::Get, "webhooks") => {
            Operation::new("listWebhooks", TAG, "Webhooks, oldest first").gives(200, "Webhooks")
        }
        (Method::Post, "webhooks") => Operation::new("createWebhook", TAG, "A new webhook")
            .about(
                "It is told what happens from now on. `secret` stands in this answer and in no \
                 other. Addresses that are not public are refused unless the server allows them.",
            )
            .takes(closed(&[("url", url())], &changeable()), json!({"url": EXAMPLE}))
            .gives(201, "WebhookCreated"),
        (Method::Get, "webhooks/{webhook}") => {
            Operation::new("getWebhook", TAG, "One webhook").gives(200, "Webhook")
        }
        (Method::Patch, "webhooks/{webhook}") => {
            Operation::new("updateWebhook", TAG, "A webhook is changed, paused or resumed")
                .about(
                    "What is absent stays. Events wait while it is not active. Of branches that it \
                     did not have it is told what happens from now on.",
                )
                .takes(
                    closed(&[], &[&[("url", url())][..], &changeable()[..]].concat()),
                    json!({"branches": ["feature-*"], "active": true}),
                )
                .gives(200, "Webhook")
        }
        (Method::Delete, "webhooks/{webhook}") => {
            Operation::new("deleteWebhook", TAG, "A webhook is removed, and what waits for it")
                .gives_or_nothing("WebhookDeleted")
        }
        (Method::Get, "webhooks/{webhook}/deliveries") => {
            Operation::new("listDeliveries", TAG, "The last attempts to deliver, newest first")
                .about("100 of each webhook are kept.")
                .asks("limit", with(between(1, 100), "default", json!(50)), "So many at most.")
                .gives(200, "Deliveries")
        }
        _ => return None,
    })
}

fn url() -> Json {
    let schema = with(with(text(), "minLength", json!(1)), "maxLength", json!(2048));
    about(schema, "`https://` or `http://`, without user, password and fragment.")
}

fn event() -> Json {
    one_of(&EventKind::ALL.map(EventKind::name))
}

fn some(item: Json) -> Json {
    with(list(item), "minItems", json!(1))
}

fn changeable() -> [(&'static str, Json); 4] {
    let pattern = with(with(text(), "minLength", json!(1)), "maxLength", json!(255));
    let branches = with(some(pattern), "maxItems", json!(32));
    [
        ("events", about(some(event()), "All five where absent.")),
        ("branches", about(branches, "Names; `*` stands for any text. All where absent.")),
        ("description", with(text(), "maxLength", json!(1024))),
        ("active", about(flag(), "Whether anything is sent now.")),
    ]
}

fn webhook(moment: &Json, more: &[(&str, Json)]) -> Json {
    let fields = [
        ("id", text()),
        ("url", text()),
        ("events", list(event())),
        ("branches", list(text())),
        ("description", text()),
        ("active", flag()),
        ("created_at", moment.clone()),
        ("updated_at", moment.clone()),
        ("failing_since", or_null(moment.clone())),
        ("last_delivered_at", or_null(moment.clone())),
    ];
    object(&[&fields[..], more].concat(), &[])
}

/// Schemas of answers in a dialect.
pub(super) fn schemas(dialect: DialectName) -> Map<String, Json> {
    let moment = &match dialect {
        DialectName::Envelope => time(),
        DialectName::Plain => seconds(),
    };
    let delivery = object(
        &[
            ("event_id", text()),
            ("event", event()),
            ("branch_name", text()),
            ("attempt", count()),
            ("attempted_at", moment.clone()),
            ("delivered", flag()),
            ("status", or_null(count())),
            ("latency_ms", count()),
            ("error", or_null(text())),
            ("retry_at", or_null(moment.clone())),
        ],
        &[],
    );
    let secret = about(text(), "The key of signatures. It is told once.");
    let schemas = [
        ("Webhook", webhook(moment, &[])),
        ("WebhookCreated", webhook(moment, &[("secret", secret)])),
        ("Webhooks", object(&[("webhooks", list(named("Webhook")))], &[])),
        ("WebhookDeleted", object(&[("id", text()), ("deleted", flag())], &[])),
        ("Delivery", delivery),
        ("Deliveries", object(&[("deliveries", list(named("Delivery")))], &[])),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
