//! GlueSQL's own test suite on a branch of a database in memory. After each test the database is
//! checked against its own laws.

use gluesql_core::prelude::Glue;
use gluesql_test_suite::*;
use offshoot_core::chunk::MemoryStore;
use offshoot_core::database::Database;
use offshoot_core::history::Micros;
use offshoot_core::moment::Moment;
use offshoot_core::sql::BranchStorage;
use std::cell::Cell;
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

struct BranchTester {
    glue: Glue<BranchStorage>,
    database: Arc<Database>,
}

impl Tester<BranchStorage> for BranchTester {
    fn new(_namespace: &str) -> Self {
        let moments = moments();
        let opened = Database::open(Arc::new(MemoryStore::new()), &moments()).unwrap();
        let database = Arc::new(opened.value);
        let storage = BranchStorage::new(database.clone(), "main", Box::new(moments));
        BranchTester { glue: Glue::new(storage), database }
    }

    fn get_glue(&mut self) -> &mut Glue<BranchStorage> {
        &mut self.glue
    }
}

impl Drop for BranchTester {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut wrong = Vec::new();
        self.database.verify(&mut |finding| wrong.push(finding)).unwrap();
        assert_eq!(wrong, Vec::<String>::new());
    }
}

generate_store_tests!(test, BranchTester);
generate_alter_table_tests!(test, BranchTester);
generate_custom_function_tests!(test, BranchTester);
generate_index_tests!(test, BranchTester);
generate_transaction_tests!(test, BranchTester);
generate_alter_table_index_tests!(test, BranchTester);
generate_transaction_alter_table_tests!(test, BranchTester);
generate_transaction_index_tests!(test, BranchTester);
generate_metadata_table_tests!(test, BranchTester);
generate_metadata_index_tests!(test, BranchTester);
