//! Offshoot on a machine of its own: embedded library, server and command line.
//!
//! ```no_run
//! use offshoot::{EmbeddedDatabase, api::ApiServer};
//! use std::sync::Arc;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let db = Arc::new(EmbeddedDatabase::new("./data/mydb.db")?);
//! let addr = "127.0.0.1:8080".parse()?;
//! ApiServer::new(addr, db).serve().await?;
//! # Ok(())
//! # }
//! ```
//!
//! ```text
//!   ApiServer ── tokio: sockets only ──▶ Router (offshoot-api) ──▶ PoolHost
//!                                                                    │ a job per request
//!                                                                    ▼
//!                                           Pool: threads with large stacks ──▶ Database
//!                                                                    │             │
//!                                           durable? ◀── FileStore ◀─┴─────────────┘
//! ```
//!
//! Sockets are served by tokio; statements run on a pool of threads of their own, because they may
//! take long and need deep stacks. No thread of either waits for the disk: a committed request is
//! answered when the store says that its ticket is durable.

pub mod api;
pub mod embedded;
pub mod pool;
pub mod storage;
pub mod sync;
pub mod webhooks;

pub use embedded::{EmbeddedDatabase, OpenError};
pub use offshoot_core as core;
