//! One test per rule of a merge: what converges, what conflicts and as what, what a policy decides,
//! and what is never done. Schemas are in `merge_schema.rs`.

mod support;

use offshoot_core::chunk::Store;
use offshoot_core::database::{AsOf, BranchPatch, MergeRequest, NewBranch, SlotToken};
use offshoot_core::error::Error;
use offshoot_core::history::{BranchStatus, CommitReader, Micros};
use offshoot_core::merge::{Conflict, ConflictKind, Held, Policy, Resolution, Take};
use offshoot_core::row::TableDef;
use offshoot_core::value::{SqlType, Value};
use support::{Db, Define, NULL, conflicts, insert, int, merging, set, text};

/// A table `t` with rows 1, 2 and 3 of two cells, on `main` and a branch `b` of it.
fn pair() -> Db {
    let db = Db::with([plain()]);
    for id in 1..=3 {
        db.insert("main", "t", vec![int(id), text("a"), text("b")]);
    }
    db.branch("b", "main");
    db
}

fn plain() -> TableDef {
    Define::table("t").required("id", SqlType::Integer).text("a").text("b").key(&["id"]).build()
}

fn cell(db: &Db, branch: &str, id: i64, column: &str, to: &str) {
    db.set(branch, "t", &[int(id)], column, text(to));
}

fn row(db: &Db, branch: &str, id: i64) -> Option<Vec<Value>> {
    db.rows(branch, "t").into_iter().find(|row| row[0] == int(id))
}

fn with(policy: Policy) -> MergeRequest {
    MergeRequest { policy, ..merging("b", "main") }
}

fn kinds(conflicts: &[Conflict]) -> Vec<(&str, Option<&str>, Option<&str>, &'static str)> {
    let name = |c: &'_ Conflict| c.kind.name();
    conflicts
        .iter()
        .map(|c| (&*c.table, c.row_id.as_deref(), c.column.as_deref(), name(c)))
        .collect()
}

fn resolution(row: &str, column: Option<&str>, take: Take) -> Resolution {
    let (table, row_id, column) = ("t".into(), row.into(), column.map(Into::into));
    Resolution { table, row_id, column, take }
}

// --- Rows and cells ---

#[test]
fn different_columns_of_one_row_merge_cell_by_cell() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    cell(&db, "main", 1, "b", "target");
    let report = db.merge(&with(Policy::Abort)).unwrap();
    assert_eq!((report.changes, report.settled.len(), report.schema_changed), (1, 0, false));
    assert_eq!(row(&db, "main", 1), Some(vec![int(1), text("source"), text("target")]));
    assert_eq!(row(&db, "b", 1), Some(vec![int(1), text("source"), text("b")]), "untouched");
    db.assert_lawful();
}

#[test]
fn the_same_change_on_both_sides_converges() {
    let db = pair();
    for branch in ["b", "main"] {
        cell(&db, branch, 1, "a", "same");
        db.delete(branch, "t", &[int(2)]);
        db.insert(branch, "t", vec![int(9), NULL, NULL]);
    }
    let report = db.merge(&with(Policy::Abort)).unwrap();
    assert_eq!(report.changes, 0);
    assert!(report.commit.is_some(), "the branches have a common history again");
    assert_eq!(db.rows("main", "t"), db.rows("b", "t"));
}

#[test]
fn what_one_side_changed_is_taken() {
    let db = pair();
    db.delete("b", "t", &[int(1)]);
    db.insert("b", "t", vec![int(4), text("new"), NULL]);
    cell(&db, "main", 3, "a", "target");
    assert_eq!(db.merge(&with(Policy::Abort)).unwrap().changes, 2);
    let rows: Vec<_> = db.rows("main", "t").into_iter().map(|row| row[1].clone()).collect();
    assert_eq!(rows, [text("a"), text("target"), text("new")]);
    db.assert_lawful();
}

