//! Flipped bytes: each one is reported, or was in a place that means nothing.

mod storage_model;

use offshoot::storage::fault::{Crash, FaultPlace};
use offshoot::storage::{FileStore, Options, verify_place};
use offshoot_core::chunk::StoreError;
use storage_model::{Model, Rng, open, repeatable};

fn small_database(rng: &mut Rng, closed: bool, compacted: bool) -> (Model, Vec<u8>) {
    let place = FaultPlace::new(3);
    let mut model = Model::default();
    let store = open(&place).unwrap();
    for step in 0..10 {
        model.write(&store, rng).unwrap();
        if step % 3 == 0 {
            model.flush(&store).unwrap();
        }
        if compacted && step == 6 {
            let all = |_: &_| true;
            let plan = offshoot::storage::Compaction {
                live: &all,
                keep_keyframe: &all,
                since: offshoot_core::chunk::Ticket(0),
                extra: vec![],
            };
            store.compact(&plan).unwrap();
        }
    }
    model.flush(&store).unwrap();
    if closed {
        drop(store);
        return (model, place.bytes("").unwrap());
    }
    let left = place.after(Crash::Killed).bytes("").unwrap();
    // Beyond the log the file holds zeros only; a page of them is enough to try.
    let used = left.iter().rposition(|b| *b != 0).unwrap() + 200;
    (model, left[..used.min(left.len())].to_vec())
}

// Whether the damage was reported. Data that comes back must be right in any case.
fn reported(model: &Model, bytes: Vec<u8>) -> bool {
    let place = FaultPlace::with(bytes);
    let on_its_own = !verify_place(&place).unwrap().is_empty();
    let store = match open(&place) {
        Ok(store) => store,
        Err(StoreError::Corrupt(_)) => {
            assert!(on_its_own, "opening found what a check did not");
            return true;
        }
        Err(e) => panic!("{e}"),
    };
    assert_eq!(store.durable(), model.durable);
    let found = !store.verify().unwrap().is_empty();
    let read = model.compare(&store);
    assert!(read.is_ok() || found, "a read failed where a check found nothing: {read:?}");
    found || on_its_own
}

trait Durable {
    fn durable(&self) -> u64;
}

impl Durable for FileStore {
    fn durable(&self) -> u64 {
        offshoot_core::chunk::Store::durable(self).0
    }
}

#[test]
fn every_flipped_byte_is_reported_or_harmless() {
    for (seed, closed, compacted) in
        [(1, false, false), (2, true, false), (3, true, true), (4, false, true)]
    {
        println!("seed {seed}, closed {closed}, compacted {compacted}");
        let mut rng = Rng::new(seed);
        let (model, bytes) = small_database(&mut rng, closed, compacted);
        assert!(!reported(&model, bytes.clone()));
        let mut silent = 0;
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << rng.below(8);
            let in_use = !(4096..).contains(&at) || bytes[at] != 0;
            if !reported(&model, bad) && in_use && at > 4096 {
                silent += 1;
            }
        }
        // A mark, whose loss is that of a second witness.
        assert!(silent <= 40, "{silent} of {}", bytes.len());
    }
}

#[test]
fn a_file_cut_anywhere_is_reported() {
    let (model, bytes) = small_database(&mut Rng::new(9), true, false);
    for len in (1..bytes.len()).step_by(7) {
        let place = FaultPlace::with(bytes[..len].to_vec());
        // Shorter than a header it may be a file whose creation was interrupted.
        if len > 4096 {
            assert!(matches!(open(&place), Err(StoreError::Corrupt(_))), "cut at {len}");
        }
    }
    assert!(!reported(&model, bytes));
}

#[test]
fn random_bytes_are_no_database_and_no_panic() {
    for seed in 1..400 {
        let mut rng = Rng::new(seed);
        let len = rng.below(20_000) as usize + 1;
        let mut bytes: Vec<u8> = (0..len).map(|_| rng.next() as u8).collect();
        if rng.below(2) == 0 {
            let (_, whole) = small_database(&mut rng, true, false);
            let keep = rng.below(whole.len() as u64) as usize;
            bytes.splice(..keep.min(len), whole[..keep].iter().copied());
        }
        let place = FaultPlace::with(bytes);
        drop(open(&place));
        drop(verify_place(&place));
    }
}

#[test]
fn a_damaged_index_can_be_read_around() {
    let mut rng = Rng::new(21);
    let place = FaultPlace::new(21);
    let mut model = Model::default();
    let store = open(&place).unwrap();
    while store.stats().unwrap().runs == 0 {
        model.write(&store, &mut rng).unwrap();
        model.flush(&store).unwrap();
    }
    drop(store);
    let mut bytes = place.bytes("").unwrap();
    // The newest slot names the checkpoint; the last bytes of the log are it or follow it.
    let newest = [512, 1024]
        .into_iter()
        .max_by_key(|at| u64::from_le_bytes(bytes[*at..at + 8].try_into().unwrap()))
        .unwrap();
    let checkpoint = u64::from_le_bytes(bytes[newest + 24..newest + 32].try_into().unwrap());
    bytes[checkpoint as usize + 70] ^= 1;
    let place = FaultPlace::with(bytes);
    assert!(matches!(open(&place), Err(StoreError::Corrupt(_))));
    assert!(!verify_place(&place).unwrap().is_empty());
    let whole = Options { use_index: false, ..repeatable() };
    let store = FileStore::open_at(Box::new(place.clone()), whole.clone()).unwrap();
    model.reopened(&store);
    drop(store);

    // A damaged write is not read around.
    let mut bytes = place.bytes("").unwrap();
    bytes[4096 + 70] ^= 1;
    let place = FaultPlace::with(bytes);
    let opened = FileStore::open_at(Box::new(place), whole);
    assert!(matches!(opened, Err(StoreError::Corrupt(_))));
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let (_, mut bytes) = small_database(&mut Rng::new(2), true, false);
    bytes[8] = 2;
    let Err(e) = open(&FaultPlace::with(bytes)) else { panic!("it opened") };
    assert!(e.to_string().contains("format version is 2"), "{e}");
    let Err(e) = open(&FaultPlace::with(b"a shopping list".to_vec())) else { panic!("it opened") };
    assert!(e.to_string().contains("not an Offshoot database"), "{e}");
}
