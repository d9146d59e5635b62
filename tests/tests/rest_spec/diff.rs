//! What differs between branches, and the graph of all commits. Beyond the specification.

use crate::fields::{Is, PAGINATION, assert_fields};
use crate::{add, server};
use offshoot_tests::branch::Branch;
use offshoot_tests::client::with_query;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[track_caller]
fn diff(branch: &Branch<'_>, params: &[(&str, &str)]) -> Value {
    branch.client().get(&with_query(&branch.path("/diff"), params)).ok().clone()
}

/// The changed rows of a diff as table, row and kind of change.
fn changed(diff: &Value) -> Vec<[String; 3]> {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{diff}")).to_owned();
    let row = |row: &Value| [text(&row["table"]), text(&row["row_id"]), text(&row["change"])];
    diff["rows"].as_array().unwrap_or_else(|| panic!("{diff}")).iter().map(row).collect()
}

#[test]
fn nothing_differs() {
    let server = server();
    let branch = server.client().create("b", "main");
    let same = diff(&branch, &[("against", "main")]);
    assert_eq!((&same["branch"], &same["against"]), (&json!("b"), &json!("main")));
    assert_eq!(same["tables"], json!([]));
    assert_eq!(same["rows"], json!([]));
    assert_eq!(same["pagination"]["total"], 0);
}

#[test]
fn rows_and_cells() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    main.execute("CREATE TABLE pairs (a INTEGER, b INTEGER, n INTEGER, PRIMARY KEY (a, b))");
    main.execute("INSERT INTO pairs VALUES (1, 3402, 5)");
    let branch = client.create("b", "main");
    branch.execute("UPDATE users SET name = 'Alicia' WHERE id = 1");
    branch.execute("DELETE FROM users WHERE id = 2");
    add(&branch, 3, "Carol");
    branch.execute("UPDATE pairs SET n = 6 WHERE a = 1");

    let all = diff(&branch, &[("against", "main")]);
    assert_fields(&all["pagination"], PAGINATION);
    let expected = [
        ["pairs", "1,3402", "update"],
        ["users", "1", "update"],
        ["users", "2", "delete"],
        ["users", "3", "insert"],
    ];
    assert_eq!(changed(&all), expected);
    let rows = all["rows"].as_array().unwrap();
    assert_eq!(rows[1]["cells"], json!([{"column": "name", "before": "Alice", "after": "Alicia"}]));
    let cell = |row: &Value, column: &str| {
        let cells = row["cells"].as_array().unwrap();
        cells
            .iter()
            .find(|cell| cell["column"] == column)
            .cloned()
            .unwrap_or_else(|| panic!("{row}"))
    };
    let gone = cell(&rows[2], "email");
    assert_eq!((&gone["before"], &gone["after"]), (&json!("bob@example.com"), &Value::Null));
    let new = cell(&rows[3], "name");
    assert_eq!((&new["before"], &new["after"]), (&Value::Null, &json!("Carol")));

    let users = all["tables"].as_array().unwrap().iter().find(|t| t["name"] == "users").unwrap();
    let counts = ["inserts", "updates", "deletes"].map(|field| users[field].clone());
    assert_eq!(counts, [1, 1, 1]);
    // The other way round, before and after change places.
    let reverse = diff(&main, &[("against", "b"), ("table", "users")]);
    let expected = [["users", "1", "update"], ["users", "2", "insert"], ["users", "3", "delete"]];
    assert_eq!(changed(&reverse), expected);
    let unknown = with_query(&branch.path("/diff"), &[("against", "main"), ("table", "nowhere")]);
    client.get(&unknown).error(404, "TABLE_NOT_FOUND");
    client.get(&branch.path("/diff")).error(400, "INVALID_REQUEST");
}