#[test]
fn both_changed_one_cell() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    cell(&db, "b", 1, "b", "kept");
    cell(&db, "main", 1, "a", "target");
    let found = conflicts(db.merge(&with(Policy::Manual)));
    assert_eq!(kinds(&found), [("t", Some("1"), Some("a"), "update_update")]);
    let held = |value: &str| Held::Cell(text(value));
    assert_eq!(
        (&found[0].base, &found[0].source, &found[0].target),
        (&held("a"), &held("source"), &held("target"))
    );
    assert_eq!(found[0].column_type, Some(SqlType::Text));
    assert_eq!(conflicts(db.merge(&with(Policy::Abort))).len(), 1);
    assert_eq!(row(&db, "main", 1), Some(vec![int(1), text("target"), text("b")]));

    let report = db.merge(&with(Policy::TargetWins)).unwrap();
    assert_eq!(kinds(&report.settled), kinds(&found));
    assert_eq!(row(&db, "main", 1), Some(vec![int(1), text("target"), text("kept")]));
}

#[test]
fn the_source_wins_by_policy() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    cell(&db, "main", 1, "a", "target");
    cell(&db, "main", 1, "b", "kept");
    db.merge(&with(Policy::SourceWins)).unwrap();
    assert_eq!(row(&db, "main", 1), Some(vec![int(1), text("source"), text("kept")]));
}

#[test]
fn updated_on_the_source_and_deleted_on_the_target() {
    for (policy, expected) in [(Policy::SourceWins, true), (Policy::TargetWins, false)] {
        let db = pair();
        cell(&db, "b", 1, "a", "source");
        db.delete("main", "t", &[int(1)]);
        let found = conflicts(db.merge(&with(Policy::Manual)));
        assert_eq!(kinds(&found), [("t", Some("1"), None, "update_delete")]);
        assert_eq!(found[0].target, Held::Nothing);
        db.merge(&with(policy)).unwrap();
        let there = expected.then(|| vec![int(1), text("source"), text("b")]);
        assert_eq!(row(&db, "main", 1), there);
    }
}

#[test]
fn deleted_on_the_source_and_updated_on_the_target() {
    for (policy, expected) in [(Policy::SourceWins, false), (Policy::TargetWins, true)] {
        let db = pair();
        db.delete("b", "t", &[int(1)]);
        cell(&db, "main", 1, "a", "target");
        cell(&db, "main", 1, "b", "target");
        let found = conflicts(db.merge(&with(Policy::Manual)));
        assert_eq!(kinds(&found), [("t", Some("1"), None, "delete_update")], "one for the row");
        let whole = [("id", int(1)), ("a", text("target")), ("b", text("target"))];
        let whole = whole.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(
            (&found[0].source, &found[0].target),
            (&Held::Nothing, &Held::Row(whole.into()))
        );
        db.merge(&with(policy)).unwrap();
        assert_eq!(row(&db, "main", 1).is_some(), expected);
    }
}

#[test]
fn both_inserted_one_key() {
    for (policy, expected) in [(Policy::SourceWins, "source"), (Policy::TargetWins, "target")] {
        let db = pair();
        db.insert("b", "t", vec![int(7), text("source"), text("same")]);
        db.insert("main", "t", vec![int(7), text("target"), text("same")]);
        let found = conflicts(db.merge(&with(Policy::Manual)));
        assert_eq!(kinds(&found), [("t", Some("7"), None, "insert_insert")]);
        assert!(!found[0].generated_key);
        db.merge(&with(policy)).unwrap();
        assert_eq!(row(&db, "main", 7), Some(vec![int(7), text(expected), text("same")]));
    }
}

#[test]
fn a_key_that_moved_is_a_row_that_went_and_one_that_came() {
    let db = pair();
    db.set("b", "t", &[int(1)], "id", int(10));
    cell(&db, "main", 1, "a", "target");
    let found = conflicts(db.merge(&with(Policy::Manual)));
    assert_eq!(kinds(&found), [("t", Some("1"), None, "delete_update")]);
    db.merge(&with(Policy::SourceWins)).unwrap();
    let ids: Vec<_> = db.rows("main", "t").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(ids, [int(2), int(3), int(10)]);
}

#[test]
fn newest_takes_the_later_side_of_each_row() {
    let db = pair();
    cell(&db, "b", 1, "a", "early");
    cell(&db, "main", 1, "a", "late");
    cell(&db, "main", 2, "a", "early");
    cell(&db, "b", 2, "a", "late");
    db.delete("main", "t", &[int(3)]);
    cell(&db, "b", 3, "a", "late");
    let report = db.merge(&with(Policy::Newest)).unwrap();
    assert_eq!(report.settled.len(), 3);
    let rows: Vec<_> = db.rows("main", "t").into_iter().map(|row| row[1].clone()).collect();
    assert_eq!(rows, [text("late"), text("late"), text("late")]);
}

