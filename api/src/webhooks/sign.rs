//! Signatures, as Standard Webhooks has them (<https://www.standardwebhooks.com>), so that receivers
//! need no library of ours.
//!
//! `webhook-signature: v1,<base64 of HMAC-SHA256(key, "id.timestamp.body")>`; the key is what
//! stands behind `whsec_` in the secret, as base64. The timestamp is signed with the rest: a request
//! that somebody kept and sends again is refused when it is older than the receiver's window.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The header with the event's id: the same at every attempt.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of the attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// What a secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// How far a receiver's clock and a timestamp may be apart, in seconds, where nothing else is said.
pub const TOLERANCE_SECONDS: u64 = 300;

/// A secret over these bytes, which nobody may know.
pub fn secret_of(key: &[u8; 32]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(key))
}

/// What a request says of itself in its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'r> {
    /// `webhook-id`.
    pub id: &'r str,
    /// `webhook-timestamp`.
    pub timestamp: &'r str,
    /// `webhook-signature`: signatures with spaces between them.
    pub signature: &'r str,
}

/// Why a request is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSigned {
    /// The secret is none.
    Secret,
    /// The timestamp is no number.
    Timestamp,
    /// The timestamp lies outside the window: an old request sent again, or a clock that is wrong.
    Stale,
    /// No signature is that of the secret's owner over this request.
    Signature,
}

impl std::fmt::Display for NotSigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            NotSigned::Secret => "the secret is not 'whsec_' and base64",
            NotSigned::Timestamp => "the timestamp is not seconds since 1970",
            NotSigned::Stale => "the timestamp is too far from now",
            NotSigned::Signature => "no signature fits",
        })
    }
}

impl std::error::Error for NotSigned {}

fn mac(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Result<Hmac<Sha256>, NotSigned> {
    let key = secret.strip_prefix(SECRET_PREFIX).ok_or(NotSigned::Secret)?;
    let key = STANDARD.decode(key).map_err(|_| NotSigned::Secret)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| NotSigned::Secret)?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Ok(mac)
}

/// The value of `webhook-signature`.
///
/// # Errors
/// `Secret`.
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Result<String, NotSigned> {
    let mac = mac(secret, id, &timestamp.to_string(), body)?;
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Whether a request comes from who knows the secret, and was sent within `tolerance_seconds` of
/// `now_seconds`, in seconds since 1970. Signatures are compared in constant time.
///
/// A request that passes may still have come before: deliveries are repeated where no answer
/// arrived. Whoever must not do a thing twice keeps the ids of the last `tolerance_seconds`.
///
/// # Errors
/// [`NotSigned`].
pub fn verify(
    secret: &str,
    signed: Signed<'_>,
    body: &[u8],
    now_seconds: i64,
    tolerance_seconds: u64,
) -> Result<(), NotSigned> {
    let Signed { id, timestamp, signature } = signed;
    let at: i64 = timestamp.parse().map_err(|_| NotSigned::Timestamp)?;
    let mac = mac(secret, id, timestamp, body)?;
    let ours = |part: &str| {
        let told = part.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
        told.is_some_and(|told| mac.clone().verify_slice(&told).is_ok())
    };
    match signature.split(' ').any(ours) {
        false => Err(NotSigned::Signature),
        true if now_seconds.abs_diff(at) > tolerance_seconds => Err(NotSigned::Stale),
        true => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the Standard Webhooks specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn check(signature: &str, body: &[u8], now: i64) -> Result<(), NotSigned> {
        let signed = Signed { id: ID, timestamp: "1614265330", signature };
        verify(SECRET, signed, body, now, TOLERANCE_SECONDS)
    }

    #[test]
    fn as_others_sign() {
        assert_eq!(sign(SECRET, ID, AT, BODY).unwrap(), SIGNATURE);
        assert_eq!(check(SIGNATURE, BODY, AT), Ok(()));
        // A secret that is being replaced signs beside the new one.
        assert_eq!(check(&format!("v1,AAAA v2,x {SIGNATURE}"), BODY, AT), Ok(()));
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(check(SIGNATURE, b"{}", AT), Err(NotSigned::Signature));
        assert_eq!(check("", BODY, AT), Err(NotSigned::Signature));
        assert_eq!(check(&SIGNATURE[3..], BODY, AT), Err(NotSigned::Signature));
        assert_eq!(check(SIGNATURE, BODY, AT + 300), Ok(()));
        assert_eq!(check(SIGNATURE, BODY, AT + 301), Err(NotSigned::Stale));
        assert_eq!(check(SIGNATURE, BODY, AT - 301), Err(NotSigned::Stale));
        let later = Signed { id: ID, timestamp: "1614265331", signature: SIGNATURE };
        assert_eq!(verify(SECRET, later, BODY, AT, 300), Err(NotSigned::Signature));
        let none = Signed { timestamp: "now", ..later };
        assert_eq!(verify(SECRET, none, BODY, AT, 300), Err(NotSigned::Timestamp));
        assert_eq!(verify("secret", later, BODY, AT, 300), Err(NotSigned::Secret));
    }
}
