//! The tree and the view against a `BTreeMap`; every failure prints its seed.

mod random;

use offshoot_core::chunk::{Chunk, ChunkError, ChunkSource, Chunks, Hash, StoreError, WorkingSet};
use offshoot_core::tree::{self, KeyRange, Root, View};
use random::Random;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// Chunks in memory; with `cold` every chunk is missing until it was fetched.
#[derive(Default)]
struct Source {
    all: Mutex<HashMap<Hash, Chunk>>,
    cold: bool,
    fetched: Mutex<HashSet<Hash>>,
}

impl ChunkSource for Source {
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError> {
        if self.cold && !self.fetched.lock().unwrap().contains(hash) {
            return Ok(None);
        }
        Ok(self.all.lock().unwrap().get(hash).cloned())
    }
}

impl Source {
    fn keep(&self, chunks: &Chunks) {
        for chunk in chunks.take_staged() {
            self.all.lock().unwrap().insert(chunk.hash(), chunk);
        }
    }
}

fn key(random: &mut Random, space: u64) -> Vec<u8> {
    let mut key = random.below(space).to_be_bytes().to_vec();
    key.extend(std::iter::repeat_n(7, random.below(12) as usize * usize::from(space > 100_000)));
    key
}

fn value(random: &mut Random) -> Vec<u8> {
    let len = match random.below(200) {
        0 => 5_000 + random.below(200_000),
        _ => random.below(120),
    };
    let byte = random.below(256) as u8;
    (0..len).map(|i| byte ^ (i / 7) as u8).collect()
}

fn pairs(chunks: &Chunks, root: Root, range: &KeyRange, reverse: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut cursor = tree::Cursor::new(chunks, root, range, reverse).unwrap();
    let mut pairs = Vec::new();
    while let Some((key, value)) = cursor.next().unwrap() {
        pairs.push((key.to_vec(), value.to_vec()));
    }
    pairs
}

fn range(random: &mut Random, space: u64) -> KeyRange {
    let mut bound = || {
        let key = random.below(space).to_be_bytes().to_vec();
        match random.below(3) {
            0 => Bound::Included(key),
            1 => Bound::Excluded(key),
            _ => Bound::Unbounded,
        }
    };
    KeyRange { lower: bound(), upper: bound() }
}

