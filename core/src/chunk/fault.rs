//! Going on after a fault.
//!
//! Each fault names what those before it in the same run named too. Of several answers that do not
//! depend on each other all are tried before the first that was missing is given up for, so that one
//! restart fetches for all of them.

use super::ChunkError;

/// An error that may be a fault.
pub trait Faulting {
    /// Whether it is one: the chunks that it names are to be fetched, and all is done again.
    fn is_fault(&self) -> bool;
}

impl Faulting for ChunkError {
    fn is_fault(&self) -> bool {
        matches!(self, ChunkError::Fault(_))
    }
}

/// All of these answers. A fault does not keep the next from being tried.
///
/// # Errors
/// The first error. Where that is a fault, the last fault, which names what all of them want.
pub fn all<T, E: Faulting>(answers: impl IntoIterator<Item = Result<T, E>>) -> Result<Vec<T>, E> {
    let mut found = Vec::new();
    let mut fault = None;
    for answer in answers {
        match (answer, &fault) {
            (Ok(answer), None) => found.push(answer),
            (Ok(_), Some(_)) => {}
            (Err(error), _) if error.is_fault() => fault = Some(error),
            (Err(error), None) => return Err(error),
            // What was missing may have been an error too, and that one comes first.
            (Err(_), Some(_)) => break,
        }
    }
    fault.map_or(Ok(found), Err)
}

/// Both of two answers, which the caller has tried one after the other.
///
/// # Errors
/// As [`all`].
pub fn both<A, B, E: Faulting>(one: Result<A, E>, other: Result<B, E>) -> Result<(A, B), E> {
    match (one, other) {
        (Err(one), Err(other)) if one.is_fault() && other.is_fault() => Err(other),
        (one, other) => Ok((one?, other?)),
    }
}
