//! One byte of a database file is changed, anywhere: the program reports it or answers what is right,
//! and never answers what is wrong or falls over.

use offshoot_tests::branch::Rows;
use offshoot_tests::client::{Client, Reply};
use offshoot_tests::folder::Folder;
use offshoot_tests::program;
use offshoot_tests::random::Random;
use offshoot_tests::server::Server;
use serde_json::{Value, json};

const FLIPS: usize = 200;

/// Questions that together read every row of every branch, through the key and through an index, and
/// some of the past.
fn questions() -> Vec<(String, Value)> {
    let all = "SELECT id, name, n FROM items ORDER BY id";
    let mut list = Vec::new();
    for branch in ["main", "feature", "old"] {
        list.push((branch, json!({"sql": all})));
        list.push((branch, json!({"sql": "SELECT COUNT(*) FROM items"})));
        list.push((branch, json!({"sql": "SELECT id FROM items WHERE n = 7 ORDER BY id"})));
    }
    for scn in [3, 10, 25] {
        let as_of = json!({"type": "scn", "value": scn});
        list.push(("main", json!({"sql": all, "as_of": as_of})));
    }
    let path = |branch| format!("/v1/branches/{branch}/query");
    list.into_iter().map(|(branch, body)| (path(branch), body)).collect()
}

fn ask(client: &Client) -> Vec<Reply> {
    let asked = questions().into_iter().map(|(path, body)| {
        let reply = client.try_post(&path, &body);
        reply.unwrap_or_else(|lost| panic!("no answer to {body}: {lost:?}"))
    });
    asked.collect()
}

/// Builds a database with branches, history, an index and a snapshot; what the questions give, and
/// the bytes of the file.
fn built() -> (Vec<Rows>, Vec<u8>) {
    let mut server = Server::new();
    let main = server.client().main();
    main.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, n INTEGER)");
    main.execute("CREATE INDEX items_n ON items (n)");
    let rows: Vec<Value> = (0..1500)
        .map(|i| json!({"id": i, "name": format!("item {i} {}", i * 7919 % 10_007), "n": i % 40}))
        .collect();
    for batch in rows.chunks(500) {
        main.insert("items", json!(batch));
    }
    for i in 0..25 {
        main.execute(&format!("UPDATE items SET n = n + 1 WHERE id = {}", i * 53));
        main.execute(&format!("DELETE FROM items WHERE id = {}", i * 31 + 2));
    }
    main.snapshot("kept");
    let feature = server.client().create("feature", "main");
    feature.execute("UPDATE items SET name = 'changed' WHERE id < 300");
    server.client().create_at("old", "main", &json!({"type": "scn", "value": 10}));
    let answers = ask(server.client());
    let answers = answers.iter().map(|reply| offshoot_tests::branch::rows(reply.ok())).collect();
    server.terminate();
    program::assert_clean(server.data());
    (answers, std::fs::read(server.data()).unwrap())
}

/// What happened to one damaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Reported,
    Harmless,
}

fn damaged(bytes: &[u8], expected: &[Rows], what: &str) -> Outcome {
    let folder = Folder::new();
    let (for_check, for_server) = (folder.join("check.offshoot"), folder.join("serve.offshoot"));
    std::fs::write(&for_check, bytes).unwrap();
    std::fs::write(&for_server, bytes).unwrap();

    let check = program::check(&for_check);
    check.assert_orderly(what);
    let reported = match check.code {
        Some(0) => {
            assert!(check.stdout.contains("clean"), "{what}: {check:?}");
            false
        }
        Some(1) => {
            assert!(!check.stdout.is_empty() || !check.stderr.is_empty(), "{what}: no findings");
            true
        }
        other => panic!("{what}: check ended with {other:?}: {check:?}"),
    };

    match Server::over(&for_server) {
        Err(refused) => {
            assert!(refused.status.code().is_some_and(|code| code != 0), "{what}: {refused:?}");
            assert!(!refused.stderr.contains("panicked"), "{what}: {refused:?}");
            assert!(!refused.stderr.is_empty(), "{what}: refused without a word");
            assert!(reported, "{what}: check finds nothing in a file that does not open");
        }
        Ok(server) => {
            for (reply, expected) in ask(server.client()).iter().zip(expected) {
                match reply.status {
                    200 => {
                        let got = offshoot_tests::branch::rows(reply.ok());
                        assert!(got == *expected, "{what}: wrong rows: {reply}");
                    }
                    status => {
                        assert!(status >= 400, "{what}: {reply}");
                        assert!(reported, "{what}: check finds nothing, but: {reply}");
                    }
                }
            }
        }
    }
    if reported { Outcome::Reported } else { Outcome::Harmless }
}

#[test]
fn a_flipped_byte_is_reported_and_never_answered() {
    let (expected, bytes) = built();
    assert_eq!(damaged(&bytes, &expected, "undamaged"), Outcome::Harmless);
    let mut random = Random::seeded("corruption");
    let mut reported = 0;
    for _ in 0..FLIPS {
        let offset = random.below(bytes.len() as u64) as usize;
        let mask = random.between(1, 256) as u8;
        let mut damage = bytes.clone();
        damage[offset] ^= mask;
        let what = format!("byte {offset} of {} changed by {mask:#04x}", bytes.len());
        if damaged(&damage, &expected, &what) == Outcome::Reported {
            reported += 1;
        }
    }
    println!("{reported} of {FLIPS} flips were reported; the others did no harm");
    // Padding may be changed without harm, but a file is not mostly padding.
    assert!(reported * 10 >= FLIPS * 9, "only {reported} of {FLIPS} flips were reported");
}

#[test]
fn the_first_and_the_last_bytes_are_no_exception() {
    let (expected, bytes) = built();
    let ends = (0..24).chain(bytes.len() - 24..bytes.len());
    for offset in ends {
        let mut damage = bytes.clone();
        damage[offset] ^= 0x40;
        damaged(&damage, &expected, &format!("byte {offset} of {}", bytes.len()));
    }
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = Folder::new();
    for (name, bytes) in [("text", b"hello, world\n".repeat(1000)), ("zeros", vec![0; 20_000])] {
        let file = folder.join(name);
        std::fs::write(&file, &bytes).unwrap();
        let check = program::check(&file);
        check.assert_orderly(name);
        assert_eq!(check.code, Some(1), "{name}: {check:?}");
        let refused = Server::over(&file).expect_err("it is no database");
        assert!(refused.status.code().is_some_and(|code| code != 0), "{name}: {refused:?}");
        assert!(!refused.stderr.contains("panicked"), "{name}: {refused:?}");
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "{name}: the file was written to");
    }
}
