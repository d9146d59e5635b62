//! `offshoot import` of SQL scripts: both published dumps of Chinook as they are, into a file and
//! into a running server, and what is left behind when a script fails.

use offshoot_tests::branch::{Branch, Rows};
use offshoot_tests::chinook::{self, Model};
use offshoot_tests::client::Client;
use offshoot_tests::folder::Folder;
use offshoot_tests::program::{self, Ended};
use offshoot_tests::server::Server;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How a dump names what Chinook's JSON names `InvoiceLine`.
#[derive(Clone, Copy)]
enum Dump {
    /// `invoice_line`.
    PostgreSql,
    /// `InvoiceLine`.
    Sqlite,
}

impl Dump {
    fn path(self) -> PathBuf {
        chinook::json_path().with_file_name(match self {
            Dump::PostgreSql => "Chinook_PostgreSql.sql",
            Dump::Sqlite => "Chinook_Sqlite.sql",
        })
    }

    fn name(self, name: &str) -> String {
        match self {
            Dump::Sqlite => name.to_owned(),
            Dump::PostgreSql => {
                let mut snake = String::new();
                for (at, c) in name.char_indices() {
                    if c.is_uppercase() && at > 0 {
                        snake.push('_');
                    }
                    snake.extend(c.to_lowercase());
                }
                snake
            }
        }
    }

    fn index(self, table: &str, column: &str) -> String {
        match self {
            Dump::Sqlite => format!("IFK_{table}{column}"),
            Dump::PostgreSql => format!("{}_{}_idx", self.name(table), self.name(column)),
        }
    }
}

fn import(file: &Path, target: &[&str]) -> Ended {
    let ended = program::run([&["import", file.to_str().unwrap()], target].concat());
    ended.assert_orderly("import");
    ended
}

/// Fails unless the branch holds the rows of the JSON in all 11 tables.
#[track_caller]
fn assert_rows(dump: Dump, branch: &Branch<'_>) {
    let model = Model::from_json();
    let mut names: Vec<String> = chinook::TABLES.iter().map(|t| dump.name(t.name)).collect();
    names.sort();
    assert_eq!(branch.table_names(), names);
    for table in &chinook::TABLES {
        let list = |names: Vec<&str>| {
            names.iter().map(|name| dump.name(name)).collect::<Vec<_>>().join(", ")
        };
        let columns = list(table.columns.iter().map(|(name, _)| *name).collect());
        let order = list(table.key_columns());
        let name = dump.name(table.name);
        let got = branch.query(&format!("SELECT {columns} FROM {name} ORDER BY {order}"));
        // The JSON writes an empty text where the dumps say NULL.
        let null = |value: &Value| if value == "" { Value::Null } else { value.clone() };
        let expected = model.rows(table.name).map(|row| row.iter().map(null).collect());
        let expected: Vec<Vec<Value>> = expected.collect();
        let got: Rows = got.iter().map(|row| chinook::canonical_row(table, row)).collect();
        assert_eq!(got.len(), expected.len(), "{name}");
        for (got, expected) in got.iter().zip(&expected) {
            assert_eq!(got, expected, "{name}");
        }
    }
}

