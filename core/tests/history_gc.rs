//! What garbage collection keeps: exactly what is reachable, few keyframes, and a horizon that
//! says so.

mod history_dag;

use history_dag::{Dag, Random, best, seeds};
use offshoot_core::chunk::{Chunks, Hash};
use offshoot_core::history::gc::{GcPlan, KEYFRAME_KEPT_EVERY_BYTES, Pins, plan};
use offshoot_core::history::{
    Body, CommitId, CommitReader, Delta, HistoryError, KEYFRAME_EVERY_BYTES, Micros, Retention,
    RowChange, Scn, Shallow, TableDelta,
};
use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// States of a made-up shape: a chunk is the names of the chunks below it.
fn references(
    chunks: &Chunks,
    roots: &[Hash],
    visit: &mut dyn FnMut(&Hash) -> bool,
) -> Result<(), HistoryError> {
    let mut todo = roots.to_vec();
    while let Some(hash) = todo.pop() {
        if visit(&hash) {
            let chunk = chunks.get(&hash, &[])?;
            todo.extend(chunk.bytes().chunks_exact(32).filter_map(Hash::from_slice));
        }
    }
    Ok(())
}

fn node(dag: &Dag, label: u8, below: &[Hash]) -> Hash {
    let mut bytes: Vec<u8> = below.iter().flat_map(|hash| *hash.as_bytes()).collect();
    bytes.push(label);
    dag.source.put(bytes)
}

fn planned(
    dag: &Dag,
    shallow: &Shallow,
    pins: &[CommitId],
    cutoff: Option<Micros>,
    keyframes: &HashMap<CommitId, Hash>,
) -> GcPlan {
    let pins = Pins { commits: pins.iter().copied().collect(), states: BTreeSet::new() };
    let chunks = dag.chunks();
    let reader = CommitReader::with_shallow(&chunks, shallow);
    let keyframe = |id: &CommitId| Ok(keyframes.get(id).copied());
    plan(&reader, &pins, cutoff, &keyframe, &references).unwrap()
}

#[test]
fn exactly_what_is_reachable_is_live() {
    let mut dag = Dag::new();
    let leaves: Vec<Hash> = (0..6).map(|i| node(&dag, i, &[])).collect();
    let state = |dag: &Dag, label, of: &[usize]| {
        node(dag, label, &of.iter().map(|i| leaves[*i]).collect::<Vec<_>>())
    };
    let first = state(&dag, 100, &[0, 1]);
    let second = state(&dag, 101, &[1, 2]);
    let unused = state(&dag, 102, &[3]);
    let pinned = state(&dag, 103, &[4]);
    let key = state(&dag, 104, &[5]);

    let chunks = dag.chunks();
    let reader = CommitReader::new(&chunks);
    // 0 ─ 1 ─ 2 ─ 4(merges 3) ; 1 ─ 3 ; 1 ─ 5 (nobody's)
    dag.add_with(&reader, &[], 0, Body::Root(first));
    dag.add(&[0], 0);
    dag.add_with(&reader, &[1], 0, Body::Root(second));
    dag.add(&[1], 0);
    dag.add(&[2, 3], 0);
    let lost = dag.add(&[1], 0);

    let head = dag.ids[4];
    let keyframes = HashMap::from([(dag.ids[3], key), (dag.ids[lost], unused)]);
    let keyframe = |id: &CommitId| Ok(keyframes.get(id).copied());
    let pins = Pins { commits: [head].into(), states: [pinned].into() };
    let visits = Cell::new(0);
    let counted = |chunks: &Chunks, roots: &[Hash], visit: &mut dyn FnMut(&Hash) -> bool| {
        references(chunks, roots, &mut |hash| {
            visits.set(visits.get() + 1);
            visit(hash)
        })
    };
    let plan = plan(&reader, &pins, None, &keyframe, &counted).unwrap();

    let mut expected: HashSet<Hash> = dag.ids[..5].iter().map(|id| id.0).collect();
    expected.extend([first, second, pinned, leaves[0], leaves[1], leaves[2], leaves[4]]);
    assert_eq!(plan.live, expected);
    assert!(plan.shallow.is_empty() && plan.wanted.is_empty());
    // The keyframe of a merged commit is near the root below it.
    assert!(plan.keyframes.is_empty());
    assert_eq!((plan.stats.commits_kept, plan.stats.keyframes_dropped), (5, 1));
    assert_eq!(visits.get(), 8, "the shared leaf is offered twice, nothing else is");
}

