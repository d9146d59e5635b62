//! Real files: locking, reopening, group commit, compaction and backup under load.

mod storage_model;

use offshoot::storage::{Compaction, Durability, FileStore, Options, verify_file};
use offshoot_core::chunk::{
    Chunk, ChunkSource, Hash, Outcome, Pack, RefChange, Store, StoreError, Ticket, Write,
};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("offshoot-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Folder(path)
    }

    fn database(&self) -> PathBuf {
        self.0.join("below").join("main.offshoot")
    }

    fn open(&self) -> FileStore {
        FileStore::open(self.database(), Options::default()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn put(name: &str, expected: Option<&[u8]>, new: &[u8], chunks: Vec<Chunk>) -> Write {
    let (expected, new) = (expected.map(<[u8]>::to_vec), Some(new.to_vec()));
    let change = Some(RefChange { name: name.into(), expected, new });
    Write { pack: Pack { chunks, keyframes: vec![] }, change }
}

fn ticket(outcome: Outcome) -> Ticket {
    match outcome {
        Outcome::Accepted(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

fn chunk(n: u64) -> Chunk {
    Chunk::new(format!("a row of number {n}, and what else it says").into_bytes())
}

#[test]
fn a_second_opener_is_told_that_the_file_is_in_use() {
    let folder = Folder::new("lock");
    let store = folder.open();
    assert!(store.recovery().created);
    let Err(e) = FileStore::open(folder.database(), Options::default()) else {
        panic!("two have it")
    };
    assert!(e.to_string().contains("in use"), "{e}");
    store.close().unwrap();
    assert!(matches!(store.read_ref("x"), Err(StoreError::Stopped(_))));
    // Closed is closed, whoever still holds the store.
    let again = folder.open();
    assert!(again.recovery().was_closed && !again.recovery().created);
}

#[test]
fn nothing_is_created_unasked() {
    let folder = Folder::new("absent");
    let options = Options { create: false, ..Options::default() };
    assert!(FileStore::open(folder.database(), options).is_err());
    assert!(!folder.0.exists());
}

#[test]
fn an_index_over_many_lives_finds_everything_and_spares_reading() {
    let folder = Folder::new("lives");
    let mut n = 0;
    for _ in 0..12 {
        let options = Options { checkpoint_bytes: 100_000, ..Options::default() };
        let store = FileStore::open(folder.database(), options).unwrap();
        for _ in 0..20 {
            let chunks = (n..n + 200).map(chunk).collect();
            let keyframes = vec![(chunk(n).hash(), chunk(n + 1).hash())];
            let pack = Pack { chunks, keyframes };
            store.submit(Write { pack, change: None }).unwrap();
            n += 200;
        }
        store.flush().unwrap();
        assert!(store.recovery().scanned_bytes < 700_000, "{:?}", store.recovery());
        for n in (0..n).step_by(97) {
            let read = store.chunk(&chunk(n).hash()).unwrap().unwrap();
            assert_eq!(read.bytes(), chunk(n).bytes());
        }
        for n in (0..n).step_by(200) {
            assert_eq!(store.keyframe(&chunk(n).hash()).unwrap(), Some(chunk(n + 1).hash()));
        }
        assert!(store.chunk(&Hash::of(b"never stored")).unwrap().is_none());
        store.close().unwrap();
    }
    let store = folder.open();
    let stats = store.stats().unwrap();
    assert_eq!((stats.chunks, stats.keyframes), (n, n / 200));
    assert!(stats.runs > 0 && stats.runs < 12, "{stats:?}");
    // How much the index adds depends on when the background wrote it.
    assert!(stats.file_bytes < 3 * n * 60, "{stats:?}");
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn sixteen_writers_share_their_syncs() {
    let folder = Folder::new("group");
    let store = folder.open();
    let before = store.stats().unwrap().syncs;
    thread::scope(|scope| {
        for writer in 0..16u64 {
            let store = &store;
            scope.spawn(move || {
                let name = format!("branch/{writer}");
                let mut last: Option<Vec<u8>> = None;
                for n in 0..60u64 {
                    let new = n.to_le_bytes();
                    let write = put(&name, last.as_deref(), &new, vec![chunk(writer << 32 | n)]);
                    let ticket = ticket(store.submit(write).unwrap());
                    store.wait(ticket).unwrap();
                    assert!(store.durable() >= ticket);
                    last = Some(new.to_vec());
                }
            });
        }
    });
    let syncs = store.stats().unwrap().syncs - before;
    println!("{syncs} syncs for 960 commits");
    assert!(syncs <= 480, "{syncs} syncs for 960 commits");
    drop(store);
    let store = folder.open();
    assert_eq!(store.list_refs("branch/").unwrap().len(), 16);
    assert!(store.list_refs("").unwrap().iter().all(|(_, v)| *v == 59u64.to_le_bytes()));
}

#[test]
fn a_counter_under_compare_and_swap_loses_nothing() {
    let folder = Folder::new("counter");
    let store = folder.open();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    loop {
                        let now = store.read_ref("n").unwrap();
                        let n = now
                            .as_ref()
                            .map_or(0, |v| u64::from_le_bytes(v[..].try_into().unwrap()));
                        let write = put("n", now.as_deref(), &(n + 1).to_le_bytes(), vec![]);
                        match store.submit(write).unwrap() {
                            Outcome::Accepted(ticket) => break store.wait(ticket).unwrap(),
                            Outcome::Conflict(actual) => assert_ne!(actual, now),
                            Outcome::Unknown => panic!("a file always knows"),
                        }
                    }
                }
            });
        }
    });
    drop(store);
    assert_eq!(folder.open().read_ref("n").unwrap().unwrap(), 400u64.to_le_bytes());
}

