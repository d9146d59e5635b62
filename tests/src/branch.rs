//! What one does on a branch, in a line each.

use crate::client::{Client, Reply, encoded, with_query};
use serde_json::{Value, json};

/// A branch of a server, by name or id.
#[derive(Debug, Clone)]
pub struct Branch<'c> {
    client: &'c Client,
    name: String,
}

/// What a statement that writes came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Rows that it wrote.
    pub affected: u64,
    /// Its commit's number.
    pub scn: u64,
    /// Its commit's time.
    pub timestamp: String,
}

/// Rows as the API sends them.
pub type Rows = Vec<Vec<Value>>;

impl Client {
    /// A branch that is there, by name or id.
    pub fn branch(&self, name: impl Into<String>) -> Branch<'_> {
        Branch { client: self, name: name.into() }
    }

    /// The branch that every database has.
    pub fn main(&self) -> Branch<'_> {
        self.branch("main")
    }

    /// Makes a branch from the newest state of another.
    #[track_caller]
    pub fn create(&self, name: &str, source: &str) -> Branch<'_> {
        self.try_create(&json!({"name": name, "source_branch": source})).data(201);
        self.branch(name)
    }

    /// Makes a branch from a point of another.
    #[track_caller]
    pub fn create_at(&self, name: &str, source: &str, as_of: &Value) -> Branch<'_> {
        let body = json!({"name": name, "source_branch": source, "as_of": as_of});
        self.try_create(&body).data(201);
        self.branch(name)
    }

    /// Asks for a branch.
    pub fn try_create(&self, body: &Value) -> Reply {
        self.post("/v1/branches", body)
    }
}

