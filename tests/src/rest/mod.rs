//! Conformance of a server to the REST documents: cases as data, over HTTP, against any address.
//!
//! ```text
//!   rest/*.json ─▶ Suite ─▶ fill in what was captured ─▶ request ─▶ compare ─▶ Report
//! ```
//!
//! A file is a list of steps, done in order on one server. Each that has a `status` is a case:
//!
//! ```json
//! {"name": "a branch is made", "dialect": "plain",
//!  "request": {"method": "POST", "path": "/v1/branches", "body": {"name": "${run}-b"}},
//!  "status": 201, "headers": {"content-type": "application/json"},
//!  "body": {"name": "${run}-b", "created_at": {"$type": "unix"}}, "save": {"id": "/id"}}
//! ```
//!
//! - `dialect`: `envelope` or `plain`, sent as the header `Offshoot-Dialect`, or `default`: no header.
//! - `request`: `method`, `path`, `query` (an object, encoded), `headers`, `body` (JSON) or `text` (sent
//!   as it is). `"anonymous": true` leaves the key out.
//! - `body` is a subset: objects may have more fields, arrays may not have more items. Where values
//!   vary an object with one `$` field says what is right (see `compare`).
//! - `save` keeps values of the answer, by JSON pointer, as `${name}` for later steps; `${run}` is a
//!   prefix that no other run has. A string that is nothing but one name becomes the value itself.
//! - `needs`: `"key"` where a case makes sense only on a server that asks for keys.
//!
//! What a run makes carries its prefix, and is deleted at the end, whatever happened.

mod compare;
mod report;
mod run;
mod suite;

pub use report::Report;
pub use run::{Server, run};
pub use suite::{Suite, suites};
