//! The name of a chunk: BLAKE3 of its uncompressed bytes.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::str::FromStr;

/// BLAKE3 (32 bytes) of a chunk's uncompressed bytes. Chunks cross trust boundaries, so the
/// name is collision-resistant and is checked wherever bytes come in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Length of a hash in bytes.
    pub const LEN: usize = 32;

    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Hash(*blake3::hash(bytes).as_bytes())
    }

    /// A hash read back from where it was stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Hash(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash from the first 32 bytes of a slice; `None` if there are fewer.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.get(..32).and_then(|s| s.try_into().ok()).map(Hash)
    }
}

/// A map by chunk names. They are hashes already: their first bytes place them. Someone who seeks
/// names that begin alike must find them by trying, so maps stay fast enough in face of that too.
pub type HashMapByName<V> = HashMap<Hash, V, BuildHasherDefault<ByName>>;

/// The hasher of [`HashMapByName`].
#[derive(Debug, Default, Clone, Copy)]
pub struct ByName(u64);

impl Hasher for ByName {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    // The length of the name goes before the name: it says nothing.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..6].iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits")]
pub struct HashParseError;

impl FromStr for Hash {
    type Err = HashParseError;

    fn from_str(text: &str) -> Result<Self, HashParseError> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(HashParseError);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = (pair[0] as char).to_digit(16).ok_or(HashParseError)?;
            let low = (pair[1] as char).to_digit(16).ok_or(HashParseError)?;
            *byte = (high * 16 + low) as u8;
        }
        Ok(Hash(bytes))
    }
}
