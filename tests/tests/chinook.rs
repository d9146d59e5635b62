//! The main job on real data: Chinook loaded over HTTP, branched, changed on both sides, merged
//! under every policy, and restored. After each step every table is compared with the JSON and the
//! changes that were made to it.

use offshoot_tests::branch::{Branch, Rows};
use offshoot_tests::chinook::{self, Model};
use offshoot_tests::client::{Client, Reply};
use offshoot_tests::program;
use offshoot_tests::server::Server;
use serde_json::{Value, json};

/// Two branches that changed the same data, and what each should hold.
struct Sides<'c> {
    source: Branch<'c>,
    target: Branch<'c>,
    source_model: Model,
    target_model: Model,
    /// What a merge makes of everything but the four conflicts.
    agreed: Model,
}

/// How the four conflicts end: track 1's price, genre 26's name, and playlists 2 and 4 by name or
/// deleted.
struct Settled {
    price: &'static str,
    genre: &'static str,
    playlist_2: Option<&'static str>,
    playlist_4: Option<&'static str>,
}

const SOURCE_WINS: Settled =
    Settled { price: "1.49", genre: "Synthwave", playlist_2: None, playlist_4: Some("Stories") };
const TARGET_WINS: Settled =
    Settled { price: "1.29", genre: "Vaporwave", playlist_2: Some("Films"), playlist_4: None };

/// Takes `source` from `target`, which holds the JSON's rows, and changes both.
///
/// Without conflict: different columns of track 2; track 3 on the source and track 4 on the target
/// only; track 5 alike on both; all of jazz by price on the source and by length on the target;
/// rows of a table with a composite key added and removed on both. In conflict: the price of track
/// 1, genre 26 added twice, playlist 2 deleted on the source and renamed on the target, playlist 4
/// the other way round.
fn diverged<'c>(client: &'c Client, source: &str, target: &str, json: &Model) -> Sides<'c> {
    let (source, target) = (client.create(source, target), client.branch(target));
    let (mut s, mut t, mut agreed) = (json.clone(), json.clone(), json.clone());
    let set = |branch: &Branch<'_>, table: &str, key: i64, column: &str, value: &str| {
        let filter = format!("{table}Id = {key}");
        let body = json!({"filter": filter, "updates": {column: value}});
        let reply = client.put(&branch.rows_path(table), &body);
        assert_eq!(reply.ok()["updated"], 1, "{reply}");
    };

    // Conflicts.
    set(&source, "Track", 1, "UnitPrice", "1.49");
    set(&target, "Track", 1, "UnitPrice", "1.29");
    s.set("Track", &[1], "UnitPrice", "1.49");
    t.set("Track", &[1], "UnitPrice", "1.29");
    source.insert("Genre", json!([{"GenreId": 26, "Name": "Synthwave"}]));
    target.insert("Genre", json!([{"GenreId": 26, "Name": "Vaporwave"}]));
    s.insert("Genre", vec![json!(26), json!("Synthwave")]);
    t.insert("Genre", vec![json!(26), json!("Vaporwave")]);
    set(&target, "Playlist", 2, "Name", "Films");
    t.set("Playlist", &[2], "Name", "Films");
    s.remove("Playlist", &[2]);
    set(&source, "Playlist", 4, "Name", "Stories");
    s.set("Playlist", &[4], "Name", "Stories");
    t.remove("Playlist", &[4]);
    for (branch, playlist) in [(&source, 2), (&target, 4)] {
        let path = branch.rows_path("Playlist");
        let reply = client.delete(&format!("{path}?filter=PlaylistId%20%3D%20{playlist}"));
        assert_eq!(reply.ok()["deleted"], 1, "{reply}");
    }

    // Different columns of one row; one side only; the same on both.
    set(&source, "Track", 2, "UnitPrice", "1.99");
    set(&target, "Track", 2, "Composer", "Accept");
    set(&source, "Track", 3, "UnitPrice", "0.49");
    set(&target, "Track", 4, "UnitPrice", "2.49");
    set(&source, "Track", 5, "UnitPrice", "1.09");
    set(&target, "Track", 5, "UnitPrice", "1.09");
    for model in [&mut s, &mut agreed] {
        model.set("Track", &[2], "UnitPrice", "1.99");
        model.set("Track", &[3], "UnitPrice", "0.49");
        model.set("Track", &[5], "UnitPrice", "1.09");
    }
    for model in [&mut t, &mut agreed] {
        model.set("Track", &[2], "Composer", "Accept");
        model.set("Track", &[4], "UnitPrice", "2.49");
        model.set("Track", &[5], "UnitPrice", "1.09");
    }
    let jazz = ("GenreId", &json!(2));
    let done = source.execute("UPDATE Track SET UnitPrice = 0.79 WHERE GenreId = 2");
    for model in [&mut s, &mut agreed] {
        let hit = model.set_where("Track", jazz, "UnitPrice", &json!("0.79"));
        assert_eq!(done.affected, hit as u64);
    }
    let done = target.execute("UPDATE Track SET Milliseconds = 1000 WHERE GenreId = 2");
    for model in [&mut t, &mut agreed] {
        let hit = model.set_where("Track", jazz, "Milliseconds", &json!(1000));
        assert_eq!(done.affected, hit as u64);
    }

    // A composite key.
    let pair = |playlist: i64, track: i64| vec![json!(playlist), json!(track)];
    let sql = "DELETE FROM PlaylistTrack WHERE PlaylistId = $1 AND TrackId = $2";
    for (branch, own, gone, new) in [(&source, &mut s, 3402, 3), (&target, &mut t, 3389, 4)] {
        assert_eq!(branch.execute_with(sql, json!([1, gone])).affected, 1);
        branch.insert("PlaylistTrack", json!([{"PlaylistId": 18, "TrackId": new}]));
        for model in [own, &mut agreed] {
            model.remove("PlaylistTrack", &[1, gone]);
            model.insert("PlaylistTrack", pair(18, new));
        }
    }
    let sides = Sides { source, target, source_model: s, target_model: t, agreed };
    sides.assert_untouched("after the changes");
    sides
}

