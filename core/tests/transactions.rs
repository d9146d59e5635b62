//! Transactions side by side: what each anomaly of the textbooks looks like here, races over
//! constraints, statements, savepoints, automatic ids and the writer slot.

mod support;

use offshoot_core::database::{CommitNote, SlotToken};
use offshoot_core::error::Error;
use offshoot_core::history::Micros;
use offshoot_core::row::TableDef;
use offshoot_core::tree::KeyRange;
use offshoot_core::txn::{Isolation, Txn};
use offshoot_core::value::{SqlType, Value};
use support::{Db, Define, NULL, alter, delete, insert, int, read, set, text};

fn accounts() -> TableDef {
    Define::table("t").required("id", SqlType::Integer).int("n").key(&["id"]).build()
}

fn db() -> Db {
    let db = Db::with([accounts()]);
    for id in 1..=2 {
        db.insert("main", "t", vec![int(id), int(100)]);
    }
    db
}

fn n(txn: &Txn, id: i64) -> Value {
    read(txn, "t", &[int(id)]).unwrap().unwrap()[1].clone()
}

fn put(db: &Db, txn: &mut Txn, id: i64, value: i64) {
    db.statement(txn, |txn| set(txn, "t", &[int(id)], "n", int(value))).unwrap();
}

#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(result: Result<T, Error>) {
    match result {
        Err(Error::WriteConflict(_)) => {}
        other => panic!("a write conflict was expected, not {other:?}"),
    }
}

// --- Anomalies ---

#[test]
fn no_dirty_read() {
    let db = db();
    let mut writer = db.begin("main");
    put(&db, &mut writer, 1, 5);
    assert_eq!(n(&writer, 1), int(5), "its own write is seen");
    assert_eq!(n(&db.begin("main"), 1), int(100), "nobody else's is before it commits");
    drop(writer);
    assert_eq!(n(&db.begin("main"), 1), int(100));
}

#[test]
fn no_lost_update() {
    let db = db();
    let (mut one, mut other) = (db.begin("main"), db.begin("main"));
    put(&db, &mut one, 1, 110);
    put(&db, &mut other, 1, 120);
    db.commit("main", &one).unwrap().unwrap();
    assert_conflict(db.commit("main", &other));
    assert_eq!(db.rows("main", "t")[0][1], int(110));
}

#[test]
fn equal_writes_conflict_as_well() {
    let db = db();
    let (mut one, mut other) = (db.begin("main"), db.begin("main"));
    put(&db, &mut one, 1, 110);
    put(&db, &mut other, 1, 110);
    db.commit("main", &one).unwrap();
    assert_conflict(db.commit("main", &other));
}

#[test]
fn different_columns_of_one_row_conflict() {
    let def = Define::table("t").required("id", SqlType::Integer).int("a").int("b").key(&["id"]);
    let db = Db::with([def.build()]);
    db.insert("main", "t", vec![int(1), int(0), int(0)]);
    let (mut one, mut other) = (db.begin("main"), db.begin("main"));
    db.statement(&mut one, |txn| set(txn, "t", &[int(1)], "a", int(1))).unwrap();
    db.statement(&mut other, |txn| set(txn, "t", &[int(1)], "b", int(1))).unwrap();
    db.commit("main", &one).unwrap();
    // A rebase is not a merge.
    assert_conflict(db.commit("main", &other));
}

#[test]
fn a_row_written_and_written_back_still_conflicts() {
    let db = db();
    let mut one = db.begin("main");
    put(&db, &mut one, 1, 5);
    put(&db, &mut one, 1, 100);
    db.set("main", "t", &[int(1)], "n", int(7));
    assert_conflict(db.commit("main", &one));
}