fn model_range(model: &Model, range: &KeyRange) -> Vec<(Vec<u8>, Vec<u8>)> {
    let inside = model.iter().filter(|(key, _)| range.contains(key));
    inside.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[test]
fn edits_reads_and_roots_agree_with_the_model() {
    for seed in 0..30 {
        let random = &mut Random::new(seed);
        let space = [50, 2_000, 200_000][seed as usize % 3];
        let source = Arc::new(Source::default());
        let chunks = Chunks::new(source.clone());
        let (mut model, mut root) = (Model::new(), Root::empty());
        for round in 0..25 {
            let mut batch = BTreeMap::new();
            let size = [3, 40, 1500][random.below(3) as usize];
            for _ in 0..=random.below(size) {
                let change = (random.below(3) > 0 || round < 5).then(|| value(random));
                batch.insert(key(random, space), change);
            }
            if random.below(20) == 0 {
                batch.extend(model.keys().map(|key| (key.clone(), None)));
            }
            for (key, change) in &batch {
                match change {
                    Some(value) => drop(model.insert(key.clone(), value.clone())),
                    None => drop(model.remove(key)),
                }
            }
            root = tree::edit(&chunks, root, batch).unwrap();
            let built = tree::build(&chunks, model.clone()).unwrap();
            assert_eq!(root, built, "history independence, seed {seed} round {round}");
            assert_eq!(root.count, model.len() as u64, "seed {seed}");
            let mut broken = Vec::new();
            tree::check(&chunks, root, &mut |what| broken.push(what)).unwrap();
            assert_eq!(broken, Vec::<String>::new(), "seed {seed} round {round}");
            source.keep(&chunks);
        }
        assert_eq!(Root::open(&chunks, root.hash).unwrap(), root, "seed {seed}");
        for _ in 0..40 {
            let range = range(random, space);
            let expected = model_range(&model, &range);
            assert_eq!(pairs(&chunks, root, &range, false), expected, "seed {seed} {range:?}");
            let mut backwards = pairs(&chunks, root, &range, true);
            backwards.reverse();
            assert_eq!(backwards, expected, "seed {seed} {range:?}");
            let count = tree::count_range(&chunks, root, &range).unwrap();
            assert_eq!(count, expected.len() as u64, "seed {seed} {range:?}");
            let key = key(random, space);
            let found = tree::get(&chunks, root, &key).unwrap().map(|v| v.to_vec());
            assert_eq!(found.as_ref(), model.get(&key), "seed {seed}");
            let position = random.below(model.len() as u64 + 2);
            let nth = tree::nth(&chunks, root, position).unwrap().map(|k| k.to_vec());
            assert_eq!(nth.as_ref(), model.keys().nth(position as usize), "seed {seed}");
        }
        let keys: Vec<&[u8]> = model.keys().step_by(3).map(|k| &k[..]).collect();
        let found = tree::get_many(&chunks, root, &keys).unwrap();
        for (key, found) in keys.iter().zip(found) {
            assert_eq!(found.as_deref(), model.get(*key).map(|v| &v[..]), "seed {seed}");
        }
    }
}

#[test]
fn diffs_are_exact_and_cost_what_differs() {
    let random = &mut Random::new(7);
    let source = Arc::new(Source::default());
    let chunks = Chunks::new(source.clone());
    let big: Model = (0..100_000u64).map(|i| (i.to_be_bytes().to_vec(), vec![3; 60])).collect();
    let root = tree::build(&chunks, big.clone()).unwrap();
    for changes in [0u64, 1, 10, 100, 1000] {
        let mut batch = BTreeMap::new();
        while (batch.len() as u64) < changes {
            let change = (random.below(4) > 0).then(|| vec![random.below(250) as u8; 60]);
            batch.insert(key(random, 110_000), change);
        }
        let other = tree::edit(&chunks, root, batch.clone()).unwrap();
        let before = chunks.reads();
        let mut diff = tree::diff(&chunks, root, other, &KeyRange::all());
        let mut found = BTreeMap::new();
        while let Some(change) = diff.next().unwrap() {
            assert_eq!(change.old.as_deref(), big.get(&change.key[..]).map(|v| &v[..]));
            found.insert(change.key.to_vec(), change.new.map(|v| v.to_vec()));
        }
        let mut expected = batch;
        expected.retain(|key, value| big.get(key) != value.as_ref());
        assert_eq!(found, expected, "{changes} changes");
        let reads = chunks.reads() - before;
        let bound = 2 * (changes * (u64::from(root.level) + 2)) + 4;
        assert!(reads <= bound, "{changes} changes read {reads} chunks, bound {bound}");
    }
}

#[test]
fn one_edit_rewrites_few_chunks_and_equal_lengths_move_nothing() {
    let random = &mut Random::new(11);
    let source = Arc::new(Source::default());
    let chunks = Chunks::new(source.clone());
    let big: Model = (0..50_000u64).map(|i| (i.to_be_bytes().to_vec(), vec![3; 60])).collect();
    let root = tree::build(&chunks, big).unwrap();
    source.keep(&chunks);
    let (mut staged, edits) = (0, 200);
    for _ in 0..edits {
        let change = (random.below(2) == 0).then(|| vec![9; 1 + random.below(90) as usize]);
        tree::edit(&chunks, root, [(key(random, 60_000), change)]).unwrap();
        staged += chunks.take_staged().len();
    }
    let mean = staged as f64 / f64::from(edits);
    let depth = f64::from(root.level) + 1.0;
    assert!(mean <= 2.0 * depth, "{mean} chunks rewritten by one edit of a tree {depth} high");
    for _ in 0..edits {
        let same = random.below(50_000).to_be_bytes().to_vec();
        tree::edit(&chunks, root, [(same, Some(vec![8; 60]))]).unwrap();
        assert_eq!(chunks.take_staged().len() as f64, depth, "one node a level, no more");
    }
}

#[test]
fn a_view_reads_like_its_folded_tree() {
    for seed in 0..30 {
        let random = &mut Random::new(seed + 1000);
        let space = [60, 3_000][seed as usize % 2];
        let source = Arc::new(Source::default());
        let chunks = Chunks::new(source.clone());
        let mut model = Model::new();
        for _ in 0..random.below(space) {
            model.insert(random.below(space).to_be_bytes().to_vec(), value(random));
        }
        let mut view = View::from_root(tree::build(&chunks, model.clone()).unwrap());
        let mut earlier = vec![(view.clone(), model.clone())];
        for step in 0..300 {
            let key = random.below(space).to_be_bytes().to_vec();
            let existed = model.contains_key(&key);
            match random.below(3) {
                0 => {
                    model.remove(&key);
                    view.delete(key.into(), existed);
                }
                _ => {
                    let value = value(random);
                    model.insert(key.clone(), value.clone());
                    view.put(key.into(), value.into(), existed);
                }
            }
            if step % 50 == 0 {
                if random.below(3) == 0 {
                    view = View::from_root(view.materialise(&chunks).unwrap());
                }
                earlier.push((view.clone(), model.clone()));
            }
        }
        assert_eq!(view.count(), model.len() as u64, "seed {seed}");
        for _ in 0..60 {
            let range = range(random, space);
            let expected = model_range(&model, &range);
            for reverse in [false, true] {
                let mut cursor = view.cursor(&chunks, &range, reverse).unwrap();
                let mut found = Vec::new();
                while let Some((key, value)) = cursor.next().unwrap() {
                    found.push((key.to_vec(), value.to_vec()));
                }
                let mut cursor = view.cursor(&chunks, &range, reverse).unwrap();
                for (key, value) in &found {
                    let next = cursor.next_in_place().unwrap();
                    assert_eq!(next, Some((&key[..], &value[..])), "seed {seed} {range:?}");
                }
                assert_eq!(cursor.next_in_place().unwrap(), None, "seed {seed} {range:?}");
                if reverse {
                    found.reverse();
                }
                assert_eq!(found, expected, "seed {seed} {range:?} reverse {reverse}");
            }
            let count = view.count_range(&chunks, &range).unwrap();
            assert_eq!(count, expected.len() as u64, "seed {seed} {range:?}");
            let position = random.below(model.len() as u64 + 2);
            let nth = view.nth(&chunks, position).unwrap().map(|k| k.to_vec());
            assert_eq!(nth.as_ref(), model.keys().nth(position as usize), "seed {seed}");
        }
        for (then, past) in &earlier {
            let mut diff = View::diff(&chunks, then, &view).unwrap();
            let mut found = BTreeMap::new();
            while let Some(change) = diff.next().unwrap() {
                assert_eq!(change.old.as_deref(), past.get(&change.key[..]).map(|v| &v[..]));
                found.insert(change.key.to_vec(), change.new.map(|v| v.to_vec()));
            }
            let mut expected = BTreeMap::new();
            for key in past.keys().chain(model.keys()) {
                if past.get(key) != model.get(key) {
                    expected.insert(key.clone(), model.get(key).cloned());
                }
            }
            assert_eq!(found, expected, "seed {seed}");
        }
        let folded = view.materialise(&chunks).unwrap();
        assert_eq!(folded, tree::build(&chunks, model).unwrap(), "seed {seed}");
    }
}

/// Runs an operation over a source that has nothing at hand but what the last fault named, until it
/// has everything. Returns its answer, how often it started again, and how many chunks it fetched.
fn settled<T>(
    warm: &Source,
    operation: impl Fn(&Chunks) -> Result<T, tree::TreeError>,
) -> (T, usize, usize) {
    let all = warm.all.lock().unwrap().clone();
    let cold = Arc::new(Source { all: Mutex::new(all), cold: true, ..Source::default() });
    let set = Arc::new(WorkingSet::new(64 << 20));
    let mut fetched = 0;
    loop {
        let chunks = Chunks::new(cold.clone()).working_on(set.clone());
        let done = operation(&chunks);
        let Some(faults) = chunks.take_faults() else {
            return (done.unwrap(), set.restarts(), fetched);
        };
        let Err(tree::TreeError::Chunk(ChunkError::Fault(named))) = done else {
            panic!("a fault becomes an answer")
        };
        assert_eq!(named, faults);
        set.restart();
        fetched += faults.missing.len() + faults.hints.len();
        *cold.fetched.lock().unwrap() = faults.missing.into_iter().chain(faults.hints).collect();
    }
}

#[test]
fn cold_trees_restart_seldom() {
    let warm = Arc::new(Source::default());
    let chunks = Chunks::new(warm.clone());
    let name = |i: u64| (i * 10).to_be_bytes().to_vec();
    // Some values stand outside the leaves.
    let value = |i: u64| vec![i as u8; if i.is_multiple_of(500) { 3_000 + i as usize } else { 60 }];
    let big: Model = (0..50_000u64).map(|i| (name(i), value(i))).collect();
    let root = tree::build(&chunks, big.clone()).unwrap();
    let changes = |every: u64, by: u64| -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let changed = (0..50_000u64).filter(move |i| i % every == by);
        changed.map(|i| (name(i), (i % 3 > 0).then(|| value(i + 1)))).collect()
    };
    let near = tree::edit(&chunks, root, changes(9_000, 5)).unwrap();
    let far = tree::edit(&chunks, root, changes(40, 7)).unwrap();
    warm.keep(&chunks);
    let all = warm.all.lock().unwrap().len();

    for reverse in [false, true] {
        let (scanned, restarts, _) = settled(&warm, |chunks| {
            let mut cursor = tree::Cursor::new(chunks, root, &KeyRange::all(), reverse)?;
            let mut count = 0;
            while cursor.next()?.is_some() {
                count += 1;
            }
            Ok(count)
        });
        assert_eq!(scanned, 50_000);
        assert!(restarts <= 12, "a scan of {all} chunks: {restarts}");
        let (_, restarts, fetched) = settled(&warm, |chunks| {
            let mut cursor = tree::Cursor::new(chunks, root, &KeyRange::all(), reverse)?;
            (0..100).try_for_each(|_| cursor.next().map(drop))
        });
        assert!(restarts <= 5 && fetched <= 40, "100 pairs: {restarts}, {fetched} chunks");
    }
    let diff = |chunks: &Chunks, to: Root| {
        let mut walk = tree::diff(chunks, root, to, &KeyRange::all());
        let mut found = Vec::new();
        while let Some(change) = walk.next()? {
            found.push(change);
        }
        Ok(found)
    };
    // Levels, and few more than the chunks that differ.
    for (to, most) in [(near, 40), (far, all)] {
        let (found, restarts, fetched) = settled(&warm, |chunks| diff(chunks, to));
        assert_eq!(found, diff(&chunks, to).unwrap());
        assert!(restarts <= 8 && fetched <= most, "diff: {restarts}, {fetched} of {all} chunks");
    }
    for (many, most) in [(changes(9_000, 3), 40), (changes(40, 9), all)] {
        let expected = tree::edit(&chunks, root, many.clone()).unwrap();
        let (edited, restarts, fetched) =
            settled(&warm, |chunks| tree::edit(chunks, root, many.clone()));
        assert_eq!(edited, expected);
        assert!(restarts <= 5 && fetched <= most, "edit: {restarts}, {fetched} of {all} chunks");
    }
    let keys: Vec<Vec<u8>> = (0..100).map(|i| name(i * 500)).collect();
    let keys: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
    let (found, restarts, fetched) = settled(&warm, |chunks| tree::get_many(chunks, root, &keys));
    assert!(found.iter().zip(&keys).all(|(v, k)| v.as_ref().unwrap()[..] == big[*k][..]));
    assert!(restarts <= 5 && fetched <= 300, "get: {restarts}, {fetched} of {all} chunks");
    let (wrong, restarts, _) = settled(&warm, |chunks| {
        tree::want_all(chunks, &[root.hash, far.hash])?;
        let mut wrong = Vec::new();
        for root in [root, far] {
            tree::check(chunks, root, &mut |what| wrong.push(what))?;
        }
        Ok(wrong)
    });
    assert_eq!(wrong, Vec::<String>::new());
    assert!(restarts <= 5, "check: {restarts}");
}

