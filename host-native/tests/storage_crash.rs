//! Power that fails, processes that end and disks that refuse, at every point of a random load.

mod storage_model;

use offshoot::storage::fault::{Crash, Fault, FaultPlace};
use offshoot_core::chunk::{Store, StoreError};
use storage_model::{Model, Rng, open};

// One load from a fresh place until `fault_at` operations were done, then a crash, three times over
// with the file that is left. Returns how many operations the first load took.
fn live_and_crash(seed: u64, fault_at: u64, fault: Fault, crash: Crash) -> u64 {
    let mut rng = Rng::new(seed);
    let mut place = FaultPlace::new(seed);
    let mut model = Model::default();
    let mut operations = 0;
    for life in 0..3u64 {
        place.fault_after(fault_at, fault);
        let mut survived = false;
        if let Ok(store) = open(&place) {
            if life > 0 {
                model.reopened(&store);
            }
            for _ in 0..40 {
                if let Err(e) = model.step(&store, &mut rng) {
                    assert!(!matches!(e, StoreError::Corrupt(_)), "{e}");
                    // Either nothing happened but the error, or the store has stopped for good.
                    if store.read_ref("x").is_err() {
                        assert!(matches!(store.flush(), Err(StoreError::Stopped(_))));
                        break;
                    }
                }
            }
            survived = rng.below(3) == 0 && store.close().is_ok();
        }
        if life == 0 {
            operations = place.operations();
        }
        place = place.after(if survived { Crash::Killed } else { crash });

        let store = open(&place).unwrap_or_else(|e| panic!("it opens after a crash: {e}"));
        model.reopened(&store);
        assert_eq!(store.verify().unwrap(), []);
        if rng.below(2) == 0 {
            // What an opening has shown must not go with the power afterwards.
            place = place.after(Crash::PowerLost);
            continue;
        }
        model.write(&store, &mut rng).unwrap();
        model.flush(&store).unwrap();
        drop(store);
        let store = open(&place).unwrap();
        model.reopened(&store);
        assert_eq!(store.recovery().torn, None);
        place = place.after([Crash::Killed, Crash::PowerLost][rng.below(2) as usize]);
    }
    operations
}

#[test]
fn what_was_durable_is_there_after_a_crash_at_any_operation() {
    for seed in 1..=12 {
        let all = live_and_crash(seed, u64::MAX / 2, Fault::Stop, Crash::PowerLost);
        let mut schedules = 0;
        for at in 0..all {
            for crash in [Crash::PowerLost, Crash::Killed] {
                println!("seed {seed}, operation {at}, {crash:?}");
                live_and_crash(seed, at, Fault::Stop, crash);
                schedules += 1;
            }
        }
        println!("seed {seed}: {schedules} crashes");
        assert!(schedules > 60);
    }
}

#[test]
fn what_was_durable_is_there_after_a_refused_operation() {
    for seed in 100..=106 {
        let all = live_and_crash(seed, u64::MAX / 2, Fault::Stop, Crash::Killed);
        for at in 0..all {
            for crash in [Crash::PowerLost, Crash::Killed] {
                println!("seed {seed}, operation {at}, {crash:?}");
                live_and_crash(seed, at, Fault::Fail, crash);
            }
        }
    }
}

#[test]
fn a_torn_end_is_moved_aside_and_reported() {
    let place = FaultPlace::new(5);
    let (mut model, mut rng) = (Model::default(), Rng::new(5));
    let store = open(&place).unwrap();
    for _ in 0..5 {
        model.write(&store, &mut rng).unwrap();
        model.flush(&store).unwrap();
    }
    let whole = store.stats().unwrap().log_bytes;
    drop(store);
    // The first bytes of a frame that never got further.
    let mut bytes = place.bytes("").unwrap();
    assert_eq!(bytes.len() as u64, whole);
    let beginning = bytes[4096..4096 + 60].to_vec();
    bytes.extend_from_slice(&beginning);
    let place = FaultPlace::with(bytes);
    let store = open(&place).unwrap();
    let torn = store.recovery().torn.clone().unwrap();
    assert_eq!((torn.offset, torn.bytes), (whole, 60));
    assert_eq!(torn.saved_as, format!("memory.torn-{whole}"));
    assert_eq!(place.bytes(&format!(".torn-{whole}")).unwrap(), beginning);
    model.reopened(&store);
}