#[test]
fn keyframes_are_thinned_but_never_far() {
    let mut dag = Dag::new();
    let root = node(&dag, 0, &[]);
    let delta = |n: usize| {
        let new = Some(Arc::from(vec![0; 60_000]));
        let key = Arc::from(n.to_be_bytes());
        let row = RowChange { key, old: None, new, moved_from: None };
        let tables = vec![TableDelta { table: [1; 16], rows: vec![row] }];
        Body::Delta(Delta { tables, ..Delta::default() })
    };
    let mut keyframes = HashMap::new();
    let chunks = dag.chunks();
    let reader = CommitReader::new(&chunks);
    let every = (KEYFRAME_EVERY_BYTES / 60_000) as usize + 1;
    let mut extend = |dag: &mut Dag, from: Option<usize>, n: usize| {
        let mut head = from;
        for i in 1..=n {
            let parents: Vec<usize> = head.into_iter().collect();
            head = Some(dag.add_with(&reader, &parents, 0, delta(i)));
            if i % every == 0 {
                keyframes.insert(dag.ids[head.unwrap()], root);
            }
        }
        head.unwrap()
    };
    let fork = extend(&mut dag, None, 300);
    let main = extend(&mut dag, Some(fork), 250);
    let branch = extend(&mut dag, Some(fork), 100);

    let heads = [dag.ids[main], dag.ids[branch]];
    let plan = planned(&dag, &Shallow::default(), &heads, None, &keyframes);
    assert_eq!(
        plan.stats.keyframes_dropped as usize + plan.keyframes.len(),
        keyframes.len(),
        "every keyframe is counted"
    );
    let kept: HashMap<_, _> = plan.keyframes.iter().copied().collect();
    let bytes = 650 * 60_000;
    let most = bytes / KEYFRAME_KEPT_EVERY_BYTES as usize + heads.len();
    assert!(kept.len() <= most && kept.len() < keyframes.len() / 3, "{} kept", kept.len());
    for head in [main, branch] {
        let line = dag.line_of(head);
        let mut far = 0;
        for i in line {
            far = if kept.contains_key(&dag.ids[i]) { 0 } else { far + 60_100 };
            assert!(far <= KEYFRAME_KEPT_EVERY_BYTES + KEYFRAME_EVERY_BYTES + 120_200);
        }
    }
    // Nothing changes when it is done again.
    let again = planned(&dag, &Shallow::default(), &heads, None, &kept);
    assert_eq!(again.keyframes, plan.keyframes);
    assert_eq!(again.stats.keyframes_dropped, 0);
}

#[test]
fn beyond_the_horizon_history_is_truncated_and_before_it_whole() {
    let mut answered = 0;
    let mut refused = 0;
    for seed in seeds(150) {
        println!("seed {seed}");
        let mut random = Random(seed);
        let (mut dag, mut heads) = Dag::random(30 + random.below(30), &mut random);
        let root = node(&dag, 0, &[]);
        let snapshot = dag.ids[random.below(dag.ids.len())];
        let mut shallow = Shallow::default();
        let mut keyframes: HashMap<CommitId, Hash> = HashMap::new();
        let mut cutoff = Micros(0);
        // The horizon moves, history grows, the horizon moves on.
        for _ in 0..3 {
            let newest = dag.links.last().unwrap().time.0;
            cutoff = cutoff.max(Micros(random.below(newest as usize + 20) as i64));
            let pins: Vec<_> = heads.iter().map(|head| dag.ids[*head]).chain([snapshot]).collect();
            let wanting = planned(&dag, &shallow, &pins, Some(cutoff), &keyframes);
            for id in &wanting.wanted {
                keyframes.insert(*id, root);
            }
            let plan = planned(&dag, &shallow, &pins, Some(cutoff), &keyframes);
            assert_eq!(plan.wanted, []);
            keyframes = plan.keyframes.iter().copied().collect();
            dag.source.chunks.lock().unwrap().retain(|hash, _| plan.live.contains(hash));
            shallow = Shallow::new(&plan.shallow);
            dag.source.put(vec![0]);

            dag.grow(20, &mut heads, &mut random, &shallow);
            let (a, r) = check_shallow(&dag, &heads, &shallow, cutoff, &mut random);
            answered += a;
            refused += r;
            CommitReader::with_shallow(&dag.chunks(), &shallow).commit(&snapshot).unwrap();
        }
    }
    println!("{answered} answered, {refused} refused");
    assert!(seeds(150).len() == 1 || (answered > 4 * refused && refused > 100));
}

