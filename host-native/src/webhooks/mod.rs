//! Webhooks sent: registrations in a file beside the database, and deliveries until they arrive.
//!
//! ```text
//!   REST ──▶ Book ──▶ main.offshoot.webhooks     registrations, cursors, attempts (Journal)
//!              ▲
//!   Courier ───┤ scan: whose cursor is not behind what its branches are?
//!              └ a lane for each webhook and branch name: derive, sign, send, move the cursor
//! ```
//!
//! - **Nothing is queued.** What is to be told follows from the database and the cursors
//!   (`offshoot_api::webhooks`), so a kill between a commit and a note of it loses nothing, and a
//!   receiver that is away for a month costs no room.
//! - A cursor moves after the receiver said 2xx, and not before: an event arrives at least once. What
//!   was not yet written when the process died is sent again, under the same id.
//! - A lane sends one event at a time and stays with it until it arrived: events of one branch arrive
//!   in order. Other branches and other webhooks do not wait for it.
//! - Only what is durable is told: a scan waits until everything that it saw is.
//! - Everything has a bound: webhooks, lanes, requests at a time, the time of one, the log.
//!
//! The file is beside the database and not in it: what it holds is about receivers, changes with
//! every delivery, holds secrets, and is no part of what branches, backups or merges carry.

mod book;
mod courier;
mod journal;
mod send;

pub use book::{Book, webhooks_path};
pub use courier::Courier;

use std::time::Duration;

/// How webhooks are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookOptions {
    /// Whether to addresses that are not public, too. Whoever may register webhooks can then make
    /// the server ask whatever it reaches.
    pub allow_private: bool,
    /// How long a receiver may take to answer, from the look-up of its name on.
    pub timeout: Duration,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        WebhookOptions { allow_private: false, timeout: Duration::from_secs(10) }
    }
}

/// Webhooks of one database.
const WEBHOOKS_MAX: usize = 64;
/// Attempts that are kept of each.
const ATTEMPTS_KEPT: usize = 100;
/// Branches of one webhook that are worked on at a time; others wait for a place.
const LANES_MAX: usize = 256;
/// Requests to one webhook at a time.
const SENDING_MAX: usize = 8;
/// Look-ups of one webhook's name at a time. Each holds a thread until the system's resolver answers,
/// which gives up late, and later the more it is asked.
const LOOKING_MAX: usize = 1;

/// How long to wait after so many attempts in a row failed: half a second, doubled each time, five
/// minutes at most; and up to a quarter more, so that not all come back at once.
fn pause(failed: u32, random: u8) -> Duration {
    let base = Duration::from_millis(500) * 2_u32.saturating_pow(failed.saturating_sub(1).min(16));
    let base = base.min(Duration::from_secs(300));
    base + base / 4 * u32::from(random) / 255
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let seconds = |failed| pause(failed, 0).as_secs_f64();
        assert_eq!(
            [1, 2, 3, 10, 11, 40, u32::MAX].map(seconds),
            [0.5, 1.0, 2.0, 256.0, 300.0, 300.0, 300.0]
        );
        assert_eq!(pause(4, 255).as_secs_f64(), 5.0);
    }
}
