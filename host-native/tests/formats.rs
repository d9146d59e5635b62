//! Databases of released formats are opened, read and extended.

use offshoot::EmbeddedDatabase;
use offshoot::storage::verify_file;
use offshoot_core::database::AsOf;
use offshoot_core::history::Scn;
use offshoot_core::sql::Session;
use offshoot_core::value::Value;
use std::path::{Path, PathBuf};

/// A copy to work on, removed at the end.
struct Copy(PathBuf);

impl Copy {
    fn of(format: &str) -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
        let name = format!("offshoot-{format}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("main.offshoot");
        std::fs::copy(fixtures.join(format).join("main.offshoot"), &file).unwrap();
        Copy(file)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

fn rows(db: &EmbeddedDatabase, branch: &str, sql: &str, as_of: AsOf) -> Vec<Vec<String>> {
    let mut session = Session::new(db.database().clone(), branch, "");
    let output = db.run(&mut session, sql, &[], as_of).unwrap();
    output.rows.iter().map(|row| row.iter().map(Value::to_text).collect()).collect()
}

#[test]
fn format_1_is_read_and_extended() {
    let copy = Copy::of("format-1");
    let all = "SELECT id, text, price, stars FROM notes ORDER BY id";
    let now = vec![vec!["1", "uno", "9.99", "3"], vec!["3", "three", "", "3"]];
    {
        let db = EmbeddedDatabase::new(&copy.0).unwrap();
        assert_eq!(rows(&db, "main", all, AsOf::Now), now);
        let then = rows(&db, "main", "SELECT id, text FROM notes", AsOf::Scn(Scn(6)));
        assert_eq!(then, [["1", "one"], ["2", "two"]]);
        let branch = rows(&db, "feature", "SELECT text, price FROM notes WHERE id = 1", AsOf::Now);
        assert_eq!(branch, [["one", "9.99"]]);
        assert_eq!(db.database().log("main", None, None, 100).unwrap().len(), 10);
        db.execute("main", "INSERT INTO notes (person, text) VALUES (2, 'new')", &[]).unwrap();
        let twice = db.execute("main", "INSERT INTO notes (text) VALUES ('uno')", &[]);
        assert!(twice.is_err(), "the unique index holds");
        db.close().unwrap();
    }
    assert_eq!(verify_file(&copy.0).unwrap(), []);
    let db = EmbeddedDatabase::new(&copy.0).unwrap();
    assert_eq!(rows(&db, "main", "SELECT id FROM notes", AsOf::Now), [["1"], ["3"], ["4"]]);
    let mut wrong = Vec::new();
    db.database().verify(&mut |finding| wrong.push(finding)).unwrap();
    assert_eq!(wrong, Vec::<String>::new());
}
