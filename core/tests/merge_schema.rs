//! Definitions merged: what is added, dropped and altered on either side, and what cannot stand
//! together.

mod support;

use offshoot_core::database::MergeRequest;
use offshoot_core::error::Error;
use offshoot_core::merge::{Conflict, Policy};
use offshoot_core::row::TableDef;
use offshoot_core::value::SqlType;
use support::{Db, Define, NULL, alter, conflicts, int, merging, text};

fn plain() -> TableDef {
    Define::table("t").required("id", SqlType::Integer).text("a").text("b").key(&["id"]).build()
}

/// A table `t` with rows 1, 2 and 3, on `main` and a branch `b` of it.
fn pair() -> Db {
    let db = Db::with([plain()]);
    for id in 1..=3 {
        db.insert("main", "t", vec![int(id), text("a"), text("b")]);
    }
    db.branch("b", "main");
    db
}

fn change(db: &Db, branch: &str, table: &str, with: impl FnOnce(Define) -> Define) {
    db.write(branch, |txn| alter(txn, table, with));
}

fn merge(db: &Db) -> Result<offshoot_core::database::MergeReport, Error> {
    db.merge(&MergeRequest { policy: Policy::SourceWins, ..merging("b", "main") })
}

fn kinds(conflicts: &[Conflict]) -> Vec<(&str, Option<&str>, &'static str)> {
    conflicts.iter().map(|c| (&*c.table, c.row_id.as_deref(), c.kind.name())).collect()
}

fn columns(db: &Db, branch: &str, table: &str) -> Vec<String> {
    let state = db.state(branch);
    state.find(table).unwrap().table.def.columns.iter().map(|c| c.name.clone()).collect()
}

#[test]
fn a_column_added_on_one_side_is_taken() {
    let db = pair();
    change(&db, "b", "t", |t| t.column_with("c", SqlType::Integer, false, int(7)));
    db.insert("b", "t", vec![int(4), NULL, NULL, int(1)]);
    db.set("main", "t", &[int(1)], "a", text("target"));
    let report = merge(&db).unwrap();
    assert!(report.schema_changed);
    assert_eq!(
        db.rows("main", "t"),
        [
            vec![int(1), text("target"), text("b"), int(7)],
            vec![int(2), text("a"), text("b"), int(7)],
            vec![int(3), text("a"), text("b"), int(7)],
            vec![int(4), NULL, NULL, int(1)],
        ]
    );
    db.assert_lawful();
}

#[test]
fn the_same_column_added_on_both_sides_is_one_column() {
    let db = pair();
    for (branch, value) in [("b", 1), ("main", 2)] {
        change(&db, branch, "t", |t| t.column("c", SqlType::Integer));
        db.set(branch, "t", &[int(value)], "c", int(value));
    }
    merge(&db).unwrap();
    assert_eq!(columns(&db, "main", "t"), ["id", "a", "b", "c"]);
    let cells: Vec<_> = db.rows("main", "t").into_iter().map(|row| row[3].clone()).collect();
    assert_eq!(cells, [int(1), int(2), NULL]);
    db.assert_lawful();
}

#[test]
fn one_column_name_with_two_definitions_conflicts() {
    let db = pair();
    change(&db, "b", "t", |t| t.column("c", SqlType::Integer));
    change(&db, "main", "t", |t| t.column("c", SqlType::Text));
    assert_eq!(kinds(&conflicts(merge(&db))), [("t", None, "schema")]);
}

#[test]
fn different_columns_added_on_both_sides_are_both_there() {
    let db = pair();
    change(&db, "b", "t", |t| t.column("c", SqlType::Integer));
    change(&db, "main", "t", |t| t.column("d", SqlType::Text));
    db.set("b", "t", &[int(1)], "c", int(1));
    db.set("main", "t", &[int(1)], "d", text("d"));
    merge(&db).unwrap();
    assert_eq!(columns(&db, "main", "t"), ["id", "a", "b", "d", "c"]);
    assert_eq!(db.rows("main", "t")[0], [int(1), text("a"), text("b"), text("d"), int(1)]);
    db.assert_lawful();
}

#[test]
fn a_column_dropped_and_left_alone_goes() {
    let db = pair();
    change(&db, "b", "t", |t| t.drop_column("b"));
    db.set("main", "t", &[int(1)], "a", text("target"));
    db.insert("main", "t", vec![int(4), text("x"), text("y")]);
    merge(&db).unwrap();
    assert_eq!(columns(&db, "main", "t"), ["id", "a"]);
    assert_eq!(db.rows("main", "t")[0], [int(1), text("target")]);
    assert_eq!(db.rows("main", "t")[3], [int(4), text("x")]);
    db.assert_lawful();
}

