//! offshoot-core: a branchable, versioned SQL store without I/O.
pub mod codec;
pub mod chunk;
pub mod tree;
pub mod value;
pub mod expr;
pub mod row;
pub mod history;
pub mod feed;
pub mod txn;
pub mod merge;
pub mod sql;
