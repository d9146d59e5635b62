//! Lines and ancestry against plain models.

mod history_dag;

use history_dag::{Counted, Dag, Random, best, bits, seeds};
use offshoot_core::chunk::{Chunk, ChunkError, ChunkSource, Chunks, Hash, StoreError, WorkingSet};
use offshoot_core::history::{
    Body, CommitId, CommitReader, Delta, HistoryError, Links, Micros, Scn,
};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

fn log2(n: usize) -> u64 {
    u64::from(n.next_power_of_two().trailing_zeros())
}

#[test]
fn any_number_and_time_is_found_in_few_reads() {
    const N: usize = 100_000;
    let seed = seeds(1)[0];
    println!("seed {seed}");
    let mut random = Random(seed);
    let dag = Dag::line(N, &mut random);
    let head = dag.ids[N - 1];
    let bound = 4 * log2(N) + 8;
    let mut most = [0, 0];
    for _ in 0..2_000 {
        let n = random.below(N);
        let (found, reads) = dag.counted(|reader| reader.at_scn(&head, Scn(n as u64 + 1)));
        assert_eq!(found.unwrap(), dag.ids[n]);
        assert!(reads <= bound, "{reads} reads for SCN {}", n + 1);
        most[0] = most[0].max(reads);

        let time = Micros(dag.links[n].time.0 + random.below(3_000_000) as i64 - 500_000);
        let whole = random.below(2) == 0;
        let (found, reads) = dag.counted(|reader| reader.at_time(&head, time, whole));
        let limit = if whole { time.0 - time.0.rem_euclid(1_000_000) + 999_999 } else { time.0 };
        match dag.links.partition_point(|links| links.time.0 <= limit) {
            0 => assert!(matches!(found, Err(HistoryError::BeforeHistory { .. }))),
            after => assert_eq!(found.unwrap(), dag.ids[after - 1]),
        }
        assert!(reads <= bound, "{reads} reads for time {time:?}");
        most[1] = most[1].max(reads);
    }
    println!("most reads: {} by SCN, {} by time, bound {bound}", most[0], most[1]);
}

