//! offshoot-core: a branchable, versioned SQL store without I/O.
pub mod chunk;
pub mod codec;
pub mod database;
pub mod error;
pub mod expr;
pub mod feed;
pub mod history;
pub mod merge;
pub mod moment;
pub mod row;
pub mod sql;
pub mod tree;
pub mod txn;
pub mod value;