#[test]
fn hidden_keys_of_two_branches_never_meet() {
    let db = Db::with([Define::table("log").text("what").index("log_what", &["what"]).build()]);
    db.branch("b", "main");
    for i in 0..20 {
        db.insert("b", "log", vec![text(&format!("b{i}"))]);
        db.insert("main", "log", vec![text(&format!("m{i}"))]);
    }
    assert_eq!(db.merge(&with(Policy::Abort)).unwrap().changes, 20);
    assert_eq!(db.rows("main", "log").len(), 40);
    db.assert_lawful();
}

// --- Resolutions ---

#[test]
fn conflicts_are_resolved_by_hand() {
    let db = pair();
    for column in ["a", "b"] {
        cell(&db, "b", 1, column, "source");
        cell(&db, "main", 1, column, "target");
    }
    cell(&db, "b", 2, "a", "source");
    cell(&db, "main", 2, "a", "target");
    db.delete("b", "t", &[int(3)]);
    cell(&db, "main", 3, "a", "target");
    let Err(Error::Conflicts(open)) = db.merge(&with(Policy::Manual)) else { panic!() };
    assert_eq!(open.conflicts.len(), 4);

    let mut request = with(Policy::Manual);
    request.token = Some(open.token.clone());
    request.resolutions = vec![
        resolution("1", Some("A"), Take::Source),
        resolution("1", Some("b"), Take::Value(text("both"))),
    ];
    let Err(Error::Conflicts(rest)) = db.merge(&request) else { panic!() };
    assert_eq!(rest.token, open.token, "nothing moved");
    let left = kinds(&rest.conflicts);
    assert_eq!(
        left,
        [("t", Some("2"), Some("a"), "update_update"), ("t", Some("3"), None, "delete_update")]
    );
    request.resolutions.push(resolution("2", Some("a"), Take::Target));
    request.resolutions.push(resolution("3", None, Take::Source));
    let report = db.merge(&request).unwrap();
    assert_eq!(report.settled.len(), 4);
    assert_eq!(
        db.rows("main", "t"),
        [vec![int(1), text("source"), text("both")], vec![int(2), text("target"), text("b")]]
    );
    db.assert_lawful();
}

#[test]
fn a_value_for_a_whole_row_is_refused() {
    let db = pair();
    db.delete("b", "t", &[int(1)]);
    cell(&db, "main", 1, "a", "target");
    let mut request = with(Policy::Manual);
    request.resolutions = vec![resolution("1", None, Take::Value(text("x")))];
    assert!(matches!(db.merge(&request), Err(Error::Invalid(_))));
}

#[test]
fn a_token_of_moved_heads_gives_fresh_conflicts() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    cell(&db, "main", 1, "a", "target");
    let Err(Error::Conflicts(open)) = db.merge(&with(Policy::Manual)) else { panic!() };
    cell(&db, "main", 1, "a", "another");
    let mut request = with(Policy::Manual);
    request.token = Some(open.token.clone());
    request.resolutions = vec![resolution("1", Some("a"), Take::Source)];
    let Err(Error::Conflicts(fresh)) = db.merge(&request) else { panic!() };
    assert_ne!(fresh.token, open.token);
    assert_eq!(fresh.conflicts[0].target, Held::Cell(text("another")));
    assert_eq!(row(&db, "main", 1).unwrap()[1], text("another"), "the old decision is not used");
    request.token = Some(fresh.token);
    db.merge(&request).unwrap();
    assert_eq!(row(&db, "main", 1).unwrap()[1], text("source"));
}

#[test]
fn a_stale_token_without_conflicts_merges() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    cell(&db, "main", 1, "a", "target");
    let Err(Error::Conflicts(open)) = db.merge(&with(Policy::Manual)) else { panic!() };
    cell(&db, "main", 1, "a", "source");
    let mut request = with(Policy::Manual);
    request.token = Some(open.token);
    request.resolutions = vec![resolution("1", Some("a"), Take::Target)];
    assert!(db.merge(&request).unwrap().commit.is_some());
    assert_eq!(row(&db, "main", 1).unwrap()[1], text("source"));
}

