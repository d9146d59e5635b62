//! The client against a server: a process of the program over a file of its own.

#[allow(dead_code)]
#[path = "../examples/specification.rs"]
mod specification;

use offshoot_client::answer::{HistoryEntry, SnapshotKind, Status};
use offshoot_client::branches::{Sort, Which};
use offshoot_client::merge::Change;
use offshoot_client::sql::Statement;
use offshoot_client::table::{EVERY_ROW, OnConflict};
use offshoot_client::webhooks::EventKind;
use offshoot_client::{
    AsOf, Branch, BranchCreateOptions, Client, ConflictResolution, Error, Param, ParamType, Row,
};
use offshoot_tests::server::Server;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

const KEY: &str = "the-key-of-the-tests";

/// A server that wants a key, and a client that has it.
fn start() -> (Server, Client) {
    let key = format!("{KEY},scopes=admin");
    let server = Server::with(&["--api-key", &key, "--rate-limit", "off"]);
    let client = Client::new(server.client().base()).with_api_key(KEY);
    (server, client)
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct User {
    id: i64,
    name: String,
    age: Option<i64>,
}

/// `main` with two users.
async fn users(client: &Client) -> Branch {
    let main = client.branch("main");
    let table = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)";
    main.execute(table).send().await.unwrap();
    let rows = [json!({"name": "Ada", "age": 36}), json!({"name": "Grace", "age": 85})];
    let put = main.table("users").insert(rows).send().await.unwrap();
    assert_eq!((put.inserted, put.ids), (2, vec![json!(1), json!(2)]));
    main
}

#[tokio::test]
async fn the_specifications_listing() {
    let (server, client) = start();
    let main = client.branch("main");
    let table = "CREATE TABLE users (id INTEGER PRIMARY KEY, active BOOLEAN)";
    main.execute(table).send().await.unwrap();
    let rows = [json!({"active": true}), json!({"active": false}), json!({"active": true})];
    main.table("users").insert(rows).send().await.unwrap();
    assert_eq!(specification::listing(server.client().base(), KEY).await.unwrap(), 2);
    assert!(!client.branch("feature-auth").exists().await.unwrap(), "it was deleted");
}

#[tokio::test]
async fn branches_are_made_found_changed_and_deleted() {
    let (_server, client) = start();
    let made = client.branches().create("a/b-c").with_display_name("A test");
    let made = made.with_metadata("ticket", 7).as_of_now().read_only().send().await.unwrap();
    assert_eq!((made.name.as_str(), made.status), ("a/b-c", Status::Active));
    let branch = client.branches().get(&made.name);
    let found = branch.details().history(true).send().await.unwrap();
    assert_eq!((found.id, found.is_read_only), (made.id.clone(), true));
    assert_eq!(found.metadata, *json!({"ticket": 7}).as_object().unwrap());
    assert_eq!(found.divergence.unwrap().commits_ahead, 0);
    assert!(matches!(&found.history[0], HistoryEntry::Transaction { scn: 1, .. }));
    assert_eq!(found.stats.unwrap().changes_from_source, Some(0));
    assert!(branch.details().stats(false).send().await.unwrap().stats.is_none());

    let written = branch.execute("CREATE TABLE t (i INTEGER)").send().await.unwrap_err();
    assert!(matches!(&written, Error::Denied(e) if e.code == "BRANCH_READ_ONLY"), "{written}");
    let changed = client.branch(&made.id).update().display_name("B").protected(true);
    let changed = changed.metadata(Row::new()).send().await.unwrap();
    assert_eq!((changed.display_name.as_str(), changed.is_protected), ("B", true));
    let kept = branch.delete().send().await.unwrap_err();
    assert_eq!(kept.code(), Some("BRANCH_PROTECTED"));
    branch.update().protected(false).send().await.unwrap();
    assert_eq!(branch.delete().send().await.unwrap().branch_name, made.name);
    assert!(!branch.exists().await.unwrap());

    let missing = branch.details().send().await.unwrap_err();
    let Error::NotFound(missing) = missing else { panic!("{missing}") };
    assert_eq!((missing.status.as_u16(), missing.code.as_str()), (404, "BRANCH_NOT_FOUND"));
    assert!(missing.message.contains("a/b-c") && missing.request_id.is_some());
}

