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
//! Who callers are is [`auth`]; how often they may ask is [`limits`]. Both are without effect unless a
//! host configures them ([`Settings`]).

pub mod auth;
pub mod console;
pub mod direct;
pub mod host;
pub mod limits;
#[cfg(feature = "openapi")]
pub mod openapi;
mod rest;
pub mod webhooks;

pub use rest::{
    Address, BodyRefused, DialectName, Guard, Settings, UnknownDialect, router, router_with,
};
