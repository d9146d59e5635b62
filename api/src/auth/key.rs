//! API keys: kept as hashes, compared in constant time.
//!
//! A key is long and random, so a plain hash (BLAKE3 with a context of its own) protects it as well
//! as a slow one would: there is nothing to guess. What is given on the command line for development
//! is hashed alike, but is only as good as it is long.

use super::caller::Caller;
use super::scope::{ScopeError, Scopes};
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// The hash of an API key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

/// Separates these hashes from every other use of BLAKE3.
const CONTEXT: &str = "offshoot 2026-11-21 API key";

impl KeyHash {
    /// Of a key as its caller sends it.
    pub fn of(key: &[u8]) -> Self {
        KeyHash(blake3::derive_key(CONTEXT, key))
    }

    /// As 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// From 64 hexadecimal digits.
    pub fn from_hex(hex: &str) -> Option<Self> {
        blake3::Hash::from_hex(hex).ok().map(|hash| KeyHash(*hash.as_bytes()))
    }
}

impl std::fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// What people call it; the subject of what it writes where `subject` is not given.
    pub name: String,
    /// The hash of the key, in hexadecimal digits.
    pub hash: String,
    /// The scopes, by name.
    pub scopes: Vec<String>,
    /// Whom it acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Whose database it reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The program that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The dialect that it is pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// When it was made, in Unix seconds.
    #[serde(default)]
    pub created: i64,
}

/// A key that stands in the ring.
#[derive(Debug, Clone)]
struct Entry {
    hash: KeyHash,
    caller: Caller,
}

/// Keys that are known.
#[derive(Debug, Clone, Default)]
pub struct KeyRing(Vec<Entry>);

/// Where a server looks for keys: a ring that stays, or one that is read again when its file changes.
pub trait Keys: Send + Sync {
    /// The caller that holds this key.
    fn find(&self, key: &[u8]) -> Option<Caller>;
}

impl KeyRing {
    /// Adds a key.
    pub fn add(&mut self, hash: KeyHash, caller: Caller) {
        self.0.push(Entry { hash, caller });
    }

    /// Adds a kept key.
    ///
    /// # Errors
    /// A scope that is none. A hash that is none is a key that nobody holds.
    pub fn add_record(&mut self, record: &KeyRecord) -> Result<(), ScopeError> {
        let scopes = match record.scopes.is_empty() {
            true => Scopes::read_write(),
            false => Scopes::parse(&record.scopes)?,
        };
        let Some(hash) = KeyHash::from_hex(&record.hash) else { return Ok(()) };
        let subject = record.subject.as_ref().unwrap_or(&record.name);
        let mut caller = Caller::new(subject, record.tenant.clone(), scopes);
        (caller.client, caller.dialect) = (record.client.clone(), record.dialect.clone());
        self.add(hash, caller);
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Keys for KeyRing {
    fn find(&self, key: &[u8]) -> Option<Caller> {
        let hash = KeyHash::of(key);
        // Every entry is looked at, whichever fits: the time taken tells nothing.
        let mut found = u64::MAX;
        for (place, entry) in (0_u64..).zip(&self.0) {
            let same: Choice = entry.hash.0.ct_eq(&hash.0);
            found.conditional_assign(&place, same);
        }
        let place = usize::try_from(found).ok()?;
        self.0.get(place).map(|entry| entry.caller.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_by_the_key_alone() {
        let mut ring = KeyRing::default();
        for name in ["a", "b"] {
            let hash = KeyHash::of(format!("key {name}").as_bytes());
            assert_eq!(KeyHash::from_hex(&hash.to_hex()), Some(hash));
            let record = KeyRecord {
                name: name.into(),
                hash: hash.to_hex(),
                scopes: vec!["read".into()],
                subject: None,
                tenant: None,
                client: None,
                dialect: Some("plain".into()),
                created: 0,
            };
            ring.add_record(&record).unwrap();
        }
        assert_eq!(ring.find(b"key b").unwrap().subject, "b");
        assert_eq!(ring.find(b"key b").unwrap().dialect.as_deref(), Some("plain"));
        assert_eq!(ring.find(b"key c"), None);
        assert_eq!(KeyRing::default().find(b"key a"), None);
    }
}