#[tokio::test]
async fn branches_are_listed_by_page_or_all() {
    let (_server, client) = start();
    for number in 0..105 {
        let options =
            BranchCreateOptions { source_branch: Some("main".into()), ..Default::default() };
        let create = client.branches().create(format!("b{number:03}")).with_options(options);
        create.send().await.unwrap();
    }
    client.branch("b007").delete().send().await.unwrap();
    let list = client.branches().list().which(Which::Active).descending(Sort::Name);
    let page = list.page(2).limit(3).send().await.unwrap();
    let names: Vec<&str> = page.items.iter().map(|branch| branch.name.as_str()).collect();
    assert_eq!(names, ["b102", "b101", "b100"]);
    assert_eq!((page.page, page.limit, page.total, page.total_pages), (2, 3, 105, 35));

    let mut all = client.branches().list().which(Which::Active).all();
    assert_eq!(all.next().await.unwrap().unwrap().name, "main");
    let rest = all.collect().await.unwrap();
    assert_eq!((rest.len(), rest[7].name.as_str()), (104, "b008"));
    assert_eq!(client.branches().list().all().collect().await.unwrap().len(), 106);
}

#[tokio::test]
async fn the_server_itself() {
    let (server, client) = start();
    assert!(client.health().await.unwrap());
    assert_eq!(client.version().await.unwrap().api_version, "v1");
    users(&client).await;
    let graph = client.graph(None).await.unwrap();
    assert_eq!((graph.branches.len(), graph.commits.len(), graph.truncated), (1, 3, false));
    assert!(client.graph(Some(1)).await.unwrap().truncated);
    let any: Json = client.request("GET", "/v1/branches?limit=1", None).await.unwrap();
    assert_eq!(any["branches"][0]["name"], "main");

    let denied = Client::new(server.client().base()).branches().list().send().await.unwrap_err();
    assert!(matches!(denied, Error::Denied(e) if e.status == 401 && e.code == "UNAUTHORIZED"));
    let token = Client::new(format!("{}/v1/", server.client().base())).with_token("no token");
    assert!(matches!(token.branches().list().send().await, Err(Error::Denied(_))));
    let nowhere = Client::new("localhost:8080").health().await.unwrap_err();
    assert!(matches!(nowhere, Error::Setup(_)), "{nowhere}");
}

#[tokio::test]
async fn a_pinned_dialect_is_not_the_clients() {
    let server = Server::with(&["--api-key", "k,dialect=plain", "--dialect", "plain"]);
    let client = Client::new(server.client().base()).with_api_key("k");
    let main = users(&client).await;
    assert_eq!(main.query("SELECT name FROM users").send().await.unwrap().rows.len(), 2);
}

#[tokio::test]
async fn rows_are_put_in_read_changed_and_deleted() {
    let (_server, client) = start();
    let main = users(&client).await;
    let table = main.table("users");
    let row = table.insert([json!({"name": "Edsger"})]).send().await.unwrap();
    assert_eq!(row.inserted, 1);
    let page =
        table.rows().columns(["name", "age"]).filter("age > 40").order_by("age DESC").limit(5);
    let page = page.send().await.unwrap();
    assert_eq!(
        (page.total, Json::from(page.items[0].clone())),
        (1, json!({"name": "Grace", "age": 85}))
    );
    assert_eq!(table.update("name = 'Ada'", json!({"age": null})).await.unwrap(), 1);
    assert_eq!(table.delete("age IS NULL").await.unwrap(), 2);
    let all: Vec<User> = table.rows().all_typed().collect().await.unwrap();
    assert_eq!(all, [User { id: 2, name: "Grace".into(), age: Some(85) }]);

    let same = || [User { id: 2, name: "x".into(), age: None }];
    let ignored = table.insert(same()).on_conflict(OnConflict::Ignore).send().await.unwrap();
    assert_eq!(ignored.inserted, 0);
    let refused = table.insert(same()).send().await.unwrap_err();
    let refused = refused.api().unwrap();
    assert_eq!((refused.status.as_u16(), refused.code.as_str()), (409, "CONSTRAINT_VIOLATION"));
    assert_eq!(refused.details["table"], "users");
    table.insert(same()).on_conflict(OnConflict::Update).send().await.unwrap();
    assert_eq!(table.delete(EVERY_ROW).await.unwrap(), 1);

    let tables = main.tables().await.unwrap();
    let columns = tables[0].columns.iter().map(|column| (column.name.as_str(), column.primary_key));
    assert_eq!(columns.collect::<Vec<_>>(), [("id", true), ("name", false), ("age", false)]);
}

