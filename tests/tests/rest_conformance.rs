//! Every example and every endpoint of the two REST documents, on a server of our own.

use offshoot_tests::rest::{Server as Target, run, suites};
use offshoot_tests::server::Server;
use serde_json::json;
use std::path::Path;

/// A server whose default is the other dialect: what asks for none gets that, and what asks for the
/// specification's still gets it.
#[test]
fn a_server_of_the_other_dialect() {
    let server = Server::with(&["--dialect", "plain"]);
    let client = server.client();
    let unasked = client.get("/v1/branches/main");
    assert_eq!((unasked.status, &unasked.body["state"]), (200, &json!("Active")), "{unasked}");
    assert_eq!(unasked.body.get("success"), None, "{unasked}");
    let refused = client.get("/v1/branches/nobody");
    assert_eq!((refused.status, &refused.body["error"]), (404, &json!("NotFound")), "{refused}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rest");
    let mut suites = suites(&folder).unwrap();
    suites.retain(|suite| suite.name == "specification_branches");
    let report = run(&Target::new(client.base(), None), &suites);
    assert!(report.good() && report.passed > 0, "{report}");
}

/// Cases that must be there, so that none is lost unseen.
const CASES_MIN: usize = 250;

#[test]
fn both_documents() {
    let server = Server::new();
    let suites = suites(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rest")).unwrap();
    let report = run(&Target::new(server.client().base(), None), &suites);
    println!("{report}");
    assert!(report.good(), "{report}");
    assert!(report.passed >= CASES_MIN, "{report}");
}
