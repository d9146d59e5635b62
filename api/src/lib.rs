//! offshoot-api: every wire protocol as one axum `Router`, with no runtime in it.
//!
//! ```text
//!   HTTP ─▶ rest::Router ─▶ form: path, query, body ─▶ Work ─▶ Host::run ─▶ Answer
//!                              (strict, in request.rs)          (a job over      │
//!                                                               the database)    ▼
//!   HTTP ◀── dialect: the one place that knows what a reply looks like ◀─────────┘
//! ```
//!
//! A host gives threads, time and storage ([`host::Host`]); this crate gives routes. It compiles for
//! servers, edge functions and browsers alike. What stays true:
//! - a handler never touches the database outside a job, and a job may be called again;
//! - nothing is answered before it is durable: the host sees to that;
//! - every reply, error and unknown address included, has the shape of its dialect.
//!
//! Authentication, rate limits and the OpenAPI document belong here too: as layers around
//! [`router`], beside `rest`.

pub mod direct;
pub mod host;
mod rest;

pub use rest::{ApiOptions, DialectName, PinnedDialect, UnknownDialect, router, router_with};