#[test]
fn a_column_dropped_on_one_side_and_written_on_the_other_conflicts() {
    for (dropping, writing) in [("b", "main"), ("main", "b")] {
        let db = pair();
        change(&db, dropping, "t", |t| t.drop_column("b"));
        db.set(writing, "t", &[int(1)], "b", text("written"));
        assert_eq!(kinds(&conflicts(merge(&db))), [("t", None, "schema")]);
    }
}

#[test]
fn a_column_renamed_on_one_side_and_written_on_the_other_is_one_column() {
    let db = pair();
    change(&db, "b", "t", |t| t.rename_column("a", "alpha"));
    db.set("main", "t", &[int(1)], "a", text("written"));
    merge(&db).unwrap();
    assert_eq!(columns(&db, "main", "t"), ["id", "alpha", "b"]);
    assert_eq!(db.rows("main", "t")[0][1], text("written"));
}

#[test]
fn a_column_renamed_in_two_ways_conflicts() {
    let db = pair();
    change(&db, "b", "t", |t| t.rename_column("a", "alpha"));
    change(&db, "main", "t", |t| t.rename_column("a", "anton"));
    assert_eq!(kinds(&conflicts(merge(&db))), [("t", None, "schema")]);
}

#[test]
fn a_type_changed_on_one_side_converts_the_rows_of_the_other() {
    let db = pair();
    db.write("b", |txn| {
        let def = support::table(txn, "t").table.def.clone();
        let def = Define::of(def).retype("b", SqlType::Varchar(1)).build();
        txn.define(def, Some(&|row| Ok(row.clone())))
    });
    db.insert("main", "t", vec![int(4), NULL, text("z")]);
    merge(&db).unwrap();
    assert_eq!(db.state("main").find("t").unwrap().table.def.columns[2].ty, SqlType::Varchar(1));
    assert_eq!(db.rows("main", "t")[3][2], text("z"));
    db.assert_lawful();

    let db = pair();
    db.write("b", |txn| {
        let def = support::table(txn, "t").table.def.clone();
        let def = Define::of(def).retype("b", SqlType::Varchar(1)).build();
        txn.define(def, Some(&|row| Ok(row.clone())))
    });
    db.insert("main", "t", vec![int(4), NULL, text("too long")]);
    assert_eq!(kinds(&conflicts(merge(&db))), [("t", None, "schema")]);
    // The other way round the row comes from the source.
    let found = conflicts(db.merge(&merging("main", "b")));
    assert_eq!(kinds(&found), [("t", None, "schema")]);
}

#[test]
fn a_table_created_on_one_side_is_taken_with_its_rows() {
    let db = pair();
    let new = Define::table("n").required("id", SqlType::Integer).key(&["id"]).build();
    db.write("b", |txn| txn.create_table(new).map(drop));
    db.insert("b", "n", vec![int(1)]);
    let report = merge(&db).unwrap();
    assert_eq!((report.changes, report.schema_changed), (1, true));
    assert_eq!(db.rows("main", "n"), [[int(1)]]);
    db.assert_lawful();
}

#[test]
fn the_same_table_created_on_both_sides_is_one_table() {
    let db = pair();
    let new = || Define::table("n").required("id", SqlType::Integer).text("x").key(&["id"]).build();
    for (branch, id) in [("b", 1), ("main", 2)] {
        db.write(branch, |txn| txn.create_table(new()).map(drop));
        db.insert(branch, "n", vec![int(id), text(branch)]);
    }
    merge(&db).unwrap();
    assert_eq!(db.rows("main", "n"), [[int(1), text("b")], [int(2), text("main")]]);
    db.assert_lawful();
}

#[test]
fn one_table_name_with_two_definitions_conflicts() {
    let db = pair();
    for (branch, column) in [("b", "x"), ("main", "y")] {
        let mut def = Define::table("n").int(column).build();
        def.id = offshoot_core::row::TableId::derive(b"", "n", column.as_bytes(), 0);
        db.write(branch, |txn| txn.create_table(def).map(drop));
    }
    assert_eq!(kinds(&conflicts(merge(&db))), [("n", None, "schema")]);
}

#[test]
fn a_table_dropped_and_left_alone_goes() {
    let db = pair();
    db.write("b", |txn| txn.drop_table(support::table_id(txn, "t")));
    let report = merge(&db).unwrap();
    assert!(report.schema_changed);
    assert!(matches!(db.state("main").find("t"), Err(Error::NotFound { .. })));
}