impl Sides<'_> {
    fn assert_untouched(&self, when: &str) {
        chinook::assert_rows(&self.source, &self.source_model, when);
        chinook::assert_rows(&self.target, &self.target_model, when);
    }

    /// What the target should hold after a merge that settled the conflicts so.
    fn merged(&self, settled: &Settled) -> Model {
        let mut model = self.agreed.clone();
        model.set("Track", &[1], "UnitPrice", settled.price);
        model.insert("Genre", vec![json!(26), json!(settled.genre)]);
        for (key, name) in [(2, settled.playlist_2), (4, settled.playlist_4)] {
            match name {
                Some(name) => model.set("Playlist", &[key], "Name", name),
                None => model.remove("Playlist", &[key]),
            }
        }
        model
    }

    fn merge(&self, options: Value) -> Reply {
        self.source.merge_into(self.target.name(), options)
    }

    /// Merges for real and compares both sides with what they should hold.
    #[track_caller]
    fn assert_merges(&self, options: Value, settled: &Settled) {
        let expected = self.merged(settled);
        let what = options["conflict_resolution"].to_string();
        let reply = self.merge(options);
        let data = reply.ok();
        assert_eq!(data["status"], "merged", "{reply}");
        assert_eq!(data["source_branch"], self.source.name(), "{reply}");
        assert_eq!(data["target_branch"], self.target.name(), "{reply}");
        assert_eq!(data["changes_merged"], expected.distance(&self.target_model), "{reply}");
        assert_eq!(data["conflicts_resolved"], 4, "{reply}");
        assert_eq!(data["source_deleted"], false, "{reply}");
        assert!(data["merge_commit"].is_string(), "{reply}");
        chinook::assert_rows(&self.target, &expected, &format!("merged by {what}"));
        chinook::assert_rows(&self.source, &self.source_model, &format!("source of {what}"));
    }
}

