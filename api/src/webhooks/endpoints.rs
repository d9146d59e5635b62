//! Webhooks registered, listed, looked at, changed, removed, and what became of deliveries.

use super::event::EventKind;
use super::hook::{Draft, Patch, Refusal, Subscription, Webhooks};
use super::target::Target;
use super::view::WebhookAnswer;
use crate::host::Call;
use crate::rest::{Answer, Done, Failure, Fields, Incoming, Work, wrong};
use serde_json::Value as Json;
use std::sync::Arc;

/// Patterns of branches that one webhook has.
const BRANCHES_MAX: usize = 32;
/// The longest of them in bytes: a branch's name is no longer.
const PATTERN_MAX_BYTES: usize = 255;
/// Length of a description in bytes.
const DESCRIPTION_MAX_BYTES: usize = 1024;
/// Deliveries in one answer, where its request says nothing, and at most.
const DELIVERIES: (u64, u64) = (50, 100);

type Result<T, E = Failure> = std::result::Result<T, E>;

/// GET /v1/webhooks
pub(crate) fn list(incoming: Incoming) -> Result<Work> {
    let webhooks = kept(&incoming)?;
    incoming.query.end()?;
    Ok(work(move |_| Ok(WebhookAnswer::List(webhooks.list()))))
}

/// POST /v1/webhooks
pub(crate) fn create(incoming: Incoming) -> Result<Work> {
    let webhooks = kept(&incoming)?;
    let mut body = incoming.object()?;
    incoming.query.end()?;
    let url = url(body.required_text("url")?)?;
    let unsaid = Subscription::default();
    let subscription = Subscription {
        events: events(&mut body)?.unwrap_or(unsaid.events),
        branches: branches(&mut body)?.unwrap_or(unsaid.branches),
    };
    let description = description(&mut body)?.unwrap_or_default();
    let active = body.flag("active")?.unwrap_or(true);
    body.end()?;
    let draft = Draft { url, subscription, description, active };
    let work = work(move |call| {
        let (webhook, secret) = webhooks.create(call, draft.clone())?;
        Ok(WebhookAnswer::Created(webhook, secret))
    });
    Ok(work.creating())
}

/// GET /v1/webhooks/{webhook}
pub(crate) fn get(incoming: Incoming) -> Result<Work> {
    let (webhooks, id) = (kept(&incoming)?, incoming.part(0)?);
    incoming.query.end()?;
    Ok(work(move |_| webhooks.get(&id).map(WebhookAnswer::One)))
}

/// PATCH /v1/webhooks/{webhook}
pub(crate) fn update(incoming: Incoming) -> Result<Work> {
    let (webhooks, id) = (kept(&incoming)?, incoming.part(0)?);
    let mut body = incoming.object()?;
    incoming.query.end()?;
    let patch = Patch {
        url: body.text("url")?.map(url).transpose()?,
        events: events(&mut body)?,
        branches: branches(&mut body)?,
        description: description(&mut body)?,
        active: body.flag("active")?,
    };
    body.end()?;
    Ok(work(move |call| webhooks.update(call, &id, patch.clone()).map(WebhookAnswer::One)))
}

/// DELETE /v1/webhooks/{webhook}
pub(crate) fn delete(incoming: Incoming) -> Result<Work> {
    let (webhooks, id) = (kept(&incoming)?, incoming.part(0)?);
    incoming.query.end()?;
    Ok(work(move |_| webhooks.delete(&id).map(|()| WebhookAnswer::Deleted(id.clone()))))
}

/// GET /v1/webhooks/{webhook}/deliveries
pub(crate) fn deliveries(mut incoming: Incoming) -> Result<Work> {
    let (webhooks, id) = (kept(&incoming)?, incoming.part(0)?);
    let limit = incoming.query.number("limit", DELIVERIES.0, (1, DELIVERIES.1))?;
    incoming.query.end()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(work(move |_| webhooks.attempts(&id, limit).map(WebhookAnswer::Deliveries)))
}

fn kept(incoming: &Incoming) -> Result<Arc<dyn Webhooks>> {
    let kept = incoming.webhooks.clone();
    kept.ok_or_else(|| Failure::not_implemented("this server sends no webhooks"))
}

/// Work that is no work over the database: what it comes to may be a failure of its own.
fn work(
    mut job: impl FnMut(&Call) -> std::result::Result<WebhookAnswer, Refusal> + Send + 'static,
) -> Work {
    Work::new(move |call| {
        let answer = job(call)
            .map_or_else(|refusal| Answer::Refused(Box::new(failure(refusal))), Answer::Webhooks);
        Ok(Done::read(answer))
    })
}

fn failure(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Unknown(id) => Failure::no_webhook(&id),
        Refusal::Address(why) => Failure::invalid(format!("field 'url': {why}")),
        Refusal::Full(most) => {
            let message = format!("there are {most} webhooks, which is as many as there may be");
            Failure::from(offshoot_core::error::Error::Limit(message))
        }
        Refusal::Failed(why) => Failure::internal(why),
    }
}

fn url(text: String) -> Result<String> {
    match Target::parse(&text) {
        Ok(_) => Ok(text),
        Err(why) => Err(Failure::invalid(format!("field 'url': {why}"))),
    }
}

fn events(body: &mut Fields) -> Result<Option<Vec<EventKind>>> {
    let Some(items) = body.list("events")? else { return Ok(None) };
    let mut events = Vec::new();
    for (place, item) in items {
        let known = EventKind::ALL.into_iter().find(|kind| item.as_str() == Some(kind.name()));
        let kind = known.ok_or_else(|| {
            let names = EventKind::ALL.map(EventKind::name).join(", ");
            Failure::invalid(format!("'{place}' must be one of {names}"))
        })?;
        if !events.contains(&kind) {
            events.push(kind);
        }
    }
    match events.is_empty() {
        true => Err(Failure::invalid("field 'events' names no event")),
        false => Ok(Some(events)),
    }
}

fn branches(body: &mut Fields) -> Result<Option<Vec<String>>> {
    let Some(items) = body.list("branches")? else { return Ok(None) };
    if items.is_empty() || items.len() > BRANCHES_MAX {
        let message = format!("field 'branches' holds 1 to {BRANCHES_MAX} names or patterns");
        return Err(Failure::invalid(message));
    }
    let pattern = |(place, item): (String, Json)| match item {
        Json::String(text) if text.is_empty() || text.len() > PATTERN_MAX_BYTES => {
            Err(Failure::invalid(format!("'{place}' has 1 to {PATTERN_MAX_BYTES} bytes")))
        }
        Json::String(text) => Ok(text),
        other => Err(wrong(&place, "a name or a pattern such as 'feature-*'", &other)),
    };
    items.into_iter().map(pattern).collect::<Result<Vec<String>>>().map(Some)
}

fn description(body: &mut Fields) -> Result<Option<String>> {
    let text = body.text("description")?;
    match &text {
        Some(long) if long.len() > DESCRIPTION_MAX_BYTES => {
            let message = format!("field 'description' has at most {DESCRIPTION_MAX_BYTES} bytes");
            Err(Failure::invalid(message))
        }
        _ => Ok(text),
    }
}