#[test]
fn schemas() {
    let server = server();
    let main = server.client().main();
    main.execute("CREATE TABLE doomed (id INTEGER PRIMARY KEY)");
    let branch = server.client().create("b", "main");
    branch.execute("ALTER TABLE users ADD COLUMN score INTEGER");
    branch.execute("CREATE TABLE fresh (id INTEGER PRIMARY KEY)");
    branch.execute("DROP TABLE doomed");
    let all = diff(&branch, &[("against", "main")]);
    let tables = all["tables"].as_array().unwrap();
    let changes: BTreeMap<&str, &Value> =
        tables.iter().map(|t| (t["name"].as_str().unwrap(), &t["schema_change"])).collect();
    let (added, dropped, altered) = (json!("added"), json!("dropped"), json!("altered"));
    let expected = BTreeMap::from([("doomed", &dropped), ("fresh", &added), ("users", &altered)]);
    assert_eq!(changes, expected, "{all}");
}

#[test]
fn pages_of_a_diff() {
    let server = server();
    let branch = server.client().create("b", "main");
    let rows: Vec<Value> =
        (100..125).map(|i| json!({"id": i, "name": "n", "email": format!("{i}@x")})).collect();
    branch.insert("users", json!(rows));
    let mut seen = Vec::new();
    for (page, length) in [("1", 10), ("2", 10), ("3", 5)] {
        let part = diff(&branch, &[("against", "main"), ("limit", "10"), ("page", page)]);
        let number: u64 = page.parse().unwrap();
        let pagination = json!({"page": number, "limit": 10, "total": 25, "total_pages": 3});
        assert_eq!(part["pagination"], pagination);
        assert_eq!(part["rows"].as_array().unwrap().len(), length);
        // What differs in all is said on each page.
        assert_eq!(part["tables"][0]["inserts"], 25);
        seen.extend(changed(&part).into_iter().map(|[_, row, _]| row));
    }
    assert_eq!(seen, (100..125).map(|i| i.to_string()).collect::<Vec<_>>());
}

#[test]
fn the_graph_holds_branches_commits_and_both_parents_of_a_merge() {
    let server = server();
    let (client, main) = (server.client(), server.client().main());
    let feature = client.create("feature", "main");
    add(&feature, 3, "Carol");
    add(&main, 4, "Dave");
    let merge = feature.merge_into("main", json!({}));
    let merge = merge.ok()["merge_commit"].clone();

    let reply = client.get("/v1/graph");
    let graph = assert_fields(reply.ok(), &[("branches", Is::List), ("commits", Is::List)]);
    let commits = graph["commits"].as_array().unwrap();
    let by_id: BTreeMap<&str, &Value> =
        commits.iter().map(|commit| (commit["id"].as_str().unwrap(), commit)).collect();
    assert_eq!(by_id.len(), commits.len(), "a commit twice: {reply}");
    let fields =
        [("id", Is::Text), ("parents", Is::List), ("scn", Is::Count), ("timestamp", Is::Time)];
    for commit in commits {
        assert_fields(commit, &fields);
        for parent in commit["parents"].as_array().unwrap() {
            let parent = by_id.get(parent.as_str().unwrap());
            let parent = parent.unwrap_or_else(|| panic!("a parent is missing: {commit}"));
            // Along the first parents, numbers grow by one.
            if commit["parents"][0] == parent["id"] {
                assert_eq!(commit["scn"].as_u64(), parent["scn"].as_u64().map(|scn| scn + 1));
            }
        }
    }
    let head = |name: &str| {
        let branches = graph["branches"].as_array().unwrap();
        let branch = branches.iter().find(|branch| branch["name"] == name);
        branch.unwrap_or_else(|| panic!("no {name}: {reply}"))["head"].clone()
    };
    assert_eq!(head("main"), merge);
    let merged = by_id[merge.as_str().unwrap()];
    let parents = merged["parents"].as_array().unwrap();
    assert_eq!(parents.len(), 2, "{merged}");
    assert_eq!(parents[1], head("feature"));
    assert_eq!(main.history(&[("limit", "1")])[0]["scn"], merged["scn"]);
}