/// The conflicts of a reply as table, row, column and type, sorted.
#[track_caller]
fn conflicts(reply: &Reply) -> Vec<[String; 4]> {
    let error = reply.error(409, "MERGE_CONFLICT");
    let list = error["details"]["conflicts"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fields = ["table", "row_id", "column", "conflict_type"];
    let mut found: Vec<[String; 4]> =
        list.iter().map(|conflict| fields.map(|field| text(&conflict[field]))).collect();
    found.sort();
    found
}

#[track_caller]
fn assert_four_conflicts(reply: &Reply) {
    let expected = [
        ["Genre", "26", "null", "insert_insert"],
        ["Playlist", "2", "null", "delete_update"],
        ["Playlist", "4", "null", "update_delete"],
        ["Track", "1", "UnitPrice", "update_update"],
    ];
    assert_eq!(conflicts(reply), expected, "{reply}");
    let list = reply.body["error"]["details"]["conflicts"].as_array().unwrap();
    let track = list.iter().find(|conflict| conflict["table"] == "Track").unwrap();
    let values = ["base_value", "source_value", "target_value"].map(|side| track[side].clone());
    assert_eq!(values, ["0.99", "1.49", "1.29"], "{reply}");
}

#[track_caller]
fn token(reply: &Reply) -> String {
    let token = &reply.body["error"]["details"]["conflict_token"];
    token.as_str().unwrap_or_else(|| panic!("no conflict_token: {reply}")).to_owned()
}

#[test]
fn load_branch_merge_by_each_policy() {
    let server = Server::new();
    let client = server.client();
    let main = client.main();
    let json = Model::from_json();
    chinook::load(&main);
    chinook::assert_rows(&main, &json, "loaded");

    let pair = |policy: &str| {
        let target = format!("target/{policy}");
        client.create(&target, "main");
        diverged(client, &format!("source/{policy}"), &target, &json)
    };
    for (policy, settled) in [("source_wins", &SOURCE_WINS), ("target_wins", &TARGET_WINS)] {
        let sides = pair(policy);
        let dry = sides.merge(json!({"conflict_resolution": policy, "dry_run": true}));
        let data = dry.ok();
        assert_eq!(data["dry_run"], true, "{dry}");
        assert_eq!(data["conflicts_resolved"], 4, "{dry}");
        let changes = sides.merged(settled).distance(&sides.target_model);
        assert_eq!(data["changes_merged"], changes, "{dry}");
        sides.assert_untouched("after a dry run");
        sides.assert_merges(json!({"conflict_resolution": policy}), settled);
    }

    let sides = pair("abort");
    for dry_run in [true, false] {
        let reply = sides.merge(json!({"conflict_resolution": "abort", "dry_run": dry_run}));
        let details = &reply.error(409, "MERGE_CONFLICT")["details"];
        assert_eq!(details["conflict_count"], 4, "{reply}");
        assert!(details.get("conflicts").is_none(), "{reply}");
        sides.assert_untouched("after abort");
    }

    chinook::assert_rows(&main, &json, "main, which took no part");
}

#[test]
fn manual_merge_into_main_ends_with_resolutions() {
    let server = Server::new();
    let client = server.client();
    let json = Model::from_json();
    chinook::load(&client.main());
    let sides = diverged(client, "feature", "main", &json);

    for dry_run in [true, false] {
        let reply = sides.merge(json!({"conflict_resolution": "manual", "dry_run": dry_run}));
        assert_four_conflicts(&reply);
    }
    // Who says nothing means manual.
    let open = sides.merge(json!({}));
    assert_four_conflicts(&open);
    sides.assert_untouched("with open conflicts");

    // Some of the resolutions leave the rest open, and nothing is written.
    let price = json!({"table": "Track", "row_id": "1", "column": "UnitPrice", "value": "1.39"});
    let body = |token: &str, resolutions: &[Value]| {
        json!({
            "conflict_resolution": "manual", "conflict_token": token, "resolutions": resolutions
        })
    };
    let partly = sides.merge(body(&token(&open), std::slice::from_ref(&price)));
    assert_eq!(conflicts(&partly).len(), 3, "{partly}");
    assert!(conflicts(&partly).iter().all(|[table, ..]| table != "Track"), "{partly}");
    sides.assert_untouched("with some conflicts open");

    let all = [
        price,
        json!({"table": "Genre", "row_id": "26", "take": "source"}),
        json!({"table": "Playlist", "row_id": "2", "take": "source"}),
        json!({"table": "Playlist", "row_id": "4", "take": "target"}),
    ];
    let settled = Settled { price: "1.39", genre: "Synthwave", playlist_2: None, playlist_4: None };
    let mut dry = body(&token(&open), &all);
    dry["dry_run"] = json!(true);
    assert_eq!(sides.merge(dry).ok()["dry_run"], true);
    sides.assert_untouched("after a dry run with resolutions");
    sides.assert_merges(body(&token(&open), &all), &settled);
    assert_eq!(sides.source.details()["status"], "merged");

    // A second merge finds nothing to do.
    let again = sides.merge(json!({}));
    assert_eq!(again.ok()["changes_merged"], 0, "{again}");
    assert_eq!(again.ok()["conflicts_resolved"], 0, "{again}");
    chinook::assert_rows(&sides.target, &sides.merged(&settled), "merged again");
}

#[test]
fn resolutions_for_a_head_that_moved_get_the_conflicts_anew() {
    let server = Server::new();
    let client = server.client();
    chinook::load(&client.main());
    let sides = diverged(client, "feature", "main", &Model::from_json());
    let open = sides.merge(json!({"conflict_resolution": "manual"}));
    sides.target.execute("UPDATE Track SET UnitPrice = 1.19 WHERE TrackId = 1");

    let all = [("Track", "1"), ("Genre", "26"), ("Playlist", "2"), ("Playlist", "4")]
        .map(|(table, row)| json!({"table": table, "row_id": row, "take": "source"}));
    let body = |token: String| json!({"conflict_token": token, "resolutions": all});
    let anew = sides.merge(body(token(&open)));
    assert_eq!(conflicts(&anew).len(), 4, "{anew}");
    assert_ne!(token(&anew), token(&open));
    let list = anew.body["error"]["details"]["conflicts"].as_array().unwrap();
    let track = list.iter().find(|conflict| conflict["table"] == "Track").unwrap();
    assert_eq!(track["target_value"], "1.19", "{anew}");

    sides.merge(body(token(&anew))).ok();
    let expected = sides.merged(&SOURCE_WINS);
    chinook::assert_rows(&sides.target, &expected, "resolved after the move");
}

#[test]
fn restore_brings_everything_back_and_a_backup_keeps_what_was() {
    let mut server = Server::new();
    let json = Model::from_json();
    let mut wrecked = json.clone();
    let snapshot = {
        let main = server.client().main();
        chinook::load(&main);
        let snapshot = main.snapshot("before");
        main.execute("UPDATE Track SET UnitPrice = 0 WHERE TrackId > 0");
        for key in 1..=3503 {
            wrecked.set("Track", &[key], "UnitPrice", "0.00");
        }
        let path = main.rows_path("InvoiceLine");
        let reply = server.client().delete(&format!("{path}?filter=InvoiceLineId%20%3E%200"));
        assert_eq!(reply.ok()["deleted"], 2240, "{reply}");
        wrecked.clear("InvoiceLine");
        chinook::assert_rows(&main, &wrecked, "wrecked");
        main.execute("DROP TABLE PlaylistTrack");
        snapshot
    };
    let pairs = |model: &Model| -> Rows { model.rows("PlaylistTrack").cloned().collect() };
    // The past is there without any restore.
    let main = server.client().main();
    main.try_query(&json!({"sql": "SELECT * FROM PlaylistTrack"})).error(404, "TABLE_NOT_FOUND");
    let then = json!({"type": "snapshot", "value": snapshot});
    let sql = "SELECT PlaylistId, TrackId FROM PlaylistTrack ORDER BY PlaylistId, TrackId";
    assert_eq!(main.query_at(sql, &then), pairs(&json));

    let body = json!({"create_backup_branch": true, "backup_branch_name": "backup-before-restore"});
    let reply = server.client().post(&main.path(&format!("/restore/{snapshot}")), &body);
    let data = reply.ok();
    assert_eq!(data["restored"], true, "{reply}");
    assert_eq!(data["snapshot_id"], snapshot.as_str(), "{reply}");
    assert_eq!(data["backup_branch"], "backup-before-restore", "{reply}");
    let taken = main.snapshots().into_iter().find(|s| s["id"] == snapshot.as_str()).unwrap();
    assert_eq!(data["restored_to_scn"], taken["scn"], "{reply}");

    // Both, in the running server and after it starts again.
    for when in ["restored", "restored, and started again"] {
        let client = server.client();
        let (main, backup) = (client.main(), client.branch("backup-before-restore"));
        chinook::assert_rows(&main, &json, when);
        backup.try_query(&json!({"sql": sql})).error(404, "TABLE_NOT_FOUND");
        assert!(!backup.table_names().contains(&"PlaylistTrack".to_owned()));
        let price = "SELECT COUNT(*) FROM Track WHERE UnitPrice = 0";
        assert_eq!((backup.number(price), main.number(price)), (3503, 0), "{when}");
        assert_eq!(backup.number("SELECT COUNT(*) FROM InvoiceLine"), 0, "{when}");
        server.terminate();
        program::assert_clean(server.data());
        server.restart();
    }
}

#[test]
fn import_gives_the_rows_of_the_file() {
    let mut server = Server::new();
    let json = Model::from_json();
    for table in &chinook::TABLES {
        server.client().main().execute(&table.ddl());
    }
    let empty = server.client().create("empty", "main");
    // Into a branch of a running server.
    let file = chinook::json_path();
    let file = file.to_str().unwrap();
    let args = ["import", file, "--url", server.client().base(), "--branch", "empty"];
    let ended = program::run(args);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    chinook::assert_rows(&empty, &json, "imported into a server");
    assert_eq!(server.client().main().number("SELECT COUNT(*) FROM Track"), 0);

    // Into a file that no server has open.
    server.terminate();
    let ended = program::run(["import", file, "--data", server.data().to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    program::assert_clean(server.data());
    server.restart();
    chinook::assert_rows(&server.client().main(), &json, "imported into a file");
}