#[test]
fn reads_repeat_and_no_phantom_appears() {
    let db = db();
    let reader = db.begin("main");
    let count = |txn: &Txn| txn.state().find("t").unwrap().rows.count();
    assert_eq!((n(&reader, 1), count(&reader)), (int(100), 2));
    db.set("main", "t", &[int(1)], "n", int(5));
    db.insert("main", "t", vec![int(3), int(0)]);
    db.delete("main", "t", &[int(2)]);
    assert_eq!((n(&reader, 1), n(&reader, 2), count(&reader)), (int(100), int(100), 2));
    // Nothing was written, so there is nothing to commit and nothing to conflict.
    assert_eq!(db.commit("main", &reader).unwrap(), None);
}

#[test]
fn disjoint_writes_are_rebased() {
    let db = db();
    let (mut one, mut other) = (db.begin("main"), db.begin("main"));
    put(&db, &mut one, 1, 1);
    put(&db, &mut other, 2, 2);
    let first = db.commit("main", &one).unwrap().unwrap();
    let second = db.commit("main", &other).unwrap().unwrap();
    assert_eq!(second.scn, first.scn.next());
    assert_eq!(db.rows("main", "t"), [[int(1), int(1)], [int(2), int(2)]]);
}

/// Two doctors on call; each goes home when the other is there.
fn write_skew(isolation: Isolation) -> Result<(), Error> {
    let db = db();
    let (mut one, mut other) = (db.begin_with("main", isolation), db.begin_with("main", isolation));
    for txn in [&one, &other] {
        assert_eq!((n(txn, 1), n(txn, 2)), (int(100), int(100)));
    }
    put(&db, &mut one, 1, 0);
    put(&db, &mut other, 2, 0);
    db.commit("main", &one).unwrap();
    db.commit("main", &other).map(drop)
}

#[test]
fn write_skew_passes_under_snapshot_and_is_refused_when_serializable() {
    write_skew(Isolation::Snapshot).unwrap();
    assert_conflict(write_skew(Isolation::Serializable));
}

#[test]
fn a_phantom_is_refused_when_serializable() {
    for (isolation, refused) in [(Isolation::Snapshot, false), (Isolation::Serializable, true)] {
        let db = db();
        let mut txn = db.begin_with("main", isolation);
        let t = support::table_id(&txn, "t");
        // Rows from 5 on were counted, and there were none.
        let mut range = KeyRange::all();
        let from = support::key(&support::table(&txn, "t"), &[int(5)]);
        range.lower = std::ops::Bound::Included(from.to_vec());
        txn.note_read(t, range);
        put(&db, &mut txn, 1, 0);
        db.insert("main", "t", vec![int(7), int(0)]);
        assert_eq!(db.commit("main", &txn).is_err(), refused);

        let mut beside = db.begin_with("main", isolation);
        let mut range = KeyRange::all();
        range.upper = std::ops::Bound::Included(from.to_vec());
        beside.note_read(t, range);
        put(&db, &mut beside, 2, 0);
        db.insert("main", "t", vec![int(8), int(0)]);
        db.commit("main", &beside).expect("what was read did not change");
    }
}

// --- Constraints raced for ---

#[test]
fn one_unique_key_is_given_once() {
    let def = Define::table("t")
        .required("id", SqlType::Integer)
        .text("code")
        .key(&["id"])
        .unique("t_code", &["code"]);
    let db = Db::with([def.build()]);
    let (mut one, mut other) = (db.begin("main"), db.begin("main"));
    db.statement(&mut one, |txn| insert(txn, "t", vec![int(1), text("x")]).map(drop)).unwrap();
    db.statement(&mut other, |txn| insert(txn, "t", vec![int(2), text("x")]).map(drop)).unwrap();
    db.commit("main", &one).unwrap();
    assert_conflict(db.commit("main", &other));
    // Run again it is told what stands in the way.
    let again = db.try_write("main", |txn| insert(txn, "t", vec![int(2), text("x")]).map(drop));
    assert!(matches!(again, Err(Error::Violation(_))));
    db.assert_lawful();
}

