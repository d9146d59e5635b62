//! A client of Offshoot, the SQL database that branches: async, over hyper and tokio.
//!
//! ```text
//!   Client ─┬─ branches()                 branches as things: create, list, all, get
//!           ├─ webhooks()                 addresses that are told what happens to branches
//!           ├─ branch("main") ─┬─ query, execute, transaction          SQL
//!           │                  ├─ table("users") ── rows, insert, update, delete
//!           │                  ├─ merge_into, diff, changes, reset
//!           │                  ├─ history, snapshots, snapshot, restore
//!           │                  └─ details, update, delete
//!           └─ graph, health, version, request
//! ```
//!
//! Every request is built step by step and sent by `send()`; nothing is asked before. Lists that come
//! by page have `all()` as well: an [`Items`], which asks for the next page when it is needed.
//!
//! ```no_run
//! # async fn example() -> Result<(), offshoot_client::Error> {
//! use offshoot_client::{AsOf, Client, ConflictResolution};
//!
//! let client = Client::new("http://localhost:8080").with_api_key("your-api-key");
//! client.branches().create("feature").from_branch("main").send().await?;
//! let feature = client.branch("feature");
//! feature.execute("UPDATE users SET active = $1 WHERE id = $2").bind(true).bind(7).send().await?;
//!
//! let now: i64 = feature.query("SELECT COUNT(*) FROM users").send().await?.scalar()?;
//! let before = feature.query("SELECT * FROM users").as_of(AsOf::Scn(3)).send().await?;
//! println!("{now} users; {} at SCN 3", before.rows.len());
//!
//! feature.merge_into("main").with_conflict_resolution(ConflictResolution::SourceWins).send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! **What is sent twice.** What the server has not begun may be sent again: 429, errors that say
//! `retriable`, and connections that were never made. What was lost on the way may have happened, so
//! only reads, and requests with an [idempotency key](sql::Execute::idempotency_key), are sent again
//! then. Between attempts the client waits as long as `Retry-After` says, else longer each time; if
//! that is longer than [`Client::with_longest_wait`] allows, the error is the caller's at once.
//!
//! **What comes back** is what the API's document calls the `data` of its envelope. The client always
//! asks for that dialect, whatever is pinned to its key. Answers may grow fields: their types are
//! `#[non_exhaustive]`, and unknown fields are passed over.

#![warn(missing_docs)]

pub mod answer;
pub mod branch;
pub mod branches;
mod client;
mod error;
pub mod history;
pub mod merge;
mod pages;
mod param;
mod point;
mod retry;
mod rows;
pub mod sql;
pub mod table;
mod transport;
pub mod webhooks;

pub use branch::Branch;
pub use branches::{BranchCreateOptions, Branches};
pub use client::Client;
pub use error::{ApiError, Error, MergeConflicts};
pub use merge::{Conflict, ConflictResolution, Resolution};
pub use pages::{Items, Page};
pub use param::{Param, ParamType};
pub use point::AsOf;
pub use rows::{Row, Rows};
pub use sql::Statement;
pub use table::Table;

/// The library whose settings [`Client::with_tls_config`] takes.
#[cfg(feature = "tls")]
pub use rustls;

/// What requests come to.
pub type Result<T> = std::result::Result<T, Error>;