/// Fails unless each of the 11 foreign keys and indexes is there and works.
#[track_caller]
fn assert_references(dump: Dump, branch: &Branch<'_>) {
    let mut references = 0;
    for table in &chinook::TABLES {
        for (column, parent, _) in table.references {
            references += 1;
            let (child, field) = (dump.name(table.name), dump.name(column));
            let key = dump.name(table.columns[0].0);
            let what = format!("{child}.{field}");
            // A row whose parent is not there. Playlist 18 has one track only.
            let one = if table.key == 2 { 18 } else { 1 };
            let set = format!("UPDATE {child} SET {field} = 999999 WHERE {key} = {one}");
            let reply = branch.try_execute(&set, json!([]));
            let refused = reply.error(409, "CONSTRAINT_VIOLATION");
            assert_eq!(refused["details"]["constraint_type"], "foreign_key", "{what}: {reply}");
            assert_eq!(refused["details"]["parent"], dump.name(parent), "{what}: {reply}");
            // A parent whose rows are still there.
            let (parent, key) = (dump.name(parent), dump.name(&format!("{parent}Id")));
            let taken = format!("SELECT MIN({field}) FROM {child} WHERE {field} IS NOT NULL");
            let taken = branch.number(&taken);
            let delete = format!("DELETE FROM {parent} WHERE {key} = {taken}");
            branch.try_execute(&delete, json!([])).error(409, "CONSTRAINT_VIOLATION");
            // The index has the dump's name, and finds the rows.
            let index = dump.index(table.name, column);
            let again = format!("CREATE INDEX {index} ON {child} ({field})");
            let reply = branch.try_execute(&again, json!([]));
            let message = reply.error(400, "INVALID_SQL")["message"].to_string();
            assert!(message.contains("already exists"), "{what}: {reply}");
            let plan =
                branch.query(&format!("EXPLAIN SELECT * FROM {child} WHERE {field} = 999999"));
            let by_key = table.columns[0].0 == *column;
            assert!(by_key || format!("{plan:?}").contains(&index), "{what}: {plan:?}");
        }
    }
    assert_eq!(references, 11);
}

/// The commits of a branch, newest first.
#[track_caller]
fn commits(branch: &Branch<'_>) -> Vec<Value> {
    let mut history = branch.history(&[]);
    history.retain(|entry| entry["type"] == "transaction");
    history
}

#[track_caller]
fn live_branches(client: &Client) -> usize {
    let reply = client.get("/v1/branches?status=active");
    reply.ok()["branches"].as_array().unwrap_or_else(|| panic!("{reply}")).len()
}

#[test]
fn both_dumps_of_chinook_as_they_are_into_files() {
    let folder = Folder::new();
    for dump in [Dump::PostgreSql, Dump::Sqlite] {
        let data = folder.join(&format!("{}.offshoot", dump.name("InvoiceLine")));
        let ended = import(&dump.path(), &["--data", data.to_str().unwrap()]);
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        assert!(ended.stdout.contains("15607 rows imported into branch main"), "{ended:#?}");
        if let Dump::PostgreSql = dump {
            for note in [
                ".sql:19: skipped: DROP DATABASE IF EXISTS chinook",
                ".sql:25: skipped: CREATE DATABASE chinook",
                ".sql:28: skipped: \\c chinook;",
            ] {
                assert!(ended.stderr.contains(note), "{note}: {ended:#?}");
            }
        }
        program::assert_clean(&data);
        let server = Server::over(&data).unwrap();
        let main = server.client().main();
        assert_rows(dump, &main);
        assert_references(dump, &main);
        // All of it is one commit, and the draft is gone.
        let history = commits(&main);
        assert_eq!(history.len(), 2, "{history:?}");
        assert_eq!(live_branches(server.client()), 1);
    }
}

#[test]
fn a_dump_goes_into_a_branch_of_a_running_server_and_again_over_itself() {
    let server = Server::new();
    let branch = server.client().create("music/shop", "main");
    let target = ["--url", server.client().base(), "--branch", "music/shop"];
    // The second time it drops its tables first, in an order that references forbid.
    for _ in 0..2 {
        let ended = import(&Dump::Sqlite.path(), &target);
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        assert_rows(Dump::Sqlite, &branch);
    }
    assert_references(Dump::Sqlite, &branch);
    assert!(server.client().main().table_names().is_empty());
}

const SCRIPT: &str = "\u{feff}PRAGMA foreign_keys=OFF;\r\nBEGIN TRANSACTION;\r\n\
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent INT REFERENCES parent(id));\r\n\
    INSERT INTO child VALUES(1,7);\r\nINSERT INTO child VALUES(2,NULL);\r\n\
    CREATE TABLE IF NOT EXISTS parent (id INTEGER PRIMARY KEY, name TEXT, at TIMESTAMP);\r\n\
    COPY parent (id, name, at) FROM stdin;\r\n7\tit's; a\\ttab\t2020-01-02 03:04:05\r\n8\t\\N\t\\N\r\n\\.\r\n\
    INSERT INTO child VALUES(3,8);\r\nUPDATE child SET parent = 8 WHERE id = 2;\r\nCOMMIT;\r\n";