/// Runs a walk over a source that has nothing at hand but what the last fault named. Returns its
/// answer, how often it started again, and how many commits it fetched.
fn cold<T>(
    dag: &Dag,
    walk: impl Fn(&CommitReader<'_>) -> Result<T, HistoryError>,
) -> (T, u64, usize) {
    let cold = Arc::new(Cold { all: dag.source.clone(), at_hand: Mutex::default() });
    let set = Arc::new(WorkingSet::new(64 << 20));
    let mut fetched = 0;
    loop {
        let chunks = Chunks::new(cold.clone()).working_on(set.clone());
        match walk(&CommitReader::new(&chunks)) {
            Err(HistoryError::Chunk(ChunkError::Fault(faults))) => {
                fetched += faults.missing.len();
                *cold.at_hand.lock().unwrap() = faults.missing.into_iter().collect();
                set.restart();
            }
            done => return (done.unwrap(), set.restarts() as u64, fetched),
        }
    }
}

struct Cold {
    all: Arc<Counted>,
    at_hand: Mutex<HashSet<Hash>>,
}

impl ChunkSource for Cold {
    fn chunk(&self, hash: &Hash) -> Result<Option<Chunk>, StoreError> {
        match self.at_hand.lock().unwrap().contains(hash) {
            true => self.all.chunk(hash),
            false => Ok(None),
        }
    }
}

#[test]
fn cold_walks_restart_with_the_logarithm_of_their_way() {
    const N: usize = 20_000;
    let mut dag = Dag::line(N, &mut Random(5));
    // Two lines from here on, with a merge in between: no fork point answers what they share.
    let (mut main, mut branch) = (N - 1, N - 1);
    for i in 0..300 {
        main = dag.add(&[main], 0);
        branch = match i {
            150 => dag.add(&[branch, main], 0),
            _ => dag.add(&[branch], 0),
        };
    }
    let (main, branch) = (dag.ids[main], dag.ids[branch]);
    let way = 3 * log2(300) + 8;

    let (bases, restarts, fetched) = cold(&dag, |reader| reader.merge_bases(&main, &branch));
    assert_eq!(bases.len(), 1);
    println!("merge bases: {restarts} restarts, {fetched} commits");
    assert!(restarts <= way && fetched < 2_000, "{restarts} restarts, {fetched} commits");

    let (apart, restarts, fetched) = cold(&dag, |reader| reader.ahead_behind(&main, &branch));
    assert_eq!(apart, (149, 300));
    println!("ahead and behind: {restarts} restarts, {fetched} commits");
    assert!(restarts <= way && fetched < 2_000, "{restarts} restarts, {fetched} commits");

    let (count, restarts, fetched) = cold(&dag, |reader| {
        reader.want_line(&main, 300, &|_, _| Ok(false))?;
        reader.line(&main).take(300).try_fold(0, |count, item| item.map(|_| count + 1))
    });
    println!("a part of a line: {restarts} restarts, {fetched} commits");
    assert!(count == 300 && restarts <= way && fetched <= 301, "{restarts} restarts, {fetched}");

    let (count, restarts, fetched) = cold(&dag, |reader| {
        reader.forward(None, &main)?.try_fold(0, |count, item| item.map(|_| count + 1))
    });
    println!("a line: {restarts} restarts, {fetched} commits");
    assert!(count == N + 300 && restarts <= 3 * log2(N) + 8, "{restarts} restarts");
    assert_eq!(fetched, N + 300);

    let (_, restarts, fetched) = cold(&dag, |reader| reader.at_scn(&main, Scn(777)));
    println!("a commit of a line: {restarts} restarts, {fetched} commits");
    assert!(restarts <= 3 * log2(N) && fetched as u64 == restarts, "{restarts} restarts");
}

#[test]
fn lines_that_part_are_compared_in_few_reads() {
    const N: usize = 50_000;
    let mut random = Random(7);
    let mut dag = Dag::line(N, &mut random);
    let main = dag.ids[N - 1];
    for fork in [0, 1, 2, 4_095, 31_337, N - 2, N - 1] {
        let mut head = fork;
        for _ in 0..300 {
            head = dag.add(&[head], 0);
        }
        let branch = dag.ids[head];
        let bound = 8 * log2(N) + 16;
        let (bases, reads) = dag.counted(|reader| reader.merge_bases(&main, &branch).unwrap());
        assert_eq!(bases, [dag.ids[fork]]);
        assert!(reads <= bound, "{reads} reads");
        let (counts, reads) = dag.counted(|reader| reader.ahead_behind(&main, &branch).unwrap());
        assert_eq!(counts, ((N - 1 - fork) as u64, 300));
        assert!(reads <= bound, "{reads} reads");
    }
}

#[test]
fn points_outside_a_line_say_what_is_there() {
    let mut dag = Dag::line(3, &mut Random(1));
    let other = dag.add(&[0], 0);
    let chunks = dag.chunks();
    let reader = CommitReader::new(&chunks);
    let (head, first) = (dag.ids[2], dag.links[0].time);
    assert_eq!(reader.at_scn(&head, Scn(u64::MAX)).unwrap(), head);
    assert_eq!(reader.at_time(&head, Micros(i64::MAX), true).unwrap(), head);
    for error in [
        reader.at_scn(&head, Scn(0)).unwrap_err(),
        reader.at_time(&head, Micros(first.0 - 1), false).unwrap_err(),
        reader.at_time(&head, Micros(i64::MIN), true).unwrap_err(),
    ] {
        match error {
            HistoryError::BeforeHistory { first: point } => {
                assert_eq!((point.commit, point.scn, point.time), (dag.ids[0], Scn(1), first));
            }
            other => panic!("{other}"),
        }
    }
    assert!(!reader.is_on_line(&head, &dag.ids[other]).unwrap());
    assert!(!reader.is_on_line(&dag.ids[0], &head).unwrap());
    assert!(reader.is_on_line(&head, &dag.ids[0]).unwrap());
    let between: Result<Vec<_>, _> = reader.line_between(&dag.ids[other], &head).collect();
    assert!(matches!(between, Err(HistoryError::NotOnLine { .. })));
    let past_the_end: Result<Vec<_>, _> = reader.line_between(&head, &dag.ids[0]).collect();
    assert!(matches!(past_the_end, Err(HistoryError::NotOnLine { .. })));
    let forward = reader.forward(Some(&dag.ids[other]), &head).map(|_| ());
    assert!(matches!(forward, Err(HistoryError::NotOnLine { .. })));
    assert!(matches!(reader.links(&[], Micros(0)), Err(HistoryError::Parents(0))));
    assert!(matches!(reader.links(&[head, head], Micros(0)), Err(HistoryError::Parents(2))));
}

#[test]
fn ancestry_agrees_with_a_model() {
    let mut several = 0;
    for seed in seeds(300) {
        println!("seed {seed}");
        let mut random = Random(seed);
        let (dag, _) = Dag::random(2 + random.below(90), &mut random);
        let ancestors = dag.ancestors();
        let chunks = dag.chunks();
        let reader = CommitReader::new(&chunks);
        let ids = |set: &[usize]| {
            let mut ids: Vec<CommitId> = set.iter().map(|i| dag.ids[*i]).collect();
            ids.sort();
            ids
        };
        for id in &dag.ids {
            reader.check_links(id).unwrap();
        }
        for _ in 0..60 {
            let (a, b) = (random.below(dag.ids.len()), random.below(dag.ids.len()));
            let (one, other) = (dag.ids[a], dag.ids[b]);

            let expected = best(&ancestors, ancestors[a] & ancestors[b]);
            several += usize::from(expected.len() > 1);
            let mut bases = reader.merge_bases(&one, &other).unwrap();
            bases.sort();
            assert_eq!(bases, ids(&expected), "bases of {a} and {b}");

            let only = |a: usize, b: usize| ancestors[a] & !ancestors[b];
            let counts = (u64::from(only(a, b).count_ones()), u64::from(only(b, a).count_ones()));
            assert_eq!(reader.ahead_behind(&one, &other).unwrap(), counts, "{a} and {b}");

            let c = random.below(dag.ids.len());
            let missing: Result<Vec<_>, _> =
                reader.unknown_to(&[one], &[other, dag.ids[c]]).unwrap().collect();
            let missing = missing.unwrap();
            assert!(missing.is_sorted_by(|x, y| x.1.generation >= y.1.generation));
            let mut missing: Vec<_> = missing.into_iter().map(|(id, _)| id).collect();
            missing.sort();
            let lacking: Vec<_> = bits((ancestors[b] | ancestors[c]) & !ancestors[a]).collect();
            assert_eq!(missing, ids(&lacking), "{a} lacks of {b}, {c}");

            let missing = reader.missing_from(&one, &other).unwrap().count();
            assert_eq!(missing as u64, counts.0, "{b} lacks of {a}");

            let (line_a, line_b) = (dag.line_of(a), dag.line_of(b));
            let fork = line_a.iter().zip(&line_b).take_while(|(x, y)| x == y).last();
            let fork = fork.map(|(x, _)| dag.ids[*x]);
            assert_eq!(reader.fork_point(&one, &other).unwrap(), fork);
            assert_eq!(reader.is_on_line(&one, &other).unwrap(), line_a.contains(&b));

            let scn = 1 + random.below(line_a.len());
            let at = reader.at_scn(&one, Scn(scn as u64)).unwrap();
            assert_eq!(at, dag.ids[line_a[scn - 1]]);
            let time = Micros(random.below(1_000) as i64);
            let at = reader.at_time(&one, time, false).ok();
            let expected = line_a.iter().rev().find(|i| dag.links[**i].time <= time);
            assert_eq!(at, expected.map(|i| dag.ids[*i]));

            let back: Vec<_> = reader.line_between(&at_or(&dag, &line_a, scn), &one).collect();
            let back: Result<Vec<_>, _> = back.into_iter().map(|r| r.map(|(id, _)| id)).collect();
            let mut back = back.unwrap();
            back.reverse();
            let forward = reader.forward(Some(&at_or(&dag, &line_a, scn)), &one).unwrap();
            let forward: Result<Vec<_>, _> = forward.map(|r| r.map(|(id, _)| id)).collect();
            let expected: Vec<_> = line_a[scn..].iter().map(|i| dag.ids[*i]).collect();
            assert_eq!(back, expected);
            assert_eq!(forward.unwrap(), expected);
        }
    }
    assert!(several > 20 || seeds(300).len() == 1, "criss-cross histories: {several}");
}

fn at_or(dag: &Dag, line: &[usize], scn: usize) -> CommitId {
    dag.ids[line[scn - 1]]
}

#[test]
fn forged_links_are_found() {
    let mut dag = Dag::line(40, &mut Random(5));
    let side = dag.add(&[20], 0);
    let merge = dag.add(&[39, side], 0);
    let chunks = dag.chunks();
    let reader = CommitReader::new(&chunks);
    let (a, b) = (dag.ids[39], dag.ids[side]);
    let good = reader.links(&[a, b], Micros(i64::MAX)).unwrap();
    assert_eq!((good.scn, good.generation, good.merges), (Scn(41), 41, 1));
    reader.check_links(&dag.ids[merge]).unwrap();

    let forged: [fn(&mut Links, CommitId); 7] = [
        |links, _| (links.scn, links.generation) = (Scn(42), 42),
        |links, _| links.generation += 1,
        |links, _| links.merges = 0,
        |links, _| links.time = Micros(0),
        |links, other| links.jump = Some((other, Scn(20))),
        |links, other| links.jump = Some((other, Scn(40))),
        |links, _| links.parents.reverse(),
    ];
    for (i, forge) in forged.into_iter().enumerate() {
        let mut links = good.clone();
        // A commit of the line where the lawful jump does not lead.
        forge(&mut links, dag.ids[19]);
        let commit = links.commit("", "", Body::Delta(Delta::default()));
        let id = CommitId(dag.source.put(commit.encode()));
        let checked = reader.check_links(&id);
        assert!(matches!(checked, Err(HistoryError::Unlawful { .. })), "{i}: {checked:?}");
    }
    let noise = CommitId(dag.source.put(b"not a commit".to_vec()));
    assert!(matches!(reader.header(&noise), Err(HistoryError::Malformed { .. })));
    assert!(matches!(reader.commit(&noise), Err(HistoryError::Malformed { .. })));
}
