//! Rows: INSERT, UPDATE and DELETE.
//!
//! A statement first finds its rows through the access path that its WHERE allows, then changes
//! them; it never sees its own changes. Constraints over more than one row are checked by the
//! transaction when the statement ends.

mod cascade;
mod delete;
mod insert;
mod returning;
mod update;
mod upsert;

pub(super) use delete::delete;
pub(super) use returning::Returning;
pub(super) use insert::{Incoming, insert, insert_into};
pub(super) use update::{Assigned, update, update_matching};
pub(super) use delete::delete_matching;
pub(super) use upsert::Conflict;