// --- What is written ---

#[test]
fn a_dry_run_writes_nothing() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    cell(&db, "main", 1, "a", "target");
    db.insert("b", "t", vec![int(5), NULL, NULL]);
    let everything = || (db.store.list_refs("").unwrap(), db.store.chunk_count());
    let before = everything();
    let mut request = with(Policy::SourceWins);
    (request.dry_run, request.delete_source) = (true, true);
    let report = db.merge(&request).unwrap();
    assert!(report.dry_run && report.commit.is_none() && !report.source_deleted);
    assert_eq!((report.changes, report.settled.len()), (2, 1));
    request.policy = Policy::Manual;
    assert_eq!(conflicts(db.merge(&request)).len(), 1);
    assert_eq!(everything(), before);
}

#[test]
fn the_target_stays_first_parent_and_its_past_stands() {
    let db = pair();
    let before: Vec<_> =
        db.database.log("main", None, None, 100).unwrap().iter().map(|e| e.id).collect();
    let old = db.rows("main", "t");
    cell(&db, "b", 1, "a", "source");
    let source = db.database.head("b").unwrap().commit;
    // The target did not move, and still nothing is fast-forwarded.
    let merged = db.merge(&with(Policy::Abort)).unwrap().commit.unwrap();
    let chunks = db.database.chunks();
    let header = CommitReader::new(&chunks).header(&merged.id).unwrap();
    assert_eq!(header.parents, [before[0], source]);
    assert_eq!(header.message, "Merge b into main");
    let after: Vec<_> =
        db.database.log("main", None, None, 100).unwrap().iter().map(|e| e.id).collect();
    assert_eq!(after[1..], before, "the line only grows");
    let scn = offshoot_core::history::Scn(merged.scn.0 - 1);
    assert_eq!(db.rows_at("main", &AsOf::Scn(scn), "t"), old);
    assert_eq!(db.database.branch("b").unwrap().status, BranchStatus::Merged);
    cell(&db, "b", 1, "a", "more");
    assert_eq!(db.database.branch("b").unwrap().status, BranchStatus::Active);
}

#[test]
fn a_merged_branch_has_nothing_new() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    assert!(db.merge(&with(Policy::Abort)).unwrap().commit.is_some());
    let head = db.database.head("main").unwrap().commit;
    let again = db.merge(&with(Policy::Abort)).unwrap();
    assert_eq!((again.commit, again.changes), (None, 0));
    assert_eq!(db.database.head("main").unwrap().commit, head);
}

#[test]
fn branches_merge_back_and_forth() {
    let db = pair();
    for round in 0..10 {
        cell(&db, "b", 1, "a", &format!("b{round}"));
        cell(&db, "main", 1, "b", &format!("m{round}"));
        db.insert("b", "t", vec![int(100 + round), NULL, NULL]);
        db.insert("main", "t", vec![int(200 + round), NULL, NULL]);
        assert!(db.merge(&with(Policy::Abort)).unwrap().settled.is_empty(), "round {round}");
        assert!(db.merge(&merging("main", "b")).unwrap().settled.is_empty());
        assert_eq!(db.rows("main", "t"), db.rows("b", "t"));
    }
    db.assert_lawful();
}

#[test]
fn a_merge_takes_a_snapshot_first() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    let head = db.database.head("main").unwrap().commit;
    db.merge(&with(Policy::Abort)).unwrap();
    let snapshots = db.database.snapshots("main").unwrap();
    assert!(snapshots.iter().any(|s| s.commit == head));
}

#[test]
fn the_source_goes_when_asked() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    let id = db.database.branch("b").unwrap().id;
    let mut request = with(Policy::Abort);
    request.delete_source = true;
    assert!(db.merge(&request).unwrap().source_deleted);
    assert!(matches!(db.database.branch("b"), Err(Error::NotFound { .. })));
    let kept = db.database.branch_or_deleted(&id.to_string()).unwrap();
    assert_eq!(kept.status, BranchStatus::Deleted);
    assert_eq!(row(&db, "main", 1).unwrap()[1], text("source"));
}