#[tokio::test]
async fn rows_of_many_pages() {
    let (_server, client) = start();
    let main = client.branch("main");
    main.execute("CREATE TABLE n (i INTEGER PRIMARY KEY)").send().await.unwrap();
    main.table("n").insert((0..2500).map(|i| json!({"i": i}))).send().await.unwrap();
    let all = main.table("n").rows().order_by("i DESC").all().collect().await.unwrap();
    assert!(all.iter().map(|row| row["i"].as_i64().unwrap()).eq((0..2500).rev()));

    client.branches().create("other").send().await.unwrap();
    main.table("n").delete("i < 250").await.unwrap();
    let mut changes = main.diff("other").rows();
    let mut count = 0;
    while let Some(row) = changes.next().await {
        assert_eq!(row.unwrap().change, Change::Delete);
        count += 1;
    }
    assert_eq!(count, 250);
}

#[tokio::test]
async fn queries_and_statements() {
    let (_server, client) = start();
    let main = users(&client).await;
    let got = main.query("SELECT name, age FROM users WHERE age > $1").bind(40).timeout_ms(5000);
    let got = got.send().await.unwrap();
    assert_eq!(
        (&got.columns[..], &got.column_types[..]),
        (&["name", "age"].map(String::from)[..], &["TEXT", "INTEGER"].map(String::from)[..])
    );
    assert_eq!(got.rows, [[json!("Grace"), json!(85)]]);
    assert_eq!(got.scalar::<String>().unwrap(), "Grace");
    assert!(got.scalar::<i64>().is_err());
    let all: Vec<User> = main.query("SELECT * FROM users").send().await.unwrap().typed().unwrap();
    assert_eq!(all[0], User { id: 1, name: "Ada".into(), age: Some(36) });
    let twice = main.query("SELECT 1 AS id, 2 AS id, 3 AS id_2").send().await.unwrap();
    let twice: Vec<Row> = twice.objects().collect();
    assert_eq!(Json::from(twice[0].clone()), json!({"id": 1, "id_3": 2, "id_2": 3}));
    assert!(main.query("SELECT 1 WHERE false").send().await.unwrap().scalar::<i64>().is_err());

    main.execute("CREATE TABLE t (at TIMESTAMP, j JSON)").send().await.unwrap();
    let put = main.execute("INSERT INTO t VALUES ($1, $2) RETURNING j");
    let put = put.bind(Param::typed(ParamType::Timestamp, "2025-12-01T08:00:00Z"));
    let put = put.bind(json!({"a": [1]})).send().await.unwrap();
    assert_eq!((put.statement_type.as_str(), put.affected_rows), ("INSERT", 1));
    assert_eq!(put.rows.rows, [[json!({"a": [1]})]]);

    let add = Statement::new("INSERT INTO users (name) VALUES ($1)").bind("Barbara");
    let done = main.transaction().then("DELETE FROM users").then(add).send().await.unwrap();
    let affected: Vec<u64> = done.results.iter().map(|result| result.affected_rows).collect();
    assert_eq!((affected, done.scn), (vec![2, 1], put.scn + 1));
    let none = main.transaction().then("DELETE FROM users").then("DELETE FROM nothing");
    assert!(matches!(none.send().await, Err(Error::NotFound(_))));
    let left = main.query("SELECT COUNT(*) FROM users").send().await.unwrap();
    assert_eq!(left.scalar::<i64>().unwrap(), 1);
    let wrong = main.query("SELEC 1").send().await.unwrap_err();
    assert_eq!(wrong.code(), Some("INVALID_SQL"));
}