impl<'c> Branch<'c> {
    /// Its name, or its id if that is how it was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its client.
    pub fn client(&self) -> &'c Client {
        self.client
    }

    /// The path of something of it; `""` for itself.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/branches/{}{rest}", encoded(&self.name))
    }

    /// The path of a table's rows.
    pub fn rows_path(&self, table: &str) -> String {
        self.path(&format!("/tables/{}/data", encoded(table)))
    }

    /// Runs a statement that must succeed.
    #[track_caller]
    pub fn execute(&self, sql: &str) -> Done {
        self.execute_with(sql, json!([]))
    }

    /// Runs a statement with parameters that must succeed.
    #[track_caller]
    pub fn execute_with(&self, sql: &str, params: Value) -> Done {
        done(&self.try_execute(sql, params))
    }

    /// Runs a statement.
    pub fn try_execute(&self, sql: &str, params: Value) -> Reply {
        self.client.post(&self.path("/execute"), &json!({"sql": sql, "params": params}))
    }

    /// The rows of a query.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Rows {
        rows(self.try_query(&json!({"sql": sql})).ok())
    }

    /// The rows of a query at a point of time.
    #[track_caller]
    pub fn query_at(&self, sql: &str, as_of: &Value) -> Rows {
        rows(self.try_query(&json!({"sql": sql, "as_of": as_of})).ok())
    }

    /// Sends a query.
    pub fn try_query(&self, body: &Value) -> Reply {
        self.client.post(&self.path("/query"), body)
    }

    /// The whole number that a query gives in one row of one column.
    #[track_caller]
    pub fn number(&self, sql: &str) -> i64 {
        number(&self.query(sql), sql)
    }

    /// The same, at a point of time.
    #[track_caller]
    pub fn number_at(&self, sql: &str, as_of: &Value) -> i64 {
        number(&self.query_at(sql, as_of), sql)
    }

    /// Inserts rows (an array of objects) that must be taken; the reply's data.
    #[track_caller]
    pub fn insert(&self, table: &str, rows: Value) -> Value {
        self.try_insert(table, &json!({"rows": rows})).data(201).clone()
    }

    /// Sends rows to be inserted.
    pub fn try_insert(&self, table: &str, body: &Value) -> Reply {
        self.client.post(&self.rows_path(table), body)
    }

    /// Asks for a page of a table's rows.
    pub fn page(&self, table: &str, params: &[(&str, &str)]) -> Reply {
        self.client.get(&with_query(&self.rows_path(table), params))
    }

    /// All rows of a table through pages of 1000, with any further parameters. Checks each page's
    /// numbers.
    #[track_caller]
    pub fn all_pages(&self, table: &str, params: &[(&str, &str)]) -> Rows {
        let mut all = Rows::new();
        for number in 1.. {
            let text = number.to_string();
            let mut params = params.to_vec();
            params.extend([("limit", "1000"), ("page", text.as_str())]);
            let reply = self.page(table, &params);
            let data = reply.ok();
            let got = rows(data);
            let pagination = &data["pagination"];
            let total = pagination["total"].as_u64().unwrap_or_else(|| panic!("{reply}"));
            let pages = total.div_ceil(1000);
            assert_eq!((&pagination["page"], &pagination["limit"]), (&json!(number), &json!(1000)));
            // How many pages nothing has is a matter of taste.
            assert!(total == 0 || pagination["total_pages"] == json!(pages), "{reply}");
            let here = if number < pages { 1000 } else { total - pages.saturating_sub(1) * 1000 };
            assert_eq!(got.len() as u64, here, "page {number}: {reply}");
            all.extend(got);
            if number >= pages {
                break;
            }
        }
        all
    }

    /// Runs statements as one transaction.
    pub fn transaction(&self, statements: &[(&str, Value)]) -> Reply {
        let list: Vec<Value> =
            statements.iter().map(|(sql, params)| json!({"sql": sql, "params": params})).collect();
        self.client.post(&self.path("/transaction"), &json!({"statements": list}))
    }

    /// Asks for this branch to be merged; `options` are the further fields of the body.
    pub fn merge_into(&self, target: &str, options: Value) -> Reply {
        let mut body = options;
        body["target_branch"] = Value::from(target);
        self.client.post(&self.path("/merge"), &body)
    }

    /// Its details.
    #[track_caller]
    pub fn details(&self) -> Value {
        self.client.get(&self.path("")).ok().clone()
    }

    /// Its tables, in the order that the API gives them.
    #[track_caller]
    pub fn tables(&self) -> Vec<Value> {
        let reply = self.client.get(&self.path("/tables"));
        reply.ok()["tables"].as_array().unwrap_or_else(|| panic!("{reply}")).clone()
    }

    /// The names of its tables, sorted.
    #[track_caller]
    pub fn table_names(&self) -> Vec<String> {
        let names = self.tables().into_iter();
        let mut names: Vec<String> =
            names.map(|table| table["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    /// Its history, newest first.
    #[track_caller]
    pub fn history(&self, params: &[(&str, &str)]) -> Vec<Value> {
        let reply = self.client.get(&with_query(&self.path("/history"), params));
        reply.ok()["history"].as_array().unwrap_or_else(|| panic!("{reply}")).clone()
    }

    /// Its snapshots.
    #[track_caller]
    pub fn snapshots(&self) -> Vec<Value> {
        let reply = self.client.get(&self.path("/snapshots"));
        reply.ok()["snapshots"].as_array().unwrap_or_else(|| panic!("{reply}")).clone()
    }

    /// Takes a snapshot; its id.
    #[track_caller]
    pub fn snapshot(&self, name: &str) -> String {
        let reply = self.client.post(&self.path("/snapshots"), &json!({"name": name}));
        reply.data(201)["id"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
    }
}

/// What a reply to a statement that wrote says.
#[track_caller]
pub fn done(reply: &Reply) -> Done {
    let data = reply.ok();
    Done {
        affected: data["affected_rows"].as_u64().unwrap_or_else(|| panic!("{reply}")),
        scn: data["scn"].as_u64().unwrap_or_else(|| panic!("{reply}")),
        timestamp: data["timestamp"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned(),
    }
}

/// The rows in a reply's data.
#[track_caller]
pub fn rows(data: &Value) -> Rows {
    let rows = data["rows"].as_array().unwrap_or_else(|| panic!("no rows: {data}"));
    let row = |row: &Value| row.as_array().unwrap_or_else(|| panic!("no row: {row}")).clone();
    rows.iter().map(row).collect()
}

#[track_caller]
fn number(rows: &Rows, sql: &str) -> i64 {
    match rows.as_slice() {
        [row] if row.len() == 1 => row[0].as_i64(),
        _ => None,
    }
    .unwrap_or_else(|| panic!("{sql}: not one whole number: {rows:?}"))
}
