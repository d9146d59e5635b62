//! Webhooks: what happens to branches, told to addresses that somebody registered.
//!
//! ```text
//!   REST ─▶ Webhooks (a host's) ─▶ registrations, a Cursor for each webhook and branch
//!                                        │
//!   BranchRecord, history ──▶ event::due(record, cursor) ─▶ Event, cursor behind it, Event, …
//!                                        │
//!                                   a host signs it, sends it, and keeps the cursor
//! ```
//!
//! **There is no queue beside the history.** What a branch is and what was committed on it is durable
//! before anyone is answered; an event is derived from that, and a webhook is a cursor on each branch's
//! line. So nothing can be lost between a commit and a queue, what waits costs no room, and a webhook
//! that was paused goes on where it stopped.
//!
//! - `branch.created`: a branch that the webhook has no cursor for.
//! - `branch.data_changed`: a commit that changed rows or definitions. `branch.merged`: a commit with a
//!   second parent. Both stand on the line of the branch that got the commit.
//! - `branch.protected`: leaves no commit, so the branch's record counts it, written in the same step
//!   (`history::Protections`).
//! - `branch.deleted`: the record of a deleted branch, behind everything else that it did.
//!
//! A commit that merged and changed something is two events, the merge first. What retention dropped
//! before it was told is one `branch.data_changed` that says so.
//!
//! Here is what can be said without a socket, a file or a clock: events, signatures, which addresses
//! are allowed, the endpoints, and what a host owes ([`Webhooks`]). The native host's delivery is in
//! `host-native/src/webhooks`; what receivers have to know is in `docs/webhooks.md`.

pub(crate) mod endpoints;
mod event;
mod hook;
#[cfg(feature = "webhooks")]
mod sign;
mod target;
pub(crate) mod view;

pub use event::{Cursor, Due, Event, EventKind, due};
pub use hook::{Attempt, Draft, Patch, Refusal, Subscription, Webhook, Webhooks};
#[cfg(feature = "webhooks")]
pub use sign::{
    ID_HEADER, NotSigned, SECRET_PREFIX, SIGNATURE_HEADER, Signed, TIMESTAMP_HEADER,
    TOLERANCE_SECONDS, secret_of, sign, verify,
};
pub use target::{Target, is_public};
