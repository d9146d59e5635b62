//! One time and one seed for one operation.
//!
//! The core has no clock and no randomness. A host captures both once, before it calls, and every
//! volatile value (now, random, uuid, generated ids) derives from them. An operation that faults and
//! runs again therefore does exactly the same again.

use crate::history::Micros;

/// When an operation happens, and what its random values derive from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The host's time.
    pub now: Micros,
    /// 32 bytes from the host's source of randomness, never used for two operations.
    pub seed: [u8; 32],
}

impl Moment {
    /// Bytes that belong to this operation, a purpose and a number, and to nothing else.
    pub fn derive(&self, purpose: &str, number: u64) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.seed);
        hasher.update(purpose.as_bytes());
        hasher.update(&number.to_le_bytes());
        *hasher.finalize().as_bytes()
    }
}