/// Answers are right or `Truncated`, never wrong and never a missing chunk. Counts both for merge
/// bases.
fn check_shallow(
    dag: &Dag,
    heads: &[usize],
    shallow: &Shallow,
    cutoff: Micros,
    random: &mut Random,
) -> (u32, u32) {
    let ancestors = dag.ancestors();
    let chunks = dag.chunks();
    let reader = CommitReader::with_shallow(&chunks, shallow);
    let (mut answered, mut refused) = (0, 0);
    for a in heads {
        let head = dag.ids[*a];
        let line = dag.line_of(*a);
        // All at and after the horizon is there.
        for (i, at) in line.iter().enumerate() {
            let next = line.get(i + 1).map(|next| dag.links[*next].time);
            match reader.at_scn(&head, Scn(i as u64 + 1)) {
                Ok(found) => assert_eq!(found, dag.ids[*at]),
                Err(HistoryError::Truncated { oldest: Some(oldest) }) => {
                    assert!(next.is_some_and(|next| next <= cutoff), "{a} lost SCN {}", i + 1);
                    assert!(oldest.scn.0 > i as u64 + 1);
                }
                Err(other) => panic!("{other}"),
            }
            reader.check_links(&head).unwrap();
        }
        let time = Micros(cutoff.0 + random.below(200) as i64);
        match (
            reader.at_time(&head, time, false),
            line.iter().rev().find(|i| dag.links[**i].time <= time),
        ) {
            (Ok(found), Some(expected)) => assert_eq!(found, dag.ids[*expected]),
            (Err(HistoryError::BeforeHistory { .. }), None) => {}
            other => panic!("{other:?}"),
        }
        let mut walked = 0;
        for step in reader.line(&head) {
            match step {
                Ok((id, _)) => {
                    walked += 1;
                    assert_eq!(id, dag.ids[line[line.len() - walked]]);
                }
                Err(HistoryError::Truncated { oldest: Some(_) }) => assert!(walked < line.len()),
                Err(other) => panic!("{other}"),
            }
        }
        for b in heads {
            let other = dag.ids[*b];
            match reader.merge_bases(&head, &other) {
                Ok(mut bases) => {
                    answered += u32::from(a != b);
                    bases.sort();
                    let expected = best(&ancestors, ancestors[*a] & ancestors[*b]);
                    let mut expected: Vec<_> = expected.iter().map(|i| dag.ids[*i]).collect();
                    expected.sort();
                    assert_eq!(bases, expected, "bases of {a} and {b}");
                }
                Err(HistoryError::Truncated { .. }) => refused += 1,
                Err(other) => panic!("{other}"),
            }
            let only = |a: usize, b: usize| u64::from((ancestors[a] & !ancestors[b]).count_ones());
            match reader.ahead_behind(&head, &other) {
                Ok(counts) => assert_eq!(counts, (only(*a, *b), only(*b, *a))),
                Err(HistoryError::Truncated { .. }) => {}
                Err(other) => panic!("{other}"),
            }
            for missing in reader.missing_from(&head, &other).unwrap() {
                missing.unwrap();
            }
        }
    }
    (answered, refused)
}

#[test]
fn a_horizon_drops_the_past_of_a_line() {
    const N: usize = 1_000;
    let mut dag = Dag::line(N, &mut Random(3));
    let root = node(&dag, 0, &[]);
    let cutoff = dag.links[600].time;
    let head = dag.ids[N - 1];
    let none = Shallow::default();
    let first = planned(&dag, &none, &[head], Some(cutoff), &HashMap::new());
    assert_eq!(first.wanted, [dag.ids[600]], "the state at the horizon needs a keyframe");
    let keyframes = HashMap::from([(dag.ids[600], root), (dag.ids[300], root)]);
    let plan = planned(&dag, &none, &[head], Some(cutoff), &keyframes);
    assert_eq!(plan.keyframes, [(dag.ids[600], root)]);
    assert_eq!(plan.live.len(), 400 + 1);
    let [mark] = &plan.shallow[..] else { panic!("{:?}", plan.shallow) };
    assert_eq!((mark.commit, mark.scn, mark.time), (dag.ids[600], Scn(601), cutoff));
    assert!(mark.dropped.contains(&dag.ids[599]) && mark.dropped.len() <= 12, "{mark:?}");

    let shallow = Shallow::new(&plan.shallow);
    dag.source.chunks.lock().unwrap().retain(|hash, _| plan.live.contains(hash));
    let mut last = N - 1;
    for _ in 0..3_000 {
        last = dag.add_shallow(&shallow, &[last], 0);
    }
    // Jumps made since lead nowhere unmarked, and stay short ways.
    for target in [600, 601, 777, 999, 1_000, 2_047, 3_998] {
        let chunks = dag.chunks();
        let before = dag.source.reads.load(std::sync::atomic::Ordering::Relaxed);
        let reader = CommitReader::with_shallow(&chunks, &shallow);
        let found = reader.at_scn(&dag.ids[last], Scn(target as u64 + 1)).unwrap();
        assert_eq!(found, dag.ids[target]);
        let reads = dag.source.reads.load(std::sync::atomic::Ordering::Relaxed) - before;
        assert!(reads <= 4 * 12 + 8, "{reads} reads");
        reader.check_links(&dag.ids[target]).unwrap();
    }
    let chunks = dag.chunks();
    let reader = CommitReader::with_shallow(&chunks, &shallow);
    for scn in [1, 599, 600] {
        match reader.at_scn(&dag.ids[last], Scn(scn)) {
            Err(HistoryError::Truncated { oldest: Some(oldest) }) => {
                assert_eq!(oldest.commit, dag.ids[600]);
            }
            other => panic!("{other:?}"),
        }
    }
    // A reader that knows of no horizon reports a missing chunk instead.
    let unaware = CommitReader::new(&chunks).at_scn(&dag.ids[last], Scn(1));
    assert!(matches!(unaware, Err(HistoryError::Chunk(_))), "{unaware:?}");
}

#[test]
fn retention_counts_back_from_now() {
    let now = Micros(1_000);
    assert_eq!(Retention::default().cutoff(now), None);
    let retention = Retention { horizon_micros: Some(300), grace_micros: u64::MAX };
    assert_eq!(retention.cutoff(now), Some(Micros(700)));
    assert_eq!(retention.grace_since(now), Micros(i64::MIN));
}
