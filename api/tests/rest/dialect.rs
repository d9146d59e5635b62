//! Which dialect a request is answered in. What each looks like is in the conformance cases.

use crate::client::{Api, Reply};
use offshoot_api::DialectName::{Envelope, Plain};
use serde_json::json;

fn is_plain(reply: &Reply) -> bool {
    reply.body.get("success").is_none()
}

#[test]
fn pinned_to_the_caller() {
    let api = Api::new();
    let main = "/v1/branches/main";
    let details = api.pinned(Plain, None, "GET", main);
    assert_eq!((details.status, &details.body["state"]), (200, &json!("Active")));
    assert!(is_plain(&details));
    let envelope = api.pinned(Plain, Some("envelope"), "GET", main);
    assert_eq!(envelope.body["data"]["status"], "active");
    assert!(is_plain(&api.pinned(Envelope, Some("plain"), "GET", main)));
    // Before any of it is read, and where nothing is there to read it.
    for (method, path, status) in [
        ("GET", "/v1/nowhere", 404),
        ("PUT", "/v1/graph", 405),
        ("GET", "/v1/branches?a=1&a=1", 400),
    ] {
        let refused = api.pinned(Plain, None, method, path);
        assert_eq!(refused.status, status, "{path}");
        assert!(is_plain(&refused) && refused.body["error"].is_string(), "{path}");
        let unknown = api.pinned(Plain, Some("other"), method, path);
        assert_eq!((unknown.status, &unknown.body["error"]), (400, &json!("BadRequest")), "{path}");
    }
    assert_eq!(api.pinned(Plain, None, "DELETE", main).status, 400);
    assert_eq!(api.pinned(Envelope, None, "DELETE", main).status, 403);
}
