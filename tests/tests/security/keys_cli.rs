//! Keys made, listed and revoked beside a running server; and the server that asks nobody.

use crate::send::send;
use crate::token::{claims, hs256};
use offshoot_tests::folder::Folder;
use offshoot_tests::program;
use offshoot_tests::server::Server;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

#[test]
fn keys_are_made_listed_and_revoked_while_a_server_runs() {
    let folder = Folder::new();
    let file = folder.join("db.offshoot");
    let data = file.to_str().unwrap();
    let key = |arguments: &[&str]| {
        let mut all = vec!["key", arguments[0], "--data", data];
        all.extend(&arguments[1..]);
        program::run(all)
    };
    let made = key(&["create", "--name", "reader", "--scopes", "read"]);
    let reader = made.stdout.trim().to_owned();
    assert!(reader.starts_with("osk_") && reader.len() == 68, "{made:?}");
    let server = Server::over(&file).unwrap();
    let base = server.client().base();
    let ask =
        |key: &str, call: &str, body: &str| send(base, call, &[("x-api-key", key)], body).status;
    let (read, write, sql) =
        ("GET /v1/branches", "POST /v1/branches/main/execute", r#"{"sql": "SELECT 1"}"#);
    assert_eq!(
        (ask(&reader, read, ""), ask(&reader, write, sql), ask("x", read, "")),
        (200, 403, 401)
    );

    let writer =
        key(&["create", "--name", "writer", "--dialect", "plain"]).stdout.trim().to_owned();
    assert_eq!((ask(&writer, read, ""), ask(&writer, write, sql)), (200, 200));
    let listed = key(&["list"]).stdout;
    assert!(
        listed.contains("reader") && listed.contains("read,write") && listed.contains("plain"),
        "{listed}"
    );

    // Nothing that lets anybody in stands in a file, a list or a log.
    let kept = std::fs::read_to_string(folder.join("db.offshoot.keys")).unwrap();
    for text in [listed, kept, server.complaints()] {
        assert!(!text.contains(&reader[4..]) && !text.contains(&writer[4..]), "{text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.join("db.offshoot.keys")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may read the key file");
    }

    assert_eq!(key(&["revoke", "--name", "reader"]).code, Some(0));
    assert_eq!((ask(&reader, read, ""), ask(&writer, read, "")), (401, 200));
    // Without any key left nobody comes in, then and after a start.
    key(&["revoke", "--name", "writer"]);
    assert_eq!((ask(&writer, read, ""), ask("", read, "")), (401, 401));
    drop(server);
    let server = Server::over(&file).unwrap();
    send(server.client().base(), read, &[], "").refused(401, "UNAUTHORIZED");

    for wrong in [
        &["create", "--name", "a", "--scopes", "reed"][..],
        &["create", "--name", ""],
        &["create", "--name", "a", "--dialect", "other"],
        &["revoke", "--name", "nobody"],
    ] {
        assert!(matches!(key(wrong).code, Some(1 | 2)), "{wrong:?}");
    }
    key(&["create", "--name", "twice"]);
    assert_eq!(key(&["create", "--name", "twice"]).code, Some(1));
}

#[test]
fn an_open_server_stays_on_this_machine() {
    let folder = Folder::new();
    let file = folder.join("db.offshoot");
    let data = file.to_str().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let ended = program::run(["serve", "--data", data, "--listen", address]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("--insecure"), "{ended:?}");
    }
    assert!(!file.exists(), "it made a file before it refused");
    for wrong in [
        &["--api-key", ""][..],
        &["--api-key", "k,scopes=reed"],
        &["--api-key", "k,dialect=other"],
        &["--api-key", "k,colour=red"],
        &["--jwt-secret", ""],
        &["--jwt-public-key", "/nowhere"],
        &["--jwks", "/nowhere"],
        &["--rate-limit", "/nowhere"],
        &["--tls-cert", "/nowhere"],
        &["--data-dir", "/nowhere", "--tenant", "a"],
    ] {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(wrong);
        let ended = program::run(all);
        ended.assert_orderly(&format!("{wrong:?}"));
        assert!(matches!(ended.code, Some(1 | 2)), "{wrong:?}: {ended:?}");
    }
}

/// A process that does not outlive its test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_environment_says_it_as_well() {
    let folder = Folder::new();
    let data = folder.join("db.offshoot");
    let command = |settings: &[(&str, &str)]| {
        let mut command = program::command();
        command.arg("serve").arg("--data").arg(&data);
        command.envs(settings.iter().copied());
        command
    };
    for wrong in [
        [("HELIOSDB_API_HOST", "0.0.0.0"), ("HELIOSDB_API_PORT", "0")],
        [("OFFSHOOT_API_HOST", "no address"), ("HELIOSDB_API_PORT", "0")],
        [("OFFSHOOT_API_PORT", "65536"), ("HELIOSDB_API_PORT", "0")],
        [("OFFSHOOT_RATE_LIMIT_MAX_REQUESTS", "0"), ("HELIOSDB_API_PORT", "0")],
    ] {
        let ended = command(&wrong).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{wrong:?}: {ended:?}");
    }
    let settings = [
        ("HELIOSDB_API_HOST", "127.0.0.1"),
        ("HELIOSDB_API_PORT", "0"),
        ("HELIOSDB_RATE_LIMIT_MAX_REQUESTS", "3"),
        ("HELIOSDB_RATE_LIMIT_WINDOW_SECS", "3600"),
        ("HELIOSDB_JWT_SECRET", "theirs"),
        ("OFFSHOOT_JWT_SECRET", "ours"),
    ];
    let mut command = command(&settings);
    let mut server = Ends(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    let mut said = BufReader::new(server.0.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    let base =
        line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
    let ask = |secret: &str| {
        let token = format!("Bearer {}", hs256(&claims(&["read"]), secret));
        send(base, "GET /v1/branches", &[("authorization", &token)], "")
    };
    // Where both are set, ours is meant.
    ask("theirs").refused(401, "UNAUTHORIZED");
    for left in ["2", "1", "0"] {
        assert_eq!(ask("ours").success().header("x-ratelimit-remaining"), left);
    }
    ask("ours").refused(429, "RATE_LIMITED");
}
