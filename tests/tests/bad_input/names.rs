//! Names that no branch may have.

use crate::{assert_untouched, server};
use serde_json::json;

#[test]
fn empty_too_long_or_odd_names() {
    let server = server();
    let (long, wide) = ("x".repeat(256), "é".repeat(128));
    let hex = "0123456789abcdef".repeat(4);
    let names = [
        "",
        " ",
        "a b",
        "a\u{0}b",
        "a\nb",
        "a%2Fb",
        "a\\b",
        "a'b",
        "a\"b",
        "a;b",
        "a?b",
        "a#b",
        "a*",
        "/a",
        "a/",
        "a//b",
        "/",
        ".",
        "..",
        "a/../b",
        "a/.",
        "-f",
        "\u{202e}a",
        &long,
        &wide,
        &hex,
        "br_00ff",
        "BR_00FF",
        "snap_1",
        "br_0123456789abcdef0123456789abcdef",
    ];
    for name in names {
        let reply = server.client().try_create(&json!({"name": name}));
        assert_eq!(reply.error(400, "INVALID_REQUEST")["code"], "INVALID_REQUEST", "{name:?}");
    }
    // The name of a backup is a branch's name, too, and is looked at before anything is done.
    let main = server.client().main();
    let snapshot = main.snapshot("s");
    for name in ["", "a b", "br_00ff"] {
        let body = json!({"create_backup_branch": true, "backup_branch_name": name});
        let path = main.path(&format!("/restore/{snapshot}"));
        server.client().post(&path, &body).error(400, "INVALID_REQUEST");
    }
    assert_untouched(&server);
}

#[test]
fn names_at_the_limit_are_taken() {
    let server = server();
    let (long, wide) = ("x".repeat(255), "é".repeat(127));
    for name in ["a/b/c.d_e-1", "v1.0", ".hidden", "br_feature", "snap_shot", &long, &wide] {
        let branch = server.client().create(name, "main");
        assert_eq!(branch.details()["name"], name);
    }
}

#[test]
fn a_name_that_is_taken() {
    let server = server();
    server.client().try_create(&json!({"name": "main"})).error(409, "BRANCH_EXISTS");
    assert_untouched(&server);
    let main = server.client().main();
    server.client().create("b", "main");
    server.client().try_create(&json!({"name": "b"})).error(409, "BRANCH_EXISTS");
    // A restore whose backup cannot be made does not happen.
    let snapshot = main.snapshot("s");
    main.execute("DELETE FROM users WHERE id = 1");
    let body = json!({"create_backup_branch": true, "backup_branch_name": "b"});
    let path = main.path(&format!("/restore/{snapshot}"));
    server.client().post(&path, &body).error(409, "BRANCH_EXISTS");
    assert_eq!(main.number("SELECT COUNT(*) FROM users"), 1);
}

#[test]
fn tables_and_columns_that_sql_does_not_take() {
    let server = server();
    let main = server.client().main();
    for sql in [
        "CREATE TABLE users (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (a INTEGER, A TEXT)",
        "CREATE TABLE t (a NO_SUCH_TYPE)",
        "CREATE TABLE t (a INTEGER, PRIMARY KEY (b))",
        "CREATE TABLE t (a INTEGER, FOREIGN KEY (a) REFERENCES nowhere (id))",
        "ALTER TABLE users ADD COLUMN name TEXT",
    ] {
        let reply = main.try_execute(sql, json!([]));
        // The documents leave the code open, but there is one, and it is not the server's fault.
        assert!((400..500).contains(&reply.status), "{reply}");
        reply.error(reply.status, reply.code().unwrap_or("a code"));
    }
    assert_untouched(&server);
}