#[test]
fn one_primary_key_is_given_once() {
    let db = db();
    let (mut one, mut other) = (db.begin("main"), db.begin("main"));
    db.statement(&mut one, |txn| insert(txn, "t", vec![int(9), int(1)]).map(drop)).unwrap();
    db.statement(&mut other, |txn| insert(txn, "t", vec![int(9), int(2)]).map(drop)).unwrap();
    db.commit("main", &one).unwrap();
    assert_conflict(db.commit("main", &other));
}

fn family() -> Db {
    let parents = Define::table("p").required("id", SqlType::Integer).key(&["id"]).build();
    let children = Define::table("c")
        .required("id", SqlType::Integer)
        .int("parent")
        .key(&["id"])
        .references(&["parent"], &parents, &["id"])
        .build();
    let db = Db::with([parents, children]);
    db.insert("main", "p", vec![int(1)]);
    db
}

#[test]
fn a_parent_deleted_while_a_child_comes() {
    let db = family();
    let (mut child, mut parent) = (db.begin("main"), db.begin("main"));
    db.statement(&mut child, |txn| insert(txn, "c", vec![int(1), int(1)]).map(drop)).unwrap();
    db.statement(&mut parent, |txn| delete(txn, "p", &[int(1)])).unwrap();
    db.commit("main", &child).unwrap();
    assert_conflict(db.commit("main", &parent));
    db.assert_lawful();
}

#[test]
fn a_child_that_comes_while_its_parent_is_deleted() {
    let db = family();
    let (mut child, mut parent) = (db.begin("main"), db.begin("main"));
    db.statement(&mut child, |txn| insert(txn, "c", vec![int(1), int(1)]).map(drop)).unwrap();
    db.statement(&mut parent, |txn| delete(txn, "p", &[int(1)])).unwrap();
    db.commit("main", &parent).unwrap();
    assert_conflict(db.commit("main", &child));
    db.assert_lawful();
}

// --- Definitions ---

#[test]
fn definitions_and_rows_of_one_table_conflict_both_ways() {
    for rows_first in [true, false] {
        let db = db();
        let (mut rows, mut definition) = (db.begin("main"), db.begin("main"));
        put(&db, &mut rows, 1, 5);
        db.statement(&mut definition, |txn| alter(txn, "t", |t| t.int("more"))).unwrap();
        let (first, second) = match rows_first {
            true => (&rows, &definition),
            false => (&definition, &rows),
        };
        db.commit("main", first).unwrap();
        assert_conflict(db.commit("main", second));
        db.assert_lawful();
    }
}

#[test]
fn a_table_created_twice_conflicts() {
    let db = Db::new();
    let (mut one, mut other) = (db.begin("main"), db.begin("main"));
    for txn in [&mut one, &mut other] {
        db.statement(txn, |txn| txn.create_table(accounts()).map(drop)).unwrap();
    }
    db.commit("main", &one).unwrap();
    assert_conflict(db.commit("main", &other));
}

#[test]
fn a_parent_dropped_while_a_foreign_key_to_it_is_made() {
    for drop_first in [true, false] {
        let parents = Define::table("p").required("id", SqlType::Integer).key(&["id"]).build();
        let db = Db::with([parents.clone()]);
        let children = Define::table("c").int("parent").references(&["parent"], &parents, &["id"]);
        let (mut gone, mut child) = (db.begin("main"), db.begin("main"));
        db.statement(&mut gone, |txn| txn.drop_table(support::table_id(txn, "p"))).unwrap();
        db.statement(&mut child, |txn| txn.create_table(children.build()).map(drop)).unwrap();
        let (first, second) = if drop_first { (&gone, &child) } else { (&child, &gone) };
        db.commit("main", first).unwrap();
        assert_conflict(db.commit("main", second));
        db.assert_lawful();
    }
}