#[test]
fn a_table_dropped_on_one_side_and_changed_on_the_other_conflicts() {
    for (dropping, writing) in [("b", "main"), ("main", "b")] {
        let db = pair();
        db.write(dropping, |txn| txn.drop_table(support::table_id(txn, "t")));
        db.set(writing, "t", &[int(1)], "a", text("written"));
        assert_eq!(kinds(&conflicts(merge(&db))), [("t", None, "schema")]);
    }
}

#[test]
fn tables_may_exchange_names() {
    let other = Define::table("u").required("id", SqlType::Integer).key(&["id"]).build();
    let db = Db::with([plain(), other]);
    db.insert("main", "t", vec![int(1), NULL, NULL]);
    db.branch("b", "main");
    change(&db, "b", "t", |t| t.renamed("swap"));
    change(&db, "b", "u", |u| u.renamed("t"));
    change(&db, "b", "swap", |t| t.renamed("u"));
    merge(&db).unwrap();
    assert_eq!(db.rows("main", "u"), [[int(1), NULL, NULL]]);
    assert_eq!(columns(&db, "main", "t"), ["id"]);
}

#[test]
fn a_table_dropped_and_made_anew_under_its_name_is_taken() {
    let db = pair();
    db.write("b", |txn| txn.drop_table(support::table_id(txn, "t")));
    let mut def = Define::table("t").int("x").build();
    def.id = offshoot_core::row::TableId::derive(b"", "t", b"another", 0);
    db.write("b", |txn| txn.create_table(def).map(drop));
    merge(&db).unwrap();
    assert_eq!(columns(&db, "main", "t"), ["x"]);
}

#[test]
fn a_primary_key_changed_beside_changed_rows_conflicts() {
    let db = pair();
    change(&db, "b", "t", |t| t.key(&["id", "-a"]).not_null("a"));
    db.set("main", "t", &[int(1)], "b", text("target"));
    assert_eq!(kinds(&conflicts(merge(&db))), [("t", None, "schema")]);
}

#[test]
fn a_primary_key_changed_beside_an_idle_table_is_taken() {
    let db = pair();
    change(&db, "b", "t", |t| t.key(&["a", "id"]).not_null("a"));
    merge(&db).unwrap();
    assert_eq!(db.state("main").find("t").unwrap().table.def.primary_key.len(), 2);
    db.assert_lawful();
}

// --- Constraints that meet rows of the other side ---

#[test]
fn a_new_unique_index_meets_rows_of_the_target() {
    let db = pair();
    db.write("b", |txn| {
        for id in 1..=3 {
            support::set(txn, "t", &[int(id)], "a", text(&format!("a{id}")))?;
        }
        Ok(())
    });
    change(&db, "b", "t", |t| t.unique("t_a", &["a"]));
    db.insert("main", "t", vec![int(4), text("a4"), NULL]);
    merge(&db).unwrap();
    db.assert_lawful();

    let db = pair();
    change(&db, "b", "t", |t| t.unique("t_a_b_id", &["b", "id"]).unique("t_id_b", &["id", "b"]));
    db.insert("main", "t", vec![int(4), NULL, text("b")]);
    merge(&db).unwrap();
    db.assert_lawful();

    let db = pair();
    db.write("b", |txn| {
        support::delete(txn, "t", &[int(2)])?;
        support::delete(txn, "t", &[int(3)])
    });
    change(&db, "b", "t", |t| t.unique("t_a", &["a"]));
    db.insert("main", "t", vec![int(4), text("a"), NULL]);
    let found = conflicts(merge(&db));
    assert!(!found.is_empty() && found.iter().all(|c| c.kind.name() == "unique"), "{found:?}");
}

#[test]
fn not_null_meets_a_null_of_the_target() {
    let db = pair();
    change(&db, "b", "t", |t| t.not_null("b"));
    db.insert("main", "t", vec![int(4), text("a"), NULL]);
    let found = conflicts(merge(&db));
    assert_eq!(kinds(&found), [("t", Some("4"), "not_null")]);
    assert_eq!(found[0].column.as_deref(), Some("b"));
    db.set("main", "t", &[int(4)], "b", text("mended"));
    merge(&db).unwrap();
    db.assert_lawful();
}

