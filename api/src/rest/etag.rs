//! Entity tags: what a client that asks again is spared (RFC 9110, 8.8.3 and 13.1.2).
//!
//! Answers that tell of branches and definitions rather than of rows have an `ETag`, the hash of their
//! dialect and of what they say without `meta`: an answer that says the same has the same tag, though
//! its request has another id. So tags are weak. A request that shows its tag in `If-None-Match` is
//! answered 304 without a body. The answer is made all the same, after credentials, scopes and limits
//! were looked at; what is spared is sending it.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

/// The tag of some text in some form of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag(String);

/// Hexadecimal digits of a tag: 128 bits.
const DIGITS: usize = 32;

impl Tag {
    /// Of a text. Forms of one thing (dialects, JSON and YAML) differ by name, whatever they say.
    pub fn of(form: &str, text: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(form.len() as u64).to_le_bytes()).update(form.as_bytes()).update(text);
        let digits = hasher.finalize().to_hex();
        Tag(format!("W/\"{}\"", digits.get(..DIGITS).unwrap_or_default()))
    }

    /// Puts it on an answer, to be kept by its reader alone and asked for each time.
    pub fn mark(&self, response: &mut Response) {
        if let Ok(tag) = HeaderValue::from_str(&self.0) {
            let headers = response.headers_mut();
            headers.insert(ETAG, tag);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
    }
}

/// Whether a request's `If-None-Match` names the tag of an answer to it, compared weakly.
fn is_known(asked: &HeaderMap, answered: &HeaderMap) -> bool {
    let Some(tag) = answered.get(ETAG).and_then(|tag| tag.to_str().ok()) else { return false };
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let tag = opaque(tag);
    let lines = asked.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    // None of our tags has a comma in it, so a foreign one that has is no match in either half.
    let mut known = lines.flat_map(|line| line.split(',')).map(str::trim);
    known.any(|known| known == "*" || opaque(known) == tag)
}

/// An answer, or a 304 with its headers where its reader knows it.
pub(crate) fn unless_known(asked: &HeaderMap, mut response: Response) -> Response {
    if response.status() != StatusCode::OK || !is_known(asked, response.headers()) {
        return response;
    }
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(CONTENT_TYPE);
    response.headers_mut().remove(CONTENT_LENGTH);
    *response.body_mut() = Body::empty();
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(asked: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in asked {
            headers.append(IF_NONE_MATCH, HeaderValue::from_str(line).unwrap());
        }
        let mut answered = HeaderMap::new();
        answered.insert(ETAG, HeaderValue::from_static("W/\"ab\""));
        is_known(&headers, &answered)
    }

    #[test]
    fn lists_and_weak_comparison() {
        assert!(known(&["W/\"ab\""]) && known(&["\"ab\""]) && known(&["*"]));
        assert!(known(&["\"x\", W/\"ab\""]) && known(&["\"x\"", "\"ab\""]));
        assert!(!known(&[]) && !known(&[""]) && !known(&["\"a\""]) && !known(&["ab"]));
    }

    #[test]
    fn a_form_is_part_of_it() {
        assert_eq!(Tag::of("a", b"text"), Tag::of("a", b"text"));
        assert_ne!(Tag::of("a", b"text"), Tag::of("b", b"text"));
        assert_ne!(Tag::of("a", b"btext"), Tag::of("ab", b"text"));
    }
}
