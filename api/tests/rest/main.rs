//! Every endpoint's shape and every code's cause, with the router called as a function.

mod branches;
mod client;
mod codes;
mod data;
mod dialect;
mod etag;
mod form;
mod idempotency;
mod merge;
mod points;
mod sql;