#[test]
fn definitions_of_different_tables_do_not_conflict() {
    let other = Define::table("u").required("id", SqlType::Integer).key(&["id"]).build();
    let db = Db::with([accounts(), other]);
    let (mut one, mut two) = (db.begin("main"), db.begin("main"));
    db.statement(&mut one, |txn| alter(txn, "t", |t| t.int("more"))).unwrap();
    db.statement(&mut two, |txn| insert(txn, "u", vec![int(1)]).map(drop)).unwrap();
    db.commit("main", &one).unwrap();
    db.commit("main", &two).unwrap();
    assert_eq!(db.rows("main", "u"), [[int(1)]]);
    db.assert_lawful();
}

#[test]
fn what_others_refer_to_cannot_be_taken_away() {
    let db = family();
    let refused = db.try_write("main", |txn| txn.drop_table(support::table_id(txn, "p")));
    assert!(matches!(refused, Err(Error::Invalid(_))));
    let refused = db.try_write("main", |txn| alter(txn, "p", |p| p.key(&[])));
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    let refused =
        db.try_write("main", |txn| alter(txn, "c", |c| c.drop_index("c_parent_fkey_idx")));
    assert!(matches!(refused, Err(Error::Invalid(_))), "children are found through it");
}

#[test]
fn definitions_are_rolled_back_with_their_transaction() {
    let db = db();
    let mut txn = db.begin("main");
    txn.savepoint("before");
    db.statement(&mut txn, |txn| alter(txn, "t", |t| t.int("more"))).unwrap();
    db.statement(&mut txn, |txn| insert(txn, "t", vec![int(3), NULL, int(1)]).map(drop)).unwrap();
    txn.rollback_to("before").unwrap();
    assert!(!txn.has_ddl() && !txn.is_dirty());
    put(&db, &mut txn, 1, 1);
    db.commit("main", &txn).unwrap().unwrap();
    assert_eq!(db.rows("main", "t"), [[int(1), int(1)], [int(2), int(100)]]);
}

// --- Statements and savepoints ---

#[test]
fn a_statement_is_atomic() {
    let db = db();
    let mut txn = db.begin("main");
    put(&db, &mut txn, 1, 1);
    let failed = db.statement(&mut txn, |txn| {
        set(txn, "t", &[int(2)], "n", int(2))?;
        insert(txn, "t", vec![int(3), NULL])?;
        insert(txn, "t", vec![int(1), NULL]).map(drop)
    });
    assert!(matches!(failed, Err(Error::Violation(_))));
    db.commit("main", &txn).unwrap().unwrap();
    assert_eq!(db.rows("main", "t"), [[int(1), int(1)], [int(2), int(100)]]);
}

#[test]
fn constraints_are_looked_at_when_the_statement_ends() {
    let db = Db::with([Define::table("t")
        .required("id", SqlType::Integer)
        .int("next")
        .int("place")
        .key(&["id"])
        .unique("t_place", &["place"])
        .references_self(&["next"], &["id"])
        .build()]);
    // A row that refers to one inserted after it, and two that exchange a unique value.
    db.write("main", |txn| {
        insert(txn, "t", vec![int(1), int(2), int(1)])?;
        insert(txn, "t", vec![int(2), NULL, int(2)]).map(drop)
    });
    db.write("main", |txn| {
        set(txn, "t", &[int(1)], "place", int(2))?;
        set(txn, "t", &[int(2)], "place", int(1))
    });
    // Keys that move by one pass through each other.
    db.write("main", |txn| {
        let table = support::table(txn, "t");
        let id = table.table.id();
        let keys: Vec<_> = [1, 2].map(|i| support::key(&table, &[int(i)])).into();
        for key in &keys {
            let old = support::stored(txn, &table, key)?;
            txn.take(id, key, &old)?;
        }
        txn.put_moved(id, &keys[0], &vec![int(2), int(3), int(2)])?;
        txn.put_moved(id, &keys[1], &vec![int(3), NULL, int(1)])
    });
    assert_eq!(db.rows("main", "t"), [[int(2), int(3), int(2)], [int(3), NULL, int(1)]]);
    db.assert_lawful();
}