#[test]
fn a_source_that_another_holds_is_neither_merged_nor_deleted() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    let before = db.database.head("main").unwrap().commit;
    let request = MergeRequest { delete_source: true, ..with(Policy::Abort) };
    let (who, moment) = (SlotToken([7; 16]), db.moments.next());
    let expires = Micros(moment.now.0 + 30_000_000);
    db.database.take_slot("b", who, moment.now, expires).unwrap();
    assert!(matches!(db.merge(&request), Err(Error::Busy(_))));
    assert_eq!(db.database.head("main").unwrap().commit, before, "nothing was written");
    // What a dry run would do, and a merge that keeps the source, need no slot.
    let dry = MergeRequest { dry_run: true, ..request.clone() };
    assert!(db.merge(&dry).unwrap().dry_run);
    db.database.give_slot("b", who);
    let report = db.merge(&request).unwrap();
    assert!(report.commit.is_some() && report.source_deleted);
    assert_eq!(row(&db, "main", 1).unwrap()[1], text("source"));
}

#[test]
fn a_source_that_cannot_go_is_not_merged() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    let before = db.database.head("main").unwrap().commit;
    let mut request = with(Policy::Abort);
    request.delete_source = true;
    db.branch("child", "b");
    assert!(matches!(db.merge(&request), Err(Error::HasChildren { .. })));
    let back = MergeRequest { delete_source: true, ..merging("main", "child") };
    assert!(matches!(db.merge(&back), Err(Error::Protected(..))));
    assert_eq!(db.database.head("main").unwrap().commit, before);
}

#[test]
fn a_protected_target_takes_merges_and_a_read_only_one_does_not() {
    let db = pair();
    cell(&db, "b", 1, "a", "source");
    let patch = BranchPatch { protected: Some(true), ..BranchPatch::default() };
    db.database.update_branch(&db.moments.next(), "main", patch.clone()).unwrap();
    db.database.update_branch(&db.moments.next(), "b", patch).unwrap();
    let refused = db.database.begin("main", &db.moments.next(), Default::default());
    assert!(matches!(refused, Err(Error::Protected(..))));
    let delete = MergeRequest { delete_source: true, ..with(Policy::Abort) };
    assert!(matches!(db.merge(&delete), Err(Error::Protected(..))), "the source is protected");
    assert!(db.merge(&with(Policy::Abort)).unwrap().commit.is_some());

    let new = NewBranch {
        name: "still".into(),
        source: "main".into(),
        read_only: true,
        ..NewBranch::default()
    };
    db.database.create_branch(&db.moments.next(), new).unwrap();
    assert!(matches!(db.merge(&merging("b", "still")), Err(Error::ReadOnly(_))));
    // What takes no writes may still be merged from.
    assert_eq!(db.merge(&merging("still", "b")).unwrap().source, "still");
}

#[test]
fn merges_that_make_no_sense() {
    let db = pair();
    let id = db.database.branch("main").unwrap().id.to_string();
    assert!(matches!(db.merge(&merging("main", &id)), Err(Error::InvalidMerge(_))));
    assert!(matches!(db.merge(&merging("nowhere", "main")), Err(Error::NotFound { .. })));
    assert!(matches!(db.merge(&merging("main", "nowhere")), Err(Error::NotFound { .. })));
}

// --- Constraints ---

/// Parents and children, a unique code and a check.
fn family() -> Db {
    let parents = Define::table("p")
        .required("id", SqlType::Integer)
        .text("code")
        .key(&["id"])
        .unique("p_code", &["code"])
        .check("p_positive", |column| offshoot_core::expr::Expr::Compare {
            op: offshoot_core::expr::CompareOp::Gt,
            left: Box::new(column("id")),
            right: Box::new(offshoot_core::expr::Expr::literal(0)),
        })
        .build();
    let children = Define::table("c")
        .required("id", SqlType::Integer)
        .int("parent")
        .key(&["id"])
        .references(&["parent"], &parents, &["id"])
        .build();
    let db = Db::with([parents, children]);
    db.insert("main", "p", vec![int(1), text("one")]);
    db.insert("main", "p", vec![int(2), text("two")]);
    db.branch("b", "main");
    db
}

