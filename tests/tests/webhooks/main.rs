//! Webhooks as their receivers see them, and those who register them.
//!
//! ```text
//!   receiver   a receiver of our own: it can be away, refuse, redirect; it notes what it got
//!   arriving   everything arrives, in order, signed, whatever fails meanwhile
//!   targets    where nothing is sent
//!   registering  the API: what is asked for, paused, told and forgotten
//! ```

mod arriving;
mod receiver;
mod registering;
mod targets;