#[test]
fn savepoints_nest() {
    let db = db();
    let mut txn = db.begin("main");
    txn.savepoint("a");
    put(&db, &mut txn, 1, 1);
    txn.savepoint("b");
    put(&db, &mut txn, 1, 2);
    txn.savepoint("A");
    put(&db, &mut txn, 1, 3);
    txn.rollback_to("a").unwrap();
    assert_eq!(n(&txn, 1), int(2), "the newest of a name counts");
    put(&db, &mut txn, 1, 4);
    txn.rollback_to("a").unwrap();
    assert_eq!(n(&txn, 1), int(2), "a savepoint stays after going back to it");
    txn.release("a").unwrap();
    txn.rollback_to("b").unwrap();
    assert_eq!(n(&txn, 1), int(1));
    txn.rollback_to("a").unwrap();
    assert_eq!(n(&txn, 1), int(100));
    assert!(matches!(txn.rollback_to("b"), Err(Error::Invalid(_))), "it came after");
    txn.release("a").unwrap();
    assert!(matches!(txn.release("a"), Err(Error::Invalid(_))));
    assert_eq!(db.commit("main", &txn).unwrap(), None, "nothing is left to commit");
}

#[test]
fn a_row_moved_twice_comes_from_where_it_stood() {
    let db = db();
    let mut txn = db.begin("main");
    db.statement(&mut txn, |txn| set(txn, "t", &[int(1)], "id", int(10))).unwrap();
    db.statement(&mut txn, |txn| set(txn, "t", &[int(10)], "id", int(20))).unwrap();
    db.statement(&mut txn, |txn| set(txn, "t", &[int(20)], "n", int(5))).unwrap();
    let table = support::table(&txn, "t");
    let (from, to) = (support::key(&table, &[int(1)]), support::key(&table, &[int(20)]));
    let changes = txn.changes();
    let changes: Vec<_> =
        changes.iter().map(|(_, c)| (c.key.clone(), c.moved_from.clone())).collect();
    assert_eq!(changes, [(from.clone(), None), (to, Some(from))]);
    let committed = db.commit("main", &txn).unwrap().unwrap();
    let feed = db.database.feed("main", None, 100).unwrap();
    let delta = &feed.last().unwrap().delta;
    assert_eq!(feed.last().unwrap().commit, committed.id);
    assert_eq!(delta.tables[0].rows.len(), 2);
    // A row that moved away and was deleted is a deletion and nothing else.
    let mut txn = db.begin("main");
    db.statement(&mut txn, |txn| set(txn, "t", &[int(2)], "id", int(30))).unwrap();
    db.statement(&mut txn, |txn| delete(txn, "t", &[int(30)])).unwrap();
    let left = txn.changes();
    assert_eq!(left.len(), 1);
    assert!(left[0].1.new.is_none() && left[0].1.moved_from.is_none());
}

// --- Automatic ids ---

fn automatic() -> TableDef {
    Define::table("t").required("id", SqlType::Integer).text("x").key(&["id"]).auto("id").build()
}

#[test]
fn transactions_side_by_side_draw_different_ids() {
    let db = Db::with([automatic()]);
    let (mut one, mut other) = (db.begin("main"), db.begin("main"));
    let mut given = Vec::new();
    for i in 0..6 {
        let txn = if i % 2 == 0 { &mut one } else { &mut other };
        db.statement(txn, |txn| {
            given.push(insert(txn, "t", vec![NULL, NULL])?.unwrap());
            Ok(())
        })
        .unwrap();
    }
    assert_eq!(given, [1, 2, 3, 4, 5, 6]);
    db.commit("main", &one).unwrap();
    db.commit("main", &other).expect("automatic ids are outside conflict detection");
    assert_eq!(db.rows("main", "t").len(), 6);
}