#[test]
fn one_unique_key_given_on_both_sides_conflicts_under_every_policy() {
    let db = family();
    db.insert("b", "p", vec![int(3), text("new")]);
    db.insert("main", "p", vec![int(4), text("new")]);
    for policy in [Policy::SourceWins, Policy::TargetWins, Policy::Newest, Policy::Manual] {
        let found = conflicts(db.merge(&with(policy)));
        assert_eq!(kinds(&found), [("p", Some("3"), None, "unique")]);
    }
    let mut request = with(Policy::Manual);
    request.resolutions = vec![Resolution {
        table: "p".into(),
        row_id: "3".into(),
        column: None,
        take: Take::Target,
    }];
    db.merge(&request).unwrap();
    let ids: Vec<_> = db.rows("main", "p").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(ids, [int(1), int(2), int(4)], "the source's row stays out");
    db.assert_lawful();
}

#[test]
fn a_unique_key_that_was_given_back_may_be_taken() {
    let db = family();
    db.delete("main", "p", &[int(1)]);
    db.insert("main", "p", vec![int(3), text("one")]);
    db.set("b", "p", &[int(2)], "code", text("other"));
    db.merge(&with(Policy::Abort)).unwrap();
    assert_eq!(db.rows("main", "p"), [vec![int(2), text("other")], vec![int(3), text("one")]]);
    db.assert_lawful();
}

#[test]
fn a_child_on_the_source_and_its_parent_deleted_on_the_target() {
    let db = family();
    db.insert("b", "c", vec![int(10), int(1)]);
    db.delete("main", "p", &[int(1)]);
    for policy in [Policy::SourceWins, Policy::TargetWins] {
        let found = conflicts(db.merge(&with(policy)));
        assert_eq!(kinds(&found), [("c", Some("10"), None, "foreign_key")]);
    }
    // The table of children was changed on the source alone, and still each row can be decided.
    let mut request = with(Policy::Manual);
    let (table, row_id) = ("c".into(), "10".into());
    request.resolutions = vec![Resolution { table, row_id, column: None, take: Take::Target }];
    db.merge(&request).unwrap();
    assert_eq!(db.rows("main", "c"), Vec::<Vec<Value>>::new());
    db.assert_lawful();
}

#[test]
fn a_parent_deleted_on_the_source_and_its_child_on_the_target() {
    let db = family();
    db.delete("b", "p", &[int(1)]);
    db.insert("main", "c", vec![int(10), int(1)]);
    let found = conflicts(db.merge(&with(Policy::SourceWins)));
    assert_eq!(kinds(&found), [("p", Some("1"), None, "foreign_key")]);
    let mut request = with(Policy::Manual);
    let (table, row_id) = ("p".into(), "1".into());
    request.resolutions = vec![Resolution { table, row_id, column: None, take: Take::Target }];
    db.merge(&request).unwrap();
    assert_eq!(db.rows("main", "p").len(), 2);
    db.assert_lawful();
}

#[test]
fn a_check_over_cells_of_both_sides() {
    let compare = |left, right| offshoot_core::expr::Expr::Compare {
        op: offshoot_core::expr::CompareOp::Le,
        left: Box::new(left),
        right: Box::new(right),
    };
    let def = Define::table("t")
        .required("id", SqlType::Integer)
        .int("low")
        .int("high")
        .key(&["id"])
        .check("ordered", |column| compare(column("low"), column("high")))
        .build();
    let db = Db::with([def]);
    db.insert("main", "t", vec![int(1), int(1), int(9)]);
    db.branch("b", "main");
    db.set("b", "t", &[int(1)], "low", int(6));
    db.set("main", "t", &[int(1)], "high", int(5));
    let found = conflicts(db.merge(&with(Policy::SourceWins)));
    assert_eq!(kinds(&found), [("t", Some("1"), None, "check")]);
    let mut request = with(Policy::Manual);
    request.resolutions = vec![resolution("1", None, Take::Source)];
    db.merge(&request).unwrap();
    assert_eq!(db.rows("main", "t"), [vec![int(1), int(6), int(9)]]);
}

