//! Texts that want to be more than a filter, a list of columns, an order or a name: each is refused or
//! taken for what it is, and none reads or changes what its caller may not.

use crate::send::{Answer, send, with_key};
use offshoot_tests::client::{encoded, with_query};
use offshoot_tests::server::Server;
use serde_json::{Value, json};

const ROWS: &str = "/v1/branches/main/tables/users/data";

fn server() -> Server {
    let keys = ["--api-key", "root,scopes=admin", "--api-key", "k", "--rate-limit", "off"];
    let server = Server::with(&keys);
    for sql in [
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        "INSERT INTO users VALUES (1, 'Alice'), (2, 'Bob')",
        "CREATE TABLE secrets (id INTEGER PRIMARY KEY, password TEXT)",
        "INSERT INTO secrets VALUES (1, 'hunter2')",
    ] {
        with_key(&server, "root", "POST /v1/branches/main/execute", &json!({"sql": sql})).success();
    }
    server
}

/// What everything looks like that no attempt may change.
fn state(server: &Server) -> Vec<Value> {
    let sqls = [
        "SELECT * FROM users ORDER BY id",
        "SELECT * FROM secrets",
        "SELECT name FROM offshoot_branches ORDER BY name",
    ];
    let ask = |sql: &str| {
        let answer = with_key(server, "root", "POST /v1/branches/main/query", &json!({"sql": sql}));
        answer.success().json()["data"]["rows"].clone()
    };
    let mut state: Vec<Value> = sqls.iter().map(|sql| ask(sql)).collect();
    let tables = with_key(server, "root", "GET /v1/branches/main/tables", &Value::Null);
    state.push(tables.json()["data"]["tables"].clone());
    state
}

/// What attackers write where an expression belongs.
fn expressions() -> Vec<String> {
    let mut texts = Vec::new();
    for end in ["", " --", " /*", ";", "; --", ";--", "\0", " #", "; COMMIT; --"] {
        for middle in [
            "1; DROP TABLE users",
            "1 = 1) UNION SELECT id, password FROM secrets",
            "id = 1 UNION ALL SELECT id, password FROM secrets",
            "id = (SELECT MAX(id) FROM secrets)",
            "EXISTS (SELECT 1 FROM secrets WHERE password LIKE 'h%')",
            "id IN (SELECT id FROM secrets)",
            "1; UPDATE users SET name = 'x'",
            "1; INSERT INTO users VALUES (9, 'x')",
        ] {
            texts.push(format!("{middle}{end}"));
        }
    }
    for text in [
        "'",
        "\"",
        "`",
        "''; SELECT 1",
        "' OR '1'='1",
        "x' OR 'a'='a",
        "\\'; DROP TABLE users; --",
        "secrets.password LIKE 'h%'",
        "users.id = secrets.id",
        "(SELECT password FROM secrets)",
        "CASE WHEN (SELECT COUNT(*) FROM secrets) > 0 THEN 1 ELSE 0 END = 1",
        "id = 1 AS OF SCN 1",
        "id = $1",
        "id = ?",
        "id = :x",
        "id = @x",
        "id = 1 LIMIT 0",
        "id = 1 RETURNING *",
        "id = 1 FOR UPDATE",
        "load_extension('x')",
        "readfile('/etc/passwd')",
        "pg_sleep(10)",
        "randomblob(1000000000) IS NULL",
        "id = 1 OR sleep(5)",
        "COPY users TO '/tmp/x'",
        "ATTACH DATABASE '/tmp/x' AS x",
        "PRAGMA writable_schema = 1",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "\u{202e}1=1",
        "%27%20OR%201%3D1",
        "ＯＲ 1＝1",
        "id = 1 UNION",
        "WITH x AS (SELECT 1) SELECT 1",
        "offshoot_branches.name = 'main'",
        "(SELECT name FROM sqlite_schema) = 'users'",
    ] {
        texts.push(text.to_owned());
    }
    texts
}

#[track_caller]
fn harmless(answer: &Answer, what: &str) {
    assert!(!answer.text.contains("hunter2"), "{what}: it told: {answer}");
    assert!(matches!(answer.status, 400 | 404 | 501), "{what}: {answer}");
    assert!(!answer.text.to_lowercase().contains("panic"), "{what}: {answer}");
}

#[test]
fn filters_columns_and_orders() {
    let server = server();
    let before = state(&server);
    let base = server.client().base();
    let key = [("x-api-key", "k")];
    let texts = expressions();
    assert!(texts.len() >= 100, "{}", texts.len());
    for text in &texts {
        for place in ["filter", "columns", "order_by"] {
            let call = format!("GET {}", with_query(ROWS, &[(place, text)]));
            harmless(&send(base, &call, &key, ""), text);
        }
        let body = json!({"filter": text, "updates": {"name": "x"}});
        harmless(&with_key(&server, "k", &format!("PUT {ROWS}"), &body), text);
        let call = format!("DELETE {}", with_query(ROWS, &[("filter", text)]));
        harmless(&send(base, &call, &key, ""), text);
        let both =
            with_query(ROWS, &[("filter", text), ("as_of_type", text), ("as_of_value", text)]);
        harmless(&send(base, &format!("GET {both}"), &key, ""), text);
    }
    assert_eq!(state(&server), before);
}

#[test]
fn names() {
    let server = server();
    let before = state(&server);
    let base = server.client().base();
    let key = [("x-api-key", "k")];
    let mut names = expressions();
    names.extend(
        [
            "../secrets",
            "..%2fsecrets",
            "/etc/passwd",
            "main/../b",
            ".",
            "..",
            "users; DROP TABLE users",
            "users\" --",
            "users, secrets",
            "users JOIN secrets",
            "secrets\u{0}",
            "C:\\x",
            "a\r\nX-Evil: 1",
        ]
        .map(str::to_owned),
    );
    for name in &names {
        let part = encoded(name);
        for call in [
            format!("GET /v1/branches/{part}"),
            format!("GET /v1/branches/{part}/tables"),
            format!("GET /v1/branches/main/tables/{part}/data"),
            format!("DELETE /v1/branches/{part}"),
            format!("GET /v1/branches/main/diff?against={part}"),
            format!("POST /v1/branches/main/restore/{part}"),
        ] {
            // `.` and `..` mean the path above to some clients, where there is no route, or another.
            let answer = send(base, &call, &key, "");
            let moved = name.starts_with('.') && matches!(answer.status, 200 | 405);
            if !moved {
                harmless(&answer, name);
            }
            assert!(answer.header("x-evil").is_empty(), "{answer}");
        }
        let column = json!({"rows": [{"id": 7, name: "x"}]});
        harmless(&with_key(&server, "k", &format!("POST {ROWS}"), &column), name);
        let merge = json!({"target_branch": name});
        harmless(&with_key(&server, "k", "POST /v1/branches/main/merge", &merge), name);
    }
    assert_eq!(state(&server), before);
    // As values they are text and nothing else.
    let rows: Vec<Value> = (100..)
        .zip(&names)
        .map(|(id, name): (i64, &String)| json!({"id": id, "name": name}))
        .collect();
    with_key(&server, "k", &format!("POST {ROWS}"), &json!({"rows": rows})).success();
    let sql = json!({"sql": "SELECT name FROM users WHERE id >= 100 ORDER BY id"});
    let kept = with_key(&server, "k", "POST /v1/branches/main/query", &sql).json();
    let kept: Vec<&str> = kept["data"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[0].as_str().unwrap())
        .collect();
    assert_eq!(kept, names);
}