#[test]
fn children_may_come_first_and_copies_are_read() {
    let folder = Folder::new();
    let (file, data) = (folder.join("small.sql"), folder.join("small.offshoot"));
    std::fs::write(&file, SCRIPT).unwrap();
    let ended = import(&file, &["--data", data.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.stderr.contains("small.sql:1: skipped: PRAGMA"), "{ended:#?}");
    let server = Server::over(&data).unwrap();
    let main = server.client().main();
    let parents = main.query("SELECT id, name, CAST(at AS TEXT) FROM parent ORDER BY id");
    let expected = [json!([7, "it's; a\ttab", "2020-01-02 03:04:05"]), json!([8, null, null])];
    assert_eq!(json!(parents), json!(expected));
    let children = main.query("SELECT id, parent FROM child ORDER BY id");
    assert_eq!(json!(children), json!([[1, 7], [2, 8], [3, 8]]));
    let orphan = main.try_execute("INSERT INTO child VALUES (4, 9)", json!([]));
    orphan.error(409, "CONSTRAINT_VIOLATION");
}

/// Statements that fail at the end of a good script, and what is said of them.
const FAILURES: [(&str, u64, &str); 7] = [
    ("INSERT INTO child VALUES\n(4, 7),\n(5, 7),\n(1, 8),\n(6, 8);", 4, "PRIMARY KEY"),
    ("INSERT INTO child VALUES(9,7);\nINSERT INTO child VALUES(9,8);", 2, "PRIMARY KEY"),
    ("INSERT INTO child VALUES (4, 'seven');", 1, "seven"),
    ("\nSELEC 1;", 2, "SELEC"),
    ("INSERT INTO nothing VALUES (1);", 1, "nothing"),
    ("INSERT INTO child VALUES (4, 'x);", 1, "never ends"),
    ("ROLLBACK; -- due to errors", 1, "not whole"),
];

#[test]
fn a_script_that_fails_says_where_and_changes_nothing() {
    let folder = Folder::new();
    let server = Server::new();
    let data = folder.join("kept.offshoot");
    let targets = [vec!["--data", data.to_str().unwrap()], vec!["--url", server.client().base()]];
    for target in &targets {
        let kept = folder.join("kept.sql");
        std::fs::write(
            &kept,
            "CREATE TABLE kept (id INT PRIMARY KEY); INSERT INTO kept VALUES (1);",
        )
        .unwrap();
        assert_eq!(import(&kept, target).code, Some(0));
        let lines = SCRIPT.lines().count() as u64;
        for (number, (bad, line, why)) in FAILURES.iter().enumerate() {
            let file = folder.join(&format!("bad{number}.sql"));
            std::fs::write(&file, format!("{SCRIPT}DELETE FROM kept;\n{bad}")).unwrap();
            let ended = import(&file, target);
            let place = format!("bad{number}.sql:{}: ", lines + 1 + line);
            let said = ended.code == Some(1)
                && ended.stderr.contains(&place)
                && ended.stderr.contains(why)
                && ended.stderr.contains("Nothing was imported");
            assert!(said, "{bad}\nat {place} {why}: {ended:#?}");
        }
        // A child whose parent is not there: known at the end, and it is the reference's line.
        let file = folder.join("orphan.sql");
        std::fs::write(&file, format!("{SCRIPT}INSERT INTO child VALUES (4, 99);")).unwrap();
        let ended = import(&file, target);
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        assert!(ended.stderr.contains("99"), "{ended:#?}");
    }
    let file = Server::over(&data).unwrap();
    for client in [file.client(), server.client()] {
        assert_eq!(client.main().table_names(), ["kept"]);
        assert_eq!(client.main().number("SELECT COUNT(*) FROM kept"), 1);
        let history = commits(&client.main());
        assert_eq!(history.len(), 2, "{history:?}");
        assert_eq!(live_branches(client), 1);
    }
}

#[test]
fn a_protected_branch_takes_no_import() {
    let server = Server::new();
    let main = server.client().main();
    server.client().patch(&main.path(""), &json!({"is_protected": true})).ok();
    let ended = import(&Dump::Sqlite.path(), &["--url", server.client().base()]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(main.table_names().is_empty());
}
