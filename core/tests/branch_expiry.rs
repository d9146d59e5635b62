//! Branches that end by themselves: when they are no longer found, what keeps them, what remains.

mod support;

use offshoot_core::database::{BranchPatch, Database, NewBranch};
use offshoot_core::error::{Error, Result};
use offshoot_core::history::{BranchRecord, BranchStatus, Micros};
use support::{Db, EPOCH, moment};

/// The time of a test's moment.
fn at(number: i64) -> Micros {
    Micros(EPOCH + number * 1000)
}

/// A branch of `source` that ends at moment 1000.
fn brief(db: &Db, name: &str, source: &str) -> BranchRecord {
    let (name, source) = (name.to_owned(), source.to_owned());
    let new = NewBranch { name, source, expires: Some(at(1000)), ..NewBranch::default() };
    db.database.create_branch(&db.moments.next(), new).unwrap().value
}

fn patch(db: &Db, name: &str, patch: BranchPatch) -> Result<BranchRecord> {
    db.database.update_branch(&db.moments.next(), name, patch).map(|receipt| receipt.value)
}

/// Names of the branches that are found, and that are listed as such.
fn live(database: &Database) -> Vec<String> {
    let records = database.branches().unwrap();
    let live = records.into_iter().filter(|r| r.status != BranchStatus::Deleted);
    let names: Vec<String> = live.map(|record| record.name).collect();
    assert!(names.iter().all(|name| database.branch(name).is_ok()), "{names:?}");
    names
}

#[test]
fn not_found_from_that_time_on_and_deleted_when_asked() {
    let mut db = Db::new();
    let record = brief(&db, "brief", "main");
    assert_eq!(record.expires, Some(at(1000)));
    db.reopen();
    assert_eq!(db.database.branch("brief").unwrap().expires, Some(at(1000)), "it is kept");

    db.database.tell_time(at(999));
    assert!(!db.database.has_expired());
    db.database.head("brief").unwrap();
    db.database.tell_time(at(1000));
    // Nobody has deleted it, and yet it is gone, by name and by id.
    for name in ["brief".to_owned(), record.id.to_string()] {
        assert!(matches!(db.database.head(&name), Err(Error::NotFound { .. })), "{name}");
        assert!(
            patch(&db, &name, BranchPatch { expires: Some(None), ..Default::default() }).is_err()
        );
    }
    assert_eq!(live(&db.database), ["main"]);
    db.database.tell_time(at(0));
    assert_eq!(live(&db.database), ["main"], "time does not go back");

    assert!(db.database.has_expired());
    let gone = db.database.delete_expired(&moment(1001)).unwrap().value;
    assert_eq!(gone.iter().map(|r| r.id).collect::<Vec<_>>(), [record.id]);
    assert!(!db.database.has_expired());
    let found = db.database.branch_or_deleted(&record.id.to_string()).unwrap();
    assert_eq!((found.status, found.deleted), (BranchStatus::Deleted, Some(at(1001))));
}

#[test]
fn protection_and_children_keep_it() {
    let db = Db::new();
    brief(&db, "held", "main");
    patch(&db, "held", BranchPatch { protected: Some(true), ..Default::default() }).unwrap();
    brief(&db, "parent", "main");
    brief(&db, "middle", "parent");
    db.branch("child", "middle");
    brief(&db, "other", "parent");
    db.database.tell_time(at(1000));
    assert_eq!(live(&db.database), ["child", "held", "main", "middle", "parent"]);
    let gone = db.database.delete_expired(&moment(1001)).unwrap().value;
    assert_eq!(gone.iter().map(|r| &r.name).collect::<Vec<_>>(), ["other"]);
    db.database.head("parent").unwrap();
    // With the last child that is in use, what it kept is over, and goes in one call.
    db.database.delete_branch(&moment(1002), "child", true).unwrap();
    assert_eq!(live(&db.database), ["held", "main"]);
    let gone = db.database.delete_expired(&moment(1003)).unwrap().value;
    assert_eq!(gone.iter().map(|r| &r.name).collect::<Vec<_>>(), ["middle", "parent"]);
    patch(&db, "held", BranchPatch { protected: Some(false), ..Default::default() }).unwrap();
    assert_eq!(live(&db.database), ["main"]);
}

#[test]
fn its_name_is_free_again_before_it_is_deleted() {
    let db = Db::new();
    let first = brief(&db, "pr", "main");
    db.moments.pass(1000);
    db.database.tell_time(db.moments.now());
    let second = db.branch("pr", "main");
    assert_ne!(first.id, second.id);
    assert_eq!(second.expires, None);
    let old = db.database.branch_or_deleted(&first.id.to_string()).unwrap();
    assert_eq!(old.status, BranchStatus::Deleted);
}

#[test]
fn what_has_no_end_and_what_cannot_have_one() {
    let db = Db::new();
    brief(&db, "a", "main");
    let later = |expires| BranchPatch { expires: Some(expires), ..Default::default() };
    assert_eq!(patch(&db, "a", later(Some(at(2000)))).unwrap().expires, Some(at(2000)));
    db.database.tell_time(at(1500));
    db.database.head("a").unwrap();
    assert_eq!(patch(&db, "a", later(None)).unwrap().expires, None);
    db.database.tell_time(at(9000));
    db.database.head("a").unwrap();
    assert!(matches!(patch(&db, "main", later(Some(at(9999)))), Err(Error::Protected(..))));
    patch(&db, "main", later(None)).unwrap();
    let past = db.moments.now();
    assert!(matches!(patch(&db, "a", later(Some(past))), Err(Error::Invalid(_))));
    let new = NewBranch {
        name: "b".into(),
        source: "main".into(),
        expires: Some(past),
        ..NewBranch::default()
    };
    let refused = db.database.create_branch(&db.moments.next(), new);
    assert!(matches!(refused, Err(Error::Invalid(_))));
}