#[test]
fn a_cycle_of_references_made_on_both_sides_stands() {
    let def = Define::table("t")
        .required("id", SqlType::Integer)
        .int("next")
        .key(&["id"])
        .references_self(&["next"], &["id"])
        .build();
    let db = Db::with([def]);
    db.insert("main", "t", vec![int(1), NULL]);
    db.insert("main", "t", vec![int(2), NULL]);
    db.branch("b", "main");
    db.set("b", "t", &[int(1)], "next", int(2));
    db.set("main", "t", &[int(2)], "next", int(1));
    db.merge(&with(Policy::Abort)).unwrap();
    assert_eq!(db.rows("main", "t"), [vec![int(1), int(2)], vec![int(2), int(1)]]);
    db.assert_lawful();
}

// --- Automatic keys ---

/// Users with automatic keys, their orders, and items whose own key names the order.
fn shop() -> Db {
    let users = Define::table("users")
        .required("id", SqlType::Integer)
        .text("name")
        .int("friend")
        .key(&["id"])
        .auto("id")
        .references_self(&["friend"], &["id"])
        .build();
    let orders = Define::table("orders")
        .required("id", SqlType::Integer)
        .int("user")
        .key(&["id"])
        .auto("id")
        .references(&["user"], &users, &["id"])
        .build();
    let items = Define::table("items")
        .required("order", SqlType::Integer)
        .required("line", SqlType::Integer)
        .text("what")
        .key(&["order", "line"])
        .references(&["order"], &orders, &["id"])
        .build();
    let notes = Define::table("notes")
        .required("id", SqlType::Integer)
        .int("order")
        .int("line")
        .key(&["id"])
        .references(&["order", "line"], &items, &["order", "line"])
        .build();
    let db = Db::with([users, orders, items, notes]);
    db.write("main", |txn| {
        insert(txn, "users", vec![NULL, text("first"), NULL])?;
        insert(txn, "orders", vec![NULL, int(1)]).map(drop)
    });
    db.branch("b", "main");
    db
}

#[test]
fn two_rows_that_were_given_one_automatic_key_are_flagged() {
    let db = shop();
    db.insert("b", "users", vec![NULL, text("source"), NULL]);
    db.insert("main", "users", vec![NULL, text("target"), NULL]);
    let found = conflicts(db.merge(&with(Policy::Manual)));
    assert_eq!(kinds(&found), [("users", Some("2"), None, "insert_insert")]);
    assert!(found[0].generated_key);
}

#[test]
fn renumbering_gives_the_source_row_a_new_key_and_follows_its_references() {
    let db = shop();
    // Both sides give user 2 and order 2; on the source everything hangs together.
    db.write("b", |txn| {
        insert(txn, "users", vec![NULL, text("source"), int(2)])?;
        insert(txn, "users", vec![NULL, text("second"), int(2)])?;
        set(txn, "users", &[int(1)], "friend", int(2))?;
        insert(txn, "orders", vec![NULL, int(2)])?;
        insert(txn, "items", vec![int(2), int(1), text("source")])?;
        insert(txn, "items", vec![int(1), int(1), text("source")])?;
        insert(txn, "notes", vec![int(1), int(2), int(1)])?;
        insert(txn, "notes", vec![int(2), int(1), int(1)]).map(drop)
    });
    db.write("main", |txn| {
        insert(txn, "users", vec![NULL, text("target"), int(1)])?;
        insert(txn, "orders", vec![NULL, int(2)]).map(drop)
    });
    let request = MergeRequest { renumber: true, ..with(Policy::Manual) };
    db.merge(&request).unwrap();
    // Users 2 (source) → 4, order 2 (source) → 3; user 3 was free.
    assert_eq!(
        db.rows("main", "users"),
        [
            vec![int(1), text("first"), int(4)],
            vec![int(2), text("target"), int(1)],
            vec![int(3), text("second"), int(4)],
            vec![int(4), text("source"), int(4)],
        ]
    );
    assert_eq!(
        db.rows("main", "orders"),
        [vec![int(1), int(1)], vec![int(2), int(2)], vec![int(3), int(4)]]
    );
    assert_eq!(
        db.rows("main", "items"),
        [vec![int(1), int(1), text("source")], vec![int(3), int(1), text("source")]]
    );
    assert_eq!(
        db.rows("main", "notes"),
        [vec![int(1), int(3), int(1)], vec![int(2), int(1), int(1)]]
    );
    db.assert_lawful();
    // The next automatic key is free.
    db.insert("main", "users", vec![NULL, text("next"), NULL]);
    assert_eq!(db.rows("main", "users")[4][0], int(5));
}

