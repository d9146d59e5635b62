//! GlueSQL's own test suite on a branch of a database in a file. After each test the file is opened
//! again, and checked.

use gluesql_core::prelude::Glue;
use gluesql_test_suite::*;
use offshoot::storage::{FileStore, Options, verify_file};
use offshoot_core::database::Database;
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::BranchStorage;
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// The time is real, because the suite compares it with GlueSQL's own; the seeds are counted.
fn moments() -> impl Fn() -> Moment + Send {
    let number = Cell::new(0u64);
    move || {
        number.set(number.get() + 1);
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.get().to_le_bytes());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Moment { now: Micros(now.as_micros() as i64), seed }
    }
}

struct FileTester {
    glue: Option<Glue<BranchStorage>>,
    folder: PathBuf,
}

impl FileTester {
    fn file(&self) -> PathBuf {
        self.folder.join("main.offshoot")
    }
}

impl Tester<BranchStorage> for FileTester {
    fn new(namespace: &str) -> Self {
        let name = format!("offshoot-gluesql-{namespace}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        let mut tester = FileTester { glue: None, folder };
        let store = FileStore::open(tester.file(), Options::default()).unwrap();
        let moments = moments();
        let database = Database::open(Arc::new(store), &moments()).unwrap().value;
        let storage = BranchStorage::new(Arc::new(database), "main", Box::new(moments));
        tester.glue = Some(Glue::new(storage));
        tester
    }

    fn get_glue(&mut self) -> &mut Glue<BranchStorage> {
        self.glue.as_mut().unwrap()
    }
}

impl Drop for FileTester {
    fn drop(&mut self) {
        self.glue = None;
        if !std::thread::panicking() {
            assert_eq!(verify_file(self.file()).unwrap(), []);
            // What was written reads from the file alone, and keeps every law.
            let store = FileStore::open(self.file(), Options::default()).unwrap();
            let database = Database::open(Arc::new(store), &moments()()).unwrap().value;
            let mut wrong = Vec::new();
            database.verify(&mut |finding| wrong.push(finding)).unwrap();
            assert_eq!(wrong, Vec::<String>::new());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

generate_store_tests!(test, FileTester);
generate_alter_table_tests!(test, FileTester);
generate_custom_function_tests!(test, FileTester);
generate_index_tests!(test, FileTester);
generate_transaction_tests!(test, FileTester);
generate_alter_table_index_tests!(test, FileTester);
generate_transaction_alter_table_tests!(test, FileTester);
generate_transaction_index_tests!(test, FileTester);
generate_metadata_table_tests!(test, FileTester);
generate_metadata_index_tests!(test, FileTester);