#[test]
fn bytes_that_are_no_tree_are_refused() {
    let random = &mut Random::new(3);
    let source = Arc::new(Source::default());
    let chunks = Chunks::new(source.clone());
    let model: Model = (0..3_000u64).map(|i| (i.to_be_bytes().to_vec(), vec![1; 40])).collect();
    let root = tree::build(&chunks, model).unwrap();
    source.keep(&chunks);
    let nodes: Vec<Chunk> = source.all.lock().unwrap().values().cloned().collect();
    for _ in 0..20_000 {
        let node = &nodes[random.below(nodes.len() as u64) as usize];
        let mut bytes = node.bytes().to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.below(256) as u8;
        }
        bytes.truncate(bytes.len() - random.below(3) as usize);
        let hash = chunks.stage(bytes);
        // Whatever it says, nothing panics.
        if let Ok(root) = Root::open(&chunks, hash) {
            let _ = tree::get(&chunks, root, &5u64.to_be_bytes());
            let _ = tree::check(&chunks, root, &mut |_| {});
            if let Ok(mut cursor) = tree::Cursor::new(&chunks, root, &KeyRange::all(), true) {
                while let Ok(Some(_)) = cursor.next() {}
            }
        }
        chunks.take_staged();
    }
    assert!(tree::get(&chunks, root, &5u64.to_be_bytes()).unwrap().is_some());
    let long = vec![0; tree::KEY_MAX_BYTES + 1];
    let refused = tree::edit(&chunks, root, [(long, Some(Vec::new()))]);
    assert!(matches!(refused, Err(tree::TreeError::KeyTooLong(_))));
}

