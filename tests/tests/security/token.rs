//! Tokens, in order and not.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The secret of these servers.
pub const SECRET: &str = "a secret for tests";

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Claims that a server takes, with these scopes.
pub fn claims(scopes: &[&str]) -> Value {
    json!({"sub": "alice", "tenant_id": "acme", "client_id": "tests", "exp": now() + 600, "scopes": scopes})
}

/// With claims changed, or taken away where null.
pub fn but(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

/// Signed with a secret.
pub fn hs256(claims: &Value, secret: &str) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .unwrap()
}

/// Signed with a private key.
pub fn signed(claims: &Value, algorithm: Algorithm, key: &EncodingKey, id: Option<&str>) -> String {
    let mut header = Header::new(algorithm);
    header.kid = id.map(str::to_owned);
    encode(&header, claims, key).unwrap()
}

/// Not signed at all, with a header of one's own.
pub fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |json: &Value| base64url(json.to_string().as_bytes());
    format!("{}.{}.{signature}", part(header), part(claims))
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            text.push(char::from(DIGITS[(word >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    text
}
