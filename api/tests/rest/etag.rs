//! Entity tags: what says the same has the same tag, and need not be sent again.

use crate::client::{Api, Reply};

const TAGGED: [&str; 5] = [
    "/v1/branches",
    "/v1/branches/main",
    "/v1/branches/main/tables",
    "/v1/branches/main/snapshots",
    "/v1/graph",
];

fn get(api: &Api, headers: &[(&str, &str)], path: &str) -> Reply {
    api.with(headers, "GET", path, "")
}

fn tag(reply: &Reply) -> String {
    let tag = reply.header("etag");
    assert!(tag.starts_with("W/\"") && tag.ends_with('"') && tag.len() > 10, "{reply:?}");
    tag.to_owned()
}

#[test]
fn what_is_known_is_not_sent_again() {
    let api = Api::new();
    for path in TAGGED {
        let first = get(&api, &[], path);
        let tag = tag(&first);
        let known = get(&api, &[("if-none-match", &tag)], path);
        assert_eq!((known.status, known.text.as_str()), (304, ""), "{path}");
        assert_eq!(known.header("etag"), tag, "{path}");
        assert_eq!(known.header("vary"), first.header("vary"), "{path}");
        assert_eq!(known.header("content-type"), "", "{path}");
        assert_ne!(known.header("x-request-id"), first.header("x-request-id"), "{path}");
        let list = format!("\"other\", {tag}");
        assert_eq!(get(&api, &[("if-none-match", &list)], path).status, 304, "{path}");
        let other = get(&api, &[("if-none-match", "W/\"other\"")], path);
        assert_eq!((other.status, other.header("etag")), (200, tag.as_str()), "{path}");
    }
    // What they tell of changes, and so do they.
    let before = TAGGED.map(|path| tag(&get(&api, &[], path)));
    api.branch("b");
    api.post("/v1/branches/main/snapshots", serde_json::json!({"name": "s"})).data(201);
    api.execute("main", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    for (path, before) in TAGGED.iter().zip(before) {
        let after = get(&api, &[("if-none-match", &before)], path);
        assert_eq!(after.status, 200, "{path}");
        assert_ne!(tag(&after), before, "{path}");
    }
}

#[test]
fn a_dialect_has_tags_of_its_own() {
    let api = Api::new();
    for path in TAGGED {
        let [envelope, plain] = ["envelope", "plain"]
            .map(|dialect| tag(&get(&api, &[("offshoot-dialect", dialect)], path)));
        assert_ne!(envelope, plain, "{path}");
        let crossed = [("offshoot-dialect", "plain"), ("if-none-match", &envelope)];
        assert_eq!(get(&api, &crossed, path).status, 200, "{path}");
        let same = [("offshoot-dialect", "plain"), ("if-none-match", &plain)];
        assert_eq!(get(&api, &same, path).status, 304, "{path}");
    }
}

#[test]
fn failures_and_rows_have_none() {
    let api = Api::new();
    for path in
        ["/v1/branches/none", "/v1/branches/none/tables", "/v1/branches/main/tables/users/data"]
    {
        let reply = get(&api, &[("if-none-match", "*")], path);
        assert!(reply.status != 304 && reply.headers.get("etag").is_none(), "{reply:?}");
    }
}
