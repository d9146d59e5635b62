//! host
pub mod storage;
