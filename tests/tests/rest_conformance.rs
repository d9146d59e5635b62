//! Every example and every endpoint of the two REST documents, on a server of our own.

use offshoot_tests::rest::{Server as Target, run, suites};
use offshoot_tests::server::Server;
use std::path::Path;

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