#[tokio::test]
async fn the_past_is_read_and_restored() {
    let (_server, client) = start();
    let main = users(&client).await;
    let set = main.execute("UPDATE users SET age = 37 WHERE id = 1").send().await.unwrap();
    let kept = main.snapshot().name("before").send().await.unwrap();
    assert_eq!((kept.kind, kept.scn), (SnapshotKind::Manual, set.scn));
    main.table("users").delete(EVERY_ROW).await.unwrap();
    let points = [
        AsOf::Scn(set.scn),
        AsOf::Transaction(set.scn),
        AsOf::snapshot("before"),
        AsOf::snapshot(&kept.id),
        AsOf::timestamp(&set.timestamp),
    ];
    for point in points {
        let age = main.query("SELECT age FROM users WHERE id = 1").as_of(point.clone());
        assert_eq!(age.send().await.unwrap().scalar::<i64>().unwrap(), 37, "{point:?}");
        let rows = main.table("users").rows().as_of(point.clone()).all().collect().await.unwrap();
        assert_eq!(rows.len(), 2, "{point:?}");
    }
    let now = main.query("SELECT COUNT(*) FROM users").as_of(AsOf::Now).send().await.unwrap();
    assert_eq!(now.scalar::<i64>().unwrap(), 0);
    let early = main.query("SELECT 1").as_of(AsOf::Seconds(7)).send().await.unwrap_err();
    assert_eq!(early.code(), Some("TIME_BEFORE_HISTORY"));

    assert_eq!(main.snapshots().await.unwrap()[0].name.as_deref(), Some("before"));
    let newest = main.history().limit(1).send().await.unwrap();
    assert!(
        matches!(&newest[0], HistoryEntry::Transaction { summary, .. } if summary == "DELETE FROM users (2 rows)")
    );
    let since = main.history().since(&set.timestamp).send().await.unwrap();
    assert!(since.iter().any(|entry| matches!(entry, HistoryEntry::Snapshot { .. })));
    assert!(main.history().until("2001-01-01T00:00:00Z").send().await.unwrap().is_empty());

    let restored = main.restore(&kept.id).with_backup_branch("was").send().await.unwrap();
    assert_eq!(
        (restored.restored_to_scn, restored.backup_branch.as_deref()),
        (set.scn, Some("was"))
    );
    assert_eq!(main.table("users").rows().send().await.unwrap().total, 2);
    assert_eq!(client.branch("was").table("users").rows().send().await.unwrap().total, 0);
}

#[tokio::test]
async fn merges_conflicts_and_diffs() {
    let (_server, client) = start();
    let main = users(&client).await;
    client.branches().create("source").send().await.unwrap();
    let source = client.branch("source");
    let table = source.table("users");
    table.update("id = 1", json!({"name": "Ada L."})).await.unwrap();
    source.execute("ALTER TABLE users ADD COLUMN city TEXT").send().await.unwrap();
    let diff = source.diff("main").table("users").page(1).limit(10).send().await.unwrap();
    assert_eq!(
        (diff.tables[0].updates, diff.tables[0].schema_change.as_deref()),
        (1, Some("altered"))
    );
    assert_eq!(diff.tables[0].columns[0].after.as_ref().unwrap().name, "city");
    let cell = &diff.rows.items[0].cells[0];
    assert_eq!((&cell.before, &cell.after), (&json!("Ada"), &json!("Ada L.")));
    let tried = source.merge_into("main").dry_run(true).send().await.unwrap();
    assert_eq!((tried.dry_run, tried.changes_merged, tried.merge_commit), (true, 1, None));

    main.table("users").update("id = 1", json!({"name": "A. Lovelace"})).await.unwrap();
    let abort = source.merge_into("main").with_conflict_resolution(ConflictResolution::Abort);
    let Err(Error::Conflicts(counted)) = abort.send().await else { panic!("it conflicts") };
    assert_eq!((counted.count, counted.conflicts.len(), counted.token), (1, 0, None));
    let open = source.merge_into("main").with_conflict_resolution(ConflictResolution::Manual);
    let Err(Error::Conflicts(open)) = open.send().await else { panic!("it conflicts") };
    let conflict = &open.conflicts[0];
    assert_eq!(
        (conflict.conflict_type.as_str(), &conflict.base_value),
        ("update_update", &json!("Ada"))
    );
    assert_eq!(
        (&conflict.source_value, &conflict.target_value),
        (&json!("Ada L."), &json!("A. Lovelace"))
    );
    let token = open.token.clone().unwrap();
    for resolution in [conflict.take_source(), conflict.take_target()] {
        let tried = source.merge_into("main").with_resolutions(&token, [resolution]).dry_run(true);
        assert_eq!(tried.send().await.unwrap().conflicts_resolved, 1);
    }
    let merge = source.merge_into("main").with_resolutions(&token, [conflict.take("Ada Lovelace")]);
    let done = merge.with_message("both").delete_after_merge(true).send().await.unwrap();
    assert_eq!(
        (done.conflicts_resolved, done.schema_changed, done.source_deleted),
        (1, true, true)
    );
    let name = main.query("SELECT name FROM users WHERE id = 1").send().await.unwrap();
    assert_eq!(name.scalar::<String>().unwrap(), "Ada Lovelace");
    let newest = &main.history().limit(1).send().await.unwrap()[0];
    assert!(
        matches!(newest, HistoryEntry::Transaction { summary, merged, .. } if summary == "both" && merged.len() == 1),
        "{newest:?}"
    );
}