#[test]
fn subscribers_are_told_and_nobody_needs_to_wait() {
    let folder = Folder::new("subscribe");
    for durability in [Durability::Strict, Durability::Relaxed] {
        let options = Options { durability, ..Options::default() };
        let store = FileStore::open(folder.database(), options).unwrap();
        let (tell, told) = mpsc::channel();
        for n in 0..200 {
            let write =
                Write { pack: Pack { chunks: vec![chunk(n)], keyframes: vec![] }, change: None };
            let ticket = ticket(store.submit(write).unwrap());
            let tell = tell.clone();
            store.subscribe(ticket, move |result| tell.send((ticket, result)).unwrap());
        }
        let mut tickets: Vec<_> = told.iter().take(200).map(|(t, r)| (r.unwrap(), t).1).collect();
        tickets.dedup();
        assert_eq!(tickets.len(), 200);
        // A write that nobody asks about becomes durable by itself.
        let last = ticket(
            store
                .submit(put("lone", store.read_ref("lone").unwrap().as_deref(), b"x", vec![]))
                .unwrap(),
        );
        while store.durable() < last {
            thread::yield_now();
        }
        let (tell, told) = mpsc::channel();
        store.subscribe(Ticket(last.0 + 5), move |result| tell.send(result).unwrap());
        assert!(told.recv().unwrap().is_err());
        assert!(store.wait(Ticket(last.0 + 5)).is_err());
    }
}