#[test]
fn a_row_decided_by_hand_is_not_renumbered() {
    let db = shop();
    db.insert("b", "users", vec![NULL, text("source"), NULL]);
    db.insert("main", "users", vec![NULL, text("target"), NULL]);
    let mut request = MergeRequest { renumber: true, ..with(Policy::Manual) };
    let (table, row_id) = ("users".into(), "2".into());
    request.resolutions = vec![Resolution { table, row_id, column: None, take: Take::Source }];
    db.merge(&request).unwrap();
    assert_eq!(db.rows("main", "users").len(), 2);
    assert_eq!(db.rows("main", "users")[1][1], text("source"));
}

#[test]
fn sequences_take_the_larger_side() {
    let db = shop();
    for _ in 0..5 {
        let given = db.insert("b", "users", vec![NULL, NULL, NULL]);
        assert!(given.scn.0 > 0);
    }
    for id in 2..=6 {
        db.delete("b", "users", &[int(id)]);
    }
    db.set("b", "users", &[int(1)], "name", text("changed"));
    db.merge(&with(Policy::Abort)).unwrap();
    db.insert("main", "users", vec![NULL, text("next"), NULL]);
    assert_eq!(db.rows("main", "users")[1][0], int(7), "ids 2 to 6 were given on the branch");
}

// --- Several bases ---

/// `main` and `b` after each was merged into the other from the same point: two merge bases.
fn criss_cross(change: impl FnOnce(&Db)) -> Db {
    let db = pair();
    change(&db);
    // A second name for each head, so that both merges see the state before.
    db.branch("main-before", "main");
    db.branch("b-before", "b");
    db.merge(&MergeRequest { policy: Policy::TargetWins, ..merging("b-before", "main") }).unwrap();
    db.merge(&MergeRequest { policy: Policy::TargetWins, ..merging("main-before", "b") }).unwrap();
    db
}

#[test]
fn criss_cross_merges_agree_where_every_base_does() {
    let db = criss_cross(|db| {
        cell(db, "b", 1, "a", "b");
        cell(db, "main", 2, "a", "m");
    });
    assert_eq!(db.rows("main", "t"), db.rows("b", "t"));
    cell(&db, "b", 3, "a", "b");
    cell(&db, "main", 3, "b", "m");
    db.merge(&with(Policy::Abort)).unwrap();
    assert_eq!(row(&db, "main", 3), Some(vec![int(3), text("b"), text("m")]));
    db.assert_lawful();
}

#[test]
fn criss_cross_merges_conflict_in_the_cells_that_bases_disagree_about() {
    // Each side kept its own cell when it took the other in.
    let db = criss_cross(|db| {
        cell(db, "b", 1, "a", "b");
        cell(db, "main", 1, "a", "m");
    });
    assert_eq!(row(&db, "main", 1).unwrap()[1], text("m"));
    assert_eq!(row(&db, "b", 1).unwrap()[1], text("b"));
    cell(&db, "b", 1, "b", "new");
    let found = conflicts(db.merge(&with(Policy::Manual)));
    assert_eq!(kinds(&found), [("t", Some("1"), Some("a"), "update_update")]);
    db.merge(&with(Policy::SourceWins)).unwrap();
    assert_eq!(row(&db, "main", 1), Some(vec![int(1), text("b"), text("new")]));
}

#[test]
fn every_kind_of_conflict_has_a_name() {
    let named = [
        (ConflictKind::Schema, "schema", false),
        (ConflictKind::UpdateUpdate, "update_update", true),
        (ConflictKind::UpdateDelete, "update_delete", true),
        (ConflictKind::DeleteUpdate, "delete_update", true),
        (ConflictKind::InsertInsert, "insert_insert", true),
        (ConflictKind::Unique, "unique", false),
        (ConflictKind::ForeignKey, "foreign_key", false),
        (ConflictKind::Check, "check", false),
        (ConflictKind::NotNull, "not_null", false),
    ];
    for (kind, name, data) in named {
        assert_eq!((kind.name(), kind.is_data()), (name, data));
    }
}