#[tokio::test]
async fn a_branch_is_set_to_where_its_source_stands() {
    let (_server, client) = start();
    let main = users(&client).await;
    let far = "2999-01-01T00:00:00Z";
    let made = client.branches().create("b").expires_at(far).send().await.unwrap();
    assert!(made.expires_at.unwrap().starts_with("2999-01-01T00:00:00"));
    let branch = client.branch("b");
    assert_eq!(branch.update().expires_never().send().await.unwrap().expires_at, None);
    branch.table("users").delete(EVERY_ROW).await.unwrap();
    let done = branch.reset().with_backup_branch("was").send().await.unwrap();
    assert!(done.changed && done.source_branch == main.name());
    assert_eq!(done.backup_branch.as_deref(), Some("was"));
    assert_eq!(branch.table("users").rows().send().await.unwrap().total, 2);
    assert!(!branch.reset().send().await.unwrap().changed);
}

#[tokio::test]
async fn webhooks_are_registered_changed_and_removed() {
    let (_server, client) = start();
    let webhooks = client.webhooks();
    let made = webhooks.create("https://hooks.example.com/x").events([EventKind::Merged]);
    let made = made.active(false).send().await.unwrap();
    assert!(made.secret.unwrap().starts_with("whsec_"));
    let changed = webhooks.update(&made.id).branches(["feature-*"]).description("d");
    let changed = changed.send().await.unwrap();
    assert_eq!(
        (&changed.events[..], &changed.branches[..]),
        (&[EventKind::Merged][..], &["feature-*".to_owned()][..])
    );
    assert_eq!(webhooks.get(&made.id).await.unwrap(), changed);
    assert_eq!(webhooks.list().await.unwrap(), [changed]);
    assert_eq!(webhooks.deliveries(&made.id, Some(1)).await.unwrap(), []);
    webhooks.delete(&made.id).await.unwrap();
    assert!(matches!(webhooks.get(&made.id).await, Err(Error::NotFound(_))));
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn tls_with_roots_of_the_callers_own() {
    use offshoot_client::rustls::crypto::ring::default_provider;
    use offshoot_client::rustls::pki_types::{CertificateDer, pem::PemObject};
    use offshoot_client::rustls::{ClientConfig, RootCertStore};

    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tests/security/keys");
    let (chain, key) = (format!("{keys}/tls.pem"), format!("{keys}/tls.key.pem"));
    let server = Server::with(&["--api-key", KEY, "--tls-cert", &chain, "--tls-key", &key]);
    let base = server.client().base();
    assert!(base.starts_with("https://"), "{base}");
    let client = Client::new(base).with_api_key(KEY);

    let unknown = client.clone().with_retries(0).branches().list().send().await.unwrap_err();
    assert!(matches!(unknown, Error::NotConnected(_)), "{unknown:?}");

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&chain).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(default_provider().into());
    let config = config.with_safe_default_protocol_versions().unwrap();
    let client = client.with_tls_config(config.with_root_certificates(roots).with_no_client_auth());
    assert_eq!(client.branches().list().send().await.unwrap().items[0].name, "main");
}
