//! Who sends a request, and what they may do.
//!
//! ```text
//!   headers ─▶ Identify ─▶ Caller ────────────────┐          (a layer around all routes)
//!              Bearer, then X-API-Key             │ extension
//!                 │                               ▼
//!                 └─▶ nobody ─▶ Unknown ─▶ guard beside each route: 401, 403, 429 or the handler
//! ```
//!
//! - **Identity** is found once, before any route, and never refuses by itself: public routes have to
//!   answer, too. It leaves a [`Caller`] or an [`Unknown`] among the request's extensions.
//! - **Permission** stands beside each route as an [`Access`]: a route cannot be written without one.
//!   [`Scopes`] answers whether a caller has it, for a branch by name where the caller's scopes are
//!   bound to some.
//! - Where no identity is configured there is neither a caller nor an unknown one; everything is then
//!   allowed, and it is the host's duty to listen on loopback only.
//! - What a client learns of a refusal is which scope it lacks; never why a credential failed.
//!
//! This part has no clock, no randomness and no files: a host brings them. Tokens are a feature
//! (`jwt`), because their cryptography is large.

mod access;
mod caller;
mod identify;
mod key;
mod scope;
#[cfg(feature = "jwt")]
mod token;

pub use access::{Access, Over};
pub use caller::Caller;
pub use identify::{Credentials, Identify, UnixSeconds, Unknown, identify};
pub use key::{KeyHash, KeyRecord, KeyRing, Keys};
pub(crate) use scope::matches;
pub use scope::{Scope, ScopeError, Scopes};
#[cfg(feature = "jwt")]
pub use token::{Claims, JwtManager, TokenError, Tokens};