#[test]
fn compaction_drops_garbage_while_readers_and_writers_go_on() {
    let folder = Folder::new("compact");
    let store = folder.open();
    let keep = |n: u64| n.is_multiple_of(10);
    let live: std::collections::HashSet<Hash> =
        (0..20_000).filter(|n| keep(*n)).map(|n| chunk(n).hash()).collect();
    for from in (0..20_000).step_by(500) {
        let chunks = (from..from + 500).map(chunk).collect();
        store.submit(Write { pack: Pack { chunks, keyframes: vec![] }, change: None }).unwrap();
    }
    store.flush().unwrap();
    let since = store.durable();
    let stop = AtomicBool::new(false);
    let written = AtomicU64::new(0);
    thread::scope(|scope| {
        for writer in 0..3u64 {
            let (store, stop, written) = (&store, &stop, &written);
            scope.spawn(move || {
                let name = format!("branch/{writer}");
                let mut last: Option<Vec<u8>> = None;
                for n in 0.. {
                    let new = u64::to_le_bytes(n);
                    let row = chunk((writer + 1) << 40 | n);
                    let write = put(&name, last.as_deref(), &new, vec![row.clone()]);
                    store.wait(ticket(store.submit(write).unwrap())).unwrap();
                    assert!(store.chunk(&row.hash()).unwrap().is_some());
                    last = Some(new.to_vec());
                    written.fetch_add(1, Ordering::Relaxed);
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        let (store, stop) = (&store, &stop);
        scope.spawn(move || {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                n = (n + 7_310) % 20_000;
                assert!(store.chunk(&chunk(n).hash()).unwrap().is_some());
            }
        });
        for round in 0..6 {
            let plan = Compaction {
                live: &|hash| live.contains(hash),
                keep_keyframe: &|_| true,
                since,
                extra: vec![Pack { chunks: vec![chunk(1 << 50 | round)], keyframes: vec![] }],
            };
            let stats = store.compact(&plan).unwrap();
            if round == 0 {
                assert_eq!(stats.chunks_dropped, 18_000);
                assert!(stats.bytes_after * 3 < stats.bytes_before, "{stats:?}");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(store.verify().unwrap(), []);
    let tips: Vec<_> = store.list_refs("branch/").unwrap();
    drop(store);

    assert_eq!(verify_file(folder.database()).unwrap(), []);
    let options = Options { cache_bytes: 0, ..Options::default() };
    let store = FileStore::open(folder.database(), options).unwrap();
    assert_eq!(store.list_refs("branch/").unwrap(), tips);
    for n in 0..20_000 {
        assert_eq!(store.chunk(&chunk(n).hash()).unwrap().is_some(), keep(n), "{n}");
    }
    for (writer, (_, tip)) in tips.iter().enumerate() {
        for n in 0..=u64::from_le_bytes(tip[..].try_into().unwrap()) {
            let row = chunk((writer as u64 + 1) << 40 | n);
            assert!(store.chunk(&row.hash()).unwrap().is_some());
        }
    }
    // The log after a compaction reads the same from its start as through its index.
    drop(store);
    let options = Options { use_index: false, ..Options::default() };
    let store = FileStore::open(folder.database(), options).unwrap();
    assert_eq!(store.list_refs("branch/").unwrap(), tips);
    assert!(written.load(Ordering::Relaxed) >= 3);
}

#[test]
fn a_backup_is_a_database_of_its_own() {
    let folder = Folder::new("backup");
    let store = folder.open();
    let copy = folder.0.join("copies").join("copy.offshoot");
    let mut last: Option<Vec<u8>> = None;
    for n in 0..3000u64 {
        let new = n.to_le_bytes().to_vec();
        store.submit(put("n", last.as_deref(), &new, vec![chunk(n)])).unwrap();
        last = Some(new);
        if n == 2000 {
            store.backup(&copy).unwrap();
        }
    }
    assert!(store.backup(&copy).is_err(), "a backup replaces nothing");
    drop(store);
    assert_eq!(verify_file(&copy).unwrap(), []);
    let store = FileStore::open(&copy, Options::default()).unwrap();
    assert_eq!(store.read_ref("n").unwrap().unwrap(), 2000u64.to_le_bytes());
    assert!(store.chunk(&chunk(2000).hash()).unwrap().is_some());
    assert!(store.chunk(&chunk(2001).hash()).unwrap().is_none());
    let write = put("n", Some(&2000u64.to_le_bytes()), b"its own way", vec![]);
    store.wait(ticket(store.submit(write).unwrap())).unwrap();
}

#[test]
fn large_writes_and_limits() {
    let folder = Folder::new("large");
    let store = folder.open();
    let mut rng = storage_model::Rng::new(1);
    let mut large = Vec::new();
    for n in 0..12 {
        let bytes: Vec<u8> = (0..1 << 20).map(|_| rng.next() as u8).collect();
        let big = Chunk::new([bytes, vec![n; 1 << 20]].concat());
        large.push(big.hash());
        let write = Write { pack: Pack { chunks: vec![big; 3], keyframes: vec![] }, change: None };
        store.submit(write).unwrap();
    }
    let too_large = Chunk::new(vec![0; Pack::CHUNK_MAX + 1]);
    let write = Write { pack: Pack { chunks: vec![too_large], keyframes: vec![] }, change: None };
    assert!(matches!(store.submit(write), Err(StoreError::Io(_))));
    drop(store);
    let store = folder.open();
    assert!(large.iter().all(|hash| store.chunk(hash).unwrap().is_some()));
    assert_eq!(store.verify().unwrap(), []);
}