#[test]
fn a_new_check_meets_a_row_of_the_target() {
    use offshoot_core::expr::{CompareOp, Expr};
    let db = pair();
    change(&db, "b", "t", |t| {
        t.check("small", |column| Expr::Compare {
            op: CompareOp::Lt,
            left: Box::new(column("id")),
            right: Box::new(Expr::literal(100)),
        })
    });
    db.insert("main", "t", vec![int(100), NULL, NULL]);
    assert_eq!(kinds(&conflicts(merge(&db))), [("t", Some("100"), "check")]);
}

#[test]
fn a_null_of_the_source_meets_not_null_of_the_target() {
    let db = pair();
    change(&db, "main", "t", |t| t.not_null("b"));
    db.insert("b", "t", vec![int(4), text("a"), NULL]);
    let found = conflicts(merge(&db));
    assert_eq!(kinds(&found), [("t", Some("4"), "not_null")]);
}

/// Parents and children that do not refer to them yet.
fn strangers() -> Db {
    let parents = Define::table("p").required("id", SqlType::Integer).int("n").key(&["id"]).build();
    let children =
        Define::table("c").required("id", SqlType::Integer).int("parent").key(&["id"]).build();
    let db = Db::with([parents, children]);
    db.insert("main", "p", vec![int(1), int(1)]);
    db.insert("main", "c", vec![int(10), int(1)]);
    db.branch("b", "main");
    db
}

#[test]
fn a_new_foreign_key_meets_rows_of_the_target() {
    // A child that refers to nothing.
    let db = strangers();
    let parent = db.state("b").find("p").unwrap().table.def.clone();
    change(&db, "b", "c", |c| c.references(&["parent"], &parent, &["id"]));
    db.insert("main", "c", vec![int(11), int(5)]);
    assert_eq!(kinds(&conflicts(merge(&db))), [("c", Some("11"), "foreign_key")]);
    // A parent that is gone; the children were left alone.
    let db = strangers();
    change(&db, "b", "c", |c| c.references(&["parent"], &parent, &["id"]));
    db.delete("main", "p", &[int(1)]);
    assert_eq!(kinds(&conflicts(merge(&db))), [("c", Some("10"), "foreign_key")]);
    // Nothing in the way.
    let db = strangers();
    change(&db, "b", "c", |c| c.references(&["parent"], &parent, &["id"]));
    db.insert("main", "p", vec![int(5), NULL]);
    db.insert("main", "c", vec![int(11), int(5)]);
    merge(&db).unwrap();
    db.assert_lawful();
}

#[test]
fn a_foreign_key_whose_parent_the_other_side_dropped_conflicts() {
    for (dropping, referring) in [("b", "main"), ("main", "b")] {
        let db = strangers();
        db.write(dropping, |txn| txn.drop_table(support::table_id(txn, "p")));
        let parent = db.state(referring).find("p").unwrap().table.def.clone();
        change(&db, referring, "c", |c| c.references(&["parent"], &parent, &["id"]));
        let found = conflicts(merge(&db));
        assert_eq!(kinds(&found), [("c", None, "schema")], "{dropping} drops");
    }
}

#[test]
fn a_foreign_key_whose_unique_index_the_other_side_dropped_conflicts() {
    let db = strangers();
    change(&db, "main", "p", |p| p.unique("p_n", &["n"]));
    db.merge(&merging("main", "b")).unwrap();
    change(&db, "main", "p", |p| p.drop_index("p_n"));
    let parent = db.state("b").find("p").unwrap().table.def.clone();
    change(&db, "b", "c", |c| c.references(&["parent"], &parent, &["n"]));
    assert_eq!(kinds(&conflicts(merge(&db))), [("c", None, "schema")]);
}

#[test]
fn one_index_name_on_two_tables_conflicts() {
    let db = strangers();
    change(&db, "b", "c", |c| c.index("idx", &["parent"]));
    change(&db, "main", "p", |p| p.index("IDX", &["n"]));
    let found = conflicts(merge(&db));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind.name(), "schema");
}

#[test]
fn an_index_added_on_one_side_holds_the_rows_of_the_other() {
    for (indexing, writing) in [("b", "main"), ("main", "b")] {
        let db = pair();
        change(&db, indexing, "t", |t| t.index("t_b_a", &["-b", "a"]));
        db.insert(writing, "t", vec![int(4), text("x"), text("y")]);
        db.delete(writing, "t", &[int(2)]);
        db.set(writing, "t", &[int(1)], "b", text("written"));
        merge(&db).unwrap();
        db.assert_lawful();
        let state = db.state("main");
        let table = state.find("t").unwrap();
        assert_eq!((table.indexes.len(), table.indexes[0].count()), (1, 3));
    }
}