#[test]
fn merges_agree_with_the_model() {
    for seed in 0..40 {
        let random = &mut Random::new(seed + 500);
        let space = [40, 5_000][seed as usize % 2];
        let source = Arc::new(Source::default());
        let chunks = Chunks::new(source.clone());
        let mut base = Model::new();
        for _ in 0..random.below(space) {
            base.insert(random.below(space).to_be_bytes().to_vec(), value(random));
        }
        let mut side = |changes: u64| {
            let mut model = base.clone();
            for _ in 0..changes {
                let key = random.below(space).to_be_bytes().to_vec();
                match random.below(3) {
                    0 => drop(model.remove(&key)),
                    _ => drop(model.insert(key, value(random))),
                }
            }
            let root = tree::build(&chunks, model.clone()).unwrap();
            (model, root)
        };
        let (ours, our_root) = side(seed % 7 * 10);
        let (theirs, their_root) = side(seed % 5 * 15);
        let base_root = tree::build(&chunks, base.clone()).unwrap();
        let mut expected = Model::new();
        let mut clashes = Vec::new();
        let keys: std::collections::BTreeSet<_> =
            base.keys().chain(ours.keys()).chain(theirs.keys()).cloned().collect();
        for key in keys {
            let (b, o, t) = (base.get(&key), ours.get(&key), theirs.get(&key));
            let merged = match (o == b, t == b) {
                (true, _) => t.cloned(),
                (_, true) => o.cloned(),
                _ if o == t => o.cloned(),
                _ => {
                    clashes.push(key.clone());
                    Some(vec![1, 2, 3])
                }
            };
            if let Some(value) = merged {
                expected.insert(key, value);
            }
        }
        let mut found = Vec::new();
        let merged = tree::merge(&chunks, base_root, our_root, their_root, &mut |clash| {
            found.push(clash.key.to_vec());
            assert_eq!(clash.ours, ours.get(clash.key).map(|v| &v[..]), "seed {seed}");
            Some(vec![1, 2, 3])
        })
        .unwrap();
        assert_eq!(found, clashes, "seed {seed}");
        assert_eq!(merged, tree::build(&chunks, expected).unwrap(), "seed {seed}");
    }
}