#[test]
fn a_statement_run_again_with_its_moment_is_given_the_same_ids() {
    let db = Db::with([automatic()]);
    let (one, two) = (db.moments.next(), db.moments.next());
    let run = |moment| {
        let mut txn = db.begin("main");
        txn.begin_statement(moment);
        let ids = (0..3).map(|_| insert(&mut txn, "t", vec![NULL, NULL]).unwrap().unwrap());
        let ids: Vec<i64> = ids.collect();
        txn.end_statement().unwrap();
        (ids, txn)
    };
    let first = run(one).0;
    assert_eq!(run(two).0, [4, 5, 6]);
    assert_eq!(first, [1, 2, 3]);
    let (again, txn) = run(one);
    assert_eq!(again, first);
    db.commit("main", &txn).unwrap();
    db.database.forget_ids("main", &[one.seed, two.seed]);
    assert_eq!(run(two).0, [7, 8, 9], "a forgotten statement is a new one");
}

#[test]
fn ids_given_by_hand_are_passed_over() {
    let db = Db::with([automatic()]);
    db.insert("main", "t", vec![int(10), NULL]);
    db.insert("main", "t", vec![NULL, NULL]);
    db.set("main", "t", &[int(10)], "id", int(20));
    db.insert("main", "t", vec![NULL, NULL]);
    db.insert("main", "t", vec![int(-5), NULL]);
    db.insert("main", "t", vec![NULL, NULL]);
    let ids: Vec<_> = db.rows("main", "t").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(ids, [int(-5), int(11), int(20), int(21), int(22)]);
    // What was given is not given again after a restart, even where the row is gone.
    let mut db = db;
    db.delete("main", "t", &[int(22)]);
    db.reopen();
    db.insert("main", "t", vec![NULL, NULL]);
    assert_eq!(db.rows("main", "t").last().unwrap()[0], int(23));
}

#[test]
fn the_last_id_is_the_last() {
    let db = Db::with([automatic()]);
    db.insert("main", "t", vec![int(i64::MAX), NULL]);
    db.insert("main", "t", vec![int(i64::MAX - 1), NULL]);
    let full = db.try_write("main", |txn| insert(txn, "t", vec![NULL, NULL]).map(drop));
    assert!(matches!(full, Err(Error::Limit(_))), "{full:?}");
}

// --- The writer slot ---

#[test]
fn the_writer_slot_keeps_others_out_until_it_expires() {
    let db = db();
    let (holder, other) = (SlotToken([1; 16]), SlotToken([2; 16]));
    let now = db.moments.now();
    let end = Micros(now.0 + 1_000_000);
    db.database.take_slot("main", holder, now, end).unwrap();
    assert!(matches!(db.database.take_slot("main", other, now, end), Err(Error::Busy(_))));
    let mut outside = db.begin("main");
    put(&db, &mut outside, 1, 1);
    assert!(matches!(db.commit("main", &outside), Err(Error::Busy(_))));

    let mut inside = db.begin("main");
    put(&db, &mut inside, 2, 2);
    let note = CommitNote::default();
    db.database.commit("main", &inside, &note, Some(holder)).unwrap().value.unwrap();
    db.database.give_slot("main", other);
    assert!(matches!(db.commit("main", &outside), Err(Error::Busy(_))), "not theirs to give");
    // The same transaction goes through when its statement's time is past the lease.
    db.moments.pass(2_000);
    let mut late = db.begin("main");
    put(&db, &mut late, 1, 3);
    db.commit("main", &late).unwrap().unwrap();
    db.database.take_slot("main", other, db.moments.now(), Micros(i64::MAX)).unwrap();
    db.database.give_slot("main", other);
    db.set("main", "t", &[int(1)], "n", int(4));
}

#[test]
fn a_slot_is_of_one_branch() {
    let db = db();
    db.branch("b", "main");
    let now = db.moments.now();
    db.database.take_slot("main", SlotToken([1; 16]), now, Micros(i64::MAX)).unwrap();
    db.set("b", "t", &[int(1)], "n", int(1));
}
