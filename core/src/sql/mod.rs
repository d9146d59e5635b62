//! SQL over branches: parse, bind, lower, execute.
mod request;

pub use request::{Expired, Limits, Output, OutputColumn, Request, StatementKind};
